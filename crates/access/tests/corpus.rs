//! Cases whose answers AWS's documentation gives: the engine and the reference evaluator,
//! which know nothing of each other, must both give them.
//!
//! `cases/` has one file for a group of rules; each line is a case in the form that
//! `docs/schema/access-case.schema.json` describes, with its rule and the page.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test fails where it cannot go on

mod reference;

use std::collections::BTreeMap;
use std::path::Path;

use sekisho_access::answer::read_cases;
use sekisho_access::case::{Case, Verdict};

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| read_cases(&std::fs::read_to_string(file).unwrap()).unwrap()).collect()
}

fn id(case: &Case) -> &str {
    case.id.as_deref().unwrap()
}

#[test]
fn engine_agrees_with_the_documentation() {
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = case.expected.clone().unwrap();
        let answer = case.prepare().unwrap_or_else(|error| panic!("{}: {error}", id(&case))).answer();
        let by = expected.denied_by.is_none() || expected.denied_by == answer.denied_by;
        if answer.decision != expected.decision || !by {
            wrong.push(format!(
                "{}: {:?} {:?}, not {:?} {:?}",
                id(&case),
                answer.decision,
                answer.denied_by,
                expected.decision,
                expected.denied_by
            ));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn reference_agrees_with_the_documentation() {
    let mut wrong = Vec::new();
    for case in cases().iter().filter(|case| case.unknown.is_empty()) {
        let decision = reference::decide(case);
        let expected = case.expected.as_ref().unwrap().decision;
        if decision != expected {
            wrong.push(format!("{}: {decision:?}, not {expected:?}", id(case)));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_has_cases_of_both_kinds() {
    let mut ids = std::collections::BTreeSet::new();
    let mut rules: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for case in cases() {
        assert!(ids.insert(id(&case).to_owned()), "{} is there twice", id(&case));
        assert!(case.source.is_some(), "{} has no source", id(&case));
        let allowed = case.expected.as_ref().unwrap().decision == Verdict::Allowed;
        rules.entry(case.rule.clone().unwrap()).or_default()[usize::from(allowed)] += 1;
    }
    assert!(ids.len() >= 600, "{} cases", ids.len());
    assert!(rules.len() >= 40, "{} rules", rules.len());
    for (rule, [denied, allowed]) in &rules {
        assert!(*denied >= 5 && *allowed >= 5, "{rule}: {allowed} allowed, {denied} not");
    }
}
