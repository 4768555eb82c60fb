//! Looks names up in the extract and says what was probably meant.

use std::collections::BTreeMap;

use crate::extract::{Expression, Object, Type};
use crate::suggest::did_you_mean;

/// All resource types by name.
pub(crate) struct Known<'a> {
    types: BTreeMap<&'a str, &'a Type>,
}

/// One place in a property tree.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    Object(&'a Object),
    Scalar(char, &'a [String]),
    List(&'a Expression),
    Map(&'a Expression),
}

/// The message for a name that does not exist.
pub(crate) fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> String {
    match did_you_mean(name, names) {
        Some(near) => format!("no {what} `{name}`; did you mean `{near}`?"),
        None => format!("no {what} `{name}`"),
    }
}

impl<'a> Known<'a> {
    pub(crate) fn new(types: &'a [Type]) -> Self {
        Self { types: types.iter().map(|t| (t.name.as_str(), t)).collect() }
    }

    pub(crate) fn ty(&self, name: &str) -> Result<&'a Type, String> {
        let found = self.types.get(name).copied();
        found.ok_or_else(|| unknown("resource type", name, self.types.keys().copied()))
    }

    /// Whether a service (`AWS::S3`) has types.
    pub(crate) fn service(&self, name: &str) -> Result<(), String> {
        let of = |ty: &'a str| ty.rsplit_once("::").map_or(ty, |(service, _)| service);
        if self.types.keys().any(|ty| of(ty) == name) {
            return Ok(());
        }
        Err(unknown("service", name, self.types.keys().map(|ty| of(ty))))
    }
}

pub(crate) fn view<'a>(ty: &'a Type, shape: &'a Expression) -> Result<View<'a>, String> {
    Ok(match shape {
        Expression::Scalar { letter, values, .. } => View::Scalar(*letter, values),
        Expression::List(item) => View::List(item),
        Expression::Map(item) => View::Map(item),
        Expression::Definition(name) => {
            let object = ty.definitions.get(name);
            View::Object(object.ok_or_else(|| format!("no definition {name}"))?)
        }
    })
}

/// The field `name` of an object.
pub(crate) fn field<'a>(ty: &'a Type, object: &'a Object, name: &str) -> Result<View<'a>, String> {
    if let Some(field) = object.fields.iter().find(|f| f.name == name) {
        return view(ty, &field.shape);
    }
    if let Some(item) = &object.item {
        return view(ty, item);
    }
    Err(unknown("property", name, object.fields.iter().map(|f| f.name.as_str())))
}

/// Follows `A/B/*/C` from the type's properties; lists may be stepped through silently.
pub(crate) fn at<'a>(ty: &'a Type, path: &str) -> Result<View<'a>, String> {
    let mut here = View::Object(&ty.root);
    for name in path.split('/').filter(|n| !n.is_empty()) {
        if name == "*" {
            match here {
                View::List(item) | View::Map(item) => here = view(ty, item)?,
                _ => return Err(format!("`*` in `{path}` is not at a list or map")),
            }
            continue;
        }
        while let View::List(item) = here {
            here = view(ty, item)?;
        }
        here = match here {
            View::Object(object) => field(ty, object, name)?,
            View::Map(item) => view(ty, item)?,
            View::Scalar('a', _) => here,
            _ => return Err(format!("`{name}` in `{path}` is inside a plain value")),
        };
    }
    Ok(here)
}

/// Whether a JSON value fits a place: kinds, field names and enum values.
pub(crate) fn fits(ty: &Type, here: View<'_>, value: &serde_json::Value) -> Result<(), String> {
    use serde_json::Value;
    let wrong = |wanted: &str| Err(format!("`{value}` is not {wanted}"));
    match (here, value) {
        (View::Object(object), Value::Object(map)) => {
            map.iter().try_for_each(|(name, value)| fits(ty, field(ty, object, name)?, value))
        }
        (View::Map(item), Value::Object(map)) => {
            map.values().try_for_each(|value| fits(ty, view(ty, item)?, value))
        }
        (View::List(item), Value::Array(list)) => {
            list.iter().try_for_each(|value| fits(ty, view(ty, item)?, value))
        }
        (View::Object(_) | View::Map(_), _) => wrong("an object"),
        (View::List(_), _) => wrong("a list"),
        (View::Scalar('b', _), _) if !value.is_boolean() => wrong("a boolean"),
        (View::Scalar('i', _), _) if !(value.is_i64() || value.is_u64()) => wrong("an integer"),
        (View::Scalar('n', _), _) if !value.is_number() => wrong("a number"),
        (View::Scalar('s', _), _) if !value.is_string() => wrong("text"),
        (View::Scalar('o' | 'c', _), _) if !value.is_object() => wrong("an object"),
        (View::Scalar(_, values), Value::String(text)) if !values.is_empty() => {
            if values.contains(text) {
                return Ok(());
            }
            Err(unknown("value", text, values.iter().map(String::as_str)))
        }
        _ => Ok(()),
    }
}
