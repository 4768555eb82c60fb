//! The grammar of the control language: that of CEL, parsed by hand with spans.

pub mod ast;
mod lexer;
mod parser;

pub use ast::{BinaryOperator, Expression, ExpressionKind, Literal, Macro, Span, UnaryOperator};
pub use parser::{MAX_DEPTH, MAX_HEIGHT, MAX_LENGTH, parse};

/// What is wrong with an expression, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpressionError {
    /// The place in the expression's text.
    pub span: Span,
    /// What is wrong and, where it can be told, what was meant.
    pub message: String,
}

impl ExpressionError {
    /// An error at a place.
    #[must_use]
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

impl std::fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at {}: {}", self.span.start, self.message)
    }
}

impl std::error::Error for ExpressionError {}
