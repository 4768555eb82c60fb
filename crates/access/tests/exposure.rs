//! Exposure is proved: the request that an answer shows is allowed by the point engine, and
//! where nobody outside is said to get in, random requests from outside do not.

#![allow(clippy::unwrap_used, dead_code, reason = "a test that cannot go on may stop")]

mod random;

use bumpalo::Bump;
use sekisho_access::ask::{Ask, verdict};
use sekisho_access::case::{Values, Verdict};
use sekisho_access::decide::Object;
use sekisho_access::model::{Encryption, Model, Store};
use sekisho_access::policy::Compiler;
use sekisho_access::solve::chosen;
use sekisho_access::tables::{Class, store_kind};
use sekisho_access::who::{Distance, Who};
use sekisho_estate::{Estate, Reader, Value};
use sekisho_policy::Document;

/// A bucket with a policy, in an account of its own.
fn bucket(document: &str) -> Model {
    let (estate, bump) = (Estate::default(), Bump::new());
    let reader = Reader::new(&estate, &bump);
    let mut model = Model::default();
    let document = Document::parse(&reader, Value::Str(bump.alloc_str(document)));
    let policy = Compiler { reader: &reader, holes: &mut model.holes, partition: "aws" }
        .policy(Some("bucket"), &document);
    model.policies.push(policy);
    let any = model.holes.content();
    let object =
        |arn: String| Object { arn: arn.into(), account: Some("111122223333".into()), ..Object::default() };
    let (_, kind) = store_kind("AWS::S3::Bucket").unwrap();
    let arn = "arn:aws:s3:::data";
    let forms = kind
        .forms
        .iter()
        .map(|(form, text)| {
            (form.as_str(), object(text.replace("{arn}", arn).replace("{any}", &any.to_string())))
        })
        .collect();
    model.stores.push(Store {
        resource: None,
        type_name: "AWS::S3::Bucket".into(),
        name: "data".into(),
        object: object(arn.to_owned()),
        forms,
        policy: Some(0),
        key: Encryption::Service,
        s3: None,
        grants: Vec::new(),
        points: Vec::new(),
        conditional: false,
    });
    model
}

/// A context of a random case as keys of a request.
fn keys(seed: u64) -> Vec<(String, Values)> {
    let case = random::case(seed);
    let context = case["context"].as_object().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    // Requests are taken to be made over TLS.
    let tls = ("aws:SecureTransport".to_owned(), Values::One("true".to_owned()));
    context
        .iter()
        .filter(|(name, _)| *name != "aws:SecureTransport")
        .map(|(name, value)| {
            let values = match value.as_array() {
                Some(list) => Values::Many(list.iter().map(text).collect()),
                None => Values::One(text(value)),
            };
            (name.clone(), values)
        })
        .chain([tls])
        .collect()
}

#[test]
fn witnesses_are_allowed_and_the_rest_is_shut() {
    let (mut shown, mut conditional, mut shut, mut asked, mut open) = (0, 0, 0, 0, 0);
    for seed in 0..12_000 {
        let case = random::case(seed);
        let resource = case["resource"]["arn"].as_str().unwrap_or_default();
        if !resource.starts_with("arn:aws:s3:::data") || case["policies"]["resource"].is_null() {
            continue;
        }
        let model = bucket(&case["policies"]["resource"].to_string());
        let (ask, chains) = (Ask::new(&model), model.chains());
        for class in [Class::ReadContent, Class::ReadMetadata, Class::Write, Class::Delete] {
            let found = model.exposure(&ask, &chains, class, 0);
            match found.verdict {
                Verdict::Allowed => {
                    let witness = found.witness.unwrap();
                    let mut given: Vec<(String, Values)> = witness
                        .iter()
                        .filter_map(|(key, value)| Some((key.clone(), Values::One(value.clone()?))))
                        .collect();
                    if !witness.contains_key("aws:securetransport") {
                        given.push(("aws:SecureTransport".to_owned(), Values::One("true".to_owned())));
                    }
                    let who = found.who.unwrap();
                    let cell = model.outside(&Ask::exactly(&model, &given), &who, class, 0);
                    let formula = chosen(&cell.formula, &model.holes);
                    assert_eq!(
                        verdict(&formula),
                        Verdict::Allowed,
                        "{seed} {class:?} {who:?} {given:?} {:?} {:?}: {}",
                        cell.actions,
                        formula,
                        case["policies"]["resource"]
                    );
                    shown += 1;
                    conditional += u32::from(!witness.is_empty());
                }
                Verdict::Denied => {
                    shut += 1;
                    for at in 0..20 {
                        let ask = Ask::exactly(&model, &keys(seed * 20 + at));
                        for who in [Who::Anyone, Who::AnyAccount, Who::Account("444455556666".into())] {
                            assert_ne!(who.distance(), Distance::Inside);
                            let cell = model.outside(&ask, &who, class, 0);
                            asked += 1;
                            assert_ne!(
                                verdict(&cell.formula),
                                Verdict::Allowed,
                                "{seed} {class:?} {who:?}: {}",
                                case["policies"]["resource"]
                            );
                        }
                    }
                }
                _ => open += 1,
            }
        }
    }
    assert!(shown > 500 && conditional > 100 && shut > 500 && asked > 10_000, "{shown} {conditional} {shut}");
    // What is not decided is rare.
    assert!(open * 20 < shown + shut, "{open} of {}", shown + shut);
}
