//! The papers' end-to-end questions, answered on paths: what stands before and behind a
//! load balancer, a distribution or an API; where logs, query results, copies, failed
//! messages and notices of a resource go.

use crate::closure::{Carries, Leg};
use crate::graph::{EdgeIndex, Encryption};
use crate::model::Model;
use crate::node::{Node, NodeIndex};

/// One side of a resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Aspect {
    /// Towards who asks: viewers and clients.
    Front,
    /// Towards what answers: origins, targets, integrations.
    Back,
    /// Logs of it.
    Logs,
    /// Results that a query leaves.
    Results,
    /// Replicas, snapshots, backups, exports.
    Copies,
    /// Messages that could not be handled.
    Failed,
    /// Notices with names or keys of what changed.
    Notices,
}

impl Aspect {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 7] =
        [Self::Front, Self::Back, Self::Results, Self::Copies, Self::Logs, Self::Failed, Self::Notices];
}

/// How the hops of one side are protected, taken together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protection {
    /// Every hop is encrypted.
    Encrypted,
    /// One is left to programs, or not known.
    Undecided,
    /// One is plain.
    Plain,
}

/// Longest chain of hops that follow each other's encryption.
const MAX_CHAIN: usize = 8;

impl Model<'_> {
    /// The hops of one side of a node, in the order of the graph. Hops that follow the next
    /// one's encryption are followed to where it is decided.
    #[must_use]
    pub fn aspect(&self, node: NodeIndex, aspect: Aspect) -> Vec<EdgeIndex> {
        let mut found = Vec::new();
        match aspect {
            Aspect::Front => self.chain(node, Leg::Answers, &mut found, &mut vec![node], 0),
            Aspect::Back => self.chain(node, Leg::Asks, &mut found, &mut vec![node], 0),
            _ => {
                let holder = match self.graph.nodes.get(node) {
                    Node::Resource(id) => Some(*id),
                    _ => None,
                };
                // What a connector beside it moves away counts as well: a replica names its source.
                found.extend(
                    self.graph.leaving(node).filter(|&edge| self.aspect_of(edge, holder) == Some(aspect)),
                );
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Which side of where it starts an edge is on.
    fn aspect_of(&self, edge: EdgeIndex, of: Option<sekisho_estate::ResourceId>) -> Option<Aspect> {
        let (edge, arc) = (self.graph.edge(edge), &self.graph.arcs[edge.0 as usize]);
        if arc.carries == Carries::Nothing || edge.possible {
            return None;
        }
        let path = edge.row.path;
        let to = self.graph.nodes.get(edge.to);
        let to_type = to.type_name(self.estate);
        if ["DeadLetter", "Redrive", "OnFailure", "deadLetter"].iter().any(|word| path.contains(word)) {
            return Some(Aspect::Failed);
        }
        if ["ResultConfiguration", "OutputLocation", "QueryResults"].iter().any(|word| path.contains(word)) {
            return Some(Aspect::Results);
        }
        let to_logs = sekisho_facts::store(to_type).is_some_and(|s| s.holds == sekisho_facts::Holds::Logs);
        if arc.carries == Carries::Logs || path.contains("Log") || to_logs {
            return Some(Aspect::Logs);
        }
        let same = of.is_some_and(|id| self.estate.type_name(id) == to_type);
        if matches!(to, Node::Made { .. }) || same || path.contains("Replica") || to_type.contains("Backup") {
            return Some(Aspect::Copies);
        }
        (arc.carries == Carries::Metadata).then_some(Aspect::Notices)
    }

    fn chain(
        &self,
        node: NodeIndex,
        leg: Leg,
        found: &mut Vec<EdgeIndex>,
        seen: &mut Vec<NodeIndex>,
        depth: usize,
    ) {
        for index in self.graph.leaving(node) {
            let edge = self.graph.edge(index);
            if edge.leg != leg || edge.possible {
                continue;
            }
            found.push(index);
            let inside = edge.encryption == Encryption::Follows
                || (edge.encryption == Encryption::Always && self.roles[edge.to.0 as usize].relays);
            if inside && depth < MAX_CHAIN && !seen.contains(&edge.to) {
                seen.push(edge.to);
                self.chain(edge.to, leg, found, seen, depth + 1);
            }
        }
        // A load balancer's listeners decide its front, though the client names the balancer.
        if leg == Leg::Answers && depth == 0 {
            for index in self.graph.leaving(node).filter(|&e| self.graph.edge(e).leg == Leg::Asks) {
                let edge = self.graph.edge(index);
                let follows = found.iter().any(|&e| self.graph.edge(e).encryption == Encryption::Follows);
                if follows && self.roles[edge.to.0 as usize].relays {
                    found.push(index);
                }
            }
        }
    }

    /// How the hops of one side are protected; none when there is none.
    #[must_use]
    pub fn protection(&self, edges: &[EdgeIndex]) -> Option<Protection> {
        let of = |edge: &EdgeIndex| match self.graph.edge(*edge).encryption {
            Encryption::Plain => Some(Protection::Plain),
            Encryption::Application | Encryption::Unknown(_) => Some(Protection::Undecided),
            Encryption::Always | Encryption::Configured => Some(Protection::Encrypted),
            Encryption::Follows => None,
        };
        edges.iter().filter_map(of).max()
    }
}
