//! Credentials by how they are written.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use crate::Confidence;

/// A kind of credential.
#[derive(Debug)]
pub struct CredentialKind {
    /// Its id, such as `url-password`.
    pub id: &'static str,
    /// What it is, in English, Japanese and Traditional Chinese.
    pub label: [&'static str; 3],
    /// How sure a finding is: high where the form belongs to a credential alone.
    pub confidence: Confidence,
    /// One of these is a part of every such credential; none for a form that has no such part.
    pub(crate) needs: &'static [&'static str],
    pub(crate) pattern: LazyLock<Option<Regex>>,
}

/// A credential in a text.
#[derive(Clone, Copy, Debug)]
pub struct Credential {
    /// What it is.
    pub kind: &'static CredentialKind,
    /// Byte offset of its first character in the text.
    pub start: usize,
    /// Byte offset behind its last character.
    pub end: usize,
}

/// Values that stand for a credential in an example.
const STAND_INS: [&str; 12] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "token",
    "username",
    "user",
    "xxx",
    "your-token",
    "yourtoken",
    "redacted",
];

/// All kinds that are looked for.
#[must_use]
pub fn credential_kinds() -> &'static [CredentialKind] {
    &crate::CREDENTIALS
}

/// The credentials of a text, the surest kinds first, each kind at most once. Linear in the text.
#[must_use]
pub fn credentials(text: &str) -> Vec<Credential> {
    crate::CREDENTIALS.iter().filter_map(|kind| kind.find(text)).collect()
}

/// The surest credential of a text.
#[must_use]
pub fn credential(text: &str) -> Option<Credential> {
    crate::CREDENTIALS.iter().find_map(|kind| kind.find(text))
}

/// Byte offsets of what is a part of every credential whose form says so alone, ascending. Where
/// a text has none, it holds no such credential. One pass over the text.
#[must_use]
pub fn parts_of_credentials(text: &str) -> Vec<usize> {
    static PARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let sure = crate::CREDENTIALS.iter().filter(|kind| kind.confidence == Confidence::High);
        AhoCorasick::new(sure.flat_map(|kind| kind.needs)).ok()
    });
    let Some(parts) = PARTS.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for hit in parts.find_iter(text) {
        let (start, end) = (hit.start(), hit.end());
        // Most URLs have neither somebody who signs in nor arguments.
        let url = &text.as_bytes()[start..end] == b"://";
        let closes =
            |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`');
        let rest = || text.as_bytes()[end..].iter().take_while(|byte| !closes(byte));
        if !url || rest().any(|byte| matches!(byte, b'@' | b'?')) {
            found.push(start);
        }
    }
    found
}

/// Whether a text ends in a name that means a secret and an assignment: what follows is one.
#[must_use]
pub fn assigns_secret(text: &str) -> bool {
    static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?i)(?:password|passwd|pwd|secret|token|api_?key)['"]?\s*(?:=|:|,|\s)\s*['"]?$"#).ok()
    });
    NAMED.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

impl CredentialKind {
    fn find(&'static self, text: &str) -> Option<Credential> {
        if !self.needs.is_empty() && !self.needs.iter().any(|part| text.contains(part)) {
            return None;
        }
        let pattern = self.pattern.as_ref()?;
        let real = |found: &regex::Captures<'_>| {
            let value = found.name("value").map_or("", |value| value.as_str());
            let same = value.len() > 1 && value.bytes().all(|byte| byte == value.as_bytes()[0]);
            // A variable that is called so and is set to a word like that is a password, and a bad one.
            let stands_in = self.confidence == Confidence::High
                && STAND_INS.contains(&value.to_ascii_lowercase().as_str());
            !same && !stands_in && !value.starts_with("arn:")
        };
        let found = pattern.captures_iter(text).find(real)?.get(0)?;
        Some(Credential { kind: self, start: found.start(), end: found.end() })
    }
}

#[cfg(test)]
mod tests {
    use super::{assigns_secret, credential, credential_kinds, parts_of_credentials};
    use crate::Confidence;

    #[test]
    fn every_pattern_compiles_and_says_in_three_languages_what_it_is() {
        for kind in credential_kinds() {
            assert!(kind.pattern.is_some(), "{}", kind.id);
            assert!(kind.label.iter().all(|label| !label.is_empty()), "{}", kind.id);
        }
    }

    #[test]
    fn credentials_are_found_and_placeholders_are_not() {
        for (text, kind) in [
            ("export DB_PASSWORD='hunter2hunter2'", "password"),
            ("define('DB_PASSWORD', 'correct-horse');", "password"),
            ("aws_access_key_id = AKIAIOSFODNN7EXAMPLE", "aws-access-key"),
            ("postgres://app:s3cretpw@db.internal/clinic", "url-password"),
            ("redis://:s3cretpw@cache:6379", "url-password"),
            ("-----BEGIN RSA PRIVATE KEY-----", "private-key"),
            ("{\"password\": \"Str0ngEnough\"}", "password"),
            ("https://fax.example/in?token=8f3b1c0a77d2e5", "url-token"),
            ("https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3/kq3Zb1xW9mL2pT7v", "slack-token"),
            ("Authorization: Basic Y2xpbmljOnMzY3JldHB3", "authorization-header"),
            ("mysql -u app --password hunter2hunter2", "password"),
            ("ENV API-KEY 0f8fad5bd9cb", "password"),
            ("DB_PASSWORD=password", "password"),
        ] {
            let found = credential(text).map(|found| found.kind.id);
            assert_eq!(found, Some(kind), "{text}");
            let high = credential(text).is_some_and(|found| found.kind.confidence == Confidence::High);
            assert!(!high || !parts_of_credentials(text).is_empty(), "{text}");
        }
        for text in [
            "DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id db)",
            "password: ${DB_PASSWORD}",
            "--password <your password>",
            "curl https://example.com/a:b",
            "yum install -y passwd",
            "token=",
            "DB_SECRET=arn:aws:secretsmanager:us-east-1:111122223333:secret:db-0f8fad",
            "curl -H $TOKEN https://api.internal/x",
            "https://user:password@example.com",
            "postgres://app:${Password}@db/clinic",
            "https://console.aws.amazon.com/x?region=us-east-1&token=",
            "arn:aws:iam::111122223333:user/a@b",
        ] {
            assert!(credential(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_follows_an_assignment_is_a_secret() {
        assert!(assigns_secret("mysql --password="));
        assert!(!assigns_secret("mysql --user="));
    }
}
