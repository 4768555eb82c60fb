//! Type constraints and conversions
//! (<https://developer.hashicorp.com/terraform/language/expressions/type-constraints>).

use std::sync::Arc;

use crate::functions::{describe, number_of};
use crate::operators::{is_top_known, to_set};
use crate::syntax::{Expr, Kind};
use crate::value::{Entry, ListKind, Located, Map, Place, Value};

/// A type constraint.
#[derive(Debug)]
pub(crate) enum Type {
    Any,
    Bool,
    Number,
    String,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(Vec<Member>),
}

/// An attribute of an object type.
#[derive(Debug)]
pub(crate) struct Member {
    name: Arc<str>,
    kind: Type,
    optional: bool,
    default: Option<Arc<Expr>>,
}

impl Type {
    /// The type that an expression of a `type` argument says.
    pub(crate) fn parse(expr: &Expr, text: &str) -> Result<Self, String> {
        let written = text.get(expr.start as usize..expr.end as usize).unwrap_or_default().trim();
        // The old form is a quoted word, and `list` alone is a list of anything.
        match written.trim_matches('"') {
            "any" => return Ok(Self::Any),
            "bool" => return Ok(Self::Bool),
            "number" => return Ok(Self::Number),
            "string" => return Ok(Self::String),
            "list" => return Ok(Self::List(Box::new(Self::Any))),
            "set" => return Ok(Self::Set(Box::new(Self::Any))),
            "map" => return Ok(Self::Map(Box::new(Self::Any))),
            _ => {}
        }
        let wrong = || format!("{written:?} is no type");
        let Kind::Call { name, arguments, .. } = &expr.kind else { return Err(wrong()) };
        let [argument] = arguments.as_slice() else { return Err(wrong()) };
        Ok(match (&**name, &argument.kind) {
            ("list", _) => Self::List(Box::new(Self::parse(argument, text)?)),
            ("set", _) => Self::Set(Box::new(Self::parse(argument, text)?)),
            ("map", _) => Self::Map(Box::new(Self::parse(argument, text)?)),
            ("tuple", Kind::List(items)) => {
                Self::Tuple(items.iter().map(|item| Self::parse(item, text)).collect::<Result<_, _>>()?)
            }
            ("object", Kind::Object(items)) => {
                let member = |(key, value): &(Expr, Expr)| Member::parse(key, value, text);
                Self::Object(items.iter().map(member).collect::<Result<_, _>>()?)
            }
            _ => return Err(wrong()),
        })
    }
}

impl Member {
    fn parse(key: &Expr, value: &Expr, text: &str) -> Result<Self, String> {
        let Kind::Literal(Value::String(name)) = &key.kind else { return Err("a name is wanted".into()) };
        if let Kind::Call { name: function, arguments, .. } = &value.kind
            && &**function == "optional"
        {
            let kind = arguments.first().ok_or("optional needs a type")?;
            return Ok(Self {
                name: name.clone(),
                kind: Type::parse(kind, text)?,
                optional: true,
                default: arguments.get(1).map(|default| Arc::new(literal(default))),
            });
        }
        Ok(Self { name: name.clone(), kind: Type::parse(value, text)?, optional: false, default: None })
    }
}

/// A default is written with literals only; it is kept as the value it is.
fn literal(expr: &Expr) -> Expr {
    Expr { kind: Kind::Literal(constant(expr)), start: expr.start, end: expr.end }
}

fn constant(expr: &Expr) -> Value {
    let located = |expr: &Expr| Located::new(constant(expr), Place::NOWHERE);
    match &expr.kind {
        Kind::Literal(value) => value.clone(),
        Kind::List(items) => Value::list(ListKind::Tuple, items.iter().map(located).collect()),
        Kind::Object(items) => {
            let entries = items.iter().filter_map(|(key, value)| {
                let key = constant(key).text()?;
                Some(Entry { key, place: Place::NOWHERE, value: located(value) })
            });
            Value::map(entries.collect())
        }
        Kind::Negate(inner) => match number_of(&constant(inner)) {
            Some(number) => crate::operators::compute(
                crate::syntax::Operator::Subtract,
                &Value::int(0),
                &Value::Number(number),
            )
            .unwrap_or(Value::Null),
            None => Value::Null,
        },
        // `tomap({})` and the like of an empty or constant argument.
        Kind::Call { arguments, .. } => arguments.first().map_or(Value::Null, constant),
        _ => Value::Null,
    }
}

/// A value converted to a type, or what is wrong with it.
pub(crate) fn convert(located: &Located, wanted: &Type) -> Result<Located, String> {
    let value = &located.value;
    let with = |value: Value| Ok(Located::new(value, located.place));
    match (wanted, value) {
        (Type::Any, _) => return Ok(located.clone()),
        (_, Value::Sensitive(inner)) => {
            let inner = convert(&Located::new((**inner).clone(), located.place), wanted)?;
            return with(Value::Sensitive(Arc::new(inner.value)));
        }
        (_, Value::Choice(choice)) => {
            let then = convert(&choice.then, wanted)?;
            let otherwise = convert(&choice.otherwise, wanted)?;
            return with(crate::operators::choice(&choice.condition, then, otherwise));
        }
        _ => {}
    }
    if value.is_null() || !is_top_known(value) {
        return Ok(located.clone());
    }
    let wrong = |wanted: &str| Err(format!("{wanted} is wanted, but it is {}", describe(value)));
    match wanted {
        Type::Any => Ok(located.clone()),
        Type::String => match value.plain() {
            Value::String(_) | Value::Template(_) | Value::Json(_) => Ok(located.clone()),
            plain => match plain.text() {
                Some(text) => with(Value::String(text)),
                None => wrong("a string"),
            },
        },
        Type::Number => match value.plain() {
            Value::Number(_) | Value::Template(_) => Ok(located.clone()),
            plain => match number_of(plain) {
                Some(number) => with(Value::Number(number)),
                None => wrong("a number"),
            },
        },
        Type::Bool => match value.plain() {
            Value::Bool(_) | Value::Template(_) => Ok(located.clone()),
            plain => match crate::functions::bool_of(plain) {
                Some(bool) => with(Value::Bool(bool)),
                None => wrong("a bool"),
            },
        },
        Type::List(element) | Type::Set(element) => {
            let Some(list) = value.as_list() else { return wrong("a list") };
            let items = elements(&list.items, element)?;
            with(match wanted {
                Type::Set(_) => to_set(items),
                _ => Value::list(ListKind::List, items),
            })
        }
        Type::Tuple(types) => {
            let Some(list) = value.as_list() else { return wrong("a tuple") };
            if list.items.len() != types.len() {
                return Err(format!("a tuple of {} is wanted, but it has {}", types.len(), list.items.len()));
            }
            let items = list.items.iter().zip(types).enumerate().map(|(at, (item, kind))| {
                convert(item, kind).map_err(|error| format!("element {at}: {error}"))
            });
            with(Value::list(ListKind::Tuple, items.collect::<Result<_, _>>()?))
        }
        Type::Map(element) => {
            let Some(map) = value.as_map() else { return wrong("a map") };
            if matches!(**element, Type::Any) {
                return with(Value::Map(Arc::new(map.clone())));
            }
            let mut entries = Vec::with_capacity(map.entries.len());
            for entry in &map.entries {
                let value =
                    convert(&entry.value, element).map_err(|error| format!("{:?}: {error}", entry.key))?;
                entries.push(Entry { value, ..entry.clone() });
            }
            with(Value::Map(Arc::new(Map { entries, open: map.open.clone() })))
        }
        Type::Object(members) => {
            let Some(map) = value.as_map() else { return wrong("an object") };
            with(object(map, members, located)?)
        }
    }
}

/// Attributes that the type does not name are dropped, as Terraform does.
fn object(map: &Map, members: &[Member], located: &Located) -> Result<Value, String> {
    let mut entries = Vec::with_capacity(members.len());
    for member in members {
        let given = map.get(&member.name);
        let absent = given.is_none_or(|entry| entry.value.value.is_null());
        let (place, value) = match (given, &member.default) {
            (_, Some(default)) if absent => {
                let Kind::Literal(default) = &default.kind else { continue };
                (located.place, Located::new(default.clone(), located.place))
            }
            (Some(entry), _) => (entry.place, entry.value.clone()),
            (None, _) if member.optional => (located.place, Located::new(Value::Null, located.place)),
            (None, _) => match &map.open {
                Some(open) => (located.place, Located::new(Value::Unknown(open.clone()), located.place)),
                None => return Err(format!("the attribute {:?} is missing", member.name)),
            },
        };
        let value = convert(&value, &member.kind).map_err(|error| format!("{:?}: {error}", member.name))?;
        entries.push(Entry { key: member.name.clone(), place, value });
    }
    Ok(Value::map(entries))
}

/// Elements of one type: where the type is not said, strings win over numbers and bools.
fn elements(items: &[Located], element: &Type) -> Result<Vec<Located>, String> {
    let text =
        |item: &Located| matches!(item.value.plain(), Value::String(_) | Value::Template(_) | Value::Json(_));
    let scalar = |item: &Located| matches!(item.value.plain(), Value::Number(_) | Value::Bool(_));
    let unified = matches!(element, Type::Any) && items.iter().any(text) && items.iter().any(scalar);
    let element = if unified { &Type::String } else { element };
    let converted = items
        .iter()
        .enumerate()
        .map(|(at, item)| convert(item, element).map_err(|error| format!("element {at}: {error}")));
    converted.collect()
}

/// The alternatives of a conditional get one type: text if one of them is text.
pub(crate) fn unify(value: Located, other: &Value) -> Located {
    let text = |value: &Value| matches!(value, Value::String(_) | Value::Template(_) | Value::Json(_));
    match &value.value {
        Value::Bool(_) | Value::Number(_) if text(other) => match value.value.text() {
            Some(text) => Located::new(Value::String(text), value.place),
            None => value,
        },
        _ => value,
    }
}
