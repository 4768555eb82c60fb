//! The table of host functions.

/// What a parameter or result is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// Anything.
    Any,
    /// A boolean.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Double,
    /// Text.
    String,
    /// A list.
    List,
    /// A map.
    Map,
    /// A whole number or a list of them.
    Ports,
    /// A resource.
    Resource,
    /// What stands beside a resource's properties.
    Attributes,
    /// The companions of the resource given.
    Companions,
    /// The name of a resource type, as literal text.
    Type,
    /// A resource of the type that the second argument names.
    Target,
    /// A list of resources of the type that the first argument names.
    Resources,
}

/// A parameter of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// What it takes.
    pub kind: Sort,
    /// Whether it may be left out.
    pub optional: bool,
}

/// A host function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Function {
    /// Which one it is.
    pub id: FunctionId,
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// What it gives.
    pub result: Sort,
    /// Whether the language answers it itself.
    pub built_in: bool,
    /// What it is for.
    pub doc: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/functions.rs"));

/// A function by name.
#[must_use]
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|f| f.name == name)
}
