//! The syntax of a configuration, made ready for evaluation: names are resolved to what
//! they can mean, loop variables to slots, functions to their implementation.
//!
//! One tree is made of each file and shared by all module instances that use it.

use std::sync::Arc;

use crate::functions::Function;
use crate::value::Value;

/// An expression and the bytes it stands at.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum Kind {
    Literal(Value),
    Template(Vec<Piece>),
    List(Vec<Expr>),
    Object(Vec<(Expr, Expr)>),
    /// A loop variable by its depth.
    Slot(u32),
    Root(Root),
    Attr(Box<Expr>, Arc<str>),
    Index(Box<Expr>, Box<Expr>),
    /// `source[*]…` or `source.*…`: `each` is evaluated with the element in `slot`.
    Splat {
        source: Box<Expr>,
        slot: u32,
        each: Box<Expr>,
    },
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    For(Box<For>),
    Call {
        name: Arc<str>,
        function: Option<&'static Function>,
        arguments: Vec<Expr>,
        /// The last argument is a sequence of arguments (`f(xs...)`).
        spread: bool,
    },
}

/// A `for` expression. Variables lie in the slots from `slot` on: the key (or index), then the value.
#[derive(Debug)]
pub(crate) struct For {
    pub(crate) slot: u32,
    pub(crate) collection: Expr,
    /// Makes an object when there is a key.
    pub(crate) key: Option<Expr>,
    pub(crate) value: Expr,
    pub(crate) condition: Option<Expr>,
    /// Values of equal keys become a list (`...`).
    pub(crate) group: bool,
}

/// A piece of a template.
#[derive(Debug)]
pub(crate) enum Piece {
    Text(Arc<str>),
    Value(Expr),
    If { condition: Expr, then: Vec<Piece>, otherwise: Vec<Piece> },
    For { slot: u32, collection: Expr, body: Vec<Piece> },
}

/// What a name at the beginning of a traversal means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Root {
    Variable(Arc<str>),
    Local(Arc<str>),
    Module(Arc<str>),
    Resource {
        data: bool,
        kind: Arc<str>,
        name: Arc<str>,
    },
    ModuleFolder,
    BaseFolder,
    CurrentFolder,
    Workspace,
    EachKey,
    EachValue,
    CountIndex,
    Itself,
    /// A variable of a template file.
    Free(Arc<str>),
    /// Nothing that can be evaluated; says what is wrong.
    Invalid(Arc<str>),
}

/// An operator between two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    And,
    Or,
}

/// What stands between the braces of a block, or a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) blocks: Vec<Block>,
}

impl Body {
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name == name)
    }

    pub(crate) fn blocks_of<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b Block> {
        self.blocks.iter().filter(move |block| &*block.kind == kind)
    }
}

/// `name = expression`
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: Arc<str>,
    /// The file: after overrides not always that of the block.
    pub(crate) file: u32,
    /// Where the name begins.
    pub(crate) at: u32,
    pub(crate) value: Arc<Expr>,
}

/// `kind "label" { … }`
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: Arc<str>,
    pub(crate) labels: Vec<Arc<str>>,
    pub(crate) file: u32,
    pub(crate) at: u32,
    pub(crate) body: Arc<Body>,
    /// It is generated: `dynamic "kind"`.
    pub(crate) dynamic: Option<Dynamic>,
}

/// How a block is generated; its body is that of `content`.
#[derive(Clone, Debug)]
pub(crate) struct Dynamic {
    pub(crate) for_each: Arc<Expr>,
    /// Slot of the iterator, a map of `key` and `value`.
    pub(crate) slot: u32,
}

impl Expr {
    /// Whether the expression reads what differs between instances: `each`, `count`,
    /// `self` or a loop variable of a slot below `slots`.
    pub(crate) fn is_of_instance(&self, slots: u32) -> bool {
        let walk = |expr: &Expr| expr.is_of_instance(slots);
        match &self.kind {
            Kind::Literal(_) => false,
            Kind::Slot(slot) => *slot < slots,
            Kind::Root(root) => {
                matches!(root, Root::EachKey | Root::EachValue | Root::CountIndex | Root::Itself)
            }
            Kind::Template(pieces) => pieces.iter().any(|piece| piece.is_of_instance(slots)),
            Kind::List(items) => items.iter().any(walk),
            Kind::Object(items) => items.iter().any(|(key, value)| walk(key) || walk(value)),
            Kind::Attr(base, _) | Kind::Not(base) | Kind::Negate(base) => walk(base),
            Kind::Index(a, b) | Kind::Binary(_, a, b) => walk(a) || walk(b),
            Kind::Splat { source, each, .. } => walk(source) || walk(each),
            Kind::Conditional(a, b, c) => walk(a) || walk(b) || walk(c),
            Kind::For(each) => {
                walk(&each.collection)
                    || walk(&each.value)
                    || each.key.as_ref().is_some_and(walk)
                    || each.condition.as_ref().is_some_and(walk)
            }
            Kind::Call { arguments, .. } => arguments.iter().any(walk),
        }
    }
}

impl Piece {
    fn is_of_instance(&self, slots: u32) -> bool {
        let any = |pieces: &[Self]| pieces.iter().any(|piece| piece.is_of_instance(slots));
        match self {
            Self::Text(_) => false,
            Self::Value(expr) => expr.is_of_instance(slots),
            Self::If { condition, then, otherwise } => {
                condition.is_of_instance(slots) || any(then) || any(otherwise)
            }
            Self::For { collection, body, .. } => collection.is_of_instance(slots) || any(body),
        }
    }
}
