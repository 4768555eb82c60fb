//! The cases beside the controls are well formed: what they say is judged where the engine is.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sekisho_facts::{Kind, Shape, resource_type};
use sekisho_guidance::{Confidence, Scope, control, controls};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    verdict: Verdict,
    resource: Option<String>,
    resources: Option<Map<String, Value>>,
    template: Option<Template>,
    #[serde(default)]
    complete_account: bool,
    /// Globs of what holds PHI, as in `sekisho.toml`.
    #[serde(default)]
    phi: Vec<String>,
    /// Settings, as in `sekisho.toml`; read by those who run the case.
    #[serde(default)]
    config: Map<String, Value>,
    reason: Option<String>,
    evidence: Option<String>,
    confidence: Option<Confidence>,
    #[serde(default)]
    worlds: Vec<String>,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord, Clone, Copy, Debug)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Pass,
    Fail,
    Unknown,
    NotApplicable,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Template {
    description: Option<String>,
    #[serde(default)]
    mappings: Map<String, Value>,
    #[serde(default)]
    outputs: Map<String, Value>,
    #[serde(default)]
    parameters: Map<String, Value>,
    #[serde(default)]
    conditions: Map<String, Value>,
    resources: Map<String, Value>,
}

impl Case {
    fn resources(&self) -> &Map<String, Value> {
        match (&self.resources, &self.template) {
            (Some(resources), None) => resources,
            (None, Some(template)) => &template.resources,
            _ => panic!("{}: either `resources` or `template`", self.name),
        }
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guidance/controls");
    let entries = |dir: &Path| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries(&folder).flat_map(|service| entries(&service).collect::<Vec<_>>()).collect()
}

fn cases() -> BTreeMap<String, Vec<Case>> {
    let mut all = BTreeMap::new();
    for file in files() {
        let name = file.file_name().unwrap().to_string_lossy();
        if let Some(id) = name.strip_suffix(".test.yaml") {
            let text = fs::read_to_string(&file).unwrap();
            let cases = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(all.insert(id.to_owned(), cases).is_none(), "{id}: two files");
        }
    }
    all
}

#[test]
fn every_control_has_cases_and_every_case_a_control() {
    let ids: BTreeSet<_> = cases().into_keys().collect();
    let controls: BTreeSet<_> = controls().iter().map(|control| control.id.to_string()).collect();
    assert_eq!(ids, controls);
}

#[test]
fn each_control_can_pass_and_fail_and_be_left_open() {
    for (id, cases) in cases() {
        let verdicts: BTreeSet<_> = cases.iter().map(|case| case.verdict).collect();
        assert!(verdicts.contains(&Verdict::Pass) && verdicts.contains(&Verdict::Fail), "{id}");
        let expression = &control(&id).unwrap().pass_if;
        // Whether something is written, or whether there is a companion, is known of every template.
        let compares =
            ["==", "!=", "<", ">", " in ", "matches", "denies", "grants", "opens", "carries", "version"];
        // A label and a type are always known.
        let asked = expression.trim().trim_start_matches("!(");
        let of_label = asked.starts_with("label(this) in") || asked.starts_with("attributes(this).type in");
        let can_be_unknown = !of_label && compares.iter().any(|word| expression.contains(word));
        assert!(verdicts.contains(&Verdict::Unknown) || !can_be_unknown, "{id}: unknown");
        let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
        assert_eq!(names.len(), cases.len(), "{id}: two cases have one name");
    }
}

#[test]
fn cases_are_consistent() {
    for (id, cases) in cases() {
        let control = control(&id).unwrap();
        for case in cases {
            let place = format!("{id}: {}", case.name);
            assert!(case.config.keys().all(|key| !key.is_empty()), "{place}");
            assert!(case.phi.iter().all(|glob| !glob.is_empty()), "{place}");
            let resources = case.resources();
            match (&case.resource, control.scope) {
                (Some(name), Scope::Resource) => {
                    let ty = resources.get(name).unwrap_or_else(|| panic!("{place}: {name}"));
                    assert!(control.applies_to(ty["Type"].as_str().unwrap()), "{place}");
                }
                (None, Scope::Stack | Scope::Account) => {}
                _ => panic!("{place}: `resource` is for the scope `resource`"),
            }
            assert!(case.reason.is_none() || case.verdict == Verdict::Unknown, "{place}");
            assert!(case.evidence.iter().all(|route| route.starts_with('/')), "{place}");
            assert!(case.confidence.is_none() || case.verdict == Verdict::Fail, "{place}");
            assert!(case.worlds.is_empty() || case.template.is_some(), "{place}");
            // A control of a resource may ask for others of the account.
            assert!(!case.complete_account || control.scope != Scope::Stack, "{place}");
            if let Some(template) = &case.template {
                let tables = template.mappings.len() + template.outputs.len();
                let parts = template.parameters.len() + template.conditions.len() + tables;
                assert!(parts > 0 || template.description.is_some(), "{place}: `resources` is enough");
            }
        }
    }
}

#[test]
fn resources_of_cases_obey_the_schemas() {
    for (id, cases) in cases() {
        for case in &cases {
            for (name, resource) in case.resources() {
                let place = format!("{id}: {}: {name}", case.name);
                let ty = resource["Type"].as_str().unwrap_or_default();
                let ty = resource_type(ty).unwrap_or_else(|| panic!("{place}: type `{ty}`"));
                if let Some(properties) = resource.get("Properties") {
                    obeys(&place, ty.properties(), properties);
                }
            }
        }
    }
}

/// Every name in a value is one that the schema has there.
fn obeys(place: &str, shape: Shape, value: &Value) {
    let intrinsic = |key: &String| key == "Ref" || key.starts_with("Fn::");
    match value {
        Value::Object(map) if map.keys().any(intrinsic) => {}
        Value::Object(map) => {
            for (key, value) in map {
                match shape.field(key).or_else(|| shape.item()) {
                    Some(inner) => obeys(&format!("{place}/{key}"), inner, value),
                    None => assert!(!shape.closed(), "{place} has no {key}"),
                }
            }
        }
        Value::Array(list) => {
            assert!(matches!(shape.kind(), Kind::List | Kind::Any), "{place} is no list");
            if let Some(inner) = shape.item() {
                list.iter().for_each(|value| obeys(place, inner, value));
            }
        }
        _ => {}
    }
}
