//! What an expression is in one world.

use sekisho_estate::{Estate, Resource, ResourceId, Stack, Target, Text, Value, View, Why};

/// A value of the control language. Copying it is cheap; what it computed lies in the evaluation's arena.
#[derive(Clone, Copy, Debug)]
pub enum Val<'a> {
    /// Explicit null.
    Null,
    /// Boolean.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Number with a fraction.
    Double(f64),
    /// Known text.
    Str(&'a str),
    /// Text with unknown parts.
    Text(&'a Text<'a>),
    /// A list or map as written.
    Node(View<'a>),
    /// A computed list. An open one may have more elements than are known, and says why.
    Items(&'a [Val<'a>], Option<Why<'a>>),
    /// A map written in the expression.
    Pairs(&'a [(Val<'a>, Val<'a>)]),
    /// A resource or attribute whose value AWS gives.
    Reference(Target<'a>),
    /// A value that is never shown.
    Secret(View<'a>),
    /// A resource of the estate; its members are its properties.
    Resource(ResourceRef<'a>),
    /// The companions of a resource.
    Companions(ResourceRef<'a>),
    /// What stands beside a resource's properties.
    Attributes(ResourceRef<'a>),
    /// Not written, and without a default.
    Absent,
    /// Not knowable.
    Unknown(Why<'a>),
}

/// A resource together with its place in the estate.
#[derive(Clone, Copy)]
pub struct ResourceRef<'a> {
    /// Its identity.
    pub id: ResourceId,
    /// Its stack.
    pub stack: &'a Stack,
    /// The resource.
    pub resource: &'a Resource,
}

impl std::fmt::Debug for ResourceRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.stack.id, self.name())
    }
}

impl<'a> ResourceRef<'a> {
    /// A resource of an estate by its identity.
    #[must_use]
    pub fn new(estate: &'a Estate, id: ResourceId) -> Self {
        let stack = estate.stack(id.stack);
        Self { id, stack, resource: stack.resource(id.index) }
    }

    /// Logical id.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.stack.text(self.resource.id)
    }

    /// Type name.
    #[must_use]
    pub fn type_name(&self) -> &'a str {
        self.stack.text(self.resource.type_name)
    }

    /// View of the properties.
    #[must_use]
    pub fn properties(&self) -> View<'a> {
        self.stack.view(self.resource.properties)
    }
}

impl<'a> From<Value<'a>> for Val<'a> {
    fn from(value: Value<'a>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(b),
            Value::Int(i) => Self::Int(i),
            Value::Float(f) => Self::Double(f),
            Value::Str(s) => Self::Str(s),
            Value::Text(t) => Self::Text(t),
            Value::List(v) | Value::Map(v) => Self::Node(v),
            // Computed lists are rare (Split, Cidr); the frame converts them where it has an arena.
            Value::Items(_) => Self::Absent,
            Value::Reference(t) => Self::Reference(t),
            Value::Secret(v) => Self::Secret(v),
            Value::Absent => Self::Absent,
            Value::Unknown(why) => Self::Unknown(why),
        }
    }
}

impl<'a> Val<'a> {
    /// The value as the estate has it, where it came from there.
    #[must_use]
    pub fn to_value(self) -> Option<Value<'a>> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(b),
            Self::Int(i) => Value::Int(i),
            Self::Double(f) => Value::Float(f),
            Self::Str(s) => Value::Str(s),
            Self::Text(t) => Value::Text(t),
            Self::Node(v) => match v.stack.tree.node(v.node) {
                sekisho_estate::Node::List(_) => Value::List(v),
                _ => Value::Map(v),
            },
            Self::Reference(t) => Value::Reference(t),
            Self::Secret(v) => Value::Secret(v),
            Self::Absent => Value::Absent,
            Self::Unknown(why) => Value::Unknown(why),
            Self::Items(..)
            | Self::Pairs(_)
            | Self::Resource(_)
            | Self::Companions(_)
            | Self::Attributes(_) => return None,
        })
    }

    /// Whether it is unknown.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}
