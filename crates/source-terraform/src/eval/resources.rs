//! What expressions see of resources, data sources and modules.

use std::rc::Rc;
use std::sync::Arc;

use sekisho_estate::ReasonCode;

use super::expand::value_of;
use super::{
    Copies, Eval, Evaluator, ModuleCopies, Parent, Slot, Target, fail, fail_with, identity, limits, mode,
};
use super::{Found, Scope};
use crate::instance::{Address, Key, Mode, ModulePath};
use crate::operators::{self, deeper};
use crate::value::{ListKind, Located, Place, Reference, Step, Value};

impl Evaluator<'_> {
    /// `type.name`
    pub(super) fn resource_value(
        &mut self,
        node: usize,
        data: bool,
        kind: &Arc<str>,
        name: &Arc<str>,
        place: Place,
    ) -> Eval<Located> {
        let module = self.nodes[node].module;
        let Some(&at) = module.by_name.get(&(data, kind.clone(), name.clone())) else {
            let written = if data { format!("data.{kind}.{name}") } else { format!("{kind}.{name}") };
            let known = module.resources.iter().map(|r| {
                if r.data { format!("data.{}.{}", r.kind, r.name) } else { format!("{}.{}", r.kind, r.name) }
            });
            let known: Vec<String> = known.collect();
            let meant = sekisho_facts::did_you_mean(&written, known.iter().map(String::as_str));
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
            let message = format!("{written} is not declared in this module{meant}");
            return fail(place, message);
        };
        let copies = self.resource_copies(node, at, place)?;
        Ok(Located::new(copies.value.clone(), place))
    }

    /// The copies of a resource, with their addresses.
    pub(super) fn resource_copies(&mut self, node: usize, at: usize, place: Place) -> Eval<Rc<Copies>> {
        let resource = &self.nodes[node].module.resources[at];
        match &self.nodes[node].resources[at] {
            Slot::Done(copies) => return copies.clone(),
            Slot::Running => {
                let message =
                    format!("the copies of {}.{} depend on themselves", resource.kind, resource.name);
                return fail_with(place, ReasonCode::Cyclic, message);
            }
            Slot::Empty => {}
        }
        self.nodes[node].resources[at] = Slot::Running;
        let path = self.nodes[node].path.clone();
        let what = format!("{}.{}", resource.kind, resource.name);
        let copies = self.copies(node, &resource.repetition, &what).map(|mut copies| {
            for (copy, each) in copies.copies.iter().enumerate() {
                let address = Arc::new(Address {
                    module: path.clone(),
                    mode: mode(resource.data),
                    kind: resource.kind.clone(),
                    name: resource.name.clone(),
                    key: each.key.clone(),
                });
                self.targets.insert(identity(&address), Target::Resource { node, resource: at, copy });
                copies.addresses.push(address);
            }
            self.named(copies, resource.place)
        });
        self.nodes[node].resources[at] = Slot::Done(copies.clone());
        copies
    }

    /// Gives copies with addresses their value.
    fn named(&self, mut copies: Copies, place: Place) -> Rc<Copies> {
        let reference = |address: &Arc<Address>| {
            let reference = Reference { target: address.clone(), path: Vec::new(), known: None };
            Located::new(Value::Reference(Arc::new(reference)), place)
        };
        let references = copies.addresses.iter().map(reference).collect();
        copies.value = value_of(&copies, references);
        Rc::new(copies)
    }

    /// `module.name`
    pub(super) fn module_value(&mut self, node: usize, name: &Arc<str>, place: Place) -> Eval<Located> {
        let module = self.nodes[node].module;
        let Some(at) = module.calls.get_index_of(name) else {
            let meant = sekisho_facts::did_you_mean(name, module.calls.keys().map(|key| &**key));
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean module.{meant}?"));
            let message = format!("module.{name} is not called here{meant}");
            return fail(place, message);
        };
        let copies = self.module_copies(node, at, place)?;
        if copies.nodes.is_empty() && !copies.copies.copies.is_empty() {
            return Ok(Located::new(
                Value::unknown(ReasonCode::ModuleNotRead, format!("module.{name}")),
                place,
            ));
        }
        Ok(Located::new(copies.copies.value.clone(), place))
    }

    /// The instances of a module call; none when its source is not in the input.
    pub(super) fn module_copies(&mut self, node: usize, at: usize, place: Place) -> Eval<Rc<ModuleCopies>> {
        let module = self.nodes[node].module;
        let Some((name, call)) = module.calls.get_index(at) else { return fail(place, "no such call") };
        match &self.nodes[node].modules[at] {
            Slot::Done(copies) => return copies.clone(),
            Slot::Running => {
                let message = format!("the instances of module.{name} depend on themselves");
                return fail_with(place, ReasonCode::Cyclic, message);
            }
            Slot::Empty => {}
        }
        self.nodes[node].modules[at] = Slot::Running;
        let copies = self.copies(node, &call.repetition, &format!("module.{name}"));
        let copies = copies.map(|copies| self.module_nodes(node, at, copies));
        self.nodes[node].modules[at] = Slot::Done(copies.clone());
        copies
    }

    fn module_nodes(&mut self, node: usize, at: usize, mut copies: Copies) -> Rc<ModuleCopies> {
        let module = self.nodes[node].module;
        let (name, call) = match module.calls.get_index(at) {
            Some(call) => call,
            None => return Rc::new(ModuleCopies { copies: Rc::new(copies), nodes: Vec::new() }),
        };
        let missing = |evaluator: &mut Self, message: String, copies: Copies| {
            evaluator.problem(call.place, message, true);
            Rc::new(ModuleCopies { copies: Rc::new(copies), nodes: Vec::new() })
        };
        let Some((source, _)) = &call.source else {
            return missing(self, format!("module {name:?} has no source that is a plain string"), copies);
        };
        let above = self.nodes[node].path.clone();
        let key = match self.nodes[node].key.as_str() {
            "" => name.to_string(),
            key => format!("{key}.{name}"),
        };
        let found = match self.task.library.module(&key, &module.folder, source) {
            Found::Module(found) => found,
            Found::Missing(why) => {
                return missing(self, format!("module {name:?} is not read: {why}"), copies);
            }
        };
        if above.calls.len() >= limits::NESTED {
            let message = format!(
                "module {name:?} is not read: more than {} modules inside each other",
                limits::NESTED
            );
            return missing(self, message, copies);
        }
        if self.nodes.len() + copies.copies.len() > limits::MODULES {
            let message =
                format!("module {name:?} is not read: more than {} module instances", limits::MODULES);
            return missing(self, message, copies);
        }
        let mut nodes = Vec::with_capacity(copies.copies.len());
        for each in &copies.copies {
            let mut calls = above.calls.clone();
            calls.push((name.clone(), each.key.clone()));
            let path = Arc::new(ModulePath { calls });
            let mut when = self.nodes[node].when.clone();
            when.extend(each.when.clone());
            let is_repeated = each.key != Key::None;
            let parent = Parent { node, call: at, each: is_repeated.then(|| each.clone()) };
            let child = self.add_node(found, path.clone(), Some(parent), when);
            let passed = self.passed_providers(node, call);
            self.configure(child, passed);
            let address = Arc::new(Address {
                module: path,
                mode: Mode::Module,
                kind: Arc::from("module"),
                name: name.clone(),
                key: each.key.clone(),
            });
            self.targets.insert(identity(&address), Target::Module { node: child });
            copies.addresses.push(address);
            nodes.push(child);
        }
        Rc::new(ModuleCopies { copies: self.named(copies, call.place), nodes })
    }

    /// An attribute of what a reference names.
    pub(super) fn of_reference(
        &mut self,
        reference: &Arc<Reference>,
        name: &Arc<str>,
        place: Place,
    ) -> Eval<Located> {
        let further = || Ok(Located::new(deeper(reference, Step::Name(name.clone())), place));
        if !reference.path.is_empty() {
            return further();
        }
        match self.targets.get(&identity(&reference.target)).copied() {
            None => further(),
            Some(Target::Module { node }) => {
                let module = self.nodes[node].module;
                match module.outputs.get_index_of(name) {
                    Some(at) => self.output(node, at),
                    None => {
                        let meant =
                            sekisho_facts::did_you_mean(name, module.outputs.keys().map(|key| &**key));
                        let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
                        fail(place, format!("{} has no output {name:?}{meant}", reference.target))
                    }
                }
            }
            Some(Target::Resource { node, resource, copy }) => {
                if let Some(value) = self.built_in(node, resource, copy, &reference.target, name, place) {
                    return value;
                }
                let Some(value) = self.configured(node, resource, copy, name)? else { return further() };
                let known = match &value.value {
                    Value::Null => return further(),
                    // Whatever it refers to itself says more.
                    Value::Reference(_) | Value::Choice(_) | Value::Sensitive(_) => return Ok(value),
                    inner if operators::is_known(inner) => Some(inner.clone()),
                    // Blocks have attributes that only AWS gives, too.
                    Value::List(list) if list.kind == ListKind::Blocks => Some(value.value.clone()),
                    Value::List(_) | Value::Map(_) => return Ok(value),
                    _ => None,
                };
                let path = vec![Step::Name(name.clone())];
                let reference = Reference { target: reference.target.clone(), path, known };
                Ok(Located::new(Value::Reference(Arc::new(reference)), value.place))
            }
        }
    }

    /// What the configuration says of an attribute or of blocks, if it does.
    fn configured(&mut self, node: usize, at: usize, copy: usize, name: &Arc<str>) -> Eval<Option<Located>> {
        let resource = &self.nodes[node].module.resources[at];
        if crate::module::META.contains(&&**name) {
            return Ok(None);
        }
        let attribute = resource.body.attribute(name);
        if attribute.is_none() && !resource.body.blocks.iter().any(|block| block.kind == *name) {
            return Ok(None);
        }
        let key = (node, at, copy, name.clone());
        match self.attributes.get(&key) {
            Some(Slot::Done(value)) => return value.clone().map(Some),
            Some(Slot::Running) => {
                let message = format!("{}.{}.{name} depends on itself", resource.kind, resource.name);
                return fail_with(resource.place, ReasonCode::Cyclic, message);
            }
            Some(Slot::Empty) | None => {}
        }
        self.attributes.insert(key.clone(), Slot::Running);
        let copies = self.resource_copies(node, at, resource.place)?;
        let each = &copies.copies[copy];
        let value = match attribute {
            Some(attribute) => {
                let mut scope = Scope::with(node, attribute.file, each);
                self.eval(&attribute.value, &mut scope)
            }
            None => self.blocks_named(node, resource, each, name),
        };
        self.attributes.insert(key, Slot::Done(value.clone()));
        value.map(Some)
    }
}
