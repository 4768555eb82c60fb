//! The rows of `facts/hand/terraform`, as they are written. An unknown key is an error.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

fn yes() -> bool {
    true
}

/// How instances of a Terraform type become resources, or properties of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// The Terraform type.
    pub(crate) terraform: String,
    /// The CloudFormation type that it is.
    pub(crate) cloudformation: Option<String>,
    /// The CloudFormation type of the resource that it completes.
    pub(crate) merge: Option<String>,
    /// With `merge`: the attribute that names that resource.
    pub(crate) by: Option<String>,
    /// The row counts only where these attributes have one of these values.
    #[serde(default)]
    pub(crate) when: BTreeMap<String, Vec<String>>,
    /// The row counts only where this attribute is written.
    pub(crate) needs: Option<String>,
    /// One resource for each of these blocks; the rules are about the block.
    pub(crate) each: Option<String>,
    /// Property that refers to the resource that the first row made.
    pub(crate) link: Option<String>,
    /// Object of the properties in which attributes are looked up by name.
    #[serde(default)]
    pub(crate) base: String,
    /// Whether attributes are mapped by name where `map` does not say otherwise.
    #[serde(default = "yes")]
    pub(crate) auto: bool,
    #[serde(default)]
    pub(crate) map: BTreeMap<String, Rule>,
    /// Attributes that say nothing about the resource in AWS.
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
    /// What the provider does where an attribute is not written, and CloudFormation does not.
    #[serde(default)]
    pub(crate) defaults: BTreeMap<String, Value>,
    /// Properties that always have this value.
    #[serde(default)]
    pub(crate) constants: BTreeMap<String, Value>,
    /// List attributes each of whose elements makes a resource of its own.
    #[serde(default)]
    pub(crate) spread: BTreeMap<String, String>,
    /// With `spread` over `self`: the attribute that names the resource itself.
    #[serde(rename = "self")]
    pub(crate) own: Option<String>,
    /// Attributes of earlier versions of the provider, which `map` places.
    #[serde(default)]
    pub(crate) former: Vec<String>,
    /// The switch without which a snapshot is taken when the resource is deleted.
    pub(crate) snapshot_unless: Option<String>,
    /// Attributes as others refer to them, by the name of `Fn::GetAtt`; empty for `Ref`.
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, String>,
    #[serde(default, rename = "note")]
    pub(crate) _note: String,
    /// The page that says so.
    #[serde(default, rename = "source")]
    pub(crate) _source: String,
}

/// Where an attribute goes.
#[derive(Default)]
pub(crate) struct Rule {
    pub(crate) to: String,
    pub(crate) how: Option<How>,
    pub(crate) values: BTreeMap<String, Option<String>>,
    pub(crate) names: Vec<String>,
    pub(crate) map: BTreeMap<String, Rule>,
    pub(crate) ignore: Vec<String>,
    pub(crate) defaults: BTreeMap<String, Value>,
    pub(crate) constants: BTreeMap<String, Value>,
    pub(crate) spread: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    to: String,
    #[serde(rename = "as")]
    how: Option<How>,
    #[serde(default)]
    values: BTreeMap<String, Option<String>>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    map: BTreeMap<String, Rule>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    defaults: BTreeMap<String, Value>,
    #[serde(default)]
    constants: BTreeMap<String, Value>,
    #[serde(default)]
    spread: BTreeMap<String, String>,
}

/// How a value is changed on its way.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum How {
    /// As it is.
    Copy,
    /// JSON text becomes what it says.
    Json,
    /// A document, as text or as blocks, whose names differ from those of the schema only in the
    /// way they are written.
    Spelled,
    /// A map becomes a list of objects with a key and a value.
    Entries,
    /// Blocks with a name and a value become a map.
    Object,
    /// The first block becomes an object.
    One,
    /// Blocks become a list of objects.
    Each,
    /// Blocks become a map of objects, by the attribute `names`.
    By,
    /// A value becomes a list of it.
    Wrap,
    /// Of a list the first element.
    First,
    /// A list becomes text with commas.
    Join,
    /// Text with commas becomes a list.
    Split,
    /// By the table `values`.
    Values,
    /// A boolean becomes its opposite.
    Not,
    /// Only that the block is written counts: true.
    Present,
    /// A list of objects with a key and a value gets one more, with the key `names`.
    Keyed,
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Rule;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a property, or a map with `to`")
            }
            fn visit_str<E: de::Error>(self, path: &str) -> Result<Rule, E> {
                Ok(Rule { to: path.to_owned(), ..Rule::default() })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rule, A::Error> {
                let w = Written::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Rule {
                    to: w.to,
                    how: w.how,
                    values: w.values,
                    names: w.names,
                    map: w.map,
                    ignore: w.ignore,
                    defaults: w.defaults,
                    constants: w.constants,
                    spread: w.spread,
                })
            }
        }
        deserializer.deserialize_any(Form)
    }
}
