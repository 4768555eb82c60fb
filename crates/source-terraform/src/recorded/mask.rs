//! Plans and states hold secrets in clear text. What is sensitive, and what nobody is pointed
//! to, is covered in the text that findings show lines of, each letter by a `*`, so that
//! every offset stays.

use sekisho_detect::words_of_context;
use sekisho_estate::secret::{is_secret_name, looks_secret};
use sekisho_estate::{Entry, Node, NodeId, Tree};

/// The source of a plan or state without its secrets. Linear in the size of the file.
pub(super) fn masked(tree: &Tree, root: NodeId) -> String {
    let mut mask = Mask { tree, out: tree.source().as_bytes().to_vec() };
    // None of these is where a finding points.
    for key in ["planned_values", "prior_state", "resource_drift"] {
        mask.all_of(root, key);
    }
    // Identifiers of persons are looked for in variables and outputs.
    let declared = tree.get(root, "configuration").and_then(|node| tree.get(node, "root_module"));
    let declared = declared.and_then(|module| tree.get(module, "variables"));
    mask.named(tree.get(root, "variables"), "value", |entry| {
        let declared = declared.and_then(|all| tree.get(all, tree.text(entry.key)));
        declared.and_then(|one| tree.get(one, "sensitive"))
    });
    for outputs in [Some(root), tree.get(root, "values")].into_iter().flatten() {
        mask.named(tree.get(outputs, "outputs"), "value", |entry| tree.get(entry.value, "sensitive"));
    }
    mask.named(tree.get(root, "output_changes"), "after", |entry| tree.get(entry.value, "after_sensitive"));
    for key in ["resource_changes", "resources"] {
        for &resource in tree.get(root, key).map_or(&[][..], |list| tree.list(list)) {
            mask.resource(resource);
        }
    }
    if let Some(module) = tree.get(root, "values").and_then(|values| tree.get(values, "root_module")) {
        mask.module(module, 0);
    }
    // Only bytes of text became stars.
    String::from_utf8(mask.out).unwrap_or_default()
}

struct Mask<'t> {
    tree: &'t Tree,
    out: Vec<u8>,
}

impl Mask<'_> {
    /// A module of a state as `terraform show` writes it.
    fn module(&mut self, module: NodeId, depth: usize) {
        let list = |key: &str| self.tree.get(module, key).map_or(&[][..], |list| self.tree.list(list));
        let (resources, children) = (list("resources"), list("child_modules"));
        for &resource in resources {
            self.resource(resource);
        }
        if depth < super::MAX_MODULES {
            children.iter().for_each(|&child| self.module(child, depth + 1));
        }
    }

    fn resource(&mut self, resource: NodeId) {
        let tree = self.tree;
        // What a data source read is nobody's to see.
        if tree.get(resource, "mode").and_then(|mode| tree.string(mode)) == Some("data") {
            for key in ["values", "change", "instances"] {
                self.all_of(resource, key);
            }
            return;
        }
        self.twice(tree.get(resource, "values"));
        if let (Some(values), Some(sensitive)) =
            (tree.get(resource, "values"), tree.get(resource, "sensitive_values"))
        {
            self.marked(values, sensitive);
        }
        if let Some(change) = tree.get(resource, "change") {
            self.all_of(change, "before");
            self.twice(tree.get(change, "after"));
            if let (Some(after), Some(sensitive)) =
                (tree.get(change, "after"), tree.get(change, "after_sensitive"))
            {
                self.marked(after, sensitive);
            }
        }
        for &instance in tree.get(resource, "instances").map_or(&[][..], |list| tree.list(list)) {
            self.all_of(instance, "private");
            let Some(attributes) = tree.get(instance, "attributes") else { continue };
            self.twice(Some(attributes));
            let paths = tree.get(instance, "sensitive_attributes").map_or(&[][..], |list| tree.list(list));
            for &path in paths {
                let first = tree.list(path).first().and_then(|&step| tree.get(step, "value"));
                if let Some(name) = first.and_then(|name| tree.string(name)) {
                    self.all_of(attributes, name);
                }
            }
        }
    }

    /// Variables or outputs by name: covers all of them but text of a value in which, or in whose
    /// name, a word of context for an identifier of a person stands. What is marked as sensitive
    /// and what is secret by its name or form is covered all the same.
    fn named(&mut self, map: Option<NodeId>, value: &str, sensitive: impl Fn(&Entry) -> Option<NodeId>) {
        let tree = self.tree;
        for entry in map.map_or(&[][..], |map| tree.map(map)) {
            let name = tree.text(entry.key);
            for part in tree.map(entry.value) {
                if tree.text(part.key) != value {
                    self.all(part.value);
                    continue;
                }
                if let Some(marks) = sensitive(entry) {
                    self.marked(part.value, marks);
                }
                self.unless_searched(part.value, name);
            }
        }
    }

    fn unless_searched(&mut self, node: NodeId, name: &str) {
        let tree = self.tree;
        match tree.node(node) {
            _ if is_secret_name(name) => self.all(node),
            Node::Map(range) => {
                for entry in tree.entries(range) {
                    self.unless_searched(entry.value, tree.text(entry.key));
                }
            }
            Node::List(range) => {
                tree.children(range).iter().for_each(|&child| self.unless_searched(child, name));
            }
            Node::String(span) => {
                let text = tree.text(span);
                let searched = [name, text].iter().any(|part| !words_of_context(part).is_empty());
                if !searched || looks_secret(text) {
                    self.cover(node);
                }
            }
            _ => self.all(node),
        }
    }

    /// Covers the tags of a resource where `tags_all` says them again, and is what is read.
    fn twice(&mut self, attributes: Option<NodeId>) {
        let Some(attributes) = attributes else { return };
        let all = self.tree.get(attributes, "tags_all").map(|all| self.tree.node(all));
        if matches!(all, Some(Node::Map(_))) {
            self.all_of(attributes, "tags");
        }
    }

    /// Covers what a tree of the same shape marks with `true`.
    fn marked(&mut self, value: NodeId, marks: NodeId) {
        match self.tree.node(marks) {
            Node::Bool(true) => self.all(value),
            Node::Map(range) => {
                for entry in self.tree.entries(range) {
                    if let Some(value) = self.tree.get(value, self.tree.text(entry.key)) {
                        self.marked(value, entry.value);
                    }
                }
            }
            Node::List(range) => {
                for (&value, &mark) in self.tree.list(value).iter().zip(self.tree.children(range)) {
                    self.marked(value, mark);
                }
            }
            _ => {}
        }
    }

    fn all_of(&mut self, node: NodeId, key: &str) {
        if let Some(value) = self.tree.get(node, key) {
            self.all(value);
        }
    }

    fn all(&mut self, node: NodeId) {
        match self.tree.node(node) {
            Node::Map(range) => self.tree.entries(range).iter().for_each(|entry| self.all(entry.value)),
            Node::List(range) => self.tree.children(range).iter().for_each(|&child| self.all(child)),
            Node::String(_) | Node::Int(_) | Node::Float(_) => self.cover(node),
            _ => {}
        }
    }

    fn cover(&mut self, node: NodeId) {
        let start = self.tree.offset(node) as usize;
        let quoted = self.out.get(start) == Some(&b'"');
        let mut at = start + usize::from(quoted);
        while let Some(byte) = self.out.get_mut(at) {
            let ends = match quoted {
                true => *byte == b'"',
                false => !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'),
            };
            if ends {
                break;
            }
            let escape = quoted && *byte == b'\\';
            *byte = b'*';
            at += 1;
            if escape && let Some(escaped) = self.out.get_mut(at) {
                *escaped = b'*';
                at += 1;
            }
        }
    }
}
