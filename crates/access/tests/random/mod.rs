//! Random cases of which everything is known: principals of every kind, all kinds of
//! policies, every condition operator, S3 and KMS. The same seed gives the same case.

use serde_json::{Map, Value, json};

/// A small random number generator (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// True with a probability of so many percent.
    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

const A: &str = "111122223333";
const B: &str = "444455556666";
/// The canonical id of some account.
const CANONICAL: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

const PRINCIPALS: [&str; 12] = [
    "arn:aws:iam::111122223333:role/app",
    "arn:aws:iam::111122223333:role/app",
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:sts::111122223333:assumed-role/app/s1",
    "arn:aws:sts::111122223333:assumed-role/app/s1",
    "arn:aws:sts::111122223333:federated-user/fay",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
    "arn:aws:iam::444455556666:role/far",
    "arn:aws:iam::444455556666:user/bob",
    "arn:aws:sts::444455556666:assumed-role/far/s2",
];

const SERVICES: [&str; 2] = ["cloudtrail.amazonaws.com", "config.amazonaws.com"];

/// A service with what can be asked of it: actions and resources.
type Target = (&'static [&'static str], &'static [&'static str]);

const TARGETS: [Target; 6] = [
    (
        &["s3:GetObject", "s3:PutObject", "s3:GetObjectAcl", "s3:DeleteObject", "s3:GetObjectVersion"],
        &["arn:aws:s3:::data/ann/1.csv", "arn:aws:s3:::data/red/x*y", "arn:aws:s3:::data/a/b/c"],
    ),
    (&["s3:ListBucket", "s3:GetBucketAcl", "s3:DeleteBucket"], &["arn:aws:s3:::data", "arn:aws:s3:::Data"]),
    (&["sqs:SendMessage", "sqs:ReceiveMessage"], &["arn:aws:sqs:us-east-1:111122223333:jobs"]),
    (
        &["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
        &["arn:aws:kms:us-east-1:111122223333:key/k1", "arn:aws:kms:us-east-1:111122223333:key/k1"],
    ),
    (&["secretsmanager:GetSecretValue"], &["arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf"]),
    (&["sts:AssumeRole"], &["arn:aws:iam::111122223333:role/target"]),
];

/// A random case as JSON, in the form of `docs/schema/access-case.schema.json`.
pub(crate) fn case(seed: u64) -> Value {
    let mut r = Random(seed.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(1));
    let (actions, resources) = r.one(&TARGETS);
    let (action, arn) = (r.one(actions), r.one(resources));
    let s3 = action.starts_with("s3:");
    let mut case = Map::new();
    let (service_linked, root);
    {
        let mut principal = Map::new();
        let arn = r.one(&PRINCIPALS);
        service_linked = arn.contains("aws-service-role");
        root = arn.ends_with(":root");
        match r.below(20) {
            0 | 1 if s3 => drop(principal.insert("anonymous".into(), json!(true))),
            2 | 3 => drop(principal.insert("service".into(), json!(r.one(&SERVICES)))),
            _ => {
                principal.insert("arn".into(), json!(arn));
                if r.percent(40) {
                    principal.insert("tags".into(), json!({"team": r.one(&["red", "blue", "a*"])}));
                }
                if r.percent(30) {
                    principal.insert("id".into(), json!("AROAEXAMPLE"));
                }
                if r.percent(3) && !arn.contains(":root") && !arn.contains("federated") {
                    principal.insert("deleted".into(), json!(true));
                }
            }
        }
        case.insert("principal".into(), Value::Object(principal));
    }
    case.insert("action".into(), json!(action));
    let mut resource = json!({"arn": arn, "account": A});
    if r.percent(40) {
        resource["tags"] = json!({"team": r.one(&["red", "blue"])});
    }
    if action.starts_with("kms:") && r.percent(5) {
        resource["aws_managed"] = json!(true);
    }
    case.insert("resource".into(), resource);
    case.insert("context".into(), context(&mut r));
    let mut policies = policies(&mut r, action, arn);
    if root {
        // A root user has no sessions with policies.
        policies.as_object_mut().unwrap().remove("session");
    }
    case.insert("policies".into(), policies);
    if s3 && r.percent(40) && !service_linked {
        case.insert("s3".into(), s3_settings(&mut r, arn));
    }
    if r.percent(50) {
        case.insert(
            "accounts".into(),
            json!({
                A: {"organization": "o-a", "path": "o-a/r-1/ou-1/", "management": r.percent(10)},
                B: {"organization": r.one(&["o-a", "o-b"]), "path": "o-b/r-2/"},
            }),
        );
    }
    if s3 && r.percent(10) && arn.contains('/') && !service_linked && !root {
        through_access_point(&mut r, &mut case, action);
    }
    // Several resources at once, of which all must be allowed.
    if r.percent(8) {
        let mut list = vec![case["resource"].clone()];
        for _ in 0..=r.below(2) {
            let other = r.one(resources);
            let mut another = json!({"arn": other, "account": A});
            if r.percent(40) {
                another["tags"] = json!({"team": r.one(&["red", "blue"])});
            }
            list.push(another);
        }
        case.insert("resource".into(), json!(list));
    } else if r.percent(6) {
        wildcard_principal(&mut r, &mut case);
    }
    Value::Object(case)
}

/// Puts a wildcard where AWS admits none into one principal of the resource's policy.
fn wildcard_principal(r: &mut Random, case: &mut Map<String, Value>) {
    let Some(list) = case
        .get_mut("policies")
        .and_then(|policies| policies.get_mut("resource"))
        .and_then(|document| document["Statement"].as_array_mut())
    else {
        return;
    };
    let at = r.below(list.len());
    if list[at].get("Principal").is_none() {
        return;
    }
    let wild = r.one(&[
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::*:user/ann",
        "arn:aws:sts::111122223333:assumed-role/app/*",
    ]);
    list[at]["Principal"] =
        if r.percent(50) { json!({ "AWS": wild }) } else { json!({"AWS": [wild, r.one(&PRINCIPALS)]}) };
}

/// Sends the request through an access point of the bucket's account, which its policies may
/// name as well.
fn through_access_point(r: &mut Random, case: &mut Map<String, Value>, action: &str) {
    // Of one region or of several, of the bucket's account or of another.
    let point = r.one(&[
        "arn:aws:s3:us-east-1:111122223333:accesspoint/ap",
        "arn:aws:s3:us-east-1:111122223333:accesspoint/ap",
        "arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap",
        "arn:aws:s3:us-east-1:444455556666:accesspoint/theirs",
    ]);
    let mut access_point = json!({ "arn": point });
    if r.percent(70) {
        access_point["policy"] = document(r, action, &format!("{point}/object/ann/1.csv"), true, false, 85);
    }
    let s3 = case.entry("s3").or_insert_with(|| json!({}));
    // Of objects of others behind an access point the documentation says nothing.
    s3.as_object_mut().unwrap().remove("object_owner");
    s3["access_point"] = access_point;
    if let Some(list) = case.get_mut("policies").and_then(|policies| policies.get_mut("identity")) {
        let text = list.to_string().replace("arn:aws:s3:::data", &format!("{point}/object"));
        if r.percent(70) {
            *list = serde_json::from_str(&text).unwrap();
        }
    }
}

fn context(r: &mut Random) -> Value {
    let mut keys = Map::new();
    for (name, values) in &KEYS {
        if r.percent(45) {
            let value = r.one(values);
            keys.insert((*name).into(), json!(value));
        }
    }
    if r.percent(60) {
        let of = ["red", "blue", "abc", "ann"];
        let values: Vec<&str> = (0..r.below(4)).map(|_| r.one(&of)).collect();
        keys.insert("aws:TagKeys".into(), json!(values));
    }
    // What a grant may ask for, alone or with another pair.
    if r.percent(30) {
        keys.insert("kms:EncryptionContext:team".into(), json!(r.one(&["red", "blue"])));
        let mut names = vec!["team"];
        if r.percent(30) {
            keys.insert("kms:EncryptionContext:unit".into(), json!("lab"));
            names.push("unit");
        }
        keys.insert("kms:EncryptionContextKeys".into(), json!(names));
    }
    Value::Object(keys)
}

/// Keys of the request with values they may have.
const KEYS: [(&str, &[&str]); 9] = [
    ("aws:UserAgent", &["abc", "Abc", "a*", "red", "ann"]),
    ("s3:prefix", &["ann", "ann/1", "home/ann", "red"]),
    ("s3:max-keys", &["5", "10", "10.5", "100"]),
    ("aws:CurrentTime", &["2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-06-01T12:00:00Z"]),
    ("aws:SecureTransport", &["true", "false"]),
    ("aws:SourceIp", &["10.1.2.3", "203.0.113.9", "2001:db8::1"]),
    (
        "aws:SourceArn",
        &["arn:aws:sns:us-east-1:111122223333:news", "arn:aws:sns:eu-west-1:444455556666:other/a:b"],
    ),
    ("aws:SourceVpce", &["vpce-1", "vpce-2"]),
    ("aws:SourceAccount", &[A, B]),
];

/// A condition on one key: operators that suit it, and values.
type Test = (&'static str, &'static [&'static str], &'static [&'static str]);

const STRINGS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
];
const NUMBERS: &[&str] = &[
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
];
const DATES: &[&str] = &[
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
];
const ARNS: &[&str] = &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"];

const TESTS: [Test; 14] = [
    (
        "aws:UserAgent",
        STRINGS,
        &["abc", "ABC", "a*", "?bc", "red", "${aws:username}", "${aws:PrincipalTag/team}"],
    ),
    ("AWS:useragent", STRINGS, &["abc", "a*", "${aws:PrincipalTag/none, 'abc'}", "a${*}"]),
    ("s3:prefix", STRINGS, &["ann", "${aws:username}", "${aws:username}/*", "home/*", "*"]),
    ("s3:max-keys", NUMBERS, &["10", "5", "10.5", "50"]),
    ("aws:CurrentTime", DATES, &["2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z", "1767225600"]),
    ("aws:SecureTransport", &["Bool"], &["true", "false"]),
    (
        "aws:SourceIp",
        &["IpAddress", "NotIpAddress"],
        &["10.0.0.0/8", "203.0.113.0/24", "2001:db8::/32", "10.1.2.3"],
    ),
    (
        "aws:SourceArn",
        ARNS,
        &["arn:aws:sns:*:111122223333:*", "arn:aws:sns:us-east-1:111122223333:news", "arn:*:s?s:*:*:other*"],
    ),
    ("aws:PrincipalArn", ARNS, &["arn:aws:iam::111122223333:role/app", "arn:aws:iam::*:user/*"]),
    ("aws:PrincipalAccount", STRINGS, &[A, B]),
    ("aws:PrincipalOrgID", STRINGS, &["o-a", "o-b", "o-*"]),
    ("aws:PrincipalTag/team", STRINGS, &["red", "${aws:ResourceTag/team}", "a${*}"]),
    ("aws:ResourceTag/team", STRINGS, &["red", "${aws:PrincipalTag/team}", "*"]),
    ("aws:SourceVpce", &["StringEquals"], &["vpce-1"]),
];

fn condition(r: &mut Random) -> Value {
    let mut block = Map::new();
    for _ in 0..=r.below(2) {
        let (operator, key, values) = if r.percent(20) {
            let set = r.one(&["ForAllValues:", "ForAnyValue:"]);
            (format!("{set}{}", r.one(STRINGS)), "aws:TagKeys", &["red", "blue", "a*", "ANN"][..])
        } else if r.percent(12) {
            let key = r.one(&["aws:UserAgent", "aws:SourceIp", "aws:PrincipalTag/team", "aws:username"]);
            ("Null".to_owned(), key, &["true", "false"][..])
        } else {
            let (key, operators, values) = r.one(&TESTS);
            let operator = r.one(operators);
            (format!("{operator}{}", if r.percent(25) { "IfExists" } else { "" }), key, values)
        };
        let single = operator == "Null" || operator.starts_with("Bool") || r.percent(60);
        let value = if single { json!(r.one(values)) } else { json!([r.one(values), r.one(values)]) };
        let of = block.entry(operator).or_insert_with(|| json!({}));
        of[key] = value;
    }
    Value::Object(block)
}

fn statement(r: &mut Random, action: &str, arn: &str, principals: bool, trust: bool, allow: usize) -> Value {
    let mut statement = Map::new();
    let effect = if r.percent(allow) { "Allow" } else { "Deny" };
    statement.insert("Effect".into(), json!(effect));
    let (service, name) = action.split_once(':').unwrap();
    let pattern = |r: &mut Random| match r.below(11) {
        0..3 => action.to_owned(),
        3 => action.to_uppercase(),
        4 => format!("{service}:*"),
        5 => "*".to_owned(),
        6 => format!("{service}:{}*", &name[..3]),
        7 => format!("{service}:?{}", &name[1..]),
        8 => format!("{service}:*{}", &name[name.len() - 4..]),
        9 => "ec2:*".to_owned(),
        _ => format!("{service}:Other"),
    };
    let actions = if r.percent(70) { json!(pattern(r)) } else { json!([pattern(r), pattern(r)]) };
    statement.insert(if r.percent(12) { "NotAction" } else { "Action" }.into(), actions);
    if !trust {
        let bucket = "arn:aws:s3:::data";
        let pattern = |r: &mut Random| match r.below(11) {
            0..3 => "*".to_owned(),
            3 | 4 => arn.to_owned(),
            5 => format!("{}*", &arn[..arn.len() - 1]),
            6 => format!("{}?", &arn[..arn.len() - 1]),
            7 => format!("{bucket}/${{aws:username}}/*"),
            8 => format!("{bucket}/${{aws:PrincipalTag/team, 'red'}}/*"),
            9 => format!("{bucket}/*"),
            _ => arn.to_uppercase(),
        };
        let resources = if r.percent(70) { json!(pattern(r)) } else { json!([pattern(r), pattern(r)]) };
        // A variable without value in NotResource is not settled by the documentation.
        let not = r.percent(10) && !resources.to_string().contains("${");
        statement.insert(if not { "NotResource" } else { "Resource" }.into(), resources);
    }
    if principals {
        let named = |r: &mut Random| match r.below(14) {
            0 => A.to_owned(),
            1 => format!("arn:aws:iam::{A}:root"),
            2 => B.to_owned(),
            3 => "arn:aws:iam::111122223333:role/other".to_owned(),
            _ => r.one(&PRINCIPALS).to_owned(),
        };
        if effect == "Deny" && !trust && r.percent(12) {
            let list = match r.below(4) {
                0 => vec![format!("arn:aws:iam::{A}:user/ann"), format!("arn:aws:iam::{A}:root")],
                1 => vec![
                    format!("arn:aws:sts::{A}:assumed-role/app/s1"),
                    format!("arn:aws:iam::{A}:role/app"),
                    A.to_owned(),
                ],
                2 => vec![format!("arn:aws:iam::{A}:role/app")],
                _ => vec![format!("arn:aws:iam::{A}:root")],
            };
            statement.insert("NotPrincipal".into(), json!({ "AWS": list }));
        } else {
            let principal = match r.below(12) {
                0 | 1 => json!("*"),
                2 => json!({"AWS": "*"}),
                3 => json!({"Service": r.one(&SERVICES)}),
                4 => json!({"AWS": named(r), "Service": r.one(&SERVICES)}),
                5..8 => json!({"AWS": [named(r), named(r)]}),
                _ => json!({"AWS": named(r)}),
            };
            statement.insert("Principal".into(), principal);
        }
    }
    if r.percent(45) {
        statement.insert("Condition".into(), condition(r));
    }
    Value::Object(statement)
}

fn document(r: &mut Random, action: &str, arn: &str, principals: bool, trust: bool, allow: usize) -> Value {
    let statements: Vec<Value> =
        (0..=r.below(3)).map(|_| statement(r, action, arn, principals, trust, allow)).collect();
    let version = if r.percent(8) { "2008-10-17" } else { "2012-10-17" };
    json!({"Version": version, "Statement": statements})
}

fn policies(r: &mut Random, action: &str, arn: &str) -> Value {
    let mut policies = Map::new();
    let mut put = |name: &str, value: Value| drop(policies.insert(name.into(), value));
    let plain = |r: &mut Random, allow| document(r, action, arn, false, false, allow);
    let trust = action.starts_with("sts:");
    if r.percent(75) {
        let list: Vec<Value> = (0..=r.below(2)).map(|_| plain(r, 80)).collect();
        put("identity", json!(list));
    }
    if r.percent(10) {
        put("groups", json!([{"name": "g", "policies": [plain(r, 80)]}]));
    }
    if r.percent(20) {
        put("boundary", plain(r, 88));
    }
    if r.percent(20) {
        put("session", json!([plain(r, 88)]));
    }
    if r.percent(65) {
        put("resource", document(r, action, arn, true, trust, 75));
    }
    if r.percent(20) {
        let full = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        put("scps", json!([[full], [plain(r, 85)]]));
    }
    if r.percent(15) {
        // Beside the full access that cannot be detached, only denials of everyone.
        let mut denial = statement(r, action, arn, false, false, 0);
        denial["Principal"] = json!("*");
        put("rcps", json!([[{"Version": "2012-10-17", "Statement": [denial]}]]));
    }
    if r.percent(10) {
        put("endpoint", document(r, action, arn, true, false, 85));
    }
    if action.starts_with("kms:") && r.percent(15) {
        let operation = r.one(&["Decrypt", "Encrypt"]);
        let mut grant = json!({"grantee": r.one(&PRINCIPALS), "operations": [operation]});
        match r.below(4) {
            0 => grant["encryption_context_subset"] = json!({"team": r.one(&["red", "blue"])}),
            1 => grant["encryption_context_equals"] = json!({"team": r.one(&["red", "blue"])}),
            _ => {}
        }
        put("grants", json!([grant]));
    }
    Value::Object(policies)
}

fn s3_settings(r: &mut Random, arn: &str) -> Value {
    let switches = |r: &mut Random| json!({"restrict_public_buckets": r.percent(30), "ignore_public_acls": r.percent(30)});
    let mut s3 = json!({
        "block_public_access": {"organization": switches(r), "account": switches(r), "bucket": switches(r)},
        "object_ownership": r.one(&["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]),
    });
    if arn.contains('/') && r.percent(30) {
        s3["object_owner"] = json!(r.one(&[A, B, B]));
    }
    if r.percent(40) {
        let grantee = r.one(&["AllUsers", "AllUsers", "AuthenticatedUsers", CANONICAL]);
        let grant =
            json!({"grantee": grantee, "permission": r.one(&["READ", "WRITE", "READ_ACP", "FULL_CONTROL"])});
        s3[if arn.contains('/') { "object_acl" } else { "bucket_acl" }] = json!([grant]);
    }
    s3
}
