//! The closure against a naive one, on random graphs.

use proptest::prelude::*;
use sekisho_phi::closure::{Adjacency, Arc, Carries, Leg, Level, Role, closure, node_of, step};

/// Relaxes every edge until nothing changes: the level of each state by its definition.
fn naive(arcs: &[Arc], roles: &[Role], sources: &[(u32, Level)], possible: bool) -> Vec<Option<Level>> {
    let mut levels: Vec<Option<Level>> = vec![None; roles.len() * 2];
    for &(node, level) in sources {
        let state = (node * 2 + u32::from(roles[node as usize].relays)) as usize;
        levels[state] = levels[state].max(Some(level));
    }
    loop {
        let mut changed = false;
        for arc in arcs.iter().filter(|arc| possible || !arc.possible) {
            for state in [arc.from * 2, arc.from * 2 + 1] {
                let Some(level) = levels[state as usize] else { continue };
                let (Some(to), Some(behind)) = (step(state, arc, roles), level.behind(arc.carries)) else {
                    continue;
                };
                if roles[arc.to as usize].free && behind.strength == 0 {
                    continue;
                }
                if levels[to as usize] < Some(behind) {
                    levels[to as usize] = Some(behind);
                    changed = true;
                }
            }
        }
        if !changed {
            return levels;
        }
    }
}

fn arc(nodes: u32) -> impl Strategy<Value = Arc> {
    let leg = prop_oneof![Just(Leg::Moves), Just(Leg::Asks), Just(Leg::Answers)];
    let carries = prop_oneof![
        3 => Just(Carries::Content),
        1 => Just(Carries::Metadata),
        1 => Just(Carries::Logs),
        1 => Just(Carries::Nothing)
    ];
    (0..nodes, 0..nodes, leg, carries, prop::bool::weighted(0.2))
        .prop_map(|(from, to, leg, carries, possible)| Arc { from, to, leg, carries, possible })
}

fn level() -> impl Strategy<Value = Level> {
    let kind = prop_oneof![Just(Carries::Content), Just(Carries::Metadata), Just(Carries::Logs)];
    (0..3_u8, kind).prop_map(|(strength, kind)| Level { strength, kind })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn agrees_with_the_naive_closure(
        arcs in prop::collection::vec(arc(9), 0..30),
        roles in prop::collection::vec((any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.2)), 9),
        sources in prop::collection::vec((0..9_u32, level()), 0..4),
        possible in any::<bool>(),
    ) {
        let roles: Vec<Role> =
            roles.into_iter().map(|(relays, ends, free)| Role { relays, ends, free }).collect();
        let out = Adjacency::new(roles.len(), &arcs, |arc| arc.from);
        let found = closure(&arcs, &out, &roles, &sources, possible);
        let expected = naive(&arcs, &roles, &sources, possible);
        for state in 0..roles.len() as u32 * 2 {
            prop_assert_eq!(found.level_of(state), expected[state as usize], "state {}", state);
            // The path is one: its edges join, may be taken, and start at a source.
            let Some(_) = found.level_of(state) else { continue };
            let path = found.path(state);
            let mut at = match path.first() {
                Some(&first) => arcs[first as usize].from,
                None => node_of(state),
            };
            prop_assert!(sources.iter().any(|(node, _)| *node == at));
            for &edge in &path {
                prop_assert_eq!(arcs[edge as usize].from, at);
                at = arcs[edge as usize].to;
            }
            prop_assert_eq!(at, node_of(state));
        }
    }
}

#[test]
fn an_answer_of_one_application_is_no_request_to_another() {
    // store A → balancer ← store B: what A answers goes to the client, not to B.
    let content = |from, to, leg| Arc { from, to, leg, carries: Carries::Content, possible: false };
    let (a, balancer, b, client) = (0, 1, 2, 3);
    let arcs = [
        content(balancer, a, Leg::Asks),
        content(a, balancer, Leg::Answers),
        content(balancer, b, Leg::Asks),
        content(b, balancer, Leg::Answers),
        content(client, balancer, Leg::Asks),
        content(balancer, client, Leg::Answers),
    ];
    let mut roles = vec![Role::default(); 4];
    roles[balancer as usize].relays = true;
    roles[client as usize].ends = true;
    let out = Adjacency::new(4, &arcs, |arc| arc.from);
    let declared = Level { strength: 2, kind: Carries::Content };
    let found = closure(&arcs, &out, &roles, &[(a, declared)], false);
    assert!(found.level(client).is_some());
    assert_eq!(found.level(b), None);
}

#[test]
fn a_long_chain_and_a_ring_end() {
    let count = 100_000;
    let arcs: Vec<Arc> = (0..count)
        .map(|from| Arc {
            from,
            to: (from + 1) % count,
            leg: Leg::Moves,
            carries: Carries::Content,
            possible: false,
        })
        .chain([Arc { from: 5, to: 5, leg: Leg::Moves, carries: Carries::Content, possible: false }])
        .collect();
    let out = Adjacency::new(count as usize, &arcs, |arc| arc.from);
    let found = closure(
        &arcs,
        &out,
        &vec![Role::default(); count as usize],
        &[(0, Level { strength: 1, kind: Carries::Content })],
        false,
    );
    assert_eq!(found.states().len(), count as usize);
    assert_eq!(found.path((count - 1) * 2).len(), count as usize - 1);
}
