//! The closure: everything that PHI can reach, each with one shortest path.
//!
//! Works on numbers alone, so that it can be tried against a naive evaluator and timed
//! without an estate. O(nodes + edges) time and memory: every node is settled at most
//! twice, as something that asks and as something that answers.
//!
//! **Asking and answering.** A load balancer that gets an answer from one application does
//! not send it to another. A node that *relays* therefore has two states: what came to it
//! as an answer leaves only as an answer or into its logs, what came as a request leaves
//! only as a request or into its logs. Everything else has one state.

/// How PHI takes part in an edge.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Leg {
    /// One way: a copy, a message, a log.
    Moves,
    /// A request that carries data.
    Asks,
    /// The answer to one.
    Answers,
}

/// What of the PHI goes along an edge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Carries {
    /// Nothing of customers.
    Nothing,
    /// Logs that may hold pieces.
    Logs,
    /// What describes it.
    Metadata,
    /// The data itself.
    Content,
}

/// How we know that PHI is at a node, and what of it. Orders by strength, then by kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Level {
    /// 0 assumed, 1 evidenced, 2 declared.
    pub strength: u8,
    /// What is there; never [`Carries::Nothing`].
    pub kind: Carries,
}

impl Level {
    const COUNT: usize = 9;

    fn index(self) -> usize {
        usize::from(self.strength) * 3 + (self.kind as usize - 1)
    }

    fn of(index: usize) -> Self {
        let kind = [Carries::Logs, Carries::Metadata, Carries::Content][index % 3];
        Self { strength: (index / 3) as u8, kind }
    }

    /// What arrives of it behind an edge: flowed-in content is evidenced at best, and logs or
    /// metadata of it are assumed.
    #[must_use]
    pub fn behind(self, carries: Carries) -> Option<Self> {
        match carries {
            Carries::Nothing => None,
            Carries::Content if self.kind == Carries::Content => {
                Some(Self { strength: self.strength.min(1), kind: Carries::Content })
            }
            _ => Some(Self { strength: 0, kind: self.kind.min(carries) }),
        }
    }
}

/// An edge as the closure sees it.
#[derive(Clone, Copy, Debug)]
pub struct Arc {
    /// Where it starts.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// How it takes part.
    pub leg: Leg,
    /// What goes along.
    pub carries: Carries,
    /// Whether it is only possible, not configured.
    pub possible: bool,
}

/// How a node takes part.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Role {
    /// It only passes on.
    pub relays: bool,
    /// Nothing goes on from it: it is outside.
    pub ends: bool,
    /// It is said to hold no PHI: what is only assumed does not get in.
    pub free: bool,
}

/// Edges by the node they start from, in compressed rows.
#[derive(Debug, Default)]
pub struct Adjacency {
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Adjacency {
    /// Sorts edges by `key` of each: O(nodes + edges), in the order of the edges.
    pub fn new(nodes: usize, arcs: &[Arc], key: impl Fn(&Arc) -> u32) -> Self {
        let mut starts = vec![0_u32; nodes + 1];
        for arc in arcs {
            starts[key(arc) as usize + 1] += 1;
        }
        for at in 0..nodes {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut edges = vec![0; arcs.len()];
        for (index, arc) in arcs.iter().enumerate() {
            let slot = &mut next[key(arc) as usize];
            edges[*slot as usize] = index as u32;
            *slot += 1;
        }
        Self { starts, edges }
    }

    /// The edges of a node.
    #[must_use]
    pub fn of(&self, node: u32) -> &[u32] {
        let at = node as usize;
        &self.edges[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// Marks a state without a parent: a source, or one that was not reached.
const NONE: u32 = u32::MAX;

/// What the closure found. A *state* is `2 × node`, plus one where an answer arrived.
#[derive(Debug)]
pub struct Reached {
    levels: Vec<u8>,
    /// The edge by which a state was reached first.
    edges: Vec<u32>,
    /// The state before it.
    parents: Vec<u32>,
    /// States in the order in which they were settled.
    order: Vec<u32>,
}

impl Reached {
    /// The best level at a node, over its states.
    #[must_use]
    pub fn level(&self, node: u32) -> Option<Level> {
        let best = self.levels[node as usize * 2].max(self.levels[node as usize * 2 + 1]);
        (best > 0).then(|| Level::of(usize::from(best) - 1))
    }

    /// The level of a state.
    #[must_use]
    pub fn level_of(&self, state: u32) -> Option<Level> {
        let level = self.levels[state as usize];
        (level > 0).then(|| Level::of(usize::from(level) - 1))
    }

    /// The state of a node with the better level.
    #[must_use]
    pub fn state(&self, node: u32) -> Option<u32> {
        let (ask, answer) = (node * 2, node * 2 + 1);
        let (a, b) = (self.levels[ask as usize], self.levels[answer as usize]);
        match (a, b) {
            (0, 0) => None,
            _ if a >= b => Some(ask),
            _ => Some(answer),
        }
    }

    /// The edge by which a state was reached and the state before; none for a source.
    #[must_use]
    pub fn parent(&self, state: u32) -> Option<(u32, u32)> {
        let edge = self.edges[state as usize];
        (edge != NONE).then(|| (edge, self.parents[state as usize]))
    }

    /// The edges from a source to a state, in order.
    #[must_use]
    pub fn path(&self, mut state: u32) -> Vec<u32> {
        let mut path = Vec::new();
        while let Some((edge, before)) = self.parent(state) {
            path.push(edge);
            state = before;
        }
        path.reverse();
        path
    }

    /// All reached states, best level first, then nearest.
    #[must_use]
    pub fn states(&self) -> &[u32] {
        &self.order
    }
}

/// The node of a state.
#[must_use]
pub fn node_of(state: u32) -> u32 {
    state / 2
}

/// The state in which an edge arrives from a state, or none where it may not be taken.
#[must_use]
pub fn step(state: u32, arc: &Arc, roles: &[Role]) -> Option<u32> {
    let from = roles[arc.from as usize];
    if from.ends || arc.carries == Carries::Nothing {
        return None;
    }
    if from.relays {
        let answered = state % 2 == 1;
        let goes = match arc.leg {
            Leg::Moves => true,
            Leg::Asks => !answered,
            Leg::Answers => answered,
        };
        if !goes {
            return None;
        }
    }
    let answers = roles[arc.to as usize].relays && arc.leg == Leg::Answers;
    Some(arc.to * 2 + u32::from(answers))
}

/// Follows PHI from its sources: nodes, each with its level.
///
/// A source that relays (a cache) gives what it holds as answers. `possible` takes the
/// edges that are only possible as well.
#[must_use]
pub fn closure(
    arcs: &[Arc],
    out: &Adjacency,
    roles: &[Role],
    sources: &[(u32, Level)],
    possible: bool,
) -> Reached {
    let states = roles.len() * 2;
    let mut reached = Reached {
        levels: vec![0; states],
        edges: vec![NONE; states],
        parents: vec![NONE; states],
        order: Vec::with_capacity(roles.len()),
    };
    // One queue for each level, the best first. What falls to a lower level waits there.
    let mut waiting: [Vec<(u32, u32, u32)>; Level::COUNT] = Default::default();
    for &(node, level) in sources {
        let state = node * 2 + u32::from(roles[node as usize].relays);
        waiting[level.index()].push((state, NONE, NONE));
    }
    for index in (0..Level::COUNT).rev() {
        let level = Level::of(index);
        let mut queue = std::mem::take(&mut waiting[index]);
        let mut at = 0;
        while at < queue.len() {
            let (state, edge, parent) = queue[at];
            at += 1;
            if reached.levels[state as usize] > 0 {
                continue;
            }
            reached.levels[state as usize] = index as u8 + 1;
            reached.edges[state as usize] = edge;
            reached.parents[state as usize] = parent;
            reached.order.push(state);
            for &next in out.of(node_of(state)) {
                let arc = &arcs[next as usize];
                if arc.possible && !possible {
                    continue;
                }
                let (Some(to), Some(behind)) = (step(state, arc, roles), level.behind(arc.carries)) else {
                    continue;
                };
                let barred = roles[node_of(to) as usize].free && behind.strength == 0;
                if barred || reached.levels[to as usize] > 0 {
                    continue;
                }
                if behind.index() == index {
                    queue.push((to, next, state));
                } else {
                    waiting[behind.index()].push((to, next, state));
                }
            }
        }
    }
    reached
}
