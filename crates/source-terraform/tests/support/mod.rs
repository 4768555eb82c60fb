//! Values and instances as text, for tests and examples to show.

use std::fmt::Write as _;

use sekisho_source_terraform::instance::{Configuration, Existence};
use sekisho_source_terraform::value::{Condition, ListKind, Part, Reference, Step, Test, Value};

/// A value on one line: JSON, with `<…>` around what is not known.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::List(list) => {
            let items: Vec<String> = list.items.iter().map(|item| show(&item.value)).collect();
            let kind = if list.kind == ListKind::Set { "set" } else { "" };
            format!("{kind}[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let mut items: Vec<String> =
                map.entries.iter().map(|e| format!("{}: {}", e.key, show(&e.value.value))).collect();
            if let Some(open) = &map.open {
                items.push(format!("…<{}>", open.reason));
            }
            format!("{{{}}}", items.join(", "))
        }
        Value::Template(parts) => {
            let mut text = String::from("\"");
            for part in parts.iter() {
                match part {
                    Part::Literal(literal) => text.push_str(&literal.escape_debug().to_string()),
                    Part::Hole(hole) => drop(write!(text, "${{{}}}", show(hole))),
                }
            }
            text + "\""
        }
        Value::Json(inner) => format!("json({})", show(&inner.value)),
        Value::Reference(reference) => match &reference.known {
            Some(known) => format!("<{} = {}>", path(reference), show(known)),
            None => format!("<{}>", path(reference)),
        },
        Value::Unknown(unknown) => {
            let refs: Vec<String> = unknown.refs.iter().map(path).collect();
            if refs.is_empty() {
                format!("<unknown: {}>", unknown.reason)
            } else {
                format!("<unknown of {}>", refs.join(", "))
            }
        }
        Value::Choice(choice) => format!(
            "<{} ? {} : {}>",
            choice.condition.label,
            show(&choice.then.value),
            show(&choice.otherwise.value)
        ),
        Value::Sensitive(inner) => format!("sensitive({})", show(inner)),
    }
}

fn path(reference: &Reference) -> String {
    let mut text = reference.target.to_string();
    for step in &reference.path {
        match step {
            Step::Name(name) => drop(write!(text, ".{name}")),
            Step::Index(index) => drop(write!(text, "[{index}]")),
            Step::Any => text.push_str("[*]"),
        }
    }
    text
}

/// What a condition says.
#[allow(dead_code)]
pub(crate) fn condition(condition: &Condition) -> String {
    let all = |conditions: &[std::sync::Arc<Condition>], word: &str| {
        conditions.iter().map(|c| self::condition(c)).collect::<Vec<_>>().join(word)
    };
    match &condition.test {
        Test::Is(value) => format!("is {}", show(value)),
        Test::Equals(a, b) => format!("{} == {}", show(a), show(b)),
        Test::Not(inner) => format!("not ({})", self::condition(inner)),
        Test::All(inner) => format!("({})", all(inner, " and ")),
        Test::Any(inner) => format!("({})", all(inner, " or ")),
        Test::Opaque => format!("opaque {}", condition.label),
    }
}

/// All of a configuration.
#[allow(dead_code)]
pub(crate) fn configuration(configuration: &Configuration) -> String {
    let mut out = String::new();
    for instance in &configuration.instances {
        let when = match &instance.exists {
            Existence::Yes => String::new(),
            Existence::When(conditions) => {
                let labels: Vec<&str> = conditions.iter().map(|c| &*c.label).collect();
                format!(" when {}", labels.join(" and "))
            }
        };
        let _ = writeln!(out, "{}{when} {}", instance.address, show(&instance.attributes.value));
    }
    for (name, value) in &configuration.outputs {
        let _ = writeln!(out, "output {name} = {}", show(&value.value));
    }
    for problem in &configuration.problems {
        let file = configuration.files.get(problem.place.file as usize);
        let at = file.map_or_else(
            || "?".into(),
            |file| {
                let at =
                    sekisho_estate::LineIndex::new(&file.text).position(&file.text, problem.place.offset);
                format!("{}:{}:{}", file.path, at.line, at.column)
            },
        );
        let _ = writeln!(out, "{} {at}: {}", if problem.loses { "lost" } else { "note" }, problem.message);
    }
    out
}
