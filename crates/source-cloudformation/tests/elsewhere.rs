//! Stacks that stack sets and products create, and deployment files.

mod common;

use common::{check_rows, estate, input, problems, stack};
use sekisho_estate::LineIndex;

#[test]
fn a_stack_set_creates_a_stack_for_every_target() {
    let template = "Parameters: {Name: {Type: String, Default: n}}
Resources:
  Set:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: s
      Parameters: [{ParameterKey: P, ParameterValue: !Ref Name}, {ParameterKey: Q, ParameterValue: q}]
      StackInstancesGroup:
      - {DeploymentTargets: {Accounts: ['111122223333', '444455556666']}, Regions: [eu-west-1]}
      - {DeploymentTargets: {OrganizationalUnitIds: [ou]}, Regions: [us-east-1], ParameterOverrides: [{ParameterKey: Q, ParameterValue: other}]}
      TemplateBody: |
        Parameters: {P: {Type: String}, Q: {Type: String}}
        Resources:
          B:
            Type: AWS::S3::Bucket
            Properties:
              BucketName: !Sub '${P}-${Q}-${AWS::AccountId}-${AWS::Region}'
";
    let found = estate(&[("t.yaml", template)]);
    assert_eq!(problems(&found, "t.yaml"), Vec::<String>::new());
    let ids: Vec<&str> = found.stacks.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "t.yaml",
            "t.yaml/Set/111122223333/eu-west-1",
            "t.yaml/Set/444455556666/eu-west-1",
            "t.yaml/Set/unknown/us-east-1",
        ]
    );
    check_rows(&found, ids[1], &[("B/BucketName", "'n-q-111122223333-eu-west-1'")]);
    check_rows(&found, ids[3], &[("B/BucketName", "“n-other-${AWS::AccountId}-us-east-1”")]);
    assert_eq!(found.address(stack(&found, ids[1]).parent.unwrap()), "t.yaml#Set");
    // What stands in the text stands in the file.
    let child = stack(&found, ids[1]);
    let bucket = &child.resources[0];
    let name = child.tree.get(bucket.properties, "BucketName").unwrap();
    let at = LineIndex::new(template).position(template, child.tree.offset(name));
    assert_eq!((at.line, at.column), (17, 27));
    assert_eq!((child.file.as_str(), input(&found, "t.yaml").status.name()), ("t.yaml", "read"));
}

#[test]
fn a_stack_set_may_name_a_file_of_the_input() {
    let set = |more: &str| {
        format!("Resources: {{Set: {{Type: AWS::CloudFormation::StackSet, Properties: {{{more}}}}}}}\n")
    };
    let child = "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref AWS::Region}}}\n";
    let found = estate(&[
        ("t.yaml", &set("TemplateURL: 'https://b.s3.amazonaws.com/x/child.yaml'")),
        ("x/child.yaml", child),
    ]);
    assert_eq!(found.stacks.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["t.yaml", "t.yaml/Set"]);
    check_rows(
        &found,
        "t.yaml/Set",
        &[("B/BucketName", "unknown: AWS::Region is known only where the stack is deployed")],
    );
    for (body, said) in [
        ("TemplateBody: !Sub '${AWS::Region}'", "the template in Set is not read: its text is not known"),
        ("TemplateBody: 'a: b'", "the template in Set is not read: it has no Resources"),
        ("TemplateURL: gone.yaml", "nested template gone.yaml is not in this input"),
    ] {
        let found = estate(&[("t.yaml", &set(body))]);
        assert!(
            problems(&found, "t.yaml").iter().any(|p| p.contains(said)),
            "{:?}",
            problems(&found, "t.yaml")
        );
        assert_eq!(found.stacks.len(), 1);
    }
    let json = r#"{"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateBody": "{\"Resources\": {\"Q\": {\"Type\": \"AWS::SQS::Queue\", \"Properties\": {\"QueueName\": \"q\"}}}}"}}}}"#;
    let found = estate(&[("t.json", json)]);
    check_rows(&found, "t.json/Set", &[("Q/QueueName", "'q'")]);
}

#[test]
fn products_are_judged() {
    let template = "
Resources:
  One: {Type: AWS::ServiceCatalog::CloudFormationProduct, Properties: {Name: p, ProvisioningArtifactParameters: [{Name: v1, Info: {LoadTemplateFromURL: 'https://s3.amazonaws.com/b/one.yaml'}}]}}
  Two:
    Type: AWS::ServiceCatalog::CloudFormationProduct
    Properties:
      ProvisioningArtifactParameters:
      - {Name: v1, Info: {LoadTemplateFromURL: 'https://s3.amazonaws.com/b/one.yaml'}}
      - {Info: {LoadTemplateFromURL: 'https://s3.amazonaws.com/b/one.yaml'}}
";
    let one = "Parameters: {P: {Type: String, Default: d}}\nResources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref P}}}\n";
    let found = estate(&[("t.yaml", template), ("one.yaml", one)]);
    assert_eq!(
        found.stacks.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(),
        ["t.yaml", "t.yaml/One", "t.yaml/Two/2", "t.yaml/Two/v1"]
    );
    check_rows(&found, "t.yaml/One", &[("Q/QueueName", "'d'")]);
}

#[test]
fn a_deployment_file_names_its_template() {
    let child = "Parameters: {P: {Type: String}}\nResources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref P}}}\n";
    let deployment = "template-file-path: infra/second.yaml\nparameters: {P: given}\ntags: {a: b}\n";
    let found =
        estate(&[("deploy/d.yaml", deployment), ("infra/first.yaml", child), ("infra/second.yaml", child)]);
    check_rows(&found, "infra/second.yaml", &[("Q/QueueName", "'given'")]);
    check_rows(
        &found,
        "infra/first.yaml",
        &[("Q/QueueName", "unknown: parameter P has no value, no default and no list of allowed values")],
    );
    assert_eq!(problems(&found, "deploy/d.yaml"), Vec::<String>::new());
    let missing = estate(&[("deploy/d.yaml", deployment), ("infra/first.yaml", child)]);
    assert_eq!(
        problems(&missing, "deploy/d.yaml"),
        ["0:0 its template infra/second.yaml is not in this input, seen from deploy/d.yaml"]
    );
}
