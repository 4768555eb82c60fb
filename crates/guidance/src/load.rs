//! Reads a control file. Shared with the build script, so that built-in controls and
//! those of users obey the same rules.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Error, Location, Spanned};

use crate::control::{ANY_TYPE, Control, Fix, Text, ToldAtTarget, Words};
use crate::patch::Patch;
use crate::suggest::did_you_mean;
use crate::words::{Confidence, Harm, Level, Reach, Scope};

/// The largest control file that is read.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// What the loader has to know about the rest of the guidance.
pub(crate) trait Known {
    /// Whether the files are our own: all languages, references and a level are demanded.
    fn built_in(&self) -> bool;
    /// The level of a requirement: `None` when there is no such row, `Some(None)` when
    /// the row has no level yet.
    fn level(&self, requirement: &str) -> Option<Option<Level>>;
    /// The ids of all requirements.
    fn requirements(&self) -> Vec<&str>;
    /// What is wrong with the name of a resource type, if anything is.
    fn type_fault(&self, name: &str) -> Option<String>;
}

/// A fault in a control file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadProblem {
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// Column, from 1; 0 when the whole line is meant.
    pub column: u32,
    /// What is wrong, and what was probably meant.
    pub message: String,
}

impl fmt::Display for LoadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}:{}: {}", self.file, self.column, self.message),
        }
    }
}

impl std::error::Error for LoadProblem {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawControl {
    id: Spanned<String>,
    #[serde(default)]
    applies: Option<Spanned<OneOrMany>>,
    scope: Spanned<Scope>,
    #[serde(default, rename = "let")]
    named: Named,
    when: Option<Spanned<String>>,
    #[serde(default)]
    satisfies: Vec<Spanned<String>>,
    #[serde(default)]
    told_at_target: Option<ToldAtTarget>,
    harm: Spanned<Harm>,
    #[serde(default = "inside")]
    reach: Reach,
    #[serde(default = "high")]
    confidence: Confidence,
    since: Spanned<String>,
    pass_if: Spanned<String>,
    title: Spanned<RawText>,
    why: Spanned<RawText>,
    fix: RawFix,
    #[serde(default)]
    references: Vec<Spanned<String>>,
}

/// The fields that every control file has.
const REQUIRED: [&str; 8] = ["id", "scope", "harm", "since", "pass_if", "title", "why", "fix"];

const fn inside() -> Reach {
    Reach::Inside
}

const fn high() -> Confidence {
    Confidence::High
}

/// A text as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawText {
    en: String,
    ja: Option<String>,
    #[serde(rename = "zh-TW")]
    zh_tw: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFix {
    text: Spanned<RawText>,
    cloudformation: Option<Spanned<Patch>>,
    terraform: Option<Spanned<String>>,
}

/// One name, or a list of names.
struct OneOrMany(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a resource type or a list of resource types")
            }

            fn visit_str<E>(self, name: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![name.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(OneOrMany(names))
            }
        }
        deserializer.deserialize_any(Names)
    }
}

/// Named expressions, in the order written.
#[derive(Default)]
struct Named(Vec<(Spanned<String>, Spanned<String>)>);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Named;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from names to expressions")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = map.next_entry()? {
                    parts.push(part);
                }
                Ok(Named(parts))
            }
        }
        deserializer.deserialize_map(Parts)
    }
}

/// A fault and where it is.
type Fault = (Location, String);

/// Reads one control file; `file` is its name, for the id and for the problem.
pub(crate) fn control(known: &dyn Known, file: &str, text: &str) -> Result<Control, LoadProblem> {
    let problem = |(location, message): Fault| LoadProblem {
        file: file.to_owned(),
        line: u32::try_from(location.line()).unwrap_or(0),
        column: u32::try_from(location.column()).unwrap_or(0),
        message,
    };
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len());
        return Err(problem((Location::UNKNOWN, message)));
    }
    let raw: RawControl = parse(text).map_err(problem)?;
    check(known, file, raw).map_err(problem)
}

/// Parses YAML of ours within narrow limits; unknown words come with a suggestion.
pub(crate) fn parse<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Fault> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: 64,
            max_events: 100_000,
            max_nodes: 100_000,
            max_aliases: 100,
            max_anchors: 100,
            max_documents: 1,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let mut location = error.location().unwrap_or(Location::UNKNOWN);
        let message = match error.without_snippet() {
            Error::SerdeUnknownField { field, expected, .. } => unknown("field", field, expected),
            Error::SerdeUnknownVariant { variant, expected, .. } => unknown("word", variant, expected),
            other => {
                // What the whole file lacks has no place in it.
                if let Error::SerdeMissingField { field, .. } = other
                    && REQUIRED.contains(field)
                {
                    location = Location::UNKNOWN;
                }
                bare(&other.to_string())
            }
        };
        (location, message)
    })
}

/// The message without its place, which the problem has apart.
fn bare(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.rfind(" at line ").map_or(line, |at| &line[..at]).to_owned()
}

/// The message for a name that does not exist, with the nearest one that does.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    match did_you_mean(name, known.iter().copied()) {
        Some(near) => format!("unknown {what} `{name}`; did you mean `{near}`?"),
        None if known.len() <= 20 => {
            format!("unknown {what} `{name}`; known are {}", known.join(", "))
        }
        None => format!("unknown {what} `{name}`"),
    }
}

fn check(known: &dyn Known, file: &str, raw: RawControl) -> Result<Control, Fault> {
    let ours = known.built_in();
    check_id(file, &raw.id)?;
    let applies = check_types(known, &raw)?;
    check_requirements(known, &raw)?;
    if raw.since.value.split('.').filter(|part| part.parse::<u32>().is_ok()).count() != 3 {
        return fault(&raw.since, format!("`{}` is no version (1.2.3)", raw.since.value));
    }
    if ours && raw.references.is_empty() {
        return fault(&raw.id, "`references` names no page".into());
    }
    let is_page = |url: &str| url.starts_with("https://") && !url.contains(char::is_whitespace);
    if let Some(bad) = raw.references.iter().find(|url| !is_page(&url.value)) {
        return fault(bad, format!("`{}` is no https address", bad.value));
    }
    let title = texts(ours, &raw.title)?;
    for words in [&title.en, &title.ja, &title.zh_tw] {
        if words.ends_with(['.', '。', '!', '?']) || words.contains('\n') {
            return fault(&raw.title, format!("title `{words}` is one line without a period"));
        }
    }
    let why = texts(ours, &raw.why)?;
    let fix = check_fix(ours, raw.fix)?;
    let pass_if = filled("pass_if", &raw.pass_if)?;
    let named = check_named(raw.named)?;
    let when = raw.when.as_ref().map(|when| filled("when", when)).transpose()?;
    Ok(Control {
        id: raw.id.value.into(),
        applies,
        scope: raw.scope.value,
        named,
        when,
        pass_if,
        satisfies: owned(raw.satisfies),
        told_at_target: raw.told_at_target,
        harm: raw.harm.value,
        reach: raw.reach,
        confidence: raw.confidence,
        since: raw.since.value.into(),
        title,
        why,
        fix,
        references: owned(raw.references),
    })
}

/// Most named parts of a control.
const MAX_NAMED: usize = 16;

/// A named part has a name in snake case that means nothing else.
fn check_named(named: Named) -> Result<Cow<'static, [(Words, Words)]>, Fault> {
    let mut parts: Vec<(Words, Words)> = Vec::with_capacity(named.0.len());
    for (name, expression) in named.0 {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let first = name.value.bytes().next();
        if !first.is_some_and(|b| b.is_ascii_lowercase()) || !name.value.bytes().all(fits) {
            return fault(&name, format!("`{}` in `let` is not in snake case", name.value));
        }
        if ["this", "true", "false", "null", "in"].contains(&name.value.as_str()) {
            return fault(&name, format!("`{}` means something else; choose another name", name.value));
        }
        if parts.iter().any(|(earlier, _)| *earlier == name.value) {
            return fault(&name, format!("`{}` is named twice in `let`", name.value));
        }
        if parts.len() == MAX_NAMED {
            return fault(&name, format!("`let` names more than {MAX_NAMED} parts"));
        }
        let expression = filled(&name.value, &expression)?;
        parts.push((Words::Owned(name.value), expression));
    }
    Ok(Cow::Owned(parts))
}

fn fault<T, V>(at: &Spanned<V>, message: String) -> Result<T, Fault> {
    Err((at.referenced, message))
}

fn owned(list: Vec<Spanned<String>>) -> Cow<'static, [Words]> {
    Cow::Owned(list.into_iter().map(|item| Words::Owned(item.value)).collect())
}

fn filled(name: &str, text: &Spanned<String>) -> Result<Words, Fault> {
    match text.value.trim() {
        "" => fault(text, format!("`{name}` is empty")),
        trimmed => Ok(trimmed.to_owned().into()),
    }
}

/// An id is in kebab case and is the name of its file.
fn check_id(file: &str, id: &Spanned<String>) -> Result<(), Fault> {
    let word = |part: &str| {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        !part.is_empty() && part.bytes().all(fits)
    };
    if !id.value.split('-').all(word) {
        return fault(id, format!("id `{}` is not in kebab case", id.value));
    }
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.strip_suffix(".yaml").or(name.strip_suffix(".yml")).unwrap_or(name);
    if stem == id.value {
        Ok(())
    } else {
        fault(id, format!("id `{}` differs from the file name `{stem}`", id.value))
    }
}

fn check_types(known: &dyn Known, raw: &RawControl) -> Result<Cow<'static, [Words]>, Fault> {
    let types = raw.applies.as_ref().map_or(&[][..], |list| &list.value.0);
    match (raw.scope.value, types.is_empty()) {
        (Scope::Resource, true) => {
            return fault(&raw.scope, "scope `resource` needs `applies`".into());
        }
        (Scope::Stack | Scope::Account, false) => {
            return fault(&raw.scope, format!("scope `{}` takes no `applies`", raw.scope.value));
        }
        _ => {}
    }
    let named = types.iter().filter(|name| *name != ANY_TYPE);
    if types.len() > 1
        && let (Some(list), true) = (&raw.applies, types.iter().any(|name| name == ANY_TYPE))
    {
        return fault(list, format!("`{ANY_TYPE}` stands for every type; name no other beside it"));
    }
    if let (Some(list), Some(message)) =
        (&raw.applies, named.into_iter().find_map(|name| known.type_fault(name)))
    {
        return fault(list, message);
    }
    Ok(Cow::Owned(types.iter().map(|name| Words::Owned(name.clone())).collect()))
}

/// Every requirement exists, and at least one of them can be failed.
fn check_requirements(known: &dyn Known, raw: &RawControl) -> Result<(), Fault> {
    let mut can_fail = false;
    for (i, id) in raw.satisfies.iter().enumerate() {
        match known.level(&id.value) {
            None => return fault(id, unknown("requirement", &id.value, &known.requirements())),
            Some(None) if known.built_in() => {
                return fault(id, format!("requirement `{}` has no level yet", id.value));
            }
            Some(level) => can_fail |= level.is_some_and(Level::can_fail),
        }
        if raw.satisfies[..i].iter().any(|earlier| earlier.value == id.value) {
            return fault(id, format!("requirement `{}` is named twice", id.value));
        }
    }
    match (raw.satisfies.is_empty(), known.built_in()) {
        (true, true) => fault(&raw.id, "`satisfies` names no requirement".into()),
        (true, false) => Ok(()),
        (false, _) if can_fail || raw.harm.value == Harm::Informs => Ok(()),
        (false, _) => {
            let message = "no requirement here is a must, must-not or should; harm must be `informs`";
            fault(&raw.harm, message.into())
        }
    }
}

fn check_fix(ours: bool, raw: RawFix) -> Result<Fix, Fault> {
    let text = texts(ours, &raw.text)?;
    let cloudformation = match raw.cloudformation {
        None => None,
        Some(patch) => {
            if let Some(message) = patch.value.fault() {
                return fault(&patch, message);
            }
            match serde_json::to_string(&patch.value) {
                Ok(json) => Some(json.into()),
                Err(error) => return fault(&patch, error.to_string()),
            }
        }
    };
    let terraform = raw.terraform.as_ref().map(|hcl| filled("terraform", hcl)).transpose()?;
    Ok(Fix { text, cloudformation, terraform })
}

/// The text in all languages. Where a user's file lacks one, English stands in.
fn texts(ours: bool, raw: &Spanned<RawText>) -> Result<Text, Fault> {
    raw.value.text(ours).or_else(|message| fault(raw, message))
}

impl RawText {
    /// In all languages, which our own texts have; else English stands in.
    pub(crate) fn text(&self, ours: bool) -> Result<Text, String> {
        let en = self.en.trim();
        let given = |name: &str, text: &Option<String>| match text.as_deref().map(str::trim) {
            Some("") => Err(format!("`{name}` is empty")),
            Some(text) => Ok(text.to_owned().into()),
            None if ours => Err(format!("`{name}` is missing")),
            None => Ok(en.to_owned().into()),
        };
        if en.is_empty() {
            return Err("`en` is empty".into());
        }
        let (ja, zh_tw) = (given("ja", &self.ja)?, given("zh-TW", &self.zh_tw)?);
        Ok(Text { en: en.to_owned().into(), ja, zh_tw })
    }
}
