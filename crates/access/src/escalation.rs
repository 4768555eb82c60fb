//! Who can make itself an administrator, and how.
//!
//! Paths are data (`facts/hand/access/escalation.yaml`). Administrators are those who are
//! allowed every action on everything. From them the search goes backwards: who gains one of
//! them by a path or by assuming it is as powerful, and is a goal itself. A principal is a
//! candidate for a path only when its own policies name all of its actions, and is looked at
//! only for goals that they may be allowed on (by sets of candidates); so the cost is O(statements ×
//! actions of paths + goals × actions × candidates / 64 + steps), not principals².

mod filter;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::OnceLock;

use serde::Deserialize;

use crate::ask::{Ask, Asker, verdict};
use crate::case::Verdict;
use crate::context::Nothing;
use crate::decide::Object;
use crate::formula::Formula;
use crate::model::{Model, PrincipalId, Workload};
use crate::policy::Effect;
use crate::subject::SubjectKind;
use crate::who::{Chains, Who};

pub(crate) use filter::{Filter, Mask};

/// The path of those who assume a role.
const ASSUME: &str = "sts-001";
const PATHS: &str = include_str!("../../../facts/hand/access/escalation.yaml");

/// A way to gain permissions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// Its name.
    pub id: String,
    /// What is gained.
    pub gives: Gives,
    /// Only principals of this kind.
    #[serde(default)]
    pub of: Option<Kind>,
    /// What must be allowed.
    pub needs: Vec<Need>,
    /// The service that a role is passed to.
    #[serde(default)]
    pub service: Option<String>,
    /// Types of resources that run with the role.
    #[serde(default)]
    pub runs: Vec<String>,
    /// The service for which a role may be held by something that no template shows.
    #[serde(default)]
    pub unseen: Option<String>,
    /// A remark.
    #[serde(default)]
    pub note: Option<String>,
}

/// What a path gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gives {
    /// Whatever it likes.
    Everything,
    /// Whatever it likes, by way of a user whose permissions it writes.
    EverythingAsUser,
    /// Whatever it likes, by way of a role whose permissions it writes.
    EverythingAsRole,
    /// Whatever it likes, as a member of a group.
    EverythingAsMember,
    /// Another user.
    User,
    /// A role.
    Role,
    /// A role that is passed to a service.
    PassedRole,
    /// A role that something runs with.
    RunningRole,
}

impl Gives {
    /// Whether what is gained does not depend on whom one gains.
    fn by_itself(self) -> bool {
        matches!(
            self,
            Self::Everything | Self::EverythingAsUser | Self::EverythingAsRole | Self::EverythingAsMember
        )
    }
}

impl Path {
    /// The actions that it needs, as they are written.
    fn actions(&self) -> Vec<&str> {
        let pass = (self.gives == Gives::PassedRole).then_some("iam:PassRole");
        pass.into_iter().chain(self.needs.iter().map(|need| need.action.as_str())).collect()
    }
}

/// A kind of principal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A user.
    User,
    /// A role.
    Role,
}

/// An action that must be allowed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// `service:Action`
    pub action: String,
    /// On what.
    pub on: On,
    /// Condition keys that the request has, as the caller would make it.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
}

/// What an action must be allowed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// Some resource.
    Any,
    /// The principal itself.
    #[serde(rename = "self")]
    Own,
    /// A managed policy of the principal.
    OwnPolicy,
    /// A group of the principal.
    OwnGroup,
    /// The user or role that is gained.
    Target,
    /// The role that is gained, which must trust the principal.
    TrustingTarget,
    /// A managed policy of the role that is gained.
    TargetPolicy,
    /// What runs with the role.
    Workload,
    /// A group whose policies allow everything.
    AdministrativeGroup,
}

/// One step to more permissions.
#[derive(Clone, Debug)]
pub struct Escalation {
    /// Who.
    pub who: PrincipalId,
    /// The path.
    pub path: &'static str,
    /// Other paths to the same end that are open as well.
    pub also: Vec<&'static str>,
    /// The actions.
    pub actions: Vec<&'static str>,
    /// Whom it gains; none where it gives itself everything.
    pub target: Option<PrincipalId>,
    /// When.
    pub formula: Formula,
}

/// Everyone who is or can become an administrator.
#[derive(Clone, Debug, Default)]
pub struct Escalations {
    /// Those who are.
    pub administrators: Vec<PrincipalId>,
    /// Those who can become one: the shortest way of each, sure ways first.
    pub steps: Vec<Escalation>,
    /// Those of whom it is not known, and why: policies that are not in the input.
    pub open: Vec<(PrincipalId, Formula)>,
}

/// The surest way that was found, and what is not known of others.
#[derive(Default)]
struct Best {
    step: Option<Escalation>,
    open: Option<Formula>,
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

/// The paths.
pub fn paths() -> &'static [Path] {
    static ROWS: OnceLock<Vec<Path>> = OnceLock::new();
    ROWS.get_or_init(|| serde_saphyr::from_str(PATHS).unwrap_or_default())
}

/// The paths with actions in lower case.
struct Compiled {
    path: &'static Path,
    needs: Vec<(String, &'static Need)>,
}

/// A search for those who gain somebody.
pub(crate) struct Search<'m> {
    model: &'m Model,
    ask: Ask<'m>,
    paths: &'static [Compiled],
    any: Object,
    /// For each principal, the paths of which it may be allowed every action on something.
    able: &'m [Vec<usize>],
    /// Who may gain whom, at most.
    pub(crate) filter: &'m Filter,
    /// By way of whom somebody may give itself everything, at most, when that was asked.
    own: OnceLock<filter::OwnTargets>,
}

impl Model {
    /// Who is and who can become an administrator.
    #[must_use]
    pub fn escalations(&self, chains: &Chains) -> Escalations {
        let search = Search::new(self, chains);
        let mut found = Escalations::default();
        let count = u32::try_from(self.principals.len()).unwrap_or(0);
        let mut known: HashSet<PrincipalId> = HashSet::new();
        let mut goals: Vec<PrincipalId> = Vec::new();
        for id in 0..count {
            let formula = search.administers(id);
            match verdict(&formula) {
                Verdict::Allowed => {
                    found.administrators.push(id);
                    known.insert(id);
                    goals.push(id);
                }
                Verdict::Unknown | Verdict::Ambiguous => found.open.push((id, formula)),
                Verdict::Denied | Verdict::Conditional => {}
            }
        }
        // Of administrators it is not asked how they become what they are.
        let mut mask = search.filter.mask();
        for &id in &known {
            search.filter.remove(&mut mask, id);
        }
        let _ = search.own.set(search.filter.own_targets(self, &mask));
        let mut open: BTreeMap<PrincipalId, Formula> = BTreeMap::new();
        let mut take = |found: &mut Escalations, id: PrincipalId, best: Best| {
            if let Some(formula) = best.open {
                open.entry(id).or_insert(formula);
            }
            let Some(mut step) = best.step else { return false };
            search.all_ways(&mut step);
            found.steps.push(step);
            true
        };
        for id in 0..count {
            if !known.contains(&id) && take(&mut found, id, search.by_itself(id)) {
                known.insert(id);
                goals.push(id);
            }
        }
        for &id in &known {
            search.filter.remove(&mut mask, id);
        }
        while let Some(goal) = goals.pop() {
            let by_path = search.filter.gainers(self, goal, &mask);
            let assuming = chains.into[goal as usize].iter().filter_map(|(who, _)| match who {
                Who::Principal(id) => Some(*id),
                _ => None,
            });
            let candidates: BTreeSet<PrincipalId> = by_path.keys().copied().chain(assuming).collect();
            for id in candidates {
                let paths = by_path.get(&id).map_or(&[][..], Vec::as_slice);
                if id != goal
                    && !known.contains(&id)
                    && take(&mut found, id, search.gains(id, goal, chains, paths))
                {
                    known.insert(id);
                    search.filter.remove(&mut mask, id);
                    goals.push(id);
                }
            }
        }
        let already: HashSet<PrincipalId> = found.open.iter().map(|(id, _)| *id).collect();
        found.open.extend(open.into_iter().filter(|(id, _)| !already.contains(id)));
        found.open.sort_by_key(|(id, _)| *id);
        found.steps.sort_by_key(|step| (step.formula != Formula::True, step.who));
        found.open.retain(|(id, _)| !known.contains(id));
        found
    }
}

/// The paths with actions in lower case, made once.
fn compiled() -> &'static [Compiled] {
    static ROWS: OnceLock<Vec<Compiled>> = OnceLock::new();
    ROWS.get_or_init(|| {
        paths()
            .iter()
            .map(|path| Compiled {
                path,
                needs: path.needs.iter().map(|need| (need.action.to_ascii_lowercase(), need)).collect(),
            })
            .collect()
    })
}

/// The actions that paths need, in lower case, sorted.
pub(crate) fn actions() -> Vec<&'static str> {
    let needs = compiled().iter().flat_map(|path| path.needs.iter().map(|(action, _)| action.as_str()));
    let mut actions: Vec<&str> = needs.chain(["iam:passrole"]).collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

/// For each principal, the paths of which its own policies name every action: O(policies ×
/// actions), each policy looked at once.
pub(crate) fn able(model: &Model) -> Vec<Vec<usize>> {
    let compiled = compiled();
    let actions = actions();
    let named: Vec<Vec<bool>> = model
        .policies
        .iter()
        .map(|policy| {
            actions
                .iter()
                .map(|action| {
                    policy.statements.iter().any(|statement| {
                        statement.effect != Effect::Deny
                            && statement.actions.selects(action, &Nothing, &model.holes) != Formula::False
                    })
                })
                .collect()
        })
        .collect();
    let index = |action: &str| actions.binary_search(&action).unwrap_or(0);
    let needed: Vec<Vec<usize>> = compiled
        .iter()
        .map(|path| {
            let pass = (path.path.gives == Gives::PassedRole).then(|| index("iam:passrole"));
            path.needs.iter().map(|(action, _)| index(action)).chain(pass).collect()
        })
        .collect();
    model
        .principals
        .iter()
        .map(|principal| {
            let kind = match principal.subject.kind {
                SubjectKind::User => Kind::User,
                _ => Kind::Role,
            };
            (0..compiled.len())
                .filter(|&path| compiled[path].path.of.is_none_or(|of| of == kind))
                .filter(|&path| {
                    needed[path].iter().all(|&action| {
                        principal.identity.iter().any(|&policy| named[policy as usize][action])
                    })
                })
                .collect()
        })
        .collect()
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

    fn administers(&self, id: PrincipalId) -> Formula {
        self.everything(&self.ask.asker(id))
    }

    /// A path by which somebody gives itself everything.
    fn by_itself(&self, id: PrincipalId) -> Best {
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

    /// When somebody whose identity policies allow everything may do everything: it has no
    /// boundary, or one that allows everything, or `asker` may take the boundary away.
    ///
    /// Source: IAM User Guide, `access_policies_boundaries.html`: what a boundary does not
    /// allow, no identity policy gives.
    fn unbounded(&self, asker: &Asker<'_>, of: PrincipalId) -> Formula {
        let principal = &self.model.principals[of as usize];
        if principal.boundary.is_none() {
            return Formula::True;
        }
        let kind = if principal.subject.kind == SubjectKind::User { "user" } else { "role" };
        let takes = |action: &str| {
            self.decide(asker, &format!("iam:{action}{kind}permissionsboundary"), &principal.object)
        };
        self.everything(&self.ask.asker(of).with_everything()).or(takes("delete")).or(takes("put"))
    }

    /// When somebody is allowed every action on everything.
    fn everything(&self, asker: &Asker<'_>) -> Formula {
        self.decide(asker, "*", &Object { arn: "*".into(), ..Object::default() })
    }

    fn decide(&self, asker: &Asker<'_>, action: &str, object: &Object) -> Formula {
        self.ask.may(asker, action, object)
    }

    /// A path by which somebody gains a goal.
    fn gains(&self, id: PrincipalId, goal: PrincipalId, chains: &Chains, paths: &[usize]) -> Best {
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
    fn all_ways(&self, step: &mut Escalation) {
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

    /// Whether a role trusts a service.
    fn trusts(&self, role: PrincipalId, service: &str) -> bool {
        let role = &self.model.principals[role as usize];
        let subject = crate::subject::Subject::new(SubjectKind::Service, service);
        self.ask.assume(&Asker::outside(&subject), "sts:assumerole", role).formula != Formula::False
    }

    /// When an action is allowed on a managed policy of somebody.
    fn managed(&self, of: &crate::model::Principal, allowed: &dyn Fn(&Object) -> Formula) -> Formula {
        Formula::any(of.identity.iter().filter_map(|policy| {
            let arn = self.model.policy_arns.get(policy)?;
            Some(allowed(&Object { arn: arn.clone(), ..self.any.clone() }))
        }))
    }

    /// When all actions of a path are allowed.
    fn needs(
        &self,
        asker: &Asker<'_>,
        id: PrincipalId,
        target: Option<PrincipalId>,
        compiled: &Compiled,
        workload: Option<&Workload>,
    ) -> Formula {
        let own = &self.model.principals[id as usize];
        let mut all = Formula::True;
        for (action, need) in &compiled.needs {
            let keyed = (!need.with.is_empty()).then(|| {
                let partition = own.object.arn.split(':').nth(1).unwrap_or("aws");
                let with = need.with.iter();
                let keys: Vec<(String, String)> =
                    with.map(|(key, value)| (key.clone(), value.replace("{partition}", partition))).collect();
                Ask::with(self.model, &keys)
            });
            let ask = keyed.as_ref().unwrap_or(&self.ask);
            let on_object = |object: &Object| ask.may(asker, action, object);
            let formula = match need.on {
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
                    let account = &own.subject.account;
                    Formula::any((0..).zip(&self.model.groups).filter_map(|(group, of)| {
                        if own.groups.contains(&group) || of.object.account != *account {
                            return None;
                        }
                        let joins = on_object(&of.object);
                        if joins == Formula::False {
                            return None;
                        }
                        let policies = of.policies.iter().map(|&policy| self.model.policy(policy));
                        Some(joins.and(self.everything(&asker.with(policies))))
                    }))
                }
                On::OwnGroup => Formula::any(
                    own.groups.iter().map(|&group| on_object(&self.model.groups[group as usize].object)),
                ),
                On::Workload => match workload.and_then(|workload| workload.object.as_ref()) {
                    Some(object) => on_object(object),
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

    #[test]
    fn data_is_read() {
        let paths: Vec<Path> = serde_saphyr::from_str(PATHS).unwrap();
        let mut ids: Vec<&str> = paths.iter().map(|path| path.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), paths.len(), "ids are unique");
        for path in &paths {
            assert_eq!(path.gives == Gives::PassedRole, path.service.is_some(), "{}", path.id);
            assert_eq!(path.gives == Gives::RunningRole, !path.runs.is_empty(), "{}", path.id);
            for run in &path.runs {
                assert!(sekisho_facts::resource_type(run).is_some(), "{} {run}", path.id);
            }
            assert!(!path.needs.is_empty());
            for need in &path.needs {
                let name = need.action.as_str();
                let known = sekisho_facts::iam::action(name)
                    .map(|(service, action)| format!("{}:{}", service.prefix, action.name));
                let near = sekisho_facts::iam::nearest_action(name);
                assert_eq!(known.as_deref(), Some(name), "{}: did you mean {near:?}?", path.id);
            }
        }
    }
}
