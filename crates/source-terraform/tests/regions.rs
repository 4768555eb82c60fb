//! Where a resource is: the region and account of the provider that manages it, through
//! aliases, modules and a `region` of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_estate::Estate;
use sekisho_source_terraform::{Memory, Options, SourceFile, lower, read};

fn estate(files: &[(&str, &str)], options: &Options) -> Estate {
    let files =
        files.iter().map(|(path, text)| SourceFile { path: (*path).into(), bytes: text.as_bytes().to_vec() });
    let mut estate = Estate::default();
    lower::join(&mut estate, read(files.collect(), &Memory::default(), options));
    estate
}

/// Id, account and region of each resource.
fn places(estate: &Estate) -> Vec<String> {
    let line = |(id, ..): (sekisho_estate::ResourceId, _, _)| {
        let shown = |text: Option<&str>| text.unwrap_or("?").to_owned();
        format!("{} {} {}", estate.id(id), shown(estate.account(id)), shown(estate.region(id)))
    };
    estate.resources().map(line).collect()
}

const ALIASES: &str = r#"
provider "aws" {
  region              = "eu-west-1"
  allowed_account_ids = ["111122223333"]
}
provider "aws" {
  alias  = "replica"
  region = "us-west-2"
  assume_role { role_arn = "arn:aws:iam::444455556666:role/terraform" }
  default_tags { tags = { Copy = "yes" } }
}
"#;

#[test]
fn a_resource_is_where_its_provider_is() {
    let main = format!(
        r#"{ALIASES}
resource "aws_sqs_queue" "here" {{ name = "jobs" }}
resource "aws_sqs_queue" "there" {{
  provider = aws.replica
  name     = "jobs"
}}
resource "aws_sqs_queue" "own" {{
  name   = "jobs"
  region = "ap-northeast-1"
}}
module "m" {{
  source    = "./m"
  providers = {{ aws = aws.replica, aws.second = aws }}
}}
"#
    );
    let module = r#"
terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      configuration_aliases = [aws.second]
    }
  }
}
resource "aws_sqs_queue" "first" {}
resource "aws_sqs_queue" "second" { provider = aws.second }
data "aws_region" "current" {}
resource "aws_sns_topic" "named" { name = "t-${data.aws_region.current.region}" }
"#;
    let estate = estate(&[("r/main.tf", &main), ("r/m/main.tf", module)], &Options::default());
    assert_eq!(
        places(&estate),
        [
            "aws_sqs_queue.here 111122223333 eu-west-1",
            "aws_sqs_queue.there 444455556666 us-west-2",
            "aws_sqs_queue.own 111122223333 ap-northeast-1",
            "module.m.aws_sqs_queue.first 444455556666 us-west-2",
            "module.m.aws_sqs_queue.second 111122223333 eu-west-1",
            "module.m.aws_sns_topic.named 444455556666 us-west-2",
        ]
    );
    let stack = &estate.stacks[0];
    let property = |at: usize, name: &str| {
        let node = stack.tree.get(stack.resources[at].properties, name);
        node.and_then(|node| stack.tree.string(node)).map(str::to_owned)
    };
    assert_eq!(property(5, "TopicName").as_deref(), Some("t-us-west-2"));
    // The tags of the provider come with it.
    let tagged = |at: usize| stack.tree.get(stack.resources[at].properties, "Tags").is_some();
    assert_eq!([tagged(0), tagged(1), tagged(3), tagged(4)], [false, true, true, false]);
    // Its own region is no attribute without counterpart.
    assert!(estate.inputs.iter().all(|input| input.problems.is_empty()), "{:?}", estate.inputs);
}

#[test]
fn what_is_not_said_is_not_the_region_of_the_others() {
    let main = r#"
variable "other" { type = string }
provider "aws" { region = "eu-west-1" }
provider "aws" {
  alias  = "open"
  region = var.other
}
provider "aws" {
  alias   = "profile"
  region  = "eu-west-1"
  profile = "archive"
}
resource "aws_sqs_queue" "here" {}
resource "aws_sqs_queue" "open" { provider = aws.open }
resource "aws_sqs_queue" "profile" { provider = aws.profile }
resource "aws_sqs_queue" "undeclared" { provider = aws.nowhere }
"#;
    let options = Options { account: None, ..Options::default() };
    let estate = estate(&[("r/main.tf", main)], &options);
    assert_eq!(
        places(&estate),
        [
            "aws_sqs_queue.here ? eu-west-1",
            "aws_sqs_queue.open ? ?",
            "aws_sqs_queue.profile ? eu-west-1",
            "aws_sqs_queue.undeclared ? ?",
        ]
    );
    // Without a role or profile an alias acts as the same account, whatever that is.
    let apart: Vec<String> =
        estate.stacks[0].apart.iter().map(|a| format!("{:?} {:?}", a.account, a.region)).collect();
    assert_eq!(
        apart,
        [
            r#"Same Unknown("region of provider aws.open")"#,
            r#"Unknown("account of provider aws.profile") Same"#,
            r#"Unknown("account of provider aws.nowhere") Unknown("region of provider aws.nowhere")"#,
        ]
    );
}

/// One name in two regions: a companion completes the one beside it.
#[test]
fn a_companion_joins_in_its_region() {
    let main = format!(
        r#"{ALIASES}
resource "aws_dynamodb_table" "here" {{ name = "claims" }}
resource "aws_dynamodb_table" "there" {{
  provider = aws.replica
  name     = "claims"
}}
resource "aws_dynamodb_resource_policy" "p" {{
  provider     = aws.replica
  resource_arn = "arn:aws:dynamodb:us-west-2:444455556666:table/claims"
  policy       = jsonencode({{ Statement = [] }})
}}
"#
    );
    let estate = estate(&[("r/main.tf", &main)], &Options::default());
    let stack = &estate.stacks[0];
    let has = |at: usize| stack.tree.get(stack.resources[at].properties, "ResourcePolicy").is_some();
    assert_eq!([has(0), has(1)], [false, true]);
}
