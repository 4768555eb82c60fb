//! Worked examples: a template, a question, the verdict and the hops. The cases are data.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::collections::BTreeMap;

use sekisho_graph::Names;
use sekisho_network::engine::Answer;
use sekisho_network::{Assumptions, Network, ends};
use sekisho_source_cloudformation::{Options, SourceFile, read};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The constructs of `constructs.yaml` that it is the worked example of.
    #[serde(default)]
    shows: Vec<String>,
    /// Resources that several questions share, by the name of a set.
    #[serde(default)]
    base: Vec<String>,
    #[serde(default)]
    resources: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    parameters: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    on_premises: Vec<String>,
    ask: Vec<Ask>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    from: String,
    to: String,
    #[serde(default)]
    protocol: Option<String>,
    #[serde(default)]
    port: Option<String>,
    verdict: String,
    #[serde(default)]
    hops: Option<Vec<String>>,
    #[serde(default)]
    paths: Option<usize>,
    #[serde(default)]
    blocks: Option<Vec<String>>,
    #[serde(default)]
    doubts: Option<Vec<String>>,
    #[serde(default)]
    sources: Option<Vec<String>>,
    #[serde(default)]
    destinations: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    sets: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    cases: Vec<Case>,
}

fn words(answer: &Answer, ask: &Ask) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, found: Vec<String>, wanted: &Option<Vec<String>>| {
        if let Some(wanted) = wanted
            && found != *wanted
        {
            wrong.push(format!("{what}:\n      found {found:#?}\n      wanted {wanted:#?}"));
        }
    };
    let first = answer.paths.first();
    let hops = first.map_or(Vec::new(), |path| {
        path.hops
            .iter()
            .map(|hop| {
                let rule = hop.rule.as_ref().map_or(String::new(), |rule| format!(": {}", rule.text));
                let reply = if hop.reply { "reply " } else { "" };
                format!("{reply}{} {}{rule}", hop.step.name(), hop.item.name)
            })
            .collect()
    });
    let blocks = first.map_or(Vec::new(), |path| {
        let words = path.blocks.iter().map(|block| {
            let (change, text) = block.change.parts();
            let reply = if block.reply { "reply " } else { "" };
            format!("{reply}{} {}: {change} {text}", block.step.name(), block.item.name).trim_end().to_owned()
        });
        words.collect()
    });
    check("hops", hops, &ask.hops);
    check("blocks", blocks, &ask.blocks);
    let doubts = answer.doubts.iter().map(|d| format!("{}: {}", d.of, d.why)).collect();
    check("doubts", doubts, &ask.doubts);
    let sources =
        first.map_or(Vec::new(), |p| p.sources.iter().map(|&r| sekisho_network::space::show(r)).collect());
    check("sources", sources, &ask.sources);
    let destinations = first
        .map_or(Vec::new(), |p| p.destinations.iter().map(|&r| sekisho_network::space::show(r)).collect());
    check("destinations", destinations, &ask.destinations);
    if answer.verdict.name() != ask.verdict {
        wrong.push(format!(
            "verdict {}, wanted {}; doubts {:?}; blocks {:?}; sources {:?}",
            answer.verdict.name(),
            ask.verdict,
            answer.doubts,
            first.map(|p| &p.blocks),
            first.map(|p| &p.sources),
        ));
    }
    if let Some(paths) = ask.paths
        && paths != answer.paths.len()
    {
        wrong.push(format!("{} paths, wanted {paths}", answer.paths.len()));
    }
    wrong
}

fn load(path: &std::path::Path) -> File {
    let text = std::fs::read_to_string(path).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn files() -> Vec<std::path::PathBuf> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

fn run(path: &std::path::Path) -> Vec<String> {
    let file = load(path);
    let mut wrong = Vec::new();
    for case in file.cases {
        let mut resources: BTreeMap<String, serde_json::Value> = BTreeMap::new();
        for set in &case.base {
            resources.extend(file.sets[set].clone());
        }
        resources.extend(case.resources.clone());
        let template = serde_json::json!({"Parameters": case.parameters, "Resources": resources});
        let bytes = template.to_string().into_bytes();
        let estate =
            read(vec![SourceFile { path: "t.json".into(), bytes, named: true }], &Options::default());
        let names = Names::new(&estate);
        let on_premises = case.on_premises.iter().map(|t| ends::block_of(t).unwrap()).collect();
        let network = Network::new(&estate, &names, &Assumptions { on_premises });
        for ask in &case.ask {
            let end = |word: &str| network.named(&estate, word).map(|n| n.ends[0].clone());
            let services = ends::services(ask.protocol.as_deref(), ask.port.as_deref()).unwrap();
            let problems = match (end(&ask.from), end(&ask.to)) {
                (Ok(from), Ok(to)) => words(&network.reach(&from, &to, &services), ask),
                (from, to) => vec![format!("{:?} {:?}", from.err(), to.err())],
            };
            let head = format!(
                "{}: {}: {} -> {} {}",
                path.file_name().unwrap().to_string_lossy(),
                case.name,
                ask.from,
                ask.to,
                ask.port.as_deref().unwrap_or("")
            );
            wrong.extend(problems.into_iter().map(|problem| format!("{head}\n   {problem}")));
        }
    }
    wrong
}

#[test]
fn every_construct_has_the_hops_that_aws_describes() {
    let wrong: Vec<String> = files().iter().flat_map(|path| run(path)).collect();
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// What a worked example must show of a construct.
#[derive(Deserialize, Clone, Copy, PartialEq, Debug)]
#[serde(rename_all = "lowercase")]
enum Evidence {
    /// The expected hops of a path.
    Hops,
    /// What blocks, and the change that opens it.
    Blocks,
    /// It is not followed: the answer is unknown and names it.
    Doubts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Construct {
    name: String,
    by: Evidence,
    /// Types of which one resource must be named there, as a hop or an end.
    #[serde(default)]
    types: Vec<String>,
    /// A text that must stand there.
    #[serde(default)]
    text: Option<String>,
}

/// Why a case is no worked example of a construct.
fn lacks(
    construct: &Construct,
    case: &Case,
    sets: &BTreeMap<String, BTreeMap<String, serde_json::Value>>,
) -> bool {
    let own = case.base.iter().flat_map(|set| sets[set].iter()).chain(&case.resources);
    let of_type: Vec<&str> = own
        .filter(|(_, r)| construct.types.iter().any(|t| r["Type"] == t.as_str()))
        .map(|(id, _)| id.as_str())
        .collect();
    let shown = |ask: &Ask| {
        let lines = match construct.by {
            Evidence::Hops => &ask.hops,
            Evidence::Blocks => &ask.blocks,
            Evidence::Doubts => &ask.doubts,
        };
        let Some(lines) = lines.as_ref().filter(|lines| !lines.is_empty()) else { return false };
        let has_word = |id: &str| {
            lines.iter().any(|l| l.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == id))
        };
        (construct.types.is_empty() || of_type.iter().any(|id| has_word(id)))
            && construct
                .text
                .as_ref()
                .is_none_or(|text| lines.iter().any(|line| line.contains(text.as_str())))
    };
    !case.ask.iter().any(shown)
}

/// Every construct of the list has its worked example, and it shows what the list says.
#[test]
fn no_construct_is_without_its_worked_example() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/constructs.yaml");
    let constructs: Vec<Construct> = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut wrong: Vec<String> = Vec::new();
    for kind in constructs.iter().flat_map(|c| &c.types) {
        if sekisho_facts::resource_type(kind).is_none() {
            wrong.push(format!("no type {kind}"));
        }
    }
    let mut shown: Vec<String> = Vec::new();
    for path in files() {
        let file = load(&path);
        for case in &file.cases {
            for name in &case.shows {
                match constructs.iter().find(|c| c.name == *name) {
                    None => wrong.push(format!("{}: there is no construct {name}", case.name)),
                    Some(construct) if lacks(construct, case, &file.sets) => {
                        wrong
                            .push(format!("{}: {name} is not in its expected {:?}", case.name, construct.by));
                    }
                    Some(_) => shown.push(name.clone()),
                }
            }
        }
    }
    for construct in &constructs {
        if !shown.contains(&construct.name) {
            wrong.push(format!("{}: no worked example", construct.name));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
