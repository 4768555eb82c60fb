//! The attributes that the provider knows: `facts/generated/terraform.txt`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// Attributes and blocks by name.
type Shape = BTreeMap<String, Option<Inner>>;

/// What lies in a block.
#[derive(Debug)]
struct Inner(Shape);

/// All resource types.
pub(crate) struct Provider {
    types: BTreeMap<String, Shape>,
}

/// What every resource has.
const META: [&str; 7] =
    ["count", "for_each", "depends_on", "provider", "lifecycle", "timeouts", "provisioner"];

impl Provider {
    pub(crate) fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../facts/generated/terraform.txt");
        let text = fs::read_to_string(file).unwrap();
        let mut types: BTreeMap<String, Shape> = BTreeMap::new();
        let mut current = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix("type ") {
                current = name.to_owned();
                types.insert(current.clone(), Shape::new());
            // What only the provider sets is no argument.
            } else if let Some((name, shape)) = line.strip_prefix(' ').and_then(|line| line.split_once(' ')) {
                let (inner, rest) = shape_of(shape);
                assert!(rest.is_empty(), "{current} {name}: {rest}");
                types.get_mut(&current).unwrap().insert(name.to_owned(), inner);
            }
        }
        Self { types }
    }

    /// What a resource writes and the provider does not know.
    pub(crate) fn check(&self, kind: &str, body: &Map<String, Value>) -> Vec<String> {
        let mut wrong = Vec::new();
        match self.types.get(kind) {
            None => wrong.push(format!("the provider has no {kind}")),
            Some(shape) => walk(kind, shape, body, &mut wrong, true),
        }
        wrong
    }
}

fn walk(path: &str, shape: &Shape, body: &Map<String, Value>, wrong: &mut Vec<String>, top: bool) {
    for (name, value) in body {
        if top && META.contains(&name.as_str()) {
            continue;
        }
        let here = format!("{path}.{name}");
        match shape.get(name) {
            None => wrong.push(format!("the provider has no {here}")),
            Some(None) => {}
            Some(Some(Inner(inner))) => {
                let items = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
                items
                    .iter()
                    .filter_map(Value::as_object)
                    .for_each(|item| walk(&here, inner, item, wrong, false));
            }
        }
    }
}

/// Reads a shape: `s`, `[s]`, `(s)`, `{s}`, `<name:shape,…>`, each with `!` in front where there is
/// one of it; gives what lies in it and the rest of the text.
fn shape_of(text: &str) -> (Option<Inner>, &str) {
    let text = text.trim_start_matches(['!', '-', '?']);
    let mut chars = text.chars();
    match chars.next() {
        Some('[' | '{' | '(') => {
            let (inner, rest) = shape_of(chars.as_str());
            (inner, &rest[1..])
        }
        Some('<') => {
            let mut rest = chars.as_str();
            let mut shape = Shape::new();
            while let Some(tail) = rest.split_once(':').filter(|_| !rest.starts_with('>')) {
                let (inner, after) = shape_of(tail.1);
                shape.insert(tail.0.trim_start_matches(['-', '?']).to_owned(), inner);
                rest = after.strip_prefix(',').unwrap_or(after);
            }
            (Some(Inner(shape)), &rest[1..])
        }
        Some(_) => (None, chars.as_str()),
        None => (None, ""),
    }
}
