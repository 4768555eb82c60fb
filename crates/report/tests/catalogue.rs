//! Controls as a list, as pages, and explained.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod common;

use std::path::Path;

use common::{add, controls, find, judgement};
use sekisho_assess::Verdict;
use sekisho_estate::{Estate, Reason, ReasonCode};
use sekisho_expr::syntax::Span;
use sekisho_expr::{Explanation, TraceStep, Truth};
use sekisho_guidance::{Control, Language, Severity};
use sekisho_report::{Explained, Options, control_page, list, list_json, pages, pages_of};

fn shown(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn some() -> Vec<Control> {
    let controls = controls();
    let mut encryption = controls.encryption;
    encryption.pass_if = "this.StorageEncrypted\n|| this.Engine in [\"oracle-ee\",  \"a  b\"]\n".into();
    encryption.fix.terraform =
        Some("resource \"aws_db_instance\" \"x\" {\n  storage_encrypted = true\n}\n".into());
    vec![encryption, controls.public, controls.trail]
}

#[test]
fn a_list_of_controls() {
    let controls = some();
    for &language in Language::ALL {
        let options = Options { language, width: 80, ..Options::default() };
        insta::assert_snapshot!(format!("list-{language}"), shown(|out| list(&controls, &options, out)));
    }
    let json = shown(|out| list_json(&controls, out));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["controls"].as_array().unwrap().len(), 3);
    assert_eq!(value["controls"][0]["title"]["ja"], "データベースのストレージが暗号化されていない");
}

#[test]
fn the_page_of_a_control() {
    let controls = some();
    for &language in Language::ALL {
        let options = Options { language, width: 90, ..Options::default() };
        let page = shown(|out| control_page(&controls[0], &options, out));
        insta::assert_snapshot!(format!("page-{language}"), page);
    }
    let pages = pages_of(&controls, Language::En);
    insta::assert_snapshot!("markdown-index", pages[0].markdown);
    insta::assert_snapshot!("markdown", pages[1].markdown);
}

#[test]
fn an_evaluation_step_by_step() {
    let controls = some();
    let control = &controls[0];
    let mut estate = Estate::default();
    add(&mut estate, "関所.yaml", "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n");
    let id = find(&estate, "Db");
    let text = control.pass_if.as_ref();
    let step = |part: &str, depth, value: &str| {
        let start = text.find(part).unwrap();
        TraceStep { span: Span { start, end: start + part.len() }, depth, value: value.to_owned() }
    };
    let when = vec![TraceStep { span: Span { start: 0, end: 9 }, depth: 1, value: "true".to_owned() }];
    let explanations = [
        Explanation {
            world: "Env=prod".to_owned(),
            exists: true,
            truth: Truth::Unknown,
            named: Vec::new(),
            when: when.clone(),
            pass_if: vec![
                step(
                    text.trim_end(),
                    1,
                    "unknown (parameter E has no value, no default and no list of allowed values)",
                ),
                step(
                    "this.StorageEncrypted",
                    2,
                    "unknown (parameter E has no value, no default and no list of allowed values)",
                ),
                step("this.Engine in [\"oracle-ee\",  \"a  b\"]", 2, "false"),
                step("this.Engine", 3, "\"mysql\""),
            ],
        },
        Explanation {
            world: "Env=dev".to_owned(),
            exists: false,
            truth: Truth::NotApplicable,
            named: Vec::new(),
            when: Vec::new(),
            pass_if: Vec::new(),
        },
    ];
    let mut found = judgement(control, Some(id), Verdict::Unknown, Severity::High, Vec::new());
    found.reason = Some(Reason::new(ReasonCode::ParameterWithoutValue, "E"));
    let explained = Explained {
        control,
        estate: &estate,
        resource: Some(id),
        explanations: &explanations,
        judgement: Some(&found),
    };
    for &language in Language::ALL {
        let options = Options { language, width: 100, ..Options::default() };
        insta::assert_snapshot!(format!("explain-{language}"), shown(|out| explained.text(&options, out)));
    }
}

/// `SEKISHO_BLESS=1 cargo test -p sekisho-report --test catalogue` writes the pages.
#[test]
fn the_committed_pages_are_those_of_the_controls() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/controls");
    let pages = pages(Language::En);
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for page in &pages {
            std::fs::write(folder.join(&page.path), &page.markdown).unwrap();
        }
    }
    let advice = "run SEKISHO_BLESS=1 cargo test -p sekisho-report --test catalogue";
    for page in &pages {
        let file = folder.join(&page.path);
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == page.markdown, "docs/controls/{} is stale: {advice}", page.path);
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, pages.len(), "docs/controls has pages without a control: {advice}");
}

/// Written as the control pages are.
#[test]
fn the_committed_coverage_is_that_of_the_rows() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coverage.md");
    let page = sekisho_report::coverage_page();
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == page,
        "docs/coverage.md is stale: run SEKISHO_BLESS=1 cargo test -p sekisho-report --test catalogue"
    );
    // Every row stands there once, and every table has its columns.
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit());
    assert_eq!(rows.clone().count(), 1592);
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 7, "{row}");
    }
}
