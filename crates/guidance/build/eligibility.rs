//! Reads the dated tables of eligibility and lifecycle under `facts/hand` and writes them as
//! Rust statics: the rows, and an index by resource type or namespace.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::listing::{self, RawList};
use crate::load;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    service: String,
    #[serde(default)]
    namespaces: Vec<String>,
    #[serde(default)]
    types: Vec<String>,
    ends: Option<String>,
    closed: Option<String>,
    source: String,
    instead: Option<String>,
    #[serde(default = "yes")]
    verified: bool,
}

const fn yes() -> bool {
    true
}

/// What AWS patches until a day, by a property that names it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Versions {
    r#type: String,
    property: String,
    what: String,
    source: String,
    ends: BTreeMap<String, String>,
}

/// The rows of `facts/hand/runtimes.yaml`.
fn versions(out: &mut String, file: &Path) -> Result<(), String> {
    let mut rows = read::<Vec<Versions>>(file)?;
    rows.sort_by(|a, b| a.r#type.cmp(&b.r#type));
    out.push_str("pub(crate) static VERSIONS: &[(&str, Versions)] = &[\n");
    for row in &rows {
        if let Some(day) = row.ends.values().find(|day| !listing::is_day(day)) {
            return Err(format!("{}: `{day}` is no day", file.display()));
        }
        let ends: Vec<_> = row.ends.iter().collect();
        let _ = writeln!(
            out,
            "    ({:?}, Versions {{ property: {:?}, what: {:?}, source: {:?}, ends: &{ends:?} }}),",
            row.r#type, row.property, row.what, row.source
        );
    }
    out.push_str("];\n");
    Ok(())
}

/// The newest list of `facts/hand/eligibility` and the rows of `facts/hand/lifecycle`.
pub fn statics(hand: &Path) -> Result<String, String> {
    let mut out = String::new();
    let lists = files(&hand.join("eligibility"))?;
    let mut newest = None;
    for file in &lists {
        let (list, index) = listing::read(&file.display().to_string(), &crate::read(file)?)
            .map_err(|problem| problem.to_string())?;
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if stem != list.as_of.value {
            return Err(format!("{}: `as_of` is the day in the name of the file", file.display()));
        }
        newest = Some((list, index));
    }
    let (list, index) = newest.ok_or("facts/hand/eligibility: there is no list")?;
    services(&mut out, &list, &index);
    let mut index = BTreeMap::new();
    out.push_str("pub(crate) static CHANGES: &[Lifecycle] = &[\n");
    let mut count = 0;
    for file in files(&hand.join("lifecycle"))? {
        for row in read::<Vec<Change>>(&file)? {
            let Change { service, ends, closed, source, instead, verified, .. } = &row;
            if let Some(day) = [ends, closed].into_iter().flatten().find(|day| !listing::is_day(day)) {
                return Err(format!("{}: {service}: `{day}` is no day", file.display()));
            }
            let _ = writeln!(
                out,
                "    Lifecycle {{ service: {service:?}, ends: {ends:?}, closed: {closed:?}, source: {source:?}, instead: {instead:?}, verified: {verified} }},"
            );
            listing::enter(&mut index, &row.namespaces, &row.types, count)
                .map_err(|e| format!("{}: {service}: {e}", file.display()))?;
            count += 1;
        }
    }
    out.push_str("];\n");
    versions(&mut out, &hand.join("runtimes.yaml"))?;
    let _ = writeln!(out, "pub(crate) static CHANGES_OF: &[(&str, u16)] = &{:?};", pairs(&index));
    Ok(out)
}

fn services(out: &mut String, list: &RawList, index: &BTreeMap<String, usize>) {
    let _ = writeln!(
        out,
        "pub(crate) static LIST: EligibilityList = EligibilityList {{ as_of: {}, list: {}, source: {} }};",
        cow(&list.as_of.value),
        cow(&list.list),
        cow(&list.source),
    );
    out.push_str("pub(crate) static SERVICES: &[Eligibility] = &[\n");
    for row in &list.services {
        let row = &row.value;
        let _ = writeln!(
            out,
            "    Eligibility {{ service: {}, slug: {}, paper_2018: Standing::{:?}, paper_2023: Standing::{:?}, listed: Standing::{:?}, restriction: {}, limited: {}, excludes: {}, holds_phi: {} }},",
            cow(&row.service),
            cow(&row.slug),
            row.paper_2018,
            row.paper_2023,
            row.listed,
            option(row.restriction.as_deref()),
            option(row.limited.as_deref()),
            option(row.excludes.as_deref()),
            row.holds_phi,
        );
    }
    out.push_str("];\n");
    let _ = writeln!(out, "pub(crate) static SERVICES_OF: &[(&str, u16)] = &{:?};", pairs(index));
}

fn cow(words: &str) -> String {
    format!("Cow::Borrowed({words:?})")
}

fn option(words: Option<&str>) -> String {
    words.map_or_else(|| "None".to_owned(), |words| format!("Some({})", cow(words)))
}

fn pairs(index: &BTreeMap<String, usize>) -> Vec<(&str, usize)> {
    index.iter().map(|(name, row)| (name.as_str(), *row)).collect()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    Ok(files)
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, String> {
    load::parse(&crate::read(file)?)
        .map_err(|(at, e)| format!("{}:{}:{}: {e}", file.display(), at.line(), at.column()))
}
