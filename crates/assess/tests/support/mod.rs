//! What the data-driven tests share: YAML with tags as JSON, a template in, judgements out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::{Path, PathBuf};

use sekisho_assess::{Assessment, Config, RunOptions, run};
use sekisho_estate::json::Limits;
use sekisho_estate::{Estate, Node, NodeId, Tree, yaml};
use sekisho_source_cloudformation::{Options, SourceFile, read};
use serde_json::{Map, Value};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A YAML text as JSON; short forms of intrinsic functions become long ones.
pub(crate) fn yaml_value(text: &str) -> Value {
    let document = yaml::read(text.to_owned(), Limits::default()).unwrap_or_else(|(e, _)| panic!("{e:?}"));
    value(&document.tree, document.root)
}

fn value(tree: &Tree, node: NodeId) -> Value {
    match tree.node(node) {
        Node::Bool(b) => b.into(),
        Node::Int(i) => i.into(),
        Node::Float(f) => f.into(),
        Node::String(span) => tree.text(span).into(),
        Node::List(range) => tree.children(range).iter().map(|&n| value(tree, n)).collect(),
        Node::Map(range) => {
            let pairs =
                tree.entries(range).iter().map(|e| (tree.text(e.key).to_owned(), value(tree, e.value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        Node::Tagged { tag, child } => {
            let name = tree.name(tag);
            let key =
                if matches!(name, "Ref" | "Condition") { name.to_owned() } else { format!("Fn::{name}") };
            Value::Object(Map::from_iter([(key, value(tree, child))]))
        }
        _ => Value::Null,
    }
}

/// An estate of named texts.
pub(crate) fn estate(files: &[(&str, &str)], options: &Options) -> Estate {
    let files = files
        .iter()
        .map(|(path, text)| SourceFile {
            path: (*path).to_owned(),
            bytes: text.as_bytes().to_vec(),
            named: true,
        })
        .collect();
    read(files, options)
}

/// Everything that the built-in controls say of an estate.
pub(crate) fn judge(estate: &Estate) -> Assessment<'static> {
    static CONFIG: std::sync::LazyLock<Config> = std::sync::LazyLock::new(Config::default);
    run(estate, &[], RunOptions { config: &CONFIG, everything: true, only: &[], built_in: true })
}

/// Files below a folder whose names end in `ending`, in order.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).unwrap_or_else(|e| panic!("{}: {e}", at.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
