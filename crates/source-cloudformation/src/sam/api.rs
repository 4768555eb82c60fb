//! `AWS::Serverless::Api` and the REST API that events imply.
//!
//! AWS: SAM Developer Guide, "AWS::Serverless::Api" with the pages of its property types, "Api" of the
//! event sources, "Generated CloudFormation resources for AWS::Serverless::Api". An API whose
//! definition is not written gets one from the events that name it; events that name none imply
//! `ServerlessRestApi` with its stage `Prod`.

use std::collections::{BTreeSet, HashMap};

use sekisho_estate::{Node, NodeId};

use super::events::{Caller, Event};
use super::make::{
    Fields, Made, allow, arn, attribute, document, either, fill, inline, nothing, one, refer, sub, text,
    trust,
};
use super::{Attributes, Sam, Source, Target};
use crate::function::Function;

/// Methods that a path of a definition may have.
pub(super) const METHODS: [&str; 8] =
    ["get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"];

/// An API, and what events add to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Api {
    pub(super) is_http: bool,
    /// Whether no resource of the template declares it.
    pub(super) implicit: bool,
    pub(super) source: Option<Source>,
    pub(super) routes: Vec<Route>,
}

/// A method of a path.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) path: String,
    pub(super) method: String,
    pub(super) made: Fields,
    pub(super) condition: Option<Made>,
    /// `Auth` of the event.
    pub(super) auth: Option<NodeId>,
    /// The function it leads to.
    pub(super) owner: String,
}

const PROPERTIES: [&str; 38] = [
    "Name",
    "StageName",
    "DefinitionBody",
    "DefinitionUri",
    "MergeDefinitions",
    "CacheClusterEnabled",
    "CacheClusterSize",
    "Tags",
    "PropagateTags",
    "Variables",
    "EndpointConfiguration",
    "MethodSettings",
    "BinaryMediaTypes",
    "MinimumCompressionSize",
    "Cors",
    "Auth",
    "GatewayResponses",
    "AccessLogSetting",
    "CanarySetting",
    "TracingEnabled",
    "OpenApiVersion",
    "Models",
    "Domain",
    "FailOnWarnings",
    "Description",
    "Mode",
    "DisableExecuteApiEndpoint",
    "ApiKeySourceType",
    "AlwaysDeploy",
    "Policy",
    "SecurityPolicy",
    "EndpointAccessMode",
    "__MANAGE_SWAGGER",
    "BasePath",
    "ResourcePolicy",
    "Condition",
    "Parameters",
    "BodyS3Location",
];

impl Sam<'_, '_> {
    /// Notes an API that the template declares.
    pub(super) fn add_api(&mut self, source: Source, is_http: bool) {
        if !is_http {
            self.check_known(source.properties, &PROPERTIES[..32], &source.id);
        }
        self.api_of.insert(source.id.clone(), self.apis.len());
        self.apis.push(Api { is_http, implicit: false, source: Some(source), routes: Vec::new() });
    }

    /// The API that events imply, made when it is first asked for.
    fn implied(&mut self, is_http: bool, by: &Source, at: u32) -> usize {
        let id = if is_http { "ServerlessHttpApi" } else { "ServerlessRestApi" };
        if let Some(&index) = self.api_of.get(id) {
            return index;
        }
        let kind = if is_http { "HttpApi" } else { "Api" };
        let properties = self.with_globals(kind, None, None, at);
        let stage = self.low.put(&text("Prod"), at);
        let properties = if is_http {
            properties
        } else {
            self.low.with_members(Some(properties), &[("StageName", stage)], at)
        };
        let body = self.low.put(&Fields::new().into(), at);
        let source = Source {
            id: id.to_owned(),
            slot: by.slot,
            body,
            properties,
            at,
            attributes: Attributes::default(),
        };
        self.types.insert(id.to_owned(), format!("AWS::Serverless::{kind}"));
        self.add_api(source, is_http);
        let index = self.apis.len() - 1;
        self.apis[index].implicit = true;
        index
    }

    /// The API that an event names, or implies.
    pub(super) fn api_of_event(&mut self, source: &Source, event: &Event) -> (Option<usize>, Made) {
        let is_http = event.kind == "HttpApi";
        let key = if is_http { "ApiId" } else { "RestApiId" };
        match self.get(event.properties, key) {
            None => {
                let index = self.implied(is_http, source, event.at);
                (Some(index), refer(if is_http { "ServerlessHttpApi" } else { "ServerlessRestApi" }))
            }
            Some(node) => {
                let index = self.named(node).and_then(|id| self.api_of.get(&id).copied());
                (index.filter(|&index| self.apis[index].is_http == is_http), node.into())
            }
        }
    }

    /// A method of an API that leads to a function.
    pub(super) fn api_event(&mut self, source: &Source, event: &Event, target: &Target) {
        const KNOWN: [&str; 9] = [
            "Path",
            "Method",
            "RestApiId",
            "Stage",
            "Auth",
            "RequestModel",
            "RequestParameters",
            "TimeoutInMillis",
            "ResponseTransferMode",
        ];
        let p = event.properties;
        self.check_known(p, &KNOWN, &event.id);
        let (api, id) = self.api_of_event(source, event);
        let Some((path, method)) = self.route_of(event) else { return };
        // The stage is part of the permission's name, not of what it permits.
        let suffix = self.stage_suffix(event, api);
        let verb =
            if method == "x-amazon-apigateway-any-method" { "*".into() } else { method.to_uppercase() };
        let of = call_arn(&id, &format!("{verb}{}", starred(&path)));
        let caller = Caller::new("apigateway.amazonaws.com", Some(of));
        self.permit(source, event, target, &suffix, caller);
        let stream = self.text_at(p, "ResponseTransferMode") == Some("RESPONSE_STREAM");
        let (version, end) = if stream {
            ("2021-11-15", "response-streaming-invocations")
        } else {
            ("2015-03-31", "invocations")
        };
        let uri = sub(format!(
            "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/{version}/functions/{}/{end}",
            target.shorthand
        ));
        let integration = Fields::new()
            .with("httpMethod", "POST")
            .with("type", "aws_proxy")
            .with("uri", uri)
            .with_some("timeoutInMillis", self.get(p, "TimeoutInMillis"));
        let made = Fields::new()
            .with("x-amazon-apigateway-integration", integration)
            .with("responses", Fields::new());
        self.add_route(source, event, api, path, method, made);
    }

    /// Path and method of an event.
    pub(super) fn route_of(&mut self, event: &Event) -> Option<(String, String)> {
        let p = event.properties;
        let path = self.text_at(p, "Path").map(str::to_owned);
        let method = self.text_at(p, "Method").map(str::to_lowercase);
        match (path, method) {
            (Some(path), Some(method)) => Some((path, any(method))),
            _ => {
                self.low.loss(
                    p,
                    format!("event {} needs a literal Path and Method; its route is not read", event.name),
                );
                None
            }
        }
    }

    /// What stands behind the name of a permission for an API: its stage.
    pub(super) fn stage_suffix(&mut self, event: &Event, api: Option<usize>) -> String {
        let source = api.and_then(|index| self.apis[index].source.clone());
        match source {
            Some(source) => match self.text_at(source.properties, "StageName") {
                Some(stage) => stage.to_owned(),
                None => "Stage".to_owned(),
            },
            None => {
                let here = self.get(event.properties, "RestApiId").and_then(|node| self.named(node));
                if here.is_some_and(|id| self.places.contains_key(&id)) {
                    "Stage".into()
                } else {
                    "AllStages".into()
                }
            }
        }
    }

    pub(super) fn add_route(
        &mut self,
        source: &Source,
        event: &Event,
        api: Option<usize>,
        path: String,
        method: String,
        made: Fields,
    ) {
        let Some(api) = api else { return };
        let auth = self.get(event.properties, "Auth");
        let condition = source.attributes.condition.clone();
        self.apis[api].routes.push(Route { path, method, made, condition, auth, owner: source.id.clone() });
    }

    // ---- what an API becomes -----------------------------------------------------

    /// The REST API, its deployment and its stage.
    pub(super) fn rest_api(&mut self, api: Api) {
        let Some(mut source) = api.source.clone() else { return };
        if api.implicit {
            source.attributes.condition = self.implied_condition(&api);
        }
        let (id, p, at) = (source.id.clone(), source.properties, source.at);
        let version = self.get(p, "OpenApiVersion");
        let mut made = Fields::new();
        let mut extra_stage = version.is_none();
        if let Some(location) = self.get(p, "DefinitionUri") {
            made.put(
                "BodyS3Location",
                self.s3_location(Some(location), "DefinitionUri", ["Bucket", "Key", "Version"]),
            );
            if self.get(p, "Auth").is_some() {
                self.low.note(location, format!("Auth of {id} needs the definition in the template"));
            }
        } else {
            made.put("Body", self.rest_body(&source, &api));
        }
        for same in [
            "Name",
            "Description",
            "BinaryMediaTypes",
            "MinimumCompressionSize",
            "FailOnWarnings",
            "Mode",
            "ApiKeySourceType",
            "Policy",
            "SecurityPolicy",
            "EndpointAccessMode",
        ] {
            made.put_some(same, self.get(p, same));
        }
        if let Some(endpoint) = self.get(p, "EndpointConfiguration") {
            let kind = if self.is_map(endpoint) { self.get(endpoint, "Type") } else { Some(endpoint) };
            made.put("EndpointConfiguration", self.endpoint(endpoint));
            made.put_some("Parameters", kind.map(|kind| one("endpointConfigurationTypes", kind)));
        }
        let tags = if self.passes_tags(p) { self.tags(None, self.get(p, "Tags")) } else { None };
        made.put_some("Tags", tags);
        self.place(&api, &source, "AWS::ApiGateway::RestApi", made);
        // AWS: the deployment's name ends in a digest of the definition.
        let deployment = self.free_id(format!("{id}Deployment"));
        if version
            .is_some_and(|node| self.low.stack.tree.string(node).is_some_and(|v| !v.starts_with(['2', '3'])))
        {
            extra_stage = true;
        }
        let made = Fields::new()
            .with("RestApiId", refer(id.clone()))
            .with_some("StageName", extra_stage.then(|| text("Stage")));
        self.emit(&source, deployment.clone(), "AWS::ApiGateway::Deployment", made, at);
        let name = self.get(p, "StageName");
        let stage = match name.and_then(|node| self.low.stack.tree.string(node)) {
            Some(name) if name.bytes().all(|b| b.is_ascii_alphanumeric()) => format!("{id}{name}Stage"),
            _ => self.free_id(format!("{id}Stage")),
        };
        let mut made = Fields::new()
            .with("RestApiId", refer(id.clone()))
            .with("DeploymentId", refer(deployment.clone()))
            .with_some("StageName", name);
        for same in [
            "CacheClusterEnabled",
            "CacheClusterSize",
            "Variables",
            "MethodSettings",
            "AccessLogSetting",
            "CanarySetting",
            "TracingEnabled",
        ] {
            made.put_some(same, self.get(p, same));
        }
        let tags = self.tags(None, self.get(p, "Tags"));
        made.put_some("Tags", tags);
        self.emit(&source, stage.clone(), "AWS::ApiGateway::Stage", made, at);
        self.alias(&source, "Deployment", &deployment);
        self.alias(&source, "Stage", &stage);
        self.domain(&source, &stage, false);
        self.authorizer_permissions(&source, false);
        self.usage_plan(&source, &stage);
    }

    /// The API in the place of the resource that declares it, or as a new one.
    pub(super) fn place(&mut self, api: &Api, source: &Source, type_name: &'static str, made: Fields) {
        if api.implicit {
            self.emit(source, source.id.clone(), type_name, made, source.at);
        } else {
            self.main(source, type_name, made.into());
        }
    }

    pub(super) fn passes_tags(&mut self, p: NodeId) -> bool {
        let Some(node) = self.get(p, "PropagateTags") else { return false };
        self.known_text(node).as_deref() == Some("true")
    }

    /// An implied API is there when one of its routes is.
    pub(super) fn implied_condition(&self, api: &Api) -> Option<Made> {
        let mut conditions: Vec<Made> = Vec::new();
        let mut names = BTreeSet::new();
        for route in &api.routes {
            let condition = route.condition.clone()?;
            let name = match &condition {
                Made::Node(node) => self.low.stack.tree.string(*node).map(str::to_owned),
                _ => None,
            };
            if name.is_none_or(|name| names.insert(name)) {
                conditions.push(condition);
            }
        }
        match conditions.len() {
            0 => None,
            1 => conditions.pop(),
            _ => Some(one("Fn::Or", conditions.iter().map(Self::operand).collect::<Vec<_>>())),
        }
    }

    fn endpoint(&mut self, node: NodeId) -> Made {
        if !self.is_map(node) {
            return one("Types", vec![Made::Node(node)]);
        }
        Fields::new()
            .with("Types", self.get(node, "Type").map(Made::Node).into_iter().collect::<Vec<_>>())
            .with_some("VpcEndpointIds", self.get(node, "VPCEndpointIds"))
            .with_some("IpAddressType", self.get(node, "IpAddressType"))
            .into()
    }

    /// The definition of the API: as written, or made of its routes.
    fn rest_body(&mut self, source: &Source, api: &Api) -> Made {
        let p = source.properties;
        let written = self.get(p, "DefinitionBody");
        let merges =
            self.get(p, "MergeDefinitions").map(|n| self.low.stack.tree.node(n)) == Some(Node::Bool(true));
        let mut security = self.rest_security(source);
        let signs = |sam: &Self, route: &Route| {
            route.auth.and_then(|auth| sam.text_at(auth, "Authorizer")) == Some("AWS_IAM")
        };
        if api.routes.iter().any(|route| signs(self, route)) {
            security.sign();
        }
        if let Some(written) = written
            && !merges
        {
            return self.written_body(source, api, written, &security);
        }
        let version = self.get(p, "OpenApiVersion").and_then(|node| self.known_text(node));
        let three = version.is_some_and(|version| version.starts_with('3'));
        let info = Fields::new().with("version", "1.0").with("title", refer("AWS::StackName"));
        let mut made = Fields::new().with("info", info).with("paths", self.paths(api, &security));
        match self.get(p, "OpenApiVersion") {
            Some(version) if three => made.put("openapi", version),
            _ => made.put("swagger", "2.0"),
        }
        if !security.schemes.0.is_empty() {
            if three {
                made.put("components", one("securitySchemes", security.schemes.clone()));
            } else {
                made.put("securityDefinitions", security.schemes.clone());
            }
        }
        made.put_some("x-amazon-apigateway-binary-media-types", self.get(p, "BinaryMediaTypes"));
        made.put_some("x-amazon-apigateway-gateway-responses", self.get(p, "GatewayResponses"));
        made.put_some("definitions", self.get(p, "Models"));
        if let Some(disabled) = self.get(p, "DisableExecuteApiEndpoint") {
            made.put(
                "x-amazon-apigateway-endpoint-configuration",
                one("disableExecuteApiEndpoint", disabled),
            );
        }
        made.put_some("x-amazon-apigateway-policy", self.resource_policy(source, api));
        if let Some(written) = written.filter(|&node| self.is_map(node)) {
            // What is made outranks what is written, but for the head of the definition.
            made.0.retain(|(key, _)| {
                !matches!(&**key, "info" | "swagger" | "openapi") || self.get(written, key).is_none()
            });
            let made = self.low.put(&made.into(), source.at);
            return self.merge(written, made, 1).into();
        }
        made.into()
    }

    /// A definition as written, with the authorizers of the API.
    fn written_body(
        &mut self,
        source: &Source,
        api: &Api,
        written: NodeId,
        security: &super::api_auth::Security,
    ) -> Made {
        let p = source.properties;
        let policy = self.at(p, &["Auth", "ResourcePolicy"]);
        let disabled = self.get(p, "DisableExecuteApiEndpoint");
        let overrides: Vec<&Route> = api
            .routes
            .iter()
            .filter(|route| {
                let said = route.auth.and_then(|auth| self.get(auth, "OverrideApiAuth"));
                said.map(|node| self.low.stack.tree.node(node)) == Some(Node::Bool(true))
            })
            .collect();
        let nothing_to_do = security.schemes.0.is_empty()
            && security.default.is_none()
            && policy.is_none()
            && disabled.is_none()
            && overrides.is_empty();
        if nothing_to_do || !self.is_map(written) {
            return written.into();
        }
        let at = self.low.stack.tree.offset(written);
        let mut members: Vec<(&str, NodeId)> = Vec::new();
        let schemes: Vec<(String, NodeId)> = security
            .schemes
            .0
            .iter()
            .map(|(name, made)| (name.to_string(), self.low.put(made, at)))
            .collect();
        let named: Vec<(&str, NodeId)> = schemes.iter().map(|(name, node)| (name.as_str(), *node)).collect();
        if !named.is_empty() {
            if self.get(written, "openapi").is_some() {
                let components = self.get(written, "components");
                let before = components.and_then(|c| self.get(c, "securitySchemes"));
                let schemes = self.low.with_members(before, &named, at);
                let components = self.low.with_members(components, &[("securitySchemes", schemes)], at);
                members.push(("components", components));
            } else {
                let before = self.get(written, "securityDefinitions");
                members.push(("securityDefinitions", self.low.with_members(before, &named, at)));
            }
        }
        if let (Some(paths), Some(_)) = (self.get(written, "paths"), &security.default)
            && self.is_map(paths)
        {
            members.push(("paths", self.secured_paths(paths, security)));
        }
        // AWS: "ApiFunctionAuth", `OverrideApiAuth`: what the event says outranks the API.
        for route in overrides {
            let paths = members.iter().find(|(key, _)| *key == "paths").map(|(_, node)| *node);
            let Some(paths) = paths.or_else(|| self.get(written, "paths")) else { break };
            let item = self.get(paths, &route.path);
            let Some(operation) = item.and_then(|item| self.get(item, &route.method)) else { continue };
            let made = security.of(self, route.auth, &route.method).unwrap_or_else(|| Made::List(Vec::new()));
            let made = self.low.put(&made, at);
            let operation = self.low.with_members(Some(operation), &[("security", made)], at);
            let item = self.low.with_members(item, &[(route.method.as_str(), operation)], at);
            let paths = self.low.with_members(Some(paths), &[(route.path.as_str(), item)], at);
            members.retain(|(key, _)| *key != "paths");
            members.push(("paths", paths));
        }
        if let Some(disabled) = disabled {
            let made = self.low.put(&one("disableExecuteApiEndpoint", disabled), at);
            members.push(("x-amazon-apigateway-endpoint-configuration", made));
        }
        if let Some(policy) = self.resource_policy(source, &Api::default()) {
            members.push(("x-amazon-apigateway-policy", self.low.put(&policy, at)));
        }
        self.low.with_members(Some(written), &members, at).into()
    }

    /// Paths as written, the default authorizer at every method that says nothing.
    pub(super) fn secured_paths(&mut self, paths: NodeId, security: &super::api_auth::Security) -> NodeId {
        let mut all: Vec<(String, NodeId)> = Vec::new();
        for (path, item) in self.members(paths) {
            all.push((path, self.secured_item(item, security, 0)));
        }
        let named: Vec<(&str, NodeId)> = all.iter().map(|(path, node)| (path.as_str(), *node)).collect();
        let at = self.low.stack.tree.offset(paths);
        self.low.with_members(Some(paths), &named, at)
    }

    /// The arms of a choice, changed each.
    pub(super) fn in_arms(
        &mut self,
        node: NodeId,
        change: &mut dyn FnMut(&mut Self, NodeId) -> NodeId,
    ) -> Option<NodeId> {
        let (Function::If, argument) = self.low.function_of(node)? else { return None };
        let [condition, then, otherwise] = *self.low.stack.tree.list(argument) else { return None };
        let (then, otherwise) = (change(self, then), change(self, otherwise));
        let made = either(condition.into(), then.into(), otherwise.into());
        let at = self.low.stack.tree.offset(node);
        Some(self.low.put(&made, at))
    }

    fn secured_item(&mut self, item: NodeId, security: &super::api_auth::Security, depth: u32) -> NodeId {
        if depth > 8 {
            return item;
        }
        if let Some(chosen) = self.in_arms(item, &mut |sam, arm| sam.secured_item(arm, security, depth + 1)) {
            return chosen;
        }
        if !self.is_map(item) {
            return item;
        }
        let mut item_now = item;
        for (method, operation) in self.members(item) {
            if METHODS.contains(&method.to_lowercase().as_str()) {
                let operation = self.secured_method(operation, &method, security, depth + 1);
                let at = self.low.stack.tree.offset(operation);
                item_now = self.low.with_members(Some(item_now), &[(method.as_str(), operation)], at);
            }
        }
        item_now
    }

    fn secured_method(
        &mut self,
        operation: NodeId,
        method: &str,
        security: &super::api_auth::Security,
        depth: u32,
    ) -> NodeId {
        if depth > 8 {
            return operation;
        }
        let chosen =
            self.in_arms(operation, &mut |sam, arm| sam.secured_method(arm, method, security, depth + 1));
        if let Some(chosen) = chosen {
            return chosen;
        }
        if !self.is_map(operation) || self.get(operation, "security").is_some() {
            return operation;
        }
        let Some(made) = security.of(self, None, method) else { return operation };
        let at = self.low.stack.tree.offset(operation);
        let made = self.low.put(&made, at);
        self.low.with_members(Some(operation), &[("security", made)], at)
    }

    /// The paths of a definition that is made of routes.
    pub(super) fn paths(&mut self, api: &Api, security: &super::api_auth::Security) -> Made {
        let mut paths: Vec<(&str, Vec<&Route>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for route in &api.routes {
            let place = *places.entry(&route.path).or_insert_with(|| {
                paths.push((&route.path, Vec::new()));
                paths.len() - 1
            });
            paths[place].1.push(route);
        }
        let cors = api.source.as_ref().and_then(|source| self.get(source.properties, "Cors"));
        let mut made = Fields::new();
        for (path, routes) in paths {
            let mut item = Fields::new();
            for route in &routes {
                let mut operation = route.made.clone();
                operation.put_some("security", security.of(self, route.auth, &route.method));
                if security.name_of(self, route.auth, &route.method) == Some("AWS_IAM") && !api.is_http {
                    self.caller_credentials(api, route, &mut operation);
                }
                let operation = match &route.condition {
                    Some(condition) => either(condition.clone(), operation.into(), nothing()),
                    None => operation.into(),
                };
                item.put(route.method.clone(), operation);
            }
            if let Some(cors) = cors
                && !api.is_http
                && !routes.iter().any(|route| route.method == "options")
            {
                item.put("options", self.preflight(cors, &routes));
            }
            made.put(path.to_owned(), item);
        }
        made.into()
    }

    /// With signed requests the function is called as the caller, unless a role is given.
    ///
    /// AWS: "ApiAuth", `InvokeRole`.
    fn caller_credentials(&mut self, api: &Api, route: &Route, operation: &mut Fields) {
        let general =
            api.source.as_ref().and_then(|source| self.at(source.properties, &["Auth", "InvokeRole"]));
        let role = route.auth.and_then(|auth| self.get(auth, "InvokeRole")).or(general);
        let written = role.and_then(|role| self.low.stack.tree.string(role));
        let credentials = match (role, written) {
            (_, Some("NONE")) => return,
            (None, _) | (_, Some("CALLER_CREDENTIALS")) => sub("arn:${AWS::Partition}:iam::*:user/*"),
            (Some(role), _) => role.into(),
        };
        for (key, value) in &mut operation.0 {
            if let ("x-amazon-apigateway-integration", Made::Map(integration)) = (&**key, value) {
                integration.0.retain(|(key, _)| key != "credentials");
                integration.put("credentials", credentials.clone());
            }
        }
    }

    /// The method that answers browsers.
    ///
    /// AWS: "CorsConfiguration"; API Gateway Developer Guide, "CORS for REST APIs".
    fn preflight(&mut self, cors: NodeId, routes: &[&Route]) -> Made {
        let is_map = self.is_map(cors);
        let member = |sam: &Self, key| if is_map { sam.get(cors, key).map(Made::Node) } else { None };
        let origin = if is_map { member(self, "AllowOrigin") } else { Some(Made::Node(cors)) };
        let methods = member(self, "AllowMethods").unwrap_or_else(|| {
            let mut names: BTreeSet<String> = routes.iter().map(|r| r.method.to_uppercase()).collect();
            names.insert("OPTIONS".into());
            text(format!("'{}'", names.into_iter().collect::<Vec<_>>().join(",")))
        });
        let headers = Fields::new()
            .with_some("method.response.header.Access-Control-Allow-Origin", origin)
            .with("method.response.header.Access-Control-Allow-Methods", methods)
            .with_some("method.response.header.Access-Control-Allow-Headers", member(self, "AllowHeaders"))
            .with_some("method.response.header.Access-Control-Max-Age", member(self, "MaxAge"));
        let response = Fields::new().with("statusCode", "200").with("responseParameters", headers);
        let integration = Fields::new()
            .with("type", "mock")
            .with("requestTemplates", one("application/json", text("{\n  \"statusCode\" : 200\n}\n")))
            .with("responses", one("default", response));
        Fields::new()
            .with("summary", "CORS support")
            .with("x-amazon-apigateway-integration", integration)
            .with("responses", one("200", one("description", text("Default response for CORS method"))))
            .into()
    }

    // ---- state machines -----------------------------------------------------------

    /// A method of an API that starts a state machine.
    pub(super) fn api_of_machine(&mut self, source: &Source, event: &Event, arn_of: &Made) {
        const KNOWN: [&str; 7] =
            ["Path", "Method", "RestApiId", "Stage", "Auth", "UnescapeMappingTemplate", "RequestParameters"];
        self.check_known(event.properties, &KNOWN, &event.id);
        let (api, _) = self.api_of_event(source, event);
        let Some((path, method)) = self.route_of(event) else { return };
        let role = format!("{}Role", event.id);
        let statement = allow(&["states:StartExecution"], arn_of.clone());
        let made = Fields::new()
            .with("AssumeRolePolicyDocument", trust("apigateway.amazonaws.com"))
            .with("Policies", vec![inline(format!("{role}StartExecutionPolicy"), vec![statement])])
            .with_some("PermissionsBoundary", self.get(source.properties, "PermissionsBoundary"))
            .with_some("Tags", self.propagated_tags(source));
        self.emit(source, role.clone(), "AWS::IAM::Role", made, event.at);
        let integration = Fields::new()
            .with("httpMethod", "POST")
            .with("type", "aws")
            .with("credentials", attribute(role, "Arn"))
            .with("uri", sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution"));
        let made = Fields::new()
            .with("x-amazon-apigateway-integration", integration)
            .with("responses", one("200", one("description", text("OK"))));
        self.add_route(source, event, api, path, method, made);
    }

    /// Who may call the API at all.
    ///
    /// AWS: "ResourcePolicyStatement".
    fn resource_policy(&mut self, source: &Source, api: &Api) -> Option<Made> {
        let p = source.properties;
        let mut asked: Vec<(NodeId, Option<&Route>)> = Vec::new();
        asked.extend(self.at(p, &["Auth", "ResourcePolicy"]).map(|policy| (policy, None)));
        for route in &api.routes {
            let policy = route.auth.and_then(|auth| self.get(auth, "ResourcePolicy"));
            asked.extend(policy.map(|policy| (policy, Some(route))));
        }
        if asked.is_empty() {
            return None;
        }
        let stage = self.get(p, "StageName").map_or_else(|| text("*"), Made::Node);
        let mut statements = Vec::new();
        for (policy, route) in asked {
            let place = match route {
                Some(route) => {
                    let any = route.method == "x-amazon-apigateway-any-method";
                    let verb = if any { "*".to_owned() } else { route.method.to_uppercase() };
                    format!("execute-api:/${{Stage}}/{verb}{}", starred(&route.path))
                }
                None => "execute-api:/${Stage}/*".to_owned(),
            };
            let place = fill(&place, &[("Stage", stage.clone())]);
            self.policy_statements(policy, &place, &mut statements);
        }
        Some(document(statements))
    }

    fn policy_statements(&mut self, policy: NodeId, place: &Made, out: &mut Vec<Made>) {
        const LISTS: [(&str, &str, &str); 8] = [
            ("IpRangeWhitelist", "NotIpAddress", "aws:SourceIp"),
            ("IpRangeBlacklist", "IpAddress", "aws:SourceIp"),
            ("SourceVpcWhitelist", "StringNotEquals", ""),
            ("SourceVpcBlacklist", "StringEquals", ""),
            ("IntrinsicVpcWhitelist", "StringNotEquals", "aws:SourceVpc"),
            ("IntrinsicVpcBlacklist", "StringEquals", "aws:SourceVpc"),
            ("IntrinsicVpceWhitelist", "StringNotEquals", "aws:SourceVpce"),
            ("IntrinsicVpceBlacklist", "StringEquals", "aws:SourceVpce"),
        ];
        const KNOWN: [&str; 11] = [
            "CustomStatements",
            "AwsAccountWhitelist",
            "AwsAccountBlacklist",
            "IpRangeWhitelist",
            "IpRangeBlacklist",
            "SourceVpcWhitelist",
            "SourceVpcBlacklist",
            "IntrinsicVpcWhitelist",
            "IntrinsicVpcBlacklist",
            "IntrinsicVpceWhitelist",
            "IntrinsicVpceBlacklist",
        ];
        self.check_known(policy, &KNOWN, "ResourcePolicy");
        let statement = |effect: &'static str, principal: Made| {
            Fields::new()
                .with("Effect", effect)
                .with("Action", "execute-api:Invoke")
                .with("Resource", vec![place.clone()])
                .with("Principal", principal)
        };
        for (key, effect) in [("AwsAccountWhitelist", "Allow"), ("AwsAccountBlacklist", "Deny")] {
            let Some(list) = self.get(policy, key) else { continue };
            out.push(statement(effect, one("AWS", list)).into());
        }
        let mut lets_all = false;
        let mut denials = Vec::new();
        for (key, test, name) in LISTS {
            let Some(list) = self.get(policy, key) else { continue };
            lets_all = true;
            let items = self.low.stack.tree.list(list).to_vec();
            let tests = if name.is_empty() {
                let is_endpoint = |sam: &Self, node: &NodeId| {
                    sam.low.stack.tree.string(*node).is_some_and(|text| text.starts_with("vpce-"))
                };
                let (endpoints, networks): (Vec<NodeId>, Vec<NodeId>) =
                    items.into_iter().partition(|node| is_endpoint(self, node));
                vec![("aws:SourceVpc", networks), ("aws:SourceVpce", endpoints)]
            } else {
                vec![(name, items)]
            };
            for (name, nodes) in tests.into_iter().filter(|(_, nodes)| !nodes.is_empty()) {
                let values: Vec<Made> = nodes.into_iter().map(Made::Node).collect();
                let condition = one(test, one(name, values));
                denials.push(statement("Deny", text("*")).with("Condition", condition).into());
            }
        }
        if lets_all {
            out.push(statement("Allow", text("*")).into());
            out.extend(denials);
        }
        if let Some(custom) = self.get(policy, "CustomStatements") {
            match self.low.stack.tree.node(custom) {
                Node::List(range) => {
                    out.extend(self.low.stack.tree.children(range).iter().map(|&n| Made::Node(n)));
                }
                _ => out.push(custom.into()),
            }
        }
    }
}

/// `any` as a definition writes it.
pub(super) fn any(method: String) -> String {
    if method == "any" { "x-amazon-apigateway-any-method".to_owned() } else { method }
}

/// A path as an ARN has it: without its last slash, anything for what is a parameter.
pub(super) fn starred(path: &str) -> String {
    let path = match path.strip_suffix('/') {
        Some(rest) if !rest.is_empty() => rest,
        _ => path,
    };
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else { break };
        out.push_str(&rest[..open]);
        out.push('*');
        rest = &rest[open + close + 1..];
    }
    out.push_str(rest);
    // What is left of braces is no variable.
    out.replace("${", "$")
}

/// The ARN of calls of an API at any stage.
pub(super) fn call_arn(id: &Made, call: &str) -> Made {
    let call = if call.starts_with('/') { call.trim_start_matches('/') } else { call };
    fill(&arn("execute-api", &format!("${{ApiId}}/*/{call}")), &[("ApiId", id.clone())])
}
