//! The decision tables in `tests/decisions`: policy, question, answer.

mod common;

use bumpalo::Bump;
use sekisho_estate::{Estate, Node, NodeId, Reader, Stack, View};
use sekisho_policy::{Answer, Document, Pattern, ResourceScope, Tri};

/// What every case can refer to.
const SURROUNDINGS: &str = include_str!("decisions/surroundings.yaml");

fn run(name: &str, cases: &str) {
    let source = format!("{SURROUNDINGS}\n{cases}");
    let estate = common::estate(&source);
    let estate = &wrap_statements(estate);
    let stack = &estate.stacks[0];
    let root = common::root(stack);
    let cases = stack.tree.list(stack.tree.get(root, "Cases").expect("Cases"));
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for &case in cases {
        let bump = Bump::new();
        let reader = Reader::new(estate, &bump);
        let it = text(stack, case, "it").expect("it");
        let found = answer(&reader, stack.view(case));
        let expected = show(stack, get(stack, case, "answer").expect("answer"));
        if found != expected {
            let line = stack.tree.source()[..stack.tree.offset(case) as usize].lines().count()
                - SURROUNDINGS.lines().count();
            wrong.push(format!("{name}:{line}: {it}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Makes a document of version 2012-10-17 of what stands under `statement`.
fn wrap_statements(mut estate: Estate) -> Estate {
    let stack = &mut estate.stacks[0];
    let root = common::root(stack);
    let cases = stack.tree.list(stack.tree.get(root, "Cases").expect("Cases")).to_vec();
    for case in cases {
        if let Some(statement) = stack.tree.get(case, "statement") {
            let offset = stack.tree.offset(statement);
            let inner = stack.tree.push(stack.tree.node(statement), offset);
            let version = stack.tree.push_string("2012-10-17", offset);
            let map = stack.tree.push_map([("Version", version), ("Statement", inner)], offset);
            let node = stack.tree.node(map);
            stack.tree.set(statement, node);
        }
    }
    estate
}

fn answer<'e>(reader: &Reader<'e>, case: View<'e>) -> String {
    let stack = case.stack;
    let get = |name| get(stack, case.node, name);
    let policy = get("statement").or_else(|| get("policy")).expect("statement or policy");
    let document = Document::read(reader, stack.view(policy));
    if let Some(question) = get("denies") {
        let action = Pattern::action(reader, text(stack, question, "action").unwrap_or("s3:*"));
        let context: Vec<(&str, String)> = stack
            .tree
            .get(question, "context")
            .map(|map| stack.tree.map(map))
            .unwrap_or_default()
            .iter()
            .map(|entry| (stack.text(entry.key), show(stack, entry.value)))
            .collect();
        let context: Vec<(&str, &str)> = context.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let on = |name| text(stack, question, name).map(|id| common::target(reader.estate, id));
        let scope = match (on("objects_of"), on("resource"), text(stack, question, "arn")) {
            (Some(bucket), ..) => ResourceScope::objects(reader, bucket),
            (_, Some(resource), _) => ResourceScope::resource(reader, resource),
            (.., Some(arn)) => ResourceScope::of(reader, &[Pattern::resource(reader, arn)]),
            _ => ResourceScope::objects(reader, common::target(reader.estate, "Bucket")),
        };
        return show_answer(&document.denies(&action, &context, &scope));
    }
    if let Some(question) = get("grants_anyone") {
        let action = stack.tree.string(question).filter(|action| *action != "any");
        let action = action.map(|action| Pattern::action(reader, action));
        return show_answer(&document.grants_anyone(action.as_ref()));
    }
    if let Some(question) = get("other_accounts") {
        let own = stack.tree.string(question).filter(|own| *own != "unknown");
        let found = document.other_accounts(own);
        return format!(
            "[{}]",
            found
                .iter()
                .map(|outside| {
                    let account = outside.account.map_or("?".to_owned(), |account| account.display());
                    format!("{account}: {}", show_tri(outside.is))
                })
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    if get("wildcard_actions").is_some() {
        let found = document.wildcard_actions();
        let words = found.iter().map(|wildcard| format!("{:?}: {}", wildcard.breadth, show_tri(wildcard.is)));
        return format!("[{}]", words.collect::<Vec<_>>().join(", "));
    }
    panic!("a case without a question");
}

fn show_answer(answer: &Answer<'_>) -> String {
    show_tri(answer.is)
}

fn show_tri(is: Tri<'_>) -> String {
    match is {
        Tri::Yes => "true".into(),
        Tri::No => "false".into(),
        Tri::Unknown(why) => format!("unknown, {}", why.subject),
    }
}

fn get(stack: &Stack, node: NodeId, key: &str) -> Option<NodeId> {
    stack.tree.get(node, key)
}

fn text<'e>(stack: &'e Stack, node: NodeId, key: &str) -> Option<&'e str> {
    stack.tree.get(node, key).and_then(|node| stack.tree.string(node))
}

fn show(stack: &Stack, node: NodeId) -> String {
    match stack.tree.node(node) {
        Node::Bool(is) => is.to_string(),
        Node::Int(number) => number.to_string(),
        Node::Float(number) => number.to_string(),
        Node::String(span) => stack.text(span).to_owned(),
        Node::List(range) => {
            let items = stack.tree.children(range).iter().map(|&child| show(stack, child));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        other => panic!("{other:?}"),
    }
}

macro_rules! tables {
    ($($name:ident: $file:literal;)*) => {
        $(#[test]
        fn $name() {
            run($file, include_str!(concat!("decisions/", $file)));
        })*
    };
}

tables! {
    plain_http: "denies-plain-http.yaml";
    denies: "denies.yaml";
    grants_anyone: "grants-anyone.yaml";
    accounts_and_wildcards: "accounts-and-wildcards.yaml";
}
