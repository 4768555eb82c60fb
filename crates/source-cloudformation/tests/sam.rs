//! What templates of AWS SAM become.

mod common;

use common::{check_rows, edges, estate, input, problems, stack};
use sekisho_estate::{Estate, LineIndex};

/// A template of SAM with some resources.
fn sam(resources: &str) -> Estate {
    estate(&[("t.yaml", &format!("Transform: AWS::Serverless-2016-10-31\nResources:\n{resources}"))])
}

/// Id and type of every resource, in their order.
fn resources(estate: &Estate) -> Vec<String> {
    let stack = stack(estate, "t.yaml");
    let name = |r: &sekisho_estate::Resource| {
        let type_name = stack.text(r.type_name);
        format!("{} {}", stack.text(r.id), type_name.strip_prefix("AWS::").unwrap_or(type_name))
    };
    stack.resources.iter().map(name).collect()
}

/// What each resource becomes, and what is in it. Everything is read.
fn expands(text: impl AsRef<str>, all: &[&str], rows: &[(&str, &str)]) {
    let text = text.as_ref();
    let estate = sam(text);
    // Rows put references into properties of their own making; that these are said is tested elsewhere.
    let others: Vec<_> =
        problems(&estate, "t.yaml").into_iter().filter(|told| !told.contains("has no property")).collect();
    assert_eq!(others, Vec::<String>::new(), "{text}");
    assert_eq!(input(&estate, "t.yaml").status.name(), "read", "{text}");
    assert_eq!(resources(&estate), all, "{text}");
    check_rows(&estate, "t.yaml", rows);
}

/// A function with properties, on the lines below its head.
fn function(properties: &str) -> String {
    format!(
        "  F:\n    Type: AWS::Serverless::Function\n    Properties: {{Handler: h, Runtime: r, InlineCode: c, {properties}}}\n"
    )
}

#[test]
fn functions_have_a_role_unless_one_is_given() {
    expands(
        function("Description: d, Timeout: 3, Tags: {a: b}, Environment: {Variables: {X: y}}"),
        &["F Lambda::Function", "FRole IAM::Role"],
        &[
            ("F/Handler", "'h'"),
            ("F/Code/ZipFile", "'c'"),
            ("F/Timeout", "3"),
            ("F/Environment/Variables/X", "'y'"),
            ("F/Role", "→FRole.Arn"),
            ("F/Tags", "[{Key: 'lambda:createdBy', Value: 'SAM'}, {Key: 'a', Value: 'b'}]"),
            ("FRole/AssumeRolePolicyDocument/Statement/0/Principal/Service", "['lambda.amazonaws.com']"),
            (
                "FRole/ManagedPolicyArns",
                "[“arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole”]",
            ),
            ("FRole/Policies", "absent"),
            ("F/^/Metadata", "absent"),
        ],
    );
    expands(
        function("Role: 'arn:aws:iam::1:role/r'"),
        &["F Lambda::Function"],
        &[("F/Role", "'arn:aws:iam::1:role/r'")],
    );
    let conditional = "Conditions: {C: !Equals [!Ref P, a]}\nParameters: {P: {Type: String, Default: a, AllowedValues: [a, b]}}\nTransform: AWS::Serverless-2016-10-31\nResources:\n";
    let estate = estate(&[(
        "t.yaml",
        &format!("{conditional}{}", function("Role: !If [C, !Ref AWS::NoValue, 'arn:aws:iam::1:role/r']")),
    )]);
    check_rows(
        &estate,
        "t.yaml",
        &[
            ("F/Role", "P=a: →FRole.Arn | P=b: 'arn:aws:iam::1:role/r'"),
            ("FRole/Path", "P=a: absent | P=b: 'does not exist'"),
        ],
    );
}

#[test]
fn policies_are_managed_templates_or_statements() {
    expands(
        function(
            "VpcConfig: {SubnetIds: [s]}, Tracing: Active, DeadLetterQueue: {Type: SQS, TargetArn: q}, Policies: [AWSLambdaExecute, AWSLambdaRole, 'arn:aws:iam::1:policy/p', !Ref T, {DynamoDBReadPolicy: {TableName: !Ref T}}, {Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}], PermissionsBoundary: b, RolePath: /p/",
        ) + "  T: {Type: AWS::DynamoDB::Table, Properties: {TableName: t}}\n",
        &["F Lambda::Function", "FRole IAM::Role", "T DynamoDB::Table"],
        &[
            ("F/TracingConfig", "{Mode: 'Active'}"),
            ("F/DeadLetterConfig", "{TargetArn: 'q'}"),
            (
                "FRole/ManagedPolicyArns",
                "[“arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole”, “arn:${AWS::Partition}:iam::aws:policy/AWSXrayWriteOnlyAccess”, “arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole”, “arn:${AWS::Partition}:iam::aws:policy/AWSLambdaExecute”, “arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaRole”, 'arn:aws:iam::1:policy/p', →T]",
            ),
            ("FRole/Policies/0/PolicyName", "'DeadLetterQueuePolicy'"),
            ("FRole/Policies/0/PolicyDocument/Statement/0/Action", "['sqs:SendMessage']"),
            ("FRole/Policies/1/PolicyName", "'FRolePolicy4'"),
            (
                "FRole/Policies/1/PolicyDocument/Statement/0/Resource/0",
                "“arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/t”",
            ),
            ("FRole/Policies/2/PolicyName", "'FRolePolicy5'"),
            ("FRole/Policies/2/PolicyDocument/Statement/0/Action", "'s3:*'"),
            ("FRole/PermissionsBoundary", "'b'"),
            ("FRole/Path", "'/p/'"),
        ],
    );
    let unknown = sam(&function("Policies: [{DynamoDBReadPolcy: {TableName: t}}]"));
    assert_eq!(
        problems(&unknown, "t.yaml"),
        [
            "!5:68 DynamoDBReadPolcy is no policy, nor a policy template of SAM; did you mean DynamoDBReadPolicy?"
        ]
    );
    check_rows(
        &unknown,
        "t.yaml",
        &[("FRole/Policies", "[unknown: transform Policies[0] is not evaluated]")],
    );
}

#[test]
fn functions_are_published() {
    expands(
        &(function(
            "AutoPublishAlias: live-1, ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}, FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ['*']}}",
        ) + "  O: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref F.Alias, A: !Sub 'x${F.Version}', B: !GetAtt F.Version.Version}}\n"),
        &[
            "F Lambda::Function",
            "FVersion Lambda::Version",
            "FAliasliveD1 Lambda::Alias",
            "FUrl Lambda::Url",
            "FUrlPublicPermissions Lambda::Permission",
            "FURLInvokeAllowPublicAccess Lambda::Permission",
            "FRole IAM::Role",
            "O SNS::Topic",
        ],
        &[
            ("FVersion/FunctionName", "→F"),
            ("FVersion/^/DeletionPolicy", "'Retain'"),
            ("FAliasliveD1/Name", "'live-1'"),
            ("FAliasliveD1/FunctionVersion", "→FVersion.Version"),
            ("FUrl/AuthType", "'NONE'"),
            ("FUrl/TargetFunctionArn", "→FAliasliveD1"),
            ("FUrlPublicPermissions/Principal", "'*'"),
            ("FUrlPublicPermissions/FunctionUrlAuthType", "'NONE'"),
            ("O/TopicName", "→FAliasliveD1"),
            ("O/A", "“x${FVersion}”"),
            ("O/B", "→FVersion.Version"),
        ],
    );
    expands(
        function(
            "EventInvokeConfig: {MaximumRetryAttempts: 1, DestinationConfig: {OnSuccess: {Type: SQS}, OnFailure: {Type: Lambda, Destination: a}}}",
        ),
        &[
            "F Lambda::Function",
            "FEventInvokeConfigOnSuccessQueue SQS::Queue",
            "FEventInvokeConfig Lambda::EventInvokeConfig",
            "FRole IAM::Role",
        ],
        &[
            ("FEventInvokeConfig/Qualifier", "'$LATEST'"),
            (
                "FEventInvokeConfig/DestinationConfig/OnSuccess/Destination",
                "→FEventInvokeConfigOnSuccessQueue.Arn",
            ),
            ("FEventInvokeConfig/DestinationConfig/OnFailure/Destination", "'a'"),
            ("FRole/Policies/0/PolicyDocument/Statement/0/Resource", "→FEventInvokeConfigOnSuccessQueue.Arn"),
            ("FRole/Policies/1/PolicyName", "'FEventInvokeConfigOnFailureLambdaPolicy'"),
        ],
    );
    expands(
        function(
            "AutoPublishAlias: live, DeploymentPreference: {Type: Canary10Percent5Minutes, Alarms: [a]}",
        ),
        &[
            "F Lambda::Function",
            "FVersion Lambda::Version",
            "FAliaslive Lambda::Alias",
            "ServerlessDeploymentApplication CodeDeploy::Application",
            "CodeDeployServiceRole IAM::Role",
            "FDeploymentGroup CodeDeploy::DeploymentGroup",
            "FRole IAM::Role",
        ],
        &[
            ("FDeploymentGroup/DeploymentConfigName", "'CodeDeployDefault.LambdaCanary10Percent5Minutes'"),
            ("FDeploymentGroup/ServiceRoleArn", "→CodeDeployServiceRole.Arn"),
        ],
    );
}

#[test]
fn events_let_their_sources_in() {
    type Case = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);
    let cases: [Case; 17] = [
        (
            "S3, Properties: {Bucket: !Ref B, Events: ['s3:ObjectCreated:*'], Filter: {x: y}}",
            &["FEPermission Lambda::Permission"],
            &[
                ("FEPermission/Principal", "'s3.amazonaws.com'"),
                (
                    "FEPermission/SourceAccount",
                    "unknown: AWS::AccountId is known only where the stack is deployed",
                ),
                (
                    "B/NotificationConfiguration/LambdaConfigurations",
                    "[{Event: 's3:ObjectCreated:*', Function: →F.Arn, Filter: {x: 'y'}}]",
                ),
                ("B/BucketName", "'b'"),
            ],
        ),
        (
            "SNS, Properties: {Topic: t, FilterPolicy: {a: [b]}}",
            &["FEPermission Lambda::Permission", "FE SNS::Subscription"],
            &[
                ("FEPermission/SourceArn", "'t'"),
                ("FE/Protocol", "'lambda'"),
                ("FE/Endpoint", "→F.Arn"),
                ("FE/FilterPolicy/a", "['b']"),
            ],
        ),
        (
            "SNS, Properties: {Topic: t, SqsSubscription: true}",
            &[
                "FEQueue SQS::Queue",
                "FEQueuePolicy SQS::QueuePolicy",
                "FEEventSourceMapping Lambda::EventSourceMapping",
                "FE SNS::Subscription",
            ],
            &[
                ("FE/Endpoint", "→FEQueue.Arn"),
                ("FEQueuePolicy/Queues", "[→FEQueue]"),
                ("FEQueuePolicy/PolicyDocument/Statement/0/Condition", "{ArnEquals: {aws:SourceArn: 't'}}"),
                ("FEEventSourceMapping/BatchSize", "10"),
            ],
        ),
        (
            "SQS, Properties: {Queue: q, BatchSize: 5}",
            &["FE Lambda::EventSourceMapping"],
            &[
                ("FE/EventSourceArn", "'q'"),
                ("FE/BatchSize", "5"),
                ("FE/FunctionName", "→F"),
                (
                    "FRole/ManagedPolicyArns/1",
                    "“arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole”",
                ),
            ],
        ),
        (
            "Kinesis, Properties: {Stream: s, StartingPosition: LATEST, DestinationConfig: {OnFailure: {Type: S3, Destination: b}}}",
            &["FE Lambda::EventSourceMapping"],
            &[
                ("FE/StartingPosition", "'LATEST'"),
                ("FE/DestinationConfig", "{OnFailure: {Destination: 'b'}}"),
                ("FRole/Policies/0/PolicyDocument/Statement/0/Resource", "'b/*'"),
            ],
        ),
        (
            "DynamoDB, Properties: {Stream: s, StartingPosition: LATEST}",
            &["FE Lambda::EventSourceMapping"],
            &[(
                "FRole/ManagedPolicyArns/1",
                "“arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole”",
            )],
        ),
        (
            "MSK, Properties: {Stream: s, StartingPosition: LATEST, Topics: [t], ConsumerGroupId: g}",
            &["FE Lambda::EventSourceMapping"],
            &[("FE/AmazonManagedKafkaEventSourceConfig", "{ConsumerGroupId: 'g'}"), ("FE/Topics", "['t']")],
        ),
        (
            "MQ, Properties: {Broker: b, Queues: [q], SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: s}]}",
            &["FE Lambda::EventSourceMapping"],
            &[
                ("FRole/Policies/0/PolicyName", "'SamAutoGeneratedAMQPolicy'"),
                ("FRole/Policies/0/PolicyDocument/Statement/0/Resource", "'s'"),
                ("FRole/Policies/0/PolicyDocument/Statement/1/Action", "['mq:DescribeBroker']"),
            ],
        ),
        (
            "SelfManagedKafka, Properties: {KafkaBootstrapServers: [a], Topics: [t], SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: s}]}",
            &["FE Lambda::EventSourceMapping"],
            &[
                ("FE/SelfManagedEventSource/Endpoints/KafkaBootstrapServers", "['a']"),
                ("FRole/Policies/0/PolicyName", "'SelfManagedKafkaExecutionRolePolicy'"),
            ],
        ),
        (
            "DocumentDB, Properties: {Cluster: c, DatabaseName: d, SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: s}]}",
            &["FE Lambda::EventSourceMapping"],
            &[
                ("FE/DocumentDBEventSourceConfig", "{DatabaseName: 'd'}"),
                ("FRole/Policies/0/PolicyDocument/Statement/3/Resource", "'c'"),
            ],
        ),
        (
            "Schedule, Properties: {Schedule: rate(1 day), Enabled: false, DeadLetterConfig: {Type: SQS}}",
            &[
                "FEQueue SQS::Queue",
                "FEQueuePolicy SQS::QueuePolicy",
                "FE Events::Rule",
                "FEPermission Lambda::Permission",
            ],
            &[
                ("FE/State", "'DISABLED'"),
                ("FE/ScheduleExpression", "'rate(1 day)'"),
                ("FE/Targets/0/Arn", "→F.Arn"),
                ("FE/Targets/0/DeadLetterConfig/Arn", "→FEQueue.Arn"),
                ("FEPermission/SourceArn", "→FE.Arn"),
            ],
        ),
        (
            "ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}",
            &["FERole IAM::Role", "FE Scheduler::Schedule"],
            &[
                ("FE/FlexibleTimeWindow/Mode", "'OFF'"),
                ("FE/Target/RoleArn", "→FERole.Arn"),
                ("FERole/Policies/0/PolicyDocument/Statement/0/Resource", "→F.Arn"),
            ],
        ),
        (
            "EventBridgeRule, Properties: {Pattern: {source: [a]}, EventBusName: b, RuleName: n}",
            &["FE Events::Rule", "FEPermission Lambda::Permission"],
            &[
                ("FE/EventPattern/source", "['a']"),
                ("FE/Name", "'n'"),
                ("FE/Targets/0/Id", "'FELambdaTarget'"),
            ],
        ),
        (
            "CloudWatchLogs, Properties: {LogGroupName: g, FilterPattern: p}",
            &["FEPermission Lambda::Permission", "FE Logs::SubscriptionFilter"],
            &[
                ("FE/DestinationArn", "→F.Arn"),
                (
                    "FEPermission/SourceArn",
                    "“arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:g:*”",
                ),
            ],
        ),
        (
            "IoTRule, Properties: {Sql: s}",
            &["FEPermission Lambda::Permission", "FE IoT::TopicRule"],
            &[("FE/TopicRulePayload/Actions/0/Lambda/FunctionArn", "→F.Arn")],
        ),
        (
            "Cognito, Properties: {UserPool: !Ref U, Trigger: [PreSignUp, PostConfirmation]}",
            &["FCognitoPermission Lambda::Permission"],
            &[
                ("FCognitoPermission/SourceArn", "→U.Arn"),
                ("U/LambdaConfig", "{PreSignUp: →F.Arn, PostConfirmation: →F.Arn}"),
            ],
        ),
        (
            "AlexaSkill, Properties: {SkillId: s}",
            &["FEPermission Lambda::Permission"],
            &[("FEPermission/EventSourceToken", "'s'")],
        ),
    ];
    for (event, made, rows) in cases {
        let others = "  B: {Type: AWS::S3::Bucket, Properties: {BucketName: b}}\n  U: {Type: AWS::Cognito::UserPool}\n";
        let mut all = vec!["F Lambda::Function"];
        all.extend(made);
        all.extend(["FRole IAM::Role", "B S3::Bucket", "U Cognito::UserPool"]);
        expands(&(function(&format!("Events: {{E: {{Type: {event}}}}}")) + others), &all, rows);
    }
}

#[test]
fn apis_are_declared_or_implied() {
    expands(
        function("Events: {G: {Type: Api, Properties: {Path: '/p/{id}', Method: get}}, H: {Type: HttpApi}}"),
        &[
            "F Lambda::Function",
            "FHPermission Lambda::Permission",
            "FGPermissionProd Lambda::Permission",
            "FRole IAM::Role",
            "ServerlessHttpApi ApiGatewayV2::Api",
            "ServerlessHttpApiApiGatewayDefaultStage ApiGatewayV2::Stage",
            "ServerlessRestApi ApiGateway::RestApi",
            "ServerlessRestApiDeployment ApiGateway::Deployment",
            "ServerlessRestApiProdStage ApiGateway::Stage",
        ],
        &[
            (
                "FGPermissionProd/SourceArn",
                "“arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${ServerlessRestApi}/*/GET/p/*”",
            ),
            ("ServerlessRestApi/Body/paths/~1p~1{id}", "absent"),
            ("ServerlessRestApi/Body/swagger", "'2.0'"),
            ("ServerlessRestApiProdStage/StageName", "'Prod'"),
            ("ServerlessRestApiProdStage/DeploymentId", "→ServerlessRestApiDeployment"),
            ("ServerlessHttpApiApiGatewayDefaultStage/StageName", "'$default'"),
            ("ServerlessHttpApi/Body/openapi", "'3.0.1'"),
        ],
    );
    let api = "
  A:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      AccessLogSetting: {DestinationArn: l}
      MethodSettings: [{LoggingLevel: INFO, HttpMethod: '*', ResourcePath: '/*'}]
      CacheClusterEnabled: true
      TracingEnabled: true
      EndpointConfiguration: {Type: PRIVATE, VPCEndpointIds: [v]}
      Auth:
        DefaultAuthorizer: C
        Authorizers: {C: {UserPoolArn: u}, L: {FunctionArn: !GetAtt F.Arn}}
        ResourcePolicy: {IpRangeWhitelist: [10.0.0.0/8]}
      Domain: {DomainName: d, CertificateArn: c, SecurityPolicy: TLS_1_2, Route53: {HostedZoneId: z}}
";
    let events = "Events: {G: {Type: Api, Properties: {Path: p, Method: get, RestApiId: !Ref A}}, N: {Type: Api, Properties: {Path: n, Method: post, RestApiId: !Ref A, Auth: {Authorizer: NONE}}}}";
    expands(
        &(function(events) + api),
        &[
            "F Lambda::Function",
            "FGPermissionv1 Lambda::Permission",
            "FNPermissionv1 Lambda::Permission",
            "FRole IAM::Role",
            "A ApiGateway::RestApi",
            "ADeployment ApiGateway::Deployment",
            "Av1Stage ApiGateway::Stage",
            "ApiGatewayDomainName ApiGateway::DomainName",
            "ABasePathMapping ApiGateway::BasePathMapping",
            "RecordSetGroup Route53::RecordSetGroup",
            "ALAuthorizerPermission Lambda::Permission",
        ],
        &[
            ("A/EndpointConfiguration", "{Types: ['PRIVATE'], VpcEndpointIds: ['v']}"),
            ("A/Body/paths/p/get/security", "[{C: []}]"),
            ("A/Body/paths/n/post/security", "[{NONE: []}]"),
            ("A/Body/securityDefinitions/C/x-amazon-apigateway-authorizer/providerARNs", "['u']"),
            (
                "A/Body/x-amazon-apigateway-policy/Statement/1/Condition",
                "{NotIpAddress: {aws:SourceIp: ['10.0.0.0/8']}}",
            ),
            ("Av1Stage/AccessLogSetting", "{DestinationArn: 'l'}"),
            ("Av1Stage/CacheClusterEnabled", "true"),
            ("Av1Stage/MethodSettings/0/LoggingLevel", "'INFO'"),
            ("ApiGatewayDomainName/SecurityPolicy", "'TLS_1_2'"),
            ("ABasePathMapping/DomainName", "→ApiGatewayDomainName"),
            ("ABasePathMapping/Stage", "→Av1Stage"),
        ],
    );
    // A definition that is written gets the authorizer too; a policy of an event outranks it.
    expands(
        &(function(
            "Events: {N: {Type: Api, Properties: {Path: /n, Method: get, RestApiId: !Ref A, Auth: {Authorizer: NONE, OverrideApiAuth: true}}}}",
        ) + "  A: {Type: AWS::Serverless::Api, Properties: {StageName: v, DefinitionBody: {swagger: '2.0', paths: {/p: {get: {}}, /n: {get: {}}}}, Auth: {DefaultAuthorizer: AWS_IAM}}}\n"),
        &[
            "F Lambda::Function",
            "FNPermissionv Lambda::Permission",
            "FRole IAM::Role",
            "A ApiGateway::RestApi",
            "ADeployment ApiGateway::Deployment",
            "AvStage ApiGateway::Stage",
        ],
        &[("A/Body/securityDefinitions/AWS_IAM/x-amazon-apigateway-authtype", "'awsSigv4'")],
    );
    expands(
        "  H: {Type: AWS::Serverless::HttpApi, Properties: {StageName: s, DefinitionBody: {openapi: 3.0.1, paths: {p: {get: {}}}}, AccessLogSettings: {DestinationArn: l}, Auth: {DefaultAuthorizer: J, Authorizers: {J: {JwtConfiguration: {issuer: i}}}}}}\n",
        &["H ApiGatewayV2::Api", "HsStage ApiGatewayV2::Stage"],
        &[
            ("H/Body/paths/p/get/security", "[{J: []}]"),
            ("H/Body/components/securitySchemes/J/x-amazon-apigateway-authorizer/type", "'jwt'"),
            ("HsStage/AccessLogSettings", "{DestinationArn: 'l'}"),
            ("HsStage/AutoDeploy", "true"),
        ],
    );
}

#[test]
fn tables_layers_applications_and_state_machines() {
    expands(
        "  T: {Type: AWS::Serverless::SimpleTable, Properties: {SSESpecification: {SSEEnabled: true}, PrimaryKey: {Name: k, Type: Number}}}\n",
        &["T DynamoDB::Table"],
        &[
            ("T/SSESpecification/SSEEnabled", "true"),
            ("T/KeySchema", "[{AttributeName: 'k', KeyType: 'HASH'}]"),
            ("T/AttributeDefinitions", "[{AttributeName: 'k', AttributeType: 'N'}]"),
            ("T/BillingMode", "'PAY_PER_REQUEST'"),
        ],
    );
    expands(
        &("  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: 's3://b/k/v?versionId=1'}}\n"
            .to_owned()
            + &function("Layers: [!Ref L]")),
        &["L Lambda::LayerVersion", "F Lambda::Function", "FRole IAM::Role"],
        &[
            ("L/Content", "{S3Bucket: 'b', S3Key: 'k/v', S3ObjectVersion: '1'}"),
            ("L/LayerName", "'L'"),
            ("F/Layers", "[→L]"),
        ],
    );
    expands(
        "
  S:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: A, States: {A: {Type: Task, Resource: !GetAtt F.Arn, End: true}}}
      Logging: {Level: ALL}
      Tracing: {Enabled: true}
      Policies: [{LambdaInvokePolicy: {FunctionName: !Ref F}}]
      Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}
  F: {Type: AWS::Lambda::Function, Properties: {FunctionName: f}}
",
        &[
            "S StepFunctions::StateMachine",
            "SERole IAM::Role",
            "SE Events::Rule",
            "SRole IAM::Role",
            "F Lambda::Function",
        ],
        &[
            ("S/LoggingConfiguration", "{Level: 'ALL'}"),
            ("S/RoleArn", "→SRole.Arn"),
            ("S/DefinitionSubstitutions", "{definition_substitution_1: →F.Arn}"),
            ("SE/Targets/0/RoleArn", "→SERole.Arn"),
            ("SERole/AssumeRolePolicyDocument/Statement/0/Principal/Service", "['events.amazonaws.com']"),
            ("SRole/Policies/0/PolicyName", "'SRolePolicy0'"),
        ],
    );
    // A local application is a nested stack.
    let both = estate(&[
        (
            "t.yaml",
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  N: {Type: AWS::Serverless::Application, Properties: {Location: sub/n.yaml, Parameters: {P: v}}}\n  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !GetAtt N.Outputs.O}}\n",
        ),
        (
            "sub/n.yaml",
            "Parameters: {P: {Type: String}}\nResources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref P}}}\nOutputs: {O: {Value: !Ref P}}\n",
        ),
    ]);
    check_rows(&both, "t.yaml/N", &[("Q/QueueName", "'v'")]);
    check_rows(&both, "t.yaml", &[("B/BucketName", "'v'")]);
    let elsewhere = sam(
        "  N: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: 'arn:aws:serverlessrepo:x', SemanticVersion: 1.0.0}}}\n",
    );
    assert_eq!(
        problems(&elsewhere, "t.yaml"),
        [
            "3:55 where the template of N is cannot be known: arn:aws:serverlessrepo:x is not in this input; what it creates is not seen"
        ]
    );
}

#[test]
fn connectors_grant_what_they_are_for() {
    let ends = function("") + "  Q: {Type: AWS::SQS::Queue}\n  S: {Type: AWS::SNS::Topic}\n";
    expands(
        &(ends.clone()
            + "  C: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: F}, Destination: [{Id: Q}, {Id: S}], Permissions: [Write]}}\n"),
        &[
            "F Lambda::Function",
            "FRole IAM::Role",
            "Q SQS::Queue",
            "S SNS::Topic",
            "CPolicyDestination0 IAM::ManagedPolicy",
            "CPolicyDestination1 IAM::ManagedPolicy",
        ],
        &[
            ("CPolicyDestination0/Roles", "[→FRole]"),
            ("CPolicyDestination0/PolicyDocument/Statement/0/Resource", "→Q.Arn"),
            ("CPolicyDestination1/PolicyDocument/Statement/0/Resource", "→S"),
        ],
    );
    expands(
        &(function("")
            + "  S: {Type: AWS::SNS::Topic, Connectors: {G: {Properties: {Destination: {Id: F}, Permissions: [Write]}}}}\n"),
        &[
            "F Lambda::Function",
            "FRole IAM::Role",
            "S SNS::Topic",
            "SGWriteLambdaPermission Lambda::Permission",
        ],
        &[
            ("SGWriteLambdaPermission/SourceArn", "→S"),
            ("SGWriteLambdaPermission/FunctionName", "→F.Arn"),
            ("SGWriteLambdaPermission/Principal", "'sns.amazonaws.com'"),
        ],
    );
    let none = sam(&(ends
        + "  C: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Q}, Destination: {Id: S}, Permissions: [Write]}}\n"));
    assert_eq!(
        problems(&none, "t.yaml"),
        [
            "!8:84 connector C: none is there from AWS::SQS::Queue to AWS::SNS::Topic; what it grants is not read"
        ]
    );
}

#[test]
fn graphql_apis_log_and_read_their_sources() {
    expands(
        "
  G:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      SchemaInline: s
      Auth: {Type: API_KEY}
      ApiKeys: {K: {ExpiresOn: 1}}
      DataSources: {DynamoDb: {T: {TableName: t, TableArn: a, Permissions: [Read]}}}
      Functions: {U: {DataSource: T, InlineCode: c}}
      Resolvers: {Query: {r: {Pipeline: [U]}}}
",
        &[
            "G AppSync::GraphQLApi",
            "GCloudWatchRole IAM::Role",
            "GSchema AppSync::GraphQLSchema",
            "GK AppSync::ApiKey",
            "GTDynamoDBDataSourceRole IAM::Role",
            "GTDynamoDBDataSourceToTableConnectorPolicy IAM::ManagedPolicy",
            "GTDynamoDBDataSource AppSync::DataSource",
            "GU AppSync::FunctionConfiguration",
            "GQueryr AppSync::Resolver",
        ],
        &[
            ("G/AuthenticationType", "'API_KEY'"),
            ("G/LogConfig/FieldLogLevel", "'ALL'"),
            ("GTDynamoDBDataSource/ServiceRoleArn", "→GTDynamoDBDataSourceRole.Arn"),
            ("GU/DataSourceName", "→GTDynamoDBDataSource.Name"),
            ("GQueryr/PipelineConfig/Functions", "[→GU.FunctionId]"),
        ],
    );
}

#[test]
fn globals_are_merged() {
    let text = "
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: g, Timeout: 5, Layers: [a], Tags: {x: 1}, Environment: {Variables: {A: a, B: b}}}
  SimpleTable: {SSESpecification: {SSEEnabled: true}}
  Api: {TracingEnabled: true}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Handler: h, InlineCode: c, Timeout: 9, Layers: [b], Environment: {Variables: {B: own}}, Events: {E: {Type: Api, Properties: {Path: /, Method: any}}}}
  I: {Type: AWS::Serverless::Function, IgnoreGlobals: [Timeout], Properties: {Handler: h, InlineCode: c, Role: r}}
  T: {Type: AWS::Serverless::SimpleTable}
";
    let estate = estate(&[("t.yaml", text)]);
    assert_eq!(problems(&estate, "t.yaml"), Vec::<String>::new());
    check_rows(
        &estate,
        "t.yaml",
        &[
            ("F/Runtime", "'g'"),
            ("F/Timeout", "9"),
            ("F/Layers", "['a', 'b']"),
            ("F/Environment/Variables", "{B: 'own', A: 'a'}"),
            ("F/Tags/1", "{Key: 'x', Value: 1}"),
            ("I/Timeout", "absent"),
            ("I/Runtime", "'g'"),
            ("T/SSESpecification/SSEEnabled", "true"),
            ("ServerlessRestApiProdStage/TracingEnabled", "true"),
        ],
    );
}

#[test]
fn what_is_not_expanded_is_said_by_name() {
    let cases = [
        (function("Handlr: h"), "!5:67 Handlr of F is not evaluated; did you mean Handler?"),
        (
            function("Events: {E: {Type: Sqs, Properties: {Queue: q}}}"),
            "!5:103 event E of F is of type Sqs, which is not expanded; did you mean SQS?",
        ),
        (
            "  W: {Type: AWS::Serverless::Website, Properties: {Routes: {}}}\n".to_owned(),
            "!3:6 AWS::Serverless::Website is not expanded; the resources it makes of W are not read",
        ),
        (
            function("") + "  FRole: {Type: AWS::IAM::Role}\n",
            "!4:3 the transform makes a resource FRole, and one of this name is there; only that one is read",
        ),
    ];
    for (text, expected) in cases {
        let estate = sam(&text);
        let found = problems(&estate, "t.yaml");
        assert!(
            found.iter().any(|p| p.split_once(' ').map(|x| x.1) == expected.split_once(' ').map(|x| x.1)),
            "{found:?}"
        );
        assert_eq!(input(&estate, "t.yaml").status.name(), "partly");
    }
    let bare = estate(&[("t.yaml", &format!("Resources:\n{}", function("")))]);
    assert_eq!(
        problems(&bare, "t.yaml"),
        ["0:0 AWS::Serverless::… needs `Transform: AWS::Serverless-2016-10-31`; it is expanded all the same"]
    );
}

#[test]
fn what_is_made_stands_where_it_is_asked_for() {
    let text = "Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Condition: C
    Properties:
      Handler: h
      InlineCode: c
      Events:
        E: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}
  Q: {Type: AWS::SQS::Queue}
Conditions: {C: !Equals [!Ref AWS::Region, us-east-1]}
";
    let estate = estate(&[("t.yaml", text)]);
    let stack = stack(&estate, "t.yaml");
    let lines = LineIndex::new(text);
    let place = |id: &str| {
        let resource = stack.resources.iter().find(|r| stack.text(r.id) == id).unwrap();
        assert_eq!(resource.condition.is_some(), id != "Q", "{id}");
        lines.position(text, resource.offset).line
    };
    assert_eq!([place("F"), place("FRole"), place("FE"), place("Q")], [3, 3, 10, 11]);
    let queue = stack.resources.iter().find(|r| stack.text(r.id) == "FE").unwrap();
    let arn = stack.tree.get(queue.properties, "EventSourceArn").unwrap();
    assert_eq!(lines.position(text, stack.tree.offset(arn)).line, 10);
    assert_eq!(edges(&estate, "t.yaml"), ["FE→F", "FE→Q.Arn", "F→FRole.Arn"]);
}

#[test]
fn websocket_apis_have_routes_a_stage_and_an_authorizer() {
    expands(
        "  W:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Auth: {AuthType: CUSTOM, AuthArn: !GetAtt F.Arn, IdentitySource: [route.request.header.Auth]}
      AccessLogSettings: {DestinationArn: a}
      Routes:
        $connect: {FunctionArn: !GetAtt F.Arn, OperationName: open}
        sendMessage: {FunctionArn: !GetAtt F.Arn, IntegrationTimeout: 500}
  F: {Type: AWS::Lambda::Function}
",
        &[
            "W ApiGatewayV2::Api",
            "WConnectRoute ApiGatewayV2::Route",
            "WConnectIntegration ApiGatewayV2::Integration",
            "WConnectPermission Lambda::Permission",
            "WSendmessageRoute ApiGatewayV2::Route",
            "WSendmessageIntegration ApiGatewayV2::Integration",
            "WSendmessagePermission Lambda::Permission",
            "WDefaultStage ApiGatewayV2::Stage",
            "WConnectAuthorizer ApiGatewayV2::Authorizer",
            "WAuthorizerPermission Lambda::Permission",
            "F Lambda::Function",
        ],
        &[
            ("W/ProtocolType", "'WEBSOCKET'"),
            ("W/Name", "'W'"),
            ("W/RouteSelectionExpression", "'$request.body.action'"),
            ("WConnectRoute/RouteKey", "'$connect'"),
            ("WConnectRoute/AuthorizationType", "'CUSTOM'"),
            ("WConnectRoute/AuthorizerId", "→WConnectAuthorizer"),
            ("WConnectRoute/OperationName", "'open'"),
            ("WSendmessageRoute/RouteKey", "'sendMessage'"),
            ("WSendmessageRoute/AuthorizationType", "absent"),
            ("WSendmessageIntegration/TimeoutInMillis", "500"),
            ("WSendmessageIntegration/IntegrationType", "'AWS_PROXY'"),
            ("WSendmessagePermission/FunctionName", "→F.Arn"),
            ("WDefaultStage/StageName", "'default'"),
            ("WDefaultStage/AutoDeploy", "true"),
            ("WDefaultStage/AccessLogSettings/DestinationArn", "'a'"),
            ("WConnectAuthorizer/AuthorizerType", "'REQUEST'"),
        ],
    );
}

#[test]
fn capacity_providers_have_an_operator_unless_one_is_given() {
    expands(
        "  C:
    Type: AWS::Serverless::CapacityProvider
    Properties:
      VpcConfig: {SubnetIds: [s], SecurityGroupIds: [g]}
      KmsKeyArn: k
      InstanceRequirements: {Architectures: [arm64], AllowedTypes: [m8g.large]}
      ScalingConfig: {MaxVCpuCount: 8, AverageCPUUtilization: 70.0}
      LoggingConfig: {LogGroup: l}
      ManagedResourceTags: {Tags: {a: b}}
  D: {Type: AWS::Serverless::CapacityProvider, Properties: {OperatorRole: r, VpcConfig: {SubnetIds: [s]}, ScalingConfig: {MaxVCpuCount: 4}}}
",
        &["C Lambda::CapacityProvider", "COperatorRole IAM::Role", "D Lambda::CapacityProvider"],
        &[
            ("C/PermissionsConfig/CapacityProviderOperatorRoleArn", "→COperatorRole.Arn"),
            ("C/VpcConfig/SecurityGroupIds", "['g']"),
            ("C/InstanceRequirements/AllowedInstanceTypes", "['m8g.large']"),
            ("C/CapacityProviderScalingConfig/ScalingMode", "'Manual'"),
            ("C/CapacityProviderScalingConfig/MaxVCpuCount", "8"),
            ("C/TelemetryConfig/LoggingConfig/LogGroup", "'l'"),
            ("C/PropagateTags", "{Mode: 'Explicit', ExplicitTags: [{Key: 'a', Value: 'b'}]}"),
            ("C/Tags", "[{Key: 'lambda:createdBy', Value: 'SAM'}]"),
            (
                "COperatorRole/ManagedPolicyArns",
                "[“arn:${AWS::Partition}:iam::aws:policy/AWSLambdaManagedEC2ResourceOperator”]",
            ),
            ("D/PermissionsConfig/CapacityProviderOperatorRoleArn", "'r'"),
            ("D/CapacityProviderScalingConfig/ScalingMode", "'Auto'"),
        ],
    );
}

#[test]
fn network_connectors_images_and_web_functions() {
    expands(
        "  N: {Type: AWS::Serverless::NetworkConnector, Properties: {VpcConfig: {SubnetIds: [s], SecurityGroupIds: [g], NetworkProtocol: IPv4}}}
  I:
    Type: AWS::Serverless::MicrovmImage
    Properties: {Name: i, CodeUri: s3://code/i.zip, BaseImageArn: b, BaseImageVersion: '1', EnvironmentVariables: {X: y}}
  W:
    Type: AWS::Serverless::WebFunction
    Properties:
      FunctionName: w
      AuthType: IamAuth
      Runtime: nodejs24.x
      CodeUri: s3://code/w.zip
      EnvironmentVariables: {X: y}
      EntryPoint: e.js
      KmsKeyArn: k
",
        &[
            "N Lambda::NetworkConnector",
            "NOperatorRole IAM::Role",
            "I Lambda::MicrovmImage",
            "IBuildRole IAM::Role",
            "W Lambda::WebFunction",
            "WRole IAM::Role",
            "WRevision Lambda::WebFunctionRevision",
            "WEndpoint Lambda::WebFunctionEndpoint",
        ],
        &[
            ("N/OperatorRole", "→NOperatorRole.Arn"),
            ("N/Configuration/VpcEgressConfiguration/AssociatedComputeResourceTypes", "['MicroVm']"),
            ("N/Configuration/VpcEgressConfiguration/SubnetIds", "['s']"),
            ("I/CodeArtifact/Uri", "'s3://code/i.zip'"),
            ("I/BuildRoleArn", "→IBuildRole.Arn"),
            ("I/EnvironmentVariables", "[{Key: 'X', Value: 'y'}]"),
            ("IBuildRole/Policies/0/PolicyDocument/Statement/0/Resource", "“arn:${AWS::Partition}:s3:::code/*”"),
            ("WRevision/BuildConfig/CodeConfig/S3Object/Bucket", "'code'"),
            ("WRevision/BuildConfig/RuntimeConfig/Runtime", "'nodejs24.x'"),
            ("WRevision/ServiceConfig/ExecutionRoleArn", "→WRole.Arn"),
            ("WRevision/ServiceConfig/TimeoutSeconds", "30"),
            ("WRevision/ServiceConfig/EnvironmentVariables", "{X: 'y', AWS_LAMBDA_NODEJS_ENTRYPOINT: 'e.js'}"),
            ("WRevision/KmsKeyArn", "'k'"),
            ("WEndpoint/AuthType", "'IamAuth'"),
            ("WEndpoint/EndpointName", "'prod'"),
            ("WEndpoint/RevisionWeights", "[{RevisionId: →WRevision.RevisionId, Weight: 100}]"),
        ],
    );
}
