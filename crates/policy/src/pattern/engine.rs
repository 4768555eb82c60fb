//! Inclusion and overlap of patterns, exact without holes.
//!
//! Inclusion walks the other pattern and keeps the set of places of this one that are
//! reached. Where the other has a wildcard it is enough to try one character that occurs
//! nowhere else: what matches it matches any character, because only wildcards can. A star
//! is tried with that character none, one, two, … times until the set stays the same, which
//! it does after as many steps as this pattern is long.
//!
//! Holes are read in two ways. In a *must* question a hole is a letter of its own, matched by
//! a star or by the same hole: what holds then holds for every text in the hole. In a *may*
//! question it is any text that its kind admits: what fails then fails for every text.
//!
//! Cost: inclusion O(|a| · |b|) sets of |a| bits, usually few; overlap O(|a| · |b|). Both stop
//! at a bound.

use std::collections::HashSet;

use super::Unit;
use super::hole::{Hole, HoleKind, Same};

/// Most states that one question may visit.
const MAX_STATES: usize = 200_000;
/// Most state sets that one inclusion may visit.
const MAX_SETS: usize = 20_000;

/// One of two patterns that are compared.
#[derive(Clone, Copy)]
pub(super) struct Side<'p, 'e> {
    pub(super) units: &'p [Unit],
    pub(super) holes: &'p [Hole<'e>],
}

/// A place of a pattern with what it takes.
#[derive(Clone, Copy)]
enum Cell<'p, 'e> {
    Char(char),
    Star,
    One,
    /// A hole as a letter of its own.
    Whole(&'p HoleKind<'e>),
    /// The first character of a hole.
    First(&'p HoleKind<'e>),
    /// The further characters of a hole.
    Rest(&'p HoleKind<'e>),
}

/// A letter that is read.
#[derive(Clone, Copy)]
enum Letter<'p, 'e> {
    Char(char),
    /// A character that occurs nowhere.
    Fresh,
    Hole(&'p HoleKind<'e>),
}

impl<'p, 'e> Side<'p, 'e> {
    fn cells(self, may: bool) -> Vec<Cell<'p, 'e>> {
        let mut cells = Vec::with_capacity(self.units.len() + self.holes.len());
        for unit in self.units {
            match unit {
                Unit::Char(c) => cells.push(Cell::Char(*c)),
                Unit::Star => cells.push(Cell::Star),
                Unit::One => cells.push(Cell::One),
                Unit::Hole(index) => {
                    let kind = &self.holes[usize::from(*index)].kind;
                    if !may {
                        cells.push(Cell::Whole(kind));
                    } else {
                        // What AWS gives is never empty.
                        if !kind.is_open() {
                            cells.push(Cell::First(kind));
                        }
                        cells.push(Cell::Rest(kind));
                    }
                }
            }
        }
        cells
    }
}

/// Whether two characters are the same, perhaps but for case.
pub(super) fn equal(a: char, b: char, fold: bool) -> bool {
    a == b || (fold && a.eq_ignore_ascii_case(&b))
}

/// Whether a pattern without holes matches a text. Greedy: a star gives back only to the last one.
pub(super) fn glob(units: &[Unit], text: &str, fold: bool) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut back: Option<(usize, &str)> = None;
    loop {
        match (units.get(at), rest.chars().next()) {
            (Some(Unit::Star), _) => {
                at += 1;
                back = Some((at, rest));
                continue;
            }
            (Some(Unit::One), Some(c)) => {
                at += 1;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            (Some(Unit::Char(wanted)), Some(c)) if equal(*wanted, c, fold) => {
                at += 1;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        // Let the last star take one character more.
        match back {
            Some((star, from)) if !from.is_empty() => {
                let skip = from.chars().next().map_or(0, char::len_utf8);
                (at, rest) = (star, &from[skip..]);
                back = Some((star, rest));
            }
            _ => return false,
        }
    }
}

/// A set of places of a pattern.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Places(Vec<u64>);

impl Places {
    fn none(cells: usize) -> Self {
        Self(vec![0; cells / 64 + 1])
    }

    /// Adds a place and what is reached from it without reading.
    fn add(&mut self, cells: &[Cell<'_, '_>], mut at: usize) {
        loop {
            let (word, bit) = (at / 64, 1_u64 << (at % 64));
            if self.0[word] & bit != 0 {
                return;
            }
            self.0[word] |= bit;
            match cells.get(at) {
                Some(Cell::Star | Cell::Rest(_)) => at += 1,
                _ => return,
            }
        }
    }

    fn has(&self, at: usize) -> bool {
        self.0[at / 64] & (1 << (at % 64)) != 0
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(word, &bits)| {
            (0..64).filter(move |bit| bits & (1 << bit) != 0).map(move |bit| word * 64 + bit)
        })
    }
}

/// Whether `a` matches every text of `b`; none when that is too much work.
pub(super) fn covers(a: Side<'_, '_>, b: Side<'_, '_>, fold: bool, may: bool) -> Option<bool> {
    let cells = a.cells(may);
    let mut start = Places::none(cells.len());
    start.add(&cells, 0);
    let mut seen = HashSet::new();
    let mut open = vec![(0, start)];
    while let Some((at, places)) = open.pop() {
        if places.is_empty() {
            return Some(false);
        }
        let Some(unit) = b.units.get(at) else {
            if !places.has(cells.len()) {
                return Some(false);
            }
            continue;
        };
        if !seen.insert((at, places.clone())) {
            continue;
        }
        if seen.len() > MAX_SETS {
            return None;
        }
        let step = |letter| step(&cells, &places, letter, fold, may);
        match unit {
            Unit::Char(c) => open.push((at + 1, step(Letter::Char(*c)))),
            Unit::One => open.push((at + 1, step(Letter::Fresh))),
            Unit::Hole(index) => {
                open.push((at + 1, step(Letter::Hole(&b.holes[usize::from(*index)].kind))));
            }
            Unit::Star => {
                open.push((at + 1, places.clone()));
                // Once more, still before the star.
                open.push((at, step(Letter::Fresh)));
            }
        }
    }
    Some(true)
}

/// The places that are reached from some by reading a letter.
fn step(cells: &[Cell<'_, '_>], from: &Places, letter: Letter<'_, '_>, fold: bool, may: bool) -> Places {
    let mut to = Places::none(cells.len());
    for at in from.iter() {
        let Some(cell) = cells.get(at) else { continue };
        match (cell, letter) {
            (Cell::Star, _) => to.add(cells, at),
            (Cell::Char(wanted), Letter::Char(c)) if equal(*wanted, c, fold) => to.add(cells, at + 1),
            (Cell::One, Letter::Char(_) | Letter::Fresh) => to.add(cells, at + 1),
            (Cell::First(kind), Letter::Char(c)) if kind.admits(c) => to.add(cells, at + 1),
            (Cell::Rest(kind), Letter::Char(c)) if kind.admits(c) => to.add(cells, at),
            // One text cannot be all that a wildcard is, unless it holds a wildcard itself.
            (Cell::Rest(kind), Letter::Fresh) if kind.is_open() => to.add(cells, at),
            (Cell::Whole(kind), Letter::Hole(other)) if kind.same(other) == Same::Yes => {
                to.add(cells, at + 1);
            }
            (Cell::First(kind), Letter::Hole(other)) => match kind.same(other) {
                Same::Yes => to.add(cells, at + 2),
                Same::Maybe => to.add(cells, at + 1),
                Same::No => {}
            },
            (Cell::Rest(kind), Letter::Hole(other)) if kind.same(other) != Same::No => to.add(cells, at),
            _ => {}
        }
    }
    if may && let Letter::Hole(kind) = letter {
        spread(cells, from, kind, &mut to);
    }
    to
}

/// Adds the places that are reached by reading any text that may stand in a hole.
fn spread(cells: &[Cell<'_, '_>], from: &Places, kind: &HoleKind<'_>, to: &mut Places) {
    let mut open: Vec<usize> = from.iter().collect();
    let mut seen = Places::none(cells.len());
    if kind.is_open() {
        open.iter().for_each(|&at| to.add(cells, at));
    }
    while let Some(at) = open.pop() {
        let next = match cells.get(at) {
            Some(Cell::Char(c)) if kind.admits(*c) => at + 1,
            Some(Cell::One) => at + 1,
            Some(Cell::Star) => at,
            Some(Cell::First(other)) if kind.same(other) == Same::Maybe => at + 1,
            Some(Cell::Rest(other)) if kind.same(other) != Same::No => at,
            _ => continue,
        };
        let mut reached = Places::none(cells.len());
        reached.add(cells, next);
        for place in reached.iter() {
            if !seen.has(place) {
                seen.0[place / 64] |= 1 << (place % 64);
                to.add(cells, place);
                open.push(place);
            }
        }
    }
}

/// Whether some text is matched by both; none when that is too much work.
pub(super) fn overlaps(a: Side<'_, '_>, b: Side<'_, '_>, fold: bool, may: bool) -> Option<bool> {
    let (a, b) = (a.cells(may), b.cells(may));
    let width = b.len() + 1;
    if (a.len() + 1).saturating_mul(width) > MAX_STATES.saturating_mul(20) {
        return None;
    }
    let mut seen = vec![false; (a.len() + 1) * width];
    let mut open = vec![(0, 0)];
    while let Some((i, j)) = open.pop() {
        if std::mem::replace(&mut seen[i * width + j], true) {
            continue;
        }
        if i == a.len() && j == b.len() {
            return Some(true);
        }
        let loops = |cell: Option<&Cell<'_, '_>>| matches!(cell, Some(Cell::Star | Cell::Rest(_)));
        let (x, y) = (a.get(i), b.get(j));
        // Leave what repeats.
        if loops(x) {
            open.push((i + 1, j));
        }
        if loops(y) {
            open.push((i, j + 1));
        }
        let (Some(x), Some(y)) = (x, y) else { continue };
        let stay = |at: usize, cell: &Cell<'_, '_>| if loops(Some(cell)) { at } else { at + 1 };
        match (x, y) {
            (Cell::Whole(p), Cell::Whole(q)) if p.same(q) == Same::Yes => open.push((i + 1, j + 1)),
            (Cell::Whole(_), Cell::Star) => open.push((i + 1, j)),
            (Cell::Star, Cell::Whole(_)) => open.push((i, j + 1)),
            (Cell::Whole(_), _) | (_, Cell::Whole(_)) => {}
            // Equal texts that begin at one place end at one.
            (Cell::First(p), Cell::First(q)) if p.same(q) == Same::Yes => open.push((i + 2, j + 2)),
            _ if common(x, y, fold) => open.push((stay(i, x), stay(j, y))),
            _ => {}
        }
    }
    Some(false)
}

/// Whether two places can take one character together.
fn common(x: &Cell<'_, '_>, y: &Cell<'_, '_>, fold: bool) -> bool {
    match (x, y) {
        (Cell::Char(a), Cell::Char(b)) => equal(*a, *b, fold),
        (Cell::Char(c), Cell::First(kind) | Cell::Rest(kind))
        | (Cell::First(kind) | Cell::Rest(kind), Cell::Char(c)) => kind.admits(*c),
        (Cell::First(p) | Cell::Rest(p), Cell::First(q) | Cell::Rest(q)) => p.same(q) != Same::No,
        _ => true,
    }
}
