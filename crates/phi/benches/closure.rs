//! The closure over 100,000 nodes and 500,000 edges, and every path written down.
//!
//! `cargo bench -p sekisho-phi`; `/usr/bin/time -v` beside it shows the memory.

use divan::Bencher;
use sekisho_phi::closure::{Adjacency, Arc, Carries, Leg, Level, Role, closure};

fn main() {
    divan::main();
}

const NODES: u32 = 100_000;
const EDGES: usize = 500_000;

/// SplitMix64: the same graph on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % u64::from(n)) as u32
    }
}

/// A graph like that of an estate: mostly near neighbours, some far, a tenth relays.
fn graph() -> (Vec<Arc>, Vec<Role>, Vec<(u32, Level)>) {
    let mut dice = Dice(7);
    let arcs = (0..EDGES)
        .map(|_| {
            let from = dice.below(NODES);
            let far = dice.below(10) == 0;
            let to = if far { dice.below(NODES) } else { (from + 1 + dice.below(40)) % NODES };
            let leg = [Leg::Moves, Leg::Moves, Leg::Asks, Leg::Answers][dice.below(4) as usize];
            let carries =
                [Carries::Content, Carries::Content, Carries::Logs, Carries::Metadata, Carries::Nothing]
                    [dice.below(5) as usize];
            Arc { from, to, leg, carries, possible: dice.below(8) == 0 }
        })
        .collect();
    let roles = (0..NODES)
        .map(|_| Role { relays: dice.below(10) == 0, ends: dice.below(50) == 0, free: dice.below(60) == 0 })
        .collect();
    let sources = (0..NODES)
        .filter(|_| dice.below(3) == 0)
        .collect::<Vec<u32>>()
        .into_iter()
        .map(|node| (node, Level { strength: dice.below(3) as u8, kind: Carries::Content }))
        .collect();
    (arcs, roles, sources)
}

/// Rows, closure of all sources, and the path of every state that was reached.
#[divan::bench(sample_count = 10)]
fn all_sources_with_paths(bencher: Bencher<'_, '_>) {
    let (arcs, roles, sources) = graph();
    bencher.bench(|| {
        let out = Adjacency::new(roles.len(), &arcs, |arc| arc.from);
        let reached = closure(&arcs, &out, &roles, &sources, false);
        reached.states().iter().map(|&state| reached.path(state).len()).sum::<usize>()
    });
}

/// From one source alone: the longest paths.
#[divan::bench(sample_count = 10)]
fn one_source_with_paths(bencher: Bencher<'_, '_>) {
    let (arcs, roles, _) = graph();
    let source = [(0, Level { strength: 2, kind: Carries::Content })];
    bencher.bench(|| {
        let out = Adjacency::new(roles.len(), &arcs, |arc| arc.from);
        let reached = closure(&arcs, &out, &roles, &source, false);
        reached.states().iter().map(|&state| reached.path(state).len()).sum::<usize>()
    });
}
