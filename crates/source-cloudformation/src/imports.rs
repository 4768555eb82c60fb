//! `Fn::ImportValue` joined with the output that exports the name.
//!
//! AWS: Template Reference, "Fn::ImportValue" and "Outputs section": export names are unique in
//! an account and region. A name is joined when exactly one output of the input can have it. An
//! import whose name differs from world to world is a choice over what it can be.
//!
//! Complexity: linear in exports and imports, times the worlds of their names (at most 64).

use std::collections::{BTreeMap, BTreeSet};

use bumpalo::Bump;
use sekisho_estate::{
    Condition, Estate, Formula, Node, NodeId, Reader, Reason, ReasonCode, Stack, StackIndex, Value,
};

use crate::lower::{Import, Part};

/// A name in one world, or how it reads when it is not known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Known(String),
    Unknown(String),
}

/// All exports of the input: which outputs can have which name.
type Exports = BTreeMap<String, BTreeSet<(u32, u32)>>;

/// Joins all imports of the estate.
pub(crate) fn join(estate: &mut Estate, parts: &mut [Part]) {
    if parts.iter().all(|part| part.imports.is_empty()) {
        return;
    }
    let mut exports = Exports::new();
    for (index, part) in parts.iter().enumerate() {
        for output in &part.outputs {
            let Some(name) = output.export else { continue };
            for name in names(estate, index, name) {
                if let Name::Known(name) = name {
                    exports.entry(name).or_default().insert((index as u32, output.value.0));
                }
            }
        }
    }
    let mut joins: Vec<(usize, Import, Vec<Name>)> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        for import in &part.imports {
            joins.push((index, *import, names(estate, index, import.name)));
        }
    }
    for (index, import, names) in joins {
        one(estate, parts, index, import, &names, &exports);
    }
}

/// The names that a node has in all worlds.
fn names(estate: &Estate, stack: usize, node: NodeId) -> Vec<Name> {
    let bump = Bump::new();
    let reader = Reader::new(estate, &bump);
    let view = estate.stack(StackIndex(stack as u32)).view(node);
    let mut names = Vec::new();
    loop {
        let name = match reader.resolve(view) {
            Value::Str(text) => Name::Known(text.to_owned()),
            Value::Int(int) => Name::Known(int.to_string()),
            Value::Text(text) => Name::Unknown(text.display()),
            Value::Unknown(why) => Name::Unknown(format!("({})", why.to_reason())),
            _ => Name::Unknown("(no text)".into()),
        };
        if !names.contains(&name) {
            names.push(name);
        }
        if !reader.worlds.next() {
            break;
        }
    }
    if reader.worlds.overflowed() {
        names.push(Name::Unknown("(too many alternatives)".into()));
    }
    names
}

fn one(
    estate: &mut Estate,
    parts: &mut [Part],
    index: usize,
    import: Import,
    names: &[Name],
    exports: &Exports,
) {
    let lookup = |name: &Name| match name {
        Name::Known(text) => match exports.get(text).map(|found| found.iter().collect::<Vec<_>>()).as_deref()
        {
            Some([only]) => Ok(**only),
            Some(_) => Err(Reason::new(ReasonCode::ImportAmbiguous, text.as_str())),
            None => Err(Reason::new(ReasonCode::ImportNotFound, text.as_str())),
        },
        Name::Unknown(shown) => Err(Reason::new(ReasonCode::ImportNotFound, shown.as_str())),
    };
    let found: Vec<_> = names.iter().map(|name| (name, lookup(name))).collect();
    let Some((_, first)) = found.first().cloned() else { return };
    let stack = &mut estate.stacks[index];
    let offset = stack.tree.offset(import.node);
    let foreign = |(stack, node): (u32, u32)| Node::Foreign { stack, node: NodeId(node) };
    if found.iter().all(|(_, one)| *one == first) {
        match first {
            Ok(target) => {
                stack.tree.set(import.node, foreign(target));
                parts[index].foreign.push(import.node);
            }
            Err(reason) => {
                stack.unresolved.push((reason.clone(), offset));
                let unknown = unknown(stack, reason);
                stack.tree.set(import.node, unknown);
                return;
            }
        }
    } else {
        // `if name == a then … else if name == b then … else unknown`.
        let failed = found.iter().find_map(|(_, target)| target.clone().err());
        if let Some(reason) = &failed {
            stack.unresolved.push((reason.clone(), offset));
        }
        let last = unknown(stack, failed.unwrap_or_else(|| Reason::new(ReasonCode::ImportNotFound, "")));
        let mut chain = stack.tree.push(last, offset);
        for (name, target) in found.iter().rev() {
            let (Name::Known(text), Ok(target)) = (name, target) else { continue };
            let value = stack.tree.push(foreign(*target), offset);
            parts[index].foreign.push(value);
            let literal = stack.tree.push_string(text, offset);
            let formula = Formula::Equals(import.name, literal);
            stack.conditions.push(Condition { name: Box::from(""), formula });
            let condition = stack.conditions.len() as u32 - 1;
            chain = stack.tree.push_choice(condition, value, chain, offset);
        }
        let node = stack.tree.node(chain);
        stack.tree.set(import.node, node);
    }
    if let Some(from) = import.from {
        parts[index].uses.push((from, import.node));
    }
}

fn unknown(stack: &mut Stack, reason: Reason) -> Node {
    stack.reasons.push(reason);
    Node::Unknown(stack.reasons.len() as u32 - 1)
}
