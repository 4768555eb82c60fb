//! The packed requirements are the ledgers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sekisho_guidance::{Basis, Level, Seed, Verify, Who, requirement, requirements};
use serde_json::Value;

fn ledger(name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guidance/requirements");
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn pair(value: &Value) -> Option<(u32, u32)> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn all_rows_sorted_and_found() {
    assert_eq!(requirements().len(), 709 + 883);
    let ids: Vec<_> = requirements().map(|row| row.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
    for row in requirements() {
        assert_eq!(requirement(row.id), Some(row));
    }
    for id in ["", "hipaa", "hipaa/s3/", "hipaa/s3/33", "zz", "bp/accounts/10"] {
        assert!(requirement(id).is_none(), "{id}");
    }
}

#[test]
fn hipaa_rows_are_as_in_the_ledger() {
    for row in ledger("hipaa.jsonl") {
        let text = |field: &str| row[field].as_str().unwrap();
        let packed = requirement(text("id")).unwrap();
        assert_eq!(packed.statement, text("statement"));
        assert_eq!(packed.service_or_capability, text("service"));
        assert_eq!(packed.section, text("section"));
        assert_eq!(packed.category, text("category"));
        assert_eq!(packed.service, Some(text("slug")));
        assert_eq!(packed.seed.name(), text("seed"));
        assert_eq!(packed.level.map(Level::name), Some(text("level")));
        assert_eq!(packed.basis.map(Basis::name), Some(text("basis")));
        assert_eq!(packed.verify.name(), text("verify"));
        assert_eq!(packed.who.name(), text("who"));
        let (new, old) = (pair(&row["lines_001"]), pair(&row["lines_000"]));
        assert_eq!(packed.lines, new.or(old).unwrap());
        assert_eq!(packed.lines_2018, old);
        assert!(!packed.outdated && packed.modern.is_none());
    }
}

#[test]
fn best_practices_are_as_in_the_ledger() {
    for row in ledger("bp.jsonl") {
        let text = |field: &str| row[field].as_str().unwrap();
        let packed = requirement(text("id")).unwrap();
        assert_eq!(packed.statement, text("statement"));
        assert_eq!(packed.service_or_capability, text("capability"));
        assert_eq!(packed.section, text("section"));
        assert_eq!(packed.seed.name(), text("seed"));
        assert_eq!(packed.verify.name(), text("verify"));
        assert_eq!(packed.who.name(), text("who"));
        assert_eq!(Value::Bool(packed.outdated), row["outdated"]);
        assert_eq!(packed.modern, row["modern"].as_str());
        assert_eq!(Value::from(packed.lines.0), row["line"]);
        assert_eq!((packed.basis, packed.lines_2018), (None, None));
    }
}

#[test]
fn one_row_spelt_out() {
    let row = requirement("hipaa/s3/3").unwrap();
    assert_eq!((row.level, row.basis), (Some(Level::Must), Some(Basis::Section)));
    assert_eq!((row.seed, row.who, row.verify), (Seed::HipaaBoth, Who::Customer, Verify::Graph));
    assert_eq!((row.lines, row.lines_2018), ((918, 918), Some((487, 519))));
}

#[test]
fn levels_of_best_practices_come_from_their_file() {
    let mut levels = BTreeMap::new();
    for row in requirements().filter(|row| row.id.starts_with("bp/")) {
        *levels.entry(row.level.map(Level::name)).or_insert(0) += 1;
    }
    assert!(levels[&Some("should")] > 10 && levels[&Some("must")] > 3, "{levels:?}");
    assert_eq!(requirement("bp/trusted-advisor/2").unwrap().level, Some(Level::Should));
    assert_eq!(requirement("bp/s3-rest/2").unwrap().service, Some("s3"));
    assert_eq!(requirement("bp/zoning/1").unwrap().service, None);
}
