//! What is known of an expression when it is compiled for one type.
//!
//! A control of several types asks `attributes(this).type == "AWS::…"` where they differ.
//! For each type that comparison has one answer, so the branch that it rules out is
//! neither compiled nor checked against the schema. O(size of the expression) for each
//! part that asks, and expressions are small.

use sekisho_facts::{resource_type, resource_type_names};

use super::{Compiler, Result, suggestion};
use crate::syntax::{BinaryOperator, Expression, ExpressionError, ExpressionKind, Literal, UnaryOperator};

impl Compiler<'_> {
    /// Whether an expression that asks for the type of `this` is true or false for every
    /// resource of the type; none where it asks for anything else that matters.
    ///
    /// # Errors
    /// The name of a type that there is not: the comparison would never hold.
    pub(super) fn decided(&self, e: &Expression) -> Result<Option<bool>> {
        Ok(match &e.kind {
            ExpressionKind::Name(name) => match self.named.iter().find(|(n, _)| n == name) {
                Some((_, part)) => self.decided(part)?,
                None => None,
            },
            ExpressionKind::Unary(UnaryOperator::Not, operand) => self.decided(operand)?.map(|is| !is),
            ExpressionKind::Binary(BinaryOperator::And, left, right) => self.both(left, right, false)?,
            ExpressionKind::Binary(BinaryOperator::Or, left, right) => self.both(left, right, true)?,
            ExpressionKind::Binary(BinaryOperator::Equal, left, right) => self.compared(left, right)?,
            ExpressionKind::Binary(BinaryOperator::NotEqual, left, right) => {
                self.compared(left, right)?.map(|is| !is)
            }
            ExpressionKind::Binary(BinaryOperator::In, left, right) => match &right.kind {
                ExpressionKind::List(names) if self.is_own_type(left) => {
                    let mut is = Some(false);
                    for name in names {
                        match self.is_named(name)? {
                            Some(true) => is = is.map(|_| true),
                            Some(false) => {}
                            None => is = None,
                        }
                    }
                    is
                }
                _ => None,
            },
            _ => None,
        })
    }

    fn both(&self, left: &Expression, right: &Expression, decisive: bool) -> Result<Option<bool>> {
        Ok(match (self.decided(left)?, self.decided(right)?) {
            (Some(is), _) | (_, Some(is)) if is == decisive => Some(decisive),
            (Some(_), Some(_)) => Some(!decisive),
            _ => None,
        })
    }

    fn compared(&self, left: &Expression, right: &Expression) -> Result<Option<bool>> {
        if self.is_own_type(left) {
            self.is_named(right)
        } else if self.is_own_type(right) {
            self.is_named(left)
        } else {
            Ok(None)
        }
    }

    /// Whether an expression is `attributes(this).type`.
    fn is_own_type(&self, e: &Expression) -> bool {
        let ExpressionKind::Member(holder, name, _) = &e.kind else { return false };
        let ExpressionKind::Call(function, arguments) = &holder.kind else { return false };
        name == "type"
            && function == "attributes"
            && matches!(arguments.as_slice(), [Expression { kind: ExpressionKind::Name(this), .. }] if this == "this")
            && !self.variables.iter().any(|(variable, _)| *variable == "this")
    }

    /// Whether the type is the one that is written.
    fn is_named(&self, name: &Expression) -> Result<Option<bool>> {
        let (Some(this), ExpressionKind::Literal(Literal::String(text))) = (self.this, &name.kind) else {
            return Ok(None);
        };
        if text != this.name() && !text.starts_with("Custom::") && resource_type(text).is_none() {
            let near = suggestion(text, resource_type_names());
            return Err(ExpressionError::new(name.span, format!("there is no resource type {text}{near}")));
        }
        Ok(Some(text == this.name()))
    }
}
