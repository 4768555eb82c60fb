//! Each intrinsic function in its long and short forms, in all worlds.

mod common;

use common::{check, check_rows, edges, estate, estate_with, problems, stack};
use sekisho_source_cloudformation::Options;

/// Parameters, mappings and conditions that most templates here share.
const HEAD: &str = "
Transform: AWS::LanguageExtensions
Parameters:
  Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Name: {Type: String, Default: ward}
  Open: {Type: String}
  Zones: {Type: CommaDelimitedList, Default: 'a, b,c'}
  Days: {Type: Number, Default: 90}
Mappings:
  Sizes:
    dev: {Type: small, Ids: [x, y]}
    prod: {Type: large, Ids: [z]}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsOpen: !Equals [!Ref Open, 'yes']
  Never: !Equals [a, b]
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: records}}
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  T:
    Type: Custom::T
    Properties:
";

/// Checks one value in its YAML short form, YAML long form and JSON.
fn value(yaml: &str, expected: &str) {
    let template = format!("{HEAD}      P: {yaml}\n");
    check("t.yaml", &template, &[("T/P", expected)]);
}

#[test]
fn references() {
    for (yaml, expected) in [
        ("!Ref Name", "'ward'"),
        ("{Ref: Name}", "'ward'"),
        ("!Ref Env", "Env=dev: 'dev' | Env=prod: 'prod'"),
        ("!Ref Open", "unknown: parameter Open has no value, no default and no list of allowed values"),
        ("!Ref Zones", "['a', 'b', 'c']"),
        ("!Ref Days", "90"),
        ("!Ref Bucket", "→Bucket"),
        ("!Ref AWS::NoValue", "absent"),
        ("!Ref AWS::Region", "unknown: AWS::Region is known only where the stack is deployed"),
        ("!Ref Nobody", "unknown: Nobody is neither a resource nor a parameter of this template"),
        ("!Ref AWS::Nothing", "unknown: AWS::Nothing is neither a resource nor a parameter of this template"),
        ("{Ref: {'Fn::Sub': 'Bucket${Env}'}}", "unknown: function Ref is not evaluated"),
        (
            "{Ref: {'Fn::Sub': 'Buc${!k}'}}",
            "unknown: Buc${k} is neither a resource nor a parameter of this template",
        ),
        ("{Ref: {'Fn::Join': ['', [Buc, ket]]}}", "→Bucket"),
        ("{Ref: [a]}", "unknown: function Ref is not written as CloudFormation requires"),
        ("{Ref: Name, Other: 1}", "{Ref: 'Name', Other: 1}"),
        ("!GetAtt Bucket.Arn", "→Bucket.Arn"),
        ("{'Fn::GetAtt': [Bucket, Arn]}", "→Bucket.Arn"),
        ("{'Fn::GetAtt': Bucket.Arn}", "→Bucket.Arn"),
        ("!GetAtt Vpc.CidrBlock", "→Vpc.CidrBlock"),
        ("!GetAtt A.B.C", "unknown: A is neither a resource nor a parameter of this template"),
        ("!GetAtt [Bucket, A, B]", "→Bucket.A.B"),
        ("!GetAtt [Bucket, !Ref Name]", "→Bucket.ward"),
        ("!GetAtt [Bucket, !Ref Open]", "unknown: Bucket.* is known only after creation"),
        ("!GetAtt [!Sub 'Bucket', Arn]", "→Bucket.Arn"),
        ("!GetAtt Bucket", "unknown: function Fn::GetAtt is not written as CloudFormation requires"),
    ] {
        value(yaml, expected);
    }
}

#[test]
fn substitution() {
    for (yaml, expected) in [
        ("!Sub plain", "'plain'"),
        ("!Sub ''", "''"),
        ("!Sub '${Name}'", "'ward'"),
        ("!Sub 'a-${Name}-b'", "'a-ward-b'"),
        ("{'Fn::Sub': 'a-${Name}-b'}", "'a-ward-b'"),
        ("!Sub '${ Name }'", "'ward'"),
        ("!Sub '${Env}-x'", "Env=dev: 'dev-x' | Env=prod: 'prod-x'"),
        ("!Sub '${Bucket}'", "→Bucket"),
        // The bucket's name is written, so that it is known what the reference gives.
        ("!Sub '${Bucket}/*'", "'records/*'"),
        ("!Sub '${Bucket.Arn}/*'", "“${Bucket.Arn}/*”"),
        ("!Sub '${Vpc.CidrBlock}'", "→Vpc.CidrBlock"),
        ("!Sub 'x ${Vpc.CidrBlock}'", "'x 10.0.0.0/16'"),
        ("!Sub 'arn:${AWS::Partition}:s3'", "“arn:${AWS::Partition}:s3”"),
        ("!Sub '${!Literal}'", "'${Literal}'"),
        ("!Sub '$${Name}'", "'$ward'"),
        ("!Sub '${!Literal}-${Name}'", "'${Literal}-ward'"),
        ("!Sub '${Name'", "'${Name'"),
        ("!Sub '${}'", "'${}'"),
        ("!Sub ['${X}-${Name}', {X: 1}]", "'1-ward'"),
        ("!Sub ['${X}', {X: !Ref Zones}]", "['a', 'b', 'c']"),
        (
            "{'Fn::Sub': ['${X}-${Y}', {X: !Ref Name, Y: !If [IsProd, p, d]}]}",
            "Env=dev: 'ward-d' | Env=prod: 'ward-p'",
        ),
        ("!Sub ['x', y]", "unknown: function Fn::Sub is not written as CloudFormation requires"),
        ("!Sub 'a${No-Name}'", "“a${?}”"),
        ("!Sub 5", "'5'"),
        ("{'Fn::Sub': 5}", "5"),
    ] {
        value(yaml, expected);
    }
}

#[test]
fn lists_and_texts() {
    for (yaml, expected) in [
        ("!Join ['-', [a, 1, true]]", "'a-1-true'"),
        ("{'Fn::Join': ['', [a, !Ref Name]]}", "'award'"),
        ("!Join [',', !Ref Zones]", "'a,b,c'"),
        ("!Join ['-', [a, !Ref AWS::NoValue, b]]", "'a-b'"),
        ("!Join ['-', [a, !Ref Bucket]]", "'a-records'"),
        ("!Join [x]", "unknown: function Fn::Join is not written as CloudFormation requires"),
        ("!Split [',', 'a,b,,c']", "['a', 'b', '', 'c']"),
        ("{'Fn::Split': ['|', !Ref Name]}", "['ward']"),
        ("!Split ['', x]", "unknown: function Fn::Split is not written as CloudFormation requires"),
        ("!Select [1, [a, b, c]]", "'b'"),
        ("!Select ['1', [a, b, c]]", "'b'"),
        ("!Select [1, !Ref Zones]", "'b'"),
        ("!Select [1, !Split ['-', 'a-b']]", "'b'"),
        ("!Select [0, [!If [IsProd, p, !Ref AWS::NoValue], q]]", "Env=dev: 'q' | Env=prod: 'p'"),
        ("!Select [0, [!Ref Bucket]]", "→Bucket"),
        ("!Select [5, [a]]", "unknown: function Fn::Select is not written as CloudFormation requires"),
        ("!Select [0, !GetAZs '']", "unknown: Fn::GetAZs is known only where the stack is deployed"),
        (
            "{'Fn::GetAZs': {Ref: 'AWS::Region'}}",
            "unknown: Fn::GetAZs is known only where the stack is deployed",
        ),
        ("!Cidr [10.0.0.0/24, 2, 5]", "['10.0.0.0/27', '10.0.0.32/27']"),
        ("!Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 2, 8]]", "'10.0.1.0/24'"),
        ("!Select [0, !Cidr [!Ref Open, 2, 8]]", "unknown: function Fn::Cidr is not evaluated"),
        ("!Split ['o', !Ref Bucket]", "['rec', 'rds']"),
        ("{'Fn::Length': [a, b]}", "2"),
        ("{'Fn::Length': !Ref Zones}", "3"),
        ("{'Fn::Length': [a, !If [IsProd, b, !Ref AWS::NoValue]]}", "Env=dev: 1 | Env=prod: 2"),
        ("{'Fn::ToJsonString': {a: 1, b: [true, !Ref Name]}}", "'{\"a\":1,\"b\":[true,\"ward\"]}'"),
        ("{'Fn::Base64': !Sub 'p=${Name}'}", "'p=ward'"),
        ("!Base64 text", "'text'"),
        ("{'Fn::Base64': !Ref Bucket}", "→Bucket"),
        ("!FindInMap [Sizes, dev, Type]", "'small'"),
        ("!FindInMap [Sizes, dev, Ids]", "['x', 'y']"),
        ("{'Fn::FindInMap': [Sizes, !Ref Env, Type]}", "Env=dev: 'small' | Env=prod: 'large'"),
        ("!FindInMap [Sizes, !Ref Open, Type]", "Open=dev: 'small' | Open=prod: 'large'"),
        ("!FindInMap [Sizes, qa, Type]", "unknown: mapping Sizes.qa.Type has no such entry"),
        ("!FindInMap [Nothing, a, b]", "unknown: mapping Nothing has no such entry"),
        ("!FindInMap [Sizes, qa, Type, {DefaultValue: tiny}]", "'tiny'"),
        ("!FindInMap [Sizes, !Ref Name, Type, {DefaultValue: tiny}]", "'tiny'"),
        ("!FindInMap [!Sub 'Siz${X}s', dev, Type]", "alternative 1: 'small'"),
        ("!FindInMap [!Join ['', [Siz, es]], dev, Type]", "'small'"),
        ("!ImportValue nobody-exports", "unknown: no stack in this input exports nobody-exports"),
    ] {
        value(yaml, expected);
    }
}

#[test]
fn choices() {
    for (yaml, expected) in [
        ("!If [IsProd, a, b]", "Env=dev: 'b' | Env=prod: 'a'"),
        ("{'Fn::If': [IsProd, a, !Ref AWS::NoValue]}", "Env=dev: absent | Env=prod: 'a'"),
        ("!If [Never, a, b]", "'b'"),
        ("!If [Never, a, !Ref Bucket]", "→Bucket"),
        ("!If [IsOpen, a, b]", "Open≠yes: 'b' | Open=yes: 'a'"),
        ("!If [Undefined, a, b]", "Undefined: 'a' | not Undefined: 'b'"),
        ("!If [!Equals [x, x], a, b]", "'a'"),
        ("!If [IsProd, a]", "unknown: function Fn::If is not written as CloudFormation requires"),
        ("[a, !If [IsProd, b, !Ref AWS::NoValue], c]", "Env=dev: ['a', 'c'] | Env=prod: ['a', 'b', 'c']"),
        (
            "!If [IsProd, {K: !Ref Name}, {K: !If [IsOpen, x, y]}]",
            "Env=dev, Open≠yes: {K: 'y'} | Env=dev, Open=yes: {K: 'x'} | Env=prod: {K: 'ward'}",
        ),
        ("!Equals [!Ref Env, dev]", "Env=dev: true | Env=prod: false"),
        ("!Condition IsProd", "Env=dev: false | Env=prod: true"),
        ("{Condition: IsProd}", "{Condition: 'IsProd'}"),
    ] {
        value(yaml, expected);
    }
}

#[test]
fn what_is_no_function_says_so() {
    for (yaml, expected) in [
        ("!Rain::Embed file.txt", "unknown: function !Rain::Embed is not evaluated"),
        ("!Sub {x: 1}", "unknown: function Fn::Sub is not written as CloudFormation requires"),
        ("{'Fn::Sub': {'Rain::Embed': file.txt}}", "unknown: function Rain::Embed is not evaluated"),
        ("{'Fn::Sub': !Rain::Embed file.txt}", "unknown: function !Rain::Embed is not evaluated"),
        ("{'Fn::Nonsense': 1}", "unknown: function Fn::Nonsense is not evaluated"),
        ("{'Fn::Contains': [[a], a]}", "unknown: function Fn::Contains is not evaluated"),
        ("{'Fn::Transform': {Name: Mine}}", "unknown: transform Mine is not evaluated"),
        ("!Transform {Name: Mine}", "unknown: transform Mine is not evaluated"),
        (
            "{a: {'Fn::Transform': {Name: AWS::Include}, b: 1}, c: 2}",
            "{a: unknown: transform AWS::Include is not evaluated, c: 2}",
        ),
    ] {
        value(yaml, expected);
    }
}

#[test]
fn json_reads_alike() {
    let template = r#"{
      "Parameters": {"P": {"Type": "String", "Default": "true"}},
      "Conditions": {"C": {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, "false"]}]},
                     "D": {"Fn::And": [{"Condition": "C"}, {"Fn::Or": [{"Condition": "C"}, {"Fn::Equals": [1, 2]}]}]}},
      "Resources": {
        "B": {"Type": "AWS::S3::Bucket"},
        "R": {"Type": "Custom::T", "Condition": "D", "Properties": {
          "Ref": {"Ref": "P"},
          "Att": {"Fn::GetAtt": ["B", "Arn"]},
          "Sub": {"Fn::Sub": "${B.Arn}/${P}"},
          "Join": {"Fn::Join": [":", ["a", {"Ref": "P"}]]},
          "Statement": {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
          "Only": {"Condition": {"Ref": "P"}}
        }}}}"#;
    check(
        "t.json",
        template,
        &[
            ("R/Ref", "'true'"),
            ("R/Att", "→B.Arn"),
            ("R/Sub", "“${B.Arn}/true”"),
            ("R/Join", "'a:true'"),
            ("R/Statement", "{Condition: {Bool: {aws:SecureTransport: 'false'}}}"),
            ("R/Only", "{Condition: 'true'}"),
        ],
    );
    let estate = estate(&[("t.json", template)]);
    assert_eq!(edges(&estate, "t.json"), ["R→B.Arn"]);
    assert!(problems(&estate, "t.json").is_empty());
}

#[test]
fn dynamic_references_are_never_text() {
    for (yaml, expected) in [
        ("'{{resolve:secretsmanager:db:SecretString:password}}'", "secret {{resolve:secretsmanager:***}}"),
        ("'{{resolve:ssm-secure:/db:1}}'", "secret {{resolve:ssm-secure:***}}"),
        ("'{{resolve:ssm:/x:1}}'", "unknown: {{resolve:ssm:/x:1}} is read when the stack is deployed"),
        ("'u:{{resolve:secretsmanager:db}}@h'", "“u:***@h”"),
        ("'{{resolve:ssm:/a}}{{resolve:ssm-secure:/b}}'", "“${?}***”"),
        (
            "!Sub '{{resolve:secretsmanager:${Bucket}:SecretString:p}}'",
            "secret {{resolve:secretsmanager:***}}",
        ),
        ("!Sub 'x${Name}{{resolve:secretsmanager:${Bucket}}}y'", "“xward***y”"),
        (
            "!Join ['', ['{{resolve:secretsmanager:', !Ref Bucket, ':SecretString:password::}}']]",
            "secret {{resolve:secretsmanager:***}}",
        ),
        ("!Join [':', ['{{resolve', secretsmanager, 'x}}']]", "secret {{resolve:secretsmanager:***}}"),
        ("'{{resolve:secretsmanager:never closed'", "'{{resolve:secretsmanager:never closed'"),
        ("'{{resolve:vault:x}}'", "secret {{resolve:***}}"),
        ("\"{{\\x72esolve:ssm-secure:/b}}\"", "secret {{resolve:ssm-secure:***}}"),
    ] {
        value(yaml, expected);
    }
    let template = format!("{HEAD}      P: !Sub '{{{{resolve:secretsmanager:${{Bucket}}}}}}'\n");
    let estate = estate(&[("t.yaml", &template)]);
    assert_eq!(edges(&estate, "t.yaml"), ["T→Bucket"]);
}

#[test]
fn secrets_and_stored_parameters() {
    let template = "
Parameters:
  Password: {Type: String, NoEcho: true, Default: hunter2}
  Quoted: {Type: String, NoEcho: 'True'}
  Ami: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /aws/ami}
  Key: {Type: AWS::EC2::KeyPair::KeyName, Default: ops}
  Version: {Type: String, Default: 5.10}
  Ports: {Type: List<Number>, Default: '80, 443'}
  One: {Type: List<Number>, Default: 80}
Resources:
  T:
    Type: Custom::T
    Properties:
      A: !Ref Password
      B: !Sub 'p=${Quoted}'
      C: !Ref Ami
      D: !Ref Key
      E: !Sub 'v${Version}'
      F: !Ref Ports
      G: !Ref One
";
    check(
        "t.yaml",
        template,
        &[
            ("T/A", "secret"),
            ("T/B", "“p=***”"),
            ("T/C", "unknown: /aws/ami is read when the stack is deployed"),
            ("T/D", "'ops'"),
            ("T/E", "'v5.10'"),
            ("T/F", "['80', '443']"),
            ("T/G", "[80]"),
        ],
    );
}

#[test]
fn region_and_account_are_used_when_known() {
    let template = "
Resources:
  T:
    Type: Custom::T
    Properties:
      A: !Sub 'arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:${AWS::URLSuffix}'
      B: !FindInMap [M, !Ref AWS::Region, K]
Mappings:
  M: {cn-north-1: {K: 1}, us-east-1: {K: 2}}
";
    let options = Options {
        region: Some("cn-north-1".into()),
        account: Some("111122223333".into()),
        ..Options::default()
    };
    let estate = estate_with(&[("t.yaml", template)], &options);
    check_rows(
        &estate,
        "t.yaml",
        &[("T/A", "'arn:aws-cn:s3:cn-north-1:111122223333:amazonaws.com.cn'"), ("T/B", "1")],
    );
    assert_eq!(stack(&estate, "t.yaml").region.as_deref(), Some("cn-north-1"));
    check("t.yaml", template, &[("T/B", "AWS::Region=cn-north-1: 1 | AWS::Region=us-east-1: 2")]);
}

#[test]
fn aliases_are_lowered_once_and_seen_everywhere() {
    let template = "
Resources:
  B: {Type: AWS::S3::Bucket}
  X: {Type: Custom::T, Properties: {P: &ref !GetAtt B.Arn, Q: &sub !Sub '${B}-x'}}
  Y: {Type: Custom::T, Properties: {P: *ref, Q: *sub}}
";
    check("t.yaml", template, &[("X/P", "→B.Arn"), ("Y/P", "→B.Arn"), ("Y/Q", "“${B}-x”")]);
    let estate = estate(&[("t.yaml", template)]);
    assert_eq!(edges(&estate, "t.yaml"), ["X→B", "X→B.Arn", "Y→B", "Y→B.Arn"]);
}
