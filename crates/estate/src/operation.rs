//! Pure operations on values that are not all known when a source lowers them.

use crate::reader::Reader;
use crate::reason::{ReasonCode, Why};
use crate::value::{Part, Text};
use crate::{NodeId, Value, View};

/// What an operation node does with its operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operation {
    /// Texts one after the other.
    Concat,
    /// Elements of a list (second operand) with a delimiter (first) between.
    Join,
    /// The pieces of a text (second operand) between delimiters (first).
    Split,
    /// The element of a list (second operand) at an index (first).
    Select,
    /// Table, first key, second key and, if given, a default: an entry of a two-level table.
    Lookup,
    /// Number of elements of a list.
    Length,
    /// The value as compact JSON text.
    ToJson,
    /// Network (first), how many (second), host bits (third): equal subnets of an IPv4 network.
    Cidr,
    /// A named member of a value.
    Member,
}

impl<'e> Reader<'e> {
    /// Carries out an operation in the current world.
    pub(crate) fn operate(
        &self,
        view: View<'e>,
        operation: Operation,
        operands: &'e [NodeId],
        depth: u32,
    ) -> Value<'e> {
        if !self.spend(1) {
            return self.too_much();
        }
        let operand =
            |index: usize| operands.get(index).map_or(Value::Absent, |&n| self.read(view.at(n), depth + 1));
        match operation {
            Operation::Concat => {
                let mut parts = PartList::new(self, depth);
                for &node in operands {
                    if let Err(unknown) = parts.push_value(self.read(view.at(node), depth + 1)) {
                        return unknown;
                    }
                }
                parts.finish()
            }
            Operation::Join => {
                let Value::Str(delimiter) = operand(0) else {
                    return self.unknown(ReasonCode::InvalidFunction, "Fn::Join");
                };
                let mut parts = PartList::new(self, depth);
                match self.elements(operand(1), depth + 1) {
                    Ok(items) => {
                        for (index, item) in items.iter().enumerate() {
                            if index > 0 {
                                parts.push(Part::Literal(delimiter));
                            }
                            if let Err(unknown) = parts.push_value(*item) {
                                return unknown;
                            }
                        }
                        parts.finish()
                    }
                    Err(unknown) => unknown,
                }
            }
            Operation::Split => self.split(operand(0), self.written(operand(1), depth)),
            Operation::Select => self.select(view, operand(0), operand(1), depth),
            Operation::Lookup => self.lookup(view, operands, depth),
            Operation::Length => match self.elements(operand(0), depth + 1) {
                Ok(items) => Value::Int(items.len() as i64),
                Err(unknown) => unknown,
            },
            Operation::ToJson => {
                let mut parts = PartList::new(self, depth);
                self.json(operand(0), &mut parts, depth + 1);
                parts.finish()
            }
            Operation::Cidr => self.cidr(self.written(operand(0), depth), operand(1), operand(2)),
            Operation::Member => match (operand(0), operand(1)) {
                (Value::Map(map), Value::Str(key)) => match map.stack.tree.get(map.node, key) {
                    Some(node) => self.read(map.at(node), depth + 1),
                    None => Value::Absent,
                },
                (unknown @ Value::Unknown(_), _) => unknown,
                _ => self.unknown(ReasonCode::WrongShape, "member"),
            },
        }
    }

    /// A reference as the text that the source writes for it, where it does.
    fn written(&self, value: Value<'e>, depth: u32) -> Value<'e> {
        match value {
            Value::Reference(target) => self.referenced_at(target, depth + 1).unwrap_or(value),
            other => other,
        }
    }

    fn split(&self, delimiter: Value<'e>, text: Value<'e>) -> Value<'e> {
        let Value::Str(delimiter) = delimiter else {
            return self.unknown(ReasonCode::InvalidFunction, "Fn::Split");
        };
        if delimiter.is_empty() {
            return self.unknown(ReasonCode::InvalidFunction, "Fn::Split");
        }
        match text {
            Value::Str(text) => Value::Items(
                self.bump.alloc_slice_fill_iter(text.split(delimiter).map(Value::Str).collect::<Vec<_>>()),
            ),
            // An unknown part is a name, ARN or attribute; it may hold the delimiter itself.
            Value::Text(text) => self.unknown(ReasonCode::AttributeAtDeploy, text.display()),
            Value::Reference(target) => self.unknown(ReasonCode::AttributeAtDeploy, target.name()),
            other => other,
        }
    }

    fn select(&self, view: View<'e>, index: Value<'e>, list: Value<'e>, depth: u32) -> Value<'e> {
        let index = match index {
            Value::Int(i) => usize::try_from(i).ok(),
            Value::Str(text) => text.trim().parse().ok(),
            Value::Unknown(_) => {
                // A choice over the elements, as for a lookup with an unknown key.
                return match self.elements(list, depth + 1) {
                    Ok([]) => self.unknown(ReasonCode::InvalidFunction, "Fn::Select"),
                    Ok(items) => items[self.worlds.pick(view.stack, view.node, items.len())],
                    Err(unknown) => unknown,
                };
            }
            _ => None,
        };
        match (index, self.elements(list, depth + 1)) {
            (Some(index), Ok(items)) => match items.get(index) {
                Some(item) => *item,
                None => self.unknown(ReasonCode::InvalidFunction, "Fn::Select"),
            },
            (_, Err(unknown)) => unknown,
            (None, _) => self.unknown(ReasonCode::InvalidFunction, "Fn::Select"),
        }
    }

    /// A key that is an open variable is each of the keys in turn: a world for each.
    fn lookup(&self, view: View<'e>, operands: &'e [NodeId], depth: u32) -> Value<'e> {
        let default = operands.get(3).map(|&n| view.at(n));
        let mut table = view.at(operands[0]);
        for (level, &key_node) in operands[1..3].iter().enumerate() {
            let keys: Vec<&'e str> = table.entries().iter().map(|e| table.stack.text(e.key)).collect();
            let key = match self.comparable(view.at(key_node), depth + 1) {
                Comparable::Text(key) => key,
                Comparable::Open(stack, variable) if default.is_none() => {
                    let possible: Vec<&'e str> =
                        keys.iter().copied().filter(|k| !self.worlds.excluded(stack, variable, k)).collect();
                    if possible.is_empty() {
                        return self.unknown(ReasonCode::MapEntryNotFound, "");
                    }
                    self.worlds.among(stack, variable, self.bump.alloc_slice_copy(&possible))
                }
                Comparable::Open(..) | Comparable::Unknown(_) if default.is_none() && !keys.is_empty() => {
                    keys[self.worlds.pick(view.stack, key_node, keys.len())]
                }
                Comparable::Open(stack, variable) => {
                    // With a default the key may be none of the table's.
                    match keys.iter().find(|key| self.worlds.is(stack, variable, key)) {
                        Some(key) => key,
                        None => return self.read(default.unwrap_or(view), depth + 1),
                    }
                }
                Comparable::Unknown(reason) => return Value::Unknown(reason),
            };
            match table.stack.tree.get(table.node, key) {
                Some(node) => table = table.at(node),
                None => {
                    return match default {
                        Some(default) => self.read(default, depth + 1),
                        None => self.unknown(ReasonCode::MapEntryNotFound, format!("{}: {key}", level + 1)),
                    };
                }
            }
        }
        self.read(table, depth + 1)
    }

    fn cidr(&self, block: Value<'e>, count: Value<'e>, bits: Value<'e>) -> Value<'e> {
        let number = |value: Value<'e>| match value {
            Value::Int(i) => u32::try_from(i).ok(),
            Value::Str(text) => text.parse::<u32>().ok(),
            _ => None,
        };
        let (Value::Str(block), Some(count), Some(bits)) = (block, number(count), number(bits)) else {
            return self.unknown(ReasonCode::UnsupportedFunction, "Fn::Cidr");
        };
        let parsed = block.split_once('/').and_then(|(address, prefix)| {
            let address: std::net::Ipv4Addr = address.parse().ok()?;
            let prefix: u32 = prefix.parse().ok().filter(|p| *p <= 32)?;
            Some((u32::from(address), prefix))
        });
        let Some((base, prefix)) = parsed else {
            return self.unknown(ReasonCode::UnsupportedFunction, "Fn::Cidr");
        };
        let new_prefix = 32_u32.saturating_sub(bits);
        if bits > 32
            || new_prefix < prefix
            || count > 256
            || u64::from(count) > 1_u64 << (new_prefix - prefix)
        {
            return self.unknown(ReasonCode::InvalidFunction, "Fn::Cidr");
        }
        let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
        let items: Vec<Value<'e>> = (0..count)
            .map(|i| {
                let offset = u64::from(i) << bits;
                let address = std::net::Ipv4Addr::from((base & mask).wrapping_add(offset as u32));
                Value::Str(self.bump.alloc_str(&format!("{address}/{new_prefix}")))
            })
            .collect();
        Value::Items(self.bump.alloc_slice_copy(&items))
    }

    fn json(&self, value: Value<'e>, parts: &mut PartList<'_, 'e>, depth: u32) {
        let alloc = |text: String| -> &'e str { self.bump.alloc_str(&text) };
        match value {
            Value::Null | Value::Absent => parts.push(Part::Literal("null")),
            Value::Bool(b) => parts.push(Part::Literal(if b { "true" } else { "false" })),
            Value::Int(i) => parts.push(Part::Literal(alloc(i.to_string()))),
            Value::Float(f) => parts.push(Part::Literal(alloc(f.to_string()))),
            Value::Str(text) => parts.push(Part::Literal(alloc(crate::json::quote(text)))),
            Value::Map(map) => {
                parts.push(Part::Literal("{"));
                let mut first = true;
                for entry in map.entries() {
                    let member = self.read(map.at(entry.value), depth + 1);
                    if member == Value::Absent {
                        continue;
                    }
                    if !first {
                        parts.push(Part::Literal(","));
                    }
                    first = false;
                    parts.push(Part::Literal(alloc(crate::json::quote(map.stack.text(entry.key)))));
                    parts.push(Part::Literal(":"));
                    self.json(member, parts, depth + 1);
                }
                parts.push(Part::Literal("}"));
            }
            Value::List(_) | Value::Items(_) => {
                parts.push(Part::Literal("["));
                for (index, item) in self.elements(value, depth + 1).unwrap_or(&[]).iter().enumerate() {
                    if index > 0 {
                        parts.push(Part::Literal(","));
                    }
                    self.json(*item, parts, depth + 1);
                }
                parts.push(Part::Literal("]"));
            }
            other => {
                parts.push(Part::Literal("\""));
                let reason = self.reason(ReasonCode::WrongShape, "Fn::ToJsonString");
                parts.push_value(other).unwrap_or_else(|_| parts.push(Part::Unknown(reason)));
                parts.push(Part::Literal("\""));
            }
        }
    }
}

/// What a value is for a comparison as text, which may decide an open variable.
pub(crate) enum Comparable<'e> {
    /// Known text.
    Text(&'e str),
    /// A variable that can be anything.
    Open(&'e crate::Stack, crate::VariableId),
    /// Not known.
    Unknown(Why<'e>),
}

/// Builds a text from parts, joining neighbouring literals.
pub(crate) struct PartList<'r, 'e> {
    reader: &'r Reader<'e>,
    parts: Vec<Part<'e>>,
    literal: String,
    depth: u32,
}

impl<'r, 'e> PartList<'r, 'e> {
    pub(crate) fn new(reader: &'r Reader<'e>, depth: u32) -> Self {
        Self { reader, parts: Vec::new(), literal: String::new(), depth }
    }

    pub(crate) fn push(&mut self, part: Part<'e>) {
        match part {
            Part::Literal(text) => self.literal.push_str(text),
            other => {
                self.flush();
                self.parts.push(other);
            }
        }
    }

    /// Adds a value as text; a list or map has none.
    pub(crate) fn push_value(&mut self, value: Value<'e>) -> Result<(), Value<'e>> {
        match value {
            Value::Str(text) => self.literal.push_str(text),
            Value::Bool(b) => self.literal.push_str(if b { "true" } else { "false" }),
            Value::Int(i) => self.literal.push_str(&i.to_string()),
            Value::Float(f) => self.literal.push_str(&f.to_string()),
            Value::Text(text) => text.parts.iter().for_each(|part| self.push(*part)),
            Value::Reference(target) => match self.reader.referenced_at(target, self.depth + 1) {
                Some(Value::Str(text)) => self.literal.push_str(text),
                _ => self.push(Part::Reference(target)),
            },
            Value::Secret(view) => self.push(Part::Secret(view)),
            Value::Unknown(reason) => self.push(match reason.code {
                ReasonCode::ParameterWithoutValue
                | ReasonCode::PseudoParameter
                | ReasonCode::VariableWithoutValue => Part::Variable(reason.subject),
                _ => Part::Unknown(reason),
            }),
            Value::Null | Value::Absent => {}
            Value::List(_) | Value::Items(_) | Value::Map(_) => {
                return Err(self.reader.unknown(ReasonCode::WrongShape, "text"));
            }
        }
        Ok(())
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.parts.push(Part::Literal(self.reader.bump.alloc_str(&self.literal)));
            self.literal.clear();
        }
    }

    pub(crate) fn finish(mut self) -> Value<'e> {
        self.flush();
        let bytes: usize =
            self.parts.iter().map(|p| if let Part::Literal(t) = p { t.len() } else { 16 }).sum();
        if !self.reader.spend(bytes / 64) {
            return self.reader.too_much();
        }
        match self.parts.as_slice() {
            [] => Value::Str(""),
            [Part::Literal(text)] => Value::Str(text),
            parts => {
                Value::Text(self.reader.bump.alloc(Text { parts: self.reader.bump.alloc_slice_copy(parts) }))
            }
        }
    }
}
