//! `AWS::Include`: files put into a template.
//!
//! AWS: Template Reference, "AWS::Include transform": at the top level as `Transform`, or anywhere
//! but in the parameters as `Fn::Transform`; the content of the file takes the place of the
//! transform, beside the keys that are there. The location may be a parameter. Here the file is
//! one of the input, found as the templates of nested stacks are.
//!
//! What is included stands at the transform: its own lines are those of another file.
//!
//! Complexity: linear in the nodes of templates that include, and in what they include.

use std::collections::{HashMap, HashSet};

use sekisho_estate::{Entry, Node, NodeId, Reason, ReasonCode, Tree};

use crate::function::Function;
use crate::library::Pristine;
use crate::lower::{Lowering, MAX_DEPTH};
use crate::paths::{Found, Paths};

/// Most nodes that the files included in one template may have.
const MAX_INCLUDED: usize = 1_000_000;
/// Deepest chain of files that include each other.
const MAX_CHAIN: usize = 16;

/// The name of the transform.
pub(crate) const INCLUDE: &str = "AWS::Include";

/// The files of the input that may be included.
pub(crate) struct Includes<'f> {
    paths: Paths<'f>,
    documents: HashMap<usize, Pristine>,
}

impl<'f> Includes<'f> {
    /// Documents by the index of their file.
    pub(crate) fn new(paths: &'f [&'f str], documents: HashMap<usize, Pristine>) -> Self {
        Self { paths: Paths::new(paths, documents.keys().copied().collect()), documents }
    }
}

/// A copy of a node of another tree. None when there would be too many nodes.
pub(crate) fn graft(
    into: &mut Tree,
    from: &Tree,
    node: NodeId,
    place: &dyn Fn(u32) -> u32,
    budget: &mut usize,
    depth: u32,
) -> Option<NodeId> {
    *budget = budget.checked_sub(1)?;
    if depth > MAX_DEPTH {
        return None;
    }
    let at = place(from.offset(node));
    let copied = match from.node(node) {
        Node::String(span) => Node::String(into.add_text(from.text(span))),
        Node::List(range) => {
            let mut children = Vec::with_capacity(range.len as usize);
            for &child in from.children(range) {
                children.push(graft(into, from, child, place, budget, depth + 1)?);
            }
            Node::List(into.add_children(&children))
        }
        Node::Map(range) => {
            let mut entries = Vec::with_capacity(range.len as usize);
            for entry in from.entries(range) {
                let value = graft(into, from, entry.value, place, budget, depth + 1)?;
                let key = into.add_text(from.text(entry.key));
                entries.push(Entry { hash: entry.hash, key, value });
            }
            Node::Map(into.add_entries(&entries))
        }
        Node::Tagged { tag, child } => {
            let child = graft(into, from, child, place, budget, depth + 1)?;
            Node::Tagged { tag: into.intern(from.name(tag)), child }
        }
        // A document that was only parsed has no other nodes.
        other => other,
    };
    Some(into.push(copied, at))
}

/// The walk over what includes.
struct Walk {
    /// Files that include each other down to here.
    chain: Vec<usize>,
    seen: HashSet<NodeId>,
    budget: usize,
}

impl Lowering<'_> {
    /// Puts the files in that the template includes.
    pub(crate) fn include_all(&mut self, root: NodeId) {
        if self.includes.is_none() {
            return;
        }
        let mut walk = Walk { chain: vec![self.file], seen: HashSet::new(), budget: MAX_INCLUDED };
        if let Some(declaration) = self.stack.tree.get(root, "Transform") {
            for transform in self.transforms_in(declaration) {
                if self.is_include(transform) && !self.include_at_top(root, transform, &mut walk) {
                    self.not_included(transform);
                }
            }
        }
        self.include_in(root, &mut walk, 0);
        if let Some(declaration) = self.stack.tree.get(root, Function::Transform.name()) {
            for transform in self.transforms_in(declaration) {
                if self.is_include(transform) {
                    self.not_included(transform);
                }
            }
        }
    }

    /// A top-level include: its sections are merged with those that are there.
    fn include_at_top(&mut self, root: NodeId, transform: NodeId, walk: &mut Walk) -> bool {
        let Some((file, content)) = self.included(transform, walk) else { return false };
        let Node::Map(range) = self.stack.tree.node(content) else { return false };
        walk.chain.push(file);
        self.include_in(content, walk, 1);
        walk.chain.pop();
        let mut entries = self.stack.tree.map(root).to_vec();
        for entry in self.stack.tree.entries(range).to_vec() {
            let key = self.stack.tree.text(entry.key).to_owned();
            let mine = entries.iter_mut().find(|e| self.stack.tree.text(e.key) == key);
            let Some(mine) = mine else {
                entries.push(entry);
                continue;
            };
            if let (Node::Map(own), Node::Map(theirs)) =
                (self.stack.tree.node(mine.value), self.stack.tree.node(entry.value))
            {
                let at = self.stack.tree.offset(mine.value);
                let merged = self.beside(own, theirs);
                mine.value = self.stack.tree.push(merged, at);
            }
        }
        let range = self.stack.tree.add_entries(&entries);
        self.stack.tree.set(root, Node::Map(range));
        true
    }

    /// Entries with others beside them; those that are there outrank.
    fn beside(&mut self, own: sekisho_estate::Range, others: sekisho_estate::Range) -> Node {
        let tree = &mut self.stack.tree;
        let mut entries = tree.entries(own).to_vec();
        let known: HashSet<String> = entries.iter().map(|e| tree.text(e.key).to_owned()).collect();
        entries.extend(tree.entries(others).iter().filter(|e| !known.contains(tree.text(e.key))));
        Node::Map(tree.add_entries(&entries))
    }

    /// The transforms of a declaration: one, or a list.
    fn transforms_in(&self, declaration: NodeId) -> Vec<NodeId> {
        match self.stack.tree.node(declaration) {
            Node::List(range) => self.stack.tree.children(range).to_vec(),
            _ => vec![declaration],
        }
    }

    fn is_include(&self, transform: NodeId) -> bool {
        let tree = &self.stack.tree;
        tree.get(transform, "Name").and_then(|name| tree.string(name)) == Some(INCLUDE)
    }

    fn not_included(&mut self, transform: NodeId) {
        self.loss(
            transform,
            "transform AWS::Include is not evaluated; it may add resources that are not read",
        );
        self.may_add(Reason::new(ReasonCode::Transform, INCLUDE));
    }

    /// Includes below a node.
    fn include_in(&mut self, node: NodeId, walk: &mut Walk, depth: u32) {
        if depth > MAX_DEPTH || !walk.seen.insert(node) {
            return;
        }
        match self.stack.tree.node(node) {
            Node::List(range) => {
                for index in 0..range.len as usize {
                    let child = self.stack.tree.children(range)[index];
                    self.include_in(child, walk, depth + 1);
                }
            }
            Node::Tagged { child, .. } => {
                if let Some((Function::Transform, argument)) = self.function_of(node)
                    && self.is_include(argument)
                    && let Some((file, content)) = self.included(argument, walk)
                {
                    self.included_into(node, file, content, walk, depth);
                    return;
                }
                self.include_in(child, walk, depth + 1);
            }
            Node::Map(range) => {
                let entries = self.stack.tree.entries(range).to_vec();
                let transform =
                    entries.iter().position(|e| self.stack.tree.text(e.key) == Function::Transform.name());
                if let Some(index) = transform {
                    self.include_beside(node, entries, index, walk, depth);
                }
                for entry in self.stack.tree.map(node).to_vec() {
                    let key = self.stack.tree.text(entry.key);
                    if depth > 0 || !matches!(key, "Parameters" | "Transform") {
                        self.include_in(entry.value, walk, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// Includes at a key of a map: beside its other keys, or in the place of the map.
    fn include_beside(
        &mut self,
        node: NodeId,
        mut entries: Vec<Entry>,
        index: usize,
        walk: &mut Walk,
        depth: u32,
    ) {
        let declaration = entries[index].value;
        let mut left = Vec::new();
        for transform in self.transforms_in(declaration) {
            let found = if self.is_include(transform) { self.included(transform, walk) } else { None };
            let Some((file, content)) = found else {
                left.push(transform);
                continue;
            };
            walk.chain.push(file);
            self.include_in(content, walk, depth + 1);
            walk.chain.pop();
            match self.stack.tree.node(content) {
                Node::Map(range) => {
                    let others = self.stack.tree.entries(range).to_vec();
                    for other in others {
                        let key = self.stack.tree.text(other.key).to_owned();
                        if key == Function::Transform.name() {
                            // What the file itself could not include.
                            left.extend(self.transforms_in(other.value));
                        } else if entries.iter().all(|e| self.stack.tree.text(e.key) != key) {
                            entries.push(other);
                        }
                    }
                }
                whole if entries.len() == 1 => return self.stack.tree.set(node, whole),
                _ => left.push(transform),
            }
        }
        if left.is_empty() {
            entries.remove(index);
        } else if left.len() > 1 || !matches!(self.stack.tree.node(declaration), Node::Map(_)) {
            let at = self.stack.tree.offset(declaration);
            entries[index].value = self.stack.tree.push_list(&left, at);
        }
        let range = self.stack.tree.add_entries(&entries);
        self.stack.tree.set(node, Node::Map(range));
    }

    fn included_into(&mut self, node: NodeId, file: usize, content: NodeId, walk: &mut Walk, depth: u32) {
        walk.chain.push(file);
        self.include_in(content, walk, depth + 1);
        walk.chain.pop();
        let content = self.stack.tree.node(content);
        self.stack.tree.set(node, content);
    }

    /// The content of the file that an include names, in this tree.
    fn included(&mut self, transform: NodeId, walk: &mut Walk) -> Option<(usize, NodeId)> {
        let includes = self.includes?;
        let location = self.stack.tree.get(transform, "Parameters");
        let location = location.and_then(|p| self.stack.tree.get(p, "Location"));
        let Some(location) = location else {
            self.note(transform, "AWS::Include needs a Location");
            return None;
        };
        self.lower(location, 1);
        let Some(text) = self.constant_text(location) else {
            self.note(location, "which file is included here is not known");
            return None;
        };
        let from = walk.chain.last().copied().unwrap_or(self.file);
        let file = match includes.paths.at(&text, from) {
            Found::File(file) => file,
            Found::Ambiguous(shown) => {
                self.note(location, format!("the included file {shown} can be several files of this input"));
                return None;
            }
            Found::Missing(shown) | Found::Unknown(shown) => {
                let message =
                    format!("the included file {shown} is not in this input. Scan it together with this one");
                self.note(location, message);
                return None;
            }
        };
        let path = includes.paths.path(file);
        if walk.chain.contains(&file) || walk.chain.len() > MAX_CHAIN {
            self.note(location, format!("{path} includes itself; it is not followed"));
            return None;
        }
        let document = includes.documents.get(&file)?;
        let at = self.stack.tree.offset(transform);
        let place = |_| at;
        let copied = graft(&mut self.stack.tree, &document.tree, document.root, &place, &mut walk.budget, 0);
        let Some(copied) = copied else {
            self.note(location, format!("the files included here are too large; {path} is not read"));
            return None;
        };
        self.dynamic |= memchr::memmem::find(document.tree.source().as_bytes(), b"{{resolve:").is_some();
        self.may_be_serverless = true;
        self.part.included.push(file);
        Some((file, copied))
    }
}
