//! A fix as the lines of a diff, at the place where it belongs.

use sekisho_assess::Judgement;
use sekisho_estate::{Estate, Node, NodeId, Resource, ResourceId, Stack, StackIndex};
use sekisho_guidance::Patch;
use serde_json::Value;

use crate::patch::{entry, flow, inline, nested, patch_of, resource_lines};
use crate::text::extent::{boundary, extent, is_json, line_end, line_start};
use crate::text::frame::Frames;

/// A line of a diff.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DiffLine {
    /// Line in the file as it is, where it is a line of the file.
    pub(crate) number: Option<u32>,
    /// `-`, `+`, or a space for what only says where.
    pub(crate) sign: char,
    /// The line.
    pub(crate) text: String,
}

impl DiffLine {
    fn added(text: String) -> Self {
        Self { number: None, sign: '+', text }
    }
}

/// What to change so that a judgement passes; empty where no patch says it.
pub(crate) fn diff(frames: &Frames<'_>, estate: &Estate, judgement: &Judgement<'_>) -> Vec<DiffLine> {
    let Some(id) = judgement.resource else { return Vec::new() };
    let stack = estate.stack(id.stack);
    let terraform =
        estate.inputs.iter().any(|i| i.kind == "terraform" && i.stack.as_deref() == Some(&*stack.id));
    if terraform {
        let text = judgement.control.fix.terraform.as_deref().unwrap_or_default();
        return text.lines().map(|line| DiffLine::added(line.to_owned())).collect();
    }
    let Some(patch) = patch_of(judgement.control, estate.id(id)) else { return Vec::new() };
    let writer = Writer {
        frames,
        stack,
        index: id.stack,
        json: is_json(stack.tree.source()),
        hunks: Vec::new(),
        edits: Vec::new(),
    };
    writer.patch(&patch, stack.resource(id.index), companion(estate, judgement, &patch))
}

/// The companion that is there and that the patch changes: one that the evidence shows, else
/// one in the same stack that refers to the resource.
fn companion(estate: &Estate, judgement: &Judgement<'_>, patch: &Patch) -> Option<ResourceId> {
    patch.companion.as_ref()?;
    let judged = judgement.resource?;
    let types: Vec<&str> = patch.resources.values().map(|resource| resource.ty.as_str()).collect();
    let shown = judgement.evidence.iter().filter_map(|evidence| evidence.resource);
    let edges = estate.stack(judged.stack).references.iter().filter(|reference| reference.to == judged);
    let referring = edges.map(|reference| ResourceId { stack: judged.stack, index: reference.from });
    shown.chain(referring).find(|owner| types.contains(&estate.type_name(*owner)))
}

struct Writer<'w, 'a> {
    frames: &'w Frames<'a>,
    stack: &'a Stack,
    index: StackIndex,
    json: bool,
    /// Lines that belong together.
    hunks: Vec<Vec<DiffLine>>,
    /// Parts of lines to replace: from, to, with what.
    edits: Vec<(usize, usize, String)>,
}

impl Writer<'_, '_> {
    fn patch(mut self, patch: &Patch, resource: &Resource, companion: Option<ResourceId>) -> Vec<DiffLine> {
        let properties = resource.properties;
        let missing = !matches!(self.stack.tree.node(properties), Node::Map(_));
        if missing && !(patch.properties.is_empty() && patch.append.is_empty()) {
            let indent = self.column(resource.offset as usize) + 2;
            self.block("Properties", &Value::Object(patch.properties.clone().into_iter().collect()), indent);
        } else {
            for (key, value) in &patch.properties {
                self.set(properties, key, value, 0);
            }
            for pointer in &patch.remove {
                self.remove(properties, pointer);
            }
            for (pointer, items) in &patch.append {
                let indent = self.indent_in(properties).unwrap_or(2);
                self.append(pointer, items, indent);
            }
            self.apply();
            // In the order of the file; what has no line of its own comes last.
            let line = |hunk: &Vec<DiffLine>| hunk.iter().find_map(|line| line.number).unwrap_or(u32::MAX);
            self.hunks.sort_by_key(line);
        }
        match (companion, &patch.companion) {
            (Some(owner), Some(change)) if owner.stack == self.index => {
                let other = self.stack.resource(owner.index);
                let name = self.stack.text(other.id).to_owned();
                let indent = self.column(other.offset as usize);
                let text = format!("{}{name}:", " ".repeat(indent));
                self.hunks.push(vec![self.context(other.offset as usize, text)]);
                for (key, value) in &change.properties {
                    self.set(other.properties, key, value, 0);
                }
                for pointer in &change.remove {
                    self.remove(other.properties, pointer);
                }
                self.apply();
                for (pointer, items) in &change.append {
                    let indent = self.indent_in(other.properties).unwrap_or(indent + 4);
                    self.append(pointer, items, indent);
                }
            }
            _ => {
                let indent = self.column(resource.offset as usize);
                for (id, new) in &patch.resources {
                    if self.json {
                        let Ok(value) = serde_json::to_value(new) else { continue };
                        self.json_entry(id, &value, indent);
                    } else {
                        let space = " ".repeat(indent);
                        let lines = resource_lines(id, new);
                        let lines = lines.into_iter().map(|line| DiffLine::added(format!("{space}{line}")));
                        self.hunks.push(lines.collect());
                    }
                }
            }
        }
        self.hunks.into_iter().flatten().collect()
    }

    fn source(&self) -> &str {
        self.stack.tree.source()
    }

    fn column(&self, offset: usize) -> usize {
        offset.min(self.source().len())
            - line_start(self.source().as_bytes(), offset.min(self.source().len()))
    }

    fn line_of(&self, offset: usize) -> u32 {
        self.frames.lines_position(self.index, offset)
    }

    /// A line that stays and says where the change belongs.
    fn context(&self, offset: usize, text: String) -> DiffLine {
        DiffLine { number: Some(self.line_of(offset)), sign: ' ', text }
    }

    /// Turns the edits into lines before and after, all edits of a line at once.
    fn apply(&mut self) {
        let mut edits = std::mem::take(&mut self.edits);
        edits.sort_by_key(|(start, end, _)| (*start, *end));
        let mut rest = edits.as_slice();
        while let Some((first, _, _)) = rest.first() {
            let bytes = self.source().as_bytes();
            let (line, stop) = (line_start(bytes, *first), line_end(bytes, *first));
            let (these, others) = rest.split_at(rest.partition_point(|(start, _, _)| *start <= stop));
            let (mut new, mut from) = (String::new(), line);
            for (start, end, text) in these {
                new.push_str(&self.shown(from, *start));
                new.push_str(text);
                from = *end;
            }
            new.push_str(&self.shown(from, stop));
            let number = Some(self.line_of(line));
            let old = self.shown(line, stop);
            self.hunks.push(vec![
                DiffLine { number, sign: '-', text: old },
                DiffLine { number, sign: '+', text: new },
            ]);
            rest = others;
        }
    }

    /// Sets a property of a map that is written. Maps merge, all else replaces.
    fn set(&mut self, map: NodeId, key: &str, value: &Value, depth: u32) {
        let tree = &self.stack.tree;
        let found = tree.map(map).iter().rev().find(|e| tree.text(e.key) == key).copied();
        let Some(found) = found else {
            self.insert(map, key, value);
            return;
        };
        if let (Value::Object(inner), Node::Map(_), true) = (value, tree.node(found.value), depth < 16)
            && inline(value).is_none()
            && !tree.map(found.value).is_empty()
        {
            for (key, value) in inner {
                self.set(found.value, key, value, depth + 1);
            }
            return;
        }
        let start = tree.offset(found.value) as usize;
        let end = extent(self.source(), start);
        let line = line_start(self.source().as_bytes(), start);
        let stop = line_end(self.source().as_bytes(), start);
        let short = self.short(value);
        if end <= stop
            && stop - line < 400
            && let Some(short) = short
        {
            let before = &self.source()[line..start];
            let tag = before.rfind('!').filter(|at| before[..*at].ends_with(": "));
            let is_so = match (tree.node(found.value), value) {
                (Node::Bool(is), Value::Bool(wanted)) => is == *wanted,
                _ => self.source().get(start..end) == Some(short.as_str()),
            };
            if !is_so {
                self.edits.push((tag.map_or(start, |at| line + at), end, short));
            }
            return;
        }
        // What is there goes, and the new value comes in its place.
        let key_line = line_start(self.source().as_bytes(), tree.key_offset(&found) as usize);
        self.gone(key_line, end);
        let indent = self.indent_in(map).unwrap_or(2);
        self.block(key, value, indent);
        if let (Some(new), Some(old)) = (self.hunks.pop(), self.hunks.last_mut()) {
            old.extend(new);
        }
    }

    /// Adds a property to a map that is written.
    fn insert(&mut self, map: NodeId, key: &str, value: &Value) {
        let Some(first) = self.first_key(map) else {
            let indent = self.column(self.stack.tree.offset(map) as usize);
            self.block(key, value, indent);
            return;
        };
        let (line, stop) =
            (line_start(self.source().as_bytes(), first), line_end(self.source().as_bytes(), first));
        let alone = self.source()[line..first].trim_start().trim_start_matches(['"', '\'']).is_empty();
        if !alone && stop - line < 400 {
            let short = if self.json { value.to_string() } else { flow(value) };
            // A map in one line: the property goes in front of the first.
            let quote = self.source()[..first].ends_with(['"', '\'']);
            let at = first - usize::from(quote);
            let key = if self.json { format!("\"{key}\"") } else { key.to_owned() };
            self.edits.push((at, at, format!("{key}: {short}, ")));
            return;
        }
        let indent = self.indent_in(map).unwrap_or(2);
        self.block(key, value, indent);
        if alone
            && line > 0
            && let Some(mut hunk) = self.hunks.pop()
        {
            // The line above, which is the key of the map, says where.
            let above = line_start(self.source().as_bytes(), line - 1);
            let text = self.shown(above, line_end(self.source().as_bytes(), above));
            hunk.insert(0, self.context(above, text));
            self.hunks.push(hunk);
        }
    }

    fn remove(&mut self, properties: NodeId, pointer: &str) {
        let tree = &self.stack.tree;
        let (mut at, mut key) = (properties, 0);
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let next = match tree.node(at) {
                Node::Map(range) => {
                    let found = tree.entries(range).iter().rev().find(|e| tree.text(e.key) == step);
                    found.map(|e| (e.value, tree.key_offset(e)))
                }
                Node::List(_) => {
                    let found = step.parse().ok().and_then(|i: usize| tree.list(at).get(i).copied());
                    found.map(|node| (node, tree.offset(node)))
                }
                _ => None,
            };
            let Some((node, offset)) = next else { return };
            (at, key) = (node, offset as usize);
        }
        let start = line_start(self.source().as_bytes(), key);
        let end = extent(self.source(), tree.offset(at) as usize).max(key);
        self.gone(start, end);
    }

    /// Lines that go.
    fn gone(&mut self, start: usize, end: usize) {
        let mut line = start;
        let mut hunk = Vec::new();
        while line <= end && hunk.len() < 64 {
            let stop = line_end(self.source().as_bytes(), line);
            let (number, text) =
                (Some(self.line_of(line)), self.shown(line, boundary(self.source(), stop.min(line + 400))));
            hunk.push(DiffLine { number, sign: '-', text });
            match memchr::memchr(b'\n', &self.source().as_bytes()[line..]) {
                Some(feed) => line += feed + 1,
                None => break,
            }
        }
        self.hunks.push(hunk);
    }

    fn append(&mut self, pointer: &str, items: &[Value], indent: usize) {
        if self.json {
            let mut value = Value::Array(items.to_vec());
            let mut keys: Vec<&str> = pointer.split('/').skip(1).collect();
            let first = keys.first().copied().unwrap_or_default();
            while keys.len() > 1 {
                let key = keys.pop().unwrap_or_default().to_owned();
                value = Value::Object([(key, value)].into_iter().collect());
            }
            self.json_entry(first, &value, indent);
            return;
        }
        let mut lines = Vec::new();
        nested(&mut lines, pointer, items, indent);
        let keys = pointer.split('/').count() - 1;
        let line = |(at, text)| DiffLine { number: None, sign: if at < keys { ' ' } else { '+' }, text };
        self.hunks.push(lines.into_iter().enumerate().map(line).collect());
    }

    /// A key and its value as lines that are added.
    fn block(&mut self, key: &str, value: &Value, indent: usize) {
        if self.json {
            self.json_entry(key, value, indent);
            return;
        }
        let mut lines = Vec::new();
        entry(&mut lines, key, value, indent);
        self.hunks.push(lines.into_iter().map(DiffLine::added).collect());
    }

    fn json_entry(&mut self, key: &str, value: &Value, indent: usize) {
        let space = " ".repeat(indent.min(40));
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        let mut lines: Vec<String> = text.lines().map(|line| format!("{space}{line}")).collect();
        if let Some(first) = lines.first_mut() {
            *first = format!("{space}{}: {}", Value::from(key), first.trim_start());
        }
        if let Some(last) = lines.last_mut() {
            last.push(',');
        }
        self.hunks.push(lines.into_iter().map(DiffLine::added).collect());
    }

    fn short(&self, value: &Value) -> Option<String> {
        match value {
            Value::Object(map) if self.json && !map.is_empty() => None,
            Value::Array(items)
                if self.json && items.iter().any(|item| item.is_object() || item.is_array()) =>
            {
                None
            }
            _ if self.json => serde_json::to_string(value).ok(),
            _ => inline(value),
        }
    }

    fn shown(&self, start: usize, end: usize) -> String {
        self.frames.text(self.index, start, end.max(start))
    }

    /// Where the first key of a map is written.
    fn first_key(&self, map: NodeId) -> Option<usize> {
        let tree = &self.stack.tree;
        let written = tree.map(map).iter().filter(|e| (e.key.start as usize) < self.source().len());
        written.map(|e| e.key.start as usize).min()
    }

    fn indent_in(&self, map: NodeId) -> Option<usize> {
        let first = self.first_key(map)?;
        let line = line_start(self.source().as_bytes(), first);
        let before = &self.source()[line..first];
        Some(before.len() - before.trim_start().len().min(before.len()))
    }
}
