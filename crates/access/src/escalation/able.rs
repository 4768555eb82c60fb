//! Whose policies name the actions of which path at all.

use std::sync::OnceLock;

use super::{Gives, Kind, On, Path, paths};
use crate::context::Nothing;
use crate::formula::Formula;
use crate::model::Model;
use crate::policy::Effect;
use crate::subject::SubjectKind;

/// The paths with actions in lower case.
pub(super) struct Compiled {
    pub(super) path: &'static Path,
    pub(super) needs: Vec<(String, On)>,
}

/// The paths with actions in lower case, made once.
pub(super) fn compiled() -> &'static [Compiled] {
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

/// The actions that paths need, in lower case, sorted.
pub(crate) fn actions() -> Vec<&'static str> {
    let needs = compiled().iter().flat_map(|path| path.needs.iter().map(|(action, _)| action.as_str()));
    let mut actions: Vec<&str> = needs.chain(["iam:passrole", "sts:assumerole"]).collect();
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
