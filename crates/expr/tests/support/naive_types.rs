//! Static types, as far as they decide how values are coerced.

use sekisho_expr::syntax::{BinaryOperator, Expression, ExpressionKind, Literal, Macro, UnaryOperator};
use sekisho_facts::{Kind, Shape};

/// The type of an expression.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum K {
    Any,
    Null,
    Bool,
    Int,
    Double,
    String,
    List(Box<K>),
    Map,
    /// A place of the schema with its pointer.
    Shape(Shape, String),
    This(Shape),
}

impl K {
    fn of(shape: Shape, pointer: String) -> Self {
        match shape.kind() {
            Kind::Boolean => Self::Bool,
            Kind::Integer => Self::Int,
            Kind::Number => Self::Double,
            Kind::String => Self::String,
            _ => Self::Shape(shape, pointer),
        }
    }

    fn scalar(&self) -> Option<Kind> {
        match self {
            Self::Bool => Some(Kind::Boolean),
            Self::Int => Some(Kind::Integer),
            Self::Double => Some(Kind::Number),
            Self::String => Some(Kind::String),
            _ => None,
        }
    }

    /// The kind in which a place of this type is read.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Shape(shape, _) if shape.kind() != Kind::Any => Some(shape.kind()),
            other => other.scalar(),
        }
    }

    pub(crate) fn is_list(&self) -> bool {
        match self {
            Self::List(_) => true,
            Self::Shape(shape, _) => shape.kind() == Kind::List,
            _ => false,
        }
    }

    fn is_open(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Shape(shape, _) => shape.kind() == Kind::Any,
            _ => false,
        }
    }

    /// The kind that a side without a schema takes from the other.
    pub(crate) fn open_to(&self, other: &Self) -> Option<Kind> {
        match other {
            _ if !self.is_open() => None,
            Self::Bool => Some(Kind::Boolean),
            Self::Int | Self::Double => Some(Kind::Number),
            Self::String => Some(Kind::String),
            _ => None,
        }
    }

    /// What a macro's variable is.
    pub(crate) fn element(&self) -> Self {
        match self {
            Self::List(of) => (**of).clone(),
            Self::Map => Self::String,
            Self::Shape(shape, pointer) => match shape.kind() {
                Kind::List => shape.item().map_or(Self::Any, |item| Self::of(item, format!("{pointer}/*"))),
                Kind::Map | Kind::Object => Self::String,
                _ => Self::Any,
            },
            _ => Self::Any,
        }
    }

    /// The kind that the schema gives the elements.
    pub(crate) fn item_kind(&self) -> Option<Kind> {
        match self {
            Self::Shape(shape, _) if shape.kind() == Kind::Map => {
                shape.item().and_then(|i| Self::of(i, String::new()).scalar())
            }
            Self::Shape(..) => self.element().scalar(),
            _ => None,
        }
    }

    /// The type and pointer of a member.
    pub(crate) fn member(&self, name: &str) -> (Self, Option<String>) {
        let (shape, pointer) = match self {
            Self::This(shape) => (shape, ""),
            Self::Shape(shape, pointer) => (shape, pointer.as_str()),
            _ => return (Self::Any, None),
        };
        let pointer = format!("{pointer}/{name}");
        let kind = match shape.field(name) {
            Some(field) => Self::of(field, pointer.clone()),
            None if shape.kind() == Kind::Map => {
                shape.item().map_or(Self::Any, |item| Self::of(item, pointer.clone()))
            }
            None => Self::Any,
        };
        (kind, Some(pointer))
    }

    fn either(self, other: Self) -> Self {
        if self == other { self } else { Self::Any }
    }
}

/// The type of an expression over variables of these types.
pub(crate) fn kind_of(e: &Expression, this: Shape, scope: &mut Vec<(String, K)>) -> K {
    match &e.kind {
        ExpressionKind::Literal(literal) => match literal {
            Literal::Null => K::Null,
            Literal::Bool(_) => K::Bool,
            Literal::Int(_) => K::Int,
            Literal::Double(_) => K::Double,
            Literal::String(_) => K::String,
        },
        ExpressionKind::Name(name) if name == "this" => K::This(this),
        ExpressionKind::Name(name) => {
            scope.iter().rev().find(|(n, _)| n == name).expect("a variable").1.clone()
        }
        ExpressionKind::List(items) => {
            let kinds: Vec<K> = items.iter().map(|item| kind_of(item, this, scope)).collect();
            K::List(Box::new(kinds.into_iter().reduce(K::either).unwrap_or(K::Any)))
        }
        ExpressionKind::Map(_) => K::Map,
        ExpressionKind::Member(holder, _, _) if matches!(&holder.kind, ExpressionKind::Call(function, _) if function == "attributes") => {
            K::String
        }
        ExpressionKind::Member(holder, name, _) => kind_of(holder, this, scope).member(name).0,
        ExpressionKind::Index(holder, index) => {
            let of = kind_of(holder, this, scope);
            match (&index.kind, &of) {
                (ExpressionKind::Literal(Literal::String(name)), _) => of.member(name).0,
                (_, K::Shape(shape, pointer)) if shape.kind() == Kind::Map => {
                    shape.item().map_or(K::Any, |item| K::of(item, format!("{pointer}/*")))
                }
                _ if of.is_list() => of.element(),
                _ => K::Any,
            }
        }
        ExpressionKind::Has(_) | ExpressionKind::Unary(UnaryOperator::Not, _) => K::Bool,
        ExpressionKind::Call(name, _) => match name.as_str() {
            "size" => K::Int,
            "lower" => K::String,
            "unknown" => K::Any,
            _ => K::Bool,
        },
        ExpressionKind::Method(_, name, _) => match name.as_str() {
            "size" => K::Int,
            "lowerAscii" => K::String,
            _ => K::Bool,
        },
        ExpressionKind::Macro(kind, range, variable, body) => {
            let element = kind_of(range, this, scope).element();
            match kind {
                Macro::All | Macro::Exists | Macro::ExistsOne => K::Bool,
                Macro::Filter => K::List(Box::new(element)),
                Macro::Map => {
                    scope.push((variable.clone(), element));
                    let body = kind_of(body, this, scope);
                    scope.pop();
                    K::List(Box::new(body))
                }
            }
        }
        ExpressionKind::Unary(UnaryOperator::Negate, operand) => {
            let kind = kind_of(operand, this, scope);
            if kind.is_open() { K::Double } else { kind }
        }
        ExpressionKind::Conditional(_, then, otherwise) => {
            kind_of(then, this, scope).either(kind_of(otherwise, this, scope))
        }
        ExpressionKind::Binary(operator, left, right) => {
            use BinaryOperator as B;
            let arithmetic =
                matches!(operator, B::Add | B::Subtract | B::Multiply | B::Divide | B::Remainder);
            if !arithmetic {
                return K::Bool;
            }
            match (kind_of(left, this, scope), kind_of(right, this, scope)) {
                (a, b) if a.is_list() || b.is_list() => K::List(Box::new(a.element().either(b.element()))),
                (K::Int, K::Int) => K::Int,
                (K::String, _) | (_, K::String) => K::String,
                (K::Int | K::Double, _) | (_, K::Int | K::Double) => K::Double,
                _ => K::Any,
            }
        }
    }
}
