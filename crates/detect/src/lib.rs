//! Finds what identifies a person, and credentials, in names, tags, descriptions and other free
//! text.
//!
//! Nothing is reported without context: the name under which a value stands, or the words
//! beside it, must say what it is ("mrn", "患者番号", "病歷號"). A check digit alone proves
//! nothing: one account id in ten is a valid My Number. What a machine wrote (ARNs, ids,
//! digests, time stamps) is masked first.
//!
//! Credentials ([`credentials`]) are known by their form alone.
//!
//! The kinds and their words are data, `facts/hand/detectors`. [`identifiers`] is linear in
//! the text: one automaton looks for all words of context at once, and nothing else is done
//! where there is none.
//!
//! ```
//! use sekisho_detect::identifiers;
//!
//! let found = identifiers("PatientNote", "MRN: 4471902, moved to ward 3");
//! assert_eq!(found[0].kind.id, "medical-record-number");
//! assert!(identifiers("LogGroup", "build 4471902").is_empty());
//! ```

mod check;
mod context;
mod credentials;
mod dates;
mod mask;
mod names;
mod shape;

use context::{Context, contexts};
pub use credentials::{
    Credential, CredentialKind, assigns_secret, credential, credential_kinds, credentials,
    parts_of_credentials,
};

/// How sure a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// A guess from words.
    Low,
    /// The form fits and the context says what it is.
    Medium,
    /// A check digit or the parts of the value bear it out as well.
    High,
}

/// A kind of identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    /// Its id, such as `us-npi`.
    pub id: &'static str,
    /// What it is, in English, Japanese and Traditional Chinese.
    pub label: [&'static str; 3],
    /// The letter of 45 CFR 164.514(b)(2)(i) under which it is listed.
    pub hipaa: char,
    /// How it is written.
    pub(crate) shapes: &'static [&'static str],
    /// The rule of its parts.
    pub(crate) check: Option<Check>,
    /// Whether words for a patient are context enough.
    pub(crate) by_person: bool,
    /// Whether words for a patient must be there too.
    pub(crate) needs_person: bool,
    /// How sure a finding is.
    pub confidence: Confidence,
}

/// The rule that the parts of a value have to meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Check {
    Ssn,
    Npi,
    Dea,
    Mbi,
    MyNumber,
    JpInsurer,
    TwId,
    Date,
    Email,
    Icd10,
    Name,
}

include!(concat!(env!("OUT_DIR"), "/data.rs"));
use context::{About, Word};

/// Something that identifies a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// What it is.
    pub kind: &'static Kind,
    /// Byte offset of its first character in the text.
    pub start: usize,
    /// Byte offset behind its last character.
    pub end: usize,
    /// How sure that is.
    pub confidence: Confidence,
}

/// All kinds that are looked for.
#[must_use]
pub fn kinds() -> &'static [Kind] {
    KINDS
}

/// What identifies a person in a text that stands under a name (a property, a tag key, a
/// variable). In the order of the text; no two overlap.
#[must_use]
pub fn identifiers(name: &str, text: &str) -> Vec<Found> {
    let context = contexts(name, text);
    if context.is_empty() || is_placeholder(text) {
        return Vec::new();
    }
    let masked = mask::machine_made(text);
    let mut found = Vec::new();
    for (at, kind) in KINDS.iter().enumerate() {
        if kind.needs_person && !context.has(About::Patient) {
            continue;
        }
        candidates(kind, at, text, &context, &masked, &mut found);
    }
    // The surest first, then the longest; what overlaps with it is the same thing.
    found.sort_by_key(|f: &Found| (std::cmp::Reverse((f.confidence, f.end - f.start)), f.start));
    let mut kept: Vec<Found> = Vec::new();
    for candidate in found {
        if kept.iter().all(|k| candidate.end <= k.start || candidate.start >= k.end) {
            kept.push(candidate);
        }
    }
    kept.sort_by_key(|f| f.start);
    kept
}

/// Byte offsets at which a text has words of context, ascending. Where it has none, no value
/// in it can be an identifier. One pass over the text.
#[must_use]
pub fn words_of_context(text: &str) -> Vec<usize> {
    context::offsets(text)
}

fn candidates(
    kind: &'static Kind,
    at: usize,
    text: &str,
    context: &Context,
    masked: &[(usize, usize)],
    found: &mut Vec<Found>,
) {
    let places = context.places(at, kind.by_person);
    if !places.named && places.spans.is_empty() {
        return;
    }
    let mut add = |start: usize, end: usize, confidence: Confidence| {
        let hidden = masked.iter().any(|&(from, to)| start < to && end > from);
        if !hidden && !is_placeholder(&text[start..end]) {
            found.push(Found { kind, start, end, confidence });
        }
    };
    match kind.check {
        Some(Check::Name) => names::find(text, &places, &mut add),
        Some(Check::Date) => {
            for (start, end) in dates::find(text) {
                if places.near(text, start, end, true) {
                    add(start, end, kind.confidence);
                }
            }
        }
        Some(Check::Email) => {
            for (start, end) in check::emails(text) {
                if places.near(text, start, end, true) {
                    add(start, end, kind.confidence);
                }
            }
        }
        check => {
            // Where a check digit or the parts can refuse, the context may stand further away.
            let firm = check.is_some();
            for (start, end) in shape::find(text, kind.shapes) {
                let value = &text[start..end];
                if places.near(text, start, end, firm)
                    && check.is_none_or(|check| check::holds(check, value))
                    && (firm || !check::is_made_up(value))
                {
                    add(start, end, kind.confidence);
                }
            }
        }
    }
}

/// Whether a text stands for a value and is none.
fn is_placeholder(text: &str) -> bool {
    let plain = text.trim().trim_matches(['<', '>', '{', '}', '[', ']', '"', '\'', '*']);
    let lower = plain.to_ascii_lowercase();
    PLACEHOLDERS.binary_search(&lower.as_str()).is_ok()
        || lower.chars().all(|c| matches!(c, 'x' | '*' | '-' | '.' | '?' | ' '))
}
