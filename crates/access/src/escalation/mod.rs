//! Who can make itself an administrator, and how.
//!
//! Paths are data (`facts/hand/access/escalation.yaml`). Administrators are those who are
//! allowed every action on everything. From them the search goes backwards: who gains one of
//! them by a path or by assuming it is as powerful, and is a goal itself. A principal is a
//! candidate for a path only when its own policies name all of its actions, and is looked at
//! only for goals that they may be allowed on (by sets of candidates); so the cost is O(statements ×
//! actions of paths + goals × actions × candidates / 64 + steps), not principals².

mod filter;
mod needs;
mod paths;
mod search;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::ask::verdict;
use crate::case::Verdict;
use crate::formula::Formula;
use crate::model::{Model, PrincipalId};
use crate::who::{Chains, Who};

pub(crate) use filter::{Filter, Mask};
pub(crate) use paths::able;
pub use paths::{Gives, Kind, Need, On, Path, paths};
use search::Best;
pub(crate) use search::Search;

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
