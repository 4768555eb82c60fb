//! Which resources belong together: from a resource to its companions.
//!
//! An index is built once for each kind of companion, when the first control asks for
//! it: O(companions + names). It holds every pair that is possible in some world; a
//! look-up keeps those that hold in the current one.

use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt};
use sekisho_estate::{Estate, Node, NodeId, ReasonCode, ResourceId, ResourceIndex, StackIndex, View, Why};
use sekisho_expr::{Frame, ResourceRef, Seen, Val};
use sekisho_facts::{Companion, companions};
use sekisho_graph::{Names, Near};

/// Resources of an estate, and the companions of each.
#[derive(Debug)]
pub struct Joins {
    /// Resources by type and by name.
    pub names: Names,
    /// By the place of the companion's row in the facts, which is its identity.
    companions: HashMap<usize, OnceLock<Index>>,
}

/// The companions of one row of the facts.
#[derive(Debug, Default)]
struct Index {
    pairs: HashMap<ResourceId, Vec<Pair>>,
    /// Stacks with a companion of which it could not be read what it belongs to, each with a node that
    /// says why: it may be any resource of its stack.
    unread: HashMap<StackIndex, u32>,
}

/// A companion that may belong to a resource.
#[derive(Clone, Copy, Debug)]
struct Pair {
    companion: ResourceId,
    /// The path in the companion that names the resource.
    path: &'static str,
    /// Whether that holds in every world in which both exist.
    always: bool,
}

impl Joins {
    /// Indexes the resources of an estate by type: O(resources).
    #[must_use]
    pub fn new(estate: &Estate) -> Self {
        let names = Names::new(estate);
        let mut joins = HashMap::new();
        for (type_name, _) in names.types() {
            let Some(kind) = sekisho_facts::resource_type(type_name) else { continue };
            for companion in companions(kind.name()) {
                joins.insert(std::ptr::from_ref(companion) as usize, OnceLock::new());
            }
        }
        Self { names, companions: joins }
    }

    /// The companions of a resource under one member, in the current world.
    pub fn companions<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        resource: ResourceRef<'a>,
        companion: &'static Companion,
    ) -> Val<'a> {
        let mut found = bumpalo::collections::Vec::new_in(frame.bump());
        // What could not be read may hold resources that name this one.
        let unread = resource.stack.unread.as_ref().filter(|_| !companion.by.is_empty());
        let mut open = unread.map(sekisho_estate::Reason::why);
        if let Some(inline) = companion.inline
            && let Some(node) = resource.stack.tree.get(resource.resource.properties, inline)
        {
            match frame.elements(frame.read(resource.stack.view(node))) {
                Ok((items, why)) => {
                    found.extend_from_slice(items);
                    open = open.or(why);
                }
                Err(Val::Unknown(why)) => open = open.or(Some(why)),
                Err(_) => {}
            }
        }
        for path in companion.via {
            let mut written = Vec::new();
            if let Some(why) = values_at(frame, resource.properties(), path, &mut written) {
                open = open.or(Some(why));
            }
            for (view, value) in written {
                match self.target(frame, value, companion.from) {
                    Val::Absent | Val::Null => {}
                    Val::Unknown(why) => {
                        frame.see(|| Seen::Value(view, value));
                        open = open.or(Some(why));
                    }
                    target => found.push(target),
                }
            }
        }
        if !companion.by.is_empty() {
            let index = self.index(frame.reader.estate, resource.type_name(), companion);
            let unread = index.and_then(|index| index.unread.get(&resource.id.stack));
            open = open
                .or_else(|| resource.stack.reasons.get(*unread? as usize).map(sekisho_estate::Reason::why));
            for pair in index.and_then(|index| index.pairs.get(&resource.id)).map_or(&[][..], Vec::as_slice) {
                let other = ResourceRef::new(frame.reader.estate, pair.companion);
                let holds = frame.reader.exists(other.stack, other.resource)
                    && (pair.always || self.still_names(frame, other, pair.path, resource.id));
                // It may name this resource in several places.
                let known = |found: &Val<'a>| matches!(found, Val::Resource(r) if r.id == other.id);
                if holds && !found.last().is_some_and(known) {
                    found.push(Val::Resource(other));
                }
            }
        }
        if found.is_empty() && open.is_none() {
            frame.see(|| Seen::NoCompanion(resource, companion));
        }
        if companion.many {
            Val::Items(found.into_bump_slice(), open)
        } else {
            found.first().copied().unwrap_or_else(|| open.map_or(Val::Absent, Val::Unknown))
        }
    }

    /// The resource of a type that a value refers to: absent when nothing is written,
    /// unknown when it is not in the input.
    pub fn target<'a>(&self, frame: &Frame<'_, 'a>, value: Val<'a>, type_name: &str) -> Val<'a> {
        match value {
            Val::Absent | Val::Null | Val::Unknown(_) | Val::Resource(_) => value,
            // A default group of the service cannot be changed: it is as if none were named.
            // <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html>
            Val::Str(name) if is_default_group(name, type_name) => Val::Absent,
            _ => {
                let identify = |v| match frame.this {
                    Some(this) => self.names.near(this.id).identify(frame.reader, v, type_name),
                    None => self.names.identify(frame.reader, v, type_name),
                };
                let found = value.to_value().and_then(identify);
                match found {
                    Some(id) => Val::Resource(ResourceRef::new(frame.reader.estate, id)),
                    None => frame.unknown(ReasonCode::NotInInput, sekisho_expr::show(frame, value)),
                }
            }
        }
    }

    fn still_names<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        companion: ResourceRef<'a>,
        path: &str,
        resource: ResourceId,
    ) -> bool {
        let type_name = frame.reader.estate.type_name(resource);
        let names = self.names.near(companion.id);
        let mut written = Vec::new();
        values_at(frame, companion.properties(), path, &mut written);
        written
            .iter()
            .filter_map(|(_, value)| value.to_value())
            .any(|value| names.identify(frame.reader, value, type_name) == Some(resource))
    }

    /// Whether a resource has a companion under a member that names it, in some world.
    pub fn may_have(
        &self,
        estate: &Estate,
        resource: ResourceRef<'_>,
        companion: &'static Companion,
    ) -> bool {
        let index = self.index(estate, resource.type_name(), companion);
        index.is_some_and(|index| index.pairs.contains_key(&resource.id))
    }

    fn index<'j>(
        &'j self,
        estate: &Estate,
        type_name: &str,
        companion: &'static Companion,
    ) -> Option<&'j Index> {
        let cell = self.companions.get(&(std::ptr::from_ref(companion) as usize))?;
        Some(cell.get_or_init(|| {
            let kind = sekisho_facts::resource_type(type_name).map_or("", |k| k.name());
            self.build(estate, kind, companion)
        }))
    }

    fn build(&self, estate: &Estate, type_name: &'static str, companion: &Companion) -> Index {
        let mut index = Index::default();
        let mut found = Vec::new();
        for &id in self.names.of_type(companion.from) {
            let stack = estate.stack(id.stack);
            for &path in companion.by {
                // Everything below the first step is possible; a look-up reads the path exactly.
                let first = path.split('/').next().unwrap_or(path);
                let properties = estate.resource(id).properties;
                let Some(node) = stack.tree.get(properties, first) else { continue };
                if let Node::Unknown(reason) = stack.tree.node(node)
                    && stack.reasons.get(reason as usize).is_some_and(|reason| was_not_read(reason.code))
                {
                    index.unread.entry(id.stack).or_insert(reason);
                }
                found.clear();
                possible(estate, self.names.near(id), (id.stack, node), type_name, &mut found, 0);
                found.sort_unstable();
                found.dedup();
                let always = first == path
                    && matches!(stack.tree.node(node), Node::Reference { .. } | Node::String(_));
                for &target in &found {
                    let pairs = index.pairs.entry(target).or_default();
                    if pairs.last().is_none_or(|last| last.companion != id || last.path != path) {
                        pairs.push(Pair { companion: id, path, always });
                    }
                }
            }
        }
        index
    }
}

/// Whether a value is unknown because we could not read what is written, so that it may name a
/// resource beside it. A parameter without a value names something of another stack as a rule.
fn was_not_read(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::Transform
            | ReasonCode::Module
            | ReasonCode::UnsupportedFunction
            | ReasonCode::InvalidFunction
            | ReasonCode::EvaluationFailed
            | ReasonCode::EvaluationLimit
            | ReasonCode::InstancesUnknown
    )
}

/// Every resource of a type that a node may name in some world, as who holds the node means it.
fn possible(
    estate: &Estate,
    near: Near<'_>,
    (at, node): (StackIndex, NodeId),
    kind: &'static str,
    found: &mut Vec<ResourceId>,
    depth: u32,
) {
    if depth > 64 {
        return;
    }
    let stack = estate.stack(at);
    let mut below = |node| possible(estate, near, (at, node), kind, found, depth + 1);
    match stack.tree.node(node) {
        Node::Reference { resource, .. } => {
            let id = ResourceId { stack: at, index: ResourceIndex(resource) };
            if estate.type_name(id) == kind {
                found.push(id);
            }
        }
        Node::String(span) => found.extend(near.named(estate, kind, stack.text(span))),
        Node::List(range) | Node::Operation { operands: range, .. } => {
            stack.tree.children(range).iter().for_each(|&n| below(n));
        }
        Node::Map(range) => stack.tree.entries(range).iter().for_each(|e| below(e.value)),
        Node::Choice { arms, .. } => {
            let (then, otherwise) = stack.tree.arms(arms);
            below(then);
            below(otherwise);
        }
        Node::Variable(variable) => {
            stack.variables[variable as usize].domain.iter().for_each(|&n| below(n));
        }
        Node::Foreign { stack, node } => {
            possible(estate, near, (StackIndex(stack), node), kind, found, depth + 1);
        }
        _ => {}
    }
}

/// The values at a path of property names (`A/B`) in the current world, stepping through
/// the elements of lists on the way and at its end; a reason when there may be more.
fn values_at<'a>(
    frame: &Frame<'_, 'a>,
    view: View<'a>,
    path: &str,
    found: &mut Vec<(View<'a>, Val<'a>)>,
) -> Option<Why<'a>> {
    let value = frame.read(view);
    if let Val::Unknown(why) = value {
        return Some(why);
    }
    let Val::Node(at) = value else {
        if path.is_empty() && !matches!(value, Val::Absent | Val::Null) {
            found.push((view, value));
        }
        return None;
    };
    if let Node::List(range) = at.stack.tree.node(at.node) {
        let mut open = None;
        for &element in at.stack.tree.children(range) {
            open = open.or(values_at(frame, at.at(element), path, found));
        }
        return open;
    }
    let (step, rest) = path.split_once('/').unwrap_or((path, ""));
    if step.is_empty() {
        return None;
    }
    at.stack.tree.get(at.node, step).and_then(|node| values_at(frame, at.at(node), rest, found))
}

/// Whether a name is that of a default parameter or option group (`default.mysql8.0`,
/// `default:mysql-8-0`).
fn is_default_group(name: &str, type_name: &str) -> bool {
    (type_name.ends_with("ParameterGroup") && (name.starts_with("default.") || name == "default"))
        || (type_name.ends_with("OptionGroup") && name.starts_with("default:"))
}
