//! The model of shared responsibility covers every type, and says what the documents say.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use sekisho_facts::resource_type_names;
use sekisho_guidance::{Class, Language, Who, class_of, layers, responsibility};

#[test]
fn every_type_has_a_class() {
    let without: Vec<_> = resource_type_names()
        .filter(|name| !name.starts_with("Sekisho::") && class_of(name).is_none())
        .collect();
    assert!(without.is_empty(), "{without:?}");
    assert_eq!(class_of("AWS::EC2::Instance"), Some(Class::Infrastructure));
    assert_eq!(class_of("AWS::RDS::DBInstance"), Some(Class::Container));
    assert_eq!(class_of("AWS::S3::Bucket"), Some(Class::Abstracted));
    assert_eq!(class_of("Custom::Thing"), None);
}

#[test]
fn the_cells_are_those_of_the_documents() {
    let who = |name: &str, class| layers().iter().find(|layer| layer.name == name).unwrap().who_in(class);
    for class in Class::ALL {
        assert_eq!(who("facilities", *class), Some(Who::Aws));
        assert_eq!(who("credentials", *class), Some(Who::Customer));
        assert_eq!(who("past-logs", *class), Some(Who::Customer));
    }
    assert_eq!(who("operating-system", Class::Infrastructure), Some(Who::Customer));
    assert_eq!(who("operating-system", Class::Container), Some(Who::Aws));
    assert_eq!(who("network-controls", Class::Container), Some(Who::Customer));
    assert_eq!(who("network-controls", Class::Abstracted), Some(Who::Aws));
    assert_eq!(who("scan-of-instances", Class::Abstracted), None);
    assert!(layers().iter().all(|layer| layer.label(Language::Ja) != layer.name));
}

#[test]
fn only_what_is_there_is_in_the_matrix() {
    let matrix = responsibility(["AWS::S3::Bucket", "AWS::EC2::Volume", "Custom::Thing"]);
    let classes: Vec<_> = matrix.classes.iter().map(|(class, _)| *class).collect();
    assert_eq!(classes, [Class::Infrastructure, Class::Abstracted]);
    assert_eq!(matrix.unclassified, ["Custom::Thing"]);
    let row = matrix.rows.iter().find(|row| row.layer.name == "data-at-rest").unwrap();
    let ids = |at: usize| row.cells[at].controls.iter().map(|control| &*control.id).collect::<Vec<_>>();
    assert!(ids(0).contains(&"ebs-volume-not-encrypted"), "{:?}", ids(0));
    assert!(!ids(1).contains(&"ebs-volume-not-encrypted") && !ids(1).contains(&"rds-storage-not-encrypted"));
    assert!(row.cells[0].reports.is_empty() && !row.cells[1].reports.is_empty());
    assert!(
        row.questions.iter().all(|id| !id.starts_with("hipaa/") || id.contains("/ebs/")),
        "{:?}",
        row.questions
    );
    assert!(!responsibility(["AWS::RDS::DBInstance"]).rows.is_empty());
    assert_eq!(matrix.overrides.iter().map(|o| o.service).collect::<Vec<_>>(), ["Amazon EBS"]);
}
