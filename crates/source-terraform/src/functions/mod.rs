//! The functions that are built into Terraform
//! (<https://developer.hashicorp.com/terraform/language/functions>), and those of the
//! provider for AWS.
//!
//! A function gets its arguments without marks. Most need them wholly known; the
//! evaluator answers for the others that the result is not known. Those that only
//! move values about ([`Need::Shape`]) take what is not known as it is.

mod collection;
mod date;
mod encoding;
mod filesystem;
mod format;
mod hash;
mod network;
mod number;
mod pattern;
mod provider;
mod set;
mod substitute;
mod text;
mod types;

pub(crate) use substitute::substitute;
pub(crate) use text::is_filled;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use sekisho_estate::ReasonCode;

use crate::disk::Reach;
use crate::value::{Entry, List, ListKind, Located, Map, Number, Place, Value};

/// More elements than this are not made.
pub(crate) const MAX_ELEMENTS: usize = 1_000_000;
/// Longer text is not made.
pub(crate) const MAX_TEXT: usize = 16 << 20;

/// What a function needs to know of its arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    /// Everything.
    All,
    /// Only the collections; elements may be unknown.
    Shape,
    /// Nothing: it deals with every value itself.
    Nothing,
    /// It is evaluated by the evaluator, which decides what of its arguments is evaluated.
    Special,
}

/// A function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// Fewest arguments.
    pub(crate) least: usize,
    /// Most arguments.
    pub(crate) most: usize,
    pub(crate) need: Need,
    pub(crate) run: Run,
}

/// How a function is carried out.
pub(crate) type Run = fn(&Call<'_>) -> Result<Value, String>;

/// Any number of arguments.
pub(crate) const MANY: usize = usize::MAX;

/// A function whose arguments must be known.
const fn known(name: &'static str, least: usize, most: usize, run: Run) -> Function {
    Function { name, least, most, need: Need::All, run }
}

/// A function that moves values about.
const fn shape(name: &'static str, least: usize, most: usize, run: Run) -> Function {
    Function { name, least, most, need: Need::Shape, run }
}

/// A function that takes anything.
const fn any(name: &'static str, least: usize, most: usize, run: Run) -> Function {
    Function { name, least, most, need: Need::Nothing, run }
}

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    static TABLE: LazyLock<HashMap<&str, &Function>> =
        LazyLock::new(|| all().map(|function| (function.name, function)).collect());
    TABLE.get(name).copied()
}

/// Every function.
pub(crate) fn all() -> impl Iterator<Item = &'static Function> {
    [
        collection::FUNCTIONS,
        date::FUNCTIONS,
        encoding::FUNCTIONS,
        filesystem::FUNCTIONS,
        format::FUNCTIONS,
        hash::FUNCTIONS,
        network::FUNCTIONS,
        number::FUNCTIONS,
        pattern::FUNCTIONS,
        provider::FUNCTIONS,
        set::FUNCTIONS,
        text::FUNCTIONS,
        types::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}

/// A call with its arguments.
pub(crate) struct Call<'c> {
    pub(crate) arguments: &'c [Located],
    /// Where the call stands.
    pub(crate) place: Place,
    /// Files that may be read.
    pub(crate) reach: &'c Reach<'c>,
}

impl<'c> Call<'c> {
    pub(crate) fn len(&self) -> usize {
        self.arguments.len()
    }

    pub(crate) fn value(&self, at: usize) -> &'c Value {
        self.arguments.get(at).map_or(&Value::Null, |argument| argument.value.plain())
    }

    /// A value made by the function.
    pub(crate) fn made(&self, value: Value) -> Located {
        Located::new(value, self.place)
    }

    fn wrong(&self, at: usize, wanted: &str) -> String {
        format!("argument {} must be {wanted}, but is {}", at + 1, describe(self.value(at)))
    }

    pub(crate) fn text(&self, at: usize) -> Result<Arc<str>, String> {
        self.value(at).text().ok_or_else(|| self.wrong(at, "a string"))
    }

    pub(crate) fn number(&self, at: usize) -> Result<Number, String> {
        number_of(self.value(at)).ok_or_else(|| self.wrong(at, "a number"))
    }

    pub(crate) fn float(&self, at: usize) -> Result<f64, String> {
        self.number(at).map(|number| number.as_f64())
    }

    pub(crate) fn int(&self, at: usize) -> Result<i64, String> {
        self.number(at)?.as_i64().ok_or_else(|| self.wrong(at, "a whole number"))
    }

    pub(crate) fn list(&self, at: usize) -> Result<&'c List, String> {
        match self.value(at) {
            Value::List(list) => Ok(list),
            _ => Err(self.wrong(at, "a list")),
        }
    }

    pub(crate) fn map(&self, at: usize) -> Result<&'c Map, String> {
        match self.value(at) {
            Value::Map(map) => Ok(map),
            _ => Err(self.wrong(at, "a map")),
        }
    }

    /// Texts of a list.
    pub(crate) fn texts(&self, at: usize) -> Result<Vec<Arc<str>>, String> {
        let items = self.list(at)?.items.iter();
        items.map(|item| item.value.text().ok_or_else(|| self.wrong(at, "a list of strings"))).collect()
    }
}

/// The number that a value is or converts to.
pub(crate) fn number_of(value: &Value) -> Option<Number> {
    match value.plain() {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => Number::parse(text),
        _ => None,
    }
}

/// The bool that a value is or converts to.
pub(crate) fn bool_of(value: &Value) -> Option<bool> {
    match value.plain() {
        Value::Bool(bool) => Some(*bool),
        Value::String(text) => match &**text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// What a value is, in words.
pub(crate) fn describe(value: &Value) -> &'static str {
    match value.plain() {
        Value::Null => "null",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) | Value::Template(_) | Value::Json(_) => "a string",
        Value::List(list) => match list.kind {
            ListKind::Set => "a set",
            ListKind::List | ListKind::Tuple | ListKind::Blocks => "a list",
        },
        Value::Map(_) => "a map",
        Value::Reference(_) | Value::Unknown(_) => "not known",
        Value::Choice(_) => "one of two values",
        Value::Sensitive(_) => "sensitive",
    }
}

/// A list of texts.
pub(crate) fn texts(call: &Call<'_>, texts: impl IntoIterator<Item = impl AsRef<str>>) -> Value {
    let items = texts.into_iter().map(|text| call.made(Value::text_of(text.as_ref()))).collect();
    Value::list(ListKind::List, items)
}

/// An entry of a map that a function makes.
pub(crate) fn entry(call: &Call<'_>, key: &str, value: Value) -> Entry {
    Entry { key: Arc::from(key), place: call.place, value: call.made(value) }
}

/// Text, unless it is too long.
pub(crate) fn bounded(text: String) -> Result<Value, String> {
    if text.len() > MAX_TEXT {
        return Err(format!("the text would be longer than {MAX_TEXT} bytes"));
    }
    Ok(Value::String(Arc::from(text)))
}

/// What is another value in each run.
fn differs(what: &str) -> Value {
    Value::unknown(ReasonCode::DiffersEachRun, what)
}
