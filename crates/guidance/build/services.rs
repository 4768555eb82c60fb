//! Reads `services/` and writes each service, the changes in its life and its deviations from
//! its class as Rust statics, with an index by resource type or namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::eligibility::{files, read as parse};
use crate::listing::{self, RawList};
use crate::load;
use crate::requirements::Rows;
use crate::words::{Class, Holding, Standing, Who};

/// A file of `services/`; its name is the service's short name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub service: String,
    #[serde(default)]
    aliases: Vec<String>,
    part_of: Option<String>,
    #[serde(default)]
    pub namespaces: Vec<String>,
    #[serde(default)]
    pub types: Vec<String>,
    #[serde(default = "not_listed")]
    paper_2018: Standing,
    #[serde(default = "not_listed")]
    paper_2023: Standing,
    phi: Holding,
    restriction: Option<Sentence>,
    #[serde(default)]
    basis: Vec<String>,
    pub class: Option<Class>,
    class_basis: Option<String>,
    #[serde(default)]
    pub other_classes: BTreeMap<String, Class>,
    #[serde(default)]
    pub deviations: Vec<Deviation>,
    #[serde(default)]
    lifecycle: Vec<Change>,
}

/// A text in the languages of all texts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sentence {
    en: String,
    ja: String,
    #[serde(rename = "zh-TW")]
    zh_tw: String,
}

/// Where a service deviates from its class; the whole service where nothing is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    #[serde(default)]
    pub namespaces: Vec<String>,
    #[serde(default)]
    pub types: Vec<String>,
    pub layers: BTreeMap<String, Part>,
    pub why: String,
    pub basis: Option<String>,
}

/// Whose a layer is, or nobody's.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Customer,
    Aws,
    Shared,
    None,
}

impl Part {
    pub fn who(self) -> Option<Who> {
        match self {
            Part::Customer => Some(Who::Customer),
            Part::Aws => Some(Who::Aws),
            Part::Shared => Some(Who::Shared),
            Part::None => None,
        }
    }

    /// As Rust source.
    pub fn source(self) -> String {
        self.who().map_or_else(|| "None".to_owned(), |who| format!("Some(Who::{who:?})"))
    }
}

/// A change in the life of a service, or of the part that `what` and the names say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    what: Option<String>,
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

const fn not_listed() -> Standing {
    Standing::NotListed
}

/// All services by their short names.
pub type Services = BTreeMap<String, Service>;

/// Reads the folder; `schemas` is the extract of the resource schemas, whose names are checked.
pub fn read(folder: &Path, schemas: &Path, rows: &Rows) -> Result<Services, String> {
    let mut services = Services::new();
    for file in files(folder)? {
        let slug = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        services.insert(slug, parse::<Service>(&file)?);
    }
    let text = crate::read(schemas)?;
    let types: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("type ")).collect();
    let namespaces: BTreeSet<&str> =
        types.iter().filter_map(|name| name.rsplit_once("::").map(|(namespace, _)| namespace)).collect();
    let known = Names {
        types: types.into_iter().collect(),
        namespaces: namespaces.into_iter().collect(),
        slugs: services.keys().map(String::as_str).collect(),
        rows: rows.keys().map(String::as_str).collect(),
    };
    for (slug, service) in &services {
        known.check(service).map_err(|e| format!("{}/{slug}.yaml: {e}", folder.display()))?;
    }
    for (id, row) in rows {
        // A section of the HIPAA paper that is about no service has its name in parentheses.
        let section = row.service().filter(|_| id.starts_with("hipaa/") && !row.subject().starts_with('('));
        let Some(slug) = section else { continue };
        match services.get(slug) {
            None => {
                return Err(format!("{}/{slug}.yaml: the file is missing; {id} needs it", folder.display()));
            }
            Some(service) if service.service != row.subject() => {
                let (here, there) = (&service.service, row.subject());
                return Err(format!("{}/{slug}.yaml: `{here}` is `{there}` in {id}", folder.display()));
            }
            Some(_) => {}
        }
    }
    Ok(services)
}

/// Every name that a file may use.
struct Names<'a> {
    types: Vec<&'a str>,
    namespaces: Vec<&'a str>,
    slugs: Vec<&'a str>,
    rows: Vec<&'a str>,
}

fn one_of(what: &str, names: &[&str], name: &str) -> Result<(), String> {
    if names.contains(&name) { Ok(()) } else { Err(load::unknown(what, name, names)) }
}

impl Names<'_> {
    fn check(&self, service: &Service) -> Result<(), String> {
        let named = service.lifecycle.iter().map(|c| (&c.namespaces, &c.types));
        let named = named.chain(service.deviations.iter().map(|d| (&d.namespaces, &d.types)));
        for (namespaces, types) in named.chain([(&service.namespaces, &service.types)]) {
            namespaces.iter().try_for_each(|name| one_of("namespace", &self.namespaces, name))?;
            types.iter().try_for_each(|name| one_of("resource type", &self.types, name))?;
        }
        if let Some(other) = &service.part_of {
            one_of("service", &self.slugs, other)?;
        }
        let deviations = service.deviations.iter().filter_map(|d| d.basis.as_ref());
        for id in service.basis.iter().chain(&service.class_basis).chain(deviations) {
            one_of("requirement", &self.rows, id)?;
        }
        let own: Vec<&str> = service.namespaces.iter().map(String::as_str).collect();
        service.other_classes.keys().try_for_each(|name| one_of("namespace of the service", &own, name))?;
        let restricted =
            service.paper_2018 == Standing::Restricted || service.paper_2023 == Standing::Restricted;
        if restricted != service.restriction.is_some() {
            return Err("`restricted` goes with a `restriction`".into());
        }
        let in_a_paper =
            service.paper_2018 != Standing::NotListed || service.paper_2023 != Standing::NotListed;
        let said =
            service.restriction.is_some() || !matches!(service.phi, Holding::Held | Holding::NotStated);
        if in_a_paper && said && service.basis.is_empty() {
            return Err("`basis` names no row that says so".into());
        }
        for change in &service.lifecycle {
            if let Some(day) =
                [&change.ends, &change.closed].into_iter().flatten().find(|d| !listing::is_day(d))
            {
                return Err(format!("`{day}` is no day"));
            }
            if !change.source.starts_with("https://") {
                return Err(format!("`{}` is no page", change.source));
            }
        }
        Ok(())
    }
}

/// The services as Rust source, with what a list says of each.
pub fn statics(services: &Services, list: &RawList) -> Result<String, String> {
    let mut out = String::from("pub(crate) static SERVICES: &[Eligibility] = &[\n");
    let listed: BTreeMap<&str, _> =
        list.services.iter().map(|row| (row.value.slug.as_str(), &row.value)).collect();
    for (slug, service) in services {
        let row = listed.get(slug.as_str());
        let _ = writeln!(
            out,
            "    Eligibility {{ service: {}, slug: {}, paper_2018: Standing::{:?}, paper_2023: Standing::{:?}, listed: Standing::{:?}, restriction: {}, limited: {}, excludes: {}, holds_phi: {} }},",
            cow(&service.service),
            cow(slug),
            service.paper_2018,
            service.paper_2023,
            row.map_or(Standing::NotListed, |row| row.listed),
            option(service.restriction.as_ref().map(sentence)),
            option(row.and_then(|row| row.limited.as_ref()).map(text).transpose()?),
            option(row.and_then(|row| row.excludes.as_ref()).map(text).transpose()?),
            service.phi.in_the_service(),
        );
    }
    out.push_str("];\npub(crate) static FILES: &[Service] = &[\n");
    for (slug, service) in services {
        let _ = writeln!(
            out,
            "    Service {{ slug: {slug:?}, name: {:?}, aliases: &{:?}, part_of: {:?}, namespaces: &{:?}, types: &{:?}, holding: Holding::{:?}, basis: &{:?}, class: {}, class_basis: {:?} }},",
            service.service,
            service.aliases,
            service.part_of,
            service.namespaces,
            service.types,
            service.phi,
            service.basis,
            service.class.map_or_else(|| "None".to_owned(), |class| format!("Some(Class::{class:?})")),
            service.class_basis,
        );
    }
    out.push_str("];\n");
    changes(&mut out, services)?;
    let mut index = BTreeMap::new();
    for (row, (slug, service)) in services.iter().enumerate() {
        listing::enter(&mut index, &service.namespaces, &service.types, row)
            .map_err(|e| format!("{slug}: {e}"))?;
    }
    let _ = writeln!(out, "pub(crate) static SERVICES_OF: &[(&str, u16)] = &{:?};", pairs(&index));
    Ok(out)
}

/// The changes in the lives of services, and whom they concern.
fn changes(out: &mut String, services: &Services) -> Result<(), String> {
    let (mut index, mut count) = (BTreeMap::new(), 0);
    out.push_str("pub(crate) static CHANGES: &[Lifecycle] = &[\n");
    for (slug, service) in services {
        for change in &service.lifecycle {
            let Change { what, ends, closed, source, instead, verified, namespaces, types } = change;
            let name = what.as_ref().unwrap_or(&service.service);
            let _ = writeln!(
                out,
                "    Lifecycle {{ slug: {slug:?}, service: {name:?}, ends: {ends:?}, closed: {closed:?}, source: {source:?}, instead: {instead:?}, verified: {verified} }},"
            );
            let whole = namespaces.is_empty() && types.is_empty();
            let (namespaces, types) =
                if whole { (&service.namespaces, &service.types) } else { (namespaces, types) };
            listing::enter(&mut index, namespaces, types, count).map_err(|e| format!("{slug}: {e}"))?;
            count += 1;
        }
    }
    let _ = writeln!(out, "];\npub(crate) static CHANGES_OF: &[(&str, u16)] = &{:?};", pairs(&index));
    Ok(())
}

fn pairs(index: &BTreeMap<String, usize>) -> Vec<(&str, usize)> {
    index.iter().map(|(name, row)| (name.as_str(), *row)).collect()
}

fn cow(words: &str) -> String {
    format!("Cow::Borrowed({words:?})")
}

fn option(source: Option<String>) -> String {
    source.map_or_else(|| "None".to_owned(), |source| format!("Some({source})"))
}

fn sentence(Sentence { en, ja, zh_tw }: &Sentence) -> String {
    format!("Text {{ en: {}, ja: {}, zh_tw: {} }}", cow(en), cow(ja), cow(zh_tw))
}

fn text(raw: &load::RawText) -> Result<String, String> {
    let text = raw.text(true)?;
    Ok(format!("Text {{ en: {}, ja: {}, zh_tw: {} }}", cow(&text.en), cow(&text.ja), cow(&text.zh_tw)))
}
