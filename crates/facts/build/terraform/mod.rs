//! Resolves the rows of `facts/hand/terraform` against both schemas and writes the result
//! as text that is read type by type when a type is asked for.
//!
//! What a row does not name is mapped by name where the shapes agree: `kms_key_id` is
//! `KmsKeyId`, a block is the object or the list of objects of that name.

mod extract;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use extract::{Resource, Shape};
use rows::{How, Row, Rule};
use serde_json::Value;

use crate::extract::{Object, Type};
use crate::known::{self, Known, View, unknown};
use crate::rows::Identity;

/// Attributes of every type that say how Terraform works, not what AWS has.
const MACHINERY: [&str; 11] = [
    "id",
    "name_prefix",
    "timeouts",
    "region",
    "tags_all",
    "force_destroy",
    "apply_immediately",
    "skip_final_snapshot",
    "final_snapshot_identifier",
    "skip_destroy",
    "expected_bucket_owner",
];

/// What the build writes.
pub(crate) struct Packed {
    /// The resolved rows, type by type.
    pub(crate) rows: String,
    /// A Rust table of (type, first byte, end) into it, sorted, and the number of types.
    pub(crate) index: String,
    /// The names of all resource types of the provider, sorted, one a line.
    pub(crate) names: String,
}

/// Reads, checks and resolves.
pub(crate) fn pack(
    extract: &str,
    folder: &Path,
    known: &Known<'_>,
    identities: &BTreeMap<String, Identity>,
) -> Result<Packed, String> {
    let resources = extract::parse(extract)?;
    let mut by_type: BTreeMap<String, Vec<(PathBuf, Row)>> = BTreeMap::new();
    for (file, row) in crate::hand::read::<Row>(folder)? {
        by_type.entry(row.terraform.clone()).or_default().push((file, row));
    }
    let (mut text, mut index, mut faults) = (String::new(), String::new(), Vec::new());
    let count = by_type.len();
    for (name, rows) in by_type {
        let start = text.len();
        for (file, row) in rows {
            let fail = |e: String| format!("{}: {name}: {e}", file.display());
            let resource = resources.get(&name).ok_or_else(|| {
                fail(unknown("resource type of the provider", &name, resources.keys().map(String::as_str)))
            })?;
            match resolve(&row, resource, known, identities) {
                Ok(resolved) => text.push_str(&resolved),
                Err(message) => faults.push(fail(message)),
            }
        }
        let _ = writeln!(index, "    ({name:?}, {start}, {}),", text.len());
    }
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    let index = format!(
        "pub(crate) const COUNT: usize = {count};\n\
         pub(crate) static INDEX: [(&str, u32, u32); COUNT] = [\n{index}];\n"
    );
    let names: Vec<&str> = resources.keys().map(String::as_str).collect();
    Ok(Packed { rows: text, index, names: names.join("\n") })
}

fn resolve(
    row: &Row,
    resource: &Resource,
    known: &Known<'_>,
    identities: &BTreeMap<String, Identity>,
) -> Result<String, String> {
    let (own, merged) = match (&row.cloudformation, &row.merge) {
        (Some(own), None) => (own, false),
        (None, Some(parent)) => (parent, true),
        _ => return Err("exactly one of `cloudformation` and `merge`".into()),
    };
    if merged != row.by.is_some() {
        return Err("`merge` needs `by`, and `by` needs `merge`".into());
    }
    let ty = known.ty(own)?;
    let root = View::Object(&ty.root);
    let attribute = |name: &String| match resource.fields.get(name) {
        Some(_) => Ok(()),
        None => Err(unknown("attribute", name, resource.fields.keys().map(String::as_str))),
    };
    row.by
        .iter()
        .chain(&row.needs)
        .chain(&row.snapshot_unless)
        .chain(row.when.keys())
        .chain(&row.own)
        .try_for_each(attribute)?;
    let fields = match &row.each {
        None => &resource.fields,
        Some(block) => match resource.fields.get(block) {
            Some(Shape::Blocks(fields)) => fields,
            Some(_) => return Err(format!("`{block}` is not a block")),
            None => return Err(unknown("block", block, resource.fields.keys().map(String::as_str))),
        },
    };
    let mut fields = fields.clone();
    for name in &row.former {
        if fields.insert(name.clone(), Shape::Scalar('s')).is_some() || !row.map.contains_key(name) {
            return Err(format!("`{name}` is no former attribute that `map` places"));
        }
    }
    let mut out = String::new();
    let blank = |text: &Option<String>| text.clone().unwrap_or_default();
    let _ = writeln!(
        out,
        "R\t{}\t{own}\t{}\t{}\t{}\t{}\t{}",
        if merged { "merge" } else { "own" },
        blank(&row.by),
        blank(&row.needs),
        blank(&row.each),
        blank(&row.link),
        blank(&row.own),
    );
    if let Some(name) = &row.snapshot_unless {
        let _ = writeln!(out, "d\t{name}");
    }
    for (name, values) in &row.when {
        let _ = writeln!(out, "w\t{name}\t{}", values.join("|"));
    }
    if let Some(path) = &row.link {
        place(ty, root, path)?;
    }
    let name = identities.get(own).and_then(|identity| identity.name.as_deref());
    let mut resolver = Resolver { ty, name, path: String::new(), out: &mut out };
    let explicit = Explicit {
        map: &row.map,
        ignore: &row.ignore,
        defaults: &row.defaults,
        constants: &row.constants,
        spread: &row.spread,
    };
    let taken: Vec<&String> = row.by.iter().chain(row.when.keys()).chain(&row.own).collect();
    resolver.object(&fields, root, &row.base, &explicit, row.auto, &taken, 0)?;
    if !merged && row.each.is_none() && row.link.is_none() {
        out.push_str(&attributes(row, resource, ty, identities.get(own))?);
    }
    Ok(out)
}

/// What a row or a rule says about one object.
struct Explicit<'r> {
    map: &'r BTreeMap<String, Rule>,
    ignore: &'r [String],
    defaults: &'r BTreeMap<String, Value>,
    constants: &'r BTreeMap<String, Value>,
    spread: &'r BTreeMap<String, String>,
}

struct Resolver<'r> {
    ty: &'r Type,
    /// The property that is the physical name.
    name: Option<&'r str>,
    /// Where in the properties the object stands of which the rules are resolved.
    path: String,
    out: &'r mut String,
}

impl<'r> Resolver<'r> {
    #[allow(clippy::too_many_arguments)] // one object against one object, with what is said about both
    fn object(
        &mut self,
        fields: &BTreeMap<String, Shape>,
        here: View<'r>,
        base: &str,
        explicit: &Explicit<'_>,
        auto: bool,
        taken: &[&String],
        depth: usize,
    ) -> Result<(), String> {
        let exists = |name: &String| match fields.contains_key(name) {
            true => Ok(()),
            false => Err(unknown("attribute", name, fields.keys().map(String::as_str))),
        };
        explicit.map.keys().chain(explicit.ignore).chain(explicit.defaults.keys()).try_for_each(exists)?;
        explicit.spread.keys().try_for_each(exists)?;
        for (path, value) in explicit.constants {
            let at = place(self.ty, here, path)?;
            known::fits(self.ty, at, value).map_err(|e| format!("{path}: {e}"))?;
            let _ = writeln!(self.out, "k\t{depth}\t{path}\t{value}");
        }
        for (name, path) in explicit.spread {
            place(self.ty, here, path)?;
            let _ = writeln!(self.out, "s\t{depth}\t{name}\t{path}");
        }
        for (name, shape) in fields {
            if explicit.spread.contains_key(name) {
                continue;
            }
            let default = explicit.defaults.get(name).map(Value::to_string).unwrap_or_default();
            if let Some(rule) = explicit.map.get(name) {
                self.rule(name, shape, here, rule, &default, depth).map_err(|e| format!("{name}: {e}"))?;
                continue;
            }
            let ignored = explicit.ignore.contains(name)
                || taken.contains(&name)
                || (depth == 0 && MACHINERY.contains(&name.as_str()));
            if !ignored
                && auto
                && let Some((path, at)) = self.named(name, here, base)
                && let Some(how) = natural(self.ty, shape, at)
            {
                let rule = Rule { to: path, how: Some(how), ..Rule::default() };
                self.rule(name, shape, here, &rule, &default, depth)?;
                continue;
            }
            if !default.is_empty() {
                return Err(format!("the default of `{name}` goes nowhere"));
            }
            let word = if ignored { "ignore" } else { "none" };
            let _ = writeln!(self.out, "r\t{depth}\t{word}\t{name}\t\t\t");
        }
        Ok(())
    }

    /// The property that has the name of an attribute, but for the way it is written.
    fn named(&self, name: &str, here: View<'r>, base: &str) -> Option<(String, View<'r>)> {
        let object = match place(self.ty, here, base).ok()? {
            View::Object(object) => object,
            _ => return None,
        };
        let wanted = plain(name);
        let fields = || object.fields.iter().filter(|field| !field.read_only);
        let by = |wanted: &str| fields().find(|field| plain(&field.name) == wanted);
        let found = by(&wanted)
            .or_else(|| fields().find(|field| singular(&plain(&field.name)) == singular(&wanted)))
            .or_else(|| fields().find(|field| without_switch(&plain(&field.name)) == without_switch(&wanted)))
            .or_else(|| by(&format!("preferred{wanted}")))
            .or_else(|| match name {
                "name" => self.name.and_then(|name| fields().find(|field| field.name == name)),
                "tags" => fields().find(|field| field.name.ends_with("Tags")),
                "policy" => by("policydocument"),
                "master_password" => by("masteruserpassword"),
                _ => None,
            })?;
        let at = known::view(self.ty, &found.shape).ok()?;
        let slash = if base.is_empty() { "" } else { "/" };
        Some((format!("{base}{slash}{}", found.name), at))
    }

    fn rule(
        &mut self,
        name: &str,
        shape: &Shape,
        here: View<'r>,
        rule: &Rule,
        default: &str,
        depth: usize,
    ) -> Result<(), String> {
        let at = place(self.ty, here, &rule.to)?;
        let how = match rule.how {
            Some(how) => how,
            None if !rule.values.is_empty() => How::Values,
            None => natural(self.ty, shape, at)
                .ok_or_else(|| format!("say with `as` how it becomes `{}`", rule.to))?,
        };
        let mut words = String::new();
        if how == How::Values {
            let pairs =
                rule.values.iter().map(|(from, to)| format!("{from}={}", to.as_deref().unwrap_or("\u{0}")));
            words = pairs.collect::<Vec<_>>().join("|");
            if let View::Scalar(_, admitted) = at
                && !admitted.is_empty()
            {
                for value in rule.values.values().flatten() {
                    if !admitted.contains(value) {
                        return Err(unknown("value", value, admitted.iter().map(String::as_str)));
                    }
                }
            }
        } else if how == How::Entries || how == How::Object {
            let [key, value] = match &rule.names[..] {
                [] => ["Key".to_owned(), "Value".to_owned()],
                [key, value] => [key.clone(), value.clone()],
                _ => return Err("`names` are two".into()),
            };
            if how == How::Entries {
                place(self.ty, at, &format!("-/{key}"))?;
                place(self.ty, at, &format!("-/{value}"))?;
            } else if let Shape::Blocks(fields) = shape
                && !(fields.contains_key(&key) && fields.contains_key(&value))
            {
                return Err(format!("the block has no `{key}` and `{value}`"));
            }
            words = format!("{key}|{value}");
        }
        if how == How::Keyed {
            let [key, name, value] = match &rule.names[..] {
                [key] => [key.as_str(), "Key", "Value"],
                [key, name, value] => [key.as_str(), name.as_str(), value.as_str()],
                _ => return Err("`names` are the key and, if they differ, the two members".into()),
            };
            place(self.ty, at, &format!("-/{name}"))?;
            place(self.ty, at, &format!("-/{value}"))?;
            words = format!("{key}|{name}|{value}");
        }
        let below = join(&self.path, &rule.to);
        if how == How::Spelled {
            words = format!("{}|{below}", self.ty.name);
        }
        if how == How::By {
            let ([key], Shape::Blocks(fields)) = (&rule.names[..], shape) else {
                return Err("`names` is the one attribute of the block".into());
            };
            if !fields.contains_key(key) {
                return Err(unknown("attribute", key, fields.keys().map(String::as_str)));
            }
            words.clone_from(key);
        }
        let word = format!("{how:?}").to_lowercase();
        let _ = writeln!(self.out, "r\t{depth}\t{word}\t{name}\t{}\t{words}\t{default}", rule.to);
        if !matches!(how, How::One | How::Each | How::By) {
            return Ok(());
        }
        let Shape::Blocks(fields) = shape else {
            return Err(format!("it is no block, so it cannot be `{word}`"));
        };
        let mut inner = at;
        while let View::List(item) = inner
            && how == How::Each
        {
            inner = known::view(self.ty, item)?;
        }
        let mut taken = Vec::new();
        if how == How::By {
            taken.extend(&rule.names);
            inner = match inner {
                View::Map(item) => known::view(self.ty, item)?,
                _ => return Err(format!("`{}` is no map", rule.to)),
            };
        }
        let explicit = Explicit {
            map: &rule.map,
            ignore: &rule.ignore,
            defaults: &rule.defaults,
            constants: &rule.constants,
            spread: &rule.spread,
        };
        let below = match how {
            How::Each if !below.ends_with("/-") => join(&below, "-"),
            How::By => join(&below, "*"),
            _ => below,
        };
        let outer = std::mem::replace(&mut self.path, below);
        let resolved = self.object(fields, inner, "", &explicit, true, &taken, depth + 1);
        self.path = outer;
        resolved
    }
}

/// A path below another.
fn join(path: &str, below: &str) -> String {
    match (path, below) {
        (_, "" | ".") => path.to_owned(),
        ("", _) => below.to_owned(),
        _ => format!("{path}/{below}"),
    }
}

/// A place below another: names, `-` for an element of a list, `.` for the same object.
fn place<'a>(ty: &'a Type, from: View<'a>, path: &str) -> Result<View<'a>, String> {
    let mut here = from;
    for name in path.split('/').filter(|name| !name.is_empty() && *name != ".") {
        here = match (here, name) {
            (View::List(item), "-") => known::view(ty, item)?,
            (View::List(_), _) => return Err(format!("before `{name}` in `{path}` belongs a `-`")),
            (View::Object(object), _) => {
                let field = known::field(ty, object, name)?;
                if is_read_only(object, name) {
                    return Err(format!("`{name}` is set by AWS"));
                }
                field
            }
            (View::Map(item), _) => known::view(ty, item)?,
            (View::Scalar('a' | 'o' | 'c', _), _) => here,
            _ => return Err(format!("`{name}` in `{path}` is inside a plain value")),
        };
    }
    Ok(here)
}

fn is_read_only(object: &Object, name: &str) -> bool {
    object.fields.iter().any(|field| field.name == name && field.read_only)
}

/// How a value of one shape becomes one of another without being told; none if it cannot.
fn natural(ty: &Type, shape: &Shape, at: View<'_>) -> Option<How> {
    let item = |view| match view {
        View::List(item) => known::view(ty, item).ok(),
        _ => None,
    };
    match (shape, at) {
        (Shape::Scalar('b'), View::Scalar('s', values)) if !values.is_empty() => {
            let boolean = values.iter().all(|v| matches!(v.to_ascii_lowercase().as_str(), "true" | "false"));
            boolean.then_some(How::Copy)
        }
        (Shape::Scalar('s'), View::Scalar('a' | 'o' | 'c', _) | View::Map(_) | View::Object(_)) => {
            Some(How::Json)
        }
        (Shape::Scalar('n' | 'b' | 's'), View::Scalar('s' | 'i' | 'n' | 'b' | 'a', _)) => Some(How::Copy),
        (Shape::List(inner), View::List(_)) => match (&**inner, item(at)?) {
            (Shape::Scalar(_), View::Scalar(..)) => Some(How::Copy),
            (Shape::Map, View::Map(_) | View::Scalar('o' | 'a' | 'c', _)) => Some(How::Copy),
            _ => None,
        },
        (Shape::Map, View::Map(_) | View::Scalar('o' | 'a' | 'c', _)) => Some(How::Copy),
        (Shape::Map, View::List(_)) => match item(at)? {
            View::Object(object) => {
                let has = |name: &str| object.fields.iter().any(|field| field.name == name);
                (has("Key") && has("Value")).then_some(How::Entries)
            }
            _ => None,
        },
        (Shape::Blocks(_), View::Object(_)) => Some(How::One),
        (Shape::Blocks(_), View::List(_)) => match item(at)? {
            View::Object(_) => Some(How::Each),
            _ => None,
        },
        _ => None,
    }
}

/// A name without case and separators.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
    letters.collect::<String>().replace("configuration", "config")
}

fn singular(name: &str) -> &str {
    name.strip_suffix("ies").or_else(|| name.strip_suffix('s')).unwrap_or(name)
}

/// A name without the word that says that it is a switch.
fn without_switch(name: &str) -> &str {
    let short = name.strip_prefix("enabled").or_else(|| name.strip_prefix("enable"));
    short.or_else(|| name.strip_suffix("enabled")).filter(|short| short.len() > 3).unwrap_or(name)
}

/// What references to attributes of the type mean.
fn attributes(
    row: &Row,
    resource: &Resource,
    ty: &Type,
    identity: Option<&Identity>,
) -> Result<String, String> {
    let names: BTreeSet<&String> = resource.computed.iter().chain(resource.fields.keys()).collect();
    let mut out = String::new();
    for (name, attribute) in &row.attributes {
        if !names.contains(name) {
            return Err(unknown("attribute", name, names.iter().map(|n| n.as_str())));
        }
        let known = ty.attributes.iter().any(|(known, _)| known == attribute)
            || ty.root.fields.iter().any(|field| &field.name == attribute);
        if !attribute.is_empty() && !known {
            return Err(unknown("attribute", attribute, ty.attributes.iter().map(|(n, _)| n.as_str())));
        }
    }
    let returns = identity.map_or("", |identity| identity.returns.as_str());
    for name in names {
        let attribute = match row.attributes.get(name) {
            Some(attribute) => attribute.clone(),
            None if name == "id" => String::new(),
            None if name == "arn" && returns == "arn" => String::new(),
            None => {
                let wanted = plain(name);
                let by_name = ty.attributes.iter().find(|(known, _)| plain(known) == wanted);
                let by_arn = || {
                    let mut ends =
                        ty.attributes.iter().filter(|(known, _)| known.to_ascii_lowercase().ends_with("arn"));
                    let first = ends.next().filter(|_| name == "arn")?;
                    ends.next().is_none().then_some(first)
                };
                match by_name.or_else(by_arn) {
                    Some((known, _)) => known.clone(),
                    None => {
                        let named = identity.and_then(|i| i.name.as_deref());
                        let is_name = row.map.get(name).map_or_else(
                            || named.is_some_and(|property| plain(property) == wanted),
                            |rule| named == Some(rule.to.as_str()),
                        );
                        match is_name && (returns == "name" || Some(returns) == named) {
                            true => String::new(),
                            false => continue,
                        }
                    }
                }
            }
        };
        let _ = writeln!(out, "a\t{name}\t{attribute}");
    }
    Ok(out)
}
