//! The language once more, as slowly and plainly as possible: the syntax tree is interpreted
//! over owned values, in one world that is given. No closures, no laziness, no evidence.

use sekisho_expr::syntax::{BinaryOperator, Expression, ExpressionKind, Literal, Macro, UnaryOperator};
use sekisho_facts::Shape;

use super::naive_types::{K, kind_of};
use super::naive_values::{V, coerce, combine, equal, join, lower, order, text, text_method, truth};

/// What surrounds the resource that is judged.
pub(crate) struct Surroundings<'s> {
    /// The name of its type.
    pub(crate) type_name: &'s str,
    /// The properties in this world.
    pub(crate) this: &'s V,
    /// The shape of the properties.
    pub(crate) shape: Shape,
    /// The default of a property by its pointer, if it has one.
    pub(crate) default: &'s dyn Fn(&str) -> Option<V>,
}

/// Variables of macros with their values.
type Scope = Vec<(String, K, V)>;

/// The value of an expression.
pub(crate) fn evaluate(e: &Expression, around: &Surroundings<'_>) -> V {
    around.value(e, &mut Vec::new(), true)
}

impl Surroundings<'_> {
    fn kind(&self, e: &Expression, scope: &Scope) -> K {
        let mut kinds = scope.iter().map(|(name, kind, _)| (name.clone(), kind.clone())).collect();
        kind_of(e, self.shape, &mut kinds)
    }

    /// `defaults` is false on the way to a member that `has` asks for.
    fn value(&self, e: &Expression, scope: &mut Scope, defaults: bool) -> V {
        match &e.kind {
            ExpressionKind::Literal(literal) => match literal.clone() {
                Literal::Null => V::Null,
                Literal::Bool(b) => V::Bool(b),
                Literal::Int(i) => V::Int(i),
                Literal::Double(d) => V::Double(d),
                Literal::String(s) => V::Str(s),
            },
            ExpressionKind::Name(name) if name == "this" => self.this.clone(),
            ExpressionKind::Name(name) => {
                scope.iter().rev().find(|(n, ..)| n == name).expect("a variable").2.clone()
            }
            ExpressionKind::List(items) => {
                V::List(items.iter().map(|item| self.value(item, scope, true)).collect(), false)
            }
            ExpressionKind::Map(pairs) => V::Map(
                pairs
                    .iter()
                    .map(|(k, v)| match self.value(k, scope, true) {
                        V::Str(key) => (key, self.value(v, scope, true)),
                        other => panic!("a key: {other:?}"),
                    })
                    .collect(),
                false,
            ),
            ExpressionKind::Member(holder, name, _) => self.member(holder, name, scope, defaults),
            ExpressionKind::Index(holder, index) => match &index.kind {
                ExpressionKind::Literal(Literal::String(name)) => self.member(holder, name, scope, defaults),
                _ => self.index(holder, index, scope, defaults),
            },
            ExpressionKind::Has(path) => {
                let ExpressionKind::Member(holder, name, _) = &path.kind else { panic!("has a.b") };
                match text(self.value(holder, scope, false)) {
                    V::Unknown | V::Reference(_) | V::Secret => V::Unknown,
                    V::Map(pairs, by_default) => {
                        let found = pairs.iter().find(|(k, _)| k == name);
                        V::Bool(!by_default && found.is_some_and(|(_, v)| *v != V::Absent))
                    }
                    _ => V::Bool(false),
                }
            }
            ExpressionKind::Call(name, _) if name == "unknown" => V::Unknown,
            ExpressionKind::Call(name, arguments) => {
                let value = self.value(&arguments[0], scope, true);
                match name.as_str() {
                    "size" => size(value, &self.kind(&arguments[0], scope)),
                    "absent" if value == V::Unknown => V::Unknown,
                    "absent" => V::Bool(value == V::Absent),
                    "lower" => lower(value),
                    other => panic!("no function {other}"),
                }
            }
            ExpressionKind::Method(holder, name, arguments) => {
                let subject = self.value(holder, scope, true);
                match name.as_str() {
                    "size" => size(subject, &self.kind(holder, scope)),
                    "lowerAscii" => lower(subject),
                    name => text_method(name, &text(subject), &text(self.value(&arguments[0], scope, true))),
                }
            }
            ExpressionKind::Macro(kind, range, variable, body) => {
                self.fold(*kind, range, variable, body, scope)
            }
            ExpressionKind::Unary(UnaryOperator::Not, operand) => {
                truth(&self.value(operand, scope, true)).map_or(V::Unknown, |b| V::Bool(!b))
            }
            ExpressionKind::Unary(UnaryOperator::Negate, operand) => {
                let kind = self.kind(operand, scope).open_to(&K::Double);
                let value = self.value(operand, scope, true);
                match kind.map_or(value.clone(), |kind| coerce(value, kind)) {
                    V::Int(i) => i.checked_neg().map_or(V::Unknown, V::Int),
                    V::Double(d) => V::Double(-d),
                    _ => V::Unknown,
                }
            }
            ExpressionKind::Binary(operator, left, right) => self.binary(*operator, left, right, scope),
            ExpressionKind::Conditional(condition, then, otherwise) => {
                match truth(&self.value(condition, scope, true)) {
                    Some(true) => self.value(then, scope, true),
                    Some(false) => self.value(otherwise, scope, true),
                    None => V::Unknown,
                }
            }
        }
    }

    fn member(&self, holder: &Expression, name: &str, scope: &mut Scope, defaults: bool) -> V {
        if matches!(&holder.kind, ExpressionKind::Call(function, _) if function == "attributes") {
            assert_eq!(name, "type", "the only attribute that is made at random");
            return V::Str(self.type_name.to_owned());
        }
        let (kind, pointer) = self.kind(holder, scope).member(name);
        let default = || {
            let found = pointer.as_deref().filter(|_| defaults).and_then(|pointer| (self.default)(pointer));
            kind.kind()
                .map_or(found.clone(), |kind| found.map(|value| coerce(value, kind)))
                .unwrap_or(V::Absent)
        };
        match self.value(holder, scope, defaults) {
            V::Map(pairs, _) => match pairs.into_iter().find(|(k, v)| k == name && *v != V::Absent) {
                Some((_, value)) => kind.kind().map_or(value.clone(), |kind| coerce(value, kind)),
                None => default(),
            },
            V::Absent => default(),
            _ => V::Unknown,
        }
    }

    fn index(&self, holder: &Expression, index: &Expression, scope: &mut Scope, defaults: bool) -> V {
        let (kind, range) = (self.kind(holder, scope), self.value(holder, scope, defaults));
        let at = self.value(index, scope, true);
        let value = match (range, at) {
            (V::Absent, _) => return V::Absent,
            (V::Unknown, _) | (_, V::Unknown | V::Absent) => return V::Unknown,
            (V::Map(pairs, _), at) => match text(at) {
                V::Str(key) => pairs.into_iter().find(|(k, _)| *k == key).map_or(V::Absent, |(_, v)| v),
                _ => V::Unknown,
            },
            (range, V::Int(i)) => match elements(range) {
                Some((items, false)) => {
                    usize::try_from(i).ok().and_then(|i| items.get(i).cloned()).unwrap_or(V::Absent)
                }
                _ => V::Unknown,
            },
            _ => V::Unknown,
        };
        kind.item_kind().map_or(value.clone(), |kind| coerce(value, kind))
    }

    fn fold(
        &self,
        kind: Macro,
        range: &Expression,
        variable: &str,
        body: &Expression,
        scope: &mut Scope,
    ) -> V {
        let range_kind = self.kind(range, scope);
        let Some((items, mut open)) = elements(self.value(range, scope, true)) else { return V::Unknown };
        let element = range_kind.element();
        let mut answers = Vec::new();
        for item in items {
            let item = range_kind.item_kind().map_or(item.clone(), |kind| coerce(item, kind));
            scope.push((variable.to_owned(), element.clone(), item.clone()));
            answers.push((item, self.value(body, scope, true)));
            scope.pop();
        }
        let truths: Vec<Option<bool>> = answers.iter().map(|(_, answer)| truth(answer)).collect();
        let count = |wanted| truths.iter().filter(|t| **t == wanted).count();
        let known = !open && count(None) == 0;
        match kind {
            Macro::Exists if count(Some(true)) > 0 => V::Bool(true),
            Macro::Exists if known => V::Bool(false),
            Macro::All if count(Some(false)) > 0 => V::Bool(false),
            Macro::All if known => V::Bool(true),
            Macro::ExistsOne if count(Some(true)) > 1 => V::Bool(false),
            Macro::ExistsOne if known => V::Bool(count(Some(true)) == 1),
            Macro::Exists | Macro::All | Macro::ExistsOne => V::Unknown,
            Macro::Map => V::List(answers.into_iter().map(|(_, answer)| answer).collect(), open),
            Macro::Filter => {
                open |= count(None) > 0;
                let kept = answers.into_iter().zip(truths).filter(|(_, t)| *t == Some(true));
                V::List(kept.map(|((item, _), _)| item).collect(), open)
            }
        }
    }

    fn binary(
        &self,
        operator: BinaryOperator,
        left: &Expression,
        right: &Expression,
        scope: &mut Scope,
    ) -> V {
        use BinaryOperator as B;
        let (x, y) = (self.kind(left, scope), self.kind(right, scope));
        let (a, b) = (self.value(left, scope, true), self.value(right, scope, true));
        let coerced = |value: V, own: &K, other: &K| match own.open_to(other) {
            Some(kind) => coerce(value, kind),
            None => value,
        };
        match operator {
            B::And | B::Or => {
                let decisive = operator == B::Or;
                match (truth(&a), truth(&b)) {
                    (Some(t), _) | (_, Some(t)) if t == decisive => V::Bool(decisive),
                    (Some(_), Some(t)) if t == decisive => V::Bool(decisive),
                    (Some(_), Some(_)) => V::Bool(!decisive),
                    _ => V::Unknown,
                }
            }
            B::Equal => equal(&coerced(a, &x, &y), &coerced(b, &y, &x)).map_or(V::Unknown, V::Bool),
            B::NotEqual => {
                equal(&coerced(a, &x, &y), &coerced(b, &y, &x)).map_or(V::Unknown, |is| V::Bool(!is))
            }
            B::Less | B::LessOrEqual | B::Greater | B::GreaterOrEqual => {
                let Some(order) = order(&coerced(a, &x, &y), &coerced(b, &y, &x)) else { return V::Unknown };
                V::Bool(match operator {
                    B::Less => order.is_lt(),
                    B::LessOrEqual => order.is_le(),
                    B::Greater => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
            B::In => {
                let (element, written) = (y.element(), matches!(right.kind, ExpressionKind::List(_)));
                let needle = coerced(a, &x, &element);
                let Some((items, open)) = elements(b) else { return V::Unknown };
                let kind = y.item_kind().or_else(|| element.open_to(&x)).filter(|_| !written);
                let answers: Vec<Option<bool>> = items
                    .into_iter()
                    .map(|item| equal(&needle, &kind.map_or(item.clone(), |kind| coerce(item, kind))))
                    .collect();
                match answers.contains(&Some(true)) {
                    true => V::Bool(true),
                    false if open || answers.contains(&None) => V::Unknown,
                    false => V::Bool(false),
                }
            }
            B::Add if x.is_list() || y.is_list() => join(a, b, x.item_kind(), y.item_kind()),
            _ => combine(operator, coerced(a, &x, &y), coerced(b, &y, &x)),
        }
    }
}

/// The elements of a list, the keys of a map, and whether there may be more.
pub(crate) fn elements(value: V) -> Option<(Vec<V>, bool)> {
    match value {
        V::List(items, open) => Some((items, open)),
        V::Map(pairs, _) => {
            let written = pairs.into_iter().filter(|(_, v)| *v != V::Absent);
            Some((written.map(|(k, _)| V::Str(k)).collect(), false))
        }
        V::Absent => Some((Vec::new(), false)),
        // In the tests every attribute is a text.
        single @ (V::Str(_) | V::Text(_) | V::Reference(_)) => Some((vec![single], false)),
        _ => None,
    }
}

fn size(value: V, kind: &K) -> V {
    let count = |n: usize| V::Int(n as i64);
    if matches!(kind, K::String) {
        return match text(value) {
            V::Absent => count(0),
            V::Str(text) => count(text.chars().count()),
            _ => V::Unknown,
        };
    }
    match elements(value) {
        Some((items, false)) => count(items.len()),
        _ => V::Unknown,
    }
}
