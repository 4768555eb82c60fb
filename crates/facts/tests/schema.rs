//! Spot checks of the packed resource types against what AWS documents.

use std::collections::HashSet;

use sekisho_facts::{Kind, Shape, resource_type, resource_type_names, resource_types};

fn at(ty: &str, path: &str) -> Shape {
    let found = resource_type(ty).and_then(|t| t.properties().at(path));
    found.unwrap_or_else(|| panic!("{ty} {path}"))
}

#[test]
fn every_type_is_found_by_its_name() {
    let names: Vec<_> = resource_type_names().collect();
    assert!(names.iter().filter(|n| n.starts_with("AWS::")).count() >= 1884, "{}", names.len());
    assert!(names.is_sorted());
    for name in &names {
        let ty = resource_type(name).unwrap();
        assert_eq!(ty.name(), *name);
        assert_eq!(ty.properties().kind(), Kind::Object, "{name}");
        assert!(ty.properties().closed(), "{name}");
    }
    for name in ["", "AWS", "AWS::S3::Bucket ", "aws::s3::bucket", "Custom::Thing", "ZZZ"] {
        assert!(resource_type(name).is_none(), "{name}");
    }
}

#[test]
fn fields_and_attributes_are_sorted_and_found() {
    for ty in resource_types() {
        let fields: Vec<_> = ty.properties().fields().collect();
        assert!(fields.is_sorted_by(|a, b| a.0 < b.0), "{ty:?}");
        for (name, shape) in fields {
            assert_eq!(ty.properties().field(name), Some(shape), "{ty:?} {name}");
        }
        let attributes: Vec<_> = ty.attributes().collect();
        assert!(attributes.is_sorted_by(|a, b| a.0 < b.0), "{ty:?}");
        for (name, shape) in attributes {
            assert_eq!(ty.attribute(name), Some(shape), "{ty:?} {name}");
        }
    }
}

/// Walks every shape once: all handles are sound and recursion ends.
#[test]
fn every_shape_is_sound() {
    let known: HashSet<_> = resource_type_names().collect();
    let mut seen = HashSet::new();
    let mut todo: Vec<Shape> = resource_types().map(|t| t.properties()).collect();
    todo.extend(resource_types().flat_map(|t| t.attributes().map(|(_, s)| s).collect::<Vec<_>>()));
    while let Some(shape) = todo.pop() {
        if !seen.insert(shape) {
            continue;
        }
        let kind = shape.kind();
        assert_eq!(
            kind == Kind::List || kind == Kind::Map,
            shape.item().is_some() && kind != Kind::Object && kind != Kind::Any,
            "{shape:?}"
        );
        assert!(!shape.closed() || kind == Kind::Object);
        assert!(shape.fields().next().is_none() || matches!(kind, Kind::Object | Kind::Any));
        assert!(shape.enum_values().count() <= 40);
        for (ty, attribute) in shape.relations() {
            assert!(known.contains(ty) && !attribute.is_empty(), "{ty}.{attribute}");
        }
        todo.extend(shape.item());
        todo.extend(shape.fields().map(|(_, s)| s));
    }
    assert!(seen.len() > 10_000, "{}", seen.len());
}

#[test]
fn s3_bucket() {
    let path = "/BucketEncryption/ServerSideEncryptionConfiguration/*/ServerSideEncryptionByDefault";
    let algorithm = at("AWS::S3::Bucket", &format!("{path}/SSEAlgorithm"));
    assert_eq!(algorithm.kind(), Kind::String);
    let values: Vec<_> = algorithm.enum_values().collect();
    assert!(values.contains(&"aws:kms") && values.contains(&"AES256"), "{values:?}");
    assert_eq!(at("AWS::S3::Bucket", path).required().collect::<Vec<_>>(), ["SSEAlgorithm"]);
    let block = at("AWS::S3::Bucket", "/PublicAccessBlockConfiguration");
    assert!(block.closed() && block.fields().all(|(_, s)| s.kind() == Kind::Boolean));
    let bucket = resource_type("AWS::S3::Bucket").unwrap();
    assert_eq!(bucket.attribute("Arn").map(Shape::kind), Some(Kind::String));
    assert_eq!(bucket.attribute("Nope"), None);
    assert_eq!(bucket.primary_identifier().collect::<Vec<_>>(), ["BucketName"]);
    assert!(bucket.properties().is_read_only("Arn"));
    assert!(!bucket.properties().is_read_only("BucketName"));
    assert_eq!(bucket.properties().field("BucketEncrption"), None);
}

#[test]
fn databases_and_security_groups() {
    assert_eq!(at("AWS::RDS::DBInstance", "StorageEncrypted").kind(), Kind::Boolean);
    assert_eq!(at("AWS::RDS::DBInstance", "BackupRetentionPeriod").kind(), Kind::Integer);
    let instance = resource_type("AWS::RDS::DBInstance").unwrap();
    assert_eq!(instance.attribute("Endpoint.Address").map(Shape::kind), Some(Kind::String));
    let rule = at("AWS::EC2::SecurityGroup", "SecurityGroupIngress").item().unwrap();
    let names: Vec<_> = rule.fields().map(|(name, _)| name).collect();
    for name in ["CidrIp", "CidrIpv6", "FromPort", "IpProtocol", "SourceSecurityGroupId", "ToPort"] {
        assert!(names.contains(&name), "{name}");
    }
    let source = rule.field("SourceSecurityGroupId").unwrap();
    assert!(source.relations().eq([("AWS::EC2::SecurityGroup", "Id")]));
    // The security groups of an instance: said at the element, whatever the list's format.
    let groups = at("AWS::EC2::Instance", "SecurityGroupIds");
    assert_eq!(groups.kind(), Kind::List);
    assert_eq!(groups.relations().count(), 0);
    assert!(groups.item().unwrap().relations().any(|r| r == ("AWS::EC2::SecurityGroup", "Id")));
    // "Or a JSON document" must not hide the list (DynamoDB).
    assert_eq!(at("AWS::DynamoDB::Table", "KeySchema/*/AttributeName").kind(), Kind::String);
}

#[test]
fn json_maps_and_lists() {
    for (ty, path) in [
        ("AWS::S3::BucketPolicy", "PolicyDocument"),
        ("AWS::IAM::Role", "AssumeRolePolicyDocument"),
        ("AWS::IAM::ManagedPolicy", "PolicyDocument"),
        ("AWS::IAM::Role", "Policies/*/PolicyDocument"),
        ("AWS::KMS::Key", "KeyPolicy"),
        ("AWS::SQS::QueuePolicy", "PolicyDocument"),
        ("AWS::SNS::TopicPolicy", "PolicyDocument"),
        ("AWS::SQS::Queue", "RedrivePolicy"),
    ] {
        assert_eq!(at(ty, path).kind(), Kind::Any, "{ty} {path}");
        assert!(!at(ty, path).closed());
    }
    // Known fields of a JSON property are kept.
    assert_eq!(at("AWS::SQS::Queue", "RedrivePolicy/maxReceiveCount").kind(), Kind::Integer);
    assert_eq!(at("AWS::Lambda::Function", "Environment/Variables").kind(), Kind::Map);
    assert_eq!(at("AWS::IAM::Role", "ManagedPolicyArns").kind(), Kind::List);
    assert_eq!(at("AWS::IAM::Role", "ManagedPolicyArns/*").kind(), Kind::String);
    assert_eq!(at("AWS::CloudTrail::Trail", "IsMultiRegionTrail").kind(), Kind::Boolean);
    let stack = resource_type("AWS::CloudFormation::Stack").unwrap();
    assert_eq!(stack.attribute("Outputs.Anything").map(Shape::kind), Some(Kind::Any));
    assert_eq!(stack.attribute("Other"), None);
}

#[test]
fn recursive_statements() {
    let statement = at("AWS::WAFv2::WebACL", "Rules/*/Statement");
    let inner = statement.at("NotStatement/Statement").unwrap();
    assert_eq!(inner, statement, "one node, not an endless tree");
    assert_eq!(statement.at("AndStatement/Statements/0/OrStatement/Statements/1"), Some(statement));
}

#[test]
fn extension_types_are_types() {
    let policy = resource_type("Sekisho::Account::PasswordPolicy").unwrap();
    let length = policy.properties().field("MinimumPasswordLength");
    assert_eq!(length.map(Shape::kind), Some(Kind::Integer));
    for name in ["S3PublicAccessBlock", "EbsEncryptionByDefault", "RootCredentials"] {
        assert!(resource_type(&format!("Sekisho::Account::{name}")).is_some(), "{name}");
    }
}
