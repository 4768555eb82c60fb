//! Statements that allow all actions, of everything or of a service.

use sekisho_estate::View;

use crate::pattern::Unit;
use crate::{Document, Element, Selection, Statement, Tri};

/// An action of a statement that allows more than single actions.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WildcardAction<'e> {
    /// How much it allows.
    pub breadth: Breadth,
    /// Whether it does: yes, or not known.
    pub is: Tri<'e>,
    /// Where the action stands.
    pub at: Option<View<'e>>,
    /// The statement that allows.
    pub statement: &'e Statement<'e>,
}

/// How much an action with a wildcard allows.
#[derive(Clone, PartialEq, Eq, Debug, Copy)]
pub enum Breadth {
    /// `*`: every action of every service.
    Everything,
    /// `s3:*`: every action of one service, or of several (`s3*:*`).
    Service,
    /// `NotAction`: every action of every service but some.
    AllBut,
    /// Not known.
    Unknown,
}

impl<'e> Document<'e> {
    /// The actions with which statements allow everything (`*`), all actions of a service
    /// (`s3:*`) or all but some (`NotAction`).
    ///
    /// Source: IAM User Guide, `reference_policies_elements_action.html` and
    /// `reference_policies_elements_notaction.html`.
    #[must_use]
    pub fn wildcard_actions(&self) -> Vec<WildcardAction<'e>> {
        let mut found = Vec::new();
        for statement in self.statements {
            let allows = statement.certain(statement.effect.is_allow());
            if allows == Tri::No {
                continue;
            }
            let mut add = |breadth, is, at| {
                found.push(WildcardAction { breadth, is: allows.and(is), at, statement });
            };
            match &statement.actions {
                Selection::Only(actions) => {
                    for action in *actions {
                        if let Some((breadth, is)) = breadth(action) {
                            add(breadth, is, action.at);
                        }
                    }
                }
                Selection::AllBut(actions) => {
                    add(Breadth::AllBut, Tri::Yes, actions.first().and_then(|action| action.at));
                }
                Selection::Unknown(why) => add(Breadth::Unknown, Tri::Unknown(*why), statement.at),
                Selection::Absent => {}
            }
        }
        found
    }
}

fn breadth<'e>(action: &Element<'e>) -> Option<(Breadth, Tri<'e>)> {
    let pattern = &action.pattern;
    if pattern.known_all() {
        return Some((Breadth::Everything, Tri::Yes));
    }
    let name = pattern.split_colons(2).into_iter().nth(1);
    if name.is_some_and(|name| name.known_all()) {
        return Some((Breadth::Service, Tri::Yes));
    }
    // A hole may hold a wildcard where the name of the action, or all of it, stands.
    let end = name.unwrap_or(*pattern);
    let open = end.units.iter().find_map(|unit| match unit {
        Unit::Hole(index) => Some(end.hole(*index)),
        _ => None,
    });
    let all_open = end.units.iter().all(|unit| matches!(unit, Unit::Hole(_) | Unit::Star));
    open.filter(|_| all_open).map(|hole| (Breadth::Unknown, Tri::Unknown(hole.why)))
}
