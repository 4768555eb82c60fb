//! One gap is told once: what a mover of PHI fails for because of the resource where the data
//! arrives is a finding of that resource, where it has one.
//!
//! The mover keeps its verdict, so that the requirements which it answers are not met; only
//! what people read leaves it out. Linear in the judgements and in the flows of the movers.

use std::collections::HashMap;

use sekisho_estate::ResourceId;
use sekisho_facts::{Moves, Side, Transit};
use sekisho_guidance::ToldAtTarget;
use sekisho_phi::{AtRest, EdgeIndex, Encryption, Hop, Model, Node};

use crate::analyses::Analyses;
use crate::model::Judgement;

/// Notes on findings about flows by which other findings the same gap is told.
pub(crate) fn told_at_targets(judgements: &mut [Judgement<'_>], analyses: &Analyses<'_>) {
    let asks =
        |judgement: &Judgement<'_>| judgement.is_finding() && judgement.control.told_at_target.is_some();
    if !judgements.iter().any(asks) {
        return;
    }
    let model = analyses.flow();
    // Findings of resources, by what they are of; those about flows tell nothing for others.
    let mut findings: HashMap<ResourceId, Vec<usize>> = HashMap::new();
    for (index, judgement) in judgements.iter().enumerate() {
        if let Some(resource) = judgement.resource
            && judgement.is_finding()
            && judgement.control.told_at_target.is_none()
        {
            findings.entry(resource).or_default().push(index);
        }
    }
    let mut told: Vec<(usize, Vec<String>)> = Vec::new();
    for (index, judgement) in judgements.iter().enumerate().filter(|(_, judgement)| asks(judgement)) {
        let (Some(what), Some(resource)) = (judgement.control.told_at_target, judgement.resource) else {
            continue;
        };
        let telling = |target: ResourceId| -> Vec<usize> {
            let of = findings.get(&target).into_iter().flatten().copied();
            of.filter(|&at| {
                let other = &judgements[at];
                other.control.satisfies.iter().any(|row| *row == what.requirement())
            })
            .collect()
        };
        let mut by = Vec::new();
        // Every flow that is not in order must be told at its end, or the mover has something
        // of its own to say.
        let all = gaps(model, resource, what).into_iter().all(|target| {
            let found = target.map(&telling).unwrap_or_default();
            by.extend_from_slice(&found);
            !found.is_empty()
        });
        // A fail is told by a fail, beside which there may be what is not decided.
        if all && by.iter().any(|&at| judgements[at].verdict == judgement.verdict) {
            by.sort_unstable();
            by.dedup();
            told.push((index, by.into_iter().map(|at| judgements[at].fingerprint.clone()).collect()));
        }
    }
    for (index, by) in told {
        judgements[index].told_by = by;
    }
}

/// The ends of the flows of a mover that are not in order; none for a gap that is the mover's
/// own, or whose end is no resource of the input.
fn gaps(model: &Model<'_>, of: ResourceId, what: ToldAtTarget) -> Vec<Option<ResourceId>> {
    let node = model.graph.nodes.resource(of);
    let mut edges: Vec<EdgeIndex> = model.graph.leaving(node).chain(model.graph.held(node)).collect();
    edges.sort_unstable();
    edges.dedup();
    let flows = edges
        .into_iter()
        .filter(|&edge| !model.graph.edge(edge).possible && model.carried(edge).is_some())
        .map(|edge| model.hop(edge))
        .filter(|hop| hop.moves != Moves::Control);
    flows.filter(|hop| is_gap(model, hop, what)).map(|hop| end(model, &hop, what)).collect()
}

fn is_gap(model: &Model<'_>, hop: &Hop<'_>, what: ToldAtTarget) -> bool {
    match what {
        ToldAtTarget::AtRest => matches!(hop.at_rest, AtRest::No | AtRest::Unknown(_)),
        ToldAtTarget::InTransit => {
            matches!(hop.encryption, Encryption::Plain | Encryption::Unknown(_) | Encryption::Application)
        }
        ToldAtTarget::Place => model.place_allowed(model.graph.nodes.get(hop.to)) != Some(true),
    }
}

/// The resource whose gap it is.
fn end(model: &Model<'_>, hop: &Hop<'_>, what: ToldAtTarget) -> Option<ResourceId> {
    let edge = model.graph.edge(hop.edge);
    if what == ToldAtTarget::InTransit {
        // The far end is what the row names, whichever way the data goes.
        let far = if model.graph.nodes.resource(edge.holder) == hop.to { hop.from } else { hop.to };
        let by_far = matches!(edge.row.transit, Transit::Decided { by: Side::Target, .. });
        return match model.graph.nodes.get(far) {
            Node::Resource(id) if by_far => Some(*id),
            _ => None,
        };
    }
    match model.graph.nodes.get(hop.to) {
        Node::Resource(id) => Some(*id),
        _ => None,
    }
}
