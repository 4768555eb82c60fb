//! What we know about AWS beyond the schemas: stores, defaults, companions, identities.
//!
//! Each table comes from `facts/hand` and was checked against the schemas at build time.
//! Every lookup is a binary search over the types that have rows.

/// What a store of data holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Holds {
    /// Data of customers: assumed to be PHI until said otherwise.
    Content,
    /// Logs and events, which may carry pieces of content.
    Logs,
    /// Descriptions of data (schemas, catalogues, settings), which seldom carry content.
    Metadata,
}

/// A resource type that keeps data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Store {
    /// What it holds.
    pub holds: Holds,
    /// What is written of a resource that says that it is machinery: a property, and texts in lower
    /// case of which its value has one.
    pub machinery: &'static [(Machinery, &'static str, &'static [&'static str])],
    /// A remark for people, possibly empty.
    pub note: &'static str,
}

/// What a service does when a property is not written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceDefault {
    /// Path of property names from the type's properties, such as `/BucketEncryption`;
    /// `*` stands for each element of a list.
    ///
    /// Where an outer object is absent too, its own row comes first: a bucket without
    /// `PublicAccessBlockConfiguration` blocks everything, one that writes the block but
    /// leaves a switch out does not. Without a row for the outer object this row counts.
    pub path: &'static str,
    /// The value as compact JSON; `None` when [`ServiceDefault::unknown`] says why.
    pub value_json: Option<&'static str>,
    /// Why the default cannot be known from the resource alone.
    pub unknown: Option<&'static str>,
    /// The day (`YYYY-MM-DD`) from which newly created resources have this default;
    /// `None` when it was always so. Resources created earlier may differ.
    pub since: Option<&'static str>,
    /// Properties that take the default's place when they are written: with one of them
    /// present, nothing is known from this row.
    pub unless: &'static [&'static str],
    /// Conditions of the row: each named property has one of these values. Of several
    /// rows for one path, the first whose conditions hold counts.
    pub when: &'static [(&'static str, &'static [&'static str])],
    /// The AWS documentation that says so.
    pub source: &'static str,
    /// A remark for people, possibly empty.
    pub note: &'static str,
    /// Whether the row was checked against AWS documentation.
    pub verified: bool,
}

/// How resources that belong to a resource are found.
///
/// Exactly one of `by` and `via` has entries; they are paths of property names without a
/// leading slash. Several entries are alternatives; a property that is a list names
/// several resources.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Companion {
    /// The name under which controls see the companions: `companions(this).<member>`.
    pub member: &'static str,
    /// Whether there can be several.
    pub many: bool,
    /// The companions' resource type.
    pub from: &'static str,
    /// Properties of the companion that name this resource.
    pub by: &'static [&'static str],
    /// Properties of this resource that name the companion.
    pub via: &'static [&'static str],
    /// A property of this resource that holds the same thing written in place.
    pub inline: Option<&'static str>,
    /// What a resource is for that has such a companion, where that is no data of people.
    pub machinery: Option<Machinery>,
    /// A remark for people, possibly empty.
    pub note: &'static str,
}

/// What keeps the house running: nobody has to say whether PHI is put there, though it may end up
/// in it, so that it is labelled and protected like any other store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Machinery {
    /// Logs are delivered there.
    LogArchive,
    /// What pipelines and builds put out.
    Artifacts,
    /// The state of a tool such as Terraform.
    State,
}

impl Machinery {
    /// Name in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LogArchive => "log-archive",
            Self::Artifacts => "artifacts",
            Self::State => "state",
        }
    }
}

/// What `Ref` returns for a resource.
///
/// AWS source: the section "Return values" of each type in the CloudFormation Template
/// Reference.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RefReturns {
    /// The physical name, which a template may choose.
    Name,
    /// The ARN.
    Arn,
    /// An id that AWS assigns on creation.
    Id,
    /// The same as this attribute of `Fn::GetAtt`, or property.
    Attribute(&'static str),
}

/// How a resource is named from outside its template.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The property that is the physical name.
    pub name: Option<&'static str>,
    /// What `Ref` returns.
    pub returns: RefReturns,
    /// Template of the ARN with `{partition}`, `{region}`, `{account}`, `{name}`, `{id}`
    /// (known only after creation) and, rarely, the name of another property.
    pub arn: Option<&'static str>,
    /// A remark for people, possibly empty.
    pub note: &'static str,
    /// Whether the row was checked against AWS documentation.
    pub verified: bool,
}

use crate::flow::{AtRestKey, Category, Direction, Flow, FlowNode, Layer, Moves, Region, Side, Transit};

include!(concat!(env!("OUT_DIR"), "/hand.rs"));

pub(crate) fn row<T: Copy>(table: &'static [(&'static str, T)], name: &str) -> Option<T> {
    let found = table.binary_search_by_key(&name, |(key, _)| key);
    found.ok().and_then(|i| table.get(i)).map(|(_, row)| *row)
}

/// Where public parameters of Systems Manager begin. Nobody but AWS can make one there: names that
/// begin with `aws` are refused (API reference of Systems Manager, `PutParameter`, `Name`).
pub const PUBLIC_PARAMETERS: &str = "/aws/service/";

/// The name of the parameter in `{{resolve:ssm:NAME:VERSION}}` or `resolve:ssm:NAME`.
///
/// AWS: CloudFormation User Guide, "Get a plaintext value from Systems Manager Parameter Store";
/// EC2 User Guide, "Reference the latest AMIs using Systems Manager public parameters".
#[must_use]
pub fn parameter_name(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("{{").and_then(|t| t.strip_suffix("}}")).unwrap_or(text);
    let name = inner.strip_prefix("resolve:ssm:")?;
    // An ARN of a parameter of another account has colons of its own.
    Some(if name.starts_with("arn:") { name } else { name.split(':').next().unwrap_or(name) })
}

/// Who publishes the machine image that a public parameter of Systems Manager names: `amazon`,
/// `aws-marketplace` or an account. None for a parameter of one's own and for a public one of which
/// it is not known.
#[must_use]
pub fn image_publisher(parameter: &str) -> Option<&'static str> {
    // Sorted, and no prefix begins with another: the one before the place is the only one.
    let at = IMAGES.partition_point(|(prefix, _)| *prefix <= parameter).checked_sub(1)?;
    IMAGES.get(at).filter(|(prefix, _)| parameter.starts_with(prefix)).map(|(_, owner)| *owner)
}

/// Whether resources of this type keep data, and what.
pub fn store(type_name: &str) -> Option<Store> {
    row(STORES, type_name)
}

/// All types that keep data, sorted.
pub fn stores() -> impl Iterator<Item = (&'static str, Store)> {
    STORES.iter().copied()
}

/// What the service does where a resource of this type writes nothing. A property
/// without a row has no default worth judging by: it is absent.
pub fn defaults(type_name: &str) -> &'static [ServiceDefault] {
    row(DEFAULTS, type_name).unwrap_or_default()
}

/// The companions that a resource of this type can have.
pub fn companions(type_name: &str) -> &'static [Companion] {
    row(COMPANIONS, type_name).unwrap_or_default()
}

/// The companion `member` of a type.
pub fn companion(type_name: &str, member: &str) -> Option<&'static Companion> {
    companions(type_name).iter().find(|c| c.member == member)
}

/// How resources of this type are named, for the commoner types.
pub fn identity(type_name: &str) -> Option<Identity> {
    row(IDENTITIES, type_name)
}

/// All types with defaults, companions or an identity, each once per table: for tests
/// and documentation.
pub fn described_types() -> impl Iterator<Item = &'static str> {
    let defaults = DEFAULTS.iter().map(|(name, _)| *name);
    let companions = COMPANIONS.iter().map(|(name, _)| *name);
    let identities = IDENTITIES.iter().map(|(name, _)| *name);
    defaults.chain(companions).chain(identities)
}
