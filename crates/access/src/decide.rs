//! The decision on one request.
//!
//! Sources: IAM User Guide, `reference_policies_evaluation-logic.html` and the pages below
//! it (`…_policy-eval-denyallow.html`, `…-cross-account.html`, `…_policy-eval-basics.html`);
//! KMS Developer Guide, `key-policies.html`, `grants.html`; Organizations User Guide,
//! `orgs_manage_policies_scps.html`, `orgs_manage_policies_rcps.html`.
//!
//! One decision is linear in the statements of the policies that apply. Of a statement
//! whose action does not match nothing else is looked at.

use crate::case::{DeniedBy, DenyEffect, Kind, Verdict};
use crate::condition::{Compare, Set, Test};
use crate::context::{Context, Keys, RequestContext};
use crate::formula::Formula;
use crate::glob::Glob;
use crate::holes::Holes;
use crate::policy::{Effect, Policy};
use crate::s3::{S3, Through};
use crate::subject::{Reach, Subject, SubjectKind, same};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// Its ARN, or `*`.
    pub arn: Box<str>,
    /// Its owner; none: the principal's account.
    pub account: Option<Box<str>>,
    /// Whether its account is the management account of its organization.
    pub management: bool,
    /// A KMS key that AWS manages.
    pub aws_managed: bool,
    /// Condition keys that follow from it.
    pub keys: Keys,
}

/// A grant of a KMS key.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its id.
    pub id: Option<Box<str>>,
    /// Who may use it.
    pub grantee: Box<str>,
    /// What it allows, in lower case with `kms:` before it.
    pub operations: Vec<Box<str>>,
    /// Pairs of the encryption context; whether they must be all of it.
    pub context: Option<(Pairs, bool)>,
}

/// Pairs of an encryption context.
pub type Pairs = Vec<(Box<str>, Box<str>)>;

/// The policies that AWS looks at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'p> {
    /// Of the user, its groups, or the role.
    pub identity: &'p [&'p Policy],
    /// The permissions boundary.
    pub boundary: Option<&'p Policy>,
    /// Session policies.
    pub session: Option<&'p [&'p Policy]>,
    /// Of the resource.
    pub resource: Option<&'p Policy>,
    /// Service control policies by level.
    pub scps: &'p [Vec<&'p Policy>],
    /// Resource control policies by level.
    pub rcps: &'p [Vec<&'p Policy>],
    /// Of the VPC endpoint.
    pub endpoint: Option<&'p Policy>,
    /// Grants of the key.
    pub grants: &'p [Grant],
    /// What S3 adds.
    pub s3: Option<&'p S3>,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'p> {
    /// Who asks.
    pub subject: &'p Subject,
    /// `service:action` in lower case.
    pub action: &'p str,
    /// The action names no type of resource: policies of identities see `*`.
    pub on_all: bool,
    /// What is asked for.
    pub object: &'p Object,
    /// The condition keys.
    pub context: RequestContext<'p>,
    /// The policies.
    pub policies: Policies<'p>,
    /// The holes of all texts.
    pub holes: &'p Holes,
}

/// What kind of resource decides on the rule that applies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// An identity policy of the account is enough.
    Plain,
    /// A KMS key: its policy must allow, or let the account decide.
    Key,
    /// The trust policy of a role.
    Trust,
}

/// What each layer says.
#[derive(Clone, Debug)]
pub struct Layers {
    /// Explicit denies by kind, in the order in which they are looked at.
    pub denies: Vec<(Kind, Formula)>,
    /// Identity policies allow.
    pub identity: Formula,
    /// The boundary allows.
    pub boundary: Formula,
    /// Session policies allow.
    pub session: Formula,
    /// Every level of service control policies allows.
    pub scp: Formula,
    /// The endpoint's policy allows.
    pub endpoint: Formula,
    /// The resource allows: its policy, grants, access control lists.
    pub resource: Reach,
    /// Block Public Access cuts the request off.
    pub blocked: Formula,
    /// The access point allows.
    pub access_point: Formula,
    /// The principal is of the resource's account.
    pub same_account: Formula,
    /// Which rule applies.
    pub rule: Rule,
    /// What they say together.
    pub allowed: Formula,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// By what it is denied.
    pub denied_by: Option<DeniedBy>,
    /// When it is allowed.
    pub formula: Formula,
}

/// What a policy says of a request.
#[derive(Clone, Debug)]
pub(crate) struct Says {
    pub(crate) allow: Formula,
    pub(crate) deny: Formula,
}

/// The trust policy counts only for these.
const ASSUME: [&str; 5] = [
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:tagsession",
    "sts:setsourceidentity",
];

/// Whether an action, in lower case, is on no type of resource: a policy allows it on `*` or
/// not at all. Of one that is not known nothing is said.
///
/// Source: Service Authorization Reference.
pub(crate) fn is_on_all(action: &str) -> bool {
    use std::sync::{OnceLock, PoisonError, RwLock};
    static KNOWN: OnceLock<RwLock<foldhash::HashMap<Box<str>, bool>>> = OnceLock::new();
    let known = KNOWN.get_or_init(RwLock::default);
    if let Some(&is) = known.read().unwrap_or_else(PoisonError::into_inner).get(action) {
        return is;
    }
    let is = sekisho_facts::iam::action(action).is_some_and(|(_, action)| action.on.is_empty());
    known.write().unwrap_or_else(PoisonError::into_inner).insert(action.into(), is);
    is
}

/// Whether the service of an action, in lower case, looks at resource control policies.
///
/// Source: Organizations User Guide, `orgs_manage_policies_rcps.html`, "List of AWS services
/// that support RCPs".
pub(crate) fn has_rcps(action: &str) -> Formula {
    let prefix = action.split(':').next().unwrap_or_default();
    match sekisho_facts::iam::service(prefix) {
        Some(service) => service.resource_control_policies.into(),
        None if prefix.contains('*') => Formula::True,
        None => Formula::unknown(format!("whether {prefix} looks at resource control policies")),
    }
}

/// Which rule applies to an action, in lower case, on a resource.
pub(crate) fn rule(arn: &str, action: &str) -> Rule {
    let mut fields = arn.splitn(6, ':');
    let (service, rest) = (fields.nth(2).unwrap_or_default(), fields.nth(2).unwrap_or_default());
    match service {
        "kms" if rest.starts_with("key/") && action.starts_with("kms:") => Rule::Key,
        "iam" if rest.starts_with("role/") && ASSUME.contains(&action) => Rule::Trust,
        _ => Rule::Plain,
    }
}

impl Request<'_> {
    /// The answer.
    #[must_use]
    pub fn decide(&self) -> Outcome {
        self.layers().outcome(self)
    }

    /// The resource as policies of identities and organizations see it: the access point that
    /// a request goes through; `*` for an action that is on no type of resource.
    ///
    /// Source: IAM User Guide, `reference_policies_elements_resource.html`: a statement that
    /// names an ARN is not about such an action.
    #[must_use]
    pub fn seen(&self) -> &str {
        if self.on_all {
            return "*";
        }
        let through = self.policies.s3.and_then(|s3| s3.through.as_ref());
        through.map_or(&self.object.arn, |through| &through.arn)
    }

    /// Which rule applies to the resource.
    #[must_use]
    pub fn rule(&self) -> Rule {
        rule(&self.object.arn, self.action)
    }

    /// What an identity-like policy says: who asks is not looked at.
    pub(crate) fn identity_says(&self, policy: &Policy, resource: &str) -> Says {
        let mut says = Says { allow: Formula::False, deny: Formula::False };
        for statement in &policy.statements {
            let target = match statement.effect {
                Effect::Allow => &mut says.allow,
                Effect::Deny => &mut says.deny,
                Effect::Unknown(_) => {
                    let applies = statement.applies(self.action, resource, &self.context, self.holes);
                    if applies != Formula::False {
                        let unknown = applies.and(unknown_effect(&statement.effect));
                        says.allow = says.allow.or(unknown.clone());
                        says.deny = says.deny.or(unknown);
                    }
                    continue;
                }
            };
            if *target == Formula::True {
                continue;
            }
            let applies = statement.applies(self.action, resource, &self.context, self.holes);
            if applies != Formula::False {
                *target = std::mem::replace(target, Formula::False).or(applies);
            }
        }
        says
    }

    /// What a policy with principals says.
    pub(crate) fn resource_says(
        &self,
        policy: &Policy,
        resource: &str,
        context: &impl Context,
    ) -> (Reach, Formula) {
        let mut reach = Reach::NONE;
        let mut deny = Formula::False;
        let bounded = self.policies.boundary.is_some();
        for statement in &policy.statements {
            if statement.effect == Effect::Allow && reach.direct == Formula::True {
                continue;
            }
            let applies = statement.applies(self.action, resource, context, self.holes);
            if applies == Formula::False {
                continue;
            }
            let to = self.subject.reach(&statement.principals, &statement.effect, bounded, self.holes);
            match &statement.effect {
                Effect::Allow => reach = reach.or(to.when(&applies)),
                Effect::Deny => deny = deny.or(to.any().and(applies)),
                effect @ Effect::Unknown(_) => {
                    let unknown = applies.and(unknown_effect(effect));
                    deny = deny.or(to.any().and(unknown.clone()));
                    reach = reach.or(to.when(&unknown));
                }
            }
        }
        (reach, deny)
    }

    fn all_say<'p>(&self, policies: impl IntoIterator<Item = &'p Policy>, resource: &str) -> Says {
        let mut says = Says { allow: Formula::False, deny: Formula::False };
        for policy in policies {
            let next = self.identity_says(policy, resource);
            says.allow = says.allow.or(next.allow);
            says.deny = says.deny.or(next.deny);
        }
        says
    }

    /// Whether service control policies are about the principal.
    fn has_scps(&self) -> bool {
        self.subject.is_of_account() && !self.subject.management && !self.subject.service_linked
    }

    /// When resource control policies are about the request: only some services look at them.
    fn has_rcps(&self) -> Formula {
        if self.object.management || self.subject.service_linked || self.object.aws_managed {
            return Formula::False;
        }
        has_rcps(self.action)
    }

    /// What each layer says.
    #[must_use]
    pub fn layers(&self) -> Layers {
        let (subject, policies) = (self.subject, &self.policies);
        let rule = self.rule();
        let through = policies.s3.and_then(|s3| s3.through.as_ref());
        let seen = self.seen();
        let mut denies = Vec::new();
        let mut deny = |kind, formula: Formula| {
            if formula != Formula::False {
                denies.push((kind, formula));
            }
        };

        let mut scp = Formula::True;
        if self.has_scps() {
            for level in policies.scps {
                let says = self.all_say(level.iter().copied(), seen);
                deny(Kind::Scp, says.deny);
                scp = scp.and(says.allow);
            }
        }
        if !policies.rcps.is_empty() {
            let counts = self.has_rcps();
            // RCPFullAWSAccess is attached at every level and cannot be detached; customers'
            // own policies only deny.
            for policy in policies.rcps.iter().flatten() {
                let (_, denied) = self.resource_says(policy, &self.object.arn, &self.context);
                deny(Kind::Rcp, denied.and(counts.clone()));
            }
        }
        let mut endpoint = Formula::True;
        if let Some(policy) = policies.endpoint {
            let (reach, denied) = self.resource_says(policy, seen, &self.context);
            endpoint = reach.any();
            deny(Kind::Endpoint, denied);
        }

        let of_account = |account: Option<&str>| match (&subject.account, account) {
            _ if subject.foreign => Formula::False,
            (Some(_), None) => Formula::True,
            (Some(own), Some(theirs)) => same(own, theirs, self.holes),
            (None, _) => Formula::False,
        };
        let of_bucket = of_account(self.object.account.as_deref());
        let same_account = match policies.s3.and_then(|s3| s3.object_owner(self.action)) {
            Some(owner) => of_account(Some(owner)),
            None => of_bucket.clone(),
        };
        let mut resource = Reach::NONE;
        let is_policy_of_resource = rule != Rule::Plain || !self.object.arn.contains(":role/");
        if let Some(policy) = policies.resource.filter(|_| is_policy_of_resource) {
            let (reach, denied) = self.resource_says(policy, &self.object.arn, &self.context);
            resource = reach;
            deny(kind_of(rule), denied);
        }
        let mut by_grant = Reach::NONE;
        if rule == Rule::Key {
            for grant in policies.grants {
                by_grant = by_grant.or(self.granted(grant));
            }
        }
        let mut blocked = Formula::False;
        let mut access_point = Formula::True;
        if let Some(s3) = policies.s3 {
            resource = s3.reach(self, resource, policies.resource);
            blocked = s3.blocked(self, policies.resource, &of_bucket);
        }

        let identity = match subject.kind {
            SubjectKind::Root => Says { allow: root_may(self.action), deny: Formula::False },
            SubjectKind::User | SubjectKind::Role | SubjectKind::FederatedUser => {
                self.all_say(policies.identity.iter().copied(), seen)
            }
            _ => Says { allow: Formula::False, deny: Formula::False },
        };
        deny(Kind::Identity, identity.deny);
        let mut boundary = Formula::True;
        let mut session = Formula::True;
        if matches!(subject.kind, SubjectKind::User | SubjectKind::Role | SubjectKind::FederatedUser) {
            if let Some(policy) = policies.boundary {
                let says = self.identity_says(policy, seen);
                deny(Kind::Boundary, says.deny);
                boundary = says.allow;
            }
            match policies.session {
                Some(passed) => {
                    let says = self.all_say(passed.iter().copied(), seen);
                    deny(Kind::Session, says.deny);
                    session = says.allow;
                }
                // Source: IAM User Guide, `id_credentials_temp_control-access_getfederationtoken.html`:
                // without a session policy a federated session has only what resources give.
                None if subject.kind == SubjectKind::FederatedUser => session = Formula::False,
                None => {}
            }
        }

        let own = identity.allow.clone().and(boundary.clone()).and(session.clone());
        if let (Some(through), Some(s3)) = (through, policies.s3) {
            let (allowed, denied) = self.through(s3, through, &own, &boundary, &session);
            access_point = allowed;
            deny(Kind::AccessPoint, denied);
        }
        let limited = resource.role.clone().and(boundary.clone()).and(session.clone());
        let without = resource.any();
        let granted = resource.direct.clone().or(limited);
        let grants = (!by_grant.is_none())
            .then(|| self.by_grants(&by_grant, &own, &boundary.clone().and(session.clone())));
        let (grant_within, grant_without) = grants.unwrap_or((Formula::False, Formula::False));
        let resource = resource.or(by_grant);
        let within = match rule {
            Rule::Plain => granted.clone().or(own.clone()),
            Rule::Key | Rule::Trust => granted.or(resource.account.clone().and(own.clone())),
        };
        let within = within.or(grant_within);
        // Of an access point of the caller's own account that lets it in itself.
        let by_point = match through {
            Some(through) if through.account != self.object.account => access_point
                .clone()
                .and(Formula::ambiguous("whether an access point of its own account is enough for a caller")),
            _ => Formula::False,
        };
        let without = own.or(by_point).and(without).or(grant_without);
        let by_rule =
            if rule == Rule::Trust { trust_admits(self.action, subject.kind) } else { Formula::True };
        let grants = match (&subject.account, &same_account) {
            (None, _) => resource.direct.clone(),
            (_, Formula::True) => within,
            (_, Formula::False) => without,
            (_, same) => same.clone().and(within).or(same.clone().negate().and(without)),
        };
        let mut allowed = grants.and(by_rule).and(scp.clone()).and(endpoint.clone());
        allowed = allowed.and(blocked.clone().negate()).and(access_point.clone());
        for (_, formula) in &denies {
            allowed = allowed.and(formula.clone().negate());
        }
        Layers {
            denies,
            identity: identity.allow,
            boundary,
            session,
            scp,
            endpoint,
            resource,
            blocked,
            access_point,
            same_account,
            rule,
            allowed,
        }
    }

    /// What an access point says: its policy as a resource policy of its own.
    fn through(
        &self,
        _s3: &S3,
        through: &Through,
        own: &Formula,
        boundary: &Formula,
        session: &Formula,
    ) -> (Formula, Formula) {
        let (reach, denied) = match &through.policy {
            Some(policy) => self.resource_says(policy, &through.arn, &self.context),
            None => (Reach::NONE, Formula::False),
        };
        let same_account = match (&self.subject.account, &through.account) {
            (Some(own), Some(theirs)) => same(own, theirs, self.holes),
            (Some(_), None) => Formula::True,
            (None, _) => return (reach.direct, denied),
        };
        let limited = reach.role.clone().and(boundary.clone()).and(session.clone());
        let within = reach.direct.clone().or(limited).or(own.clone());
        let without = own.clone().and(reach.any());
        (same_account.clone().and(within).or(same_account.negate().and(without)), denied)
    }

    /// What grants of a key give within its account and to other accounts.
    ///
    /// Source: KMS Developer Guide, `grants.html`. It does not say whether a boundary or a
    /// session policy limits a role that is the grantee, nor whether the account of a grantee
    /// of another account must allow as well.
    fn by_grants(&self, reach: &Reach, own: &Formula, bounded: &Formula) -> (Formula, Formula) {
        let unsettled = |what: &str| Formula::ambiguous(what);
        let limit = bounded.clone().or(unsettled("whether a boundary limits what a grant gives a role"));
        let within = reach.direct.clone().or(reach.role.clone().and(limit));
        let alone = own.clone().or(unsettled("whether a grant to another account is enough without it"));
        (within, reach.any().and(alone))
    }

    /// How far a grant of a key reaches.
    fn granted(&self, grant: &Grant) -> Reach {
        if !grant.operations.iter().any(|operation| **operation == *self.action) {
            return Reach::NONE;
        }
        let mut when = Formula::True;
        if let Some((pairs, exact)) = &grant.context {
            let test = |key: String, set, values: Vec<&str>| {
                let compare = Compare::Text { fold: false };
                let test = Test {
                    key: key.to_lowercase().into(),
                    written: (key.into(), "StringEquals".into()),
                    set,
                    compare,
                    negated: false,
                    if_exists: false,
                    values: values.into_iter().map(|text| compare.wanted(Glob::literal(text))).collect(),
                    unknown: None,
                };
                test.holds(&self.context, self.holes)
            };
            for (key, value) in pairs {
                when = when.and(test(format!("kms:EncryptionContext:{key}"), None, vec![value]));
            }
            if *exact {
                // No pairs but these.
                let names = pairs.iter().map(|(key, _)| &**key).collect();
                when = when.and(test("kms:EncryptionContextKeys".to_owned(), Some(Set::All), names));
            }
        }
        let named = match Subject::of_arn(&grant.grantee) {
            Some(_) => crate::policy::Named::Arn(grant.grantee.clone()),
            None => crate::policy::Named::Service(grant.grantee.clone()),
        };
        let select = crate::policy::Select::Only(vec![named]);
        if self.subject.deleted {
            // Of policies AWS says that an ARN means the principal that had it then; of grants
            // it does not.
            when = when.and(Formula::ambiguous("whether a grant reaches a principal that was made again"));
            let again = Subject { deleted: false, ..self.subject.clone() };
            return again.reach(&select, &Effect::Allow, false, self.holes).when(&when);
        }
        self.subject.reach(&select, &Effect::Allow, false, self.holes).when(&when)
    }
}

/// Which calls a kind of principal can make to assume a role at all.
///
/// Sources: IAM User Guide, `id_credentials_temp_request.html` and
/// `reference_policies_elements_principal.html`, "IAM role principals"; STS API,
/// `API_AssumeRole.html`: the root user cannot call it; the calls with a token of an
/// identity provider are made without AWS credentials.
fn trust_admits(action: &str, kind: SubjectKind) -> Formula {
    match (action, kind) {
        ("sts:assumerole", SubjectKind::Root | SubjectKind::Anonymous | SubjectKind::Federated) => {
            Formula::False
        }
        ("sts:assumerolewithsaml" | "sts:assumerolewithwebidentity", kind) => {
            (kind == SubjectKind::Federated).into()
        }
        _ => Formula::True,
    }
}

/// The root user may do everything, but it cannot assume a role.
fn root_may(action: &str) -> Formula {
    (action != "sts:assumerole").into()
}

fn unknown_effect(effect: &Effect) -> Formula {
    match effect {
        Effect::Unknown(why) => Formula::unknown(why.clone()),
        Effect::Allow | Effect::Deny => Formula::True,
    }
}

/// The kind of a resource's policy.
#[must_use]
pub fn kind_of(rule: Rule) -> Kind {
    match rule {
        Rule::Plain => Kind::Resource,
        Rule::Key => Kind::Key,
        Rule::Trust => Kind::Trust,
    }
}

impl Layers {
    /// The answer that the layers give.
    #[must_use]
    pub fn outcome(self, request: &Request<'_>) -> Outcome {
        let formula = self.allowed.clone();
        let verdict = match &formula {
            Formula::True => Verdict::Allowed,
            Formula::False => Verdict::Denied,
            open => match open.open() {
                (true, _) => Verdict::Unknown,
                (false, true) => Verdict::Ambiguous,
                (false, false) => Verdict::Conditional,
            },
        };
        let denied_by = (verdict == Verdict::Denied).then(|| self.denied_by(request));
        Outcome { verdict, denied_by, formula }
    }

    /// By what a request that is denied is denied.
    fn denied_by(&self, request: &Request<'_>) -> DeniedBy {
        let explicit = self.denies.iter().find(|(_, formula)| *formula == Formula::True);
        if let Some((kind, _)) = explicit {
            return DeniedBy { effect: DenyEffect::Explicit, kind: *kind };
        }
        let implicit = |kind| DeniedBy { effect: DenyEffect::Implicit, kind };
        if self.blocked == Formula::True {
            return DeniedBy { effect: DenyEffect::Explicit, kind: Kind::BlockPublicAccess };
        }
        if self.scp == Formula::False {
            return implicit(Kind::Scp);
        }
        if self.endpoint == Formula::False {
            return implicit(Kind::Endpoint);
        }
        let resource = self.resource.any();
        let own = kind_of(self.rule);
        let strict = self.rule != Rule::Plain || self.same_account == Formula::False;
        if !request.subject.is_of_account() || (strict && resource == Formula::False) {
            return implicit(own);
        }
        if self.access_point == Formula::False && self.identity != Formula::False {
            return implicit(Kind::AccessPoint);
        }
        if self.identity == Formula::False && self.resource.role == Formula::False {
            return implicit(Kind::Identity);
        }
        if self.boundary == Formula::False {
            return implicit(Kind::Boundary);
        }
        if self.session == Formula::False {
            return implicit(Kind::Session);
        }
        if self.identity == Formula::False { implicit(Kind::Identity) } else { implicit(own) }
    }
}
