//! Events that are pushed to a function, and what lets them in.
//!
//! AWS: SAM Developer Guide, the pages of the event sources ("S3", "SNS", "Schedule", "ScheduleV2",
//! "EventBridgeRule", "CloudWatchEvent", "CloudWatchLogs", "IoTRule", "Cognito", "AlexaSkill"), and
//! "Generated CloudFormation resources for AWS::Serverless::Function" ("… when an event is
//! specified").

use sekisho_estate::{Node, NodeId, Reason, ReasonCode};

use super::make::{
    Fields, Made, allow, arn, attribute, document, either, fill, inline, one, refer, text, trust,
};
use super::role::Role;
use super::{Sam, Source, Target};

/// An event of a function or state machine.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Id of its function with its name behind.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) properties: NodeId,
    pub(super) at: u32,
}

/// Who may call a function.
pub(super) struct Caller {
    pub(super) principal: &'static str,
    pub(super) source: Option<Made>,
    pub(super) account: Option<Made>,
    pub(super) token: Option<Made>,
}

impl Caller {
    pub(super) fn new(principal: &'static str, source: Option<Made>) -> Self {
        Self { principal, source, account: None, token: None }
    }
}

impl Sam<'_, '_> {
    /// What an event of a function makes.
    pub(super) fn event(&mut self, source: &Source, event: &Event, target: &Target, role: &mut Role) {
        match event.kind.as_str() {
            "Api" => self.api_event(source, event, target),
            "HttpApi" => self.http_event(source, event, target),
            "Schedule" | "EventBridgeRule" | "CloudWatchEvent" => {
                self.rule(source, event, &target.arn, None);
                let rule = attribute(event.id.clone(), "Arn");
                self.permit(source, event, target, "", Caller::new("events.amazonaws.com", Some(rule)));
            }
            "ScheduleV2" => {
                let statement = allow(&["lambda:InvokeFunction"], target.arn.clone());
                let policy = inline(format!("{}LambdaPolicy", event.id), vec![statement]);
                self.schedule(source, event, &target.arn, policy);
            }
            "S3" => self.bucket_event(source, event, target),
            "SNS" => self.topic_event(source, event, target, role),
            "Cognito" => self.pool_event(source, event, target),
            "CloudWatchLogs" => {
                self.check_known(event.properties, &["LogGroupName", "FilterPattern"], &event.id);
                let group = self.get(event.properties, "LogGroupName");
                let of = group.map(|group| {
                    fill(&arn("logs", "log-group:${LogGroup}:*"), &[("LogGroup", group.into())])
                });
                self.permit(source, event, target, "", Caller::new("logs.amazonaws.com", of));
                let made = Fields::new()
                    .with_some("LogGroupName", group)
                    .with_some("FilterPattern", self.get(event.properties, "FilterPattern"))
                    .with("DestinationArn", target.arn.clone());
                self.emit(source, event.id.clone(), "AWS::Logs::SubscriptionFilter", made, event.at);
            }
            "IoTRule" => {
                self.check_known(event.properties, &["Sql", "AwsIotSqlVersion"], &event.id);
                let rule = fill(&arn("iot", "rule/${RuleName}"), &[("RuleName", refer(event.id.clone()))]);
                let mut caller = Caller::new("iot.amazonaws.com", Some(rule));
                caller.account = Some(refer("AWS::AccountId"));
                self.permit(source, event, target, "", caller);
                let action = one("Lambda", one("FunctionArn", target.arn.clone()));
                let payload = Fields::new()
                    .with_some("Sql", self.get(event.properties, "Sql"))
                    .with("RuleDisabled", false)
                    .with("Actions", vec![action])
                    .with_some("AwsIotSqlVersion", self.get(event.properties, "AwsIotSqlVersion"));
                let made = Fields::new().with("TopicRulePayload", payload);
                self.emit(source, event.id.clone(), "AWS::IoT::TopicRule", made, event.at);
            }
            "AlexaSkill" => {
                self.check_known(event.properties, &["SkillId"], &event.id);
                let mut caller = Caller::new("alexa-appkit.amazon.com", None);
                caller.token = self.get(event.properties, "SkillId").map(Made::Node);
                self.permit(source, event, target, "", caller);
            }
            _ => {
                if !self.pull(source, event, target, role) {
                    self.unknown_event(source, event);
                    // What the role needs for it is not known either.
                    role.policies.push(Made::Unknown(Reason::new(
                        ReasonCode::Transform,
                        format!("event {} of type {}", event.name, event.kind),
                    )));
                }
            }
        }
    }

    pub(super) fn unknown_event(&mut self, source: &Source, event: &Event) {
        const KINDS: [&str; 20] = [
            "AlexaSkill",
            "Api",
            "CloudWatchEvent",
            "CloudWatchLogs",
            "Cognito",
            "DocumentDB",
            "DynamoDB",
            "EventBridgeRule",
            "HttpApi",
            "IoTRule",
            "Kinesis",
            "MQ",
            "MSK",
            "S3",
            "SNS",
            "SQS",
            "Schedule",
            "ScheduleV2",
            "SelfManagedKafka",
            "WebSocket",
        ];
        let near = sekisho_facts::did_you_mean(&event.kind, KINDS);
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let message = format!(
            "event {} of {} is of type {}, which is not expanded{hint}",
            event.name, source.id, event.kind
        );
        self.low.loss(event.properties, message);
        let reason = Reason::new(ReasonCode::Transform, format!("event {}", event.name));
        self.low.elsewhere.get_or_insert(reason);
    }

    /// A permission to call the function.
    pub(super) fn permit(
        &mut self,
        source: &Source,
        event: &Event,
        target: &Target,
        suffix: &str,
        caller: Caller,
    ) {
        let id = if suffix.bytes().all(|b| b.is_ascii_alphanumeric()) {
            format!("{}Permission{suffix}", event.id)
        } else {
            self.free_id(format!("{}Permission", event.id))
        };
        self.permit_as(source, id, target, caller, event.at);
    }

    pub(super) fn permit_as(
        &mut self,
        source: &Source,
        id: String,
        target: &Target,
        caller: Caller,
        at: u32,
    ) {
        let made = Fields::new()
            .with("Action", "lambda:InvokeFunction")
            .with("FunctionName", target.name.clone())
            .with("Principal", caller.principal)
            .with_some("SourceArn", caller.source)
            .with_some("SourceAccount", caller.account)
            .with_some("EventSourceToken", caller.token);
        self.emit(source, id, "AWS::Lambda::Permission", made, at);
    }

    // ---- EventBridge ------------------------------------------------------------

    /// A rule of EventBridge with its one target; the target may need a role.
    pub(super) fn rule(&mut self, source: &Source, event: &Event, target: &Made, role: Option<Made>) {
        const KNOWN: [&str; 17] = [
            "Schedule",
            "RuleName",
            "Input",
            "Enabled",
            "State",
            "Name",
            "Description",
            "DeadLetterConfig",
            "RetryPolicy",
            "EventBusName",
            "Pattern",
            "InputPath",
            "Target",
            "InputTransformer",
            "RoleArn",
            "Permissions",
            "Tags",
        ];
        let p = event.properties;
        self.check_known(p, &KNOWN, &event.id);
        let schedule = event.kind == "Schedule";
        let state = match self.get(p, "Enabled") {
            None => self.get(p, "State").map(Made::Node),
            Some(enabled) => Some(match self.low.stack.tree.node(enabled) {
                Node::Bool(is) => text(if is { "ENABLED" } else { "DISABLED" }),
                _ => match self.known_text(enabled).as_deref() {
                    Some("false") => text("DISABLED"),
                    Some(_) => text("ENABLED"),
                    None => Made::Unknown(Reason::new(ReasonCode::Transform, "Enabled")),
                },
            }),
        };
        let dead = self.dead_letter(source, event, true);
        let suffix = if role.is_some() { "StepFunctionsTarget" } else { "LambdaTarget" };
        let id = match self.at(p, &["Target", "Id"]) {
            Some(id) => Made::Node(id),
            None => text(if event.id.len() + suffix.len() > 64 {
                event.id.chars().take(64 - suffix.len()).collect::<String>() + suffix
            } else {
                format!("{}{suffix}", event.id)
            }),
        };
        let aim = Fields::new()
            .with("Arn", target.clone())
            .with("Id", id)
            .with_some("RoleArn", role)
            .with_some("Input", self.get(p, "Input"))
            .with_some("InputPath", self.get(p, "InputPath"))
            .with_some("DeadLetterConfig", dead.map(|arn| one("Arn", arn)))
            .with_some("RetryPolicy", self.get(p, "RetryPolicy"))
            .with_some("InputTransformer", self.get(p, "InputTransformer"));
        let name = if schedule { "Name" } else { "RuleName" };
        let made = Fields::new()
            .with_some("Name", self.get(p, name))
            .with_some("Description", self.get(p, "Description").filter(|_| schedule))
            .with_some("EventBusName", self.get(p, "EventBusName"))
            .with_some("EventPattern", self.get(p, "Pattern"))
            .with_some("ScheduleExpression", self.get(p, "Schedule"))
            .with_some("State", state)
            .with("Targets", vec![aim.into()]);
        self.emit(source, event.id.clone(), "AWS::Events::Rule", made, event.at);
    }

    /// The ARN of the queue for what could not be delivered; the queue is made where only its
    /// type is written.
    fn dead_letter(&mut self, source: &Source, event: &Event, policy: bool) -> Option<Made> {
        let config = self.get(event.properties, "DeadLetterConfig")?;
        if let Some(arn) = self.get(config, "Arn") {
            return Some(arn.into());
        }
        let id = match self.text_at(config, "QueueLogicalId") {
            Some(id) => id.to_owned(),
            None => format!("{}Queue", event.id),
        };
        let tags = self.propagated_tags(source);
        let at = self.low.stack.tree.offset(config);
        self.emit(source, id.clone(), "AWS::SQS::Queue", Fields::new().with_some("Tags", tags), at);
        let queue = attribute(id.clone(), "Arn");
        if policy {
            let statement = Fields::new()
                .with("Effect", "Allow")
                .with("Action", "sqs:SendMessage")
                .with("Principal", one("Service", text("events.amazonaws.com")))
                .with("Resource", queue.clone())
                .with(
                    "Condition",
                    one("ArnEquals", one("aws:SourceArn", attribute(event.id.clone(), "Arn"))),
                );
            let made = Fields::new()
                .with("PolicyDocument", document(vec![statement.into()]))
                .with("Queues", vec![refer(id)]);
            self.emit(source, format!("{}QueuePolicy", event.id), "AWS::SQS::QueuePolicy", made, at);
        }
        Some(queue)
    }

    /// A schedule of EventBridge Scheduler, with the role it calls its target with.
    pub(super) fn schedule(&mut self, source: &Source, event: &Event, target: &Made, policy: Made) {
        const KNOWN: [&str; 18] = [
            "PermissionsBoundary",
            "ScheduleExpression",
            "FlexibleTimeWindow",
            "Name",
            "State",
            "Description",
            "StartDate",
            "EndDate",
            "ScheduleExpressionTimezone",
            "GroupName",
            "KmsKeyArn",
            "Input",
            "RoleArn",
            "DeadLetterConfig",
            "RetryPolicy",
            "OmitName",
            "Tags",
            "ActionAfterCompletion",
        ];
        let p = event.properties;
        self.check_known(p, &KNOWN, &event.id);
        let dead = self.dead_letter(source, event, false);
        let role = match self.get(p, "RoleArn") {
            Some(role) => Made::Node(role),
            None => {
                let id = format!("{}Role", event.id);
                let mut policies = vec![policy];
                if let Some(queue) = &dead {
                    let statement = allow(&["sqs:SendMessage"], queue.clone());
                    policies.push(inline(format!("{}SQSPolicy", event.id), vec![statement]));
                }
                let made = Fields::new()
                    .with("AssumeRolePolicyDocument", trust("scheduler.amazonaws.com"))
                    .with("Policies", policies)
                    .with_some("PermissionsBoundary", self.get(p, "PermissionsBoundary"))
                    .with_some("Tags", self.propagated_tags(source));
                self.emit(source, id.clone(), "AWS::IAM::Role", made, event.at);
                attribute(id, "Arn")
            }
        };
        let aim = Fields::new()
            .with("Arn", target.clone())
            .with("RoleArn", role)
            .with_some("Input", self.get(p, "Input"))
            .with_some("DeadLetterConfig", dead.map(|arn| one("Arn", arn)))
            .with_some("RetryPolicy", self.get(p, "RetryPolicy"));
        let omits =
            self.get(p, "OmitName").map(|node| self.low.stack.tree.node(node)) == Some(Node::Bool(true));
        let name = match self.get(p, "Name") {
            Some(name) => Some(Made::Node(name)),
            None => (!omits).then(|| text(event.id.clone())),
        };
        let window = self.get(p, "FlexibleTimeWindow").map_or_else(|| one("Mode", text("OFF")), Made::Node);
        let mut made = Fields::new().with_some("Name", name).with("FlexibleTimeWindow", window);
        for same in [
            "ScheduleExpression",
            "State",
            "Description",
            "StartDate",
            "EndDate",
            "ScheduleExpressionTimezone",
            "GroupName",
            "KmsKeyArn",
        ] {
            made.put_some(same, self.get(p, same));
        }
        made.put("Target", aim);
        self.emit(source, event.id.clone(), "AWS::Scheduler::Schedule", made, event.at);
    }

    // ---- S3, Cognito, SNS --------------------------------------------------------

    /// AWS: "S3": the bucket is one of the same template; its notifications are added there.
    fn bucket_event(&mut self, source: &Source, event: &Event, target: &Target) {
        let p = event.properties;
        self.check_known(p, &["Bucket", "Events", "Filter"], &event.id);
        let mut caller = Caller::new("s3.amazonaws.com", None);
        caller.account = Some(refer("AWS::AccountId"));
        self.permit(source, event, target, "", caller);
        let bucket = self.get(p, "Bucket").and_then(|node| self.named(node));
        let Some(bucket) = bucket.filter(|id| self.places.contains_key(id)) else {
            return self
                .low
                .loss(p, format!("event {} of {} names no bucket of this template", event.name, source.id));
        };
        let Some(kinds) = self.get(p, "Events") else { return };
        let kinds = match self.low.stack.tree.node(kinds) {
            Node::List(range) => self.low.stack.tree.children(range).to_vec(),
            _ => vec![kinds],
        };
        for kind in kinds {
            let mut made: Made = Fields::new()
                .with("Event", kind)
                .with("Function", target.arn.clone())
                .with_some("Filter", self.get(p, "Filter"))
                .into();
            if let Some(condition) = &source.attributes.condition {
                made = either(condition.clone(), made, super::make::nothing());
            }
            self.notifications.entry(bucket.clone()).or_default().push(made);
        }
    }

    /// AWS: "Cognito": the user pool is one of the same template; its triggers are added there.
    fn pool_event(&mut self, source: &Source, event: &Event, target: &Target) {
        let p = event.properties;
        self.check_known(p, &["UserPool", "Trigger"], &event.id);
        let pool = self.get(p, "UserPool").and_then(|node| self.named(node));
        let Some(pool) = pool.filter(|id| self.places.contains_key(id)) else {
            return self.low.loss(
                p,
                format!("event {} of {} names no user pool of this template", event.name, source.id),
            );
        };
        // One permission serves all triggers of a function.
        let id = format!("{}CognitoPermission", source.id);
        if !self.places.contains_key(&id) {
            let of = attribute(pool.clone(), "Arn");
            let caller = Caller::new("cognito-idp.amazonaws.com", Some(of));
            self.permit_as(source, id, target, caller, event.at);
        }
        let Some(triggers) = self.get(p, "Trigger") else { return };
        let tree = &self.low.stack.tree;
        let nodes = match tree.node(triggers) {
            Node::List(range) => tree.children(range).to_vec(),
            _ => vec![triggers],
        };
        let names: Vec<Option<String>> =
            nodes.iter().map(|&node| tree.string(node).map(str::to_owned)).collect();
        for name in names {
            match name {
                Some(name) => self.triggers.entry(pool.clone()).or_default().put(name, target.arn.clone()),
                None => self.low.loss(p, format!("a trigger of event {} is not known", event.name)),
            }
        }
    }

    /// AWS: "SNS", "SqsSubscriptionObject".
    fn topic_event(&mut self, source: &Source, event: &Event, target: &Target, role: &mut Role) {
        let p = event.properties;
        const KNOWN: [&str; 6] =
            ["Topic", "Region", "FilterPolicy", "FilterPolicyScope", "SqsSubscription", "RedrivePolicy"];
        self.check_known(p, &KNOWN, &event.id);
        let at = event.at;
        let topic = self.get(p, "Topic");
        let through = self.get(p, "SqsSubscription");
        let through = through.filter(|&n| self.low.stack.tree.node(n) != Node::Bool(false));
        let (protocol, endpoint) = match through {
            None => {
                let caller = Caller::new("sns.amazonaws.com", topic.map(Made::Node));
                self.permit(source, event, target, "", caller);
                ("lambda", target.arn.clone())
            }
            Some(config) => ("sqs", self.subscribe_queue(source, event, target, config, topic, role)),
        };
        let mut made =
            Fields::new().with("Protocol", protocol).with("Endpoint", endpoint).with_some("TopicArn", topic);
        for same in ["Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"] {
            made.put_some(same, self.get(p, same));
        }
        self.emit(source, event.id.clone(), "AWS::SNS::Subscription", made, at);
    }

    /// A queue between a topic and the function; its ARN.
    fn subscribe_queue(
        &mut self,
        source: &Source,
        event: &Event,
        target: &Target,
        config: NodeId,
        topic: Option<NodeId>,
        role: &mut Role,
    ) -> Made {
        let at = event.at;
        let is_map = self.is_map(config);
        let (queue, url) = if is_map {
            let missing = |name: &str| Made::Unknown(Reason::new(ReasonCode::Transform, name));
            (
                self.get(config, "QueueArn").map_or_else(|| missing("QueueArn"), Made::Node),
                self.get(config, "QueueUrl").map_or_else(|| missing("QueueUrl"), Made::Node),
            )
        } else {
            let id = format!("{}Queue", event.id);
            let fifo = topic.and_then(|node| self.referred(node)).and_then(|id| {
                let slot = *self.places.get(&id)?;
                let body = self.slots[slot].first()?.0.value;
                self.at(body, &["Properties", "FifoTopic"])
            });
            let made =
                Fields::new().with_some("FifoQueue", fifo).with_some("Tags", self.propagated_tags(source));
            self.emit(source, id.clone(), "AWS::SQS::Queue", made, at);
            (attribute(id.clone(), "Arn"), refer(id))
        };
        let given =
            if is_map { self.text_at(config, "QueuePolicyLogicalId").map(str::to_owned) } else { None };
        let policy = given.unwrap_or_else(|| format!("{}QueuePolicy", event.id));
        let statement = Fields::new()
            .with("Effect", "Allow")
            .with("Action", "sqs:SendMessage")
            .with("Principal", "*")
            .with("Resource", queue.clone())
            .with_some("Condition", topic.map(|topic| one("ArnEquals", one("aws:SourceArn", topic))));
        let made =
            Fields::new().with("PolicyDocument", document(vec![statement.into()])).with("Queues", vec![url]);
        self.emit(source, policy, "AWS::SQS::QueuePolicy", made, at);
        let size = if is_map { self.get(config, "BatchSize").map(Made::Node) } else { None };
        let made = Fields::new()
            .with("FunctionName", target.name.clone())
            .with("EventSourceArn", queue.clone())
            .with("BatchSize", size.unwrap_or(Made::Int(10)))
            .with("Enabled", true);
        let id = format!("{}EventSourceMapping", event.id);
        self.emit(source, id, "AWS::Lambda::EventSourceMapping", made, at);
        role.add_managed(super::make::managed("AWSLambdaSQSQueueExecutionRole"));
        queue
    }
}
