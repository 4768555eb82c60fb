//! `AWS::Serverless::WebSocketApi`: an API, its stage, and for each route an integration and the
//! permission to call its function.
//!
//! AWS: SAM Developer Guide, "AWS::Serverless::WebSocketApi" and the pages of its property types.

use sekisho_estate::NodeId;

use super::make::{Fields, Made, arn, fill, one, refer, text};
use super::{Sam, Source};

/// The stage where none is named.
const STAGE: &str = "default";

/// The URI by which API Gateway calls a function.
const CALL: &str = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations";

impl Sam<'_, '_> {
    /// The API and all that it is made of.
    pub(super) fn websocket_api(&mut self, source: &Source) {
        const SAME: [&str; 6] = [
            "ApiKeySelectionExpression",
            "Description",
            "DisableExecuteApiEndpoint",
            "DisableSchemaValidation",
            "IpAddressType",
            "RouteSelectionExpression",
        ];
        const OTHERS: [&str; 12] = [
            "AccessLogSettings",
            "Auth",
            "DefaultRouteSettings",
            "Domain",
            "FailOnWarnings",
            "Name",
            "PropagateTags",
            "Routes",
            "RouteSettings",
            "StageName",
            "StageVariables",
            "Tags",
        ];
        let (p, id) = (source.properties, source.id.clone());
        self.check_known(p, &[&SAME[..], &OTHERS[..]].concat(), &id);
        let name = self.get(p, "Name").map_or_else(|| text(id.clone()), Made::Node);
        let mut tags = Fields::new();
        if let Some(written) = self.get(p, "Tags").filter(|&tags| self.is_map(tags)) {
            for (key, value) in self.members(written) {
                tags.put(key, value);
            }
        }
        tags.put("websocketapi:createdBy", "SAM");
        let mut made = Fields::new().with("Name", name).with("ProtocolType", "WEBSOCKET").with("Tags", tags);
        for same in SAME {
            made.put_some(same, self.get(p, same));
        }
        self.main(source, "AWS::ApiGatewayV2::Api", made.into());

        let stage_name = self.get(p, "StageName").map_or_else(|| text(STAGE), Made::Node);
        match self.get(p, "Routes") {
            Some(routes) if self.is_map(routes) => {
                for (key, route) in self.members(routes) {
                    self.websocket_route(source, &key, route, &stage_name);
                }
            }
            routes => self.low.loss(
                routes.unwrap_or(p),
                format!("the routes of {id} are not a map of literal keys; they are not read"),
            ),
        }
        let written = self.get(p, "StageName").and_then(|node| self.low.stack.tree.string(node));
        let stage = match (self.get(p, "StageName"), written) {
            (None, _) | (_, Some(STAGE)) => format!("{id}DefaultStage"),
            (_, Some(name)) if name.bytes().all(|b| b.is_ascii_alphanumeric()) => format!("{id}{name}Stage"),
            _ => self.free_id(format!("{id}Stage")),
        };
        let made = Fields::new()
            .with("ApiId", refer(id.clone()))
            .with("StageName", stage_name)
            .with("AutoDeploy", true)
            .with_some("StageVariables", self.get(p, "StageVariables"))
            .with_some("AccessLogSettings", self.get(p, "AccessLogSettings"))
            .with_some("DefaultRouteSettings", self.get(p, "DefaultRouteSettings"))
            .with_some("RouteSettings", self.get(p, "RouteSettings"))
            .with("Tags", Fields::new().with("websocketapi:createdBy", "SAM"));
        self.emit(source, stage.clone(), "AWS::ApiGatewayV2::Stage", made, source.at);
        self.alias(source, "Stage", &stage);
        self.domain(source, &stage, true);
        self.websocket_authorizer(source);
    }

    /// A route, its integration and its permission.
    fn websocket_route(&mut self, source: &Source, key: &str, route: NodeId, stage: &Made) {
        const SAME: [&str; 6] = [
            "ApiKeyRequired",
            "ModelSelectionExpression",
            "OperationName",
            "RequestModels",
            "RequestParameters",
            "RouteResponseSelectionExpression",
        ];
        let what = format!("route {key} of {}", source.id);
        let function = if self.is_map(route) { self.get(route, "FunctionArn") } else { None };
        let Some(function) = function else {
            return self.low.loss(route, format!("{what} names no function; it is not read"));
        };
        self.check_known(route, &[&SAME[..], &["FunctionArn", "IntegrationTimeout"]].concat(), &what);
        let at = self.low.stack.tree.offset(route);
        let stem = format!("{}{}", source.id, capitalized(key.trim_start_matches('$')));
        let (route_id, integration) = (format!("{stem}Route"), format!("{stem}Integration"));
        let target =
            one("Fn::Join", vec!["/".into(), vec!["integrations".into(), refer(integration.clone())].into()]);
        let mut made = Fields::new()
            .with("ApiId", refer(source.id.clone()))
            .with("RouteKey", text(key.to_owned()))
            .with("Target", target);
        for same in SAME {
            made.put_some(same, self.get(route, same));
        }
        // AWS: a connection is authorized once, when it is opened.
        if key == "$connect"
            && let Some(auth) = self.get(source.properties, "Auth")
        {
            made.put_some("AuthorizationType", self.get(auth, "AuthType"));
            if self.text_at(auth, "AuthType") == Some("CUSTOM") {
                made.put("AuthorizerId", refer(format!("{}ConnectAuthorizer", source.id)));
            }
        }
        self.emit(source, route_id, "AWS::ApiGatewayV2::Route", made, at);
        let made = Fields::new()
            .with("ApiId", refer(source.id.clone()))
            .with("IntegrationType", "AWS_PROXY")
            .with("IntegrationUri", fill(CALL, &[("Function", function.into())]))
            .with_some("TimeoutInMillis", self.get(route, "IntegrationTimeout"));
        self.emit(source, integration, "AWS::ApiGatewayV2::Integration", made, at);
        let calls = fill(
            &arn("execute-api", &format!("${{Api}}/${{Stage}}/{key}")),
            &[("Api", refer(source.id.clone())), ("Stage", stage.clone())],
        );
        let made = Fields::new()
            .with("Action", "lambda:InvokeFunction")
            .with("FunctionName", function)
            .with("Principal", "apigateway.amazonaws.com")
            .with("SourceArn", calls);
        self.emit(source, format!("{stem}Permission"), "AWS::Lambda::Permission", made, at);
    }

    /// The function that is asked before a connection is opened.
    fn websocket_authorizer(&mut self, source: &Source) {
        const KNOWN: [&str; 5] = ["AuthArn", "AuthType", "IdentitySource", "InvokeRole", "Name"];
        let Some(auth) = self.get(source.properties, "Auth") else { return };
        self.check_known(auth, &KNOWN, &format!("Auth of {}", source.id));
        if self.text_at(auth, "AuthType") != Some("CUSTOM") {
            return;
        }
        let Some(function) = self.get(auth, "AuthArn") else {
            return self.low.loss(auth, format!("Auth of {} names no function", source.id));
        };
        let at = self.low.stack.tree.offset(auth);
        let id = format!("{}ConnectAuthorizer", source.id);
        let role = self.get(auth, "InvokeRole");
        let name = self.get(auth, "Name").map_or_else(|| text(id.clone()), Made::Node);
        let made = Fields::new()
            .with("ApiId", refer(source.id.clone()))
            .with("AuthorizerType", "REQUEST")
            .with("AuthorizerUri", fill(CALL, &[("Function", function.into())]))
            .with("Name", name)
            .with_some("AuthorizerCredentialsArn", role)
            .with_some("IdentitySource", self.get(auth, "IdentitySource"));
        self.emit(source, id, "AWS::ApiGatewayV2::Authorizer", made, at);
        // AWS: with a role API Gateway needs no permission of the function.
        if role.is_none() {
            let calls =
                fill(&arn("execute-api", "${Api}/authorizers/*"), &[("Api", refer(source.id.clone()))]);
            let made = Fields::new()
                .with("Action", "lambda:InvokeFunction")
                .with("FunctionName", function)
                .with("Principal", "apigateway.amazonaws.com")
                .with("SourceArn", calls);
            let id = format!("{}AuthorizerPermission", source.id);
            self.emit(source, id, "AWS::Lambda::Permission", made, at);
        }
    }
}

/// A key as the transform writes it in ids: its first letter large, the others small.
fn capitalized(key: &str) -> String {
    let mut letters = key.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect()
}
