//! `AWS::Serverless::StateMachine`.
//!
//! AWS: SAM Developer Guide, "AWS::Serverless::StateMachine" with the pages of its event sources, and
//! "Generated CloudFormation resources for AWS::Serverless::StateMachine".

use sekisho_estate::{Node, NodeId};

use super::events::Event;
use super::make::{Fields, Made, allow, attribute, inline, managed, one, refer, text, trust};
use super::role::Role;
use super::{Sam, Source};
use crate::lower::MAX_DEPTH;

const PROPERTIES: [&str; 18] = [
    "Definition",
    "DefinitionUri",
    "Logging",
    "Role",
    "RolePath",
    "DefinitionSubstitutions",
    "Events",
    "Name",
    "Type",
    "Tags",
    "PropagateTags",
    "Policies",
    "Tracing",
    "PermissionsBoundary",
    "AutoPublishAlias",
    "DeploymentPreference",
    "UseAliasAsEventTarget",
    "EncryptionConfiguration",
];

impl Sam<'_, '_> {
    /// A state machine, its role, version, alias and events.
    pub(super) fn state_machine(&mut self, source: &Source) {
        let (p, id) = (source.properties, source.id.clone());
        self.check_known(p, &PROPERTIES, &id);
        let mut made = Fields::new();
        let mut substitutions = Fields::new();
        if let Some(written) = self.get(p, "DefinitionSubstitutions") {
            for (name, value) in self.members(written) {
                substitutions.put(name, value);
            }
        }
        if let Some(definition) = self.get(p, "Definition") {
            // The service is given the text of the definition; values that are functions are kept
            // beside it, under names of their own.
            let literal = self.without_functions(definition, &mut substitutions, 0);
            made.put("DefinitionString", one("Fn::ToJsonString", literal));
        } else {
            let names = ["Bucket", "Key", "Version"];
            made.put(
                "DefinitionS3Location",
                self.s3_location(self.get(p, "DefinitionUri"), "DefinitionUri", names),
            );
        }
        if !substitutions.0.is_empty() {
            made.put("DefinitionSubstitutions", substitutions);
        }
        for (from, to) in [
            ("Name", "StateMachineName"),
            ("Type", "StateMachineType"),
            ("Logging", "LoggingConfiguration"),
            ("Tracing", "TracingConfiguration"),
            ("EncryptionConfiguration", "EncryptionConfiguration"),
        ] {
            made.put_some(to, self.get(p, from));
        }
        made.put_some("Tags", self.source_tags(source));
        let given = self.get(p, "Role");
        let mut role = Role {
            id: format!("{id}Role"),
            trust: trust("states.amazonaws.com"),
            managed: Vec::new(),
            policies: Vec::new(),
            condition: None,
        };
        match given {
            Some(given) => {
                made.put("RoleArn", given);
                self.roles.insert(id.clone(), given.into());
            }
            None => {
                self.add_policies(&mut role, self.get(p, "Policies"));
                let traced = self.at(p, &["Tracing", "Enabled"]).map(|n| self.low.stack.tree.node(n));
                if traced == Some(Node::Bool(true)) {
                    role.add_managed(managed("AWSXrayWriteOnlyAccess"));
                }
                made.put("RoleArn", attribute(role.id.clone(), "Arn"));
                self.roles.insert(id.clone(), attribute(role.id.clone(), "Arn"));
            }
        }
        let alias = self.publish_machine(source);
        let by_alias = self.get(p, "UseAliasAsEventTarget").map(|n| self.low.stack.tree.node(n));
        let target = match alias.filter(|_| by_alias == Some(Node::Bool(true))) {
            Some(alias) => refer(alias),
            None => refer(id),
        };
        for event in self.events_of(source) {
            self.machine_event(source, &event, &target);
        }
        self.main(source, "AWS::StepFunctions::StateMachine", made.into());
        if given.is_none() {
            self.emit_role(source, role, source.at);
        }
    }

    /// A definition with names in the place of its functions.
    fn without_functions(&mut self, node: NodeId, names: &mut Fields, depth: u32) -> Made {
        let dynamic = self.low.stack.tree.string(node).is_some_and(|text| text.starts_with("{{resolve:"));
        if self.is_function(node) || dynamic {
            let count =
                names.0.iter().filter(|(name, _)| name.starts_with("definition_substitution_")).count();
            let name = format!("definition_substitution_{}", count + 1);
            names.put(name.clone(), node);
            return text(format!("${{{name}}}"));
        }
        if depth > MAX_DEPTH {
            return node.into();
        }
        match self.low.stack.tree.node(node) {
            Node::List(range) => {
                let items = self.low.stack.tree.children(range).to_vec();
                let items = items.into_iter().map(|item| self.without_functions(item, names, depth + 1));
                Made::List(items.collect())
            }
            Node::Map(_) => {
                let mut made = Fields::new();
                for (key, value) in self.members(node) {
                    let value = self.without_functions(value, names, depth + 1);
                    made.put(key, value);
                }
                made.into()
            }
            _ => node.into(),
        }
    }

    /// The version and the alias that are published; the id of the alias.
    fn publish_machine(&mut self, source: &Source) -> Option<String> {
        let p = source.properties;
        let node = self.get(p, "AutoPublishAlias")?;
        let at = self.low.stack.tree.offset(node);
        let Some(name) = self.known_text(node) else {
            self.low.loss(node, "AutoPublishAlias is not known, so that the alias is not read");
            return None;
        };
        let version = format!("{}Version", source.id);
        let mut attributes = source.attributes.clone();
        let kept = self.low.stack.tree.push_string("Retain", at);
        attributes.deletion.get_or_insert(kept);
        attributes.replace.get_or_insert(kept);
        let made = Fields::new()
            .with("StateMachineArn", refer(source.id.clone()))
            .with("StateMachineRevisionId", attribute(source.id.clone(), "StateMachineRevisionId"));
        self.emit_with(
            source.slot,
            version.clone(),
            "AWS::StepFunctions::StateMachineVersion",
            made,
            &attributes,
            at,
        );
        let mut preference = Fields::new();
        match self.get(p, "DeploymentPreference") {
            Some(written) => {
                for (key, value) in self.members(written) {
                    preference.put(key, value);
                }
            }
            None => preference.put("Type", "ALL_AT_ONCE"),
        }
        preference.put("StateMachineVersionArn", refer(version.clone()));
        let alias = format!("{}Alias{name}", source.id);
        let made = Fields::new().with("Name", text(name)).with("DeploymentPreference", preference);
        self.emit(source, alias.clone(), "AWS::StepFunctions::StateMachineAlias", made, at);
        self.alias(source, "Version", &version);
        self.alias(source, "Alias", &alias);
        Some(alias)
    }

    /// What an event of a state machine makes.
    fn machine_event(&mut self, source: &Source, event: &Event, target: &Made) {
        match event.kind.as_str() {
            "Schedule" | "EventBridgeRule" | "CloudWatchEvent" => {
                let role = match self.get(event.properties, "RoleArn") {
                    Some(role) => Made::Node(role),
                    None => {
                        let id = format!("{}Role", event.id);
                        let statement = allow(&["states:StartExecution"], target.clone());
                        let made = Fields::new()
                            .with("AssumeRolePolicyDocument", trust("events.amazonaws.com"))
                            .with(
                                "Policies",
                                vec![inline(format!("{id}StartExecutionPolicy"), vec![statement])],
                            )
                            .with_some(
                                "PermissionsBoundary",
                                self.get(source.properties, "PermissionsBoundary"),
                            )
                            .with_some("Tags", self.propagated_tags(source));
                        self.emit(source, id.clone(), "AWS::IAM::Role", made, event.at);
                        attribute(id, "Arn")
                    }
                };
                self.rule(source, event, target, Some(role));
            }
            "ScheduleV2" => {
                let statement = allow(&["states:StartExecution"], target.clone());
                let policy = inline(format!("{}StartExecutionPolicy", event.id), vec![statement]);
                self.schedule(source, event, target, policy);
            }
            "Api" => self.api_of_machine(source, event, target),
            _ => self.unknown_event(source, event),
        }
    }
}
