//! Every section of both papers has its service file, and the files say what the rows say.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use sekisho_facts::resource_type_names;
use sekisho_guidance::{
    Basis, Class, Holding, Seed, Standing, class_of, requirement, requirements, service, service_of, services,
};

/// The editions of the paper that state each service's rows.
fn sections() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut sections: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in requirements().filter(|row| row.basis.is_some() && !row.service_or_capability.starts_with('('))
    {
        let editions: &[&str] = match row.seed {
            Seed::Hipaa2018 => &["2018"],
            Seed::Hipaa2023 => &["2023"],
            _ => &["2018", "2023"],
        };
        sections.entry(row.service.unwrap()).or_default().extend(editions);
    }
    sections
}

#[test]
fn every_section_has_a_file_that_knows_its_editions() {
    let sections = sections();
    assert_eq!(sections.len(), 123);
    for (slug, editions) in &sections {
        let file = service(slug).unwrap();
        assert_eq!(file.slug, *slug);
        let standing = file.eligibility().unwrap();
        for (edition, said) in [("2018", standing.paper_2018), ("2023", standing.paper_2023)] {
            assert_eq!(
                editions.contains(edition),
                said != Standing::NotListed,
                "{slug} in {edition}: {said}"
            );
        }
    }
    // A file without a section of its own stands in a paper only through its parts or by name.
    for file in services().iter().filter(|file| !sections.contains_key(file.slug)) {
        let standing = file.eligibility().unwrap();
        let named = standing.paper_2018 != Standing::NotListed || standing.paper_2023 != Standing::NotListed;
        assert_eq!(
            named,
            ["rds", "simple-ad", "application-auto-scaling"].contains(&file.slug),
            "{}",
            file.slug
        );
    }
}

#[test]
fn what_is_said_of_a_service_rests_on_rows_about_it() {
    for file in services() {
        for id in file.basis {
            let row = requirement(id).unwrap();
            assert_ne!(row.basis, Some(Basis::Derived), "{}: {id} is our conclusion", file.slug);
            let about = row.service.unwrap();
            let part = service(about).ok().and_then(|service| service.part_of);
            let near = about == file.slug || part == Some(file.slug) || file.slug.ends_with(about);
            assert!(near, "{}: {id} is about {about}", file.slug);
        }
        for change in file.lifecycle() {
            assert!(change.ends.is_some() || change.closed.is_some() || change.instead.is_some());
        }
    }
    let of = |slug: &str| service(slug).unwrap();
    assert_eq!(of("config").holding, Holding::KeptOut);
    assert_eq!(of("ecs").holding, Holding::Orchestrates);
    assert_eq!(of("transfer").holding, Holding::Relays);
    assert_eq!((of("s3").class, of("s3").class_basis), (Some(Class::Abstracted), Some("bp/srm-classes/5")));
    assert_eq!(of("lambda").class_basis, None);
    assert_eq!(of("ebs").deviations().next().unwrap().basis, Some("bp/ebs-rest/1"));
    assert_eq!(of("qldb").lifecycle().next().unwrap().ends, Some("2025-07-31"));
}

#[test]
fn names_and_types_belong_to_one_service() {
    let mut names = BTreeMap::new();
    for file in services() {
        for name in [file.slug, file.name].iter().chain(file.aliases) {
            if let Some(other) = names.insert(name.to_lowercase(), file.slug) {
                assert_eq!(other, file.slug, "`{name}` names two services");
            }
        }
        // A type in a namespace of another service is of the same class as that namespace.
        for name in file.types.iter().filter(|name| service_of(name).unwrap().slug == file.slug) {
            assert_eq!(class_of(name), file.class, "{}: {name}", file.slug);
        }
        if let Some(whole) = file.part_of {
            assert_eq!(service(whole).unwrap().part_of, None, "{}: a part of a part", file.slug);
        }
    }
    let known: BTreeSet<&str> = resource_type_names().collect();
    for file in services() {
        for namespace in file.namespaces {
            assert!(known.iter().any(|name| name.starts_with(&format!("{namespace}::"))), "{namespace}");
        }
        assert!(file.types.iter().all(|name| known.contains(name)), "{}", file.slug);
    }
}

#[test]
fn a_service_is_found_by_any_of_its_names() {
    for name in ["s3", "Amazon S3", "S3", "simple storage service", "AWS::S3", "AWS::S3::Bucket", "aws::s3"] {
        assert_eq!(service(name).map(|service| service.slug), Ok("s3"), "{name}");
    }
    assert_eq!(service("AWS Transfer Family").unwrap().slug, "transfer");
    assert_eq!(service("AWS::EC2::Volume").unwrap().slug, "ebs");
    assert_eq!(service("elasticach"), Err(Some("elasticache")));
    assert_eq!(service("Custom::Thing"), Err(None));
}
