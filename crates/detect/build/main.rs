//! Packs `facts/hand/detectors` into the binary. A fault in the data is a build error that says
//! where it is and what was likely meant.

#![expect(clippy::print_stdout, reason = "how a build script speaks to cargo")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::Deserialize;

#[path = "../../facts/src/suggest.rs"]
mod suggest;

/// Names of checks, as `src/check.rs` has them.
const CHECKS: [(&str, &str); 11] = [
    ("ssn", "Ssn"),
    ("npi", "Npi"),
    ("dea", "Dea"),
    ("mbi", "Mbi"),
    ("my-number", "MyNumber"),
    ("jp-insurer", "JpInsurer"),
    ("tw-id", "TwId"),
    ("date", "Date"),
    ("email", "Email"),
    ("icd10", "Icd10"),
    ("name", "Name"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    kind: String,
    label: Sentence,
    hipaa: char,
    shapes: Vec<String>,
    check: Option<String>,
    context: Words,
    #[serde(default)]
    person: bool,
    needs: Option<String>,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentence {
    en: String,
    ja: String,
    #[serde(rename = "zh-TW")]
    zh_tw: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    word: Vec<String>,
    part: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    patient: Words,
    english_given: String,
    english_family: String,
    japanese_family: String,
    chinese_family: String,
    not_names: String,
    placeholders: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    kind: String,
    label: Sentence,
    needs: Vec<String>,
    pattern: String,
    confidence: String,
}

fn main() {
    if let Err(message) = run() {
        eprintln!("detectors: {message}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("not run by cargo")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("not run by cargo")?);
    let folder = manifest.join("../../facts/hand/detectors");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=../facts/src/suggest.rs");
    let kinds: Vec<Kind> = read(&folder.join("identifiers.yaml"))?;
    let people: People = read(&folder.join("people.yaml"))?;
    let credentials: Vec<Credential> = read(&folder.join("credentials.yaml"))?;
    let text = rust(&kinds, &people)? + &secrets(&credentials)?;
    fs::write(out.join("data.rs"), text).map_err(|e| e.to_string())
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, String> {
    let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    serde_saphyr::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))
}

fn rust(kinds: &[Kind], people: &People) -> Result<String, String> {
    let mut out = String::from("pub(crate) static KINDS: &[Kind] = &[\n");
    let mut seen = BTreeSet::new();
    let mut words: Vec<(String, bool, String)> = Vec::new();
    for (at, kind) in kinds.iter().enumerate() {
        let name = &kind.kind;
        if !seen.insert(name) {
            return Err(format!("`{name}` is there twice"));
        }
        let check = match &kind.check {
            None => "None".to_owned(),
            Some(check) => match CHECKS.iter().find(|(known, _)| known == check) {
                Some((_, variant)) => format!("Some(Check::{variant})"),
                None => {
                    let near = suggest::did_you_mean(check, CHECKS.iter().map(|(known, _)| *known));
                    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                    return Err(format!("{name}: unknown check `{check}`{near}"));
                }
            },
        };
        let confidence = confidence(name, &kind.confidence)?;
        let needs_person = match kind.needs.as_deref() {
            None => false,
            Some("person") => true,
            Some(other) => return Err(format!("{name}: `needs: {other}`; only `person` is known")),
        };
        if kind.shapes.is_empty() && kind.check.is_none() {
            return Err(format!("{name}: neither a shape nor a check"));
        }
        let _ = writeln!(
            out,
            "    Kind {{ id: {name:?}, label: [{:?}, {:?}, {:?}], hipaa: {:?}, shapes: &{:?}, check: {check}, by_person: {}, needs_person: {needs_person}, confidence: Confidence::{confidence} }},",
            kind.label.en, kind.label.ja, kind.label.zh_tw, kind.hipaa, kind.shapes, kind.person,
        );
        collect(&kind.context, &format!("About::Kind({at})"), &mut words);
    }
    out.push_str("];\n");
    collect(&people.patient, "About::Patient", &mut words);
    let _ = writeln!(out, "pub(crate) static WORDS: &[Word] = &[");
    for (text, whole, about) in &words {
        let _ = writeln!(out, "    Word {{ text: {text:?}, whole: {whole}, about: {about} }},");
    }
    out.push_str("];\n");
    for (name, list) in [
        ("ENGLISH_GIVEN", &people.english_given),
        ("ENGLISH_FAMILY", &people.english_family),
        ("JAPANESE_FAMILY", &people.japanese_family),
        ("CHINESE_FAMILY", &people.chinese_family),
        ("NOT_NAMES", &people.not_names),
    ] {
        let sorted: BTreeSet<&str> = list.split_whitespace().collect();
        let _ = writeln!(out, "pub(crate) static {name}: &[&str] = &{:?};", Vec::from_iter(sorted));
    }
    let sorted: BTreeSet<&str> = people.placeholders.iter().map(String::as_str).collect();
    let _ = writeln!(out, "pub(crate) static PLACEHOLDERS: &[&str] = &{:?};", Vec::from_iter(sorted));
    Ok(out)
}

/// The credentials, the surest first: what is less sure says less of the same text.
fn secrets(kinds: &[Credential]) -> Result<String, String> {
    let mut out = format!("pub(crate) static CREDENTIALS: [CredentialKind; {}] = [\n", kinds.len());
    let mut seen = BTreeSet::new();
    let mut sorted: Vec<&Credential> = kinds.iter().collect();
    sorted.sort_by_key(|kind| kind.confidence != "high");
    for kind in sorted {
        let name = &kind.kind;
        if !seen.insert(name) {
            return Err(format!("`{name}` is there twice"));
        }
        let _ = writeln!(
            out,
            "    CredentialKind {{ id: {name:?}, label: [{:?}, {:?}, {:?}], confidence: Confidence::{}, needs: &{:?}, pattern: std::sync::LazyLock::new(|| regex::Regex::new({:?}).ok()) }},",
            kind.label.en,
            kind.label.ja,
            kind.label.zh_tw,
            confidence(name, &kind.confidence)?,
            kind.needs,
            kind.pattern,
        );
    }
    out.push_str("];\n");
    Ok(out)
}

fn confidence(name: &str, text: &str) -> Result<&'static str, String> {
    match text {
        "high" => Ok("High"),
        "medium" => Ok("Medium"),
        "low" => Ok("Low"),
        other => Err(format!("{name}: confidence `{other}` is none of high, medium, low")),
    }
}

fn collect(context: &Words, about: &str, words: &mut Vec<(String, bool, String)>) {
    for (list, whole) in [(&context.word, true), (&context.part, false)] {
        words.extend(list.iter().map(|word| (word.clone(), whole, about.to_owned())));
    }
}
