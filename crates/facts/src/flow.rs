//! How data moves between resources: the kinds of flow that AWS's services can be configured to.
//!
//! Each row of `facts/hand/flows` says which property of which type (the *holder*) names
//! what, which way data goes, what moves, and how it is protected on the way and where it
//! arrives. Expressions are in the control language; `crates/phi` compiles them.

use crate::hand::{CATEGORIES, FLOW_NODES, FLOWS, KEYS, REGIONS, row};

/// What a flow moves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Moves {
    /// Data of customers as it is.
    Content,
    /// What describes data: object keys, key values, names.
    Metadata,
    /// Logs, which may carry pieces of content.
    Logs,
    /// Settings and commands; no data of customers.
    Control,
}

/// Which way data goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// From the holder of the property to what it names.
    Out,
    /// From what the property names to its holder.
    In,
    /// Both ways: one side asks, the other answers.
    Both,
}

/// One of the two resources of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// The resource that has the property.
    Holder,
    /// What the property names.
    Target,
}

/// How data is protected on the way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transit {
    /// The service encrypts, whatever is configured; or nothing leaves the service.
    Always,
    /// Left to the programs at both ends.
    Application,
    /// Never sure to be encrypted: mail, text messages, HTTP, NFS.
    Plain,
    /// Decided by the hop behind it; this one is the same connection, or is inside a service.
    Follows,
    /// Configured.
    Decided {
        /// The resource that `this` is in the expressions.
        by: Side,
        /// True where it is encrypted.
        encrypted_if: &'static str,
        /// Where that is false: true where it is left to the programs.
        application_if: Option<&'static str>,
    },
}

/// One kind of flow.
///
/// In an expression, `[#0]` stands for the element of the first list on `path`, `[#1]` for
/// that of the second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flow {
    /// Where the holder names the target, names joined with `/`, lists stepped through and `*`
    /// for any key of a map; for an API, `api:service:Call.member`.
    pub path: &'static str,
    /// What it can name: resource types, `virtual:Kind` for what a service makes by itself,
    /// `external:kind` for what is outside AWS, `*` for whatever resource.
    pub to: &'static [&'static str],
    /// What moves.
    pub moves: Moves,
    /// Which way.
    pub direction: Direction,
    /// With [`Direction::Both`], the side that asks: the other answers.
    pub asks: Side,
    /// Whether the property shows only that programs know of the target.
    pub possible: bool,
    /// Whether the property is a switch, and what it switches on is made by the service.
    pub implicit: bool,
    /// With `implicit`: whether it is there even where the property is not written.
    pub always: bool,
    /// Whether the value is the region where the copy is.
    pub region: bool,
    /// With `implicit`: the name that the service gives, `{}` for the holder's.
    pub named: Option<&'static str>,
    /// The flow exists only where this holds of the holder.
    pub when: Option<&'static str>,
    /// Where this holds of the holder, metadata or logs carry content.
    pub content_if: Option<&'static str>,
    /// How it is protected on the way.
    pub transit: Transit,
    /// Which resource's property names the key of the copy at rest.
    pub at_rest: Option<(Side, &'static str)>,
    /// Whether only an API shows it, no template.
    pub api: bool,
    /// A remark for people, possibly empty.
    pub note: &'static str,
    /// The AWS documentation of the property or of the behaviour.
    pub source: &'static str,
    /// Further pages that the claim rests on, often the one on encryption in transit.
    pub also: &'static [&'static str],
    /// Whether what the row claims of direction, content, encryption and key was read on these pages.
    pub verified: bool,
}

/// Where a thing stands between the outside and the copies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Layer {
    /// Outside AWS, or outside the account.
    Outside,
    /// Takes requests from outside.
    Edge,
    /// Computes and connects.
    Application,
    /// Keeps data.
    Data,
    /// Logs, backups, snapshots, replicas made by a service.
    Copies,
}

/// What the flow graph needs to know of a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlowNode {
    /// Its layer.
    pub layer: Layer,
    /// Whether it only passes requests on and answers back: what comes in as an answer of one
    /// thing behind it does not go out as a request to another.
    pub relays: bool,
    /// Whether programs run there, which may handle PHI.
    pub runs: bool,
}

/// How a store is encrypted at rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AtRestKey {
    /// The service encrypts whatever is configured.
    pub always: bool,
    /// The boolean property that switches encryption on.
    pub switch: Option<&'static str>,
    /// The property that names the key.
    pub key: Option<&'static str>,
}

/// The category of an asset that is no store of content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Category {
    /// Programs and what runs them.
    Software,
    /// What connects.
    Network,
    /// Identities, keys, detection, firewalls.
    Security,
    /// Logs, recordings, backups.
    Record,
}

/// Where a region of AWS is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Region {
    /// Country, ISO 3166-1 alpha-2.
    pub country: &'static str,
    /// City or state, as AWS names the region.
    pub place: &'static str,
}

/// The kinds of flow whose property a type has.
#[must_use]
pub fn flows(type_name: &str) -> &'static [Flow] {
    row(FLOWS, type_name).unwrap_or_default()
}

/// All types (and made things, `virtual:…`) that have flows, sorted, with them.
pub fn flow_types() -> impl Iterator<Item = (&'static str, &'static [Flow])> {
    FLOWS.iter().copied()
}

/// Layer and role of a type in the flow graph, where it is not what
/// [`store`](crate::store()) says.
#[must_use]
pub fn flow_node(type_name: &str) -> Option<FlowNode> {
    row(FLOW_NODES, type_name)
}

/// How a type is encrypted at rest, where we know.
#[must_use]
pub fn at_rest_key(type_name: &str) -> Option<AtRestKey> {
    row(KEYS, type_name)
}

/// The category of a type: its own, else its service's; none for what belongs to another asset.
#[must_use]
pub fn category(type_name: &str) -> Option<Category> {
    let of_service = || {
        let (service, own) = type_name.rsplit_once("::")?;
        const PARTS: [&str; 10] = [
            "Policy",
            "Attachment",
            "Association",
            "Permission",
            "Membership",
            "Version",
            "Alias",
            "Filter",
            "Deployment",
            "Profile",
        ];
        if PARTS.iter().any(|part| own.ends_with(part)) { None } else { row(CATEGORIES, service) }
    };
    row(CATEGORIES, type_name).or_else(of_service)
}

/// Where a region is.
#[must_use]
pub fn region(name: &str) -> Option<Region> {
    row(REGIONS, name)
}

/// All regions, sorted by name.
pub fn regions() -> impl Iterator<Item = (&'static str, Region)> {
    REGIONS.iter().copied()
}
