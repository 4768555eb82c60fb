//! Events that a function polls for: `AWS::Lambda::EventSourceMapping`.
//!
//! AWS: SAM Developer Guide, the pages "DynamoDB", "Kinesis", "SQS", "MSK", "MQ", "SelfManagedKafka"
//! and "DocumentDB" of the event sources, and "Generated CloudFormation resources for
//! AWS::Serverless::Function"; what the role needs as in the Lambda Developer Guide, "Working with
//! Lambda execution environment credentials" for each source.

use sekisho_estate::NodeId;

use super::events::Event;
use super::function::s3_statements;
use super::make::{Fields, Made, allow, arn, inline, inline_dated, managed, one, sub, text};
use super::role::Role;
use super::{Sam, Source, Target};

/// Properties that every mapping may have under the same name.
const SAME: [&str; 20] = [
    "StartingPosition",
    "StartingPositionTimestamp",
    "BatchSize",
    "Enabled",
    "MaximumBatchingWindowInSeconds",
    "MaximumRetryAttempts",
    "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds",
    "ParallelizationFactor",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "TumblingWindowInSeconds",
    "FunctionResponseTypes",
    "FilterCriteria",
    "KmsKeyArn",
    "ScalingConfig",
    "ProvisionedPollerConfig",
    "MetricsConfig",
    "LoggingConfig",
];
/// Properties that become something else.
const OTHER: [&str; 14] = [
    "DestinationConfig",
    "SecretsManagerKmsKeyId",
    "KafkaBootstrapServers",
    "ConsumerGroupId",
    "SchemaRegistryConfig",
    "Stream",
    "Queue",
    "Broker",
    "Cluster",
    "DynamicPolicyName",
    "DatabaseName",
    "CollectionName",
    "FullDocument",
    "FunctionName",
];

/// What a function in a VPC does to reach a source there.
const NETWORK: [&str; 6] = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
];

impl Sam<'_, '_> {
    /// A mapping, and what the role needs for it; false when the event is of another kind.
    pub(super) fn pull(&mut self, source: &Source, event: &Event, target: &Target, role: &mut Role) -> bool {
        let p = event.properties;
        let from = match event.kind.as_str() {
            "Kinesis" | "DynamoDB" | "MSK" => "Stream",
            "SQS" => "Queue",
            "MQ" => "Broker",
            "DocumentDB" => "Cluster",
            "SelfManagedKafka" => "",
            _ => return false,
        };
        self.check_known(p, &[&SAME[..], &OTHER].concat(), &event.id);
        let at = event.at;
        let written = self.get(p, from);
        if written.is_none() && !from.is_empty() {
            self.low.note(p, format!("event {} needs {from}", event.name));
        }
        let mut made =
            Fields::new().with("FunctionName", target.name.clone()).with_some("EventSourceArn", written);
        for name in SAME {
            made.put_some(name, self.get(p, name));
        }
        if let Some(servers) = self.get(p, "KafkaBootstrapServers") {
            made.put("SelfManagedEventSource", one("Endpoints", one("KafkaBootstrapServers", servers)));
        }
        let kafka = Fields::new()
            .with_some("ConsumerGroupId", self.get(p, "ConsumerGroupId"))
            .with_some("SchemaRegistryConfig", self.get(p, "SchemaRegistryConfig"));
        if !kafka.0.is_empty() {
            let name = match event.kind.as_str() {
                "MSK" => "AmazonManagedKafkaEventSourceConfig",
                _ => "SelfManagedKafkaEventSourceConfig",
            };
            made.put(name, kafka);
        }
        if event.kind == "DocumentDB" {
            let names = ["DatabaseName", "CollectionName", "FullDocument"];
            let config =
                names.into_iter().fold(Fields::new(), |made, name| made.with_some(name, self.get(p, name)));
            made.put("DocumentDBEventSourceConfig", config);
        }
        if let Some(destinations) = self.get(p, "DestinationConfig") {
            made.put("DestinationConfig", self.on_failure(event, destinations, role));
        }
        self.emit(source, event.id.clone(), "AWS::Lambda::EventSourceMapping", made, at);
        self.poll_policies(event, role);
        true
    }

    /// Where records go that could not be processed; the role may write there.
    fn on_failure(&mut self, event: &Event, destinations: NodeId, role: &mut Role) -> Made {
        let Some(failure) = self.get(destinations, "OnFailure") else { return destinations.into() };
        let Some(arn) = self.get(failure, "Destination") else { return destinations.into() };
        let statements = match self.text_at(failure, "Type") {
            Some("SQS") => Some(("SQSPolicy", vec![allow(&["sqs:SendMessage"], arn.into())])),
            Some("SNS") => Some(("SNSPolicy", vec![allow(&["sns:publish"], arn.into())])),
            Some("S3") => Some(("S3Policy", s3_statements(arn.into()))),
            _ => None,
        };
        if let Some((name, statements)) = statements {
            role.add(inline(format!("{}{name}", event.id), statements));
        }
        one("OnFailure", one("Destination", arn))
    }

    /// What the role of the function needs to poll.
    fn poll_policies(&mut self, event: &Event, role: &mut Role) {
        let p = event.properties;
        match event.kind.as_str() {
            "Kinesis" => role.add_managed(managed("AWSLambdaKinesisExecutionRole")),
            "DynamoDB" => role.add_managed(managed("AWSLambdaDynamoDBExecutionRole")),
            "SQS" => role.add_managed(managed("AWSLambdaSQSQueueExecutionRole")),
            "MSK" => {
                role.add_managed(managed("AWSLambdaMSKExecutionRole"));
                let mut statements = self.registry(p);
                statements.extend(self.secrets(p, |kind| kind == "CLIENT_CERTIFICATE_TLS_AUTH"));
                if !statements.is_empty() {
                    role.add(inline("MSKExecutionRolePolicy", statements));
                }
            }
            "MQ" => {
                let mut statements = self.secrets(p, |kind| kind == "BASIC_AUTH");
                if let Some(broker) = self.get(p, "Broker") {
                    statements.push(allow(&["mq:DescribeBroker"], broker.into()));
                }
                statements.extend(self.secret_key(p));
                let dynamic = self.get(p, "DynamicPolicyName").map(|node| self.low.stack.tree.node(node));
                let name = if dynamic == Some(sekisho_estate::Node::Bool(true)) {
                    format!("{}AMQPolicy", event.id)
                } else {
                    "SamAutoGeneratedAMQPolicy".to_owned()
                };
                role.add(inline(name, statements));
            }
            "SelfManagedKafka" => {
                let is_secret = |kind: &str| {
                    matches!(
                        kind,
                        "SASL_SCRAM_256_AUTH"
                            | "SASL_SCRAM_512_AUTH"
                            | "BASIC_AUTH"
                            | "CLIENT_CERTIFICATE_TLS_AUTH"
                            | "SERVER_ROOT_CA_CERTIFICATE"
                    )
                };
                let mut statements = self.secrets(p, is_secret);
                if !self.accesses(p, |kind| kind == "VPC_SUBNET").is_empty() {
                    statements.push(allow(&NETWORK, text("*")));
                }
                statements.extend(self.secret_key(p));
                statements.extend(self.registry(p));
                role.add(inline_dated("SelfManagedKafkaExecutionRolePolicy", statements));
            }
            "DocumentDB" => {
                let mut statements = self.secrets(p, |kind| kind == "BASIC_AUTH");
                statements.push(allow(&["rds:DescribeDBClusterParameters"], sub(arn("rds", "cluster-pg:*"))));
                statements.push(allow(&["rds:DescribeDBSubnetGroups"], sub(arn("rds", "subgrp:*"))));
                if let Some(cluster) = self.get(p, "Cluster") {
                    statements.push(allow(&["rds:DescribeDBClusters"], cluster.into()));
                }
                statements.push(allow(&NETWORK, text("*")));
                statements.extend(self.secret_key(p));
                role.add(inline("SamAutoGeneratedDocumentDBPolicy", statements));
            }
            _ => {}
        }
    }

    /// The locations among the access configurations of certain kinds.
    fn accesses(&self, p: NodeId, wanted: impl Fn(&str) -> bool) -> Vec<NodeId> {
        let Some(list) = self.get(p, "SourceAccessConfigurations") else { return Vec::new() };
        let items = self.low.stack.tree.list(list).iter();
        items
            .filter(|&&item| self.text_at(item, "Type").is_some_and(&wanted))
            .filter_map(|&item| self.get(item, "URI"))
            .collect()
    }

    fn secrets(&self, p: NodeId, wanted: impl Fn(&str) -> bool) -> Vec<Made> {
        let found = self.accesses(p, wanted).into_iter();
        found.map(|uri| allow(&["secretsmanager:GetSecretValue"], uri.into())).collect()
    }

    /// The key that the secret is encrypted with.
    fn secret_key(&self, p: NodeId) -> Option<Made> {
        let key = self.get(p, "SecretsManagerKmsKeyId")?;
        let resource = match self.low.stack.tree.string(key) {
            Some(key) => sub(arn("kms", &format!("key/{key}"))),
            None => one("Fn::Sub", vec![text(arn("kms", "key/${Key}")), one("Key", key)]),
        };
        Some(allow(&["kms:Decrypt"], resource))
    }

    /// What reading a schema registry takes.
    fn registry(&self, p: NodeId) -> Vec<Made> {
        let Some(config) = self.get(p, "SchemaRegistryConfig") else { return Vec::new() };
        let access =
            self.get(config, "AccessConfigs").map(|list| self.low.stack.tree.list(list)).unwrap_or_default();
        let mut statements: Vec<Made> = access
            .iter()
            .filter_map(|&item| self.get(item, "URI"))
            .map(|uri| allow(&["secretsmanager:GetSecretValue"], uri.into()))
            .collect();
        let uri = self.get(config, "SchemaRegistryURI");
        let name = uri.and_then(|node| {
            let written = match self.low.function_of(node) {
                Some((crate::function::Function::Sub, of)) => self.low.stack.tree.string(of)?,
                _ => self.low.stack.tree.string(node)?,
            };
            Some(written.rsplit_once(":registry/")?.1.to_owned())
        });
        if let (Some(uri), Some(name)) = (uri, name) {
            statements.push(allow(&["glue:GetRegistry"], uri.into()));
            let schemas = sub(arn("glue", &format!("schema/{name}/*")));
            statements.push(allow(&["glue:GetSchemaVersion"], Made::List(vec![schemas])));
        }
        statements
    }
}
