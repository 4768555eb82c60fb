//! What the user says of PHI in `sekisho.toml`: where it is, who may receive it, where it
//! may be. Every key is documented in `docs/configuration.md`.

use sekisho_expr::ResourceRef;
use serde::Deserialize;

/// Where PHI is and is not. Without any of this, every store is assumed to hold PHI.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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
    /// Files with findings of Amazon Macie, as `aws macie2 get-findings` writes them.
    pub findings: Vec<String>,
    /// Regions where PHI may be; any when empty.
    pub regions: Vec<String>,
    /// Countries where PHI may be (ISO 3166-1, such as `JP`); any when empty.
    pub countries: Vec<String>,
}

/// A tag by key and, if given, value; both are globs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value; any when left out.
    #[serde(default)]
    pub value: Option<String>,
}

/// An account of one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its number, twelve digits.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Whether it is designated for PHI under the agreement with AWS (BAA).
    #[serde(default)]
    pub phi: bool,
}

/// An agreement with somebody who receives PHI.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Who it is with.
    pub counterparty: String,
    /// What it is: `BAA`, `委託契約`, or in other words.
    pub kind: String,
    /// Globs on the ends it covers: host, account, or name of a service (`saas:Salesforce`).
    pub ends: Vec<String>,
    /// Last day on which it holds, `YYYY-MM-DD`; until further notice when left out.
    #[serde(default)]
    pub expires: Option<String>,
    /// Where it is kept.
    #[serde(default)]
    pub reference: Option<String>,
}

/// What classifies a resource, before any flow is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// Named in `resources`, by this glob.
    Declared(String),
    /// Named in `not_resources`, by this glob.
    Denied(String),
    /// A tag that means PHI: key and value.
    Tagged(String, String),
    /// A tag that means none.
    TaggedFree(String, String),
    /// Its type can hold customer data.
    Store,
    /// Nothing.
    Nothing,
}

impl Phi {
    /// Whether anything is said of where PHI is: then the rest is unclassified, not assumed.
    #[must_use]
    pub fn classifies(&self) -> bool {
        !(self.tags.is_empty() && self.resources.is_empty() && self.findings.is_empty())
    }

    /// What is said of a resource. The order is: of the resource, by a tag, by its type (`store`).
    #[must_use]
    pub fn said(&self, resource: ResourceRef<'_>, store: bool) -> Said {
        let named = |globs: &[String]| globs.iter().find(|glob| names(glob, resource)).cloned();
        if let Some(glob) = named(&self.resources) {
            return Said::Declared(glob);
        }
        if let Some(glob) = named(&self.not_resources) {
            return Said::Denied(glob);
        }
        if !(self.tags.is_empty() && self.not_tags.is_empty()) {
            if let Some((key, value)) = tagged(&self.tags, resource) {
                return Said::Tagged(key.to_owned(), value.to_owned());
            }
            if let Some((key, value)) = tagged(&self.not_tags, resource) {
                return Said::TaggedFree(key.to_owned(), value.to_owned());
            }
        }
        if store { Said::Store } else { Said::Nothing }
    }
}

/// Whether a glob names a resource: by its logical id, its type or its address.
#[must_use]
pub fn names(glob: &str, resource: ResourceRef<'_>) -> bool {
    matches(glob, resource.name())
        || matches(glob, resource.type_name())
        || matches(glob, &format!("{}#{}", resource.stack.id, resource.name()))
}

/// The first tag of a resource, key and value, that is among those wanted.
#[must_use]
pub fn tagged<'a>(wanted: &[Tag], resource: ResourceRef<'a>) -> Option<(&'a str, &'a str)> {
    if wanted.is_empty() {
        return None;
    }
    let is = |tag: &Tag, key: &str, value: &str| {
        matches(&tag.key, key) && tag.value.as_deref().is_none_or(|glob| matches(glob, value))
    };
    tags(resource).into_iter().find(|(key, value)| wanted.iter().any(|tag| is(tag, key, value)))
}

/// The literal tags of a resource: a list of `{Key, Value}`, or a map.
pub(crate) fn tags<'a>(resource: ResourceRef<'a>) -> Vec<(&'a str, &'a str)> {
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
    use super::matches;

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
