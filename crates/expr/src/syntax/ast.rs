//! The syntax tree of an expression.

/// Bytes of the expression's text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// From the start of one to the end of another.
    #[must_use]
    pub fn to(self, end: Self) -> Self {
        Self { start: self.start, end: end.end }
    }
}

/// An expression with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Where it stands.
    pub span: Span,
}

/// Kinds of expressions.
#[derive(Clone, PartialEq, Debug)]
pub enum ExpressionKind {
    /// A literal value.
    Literal(Literal),
    /// A name: `this` or a variable of a macro.
    Name(String),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{"a": b}`
    Map(Vec<(Expression, Expression)>),
    /// `a.b`
    Member(Box<Expression>, String, Span),
    /// `a[b]`
    Index(Box<Expression>, Box<Expression>),
    /// `has(a.b)`
    Has(Box<Expression>),
    /// `f(a, b)`
    Call(String, Vec<Expression>),
    /// `a.f(b)`
    Method(Box<Expression>, String, Vec<Expression>),
    /// `a.all(x, p)` and its like
    Macro(Macro, Box<Expression>, String, Box<Expression>),
    /// `!a`, `-a`
    Unary(UnaryOperator, Box<Expression>),
    /// `a && b` and its like
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// `a ? b : c`
    Conditional(Box<Expression>, Box<Expression>, Box<Expression>),
}

/// Literal values.
#[derive(Clone, PartialEq, Debug)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `42`, `0x2a`
    Int(i64),
    /// `4.2`
    Double(f64),
    /// `"text"`, `'text'`, `r"text"`
    String(String),
}

/// Macros over lists and maps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Macro {
    /// The predicate holds for every element.
    All,
    /// The predicate holds for some element.
    Exists,
    /// The predicate holds for exactly one element.
    ExistsOne,
    /// The elements for which the predicate holds.
    Filter,
    /// The value of the expression for each element.
    Map,
}

impl Macro {
    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "all" => Self::All,
            "exists" => Self::Exists,
            "exists_one" => Self::ExistsOne,
            "filter" => Self::Filter,
            "map" => Self::Map,
            _ => return None,
        })
    }
}

/// Operators with one operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOperator {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Operators with two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOperator {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in`
    In,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}
