//! The flow graph of an estate: which thing passes data to which, by which property.
//!
//! Built by reading the property of every row of the facts in the default world.
//! O(resources × rows of their type).

use bumpalo::Bump;
use sekisho_access::tables::Class;
use sekisho_estate::{Estate, NodeId, Reader, Reason, ReasonCode, ResourceId, StackIndex, Value};
use sekisho_expr::Host;
use sekisho_facts::{Direction, Flow, Moves, Side, Transit, flows};
use sekisho_graph::{Names, index_of};

use crate::closure::{Adjacency, Arc, Carries, Leg};
use crate::conditions::{Conditions, Holds};
use crate::given::Given;
use crate::node::{Node, NodeIndex, Nodes};
use crate::resolve::{named, places, shown};
use crate::roles::{Access, READ, Reach, Right, WRITE};

/// Number of an edge in a [`FlowGraph`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct EdgeIndex(pub u32);

/// Whether data is encrypted on a hop.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Encryption {
    /// Whatever is configured.
    Always,
    /// Because it is configured so.
    Configured,
    /// Left to the programs at both ends.
    Application,
    /// No, or not surely.
    Plain,
    /// The next hop decides: this one is the same connection, or inside one service.
    Follows,
    /// Cannot be known, and why.
    Unknown(Reason),
}

impl Encryption {
    /// Name in every output.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Configured => "configured",
            Self::Application => "application",
            Self::Plain => "plain",
            Self::Follows => "follows",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// Data can go from one node to another.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Where it comes from.
    pub from: NodeIndex,
    /// Where it goes.
    pub to: NodeIndex,
    /// The resource whose property says so.
    pub holder: ResourceId,
    /// The kind of flow.
    pub row: &'static Flow,
    /// The property's value: the stack in whose tree it lies, and the node.
    pub place: Option<(StackIndex, NodeId)>,
    /// What moves here: content where the row's `content_if` holds.
    pub moves: Moves,
    /// Why it cannot be known whether content moves, where the row's condition is unknown.
    pub moves_unknown: Option<Reason>,
    /// How it takes part in requests.
    pub leg: Leg,
    /// How it is protected on the way.
    pub encryption: Encryption,
    /// The decisions that it depends on (`Env=prod`); empty when it holds in every world.
    pub world: Box<str>,
    /// Whether it is only possible: a program knows, or a role may.
    pub possible: bool,
    /// By which right of whom it is possible, where it is one that policies give.
    pub right: Option<Right>,
    /// Whether what is named is not in the input.
    pub unresolved: bool,
}

/// A flow that could not be followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// The resource whose property it is.
    pub holder: ResourceId,
    /// The path of the row.
    pub path: &'static str,
    /// What is written, with `${…}` for what is not known.
    pub text: String,
}

/// Everything that passes data in an estate.
#[derive(Debug)]
pub struct FlowGraph {
    /// Resources and ends.
    pub nodes: Nodes,
    /// Edges, by holder in the order of the estate.
    pub edges: Vec<Edge>,
    /// Edges as the closure sees them, at the same indices.
    pub(crate) arcs: Vec<Arc>,
    pub(crate) out: Adjacency,
    pub(crate) into: Adjacency,
    held: Adjacency,
    /// Values that name nothing in the input.
    pub gaps: Vec<Gap>,
    /// Resources that exist only under a condition nobody has decided.
    pub conditional: Vec<ResourceId>,
    /// Users and roles whose possible flows are too many to be followed.
    pub left_out: usize,
}

/// An edge before its ends have numbers.
struct Raw {
    target: Node,
    holder: ResourceId,
    row: &'static Flow,
    place: Option<(StackIndex, NodeId)>,
    moves: Moves,
    moves_unknown: Option<Reason>,
    encryption: Encryption,
    world: String,
    unresolved: bool,
}

impl FlowGraph {
    /// Reads the flows of an estate.
    ///
    /// `host` answers what the expressions of the facts ask (companions, targets,
    /// policies); `access` lists what roles may read and write, where that is known.
    #[must_use]
    pub fn build(estate: &Estate, names: &Names, host: &dyn Host, access: Option<&Access>) -> Self {
        let conditions = Conditions::new(estate, host);
        // On this thread alone: whoever asks first builds the graph, and that may be one of
        // several workers that wait for it.
        let mut part = Part::default();
        let given = Given::new(names);
        for (id, ..) in estate.resources() {
            read(estate, &given, &conditions, id, &mut part);
        }
        let mut graph = Self {
            nodes: Nodes::new(estate),
            edges: Vec::with_capacity(part.edges.len() * 2),
            arcs: Vec::new(),
            out: Adjacency::default(),
            into: Adjacency::default(),
            held: Adjacency::default(),
            gaps: Vec::new(),
            conditional: Vec::new(),
            left_out: 0,
        };
        for raw in part.edges {
            graph.push(raw);
        }
        graph.gaps = part.gaps;
        graph.conditional = part.conditional;
        graph.streams(estate);
        let (reaches, left_out) = access.map(|access| access.reaches(estate)).unwrap_or_default();
        for reach in &reaches {
            graph.possible(reach);
        }
        graph.left_out = left_out;
        graph.index(estate);
        graph
    }

    fn push(&mut self, raw: Raw) {
        let holder = self.nodes.resource(raw.holder);
        let target = self.nodes.intern(raw.target);
        let mut edge = |from, to, leg| {
            self.edges.push(Edge {
                from,
                to,
                holder: raw.holder,
                row: raw.row,
                place: raw.place,
                moves: raw.moves,
                moves_unknown: raw.moves_unknown.clone(),
                leg,
                encryption: raw.encryption.clone(),
                world: raw.world.as_str().into(),
                possible: raw.row.possible,
                right: None,
                unresolved: raw.unresolved,
            });
        };
        match (raw.row.direction, raw.row.asks) {
            (Direction::Out, _) => edge(holder, target, Leg::Moves),
            (Direction::In, _) => edge(target, holder, Leg::Moves),
            (Direction::Both, Side::Holder) => {
                edge(holder, target, Leg::Asks);
                edge(target, holder, Leg::Answers);
            }
            (Direction::Both, Side::Target) => {
                edge(target, holder, Leg::Asks);
                edge(holder, target, Leg::Answers);
            }
        }
    }

    /// A stream that something reads comes from its table, even where the table is written
    /// without one.
    fn streams(&mut self, estate: &Estate) {
        let Some(row) =
            flows("AWS::DynamoDB::Table").iter().find(|row| row.to.contains(&"virtual:DynamoDBStream"))
        else {
            return;
        };
        let made: Vec<(NodeIndex, ResourceId)> = self
            .nodes
            .iter()
            .filter_map(|(index, node)| match node {
                Node::Made { kind: "virtual:DynamoDBStream", of, .. }
                    if estate.type_name(*of) == "AWS::DynamoDB::Table" =>
                {
                    Some((index, *of))
                }
                _ => None,
            })
            .collect();
        let fed: std::collections::HashSet<NodeIndex> = self
            .edges
            .iter()
            .filter(|edge| edge.row.to.contains(&"virtual:DynamoDBStream") && edge.leg == Leg::Moves)
            .filter(|edge| self.nodes.resource(edge.holder) == edge.from)
            .map(|edge| edge.to)
            .collect();
        for (to, of) in made {
            let from = self.nodes.resource(of);
            if fed.contains(&to) {
                continue;
            }
            self.edges.push(Edge {
                from,
                to,
                holder: of,
                row,
                place: None,
                moves: Moves::Content,
                moves_unknown: None,
                leg: Leg::Moves,
                encryption: Encryption::Always,
                world: "".into(),
                possible: false,
                right: None,
                unresolved: false,
            });
        }
    }

    /// What somebody may read can go to what it may write.
    fn possible(&mut self, reach: &Reach) {
        let middle = self.nodes.resource(reach.by);
        let sides = reach.reads.iter().map(|r| (r, &READ)).chain(reach.writes.iter().map(|w| (w, &WRITE)));
        for (&(store, right), row) in sides {
            let store = self.nodes.resource(store);
            let (from, to) =
                if right.class == Class::ReadContent { (store, middle) } else { (middle, store) };
            self.edges.push(Edge {
                from,
                to,
                holder: reach.by,
                row,
                place: None,
                moves: Moves::Content,
                moves_unknown: None,
                leg: Leg::Moves,
                encryption: Encryption::Application,
                world: "".into(),
                possible: true,
                right: Some(right),
                unresolved: false,
            });
        }
    }

    fn index(&mut self, estate: &Estate) {
        // A possible flow leads to or from something that keeps or passes data; a key or a
        // role that a program knows of is no place for PHI.
        let useful: Vec<bool> = self
            .nodes
            .iter()
            .map(|(_, node)| {
                let kind = node.type_name(estate);
                node.keeps(estate) || sekisho_facts::flow_node(kind).is_some() || !flows(kind).is_empty()
            })
            .collect();
        self.arcs = self
            .edges
            .iter()
            .map(|edge| {
                let ends = useful[edge.from.0 as usize] && useful[edge.to.0 as usize];
                let carries = match edge.moves {
                    Moves::Control => Carries::Nothing,
                    _ if edge.possible && !ends && edge.right.is_none() => Carries::Nothing,
                    // What may be content is followed as such; `Model::uncertain` remembers.
                    _ if edge.moves_unknown.is_some() => Carries::Content,
                    Moves::Logs => Carries::Logs,
                    Moves::Metadata => Carries::Metadata,
                    Moves::Content => Carries::Content,
                };
                let (from, to) = (edge.from.0, edge.to.0);
                Arc { from, to, leg: edge.leg, carries, possible: edge.possible }
            })
            .collect();
        self.out = Adjacency::new(self.nodes.len(), &self.arcs, |arc| arc.from);
        self.into = Adjacency::new(self.nodes.len(), &self.arcs, |arc| arc.to);
        // By holder: the same arcs with the holder in the place of where they start.
        let holders: Vec<Arc> = self
            .edges
            .iter()
            .zip(&self.arcs)
            .map(|(edge, arc)| Arc { from: self.nodes.resource(edge.holder).0, ..*arc })
            .collect();
        self.held = Adjacency::new(self.nodes.len(), &holders, |arc| arc.from);
    }

    /// An edge by number.
    #[must_use]
    pub fn edge(&self, index: EdgeIndex) -> &Edge {
        &self.edges[index.0 as usize]
    }

    /// The edges that leave a node.
    pub fn leaving(&self, node: NodeIndex) -> impl Iterator<Item = EdgeIndex> {
        self.out.of(node.0).iter().map(|&edge| EdgeIndex(edge))
    }

    /// The edges that a resource's own properties make.
    pub fn held(&self, node: NodeIndex) -> impl Iterator<Item = EdgeIndex> {
        self.held.of(node.0).iter().map(|&edge| EdgeIndex(edge))
    }

    /// The edges that arrive at a node.
    pub fn arriving(&self, node: NodeIndex) -> impl Iterator<Item = EdgeIndex> {
        self.into.of(node.0).iter().map(|&edge| EdgeIndex(edge))
    }
}

#[derive(Default)]
struct Part {
    edges: Vec<Raw>,
    gaps: Vec<Gap>,
    conditional: Vec<ResourceId>,
}

/// Reads the flows that one resource's properties say.
fn read(estate: &Estate, given: &Given<'_>, conditions: &Conditions<'_>, id: ResourceId, part: &mut Part) {
    let rows = flows(estate.type_name(id));
    if rows.is_empty() {
        return;
    }
    let bump = Bump::new();
    let (stack, resource) = (estate.stack(id.stack), estate.resource(id));
    let reader = Reader::new(estate, &bump);
    if !reader.exists(stack, resource) {
        return;
    }
    let existence = reader.worlds.label();
    if !reader.worlds.is_only() {
        part.conditional.push(id);
    }
    let mut done = vec![false; rows.len()];
    for first in 0..rows.len() {
        if done[first] || rows[first].api {
            continue;
        }
        // Rows of one path are alternatives.
        let path = rows[first].path;
        let group: Vec<&'static Flow> = (first..rows.len())
            .filter(|&at| rows[at].path == path && !rows[at].api)
            .map(|at| {
                done[at] = true;
                &rows[at]
            })
            .collect();
        let always = group.iter().any(|row| row.always);
        let head = path.split('/').next().unwrap_or(path);
        if !always && stack.tree.get(resource.properties, head).is_none() {
            continue;
        }
        let reader = Reader::new(estate, &bump);
        let mut found = places(&reader, stack.view(resource.properties), path);
        if found.is_empty() && always {
            let view = stack.view(resource.properties);
            found.push(crate::resolve::Place { view, value: Value::Absent, at: Vec::new() });
        }
        for place in found {
            let mut world = existence.clone();
            add(&mut world, &reader.worlds.label());
            let mut holding: Vec<&'static Flow> = Vec::with_capacity(group.len());
            for &row in &group {
                let Some(when) = row.when else {
                    holding.push(row);
                    continue;
                };
                let (holds, decisions) = conditions.ask(when, id, &place.at);
                match holds {
                    Holds::No => {}
                    // What may be there is there: a flow is never dropped for want of a value.
                    Holds::Yes | Holds::Unknown(_) => {
                        add(&mut world, &decisions);
                        holding.push(row);
                    }
                }
            }
            if holding.is_empty() {
                continue;
            }
            for found in named(&reader, given, id, place.value, &holding) {
                let row = holding[found.row];
                push(estate, conditions, id, row, &place, found.node, world.clone(), part);
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
fn push(
    estate: &Estate,
    conditions: &Conditions<'_>,
    holder: ResourceId,
    row: &'static Flow,
    place: &crate::resolve::Place<'_>,
    target: Node,
    mut world: String,
    part: &mut Part,
) {
    let (mut moves, mut moves_unknown) = (row.moves, None);
    if let Some(text) = row.content_if {
        let (holds, decisions) = conditions.ask(text, holder, &place.at);
        add(&mut world, &decisions);
        match holds {
            Holds::Yes => moves = Moves::Content,
            Holds::No => {}
            Holds::Unknown(why) => moves_unknown = Some(why),
        }
    }
    let encryption = match row.transit {
        Transit::Always => Encryption::Always,
        Transit::Application => Encryption::Application,
        Transit::Plain => Encryption::Plain,
        Transit::Follows => Encryption::Follows,
        Transit::Decided { by, encrypted_if, application_if } => {
            let of = match (by, &target) {
                (Side::Holder, _) => Some(holder),
                (Side::Target, Node::Resource(id)) if row.to.contains(&estate.type_name(*id)) => Some(*id),
                (Side::Target, _) => None,
            };
            match of {
                None => Encryption::Unknown(Reason::new(ReasonCode::NotInInput, shown(place.value))),
                Some(of) => {
                    let (holds, decisions) = conditions.ask(encrypted_if, of, &place.at);
                    add(&mut world, &decisions);
                    let unless = application_if.map(|text| conditions.ask(text, of, &place.at));
                    match (holds, unless) {
                        (Holds::Yes, _) => Encryption::Configured,
                        (_, Some((Holds::Yes, decisions))) => {
                            add(&mut world, &decisions);
                            Encryption::Application
                        }
                        (Holds::No, _) => Encryption::Plain,
                        (Holds::Unknown(why), _) => Encryption::Unknown(why),
                    }
                }
            }
        }
    };
    let unresolved = matches!(target, Node::Elsewhere { .. })
        || matches!(&target, Node::End { name, .. } if name.contains("${"));
    if unresolved && row.moves != Moves::Control {
        part.gaps.push(Gap { holder, path: row.path, text: shown(place.value) });
    }
    let at = index_of(estate, place.view.stack).map(|stack| (stack, place.view.node));
    part.edges.push(Raw {
        target,
        holder,
        row,
        place: at,
        moves,
        moves_unknown,
        encryption,
        world,
        unresolved,
    });
}

/// Adds decisions to those before, each once.
fn add(world: &mut String, more: &str) {
    for word in more.split(", ").filter(|word| !word.is_empty()) {
        if !world.split(", ").any(|known| known == word) {
            if !world.is_empty() {
                world.push_str(", ");
            }
            world.push_str(word);
        }
    }
}
