//! `Globals`: what resources of a type have in common.
//!
//! AWS: SAM Developer Guide, "Globals section of the AWS SAM template": maps are merged, the
//! resource's own members outrank, lists are put one behind the other, everything else is
//! replaced. A function is no map. `IgnoreGlobals` beside the properties leaves some out.

use std::collections::HashMap;

use sekisho_estate::{Entry, Node, NodeId};

use super::Sam;

/// The sections, and what each may hold.
const SUPPORTED: [(&str, &[&str]); 10] = [
    (
        "Function",
        &[
            "Handler",
            "Runtime",
            "CodeUri",
            "DeadLetterQueue",
            "Description",
            "MemorySize",
            "Timeout",
            "VpcConfig",
            "Environment",
            "Tags",
            "PropagateTags",
            "Tracing",
            "KmsKeyArn",
            "AutoPublishAlias",
            "AutoPublishAliasAllProperties",
            "Layers",
            "DeploymentPreference",
            "RolePath",
            "PermissionsBoundary",
            "ReservedConcurrentExecutions",
            "ProvisionedConcurrencyConfig",
            "AssumeRolePolicyDocument",
            "EventInvokeConfig",
            "FileSystemConfigs",
            "CodeSigningConfigArn",
            "Architectures",
            "SnapStart",
            "EphemeralStorage",
            "FunctionUrlConfig",
            "RuntimeManagementConfig",
            "LoggingConfig",
            "RecursiveLoop",
            "SourceKMSKeyArn",
            "TenancyConfig",
            "DurableConfig",
            "CapacityProviderConfig",
            "FunctionScalingConfig",
            "PublishToLatestPublished",
            "VersionDeletionPolicy",
        ],
    ),
    (
        "Api",
        &[
            "Auth",
            "Name",
            "DefinitionUri",
            "CacheClusterEnabled",
            "CacheClusterSize",
            "MergeDefinitions",
            "Variables",
            "EndpointConfiguration",
            "MethodSettings",
            "BinaryMediaTypes",
            "MinimumCompressionSize",
            "Cors",
            "GatewayResponses",
            "AccessLogSetting",
            "CanarySetting",
            "TracingEnabled",
            "OpenApiVersion",
            "Domain",
            "AlwaysDeploy",
            "PropagateTags",
            "SecurityPolicy",
            "EndpointAccessMode",
        ],
    ),
    (
        "HttpApi",
        &[
            "Auth",
            "AccessLogSettings",
            "StageVariables",
            "Tags",
            "CorsConfiguration",
            "DefaultRouteSettings",
            "Domain",
            "RouteSettings",
            "FailOnWarnings",
            "PropagateTags",
        ],
    ),
    ("SimpleTable", &["SSESpecification"]),
    ("StateMachine", &["PropagateTags"]),
    ("LayerVersion", &["PublishLambdaVersion"]),
    (
        "CapacityProvider",
        &[
            "VpcConfig",
            "OperatorRole",
            "Tags",
            "InstanceRequirements",
            "ScalingConfig",
            "KmsKeyArn",
            "PropagateTags",
            "LoggingConfig",
            "ManagedResourceTags",
        ],
    ),
    (
        "MicrovmImage",
        &[
            "BuildRoleArn",
            "BaseImageArn",
            "BaseImageVersion",
            "Logging",
            "EgressNetworkConnectors",
            "CpuConfigurations",
            "Resources",
            "AdditionalOsCapabilities",
            "Hooks",
            "EnvironmentVariables",
            "Tags",
            "PropagateTags",
        ],
    ),
    ("NetworkConnector", &["OperatorRole", "Tags", "PropagateTags"]),
    (
        "WebSocketApi",
        &[
            "AccessLogSettings",
            "ApiKeySelectionExpression",
            "DefaultRouteSettings",
            "DisableExecuteApiEndpoint",
            "DisableSchemaValidation",
            "Domain",
            "FailOnWarnings",
            "IpAddressType",
            "PropagateTags",
            "RouteSelectionExpression",
            "RouteSettings",
            "StageVariables",
            "Tags",
        ],
    ),
];

/// Members of each section, by the type's name.
#[derive(Debug, Default)]
pub(super) struct Globals(HashMap<&'static str, NodeId>);

impl Sam<'_, '_> {
    /// Reads the section.
    pub(super) fn read_globals(&mut self, section: Option<NodeId>) {
        let Some(section) = section else { return };
        let sections: Vec<&str> = SUPPORTED.iter().map(|(name, _)| *name).collect();
        self.check_known(section, &sections, "Globals");
        for (name, supported) in SUPPORTED {
            let Some(node) = self.get(section, name) else { continue };
            if !supported.is_empty() {
                self.check_known(node, supported, &format!("Globals.{name}"));
            }
            self.globals.0.insert(name, node);
        }
    }

    /// The properties of a resource with the globals of its type.
    pub(super) fn with_globals(
        &mut self,
        kind: &str,
        written: Option<NodeId>,
        ignored: Option<NodeId>,
        at: u32,
    ) -> NodeId {
        let none = |sam: &mut Self| {
            let range = sam.low.stack.tree.add_entries(&[]);
            sam.low.stack.tree.push(Node::Map(range), at)
        };
        let own = match written {
            Some(node) if self.low.stack.tree.node(node) != Node::Null => node,
            _ => none(self),
        };
        let Some(&global) = self.globals.0.get(kind) else { return own };
        let tree = &self.low.stack.tree;
        let ignores = |name: &str| match ignored.map(|node| (node, tree.node(node))) {
            Some((node, Node::String(_))) => tree.string(node) == Some("*"),
            Some((node, Node::List(_))) => tree.list(node).iter().any(|&n| tree.string(n) == Some(name)),
            _ => false,
        };
        if self.is_function(own) || !matches!(tree.node(global), Node::Map(_)) {
            return own;
        }
        let kept: Vec<Entry> =
            tree.map(global).iter().filter(|entry| !ignores(tree.text(entry.key))).copied().collect();
        let range = self.low.stack.tree.add_entries(&kept);
        let offset = self.low.stack.tree.offset(own);
        let global = self.low.stack.tree.push(Node::Map(range), offset);
        self.merge(global, own, 0)
    }

    /// One value over another.
    pub(super) fn merge(&mut self, global: NodeId, own: NodeId, depth: u32) -> NodeId {
        if depth > crate::lower::MAX_DEPTH {
            return own;
        }
        let tree = &self.low.stack.tree;
        match (tree.node(global), tree.node(own)) {
            (Node::Map(below), Node::Map(above))
                if !self.is_function(own) && (depth == 0 || !self.is_function(global)) =>
            {
                let below = self.low.stack.tree.entries(below).to_vec();
                let mut merged = self.low.stack.tree.entries(above).to_vec();
                for entry in below {
                    let key = self.low.stack.tree.text(entry.key).to_owned();
                    match self.low.stack.tree.get(own, &key) {
                        None => merged.push(entry),
                        Some(mine) => {
                            let value = self.merge(entry.value, mine, depth + 1);
                            let tree = &self.low.stack.tree;
                            for member in merged.iter_mut().filter(|m| tree.text(m.key) == key) {
                                member.value = value;
                            }
                        }
                    }
                }
                let range = self.low.stack.tree.add_entries(&merged);
                let offset = self.low.stack.tree.offset(own);
                self.low.stack.tree.push(Node::Map(range), offset)
            }
            (Node::List(below), Node::List(above)) => {
                let tree = &mut self.low.stack.tree;
                let items = [tree.children(below), tree.children(above)].concat();
                let offset = tree.offset(own);
                tree.push_list(&items, offset)
            }
            _ => own,
        }
    }
}
