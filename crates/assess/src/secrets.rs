//! Whether a text carries a secret: a secret parameter, a secret dynamic reference, or a
//! credential written out. The text itself is never shown.

use std::sync::LazyLock;

use regex::Regex;
use sekisho_estate::{Part, Reason, ReasonCode};
use sekisho_expr::{Frame, Seen, Val};

/// A form of credentials.
struct Form {
    name: &'static str,
    /// One of these is a part of every such credential; none for a form that has no such part.
    /// Looking for them is cheap, and what a text cannot hold need not be compiled.
    needs: &'static [&'static str],
    pattern: LazyLock<Option<Regex>>,
}

/// Credentials as they are written into scripts and configuration, each with its name.
static FORMS: [Form; 4] = [
    Form {
        name: "access key",
        needs: &["AKIA", "ASIA"],
        pattern: LazyLock::new(|| Regex::new(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b").ok()),
    },
    Form {
        name: "private key",
        needs: &["PRIVATE KEY-----"],
        pattern: LazyLock::new(|| Regex::new(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----").ok()),
    },
    Form {
        name: "password in a URL",
        needs: &["://"],
        pattern: LazyLock::new(|| Regex::new(r"\b[a-z][a-z0-9+.-]*://[^\s/:@$<{]+:[^\s/:@$<{]{3,}@").ok()),
    },
    Form {
        name: "password",
        needs: &[],
        // A name that means a secret, an assignment, and a value that is no variable or placeholder.
        pattern: LazyLock::new(|| {
            Regex::new(
                r#"(?i)[a-z0-9_-]*(?:password|passwd|pwd|secret|token|api_?key|access_?key)['"]?\s*(?:=|:|,|\s)\s*['"]?[^\s'"$<{(,;:=*][^\s'"$<{(,;]{5,}"#,
            )
            .ok()
        }),
    },
];

/// A name that means a secret, at the end of what stands before an unknown part.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)(?:password|passwd|pwd|secret|token|api_?key)['"]?\s*(?:=|:|,|\s)\s*['"]?$"#).ok()
});

/// The answer for a value, noting what was found where the argument was read.
pub(crate) fn carries<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> Val<'a> {
    let (found, unknown) = look(value);
    // What was read is replaced by what was found in it: the text must not be shown.
    frame.replace_last(|view| Seen::Found(view, frame.bump().alloc_str(found.as_deref().unwrap_or(""))));
    match (found, unknown) {
        (Some(_), _) => Val::Bool(true),
        (None, Some(why)) => frame.unknown(why.code, &*why.subject),
        (None, None) => Val::Bool(false),
    }
}

fn look(value: Val<'_>) -> (Option<String>, Option<Reason>) {
    match value {
        Val::Secret(_) => (Some("secret value".into()), None),
        Val::Str(text) => (credential(text), None),
        Val::Text(text) => {
            let mut unknown = None;
            let mut before = "";
            for part in text.parts {
                match part {
                    Part::Literal(literal) => {
                        before = literal;
                        if let Some(found) = credential(literal) {
                            return (Some(found), None);
                        }
                    }
                    Part::Secret(view) => return (Some(secret_name(*view)), None),
                    Part::Variable(name) if NAMED.as_ref().is_some_and(|r| r.is_match(before)) => {
                        return (Some(format!("parameter {name}")), None);
                    }
                    Part::Unknown(why) => unknown = unknown.or(Some(why.to_reason())),
                    Part::Variable(_) | Part::Reference(_) => {}
                }
            }
            (None, unknown)
        }
        Val::Unknown(why) => (None, Some(why.to_reason())),
        Val::Absent | Val::Null | Val::Bool(_) | Val::Int(_) | Val::Double(_) | Val::Reference(_) => {
            (None, None)
        }
        _ => (None, Some(Reason::new(ReasonCode::WrongShape, "text"))),
    }
}

fn secret_name(view: sekisho_estate::View<'_>) -> String {
    match view.stack.tree.node(view.node) {
        sekisho_estate::Node::Variable(variable) => {
            format!("parameter {}", view.stack.variables[variable as usize].name)
        }
        sekisho_estate::Node::Secret(span) => view.stack.text(span).to_owned(),
        _ => "secret value".into(),
    }
}

/// The kind of credential that a text holds.
#[must_use]
pub(crate) fn credential(text: &str) -> Option<String> {
    let holds = |form: &&Form| {
        let may = form.needs.is_empty() || form.needs.iter().any(|part| text.contains(part));
        may && form.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
    };
    FORMS.iter().find(holds).map(|form| form.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_and_placeholders_are_not() {
        let found = [
            "export DB_PASSWORD='hunter2hunter2'",
            "define('DB_PASSWORD', 'correct-horse');",
            "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
            "postgres://app:s3cretpw@db.internal/clinic",
            "-----BEGIN RSA PRIVATE KEY-----",
            "{\"password\": \"Str0ngEnough\"}",
        ];
        for text in found {
            assert!(credential(text).is_some(), "{text}");
        }
        let clean = [
            "DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id db)",
            "password: ${DB_PASSWORD}",
            "--password <your password>",
            "curl https://example.com/a:b",
            "yum install -y passwd",
            "token=",
        ];
        for text in clean {
            assert_eq!(credential(text), None, "{text}");
        }
    }
}
