//! What says of a value that it is secret: its name, or its form.

use crate::{Entry, Node, NodeId, Tree};

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

/// Whether a name says that its value is secret (`MasterUserPassword`, `api_key`), and not
/// only where one is kept (`SecretArn`).
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let mut plain = String::with_capacity(name.len());
    plain.extend(name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()));
    NAMES.iter().any(|secret| plain.contains(secret)) && !POINTERS.iter().any(|end| plain.ends_with(end))
}

/// Whether a text is a credential by its form.
#[must_use]
pub fn looks_secret(text: &str) -> bool {
    // A name, a number, a class of instances: too short and plain for any of the forms.
    if text.len() < 16 && !text.bytes().any(|byte| matches!(byte, b':' | b'=')) {
        return false;
    }
    let key_id = |prefix: &str| {
        // To see that there is none is much cheaper than to look where they are.
        text.contains(prefix)
            && text.match_indices(prefix).any(|(at, _)| {
                let rest = &text.as_bytes()[at + 4..];
                rest.len() >= 16 && rest[..16].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            })
    };
    let in_url = || {
        text.contains("://")
            && text.match_indices("://").any(|(at, _)| {
                let host = text[at + 3..].split(['/', ' ', '"', '\'', '\n']).next().unwrap_or_default();
                host.split_once('@').is_some_and(|(user, _)| user.contains(':') && !user.contains("${"))
            })
    };
    text.contains("PRIVATE KEY-----")
        || text.starts_with("{{resolve:")
        || key_id("AKIA")
        || key_id("ASIA")
        || in_url()
        || assigns_secret(text)
}

/// Whether a text assigns a literal to a name that says secret (`DB_PASSWORD='…'`).
fn assigns_secret(text: &str) -> bool {
    text.match_indices('=').any(|(at, _)| {
        let before = text[..at].trim_end_matches(['\'', '"', ' ']);
        let from =
            before.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).map_or(0, |i| i + 1);
        let name = before.get(from..).unwrap_or_default();
        let value = text[at + 1..].trim_start_matches(['\'', '"', ' ']);
        let length = value.find([' ', '\n', '\'', '"', ';', '&']).unwrap_or(value.len());
        length > 3 && !value.starts_with(['$', '<', '{', '(', '=', '*']) && is_secret_name(name)
    })
}

/// Whether one entry of a map names the secret that stands in another
/// (`{Name: DB_PASSWORD, Value: …}`).
#[must_use]
pub fn names_beside(tree: &Tree, entries: &[Entry]) -> bool {
    entries.iter().any(|entry| {
        matches!(tree.text(entry.key), "Name" | "Key" | "ParameterKey")
            && tree.string(entry.value).is_some_and(is_secret_name)
    })
}

/// Texts below a node whose place or form says that they are secret. Linear in what lies below.
#[must_use]
pub fn secret_texts(tree: &Tree, root: NodeId) -> Vec<&str> {
    let mut found = Vec::new();
    collect(tree, root, false, &mut found, 0);
    found
}

fn collect<'t>(tree: &'t Tree, node: NodeId, secret: bool, found: &mut Vec<&'t str>, depth: u32) {
    if depth > crate::reader::MAX_DEPTH {
        return;
    }
    match tree.node(node) {
        Node::String(span) => {
            let text = tree.text(span);
            if text.len() > 2 && (secret || looks_secret(text)) {
                found.push(text);
            }
        }
        Node::Map(range) => {
            let entries = tree.entries(range);
            let named = names_beside(tree, entries);
            for entry in entries {
                let key = tree.text(entry.key);
                let beside = named && matches!(key, "Value" | "ParameterValue");
                collect(tree, entry.value, secret || beside || is_secret_name(key), found, depth + 1);
            }
        }
        Node::List(range) | Node::Operation { operands: range, .. } => {
            for &child in tree.children(range) {
                collect(tree, child, secret, found, depth + 1);
            }
        }
        Node::Choice { arms, .. } => {
            let (then, otherwise) = tree.arms(arms);
            collect(tree, then, secret, found, depth + 1);
            collect(tree, otherwise, secret, found, depth + 1);
        }
        _ => {}
    }
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
        for text in [
            "export DB_PASSWORD='hunter2'",
            "postgres://app:pw@db/x",
            "id AKIAIOSFODNN7EXAMPLE",
            "{{resolve:secretsmanager:x}}",
        ] {
            assert!(looks_secret(text), "{text}");
        }
        for text in [
            "PASSWORD=$(get)",
            "x == password",
            "https://example.com/a:b@c",
            "AKIA",
            "postgres://${User}:${Password}@db",
        ] {
            assert!(!looks_secret(text), "{text}");
        }
    }
}
