//! Spot checks of the action data against the Service Authorization Reference.

use sekisho_facts::iam::{
    AccessLevel, action, action_by_id, action_count, nearest_action, service, services,
};

#[test]
fn everything_is_found_by_name_and_by_id() {
    assert_eq!(services().len(), 456);
    assert_eq!(action_count(), 22_091);
    let mut next = 0;
    for prefix in services() {
        let service = service(prefix).unwrap();
        assert_eq!(service.prefix, prefix);
        for known in &service.actions {
            assert_eq!(known.id, next);
            next += 1;
            let name = format!("{prefix}:{}", known.name).to_uppercase();
            assert_eq!(action(&name).map(|(_, action)| action), Some(known), "{name}");
            assert_eq!(action_by_id(known.id).map(|(_, action)| action), Some(known), "{name}");
            for on in &known.on {
                assert!(service.type_at(on.kind).is_some(), "{name}");
                assert_eq!(service.keys_at(&on.keys).count(), on.keys.len(), "{name}");
            }
            assert_eq!(service.keys_at(&known.keys).count(), known.keys.len(), "{name}");
        }
        for kind in &service.types {
            assert_eq!(service.keys_at(&kind.keys).count(), kind.keys.len(), "{prefix}");
            assert!(kind.arn.is_empty() || kind.arn.starts_with("arn:"), "{prefix} {}", kind.arn);
        }
    }
    assert_eq!(next, action_count());
    assert!(action_by_id(next).is_none());
}

#[test]
fn what_the_reference_says() {
    let (s3, get) = action("s3:GetObject").unwrap();
    assert_eq!(get.level, AccessLevel::Read);
    let types: Vec<_> = get.on.iter().filter_map(|on| s3.type_at(on.kind)).map(|kind| kind.name).collect();
    assert!(types.contains(&"object"), "{types:?}");
    assert!(
        s3.types
            .iter()
            .any(|kind| kind.name == "bucket" && kind.arn == "arn:${Partition}:s3:::${BucketName}")
    );
    assert!(s3.resource_control_policies);
    assert!(!service("ec2").unwrap().resource_control_policies);

    let (ec2, run) = action("EC2:runinstances").unwrap();
    let required: Vec<_> = run
        .on
        .iter()
        .filter(|on| on.required)
        .filter_map(|on| ec2.type_at(on.kind))
        .map(|kind| kind.name)
        .collect();
    for kind in ["image", "instance", "network-interface", "security-group", "subnet"] {
        assert!(required.contains(&kind), "{kind} {required:?}");
    }
    assert_eq!(action("iam:CreatePolicyVersion").unwrap().1.level, AccessLevel::PermissionsManagement);
    assert_eq!(action("sqs:TagQueue").unwrap().1.level, AccessLevel::Tagging);
    assert!(action("s3:ListAllMyBuckets").unwrap().1.on.is_empty());
    assert!(action("iam:PassRole").unwrap().0.keys.iter().any(|key| key.name == "iam:PassedToService"));
}

#[test]
fn a_misspelt_action_has_a_neighbour() {
    let near = |name| nearest_action(name);
    assert_eq!(near("s3:GetObjekt").as_deref(), Some("s3:GetObject"));
    assert_eq!(near("dynamdb:GetItem").as_deref(), Some("dynamodb:GetItem"));
    assert_eq!(near("iam:PasRole").as_deref(), Some("iam:PassRole"));
    assert_eq!(near("s3:CompletelyElsewhere"), None);
    assert!(action("s3").is_none() && action("s3:").is_none() && action("nowhere:Get").is_none());
}
