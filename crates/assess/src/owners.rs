//! From a node to the resource that holds it, and the way there.

use std::sync::OnceLock;

use sekisho_estate::{Estate, NodeId, ResourceId, ResourceIndex, Route, StackIndex};

/// The declarations of each stack in the order of their nodes.
///
/// A reader adds the nodes of a declaration one after the other, so the declaration that
/// begins last before a node holds it. Built once for each stack, O(n log n); a look-up
/// is O(log n) and the size of the resource.
#[derive(Debug)]
pub(crate) struct Owners {
    stacks: Vec<OnceLock<Vec<(NodeId, ResourceIndex)>>>,
}

impl Owners {
    /// An index over an estate, filled when it is asked.
    #[must_use]
    pub(crate) fn new(estate: &Estate) -> Self {
        Self { stacks: estate.stacks.iter().map(|_| OnceLock::new()).collect() }
    }

    /// The resource that holds a node, and the route from its properties; the resource
    /// that is judged is looked into first.
    #[must_use]
    pub(crate) fn locate(
        &self,
        estate: &Estate,
        stack: StackIndex,
        node: NodeId,
        judged: Option<ResourceId>,
    ) -> (Option<ResourceId>, Route) {
        let tree = &estate.stack(stack).tree;
        let within = |index: ResourceIndex| {
            let resource = estate.stack(stack).resource(index);
            if resource.body == node {
                return Some(Route::default());
            }
            tree.route(resource.properties, node)
        };
        if let Some(judged) = judged.filter(|id| id.stack == stack)
            && let Some(route) = within(judged.index)
        {
            return (Some(judged), route);
        }
        let index = self.stacks[stack.0 as usize].get_or_init(|| {
            let resources = &estate.stack(stack).resources;
            let mut index: Vec<(NodeId, ResourceIndex)> =
                resources.iter().enumerate().map(|(i, r)| (r.body, ResourceIndex(i as u32))).collect();
            index.sort_unstable();
            index
        });
        let before = index.partition_point(|(body, _)| *body <= node);
        let owner = before.checked_sub(1).and_then(|at| index.get(at)).map(|(_, resource)| *resource);
        match owner.and_then(|o| within(o).map(|route| (o, route))) {
            Some((owner, route)) => (Some(ResourceId { stack, index: owner }), route),
            None => (None, Route::default()),
        }
    }
}
