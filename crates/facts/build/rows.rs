//! The rows of `facts/hand`, as they are written. An unknown key is an error.

use std::collections::BTreeMap;

use serde::Deserialize;

fn yes() -> bool {
    true
}

/// `stores.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    #[serde(rename = "type")]
    pub(crate) ty: String,
    pub(crate) holds: Holds,
    /// What is written of a resource that says that it is machinery.
    #[serde(default)]
    pub(crate) machinery: Vec<Named>,
    #[serde(default)]
    pub(crate) note: String,
}

/// A property, and texts of which it holds one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) what: Machinery,
    pub(crate) property: String,
    pub(crate) holds: Vec<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Holds {
    Content,
    Logs,
    Metadata,
}

/// `defaults/*.yaml`: exactly one of `value` and `unknown`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Default {
    #[serde(rename = "type")]
    pub(crate) ty: String,
    pub(crate) path: String,
    pub(crate) value: Option<serde_json::Value>,
    pub(crate) unknown: Option<String>,
    pub(crate) since: Option<String>,
    #[serde(default)]
    pub(crate) unless: Vec<String>,
    #[serde(default)]
    pub(crate) when: BTreeMap<String, Vec<String>>,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) note: String,
    #[serde(default = "yes")]
    pub(crate) verified: bool,
}

/// `companions/*.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Companion {
    #[serde(rename = "type")]
    pub(crate) ty: String,
    pub(crate) member: String,
    pub(crate) many: bool,
    pub(crate) from: String,
    #[serde(default)]
    pub(crate) by: Vec<String>,
    #[serde(default)]
    pub(crate) via: Vec<String>,
    pub(crate) inline: Option<String>,
    pub(crate) machinery: Option<Machinery>,
    #[serde(default)]
    pub(crate) note: String,
}

/// What a resource is for, where that is no data of people.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Machinery {
    LogArchive,
    Artifacts,
    State,
}

/// `identity/*.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    #[serde(rename = "type")]
    pub(crate) ty: String,
    pub(crate) name: Option<String>,
    #[serde(rename = "ref")]
    pub(crate) returns: String,
    pub(crate) arn: Option<String>,
    #[serde(default)]
    pub(crate) note: String,
    #[serde(default = "yes")]
    pub(crate) verified: bool,
}

/// `extensions/*.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extension {
    #[serde(rename = "type")]
    pub(crate) ty: String,
    /// Why the type exists and which API answers it; for readers of the file.
    #[serde(rename = "note")]
    pub(crate) _note: String,
    #[serde(rename = "source")]
    pub(crate) _source: String,
    #[serde(default)]
    pub(crate) identifier: Vec<String>,
    pub(crate) properties: BTreeMap<String, Property>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Property {
    pub(crate) kind: Kind,
    #[serde(default, rename = "note")]
    pub(crate) _note: String,
    #[serde(default, rename = "enum")]
    pub(crate) values: Vec<String>,
    pub(crate) items: Option<Box<Property>>,
    pub(crate) fields: Option<BTreeMap<String, Property>>,
    #[serde(default)]
    pub(crate) required: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Boolean,
    Integer,
    Number,
    String,
    List,
    Map,
    Object,
    Any,
}

/// `flows/*.yaml`: exactly one of `transit` and `encrypted_if`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flow {
    #[serde(rename = "type")]
    pub(crate) ty: String,
    pub(crate) path: String,
    pub(crate) to: Vec<String>,
    pub(crate) moves: Moves,
    pub(crate) flow: Direction,
    #[serde(default)]
    pub(crate) asks: Side,
    #[serde(default)]
    pub(crate) possible: bool,
    #[serde(default)]
    pub(crate) implicit: bool,
    #[serde(default)]
    pub(crate) always: bool,
    #[serde(default)]
    pub(crate) region: bool,
    pub(crate) named: Option<String>,
    pub(crate) when: Option<String>,
    pub(crate) content_if: Option<String>,
    pub(crate) transit: Option<Transit>,
    pub(crate) encrypted_if: Option<String>,
    pub(crate) application_if: Option<String>,
    #[serde(default)]
    pub(crate) decided_by: Side,
    pub(crate) at_rest: Option<AtRest>,
    #[serde(default)]
    pub(crate) origin: Origin,
    #[serde(default)]
    pub(crate) note: String,
    pub(crate) source: String,
    /// Further pages that the claim rests on.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    #[serde(default)]
    pub(crate) verified: bool,
    /// Of a claim that is not verified: what was looked for and not found.
    pub(crate) open: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Moves {
    Content,
    Metadata,
    Logs,
    Control,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    Out,
    In,
    Both,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    #[default]
    Holder,
    Target,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transit {
    Always,
    Application,
    Plain,
    Follows,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    #[default]
    Configuration,
    Api,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AtRest {
    pub(crate) of: Side,
    pub(crate) path: String,
}

/// `flow-nodes.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlowNode {
    #[serde(rename = "type")]
    pub(crate) ty: String,
    pub(crate) layer: Layer,
    #[serde(default)]
    pub(crate) relays: bool,
    #[serde(default)]
    pub(crate) runs: bool,
}

/// `keys.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AtRestKey {
    #[serde(rename = "type")]
    pub(crate) ty: String,
    #[serde(default)]
    pub(crate) always: bool,
    pub(crate) switch: Option<String>,
    pub(crate) key: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layer {
    Outside,
    Edge,
    Application,
    Data,
    Copies,
}

/// `categories.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetCategory {
    pub(crate) of: String,
    pub(crate) category: Category,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Category {
    Software,
    Network,
    Security,
    Record,
}

/// `images.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicImages {
    pub(crate) prefix: String,
    pub(crate) owner: String,
}

/// `regions.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Region {
    pub(crate) region: String,
    pub(crate) country: String,
    pub(crate) place: String,
}
