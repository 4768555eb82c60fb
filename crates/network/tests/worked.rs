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

fn run(path: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let file: File = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
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
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let wrong: Vec<String> = files.iter().flat_map(|path| run(path)).collect();
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
