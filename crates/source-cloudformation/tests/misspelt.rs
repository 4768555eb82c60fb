//! Properties that their types do not have are told with their line and what was meant, and
//! nothing is said where any name may stand.

#![allow(clippy::unwrap_used)]

mod common;

use common::{estate, input};
use sekisho_estate::InputStatus;

fn said(template: &str) -> Vec<String> {
    let found = estate(&[("t.yaml", template)]);
    let input = input(&found, "t.yaml");
    assert_eq!(input.status, InputStatus::Read, "{:?}", input.problems);
    input.problems.iter().map(|p| format!("{}:{} {}", p.line, p.column, p.message)).collect()
}

#[test]
fn what_was_meant_is_told_with_its_line() {
    let template = "\
Parameters: {Env: {Type: String}}
Conditions: {Never: !Equals [!Ref Env, b]}
Resources:
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties:
      IsLogging: true
      KmsKeyId: alias/audit
      EventSelectors:
        - ReadWriteTyp: All
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption: !If
        - Never
        - ServerSideEncryptionConfigurations: []
        - {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgoritm: AES256}}]}
      Frobnicate: 1
";
    assert_eq!(
        said(template),
        [
            "8:7 AWS::CloudTrail::Trail has no property KmsKeyId; did you mean KMSKeyId?",
            "10:11 AWS::CloudTrail::Trail at /EventSelectors has no property ReadWriteTyp; did you mean ReadWriteType?",
            "16:11 AWS::S3::Bucket at /BucketEncryption has no property ServerSideEncryptionConfigurations; did you mean ServerSideEncryptionConfiguration?",
            "17:81 AWS::S3::Bucket at /BucketEncryption/ServerSideEncryptionConfiguration/ServerSideEncryptionByDefault has no property SSEAlgoritm; did you mean SSEAlgorithm?",
            "18:7 AWS::S3::Bucket has no property Frobnicate in its schema; CloudFormation refuses it, or it is newer",
        ]
    );
}

#[test]
fn nothing_is_said_where_any_name_may_stand() {
    for template in [
        // Custom resources take what their functions want.
        "Resources: {C: {Type: Custom::Thing, Properties: {ServiceToken: a, Anything: 1}}}",
        "Resources: {C: {Type: AWS::CloudFormation::CustomResource, Properties: {ServiceToken: a, Anything: 1}}}",
        // Documents, and maps of free keys.
        "Resources: {R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statment: []}}}}",
        "Resources: {P: {Type: AWS::SSM::Association, Properties: {Name: a, Parameters: {Free: [x]}}}}",
        // A type that nobody knows.
        "Resources: {U: {Type: AWS::Nothing::Known, Properties: {Whatever: 1}}}",
        // What AWS sets is a property all the same.
        "Resources: {B: {Type: AWS::S3::Bucket, Properties: {Arn: x}}}",
    ] {
        let found = estate(&[("t.yaml", template)]);
        assert_eq!(input(&found, "t.yaml").problems, [], "{template}");
    }
}

/// A macro may take away or rename what stands here.
#[test]
fn nothing_is_said_under_a_macro() {
    let template =
        "{Transform: Count, Resources: {B: {Type: AWS::S3::Bucket, Properties: {BuketName: x, Count: 3}}}}";
    let found = estate(&[("t.yaml", template)]);
    let messages: Vec<_> = input(&found, "t.yaml").problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].starts_with("macro Count is not evaluated"), "{messages:?}");
}
