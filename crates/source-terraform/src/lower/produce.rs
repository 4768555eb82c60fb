//! Which resources an instance becomes.

use std::sync::Arc;

use sekisho_estate::{ConditionId, Formula, Node, Reason, ReasonCode, ResourceIndex};
use sekisho_facts::{TerraformMapping, TerraformTarget, terraform_mappings};

use super::build::{Elements, Out, OutMap};
use super::{Became, Lower};
use crate::value::{Condition, Located, Map, Value};

/// A resource that an instance becomes, by one row of the mapping.
#[derive(Clone, Debug)]
pub(super) struct Production<'c> {
    pub(super) instance: usize,
    pub(super) resource: u32,
    pub(super) row: Row,
    /// The attributes that the rules are about: of the instance, or of one block.
    pub(super) attributes: &'c Located,
    /// The one element of a list attribute that it is for, with the path of the property.
    pub(super) element: Option<(&'static str, Element<'c>)>,
    /// The resource that the first row made.
    pub(super) first: Option<u32>,
}

/// The rules of a resource.
#[derive(Clone, Copy, Debug)]
pub(super) enum Row {
    Mapped(&'static TerraformMapping),
    /// By name, of this CloudFormation type (`awscc_*`).
    ByName(&'static str),
    /// There is no mapping.
    Unmapped,
}

/// An element of a list attribute.
#[derive(Clone, Debug)]
pub(super) enum Element<'c> {
    Value(&'c Located),
    /// The resource itself, where the attribute is a switch that says so.
    Own,
}

/// Conditions under which an element is there: each with what it must be.
type Conditions<'c> = Vec<(&'c Arc<Condition>, bool)>;

impl<'c> Lower<'c> {
    /// Plans the resources of an instance.
    pub(super) fn produce(&mut self, at: usize) -> Became {
        let instance = self.instance(at);
        let kind: &'c str = &instance.address.kind;
        if kind.starts_with("awscc_") {
            let row = super::awscc::type_of(kind).map_or(Row::Unmapped, Row::ByName);
            return self.whole(at, row, instance.address.to_string());
        }
        if !kind.starts_with("aws_") {
            self.others.entry(kind.into()).or_insert((instance.place, 0)).1 += 1;
            return Became::Nothing;
        }
        let rows = terraform_mappings(kind);
        if rows.is_empty() {
            return self.whole(at, Row::Unmapped, instance.address.to_string());
        }
        let attributes = instance.attributes.value.as_map();
        let mut became = Became::Nothing;
        for row in rows {
            if !attributes.is_none_or(|attributes| counts(row, attributes)) {
                continue;
            }
            match row.target {
                TerraformTarget::Merge { .. } => {
                    if became == Became::Nothing {
                        became = Became::Merged;
                    }
                }
                TerraformTarget::Own(type_name) => {
                    let first = match became {
                        Became::Resource(first) => Some(first),
                        _ => None,
                    };
                    let made = self.of_row(at, row, type_name, first);
                    if let (Some(made), None) = (made, first) {
                        became = Became::Resource(made);
                    }
                }
            }
        }
        if became == Became::Nothing {
            // None of the rows counts, because what decides is not known or not foreseen.
            return self.whole(at, Row::Unmapped, instance.address.to_string());
        }
        became
    }

    fn whole(&mut self, at: usize, row: Row, id: String) -> Became {
        let instance = self.instance(at);
        let type_name = match row {
            Row::ByName(type_name) => type_name,
            _ => &instance.address.kind,
        };
        let condition = self.existence(instance);
        let resource = self.add_resource(at, &id, type_name, condition);
        let attributes = &instance.attributes;
        self.productions.push(Production {
            instance: at,
            resource,
            row,
            attributes,
            element: None,
            first: None,
        });
        Became::Resource(resource)
    }

    /// Plans the resources of a row; the first of them is the answer.
    fn of_row(
        &mut self,
        at: usize,
        row: &'static TerraformMapping,
        type_name: &'static str,
        first: Option<u32>,
    ) -> Option<u32> {
        let instance = self.instance(at);
        let address = instance.address.to_string();
        // (id, attributes, conditions)
        let mut parts: Vec<(String, &'c Located, Conditions<'c>)> = Vec::new();
        match row.each {
            None => {
                let suffix = if first.is_some() { row.needs.map_or("", |needs| needs) } else { "" };
                let dot = if suffix.is_empty() { "" } else { "." };
                parts.push((format!("{address}{dot}{suffix}"), &instance.attributes, Vec::new()));
            }
            Some(block) => {
                let blocks = instance.attributes.value.get(block)?;
                let mut items = Vec::new();
                flatten(blocks, &mut Vec::new(), &mut items, 0);
                for (index, (conditions, item)) in items.into_iter().enumerate() {
                    parts.push((format!("{address}.{block}[{index}]"), item, conditions));
                }
            }
        }
        let mut made = None;
        for (id, attributes, conditions) in parts {
            let mut elements: Vec<(&'static str, Element<'c>, Conditions<'c>)> = Vec::new();
            if let Some(map) = attributes.value.as_map() {
                for (name, path) in &row.object.spread {
                    let Some(entry) = map.get(name) else { continue };
                    elements.extend(spread(name, &entry.value).into_iter().map(|(c, e)| (*path, e, c)));
                }
            }
            let count = elements.len().max(1);
            let mut elements = elements.into_iter();
            for number in 0..count {
                let (element, mut all) = match elements.next() {
                    Some((path, element, more)) => {
                        let all: Conditions<'c> = conditions.iter().copied().chain(more).collect();
                        (Some((path, element)), all)
                    }
                    None => (None, conditions.clone()),
                };
                let id = if number == 0 { id.clone() } else { format!("{id}/{}", number + 1) };
                let condition = self.condition_of(instance, &mut all);
                let resource = self.add_resource(at, &id, type_name, condition);
                made.get_or_insert(resource);
                let row = Row::Mapped(row);
                self.productions.push(Production { instance: at, resource, row, attributes, element, first });
            }
        }
        made
    }

    fn condition_of(
        &mut self,
        instance: &'c crate::instance::Instance,
        more: &mut Conditions<'c>,
    ) -> Option<ConditionId> {
        let mut all: Vec<ConditionId> = self.existence(instance).into_iter().collect();
        for (condition, is) in more.drain(..) {
            let mut id = self.condition(condition);
            if !is {
                id = self.add_condition("", Formula::Not(id));
            }
            all.push(id);
        }
        self.all(all)
    }

    /// Makes the properties of a planned resource.
    pub(super) fn fill(&mut self, production: &Production<'c>) {
        let Production { instance, resource, row, attributes, .. } = production;
        let instance = self.instance(*instance);
        let offset = self.offset(attributes.place).or_else(|| self.offset(instance.place)).unwrap_or(0);
        if production.first.is_none() {
            self.deletion_of(row, instance, *resource, offset);
            if let Some(id) = instance.attributes.value.get("id")
                && let Some(text) = id.value.text()
            {
                let node = self.stack.tree.push_string(&text, offset);
                self.ids.insert(*resource, node);
            }
        }
        match row {
            Row::Unmapped => {
                let kind = &*instance.address.kind;
                let unknown = self.push_unknown(Reason::new(ReasonCode::UnknownType, kind), offset);
                self.stack.resources[*resource as usize].properties = unknown;
            }
            Row::ByName(type_name) => {
                let mut out = OutMap::at(offset);
                self.by_name(type_name, attributes, &mut out, offset);
                self.outs[*resource as usize] = out;
            }
            Row::Mapped(row) => {
                let mut out = OutMap::at(offset);
                let mut elements = Elements::new();
                let nothing = Map::default();
                match attributes.value.plain() {
                    Value::Map(map) => {
                        self.object(&row.object, instance, map, offset, &mut out, &mut elements)
                    }
                    Value::Unknown(unknown) => {
                        let open = Map { entries: Vec::new(), open: Some(unknown.clone()) };
                        self.object(&row.object, instance, &open, offset, &mut out, &mut elements);
                    }
                    _ => self.object(&row.object, instance, &nothing, offset, &mut out, &mut elements),
                }
                if let Some((path, element)) = &production.element {
                    let node = match element {
                        Element::Value(located) => self.value(&located.value, located.place, offset),
                        Element::Own => self.own(row, instance, *resource, offset),
                    };
                    out.set(path, Out::Node(node), &mut elements, offset);
                }
                if row.each.is_none() && production.first.is_none() {
                    self.default_tags(row, instance, &mut out, offset);
                }
                if let (Some(link), Some(first)) = (row.link, production.first) {
                    let node = self.refer(first, "", offset);
                    out.set(link, Out::Node(node), &mut elements, offset);
                }
                self.outs[*resource as usize] = out;
            }
        }
    }

    /// What happens to a resource that is deleted: Terraform refuses (`prevent_destroy`),
    /// takes a snapshot unless a switch says no, or deletes.
    fn deletion_of(&mut self, row: &Row, instance: &crate::instance::Instance, resource: u32, at: u32) {
        const TABLE: [(&str, Option<&str>); 2] = [("true", Some("Delete")), ("false", Some("Snapshot"))];
        let Row::Mapped(row) = row else { return };
        let node = match row.snapshot_unless {
            _ if instance.lifecycle.prevent_destroy => self.stack.tree.push_string("Retain", at),
            Some(name) => match instance.attributes.value.get(name) {
                Some(located) => {
                    let place = self.offset(located.place).unwrap_or(at);
                    self.by_table(&TABLE, located, place)
                }
                None => self.stack.tree.push_string("Snapshot", at),
            },
            None => return,
        };
        self.deletion.insert(resource, node);
    }

    /// What `self` stands for: the attribute that the row names, else the resource.
    fn own(
        &mut self,
        row: &'static TerraformMapping,
        instance: &'c crate::instance::Instance,
        resource: u32,
        offset: u32,
    ) -> sekisho_estate::NodeId {
        match row.own {
            Some(name) => match instance.attributes.value.get(name) {
                Some(located) => self.value(&located.value, located.place, offset),
                None => self.stack.tree.push(Node::Absent, offset),
            },
            None => self.refer(resource, "", offset),
        }
    }

    /// A reference to a resource of this stack.
    pub(super) fn refer(&mut self, resource: u32, attribute: &str, offset: u32) -> sekisho_estate::NodeId {
        let attribute = self.name(attribute);
        let node = self.stack.tree.push(Node::Reference { resource, attribute }, offset);
        if let Some(from) = self.current {
            let to = sekisho_estate::ResourceId { stack: self.index, index: ResourceIndex(resource) };
            self.stack.references.push(sekisho_estate::Reference { from, node, to, attribute });
        }
        node
    }
}

/// Whether a row counts for an instance with these attributes.
pub(super) fn counts(row: &TerraformMapping, attributes: &Map) -> bool {
    let when = row.when.iter().all(|(name, values)| {
        let text = attributes.get(name).map(|entry| entry.value.value.text().unwrap_or_else(|| "?".into()));
        values.contains(&text.as_deref().unwrap_or(""))
    });
    let needed = row.needs.is_none_or(|name| {
        attributes.get(name).is_some_and(|entry| !Lower::says_nothing(&entry.value.value))
    });
    when && needed
}

/// The elements of a list attribute; a switch that is on stands for the resource itself.
pub(super) fn spread<'c>(name: &str, located: &'c Located) -> Vec<(Conditions<'c>, Element<'c>)> {
    let mut items = Vec::new();
    flatten(located, &mut Vec::new(), &mut items, 0);
    let element = |(conditions, item): (Conditions<'c>, &'c Located)| match item.value.plain() {
        Value::Bool(true) if name == "self" => Some((conditions, Element::Own)),
        _ if name == "self" => None,
        _ => Some((conditions, Element::Value(item))),
    };
    items.into_iter().filter_map(element).collect()
}

/// The elements of a list, those of a choice under its condition.
pub(super) fn flatten<'c>(
    located: &'c Located,
    conditions: &mut Conditions<'c>,
    out: &mut Vec<(Conditions<'c>, &'c Located)>,
    depth: u32,
) {
    match &located.value {
        _ if depth > 64 => {}
        Value::Null => {}
        Value::List(list) => {
            for item in &list.items {
                flatten(item, conditions, out, depth + 1);
            }
        }
        Value::Choice(choice) => {
            for (is, arm) in [(true, &choice.then), (false, &choice.otherwise)] {
                conditions.push((&choice.condition, is));
                flatten(arm, conditions, out, depth + 1);
                conditions.pop();
            }
        }
        Value::Reference(reference) if matches!(reference.known, Some(Value::List(_))) => {
            if let Some(Value::List(list)) = &reference.known {
                for item in &list.items {
                    flatten(item, conditions, out, depth + 1);
                }
            }
        }
        _ => out.push((conditions.clone(), located)),
    }
}
