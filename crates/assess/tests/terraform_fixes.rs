//! The fixes in HCL hold what they promise: each is HCL, names only what the provider knows,
//! and, taken over into the failing cases that can be written as Terraform, mends them.
//!
//! `cargo test -p sekisho-assess --test terraform_fixes -- --nocapture` prints how many.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that shows what it covers")]

#[path = "support/cases.rs"]
mod cases;
#[path = "support/fragment.rs"]
mod fragment;
#[path = "support/inverse.rs"]
mod inverse;
#[path = "support/provider.rs"]
mod provider;

use std::collections::BTreeMap;

use cases::{case_config, cases, controls, read_cloudformation, read_terraform, template, verdicts};
use fragment::{Fragment, Taking};
use sekisho_guidance::{Control, Scope};
use serde_json::Value;

/// Cases that the fix does not mend as it stands, and why it is right all the same.
const NOT_BY_ITSELF: &[(&str, &str, &str)] = &[
    ("backup-vault-without-chosen-key", "nothing written for an air-gapped vault", OTHER_TYPE),
    ("database-deleted-with-its-stack", "Delete is written", OTHER_TYPE),
    ("block-device-not-encrypted", "a launch configuration", OTHER_TYPE),
    ("kms-key-disabled", "the replica is disabled", OTHER_TYPE),
    ("opensearch-engine-too-old", "Elasticsearch 5.6 of the older type", OTHER_TYPE),
    ("opensearch-engine-too-old", "nothing written of the older type", OTHER_TYPE),
    ("comprehend-model-without-chosen-key", "a recognizer without", OTHER_TYPE),
    ("comprehend-volume-without-chosen-key", "a recognizer with a key for the model only", OTHER_TYPE),
    ("comprehend-works-outside-vpc", "a recognizer outside", OTHER_TYPE),
    ("emr-not-encrypted-at-rest", "no security configuration", NAMED),
    ("emr-not-encrypted-at-rest", "the switch is off", NAMED),
    ("emr-not-encrypted-in-transit", "no security configuration", NAMED),
    ("emr-not-encrypted-in-transit", "the switch is off", NAMED),
    ("elasticache-single-node-cannot-encrypt", "Redis", INSTEAD),
    ("elasticache-single-node-cannot-encrypt", "Valkey", INSTEAD),
    ("iam-access-key-made-by-template", "nothing written, it is active", INSTEAD),
    ("efs-in-one-zone", "one zone", "the fix is to leave an attribute out"),
    ("cloudfront-accepts-plain-http", "one cache behavior allows both", SECOND),
    ("codebuild-artifacts-not-encrypted", "switched off for a secondary artifact", SECOND),
    ("block-device-not-encrypted", "a second volume is not", SECOND),
    ("cloudtrail-excludes-kms-events", "events of KMS are left out by an advanced selector", SELECTORS),
    ("cloudtrail-leaves-out-management-events", "only writing by an advanced selector", SELECTORS),
    ("rds-accepts-old-tls", "MariaDB with TLS 1.1", ENGINE),
    ("rds-accepts-plain-connections", "PostgreSQL 14 by default", ENGINE),
    ("rds-accepts-plain-connections", "SQL Server by default", ENGINE),
    ("rds-accepts-plain-connections", "Oracle asks for encryption and does not insist", ENGINE),
    ("rds-cluster-accepts-old-tls", "Aurora MySQL with TLS 1.0", ENGINE),
    ("rds-cluster-accepts-plain-connections", "Aurora PostgreSQL 16 by default", ENGINE),
    ("classic-load-balancer-allows-old-tls", "no policy", "policies of listeners are not carried over"),
    (
        "opensearch-serverless-open-to-internet",
        "from anywhere",
        "text with the id of an endpoint is not searched",
    ),
    ("security-group-lets-everything-out", "a rule of its own for everything", SECOND),
    ("audit-bucket-expires-logs-early", "a trail is deleted after a year", INSIDE),
    ("audit-bucket-expires-logs-early", "the history of AWS Config goes after ninety days", INSIDE),
    ("audit-bucket-expires-logs-early", "the logs of a distribution go after ninety days", INSIDE),
    ("s3-replication-skips-kms-objects", "the rule says nothing of KMS", INSIDE),
    ("elasticache-token-breaks-rules", "too short", "the new token is known only when it is made"),
    ("elasticache-token-breaks-rules", "an at-sign", "the new token is known only when it is made"),
];

/// Controls whose fix is to take out what only a person can tell.
const BY_HAND: [&str; 2] = ["text-identifies-a-person", "text-may-name-a-patient"];

const OTHER_TYPE: &str = "shown for another type of the same service";
const NAMED: &str = "the fix names a security configuration that it does not write";
const INSTEAD: &str = "another resource takes its place";
const SECOND: &str = "shown for the first block; the case has a second kind of block";
const INSIDE: &str = "shown as a resource of its own; the case has the rules inside of the bucket";
const SELECTORS: &str = "shown for plain selectors; the case has advanced ones";
const ENGINE: &str = "shown for one engine; the parameter of the others stands beside it as a comment";

#[test]
fn every_fix_is_hcl_of_the_provider() {
    let provider = provider::Provider::read();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (_, control) in controls() {
        let Some(text) = control.fix.terraform.as_deref() else { continue };
        count += 1;
        match fragment::read(text) {
            Err(error) => wrong.push(format!("{}: {error}", control.id)),
            Ok(fragments) => {
                for fragment in &fragments {
                    if matches!(fragment.kind.as_str(), "resource" | "data") && fragment.labels.len() != 2 {
                        wrong.push(format!("{}: a {} without type and name", control.id, fragment.kind));
                    }
                    // Of other providers nothing is known.
                    if fragment.kind == "resource" && fragment.labels[0].starts_with("aws_") {
                        for problem in provider.check(&fragment.labels[0], &fragment.body) {
                            wrong.push(format!("{}: {problem}", control.id));
                        }
                    }
                }
            }
        }
    }
    println!("{count} fixes in HCL");
    assert!(count > 200, "only {count} fixes");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[derive(Default)]
struct Tally {
    controls: usize,
    failing: usize,
    mended: usize,
    by: BTreeMap<String, usize>,
    not_written: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

#[test]
fn every_fix_mends_the_failing_cases() {
    let mut tally = Tally::default();
    for (path, control) in controls() {
        let Some(text) = control.fix.terraform.as_deref() else { continue };
        let Ok(fragments) = fragment::read(text) else { continue };
        if BY_HAND.contains(&&*control.id) {
            continue;
        }
        let mut any = false;
        for case in cases(&path) {
            if case["verdict"] != "fail" || case.get("fixed") == Some(&Value::Bool(false)) {
                continue;
            }
            tally.failing += 1;
            match mend(&control, &case, &fragments) {
                Err(reason) => *tally.not_written.entry(reason).or_default() += 1,
                Ok(Ok(how)) => {
                    any = true;
                    tally.mended += 1;
                    *tally.by.entry(how).or_default() += 1;
                }
                Ok(Err(why)) => {
                    let name = case["name"].as_str().unwrap_or("?");
                    tally.wrong.push(format!("{}: {name}\n    {why}", control.id));
                }
            }
        }
        tally.controls += usize::from(any);
    }
    println!(
        "{} failing cases of controls with a fix in HCL; {} mended, of {} controls ({:?})",
        tally.failing, tally.mended, tally.controls, tally.by
    );
    for (reason, count) in &tally.not_written {
        println!("{count:5}  {reason}");
    }
    let known = |line: &&String| {
        NOT_BY_ITSELF.iter().any(|(id, name, _)| line.starts_with(&format!("{id}: {name}\n")))
    };
    let (known, wrong): (Vec<&String>, Vec<&String>) = tally.wrong.iter().partition(known);
    println!("{} are known not to be mended by the fix alone", known.len());
    assert_eq!(known.len(), NOT_BY_ITSELF.len(), "one of those is mended now: {known:?}");
    let list: Vec<&str> = wrong.iter().map(|line| line.as_str()).collect();
    assert!(wrong.is_empty(), "{} are not mended:\n{}", list.len(), list.join("\n"));
    assert!(tally.mended > 150, "only {} cases were mended", tally.mended);
}

/// How a failing case is mended, or what is still wrong with it; the outer error says why it
/// cannot be written as Terraform.
fn mend(control: &Control, case: &Value, fragments: &[Fragment]) -> Result<Result<String, String>, String> {
    if control.scope == Scope::Stack {
        return Err("text outside resources".into());
    }
    let whole = case.get("complete_account") == Some(&Value::Bool(true));
    let estate = read_cloudformation(&template(case).ok_or("no template")?, whole);
    let [stack] = &estate.stacks[..] else { return Err("not one stack".into()) };
    let written = inverse::write(stack)?;
    let config = case_config(case, &written.addresses);
    let resource = case.get("resource").and_then(Value::as_str).unwrap_or_default();
    let id = match written.addresses.get(resource) {
        Some(address) => address.clone(),
        None if resource.is_empty() => String::new(),
        None => return Err("the resource has no address".into()),
    };
    let before = verdicts(&read_terraform(&written.text, whole), control, &config);
    let judged = |found: &BTreeMap<String, (String, String)>| match found.get(&id) {
        Some(found) => Some(found.clone()),
        None if id.is_empty() && found.len() == 1 => found.values().next().cloned(),
        None => None,
    };
    match judged(&before) {
        Some((verdict, _)) if verdict == "fail" => {}
        _ => return Err("no fail in Terraform".into()),
    }
    let mut last = String::new();
    for taking in [Taking::Change, Taking::Add, Taking::Replace] {
        let mut configuration: Value = serde_json::from_str(&written.text).map_err(|e| e.to_string())?;
        fragment::take_over(&mut configuration, id.split_once('.'), fragments, taking);
        fragment::declare(&mut configuration);
        let text = configuration.to_string();
        match judged(&verdicts(&read_terraform(&text, whole), control, &config)) {
            // What the fix takes out of the question is mended too: an endpoint that is switched off.
            Some((verdict, _)) if matches!(verdict.as_str(), "pass" | "not-applicable") => {
                return Ok(Ok(format!("{taking:?}")));
            }
            other if last.is_empty() => last = format!("{other:?}\n    {text}"),
            _ => {}
        }
    }
    Ok(Err(last))
}
