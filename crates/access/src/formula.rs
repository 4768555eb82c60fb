//! Conditions under which a request is allowed.
//!
//! A formula over atoms: one test of one key, or something that is not known. Constants are
//! folded as it is built, so a request of which all is known gives a constant and costs
//! nothing. Building is O(n log n) in the parts of one `and` or `or`.

use std::sync::Arc;

use crate::condition::TestAtom;
use crate::glob::Glob;

/// When something holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Formula {
    /// Never.
    False,
    /// Always.
    True,
    /// When this does.
    Atom(Arc<Atom>),
    /// When this does not.
    Not(Arc<Self>),
    /// When all do.
    And(Arc<[Self]>),
    /// When one does.
    Or(Arc<[Self]>),
}

/// What a formula depends on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Atom {
    /// A test of a key of the request.
    Test(TestAtom),
    /// The request does not have this key.
    Absent(Box<str>),
    /// A text matches a pattern with policy variables that are not known.
    Matches {
        /// The text.
        text: Box<str>,
        /// The pattern.
        pattern: Glob,
        /// Whether case does not count.
        fold: bool,
    },
    /// A part of a policy or of the input is not known, and why.
    Unknown(Box<str>),
    /// The documentation of AWS does not settle it: what.
    Ambiguous(Box<str>),
}

impl From<bool> for Formula {
    fn from(is: bool) -> Self {
        if is { Self::True } else { Self::False }
    }
}

impl Formula {
    /// Holds when an atom does.
    #[must_use]
    pub fn atom(atom: Atom) -> Self {
        Self::Atom(Arc::new(atom))
    }

    /// Not known, and why.
    pub fn unknown(why: impl Into<Box<str>>) -> Self {
        Self::atom(Atom::Unknown(why.into()))
    }

    /// Not settled by the documentation.
    pub fn ambiguous(what: impl Into<Box<str>>) -> Self {
        Self::atom(Atom::Ambiguous(what.into()))
    }

    /// Holds when this does not.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::True => Self::False,
            Self::Not(inner) => Arc::unwrap_or_clone(inner),
            Self::And(all) => Self::any(all.iter().cloned().map(Self::negate)),
            Self::Or(any) => Self::all(any.iter().cloned().map(Self::negate)),
            atom @ Self::Atom(_) => Self::Not(Arc::new(atom)),
        }
    }

    /// Holds when both do.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, x) | (x, Self::True) => x,
            (a, b) if a == b => a,
            (a, b) => Self::all([a, b]),
        }
    }

    /// Holds when one does.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, x) | (x, Self::False) => x,
            (a, b) if a == b => a,
            (a, b) => Self::any([a, b]),
        }
    }

    /// Holds when all do.
    #[must_use]
    pub fn all(of: impl IntoIterator<Item = Self>) -> Self {
        Self::join(of, true)
    }

    /// Holds when one does.
    #[must_use]
    pub fn any(of: impl IntoIterator<Item = Self>) -> Self {
        Self::join(of, false)
    }

    fn join(of: impl IntoIterator<Item = Self>, all: bool) -> Self {
        let (neutral, absorbing) = if all { (Self::True, Self::False) } else { (Self::False, Self::True) };
        let mut parts: Vec<Self> = Vec::new();
        for part in of {
            match part {
                part if part == absorbing => return absorbing,
                part if part == neutral => {}
                Self::And(inner) if all => parts.extend(inner.iter().cloned()),
                Self::Or(inner) if !all => parts.extend(inner.iter().cloned()),
                part => parts.push(part),
            }
        }
        parts.sort_unstable();
        parts.dedup();
        // A part and its opposite. Two things that are unknown for one reason need not be the
        // same thing, so they are never opposites.
        let opposite = parts.iter().any(|part| match part {
            Self::Not(inner) => !inner.is_open_atom() && parts.binary_search(inner).is_ok(),
            _ => false,
        });
        if opposite {
            return absorbing;
        }
        // a ∨ (a ∧ b) is a; a ∧ (a ∨ b) is a.
        if parts.len() > 1 && parts.len() <= 64 {
            let kept: Vec<Self> = parts
                .iter()
                .filter(|part| {
                    let inner = match part {
                        Self::Or(inner) if all => inner,
                        Self::And(inner) if !all => inner,
                        _ => return true,
                    };
                    !inner.iter().any(|piece| parts.binary_search(piece).is_ok())
                })
                .cloned()
                .collect();
            parts = kept;
        }
        match parts.len() {
            0 => neutral,
            1 => parts.swap_remove(0),
            _ if all => Self::And(parts.into()),
            _ => Self::Or(parts.into()),
        }
    }

    fn is_open_atom(&self) -> bool {
        match self {
            Self::Atom(atom) => matches!(**atom, Atom::Unknown(_) | Atom::Ambiguous(_)),
            _ => false,
        }
    }

    /// The formula with some atoms decided.
    #[must_use]
    pub fn assign(&self, value: &impl Fn(&Atom) -> Option<bool>) -> Self {
        match self {
            Self::False | Self::True => self.clone(),
            Self::Atom(atom) => value(atom).map_or_else(|| self.clone(), Self::from),
            Self::Not(inner) => inner.assign(value).negate(),
            Self::And(all) => Self::all(all.iter().map(|part| part.assign(value))),
            Self::Or(any) => Self::any(any.iter().map(|part| part.assign(value))),
        }
    }

    /// Visits every atom as it is shared.
    pub(crate) fn each_atom<'f>(&'f self, visit: &mut impl FnMut(&'f Arc<Atom>)) {
        match self {
            Self::False | Self::True => {}
            Self::Atom(atom) => visit(atom),
            Self::Not(inner) => inner.each_atom(visit),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each_atom(visit)),
        }
    }

    /// Visits every atom.
    pub fn atoms<'f>(&'f self, visit: &mut impl FnMut(&'f Atom)) {
        match self {
            Self::False | Self::True => {}
            Self::Atom(atom) => visit(atom),
            Self::Not(inner) => inner.atoms(visit),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.atoms(visit)),
        }
    }

    /// Whether it is a constant.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::False | Self::True)
    }

    /// Whether an atom that is not known, or not settled, is left.
    #[must_use]
    pub fn open(&self) -> (bool, bool) {
        let (mut unknown, mut ambiguous) = (false, false);
        self.atoms(&mut |atom| match atom {
            Atom::Unknown(_) => unknown = true,
            Atom::Ambiguous(_) => ambiguous = true,
            Atom::Test(_) | Atom::Absent(_) | Atom::Matches { .. } => {}
        });
        (unknown, ambiguous)
    }
}
