//! The sections of a template, in the order in which they depend on each other.

use sekisho_estate::{Node, NodeId, Reason, ReasonCode, Resource, ResourceIndex, key_hash};

use crate::assembly::{has_path, path_key};
use crate::function::Function;
use crate::lower::{Lowering, Nested, Output, Symbol};
use crate::remark::{Remark, WHOLE};

/// AWS: User Guide, "CloudFormation template sections"; `Globals` is of SAM.
const SECTIONS: [&str; 13] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Rules",
    "Transform",
    "Resources",
    "Outputs",
    "Hooks",
    "Globals",
    "Fn::Transform",
];

impl Lowering<'_> {
    /// Lowers the whole template.
    pub(crate) fn sections(&mut self, root: NodeId) {
        for entry in self.stack.tree.map(root).to_vec() {
            let name = self.stack.tree.text(entry.key);
            if !SECTIONS.contains(&name) {
                let at = self.stack.tree.key_offset(&entry);
                let message = format!("{name} is no section of a template and is not read");
                self.say(Remark::note(at, message));
            }
        }
        let section = |lowering: &Self, name| {
            let found = lowering.stack.tree.get(root, name);
            found.filter(|&node| lowering.stack.tree.node(node) != Node::Null)
        };
        let mut extended = false;
        for name in ["Transform", "Fn::Transform"] {
            if let Some(declaration) = section(self, name) {
                extended |= self.transforms(declaration);
            }
        }
        if let Some(parameters) = section(self, "Parameters") {
            self.parameters(parameters);
        }
        self.include_all(root);
        if let Some(mappings) = section(self, "Mappings") {
            self.prepare_mappings(mappings);
        }
        if let Some(conditions) = section(self, "Conditions") {
            self.named_conditions(conditions);
        }
        let globals = section(self, "Globals");
        if let Some(resources) = section(self, "Resources") {
            self.resources(resources, globals);
        } else if self.elsewhere.is_none() {
            self.say(Remark::note(WHOLE, "the template has no Resources"));
        }
        self.misspelt();
        if let Some(outputs) = section(self, "Outputs") {
            self.outputs(outputs);
        }
        if let Some(rules) = section(self, "Rules") {
            self.rules(rules);
        }
        if !extended {
            self.note_missing_extension();
        }
    }

    /// Accounts for the transforms of the template; whether the language extensions are among them.
    ///
    /// AWS: Template Reference, "Transform section" and "Transform reference".
    fn transforms(&mut self, declaration: NodeId) -> bool {
        let mut extended = false;
        for name in self.transform_names(declaration) {
            match name.as_str() {
                "AWS::LanguageExtensions" => extended = true,
                // They add deployment hooks and rotation functions; what is written stays as it is.
                "AWS::CodeDeployBlueGreen"
                | "AWS::SecretsManager-2020-07-23"
                | "AWS::SecretsManager-2024-09-16" => {}
                crate::sam::SERVERLESS => self.has_serverless = true,
                // Said where it is carried out.
                crate::include::INCLUDE => {}
                _ => {
                    let message = format!(
                        "macro {name} is not evaluated; it may change everything, so that no property is known"
                    );
                    self.loss(declaration, message);
                    self.may_add(Reason::new(ReasonCode::Transform, &*name));
                    self.macro_name.get_or_insert(name.into());
                }
            }
        }
        extended
    }

    /// Notes why the stack may have resources that are not read.
    pub(crate) fn may_add(&mut self, reason: Reason) {
        self.stack.unread.get_or_insert_with(|| reason.clone());
        self.elsewhere.get_or_insert(reason);
    }

    /// Finds the resources and their names, then lowers each.
    ///
    /// AWS: Template Reference, "Resources section".
    fn resources(&mut self, section: NodeId, globals: Option<NodeId>) {
        if let Err(reason) = self.expand(section, 0) {
            self.elsewhere.get_or_insert(reason);
        }
        if self.may_be_serverless {
            self.serverless(section, globals);
        }
        let Node::Map(range) = self.stack.tree.node(section) else {
            return self.loss(section, "Resources is not a map; the resources are not read");
        };
        self.symbols.reserve(range.len as usize);
        self.stack.resources.reserve_exact(range.len as usize);
        let type_hash = key_hash(b"Type");
        for index in 0..range.len as usize {
            let entry = self.stack.tree.entries(range)[index];
            let tree = &self.stack.tree;
            let name = tree.text(entry.key);
            if name == Function::Transform.name() {
                let names = self.transform_names(entry.value).join(", ");
                self.loss(
                    entry.value,
                    format!("transform {names} is not evaluated; it may add resources that are not read"),
                );
                self.may_add(Reason::new(ReasonCode::Transform, names));
                continue;
            }
            let kind = match tree.node(entry.value) {
                Node::Map(_) => tree.get_hashed(entry.value, "Type", type_hash),
                _ => None,
            };
            let Some(Node::String(type_name)) = kind.map(|kind| tree.node(kind)) else {
                self.lost(entry.key, entry.value, kind);
                continue;
            };
            let resource = Resource {
                id: entry.key,
                type_name,
                properties: entry.value,
                body: entry.value,
                condition: None,
                offset: tree.key_offset(&entry),
                reference_value: None,
            };
            let next = self.stack.resources.len() as u32;
            match self.symbols.get(name) {
                // The later of two of the same name counts.
                Some(&Symbol::Resource(earlier)) => {
                    if self.expanded > 0 {
                        let message = format!("resource {name} stands twice; the later one counts");
                        self.say(Remark::note(resource.offset, message));
                    }
                    self.stack.resources[earlier as usize] = resource;
                }
                _ => {
                    self.symbols.insert(name.into(), Symbol::Resource(next));
                    self.stack.resources.push(resource);
                }
            }
        }
        self.mark_types();
        for index in 0..self.stack.resources.len() as u32 {
            self.resource = Some(ResourceIndex(index));
            self.body(index as usize);
        }
        self.resource = None;
    }

    /// A declaration that is no resource of CloudFormation.
    fn lost(&mut self, key: sekisho_estate::Span, body: NodeId, kind: Option<NodeId>) {
        let tree = &self.stack.tree;
        let name = tree.text(key).to_owned();
        let module = kind.and_then(|kind| match tree.node(kind) {
            Node::Tagged { tag, child } => Some((tree.name(tag), tree.string(child).unwrap_or_default())),
            Node::Map(_) => {
                tree.map(kind).first().map(|e| (tree.text(e.key), tree.string(e.value).unwrap_or_default()))
            }
            _ => None,
        });
        let module = module.filter(|(tag, _)| tag.starts_with("Rain::"));
        let is_module = module.is_some();
        let (reason, message) = match module {
            Some((tag, path)) => (
                Reason::new(ReasonCode::Module, path),
                format!(
                    "resource {name}: {tag} {path} is resolved by Rain, not by CloudFormation; package the template first, it is not read"
                ),
            ),
            None => {
                let what = match (tree.node(body), kind) {
                    (Node::Map(_), None) => "has no Type",
                    (Node::Map(_), Some(_)) => "has a Type that is not a text",
                    _ => "is not a map",
                };
                (
                    Reason::new(ReasonCode::WrongShape, &*name),
                    format!("resource {name} {what}; it is not read"),
                )
            }
        };
        self.loss(kind.unwrap_or(body), message);
        let reason = self.reason(reason);
        if is_module {
            // Rain names what a module holds as CloudFormation does: the module's id in front.
            self.modules.insert(name.as_str().into(), reason);
        }
        self.symbols.insert(name.into(), Symbol::Lost(reason));
    }

    /// Notes which resources are nested stacks and which are modules.
    fn mark_types(&mut self) {
        let count = self.stack.resources.len();
        for index in 0..count {
            let resource = &self.stack.resources[index];
            let type_name = self.stack.text(resource.type_name);
            if type_name == "AWS::CloudFormation::Stack" {
                self.is_nested.resize(count, false);
                self.is_nested[index] = true;
            } else if crate::elsewhere::spawns(type_name) {
                self.spawning.insert(index as u32);
            } else if type_name.ends_with("::MODULE") {
                // AWS: User Guide, "Using modules": organization::service::usecase::MODULE.
                let (id, module) = (self.stack.text(resource.id).into(), type_name.to_owned());
                let (body, message) =
                    (resource.body, format!("module {module} is not expanded; what it holds is not read"));
                self.loss(body, message);
                let reason = self.reason(Reason::new(ReasonCode::Module, module));
                self.modules.insert(id, reason);
            }
        }
    }

    fn body(&mut self, index: usize) {
        let Resource { body, type_name, .. } = self.stack.resources[index];
        let Node::Map(range) = self.stack.tree.node(body) else { return };
        let mut properties = None;
        let mut transformed = None;
        for place in 0..range.len as usize {
            let entry = self.stack.tree.entries(range)[place];
            match self.stack.tree.text(entry.key) {
                "Type" | "DependsOn" => {}
                "Properties" => properties = Some(entry.value),
                "Condition" => {
                    let condition = match self.stack.tree.node(entry.value) {
                        Node::String(span) => self.condition_named(span, entry.value),
                        _ => self.condition(entry.value, 1),
                    };
                    self.stack.resources[index].condition = Some(condition);
                }
                "Fn::Transform" => transformed = Some(entry.value),
                // AWS: Template Reference, "Resource attributes"; functions are allowed in the
                // metadata and update policy, and with the language extensions in the deletion
                // policy ("Intrinsic function references in DeletionPolicy and UpdateReplacePolicy").
                _ => self.lower(entry.value, 1),
            }
        }
        self.add_construct(index);
        let type_text = self.stack.text(type_name);
        let reason = if let Some(name) = &self.macro_name {
            Some(Reason::new(ReasonCode::Transform, name.clone()))
        } else if type_text.starts_with("AWS::Serverless::") {
            Some(Reason::new(ReasonCode::Transform, "AWS::Serverless-2016-10-31"))
        } else if type_text.ends_with("::MODULE") {
            Some(Reason::new(ReasonCode::Module, type_text))
        } else {
            None
        };
        let offset = self.stack.tree.offset(body);
        if let Some(reason) = reason {
            let reason = self.reason(reason);
            self.stack.resources[index].properties = self.stack.tree.push(Node::Unknown(reason), offset);
            return;
        }
        if let Some(transform) = transformed {
            let node = self.stack.tree.push(Node::Null, offset);
            self.transform(node, transform);
            self.stack.resources[index].properties = node;
            return;
        }
        let properties = self.properties(properties, offset);
        self.stack.resources[index].properties = properties;
        self.name_of(index, properties);
    }

    /// The file beside the template that the CDK says a property stands for.
    ///
    /// AWS CDK, `cx-api`, asset metadata: for tools that work on the files.
    pub(crate) fn asset_of(&self, resource: ResourceIndex, property: &str) -> Option<NodeId> {
        let tree = &self.stack.tree;
        let metadata = tree.get(self.stack.resource(resource).body, "Metadata")?;
        let of = tree.get(metadata, "aws:asset:property").and_then(|node| tree.string(node));
        tree.get(metadata, "aws:asset:path").filter(|_| of.is_some_and(|of| of.starts_with(property)))
    }

    /// Says the construct of a resource where only the manifest of its app does.
    fn add_construct(&mut self, index: usize) {
        let Some(constructs) = self.constructs else { return };
        let Resource { id, body, .. } = self.stack.resources[index];
        let Some(path) = constructs.get(self.stack.text(id)) else { return };
        if has_path(&self.stack.tree, body) {
            return;
        }
        let at = self.stack.tree.offset(body);
        let path = self.stack.tree.push_string(path, at);
        let metadata = self.stack.tree.get(body, "Metadata");
        let metadata = self.with_members(metadata, &[(path_key(), path)], at);
        self.stack.resources[index].body = self.with_members(Some(body), &[("Metadata", metadata)], at);
    }

    fn properties(&mut self, written: Option<NodeId>, offset: u32) -> NodeId {
        let Some(node) = written else { return self.stack.tree.push(Node::Absent, offset) };
        self.lower(node, 1);
        match self.stack.tree.node(node) {
            Node::Map(_) | Node::Absent | Node::Unknown(_) => node,
            Node::Null => self.stack.tree.push(Node::Absent, self.stack.tree.offset(node)),
            _ => {
                self.loss(node, "Properties is not a map; the properties are not read");
                let unknown = self.unknown(ReasonCode::WrongShape, "Properties");
                self.stack.tree.push(unknown, self.stack.tree.offset(node))
            }
        }
    }

    /// What the facts say of the resource: its explicit name, and whether it is a nested stack.
    fn name_of(&mut self, index: usize, properties: NodeId) {
        let resource = &self.stack.resources[index];
        let type_name = self.stack.text(resource.type_name);
        if self.is_nested.get(index).copied().unwrap_or(false) {
            if let Some(url) = self.stack.tree.get(properties, "TemplateURL") {
                let parameters = self.stack.tree.get(properties, "Parameters");
                let resource = ResourceIndex(index as u32);
                let asset = self.asset_of(resource, "TemplateURL");
                let nested = Nested { resource, url, parameters, asset, inline: false, apart: None };
                self.part.nested.push(nested);
            }
            return;
        }
        if self.spawning.contains(&(index as u32)) {
            self.stacks_elsewhere(ResourceIndex(index as u32), properties);
            return;
        }
        let property = match self.naming.get(type_name) {
            Some(&known) => known,
            None => {
                let found = crate::identity::reference_property(type_name);
                self.naming.insert(type_name.into(), found);
                found
            }
        };
        if let Some(property) = property {
            self.stack.resources[index].reference_value = self.stack.tree.get(properties, property);
        }
    }

    /// AWS: Template Reference, "Outputs section".
    fn outputs(&mut self, section: NodeId) {
        if let Err(reason) = self.expand(section, 0) {
            self.elsewhere.get_or_insert(reason);
        }
        let Node::Map(range) = self.stack.tree.node(section) else {
            return self.loss(section, "Outputs is not a map; the outputs are not read");
        };
        for index in 0..range.len as usize {
            let entry = self.stack.tree.entries(range)[index];
            if self.stack.tree.text(entry.key) == Function::Transform.name() {
                let names = self.transform_names(entry.value).join(", ");
                self.loss(entry.value, format!("transform {names} is not evaluated; it may add outputs"));
                continue;
            }
            let Some(value) = self.stack.tree.get(entry.value, "Value") else {
                let name = self.stack.tree.text(entry.key).to_owned();
                self.loss(entry.value, format!("output {name} has no Value; it is not read"));
                continue;
            };
            self.lower(value, 1);
            let export = self.stack.tree.get(entry.value, "Export");
            let export = export.and_then(|export| self.stack.tree.get(export, "Name"));
            if let Some(name) = export {
                self.lower(name, 1);
            }
            self.part.outputs.push(Output { name: entry.key, value, export });
        }
    }
}
