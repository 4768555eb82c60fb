//! Stacks that are created elsewhere: the instances of stack sets, the products of portfolios.
//!
//! AWS: Template Reference, "AWS::CloudFormation::StackSet" with "StackInstances" and
//! "DeploymentTargets": one stack for every account and region, each given the parameters of the
//! set and its own overrides. "AWS::ServiceCatalog::CloudFormationProduct",
//! `ProvisioningArtifactParameters`: a stack of the template for whoever launches the product, who
//! gives the parameters. The id of such a stack is that of the resource, as for nested stacks, with
//! its account and region behind where there are several.

use sekisho_estate::{Node, NodeId, ResourceIndex};

use crate::lower::{Apart, Lowering, Nested};

/// Most instances of one stack set that are told apart.
const MAX_TARGETS: usize = 200;

/// Whether resources of a type create stacks elsewhere.
pub(crate) fn spawns(type_name: &str) -> bool {
    matches!(type_name, "AWS::CloudFormation::StackSet" | "AWS::ServiceCatalog::CloudFormationProduct")
}

impl Lowering<'_> {
    /// Notes the stacks that a resource creates elsewhere.
    pub(crate) fn stacks_elsewhere(&mut self, resource: ResourceIndex, properties: NodeId) {
        let name = self.stack.text(self.stack.resource(resource).type_name);
        if name == "AWS::CloudFormation::StackSet" {
            self.stack_set(resource, properties);
        } else {
            self.products(resource, properties);
        }
    }

    fn stack_set(&mut self, resource: ResourceIndex, properties: NodeId) {
        let tree = &self.stack.tree;
        let body = tree.get(properties, "TemplateBody");
        let Some(url) = body.or_else(|| tree.get(properties, "TemplateURL")) else { return };
        let groups = tree.get(properties, "StackInstancesGroup").map(|g| tree.list(g).to_vec());
        let general = tree.get(properties, "Parameters");
        let mut targets: Vec<(Option<String>, Option<String>, Option<NodeId>)> = Vec::new();
        for group in groups.unwrap_or_default() {
            let overrides = self.stack.tree.get(group, "ParameterOverrides");
            let accounts = self.stack.tree.get(group, "DeploymentTargets");
            let accounts = accounts.and_then(|node| self.stack.tree.get(node, "Accounts"));
            let accounts = self.known_items(accounts);
            let regions = self.stack.tree.get(group, "Regions");
            for region in self.known_items(regions) {
                for account in &accounts {
                    targets.push((account.clone(), region.clone(), overrides));
                }
            }
        }
        if targets.is_empty() {
            targets.push((None, None, None));
        }
        if targets.len() > MAX_TARGETS {
            self.note(
                url,
                format!("only {MAX_TARGETS} of the {} stacks of this set are told apart", targets.len()),
            );
            targets.truncate(MAX_TARGETS);
        }
        let single = targets.len() == 1;
        let mut seen = std::collections::HashSet::new();
        for (account, region, overrides) in targets {
            let suffix = if single {
                String::new()
            } else {
                let shown = |part: &Option<String>| part.clone().unwrap_or_else(|| "unknown".into());
                format!("/{}/{}", shown(&account), shown(&region))
            };
            if !seen.insert(suffix.clone()) {
                continue;
            }
            let parameters = self.parameter_map(general, overrides);
            let apart = Apart { suffix, account, region };
            let nested =
                Nested { resource, url, parameters, asset: None, inline: body.is_some(), apart: Some(apart) };
            self.part.nested.push(nested);
        }
    }

    /// The texts of a list, as far as they are the same in every world; one unknown for the rest.
    fn known_items(&mut self, list: Option<NodeId>) -> Vec<Option<String>> {
        let Some(list) = list else { return vec![None] };
        let Node::List(range) = self.stack.tree.node(list) else { return vec![None] };
        let items = self.stack.tree.children(range).to_vec();
        let mut found: Vec<Option<String>> = Vec::new();
        for item in items {
            let text = self.constant_text(item);
            if text.is_some() || !found.contains(&None) {
                found.push(text);
            }
        }
        if found.is_empty() { vec![None] } else { found }
    }

    /// Lists of keys and values as a map; the later list outranks.
    fn parameter_map(&mut self, general: Option<NodeId>, overrides: Option<NodeId>) -> Option<NodeId> {
        let tree = &self.stack.tree;
        let mut pairs: Vec<(String, NodeId)> = Vec::new();
        for list in [general, overrides].into_iter().flatten() {
            for &item in tree.list(list) {
                let key = tree.get(item, "ParameterKey").and_then(|node| tree.string(node));
                let (Some(key), Some(value)) = (key, tree.get(item, "ParameterValue")) else { continue };
                pairs.retain(|(known, _)| known != key);
                pairs.push((key.to_owned(), value));
            }
        }
        let at = tree.offset(general.or(overrides)?);
        let pairs: Vec<(&str, NodeId)> = pairs.iter().map(|(key, node)| (key.as_str(), *node)).collect();
        Some(self.stack.tree.push_map(pairs, at))
    }

    fn products(&mut self, resource: ResourceIndex, properties: NodeId) {
        let tree = &self.stack.tree;
        let artifacts = tree.get(properties, "ProvisioningArtifactParameters");
        let artifacts = artifacts.map(|list| tree.list(list).to_vec()).unwrap_or_default();
        // The CDK says of a product, too, which file beside the template it is made of.
        let asset = self.asset_of(resource, "ProvisioningArtifactParameters");
        let single = artifacts.len() == 1;
        for (index, artifact) in artifacts.into_iter().enumerate() {
            let info = self.stack.tree.get(artifact, "Info");
            let Some(url) = info.and_then(|info| self.stack.tree.get(info, "LoadTemplateFromURL")) else {
                self.note(artifact, "this product names no template by its URL; what it creates is not seen");
                continue;
            };
            let name = self.stack.tree.get(artifact, "Name").and_then(|node| self.constant_text(node));
            let suffix = match (single, name) {
                (true, _) => String::new(),
                (false, Some(name)) => format!("/{name}"),
                (false, None) => format!("/{}", index + 1),
            };
            let apart = Apart { suffix, account: None, region: None };
            let asset = asset.filter(|_| single);
            let nested = Nested { resource, url, parameters: None, asset, inline: false, apart: Some(apart) };
            self.part.nested.push(nested);
        }
    }
}
