//! One fault is one finding: over the failing cases of all controls, no two controls fail for
//! the same resource because of the same places. `duplicates.yaml` lists the pairs that do, each
//! with the reason why both are said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sekisho_assess::{Assessment, Verdict};
use sekisho_estate::ResourceId;
use serde_json::{Value, json};

/// What a control fails for: the places of its evidence.
type Places = BTreeSet<(Option<ResourceId>, String)>;

/// Pairs of controls that fail for the same places of one resource, in the order of their ids.
fn pairs(assessment: &Assessment<'_>) -> BTreeSet<(String, String)> {
    let mut by_resource: BTreeMap<ResourceId, Vec<(&str, Places)>> = BTreeMap::new();
    for judgement in assessment.judgements.iter().filter(|j| j.verdict == Verdict::Fail) {
        let Some(resource) = judgement.resource else { continue };
        let places: Places = judgement.evidence.iter().map(|e| (e.resource, e.route.to_string())).collect();
        if !places.is_empty() {
            by_resource.entry(resource).or_default().push((&judgement.control.id, places));
        }
    }
    let mut found = BTreeSet::new();
    for failing in by_resource.values() {
        for (index, (a, of_a)) in failing.iter().enumerate() {
            for (b, _) in failing[index + 1..].iter().filter(|(_, of_b)| of_a == of_b) {
                found.insert((a.min(b).to_string(), a.max(b).to_string()));
            }
        }
    }
    found
}

#[test]
fn no_fault_is_told_twice() {
    let listed = support::yaml_value(include_str!("duplicates.yaml"));
    let mut allowed: BTreeMap<(String, String), bool> = BTreeMap::new();
    for row in listed.as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{row}")).to_owned();
        assert!(!text(&row["reason"]).is_empty(), "{row}");
        let (a, b) = (text(&row["controls"][0]), text(&row["controls"][1]));
        assert!(a < b, "{a} and {b} are not in order");
        assert!(allowed.insert((a, b), false).is_none(), "{row} is listed twice");
    }
    let mut wrong = BTreeMap::new();
    let mut cases = 0;
    for file in support::files(&support::root().join("guidance/controls"), ".test.yaml") {
        for case in support::yaml_value(&std::fs::read_to_string(&file).unwrap()).as_array().unwrap() {
            if case["verdict"] != "fail" {
                continue;
            }
            cases += 1;
            let template = case.get("template").cloned();
            let template = template.unwrap_or_else(|| json!({"Resources": case["resources"]})).to_string();
            let options = sekisho_source_cloudformation::Options::default();
            let estate = support::estate(&[("case.json", &template)], &options);
            for pair in pairs(&support::judge(&estate)) {
                match allowed.get_mut(&pair) {
                    Some(seen) => *seen = true,
                    None => {
                        let name = file.file_name().unwrap().to_string_lossy().into_owned();
                        wrong.entry(pair).or_insert_with(|| format!("{name}: {}", case["name"]));
                    }
                }
            }
        }
    }
    assert!(cases > 400, "only {cases} failing cases were found");
    let mut said = String::new();
    for ((a, b), place) in &wrong {
        writeln!(said, "{a} and {b} ({place})").unwrap();
    }
    let unneeded: Vec<_> = allowed.iter().filter(|(_, seen)| !**seen).map(|(pair, _)| pair).collect();
    assert!(wrong.is_empty(), "told twice:\n{said}");
    assert!(unneeded.is_empty(), "duplicates.yaml lists pairs that do not occur: {unneeded:?}");
}

/// A control and the mover that it is about, the resources, and by which control of which resource
/// the gap is told; none where the mover has something of its own to say.
type Ends = (&'static str, &'static str, &'static str, Option<(&'static str, &'static str)>);

const ENDS: &[Ends] = &[
    (
        "phi-moved-to-unprotected-store",
        "To",
        "{Charts: {Type: AWS::S3::Bucket},
          Share: {Type: AWS::EFS::FileSystem, Properties: {Encrypted: false}},
          From: {Type: AWS::DataSync::LocationS3, Properties: {S3BucketArn: {'Fn::GetAtt': [Charts, Arn]}}},
          To: {Type: AWS::DataSync::LocationEFS, Properties: {EfsFilesystemArn: {'Fn::GetAtt': [Share, Arn]}}},
          Copy: {Type: AWS::DataSync::Task, Properties: {SourceLocationArn: {Ref: From}, DestinationLocationArn: {Ref: To}}}}",
        Some(("efs-not-encrypted-at-rest", "Share")),
    ),
    // Nobody else tells of a share that is not in the input.
    (
        "phi-moved-to-unprotected-store",
        "To",
        "{Charts: {Type: AWS::S3::Bucket},
          From: {Type: AWS::DataSync::LocationS3, Properties: {S3BucketArn: {'Fn::GetAtt': [Charts, Arn]}}},
          To: {Type: AWS::DataSync::LocationEFS, Properties: {EfsFilesystemArn: 'arn:aws:elasticfilesystem:ap-northeast-1:111122223333:file-system/fs-0a1b2c3d'}},
          Copy: {Type: AWS::DataSync::Task, Properties: {SourceLocationArn: {Ref: From}, DestinationLocationArn: {Ref: To}}}}",
        None,
    ),
    (
        "phi-moves-in-plain-text",
        "Read",
        "{Visits: {Type: AWS::MSK::Cluster, Properties: {EncryptionInfo: {EncryptionInTransit: {ClientBroker: PLAINTEXT}}}},
          Index: {Type: AWS::Lambda::Function, Properties: {}},
          Read: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: {Ref: Visits}, FunctionName: {Ref: Index}}}}",
        Some(("msk-accepts-plain-text-clients", "Visits")),
    ),
    (
        "phi-moves-in-plain-text",
        "World",
        "{Cache: {Type: AWS::ElastiCache::ReplicationGroup, Properties: {TransitEncryptionEnabled: false}},
          World: {Type: AWS::ElastiCache::GlobalReplicationGroup, Properties: {Members: [{ReplicationGroupId: {Ref: Cache}, Role: PRIMARY}]}}}",
        Some(("elasticache-accepts-plain-connections", "Cache")),
    ),
    // That the database lets others come without TLS is another gap than that the migration does.
    (
        "phi-moves-in-plain-text",
        "Source",
        "{Claims: {Type: AWS::RDS::DBInstance, Properties: {Engine: mysql}},
          Source: {Type: AWS::DMS::Endpoint, Properties: {EndpointType: source, EngineName: mysql, ServerName: {'Fn::GetAtt': [Claims, Endpoint.Address]}, SslMode: none}}}",
        None,
    ),
];

#[test]
fn a_gap_is_told_at_one_end_of_a_flow() {
    for (control, mover, resources, expected) in ENDS {
        let template = json!({"Resources": support::yaml_value(resources)}).to_string();
        let estate =
            support::estate(&[("case.json", &template)], &sekisho_source_cloudformation::Options::default());
        let assessment = support::judge(&estate);
        let of = |control: &str, id: &str| {
            let found = assessment
                .judgements
                .iter()
                .find(|j| j.control.id == control && j.resource.is_some_and(|r| estate.id(r) == id));
            found.unwrap_or_else(|| panic!("{control} says nothing of {id}"))
        };
        let told = of(control, mover);
        assert!(told.is_finding(), "{control} {mover}: {:?}", told.verdict);
        match expected {
            Some((by, store)) => assert!(
                told.told_by.contains(&of(by, store).fingerprint),
                "{control} {mover} is told apart from {by} {store}"
            ),
            None => assert!(told.told_by.is_empty(), "{control} {mover} is hidden"),
        }
    }
}

#[test]
fn a_copy_out_of_bounds_is_told_where_it_is() {
    let resources = "{Charts: {Type: AWS::S3::Bucket, Properties: {BucketName: charts, VersioningConfiguration: {Status: Enabled}, \
        ReplicationConfiguration: {Role: 'arn:aws:iam::111122223333:role/r', Rules: [{Status: Enabled, Destination: {Bucket: 'arn:aws:s3:::charts-copy'}}]}}}}";
    let copy = "{Copy: {Type: AWS::S3::Bucket, Properties: {BucketName: charts-copy, VersioningConfiguration: {Status: Enabled}}}}";
    let text = |resources: &str| json!({"Resources": support::yaml_value(resources)}).to_string();
    let (source, target) = (text(resources), text(copy));
    let mut estate = support::estate(
        &[("tokyo.json", &source), ("oregon.json", &target)],
        &sekisho_source_cloudformation::Options::default(),
    );
    for (stack, region) in estate.stacks.iter_mut().zip(["us-west-2", "ap-northeast-1"]) {
        // Stacks come in the order of their files.
        stack.region = Some(region.into());
    }
    let config: sekisho_assess::Config =
        serde_json::from_value(json!({"phi": {"resources": ["Charts"], "regions": ["ap-northeast-*"]}}))
            .unwrap();
    let options = sekisho_assess::RunOptions { config: &config, everything: true, only: &[], built_in: true };
    let assessment = sekisho_assess::run(&estate, &[], options);
    let of = |control: &str, id: &str| {
        assessment
            .judgements
            .iter()
            .find(|j| j.control.id == control && j.resource.is_some_and(|r| estate.id(r) == id))
            .unwrap()
    };
    let (copied, stored) =
        (of("phi-copied-outside-allowed-places", "Charts"), of("phi-stored-outside-allowed-places", "Copy"));
    assert_eq!((copied.verdict, stored.verdict), (Verdict::Fail, Verdict::Fail));
    assert_eq!(copied.told_by, std::slice::from_ref(&stored.fingerprint));
}
