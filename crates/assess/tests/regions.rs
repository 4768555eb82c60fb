//! Replicas: one name in two regions. Who names it means the one that the ARN says, else the
//! one beside itself; ARNs of resources have the region and account of their provider.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_estate::{Estate, Reader, ResourceId, Target};
use sekisho_graph::Names;
use sekisho_policy::Pattern;
use sekisho_source_terraform::{Memory, Options, SourceFile, lower, read};

const MAIN: &str = r#"
provider "aws" {
  region              = "eu-west-1"
  allowed_account_ids = ["111122223333"]
}
provider "aws" {
  alias  = "replica"
  region = "us-west-2"
}
provider "aws" {
  alias  = "archive"
  region = "eu-west-1"
  assume_role { role_arn = "arn:aws:iam::444455556666:role/terraform" }
}
resource "aws_sqs_queue" "here" { name = "jobs" }
resource "aws_sqs_queue" "there" {
  provider = aws.replica
  name     = "jobs"
}
resource "aws_sqs_queue" "archive" {
  provider = aws.archive
  name     = "jobs"
}
resource "aws_sns_topic" "there" {
  provider = aws.replica
  name     = "events"
}
"#;

fn estate() -> Estate {
    let file = SourceFile { path: "r/main.tf".into(), bytes: MAIN.as_bytes().to_vec() };
    let mut estate = Estate::default();
    let options = Options { account: Some("111122223333".into()), ..Options::default() };
    lower::join(&mut estate, read(vec![file], &Memory::default(), &options));
    estate
}

fn id(estate: &Estate, name: &str) -> ResourceId {
    estate.resources().map(|(id, ..)| id).find(|id| estate.id(*id) == name).unwrap()
}

#[test]
fn a_name_means_the_resource_beside() {
    let estate = estate();
    let names = Names::new(&estate);
    let topic = id(&estate, "aws_sns_topic.there");
    let queue = |name: &str| Some(id(&estate, &format!("aws_sqs_queue.{name}")));
    let named = |text: &str| names.near(topic).named(&estate, "AWS::SQS::Queue", text);
    assert_eq!(named("jobs"), queue("there"));
    assert_eq!(names.named(&estate, "AWS::SQS::Queue", "jobs"), queue("here"));
    for (region, account, wanted) in [
        ("eu-west-1", "111122223333", queue("here")),
        ("us-west-2", "111122223333", queue("there")),
        ("eu-west-1", "444455556666", queue("archive")),
        ("ap-northeast-1", "111122223333", None),
        ("us-west-2", "999999999999", None),
        // Of two in a region the one in the account of who asks.
        ("eu-west-1", "${AWS::AccountId}", queue("here")),
        ("${AWS::Region}", "444455556666", queue("archive")),
    ] {
        let arn = format!("arn:aws:sqs:{region}:{account}:jobs");
        assert_eq!(named(&arn), wanted, "{arn}");
        assert_eq!(names.near(topic).arn(&estate, &arn), wanted, "{arn}");
    }
}

#[test]
fn an_arn_has_the_region_of_its_resource() {
    let estate = estate();
    let bump = bumpalo::Bump::new();
    let reader = Reader::new(&estate, &bump);
    let arn = |name: &str| {
        let id = id(&estate, name);
        let target = Target { stack: estate.stack(id.stack), resource: id.index, attribute: "" };
        Pattern::arn_of(&reader, target, "").display()
    };
    assert_eq!(arn("aws_sqs_queue.here"), "arn:aws:sqs:eu-west-1:111122223333:jobs");
    assert_eq!(arn("aws_sqs_queue.there"), "arn:aws:sqs:us-west-2:111122223333:jobs");
    assert_eq!(arn("aws_sqs_queue.archive"), "arn:aws:sqs:eu-west-1:444455556666:jobs");
}
