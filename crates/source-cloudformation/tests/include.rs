//! Files that templates include.

mod common;

use common::{check_rows, estate, input, problems, read_all};

#[test]
fn files_are_put_where_they_are_included() {
    let template = "
Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/shared/top.yaml}}
Parameters: {Where: {Type: String, Default: parts/props.json}}
Mappings:
  M: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: parts/map.yaml}}}
Resources:
  'Fn::Transform': {Name: AWS::Include, Parameters: {Location: parts/resources.yaml}}
  B:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: own
      'Fn::Transform': {Name: AWS::Include, Parameters: {Location: !Ref Where}}
  T:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !FindInMap [M, k, v], DisplayName: !Transform {Name: AWS::Include, Parameters: {Location: parts/name.json}}}
";
    let estate = estate(&[
        ("t.yaml", template),
        (
            "shared/top.yaml",
            "Conditions: {C: !Equals [a, a]}\nResources: {Top: {Type: AWS::SQS::Queue, Condition: C, Properties: {QueueName: top}}}\n",
        ),
        ("parts/map.yaml", "k: {v: mapped}\n"),
        (
            "parts/resources.yaml",
            "Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${B}-q', 'Fn::Transform': {Name: AWS::Include, Parameters: {Location: deep.yaml}}}}\n",
        ),
        ("parts/deep.yaml", "VisibilityTimeout: 7\n"),
        ("parts/props.json", r#"{"BucketName": "theirs", "Tags": [{"Key": "k", "Value": {"Ref": "T"}}]}"#),
        ("parts/name.json", r#"{"Fn::Sub": "${T}!"}"#),
        ("parts/unused.yaml", "a: b\n"),
    ]);
    check_rows(
        &estate,
        "t.yaml",
        &[
            ("Top/QueueName", "'top'"),
            ("Q/QueueName", "'own-q'"),
            ("Q/VisibilityTimeout", "7"),
            ("B/BucketName", "'own'"),
            ("B/Tags", "[{Key: 'k', Value: →T}]"),
            ("T/TopicName", "'mapped'"),
            ("T/DisplayName", "“${T}!”"),
        ],
    );
    assert_eq!(problems(&estate, "t.yaml"), Vec::<String>::new());
    assert_eq!(input(&estate, "t.yaml").status.name(), "read");
    assert_eq!(estate.stacks.len(), 1, "what is included is no stack of its own");
    for (path, status, kind) in [
        ("parts/props.json", "read", "snippet"),
        ("shared/top.yaml", "read", "snippet"),
        ("parts/deep.yaml", "read", "snippet"),
        ("parts/unused.yaml", "ignored", ""),
    ] {
        assert_eq!((input(&estate, path).status.name(), input(&estate, path).kind), (status, kind), "{path}");
    }
    read_all(&estate);
}

#[test]
fn what_cannot_be_included_is_said() {
    let include = |location: &str| format!("{{Name: AWS::Include, Parameters: {{Location: {location}}}}}");
    let template = format!(
        "
Parameters: {{P: {{Type: String}}}}
Resources:
  A: {{Type: AWS::S3::Bucket, Properties: {{BucketName: a, 'Fn::Transform': {}}}}}
  B: {{Type: AWS::S3::Bucket, Properties: {{BucketName: b, 'Fn::Transform': {}}}}}
  C: {{Type: AWS::S3::Bucket, Properties: {{BucketName: c, 'Fn::Transform': {}}}}}
",
        include("gone.yaml"),
        include("!Ref P"),
        include("round.yaml"),
    );
    let round = format!("'Fn::Transform': {}\n", include("round.yaml"));
    let estate = estate(&[("t.yaml", &template), ("round.yaml", &round)]);
    check_rows(
        &estate,
        "t.yaml",
        &[
            ("A/BucketName", "unknown: transform AWS::Include is not evaluated"),
            ("B/BucketName", "unknown: transform AWS::Include is not evaluated"),
            ("C/BucketName", "unknown: transform AWS::Include is not evaluated"),
        ],
    );
    assert_eq!(input(&estate, "t.yaml").status.name(), "partly");
    let said = problems(&estate, "t.yaml").join("\n");
    for part in [
        "the included file gone.yaml is not in this input",
        "which file is included here is not known",
        "round.yaml includes itself; it is not followed",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_definition_of_an_api_may_be_included() {
    let template = "
Transform: AWS::Serverless-2016-10-31
Resources:
  A: {Type: AWS::Serverless::Api, Properties: {StageName: s, DefinitionBody: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: api.yaml}}}, Auth: {DefaultAuthorizer: AWS_IAM}}}
";
    let estate = estate(&[("t.yaml", template), ("api.yaml", "swagger: '2.0'\npaths: {p: {get: {x: y}}}\n")]);
    check_rows(&estate, "t.yaml", &[("A/Body/paths/p/get/security", "[{AWS_IAM: []}]")]);
    assert_eq!(input(&estate, "t.yaml").status.name(), "read");
}
