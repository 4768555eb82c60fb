//! Loops, transforms and modules.

mod common;

use common::{check, check_rows, edges, estate, problems, stack};

#[test]
fn loops_write_resources_outputs_conditions_and_properties() {
    let template = "
Transform: AWS::LanguageExtensions
Parameters:
  Wards: {Type: CommaDelimitedList, Default: 'eye, ear'}
  Env: {Type: String, Default: prod}
Mappings:
  Names: {prod: {List: [X, Y]}, eye: {Size: 1}, ear: {Size: 2}}
Conditions:
  'Fn::ForEach::Cond':
    - W
    - !Ref Wards
    - 'Is${W}': !Equals [!Ref Env, !Ref W]
Resources:
  'Fn::ForEach::Buckets':
    - Id
    - [A, B]
    - 'Bucket${Id}':
        Type: AWS::S3::Bucket
        Properties:
          BucketName: !Sub 'records-${Id}-${Env}'
          Tags: [{Key: !Ref Id, Value: {Ref: Id}}]
      'Policy${Id}':
        Type: AWS::S3::BucketPolicy
        DependsOn: 'Bucket${Id}'
        Properties: {Bucket: !Ref 'Bucket${Id}', Arn: !GetAtt 'Bucket${Id}.Arn', Other: !GetAtt [!Sub 'Bucket${Id}', Arn]}
  'Fn::ForEach::Wards':
    - W
    - !Ref Wards
    - 'Ward${W}':
        Type: Custom::T
        Condition: 'Is${W}'
        Properties: {Size: !FindInMap [Names, !Ref W, Size], Text: 'a ${W}', Not: '${!W}'}
  'Fn::ForEach::Mapped':
    - M
    - !FindInMap [Names, !Ref Env, List]
    - 'Fn::ForEach::Inner':
        - N
        - ['1', '10.0.0.0/8']
        - 'M${M}&{N}': {Type: Custom::T, Properties: {V: '${M}/${N}', C: !Ref N}}
  Looped:
    Type: Custom::T
    Properties:
      Fixed: 1
      'Fn::ForEach::Props': [P, [a, b], {'Prop${P}': !Sub 'is ${P}'}]
      Nested: {'Fn::ForEach::Q': [Q, [c], {'${Q}': !Ref Q}]}
Outputs:
  'Fn::ForEach::Out':
    - Id
    - [A, B]
    - 'Fn::ForEach::Att':
        - Attr
        - [Arn, DomainName]
        - 'Bucket${Id}${Attr}': {Value: !GetAtt [!Sub 'Bucket${Id}', !Ref Attr]}
";
    check(
        "t.yaml",
        template,
        &[
            ("BucketA/", "{BucketName: 'records-A-prod', Tags: [{Key: 'A', Value: 'A'}]}"),
            ("BucketB/BucketName", "'records-B-prod'"),
            ("PolicyB/", "{Bucket: →BucketB, Arn: →BucketB.Arn, Other: →BucketB.Arn}"),
            ("PolicyA/^/DependsOn", "'BucketA'"),
            ("Wardeye/", "'does not exist'"),
            ("MX1/", "{V: 'X/1', C: '1'}"),
            ("MY100008/", "{V: 'Y/10.0.0.0/8', C: '10.0.0.0/8'}"),
            ("Looped/", "{Fixed: 1, Propa: 'is a', Propb: 'is b', Nested: {c: 'c'}}"),
        ],
    );
    let estate = estate(&[("t.yaml", template)]);
    // The properties of the loop's making are no properties of the type; nothing else is said.
    let others: Vec<_> =
        problems(&estate, "t.yaml").into_iter().filter(|told| !told.contains("has no property")).collect();
    assert!(others.is_empty(), "{others:?}");
    let t = stack(&estate, "t.yaml");
    assert_eq!(t.resources.len(), 4 + 2 + 4 + 1);
    assert_eq!(
        edges(&estate, "t.yaml"),
        ["PolicyA→BucketA", "PolicyA→BucketA.Arn", "PolicyB→BucketB", "PolicyB→BucketB.Arn"]
    );
}

#[test]
fn loops_read_alike_in_json() {
    let template = r#"{"Transform": ["AWS::LanguageExtensions"], "Resources": {
        "Fn::ForEach::B": ["Id", ["A", "B"], {"Bucket${Id}": {"Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": {"Fn::Sub": "x-${Id}"}, "R": {"Ref": "Id"}}}}]}}"#;
    check("t.json", template, &[("BucketA/", "{BucketName: 'x-A', R: 'A'}"), ("BucketB/R", "'B'")]);
}

#[test]
fn unknown_collections_are_reported_by_name() {
    let template = "
Transform: AWS::LanguageExtensions
Parameters:
  Wards: {Type: CommaDelimitedList}
  Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}
Mappings: {Names: {dev: {L: [A]}, prod: {L: [A, B]}}}
Resources:
  'Fn::ForEach::Wards': [W, !Ref Wards, {'Ward${W}': {Type: Custom::T}}]
  'Fn::ForEach::Envs': [E, !FindInMap [Names, !Ref Env, L], {'Env${E}': {Type: Custom::T, Properties: {P: !Ref WardX}}}]
  'Fn::ForEach::Bad': [E, [a]]
  Looped: {Type: Custom::T, Properties: {'Fn::ForEach::P': [P, !Ref Wards, {'${P}': 1}], Fixed: 1}}
";
    let estate = estate(&[("t.yaml", template)]);
    check_rows(
        &estate,
        "t.yaml",
        &[
            ("EnvA/P", "unknown: parameter Wards has no value, no default and no list of allowed values"),
            ("Looped/", "unknown: parameter Wards has no value, no default and no list of allowed values"),
        ],
    );
    assert_eq!(
        problems(&estate, "t.yaml"),
        [
            "!8:29 the collection of Fn::ForEach::Wards is not known (parameter Wards has no value, no default and no list of allowed values); Ward${W} is not read",
            "!9:28 Fn::ForEach::Envs is expanded only for Env=dev; other values may make other items",
            "!10:23 Fn::ForEach::Bad needs an identifier, a collection and a map; it is not read",
            "!11:64 the collection of Fn::ForEach::P is not known (parameter Wards has no value, no default and no list of allowed values); ${P} is not read",
        ]
    );
}

#[test]
fn loops_do_not_grow_without_end() {
    let items: Vec<String> = (0..100).map(|i| i.to_string()).collect();
    let items = items.join(",");
    let mut template = String::from("Transform: AWS::LanguageExtensions\nResources:\n");
    let mut indent = String::from("  ");
    for level in 0..6 {
        template.push_str(&format!(
            "{indent}'Fn::ForEach::L{level}':\n{indent}  - I{level}\n{indent}  - [{items}]\n{indent}  -\n"
        ));
        indent.push_str("    ");
    }
    template
        .push_str(&format!("{indent}'R${{I0}}${{I1}}${{I2}}${{I3}}${{I4}}${{I5}}': {{Type: Custom::T}}\n"));
    let estate = estate(&[("t.yaml", &template)]);
    assert_eq!(common::input(&estate, "t.yaml").status.name(), "partly");
    assert!(problems(&estate, "t.yaml").iter().any(|p| p.contains("more than 1000000 values")));
}

#[test]
fn loops_without_their_transform_are_expanded_and_said() {
    let template = "Resources: {'Fn::ForEach::B': [I, [a], {'R${I}': {Type: Custom::T}}]}";
    let estate = estate(&[("t.yaml", template)]);
    assert_eq!(stack(&estate, "t.yaml").resources.len(), 1);
    assert!(problems(&estate, "t.yaml")[0].contains("needs `Transform: AWS::LanguageExtensions`"));
}

#[test]
fn transforms_say_what_they_hide() {
    let sam = "
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: x}}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Handler: a}}
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: b, R: !GetAtt FRole.Arn}}
";
    check(
        "t.yaml",
        sam,
        &[("F/Handler", "'a'"), ("F/Runtime", "'x'"), ("B/BucketName", "'b'"), ("B/R", "→FRole.Arn")],
    );
    let own = "
Transform: [Mine, AWS::LanguageExtensions]
Resources:
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: b}}
";
    check("t.yaml", own, &[("B/BucketName", "unknown: transform Mine is not evaluated")]);
    let include = "
Transform: {Name: AWS::Include, Parameters: {Location: 's3://b/k'}}
Resources:
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: b, R: !Ref Other}}
  'Fn::Transform': {Name: AWS::Include, Parameters: {Location: 's3://b/k'}}
  C: {Type: AWS::S3::Bucket, Properties: {BucketName: c, 'Fn::Transform': {Name: AWS::Include}}}
  D: {Type: AWS::S3::Bucket, 'Fn::Transform': {Name: AWS::Include}}
";
    check(
        "t.yaml",
        include,
        &[
            ("B/BucketName", "'b'"),
            ("B/R", "unknown: transform AWS::Include is not evaluated"),
            ("C/BucketName", "unknown: transform AWS::Include is not evaluated"),
            ("D/BucketName", "unknown: transform AWS::Include is not evaluated"),
        ],
    );
    for (text, status) in [
        (sam, "read"),
        (own, "partly"),
        (include, "partly"),
        ("Transform: AWS::CodeDeployBlueGreen\nResources: {B: {Type: AWS::S3::Bucket}}\nHooks: {}\n", "read"),
        ("Transform: AWS::SecretsManager-2024-09-16\nResources: {B: {Type: AWS::S3::Bucket}}\n", "read"),
    ] {
        let estate = estate(&[("t.yaml", text)]);
        assert_eq!(common::input(&estate, "t.yaml").status.name(), status, "{text}");
    }
}

#[test]
fn modules_are_named() {
    let template = "
Resources:
  M: {Type: My::S3::Bucket::MODULE, Properties: {A: 1}}
  R: {Type: !Rain::Module '../bucket.yaml', Properties: {A: 1}}
  J: {Type: {'Rain::Module': x.yaml}}
  T: {Type: Custom::T, Properties: {A: !Ref M.Bucket, B: !GetAtt MBucket.Arn, C: !Ref R, D: !Sub '${RLogs.Arn}', E: !Ref J}}
";
    check(
        "t.yaml",
        template,
        &[
            ("M/A", "unknown: module My::S3::Bucket::MODULE is not expanded"),
            ("T/A", "unknown: module My::S3::Bucket::MODULE is not expanded"),
            ("T/B", "unknown: module My::S3::Bucket::MODULE is not expanded"),
            ("T/C", "unknown: module ../bucket.yaml is not expanded"),
            ("T/D", "unknown: module ../bucket.yaml is not expanded"),
            ("T/E", "unknown: module x.yaml is not expanded"),
        ],
    );
    let estate = estate(&[("t.yaml", template)]);
    let input = common::input(&estate, "t.yaml");
    assert_eq!((input.status.name(), input.resources), ("partly", 2));
    assert!(problems(&estate, "t.yaml").iter().all(|p| p.starts_with('!')));
}
