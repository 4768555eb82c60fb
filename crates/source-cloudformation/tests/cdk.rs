//! Cloud assemblies of the AWS CDK.

mod common;

use common::{check_rows, estate, estate_with, input, problems, stack};
use sekisho_source_cloudformation::Options;

const MANIFEST: &str = r#"{
  "version": "36.0.0",
  "artifacts": {
    "Data.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Data.assets.json"}},
    "Data": {
      "type": "aws:cloudformation:stack", "environment": "aws://111122223333/eu-west-1",
      "properties": {"templateFile": "Data.template.json"},
      "metadata": {"/App/Data/Bucket/Resource": [{"type": "aws:cdk:logicalId", "data": "Bucket"}]}
    },
    "Open": {
      "type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
      "properties": {"templateFile": "Open.template.json"}
    },
    "Gone": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Gone.template.json"}},
    "assembly-Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}},
    "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}
  }
}"#;

const DATA: &str = r#"{"Resources": {
  "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "b-${AWS::AccountId}-${AWS::Region}"}}},
  "Topic": {"Type": "AWS::SNS::Topic", "Metadata": {"aws:cdk:path": "App/Data/Topic/Resource"}},
  "Nested": {"Type": "AWS::CloudFormation::Stack",
    "Properties": {"TemplateURL": {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::URLSuffix"}, "/x.json"]]}},
    "Metadata": {"aws:asset:path": "DataNested.nested.template.json", "aws:asset:property": "TemplateURL"}}
}}"#;

const QUEUE: &str = r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "AWS::Region"}}}}}"#;

#[test]
fn stacks_are_where_their_manifest_says() {
    let nested = MANIFEST
        .replace("assembly-Prod", "none")
        .replace("Data.template.json", "Prod.template.json")
        .replace("eu-west-1", "us-east-1");
    let files = [
        ("cdk.out/manifest.json", MANIFEST),
        ("cdk.out/Data.template.json", DATA),
        ("cdk.out/DataNested.nested.template.json", QUEUE),
        ("cdk.out/Open.template.json", QUEUE),
        ("cdk.out/asset.0123/template.json", QUEUE),
        ("cdk.out/tree.json", r#"{"version": "tree-0.1", "tree": {"id": "App"}}"#),
        ("cdk.out/Data.assets.json", r#"{"version": "36.0.0", "files": {}, "dockerImages": {}}"#),
        ("cdk.out/assembly-Prod/manifest.json", nested.as_str()),
        ("cdk.out/assembly-Prod/Prod.template.json", QUEUE),
        ("other.json", QUEUE),
    ];
    let found = estate(&files);
    let places: Vec<_> =
        found.stacks.iter().map(|s| (s.id.as_str(), s.account.as_deref(), s.region.as_deref())).collect();
    let here = Some("111122223333");
    assert_eq!(
        places,
        [
            ("cdk.out/Data.template.json", here, Some("eu-west-1")),
            ("cdk.out/Data.template.json/Nested", here, Some("eu-west-1")),
            ("cdk.out/Open.template.json", None, None),
            ("cdk.out/assembly-Prod/Prod.template.json", here, Some("us-east-1")),
            ("other.json", None, None),
        ]
    );
    check_rows(&found, "cdk.out/Data.template.json", &[("Bucket/BucketName", "'b-111122223333-eu-west-1'")]);
    check_rows(&found, "cdk.out/Data.template.json/Nested", &[("Queue/QueueName", "'eu-west-1'")]);
    check_rows(&found, "cdk.out/assembly-Prod/Prod.template.json", &[("Queue/QueueName", "'us-east-1'")]);
    let paths: Vec<_> = stack(&found, "cdk.out/Data.template.json")
        .resources
        .iter()
        .map(|r| stack(&found, "cdk.out/Data.template.json").construct_path(r))
        .collect();
    assert_eq!(paths, [Some("App/Data/Bucket/Resource"), Some("App/Data/Topic/Resource"), None]);
    for (path, status, kind, said) in [
        (
            "cdk.out/manifest.json",
            "read",
            "manifest",
            "0:0 the template Gone.template.json that it names is not in this input",
        ),
        (
            "cdk.out/asset.0123/template.json",
            "ignored",
            "",
            "0:0 an asset of a CDK app: no stack of its manifest is made of it",
        ),
        (
            "cdk.out/tree.json",
            "ignored",
            "",
            "0:0 the construct tree of a CDK app: its resources are read from the templates",
        ),
        (
            "cdk.out/Data.assets.json",
            "ignored",
            "",
            "0:0 the list of assets of a CDK app: it describes no resources",
        ),
    ] {
        assert_eq!(input(&found, path).status.name(), status, "{path}");
        assert_eq!(input(&found, path).kind, kind, "{path}");
        assert_eq!(problems(&found, path), [said], "{path}");
    }
    // What is known of all stacks counts where the manifest says nothing.
    let options = Options { region: Some("ap-northeast-1".into()), ..Options::default() };
    let found = estate_with(&files, &options);
    assert_eq!(stack(&found, "cdk.out/Open.template.json").region.as_deref(), Some("ap-northeast-1"));
    assert_eq!(stack(&found, "cdk.out/Data.template.json").region.as_deref(), Some("eu-west-1"));
}

#[test]
fn a_nested_template_without_its_parent_is_read() {
    let found = estate(&[
        ("cdk.out/manifest.json", r#"{"version": "36.0.0", "artifacts": {"Tree": {"type": "cdk:tree"}}}"#),
        ("cdk.out/X.nested.template.json", QUEUE),
    ]);
    assert_eq!(found.stacks.len(), 1);
    // Some other manifest is none.
    let found = estate(&[("manifest.json", r#"{"version": "1", "artifacts": {"a": {"type": "x"}}}"#)]);
    assert_eq!(input(&found, "manifest.json").status.name(), "ignored");
}
