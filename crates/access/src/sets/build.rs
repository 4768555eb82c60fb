//! The statements of a model as [`Sets`].

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet};
use rayon::prelude::*;

use super::word::few;
use super::{Account, Base, Few, Inner, Layer, Patterns, Row, Set, Sets, Shared, Word};
use crate::ask::Ask;
use crate::context::{Keys, RequestContext};
use crate::formula::Formula;
use crate::glob::Glob;
use crate::holes::Holes;
use crate::model::{Model, PolicyId, PrincipalId};
use crate::policy::{Effect, Select, Statement};

/// The actions that a statement names, as bits: for certain, and at all.
type Actions = Arc<[(u64, u64)]>;

impl Sets {
    /// The statements of principals of a model, of those for whom `of` holds, for questions on
    /// some actions in lower case.
    pub(crate) fn of(
        model: &Model,
        ask: &Ask<'_>,
        actions: impl IntoIterator<Item = Box<str>>,
        of: &dyn Fn(PrincipalId) -> bool,
    ) -> Self {
        let mut actions: Vec<Box<str>> = actions.into_iter().collect();
        actions.sort_unstable();
        actions.dedup();
        let of_principals: HashSet<Box<str>> = model
            .principals
            .iter()
            .flat_map(|principal| principal.subject.keys.iter().map(|(key, _)| key.clone()))
            .collect();
        let of_resources: HashSet<Box<str>> = model
            .stores
            .iter()
            .map(|store| &store.object)
            .chain(model.principals.iter().map(|principal| &principal.object))
            .flat_map(|object| object.keys.iter().map(|(key, _)| key.clone()))
            .collect();
        let mut account_of: HashMap<Box<str>, u32> = HashMap::new();
        let mut members: Vec<(Box<str>, Vec<u32>)> = Vec::new();
        let mut places = Vec::with_capacity(model.principals.len());
        for (id, principal) in (0..).zip(&model.principals) {
            if !of(id) {
                places.push((u32::MAX, 0));
                continue;
            }
            let account = principal.subject.account.clone().unwrap_or_default();
            let index = *account_of.entry(account.clone()).or_insert_with(|| {
                members.push((account, Vec::new()));
                u32::try_from(members.len() - 1).unwrap_or(u32::MAX)
            });
            let own = &mut members[index as usize].1;
            places.push((index, u32::try_from(own.len()).unwrap_or(u32::MAX)));
            own.push(id);
        }
        let (given, concrete) = ask.given();
        let mut inner = Inner {
            actions,
            accounts: Vec::new(),
            account_of,
            places,
            given: given.clone(),
            concrete,
            of_principals,
            of_resources,
        };
        let named = named(model, &inner.actions);
        inner.accounts =
            members.into_par_iter().map(|(id, members)| inner.read(model, &named, id, members)).collect();
        Self(Arc::new(inner))
    }
}

/// The actions that each statement of each policy names.
fn named(model: &Model, actions: &[Box<str>]) -> Vec<Vec<Actions>> {
    let nothing: Actions = Vec::new().into();
    model
        .policies
        .par_iter()
        .map(|policy| {
            policy
                .statements
                .iter()
                .map(|statement| {
                    let found = actions_of(&statement.actions, actions, &model.holes);
                    if found.iter().all(|(_, any)| *any == 0) { nothing.clone() } else { found.into() }
                })
                .collect()
        })
        .collect()
}

fn actions_of(select: &Select<Glob>, actions: &[Box<str>], holes: &Holes) -> Vec<(u64, u64)> {
    let words = actions.len().div_ceil(64);
    let (globs, invert) = match select {
        Select::Only(globs) => (globs, false),
        Select::AllBut(globs) => (globs, true),
        Select::Absent => return vec![(u64::MAX, u64::MAX); words],
        Select::Unknown(_) => return vec![(0, u64::MAX); words],
    };
    let mut found = vec![(0, 0); words];
    for glob in globs {
        if glob.is_everything() {
            found.fill((u64::MAX, u64::MAX));
            break;
        }
        let start: &[u8] = if glob.has_holes() { b"" } else { glob.start() };
        let low = actions.partition_point(|action| action.as_bytes() < start);
        for (at, action) in actions.iter().enumerate().skip(low) {
            if !action.as_bytes().starts_with(start) {
                break;
            }
            let word = Word::of(&select_one(glob, action, holes));
            let bit = 1_u64 << (at % 64);
            found[at / 64].0 |= word.sure & bit;
            found[at / 64].1 |= word.any & bit;
        }
    }
    if invert {
        found.iter_mut().for_each(|(sure, any)| (*sure, *any) = (!*any, !*sure));
    }
    found
}

fn select_one(glob: &Glob, action: &str, holes: &Holes) -> Formula {
    match glob.test(action, false, &crate::context::Nothing, holes) {
        crate::glob::Match::Yes => Formula::True,
        crate::glob::Match::No => Formula::False,
        crate::glob::Match::Hole(_) | crate::glob::Match::Variable(_) => Formula::unknown("an action"),
    }
}

impl Inner {
    fn read(&self, model: &Model, named: &[Vec<Actions>], id: Box<str>, members: Vec<u32>) -> Account {
        let words = members.len().div_ceil(64);
        let set = |of: &dyn Fn(&crate::model::Principal) -> bool| -> Set {
            let mut set = vec![Word::NONE; words];
            for (slot, &member) in members.iter().enumerate() {
                if of(&model.principals[member as usize]) {
                    let bit = 1_u64 << (slot % 64);
                    set[slot / 64] |= Word { sure: bit, any: bit };
                }
            }
            set
        };
        let levels = model.scps.get(&id).map_or(&[][..], Vec::as_slice);
        let mut by_arn: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        for (slot, &member) in (0..).zip(&members) {
            by_arn.entry(model.principals[member as usize].subject.arn.clone()).or_default().push(slot);
        }
        let mut account = Account {
            bounded: set(&|principal| principal.boundary.is_some()),
            exempt: set(&|principal| principal.subject.service_linked || principal.subject.management),
            linked: set(&|principal| principal.subject.service_linked),
            open_arns: by_arn.keys().any(|arn| Holes::any_in(arn)),
            by_arn,
            levels: levels.len(),
            words,
            id,
            bases: (0..self.actions.len()).map(|_| std::sync::OnceLock::new()).collect(),
            ..Account::default()
        };
        // Who has which policy, in the order of policies.
        let mut holders: BTreeMap<(u8, u32, PolicyId), Vec<u32>> = BTreeMap::new();
        for (slot, &member) in (0..).zip(&members) {
            let principal = &model.principals[member as usize];
            for &policy in &principal.identity {
                let of = holders.entry((0, 0, policy)).or_default();
                if of.last() != Some(&slot) {
                    of.push(slot);
                }
            }
            if let Some(policy) = principal.boundary {
                holders.entry((1, 0, policy)).or_default().push(slot);
            }
        }
        for (level, policies) in (0..).zip(levels) {
            let bound = || {
                let exempt = &account.exempt;
                (0..u32::try_from(members.len()).unwrap_or(u32::MAX))
                    .filter(|slot| exempt[*slot as usize / 64].any & (1 << (slot % 64)) == 0)
                    .collect::<Vec<u32>>()
            };
            for &policy in policies {
                holders.entry((2, level, policy)).or_insert_with(bound);
            }
        }
        account.principals = members;
        let mut starts: Vec<(&[u8], &[u8], u32)> = Vec::new();
        for ((kind, level, policy), slots) in &holders {
            let layer = match kind {
                0 => Layer::Identity,
                1 => Layer::Boundary,
                _ => Layer::Scp(*level),
            };
            let all: Arc<Few> = few(slots.iter().map(|slot| (*slot, Word::ALL))).into();
            for (index, statement) in (0..).zip(&model.policy(*policy).statements) {
                let actions = &named[*policy as usize][index as usize];
                if actions.is_empty() {
                    continue;
                }
                let Some((who, limit, late)) = self.who(model, &account, slots, &all, statement) else {
                    continue;
                };
                let row = u32::try_from(account.rows.len()).unwrap_or(u32::MAX);
                let (allows, denies) = match statement.effect {
                    Effect::Allow => (true, false),
                    Effect::Deny => (false, true),
                    Effect::Unknown(_) => (true, true),
                };
                let everything = match &statement.resources {
                    Select::Only(of) => of.iter().any(Glob::is_everything),
                    Select::Absent | Select::Unknown(_) => true,
                    Select::AllBut(_) => false,
                };
                match &statement.resources {
                    _ if everything && !late => account.always.push(row),
                    Select::Only(of) if !everything => {
                        for (at, glob) in (0..).zip(of) {
                            starts.push((
                                glob.start(),
                                glob.end(),
                                u32::try_from(account.sources.len()).unwrap_or(u32::MAX),
                            ));
                            account.sources.push((row, at));
                        }
                    }
                    _ => account.others.push(row),
                }
                let limit = match statement.resources {
                    Select::Unknown(_) => limit.open(),
                    _ => limit,
                };
                let (policy, actions) = (*policy, actions.clone());
                account.rows.push(Row {
                    policy,
                    statement: index,
                    layer,
                    allows,
                    denies,
                    who,
                    limit,
                    actions,
                    late,
                });
            }
        }
        account.patterns = Patterns::of(starts.into_iter());
        account
    }

    /// Of those who have a statement, for whom its conditions hold, as far as they are not on
    /// the resource; none when for nobody.
    fn who(
        &self,
        model: &Model,
        account: &Account,
        slots: &[u32],
        all: &Arc<Few>,
        statement: &Statement,
    ) -> Option<(Arc<Few>, Word, bool)> {
        let none = Keys::new();
        let shared = Shared { sets: self, resource: &[], more: &none };
        let mut limit = Word::ALL;
        if statement.problem.is_some() || matches!(statement.effect, Effect::Unknown(_)) {
            limit = Word::OPEN;
        }
        let (mut own, mut late) = (Vec::new(), false);
        for test in &statement.tests {
            match self.about(test) {
                (_, true) => late = true,
                (true, false) => own.push(test),
                (false, false) => limit = limit & Word::of(&test.holds(&shared, &model.holes)),
            }
            if limit.is_none() {
                return None;
            }
        }
        if own.is_empty() {
            return Some((all.clone(), limit, late));
        }
        let who = few(slots.iter().filter_map(|&slot| {
            let subject = &model.principals[account.principals[slot as usize] as usize].subject;
            let unknown = self.unknowns(subject);
            let context = RequestContext {
                given: &self.given,
                principal: &subject.keys,
                resource: &[],
                unknown: &unknown,
            };
            let mut holds = Word::ALL;
            for test in &own {
                holds = holds & Word::of(&test.holds(&context, &model.holes));
            }
            (!holds.is_none()).then_some((slot, holds))
        }));
        (!who.is_empty()).then(|| (who.into(), limit, late))
    }
}

impl Account {
    /// What statements about every resource say of an action.
    pub(super) fn base(&self, action: super::ActionId) -> &Base {
        self.bases[action as usize].get_or_init(|| {
            let mut allow = vec![vec![Word::NONE; self.words]; 2 + self.levels];
            let mut deny = vec![Word::NONE; self.words];
            for &row in &self.always {
                let row = &self.rows[row as usize];
                let limit = row.names(action) & row.limit;
                if limit.is_none() {
                    continue;
                }
                if row.allows {
                    super::word::add(&mut allow[row.layer.index()], &row.who, limit);
                }
                if row.denies {
                    super::word::add(&mut deny, &row.who, limit);
                }
            }
            let result = (0..self.words)
                .map(|at| {
                    let mut word = allow[0][at] & (allow[1][at] | !self.bounded[at]);
                    for level in &allow[2..] {
                        word = word & (level[at] | self.exempt[at]);
                    }
                    word & !deny[at]
                })
                .collect();
            Base { allow, deny, result }
        })
    }
}
