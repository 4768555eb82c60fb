//! The tables of `facts/generated/sam`: policy templates, managed policies, connectors.

/// A policy template.
#[derive(Debug)]
pub(crate) struct Policy {
    /// Its name in `Policies`.
    pub(crate) name: &'static str,
    /// Its parameters.
    pub(crate) parameters: &'static [&'static str],
    /// What it allows.
    pub(crate) statements: &'static [Statement],
}

/// A statement that allows something. Texts may hold `${Name}`.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) actions: &'static [&'static str],
    pub(crate) resources: &'static [&'static str],
    /// Operator, key and value of its condition.
    pub(crate) when: Option<(&'static str, &'static str, &'static str)>,
    /// The service that may act, in the policy of a resource.
    pub(crate) service: Option<&'static str>,
    /// The ARN on whose behalf the service acts.
    pub(crate) source: Option<&'static str>,
    /// Whether the source must be of the same account.
    pub(crate) account: bool,
}

/// What a connector between two types grants.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) grant: Grant,
    /// The combinations of permissions that are admitted; empty when all are.
    pub(crate) only: &'static [&'static [Access]],
    pub(crate) permissions: &'static [(Access, &'static [Statement])],
}

/// How a connector grants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Grant {
    RoleOfSource,
    RoleOfDestination,
    QueuePolicy,
    TopicPolicy,
    Permission,
}

/// What a connector may be asked to permit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Access {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
        }
    }
}

/// Where a connector finds what it needs of a resource of a type.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) type_name: &'static str,
    /// The property that names its role.
    pub(crate) role: Option<&'static str>,
    /// The attribute that is its ARN; `ref` for what `Ref` gives.
    pub(crate) arn: &'static str,
    pub(crate) url: Option<&'static str>,
    pub(crate) id: Option<&'static str>,
    pub(crate) name: Option<&'static str>,
}

include!(concat!(env!("OUT_DIR"), "/sam.rs"));

/// The policy template of a name.
pub(crate) fn policy(name: &str) -> Option<&'static Policy> {
    POLICIES.binary_search_by(|policy| policy.name.cmp(name)).ok().map(|at| &POLICIES[at])
}

/// The path of a managed policy of AWS.
pub(crate) fn managed_path(name: &str) -> &'static str {
    if SERVICE_ROLE_POLICIES.binary_search(&name).is_ok() {
        "service-role/"
    } else if JOB_FUNCTION_POLICIES.binary_search(&name).is_ok() {
        "job-function/"
    } else {
        ""
    }
}

/// What a connector from one type to another grants.
pub(crate) fn pair(from: &str, to: &str) -> Option<&'static Pair> {
    PAIRS.iter().find(|pair| pair.from == from && pair.to == to)
}

/// Where a connector finds what it needs of a type.
pub(crate) fn end(type_name: &str) -> Option<&'static End> {
    ENDS.iter().find(|end| end.type_name == type_name)
}
