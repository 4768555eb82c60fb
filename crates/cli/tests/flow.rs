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

/// Runs over a template with a configuration of its own.
fn with(name: &str, config: &str, waivers: &str, arguments: &[&str]) -> Output {
    let folder = std::env::temp_dir().join(format!("sekisho-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (file, accepted) = (folder.join("sekisho.toml"), folder.join("sekisho.waivers.yaml"));
    std::fs::write(&file, config).unwrap();
    std::fs::write(&accepted, waivers).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(arguments)
        .args(["--config", file.to_str().unwrap(), "--today", "2026-11-25"])
        .args(["--waivers", accepted.to_str().unwrap()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("LC_ALL", "en")
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    output
}

/// Codes, lines and subjects of the remarks of a scan.
fn remarks(name: &str, config: &str) -> Vec<(String, u64, String)> {
    let output = with(name, config, "", &["scan", "tests/data/vendors.yaml", "--format", "json"]);
    let object: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    valid("sekisho.scan-1.schema.json", &object);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let notices = object["notices"].as_array().unwrap().iter();
    notices.map(|n| (text(&n["code"]), n["line"].as_u64().unwrap_or(0), text(&n["subject"]))).collect()
}

#[test]
fn labels_that_reach_nothing_or_contradict_each_other_are_told() {
    let row = |code: &str, line, subject: &str| (code.to_owned(), line, subject.to_owned());
    for (name, config, expected) in [
        ("right", "[phi]\nresources = [\"Results\"]\nnot_resources = [\"Arch*\"]\n", vec![]),
        (
            "misspelt",
            "[phi]\nresources = [\"Resuls\", \"AWS::SNS::Topik\"]\nnot_resources = [\"*#Archiv\"]\n",
            vec![
                row("configuration-unmatched", 2, "Resuls (Results?)"),
                row("configuration-unmatched", 2, "AWS::SNS::Topik (AWS::SNS::Topic?)"),
                row("configuration-unmatched", 3, "*#Archiv (Archive?)"),
            ],
        ),
        (
            "places",
            "[phi]\nresources = [\"Results\"]\nregions = [\"ap-northeast1\"]\ncountries = [\"JP\", \"XX\"]\n",
            vec![
                row("configuration-unmatched", 3, "ap-northeast1 (ap-northeast-1?)"),
                row("configuration-unmatched", 4, "XX"),
            ],
        ),
        (
            "both",
            "[phi]\nresources = [\"Archive\"]\nnot_resources = [\"Arch*\"]\n",
            vec![row(
                "configuration-contradictory",
                3,
                "tests/data/vendors.yaml#Archive: phi.resources Archive, phi.not_resources Arch*",
            )],
        ),
        (
            "expired",
            "[phi]\nresources = [\"Results\"]\n[[contracts]]\ncounterparty = \"Hokuto Fax\"\nkind = \"BAA\"\nends = [\"fax.hokuto.example\"]\nexpires = \"2026-11-24\"\n",
            vec![row("contract-expired", 4, "Hokuto Fax (2026-11-24)")],
        ),
        // The last day on which it holds is one on which it holds.
        (
            "last-day",
            "[[contracts]]\ncounterparty = \"Hokuto Fax\"\nkind = \"BAA\"\nends = [\"fax.hokuto.example\"]\nexpires = \"2026-11-25\"\n",
            vec![],
        ),
    ] {
        assert_eq!(remarks(name, config), expected, "{name}");
    }
    // The questions about flows say it as well, beside their answer.
    let output = with("flow", "[phi]\nresources = [\"Resuls\"]\n", "", &["flow", "tests/data/vendors.yaml"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("sekisho.toml:2:14: ") && said.contains("Resuls (Results?)"), "{said}");
}

#[test]
fn a_gap_is_read_once_until_the_far_end_is_accepted() {
    let template = "tests/data/one-gap.yaml";
    let title = "PHI is moved to a store that is not encrypted";
    let once = text(&with("once", "", "", &["scan", template, "--fail-on", "critical"]));
    assert!(!once.contains(title), "{once}");
    assert!(once.contains("also a gap of what moves PHI here: To"), "{once}");
    let waiver = "- {control: efs-not-encrypted-at-rest, resource: Share, reason: moves in June, owner: t, expires: 2027-01-01}\n";
    let accepted = text(&with("accepted", "", waiver, &["scan", template, "--fail-on", "critical"]));
    assert!(accepted.contains(title), "{accepted}");
    // For programs it always stands, with what tells it.
    let output = with("json", "", "", &["scan", template, "--format", "json"]);
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    valid("sekisho.scan-1.schema.json", &object);
    let of = |control: &str| {
        let verdicts = object["verdicts"].as_array().unwrap();
        verdicts.iter().find(|v| v["control"] == control).unwrap_or_else(|| panic!("no {control}")).clone()
    };
    let told = of("phi-moved-to-unprotected-store");
    assert_eq!(told["verdict"], "fail");
    assert_eq!(told["told_by"], serde_json::json!([of("efs-not-encrypted-at-rest")["fingerprint"]]));
}
