//! Who gains somebody, and by which path.

use std::sync::OnceLock;

use super::Escalation;
use super::filter::{self, Filter, Mask};
use super::paths::{ASSUME, Compiled, Gives, compiled};
use crate::ask::{Ask, verdict};
use crate::case::Verdict;
use crate::decide::Object;
use crate::formula::Formula;
use crate::model::{Model, PrincipalId};
use crate::subject::SubjectKind;
use crate::who::{Chains, Who};

/// The surest way that was found, and what is not known of others.
#[derive(Default)]
pub(super) struct Best {
    pub(super) step: Option<Escalation>,
    pub(super) open: Option<Formula>,
}

impl Best {
    fn is_sure(&self) -> bool {
        self.step.as_ref().is_some_and(|step| step.formula == Formula::True)
    }

    /// Keeps a way when none is known that is as sure.
    fn offer(
        &mut self,
        search: &Search<'_>,
        who: PrincipalId,
        target: Option<PrincipalId>,
        compiled: &Compiled,
        formula: Formula,
    ) {
        let formula = crate::solve::chosen(&formula, &search.model.holes);
        match verdict(&formula) {
            Verdict::Denied => {}
            Verdict::Unknown | Verdict::Ambiguous => {
                self.open.get_or_insert(formula);
            }
            Verdict::Allowed | Verdict::Conditional => {
                let path = compiled.path;
                let actions = path.actions();
                let step = Escalation { who, path: &path.id, also: Vec::new(), actions, target, formula };
                self.take(Self { step: Some(step), open: None });
            }
        }
    }

    fn take(&mut self, other: Self) {
        if let Some(formula) = other.open {
            self.open.get_or_insert(formula);
        }
        if let Some(step) = other.step
            && (self.step.is_none() || step.formula == Formula::True && !self.is_sure())
        {
            self.step = Some(step);
        }
    }
}

/// A search for those who gain somebody.
pub(crate) struct Search<'m> {
    pub(super) model: &'m Model,
    pub(super) ask: Ask<'m>,
    paths: &'static [Compiled],
    pub(super) any: Object,
    /// For each principal, the paths of which it may be allowed every action on something.
    able: &'m [Vec<usize>],
    /// Who may gain whom, at most.
    pub(crate) filter: &'m Filter,
    /// By way of whom somebody may give itself everything, at most, when that was asked.
    pub(super) own: OnceLock<filter::OwnTargets>,
}

impl<'m> Search<'m> {
    pub(crate) fn new(model: &'m Model, chains: &'m Chains) -> Self {
        Self {
            model,
            ask: Ask::new(model),
            paths: compiled(),
            any: Object { arn: model.holes.anything().into(), ..Object::default() },
            able: &chains.able,
            filter: chains.filter.get_or_init(|| Filter::of(model, &chains.able)),
            own: OnceLock::new(),
        }
    }

    /// Who gains a role otherwise than by assuming it, and by which path, of those in the mask.
    pub(crate) fn gainers(
        &self,
        role: PrincipalId,
        mask: &Mask,
    ) -> Vec<(PrincipalId, &'static str, Formula)> {
        let candidates = self.filter.gainers(self.model, role, mask);
        candidates
            .into_iter()
            .filter_map(|(id, paths)| {
                let mut best = Best::default();
                for path in paths {
                    best.take(self.gains_by(id, role, &self.paths[path]));
                    if best.is_sure() {
                        break;
                    }
                }
                let step = best.step?;
                Some((id, step.path, step.formula))
            })
            .collect()
    }

    pub(super) fn administers(&self, id: PrincipalId) -> Formula {
        self.everything(&self.ask.asker(id))
    }

    /// A path by which somebody gives itself everything.
    pub(super) fn by_itself(&self, id: PrincipalId) -> Best {
        let mut best = Best::default();
        for &index in &self.able[id as usize] {
            let compiled = &self.paths[index];
            if compiled.path.gives.by_itself() {
                best.take(self.by_itself_by(id, index));
                if best.is_sure() {
                    break;
                }
            }
        }
        best
    }

    /// Whether somebody gives itself everything by one path.
    fn by_itself_by(&self, id: PrincipalId, path: usize) -> Best {
        let compiled = &self.paths[path];
        let mut best = Best::default();
        let asker = self.ask.asker(id);
        let user = match compiled.path.gives {
            Gives::EverythingAsUser => true,
            Gives::EverythingAsRole => false,
            // The group's policies are what it gains: see `AdministrativeGroup`.
            Gives::EverythingAsMember => {
                best.offer(self, id, None, compiled, self.needs(&asker, id, None, compiled, None));
                return best;
            }
            _ => {
                let formula = self.needs(&asker, id, None, compiled, None);
                if formula != Formula::False {
                    best.offer(self, id, None, compiled, formula.and(self.unbounded(&asker, id)));
                }
                return best;
            }
        };
        let account = &self.model.principals[id as usize].subject.account;
        let own = self.own.get_or_init(|| self.filter.own_targets(self.model, &self.filter.mask()));
        for &target in own.get(&(id, path)).into_iter().flatten() {
            let other = &self.model.principals[target as usize];
            let is_user = other.subject.kind == SubjectKind::User;
            if target == id || is_user != user || other.subject.account != *account {
                continue;
            }
            let formula = self.needs(&asker, id, Some(target), compiled, None);
            if formula != Formula::False {
                let formula = formula.and(self.unbounded(&asker, target));
                best.offer(self, id, Some(target), compiled, formula);
            }
            if best.is_sure() {
                break;
            }
        }
        best
    }

    /// A path by which somebody gains a goal.
    pub(super) fn gains(&self, id: PrincipalId, goal: PrincipalId, chains: &Chains, paths: &[usize]) -> Best {
        let mut best = self.assumes(id, goal, chains);
        for &index in paths {
            if best.is_sure() {
                break;
            }
            best.take(self.gains_by(id, goal, &self.paths[index]));
        }
        best
    }

    /// Whether somebody can assume a goal.
    fn assumes(&self, id: PrincipalId, goal: PrincipalId, chains: &Chains) -> Best {
        let mut best = Best::default();
        let into = &chains.into[goal as usize];
        // Principals of the input come first, in their order.
        let inside = into.partition_point(|(who, _)| matches!(who, Who::Principal(_)));
        let place = into[..inside].partition_point(|(who, _)| *who < Who::Principal(id));
        for (_, formula) in into[place..inside].iter().take_while(|(who, _)| *who == Who::Principal(id)) {
            if let Some(path) = self.paths.iter().find(|compiled| compiled.path.id == ASSUME) {
                best.offer(self, id, Some(goal), path, formula.clone());
            }
        }
        best
    }

    /// Whether somebody gains a goal of the same account by one path.
    fn gains_by(&self, id: PrincipalId, goal: PrincipalId, compiled: &Compiled) -> Best {
        let mut best = Best::default();
        let target = &self.model.principals[goal as usize];
        if self.model.principals[id as usize].subject.account != target.subject.account {
            return best;
        }
        let is_user = target.subject.kind == SubjectKind::User;
        let asker = || self.ask.asker(id);
        match compiled.path.gives {
            Gives::User if is_user => {
                best.offer(
                    self,
                    id,
                    Some(goal),
                    compiled,
                    self.needs(&asker(), id, Some(goal), compiled, None),
                );
            }
            Gives::Role if !is_user => {
                best.offer(
                    self,
                    id,
                    Some(goal),
                    compiled,
                    self.needs(&asker(), id, Some(goal), compiled, None),
                );
            }
            Gives::PassedRole if !is_user => {
                let Some(service) = &compiled.path.service else { return best };
                if !self.trusts(goal, service) {
                    return best;
                }
                let asker = asker();
                let keys = [("iam:PassedToService".to_owned(), service.clone())];
                let pass = Ask::with(self.model, &keys).assume(&asker, "iam:passrole", target).formula;
                if pass != Formula::False {
                    let formula = pass.and(self.needs(&asker, id, Some(goal), compiled, None));
                    best.offer(self, id, Some(goal), compiled, formula);
                }
            }
            Gives::RunningRole if !is_user => {
                for workload in target.used_by.iter().filter_map(|id| self.model.workloads.get(id)) {
                    if compiled.path.runs.iter().any(|run| **run == *workload.type_name) {
                        let mut formula = self.needs(&asker(), id, Some(goal), compiled, Some(workload));
                        if workload.object.is_none() {
                            formula = formula.and(Formula::unknown("the ARN of what runs with the role"));
                        }
                        best.offer(self, id, Some(goal), compiled, formula);
                    }
                }
                if let Some(service) = &compiled.path.unseen
                    && target.used_by.is_empty()
                    && self.trusts(goal, service)
                {
                    let formula = self.needs(&asker(), id, Some(goal), compiled, None);
                    let held = Formula::unknown(format!("whether something keeps the role {}", target.name));
                    best.offer(self, id, Some(goal), compiled, formula.and(held));
                }
            }
            _ => {}
        }
        best
    }

    /// Completes a step: of paths that are open, that which needs all that another needs and
    /// more is its name (to replace the code of a function and invoke it, rather than to
    /// replace the code); the others are listed.
    pub(super) fn all_ways(&self, step: &mut Escalation) {
        let named = |id: &str| self.paths.iter().find(|known| known.path.id == id);
        let by_itself = named(step.path).is_some_and(|known| known.path.gives.by_itself());
        let mut open: Vec<&'static Compiled> = Vec::new();
        for &index in &self.able[step.who as usize] {
            let compiled = &self.paths[index];
            let best = match step.target {
                _ if by_itself != compiled.path.gives.by_itself() => continue,
                _ if by_itself => self.by_itself_by(step.who, index),
                Some(goal) => self.gains_by(step.who, goal, compiled),
                None => continue,
            };
            if best.step.is_some_and(|other| step.formula != Formula::True || other.formula == Formula::True)
            {
                open.push(compiled);
            }
        }
        let wider = |than: &str, compiled: &Compiled| {
            named(than).is_some_and(|known| {
                known.path.gives == compiled.path.gives
                    && known.needs.len() < compiled.needs.len()
                    && known.needs.iter().all(|(action, need)| {
                        compiled.needs.iter().any(|(other, more)| other == action && more.on == need.on)
                    })
            })
        };
        for compiled in &open {
            if wider(step.path, compiled) {
                step.path = &compiled.path.id;
                step.actions = compiled.path.actions();
            }
        }
        step.also =
            open.iter().map(|compiled| compiled.path.id.as_str()).filter(|id| *id != step.path).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;

    /// The filter leaves nobody out whom the exact search would find.
    #[test]
    fn filter_is_never_too_small() {
        let (mut found, mut kept, mut asked) = (0, 0, 0);
        for seed in 11..=16 {
            let size = generate::Size { accounts: 2, principals: 160, stores: 10 };
            let model = generate::model(size, seed);
            let chains = model.chains();
            let search = Search::new(&model, &chains);
            let mask = search.filter.mask();
            for (goal, of) in (0..).zip(&model.principals) {
                let kept_of = search.filter.gainers(&model, goal, &mask);
                let own = search.own.get_or_init(|| search.filter.own_targets(&model, &mask));
                for id in (0..).zip(&chains.able).filter(|(id, able)| *id != goal && !able.is_empty()) {
                    let (id, able) = id;
                    let same = model.principals[id as usize].subject.account == of.subject.account;
                    for &path in able.iter().filter(|&&path| search.paths[path].path.id != ASSUME) {
                        let compiled = &search.paths[path];
                        asked += 1;
                        let (by_filter, exact) = match compiled.path.gives {
                            Gives::EverythingAsUser | Gives::EverythingAsRole => {
                                let user = compiled.path.gives == Gives::EverythingAsUser;
                                let fits = same && user == (of.subject.kind == SubjectKind::User);
                                let formula =
                                    search.needs(&search.ask.asker(id), id, Some(goal), compiled, None);
                                let by_filter = own.get(&(id, path)).is_some_and(|of| of.contains(&goal));
                                (by_filter, fits && formula != Formula::False)
                            }
                            gives if gives.by_itself() => continue,
                            _ => {
                                let best = search.gains_by(id, goal, compiled);
                                let by_filter = kept_of.get(&id).is_some_and(|paths| paths.contains(&path));
                                (by_filter, best.step.is_some() || best.open.is_some())
                            }
                        };
                        found += u32::from(exact);
                        kept += u32::from(by_filter);
                        assert!(
                            by_filter || !exact,
                            "seed {seed}: {id} gains {goal} by {}",
                            compiled.path.id
                        );
                    }
                }
            }
        }
        // It leaves most out; of those it keeps many lack a role that trusts the service.
        assert!(found > 200 && kept * 3 < asked, "{found} of {kept} of {asked}");
    }
}
