//! Possible flows: who can read one store and write another, by its policies.
//!
//! The access matrix says what each user and role may reach; here it becomes edges that are
//! marked possible and listed apart from what is configured. A function, task or instance
//! stands for the role that it runs with, so that what is configured to arrive at it goes on
//! to whatever its role may write; a user, and a role that people or other accounts can
//! take on, stands for itself. A role of which only services make use (a delivery stream, a
//! replication) adds nothing: what it moves is configured.
//!
//! O(principals × stores) look-ups in the matrix, and a decision for each open one.

use std::sync::{Arc, OnceLock};

use sekisho_access::ask::{Ask, Cell};
use sekisho_access::case::Verdict;
use sekisho_access::explain::{Reason, ReasonEffect};
use sekisho_access::formula::Formula;
use sekisho_access::matrix::{Answer, Matrix};
use sekisho_access::model::{Model, PrincipalId, StoreId};
use sekisho_access::tables::Class;
use sekisho_access::who::{Chains, Row, Who};
use sekisho_estate::{Estate, ResourceId};
use sekisho_facts::{Direction, Flow, Holds, Moves, Side, Transit, flow_node, store};

/// Most pairs of a workload and a store for one role; beyond, the role stands for all that
/// run with it.
const MAX_PAIRS: usize = 10_000;

/// Most possible flows through policies. Who may do least is followed first: that an
/// administrator can carry everything everywhere says little.
const MAX_EDGES: usize = 500_000;

/// Who may do what with the stores of an estate.
#[derive(Debug)]
pub struct Access {
    /// The accounts.
    pub model: Arc<Model>,
    /// Who can become whom.
    pub chains: Arc<Chains>,
    matrix: OnceLock<Matrix>,
}

/// By which right of whom an edge is possible.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Right {
    /// The user or role.
    pub principal: PrincipalId,
    /// What it may do: [`Class::ReadContent`] or [`Class::Write`].
    pub class: Class,
    /// With what.
    pub store: StoreId,
}

/// What stands between the stores that a principal may read and write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reach {
    /// The user or role, or what runs with the role.
    pub(crate) by: ResourceId,
    /// Rights to read a store's content.
    pub(crate) reads: Vec<(ResourceId, Right)>,
    /// Rights to write into a store.
    pub(crate) writes: Vec<(ResourceId, Right)>,
}

/// A user or role before its rights are written down.
struct Middle {
    id: PrincipalId,
    /// What stands between the stores for it.
    by: Vec<ResourceId>,
    /// How many edges that makes.
    edges: usize,
}

/// A right with what decides on it.
#[derive(Clone, Debug)]
pub struct Decided {
    /// By which actions, and when.
    pub cell: Cell,
    /// The statements that allow or deny it.
    pub statements: Vec<Reason>,
}

impl Access {
    /// The accounts of an estate and who can become whom.
    #[must_use]
    pub fn new(model: Arc<Model>, chains: Arc<Chains>) -> Self {
        Self { model, chains, matrix: OnceLock::new() }
    }

    fn matrix(&self) -> &Matrix {
        self.matrix.get_or_init(|| Matrix::of(&self.model))
    }

    /// Everything that stands between stores, in the order of the principals, and how many
    /// users and roles were left out because they may do too much.
    pub(crate) fn reaches(&self, estate: &Estate) -> (Vec<Reach>, usize) {
        let model = &*self.model;
        let matrix = self.matrix();
        let ask = Ask::new(model);
        // Keys and settings are no place for PHI.
        let stores: Vec<(StoreId, ResourceId)> = (0..)
            .zip(&model.stores)
            .filter_map(|(at, found)| {
                let resource = found.resource?;
                let holds = store(estate.type_name(resource))?.holds;
                (holds != Holds::Metadata).then_some((at, resource))
            })
            .collect();
        let has = |id: PrincipalId, class: Class, at: StoreId| match matrix.cell(id, class, at) {
            Answer::No => false,
            Answer::Yes => true,
            Answer::Open => ask.can(&ask.asker(id), class, at).formula != Formula::False,
        };
        let mut middles: Vec<Middle> = Vec::new();
        for (id, principal) in (0..).zip(&model.principals) {
            let Some(itself) = principal.resource else { continue };
            let runs = |of: &ResourceId| flow_node(estate.type_name(*of)).is_some_and(|node| node.runs);
            let programs: Vec<ResourceId> = principal.used_by.iter().copied().filter(runs).collect();
            let taken = self.chains.into[id as usize].iter().any(|(who, _)| !matches!(who, Who::Service(_)));
            let alone = principal.trust.is_none() || taken || principal.used_by.is_empty();
            let count = |class: Class| stores.iter().filter(|(at, _)| has(id, class, *at)).count();
            let (reads, writes) = (count(Class::ReadContent), count(Class::Write));
            let rights = reads + writes;
            let many = programs.len() * rights > MAX_PAIRS;
            let mut by = if many { Vec::new() } else { programs };
            if (alone || many) && reads > 0 && writes > 0 {
                by.push(itself);
            }
            if rights > 0 && !by.is_empty() {
                middles.push(Middle { id, edges: rights * by.len(), by });
            }
        }
        let kept = kept(&middles.iter().map(|middle| middle.edges).collect::<Vec<_>>(), MAX_EDGES);
        let left_out = kept.iter().filter(|kept| !**kept).count();
        let mut reaches = Vec::new();
        for (middle, _) in middles.into_iter().zip(kept).filter(|(_, kept)| *kept) {
            let rights = |class: Class| -> Vec<(ResourceId, Right)> {
                let right = |&(at, of): &(StoreId, ResourceId)| {
                    (of, Right { principal: middle.id, class, store: at })
                };
                stores.iter().filter(|(at, _)| has(middle.id, class, *at)).map(right).collect()
            };
            let (reads, writes) = (rights(Class::ReadContent), rights(Class::Write));
            for by in middle.by {
                reaches.push(Reach { by, reads: reads.clone(), writes: writes.clone() });
            }
        }
        (reaches, left_out)
    }

    /// Whether and when a right holds, and the statements that decide on it.
    #[must_use]
    pub fn decided(&self, right: Right) -> Decided {
        let ask = Ask::new(&self.model);
        let asker = ask.asker(right.principal);
        let mut statements = ask.reasons(&asker, right.class, right.store);
        statements.retain(|reason| reason.effect != ReasonEffect::Short);
        Decided { cell: ask.can(&asker, right.class, right.store), statements }
    }

    /// Who has a capability on a store, by itself or by roles that it can take on, farthest
    /// first; none when the access room does not know the type.
    #[must_use]
    pub fn holders(&self, store: ResourceId, class: Class) -> Option<Vec<Row>> {
        let &at = self.model.by_resource.get(&store)?;
        let (_, kind) = sekisho_access::tables::store_kind(&self.model.stores[at as usize].type_name)?;
        kind.classes.contains_key(&class).then_some(())?;
        let ask = Ask::new(&self.model);
        let may = |id: PrincipalId| self.matrix().cell(id, class, at) != Answer::No;
        let mut rows = self.model.who_can_among(&ask, &self.chains, class, at, &may);
        rows.retain(|row| row.cell.verdict() != Verdict::Denied);
        Some(rows)
    }
}

/// Which of several may be followed: those with the fewest edges, as long as all together are no
/// more than `most`.
fn kept(edges: &[usize], most: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..edges.len()).collect();
    order.sort_by_key(|&at| edges[at]);
    let (mut total, mut kept) = (0_usize, vec![false; edges.len()]);
    for at in order {
        total = total.saturating_add(edges[at]);
        kept[at] = total <= most;
    }
    kept
}

const BLANK: Flow = Flow {
    path: "",
    to: &["*"],
    moves: Moves::Content,
    direction: Direction::Out,
    asks: Side::Holder,
    possible: true,
    implicit: false,
    always: false,
    region: false,
    named: None,
    when: None,
    content_if: None,
    transit: Transit::Application,
    at_rest: None,
    api: false,
    note: "",
    source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
    also: &[],
    verified: false,
};

/// The kind of a flow from a store to who may read it.
pub(crate) static READ: Flow = Flow { path: "read by its policies", direction: Direction::In, ..BLANK };
/// The kind of a flow from who may write a store to it.
pub(crate) static WRITE: Flow = Flow { path: "write by its policies", ..BLANK };

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn who_may_do_least_is_followed_first() {
        assert_eq!(kept(&[4, 100, 3, 3], 10), [true, false, true, true]);
        assert_eq!(kept(&[4, 4, 4], 10), [true, true, false]);
        assert_eq!(kept(&[11], 10), [false]);
        assert_eq!(kept(&[], 10), [] as [bool; 0]);
    }
}
