//! Texts of a policy with wildcards and with holes.

mod build;
mod compare;
mod engine;
mod hole;
mod names;
mod pieces;

pub(crate) use build::{Builder, Syntax};
pub(crate) use hole::Hole;
pub use hole::HoleKind;
pub use pieces::Piece;

use sekisho_estate::value::Target;
use sekisho_estate::{Reader, Stack, Value, Why};

/// One step of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// This character.
    Char(char),
    /// Any characters, also none (`*`).
    Star,
    /// Any one character (`?`).
    One,
    /// A text that is known only at deployment: index into the holes.
    Hole(u16),
}

/// A text of a policy, with wildcards and with holes, in canonical form: a reference to
/// a resource is what it will be as far as that is known, so that different ways to
/// name one resource give one pattern.
///
/// `*` matches any characters, `?` one; both also match `/` and `:`. Source: IAM User
/// Guide, `reference_policies_elements_resource.html`, "Using wildcards in resource ARNs".
#[derive(Clone, Copy, PartialEq)]
pub struct Pattern<'e> {
    pub(crate) units: &'e [Unit],
    pub(crate) holes: &'e [Hole<'e>],
    /// Whether case does not count.
    pub(crate) fold: bool,
}

/// What matches everything.
pub(crate) const ANYTHING: Pattern<'static> = Pattern { units: &[Unit::Star], holes: &[], fold: false };

impl std::fmt::Debug for Pattern<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.display())
    }
}

impl<'e> Pattern<'e> {
    /// A pattern of actions (`s3:Get*`); case does not count. Source: IAM User Guide,
    /// `reference_policies_elements_action.html`.
    #[must_use]
    pub fn action(reader: &Reader<'e>, text: &str) -> Self {
        Builder::new(reader, Syntax::ACTION, None).of_str(text)
    }

    /// A pattern of ARNs.
    #[must_use]
    pub fn resource(reader: &Reader<'e>, text: &str) -> Self {
        Builder::new(reader, Syntax::RESOURCE, None).of_str(text)
    }

    /// A text in which `*` and `?` are themselves.
    #[must_use]
    pub fn literal(reader: &Reader<'e>, text: &str) -> Self {
        Builder::new(reader, Syntax::EXACT, None).of_str(text)
    }

    /// A pattern of ARNs from a value of the estate, read in a stack.
    #[must_use]
    pub fn resource_value(reader: &Reader<'e>, value: Value<'e>, stack: &'e Stack) -> Self {
        Builder::new(reader, Syntax::RESOURCE, Some(stack)).of_value(value)
    }

    /// The ARN of a resource, with what is known of it, and a pattern (`/*`) behind.
    #[must_use]
    pub fn arn_of(reader: &Reader<'e>, target: Target<'e>, suffix: &str) -> Self {
        let mut builder = Builder::new(reader, Syntax::RESOURCE, None);
        builder.push_arn(target);
        builder.push_str(suffix);
        builder.finish()
    }

    /// Why a part of the text is not known, when one is not.
    #[must_use]
    pub fn unknown(&self) -> Option<Why<'e>> {
        self.units.iter().find_map(|unit| match unit {
            Unit::Hole(index) => Some(self.hole(*index).why),
            _ => None,
        })
    }

    /// Whether it has wildcards.
    #[must_use]
    pub fn has_wildcards(&self) -> bool {
        self.units.iter().any(|unit| matches!(unit, Unit::Star | Unit::One))
    }

    /// The text, when it has neither wildcards nor holes.
    #[must_use]
    pub fn known(&self) -> Option<String> {
        self.units
            .iter()
            .map(|unit| match unit {
                Unit::Char(c) => Some(*c),
                _ => None,
            })
            .collect()
    }

    /// The text with its holes as placeholders, for people.
    #[must_use]
    pub fn display(&self) -> String {
        let mut out = String::new();
        for unit in self.units {
            match unit {
                Unit::Char(c) => out.push(*c),
                Unit::Star => out.push('*'),
                Unit::One => out.push('?'),
                Unit::Hole(index) => self.hole(*index).display(&mut out),
            }
        }
        out
    }

    pub(crate) fn hole(&self, index: u16) -> &Hole<'e> {
        &self.holes[usize::from(index)]
    }

    /// Only the hole, if the pattern is nothing else.
    pub(crate) fn single_hole(&self) -> Option<&Hole<'e>> {
        match self.units {
            [Unit::Hole(index)] => Some(self.hole(*index)),
            _ => None,
        }
    }

    pub(crate) fn part(&self, units: &'e [Unit]) -> Self {
        Self { units, ..*self }
    }

    /// The pattern cut at its first colons, into so many pieces at most.
    pub(crate) fn split_colons(&self, pieces: usize) -> Vec<Self> {
        self.units.splitn(pieces, |unit| *unit == Unit::Char(':')).map(|units| self.part(units)).collect()
    }
}
