//! Files of parameter values, in the forms that AWS's own tools take.

use sekisho_estate::json::{self, Limits};
use sekisho_estate::{LineIndex, Node, NodeId, Tree, yaml};

use crate::Failure;

/// The values of a file: a list of `{ParameterKey, ParameterValue}`, a list of `Key=Value`,
/// a map of values, or such a map under `Parameters`.
pub(crate) fn read(path: &str) -> Result<Vec<(String, String)>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let is_json = text.trim_start().starts_with(['{', '[']);
    let read =
        if is_json { json::read(text, Limits::default()) } else { yaml::read(text, Limits::default()) };
    let document = read.map_err(|(error, source)| {
        let at = LineIndex::new(&source).position(&source, error.offset);
        format!("{path}:{}:{}: {}", at.line, at.column, error.message)
    })?;
    let (tree, root) = (&document.tree, document.root);
    let root = tree.get(root, "Parameters").unwrap_or(root);
    let form = || format!("{path}: expected a list of ParameterKey and ParameterValue, or a map of values");
    match tree.node(root) {
        Node::List(range) => tree
            .children(range)
            .iter()
            .map(|&entry| {
                if let Some((name, value)) = tree.string(entry).and_then(|text| text.split_once('=')) {
                    return Ok((name.to_owned(), value.to_owned()));
                }
                let field = |key| tree.get(entry, key).and_then(|node| scalar(tree, node));
                field("ParameterKey").zip(field("ParameterValue")).ok_or_else(form)
            })
            .collect(),
        Node::Map(range) => tree
            .entries(range)
            .iter()
            .map(|entry| Ok((tree.text(entry.key).to_owned(), scalar(tree, entry.value).ok_or_else(form)?)))
            .collect(),
        _ => Err(form()),
    }
}

fn scalar(tree: &Tree, node: NodeId) -> Option<String> {
    Some(match tree.node(node) {
        Node::String(span) => tree.text(span).to_owned(),
        Node::Bool(b) => b.to_string(),
        Node::Int(i) => i.to_string(),
        Node::Float(f) => f.to_string(),
        Node::List(range) => {
            let items: Option<Vec<String>> = tree.children(range).iter().map(|&n| scalar(tree, n)).collect();
            items?.join(",")
        }
        _ => return None,
    })
}
