//! Makes resources of the nodes of an answer.

use sekisho_estate::{Node, NodeId, Problem, Reason, ReasonCode, Resource, Stack};

/// Adds resources to a stack.
pub(crate) struct Maker<'s> {
    pub(crate) stack: &'s mut Stack,
    pub(crate) problems: Vec<Problem>,
    root: NodeId,
    count: usize,
}

/// A resource in the making.
pub(crate) struct Draft {
    kind: &'static str,
    id: String,
    /// What people call it, where that is shorter than the id.
    name: Option<String>,
    offset: u32,
    pairs: Vec<(&'static str, NodeId)>,
    /// The answer tells everything about it that the type has.
    whole: bool,
}

impl<'s> Maker<'s> {
    pub(crate) fn new(stack: &'s mut Stack, root: NodeId) -> Self {
        Self { stack, problems: Vec::new(), root, count: 0 }
    }

    pub(crate) fn problem(&mut self, message: &str) {
        self.problems.push(Problem::whole(message, true));
    }

    /// Entries of a map.
    pub(crate) fn entries(&self, node: NodeId) -> Vec<(&str, NodeId)> {
        let tree = &self.stack.tree;
        tree.map(node).iter().map(|e| (tree.text(e.key), e.value)).collect()
    }

    /// Elements of a list.
    pub(crate) fn items(&self, node: NodeId) -> Vec<NodeId> {
        self.stack.tree.list(node).to_vec()
    }

    /// The node at a path of keys; of a list the first element. Null is nothing.
    pub(crate) fn at(&self, node: NodeId, path: &str) -> Option<NodeId> {
        let tree = &self.stack.tree;
        path.split('/').try_fold(node, |at, step| {
            let at = tree.list(at).first().copied().unwrap_or(at);
            tree.get(at, step).filter(|&n| tree.node(n) != Node::Null)
        })
    }

    /// Every node at a path, through lists.
    pub(crate) fn all(&self, node: NodeId, path: &str) -> Vec<NodeId> {
        let tree = &self.stack.tree;
        path.split('/').fold(vec![node], |at, step| {
            let inner = at.into_iter().flat_map(|n| match tree.node(n) {
                Node::List(_) => tree.list(n).to_vec(),
                _ => vec![n],
            });
            let found: Vec<NodeId> = inner.filter_map(|n| tree.get(n, step)).collect();
            found
        })
    }

    pub(crate) fn text(&self, node: NodeId, path: &str) -> Option<String> {
        self.at(node, path).and_then(|n| self.stack.tree.string(n)).map(str::to_owned)
    }

    pub(crate) fn root_text(&self, path: &str) -> Option<String> {
        self.text(self.root, path)
    }

    pub(crate) fn string(&mut self, text: &str, near: NodeId) -> NodeId {
        let offset = self.stack.tree.offset(near);
        self.stack.tree.push_string(text, offset)
    }

    pub(crate) fn boolean(&mut self, is: bool, near: NodeId) -> NodeId {
        let offset = self.stack.tree.offset(near);
        self.stack.tree.push(Node::Bool(is), offset)
    }

    pub(crate) fn list(&mut self, of: &[NodeId], near: NodeId) -> NodeId {
        let offset = self.stack.tree.offset(near);
        self.stack.tree.push_list(of, offset)
    }

    pub(crate) fn map(&mut self, pairs: &[(&'static str, NodeId)], near: NodeId) -> NodeId {
        let offset = self.stack.tree.offset(near);
        self.stack.tree.push_map(pairs.iter().copied(), offset)
    }

    /// Begins a resource with the id that AWS gave it.
    pub(crate) fn draft(&self, kind: &'static str, id: &str, near: NodeId) -> Draft {
        let offset = self.stack.tree.offset(near);
        Draft { kind, id: id.to_owned(), name: None, offset, pairs: Vec::new(), whole: false }
    }

    /// Begins a resource that AWS gives no id of its own (a route, an association).
    pub(crate) fn part(&mut self, kind: &'static str, of: &str, near: NodeId) -> Draft {
        self.count += 1;
        let mut draft = self.draft(kind, &format!("{of}/{}", self.count), near);
        draft.whole = true;
        draft
    }

    /// Adds a resource. What is not told of it is unknown.
    pub(crate) fn add(&mut self, draft: Draft) {
        let mut pairs = draft.pairs;
        if !draft.whole
            && let Some(kind) = sekisho_facts::resource_type(draft.kind)
        {
            let reason = Reason::new(ReasonCode::NotInInput, "what the saved answer does not tell");
            let unknown = self.stack.unknown(reason);
            let unknown = self.stack.tree.push(unknown, draft.offset);
            for (name, shape) in kind.properties().fields() {
                let _ = shape;
                if !kind.properties().is_read_only(name) && !pairs.iter().any(|(known, _)| *known == name) {
                    pairs.push((name, unknown));
                }
            }
        }
        let tree = &mut self.stack.tree;
        let reference_value = Some(tree.push_string(&draft.id, draft.offset));
        let properties = tree.push_map(pairs, draft.offset);
        let body = tree.push_map([("Properties", properties)], draft.offset);
        let (id, type_name) =
            (tree.add_text(draft.name.as_deref().unwrap_or(&draft.id)), tree.add_text(draft.kind));
        let offset = draft.offset;
        let condition = None;
        self.stack.resources.push(Resource {
            id,
            type_name,
            properties,
            body,
            condition,
            offset,
            reference_value,
        });
    }
}

impl Draft {
    /// A property that is there already.
    pub(crate) fn with(mut self, name: &'static str, node: Option<NodeId>) -> Self {
        self.pairs.extend(node.map(|node| (name, node)));
        self
    }

    /// Copies properties that the answer names alike.
    pub(crate) fn copy(mut self, maker: &Maker<'_>, from: NodeId, names: &[&'static str]) -> Self {
        for name in names {
            self.pairs.extend(maker.at(from, name).map(|node| (*name, node)));
        }
        self
    }

    /// Properties that are surely not there.
    pub(crate) fn none(mut self, maker: &mut Maker<'_>, names: &[&'static str]) -> Self {
        for name in names {
            let node = maker.stack.tree.push(Node::Absent, self.offset);
            self.pairs.push((name, node));
        }
        self
    }

    /// What people call it.
    pub(crate) fn called(mut self, name: Option<String>) -> Self {
        self.name = name;
        self
    }

    /// Everything about it is told.
    pub(crate) fn whole(mut self) -> Self {
        self.whole = true;
        self
    }
}
