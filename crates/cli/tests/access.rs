//! `sekisho access` as a user runs it: every answer in JSON holds to its schema, every case of
//! the corpus to that of cases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn sekisho(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(arguments)
        .current_dir(root())
        .env_remove("LC_ALL")
        .env("LANG", "C")
        .env("SOURCE_DATE_EPOCH", "1795564800") // 2026-11-25
        .output()
        .unwrap()
}

fn schema(name: &str) -> jsonschema::Validator {
    let text = fs::read_to_string(root().join("docs/schema").join(name)).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn holds(validator: &jsonschema::Validator, value: &Value, of: &str) {
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{of}: {}", wrong.join("\n"));
}

#[test]
fn answers_hold_to_their_schema() {
    let validator = schema("sekisho.access-1.schema.json");
    let questions: [&[&str]; 6] = [
        &["--to", "phi"],
        &["--who-can", "read", "STORE"],
        &["--who-can", "administer", "STORE"],
        &["--what-can", "PRINCIPAL"],
        &["--can", "PRINCIPAL", "s3:GetObject", "STORE"],
        &["--escalation"],
    ];
    let template = root().join("crates/cli/tests/data/access.yaml");
    let template = template.to_str().unwrap();
    for question in questions {
        let mut arguments = vec!["access", template, "--format", "json"];
        arguments.extend(question.iter().map(|word| match *word {
            "STORE" => "Records",
            "PRINCIPAL" => "Reader",
            word => word,
        }));
        let output = sekisho(&arguments);
        let value: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{question:?}: {error}: {}", String::from_utf8_lossy(&output.stderr))
        });
        assert_eq!(value["schema"], "sekisho.access/1");
        holds(&validator, &value, &format!("{question:?}"));
        // A schema that admits anything would prove nothing.
        let mut wrong = value.clone();
        wrong["schema"] = "sekisho.access/0".into();
        assert!(!validator.is_valid(&wrong));
    }
}

#[test]
fn cases_and_decisions_hold_to_their_schemas() {
    let (of_case, of_decision) =
        (schema("access-case.schema.json"), schema("sekisho.decision-1.schema.json"));
    let (mut cases, mut kinds) = (0, std::collections::BTreeSet::new());
    for file in fs::read_dir(root().join("crates/access/tests/cases")).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            holds(&of_case, &case, &case["id"].to_string());
        }
        let output = sekisho(&["access", "decide", path.to_str().unwrap()]);
        assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
        let decisions = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
        let mut told = 0;
        for (decision, line) in decisions.zip(text.lines()) {
            let (decision, case): (Value, Value) = (decision.unwrap(), serde_json::from_str(line).unwrap());
            holds(&of_decision, &decision, &case["id"].to_string());
            assert_eq!(decision["id"], case["id"]);
            kinds.insert(decision["decision"].as_str().unwrap().to_owned());
            told += 1;
        }
        assert_eq!(told, text.lines().count(), "{}", path.display());
        cases += told;
    }
    assert!(cases >= 1_000 && kinds.len() >= 4, "{cases} {kinds:?}");
}

/// What `docs/access.md` shows is what the program says. A line `…` stands for what is left
/// out.
#[test]
fn the_documentation_shows_real_answers() {
    let page = fs::read_to_string(root().join("docs/access.md")).unwrap();
    let mut shown = 0;
    for block in page.split("\n```\n").filter(|block| block.starts_with("$ sekisho access examples/")) {
        let (command, wanted) = block.split_once('\n').unwrap();
        let arguments: Vec<&str> = command.trim_start_matches("$ sekisho ").split(' ').collect();
        let output = sekisho(&arguments);
        let answer = String::from_utf8(output.stdout).unwrap();
        let mut rest = answer.as_str();
        let mut parts = wanted.split("\n…\n");
        let first = parts.next().unwrap();
        rest = rest.strip_prefix(first).unwrap_or_else(|| panic!("{command}\n{answer}"));
        for part in parts {
            let at = rest.find(part).unwrap_or_else(|| panic!("{command}: not said:\n{part}\n{answer}"));
            rest = &rest[at + part.len()..];
        }
        assert_eq!(rest.trim(), "", "{command}: is said as well");
        shown += 1;
    }
    assert_eq!(shown, 3);
}

/// The clinic is written in two languages, and the answers are the same but for the names.
#[test]
fn the_clinic_has_the_same_answers_in_both_languages() {
    let sheet = |path: &str| -> Vec<String> {
        let output = sekisho(&["access", path, "--to", "phi", "--format", "json"]);
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let plain = |name: &Value| -> String {
            let name = name.as_str().unwrap_or_default();
            let last = name.rsplit(['#', '.']).next().unwrap_or_default();
            // Reports["Billing"] and BillingReports, records_bucket and RecordsBucket.
            let mut words: Vec<String> = Vec::new();
            for c in last.chars() {
                if c.is_ascii_uppercase() || !c.is_alphanumeric() || words.is_empty() {
                    words.push(String::new());
                }
                if c.is_alphanumeric() {
                    words.last_mut().unwrap().extend(c.to_lowercase());
                }
            }
            words.retain(|word| !word.is_empty());
            words.sort();
            words.join("-")
        };
        let mut lines: Vec<String> = Vec::new();
        for store in value["stores"].as_array().unwrap() {
            for (class, rows) in store["classes"].as_object().unwrap() {
                let mut who: Vec<String> = rows
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| {
                        let name = match row["who"]["kind"].as_str() {
                            Some("service") => row["who"]["name"].to_string(),
                            _ => plain(&row["who"]["name"]),
                        };
                        format!("{name} {} {}", row["answer"], row["actions"])
                    })
                    .collect();
                who.sort();
                lines.push(format!("{} {class}: {}", plain(&store["store"]), who.join("; ")));
            }
        }
        lines.sort();
        lines
    };
    let cloudformation = sheet("examples/clinic/cloudformation");
    assert!(cloudformation.iter().filter(|line| !line.ends_with(": ")).count() > 20);
    assert_eq!(cloudformation, sheet("examples/clinic/terraform"));
}
