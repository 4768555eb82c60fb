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

#[test]
fn nothing_that_was_found_is_shown() {
    for path in ["tests/data/text/template.yaml", "tests/data/text/module"] {
        for format in ["text", "json", "jsonl", "sarif", "github"] {
            let shown = scan(path, format);
            for secret in ["44719", "448190", "519-43", "s3cretpw", "kq3Z", "8f3b1"] {
                assert!(!shown.contains(secret), "{path} as {format}: {secret}");
            }
        }
    }
}
