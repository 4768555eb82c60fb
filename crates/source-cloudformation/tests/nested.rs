//! Nested stacks and imports.

mod common;

use common::{check_rows, edges, estate, input, problems, stack};

const CHILD: &str = "
Parameters:
  Vpc: {Type: AWS::EC2::VPC::Id}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}
  Days: {Type: Number, Default: 7}
  Env: {Type: String, Default: dev}
  Extra: {Type: String, Default: none}
  Secret: {Type: String, NoEcho: true, Default: ''}
Conditions: {Prod: !Equals [!Ref Env, prod]}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref Vpc
      Subnets: !Ref Subnets
      First: !Select [0, !Ref Subnets]
      Days: !Ref Days
      Prod: !If [Prod, 'yes', 'no']
      Extra: !Ref Extra
      Name: !Sub '${Env}-${AWS::Region}-${Vpc}'
      Secret: !Ref Secret
  OnlyProd: {Type: Custom::T, Condition: Prod}
Outputs:
  GroupId: {Value: !GetAtt Group.GroupId}
  Name: {Value: !Sub 'n-${Env}'}
  Region: {Value: !Ref AWS::Region}
";

const PARENT: &str = "
Parameters:
  Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Some: {Type: String, Default: ''}
Conditions: {HasSome: !Not [!Equals [!Ref Env, dev]]}
Resources:
  Vpc: {Type: AWS::EC2::VPC}
  A: {Type: AWS::EC2::Subnet}
  B: {Type: AWS::EC2::Subnet}
  One:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./child.yaml
      Parameters:
        Vpc: !Ref Vpc
        Subnets: !Join [',', [!Ref A, !GetAtt B.SubnetId]]
        Days: 30
        Env: !Ref Env
        Extra: !If [HasSome, more, !Ref AWS::NoValue]
        Secret: plain
  Two:
    Type: AWS::CloudFormation::Stack
    Condition: HasSome
    Properties:
      TemplateURL: !Sub 'https://${Some}.s3.amazonaws.com/${Some}/net/child.yaml?x=1'
      Parameters: {Vpc: !GetAtt One.Outputs.Name, Subnets: 'subnet-1, subnet-2', Nobody: 1}
  Use:
    Type: Custom::T
    Properties:
      Group: !GetAtt One.Outputs.GroupId
      Name: !GetAtt [One, Outputs.Name]
      Text: !Sub 'x-${Two.Outputs.Name}'
      Region: !GetAtt One.Outputs.Region
      Mine: !Ref AWS::Region
      Missing: !GetAtt One.Outputs.Nothing
";

#[test]
fn values_go_down_and_up() {
    let estate = estate(&[("net/root.yaml", PARENT), ("net/child.yaml", CHILD)]);
    let ids: Vec<&str> = estate.stacks.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["net/root.yaml", "net/root.yaml/One", "net/root.yaml/Two"]);
    check_rows(
        &estate,
        "net/root.yaml/One",
        &[
            ("Group/VpcId", "→Vpc"),
            ("Group/Subnets", "[→A, →B.SubnetId]"),
            ("Group/First", "→A"),
            ("Group/Days", "30"),
            // One parameter, one world, in parent and child.
            ("Group/Prod", "Env=dev: 'no' | Env=prod: 'yes'"),
            ("Group/Extra", "Env=dev: 'none' | Env=prod: 'more'"),
            ("Group/Name", "Env=dev: “dev-${AWS::Region}-${Vpc}” | Env=prod: “prod-${AWS::Region}-${Vpc}”"),
            ("Group/Secret", "secret"),
            ("OnlyProd/", "Env=dev: 'does not exist' | Env=prod: absent"),
        ],
    );
    check_rows(
        &estate,
        "net/root.yaml/Two",
        &[
            ("Group/VpcId", "Env=dev: 'does not exist' | Env=prod: 'n-prod'"),
            ("Group/Subnets", "Env=dev: 'does not exist' | Env=prod: ['subnet-1', 'subnet-2']"),
            ("Group/Days", "Env=dev: 'does not exist' | Env=prod: 7"),
        ],
    );
    check_rows(
        &estate,
        "net/root.yaml",
        &[
            ("Use/Group", "→Group.GroupId"),
            ("Use/Name", "Env=dev: 'n-dev' | Env=prod: 'n-prod'"),
            ("Use/Text", "'x-n-dev'"),
            ("Use/Region", "unknown: AWS::Region is known only where the stack is deployed"),
            (
                "Use/Missing",
                "unknown: One.Outputs.Nothing is neither a resource nor a parameter of this template",
            ),
        ],
    );
    assert_eq!(
        edges(&estate, "net/root.yaml/One"),
        ["Group→net/root.yaml#A", "Group→net/root.yaml#B.SubnetId", "Group→net/root.yaml#Vpc",]
    );
    assert!(edges(&estate, "net/root.yaml").contains(&"Use→net/root.yaml/One#Group.GroupId".to_owned()));
    let one = stack(&estate, "net/root.yaml/One");
    let parent = one.parent.unwrap();
    assert_eq!(estate.address(parent), "net/root.yaml#One");
    assert_eq!(one.file, "net/child.yaml");
    assert_eq!(input(&estate, "net/child.yaml").stack.as_deref(), Some("net/root.yaml/One"));
    assert_eq!(
        problems(&estate, "net/root.yaml"),
        [
            "26:19 net/child.yaml declares no parameter Nobody",
            "35:16 the nested template net/child.yaml has no output Nothing"
        ]
    );
}

#[test]
fn a_template_that_is_missing_or_ambiguous_is_said() {
    let parent = "
Parameters: {W: {Type: String, Default: a, AllowedValues: [a, b]}}
Resources:
  Gone: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./gone.yaml}}
  Twice: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://s3.amazonaws.com/b/x.yaml'}}
  Which: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Sub 'https://s3.amazonaws.com/b/${W}.yaml'}}
  Open: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Ref Nobody}}
  Best: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://s3.amazonaws.com/bucket/prefix/two/x.yaml'}}
  Use: {Type: Custom::T, Properties: {P: !GetAtt Gone.Outputs.X, Q: !GetAtt Twice.Outputs.X}}
";
    let leaf = "Resources: {L: {Type: Custom::T}}";
    let estate = estate(&[
        ("root.yaml", parent),
        ("one/x.yaml", leaf),
        ("two/x.yaml", leaf),
        ("a.yaml", leaf),
        ("b.yaml", leaf),
    ]);
    let ids: Vec<&str> = estate.stacks.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["a.yaml", "b.yaml", "one/x.yaml", "root.yaml", "root.yaml/Best"]);
    check_rows(
        &estate,
        "root.yaml",
        &[
            ("Use/P", "unknown: nested template ./gone.yaml is not in this input"),
            ("Use/Q", "unknown: nested template https://s3.amazonaws.com/b/x.yaml is not in this input"),
        ],
    );
    let said = problems(&estate, "root.yaml");
    assert_eq!(said.len(), 5, "{said:?}");
    assert!(said[0].starts_with("4:70 nested template ./gone.yaml is not in this input"));
    assert!(said[1].contains("can be several files"));
    assert!(said[2].contains("can be several files"));
    assert!(said[4].contains("where the template of Open is cannot be known: Nobody is neither"));
}

#[test]
fn circles_of_nested_stacks_end() {
    let nest = |url: &str| {
        format!(
            "Resources:\n  S: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {url}}}}}\n  U: {{Type: Custom::T, Properties: {{P: !GetAtt S.Outputs.X}}}}\nOutputs: {{X: {{Value: !GetAtt S.Outputs.X}}}}\n"
        )
    };
    let estate = estate(&[
        ("a.yaml", &nest("b.yaml")),
        ("b.yaml", &nest("a.yaml")),
        ("self.yaml", &nest("self.yaml")),
        ("root.yaml", &nest("a.yaml")),
    ]);
    let ids: Vec<&str> = estate.stacks.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["root.yaml", "root.yaml/S", "root.yaml/S/S", "self.yaml"]);
    check_rows(&estate, "root.yaml", &[("U/P", "unknown: nested template a.yaml depends on itself")]);
    assert!(problems(&estate, "b.yaml")[0].contains("nests this one again"));
    assert!(problems(&estate, "self.yaml")[0].contains("nests this one again"));
    let two = common::estate(&[("a.yaml", &nest("b.yaml")), ("b.yaml", &nest("a.yaml"))]);
    let ids: Vec<&str> = two.stacks.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["a.yaml", "a.yaml/S"]);
}

#[test]
fn nested_stacks_do_not_grow_without_end() {
    let mut files = Vec::new();
    for level in 0..20 {
        let next = level + 1;
        let text: String = (0..10)
            .map(|i| format!("  S{i}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: t{next}.yaml}}}}\n"))
            .collect();
        files.push((format!("t{level}.yaml"), format!("Resources:\n{text}")));
    }
    files.push(("t20.yaml".into(), "Resources: {L: {Type: Custom::T}}".into()));
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let estate = estate(&files);
    assert!(estate.stacks.len() < 20_000);
    for input in &estate.inputs {
        assert!(input.stack.is_some(), "{} is nowhere", input.path);
    }
}

#[test]
fn chains_of_outputs_that_double_end() {
    let leaf = "
Parameters: {P: {Type: String}}
Resources: {L: {Type: Custom::T, Properties: {P: !Ref P}}}
Outputs: {O: {Value: !Sub '${P}${P}'}}
";
    let mut root = String::from("Resources:\n");
    for level in 0..60 {
        let given = if level == 0 { "abcdefgh".into() } else { format!("!GetAtt S{}.Outputs.O", level - 1) };
        root.push_str(&format!("  S{level}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: leaf.yaml, Parameters: {{P: {given}}}}}}}\n"));
    }
    root.push_str("  U: {Type: Custom::T, Properties: {P: !GetAtt S59.Outputs.O}}\n");
    let estate = estate(&[("root.yaml", &root), ("leaf.yaml", leaf)]);
    check_rows(&estate, "root.yaml/S1", &[("L/P", "'abcdefghabcdefgh'")]);
    assert_eq!(estate.stacks.len(), 61);
    let shown = common::worlds(&estate, stack(&estate, "root.yaml"), "U", "/P");
    assert!(shown.len() < 64 << 20);
}

#[test]
fn imports_join_the_one_stack_that_exports() {
    let exporter = "
Parameters: {Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}}
Resources: {Vpc: {Type: AWS::EC2::VPC}, Key: {Type: AWS::KMS::Key}}
Outputs:
  Vpc: {Value: !Ref Vpc, Export: {Name: !Sub '${Env}-vpc'}}
  Key: {Value: !GetAtt Key.Arn, Export: {Name: key}}
  Named: {Value: x, Export: {Name: !Sub '${AWS::StackName}-x'}}
";
    let importer = "
Parameters: {Env: {Type: String, Default: dev, AllowedValues: [dev, qa, prod]}, Other: {Type: String}}
Resources:
  T:
    Type: Custom::T
    Properties:
      Key: !ImportValue key
      Both: {'Fn::ImportValue': !Sub '${Env}-vpc'}
      Gone: !ImportValue gone
      Open: {'Fn::ImportValue': !Sub '${Other}-x'}
      Text: !Sub ['<${K}>', {K: !ImportValue key}]
      Twice: {'Fn::ImportValue': twice}
Outputs: {A: {Value: a, Export: {Name: twice}}, B: {Value: b, Export: {Name: twice}}}
";
    let estate = estate(&[("net.yaml", exporter), ("app.yaml", importer)]);
    check_rows(
        &estate,
        "app.yaml",
        &[
            ("T/Key", "→Key.Arn"),
            (
                "T/Both",
                "Env=dev: →Vpc | Env=qa: unknown: no stack in this input exports qa-vpc | Env=prod: →Vpc",
            ),
            ("T/Gone", "unknown: no stack in this input exports gone"),
            ("T/Open", "unknown: no stack in this input exports ${Other}-x"),
            ("T/Text", "“<${Key.Arn}>”"),
            ("T/Twice", "unknown: several stacks in this input export twice"),
        ],
    );
    assert_eq!(edges(&estate, "app.yaml"), ["T→net.yaml#Key.Arn", "T→net.yaml#Vpc"]);
}

#[test]
fn nested_stacks_export_and_loop() {
    let root = "
Resources:
  N:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: n.yaml, Parameters: {Names: 'a,b', Env: prod}}
  T: {Type: Custom::T, Properties: {P: !ImportValue prod-a, Q: !GetAtt N.Outputs.Outb}}
";
    let nested = "
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: x}, Env: {Type: String, Default: dev}}
Resources:
  'Fn::ForEach::B': [I, !Ref Names, {'Bucket${I}': {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${Env}-${I}'}}}]
Outputs:
  'Fn::ForEach::O': [I, !Ref Names, {'Out${I}': {Value: !Ref 'Bucket${I}', Export: {Name: !Sub '${Env}-${I}'}}}]
";
    let estate = estate(&[("root.yaml", root), ("n.yaml", nested)]);
    check_rows(&estate, "root.yaml", &[("T/P", "→Bucketa"), ("T/Q", "→Bucketb")]);
    check_rows(&estate, "root.yaml/N", &[("Bucketb/BucketName", "'prod-b'")]);
    assert_eq!(input(&estate, "n.yaml").resources, 2);
    assert!(problems(&estate, "n.yaml").is_empty());
}

#[test]
fn the_file_that_the_cdk_names_is_taken() {
    let root = r#"{"Resources": {"N": {"Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": {"Fn::Sub": "https://s3.${AWS::Region}.amazonaws.com/assets/0a1b.json"}, "Parameters": {"P": "x"}},
        "Metadata": {"aws:cdk:path": "A/N", "aws:asset:path": "AN.nested.template.json", "aws:asset:property": "TemplateURL"}}}}"#;
    let nested = r#"{"Parameters": {"P": {"Type": "String"}}, "Resources": {"T": {"Type": "Custom::T", "Properties": {"P": {"Ref": "P"}}}}}"#;
    let estate = estate(&[
        ("cdk.out/A.template.json", root),
        ("cdk.out/AN.nested.template.json", nested),
        ("cdk.out/AN.nested.template.parameters.json", r#"{"Parameters": {"P": "y"}}"#),
    ]);
    check_rows(&estate, "cdk.out/A.template.json/N", &[("T/P", "'x'")]);
    assert_eq!(estate.stacks.len(), 2);
    assert!(
        problems(&estate, "cdk.out/AN.nested.template.parameters.json")[0]
            .contains("by the template that nests it")
    );
}
