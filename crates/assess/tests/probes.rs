//! Questions that other tools were measured to answer wrongly; see `tests/probes/README.md`.
//! Each folder is one test, named after it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod support;

use sekisho_estate::InputStatus;
use serde_json::Value;
use support::{estate, judge, root, yaml_value};

fn probe(folder: &str) {
    let folder = root().join("tests/probes").join(folder);
    let expected = yaml_value(&std::fs::read_to_string(folder.join("expected.yaml")).unwrap());
    let mut files: Vec<(String, String)> = support::files(&folder, "")
        .into_iter()
        .filter(|p| !p.ends_with("expected.yaml"))
        .map(|p| {
            let name = p.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&p).unwrap())
        })
        .collect();
    files.sort();
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let estate = estate(&borrowed, &sekisho_source_cloudformation::Options::default());
    let assessment = judge(&estate);
    let list = |key: &str| expected.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut wrong: Vec<String> = assessment.notices.iter().map(|n| format!("{n:?}")).collect();
    assert!(!list("expect").is_empty() || !list("absent").is_empty(), "a probe that asks nothing");
    for row in list("expect") {
        let (resource, control) = (row["resource"].as_str(), row["control"].as_str().unwrap());
        let found = assessment
            .judgements
            .iter()
            .find(|j| j.control.id == control && j.resource.map(|id| estate.id(id)) == resource);
        let Some(judgement) = found else {
            wrong.push(format!("{row}: no verdict"));
            continue;
        };
        if row["verdict"] != judgement.verdict.name() {
            wrong.push(format!(
                "{row}: {} {:?} {:?}",
                judgement.verdict.name(),
                judgement.reason,
                judgement.evidence
            ));
        }
        if let Some(when) = row.get("when").and_then(Value::as_str)
            && !judgement.worlds.iter().any(|w| w.when == when && w.verdict == judgement.verdict)
        {
            wrong.push(format!("{row}: worlds {:?}", judgement.worlds));
        }
        if let Some(evidence) = row.get("evidence") {
            let same = |key: &str, actual: &str| {
                evidence.get(key).and_then(Value::as_str).is_none_or(|e| e == actual)
            };
            let plain =
                |value: &Option<String>| value.clone().unwrap_or_default().trim_matches('"').to_owned();
            let found = judgement.evidence.iter().any(|e| {
                same("route", &e.route.to_string())
                    && same("kind", e.kind.name())
                    && same("value", &plain(&e.value))
            });
            if !found {
                wrong.push(format!("{row}: evidence {:?}", judgement.evidence));
            }
        }
    }
    for row in list("absent") {
        let hit = assessment.judgements.iter().find(|j| {
            j.is_finding()
                && row.get("control").is_none_or(|c| *c == *j.control.id)
                && row.get("resource").is_none_or(|r| j.resource.is_some_and(|id| *r == *estate.id(id)))
        });
        if let Some(hit) = hit {
            wrong.push(format!("{row}: {} {} {:?}", hit.control.id, hit.verdict.name(), hit.evidence));
        }
    }
    if let Some(resources) = expected.get("resources").and_then(Value::as_u64)
        && resources != estate.resources().count() as u64
    {
        wrong.push(format!("{} resources, not {resources}", estate.resources().count()));
    }
    for (path, status) in expected.get("files").and_then(Value::as_object).into_iter().flatten() {
        let actual = estate.inputs.iter().find(|i| i.path == *path).map(|i| i.status);
        if actual.map(InputStatus::name) != status.as_str() {
            wrong.push(format!("{path}: {actual:?}, not {status}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

macro_rules! probes {
    ($($name:ident = $folder:literal,)*) => {
        $(#[test] fn $name() { probe($folder); })*

        #[test]
        fn every_probe_is_here() {
            let named = [$($folder),*];
            for entry in std::fs::read_dir(root().join("tests/probes")).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().to_string_lossy().into_owned();
                assert!(!entry.path().is_dir() || named.contains(&&*name), "{name} is not run");
            }
        }
    };
}

probes! {
    probe_01_spellings_of_false = "01-spellings-of-false",
    probe_02_parameters_and_conditions = "02-parameters-and-conditions",
    probe_03_secure_transport_as_text = "03-secure-transport-as-text",
    probe_04_one_policy_per_bucket = "04-one-policy-per-bucket",
    probe_05_nested_retention = "05-nested-retention",
    probe_06_range_of_own_network = "06-range-of-own-network",
    probe_07_separate_rules = "07-separate-rules",
    probe_08_separate_rules_json = "08-separate-rules-json",
    probe_09_address_from_subnet = "09-address-from-subnet",
    probe_10_password_in_user_data = "10-password-in-user-data",
    probe_12_for_each_buckets = "12-for-each-buckets",
    probe_13_one_odd_file = "13-one-odd-file",
    probe_14_defaults_apply = "14-defaults-apply",
    probe_15_anyone_on_search_domain = "15-anyone-on-search-domain",
}
