//! Static types: what a name, a path or a function can be.

use sekisho_facts::{Kind, ResourceType, Shape};

use crate::functions::{CONDITION_MEMBERS, FLOW_MEMBERS, Members, OUTSIDER_MEMBERS, STATEMENT_MEMBERS, Sort};

/// A record that an analysis gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Record {
    /// A flow of PHI.
    Flow,
    /// A statement of a policy.
    Statement,
    /// A condition of a statement.
    Condition,
    /// Someone outside whom a policy allows.
    Outsider,
}

impl Record {
    /// What it has.
    pub(crate) fn members(self) -> Members {
        match self {
            Self::Flow => FLOW_MEMBERS,
            Self::Statement => STATEMENT_MEMBERS,
            Self::Condition => CONDITION_MEMBERS,
            Self::Outsider => OUTSIDER_MEMBERS,
        }
    }
}

impl std::fmt::Display for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Flow => "a flow",
            Self::Statement => "a statement",
            Self::Condition => "a condition",
            Self::Outsider => "an outsider",
        })
    }
}

/// The type of an expression.
#[derive(Clone, Debug)]
pub(crate) enum Type {
    /// Not known before evaluation.
    Any,
    /// `null`.
    Null,
    /// Boolean.
    Bool,
    /// Whole number.
    Int,
    /// Number.
    Double,
    /// Text.
    String,
    /// A list of something.
    List(Box<Type>),
    /// A map written in the expression, to something.
    Map,
    /// A list, map or object of a resource's schema, with its place there.
    Shape(Shape, Path),
    /// A resource.
    Resource(Option<ResourceType>),
    /// The companions of a resource.
    Companions(ResourceType),
    /// What stands beside a resource's properties.
    Attributes,
    /// A record of an analysis.
    Record(Record),
}

/// The place of a property in its type: its names, `*` for the elements of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Path {
    /// The resource type.
    pub(crate) root: ResourceType,
    /// The way from the properties, as in `/Rules/*/Encrypted`.
    pub(crate) pointer: String,
}

impl Path {
    /// The properties themselves.
    #[must_use]
    pub(crate) fn root(root: ResourceType) -> Self {
        Self { root, pointer: String::new() }
    }

    /// One step deeper.
    #[must_use]
    pub(crate) fn step(&self, name: &str) -> Self {
        Self { root: self.root, pointer: format!("{}/{name}", self.pointer) }
    }
}

impl Type {
    /// The type of a place in a schema.
    #[must_use]
    pub(crate) fn of(shape: Shape, path: Path) -> Self {
        match shape.kind() {
            Kind::Boolean => Self::Bool,
            Kind::Integer => Self::Int,
            Kind::Number => Self::Double,
            Kind::String => Self::String,
            Kind::List | Kind::Map | Kind::Object | Kind::Any => Self::Shape(shape, path),
        }
    }

    /// The type of what a function or a member of a record gives, where it depends on nothing else.
    #[must_use]
    pub(crate) fn of_sort(sort: Sort) -> Self {
        let records = |record| Self::List(Box::new(Self::Record(record)));
        match sort {
            Sort::Bool => Self::Bool,
            Sort::Int => Self::Int,
            Sort::Double => Self::Double,
            Sort::String => Self::String,
            Sort::Attributes => Self::Attributes,
            Sort::List => Self::List(Box::new(Self::Any)),
            Sort::Flows => records(Record::Flow),
            Sort::Statements => records(Record::Statement),
            Sort::Conditions => records(Record::Condition),
            Sort::Outsiders => records(Record::Outsider),
            Sort::Target => Self::Resource(None),
            Sort::Resources => Self::List(Box::new(Self::Resource(None))),
            Sort::Any | Sort::Map | Sort::Ports | Sort::Resource | Sort::Type | Sort::Companions => Self::Any,
        }
    }

    /// What a macro's variable is over this.
    #[must_use]
    pub(crate) fn element(&self) -> Option<Self> {
        Some(match self {
            Self::List(of) => (**of).clone(),
            Self::Map => Self::String,
            Self::Any => Self::Any,
            Self::Shape(shape, path) => match shape.kind() {
                Kind::List => shape.item().map_or(Self::Any, |item| Self::of(item, path.step("*"))),
                Kind::Map | Kind::Object => Self::String,
                _ => Self::Any,
            },
            _ => return None,
        })
    }

    /// The kind in which a scalar of this type is read; none for what is no scalar.
    #[must_use]
    pub(crate) fn scalar(&self) -> Option<Kind> {
        match self {
            Self::Bool => Some(Kind::Boolean),
            Self::Int => Some(Kind::Integer),
            Self::Double => Some(Kind::Number),
            Self::String => Some(Kind::String),
            _ => None,
        }
    }

    /// The kind in which a value of this type is read; none where anything may stand.
    #[must_use]
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Shape(shape, _) => Some(shape.kind()).filter(|kind| *kind != Kind::Any),
            _ => self.scalar(),
        }
    }

    /// Whether a value of this type is known to be a list.
    #[must_use]
    pub(crate) fn is_list(&self) -> bool {
        match self {
            Self::List(_) => true,
            Self::Shape(shape, _) => shape.kind() == Kind::List,
            _ => false,
        }
    }

    /// The type of what is one or the other.
    #[must_use]
    pub(crate) fn either(self, other: &Self) -> Self {
        if self.same(other) { self } else { Self::Any }
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) => a.same(b),
            (Self::Shape(a, x), Self::Shape(b, y)) => a == b && x == y,
            (Self::Resource(a), Self::Resource(b)) => a == b,
            (Self::Companions(a), Self::Companions(b)) => a == b,
            (Self::Record(a), Self::Record(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// Whether a value of this type can be equal to one of the other.
    #[must_use]
    pub(crate) fn comparable(&self, other: &Self) -> bool {
        let class = |t: &Self| match t {
            Self::Bool => 1,
            Self::Int | Self::Double => 2,
            Self::String => 3,
            Self::List(_) => 4,
            Self::Map => 5,
            Self::Shape(shape, _) => match shape.kind() {
                Kind::List => 4,
                Kind::Map | Kind::Object => 5,
                _ => 0,
            },
            Self::Resource(_) => 6,
            Self::Companions(_) | Self::Attributes | Self::Record(_) => 7,
            Self::Any | Self::Null => 0,
        };
        let (a, b) = (class(self), class(other));
        a == 0 || b == 0 || a == b
    }
}

/// With its article, for messages.
impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Any => "anything",
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Int => "an integer",
            Self::Double => "a number",
            Self::String => "a string",
            Self::List(_) => "a list",
            Self::Map => "a map",
            Self::Shape(shape, _) => match shape.kind() {
                Kind::List => "a list",
                Kind::Any => "anything",
                _ => "an object",
            },
            Self::Resource(_) => "a resource",
            Self::Companions(_) => "companions",
            Self::Attributes => "attributes",
            Self::Record(record) => return record.fmt(f),
        })
    }
}
