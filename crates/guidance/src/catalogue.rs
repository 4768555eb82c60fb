//! The built-in controls.

use std::borrow::Cow;

use crate::control::{ANY_TYPE, Control, Fix, Text, ToldAtTarget};
use crate::requirement::requirement;
use crate::words::{Confidence, Harm, Level, Reach, Scope};

include!(concat!(env!("OUT_DIR"), "/controls.rs"));

/// All built-in controls, sorted by id.
pub fn controls() -> &'static [Control] {
    CONTROLS
}

/// The built-in control with this id. Logarithmic in the number of controls.
pub fn control(id: &str) -> Option<&'static Control> {
    let found = CONTROLS.binary_search_by(|control| control.id.as_ref().cmp(id));
    found.ok().and_then(|i| CONTROLS.get(i))
}

/// The cases of a built-in control.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cases {
    /// Their file, from the root of the repository.
    pub file: &'static str,
    /// How many expect each verdict, by the verdict's name.
    pub verdicts: &'static [(&'static str, usize)],
}

/// The cases of the built-in control with this id.
pub fn cases(id: &str) -> Option<&'static Cases> {
    let found = CONTROLS.binary_search_by(|control| control.id.as_ref().cmp(id));
    found.ok().and_then(|at| CASES.get(at))
}

/// The resource-scoped controls of a resource type, as indices into [`controls`].
/// Logarithmic in the number of types that have controls.
pub fn controls_for(type_name: &str) -> &'static [u16] {
    match BY_TYPE.binary_search_by(|(name, _)| (*name).cmp(type_name)) {
        Ok(i) => BY_TYPE[i].1,
        Err(_) => &[],
    }
}

/// The resource types that have controls, sorted.
pub fn controlled_types() -> impl ExactSizeIterator<Item = &'static str> {
    BY_TYPE.iter().map(|(name, _)| *name)
}

/// The controls of a scope, as indices into [`controls`].
pub fn controls_of(scope: Scope) -> &'static [u16] {
    match scope {
        Scope::Resource => RESOURCE_SCOPE,
        Scope::Stack => STACK_SCOPE,
        Scope::Account => ACCOUNT_SCOPE,
    }
}

impl ToldAtTarget {
    /// The requirement whose controls tell it at the far end.
    #[must_use]
    pub fn requirement(self) -> &'static str {
        match self {
            Self::AtRest => "hipaa/intro/13",
            Self::InTransit => "hipaa/intro/14",
            Self::Place => "bp/regions-az/5",
        }
    }
}

impl Control {
    /// Whether it is asked of resources of a type. Linear in the types of the control.
    pub fn applies_to(&self, type_name: &str) -> bool {
        self.applies.iter().any(|name| *name == type_name || *name == ANY_TYPE)
    }

    /// The named parts of the question, as the language takes them.
    pub fn parts(&self) -> Vec<(&str, &str)> {
        self.named.iter().map(|(name, expression)| (&**name, &**expression)).collect()
    }

    /// The strongest level of the requirements behind the control, for [`crate::severity`].
    ///
    /// A user's control that names no requirement is a demand of its own: `must`.
    pub fn strongest_level(&self) -> Level {
        let levels = self.satisfies.iter().filter_map(|id| requirement(id)?.level);
        levels.min().unwrap_or(Level::Must)
    }
}
