//! Questions on the model: who can do what with a store, by which actions, when.
//!
//! One cell (principal, class, store) is a decision for each action of the class:
//! O(actions × statements). A row or column is that for each store or principal.

use crate::case::{Values, Verdict};
use crate::context::{Given, Keys, RequestContext, Unknowns};
use crate::decide::{Grant, Object, Outcome, Policies, Request};
use crate::explain::Reason;
use crate::formula::Formula;
use crate::model::{
    AccessPoint, Encryption, Endpoint, Model, Principal, PrincipalId, Session, Store, StoreId,
};
use crate::policy::Policy;
use crate::subject::{Subject, SubjectKind};
use crate::tables::{self, Class};

/// Whether somebody can, by which actions, and when.
#[derive(Clone, Debug)]
pub struct Cell {
    /// When at least one action of the class is allowed, with the key that it needs.
    pub formula: Formula,
    /// The actions that are or may be allowed, each with the form of the ARN.
    pub actions: Vec<(&'static str, &'static str)>,
}

impl Cell {
    /// The answer that the formula is.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        verdict(&self.formula)
    }
}

/// The answer that a formula is.
#[must_use]
pub fn verdict(formula: &Formula) -> Verdict {
    match formula {
        Formula::True => Verdict::Allowed,
        Formula::False => Verdict::Denied,
        open => match open.open() {
            (true, _) => Verdict::Unknown,
            (false, true) => Verdict::Ambiguous,
            (false, false) => Verdict::Conditional,
        },
    }
}

/// One who asks, with what is attached to it.
#[derive(Clone, Debug)]
pub struct Asker<'m> {
    /// Who it is.
    subject: &'m Subject,
    /// Its policies.
    identity: Vec<&'m Policy>,
    /// Its boundary.
    boundary: Option<&'m Policy>,
    /// Policies of its session.
    session: Option<Vec<&'m Policy>>,
    /// Service control policies above its account.
    scps: Vec<Vec<&'m Policy>>,
    /// What is not known of its requests.
    unknown: Unknowns,
}

impl<'m> Asker<'m> {
    /// Somebody of whose policies nothing is known: its account allows everything that it
    /// asks for, where it is of an account.
    #[must_use]
    pub fn outside(subject: &'m Subject) -> Self {
        let identity = if subject.is_of_account() { vec![everything()] } else { Vec::new() };
        let unknown = unknowns(subject);
        Self { subject, identity, boundary: None, session: None, scps: Vec::new(), unknown }
    }

    /// The same with further policies.
    #[must_use]
    pub fn with(&self, policies: impl Iterator<Item = &'m Policy>) -> Self {
        let mut more = self.clone();
        more.identity.extend(policies);
        more
    }

    /// The same with a policy that allows everything; what bounds it stays.
    #[must_use]
    pub fn with_everything(&self) -> Self {
        self.with(std::iter::once(everything()))
    }

    /// Who it is.
    #[must_use]
    pub fn subject(&self) -> &'m Subject {
        self.subject
    }
}

/// The keys that a request has when nothing else is said: it is made over TLS.
fn assumed() -> Given {
    vec![("aws:securetransport".into(), Some(Values::One("true".to_owned())))]
}

/// What is known of the keys of a principal besides those it has.
pub(crate) fn unknowns(subject: &Subject) -> Unknowns {
    let mut absent: Vec<Box<str>> = vec!["aws:resourcetag/".into()];
    match subject.kind {
        SubjectKind::User => absent.push("aws:principaltag/".into()),
        // A session can carry tags of its own.
        _ => absent.push("aws:username".into()),
    }
    if !subject.is_of_account() {
        absent.extend(["aws:principal".into(), "aws:multifactorauth".into()]);
    }
    Unknowns::AllBut(absent)
}

/// A conversation with the model: what is the same for many requests is made once.
#[derive(Debug)]
pub struct Ask<'m> {
    model: &'m Model,
    given: Given,
    /// Keys that the user gave.
    concrete: bool,
    /// The VPC endpoint by which requests come, where that was said.
    endpoint: Option<&'m Endpoint>,
}

/// What the side of the resource adds to a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Side<'s> {
    /// The policy of the resource.
    policy: Option<u32>,
    /// What S3 adds.
    s3: Option<&'s crate::s3::S3>,
    /// Grants of a key.
    grants: &'s [Grant],
    /// The request goes through no access point.
    direct: bool,
}

impl<'s> Side<'s> {
    /// A bucket whose access points are in the input has no others.
    fn of(store: &'s Store) -> Self {
        let direct = !store.points.is_empty();
        Self { policy: store.policy, s3: store.s3.as_ref(), grants: &store.grants, direct }
    }

    fn policy(policy: Option<u32>) -> Self {
        Self { policy, ..Self::default() }
    }
}

impl<'m> Ask<'m> {
    /// Asks with every key open that nothing is known of.
    #[must_use]
    pub fn new(model: &'m Model) -> Self {
        Self { model, given: assumed(), concrete: false, endpoint: None }
    }

    /// Asks with these keys, as a request has them; others stay open.
    #[must_use]
    pub fn with(model: &'m Model, keys: &[(String, String)]) -> Self {
        let mut given = assumed();
        for (key, value) in keys {
            let key = key.to_ascii_lowercase();
            given.retain(|(known, _)| **known != *key);
            given.push((key.into(), Some(Values::One(value.clone()))));
        }
        Self { model, given, concrete: false, endpoint: None }.by_endpoint()
    }

    /// Asks with a key that requests do not have; others stay open.
    #[must_use]
    pub fn without(model: &'m Model, key: &str) -> Self {
        let mut ask = Self::new(model);
        ask.given.push((key.to_ascii_lowercase().into(), None));
        ask
    }

    /// Asks with exactly these keys: others are absent.
    #[must_use]
    pub fn exactly(model: &'m Model, keys: &[(String, Values)]) -> Self {
        let given =
            keys.iter().map(|(key, value)| (key.to_ascii_lowercase().into(), Some(value.clone()))).collect();
        Self { model, given, concrete: true, endpoint: None }.by_endpoint()
    }

    /// Finds the VPC endpoint that the keys name, by its id or its logical id, and completes
    /// what a request that comes by it has.
    ///
    /// Source: IAM User Guide, `reference_policies_condition-keys.html`, "Properties of the
    /// network": the public address is not in such a request.
    fn by_endpoint(mut self) -> Self {
        let Some(at) = self.given.iter().position(|(key, _)| **key == *"aws:sourcevpce") else {
            return self;
        };
        let Some(Values::One(named)) = &self.given[at].1 else { return self };
        let of = |endpoint: &&Endpoint| *endpoint.id == **named || *endpoint.name == **named;
        let Some(endpoint) = self.model.endpoints.iter().find(of) else { return self };
        self.given[at].1 = Some(Values::One(endpoint.id.to_string()));
        let vpc = endpoint.vpc.as_ref().map(|vpc| Values::One(vpc.to_string()));
        for (key, value) in [("aws:sourcevpc", vpc), ("aws:sourceip", None)] {
            if !self.given.iter().any(|(known, _)| **known == *key) {
                self.given.push((key.into(), value));
            }
        }
        self.endpoint = Some(endpoint);
        self
    }

    /// The VPC endpoint by which requests come, where that was said.
    #[must_use]
    pub fn endpoint(&self) -> Option<&'m Endpoint> {
        self.endpoint
    }

    /// The model that is asked.
    pub(crate) fn model(&self) -> &'m Model {
        self.model
    }

    /// The keys that every request has, and whether it has no others.
    pub(crate) fn given(&self) -> (&Given, bool) {
        (&self.given, self.concrete)
    }

    /// Whether nothing is said of requests but what is always assumed.
    pub(crate) fn is_plain(&self) -> bool {
        !self.concrete && self.given == assumed()
    }

    /// A principal of the model as one who asks.
    #[must_use]
    pub fn asker(&self, principal: PrincipalId) -> Asker<'m> {
        let principal: &Principal = &self.model.principals[principal as usize];
        let account = principal.subject.account.as_deref().unwrap_or_default();
        Asker {
            subject: &principal.subject,
            identity: principal.identity.iter().map(|&id| self.model.policy(id)).collect(),
            boundary: principal.boundary.map(|id| self.model.policy(id)),
            session: None,
            scps: levels(self.model, self.model.scps.get(account)),
            unknown: unknowns(&principal.subject),
        }
    }

    /// A session of the model as one who asks: its role within what was passed to it.
    #[must_use]
    pub fn session(&self, session: &Session) -> Asker<'m> {
        let passed = session.policies.iter().map(|&id| self.model.policy(id)).collect();
        Asker { session: Some(passed), ..self.asker(session.role) }
    }

    /// Calls back with a request.
    pub(crate) fn request<T>(
        &self,
        asker: &Asker<'_>,
        action: &str,
        object: &Object,
        side: Side<'_>,
        more: &Keys,
        each: impl FnOnce(&Request<'_>) -> T,
    ) -> T {
        let model = self.model;
        let theirs = object.account.as_deref().unwrap_or_default();
        let rcps = match model.rcps.get(theirs) {
            Some(found) => levels(model, Some(found)),
            None => Vec::new(),
        };
        let mut longer;
        let given = if more.is_empty() {
            &self.given
        } else {
            longer = self.given.clone();
            longer.extend(more.iter().map(|(key, value)| (key.clone(), Some(value.clone()))));
            &longer
        };
        let closed;
        let unknown = match &asker.unknown {
            _ if self.concrete => &Unknowns::None,
            Unknowns::AllBut(absent) if side.direct => {
                let of_points = ["s3:dataaccesspoint", "s3:accesspointnetworkorigin"].map(Into::into);
                closed = Unknowns::AllBut(absent.iter().cloned().chain(of_points).collect());
                &closed
            }
            unknown => unknown,
        };
        each(&Request {
            subject: asker.subject,
            action,
            on_all: crate::decide::is_on_all(action),
            object,
            context: RequestContext {
                given,
                principal: &asker.subject.keys,
                resource: &object.keys,
                unknown,
            },
            policies: Policies {
                identity: &asker.identity,
                boundary: asker.boundary,
                session: asker.session.as_deref(),
                resource: side.policy.map(|id| model.policy(id)),
                scps: &asker.scps,
                rcps: &rcps,
                endpoint: self
                    .endpoint
                    .filter(|endpoint| endpoint.takes(action) != Some(false))
                    .and_then(|endpoint| endpoint.policy)
                    .map(|id| model.policy(id)),
                grants: side.grants,
                s3: side.s3,
            },
            holes: &model.holes,
        })
    }

    /// The decision, as far as what VPC endpoints of the input let through.
    fn decide(
        &self,
        asker: &Asker<'_>,
        action: &str,
        object: &Object,
        side: Side<'_>,
        more: &Keys,
    ) -> Outcome {
        let outcome = self.request(asker, action, object, side, more, |request| request.decide());
        self.within_endpoints(outcome, asker, action, object, side, more)
    }

    /// Whether somebody can take an action on a store, directly or through an access point of
    /// a bucket; `action` is in lower case.
    #[must_use]
    pub fn on_store(&self, asker: &Asker<'_>, action: &str, store: &Store, object: &Object) -> Outcome {
        let direct = self.decide(asker, action, object, Side::of(store), &Keys::new());
        store.points.iter().filter(|_| AccessPoint::takes(action)).fold(direct, |outcome, point| {
            if outcome.formula == Formula::True {
                return outcome;
            }
            outcome.or(self.through(asker, action, store, object, point))
        })
    }

    /// Whether somebody can take an action on a bucket through one of its access points;
    /// `action` is in lower case.
    #[must_use]
    pub fn through(
        &self,
        asker: &Asker<'_>,
        action: &str,
        store: &Store,
        object: &Object,
        point: &AccessPoint,
    ) -> Outcome {
        let (object, s3) = point.way(store, object);
        let side = Side { s3: Some(&s3), direct: false, ..Side::of(store) };
        self.decide(asker, action, &object, side, &Keys::new())
    }

    /// The statements that decide on an action on a bucket through one of its access points.
    #[must_use]
    pub fn explain_through(
        &self,
        asker: &Asker<'_>,
        action: &str,
        store: &Store,
        object: &Object,
        point: &AccessPoint,
    ) -> (Outcome, Vec<Reason>) {
        let outcome = self.through(asker, action, store, object, point);
        let (object, s3) = point.way(store, object);
        let side = Side { s3: Some(&s3), direct: false, ..Side::of(store) };
        let reasons = self.request(asker, action, &object, side, &Keys::new(), |request| request.explain());
        (outcome, reasons)
    }

    /// The statements that decide on an action on a store: of the direct way where it is
    /// open, else of the first access point through which it is.
    #[must_use]
    pub fn explain_store(
        &self,
        asker: &Asker<'_>,
        action: &str,
        store: &Store,
        object: &Object,
    ) -> (Outcome, Vec<Reason>) {
        let direct = self.decide(asker, action, object, Side::of(store), &Keys::new());
        let outcome = self.on_store(asker, action, store, object);
        let mut ways = store.points.iter().filter(|_| AccessPoint::takes(action));
        if direct.formula == Formula::False
            && let Some(point) =
                ways.find(|point| self.through(asker, action, store, object, point).formula != Formula::False)
        {
            return (outcome, self.explain_through(asker, action, store, object, point).1);
        }
        let reasons =
            self.request(asker, action, object, Side::of(store), &Keys::new(), |request| request.explain());
        (outcome, reasons)
    }

    /// When somebody can take an action on any ARN.
    #[must_use]
    pub fn may(&self, asker: &Asker<'_>, action: &str, object: &Object) -> Formula {
        self.decide(asker, action, object, Side::default(), &Keys::new()).formula
    }

    /// Whether somebody can take an action on any ARN, with the statements that decide.
    #[must_use]
    pub fn on_arn(
        &self,
        asker: &Asker<'_>,
        action: &str,
        object: &Object,
        policy: Option<u32>,
    ) -> (Outcome, Vec<Reason>) {
        let (side, more) = (Side::policy(policy), Keys::new());
        let outcome = self.decide(asker, action, object, side, &more);
        (outcome, self.request(asker, action, object, side, &more, |request| request.explain()))
    }

    /// When somebody can take an action on something, whatever it is. `action` is in lower
    /// case; one with wildcards is any action that it matches, of a service that is written
    /// out.
    #[must_use]
    pub fn on_something(&self, asker: &Asker<'_>, action: &str) -> Formula {
        let object = Object { arn: self.model.holes.anything().into(), ..Object::default() };
        let one = |action: &str| {
            let formula = self.may(asker, action, &object);
            crate::solve::chosen(&formula, &self.model.holes)
        };
        if !action.contains(['*', '?']) {
            return one(action);
        }
        let glob = crate::glob::Glob::wild(action);
        let service = action.split(':').next().and_then(sekisho_facts::iam::service);
        let mut any = Formula::False;
        for known in service.into_iter().flat_map(|service| &service.actions) {
            let name = format!("{}:{}", action.split(':').next().unwrap_or_default(), known.name);
            let name = name.to_ascii_lowercase();
            if glob.matches_plain(&name) {
                any = any.or(one(&name));
                if any == Formula::True {
                    break;
                }
            }
        }
        any
    }

    /// When somebody is allowed every action on everything.
    #[must_use]
    pub fn administers(&self, asker: &Asker<'_>) -> Formula {
        let everything = Object { arn: "*".into(), ..Object::default() };
        self.may(asker, "*", &everything)
    }

    /// Whether somebody can assume a role.
    #[must_use]
    pub fn assume(&self, asker: &Asker<'_>, action: &str, role: &Principal) -> Outcome {
        self.decide(asker, action, &role.object, Side::policy(role.trust), &Keys::new())
    }

    /// The statements that decide on assuming a role.
    #[must_use]
    pub fn explain_assume(
        &self,
        asker: &Asker<'_>,
        action: &str,
        role: &Principal,
    ) -> (Outcome, Vec<Reason>) {
        self.on_arn(asker, action, &role.object, role.trust)
    }

    /// Whether somebody has a capability on a store.
    #[must_use]
    pub fn can(&self, asker: &Asker<'_>, class: Class, store: StoreId) -> Cell {
        let store = &self.model.stores[store as usize];
        let mut cell = Cell { formula: Formula::False, actions: Vec::new() };
        let Some((_, kind)) = tables::store_kind(&store.type_name) else { return cell };
        let Some(forms) = kind.classes.get(&class) else { return cell };
        for (form, actions) in forms {
            let object = match store.forms.iter().find(|(name, _)| name == form) {
                Some((_, object)) => object,
                None => &store.object,
            };
            for action in actions {
                // The action is compared in lower case.
                let outcome = self.on_store(asker, lower(action), store, object);
                if outcome.formula != Formula::False {
                    cell.formula = cell.formula.or(outcome.formula);
                    cell.actions.push((action.as_str(), form.as_str()));
                }
            }
        }
        if cell.formula != Formula::False
            && let Some(needed) = class.key_action()
        {
            cell.formula = cell.formula.and(self.key(asker, needed, store, kind));
        }
        cell
    }

    /// When somebody may use the key of a store through its service.
    pub(crate) fn key(
        &self,
        asker: &Asker<'_>,
        action: &str,
        store: &Store,
        kind: &tables::StoreKind,
    ) -> Formula {
        let key = match &store.key {
            Encryption::Service => return Formula::True,
            Encryption::Key(key) => &self.model.stores[*key as usize],
            Encryption::Elsewhere(written) => {
                return Formula::unknown(format!("the policy of key {written} is not in this input"));
            }
            Encryption::Unknown(why) => return Formula::unknown(why.clone()),
        };
        let more = through_service(kind, &key.object, asker.subject.account.as_deref());
        self.decide(asker, action, &key.object, Side::of(key), &more).formula
    }

    /// The key that an action on a store needs as well, with the action on it and when it is
    /// allowed. `action` is in lower case.
    #[must_use]
    pub fn needed_key(
        &self,
        asker: &Asker<'_>,
        action: &str,
        store: StoreId,
    ) -> Option<(String, &'static str, Formula)> {
        let store = &self.model.stores[store as usize];
        let (_, kind) = tables::store_kind(&store.type_name)?;
        let of = |class: Class| {
            let mut actions = kind.classes.get(&class)?.values().flatten();
            actions.any(|known| known.eq_ignore_ascii_case(action)).then_some(())
        };
        let needed = match (of(Class::ReadContent), of(Class::Write)) {
            (Some(()), _) => "kms:Decrypt",
            (_, Some(())) => "kms:GenerateDataKey",
            _ => return None,
        };
        let name = match &store.key {
            Encryption::Service => return None,
            Encryption::Key(key) => self.model.stores[*key as usize].name.to_string(),
            Encryption::Elsewhere(written) => written.to_string(),
            Encryption::Unknown(_) => "?".to_owned(),
        };
        Some((name, needed, self.key(asker, &needed.to_ascii_lowercase(), store, kind)))
    }

    /// The statements that decide on the first action of a capability that is or may be
    /// allowed, or on the first of all.
    #[must_use]
    pub fn reasons(&self, asker: &Asker<'_>, class: Class, store: StoreId) -> Vec<Reason> {
        self.reasons_of(asker, &self.can(asker, class, store), class, store)
    }

    /// The same where the cell is known, the asker's own or that of one with the same answer.
    #[must_use]
    pub fn reasons_of(&self, asker: &Asker<'_>, cell: &Cell, class: Class, store: StoreId) -> Vec<Reason> {
        let store = &self.model.stores[store as usize];
        let Some((_, kind)) = tables::store_kind(&store.type_name) else { return Vec::new() };
        let first = cell.actions.first().copied().or_else(|| {
            let (form, actions) = kind.classes.get(&class)?.iter().next()?;
            Some((actions.first()?.as_str(), form.as_str()))
        });
        let Some((action, form)) = first else { return Vec::new() };
        let object =
            store.forms.iter().find(|(name, _)| *name == form).map_or(&store.object, |(_, object)| object);
        self.explain_store(asker, lower(action), store, object).1
    }
}

/// The keys that a request to a key has when a service makes it for somebody.
///
/// Source: KMS Developer Guide, `conditions-kms.html`, `kms:ViaService`, `kms:CallerAccount`.
pub(crate) fn through_service(kind: &tables::StoreKind, key: &Object, caller: Option<&str>) -> Keys {
    let mut more = Keys::new();
    if let Some(row) = &kind.key {
        let region = key.arn.split(':').nth(3).unwrap_or_default();
        more.push(("kms:viaservice".into(), Values::One(format!("{}.{region}.amazonaws.com", row.via))));
    }
    if let Some(account) = caller {
        more.push(("kms:calleraccount".into(), Values::One(account.to_owned())));
    }
    more
}

fn levels<'m>(model: &'m Model, levels: Option<&Vec<Vec<u32>>>) -> Vec<Vec<&'m Policy>> {
    levels.into_iter().flatten().map(|level| level.iter().map(|&id| model.policy(id)).collect()).collect()
}

/// A policy that allows everything: what the administrators of another account may give.
fn everything() -> &'static Policy {
    static POLICY: std::sync::OnceLock<Policy> = std::sync::OnceLock::new();
    POLICY.get_or_init(|| {
        let all = || crate::policy::Select::Only(vec![crate::glob::Glob::wild("*")]);
        Policy {
            name: Some("what its account allows".into()),
            statements: vec![crate::policy::Statement {
                sid: None,
                effect: crate::policy::Effect::Allow,
                principals: crate::policy::Select::Absent,
                actions: all(),
                resources: all(),
                tests: Vec::new(),
                problem: None,
                at: None,
            }],
            at: None,
        }
    })
}

/// The lower case of an action of the built-in data, made once.
pub(crate) fn lower(action: &str) -> &str {
    use std::collections::HashMap;
    static LOWER: std::sync::OnceLock<HashMap<&'static str, String>> = std::sync::OnceLock::new();
    let known = LOWER.get_or_init(|| {
        let kinds = tables::store_kinds().iter();
        kinds
            .flat_map(|kind| kind.classes.values().flat_map(|forms| forms.values().flatten()))
            .map(|action| (action.as_str(), action.to_ascii_lowercase()))
            .collect()
    });
    known.get(action).map_or(action, String::as_str)
}
