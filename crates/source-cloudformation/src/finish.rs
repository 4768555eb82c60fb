//! From groups of stacks to one estate: order, indices, edges that cross stacks.

use std::collections::{HashMap, HashSet};

use sekisho_estate::{Estate, Node, NodeId, Reference, ResourceId, ResourceIndex, StackIndex};

use crate::lower::Part;
use crate::nested::Group;

/// Most edges that lead out of one stack: a list of many references may be used at many places.
const MAX_CROSSING: usize = 1_000_000;

/// Puts all groups into one estate, its stacks ordered by id. Linear but for the sort.
pub(crate) fn gather(groups: Vec<Group>) -> (Estate, Vec<Part>) {
    let mut stacks = Vec::new();
    for group in groups {
        let base = stacks.len() as u32;
        for (stack, part) in group.estate.stacks.into_iter().zip(group.parts) {
            stacks.push((base, stacks.len() as u32, stack, part));
        }
    }
    stacks.sort_by(|a, b| a.2.id.cmp(&b.2.id));
    let mut place = vec![0; stacks.len()];
    for (now, (_, before, ..)) in stacks.iter().enumerate() {
        place[*before as usize] = now as u32;
    }
    let mut estate = Estate::default();
    let mut parts = Vec::with_capacity(stacks.len());
    for (base, _, mut stack, part) in stacks {
        let moved = |index: StackIndex| StackIndex(place[(base + index.0) as usize]);
        for &node in &part.foreign {
            if let Node::Foreign { stack: index, node: target } = stack.tree.node(node) {
                stack.tree.set(node, Node::Foreign { stack: moved(StackIndex(index)).0, node: target });
            }
        }
        for reference in &mut stack.references {
            reference.to.stack = moved(reference.to.stack);
        }
        if let Some(parent) = &mut stack.parent {
            parent.stack = moved(parent.stack);
        }
        estate.stacks.push(stack);
        parts.push(part);
    }
    (estate, parts)
}

/// Adds an edge for every resource that uses a value of another stack which is a reference there.
pub(crate) fn cross_edges(estate: &mut Estate, parts: &[Part]) {
    let mut known: HashMap<(u32, NodeId), Vec<(ResourceId, String)>> = HashMap::new();
    for (index, part) in parts.iter().enumerate() {
        let mut names: HashMap<String, u32> = HashMap::new();
        let mut seen: HashSet<(ResourceIndex, NodeId, ResourceId, u32)> = HashSet::new();
        for &(from, node) in &part.uses {
            let start = end_of(estate, (index as u32, node));
            let targets = known.entry(start).or_insert_with(|| targets(estate, start)).clone();
            for (to, attribute) in targets {
                if to.stack.0 == index as u32 {
                    continue;
                }
                if seen.len() >= MAX_CROSSING {
                    break;
                }
                let stack = &mut estate.stacks[index];
                let attribute = match attribute.as_str() {
                    "" => 0,
                    name => *names.entry(name.to_owned()).or_insert_with(|| stack.tree.add_name(name)),
                };
                if seen.insert((from, node, to, attribute)) {
                    stack.references.push(Reference { from, node, to, attribute });
                }
            }
        }
    }
}

/// Where a chain of nodes that only point on ends: many nodes share it.
fn end_of(estate: &Estate, mut at: (u32, NodeId)) -> (u32, NodeId) {
    for _ in 0..64 {
        let stack = &estate.stacks[at.0 as usize];
        at = match stack.tree.node(at.1) {
            Node::Foreign { stack, node } => (stack, node),
            Node::Variable(variable) => match stack.variables[variable as usize].domain[..] {
                [only] => (at.0, only),
                _ => return at,
            },
            _ => return at,
        };
    }
    at
}

/// The references that a value may be or be made of.
fn targets(estate: &Estate, start: (u32, NodeId)) -> Vec<(ResourceId, String)> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![start];
    while let Some((index, node)) = open.pop() {
        if !seen.insert((index, node)) {
            continue;
        }
        let stack = &estate.stacks[index as usize];
        match stack.tree.node(node) {
            Node::Reference { resource, attribute } => {
                let to = ResourceId { stack: StackIndex(index), index: ResourceIndex(resource) };
                found.push((to, stack.tree.name(attribute).to_owned()));
            }
            Node::Foreign { stack, node } => open.push((stack, node)),
            Node::Variable(variable) => {
                let domain = &stack.variables[variable as usize].domain;
                open.extend(domain.iter().rev().map(|&node| (index, node)));
            }
            Node::Choice { arms, .. } => {
                let (then, otherwise) = stack.tree.arms(arms);
                open.extend([(index, otherwise), (index, then)]);
            }
            Node::List(range) | Node::Operation { operands: range, .. } => {
                open.extend(stack.tree.children(range).iter().rev().map(|&node| (index, node)));
            }
            _ => {}
        }
    }
    found
}
