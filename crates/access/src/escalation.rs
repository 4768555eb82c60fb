//! Who can make itself an administrator, and how.
//!
//! Paths are data (`facts/hand/access/escalation.yaml`). Administrators are those who are
//! allowed every action on everything. From them the search goes backwards: who gains one of
//! them by a path or by assuming it is as powerful, and is a goal itself. A principal is a
//! candidate for a path only when a statement of its own policies names one of its actions;
//! so the cost is O(statements × actions of paths + goals × candidates), not principals².

use std::collections::HashSet;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::ask::{Ask, Asker, verdict};
use crate::case::Verdict;
use crate::context::Nothing;
use crate::decide::Object;
use crate::formula::Formula;
use crate::model::{Model, PrincipalId};
use crate::policy::Effect;
use crate::subject::SubjectKind;
use crate::who::{Chains, Who};

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
    /// The path, or `sts-assume-role`.
    pub path: &'static str,
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

/// The paths.
pub fn paths() -> &'static [Path] {
    static ROWS: OnceLock<Vec<Path>> = OnceLock::new();
    ROWS.get_or_init(|| serde_saphyr::from_str(PATHS).unwrap_or_default())
}

/// The paths with actions in lower case.
struct Compiled {
    path: &'static Path,
    needs: Vec<(String, On)>,
}

/// A search for those who gain somebody.
pub(crate) struct Search<'m> {
    model: &'m Model,
    ask: Ask<'m>,
    paths: &'static [Compiled],
    any: Object,
    /// For each principal, the paths of which it may be allowed every action on something.
    able: &'m [Vec<usize>],
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
        for id in 0..count {
            if known.contains(&id) {
                continue;
            }
            if let Some(step) = search.by_itself(id) {
                known.insert(id);
                goals.push(id);
                found.steps.push(step);
            }
        }
        while let Some(goal) = goals.pop() {
            for id in 0..count {
                if id == goal || known.contains(&id) {
                    continue;
                }
                if let Some(step) = search.gains(id, goal, Some(chains)) {
                    known.insert(id);
                    goals.push(id);
                    found.steps.push(step);
                }
            }
        }
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
                needs: path.needs.iter().map(|need| (need.action.to_ascii_lowercase(), need.on)).collect(),
            })
            .collect()
    })
}

/// For each principal, the paths of which its own policies name every action: O(policies ×
/// actions), each policy looked at once.
pub(crate) fn able(model: &Model) -> Vec<Vec<usize>> {
    let compiled = compiled();
    let mut actions: Vec<&str> =
        compiled.iter().flat_map(|path| path.needs.iter().map(|(action, _)| action.as_str())).collect();
    actions.push("iam:passrole");
    actions.sort_unstable();
    actions.dedup();
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
        }
    }

    /// Who gains a role otherwise than by assuming it, and by which path.
    pub(crate) fn gainers(&self, role: PrincipalId) -> Vec<(PrincipalId, &'static str, Formula)> {
        (0..)
            .zip(self.able)
            .filter(|(id, able)| *id != role && !able.is_empty())
            .filter_map(|(id, _)| {
                let step = self.gains(id, role, None)?;
                Some((id, step.path, step.formula))
            })
            .collect()
    }

    /// When somebody is allowed every action on everything.
    fn administers(&self, id: PrincipalId) -> Formula {
        let everything = Object { arn: "*".into(), ..Object::default() };
        self.ask.on_arn(&self.ask.asker(id), "*", &everything, None).0.formula
    }

    /// A path by which somebody gives itself everything.
    fn by_itself(&self, id: PrincipalId) -> Option<Escalation> {
        let mut best: Option<Escalation> = None;
        for &index in &self.able[id as usize] {
            let compiled = &self.paths[index];
            let user = match compiled.path.gives {
                Gives::Everything | Gives::EverythingAsMember => None,
                Gives::EverythingAsUser => Some(true),
                Gives::EverythingAsRole => Some(false),
                _ => continue,
            };
            let asker = self.ask.asker(id);
            let Some(user) = user else {
                let formula = self.needs(&asker, id, None, compiled, None);
                self.better(&mut best, id, None, compiled.path, formula);
                continue;
            };
            let account = &self.model.principals[id as usize].subject.account;
            for (target, other) in (0..).zip(&self.model.principals) {
                let is_user = other.subject.kind == SubjectKind::User;
                if target == id || is_user != user || other.subject.account != *account {
                    continue;
                }
                let formula = self.needs(&asker, id, Some(target), compiled, None);
                self.better(&mut best, id, Some(target), compiled.path, formula);
                if best.as_ref().is_some_and(|step| step.formula == Formula::True) {
                    break;
                }
            }
        }
        best
    }

    /// A path by which somebody gains a goal.
    fn gains(&self, id: PrincipalId, goal: PrincipalId, chains: Option<&Chains>) -> Option<Escalation> {
        let target = &self.model.principals[goal as usize];
        let mut best: Option<Escalation> = None;
        if let Some((_, formula)) = chains
            .and_then(|chains| chains.into[goal as usize].iter().find(|(who, _)| *who == Who::Principal(id)))
            && matches!(verdict(formula), Verdict::Allowed | Verdict::Conditional)
        {
            best = Some(Escalation {
                who: id,
                path: "sts-assume-role",
                actions: vec!["sts:AssumeRole"],
                target: Some(goal),
                formula: formula.clone(),
            });
        }
        let same_account = self.model.principals[id as usize].subject.account == target.subject.account;
        if !same_account {
            return best;
        }
        let mut asker: Option<Asker<'_>> = None;
        for &index in &self.able[id as usize] {
            if best.as_ref().is_some_and(|step| step.formula == Formula::True) {
                break;
            }
            let compiled = &self.paths[index];
            let is_user = target.subject.kind == SubjectKind::User;
            let formula = match compiled.path.gives {
                Gives::User if is_user => self.needs(
                    asker.get_or_insert_with(|| self.ask.asker(id)),
                    id,
                    Some(goal),
                    compiled,
                    None,
                ),
                Gives::Role if !is_user => self.needs(
                    asker.get_or_insert_with(|| self.ask.asker(id)),
                    id,
                    Some(goal),
                    compiled,
                    None,
                ),
                Gives::PassedRole if !is_user => {
                    let Some(service) = &compiled.path.service else { continue };
                    if !self.trusts(goal, service) {
                        continue;
                    }
                    let asker = asker.get_or_insert_with(|| self.ask.asker(id));
                    let keys = [("iam:PassedToService".to_owned(), service.clone())];
                    let pass = Ask::with(self.model, &keys).assume(asker, "iam:passrole", target).formula;
                    if pass == Formula::False {
                        continue;
                    }
                    pass.and(self.needs(asker, id, Some(goal), compiled, None))
                }
                Gives::RunningRole if !is_user => {
                    let mut any = Formula::False;
                    for &workload in &target.used_by {
                        let store = self.model.by_resource.get(&workload).copied();
                        let is = self.model.workload_types.get(&workload);
                        if !is.is_some_and(|name| compiled.path.runs.iter().any(|run| **run == **name)) {
                            continue;
                        }
                        let asker = asker.get_or_insert_with(|| self.ask.asker(id));
                        any = any.or(self.needs(asker, id, Some(goal), compiled, store));
                    }
                    any
                }
                _ => continue,
            };
            self.better(&mut best, id, Some(goal), compiled.path, formula);
        }
        best
    }

    /// Keeps the surer of two ways.
    fn better(
        &self,
        best: &mut Option<Escalation>,
        who: PrincipalId,
        target: Option<PrincipalId>,
        path: &'static Path,
        formula: Formula,
    ) {
        let formula = crate::solve::chosen(&formula, &self.model.holes);
        if !matches!(verdict(&formula), Verdict::Allowed | Verdict::Conditional) {
            return;
        }
        if best.as_ref().is_some_and(|known| known.formula == Formula::True || formula != Formula::True) {
            return;
        }
        *best = Some(Escalation {
            who,
            path: &path.id,
            actions: path.needs.iter().map(|need| need.action.as_str()).collect(),
            target,
            formula,
        });
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

    /// Groups of the same account that somebody is not in and whose members, of whom there is
    /// one at least, are all administrators.
    fn administrative_groups(&self, id: PrincipalId) -> Vec<&str> {
        let own = &self.model.principals[id as usize];
        let mut groups: std::collections::BTreeMap<&str, bool> = std::collections::BTreeMap::new();
        for (other, principal) in (0..).zip(&self.model.principals) {
            if principal.groups.is_empty() || principal.subject.account != own.subject.account {
                continue;
            }
            let administrator = verdict(&self.administers(other)) == Verdict::Allowed;
            for group in &principal.groups {
                *groups.entry(group).or_insert(true) &= administrator;
            }
        }
        groups.retain(|group, all| *all && !own.groups.iter().any(|mine| **mine == **group));
        groups.into_keys().collect()
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

#[cfg(test)]
mod tests {
    use super::*;

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
