//! What Lambda runs on and beside functions: `AWS::Serverless::CapacityProvider`,
//! `AWS::Serverless::NetworkConnector`, `AWS::Serverless::MicrovmImage`, `AWS::Serverless::WebFunction`.
//!
//! AWS: SAM Developer Guide, the pages of these types; the resources are those of the transform
//! (package aws-sam-translator).

use sekisho_estate::{NodeId, Reason, ReasonCode};

use super::make::{Fields, Made, allow, attribute, fill, inline_dated, managed, one, sub, text, trust};
use super::{Sam, Source};

/// The role's basic permission to write a log.
const BASIC: &str = "AWSLambdaBasicExecutionRole";

impl Sam<'_, '_> {
    /// Instances of one's own on which functions run.
    pub(super) fn capacity_provider(&mut self, source: &Source) {
        const KNOWN: [&str; 10] = [
            "CapacityProviderName",
            "VpcConfig",
            "OperatorRole",
            "Tags",
            "PropagateTags",
            "InstanceRequirements",
            "ScalingConfig",
            "KmsKeyArn",
            "LoggingConfig",
            "ManagedResourceTags",
        ];
        let p = source.properties;
        self.check_known(p, &KNOWN, &source.id);
        let role = self.operator_role(source, "OperatorRole", "AWSLambdaManagedEC2ResourceOperator");
        let mut made = Fields::new()
            .with_some("CapacityProviderName", self.get(p, "CapacityProviderName"))
            .with_some("VpcConfig", self.get(p, "VpcConfig"))
            .with("PermissionsConfig", one("CapacityProviderOperatorRoleArn", role))
            .with_some("KmsKeyArn", self.get(p, "KmsKeyArn"))
            .with_some("Tags", self.created_tags(source));
        if let Some(needs) = self.get(p, "InstanceRequirements") {
            let renamed = self.renamed(
                needs,
                &[
                    ("Architectures", "Architectures"),
                    ("AllowedTypes", "AllowedInstanceTypes"),
                    ("ExcludedTypes", "ExcludedInstanceTypes"),
                ],
                "InstanceRequirements",
            );
            made.put("InstanceRequirements", renamed);
        }
        if let Some(scaling) = self.get(p, "ScalingConfig") {
            let aim = if self.is_map(scaling) { self.get(scaling, "AverageCPUUtilization") } else { None };
            let mut config = match self.renamed(scaling, &[("MaxVCpuCount", "MaxVCpuCount")], "ScalingConfig")
            {
                Made::Map(fields) => fields,
                unknown => {
                    return self.main(
                        source,
                        "AWS::Lambda::CapacityProvider",
                        made.with("CapacityProviderScalingConfig", unknown).into(),
                    );
                }
            };
            config.put("ScalingMode", if aim.is_some() { "Manual" } else { "Auto" });
            if let Some(aim) = aim {
                let policy = Fields::new()
                    .with("PredefinedMetricType", "LambdaCapacityProviderAverageCPUUtilization")
                    .with("TargetValue", aim);
                config.put("ScalingPolicies", vec![policy.into()]);
            }
            made.put("CapacityProviderScalingConfig", config);
        }
        if let Some(log) = self.get(p, "LoggingConfig") {
            made.put("TelemetryConfig", one("LoggingConfig", log));
        }
        if let Some(tags) = self.get(p, "ManagedResourceTags").and_then(|tags| self.get(tags, "Tags")) {
            let tags = self.tags(None, Some(tags));
            made.put("PropagateTags", Fields::new().with("Mode", "Explicit").with_some("ExplicitTags", tags));
        }
        self.main(source, "AWS::Lambda::CapacityProvider", made.into());
    }

    /// The way of micro machines and web functions into a VPC.
    pub(super) fn network_connector(&mut self, source: &Source) {
        const KNOWN: [&str; 6] =
            ["Name", "VpcConfig", "ComputeTypes", "OperatorRole", "Tags", "PropagateTags"];
        let p = source.properties;
        self.check_known(p, &KNOWN, &source.id);
        let role = self.operator_role(source, "OperatorRole", "AWSLambdaNetworkConnectorOperatorPolicy");
        let compute = self.get(p, "ComputeTypes").map_or_else(|| vec![text("MicroVm")].into(), Made::Node);
        let egress = match self.get(p, "VpcConfig") {
            Some(vpc) => {
                let same = [
                    ("SubnetIds", "SubnetIds"),
                    ("SecurityGroupIds", "SecurityGroupIds"),
                    ("NetworkProtocol", "NetworkProtocol"),
                ];
                match self.renamed(vpc, &same, "VpcConfig") {
                    Made::Map(fields) => fields.with("AssociatedComputeResourceTypes", compute).into(),
                    unknown => unknown,
                }
            }
            None => one("AssociatedComputeResourceTypes", compute),
        };
        let made = Fields::new()
            .with_some("Name", self.get(p, "Name"))
            .with("Configuration", one("VpcEgressConfiguration", egress))
            .with("OperatorRole", role)
            .with_some("Tags", self.created_tags(source));
        self.main(source, "AWS::Lambda::NetworkConnector", made.into());
    }

    /// The image of a micro machine, and the role that builds it.
    pub(super) fn microvm_image(&mut self, source: &Source) {
        const SAME: [&str; 9] = [
            "Name",
            "BaseImageArn",
            "BaseImageVersion",
            "Logging",
            "EgressNetworkConnectors",
            "CpuConfigurations",
            "Resources",
            "AdditionalOsCapabilities",
            "Hooks",
        ];
        const OTHERS: [&str; 6] =
            ["BuildRoleArn", "CodeUri", "Description", "EnvironmentVariables", "PropagateTags", "Tags"];
        let p = source.properties;
        self.check_known(p, &[&SAME[..], &OTHERS[..]].concat(), &source.id);
        let role = match self.get(p, "BuildRoleArn") {
            Some(written) => written.into(),
            None => self.build_role(source),
        };
        let mut made = Fields::new().with("BuildRoleArn", role);
        made.put_some("CodeArtifact", self.get(p, "CodeUri").map(|uri| one("Uri", uri)));
        made.put("Description", self.get(p, "Description").map_or_else(|| text(""), Made::Node));
        for same in SAME {
            made.put_some(same, self.get(p, same));
        }
        if let Some(variables) = self.get(p, "EnvironmentVariables") {
            if self.is_map(variables) {
                let pair = |(key, value): (String, NodeId)| {
                    Fields::new().with("Key", text(key)).with("Value", value).into()
                };
                made.put(
                    "EnvironmentVariables",
                    self.members(variables).into_iter().map(pair).collect::<Vec<Made>>(),
                );
            } else {
                let unknown = self.unread(variables, "EnvironmentVariables");
                made.put("EnvironmentVariables", unknown);
            }
        }
        made.put_some("Tags", self.created_tags(source));
        self.main(source, "AWS::Lambda::MicrovmImage", made.into());
    }

    /// A web function: the function, its revision, and the endpoint that the world calls.
    pub(super) fn web_function(&mut self, source: &Source) {
        const KNOWN: [&str; 23] = [
            "FunctionName",
            "Tags",
            "ReplicaRegions",
            "AuthType",
            "Runtime",
            "CodeUri",
            "InlineCode",
            "RevisionDescription",
            "KmsKeyArn",
            "ExecutionRoleArn",
            "EnvironmentVariables",
            "EntryPoint",
            "MaxConcurrencyPerEnvironment",
            "EgressNetworkConnectorArn",
            "Timeout",
            "LoggingConfig",
            "RevisionWeights",
            "EndpointName",
            "EndpointType",
            "EndpointDescription",
            "ScalingConfig",
            "ThrottleConfig",
            "AutoDeploymentMode",
        ];
        let (p, id) = (source.properties, source.id.clone());
        self.check_known(p, &KNOWN, &id);
        let role = match self.get(p, "ExecutionRoleArn") {
            Some(written) => written.into(),
            None => self.service_role(source, "Role", vec![managed(BASIC)], Vec::new()),
        };
        let name = match self.get(p, "FunctionName") {
            Some(name) => Made::Node(name),
            // AWS: the logical id and a part of the id of the stack, which nobody knows before.
            None => Made::Unknown(Reason::new(ReasonCode::AttributeAtDeploy, "FunctionName")),
        };
        let tags = self.tags(None, self.get(p, "Tags"));
        let made = Fields::new().with("FunctionName", name.clone()).with_some("Tags", tags);
        self.main(source, "AWS::Lambda::WebFunction", made.into());

        let code = self.s3_location(self.get(p, "CodeUri"), "CodeUri", ["Bucket", "Key", "VersionId"]);
        let build = Fields::new()
            .with("CodeConfig", one("S3Object", code))
            .with_some("RuntimeConfig", self.get(p, "Runtime").map(|runtime| one("Runtime", runtime)));
        let mut service = Fields::new()
            .with("ExecutionRoleArn", role)
            .with("TimeoutSeconds", self.get(p, "Timeout").map_or(Made::Int(30), Made::Node))
            .with_some("MaxConcurrencyPerEnvironment", self.get(p, "MaxConcurrencyPerEnvironment"))
            .with_some("EgressNetworkConnectorArn", self.get(p, "EgressNetworkConnectorArn"));
        if let Some(log) = self.get(p, "LoggingConfig") {
            service.put("TelemetryConfig", one("LoggingConfig", log));
        }
        let entry = self.get(p, "EntryPoint");
        match (self.get(p, "EnvironmentVariables"), entry) {
            (Some(variables), Some(entry)) if self.is_map(variables) => {
                let mut all = Fields::new();
                for (key, value) in self.members(variables) {
                    all.put(key, value);
                }
                service.put("EnvironmentVariables", all.with("AWS_LAMBDA_NODEJS_ENTRYPOINT", entry));
            }
            (None, Some(entry)) => {
                service.put("EnvironmentVariables", one("AWS_LAMBDA_NODEJS_ENTRYPOINT", entry))
            }
            (variables, _) => service.put_some("EnvironmentVariables", variables),
        }
        let made = Fields::new()
            .with("FunctionName", name.clone())
            .with("BuildConfig", build)
            .with("ServiceConfig", service)
            .with_some("KmsKeyArn", self.get(p, "KmsKeyArn"))
            .with_some("Description", self.get(p, "RevisionDescription"));
        let revision = format!("{id}Revision");
        self.emit(source, revision.clone(), "AWS::Lambda::WebFunctionRevision", made, source.at);

        let weights = match self.get(p, "RevisionWeights") {
            None => {
                let whole = Fields::new()
                    .with("RevisionId", attribute(revision, "RevisionId"))
                    .with("Weight", Made::Int(100));
                vec![whole.into()].into()
            }
            Some(weights) if self.is_map(weights) => {
                let weight = |(revision, weight): (String, NodeId)| {
                    Fields::new().with("RevisionId", text(revision)).with("Weight", weight).into()
                };
                self.members(weights).into_iter().map(weight).collect::<Vec<Made>>().into()
            }
            Some(weights) => self.unread(weights, "RevisionWeights"),
        };
        // Names of groups of regions are resolved by the transform; a list of regions stands as it is.
        let regions = self.get(p, "ReplicaRegions").map(|regions| {
            let tree = &self.low.stack.tree;
            let plain = !self.is_map(regions)
                && tree.list(regions).iter().all(|&r| tree.string(r).is_none_or(|name| name.contains('-')));
            if plain { regions.into() } else { self.unread(regions, "ReplicaRegions") }
        });
        let or = |node: Option<NodeId>, value: &'static str| node.map_or_else(|| text(value), Made::Node);
        let made = Fields::new()
            .with("FunctionName", name)
            .with("EndpointName", or(self.get(p, "EndpointName"), "prod"))
            .with("EndpointType", or(self.get(p, "EndpointType"), "HomeRegion"))
            .with_some("AuthType", self.get(p, "AuthType"))
            .with("RevisionWeights", weights)
            .with_some("Regions", regions)
            .with_some("Description", self.get(p, "EndpointDescription"))
            .with_some("ScalingConfig", self.get(p, "ScalingConfig"))
            .with_some("ThrottleConfig", self.get(p, "ThrottleConfig"));
        self.emit(source, format!("{id}Endpoint"), "AWS::Lambda::WebFunctionEndpoint", made, source.at);
    }

    // ---- roles and parts ----------------------------------------------------------

    /// The role as written, or the one that the transform makes.
    fn operator_role(&mut self, source: &Source, suffix: &str, policy: &str) -> Made {
        match self.get(source.properties, "OperatorRole") {
            Some(written) => written.into(),
            None => self.service_role(source, suffix, vec![managed(policy)], Vec::new()),
        }
    }

    /// The role that reads the code of an image and writes the log of its build.
    fn build_role(&mut self, source: &Source) -> Made {
        let uri = self.get(source.properties, "CodeUri");
        let bucket =
            uri.and_then(|node| self.low.stack.tree.string(node)?.strip_prefix("s3://")?.split('/').next());
        let code = match (bucket, uri) {
            (Some(bucket), _) => sub(format!("arn:${{AWS::Partition}}:s3:::{bucket}/*")),
            (None, Some(uri)) => {
                let parts = one("Fn::Split", vec!["/".into(), uri.into()]);
                let bucket = one("Fn::Select", vec![Made::Int(2), parts]);
                fill("arn:${AWS::Partition}:s3:::${Bucket}/*", &[("Bucket", bucket)])
            }
            (None, None) => Made::Unknown(Reason::new(ReasonCode::NotInInput, "CodeUri")),
        };
        let policy = inline_dated(
            "MicrovmImageBuildPolicy",
            vec![
                allow(&["s3:GetObject"], code),
                allow(&["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], text("*")),
            ],
        );
        self.service_role(source, "BuildRole", Vec::new(), vec![policy])
    }

    /// A role that Lambda takes; what refers to it.
    fn service_role(&mut self, source: &Source, suffix: &str, arns: Vec<Made>, policies: Vec<Made>) -> Made {
        let id = format!("{}{suffix}", source.id);
        let tags = self.tags(Some(("lambda:createdBy", "SAM")), None);
        let made = Fields::new()
            .with("AssumeRolePolicyDocument", trust("lambda.amazonaws.com"))
            .with_some("ManagedPolicyArns", (!arns.is_empty()).then_some(Made::List(arns)))
            .with_some("Policies", (!policies.is_empty()).then_some(Made::List(policies)))
            .with_some("Tags", tags);
        self.emit(source, id.clone(), "AWS::IAM::Role", made, source.at);
        attribute(id, "Arn")
    }

    fn created_tags(&mut self, source: &Source) -> Option<Made> {
        let written = self.get(source.properties, "Tags");
        self.tags(Some(("lambda:createdBy", "SAM")), written)
    }

    /// A map with other names for its members; not known where it is no map.
    fn renamed(&mut self, node: NodeId, names: &[(&'static str, &'static str)], what: &str) -> Made {
        if !self.is_map(node) {
            return self.unread(node, what);
        }
        let mut made = Fields::new();
        for (from, to) in names {
            made.put_some(*to, self.get(node, from));
        }
        made.into()
    }

    fn unread(&mut self, node: NodeId, what: &str) -> Made {
        self.low.loss(node, format!("{what} is not written in a form that can be expanded"));
        Made::Unknown(Reason::new(ReasonCode::Transform, what.to_owned()))
    }
}
