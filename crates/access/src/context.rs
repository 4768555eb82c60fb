//! The condition keys of a request.

use crate::case::Values;

/// What is known of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup<'c> {
    /// The request does not have it.
    Absent,
    /// It has one value.
    One(&'c str),
    /// It has several values.
    Many(&'c [String]),
    /// Whether it has the key, and with what, is not known.
    Unknown,
}

/// Where keys are looked up.
pub trait Context {
    /// What is known of a key, by its name in lower case.
    fn get(&self, key: &str) -> Lookup<'_>;
}

/// Keys with their values; names are in lower case.
pub type Keys = Vec<(Box<str>, Values)>;

/// What is said of keys of requests: their values, or that they are absent.
pub type Given = Vec<(Box<str>, Option<Values>)>;

/// No keys at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Context for Nothing {
    fn get(&self, _: &str) -> Lookup<'_> {
        Lookup::Absent
    }
}

/// Which keys are not known when nothing is said of them.
#[derive(Clone, Debug, Default)]
pub enum Unknowns {
    /// None: what is not said is absent.
    #[default]
    None,
    /// These, in lower case.
    These(Vec<Box<str>>),
    /// All.
    All,
    /// All but those that begin so, in lower case.
    AllBut(Vec<Box<str>>),
}

/// The keys of a request: those given, then those of the principal and of the resource.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext<'c> {
    /// Given keys; none says that the key is absent.
    pub given: &'c [(Box<str>, Option<Values>)],
    /// Keys of the principal.
    pub principal: &'c [(Box<str>, Values)],
    /// Keys of the resource.
    pub resource: &'c [(Box<str>, Values)],
    /// What is not known.
    pub unknown: &'c Unknowns,
}

pub(crate) fn lookup(values: &Values) -> Lookup<'_> {
    match values {
        Values::One(one) => Lookup::One(one),
        Values::Many(many) => match many.as_slice() {
            [] => Lookup::Absent,
            [one] => Lookup::One(one),
            many => Lookup::Many(many),
        },
    }
}

pub(crate) fn find<'c>(keys: &'c [(Box<str>, Values)], key: &str) -> Option<Lookup<'c>> {
    keys.iter().find(|(name, _)| **name == *key).map(|(_, values)| lookup(values))
}

impl Context for RequestContext<'_> {
    fn get(&self, key: &str) -> Lookup<'_> {
        if let Some((_, values)) = self.given.iter().find(|(name, _)| **name == *key) {
            return values.as_ref().map_or(Lookup::Absent, lookup);
        }
        if let Some(found) = find(self.principal, key).or_else(|| find(self.resource, key)) {
            return found;
        }
        match self.unknown {
            Unknowns::None => Lookup::Absent,
            Unknowns::All => Lookup::Unknown,
            Unknowns::These(keys) if keys.iter().any(|unknown| **unknown == *key) => Lookup::Unknown,
            Unknowns::These(_) => Lookup::Absent,
            Unknowns::AllBut(known) if known.iter().any(|start| key.starts_with(&**start)) => Lookup::Absent,
            Unknowns::AllBut(_) => Lookup::Unknown,
        }
    }
}
