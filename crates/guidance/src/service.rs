//! The services: what each is called, what it may hold, who runs which part of it, how long it
//! lives. One file each under `guidance/services`, which names the rows that say so.
//!
//! Looking a service up by its short name is logarithmic in the number of services, by another
//! name linear.

use sekisho_facts::did_you_mean;

use crate::eligibility::{Eligibility, Lifecycle, eligible_services, files, lifecycles, number_of};
use crate::responsibility::{Override, overrides};
use crate::words::{Class, Holding};

/// A service of AWS, or a part of one that a paper has a section about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Service {
    /// Its short name, such as `s3`.
    pub slug: &'static str,
    /// The name in the papers, else that of AWS.
    pub name: &'static str,
    /// Further names: former and present ones, and written out.
    pub aliases: &'static [&'static str],
    /// The service that it belongs to, when the resource types do not tell the two apart.
    pub part_of: Option<&'static str>,
    /// Namespaces of its resource types in CloudFormation.
    pub namespaces: &'static [&'static str],
    /// Resource types in namespaces of other services.
    pub types: &'static [&'static str],
    /// Whether PHI may be in it, as the papers say.
    pub holding: Holding,
    /// The requirements that say so, and that restrict it.
    pub basis: &'static [&'static str],
    /// How much of it the customer runs; `None` where the model does not say.
    pub class: Option<Class>,
    /// The requirement that names its class; `None` where it is our reading.
    pub class_basis: Option<&'static str>,
}

/// All services, by short name.
pub fn services() -> &'static [Service] {
    files()
}

pub(crate) fn by_slug(slug: &str) -> Option<&'static Service> {
    files().binary_search_by(|service| service.slug.cmp(slug)).ok().map(|at| &files()[at])
}

/// The service of a resource type.
pub fn service_of(type_name: &str) -> Option<&'static Service> {
    number_of(type_name).and_then(|at| files().get(at))
}

/// The service with this name: short (`s3`), full with or without its maker (`Amazon S3`,
/// `Simple Storage Service`), of a namespace or of a resource type, in any case.
///
/// # Errors
/// The nearest name that there is.
pub fn service(name: &str) -> Result<&'static Service, Option<&'static str>> {
    let plain = |name: &str| {
        let lower = name.trim().to_lowercase();
        let shorter = lower.strip_prefix("amazon ").or_else(|| lower.strip_prefix("aws "));
        shorter.map(str::to_owned).unwrap_or(lower)
    };
    let wanted = plain(name);
    let named = |service: &&Service| {
        plain(service.name) == wanted || service.aliases.iter().any(|alias| plain(alias) == wanted)
    };
    let of_type = || {
        let listed = |names: &[&str]| names.iter().any(|known| known.to_lowercase() == wanted);
        files().iter().find(|service| listed(service.namespaces) || listed(service.types))
    };
    let found = by_slug(&wanted).or_else(|| files().iter().find(named)).or_else(of_type);
    found.or_else(|| service_of(name)).ok_or_else(|| {
        let names =
            files().iter().flat_map(|s| [s.slug, s.name].into_iter().chain(s.aliases.iter().copied()));
        did_you_mean(name, names)
    })
}

impl Service {
    /// Where it stands in the papers and in the list of AWS.
    pub fn eligibility(&self) -> Option<&'static Eligibility> {
        let at = files().binary_search_by(|service| service.slug.cmp(self.slug)).ok()?;
        eligible_services().get(at)
    }

    /// What has ended, or will.
    pub fn lifecycle(&self) -> impl Iterator<Item = &'static Lifecycle> {
        let slug = self.slug;
        lifecycles().iter().filter(move |change| change.slug == slug)
    }

    /// Where it deviates from its class.
    pub fn deviations(&self) -> impl Iterator<Item = &'static Override> {
        let slug = self.slug;
        overrides().iter().filter(move |deviation| deviation.slug == slug)
    }

    /// Whether a resource type is one of its.
    pub fn has(&self, type_name: &str) -> bool {
        service_of(type_name).is_some_and(|service| service.slug == self.slug)
    }
}
