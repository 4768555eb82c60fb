//! Answers with three values.

use sekisho_estate::{View, Why};

/// Yes, no, or not knowable and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tri<'e> {
    /// It holds in every deployment of this world.
    Yes,
    /// It holds in none.
    No,
    /// It depends on something that is not known.
    Unknown(Why<'e>),
}

impl From<bool> for Tri<'_> {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

impl<'e> Tri<'e> {
    /// Both hold. A no decides, whatever the other is.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, x) => x,
            (unknown, _) => unknown,
        }
    }

    /// One holds. A yes decides, whatever the other is.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, x) => x,
            (unknown, _) => unknown,
        }
    }

    /// It does not hold.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            unknown => unknown,
        }
    }

    /// All hold; yes for none at all.
    pub fn all(of: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::Yes;
        for item in of {
            result = result.and(item);
            if result == Self::No {
                break;
            }
        }
        result
    }

    /// One holds; no for none at all.
    pub fn any(of: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::No;
        for item in of {
            result = result.or(item);
            if result == Self::Yes {
                break;
            }
        }
        result
    }
}

/// An answer with what decided it.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer<'e> {
    /// The answer.
    pub is: Tri<'e>,
    /// The statements that decided it, or the elements by which a statement fell
    /// short; empty when nothing came near. Where the policy is JSON text, each
    /// is the whole text.
    pub because: Vec<View<'e>>,
}

impl<'e> Answer<'e> {
    pub(crate) fn new(is: Tri<'e>, because: impl IntoIterator<Item = Option<View<'e>>>) -> Self {
        let mut views: Vec<View<'e>> = Vec::new();
        for view in because.into_iter().flatten() {
            if !views.contains(&view) {
                views.push(view);
            }
        }
        Self { is, because: views }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_estate::ReasonCode;

    #[test]
    fn a_decided_side_absorbs_an_unknown_one() {
        let unknown = Tri::Unknown(Why { code: ReasonCode::Secret, subject: "x" });
        assert_eq!(unknown.and(Tri::No), Tri::No);
        assert_eq!(Tri::Yes.and(unknown), unknown);
        assert_eq!(unknown.or(Tri::Yes), Tri::Yes);
        assert_eq!(Tri::No.or(unknown), unknown);
        assert_eq!(unknown.negate(), unknown);
        assert_eq!(Tri::all([]), Tri::Yes);
        assert_eq!(Tri::any([unknown, Tri::No]), unknown);
    }
}
