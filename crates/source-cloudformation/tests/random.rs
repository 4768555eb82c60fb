//! Bytes and templates put together at random: nothing may panic.

mod common;

use common::{estate, read_all};
use proptest::prelude::*;
use sekisho_source_cloudformation::{Options, SourceFile, read};

/// Pieces that templates are made of, to be put together at random.
fn fragment() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("A".to_owned()),
        Just("B".to_owned()),
        Just("!Ref A".to_owned()),
        Just("!Ref AWS::NoValue".to_owned()),
        Just("!Ref AWS::Region".to_owned()),
        Just("!GetAtt B.Arn".to_owned()),
        Just("!GetAtt N.Outputs.O".to_owned()),
        Just("!Sub 'x${A}${B.Arn}${!L}{{resolve:ssm:${A}}}'".to_owned()),
        Just("'{{resolve:secretsmanager:x}}'".to_owned()),
        Just("!ImportValue e".to_owned()),
        Just("!Condition C".to_owned()),
        Just("'${I}&{I}'".to_owned()),
        Just("t.yaml".to_owned()),
        Just("{Name: AWS::Include}".to_owned()),
        Just("1".to_owned()),
        Just("yes".to_owned()),
        Just("1.50".to_owned()),
        Just("''".to_owned()),
        Just("~".to_owned()),
        "[a-zA-Z${}!&*:,'|]{0,6}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let name = prop_oneof![
            Just("Ref"),
            Just("Fn::If"),
            Just("Fn::Sub"),
            Just("Fn::Join"),
            Just("Fn::Select"),
            Just("Fn::Split"),
            Just("Fn::FindInMap"),
            Just("Fn::GetAtt"),
            Just("Fn::Equals"),
            Just("Fn::And"),
            Just("Fn::Not"),
            Just("Fn::Length"),
            Just("Fn::ToJsonString"),
            Just("Fn::Cidr"),
            Just("Fn::ForEach::L"),
            Just("Fn::Transform"),
            Just("Fn::ImportValue"),
            Just("Condition"),
            Just("Fn::Contains"),
            Just("Type"),
            Just("Properties"),
            Just("Value"),
            Just("Export"),
            Just("Default"),
            Just("TemplateURL"),
            Just("Statement"),
            Just("OnSuccess"),
            Just("DestinationConfig"),
            Just("Type"),
            Just("Id"),
            Just("paths"),
            Just("get"),
            Just("DomainName"),
            Just("CreateUsagePlan"),
            Just("IpRangeWhitelist"),
            Just("SQSPollerPolicy"),
            Just("DynamoDb"),
            Just("Parameters"),
            Just("A"),
            Just("I"),
        ];
        let tag = prop_oneof![
            Just("!If"),
            Just("!Sub"),
            Just("!Join"),
            Just("!Select"),
            Just("!Split"),
            Just("!FindInMap"),
            Just("!GetAtt"),
            Just("!Equals"),
            Just("!Or"),
            Just("!Not"),
            Just("!Base64"),
            Just("!Cidr"),
            Just("!GetAZs"),
            Just("!Rain::Module"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            (tag, prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(tag, items)| format!("{tag} [{}]", items.join(", "))),
            prop::collection::vec((name, inner), 1..4).prop_map(|entries| {
                let entries: Vec<String> = entries.into_iter().map(|(k, v)| format!("'{k}': {v}")).collect();
                format!("{{{}}}", entries.join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// No bytes make it panic.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), ext in "yaml|json|template|txt") {
        let file = SourceFile { path: format!("t.{ext}"), bytes, named: true };
        let estate = read(vec![file], &Options::default());
        prop_assert_eq!(estate.inputs.len(), 1);
    }

    /// No template makes it panic, however its parts are put together.
    #[test]
    fn any_template(
        p in fragment(), c in fragment(), d in fragment(), b in fragment(), u in fragment(), g in fragment(),
        o in fragment(), m in fragment(), r in fragment(), whole in fragment(),
    ) {
        let text = format!("
Transform: AWS::LanguageExtensions
Parameters: {{A: {{Type: String, Default: {p}}}, L: {{Type: CommaDelimitedList, Default: {p}, AllowedValues: {g}}}, P: {p}}}
Mappings: {{M: {{A: {{B: {m}}}, B: {m}}}, N: {m}}}
Conditions: {{C: {c}, D: {d}}}
Resources:
  B: {{Type: AWS::S3::Bucket, Condition: C, Properties: {b}}}
  N: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {u}, Parameters: {g}}}}}
  O: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: u.yaml, Parameters: {{A: {g}, L: {b}}}}}}}
  'Fn::ForEach::L': [I, {r}, {r}]
  X: {r}
Outputs: {{O: {{Value: {o}, Export: {{Name: {o}}}}}, Q: {o}}}
Rules: {{R: {{Assertions: {r}}}}}
");
        let other = format!("Parameters: {{A: {{Type: String}}, L: {{Type: CommaDelimitedList, Default: {p}}}}}\nResources: {{B: {{Type: AWS::S3::Bucket, Properties: {b}}}, N: {whole}}}\nOutputs: {{O: {{Value: {o}, Export: {{Name: e}}}}}}\n");
        let estate = estate(&[("t.yaml", &text), ("u.yaml", &other), ("w.yaml", &whole)]);
        prop_assert_eq!(estate.inputs.len(), 3);
        read_all(&estate);
    }

    /// No template of SAM makes it panic, whatever stands in the places that are read.
    #[test]
    fn any_serverless(
        a in fragment(), b in fragment(), c in fragment(), d in fragment(), e in fragment(), f in fragment(),
        kind in 0..SERVERLESS_EVENTS.len(), whole in fragment(),
    ) {
        let event = SERVERLESS_EVENTS[kind];
        let text = format!("
Transform: AWS::Serverless-2016-10-31
Parameters: {{A: {{Type: String, Default: x, AllowedValues: [x, y]}}}}
Conditions: {{C: !Equals [!Ref A, x]}}
Globals: {{Function: {{Tags: {a}, Layers: {b}, Environment: {c}, VpcConfig: {d}}}, Api: {{Auth: {e}, Domain: {f}}}, HttpApi: {whole}}}
Resources:
  F: {{Type: AWS::Serverless::Function, Condition: C, Properties: {{Handler: {a}, CodeUri: {b}, Role: {c}, Policies: {d}, Tags: {e}, AutoPublishAlias: {f}, FunctionUrlConfig: {a}, EventInvokeConfig: {b}, DeploymentPreference: {c}, DeadLetterQueue: {d}, Events: {{E: {{Type: {event}, Properties: {e}}}, G: {{Type: {event}, Properties: {{Path: /p, Method: get, Auth: {f}, Queue: {a}, Stream: {b}, Bucket: {c}, Events: {d}, Topic: {e}, SqsSubscription: {f}, UserPool: {c}, Trigger: {d}, DeadLetterConfig: {a}, DestinationConfig: {b}, SourceAccessConfigurations: {c}, Schedule: {d}, RestApiId: {e}, Enabled: {f}}}}}}}}}}}
  G: {{Type: AWS::Serverless::Function, Properties: {whole}}}
  P: {{Type: AWS::Serverless::Api, Properties: {{StageName: {a}, DefinitionBody: {b}, Auth: {{Authorizers: {c}, DefaultAuthorizer: A, ResourcePolicy: {d}, UsagePlan: {e}}}, Domain: {f}, Cors: {a}}}}}
  H: {{Type: AWS::Serverless::HttpApi, Properties: {{DefinitionBody: {a}, Auth: {b}, CorsConfiguration: {c}, Domain: {{DomainName: {d}, BasePath: {e}, Route53: {f}}}}}}}
  S: {{Type: AWS::Serverless::StateMachine, Properties: {{Definition: {a}, Policies: {b}, Events: {c}, DefinitionSubstitutions: {d}, AutoPublishAlias: {e}}}}}
  T: {{Type: AWS::Serverless::SimpleTable, Properties: {{PrimaryKey: {a}, Tags: {b}}}, Connectors: {c}}}
  N: {{Type: AWS::Serverless::Connector, Properties: {{Source: {{Id: F}}, Destination: {d}, Permissions: {e}}}}}
  Q: {{Type: AWS::Serverless::GraphQLApi, Properties: {{Auth: {a}, DataSources: {b}, Functions: {c}, Resolvers: {d}, Logging: {e}, Tags: {f}}}}}
  L: {{Type: AWS::Serverless::Application, Properties: {{Location: {a}, Parameters: {b}}}}}
  B: {{Type: AWS::S3::Bucket, Properties: {c}}}
  Z: {{Type: AWS::CloudFormation::StackSet, Properties: {{TemplateBody: {d}, Parameters: {e}, StackInstancesGroup: [{{Regions: {f}, DeploymentTargets: {{Accounts: {a}}}}}]}}}}
  Y: {{Type: AWS::ServiceCatalog::CloudFormationProduct, Properties: {{ProvisioningArtifactParameters: {b}}}}}
  'Fn::Transform': {{Name: AWS::Include, Parameters: {{Location: u.yaml}}}}
");
        let manifest = format!("{{version: '1', artifacts: {{A: {{type: 'aws:cloudformation:stack', environment: {a}, properties: {{templateFile: t.yaml}}, metadata: {b}}}}}}}");
        let estate = estate(&[("t.yaml", &text), ("u.yaml", &whole), ("manifest.json", &manifest), ("manifest.yaml", &manifest)]);
        prop_assert_eq!(estate.inputs.len(), 4);
        read_all(&estate);
    }
}

/// Types of events.
const SERVERLESS_EVENTS: [&str; 12] = [
    "Api",
    "HttpApi",
    "Schedule",
    "ScheduleV2",
    "S3",
    "SNS",
    "SQS",
    "MSK",
    "MQ",
    "Cognito",
    "EventBridgeRule",
    "Other",
];
