//! A policy document and its statements.

use sekisho_estate::{Reader, Value, View, Why};

use crate::content::Item;
use crate::{Pattern, Principal, PrincipalKind, Test, Tri};

/// A policy document in one world.
///
/// It lives in the arena of the reader that read it and is cheap to copy.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Document<'e> {
    /// The statements, in the order written. A part of the document that is not
    /// understood is a statement of which nothing is known.
    pub statements: &'e [Statement<'e>],
    /// Whether there is a document at all.
    pub written: bool,
    /// Where it stands.
    pub at: Option<View<'e>>,
}

/// One statement.
///
/// Source: IAM User Guide, `reference_policies_grammar.html`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Statement<'e> {
    /// Its name (`Sid`), read only when asked for.
    pub(crate) sid: Option<Item<'e>>,
    /// What it does.
    pub effect: Effect<'e>,
    /// `Principal` or `NotPrincipal`.
    pub principals: Selection<'e, Principal<'e>>,
    /// `Action` or `NotAction`.
    pub actions: Selection<'e, Element<'e>>,
    /// `Resource` or `NotResource`. Absent means the resource that the policy is attached
    /// to: policies of some services (ECR, role trust) have none.
    pub resources: Selection<'e, Element<'e>>,
    /// `Condition`: all of these must hold.
    pub tests: &'e [Test<'e>],
    /// Why the statement as a whole is not understood: an element that there is not, or
    /// `Action` and `NotAction` together. AWS refuses such a policy.
    pub problem: Option<Why<'e>>,
    /// Where it stands.
    pub at: Option<View<'e>>,
}

/// What a statement does. Case counts. Source: IAM User Guide,
/// `reference_policies_elements_effect.html`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect<'e> {
    /// It allows.
    Allow,
    /// It refuses.
    Deny,
    /// Not understood.
    Unknown(Why<'e>),
}

/// An element that names some (`Action`) or all but some (`NotAction`).
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Selection<'e, T> {
    /// Neither is written.
    Absent,
    /// These.
    Only(&'e [T]),
    /// All but these.
    AllBut(&'e [T]),
    /// Not understood.
    Unknown(Why<'e>),
}

/// One text of an element.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Element<'e> {
    /// Its pattern; a hole where it is not understood.
    pub pattern: Pattern<'e>,
    /// As written.
    pub value: Value<'e>,
    /// Where it stands.
    pub at: Option<View<'e>>,
}

impl<'e, T> Selection<'e, T> {
    /// The elements as written, whichever way they are meant.
    #[must_use]
    pub fn written(&self) -> &'e [T] {
        match self {
            Self::Only(of) | Self::AllBut(of) => of,
            Self::Absent | Self::Unknown(_) => &[],
        }
    }
}

impl<'e> Selection<'e, Element<'e>> {
    /// Whether everything that a pattern matches is selected. An absent element selects
    /// what the policy is attached to, so everything that can be asked of it.
    #[must_use]
    pub fn covers(&self, pattern: &Pattern<'e>) -> Tri<'e> {
        match self {
            Self::Absent => Tri::Yes,
            Self::Only(of) => Tri::any(of.iter().map(|element| element.pattern.covers(pattern))),
            Self::AllBut(of) => Tri::all(of.iter().map(|element| element.pattern.overlaps(pattern).negate())),
            Self::Unknown(why) => Tri::Unknown(*why),
        }
    }

    /// Whether something that a pattern matches is selected.
    #[must_use]
    pub fn overlaps(&self, pattern: &Pattern<'e>) -> Tri<'e> {
        match self {
            Self::Absent => Tri::Yes,
            Self::Only(of) => Tri::any(of.iter().map(|element| element.pattern.overlaps(pattern))),
            Self::AllBut(of) => Tri::any(of.iter().map(|element| element.pattern.covers(pattern))).negate(),
            Self::Unknown(why) => Tri::Unknown(*why),
        }
    }
}

impl<'e> Selection<'e, Principal<'e>> {
    /// Whether everyone is selected. All but some is not everyone.
    #[must_use]
    pub fn is_everyone(&self) -> Tri<'e> {
        match self {
            // An identity policy: its principal is who it is attached to.
            Self::Absent | Self::AllBut(_) => Tri::No,
            Self::Only(of) => Tri::any(of.iter().map(Principal::is_anyone)),
            Self::Unknown(why) => Tri::Unknown(*why),
        }
    }

    /// Whether people are selected whom nobody chose: everyone, all but some, or all the
    /// identities of a shared provider.
    pub(crate) fn includes_anyone(&self) -> Tri<'e> {
        match self {
            Self::AllBut(of) => Tri::any(of.iter().map(Principal::is_anyone)).negate(),
            Self::Only(of) if of.iter().any(|principal| principal.shared_provider().is_some()) => Tri::Yes,
            other => other.is_everyone(),
        }
    }
}

impl<'e> Effect<'e> {
    pub(crate) fn is_allow(self) -> Tri<'e> {
        match self {
            Self::Allow => Tri::Yes,
            Self::Deny => Tri::No,
            Self::Unknown(why) => Tri::Unknown(why),
        }
    }

    pub(crate) fn is_deny(self) -> Tri<'e> {
        self.is_allow().negate()
    }
}

impl<'e> Statement<'e> {
    /// A statement of which nothing is known.
    pub(crate) fn unknown(why: Why<'e>, at: Option<View<'e>>) -> Self {
        Self {
            sid: None,
            effect: Effect::Unknown(why),
            principals: Selection::Unknown(why),
            actions: Selection::Unknown(why),
            resources: Selection::Unknown(why),
            tests: &[],
            problem: Some(why),
            at,
        }
    }

    /// An answer about the statement, unknown when the statement is not understood.
    pub(crate) fn certain(&self, answer: Tri<'e>) -> Tri<'e> {
        match self.problem {
            Some(why) if answer == Tri::Yes => Tri::Unknown(why),
            _ => answer,
        }
    }

    /// The name of the statement (`Sid`), absent when it has none.
    #[must_use]
    pub fn sid(&self, reader: &Reader<'e>) -> Value<'e> {
        self.sid.and_then(|item| item.estate_value(reader)).unwrap_or(Value::Absent)
    }

    /// A field of the statement in the terms of the estate, for controls: `sid`, `effect`,
    /// `principals`, `not_principals`, `actions`, `not_actions`, `resources`,
    /// `not_resources`. Lists are lists also where the policy writes one text. What is not
    /// understood is unknown; there is no such field otherwise. Conditions are
    /// [`tests`](Self::tests).
    #[must_use]
    pub fn field(&self, reader: &Reader<'e>, name: &str) -> Option<Value<'e>> {
        Some(match name {
            "sid" => self.sid(reader),
            "effect" => match self.effect {
                Effect::Allow => Value::Str("Allow"),
                Effect::Deny => Value::Str("Deny"),
                Effect::Unknown(why) => Value::Unknown(why),
            },
            "principals" => list(reader, &self.principals, false, principal_value),
            "not_principals" => list(reader, &self.principals, true, principal_value),
            "actions" => list(reader, &self.actions, false, Element::estate_value),
            "not_actions" => list(reader, &self.actions, true, Element::estate_value),
            "resources" => list(reader, &self.resources, false, Element::estate_value),
            "not_resources" => list(reader, &self.resources, true, Element::estate_value),
            _ => return None,
        })
    }
}

impl<'e> Element<'e> {
    /// The value as written, unknown where it is not a text.
    fn estate_value(&self) -> Value<'e> {
        match (self.value, self.pattern.single_hole()) {
            (Value::Str(_) | Value::Text(_) | Value::Reference(_), _) | (_, None) => self.value,
            (_, Some(hole)) => Value::Unknown(hole.why),
        }
    }
}

fn principal_value<'e>(principal: &Principal<'e>) -> Value<'e> {
    match principal.kind {
        PrincipalKind::Unknown(why) => Value::Unknown(why),
        _ => principal.value,
    }
}

fn list<'e, T>(
    reader: &Reader<'e>,
    selection: &Selection<'e, T>,
    all_but: bool,
    value: impl Fn(&T) -> Value<'e>,
) -> Value<'e> {
    let of = match (selection, all_but) {
        (Selection::Only(of), false) | (Selection::AllBut(of), true) => *of,
        (Selection::Unknown(why), _) => return Value::Unknown(*why),
        _ => return Value::Absent,
    };
    Value::Items(reader.bump.alloc_slice_fill_iter(of.iter().map(value)))
}
