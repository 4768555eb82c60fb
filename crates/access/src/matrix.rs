//! All principals × all stores × all capability classes at once.
//!
//! The stores of an account and type are a group; a set of them is a bitset. Every policy is
//! matched against a group once, statement by statement: a pattern's literal start gives a
//! range of the sorted ARNs, the rest is tried on those alone. A row is then set algebra
//! over the statements of one principal: for each action of a class, allowed minus denied,
//! within boundary and service control policies. Principals with the same policies share a
//! row. What a resource policy adds or takes is decided by [`Ask`] for those it names; where
//! it names everyone, for every principal of the account.
//!
//! A cell is yes or no only where that holds in every request; a condition, a variable or a
//! hole makes it open, and [`Ask::can`] says when. Cost: O(statements × (log stores + matched)
//! + rows × statements × stores / 64 + cells that resource policies name).

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;

use crate::ask::{Ask, verdict};
use crate::case::Verdict;
use crate::context::{Context, Lookup};
use crate::formula::Formula;
use crate::glob::{Glob, Match};
use crate::holes::{HoleClass, Holes};
use crate::model::{Encryption, Model, PolicyId, PrincipalId, StoreId};
use crate::policy::{Effect, Named, Policy, Select, Statement};
use crate::tables::{self, Class, StoreKind};

/// What a cell is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Never.
    No,
    /// Always.
    Yes,
    /// Under a condition, or not known: [`Ask::can`] says which.
    Open,
}

/// The matrix.
#[derive(Debug)]
pub struct Matrix {
    groups: Vec<Group>,
    /// Group and place in it, by store.
    places: Vec<(u32, u32)>,
    /// Groups of an account, by index of the account.
    of_account: Vec<Vec<u32>>,
    /// Account of a principal.
    account: Vec<u32>,
    /// Row of a principal.
    row: Vec<u32>,
    rows: Vec<Row>,
    /// Cells that resource policies change.
    overrides: HashMap<(PrincipalId, StoreId), [Answer; CLASSES]>,
    /// Stores of which every cell of an account's principals is in `overrides`.
    special: Vec<bool>,
}

const CLASSES: usize = Class::ALL.len();

/// The stores of one account and type.
#[derive(Debug)]
struct Group {
    kind: &'static StoreKind,
    account: u32,
    /// In the order of their ARNs.
    stores: Vec<StoreId>,
    /// Actions with the forms they are asked on and their classes.
    probes: Vec<Probe>,
    forms: Vec<Form>,
}

#[derive(Debug)]
struct Probe {
    action: String,
    form: usize,
    classes: [bool; CLASSES],
}

/// The ARNs of one form, sorted, each with the place of its store.
#[derive(Debug)]
struct Form {
    texts: Vec<(Box<str>, u32)>,
    plain: bool,
    /// The last letter of every text is what the request names, and no other is open.
    ends_open: bool,
}

type Bits = Vec<u64>;

/// What one statement matches in a group.
#[derive(Clone, Debug)]
struct Hit {
    deny: bool,
    /// Probes whose action it names.
    mask: u64,
    /// Matched stores by form: for certain, and at all.
    sets: Vec<(Bits, Bits)>,
}

/// Capabilities of one set of policies: for certain and at all, by group of its account, then
/// class.
#[derive(Debug)]
struct Row {
    cells: Vec<[(Bits, Bits); CLASSES]>,
}

/// A context in which only what every request has is known.
struct Nobody;

impl Context for Nobody {
    fn get(&self, key: &str) -> Lookup<'_> {
        if key == "aws:securetransport" { Lookup::One("true") } else { Lookup::Unknown }
    }
}

impl Matrix {
    /// Computes the matrix of a model.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let mut accounts: HashMap<&str, u32> = HashMap::new();
        let account: Vec<u32> = model
            .principals
            .iter()
            .map(|principal| number(&mut accounts, principal.subject.account.as_deref()))
            .collect();
        let store_accounts: Vec<u32> =
            model.stores.iter().map(|store| number(&mut accounts, store.object.account.as_deref())).collect();
        let names: Vec<&str> = {
            let mut names = vec![""; accounts.len()];
            for (name, &index) in &accounts {
                names[index as usize] = name;
            }
            names
        };
        let groups = groups(model, &store_accounts);
        let mut places = vec![(u32::MAX, 0); model.stores.len()];
        let mut of_account = vec![Vec::new(); names.len()];
        for (index, group) in (0..).zip(&groups) {
            of_account[group.account as usize].push(index);
            for (at, &store) in (0..).zip(&group.stores) {
                places[store as usize] = (index, at);
            }
        }
        let (row, keys) = row_keys(model, &account);
        let rows: Vec<Row> = compute_rows(model, &groups, &of_account, &names, &keys, &places);
        let mut matrix = Self {
            groups,
            places,
            of_account,
            account,
            row,
            rows,
            overrides: HashMap::new(),
            special: vec![false; model.stores.len()],
        };
        matrix.resource_policies(model);
        matrix
    }

    /// Whether a principal has a capability on a store.
    #[must_use]
    pub fn cell(&self, principal: PrincipalId, class: Class, store: StoreId) -> Answer {
        let class = class as usize;
        if let Some(cells) = self.overrides.get(&(principal, store)) {
            return cells[class];
        }
        let (group, at) = self.places[store as usize];
        let Some(found) = self.groups.get(group as usize) else { return Answer::No };
        let account = self.account[principal as usize];
        if found.account != account || self.special[store as usize] {
            return Answer::No;
        }
        let Some(local) = self.of_account[account as usize].iter().position(|&index| index == group) else {
            return Answer::No;
        };
        let (sure, any) = &self.rows[self.row[principal as usize] as usize].cells[local][class];
        if has(sure, at) {
            Answer::Yes
        } else if has(any, at) {
            Answer::Open
        } else {
            Answer::No
        }
    }

    /// How many cells of a class are yes, and how many are open.
    #[must_use]
    pub fn count(&self, class: Class) -> (u64, u64) {
        let class = class as usize;
        let mut rows_used = vec![0_u64; self.rows.len()];
        for &row in &self.row {
            rows_used[row as usize] += 1;
        }
        let (mut yes, mut open) = (0, 0);
        for (row, used) in self.rows.iter().zip(rows_used) {
            for cells in &row.cells {
                let (sure, any) = &cells[class];
                let sure: u64 = sure.iter().map(|word| u64::from(word.count_ones())).sum();
                let any: u64 = any.iter().map(|word| u64::from(word.count_ones())).sum();
                yes += sure * used;
                open += any.saturating_sub(sure) * used;
            }
        }
        (yes, open)
    }

    /// Cells that resource policies decide.
    fn resource_policies(&mut self, model: &Model) {
        let mut by_account: HashMap<u32, Vec<PrincipalId>> = HashMap::new();
        let mut by_name: HashMap<&str, u32> = HashMap::new();
        for (id, principal) in (0..).zip(&model.principals) {
            let account = self.account[id as usize];
            by_account.entry(account).or_default().push(id);
            by_name.insert(principal.subject.account.as_deref().unwrap_or_default(), account);
        }
        let work: Vec<(StoreId, BTreeSet<PrincipalId>, bool)> = (0..)
            .zip(&model.stores)
            .filter(|(id, _)| self.places[*id as usize].0 != u32::MAX)
            .filter_map(|(id, store)| {
                let own = self.groups[self.places[id as usize].0 as usize].account;
                let mut named = match store.policy {
                    Some(policy) => named(model, model.policy(policy), store, own, &by_account, &by_name),
                    // A key without a policy lets nobody in.
                    None if &*store.type_name == "AWS::KMS::Key" => Touched {
                        who: BTreeSet::new(),
                        special: true,
                        direct: BTreeSet::new(),
                        needs_identity: false,
                    },
                    None => Touched {
                        who: BTreeSet::new(),
                        special: false,
                        direct: BTreeSet::new(),
                        needs_identity: true,
                    },
                };
                // An access control list names everyone.
                if store.s3.as_ref().is_some_and(|s3| s3.has_acls() && !s3.bucket_acl.is_empty()) {
                    named.special = true;
                    named.needs_identity = false;
                    named.who.extend(by_account.values().flatten().copied());
                }
                if named.needs_identity {
                    let direct = &named.direct;
                    named.who.retain(|who| direct.contains(who) || may_reach(model, *who, store));
                }
                Some((id, named.who, named.special)).filter(|(_, who, special)| *special || !who.is_empty())
            })
            .collect();
        let ask = Ask::new(model);
        let decided: Vec<((PrincipalId, StoreId), [Answer; CLASSES])> = work
            .par_iter()
            .flat_map_iter(|(store, who, _)| {
                let ask = &ask;
                who.iter().map(move |&principal| {
                    let asker = ask.asker(principal);
                    let cells = Class::ALL.map(|class| {
                        let cell = ask.can(&asker, class, *store);
                        match verdict(&cell.formula) {
                            Verdict::Allowed => Answer::Yes,
                            Verdict::Denied => Answer::No,
                            _ => Answer::Open,
                        }
                    });
                    ((principal, *store), cells)
                })
            })
            .collect();
        for (store, _, special) in &work {
            self.special[*store as usize] = *special;
        }
        self.overrides.extend(decided);
    }
}

/// The number of an account.
fn number<'m>(accounts: &mut HashMap<&'m str, u32>, account: Option<&'m str>) -> u32 {
    let next = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
    *accounts.entry(account.unwrap_or_default()).or_insert(next)
}

/// The stores by account and type, with their ARNs sorted.
fn groups(model: &Model, accounts: &[u32]) -> Vec<Group> {
    let mut members: HashMap<(u32, usize), Vec<StoreId>> = HashMap::new();
    for (id, store) in (0..).zip(&model.stores) {
        if let Some((kind, _)) = tables::store_kind(&store.type_name) {
            members.entry((accounts[id as usize], kind)).or_default().push(id);
        }
    }
    let mut keys: Vec<(u32, usize)> = members.keys().copied().collect();
    keys.sort_unstable();
    keys.into_iter()
        .map(|key| {
            let kind = &tables::store_kinds()[key.1];
            let mut stores = members.remove(&key).unwrap_or_default();
            stores.sort_by(|a, b| {
                model.stores[*a as usize].object.arn.cmp(&model.stores[*b as usize].object.arn)
            });
            let names: Vec<&str> =
                std::iter::once("self").chain(kind.forms.keys().map(String::as_str)).collect();
            let forms = names
                .iter()
                .map(|name| {
                    let mut texts: Vec<(Box<str>, u32)> = (0..)
                        .zip(&stores)
                        .map(|(at, &id)| {
                            let store = &model.stores[id as usize];
                            let object = store.forms.iter().find(|(form, _)| form == name);
                            (object.map_or(&store.object, |(_, object)| object).arn.clone(), at)
                        })
                        .collect();
                    texts.sort();
                    let plain = texts.iter().all(|(text, _)| !Holes::any_in(text));
                    let ends_open = texts.iter().all(|(text, _)| {
                        let mut letters = text.chars().rev();
                        let last = letters.next().and_then(|c| model.holes.get(c));
                        last.is_some_and(|hole| hole.class == HoleClass::Content)
                            && letters.all(|c| model.holes.get(c).is_none())
                    });
                    Form { texts, plain, ends_open }
                })
                .collect();
            let mut probes: Vec<Probe> = Vec::new();
            for (class, by_form) in &kind.classes {
                for (form, actions) in by_form {
                    let form = names.iter().position(|name| name == form).unwrap_or(0);
                    for action in actions {
                        let action = action.to_ascii_lowercase();
                        let known =
                            probes.iter().position(|probe| probe.action == action && probe.form == form);
                        let at = known.unwrap_or_else(|| {
                            probes.push(Probe { action, form, classes: [false; CLASSES] });
                            probes.len() - 1
                        });
                        probes[at].classes[*class as usize] = true;
                    }
                }
            }
            Group { kind, account: key.0, stores, probes, forms }
        })
        .collect()
}

/// What makes two principals have the same row.
#[derive(PartialEq, Eq, Hash, Clone, Debug)]
struct RowKey {
    account: u32,
    identity: Vec<PolicyId>,
    boundary: Option<PolicyId>,
    bound_by_scps: bool,
}

fn row_keys(model: &Model, accounts: &[u32]) -> (Vec<u32>, Vec<RowKey>) {
    let mut index: HashMap<RowKey, u32> = HashMap::new();
    let mut keys = Vec::new();
    let row = model
        .principals
        .iter()
        .zip(accounts)
        .map(|(principal, &account)| {
            let mut identity = principal.identity.clone();
            identity.sort_unstable();
            identity.dedup();
            let key = RowKey {
                account,
                identity,
                boundary: principal.boundary,
                bound_by_scps: !principal.subject.service_linked && !principal.subject.management,
            };
            *index.entry(key.clone()).or_insert_with(|| {
                keys.push(key);
                u32::try_from(keys.len() - 1).unwrap_or(u32::MAX)
            })
        })
        .collect();
    (row, keys)
}

fn compute_rows(
    model: &Model,
    groups: &[Group],
    of_account: &[Vec<u32>],
    names: &[&str],
    keys: &[RowKey],
    places: &[(u32, u32)],
) -> Vec<Row> {
    // Which policies are used in which account.
    let mut used: Vec<BTreeSet<PolicyId>> = vec![BTreeSet::new(); names.len()];
    for key in keys {
        used[key.account as usize].extend(key.identity.iter().copied().chain(key.boundary));
    }
    for (account, name) in names.iter().enumerate() {
        for level in model.scps.get(*name).into_iter().chain(model.rcps.get(*name)).flatten() {
            used[account].extend(level.iter().copied());
        }
    }
    let hits: Vec<HashMap<PolicyId, Vec<Vec<Hit>>>> = used
        .par_iter()
        .enumerate()
        .map(|(account, policies)| {
            policies
                .iter()
                .map(|&id| {
                    let by_group = of_account[account]
                        .iter()
                        .map(|&group| hits_of(model.policy(id), &groups[group as usize], &model.holes))
                        .collect();
                    (id, by_group)
                })
                .collect()
        })
        .collect();
    keys.par_iter()
        .map(|key| {
            let hits = &hits[key.account as usize];
            let local = &of_account[key.account as usize];
            let levels: &[Vec<PolicyId>] = match model.scps.get(names[key.account as usize]) {
                Some(levels) if key.bound_by_scps => levels,
                _ => &[],
            };
            // Of resource control policies only denies count.
            let denies: Vec<PolicyId> = match model.rcps.get(names[key.account as usize]) {
                Some(levels) if key.bound_by_scps => levels.iter().flatten().copied().collect(),
                _ => Vec::new(),
            };
            let mut cells: Vec<Probed> = local
                .iter()
                .enumerate()
                .map(|(at, &group)| {
                    Probed::of(&groups[group as usize], key, levels, &denies, |policy| &hits[&policy][at])
                })
                .collect();
            keys_join(model, groups, local, places, &mut cells);
            Row { cells: cells.into_iter().map(|probed| probed.classes).collect() }
        })
        .collect()
}

/// The classes of a row in one group, with the two probes of keys that others need.
struct Probed {
    classes: [(Bits, Bits); CLASSES],
    /// `kms:Decrypt` and `kms:GenerateDataKey`, in the group of keys.
    keys: Option<[(Bits, Bits); 2]>,
}

impl Probed {
    fn of<'h>(
        group: &Group,
        key: &RowKey,
        levels: &[Vec<PolicyId>],
        denies: &[PolicyId],
        hits: impl Fn(PolicyId) -> &'h Vec<Hit>,
    ) -> Self {
        let words = group.stores.len().div_ceil(64);
        let empty = || (vec![0_u64; words], vec![0_u64; words]);
        let mut classes: [(Bits, Bits); CLASSES] = std::array::from_fn(|_| empty());
        let mut keys: [(Bits, Bits); 2] = [empty(), empty()];
        let is_key = group.kind.type_name == "AWS::KMS::Key";
        for (index, probe) in group.probes.iter().enumerate() {
            let (mut sure, mut any) = empty();
            let (mut deny_sure, mut deny_any) = empty();
            let gather =
                |policies: &[PolicyId], allow: (&mut Bits, &mut Bits), deny: (&mut Bits, &mut Bits)| {
                    for &policy in policies {
                        for hit in hits(policy) {
                            if hit.mask & (1 << index) == 0 {
                                continue;
                            }
                            let (hit_sure, hit_any) = &hit.sets[probe.form];
                            let (to_sure, to_any) = if hit.deny {
                                (&mut *deny.0, &mut *deny.1)
                            } else {
                                (&mut *allow.0, &mut *allow.1)
                            };
                            or(to_sure, hit_sure);
                            or(to_any, hit_any);
                        }
                    }
                };
            gather(&key.identity, (&mut sure, &mut any), (&mut deny_sure, &mut deny_any));
            if any.iter().all(|&word| word == 0) {
                continue;
            }
            let bound = key.boundary.iter().map(std::slice::from_ref).chain(levels.iter().map(Vec::as_slice));
            for policies in bound {
                let (mut limit_sure, mut limit_any) = empty();
                gather(policies, (&mut limit_sure, &mut limit_any), (&mut deny_sure, &mut deny_any));
                and(&mut sure, &limit_sure);
                and(&mut any, &limit_any);
            }
            let (mut unused_sure, mut unused_any) = empty();
            gather(denies, (&mut unused_sure, &mut unused_any), (&mut deny_sure, &mut deny_any));
            and_not(&mut sure, &deny_any);
            and_not(&mut any, &deny_sure);
            for (class, is) in probe.classes.iter().enumerate() {
                if *is {
                    or(&mut classes[class].0, &sure);
                    or(&mut classes[class].1, &any);
                }
            }
            if is_key {
                match probe.action.as_str() {
                    "kms:decrypt" => keys[0] = (sure, any),
                    "kms:generatedatakey" => keys[1] = (sure, any),
                    _ => {}
                }
            }
        }
        Self { classes, keys: is_key.then_some(keys) }
    }
}

/// Reading and writing need the key of a store as well.
fn keys_join(model: &Model, groups: &[Group], local: &[u32], places: &[(u32, u32)], cells: &mut [Probed]) {
    let keys = cells.iter().find_map(|probed| probed.keys.clone());
    let key_group =
        local.iter().copied().find(|&group| groups[group as usize].kind.type_name == "AWS::KMS::Key");
    for (probed, &group) in cells.iter_mut().zip(local) {
        if groups[group as usize].kind.key.is_none() {
            continue;
        }
        for (at, &store) in (0..).zip(&groups[group as usize].stores) {
            let key = match &model.stores[store as usize].key {
                Encryption::Service => continue,
                Encryption::Key(key) => Some(*key),
                Encryption::Elsewhere(_) | Encryption::Unknown(_) => None,
            };
            for (class, which) in [(Class::ReadContent, 0), (Class::Write, 1)] {
                let (sure, any) = &mut probed.classes[class as usize];
                if !has(any, at) {
                    continue;
                }
                let place = key.map(|key| places[key as usize]).filter(|(of, _)| Some(*of) == key_group);
                let key_cell = place.and_then(|(_, key_at)| {
                    let (sure, any) = &keys.as_ref()?[which];
                    Some((has(sure, key_at), has(any, key_at), key_at))
                });
                // A key with a policy of its own, of another account or not in the input: open.
                let plain = key.is_some_and(|key| account_decides(model, key));
                match key_cell {
                    Some((true, ..)) if plain => {}
                    Some((_, true, _)) if plain => clear(sure, at),
                    Some((_, false, _)) if plain => {
                        clear(sure, at);
                        clear(any, at);
                    }
                    _ => clear(sure, at),
                }
            }
        }
    }
}

/// Whether a key's policy lets its account decide and does nothing else.
fn account_decides(model: &Model, key: StoreId) -> bool {
    let store = &model.stores[key as usize];
    let Some(policy) = store.policy else { return false };
    let mut root = false;
    for statement in &model.policy(policy).statements {
        let plain = statement.effect == Effect::Allow && statement.problem.is_none();
        match &statement.principals {
            Select::Only(of) if plain => {
                for named in of {
                    match named {
                        Named::Account(id) if Some(&**id) == store.object.account.as_deref() => {
                            root |= statement.tests.is_empty()
                                && matches!(&statement.actions, Select::Only(of) if of.iter().any(|glob| glob.matches_plain("kms:*")));
                        }
                        Named::Service(_) => {}
                        _ => return false,
                    }
                }
            }
            _ => return false,
        }
    }
    root
}

/// What the statements of a policy match in a group.
fn hits_of(policy: &Policy, group: &Group, holes: &Holes) -> Vec<Hit> {
    let mut out = Vec::new();
    for statement in &policy.statements {
        hit_of(statement, group, holes, &mut out);
    }
    out
}

fn hit_of(statement: &Statement, group: &Group, holes: &Holes, out: &mut Vec<Hit>) {
    let mut mask = 0_u64;
    let mut open_mask = 0_u64;
    for (index, probe) in group.probes.iter().enumerate().take(64) {
        match statement.actions.selects(&probe.action, &Nobody, holes) {
            Formula::True => mask |= 1 << index,
            Formula::False => {}
            _ => open_mask |= 1 << index,
        }
    }
    let all_mask = mask | open_mask;
    if all_mask == 0 {
        return;
    }
    let mut open = open_mask != 0 || statement.problem.is_some();
    for test in &statement.tests {
        match test.holds(&Nobody, holes) {
            Formula::False => return,
            Formula::True => {}
            _ => open = true,
        }
    }
    let mut sets = Vec::with_capacity(group.forms.len());
    for (form, texts) in group.forms.iter().enumerate() {
        let needed = group
            .probes
            .iter()
            .enumerate()
            .take(64)
            .any(|(i, probe)| probe.form == form && all_mask & (1 << i) != 0);
        let words = group.stores.len().div_ceil(64);
        let mut sure = vec![0; words];
        let mut any = vec![0; words];
        if needed {
            matched(&statement.resources, texts, group.stores.len(), holes, &mut sure, &mut any);
        }
        if open {
            sure.iter_mut().for_each(|word| *word = 0);
        }
        sets.push((sure, any));
    }
    let (allow, deny) = match statement.effect {
        Effect::Allow => (true, false),
        Effect::Deny => (false, true),
        Effect::Unknown(_) => {
            sets.iter_mut().for_each(|(sure, _)| sure.iter_mut().for_each(|word| *word = 0));
            (true, true)
        }
    };
    if allow {
        out.push(Hit { deny: false, mask: all_mask, sets: sets.clone() });
    }
    if deny {
        out.push(Hit { deny: true, mask: all_mask, sets });
    }
}

/// The stores whose ARN of a form is selected.
fn matched(
    select: &Select<Glob>,
    form: &Form,
    stores: usize,
    holes: &Holes,
    sure: &mut Bits,
    any: &mut Bits,
) {
    let (globs, invert) = match select {
        Select::Only(globs) => (globs, false),
        Select::AllBut(globs) => (globs, true),
        Select::Absent => {
            fill(sure, stores);
            fill(any, stores);
            return;
        }
        Select::Unknown(_) => {
            fill(any, stores);
            return;
        }
    };
    for glob in globs {
        if glob.is_everything() {
            fill(sure, stores);
            fill(any, stores);
            break;
        }
        // Where neither side has holes the literal start bounds what can match.
        let mut try_all = |texts: &[(Box<str>, u32)]| {
            for (text, at) in texts {
                match glob.test(text, false, &Nobody, holes) {
                    Match::Yes => {
                        set(sure, *at);
                        set(any, *at);
                    }
                    Match::No => {}
                    Match::Hole(_) | Match::Variable(_) => set(any, *at),
                }
            }
        };
        if glob.has_holes() || !(form.plain || form.ends_open) {
            try_all(&form.texts);
            continue;
        }
        let start = glob.start();
        let beginning = |own: &[u8]| {
            let low = form.texts.partition_point(|(text, _)| text.as_bytes() < own);
            let count = form.texts[low..].partition_point(|(text, _)| text.as_bytes().starts_with(own));
            &form.texts[low..low + count]
        };
        try_all(beginning(start));
        if form.ends_open {
            // The start may reach into what the request names: a store's own part is then a
            // beginning of it, up to the letter for the rest, which has four bytes.
            let ends = start.iter().enumerate().filter(|(_, byte)| matches!(byte, b'/' | b':'));
            for (end, _) in ends {
                // Its letter sorts behind every other, so the text itself is the last one.
                let own = &start[..=end];
                let text = format!("{}{}", String::from_utf8_lossy(own), holes.anything());
                let low = form.texts.partition_point(|(known, _)| **known < *text);
                let count = form.texts[low..].partition_point(|(known, _)| **known == *text);
                try_all(&form.texts[low..low + count]);
            }
        }
    }
    if invert {
        let was_sure = sure.clone();
        let was_any = any.clone();
        fill(sure, stores);
        and_not(sure, &was_any);
        fill(any, stores);
        and_not(any, &was_sure);
    }
}

struct Touched {
    who: BTreeSet<PrincipalId>,
    special: bool,
    /// Those whom the policy names themselves.
    direct: BTreeSet<PrincipalId>,
    /// The policy gives nothing to everyone: who is not named needs a policy of its own.
    needs_identity: bool,
}

/// Whether a policy of a principal allows anything on a store: its statements are looked at
/// once, for the resource alone.
fn may_reach(model: &Model, principal: PrincipalId, store: &crate::model::Store) -> bool {
    let objects = || std::iter::once(&store.object).chain(store.forms.iter().map(|(_, object)| object));
    model.principals[principal as usize].identity.iter().any(|&policy| {
        model.policy(policy).statements.iter().any(|statement| {
            statement.effect != Effect::Deny
                && objects().any(|object| {
                    statement.resources.selects(&object.arn, &Nobody, &model.holes) != Formula::False
                })
        })
    })
}

/// Principals of whom a resource policy may change what their own policies say.
fn named(
    model: &Model,
    policy: &Policy,
    store: &crate::model::Store,
    own: u32,
    by_account: &HashMap<u32, Vec<PrincipalId>>,
    by_name: &HashMap<&str, u32>,
) -> Touched {
    let mut who = BTreeSet::new();
    let mut direct = BTreeSet::new();
    let is_key = &*store.type_name == "AWS::KMS::Key";
    // Without a grant to the account a key's policy says everything.
    let mut special = is_key && !root_grant(model, policy, store);
    let of = |account: u32| by_account.get(&account).into_iter().flatten().copied();
    for statement in &policy.statements {
        let never = statement.tests.iter().any(|test| test.holds(&Nobody, &model.holes) == Formula::False);
        if never {
            continue;
        }
        match &statement.principals {
            Select::Only(names) => {
                for named in names {
                    match named {
                        Named::Service(_) | Named::Federated(_) | Named::Canonical(_) => {}
                        Named::Arn(arn) => match model.by_arn.get(arn) {
                            Some(&principal) => {
                                who.insert(principal);
                                direct.insert(principal);
                            }
                            None if Holes::any_in(arn) || arn.contains(":sts:") => special = true,
                            None => {}
                        },
                        Named::Account(id) => match by_name.get(&**id) {
                            // The own account: its policies decide anyway; a deny is for all.
                            Some(&account) if account == own && statement.effect == Effect::Allow => {}
                            Some(&account) if account == own => special = true,
                            Some(&account) => who.extend(of(account)),
                            None if Holes::any_in(id) => special = true,
                            None => {}
                        },
                        Named::Anyone | Named::Unknown(_) | Named::Id(_) => special = true,
                    }
                }
            }
            Select::AllBut(_) | Select::Absent | Select::Unknown(_) => special = true,
        }
    }
    if special {
        who.extend(of(own));
        // Everyone can be of another account too.
        let anyone = policy.statements.iter().any(|statement| {
            !matches!(&statement.principals, Select::Only(names) if !names.iter().any(|named| matches!(named, Named::Anyone | Named::Unknown(_) | Named::Id(_))))
                && statement.effect != Effect::Deny
        });
        if anyone {
            who.extend(by_account.values().flatten().copied());
        }
    }
    let needs_identity = !is_key && policy.statements.iter().all(|statement| {
        statement.effect == Effect::Deny
            || matches!(&statement.principals, Select::Only(names) if names.iter().all(|named| match named {
                Named::Arn(arn) => model.by_arn.contains_key(arn),
                Named::Account(_) | Named::Service(_) | Named::Federated(_) | Named::Canonical(_) => true,
                Named::Anyone | Named::Unknown(_) | Named::Id(_) => false,
            }))
    });
    Touched { who, special, direct, needs_identity }
}

fn root_grant(model: &Model, policy: &Policy, store: &crate::model::Store) -> bool {
    policy.statements.iter().any(|statement| {
        statement.effect == Effect::Allow
            && statement.tests.is_empty()
            && matches!(&statement.actions, Select::Only(of) if of.iter().any(|glob| glob.matches_plain("kms:*")))
            && matches!(&statement.principals, Select::Only(of) if of.iter().any(|named| {
                matches!(named, Named::Account(id) if Some(&**id) == store.object.account.as_deref())
            }))
    }) && !model.policies.is_empty()
}

fn has(bits: &Bits, at: u32) -> bool {
    bits.get(at as usize / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
}

fn set(bits: &mut Bits, at: u32) {
    if let Some(word) = bits.get_mut(at as usize / 64) {
        *word |= 1 << (at % 64);
    }
}

fn clear(bits: &mut Bits, at: u32) {
    if let Some(word) = bits.get_mut(at as usize / 64) {
        *word &= !(1 << (at % 64));
    }
}

fn fill(bits: &mut Bits, count: usize) {
    for (index, word) in bits.iter_mut().enumerate() {
        let left = count.saturating_sub(index * 64);
        *word = if left >= 64 { u64::MAX } else { (1 << left) - 1 };
    }
}

fn or(to: &mut Bits, from: &Bits) {
    to.iter_mut().zip(from).for_each(|(a, b)| *a |= b);
}

fn and(to: &mut Bits, from: &Bits) {
    to.iter_mut().zip(from).for_each(|(a, b)| *a &= b);
}

fn and_not(to: &mut Bits, from: &Bits) {
    to.iter_mut().zip(from).for_each(|(a, b)| *a &= !b);
}
