//! The CloudFormation patch of a fix. Shared with the build script.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What to change in a template so that a failing resource passes.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// Merged into the resource's properties: maps merge, all else replaces.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Value>,
    /// JSON pointers, from the properties, of what to take away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// JSON pointers of lists, from the properties, and the elements to add.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub append: BTreeMap<String, Vec<Value>>,
    /// What to change in a companion that is there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<CompanionPatch>,
    /// Resources to add; with `companion`, only where there is no such companion. In keys
    /// and values `{id}` is the logical id of the failing resource.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, NewResource>,
}

/// A change to the first companion of the resource.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CompanionPatch {
    /// The member of `companions(this)`.
    pub member: String,
    /// As in [`Patch`], for the companion.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Value>,
    /// As in [`Patch`], for the companion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// As in [`Patch`], for the companion.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub append: BTreeMap<String, Vec<Value>>,
}

/// A resource as a template writes it.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewResource {
    /// The resource type.
    #[serde(rename = "Type")]
    pub ty: String,
    /// Other resources to make first.
    #[serde(rename = "DependsOn", default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<Value>,
    /// What happens to it when the stack goes.
    #[serde(rename = "DeletionPolicy", default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<String>,
    /// What happens to it when it is replaced.
    #[serde(rename = "UpdateReplacePolicy", default, skip_serializing_if = "Option::is_none")]
    pub update_replace_policy: Option<String>,
    /// Its properties.
    #[serde(rename = "Properties", default)]
    pub properties: BTreeMap<String, Value>,
}

impl Patch {
    /// What is wrong with the patch, if anything is.
    pub fn fault(&self) -> Option<String> {
        let companion = self.companion.iter();
        let pointers = self.remove.iter().chain(self.append.keys());
        let theirs = companion.flat_map(|c| c.remove.iter().chain(c.append.keys()));
        if let Some(pointer) = pointers.chain(theirs).find(|p| !p.starts_with('/') || p.len() < 2) {
            return Some(format!("`{pointer}` is no JSON pointer into the properties"));
        }
        let changes = !self.properties.is_empty()
            || !self.remove.is_empty()
            || !self.append.is_empty()
            || self.companion.is_some()
            || !self.resources.is_empty();
        (!changes).then(|| "the patch changes nothing".to_owned())
    }
}
