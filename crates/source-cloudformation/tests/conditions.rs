//! Conditions, parameters and worlds.

mod common;

use common::{check, check_rows, edges, estate, estate_with, problems, stack, worlds};
use sekisho_source_cloudformation::Options;

#[test]
fn conditions_are_computed_in_each_world() {
    let template = "
Parameters:
  Env: {Type: String, Default: dev, AllowedValues: [dev, stage, prod]}
  Flag: {Type: String, Default: 'false'}
  Any: {Type: String}
  Mode: {Type: String, AllowedValues: [a, b]}
Mappings:
  Flags: {dev: {V: 'false'}, stage: {V: 'false'}, prod: {V: true}}
Conditions:
  Prod: !Equals [prod, !Ref Env]
  NotProd: !Not [!Condition Prod]
  Later: !And [Condition: Prod, !Condition Flagged]
  Flagged: !Equals [!Ref Flag, true]
  Either: !Or [!Equals [!Ref Env, stage], Condition: Prod]
  Mapped: !Equals [!FindInMap [Flags, !Ref Env, V], 'true']
  AnyIsX: !Equals [!Ref Any, x]
  AnyIsY: !Equals [!Ref Any, 'y']
  HasAny: !Not [!Equals ['', !Ref Any]]
  ModeA: !Equals [!Ref Mode, a]
  Joined: !Equals [!Join ['-', [!Ref Env, x]], prod-x]
  Always: !Not [!Equals [1, '2']]
  Region: !Equals [!Ref AWS::Region, us-east-1]
Resources:
  T:
    Type: Custom::T
    Properties:
      Prod: !If [Prod, 1, 2]
      NotProd: !If [NotProd, 1, 2]
      Later: !If [Later, 1, 2]
      Either: !If [Either, 1, 2]
      Mapped: !If [Mapped, 1, 2]
      AnyXY: [!If [AnyIsX, x, nx], !If [AnyIsY, y, ny]]
      HasAny: !If [HasAny, 1, 2]
      ModeA: !If [ModeA, 1, 2]
      Joined: !If [Joined, 1, 2]
      Always: !If [Always, 1, 2]
      Region: !If [Region, 1, 2]
  OnlyProd:
    Type: Custom::T
    Condition: Prod
    Properties: {Env: !Ref Env}
";
    check(
        "t.yaml",
        template,
        &[
            ("T/Prod", "Env=dev: 2 | Env=stage: 2 | Env=prod: 1"),
            ("T/NotProd", "Env=dev: 1 | Env=stage: 1 | Env=prod: 2"),
            ("T/Later", "Env=dev: 2 | Env=stage: 2 | Env=prod: 2"),
            ("T/Either", "Env=dev: 2 | Env=stage: 1 | Env=prod: 1"),
            ("T/Mapped", "Env=dev: 2 | Env=stage: 2 | Env=prod: 1"),
            // One value excludes the other.
            ("T/AnyXY", "Any≠x, Any≠y: ['nx', 'ny'] | Any=y: ['nx', 'y'] | Any=x: ['x', 'ny']"),
            ("T/HasAny", "Any≠: 1 | Any=: 2"),
            ("T/ModeA", "Mode=a: 1 | Mode=b: 2"),
            ("T/Joined", "Env=dev: 2 | Env=stage: 2 | Env=prod: 1"),
            ("T/Always", "1"),
            ("T/Region", "AWS::Region≠us-east-1: 2 | AWS::Region=us-east-1: 1"),
            ("OnlyProd/Env", "Env=dev: 'does not exist' | Env=stage: 'does not exist' | Env=prod: 'prod'"),
        ],
    );
}

#[test]
fn given_values_fix_parameters() {
    let template = "
Parameters:
  Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Zones: {Type: 'List<AWS::EC2::AvailabilityZone::Name>'}
Conditions: {Prod: !Equals [!Ref Env, prod]}
Resources:
  T: {Type: Custom::T, Properties: {P: !If [Prod, 1, 2], Z: !Ref Zones}}
";
    let options = Options {
        parameters: vec![("Env".into(), "prod".into()), ("Zones".into(), "a, b".into())],
        ..Options::default()
    };
    let fixed = estate_with(&[("t.yaml", template)], &options);
    check_rows(&fixed, "t.yaml", &[("T/P", "1"), ("T/Z", "['a', 'b']")]);
    assert!(problems(&fixed, "t.yaml").is_empty());
    let odd = Options { parameters: vec![("Env".into(), "qa".into())], ..Options::default() };
    let odd = estate_with(&[("t.yaml", template)], &odd);
    check_rows(&odd, "t.yaml", &[("T/P", "2")]);
    assert_eq!(
        problems(&odd, "t.yaml"),
        ["3:8 parameter Env was given a value that is not among its AllowedValues"]
    );
}

#[test]
fn parameter_files_belong_to_the_template_beside_them() {
    let template = "
Parameters: {A: {Type: String, Default: d}, L: {Type: CommaDelimitedList, Default: x}, N: {Type: Number, Default: 1}}
Resources: {T: {Type: Custom::T, Properties: {A: !Ref A, L: !Ref L, N: !Ref N}}}
";
    let estate = estate(&[
        ("a.yaml", template),
        (
            "a.parameters.json",
            r#"[{"ParameterKey": "A", "ParameterValue": "one"}, {"ParameterKey": "N", "UsePreviousValue": true}]"#,
        ),
        ("b.yaml", template),
        (
            "b-parameters.json",
            r#"{"Parameters": {"A": "two", "L": "p,q", "N": 5}, "Tags": {"k": "v"}, "StackPolicy": {}}"#,
        ),
        ("c.template.yaml", template),
        ("parameters/c.json", r#"["A=three", "L=r"]"#),
        ("deep/d.yaml", template),
        (
            "deploy/d.yaml",
            "template-file-path: deep/d.yaml\nparameters: {A: four, L: [s, t]}\ntags: {a: b}\n",
        ),
        ("lonely.json", r#"[{"ParameterKey": "A", "ParameterValue": "one"}]"#),
        ("a-parameters.json", r#"{"Parameters": {"A": "ignored"}}"#),
    ]);
    let rows =
        |id: &str| ["/A", "/L", "/N"].map(|route| worlds(&estate, stack(&estate, id), "T", route)).join(" ");
    assert_eq!(
        rows("a.yaml"),
        "'one' ['x'] unknown: parameter N has no value, no default and no list of allowed values"
    );
    assert_eq!(rows("b.yaml"), "'two' ['p', 'q'] '5'");
    assert_eq!(rows("c.template.yaml"), "'three' ['r'] 1");
    assert_eq!(rows("deep/d.yaml"), "'four' ['s', 't'] 1");
    assert_eq!(common::input(&estate, "b-parameters.json").kind, "parameters");
    assert!(problems(&estate, "b-parameters.json").is_empty());
    assert!(problems(&estate, "lonely.json")[0].contains("no template beside it"));
    assert!(problems(&estate, "a-parameters.json")[0].contains("another parameter file"));
}

#[test]
fn conditions_that_depend_on_themselves_are_unknown() {
    let template = "
Conditions:
  A: !Not [!Condition B]
  B: !And [!Condition A, !Condition C]
  C: !Equals [1, 1]
  Self: !Condition Self
  Undefined: !Condition Nobody
Resources:
  T: {Type: Custom::T, Properties: {P: !If [A, 1, 2], Q: !If [Self, 1, 2], R: !If [Undefined, 1, 2], S: !If [C, 1, 2]}}
  U: {Type: Custom::T, Condition: Nobody}
";
    let estate = estate(&[("t.yaml", template)]);
    let t = stack(&estate, "t.yaml");
    for (route, count) in [("/P", 2), ("/Q", 2), ("/R", 2), ("/S", 1)] {
        assert_eq!(worlds(&estate, t, "T", route).split('|').count(), count, "{route}");
    }
    assert_eq!(
        problems(&estate, "t.yaml"),
        [
            "0:0 condition A depends on itself",
            "0:0 condition Self depends on itself",
            "7:14 condition Nobody is not defined"
        ]
    );
    assert_eq!(t.unresolved.len(), 1);
}

#[test]
fn a_long_chain_of_conditions_is_no_recursion() {
    let mut template = String::from("Conditions:\n");
    for index in 0..5000 {
        template.push_str(&format!("  C{index}: !Not [!Condition C{}]\n", index + 1));
    }
    template.push_str(
        "  C5000: !Equals [a, a]\nResources:\n  T: {Type: Custom::T, Properties: {P: !If [C0, 1, 2]}}\n",
    );
    check("t.yaml", &template, &[("T/P", "1")]);
}

#[test]
fn conditions_that_double_at_every_step_end() {
    let mut template =
        String::from("Parameters: {P: {Type: String}}\nConditions:\n  C0: !Equals [!Ref P, a]\n");
    for index in 1..60 {
        let before = index - 1;
        template.push_str(&format!("  C{index}: !And [!Not [Condition: C{before}], !Or [Condition: C{before}, !Not [Condition: C{before}]]]\n"));
    }
    template.push_str("Resources:\n  T: {Type: Custom::T, Properties: {P: !If [C59, 1, 2]}}\n");
    let estate = estate(&[("t.yaml", &template)]);
    assert!(!worlds(&estate, stack(&estate, "t.yaml"), "T", "/P").is_empty());
}

#[test]
fn names_made_of_each_other_end() {
    let template = "
Resources:
  A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${B}-${B}'}}
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${A}-${A}'}}
  C: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref C, P: !Sub 'x${C}', Q: !Sub '${C.Q}-'}}
";
    let estate = estate(&[("t.yaml", template)]);
    let t = stack(&estate, "t.yaml");
    assert!(!worlds(&estate, t, "A", "/BucketName").is_empty());
    assert_eq!(worlds(&estate, t, "C", "/P"), "“x${C}”");
    assert!(!worlds(&estate, t, "C", "/Q").is_empty());
    assert_eq!(edges(&estate, "t.yaml"), ["A→B", "B→A", "C→C", "C→C.Q"]);
}

#[test]
fn rules_change_nothing_and_are_checked_for_shape() {
    let template = "
Parameters: {Env: {Type: String, Default: prod}}
Rules:
  Good:
    RuleCondition: !Equals [!Ref Env, prod]
    Assertions:
      - Assert: {'Fn::Contains': [[a, b], !Ref Env]}
        AssertDescription: only a or b
      - Assert: !Not [{'Fn::EachMemberIn': [{'Fn::ValueOfAll': ['AWS::EC2::Subnet::Id', VpcId]}, {'Fn::RefAll': 'AWS::EC2::VPC::Id'}]}]
  Bad: {Assertions: {Assert: x}}
  Odd: {Assertions: [{Assert: !Sub x}, {Other: 1}]}
Resources: {T: {Type: Custom::T, Properties: {P: !Ref Env}}}
";
    check("t.yaml", template, &[("T/P", "'prod'")]);
    let estate = estate(&[("t.yaml", template)]);
    assert_eq!(
        problems(&estate, "t.yaml"),
        [
            "10:8 rule Bad has no list of Assertions",
            "11:31 Fn::Sub may not stand in a rule",
            "11:40 an assertion of rule Odd has no Assert"
        ]
    );
    assert_eq!(common::input(&estate, "t.yaml").status.name(), "read");
}
