//! Who may take an action on something, for all principals of an account at once.
//!
//! The point engine ([`crate::decide`]) answers for one principal. Here the same algebra is
//! done on sets of principals, 64 to a word, in three values: for certain, perhaps, never.
//! Where it says "perhaps" the point engine says when.
//!
//! Every statement of a policy of identities is kept once for each account in which somebody
//! has it, with the set of those who have it and for whom its conditions hold. Statements
//! about every resource are summed up for each action in advance (a [`Base`]); all others
//! are found by the text of the resource ([`patterns`]), so what a question on one resource
//! costs depends on the statements that are about it, not on all there are.
//!
//! Cost: building O(statements × actions that they name + principals × policies); a question
//! O(lengths of patterns + statements about the resource + principals / 64).

mod build;
mod column;
mod patterns;
mod questions;
mod side;
mod word;

use std::sync::OnceLock;

use foldhash::{HashMap, HashSet};

use crate::case::Values;
use crate::condition::Test;
use crate::context::{Context, Given, Keys, Lookup, Unknowns};
use crate::model::{PolicyId, PrincipalId};

pub(crate) use column::{Question, Target};
use patterns::Patterns;
pub(crate) use questions::{accounts, assume, who};
use word::Few;
pub(crate) use word::{Set, Word, members};

/// Index of an action.
pub(crate) type ActionId = u32;

/// The statements of all identities, for questions on sets of principals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sets(std::sync::Arc<Inner>);

impl std::ops::Deref for Sets {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// What [`Sets`] shares.
#[derive(Debug, Default)]
pub(crate) struct Inner {
    /// Actions in lower case, sorted.
    actions: Vec<Box<str>>,
    pub(crate) accounts: Vec<Account>,
    account_of: HashMap<Box<str>, u32>,
    /// Account and slot of a principal.
    places: Vec<(u32, u32)>,
    /// Keys that every request is given.
    given: Given,
    /// Requests have no other keys.
    concrete: bool,
    /// Keys that some principal has.
    of_principals: HashSet<Box<str>>,
    /// Keys that some resource has.
    of_resources: HashSet<Box<str>>,
}

/// The principals of an account with their statements.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Its id, as principals have it.
    pub(crate) id: Box<str>,
    /// Principals by slot.
    pub(crate) principals: Vec<PrincipalId>,
    /// Words of a set.
    words: usize,
    /// Who has a boundary.
    bounded: Set,
    /// About whom policies of the organization are not.
    exempt: Set,
    /// About whom resource control policies are not.
    linked: Set,
    /// Slots by ARN.
    by_arn: HashMap<Box<str>, Vec<u32>>,
    /// Some ARN is not known in full.
    open_arns: bool,
    /// Levels of service control policies.
    levels: usize,
    rows: Vec<Row>,
    /// Rows about every resource.
    always: Vec<u32>,
    /// Rows that are looked at for every resource: `NotResource`, conditions on the resource.
    others: Vec<u32>,
    patterns: Patterns,
    /// Row and index of the resource of each pattern.
    sources: Vec<(u32, u32)>,
    /// What is true of every resource, by action.
    bases: Vec<OnceLock<Base>>,
    /// Tests of a principal's keys that resource policies make.
    tests: std::sync::Mutex<HashMap<Test, std::sync::Arc<Set>>>,
}

/// To what kind of policy a statement belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layer {
    Identity,
    Boundary,
    Scp(u32),
}

impl Layer {
    /// Place among the layers of an account.
    fn index(self) -> usize {
        match self {
            Self::Identity => 0,
            Self::Boundary => 1,
            Self::Scp(level) => 2 + level as usize,
        }
    }
}

/// A statement of some principals of an account.
#[derive(Debug)]
struct Row {
    policy: PolicyId,
    statement: u32,
    layer: Layer,
    allows: bool,
    denies: bool,
    /// About whom it is: who has it and meets its conditions.
    who: std::sync::Arc<Few>,
    /// What it says for certain, at most.
    limit: Word,
    /// Actions that it names: for certain, and at all.
    actions: std::sync::Arc<[(u64, u64)]>,
    /// Some condition is on the resource.
    late: bool,
}

impl Row {
    /// Whether it names an action.
    fn names(&self, action: ActionId) -> Word {
        let (at, bit) = (action as usize / 64, action % 64);
        match self.actions.get(at) {
            Some((sure, _)) if sure & (1 << bit) != 0 => Word::ALL,
            Some((_, any)) if any & (1 << bit) != 0 => Word::OPEN,
            _ => Word::NONE,
        }
    }
}

/// What statements about every resource say of an action.
#[derive(Debug)]
struct Base {
    /// Who is allowed, by layer.
    allow: Vec<Set>,
    /// Who is denied, in any layer.
    deny: Set,
    /// Who may, on a resource of the own account about which nothing else is said.
    result: Set,
}

/// What is known of a request whoever makes it.
struct Shared<'c> {
    sets: &'c Inner,
    resource: &'c [(Box<str>, Values)],
    more: &'c Keys,
}

impl Context for Shared<'_> {
    fn get(&self, key: &str) -> Lookup<'_> {
        let own = |keys: &'_ [(Box<str>, Values)]| keys.iter().position(|(name, _)| **name == *key);
        if let Some((_, values)) = self.sets.given.iter().find(|(name, _)| **name == *key) {
            return values.as_ref().map_or(Lookup::Absent, crate::context::lookup);
        }
        if let Some(at) = own(self.more) {
            return crate::context::lookup(&self.more[at].1);
        }
        if self.sets.of_principal(key) {
            return Lookup::Unknown;
        }
        if let Some(at) = own(self.resource) {
            return crate::context::lookup(&self.resource[at].1);
        }
        if self.sets.concrete || key.starts_with("aws:resourcetag/") {
            Lookup::Absent
        } else {
            Lookup::Unknown
        }
    }
}

impl Inner {
    /// The index of an action, in lower case.
    pub(crate) fn action(&self, action: &str) -> Option<ActionId> {
        let at = self.actions.binary_search_by(|known| (**known).cmp(action)).ok()?;
        u32::try_from(at).ok()
    }

    /// The account of an id.
    pub(crate) fn account(&self, id: &str) -> Option<u32> {
        self.account_of.get(id).copied()
    }

    /// Account and slot of a principal.
    pub(crate) fn place(&self, principal: PrincipalId) -> (u32, u32) {
        self.places[principal as usize]
    }

    /// Whether a key may differ between principals.
    fn of_principal(&self, key: &str) -> bool {
        self.of_principals.contains(key) || key.starts_with("aws:principaltag/") || key == "aws:username"
    }

    /// Whether a key may differ between resources, or between ways to ask.
    fn of_resource(&self, key: &str) -> bool {
        key.starts_with("aws:resource")
            || matches!(key, "kms:viaservice" | "kms:calleraccount" | "iam:passedtoservice")
            || self.of_resources.contains(key)
    }

    /// Which of the two a test, with its policy variables, is about.
    fn about(&self, test: &Test) -> (bool, bool) {
        let mut about = (self.of_principal(&test.key), self.of_resource(&test.key));
        let mut variables = |glob: &crate::glob::Glob| {
            for variable in glob.variables() {
                about.0 |= self.of_principal(&variable.key);
                about.1 |= self.of_resource(&variable.key);
            }
        };
        for wanted in &*test.values {
            match wanted {
                crate::condition::Wanted::Text(glob) => variables(glob),
                crate::condition::Wanted::Arn(fields) => fields.iter().for_each(&mut variables),
                _ => {}
            }
        }
        about
    }

    /// What is not known of the requests of a principal.
    fn unknowns(&self, subject: &crate::subject::Subject) -> Unknowns {
        if self.concrete { Unknowns::None } else { crate::ask::unknowns(subject) }
    }
}
