//! Recursive descent over the grammar of the CEL specification.

use super::lexer::{NUMBER_TOO_LARGE, Token, tokens};
use super::{
    BinaryOperator, Expression, ExpressionError, ExpressionKind, Literal, Macro, Span, UnaryOperator,
};

/// Longest expression, in bytes.
pub const MAX_LENGTH: usize = 16 * 1024;
/// Deepest nesting, and longest chain of operators or members.
pub const MAX_DEPTH: u32 = 64;
/// Tallest syntax tree: chains inside nesting add up, and what walks the tree recurses.
pub const MAX_HEIGHT: u32 = 200;

/// Parses an expression.
///
/// # Errors
/// The first place that is not CEL, or where a limit is passed.
pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
    if text.len() > MAX_LENGTH {
        let span = Span { start: MAX_LENGTH, end: text.len() };
        return Err(ExpressionError::new(span, format!("longer than {MAX_LENGTH} bytes")));
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, height: 0 };
    let expression = parser.conditional()?;
    match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.error("the expression should end here")),
    }
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: u32,
    /// Height of the expression that was parsed last.
    height: u32,
}

type Parsed = Result<Expression, ExpressionError>;

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn span(&self) -> Span {
        self.tokens[self.at].1
    }

    fn next(&mut self) -> (Token, Span) {
        let token = self.tokens[self.at].clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn error(&self, message: impl Into<String>) -> ExpressionError {
        ExpressionError::new(self.span(), message)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(s) if *s == symbol);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<Span, ExpressionError> {
        let span = self.span();
        if self.take(symbol) { Ok(span) } else { Err(self.error(format!("expected {symbol}"))) }
    }

    fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Notes the height of a node over parts of this height.
    fn over(&mut self, parts: u32) -> Result<(), ExpressionError> {
        self.height = parts + 1;
        if self.height > MAX_HEIGHT {
            return Err(self.error(format!("more than {MAX_HEIGHT} parts inside each other")));
        }
        Ok(())
    }

    fn conditional(&mut self) -> Parsed {
        self.deeper(|p| {
            let condition = p.binary(0)?;
            if !p.take("?") {
                return Ok(condition);
            }
            let mut height = p.height;
            let then = p.binary(0)?;
            height = height.max(p.height);
            p.expect(":")?;
            let otherwise = p.conditional()?;
            p.over(height.max(p.height))?;
            let span = condition.span.to(otherwise.span);
            let kind = ExpressionKind::Conditional(Box::new(condition), Box::new(then), Box::new(otherwise));
            Ok(Expression { kind, span })
        })
    }

    /// Levels of binding, loosest first; relations do not associate in practice but parse to the left.
    fn binary(&mut self, level: usize) -> Parsed {
        use BinaryOperator as B;
        const LEVELS: [&[(&str, B)]; 5] = [
            &[("||", B::Or)],
            &[("&&", B::And)],
            &[
                ("==", B::Equal),
                ("!=", B::NotEqual),
                ("<=", B::LessOrEqual),
                (">=", B::GreaterOrEqual),
                ("<", B::Less),
                (">", B::Greater),
                ("in", B::In),
            ],
            &[("+", B::Add), ("-", B::Subtract)],
            &[("*", B::Multiply), ("/", B::Divide), ("%", B::Remainder)],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        let mut length = 0;
        while let Some(&(_, operator)) = operators.iter().find(|(text, _)| match self.peek() {
            Token::Symbol(symbol) => symbol == text,
            Token::Name(name) => name == text,
            _ => false,
        }) {
            // A long chain becomes a deep tree on its left side.
            length += 1;
            if length > MAX_DEPTH {
                return Err(self.error(format!("more than {MAX_DEPTH} operators in one chain")));
            }
            self.next();
            let height = self.height;
            let right = self.binary(level + 1)?;
            self.over(height.max(self.height))?;
            let span = left.span.to(right.span);
            left =
                Expression { kind: ExpressionKind::Binary(operator, Box::new(left), Box::new(right)), span };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let start = self.span();
        let operator = if self.take("!") {
            UnaryOperator::Not
        } else if self.take("-") {
            // The smallest whole number has no positive counterpart, so the sign joins the literal.
            if let Token::Int(i) = *self.peek() {
                let (_, end) = self.next();
                // The lexer lets no more pass than what fits with the sign.
                let kind = ExpressionKind::Literal(Literal::Int(0_i64.wrapping_sub_unsigned(i)));
                self.height = 1;
                return self.postfix(Expression { kind, span: start.to(end) });
            }
            UnaryOperator::Negate
        } else {
            let primary = self.primary()?;
            return self.postfix(primary);
        };
        let operand = self.deeper(Self::unary)?;
        self.over(self.height)?;
        let span = start.to(operand.span);
        Ok(Expression { kind: ExpressionKind::Unary(operator, Box::new(operand)), span })
    }

    fn postfix(&mut self, mut operand: Expression) -> Parsed {
        let mut length = 0;
        loop {
            length += 1;
            if length > MAX_DEPTH {
                return Err(self.error(format!("more than {MAX_DEPTH} members in one chain")));
            }
            if self.take(".") {
                let Token::Name(name) = self.peek().clone() else {
                    return Err(self.error("expected a name after ."));
                };
                let (_, name_span) = self.next();
                if self.take("(") {
                    operand = self.method(operand, name, name_span)?;
                } else {
                    self.over(self.height)?;
                    let span = operand.span.to(name_span);
                    operand =
                        Expression { kind: ExpressionKind::Member(Box::new(operand), name, name_span), span };
                }
            } else if self.take("[") {
                let height = self.height;
                let index = self.conditional()?;
                let end = self.expect("]")?;
                self.over(height.max(self.height))?;
                let span = operand.span.to(end);
                operand =
                    Expression { kind: ExpressionKind::Index(Box::new(operand), Box::new(index)), span };
            } else {
                return Ok(operand);
            }
        }
    }

    fn method(&mut self, operand: Expression, name: String, name_span: Span) -> Parsed {
        let height = self.height;
        let mut arguments = self.arguments(")")?;
        self.over(height.max(self.height))?;
        let span = operand.span.to(self.tokens[self.at - 1].1);
        if let Some(kind) = Macro::named(&name) {
            let [variable, _] = arguments.as_slice() else {
                let message = format!("{name} takes a variable and an expression: {name}(x, …)");
                return Err(ExpressionError::new(name_span, message));
            };
            let place = variable.span;
            let ExpressionKind::Name(variable) = variable.kind.clone() else {
                return Err(ExpressionError::new(place, "expected the name of a variable"));
            };
            if variable == "this" {
                return Err(ExpressionError::new(place, "this cannot be the variable of a macro"));
            }
            let body =
                arguments.pop().map(Box::new).ok_or_else(|| ExpressionError::new(name_span, "no body"))?;
            return Ok(Expression {
                kind: ExpressionKind::Macro(kind, Box::new(operand), variable, body),
                span,
            });
        }
        Ok(Expression { kind: ExpressionKind::Method(Box::new(operand), name, arguments), span })
    }

    /// What stands between brackets; the height is that of the tallest.
    fn arguments(&mut self, close: &str) -> Result<Vec<Expression>, ExpressionError> {
        let (mut arguments, mut height) = (Vec::new(), 0);
        while !self.take(close) {
            arguments.push(self.conditional()?);
            height = height.max(self.height);
            if !self.take(",") && !matches!(self.peek(), Token::Symbol(s) if *s == close) {
                return Err(self.error(format!("expected , or {close}")));
            }
        }
        self.height = height;
        Ok(arguments)
    }

    fn primary(&mut self) -> Parsed {
        let (token, span) = self.next();
        self.height = 1;
        let literal = |literal| Ok(Expression { kind: ExpressionKind::Literal(literal), span });
        match token {
            Token::Int(i) => match i64::try_from(i) {
                Ok(i) => literal(Literal::Int(i)),
                Err(_) => Err(ExpressionError::new(span, NUMBER_TOO_LARGE)),
            },
            Token::Double(d) => literal(Literal::Double(d)),
            Token::String(s) => literal(Literal::String(s)),
            Token::Name(name) => match name.as_str() {
                "true" => literal(Literal::Bool(true)),
                "false" => literal(Literal::Bool(false)),
                "null" => literal(Literal::Null),
                "in" => Err(ExpressionError::new(span, "expected a value before in")),
                _ if self.take("(") => self.call(name, span),
                _ => Ok(Expression { kind: ExpressionKind::Name(name), span }),
            },
            Token::Symbol("(") => {
                let inner = self.conditional()?;
                let end = self.expect(")")?;
                Ok(Expression { kind: inner.kind, span: span.to(end) })
            }
            Token::Symbol("[") => {
                let items = self.deeper(|p| p.arguments("]"))?;
                self.over(self.height)?;
                Ok(Expression {
                    kind: ExpressionKind::List(items),
                    span: span.to(self.tokens[self.at - 1].1),
                })
            }
            Token::Symbol("{") => self.map(span),
            Token::End => Err(ExpressionError::new(span, "the expression ends where a value is expected")),
            _ => Err(ExpressionError::new(span, "expected a value")),
        }
    }

    fn map(&mut self, start: Span) -> Parsed {
        self.deeper(|p| {
            let (mut pairs, mut height) = (Vec::new(), 0);
            while !p.take("}") {
                let key = p.conditional()?;
                height = height.max(p.height);
                p.expect(":")?;
                pairs.push((key, p.conditional()?));
                height = height.max(p.height);
                if !p.take(",") && !matches!(p.peek(), Token::Symbol("}")) {
                    return Err(p.error("expected , or }"));
                }
            }
            p.over(height)?;
            Ok(Expression { kind: ExpressionKind::Map(pairs), span: start.to(p.tokens[p.at - 1].1) })
        })
    }

    fn call(&mut self, name: String, start: Span) -> Parsed {
        let mut arguments = self.arguments(")")?;
        self.over(self.height)?;
        let span = start.to(self.tokens[self.at - 1].1);
        if name == "has" {
            let (Some(argument), true) = (arguments.pop(), arguments.is_empty()) else {
                return Err(ExpressionError::new(span, "has takes one member: has(this.Name)"));
            };
            if !matches!(argument.kind, ExpressionKind::Member(..) | ExpressionKind::Index(..)) {
                return Err(ExpressionError::new(argument.span, "has takes one member: has(this.Name)"));
            }
            return Ok(Expression { kind: ExpressionKind::Has(Box::new(argument)), span });
        }
        Ok(Expression { kind: ExpressionKind::Call(name, arguments), span })
    }
}
