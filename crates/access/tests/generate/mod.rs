//! Makes accounts as real ones are: many roles with a few statements each, shared managed
//! policies, boundaries, service control policies, stores with policies of their own.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "shared by tests and benchmarks")]

use std::collections::HashMap;

use bumpalo::Bump;
use sekisho_access::decide::Object;
use sekisho_access::model::{Encryption, Model, Principal, Store};
use sekisho_access::policy::Compiler;
use sekisho_access::subject::{Subject, SubjectKind};
use sekisho_access::tables;
use sekisho_estate::{Estate, Reader, Value};
use sekisho_policy::Document;

/// How much is made.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub accounts: usize,
    pub principals: usize,
    pub stores: usize,
}

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % limit as u64).unwrap()
    }

    pub fn percent(&mut self, of: usize) -> bool {
        self.below(100) < of
    }

    pub fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

const TYPES: [(&str, &str, usize); 5] = [
    ("AWS::S3::Bucket", "s3", 40),
    ("AWS::DynamoDB::Table", "dynamodb", 20),
    ("AWS::SQS::Queue", "sqs", 15),
    ("AWS::SecretsManager::Secret", "secretsmanager", 15),
    ("AWS::KMS::Key", "kms", 10),
];

struct Made {
    type_name: &'static str,
    service: &'static str,
    arn: String,
    name: String,
}

/// One statement of an identity policy, as JSON.
fn statement(random: &mut Random, account: &str, stores: &[Made]) -> String {
    let store = &stores[random.below(stores.len())];
    let service = store.service;
    let action = match (service, random.below(6)) {
        (_, 0) => format!("\"{service}:*\""),
        ("s3", 1 | 2) => "[\"s3:GetObject\",\"s3:ListBucket\"]".to_owned(),
        ("s3", _) => "[\"s3:Get*\",\"s3:PutObject\",\"s3:DeleteObject\"]".to_owned(),
        ("dynamodb", 1 | 2) => "[\"dynamodb:GetItem\",\"dynamodb:Query\"]".to_owned(),
        ("dynamodb", _) => "[\"dynamodb:*Item\",\"dynamodb:Describe*\"]".to_owned(),
        ("sqs", _) => "[\"sqs:ReceiveMessage\",\"sqs:DeleteMessage\",\"sqs:SendMessage\"]".to_owned(),
        ("secretsmanager", _) => "\"secretsmanager:GetSecretValue\"".to_owned(),
        _ => "[\"kms:Decrypt\",\"kms:GenerateDataKey*\"]".to_owned(),
    };
    let resource = match random.below(10) {
        0 => "\"*\"".to_owned(),
        1..=3 => {
            let cut = store.arn.rfind('-').unwrap_or(store.arn.len());
            format!("\"{}-*\"", &store.arn[..cut])
        }
        _ => {
            let arns: Vec<String> = (0..=random.below(4))
                .map(|_| &stores[random.below(stores.len())])
                .chain([store])
                .flat_map(|made| match made.service {
                    "s3" => vec![format!("\"{}\"", made.arn), format!("\"{}/*\"", made.arn)],
                    _ => vec![format!("\"{}\"", made.arn)],
                })
                .collect();
            format!("[{}]", arns.join(","))
        }
    };
    let condition = match random.below(20) {
        0 => r#","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#,
        1 => r#","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#,
        2 => r#","Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}"#,
        3 => r#","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#,
        _ => "",
    };
    let effect = if random.percent(8) { "Deny" } else { "Allow" };
    let _ = account;
    format!(r#"{{"Effect":"{effect}","Action":{action},"Resource":{resource}{condition}}}"#)
}

fn document(statements: &[String]) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

/// Makes the model of some accounts.
pub fn model(size: Size, seed: u64) -> Model {
    let mut random = Random::new(seed);
    let (estate, bump) = (Estate::default(), Bump::new());
    let reader = Reader::new(&estate, &bump);
    let mut model = Model::default();
    let compile = |model: &mut Model, name: &str, text: &str| {
        let document = Document::parse(&reader, Value::Str(bump.alloc_str(text)));
        let policy = Compiler { reader: &reader, holes: &mut model.holes, partition: "aws" }
            .policy(Some(name), &document);
        model.policies.push(policy);
        u32::try_from(model.policies.len() - 1).unwrap()
    };
    let full = compile(
        &mut model,
        "FullAWSAccess",
        &document(&[r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#.to_owned()]),
    );
    let (per_principals, per_stores) = (size.principals / size.accounts, size.stores / size.accounts);
    for index in 0..size.accounts {
        let account = format!("{:012}", 100_000_000_000_usize + index);
        let teams = ["claims", "lab", "portal", "billing", "imaging", "research"];
        let mut made = Vec::new();
        for at in 0..per_stores {
            let mut roll = random.below(100);
            let (type_name, service, _) = TYPES
                .into_iter()
                .find(|(.., share)| {
                    let hit = roll < *share;
                    roll = roll.saturating_sub(*share);
                    hit
                })
                .unwrap_or(TYPES[0]);
            let name = format!("{}-{index}-{}-{at}", random.pick(&teams), random.below(20));
            let arn = match service {
                "s3" => format!("arn:aws:s3:::{name}"),
                "dynamodb" => format!("arn:aws:dynamodb:eu-west-1:{account}:table/{name}"),
                "secretsmanager" => format!("arn:aws:secretsmanager:eu-west-1:{account}:secret:{name}"),
                "kms" => format!("arn:aws:kms:eu-west-1:{account}:key/{name}"),
                _ => format!("arn:aws:{service}:eu-west-1:{account}:{name}"),
            };
            made.push(Made { type_name, service, arn, name });
        }
        let shared: Vec<u32> = (0..40)
            .map(|at| {
                let statements: Vec<String> =
                    (0..8).map(|_| statement(&mut random, &account, &made)).collect();
                compile(&mut model, &format!("shared-{at}"), &document(&statements))
            })
            .collect();
        let boundary = compile(
            &mut model,
            "boundary",
            &document(&[
                r#"{"Effect":"Allow","Action":["s3:*","dynamodb:*","kms:*"],"Resource":"*"}"#.to_owned(),
                r#"{"Effect":"Deny","Action":["s3:PutBucketPolicy","kms:ScheduleKeyDeletion"],"Resource":"*"}"#.to_owned(),
            ]),
        );
        let guard = compile(
            &mut model,
            "guard",
            &document(&[r#"{"Effect":"Deny","Action":["kms:PutKeyPolicy","s3:PutBucketPublicAccessBlock"],"Resource":"*"}"#.to_owned()]),
        );
        model.scps.insert(account.as_str().into(), vec![vec![full], vec![full, guard], vec![full]]);
        let first_principal = model.principals.len();
        for at in 0..per_principals {
            let is_role = random.percent(90);
            let name = format!("{}-{at}", random.pick(&teams));
            let kind = if is_role { "role" } else { "user" };
            let arn = format!("arn:aws:iam::{account}:{kind}/{name}");
            let mut subject = Subject::new(if is_role { SubjectKind::Role } else { SubjectKind::User }, &arn);
            subject.account = Some(account.as_str().into());
            subject.any_session = true;
            subject.key("aws:PrincipalArn", arn.clone());
            subject.key("aws:PrincipalAccount", account.clone());
            subject.key("aws:PrincipalType", if is_role { "AssumedRole" } else { "User" });
            let statements: Vec<String> =
                (0..2 + random.below(4)).map(|_| statement(&mut random, &account, &made)).collect();
            let mut identity = vec![
                shared[random.below(shared.len())],
                shared[random.below(shared.len())],
                compile(&mut model, "inline", &document(&statements)),
            ];
            if random.percent(25) {
                let to = random.below(per_principals);
                let text = document(&[format!(
                    r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::{account}:role/*-{to}"}}"#
                )]);
                identity.push(compile(&mut model, "assume", &text));
            }
            // Administrators, those who deploy functions, those who write permissions.
            let more = match random.below(100) {
                0 => Some(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#.to_owned()),
                1 | 2 => {
                    let team = random.pick(&teams);
                    Some(format!(
                        r#"{{"Effect":"Allow","Action":["lambda:CreateFunction","lambda:InvokeFunction","iam:PassRole"],"Resource":["arn:aws:iam::{account}:role/{team}-*","arn:aws:lambda:*:*:function:*"]}}"#
                    ))
                }
                3 => {
                    let to = random.below(per_principals);
                    Some(format!(
                        r#"{{"Effect":"Allow","Action":["iam:PutRolePolicy","iam:UpdateAssumeRolePolicy","sts:AssumeRole"],"Resource":"arn:aws:iam::{account}:role/*-{to}"}}"#
                    ))
                }
                _ => None,
            };
            if let Some(text) = more {
                identity.push(compile(&mut model, "more", &document(&[text])));
            }
            let trust = is_role.then(|| {
                let who = if random.percent(40) {
                    format!(r#"{{"AWS":"arn:aws:iam::{account}:root"}}"#)
                } else {
                    r#"{"Service":"lambda.amazonaws.com"}"#.to_owned()
                };
                compile(
                    &mut model,
                    "trust",
                    &document(&[format!(
                        r#"{{"Effect":"Allow","Principal":{who},"Action":"sts:AssumeRole"}}"#
                    )]),
                )
            });
            let boundary = random.percent(30).then_some(boundary);
            model.by_arn.insert(arn.as_str().into(), u32::try_from(model.principals.len()).unwrap());
            model.principals.push(Principal {
                subject,
                name: name.into(),
                resource: None,
                identity,
                boundary,
                trust,
                object: Object {
                    arn: arn.into(),
                    account: Some(account.as_str().into()),
                    ..Object::default()
                },
                used_by: Vec::new(),
                groups: Vec::new(),
                conditional: false,
            });
        }
        let keys_before = model.stores.len();
        let mut keys: Vec<u32> = Vec::new();
        for made in &made {
            let object = |arn: String| Object {
                arn: arn.into(),
                account: Some(account.as_str().into()),
                ..Object::default()
            };
            let any = model.holes.content().to_string();
            let (_, kind) = tables::store_kind(made.type_name).unwrap();
            let forms = kind
                .forms
                .iter()
                .map(|(form, template)| {
                    (form.as_str(), object(template.replace("{arn}", &made.arn).replace("{any}", &any)))
                })
                .collect();
            let mut statements = Vec::new();
            if made.service == "kms" {
                statements.push(format!(
                    r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{account}:root"}},"Action":"kms:*","Resource":"*"}}"#
                ));
            } else if random.percent(30) {
                let service = made.service;
                statements.push(format!(
                    r#"{{"Effect":"Deny","Principal":"*","Action":"{service}:*","Resource":"*","Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}"#
                ));
                if random.percent(20) {
                    let named = &model.principals[first_principal + random.below(per_principals)].subject.arn;
                    statements.push(format!(
                        r#"{{"Effect":"Allow","Principal":{{"AWS":"{named}"}},"Action":"{service}:*","Resource":"*"}}"#
                    ));
                }
                if random.percent(4) {
                    let other = 100_000_000_000_usize + random.below(size.accounts);
                    statements.push(format!(
                        r#"{{"Effect":"Allow","Principal":{{"AWS":"{other:012}"}},"Action":"{service}:*","Resource":"*"}}"#
                    ));
                }
                if random.percent(3) {
                    statements.push(format!(
                        r#"{{"Effect":"Deny","Principal":"*","Action":"{service}:*","Resource":"*","Condition":{{"ArnNotLike":{{"aws:PrincipalArn":"arn:aws:iam::{account}:role/lab-*"}}}}}}"#
                    ));
                }
            }
            let policy =
                (!statements.is_empty()).then(|| compile(&mut model, &made.name, &document(&statements)));
            let id = u32::try_from(model.stores.len()).unwrap();
            if made.service == "kms" {
                keys.push(id);
            }
            model.stores.push(Store {
                resource: None,
                type_name: made.type_name.into(),
                name: made.name.as_str().into(),
                object: object(made.arn.clone()),
                forms,
                policy,
                key: Encryption::Service,
                s3: None,
                grants: Vec::new(),
                points: Vec::new(),
                conditional: false,
            });
        }
        if !keys.is_empty() {
            for store in &mut model.stores[keys_before..] {
                if &*store.type_name != "AWS::KMS::Key" && random.percent(30) {
                    store.key = Encryption::Key(keys[random.below(keys.len())]);
                }
            }
        }
    }
    let _: &HashMap<_, _> = &model.by_arn;
    model
}
