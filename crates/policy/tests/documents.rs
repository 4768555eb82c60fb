//! Documents: evidence, worlds, views, and that nothing panics.

mod common;

use bumpalo::Bump;
use proptest::prelude::*;
use sekisho_estate::{LineIndex, Reader, Value, View};
use sekisho_policy::{Document, Effect, Pattern, PrincipalKind, ResourceScope, Selection, Tri};

const BUCKET: &str = "
Parameters:
  Protected: {Type: String, Default: 'true', AllowedValues: ['true', 'false']}
  Open: {Type: String}
Conditions:
  IsProtected: [Protected, 'true']
Resources:
  Bucket: {Type: AWS::S3::Bucket}
Policy:
  Version: 2012-10-17
  Statement:
    - Sid: Read
      Effect: Allow
      Principal: '*'
      Action: s3:GetObject
      Resource: !Sub '${Bucket.Arn}/*'
    - !If
      - IsProtected
      - Sid: RefusePlainHttp
        Effect: Deny
        Principal: '*'
        Action: s3:*
        Resource:
          - !GetAtt Bucket.Arn
          - !Sub '${Bucket.Arn}/*'
        Condition: {Bool: {aws:SecureTransport: false}}
      - !Ref AWS::NoValue
Short:
  Statement:
    Effect: Deny
    Principal: '*'
    Action: s3:*
    Resource: !GetAtt Bucket.Arn
    Condition: {Bool: {aws:SecureTransport: false}}
Text: '{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": [\"s3:*\"]}}'
";

/// The lines that evidence points at.
fn lines(views: &[View<'_>]) -> Vec<&'static str> {
    let at = |view: &View<'_>| {
        let line = LineIndex::new(BUCKET).position(BUCKET, view.offset()).line;
        BUCKET.lines().nth(line as usize - 1).expect("a line").trim()
    };
    views.iter().map(at).collect()
}

#[test]
fn a_refusal_by_condition_makes_two_worlds_with_evidence() {
    let (estate, bump) = (common::estate(BUCKET), Bump::new());
    let reader = Reader::new(&estate, &bump);
    let policy = common::at(&estate, &["Policy"]);
    let mut worlds = Vec::new();
    loop {
        let document = Document::read(&reader, policy);
        let action = Pattern::action(&reader, "s3:*");
        let scope = ResourceScope::objects(&reader, common::target(&estate, "Bucket"));
        let answer = document.denies(&action, &[("aws:SecureTransport", "false")], &scope);
        worlds.push((reader.worlds.label(), answer.is, lines(&answer.because)));
        if !reader.worlds.next() {
            break;
        }
    }
    let expected =
        [("Protected=true", Tri::Yes, vec!["- Sid: RefusePlainHttp"]), ("Protected=false", Tri::No, vec![])]
            .map(|(label, is, lines)| (label.to_owned(), is, lines));
    assert_eq!(worlds, expected);
}

#[test]
fn a_refusal_that_falls_short_says_by_what() {
    let (estate, bump) = (common::estate(BUCKET), Bump::new());
    let reader = Reader::new(&estate, &bump);
    let document = Document::read(&reader, common::at(&estate, &["Short"]));
    let scope = ResourceScope::content(&reader, common::target(&estate, "Bucket"));
    let action = Pattern::action(&reader, "s3:*");
    let answer = document.denies(&action, &[("aws:SecureTransport", "false")], &scope);
    assert_eq!((answer.is, lines(&answer.because)), (Tri::No, vec!["Resource: !GetAtt Bucket.Arn"]));
    let bucket = ResourceScope::resource(&reader, common::target(&estate, "Bucket"));
    assert_eq!(document.denies(&action, &[("aws:SecureTransport", "false")], &bucket).is, Tri::Yes);
    assert_eq!(document.denies(&action, &[], &ResourceScope::of(&reader, &[])).is, Tri::No);
}

#[test]
fn evidence_of_json_text_is_the_text() {
    let (estate, bump) = (common::estate(BUCKET), Bump::new());
    let reader = Reader::new(&estate, &bump);
    let view = common::at(&estate, &["Text"]);
    let answer = Document::read(&reader, view).grants_anyone(None);
    assert_eq!((answer.is, answer.because), (Tri::Yes, vec![view]));
    let without = Document::parse(&reader, reader.resolve(view)).grants_anyone(None);
    assert_eq!((without.is, without.because.len()), (Tri::Yes, 0));
}

#[test]
fn json_text_with_private_characters_is_not_understood() {
    let source = "
Resources: {Bucket: {Type: AWS::S3::Bucket}}
Spelt: !Sub '{\"Statement\": {\"Sid\": \"\\udb80\\udc00\", \"Resource\": \"${Bucket.Arn}\"}}'
Written: !Sub '{\"Statement\": {\"Sid\": \"\u{F0000}\", \"Resource\": \"${Bucket.Arn}\"}}'
Twice: '{\"Statement\": [], \"Statement\": []}'
";
    let (estate, bump) = (common::estate(source), Bump::new());
    let reader = Reader::new(&estate, &bump);
    for name in ["Spelt", "Written", "Twice"] {
        let document = Document::read(&reader, common::at(&estate, &[name]));
        let [statement] = document.statements else { panic!("{name}") };
        assert!(matches!(statement.effect, Effect::Unknown(_)), "{name}");
        assert!(statement.problem.is_some(), "{name}");
    }
}

#[test]
fn statements_have_fields_in_the_terms_of_the_estate() {
    let (estate, bump) = (common::estate(BUCKET), Bump::new());
    let reader = Reader::new(&estate, &bump);
    let document = Document::read(&reader, common::at(&estate, &["Policy"]));
    let [read, refuse] = document.statements else { panic!("{document:?}") };
    assert_eq!((read.effect, refuse.effect), (Effect::Allow, Effect::Deny));
    let field = |name| refuse.field(&reader, name).unwrap();
    assert_eq!(field("sid"), Value::Str("RefusePlainHttp"));
    assert_eq!(field("effect"), Value::Str("Deny"));
    assert_eq!(field("principals"), Value::Items(&[Value::Str("*")]));
    assert_eq!(field("actions"), Value::Items(&[Value::Str("s3:*")]));
    assert_eq!(field("not_actions"), Value::Absent);
    assert!(matches!(field("resources"), Value::Items([Value::Reference(_), Value::Text(_)])));
    assert_eq!(refuse.field(&reader, "action"), None);
    let [test] = refuse.tests else { panic!() };
    assert!(test.is_about("AWS:securetransport"));
    assert_eq!(test.values[0].value, Value::Bool(false));
    let text = Document::read(&reader, common::at(&estate, &["Text"]));
    assert_eq!(text.statements[0].field(&reader, "actions"), Some(Value::Items(&[Value::Str("s3:*")])));
}

#[test]
fn what_is_not_understood_is_kept() {
    let source = "
Parameters: {Open: {Type: String}}
Resources: {}
Policy:
  Version: '2012-10-17'
  Statements: []
  Statement:
    - Effect: Allow
      Principal: {AWS: [1, {a: b}], Martian: x}
      Action: [s3:*, [a], !Ref Open]
      Condition: {StringIs: {aws:PrincipalOrgID: x}, StringEquals: y, 'Null': {a: [true, {b: c}]}}
    - 7
";
    let (estate, bump) = (common::estate(source), Bump::new());
    let reader = Reader::new(&estate, &bump);
    let document = Document::read(&reader, common::at(&estate, &["Policy"]));
    assert_eq!(document.statements.len(), 3, "the misspelt element, the statement, the number");
    let statement = document.statements[1];
    let Selection::Only(principals) = statement.principals else { panic!() };
    let unknown = |kind: &PrincipalKind<'_>| matches!(kind, PrincipalKind::Unknown(_));
    assert_eq!(principals.iter().map(|p| unknown(&p.kind)).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(principals.iter().filter(|p| p.unknown().is_some()).count(), 2);
    let Selection::Only(actions) = statement.actions else { panic!() };
    assert_eq!(actions.iter().filter(|action| action.pattern.unknown().is_some()).count(), 2);
    let tests: Vec<bool> = statement.tests.iter().map(|test| test.operator.is_ok()).collect();
    assert_eq!(tests, [false, false, true]);
}

/// Parts of policies, right and wrong, from which documents are made at random.
fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\"*\"".to_owned()),
        Just("\"s3:*\"".to_owned()),
        Just("Allow".to_owned()),
        Just("Deny".to_owned()),
        Just("!Ref Open".to_owned()),
        Just("!Ref AWS::NoValue".to_owned()),
        Just("!GetAtt Bucket.Arn".to_owned()),
        Just("!Sub '${Bucket.Arn}/*'".to_owned()),
        Just("!Sub '{\"Statement\": \"${Open}\"}'".to_owned()),
        Just("'${aws:username}'".to_owned()),
        Just("'${'".to_owned()),
        Just("true".to_owned()),
        Just("1.5".to_owned()),
        Just("~".to_owned()),
        Just("''".to_owned()),
        "[a-z*?:é]{0,5}".prop_map(|text| format!("{text:?}")),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let keys = prop::sample::select(vec![
        "Statement",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "AWS",
        "Service",
        "StringLike",
        "'ForAnyValue:ArnLikeIfExists'",
        "Bool",
        "IpAddress",
        "aws:SecureTransport",
        "aws:SourceArn",
        "aws:SourceIp",
        "Nonsense",
    ]);
    scalar().prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::btree_map(keys.clone(), inner, 0..6).prop_map(|entries| {
                let entries: Vec<String> = entries.iter().map(|(k, v)| format!("{k}: {v}")).collect();
                format!("{{{}}}", entries.join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_document_makes_a_question_panic(policy in value(), statement in value(), part in value()) {
        let source = format!(
            "Parameters: {{Open: {{Type: String}}}}\n\
             Resources: {{Bucket: {{Type: AWS::S3::Bucket}}}}\n\
             Policies:\n  - {policy}\n  - {{Statement: {statement}}}\n  - {{Version: 2012-10-17, Statement: \
             {{Effect: Deny, Principal: {part}, Action: {part}, Resource: {part}, Condition: {part}}}}}\n  \
             - {{Version: 2012-10-17, Statement: {{Effect: Allow, Principal: '*', Action: '*', Condition: {part}}}}}\n"
        );
        let (estate, bump) = (common::estate(&source), Bump::new());
        let reader = Reader::new(&estate, &bump);
        let policies = common::at(&estate, &["Policies"]);
        let scope = ResourceScope::objects(&reader, common::target(&estate, "Bucket"));
        let action = Pattern::action(&reader, "s3:*");
        for &policy in policies.elements() {
            let document = Document::read(&reader, policies.at(policy));
            let context = [("aws:SecureTransport", "false"), ("aws:SourceArn", "arn:aws:s3:::x")];
            let denies = document.denies(&action, &context, &scope);
            let grants = document.grants_anyone(Some(&action));
            // Refused to everyone and open to anyone cannot both be.
            assert!(denies.is != Tri::Yes || document.denies(&action, &[], &scope).is != Tri::Yes
                || grants.is != Tri::Yes || document.statements.len() > 1);
            let _ = (document.grants_anyone(None), document.other_accounts(None), document.wildcard_actions());
            for statement in document.statements {
                for name in ["sid", "effect", "principals", "actions", "resources", "not_resources"] {
                    let _ = statement.field(&reader, name);
                }
            }
        }
    }

    #[test]
    fn no_json_text_panics(text in "[\\[\\]{}:,\"a-zA-Z*\\\\u0-9 ]{0,40}") {
        let (estate, bump) = (common::estate("Resources: {}"), Bump::new());
        let reader = Reader::new(&estate, &bump);
        let text: &str = bump.alloc_str(&text);
        let _ = Document::parse(&reader, Value::Str(text)).grants_anyone(None);
    }
}
