//! The transform of AWS SAM: what the resources of the types `AWS::Serverless::…` become.
//!
//! AWS: Serverless Application Model Developer Guide, "AWS SAM specification", "Globals section
//! of the AWS SAM template", "Generated CloudFormation resources for AWS SAM" and its pages for
//! each type; names of generated resources as they stand there. Where the service puts a digest
//! of the content behind a name (versions, deployments, layers, domain names, record sets), the
//! stable name in front of it is the id here: the digest changes with every deployment.
//!
//! The values written are moved, not copied: they keep their place in the file. What is generated
//! stands at the resource, or at the property, that asks for it. The step runs before anything is
//! lowered, so that functions and conditions in the properties mean what they mean elsewhere.
//!
//! Complexity: linear in the resources of the types and in what they generate, but for the default
//! route of an HTTP API, which is looked for among the routes of its function.

mod api;
mod api_auth;
mod compute;
mod connector;
mod data;
mod events;
mod function;
mod globals;
mod graphql;
mod http_api;
mod make;
mod pull;
mod role;
mod simple;
mod state_machine;
mod websocket;

use std::collections::HashMap;

use sekisho_estate::{Entry, Node, NodeId, Reason, ReasonCode, Value, key_hash};

use crate::function::Function;
use crate::lower::Lowering;
use crate::remark::{Remark, WHOLE};
use api::Api;
use make::{Fields, Made, one, text};

/// Name of the transform.
pub(crate) const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// Beginning of the types it reads.
const PREFIX: &str = "AWS::Serverless::";

/// What generated resources have in common with the one they are generated for.
///
/// AWS: "Generated CloudFormation resources for AWS SAM"; Template Reference, "Resource attributes".
#[derive(Clone, Debug, Default)]
struct Attributes {
    condition: Option<Made>,
    deletion: Option<NodeId>,
    replace: Option<NodeId>,
}

/// A resource of SAM.
#[derive(Clone, Debug)]
struct Source {
    id: String,
    /// Its place among the resources.
    slot: usize,
    body: NodeId,
    /// Its properties, with what `Globals` adds.
    properties: NodeId,
    /// Byte offset of its name.
    at: u32,
    attributes: Attributes,
}

/// What a function is addressed by: itself, or its alias.
#[derive(Clone, Debug)]
struct Target {
    /// What permissions and mappings name it by.
    name: Made,
    arn: Made,
    /// The ARN inside `Fn::Sub`.
    shorthand: String,
}

/// The transform of one template.
struct Sam<'l, 'c> {
    low: &'l mut Lowering<'c>,
    globals: globals::Globals,
    /// What stands at the place of each resource.
    slots: Vec<Vec<(Entry, u32)>>,
    /// Places of the resources by id, and of those that are generated.
    places: HashMap<String, usize>,
    /// Types as written, by id.
    types: HashMap<String, String>,
    apis: Vec<Api>,
    api_of: HashMap<String, usize>,
    /// Roles of functions and state machines: the property as written, or the generated id.
    roles: HashMap<String, Made>,
    /// What events add to buckets and user pools of the template.
    notifications: HashMap<String, Vec<Made>>,
    triggers: HashMap<String, Fields>,
    /// Ids of resources whose names end in a digest, by what they are for.
    digests: HashMap<String, String>,
    /// Whether the application of CodeDeploy and its role are there.
    deploys: (bool, bool),
}

impl Lowering<'_> {
    /// Expands the resources of SAM among the entries of `Resources`.
    pub(crate) fn serverless(&mut self, resources: NodeId, globals: Option<NodeId>) {
        let Node::Map(range) = self.stack.tree.node(resources) else { return };
        let type_hash = key_hash(b"Type");
        let entries = self.stack.tree.entries(range).to_vec();
        let type_of = |low: &Self, entry: &Entry| {
            let node = low.stack.tree.get_hashed(entry.value, "Type", type_hash)?;
            low.stack.tree.string(node).map(str::to_owned)
        };
        let types: Vec<Option<String>> = entries.iter().map(|entry| type_of(self, entry)).collect();
        let count = types.iter().flatten().filter(|t| t.starts_with(PREFIX)).count();
        let connects = self.has_serverless
            && entries.iter().any(|e| self.stack.tree.get(e.value, "Connectors").is_some());
        if count == 0 && !connects {
            return;
        }
        if !self.has_serverless {
            let message = format!("{PREFIX}… needs `Transform: {SERVERLESS}`; it is expanded all the same");
            self.say(Remark::note(WHOLE, message));
        }
        let mut sam = Sam {
            globals: globals::Globals::default(),
            slots: entries.iter().map(|entry| vec![(*entry, self.stack.tree.key_offset(entry))]).collect(),
            places: HashMap::new(),
            types: HashMap::new(),
            apis: Vec::new(),
            api_of: HashMap::new(),
            roles: HashMap::new(),
            notifications: HashMap::new(),
            triggers: HashMap::new(),
            digests: HashMap::new(),
            deploys: (false, false),
            low: self,
        };
        sam.read_globals(globals);
        for (slot, (entry, kind)) in entries.iter().zip(&types).enumerate() {
            let id = sam.low.stack.tree.text(entry.key).to_owned();
            if let Some(kind) = kind {
                sam.types.insert(id.clone(), kind.clone());
            }
            sam.places.insert(id, slot);
        }
        sam.expand(&entries, &types);
        let slots = std::mem::take(&mut sam.slots);
        let entries: Vec<Entry> = slots.into_iter().flatten().map(|(entry, _)| entry).collect();
        let range = self.stack.tree.add_entries(&entries);
        self.stack.tree.set(resources, Node::Map(range));
    }
}

impl Sam<'_, '_> {
    /// Everything, in the order in which it depends on each other: functions and state machines
    /// add to APIs, buckets and user pools, connectors come last.
    fn expand(&mut self, entries: &[Entry], types: &[Option<String>]) {
        let mut sources: Vec<(String, Source)> = Vec::new();
        for (slot, kind) in types.iter().enumerate() {
            let Some(kind) = kind.as_deref().and_then(|kind| kind.strip_prefix(PREFIX)) else { continue };
            if let Some(source) = self.source(slot, &entries[slot], kind) {
                sources.push((kind.to_owned(), source));
            }
        }
        for (kind, source) in &sources {
            if let "Api" | "HttpApi" = kind.as_str() {
                self.add_api(source.clone(), kind == "HttpApi");
            }
        }
        for (kind, source) in &sources {
            match kind.as_str() {
                "Function" => self.function(source),
                "StateMachine" => self.state_machine(source),
                "SimpleTable" => self.simple_table(source),
                "LayerVersion" => self.layer(source),
                "Application" => self.application(source),
                "GraphQLApi" => self.graphql(source),
                "WebSocketApi" => self.websocket_api(source),
                "CapacityProvider" => self.capacity_provider(source),
                "NetworkConnector" => self.network_connector(source),
                "MicrovmImage" => self.microvm_image(source),
                "WebFunction" => self.web_function(source),
                "Api" | "HttpApi" | "Connector" => {}
                _ => self.not_expanded(source, kind),
            }
        }
        for index in 0..self.apis.len() {
            let api = std::mem::take(&mut self.apis[index]);
            if api.is_http { self.http_api(api) } else { self.rest_api(api) }
        }
        self.add_notifications();
        self.add_triggers();
        for (kind, source) in &sources {
            if kind == "Connector" {
                self.connector(source);
            }
        }
        for (slot, entry) in entries.iter().enumerate() {
            self.connectors_of(slot, entry);
        }
    }

    /// A resource of SAM as it is written.
    fn source(&mut self, slot: usize, entry: &Entry, kind: &str) -> Option<Source> {
        let body = entry.value;
        let id = self.low.stack.tree.text(entry.key).to_owned();
        // The later of two of the same name counts.
        if self.places.get(&id) != Some(&slot) {
            self.slots[slot].clear();
            return None;
        }
        let at = self.low.stack.tree.key_offset(entry);
        let attributes = Attributes {
            condition: self.get(body, "Condition").map(Made::Node),
            deletion: self.get(body, "DeletionPolicy"),
            replace: self.get(body, "UpdateReplacePolicy"),
        };
        let written = self.get(body, "Properties");
        if let Some(written) = written
            && let Err(reason) = self.low.expand(written, 1)
        {
            self.low.elsewhere.get_or_insert(reason);
        }
        let ignored = self.get(body, "IgnoreGlobals");
        let properties = self.with_globals(kind, written, ignored, at);
        let source = Source { id, slot, body, properties, at, attributes };
        let is_open = self
            .low
            .stack
            .tree
            .map(properties)
            .iter()
            .any(|entry| self.low.stack.tree.text(entry.key) == Function::Transform.name());
        if is_open || self.is_function(properties) {
            self.low.loss(
                properties,
                format!("the properties of {} are not known, so that it is not expanded", source.id),
            );
            self.opaque(&source, kind, Reason::new(ReasonCode::Transform, SERVERLESS));
            return None;
        }
        Some(source)
    }

    /// A type of SAM that is not expanded: that it is there is known, what it becomes is not.
    fn not_expanded(&mut self, source: &Source, kind: &str) {
        self.low.loss(
            source.body,
            format!("{PREFIX}{kind} is not expanded; the resources it makes of {} are not read", source.id),
        );
        let reason = Reason::new(ReasonCode::Transform, format!("{PREFIX}{kind}"));
        self.low.elsewhere.get_or_insert(reason.clone());
        self.opaque(source, kind, reason);
    }

    /// A resource of which only the type is known.
    fn opaque(&mut self, source: &Source, kind: &str, reason: Reason) {
        let type_name = match kind {
            "Function" => "AWS::Lambda::Function",
            "Api" => "AWS::ApiGateway::RestApi",
            "HttpApi" | "WebSocketApi" => "AWS::ApiGatewayV2::Api",
            "SimpleTable" => "AWS::DynamoDB::Table",
            "LayerVersion" => "AWS::Lambda::LayerVersion",
            "Application" => "AWS::CloudFormation::Stack",
            "StateMachine" => "AWS::StepFunctions::StateMachine",
            "GraphQLApi" => "AWS::AppSync::GraphQLApi",
            "CapacityProvider" => "AWS::Lambda::CapacityProvider",
            "NetworkConnector" => "AWS::Lambda::NetworkConnector",
            "MicrovmImage" => "AWS::Lambda::MicrovmImage",
            "WebFunction" => "AWS::Lambda::WebFunction",
            _ => return,
        };
        self.low.elsewhere.get_or_insert(reason.clone());
        self.main(source, type_name, Made::Unknown(reason));
    }

    // ---- reading ------------------------------------------------------------

    fn get(&self, map: NodeId, key: &str) -> Option<NodeId> {
        let found = self.low.stack.tree.get(map, key)?;
        (self.low.stack.tree.node(found) != Node::Null).then_some(found)
    }

    /// A member of a map of the properties.
    fn at(&self, map: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(map, |node, key| self.get(node, key))
    }

    fn text_at(&self, map: NodeId, key: &str) -> Option<&str> {
        self.low.stack.tree.string(self.get(map, key)?)
    }

    fn is_function(&self, node: NodeId) -> bool {
        self.low.function_of(node).is_some()
    }

    fn is_map(&self, node: NodeId) -> bool {
        matches!(self.low.stack.tree.node(node), Node::Map(_)) && !self.is_function(node)
    }

    /// Members of a map, with their names.
    fn members(&self, map: NodeId) -> Vec<(String, NodeId)> {
        let tree = &self.low.stack.tree;
        tree.map(map).iter().map(|entry| (tree.text(entry.key).to_owned(), entry.value)).collect()
    }

    /// The logical id that a value refers to, by `Ref` or as the resource of an attribute.
    fn referred(&self, node: NodeId) -> Option<String> {
        let tree = &self.low.stack.tree;
        match self.low.function_of(node)? {
            (Function::Ref, id) => tree.string(id).map(str::to_owned),
            (Function::GetAtt, argument) => match tree.node(argument) {
                Node::String(span) => tree.text(span).split('.').next().map(str::to_owned),
                Node::List(_) => tree.string(*tree.list(argument).first()?).map(str::to_owned),
                _ => None,
            },
            _ => None,
        }
    }

    /// The logical id that a value refers to by `Ref`, or names.
    fn named(&self, node: NodeId) -> Option<String> {
        match self.low.function_of(node) {
            Some((Function::Ref, id)) => self.low.stack.tree.string(id).map(str::to_owned),
            Some(_) => None,
            None => self.low.stack.tree.string(node).map(str::to_owned),
        }
    }

    /// The text that a value is when the template is transformed: written, or a parameter's.
    ///
    /// AWS: the transform knows the values of parameters, not those of other functions.
    fn known_text(&mut self, node: NodeId) -> Option<String> {
        let resource = self.low.resource.take();
        self.low.lower(node, 1);
        self.low.resource = resource;
        enum Found {
            Text(String, Option<String>),
            No,
        }
        let found = self.low.evaluate(|reader, stack| {
            let text = match reader.resolve(stack.view(node)) {
                Value::Str(text) => text.to_owned(),
                Value::Int(int) => int.to_string(),
                Value::Bool(is) => is.to_string(),
                Value::Float(number) => number.to_string(),
                _ => return Found::No,
            };
            if reader.worlds.is_only() {
                Found::Text(text, None)
            } else if reader.worlds.is_default() {
                Found::Text(text, Some(reader.worlds.label()))
            } else {
                Found::No
            }
        });
        match found {
            Found::Text(text, None) => Some(text),
            Found::Text(text, Some(world)) => {
                self.low.loss(
                    node,
                    format!("this is expanded only for {world}; other values may make other resources"),
                );
                Some(text)
            }
            Found::No => None,
        }
    }

    /// Says which properties of a resource, or of an event, are not evaluated.
    fn check_known(&mut self, map: NodeId, known: &[&str], what: &str) {
        let unknown: Vec<(String, u32)> = {
            let tree = &self.low.stack.tree;
            let entries = tree.map(map).iter();
            let unknown = entries.filter(|entry| !known.contains(&tree.text(entry.key)));
            unknown.map(|entry| (tree.text(entry.key).to_owned(), tree.key_offset(entry))).collect()
        };
        for (name, at) in unknown {
            let near = sekisho_facts::did_you_mean(&name, known.iter().copied());
            let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            self.low.say(Remark::loss(at, format!("{name} of {what} is not evaluated{hint}")));
        }
    }

    /// A value as text, to tell whether two are written alike. Long ones are cut.
    fn signature(&self, node: NodeId) -> String {
        let mut out = String::new();
        self.sign(node, &mut out, 0);
        out
    }

    fn sign(&self, node: NodeId, out: &mut String, depth: u32) {
        if depth > 16 || out.len() > 2000 {
            return;
        }
        let tree = &self.low.stack.tree;
        match (self.low.function_of(node), tree.node(node)) {
            (Some((function, argument)), _) => {
                out.push_str(function.name());
                // The two forms of an attribute.
                if let (Function::GetAtt, Node::List(range)) = (function, tree.node(argument)) {
                    let parts: Vec<&str> =
                        tree.children(range).iter().filter_map(|&n| tree.string(n)).collect();
                    out.push_str(&parts.join("."));
                    return;
                }
                self.sign(argument, out, depth + 1);
            }
            (None, Node::List(range)) => {
                out.push('[');
                for &child in tree.children(range) {
                    self.sign(child, out, depth + 1);
                    out.push(',');
                }
            }
            (None, Node::Map(range)) => {
                out.push('{');
                for entry in tree.entries(range) {
                    out.push_str(tree.text(entry.key));
                    out.push(':');
                    self.sign(entry.value, out, depth + 1);
                    out.push(',');
                }
            }
            (None, Node::String(span)) => out.push_str(tree.text(span)),
            (None, other) => out.push_str(&format!("{other:?}")),
        }
    }

    // ---- writing ------------------------------------------------------------

    /// The resource that takes the place of the one of SAM, with all that stands beside its
    /// properties.
    fn main(&mut self, source: &Source, type_name: &'static str, properties: Made) {
        let properties = self.low.put(&properties, self.low.stack.tree.offset(source.properties));
        let type_node = self.get(source.body, "Type").map_or(source.at, |n| self.low.stack.tree.offset(n));
        let type_node = self.low.stack.tree.push_string(type_name, type_node);
        let members = [("Type", type_node), ("Properties", properties)];
        let body = self.low.with_members(Some(source.body), &members, source.at);
        if let Some((entry, _)) = self.slots[source.slot].first_mut() {
            entry.value = body;
        }
    }

    /// A generated resource.
    fn emit(
        &mut self,
        source: &Source,
        id: String,
        type_name: &'static str,
        properties: Fields,
        at: u32,
    ) -> bool {
        self.emit_with(source.slot, id, type_name, properties, &source.attributes, at)
    }

    fn emit_with(
        &mut self,
        slot: usize,
        id: String,
        type_name: &'static str,
        properties: Fields,
        attributes: &Attributes,
        at: u32,
    ) -> bool {
        if self.places.contains_key(&id) {
            let message = format!(
                "the transform makes a resource {id}, and one of this name is there; only that one is read"
            );
            self.low.say(Remark::loss(at, message));
            return false;
        }
        let body = Fields::new()
            .with("Type", text(type_name))
            .with("Properties", properties)
            .with_some("Condition", attributes.condition.clone())
            .with_some("DeletionPolicy", attributes.deletion)
            .with_some("UpdateReplacePolicy", attributes.replace);
        let body = self.low.put(&body.into(), at);
        let key = self.low.stack.tree.add_text(&id);
        let entry = Entry { hash: key_hash(id.as_bytes()), key, value: body };
        self.slots[slot].push((entry, at));
        self.places.insert(id, slot);
        true
    }

    /// A free id for a resource whose name ends in a digest: without it, names may meet.
    fn free_id(&self, stem: String) -> String {
        if !self.places.contains_key(&stem) {
            return stem;
        }
        (2..).map(|n| format!("{stem}{n}")).find(|id| !self.places.contains_key(id)).unwrap_or(stem)
    }

    /// Lets templates say `Resource.Name` for a generated resource.
    ///
    /// AWS: "Referencing generated resources" on the pages of the types.
    fn alias(&mut self, source: &Source, name: &str, id: &str) {
        self.low.generated.insert(format!("{}.{name}", source.id).into(), id.into());
    }

    /// A map of tags as the list that CloudFormation takes.
    fn tags(&mut self, own: Option<(&'static str, &'static str)>, written: Option<NodeId>) -> Option<Made> {
        let tag = |key: Made, value: Made| Fields::new().with("Key", key).with("Value", value).into();
        let mut tags: Vec<Made> = own.iter().map(|(key, value)| tag(text(*key), text(*value))).collect();
        if let Some(written) = written {
            if !self.is_map(written) {
                let reason = Reason::new(ReasonCode::Transform, SERVERLESS);
                self.low.loss(written, "Tags is not a map of literal keys; the tags are not read");
                return Some(Made::Unknown(reason));
            }
            for (key, value) in self.members(written) {
                tags.push(tag(text(key), value.into()));
            }
        }
        (!tags.is_empty()).then_some(Made::List(tags))
    }

    /// Adds members to the map of a property of a resource that is written as such.
    fn change(&mut self, id: &str, change: impl FnOnce(&mut Self, Option<NodeId>, u32) -> NodeId) {
        let Some(&slot) = self.places.get(id) else { return };
        let Some((entry, at)) = self.slots[slot].first().copied() else { return };
        let properties = self.get(entry.value, "Properties");
        let changed = change(self, properties, at);
        let body = self.low.with_members(Some(entry.value), &[("Properties", changed)], at);
        if let Some((entry, _)) = self.slots[slot].first_mut() {
            entry.value = body;
        }
    }

    /// The functions that buckets of the template notify.
    fn add_notifications(&mut self) {
        let mut all: Vec<(String, Vec<Made>)> = std::mem::take(&mut self.notifications).into_iter().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        for (id, made) in all {
            self.change(&id, |sam, properties, at| {
                let before = properties.and_then(|p| sam.get(p, "NotificationConfiguration"));
                let list = before.and_then(|b| sam.get(b, "LambdaConfigurations"));
                let known = [before, list].into_iter().flatten().all(|node| !sam.is_function(node));
                let configuration = if known {
                    let written = list.map(|l| sam.low.stack.tree.list(l).to_vec()).unwrap_or_default();
                    let items: Vec<Made> = written.into_iter().map(Made::Node).chain(made).collect();
                    let list = sam.low.put(&Made::List(items), at);
                    sam.low.with_members(before, &[("LambdaConfigurations", list)], at)
                } else {
                    sam.unknown_at(before, at, "the notifications of this bucket are not known")
                };
                sam.low.with_members(properties, &[("NotificationConfiguration", configuration)], at)
            });
        }
    }

    /// The functions that user pools of the template call.
    fn add_triggers(&mut self) {
        let mut all: Vec<(String, Fields)> = std::mem::take(&mut self.triggers).into_iter().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        for (id, made) in all {
            self.change(&id, |sam, properties, at| {
                let before = properties.and_then(|p| sam.get(p, "LambdaConfig"));
                let configuration = if before.is_none_or(|node| !sam.is_function(node)) {
                    let nodes: Vec<(String, NodeId)> =
                        made.0.iter().map(|(key, value)| (key.to_string(), sam.low.put(value, at))).collect();
                    let nodes: Vec<(&str, NodeId)> = nodes.iter().map(|(k, n)| (k.as_str(), *n)).collect();
                    sam.low.with_members(before, &nodes, at)
                } else {
                    sam.unknown_at(before, at, "the triggers of this user pool are not known")
                };
                sam.low.with_members(properties, &[("LambdaConfig", configuration)], at)
            });
        }
    }

    fn unknown_at(&mut self, node: Option<NodeId>, at: u32, message: &str) -> NodeId {
        self.low.say(Remark::loss(node.map_or(at, |n| self.low.stack.tree.offset(n)), message));
        let reason = Reason::new(ReasonCode::Transform, SERVERLESS);
        self.low.put(&Made::Unknown(reason), at)
    }

    /// The condition of a resource as an operand of a function of conditions.
    fn operand(condition: &Made) -> Made {
        one("Condition", condition.clone())
    }
}
