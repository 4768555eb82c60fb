//! Sets of principals as bits, with what is not known of them.

use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

/// Of 64 principals, those for whom something holds for certain, and those for whom it may
/// hold. The first are always among the second.
///
/// The operators are those of three-valued logic; what they say for certain is certain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Word {
    /// For certain.
    pub(crate) sure: u64,
    /// At all.
    pub(crate) any: u64,
}

impl Word {
    /// For nobody.
    pub(crate) const NONE: Self = Self { sure: 0, any: 0 };
    /// For everybody.
    pub(crate) const ALL: Self = Self { sure: u64::MAX, any: u64::MAX };
    /// It is not known for whom.
    pub(crate) const OPEN: Self = Self { sure: 0, any: u64::MAX };

    /// The same without certainty.
    #[must_use]
    pub(crate) fn open(self) -> Self {
        Self { sure: 0, any: self.any }
    }

    /// The word of all principals that says what a formula says.
    #[must_use]
    pub(crate) fn of(formula: &crate::formula::Formula) -> Self {
        match formula {
            crate::formula::Formula::True => Self::ALL,
            crate::formula::Formula::False => Self::NONE,
            _ => Self::OPEN,
        }
    }

    /// Whether it holds for nobody.
    #[must_use]
    pub(crate) fn is_none(self) -> bool {
        self.any == 0
    }
}

impl BitAnd for Word {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self { sure: self.sure & other.sure, any: self.any & other.any }
    }
}

impl BitOr for Word {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self { sure: self.sure | other.sure, any: self.any | other.any }
    }
}

impl BitOrAssign for Word {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl Not for Word {
    type Output = Self;
    fn not(self) -> Self {
        Self { sure: !self.any, any: !self.sure }
    }
}

/// A set of principals: as many words as its account has.
pub(crate) type Set = Vec<Word>;

/// A set of few principals: places of words, ascending, with the words.
pub(crate) type Few = [(u32, Word)];

/// Adds a set of few.
pub(crate) fn add(to: &mut Set, few: &Few, limit: Word) {
    for (at, word) in few {
        if let Some(to) = to.get_mut(*at as usize) {
            *to |= *word & limit;
        }
    }
}

/// The set of few that has these principals, ascending.
pub(crate) fn few(slots: impl IntoIterator<Item = (u32, Word)>) -> Box<Few> {
    let mut out: Vec<(u32, Word)> = Vec::new();
    for (slot, holds) in slots {
        let bit = 1_u64 << (slot % 64);
        let word = Word { sure: holds.sure & bit, any: holds.any & bit };
        match out.last_mut() {
            Some((at, last)) if *at == slot / 64 => *last |= word,
            _ => out.push((slot / 64, word)),
        }
    }
    out.into()
}

/// The principals of a set, with whether it holds for certain, ascending.
pub(crate) fn members(set: &[Word]) -> impl Iterator<Item = (u32, bool)> + '_ {
    (0_u32..).zip(set).flat_map(|(at, word)| {
        let mut left = word.any;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some((at * 64 + bit, word.sure & (1 << bit) != 0))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_those_of_three_values() {
        let words = [Word::NONE, Word::OPEN, Word::ALL];
        let value = |word: Word| u8::from(word.sure != 0) + u8::from(word.any != 0);
        for a in words {
            assert_eq!(value(!a), 2 - value(a));
            for b in words {
                assert_eq!(value(a & b), value(a).min(value(b)));
                assert_eq!(value(a | b), value(a).max(value(b)));
            }
        }
    }

    #[test]
    fn few_and_members_are_inverse() {
        let slots = [(0, true), (63, false), (64, true), (200, true)];
        let set = few(slots.map(|(slot, sure)| (slot, if sure { Word::ALL } else { Word::OPEN })));
        let mut dense = vec![Word::NONE; 4];
        add(&mut dense, &set, Word::ALL);
        assert_eq!(members(&dense).collect::<Vec<_>>(), slots);
    }
}
