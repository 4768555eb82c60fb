//! What machines read: it is valid, complete, escaped, and the same each time.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod common;

use common::{Controls, add, assess, clinic, controls, evidence, find, findings, judgement, written};
use sekisho_assess::{Assessment, EvidenceKind, Verdict};
use sekisho_estate::Estate;
use sekisho_guidance::{Language, Severity};
use sekisho_report::{Format, Options, Verdicts};
use serde_json::Value;

fn schema(text: &str) -> jsonschema::Validator {
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

fn scan_schema() -> jsonschema::Validator {
    schema(include_str!("../../../docs/schema/sekisho.scan-1.schema.json"))
}

fn check(validator: &jsonschema::Validator, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    value
}

fn all() -> Options {
    Options { verdicts: Verdicts::All, ..Options::default() }
}

/// One run with a passing verdict among the others.
fn everything<'c>(estate: &Estate, controls: &'c Controls) -> Assessment<'c> {
    let mut assessment = findings(estate, controls);
    let good = find(estate, "ClaimsBucket");
    let mut pass = judgement(&controls.public, Some(good), Verdict::Pass, Severity::High, Vec::new());
    pass.evidence.push(evidence(estate, good, EvidenceKind::Record, "", Some("a \"record\"\nof two lines")));
    pass.evidence[0].stack = None;
    assessment.judgements.push(pass);
    assessment
}

#[test]
fn json_is_what_its_schema_says() {
    let (estate, controls) = (clinic(), controls());
    let assessment = everything(&estate, &controls);
    for options in [Options::default(), all()] {
        let text = written(&estate, &assessment, &options, Format::Json);
        let value = check(&scan_schema(), &text);
        let verdicts = value["verdicts"].as_array().unwrap();
        let expected = if options.verdicts == Verdicts::All { assessment.judgements.len() } else { 8 };
        assert_eq!(verdicts.len(), expected);
    }
}

#[test]
fn json_as_bytes() {
    let (estate, controls) = (clinic(), controls());
    let assessment = findings(&estate, &controls);
    insta::assert_snapshot!(written(&estate, &assessment, &Options::default(), Format::Json));
}

#[test]
fn fields_come_in_the_order_of_the_contract() {
    let (estate, controls) = (clinic(), controls());
    let text = written(&estate, &findings(&estate, &controls), &Options::default(), Format::Json);
    let order = |keys: &[&str], from: &str| {
        let mut at = text.find(from).unwrap();
        for key in keys {
            at += text[at..].find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} after {from}"));
        }
    };
    order(&["schema", "run", "inputs", "verdicts", "notices", "summary"], "{");
    order(
        &["tool", "started_at", "operator", "commit", "guidance", "configuration_sha256", "scope"],
        "\"run\"",
    );
    order(
        &[
            "control",
            "verdict",
            "basis",
            "severity",
            "confidence",
            "scope",
            "resource",
            "id",
            "type",
            "address",
            "construct_path",
            "stack",
            "account",
            "region",
            "phi",
            "origin",
            "evidence",
            "kind",
            "route",
            "file",
            "line",
            "column",
            "value",
            "note",
            "hops",
            "worlds",
            "satisfies",
            "waiver",
            "reason",
            "fingerprint",
        ],
        "\"verdicts\"",
    );
}

#[test]
fn jsonl_has_the_verdicts_of_json() {
    let (estate, controls) = (clinic(), controls());
    let assessment = everything(&estate, &controls);
    let json: Value = serde_json::from_str(&written(&estate, &assessment, &all(), Format::Json)).unwrap();
    let lines = written(&estate, &assessment, &all(), Format::Jsonl);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json["verdicts"].as_array().unwrap(), &lines);
    let none = written(&estate, &assess(Vec::new(), 0), &Options::default(), Format::Jsonl);
    assert_eq!(none, "");
}

#[test]
fn sarif_is_what_the_standard_says() {
    let (estate, controls) = (clinic(), controls());
    let assessment = everything(&estate, &controls);
    // The published schema has a bracket too much in the pattern of `language`.
    let published = include_str!("data/sarif-2.1.0-rtm.5.json");
    let validator = schema(&published.replace("{2}]?$", "{2}?$"));
    for &language in Language::ALL {
        for verdicts in [Verdicts::Findings, Verdicts::All] {
            let options = Options { language, verdicts, ..Options::default() };
            let value = check(&validator, &written(&estate, &assessment, &options, Format::Sarif));
            let run = &value["runs"][0];
            let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
            for result in run["results"].as_array().unwrap() {
                let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
                assert_eq!(rule["id"], result["ruleId"]);
                let is_fail = result["kind"] == "fail";
                assert_eq!(result["level"] == "none", !is_fail, "{result}");
                assert!(result["partialFingerprints"]["sekisho/v1"].is_string());
            }
        }
    }
    insta::assert_snapshot!(written(&estate, &assessment, &Options::default(), Format::Sarif));
}

#[test]
fn sarif_holds_no_more_results_than_github_takes() {
    let controls = controls();
    let mut estate = Estate::default();
    add(&mut estate, "a.yaml", "Resources:\n  B: {Type: AWS::S3::Bucket}\n");
    let id = find(&estate, "B");
    let mut judgements: Vec<_> = (0..25_010)
        .map(|_| judgement(&controls.plain_http, Some(id), Verdict::Fail, Severity::Low, Vec::new()))
        .collect();
    judgements[25_005].severity = Severity::Critical;
    let text = written(&estate, &assess(judgements, 0), &Options::default(), Format::Sarif);
    let value: Value = serde_json::from_str(&text).unwrap();
    let results = value["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 25_000);
    assert_eq!(results[0]["properties"]["severity"], "critical");
    let note = &value["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(note.as_str().unwrap().starts_with("10 results are left out"), "{note}");
}

#[test]
fn github_annotations() {
    let (estate, controls) = (clinic(), controls());
    let assessment = findings(&estate, &controls);
    let text = written(&estate, &assessment, &Options::default(), Format::Github);
    for line in text.lines() {
        assert!(
            line.starts_with("::error ") || line.starts_with("::warning ") || line.starts_with("::notice ")
        );
        let properties = line.split("::").nth(1).unwrap();
        assert!(!properties.contains(": "), "{line}");
    }
    assert!(text.contains("file=clinic/旧 システム%2C50%25.json,"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn every_format_is_the_same_each_time_and_shows_no_secret() {
    let (estate, controls) = (clinic(), controls());
    let assessment = everything(&estate, &controls);
    for &format in Format::ALL {
        for &language in Language::ALL {
            for full in [false, true] {
                let options = Options { language, full, ..all() };
                let text = written(&estate, &assessment, &options, format);
                assert_eq!(text, written(&clinic(), &assessment, &options, format));
                for secret in ["correct-horse", "plain-secret-1", "swordfish"] {
                    assert!(!text.contains(secret), "{secret} in {format:?}");
                }
            }
        }
    }
}

#[test]
fn what_comes_from_strangers_is_escaped() {
    let controls = controls();
    let mut estate = Estate::default();
    let source = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: \"x\u{202e}\"}\n";
    add(&mut estate, "a \"b\"\n\u{1b}[31m%,:関.yaml", source);
    let id = find(&estate, "B");
    let secret = evidence(&estate, id, EvidenceKind::Value, "/BucketName", Some("\"AKIAIOSFODNN7EXAMPLE\""));
    let one = judgement(&controls.plain_http, Some(id), Verdict::Fail, Severity::High, vec![secret]);
    let masked = assess(vec![one], 0);
    for &format in Format::ALL {
        let text = written(&estate, &masked, &Options::default(), format);
        assert!(!text.contains("AKIA"), "{text}");
    }
    let seen =
        evidence(&estate, id, EvidenceKind::Value, "/BucketName", Some("\"x\u{1b}]0;\u{7}\n\"::error::"));
    let assessment =
        assess(vec![judgement(&controls.plain_http, Some(id), Verdict::Fail, Severity::High, vec![seen])], 0);
    let options = Options::default();

    let json: Value = serde_json::from_str(&written(&estate, &assessment, &options, Format::Json)).unwrap();
    assert_eq!(json["verdicts"][0]["resource"]["origin"]["file"], "a \"b\"\n\u{1b}[31m%,:関.yaml");
    assert_eq!(json["verdicts"][0]["evidence"][0]["value"], "\"x\u{1b}]0;\u{7}\n\"::error::");

    let sarif: Value = serde_json::from_str(&written(&estate, &assessment, &options, Format::Sarif)).unwrap();
    let uri = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%20%22b%22%0A%1B%5B31m%25%2C%3A%E9%96%A2.yaml");

    let github = written(&estate, &assessment, &options, Format::Github);
    assert_eq!(github.lines().count(), 1);
    assert!(
        github.starts_with("::error file=a \"b\"%0A\u{1b}[31m%25%2C%3A関.yaml,line=4,col=30,title=high%3A "),
        "{github}"
    );

    let text = written(&estate, &assessment, &options, Format::Text);
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
}
