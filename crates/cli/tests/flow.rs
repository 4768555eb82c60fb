//! `sekisho flow`, `assets` and `map`, run as a person runs them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::path::Path;
use std::process::{Command, Output};

const TEMPLATE: &str = "tests/data/clinic-flows.yaml";
const SETTINGS: &str = "tests/data/clinic-flows.toml";

fn sekisho(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(arguments)
        .args(["--config", SETTINGS, "--today", "2026-11-25"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("COLUMNS", "100")
        .output()
        .expect("it runs")
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn valid(schema: &str, value: &serde_json::Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema").join(schema);
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn paths_are_told_worst_first() {
    insta::assert_snapshot!(text(&sekisho(&["flow", TEMPLATE, "--limit", "6", "--lang", "en"])));
}

#[test]
fn a_question_about_outside() {
    insta::assert_snapshot!(text(&sekisho(&["flow", TEMPLATE, "--to", "external", "--lang", "ja"])));
}

#[test]
fn from_one_to_another() {
    insta::assert_snapshot!(text(&sekisho(&[
        "flow", TEMPLATE, "--from", "Visits", "--to", "Failed", "--lang", "zh-TW"
    ])));
}

#[test]
fn the_sides_of_a_resource_and_a_hop_are_explained() {
    insta::assert_snapshot!(text(&sekisho(&["flow", TEMPLATE, "--explain", "Alb", "--lang", "en"])));
    insta::assert_snapshot!(text(&sekisho(&["flow", TEMPLATE, "--explain", "Https->Group", "--lang", "en"])));
}

#[test]
fn possible_flows_stand_apart() {
    let all = text(&sekisho(&["flow", TEMPLATE, "--limit", "100", "--lang", "en"]));
    assert!(!all.contains("possible only"));
    let possible = text(&sekisho(&["flow", TEMPLATE, "--possible", "--limit", "100", "--lang", "en"]));
    assert!(possible.contains("Task ContainerDefinitions/Environment/Value"), "{possible}");
}

#[test]
fn what_policies_let_a_program_carry_is_possible() {
    let roles = "tests/data/roles.yaml";
    insta::assert_snapshot!(text(&sekisho(&[
        "flow",
        roles,
        "--from",
        "Records",
        "--possible",
        "--lang",
        "en"
    ])));
    let all = text(&sekisho(&["flow", roles, "--possible", "--limit", "100", "--lang", "en"]));
    // Without the key of the bucket its objects cannot be read, and what only a service makes
    // use of moves what is configured.
    for never in ["KeylessRole may read it", "DeliveryRole may"] {
        assert!(!all.contains(never), "{never}: {all}");
    }
    let configured = text(&sekisho(&["flow", roles, "--limit", "100", "--lang", "en"]));
    assert!(!configured.contains("may write it"), "{configured}");
    assert!(configured.contains("Possible flows, which programs or roles allow"), "{configured}");
    let object = text(&sekisho(&["flow", roles, "--possible", "--format", "json", "--limit", "100"]));
    valid("sekisho.flow-1.schema.json", &serde_json::from_str(&object).unwrap());
}

#[test]
fn the_sheet_of_a_store_says_who_can_reach_it() {
    let roles = "tests/data/roles.yaml";
    let sheets = text(&sekisho(&["assets", roles, "--lang", "zh-TW"]));
    // How many requirements there are changes with the controls.
    let lasting = |line: &&str| !line.contains("控制項所問的要求");
    let sheets: Vec<&str> = sheets.split_once("\nRecords  AWS").unwrap().1.lines().filter(lasting).collect();
    insta::assert_snapshot!(sheets.join("\n"));
    insta::assert_snapshot!(text(&sekisho(&["assets", roles, "--format", "csv", "--lang", "en"])));
    let object = text(&sekisho(&["assets", roles, "--format", "json"]));
    valid("sekisho.assets-1.schema.json", &serde_json::from_str(&object).unwrap());
}

#[test]
fn the_objects_keep_to_their_schemas() {
    let flow = text(&sekisho(&["flow", TEMPLATE, "--format", "json", "--limit", "1000"]));
    valid("sekisho.flow-1.schema.json", &serde_json::from_str(&flow).unwrap());
    let assets = text(&sekisho(&["assets", TEMPLATE, "--format", "json"]));
    valid("sekisho.assets-1.schema.json", &serde_json::from_str(&assets).unwrap());
    assert_eq!(flow, text(&sekisho(&["flow", TEMPLATE, "--format", "json", "--limit", "1000"])));
}

#[test]
fn assets_as_a_table_and_for_a_spreadsheet() {
    let shown = text(&sekisho(&["assets", TEMPLATE, "--lang", "ja"]));
    let matrix: String = shown.lines().take(24).map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!(matrix);
    insta::assert_snapshot!(text(&sekisho(&["assets", TEMPLATE, "--format", "csv", "--lang", "en"])));
}

#[test]
fn the_map_is_one_file() {
    let folder = std::env::temp_dir().join(format!("sekisho-map-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["map.svg", "map.html"] {
        let file = folder.join(name);
        text(&sekisho(&["map", TEMPLATE, "-o", file.to_str().unwrap(), "--lang", "en"]));
        let written = std::fs::read_to_string(&file).unwrap();
        // Nothing is loaded from anywhere, and what is plain is marked.
        for word in ["src=", "@import", "url(", "<link", "<image"] {
            assert!(!written.contains(word), "{name}: {word}");
        }
        assert!(written.contains("class=\"hop bad\""), "{name}");
        assert_eq!(written.matches("<svg").count(), written.matches("</svg>").count());
    }
    let wrong = sekisho(&["map", TEMPLATE, "-o", "map.png"]);
    assert_eq!(wrong.status.code(), Some(2));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_wrong_name_says_what_was_meant() {
    let wrong = sekisho(&["flow", TEMPLATE, "--from", "Recrods", "--lang", "en"]);
    assert_eq!(wrong.status.code(), Some(2));
    let message = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(message.contains("did you mean Records?"), "{message}");
}

/// The finding of a control on a resource, in SARIF.
fn result<'v>(log: &'v serde_json::Value, rule: &str, resource: &str) -> &'v serde_json::Value {
    let results = log["runs"][0]["results"].as_array().unwrap();
    let is = |found: &&serde_json::Value| {
        let names = &found["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
        found["ruleId"] == rule && names.as_str().is_some_and(|name| name.ends_with(resource))
    };
    results.iter().find(is).unwrap_or_else(|| panic!("no {rule} of {resource}"))
}

#[test]
fn a_finding_about_a_flow_carries_its_path() {
    let output = sekisho(&["scan", TEMPLATE, "--format", "sarif", "--lang", "en"]);
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = result(&log, "phi-leaves-without-agreement", "Old");
    let flow = &found["codeFlows"][0];
    assert_eq!(
        flow["message"]["text"],
        "Visits → Visits/DynamoDBStream → FromVisits → Fax → Done → Sent → Old → url:old.vendor.example (failed)"
    );
    let locations = flow["threadFlows"][0]["locations"].as_array().unwrap();
    assert!(locations.len() > 2, "{flow:#}");
    for location in locations {
        let place = &location["location"]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "tests/data/clinic-flows.yaml", "{location:#}");
        assert!(place["region"]["startLine"].as_u64().is_some_and(|line| line > 1), "{location:#}");
        assert!(location["location"]["message"]["text"].as_str().is_some_and(|text| text.contains(" → ")));
    }
    let last = locations.last().unwrap();
    assert_eq!(last["importance"], "essential");
    let shown = String::from_utf8(sekisho(&["scan", TEMPLATE, "--lang", "en"]).stdout).unwrap();
    assert!(shown.contains("= path: "), "{shown}");
}

#[test]
fn an_agreement_decides_who_may_receive_phi() {
    let template = "tests/data/vendors.yaml";
    let verdict = |config: &str, resource: &str| {
        let folder = std::env::temp_dir().join(format!("sekisho-vendors-{}-{resource}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("sekisho.toml");
        std::fs::write(&file, config).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args(["scan", template, "--format", "json", "--verdicts", "all", "--today", "2026-11-25"])
            .args(["--control", "phi-leaves-without-agreement", "--config", file.to_str().unwrap()])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let object: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let verdicts = object["verdicts"].as_array().unwrap();
        let found = verdicts.iter().find(|v| v["resource"]["id"] == resource).unwrap();
        (found["verdict"].as_str().unwrap().to_owned(), found["reason"].as_str().unwrap_or("").to_owned())
    };
    let declared = "[phi]\nresources = [\"Results\"]\n";
    let contract = |last: &str| {
        format!(
            "{declared}[[contracts]]\nkind = \"BAA\"\ncounterparty = \"Hokuto Fax\"\nexpires = \"{last}\"\nends = [\"fax.hokuto.example\"]\n"
        )
    };
    // Evidenced PHI to somebody without a contract fails, with one that holds it passes, with one
    // that has expired it fails again; PHI that is only assumed asks a person.
    assert_eq!(verdict(declared, "Fax").0, "fail");
    assert_eq!(verdict(&contract("2027-03-31"), "Fax").0, "pass");
    assert_eq!(verdict(&contract("2026-03-31"), "Fax").0, "fail");
    let (asked, reason) = verdict("", "Fax");
    assert_eq!(asked, "unknown");
    assert!(reason.contains("fax.hokuto.example"), "{reason}");
    // A contract with one vendor says nothing of another.
    assert_eq!(verdict(&contract("2027-03-31"), "Other").0, "fail");
}

#[test]
fn a_store_that_is_said_to_hold_none_and_receives_phi_is_a_contradiction() {
    let folder = std::env::temp_dir().join(format!("sekisho-free-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("sekisho.toml");
    std::fs::write(&file, "[phi]\nresources = [\"Results\"]\nnot_resources = [\"Archive\"]\n").unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args(arguments)
            .args(["tests/data/vendors.yaml", "--format", "json", "--config", file.to_str().unwrap()])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let flow = run(&["flow"]);
    let told = &flow["contradictions"][0];
    assert_eq!(told["node"], "tests/data/vendors.yaml#Archive", "{told:#}");
    assert_eq!(told["said"], "Archive");
    assert!(!told["hops"].as_array().unwrap().is_empty());
    let scan = run(&["scan"]);
    let found = scan["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|v| v["control"] == "store-declared-free-receives-phi" && v["resource"]["id"] == "Archive");
    let found = found.expect("it is told");
    // The flow wins: the label of the store is evidenced.
    assert_eq!((&found["verdict"], &found["resource"]["phi"]), (&"fail".into(), &"evidenced".into()));
    std::fs::remove_dir_all(&folder).unwrap();
}
