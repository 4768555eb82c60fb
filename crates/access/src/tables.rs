//! Data of this room: what one can do with which store, and where policies are written.
//!
//! Parsed when first asked for.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;

/// What one can do with a store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// See the data, or a copy of it.
    ReadContent,
    /// See that it is there, and settings.
    ReadMetadata,
    /// Add or change data.
    Write,
    /// Delete data or the store.
    Delete,
    /// Change who may do what, its protection, or send it elsewhere.
    Administer,
    /// Use a key to decrypt.
    Decrypt,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 6] =
        [Self::ReadContent, Self::ReadMetadata, Self::Write, Self::Delete, Self::Administer, Self::Decrypt];

    /// Its name in data and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadContent => "read-content",
            Self::ReadMetadata => "read-metadata",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Administer => "administer",
            Self::Decrypt => "decrypt",
        }
    }

    /// The action on the key of an encrypted store that its service takes for the caller, in
    /// lower case.
    #[must_use]
    pub fn key_action(self) -> Option<&'static str> {
        match self {
            Self::ReadContent => Some("kms:decrypt"),
            Self::Write => Some("kms:generatedatakey"),
            _ => None,
        }
    }

    /// The class of a name; `read` is `read-content`.
    ///
    /// # Errors
    /// The names that there are.
    pub fn parse(name: &str) -> Result<Self, String> {
        let name = if name == "read" { "read-content" } else { name };
        Self::ALL.into_iter().find(|class| class.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|class| class.name()).collect();
            let hint = sekisho_facts::did_you_mean(name, names.iter().copied())
                .map_or_else(String::new, |near| format!("; did you mean {near}?"));
            format!("there is no capability {name}: {}{hint}", names.join(", "))
        })
    }
}

/// A type of store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreKind {
    /// CloudFormation type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its key.
    #[serde(default)]
    pub key: Option<KeyRow>,
    /// Further forms of its ARN.
    #[serde(default)]
    pub forms: BTreeMap<String, String>,
    /// Actions by class and form.
    pub classes: BTreeMap<Class, BTreeMap<String, Vec<String>>>,
}

/// How a type of store is encrypted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRow {
    /// Path of the property that names the key.
    pub property: String,
    /// The service's part of `kms:ViaService`.
    pub via: String,
    /// The alias of the key that AWS manages for the service.
    pub alias: String,
}

/// Where a type writes a policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRow {
    /// CloudFormation type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Path of the document.
    pub policy: String,
    /// The property that names the resource it is attached to.
    #[serde(default)]
    pub on: Option<String>,
    /// That resource's type.
    #[serde(default)]
    pub on_type: Option<String>,
}

/// What goes by a VPC endpoint where its name does not say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointService {
    endpoint: String,
    service: String,
}

const ENDPOINTS: &str = include_str!("../../../facts/hand/access/endpoint-services.yaml");
const CLASSES: &str = include_str!("../../../facts/hand/access/classes.yaml");
const POLICIES: &str = include_str!("../../../facts/hand/access/resource-policies.yaml");
const MANAGED: &str = include_str!("../../../facts/generated/managed-policies.txt");

/// Built-in data is checked by the tests; a file that does not parse has no rows.
fn rows<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    serde_saphyr::from_str(text).unwrap_or_default()
}

/// Types of stores, in the order of the file.
pub fn store_kinds() -> &'static [StoreKind] {
    static ROWS: OnceLock<Vec<StoreKind>> = OnceLock::new();
    ROWS.get_or_init(|| rows(CLASSES))
}

/// The type of store of a CloudFormation type.
#[must_use]
pub fn store_kind(type_name: &str) -> Option<(usize, &'static StoreKind)> {
    static INDEX: OnceLock<HashMap<&'static str, usize>> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        store_kinds().iter().enumerate().map(|(index, kind)| (kind.type_name.as_str(), index)).collect()
    });
    let at = *index.get(type_name)?;
    Some((at, &store_kinds()[at]))
}

/// Every action of a class, and those on keys, in lower case.
pub(crate) fn class_actions() -> impl Iterator<Item = Box<str>> {
    let keys = Class::ALL.into_iter().filter_map(Class::key_action).map(Into::into);
    let classes = store_kinds().iter().flat_map(|kind| kind.classes.values());
    let actions = classes.flat_map(|forms| forms.values().flatten());
    actions.map(|action| action.to_ascii_lowercase().into()).chain(keys)
}

/// Where policies of resources are written.
pub fn policy_rows() -> &'static [PolicyRow] {
    static ROWS: OnceLock<Vec<PolicyRow>> = OnceLock::new();
    ROWS.get_or_init(|| rows(POLICIES))
}

/// The prefix of the actions that go by a VPC endpoint, by the service name of the endpoint
/// such as `com.amazonaws.eu-west-1.ecr.api`.
#[must_use]
pub fn endpoint_service(name: &str) -> Option<&'static str> {
    static ROWS: OnceLock<Vec<EndpointService>> = OnceLock::new();
    let rest = name.split_once("amazonaws.").or_else(|| name.split_once("aws.api."))?.1;
    let part = rest.split('.').nth(1)?;
    let part = part.strip_suffix("-fips").unwrap_or(part);
    let of = ROWS.get_or_init(|| rows(ENDPOINTS)).iter().find(|row| row.endpoint == part);
    sekisho_facts::iam::service(of.map_or(part, |row| &row.service)).map(|service| service.prefix)
}

/// The document of a policy that AWS manages, by the part of its ARN after `:policy/`.
#[must_use]
pub fn managed_policy(name: &str) -> Option<&'static str> {
    // Lines are sorted by the name before the tab.
    let (mut low, mut high) = (0, MANAGED.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = MANAGED.as_bytes()[..middle].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let end = MANAGED.as_bytes()[middle..]
            .iter()
            .position(|&b| b == b'\n')
            .map_or(MANAGED.len(), |at| middle + at);
        let line = MANAGED.get(start..end)?;
        let (known, document) = line.split_once('\t')?;
        match known.cmp(name) {
            std::cmp::Ordering::Equal => return Some(document),
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use sekisho_facts::iam::AccessLevel;

    use super::*;

    #[test]
    fn data_is_read() {
        let classes: Vec<StoreKind> = serde_saphyr::from_str(CLASSES).unwrap();
        for kind in &classes {
            assert!(sekisho_facts::resource_type(&kind.type_name).is_some(), "{}", kind.type_name);
            if let Some(key) = &kind.key {
                let shape = sekisho_facts::resource_type(&kind.type_name).unwrap().properties();
                assert!(shape.at(&key.property).is_some(), "{} {}", kind.type_name, key.property);
            }
            for (class, forms) in &kind.classes {
                for name in forms.values().flatten() {
                    let known = sekisho_facts::iam::action(name)
                        .map(|(service, action)| format!("{}:{}", service.prefix, action.name));
                    let near = sekisho_facts::iam::nearest_action(name);
                    assert_eq!(
                        known.as_deref(),
                        Some(name.as_str()),
                        "{} {class:?}: did you mean {near:?}?",
                        kind.type_name
                    );
                    // What only reads or lists changes nothing.
                    let (_, action) = sekisho_facts::iam::action(name).unwrap();
                    let reads = matches!(action.level, AccessLevel::Read | AccessLevel::List);
                    let changes = matches!(class, Class::Write | Class::Delete | Class::Administer);
                    assert!(!(reads && changes), "{} {class:?} {name} is {:?}", kind.type_name, action.level);
                }
                for form in forms.keys() {
                    assert!(
                        form == "self" || kind.forms.contains_key(form),
                        "{} {class:?} {form}",
                        kind.type_name
                    );
                }
            }
        }
        let policies: Vec<PolicyRow> = serde_saphyr::from_str(POLICIES).unwrap();
        for row in &policies {
            let kind = sekisho_facts::resource_type(&row.type_name).expect(&row.type_name);
            for path in std::iter::once(&row.policy).chain(&row.on) {
                assert!(kind.properties().at(path).is_some(), "{} {path}", row.type_name);
            }
        }
    }

    #[test]
    fn what_goes_by_an_endpoint_is_known() {
        let rows: Vec<EndpointService> = serde_saphyr::from_str(ENDPOINTS).unwrap();
        for row in &rows {
            assert!(sekisho_facts::iam::service(&row.service).is_some(), "{row:?}");
            assert!(sekisho_facts::iam::service(&row.endpoint).is_none(), "{row:?} needs no row");
        }
        for (name, service) in [
            ("com.amazonaws.us-east-1.s3", Some("s3")),
            ("com.amazonaws.eu-west-1.ecr.api", Some("ecr")),
            ("com.amazonaws.us-gov-west-1.kms-fips", Some("kms")),
            ("cn.com.amazonaws.cn-north-1.monitoring", Some("cloudwatch")),
            ("com.amazonaws.vpce.us-east-1.vpce-svc-0e123abc123198abc", None),
        ] {
            assert_eq!(endpoint_service(name), service, "{name}");
        }
    }

    #[test]
    fn managed_policies_are_found() {
        assert!(managed_policy("AdministratorAccess").unwrap().contains(r#""Action":"*""#));
        assert!(managed_policy("service-role/AWSLambdaBasicExecutionRole").is_some());
        assert!(managed_policy("NoSuchPolicy").is_none());
        let names: Vec<&str> = MANAGED.lines().map(|line| line.split('\t').next().unwrap()).collect();
        assert!(names.len() > 1500);
        for name in names {
            assert!(managed_policy(name).is_some(), "{name}");
        }
    }
}
