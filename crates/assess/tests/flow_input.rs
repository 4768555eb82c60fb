//! The flow graph over input that is odd, broken or large: it ends, and tells what it does not
//! follow.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sekisho_assess::{Analyses, Config, RunOptions, run};
use sekisho_estate::Estate;
use sekisho_phi::{Model, Question};
use sekisho_source_cloudformation::Options;
use serde_json::{Map, Value, json};

fn read(template: &Value) -> Estate {
    support::estate(&[("t.json", &template.to_string())], &Options::default())
}

fn declared(names: &[&str]) -> Config {
    serde_json::from_value(json!({"phi": {"resources": names}})).unwrap()
}

/// Paths of a question as names joined with arrows, and how many there are.
fn paths(model: &Model<'_>, question: &Question) -> (Vec<String>, usize) {
    let (paths, total) = model.paths(question, 100);
    let name = |node| model.graph.nodes.get(node).name(model.estate);
    let lines = paths.iter().map(|path| {
        let mut line = name(model.graph.edge(path.edges[0]).from);
        path.edges.iter().for_each(|edge| write!(line, " > {}", name(model.graph.edge(*edge).to)).unwrap());
        line
    });
    (lines.collect(), total)
}

fn replicated(to: &str) -> Value {
    let rule = json!({"Status": "Enabled", "Destination": {"Bucket": {"Fn::GetAtt": [to, "Arn"]}}});
    json!({"Type": "AWS::S3::Bucket", "Properties": {
        "VersioningConfiguration": {"Status": "Enabled"},
        "ReplicationConfiguration": {"Role": "arn:aws:iam::111122223333:role/r", "Rules": [rule]}}})
}

#[test]
fn a_ring_of_copies_is_followed_once_around() {
    let estate =
        read(&json!({"Resources": {"A": replicated("B"), "B": replicated("C"), "C": replicated("A")}}));
    let config = declared(&["A"]);
    let analyses = Analyses::new(&estate, &config);
    let model = analyses.flow();
    let (found, total) = paths(model, &Question::default());
    // A path is told to its end: where it comes back to its start.
    assert_eq!((found, total), (vec!["A > B > C > A".to_owned()], 1));
    let from_b = Question { from: model.find("B"), to: model.find("A"), ..Question::default() };
    assert_eq!(paths(model, &from_b).0, ["B > C > A"]);
    for (name, label) in [("A", "declared"), ("B", "evidenced"), ("C", "evidenced")] {
        assert_eq!(model.label_of(model.find(name)[0]).0.name(), label, "{name}");
    }
}

#[test]
fn a_flow_into_itself_is_no_path_unless_it_is_asked_for() {
    let mut own = replicated("A");
    own["Properties"]["LoggingConfiguration"] = json!({"DestinationBucketName": {"Ref": "A"}});
    let dead =
        json!({"deadLetterTargetArn": "arn:aws:sqs:ap-northeast-1:111122223333:again", "maxReceiveCount": 3});
    let queue =
        json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "again", "RedrivePolicy": dead}});
    let estate = read(&json!({"Resources": {"A": own, "Q": queue}}));
    let config = declared(&["A", "Q"]);
    let analyses = Analyses::new(&estate, &config);
    let model = analyses.flow();
    let own = |node: &str| {
        let node = model.find(node)[0];
        model.graph.leaving(node).filter(|edge| model.graph.edge(*edge).to == node).count()
    };
    assert!(own("A") > 0 && own("Q") > 0, "the edges are there");
    assert_eq!(paths(model, &Question::default()), (vec![], 0));
    // Its copies and its logs.
    let again = Question { from: model.find("A"), to: model.find("A"), ..Question::default() };
    assert_eq!(paths(model, &again), (vec!["A > A".to_owned(), "A > A".to_owned()], 2));
    // Nor does a scan go round in it.
    let options = RunOptions { config: &config, everything: true, only: &[], built_in: true };
    assert!(!run(&estate, &[], options).judgements.is_empty());
}

#[test]
fn what_leads_nowhere_is_told_by_name() {
    let targets = [
        ("Missing", json!({"Fn::GetAtt": ["Nobody", "Arn"]})),
        ("Elsewhere", json!("arn:aws:sqs:eu-central-1:444455556666:their-queue")),
        ("Named", json!({"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:not-here"})),
        ("Imported", json!({"Fn::ImportValue": "nobody-exports-this"})),
        ("Given", json!({"Ref": "Target"})),
        ("Nonsense", json!("not an arn")),
    ];
    let queue = |target: &Value| json!({"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {"deadLetterTargetArn": target, "maxReceiveCount": 3}}});
    let resources: Map<String, Value> =
        targets.iter().map(|(name, target)| ((*name).to_owned(), queue(target))).collect();
    let estate = read(&json!({"Parameters": {"Target": {"Type": "String"}}, "Resources": resources}));
    let config = declared(&["*"]);
    let analyses = Analyses::new(&estate, &config);
    let model = analyses.flow();
    for (name, _) in targets {
        let node = model.find(name)[0];
        let gaps = model.graph.gaps.iter().filter(|gap| estate.id(gap.holder) == name).count();
        let open = model.graph.leaving(node).filter(|edge| model.graph.edge(*edge).unresolved).count();
        assert!(gaps + open > 0, "{name} is dropped");
    }
}

#[test]
fn types_that_nobody_knows_are_counted() {
    let estate = read(&json!({"Resources": {
        "Odd": {"Type": "AWS::Nothing::Store", "Properties": {"TargetArn": {"Fn::GetAtt": ["Q", "Arn"]}}},
        "Other": {"Type": "AWS::Nothing::Store", "Properties": {}},
        "Own": {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Ref": "Odd"}}},
        "Shapeless": {"Type": 7},
        "Rule": {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Id": "a", "Arn": {"Fn::GetAtt": ["Odd", "Arn"]}}]}},
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {}}}}));
    let config = declared(&["Q", "Odd"]);
    let options = RunOptions { config: &config, everything: true, only: &[], built_in: true };
    let assessment = run(&estate, &[], options);
    assert_eq!(assessment.unknown_types, [("AWS::Nothing::Store".to_owned(), 2)]);
    let analyses = Analyses::new(&estate, &config);
    let model = analyses.flow();
    // The event goes to it all the same.
    let rule = model.find("Rule")[0];
    let to: Vec<String> = model
        .graph
        .leaving(rule)
        .map(|edge| model.graph.nodes.get(model.graph.edge(edge).to).name(&estate))
        .collect();
    assert!(
        to.contains(&"Odd".to_owned()) || model.graph.gaps.iter().any(|gap| estate.id(gap.holder) == "Rule"),
        "{to:?}"
    );
}

/// Something at a path of names joined with `/`; `*` becomes a key.
fn at(path: &str, value: &Value) -> Value {
    let mut built = value.clone();
    for step in path.rsplit('/') {
        built = json!({ if step == "*" { "Any" } else { step }: built });
    }
    built
}

#[test]
fn every_kind_of_flow_bears_every_shape() {
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for name in sekisho_facts::resource_type_names() {
        rows.extend(sekisho_facts::flows(name).iter().filter(|row| !row.api).map(|row| (name, row.path)));
    }
    assert!(rows.len() > 400, "{}", rows.len());
    let long = "x".repeat(100_000);
    for value in [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(""),
        json!(long),
        json!("arn:"),
        json!("arn:aws:s3:::"),
        json!("arn:aws:sqs:*:*:*"),
        json!("http://"),
        json!("://[::"),
        json!([[[["deep"]]]]),
        json!({"Fn::Join": ["", ["arn:aws:", {"Ref": "AWS::Region"}]]}),
        json!({"Fn::If": ["None", "a", {"Ref": "AWS::NoValue"}]}),
        json!({"Fn::GetAtt": ["R0", "Arn"]}),
        json!({"Ref": "R1"}),
        json!({"Any": {"Any": [1, {"Any": null}]}}),
    ] {
        let resources: Map<String, Value> = rows
            .iter()
            .enumerate()
            .map(|(n, (name, path))| (format!("R{n}"), json!({"Type": name, "Properties": at(path, &value)})))
            .collect();
        let estate = read(&json!({"Resources": resources}));
        let config = Config::default();
        let analyses = Analyses::new(&estate, &config);
        let model = analyses.flow();
        let (found, total) = model.paths(&Question::default(), 50);
        assert!(found.len() <= 50 && found.len() <= total);
        // No path meets a node twice.
        for path in &found {
            let to: Vec<u32> = path.edges.iter().map(|edge| model.graph.edge(*edge).to.0).collect();
            assert_eq!(to.iter().collect::<BTreeSet<_>>().len(), to.len());
        }
    }
}

#[test]
fn a_template_of_a_hundred_thousand_stores_in_a_ring_ends() {
    const COUNT: usize = 100_000;
    let mut text = String::from("{\"Resources\":{");
    for n in 0..COUNT {
        let next = (n + 1) % COUNT;
        write!(
            text,
            "{}\"Q{n}\":{{\"Type\":\"AWS::SQS::Queue\",\"Properties\":{{\"RedrivePolicy\":{{\"deadLetterTargetArn\":{{\"Fn::GetAtt\":[\"Q{next}\",\"Arn\"]}},\"maxReceiveCount\":3}}}}}}",
            if n == 0 { "" } else { "," }
        )
        .unwrap();
    }
    text.push_str("}}");
    let estate = support::estate(&[("t.json", &text)], &Options::default());
    let config = declared(&["Q0"]);
    let analyses = Analyses::new(&estate, &config);
    let model = analyses.flow();
    let (found, total) = model.paths(&Question::default(), 3);
    assert_eq!((found.len(), total), (1, 1));
    assert_eq!(found[0].edges.len(), COUNT, "every queue is met once, and the first again");
    let last = Question { to: model.find(&format!("Q{}", COUNT - 1)), ..Question::default() };
    assert_eq!(model.paths(&last, 1).0[0].edges.len(), COUNT - 1);
}
