//! The edges of the resource graph, one line each.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod support;

use sekisho_graph::{Names, edges};
use sekisho_source_cloudformation::Options;
use support::estate;

const DATA: &str = "
Parameters:
  Which: {Type: String, Default: a, AllowedValues: [a, b]}
Conditions:
  IsA: !Equals [!Ref Which, a]
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}
  Other: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}
  Trails: {Type: AWS::S3::Bucket, Properties: {BucketName: aozora-trails}}
  Named:
    Type: AWS::CloudTrail::Trail
    Properties: {IsLogging: true, S3BucketName: aozora-trails, KMSKeyId: !GetAtt Key.Arn}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {KmsKeyId: !If [IsA, !GetAtt Key.Arn, !GetAtt Other.Arn]}}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Trails
      PolicyDocument: {Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: !Sub '${Trails.Arn}/*'}]}
Outputs:
  KeyArn: {Value: !GetAtt Key.Arn, Export: {Name: key}}
";

const APP: &str = "
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: !ImportValue key}}
";

#[test]
fn references_texts_names_and_imports_are_edges() {
    let estate = estate(&[("app.yaml", APP), ("data.yaml", DATA)], &Options::default());
    let lines: Vec<String> = edges(&estate, &Names::new(&estate))
        .iter()
        .map(|e| {
            let (from, to) = (estate.id(e.from), estate.id(e.to));
            format!(
                "{from} -> {to}{} {:?} {:?}",
                if e.attribute.is_empty() { String::new() } else { format!(".{}", e.attribute) },
                e.kind,
                e.expected
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "Queue -> Key.Arn Reference Some(true)",
            "Named -> Trails Name Some(true)",
            "Named -> Key.Arn Reference Some(true)",
            "Logs -> Key.Arn Reference Some(true)",
            "Logs -> Other.Arn Reference Some(true)",
            // The schema says nothing of this property; the companions do.
            "Policy -> Trails Reference None",
            "Policy -> Trails.Arn Text None",
        ]
    );
}
