//! Instances: the bodies of resources and data sources, copy by copy.

use std::rc::Rc;
use std::sync::Arc;

use sekisho_estate::ReasonCode;

use super::expand::generated;
use super::{Each, Eval, Evaluator, Scope, calls, existence, limits};
use crate::functions::describe;
use crate::instance::{Instance, Lifecycle, Mode};
use crate::module::{META, Resource};
use crate::operators;
use crate::syntax::{Block, Body, Kind};
use crate::value::{Choice, Condition, Entry, ListKind, Located, Map, Place, Reference, Test, Value};

impl Evaluator<'_> {
    /// The instances of a module instance, then those of the modules it calls.
    pub(super) fn instances_of(&mut self, node: usize, depth: usize) {
        let module = self.nodes[node].module;
        for (at, resource) in module.resources.iter().enumerate() {
            match self.resource_copies(node, at, resource.place) {
                Ok(copies) => {
                    for copy in 0..copies.copies.len() {
                        if self.instances.len() >= limits::INSTANCES {
                            if !self.full {
                                self.full = true;
                                let message = format!(
                                    "more than {} instances; the rest is left out",
                                    limits::INSTANCES
                                );
                                self.problem(resource.place, message, true);
                            }
                            return;
                        }
                        let (each, address) = (copies.copies[copy].clone(), copies.addresses[copy].clone());
                        self.instance(node, resource, &each, address);
                    }
                }
                Err(failure) => {
                    // That there is something is known; how often it is not.
                    self.problem(failure.place, failure.message.clone(), true);
                    let value = Located::new(super::failed(&failure), resource.place);
                    let named = Located::new(super::failed(&failure), resource.place);
                    let each = Rc::new(Each { key: crate::instance::Key::Unknown, named, value, when: None });
                    let address = Arc::new(crate::instance::Address {
                        module: self.nodes[node].path.clone(),
                        mode: super::mode(resource.data),
                        kind: resource.kind.clone(),
                        name: resource.name.clone(),
                        key: crate::instance::Key::Unknown,
                    });
                    self.instance(node, resource, &each, address);
                }
            }
        }
        if depth > limits::NESTED {
            return;
        }
        for (at, call) in module.calls.values().enumerate() {
            match self.module_copies(node, at, call.place) {
                Ok(copies) => {
                    for at in 0..copies.nodes.len() {
                        let child = copies.nodes[at];
                        self.unused_arguments(child);
                        self.instances_of(child, depth + 1);
                    }
                }
                Err(failure) => self.problem(failure.place, failure.message.clone(), true),
            }
        }
    }

    /// Arguments of a call that the module has no variable for.
    fn unused_arguments(&mut self, child: usize) {
        let Some(parent) = self.nodes[child].parent.clone() else { return };
        let call = &self.nodes[parent.node].module.calls[parent.call];
        let module = self.nodes[child].module;
        for attribute in &call.body.attributes {
            let name = &*attribute.name;
            let meta =
                matches!(name, "source" | "version" | "providers" | "count" | "for_each" | "depends_on");
            if !meta && !module.variables.contains_key(&attribute.name) {
                let meant = sekisho_facts::did_you_mean(name, module.variables.keys().map(|key| &**key));
                let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant:?}?"));
                let place = Place { file: attribute.file, offset: attribute.at };
                self.problem(place, format!("the module has no variable {name:?}{meant}"), true);
            }
        }
    }

    fn instance(
        &mut self,
        node: usize,
        resource: &Resource,
        each: &Rc<Each>,
        address: Arc<crate::instance::Address>,
    ) {
        let mut scope = Scope::with(node, resource.place.file, each);
        let attributes = self.body(&resource.body, resource.place, &mut scope, true);
        let mut when = self.nodes[node].when.clone();
        when.extend(each.when.clone());
        let provider = self.provider_of(node, &resource.provider);
        let lifecycle = self.lifecycle(&resource.body, &mut scope);
        let depends_on = self.depends_on(&resource.body, &mut scope);
        let calls = self.nodes[node].calls.clone();
        self.instances.push(Instance {
            address,
            attributes,
            exists: existence(when),
            provider,
            lifecycle,
            depends_on,
            place: resource.place,
            calls,
        });
    }

    /// Arguments and blocks of a body.
    pub(super) fn body(&mut self, body: &Body, place: Place, scope: &mut Scope, outermost: bool) -> Located {
        let mut entries = Vec::with_capacity(body.attributes.len() + body.blocks.len());
        for attribute in &body.attributes {
            if outermost && META.contains(&&*attribute.name) {
                continue;
            }
            let at = Place { file: attribute.file, offset: attribute.at };
            scope.file = attribute.file;
            let value = self.eval(&attribute.value, scope);
            let mut value = self.settle(value, at);
            value.value = self.finished(calls::without_failed(value.value));
            if operators::is_deeper(&value.value, limits::NESTED_VALUES) {
                let message = format!("more than {} values inside each other", limits::NESTED_VALUES);
                value.value = Value::unknown(ReasonCode::EvaluationLimit, message.as_str());
                self.problem(at, message, true);
            }
            if !matches!(value.value, Value::Null) {
                entries.push(Entry { key: attribute.name.clone(), place: at, value });
            }
        }
        let mut kinds: Vec<&Arc<str>> = Vec::new();
        for block in &body.blocks {
            let meta = matches!(&*block.kind, "lifecycle" | "provisioner" | "connection");
            if !(kinds.contains(&&block.kind) || outermost && meta) {
                kinds.push(&block.kind);
            }
        }
        for kind in kinds {
            let mut items = Vec::new();
            let mut first = place;
            for block in body.blocks.iter().filter(|block| block.kind == *kind) {
                if items.is_empty() {
                    first = Place { file: block.file, offset: block.at };
                }
                self.block(block, scope, &mut items);
            }
            let value = Located::new(Value::list(ListKind::Blocks, items), first);
            entries.push(Entry { key: kind.clone(), place: first, value });
        }
        Located::new(Value::map(entries), place)
    }

    /// The blocks of one name, for an expression that refers to them.
    pub(super) fn blocks_named(
        &mut self,
        node: usize,
        resource: &Resource,
        each: &Rc<Each>,
        name: &Arc<str>,
    ) -> Eval<Located> {
        let mut scope = Scope::with(node, resource.place.file, each);
        let mut items = Vec::new();
        for block in resource.body.blocks.iter().filter(|block| block.kind == *name) {
            self.block(block, &mut scope, &mut items);
        }
        Ok(Located::new(Value::list(ListKind::Blocks, items), resource.place))
    }

    /// A block, or those that a dynamic block generates.
    fn block(&mut self, block: &Block, scope: &mut Scope, items: &mut Vec<Located>) {
        let place = Place { file: block.file, offset: block.at };
        scope.file = block.file;
        if self.enter(place).is_err() {
            let message = "blocks are nested too deep, or the evaluation was stopped";
            return self.problem(place, message, true);
        }
        match &block.dynamic {
            None => {
                let body = self.body(&block.body, place, scope, false);
                items.push(body);
            }
            Some(dynamic) => {
                let value = self.eval(&dynamic.for_each, scope);
                let value = self.settle(value, place);
                let depth = dynamic.slot as usize;
                match generated(&value) {
                    Some(pairs) => {
                        for (key, element, condition) in pairs {
                            let body = self.generated_block(block, depth, key, element, scope);
                            items.push(match condition {
                                Some(condition) => maybe(condition, body),
                                None => body,
                            });
                        }
                    }
                    None if operators::is_top_known(&value.value) && !value.value.is_null() => {
                        let what = describe(&value.value);
                        self.problem(
                            value.place,
                            format!("for_each of a dynamic block must be a collection, but it is {what}"),
                            true,
                        );
                    }
                    None if value.value.is_null() => {
                        self.problem(value.place, "for_each of a dynamic block must not be null", true);
                    }
                    // One stands for those that there may be.
                    None => {
                        let written = self.written(block.file, &dynamic.for_each);
                        let key = Located::new(operators::derived([&value.value]), place);
                        let body = self.generated_block(block, depth, key.clone(), key, scope);
                        let path = &self.nodes[scope.node].path;
                        let prefix = if path.calls.is_empty() { String::new() } else { format!("{path}: ") };
                        let of = scope.each.as_ref().map(|each| each.key.to_string()).unwrap_or_default();
                        let label = format!("{prefix}length({written}) > 0{of}");
                        items.push(maybe(
                            Arc::new(Condition { label: label.into(), test: Test::Opaque }),
                            body,
                        ));
                    }
                }
            }
        }
        self.leave();
    }

    fn generated_block(
        &mut self,
        block: &Block,
        depth: usize,
        key: Located,
        element: Located,
        scope: &mut Scope,
    ) -> Located {
        let place = Place { file: block.file, offset: block.at };
        let entry = |name: &str, value: Located| Entry { key: Arc::from(name), place: value.place, value };
        let iterator = Map::from_entries(vec![entry("key", key), entry("value", element)]);
        scope.slots.truncate(depth);
        scope.slots.push(Located::new(Value::Map(Arc::new(iterator)), place));
        let body = self.body(&block.body, place, scope, false);
        scope.slots.truncate(depth);
        body
    }

    fn lifecycle(&mut self, body: &Body, scope: &mut Scope) -> Lifecycle {
        let mut lifecycle = Lifecycle::default();
        for block in body.blocks_of("lifecycle") {
            for attribute in &block.body.attributes {
                match &*attribute.name {
                    "prevent_destroy" | "create_before_destroy" => {
                        scope.file = attribute.file;
                        let value = self.eval(&attribute.value, scope);
                        let holds = value.ok().and_then(|value| crate::functions::bool_of(&value.value));
                        if &*attribute.name == "prevent_destroy" {
                            lifecycle.prevent_destroy = holds == Some(true);
                        } else {
                            lifecycle.create_before_destroy = holds == Some(true);
                        }
                    }
                    "ignore_changes" => {
                        let names = match &attribute.value.kind {
                            Kind::List(items) => {
                                items.iter().map(|item| self.written(attribute.file, item)).collect()
                            }
                            _ => vec![self.written(attribute.file, &attribute.value)],
                        };
                        lifecycle.ignore_changes =
                            names.iter().map(|name| Arc::from(name.trim_matches('"'))).collect();
                    }
                    _ => {}
                }
            }
        }
        lifecycle
    }

    fn depends_on(&mut self, body: &Body, scope: &mut Scope) -> Vec<Reference> {
        let Some(attribute) = body.attribute("depends_on") else { return Vec::new() };
        let Kind::List(items) = &attribute.value.kind else { return Vec::new() };
        scope.file = attribute.file;
        let mut found = Vec::new();
        for item in items {
            match self.eval(item, scope) {
                Ok(value) => whole_resources(&value.value, &mut found, 0),
                Err(failure) => self.problem(failure.place, failure.message.clone(), true),
            }
        }
        found
    }

    /// A value as others may keep it: a whole module is the map of its outputs.
    fn finished(&mut self, value: Value) -> Value {
        match &value {
            Value::Reference(reference) if reference.target.mode == Mode::Module => {
                let Some(super::Target::Module { node }) =
                    self.targets.get(&super::identity(&reference.target)).copied()
                else {
                    return value;
                };
                let module = self.nodes[node].module;
                let mut entries = Vec::new();
                for (at, (name, output)) in module.outputs.iter().enumerate() {
                    let result = self.output(node, at);
                    let settled = self.settle(result, output.value.place);
                    entries.push(Entry { key: name.clone(), place: output.value.place, value: settled });
                }
                Value::map(entries)
            }
            Value::List(list) if list.items.iter().any(|item| is_module(&item.value)) => {
                let items =
                    list.items.iter().map(|item| Located::new(self.finished(item.value.clone()), item.place));
                Value::list(list.kind, items.collect())
            }
            Value::Map(map) if map.entries.iter().any(|entry| is_module(&entry.value.value)) => {
                let mut map = (**map).clone();
                for entry in &mut map.entries {
                    entry.value.value = self.finished(entry.value.value.clone());
                }
                Value::Map(Arc::new(map))
            }
            _ => value,
        }
    }
}

fn is_module(value: &Value) -> bool {
    matches!(value, Value::Reference(reference) if reference.target.mode == Mode::Module)
}

/// A block that is there under a condition.
fn maybe(condition: Arc<Condition>, body: Located) -> Located {
    let place = body.place;
    let otherwise = Located::new(Value::Null, place);
    Located::new(Value::Choice(Arc::new(Choice { condition, then: body, otherwise })), place)
}

/// The resources in a value.
fn whole_resources(value: &Value, found: &mut Vec<Reference>, depth: u32) {
    match value {
        Value::Reference(reference) if reference.target.mode != Mode::Module => {
            found.push(Reference { path: Vec::new(), known: None, ..(**reference).clone() });
        }
        Value::List(list) if depth < 4 => {
            list.items.iter().for_each(|item| whole_resources(&item.value, found, depth + 1));
        }
        Value::Map(map) if depth < 4 => {
            map.entries.iter().for_each(|entry| whole_resources(&entry.value.value, found, depth + 1));
        }
        Value::Choice(choice) if depth < 4 => {
            whole_resources(&choice.then.value, found, depth + 1);
            whole_resources(&choice.otherwise.value, found, depth + 1);
        }
        _ => {}
    }
}
