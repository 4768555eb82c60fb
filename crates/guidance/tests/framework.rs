//! Frameworks and what people decide about their paragraphs.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use sekisho_guidance::{
    Choice, Language, ParagraphKind, Status, framework, frameworks, paragraphs_of, read_decisions,
    requirements,
};

#[test]
fn the_security_rule_is_whole() {
    let rule = framework("hipaa-security-rule").unwrap();
    let mut count: BTreeMap<(&str, ParagraphKind, Option<Status>), usize> = BTreeMap::new();
    for paragraph in rule.paragraphs.iter().filter(|p| p.kind != ParagraphKind::Section) {
        let section = paragraph.id.split('(').next().unwrap();
        *count.entry((section, paragraph.kind, paragraph.status)).or_default() += 1;
    }
    let of = |section, kind, status| count.get(&(section, kind, status)).copied().unwrap_or(0);
    // Sections; specifications that are required and addressable, as the rule's matrix counts them.
    for (section, required, addressable) in
        [("164.308", 10, 11), ("164.310", 2, 6), ("164.312", 2, 5), ("164.314", 7, 0), ("164.316", 3, 0)]
    {
        let found = [Status::Required, Status::Addressable]
            .map(|status| of(section, ParagraphKind::Specification, Some(status)));
        assert_eq!(found, [required, addressable], "{section}");
    }
    let standards = rule.paragraphs.iter().filter(|p| p.kind == ParagraphKind::Standard).count();
    assert_eq!(standards, 22);
}

#[test]
fn every_paragraph_speaks_three_languages() {
    for framework in frameworks() {
        for text in framework.paragraphs.iter().map(|p| &p.title).chain([&framework.title]) {
            for &language in Language::ALL {
                assert!(!text.get(language).trim().is_empty(), "{}: {text:?}", framework.id);
            }
        }
        let ids: BTreeSet<_> = framework.paragraphs.iter().map(|p| p.id).collect();
        assert_eq!(ids.len(), framework.paragraphs.len(), "{}", framework.id);
    }
}

#[test]
fn every_row_stands_in_its_document() {
    for row in requirements() {
        let documents: Vec<_> = paragraphs_of(row.id)
            .into_iter()
            .filter(|(framework, _)| framework.source.is_empty())
            .map(|(framework, _)| framework.id)
            .collect();
        let wanted: &[&str] = match row.seed.name() {
            "000" => &["hipaa-whitepaper-2018"],
            "001" => &["hipaa-whitepaper-2023"],
            "both" => &["hipaa-whitepaper-2018", "hipaa-whitepaper-2023"],
            "002" => &["security-best-practices-2016"],
            _ => &["shared-responsibility-2019"],
        };
        assert_eq!(documents, wanted, "{}", row.id);
    }
}

#[test]
fn encryption_is_answered_by_controls_and_cannot_be_declined() {
    let rule = framework("hipaa-security-rule").unwrap();
    let encryption = rule.paragraph("164.312(a)(2)(iv)").unwrap();
    assert_eq!((encryption.status, encryption.binding), (Some(Status::Addressable), Some("hipaa/intro/13")));
    let controls = encryption.controls();
    for id in ["rds-storage-not-encrypted", "kms-key-rotation-off"] {
        assert!(controls.iter().any(|control| control.id == id), "{id}");
    }
}

const HEAD: &str = "decisions:\n- framework: hipaa-security-rule\n  approver: CISO\n  decided: 2026-01-10\n";

#[test]
fn decisions_are_read_and_refused() {
    // What follows the head, and what is wrong with it.
    let cases: &[(&str, Option<&str>)] = &[
        (
            "  paragraph: 164.312(a)(2)(iii)\n  decision: alternative\n  reason: kiosks\n  instead: badge readers\n  review: 2027-01-10\n",
            None,
        ),
        (
            "  paragraph: 164.312(a)(2)(iii)\n  decision: alternative\n  reason: kiosks\n  review: 2027-01-10\n",
            Some("say under `instead`"),
        ),
        (
            "  paragraph: 164.312(a)(2)(iv)\n  decision: not-reasonable\n  reason: slow\n  review: 2027-01-10\n",
            Some("cannot be declined"),
        ),
        (
            "  paragraph: 164.312(a)(2)(iv)\n  decision: implement\n  reason: we do\n  review: 2027-01-10\n",
            None,
        ),
        (
            "  paragraph: 164.312(b)\n  decision: implement\n  reason: x\n  review: 2027-01-10\n",
            Some("not addressable"),
        ),
        (
            "  paragraph: 164.312(a)(2)(vi)\n  decision: implement\n  reason: x\n  review: 2027-01-10\n",
            Some("did you mean `164.312(a)(2)(i"),
        ),
        (
            "  paragraph: 164.312(a)(2)(iii)\n  decision: implement\n  reason: x\n  review: 2027-02-30\n",
            Some("not a day"),
        ),
        (
            "  paragraph: 164.312(a)(2)(iii)\n  decision: implement\n  reason: x\n  review: 2025-02-28\n",
            Some("before `decided`"),
        ),
        (
            "  paragraph: 164.312(a)(2)(iii)\n  decision: implement\n  reason: ''\n  review: 2027-01-10\n",
            Some("`reason` is empty"),
        ),
        (
            "  paragraph: 164.312(a)(2)(iii)\n  decision: maybe\n  reason: x\n  review: 2027-01-10\n",
            Some("maybe"),
        ),
        ("  paragrap: 164.312(a)(2)(iii)\n", Some("paragrap")),
    ];
    for (rest, wanted) in cases {
        let (decisions, problems) = read_decisions("d.yaml", &format!("{HEAD}{rest}"));
        match wanted {
            None => assert!(decisions.len() == 1 && problems.is_empty(), "{rest}: {problems:?}"),
            Some(part) => {
                assert!(decisions.is_empty() && problems.len() == 1, "{rest}: {decisions:?}");
                let problem = &problems[0];
                assert!(problem.message.contains(part) && problem.line >= 2, "{problem:?}");
            }
        }
    }
}

#[test]
fn a_decision_ends() {
    let rest = "  paragraph: 164.312(a)(2)(iii)\n  decision: implement\n  reason: x\n  review: 2026-06-30\n";
    let (decisions, _) = read_decisions("d.yaml", &format!("{HEAD}{rest}"));
    assert_eq!(decisions[0].choice, Choice::Implement);
    assert!(!decisions[0].is_overdue("2026-06-30") && decisions[0].is_overdue("2026-07-01"));
}
