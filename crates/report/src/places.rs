//! Where evidence is: lines and columns, computed when they are asked for.

use std::cell::OnceCell;

use sekisho_assess::{Evidence, EvidenceKind, Judgement};
use sekisho_estate::{Estate, Position, ResourceId, Stack, StackIndex};

/// Bytes between two counts of lines and characters.
const STRIDE: usize = 256;

/// Lines and characters of one text. Building is O(text), finding a position O(stride), also in
/// a file of one line, where counting from the line's start would be O(text) each time. Most
/// lines of a large file are never asked for, so they are counted, not listed.
#[derive(Debug)]
pub(crate) struct Lines {
    strides: Vec<Stride>,
    /// How many continuation bytes stand before each stride; empty for ASCII.
    continuations: Vec<u32>,
}

/// What stands before a stride.
#[derive(Clone, Copy, Debug, Default)]
struct Stride {
    /// Line feeds.
    feeds: u32,
    /// Where the line begins that goes on into the stride.
    line: u32,
}

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        let mut strides = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut stride = Stride::default();
        strides.push(stride);
        for (index, bytes) in text.as_bytes().chunks(STRIDE).enumerate() {
            if let Some(last) = memchr::memrchr(b'\n', bytes) {
                stride.feeds += feeds(bytes);
                stride.line = (index * STRIDE + last) as u32 + 1;
            }
            strides.push(stride);
        }
        let mut continuations = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            for stride in text.as_bytes().chunks(STRIDE) {
                continuations.push(count);
                count += inside(stride);
            }
            continuations.push(count);
        }
        Self { strides, continuations }
    }

    fn continuations(&self, text: &str, offset: usize) -> u32 {
        let Some(&before) = self.continuations.get(offset / STRIDE) else { return 0 };
        before + inside(&text.as_bytes()[offset / STRIDE * STRIDE..offset])
    }

    /// Line and column, in characters, of a byte offset of the same text.
    pub(crate) fn position(&self, text: &str, offset: u32) -> Position {
        let end = (offset as usize).min(text.len());
        let index = end / STRIDE;
        let before = self.strides[index];
        let within = &text.as_bytes()[index * STRIDE..end];
        let line = before.feeds + feeds(within);
        let start = match memchr::memrchr(b'\n', within) {
            Some(at) => index * STRIDE + at + 1,
            None => before.line as usize,
        };
        let mut column = (end - start) as u32 + 1;
        if !self.continuations.is_empty() {
            column -= match &text.as_bytes()[start..end] {
                near if near.len() <= STRIDE => inside(near),
                _ => self.continuations(text, end) - self.continuations(text, start),
            };
        }
        Position { line: line + 1, column }
    }

    /// Bytes of a line (from 1), without its end.
    pub(crate) fn range(&self, text: &str, line: u32) -> (usize, usize) {
        let start = self.start(text, line.max(1) - 1);
        let mut end = memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |at| start + at);
        if end > start && text.as_bytes()[end - 1] == b'\r' {
            end -= 1;
        }
        (start, end)
    }

    /// Where a line begins that has so many line feeds before it.
    fn start(&self, text: &str, before: u32) -> usize {
        if before == 0 {
            return 0;
        }
        let index = self.strides.partition_point(|stride| stride.feeds < before).saturating_sub(1);
        let from = (index * STRIDE).min(text.len());
        let nth = (before - self.strides[index].feeds) as usize - 1;
        let mut found = memchr::memchr_iter(b'\n', &text.as_bytes()[from..]);
        found.nth(nth).map_or(text.len(), |at| from + at + 1)
    }
}

/// How many line feeds there are.
fn feeds(bytes: &[u8]) -> u32 {
    memchr::memchr_iter(b'\n', bytes).count() as u32
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

    /// Line and column in the file that holds the place.
    pub(crate) fn position(&self, place: Place) -> Position {
        let at = self.lines(place.stack).position(self.stack(place.stack).tree.source(), place.offset);
        Position { line: at.line - self.stack(place.stack).file_at(place.offset).1, ..at }
    }

    /// The line in the whole source of the stack, which can be made of several files.
    pub(crate) fn row(&self, place: Place) -> u32 {
        self.lines(place.stack).position(self.stack(place.stack).tree.source(), place.offset).line
    }

    /// The file that holds the place, as shown.
    pub(crate) fn file(&self, place: Place) -> &'a str {
        self.stack(place.stack).file_at(place.offset).0
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
        let short = "key: 関\n".repeat(500);
        let text = format!("a\n{line}\r\n\nend\n{short}");
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
        let end = text.find("end").unwrap();
        assert_eq!(ours.range(&text, 4), (end, end + 3));
        assert_eq!(ours.range(&text, 5), (end + 4, end + 12));
        assert_eq!(ours.range(&text, 504), (text.len() - 9, text.len() - 1));
        assert_eq!(ours.range(&text, 505), (text.len(), text.len()));
        assert_eq!(ours.range(&text, 999), (text.len(), text.len()));
    }

    #[test]
    fn no_text_and_offsets_beyond_the_end() {
        assert_eq!(Lines::new("").position("", 7), Position { line: 1, column: 1 });
        assert_eq!(Lines::new("ab").position("ab", 99).line, 1);
    }
}
