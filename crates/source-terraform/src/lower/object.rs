//! The rules of a mapping, applied to the attributes of a resource or of a block.

use std::sync::Arc;

use sekisho_estate::{Node, NodeId, Operation, Reason, ReasonCode, Stage};
use sekisho_facts::{TerraformHow, TerraformMapping, TerraformObject, TerraformRule};

use super::build::{Elements, Out, OutMap};
use super::produce::{Element, flatten, spread};
use super::{Lower, spelled};
use crate::instance::Instance;
use crate::value::{Condition, Entry, Located, Map, Place, Value};

impl Lower<'_> {
    /// Writes the attributes of a block into an object of the properties. `near` is where
    /// the block begins.
    pub(super) fn object(
        &mut self,
        object: &'static TerraformObject,
        instance: &Instance,
        attributes: &Map,
        near: u32,
        out: &mut OutMap,
        elements: &mut Elements,
    ) {
        for (path, json) in &object.constants {
            let node = self.constant(json, near);
            out.set(path, Out::Node(node), elements, near);
        }
        for rule in &object.rules {
            match (attributes.get(rule.from), &attributes.open) {
                (Some(entry), _) => self.rule(rule, instance, entry, near, out, elements),
                (None, Some(unknown)) => {
                    if !matches!(rule.how, TerraformHow::Ignore | TerraformHow::None)
                        && !rule.to.is_empty()
                        && rule.to != "."
                    {
                        let node = self.push_unknown(unknown.reason.clone(), near);
                        out.set(rule.to, Out::Node(node), elements, near);
                    }
                }
                (None, None) => {
                    if let Some(json) = rule.default {
                        let node = self.default(rule, json, near);
                        self.put(rule, node, near, out, elements);
                    }
                }
            }
        }
        for entry in &attributes.entries {
            let known = |rule: &TerraformRule| rule.from.cmp(&entry.key);
            let unknown = object.rules.binary_search_by(known).is_err()
                && !object.spread.iter().any(|(name, _)| **name == *entry.key);
            let of_itself = &*entry.key == "region"
                && instance.region().is_some()
                && instance.attributes.value.as_map().is_some_and(|own| std::ptr::eq(own, attributes));
            // Of what is recorded the rules know every argument; the rest is what AWS gave.
            if unknown && !of_itself && self.configuration.stage == Stage::Design {
                self.lose(&instance.address.kind, &entry.key, entry.place);
            }
        }
    }

    fn constant(&mut self, json: &str, at: u32) -> NodeId {
        match serde_json::from_str::<serde_json::Value>(json) {
            Ok(value) => self.json_value(&value, at),
            Err(_) => self.stack.tree.push_string(json, at),
        }
    }

    /// A default of the provider, as it would have been written.
    fn default(&mut self, rule: &'static TerraformRule, json: &str, at: u32) -> NodeId {
        let parsed = serde_json::from_str::<serde_json::Value>(json).unwrap_or_default();
        match &rule.how {
            TerraformHow::Values(table) => {
                let text = parsed.as_str().map_or_else(|| parsed.to_string(), str::to_owned);
                self.table(table, &text, at)
            }
            TerraformHow::Not => {
                let is = parsed.as_bool().unwrap_or(false);
                self.stack.tree.push(Node::Bool(!is), at)
            }
            TerraformHow::Keyed(..) => {
                let text = parsed.as_str().map_or_else(|| parsed.to_string(), str::to_owned);
                self.stack.tree.push_string(&text, at)
            }
            _ => self.json_value(&parsed, at),
        }
    }

    /// Puts a finished value where a rule says.
    fn put(
        &mut self,
        rule: &'static TerraformRule,
        node: NodeId,
        at: u32,
        out: &mut OutMap,
        elements: &mut Elements,
    ) {
        if let TerraformHow::Keyed(key, name, value) = rule.how {
            let mut pair = OutMap::at(at);
            let key = self.stack.tree.push_string(key, at);
            pair.entries.push((name.into(), Out::Node(key)));
            pair.entries.push((value.into(), Out::Node(node)));
            out.set(&format!("{}/-", rule.to), Out::Map(pair), elements, at);
        } else {
            out.set(rule.to, Out::Node(node), elements, at);
        }
    }

    fn rule(
        &mut self,
        rule: &'static TerraformRule,
        instance: &Instance,
        entry: &Entry,
        near: u32,
        out: &mut OutMap,
        elements: &mut Elements,
    ) {
        let located = &entry.value;
        if Self::says_nothing(&located.value)
            && !matches!(rule.how, TerraformHow::Copy | TerraformHow::Each(_))
        {
            return;
        }
        let at = self.place_of(entry).unwrap_or(near);
        match &rule.how {
            TerraformHow::Ignore => {}
            TerraformHow::None => self.lose(&instance.address.kind, rule.from, entry.place),
            TerraformHow::One(object) => self.one(rule, object, instance, located, at, out, elements),
            TerraformHow::Each(object) => {
                if located.value.is_null() {
                    return;
                }
                let list = self.each(object, instance, located, at);
                let path = rule.to.strip_suffix("/-").unwrap_or(rule.to);
                out.set(path, list, elements, at);
            }
            TerraformHow::By(key, object) => {
                let map = self.by_key(key, object, instance, located, at);
                out.set(rule.to, map, elements, at);
            }
            how => {
                let node = self.scalar(how, located, at);
                if matches!(self.stack.tree.node(node), Node::Absent) {
                    return;
                }
                self.put(rule, node, at, out, elements);
            }
        }
    }

    /// Where a person looks for an attribute: the value if it stands beside the name, else the name.
    fn place_of(&self, entry: &Entry) -> Option<u32> {
        let name = self.offset(entry.place)?;
        let Some(value) = self.offset(entry.value.place).filter(|value| *value >= name) else {
            return Some(name);
        };
        let between = self.stack.tree.source().as_bytes().get(name as usize..value as usize)?;
        Some(if between.contains(&b'\n') { name } else { value })
    }

    /// A value that becomes one node, whatever it is.
    fn scalar(&mut self, how: &'static TerraformHow, located: &Located, at: u32) -> NodeId {
        if let Value::Choice(choice) = located.value.plain() {
            let condition = self.condition(&choice.condition);
            let then = self.scalar(how, &choice.then, at);
            let otherwise = self.scalar(how, &choice.otherwise, at);
            return self.stack.tree.push_choice(condition, then, otherwise, at);
        }
        // The node stands at the attribute, not where a variable has its default.
        let here = Located::new(located.value.clone(), Place::NOWHERE);
        match how {
            TerraformHow::Json => self.json(&Located::new(located.value.clone(), located.place), at),
            TerraformHow::Spelled(type_name, path) => {
                let node = self.json(&Located::new(located.value.clone(), located.place), at);
                match spelled::shape(type_name, path) {
                    Some(shape) => self.spelled(node, shape),
                    None => node,
                }
            }
            TerraformHow::Entries(key, value) => self.entries(key, value, located, at),
            TerraformHow::Object(key, value) => self.named(key, value, located, at),
            TerraformHow::Wrap => {
                let inner = self.value(&here.value, here.place, at);
                self.stack.tree.push_list(&[inner], at)
            }
            TerraformHow::First => match located.value.as_list() {
                Some(list) => match list.items.first() {
                    Some(first) => self.value(&first.value, first.place, at),
                    None => self.stack.tree.push(Node::Absent, at),
                },
                None => self.value(&here.value, here.place, at),
            },
            TerraformHow::Join => {
                let list = self.value(&here.value, here.place, at);
                let comma = self.stack.tree.push_string(",", at);
                self.stack.tree.push_operation(Operation::Join, &[comma, list], at)
            }
            TerraformHow::Split => match located.value.text() {
                Some(text) => {
                    let items: Vec<NodeId> =
                        text.split(',').map(|item| self.stack.tree.push_string(item.trim(), at)).collect();
                    self.stack.tree.push_list(&items, at)
                }
                None => self.value(&here.value, here.place, at),
            },
            TerraformHow::Values(table) => match located.value.text() {
                Some(text) => self.table(table, &text, at),
                None => self.not_in_table(located, at),
            },
            TerraformHow::Not => match located.value.text().as_deref() {
                Some("true") => self.stack.tree.push(Node::Bool(false), at),
                Some("false") => self.stack.tree.push(Node::Bool(true), at),
                _ => self.not_in_table(located, at),
            },
            TerraformHow::Present => self.stack.tree.push(Node::Bool(true), at),
            TerraformHow::Keyed(..) => match located.value.text() {
                Some(text) => self.stack.tree.push_string(&text, at),
                None => self.value(&here.value, here.place, at),
            },
            _ => match &located.value {
                Value::Map(_) | Value::List(_) => self.value(&located.value, located.place, at),
                _ => self.value(&here.value, here.place, at),
            },
        }
    }

    /// A value by a table, in each of its alternatives.
    pub(super) fn by_table(
        &mut self,
        table: &[(&'static str, Option<&'static str>)],
        located: &Located,
        at: u32,
    ) -> NodeId {
        if let Value::Choice(choice) = located.value.plain() {
            let condition = self.condition(&choice.condition);
            let then = self.by_table(table, &choice.then, at);
            let otherwise = self.by_table(table, &choice.otherwise, at);
            return self.stack.tree.push_choice(condition, then, otherwise, at);
        }
        match located.value.text() {
            Some(text) => self.table(table, &text, at),
            None => self.not_in_table(located, at),
        }
    }

    /// A value of which the table needs the text, and that has none yet.
    fn not_in_table(&mut self, located: &Located, at: u32) -> NodeId {
        match located.value.plain() {
            Value::Unknown(unknown) => self.push_unknown(unknown.reason.clone(), at),
            Value::Sensitive(_) => self.secret(at),
            Value::Reference(reference) => {
                let name = reference.target.to_string();
                self.push_unknown(Reason::new(ReasonCode::AttributeAtDeploy, name), at)
            }
            _ => self.push_unknown(Reason::new(ReasonCode::WrongShape, "value"), at),
        }
    }

    fn table(&mut self, table: &[(&'static str, Option<&'static str>)], text: &str, at: u32) -> NodeId {
        match table.iter().find(|(from, _)| *from == text) {
            Some((_, Some("true"))) => self.stack.tree.push(Node::Bool(true), at),
            Some((_, Some("false"))) => self.stack.tree.push(Node::Bool(false), at),
            Some((_, Some(to))) => self.stack.tree.push_string(to, at),
            Some((_, None)) => self.stack.tree.push(Node::Absent, at),
            None => match text.parse::<i64>() {
                Ok(int) => self.stack.tree.push(Node::Int(int), at),
                Err(_) => self.stack.tree.push_string(text, at),
            },
        }
    }

    /// A map as a list of objects with a key and a value.
    fn entries(&mut self, key: &str, value: &str, located: &Located, at: u32) -> NodeId {
        let Some(map) = located.value.as_map() else {
            return self.value(&located.value, Place::NOWHERE, at);
        };
        if let Some(unknown) = &map.open {
            // Which entries there are is not known.
            return self.push_unknown(unknown.reason.clone(), at);
        }
        let items: Vec<NodeId> = map
            .entries
            .iter()
            .map(|entry| {
                let at = self.offset(entry.place).unwrap_or(at);
                let name = self.stack.tree.push_string(&entry.key, at);
                let content = self.value(&entry.value.value, entry.value.place, at);
                let pair = [self.entry(key, name), self.entry(value, content)];
                let range = self.stack.tree.add_entries(&pair);
                self.stack.tree.push(Node::Map(range), at)
            })
            .collect();
        self.stack.tree.push_list(&items, at)
    }

    /// Blocks with a name and a value as a map.
    fn named(&mut self, key: &str, value: &str, located: &Located, at: u32) -> NodeId {
        let Some(list) = located.value.as_list() else {
            return self.value(&located.value, Place::NOWHERE, at);
        };
        let mut entries = Vec::new();
        for item in &list.items {
            let name = item.value.get(key).and_then(|name| name.value.text());
            let (Some(name), Some(content)) = (name, item.value.get(value)) else {
                // One entry without a name that is known leaves the whole map open.
                let subject = self.configuration.root.clone();
                let reason = match item.value.plain() {
                    Value::Unknown(unknown) => unknown.reason.clone(),
                    _ => Reason::new(ReasonCode::InstancesUnknown, subject),
                };
                return self.push_unknown(reason, at);
            };
            let place = self.offset(item.place).unwrap_or(at);
            let node = self.value(&content.value, content.place, place);
            entries.push(self.entry(&name, node));
        }
        let range = self.stack.tree.add_entries(&entries);
        self.stack.tree.push(Node::Map(range), at)
    }

    /// Blocks as a map of objects, by one of their attributes.
    fn by_key(
        &mut self,
        key: &str,
        object: &'static TerraformObject,
        instance: &Instance,
        located: &Located,
        at: u32,
    ) -> Out {
        let mut blocks = Vec::new();
        flatten(located, &mut Vec::new(), &mut blocks, 0);
        let mut out = OutMap::at(at);
        for (conditions, block) in blocks {
            let near = self.offset(block.place).unwrap_or(at);
            let name = block.value.get(key).and_then(|name| name.value.text());
            let (Some(name), Value::Map(map)) = (name, block.value.plain()) else {
                // A block whose key is not known can be any entry of the map.
                return Out::Node(self.not_in_table(block, near));
            };
            let mut inner = OutMap::at(near);
            self.object(object, instance, map, near, &mut inner, &mut Elements::new());
            let value = match conditions[..] {
                [] => Out::Map(inner),
                _ => {
                    let node = self.node(Out::Map(inner));
                    Out::Node(self.when(&conditions, node, near))
                }
            };
            out.entries.push((name.as_ref().into(), value));
        }
        Out::Map(out)
    }

    /// The first block of a type as an object, into which others may write too.
    #[allow(clippy::too_many_arguments)] // a rule, what it is about, and where it goes
    fn one(
        &mut self,
        rule: &'static TerraformRule,
        object: &'static TerraformObject,
        instance: &Instance,
        located: &Located,
        at: u32,
        out: &mut OutMap,
        elements: &mut Elements,
    ) {
        let block = match located.value.plain() {
            Value::List(list) => match list.items.first() {
                Some(first) => first,
                None => return,
            },
            _ => located,
        };
        let at = self.offset(block.place).unwrap_or(at);
        match block.value.plain() {
            Value::Map(map) => {
                if rule.to.is_empty() || rule.to == "." {
                    return self.object(object, instance, map, at, out, elements);
                }
                let mut inner = OutMap::at(at);
                self.object(object, instance, map, at, &mut inner, &mut Elements::new());
                out.set(rule.to, Out::Map(inner), elements, at);
            }
            Value::Choice(choice) => {
                let part = |lower: &mut Self, arm: &Located| {
                    let mut inner = OutMap::at(at);
                    if !Self::says_nothing(&arm.value) {
                        lower.one(rule, object, instance, arm, at, &mut inner, &mut Elements::new());
                    }
                    inner
                };
                let then = part(self, &choice.then);
                let otherwise = part(self, &choice.otherwise);
                let joined = self.choose(&choice.condition, then, otherwise, at);
                out.merge(joined);
            }
            Value::Sensitive(_) if !rule.to.is_empty() && rule.to != "." => {
                let node = self.secret(at);
                out.set(rule.to, Out::Node(node), elements, at);
            }
            Value::Unknown(unknown) => {
                if rule.to.is_empty() || rule.to == "." {
                    for inner in &object.rules {
                        if !inner.to.is_empty() && inner.to != "." {
                            let node = self.push_unknown(unknown.reason.clone(), at);
                            out.set(inner.to, Out::Node(node), elements, at);
                        }
                    }
                } else {
                    let node = self.push_unknown(unknown.reason.clone(), at);
                    out.set(rule.to, Out::Node(node), elements, at);
                }
            }
            _ if rule.to.is_empty() || rule.to == "." => {}
            _ => {
                let node = self.value(&block.value, Place::NOWHERE, at);
                out.set(rule.to, Out::Node(node), elements, at);
            }
        }
    }

    /// One object out of two: property by property, by a condition.
    pub(super) fn choose(
        &mut self,
        condition: &Arc<Condition>,
        then: OutMap,
        otherwise: OutMap,
        at: u32,
    ) -> OutMap {
        let id = self.condition(condition);
        self.choose_by(id, then, otherwise, at)
    }

    pub(super) fn choose_by(&mut self, id: u32, then: OutMap, otherwise: OutMap, at: u32) -> OutMap {
        let mut out = OutMap::at(at);
        let mut rest = otherwise.entries;
        for (key, value) in then.entries {
            let value = self.node(value);
            let other = match rest.iter().position(|(known, _)| *known == key) {
                Some(index) => {
                    let (_, other) = rest.remove(index);
                    self.node(other)
                }
                None => self.stack.tree.push(Node::Absent, at),
            };
            let choice = self.stack.tree.push_choice(id, value, other, at);
            out.entries.push((key, Out::Node(choice)));
        }
        for (key, value) in rest {
            let value = self.node(value);
            let absent = self.stack.tree.push(Node::Absent, at);
            let choice = self.stack.tree.push_choice(id, absent, value, at);
            out.entries.push((key, Out::Node(choice)));
        }
        out
    }

    /// Blocks of a type as a list of objects.
    fn each(
        &mut self,
        object: &'static TerraformObject,
        instance: &Instance,
        located: &Located,
        at: u32,
    ) -> Out {
        if let Value::Unknown(unknown) = located.value.plain() {
            return Out::Node(self.push_unknown(unknown.reason.clone(), at));
        }
        let mut blocks = Vec::new();
        flatten(located, &mut Vec::new(), &mut blocks, 0);
        let mut items = Vec::new();
        for (conditions, block) in blocks {
            let near = self.offset(block.place).unwrap_or(at);
            let Value::Map(map) = block.value.plain() else {
                let node = self.value(&block.value, Place::NOWHERE, near);
                let node = self.when(&conditions, node, near);
                items.push(Out::Node(node));
                continue;
            };
            let mut parts = Vec::new();
            for (name, path) in &object.spread {
                if let Some(entry) = map.get(name) {
                    parts.extend(spread(name, &entry.value).into_iter().map(|(c, e)| (*path, e, c)));
                }
            }
            let count = parts.len().max(1);
            let mut parts = parts.into_iter();
            for _ in 0..count {
                let mut out = OutMap::at(near);
                let mut elements = Elements::new();
                self.object(object, instance, map, near, &mut out, &mut elements);
                let mut all = conditions.clone();
                if let Some((path, element, more)) = parts.next() {
                    let node = match element {
                        Element::Value(located) => {
                            let place = self.offset(located.place).unwrap_or(near);
                            self.value(&located.value, located.place, place)
                        }
                        Element::Own => match self.current {
                            Some(current) => self.refer(current.0, "", near),
                            None => self.stack.tree.push(Node::Absent, near),
                        },
                    };
                    out.set(path, Out::Node(node), &mut elements, near);
                    all.extend(more);
                }
                if all.is_empty() {
                    items.push(Out::Map(out));
                } else {
                    let node = self.node(Out::Map(out));
                    let node = self.when(&all, node, near);
                    items.push(Out::Node(node));
                }
            }
        }
        Out::List(items, at)
    }

    /// A value that is there only under conditions.
    pub(super) fn when(
        &mut self,
        conditions: &[(&Arc<Condition>, bool)],
        mut node: NodeId,
        at: u32,
    ) -> NodeId {
        for (condition, is) in conditions.iter().rev() {
            let id = self.condition(condition);
            let absent = self.stack.tree.push(Node::Absent, at);
            node = match is {
                true => self.stack.tree.push_choice(id, node, absent, at),
                false => self.stack.tree.push_choice(id, absent, node, at),
            };
        }
        node
    }

    /// Tags that the provider adds to every resource; the resource's own win.
    pub(super) fn default_tags(
        &mut self,
        row: &'static TerraformMapping,
        instance: &Instance,
        out: &mut OutMap,
        near: u32,
    ) {
        let Some(rule) = row.object.rules.iter().find(|rule| rule.from == "tags") else { return };
        if instance.address.kind.as_ref() == "aws_autoscaling_group" {
            return;
        }
        let defaults = &instance.provider.default_tags;
        if Self::says_nothing(&defaults.value) {
            return;
        }
        let own = instance.attributes.value.get("tags");
        let own_map = own.and_then(|own| own.value.as_map());
        let joined = match (defaults.value.as_map(), own, own_map) {
            (Some(defaults), None, _) => Located::new(Value::Map(Arc::new(defaults.clone())), Place::NOWHERE),
            (Some(defaults), Some(_), Some(own)) => {
                let entries = defaults.entries.iter().chain(&own.entries).cloned().collect();
                let mut map = Map::from_entries(entries);
                map.open = own.open.clone().or_else(|| defaults.open.clone());
                Located::new(Value::Map(Arc::new(map)), Place::NOWHERE)
            }
            // One of them is not known as a map: which tags there are is not known either.
            (None, ..) => defaults.clone(),
            _ => return,
        };
        let node = self.scalar(&rule.how, &joined, near);
        if !matches!(self.stack.tree.node(node), Node::Absent) {
            out.set(rule.to, Out::Node(node), &mut Elements::new(), near);
        }
    }
}
