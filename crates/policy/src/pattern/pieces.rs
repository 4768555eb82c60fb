//! A pattern piece by piece, for those who compile it into a form of their own.

use sekisho_estate::Why;

use super::{HoleKind, Pattern, Unit};

/// One step of a pattern.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Piece<'e> {
    /// This character.
    Char(char),
    /// Any characters, also none (`*`).
    Any,
    /// Any one character (`?`).
    One,
    /// A text that is known only at deployment or of the request, and why.
    Hole(HoleKind<'e>, Why<'e>),
}

impl<'e> Pattern<'e> {
    /// The steps of the pattern in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'e>> + '_ {
        self.units.iter().map(|unit| match unit {
            Unit::Char(c) => Piece::Char(*c),
            Unit::Star => Piece::Any,
            Unit::One => Piece::One,
            Unit::Hole(index) => {
                let hole = self.hole(*index);
                Piece::Hole(hole.kind, hole.why)
            }
        })
    }
}
