//! What an expression of a configuration evaluates to.
//!
//! Terraform's own values (null, bool, number, string, collections) stand beside
//! what a plan would print as *known after apply*: a [`Reference`] names the
//! resource and the attribute that will have the value, an [`Unknown`] says why
//! nothing can be said, a [`Choice`] keeps both alternatives of a conditional whose
//! condition is not known. Nothing is guessed and nothing is lost: every element
//! and every entry remembers the [`Place`] where it was written.
//!
//! Values are shared ([`Arc`]): a copy costs a counter, whatever its size.

use std::fmt;
use std::sync::Arc;

use sekisho_estate::{Reason, ReasonCode};

/// A byte offset in a file of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// Index of the file in [`crate::instance::Configuration::files`].
    pub file: u32,
    /// Byte offset in it.
    pub offset: u32,
}

impl Place {
    /// Of what no file of the input says: command line, environment, a built-in rule.
    pub const NOWHERE: Self = Self { file: u32::MAX, offset: 0 };

    /// Whether it is in a file.
    #[must_use]
    pub fn is_somewhere(self) -> bool {
        self.file != u32::MAX
    }
}

/// A value with the place where it was written.
#[derive(Clone, Debug)]
pub struct Located {
    /// The value.
    pub value: Value,
    /// Where the expression that gave it stands. For a value that came through a variable
    /// or a local this is where it was written first, possibly in another file.
    pub place: Place,
}

impl Located {
    /// A value at a place.
    #[must_use]
    pub fn new(value: Value, place: Place) -> Self {
        Self { value, place }
    }
}

/// A number: whole where it is, else a float with its text when that says more.
#[derive(Clone, Debug)]
pub enum Number {
    /// A whole number of 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A number that a float does not hold exactly, with the text it was written as.
    Exact(f64, Box<str>),
}

impl Number {
    /// The number as a float, perhaps rounded.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        match self {
            Self::Int(int) => *int as f64,
            Self::Float(float) | Self::Exact(float, _) => *float,
        }
    }

    /// The number if it is whole and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// The number that a text is, in decimal, with an exponent or without.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(int) = text.parse() {
            return Some(Self::Int(int));
        }
        // Rust also reads names (`inf`, `nan`) and a plus sign, Terraform does not.
        let admitted = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
        if !text.bytes().all(admitted) || !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            return None;
        }
        let float: f64 = text.parse().ok().filter(|float: &f64| float.is_finite())?;
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        Some(match Self::from_f64(float) {
            whole @ Self::Int(_) => whole,
            _ if digits > 15 && !text.contains(['e', 'E']) => Self::Exact(float, text.into()),
            number => number,
        })
    }

    /// A float as a number: whole if it is and fits.
    #[must_use]
    pub fn from_f64(float: f64) -> Self {
        // Within 2^53 every whole float is that whole number exactly.
        if float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0 {
            Self::Int(float as i64)
        } else {
            Self::Float(float)
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Exact(_, a), Self::Exact(_, b)) => a == b,
            _ => self.as_f64() == other.as_f64(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(int) => write!(f, "{int}"),
            Self::Float(float) => write!(f, "{float}"),
            Self::Exact(_, text) => f.write_str(text),
        }
    }
}

/// What kind of sequence a [`List`] is. It matters for conversions, `for_each` and indexing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListKind {
    /// Written with brackets: each element has its own type.
    Tuple,
    /// All of one type.
    List,
    /// Without order and duplicates; elements lie in Terraform's order of iteration.
    Set,
    /// Nested blocks of one type, in the order written, dynamic ones expanded.
    Blocks,
}

/// A sequence.
#[derive(Clone, Debug)]
pub struct List {
    /// Kind of sequence.
    pub kind: ListKind,
    /// Its elements.
    pub items: Vec<Located>,
}

/// One key of a [`Map`].
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Arc<str>,
    /// Where the key stands: for an attribute of a block, the attribute.
    pub place: Place,
    /// Its value.
    pub value: Located,
}

/// A map or an object; entries are sorted by key, each key once, as Terraform iterates.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// The entries, sorted by key.
    pub entries: Vec<Entry>,
    /// An unknown part: keys that are not here may exist (a merge with an unknown map,
    /// a block that may be generated).
    pub open: Option<Arc<Unknown>>,
}

impl Map {
    /// The entry of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| (*entry.key).cmp(key)).ok()?;
        self.entries.get(at)
    }

    /// The map of some entries; the last of equal keys wins.
    #[must_use]
    pub fn from_entries(mut entries: Vec<Entry>) -> Self {
        if !entries.is_sorted_by(|a, b| a.key < b.key) {
            // Stable, so that of equal keys the last written is the last.
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            entries.dedup_by(|later, earlier| {
                let same = later.key == earlier.key;
                if same {
                    std::mem::swap(later, earlier);
                }
                same
            });
        }
        Self { entries, open: None }
    }
}

/// A step of an attribute path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// An attribute, a block name or a key of a map.
    Name(Arc<str>),
    /// An element of a list.
    Index(i64),
    /// An element or key that is itself not known, or each element of a list of unknown length.
    Any,
}

/// An attribute of a resource of the configuration: the value may be known only after
/// apply, what has it is known now.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The resource instance.
    pub target: Arc<crate::instance::Address>,
    /// Path of the attribute in it (`[Name("arn")]`); empty for the whole resource.
    pub path: Vec<Step>,
    /// The value, when the configuration itself sets this attribute to a known value
    /// (`aws_s3_bucket.b.bucket` of a bucket that is given its name).
    pub known: Option<Value>,
}

impl PartialEq for Reference {
    fn eq(&self, other: &Self) -> bool {
        self.target == other.target && self.path == other.path
    }
}

/// A value about which nothing can be said but why.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Why.
    pub reason: Reason,
    /// The resources it was computed from (`md5(aws_kms_key.k.arn)`).
    pub refs: Vec<Reference>,
    /// It is the value of this variable of the root module, untouched.
    pub variable: Option<Arc<str>>,
    /// What it says, when it is a boolean made of comparisons: how choices that depend
    /// on the same thing stay consistent with each other.
    pub test: Option<Arc<Test>>,
}

/// A boolean that is not known, in terms of what it compares.
#[derive(Clone, Debug)]
pub enum Test {
    /// The value is true.
    Is(Value),
    /// Two values are equal; at least one is not known.
    Equals(Value, Value),
    /// The other is false.
    Not(Arc<Condition>),
    /// All are true.
    All(Vec<Arc<Condition>>),
    /// One is true.
    Any(Vec<Arc<Condition>>),
    /// Cannot be said in these terms; the label of the condition is its identity.
    Opaque,
}

/// A condition that is not known.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The condition as written, behind its module path unless it is the root's:
    /// `var.kms == ""`, `module.a: var.public`. Equal labels are the same decision.
    pub label: Arc<str>,
    /// What it says.
    pub test: Test,
}

/// Two alternatives of which one holds.
#[derive(Clone, Debug)]
pub struct Choice {
    /// When the first holds.
    pub condition: Arc<Condition>,
    /// The value if the condition is true.
    pub then: Located,
    /// The value if it is false.
    pub otherwise: Located,
}

/// A piece of text that is not wholly known.
#[derive(Clone, Debug)]
pub enum Part {
    /// Known text.
    Literal(Arc<str>),
    /// What stands for text: a reference, an unknown, a choice, or a sensitive value.
    Hole(Value),
}

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`: an attribute with it counts as not written.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    String(Arc<str>),
    /// A list, set or tuple; nested blocks.
    List(Arc<List>),
    /// A map or an object.
    Map(Arc<Map>),
    /// Text with holes.
    Template(Arc<Vec<Part>>),
    /// Text that is the JSON form of a value (`jsonencode`, the `json` of a policy
    /// document): kept as the value, so that its leaves keep places and references.
    /// See [`Value::text`] for the text.
    Json(Arc<Located>),
    /// An attribute of a resource.
    Reference(Arc<Reference>),
    /// Not known.
    Unknown(Arc<Unknown>),
    /// One of two values.
    Choice(Arc<Choice>),
    /// A value that must not be shown.
    Sensitive(Arc<Value>),
}

impl Value {
    /// Text.
    #[must_use]
    pub fn text_of(text: &str) -> Self {
        Self::String(Arc::from(text))
    }

    /// A whole number.
    #[must_use]
    pub fn int(int: i64) -> Self {
        Self::Number(Number::Int(int))
    }

    /// A sequence.
    #[must_use]
    pub fn list(kind: ListKind, items: Vec<Located>) -> Self {
        Self::List(Arc::new(List { kind, items }))
    }

    /// A map of entries in any order.
    #[must_use]
    pub fn map(entries: Vec<Entry>) -> Self {
        Self::Map(Arc::new(Map::from_entries(entries)))
    }

    /// Not known, for a reason.
    #[must_use]
    pub fn unknown(code: ReasonCode, subject: impl Into<Box<str>>) -> Self {
        Self::Unknown(Arc::new(Unknown {
            reason: Reason::new(code, subject),
            refs: Vec::new(),
            variable: None,
            test: None,
        }))
    }

    /// The value itself where a reference is known to be it. A sensitive value stays hidden.
    #[must_use]
    pub fn plain(&self) -> &Self {
        match self {
            Self::Reference(reference) => match &reference.known {
                Some(known) => known.plain(),
                None => self,
            },
            _ => self,
        }
    }

    /// Whether it is `null`, sensitive or not.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match self.plain() {
            Self::Sensitive(inner) => inner.is_null(),
            plain => matches!(plain, Self::Null),
        }
    }

    /// The entries, if it is a map, behind a reference too.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self.plain() {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The elements, if it is a sequence, behind a reference too.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        match self.plain() {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The value of an attribute or key, if it is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Located> {
        self.as_map()?.get(key).map(|entry| &entry.value)
    }

    /// The text of a scalar as Terraform converts it, `None` when it is not wholly known,
    /// sensitive, or no scalar. Of [`Value::Json`] it is the JSON text.
    #[must_use]
    pub fn text(&self) -> Option<Arc<str>> {
        match self.plain() {
            Self::String(text) => Some(text.clone()),
            Self::Bool(true) => Some(Arc::from("true")),
            Self::Bool(false) => Some(Arc::from("false")),
            Self::Number(number) => Some(Arc::from(number.to_string())),
            Self::Json(value) => crate::json_text::known(&value.value).map(Arc::from),
            _ => None,
        }
    }
}
