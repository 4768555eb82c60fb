//! Reads values of templates in tests, each shown as one line.

#![allow(dead_code, clippy::unwrap_used)]

use bumpalo::Bump;
use sekisho_estate::{Estate, Input, NodeId, Reader, Stack, Value, View};
use sekisho_source_cloudformation::{Options, SourceFile, read};

/// A file for [`read`].
pub(crate) fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), bytes: text.as_bytes().to_vec(), named: false }
}

/// Reads files given as path and text.
pub(crate) fn estate(files: &[(&str, &str)]) -> Estate {
    estate_with(files, &Options::default())
}

/// Reads files with options.
pub(crate) fn estate_with(files: &[(&str, &str)], options: &Options) -> Estate {
    read(files.iter().map(|(path, text)| file(path, text)).collect(), options)
}

/// The stack of an id.
pub(crate) fn stack<'e>(estate: &'e Estate, id: &str) -> &'e Stack {
    estate.stacks.iter().find(|s| s.id == id).unwrap_or_else(|| {
        panic!("no stack {id} among {:?}", estate.stacks.iter().map(|s| &s.id).collect::<Vec<_>>())
    })
}

/// The input of a path.
pub(crate) fn input<'e>(estate: &'e Estate, path: &str) -> &'e Input {
    estate.inputs.iter().find(|i| i.path == path).unwrap()
}

/// A value as one line.
pub(crate) fn show<'e>(reader: &Reader<'e>, value: Value<'e>) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Str(text) => format!("'{text}'"),
        Value::Text(text) => format!("“{}”", text.display()),
        Value::List(_) | Value::Items(_) => match reader.elements(value, 0) {
            Ok(items) => {
                format!("[{}]", items.iter().map(|&i| show(reader, i)).collect::<Vec<_>>().join(", "))
            }
            Err(other) => show(reader, other),
        },
        Value::Map(map) => {
            let members = map.entries().iter().filter_map(|entry| {
                let value = reader.resolve(map.at(entry.value));
                (value != Value::Absent)
                    .then(|| format!("{}: {}", map.stack.text(entry.key), show(reader, value)))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Reference(target) => format!("→{}", target.name()),
        Value::Secret(view) => match view.stack.tree.node(view.node) {
            sekisho_estate::Node::Secret(span) => format!("secret {}", view.stack.text(span)),
            _ => "secret".into(),
        },
        Value::Absent => "absent".into(),
        Value::Unknown(why) => format!("unknown: {}", why.to_reason()),
    }
}

/// The value below a resource's properties at a route such as `/Tags/0/Key`.
pub(crate) fn at<'e>(reader: &Reader<'e>, stack: &'e Stack, id: &str, route: &str) -> Value<'e> {
    let resource = stack.resources.iter().find(|r| stack.text(r.id) == id);
    let resource = resource.unwrap_or_else(|| panic!("no resource {id} in {}", stack.id));
    if !reader.exists(stack, resource) {
        return Value::Str("does not exist");
    }
    let start = if route.starts_with('^') { resource.body } else { resource.properties };
    let mut value = reader.resolve(stack.view(start));
    for step in route.trim_start_matches('^').split('/').filter(|s| !s.is_empty()) {
        value = match value {
            Value::Map(view) => member(reader, view, step),
            list @ (Value::List(_) | Value::Items(_)) => {
                let items = reader.elements(list, 0).unwrap();
                items.get(step.parse::<usize>().unwrap()).copied().unwrap_or(Value::Absent)
            }
            other => return other,
        };
    }
    value
}

fn member<'e>(reader: &Reader<'e>, view: View<'e>, key: &str) -> Value<'e> {
    reader.member(view, key, sekisho_estate::key_hash(key.as_bytes())).0
}

/// The value at a route in every world: `Env=dev: 'a' | Env=prod: 'b'`, the default first.
pub(crate) fn worlds(estate: &Estate, stack: &Stack, id: &str, route: &str) -> String {
    let bump = Bump::new();
    let reader = Reader::new(estate, &bump);
    let stack = estate.stacks.iter().find(|s| s.id == stack.id).unwrap();
    let mut out = Vec::new();
    loop {
        let shown = show(&reader, at(&reader, stack, id, route));
        let label = reader.worlds.label();
        out.push(if reader.worlds.is_only() { shown } else { format!("{label}: {shown}") });
        if !reader.worlds.next() {
            break;
        }
    }
    out.join(" | ")
}

/// Checks rows of route (`Resource/Property/…`) and what it is in every world.
pub(crate) fn check(name: &str, template: &str, rows: &[(&str, &str)]) {
    let estate = estate(&[(name, template)]);
    check_rows(&estate, name, rows);
}

/// As [`check`], in a stack of an estate.
pub(crate) fn check_rows(estate: &Estate, id: &str, rows: &[(&str, &str)]) {
    let stack = stack(estate, id);
    for (place, expected) in rows {
        let (resource, route) = place.split_once('/').unwrap_or((place, ""));
        let route = if route.starts_with('^') { route.to_owned() } else { format!("/{route}") };
        assert_eq!(worlds(estate, stack, resource, &route), *expected, "{id}: {place}");
    }
}

/// Edges of a stack as `From→To.Attribute`, with the stack of a resource elsewhere.
pub(crate) fn edges(estate: &Estate, id: &str) -> Vec<String> {
    let stack = stack(estate, id);
    let mut out: Vec<String> = stack
        .references
        .iter()
        .map(|r| {
            let from = stack.text(stack.resource(r.from).id);
            let other = estate.stack(r.to.stack);
            let to = if other.id == id { estate.id(r.to).to_owned() } else { estate.address(r.to) };
            let attribute = stack.tree.name(r.attribute);
            let dot = if attribute.is_empty() { "" } else { "." };
            format!("{from}→{to}{dot}{attribute}")
        })
        .collect();
    out.sort();
    out.dedup();
    out
}

/// Problems of a file as `line:column message`, `!` in front when something was lost.
pub(crate) fn problems(estate: &Estate, path: &str) -> Vec<String> {
    let shown = input(estate, path)
        .problems
        .iter()
        .map(|p| format!("{}{}:{} {}", if p.loses { "!" } else { "" }, p.line, p.column, p.message));
    shown.collect()
}

/// Reads every value of an estate in a few worlds: nothing may panic.
pub(crate) fn read_all(estate: &Estate) {
    let bump = Bump::new();
    let reader = Reader::new(estate, &bump);
    for stack in &estate.stacks {
        for node in 0..stack.tree.len() as u32 {
            let _ = reader.resolve(stack.view(NodeId(node)));
        }
        for resource in &stack.resources {
            let _ = reader.exists(stack, resource);
            let _ = stack.tree.route(resource.properties, NodeId(0));
        }
        for reference in &stack.references {
            assert!(!estate.address(reference.to).is_empty());
            let _ = stack.tree.name(reference.attribute);
        }
        if let Some(parent) = stack.parent {
            assert!(!estate.address(parent).is_empty());
        }
    }
    for _ in 0..8 {
        if !reader.worlds.next() {
            break;
        }
    }
}
