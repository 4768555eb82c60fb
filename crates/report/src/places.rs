//! Where evidence is: lines and columns, computed when they are asked for.

use std::cell::OnceCell;

use sekisho_assess::{Evidence, EvidenceKind, Judgement};
use sekisho_estate::{Estate, Position, ResourceId, Stack, StackIndex};

/// Bytes between two counts of characters.
const STRIDE: usize = 1024;

/// Lines and characters of one text. Building is O(text), a look-up O(log lines), also in
/// a file of one line, where counting from the line's start would be O(text) each time.
#[derive(Debug)]
pub(crate) struct Lines {
    starts: Vec<u32>,
    /// How many continuation bytes stand before each stride; empty for ASCII.
    continuations: Vec<u32>,
}

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        let mut starts = Vec::with_capacity(text.len() / 32 + 1);
        starts.push(0);
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        let mut continuations = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            for stride in text.as_bytes().chunks(STRIDE) {
                continuations.push(count);
                count += inside(stride);
            }
            continuations.push(count);
        }
        Self { starts, continuations }
    }

    fn continuations(&self, text: &str, offset: usize) -> u32 {
        let Some(&before) = self.continuations.get(offset / STRIDE) else { return 0 };
        before + inside(&text.as_bytes()[offset / STRIDE * STRIDE..offset])
    }

    /// Line and column, in characters, of a byte offset of the same text.
    pub(crate) fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.starts.partition_point(|&start| start <= offset).max(1) - 1;
        let start = self.starts[line] as usize;
        let end = (offset as usize).min(text.len()).max(start);
        let mut column = (end - start) as u32 + 1;
        if !self.continuations.is_empty() {
            column -= match &text.as_bytes()[start..end] {
                near if near.len() <= STRIDE => inside(near),
                _ => self.continuations(text, end) - self.continuations(text, start),
            };
        }
        Position { line: line as u32 + 1, column }
    }

    /// Bytes of a line (from 1), without its end.
    pub(crate) fn range(&self, text: &str, line: u32) -> (usize, usize) {
        let at = (line.max(1) - 1) as usize;
        let start = self.starts.get(at).map_or(text.len(), |&s| s as usize);
        let mut end = self.starts.get(at + 1).map_or(text.len(), |&s| s as usize - 1);
        if end > start && text.as_bytes()[end - 1] == b'\r' {
            end -= 1;
        }
        (start, end.max(start))
    }
}

/// Whether a value is only what holds another piece of evidence: a policy document around
/// the statement that decides.
pub(crate) fn encloses_another(evidence: &Evidence, all: &[Evidence]) -> bool {
    evidence.kind == EvidenceKind::Value
        && all.iter().any(|other| {
            other.stack == evidence.stack
                && other.resource == evidence.resource
                && other.route.0.len() > evidence.route.0.len()
                && other.route.0.starts_with(&evidence.route.0)
                && !matches!(other.kind, EvidenceKind::Absent | EvidenceKind::Default)
        })
}

/// Bytes that do not begin a character.
fn inside(bytes: &[u8]) -> u32 {
    bytes.iter().map(|&b| u32::from(b & 0xC0 == 0x80)).sum()
}

/// A byte offset in the file of a stack.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Place {
    pub(crate) stack: StackIndex,
    pub(crate) offset: u32,
}

/// The files of an estate, each with its lines once they are asked for.
pub(crate) struct Places<'a> {
    estate: &'a Estate,
    lines: Vec<OnceCell<Lines>>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(estate: &'a Estate) -> Self {
        Self { estate, lines: (0..estate.stacks.len()).map(|_| OnceCell::new()).collect() }
    }

    pub(crate) fn stack(&self, index: StackIndex) -> &'a Stack {
        self.estate.stack(index)
    }

    pub(crate) fn lines(&self, stack: StackIndex) -> &Lines {
        self.lines[stack.0 as usize].get_or_init(|| Lines::new(self.stack(stack).tree.source()))
    }

    pub(crate) fn position(&self, place: Place) -> Position {
        self.lines(place.stack).position(self.stack(place.stack).tree.source(), place.offset)
    }

    /// Where a resource is declared.
    pub(crate) fn origin(&self, resource: ResourceId) -> Place {
        Place { stack: resource.stack, offset: self.estate.resource(resource).offset }
    }

    /// Where a person should look for a piece of evidence. What is not written among the
    /// properties is missing from the resource: its name is the place then, not whatever
    /// property happens to stand first.
    pub(crate) fn of(&self, evidence: &Evidence, judged: Option<ResourceId>) -> Option<Place> {
        let stack = evidence.stack?;
        let missing = matches!(evidence.kind, EvidenceKind::Absent | EvidenceKind::Default);
        match evidence.resource.or(judged) {
            Some(owner) if missing && evidence.route.0.len() <= 1 && owner.stack == stack => {
                Some(self.origin(owner))
            }
            _ => Some(Place { stack, offset: evidence.offset }),
        }
    }

    /// The one place of a judgement: its first evidence that has one, else the resource,
    /// else the stack.
    pub(crate) fn primary(&self, judgement: &Judgement<'_>) -> Option<Place> {
        let precise = judgement.evidence.iter().filter(|e| !encloses_another(e, &judgement.evidence));
        let mut found = precise.filter_map(|e| self.of(e, judgement.resource));
        let resource = judgement.resource.map(|resource| self.origin(resource));
        let stack = judgement.stack.map(|stack| Place { stack, offset: 0 });
        found.next().or(resource).or(stack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_estate::LineIndex;

    #[test]
    fn agrees_with_the_estate_on_every_character() {
        let line = "関所: 'x', aé".repeat(400);
        let text = format!("a\n{line}\r\n\nend");
        let (ours, theirs) = (Lines::new(&text), LineIndex::new(&text));
        for (offset, _) in text.char_indices() {
            assert_eq!(
                ours.position(&text, offset as u32),
                theirs.position(&text, offset as u32),
                "{offset}"
            );
        }
        assert_eq!(ours.range(&text, 1), (0, 1));
        assert_eq!(&text[ours.range(&text, 2).0..ours.range(&text, 2).1], line);
        assert_eq!(ours.range(&text, 4), (text.len() - 3, text.len()));
    }

    #[test]
    fn no_text_and_offsets_beyond_the_end() {
        assert_eq!(Lines::new("").position("", 7), Position { line: 1, column: 1 });
        assert_eq!(Lines::new("ab").position("ab", 99).line, 1);
    }
}
