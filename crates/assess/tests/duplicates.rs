//! One fault is one finding: over the failing cases of all controls, no two controls fail for
//! the same resource because of the same places. `duplicates.yaml` lists the pairs that do, each
//! with the reason why both are said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sekisho_assess::{Assessment, Verdict};
use sekisho_estate::ResourceId;
use serde_json::{Value, json};

/// What a control fails for: the places of its evidence.
type Places = BTreeSet<(Option<ResourceId>, String)>;

/// Pairs of controls that fail for the same places of one resource, in the order of their ids.
fn pairs(assessment: &Assessment<'_>) -> BTreeSet<(String, String)> {
    let mut by_resource: BTreeMap<ResourceId, Vec<(&str, Places)>> = BTreeMap::new();
    for judgement in assessment.judgements.iter().filter(|j| j.verdict == Verdict::Fail) {
        let Some(resource) = judgement.resource else { continue };
        let places: Places = judgement.evidence.iter().map(|e| (e.resource, e.route.to_string())).collect();
        if !places.is_empty() {
            by_resource.entry(resource).or_default().push((&judgement.control.id, places));
        }
    }
    let mut found = BTreeSet::new();
    for failing in by_resource.values() {
        for (index, (a, of_a)) in failing.iter().enumerate() {
            for (b, _) in failing[index + 1..].iter().filter(|(_, of_b)| of_a == of_b) {
                found.insert((a.min(b).to_string(), a.max(b).to_string()));
            }
        }
    }
    found
}

#[test]
fn no_fault_is_told_twice() {
    let listed = support::yaml_value(include_str!("duplicates.yaml"));
    let mut allowed: BTreeMap<(String, String), bool> = BTreeMap::new();
    for row in listed.as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{row}")).to_owned();
        assert!(!text(&row["reason"]).is_empty(), "{row}");
        let (a, b) = (text(&row["controls"][0]), text(&row["controls"][1]));
        assert!(a < b, "{a} and {b} are not in order");
        assert!(allowed.insert((a, b), false).is_none(), "{row} is listed twice");
    }
    let mut wrong = BTreeMap::new();
    let mut cases = 0;
    for file in support::files(&support::root().join("guidance/controls"), ".test.yaml") {
        for case in support::yaml_value(&std::fs::read_to_string(&file).unwrap()).as_array().unwrap() {
            if case["verdict"] != "fail" {
                continue;
            }
            cases += 1;
            let template = case.get("template").cloned();
            let template = template.unwrap_or_else(|| json!({"Resources": case["resources"]})).to_string();
            let options = sekisho_source_cloudformation::Options::default();
            let estate = support::estate(&[("case.json", &template)], &options);
            for pair in pairs(&support::judge(&estate)) {
                match allowed.get_mut(&pair) {
                    Some(seen) => *seen = true,
                    None => {
                        let name = file.file_name().unwrap().to_string_lossy().into_owned();
                        wrong.entry(pair).or_insert_with(|| format!("{name}: {}", case["name"]));
                    }
                }
            }
        }
    }
    assert!(cases > 400, "only {cases} failing cases were found");
    let mut said = String::new();
    for ((a, b), place) in &wrong {
        writeln!(said, "{a} and {b} ({place})").unwrap();
    }
    let unneeded: Vec<_> = allowed.iter().filter(|(_, seen)| !**seen).map(|(pair, _)| pair).collect();
    assert!(wrong.is_empty(), "told twice:\n{said}");
    assert!(unneeded.is_empty(), "duplicates.yaml lists pairs that do not occur: {unneeded:?}");
}
