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
    /// A list of flows of PHI, see [`FLOW_MEMBERS`].
    Flows,
    /// A list of the statements of a policy, see [`STATEMENT_MEMBERS`].
    Statements,
    /// A list of the conditions of a statement, see [`CONDITION_MEMBERS`].
    Conditions,
    /// A list of who is outside, see [`OUTSIDER_MEMBERS`].
    Outsiders,
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

/// What a record has: names, what each is, and what it says.
pub type Members = &'static [(&'static str, Sort, &'static str)];

/// The key under which a record keeps the place that it was read from: reading one of its
/// members notes that place as evidence. No member has this name.
pub const PLACE: &str = "";

/// Members of a statement of a policy, as `statements` gives them.
pub const STATEMENT_MEMBERS: Members = &[
    ("sid", Sort::String, "its name; absent when it has none"),
    ("effect", Sort::String, "Allow or Deny"),
    (
        "principals",
        Sort::List,
        "who, as written: `*`, accounts, ARNs, services; absent in a policy of an identity",
    ),
    ("not_principals", Sort::List, "all but these"),
    ("actions", Sort::List, "what may be done"),
    ("not_actions", Sort::List, "all but these"),
    ("resources", Sort::List, "with what; absent means what the policy is attached to"),
    ("not_resources", Sort::List, "all but these"),
    ("conditions", Sort::Conditions, "all of them must hold"),
];

/// Members of a condition of a statement.
pub const CONDITION_MEMBERS: Members = &[
    ("operator", Sort::String, "how values are compared, as written"),
    ("key", Sort::String, "what of the request is compared; case does not count, so compare `lower(c.key)`"),
    ("values", Sort::List, "with what"),
];

/// Members of someone outside whom a policy allows, as `outsiders` gives them.
pub const OUTSIDER_MEMBERS: Members = &[
    ("account", Sort::String, "the account, where it is written; absent otherwise"),
    ("value", Sort::String, "the principal, or the value of the condition, as written"),
    ("key", Sort::String, "the condition key that names them; absent for a principal"),
];

/// Members of a flow of PHI, as `phi_flows` and `flows_to` give them: the name, what it is, and
/// what it says.
pub const FLOW_MEMBERS: Members = &[
    ("to", Sort::String, "name of where it goes"),
    (
        "type",
        Sort::String,
        "type of where it goes; `external:…` outside AWS, `virtual:…` for what a service makes",
    ),
    ("moves", Sort::String, "content, metadata or logs"),
    ("label", Sort::String, "how we know that it is PHI: declared, evidenced or assumed"),
    ("encryption", Sort::String, "always, configured, application, plain, follows or unknown"),
    ("plain", Sort::Bool, "not encrypted on the way, or not surely"),
    ("encrypted", Sort::Bool, "encrypted on the way; unknown where that is left to programs"),
    ("place_ruled", Sort::Bool, "sekisho.toml names regions or countries, and it arrives in AWS"),
    ("external", Sort::Bool, "it leaves AWS, or goes to an account of somebody else"),
    ("agreement", Sort::Bool, "who receives it needs no agreement, or has one that holds"),
    ("eligible", Sort::Bool, "the list lets PHI be in the service where it arrives"),
    ("place_allowed", Sort::Bool, "it arrives in a region and country where PHI may be"),
    ("account_allowed", Sort::Bool, "it arrives in an account that is designated for PHI"),
    ("resolved", Sort::Bool, "where it goes is in the input, or outside AWS and named"),
    ("copy", Sort::Bool, "it arrives in a backup, a snapshot, a replica or a log that a service makes"),
    ("encrypted_at_rest", Sort::Bool, "it is encrypted where it arrives"),
    ("customer_key", Sort::Bool, "it is encrypted there with a key that the customer names"),
];

/// A function by name.
#[must_use]
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|f| f.name == name)
}
