//! The hand-written tables as the crate gives them out.

use sekisho_facts::{
    Holds, RefReturns, companion, companions, defaults, described_types, identity, resource_type,
    resource_types, store, stores,
};

#[test]
fn every_row_resolves() {
    for (name, _) in stores() {
        assert!(resource_type(name).is_some(), "{name}");
    }
    for name in described_types() {
        let properties = resource_type(name).unwrap_or_else(|| panic!("{name}")).properties();
        for row in defaults(name) {
            assert!(properties.at(row.path).is_some(), "{name} {}", row.path);
            assert_ne!(row.value_json.is_some(), row.unknown.is_some(), "{name} {}", row.path);
        }
        for row in companions(name) {
            let from = resource_type(row.from).unwrap_or_else(|| panic!("{}", row.from));
            assert!(row.by.iter().all(|p| from.properties().at(p).is_some()), "{name} {row:?}");
            assert!(row.via.iter().all(|p| properties.at(p).is_some()), "{name} {row:?}");
            assert_ne!(row.by.is_empty(), row.via.is_empty(), "{name} {row:?}");
        }
        if let Some(name_property) = identity(name).and_then(|i| i.name) {
            assert!(properties.field(name_property).is_some(), "{name} {name_property}");
        }
    }
}

#[test]
fn public_parameters_name_images_of_known_owners() {
    let table = [
        ("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", Some("amazon")),
        ("/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id", Some("amazon")),
        (
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
            Some("099720109477"),
        ),
        ("/aws/service/ecs/something-else", None),
        ("/aws/service/somebody/ami", None),
        ("/golden/ami", None),
        ("", None),
    ];
    for (parameter, owner) in table {
        assert_eq!(sekisho_facts::image_publisher(parameter), owner, "{parameter}");
    }
}

#[test]
fn unknown_types_have_no_rows() {
    assert!(store("AWS::Nope::Nope").is_none() && identity("AWS::Nope::Nope").is_none());
    assert!(defaults("AWS::Nope::Nope").is_empty() && companions("AWS::Nope::Nope").is_empty());
}

#[test]
fn stores_hold_what_they_hold() {
    assert_eq!(store("AWS::S3::Bucket").map(|s| s.holds), Some(Holds::Content));
    assert_eq!(store("AWS::Logs::LogGroup").map(|s| s.holds), Some(Holds::Logs));
    assert_eq!(store("AWS::IAM::Role"), None);
}

#[test]
fn defaults_have_dates_and_reasons() {
    let row = |ty: &str, path: &str| *defaults(ty).iter().find(|d| d.path == path).unwrap();
    let encryption = row("AWS::S3::Bucket", "/BucketEncryption");
    assert_eq!(encryption.since, Some("2023-01-05"));
    let text = r#"{"ServerSideEncryptionConfiguration":[{"ServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}"#;
    assert_eq!(encryption.value_json, Some(text));
    let volume = row("AWS::EC2::Volume", "/Encrypted");
    assert!(volume.value_json.is_none() && volume.unknown.is_some());
    let instance = row("AWS::RDS::DBInstance", "/StorageEncrypted");
    assert_eq!((instance.value_json, instance.since), (Some("false"), None));
    assert!(instance.unless.contains(&"/DBClusterIdentifier"));
    let aurora = row("AWS::RDS::DBCluster", "/StorageEncrypted");
    assert_eq!(aurora.when, [("/Engine", ["aurora-mysql", "aurora-postgresql"].as_slice())]);
}

#[test]
fn companions_join_both_ways() {
    let ingress = companion("AWS::EC2::SecurityGroup", "ingress").unwrap();
    assert_eq!(ingress.by, ["GroupId", "GroupName"]);
    assert_eq!(ingress.inline, Some("SecurityGroupIngress"));
    let group = companion("AWS::RDS::DBInstance", "parameter_group").unwrap();
    assert_eq!((group.many, group.via), (false, ["DBParameterGroupName"].as_slice()));
    assert!(companion("AWS::S3::Bucket", "polices").is_none());
}

/// The registry's identifier is an independent witness of what `Ref` returns: where the
/// two disagree, AWS documents the difference.
#[test]
fn ref_agrees_with_the_registry() {
    let differ = [
        "AWS::CloudFormation::Stack",
        "AWS::CodeBuild::Project",
        "AWS::DMS::ReplicationInstance",
        "AWS::DocDB::DBCluster",
        "AWS::DocDB::DBInstance",
        "AWS::Elasticsearch::Domain",
        "AWS::Events::Rule",
        "AWS::Glue::DevEndpoint",
        "AWS::SecretsManager::Secret",
    ];
    for ty in resource_types() {
        let ids: Vec<_> = ty.primary_identifier().collect();
        let (Some(row), [id]) = (identity(ty.name()), ids.as_slice()) else { continue };
        let is_arn = id.to_ascii_lowercase().ends_with("arn");
        let agrees = match row.returns {
            RefReturns::Name => row.name == Some(*id),
            RefReturns::Arn => is_arn,
            RefReturns::Id => row.name != Some(*id) && !is_arn,
            RefReturns::Attribute(name) => name == *id,
        };
        assert_eq!(agrees, !differ.contains(&ty.name()), "{ty:?} {row:?} {id}");
    }
}

#[test]
fn flows_are_found_by_their_holder() {
    use sekisho_facts::{Direction, Moves, Transit, flow_node, flow_types, flows, region, regions};
    let kinds: usize = flow_types().flat_map(|(_, rows)| rows).map(|row| row.to.len()).sum();
    assert!(kinds >= 600, "{kinds}");
    let replication = flows("AWS::S3::Bucket")
        .iter()
        .find(|row| row.path == "ReplicationConfiguration/Rules/Destination/Bucket")
        .expect("buckets replicate");
    assert_eq!(
        (replication.moves, replication.direction, replication.transit),
        (Moves::Content, Direction::Out, Transit::Always)
    );
    for (ty, row) in flow_types().flat_map(|(ty, rows)| rows.iter().map(move |row| (ty, row))) {
        let pages = [row.source].into_iter().chain(row.also.iter().copied());
        for page in pages {
            assert!(
                page.starts_with("https://") && page.contains("aws.amazon.com/"),
                "{ty} {}: {page}",
                row.path
            );
        }
    }
    assert!(flows("AWS::IAM::Group").is_empty());
    assert!(flow_node("AWS::ElasticLoadBalancingV2::Listener").is_some_and(|node| node.relays));
    assert_eq!(region("ap-northeast-1").map(|r| (r.country, r.place)), Some(("JP", "Tokyo")));
    assert!(regions().count() >= 30);
}

/// The page says how many there are, and how many were verified.
#[test]
fn the_page_of_flows_counts_right() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/flow.md");
    let page = std::fs::read_to_string(path).unwrap();
    let rows: Vec<_> = sekisho_facts::flow_types().flat_map(|(_, rows)| rows).collect();
    let kinds: usize = rows.iter().map(|row| row.to.len()).sum();
    let verified = rows.iter().filter(|row| row.verified).count();
    let counted = format!("**{kinds} kinds of flow** (`facts/hand/flows`, {} rows)", rows.len());
    assert!(page.contains(&counted), "{counted}");
    assert!(page.contains(&format!("{verified} rows are `verified`")), "{verified}");
}
