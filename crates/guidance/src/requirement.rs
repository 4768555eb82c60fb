//! Requirements: what the source documents state, row by row.
//!
//! The rows lie in the binary as one sorted table; a lookup compares ids in place and
//! reads only the row it finds.

use std::cmp::Ordering;

use crate::layout::{
    CATEGORY, CODES, ID, LINES, MISSING, MODERN, MORE, OLD_LINES, ROW, SECTION, SERVICE, STATEMENT, SUBJECT,
};
use crate::words::{Basis, Level, Seed, Verify, Who};

static WORDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/requirements.words"));
static STRINGS: &str = include_str!(concat!(env!("OUT_DIR"), "/requirements.strings"));

/// One row of the ledgers: what a document states, in our words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// Such as `hipaa/s3/3` or `bp/trusted-advisor/2`.
    pub id: &'static str,
    /// What is stated, in our words (English).
    pub statement: &'static str,
    /// The AWS service (HIPAA paper), or the capability (best practices).
    pub service_or_capability: &'static str,
    /// The short name of the service, such as `s3`; `None` when it is about several or none.
    pub service: Option<&'static str>,
    /// The heading of the section, in the language of the document.
    pub section: &'static str,
    /// The kind of demand, such as `encryption-at-rest`; empty for best practices.
    pub category: &'static str,
    /// The document or documents that state it.
    pub seed: Seed,
    /// How strongly; `None` for rows that nobody has read against the document for this.
    pub level: Option<Level>,
    /// What stands behind it; `None` for best practices.
    pub basis: Option<Basis>,
    /// How one can find out.
    pub verify: Verify,
    /// Whose task it is.
    pub who: Who,
    /// Whether AWS has moved on since.
    pub outdated: bool,
    /// What replaces an outdated statement.
    pub modern: Option<&'static str>,
    /// First and last line in the newest of the documents.
    pub lines: (u32, u32),
    /// First and last line in the edition of 2018, when the row is in it.
    pub lines_2018: Option<(u32, u32)>,
}

impl Requirement {
    /// What it is about: category of the HIPAA paper, or capability of the best practices.
    pub fn topic(&self) -> &'static str {
        if self.category.is_empty() { self.service_or_capability } else { self.category }
    }
}

pub(crate) fn count() -> usize {
    WORDS.len() / (4 * ROW)
}

fn word(row: usize, at: usize) -> u32 {
    let start = 4 * (row * ROW + at);
    WORDS.get(start..start + 4).and_then(|w| w.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn text(row: usize, at: usize) -> &'static str {
    let (start, length) = (word(row, at) as usize, word(row, at + 1) as usize);
    STRINGS.get(start..start + length).unwrap_or_default()
}

/// The variant with a code; the build script made the codes from the same lists.
fn variant<T: Copy>(all: &[T], code: u32) -> Option<T> {
    all.get(code as usize).copied().filter(|_| code != MISSING)
}

pub(crate) fn row(i: usize) -> Requirement {
    let (codes, more) = (word(i, CODES), word(i, MORE));
    let old_lines = (word(i, OLD_LINES), word(i, OLD_LINES + 1));
    Requirement {
        id: text(i, ID),
        statement: text(i, STATEMENT),
        service_or_capability: text(i, SUBJECT),
        service: Some(text(i, SERVICE)).filter(|service| !service.is_empty()),
        section: text(i, SECTION),
        category: text(i, CATEGORY),
        seed: variant(Seed::ALL, codes & 0xFF).unwrap_or(Seed::HipaaBoth),
        level: variant(Level::ALL, codes >> 8 & 0xFF),
        basis: variant(Basis::ALL, codes >> 16 & 0xFF),
        verify: variant(Verify::ALL, codes >> 24).unwrap_or(Verify::Manual),
        who: variant(Who::ALL, more & 0xFF).unwrap_or(Who::Shared),
        outdated: more >> 8 & 1 == 1,
        modern: Some(text(i, MODERN)).filter(|modern| !modern.is_empty()),
        lines: (word(i, LINES), word(i, LINES + 1)),
        lines_2018: Some(old_lines).filter(|lines| *lines != (0, 0)),
    }
}

/// The requirement with this id. Logarithmic in the number of rows.
pub fn requirement(id: &str) -> Option<Requirement> {
    position(id).map(row)
}

/// The id of a row.
pub(crate) fn id_of(row: usize) -> &'static str {
    text(row, ID)
}

/// The row of a requirement.
pub(crate) fn position(id: &str) -> Option<usize> {
    let (mut low, mut high) = (0, count());
    while low < high {
        let middle = low + (high - low) / 2;
        match text(middle, ID).cmp(id) {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => return Some(middle),
        }
    }
    None
}

/// All requirements, sorted by id.
pub fn requirements() -> impl ExactSizeIterator<Item = Requirement> {
    (0..count()).map(row)
}
