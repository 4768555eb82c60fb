//! Reads the dated tables of eligibility and lifecycle under `facts/hand` and writes them as
//! Rust statics: the rows, and an index by resource type or namespace.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::load;
use crate::words::Standing;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    as_of: String,
    list: String,
    source: String,
    services: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    service: String,
    slug: String,
    #[serde(default)]
    namespaces: Vec<String>,
    #[serde(default)]
    types: Vec<String>,
    paper_2018: Standing,
    paper_2023: Standing,
    listed: Standing,
    restriction: Option<String>,
    limited: Option<String>,
    excludes: Option<String>,
    #[serde(default = "yes")]
    holds_phi: bool,
}

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

/// The newest list of `facts/hand/eligibility` and the rows of `facts/hand/lifecycle`.
pub fn statics(hand: &Path) -> Result<String, String> {
    let mut out = String::new();
    let lists = files(&hand.join("eligibility"))?;
    for file in &lists {
        let parsed: List = read(file)?;
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if stem != parsed.as_of || !is_day(&parsed.as_of) {
            return Err(format!("{}: `as_of` is the day in the name of the file", file.display()));
        }
    }
    let newest = lists.last().ok_or("facts/hand/eligibility: there is no list")?;
    list(&mut out, newest, &read(newest)?)?;
    let mut index = BTreeMap::new();
    out.push_str("pub(crate) static CHANGES: &[Lifecycle] = &[\n");
    let mut count = 0;
    for file in files(&hand.join("lifecycle"))? {
        for row in read::<Vec<Change>>(&file)? {
            let Change { service, ends, closed, source, instead, verified, .. } = &row;
            if let Some(day) = [ends, closed].into_iter().flatten().find(|day| !is_day(day)) {
                return Err(format!("{}: {service}: `{day}` is no day", file.display()));
            }
            let _ = writeln!(
                out,
                "    Lifecycle {{ service: {service:?}, ends: {ends:?}, closed: {closed:?}, source: {source:?}, instead: {instead:?}, verified: {verified} }},"
            );
            enter(&mut index, &file, &row.namespaces, &row.types, count)?;
            count += 1;
        }
    }
    out.push_str("];\n");
    let _ = writeln!(out, "pub(crate) static CHANGES_OF: &[(&str, u16)] = &{:?};", pairs(&index));
    Ok(out)
}

fn list(out: &mut String, file: &Path, list: &List) -> Result<(), String> {
    let _ = writeln!(
        out,
        "pub(crate) static LIST: EligibilityList = EligibilityList {{ as_of: {:?}, list: {:?}, source: {:?} }};",
        list.as_of, list.list, list.source
    );
    out.push_str("pub(crate) static SERVICES: &[Eligibility] = &[\n");
    let mut index = BTreeMap::new();
    for (i, row) in list.services.iter().enumerate() {
        let Service { service, slug, paper_2018, paper_2023, listed, .. } = row;
        if *listed == Standing::Excluded && row.excludes.is_none() {
            return Err(format!("{}: {service}: `excluded` without saying what", file.display()));
        }
        let _ = writeln!(
            out,
            "    Eligibility {{ service: {service:?}, slug: {slug:?}, paper_2018: Standing::{paper_2018:?}, paper_2023: Standing::{paper_2023:?}, listed: Standing::{listed:?}, restriction: {:?}, limited: {:?}, excludes: {:?}, holds_phi: {}, list: &LIST }},",
            row.restriction, row.limited, row.excludes, row.holds_phi
        );
        enter(&mut index, file, &row.namespaces, &row.types, i)?;
    }
    out.push_str("];\n");
    let _ = writeln!(out, "pub(crate) static SERVICES_OF: &[(&str, u16)] = &{:?};", pairs(&index));
    Ok(())
}

fn pairs(index: &BTreeMap<String, usize>) -> Vec<(&str, usize)> {
    index.iter().map(|(name, row)| (name.as_str(), *row)).collect()
}

fn enter(
    index: &mut BTreeMap<String, usize>,
    file: &Path,
    namespaces: &[String],
    types: &[String],
    row: usize,
) -> Result<(), String> {
    let parts = |name: &String| name.split("::").count();
    let wrong =
        namespaces.iter().find(|name| parts(name) != 2).or(types.iter().find(|name| parts(name) != 3));
    if let Some(name) = wrong {
        return Err(format!(
            "{}: `{name}` is no namespace (AWS::S3) or type (AWS::S3::Bucket)",
            file.display()
        ));
    }
    for name in namespaces.iter().chain(types) {
        if index.insert(name.clone(), row).is_some() {
            return Err(format!("{}: `{name}` is there twice", file.display()));
        }
    }
    Ok(())
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [4, 2, 2] && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
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
