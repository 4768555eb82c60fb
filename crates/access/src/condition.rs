//! Condition operators, compiled.
//!
//! Sources: IAM User Guide, `reference_policies_elements_condition_operators.html`,
//! `reference_policies_condition-logic-multiple-context-keys-or-values.html`,
//! `reference_policies_condition-single-vs-multi-valued-context-keys.html`.

use std::sync::Arc;

use ipnet::IpNet;
use sekisho_policy::{Comparison, Operator, Order, SetOperator, boolean, date, network};

use crate::context::{Context, Lookup};
use crate::formula::{Atom, Formula};
use crate::glob::{Glob, Match};
use crate::holes::Holes;

/// One key of one operator of a statement.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Test {
    /// The key in lower case.
    pub key: Box<str>,
    /// As written, for people: `aws:PrincipalOrgID`, `StringEquals`.
    pub written: (Box<str>, Box<str>),
    /// Set operator.
    pub set: Option<Set>,
    /// How values are compared.
    pub compare: Compare,
    /// It must not hold.
    pub negated: bool,
    /// True when the key is absent.
    pub if_exists: bool,
    /// The values; for the type of comparison that cannot read one, none.
    pub values: Arc<[Wanted]>,
    /// Why a value is not known.
    pub unknown: Option<Box<str>>,
}

/// `ForAllValues` or `ForAnyValue`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Set {
    /// Every value of the request.
    All,
    /// One value of the request.
    Any,
}

/// How values are compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Compare {
    /// Text with or without wildcards, perhaps without regard to case.
    Text {
        /// Case does not count.
        fold: bool,
    },
    /// Numbers.
    Number(Ordered),
    /// Dates.
    Date(Ordered),
    /// `true` or `false`.
    Bool,
    /// An address in a range.
    Ip,
    /// ARNs field by field.
    Arn,
    /// Whether the key is absent.
    Null,
}

/// An order of numbers or dates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ordered {
    /// The same.
    Equal,
    /// The request's is less.
    Less,
    /// Less or the same.
    LessOrEqual,
    /// Greater.
    Greater,
    /// Greater or the same.
    GreaterOrEqual,
}

/// A value that a policy asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Wanted {
    /// A text.
    Text(Glob),
    /// An ARN: its six fields, or the whole where it has fewer.
    Arn(Box<[Glob]>),
    /// A number by its bits, so that it can be compared for identity.
    Number(u64),
    /// Seconds since 1970.
    Date(i64),
    /// A boolean.
    Bool(bool),
    /// A range of addresses.
    Ip(IpNet),
    /// Nothing equals it: a text where a number belongs, and the like.
    Nothing(Box<str>),
}

/// One test with one value, of a key that is not known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TestAtom(pub Arc<Test>);

impl From<Order> for Ordered {
    fn from(order: Order) -> Self {
        match order {
            Order::Equal => Self::Equal,
            Order::Less => Self::Less,
            Order::LessOrEqual => Self::LessOrEqual,
            Order::Greater => Self::Greater,
            Order::GreaterOrEqual => Self::GreaterOrEqual,
        }
    }
}

impl Ordered {
    fn holds(self, found: Option<std::cmp::Ordering>) -> bool {
        found.is_some_and(|found| match self {
            Self::Equal => found.is_eq(),
            Self::Less => found.is_lt(),
            Self::LessOrEqual => found.is_le(),
            Self::Greater => found.is_gt(),
            Self::GreaterOrEqual => found.is_ge(),
        })
    }
}

impl Compare {
    /// The comparison of an operator.
    #[must_use]
    pub fn of(operator: Operator) -> Self {
        match operator.comparison {
            Comparison::String | Comparison::StringLike | Comparison::Binary => Self::Text { fold: false },
            Comparison::StringIgnoreCase => Self::Text { fold: true },
            Comparison::Numeric(order) => Self::Number(order.into()),
            Comparison::Date(order) => Self::Date(order.into()),
            Comparison::Bool => Self::Bool,
            Comparison::Ip => Self::Ip,
            Comparison::Arn => Self::Arn,
            Comparison::Null => Self::Null,
        }
    }

    /// A value of a policy in the form of this comparison.
    #[must_use]
    pub fn wanted(self, glob: Glob) -> Wanted {
        let Some(text) = glob.as_literal() else {
            return match self {
                Self::Text { .. } | Self::Bool => Wanted::Text(glob),
                Self::Arn => Wanted::Arn(match glob.arn_fields() {
                    Some(fields) => Box::new(fields),
                    None => Box::new([glob]),
                }),
                _ => Wanted::Nothing("a value with wildcards".into()),
            };
        };
        let nothing = || Wanted::Nothing(text.into());
        match self {
            Self::Text { .. } => Wanted::Text(glob),
            Self::Arn => Wanted::Arn(match glob.arn_fields() {
                Some(fields) => Box::new(fields),
                None => Box::new([glob]),
            }),
            Self::Number(_) => {
                text.parse::<f64>().map_or_else(|_| nothing(), |number| Wanted::Number(number.to_bits()))
            }
            Self::Date(_) => date(text).map_or_else(nothing, Wanted::Date),
            Self::Bool | Self::Null => boolean(text).map_or_else(nothing, Wanted::Bool),
            Self::Ip => network(text).map_or_else(nothing, Wanted::Ip),
        }
    }
}

impl Set {
    /// The set operator of the policy language.
    #[must_use]
    pub fn of(set: SetOperator) -> Self {
        match set {
            SetOperator::ForAllValues => Self::All,
            SetOperator::ForAnyValue => Self::Any,
        }
    }
}

impl Test {
    /// When the test holds.
    pub fn holds<C: Context>(&self, context: &C, holes: &Holes) -> Formula {
        if self.key.is_empty() {
            // Neither the operator nor the key is understood.
            return Formula::unknown(self.unknown.clone().unwrap_or_default());
        }
        let lookup = context.get(&self.key);
        if self.compare == Compare::Null {
            return self.null(lookup);
        }
        match (lookup, self.set) {
            (Lookup::Unknown, _) => self.open(context),
            (Lookup::Absent, None) => (self.negated || self.if_exists).into(),
            // Source: the page on multivalued keys: `ForAllValues` is true and `ForAnyValue` is
            // false when the request has no value; so is an empty text.
            (Lookup::Absent, Some(set)) => (set == Set::All || self.if_exists).into(),
            (Lookup::One(""), Some(set)) => (set == Set::All).into(),
            (Lookup::One(value), _) => self.one(value, context, holes),
            // A key with several values needs a set operator to match.
            (Lookup::Many(_), None) => Formula::False,
            (Lookup::Many(values), Some(Set::All)) => {
                Formula::all(values.iter().map(|value| self.one(value, context, holes)))
            }
            (Lookup::Many(values), Some(Set::Any)) => {
                Formula::any(values.iter().map(|value| self.one(value, context, holes)))
            }
        }
    }

    fn null(&self, lookup: Lookup<'_>) -> Formula {
        let absent = match lookup {
            Lookup::Absent => Formula::True,
            Lookup::One(_) | Lookup::Many(_) => Formula::False,
            Lookup::Unknown => Formula::atom(Atom::Absent(self.key.clone())),
        };
        let any = Formula::any(self.values.iter().map(|wanted| match wanted {
            Wanted::Bool(true) => absent.clone(),
            Wanted::Bool(false) => absent.clone().negate(),
            _ => Formula::unknown("a value of Null that is neither true nor false"),
        }));
        self.with_unknown(any)
    }

    /// Adds that a value is not known: it may be the one that is asked for.
    fn with_unknown(&self, equal: Formula) -> Formula {
        match &self.unknown {
            Some(why) => equal.or(Formula::unknown(why.clone())),
            None => equal,
        }
    }

    fn one<C: Context>(&self, value: &str, context: &C, holes: &Holes) -> Formula {
        let mut equal = Formula::False;
        for wanted in &*self.values {
            equal = equal.or(self.equals(wanted, value, context, holes));
            if equal == Formula::True {
                break;
            }
        }
        let equal = self.with_unknown(equal);
        if self.negated { equal.negate() } else { equal }
    }

    /// The test of a key that is not known, as atoms of one value each, so that a test and
    /// its opposite are known to be such.
    fn open<C: Context>(&self, context: &C) -> Formula {
        let single = |values: Arc<[Wanted]>, set| {
            let test = Self {
                values,
                set,
                negated: self.negated && set.is_some(),
                if_exists: false,
                unknown: None,
                written: (self.written.0.clone(), "".into()),
                ..self.clone()
            };
            Formula::atom(Atom::Test(TestAtom(Arc::new(test))))
        };
        let formula = match self.set {
            None => {
                let equal = self.with_unknown(Formula::any(
                    self.values.iter().map(|wanted| single([Self::resolve(wanted, context)].into(), None)),
                ));
                if self.negated { equal.negate() } else { equal }
            }
            Some(set) => self.with_unknown(single(
                self.values.iter().map(|wanted| Self::resolve(wanted, context)).collect(),
                Some(set),
            )),
        };
        if self.if_exists && !(self.negated && self.set.is_none()) {
            formula.or(Formula::atom(Atom::Absent(self.key.clone())))
        } else {
            formula
        }
    }

    /// A value with the policy variables that are known in place.
    fn resolve<C: Context>(wanted: &Wanted, context: &C) -> Wanted {
        match wanted {
            Wanted::Text(glob) => Wanted::Text(glob.resolved(context)),
            Wanted::Arn(fields) => Wanted::Arn(fields.iter().map(|glob| glob.resolved(context)).collect()),
            other => other.clone(),
        }
    }

    fn equals<C: Context>(&self, wanted: &Wanted, value: &str, context: &C, holes: &Holes) -> Formula {
        match (self.compare, wanted) {
            (Compare::Text { fold }, Wanted::Text(glob)) => Self::matched(glob, value, fold, context, holes),
            (Compare::Arn, Wanted::Arn(fields)) => Self::arn(fields, value, context, holes),
            (Compare::Bool, Wanted::Bool(wanted)) => match boolean(value) {
                Some(is) => (is == *wanted).into(),
                None => hole(value, holes),
            },
            (Compare::Bool, Wanted::Text(glob)) => Self::matched(glob, value, true, context, holes),
            (Compare::Number(order), Wanted::Number(bits)) => match value.parse::<f64>() {
                Ok(number) => order.holds(number.partial_cmp(&f64::from_bits(*bits))).into(),
                Err(_) => hole(value, holes),
            },
            (Compare::Date(order), Wanted::Date(wanted)) => match date(value) {
                Some(seconds) => order.holds(Some(seconds.cmp(wanted))).into(),
                None => hole(value, holes),
            },
            (Compare::Ip, Wanted::Ip(range)) => match network(value) {
                Some(address) => range.contains(&address).into(),
                None => hole(value, holes),
            },
            _ => Formula::False,
        }
    }

    fn matched<C: Context>(pattern: &Glob, value: &str, fold: bool, context: &C, holes: &Holes) -> Formula {
        match pattern.test(value, fold, context, holes) {
            Match::Yes => Formula::True,
            Match::No => Formula::False,
            Match::Hole(c) => unknown_hole(c, holes),
            // The value is known and the variable is not.
            Match::Variable(_) => matches_atom(pattern, value, fold),
        }
    }

    /// Source: IAM User Guide, `reference_policies_elements_condition_operators.html`, "Amazon
    /// Resource Name (ARN) condition operators": each of the six fields is compared apart.
    fn arn<C: Context>(fields: &[Glob], value: &str, context: &C, holes: &Holes) -> Formula {
        if let [whole] = fields {
            return Self::matched(whole, value, false, context, holes);
        }
        let mut values = value.splitn(6, ':');
        let mut all = Formula::True;
        for field in fields {
            let Some(value) = values.next() else {
                return hole(value, holes);
            };
            all = all.and(Self::matched(field, value, false, context, holes));
            if all == Formula::False {
                break;
            }
        }
        all
    }
}

/// Holds when a text matches a pattern whose variables are not known.
pub(crate) fn matches_atom(pattern: &Glob, text: &str, fold: bool) -> Formula {
    Formula::atom(Atom::Matches { text: text.into(), pattern: pattern.clone(), fold })
}

/// What a hole leaves open.
pub(crate) fn unknown_hole(c: char, holes: &Holes) -> Formula {
    Formula::unknown(holes.get(c).map_or_else(|| "a text".to_owned(), |hole| hole.why.to_string()))
}

/// A value that is not of the comparison's type: it matches nothing, unless it has holes.
fn hole(value: &str, holes: &Holes) -> Formula {
    match holes.first_in(value) {
        Some(hole) => Formula::unknown(hole.why.to_string()),
        None => Formula::False,
    }
}
