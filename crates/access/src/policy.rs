//! Policies compiled for decisions.
//!
//! Compiling is linear in the text of the policy; matching one statement is a comparison of
//! the action with each of its patterns, then of the resource, then its tests.

use sekisho_estate::{Estate, NodeId, Reader, Value};
use sekisho_policy::{
    Document, Effect as Written, Element, HoleKind, Pattern, Piece, PrincipalKind, Selection,
};

use crate::condition::{Compare, Set, Test, matches_atom, unknown_hole};
use crate::context::Context;
use crate::formula::Formula;
use crate::glob::{Builder, Glob, Match};
use crate::holes::{HoleClass, Holes};

/// A policy document.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Its name, for reasons.
    pub name: Option<Box<str>>,
    /// Its statements in order.
    pub statements: Vec<Statement>,
    /// Where it stands.
    pub at: Option<Place>,
}

/// A node of the estate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// Index of the stack.
    pub stack: u32,
    /// The node.
    pub node: NodeId,
}

/// What a statement does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It refuses.
    Deny,
    /// Not understood.
    Unknown(Box<str>),
}

/// Some or all but some.
#[derive(Clone, Debug)]
pub enum Select<T> {
    /// Nothing is written.
    Absent,
    /// These.
    Only(Vec<T>),
    /// All but these.
    AllBut(Vec<T>),
    /// Not understood.
    Unknown(Box<str>),
}

/// Who a statement is about.
#[derive(Clone, Debug)]
pub enum Named {
    /// Everyone.
    Anyone,
    /// An account: its id.
    Account(Box<str>),
    /// A user, role, or session: its ARN.
    Arn(Box<str>),
    /// The unique id of a principal, which is what an ARN becomes when its principal is
    /// deleted.
    Id(Box<str>),
    /// A service.
    Service(Box<str>),
    /// An identity provider.
    Federated(Box<str>),
    /// An account by its canonical id.
    Canonical(Box<str>),
    /// Not understood.
    Unknown(Box<str>),
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its name.
    pub sid: Option<Box<str>>,
    /// What it does.
    pub effect: Effect,
    /// Who it is about; absent in policies of identities.
    pub principals: Select<Named>,
    /// Actions, in lower case.
    pub actions: Select<Glob>,
    /// Resources; absent means the one that the policy is attached to.
    pub resources: Select<Glob>,
    /// Its conditions.
    pub tests: Vec<Test>,
    /// Why it is not understood as a whole.
    pub problem: Option<Box<str>>,
    /// Where it stands.
    pub at: Option<Place>,
}

/// Compiles documents of an estate.
pub struct Compiler<'h, 'e> {
    /// The reader of the documents.
    pub reader: &'h Reader<'e>,
    /// Where holes are kept.
    pub holes: &'h mut Holes,
    /// What stands for a partition that is not known.
    pub partition: &'h str,
}

impl std::fmt::Debug for Compiler<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiler").field("partition", &self.partition).finish_non_exhaustive()
    }
}

impl<'e> Compiler<'_, 'e> {
    /// Compiles a document.
    pub fn policy(&mut self, name: Option<&str>, document: &Document<'e>) -> Policy {
        let place = |view: Option<sekisho_estate::View<'e>>, estate: &Estate| {
            let view = view?;
            Some(Place { stack: sekisho_graph::index_of(estate, view.stack)?.0, node: view.node })
        };
        let estate = self.reader.estate;
        let mut statements = Vec::with_capacity(document.statements.len());
        for statement in document.statements {
            let sid = match statement.sid(self.reader) {
                Value::Str(sid) => Some(sid.into()),
                _ => None,
            };
            let tests = statement.tests.iter().map(|test| self.test(test)).collect();
            statements.push(Statement {
                sid,
                effect: match statement.effect {
                    Written::Allow => Effect::Allow,
                    Written::Deny => Effect::Deny,
                    Written::Unknown(why) => Effect::Unknown(why.to_reason().to_string().into()),
                },
                principals: self.select(&statement.principals, Self::principal),
                actions: self.select(&statement.actions, |compiler, element: &Element<'e>| {
                    compiler.glob(&element.pattern).lower()
                }),
                resources: self.select(&statement.resources, |compiler, element: &Element<'e>| {
                    compiler.glob(&element.pattern)
                }),
                tests,
                problem: statement.problem.map(|why| why.to_reason().to_string().into()),
                at: place(statement.at, estate),
            });
        }
        Policy { name: name.map(Into::into), statements, at: place(document.at, estate) }
    }

    fn select<S, T>(&mut self, of: &Selection<'e, S>, mut each: impl FnMut(&mut Self, &S) -> T) -> Select<T> {
        match of {
            Selection::Absent => Select::Absent,
            Selection::Only(these) => Select::Only(these.iter().map(|one| each(self, one)).collect()),
            Selection::AllBut(these) => Select::AllBut(these.iter().map(|one| each(self, one)).collect()),
            Selection::Unknown(why) => Select::Unknown(why.to_reason().to_string().into()),
        }
    }

    /// A pattern of the estate as a compiled text.
    pub fn glob(&mut self, pattern: &Pattern<'e>) -> Glob {
        let estate = self.reader.estate;
        let mut builder = Builder::default();
        for piece in pattern.pieces() {
            match piece {
                Piece::Char(c) => builder.char(c),
                Piece::Any => builder.star(),
                Piece::One => builder.one(),
                Piece::Hole(HoleKind::Request(name), _) => builder.variable(name),
                Piece::Hole(HoleKind::Variable(_, "AWS::Partition"), _) => builder.text(self.partition),
                Piece::Hole(HoleKind::Variable(_, "AWS::AccountId"), _) if self.holes.account.is_some() => {
                    builder.text(self.holes.account.as_deref().unwrap_or_default());
                }
                Piece::Hole(kind, why) => builder.char(self.holes.of(estate, &kind, why)),
            }
        }
        builder.finish()
    }

    /// A pattern without wildcards as a text with holes.
    pub fn text(&mut self, pattern: &Pattern<'e>) -> Option<String> {
        self.holes.text(self.reader.estate, self.partition, pattern.pieces())
    }

    fn principal(&mut self, principal: &sekisho_policy::Principal<'e>) -> Named {
        let not_text = || Named::Unknown("a principal with a wildcard".into());
        match principal.kind {
            PrincipalKind::Anyone => Named::Anyone,
            PrincipalKind::Aws(pattern) => match self.text(&pattern) {
                Some(text) => Named::of(&text, self.holes),
                None => not_text(),
            },
            PrincipalKind::Service(pattern) => {
                self.text(&pattern).map_or_else(not_text, |text| Named::Service(text.into()))
            }
            PrincipalKind::Federated(pattern) => {
                self.text(&pattern).map_or_else(not_text, |text| Named::Federated(text.into()))
            }
            PrincipalKind::CanonicalUser(pattern) => {
                self.text(&pattern).map_or_else(not_text, |text| Named::Canonical(text.into()))
            }
            PrincipalKind::Unknown(why) => Named::Unknown(why.to_reason().to_string().into()),
        }
    }

    fn test(&mut self, test: &sekisho_policy::Test<'e>) -> Test {
        let (operator, key) = match (test.operator, test.key) {
            (Ok(operator), Ok(key)) => (operator, key),
            (Err(why), _) | (_, Err(why)) => {
                // A test of which nothing is known: it may hold or not.
                let why = why.to_reason().to_string();
                return Test {
                    key: "".into(),
                    written: (test.key.unwrap_or("?").into(), test.operator_text.into()),
                    set: Some(Set::All),
                    compare: Compare::Text { fold: false },
                    negated: false,
                    if_exists: false,
                    values: [].into(),
                    unknown: Some(why.into()),
                };
            }
        };
        let compare = Compare::of(operator);
        let mut unknown = None;
        let values = test
            .values
            .iter()
            .map(|element| {
                let glob = self.glob(&element.pattern);
                // A hole alone may be any value of the operator's kind.
                if let Some(text) = glob.as_literal()
                    && !matches!(compare, Compare::Text { .. } | Compare::Arn)
                    && let Some(hole) = self.holes.first_in(text)
                {
                    unknown.get_or_insert_with(|| hole.why.to_string().into_boxed_str());
                }
                compare.wanted(glob)
            })
            .collect();
        Test {
            key: key.to_ascii_lowercase().into(),
            written: (key.into(), test.operator_text.into()),
            set: operator.set.map(Set::of),
            compare,
            negated: operator.negated,
            if_exists: operator.if_exists,
            values,
            unknown,
        }
    }
}

impl Named {
    /// An entry of `AWS`: an account by its id or the ARN of its root, else an ARN or an id.
    ///
    /// Source: IAM User Guide, `reference_policies_elements_principal.html`.
    fn of(text: &str, holes: &Holes) -> Self {
        let account = |text: &str| {
            (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()))
                || (text.chars().count() == 1
                    && holes.first_in(text).is_some_and(|hole| hole.class == HoleClass::Account))
        };
        if account(text) {
            return Self::Account(text.into());
        }
        let mut fields = text.splitn(6, ':');
        let (scheme, service) = (fields.next(), fields.nth(1));
        let (id, rest) = (fields.nth(1), fields.next());
        match (scheme, service, id, rest) {
            (Some("arn"), Some("iam"), Some(id), Some("root")) => Self::Account(id.into()),
            (Some("arn"), ..) => Self::Arn(text.into()),
            _ if Holes::any_in(text) => Self::Unknown(
                holes
                    .first_in(text)
                    .map_or_else(|| "a principal".to_owned(), |hole| hole.why.to_string())
                    .into(),
            ),
            _ => Self::Id(text.into()),
        }
    }
}

impl<T> Select<T> {
    /// The entries as written.
    #[must_use]
    pub fn written(&self) -> &[T] {
        match self {
            Self::Only(of) | Self::AllBut(of) => of,
            Self::Absent | Self::Unknown(_) => &[],
        }
    }
}

impl Select<Glob> {
    /// When a text is selected.
    pub fn selects<C: Context>(&self, text: &str, context: &C, holes: &Holes) -> Formula {
        let any = |globs: &[Glob]| {
            let mut any = Formula::False;
            for glob in globs {
                let next = match glob.test(text, false, context, holes) {
                    Match::No => continue,
                    Match::Yes => return Formula::True,
                    // What of a store is asked for is up to the one who asks.
                    Match::Hole(c) if holes.get(c).is_some_and(|hole| hole.class == HoleClass::Content) => {
                        matches_atom(glob, text, false)
                    }
                    Match::Hole(c) => unknown_hole(c, holes),
                    Match::Variable(_) => matches_atom(glob, text, false),
                };
                any = any.or(next);
            }
            any
        };
        match self {
            Self::Absent => Formula::True,
            Self::Only(globs) => any(globs),
            Self::AllBut(globs) => any(globs).negate(),
            Self::Unknown(why) => Formula::unknown(why.clone()),
        }
    }
}

impl Statement {
    /// When the statement is about an action on a resource in a context, whoever asks.
    /// `action` is in lower case.
    pub fn applies<C: Context>(&self, action: &str, resource: &str, context: &C, holes: &Holes) -> Formula {
        let mut all = self.actions.selects(action, context, holes);
        if all == Formula::False {
            return all;
        }
        all = all.and(self.resources.selects(resource, context, holes));
        for test in &self.tests {
            if all == Formula::False {
                return all;
            }
            all = all.and(test.holds(context, holes));
        }
        match &self.problem {
            Some(why) if all != Formula::False => all.and(Formula::unknown(why.clone())),
            _ => all,
        }
    }

    /// Whether the tests name a key.
    #[must_use]
    pub fn tests_key(&self, key: &str) -> bool {
        self.tests.iter().any(|test| *test.key == *key)
    }
}
