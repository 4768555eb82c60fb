//! Which of many patterns may match a text.
//!
//! A pattern is kept under its literal start, up to its first hole, and there under its
//! literal end. A text finds those whose start is a start of it and whose end is an end of
//! it, one look per length that occurs; a text with a hole also those that go on from where
//! its hole is, which lie together when they are sorted. O(lengths + log patterns + found).

use foldhash::{HashMap, HashMapExt};

/// First byte of the characters that stand for holes.
const HOLE: u8 = 0xF3;

/// Patterns by their start.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    by_start: HashMap<Box<[u8]>, Ends>,
    /// Lengths of starts, ascending.
    lengths: Vec<usize>,
    /// Starts in order.
    sorted: Vec<Box<[u8]>>,
}

/// Patterns of one start by their end.
#[derive(Debug, Default)]
struct Ends {
    by_end: HashMap<Box<[u8]>, Vec<u32>>,
    /// Lengths of ends, ascending.
    lengths: Vec<usize>,
    /// In the order in which they came.
    all: Vec<u32>,
}

/// What of a text is before its first hole.
fn before(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(HOLE, text).unwrap_or(text.len())]
}

/// What of a text is after its last hole.
fn after(text: &[u8]) -> &[u8] {
    // The character of a hole has four bytes.
    memchr::memrchr(HOLE, text).map_or(text, |at| text.get(at + 4..).unwrap_or_default())
}

impl Ends {
    fn candidates(&self, end: &[u8], whole: bool, visit: &mut impl FnMut(u32)) {
        // A text with a hole may go on before what is known of its end.
        if !whole && self.lengths.last().is_some_and(|&longest| longest > end.len()) {
            return self.all.iter().copied().for_each(visit);
        }
        for &length in self.lengths.iter().take_while(|&&length| length <= end.len()) {
            if let Some(ids) = self.by_end.get(&end[end.len() - length..]) {
                ids.iter().copied().for_each(&mut *visit);
            }
        }
    }
}

fn lengths<'k>(keys: impl Iterator<Item = &'k Box<[u8]>>) -> Vec<usize> {
    let mut lengths: Vec<usize> = keys.map(|key| key.len()).collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

impl Patterns {
    /// Keeps patterns by the literal starts and ends that they have.
    pub(crate) fn of<'p>(patterns: impl Iterator<Item = (&'p [u8], &'p [u8], u32)>) -> Self {
        let mut by_start: HashMap<Box<[u8]>, Ends> = HashMap::new();
        for (start, end, id) in patterns {
            let ends = by_start.entry(before(start).into()).or_default();
            ends.by_end.entry(after(end).into()).or_default().push(id);
            ends.all.push(id);
        }
        for ends in by_start.values_mut() {
            ends.lengths = lengths(ends.by_end.keys());
        }
        let mut sorted: Vec<Box<[u8]>> = by_start.keys().cloned().collect();
        sorted.sort_unstable();
        Self { lengths: lengths(by_start.keys()), by_start, sorted }
    }

    /// Visits the patterns that may match a text: every one that does is among them.
    pub(crate) fn candidates(&self, text: &str, mut visit: impl FnMut(u32)) {
        let text = text.as_bytes();
        let (own, end) = (before(text), after(text));
        let whole = own.len() == text.len();
        for &length in self.lengths.iter().take_while(|&&length| length <= own.len()) {
            if let Some(ends) = self.by_start.get(&own[..length]) {
                ends.candidates(end, whole, &mut visit);
            }
        }
        if !whole {
            let low = self.sorted.partition_point(|start| **start <= *own);
            for start in self.sorted[low..].iter().take_while(|start| start.starts_with(own)) {
                if let Some(ends) = self.by_start.get(start) {
                    ends.candidates(end, whole, &mut visit);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_that_may_match_is_found() {
        let hole = "\u{F0000}";
        let starts = ["", "a:", "a:b", "a:b/c", "a:x", &format!("a:{hole}:b"), "b"];
        let patterns = Patterns::of((0..).zip(&starts).map(|(id, start)| (start.as_bytes(), &b""[..], id)));
        let found = |text: &str| {
            let mut found = Vec::new();
            patterns.candidates(text, |id| found.push(id));
            found.sort_unstable();
            found
        };
        assert_eq!(found("a:b/cd"), [0, 1, 2, 3, 5]);
        assert_eq!(found("a:b"), [0, 1, 2, 5]);
        // What stands in the hole may go on as any of those after it.
        assert_eq!(found(&format!("a:{hole}")), [0, 1, 2, 3, 4, 5]);
        assert_eq!(found(&format!("a:b{hole}")), [0, 1, 2, 3, 5]);
        assert_eq!(found(hole), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn ends_count_too() {
        let ends = ["-1", "-17", "", "\u{F0000}7"];
        let patterns = Patterns::of((0..).zip(&ends).map(|(id, end)| (&b"r/"[..], end.as_bytes(), id)));
        let found = |text: &str| {
            let mut found = Vec::new();
            patterns.candidates(text, |id| found.push(id));
            found.sort_unstable();
            found
        };
        assert_eq!(found("r/a-17"), [1, 2, 3]);
        assert_eq!(found("r/a-1"), [0, 2]);
        // Known to the end, but not far enough for every pattern.
        assert_eq!(found("r/\u{F0001}7"), [0, 1, 2, 3]);
        assert_eq!(found("r/\u{F0001}-17"), [1, 2, 3]);
    }
}
