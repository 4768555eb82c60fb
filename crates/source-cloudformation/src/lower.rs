//! Lowering one template in place: the state of the walk and the order of the sections.
//!
//! Complexity: linear in the nodes of the template and of what its loops expand to; names are
//! found through hash maps that are built once.

use std::collections::{HashMap, HashSet};

use bumpalo::Bump;
use sekisho_estate::{
    ConditionId, Estate, Node, NodeId, Reader, Reason, ReasonCode, Reference, ResourceId, ResourceIndex,
    Span, Stack, StackIndex, Tree, Value,
};

use crate::include::Includes;
use crate::intake::Hints;
use crate::remark::{Remark, WHOLE};
use crate::substitute::Piece;

/// Values nested deeper than this are not followed; only aliases of YAML make such depths.
pub(crate) const MAX_DEPTH: u32 = 400;

/// Most remarks that one lowering makes.
const MAX_REMARKS: usize = 2000;

/// What a parameter was given.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    /// A text, on the command line or in a parameter file.
    Text(String),
    /// `UsePreviousValue`: some value that the deployed stack already has.
    Previous,
    /// What the parent stack gives.
    Inherited(Inherited),
}

/// A value of the parent stack, handed to a parameter.
#[derive(Clone, Debug)]
pub(crate) struct Inherited {
    /// The node in the parent's tree.
    pub(crate) node: NodeId,
    /// For a list that the parent joins with commas: the list before it is joined.
    pub(crate) list: Option<NodeId>,
    /// The value when it is the same text in every world.
    pub(crate) constant: Option<String>,
    /// For a value that is absent on one side of a condition: that side and the node of the other.
    pub(crate) sometimes: Option<Sometimes>,
}

/// A value that the parent gives only if a condition of its own holds, or only if it does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sometimes {
    /// A node of the parent that is true exactly when the condition holds.
    pub(crate) holds: NodeId,
    /// What is given then.
    pub(crate) node: NodeId,
    /// Whether the value is given when the condition holds.
    pub(crate) when: bool,
}

/// The stack that creates the one being lowered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parent {
    /// The resource of type `AWS::CloudFormation::Stack`.
    pub(crate) resource: ResourceId,
    /// The parent's nodes for the pseudo parameters that both share, as in
    /// [`SHARED`](crate::variables::SHARED); none where they share none.
    pub(crate) pseudo: Option<[NodeId; 4]>,
}

/// What a lowering is told.
pub(crate) struct Task<'c> {
    /// Id of the stack.
    pub(crate) id: String,
    /// Path of its file.
    pub(crate) file: String,
    /// Values of its parameters.
    pub(crate) given: HashMap<String, Given>,
    /// What created it.
    pub(crate) parent: Option<Parent>,
    /// The file, as an index into the files of the run.
    pub(crate) index: usize,
    /// Account of its resources, when it is known.
    pub(crate) account: Option<String>,
    /// Region of its resources, when it is known.
    pub(crate) region: Option<String>,
    /// Constructs of its resources, where a manifest names them.
    pub(crate) constructs: Option<&'c HashMap<String, String>>,
    /// Files that it may include.
    pub(crate) includes: Option<&'c Includes<'c>>,
    /// What its text tells.
    pub(crate) hints: Hints,
}

/// What a name of the template stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Symbol {
    /// A parameter.
    Variable(u32),
    /// A resource.
    Resource(u32),
    /// A resource that could not be read, with the reason.
    Lost(u32),
}

/// An output of a template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Its name.
    pub(crate) name: Span,
    /// Its value.
    pub(crate) value: NodeId,
    /// The name under which it is exported.
    pub(crate) export: Option<NodeId>,
}

/// A value to be taken from another stack once that is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Import {
    /// The node to replace.
    pub(crate) node: NodeId,
    /// The node of the imported name.
    pub(crate) name: NodeId,
    /// The resource that holds it.
    pub(crate) from: Option<ResourceIndex>,
}

/// A nested stack that a template asks for, or another stack of another template.
#[derive(Clone, Debug)]
pub(crate) struct Nested {
    /// The resource.
    pub(crate) resource: ResourceIndex,
    /// Where its template is.
    pub(crate) url: NodeId,
    /// What it is given.
    pub(crate) parameters: Option<NodeId>,
    /// The file that the CDK says it is, beside the template.
    pub(crate) asset: Option<NodeId>,
    /// Whether the template itself is written at `url`.
    pub(crate) inline: bool,
    /// Where it is, when it is not where its parent is.
    pub(crate) apart: Option<Apart>,
}

/// The place of a stack that its parent does not share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Apart {
    /// What stands behind the id of the resource in the id of the stack.
    pub(crate) suffix: String,
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
}

/// A reference to an output of a nested stack.
#[derive(Clone, Debug)]
pub(crate) struct NestedOutput {
    /// The node to replace.
    pub(crate) node: NodeId,
    /// The resource of type `AWS::CloudFormation::Stack`.
    pub(crate) resource: ResourceIndex,
    /// Name of the output.
    pub(crate) output: Box<str>,
    /// The resource that refers to it.
    pub(crate) from: Option<ResourceIndex>,
}

/// What a lowering found beside the stack itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// The file, as an index into the files of the run.
    pub(crate) file: usize,
    /// Outputs in the order written.
    pub(crate) outputs: Vec<Output>,
    /// Imports in the order written.
    pub(crate) imports: Vec<Import>,
    /// Nested stacks in the order written.
    pub(crate) nested: Vec<Nested>,
    /// References to outputs of nested stacks.
    pub(crate) nested_outputs: Vec<NestedOutput>,
    /// Files that are included, as indices into the files of the run.
    pub(crate) included: Vec<usize>,
    /// Nodes that point into another stack.
    pub(crate) foreign: Vec<NodeId>,
    /// Nodes inside resources whose value comes from another stack.
    pub(crate) uses: Vec<(ResourceIndex, NodeId)>,
    /// What is to be said.
    pub(crate) remarks: Vec<Remark>,
}

/// The walk over one template.
pub(crate) struct Lowering<'c> {
    pub(crate) stack: Stack,
    pub(crate) part: Part,
    /// The file, as an index into the files of the run.
    pub(crate) file: usize,
    pub(crate) constructs: Option<&'c HashMap<String, String>>,
    pub(crate) includes: Option<&'c Includes<'c>>,
    pub(crate) given: HashMap<String, Given>,
    pub(crate) parent: Option<Parent>,
    /// The stacks of the same root that are already lowered; the one being lowered comes next.
    pub(crate) group: Estate,
    pub(crate) symbols: foldhash::HashMap<Box<str>, Symbol>,
    pub(crate) conditions: HashMap<Box<str>, ConditionId>,
    /// The condition that always holds, once one is needed.
    pub(crate) always: Option<ConditionId>,
    pub(crate) reasons: HashMap<Reason, u32>,
    pub(crate) attributes: foldhash::HashMap<Box<str>, u32>,
    /// Resources that create stacks elsewhere.
    pub(crate) spawning: HashSet<u32>,
    /// Which resources are nested stacks; empty when none is.
    pub(crate) is_nested: Vec<bool>,
    /// Whether the text may hold resources of SAM.
    pub(crate) may_be_serverless: bool,
    /// Whether the transform of SAM is declared.
    pub(crate) has_serverless: bool,
    /// Names that SAM gives to what it generates (`Function.Alias`), with the id of the resource.
    pub(crate) generated: HashMap<Box<str>, Box<str>>,
    /// Resources that are modules, by id, with the reason.
    pub(crate) modules: HashMap<Box<str>, u32>,
    /// The property that `Ref` returns, by type.
    pub(crate) naming: foldhash::HashMap<Box<str>, Option<&'static str>>,
    pub(crate) mappings: Option<NodeId>,
    /// The resource whose declaration is being lowered.
    pub(crate) resource: Option<ResourceIndex>,
    /// Whether the source has a dynamic reference anywhere.
    pub(crate) dynamic: bool,
    pub(crate) source_len: u32,
    /// Why a name that is not defined here may be defined all the same.
    pub(crate) elsewhere: Option<Reason>,
    /// The macro at template level that may change everything.
    pub(crate) macro_name: Option<Box<str>>,
    /// Nodes that loops have copied so far.
    pub(crate) expanded: usize,
    /// Scratch of `Fn::Sub`.
    pub(crate) pieces: Vec<Piece>,
}

/// Lowers a template. The group is the stacks of the same root so far, and comes back unchanged.
pub(crate) fn lower(tree: Tree, root: NodeId, task: Task<'_>, group: Estate) -> (Stack, Part, Estate) {
    let source_len = tree.source().len() as u32;
    let mut stack = Stack::new(task.id, task.file, tree);
    stack.parent = task.parent.map(|p| p.resource);
    stack.account = task.account.map(Into::into);
    stack.region = task.region.map(Into::into);
    let mut lowering = Lowering {
        stack,
        part: Part::default(),
        file: task.index,
        constructs: task.constructs,
        includes: task.includes,
        given: task.given,
        parent: task.parent,
        group,
        symbols: foldhash::HashMap::default(),
        conditions: HashMap::new(),
        always: None,
        reasons: HashMap::new(),
        attributes: foldhash::HashMap::default(),
        spawning: HashSet::new(),
        is_nested: Vec::new(),
        may_be_serverless: task.hints.serverless,
        has_serverless: false,
        generated: HashMap::new(),
        modules: HashMap::new(),
        naming: foldhash::HashMap::default(),
        mappings: None,
        resource: None,
        dynamic: task.hints.dynamic,
        source_len,
        elsewhere: None,
        macro_name: None,
        expanded: 0,
        pieces: Vec::new(),
    };
    lowering.sections(root);
    (lowering.stack, lowering.part, lowering.group)
}

impl Lowering<'_> {
    /// Index of the stack being lowered in its group.
    pub(crate) fn me(&self) -> u32 {
        self.group.stacks.len() as u32
    }

    /// A node that cannot be known.
    pub(crate) fn unknown(&mut self, code: ReasonCode, subject: impl Into<Box<str>>) -> Node {
        Node::Unknown(self.reason(Reason::new(code, subject)))
    }

    /// Index of a reason, added when new.
    pub(crate) fn reason(&mut self, reason: Reason) -> u32 {
        if let Some(&index) = self.reasons.get(&reason) {
            return index;
        }
        let index = self.stack.reasons.len() as u32;
        self.stack.reasons.push(reason.clone());
        self.reasons.insert(reason, index);
        index
    }

    /// Index of an attribute's name, added when new.
    pub(crate) fn attribute(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        if let Some(&index) = self.attributes.get(name) {
            return index;
        }
        let index = self.stack.tree.add_name(name);
        self.attributes.insert(name.into(), index);
        index
    }

    /// Says something about a node.
    pub(crate) fn note(&mut self, node: NodeId, message: impl Into<String>) {
        self.say(Remark::note(self.stack.tree.offset(node), message));
    }

    /// Says that something was lost at a node.
    pub(crate) fn loss(&mut self, node: NodeId, message: impl Into<String>) {
        self.say(Remark::loss(self.stack.tree.offset(node), message));
    }

    /// Says something; a flood is cut, but not that it lost something.
    pub(crate) fn say(&mut self, remark: Remark) {
        let said = &mut self.part.remarks;
        match said.len().cmp(&MAX_REMARKS) {
            std::cmp::Ordering::Less => said.push(remark),
            std::cmp::Ordering::Equal => said.push(Remark { offset: WHOLE, ..remark }),
            std::cmp::Ordering::Greater => {
                if let Some(last) = said.last_mut() {
                    last.loses |= remark.loses;
                    last.message = "and more like these".into();
                }
            }
        }
    }

    /// Records that the resource being lowered refers to another.
    pub(crate) fn edge(&mut self, node: NodeId, resource: u32, attribute: u32) {
        if let Some(from) = self.resource {
            let to = ResourceId { stack: StackIndex(self.me()), index: ResourceIndex(resource) };
            self.stack.references.push(Reference { from, node, to, attribute });
        }
    }

    /// Records that the resource being lowered uses a value that may come from the parent stack.
    pub(crate) fn use_variable(&mut self, node: NodeId) {
        if let (Some(from), Some(_)) = (self.resource, self.parent) {
            self.part.uses.push((from, node));
        }
    }

    /// The condition that always holds.
    pub(crate) fn always(&mut self) -> ConditionId {
        if let Some(id) = self.always {
            return id;
        }
        let id = self.add_condition("", sekisho_estate::Formula::Constant(true));
        self.always = Some(id);
        id
    }

    /// Makes a node stand for another one.
    ///
    /// A node that others may replace or refer to by its identity is pointed to by a choice that
    /// is always the same; any other is copied, its children shared.
    pub(crate) fn point(&mut self, node: NodeId, target: NodeId) {
        let copied = self.stack.tree.node(target);
        if is_copyable(copied) {
            self.stack.tree.set(node, copied);
            return;
        }
        let condition = self.always();
        let arms = self.stack.tree.add_children(&[target, target]).start;
        self.stack.tree.set(node, Node::Choice { condition, arms });
    }

    /// Reads from the stack as lowered so far.
    pub(crate) fn evaluate<T>(&mut self, read: impl for<'e> FnOnce(&Reader<'e>, &'e Stack) -> T) -> T {
        let placeholder = Stack::new("", "", Tree::default());
        let stack = std::mem::replace(&mut self.stack, placeholder);
        self.group.stacks.push(stack);
        let bump = Bump::new();
        let index = self.group.stacks.len() - 1;
        let result = read(&Reader::new(&self.group, &bump), &self.group.stacks[index]);
        if let Some(stack) = self.group.stacks.pop() {
            self.stack = stack;
        }
        result
    }

    /// The text of a lowered node when it is the same in every world.
    pub(crate) fn constant_text(&mut self, node: NodeId) -> Option<String> {
        if let Some(text) = self.stack.tree.string(node) {
            return Some(text.to_owned());
        }
        self.evaluate(|reader, stack| {
            let value = reader.resolve(stack.view(node));
            let text = match value {
                Value::Str(text) => text.to_owned(),
                Value::Int(i) => i.to_string(),
                Value::Bool(b) => b.to_string(),
                _ => return None,
            };
            reader.worlds.is_only().then_some(text)
        })
    }
}

/// Whether a node means the same when it stands at two places.
pub(crate) fn is_copyable(node: Node) -> bool {
    !matches!(
        node,
        Node::Reference { .. }
            | Node::Unknown(_)
            | Node::Foreign { .. }
            | Node::Tagged { .. }
            | Node::Variable(_)
    )
}

/// The part of a span from a byte on, of a length.
pub(crate) fn subspan(span: Span, from: usize, len: usize) -> Span {
    Span { start: span.start + from as u32, len: len as u32 }
}
