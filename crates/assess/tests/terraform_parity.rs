//! The same environment gets the same verdicts in both languages: the cases of every control
//! are written as Terraform, as far as the mappings can be read backwards, and judged again.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that shows what it covers")]

#[path = "support/inverse.rs"]
mod inverse;

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

fn controls() -> Vec<(PathBuf, Control)> {
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

fn cases(control: &Path) -> Vec<Value> {
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
fn verdicts(estate: &Estate, control: &Control, config: &Config) -> BTreeMap<String, (String, String)> {
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

#[derive(Default)]
struct Tally {
    cases: usize,
    compared: usize,
    reasons: BTreeMap<String, usize>,
    defaults: Vec<String>,
    wrong: Vec<String>,
}

#[test]
fn every_case_of_every_control_that_can_be_written_as_terraform() {
    let mut tally = Tally::default();
    for (path, control) in controls() {
        for case in cases(&path) {
            tally.cases += 1;
            if let Err(reason) = compare(&control, &case, &mut tally) {
                *tally.reasons.entry(reason).or_default() += 1;
            }
        }
    }
    let share = 100 * tally.compared / tally.cases.max(1);
    println!("{} of {} cases compared ({share} %)", tally.compared, tally.cases);
    println!("differ by a default of the provider: {}", tally.defaults.len());
    for line in &tally.defaults {
        println!("  {line}");
    }
    let mut reasons: Vec<_> = tally.reasons.iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), *reason));
    for (reason, count) in reasons {
        println!("{count:5}  {reason}");
    }
    assert!(tally.wrong.is_empty(), "{} differ:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
    assert!(share >= 60, "only {share} % of the cases can be written as Terraform");
}

fn compare(control: &Control, case: &Value, tally: &mut Tally) -> Result<(), String> {
    let template = match (case.get("template"), case.get("resources")) {
        (Some(template), _) => template.clone(),
        (_, Some(resources)) => json!({ "Resources": resources }),
        _ => return Err("no template".into()),
    };
    let complete_account = case.get("complete_account") == Some(&Value::Bool(true));
    let mut config = Config::default();
    for glob in case.get("phi").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        config.phi.resources.push(glob.to_owned());
    }
    let bytes = template.to_string().into_bytes();
    let file = cloudformation::SourceFile { path: "template.json".into(), bytes, named: true };
    let options = cloudformation::Options { complete_account, ..Default::default() };
    let estate = cloudformation::read(vec![file], &options);
    let [stack] = &estate.stacks[..] else { return Err("not one stack".into()) };
    let written = inverse::write(stack)?;

    let mut config_there = config.clone();
    for glob in &mut config_there.phi.resources {
        if let Some(address) = written.addresses.get(glob.as_str()) {
            glob.clone_from(address);
        }
    }
    let file =
        terraform::SourceFile { path: "root/main.tf.json".into(), bytes: written.text.clone().into_bytes() };
    let read = terraform::read(vec![file], &terraform::Memory::default(), &terraform::Options::default());
    let lost: Vec<String> =
        read.inputs.iter().flat_map(|i| &i.problems).filter(|p| p.loses).map(|p| p.message.clone()).collect();
    let mut there = Estate { complete_account, ..Estate::default() };
    terraform::lower::join(&mut there, read);

    tally.compared += 1;
    let expected = verdicts(&estate, control, &config);
    let found = verdicts(&there, control, &config_there);
    let name = format!("{}: {}", control.id, case["name"].as_str().unwrap_or("?"));
    for (id, (verdict, why)) in &expected {
        let address = written.addresses.get(id).cloned().unwrap_or_default();
        let actual = found.get(&address);
        if actual.is_some_and(|(actual, _)| actual == verdict) {
            continue;
        }
        let line = format!(
            "{name}: {id} is {verdict}, {address} is {}",
            actual.map_or("not judged", |(actual, _)| actual.as_str())
        );
        if written.defaults.is_empty() {
            tally.wrong.push(format!(
                "{line}\n    {}\n    {why}\n    {}\n    {lost:?}",
                written.text,
                actual.map_or("", |(_, why)| why.as_str())
            ));
        } else {
            tally.defaults.push(format!("{line} ({})", written.defaults.join(", ")));
        }
    }
    Ok(())
}
