//! The wings of the clinic (`examples/clinic/wings`): the same design as it was found and as it was
//! mended, in both languages. Every family of controls is shown failing and passing, what fails is
//! what the comments say, and both languages get the same verdicts.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that shows what it covers")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const LANGUAGES: [&str; 2] = ["cloudformation", "terraform"];

/// A family that one of the languages cannot show, and why. A family is a folder of
/// `guidance/controls`.
const ONE_LANGUAGE: [(&str, &str, &str); 0] = [];

/// What is not decided in the good design, and why it is not.
const NOT_DECIDED: [(&str, &str, &str); 2] = [
    ("service-not-eligible-for-phi", "prescription_cache", "the list of AWS does not name DAX"),
    ("emr-open-to-plain-connections", "cohorts", "paths from a client VPN are not analysed"),
];

/// Resources of one language alone, and why they are.
const APART: [(&str, &str); 24] = [
    ("continuity", "a nested stack is a module"),
    ("desks", "a nested stack is a module"),
    ("foundation", "a nested stack is a module"),
    ("imaging", "a nested stack is a module"),
    ("network", "a nested stack is a module"),
    ("portal", "a nested stack is a module"),
    ("records", "a nested stack is a module"),
    ("research", "a nested stack is a module"),
    ("ward", "a nested stack is a module"),
    ("internet_attachment", "a gateway names its network itself"),
    ("internet_gateway.vpc_id", "a gateway names its network itself"),
    ("pulse_watch_log", "a block of the application"),
    ("pulse_watch.cloudwatch_logging_options", "a block of the application"),
    ("contact/security", "an answer of the AWS CLI has no name in a template"),
    ("security", "an answer of the AWS CLI has no name in a template"),
    ("archive policy", "policies of roles stand beside them"),
    ("book", "policies of roles stand beside them"),
    ("help", "policies of roles stand beside them"),
    ("keep_scans", "policies of roles stand beside them"),
    ("read_letters", "policies of roles stand beside them"),
    ("read_prescriptions", "policies of roles stand beside them"),
    ("read_records", "policies of roles stand beside them"),
    ("write_flow_log", "policies of roles stand beside them"),
    ("write_trail", "policies of roles stand beside them"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn wings() -> PathBuf {
    root().join("examples/clinic/wings")
}

/// The family of every control.
fn families() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in fs::read_dir(root().join("guidance/controls")).unwrap().map(|entry| entry.unwrap().path()) {
        let family = folder.file_name().unwrap().to_string_lossy().into_owned();
        for file in fs::read_dir(&folder).unwrap() {
            let name = file.unwrap().file_name().to_string_lossy().into_owned();
            if let Some(id) = name.strip_suffix(".yaml").filter(|id| !id.ends_with(".test")) {
                found.insert(id.to_owned(), family.clone());
            }
        }
    }
    assert!(found.len() > 300, "only {} controls", found.len());
    found
}

/// A verdict: the control, the resource if it is about one, and where that stands.
struct Judged {
    control: String,
    verdict: String,
    kind: String,
    address: Option<String>,
    file: Option<String>,
}

/// What the command of the example says, every verdict of it.
fn scan(language: &str, design: &str) -> Vec<Judged> {
    let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .current_dir(wings())
        .args(["scan", &format!("{language}/{design}"), "--format", "json", "--verdicts", "all"])
        // The day decides whether waivers and agreements still count.
        .args(["--today", "2026-11-25"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    for input in report["inputs"].as_array().unwrap() {
        assert_eq!(input["problems"], Value::Array(vec![]), "{}", input["path"]);
        assert_eq!(input["status"], "read", "{}", input["path"]);
    }
    assert_eq!(report["summary"]["unresolved_references"], 0);
    assert_eq!(report["summary"]["unknown_types"], Value::Array(vec![]));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let verdicts = report["verdicts"].as_array().unwrap().iter();
    verdicts
        .map(|v| Judged {
            control: text(&v["control"]).unwrap(),
            verdict: text(&v["verdict"]).unwrap(),
            kind: text(&v["resource"]["type"]).unwrap_or_default(),
            address: (v["scope"] == "resource").then(|| text(&v["resource"]["address"]).unwrap()),
            file: text(&v["resource"]["origin"]["file"]),
        })
        .collect()
}

/// `RecordsBucket` as `records_bucket`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && small {
            out.push('_');
        }
        small = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    out
}

/// The name that a resource has in both languages.
fn name(judged: &Judged) -> String {
    let Some(address) = &judged.address else { return "account".to_owned() };
    let id = address.rsplit_once('#').map_or(address.as_str(), |(_, id)| id);
    let own = id.rsplit_once("aws_").or_else(|| id.rsplit_once("awscc_"));
    let Some((_, typed)) = own.filter(|_| id.contains('.')) else { return snake(id) };
    let own = typed.split_once('.').map_or(typed, |(_, name)| name);
    // A block of a resource, its number aside.
    let own = own.split_once('[').map_or(own, |(name, _)| name);
    match (own, judged.kind.as_str()) {
        ("archive", "AWS::IAM::RolePolicy") => "archive policy".to_owned(),
        _ => own.to_owned(),
    }
}

#[test]
fn every_family_fails_in_the_bad_design_and_passes_in_the_good_one() {
    let families = families();
    let all: BTreeSet<&str> = families.values().map(String::as_str).collect();
    for language in LANGUAGES {
        let excused = |family: &str| ONE_LANGUAGE.iter().any(|(f, l, _)| *f == family && *l != language);
        for (design, verdict) in [("bad", "fail"), ("good", "pass")] {
            let found = scan(language, design);
            let shown: Vec<&Judged> = found.iter().filter(|j| j.verdict == verdict).collect();
            let there: BTreeSet<&str> = shown.iter().map(|j| families[&j.control].as_str()).collect();
            let missing: Vec<&&str> = all.difference(&there).filter(|family| !excused(family)).collect();
            let controls: BTreeSet<&str> = shown.iter().map(|j| j.control.as_str()).collect();
            println!(
                "{language}/{design}: {} of {} families, {} of {} controls {verdict}",
                there.len(),
                all.len(),
                controls.len(),
                families.len()
            );
            assert!(missing.is_empty(), "{language}/{design}: no control has `{verdict}` in {missing:?}");
        }
    }
}

#[test]
fn nothing_fails_in_the_good_design() {
    for language in LANGUAGES {
        let found = scan(language, "good");
        let wrong: Vec<String> = found
            .iter()
            .filter(|j| j.verdict == "fail")
            .map(|j| format!("{} {}", j.control, name(j)))
            .collect();
        assert!(wrong.is_empty(), "{language}: {wrong:#?}");
        let open: BTreeSet<(String, String)> =
            found.iter().filter(|j| j.verdict == "unknown").map(|j| (j.control.clone(), name(j))).collect();
        let told = NOT_DECIDED.iter().map(|(c, r, _)| ((*c).to_owned(), (*r).to_owned())).collect();
        assert_eq!(open, told, "{language}: what is not decided");
    }
}

/// Controls that the comments of a file name.
fn named(text: &str, families: &BTreeMap<String, String>) -> BTreeSet<String> {
    let comments = text.lines().filter(|line| line.trim_start().starts_with('#'));
    let words = comments.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'));
    words.filter(|word| families.contains_key(*word)).map(str::to_owned).collect()
}

/// The files below a folder that can carry comments, by the path that findings show.
fn files(folder: &Path, shown: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let shown = format!("{shown}/{}", entry.file_name().unwrap().to_string_lossy());
        if entry.is_dir() {
            found.extend(files(&entry, &shown));
        } else if entry.extension().is_some_and(|ending| ending != "json") {
            found.push((shown, fs::read_to_string(&entry).unwrap()));
        }
    }
    found
}

#[test]
fn what_fails_in_the_bad_design_is_what_its_comments_say() {
    let families = families();
    for language in LANGUAGES {
        let mut failing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        // What is about the account, or stands in an answer of the AWS CLI, has no place of its own.
        let mut elsewhere = BTreeSet::new();
        for judged in scan(language, "bad").into_iter().filter(|j| j.verdict == "fail") {
            match judged.file.filter(|file| !file.ends_with(".json")) {
                Some(file) => failing.entry(file).or_default().insert(judged.control),
                None => elsewhere.insert(judged.control),
            };
        }
        let mut all = BTreeSet::new();
        let mut faults = Vec::new();
        for (file, text) in files(&wings().join(language).join("bad"), &format!("{language}/bad")) {
            let named = named(&text, &families);
            let here = failing.remove(&file).unwrap_or_default();
            faults.extend(here.difference(&named).map(|c| format!("{file}: {c} fails and is not named")));
            let quiet = named.difference(&here).filter(|c| !elsewhere.contains(*c));
            faults.extend(quiet.map(|c| format!("{file}: {c} is named and does not fail")));
            all.extend(named);
        }
        faults.extend(elsewhere.difference(&all).map(|c| format!("{language}: {c} fails and is not named")));
        faults.extend(failing.keys().map(|file| format!("{file}: not a file of the example")));
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn both_languages_get_the_same_verdicts() {
    let apart = |name: &str| APART.iter().any(|(known, _)| *known == name);
    for design in ["good", "bad"] {
        let table = |language: &str| {
            let mut table = BTreeMap::new();
            for judged in scan(language, design) {
                let name = name(&judged);
                if !apart(&name) {
                    let verdict = judged.verdict.clone();
                    let before = table.insert((judged.control.clone(), name.clone()), verdict);
                    // What is about the text of a stack is judged stack by stack.
                    let again = judged.address.is_none() && before.as_ref() == Some(&judged.verdict);
                    assert!(before.is_none() || again, "{language}/{design}: two are called {name}");
                }
            }
            table
        };
        let (here, there) = (table("cloudformation"), table("terraform"));
        let keys: BTreeSet<_> = here.keys().chain(there.keys()).collect();
        let missing = "not judged".to_owned();
        let wrong: Vec<String> = keys
            .iter()
            .map(|key| (key, here.get(key).unwrap_or(&missing), there.get(key).unwrap_or(&missing)))
            .filter(|(_, here, there)| here != there)
            .map(|((control, name), here, there)| format!("{control} {name}: {here} / {there}"))
            .collect();
        println!("{design}: {} verdicts compared", keys.len());
        assert!(keys.len() > 1000, "{design}: only {} verdicts", keys.len());
        assert!(
            wrong.is_empty(),
            "{design}: {} of {} differ:\n{}",
            wrong.len(),
            keys.len(),
            wrong.join("\n")
        );
    }
}
