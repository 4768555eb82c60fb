//! Paths of PHI: from a source to everything it reaches, worst first.
//!
//! The closure gives each state one shortest path; together they are a forest. Every edge
//! that PHI can take is on a path of the list: the paths to the leaves of the forest, and
//! for each other edge the path to its start with the edge behind it. O(edges) to list,
//! O(length) to write one down.

use crate::closure::{Leg, Level, Reached, node_of, step};
use crate::graph::EdgeIndex;
use crate::hop::Fault;
use crate::model::Model;
use crate::node::{Node, NodeIndex};

/// One path of PHI.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// Where PHI is.
    pub source: NodeIndex,
    /// The hops, in order.
    pub edges: Vec<EdgeIndex>,
    /// How sure it is that PHI is at the source, and what of it arrives.
    pub level: Level,
    /// The worst of its hops; none when nothing is wrong.
    pub worst: Option<Fault>,
    /// Whether one of its hops is only possible.
    pub possible: bool,
}

/// Which paths are asked for.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Only from these nodes; from every source when empty.
    pub from: Vec<NodeIndex>,
    /// Only to these nodes; to everything when empty.
    pub to: Vec<NodeIndex>,
    /// Only to ends outside.
    pub external: bool,
    /// Possible flows as well: those that are not configured.
    pub possible: bool,
}

/// The end of a path that is not written down yet.
struct Tail {
    /// Where the path starts.
    start: u32,
    state: u32,
    last: Option<u32>,
    worst: Option<Fault>,
    length: u32,
}

impl Model<'_> {
    /// The paths that answer a question, worst first, at most `limit`; and how many there are.
    #[must_use]
    pub fn paths(&self, question: &Question, limit: usize) -> (Vec<Path>, usize) {
        let own;
        let reached: &Reached = if question.from.is_empty() {
            if question.possible { self.possible() } else { &self.reached }
        } else {
            let sources: Vec<(u32, Level)> = question
                .from
                .iter()
                .map(|node| {
                    let assumed = Level { strength: 0, kind: crate::closure::Carries::Content };
                    (node.0, self.level(*node).unwrap_or(assumed))
                })
                .collect();
            own = crate::closure::closure(
                &self.graph.arcs,
                &self.graph.out,
                &self.roles,
                &sources,
                question.possible,
            );
            &own
        };
        let mut tails = self.tails(reached, question);
        let total = tails.len();
        let nodes = &self.graph.nodes;
        tails.sort_by_cached_key(|tail| {
            let source = tail.start;
            let level = reached.level_of(source);
            let end = tail.last.map_or(node_of(tail.state), |edge| self.graph.arcs[edge as usize].to);
            (
                std::cmp::Reverse(tail.worst),
                std::cmp::Reverse(level),
                tail.length,
                nodes.get(NodeIndex(node_of(source))).address(self.estate),
                nodes.get(NodeIndex(end)).address(self.estate),
                tail.last,
            )
        });
        tails.truncate(limit);
        let paths = tails.iter().map(|tail| self.written(reached, tail)).collect();
        (paths, total)
    }

    fn tails(&self, reached: &Reached, question: &Question) -> Vec<Tail> {
        let states = self.roles.len() * 2;
        // The worst hop up to each state, its length, and whether a path goes on from it.
        let mut worst: Vec<Option<Fault>> = vec![None; states];
        let mut length = vec![0_u32; states];
        let mut inner = vec![false; states];
        let mut possible = vec![false; states];
        let mut starts: Vec<u32> = (0..states as u32).collect();
        for &state in reached.states() {
            if let Some((edge, before)) = reached.parent(state) {
                worst[state as usize] = worst[before as usize].max(self.fault(edge));
                length[state as usize] = length[before as usize] + 1;
                possible[state as usize] =
                    possible[before as usize] || self.graph.arcs[edge as usize].possible;
                inner[before as usize] = true;
                starts[state as usize] = starts[before as usize];
            }
        }
        let wanted = |node: u32| {
            (question.to.is_empty() || question.to.contains(&NodeIndex(node)))
                && (!question.external
                    || matches!(self.graph.nodes.get(NodeIndex(node)), Node::End { .. })
                    || self.is_foreign(NodeIndex(node)))
        };
        let narrowed = !question.to.is_empty() || question.external;
        let (mut tails, mut whole) = (Vec::new(), Vec::new());
        for &state in reached.states() {
            let came = reached.parent(state);
            // Whether PHI goes on from here, along the forest or beside it.
            let mut goes_on = inner[state as usize];
            for &edge in self.graph.out.of(node_of(state)) {
                let arc = &self.graph.arcs[edge as usize];
                let Some(to) = step(state, arc, &self.roles) else { continue };
                let tree = reached.parent(to).is_some_and(|(by, before)| by == edge && before == state);
                if tree || reached.level_of(to).is_none() || (arc.possible && !question.possible) {
                    continue;
                }
                // Back to where it came from, by the other half of the same exchange, or because
                // who may read a store may write it as well.
                let back = came.is_some_and(|(by, _)| {
                    let before = &self.graph.arcs[by as usize];
                    before.from == arc.to
                        && before.to == arc.from
                        && (before.leg != Leg::Moves || arc.possible)
                });
                if back || arc.from == arc.to && question.to.is_empty() {
                    continue;
                }
                goes_on = true;
                let listed = !question.possible || possible[state as usize] || arc.possible;
                if listed && wanted(arc.to) {
                    tails.push(Tail {
                        start: starts[state as usize],
                        state,
                        last: Some(edge),
                        worst: worst[state as usize].max(self.fault(edge)),
                        length: length[state as usize] + 1,
                    });
                }
            }
            // With an end asked for, its path ends there even if PHI flows on.
            let listed = !question.possible || possible[state as usize];
            if length[state as usize] > 0 && (narrowed || !goes_on) && listed && wanted(node_of(state)) {
                let (worst, length) = (worst[state as usize], length[state as usize]);
                whole.push(Tail { start: starts[state as usize], state, last: None, worst, length });
            }
        }
        tails.extend(whole);
        tails
    }

    /// The worst fault of an edge that makes a path worse: what is left to programs counts
    /// for less than what is not known.
    fn fault(&self, edge: u32) -> Option<Fault> {
        self.faults(EdgeIndex(edge)).into_iter().max()
    }

    fn written(&self, reached: &Reached, tail: &Tail) -> Path {
        let mut edges: Vec<EdgeIndex> = reached.path(tail.state).into_iter().map(EdgeIndex).collect();
        edges.extend(tail.last.map(EdgeIndex));
        let start = tail.start;
        let strength = reached.level_of(start).map_or(0, |level| level.strength);
        let kind = reached.level_of(tail.state).and_then(|level| match tail.last {
            Some(edge) => level.behind(self.graph.arcs[edge as usize].carries).map(|l| l.kind),
            None => Some(level.kind),
        });
        let kind = kind.unwrap_or(crate::closure::Carries::Logs);
        let possible = edges.iter().any(|edge| self.graph.edge(*edge).possible);
        // Eligibility reads nothing of the estate, but only what is shown needs it.
        let worst = edges.iter().flat_map(|edge| self.hop(*edge).faults).max();
        Path { source: NodeIndex(node_of(start)), edges, level: Level { strength, kind }, worst, possible }
    }

    /// Whether a node is in somebody else's hands: an agreement is needed.
    #[must_use]
    pub fn is_foreign(&self, node: NodeIndex) -> bool {
        self.agreement(self.graph.nodes.get(node)) != crate::hop::Agreement::NotNeeded
    }
}
