//! Reads `severity.yaml` and writes it as a Rust table.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::load;
use crate::words::{Harm, Label, Reach, Severity};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    table: BTreeMap<Harm, BTreeMap<Reach, BTreeMap<Label, Severity>>>,
    should: Cap,
    informational: Severity,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cap {
    at_most: Severity,
    unless_reach: Vec<Reach>,
}

pub fn table(file: &Path) -> Result<String, String> {
    let name = file.display();
    let parsed: File = load::parse(&crate::read(file)?)
        .map_err(|(at, e)| format!("{name}:{}:{}: {e}", at.line(), at.column()))?;
    let mut out = String::from(
        "/// Severity by harm, reach and label.\npub(crate) static TABLE: [[[Severity; 4]; 3]; 6] = [\n",
    );
    for harm in Harm::ALL {
        out.push_str("    [\n");
        for reach in Reach::ALL {
            out.push_str("        [");
            for label in Label::ALL {
                let row = parsed.table.get(harm).and_then(|rows| rows.get(reach));
                let severity = row.and_then(|row| row.get(label));
                let missing = || format!("{name}: {harm}, {reach}, {label} is missing");
                let _ = write!(out, "Severity::{:?}, ", severity.ok_or_else(missing)?);
            }
            out.push_str("],\n");
        }
        out.push_str("    ],\n");
    }
    out.push_str("];\n");
    let _ = writeln!(
        out,
        "/// The most that a recommendation alone can give.\n\
         pub(crate) const SHOULD_AT_MOST: Severity = Severity::{:?};\n\
         /// The reaches for which that does not hold.\n\
         pub(crate) const SHOULD_UNLESS: &[Reach] = &{:?};\n\
         /// What comes of rows that demand nothing.\n\
         pub(crate) const INFORMATIONAL: Severity = Severity::{:?};",
        parsed.should.at_most,
        parsed.should.unless_reach.iter().map(|reach| Name(format!("Reach::{reach:?}"))).collect::<Vec<_>>(),
        parsed.informational,
    );
    Ok(out)
}

/// A name that is written without quotes.
struct Name(String);

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
