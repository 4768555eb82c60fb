//! Baselines: the findings that were there before, so that only new ones stop a change.

use sekisho_estate::LineIndex;
use sekisho_estate::json::{self, Limits, quote_into};
use sekisho_guidance::Severity;

use crate::model::{Assessment, Notice, Verdict};

/// Marks the findings that a baseline holds. Entries that no finding has any more are
/// reported, so that the file can shrink.
///
/// # Errors
/// What is wrong with the file, with its line.
pub fn apply(assessment: &mut Assessment<'_>, path: &str, text: &str) -> Result<(), String> {
    let document = json::read(text.to_owned(), Limits::default()).map_err(|(error, source)| {
        let at = LineIndex::new(&source).position(&source, error.offset);
        format!("{path}:{}:{}: {}", at.line, at.column, error.message)
    })?;
    let (tree, root) = (&document.tree, document.root);
    if tree.get(root, "schema").and_then(|n| tree.string(n)) != Some("sekisho.baseline/1") {
        return Err(format!("{path}: not a baseline; write one with --write-baseline {path}"));
    }
    let entries = tree.get(root, "findings").map_or(&[][..], |list| tree.list(list));
    let mut known: std::collections::HashMap<&str, bool> = entries
        .iter()
        .filter_map(|&entry| tree.get(entry, "fingerprint").and_then(|n| tree.string(n)))
        .map(|fingerprint| (fingerprint, false))
        .collect();
    for judgement in &mut assessment.judgements {
        if let Some(used) = known.get_mut(judgement.fingerprint.as_str()) {
            judgement.known = judgement.is_finding();
            *used |= judgement.known;
        }
    }
    let stale = known.values().filter(|used| !**used).count();
    if stale > 0 {
        assessment.notices.push(Notice {
            code: "baseline-stale",
            severity: Severity::Info,
            file: path.to_owned(),
            line: 0,
            column: 0,
            subject: stale.to_string(),
        });
    }
    Ok(())
}

/// The baseline of an assessment: its fails and unknowns, ordered by fingerprint.
#[must_use]
pub fn write(assessment: &Assessment<'_>, estate: &sekisho_estate::Estate) -> String {
    let mut rows: Vec<(&str, &str, String)> = assessment
        .judgements
        .iter()
        .filter(|j| matches!(j.verdict, Verdict::Fail | Verdict::Unknown))
        .map(|j| (j.fingerprint.as_str(), &*j.control.id, j.address(estate)))
        .collect();
    rows.sort_unstable();
    rows.dedup();
    let mut out = String::from("{\"schema\": \"sekisho.baseline/1\", \"findings\": [");
    for (index, (fingerprint, control, address)) in rows.iter().enumerate() {
        out.push_str(if index == 0 { "\n  {\"fingerprint\": " } else { ",\n  {\"fingerprint\": " });
        quote_into(&mut out, fingerprint);
        out.push_str(", \"control\": ");
        quote_into(&mut out, control);
        out.push_str(", \"resource\": ");
        quote_into(&mut out, address);
        out.push('}');
    }
    out.push_str("\n]}\n");
    out
}
