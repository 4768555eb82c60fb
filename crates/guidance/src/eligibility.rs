//! Which services may hold PHI, and which are ending: the files of `guidance/services` and the
//! dated list under `facts/hand/eligibility`.
//!
//! What is not on the list is unknown as of its day, never a failure: only a list that leaves
//! something out by name says no. Lookups are logarithmic in the number of services.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::control::{Text, Words};
use crate::listing;
use crate::load::LoadProblem;
use crate::service::Service;
use crate::words::{Class, Holding, Standing};

include!(concat!(env!("OUT_DIR"), "/eligibility.rs"));

/// A list older than this many days says so.
pub const LIST_GROWS_OLD_AFTER: i64 = 90;

/// The list of AWS that the standings come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EligibilityList {
    /// The day of the list.
    pub as_of: Words,
    /// Where AWS keeps it.
    pub list: Words,
    /// Where it was read.
    pub source: Words,
}

/// Whether a service may hold PHI, as far as the list and the papers say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Eligibility {
    /// The service, or `unknown service`.
    pub service: Words,
    /// Its short name, as in requirements; empty when it is not in the table.
    pub slug: Words,
    /// The standing in the paper of 2018.
    pub paper_2018: Standing,
    /// The standing in the paper of 2023.
    pub paper_2023: Standing,
    /// The standing in the list.
    pub listed: Standing,
    /// The restriction of the newest paper that has one, in our words.
    pub restriction: Option<Text>,
    /// What the list limits it to.
    pub limited: Option<Text>,
    /// What the list leaves out.
    pub excludes: Option<Text>,
    /// Whether PHI may be in the service itself at all.
    pub holds_phi: bool,
}

static UNLISTED: Eligibility = Eligibility {
    service: Cow::Borrowed("unknown service"),
    slug: Cow::Borrowed(""),
    paper_2018: Standing::NotListed,
    paper_2023: Standing::NotListed,
    listed: Standing::NotListed,
    restriction: None,
    limited: None,
    excludes: None,
    holds_phi: true,
};

impl Eligibility {
    /// Whether the list lets the service hold PHI: `None` when it does not say.
    ///
    /// A restricted service may, within `limited`, `excludes` and `restriction`.
    pub fn may_hold_phi(&self) -> Option<bool> {
        match self.listed {
            Standing::Eligible | Standing::Restricted => Some(self.holds_phi),
            Standing::Excluded => Some(false),
            Standing::NotListed | Standing::NotStated => None,
        }
    }
}

impl EligibilityList {
    /// Age in days on a day such as `2026-11-25`; `None` when that is no day.
    pub fn age(&self, today: &str) -> Option<i64> {
        days_between(&self.as_of, today)
    }

    /// Whether the list is too old to be relied on without looking at a newer one.
    pub fn is_old(&self, today: &str) -> bool {
        self.age(today).is_none_or(|age| age > LIST_GROWS_OLD_AFTER)
    }
}

/// A change in the life of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lifecycle {
    /// The short name of the service whose file tells it.
    pub slug: &'static str,
    /// The service or the part of it.
    pub service: &'static str,
    /// The last day.
    pub ends: Option<&'static str>,
    /// The day from which there are no new customers; with neither day, it is closed since a
    /// day that no page gives.
    pub closed: Option<&'static str>,
    /// The page that says so.
    pub source: &'static str,
    /// What to use instead.
    pub instead: Option<&'static str>,
    /// Whether a page of AWS was seen.
    pub verified: bool,
}

/// Where a service stands on a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// It is gone.
    Ended,
    /// It will end on this day.
    Ending(&'static str),
    /// It takes no new customers.
    Closed,
    /// Nothing has changed yet.
    Open,
}

impl Lifecycle {
    /// The stage on a day such as `2026-11-25`.
    pub fn stage(&self, today: &str) -> Stage {
        // Days of this form sort as text.
        match (self.ends, self.closed) {
            (Some(end), _) if end < today => Stage::Ended,
            (Some(end), _) => Stage::Ending(end),
            (None, Some(day)) if day > today => Stage::Open,
            (None, _) => Stage::Closed,
        }
    }
}

/// The list that is built in.
pub fn eligibility_list() -> &'static EligibilityList {
    &LIST
}

/// The services of the list and the papers.
pub fn eligible_services() -> &'static [Eligibility] {
    SERVICES
}

/// Whether a resource type may hold PHI. `None` for what is not of AWS, such as `Custom::…`.
///
/// A type of a service that is not in the table is [`Standing::NotListed`].
pub fn eligibility(type_name: &str) -> Option<&'static Eligibility> {
    let row = find(SERVICES_OF, type_name).and_then(|row| SERVICES.get(row));
    row.or_else(|| unlisted(type_name))
}

/// What stands for a type of AWS that is on no list.
fn unlisted(type_name: &str) -> Option<&'static Eligibility> {
    type_name.starts_with("AWS::").then_some(&UNLISTED)
}

/// The first two parts of a type's name.
fn namespace(type_name: &str) -> &str {
    type_name.rsplit_once("::").map_or(type_name, |(namespace, _)| namespace)
}

/// A list that a user has imported in place of the built-in one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EligibilityTable {
    /// The list.
    pub list: EligibilityList,
    /// Its services.
    pub services: Vec<Eligibility>,
    index: BTreeMap<String, usize>,
}

impl EligibilityTable {
    /// Reads a list in the form of `facts/hand/eligibility`; `file` is its name, for the problem.
    /// What it does not name is not listed, whatever the built-in list says.
    ///
    /// # Errors
    /// What is wrong with the file, where, and what was probably meant.
    pub fn parse(file: &str, text: &str) -> Result<Self, LoadProblem> {
        let slugs: Vec<&str> = SERVICES.iter().map(|service| service.slug.as_ref()).collect();
        let raw = listing::read(file, text, &slugs)?;
        let mut services = SERVICES.to_vec();
        for service in &mut services {
            (service.listed, service.limited, service.excludes) = (Standing::NotListed, None, None);
        }
        let mut index: BTreeMap<String, usize> =
            SERVICES_OF.iter().map(|(name, at)| ((*name).to_owned(), usize::from(*at))).collect();
        for row in raw.services {
            let (at, row) = (row.referenced, row.value);
            let problem = |message| LoadProblem {
                file: file.to_owned(),
                line: u32::try_from(at.line()).unwrap_or(0),
                column: u32::try_from(at.column()).unwrap_or(0),
                message,
            };
            let number = services.iter().position(|known| known.slug == row.slug).unwrap_or(services.len());
            if number == services.len() {
                let name = row.service.unwrap_or_default();
                services.push(Eligibility {
                    service: name.into(),
                    slug: row.slug.into(),
                    ..UNLISTED.clone()
                });
            }
            let service = &mut services[number];
            service.listed = row.listed;
            service.limited = row.limited.map(|text| text.text(false)).transpose().map_err(problem)?;
            service.excludes = row.excludes.map(|text| text.text(false)).transpose().map_err(problem)?;
            index.extend(row.namespaces.into_iter().chain(row.types).map(|name| (name, number)));
        }
        let list = EligibilityList {
            as_of: raw.as_of.value.into(),
            list: raw.list.into(),
            source: raw.source.into(),
        };
        Ok(Self { list, services, index })
    }

    /// As [`eligibility`], by this list.
    pub fn eligibility(&self, type_name: &str) -> Option<&Eligibility> {
        let row = self.index.get(type_name).or_else(|| self.index.get(namespace(type_name)));
        row.and_then(|row| self.services.get(*row)).or_else(|| unlisted(type_name))
    }
}

/// What is known about the end of the service of a resource type.
pub fn lifecycle(type_name: &str) -> Option<&'static Lifecycle> {
    find(CHANGES_OF, type_name).and_then(|row| CHANGES.get(row))
}

/// What AWS patches until a day, by a property of a resource type that names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Versions {
    /// The property, such as `Runtime`.
    pub property: &'static str,
    /// What it names, in words.
    pub what: &'static str,
    /// The page with the days.
    pub source: &'static str,
    /// Values of the property with their last days, sorted by value.
    pub ends: &'static [(&'static str, &'static str)],
}

impl Versions {
    /// The last day of a value; `None` when it has none yet, or is not known.
    pub fn end(&self, value: &str) -> Option<&'static str> {
        let found = self.ends.binary_search_by(|(known, _)| (*known).cmp(value));
        found.ok().map(|at| self.ends[at].1)
    }
}

/// The versions of a resource type that have a last day.
pub fn versions(type_name: &str) -> Option<&'static Versions> {
    let found = VERSIONS.binary_search_by(|(known, _)| (*known).cmp(type_name));
    found.ok().map(|at| &VERSIONS[at].1)
}

/// All changes in the life of services, by the short name of the service.
pub fn lifecycles() -> &'static [Lifecycle] {
    CHANGES
}

/// The service of a resource type, as a row of the services.
pub(crate) fn number_of(type_name: &str) -> Option<usize> {
    find(SERVICES_OF, type_name)
}

/// All services, in the order of [`eligible_services`].
pub(crate) fn files() -> &'static [Service] {
    FILES
}

/// Looks a type up by its whole name, then by its namespace.
fn find(index: &[(&str, u16)], type_name: &str) -> Option<usize> {
    let at = |name: &str| index.binary_search_by(|(key, _)| (*key).cmp(name)).ok();
    at(type_name).or_else(|| at(namespace(type_name))).map(|at| usize::from(index[at].1))
}

/// Days from one day, such as `2025-06-17`, to another; `None` when one of them is no day.
pub fn days_between(from: &str, to: &str) -> Option<i64> {
    Some(days(to)? - days(from)?)
}

/// Days since 1970-01-01 of a day in the Gregorian calendar.
fn days(day: &str) -> Option<i64> {
    let mut parts = day.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || parts.next().is_some() {
        return None;
    }
    // Years from March, so that the leap day is the last.
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn days_are_counted() {
        assert_eq!(days("1970-01-01"), Some(0));
        assert_eq!(days("2000-03-01"), Some(11_017));
        assert_eq!(days("2026-11-25").zip(days("2025-06-17")).map(|(a, b)| a - b), Some(526));
        assert_eq!((days("2026-13-01"), days("x"), days("2026-01-01-1")), (None, None, None));
    }
}
