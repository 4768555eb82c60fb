//! Reads a list of services that may hold PHI. Shared with the build script, so that the
//! built-in list and one that a user imports obey the same rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use crate::load::{LoadProblem, parse};
use crate::words::Standing;

/// A list as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawList {
    pub as_of: Spanned<String>,
    pub list: String,
    pub source: String,
    pub services: Vec<Spanned<RawService>>,
}

/// A service of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawService {
    pub service: String,
    pub slug: String,
    #[serde(default)]
    pub namespaces: Vec<String>,
    #[serde(default)]
    pub types: Vec<String>,
    #[serde(default = "not_listed")]
    pub paper_2018: Standing,
    #[serde(default = "not_listed")]
    pub paper_2023: Standing,
    pub listed: Standing,
    pub restriction: Option<String>,
    pub limited: Option<String>,
    pub excludes: Option<String>,
    #[serde(default = "yes")]
    pub holds_phi: bool,
}

const fn yes() -> bool {
    true
}

const fn not_listed() -> Standing {
    Standing::NotListed
}

/// Reads a list and says which service each type or namespace belongs to.
pub(crate) fn read(file: &str, text: &str) -> Result<(RawList, BTreeMap<String, usize>), LoadProblem> {
    let problem = |(at, message): (Location, String)| LoadProblem {
        file: file.to_owned(),
        line: u32::try_from(at.line()).unwrap_or(0),
        column: u32::try_from(at.column()).unwrap_or(0),
        message,
    };
    let list: RawList = parse(text).map_err(problem)?;
    if !is_day(&list.as_of.value) {
        let message = format!("`{}` is no day (2025-06-17)", list.as_of.value);
        return Err(problem((list.as_of.referenced, message)));
    }
    let mut index = BTreeMap::new();
    for (number, row) in list.services.iter().enumerate() {
        let place = |message: String| problem((row.referenced, format!("{}: {message}", row.value.service)));
        if row.value.listed == Standing::Excluded && row.value.excludes.is_none() {
            return Err(place("`excluded` without saying what".into()));
        }
        enter(&mut index, &row.value.namespaces, &row.value.types, number).map_err(place)?;
    }
    Ok((list, index))
}

/// Enters the namespaces and types of a row into an index.
pub(crate) fn enter(
    index: &mut BTreeMap<String, usize>,
    namespaces: &[String],
    types: &[String],
    row: usize,
) -> Result<(), String> {
    let parts = |name: &String| name.split("::").count();
    let wrong =
        namespaces.iter().find(|name| parts(name) != 2).or(types.iter().find(|name| parts(name) != 3));
    if let Some(name) = wrong {
        return Err(format!("`{name}` is no namespace (AWS::S3) or type (AWS::S3::Bucket)"));
    }
    match namespaces.iter().chain(types).find(|name| index.insert((*name).clone(), row).is_some()) {
        Some(name) => Err(format!("`{name}` is there twice")),
        None => Ok(()),
    }
}

/// Whether a text is a day such as `2025-06-17`.
pub(crate) fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [4, 2, 2] && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
}
