//! Turns the message catalogues into functions: a message is called with its arguments, so
//! that a missing or misspelt one does not compile, one that nobody uses is dead code, and
//! nothing is parsed when the program starts.
#![expect(clippy::print_stdout, reason = "how a build script speaks to cargo")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Languages, in the order of the arms.
const LANGUAGES: [(&str, &str); 3] = [("en", "En"), ("ja", "Ja"), ("zh-TW", "ZhTw")];
/// Groups whose messages are found by a name that the program has in its data.
const TABLES: [&str; 22] = [
    "step",
    "answer",
    "change",
    "reason",
    "found",
    "remedy",
    "verdict",
    "severity",
    "confidence",
    "label",
    "notice",
    "document",
    "level",
    "harm",
    "reach",
    "fault",
    "encryption",
    "moves",
    "origin",
    "category",
    "cost",
    "layer",
];

/// A sentence of data in each language.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentence {
    en: String,
    ja: String,
    #[serde(rename = "zh-TW")]
    zh_tw: String,
}

type Catalogue = BTreeMap<String, BTreeMap<String, String>>;

fn main() {
    if let Err(message) = run() {
        eprintln!("messages: {message}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("not run by cargo")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("not run by cargo")?);
    let folder = manifest.join("../../guidance/text");
    println!("cargo::rerun-if-changed=build");
    let mut catalogues = Vec::new();
    for (language, _) in LANGUAGES {
        let file = folder.join(format!("messages.{language}.yaml"));
        println!("cargo::rerun-if-changed={}", file.display());
        let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let catalogue: Catalogue =
            serde_saphyr::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))?;
        catalogues.push(catalogue);
    }
    let rust = rust(&catalogues)? + &facts(&folder.join("facts.yaml"))?;
    fs::write(out.join("messages.rs"), rust).map_err(|e| e.to_string())
}

/// Sentences of data, found by their English form.
fn facts(file: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", file.display());
    let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let rows: Vec<Sentence> =
        serde_saphyr::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut sorted = BTreeMap::new();
    for row in rows {
        if let Some(twice) = sorted.insert(row.en.clone(), [row.en, row.ja, row.zh_tw]) {
            return Err(format!("{}: `{}` stands there twice", file.display(), twice[0]));
        }
    }
    let mut out = format!("static FACTS: &[(&str, [&str; {}])] = &[\n", LANGUAGES.len());
    for (english, texts) in sorted {
        let _ = writeln!(out, "    ({english:?}, {texts:?}),");
    }
    Ok(out + "];\n")
}

fn rust(catalogues: &[Catalogue]) -> Result<String, String> {
    let mut out = String::new();
    let mut methods = String::from("impl Say {\n");
    check_keys(catalogues)?;
    for (group, messages) in &catalogues[0] {
        let table = TABLES.contains(&group.as_str());
        if table {
            let name = group.to_uppercase();
            let _ = writeln!(out, "static {name}: &[(&str, [&str; {}])] = &[", LANGUAGES.len());
        }
        for (key, english) in messages {
            let wanted = placeholders(english).map_err(|e| format!("{group}.{key}: {e}"))?;
            let mut texts = Vec::new();
            for (catalogue, (language, _)) in catalogues.iter().zip(LANGUAGES) {
                let text = catalogue[group][key].trim_end();
                let found = placeholders(text).map_err(|e| format!("{language}: {group}.{key}: {e}"))?;
                let mut sorted = (wanted.clone(), found);
                sorted.0.sort_unstable();
                sorted.1.sort_unstable();
                if sorted.0 != sorted.1 {
                    return Err(format!("{language}: {group}.{key}: has {:?}, not {:?}", sorted.1, sorted.0));
                }
                texts.push(text);
            }
            if table {
                if wanted.iter().any(|name| name != "subject") {
                    return Err(format!("{group}.{key}: only {{subject}} can stand here"));
                }
                let _ = writeln!(out, "    ({key:?}, {texts:?}),");
            } else {
                method(&mut methods, &format!("{group}_{key}"), &wanted, &texts);
            }
        }
        if table {
            out.push_str("];\n");
        }
    }
    methods.push_str("}\n");
    Ok(out + &methods)
}

fn method(out: &mut String, name: &str, arguments: &[String], texts: &[&str]) {
    let name = name.replace('-', "_");
    let parameters: String =
        arguments.iter().map(|argument| format!(", {argument}: impl std::fmt::Display")).collect();
    let (result, open, close) =
        if arguments.is_empty() { ("&'static str", "", "") } else { ("String", "format!(", ")") };
    let _ =
        writeln!(out, "    pub(crate) fn {name}(self{parameters}) -> {result} {{\n        match self.0 {{");
    for (text, (_, variant)) in texts.iter().zip(LANGUAGES) {
        let _ = writeln!(out, "            Language::{variant} => {open}{text:?}{close},");
    }
    out.push_str("        }\n    }\n");
}

/// The names in braces, in order.
fn placeholders(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let after = &rest[at..];
        let end = after.strip_prefix('{').and_then(|inner| inner.find('}'));
        let end = end.ok_or("a brace without its partner")?;
        let name = &after[1..=end];
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Err(format!("`{{{name}}}` is no placeholder"));
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        rest = &after[end + 2..];
    }
    Ok(names)
}

fn check_keys(catalogues: &[Catalogue]) -> Result<(), String> {
    let keys = |catalogue: &Catalogue| -> Vec<String> {
        let groups = catalogue.iter();
        groups
            .flat_map(|(group, messages)| messages.keys().map(move |key| format!("{group}.{key}")))
            .collect()
    };
    let english = keys(&catalogues[0]);
    for (catalogue, (language, _)) in catalogues.iter().zip(LANGUAGES).skip(1) {
        let theirs = keys(catalogue);
        if let Some(missing) = english.iter().find(|key| !theirs.contains(key)) {
            return Err(format!("{language}: `{missing}` is missing"));
        }
        if let Some(extra) = theirs.iter().find(|key| !english.contains(key)) {
            return Err(format!("{language}: `{extra}` is not in the English messages"));
        }
    }
    Ok(())
}
