//! The expressions of flow rows: compiled once for each row and place in a list.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bumpalo::Bump;
use sekisho_estate::{Estate, Reason, ReasonCode, ResourceId};
use sekisho_expr::{Host, Program, ResourceRef, Truth, compile};
use sekisho_facts::resource_type;

/// What an expression says of a resource in the default world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Holds {
    /// It is true.
    Yes,
    /// It is false.
    No,
    /// It cannot be known, and why.
    Unknown(Reason),
}

/// An answer, and the decisions it depends on (empty when it holds in every world).
pub(crate) type Answer = (Holds, String);

/// Expression, type and list positions, to the program; none where the text does not fit
/// the type (the tests of the crate refuse such rows).
type Programs = HashMap<(&'static str, String, Vec<u32>), Option<Arc<Program>>>;

/// Compiles and evaluates.
pub(crate) struct Conditions<'c> {
    estate: &'c Estate,
    host: &'c dyn Host,
    programs: Mutex<Programs>,
}

impl<'c> Conditions<'c> {
    pub(crate) fn new(estate: &'c Estate, host: &'c dyn Host) -> Self {
        Self { estate, host, programs: Mutex::default() }
    }

    /// What `text` says of a resource; `at` are the positions in the lists of the row's path.
    pub(crate) fn ask(&self, text: &'static str, resource: ResourceId, at: &[u32]) -> Answer {
        let type_name = self.estate.type_name(resource);
        let positions = if text.contains("[#") { at.to_vec() } else { Vec::new() };
        let key = (text, type_name.to_owned(), positions);
        let program = {
            let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
            programs
                .entry(key)
                .or_insert_with_key(|(text, type_name, at)| {
                    let kind = resource_type(type_name)?;
                    compile(None, &place(text, at), Some(kind), false).ok().map(Arc::new)
                })
                .clone()
        };
        let Some(program) = program else {
            return (Holds::Unknown(Reason::new(ReasonCode::UnknownType, type_name)), String::new());
        };
        let bump = Bump::new();
        let this = ResourceRef::new(self.estate, resource);
        let outcome = program.judge(self.estate, self.host, Some(this), &bump, false, &mut |_, _| ());
        // The first world is the one that holds when nobody says otherwise.
        let truth = outcome.worlds.first().map_or(outcome.truth, |world| world.truth);
        let world = outcome.worlds.first().map_or(String::new(), |world| world.when.clone());
        let holds = match truth {
            Truth::Pass => Holds::Yes,
            Truth::Fail | Truth::NotApplicable => Holds::No,
            Truth::Unknown => {
                let none = || Reason::new(ReasonCode::AnalysisNotBuilt, "flow");
                Holds::Unknown(outcome.reason.unwrap_or_else(none))
            }
        };
        (holds, world)
    }
}

/// An expression with the positions in lists put in: `[#0]` the first, `[#1]` the second.
pub(crate) fn place(text: &str, at: &[u32]) -> String {
    let mut placed = text.to_owned();
    for index in 0..3 {
        let position = at.get(index).copied().unwrap_or(0);
        placed = placed.replace(&format!("[#{index}]"), &format!("[{position}]"));
    }
    placed
}

#[cfg(test)]
mod tests {
    use sekisho_facts::{Side, Transit, flow_types, resource_type};

    use super::{compile, place};

    /// Every expression of every row is one of the language, and its properties exist.
    #[test]
    fn the_expressions_of_the_facts_compile() {
        let mut wrong = Vec::new();
        let mut check = |type_name: &str, text: &str| match resource_type(type_name) {
            Some(kind) => {
                if let Err((_, error)) = compile(None, &place(text, &[1, 2]), Some(kind), false) {
                    wrong.push(format!("{type_name}: {text}: {}", error.message));
                }
            }
            None => wrong.push(format!("{type_name}: no such type")),
        };
        for (type_name, rows) in flow_types() {
            for row in rows {
                for text in row.when.into_iter().chain(row.content_if) {
                    check(type_name, text);
                }
                if let Transit::Decided { by, encrypted_if, application_if } = row.transit {
                    let of = if by == Side::Target { row.to[0] } else { type_name };
                    for text in [encrypted_if].into_iter().chain(application_if) {
                        check(of, text);
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
