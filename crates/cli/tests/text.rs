//! What identifies a person, and credentials, in text outside resources: of every source.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::process::Command;

fn scan(path: &str, format: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(["scan", path, "--format", format, "--lang", "en", "--fail-on", "critical"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("it runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Control, then line and column of each place.
fn found(path: &str) -> Vec<(String, Vec<(u64, u64)>)> {
    let object: serde_json::Value = serde_json::from_str(&scan(path, "json")).unwrap();
    let verdicts = object["verdicts"].as_array().unwrap().iter();
    let text = verdicts.filter(|v| v["control"].as_str().unwrap().contains("text-"));
    text.map(|verdict| {
        let places = verdict["evidence"].as_array().unwrap().iter();
        let places = places.map(|e| (e["line"].as_u64().unwrap(), e["column"].as_u64().unwrap()));
        (verdict["control"].as_str().unwrap().to_owned(), places.collect())
    })
    .collect()
}

fn expected(list: &[(&str, &[(u64, u64)])]) -> Vec<(String, Vec<(u64, u64)>)> {
    list.iter().map(|(control, places)| ((*control).to_owned(), places.to_vec())).collect()
}

#[test]
fn a_template_in_all_its_sections_and_comments() {
    assert_eq!(
        found("tests/data/text/template.yaml"),
        expected(&[
            // A comment in the lines of a resource.
            ("text-identifies-a-person", &[(11, 21)]),
            ("text-holds-credential", &[(12, 127)]),
            ("text-identifies-a-person", &[(13, 1)]),
            // A comment and a description.
            ("template-text-holds-credential", &[(2, 1), (5, 63)]),
            // A comment, the description, a default, a comment between resources, an output.
            ("template-text-identifies-a-person", &[(1, 1), (3, 14), (5, 39), (7, 3), (15, 17)]),
        ])
    );
}

#[test]
fn a_module_in_its_variables_locals_outputs_and_comments() {
    assert_eq!(
        found("tests/data/text/module"),
        expected(&[
            // The name of the bucket, and a tag that a local gives it.
            ("text-identifies-a-person", &[(13, 12), (10, 18)]),
            // The one in Terraform's JSON, where all stands in one line.
            ("text-identifies-a-person", &[(1, 98)]),
            ("template-text-holds-credential", &[(9, 11)]),
            // A comment, a default, a comment of several lines, a local, an output. In the
            // description the number does not follow its word directly.
            ("template-text-identifies-a-person", &[(1, 1), (4, 18), (7, 4), (10, 10), (17, 12), (1, 39)]),
        ])
    );
}

/// Controls about identifiers with their resource, verdict, reason, and line of each place.
fn searched(path: &str) -> Vec<(String, String, String, Vec<u64>)> {
    let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(["scan", path, "--format", "json", "--verdicts", "all"])
        .args(["--control", "text-identifies-a-person", "--control", "template-text-identifies-a-person"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("it runs");
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let verdicts = object["verdicts"].as_array().unwrap().iter();
    verdicts
        .map(|v| {
            let lines = v["evidence"].as_array().unwrap().iter().map(|e| e["line"].as_u64().unwrap());
            (text(&v["resource"]["id"]), text(&v["verdict"]), text(&v["reason"]), lines.collect())
        })
        .collect()
}

fn rows(list: &[(&str, &str, &str, &[u64])]) -> Vec<(String, String, String, Vec<u64>)> {
    let row = |(id, verdict, reason, lines): &(&str, &str, &str, &[u64])| {
        ((*id).to_owned(), (*verdict).to_owned(), (*reason).to_owned(), lines.to_vec())
    };
    list.iter().map(row).collect()
}

#[test]
fn a_plan_in_its_resources_variables_and_outputs() {
    assert_eq!(
        searched("tests/data/text/plan/plan.json"),
        rows(&[
            ("aws_s3_bucket.charts", "fail", "", &[98]),
            // Its name is made of another resource and a random one; the parts between them are in
            // no plan.
            (
                "aws_sqs_queue.visits",
                "unknown",
                "aws_sqs_queue.visits.name is made of what is known only after apply",
                &[]
            ),
            // A name that nobody wrote is the provider's.
            ("aws_sqs_queue.machine", "pass", "", &[]),
            ("aws_sns_topic.results", "pass", "", &[]),
            // Two variables and an output.
            ("tests/data/text/plan/plan.json", "fail", "", &[7, 11, 188]),
        ])
    );
}

#[test]
fn a_state_in_its_resources_and_outputs() {
    for (path, lines) in
        [("tests/data/text/state/terraform.tfstate", [35, 8]), ("tests/data/text/state/shown.json", [1, 1])]
    {
        assert_eq!(
            searched(path),
            rows(&[
                ("aws_s3_bucket.charts", "fail", "", &lines[..1]),
                ("aws_sqs_queue.visits", "pass", "", &[]),
                (path, "fail", "", &lines[1..]),
            ])
        );
    }
}

#[test]
fn what_a_file_of_variables_gives_is_searched_and_what_nobody_gives_is_not_decided() {
    assert_eq!(
        searched("tests/data/text/tfvars"),
        rows(&[
            ("aws_sqs_queue.a", "fail", "", &[11]),
            ("aws_sqs_queue.b", "unknown", "variable suffix has no value and no default", &[]),
            ("aws_sqs_queue.c", "pass", "", &[]),
            ("tests/data/text/tfvars", "pass", "", &[]),
        ])
    );
    let without = "has no value, no default and no list of allowed values";
    assert_eq!(
        searched("tests/data/text/parameters.yaml"),
        rows(&[
            ("Named", "unknown", &format!("parameter Suffix {without}"), &[]),
            ("Hidden", "unknown", &format!("parameter Secret {without}"), &[]),
            ("Tagged", "unknown", &format!("parameter Note {without}"), &[]),
            ("Variable", "unknown", &format!("parameter Note {without}"), &[]),
            // One branch is enough: it may be the one that is deployed.
            ("Branch", "unknown", &format!("parameter Note {without}"), &[]),
            // Whoever looks up what is given then, has a text; a number of a network is none.
            ("Looked", "unknown", "{{resolve:ssm:/clinic/name}} is read when the stack is deployed", &[]),
            ("Placed", "pass", "", &[]),
            // What AWS names is named by AWS.
            ("Made", "pass", "", &[]),
            ("Chosen", "pass", "", &[]),
            ("tests/data/text/parameters.yaml", "pass", "", &[]),
        ])
    );
    // They are counted and shown.
    let shown = scan("tests/data/text/parameters.yaml", "text");
    assert!(shown.contains("parameter Suffix has no value"), "{shown}");
}

#[test]
fn a_value_given_for_a_parameter_is_searched() {
    let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(["scan", "tests/data/text/parameters.yaml", "--format", "json"])
        .args(["--control", "text-identifies-a-person", "--parameter", "Note=MRN: 4471902"])
        .args(["--parameter", "Suffix=a", "--parameter", "Secret=SSN 519-43-8812"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("it runs");
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let failing: Vec<&str> = object["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|v| v["verdict"] == "fail")
        .map(|v| v["resource"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(failing, ["Tagged", "Variable", "Branch"]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("4471902"));
}

#[test]
fn nothing_that_was_found_is_shown() {
    for path in [
        "tests/data/text/template.yaml",
        "tests/data/text/module",
        "tests/data/text/plan/plan.json",
        "tests/data/text/state/terraform.tfstate",
        "tests/data/text/state/shown.json",
    ] {
        for format in ["text", "json", "jsonl", "sarif", "github"] {
            let shown = scan(path, format);
            for secret in
                ["44719", "448190", "519-43", "s3cretpw", "kq3Z", "8f3b1", "hunter2", "77aa", "88bb"]
            {
                assert!(!shown.contains(secret), "{path} as {format}: {secret}");
            }
        }
    }
}
