//! What a document refuses to everyone.

use sekisho_estate::View;

use crate::{Answer, Document, Pattern, ResourceScope, Statement, Tri};

impl<'e> Document<'e> {
    /// Whether every request with one of these actions, on any of these resources, in which
    /// the keys of the context have these values is refused, whoever asks.
    ///
    /// One statement must refuse it: with principal everyone, all the actions, the resources
    /// (different ones may refuse different patterns of the scope), and conditions that hold
    /// for every such request. A condition on another key does not, so
    /// `NumericLessThan: {s3:TlsVersion: 1.2}` does not refuse plain HTTP. Refusals by
    /// several statements that each cover a part of the actions are not joined.
    ///
    /// Behind a yes stand the statements that refuse; behind a no the elements by which a
    /// statement that would refuse otherwise fell short; behind an unknown the statements
    /// that may refuse.
    ///
    /// Source: IAM User Guide, `reference_policies_evaluation-logic.html`: an explicit deny
    /// decides; `reference_policies_elements_condition_operators.html`, "Boolean condition
    /// operators", for the refusal of plain HTTP.
    #[must_use]
    pub fn denies(
        &self,
        action: &Pattern<'e>,
        context: &[(&str, &str)],
        scope: &ResourceScope<'e>,
    ) -> Answer<'e> {
        let mut all = Tri::Yes;
        let (mut yes, mut unknown, mut short) = (Vec::new(), Vec::new(), Vec::new());
        for resource in scope.patterns {
            let mut any = Tri::No;
            for statement in self.statements {
                let refusal = statement.refuses(action, context, resource);
                any = any.or(refusal.is);
                match refusal.is {
                    Tri::Yes => yes.push(statement.at),
                    Tri::Unknown(_) => unknown.push(statement.at),
                    Tri::No => short.extend(refusal.short),
                }
                if any == Tri::Yes {
                    break;
                }
            }
            all = all.and(any);
        }
        let because = match all {
            Tri::Yes => yes,
            Tri::Unknown(_) => unknown,
            Tri::No => short,
        };
        Answer::new(all, because.into_iter().map(|view| view.or(self.at)))
            .unless_empty(scope.patterns.is_empty())
    }
}

/// Whether a statement refuses.
struct Refusal<'e> {
    is: Tri<'e>,
    /// Where the only element stands by which it falls short, when it is only one.
    short: Option<Option<View<'e>>>,
}

impl<'e> Statement<'e> {
    fn refuses(&self, action: &Pattern<'e>, context: &[(&str, &str)], resource: &Pattern<'e>) -> Refusal<'e> {
        let deny = self.effect.is_deny();
        if deny == Tri::No {
            return Refusal { is: Tri::No, short: None };
        }
        let mut parts = vec![
            (self.principals.is_everyone(), self.principals.written().first().and_then(|p| p.at)),
            (self.actions.covers(action), self.actions.written().first().and_then(|e| e.at)),
            (self.resources.covers(resource), self.resources.written().first().and_then(|e| e.at)),
        ];
        parts.extend(self.tests.iter().map(|test| (test.holds_for(context), test.at)));
        let is = self.certain(deny.and(Tri::all(parts.iter().map(|part| part.0))));
        let mut failing = parts.iter().filter(|part| part.0 == Tri::No);
        let short = match (failing.next(), failing.next()) {
            (Some((_, at)), None) => Some(at.or(self.at)),
            _ => None,
        };
        Refusal { is, short }
    }
}

impl Answer<'_> {
    /// A question about no resource at all has no answer but no.
    fn unless_empty(self, empty: bool) -> Self {
        if empty { Self { is: Tri::No, because: Vec::new() } } else { self }
    }
}
