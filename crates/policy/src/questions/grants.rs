//! What a document allows to anyone.

use sekisho_estate::reason::{ReasonCode, Why};

use crate::pattern::ANYTHING;
use crate::{Answer, Document, Element, Pattern, Principal, Selection, Statement, Tri};

/// Most comparisons of an allowed with a refused element in one answer.
const MAX_COMPARISONS: usize = 100_000;

const TOO_MANY: Why<'static> = Why { code: ReasonCode::TooManyAlternatives, subject: "elements of a policy" };

impl<'e> Document<'e> {
    /// Whether anyone at all can use a statement that allows, optionally one that allows an
    /// action of a pattern.
    ///
    /// Anyone is principal `*` or `{"AWS": "*"}`, `NotPrincipal` with Allow ("you might grant
    /// access to anonymous users"), and an identity provider that everyone can sign up with.
    /// A condition that limits who asks, from where or for whom makes it a no; so does a
    /// statement of the same document that refuses the same to everyone, or to everyone but a
    /// chosen few. Refusals that only together cover what is allowed, or under other
    /// conditions, are not joined: it stays a yes. The account of the resource, or another one, is not anyone
    /// (`arn:aws:iam::111122223333:root`).
    ///
    /// Behind a yes and an unknown stand the statements.
    ///
    /// Source: Amazon S3 User Guide, `access-control-block-public-access.html`, "The meaning
    /// of public"; IAM User Guide, `reference_policies_elements_notprincipal.html`.
    #[must_use]
    pub fn grants_anyone(&self, action: Option<&Pattern<'e>>) -> Answer<'e> {
        let mut any = Tri::No;
        let (mut yes, mut unknown) = (Vec::new(), Vec::new());
        let mut budget = MAX_COMPARISONS;
        for statement in self.statements {
            let mut grants = statement.grants_anyone(action);
            if grants != Tri::No {
                grants = grants.and(self.spared(statement, action, &mut budget));
            }
            let grants = statement.certain(grants);
            any = any.or(grants);
            match grants {
                Tri::Yes => yes.push(statement.at),
                Tri::Unknown(_) => unknown.push(statement.at),
                Tri::No => {}
            }
        }
        let because = if any == Tri::Yes { yes } else { unknown };
        Answer::new(any, because.into_iter().map(|view| view.or(self.at)))
    }

    /// Whether something that a statement allows is not refused again by the document.
    fn spared(&self, statement: &Statement<'e>, action: Option<&Pattern<'e>>, budget: &mut usize) -> Tri<'e> {
        let refusals: Vec<(&Statement<'e>, Tri<'e>)> = self
            .statements
            .iter()
            .map(|deny| (deny, deny.refuses_all_but_few()))
            .filter(|(_, refuses)| *refuses != Tri::No)
            .collect();
        if refusals.is_empty() {
            return Tri::Yes;
        }
        let actions = parts(&statement.actions);
        let resources = parts(&statement.resources);
        let mut spared = Tri::No;
        for allowed in &actions {
            // What is asked about may be narrower than what is allowed.
            if let (Some(allowed), Some(asked)) = (allowed, action)
                && allowed.overlaps(asked) == Tri::No
            {
                continue;
            }
            for resource in &resources {
                let mut refused = Tri::No;
                for (deny, certain) in &refusals {
                    let Some(left) = budget.checked_sub(1) else { return Tri::Unknown(TOO_MANY) };
                    *budget = left;
                    let covers_action = match (allowed, action) {
                        (Some(allowed), Some(asked)) => {
                            deny.actions.covers(allowed).or(deny.actions.covers(asked))
                        }
                        (Some(pattern), None) | (None, Some(pattern)) => deny.actions.covers(pattern),
                        (None, None) => covers_rest(&deny.actions, &statement.actions),
                    };
                    let covers_resource = match resource {
                        Some(pattern) => deny.resources.covers(pattern),
                        None => covers_rest(&deny.resources, &statement.resources),
                    };
                    refused = refused.or(certain.and(covers_action).and(covers_resource));
                }
                spared = spared.or(refused.negate());
            }
        }
        spared
    }
}

/// The parts that a selection allows; none for everything, or for what cannot be named.
fn parts<'e>(selection: &Selection<'e, Element<'e>>) -> Vec<Option<Pattern<'e>>> {
    match selection {
        Selection::Only(of) => of.iter().map(|element| Some(element.pattern)).collect(),
        _ => vec![None],
    }
}

/// Whether a selection covers another one that is absent or all but some.
fn covers_rest<'e>(refused: &Selection<'e, Element<'e>>, allowed: &Selection<'e, Element<'e>>) -> Tri<'e> {
    match (refused, allowed) {
        (Selection::Absent, _) => Tri::Yes,
        (Selection::Only(of), _) => of.iter().any(|element| element.pattern.known_all()).into(),
        // What the one excepts must be excepted by the other, too.
        (Selection::AllBut(spared), Selection::AllBut(excepted)) => Tri::all(spared.iter().map(|spared| {
            Tri::any(excepted.iter().map(|excepted| excepted.pattern.covers(&spared.pattern)))
        })),
        (Selection::AllBut(_), _) => Tri::No,
        (Selection::Unknown(why), _) => Tri::Unknown(*why),
    }
}

impl<'e> Pattern<'e> {
    /// Whether the pattern is `*`.
    pub(crate) fn known_all(&self) -> bool {
        !self.units.is_empty() && self.units.iter().all(|unit| *unit == crate::pattern::Unit::Star)
    }
}

impl<'e> Statement<'e> {
    fn grants_anyone(&self, action: Option<&Pattern<'e>>) -> Tri<'e> {
        // Most statements name who they are for, which is cheap to see.
        let grants = self.effect.is_allow().and(self.principals.includes_anyone());
        if grants == Tri::No {
            return Tri::No;
        }
        // `NotResource: "*"` is nothing at all.
        let acts = self.actions.overlaps(action.unwrap_or(&ANYTHING)).and(self.resources.overlaps(&ANYTHING));
        let grants = grants.and(acts);
        if grants == Tri::No {
            return Tri::No;
        }
        grants.and(self.limited().negate())
    }

    /// Whether a condition limits who can use the statement.
    pub(crate) fn limited(&self) -> Tri<'e> {
        let provider = match &self.principals {
            Selection::Only(of) => of.iter().find_map(Principal::shared_provider),
            _ => None,
        };
        Tri::any(self.tests.iter().map(|test| test.limits(provider)))
    }

    /// Whether the statement refuses to everyone, or to everyone but a chosen few.
    fn refuses_all_but_few(&self) -> Tri<'e> {
        let deny = self.effect.is_deny();
        if deny == Tri::No {
            return Tri::No;
        }
        let principals = match &self.principals {
            Selection::AllBut(of) => {
                // Whoever is excepted is chosen, unless it may be everyone.
                Tri::any(of.iter().map(Principal::is_anyone)).negate()
            }
            other => other.is_everyone(),
        };
        let tests = Tri::all(self.tests.iter().map(|test| test.spares_few()));
        self.certain(deny.and(principals).and(tests))
    }
}
