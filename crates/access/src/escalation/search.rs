//! The search for those who gain somebody.
//!
//! For each path the principals that may be allowed all of its actions are a set; only where
//! membership is not certain is the point engine asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use foldhash::HashMap;

use super::able::{Compiled, compiled};
use super::{Escalation, Gives, On, Path};
use crate::ask::{Ask, Asker, verdict};
use crate::case::{Values, Verdict};
use crate::context::Keys;
use crate::decide::Object;
use crate::formula::Formula;
use crate::model::{Model, PrincipalId};
use crate::sets::{ActionId, Question, Set, Target, Word, members};
use crate::subject::SubjectKind;
use crate::who::{Chains, Who};

/// A search for those who gain somebody.
pub(crate) struct Search<'m> {
    model: &'m Model,
    ask: Ask<'m>,
    paths: &'static [Compiled],
    any: Object,
    nothing: Keys,
    chains: &'m Chains,
    /// Who names every action of a path, by account and path.
    able: HashMap<(u32, usize), Set>,
    /// Who may take an action on something, by account and action.
    anywhere: Mutex<HashMap<(u32, ActionId), Arc<Set>>>,
    administrators: OnceLock<Vec<PrincipalId>>,
    /// Groups whose members are all administrators, by account.
    groups: OnceLock<Vec<(u32, &'m str)>>,
    /// Which services a role trusts, by its trust policy and the service.
    trusted: Mutex<HashMap<(PrincipalId, &'static str), bool>>,
}

/// A set of principals of each account.
pub(crate) type Everywhere = Vec<Set>;

impl<'m> Search<'m> {
    pub(crate) fn new(model: &'m Model, chains: &'m Chains) -> Self {
        let mut able: HashMap<(u32, usize), Set> = HashMap::default();
        for (id, paths) in (0..).zip(&chains.able) {
            let (account, slot) = chains.sets.place(id);
            for &path in paths {
                let words = chains.sets.accounts[account as usize].words();
                let set = able.entry((account, path)).or_insert_with(|| vec![Word::NONE; words]);
                put(set, slot);
            }
        }
        Self {
            model,
            ask: Ask::new(model),
            paths: compiled(),
            any: Object { arn: model.holes.anything().into(), ..Object::default() },
            nothing: Keys::new(),
            chains,
            able,
            anywhere: Mutex::default(),
            administrators: OnceLock::new(),
            groups: OnceLock::new(),
            trusted: Mutex::default(),
        }
    }

    /// Nobody.
    pub(crate) fn nobody(&self) -> Everywhere {
        self.chains.sets.accounts.iter().map(|account| vec![Word::NONE; account.words()]).collect()
    }

    /// Adds somebody.
    pub(crate) fn include(&self, to: &mut Everywhere, id: PrincipalId) {
        let (account, slot) = self.chains.sets.place(id);
        put(&mut to[account as usize], slot);
    }

    /// Says who the administrators are, ascending.
    pub(crate) fn administrators(&self, ids: &[PrincipalId]) {
        let _ = self.administrators.set(ids.to_vec());
    }

    /// When somebody is allowed every action on everything.
    pub(crate) fn administers(&self, id: PrincipalId) -> Formula {
        let everything = Object { arn: "*".into(), ..Object::default() };
        self.ask.on_arn(&self.ask.asker(id), "*", &everything, None).0.formula
    }

    /// Who can give itself everything, but those who are left out: the surest way of each.
    pub(crate) fn by_themselves(&self, but: &Everywhere) -> Vec<Escalation> {
        let mut best: BTreeMap<PrincipalId, Escalation> = BTreeMap::new();
        for account in 0..u32::try_from(self.chains.sets.accounts.len()).unwrap_or(0) {
            let mut but = but[account as usize].clone();
            for (index, compiled) in self.paths.iter().enumerate() {
                let user = match compiled.path.gives {
                    Gives::Everything | Gives::EverythingAsMember => None,
                    Gives::EverythingAsUser => Some(true),
                    Gives::EverythingAsRole => Some(false),
                    _ => continue,
                };
                if self.candidates(account, index, &but).is_none() {
                    continue;
                }
                let targets: Vec<Option<PrincipalId>> = match user {
                    None => vec![None],
                    Some(user) => self.chains.sets.accounts[account as usize]
                        .principals
                        .iter()
                        .copied()
                        .filter(|id| {
                            (self.model.principals[*id as usize].subject.kind == SubjectKind::User) == user
                        })
                        .map(Some)
                        .collect(),
                };
                for target in targets {
                    let Some(set) = self.candidates(account, index, &but) else { break };
                    let set = self.cut(account, set, compiled, target, None);
                    for (slot, sure) in members(&set) {
                        let id = self.chains.sets.accounts[account as usize].principals[slot as usize];
                        if target == Some(id) {
                            continue;
                        }
                        let formula = if sure {
                            Formula::True
                        } else {
                            self.needs(&self.ask.asker(id), id, target, compiled, None)
                        };
                        self.better(&mut best, id, target, compiled.path, formula);
                        if best.get(&id).is_some_and(|step| step.formula == Formula::True) {
                            put(&mut but, slot);
                        }
                    }
                }
            }
        }
        best.into_values().collect()
    }

    /// Who gains somebody by a path, or with `assume` by assuming it, but those who are left
    /// out: the surest way of each.
    pub(crate) fn gain(&self, goal: PrincipalId, but: &Everywhere, assume: bool) -> Vec<Escalation> {
        let target = &self.model.principals[goal as usize];
        let mut best: BTreeMap<PrincipalId, Escalation> = BTreeMap::new();
        let left_out = |id: PrincipalId| {
            let (account, slot) = self.chains.sets.place(id);
            id == goal || but[account as usize][slot as usize / 64].any & (1 << (slot % 64)) != 0
        };
        for (who, formula) in self.chains.into[goal as usize].iter().filter(|_| assume) {
            let Who::Principal(id) = *who else { continue };
            if left_out(id) || !matches!(verdict(formula), Verdict::Allowed | Verdict::Conditional) {
                continue;
            }
            let (actions, formula) = (vec!["sts:AssumeRole"], formula.clone());
            let step = Escalation { who: id, path: crate::who::ASSUME, actions, target: Some(goal), formula };
            best.entry(id).or_insert(step);
        }
        let (account, own) = self.chains.sets.place(goal);
        let mut but = but[account as usize].clone();
        put(&mut but, own);
        for step in best.values().filter(|step| step.formula == Formula::True) {
            let (of, slot) = self.chains.sets.place(step.who);
            if of == account {
                put(&mut but, slot);
            }
        }
        let is_user = target.subject.kind == SubjectKind::User;
        let mut question: Option<Question<'_>> = None;
        for (index, compiled) in self.paths.iter().enumerate() {
            let gives = match compiled.path.gives {
                gives @ Gives::User if is_user => gives,
                gives @ (Gives::Role | Gives::PassedRole | Gives::RunningRole) if !is_user => gives,
                _ => continue,
            };
            let Some(mut set) = self.candidates(account, index, &but) else { continue };
            let mut workloads: Vec<Option<u32>> = vec![None];
            match gives {
                Gives::PassedRole => {
                    let Some(service) = &compiled.path.service else { continue };
                    if !self.trusts(goal, service) {
                        continue;
                    }
                    let more = vec![("iam:passedtoservice".into(), Values::One(service.clone()))];
                    let passed = self.target(&target.object, None, &more);
                    let passes = Question::new(&self.chains.sets, self.model, account, passed);
                    let Some(action) = self.chains.sets.action("iam:passrole") else { continue };
                    meet(&mut set, &passes.set(action));
                }
                Gives::RunningRole => {
                    let runs = |id: &sekisho_estate::ResourceId| {
                        let is = self.model.workload_types.get(id);
                        is.is_some_and(|name| compiled.path.runs.iter().any(|run| **run == **name))
                    };
                    let stores = target.used_by.iter().filter(|id| runs(id));
                    workloads = stores.map(|id| self.model.by_resource.get(id).copied()).collect();
                    if workloads.is_empty() {
                        continue;
                    }
                }
                _ => {}
            }
            let set = self.cut(account, set, compiled, Some(goal), Some(&mut question));
            for (slot, sure) in members(&set) {
                let id = self.chains.sets.accounts[account as usize].principals[slot as usize];
                let formula = if sure {
                    Formula::True
                } else {
                    let asker = self.ask.asker(id);
                    let passes = match (gives, &compiled.path.service) {
                        (Gives::PassedRole, Some(service)) => {
                            let keys = [("iam:PassedToService".to_owned(), service.clone())];
                            Ask::with(self.model, &keys).assume(&asker, "iam:passrole", target).formula
                        }
                        _ => Formula::True,
                    };
                    if passes == Formula::False {
                        continue;
                    }
                    let needs = workloads
                        .iter()
                        .map(|workload| self.needs(&asker, id, Some(goal), compiled, *workload));
                    passes.and(Formula::any(needs))
                };
                self.better(&mut best, id, Some(goal), compiled.path, formula);
                if best.get(&id).is_some_and(|step| step.formula == Formula::True) {
                    put(&mut but, slot);
                }
            }
        }
        best.into_values().collect()
    }

    /// Those who name every action of a path, but some; none: nobody.
    fn candidates(&self, account: u32, path: usize, but: &Set) -> Option<Set> {
        let able = self.able.get(&(account, path))?;
        let left: Set = able.iter().zip(but).map(|(able, but)| *able & !*but).collect();
        left.iter().any(|word| !word.is_none()).then_some(left)
    }

    fn target<'t>(&'t self, object: &'t Object, trust: Option<u32>, more: &'t Keys) -> Target<'t> {
        Target { object, policy: trust.map(|id| self.model.policy(id)), s3: None, more }
    }

    /// Of some, those who may take every action of a path. Needs that depend on who asks are
    /// left open.
    fn cut<'q>(
        &'q self,
        account: u32,
        mut set: Set,
        compiled: &Compiled,
        target: Option<PrincipalId>,
        question: Option<&mut Option<Question<'q>>>,
    ) -> Set {
        let sets = &*self.chains.sets;
        let mut own = None;
        let question = question.unwrap_or(&mut own);
        for (action, on) in &compiled.needs {
            let Some(id) = sets.action(action) else { continue };
            let to = target.map(|target| &self.model.principals[target as usize]);
            match (on, to) {
                (On::Any, _) => meet(&mut set, &self.anywhere(account, id)),
                (On::Target, Some(to)) if action != "sts:assumerole" => {
                    let question = question.get_or_insert_with(|| {
                        Question::new(sets, self.model, account, self.target(&to.object, None, &self.nothing))
                    });
                    meet(&mut set, &question.set(id));
                }
                (On::TrustingTarget, Some(to)) => {
                    let target = self.target(&to.object, to.trust, &self.nothing);
                    meet(&mut set, &Question::new(sets, self.model, account, target).set(id));
                }
                _ => set.iter_mut().for_each(|word| *word = word.open()),
            }
            if set.iter().all(|word| word.is_none()) {
                break;
            }
        }
        set
    }

    /// Who may take an action on something.
    fn anywhere(&self, account: u32, action: ActionId) -> Arc<Set> {
        let find = || self.anywhere.lock().ok()?.get(&(account, action)).cloned();
        find().unwrap_or_else(|| {
            let target = self.target(&self.any, None, &self.nothing);
            let question = Question::new(&self.chains.sets, self.model, account, target);
            // Where it is denied on some resource it is allowed on another.
            let made = Arc::new(question.set(action));
            if let Ok(mut known) = self.anywhere.lock() {
                known.insert((account, action), made.clone());
            }
            made
        })
    }

    /// Keeps the surer of two ways.
    fn better(
        &self,
        best: &mut BTreeMap<PrincipalId, Escalation>,
        who: PrincipalId,
        target: Option<PrincipalId>,
        path: &'static Path,
        formula: Formula,
    ) {
        let formula = crate::solve::chosen(&formula, &self.model.holes);
        if !matches!(verdict(&formula), Verdict::Allowed | Verdict::Conditional) {
            return;
        }
        if best.get(&who).is_some_and(|known| known.formula == Formula::True || formula != Formula::True) {
            return;
        }
        let actions = path.needs.iter().map(|need| need.action.as_str()).collect();
        best.insert(who, Escalation { who, path: &path.id, actions, target, formula });
    }

    /// Whether a role trusts a service.
    fn trusts(&self, role: PrincipalId, service: &'static str) -> bool {
        let find = || self.trusted.lock().ok()?.get(&(role, service)).copied();
        find().unwrap_or_else(|| {
            let of = &self.model.principals[role as usize];
            let subject = crate::subject::Subject::new(SubjectKind::Service, service);
            let formula = self.ask.assume(&Asker::outside(&subject), "sts:assumerole", of).formula;
            let trusts = formula != Formula::False;
            if let Ok(mut known) = self.trusted.lock() {
                known.insert((role, service), trusts);
            }
            trusts
        })
    }

    /// When an action is allowed on a managed policy of somebody.
    fn managed(&self, of: &crate::model::Principal, allowed: &dyn Fn(&Object) -> Formula) -> Formula {
        Formula::any(of.identity.iter().filter_map(|policy| {
            let arn = self.model.policy_arns.get(policy)?;
            Some(allowed(&Object { arn: arn.clone(), ..self.any.clone() }))
        }))
    }

    /// Groups of the same account that somebody is not in and whose members, of whom there is
    /// one at least, are all administrators.
    fn administrative_groups(&self, id: PrincipalId) -> Vec<&'m str> {
        let own = &self.model.principals[id as usize];
        let of = self.groups.get_or_init(|| {
            let mut groups: BTreeMap<(u32, &'m str), bool> = BTreeMap::new();
            for (other, principal) in (0..).zip(&self.model.principals) {
                if principal.groups.is_empty() {
                    continue;
                }
                let administrator = match self.administrators.get() {
                    Some(known) => known.binary_search(&other).is_ok(),
                    None => verdict(&self.administers(other)) == Verdict::Allowed,
                };
                for group in &principal.groups {
                    *groups.entry((self.chains.sets.place(other).0, group)).or_insert(true) &= administrator;
                }
            }
            groups.into_iter().filter_map(|(group, all)| all.then_some(group)).collect()
        });
        let account = self.chains.sets.place(id).0;
        let other = |group: &str| !own.groups.iter().any(|mine| **mine == *group);
        of.iter().filter(|(of, group)| *of == account && other(group)).map(|(_, group)| *group).collect()
    }

    /// When all actions of a path are allowed.
    fn needs(
        &self,
        asker: &Asker<'_>,
        id: PrincipalId,
        target: Option<PrincipalId>,
        compiled: &Compiled,
        workload: Option<u32>,
    ) -> Formula {
        let own = &self.model.principals[id as usize];
        let mut all = Formula::True;
        for (action, on) in &compiled.needs {
            let on_object = |object: &Object| self.ask.on_arn(asker, action, object, None).0.formula;
            let formula = match on {
                On::Any => on_object(&self.any),
                On::Own => on_object(&own.object),
                On::Target => match target.map(|target| &self.model.principals[target as usize]) {
                    Some(target) if action == "sts:assumerole" => {
                        // Its trust policy is what the path changes.
                        on_object(&Object { arn: target.object.arn.clone(), ..self.any.clone() })
                    }
                    Some(target) => on_object(&target.object),
                    None => Formula::False,
                },
                On::OwnPolicy => self.managed(own, &on_object),
                On::TargetPolicy => target.map_or(Formula::False, |target| {
                    self.managed(&self.model.principals[target as usize], &on_object)
                }),
                On::TrustingTarget => target.map_or(Formula::False, |target| {
                    self.ask.assume(asker, action, &self.model.principals[target as usize]).formula
                }),
                On::AdministrativeGroup => {
                    Formula::any(self.administrative_groups(id).into_iter().map(|group| {
                        let arn = own.object.arn.split(":user/").next().unwrap_or_default();
                        on_object(&Object { arn: format!("{arn}:group/{group}").into(), ..self.any.clone() })
                    }))
                }
                On::OwnGroup => Formula::any(own.groups.iter().map(|group| {
                    let arn = own.object.arn.split(":user/").next().unwrap_or_default();
                    on_object(&Object { arn: format!("{arn}:group/{group}").into(), ..self.any.clone() })
                })),
                On::Workload => match workload {
                    Some(store) => on_object(&self.model.stores[store as usize].object),
                    None => on_object(&self.any),
                },
            };
            all = all.and(formula);
            if all == Formula::False {
                break;
            }
        }
        all
    }
}

fn put(set: &mut Set, slot: u32) {
    let bit = 1_u64 << (slot % 64);
    if let Some(word) = set.get_mut(slot as usize / 64) {
        *word |= Word { sure: bit, any: bit };
    }
}

fn meet(set: &mut Set, with: &Set) {
    set.iter_mut().zip(with).for_each(|(word, with)| *word = *word & *with);
}
