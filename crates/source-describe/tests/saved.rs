//! Saved answers: which files are recognized, what they become, what is said of bad ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_estate::json::Limits;
use sekisho_estate::{Estate, InputStatus};
use sekisho_graph::Names;
use sekisho_network::{Assumptions, End, Network, Verdict, ends};
use sekisho_source_describe::{Saved, is_saved, read};

fn clinic() -> Estate {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/clinic/describe");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(is_saved(&bytes), "{}", path.display());
        files.push(Saved { path: path.file_name().unwrap().to_string_lossy().into_owned(), bytes });
    }
    let mut estate = Estate::default();
    read(files, Limits::default(), &mut estate);
    estate
}

fn one(text: &str) -> Estate {
    let mut estate = Estate::default();
    read(vec![Saved { path: "a.json".into(), bytes: text.into() }], Limits::default(), &mut estate);
    estate
}

#[test]
fn the_clinic_is_read_whole_and_its_network_answers() {
    let estate = clinic();
    for input in &estate.inputs {
        assert_eq!(input.status, InputStatus::Read, "{}: {:?}", input.path, input.problems);
    }
    let names = Names::new(&estate);
    let network = Network::new(&estate, &names, &Assumptions::default());
    let end = |word: &str| network.named(&estate, word).unwrap().ends[0].clone();
    let tcp = |port: &str| ends::services(Some("tcp"), Some(port)).unwrap();
    for (from, to, port, verdict) in [
        ("internet", "i-0reception", "3389", Verdict::Reachable),
        ("internet", "i-0portal", "8443", Verdict::Reachable),
        ("internet", "i-0portal", "22", Verdict::Blocked),
        ("internet", "portal", "443", Verdict::Reachable),
        ("i-0portal", "records", "5432", Verdict::Reachable),
        ("i-0reception", "records", "5432", Verdict::Blocked),
        ("internet", "records", "5432", Verdict::Blocked),
    ] {
        let answer = network.reach(&end(from), &end(to), &tcp(port));
        assert_eq!(answer.verdict, verdict, "{from} -> {to} {port}: {:?}", answer.doubts);
    }
    // The portal goes out by the NAT gateway; the records have a group that lets nothing out.
    assert_eq!(network.reach(&end("i-0portal"), &End::internet(), &tcp("443")).verdict, Verdict::Reachable);
    assert_eq!(network.reach(&end("records"), &End::internet(), &tcp("443")).verdict, Verdict::Blocked);
}

#[test]
fn an_answer_is_known_by_its_content() {
    for (text, is) in [
        (r#"{"Vpcs": []}"#, true),
        (r#"  {"SecurityGroups" : [ {"GroupId": "sg-1"} ] }"#, true),
        (r#"{"TargetGroupArn": "x", "TargetHealthDescriptions": []}"#, true),
        (r#"{"AlternateContact": {"AlternateContactType": "SECURITY"}}"#, true),
        (r#"{"Status": 200, "AccountInfo": {"AccountName": "a"}}"#, true),
        (r#"{"Status": 200, "Other": {}}"#, false),
        (r#"{"AlternateContact": []}"#, false),
        (r#"{"Resources": {}}"#, false),
        (r#"{"Parameters": []}"#, false),
        (r#"[1]"#, false),
        ("Resources: {}", false),
    ] {
        assert_eq!(is_saved(text.as_bytes()), is, "{text}");
    }
}

#[test]
fn what_is_lost_is_said() {
    for (text, words) in [
        (r#"{"Vpcs": [{"CidrBlock": "10.0.0.0/16"}]}"#, "a VPC without VpcId"),
        (r#"{"Vpcs": [], "NextToken": "x"}"#, "another page"),
        (r#"{"TargetHealthDescriptions": [{"Target": {"Id": "i-1"}}]}"#, "add the key TargetGroupArn"),
        (r#"{"Vpcs": [}"#, "not valid JSON"),
        (r#"{"Vpcs": [], "Widgets": []}"#, "Widgets is not read"),
        (r#"{"AccountInfo": {}}"#, "a subscription to QuickSight without AccountName"),
        (r#"{"AlternateContact": {}}"#, "an alternate contact without AlternateContactType"),
    ] {
        let estate = one(text);
        let input = &estate.inputs[0];
        assert!(input.problems.iter().any(|p| p.message.contains(words)), "{text}: {:?}", input.problems);
        assert_ne!(input.status, InputStatus::Read, "{text}");
    }
}

#[test]
fn what_an_answer_does_not_tell_is_unknown_not_absent() {
    let estate = one(r#"{"DBInstances": [{"DBInstanceIdentifier": "a", "Engine": "mysql"}]}"#);
    let stack = &estate.stacks[0];
    let database = stack.resources.iter().find(|r| stack.text(r.id) == "a").unwrap();
    let told = stack.tree.get(database.properties, "StorageEncrypted").unwrap();
    assert!(matches!(stack.tree.node(told), sekisho_estate::Node::Unknown(_)));
    let stated = stack.tree.get(database.properties, "Engine").unwrap();
    assert_eq!(stack.tree.string(stated), Some("mysql"));
}

#[test]
fn what_is_one_for_an_account_is_read() {
    for (text, kind, property, value) in [
        (
            r#"{"Status": 200, "AccountInfo": {"AccountName": "a", "Edition": "STANDARD", "AuthenticationType": "IDENTITY_POOL"}, "RequestId": "r"}"#,
            "Sekisho::Account::QuickSightSubscription",
            "Edition",
            "STANDARD",
        ),
        (
            r#"{"AlternateContact": {"AlternateContactType": "SECURITY", "Name": "desk"}}"#,
            "Sekisho::Account::AlternateContact",
            "AlternateContactType",
            "SECURITY",
        ),
    ] {
        let estate = one(text);
        assert_eq!(estate.inputs[0].status, InputStatus::Read, "{:?}", estate.inputs[0].problems);
        let stack = &estate.stacks[0];
        let [resource] = &stack.resources[..] else { panic!("{text}") };
        assert_eq!(stack.text(resource.type_name), kind);
        let told = stack.tree.get(resource.properties, property).unwrap();
        assert_eq!(stack.tree.string(told), Some(value));
    }
}
