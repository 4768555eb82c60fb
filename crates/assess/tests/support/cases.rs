//! The cases of the built-in controls, as estates of both languages.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sekisho_assess::{Config, RunOptions, run};
use sekisho_estate::json::Limits;
use sekisho_estate::{Estate, Node, NodeId, Tree, yaml};
use sekisho_guidance::{Control, parse_control};
use sekisho_source_cloudformation as cloudformation;
use sekisho_source_terraform as terraform;
use serde_json::{Map, Value, json};

pub(crate) fn controls() -> Vec<(PathBuf, Control)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guidance/controls");
    let mut found = Vec::new();
    for service in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|p| p.is_dir()) {
        for path in fs::read_dir(service).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".yaml") && !name.ends_with(".test.yaml") {
                let control = parse_control(&name, &fs::read_to_string(&path).unwrap()).unwrap();
                found.push((path, control));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

pub(crate) fn cases(control: &Path) -> Vec<Value> {
    let text = fs::read_to_string(control.with_extension("test.yaml")).unwrap();
    let document = yaml::read(text, Limits::default()).unwrap();
    json_of(&document.tree, document.root).as_array().unwrap().clone()
}

/// YAML as JSON; short forms of functions become long ones.
fn json_of(tree: &Tree, node: NodeId) -> Value {
    match tree.node(node) {
        Node::Bool(b) => b.into(),
        Node::Int(i) => i.into(),
        Node::Float(f) => f.into(),
        Node::String(span) => tree.text(span).into(),
        Node::List(range) => tree.children(range).iter().map(|&n| json_of(tree, n)).collect(),
        Node::Map(range) => {
            let pairs =
                tree.entries(range).iter().map(|e| (tree.text(e.key).to_owned(), json_of(tree, e.value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        Node::Tagged { tag, child } => {
            let name = tree.name(tag);
            let key =
                if matches!(name, "Ref" | "Condition") { name.to_owned() } else { format!("Fn::{name}") };
            Value::Object(Map::from_iter([(key, json_of(tree, child))]))
        }
        _ => Value::Null,
    }
}

/// Verdict and reason's code of a control, by the id of the resource.
pub(crate) fn verdicts(
    estate: &Estate,
    control: &Control,
    config: &Config,
) -> BTreeMap<String, (String, String)> {
    let options = RunOptions { config, everything: true, only: &[], built_in: false };
    let controls = std::slice::from_ref(control);
    let of = |j: &sekisho_assess::Judgement<'_>| {
        let id = j.resource.map_or_else(String::new, |id| estate.id(id).to_owned());
        let why = match &j.reason {
            Some(reason) => format!("{reason:?} {:?}", j.evidence),
            None => format!("{:?}", j.evidence),
        };
        (id, (j.verdict.name().to_owned(), why))
    };
    run(estate, controls, options).judgements.iter().map(of).collect()
}

/// The template of a case.
pub(crate) fn template(case: &Value) -> Option<Value> {
    match (case.get("template"), case.get("resources")) {
        (Some(template), _) => Some(template.clone()),
        (_, Some(resources)) => Some(json!({ "Resources": resources })),
        _ => None,
    }
}

/// What a case configures, with addresses in the place of logical ids.
pub(crate) fn case_config(case: &Value, addresses: &BTreeMap<String, String>) -> Config {
    let mut config = Config::default();
    for glob in case.get("phi").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        config.phi.resources.push(addresses.get(glob).cloned().unwrap_or_else(|| glob.to_owned()));
    }
    config
}

pub(crate) fn read_cloudformation(template: &Value, complete_account: bool) -> Estate {
    let bytes = template.to_string().into_bytes();
    let file = cloudformation::SourceFile { path: "template.json".into(), bytes, named: true };
    cloudformation::read(vec![file], &cloudformation::Options { complete_account, ..Default::default() })
}

pub(crate) fn read_terraform(text: &str, complete_account: bool) -> Estate {
    let file = terraform::SourceFile { path: "root/main.tf.json".into(), bytes: text.as_bytes().to_vec() };
    let read = terraform::read(vec![file], &terraform::Memory::default(), &terraform::Options::default());
    let mut estate = Estate { complete_account, ..Estate::default() };
    terraform::lower::join(&mut estate, read);
    estate
}
