//! Possible flows: a role that can read one store and write another.
//!
//! Access analysis gives what each principal may reach; here it becomes edges that are
//! marked possible and listed apart from what is configured.

use sekisho_estate::ResourceId;
use sekisho_facts::{Direction, Flow, Moves, Side, Transit};

/// What a principal may do with stores.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reach {
    /// A role, a user, or what runs with a role (a function, a task, an instance).
    pub principal: ResourceId,
    /// Stores whose content it may read.
    pub reads: Vec<ResourceId>,
    /// Stores into which it may write.
    pub writes: Vec<ResourceId>,
}

/// Who may read and write what. Implemented by access analysis.
pub trait Access: Sync {
    /// Every principal that reads or writes a store, in the order of the estate.
    fn reaches(&self) -> Vec<Reach>;
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
