//! The binary as a user runs it: exit status, bad input, waivers, baselines, formats.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder of its own for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _fresh = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn sekisho(at: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(arguments)
        .current_dir(at)
        .env_remove("LC_ALL")
        .env("LANG", "C")
        .env("SOURCE_DATE_EPOCH", "1795564800") // 2026-11-25
        .output()
        .unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stdout)))
}

const OPEN_DATABASE: &str = "Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: mysql
      StorageEncrypted: False
";
const SOUND: &str = "Resources:
  Queue:
    Type: AWS::IAM::Group
";

#[test]
fn exit_status_follows_the_contract() {
    let at = folder("exit");
    fs::write(at.join("bad.yaml"), OPEN_DATABASE).unwrap();
    fs::write(at.join("good.yaml"), SOUND).unwrap();
    fs::create_dir(at.join("mixed")).unwrap();
    fs::write(at.join("mixed/good.yaml"), SOUND).unwrap();
    fs::write(at.join("mixed/broken.yaml"), "a: [1\nb").unwrap();
    let cases: &[(&[&str], i32)] = &[
        (&["scan", "bad.yaml"], 1),
        (&["scan", "bad.yaml", "--fail-on", "critical"], 0),
        (&["scan", "bad.yaml", "--fail-on", "critical", "--strict"], 3),
        (&["scan", "bad.yaml", "--fail-on", "critical", "--fail-on-unknown"], 1),
        (&["scan", "good.yaml"], 0),
        (&["scan", "mixed"], 0),
        (&["scan", "mixed", "--strict"], 3),
        (&["scan", "mixed/broken.yaml"], 2),
        (&["scan", "nowhere"], 2),
        (&["scan", "good.yaml", "--fail-on", "hihg"], 2),
        (&["scan", "good.yaml", "--config", "nowhere.toml"], 2),
        (&["scan", "good.yaml", "--control", "no-such-control"], 2),
        (&["explain", "rds-storage-not-encrypted"], 0),
        (&["explain", "rds-storage-not-encryptd"], 2),
        (&["explain", "rds-storage-not-encrypted", "--resource", "Db", "bad.yaml"], 0),
        (&["explain", "rds-storage-not-encrypted", "--resource", "Dbb", "bad.yaml"], 2),
        (&["--help"], 0),
        (&["--version"], 0),
        (&["scna"], 2),
    ];
    for (arguments, expected) in cases {
        let output = sekisho(&at, arguments);
        assert_eq!(status(&output), *expected, "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn one_broken_file_among_300_costs_only_itself() {
    let at = folder("many");
    for index in 0..300 {
        let text = if index == 137 { "{\"Resources\": {\"A\": {\"Type\":" } else { OPEN_DATABASE };
        let ending = if index == 137 { "json" } else { "yaml" };
        fs::write(at.join(format!("t{index:03}.{ending}")), text).unwrap();
    }
    let report = json(&sekisho(&at, &["scan", ".", "--format", "json"]));
    let inputs = report["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 300);
    let read = inputs.iter().filter(|i| i["status"] == "read").count();
    assert_eq!(read, 299);
    let broken = inputs.iter().find(|i| i["status"] == "unreadable").unwrap();
    assert_eq!((&broken["path"], &broken["problems"][0]["line"]), (&"t137.json".into(), &1.into()));
    let fails = report["verdicts"].as_array().unwrap().iter();
    let fails =
        fails.filter(|v| v["control"] == "rds-storage-not-encrypted" && v["verdict"] == "fail").count();
    assert_eq!(fails, 299);
}

#[test]
fn bad_input_says_what_and_where() {
    let at = folder("bad-input");
    let deep = "[".repeat(100_000);
    let cases: &[(&str, &[u8], &str)] = &[
        ("truncated.json", b"{\"Resources\": {\"A\": {", "truncated.json:1:22"),
        ("binary.yaml", b"Resources:\0\x01\x02", "binary"),
        ("latin1.yaml", b"Resources:\n  A: caf\xe9\n", "not UTF-8"),
        ("utf16.json", b"\xff\xfe{\0}\0", "UTF-16"),
        ("empty.yaml", b"", "empty"),
        ("deep.json", deep.as_bytes(), "deeper"),
        ("indent.yaml", b"a: 1\n b: 2\n", "indent.yaml:2:"),
        ("bomb.yaml", b"a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g,*g]\n", "aliases repeat"),
    ];
    for (name, bytes, message) in cases {
        fs::write(at.join(name), bytes).unwrap();
        let output = sekisho(&at, &["scan", name]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(status(&output), 2, "{name}: {said}");
        assert!(said.contains(message), "{name}: {said}");
    }
    // What is odd inside a template loses only itself.
    let odd = "Resources:\n  A:\n    Type: [AWS::S3::Bucket]\n  B:\n    Type: AWS::S3::Bucket\n";
    fs::write(at.join("odd.yaml"), odd).unwrap();
    let report = json(&sekisho(&at, &["scan", "odd.yaml", "--format", "json"]));
    assert_eq!(report["inputs"][0]["status"], "partly");
    assert_eq!(report["inputs"][0]["problems"][0]["line"], 3);
    assert_eq!(report["summary"]["resources"], 1);
}

#[test]
fn a_file_over_the_limit_is_refused_by_name() {
    let at = folder("large");
    fs::write(at.join("large.yaml"), vec![b'#'; (2 << 20) + 1]).unwrap();
    let output = sekisho(&at, &["scan", "large.yaml", "--max-file-size", "2"]);
    assert_eq!(status(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--max-file-size"));
    assert_eq!(status(&sekisho(&at, &["scan", ".", "--max-file-size", "2", "--strict"])), 3);
}

#[test]
fn waivers_hold_until_their_day_and_are_reported_when_unused() {
    let at = folder("waivers");
    fs::write(at.join("t.yaml"), OPEN_DATABASE).unwrap();
    let waiver = |control: &str, expires: &str| {
        format!(
            "- control: {control}\n  resource: '*#Db'\n  reason: moved next month\n  owner: ops\n  expires: {expires}\n"
        )
    };
    let text = waiver("rds-storage-not-encrypted", "2026-12-31")
        + &waiver("rds-backups-off", "2020-01-01")
        + &waiver("s3-bucket-versioning-off", "2026-12-31");
    fs::write(at.join("sekisho.waivers.yaml"), text).unwrap();
    let report = json(&sekisho(&at, &["scan", "t.yaml", "--format", "json", "--verdicts", "all"]));
    let verdict = |control: &str| {
        report["verdicts"].as_array().unwrap().iter().find(|v| v["control"] == control).unwrap().clone()
    };
    let waived = verdict("rds-storage-not-encrypted");
    assert_eq!(waived["verdict"], "waived");
    assert_eq!(waived["waiver"]["owner"], "ops");
    let notices: Vec<&str> =
        report["notices"].as_array().unwrap().iter().filter_map(|n| n["code"].as_str()).collect();
    assert!(notices.contains(&"waiver-expired") && notices.contains(&"waiver-unused"), "{notices:?}");
    // After its day it does not count any more.
    let later = json(&sekisho(&at, &["scan", "t.yaml", "--format", "json", "--today", "2027-01-01"]));
    let fails = later["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .any(|v| v["control"] == "rds-storage-not-encrypted" && v["verdict"] == "fail");
    assert!(fails);
    // Without a reason it is no waiver.
    fs::write(
        at.join("sekisho.waivers.yaml"),
        "- {control: rds-storage-not-encrypted, resource: '*', owner: o, expires: 2027-01-01}\n",
    )
    .unwrap();
    let report = json(&sekisho(&at, &["scan", "t.yaml", "--format", "json"]));
    assert_eq!(report["notices"][0]["code"], "waiver-invalid");
}

#[test]
fn waivers_in_the_template() {
    let at = folder("inline");
    let mark = "      # sekisho:waive rds-storage-not-encrypted reason=\"test data only\" owner=ops expires=2027-01-01\n";
    fs::write(at.join("t.yaml"), format!("{OPEN_DATABASE}{mark}")).unwrap();
    let find = |report: &Value| {
        let verdicts = report["verdicts"].as_array().unwrap().clone();
        verdicts.into_iter().find(|v| v["control"] == "rds-storage-not-encrypted").unwrap()["verdict"].clone()
    };
    let arguments = ["scan", "t.yaml", "--format", "json", "--verdicts", "all"];
    assert_eq!(find(&json(&sekisho(&at, &arguments))), "waived");
    fs::write(at.join("sekisho.toml"), "[waivers]\nforbid_inline = true\n").unwrap();
    let report = json(&sekisho(&at, &arguments));
    assert_eq!(find(&report), "fail");
    assert_eq!(report["notices"][0]["code"], "waiver-forbidden");
}

#[test]
fn a_baseline_hides_what_was_there_and_nothing_new() {
    let at = folder("baseline");
    fs::write(at.join("t.yaml"), OPEN_DATABASE).unwrap();
    assert_eq!(status(&sekisho(&at, &["scan", ".", "--write-baseline", "base.json"])), 1);
    assert_eq!(status(&sekisho(&at, &["scan", ".", "--baseline", "base.json"])), 0);
    // Lines move, the findings stay known; a second database is new.
    let moved = format!(
        "# a comment\n{OPEN_DATABASE}  Second:\n    Type: AWS::RDS::DBInstance\n    Properties: {{Engine: mysql}}\n"
    );
    fs::write(at.join("t.yaml"), moved).unwrap();
    assert_eq!(status(&sekisho(&at, &["scan", ".", "--baseline", "base.json"])), 1);
}

#[test]
fn labels_come_from_the_configuration() {
    let at = folder("labels");
    let text = "Resources:
  Records:
    Type: AWS::S3::Bucket
    Properties: {Tags: [{Key: phi, Value: 'true'}]}
  Leaflets:
    Type: AWS::S3::Bucket
";
    fs::write(at.join("t.yaml"), text).unwrap();
    fs::write(
        at.join("sekisho.toml"),
        "[phi]\ntags = [{key = \"phi\", value = \"true\"}]\nnot_resources = [\"Leaflets\"]\n",
    )
    .unwrap();
    let report = json(&sekisho(&at, &["scan", ".", "--format", "json"]));
    let label = |id: &str| {
        report["verdicts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|v| v["resource"]["id"] == id)
            .map(|v| v["resource"]["phi"].clone())
    };
    assert_eq!(label("Records"), Some("evidenced".into()));
    assert_eq!(label("Leaflets"), None, "a store without PHI has no findings about PHI");
}

#[test]
fn controls_of_the_user() {
    let at = folder("user-controls");
    fs::write(at.join("t.yaml"), OPEN_DATABASE).unwrap();
    let controls = at.join(".sekisho/controls");
    fs::create_dir_all(&controls).unwrap();
    let control = |expression: &str| {
        format!(
            "id: db-without-multi-az\napplies: [AWS::RDS::DBInstance]\nscope: resource\nharm: loses\nsince: 0.1.0\nconfidence: high\npass_if: {expression}\ntitle: {{en: The database is in one zone}}\nwhy: {{en: It stops with its zone.}}\nfix:\n  text: {{en: Switch MultiAZ on.}}\n"
        )
    };
    fs::write(controls.join("db-without-multi-az.yaml"), control("this.MultiAZ == true")).unwrap();
    let report = json(&sekisho(&at, &["scan", ".", "--format", "json"]));
    assert!(
        report["verdicts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|v| v["control"] == "db-without-multi-az" && v["verdict"] == "fail")
    );
    fs::write(controls.join("db-without-multi-az.yaml"), control("this.MultiAz == true")).unwrap();
    let report = json(&sekisho(&at, &["scan", ".", "--format", "json"]));
    assert_eq!(report["notices"][0]["code"], "control-not-loaded");
    assert!(report["notices"].to_string().contains("did you mean MultiAZ?"), "{}", report["notices"]);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let at = folder("determinism");
    for index in 0..40 {
        fs::write(at.join(format!("t{index}.yaml")), OPEN_DATABASE).unwrap();
    }
    for format in ["text", "json", "jsonl", "sarif", "github"] {
        let first = sekisho(&at, &["scan", ".", "--format", format]).stdout;
        assert!(!first.is_empty(), "{format}");
        for _ in 0..3 {
            assert_eq!(sekisho(&at, &["scan", ".", "--format", format]).stdout, first, "{format}");
        }
    }
}

#[test]
fn the_demo_needs_no_input() {
    let at = folder("demo");
    let output = sekisho(&at, &["demo", "--format", "json"]);
    let report = json(&output);
    assert_eq!(status(&output), 1);
    assert!(report["summary"]["resources"].as_u64().unwrap() > 50);
    assert_eq!(report["summary"]["unresolved_references"], 0);
}

#[test]
fn no_output_shows_a_secret() {
    let at = folder("secrets");
    let text = "Parameters:
  Pw: {Type: String, NoEcho: true, Default: hunter2parameter}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::111122223333:role/r
      Code: {ZipFile: x}
      Environment:
        Variables: {DB_PASSWORD: hunter2literal, B: !Ref Pw, URL: 'postgres://app:hunter2url@db/x', C: fine}
  Web:
    Type: AWS::EC2::Instance
    Properties:
      UserData:
        Fn::Base64: !Sub |
          echo DB_PASSWORD='hunter2script' and ${Pw}
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: mysql, MasterUserPassword: hunter2db}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{Name: a, Image: b, Environment: [{Name: API_TOKEN, Value: hunter2task}]}]
";
    fs::write(at.join("t.yaml"), text).unwrap();
    for format in ["text", "json", "jsonl", "sarif", "github"] {
        for verdicts in ["findings", "all"] {
            let output = sekisho(&at, &["scan", ".", "--format", format, "--verdicts", verdicts, "--full"]);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let leak = said
                .find("hunter2")
                .map(|i| said[i.saturating_sub(200)..(i + 30).min(said.len())].to_owned());
            assert_eq!(leak, None, "{format} {verdicts}");
        }
    }
    for (control, resource) in
        [("lambda-environment-carries-secret", "Fn"), ("ec2-user-data-carries-secret", "Web")]
    {
        let output = sekisho(&at, &["explain", control, "--resource", resource]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_run_is_reported_by_framework() {
    let at = folder("framework");
    fs::write(at.join("bad.yaml"), OPEN_DATABASE).unwrap();
    let output =
        sekisho(&at, &["scan", "--framework", "hipaa-security-rule", "--format", "json", "bad.yaml"]);
    assert_eq!(status(&output), 1);
    let value = json(&output);
    let encryption =
        value["paragraphs"].as_array().unwrap().iter().find(|p| p["id"] == "164.312(a)(2)(iv)").unwrap();
    assert_eq!(encryption["state"], "failed");
    // What is wrong, and what is said of it.
    let decisions = "decisions:\n- {framework: hipaa-security-rule, paragraph: 164.312(b), decision: implement, reason: x, approver: y, decided: 2026-01-01, review: 2027-01-01}\n";
    fs::write(at.join("sekisho.decisions.yaml"), decisions).unwrap();
    for (arguments, wanted) in [
        (&["scan", "--framework", "hipaa-security-rul", "bad.yaml"][..], "did you mean hipaa-security-rule?"),
        (&["scan", "--framework", "hipaa-security-rule", "bad.yaml"], "sekisho.decisions.yaml:2:"),
        (
            &[
                "scan",
                "--framework",
                "hipaa-whitepaper-2023",
                "--format",
                "sarif",
                "--decisions",
                "none",
                "bad.yaml",
            ],
            "none: ",
        ),
    ] {
        let output = sekisho(&at, arguments);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(status(&output) == 2 && text.contains(wanted), "{arguments:?}: {text}");
    }
}

/// The author of a CDK app knows the construct, not the logical id that the CDK made of it.
#[test]
fn findings_of_a_cdk_app_name_the_construct() {
    let at = folder("cdk");
    fs::create_dir(at.join("cdk.out")).unwrap();
    let manifest = r#"{"version": "36.0.0", "artifacts": {
        "Data": {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/eu-west-1",
                 "properties": {"templateFile": "Data.template.json"},
                 "metadata": {"/App/Data/Claims": [{"type": "aws:cdk:logicalId", "data": "Claims3F0E"}]}}}}"#;
    let template = r#"{"Resources": {
        "Records9A1B": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "mysql", "StorageEncrypted": false},
                        "Metadata": {"aws:cdk:path": "App/Data/Records/Resource"}},
        "Claims3F0E": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "mysql", "StorageEncrypted": false}},
        "ByHand": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "mysql", "StorageEncrypted": false}}}}"#;
    fs::write(at.join("cdk.out/manifest.json"), manifest).unwrap();
    fs::write(at.join("cdk.out/Data.template.json"), template).unwrap();
    let scan = |format: &str| {
        sekisho(
            &at,
            &["scan", "cdk.out", "--control", "rds-storage-not-encrypted", "--full", "--format", format],
        )
    };
    let found = json(&scan("json"));
    let resources: Vec<_> = found["verdicts"].as_array().unwrap().iter().map(|v| &v["resource"]).collect();
    let path = |id: &str| &resources.iter().find(|r| r["id"] == id).unwrap()["construct_path"];
    assert_eq!(path("Records9A1B"), "App/Data/Records/Resource");
    assert_eq!(path("Claims3F0E"), "App/Data/Claims");
    assert_eq!(path("ByHand"), &Value::Null);
    for format in ["text", "sarif", "github", "jsonl"] {
        let text = String::from_utf8(scan(format).stdout).unwrap();
        assert!(text.contains("App/Data/Records/Resource"), "{format}: {text}");
        assert!(text.contains("App/Data/Claims"), "{format}: {text}");
    }
    let sarif = json(&scan("sarif"));
    let kinds: Vec<_> = sarif["runs"][0]["results"][0]["locations"][0]["logicalLocations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["kind"].clone())
        .collect();
    assert_eq!(kinds, ["resource", "construct"]);
}

#[test]
fn reach_answers_from_templates_and_from_saved_answers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let ask = |arguments: &[&str]| sekisho(&root, &[&["reach"], arguments].concat());
    let (templates, saved) = ("examples/clinic/cloudformation", "examples/clinic/describe");
    let verdict = |arguments: &[&str]| {
        let output = ask(&[arguments, &["--json"]].concat());
        json(&output)["answers"][0]["verdict"].as_str().unwrap().to_owned()
    };
    for (from, to, port, input, expected) in [
        ("internet", "ReceptionInstance", "3389", templates, "reachable"),
        ("internet", "RecordsDb", "5432", templates, "blocked"),
        ("PortalInstance", "RecordsDb", "5432", templates, "reachable"),
        ("internet", "i-0portal", "8443", saved, "reachable"),
        ("203.0.113.9", "i-0portal", "22", saved, "blocked"),
    ] {
        assert_eq!(verdict(&[from, to, "--port", port, "--in", input]), expected, "{from} {to} {port}");
    }
    // Another value of the parameter is another network.
    let other = json(&ask(&["--exposed", "--json", "--in", templates, "--parameter", "Env=dev"]));
    assert!(other["exposed"].as_array().unwrap().iter().any(|e| e["resource"]["name"] == "TryoutInstance"));
    let drawing = folder("reach").join("n.svg");
    assert_eq!(status(&ask(&["--draw", drawing.to_str().unwrap(), "--in", templates])), 0);
    assert!(fs::read_to_string(drawing).unwrap().starts_with("<svg"));
    for (arguments, words) in [
        (&["internet", "RecordDb", "--in", templates][..], "did you mean RecordsDb?"),
        (&["internet", "RecordsKey", "--in", templates][..], "has no addresses"),
        (&["internet", "RecordsDb", "--port", "http", "--in", templates][..], "is no port"),
        (
            &["internet", "RecordsDb", "--on-premises", "home", "--in", templates][..],
            "is no block of addresses",
        ),
    ] {
        let output = ask(arguments);
        assert_eq!(status(&output), 2);
        assert!(String::from_utf8_lossy(&output.stderr).contains(words), "{output:?}");
    }
}

/// A node of the list of 2018 is of an old generation by that of 2023; only the paper of 2018 speaks of keys.
const EDITIONS: &str = "Resources:
  Sessions:
    Type: AWS::ElastiCache::ReplicationGroup
    Properties:
      ReplicationGroupDescription: sessions
      CacheNodeType: cache.m3.large
      Engine: redis
      EngineVersion: 3.2.6
      AtRestEncryptionEnabled: true
      TransitEncryptionEnabled: true
  Visits:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: patient_name, AttributeType: S}]
      KeySchema: [{AttributeName: patient_name, KeyType: HASH}]
";

#[test]
fn the_editions_of_the_paper_differ_where_they_differ() {
    let at = folder("editions");
    fs::write(at.join("clinic.yaml"), EDITIONS).unwrap();
    let failed = |arguments: &[&str]| {
        let output = sekisho(&at, &[&["scan", "clinic.yaml", "--format", "json"], arguments].concat());
        let value = json(&output);
        let fails =
            value["verdicts"].as_array().unwrap().iter().filter(|verdict| verdict["verdict"] == "fail");
        let rows = fails.clone().flat_map(|verdict| verdict["satisfies"].as_array().unwrap().clone());
        let rows: Vec<String> = rows.map(|row| row.as_str().unwrap().to_owned()).collect();
        let ids: Vec<String> = fails.map(|verdict| verdict["control"].as_str().unwrap().to_owned()).collect();
        (value["run"]["guidance"]["edition"].as_str().unwrap().to_owned(), ids, rows)
    };
    let (node, key) =
        ("elasticache-node-of-old-generation".to_owned(), "dynamodb-key-named-like-phi".to_owned());
    let (edition, ids, rows) = failed(&["--edition", "2018"]);
    assert_eq!((edition.as_str(), ids.contains(&node), ids.contains(&key)), ("2018", false, true), "{ids:?}");
    for row in &rows {
        let seed = sekisho_guidance::requirement(row).unwrap().seed;
        assert_ne!(seed, sekisho_guidance::Seed::Hipaa2023, "{row} is not of 2018");
    }
    let (edition, ids, _) = failed(&["--edition", "2023"]);
    assert_eq!((edition.as_str(), ids.contains(&node), ids.contains(&key)), ("2023", true, false), "{ids:?}");
    // Without a choice, what either states.
    let (_, ids, _) = failed(&[]);
    assert!(ids.contains(&node) && ids.contains(&key), "{ids:?}");
    // The configuration chooses too, and the command line wins over it.
    fs::write(at.join("sekisho.toml"), "[guidance]\nedition = '2018'\n").unwrap();
    assert_eq!(failed(&[]).0, "2018");
    assert_eq!(failed(&["--edition", "2023"]).0, "2023");
    let wrong = sekisho(&at, &["scan", ".", "--edition", "2019"]);
    assert_eq!(status(&wrong), 2);
}

#[test]
fn the_guidance_is_shown_as_one_edition_states_it() {
    let at = folder("guidance-editions");
    let said = |arguments: &[&str]| {
        let output = sekisho(&at, arguments);
        assert_eq!(status(&output), 0, "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    // A sentence of both editions stands in other lines in each, and the head says which is shown.
    let [old, new] =
        ["2018", "2023"].map(|edition| said(&["guidance", "show", "hipaa/s3/3", "--edition", edition]));
    assert!(
        old.starts_with("guidance of 2018\n") && old.contains("HIPAA (2018), Amazon S3, lines 487-519"),
        "{old}"
    );
    assert!(
        new.starts_with("guidance of 2023\n") && new.contains("HIPAA (2023), Amazon S3, line 918"),
        "{new}"
    );
    let both = said(&["guidance", "show", "hipaa/s3/3"]);
    assert!(
        both.starts_with("guidance of 2018, 2023\n") && both.contains("also in the edition of 2018"),
        "{both}"
    );
    // What an edition does not state is refused, counted and searched for as such.
    let only = |edition: sekisho_guidance::Seed| {
        sekisho_guidance::requirements().find(|row| row.seed == edition).unwrap().id
    };
    for (seed, edition) in
        [(sekisho_guidance::Seed::Hipaa2018, "2023"), (sekisho_guidance::Seed::Hipaa2023, "2018")]
    {
        let refused = sekisho(&at, &["guidance", "show", only(seed), "--edition", edition]);
        assert_eq!(status(&refused), 2);
        let message = String::from_utf8(refused.stderr).unwrap();
        assert!(
            message.contains(&format!("the edition of {edition} does not state {}", only(seed))),
            "{message}"
        );
    }
    let rows = |edition: &[&str]| {
        let answer = [&["guidance", "coverage", "--format", "json"], edition].concat();
        json(&sekisho(&at, &answer))["rows"].as_u64().unwrap()
    };
    let stated =
        |edition| sekisho_guidance::requirements().filter(|row| row.stated_in(edition)).count() as u64;
    assert_eq!(rows(&[]), 1592);
    assert_eq!(rows(&["--edition", "2018"]), stated(sekisho_guidance::Edition::Of2018));
    assert_eq!(rows(&["--edition", "2023"]), stated(sekisho_guidance::Edition::Of2023));
    assert!(
        !said(&["guidance", "search", "old generation", "--edition", "2018"]).contains("hipaa/elasticache")
    );
    // A control as an edition demands it, and one that answers nothing of it.
    let page = said(&["explain", "s3-bucket-allows-plain-http", "--edition", "2018"]);
    assert!(
        page.starts_with("guidance of 2018\n") && page.contains("HIPAA (2018)") && !page.contains("(2023)"),
        "{page}"
    );
    let none = sekisho(&at, &["explain", "elasticache-node-of-old-generation", "--edition", "2018"]);
    assert_eq!(status(&none), 2);
    assert!(String::from_utf8(none.stderr).unwrap().contains("states nothing that"));
}

#[test]
fn a_newer_list_of_eligible_services_is_imported() {
    let at = folder("eligible");
    let template = "Resources:\n  Sums:\n    Type: AWS::DSQL::Cluster\n    Properties: {DeletionProtectionEnabled: true}\n";
    fs::write(at.join("db.yaml"), template).unwrap();
    let judged = |settings: &str| {
        fs::write(at.join("sekisho.toml"), format!("[phi]\nresources = ['Sums']\n{settings}")).unwrap();
        let scan = [
            "scan",
            "db.yaml",
            "--format",
            "json",
            "--verdicts",
            "all",
            "--control",
            "service-not-eligible-for-phi",
        ];
        let value = json(&sekisho(&at, &scan));
        let verdict = value["verdicts"][0]["verdict"].as_str().unwrap().to_owned();
        (verdict, value["run"]["guidance"]["eligibility_as_of"].as_str().unwrap().to_owned())
    };
    let list = |listed: &str| {
        format!(
            "as_of: 2026-11-01\nlist: https://x\nsource: https://x\nservices:\n- {{service: Aurora DSQL, slug: dsql, namespaces: [AWS::DSQL], listed: {listed}}}\n"
        )
    };
    let imported = "[eligibility]\nlist = 'list.yaml'\n";
    let built_in = judged("");
    assert_eq!(built_in.0, "unknown");
    fs::write(at.join("list.yaml"), list("eligible")).unwrap();
    assert_eq!(judged(imported), ("pass".to_owned(), "2026-11-01".to_owned()));
    fs::write(at.join("list.yaml"), list("excluded, excludes: {en: all of it}")).unwrap();
    assert_eq!(judged(imported).0, "fail");
    // What is wrong with it is told with its place; so is a file that is not there.
    fs::write(at.join("list.yaml"), list("elligible")).unwrap();
    let wrong = sekisho(&at, &["scan", "db.yaml"]);
    assert_eq!(status(&wrong), 2);
    let message = String::from_utf8(wrong.stderr).unwrap();
    assert!(message.contains("list.yaml:5:") && message.contains("did you mean `eligible`?"), "{message}");
    fs::remove_file(at.join("list.yaml")).unwrap();
    assert_eq!(status(&sekisho(&at, &["scan", "db.yaml"])), 2);
}

#[test]
fn tables_to_fill_in_are_written() {
    let at = folder("tables");
    fs::write(at.join("db.yaml"), OPEN_DATABASE).unwrap();
    let boundaries = sekisho(&at, &["responsibility", "--csv", "--lang", "ja", "."]);
    let text = String::from_utf8(boundaries.stdout).unwrap();
    assert!(text.starts_with("\u{feff}層,サービスの区分,"), "{text}");
    let scan = ["scan", "db.yaml", "--framework", "jp-mhlw-safety-6.0", "--checklist", "list.csv"];
    let report = sekisho(&at, &scan);
    assert!(String::from_utf8(report.stdout).unwrap().contains("運用-13"));
    assert!(fs::read_to_string(at.join("list.csv")).unwrap().contains("運用-13,Networks,"));
    assert_eq!(status(&sekisho(&at, &["scan", "db.yaml", "--checklist", "list.csv"])), 2);
}
