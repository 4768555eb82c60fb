//! Which services may hold PHI, and which are ending: dated tables under `facts/hand`.
//!
//! What is not on the list is unknown as of its day, never a failure: only a list that leaves
//! something out by name says no. Lookups are logarithmic in the number of services.

use crate::words::Standing;

include!(concat!(env!("OUT_DIR"), "/eligibility.rs"));

/// A list older than this many days says so.
pub const LIST_GROWS_OLD_AFTER: i64 = 90;

/// The list of AWS that the standings come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EligibilityList {
    /// The day of the list.
    pub as_of: &'static str,
    /// Where AWS keeps it.
    pub list: &'static str,
    /// Where it was read.
    pub source: &'static str,
}

/// Whether a service may hold PHI, as far as the list and the papers say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Eligibility {
    /// The service, or `unknown service`.
    pub service: &'static str,
    /// Its short name, as in requirements; empty when it is not in the table.
    pub slug: &'static str,
    /// The standing in the paper of 2018.
    pub paper_2018: Standing,
    /// The standing in the paper of 2023.
    pub paper_2023: Standing,
    /// The standing in the list.
    pub listed: Standing,
    /// The restriction of the paper of 2023, in our words.
    pub restriction: Option<&'static str>,
    /// What the list limits it to.
    pub limited: Option<&'static str>,
    /// What the list leaves out.
    pub excludes: Option<&'static str>,
    /// Whether PHI may be in the service itself at all.
    pub holds_phi: bool,
    /// The list.
    pub list: &'static EligibilityList,
}

static UNLISTED: Eligibility = Eligibility {
    service: "unknown service",
    slug: "",
    paper_2018: Standing::NotListed,
    paper_2023: Standing::NotListed,
    listed: Standing::NotListed,
    restriction: None,
    limited: None,
    excludes: None,
    holds_phi: true,
    list: &LIST,
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
        Some(days(today)? - days(self.as_of)?)
    }

    /// Whether the list is too old to be relied on without looking at a newer one.
    pub fn is_old(&self, today: &str) -> bool {
        self.age(today).is_none_or(|age| age > LIST_GROWS_OLD_AFTER)
    }
}

/// A change in the life of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lifecycle {
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
    row.or_else(|| (type_name.starts_with("AWS::") && type_name != "AWS::").then_some(&UNLISTED))
}

/// What is known about the end of the service of a resource type.
pub fn lifecycle(type_name: &str) -> Option<&'static Lifecycle> {
    find(CHANGES_OF, type_name).and_then(|row| CHANGES.get(row))
}

/// All changes in the life of services.
pub fn lifecycles() -> &'static [Lifecycle] {
    CHANGES
}

/// Looks a type up by its whole name, then by its namespace.
fn find(index: &[(&str, u16)], type_name: &str) -> Option<usize> {
    let namespace = type_name.rsplit_once("::").map_or(type_name, |(namespace, _)| namespace);
    let at = |name: &str| index.binary_search_by(|(key, _)| (*key).cmp(name)).ok();
    at(type_name).or_else(|| at(namespace)).map(|at| usize::from(index[at].1))
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
