//! What belongs together: templates that only lie in the same folder do not use each other's
//! services.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_graph::Names;
use sekisho_network::{Assumptions, End, Network, SERVICES};
use sekisho_source_cloudformation::{Options, SourceFile, read};

fn network(templates: &[(&str, &str)]) -> (Network, sekisho_estate::Estate) {
    let file = |(path, text): &(&str, &str)| SourceFile {
        path: (*path).into(),
        bytes: text.as_bytes().to_vec(),
        named: true,
    };
    let estate = read(templates.iter().map(file).collect(), &Options::default());
    let network = Network::new(&estate, &Names::new(&estate), &Assumptions::default());
    (network, estate)
}

fn uses(templates: &[(&str, &str)], host: &str, service: &str) -> bool {
    let (network, estate) = network(templates);
    let End::Holder(holder) = network.named(&estate, host).unwrap().ends[0] else { unreachable!() };
    network.uses(holder, SERVICES.iter().position(|row| row.name == service).unwrap())
}

const HOST: &str = r#"
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: {Ref: Vpc}, CidrBlock: 10.0.1.0/24}}
  App: {Type: AWS::EC2::Instance, Properties: {SubnetId: {Ref: Subnet}}}
"#;

#[test]
fn a_bucket_of_an_unrelated_template_is_not_used() {
    let bucket = "Resources:\n  Records: {Type: AWS::S3::Bucket}\n";
    assert!(!uses(&[("host.yaml", HOST), ("bucket.yaml", bucket)], "App", "s3"));
}

#[test]
fn a_bucket_of_the_same_template_is_used() {
    let both = format!("{HOST}  Records: {{Type: AWS::S3::Bucket}}\n");
    assert!(uses(&[("host.yaml", &both)], "App", "s3"));
    assert!(!uses(&[("host.yaml", &both)], "App", "kms"));
}

#[test]
fn stacks_that_import_from_each_other_are_one_environment() {
    let network = r#"
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: {Ref: Vpc}, CidrBlock: 10.0.1.0/24}}
  Records: {Type: AWS::S3::Bucket}
Outputs:
  Place: {Value: {Ref: Subnet}, Export: {Name: place}}
"#;
    let host = r#"
Resources:
  App: {Type: AWS::EC2::Instance, Properties: {SubnetId: {"Fn::ImportValue": place}}}
"#;
    assert!(uses(&[("network.yaml", network), ("host.yaml", host)], "App", "s3"));
}

#[test]
fn an_action_in_a_policy_is_use() {
    let both = format!(
        "{HOST}  Policy: {{Type: AWS::IAM::Policy, Properties: {{PolicyName: p, PolicyDocument: {{Statement: [{{Effect: Allow, Action: 'sqs:SendMessage', Resource: '*'}}]}}}}}}\n"
    );
    assert!(uses(&[("host.yaml", &both)], "App", "sqs"));
}
