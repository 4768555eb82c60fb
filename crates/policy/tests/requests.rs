//! Answers on documents against a naive evaluator of single requests.
//!
//! The evaluator is written from the IAM User Guide alone and knows nothing of patterns that
//! cover each other: it asks every request of a small world. What a document is said to
//! refuse must be refused to each of them.

use bumpalo::Bump;
use proptest::prelude::*;
use sekisho_estate::{Estate, Reader, Value};
use sekisho_policy::{Document, Pattern, ResourceScope, Tri};

#[derive(Clone, Debug)]
struct Statement {
    allow: bool,
    principal: Principal,
    not_action: bool,
    action: &'static str,
    not_resource: bool,
    resource: &'static str,
    conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug)]
enum Principal {
    Star,
    AwsStar,
    Own,
    NotOwn,
}

type Condition = (&'static str, &'static str, &'static str);

const OWN: &str = "111122223333";

#[derive(Clone, Copy, Debug)]
struct Request {
    account: Option<&'static str>,
    organization: Option<&'static str>,
    action: &'static str,
    resource: &'static str,
    secure: &'static str,
    referer: Option<&'static str>,
}

const REQUESTERS: [(Option<&str>, Option<&str>); 4] = [
    (None, None),
    (Some("999999999999"), Some("o-zz")),
    (Some("888888888888"), None),
    (Some(OWN), Some("o-own")),
];
const ACTIONS: [&str; 5] = ["s3:GetObject", "s3:GetZ", "s3:PutObject", "s3:Zap", "ec2:X"];
const RESOURCES: [&str; 6] = [
    "arn:aws:s3:::b/x",
    "arn:aws:s3:::b/",
    "arn:aws:s3:::b/p/x",
    "arn:aws:s3:::b/p/",
    "arn:aws:s3:::b",
    "arn:aws:s3:::c/x",
];

fn requests() -> Vec<Request> {
    let mut all = Vec::new();
    for (account, organization) in REQUESTERS {
        for action in ACTIONS {
            for resource in RESOURCES {
                for secure in ["true", "false"] {
                    for referer in [None, Some("https://x/1"), Some("other")] {
                        all.push(Request { account, organization, action, resource, secure, referer });
                    }
                }
            }
        }
    }
    all
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some(b'*'), _) => glob(&pattern[1..], text) || (!text.is_empty() && glob(pattern, &text[1..])),
        (Some(a), Some(b)) if a == b => glob(&pattern[1..], &text[1..]),
        _ => false,
    }
}

impl Request {
    fn key(&self, key: &str) -> Option<&'static str> {
        match key {
            "aws:SecureTransport" => Some(self.secure),
            "aws:PrincipalOrgID" => self.organization,
            "aws:PrincipalAccount" => Some(self.account.unwrap_or("anonymous")),
            "aws:Referer" => self.referer,
            _ => None,
        }
    }

    fn passes(&self, (operator, key, value): Condition) -> bool {
        let found = self.key(key);
        match operator {
            "Null" => found.is_none() == (value == "true"),
            "StringEquals" | "Bool" => found == Some(value),
            "StringNotEquals" => found != Some(value),
            "StringLike" => found.is_some_and(|found| glob(value.as_bytes(), found.as_bytes())),
            "StringEqualsIfExists" | "BoolIfExists" => found.is_none_or(|found| found == value),
            "StringNotEqualsIfExists" => found.is_none_or(|found| found != value),
            other => panic!("{other}"),
        }
    }

    fn matches(&self, statement: &Statement) -> bool {
        let principal = match statement.principal {
            Principal::Star | Principal::AwsStar => true,
            Principal::Own => self.account == Some(OWN),
            Principal::NotOwn => self.account != Some(OWN),
        };
        principal
            && glob(statement.action.as_bytes(), self.action.as_bytes()) != statement.not_action
            && glob(statement.resource.as_bytes(), self.resource.as_bytes()) != statement.not_resource
            && statement.conditions.iter().all(|condition| self.passes(*condition))
    }
}

fn json(statements: &[Statement]) -> String {
    let statements: Vec<String> = statements
        .iter()
        .map(|statement| {
            let principal = match statement.principal {
                Principal::Star => r#""Principal":"*""#.to_owned(),
                Principal::AwsStar => r#""Principal":{"AWS":["*"]}"#.to_owned(),
                Principal::Own => format!(r#""Principal":{{"AWS":"{OWN}"}}"#),
                Principal::NotOwn => format!(r#""NotPrincipal":{{"AWS":"arn:aws:iam::{OWN}:root"}}"#),
            };
            let conditions: Vec<String> = statement
                .conditions
                .iter()
                .map(|(operator, key, value)| format!(r#""{operator}":{{"{key}":"{value}"}}"#))
                .collect();
            format!(
                r#"{{"Effect":"{}",{principal},"{}Action":["{}"],"{}Resource":"{}","Condition":{{{}}}}}"#,
                if statement.allow { "Allow" } else { "Deny" },
                if statement.not_action { "Not" } else { "" },
                statement.action,
                if statement.not_resource { "Not" } else { "" },
                statement.resource,
                conditions.join(",")
            )
        })
        .collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn statement() -> impl Strategy<Value = Statement> {
    let principal = prop::sample::select(vec![
        Principal::Star,
        Principal::Star,
        Principal::AwsStar,
        Principal::Own,
        Principal::NotOwn,
    ]);
    let action = prop::sample::select(vec!["*", "s3:*", "s3:Get*", "s3:GetObject", "s3:Put*"]);
    let resource = prop::sample::select(vec![
        "*",
        "arn:aws:s3:::b/*",
        "arn:aws:s3:::b*",
        "arn:aws:s3:::b",
        "arn:aws:s3:::b/p/*",
    ]);
    let condition = prop::sample::select(vec![
        ("Bool", "aws:SecureTransport", "false"),
        ("Bool", "aws:SecureTransport", "false"),
        ("BoolIfExists", "aws:SecureTransport", "true"),
        ("StringEquals", "aws:PrincipalOrgID", "o-own"),
        ("StringNotEquals", "aws:PrincipalOrgID", "o-own"),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-own"),
        ("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-own"),
        ("StringEquals", "aws:PrincipalAccount", OWN),
        ("StringNotEquals", "aws:PrincipalAccount", OWN),
        ("Null", "aws:PrincipalOrgID", "true"),
        ("Null", "aws:PrincipalOrgID", "false"),
        ("StringLike", "aws:Referer", "https://x/*"),
    ]);
    let conditions = prop_oneof![
        2 => Just(Vec::new()),
        3 => prop::collection::vec(condition.clone(), 1),
        1 => prop::collection::vec(condition, 2),
    ];
    (
        any::<bool>(),
        principal,
        prop::bool::weighted(0.2),
        action,
        prop::bool::weighted(0.2),
        resource,
        conditions,
    )
        .prop_map(|(allow, principal, not_action, action, not_resource, resource, mut conditions)| {
            conditions.dedup_by_key(|condition| condition.0);
            Statement { allow, principal, not_action, action, not_resource, resource, conditions }
        })
}

fn ask(statements: &[Statement]) -> (Option<bool>, Option<bool>) {
    let (estate, bump) = (Estate::default(), Bump::new());
    let reader = Reader::new(&estate, &bump);
    let document = Document::parse(&reader, Value::Str(bump.alloc_str(&json(statements))));
    let decided = |is: Tri<'_>| match is {
        Tri::Yes => Some(true),
        Tri::No => Some(false),
        Tri::Unknown(_) => None,
    };
    let scope = ResourceScope::of(&reader, &[Pattern::resource(&reader, "arn:aws:s3:::b/*")]);
    let action = Pattern::action(&reader, "s3:*");
    let denies = document.denies(&action, &[("aws:SecureTransport", "false")], &scope);
    (decided(denies.is), decided(document.grants_anyone(None).is))
}

/// Whether every plain HTTP request of the small world on an object of the bucket is refused.
fn refused(statements: &[Statement]) -> bool {
    requests()
        .iter()
        .filter(|request| {
            request.secure == "false"
                && request.action.starts_with("s3:")
                && request.resource.starts_with("arn:aws:s3:::b/")
        })
        .all(|request| statements.iter().any(|statement| !statement.allow && request.matches(statement)))
}

/// Whether a stranger's request of the small world is allowed.
fn open(statements: &[Statement]) -> bool {
    requests().iter().filter(|request| request.account != Some(OWN)).any(|request| {
        statements.iter().any(|statement| statement.allow && request.matches(statement))
            && !statements.iter().any(|statement| !statement.allow && request.matches(statement))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn one_refusal_is_exact(mut statement in statement()) {
        statement.allow = false;
        let statements = [statement];
        prop_assert_eq!(ask(&statements).0, Some(refused(&statements)), "{}", json(&statements));
    }

    #[test]
    fn what_is_said_to_be_refused_is(statements in prop::collection::vec(statement(), 0..4)) {
        if ask(&statements).0 == Some(true) {
            prop_assert!(refused(&statements), "{}", json(&statements));
        }
    }

    #[test]
    fn what_is_said_to_be_closed_is(statements in prop::collection::vec(statement(), 0..4)) {
        let said = ask(&statements).1;
        prop_assert!(said.is_some());
        if open(&statements) {
            prop_assert_eq!(said, Some(true), "{}", json(&statements));
        } else if statements.iter().all(|s| s.conditions.len() <= usize::from(s.allow))
            && statements.iter().filter(|s| !s.allow).count() < 2
        {
            // Several refusals, refusals with a condition, and conditions that contradict each
            // other may together close what is still called open.
            prop_assert_eq!(said, Some(false), "{}", json(&statements));
        }
    }
}
