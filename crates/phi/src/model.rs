//! The model: the graph, the labels, and everything that PHI reaches.

use std::sync::OnceLock;

use sekisho_estate::{Estate, ResourceId};
use sekisho_expr::{Host, ResourceRef};
use sekisho_graph::Names;
use sekisho_guidance::{Eligibility, EligibilityTable, Label};

use crate::closure::{Carries, Level, Reached, Role, closure};
use crate::findings::Finding;
use crate::graph::{EdgeIndex, FlowGraph};
use crate::labels::{Base, Reason, Rules};
use crate::node::{Node, NodeIndex};
use crate::roles::Access;
use crate::settings::{Account, Contract, Phi};

/// What the user says, and the day of the run.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'s> {
    /// Where PHI is and may be.
    pub phi: &'s Phi,
    /// Accounts of one's own.
    pub accounts: &'s [Account],
    /// Agreements with those who receive PHI.
    pub contracts: &'s [Contract],
    /// What Macie found.
    pub findings: &'s [Finding],
    /// A list of eligible services in place of the built-in one.
    pub eligible: Option<&'s EligibilityTable>,
    /// The day, `YYYY-MM-DD`; contracts are not judged by it when left out.
    pub today: Option<&'s str>,
}

impl Settings<'_> {
    /// Whether the list lets PHI be in the service of a type.
    pub(crate) fn eligible(&self, type_name: &str) -> Option<bool> {
        let found = match self.eligible {
            Some(table) => table.eligibility(type_name),
            None => sekisho_guidance::eligibility(type_name),
        };
        found.and_then(Eligibility::may_hold_phi)
    }
}

/// A store that is said to hold no PHI and that PHI flows into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contradiction {
    /// The store.
    pub node: NodeIndex,
    /// What says that there is none: the glob, or the tag.
    pub said: String,
    /// The path by which PHI comes, from its source.
    pub path: Vec<EdgeIndex>,
}

/// Where PHI is and where it flows.
#[derive(Debug)]
pub struct Model<'m> {
    /// The estate.
    pub estate: &'m Estate,
    /// What the user says.
    pub settings: Settings<'m>,
    /// Who passes data to whom.
    pub graph: FlowGraph,
    /// Who may do what with the stores, where possible flows were asked for.
    pub access: Option<Access>,
    /// What is known of each resource before any flow is looked at, in the order of the nodes.
    bases: Vec<Base>,
    pub(crate) roles: Vec<Role>,
    sources: Vec<(u32, Level)>,
    /// What configured flows reach.
    pub(crate) reached: Reached,
    /// What configured and possible flows reach.
    possible: OnceLock<Reached>,
    /// Findings about buckets that are not in the input.
    pub unmatched: Vec<&'m Finding>,
}

impl<'m> Model<'m> {
    /// Builds the graph and follows PHI through it: O(resources + edges), besides reading
    /// the properties. With `access`, flows that policies make possible are in it as well.
    #[must_use]
    pub fn new(
        estate: &'m Estate,
        names: &Names,
        host: &dyn Host,
        access: Option<Access>,
        settings: Settings<'m>,
    ) -> Self {
        let graph = FlowGraph::build(estate, names, host, access.as_ref());
        let rules = Rules::new(estate, names, settings.phi, settings.findings);
        let bases: Vec<Base> =
            estate.resources().map(|(id, ..)| rules.base(ResourceRef::new(estate, id))).collect();
        let mut sources = Vec::new();
        let mut roles = Vec::with_capacity(graph.nodes.len());
        for (index, node) in graph.nodes.iter() {
            let base = bases.get(index.0 as usize);
            if let (Node::Resource(id), Some(base)) = (node, base)
                && let Some(level) = rules.source(base, estate.type_name(*id))
            {
                sources.push((index.0, level));
            }
            let kind = node.type_name(estate);
            roles.push(Role {
                relays: sekisho_facts::flow_node(kind).is_some_and(|node| node.relays),
                ends: matches!(node, Node::End { .. }),
                free: base.is_some_and(|base| base.free.is_some()),
            });
        }
        let reached = closure(&graph.arcs, &graph.out, &roles, &sources, false);
        let unmatched = rules.unmatched;
        Self {
            estate,
            settings,
            graph,
            access,
            bases,
            roles,
            sources,
            reached,
            possible: OnceLock::new(),
            unmatched,
        }
    }

    /// What is reached when possible flows are taken as well.
    pub(crate) fn possible(&self) -> &Reached {
        self.possible
            .get_or_init(|| closure(&self.graph.arcs, &self.graph.out, &self.roles, &self.sources, true))
    }

    /// How we know that a resource holds PHI: what is said of it, or what flows into it if
    /// that is stronger.
    #[must_use]
    pub fn label(&self, resource: ResourceId) -> Label {
        self.label_of(self.graph.nodes.resource(resource)).0
    }

    /// The label of a node and what of PHI is there.
    #[must_use]
    pub fn label_of(&self, node: NodeIndex) -> (Label, Carries) {
        let base = self.bases.get(node.0 as usize);
        let (label, kind) = base.map_or((Label::None, Carries::Nothing), |base| (base.label, base.kind));
        let Some(level) = self.reached.level(node.0) else { return (label, kind) };
        let arrived = match level.strength {
            2 => Label::Declared,
            1 => Label::Evidenced,
            _ => Label::Assumed,
        };
        // A store by its type stays what it is; something that only passes PHI on is no store
        // of it unless that is evidenced.
        let raised = arrived > label && (arrived > Label::Assumed || base.is_none());
        if raised && (base.is_none() || self.uncertain(node).is_none()) {
            return (arrived, level.kind);
        }
        (label, kind.max(if label == arrived { level.kind } else { Carries::Nothing }))
    }

    /// Why it cannot be known that content comes to a node: the first hop on the way that may
    /// carry metadata or logs only.
    #[must_use]
    pub fn uncertain(&self, node: NodeIndex) -> Option<&sekisho_estate::Reason> {
        let mut state = self.reached.state(node.0)?;
        let mut why = None;
        while let Some((edge, before)) = self.reached.parent(state) {
            why = self.graph.edges[edge as usize].moves_unknown.as_ref().or(why);
            state = before;
        }
        why
    }

    /// The level at which PHI passes a node, whether it stays there or not.
    #[must_use]
    pub fn level(&self, node: NodeIndex) -> Option<Level> {
        self.reached.level(node.0)
    }

    /// What is known of a node before any flow is looked at; none for what is no resource.
    #[must_use]
    pub fn base(&self, node: NodeIndex) -> Option<&Base> {
        self.bases.get(node.0 as usize)
    }

    /// Why a node has its label, from the last reason to the first: the edges by which PHI
    /// came, and at last what is said of its source.
    #[must_use]
    pub fn reasons(&self, node: NodeIndex) -> Vec<(NodeIndex, Reason)> {
        let mut reasons = Vec::new();
        let mut state = self.reached.state(node.0);
        while let Some(at) = state {
            match self.reached.parent(at) {
                Some((edge, before)) => {
                    reasons.push((NodeIndex(at / 2), Reason::FlowedIn(EdgeIndex(edge))));
                    state = Some(before);
                }
                None => {
                    let reason = self.base(NodeIndex(at / 2)).and_then(|base| base.reason.clone());
                    let programs = reason.filter(|_| {
                        self.base(NodeIndex(at / 2)).is_some_and(|base| base.kind == Carries::Content)
                            || self.base(NodeIndex(at / 2)).is_some_and(|base| base.kind == Carries::Logs)
                    });
                    reasons.push((NodeIndex(at / 2), programs.unwrap_or(Reason::Programs)));
                    state = None;
                }
            }
        }
        if reasons.is_empty()
            && let Some(reason) = self.base(node).and_then(|base| base.reason.clone())
        {
            reasons.push((node, reason));
        }
        reasons
    }

    /// Stores said to hold no PHI into which evidenced PHI flows.
    #[must_use]
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let found = self.bases.iter().enumerate().filter_map(|(at, base)| {
            let said = base.free.clone()?;
            let state = self.reached.state(at as u32)?;
            let level = self.reached.level_of(state)?;
            let certain = self.uncertain(NodeIndex(at as u32)).is_none();
            (level.strength > 0 && certain).then(|| Contradiction {
                node: NodeIndex(at as u32),
                said,
                path: self.reached.path(state).into_iter().map(EdgeIndex).collect(),
            })
        });
        found.collect()
    }

    /// The level of the PHI that an edge carries from where it starts, over configured flows;
    /// none when none comes there.
    #[must_use]
    pub fn carried(&self, edge: EdgeIndex) -> Option<Level> {
        let arc = &self.graph.arcs[edge.0 as usize];
        let states = [arc.from * 2, arc.from * 2 + 1];
        states
            .into_iter()
            .filter(|&state| crate::closure::step(state, arc, &self.roles).is_some())
            .filter_map(|state| {
                let level = self.reached.level_of(state)?;
                let behind = level.behind(arc.carries)?;
                // What is said of the source counts, not that it is only flowing in.
                Some(Level {
                    strength: if behind.kind == Carries::Content { level.strength } else { 0 },
                    ..behind
                })
            })
            .max()
    }

    /// Whether a possible edge starts where PHI is or may come.
    #[must_use]
    pub fn may_carry(&self, edge: EdgeIndex) -> bool {
        let arc = &self.graph.arcs[edge.0 as usize];
        let reached = self.possible();
        [arc.from * 2, arc.from * 2 + 1].into_iter().any(|state| {
            reached.level_of(state).is_some() && crate::closure::step(state, arc, &self.roles).is_some()
        })
    }

    /// The way of PHI to an edge and along it, from its source.
    #[must_use]
    pub fn trace(&self, edge: EdgeIndex) -> Vec<EdgeIndex> {
        let arc = &self.graph.arcs[edge.0 as usize];
        let states = [arc.from * 2, arc.from * 2 + 1];
        let best = states
            .into_iter()
            .filter(|&state| crate::closure::step(state, arc, &self.roles).is_some())
            .max_by_key(|&state| self.reached.level_of(state));
        let mut path: Vec<EdgeIndex> = best
            .filter(|&state| self.reached.level_of(state).is_some())
            .map(|state| self.reached.path(state).into_iter().map(EdgeIndex).collect())
            .unwrap_or_default();
        path.push(edge);
        path
    }

    /// A node by the name a person gives: logical id, address, or the name of an end.
    #[must_use]
    pub fn find(&self, name: &str) -> Vec<NodeIndex> {
        let nodes = || self.graph.nodes.iter();
        let exact: Vec<NodeIndex> = nodes()
            .filter(|(_, node)| node.name(self.estate) == name || node.address(self.estate) == name)
            .map(|(index, _)| index)
            .collect();
        if !exact.is_empty() {
            return exact;
        }
        nodes()
            .filter(|(_, node)| crate::matches(name, &node.name(self.estate)))
            .filter(|_| name.contains('*'))
            .map(|(index, _)| index)
            .collect()
    }

    /// How many sources there are, by how we know of them, and how many configured flows carry
    /// data of customers.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { sources: self.sources.len(), ..Counts::default() };
        for (_, level) in &self.sources {
            match level.strength {
                2 => counts.declared += 1,
                1 => counts.evidenced += 1,
                _ => counts.assumed += 1,
            }
        }
        let carries = |arc: &&crate::closure::Arc| arc.carries != Carries::Nothing && !arc.possible;
        counts.flows = self.graph.arcs.iter().filter(carries).count();
        counts
    }
}

/// Numbers of a model.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Sources of PHI.
    pub sources: usize,
    /// Those declared in the configuration.
    pub declared: usize,
    /// Those shown by a tag or a finding.
    pub evidenced: usize,
    /// Those assumed from their type.
    pub assumed: usize,
    /// Configured flows that carry anything of customers.
    pub flows: usize,
}
