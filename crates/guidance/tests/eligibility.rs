//! Eligibility and lifecycle: every name exists, and what is not listed is unknown.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use sekisho_facts::resource_type_names;
use sekisho_guidance::{
    EligibilityTable, Stage, Standing, eligibility, eligibility_list, eligible_services, lifecycle,
    lifecycles,
};

#[test]
fn every_type_is_of_a_service_or_not_listed() {
    let mut listed = 0;
    for name in resource_type_names().filter(|name| name.starts_with("AWS::")) {
        let row = eligibility(name).unwrap();
        listed += usize::from(row.listed != Standing::NotListed);
    }
    assert!(listed > 900, "{listed}");
    assert!(eligibility("Custom::Thing").is_none() && eligibility("Sekisho::Account::Root").is_none());
}

#[test]
fn only_what_the_list_leaves_out_is_a_no() {
    let says = |name: &str| eligibility(name).unwrap().may_hold_phi();
    assert_eq!(says("AWS::S3::Bucket"), Some(true));
    assert_eq!(says("AWS::DirectoryService::MicrosoftAD"), Some(true));
    assert_eq!(says("AWS::DirectoryService::SimpleAD"), Some(false));
    assert_eq!(says("AWS::DSQL::Cluster"), None);
    assert_eq!(says("AWS::Lightsail::Database"), None);
    assert_eq!(says("AWS::MemoryDB::Cluster"), Some(true));
    assert_eq!(eligibility("AWS::EC2::Volume").unwrap().slug, "ebs");
    assert_eq!(eligibility("AWS::EC2::Instance").unwrap().slug, "ec2");
    for row in eligible_services() {
        assert_eq!(
            row.listed == Standing::Excluded,
            row.may_hold_phi() == Some(false) && row.holds_phi,
            "{}",
            row.service
        );
    }
}

#[test]
fn an_old_list_says_so() {
    let list = eligibility_list();
    assert_eq!(list.age("2026-11-25"), Some(526));
    assert!(list.is_old("2026-11-25") && !list.is_old("2025-09-01") && list.is_old("today"));
}

#[test]
fn the_end_of_a_service_depends_on_the_day() {
    let ledger = lifecycle("AWS::QLDB::Ledger").unwrap();
    assert_eq!(ledger.stage("2026-11-25"), Stage::Ended);
    assert_eq!(ledger.stage("2025-01-01"), Stage::Ending("2025-07-31"));
    assert_eq!(lifecycle("AWS::Forecast::Dataset").unwrap().stage("2026-11-25"), Stage::Closed);
    assert!(lifecycle("AWS::InspectorV2::Filter").is_none() && lifecycle("AWS::RDS::DBInstance").is_none());
    assert!(lifecycle("AWS::RDS::DBSecurityGroup").is_some());
    assert!(lifecycles().iter().all(|row| row.source.starts_with("https://")));
}

#[test]
fn a_newer_list_can_be_imported() {
    let text = "as_of: 2027-01-01\nlist: https://x\nsource: https://x\nservices:\n- service: Aurora DSQL\n  slug: dsql\n  namespaces: [AWS::DSQL]\n  listed: eligible\n";
    let table = EligibilityTable::parse("newer.yaml", text).unwrap();
    assert_eq!(table.eligibility("AWS::DSQL::Cluster").unwrap().may_hold_phi(), Some(true));
    assert_eq!(table.eligibility("AWS::S3::Bucket").unwrap().may_hold_phi(), None);
    assert!(!table.list.is_old("2027-02-01"));
    // A service that has a file needs no more than its short name; what the papers say stays.
    let known = EligibilityTable::parse(
        "newer.yaml",
        &format!("{text}- slug: lambda\n  listed: restricted\n  limited: {{en: only in Regions}}\n"),
    )
    .unwrap();
    let function = known.eligibility("AWS::Lambda::Function").unwrap();
    assert_eq!(function.may_hold_phi(), Some(true));
    assert_eq!(function.limited.as_ref().unwrap().ja, "only in Regions");
    assert_eq!(function.paper_2023, Standing::Restricted);
    let wrong =
        |from: &str, to: &str| EligibilityTable::parse("newer.yaml", &text.replace(from, to)).unwrap_err();
    assert_eq!(
        wrong("eligible", "elligible").to_string(),
        "newer.yaml:8:11: unknown word `elligible`; did you mean `eligible`?"
    );
    assert!(wrong("2027-01-01", "soon").message.contains("no day"));
    assert!(wrong("AWS::DSQL", "DSQL").message.contains("no namespace"));
    let nameless = wrong("service: Aurora DSQL\n  slug: dsql", "slug: lambada");
    assert_eq!(nameless.to_string(), "newer.yaml:5:3: unknown service `lambada`; did you mean `lambda`?");
}
