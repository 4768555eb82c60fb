//! What the analyses answer to a control: a template, a table of expressions about one of its
//! resources, and the verdict on each (`true`, `false`, `unknown CODE`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod support;

use std::fmt::Write as _;

use sekisho_assess::{Config, RunOptions, Verdict, run};
use sekisho_guidance::parse_control;

/// A control that asks one expression of one type.
fn control(type_name: &str, expression: &str) -> sekisho_guidance::Control {
    let text = serde_json::json!({
        "id": "asked", "applies": type_name, "scope": "resource", "harm": "informs", "since": "1.0.0",
        "pass_if": expression, "title": {"en": "t"}, "why": {"en": "w"}, "fix": {"text": {"en": "f"}},
    });
    parse_control("asked.yaml", &text.to_string()).unwrap()
}

fn answer(template: &str, config: &Config, resource: &str, expression: &str) -> String {
    let estate = support::estate(&[("t.yaml", template)], &sekisho_source_cloudformation::Options::default());
    let (id, ..) = estate.resources().find(|(id, ..)| estate.id(*id) == resource).unwrap();
    let user = [control(estate.type_name(id), expression)];
    let options = RunOptions { config, everything: true, only: &[], built_in: false };
    let assessment = run(&estate, &user, options);
    assert!(assessment.notices.is_empty(), "{expression}: {:?}", assessment.notices);
    let judgement = assessment.judgements.iter().find(|j| j.resource == Some(id)).unwrap();
    match judgement.verdict {
        Verdict::Pass => "true".to_owned(),
        Verdict::Fail => "false".to_owned(),
        other => format!("{} {}", other.name(), judgement.reason.as_ref().map_or("", |r| r.code.name())),
    }
}

#[test]
fn tables() {
    let folder = support::root().join("crates/assess/tests/functions");
    let (mut rows, mut wrong) = (0, String::new());
    for file in support::files(&folder, ".yaml") {
        for case in support::yaml_value(&std::fs::read_to_string(&file).unwrap()).as_array().unwrap() {
            let text =
                |key: &str| case[key].as_str().unwrap_or_else(|| panic!("{key} in {}", file.display()));
            let template = case["template"].to_string();
            let mut config = Config::default();
            config.scope.account = case["account"].as_str().map(str::to_owned);
            config.today = case["today"].as_str().map(str::to_owned);
            for line in text("table").lines().filter(|l| !l.trim().is_empty()) {
                let (expression, expected) = line.split_once(" -> ").unwrap_or_else(|| panic!("{line}"));
                rows += 1;
                let actual = answer(&template, &config, text("resource"), expression.trim());
                if actual != expected.trim() {
                    writeln!(wrong, "{}: {line}\n  actual {actual}", text("name")).unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(rows >= 20, "only {rows} rows were found");
}
