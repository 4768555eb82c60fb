//! The severity table obeys the rules that the design states.

use sekisho_guidance::{Harm, Label, Level, Reach, Severity, severity};

fn cells() -> impl Iterator<Item = (Harm, Reach, Label)> {
    let reaches = |harm| Reach::ALL.iter().map(move |reach| (harm, *reach));
    let pairs = Harm::ALL.iter().flat_map(move |harm| reaches(*harm));
    pairs.flat_map(|(harm, reach)| Label::ALL.iter().map(move |label| (harm, reach, *label)))
}

#[test]
fn only_a_disclosure_to_outsiders_is_critical() {
    for (harm, reach, label) in cells() {
        let critical = severity(harm, reach, label, Level::Must) == Severity::Critical;
        let may = harm == Harm::Discloses
            && reach != Reach::Inside
            && matches!(label, Label::Declared | Label::Evidenced);
        assert_eq!(critical, may, "{harm} {reach} {label}");
    }
}

#[test]
fn a_stronger_label_or_a_wider_reach_never_lowers_it() {
    for (harm, reach, label) in cells() {
        let here = severity(harm, reach, label, Level::Must);
        for stronger in Label::ALL.iter().filter(|l| **l > label) {
            assert!(severity(harm, reach, *stronger, Level::Must) >= here, "{harm} {reach} {label}");
        }
        for wider in Reach::ALL.iter().filter(|r| **r < reach) {
            assert!(severity(harm, *wider, label, Level::Must) >= here, "{harm} {reach} {label}");
        }
    }
}

#[test]
fn disclosure_is_the_worst_and_information_the_least() {
    for (harm, reach, label) in cells() {
        let here = severity(harm, reach, label, Level::Must);
        assert!(here <= severity(Harm::Discloses, reach, label, Level::Must), "{harm} {reach} {label}");
        assert!(here >= severity(Harm::Informs, reach, label, Level::Must), "{harm} {reach} {label}");
    }
}

#[test]
fn recommendations_are_capped_and_facts_inform() {
    for (harm, reach, label) in cells() {
        let must = severity(harm, reach, label, Level::Must);
        assert_eq!(severity(harm, reach, label, Level::MustNot), must);
        let should = severity(harm, reach, label, Level::Should);
        let wanted = if reach == Reach::Inside { must.min(Severity::Medium) } else { must };
        assert_eq!(should, wanted, "{harm} {reach} {label}");
        for level in [Level::May, Level::Fact, Level::Derived] {
            assert_eq!(severity(harm, reach, label, level), Severity::Info);
        }
    }
}

#[test]
fn what_stops_a_pull_request_by_default() {
    let of = |id: &str, label| {
        let control = sekisho_guidance::control(id).unwrap();
        severity(control.harm, control.reach, label, control.strongest_level())
    };
    for id in ["rds-storage-not-encrypted", "s3-bucket-allows-plain-http", "s3-bucket-policy-allows-anyone"] {
        assert_eq!(of(id, Label::Assumed), Severity::High, "{id}");
    }
    assert_eq!(of("security-group-opens-admin-ports-to-world", Label::None), Severity::High);
    for id in ["s3-bucket-without-access-log", "s3-bucket-versioning-off", "rds-backups-off"] {
        assert_eq!(of(id, Label::Assumed), Severity::Medium, "{id}");
    }
    assert_eq!(of("kms-key-rotation-off", Label::None), Severity::Low);
    assert_eq!(of("cloudtrail-not-encrypted-with-kms", Label::None), Severity::Info);
}
