//! From a case to its answer.

use bumpalo::Bump;
use sekisho_estate::{Estate, Reader, Value};
use sekisho_policy::Document;
use serde::Serialize;

use crate::case::{Case, CasePrincipal, CaseResource, DeniedBy, Kind, Named, Values, Verdict};
use crate::context::{Keys, RequestContext, Unknowns};
use crate::decide::{Grant, Object, Outcome, Policies, Request};
use crate::explain::ReasonEffect;
use crate::formula::{Atom, Formula};
use crate::holes::Holes;
use crate::policy::{Compiler, Policy};
use crate::s3::{S3, Through};
use crate::show;
use crate::subject::{Subject, SubjectKind};

/// A case with its policies compiled: it can be decided many times.
#[derive(Debug)]
pub struct Prepared {
    id: Option<String>,
    subject: Subject,
    action: String,
    on_all: bool,
    objects: Vec<Object>,
    given: Vec<(Box<str>, Option<Values>)>,
    unknown: Unknowns,
    identity: Vec<Policy>,
    boundary: Option<Policy>,
    session: Option<Vec<Policy>>,
    resource: Option<Policy>,
    scps: Vec<Vec<Policy>>,
    rcps: Vec<Vec<Policy>>,
    endpoint: Option<Policy>,
    grants: Vec<Grant>,
    /// What S3 adds, for each object.
    s3: Option<Vec<S3>>,
    holes: Holes,
}

/// The answer to a case, as it is printed. Its JSON Schema is
/// `docs/schema/sekisho.decision-1.schema.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// `sekisho.decision/1`
    pub schema: &'static str,
    /// Name of the case.
    pub id: Option<String>,
    /// The answer.
    pub decision: Verdict,
    /// By what it is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<DeniedBy>,
    /// The statements that decide.
    pub reasons: Vec<AnswerReason>,
    /// When it is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// What is not known, or not settled by the documentation, and decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
}

/// A statement in an answer.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerReason {
    /// Kind of the policy.
    pub kind: Kind,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Index of the statement, from 0.
    pub statement: usize,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// `allow`, `deny`, or `none` for one that names the action and falls short.
    pub effect: &'static str,
    /// When it applies, or why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Case {
    /// Compiles the policies.
    ///
    /// # Errors
    /// What is wrong with the principal.
    pub fn prepare(&self) -> Result<Prepared, String> {
        let (estate, bump) = (Estate::default(), Bump::new());
        let reader = Reader::new(&estate, &bump);
        let mut holes = Holes::default();
        let mut compiler = Compiler { reader: &reader, holes: &mut holes, partition: "aws" };
        let mut compile = |named: &Named, name: Option<&str>| {
            let text = bump.alloc_str(&named.document.0);
            compiler.policy(named.name.as_deref().or(name), &Document::parse(&reader, Value::Str(text)))
        };
        let policies = &self.policies;
        let mut identity: Vec<Policy> = policies.identity.iter().map(|named| compile(named, None)).collect();
        for group in &policies.groups {
            identity.extend(group.policies.iter().map(|named| compile(named, Some(&group.name))));
        }
        let levels = |levels: &[Vec<Named>], compile: &mut dyn FnMut(&Named, Option<&str>) -> Policy| {
            levels
                .iter()
                .map(|level| level.iter().map(|named| compile(named, None)).collect())
                .collect::<Vec<Vec<Policy>>>()
        };
        let mut objects = Vec::new();
        let mut subject = subject(self)?;
        for resource in self.resource.as_slice() {
            objects.push(object(self, resource, &subject));
        }
        if self.action.get(..4).is_some_and(|service| service.eq_ignore_ascii_case("kms:"))
            && let Some(account) = subject.account.clone()
        {
            subject.key("kms:CallerAccount", account);
        }
        let mut s3 = |s3: &crate::case::CaseS3, object: &Object| S3 {
            ownership: s3.object_ownership.unwrap_or_default(),
            bucket_acl: s3.bucket_acl.clone(),
            object_acl: s3.object_acl.clone(),
            object_owner: s3.object_owner.as_deref().map(Into::into),
            switches: s3.block_public_access.strictest(),
            through: s3.access_point.as_ref().map(|point| Through {
                arn: through_arn(&point.arn, &object.arn).into(),
                account: point.account.as_deref().or_else(|| account_of(&point.arn)).map(Into::into),
                policy: point.policy.as_ref().map(|named| compile(named, None).into()),
            }),
        };
        let s3 = self.s3.as_ref().map(|of| objects.iter().map(|object| s3(of, object)).collect());
        if let Some(point) = self.s3.as_ref().and_then(|s3| s3.access_point.as_ref()) {
            for object in &mut objects {
                let mut key = |name: &str, value: &str| {
                    object.keys.push((name.into(), Values::One(value.to_owned())));
                };
                key("s3:dataaccesspointarn", &point.arn);
                if let Some(account) = point.account.as_deref().or_else(|| account_of(&point.arn)) {
                    key("s3:dataaccesspointaccount", account);
                }
                key("s3:accesspointnetworkorigin", point.network_origin.as_deref().unwrap_or("Internet"));
            }
        }
        let prepared = Prepared {
            id: self.id.clone(),
            on_all: crate::decide::is_on_all(&self.action.to_ascii_lowercase()),
            action: self.action.to_ascii_lowercase(),
            given: self
                .context
                .iter()
                .map(|(key, values)| (key.to_ascii_lowercase().into(), values.clone()))
                .collect(),
            unknown: if self.unknown.iter().any(|key| key == "*") {
                Unknowns::All
            } else if self.unknown.is_empty() {
                Unknowns::None
            } else {
                Unknowns::These(self.unknown.iter().map(|key| key.to_ascii_lowercase().into()).collect())
            },
            boundary: policies.boundary.as_ref().map(|named| compile(named, None)),
            session: policies
                .session
                .as_ref()
                .map(|passed| passed.iter().map(|named| compile(named, None)).collect()),
            resource: policies.resource.as_ref().map(|named| compile(named, None)),
            scps: levels(&policies.scps, &mut compile),
            rcps: levels(&policies.rcps, &mut compile),
            endpoint: policies.endpoint.as_ref().map(|named| compile(named, None)),
            grants: policies.grants.iter().map(grant).collect(),
            identity,
            s3,
            subject,
            objects,
            holes,
        };
        Ok(prepared)
    }
}

impl Prepared {
    /// Calls back with the request on each resource.
    pub fn each_request<T>(&self, mut each: impl FnMut(&Request<'_>) -> T) -> Vec<T> {
        let identity: Vec<&Policy> = self.identity.iter().collect();
        let session: Option<Vec<&Policy>> = self.session.as_ref().map(|passed| passed.iter().collect());
        let scps: Vec<Vec<&Policy>> = self.scps.iter().map(|level| level.iter().collect()).collect();
        let rcps: Vec<Vec<&Policy>> = self.rcps.iter().map(|level| level.iter().collect()).collect();
        self.objects
            .iter()
            .enumerate()
            .map(|(at, object)| {
                each(&Request {
                    subject: &self.subject,
                    action: &self.action,
                    on_all: self.on_all,
                    object,
                    context: RequestContext {
                        given: &self.given,
                        principal: &self.subject.keys,
                        resource: &object.keys,
                        unknown: &self.unknown,
                    },
                    policies: Policies {
                        identity: &identity,
                        boundary: self.boundary.as_ref(),
                        session: session.as_deref(),
                        resource: self.resource.as_ref(),
                        scps: &scps,
                        rcps: &rcps,
                        endpoint: self.endpoint.as_ref(),
                        grants: &self.grants,
                        s3: self.s3.as_ref().and_then(|of| of.get(at)),
                    },
                    holes: &self.holes,
                })
            })
            .collect()
    }

    /// The decision alone: of several resources all must be allowed.
    #[must_use]
    pub fn decide(&self) -> Outcome {
        let outcomes = self.each_request(|request| request.decide());
        let formula = Formula::all(outcomes.iter().map(|outcome| outcome.formula.clone()));
        let denied = outcomes.iter().find(|outcome| outcome.verdict == Verdict::Denied);
        let verdict = match (denied, &formula) {
            (Some(_), _) | (None, Formula::False) => Verdict::Denied,
            (None, Formula::True) => Verdict::Allowed,
            (None, open) => match open.open() {
                (true, _) => Verdict::Unknown,
                (false, true) => Verdict::Ambiguous,
                (false, false) => Verdict::Conditional,
            },
        };
        Outcome { verdict, denied_by: denied.and_then(|outcome| outcome.denied_by), formula }
    }

    /// The decision with the statements that decide.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let outcome = self.decide();
        let reasons = self.each_request(|request| request.explain()).into_iter().flatten();
        let mut open = Vec::new();
        outcome.formula.atoms(&mut |atom| {
            if let Atom::Unknown(why) | Atom::Ambiguous(why) = atom {
                open.push(why.to_string());
            }
        });
        open.sort();
        open.dedup();
        Answer {
            schema: "sekisho.decision/1",
            id: self.id.clone(),
            decision: outcome.verdict,
            denied_by: outcome.denied_by,
            reasons: reasons
                .map(|reason| AnswerReason {
                    kind: reason.kind,
                    policy: reason.policy.map(Into::into),
                    statement: reason.index,
                    sid: reason.sid.map(Into::into),
                    effect: match reason.effect {
                        ReasonEffect::Allow => "allow",
                        ReasonEffect::Deny => "deny",
                        ReasonEffect::Short => "none",
                    },
                    note: reason.note,
                })
                .collect(),
            condition: (!outcome.formula.is_constant()).then(|| show::formula(&outcome.formula, &self.holes)),
            open,
        }
    }
}

/// The account of an ARN, when it names one.
fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty() && arn.starts_with("arn:"))
}

/// What a request through an access point names.
///
/// Source: Amazon S3 User Guide, `access-points-policies.html`: objects are
/// `ACCESS-POINT-ARN/object/KEY`.
pub(crate) fn through_arn(point: &str, resource: &str) -> String {
    match resource.split_once(":::").and_then(|(_, rest)| rest.split_once('/')) {
        Some((_, key)) => format!("{point}/object/{key}"),
        None => point.to_owned(),
    }
}

fn subject(case: &Case) -> Result<Subject, String> {
    let CasePrincipal { arn, service, anonymous, federated, canonical, .. } = &case.principal;
    let given = [arn.is_some(), service.is_some(), *anonymous, federated.is_some(), canonical.is_some()];
    if given.iter().filter(|is| **is).count() != 1 {
        return Err("principal: exactly one of arn, service, anonymous, federated, canonical".to_owned());
    }
    let principal = &case.principal;
    let mut subject = match (arn, service, federated, canonical) {
        (Some(arn), ..) => {
            let mut subject = Subject::of_arn(arn)
                .ok_or_else(|| format!("principal: {arn} is not the ARN of a user, role, root or session"))?;
            if let Some(role) = &principal.role {
                subject.service_linked = role.contains(":role/aws-service-role/");
                subject.arn = role.as_str().into();
            }
            if let Some(session) = &principal.session {
                let account = subject.account.as_deref().unwrap_or_default();
                let partition = arn.split(':').nth(1).unwrap_or("aws");
                let name = subject.name();
                subject.session = Some(
                    format!("arn:{partition}:sts::{account}:assumed-role/{name}/{}", session.name).into(),
                );
            }
            subject
        }
        (_, Some(service), ..) => Subject::new(SubjectKind::Service, service),
        (.., Some(provider), _) => Subject::new(SubjectKind::Federated, provider),
        (.., Some(id)) => {
            let mut subject = Subject::new(SubjectKind::Root, "");
            subject.canonical = Some(id.as_str().into());
            subject
        }
        _ => Subject::new(SubjectKind::Anonymous, ""),
    };
    if let Some(account) = &principal.account {
        subject.account = Some(account.as_str().into());
    }
    if !subject.is_of_account() {
        subject.account = None;
    }
    if let Some(id) = &principal.canonical_id {
        subject.canonical = Some(id.as_str().into());
    }
    subject.id = principal.id.as_deref().map(Into::into);
    subject.deleted = principal.deleted;
    let known = subject.account.as_deref().and_then(|account| case.accounts.get(account));
    subject.management = known.is_some_and(|account| account.management);
    let organization = known.and_then(|account| account.organization.clone());
    let path = known.and_then(|account| account.path.clone());
    derive(&mut subject, organization.as_deref(), path.as_deref(), &principal.tags);
    Ok(subject)
}

/// Adds the keys that follow from a principal.
///
/// Source: IAM User Guide, `reference_policies_condition-keys.html`, "Properties of the
/// principal", and `reference_policies_variables.html`, "Principal key values".
pub(crate) fn derive(
    subject: &mut Subject,
    organization: Option<&str>,
    path: Option<&str>,
    tags: &std::collections::BTreeMap<String, String>,
) {
    let (kind, arn, account) = (subject.kind, subject.arn.to_string(), subject.account.clone());
    subject.key("aws:PrincipalIsAWSService", (kind == SubjectKind::Service).to_string());
    match kind {
        SubjectKind::Service => {
            subject.key("aws:PrincipalServiceName", arn);
            subject.key("aws:PrincipalType", "Service");
            return;
        }
        SubjectKind::Anonymous => {
            subject.key("aws:PrincipalType", "Anonymous");
            subject.key("aws:userid", "anonymous");
            return;
        }
        SubjectKind::Federated => return,
        SubjectKind::User | SubjectKind::Role | SubjectKind::FederatedUser | SubjectKind::Root => {}
    }
    if !arn.is_empty() {
        // Of a session the key holds the role, not the session.
        subject.key("aws:PrincipalArn", arn.clone());
    }
    if let Some(account) = &account {
        subject.key("aws:PrincipalAccount", account.to_string());
    }
    if let Some(organization) = organization {
        subject.key("aws:PrincipalOrgID", organization);
    }
    if let Some(path) = path {
        subject.keys.push(("aws:principalorgpaths".into(), Values::Many(vec![path.to_owned()])));
    }
    subject.key(
        "aws:PrincipalType",
        match kind {
            SubjectKind::User => "User",
            SubjectKind::Root => "Account",
            SubjectKind::FederatedUser => "FederatedUser",
            _ => "AssumedRole",
        },
    );
    if kind == SubjectKind::User {
        let name = subject.name().to_owned();
        subject.key("aws:username", name);
    }
    let session =
        subject.session.as_deref().and_then(|session| session.rsplit('/').next()).map(str::to_owned);
    match (kind, &subject.id.clone(), session) {
        (SubjectKind::Role, Some(id), Some(session)) => subject.key("aws:userid", format!("{id}:{session}")),
        (SubjectKind::Root, ..) => {
            if let Some(account) = &account {
                subject.key("aws:userid", account.to_string());
            }
        }
        (SubjectKind::FederatedUser, ..) => {
            let name = subject.name().to_owned();
            if let Some(account) = &account {
                subject.key("aws:userid", format!("{account}:{name}"));
            }
        }
        (SubjectKind::User, Some(id), _) => subject.key("aws:userid", id.to_string()),
        _ => {}
    }
    for (tag, value) in tags {
        subject.key(&format!("aws:PrincipalTag/{tag}"), value.clone());
    }
}

fn object(case: &Case, resource: &CaseResource, subject: &Subject) -> Object {
    let account = resource.account.as_deref().or_else(|| account_of(&resource.arn));
    let account = account.or(subject.account.as_deref());
    let known = account.and_then(|account| case.accounts.get(account));
    let service = case.action.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let keys = resource_keys(
        account,
        known.and_then(|known| known.organization.as_deref()),
        known.and_then(|known| known.path.as_deref()),
        &service,
        resource.tags.iter().map(|(tag, value)| (tag.as_str(), value.as_str())),
    );
    Object {
        arn: resource.arn.as_str().into(),
        account: account.map(Into::into),
        management: known.is_some_and(|known| known.management),
        aws_managed: resource.aws_managed,
        keys,
    }
}

/// The keys that follow from a resource.
///
/// Source: IAM User Guide, `reference_policies_condition-keys.html`, "Properties of the
/// resource".
pub(crate) fn resource_keys<'t>(
    account: Option<&str>,
    organization: Option<&str>,
    path: Option<&str>,
    service: &str,
    tags: impl Iterator<Item = (&'t str, &'t str)>,
) -> Keys {
    let mut keys = Keys::new();
    let mut key = |name: String, value: Values| keys.push((name.to_ascii_lowercase().into(), value));
    if let Some(account) = account {
        key("aws:ResourceAccount".to_owned(), Values::One(account.to_owned()));
    }
    if let Some(organization) = organization {
        key("aws:ResourceOrgID".to_owned(), Values::One(organization.to_owned()));
    }
    if let Some(path) = path {
        key("aws:ResourceOrgPaths".to_owned(), Values::Many(vec![path.to_owned()]));
    }
    for (tag, value) in tags {
        key(format!("aws:ResourceTag/{tag}"), Values::One(value.to_owned()));
        if service != "s3" {
            key(format!("{service}:ResourceTag/{tag}"), Values::One(value.to_owned()));
        }
    }
    keys
}

fn grant(grant: &crate::case::CaseGrant) -> Grant {
    let pairs = |map: &std::collections::BTreeMap<String, String>| -> Vec<(Box<str>, Box<str>)> {
        map.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect()
    };
    Grant {
        id: grant.id.as_deref().map(Into::into),
        grantee: grant.grantee.as_str().into(),
        operations: grant
            .operations
            .iter()
            .map(|operation| format!("kms:{}", operation.to_ascii_lowercase()).into())
            .collect(),
        context: match (&grant.encryption_context_equals, &grant.encryption_context_subset) {
            (Some(equal), _) => Some((pairs(equal), true)),
            (None, Some(subset)) => Some((pairs(subset), false)),
            (None, None) => None,
        },
    }
}

/// Reads cases: one object, an array of them, or one a line.
///
/// # Errors
/// Where the text is not a case: line, column and what is wrong.
pub fn read_cases(text: &str) -> Result<Vec<Case>, String> {
    let trimmed = text.trim_start();
    if trimmed.starts_with('[') {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    match serde_json::from_str::<Case>(text) {
        Ok(case) => Ok(vec![case]),
        // More than one value: one a line.
        Err(error) if text.trim_end().lines().count() > 1 && !trimmed.starts_with("{\n") => text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(index, line)| {
                serde_json::from_str(line).map_err(|error| {
                    let message = error.to_string();
                    let message = message.rsplit_once(" at line ").map_or(&*message, |(what, _)| what);
                    format!("{message} at line {} column {}", index + 1, error.column())
                })
            })
            .collect::<Result<Vec<Case>, String>>()
            .map_err(|line| {
                if serde_json::from_str::<serde_json::Value>(text).is_ok() { error.to_string() } else { line }
            }),
        Err(error) => Err(error.to_string()),
    }
}
