//! Requests with the answers that the documentation gives.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_access::case::{Case, Verdict};

fn cases() -> Vec<Case> {
    serde_saphyr::from_str(include_str!("probes.yaml")).unwrap()
}

#[test]
fn answers() {
    let mut wrong = Vec::new();
    for case in cases() {
        let answer = case.prepare().unwrap().answer();
        let expected = case.expected.clone().unwrap();
        let right = answer.decision == expected.decision
            && (expected.denied_by.is_none() || expected.denied_by == answer.denied_by);
        if !right {
            wrong.push(format!("{:?}: {answer:#?}", case.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_condition_is_readable() {
    let case =
        cases().into_iter().find(|case| case.id.as_deref() == Some("conditional-on-an-unknown-key")).unwrap();
    let answer = case.prepare().unwrap().answer();
    assert_eq!(answer.decision, Verdict::Conditional);
    assert_eq!(answer.condition.as_deref(), Some("aws:SourceIp is in 10.0.0.0/8"));
}
