//! The paths of escalation, as data.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::context::Nothing;
use crate::formula::Formula;
use crate::model::Model;
use crate::policy::Effect;
use crate::subject::SubjectKind;

/// The path of those who assume a role.
pub(super) const ASSUME: &str = "sts-001";
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
    pub(super) fn by_itself(self) -> bool {
        matches!(
            self,
            Self::Everything | Self::EverythingAsUser | Self::EverythingAsRole | Self::EverythingAsMember
        )
    }
}

impl Path {
    /// The actions that it needs, as they are written.
    pub(super) fn actions(&self) -> Vec<&str> {
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

/// The paths.
pub fn paths() -> &'static [Path] {
    static ROWS: OnceLock<Vec<Path>> = OnceLock::new();
    ROWS.get_or_init(|| serde_saphyr::from_str(PATHS).unwrap_or_default())
}

/// The paths with actions in lower case.
pub(super) struct Compiled {
    pub(super) path: &'static Path,
    pub(super) needs: Vec<(String, &'static Need)>,
}

/// The paths with actions in lower case, made once.
pub(super) fn compiled() -> &'static [Compiled] {
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
