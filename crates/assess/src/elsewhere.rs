//! What the values of a resource bring from outside its own lines: text of parameters, variables,
//! other files and other stacks, and text that nobody knows before deployment.
//!
//! One walk over the nodes of each resource, without evaluating: every branch counts. Linear in
//! the nodes; values of a variable are looked at once.

use foldhash::{HashMap, HashMapExt};
use sekisho_detect::{parts_of_credentials, words_of_context};
use sekisho_estate::reader::MAX_DEPTH;
use sekisho_estate::{Estate, Node, NodeId, Reason, ReasonCode, Stack, StackIndex};

use crate::outside::end_of;

/// Most nodes of other places that are looked at for one resource; beyond, it is walked.
const MAX_FOREIGN: u32 = 20_000;

/// What a resource brings from elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Elsewhere {
    /// Whether a word of context for an identifier stands in it.
    pub(crate) context: bool,
    /// Whether a part of a credential does.
    pub(crate) credentials: bool,
    /// Why free text in it is not known.
    pub(crate) open: Option<Reason>,
}

/// Looks at all resources of a stack; those that bring nothing are left out.
pub(crate) fn survey(estate: &Estate, stack: StackIndex) -> HashMap<u32, Elsewhere> {
    let this = estate.stack(stack);
    let source = this.tree.source();
    let mut variables: HashMap<(u32, u32), Elsewhere> = HashMap::new();
    let mut found = HashMap::new();
    for (index, resource) in this.resources.iter().enumerate() {
        let start = resource.offset as usize;
        let later = this.resources.get(index + 1..).unwrap_or_default();
        let next = later.iter().map(|resource| resource.offset as usize).find(|&offset| offset > start);
        let end = next.unwrap_or_else(|| end_of(source, start));
        let mut walk = Walk {
            estate,
            own: stack,
            lines: (start, end),
            variables: &mut variables,
            found: Elsewhere::default(),
            foreign: 0,
        };
        walk.node(stack, resource.body, false, true, 0);
        if this.tree.get(resource.body, "Properties") != Some(resource.properties) {
            walk.node(stack, resource.properties, false, true, 0);
        }
        if walk.found != Elsewhere::default() {
            found.insert(index as u32, walk.found);
        }
    }
    found
}

struct Walk<'w> {
    estate: &'w Estate,
    own: StackIndex,
    /// The resource's own lines, searched as text.
    lines: (usize, usize),
    variables: &'w mut HashMap<(u32, u32), Elsewhere>,
    found: Elsewhere,
    foreign: u32,
}

impl Walk<'_> {
    /// `free`: whether what stands here is text that a person chooses. `own`: whether it is
    /// reached from the resource itself, not through a variable or another stack.
    fn node(&mut self, stack: StackIndex, node: NodeId, free: bool, own: bool, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        if !own {
            self.foreign += 1;
            if self.foreign > MAX_FOREIGN {
                (self.found.context, self.found.credentials) = (true, true);
                return;
            }
        }
        let this = self.estate.stack(stack);
        match this.tree.node(node) {
            Node::String(span) => {
                // What is written in a template is told where it stands: in the resource's own
                // lines, at the parameter, or at the stack that passes it on.
                let at = span.start as usize;
                let lines = if own && stack == self.own { self.lines } else { (0, this.tree.source().len()) };
                if !(lines.0..lines.1).contains(&at) {
                    self.text(this.tree.text(span));
                }
            }
            Node::Map(range) => {
                for entry in this.tree.entries(range) {
                    let key = this.tree.text(entry.key);
                    if entry.key.start as usize >= this.tree.source().len() {
                        self.text(key);
                    }
                    self.node(stack, entry.value, free || is_free(key), own, depth + 1);
                }
            }
            Node::List(range) => self.nodes(stack, this.tree.children(range), free, own, depth),
            Node::Operation { operands, .. } => {
                self.nodes(stack, this.tree.children(operands), free, own, depth);
            }
            Node::Choice { arms, .. } => {
                let (yes, no) = this.tree.arms(arms);
                self.nodes(stack, &[yes, no], free, own, depth);
            }
            Node::Foreign { stack, node } => self.node(StackIndex(stack), node, free, false, depth + 1),
            Node::Variable(index) => self.variable(this, stack, index, free, depth),
            Node::Unknown(reason) if free => {
                let reason = this.reasons.get(reason as usize);
                if self.found.open.is_none() {
                    self.found.open = reason.filter(|reason| is_open(reason)).cloned();
                }
            }
            _ => {}
        }
    }

    fn nodes(&mut self, stack: StackIndex, nodes: &[NodeId], free: bool, own: bool, depth: u32) {
        for &node in nodes {
            self.node(stack, node, free, own, depth + 1);
        }
    }

    fn variable(&mut self, this: &Stack, stack: StackIndex, index: u32, free: bool, depth: u32) {
        let Some(variable) = this.variables.get(index as usize) else { return };
        if variable.domain.is_empty() {
            if free && self.found.open.is_none() && is_open(&variable.unknown) {
                self.found.open = Some(variable.unknown.clone());
            }
            return;
        }
        let known = self.variables.get(&(stack.0, index)).cloned().unwrap_or_else(|| {
            // It is its own value that would be found again, should it name itself.
            self.variables.insert((stack.0, index), Elsewhere::default());
            let before = std::mem::take(&mut self.found);
            self.nodes(stack, &variable.domain, true, false, depth);
            let of = std::mem::replace(&mut self.found, before);
            self.variables.insert((stack.0, index), of.clone());
            of
        });
        self.found.context |= known.context;
        self.found.credentials |= known.credentials;
        // What must not be shown is not read either.
        if variable.secret && known.context && free && self.found.open.is_none() {
            self.found.open = Some(Reason::new(ReasonCode::Secret, &*variable.name));
        }
        if free && self.found.open.is_none() {
            self.found.open = known.open;
        }
    }

    fn text(&mut self, text: &str) {
        self.found.context |= !self.found.context && !words_of_context(text).is_empty();
        self.found.credentials |= !self.found.credentials && !parts_of_credentials(text).is_empty();
    }
}

/// Whether what is not known may be text that a person gives. What AWS gives a resource, and
/// where it is deployed, is none.
fn is_open(reason: &Reason) -> bool {
    !matches!(
        reason.code,
        ReasonCode::AttributeAtDeploy
            | ReasonCode::PseudoParameter
            | ReasonCode::DiffersEachRun
            | ReasonCode::UnknownType
    )
}

/// Whether a property takes text that a person chooses freely: names, tags, descriptions,
/// variables of programs, definitions. Names of key pairs and numbers of other things do not.
fn is_free(key: &str) -> bool {
    const ENDS: [&str; 17] = [
        "Name",
        "Description",
        "Comment",
        "Title",
        "Alias",
        "Label",
        "Subject",
        "Message",
        "Body",
        "Text",
        "Content",
        "UserData",
        "DefinitionString",
        "Definition",
        "Prefix",
        "Identifier",
        "Note",
    ];
    const WHOLE: [&str; 6] =
        ["Tags", "TagSpecifications", "Variables", "Environment", "EnvironmentVariables", "HostedZoneTags"];
    if WHOLE.contains(&key) {
        return true;
    }
    key != "KeyName" && ENDS.iter().any(|end| key.ends_with(end))
}
