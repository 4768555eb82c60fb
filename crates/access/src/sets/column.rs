//! Questions on one resource.
//!
//! The algebra is that of [`crate::decide::Request::layers`], word by word.

use std::cell::OnceCell;

use super::side::Side;
use super::{Account, ActionId, Inner, Set, Shared, Word};
use crate::context::Keys;
use crate::decide::{Grant, Object, Rule};
use crate::glob::Match;
use crate::model::{AccessPoint, Model, Store};
use crate::policy::{Policy, Select};
use crate::s3::S3;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'t> {
    /// It.
    pub(crate) object: &'t Object,
    /// Its policy; of a role the one that says who may assume it.
    pub(crate) policy: Option<&'t Policy>,
    /// What S3 adds.
    pub(crate) s3: Option<&'t S3>,
    /// Grants of a key.
    pub(crate) grants: &'t [Grant],
    /// There are access points in front of it.
    pub(crate) points: bool,
    /// Keys of the request that follow from how it is made.
    pub(crate) more: &'t Keys,
}

impl<'t> Target<'t> {
    /// What has at most a policy.
    pub(crate) fn plain(object: &'t Object, policy: Option<&'t Policy>, more: &'t Keys) -> Self {
        Self { object, policy, s3: None, grants: &[], points: false, more }
    }

    /// A form of the ARN of a store.
    pub(crate) fn of(model: &'t Model, store: &'t Store, object: &'t Object, more: &'t Keys) -> Self {
        Self {
            object,
            policy: store.policy.map(|id| model.policy(id)),
            s3: store.s3.as_ref(),
            grants: &store.grants,
            points: !store.points.is_empty(),
            more,
        }
    }
}

/// A resource, for the principals of one account.
pub(crate) struct Question<'q> {
    pub(super) sets: &'q Inner,
    pub(super) model: &'q Model,
    pub(super) account: &'q Account,
    pub(super) target: Target<'q>,
    /// The resource is of the account.
    pub(super) same: Word,
    /// Rows about the resource that are not about every one.
    rows: Vec<(u32, Word)>,
    /// The same of `*`, for actions that are on no type of resource.
    on_all: OnceCell<Vec<(u32, Word)>>,
}

impl<'q> Question<'q> {
    /// Looks up what is said of a resource.
    pub(crate) fn new(sets: &'q Inner, model: &'q Model, account: u32, target: Target<'q>) -> Self {
        let account = &sets.accounts[account as usize];
        let same = match &target.object.account {
            None => Word::ALL,
            Some(theirs) => Word::of(&crate::subject::same(&account.id, theirs, &model.holes)),
        };
        let mut question =
            Self { sets, model, account, target, same, rows: Vec::new(), on_all: OnceCell::new() };
        // Identity policies see the access point that a request goes through.
        let through = target.s3.and_then(|s3| s3.through.as_ref());
        question.rows = question.look_up(through.map_or(&target.object.arn, |through| &through.arn));
        question
    }

    fn look_up(&self, text: &str) -> Vec<(u32, Word)> {
        let (account, model) = (self.account, self.model);
        let mut letters = text.chars();
        let anything = letters
            .next()
            .and_then(|c| model.holes.get(c))
            .is_some_and(|hole| hole.class == crate::holes::HoleClass::Content)
            && letters.next().is_none();
        let shared = Shared { sets: self.sets, resource: &self.target.object.keys, more: self.target.more };
        let late = |row: &super::Row, word: Word| {
            let statement = &model.policy(row.policy).statements[row.statement as usize];
            statement
                .tests
                .iter()
                .filter(|test| row.late && self.sets.about(test).1)
                .fold(word, |word, test| word & Word::of(&test.holds(&shared, &model.holes)))
        };
        let mut rows: Vec<(u32, Word)> = Vec::new();
        account.patterns.candidates(text, |source| {
            let (at, index) = account.sources[source as usize];
            let row = &account.rows[at as usize];
            let select = &model.policy(row.policy).statements[row.statement as usize].resources;
            let Some(glob) = select.written().get(index as usize) else { return };
            let found = match anything
                .then_some(())
                .map_or_else(|| glob.test(text, false, &shared, &model.holes), |()| Match::Hole(' '))
            {
                Match::No => return,
                Match::Yes => Word::ALL,
                Match::Hole(_) | Match::Variable(_) => Word::OPEN,
            };
            rows.push((at, late(row, found)));
        });
        for &at in &account.others {
            let row = &account.rows[at as usize];
            let select = &model.policy(row.policy).statements[row.statement as usize].resources;
            let found = match select {
                Select::Only(of) if of.iter().any(crate::glob::Glob::is_everything) => Word::ALL,
                select => Word::of(&select.selects(text, &shared, &model.holes)),
            };
            rows.push((at, late(row, found)));
        }
        rows.retain(|(_, word)| !word.is_none());
        rows
    }

    /// Which rule applies to an action.
    pub(super) fn rule(&self, action: ActionId) -> Rule {
        crate::decide::rule(&self.target.object.arn, &self.sets.actions[action as usize])
    }

    /// Words in which the answer may differ from what is true of every resource; none: all.
    pub(crate) fn touched(&self, actions: &[ActionId]) -> Option<Vec<u32>> {
        if self.same != Word::ALL
            || actions.iter().any(|&action| {
                self.points(action)
                    || crate::decide::is_on_all(&self.sets.actions[action as usize])
                    || !self.side(action).is_plain(self.rule(action))
            })
        {
            return None;
        }
        let mut words: Vec<u32> = self
            .rows
            .iter()
            .map(|(row, _)| &self.account.rows[*row as usize])
            .filter(|row| actions.iter().any(|&action| !row.names(action).is_none()))
            .flat_map(|row| row.who.iter().map(|(at, _)| *at))
            .collect();
        words.sort_unstable();
        words.dedup();
        Some(words)
    }

    /// Who may take an action on the resource.
    pub(crate) fn set(&self, action: ActionId) -> Set {
        let (account, base) = (self.account, self.account.base(action));
        let name = &*self.sets.actions[action as usize];
        let rule = self.rule(action);
        // Such calls are made with a token of a provider, by nobody who is in an account.
        if rule == Rule::Trust && name.starts_with("sts:assumerolewith") {
            return vec![Word::NONE; account.words];
        }
        let points = self.points(action);
        let side = self.side(action);
        if !points && side.is_shut() && (self.same.is_none() || rule != Rule::Plain) {
            return vec![Word::NONE; account.words];
        }
        let plain = !points && self.same == Word::ALL && side.is_plain(rule);
        let on_all = crate::decide::is_on_all(name);
        let of = if on_all { self.on_all.get_or_init(|| self.look_up("*")) } else { &self.rows };
        let rows: Vec<(&super::Row, Word)> = of
            .iter()
            .map(|(row, word)| (&account.rows[*row as usize], *word))
            .map(|(row, word)| (row, word & row.names(action) & row.limit))
            .filter(|(_, word)| !word.is_none())
            .collect();
        if plain && rows.is_empty() {
            return base.result.clone();
        }
        let mut allow = base.allow.clone();
        let mut deny = base.deny.clone();
        for (row, limit) in rows {
            if row.allows {
                super::word::add(&mut allow[row.layer.index()], &row.who, limit);
            }
            if row.denies {
                super::word::add(&mut deny, &row.who, limit);
            }
        }
        let direct = (0..account.words).map(|at| self.decide(at, &allow, deny[at], &side, rule));
        // Of a request through an access point other statements decide.
        direct
            .zip(0..)
            .map(|(word, at)| if points { Word { any: account.members(at), ..word } } else { word })
            .collect()
    }

    /// Whether a request may go through an access point.
    fn points(&self, action: ActionId) -> bool {
        self.target.points && AccessPoint::takes(&self.sets.actions[action as usize])
    }

    /// Who may take an action, in one word; only where the account's policies decide alone.
    pub(crate) fn plain_word(&self, action: ActionId, at: u32) -> Word {
        let (account, base) = (self.account, self.account.base(action));
        let index = at as usize;
        let mut found: Vec<(&super::Row, Word)> = Vec::new();
        for (row, word) in &self.rows {
            let row = &account.rows[*row as usize];
            let limit = *word & row.names(action) & row.limit;
            if !limit.is_none()
                && let Ok(place) = row.who.binary_search_by_key(&at, |(at, _)| *at)
            {
                found.push((row, row.who[place].1 & limit));
            }
        }
        if found.is_empty() {
            return base.result[index];
        }
        let layer = |layer: usize| {
            let own = found.iter().filter(|(row, _)| row.allows && row.layer.index() == layer);
            own.fold(base.allow[layer][index], |word, (_, who)| word | *who)
        };
        let mut word = layer(0) & (layer(1) | !account.bounded[index]);
        for level in 2..base.allow.len() {
            word = word & (layer(level) | account.exempt[index]);
        }
        let denied = found.iter().filter(|(row, _)| row.denies);
        word & !denied.fold(base.deny[index], |word, (_, who)| word | *who)
    }

    /// The decision on 64 principals.
    fn decide(&self, at: usize, allow: &[Set], deny: Word, side: &Side, rule: Rule) -> Word {
        let account = self.account;
        let boundary = allow[1][at] | !account.bounded[at];
        let own = allow[0][at] & boundary;
        let (direct, role, delegated) = (side.direct.at(at), side.role.at(at), side.account.at(at));
        let granted = direct | (role & boundary);
        let within = match rule {
            Rule::Plain => granted | own,
            Rule::Key | Rule::Trust => granted | (delegated & own),
        };
        let without = own & (direct | role | delegated);
        let mut word = (self.same & within) | (!self.same & without);
        for level in &allow[2..] {
            word = word & (level[at] | account.exempt[at]);
        }
        let members = account.members(at);
        word & !side.blocked & !(deny | side.deny.at(at)) & Word { sure: members, any: members }
    }
}

impl Account {
    /// Words of a set of its principals.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// Who may take an action on a resource of the account about which nothing is said but
    /// what is said of every one.
    pub(crate) fn everywhere(&self, action: ActionId) -> &Set {
        &self.base(action).result
    }

    /// The bits of a word that stand for somebody.
    fn members(&self, at: usize) -> u64 {
        let left = self.principals.len().saturating_sub(at * 64);
        if left >= 64 { u64::MAX } else { (1 << left) - 1 }
    }
}
