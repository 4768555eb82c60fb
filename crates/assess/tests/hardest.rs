//! The requirements that are hardest to get right, each with an example that meets it, one
//! that does not, and one that cannot be decided (`tests/flows/hardest.yaml`).
//!
//! A line of `hops` is `From -> To: encryption` or `From -> To: encryption; fault, fault`,
//! or `From -/> To` where PHI must not get from one to the other. A line of `verdicts` is
//! `control Resource: verdict`. A line of `sides` is `Resource front: encrypted`. What no input can
//! show is a row of `not_answered`: no verdict may say that it is met.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_assess::{Analyses, Config, RunOptions, run};
use sekisho_phi::{Aspect, Model, Protection, Question};
use sekisho_source_cloudformation::{Options, SourceFile, read};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    about: String,
    rows: Vec<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    is: Is,
    name: String,
    #[serde(default)]
    config: Value,
    resources: Option<Value>,
    template: Option<Value>,
    #[serde(default)]
    hops: Vec<String>,
    #[serde(default)]
    sides: Vec<String>,
    #[serde(default)]
    verdicts: Vec<String>,
    /// Rows that no verdict may claim.
    #[serde(default)]
    not_answered: Vec<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
enum Is {
    Good,
    Bad,
    Undecided,
}

#[test]
fn the_hardest_requirements() {
    let text = include_str!("flows/hardest.yaml");
    let requirements: Vec<Requirement> = serde_saphyr::from_str(text).unwrap();
    assert_eq!(requirements.len(), 25);
    let mut wrong = Vec::new();
    for requirement in &requirements {
        for row in &requirement.rows {
            assert!(sekisho_guidance::requirement(row).is_some(), "{}: no row {row}", requirement.about);
        }
        for kind in [Is::Good, Is::Bad, Is::Undecided] {
            let has = requirement.cases.iter().any(|case| case.is == kind);
            assert!(has, "{}: no example that is {kind:?}", requirement.about);
        }
        for case in &requirement.cases {
            let expected = [&case.hops, &case.verdicts, &case.sides, &case.not_answered];
            assert!(
                expected.iter().any(|lines| !lines.is_empty()),
                "{}: {}: nothing is expected",
                requirement.about,
                case.name
            );
            for message in check(case) {
                wrong.push(format!("{} / {}: {message}", requirement.about, case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(case: &Case) -> Vec<String> {
    let mut config: Config = if case.config.is_null() {
        Config::default()
    } else {
        serde_json::from_value(case.config.clone()).unwrap()
    };
    config.today = Some("2026-11-25".into());
    let template = match (&case.template, &case.resources) {
        (Some(template), None) => template.clone(),
        (None, Some(resources)) => json!({ "Resources": resources }),
        _ => panic!("{}: either template or resources", case.name),
    };
    let file = SourceFile { path: "t.json".into(), bytes: template.to_string().into_bytes(), named: true };
    let options = Options {
        region: config.scope.region.clone(),
        account: config.scope.account.clone(),
        complete_account: config.scope.complete_account,
        ..Options::default()
    };
    let estate = read(vec![file], &options);
    let mut wrong = Vec::new();
    let analyses = Analyses::new(&estate, &config);
    for line in &case.hops {
        wrong.extend(hop(analyses.flow(), line));
    }
    for line in &case.sides {
        wrong.extend(side(analyses.flow(), line));
    }
    let run_options = RunOptions { config: &config, everything: true, only: &[], built_in: true };
    let assessment = run(&estate, &[], run_options);
    for row in &case.not_answered {
        assert!(sekisho_guidance::requirement(row).is_some(), "{}: no row {row}", case.name);
        let mut claims = assessment.judgements.iter().filter(|j| {
            j.verdict == sekisho_assess::Verdict::Pass && j.control.satisfies.iter().any(|s| **s == **row)
        });
        wrong.extend(claims.next().map(|j| format!("{row}: {} claims it", j.control.id)));
    }
    for line in &case.verdicts {
        let (subject, wanted) = line.rsplit_once(": ").unwrap();
        let (control, resource) = subject.split_once(' ').unwrap();
        let found = assessment
            .judgements
            .iter()
            .find(|j| j.control.id == control && j.resource.is_none_or(|id| estate.id(id) == resource));
        let actual = found.map_or("not-asked", |j| j.verdict.name());
        if actual != wanted {
            wrong.push(format!("{line}: is {actual} ({:?})", found.map(|j| &j.reason)));
        }
    }
    wrong
}

fn hop(model: &Model<'_>, line: &str) -> Option<String> {
    let estate = model.estate;
    if let Some((from, to)) = line.split_once(" -/> ") {
        let question = Question { from: model.find(from), to: model.find(to), ..Question::default() };
        assert!(!question.from.is_empty(), "{line}: no {from}");
        let (paths, _) = model.paths(&question, 1);
        return (!question.to.is_empty() && !paths.is_empty()).then(|| format!("{line}: there is a path"));
    }
    let (ends, wanted) = line.split_once(": ").unwrap();
    let (from, to) = ends.split_once(" -> ").unwrap();
    let mut shown: Vec<String> = Vec::new();
    for node in model.find(from) {
        for edge in model.graph.leaving(node) {
            if model.graph.nodes.get(model.graph.edge(edge).to).name(estate) != to {
                continue;
            }
            let hop = model.hop(edge);
            let told = |name: &&&'static str| {
                !["plain", "left-to-application", "encryption-unknown"].contains(*name)
            };
            let names: Vec<&'static str> = hop.faults.iter().map(|fault| fault.name()).collect();
            let faults: Vec<&str> = names.iter().filter(told).copied().collect();
            let carried = if hop.level.is_some() { "" } else { " without PHI" };
            let more = if faults.is_empty() { String::new() } else { format!("; {}", faults.join(", ")) };
            shown.push(format!("{}{carried}{more}", hop.encryption.name()));
        }
    }
    (!shown.iter().any(|shown| shown == wanted)).then(|| format!("{line}: is {shown:?}"))
}

fn side(model: &Model<'_>, line: &str) -> Option<String> {
    let (subject, wanted) = line.split_once(": ").unwrap();
    let (resource, aspect) = subject.split_once(' ').unwrap();
    let aspect = match aspect {
        "front" => Aspect::Front,
        "back" => Aspect::Back,
        "logs" => Aspect::Logs,
        "results" => Aspect::Results,
        "copies" => Aspect::Copies,
        "failed" => Aspect::Failed,
        "notices" => Aspect::Notices,
        other => panic!("no side {other}"),
    };
    let node = *model.find(resource).first().unwrap_or_else(|| panic!("no {resource}"));
    let edges = model.aspect(node, aspect);
    let actual = match model.protection(&edges) {
        None => "none",
        Some(Protection::Encrypted) => "encrypted",
        Some(Protection::Undecided) => "undecided",
        Some(Protection::Plain) => "plain",
    };
    (actual != wanted).then(|| {
        let names: Vec<String> = edges
            .iter()
            .map(|&edge| model.graph.nodes.get(model.graph.edge(edge).to).name(model.estate))
            .collect();
        format!("{line}: is {actual} ({})", names.join(", "))
    })
}
