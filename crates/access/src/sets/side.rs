//! What the side of the resource says of an action: its policy, access control lists,
//! grants, Block Public Access, and resource control policies.

use std::sync::Arc;

use super::column::Question;
use super::{ActionId, Set, Shared, Word};
use crate::condition::Test;
use crate::context::RequestContext;
use crate::decide::{Grant, Rule};
use crate::policy::{Effect, Named, Policy, Select, Statement};

/// A set of principals that is often everybody or nobody.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Of everybody.
    all: Word,
    /// Of some; empty: of nobody.
    some: Set,
}

impl Part {
    pub(super) fn at(&self, index: usize) -> Word {
        self.all | self.some.get(index).copied().unwrap_or_default()
    }

    fn is_none(&self) -> bool {
        self.all.is_none() && self.some.iter().all(|word| word.is_none())
    }

    fn slot(&mut self, words: usize, slot: u32, holds: Word) {
        let bit = 1_u64 << (slot % 64);
        self.some.resize(words, Word::NONE);
        self.some[slot as usize / 64] |= Word { sure: holds.sure & bit, any: holds.any & bit };
    }

    fn add(&mut self, words: usize, when: &When) {
        if when.filters.is_empty() {
            self.all |= when.limit;
            return;
        }
        self.some.resize(words, Word::NONE);
        for (at, word) in self.some.iter_mut().enumerate() {
            *word |= when.at(at);
        }
    }
}

/// For whom the conditions of a statement hold.
struct When {
    limit: Word,
    filters: Vec<Arc<Set>>,
}

impl When {
    fn at(&self, index: usize) -> Word {
        self.filters.iter().fold(self.limit, |word, filter| word & filter[index])
    }
}

/// What the side of the resource says.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Whom it lets in itself.
    pub(super) direct: Part,
    /// Whose role it lets in: a boundary still limits.
    pub(super) role: Part,
    /// Whose account may let it in.
    pub(super) account: Part,
    /// Whom it refuses.
    pub(super) deny: Part,
    /// Whom Block Public Access cuts off.
    pub(super) blocked: Word,
}

impl Side {
    /// Whether the account's own policies decide alone.
    pub(super) fn is_plain(&self, rule: Rule) -> bool {
        let account = match rule {
            Rule::Plain => true,
            Rule::Key => self.account.all == Word::ALL,
            Rule::Trust => false,
        };
        account
            && self.direct.is_none()
            && self.role.is_none()
            && self.deny.is_none()
            && self.blocked.is_none()
    }

    /// Whether it lets nobody in.
    pub(super) fn is_shut(&self) -> bool {
        self.direct.is_none() && self.role.is_none() && self.account.is_none()
    }
}

impl Question<'_> {
    /// What the side of the resource says of an action.
    pub(super) fn side(&self, action: ActionId) -> Side {
        let mut side = Side::default();
        let (target, name) = (&self.target, &*self.sets.actions[action as usize]);
        let rule = self.rule(action);
        if let Some(policy) = target.policy
            && (rule != Rule::Plain || !target.object.arn.contains(":role/"))
        {
            self.says(policy, name, &mut side, true);
        }
        if rule == Rule::Key {
            target.grants.iter().for_each(|grant| self.granted(grant, name, &mut side));
        }
        if !target.object.management && !target.object.aws_managed {
            let theirs = target.object.account.as_deref().unwrap_or_default();
            let mut denied = Side::default();
            for &policy in self.model.rcps.get(theirs).into_iter().flatten().flatten() {
                self.says(self.model.policy(policy), name, &mut denied, false);
            }
            if !denied.deny.is_none() {
                let words = self.account.words;
                let counts = Word::of(&crate::decide::has_rcps(name));
                side.deny.some.resize(words, Word::NONE);
                for at in 0..words {
                    side.deny.some[at] |= denied.deny.at(at) & counts & !self.account.linked[at];
                }
            }
        }
        if let Some(s3) = target.s3 {
            if s3.through.is_some() || s3.object_owner.is_some() {
                side.direct.all = Word::OPEN;
                side.deny.all |= Word::OPEN;
                return side;
            }
            side.direct.all |= s3.admits_everyone(name);
            if let Some(policy) = target.policy.filter(|_| s3.switches.restrict_public_buckets) {
                side.blocked = Word::of(&crate::s3::public(policy)) & !self.same;
            }
        }
        side
    }

    /// Adds whom a grant may let in: the point engine says when it does.
    fn granted(&self, grant: &Grant, action: &str, side: &mut Side) {
        if !grant.operations.iter().any(|operation| **operation == *action) {
            return;
        }
        let arn = &*grant.grantee;
        if !self.account.open_arns && !crate::holes::Holes::any_in(arn) && !arn.contains(":sts:") {
            for &slot in self.account.by_arn.get(arn).into_iter().flatten() {
                side.direct.slot(self.account.words, slot, Word::OPEN);
            }
            return;
        }
        let when = When { limit: Word::OPEN, filters: Vec::new() };
        let named = Select::Only(vec![Named::Arn(grant.grantee.clone())]);
        let mut reach = Side::default();
        self.reach_each(&named, &Effect::Allow, &when, &mut reach);
        merge(&mut side.direct, &reach.direct);
        merge(&mut side.direct, &reach.role);
    }

    /// Adds what a policy with principals says.
    fn says(&self, policy: &Policy, action: &str, side: &mut Side, allows: bool) {
        for statement in &policy.statements {
            let (may_allow, may_deny) = match statement.effect {
                Effect::Allow => (allows, false),
                Effect::Deny => (false, true),
                Effect::Unknown(_) => (allows, true),
            };
            if !(may_allow || may_deny) {
                continue;
            }
            let Some(when) = self.when(statement, action) else { continue };
            let mut reach = Side::default();
            self.reach(statement, &when, &mut reach);
            for (part, to) in [
                (&reach.direct, &mut side.direct),
                (&reach.role, &mut side.role),
                (&reach.account, &mut side.account),
            ] {
                if part.is_none() {
                    continue;
                }
                if may_allow {
                    merge(to, part);
                }
                if may_deny {
                    merge(&mut side.deny, part);
                }
            }
        }
    }

    /// For whom a statement is about the action on the resource, whomever it names.
    fn when(&self, statement: &Statement, action: &str) -> Option<When> {
        let shared = Shared { sets: self.sets, resource: &self.target.object.keys, more: self.target.more };
        let holes = &self.model.holes;
        let mut limit = Word::of(&statement.actions.selects(action, &shared, holes));
        if limit.is_none() {
            return None;
        }
        if statement.problem.is_some() || matches!(statement.effect, Effect::Unknown(_)) {
            limit = limit.open();
        }
        limit = limit & Word::of(&statement.resources.selects(&self.target.object.arn, &shared, holes));
        let mut filters = Vec::new();
        for test in &statement.tests {
            if limit.is_none() {
                return None;
            }
            match self.sets.about(test) {
                (true, false) => filters.push(self.holders(test)),
                // Where both are asked for, a constant is one for everybody.
                _ => limit = limit & Word::of(&test.holds(&shared, holes)),
            }
        }
        (!limit.is_none()).then_some(When { limit, filters })
    }

    /// For whom a test of a principal's keys holds; made once for all resources.
    fn holders(&self, test: &Test) -> Arc<Set> {
        let find = || self.account.tests.lock().ok()?.get(test).cloned();
        if let Some(known) = find() {
            return known;
        }
        let mut part = Part { all: Word::NONE, some: vec![Word::NONE; self.account.words] };
        for (slot, &principal) in (0..).zip(&self.account.principals) {
            let subject = &self.model.principals[principal as usize].subject;
            let unknown = self.sets.unknowns(subject);
            let context = RequestContext {
                given: &self.sets.given,
                principal: &subject.keys,
                resource: &[],
                unknown: &unknown,
            };
            part.slot(self.account.words, slot, Word::of(&test.holds(&context, &self.model.holes)));
        }
        let set = Arc::new(part.some);
        if let Ok(mut tests) = self.account.tests.lock() {
            tests.insert(test.clone(), set.clone());
        }
        set
    }

    /// Whom a statement names.
    fn reach(&self, statement: &Statement, when: &When, side: &mut Side) {
        let (account, words) = (self.account, self.account.words);
        let Select::Only(of) = &statement.principals else {
            return self.reach_each(&statement.principals, &statement.effect, when, side);
        };
        for named in of {
            match named {
                Named::Anyone => side.direct.add(words, when),
                Named::Service(_) | Named::Federated(_) => {}
                Named::Account(id) => {
                    let same = crate::subject::same(id, &account.id, &self.model.holes);
                    let when = When { limit: when.limit & Word::of(&same), filters: when.filters.clone() };
                    if !when.limit.is_none() {
                        side.account.add(words, &when);
                    }
                }
                Named::Arn(arn)
                    if !account.open_arns && !crate::holes::Holes::any_in(arn) && !arn.contains(":sts:") =>
                {
                    for &slot in account.by_arn.get(arn).into_iter().flatten() {
                        let principal = &self.model.principals[account.principals[slot as usize] as usize];
                        let part = match principal.subject.kind {
                            crate::subject::SubjectKind::Role => &mut side.role,
                            _ => &mut side.direct,
                        };
                        part.slot(words, slot, when.at(slot as usize / 64));
                    }
                }
                named => {
                    let one = Select::Only(vec![named.clone()]);
                    self.reach_each(&one, &statement.effect, when, side);
                }
            }
        }
    }

    /// Asks every principal whether it is named.
    fn reach_each(&self, principals: &Select<Named>, effect: &Effect, when: &When, side: &mut Side) {
        let words = self.account.words;
        for (slot, &principal) in (0..).zip(&self.account.principals) {
            let principal = &self.model.principals[principal as usize];
            let bounded = principal.boundary.is_some();
            let reach = principal.subject.reach(principals, effect, bounded, &self.model.holes);
            for (formula, part) in [
                (&reach.direct, &mut side.direct),
                (&reach.role, &mut side.role),
                (&reach.account, &mut side.account),
            ] {
                let word = Word::of(formula);
                if !word.is_none() {
                    part.slot(words, slot, word & when.at(slot as usize / 64));
                }
            }
        }
    }
}

fn merge(to: &mut Part, from: &Part) {
    to.all |= from.all;
    if !from.some.is_empty() {
        to.some.resize(from.some.len(), Word::NONE);
        to.some.iter_mut().zip(&from.some).for_each(|(to, from)| *to |= *from);
    }
}
