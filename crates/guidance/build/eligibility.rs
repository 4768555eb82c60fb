//! Reads the dated list of AWS under `facts/hand/eligibility` and the versions with a last day,
//! and writes them as Rust statics.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::listing::{self, RawList};
use crate::load;
use crate::services::{self, Services};

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

/// The services with the newest list of `facts/hand/eligibility`.
pub fn statics(hand: &Path, services: &Services) -> Result<String, String> {
    let slugs: Vec<&str> = services.keys().map(String::as_str).collect();
    let mut newest: Option<RawList> = None;
    for file in &files(&hand.join("eligibility"))? {
        let list = listing::read(&file.display().to_string(), &crate::read(file)?, &slugs)
            .map_err(|problem| problem.to_string())?;
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if stem != list.as_of.value {
            return Err(format!("{}: `as_of` is the day in the name of the file", file.display()));
        }
        if let Some(row) = list.services.iter().find(|row| !services.contains_key(&row.value.slug)) {
            return Err(format!("guidance/services/{}.yaml: the file is missing", row.value.slug));
        }
        newest = Some(list);
    }
    let list = newest.ok_or("facts/hand/eligibility: there is no list")?;
    let mut out = format!(
        "pub(crate) static LIST: EligibilityList = EligibilityList {{ as_of: Cow::Borrowed({:?}), list: Cow::Borrowed({:?}), source: Cow::Borrowed({:?}) }};\n",
        list.as_of.value, list.list, list.source
    );
    out.push_str(&services::statics(services, &list)?);
    versions(&mut out, &hand.join("runtimes.yaml"))?;
    Ok(out)
}

pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    Ok(files)
}

pub(crate) fn read<T: DeserializeOwned>(file: &Path) -> Result<T, String> {
    load::parse(&crate::read(file)?)
        .map_err(|(at, e)| format!("{}:{}:{}: {e}", file.display(), at.line(), at.column()))
}
