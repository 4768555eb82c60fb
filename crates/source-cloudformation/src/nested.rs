//! Nested stacks: every instance is a stack of its own, below the one that creates it.
//!
//! AWS: User Guide, "Split a template into reusable pieces using nested stacks"; Template
//! Reference, "AWS::CloudFormation::Stack". The id of an instance is the id of its parent, `/`
//! and the logical id of the resource that creates it: `root.yaml/Data`. A template that another
//! one uses is not also read on its own.
//!
//! Complexity: linear in the nodes of all instances, of which there are at most
//! [`MAX_INSTANCES`] below one root.

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;
use sekisho_estate::{
    Estate, LineIndex, Node, NodeId, Operation, Reader, Reason, ReasonCode, ResourceId, ResourceIndex, Stack,
    StackIndex, Tree, Value, json, yaml,
};

use crate::Options;
use crate::include::graft;
use crate::intake::Hints;
use crate::library::{Library, Pristine};
use crate::lower::{Given, Inherited, Nested, NestedOutput, Parent, Part, Sometimes, Task, lower};
use crate::paths::Found;
use crate::remark::Remark;
use crate::variables::shared_pseudo;

/// Deepest chain of nested stacks.
const MAX_NESTED: usize = 16;
/// Most nested stacks below one root.
const MAX_INSTANCES: usize = 500;
/// Most nodes in all nested stacks; every root has its share, so that the result does not depend
/// on which is done first.
const MAX_NODES: usize = 10_000_000;
/// What every root may have, however many there are.
const MIN_NODES: usize = 20_000;

/// A root and everything below it; the indices of stacks are places in this list.
pub(crate) struct Group {
    pub(crate) estate: Estate,
    pub(crate) parts: Vec<Part>,
    nodes: usize,
    max_nodes: usize,
}

impl Group {
    /// A root by itself.
    pub(crate) fn new(stack: Stack, part: Part) -> Self {
        let estate = Estate { stacks: vec![stack], ..Estate::default() };
        Self { estate, parts: vec![part], nodes: 0, max_nodes: 0 }
    }
}

/// Finds out which templates are roots and puts the others below them. Some are no roots in any
/// case.
pub(crate) fn assemble(
    mut alone: HashMap<usize, Group>,
    no_roots: &BTreeSet<usize>,
    library: &Library<'_>,
    options: &Options,
) -> Vec<Group> {
    let mut order: Vec<usize> = alone.keys().copied().filter(|file| !no_roots.contains(file)).collect();
    order.sort_unstable();
    // Who uses whom, as far as it is known without what a parent gives.
    let uses: HashMap<usize, Vec<usize>> = order
        .par_iter()
        .map(|&file| {
            let group = &alone[&file];
            let found =
                group.parts[0].nested.iter().filter(|nested| !nested.inline).filter_map(
                    |nested| match library.find(&group.estate, 0, nested, file) {
                        Found::File(child) if child != file => Some(child),
                        _ => None,
                    },
                );
            (file, found.collect())
        })
        .collect();
    let used: BTreeSet<usize> = uses.values().flatten().copied().collect();
    let mut roots: Vec<usize> = order.iter().copied().filter(|file| !used.contains(file)).collect();
    let mut reached: BTreeSet<usize> = BTreeSet::new();
    for &root in &roots {
        reach(root, &uses, &mut reached);
    }
    // Templates that use each other in a circle: the first of them is taken as root.
    for &file in &order {
        if !reached.contains(&file) {
            roots.push(file);
            reach(file, &uses, &mut reached);
        }
    }
    let max_nodes = (MAX_NODES / roots.len().max(1)).max(MIN_NODES);
    let mut groups: Vec<Group> = Vec::new();
    let mut covered: BTreeSet<usize> = BTreeSet::new();
    while !roots.is_empty() {
        let batch: Vec<(usize, Group)> =
            roots.iter().filter_map(|root| alone.remove(root).map(|group| (*root, group))).collect();
        let done: Vec<Group> = batch
            .into_par_iter()
            .map(|(file, mut group)| {
                group.max_nodes = max_nodes;
                expand(&mut group, 0, &mut vec![file], library, options);
                group
            })
            .collect();
        covered.extend(done.iter().flat_map(|group| group.parts.iter().map(|part| part.file)));
        groups.extend(done);
        // What a root uses on its own it may not use as it is given: nothing is left out for that.
        roots = order.iter().copied().find(|file| !covered.contains(file)).into_iter().collect();
    }
    groups
}

fn reach(root: usize, uses: &HashMap<usize, Vec<usize>>, reached: &mut BTreeSet<usize>) {
    let mut open = vec![root];
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(uses.get(&file).into_iter().flatten());
        }
    }
}

/// Puts the nested stacks of one stack below it, and theirs below them.
fn expand(group: &mut Group, me: usize, chain: &mut Vec<usize>, library: &Library<'_>, options: &Options) {
    let nested = group.parts[me].nested.clone();
    if nested.is_empty() {
        return;
    }
    let pseudo = shared_pseudo(&mut group.estate.stacks[me]);
    let mut asked: HashMap<ResourceIndex, Vec<NestedOutput>> = HashMap::new();
    for output in std::mem::take(&mut group.parts[me].nested_outputs) {
        asked.entry(output.resource).or_default().push(output);
    }
    for one in nested {
        let asked = asked.remove(&one.resource).unwrap_or_default();
        if one.inline {
            inline(group, me, &one, asked, chain, library, options);
            continue;
        }
        let file = match library.find(&group.estate, me, &one, group.parts[me].file) {
            Found::File(file) => file,
            Found::Missing(shown) => {
                let message = format!(
                    "nested template {shown} is not in this input; what it creates is not seen. Scan it together with this one"
                );
                give_up(group, me, &one, asked, Reason::new(ReasonCode::NestedNotFound, shown), message);
                continue;
            }
            Found::Unknown(why) => {
                let id = group.estate.stacks[me].resource(one.resource).id;
                let id = group.estate.stacks[me].text(id).to_owned();
                let message = format!(
                    "where the template of {id} is cannot be known: {why}; what it creates is not seen"
                );
                give_up(group, me, &one, asked, Reason::new(ReasonCode::NestedNotFound, id), message);
                continue;
            }
            Found::Ambiguous(shown) => {
                let message =
                    format!("nested template {shown} can be several files of this input; it is not joined");
                give_up(group, me, &one, asked, Reason::new(ReasonCode::NestedNotFound, shown), message);
                continue;
            }
        };
        let path = library.paths.path(file);
        let circle = chain.contains(&file);
        let too_many = chain.len() >= MAX_NESTED
            || group.parts.len() > MAX_INSTANCES
            || library.templates.get(&file).is_some_and(|t| group.nodes + t.tree.len() > group.max_nodes);
        if circle || too_many {
            let (code, message) = if circle {
                (
                    ReasonCode::Cyclic,
                    format!("nested template {path} nests this one again; it is not followed"),
                )
            } else {
                (
                    ReasonCode::TooManyAlternatives,
                    format!("too many nested stacks; {path} is not followed here"),
                )
            };
            give_up(group, me, &one, asked, Reason::new(code, format!("nested template {path}")), message);
            continue;
        }
        let Some(pristine) = library.templates.get(&file) else { continue };
        let child = instance(group, me, &one, pseudo, file, path, pristine, library);
        join_outputs(group, me, &one, child, asked);
        chain.push(file);
        expand(group, child, chain, library, options);
        chain.pop();
    }
}

/// Creates the stack of a template that is written in a text of its parent. It stands where it is
/// written: line by line for a literal block of YAML, else at the place of the text.
fn inline(
    group: &mut Group,
    me: usize,
    nested: &Nested,
    asked: Vec<NestedOutput>,
    chain: &mut Vec<usize>,
    library: &Library<'_>,
    options: &Options,
) {
    let stack = &group.estate.stacks[me];
    let bump = bumpalo::Bump::new();
    let reader = Reader::new(&group.estate, &bump);
    let text = match reader.resolve(stack.view(nested.url)) {
        Value::Str(text) if reader.worlds.is_only() => Some(text.to_owned()),
        _ => None,
    };
    let shown = stack.text(stack.resource(nested.resource).id).to_owned();
    let document = text.map(|text| {
        let braces = text.trim_start().starts_with('{');
        let read = if braces { json::read(text, options.limits) } else { yaml::read(text, options.limits) };
        read.map_err(|(error, _)| error.message)
    });
    let document = match document {
        Some(Ok(document)) if document.tree.get(document.root, "Resources").is_some() => document,
        other => {
            let why = match other {
                None => "its text is not known".to_owned(),
                Some(Err(message)) => message,
                Some(Ok(_)) => "it has no Resources".to_owned(),
            };
            let message = format!("the template in {shown} is not read: {why}");
            let reason = Reason::new(ReasonCode::NestedNotFound, shown);
            return give_up(group, me, nested, asked, reason, message);
        }
    };
    let source = stack.tree.source().to_owned();
    let at = stack.tree.offset(nested.url);
    let lines = block_lines(&source, at);
    let inner = LineIndex::new(document.tree.source());
    let place = |offset: u32| match &lines {
        Some((first, indent)) => {
            let line = inner.position(document.tree.source(), offset).line as usize - 1;
            let column = offset - inner.start_of(line as u32 + 1).unwrap_or(offset);
            first.get(line).map_or(at, |start| start + indent + column)
        }
        None => at,
    };
    let mut tree = Tree::new(source);
    let mut budget = group.max_nodes.saturating_sub(group.nodes);
    let root = graft(&mut tree, &document.tree, document.root, &place, &mut budget, 0);
    let (Some(root), true) = (root, chain.len() < MAX_NESTED && group.parts.len() <= MAX_INSTANCES) else {
        let message = format!("too many nested stacks; the template in {shown} is not followed");
        let reason = Reason::new(ReasonCode::TooManyAlternatives, shown);
        return give_up(group, me, nested, asked, reason, message);
    };
    let file = group.parts[me].file;
    let path = library.paths.path(file);
    let pseudo = shared_pseudo(&mut group.estate.stacks[me]);
    let pristine = Pristine { tree, root };
    let child = instance(group, me, nested, pseudo, file, path, &pristine, library);
    join_outputs(group, me, nested, child, asked);
    chain.push(file);
    expand(group, child, chain, library, options);
    chain.pop();
}

/// Where the lines of a literal block begin in the source, and how far they are indented.
///
/// YAML 1.2, "Literal style": the lines stand as they are written, below the indicator.
fn block_lines(source: &str, at: u32) -> Option<(Vec<u32>, u32)> {
    let head = source.get(at as usize..)?;
    // The node begins at its indicator, or at its text.
    let after = if head.starts_with('|') {
        at as usize + head.find('\n')? + 1
    } else {
        let before = source.get(..at as usize)?;
        let line = before.rfind('\n')? + 1;
        let above = source[..line - 1].rsplit('\n').next()?.trim_end();
        if !(above.ends_with('|') || above.ends_with("|-") || above.ends_with("|+")) {
            return None;
        }
        line
    };
    let mut starts = Vec::new();
    let mut indent = None;
    let mut place = after;
    for line in source.get(after..)?.split_inclusive('\n') {
        let blank = line.trim().is_empty();
        let depth = line.len() - line.trim_start_matches(' ').len();
        if !blank {
            let indent = *indent.get_or_insert(depth);
            if depth < indent {
                break;
            }
        }
        starts.push(place as u32);
        place += line.len();
    }
    Some((starts, indent? as u32))
}

/// Creates one nested stack.
#[allow(clippy::too_many_arguments)]
fn instance(
    group: &mut Group,
    me: usize,
    nested: &Nested,
    pseudo: [NodeId; 4],
    file: usize,
    path: &str,
    pristine: &Pristine,
    library: &Library<'_>,
) -> usize {
    let given = given(group, me, nested);
    let parent = &group.estate.stacks[me];
    let mut id = format!("{}/{}", parent.id, parent.text(parent.resource(nested.resource).id));
    let text = |part: &Option<Box<str>>| part.as_deref().map(str::to_owned);
    let (account, region, pseudo) = match &nested.apart {
        None => (text(&parent.account), text(&parent.region), Some(pseudo)),
        Some(apart) => {
            id.push_str(&apart.suffix);
            (apart.account.clone(), apart.region.clone(), None)
        }
    };
    let resource = ResourceId { stack: StackIndex(me as u32), index: nested.resource };
    let names: Vec<String> = given.keys().cloned().collect();
    let task = Task {
        id,
        file: path.to_owned(),
        given,
        parent: Some(Parent { resource, pseudo }),
        index: file,
        account,
        region,
        constructs: None,
        includes: library.includes.as_ref(),
        hints: Hints::of(pristine.tree.source().as_bytes()),
    };
    let taken = std::mem::take(&mut group.estate);
    let (stack, mut part, estate) = lower(pristine.tree.clone(), pristine.root, task, taken);
    group.estate = estate;
    part.file = file;
    group.nodes += stack.tree.len();
    note_undeclared(group, me, nested, &stack, names, path);
    let child = group.parts.len();
    group.estate.stacks.push(stack);
    group.parts.push(part);
    child
}

/// AWS: a nested stack is refused when it is given a parameter that its template does not declare.
fn note_undeclared(
    group: &mut Group,
    me: usize,
    nested: &Nested,
    child: &Stack,
    names: Vec<String>,
    path: &str,
) {
    let declared: BTreeSet<&str> = child.variables.iter().map(|v| &*v.name).collect();
    let mut undeclared: Vec<String> = names.into_iter().filter(|n| !declared.contains(n.as_str())).collect();
    undeclared.sort();
    let tree = &group.estate.stacks[me].tree;
    let at = nested.parameters.map_or(0, |p| tree.offset(p));
    for name in undeclared {
        group.parts[me].remarks.push(Remark::note(at, format!("{path} declares no parameter {name}")));
    }
}

/// What the parent gives to the parameters of a nested stack.
fn given(group: &mut Group, me: usize, nested: &Nested) -> HashMap<String, Given> {
    let stack = &group.estate.stacks[me];
    let entries: Vec<(String, NodeId)> = nested
        .parameters
        .map(|parameters| stack.tree.map(parameters))
        .unwrap_or_default()
        .iter()
        .map(|entry| (stack.tree.text(entry.key).to_owned(), entry.value))
        .collect();
    let mut given = HashMap::with_capacity(entries.len());
    for (name, node) in entries {
        if let Some(inherited) = inherited(&mut group.estate, me, node) {
            given.insert(name, Given::Inherited(inherited));
        }
    }
    given
}

/// None for `AWS::NoValue`: the parameter is not given.
fn inherited(estate: &mut Estate, me: usize, node: NodeId) -> Option<Inherited> {
    let tree = &estate.stacks[me].tree;
    let list = match tree.node(node) {
        Node::Absent => return None,
        // A list joined with commas is a list again in the nested stack.
        Node::Operation { operation: Operation::Join, operands } => match *tree.children(operands) {
            [delimiter, list] if tree.string(delimiter).is_some_and(|d| d.trim() == ",") => Some(list),
            _ => None,
        },
        Node::List(_) => Some(node),
        _ => None,
    };
    let sometimes = match tree.node(node) {
        Node::Choice { condition, arms } => {
            let (then, otherwise) = tree.arms(arms);
            let absent = |n| tree.node(n) == Node::Absent;
            match (absent(then), absent(otherwise)) {
                (true, true) => return None,
                (false, false) => None,
                (false, true) => Some((condition, then, true)),
                (true, false) => Some((condition, otherwise, false)),
            }
        }
        _ => None,
    };
    let sometimes = sometimes.map(|(condition, node, when)| {
        let tree = &mut estate.stacks[me].tree;
        let [yes, no] = [true, false].map(|is| tree.push(Node::Bool(is), 0));
        Sometimes { holds: tree.push_choice(condition, yes, no, 0), node, when }
    });
    let bump = bumpalo::Bump::new();
    let reader = Reader::new(estate, &bump);
    let constant = match reader.resolve(estate.stacks[me].view(node)) {
        Value::Str(text) if reader.worlds.is_only() => Some(text.to_owned()),
        Value::Int(int) if reader.worlds.is_only() => Some(int.to_string()),
        _ => None,
    };
    Some(Inherited { node, list, constant, sometimes })
}

/// Replaces references to outputs of a nested stack by the values of these outputs.
fn join_outputs(group: &mut Group, me: usize, nested: &Nested, child: usize, asked: Vec<NestedOutput>) {
    let outputs: HashMap<&str, NodeId> = {
        let tree = &group.estate.stacks[child].tree;
        group.parts[child].outputs.iter().map(|o| (tree.text(o.name), o.value)).collect()
    };
    let mut missing = Vec::new();
    let mut joined = Vec::new();
    for ask in asked {
        match outputs.get(&*ask.output) {
            Some(&value) => joined.push((ask, value)),
            None => missing.push(ask),
        }
    }
    for (ask, value) in joined {
        group.estate.stacks[me].tree.set(ask.node, Node::Foreign { stack: child as u32, node: value });
        group.parts[me].foreign.push(ask.node);
        if let Some(from) = ask.from {
            group.parts[me].uses.push((from, ask.node));
        }
    }
    for ask in missing {
        let stack = &mut group.estate.stacks[me];
        let name = format!("{}.Outputs.{}", stack.text(stack.resource(nested.resource).id), ask.output);
        let reason = Reason::new(ReasonCode::ReferenceNotFound, name);
        let offset = stack.tree.offset(ask.node);
        let message =
            format!("the nested template {} has no output {}", group.estate.stacks[child].file, ask.output);
        group.parts[me].remarks.push(Remark::note(offset, message));
        unresolved(&mut group.estate.stacks[me], ask.node, reason);
    }
}

/// A nested stack that is not followed: its outputs cannot be known.
fn give_up(
    group: &mut Group,
    me: usize,
    nested: &Nested,
    asked: Vec<NestedOutput>,
    reason: Reason,
    message: String,
) {
    let stack = &mut group.estate.stacks[me];
    group.parts[me].remarks.push(Remark::note(stack.tree.offset(nested.url), message));
    for ask in asked {
        unresolved(stack, ask.node, reason.clone());
    }
}

fn unresolved(stack: &mut Stack, node: NodeId, reason: Reason) {
    let offset = stack.tree.offset(node);
    stack.unresolved.push((reason.clone(), offset));
    let index = stack.reasons.len() as u32;
    stack.reasons.push(reason);
    stack.tree.set(node, Node::Unknown(index));
}
