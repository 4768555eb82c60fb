//! Who can reach a store: principals of the input, others that policies name, and those who
//! can become one of them.
//!
//! A column is a decision for every principal: O(principals × actions × statements). Chains
//! go backwards from those who can, over the edges of [`Chains`], breadth first and at most
//! [`MOST_HOPS`] deep: O(edges).

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::ask::{Ask, Asker, Cell, verdict};
use crate::case::Verdict;
use crate::formula::{Atom, Formula};
use crate::model::{Encryption, Model, PrincipalId, StoreId};
use crate::policy::{Effect, Named, Policy, Select};
use crate::sets::Sets;
use crate::solve::{Found, solve};
use crate::subject::{Subject, SubjectKind};
use crate::tables::Class;

/// Roles in one chain, at most.
pub const MOST_HOPS: usize = 5;

/// An account that stands for every account of which nothing is said.
const SOME_ACCOUNT: &str = "999999999999";

/// Somebody.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Who {
    /// Everyone, without credentials.
    Anyone,
    /// Everyone with an AWS account.
    AnyAccount,
    /// Principals of another account, as far as that account allows.
    Account(Box<str>),
    /// A principal that is not in the input.
    Arn(Box<str>),
    /// An AWS service.
    Service(Box<str>),
    /// Identities of a provider.
    Federated(Box<str>),
    /// A user or role of the input.
    Principal(PrincipalId),
}

/// How far away somebody is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Distance {
    /// Of the same account, as far as is known.
    Inside,
    /// An AWS service.
    Service,
    /// Whom an identity provider of the account knows.
    Provider,
    /// Of another account.
    OtherAccount,
    /// Anyone at all.
    Anyone,
}

/// Somebody who can reach a store.
#[derive(Clone, Debug)]
pub struct Row {
    /// Who.
    pub who: Who,
    /// What is gained on the way, first to last; empty when it can by itself.
    pub chain: Vec<Hop>,
    /// By which actions, and when.
    pub cell: Cell,
}

/// Who can assume which role.
#[derive(Clone, Debug, Default)]
pub struct Chains {
    /// For each principal, who can assume it, and when.
    pub into: Vec<Vec<(Who, Formula)>>,
    /// For each principal, the paths of escalation that its policies name.
    pub(crate) able: Vec<Vec<usize>>,
    /// The statements of all principals.
    pub(crate) sets: Sets,
    /// Who may gain somebody otherwise than by assuming it, when that was asked.
    pub(crate) filter: OnceLock<crate::escalation::Filter>,
}

/// One step of a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hop {
    /// The role or user that is gained.
    pub role: PrincipalId,
    /// How: [`ASSUME`], or the id of a path such as `lambda-update-code`.
    pub by: &'static str,
}

/// How a role is gained by assuming it.
pub const ASSUME: &str = "sts-assume-role";

impl Who {
    /// How far away it is.
    #[must_use]
    pub fn distance(&self) -> Distance {
        match self {
            Self::Anyone | Self::AnyAccount => Distance::Anyone,
            Self::Account(_) | Self::Arn(_) => Distance::OtherAccount,
            Self::Federated(provider) => {
                // A provider of the account lets in whom it knows; a shared one everyone who
                // signs up. Source: IAM User Guide, `id_roles_create_for-idp_oidc.html`.
                if provider.starts_with("arn:") { Distance::Provider } else { Distance::Anyone }
            }
            Self::Service(_) => Distance::Service,
            Self::Principal(_) => Distance::Inside,
        }
    }

    /// Who asks, for one that is not in the input.
    #[must_use]
    pub fn outside(&self) -> Option<Subject> {
        let foreign = |account: &str, arn: String| {
            let mut subject = Subject::new(SubjectKind::Role, &arn);
            subject.account = Some(account.into());
            subject.foreign = true;
            subject.any_session = true;
            subject
        };
        Some(match self {
            Self::Anyone => Subject::new(SubjectKind::Anonymous, ""),
            Self::AnyAccount => foreign(SOME_ACCOUNT, format!("arn:aws:iam::{SOME_ACCOUNT}:role/any")),
            Self::Account(account) => foreign(account, format!("arn:aws:iam::{account}:role/any")),
            Self::Arn(arn) => {
                let mut subject = Subject::of_arn(arn)?;
                subject.foreign = true;
                subject.any_session = true;
                subject
            }
            Self::Service(name) => Subject::new(SubjectKind::Service, name),
            Self::Federated(name) => Subject::new(SubjectKind::Federated, name),
            Self::Principal(_) => return None,
        })
    }
}

/// Those of whom no further way says anything: they surely can, or by a shorter one.
struct Reached<'s, 'm> {
    principals: Vec<bool>,
    others: BTreeSet<Who>,
    search: &'s crate::escalation::Search<'m>,
    /// Who may still gain somebody.
    pending: crate::escalation::Mask,
}

impl<'s, 'm> Reached<'s, 'm> {
    fn new(principals: usize, search: &'s crate::escalation::Search<'m>) -> Self {
        let pending = search.filter.mask();
        Self { principals: vec![false; principals], others: BTreeSet::new(), search, pending }
    }

    fn add(&mut self, who: &Who) {
        match who {
            Who::Principal(id) => {
                self.principals[*id as usize] = true;
                self.search.filter.remove(&mut self.pending, *id);
            }
            who => drop(self.others.insert(who.clone())),
        }
    }

    fn has(&self, who: &Who) -> bool {
        match who {
            Who::Principal(id) => self.principals[*id as usize],
            who => self.others.contains(who),
        }
    }
}

fn keyed(mut subject: Subject) -> Subject {
    crate::answer::derive(&mut subject, None, None, &std::collections::BTreeMap::new());
    // The name of somebody who stands for many is nobody's.
    if subject.arn.ends_with(":role/any") {
        let whose = if &*subject.account.clone().unwrap_or_default() == SOME_ACCOUNT { 2 } else { 1 };
        let unknown = &["aws:principalarn", "aws:principalaccount"][..whose];
        subject.keys.retain(|(key, _)| !unknown.contains(&&**key));
    }
    subject
}

impl Model {
    /// Those outside the input whom a policy names in what it allows.
    fn named_outside(&self, policy: &Policy, out: &mut BTreeSet<Who>) {
        for statement in &policy.statements {
            if statement.effect == Effect::Deny {
                continue;
            }
            let named: &[Named] = match &statement.principals {
                Select::Only(of) => of,
                Select::AllBut(_) => {
                    out.extend([Who::Anyone, Who::AnyAccount]);
                    continue;
                }
                Select::Absent | Select::Unknown(_) => continue,
            };
            for named in named {
                match named {
                    Named::Anyone => out.extend([Who::Anyone, Who::AnyAccount]),
                    Named::Account(id) if !self.is_own(id) => {
                        out.insert(Who::Account(id.clone()));
                    }
                    Named::Arn(arn) if !self.by_arn.contains_key(arn) && !self.is_own_session(arn) => {
                        out.insert(Who::Arn(arn.clone()));
                    }
                    Named::Service(name) => {
                        out.insert(Who::Service(name.clone()));
                    }
                    Named::Federated(name) => {
                        out.insert(Who::Federated(name.clone()));
                    }
                    _ => {}
                }
            }
        }
    }

    /// Whether an account is one of the input.
    #[must_use]
    pub fn is_own(&self, account: &str) -> bool {
        let own = |object: &crate::decide::Object| object.account.as_deref() == Some(account);
        self.stores.iter().any(|store| own(&store.object))
            || self.principals.iter().any(|principal| own(&principal.object))
    }

    fn is_own_session(&self, arn: &str) -> bool {
        let mut fields = arn.splitn(6, ':');
        let (service, account) = (fields.nth(2), fields.nth(1));
        let name = fields.next().and_then(|rest| rest.split('/').nth(1));
        service == Some("sts")
            && self.principals.iter().any(|principal| {
                principal.subject.account.as_deref() == account && Some(principal.subject.name()) == name
            })
    }

    /// Who can by itself.
    #[must_use]
    pub fn directly(&self, ask: &Ask<'_>, chains: &Chains, class: Class, store: StoreId) -> Vec<Row> {
        self.directly_among(ask, chains, class, store, &|_| true)
    }

    fn directly_among(
        &self,
        ask: &Ask<'_>,
        chains: &Chains,
        class: Class,
        store: StoreId,
        may: &dyn Fn(PrincipalId) -> bool,
    ) -> Vec<Row> {
        let mut rows = Vec::new();
        for (id, cell) in crate::sets::who(self, ask, &chains.sets, class, store, may) {
            rows.push(Row { who: Who::Principal(id), chain: Vec::new(), cell });
        }
        rows.extend(self.directly_outside(ask, class, store));
        rows
    }

    /// Who can by itself of those who are not in the input.
    fn directly_outside(&self, ask: &Ask<'_>, class: Class, store: StoreId) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut outside = BTreeSet::new();
        let this = &self.stores[store as usize];
        if let Some(policy) = this.policy {
            self.named_outside(self.policy(policy), &mut outside);
        }
        if this.s3.as_ref().is_some_and(|s3| s3.has_acls() && !s3.bucket_acl.is_empty()) {
            outside.extend([Who::Anyone, Who::AnyAccount]);
        }
        for who in outside {
            let cell = self.outside(ask, &who, class, store);
            if cell.formula != Formula::False {
                rows.push(Row { who, chain: Vec::new(), cell });
            }
        }
        rows
    }

    /// Whether somebody outside the input has a capability on a store.
    #[must_use]
    pub fn outside(&self, ask: &Ask<'_>, who: &Who, class: Class, store: StoreId) -> Cell {
        let Some(subject) = who.outside() else {
            return Cell { formula: Formula::False, actions: Vec::new() };
        };
        let subject = keyed(subject);
        ask.can(&Asker::outside(&subject), class, store)
    }

    /// Who can become whom: O(roles × principals of accounts that their trust policies name /
    /// 64 + statements about them).
    #[must_use]
    pub fn chains(&self) -> Chains {
        let ask = Ask::new(self);
        let actions = crate::tables::class_actions().chain(["sts:assumerole".into()]);
        let sets = Sets::of(self, &ask, actions, &|_| true);
        let mut chains = Chains {
            into: vec![Vec::new(); self.principals.len()],
            able: crate::escalation::able(self),
            sets,
            filter: OnceLock::new(),
        };
        for (index, role) in (0..).zip(&self.principals) {
            let Some(trust) = role.trust else { continue };
            let trust = self.policy(trust);
            let mut outside = BTreeSet::new();
            self.named_outside(trust, &mut outside);
            let mut into: Vec<(Who, Formula)> = crate::sets::assume(self, &ask, &chains.sets, role)
                .into_iter()
                .filter(|(caller, _)| *caller != index)
                .map(|(caller, formula)| (Who::Principal(caller), formula))
                .collect();
            for who in outside {
                let Some(subject) = who.outside() else { continue };
                let subject = keyed(subject);
                let asker = Asker::outside(&subject);
                let actions: &[&str] = match who {
                    Who::Federated(_) => &["sts:assumerolewithwebidentity", "sts:assumerolewithsaml"],
                    Who::Anyone => continue,
                    _ => &["sts:assumerole"],
                };
                let formula =
                    Formula::any(actions.iter().map(|action| ask.assume(&asker, action, role).formula));
                if formula != Formula::False {
                    into.push((who, formula));
                }
            }
            chains.into[index as usize] = into;
        }
        chains
    }

    /// Who can, by itself or by roles that it can assume; the shortest chain of each.
    #[must_use]
    pub fn who_can(&self, ask: &Ask<'_>, chains: &Chains, class: Class, store: StoreId) -> Vec<Row> {
        self.who_can_among(ask, chains, class, store, &|_| true)
    }

    /// The same, where `may` already says of most principals that they cannot by themselves:
    /// for many stores with the matrix at hand.
    #[must_use]
    pub fn who_can_among(
        &self,
        ask: &Ask<'_>,
        chains: &Chains,
        class: Class,
        store: StoreId,
        may: &dyn Fn(PrincipalId) -> bool,
    ) -> Vec<Row> {
        let mut rows = self.directly_among(ask, chains, class, store, may);
        let search = crate::escalation::Search::new(self, chains);
        let mut reached = Reached::new(self.principals.len(), &search);
        for row in rows.iter().filter(|row| row.cell.formula == Formula::True) {
            reached.add(&row.who);
        }
        let mut level = 0..rows.len();
        for _ in 0..MOST_HOPS {
            let mut found: Vec<Row> = Vec::new();
            for row in &rows[level] {
                let Who::Principal(role) = row.who else { continue };
                let gained = search.gainers(role, &reached.pending);
                let gained = gained.into_iter().map(|(id, by, formula)| (Who::Principal(id), by, formula));
                let assumed = chains.into[role as usize].iter();
                let assumed = assumed.map(|(who, formula)| (who.clone(), ASSUME, formula.clone()));
                for (who, by, formula) in assumed.chain(gained) {
                    // A service takes on a role for what runs as it: `used_by` says what.
                    if matches!(who, Who::Service(_)) || reached.has(&who) {
                        continue;
                    }
                    if row.chain.iter().any(|hop| who == Who::Principal(hop.role)) {
                        continue;
                    }
                    let formula = row.cell.formula.clone().and(formula);
                    if formula == Formula::False {
                        continue;
                    }
                    let mut chain = vec![Hop { role, by }];
                    chain.extend(&row.chain);
                    if formula == Formula::True {
                        reached.add(&who);
                    }
                    found.push(Row { who, chain, cell: Cell { formula, actions: row.cell.actions.clone() } });
                }
            }
            if found.is_empty() {
                break;
            }
            for row in &found {
                reached.add(&row.who);
            }
            level = rows.len()..rows.len() + found.len();
            rows.extend(found);
        }
        self.sort(&mut rows);
        rows
    }

    /// Nearest and surest first; an equal row by a longer chain says nothing new.
    fn sort(&self, rows: &mut [Row]) {
        rows.sort_by_cached_key(|row| {
            let distance = std::cmp::Reverse(row.who.distance());
            (distance, rank(verdict(&row.cell.formula)), row.chain.len(), self.who_name(&row.who))
        });
    }

    /// The name of somebody, for people.
    #[must_use]
    pub fn who_name(&self, who: &Who) -> String {
        match who {
            Who::Anyone => "*".to_owned(),
            Who::AnyAccount => "AWS: *".to_owned(),
            Who::Account(id) => self.holes.show(id),
            Who::Arn(arn) => self.holes.show(arn),
            Who::Service(name) | Who::Federated(name) => self.holes.show(name),
            Who::Principal(id) => self.principals[*id as usize].name.to_string(),
        }
    }

    /// How far a capability on a store reaches outside its account, by itself or through
    /// roles.
    #[must_use]
    pub fn exposure(&self, ask: &Ask<'_>, chains: &Chains, class: Class, store: StoreId) -> Exposure {
        let mut worst = Exposure {
            distance: Distance::Inside,
            who: None,
            organization: None,
            verdict: Verdict::Denied,
            witness: None,
            row: None,
        };
        let far = |who: &Who| matches!(who.distance(), Distance::OtherAccount | Distance::Anyone);
        // Where no role lets anyone outside in, no chain leads out: whom the store's own policy
        // names is all there is.
        let rows = if chains.into.iter().flatten().any(|(who, _)| far(who)) {
            self.who_can(ask, chains, class, store)
        } else {
            let mut rows = self.directly_outside(ask, class, store);
            self.sort(&mut rows);
            rows
        };
        for row in rows {
            let distance = row.who.distance();
            if !far(&row.who) {
                continue;
            }
            // Whoever meets a condition on a fixed identity or network is not anyone.
            let trusted = |atom: &Atom| match atom {
                Atom::Test(test) if crate::s3::fixes(&test.0) => Some(false),
                _ => None,
            };
            let stranger = row.cell.formula.assign(&trusted);
            let distance = match (distance, &stranger) {
                (Distance::Anyone, Formula::False) => Distance::OtherAccount,
                (distance, _) => distance,
            };
            let formula = if stranger == Formula::False { &row.cell.formula } else { &stranger };
            let (verdict, witness) = match solve(formula, &self.holes) {
                Found::Keys(keys) => (Verdict::Allowed, Some(keys)),
                Found::Never => continue,
                Found::Unknown => (Verdict::Unknown, None),
            };
            let better =
                (verdict == Verdict::Allowed, distance) > (worst.verdict == Verdict::Allowed, worst.distance);
            if worst.who.is_none() || better {
                let organization = self.of_organization(&row, store);
                let who = Some(row.who.clone());
                worst = Exposure { distance, who, organization, verdict, witness, row: Some(row) };
            }
        }
        worst
    }

    /// Whether somebody outside the account of a store is of its organization; none where the
    /// input does not tell who is in it.
    fn of_organization(&self, row: &Row, store: StoreId) -> Option<bool> {
        let account = self.stores[store as usize].object.account.as_deref()?;
        let own = self.organizations.get(account)?.id.as_deref()?;
        let theirs = match &row.who {
            Who::Account(id) => &**id,
            Who::Arn(arn) => arn.split(':').nth(4)?,
            Who::Principal(id) => self.principals[*id as usize].subject.account.as_deref()?,
            // Everyone, but for a condition that asks for the organization.
            _ => {
                let of_own = |atom: &Atom| match atom {
                    Atom::Test(test) if &*test.0.key == "aws:principalorgid" => {
                        let literal = |wanted: &crate::condition::Wanted| match wanted {
                            crate::condition::Wanted::Text(glob) => glob.as_literal() == Some(own),
                            _ => false,
                        };
                        test.0.values.iter().all(literal).then_some(false)
                    }
                    _ => None,
                };
                return Some(row.cell.formula.assign(&of_own) == Formula::False);
            }
        };
        let known = self.organizations.get(theirs).and_then(|place| place.id.as_deref());
        Some(known == Some(own))
    }

    /// Which key a store needs, when it is one of the input.
    #[must_use]
    pub fn key_of(&self, store: StoreId) -> Option<StoreId> {
        match self.stores[store as usize].key {
            Encryption::Key(key) => Some(key),
            _ => None,
        }
    }
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Allowed => 0,
        Verdict::Conditional => 1,
        Verdict::Ambiguous => 2,
        Verdict::Unknown => 3,
        Verdict::Denied => 4,
    }
}

/// How far a capability reaches.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// How far.
    pub distance: Distance,
    /// To whom.
    pub who: Option<Who>,
    /// Whether that is somebody of the organization of the store's account; none where the
    /// input does not tell who is in it.
    pub organization: Option<bool>,
    /// `Allowed` with a witness, `Unknown` where it cannot be decided, `Denied` when it stays
    /// inside.
    pub verdict: Verdict,
    /// Condition keys of a request that is allowed.
    pub witness: Option<crate::solve::Keys>,
    /// The row that reaches furthest.
    pub row: Option<Row>,
}
