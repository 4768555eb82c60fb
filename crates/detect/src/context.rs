//! Words that say what a value is, and how far from it they may stand.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::WORDS;

/// What a word speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum About {
    /// A kind, by its place.
    Kind(u8),
    /// A patient.
    Patient,
}

/// A word of context.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) text: &'static str,
    /// Whether it must stand alone, or as a part of a camelCase or `snake_case` name.
    pub(crate) whole: bool,
    pub(crate) about: About,
}

/// All words at once. A deterministic automaton: about a millisecond to build, once, and
/// one table look-up for each byte of text.
static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(WORDS.iter().map(|word| word.text))
        .ok()
});

/// The words of context of a value.
#[derive(Debug, Default)]
pub(crate) struct Context {
    named: Vec<About>,
    written: Vec<(About, usize, usize)>,
}

/// Where the context of one kind stands.
#[derive(Debug)]
pub(crate) struct Places {
    /// The name under which the value stands says it.
    pub(crate) named: bool,
    /// Words in the text that say it, as byte ranges.
    pub(crate) spans: Vec<(usize, usize)>,
}

/// Looks for words in the name and in the text.
pub(crate) fn contexts(name: &str, text: &str) -> Context {
    let Some(automaton) = AUTOMATON.as_ref() else { return Context::default() };
    let mut context = Context::default();
    for hit in automaton.find_overlapping_iter(name) {
        let word = &WORDS[hit.pattern().as_usize()];
        if !word.whole || stands_alone(name, hit.start(), hit.end()) {
            context.named.push(word.about);
        }
    }
    for hit in automaton.find_overlapping_iter(text) {
        let word = &WORDS[hit.pattern().as_usize()];
        if !word.whole || stands_alone(text, hit.start(), hit.end()) {
            context.written.push((word.about, hit.start(), hit.end()));
        }
    }
    context
}

/// Where words of context begin, ascending.
pub(crate) fn offsets(text: &str) -> Vec<usize> {
    let Some(automaton) = AUTOMATON.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for hit in automaton.find_overlapping_iter(text) {
        let word = &WORDS[hit.pattern().as_usize()];
        if !word.whole || stands_alone(text, hit.start(), hit.end()) {
            found.push(hit.start());
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether a match is a word of its own: `NPI`, `providerNpi`, `npi_number`, `NPINumber`, not `snpix`.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let (first, last) = (bytes[start], bytes[end - 1]);
    let before = start.checked_sub(1).map(|at| bytes[at]);
    let after = bytes.get(end).copied();
    let begins = before
        .is_none_or(|b| !b.is_ascii_alphabetic() || (b.is_ascii_lowercase() && first.is_ascii_uppercase()));
    // An acronym ends where a word begins: `DEANumber`.
    let word_follows = || bytes.get(end + 1).is_some_and(u8::is_ascii_lowercase);
    let ends = after.is_none_or(|a| {
        !a.is_ascii_alphabetic() || (a.is_ascii_uppercase() && (last.is_ascii_lowercase() || word_follows()))
    });
    begins && ends
}

impl Context {
    pub(crate) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.written.is_empty()
    }

    pub(crate) fn has(&self, about: About) -> bool {
        self.named.contains(&about) || self.written.iter().any(|(a, ..)| *a == about)
    }

    /// Where the words of a kind stand, those for a patient among them if they are enough.
    pub(crate) fn places(&self, kind: usize, by_person: bool) -> Places {
        let fits = |about: &About| match about {
            About::Kind(k) => usize::from(*k) == kind,
            About::Patient => by_person,
        };
        let spans = self.written.iter().filter(|(a, ..)| fits(a)).map(|(_, from, to)| (*from, *to));
        Places { named: self.named.iter().any(fits), spans: spans.collect() }
    }
}

/// The furthest a word may stand before a value that is checked, in bytes.
const BEFORE: usize = 60;
/// The furthest it may stand behind one.
const BEHIND: usize = 24;
/// Words that may stand between a word of context and a value that is not checked.
const BETWEEN: [&str; 9] = ["no", "number", "num", "is", "id", "nr", "code", "of", "the"];

impl Places {
    /// Whether the context reaches a value. A value that nothing checks must follow its word
    /// directly, with nothing but punctuation or `no`, `number`, `is` between.
    pub(crate) fn near(&self, text: &str, start: usize, end: usize, checked: bool) -> bool {
        if self.named {
            return true;
        }
        self.spans.iter().any(|&(from, to)| {
            if checked {
                (to <= start && start - to <= BEFORE) || (end <= from && from - end <= BEHIND)
            } else {
                to <= start && start - to <= BEFORE && only_joins(text.get(to..start).unwrap_or("?"))
            }
        })
    }
}

fn only_joins(between: &str) -> bool {
    between.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).all(|word| {
        BETWEEN.contains(&word.to_ascii_lowercase().as_str())
            || matches!(word, "は" | "番号" | "為" | "號" | "号")
    })
}
