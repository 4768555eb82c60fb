//! Texts of policies with wildcards and policy variables, compiled to bytes.
//!
//! Matching without holes is greedy: O(text × stars), mostly decided by the literal start.
//! A text or pattern with holes is asked twice: does it match whatever stands in the
//! holes, could it match for some text in them: O(pattern × text) states.

use crate::context::{Context, Lookup};
use crate::holes::{HoleClass, Holes};

const STAR: u8 = 0xFF;
const ONE: u8 = 0xFE;
const VARIABLE: u8 = 0xFD;
/// Variables of one text; one with more matches nothing. AWS's limits are far below.
const MOST_VARIABLES: usize = 100;

/// A compiled text. Bytes that UTF-8 never has stand for wildcards and variables.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Glob {
    tokens: Box<[u8]>,
    variables: Box<[Variable]>,
    holes: bool,
    /// Bytes before the first wildcard or variable.
    start: u32,
}

/// A policy variable.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Variable {
    /// The context key in lower case.
    pub key: Box<str>,
    /// What it is when the key is absent.
    pub default: Option<Box<str>>,
}

/// Whether a text matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Match {
    /// Never.
    No,
    /// Whatever stands in the holes.
    Yes,
    /// That depends on the text in this hole.
    Hole(char),
    /// That depends on a key of the request, by index of the variable.
    Variable(usize),
}

/// Builds a [`Glob`] piece by piece.
#[derive(Debug, Default)]
pub struct Builder {
    tokens: Vec<u8>,
    variables: Vec<Variable>,
}

impl Builder {
    /// Adds a character that is itself.
    pub fn char(&mut self, c: char) {
        self.tokens.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Adds characters that are themselves.
    pub fn text(&mut self, text: &str) {
        self.tokens.extend_from_slice(text.as_bytes());
    }

    /// Adds `*`.
    pub fn star(&mut self) {
        if self.tokens.last() != Some(&STAR) {
            self.tokens.push(STAR);
        }
    }

    /// Adds `?`.
    pub fn one(&mut self) {
        self.tokens.push(ONE);
    }

    /// Adds a policy variable as it is written between `${` and `}`.
    pub fn variable(&mut self, inner: &str) {
        let index = self.variables.len().min(MOST_VARIABLES);
        if index < MOST_VARIABLES {
            self.variables.push(Variable::parse(inner));
        }
        // The index is written above ASCII, so that neither a colon nor a letter is one.
        self.tokens.extend_from_slice(&[VARIABLE, 0x80 + u8::try_from(index).unwrap_or(0)]);
    }

    /// Whether something is there already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The text.
    #[must_use]
    pub fn finish(self) -> Glob {
        let start = self.tokens.iter().position(|&byte| byte >= VARIABLE).unwrap_or(self.tokens.len());
        Glob {
            holes: self.tokens.contains(&0xF3),
            start: u32::try_from(start).unwrap_or(u32::MAX),
            tokens: self.tokens.into_boxed_slice(),
            variables: self.variables.into_boxed_slice(),
        }
    }
}

impl Variable {
    /// Source: IAM User Guide, `reference_policies_variables.html`, "Specifying default
    /// values": the key, a comma, and the value in single quotes.
    fn parse(inner: &str) -> Self {
        match inner.split_once(',') {
            Some((key, default)) => {
                let default = default.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
                match default {
                    Some(default) => {
                        Self { key: key.trim().to_ascii_lowercase().into(), default: Some(default.into()) }
                    }
                    // Not a variable; no key has such a name.
                    None => Self { key: inner.into(), default: None },
                }
            }
            None => Self { key: inner.trim().to_ascii_lowercase().into(), default: None },
        }
    }
}

/// The first byte of every hole.
pub(crate) const HOLE: u8 = 0xF3;

impl Glob {
    /// A text in which `*` and `?` are wildcards.
    #[must_use]
    pub fn wild(text: &str) -> Self {
        let mut builder = Builder::default();
        for c in text.chars() {
            match c {
                '*' => builder.star(),
                '?' => builder.one(),
                c => builder.char(c),
            }
        }
        builder.finish()
    }

    /// A text that is itself.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        let mut builder = Builder::default();
        builder.text(text);
        builder.finish()
    }

    /// The same in lower case.
    #[must_use]
    pub fn lower(&self) -> Self {
        let tokens = self.tokens.to_ascii_lowercase();
        Self { tokens: tokens.into(), ..self.clone() }
    }

    /// Whether it matches every text.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self.tokens == [STAR]
    }

    /// The text, when it has no wildcards and no variables.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        if self.start as usize == self.tokens.len() { std::str::from_utf8(&self.tokens).ok() } else { None }
    }

    /// The characters before the first wildcard or variable.
    #[must_use]
    pub fn start(&self) -> &[u8] {
        &self.tokens[..self.start as usize]
    }

    /// The characters after the last wildcard or variable.
    #[must_use]
    pub fn end(&self) -> &[u8] {
        let from = self.tokens.iter().rposition(|&byte| byte >= VARIABLE).map_or(0, |at| {
            // The index of a variable follows it.
            if self.tokens[at] == VARIABLE { at + 2 } else { at + 1 }
        });
        self.tokens.get(from..).unwrap_or_default()
    }

    /// Whether it has holes.
    #[must_use]
    pub fn has_holes(&self) -> bool {
        self.holes
    }

    /// The variables.
    #[must_use]
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// Whether it has `*` or `?`.
    #[must_use]
    pub fn has_wildcards(&self) -> bool {
        self.tokens.iter().any(|&byte| byte == STAR || byte == ONE)
    }

    /// As a policy writes it.
    #[must_use]
    pub fn show(&self, holes: &Holes) -> String {
        let mut out = String::new();
        let mut rest = &self.tokens[..];
        while let Some(&byte) = rest.first() {
            match byte {
                STAR => out.push('*'),
                ONE => out.push('?'),
                VARIABLE => {
                    if let Some(variable) =
                        rest.get(1).and_then(|&i| self.variables.get(usize::from(i & 0x7F)))
                    {
                        out.push_str("${");
                        out.push_str(&variable.key);
                        if let Some(default) = &variable.default {
                            out.push_str(&format!(", '{default}'"));
                        }
                        out.push('}');
                    }
                    rest = &rest[2..];
                    continue;
                }
                _ => {
                    let end = rest.iter().position(|&b| b >= VARIABLE).unwrap_or(rest.len());
                    out.push_str(&holes.show(&String::from_utf8_lossy(&rest[..end])));
                    rest = &rest[end..];
                    continue;
                }
            }
            rest = &rest[1..];
        }
        out
    }

    /// A text that it matches, when it has no variables: each wildcard is `filler`.
    #[must_use]
    pub fn example(&self, filler: &str) -> String {
        let mut out = Vec::new();
        let mut bytes = self.tokens.iter();
        while let Some(&byte) = bytes.next() {
            match byte {
                STAR => out.extend_from_slice(filler.as_bytes()),
                ONE => out.push(b'x'),
                VARIABLE => {
                    bytes.next();
                }
                byte => out.push(byte),
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Cuts at the first five colons: the fields of an ARN. None when there are fewer, or
    /// when a variable or an open hole hides where they are.
    #[must_use]
    pub fn arn_fields(&self) -> Option<[Self; 6]> {
        let mut fields = self.tokens.splitn(6, |&byte| byte == b':').map(|piece| Self {
            tokens: piece.into(),
            variables: self.variables.clone(),
            holes: piece.contains(&0xF3),
            start: u32::try_from(piece.iter().position(|&b| b >= VARIABLE).unwrap_or(piece.len()))
                .unwrap_or(0),
        });
        let mut next = || fields.next();
        Some([next()?, next()?, next()?, next()?, next()?, next()?])
    }

    /// The same with the variables that are known in place.
    #[must_use]
    pub fn resolved<C: Context>(&self, context: &C) -> Self {
        if self.variables.is_empty() {
            return self.clone();
        }
        let mut builder = Builder::default();
        let mut rest = self.tokens.iter();
        while let Some(&byte) = rest.next() {
            if byte != VARIABLE {
                builder.tokens.push(byte);
                continue;
            }
            let index = rest.next().map_or(0, |&index| usize::from(index & 0x7F));
            let Some(variable) = self.variables.get(index) else { continue };
            match (context.get(&variable.key), &variable.default) {
                (Lookup::One(value), _) => builder.text(value),
                (Lookup::Absent | Lookup::Many(_), Some(default)) => builder.text(default),
                _ => {
                    let kept = builder.variables.len().min(MOST_VARIABLES);
                    builder.variables.push(variable.clone());
                    builder.tokens.extend_from_slice(&[VARIABLE, 0x80 + u8::try_from(kept).unwrap_or(0)]);
                }
            }
        }
        builder.finish()
    }

    /// Whether it matches a text without holes, when it has neither holes nor variables.
    #[must_use]
    pub fn matches_plain(&self, text: &str) -> bool {
        matches(&self.tokens, text.as_bytes(), false)
    }

    /// Whether it cannot match a text, by what comes before the first wildcard alone. Equal
    /// holes are equal texts, so that what both begin with says nothing; the first difference
    /// decides where it is between characters, or where a name that AWS makes up would have to
    /// be one that is written.
    fn differs(&self, text: &str, holes: &Holes) -> bool {
        let start = self.start();
        let ends = start.len() == self.tokens.len();
        let mut common = start.iter().zip(text.as_bytes()).take_while(|(a, b)| a == b).count();
        while !text.is_char_boundary(common) {
            common -= 1;
        }
        let (pattern, text) = (&start[common..], &text[common..]);
        let generated = |at: &[u8]| {
            let c = std::str::from_utf8(&at[..width(HOLE).min(at.len())]).ok().and_then(|c| c.chars().next());
            c.and_then(|c| holes.get(c)).is_some_and(|hole| hole.class == HoleClass::Generated)
        };
        match (pattern.first(), text.as_bytes().first()) {
            (Some(&HOLE), Some(&HOLE)) => generated(pattern) && generated(text.as_bytes()),
            (Some(_), Some(&HOLE)) => {
                let written = &pattern[..memchr::memchr(HOLE, pattern).unwrap_or(pattern.len())];
                generated(text.as_bytes())
                    && (memchr::memchr2(b':', b'/', written).is_some()
                        || (ends && written.len() == pattern.len()))
            }
            (Some(&HOLE), Some(_)) => generated(pattern) && !Holes::any_in(text),
            (Some(_), _) => true,
            (None, Some(&HOLE) | None) => false,
            (None, Some(_)) => ends,
        }
    }

    /// Whether it matches a text of a request.
    pub fn test<C: Context>(&self, text: &str, fold: bool, context: &C, holes: &Holes) -> Match {
        if !fold && self.differs(text, holes) {
            debug_assert!(
                !self.variables.is_empty() || test(&self.tokens, text, fold, holes) == Match::No,
                "{self:?} {text:?}"
            );
            return Match::No;
        }
        if self.variables.is_empty() {
            return test(&self.tokens, text, fold, holes);
        }
        let mut tokens = Vec::with_capacity(self.tokens.len() + 32);
        let mut missing = false;
        let mut open = None;
        let mut rest = self.tokens.iter();
        while let Some(&byte) = rest.next() {
            if byte != VARIABLE {
                tokens.push(byte);
                continue;
            }
            let index = rest.next().map_or(0, |&index| usize::from(index & 0x7F));
            let Some(variable) = self.variables.get(index) else {
                missing = true;
                continue;
            };
            match (context.get(&variable.key), &variable.default) {
                (Lookup::One(value), _) => tokens.extend_from_slice(value.as_bytes()),
                (Lookup::Unknown, _) => {
                    open.get_or_insert(index);
                    tokens.push(STAR);
                }
                (_, Some(default)) => tokens.extend_from_slice(default.as_bytes()),
                // Source: IAM User Guide, `reference_policies_variables.html`, "Policy variables
                // with no value": nothing is equal to or like it. A key with several values
                // cannot be a variable.
                _ => missing = true,
            }
        }
        if missing {
            return Match::No;
        }
        match (test(&tokens, text, fold, holes), open) {
            (Match::Yes | Match::Hole(_), Some(index)) => Match::Variable(index),
            (answer, _) => answer,
        }
    }
}

/// Whether two texts are the same.
#[must_use]
pub fn equal(a: &str, b: &str, holes: &Holes) -> Match {
    if a == b {
        Match::Yes
    } else if !Holes::any_in(a) && !Holes::any_in(b) {
        Match::No
    } else {
        test(a.as_bytes(), b, false, holes)
    }
}

/// How many bytes a character that begins with this one has.
fn width(byte: u8) -> usize {
    match byte {
        0..=0x7F => 1,
        0x80..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

/// Greedy matching: a star gives back only to the last one.
fn matches(pattern: &[u8], text: &[u8], fold: bool) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        match pattern.get(at) {
            Some(&STAR) => {
                at += 1;
                if at == pattern.len() {
                    return true;
                }
                back = Some((at, from));
                continue;
            }
            Some(&ONE) if from < text.len() => {
                at += 1;
                from += width(text[from]);
                continue;
            }
            Some(&byte)
                if from < text.len()
                    && (byte == text[from] || (fold && byte.eq_ignore_ascii_case(&text[from]))) =>
            {
                at += 1;
                from += 1;
                continue;
            }
            None if from == text.len() => return true,
            _ => {}
        }
        match back {
            Some((star, taken)) if taken < text.len() => {
                // Between characters only, so that `?` stands at the start of one.
                let taken = taken + width(text[taken]);
                (at, from) = (star, taken);
                back = Some((star, taken));
            }
            _ => return false,
        }
    }
}

fn test(pattern: &[u8], text: &str, fold: bool, holes: &Holes) -> Match {
    let plain = !pattern.contains(&HOLE) && !Holes::any_in(text);
    let must = matches(pattern, text.as_bytes(), fold);
    if plain {
        return if must { Match::Yes } else { Match::No };
    }
    if must && !pattern.contains(&ONE) {
        return Match::Yes;
    }
    let pattern_cells = cells(pattern, holes);
    let text_cells = cells(text.as_bytes(), holes);
    if !may(&pattern_cells, &text_cells, fold) {
        return Match::No;
    }
    // What a request names is chosen to fit, whatever the other holes will be.
    let chosen = text_cells.iter().find_map(|cell| match cell {
        Cell::Hole(c, HoleClass::Content) => Some(*c),
        _ => None,
    });
    if let Some(c) = chosen {
        return Match::Hole(c);
    }
    let hole = |cells: &[Cell], other: &[Cell]| {
        cells.iter().find_map(|cell| match cell {
            Cell::Hole(c, _) if !other.contains(cell) => Some(*c),
            _ => None,
        })
    };
    hole(&pattern_cells, &text_cells)
        .or_else(|| hole(&text_cells, &pattern_cells))
        .or_else(|| hole(&text_cells, &[]))
        .or_else(|| hole(&pattern_cells, &[]))
        .map_or(Match::No, Match::Hole)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cell {
    Char(char),
    Star,
    One,
    Hole(char, HoleClass),
}

fn cells(tokens: &[u8], holes: &Holes) -> Vec<Cell> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut rest = tokens;
    while let Some(&byte) = rest.first() {
        let (cell, bytes) = match byte {
            STAR => (Cell::Star, 1),
            ONE => (Cell::One, 1),
            byte => {
                let bytes = width(byte).min(rest.len());
                let c = std::str::from_utf8(&rest[..bytes]).ok().and_then(|text| text.chars().next());
                let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
                (holes.get(c).map_or(Cell::Char(c), |hole| Cell::Hole(c, hole.class)), bytes)
            }
        };
        out.push(cell);
        rest = &rest[bytes..];
    }
    out
}

/// Whether a character can be part of a hole.
fn admits(class: HoleClass, c: char) -> bool {
    match class {
        HoleClass::Account => c.is_ascii_digit(),
        HoleClass::Region => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
        HoleClass::Generated => !matches!(c, ':' | '/'),
        HoleClass::Fixed | HoleClass::Open | HoleClass::Content => true,
    }
}

/// Whether for some text in the holes the pattern matches the text.
///
/// States are (place in the pattern, place in the text, inside a hole, and whether a
/// wildcard met that hole): a generated name is never a text that was written out, so a
/// hole for one is left only after a wildcard took part of it.
fn may(pattern: &[Cell], text: &[Cell], fold: bool) -> bool {
    let width = text.len() + 1;
    let mut seen = vec![false; (pattern.len() + 1) * width * 4];
    let mut open = vec![(0_usize, 0_usize, 0_usize)];
    // Inside: bit 0, a hole of the pattern or text has begun and may be left; bit 1, a
    // wildcard met it.
    while let Some((i, j, state)) = open.pop() {
        if std::mem::replace(&mut seen[(i * width + j) * 4 + state], true) {
            continue;
        }
        if i == pattern.len() && j == text.len() {
            return true;
        }
        let begun = state & 1 != 0;
        let wild = state & 2 != 0;
        let (p, t) = (pattern.get(i).copied(), text.get(j).copied());
        let leave = |class: HoleClass| begun && (wild || class != HoleClass::Generated);
        match (p, t) {
            // The same hole on both sides.
            (Some(Cell::Hole(a, _)), Some(Cell::Hole(b, _))) if a == b && !begun => {
                open.push((i + 1, j + 1, 0));
            }
            (Some(Cell::Hole(_, HoleClass::Generated)), Some(Cell::Hole(_, HoleClass::Generated))) => {}
            (Some(Cell::Hole(..)), Some(Cell::Hole(..))) => {
                // Two texts of which little is known: they may be alike, in part or whole.
                open.push((i + 1, j + 1, 0));
                open.push((i + 1, j, 1));
                open.push((i, j + 1, 1));
            }
            (Some(Cell::Star), _) => {
                open.push((i + 1, j, 0));
                match t {
                    Some(Cell::Hole(_, class)) => {
                        open.push((i, j, 3));
                        if begun || class != HoleClass::Generated || i < pattern.len() {
                            open.push((i, j + 1, 0));
                        }
                        // The star takes the start of the hole, the pattern goes on inside.
                        open.push((i + 1, j, 3));
                    }
                    Some(_) => open.push((i, j + 1, 0)),
                    None => {}
                }
            }
            (Some(Cell::Hole(_, class)), Some(Cell::Char(c))) => {
                if admits(class, c) {
                    open.push((i, j + 1, state | 1));
                }
                if leave(class) {
                    open.push((i + 1, j, 0));
                }
            }
            (Some(Cell::Hole(_, class)), _) if leave(class) => open.push((i + 1, j, 0)),
            (Some(Cell::One), Some(Cell::Hole(..))) => {
                open.push((i + 1, j, 3));
                open.push((i + 1, j + 1, 0));
            }
            (Some(Cell::Char(c)), Some(Cell::Hole(_, class))) => {
                if admits(class, c) {
                    open.push((i + 1, j, state | 1));
                }
                if leave(class) {
                    open.push((i, j + 1, 0));
                }
            }
            (None, Some(Cell::Hole(_, class))) if leave(class) => open.push((i, j + 1, 0)),
            (Some(Cell::One), Some(Cell::Char(_))) => open.push((i + 1, j + 1, 0)),
            (Some(Cell::Char(a)), Some(Cell::Char(b))) if a == b || (fold && a.eq_ignore_ascii_case(&b)) => {
                open.push((i + 1, j + 1, 0));
            }
            _ => {}
        }
    }
    false
}
