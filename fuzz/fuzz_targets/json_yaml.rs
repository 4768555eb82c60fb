//! Any text through both readers: neither panics, every place is a place of the text, and what
//! JSON accepts YAML reads alike.
//!
//! YAML differs, on purpose or by its own rules, in these:
//! - numbers with an exponent and no point, beyond 64 bits or beyond a double stay text (YAML 1.1);
//! - escapes of surrogates are none, and not every character may stand in a text;
//! - keys have at most 1024 characters and stand on one line;
//! - a tab may not stand everywhere where JSON has white space;
//! - the limit of depth counts scalars too.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use sekisho_estate::json::{self, Document, Limits};
use sekisho_estate::{LineIndex, Node, NodeId, Tree, yaml};

const LIMITS: Limits = Limits { depth: 64, nodes: 100_000, bytes: 1 << 20 };

/// Every node has its place, every span its text.
fn walk(tree: &Tree, id: NodeId, left: &mut usize) {
    if *left == 0 {
        return;
    }
    *left -= 1;
    assert!(tree.offset(id) as usize <= tree.source().len());
    assert!(tree.source().is_char_boundary(tree.offset(id) as usize));
    match tree.node(id) {
        Node::String(span) => drop(tree.text(span).len()),
        Node::List(range) => tree.children(range).iter().for_each(|child| walk(tree, *child, left)),
        Node::Map(range) => {
            for entry in tree.entries(range) {
                assert!(tree.key_offset(entry) as usize <= tree.source().len());
                assert!(tree.get(id, tree.text(entry.key)).is_some());
                walk(tree, entry.value, left);
            }
        }
        Node::Tagged { child, .. } => walk(tree, child, left),
        _ => {}
    }
}

fn check(text: &str, read: Result<Document, (json::SyntaxError, String)>) -> Result<Document, String> {
    match read {
        Ok(document) => {
            walk(&document.tree, document.root, &mut 200_000);
            assert_eq!(document.tree.source(), text);
            Ok(document)
        }
        Err((error, source)) => {
            assert_eq!(source, text, "the source comes back");
            let position = LineIndex::new(text).position(text, error.offset);
            assert!(position.line >= 1 && position.column >= 1);
            assert!(error.offset as usize <= text.len(), "{error:?}");
            Err(error.message)
        }
    }
}

fn same(a: &Tree, x: NodeId, b: &Tree, y: NodeId) -> bool {
    match (a.node(x), b.node(y)) {
        (Node::Float(float), Node::Float(other)) => float == other,
        // A number that YAML takes for text.
        (Node::Float(float), Node::String(span)) => b.text(span).parse() == Ok(float),
        (Node::String(p), Node::String(q)) => a.text(p) == b.text(q),
        (Node::List(p), Node::List(q)) => {
            let (p, q) = (a.children(p), b.children(q));
            p.len() == q.len() && p.iter().zip(q).all(|(x, y)| same(a, *x, b, *y))
        }
        (Node::Map(p), Node::Map(q)) => {
            let (p, q) = (a.entries(p), b.entries(q));
            p.len() == q.len()
                && p.iter().zip(q).all(|(x, y)| {
                    x.hash == y.hash && a.text(x.key) == b.text(y.key) && same(a, x.value, b, y.value)
                })
        }
        (left, right) => left == right,
    }
}

/// What JSON has and YAML has not.
fn beyond_yaml(text: &str) -> bool {
    let odd = |c: char| {
        matches!(
            c,
            '\t' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
    };
    text.contains("\\u") || text.chars().any(odd) || text.len() > 1000
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    let yaml = check(text, yaml::read(text.to_owned(), LIMITS));
    let json = check(text, json::read(text.to_owned(), LIMITS));
    match (json, yaml) {
        (Ok(json), Ok(yaml)) => {
            assert!(
                beyond_yaml(text) || same(&json.tree, json.root, &yaml.tree, yaml.root),
                "read differently"
            );
        }
        (Ok(_), Err(message)) => {
            assert!(beyond_yaml(text) || message.starts_with("nested deeper"), "only JSON: {message}");
        }
        (Err(_), _) => {}
    }
    Corpus::Keep
});
