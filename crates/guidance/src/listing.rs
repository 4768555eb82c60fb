//! Reads a list of services that may hold PHI. Shared with the build script, so that the
//! built-in list and one that a user imports obey the same rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use crate::load::{LoadProblem, RawText, parse, unknown};
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

/// What a list says of a service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawService {
    pub slug: String,
    /// The name of a service that has no file.
    pub service: Option<String>,
    #[serde(default)]
    pub namespaces: Vec<String>,
    #[serde(default)]
    pub types: Vec<String>,
    pub listed: Standing,
    pub limited: Option<RawText>,
    pub excludes: Option<RawText>,
}

/// Reads a list; `known` are the short names of the services that have a file. Another service
/// brings its name, and the types or namespaces that it has.
pub(crate) fn read(file: &str, text: &str, known: &[&str]) -> Result<RawList, LoadProblem> {
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
    let mut seen = BTreeMap::new();
    let mut names = BTreeMap::new();
    for (number, row) in list.services.iter().enumerate() {
        let RawService { slug, service, namespaces, types, listed, excludes, .. } = &row.value;
        let place = |message: String| problem((row.referenced, format!("{slug}: {message}")));
        if *listed == Standing::Excluded && excludes.is_none() {
            return Err(place("`excluded` without saying what".into()));
        }
        if seen.insert(slug, number).is_some() {
            return Err(place("it is there twice".into()));
        }
        match (known.contains(&slug.as_str()), service) {
            (false, None) => return Err(problem((row.referenced, unknown("service", slug, known)))),
            (true, Some(_)) => return Err(place("the service has a file, which names it".into())),
            _ => {}
        }
        enter(&mut names, namespaces, types, number).map_err(place)?;
    }
    Ok(list)
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
