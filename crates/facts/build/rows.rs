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
    #[serde(default)]
    pub(crate) note: String,
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
    #[serde(default)]
    pub(crate) note: String,
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
