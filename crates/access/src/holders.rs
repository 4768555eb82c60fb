//! Who of many has a capability on a store, without asking everyone.
//!
//! Principals whose policies say the same of a store have the same answer. What they say is
//! the statements that select an action of the class and the store or its key, with their
//! conditions; the denies, the boundary and the account. Most statements of an account say
//! nothing of a store, or the same of every store, so that there are few different answers,
//! and one principal is asked for each. Who is named by the store's own policy is asked by
//! itself; and where a policy looks at who asks, by a condition, a variable or a name that
//! is not known, everyone is.
//!
//! Cost of a store: O(patterns that start as its ARN does + principals + decisions on
//! different answers). The patterns of a class are sorted once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ask::{Ask, Cell};
use crate::case::Values;
use crate::condition::{Test, Wanted as Value};
use crate::context::{Context, Keys, Lookup, find};
use crate::formula::Formula;
use crate::glob::{Glob, HOLE};
use crate::holes::{HoleClass, Holes};
use crate::model::{Encryption, Model, PolicyId, PrincipalId, Store, StoreId};
use crate::policy::{Effect, Named, Policy, Select, Statement};
use crate::subject::SubjectKind;
use crate::tables::{self, Class};

/// Where conditions are counted from, after the forms of an ARN.
const TESTS: u32 = 1 << 16;
/// Where what is said of the key is counted from.
const OF_KEY: u32 = 1 << 24;

/// Principals with the same answer.
#[derive(Debug)]
pub struct Held {
    /// Who, in the order of their ids.
    pub who: Vec<PrincipalId>,
    /// The answer.
    pub cell: Cell,
}

/// The principals of a model, sorted by what their policies select.
#[derive(Debug)]
pub struct Holders {
    /// The profile of each principal.
    profiles: Vec<u32>,
    /// Condition keys whose values tell principals of one profile apart.
    keys: BTreeSet<Box<str>>,
    /// Statements that allow an action of a list, by the list.
    patterns: Mutex<HashMap<Wanted, Arc<Patterns>>>,
    /// Principals alike as far as nothing names a store, by what is asked of it and its key.
    alike: Mutex<HashMap<Pair, Arc<Alike>>>,
}

/// Actions that are looked for: of a class of a kind of store, or on a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Wanted {
    Class(usize, Class),
    Key(&'static str),
}

/// What is asked of a store and of its key.
type Pair = (Wanted, Option<Wanted>);

/// A statement of a principal: where it is, what it says where it selects a store for
/// certain, and what it says as a whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Stated {
    who: PrincipalId,
    policy: PolicyId,
    index: u32,
    says: u32,
    whole: u32,
}

/// Statements by the start of the resources that they select.
#[derive(Debug, Default)]
struct Patterns {
    /// What statements on everything say, by principal.
    everywhere: Vec<u32>,
    /// Sorted by the start.
    starts: Vec<(Box<[u8]>, Stated)>,
    /// The lengths of starts.
    lengths: BTreeSet<usize>,
    /// Statements of which no start is known.
    anywhere: Vec<Stated>,
}

/// Groups of principals.
#[derive(Debug)]
struct Alike {
    group: Vec<u32>,
    count: usize,
}

/// A form of the ARN and the statement, or a condition and what it comes to.
type Saying = (u32, u32);

/// What policies say of one store and its key.
#[derive(Debug, Default)]
struct Said {
    /// By principal.
    of: BTreeMap<PrincipalId, Vec<Saying>>,
    /// Whom a policy names.
    apart: BTreeSet<PrincipalId>,
}

/// Numbers for things that are equal.
#[derive(Debug)]
struct Numbers<T>(HashMap<T, u32>);

impl<T: Eq + Hash> Numbers<T> {
    fn of(&mut self, what: T) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(what).or_insert(next)
    }
}

/// What is the same for principals of one profile.
#[derive(PartialEq, Eq, Hash)]
struct Profile<'m> {
    account: Option<&'m str>,
    kind: SubjectKind,
    marks: [bool; 5],
    boundary: Option<PolicyId>,
    denies: Vec<PolicyId>,
    /// What conditions on who asks come to.
    looked: Vec<Formula>,
    /// A policy looks at who asks in another way: nobody else is like it.
    alone: Option<PrincipalId>,
}

impl Holders {
    /// Sorts the principals of a model.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let keys = keys_of_some(model);
        // Resource control policies are those of the store's account, whoever asks.
        let of_stores: Vec<PolicyId> = model.rcps.values().flatten().flatten().copied().collect();
        let mut known = Numbers(HashMap::new());
        let mut profiles = Vec::with_capacity(model.principals.len());
        for (id, principal) in (0..).zip(&model.principals) {
            let denies = |&policy: &PolicyId| {
                let statements = &model.policy(policy).statements;
                statements.iter().any(|statement| statement.effect != Effect::Allow)
            };
            let mut denies: Vec<PolicyId> = principal.identity.iter().copied().filter(denies).collect();
            denies.sort_unstable();
            let subject = &principal.subject;
            let account = subject.account.as_deref();
            let levels = account.and_then(|account| model.scps.get(account)).into_iter().flatten().flatten();
            let policies = principal.identity.iter().chain(&principal.boundary).chain(levels);
            let (mut looked, mut alone) = (Vec::new(), false);
            for &policy in policies.chain(&of_stores) {
                match Looks::of(model, model.policy(policy), &keys) {
                    Looks::At(tests) => looked
                        .extend(tests.iter().map(|test| test.holds(&Known(&subject.keys), &model.holes))),
                    Looks::Anyhow => alone = true,
                }
            }
            profiles.push(known.of(Profile {
                account,
                kind: subject.kind,
                marks: [
                    subject.deleted,
                    subject.service_linked,
                    subject.management,
                    subject.any_session,
                    subject.foreign,
                ],
                boundary: principal.boundary,
                denies,
                looked,
                alone: alone.then_some(id),
            }));
        }
        Self { profiles, keys, patterns: Mutex::default(), alike: Mutex::default() }
    }

    /// Those among `among` who have, or may have, a capability on a store. `among` is in the
    /// order of the ids.
    #[must_use]
    pub fn cells(
        &self,
        model: &Model,
        ask: &Ask<'_>,
        class: Class,
        store: StoreId,
        among: &[PrincipalId],
    ) -> Vec<Held> {
        let this = &model.stores[store as usize];
        let Some((kind, _)) = tables::store_kind(&this.type_name) else { return Vec::new() };
        let wanted = Wanted::Class(kind, class);
        let mut said = Said::default();
        let mut shared = self.said(model, this, 0, wanted, among, &mut said);
        let key = match &this.key {
            Encryption::Key(key) => class.key_action().map(|action| (*key, Wanted::Key(action))),
            _ => None,
        };
        if let Some((key, wanted)) = key {
            let key = &model.stores[key as usize];
            shared &= self.said(model, key, OF_KEY, wanted, among, &mut said);
        }
        shared &= self.by_endpoints(model, &mut said);
        let alike = self.alike(model, wanted, key.map(|(_, wanted)| wanted));
        let mut held: Vec<Held> = Vec::new();
        let mut ask_once = |who: PrincipalId, known: Option<usize>| {
            let index = known.unwrap_or_else(|| {
                held.push(Held { who: Vec::new(), cell: ask.can(&ask.asker(who), class, store) });
                held.len() - 1
            });
            if held[index].cell.formula != Formula::False {
                held[index].who.push(who);
            }
            index
        };
        let mut of_group: Vec<Option<usize>> = vec![None; alike.count];
        let mut of_said: HashMap<(u32, &[Saying]), usize> = HashMap::new();
        let mut next_said = said.of.iter().peekable();
        for &who in among {
            while next_said.next_if(|(other, _)| **other < who).is_some() {}
            let more = next_said.peek().filter(|(other, _)| **other == who).map(|(_, more)| more.as_slice());
            let group = alike.group[who as usize];
            if !shared || said.apart.contains(&who) {
                ask_once(who, None);
            } else if let Some(more) = more {
                let index = ask_once(who, of_said.get(&(group, more)).copied());
                of_said.insert((group, more), index);
            } else {
                of_group[group as usize] = Some(ask_once(who, of_group[group as usize]));
            }
        }
        held.retain(|held| !held.who.is_empty());
        held
    }

    /// Collects what policies of principals say of a store, and whom its own policy names.
    /// Says whether that speaks of all others alike.
    fn said(
        &self,
        model: &Model,
        store: &Store,
        first: u32,
        wanted: Wanted,
        among: &[PrincipalId],
        said: &mut Said,
    ) -> bool {
        let patterns = self.patterns(model, wanted);
        // An action that is on no type of resource is on `*`, which others may select.
        let on_all = wanted.actions().iter().any(|action| crate::decide::is_on_all(action));
        let forms = std::iter::once(&store.object).chain(store.forms.iter().map(|(_, object)| object));
        for (form, object) in (first..).zip(forms) {
            patterns.each(&object.arn, &model.holes, |stated| {
                let statement = &model.policy(stated.policy).statements[stated.index as usize];
                let says = match statement.resources.selects(&object.arn, &ANYONE, &model.holes) {
                    Formula::False if !on_all => return,
                    Formula::True => stated.says,
                    _ => stated.whole,
                };
                let of = said.of.entry(stated.who).or_default();
                if !of.contains(&(form, says)) {
                    of.push((form, says));
                }
            });
        }
        // What of a way or a grant is about one is not looked up here.
        if !store.points.is_empty() {
            return false;
        }
        for grant in &store.grants {
            match model.by_arn.get(&grant.grantee) {
                Some(who) => _ = said.apart.insert(*who),
                None if Holes::any_in(&grant.grantee) => return false,
                None => {}
            }
        }
        let Some(policy) = store.policy else { return true };
        let policy = model.policy(policy);
        for named in policy.statements.iter().flat_map(|statement| statement.principals.written()) {
            if let Named::Arn(arn) = named {
                said.apart.extend(model.by_arn.get(arn));
            }
        }
        let Looks::At(tests) = Looks::of(model, policy, &self.keys) else { return false };
        let mut comes_to = Numbers(HashMap::new());
        for (index, test) in (0..).zip(tests) {
            for &who in among {
                let keys = Known(&model.principals[who as usize].subject.keys);
                let number = comes_to.of(test.holds(&keys, &model.holes));
                said.of.entry(who).or_default().push((first + TESTS + index, number));
            }
        }
        true
    }

    /// Collects whom policies of VPC endpoints name; says whether they speak of all others
    /// alike.
    fn by_endpoints(&self, model: &Model, said: &mut Said) -> bool {
        model.endpoints.iter().filter_map(|endpoint| endpoint.policy).all(|policy| {
            let policy = model.policy(policy);
            for named in policy.statements.iter().flat_map(|statement| statement.principals.written()) {
                if let Named::Arn(arn) = named {
                    said.apart.extend(model.by_arn.get(arn));
                }
            }
            matches!(Looks::of(model, policy, &self.keys), Looks::At(tests) if tests.is_empty())
        })
    }

    fn patterns(&self, model: &Model, wanted: Wanted) -> Arc<Patterns> {
        let mut known = self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(wanted).or_insert_with(|| Arc::new(Patterns::of(model, wanted))).clone()
    }

    fn alike(&self, model: &Model, wanted: Wanted, key: Option<Wanted>) -> Arc<Alike> {
        let mut known = self.alike.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let store = self.patterns(model, wanted);
            let key = key.map(|key| self.patterns(model, key));
            let mut numbers = Numbers(HashMap::new());
            let group = self
                .profiles
                .iter()
                .enumerate()
                .map(|(who, profile)| {
                    numbers.of((*profile, store.everywhere[who], key.as_ref().map(|key| key.everywhere[who])))
                })
                .collect();
            Arc::new(Alike { group, count: numbers.0.len() })
        };
        known.entry((wanted, key)).or_insert_with(make).clone()
    }
}

impl Wanted {
    fn actions(self) -> Vec<String> {
        match self {
            Self::Key(action) => vec![action.to_owned()],
            Self::Class(kind, class) => tables::store_kinds()[kind]
                .classes
                .get(&class)
                .into_iter()
                .flat_map(|forms| forms.values().flatten())
                .map(|action| action.to_ascii_lowercase())
                .collect(),
        }
    }
}

impl Patterns {
    fn of(model: &Model, wanted: Wanted) -> Self {
        let actions = wanted.actions();
        let mut out = Self::default();
        let mut sentences = Numbers(HashMap::new());
        let mut of_policy: HashMap<PolicyId, Vec<(u32, u32, u32)>> = HashMap::new();
        let mut sets = Numbers(HashMap::new());
        for (who, principal) in (0..).zip(&model.principals) {
            let mut everywhere = BTreeSet::new();
            for &policy in &principal.identity {
                let statements = &model.policy(policy).statements;
                let allowing = of_policy.entry(policy).or_insert_with(|| {
                    let read = |(index, statement): (u32, &Statement)| {
                        let says = says(statement, &actions, &model.holes)?;
                        let whole = format!("{says} {:?} {:?}", statement.actions, statement.resources);
                        Some((index, sentences.of(says), sentences.of(whole)))
                    };
                    (0..).zip(statements).filter_map(read).collect()
                });
                for &(index, says, whole) in &*allowing {
                    let stated = Stated { who, policy, index, says, whole };
                    match &statements[index as usize].resources {
                        Select::Absent => _ = everywhere.insert(says),
                        Select::Only(globs) if globs.iter().any(Glob::is_everything) => {
                            everywhere.insert(says);
                        }
                        Select::Only(globs) => {
                            out.starts.extend(globs.iter().map(|glob| (start(glob).into(), stated)));
                        }
                        Select::AllBut(_) | Select::Unknown(_) => out.anywhere.push(stated),
                    }
                }
            }
            out.everywhere.push(sets.of(everywhere));
        }
        out.starts.sort_unstable();
        out.lengths = out.starts.iter().map(|(start, _)| start.len()).collect();
        out
    }

    /// Calls back with every statement that may select an ARN.
    fn each(&self, arn: &str, holes: &Holes, mut found: impl FnMut(Stated)) {
        let generated = holes.first_in(arn).is_some_and(|hole| hole.class == HoleClass::Generated);
        self.anywhere.iter().for_each(|&stated| found(stated));
        let arn = arn.as_bytes();
        let known = &arn[..memchr::memchr(HOLE, arn).unwrap_or(arn.len())];
        // Before its first hole the ARN goes on as the pattern starts.
        for &length in self.lengths.range(..=known.len()) {
            let start = &known[..length];
            let from = self.starts.partition_point(|(other, _)| &**other < start);
            self.starts[from..].iter().take_while(|(other, _)| &**other == start).for_each(|of| found(of.1));
        }
        // Or the pattern goes on as the ARN does up to there.
        if known.len() < arn.len() {
            let from = self.starts.partition_point(|(other, _)| &**other <= known);
            let longer = self.starts[from..].iter().take_while(|(other, _)| other.starts_with(known));
            // A name that AWS makes up has neither of these, and is none that is written.
            let written =
                |start: &[u8]| generated && memchr::memchr2(b':', b'/', &start[known.len()..]).is_some();
            longer.filter(|(start, _)| !written(start)).for_each(|of| found(of.1));
        }
    }
}

/// What a statement says of resources that it selects: which actions of a list, under which
/// conditions. None when it allows none.
fn says(statement: &Statement, actions: &[String], holes: &Holes) -> Option<String> {
    if statement.effect == Effect::Deny {
        return None;
    }
    let selected: Vec<Formula> =
        actions.iter().map(|action| statement.actions.selects(action, &ANYONE, holes)).collect();
    if selected.iter().all(|formula| *formula == Formula::False) {
        return None;
    }
    Some(format!("{:?} {selected:?} {:?} {:?}", statement.effect, statement.tests, statement.problem))
}

/// Condition keys whose values tell principals of the same account and kind apart.
fn keys_of_some(model: &Model) -> BTreeSet<Box<str>> {
    let mut first: HashMap<(Option<&str>, SubjectKind), &Keys> = HashMap::new();
    let mut out = BTreeSet::new();
    for principal in &model.principals {
        let subject = &principal.subject;
        let known = *first.entry((subject.account.as_deref(), subject.kind)).or_insert(&subject.keys);
        if std::ptr::eq(known, &raw const subject.keys) {
            continue;
        }
        let differs = |(key, value): &&(Box<str>, Values), other: &Keys| {
            !other.iter().any(|(name, same)| name == key && same == value)
        };
        out.extend(subject.keys.iter().filter(|key| differs(key, known)).map(|(key, _)| key.clone()));
        out.extend(known.iter().filter(|key| differs(key, &subject.keys)).map(|(key, _)| key.clone()));
    }
    out
}

/// What a pattern starts with, as far as it is known.
fn start(glob: &Glob) -> &[u8] {
    let start = glob.start();
    &start[..memchr::memchr(HOLE, start).unwrap_or(start.len())]
}

/// What a policy looks at of principals that it does not name by a known ARN.
enum Looks<'p> {
    /// At these keys.
    At(Vec<&'p Test>),
    /// At more than can be compared.
    Anyhow,
}

impl<'p> Looks<'p> {
    fn of(model: &Model, policy: &'p Policy, keys: &BTreeSet<Box<str>>) -> Self {
        let varies = |glob: &Glob| !glob.variables().is_empty();
        let mut at = Vec::new();
        for statement in &policy.statements {
            let named = match &statement.principals {
                Select::AllBut(_) => true,
                Select::Only(of) => of.iter().any(|named| match named {
                    Named::Arn(arn) if model.by_arn.contains_key(arn) => false,
                    Named::Arn(arn) => Holes::any_in(arn) || arn.contains(":sts:"),
                    Named::Id(_) | Named::Canonical(_) | Named::Federated(_) => true,
                    Named::Anyone | Named::Account(_) | Named::Service(_) | Named::Unknown(_) => false,
                }),
                Select::Absent | Select::Unknown(_) => false,
            };
            let values = statement.tests.iter().flat_map(|test| test.values.iter());
            let varied = values.into_iter().any(|value| match value {
                Value::Text(glob) => varies(glob),
                Value::Arn(fields) => fields.iter().any(varies),
                _ => false,
            });
            let mut globs = statement.actions.written().iter().chain(statement.resources.written());
            if named || varied || globs.any(varies) {
                return Self::Anyhow;
            }
            at.extend(statement.tests.iter().filter(|test| keys.contains(&test.key)));
        }
        Self::At(at)
    }
}

/// Only the keys of one who asks are known.
struct Known<'k>(&'k Keys);

/// Who asks may be anyone: every key is open.
static ANYONE: Known<'_> = Known(&Keys::new());

impl Context for Known<'_> {
    fn get(&self, key: &str) -> Lookup<'_> {
        find(self.0, key).unwrap_or(Lookup::Unknown)
    }
}
