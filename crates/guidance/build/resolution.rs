//! Reads `resolution.yaml` and writes it as Rust statics: a code and a number for each row,
//! and small tables for what the numbers point at.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::control::Control;
use crate::load;
use crate::requirements::Rows;
use crate::words::{Assurance, RecordKind, ResolutionKind, Room};

/// Ids with white space between them.
type Ids = String;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    control: Answered,
    alternative_of: BTreeMap<String, Ids>,
    analysis_pending: BTreeMap<Room, Ids>,
    record: BTreeMap<RecordKind, Ids>,
    attestation: Vec<Asked>,
    inherited: Vec<Inherited>,
    fact: Ids,
    superseded: Vec<Replaced>,
    not_observable: Vec<Reasoned>,
    none: Vec<Reasoned>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    own: Ids,
    through: BTreeMap<String, Ids>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    months: u32,
    question: Sentence,
    keep: Sentence,
    rows: Ids,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentence {
    en: String,
    ja: String,
    #[serde(rename = "zh-TW")]
    zh_tw: String,
}

impl Sentence {
    /// As Rust source.
    fn source(&self) -> String {
        let Self { en, ja, zh_tw } = self;
        format!(
            "Text {{ en: Cow::Borrowed({en:?}), ja: Cow::Borrowed({ja:?}), zh_tw: Cow::Borrowed({zh_tw:?}) }}"
        )
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inherited {
    rests_on: Vec<Assurance>,
    switch: Option<String>,
    rows: Ids,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replaced {
    by: String,
    since: String,
    #[serde(default = "yes")]
    verified: bool,
    rows: Ids,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasoned {
    why: String,
    rows: Ids,
}

/// Gives each row its resolution, once.
struct Resolver<'a> {
    name: String,
    text: &'a str,
    order: BTreeMap<&'a str, usize>,
    codes: Vec<Option<(ResolutionKind, usize)>>,
}

impl<'a> Resolver<'a> {
    /// A fault with the line of the id, which stands in the file as a word.
    fn fault(&self, id: &str, message: &str) -> String {
        let is_id = |word: &str| word.trim_end_matches(':') == id;
        let lines = self.text.lines().enumerate();
        let found = lines.filter(|(_, line)| line.split_whitespace().any(is_id)).map(|(at, _)| at + 1);
        let line = found.last().unwrap_or(0);
        format!("{}:{line}: {message}", self.name)
    }

    fn row(&self, id: &str) -> Result<usize, String> {
        let unknown = || {
            let known: Vec<_> = self.order.keys().copied().collect();
            self.fault(id, &load::unknown("requirement", id, &known))
        };
        self.order.get(id).copied().ok_or_else(unknown)
    }

    fn put(&mut self, kind: ResolutionKind, number: usize, ids: &str) -> Result<(), String> {
        for id in ids.split_whitespace() {
            let row = self.row(id)?;
            if self.codes[row].replace((kind, number)).is_some() {
                return Err(self.fault(id, &format!("`{id}` is resolved twice")));
            }
        }
        Ok(())
    }

    /// Puts rows under other rows, which have to be demands of their own.
    fn under(&mut self, kind: ResolutionKind, lists: &'a BTreeMap<String, Ids>) -> Result<(), String> {
        for (anchor, ids) in lists {
            let number = self.row(anchor)? + 1;
            if ids.split_whitespace().any(|id| id == anchor) {
                return Err(self.fault(anchor, &format!("`{anchor}` stands under itself")));
            }
            self.put(kind, number, ids)?;
        }
        Ok(())
    }
}

/// The resolutions as Rust source.
pub fn read(file: &Path, rows: &Rows, controls: &BTreeMap<String, Control>) -> Result<String, String> {
    let text = crate::read(file)?;
    let name = file.display().to_string();
    let parsed: File = load::parse(&text).map_err(|(at, e)| format!("{name}:{}: {e}", at.line()))?;
    let order: BTreeMap<&str, usize> = rows.keys().enumerate().map(|(i, id)| (id.as_str(), i)).collect();
    let mut resolver = Resolver { name, text: &text, codes: vec![None; order.len()], order };
    resolve(&mut resolver, &parsed)?;
    let anchors = parsed.alternative_of.keys().chain(parsed.control.through.keys());
    for anchor in anchors {
        let kind = resolver.codes[resolver.row(anchor)?].map(|(kind, _)| kind);
        if kind == Some(ResolutionKind::AlternativeOf) {
            return Err(
                resolver.fault(anchor, &format!("`{anchor}` is itself an alternative of another row"))
            );
        }
    }
    let missing: Vec<_> =
        resolver.order.iter().filter(|(_, row)| resolver.codes[**row].is_none()).map(|(id, _)| *id).collect();
    if !missing.is_empty() {
        return Err(format!("{}: not resolved: {}", resolver.name, missing.join(" ")));
    }
    let mut out = statics(&resolver, &parsed)?;
    answers(&mut out, &resolver, controls);
    Ok(out)
}

fn resolve<'a>(resolver: &mut Resolver<'a>, parsed: &'a File) -> Result<(), String> {
    use ResolutionKind as Kind;
    resolver.put(Kind::Control, 0, &parsed.control.own)?;
    resolver.under(Kind::Control, &parsed.control.through)?;
    resolver.under(Kind::AlternativeOf, &parsed.alternative_of)?;
    for (room, ids) in &parsed.analysis_pending {
        resolver.put(Kind::AnalysisPending, *room as usize, ids)?;
    }
    for (kind, ids) in &parsed.record {
        resolver.put(Kind::Record, *kind as usize, ids)?;
    }
    for (i, asked) in parsed.attestation.iter().enumerate() {
        resolver.put(Kind::Attestation, i, &asked.rows)?;
    }
    for (i, inherited) in parsed.inherited.iter().enumerate() {
        resolver.put(Kind::Inherited, i, &inherited.rows)?;
    }
    resolver.put(Kind::Fact, 0, &parsed.fact)?;
    for (i, replaced) in parsed.superseded.iter().enumerate() {
        resolver.put(Kind::Superseded, i, &replaced.rows)?;
    }
    let reasons = parsed.not_observable.iter().map(|reason| (Kind::NotObservable, reason));
    for (i, (kind, reason)) in reasons.chain(parsed.none.iter().map(|r| (Kind::None, r))).enumerate() {
        if reason.why.trim().is_empty() {
            return Err(format!("{}: `{kind}` without a reason", resolver.name));
        }
        resolver.put(kind, i, &reason.rows)?;
    }
    Ok(())
}

fn statics(resolver: &Resolver<'_>, parsed: &File) -> Result<String, String> {
    let mut out = String::from("pub(crate) static RESOLVED: &[(u8, u16)] = &[\n");
    for (kind, number) in resolver.codes.iter().flatten() {
        let _ = write!(out, "({}, {number}), ", *kind as u8);
    }
    out.push_str("\n];\npub(crate) static QUESTIONS: &[Question] = &[\n");
    for Asked { months, question, keep, .. } in &parsed.attestation {
        let (question, keep) = (question.source(), keep.source());
        let _ = writeln!(out, "Question {{ months: {months}, text: {question}, keep: {keep} }},");
    }
    out.push_str("];\npub(crate) static INHERITANCES: &[Inheritance] = &[\n");
    for inherited in &parsed.inherited {
        let rests_on: Vec<_> = inherited.rests_on.iter().map(|on| format!("Assurance::{on:?}")).collect();
        if rests_on.is_empty() {
            return Err(format!("{}: `inherited` rests on nothing", resolver.name));
        }
        if let Some(switch) = &inherited.switch {
            resolver.row(switch)?;
        }
        let _ = writeln!(
            out,
            "Inheritance {{ rests_on: &[{}], switch: {:?} }},",
            rests_on.join(", "),
            inherited.switch
        );
    }
    out.push_str("];\npub(crate) static REPLACEMENTS: &[Replacement] = &[\n");
    for replaced in &parsed.superseded {
        let Replaced { by, since, verified, .. } = replaced;
        if !is_date(since) {
            return Err(format!("{}: `{since}` is no year, month or day", resolver.name));
        }
        let _ = writeln!(out, "Replacement {{ by: {by:?}, since: {since:?}, verified: {verified} }},");
    }
    out.push_str("];\npub(crate) static REASONS: &[&str] = &[\n");
    for reason in parsed.not_observable.iter().chain(&parsed.none) {
        let _ = writeln!(out, "{:?},", reason.why);
    }
    out.push_str("];\n");
    Ok(out)
}

/// `2023`, `2023-01` or `2023-01-05`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() <= 3 && digits(parts[0], 4) && parts[1..].iter().all(|part| digits(part, 2))
}

/// Which controls name which row, by row.
fn answers(out: &mut String, resolver: &Resolver<'_>, controls: &BTreeMap<String, Control>) {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (i, control) in controls.values().enumerate() {
        pairs.extend(control.satisfies.iter().filter_map(|id| Some((*resolver.order.get(id.as_ref())?, i))));
    }
    pairs.sort_unstable();
    let _ = writeln!(out, "pub(crate) static ANSWERED: &[(u16, u16)] = &{pairs:?};");
}
