//! Precision and recall on strings as templates have them: names, tags, descriptions, variables.
//!
//! The strings are composed from parts by a fixed sequence, so that every run sees the same.
//! `SEKISHO_BLESS=1` writes the table of docs/detectors.md.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod strings;

use std::collections::BTreeMap;
use std::fmt::Write;

use sekisho_detect::{credential, credential_kinds, identifiers, kinds};

/// Found, missed and wrongly reported of a kind.
#[derive(Default)]
struct Score {
    positives: usize,
    found: usize,
    wrong: usize,
}

#[test]
fn identifiers_are_found_and_nothing_else() {
    let positives = strings::positives();
    let negatives = strings::negatives();
    assert!(positives.len() >= 2_000, "{}", positives.len());
    assert!(negatives.len() >= 10_000, "{}", negatives.len());
    let mut scores: BTreeMap<&str, Score> = kinds().iter().map(|k| (k.id, Score::default())).collect();
    let mut missed = Vec::new();
    for (kind, name, text) in &positives {
        let found = identifiers(name, text);
        let score = scores.get_mut(kind.as_str()).unwrap();
        score.positives += 1;
        if found.iter().any(|f| f.kind.id == kind) {
            score.found += 1;
        } else {
            missed.push(format!("{kind}: {name}: {text}"));
        }
        for other in found.iter().filter(|f| f.kind.id != kind) {
            scores.get_mut(other.kind.id).unwrap().wrong += 1;
            missed.push(format!("{} for {kind}: {name}: {text}", other.kind.id));
        }
    }
    for (name, text) in &negatives {
        for found in identifiers(name, text) {
            scores.get_mut(found.kind.id).unwrap().wrong += 1;
            missed.push(format!("{} for nothing: {name}: {text}", found.kind.id));
        }
    }
    let mut table = String::from(
        "| identifier | positive | found | wrong | recall | precision |\n|---|--:|--:|--:|--:|--:|\n",
    );
    let mut all = Score::default();
    for (kind, score) in &scores {
        row(&mut table, kind, score);
        assert!(score.positives >= 40, "{kind} has {} positives", score.positives);
        all.positives += score.positives;
        all.found += score.found;
        all.wrong += score.wrong;
    }
    row(&mut table, &format!("all, with {} negative strings", negatives.len()), &all);
    agrees("table", &table, &missed);
    assert!(all.found * 100 >= all.positives * 97, "recall fell: {missed:#?}");
    assert!(all.wrong * 200 <= all.found, "precision fell: {missed:#?}");
}

#[test]
fn credentials_are_found_and_nothing_else() {
    let positives = strings::credentials();
    let negatives = strings::no_credentials();
    let mut scores: BTreeMap<&str, Score> =
        credential_kinds().iter().map(|kind| (kind.id, Score::default())).collect();
    let mut missed = Vec::new();
    for (kind, text) in &positives {
        let found = credential(text).map(|found| found.kind.id);
        scores.get_mut(kind).unwrap().positives += 1;
        match found {
            Some(id) if id == *kind => scores.get_mut(kind).unwrap().found += 1,
            Some(other) => {
                scores.get_mut(other).unwrap().wrong += 1;
                missed.push(format!("{other} for {kind}: {text}"));
            }
            None => missed.push(format!("{kind}: {text}")),
        }
    }
    for text in &negatives {
        if let Some(found) = credential(text) {
            scores.get_mut(found.kind.id).unwrap().wrong += 1;
            missed.push(format!("{} for nothing: {text}", found.kind.id));
        }
    }
    let mut table = String::from(
        "| credential | positive | found | wrong | recall | precision |\n|---|--:|--:|--:|--:|--:|\n",
    );
    let mut all = Score::default();
    for (kind, score) in &scores {
        row(&mut table, kind, score);
        assert!(score.positives >= 40, "{kind} has {} positives", score.positives);
        all.positives += score.positives;
        all.found += score.found;
        all.wrong += score.wrong;
    }
    row(&mut table, &format!("all, with {} negative strings", negatives.len()), &all);
    agrees("credentials", &table, &missed);
    assert!(all.found * 100 >= all.positives * 97, "recall fell: {missed:#?}");
    assert!(all.wrong * 200 <= all.found, "precision fell: {missed:#?}");
}

/// Compares a table with the one of docs/detectors.md, or writes it there.
fn agrees(mark: &str, table: &str, missed: &[String]) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/detectors.md");
    // Two tests write into one page.
    static PAGE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _held = PAGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let page = std::fs::read_to_string(file).unwrap();
    let opens = format!("<!-- {mark} -->\n");
    let (before, rest) = page.split_once(&opens).unwrap();
    let (old, after) = rest.split_once("<!-- end -->").unwrap();
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::write(file, format!("{before}{opens}{table}<!-- end -->{after}")).unwrap();
    } else {
        let shown: Vec<_> = missed.iter().take(40).collect();
        assert_eq!(old, table, "SEKISHO_BLESS=1 writes the table; of what went wrong: {shown:#?}");
    }
}

fn row(table: &mut String, name: &str, score: &Score) {
    let share = |part: usize, whole: usize| format!("{:.3}", part as f64 / whole.max(1) as f64);
    let _ = writeln!(
        table,
        "| {name} | {} | {} | {} | {} | {} |",
        score.positives,
        score.found,
        score.wrong,
        share(score.found, score.positives),
        share(score.found, score.found + score.wrong),
    );
}
