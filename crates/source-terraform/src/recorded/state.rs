//! States: the file of version 4, and what `terraform show -json` makes of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sekisho_estate::{Node, NodeId};

use super::{Around, Found, MAX_MODULES, Recorded, Remarks, module_path, providers};
use crate::instance::{Address, Instance, Key, Mode, ModulePath, Provider};
use crate::value::{Located, Value};

/// What the resources of a state are gathered into.
struct Gathered {
    instances: Vec<Instance>,
    /// The provider of each, as the state names it.
    keys: Vec<String>,
    remarks: Remarks,
    nobody: Arc<Provider>,
}

impl Gathered {
    fn new() -> Self {
        Self {
            instances: Vec::new(),
            keys: Vec::new(),
            remarks: Remarks::new(),
            nobody: Arc::new(providers::unknown("")),
        }
    }

    fn finish(mut self, home: &str) -> Found {
        let home = providers::settle(&mut self.instances, &self.keys, BTreeMap::new(), home);
        (self.instances, home, self.remarks)
    }
}

impl Recorded<'_> {
    /// The file of version 4.
    pub(super) fn state(&self, root: NodeId) -> Found {
        let mut out = Gathered::new();
        if !matches!(self.get(root, "version").map(|node| self.tree.node(node)), Some(Node::Int(4))) {
            let message = "this version of the state is not read; write it anew with Terraform 0.12 or later";
            out.remarks.push((self.place(root), message.into(), true));
            return out.finish("");
        }
        // `provider["registry.terraform.io/hashicorp/aws"]`, with the alias behind it.
        let mut home = String::new();
        for &resource in self.get(root, "resources").map_or(&[][..], |list| self.tree.list(list)) {
            if self.text(resource, "mode") == "data" {
                continue;
            }
            let provider = self.text(resource, "provider");
            if home.is_empty() && provider.starts_with("provider") && provider.ends_with("/aws\"]") {
                provider.clone_into(&mut home);
            }
            let Some(module) = module_path(self.text(resource, "module")) else {
                let message = "the module of the resource has no known form";
                out.remarks.push((self.place(resource), message.into(), true));
                continue;
            };
            let module = Arc::new(module);
            for &one in self.get(resource, "instances").map_or(&[][..], |list| self.tree.list(list)) {
                // An object that is to be destroyed, in place of which a new one stands.
                if self.get(one, "deposed").is_some() {
                    continue;
                }
                let address = self.recorded_address(resource, self.get(one, "index_key"), &module);
                let mut attributes = self.recorded(&address, self.get(one, "attributes"), None, one);
                for &path in
                    self.get(one, "sensitive_attributes").map_or(&[][..], |list| self.tree.list(list))
                {
                    let first = self.tree.list(path).first().map(|&step| self.text(step, "value"));
                    if let Some(name) = first.filter(|name| !name.is_empty()) {
                        hide(&mut attributes.value, name);
                    }
                }
                let place = self.place(one);
                out.instances.push(self.instance(address, attributes, &out.nobody, place));
                out.keys.push(provider.to_owned());
            }
        }
        out.finish(&home)
    }

    /// What `terraform show -json` writes of a state: `values`, module in module. It does not say
    /// which alias of a provider manages a resource.
    pub(super) fn shown_state(&self, root: NodeId) -> Found {
        let mut out = Gathered::new();
        let module = self.get(root, "values").and_then(|values| self.get(values, "root_module"));
        if let Some(module) = module {
            self.shown_module(module, 0, &mut out);
        }
        out.finish("")
    }

    fn shown_module(&self, module: NodeId, depth: usize, out: &mut Gathered) {
        let Some(path) = module_path(self.text(module, "address")).filter(|_| depth <= MAX_MODULES) else {
            let message = "the module has no known form, or modules are nested too deep; it is not read";
            return out.remarks.push((self.place(module), message.into(), true));
        };
        let path = Arc::new(path);
        let list = |key: &str| self.get(module, key).map_or(&[][..], |list| self.tree.list(list));
        for &resource in list("resources") {
            if self.text(resource, "mode") == "data" || self.get(resource, "deposed_key").is_some() {
                continue;
            }
            let address = self.recorded_address(resource, self.get(resource, "index"), &path);
            let sensitive = self.get(resource, "sensitive_values");
            let attributes = self.recorded(&address, self.get(resource, "values"), sensitive, resource);
            out.instances.push(self.instance(address, attributes, &out.nobody, self.place(resource)));
            out.keys.push(String::new());
        }
        for &child in list("child_modules") {
            self.shown_module(child, depth + 1, out);
        }
    }

    fn recorded_address(
        &self,
        resource: NodeId,
        key: Option<NodeId>,
        module: &Arc<ModulePath>,
    ) -> Arc<Address> {
        let key = match key.map(|node| self.tree.node(node)) {
            Some(Node::Int(index)) => u32::try_from(index).map_or(Key::Unknown, Key::Index),
            Some(Node::String(span)) => Key::String(self.tree.text(span).into()),
            _ => Key::None,
        };
        Arc::new(Address {
            module: module.clone(),
            mode: Mode::Managed,
            kind: self.text(resource, "type").into(),
            name: self.text(resource, "name").into(),
            key,
        })
    }

    fn recorded(
        &self,
        address: &Address,
        attributes: Option<NodeId>,
        sensitive: Option<NodeId>,
        near: NodeId,
    ) -> Located {
        let known = HashMap::new();
        let around = Around { module: None, declared: None, own: address, known: &known };
        self.object(attributes, None, sensitive, None, &around, near)
    }
}

/// Makes an attribute sensitive as a whole.
fn hide(value: &mut Value, name: &str) {
    let Value::Map(map) = value else { return };
    let map = Arc::make_mut(map);
    if let Ok(at) = map.entries.binary_search_by(|entry| (*entry.key).cmp(name)) {
        let located = &mut map.entries[at].value;
        located.value = Value::Sensitive(Arc::new(located.value.clone()));
    }
}
