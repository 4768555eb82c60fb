//! How bad a failure is: one table, from `guidance/severity.yaml`.

use crate::words::{Harm, Label, Level, Reach, Severity};

include!(concat!(env!("OUT_DIR"), "/severity.rs"));

/// The severity of a failed control.
///
/// `strongest_level` is the strongest of the requirements behind it (see
/// [`crate::Control::strongest_level`]): a recommendation alone gives at most `medium`
/// unless outsiders are concerned, and rows that demand nothing only inform.
pub fn severity(harm: Harm, reach: Reach, label: Label, strongest_level: Level) -> Severity {
    let severity = TABLE[harm as usize][reach as usize][label as usize];
    match strongest_level {
        Level::Must | Level::MustNot => severity,
        Level::Should if SHOULD_UNLESS.contains(&reach) => severity,
        Level::Should => severity.min(SHOULD_AT_MOST),
        Level::May | Level::Fact | Level::Derived => severity.min(INFORMATIONAL),
    }
}
