//! The same environment gets the same verdicts in both languages: the cases of every control
//! are written as Terraform, as far as the mappings can be read backwards, and judged again.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that shows what it covers")]

#[path = "support/cases.rs"]
mod cases;
#[path = "support/inverse.rs"]
mod inverse;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cases::{case_config, cases, controls, read_cloudformation, template, verdicts};
use sekisho_assess::{Config, RunOptions, run};
use sekisho_estate::Estate;
use sekisho_guidance::{Control, Scope};
use sekisho_source_cloudformation as cloudformation;
use sekisho_source_terraform as terraform;
use serde_json::Value;

#[derive(Default)]
struct Tally {
    cases: usize,
    compared: usize,
    reasons: BTreeMap<String, usize>,
    defaults: Vec<String>,
    wrong: Vec<String>,
}

#[test]
fn every_case_of_every_control_that_can_be_written_as_terraform() {
    let mut tally = Tally::default();
    for (path, control) in controls() {
        for case in cases(&path) {
            tally.cases += 1;
            if let Err(reason) = compare(&control, &case, &mut tally) {
                *tally.reasons.entry(reason).or_default() += 1;
            }
        }
    }
    let share = 100 * tally.compared / tally.cases.max(1);
    println!("{} of {} cases compared ({share} %)", tally.compared, tally.cases);
    println!("differ by a default of the provider: {}", tally.defaults.len());
    for line in &tally.defaults {
        println!("  {line}");
    }
    let mut reasons: Vec<_> = tally.reasons.iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), *reason));
    for (reason, count) in reasons {
        println!("{count:5}  {reason}");
    }
    assert!(tally.wrong.is_empty(), "{} differ:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
    assert!(share >= 60, "only {share} % of the cases can be written as Terraform");
}

fn compare(control: &Control, case: &Value, tally: &mut Tally) -> Result<(), String> {
    if control.scope == Scope::Stack {
        return Err("text outside resources".into());
    }
    let complete_account = case.get("complete_account") == Some(&Value::Bool(true));
    let estate = read_cloudformation(&template(case).ok_or("no template")?, complete_account);
    let [stack] = &estate.stacks[..] else { return Err("not one stack".into()) };
    let written = inverse::write(stack)?;
    let config = case_config(case, &BTreeMap::new());
    let config_there = case_config(case, &written.addresses);
    let file =
        terraform::SourceFile { path: "root/main.tf.json".into(), bytes: written.text.clone().into_bytes() };
    let read = terraform::read(vec![file], &terraform::Memory::default(), &terraform::Options::default());
    let lost: Vec<String> =
        read.inputs.iter().flat_map(|i| &i.problems).filter(|p| p.loses).map(|p| p.message.clone()).collect();
    let mut there = Estate { complete_account, ..Estate::default() };
    terraform::lower::join(&mut there, read);

    tally.compared += 1;
    let expected = verdicts(&estate, control, &config);
    let found = verdicts(&there, control, &config_there);
    let name = format!("{}: {}", control.id, case["name"].as_str().unwrap_or("?"));
    for (id, (verdict, why)) in &expected {
        let address = written.addresses.get(id).cloned().unwrap_or_default();
        let actual = found.get(&address);
        if actual.is_some_and(|(actual, _)| actual == verdict) {
            continue;
        }
        let line = format!(
            "{name}: {id} is {verdict}, {address} is {}",
            actual.map_or("not judged", |(actual, _)| actual.as_str())
        );
        if written.defaults.is_empty() {
            tally.wrong.push(format!(
                "{line}\n    {}\n    {why}\n    {}\n    {lost:?}",
                written.text,
                actual.map_or("", |(_, why)| why.as_str())
            ));
        } else {
            tally.defaults.push(format!("{line} ({})", written.defaults.join(", ")));
        }
    }
    Ok(())
}

/// All files below a folder, with the path as it is shown.
fn files(folder: &Path, name: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let shown = format!("{name}/{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            found.extend(files(&path, &shown));
        } else {
            found.push((shown, fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// `RecordsBucket` as `records_bucket`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// A control and a resource whose verdicts differ, and why they do.
const DIFFER: [(&str, &str, &str); 2] = [
    (
        "cloudtrail-without-global-events",
        "old_trail",
        "the provider says true where nothing is written, CloudFormation says nothing",
    ),
    (
        "secret-written-in-template",
        "appointments_secret",
        "CloudFormation makes the password itself, Terraform hands over one that is made elsewhere",
    ),
];

/// Resources of one language alone.
const APART: [&str; 13] = [
    // Nested stacks are modules.
    "app",
    "data",
    "logging",
    "network",
    // A gateway names its network itself.
    "internet_attachment",
    "internet_gateway.vpc_id",
    // Policies of roles stand beside them.
    "read_encrypted_queue",
    "read_records",
    "write_flow_log",
    "write_reports",
    "write_trail",
    // One policy for each department, named by the block.
    "billing_reports_policy",
    "nursing_reports_policy",
];

/// The clinic of the examples: verdicts by control and resource are the same in both
/// languages, in production and in the environment for trying things out.
#[test]
fn the_clinic_is_judged_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/clinic");
    for env in ["prod", "dev"] {
        let templates = files(&folder.join("cloudformation"), "cf").into_iter();
        let templates =
            templates.map(|(path, bytes)| cloudformation::SourceFile { path, bytes, named: false }).collect();
        let parameters = vec![("Env".to_owned(), env.to_owned())];
        let here =
            cloudformation::read(templates, &cloudformation::Options { parameters, ..Default::default() });
        let modules = files(&folder.join("terraform"), "tf").into_iter();
        let modules = modules.map(|(path, bytes)| terraform::SourceFile { path, bytes }).collect();
        let variables = vec![("env".to_owned(), env.to_owned())];
        let options = terraform::Options { variables, ..Default::default() };
        let read = terraform::read(modules, &terraform::Memory::default(), &options);
        let lost: Vec<_> = read.inputs.iter().flat_map(|i| &i.problems).filter(|p| p.loses).collect();
        assert!(lost.is_empty(), "{lost:?}");
        let mut there = Estate::default();
        terraform::lower::join(&mut there, read);
        alike(env, &here, &there);
    }
}

type Table = BTreeMap<(String, String), (String, String)>;

/// Verdict and reason by control and by the name that both languages have:
/// `RecordsBucket` is `aws_s3_bucket.records_bucket`.
fn table(estate: &Estate) -> Table {
    let config = Config::default();
    let options = RunOptions { config: &config, everything: true, only: &[], built_in: true };
    let name = |id: sekisho_estate::ResourceId| {
        let id = estate.id(id);
        let last = id.rsplit_once("aws_").map_or(id, |(_, rest)| rest.split_once('.').map_or(rest, |r| r.1));
        let last = last.trim_end_matches("[0]");
        match last.strip_prefix("reports[\"").and_then(|key| key.strip_suffix("\"]")) {
            Some(key) if id.contains("_policy.") => format!("{}_reports_policy", snake(key)),
            Some(key) => format!("{}_reports", snake(key)),
            None => snake(last),
        }
    };
    let row = |j: &sekisho_assess::Judgement<'_>| {
        let id = j.resource?;
        let why = format!("{:?} {:?}", j.reason, j.worlds);
        Some(((j.control.id.to_string(), name(id)), (j.verdict.name().to_owned(), why)))
    };
    run(estate, &[], options).judgements.iter().filter_map(row).collect()
}

fn alike(env: &str, here: &Estate, there: &Estate) {
    let (ours, theirs) = (table(here), table(there));
    // What does not exist here is not judged in one language and does not apply in the other.
    let missing = |_: &(String, String)| ("not-applicable".to_owned(), String::new());
    let mut wrong = Vec::new();
    let mut compared = 0;
    let keys: std::collections::BTreeSet<&(String, String)> = ours.keys().chain(theirs.keys()).collect();
    for key in keys {
        let (control, resource) = (key.0.as_str(), key.1.as_str());
        let known = DIFFER.iter().any(|(c, r, _)| (*c, *r) == (control, resource));
        if known || APART.contains(&resource) {
            continue;
        }
        compared += 1;
        let (verdict, why) = ours.get(key).cloned().unwrap_or_else(|| missing(key));
        let (other, reason) = theirs.get(key).cloned().unwrap_or_else(|| missing(key));
        if verdict != other {
            wrong.push(format!(
                "{control} {resource}: {verdict} here, {other} there\n    {why}\n    {reason}"
            ));
        }
    }
    println!("{env}: {compared} verdicts on resources compared");
    assert!(compared > 400, "{env}: only {compared} verdicts");
    assert!(wrong.is_empty(), "{env}: {} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
}
