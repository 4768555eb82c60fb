//! Conditions of a statement: operators, keys, values.

use sekisho_estate::{ReasonCode, View, Why};

use crate::Element;
use crate::pattern::Syntax;

/// One key of one operator of a `Condition`: all tests of a statement must hold, and of a
/// test's values one (for a negated operator: none).
///
/// Source: IAM User Guide, `reference_policies_elements_condition.html` and
/// `reference_policies_condition-logic-multiple-context-keys-or-values.html`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Test<'e> {
    /// The operator, or why it is not understood.
    pub operator: Result<Operator, Why<'e>>,
    /// The operator as written.
    pub operator_text: &'e str,
    /// The key as written; case does not count. Or why it is not known.
    pub key: Result<&'e str, Why<'e>>,
    /// The values.
    pub values: &'e [Element<'e>],
    /// Where the values stand.
    pub at: Option<View<'e>>,
}

impl Test<'_> {
    /// Whether the test is about a key.
    #[must_use]
    pub fn is_about(&self, key: &str) -> bool {
        self.key.is_ok_and(|own| own.eq_ignore_ascii_case(key))
    }
}

/// An operator of a condition with its modifiers.
///
/// Source: IAM User Guide, `reference_policies_elements_condition_operators.html`. The page
/// does not say whether case counts in names of operators. Another spelling is read as the
/// operator that it can only mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operator {
    /// `ForAllValues:` or `ForAnyValue:`, for keys with several values.
    pub set: Option<SetOperator>,
    /// How values are compared.
    pub comparison: Comparison,
    /// The comparison must not hold (`StringNotEquals`). A negated operator is true when
    /// the key is absent.
    pub negated: bool,
    /// `…IfExists`: true when the key is absent.
    pub if_exists: bool,
}

/// How the values of a request and of a policy are compared as sets.
///
/// Source: IAM User Guide,
/// `reference_policies_condition-single-vs-multi-valued-context-keys.html`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetOperator {
    /// Every value of the request; true when the request has none.
    ForAllValues,
    /// One value of the request; false when the request has none.
    ForAnyValue,
}

/// How a value of the request is compared with one of the policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// The same text.
    String,
    /// The same text but for case.
    StringIgnoreCase,
    /// Text with wildcards.
    StringLike,
    /// Numbers.
    Numeric(Order),
    /// Dates.
    Date(Order),
    /// `true` or `false`.
    Bool,
    /// Bytes in base 64.
    Binary,
    /// An address in a range.
    Ip,
    /// ARNs with wildcards, field by field; `ArnEquals` and `ArnLike` are the same.
    Arn,
    /// Whether the key is absent.
    Null,
}

/// An order of numbers or dates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// The same.
    Equal,
    /// The request's is less.
    Less,
    /// The request's is less or the same.
    LessOrEqual,
    /// The request's is greater.
    Greater,
    /// The request's is greater or the same.
    GreaterOrEqual,
}

const OPERATORS: &[(&str, Comparison, bool)] = &[
    ("StringEquals", Comparison::String, false),
    ("StringNotEquals", Comparison::String, true),
    ("StringEqualsIgnoreCase", Comparison::StringIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Comparison::StringIgnoreCase, true),
    ("StringLike", Comparison::StringLike, false),
    ("StringNotLike", Comparison::StringLike, true),
    ("NumericEquals", Comparison::Numeric(Order::Equal), false),
    ("NumericNotEquals", Comparison::Numeric(Order::Equal), true),
    ("NumericLessThan", Comparison::Numeric(Order::Less), false),
    ("NumericLessThanEquals", Comparison::Numeric(Order::LessOrEqual), false),
    ("NumericGreaterThan", Comparison::Numeric(Order::Greater), false),
    ("NumericGreaterThanEquals", Comparison::Numeric(Order::GreaterOrEqual), false),
    ("DateEquals", Comparison::Date(Order::Equal), false),
    ("DateNotEquals", Comparison::Date(Order::Equal), true),
    ("DateLessThan", Comparison::Date(Order::Less), false),
    ("DateLessThanEquals", Comparison::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Comparison::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Comparison::Date(Order::GreaterOrEqual), false),
    ("Bool", Comparison::Bool, false),
    ("BinaryEquals", Comparison::Binary, false),
    ("IpAddress", Comparison::Ip, false),
    ("NotIpAddress", Comparison::Ip, true),
    ("ArnEquals", Comparison::Arn, false),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnNotLike", Comparison::Arn, true),
    ("Null", Comparison::Null, false),
];

impl Operator {
    /// The operator of a name with its modifiers (`ForAnyValue:StringLikeIfExists`).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (set, name) = match name.split_once(':') {
            Some((set, name)) if set.eq_ignore_ascii_case("ForAllValues") => {
                (Some(SetOperator::ForAllValues), name)
            }
            Some((set, name)) if set.eq_ignore_ascii_case("ForAnyValue") => {
                (Some(SetOperator::ForAnyValue), name)
            }
            Some(_) => return None,
            None => (None, name),
        };
        let suffix = "IfExists";
        let (name, if_exists) = match name.len().checked_sub(suffix.len()) {
            Some(at) if name.is_char_boundary(at) && name[at..].eq_ignore_ascii_case(suffix) => {
                (&name[..at], true)
            }
            _ => (name, false),
        };
        let (_, comparison, negated) =
            OPERATORS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))?;
        // "You can add IfExists to the end of any condition operator name except the Null condition."
        if *comparison == Comparison::Null && if_exists {
            return None;
        }
        Some(Self { set, comparison: *comparison, negated: *negated, if_exists })
    }

    /// What the characters of the operator's values mean: wildcards only where the operator
    /// has them, policy variables in text and ARN operators and in `Bool`.
    pub(crate) fn syntax(self) -> Syntax {
        match self.comparison {
            Comparison::String | Comparison::Bool => Syntax { variables: true, ..Syntax::EXACT },
            Comparison::StringIgnoreCase => Syntax { variables: true, fold: true, ..Syntax::EXACT },
            Comparison::StringLike | Comparison::Arn => Syntax { complete: false, ..Syntax::RESOURCE },
            _ => Syntax::EXACT,
        }
    }
}

/// Why an operator is not understood.
pub(crate) const UNKNOWN_OPERATOR: Why<'static> =
    Why { code: ReasonCode::PolicyNotUnderstood, subject: "a condition operator" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_with_modifiers() {
        let like = Operator::parse("ForAnyValue:StringNotLikeIfExists").unwrap();
        assert_eq!(like.set, Some(SetOperator::ForAnyValue));
        assert_eq!((like.comparison, like.negated, like.if_exists), (Comparison::StringLike, true, true));
        assert_eq!(Operator::parse("arnequals").unwrap().comparison, Comparison::Arn);
        for wrong in ["NullIfExists", "StringEqual", "ForSomeValues:StringEquals", "", "IfExists", "ü"] {
            assert_eq!(Operator::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn operator_names_are_distinct() {
        for (index, (name, ..)) in OPERATORS.iter().enumerate() {
            assert!(OPERATORS[..index].iter().all(|(other, ..)| other != name), "{name}");
            assert!(Operator::parse(name).is_some());
        }
    }
}
