//! Plans and states: values of what is written down, places of the configuration where it is
//! at hand, nothing secret in the text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::collections::BTreeMap;

use sekisho_estate::json::Limits;
use sekisho_estate::{Estate, LineIndex, Node, NodeId, Stack};
use sekisho_source_terraform::{Memory, Options, Recordings, SourceFile, is_recorded, lower, read_recorded};

fn source(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), bytes: text.as_bytes().to_vec() }
}

fn recordings(plan: (&str, &str), sources: &[(&str, &str)], disk: &[(&str, &str)]) -> Recordings {
    assert!(is_recorded(plan.0, plan.1.as_bytes()), "{}", plan.1);
    let sources: Vec<SourceFile> = sources.iter().map(|(path, text)| source(path, text)).collect();
    let disk: BTreeMap<String, Vec<u8>> =
        disk.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    let plan = vec![source(plan.0, plan.1)];
    read_recorded(plan, &sources, &Memory(disk), &Options::default(), Limits::default())
}

fn estate(recordings: Recordings) -> Estate {
    let mut estate = Estate::default();
    lower::join(&mut estate, recordings.read);
    estate
}

/// File and line of a node, and the rest of the line from there.
fn at(stack: &Stack, offset: u32) -> String {
    let source = stack.tree.source();
    let (file, before) = stack.file_at(offset);
    let position = LineIndex::new(source).position(source, offset);
    let rest = source[offset as usize..].lines().next().unwrap_or_default();
    format!("{file}:{}:{} {rest}", position.line - before, position.column)
}

fn property(stack: &Stack, resource: usize, path: &str) -> NodeId {
    let mut node = stack.resources[resource].properties;
    for step in path.split('/') {
        node = match step.parse::<usize>() {
            Ok(index) => stack.tree.list(node)[index],
            Err(_) => stack.tree.get(node, step).unwrap_or_else(|| panic!("{path}: no {step}")),
        };
    }
    node
}

const MAIN: &str = r#"variable "open" { type = string }
variable "ports" { type = list(number) }
resource "aws_security_group" "g" {
  vpc_id = "vpc-1"
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
  dynamic "ingress" {
    for_each = var.ports
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = [var.open]
    }
  }
  lifecycle { prevent_destroy = true }
}
resource "aws_s3_bucket" "b" {
  for_each = toset(["a", "b"])
  bucket   = "phi-${each.key}"
}
resource "aws_s3_bucket_policy" "p" {
  bucket = aws_s3_bucket.b["a"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.b["a"].arn}/*"
    }]
  })
}
"#;

const PLAN: &str = r#"{"format_version":"1.2","terraform_version":"1.9.0",
"variables":{"open":{"value":"0.0.0.0/0"},"ports":{"value":[22]}},
"planned_values":{"root_module":{}},
"resource_changes":[
{"address":"aws_security_group.g","mode":"managed","type":"aws_security_group","name":"g","change":{"actions":["create"],"before":null,
"after":{"vpc_id":"vpc-1","description":"Managed by Terraform","ingress":[
{"from_port":22,"to_port":22,"protocol":"tcp","cidr_blocks":["0.0.0.0/0"]},{"from_port":443,"to_port":443,"protocol":"tcp","cidr_blocks":["10.0.0.0/8"]}]},"after_unknown":{"id":true}}},
{"address":"aws_s3_bucket.b[\"a\"]","mode":"managed","type":"aws_s3_bucket","name":"b","index":"a","change":{"actions":["delete","create"],"before":{"bucket":"old"},"after":{"bucket":"phi-a"},"after_unknown":{"id":true,"arn":true}}},
{"address":"aws_s3_bucket.b[\"b\"]","mode":"managed","type":"aws_s3_bucket","name":"b","index":"b","change":{"actions":["no-op"],"before":{"bucket":"phi-b"},"after":{"bucket":"phi-b","arn":"arn:aws:s3:::phi-b"},"after_unknown":{}}},
{"address":"aws_s3_bucket_policy.p","mode":"managed","type":"aws_s3_bucket_policy","name":"p","change":{"actions":["create"],"after":{},"after_unknown":{"bucket":true,"policy":true}}},
{"address":"aws_sns_topic.gone","mode":"managed","type":"aws_sns_topic","name":"gone","change":{"actions":["delete"],"before":{"name":"n"},"after":null}},
{"address":"aws_sns_topic.left","mode":"managed","type":"aws_sns_topic","name":"left","change":{"actions":["forget"],"before":{"name":"n"},"after":null}}
],
"configuration":{"provider_config":{"aws":{"name":"aws","expressions":{"region":{"constant_value":"eu-west-1"}}},
"aws.us":{"name":"aws","alias":"us","expressions":{"region":{"constant_value":"us-east-1"},"assume_role":[{"role_arn":{"constant_value":"arn:aws:iam::444455556666:role/t"}}]}}},
"root_module":{"resources":[
{"address":"aws_security_group.g","mode":"managed","type":"aws_security_group","name":"g","provider_config_key":"aws","expressions":{}},
{"address":"aws_s3_bucket.b","mode":"managed","type":"aws_s3_bucket","name":"b","provider_config_key":"aws.us","expressions":{"bucket":{"references":["each.key"]}}},
{"address":"aws_s3_bucket_policy.p","mode":"managed","type":"aws_s3_bucket_policy","name":"p","provider_config_key":"aws.us","expressions":{"bucket":{"references":["aws_s3_bucket.b[\"a\"].id","aws_s3_bucket.b[\"a\"]","aws_s3_bucket.b"]},"policy":{"references":["aws_s3_bucket.b[\"a\"].arn","aws_s3_bucket.b[\"a\"]","aws_s3_bucket.b"]}}}
]}}}"#;

#[test]
fn a_plan_points_into_the_configuration_beside_it() {
    let files = [("infra/main.tf", MAIN)];
    for (sources, disk) in [(&files[..], &[][..]), (&[][..], &files[..])] {
        let read = recordings(("infra/plan.json", PLAN), sources, disk);
        // Only what is read besides is stood for.
        let wanted: &[(String, String)] = &[("infra".into(), "infra/plan.json".into())];
        assert_eq!(read.stands_for, if sources.is_empty() { &[] } else { wanted });
        let estate = estate(read);
        let stack = &estate.stacks[0];
        assert_eq!(stack.id, "infra/plan.json");
        let shown =
            |resource: usize, path: &str| at(stack, stack.tree.offset(property(stack, resource, path)));
        assert_eq!(
            at(stack, stack.resources[0].offset),
            "infra/main.tf:3:1 resource \"aws_security_group\" \"g\" {"
        );
        // A plan sorts blocks; each finds the one that it is like.
        assert_eq!(shown(0, "SecurityGroupIngress/1/CidrIp"), "infra/main.tf:9:20 \"10.0.0.0/8\"]");
        assert_eq!(
            shown(0, "SecurityGroupIngress/0/FromPort"),
            "infra/main.tf:14:7 from_port   = ingress.value"
        );
        // What the provider fills in stands at the block.
        assert_eq!(shown(0, "GroupDescription"), "infra/main.tf:3:1 resource \"aws_security_group\" \"g\" {");
        let retained = property_of_body(stack, 0, "DeletionPolicy");
        assert_eq!(retained.as_deref(), Some("Retain"));
    }
}

fn property_of_body(stack: &Stack, resource: usize, name: &str) -> Option<String> {
    let node = stack.tree.get(stack.resources[resource].body, name)?;
    stack.tree.string(node).map(str::to_owned)
}

/// A document that is known only after apply is the one that the configuration writes.
#[test]
fn what_is_known_after_apply_is_what_is_written() {
    let estate = estate(recordings(("plan.json", PLAN), &[("main.tf", MAIN)], &[]));
    let stack = &estate.stacks[0];
    // The bucket of key "a" has the policy, that of "b" has none.
    let ids: Vec<&str> = stack.resources.iter().map(|resource| stack.text(resource.id)).collect();
    let policy = ids.iter().position(|id| *id == "aws_s3_bucket_policy.p").unwrap();
    let action = property(stack, policy, "PolicyDocument/Statement/0/Action");
    assert_eq!(stack.tree.string(action), Some("s3:GetObject"));
    assert_eq!(at(stack, stack.tree.offset(action)), "main.tf:33:19 \"s3:GetObject\"");
    assert!(matches!(
        stack.tree.node(property(stack, policy, "Bucket")),
        Node::Reference { resource: 1, .. }
    ));
}

#[test]
fn deletions_are_told_and_providers_are_those_of_the_plan() {
    let estate = estate(recordings(("plan.json", PLAN), &[], &[]));
    let said: Vec<&str> = estate.inputs[0].problems.iter().map(|problem| &*problem.message).collect();
    assert_eq!(
        said,
        [
            "aws_sns_topic.gone is deleted by this plan; it is not judged",
            "aws_sns_topic.left leaves Terraform and stays in AWS; it is not judged",
        ]
    );
    let places: Vec<String> = estate
        .resources()
        .map(|(id, ..)| format!("{} {:?} {:?}", estate.id(id), estate.account(id), estate.region(id)))
        .collect();
    assert_eq!(
        places,
        [
            r#"aws_security_group.g None Some("eu-west-1")"#,
            r#"aws_s3_bucket.b["a"] Some("444455556666") Some("us-east-1")"#,
            r#"aws_s3_bucket.b["b"] Some("444455556666") Some("us-east-1")"#,
            r#"aws_s3_bucket_policy.p Some("444455556666") Some("us-east-1")"#,
        ]
    );
}

#[test]
fn a_plan_of_another_configuration_is_judged_beside_it() {
    let more = format!("{MAIN}resource \"aws_sqs_queue\" \"new\" {{}}\n");
    let read = recordings(("plan.json", PLAN), &[("main.tf", &more)], &[]);
    assert!(read.stands_for.is_empty());
    let said = &read.read.inputs[0].problems[0].message;
    assert_eq!(
        said,
        "the plan is not of the configuration in . as it stands: it has no aws_sqs_queue.new; both are judged"
    );
    // Another configuration altogether is no reason to say anything.
    let read = recordings(("plan.json", PLAN), &[("main.tf", "resource \"aws_sqs_queue\" \"q\" {}")], &[]);
    assert!(read.read.inputs[0].problems.iter().all(|problem| !problem.message.contains("as it stands")));
    // One that is given elsewhere is found by what it declares.
    let read = recordings(("out/plan.json", PLAN), &[("infra/main.tf", MAIN), ("x/main.tf", "")], &[]);
    assert_eq!(read.stands_for, [("infra".to_owned(), "out/plan.json".to_owned())]);
}

/// What `terraform show -json` writes of a state says the same as the state file.
#[test]
fn a_state_is_read_in_both_forms() {
    let shown = r#"{"format_version":"1.0","terraform_version":"1.9.0","values":{"outputs":{"o":{"sensitive":true,"value":"hunter2"}},
"root_module":{"resources":[
{"address":"aws_sqs_queue.q","mode":"managed","type":"aws_sqs_queue","name":"q","values":{"name":"jobs","arn":"arn:aws:sqs:eu-west-1:111122223333:jobs"},"sensitive_values":{}},
{"address":"data.aws_secretsmanager_secret_version.s","mode":"data","type":"aws_secretsmanager_secret_version","name":"s","values":{"secret_string":"hunter2"}}],
"child_modules":[{"address":"module.m[\"x\"]","resources":[
{"address":"module.m[\"x\"].aws_db_instance.d[0]","mode":"managed","type":"aws_db_instance","name":"d","index":0,"values":{"password":"hunter2","storage_encrypted":false,"arn":"arn:aws:rds:us-west-2:111122223333:db:d"},"sensitive_values":{"password":true}}]}]}}}"#;
    let file = r#"{"version":4,"terraform_version":"1.9.0","lineage":"l","outputs":{"o":{"value":"hunter2"}},"resources":[
{"mode":"managed","type":"aws_sqs_queue","name":"q","provider":"provider[\"registry.terraform.io/hashicorp/aws\"]","instances":[{"attributes":{"name":"jobs","arn":"arn:aws:sqs:eu-west-1:111122223333:jobs"},"private":"hunter2"}]},
{"mode":"data","type":"aws_secretsmanager_secret_version","name":"s","instances":[{"attributes":{"secret_string":"hunter2"}}]},
{"module":"module.m[\"x\"]","mode":"managed","type":"aws_db_instance","name":"d","provider":"provider[\"registry.terraform.io/hashicorp/aws\"].us","instances":[{"index_key":0,"attributes":{"password":"hunter2","storage_encrypted":false,"arn":"arn:aws:rds:us-west-2:111122223333:db:d"},"sensitive_attributes":[[{"type":"get_attr","value":"password"}]]}]}]}"#;
    for (name, text) in [("shown.json", shown), ("terraform.tfstate", file)] {
        let estate = estate(recordings((name, text), &[], &[]));
        let stack = &estate.stacks[0];
        let places: Vec<String> = estate
            .resources()
            .map(|(id, ..)| format!("{} {:?} {:?}", estate.id(id), estate.account(id), estate.region(id)))
            .collect();
        assert_eq!(
            places,
            [
                r#"aws_sqs_queue.q Some("111122223333") Some("eu-west-1")"#,
                r#"module.m["x"].aws_db_instance.d[0] Some("111122223333") Some("us-west-2")"#,
            ],
            "{name}"
        );
        assert!(
            matches!(stack.tree.node(property(stack, 1, "MasterUserPassword")), Node::Secret(_)),
            "{name}"
        );
        // The text that findings show lines of has no secret, and every offset stays.
        assert!(!stack.tree.source().contains("hunter2"), "{name}");
        assert_eq!(stack.tree.source().trim_end().len(), text.len());
        assert!(stack.tree.source().contains(r#""storage_encrypted":false"#));
    }
}

#[test]
fn secrets_of_a_plan_are_not_in_its_text() {
    let plan = r#"{"format_version":"1.2","terraform_version":"1.9.0","variables":{"p":{"value":"hunter2"}},
"planned_values":{"outputs":{"o":{"value":"hunter2"}},"root_module":{"resources":[{"values":{"value":"hunter2"}}]}},
"resource_changes":[{"address":"aws_ssm_parameter.p","mode":"managed","type":"aws_ssm_parameter","name":"p",
"change":{"actions":["update"],"before":{"value":"hunter2"},"after":{"type":"String","value":"hun\"ter2","list":["a",{"b":"hunter2"}]},
"after_unknown":{},"after_sensitive":{"value":true,"list":[false,{"b":true}]}}}],
"prior_state":{"values":{"root_module":{"resources":[{"values":{"value":"hunter2"}}]}}}}"#;
    let estate = estate(recordings(("plan.json", plan), &[], &[]));
    let source = estate.stacks[0].tree.source();
    assert!(!source.contains("hunter2") && !source.contains("ter2"), "{source}");
    assert!(
        source.contains(r#""after":{"type":"String","value":"*********","list":["a",{"b":"*******"}]}"#),
        "{source}"
    );
}
