//! Who can make itself an administrator, and how.
//!
//! Paths are data (`facts/hand/access/escalation.yaml`). Administrators are those who are
//! allowed every action on everything. From them the search goes backwards: who gains one of
//! them by a path or by assuming it is as powerful, and is a goal itself. A principal is a
//! candidate for a path only when statements of its own policies name all of its actions, and
//! which candidates are allowed them is asked for all at once ([`crate::sets`]); so the cost is
//! O(statements × actions of paths + goals × paths × principals / 64), not principals².

mod able;
mod search;

use std::collections::HashSet;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::ask::verdict;
use crate::case::Verdict;
use crate::formula::Formula;
use crate::model::{Model, PrincipalId};
use crate::who::Chains;

pub(crate) use able::{able, actions};
pub(crate) use search::Search;

const PATHS: &str = include_str!("../../../../facts/hand/access/escalation.yaml");

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
        search.administrators(&found.administrators);
        let mut all = search.nobody();
        for &id in &known {
            search.include(&mut all, id);
        }
        for step in search.by_themselves(&all) {
            known.insert(step.who);
            search.include(&mut all, step.who);
            goals.push(step.who);
            found.steps.push(step);
        }
        while let Some(goal) = goals.pop() {
            for step in search.gain(goal, &all, true) {
                known.insert(step.who);
                search.include(&mut all, step.who);
                goals.push(step.who);
                found.steps.push(step);
            }
        }
        found.steps.sort_by_key(|step| (step.formula != Formula::True, step.who));
        found.open.retain(|(id, _)| !known.contains(id));
        found
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
