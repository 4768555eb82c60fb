//! Companions that complete a resource: which resource they name, and what they add to it.

use sekisho_estate::{NodeId, ResourceIndex, Where};
use sekisho_facts::{RefReturns, TerraformMapping, TerraformTarget, terraform_mappings};

use super::build::{Elements, Out, OutMap};
use super::produce::counts;
use super::values::same_block;
use super::{Became, Lower};
use crate::instance::{Key, Mode};
use crate::value::{Map, Part, Reference, Value};

/// The property whose value a plain reference to a resource of the type gives.
pub(super) fn name_property(type_name: &str) -> Option<&'static str> {
    let identity = sekisho_facts::identity(type_name)?;
    match identity.returns {
        RefReturns::Name => identity.name,
        RefReturns::Attribute(property) => Some(property),
        RefReturns::Arn | RefReturns::Id => None,
    }
}

impl<'c> Lower<'c> {
    /// Resources by their literal names, once all have their properties.
    pub(super) fn index_names(&mut self) {
        let mut names = super::Names::new();
        for (at, out) in self.outs.iter().enumerate() {
            let type_name = self.stack.text(self.stack.resources[at].type_name);
            let Some(property) = sekisho_facts::identity(type_name).and_then(|identity| identity.name) else {
                continue;
            };
            let named = out.entries.iter().find(|(key, _)| &**key == property);
            if let Some((_, Out::Node(node))) = named
                && let Some(text) = self.stack.tree.string(*node)
            {
                names.entry((type_name.into(), text.into())).or_default().push(at as u32);
            }
        }
        // What was read from an account names others by the ids that AWS gave.
        for (resource, node) in &self.ids {
            let type_name = self.stack.text(self.stack.resources[*resource as usize].type_name);
            if let Some(id) = self.stack.tree.string(*node) {
                let known = names.entry((type_name.into(), id.into())).or_default();
                if !known.contains(resource) {
                    known.push(*resource);
                }
            }
        }
        self.by_name = Some(names);
    }

    /// The resources that a companion completes, by all its rows.
    pub(super) fn parents_of(&self, at: usize, depth: u32) -> Vec<u32> {
        let instance = self.instance(at);
        let mut found = Vec::new();
        for row in terraform_mappings(&instance.address.kind) {
            if let TerraformTarget::Merge { parent, by } = row.target
                && let Some(named) = instance.attributes.value.get(by)
            {
                self.parents(at, &named.value, parent, &mut found, depth);
            }
        }
        found
    }

    /// The resources of a type that a value of an instance names.
    fn parents(&self, by: usize, value: &Value, parent: &str, found: &mut Vec<u32>, depth: u32) {
        if depth > 8 {
            return;
        }
        match value {
            Value::Reference(reference) => self.parent(by, reference, parent, found, depth),
            Value::String(text) => self.parents_named(by, text, parent, found),
            Value::List(list) => {
                for item in &list.items {
                    self.parents(by, &item.value, parent, found, depth + 1);
                }
            }
            Value::Sensitive(inner) => self.parents(by, inner, parent, found, depth + 1),
            Value::Template(parts) => {
                let mut holes = parts.iter().filter_map(|part| match part {
                    Part::Hole(value) => Some(value),
                    Part::Literal(_) => None,
                });
                if let (Some(only), None) = (holes.next(), holes.next()) {
                    self.parents(by, only, parent, found, depth + 1);
                }
            }
            Value::Unknown(unknown) => {
                if let [only] = &unknown.refs[..] {
                    self.parent(by, only, parent, found, depth);
                }
            }
            Value::Choice(choice) => {
                let (mut then, mut otherwise) = (Vec::new(), Vec::new());
                self.parents(by, &choice.then.value, parent, &mut then, depth + 1);
                self.parents(by, &choice.otherwise.value, parent, &mut otherwise, depth + 1);
                if then == otherwise {
                    found.extend(then);
                }
            }
            _ => {}
        }
    }

    fn parent(&self, by: usize, reference: &Reference, parent: &str, found: &mut Vec<u32>, depth: u32) {
        let before = found.len();
        if reference.target.mode == Mode::Managed {
            let instances: Vec<usize> = match self.addresses.get(&*reference.target) {
                Some(at) => vec![*at],
                // Which instance is not known: it can be told only if there is one.
                None if reference.target.key == Key::Unknown => {
                    let mut all = (0..self.configuration.instances.len())
                        .filter(|at| same_block(&self.instance(*at).address, &reference.target));
                    match (all.next(), all.next()) {
                        (Some(only), None) => vec![only],
                        _ => Vec::new(),
                    }
                }
                None => Vec::new(),
            };
            for at in instances {
                match self.became[at] {
                    Became::Resource(resource) if self.is_of(resource, parent) => found.push(resource),
                    Became::Merged => found.extend(
                        self.parents_of(at, depth + 1).into_iter().filter(|r| self.is_of(*r, parent)),
                    ),
                    _ => {}
                }
            }
        }
        if found.len() == before
            && let Some(known) = &reference.known
            && let Some(text) = known.text()
        {
            self.parents_named(by, &text, parent, found);
        }
    }

    fn parents_named(&self, by: usize, text: &str, parent: &str, found: &mut Vec<u32>) {
        let Some(names) = &self.by_name else { return };
        let tail =
            if text.starts_with("arn:") { text.rsplit([':', '/']).next().unwrap_or(text) } else { text };
        match names.get(&(parent.into(), tail.into())).map_or(&[][..], Vec::as_slice) {
            [] => {}
            [only] => found.push(*only),
            // Of several of one name the one in the same region is meant, else none for sure.
            several => {
                let here = self.whereabouts(self.instance(by));
                let is_here = |resource: &&u32| match self.stack.apart_of(ResourceIndex(**resource)) {
                    Some(apart) => (&apart.account, &apart.region) == (&here.0, &here.1),
                    None => here == (Where::Same, Where::Same),
                };
                let mut near = several.iter().filter(is_here);
                if let (Some(only), None) = (near.next(), near.next()) {
                    found.push(*only);
                }
            }
        }
    }

    fn is_of(&self, resource: u32, type_name: &str) -> bool {
        self.stack.text(self.stack.resources[resource as usize].type_name) == type_name
    }

    /// Adds what an instance says to the resources that it completes.
    pub(super) fn merge(&mut self, at: usize) {
        let instance = self.instance(at);
        for row in terraform_mappings(&instance.address.kind) {
            let TerraformTarget::Merge { parent, by } = row.target else { continue };
            let nothing = Map::default();
            let attributes = instance.attributes.value.as_map().unwrap_or(&nothing);
            if !counts(row, attributes) {
                continue;
            }
            let Some(entry) = attributes.get(by) else { continue };
            let offset = self.offset(instance.place).unwrap_or(0);
            let mut found = Vec::new();
            self.parents(at, &entry.value.value, parent, &mut found, 0);
            found.sort_unstable();
            found.dedup();
            if found.is_empty() {
                if self.became[at] == Became::Merged && !Self::says_nothing(&entry.value.value) {
                    let subject = format!("{} that {} completes", parent, instance.address);
                    let offset = self.offset(entry.place).unwrap_or(offset);
                    self.unresolved(&subject, offset);
                }
                continue;
            }
            for resource in found {
                self.merge_into(row, at, resource, offset);
            }
        }
    }

    fn merge_into(&mut self, row: &'static TerraformMapping, at: usize, resource: u32, offset: u32) {
        let instance = self.instance(at);
        let Some(attributes) = instance.attributes.value.as_map() else { return };
        self.current = Some(ResourceIndex(resource));
        let mut out = OutMap::at(offset);
        self.object(&row.object, instance, attributes, offset, &mut out, &mut Elements::new());
        if let Some(condition) = self.existence(instance)
            && self.stack.resources[resource as usize].condition != Some(condition)
        {
            out = self.only_when(condition, out, offset);
        }
        if let Some(known) = self.outs.get_mut(resource as usize) {
            let place = known.offset;
            known.merge(out);
            known.offset = place;
        }
    }

    /// Properties that are there only under a condition; elements of lists one by one, so
    /// that others can add to the same list.
    fn only_when(&mut self, condition: u32, out: OutMap, offset: u32) -> OutMap {
        let mut guarded = OutMap::at(offset);
        for (key, value) in out.entries {
            let value = match value {
                Out::List(items, at) => {
                    let items = items.into_iter().map(|item| self.guard(condition, item, at)).collect();
                    Out::List(items, at)
                }
                other => self.guard(condition, other, offset),
            };
            guarded.entries.push((key, value));
        }
        guarded
    }

    fn guard(&mut self, condition: u32, value: Out, at: u32) -> Out {
        let node: NodeId = self.node(value);
        let absent = self.stack.tree.push(sekisho_estate::Node::Absent, at);
        Out::Node(self.stack.tree.push_choice(condition, node, absent, at))
    }
}
