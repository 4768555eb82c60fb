//! The self-contained case: one request with every policy that AWS would look at.
//!
//! The format is described by `docs/schema/access-case.schema.json`; these structures are
//! the same in Rust. An unknown field is an error.

use std::collections::BTreeMap;

use serde::Deserialize;

pub use crate::case_value::{Json, Named, Values};

/// One request, its policies and perhaps the right answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name of the case.
    #[serde(default)]
    pub id: Option<String>,
    /// The rule that the case is an example of.
    #[serde(default)]
    pub rule: Option<String>,
    /// What the case shows.
    #[serde(default)]
    pub note: Option<String>,
    /// Pages of the documentation.
    #[serde(default)]
    pub source: Option<OneOrMany<String>>,
    /// Who asks.
    pub principal: CasePrincipal,
    /// `service:Action`.
    pub action: String,
    /// What is asked for. Of several all must be allowed.
    pub resource: OneOrMany<CaseResource>,
    /// Condition keys; `None` says that a key is absent.
    #[serde(default)]
    pub context: BTreeMap<String, Option<Values>>,
    /// Keys of which nothing is known; `*` means all that are neither given nor derived.
    #[serde(default)]
    pub unknown: Vec<String>,
    /// The policies.
    #[serde(default)]
    pub policies: CasePolicies,
    /// What S3 adds.
    #[serde(default)]
    pub s3: Option<CaseS3>,
    /// What is known of accounts, by id.
    #[serde(default)]
    pub accounts: BTreeMap<String, CaseAccount>,
    /// The right answer.
    #[serde(default)]
    pub expected: Option<Expected>,
}

/// A value or a list of values.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// Several.
    Many(Vec<T>),
    /// One.
    One(T),
}

impl<T> OneOrMany<T> {
    /// The values.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::Many(many) => many,
            Self::One(one) => std::slice::from_ref(one),
        }
    }
}

impl<T: Default> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::One(T::default())
    }
}

/// Who asks: one of `arn`, `service`, `anonymous`, `federated`, `canonical`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasePrincipal {
    /// A user, a role, the root user, or a session.
    #[serde(default)]
    pub arn: Option<String>,
    /// Makes the role of `arn` a session.
    #[serde(default)]
    pub session: Option<CaseSession>,
    /// The role of a session's ARN, when the role has a path.
    #[serde(default)]
    pub role: Option<String>,
    /// A service principal.
    #[serde(default)]
    pub service: Option<String>,
    /// Without credentials.
    #[serde(default)]
    pub anonymous: bool,
    /// An identity provider.
    #[serde(default)]
    pub federated: Option<String>,
    /// A canonical user id.
    #[serde(default)]
    pub canonical: Option<String>,
    /// The account, when the ARN does not say it.
    #[serde(default)]
    pub account: Option<String>,
    /// Canonical user id of the account.
    #[serde(default)]
    pub canonical_id: Option<String>,
    /// The unique id.
    #[serde(default)]
    pub id: Option<String>,
    /// Tags of the principal and its session.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Policies that name the ARN mean an older principal of the same name.
    #[serde(default)]
    pub deleted: bool,
}

/// A session of a role.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseSession {
    /// `RoleSessionName`.
    pub name: String,
}

/// What is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "ResourceText")]
pub struct CaseResource {
    /// The ARN, or `*`.
    pub arn: String,
    /// The owner, when the ARN does not say it.
    pub account: Option<String>,
    /// CloudFormation type.
    pub kind: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// An AWS managed KMS key.
    pub aws_managed: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ResourceText {
    Arn(String),
    Full(ResourceFull),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceFull {
    arn: String,
    #[serde(default)]
    account: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    aws_managed: bool,
}

impl From<ResourceText> for CaseResource {
    fn from(text: ResourceText) -> Self {
        match text {
            ResourceText::Arn(arn) => Self { arn, ..Self::default() },
            ResourceText::Full(full) => Self {
                arn: full.arn,
                account: full.account,
                kind: full.kind,
                tags: full.tags,
                aws_managed: full.aws_managed,
            },
        }
    }
}

/// The policies that AWS looks at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasePolicies {
    /// Policies of the user or role.
    #[serde(default)]
    pub identity: Vec<Named>,
    /// Groups of the user.
    #[serde(default)]
    pub groups: Vec<CaseGroup>,
    /// The permissions boundary.
    #[serde(default)]
    pub boundary: Option<Named>,
    /// Session policies; none when none were passed.
    #[serde(default)]
    pub session: Option<Vec<Named>>,
    /// The policy of the resource.
    #[serde(default)]
    pub resource: Option<Named>,
    /// Service control policies by level.
    #[serde(default)]
    pub scps: Vec<Vec<Named>>,
    /// Resource control policies by level.
    #[serde(default)]
    pub rcps: Vec<Vec<Named>>,
    /// The policy of the VPC endpoint.
    #[serde(default)]
    pub endpoint: Option<Named>,
    /// Grants of the KMS key.
    #[serde(default)]
    pub grants: Vec<CaseGrant>,
}

/// A group of users.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseGroup {
    /// Its name.
    pub name: String,
    /// Its policies.
    #[serde(default)]
    pub policies: Vec<Named>,
}

/// A grant of a KMS key.
///
/// Source: KMS Developer Guide, `grants.html`; KMS API, `API_GrantConstraints.html`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseGrant {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Who may use it.
    pub grantee: String,
    /// Who may retire it.
    #[serde(default)]
    pub retiring: Option<String>,
    /// What it allows: `Decrypt`, …
    pub operations: Vec<String>,
    /// The encryption context of the request must be exactly this.
    #[serde(default)]
    pub encryption_context_equals: Option<BTreeMap<String, String>>,
    /// The encryption context of the request must have these pairs.
    #[serde(default)]
    pub encryption_context_subset: Option<BTreeMap<String, String>>,
}

/// What S3 adds to policies.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseS3 {
    /// Whether ACLs count; absent: `BucketOwnerEnforced`.
    #[serde(default)]
    pub object_ownership: Option<ObjectOwnership>,
    /// Grants of the bucket's ACL.
    #[serde(default)]
    pub bucket_acl: Vec<AclGrant>,
    /// Grants of the object's ACL.
    #[serde(default)]
    pub object_acl: Vec<AclGrant>,
    /// Account that owns the object.
    #[serde(default)]
    pub object_owner: Option<String>,
    /// Block Public Access at its levels.
    #[serde(default)]
    pub block_public_access: BlockPublicAccess,
    /// The access point that the request goes through.
    #[serde(default)]
    pub access_point: Option<CaseAccessPoint>,
}

/// Who owns objects, and whether ACLs count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub enum ObjectOwnership {
    /// ACLs do not count.
    #[default]
    BucketOwnerEnforced,
    /// The bucket's owner owns objects written with the ACL `bucket-owner-full-control`.
    BucketOwnerPreferred,
    /// Who writes an object owns it.
    ObjectWriter,
}

/// One grant of an ACL.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AclGrant {
    /// A canonical user id, `AllUsers`, `AuthenticatedUsers` or `LogDelivery`.
    pub grantee: String,
    /// What it allows.
    pub permission: AclPermission,
}

/// What a grant of an ACL allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AclPermission {
    /// List a bucket; read an object.
    Read,
    /// Write objects of a bucket.
    Write,
    /// Read the ACL.
    ReadAcp,
    /// Write the ACL.
    WriteAcp,
    /// All of them.
    FullControl,
}

/// Block Public Access at its levels; the strictest counts.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockPublicAccess {
    /// Of the organization.
    #[serde(default)]
    pub organization: Switches,
    /// Of the account.
    #[serde(default)]
    pub account: Switches,
    /// Of the bucket.
    #[serde(default)]
    pub bucket: Switches,
    /// Of the access point.
    #[serde(default)]
    pub access_point: Switches,
}

/// The four switches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switches {
    /// Refuses new public ACLs.
    #[serde(default)]
    pub block_public_acls: bool,
    /// Public ACLs do not count.
    #[serde(default)]
    pub ignore_public_acls: bool,
    /// Refuses new public policies.
    #[serde(default)]
    pub block_public_policy: bool,
    /// Cuts the reach of a bucket with a public policy to its own account and services.
    #[serde(default)]
    pub restrict_public_buckets: bool,
}

/// An access point.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseAccessPoint {
    /// Its ARN.
    pub arn: String,
    /// Its account, when the ARN does not say it.
    #[serde(default)]
    pub account: Option<String>,
    /// `Internet` or `VPC`.
    #[serde(default)]
    pub network_origin: Option<String>,
    /// Its policy.
    #[serde(default)]
    pub policy: Option<Named>,
}

/// What is known of an account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseAccount {
    /// Whether it is the management account of its organization.
    #[serde(default)]
    pub management: bool,
    /// `o-…`
    #[serde(default)]
    pub organization: Option<String>,
    /// `o-…/r-…/ou-…/`
    #[serde(default)]
    pub path: Option<String>,
}

/// The right answer.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(from = "ExpectedText")]
pub struct Expected {
    /// Allowed or not.
    pub decision: Verdict,
    /// By what it is denied.
    pub denied_by: Option<DeniedBy>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ExpectedText {
    Decision(Verdict),
    Full(ExpectedFull),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedFull {
    decision: Verdict,
    #[serde(default)]
    denied_by: Option<DeniedBy>,
}

impl From<ExpectedText> for Expected {
    fn from(text: ExpectedText) -> Self {
        match text {
            ExpectedText::Decision(decision) => Self { decision, denied_by: None },
            ExpectedText::Full(full) => Self { decision: full.decision, denied_by: full.denied_by },
        }
    }
}

/// The answer to a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is allowed.
    Allowed,
    /// It is denied.
    Denied,
    /// It is allowed under conditions that the answer names.
    Conditional,
    /// A part of a policy is not known or not understood, and it decides.
    Unknown,
    /// The documentation of AWS does not settle it.
    Ambiguous,
}

/// By what a request is denied.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeniedBy {
    /// By a statement, or for want of one.
    pub effect: DenyEffect,
    /// In which kind of policy.
    pub kind: Kind,
}

/// By a statement, or for want of one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DenyEffect {
    /// A statement denies.
    Explicit,
    /// No statement allows.
    Implicit,
}

/// A kind of policy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Of a user, a group or a role.
    Identity,
    /// Of a resource.
    Resource,
    /// A permissions boundary.
    Boundary,
    /// Passed to a session.
    Session,
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
    /// Of a VPC endpoint.
    Endpoint,
    /// A grant of a KMS key.
    Grant,
    /// An access control list.
    Acl,
    /// Block Public Access.
    BlockPublicAccess,
    /// Of an access point.
    AccessPoint,
    /// Trust policy of a role.
    Trust,
    /// Policy of a KMS key.
    Key,
}
