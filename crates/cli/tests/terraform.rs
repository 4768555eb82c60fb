//! Terraform on the command line: which files are read, and what the options say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder of its own for one test, with files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _fresh = fs::remove_dir_all(&folder);
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn sekisho(at: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(arguments)
        .current_dir(at)
        .env_remove("LC_ALL")
        .env("LANG", "C")
        .env("TF_VAR_encrypted", "true")
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

const DATABASE: &str = r#"
variable "encrypted" {
  type    = bool
  default = false
}
resource "aws_db_instance" "db" {
  count             = 2
  engine            = "mysql"
  storage_encrypted = var.encrypted
}
"#;

/// The verdicts of one control, with the addresses.
fn verdicts(scan: &Value, control: &str) -> Vec<String> {
    let of = scan["verdicts"].as_array().unwrap().iter().filter(|v| v["control"] == control);
    of.map(|v| format!("{} {}", v["verdict"].as_str().unwrap(), v["resource"]["id"].as_str().unwrap()))
        .collect()
}

#[test]
fn values_of_variables_decide() {
    let at = folder(
        "terraform-values",
        &[
            ("infra/main.tf", DATABASE),
            ("prod.tfvars", "encrypted = true\n"),
            ("infra/x.tfvars", "encrypted = true\n"),
        ],
    );
    let control = "rds-storage-not-encrypted";
    let cases: &[(&[&str], &str)] = &[
        (&[], "fail"),
        (&["-var", "encrypted=true"], "pass"),
        (&["-var=encrypted=true"], "pass"),
        (&["--var", "encrypted=true"], "pass"),
        (&["-var-file", "prod.tfvars"], "pass"),
        (&["-var-file=prod.tfvars", "-var", "encrypted=false"], "fail"),
        (&["--parameter", "encrypted=true"], "pass"),
        (&["--tf-env"], "pass"),
    ];
    for (options, wanted) in cases {
        let mut arguments = vec!["scan", "infra", "--format", "json", "--verdicts", "all"];
        arguments.extend(*options);
        let scan = json(&sekisho(&at, &arguments));
        let found = verdicts(&scan, control);
        let wanted: Vec<String> = (0..2).map(|at| format!("{wanted} aws_db_instance.db[{at}]")).collect();
        assert_eq!(found, wanted, "{options:?}");
    }
    let missing = sekisho(&at, &["scan", "infra", "-var-file", "none.tfvars"]);
    assert_eq!(missing.status.code(), Some(2));
    let misspelt = sekisho(&at, &["scan", "infra", "-var", "encryptd=true"]);
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&misspelt.stderr).contains("did you mean encrypted?"));
}

#[test]
fn files_are_inputs_of_their_root_module() {
    let at = folder(
        "terraform-inputs",
        &[
            (
                "live/main.tf",
                "module \"m\" {\n  source = \"../modules/db\"\n}\nmodule \"r\" {\n  source = \"a/b/aws\"\n}\n",
            ),
            ("modules/db/main.tf", DATABASE),
            ("live/broken.tf", "resource \"aws_sqs_queue\" \"q\" {\n  name = = 1\n}\n"),
            ("cfn.yaml", "Resources:\n  T:\n    Type: AWS::SNS::Topic\n"),
        ],
    );
    let scan = json(&sekisho(&at, &["scan", ".", "--format", "json"]));
    let shown: Vec<String> = scan["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| {
            let problems: Vec<String> = input["problems"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|problem| !problem["message"].as_str().unwrap().contains("no counterpart"))
                .map(|problem| format!("{}:{}", problem["line"], problem["column"]))
                .collect();
            let text = |key: &str| input[key].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {} {} {}",
                text("path"),
                text("kind"),
                text("stack"),
                text("status"),
                problems.join(" ")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "cfn.yaml cloudformation cfn.yaml read ",
            "live/broken.tf terraform live partly 2:10",
            "live/main.tf terraform live partly 4:1",
            "modules/db/main.tf terraform live read ",
        ]
    );
    let ids = verdicts(&scan, "rds-storage-not-encrypted");
    assert_eq!(ids, ["fail module.m.aws_db_instance.db[0]", "fail module.m.aws_db_instance.db[1]"]);
    let finding =
        scan["verdicts"].as_array().unwrap().iter().find(|v| v["control"] == "rds-storage-not-encrypted");
    let origin = &finding.unwrap()["resource"]["origin"];
    assert_eq!((origin["file"].as_str(), origin["line"].as_u64()), (Some("modules/db/main.tf"), Some(6)));
    // A file that is named brings the folder that is its module.
    let named = json(&sekisho(&at, &["scan", "live/main.tf", "--format", "json"]));
    assert_eq!(verdicts(&named, "rds-storage-not-encrypted").len(), 2);
}

/// A state with one database; what `terraform.tfstate` holds beside the configuration.
const STATE: &str = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x", "resources": [
  {"mode": "managed", "type": "aws_db_instance", "name": "db", "instances": [
    {"attributes": {"id": "db-1", "identifier": "db-1", "engine": "mysql", "storage_encrypted": false}}]}]}"#;

#[test]
fn states_are_found_by_their_ending_and_read_by_their_content() {
    let at = folder(
        "terraform-states",
        &[
            ("all/live/terraform.tfstate", STATE),
            ("all/pulled.json", STATE),
            (
                "all/encrypted.tfstate",
                r#"{"meta": {}, "encrypted_data": "eA==", "encryption_version": "v0"}"#,
            ),
        ],
    );
    let scan = json(&sekisho(&at, &["scan", "all", "--format", "json"]));
    let files: Vec<&str> = scan["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|v| v["control"] == "rds-storage-not-encrypted" && v["verdict"] == "fail")
        .map(|v| v["resource"]["origin"]["file"].as_str().unwrap())
        .collect();
    assert_eq!(files, ["all/live/terraform.tfstate", "all/pulled.json"]);
    let inputs: Vec<(&str, &str)> = scan["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| (input["path"].as_str().unwrap(), input["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        inputs,
        [
            ("all/encrypted.tfstate", "unreadable"),
            ("all/live/terraform.tfstate", "read"),
            ("all/pulled.json", "read"),
        ]
    );
}

/// Where PHI may be is compared with the region of the provider of each resource.
#[test]
fn the_country_is_that_of_the_provider() {
    let table = |name: &str, more: &str| {
        format!(
            "resource \"aws_dynamodb_table\" \"{name}\" {{\n  {more}\n  name = \"claims\"\n  hash_key = \"id\"\n  \
             tags = {{ phi = \"yes\" }}\n}}\n"
        )
    };
    let main = format!(
        "provider \"aws\" {{ region = \"eu-west-1\" }}\nprovider \"aws\" {{\n  alias = \"us\"\n  region = \"us-east-1\"\n}}\n{}{}{}",
        table("here", ""),
        table("there", "provider = aws.us"),
        table("own", "region = \"ap-northeast-1\""),
    );
    let settings = "[phi]\ncountries = [\"IE\"]\ntags = [{ key = \"phi\", value = \"yes\" }]\n";
    let at = folder("countries", &[("main.tf", &main), ("sekisho.toml", settings)]);
    let control = "phi-stored-outside-allowed-places";
    let arguments = ["scan", ".", "--format", "json", "--verdicts", "all", "--control", control];
    let scan = json(&sekisho(&at, &arguments));
    let found: Vec<String> = scan["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| format!("{} {} {}", v["verdict"], v["resource"]["id"], v["resource"]["region"]))
        .collect();
    assert_eq!(
        found,
        [
            r#""pass" "aws_dynamodb_table.here" "eu-west-1""#,
            r#""fail" "aws_dynamodb_table.there" "us-east-1""#,
            r#""fail" "aws_dynamodb_table.own" "ap-northeast-1""#,
        ]
    );
}

/// A plan beside its configuration is judged once, and points into it; its verdicts are planned.
#[test]
fn a_plan_stands_for_the_configuration_beside_it() {
    let main = "variable \"size\" { type = number }\nresource \"aws_db_instance\" \"d\" {\n  engine = \"mysql\"\n  \
                allocated_storage = var.size\n  password = \"x\"\n}\n";
    let plan = r#"{"format_version":"1.2","terraform_version":"1.9.0","variables":{"size":{"value":5}},"planned_values":{},"resource_changes":[{"address":"aws_db_instance.d","mode":"managed","type":"aws_db_instance","name":"d","change":{"actions":["create"],"after":{"engine":"mysql","allocated_storage":5,"publicly_accessible":true,"password":"hunter2"},"after_unknown":{},"after_sensitive":{"password":true}}}]}"#;
    let at = folder("plan-beside", &[("main.tf", main), ("plan.json", plan)]);
    let output = sekisho(&at, &["scan", ".", "--format", "json"]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"));
    let scan = json(&output);
    assert_eq!(scan["summary"]["resources"], 1);
    let all = scan["verdicts"].as_array().unwrap();
    let public = all.iter().find(|v| v["control"] == "rds-instance-publicly-accessible").unwrap();
    assert_eq!(public["basis"], "planned");
    assert_eq!(public["resource"]["origin"]["file"], "main.tf");
    assert_eq!(public["evidence"][0]["line"], 2);
    for format in ["text", "sarif", "github", "jsonl"] {
        let output = sekisho(&at, &["scan", ".", "--format", format]);
        assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"), "{format}");
    }
}

/// Documents and blocks that the provider writes in another way than CloudFormation: what is
/// good there is not told to be bad.
#[test]
fn what_is_written_in_the_way_of_the_api_is_read() {
    let main = r#"
resource "aws_cloudwatch_log_group" "app" {}
resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name             = "app"
    environment      = [{ name = "AWS_SECRET_ACCESS_KEY", value = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" }]
    logConfiguration = { logDriver = "awslogs", options = { awslogs-group = aws_cloudwatch_log_group.app.name } }
  }])
}
resource "aws_msk_cluster" "kafka" {
  client_authentication {
    sasl {
      iam = true
    }
  }
}
resource "aws_sagemaker_endpoint_configuration" "model" {
  kms_key_arn = "arn:aws:kms:us-east-1:111122223333:key/1"
  production_variants {
    model_name    = "m"
    instance_type = "ml.m5.large"
  }
}
resource "aws_wafv2_web_acl" "front" {
  rule {
    name = "rate"
    statement {
      rate_based_statement {
        limit = 2000
      }
    }
  }
}
resource "aws_kinesisanalyticsv2_application" "flink" {
  runtime_environment = "FLINK-1_20"
  cloudwatch_logging_options {
    log_stream_arn = aws_cloudwatch_log_stream.flink.arn
  }
}
resource "aws_cloudwatch_log_stream" "flink" {}
resource "aws_ecs_service" "app" {
  service_connect_configuration {
    enabled = true
    service {
      port_name = "app"
      tls {
        issuer_cert_authority {
          aws_pca_authority_arn = "arn:aws:acm-pca:us-east-1:111122223333:certificate-authority/1"
        }
      }
    }
  }
}
"#;
    let at = folder("terraform-spelling", &[("main.tf", main)]);
    let scan = json(&sekisho(&at, &["scan", "--format", "json", "--verdicts", "all"]));
    for (control, wanted) in [
        ("ecs-container-without-central-log", "pass aws_ecs_task_definition.app"),
        ("ecs-environment-carries-secret", "fail aws_ecs_task_definition.app"),
        ("msk-admits-unauthenticated-clients", "pass aws_msk_cluster.kafka"),
        ("sagemaker-endpoint-without-kms-key", "pass aws_sagemaker_endpoint_configuration.model"),
        ("web-acl-without-rate-limit", "pass aws_wafv2_web_acl.front"),
        ("flink-application-without-log", "pass aws_kinesisanalyticsv2_application.flink"),
        ("ecs-service-connect-without-tls", "pass aws_ecs_service.app"),
    ] {
        assert_eq!(verdicts(&scan, control), [wanted], "{control}");
    }
}

/// A syntax error is drawn at its place, before the findings.
#[test]
fn a_syntax_error_has_a_frame() {
    let main = "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"x\" \"y\"\n}\n";
    let at = folder("terraform-frame", &[("main.tf", main)]);
    let text = String::from_utf8(sekisho(&at, &["scan", "--lang", "en"]).stdout).unwrap();
    let drawn = " --> main.tf:2:16\n  |\n2 |   bucket = \"x\" \"y\"\n  |                ^\n";
    assert!(text.contains("partly read: the line should end here"), "{text}");
    assert!(text.contains(drawn), "{text}");
}
