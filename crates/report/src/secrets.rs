//! What must not be shown of a source line: a line that holds evidence may hold a password
//! beside it.
//!
//! Masked are values that the estate knows to be secret, the values of parameters with
//! `NoEcho`, texts in which a control found something, and values whose name says that they
//! are secret. Linear in the size of a tree, once for each file of which a line is shown.

use sekisho_assess::{Evidence, EvidenceKind};
use sekisho_estate::{Node, NodeId, Stack, Step};

use crate::text::extent::{extent, line_end, line_start};

/// What stands in the place of a secret.
pub(crate) const MASK: &str = "***";

/// Names whose value is secret, in lower case and without separators.
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "secretstring",
    "credential",
    "connectionstring",
];
/// Endings of names that only point to a secret.
const POINTERS: [&str; 10] =
    ["arn", "arns", "id", "name", "expiry", "validity", "length", "unit", "policy", "required"];

/// Byte ranges of a stack's source that are masked, in order and apart from each other.
pub(crate) fn masks(stack: &Stack, found: &[u32]) -> Vec<(u32, u32)> {
    let tree = &stack.tree;
    let mut masks: Vec<(u32, u32)> = found.iter().map(|&offset| from(stack, offset)).collect();
    for index in 0..tree.len() as u32 {
        let id = NodeId(index);
        match tree.node(id) {
            Node::Secret(_) => masks.push(from(stack, tree.offset(id))),
            Node::Map(range) => {
                let entries = tree.entries(range);
                let named = entries.iter().any(|entry| {
                    matches!(tree.text(entry.key), "Name" | "Key" | "ParameterKey")
                        && tree.string(entry.value).is_some_and(is_secret_name)
                });
                for entry in entries {
                    let key = tree.text(entry.key);
                    if is_secret_name(key) || named && matches!(key, "Value" | "ParameterValue") {
                        mask_value(stack, entry.value, &mut masks);
                    }
                }
            }
            Node::String(span) if looks_secret(tree.text(span)) => mask_value(stack, id, &mut masks),
            _ => {}
        }
    }
    for variable in stack.variables.iter().filter(|variable| variable.secret) {
        for &value in &variable.domain {
            mask_value(stack, value, &mut masks);
        }
    }
    masks.retain(|(start, end)| start < end);
    masks.sort_unstable();
    masks.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1;
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
    masks
}

fn mask_value(stack: &Stack, id: NodeId, masks: &mut Vec<(u32, u32)>) {
    let source = stack.tree.source();
    match stack.tree.node(id) {
        Node::String(span) if span.len == 0 => {}
        Node::String(span) if ((span.start + span.len) as usize) <= source.len() => {
            masks.push((span.start, span.start + span.len));
        }
        Node::String(_) | Node::Int(_) | Node::Float(_) | Node::Operation { .. } => {
            masks.push(from(stack, stack.tree.offset(id)));
        }
        _ => {}
    }
}

/// From an offset to the end of the value there; a text of several lines is masked whole.
fn from(stack: &Stack, offset: u32) -> (u32, u32) {
    let source = stack.tree.source();
    let bytes = source.as_bytes();
    let start = (offset as usize).min(bytes.len());
    let mut end = extent(source, start);
    // A block scalar: all lines that are indented deeper than the line of its key.
    let first = line_start(bytes, start);
    let indent = |line: &[u8]| line.iter().take_while(|b| **b == b' ').count();
    let key = indent(&bytes[first..line_end(bytes, first)]);
    let key = if start == first + key { key.saturating_sub(1) } else { key };
    let mut at = line_end(bytes, start);
    while at < bytes.len() {
        let next = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |feed| at + feed + 1);
        let stop = line_end(bytes, next);
        let line = &bytes[next..stop];
        if next >= bytes.len() || !line.trim_ascii().is_empty() && indent(line) <= key {
            break;
        }
        end = end.max(stop);
        at = stop;
    }
    (start as u32, end as u32)
}

/// The value of a piece of evidence as it may be shown. What the estate knows to be secret
/// is masked already; this masks text whose name or form says so.
pub(crate) fn value(evidence: &Evidence) -> Option<&str> {
    let value = evidence.value.as_deref()?;
    let text = value.len() > 2 && value.starts_with('"');
    let named = || match evidence.route.0.last() {
        Some(Step::Key(key)) => is_secret_name(key),
        _ => false,
    };
    let secret =
        evidence.kind == EvidenceKind::Value && text && (named() || value.len() > 12 && looks_secret(value));
    Some(if secret { MASK } else { value })
}

/// Whether a name says that its value is secret (`MasterUserPassword`, `api_key`), and not
/// only where one is kept (`SecretArn`).
pub(crate) fn is_secret_name(name: &str) -> bool {
    let mut plain = String::with_capacity(name.len());
    plain.extend(name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()));
    NAMES.iter().any(|secret| plain.contains(secret)) && !POINTERS.iter().any(|end| plain.ends_with(end))
}

/// Whether a text is a credential by its form.
fn looks_secret(text: &str) -> bool {
    let key_id = |prefix: &str| {
        text.match_indices(prefix).any(|(at, _)| {
            let rest = &text.as_bytes()[at + 4..];
            rest.len() >= 16 && rest[..16].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        })
    };
    let in_url = || {
        text.match_indices("://").any(|(at, _)| {
            let host = text[at + 3..].split(['/', ' ', '"', '\'', '\n']).next().unwrap_or_default();
            host.split_once('@').is_some_and(|(user, _)| user.contains(':') && !user.contains("${"))
        })
    };
    text.contains("PRIVATE KEY-----")
        || text.starts_with("{{resolve:")
        || key_id("AKIA")
        || key_id("ASIA")
        || in_url()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_and_of_where_they_are_kept() {
        for name in ["MasterUserPassword", "DB_PASSWORD", "api-key", "AuthToken", "SecretString"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in
            ["SecretArn", "KmsKeyId", "PasswordPolicy", "BucketName", "TokenValidity", "MasterUserSecretArn"]
        {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn credentials_by_their_form() {
        for text in ["postgres://app:pw@db/x", "id AKIAIOSFODNN7EXAMPLE", "{{resolve:secretsmanager:x}}"] {
            assert!(looks_secret(text), "{text}");
        }
        for text in ["https://example.com/a:b@c", "AKIA", "postgres://${User}:${Password}@db"] {
            assert!(!looks_secret(text), "{text}");
        }
    }
}
