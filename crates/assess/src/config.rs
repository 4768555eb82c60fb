//! `sekisho.toml`: what the user says of the environment.
//!
//! Every key is documented in `docs/configuration.md`; an unknown key is an error with "did you mean".

use std::collections::BTreeMap;

use sekisho_expr::ResourceRef;
use sekisho_facts::did_you_mean;
use sekisho_guidance::Label;
use serde::Deserialize;

/// The settings of a run. All have a default; an empty file is a good one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where PHI is and is not.
    pub phi: Phi,
    /// What the input covers.
    pub scope: ScopeConfig,
    /// Waivers.
    pub waivers: WaiverConfig,
    /// What is beyond the network of the input.
    pub network: NetworkConfig,
    /// Values of parameters, for every root template that declares them.
    pub parameters: BTreeMap<String, String>,
}

/// What is beyond the network of the input.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Blocks of on-premises networks behind VPN and Direct Connect (`10.0.0.0/8`).
    pub on_premises: Vec<String>,
}

/// Where PHI is and is not. Without any of this, every store is assumed to hold PHI.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Phi {
    /// Tags that say that a resource holds PHI.
    pub tags: Vec<Tag>,
    /// Tags that say that it does not.
    pub not_tags: Vec<Tag>,
    /// Resources that hold PHI: globs on the address, the logical id or the type.
    pub resources: Vec<String>,
    /// Resources that hold none.
    pub not_resources: Vec<String>,
}

/// A tag by key and, if given, value; both are globs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value; any when left out.
    #[serde(default)]
    pub value: Option<String>,
}

/// What the input covers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScopeConfig {
    /// Whether the input is everything that exists in the account, so that what is missing is missing.
    pub complete_account: bool,
    /// Account of the resources.
    pub account: Option<String>,
    /// Region of the resources.
    pub region: Option<String>,
}

/// How waivers are kept.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WaiverConfig {
    /// Path of the waivers file, `sekisho.waivers.yaml` beside the configuration when left out.
    pub file: Option<String>,
    /// Whether waivers written as comments in templates are refused.
    pub forbid_inline: bool,
}

/// What is wrong with a configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Line, from 1; 0 when it cannot be told.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// The first thing that is not as documented, with its place.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start as u32);
            let at = sekisho_estate::LineIndex::new(text).position(text, offset);
            let mut message = error.message().to_owned();
            // serde says "unknown field `x`, expected one of `a`, `b`".
            let mut quoted = message.split('`').skip(1).step_by(2);
            if message.starts_with("unknown field")
                && let Some(name) = quoted.next()
                && let Some(meant) = did_you_mean(name, quoted)
            {
                message = format!("unknown key {name}; did you mean {meant}?");
            }
            ConfigError { line: at.line, column: at.column, message }
        })
    }

    /// Whether anything is said of where PHI is: then the rest is unclassified, not assumed.
    #[must_use]
    pub fn classifies(&self) -> bool {
        !(self.phi.tags.is_empty() && self.phi.resources.is_empty())
    }

    /// How we know that a resource holds PHI. The order is: said of the resource, said by
    /// a tag, its type can hold customer data (`store`).
    #[must_use]
    pub fn label(&self, resource: ResourceRef<'_>, store: bool) -> Label {
        let named = |globs: &[String]| {
            globs.iter().any(|glob| {
                matches(glob, resource.name())
                    || matches(glob, resource.type_name())
                    || matches(glob, &format!("{}#{}", resource.stack.id, resource.name()))
            })
        };
        if named(&self.phi.resources) {
            return Label::Declared;
        }
        if named(&self.phi.not_resources) {
            return Label::None;
        }
        if !(self.phi.tags.is_empty() && self.phi.not_tags.is_empty()) {
            let tags = tags(resource);
            let tagged = |wanted: &[Tag]| {
                wanted.iter().any(|tag| {
                    tags.iter().any(|(key, value)| {
                        matches(&tag.key, key) && tag.value.as_deref().is_none_or(|glob| matches(glob, value))
                    })
                })
            };
            if tagged(&self.phi.tags) {
                return Label::Evidenced;
            }
            if tagged(&self.phi.not_tags) {
                return Label::None;
            }
        }
        if store { Label::Assumed } else { Label::None }
    }
}

/// The literal tags of a resource: a list of `{Key, Value}`, or a map.
fn tags<'a>(resource: ResourceRef<'a>) -> Vec<(&'a str, &'a str)> {
    let tree = &resource.stack.tree;
    let Some(tags) = tree.get(resource.resource.properties, "Tags") else { return Vec::new() };
    let pairs = tree.list(tags).iter().filter_map(|&tag| {
        let text = |key| tree.get(tag, key).and_then(|node| tree.string(node));
        Some((text("Key")?, text("Value").unwrap_or_default()))
    });
    let entries = tree.map(tags).iter().filter_map(|e| Some((tree.text(e.key), tree.string(e.value)?)));
    pairs.chain(entries).collect()
}

/// A glob with `*` and `?` over a whole text. O(pattern × text).
#[must_use]
pub fn matches(glob: &str, text: &str) -> bool {
    let (glob, text) = (glob.as_bytes(), text.as_bytes());
    let (mut g, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, t));
                g += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => {
                g += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (g, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_an_error_with_a_suggestion() {
        let error = Config::parse("[phi]\nresurces = [\"*\"]\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert_eq!(error.message, "unknown key resurces; did you mean resources?");
    }

    #[test]
    fn globs() {
        for (glob, text, is) in [
            ("*", "", true),
            ("AWS::S3::*", "AWS::S3::Bucket", true),
            ("*Logs*", "AccessLogsBucket", true),
            ("a?c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b", "a-b-c", false),
        ] {
            assert_eq!(matches(glob, text), is, "{glob} {text}");
        }
    }
}
