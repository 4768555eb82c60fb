//! `AWS::Serverless::GraphQLApi`.
//!
//! AWS: SAM Developer Guide, "AWS::Serverless::GraphQLApi" with the pages of its property types, and
//! "Generated CloudFormation resources for AWS::Serverless::GraphQLApi".

use sekisho_estate::{Node, NodeId, Reason, ReasonCode};

use super::connector::Point;
use super::data::{self, Access};
use super::make::{Fields, Made, attribute, fill, managed, one, refer, text, trust};
use super::{Sam, Source};

const PROPERTIES: [&str; 18] = [
    "Auth",
    "Tags",
    "Name",
    "XrayEnabled",
    "SchemaInline",
    "SchemaUri",
    "Logging",
    "DataSources",
    "Functions",
    "Resolvers",
    "ApiKeys",
    "DomainName",
    "Cache",
    "Visibility",
    "OwnerContact",
    "IntrospectionConfig",
    "QueryDepthLimit",
    "ResolverCountLimit",
];

impl Sam<'_, '_> {
    /// The API, its schema, log role, keys, domain, cache, data sources, functions and resolvers.
    pub(super) fn graphql(&mut self, source: &Source) {
        let (p, id) = (source.properties, source.id.clone());
        self.check_known(p, &PROPERTIES, &id);
        let api = attribute(id.clone(), "ApiId");
        let name = self.get(p, "Name").map_or_else(|| text(id.clone()), Made::Node);
        let mut made = Fields::new().with("Name", name);
        for same in [
            "XrayEnabled",
            "Visibility",
            "OwnerContact",
            "IntrospectionConfig",
            "QueryDepthLimit",
            "ResolverCountLimit",
        ] {
            made.put_some(same, self.get(p, same));
        }
        if let Some(auth) = self.get(p, "Auth") {
            self.graphql_auth(source, auth, &mut made);
        }
        let mut tags = Vec::new();
        let written = self.get(p, "Tags");
        if let Some(Made::List(items)) = self.tags(None, written) {
            tags.extend(items);
        }
        tags.push(Fields::new().with("Key", "graphqlapi:createdBy").with("Value", "SAM").into());
        made.put("Tags", tags);
        made.put_some("LogConfig", self.graphql_logs(source));
        self.main(source, "AWS::AppSync::GraphQLApi", made.into());

        let schema = format!("{id}Schema");
        let made = Fields::new()
            .with("ApiId", api.clone())
            .with_some("Definition", self.get(p, "SchemaInline"))
            .with_some("DefinitionS3Location", self.get(p, "SchemaUri"));
        self.emit(source, schema, "AWS::AppSync::GraphQLSchema", made, source.at);
        for (name, node) in self.parts(p, "ApiKeys") {
            let made = Fields::new()
                .with("ApiId", api.clone())
                .with_some("ApiKeyId", self.get(node, "ApiKeyId"))
                .with_some("Description", self.get(node, "Description"))
                .with_some("Expires", self.get(node, "ExpiresOn"));
            let at = self.low.stack.tree.offset(node);
            self.emit(source, format!("{id}{name}"), "AWS::AppSync::ApiKey", made, at);
        }
        if let Some(domain) = self.get(p, "DomainName") {
            let at = self.low.stack.tree.offset(domain);
            let names = ["DomainName", "CertificateArn", "Description"];
            let made =
                names.into_iter().fold(Fields::new(), |m, key| m.with_some(key, self.get(domain, key)));
            let domain = format!("{id}DomainName");
            self.emit(source, domain.clone(), "AWS::AppSync::DomainName", made, at);
            let made =
                Fields::new().with("ApiId", api.clone()).with("DomainName", attribute(domain, "DomainName"));
            let link = format!("{id}DomainNameApiAssociation");
            self.emit(source, link, "AWS::AppSync::DomainNameApiAssociation", made, at);
        }
        if let Some(cache) = self.get(p, "Cache") {
            let at = self.low.stack.tree.offset(cache);
            let names =
                ["ApiCachingBehavior", "Ttl", "Type", "AtRestEncryptionEnabled", "TransitEncryptionEnabled"];
            let made = Fields::new().with("ApiId", api.clone());
            let made = names.into_iter().fold(made, |m, key| m.with_some(key, self.get(cache, key)));
            self.emit(source, format!("{id}ApiCache"), "AWS::AppSync::ApiCache", made, at);
        }
        let sources = self.data_sources(source, &api);
        self.pipelines(source, &api, &sources);
    }

    /// The members of a map of the properties.
    fn parts(&mut self, p: NodeId, key: &str) -> Vec<(String, NodeId)> {
        let Some(node) = self.get(p, key) else { return Vec::new() };
        if !self.is_map(node) {
            self.low.loss(node, format!("{key} is not a map of literal names; it is not read"));
            return Vec::new();
        }
        self.members(node)
    }

    fn graphql_auth(&mut self, source: &Source, auth: NodeId, made: &mut Fields) {
        let provider = |sam: &mut Self, node: NodeId, made: &mut Fields, index: usize| {
            made.put_some("AuthenticationType", sam.get(node, "Type"));
            for (from, to) in [
                ("LambdaAuthorizer", "LambdaAuthorizerConfig"),
                ("OpenIDConnect", "OpenIDConnectConfig"),
                ("UserPool", "UserPoolConfig"),
            ] {
                let Some(config) = sam.get(node, from) else { continue };
                let mut fields = Fields::new();
                for (key, value) in sam.members(config) {
                    fields.put(key, value);
                }
                if from == "UserPool" {
                    if fields.0.iter().all(|(key, _)| key != "AwsRegion") {
                        fields.put("AwsRegion", refer("AWS::Region"));
                    }
                    if index == 0 && fields.0.iter().all(|(key, _)| key != "DefaultAction") {
                        fields.put("DefaultAction", "ALLOW");
                    }
                }
                if let Some(function) = sam.get(config, "AuthorizerUri") {
                    let id = format!("{}ToLambdaAuthConnector{index}", source.id);
                    sam.authorizer(source, id, function);
                }
                made.put(to, fields);
            }
        };
        provider(self, auth, made, 0);
        let additional = self.get(auth, "Additional").map(|list| self.low.stack.tree.list(list).to_vec());
        if let Some(additional) = additional {
            let mut list = Vec::new();
            for (index, node) in additional.into_iter().enumerate() {
                let mut fields = Fields::new();
                provider(self, node, &mut fields, index + 1);
                list.push(fields.into());
            }
            made.put("AdditionalAuthenticationProviders", list);
        }
    }

    /// The API may call the function that authorizes.
    fn authorizer(&mut self, source: &Source, id: String, function: NodeId) {
        let Some(pair) = data::pair("AWS::AppSync::GraphQLApi", "AWS::Lambda::Function") else { return };
        let api = attribute(source.id.clone(), "ApiId");
        let start = Point { arn: Some(refer(source.id.clone())), id: Some(api), ..Point::default() };
        let end = Point { arn: Some(function.into()), ..Point::default() };
        let connector = Source { id, ..source.clone() };
        self.grant_pair(&connector, pair, &[Access::Write], &start, &end, "", function);
    }

    /// AWS: "GraphQLLogging": everything is logged, unless it is said otherwise.
    fn graphql_logs(&mut self, source: &Source) -> Option<Made> {
        let written = self.get(source.properties, "Logging");
        if written.map(|node| self.low.stack.tree.node(node)) == Some(Node::Bool(false)) {
            return None;
        }
        let settings = written.filter(|&node| self.is_map(node));
        let level = settings.and_then(|node| self.get(node, "FieldLogLevel"));
        let role = settings.and_then(|node| self.get(node, "CloudWatchLogsRoleArn"));
        let verbose = settings.and_then(|node| self.get(node, "ExcludeVerboseContent"));
        let role = match role {
            Some(role) => Made::Node(role),
            None => {
                let id = format!("{}CloudWatchRole", source.id);
                let made = Fields::new()
                    .with("AssumeRolePolicyDocument", trust("appsync.amazonaws.com"))
                    .with("ManagedPolicyArns", vec![managed("AWSAppSyncPushToCloudWatchLogs")]);
                let at = written.map_or(source.at, |node| self.low.stack.tree.offset(node));
                self.emit(source, id.clone(), "AWS::IAM::Role", made, at);
                attribute(id, "Arn")
            }
        };
        let made = Fields::new()
            .with("CloudWatchLogsRoleArn", role)
            .with("FieldLogLevel", level.map_or_else(|| text("ALL"), Made::Node))
            .with_some("ExcludeVerboseContent", verbose);
        Some(made.into())
    }

    /// The data sources, by the names that functions call them.
    fn data_sources(&mut self, source: &Source, api: &Made) -> Vec<(String, Made)> {
        let mut names = Vec::new();
        let Some(all) = self.get(source.properties, "DataSources") else { return names };
        self.check_known(all, &["DynamoDb", "Lambda"], &format!("{}.DataSources", source.id));
        for kind in ["DynamoDb", "Lambda"] {
            let is_table = kind == "DynamoDb";
            for (name, node) in self.parts(all, kind) {
                let at = self.low.stack.tree.offset(node);
                let id =
                    format!("{}{name}{}DataSource", source.id, if is_table { "DynamoDB" } else { "Lambda" });
                let config = if is_table {
                    let region = self.get(node, "Region").map_or_else(|| refer("AWS::Region"), Made::Node);
                    let config = Fields::new()
                        .with("AwsRegion", region)
                        .with_some("TableName", self.get(node, "TableName"))
                        .with_some("UseCallerCredentials", self.get(node, "UseCallerCredentials"))
                        .with_some("Versioned", self.get(node, "Versioned"))
                        .with_some("DeltaSyncConfig", self.get(node, "DeltaSync"));
                    ("DynamoDBConfig", config)
                } else {
                    let function = self.get(node, "FunctionArn");
                    ("LambdaConfig", Fields::new().with_some("LambdaFunctionArn", function))
                };
                let role = match self.get(node, "ServiceRoleArn") {
                    Some(role) => Made::Node(role),
                    None => self.data_role(source, node, &id, is_table),
                };
                let shown = self.get(node, "Name").map_or_else(|| text(name.clone()), Made::Node);
                let made = Fields::new()
                    .with("ApiId", api.clone())
                    .with("Name", shown)
                    .with("Type", if is_table { "AMAZON_DYNAMODB" } else { "AWS_LAMBDA" })
                    .with_some("Description", self.get(node, "Description"))
                    .with("ServiceRoleArn", role)
                    .with(config.0, config.1);
                self.emit(source, id.clone(), "AWS::AppSync::DataSource", made, at);
                names.push((name, attribute(id, "Name")));
            }
        }
        names
    }

    /// The role that a data source is read with, and what it may do.
    fn data_role(&mut self, source: &Source, node: NodeId, id: &str, is_table: bool) -> Made {
        let at = self.low.stack.tree.offset(node);
        let role = format!("{id}Role");
        let made = Fields::new().with("AssumeRolePolicyDocument", trust("appsync.amazonaws.com"));
        self.emit(source, role.clone(), "AWS::IAM::Role", made, at);
        let (to, link, arn) = if is_table {
            let arn = self.get(node, "TableArn").map(Made::Node).or_else(|| {
                let region = self.get(node, "Region").map_or_else(|| refer("AWS::Region"), Made::Node);
                let table = self.get(node, "TableName")?;
                Some(fill(
                    "arn:${AWS::Partition}:dynamodb:${Region}:${AWS::AccountId}:table/${Table}",
                    &[("Region", region), ("Table", table.into())],
                ))
            });
            ("AWS::DynamoDB::Table", "ToTableConnector", arn)
        } else {
            let arn = self.get(node, "FunctionArn").map(Made::Node);
            ("AWS::Lambda::Function", "ToLambdaConnector", arn)
        };
        let mut asked = vec![Access::Write];
        if is_table {
            asked = match self.get(node, "Permissions") {
                Some(list) => {
                    let tree = &self.low.stack.tree;
                    let names: Vec<&str> = tree.list(list).iter().filter_map(|&n| tree.string(n)).collect();
                    [Access::Read, Access::Write].into_iter().filter(|a| names.contains(&a.name())).collect()
                }
                None => vec![Access::Read, Access::Write],
            };
        }
        if let (Some(pair), Some(arn)) = (data::pair("AWS::AppSync::DataSource", to), arn) {
            let start = Point { role: Some(refer(role.clone())), ..Point::default() };
            let end = Point { arn: Some(arn), ..Point::default() };
            let connector = Source { id: format!("{id}{link}"), ..source.clone() };
            self.grant_pair(&connector, pair, &asked, &start, &end, "", node);
        }
        attribute(role, "Arn")
    }

    /// Functions and resolvers.
    fn pipelines(&mut self, source: &Source, api: &Made, sources: &[(String, Made)]) {
        let id = source.id.clone();
        let mut functions: Vec<(String, Made)> = Vec::new();
        for (name, node) in self.parts(source.properties, "Functions") {
            if let Some(given) = self.get(node, "Id") {
                functions.push((name, given.into()));
                continue;
            }
            let at = self.low.stack.tree.offset(node);
            let from = self.get(node, "DataSource").map(|from| {
                let written = self.low.stack.tree.string(from);
                match written {
                    Some(none) if none.eq_ignore_ascii_case("none") => {
                        let none = format!("{id}NoneDataSource");
                        if !self.places.contains_key(&none) {
                            let made = Fields::new()
                                .with("ApiId", api.clone())
                                .with("Name", text(none.clone()))
                                .with("Type", "NONE");
                            self.emit(source, none.clone(), "AWS::AppSync::DataSource", made, at);
                        }
                        attribute(none, "Name")
                    }
                    Some(written) => sources
                        .iter()
                        .find(|(name, _)| name == written)
                        .map_or_else(|| Made::Node(from), |(_, made)| made.clone()),
                    None => from.into(),
                }
            });
            let shown = self.get(node, "Name").map_or_else(|| text(name.clone()), Made::Node);
            let made = Fields::new()
                .with("ApiId", api.clone())
                .with("Name", shown)
                .with_some("DataSourceName", from)
                .with_some("Code", self.get(node, "InlineCode"))
                .with_some("CodeS3Location", self.get(node, "CodeUri"))
                .with_some("MaxBatchSize", self.get(node, "MaxBatchSize"))
                .with_some("Description", self.get(node, "Description"))
                .with_some("SyncConfig", self.get(node, "Sync"))
                .with_some("Runtime", self.graphql_runtime(node));
            let function = format!("{id}{name}");
            self.emit(source, function.clone(), "AWS::AppSync::FunctionConfiguration", made, at);
            functions.push((name, attribute(function, "FunctionId")));
        }
        for (kind, fields) in self.parts(source.properties, "Resolvers") {
            for (name, node) in self.members(fields) {
                let at = self.low.stack.tree.offset(node);
                let pipeline = self.get(node, "Pipeline").map(|list| self.low.stack.tree.list(list).to_vec());
                let steps: Vec<Made> = pipeline
                    .unwrap_or_default()
                    .into_iter()
                    .map(|step| {
                        let called = self.low.stack.tree.string(step);
                        let known = functions.iter().find(|(name, _)| Some(name.as_str()) == called);
                        known.map_or_else(
                            || {
                                Made::Unknown(Reason::new(
                                    ReasonCode::ReferenceNotFound,
                                    called.unwrap_or("Pipeline"),
                                ))
                            },
                            |(_, made)| made.clone(),
                        )
                    })
                    .collect();
                let field = self.get(node, "FieldName").map_or_else(|| text(name.clone()), Made::Node);
                let made = Fields::new()
                    .with("ApiId", api.clone())
                    .with("TypeName", text(kind.clone()))
                    .with("FieldName", field)
                    .with("Kind", "PIPELINE")
                    .with("PipelineConfig", one("Functions", steps))
                    .with_some("Code", self.get(node, "InlineCode"))
                    .with_some("CodeS3Location", self.get(node, "CodeUri"))
                    .with_some("CachingConfig", self.get(node, "Caching"))
                    .with_some("MaxBatchSize", self.get(node, "MaxBatchSize"))
                    .with_some("Runtime", self.graphql_runtime(node));
                self.emit(source, format!("{id}{kind}{name}"), "AWS::AppSync::Resolver", made, at);
            }
        }
    }

    fn graphql_runtime(&self, node: NodeId) -> Option<Made> {
        let runtime = self.get(node, "Runtime")?;
        let made = Fields::new()
            .with_some("Name", self.get(runtime, "Name"))
            .with_some("RuntimeVersion", self.get(runtime, "Version"));
        Some(made.into())
    }
}
