//! The arena of one document: nodes, keys and text, each with its place in the source.
//!
//! A node is 16 bytes; its source offset lies in a parallel array. Children of a
//! list and entries of a map are contiguous. A string is a span of the tree's
//! text: the source itself where the string is written without escapes, else
//! decoded text appended behind the source. Reading a document copies nothing
//! that it need not.

use std::fmt;

/// Identity of a node inside one [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub u32);

/// A piece of the tree's text, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// First byte in [`Tree::text`].
    pub start: u32,
    /// Length in bytes.
    pub len: u32,
}

/// A run of children or entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Range {
    /// Index of the first.
    pub start: u32,
    /// How many.
    pub len: u32,
}

impl Range {
    fn bounds(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

/// One value as written, or as a source lowered it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Node {
    /// An explicit null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or beyond 64 bits.
    Float(f64),
    /// Text.
    String(Span),
    /// A list; its elements are [`Tree::children`].
    List(Range),
    /// A map; its entries are [`Tree::entries`].
    Map(Range),
    /// A YAML node with a local tag (`!Sub`), before lowering. The child follows.
    Tagged {
        /// Name of the tag without `!`.
        tag: u32,
        /// The tagged node.
        child: NodeId,
    },
    /// A resource of the same stack, or one of its attributes.
    Reference {
        /// Index of the resource in its stack.
        resource: u32,
        /// Index of the name, see [`Tree::name`]; the empty name is what `Ref` returns.
        attribute: u32,
    },
    /// The value of a variable (a parameter).
    Variable(u32),
    /// One of two values, by a condition of the stack.
    Choice {
        /// Index of the condition.
        condition: u32,
        /// Index into the children: the value if true, then the value if false.
        arms: u32,
    },
    /// A pure operation on other nodes of the same tree, read when its operands are known.
    Operation {
        /// What is done.
        operation: crate::Operation,
        /// The operands, in [`Tree::children`].
        operands: Range,
    },
    /// A value of another stack: what a nested stack was given or gives, or an import.
    Foreign {
        /// Index of the stack.
        stack: u32,
        /// The node there.
        node: NodeId,
    },
    /// A value that must never be shown; the span is its masked description.
    Secret(Span),
    /// Not written (`AWS::NoValue`).
    Absent,
    /// Cannot be known; index into the stack's reasons.
    Unknown(u32),
}

/// One key of a map with its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// [`key_hash`] of the key, compared before its text.
    pub hash: u32,
    /// The key.
    pub key: Span,
    /// The value.
    pub value: NodeId,
}

/// Hash of a map key: the filter in front of the comparison of text.
///
/// FNV-1a over eight bytes at a time; only equality of equal keys matters.
#[inline]
#[must_use]
pub const fn key_hash(key: &[u8]) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ key.len() as u64;
    let (words, rest) = key.as_chunks::<8>();
    let mut at = 0;
    while at < words.len() {
        hash = (hash ^ u64::from_le_bytes(words[at])).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
        at += 1;
    }
    if !rest.is_empty() {
        // Filled up with zeros; the length above tells such keys apart.
        let (mut word, mut byte) = (0_u64, 0);
        while byte < rest.len() {
            word |= (rest[byte] as u64) << (8 * byte);
            byte += 1;
        }
        hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
    }
    (hash ^ (hash >> 32)) as u32
}

/// The arena of one document.
#[derive(Clone, Default)]
pub struct Tree {
    text: String,
    source_len: u32,
    nodes: Vec<Node>,
    offsets: Vec<u32>,
    children: Vec<NodeId>,
    entries: Vec<Entry>,
    names: Vec<Box<str>>,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").field("nodes", &self.nodes.len()).field("bytes", &self.source_len).finish()
    }
}

impl Tree {
    /// An empty tree over a source text. Offsets are positions in this text.
    ///
    /// The caller keeps the source below 2 GiB; readers check it.
    #[must_use]
    pub fn new(source: String) -> Self {
        let source_len = u32::try_from(source.len()).unwrap_or(u32::MAX);
        Self { text: source, source_len, names: vec![Box::from("")], ..Self::default() }
    }

    /// An empty tree whose source is attached when it is read: a reader borrows the source meanwhile.
    #[must_use]
    pub fn detached(source_len: usize) -> Self {
        let mut tree = Self::new(String::new());
        tree.source_len = u32::try_from(source_len).unwrap_or(u32::MAX);
        tree
    }

    /// Attaches the source and, behind it, the decoded text that spans beyond it point to.
    #[must_use]
    pub fn attach(mut self, mut source: String, decoded: &str) -> Self {
        debug_assert_eq!(source.len(), self.source_len as usize);
        source.push_str(decoded);
        self.text = source;
        self
    }

    /// Room for what a document of this many bytes usually needs.
    pub fn reserve(&mut self, bytes: usize) {
        self.nodes.reserve(bytes / 20);
        self.offsets.reserve(bytes / 20);
        self.entries.reserve(bytes / 32);
        self.children.reserve(bytes / 64);
    }

    /// The source as it was read.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.text[..self.source_len as usize]
    }

    /// The text of a span.
    #[inline]
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        &self.text[span.start as usize..(span.start + span.len) as usize]
    }

    /// One node.
    #[inline]
    #[must_use]
    pub fn node(&self, id: NodeId) -> Node {
        self.nodes[id.0 as usize]
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Byte offset of a node in the source.
    #[inline]
    #[must_use]
    pub fn offset(&self, id: NodeId) -> u32 {
        self.offsets[id.0 as usize]
    }

    /// Byte offset of an entry's key in the source (of its value when the key was decoded).
    #[must_use]
    pub fn key_offset(&self, entry: &Entry) -> u32 {
        if entry.key.start < self.source_len { entry.key.start } else { self.offset(entry.value) }
    }

    /// Elements of a list, operands of an operation.
    #[inline]
    #[must_use]
    pub fn children(&self, range: Range) -> &[NodeId] {
        &self.children[range.bounds()]
    }

    /// The arms of a choice: the value if the condition holds, and if not.
    #[must_use]
    pub fn arms(&self, arms: u32) -> (NodeId, NodeId) {
        (self.children[arms as usize], self.children[arms as usize + 1])
    }

    /// Entries of a map, in the order written.
    #[inline]
    #[must_use]
    pub fn entries(&self, range: Range) -> &[Entry] {
        &self.entries[range.bounds()]
    }

    /// Entries of a node if it is a map, else none.
    #[must_use]
    pub fn map(&self, id: NodeId) -> &[Entry] {
        match self.node(id) {
            Node::Map(range) => self.entries(range),
            _ => &[],
        }
    }

    /// Elements of a node if it is a list, else none.
    #[must_use]
    pub fn list(&self, id: NodeId) -> &[NodeId] {
        match self.node(id) {
            Node::List(range) => self.children(range),
            _ => &[],
        }
    }

    /// The text of a node if it is a string.
    #[must_use]
    pub fn string(&self, id: NodeId) -> Option<&str> {
        match self.node(id) {
            Node::String(span) => Some(self.text(span)),
            _ => None,
        }
    }

    /// The value under a key of a map node. The last of duplicate keys wins, as in both formats.
    #[must_use]
    pub fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.get_hashed(id, key, key_hash(key.as_bytes()))
    }

    /// [`get`](Self::get) with the hash of the key already computed.
    #[inline]
    #[must_use]
    pub fn get_hashed(&self, id: NodeId, key: &str, hash: u32) -> Option<NodeId> {
        let Node::Map(range) = self.node(id) else { return None };
        self.entries(range).iter().rev().find(|e| e.hash == hash && self.text(e.key) == key).map(|e| e.value)
    }

    /// Name of a tag or attribute by its index.
    #[must_use]
    pub fn name(&self, index: u32) -> &str {
        &self.names[index as usize]
    }

    // ---- building -------------------------------------------------------

    /// Adds a node that begins at a byte offset of the source.
    #[inline]
    pub fn push(&mut self, node: Node, offset: u32) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        self.offsets.push(offset);
        id
    }

    /// Replaces a node, keeping its place: how a source lowers what it read.
    pub fn set(&mut self, id: NodeId, node: Node) {
        self.nodes[id.0 as usize] = node;
    }

    /// Appends text that is not in the source.
    pub fn add_text(&mut self, text: &str) -> Span {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Span { start, len: text.len() as u32 }
    }

    /// Appends the children of a list or operation.
    pub fn add_children(&mut self, children: &[NodeId]) -> Range {
        let start = self.children.len() as u32;
        self.children.extend_from_slice(children);
        Range { start, len: children.len() as u32 }
    }

    /// Appends the entries of a map.
    pub fn add_entries(&mut self, entries: &[Entry]) -> Range {
        let start = self.entries.len() as u32;
        self.entries.extend_from_slice(entries);
        Range { start, len: entries.len() as u32 }
    }

    /// Index of a tag or attribute name, added when new.
    pub fn intern(&mut self, name: &str) -> u32 {
        if let Some(index) = self.names.iter().position(|n| &**n == name) {
            return index as u32;
        }
        self.names.push(name.into());
        self.names.len() as u32 - 1
    }

    /// Adds a tag or attribute name that the caller knows to be new: for sources that keep their own index.
    pub fn add_name(&mut self, name: &str) -> u32 {
        self.names.push(name.into());
        self.names.len() as u32 - 1
    }

    /// Adds a string node with text of its own.
    pub fn push_string(&mut self, text: &str, offset: u32) -> NodeId {
        let span = self.add_text(text);
        self.push(Node::String(span), offset)
    }

    /// Adds a list node.
    pub fn push_list(&mut self, children: &[NodeId], offset: u32) -> NodeId {
        let range = self.add_children(children);
        self.push(Node::List(range), offset)
    }

    /// Adds a map node from keys and values.
    pub fn push_map<'k>(
        &mut self,
        pairs: impl IntoIterator<Item = (&'k str, NodeId)>,
        offset: u32,
    ) -> NodeId {
        let entries: Vec<Entry> = pairs
            .into_iter()
            .map(|(key, value)| Entry { hash: key_hash(key.as_bytes()), key: self.add_text(key), value })
            .collect();
        let range = self.add_entries(&entries);
        self.push(Node::Map(range), offset)
    }

    /// Adds an operation node.
    pub fn push_operation(
        &mut self,
        operation: crate::Operation,
        operands: &[NodeId],
        offset: u32,
    ) -> NodeId {
        let operands = self.add_children(operands);
        self.push(Node::Operation { operation, operands }, offset)
    }

    /// Adds a choice node.
    pub fn push_choice(&mut self, condition: u32, then: NodeId, otherwise: NodeId, offset: u32) -> NodeId {
        let arms = self.add_children(&[then, otherwise]).start;
        self.push(Node::Choice { condition, arms }, offset)
    }
}
