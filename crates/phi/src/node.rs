//! What data flows between: resources, what services make by themselves, and ends outside.

use std::collections::HashMap;

use sekisho_estate::{Estate, ResourceId};
use sekisho_facts::{Layer, flow_node, region, store};

/// Number of a node in a [`crate::FlowGraph`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeIndex(pub u32);

/// A node.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    /// A resource of the estate.
    Resource(ResourceId),
    /// What a service makes by itself: a backup, a log group, a stream.
    Made {
        /// `virtual:…` or a resource type.
        kind: &'static str,
        /// The resource it is made for.
        of: ResourceId,
        /// The region it is made in, where that is another.
        region: Option<Box<str>>,
    },
    /// An end outside AWS, or in another account.
    End {
        /// `external:…`.
        kind: &'static str,
        /// Host, address or number as written; empty for ends without one.
        name: Box<str>,
    },
    /// Something in AWS that is named and not in the input.
    Elsewhere {
        /// Its type, as far as the property says; may be empty.
        kind: &'static str,
        /// Its name or ARN as written.
        name: Box<str>,
    },
}

impl Node {
    /// The type: of a resource as the estate has it.
    #[must_use]
    pub fn type_name<'a>(&'a self, estate: &'a Estate) -> &'a str {
        match self {
            Self::Resource(id) => estate.type_name(*id),
            Self::Made { kind, .. } | Self::End { kind, .. } | Self::Elsewhere { kind, .. } => kind,
        }
    }

    /// A short name for people: the logical id, or what is written.
    #[must_use]
    pub fn name(&self, estate: &Estate) -> String {
        match self {
            Self::Resource(id) => estate.id(*id).to_owned(),
            Self::Made { kind, of, region } => {
                let kind = kind.strip_prefix("virtual:").unwrap_or(kind);
                let kind = kind.rsplit("::").next().unwrap_or(kind);
                let place = region.as_deref().map_or(String::new(), |region| format!("@{region}"));
                format!("{}/{kind}{place}", estate.id(*of))
            }
            Self::End { kind, name } => {
                let kind = kind.strip_prefix("external:").unwrap_or(kind);
                if name.is_empty() { kind.to_owned() } else { format!("{kind}:{name}") }
            }
            Self::Elsewhere { name, .. } => name.to_string(),
        }
    }

    /// The name that is the same in every run: the address of a resource, else what is written.
    #[must_use]
    pub fn address(&self, estate: &Estate) -> String {
        match self {
            Self::Resource(id) => estate.address(*id),
            Self::Made { of, .. } => {
                format!("{}#{}", estate.stack(of.stack).id, self.name(estate))
            }
            Self::End { .. } | Self::Elsewhere { .. } => self.name(estate),
        }
    }

    /// Where it stands between the outside and the copies.
    #[must_use]
    pub fn layer(&self, estate: &Estate) -> Layer {
        match self {
            Self::End { .. } => Layer::Outside,
            _ => layer_of(self.type_name(estate)),
        }
    }

    /// Whether data stays there: a store, a made copy, or an end.
    #[must_use]
    pub fn keeps(&self, estate: &Estate) -> bool {
        match self {
            Self::Resource(id) => store(estate.type_name(*id)).is_some(),
            Self::Made { .. } | Self::End { .. } => true,
            Self::Elsewhere { kind, .. } => kind.is_empty() || store(kind).is_some(),
        }
    }

    /// The region, where it is known.
    #[must_use]
    pub fn region<'a>(&'a self, estate: &'a Estate) -> Option<&'a str> {
        match self {
            Self::Resource(id) => estate.region(*id),
            Self::Made { region: Some(region), .. } => Some(region),
            Self::Made { of, .. } => estate.region(*of),
            Self::End { .. } => None,
            Self::Elsewhere { name, .. } => arn_part(name, 3),
        }
    }

    /// The account, where it is known.
    #[must_use]
    pub fn account<'a>(&'a self, estate: &'a Estate) -> Option<&'a str> {
        match self {
            Self::Resource(id) | Self::Made { of: id, .. } => estate.account(*id),
            Self::End { kind: "external:account", name } => {
                Some(name).filter(|n| is_account(n)).map(|n| &**n)
            }
            Self::End { .. } => None,
            Self::Elsewhere { name, .. } => arn_part(name, 4).filter(|account| is_account(account)),
        }
    }

    /// The country of its region (ISO 3166-1), where both are known.
    #[must_use]
    pub fn country(&self, estate: &Estate) -> Option<&'static str> {
        self.region(estate).and_then(region).map(|region| region.country)
    }
}

/// The layer of a type: from the facts, else by what it stores.
#[must_use]
pub fn layer_of(type_name: &str) -> Layer {
    if let Some(node) = flow_node(type_name) {
        return node.layer;
    }
    match store(type_name).map(|store| store.holds) {
        Some(sekisho_facts::Holds::Content) => Layer::Data,
        Some(sekisho_facts::Holds::Logs) => Layer::Copies,
        _ => Layer::Application,
    }
}

/// Whether a text is an account number.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// A part of a literal ARN (3 region, 4 account), when it is there.
fn arn_part(text: &str, index: usize) -> Option<&str> {
    text.strip_prefix("arn:")?;
    text.split(':').nth(index).filter(|part| !part.is_empty() && !part.contains('$'))
}

/// The nodes of a graph: every resource, then what else was met, in the order met.
#[derive(Debug)]
pub struct Nodes {
    all: Vec<Node>,
    /// First node of each stack.
    starts: Vec<u32>,
    resources: usize,
    index: HashMap<Node, u32>,
}

impl Nodes {
    /// The resources of an estate: O(resources).
    #[must_use]
    pub fn new(estate: &Estate) -> Self {
        let all: Vec<Node> = estate.resources().map(|(id, ..)| Node::Resource(id)).collect();
        let mut starts = Vec::with_capacity(estate.stacks.len());
        let mut next = 0;
        for stack in &estate.stacks {
            starts.push(next);
            next += stack.resources.len() as u32;
        }
        let resources = all.len();
        Self { all, starts, resources, index: HashMap::new() }
    }

    /// The number of a node, new when it was not met before.
    pub fn intern(&mut self, node: Node) -> NodeIndex {
        if let Node::Resource(id) = node {
            return self.resource(id);
        }
        let all = &mut self.all;
        NodeIndex(*self.index.entry(node).or_insert_with_key(|node| {
            all.push(node.clone());
            all.len() as u32 - 1
        }))
    }

    /// The number of a resource.
    #[must_use]
    pub fn resource(&self, id: ResourceId) -> NodeIndex {
        NodeIndex(self.starts[id.stack.0 as usize] + id.index.0)
    }

    /// A node by number.
    #[must_use]
    pub fn get(&self, index: NodeIndex) -> &Node {
        &self.all[index.0 as usize]
    }

    /// All nodes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        self.all.iter().enumerate().map(|(at, node)| (NodeIndex(at as u32), node))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many of them are resources; they come first.
    #[must_use]
    pub fn resources(&self) -> usize {
        self.resources
    }
}
