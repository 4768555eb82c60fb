//! Stacks, their resources, variables and conditions, and the estate of them all.

use crate::{Input, NodeId, Reason, Span, Tree, View};

/// Index of a stack in [`Estate::stacks`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct StackIndex(pub u32);

/// Index of a resource in [`Stack::resources`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ResourceIndex(pub u32);

/// Identity of a resource in the estate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ResourceId {
    /// Its stack.
    pub stack: StackIndex,
    /// Its place there.
    pub index: ResourceIndex,
}

/// Index of a variable in [`Stack::variables`].
pub type VariableId = u32;

/// Index of a condition in [`Stack::conditions`].
pub type ConditionId = u32;

/// Something whose value differs from deployment to deployment: a parameter.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Name as the source writes it (`Env`, `AWS::Region`).
    pub name: Box<str>,
    /// The values it can have, the default first. Empty when it can be anything.
    pub domain: Vec<NodeId>,
    /// Whether the first of the domain is what it is when nobody says otherwise.
    pub has_default: bool,
    /// Whether its value must never be shown (`NoEcho`).
    pub secret: bool,
    /// Why its value is not known, when the domain is empty.
    pub unknown: Reason,
}

/// A condition of a stack.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Its name, or empty for one written in place.
    pub name: Box<str>,
    /// What it says.
    pub formula: Formula,
}

/// What a condition says.
#[derive(Clone, Debug)]
pub enum Formula {
    /// Always the same.
    Constant(bool),
    /// Two values are equal as text.
    Equals(NodeId, NodeId),
    /// The other does not hold.
    Not(ConditionId),
    /// All hold.
    All(Vec<ConditionId>),
    /// One holds.
    Any(Vec<ConditionId>),
    /// The value is true.
    Value(NodeId),
    /// Cannot be known: both ways are worlds.
    Unknown(Reason),
}

/// One resource of a stack.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Logical id, unique in the stack.
    pub id: Span,
    /// Type name in CloudFormation's terms.
    pub type_name: Span,
    /// Its properties (a map, [`crate::Node::Absent`] or unknown).
    pub properties: NodeId,
    /// The whole declaration, for what stands beside the properties (`DeletionPolicy`, `Metadata`).
    pub body: NodeId,
    /// It exists only where this condition holds.
    pub condition: Option<ConditionId>,
    /// Byte offset of its name in the source.
    pub offset: u32,
    /// The value that a plain reference to it gives, when that is written (an explicit name).
    pub reference_value: Option<NodeId>,
}

/// One root template, Terraform root module, or account and region of a live scan:
/// the scope of ids. A nested stack is a stack with a parent.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Id, unique in the estate: the path of the file, with the chain of nested stacks behind it.
    pub id: String,
    /// Path of the file as shown; of several, the first.
    pub file: String,
    /// The files of which the source of the tree is made, when there are several.
    pub segments: Vec<Segment>,
    /// Values and text.
    pub tree: Tree,
    /// Resources in the order written.
    pub resources: Vec<Resource>,
    /// Variables (parameters, pseudo parameters).
    pub variables: Vec<Variable>,
    /// Conditions, named and in place.
    pub conditions: Vec<Condition>,
    /// Reasons that unknown nodes point to.
    pub reasons: Vec<Reason>,
    /// The stack and resource that created this one.
    pub parent: Option<ResourceId>,
    /// Edges: references from resources of this stack, in the order written.
    pub references: Vec<Reference>,
    /// References that resolved to nothing, each with its offset.
    pub unresolved: Vec<(Reason, u32)>,
    /// Why the stack may have resources that are not read: a macro or an include that could not
    /// be evaluated. What is missing beside a resource may be among them.
    pub unread: Option<Reason>,
    /// Account of its resources when known.
    pub account: Option<Box<str>>,
    /// Region of its resources when known.
    pub region: Option<Box<str>>,
    /// How far what is said of it reaches.
    pub stage: Stage,
    /// Resources that are in another account or region than the rest (those of a Terraform
    /// provider with an alias), by index. Empty for most stacks.
    pub apart: Vec<Apart>,
}

/// Whether a stack is written, planned or there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Stage {
    /// Templates and configuration say so.
    #[default]
    Design,
    /// A plan will do so.
    Planned,
    /// It was read from AWS, or recorded when it was made.
    Deployed,
}

/// Where one resource is, when that is not where its stack is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Apart {
    /// The resource.
    pub resource: ResourceIndex,
    /// Its account.
    pub account: Where,
    /// Its region.
    pub region: Where,
}

/// Account or region of a resource beside those of its stack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Where {
    /// That of the stack, known or not.
    Same,
    /// This one.
    Known(Box<str>),
    /// Another one, perhaps, which is not known; what it is, in words.
    Unknown(Box<str>),
}

impl Where {
    fn beside<'w>(&'w self, own: &'w Option<Box<str>>) -> Option<&'w str> {
        match self {
            Self::Same => own.as_deref(),
            Self::Known(text) => Some(text),
            Self::Unknown(_) => None,
        }
    }
}

/// One file in the source of a stack that is made of several. Each ends with a line end,
/// so that a line belongs to one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Path of the file as shown.
    pub file: String,
    /// Byte offset in the source where it begins.
    pub start: u32,
    /// How many lines stand before it.
    pub lines: u32,
}

/// A reference written in a resource, an edge of the resource graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reference {
    /// The resource that holds it.
    pub from: ResourceIndex,
    /// The node that refers.
    pub node: NodeId,
    /// What it refers to.
    pub to: ResourceId,
    /// Index of the attribute's name in the tree.
    pub attribute: u32,
}

/// The metadata key under which the AWS CDK keeps the construct of a resource.
pub const CONSTRUCT_PATH: &str = "aws:cdk:path";

impl Stack {
    /// The construct of the AWS CDK that a resource belongs to, such as
    /// `App/Stack/Bucket/Resource`. Source: CDK Developer Guide, "Constructs", "Paths".
    #[must_use]
    pub fn construct_path(&self, resource: &Resource) -> Option<&str> {
        let metadata = self.tree.get(resource.body, "Metadata")?;
        self.tree.string(self.tree.get(metadata, CONSTRUCT_PATH)?)
    }

    /// A stack with a tree and nothing else.
    #[must_use]
    pub fn new(id: impl Into<String>, file: impl Into<String>, tree: Tree) -> Self {
        Self {
            id: id.into(),
            file: file.into(),
            segments: Vec::new(),
            tree,
            resources: Vec::new(),
            variables: Vec::new(),
            conditions: Vec::new(),
            reasons: Vec::new(),
            parent: None,
            references: Vec::new(),
            unresolved: Vec::new(),
            unread: None,
            account: None,
            region: None,
            stage: Stage::default(),
            apart: Vec::new(),
        }
    }

    /// The account of a resource when known: that of the stack, but for those [`apart`](Self::apart).
    /// O(log n) in the resources that are apart.
    #[must_use]
    pub fn account_of(&self, index: ResourceIndex) -> Option<&str> {
        self.apart_of(index).map_or(self.account.as_deref(), |apart| apart.account.beside(&self.account))
    }

    /// The region of a resource when known: that of the stack, but for those [`apart`](Self::apart).
    /// O(log n) in the resources that are apart.
    #[must_use]
    pub fn region_of(&self, index: ResourceIndex) -> Option<&str> {
        self.apart_of(index).map_or(self.region.as_deref(), |apart| apart.region.beside(&self.region))
    }

    /// Where a resource is, when that is not where its stack is.
    #[must_use]
    pub fn apart_of(&self, index: ResourceIndex) -> Option<&Apart> {
        let at = self.apart.binary_search_by_key(&index, |apart| apart.resource).ok()?;
        self.apart.get(at)
    }

    /// The accounts of its resources, as far as they are known; one may come more than once.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        let apart = self.apart.iter().filter_map(|apart| match &apart.account {
            Where::Known(account) => Some(&**account),
            _ => None,
        });
        self.account.as_deref().into_iter().chain(apart)
    }

    /// The file that holds a byte offset of the source, and how many lines of the source
    /// stand before that file.
    #[must_use]
    pub fn file_at(&self, offset: u32) -> (&str, u32) {
        let behind = self.segments.partition_point(|segment| segment.start <= offset);
        match behind.checked_sub(1).and_then(|at| self.segments.get(at)) {
            Some(segment) => (&segment.file, segment.lines),
            None => (&self.file, 0),
        }
    }

    /// A resource by index.
    #[must_use]
    pub fn resource(&self, index: ResourceIndex) -> &Resource {
        &self.resources[index.0 as usize]
    }

    /// Text of a span of this stack's tree.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.tree.text(span)
    }

    /// A view of a node of this stack.
    #[must_use]
    pub fn view(&self, node: NodeId) -> View<'_> {
        View { stack: self, node }
    }

    /// Remembers a reason and gives the node that points to it.
    pub fn unknown(&mut self, reason: Reason) -> crate::Node {
        let index = self.reasons.iter().position(|r| *r == reason).unwrap_or_else(|| {
            self.reasons.push(reason);
            self.reasons.len() - 1
        });
        crate::Node::Unknown(index as u32)
    }
}

/// Everything that was read in one run.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// Stacks, ordered by id.
    pub stacks: Vec<Stack>,
    /// Files, ordered by path.
    pub inputs: Vec<Input>,
    /// Whether the input is declared, or known, to be the whole account.
    pub complete_account: bool,
}

impl Estate {
    /// A stack by index.
    #[must_use]
    pub fn stack(&self, index: StackIndex) -> &Stack {
        &self.stacks[index.0 as usize]
    }

    /// A resource by identity.
    #[must_use]
    pub fn resource(&self, id: ResourceId) -> &Resource {
        self.stack(id.stack).resource(id.index)
    }

    /// All resources, stack by stack in the order written.
    pub fn resources(&self) -> impl Iterator<Item = (ResourceId, &Stack, &Resource)> {
        self.stacks.iter().enumerate().flat_map(|(s, stack)| {
            stack.resources.iter().enumerate().map(move |(r, resource)| {
                let id = ResourceId { stack: StackIndex(s as u32), index: ResourceIndex(r as u32) };
                (id, stack, resource)
            })
        })
    }

    /// Account of a resource when known.
    #[must_use]
    pub fn account(&self, id: ResourceId) -> Option<&str> {
        self.stack(id.stack).account_of(id.index)
    }

    /// Region of a resource when known.
    #[must_use]
    pub fn region(&self, id: ResourceId) -> Option<&str> {
        self.stack(id.stack).region_of(id.index)
    }

    /// Logical id of a resource.
    #[must_use]
    pub fn id(&self, id: ResourceId) -> &str {
        self.stack(id.stack).text(self.resource(id).id)
    }

    /// Type of a resource.
    #[must_use]
    pub fn type_name(&self, id: ResourceId) -> &str {
        self.stack(id.stack).text(self.resource(id).type_name)
    }

    /// Address of a resource: its stack and its logical id.
    #[must_use]
    pub fn address(&self, id: ResourceId) -> String {
        format!("{}#{}", self.stack(id.stack).id, self.id(id))
    }
}
