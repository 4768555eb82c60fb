//! `AWS::Serverless::HttpApi` and the HTTP API that events imply.
//!
//! AWS: SAM Developer Guide, "AWS::Serverless::HttpApi" with the pages of its property types, "HttpApi"
//! of the event sources, "Generated CloudFormation resources for AWS::Serverless::HttpApi".

use sekisho_estate::{Node, NodeId};

use super::api::{Api, Route, any, call_arn, starred};
use super::events::{Caller, Event};
use super::make::{Fields, Made, either, nothing, one, refer, sub, text};
use super::{Sam, Source, Target};

/// The route of calls that no other route takes.
const DEFAULT: &str = "$default";

const PROPERTIES: [&str; 17] = [
    "StageName",
    "DefinitionBody",
    "DefinitionUri",
    "StageVariables",
    "CorsConfiguration",
    "AccessLogSettings",
    "DefaultRouteSettings",
    "Tags",
    "PropagateTags",
    "RouteSettings",
    "Domain",
    "Auth",
    "FailOnWarnings",
    "Description",
    "DisableExecuteApiEndpoint",
    "Name",
    "SecurityPolicy",
];

impl Sam<'_, '_> {
    /// A route of an HTTP API that leads to a function.
    pub(super) fn http_event(&mut self, source: &Source, event: &Event, target: &Target) {
        const KNOWN: [&str; 8] = [
            "Path",
            "Method",
            "ApiId",
            "Stage",
            "Auth",
            "TimeoutInMillis",
            "RouteSettings",
            "PayloadFormatVersion",
        ];
        let p = event.properties;
        self.check_known(p, &KNOWN, &event.id);
        let (api, id) = self.api_of_event(source, event);
        let written =
            |sam: &Self, key| sam.get(p, key).map(|n| sam.low.stack.tree.string(n).map(str::to_owned));
        let (path, method) = match (written(self, "Path"), written(self, "Method")) {
            (Some(None), _) | (_, Some(None)) => {
                return self.low.loss(
                    p,
                    format!("event {} needs a literal Path and Method; its route is not read", event.name),
                );
            }
            // AWS: without both, the event takes every call.
            (None, None) => (DEFAULT.to_owned(), any("any".to_owned())),
            (path, method) => (
                path.flatten().unwrap_or_else(|| DEFAULT.to_owned()),
                any(method.flatten().map_or_else(|| "any".to_owned(), |method| method.to_lowercase())),
            ),
        };
        // A permission for every call covers the others of the same function.
        let covered = path != DEFAULT
            && api.is_some_and(|api| {
                let routes = &self.apis[api].routes;
                routes.iter().any(|route| route.path == DEFAULT && route.owner == source.id)
            });
        if !covered {
            let verb = match method.as_str() {
                "x-amazon-apigateway-any-method" => "*".to_owned(),
                method => method.to_uppercase(),
            };
            let of = match path.as_str() {
                DEFAULT => call_arn(&id, &verb),
                path => call_arn(&id, &format!("{verb}{}", starred(path))),
            };
            self.permit(source, event, target, "", Caller::new("apigateway.amazonaws.com", Some(of)));
        }
        let uri = sub(format!(
            "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/{}/invocations",
            target.shorthand
        ));
        let version = self.get(p, "PayloadFormatVersion").map_or_else(|| text("2.0"), Made::Node);
        let integration = Fields::new()
            .with("type", "aws_proxy")
            .with("httpMethod", "POST")
            .with("uri", uri)
            .with("payloadFormatVersion", version)
            .with_some("timeoutInMillis", self.get(p, "TimeoutInMillis"));
        let mut made = Fields::new()
            .with("x-amazon-apigateway-integration", integration)
            .with("responses", Fields::new());
        let parameters: Vec<Made> = path
            .split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}'))
            .map(|(name, _)| {
                Fields::new()
                    .with("name", text(name.trim_end_matches('+').to_owned()))
                    .with("in", "path")
                    .with("required", true)
                    .into()
            })
            .collect();
        if !parameters.is_empty() {
            made.put("parameters", parameters);
        }
        if path == DEFAULT {
            made.put("isDefaultRoute", true);
        }
        self.add_route(source, event, api, path, method, made);
    }

    /// The API and its stage.
    pub(super) fn http_api(&mut self, api: Api) {
        let Some(mut source) = api.source.clone() else { return };
        if api.implicit {
            source.attributes.condition = self.implied_condition(&api);
        }
        let (id, p, at) = (source.id.clone(), source.properties, source.at);
        self.check_known(p, &PROPERTIES, &id);
        let mut made = Fields::new();
        if let Some(location) = self.get(p, "DefinitionUri") {
            made.put(
                "BodyS3Location",
                self.s3_location(Some(location), "DefinitionUri", ["Bucket", "Key", "Version"]),
            );
        } else {
            made.put("Body", self.http_body(&source, &api));
        }
        made.put_some("FailOnWarnings", self.get(p, "FailOnWarnings"));
        self.place(&api, &source, "AWS::ApiGatewayV2::Api", made);
        let name = self.get(p, "StageName");
        let written = name.and_then(|node| self.low.stack.tree.string(node));
        let stage = match (name, written) {
            (None, _) | (_, Some(DEFAULT)) => format!("{id}ApiGatewayDefaultStage"),
            (_, Some(name)) if name.bytes().all(|b| b.is_ascii_alphanumeric()) => format!("{id}{name}Stage"),
            _ => self.free_id(format!("{id}Stage")),
        };
        let tags = self.get(p, "Tags");
        let mut tagged = Fields::new();
        if let Some(tags) = tags.filter(|&tags| self.is_map(tags)) {
            for (key, value) in self.members(tags) {
                tagged.put(key, value);
            }
        }
        tagged.put("httpapi:createdBy", "SAM");
        let made = Fields::new()
            .with("ApiId", refer(id.clone()))
            .with("StageName", name.map_or_else(|| text(DEFAULT), Made::Node))
            .with("AutoDeploy", true)
            .with_some("StageVariables", self.get(p, "StageVariables"))
            .with_some("AccessLogSettings", self.get(p, "AccessLogSettings"))
            .with_some("DefaultRouteSettings", self.get(p, "DefaultRouteSettings"))
            .with_some("RouteSettings", self.get(p, "RouteSettings"))
            .with("Tags", tagged);
        self.emit(&source, stage.clone(), "AWS::ApiGatewayV2::Stage", made, at);
        self.alias(&source, "Stage", &stage);
        self.domain(&source, &stage, true);
        self.authorizer_permissions(&source, true);
    }

    fn http_body(&mut self, source: &Source, api: &Api) -> Made {
        let p = source.properties;
        let security = self.http_security(source);
        let title = match self.get(p, "Name") {
            Some(name) => Made::Node(name),
            None => refer("AWS::StackName"),
        };
        let cors = self.get(p, "CorsConfiguration").map(|node| self.http_cors(node));
        let info = Fields::new()
            .with("version", "1.0")
            .with("title", title)
            .with_some("description", self.get(p, "Description"));
        if let Some(written) = self.get(p, "DefinitionBody") {
            return self.http_written(source, written, &security, cors, api);
        }
        let mut made = Fields::new()
            .with("openapi", "3.0.1")
            .with("info", info)
            .with("paths", self.paths(api, &security));
        if !security.schemes.0.is_empty() {
            made.put("components", one("securitySchemes", security.schemes.clone()));
        }
        made.put_some("x-amazon-apigateway-cors", cors);
        if let Some(disabled) = self.get(p, "DisableExecuteApiEndpoint") {
            made.put(
                "x-amazon-apigateway-endpoint-configuration",
                one("disableExecuteApiEndpoint", disabled),
            );
        }
        made.put("tags", self.http_tags(p));
        made.into()
    }

    /// Tags as a definition has them.
    fn http_tags(&self, p: NodeId) -> Vec<Made> {
        let tag = |name: String, value: Made| {
            Fields::new().with("name", text(name)).with("x-amazon-apigateway-tag-value", value).into()
        };
        let mut tags: Vec<Made> = Vec::new();
        if let Some(written) = self.get(p, "Tags").filter(|&tags| self.is_map(tags)) {
            tags.extend(self.members(written).into_iter().map(|(name, value)| tag(name, value.into())));
        }
        tags.push(tag("httpapi:createdBy".to_owned(), text("SAM")));
        tags
    }

    /// A definition as written, with routes, authorizers and the rest added.
    fn http_written(
        &mut self,
        source: &Source,
        written: NodeId,
        security: &super::api_auth::Security,
        cors: Option<Made>,
        api: &Api,
    ) -> Made {
        if !self.is_map(written) {
            return written.into();
        }
        let at = self.low.stack.tree.offset(written);
        let mut members: Vec<(&str, NodeId)> = Vec::new();
        let paths = self.get(written, "paths");
        if paths.is_none_or(|paths| self.is_map(paths)) && !api.routes.is_empty() {
            let mut all: Vec<(String, NodeId)> = paths.map(|paths| self.members(paths)).unwrap_or_default();
            for Route { path, method, made, auth, condition, .. } in &api.routes {
                let before = all.iter().position(|(name, _)| name == path);
                let item = before.map(|index| all[index].1);
                // What is written outranks what would be made.
                if item.and_then(|item| self.get(item, method)).is_some() {
                    continue;
                }
                let mut made = made.clone();
                made.put_some("security", security.of(self, *auth, method));
                let made = match condition {
                    Some(condition) => either(condition.clone(), made.into(), nothing()),
                    None => made.into(),
                };
                let operation = self.low.put(&made, at);
                let item = self.low.with_members(item, &[(method.as_str(), operation)], at);
                match before {
                    Some(index) => all[index].1 = item,
                    None => all.push((path.clone(), item)),
                }
            }
            let named: Vec<(&str, NodeId)> = all.iter().map(|(path, node)| (path.as_str(), *node)).collect();
            members.push(("paths", self.low.with_members(None, &named, at)));
        }
        // AWS: the default authorizer counts for every route that says nothing.
        let paths = members.iter().find(|(key, _)| *key == "paths").map(|(_, node)| *node).or(paths);
        if let Some(paths) = paths.filter(|&paths| security.default.is_some() && self.is_map(paths)) {
            members.retain(|(key, _)| *key != "paths");
            members.push(("paths", self.secured_paths(paths, security)));
        }
        if !security.schemes.0.is_empty() {
            let schemes = self.low.put(&security.schemes.clone().into(), at);
            let components = self.get(written, "components");
            let components = self.low.with_members(components, &[("securitySchemes", schemes)], at);
            members.push(("components", components));
        }
        if let Some(cors) = cors
            && self.get(written, "x-amazon-apigateway-cors").is_none()
        {
            members.push(("x-amazon-apigateway-cors", self.low.put(&cors, at)));
        }
        let before = self.get(written, "tags").map(|tags| self.low.stack.tree.list(tags).to_vec());
        let mut tags: Vec<Made> = before.unwrap_or_default().into_iter().map(Made::Node).collect();
        tags.extend(self.http_tags(source.properties));
        members.push(("tags", self.low.put(&tags.into(), at)));
        if let Some(disabled) = self.get(source.properties, "DisableExecuteApiEndpoint") {
            let made = self.low.put(&one("disableExecuteApiEndpoint", disabled), at);
            members.push(("x-amazon-apigateway-endpoint-configuration", made));
        }
        self.low.with_members(Some(written), &members, at).into()
    }

    fn http_cors(&mut self, node: NodeId) -> Made {
        if self.low.stack.tree.node(node) == Node::Bool(true) {
            return one("allowOrigins", vec![text("*")]);
        }
        if self.is_function(node) {
            let chosen = self.in_arms(node, &mut |sam, arm| {
                if sam.is_no_value(arm) || !sam.is_map(arm) {
                    return arm;
                }
                let made = sam.http_cors(arm);
                let at = sam.low.stack.tree.offset(arm);
                sam.low.put(&made, at)
            });
            return chosen.map_or_else(|| one("allowOrigins", node), Made::Node);
        }
        if !self.is_map(node) {
            return one("allowOrigins", node);
        }
        let mut made = Fields::new();
        for (from, to) in [
            ("AllowOrigins", "allowOrigins"),
            ("AllowHeaders", "allowHeaders"),
            ("AllowMethods", "allowMethods"),
            ("ExposeHeaders", "exposeHeaders"),
            ("MaxAge", "maxAge"),
            ("AllowCredentials", "allowCredentials"),
        ] {
            made.put_some(to, self.get(node, from));
        }
        made.into()
    }
}
