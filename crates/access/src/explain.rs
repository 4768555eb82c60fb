//! Which statements decide a request, and which fell short of it.

use crate::case::Kind;
use crate::decide::{Request, Rule, kind_of};
use crate::formula::Formula;
use crate::policy::{Effect, Place, Policy, Statement};
use crate::show;

/// A statement that has to do with a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// Kind of the policy.
    pub kind: Kind,
    /// Name of the policy.
    pub policy: Option<Box<str>>,
    /// Index of the statement.
    pub index: usize,
    /// Its name.
    pub sid: Option<Box<str>>,
    /// What it does.
    pub effect: ReasonEffect,
    /// When it applies, or why it does not.
    pub note: Option<String>,
    /// Where it stands.
    pub at: Option<Place>,
}

/// What a statement does to a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ReasonEffect {
    /// It denies.
    Deny,
    /// It allows.
    Allow,
    /// It names the action and falls short.
    Short,
}

/// Most statements that are named in one explanation.
const MOST: usize = 50;

impl Request<'_> {
    /// The statements that decide, denies first, then allows, then those that fell short
    /// (only where nothing allows).
    #[must_use]
    pub fn explain(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let through = self.policies.s3.and_then(|s3| s3.through.as_ref());
        let seen = self.seen();
        let policies = &self.policies;
        let rule = self.rule();
        for policy in policies.identity {
            self.statements(Kind::Identity, policy, seen, false, &mut reasons);
        }
        if let Some(policy) = policies.boundary {
            self.statements(Kind::Boundary, policy, seen, false, &mut reasons);
        }
        for policy in policies.session.into_iter().flatten() {
            self.statements(Kind::Session, policy, seen, false, &mut reasons);
        }
        for policy in policies.scps.iter().flatten() {
            self.statements(Kind::Scp, policy, seen, false, &mut reasons);
        }
        for policy in policies.rcps.iter().flatten() {
            self.statements(Kind::Rcp, policy, &self.object.arn, true, &mut reasons);
        }
        if let Some(policy) =
            policies.resource.filter(|_| rule != Rule::Plain || !self.object.arn.contains(":role/"))
        {
            self.statements(kind_of(rule), policy, &self.object.arn, true, &mut reasons);
        }
        if let Some(policy) = policies.endpoint {
            self.statements(Kind::Endpoint, policy, seen, true, &mut reasons);
        }
        if let Some(through) = through
            && let Some(policy) = &through.policy
        {
            self.statements(Kind::AccessPoint, policy, &through.arn, true, &mut reasons);
        }
        reasons.sort_by_key(|reason| reason.effect);
        // One policy at several levels of an organization.
        reasons.dedup();
        if reasons.iter().any(|reason| reason.effect == ReasonEffect::Deny && reason.note.is_none()) {
            reasons.retain(|reason| reason.effect != ReasonEffect::Short);
        }
        reasons.truncate(MOST);
        reasons
    }

    fn statements(
        &self,
        kind: Kind,
        policy: &Policy,
        resource: &str,
        principals: bool,
        out: &mut Vec<Reason>,
    ) {
        for (index, statement) in policy.statements.iter().enumerate() {
            let action = statement.actions.selects(self.action, &self.context, self.holes);
            if action == Formula::False {
                continue;
            }
            let mut when = statement.applies(self.action, resource, &self.context, self.holes);
            if principals && when != Formula::False {
                let bounded = self.policies.boundary.is_some();
                let reach = self.subject.reach(&statement.principals, &statement.effect, bounded, self.holes);
                when = when.and(reach.any());
            }
            let (effect, note) = match (&when, &statement.effect) {
                (Formula::False, Effect::Deny) => continue,
                (Formula::False, _) => {
                    (ReasonEffect::Short, Some(self.short(statement, resource, principals)))
                }
                (when, effect) => {
                    let note = (*when != Formula::True).then(|| show::formula(when, self.holes));
                    match effect {
                        Effect::Allow => (ReasonEffect::Allow, note),
                        Effect::Deny => (ReasonEffect::Deny, note),
                        Effect::Unknown(why) => (ReasonEffect::Deny, Some(why.to_string())),
                    }
                }
            };
            out.push(Reason {
                kind,
                policy: policy.name.clone(),
                index,
                sid: statement.sid.clone(),
                effect,
                note,
                at: statement.at.or(policy.at),
            });
        }
    }

    /// Why a statement that names the action does not apply.
    fn short(&self, statement: &Statement, resource: &str, principals: bool) -> String {
        if statement.resources.selects(resource, &self.context, self.holes) == Formula::False {
            return "another resource".to_owned();
        }
        let failed =
            statement.tests.iter().find(|test| test.holds(&self.context, self.holes) == Formula::False);
        if let Some(test) = failed {
            return format!("condition: {}", show::test(test, self.holes, false));
        }
        if principals { "another principal".to_owned() } else { "condition".to_owned() }
    }
}
