//! `AWS::Serverless::Function`.
//!
//! AWS: SAM Developer Guide, "AWS::Serverless::Function" with the pages of its property types, and
//! "Generated CloudFormation resources for AWS::Serverless::Function".

use sekisho_estate::{NodeId, Reason, ReasonCode};

use super::events::Event;
use super::make::{
    Fields, Made, allow, attribute, either, inline, inline_dated, managed, one, refer, text, trust,
};
use super::role::Role;
use super::{Attributes, Sam, Source, Target};
use crate::function::Function;

/// Properties that keep their name and value.
const SAME: [&str; 21] = [
    "FunctionName",
    "Handler",
    "Runtime",
    "Description",
    "MemorySize",
    "Timeout",
    "VpcConfig",
    "Environment",
    "KmsKeyArn",
    "ReservedConcurrentExecutions",
    "Layers",
    "FileSystemConfigs",
    "ImageConfig",
    "PackageType",
    "Architectures",
    "SnapStart",
    "EphemeralStorage",
    "CodeSigningConfigArn",
    "RuntimeManagementConfig",
    "LoggingConfig",
    "RecursiveLoop",
];
/// As [`SAME`]: the newer ones.
const SAME_TOO: [&str; 4] =
    ["TenancyConfig", "DurableConfig", "FunctionScalingConfig", "PublishToLatestPublished"];
/// Properties that become something else.
const OTHER: [&str; 25] = [
    "CodeUri",
    "ImageUri",
    "InlineCode",
    "DeadLetterQueue",
    "Role",
    "AssumeRolePolicyDocument",
    "Policies",
    "RolePath",
    "PermissionsBoundary",
    "Events",
    "Tags",
    "PropagateTags",
    "Tracing",
    "DeploymentPreference",
    "EventInvokeConfig",
    "AutoPublishAlias",
    "AutoPublishCodeSha256",
    "AutoPublishAliasAllProperties",
    "VersionDescription",
    "ProvisionedConcurrencyConfig",
    "FunctionUrlConfig",
    "SourceKMSKeyArn",
    "CapacityProviderConfig",
    "VersionDeletionPolicy",
    "FunctionScalingConfig",
];

impl Sam<'_, '_> {
    /// A function, its role, version, alias, URL, destinations, deployment and events.
    pub(super) fn function(&mut self, source: &Source) {
        let properties = source.properties;
        let known = [&SAME[..], &SAME_TOO, &OTHER].concat();
        self.check_known(properties, &known, &source.id);
        let id = &source.id;

        let mut target = Target {
            name: refer(id.clone()),
            arn: attribute(id.clone(), "Arn"),
            shorthand: format!("${{{id}.Arn}}"),
        };
        let alias = self.publish(source);
        if let Some((_, alias_id)) = &alias {
            let arn = refer(alias_id.clone());
            target = Target { name: arn.clone(), arn, shorthand: format!("${{{alias_id}}}") };
        }
        let mut role = self.function_role(source);
        self.url(source, &target);
        self.invoke_config(source, alias.as_ref(), &mut role);
        self.deployment(source, alias.as_ref());
        for event in self.events_of(source) {
            self.event(source, &event, &target, &mut role);
        }

        let mut made = Fields::new().with("Code", self.code(source));
        for name in SAME.into_iter().chain(SAME_TOO) {
            made.put_some(name, self.get(properties, name));
        }
        if self.traces(properties) {
            made.put_some("TracingConfig", self.get(properties, "Tracing").map(|mode| one("Mode", mode)));
        }
        let dead = self.get(properties, "DeadLetterQueue");
        made.put_some("DeadLetterConfig", dead.map(|queue| self.dead_letters(queue)));
        if let Some(provider) = self.get(properties, "CapacityProviderConfig") {
            let config = Fields::new()
                .with_some("CapacityProviderArn", self.get(provider, "Arn"))
                .with_some(
                    "PerExecutionEnvironmentMaxConcurrency",
                    self.get(provider, "PerExecutionEnvironmentMaxConcurrency"),
                )
                .with_some(
                    "ExecutionEnvironmentMemoryGiBPerVCpu",
                    self.get(provider, "ExecutionEnvironmentMemoryGiBPerVCpu"),
                );
            made.put("CapacityProviderConfig", one("LambdaManagedInstancesCapacityProviderConfig", config));
        }
        made.put_some("Tags", self.source_tags(source));
        let written = self.get(properties, "Role");
        let at = written.map_or(source.at, |node| self.low.stack.tree.offset(node));
        let role_arn = self.role_value(written, &mut role);
        self.roles.insert(id.clone(), role_arn.clone());
        made.put("Role", role_arn);
        self.main(source, "AWS::Lambda::Function", made.into());
        if written.is_none() || role.condition.is_some() {
            self.emit_role(source, role, at);
        }
    }

    /// The tags of a source; those of generated resources are the same.
    pub(super) fn source_tags(&mut self, source: &Source) -> Option<Made> {
        let kind = self.types.get(&source.id).map(String::as_str);
        let own = match kind {
            Some("AWS::Serverless::Function") => ("lambda:createdBy", "SAM"),
            Some("AWS::Serverless::StateMachine") => ("stateMachine:createdBy", "SAM"),
            _ => return None,
        };
        let passes = self.passes_tags(source.properties);
        self.tags(if passes { None } else { Some(own) }, self.get(source.properties, "Tags"))
    }

    fn dead_letters(&mut self, queue: NodeId) -> Made {
        match self.get(queue, "TargetArn") {
            Some(arn) => one("TargetArn", arn),
            None => Made::Unknown(Reason::new(ReasonCode::Transform, "DeadLetterQueue")),
        }
    }

    /// Whether the function writes traces: any mode but `Disabled`.
    fn traces(&mut self, properties: NodeId) -> bool {
        let Some(tracing) = self.get(properties, "Tracing") else { return false };
        self.known_text(tracing).is_none_or(|mode| mode != "Disabled")
    }

    /// `Code`: where the code is that is deployed.
    ///
    /// AWS: "AWS::Serverless::Function", `CodeUri`, `ImageUri`, `InlineCode`, "FunctionCode". A path
    /// on disk is uploaded when the template is packaged, to a bucket that no template tells.
    fn code(&mut self, source: &Source) -> Made {
        let properties = source.properties;
        let mut made = match self.get(properties, "InlineCode") {
            Some(inline) => Fields::new().with("ZipFile", inline),
            None => {
                let is_image = self.text_at(properties, "PackageType") == Some("Image");
                let (key, location) = if is_image {
                    ("ImageUri", self.get(properties, "ImageUri"))
                } else {
                    ("CodeUri", self.get(properties, "CodeUri"))
                };
                if is_image {
                    let packaged = || Made::Unknown(Reason::new(ReasonCode::NotInInput, key));
                    Fields::new().with("ImageUri", location.map_or_else(packaged, Made::Node))
                } else {
                    self.s3_location(location, key, ["S3Bucket", "S3Key", "S3ObjectVersion"])
                }
            }
        };
        made.put_some("SourceKMSKeyArn", self.get(properties, "SourceKMSKeyArn"));
        made.into()
    }

    /// A location in S3, written as a map or as `s3://bucket/key?versionId=version`.
    pub(super) fn s3_location(
        &mut self,
        location: Option<NodeId>,
        what: &str,
        names: [&'static str; 3],
    ) -> Fields {
        let [bucket, key, version] = names;
        let tree = &self.low.stack.tree;
        let packaged = || {
            let subject = location.and_then(|node| tree.string(node)).unwrap_or(what);
            Made::Unknown(Reason::new(ReasonCode::NotInInput, subject))
        };
        let Some(node) = location else {
            return Fields::new().with(bucket, packaged()).with(key, packaged());
        };
        if self.is_map(node) {
            return Fields::new()
                .with(bucket, self.get(node, "Bucket").map_or_else(packaged, Made::Node))
                .with(key, self.get(node, "Key").map_or_else(packaged, Made::Node))
                .with_some(version, self.get(node, "Version"));
        }
        match tree.string(node).and_then(|text| text.strip_prefix("s3://")?.split_once('/')) {
            Some((in_bucket, path)) => {
                let (path, asked) = path.split_once("?versionId=").unwrap_or((path, ""));
                Fields::new()
                    .with(bucket, text(in_bucket.to_owned()))
                    .with(key, text(path.to_owned()))
                    .with_some(version, (!asked.is_empty()).then(|| text(asked.to_owned())))
            }
            None => Fields::new().with(bucket, packaged()).with(key, packaged()),
        }
    }

    // ---- the role -----------------------------------------------------------

    fn function_role(&mut self, source: &Source) -> Role {
        let properties = source.properties;
        let basic = match self.get(properties, "DurableConfig") {
            Some(_) => "AWSLambdaBasicDurableExecutionRolePolicy",
            None => "AWSLambdaBasicExecutionRole",
        };
        let trust = match self.get(properties, "AssumeRolePolicyDocument") {
            Some(written) => Made::Node(written),
            None => trust("lambda.amazonaws.com"),
        };
        let mut role = Role {
            id: format!("{}Role", source.id),
            trust,
            managed: vec![managed(basic)],
            policies: Vec::new(),
            condition: None,
        };
        if self.traces(properties) {
            role.add_managed(managed("AWSXrayWriteOnlyAccess"));
        }
        if self.get(properties, "VpcConfig").is_some() {
            role.add_managed(managed("AWSLambdaVPCAccessExecutionRole"));
        }
        if let Some(queue) = self.get(properties, "DeadLetterQueue") {
            let action: Option<&'static [&'static str]> = match self.text_at(queue, "Type") {
                Some("SQS") => Some(&["sqs:SendMessage"]),
                Some("SNS") => Some(&["sns:Publish"]),
                _ => None,
            };
            match (action, self.get(queue, "TargetArn")) {
                (Some(action), Some(arn)) => {
                    role.add(inline_dated("DeadLetterQueuePolicy", vec![allow(action, arn.into())]));
                }
                _ => self.low.loss(queue, "DeadLetterQueue needs Type (SQS or SNS) and TargetArn"),
            }
        }
        self.add_policies(&mut role, self.get(properties, "Policies"));
        role
    }

    /// The value of the role's property: as written, generated, or one of both by a condition.
    pub(super) fn role_value(&mut self, written: Option<NodeId>, role: &mut Role) -> Made {
        let generated = attribute(role.id.clone(), "Arn");
        let Some(written) = written else { return generated };
        let Some((Function::If, argument)) = self.low.function_of(written) else { return written.into() };
        let [condition, then, otherwise] = *self.low.stack.tree.list(argument) else { return written.into() };
        let open = |node| self.is_no_value(node);
        let condition = Made::Node(condition);
        match (open(then), open(otherwise)) {
            (true, true) => {
                role.condition = Some(one("Fn::Equals", vec![text("true"), text("true")]));
                generated
            }
            (true, false) => {
                role.condition = Some(Self::operand(&condition));
                either(condition, generated, otherwise.into())
            }
            (false, true) => {
                role.condition = Some(one("Fn::Not", vec![Self::operand(&condition)]));
                either(condition, then.into(), generated)
            }
            (false, false) => written.into(),
        }
    }

    pub(super) fn is_no_value(&self, node: NodeId) -> bool {
        match self.low.function_of(node) {
            Some((Function::Ref, name)) => self.low.stack.tree.string(name) == Some("AWS::NoValue"),
            _ => false,
        }
    }

    // ---- what stands beside the function --------------------------------------

    /// The version and the alias that are published; the name and the id of the alias.
    fn publish(&mut self, source: &Source) -> Option<(String, String)> {
        let properties = source.properties;
        let node = self.get(properties, "AutoPublishAlias")?;
        let at = self.low.stack.tree.offset(node);
        let Some(name) = self.known_text(node) else {
            self.low.loss(node, "AutoPublishAlias is not known, so that the alias is not read");
            self.low.elsewhere.get_or_insert(Reason::new(ReasonCode::Transform, super::SERVERLESS));
            return None;
        };
        let id = &source.id;
        let version = self.free_id(format!("{id}Version"));
        let made = Fields::new()
            .with("FunctionName", refer(id.clone()))
            .with_some("Description", self.get(properties, "VersionDescription"))
            .with_some("FunctionScalingConfig", self.get(properties, "FunctionScalingConfig"));
        // AWS: versions are kept, unless it is said otherwise.
        let mut attributes = source.attributes.clone();
        if attributes.deletion.is_none() {
            attributes.deletion = Some(match self.get(properties, "VersionDeletionPolicy") {
                Some(written) => written,
                None => {
                    let kept = self.get(properties, "CapacityProviderConfig").is_none();
                    self.low.stack.tree.push_string(if kept { "Retain" } else { "Delete" }, at)
                }
            });
        }
        self.emit_with(source.slot, version.clone(), "AWS::Lambda::Version", made, &attributes, at);
        let alias = format!("{id}Alias{}", name.replace('-', "D").replace('_', "U"));
        let made = Fields::new()
            .with("Name", text(name.clone()))
            .with("FunctionName", refer(id.clone()))
            .with("FunctionVersion", attribute(version.clone(), "Version"))
            .with_some("ProvisionedConcurrencyConfig", self.get(properties, "ProvisionedConcurrencyConfig"));
        self.emit(source, alias.clone(), "AWS::Lambda::Alias", made, at);
        self.alias(source, "Version", &version);
        self.alias(source, "Alias", &alias);
        Some((name, alias))
    }

    /// The URL of a function, and who may call it when it asks for no signature.
    ///
    /// AWS: "FunctionUrlConfig"; Lambda Developer Guide, "Control access to Lambda function URLs".
    fn url(&mut self, source: &Source, target: &Target) {
        let Some(config) = self.get(source.properties, "FunctionUrlConfig") else { return };
        self.check_known(
            config,
            &["AuthType", "Cors", "InvokeMode"],
            &format!("{}.FunctionUrlConfig", source.id),
        );
        let at = self.low.stack.tree.offset(config);
        let auth = self.get(config, "AuthType");
        let made = Fields::new()
            .with_some("AuthType", auth)
            .with("TargetFunctionArn", target.name.clone())
            .with_some("Cors", self.get(config, "Cors"))
            .with_some("InvokeMode", self.get(config, "InvokeMode"));
        self.emit(source, format!("{}Url", source.id), "AWS::Lambda::Url", made, at);
        if auth.and_then(|node| self.low.stack.tree.string(node)) != Some("NONE") {
            return;
        }
        let anyone = |action: &'static str| {
            Fields::new()
                .with("Action", action)
                .with("FunctionName", target.name.clone())
                .with("Principal", "*")
        };
        let made = anyone("lambda:InvokeFunctionUrl").with_some("FunctionUrlAuthType", auth);
        self.emit(source, format!("{}UrlPublicPermissions", source.id), "AWS::Lambda::Permission", made, at);
        let made = anyone("lambda:InvokeFunction").with("InvokedViaFunctionUrl", true);
        self.emit(
            source,
            format!("{}URLInvokeAllowPublicAccess", source.id),
            "AWS::Lambda::Permission",
            made,
            at,
        );
    }

    /// What becomes of asynchronous invocations.
    ///
    /// AWS: "EventInvokeConfiguration", "EventInvokeDestinationConfiguration", "OnSuccess".
    fn invoke_config(&mut self, source: &Source, alias: Option<&(String, String)>, role: &mut Role) {
        let Some(config) = self.get(source.properties, "EventInvokeConfig") else { return };
        let at = self.low.stack.tree.offset(config);
        let id = format!("{}EventInvokeConfig", source.id);
        let mut destinations = Fields::new();
        for kind in ["OnSuccess", "OnFailure"] {
            let Some(node) = self.at(config, &["DestinationConfig", kind]) else { continue };
            let stem = format!("{id}{kind}");
            if let Some(arn) = self.destination(source, node, &stem, role) {
                destinations.put(kind, one("Destination", arn));
            }
        }
        let qualifier = alias.map_or_else(|| text("$LATEST"), |(name, _)| text(name.clone()));
        let made = Fields::new()
            .with("FunctionName", refer(source.id.clone()))
            .with("Qualifier", qualifier)
            .with("DestinationConfig", destinations)
            .with_some("MaximumEventAgeInSeconds", self.get(config, "MaximumEventAgeInSeconds"))
            .with_some("MaximumRetryAttempts", self.get(config, "MaximumRetryAttempts"));
        self.emit(source, id, "AWS::Lambda::EventInvokeConfig", made, at);
    }

    /// Where the record of an invocation goes; a queue or topic is made where none is written.
    fn destination(&mut self, source: &Source, node: NodeId, stem: &str, role: &mut Role) -> Option<Made> {
        let kind = self.text_at(node, "Type").map(str::to_owned);
        let written = self.get(node, "Destination");
        let made = match kind.as_deref() {
            Some("SQS") => Some(("AWS::SQS::Queue", "Queue", "DestinationQueue")),
            Some("SNS") => Some(("AWS::SNS::Topic", "Topic", "DestinationTopic")),
            Some("Lambda" | "EventBridge" | "S3Bucket") => None,
            _ => {
                self.low.loss(
                    node,
                    "the Type of this destination is not known; the role's permission for it is not read",
                );
                return written.map(Made::Node);
            }
        };
        let condition = written.and_then(|node| self.sometimes_absent(node));
        let arn = if let (Some((type_name, suffix, property)), true) =
            (made, written.is_none() || condition.is_some())
        {
            let new = format!("{stem}{suffix}");
            let mut attributes = source.attributes.clone();
            if let Some((operand, ..)) = &condition {
                attributes.condition = Some(match attributes.condition {
                    Some(own) => one("Fn::And", vec![Self::operand(&own), operand.clone()]),
                    None => operand.clone(),
                });
            }
            let at = self.low.stack.tree.offset(node);
            let tags = self.propagated_tags(source);
            let properties = Fields::new().with_some("Tags", tags);
            self.emit_with(source.slot, new.clone(), type_name, properties, &attributes, at);
            self.alias(source, property, &new);
            let generated = if suffix == "Topic" { refer(new) } else { attribute(new, "Arn") };
            match condition {
                Some((_, name, other, true)) => either(name, generated, other.into()),
                Some((_, name, other, false)) => either(name, other.into(), generated),
                None => generated,
            }
        } else {
            Made::Node(written?)
        };
        let resource = arn.clone();
        let (name, statements) = match kind.as_deref() {
            Some("SQS") => ("SQSPolicy", vec![allow(&["sqs:SendMessage"], resource)]),
            Some("SNS") => ("SNSPolicy", vec![allow(&["sns:publish"], resource)]),
            Some("EventBridge") => ("EventBridgePolicy", vec![allow(&["events:PutEvents"], resource)]),
            Some("S3Bucket") => ("S3Policy", s3_statements(resource)),
            _ => ("LambdaPolicy", vec![allow(&["lambda:InvokeFunction"], resource)]),
        };
        role.add(inline(format!("{stem}{name}"), statements));
        Some(arn)
    }

    /// A value that is left out on one side of a condition: when it is left out, the name of the
    /// condition, the value otherwise, and whether it is left out when the condition holds.
    fn sometimes_absent(&self, node: NodeId) -> Option<(Made, Made, NodeId, bool)> {
        let (Function::If, argument) = self.low.function_of(node)? else { return None };
        let [condition, then, otherwise] = *self.low.stack.tree.list(argument) else { return None };
        let name = Made::Node(condition);
        match (self.is_no_value(then), self.is_no_value(otherwise)) {
            (true, false) => Some((Self::operand(&name), name, otherwise, true)),
            (false, true) => Some((one("Fn::Not", vec![Self::operand(&name)]), name, then, false)),
            _ => None,
        }
    }

    /// The tags of a source for the resources generated for it, when they are passed on.
    pub(super) fn propagated_tags(&mut self, source: &Source) -> Option<Made> {
        let passes = self.passes_tags(source.properties);
        let tags = self.get(source.properties, "Tags").filter(|_| passes);
        self.tags(None, Some(tags?))
    }

    /// Deployments that shift traffic.
    ///
    /// AWS: "DeploymentPreference"; "Deploying serverless applications gradually".
    fn deployment(&mut self, source: &Source, alias: Option<&(String, String)>) {
        let Some(preference) = self.get(source.properties, "DeploymentPreference") else { return };
        let enabled = self.get(preference, "Enabled");
        if let Some(enabled) = enabled {
            match self.known_text(enabled).as_deref() {
                Some("true" | "True") => {}
                Some(_) => return,
                None => {
                    self.low.loss(
                        enabled,
                        "whether deployments shift traffic is not known; their resources are not read",
                    );
                    return;
                }
            }
        }
        if alias.is_none() {
            return self.low.note(preference, "DeploymentPreference needs AutoPublishAlias");
        }
        let at = self.low.stack.tree.offset(preference);
        let none = Attributes::default();
        if !self.deploys.0 {
            self.deploys.0 = true;
            let made = Fields::new().with("ComputePlatform", "Lambda");
            self.emit_with(
                source.slot,
                "ServerlessDeploymentApplication".into(),
                "AWS::CodeDeploy::Application",
                made,
                &none,
                at,
            );
        }
        let role = match self.get(preference, "Role") {
            Some(role) => Made::Node(role),
            None => {
                if !self.deploys.1 {
                    self.deploys.1 = true;
                    let made = Fields::new()
                        .with("AssumeRolePolicyDocument", trust("codedeploy.amazonaws.com"))
                        .with("ManagedPolicyArns", vec![managed("AWSCodeDeployRoleForLambda")]);
                    self.emit_with(
                        source.slot,
                        "CodeDeployServiceRole".into(),
                        "AWS::IAM::Role",
                        made,
                        &none,
                        at,
                    );
                }
                attribute("CodeDeployServiceRole", "Arn")
            }
        };
        let kind = self.get(preference, "Type").map(|node| (node, self.known_text(node)));
        let configuration = match kind {
            Some((node, Some(name))) => {
                let own = ["Canary", "Linear", "AllAtOnce"].iter().any(|start| name.starts_with(start));
                if own { text(format!("CodeDeployDefault.Lambda{name}")) } else { Made::Node(node) }
            }
            Some((node, None)) => Made::Node(node),
            None => Made::Unknown(Reason::new(ReasonCode::Transform, "DeploymentPreference.Type")),
        };
        let alarms = self.get(preference, "Alarms").map(|alarms| {
            let names: Vec<Made> = self.low.stack.tree.list(alarms).iter().map(|&n| one("Name", n)).collect();
            if names.is_empty() {
                one("Enabled", false)
            } else {
                Made::Map(Fields::new().with("Enabled", true).with("Alarms", names))
            }
        });
        let rollback = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"];
        let made = Fields::new()
            .with("ApplicationName", refer("ServerlessDeploymentApplication"))
            .with_some("AlarmConfiguration", alarms)
            .with(
                "AutoRollbackConfiguration",
                Fields::new()
                    .with("Enabled", true)
                    .with("Events", rollback.into_iter().map(text).collect::<Vec<_>>()),
            )
            .with("DeploymentConfigName", configuration)
            .with(
                "DeploymentStyle",
                Fields::new()
                    .with("DeploymentType", "BLUE_GREEN")
                    .with("DeploymentOption", "WITH_TRAFFIC_CONTROL"),
            )
            .with("ServiceRoleArn", role)
            .with_some("TriggerConfigurations", self.get(preference, "TriggerConfigurations"));
        self.emit(
            source,
            format!("{}DeploymentGroup", source.id),
            "AWS::CodeDeploy::DeploymentGroup",
            made,
            at,
        );
    }

    /// The events of a function or state machine.
    pub(super) fn events_of(&mut self, source: &Source) -> Vec<Event> {
        let Some(events) = self.get(source.properties, "Events") else { return Vec::new() };
        if !self.is_map(events) {
            self.low.loss(events, format!("the events of {} are not a map; they are not read", source.id));
            return Vec::new();
        }
        if let Err(reason) = self.low.expand(events, 2) {
            self.low.elsewhere.get_or_insert(reason);
        }
        let mut found = Vec::new();
        for (name, node) in self.members(events) {
            let kind = self.text_at(node, "Type").map(str::to_owned);
            let Some(kind) = kind else {
                self.low
                    .loss(node, format!("event {name} of {} has no literal Type; it is not read", source.id));
                continue;
            };
            let at = self.low.stack.tree.offset(node);
            let properties = self.get(node, "Properties").unwrap_or_else(|| {
                let range = self.low.stack.tree.add_entries(&[]);
                self.low.stack.tree.push(sekisho_estate::Node::Map(range), at)
            });
            if !self.is_map(properties) {
                self.low.loss(node, format!("event {name} of {} is not known; it is not read", source.id));
                continue;
            }
            found.push(Event { id: format!("{}{name}", source.id), name, kind, properties, at });
        }
        // A route for every call makes the permissions of the others of no use: it comes first.
        let takes_all = |sam: &Self, event: &Event| {
            let path = sam.get(event.properties, "Path");
            let open = path.is_none() && sam.get(event.properties, "Method").is_none();
            event.kind == "HttpApi" && (open || sam.text_at(event.properties, "Path") == Some("$default"))
        };
        found.sort_by_key(|event| !takes_all(self, event));
        found
    }
}

/// What writing records to a bucket takes.
pub(super) fn s3_statements(bucket: Made) -> Vec<Made> {
    let objects = one("Fn::Join", vec![text("/"), Made::List(vec![bucket.clone(), text("*")])]);
    vec![allow(&["s3:PutObject"], objects), allow(&["s3:ListBucket"], bucket)]
}
