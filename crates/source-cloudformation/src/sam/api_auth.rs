//! Who may call an API: authorizers, keys, domains.
//!
//! AWS: SAM Developer Guide, "ApiAuth", "HttpApiAuth" and the pages of the authorizers; API Gateway
//! Developer Guide, "OpenAPI extensions for API Gateway" (`x-amazon-apigateway-authtype`,
//! `x-amazon-apigateway-authorizer`).

use sekisho_estate::{Node, NodeId, Reason, ReasonCode};

use super::make::{Fields, Made, arn, attribute, fill, one, refer, text};
use super::{Sam, Source};

/// The authorizers of an API.
#[derive(Clone, Debug, Default)]
pub(super) struct Security {
    pub(super) schemes: Fields,
    /// The authorizer of methods that say nothing.
    pub(super) default: Option<String>,
    /// Whether the default also counts for `OPTIONS`.
    pub(super) preflight: bool,
    key: bool,
    /// Scopes by the name of their authorizer.
    scopes: Vec<(String, Made)>,
}

impl Security {
    /// Adds the scheme of signed requests.
    pub(super) fn sign(&mut self) {
        if self.schemes.0.iter().all(|(name, _)| name != "AWS_IAM") {
            self.schemes.put("AWS_IAM", signed());
        }
    }

    /// The authorizer of a method.
    pub(super) fn name_of<'s>(
        &'s self,
        sam: &'s Sam<'_, '_>,
        auth: Option<NodeId>,
        method: &str,
    ) -> Option<&'s str> {
        let own = auth.and_then(|auth| sam.text_at(auth, "Authorizer"));
        let open = method.eq_ignore_ascii_case("options") && !self.preflight;
        let default = self.default.as_deref().filter(|_| !open);
        own.or(default)
    }
    /// `security` of a method; none when anyone may call it.
    pub(super) fn of(&self, sam: &Sam<'_, '_>, auth: Option<NodeId>, method: &str) -> Option<Made> {
        let own = auth.and_then(|auth| sam.text_at(auth, "Authorizer"));
        let name = self.name_of(sam, auth, method);
        let asked = auth.and_then(|auth| sam.get(auth, "ApiKeyRequired"));
        let key = match asked.map(|node| sam.low.stack.tree.node(node)) {
            Some(Node::Bool(is)) => is,
            Some(_) => true,
            None => self.key,
        };
        let mut items = Vec::new();
        if let Some(name) = name
            && (name != "NONE" || own.is_some())
        {
            let scopes = auth.and_then(|auth| sam.get(auth, "AuthorizationScopes")).map(Made::Node);
            let scopes =
                scopes.or_else(|| self.scopes.iter().find(|(n, _)| n == name).map(|(_, s)| s.clone()));
            items.push(one(name.to_owned(), scopes.unwrap_or_else(|| Made::List(Vec::new()))));
        }
        if key {
            items.push(one("api_key", Made::List(Vec::new())));
        }
        (!items.is_empty()).then_some(Made::List(items))
    }
}

impl Sam<'_, '_> {
    /// The authorizers of a REST API.
    pub(super) fn rest_security(&mut self, source: &Source) -> Security {
        let mut security = Security { preflight: true, ..Security::default() };
        let Some(auth) = self.get(source.properties, "Auth") else { return security };
        const KNOWN: [&str; 10] = [
            "AddDefaultAuthorizerToCorsPreflight",
            "AddApiKeyRequiredToCorsPreflight",
            "ApiKeyRequired",
            "Authorizers",
            "DefaultAuthorizer",
            "InvokeRole",
            "ResourcePolicy",
            "UsagePlan",
            "OverrideApiAuth",
            "Authorizer",
        ];
        self.check_known(auth, &KNOWN, &format!("{}.Auth", source.id));
        let preflight = self.get(auth, "AddDefaultAuthorizerToCorsPreflight");
        security.preflight = preflight.map(|n| self.low.stack.tree.node(n)) != Some(Node::Bool(false));
        let default = self.text_at(auth, "DefaultAuthorizer").map(str::to_owned);
        if default.as_deref() == Some("AWS_IAM") {
            security.schemes.put("AWS_IAM", signed());
        }
        for (name, node) in self.authorizers(auth) {
            if let Some(scopes) = self.get(node, "AuthorizationScopes") {
                security.scopes.push((name.clone(), scopes.into()));
            }
            security.schemes.put(name, self.rest_authorizer(node));
        }
        security.key =
            self.get(auth, "ApiKeyRequired").map(|n| self.low.stack.tree.node(n)) == Some(Node::Bool(true));
        if security.key {
            security.schemes.put(
                "api_key",
                Fields::new().with("type", "apiKey").with("name", "x-api-key").with("in", "header"),
            );
        }
        security.default = default;
        security
    }

    /// The authorizers that are written, by name.
    fn authorizers(&mut self, auth: NodeId) -> Vec<(String, NodeId)> {
        let Some(authorizers) = self.get(auth, "Authorizers") else { return Vec::new() };
        if !self.is_map(authorizers) {
            self.low.loss(authorizers, "the authorizers are not a map; they are not read");
            return Vec::new();
        }
        self.members(authorizers)
    }

    fn rest_authorizer(&mut self, node: NodeId) -> Made {
        let identity = self.get(node, "Identity");
        let header = identity.and_then(|identity| self.get(identity, "Header")).map(Made::Node);
        let header = header.unwrap_or_else(|| text("Authorization"));
        let ttl = identity.and_then(|identity| self.get(identity, "ReauthorizeEvery"));
        let expression = identity.and_then(|identity| self.get(identity, "ValidationExpression"));
        let scheme = |name: Made, kind: &'static str, authorizer: Fields| {
            Fields::new()
                .with("type", "apiKey")
                .with("name", name)
                .with("in", "header")
                .with("x-amazon-apigateway-authtype", kind)
                .with("x-amazon-apigateway-authorizer", authorizer)
                .into()
        };
        if let Some(pools) = self.get(node, "UserPoolArn") {
            let is_list = matches!(self.low.stack.tree.node(pools), Node::List(_));
            let pools = if is_list { Made::Node(pools) } else { Made::List(vec![pools.into()]) };
            let authorizer = Fields::new()
                .with("type", "cognito_user_pools")
                .with("providerARNs", pools)
                .with_some("identityValidationExpression", expression);
            return scheme(header, "cognito_user_pools", authorizer);
        }
        let request = self.text_at(node, "FunctionPayloadType") == Some("REQUEST");
        let mut authorizer = Fields::new()
            .with("type", if request { "request" } else { "token" })
            .with_some("authorizerUri", self.get(node, "FunctionArn").map(invocation))
            .with_some("authorizerResultTtlInSeconds", ttl)
            .with_some("authorizerCredentials", self.invoke_role(node));
        if request {
            let sources = identity.map(|identity| self.identity_sources(identity, "method.request.", ", "));
            authorizer.put_some("identitySource", sources.filter(|s| !s.is_empty()).map(text));
        } else {
            authorizer.put_some("identityValidationExpression", expression);
        }
        scheme(if request { text("Unused") } else { header }, "custom", authorizer)
    }

    fn invoke_role(&self, node: NodeId) -> Option<NodeId> {
        self.get(node, "FunctionInvokeRole").filter(|&role| self.low.stack.tree.string(role) != Some("NONE"))
    }

    fn identity_sources(&self, identity: NodeId, request: &str, between: &str) -> String {
        let mut found = Vec::new();
        let kinds = [
            ("Headers", format!("{request}header.")),
            ("QueryStrings", format!("{request}querystring.")),
            (
                "StageVariables",
                if request.starts_with('$') { "$stageVariables.".into() } else { "stageVariables.".into() },
            ),
            ("Context", if request.starts_with('$') { "$context.".into() } else { "context.".into() }),
        ];
        for (key, prefix) in kinds {
            let Some(list) = self.get(identity, key) else { continue };
            let tree = &self.low.stack.tree;
            found.extend(
                tree.list(list).iter().filter_map(|&n| tree.string(n)).map(|name| format!("{prefix}{name}")),
            );
        }
        found.join(between)
    }

    /// The authorizers of an HTTP API.
    pub(super) fn http_security(&mut self, source: &Source) -> Security {
        let mut security = Security { preflight: false, ..Security::default() };
        let Some(auth) = self.get(source.properties, "Auth") else { return security };
        self.check_known(
            auth,
            &["Authorizers", "DefaultAuthorizer", "EnableIamAuthorizer"],
            &format!("{}.Auth", source.id),
        );
        if self.get(auth, "EnableIamAuthorizer").map(|n| self.low.stack.tree.node(n))
            == Some(Node::Bool(true))
        {
            security.schemes.put("AWS_IAM", signed());
        }
        for (name, node) in self.authorizers(auth) {
            if let Some(scopes) = self.get(node, "AuthorizationScopes") {
                security.scopes.push((name.clone(), scopes.into()));
            }
            let made = match self.get(node, "JwtConfiguration") {
                Some(configuration) => {
                    let authorizer = Fields::new()
                        .with("jwtConfiguration", configuration)
                        .with_some("identitySource", self.get(node, "IdentitySource"))
                        .with("type", "jwt");
                    Fields::new().with("type", "oauth2").with("x-amazon-apigateway-authorizer", authorizer)
                }
                None => self.request_authorizer(node),
            };
            security.schemes.put(name, made);
        }
        security.default = self.text_at(auth, "DefaultAuthorizer").map(str::to_owned);
        security
    }

    fn request_authorizer(&mut self, node: NodeId) -> Fields {
        let identity = self.get(node, "Identity");
        let mut authorizer = Fields::new()
            .with("type", "request")
            .with_some("authorizerUri", self.get(node, "FunctionArn").map(invocation))
            .with_some("authorizerCredentials", self.invoke_role(node))
            .with_some("authorizerPayloadFormatVersion", self.get(node, "AuthorizerPayloadFormatVersion"))
            .with_some("enableSimpleResponses", self.get(node, "EnableSimpleResponses"));
        if let Some(identity) = identity {
            authorizer.put_some("authorizerResultTtlInSeconds", self.get(identity, "ReauthorizeEvery"));
            let sources = self.identity_sources(identity, "$request.", "\n");
            let sources: Vec<Made> = sources.lines().map(|line| text(line.to_owned())).collect();
            authorizer.put("identitySource", sources);
        }
        Fields::new()
            .with("type", "apiKey")
            .with("name", "Unused")
            .with("in", "header")
            .with("x-amazon-apigateway-authorizer", authorizer)
    }

    /// The functions that authorize may be called by the API: always for a REST API unless it is
    /// said otherwise, for an HTTP API only when it is said.
    pub(super) fn authorizer_permissions(&mut self, source: &Source, is_http: bool) {
        let Some(auth) = self.get(source.properties, "Auth") else { return };
        for (name, node) in self.authorizers(auth) {
            let Some(function) = self.get(node, "FunctionArn") else { continue };
            let key = if is_http {
                "EnableFunctionDefaultPermissions"
            } else {
                "DisableFunctionDefaultPermissions"
            };
            let said = self.get(node, key).map(|n| self.low.stack.tree.node(n));
            if (said == Some(Node::Bool(true))) != is_http {
                continue;
            }
            let calls =
                fill(&arn("execute-api", "${ApiId}/authorizers/*"), &[("ApiId", refer(source.id.clone()))]);
            let made = Fields::new()
                .with("Action", "lambda:InvokeFunction")
                .with("FunctionName", function)
                .with("Principal", "apigateway.amazonaws.com")
                .with("SourceArn", calls);
            let at = self.low.stack.tree.offset(node);
            self.emit(
                source,
                format!("{}{name}AuthorizerPermission", source.id),
                "AWS::Lambda::Permission",
                made,
                at,
            );
        }
    }

    /// A usage plan with its key.
    ///
    /// AWS: "ApiUsagePlan".
    pub(super) fn usage_plan(&mut self, source: &Source, stage: &str) {
        let Some(plan) = self.at(source.properties, &["Auth", "UsagePlan"]) else { return };
        let at = self.low.stack.tree.offset(plan);
        let kind = self.get(plan, "CreateUsagePlan").and_then(|node| self.known_text(node));
        let names = match kind.as_deref() {
            Some("PER_API") => {
                ["UsagePlan", "ApiKey", "UsagePlanKey"].map(|name| format!("{}{name}", source.id))
            }
            Some("SHARED") => {
                ["ServerlessUsagePlan", "ServerlessApiKey", "ServerlessUsagePlanKey"].map(str::to_owned)
            }
            Some("NONE") => return,
            _ => return self.low.loss(plan, "CreateUsagePlan is not known; the usage plan is not read"),
        };
        let [plan_id, key_id, link_id] = names;
        let (api, stage) = (refer(source.id.clone()), refer(stage.to_owned()));
        let uses: Made = Fields::new().with("ApiId", api.clone()).with("Stage", stage.clone()).into();
        let opens: Made = Fields::new().with("RestApiId", api).with("StageName", stage).into();
        if self.places.contains_key(&plan_id) && self.is_generated(&plan_id) {
            // A shared plan has one stage for every API.
            self.append(&plan_id, "ApiStages", uses);
            self.append(&key_id, "StageKeys", opens);
            return;
        }
        let mut made = Fields::new().with("ApiStages", vec![uses]);
        for same in ["UsagePlanName", "Description", "Quota", "Tags", "Throttle"] {
            made.put_some(same, self.get(plan, same));
        }
        self.emit(source, plan_id.clone(), "AWS::ApiGateway::UsagePlan", made, at);
        let made = Fields::new().with("Enabled", true).with("StageKeys", vec![opens]);
        self.emit(source, key_id.clone(), "AWS::ApiGateway::ApiKey", made, at);
        let made = Fields::new()
            .with("KeyId", refer(key_id))
            .with("KeyType", "API_KEY")
            .with("UsagePlanId", refer(plan_id));
        self.emit(source, link_id, "AWS::ApiGateway::UsagePlanKey", made, at);
    }

    fn is_generated(&self, id: &str) -> bool {
        !self.types.contains_key(id)
    }

    /// Adds to a list of a generated resource.
    fn append(&mut self, id: &str, property: &str, made: Made) {
        let Some(list) = self.body_of(id).and_then(|body| self.at(body, &["Properties", property])) else {
            return;
        };
        let offset = self.low.stack.tree.offset(list);
        let item = self.low.put(&made, offset);
        let items = [self.low.stack.tree.list(list), &[item]].concat();
        let range = self.low.stack.tree.add_children(&items);
        self.low.stack.tree.set(list, Node::List(range));
    }

    /// A domain name of an API, its mappings and its records.
    ///
    /// AWS: "DomainConfiguration", "HttpApiDomainConfiguration", "Route53Configuration". The names
    /// of domain and records end in a digest of what they are for.
    pub(super) fn domain(&mut self, source: &Source, stage: &str, is_http: bool) {
        let Some(domain) = self.get(source.properties, "Domain") else { return };
        const KNOWN: [&str; 14] = [
            "DomainName",
            "CertificateArn",
            "EndpointConfiguration",
            "MutualTlsAuthentication",
            "OwnershipVerificationCertificateArn",
            "SecurityPolicy",
            "BasePath",
            "NormalizeBasePath",
            "Route53",
            "IpAddressType",
            "Policy",
            "AccessAssociation",
            "EndpointAccessMode",
            "ApiDomainName",
        ];
        if !self.is_map(domain) {
            return self
                .low
                .loss(domain, format!("the domain of {} is not a map; it is not read", source.id));
        }
        self.check_known(domain, &KNOWN, &format!("{}.Domain", source.id));
        let at = self.low.stack.tree.offset(domain);
        let name = self.get(domain, "DomainName");
        let certificate = self.get(domain, "CertificateArn");
        let kind = self.text_at(domain, "EndpointConfiguration").map(str::to_owned);
        let written = self.get(domain, "EndpointConfiguration").map(Made::Node);
        let endpoint = written.unwrap_or_else(|| text("REGIONAL"));
        let private = !is_http && kind.as_deref() == Some("PRIVATE");
        let regional = kind.as_deref().is_none_or(|kind| kind == "REGIONAL");
        let stem = if is_http || private { "ApiGatewayDomainNameV2" } else { "ApiGatewayDomainName" };
        let key = format!("{stem} {}", name.map(|node| self.signature(node)).unwrap_or_default());
        let known = self.digests.get(&key).cloned();
        let is_new = known.is_none();
        let id = known.unwrap_or_else(|| self.free_id(stem.to_owned()));
        self.digests.insert(key, id.clone());
        let mutual = self.get(domain, "MutualTlsAuthentication");
        let mut made =
            Fields::new().with_some("DomainName", name).with_some("MutualTlsAuthentication", mutual);
        let type_name = if is_http {
            let configuration = Fields::new()
                .with_some("CertificateArn", certificate)
                .with("EndpointType", endpoint)
                .with_some(
                    "OwnershipVerificationCertificateArn",
                    self.get(domain, "OwnershipVerificationCertificateArn"),
                )
                .with_some("SecurityPolicy", self.get(domain, "SecurityPolicy"));
            made.put("DomainNameConfigurations", vec![configuration.into()]);
            made.put("Tags", one("httpapi:createdBy", text("SAM")));
            "AWS::ApiGatewayV2::DomainName"
        } else {
            let key = if regional { "RegionalCertificateArn" } else { "CertificateArn" };
            made.put_some(key, certificate);
            let types = Fields::new()
                .with("Types", vec![endpoint])
                .with_some("IpAddressType", self.get(domain, "IpAddressType"));
            made.put("EndpointConfiguration", types);
            for same in
                ["OwnershipVerificationCertificateArn", "SecurityPolicy", "Policy", "EndpointAccessMode"]
            {
                made.put_some(same, self.get(domain, same));
            }
            if private { "AWS::ApiGateway::DomainNameV2" } else { "AWS::ApiGateway::DomainName" }
        };
        if is_new {
            self.emit(source, id.clone(), type_name, made, at);
        }
        self.low.generated.insert(format!("{}.DomainName", source.id).into(), id.clone().into());
        if let Some(association) = self.get(domain, "AccessAssociation").filter(|_| private) {
            let made = Fields::new()
                .with("DomainNameArn", refer(id.clone()))
                .with("AccessAssociationSourceType", "VPCE")
                .with_some("AccessAssociationSource", self.get(association, "VpcEndpointId"));
            let id = self.free_id("DomainNameAccessAssociation".to_owned());
            self.emit(source, id, "AWS::ApiGateway::DomainNameAccessAssociation", made, at);
        }
        self.mappings(source, domain, &id, stage, is_http, private);
        self.records(source, domain, &id, regional, private);
    }

    fn mappings(
        &mut self,
        source: &Source,
        domain: NodeId,
        id: &str,
        stage: &str,
        is_http: bool,
        private: bool,
    ) {
        let at = self.low.stack.tree.offset(domain);
        let tree = &self.low.stack.tree;
        let paths: Vec<Option<String>> = match self.get(domain, "BasePath") {
            None => vec![None],
            Some(node) => match tree.node(node) {
                Node::List(range) => tree
                    .children(range)
                    .iter()
                    .filter_map(|&n| Some(Some(tree.string(n)?.to_owned())))
                    .collect(),
                _ => vec![tree.string(node).map(str::to_owned)],
            },
        };
        let keeps = self.get(domain, "NormalizeBasePath").map(|n| self.low.stack.tree.node(n))
            == Some(Node::Bool(false));
        for path in paths {
            let plain: String =
                path.iter().flat_map(|p| p.chars()).filter(char::is_ascii_alphanumeric).collect();
            let (suffix, key, type_name) = if is_http {
                ("ApiMapping", "ApiMappingKey", "AWS::ApiGatewayV2::ApiMapping")
            } else if private {
                ("BasePathMapping", "BasePath", "AWS::ApiGateway::BasePathMappingV2")
            } else {
                ("BasePathMapping", "BasePath", "AWS::ApiGateway::BasePathMapping")
            };
            let shown = path.map(|path| match (is_http, keeps) {
                (true, _) => text(path.trim_matches('/').to_owned()),
                (false, true) => text(path),
                (false, false) => text(plain.clone()),
            });
            let made = Fields::new()
                .with(if private { "DomainNameArn" } else { "DomainName" }, refer(id.to_owned()))
                .with(if is_http { "ApiId" } else { "RestApiId" }, refer(source.id.clone()))
                .with("Stage", refer(stage.to_owned()))
                .with_some(key, shown);
            self.emit(source, format!("{}{plain}{suffix}", source.id), type_name, made, at);
        }
    }

    fn records(&mut self, source: &Source, domain: NodeId, id: &str, regional: bool, private: bool) {
        let Some(route53) = self.get(domain, "Route53") else { return };
        let at = self.low.stack.tree.offset(route53);
        let (zone, name) = if regional {
            (attribute(id.to_owned(), "RegionalHostedZoneId"), attribute(id.to_owned(), "RegionalDomainName"))
        } else if private {
            let of = |key: &'static str| {
                self.get(route53, key)
                    .map_or_else(|| Made::Unknown(Reason::new(ReasonCode::Transform, key)), Made::Node)
            };
            (of("VpcEndpointHostedZoneId"), of("VpcEndpointDomainName"))
        } else {
            // The zone of CloudFront is the same everywhere.
            (text("Z2FDTNDATAQYW2"), attribute(id.to_owned(), "DistributionDomainName"))
        };
        let distribution = self.get(route53, "DistributionDomainName").filter(|_| !regional && !private);
        let alias = Fields::new()
            .with("HostedZoneId", zone)
            .with("DNSName", distribution.map_or(name, Made::Node))
            .with_some("EvaluateTargetHealth", self.get(route53, "EvaluateTargetHealth"));
        let record = |kind: &'static str| {
            Fields::new()
                .with_some("Name", self.get(domain, "DomainName"))
                .with("Type", kind)
                .with("AliasTarget", alias.clone())
                .with_some("Region", self.get(route53, "Region"))
                .with_some("SetIdentifier", self.get(route53, "SetIdentifier"))
        };
        let mut records: Vec<Made> = vec![record("A").into()];
        if self.get(route53, "IpV6").map(|n| self.low.stack.tree.node(n)) == Some(Node::Bool(true)) {
            records.push(record("AAAA").into());
        }
        let zone = self.get(route53, "HostedZoneId").or_else(|| self.get(route53, "HostedZoneName"));
        let key = format!("zone {}", zone.map(|node| self.signature(node)).unwrap_or_default());
        let apart = self.get(route53, "SeparateRecordSetGroup").map(|n| self.low.stack.tree.node(n));
        if let Some(id) = self.digests.get(&key).cloned().filter(|_| apart != Some(Node::Bool(true))) {
            for record in records {
                self.append(&id, "RecordSets", record);
            }
            return;
        }
        let made = Fields::new()
            .with_some("HostedZoneId", self.get(route53, "HostedZoneId"))
            .with_some("HostedZoneName", self.get(route53, "HostedZoneName"))
            .with("RecordSets", records);
        let id = self.free_id("RecordSetGroup".to_owned());
        self.digests.insert(key, id.clone());
        self.emit(source, id, "AWS::Route53::RecordSetGroup", made, at);
    }
}

/// The scheme of signed requests.
fn signed() -> Fields {
    Fields::new()
        .with("type", "apiKey")
        .with("name", "Authorization")
        .with("in", "header")
        .with("x-amazon-apigateway-authtype", "awsSigv4")
}

/// Where API Gateway calls a function.
fn invocation(function: NodeId) -> Made {
    fill(
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations",
        &[("Function", function.into())],
    )
}
