//! Which of many patterns may match a text.
//!
//! A pattern is kept under its literal start, up to its first hole. A text finds those
//! whose start is a start of it, one look per length that occurs; a text with a hole also
//! those that go on from where its hole is, which lie together when they are sorted.
//! O(lengths + log patterns + found).

use foldhash::{HashMap, HashMapExt};

/// First byte of the characters that stand for holes.
const HOLE: u8 = 0xF3;

/// Patterns by their start.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    by_start: HashMap<Box<[u8]>, Vec<u32>>,
    /// Lengths of starts, ascending.
    lengths: Vec<usize>,
    /// Starts in order.
    sorted: Vec<Box<[u8]>>,
}

/// What of a text is before its first hole.
fn known(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(HOLE, text).unwrap_or(text.len())]
}

impl Patterns {
    /// Keeps patterns by the literal starts that they have.
    pub(crate) fn of<'p>(starts: impl Iterator<Item = (&'p [u8], u32)>) -> Self {
        let mut by_start: HashMap<Box<[u8]>, Vec<u32>> = HashMap::new();
        for (start, id) in starts {
            let start = known(start);
            match by_start.get_mut(start) {
                Some(ids) => ids.push(id),
                None => drop(by_start.insert(start.into(), vec![id])),
            }
        }
        let mut sorted: Vec<Box<[u8]>> = by_start.keys().cloned().collect();
        sorted.sort_unstable();
        let mut lengths: Vec<usize> = sorted.iter().map(|start| start.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { by_start, lengths, sorted }
    }

    /// Visits the patterns that may match a text: every one that does is among them.
    pub(crate) fn candidates(&self, text: &str, mut visit: impl FnMut(u32)) {
        let text = text.as_bytes();
        let own = known(text);
        for &length in self.lengths.iter().take_while(|&&length| length <= own.len()) {
            if let Some(ids) = self.by_start.get(&own[..length]) {
                ids.iter().copied().for_each(&mut visit);
            }
        }
        if own.len() < text.len() {
            let low = self.sorted.partition_point(|start| **start <= *own);
            for start in self.sorted[low..].iter().take_while(|start| start.starts_with(own)) {
                if let Some(ids) = self.by_start.get(start) {
                    ids.iter().copied().for_each(&mut visit);
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
        let patterns = Patterns::of((0..).zip(&starts).map(|(id, start)| (start.as_bytes(), id)));
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
}
