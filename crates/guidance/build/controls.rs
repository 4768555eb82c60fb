//! Reads the control files and writes them as Rust statics.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::control::{Control, Text, Words};
use crate::load::{self, Known};
use crate::requirements::Rows;
use crate::words::{Level, Scope};

struct Ours<'a>(&'a Rows);

impl Known for Ours<'_> {
    fn built_in(&self) -> bool {
        true
    }

    fn level(&self, requirement: &str) -> Option<Option<Level>> {
        self.0.get(requirement).map(|row| row.level())
    }

    fn requirements(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The crate's tests check the types, because here the facts are not at hand.
    fn type_fault(&self, _: &str) -> Option<String> {
        None
    }
}

/// A case, as far as it is counted here; the tests read all of it.
#[derive(Deserialize)]
struct Case {
    verdict: String,
}

/// The cases of each control as Rust source, in the order of the controls: their file, and how
/// many expect each verdict.
pub fn cases(folder: &Path, controls: &BTreeMap<String, Control>) -> Result<String, String> {
    let mut files = BTreeMap::new();
    for service in entries(folder)? {
        for file in entries(&service)? {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(id) = name.strip_suffix(".test.yaml") {
                files.insert(id.to_owned(), file);
            }
        }
    }
    let mut out = String::from("pub(crate) static CASES: &[Cases] = &[\n");
    for id in controls.keys() {
        let file = files.get(id).ok_or_else(|| format!("{id}.test.yaml is missing"))?;
        let cases: Vec<Case> = load::parse(&crate::read(file)?)
            .map_err(|(at, e)| format!("{}:{}:{}: {e}", file.display(), at.line(), at.column()))?;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for case in &cases {
            *counts.entry(&case.verdict).or_default() += 1;
        }
        let counts: Vec<_> = counts.into_iter().collect();
        let service =
            file.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
        let _ = writeln!(
            out,
            "    Cases {{ file: \"guidance/controls/{service}/{id}.test.yaml\", verdicts: &{counts:?} }},"
        );
    }
    Ok(out + "];\n")
}

/// All controls, by id.
pub fn read(folder: &Path, rows: &Rows) -> Result<BTreeMap<String, Control>, String> {
    let mut controls = BTreeMap::new();
    for service in entries(folder)? {
        for file in entries(&service)? {
            let name = file.display().to_string();
            match name.strip_suffix(".yaml") {
                None => return Err(format!("{name}: not a .yaml file")),
                Some(stem) if stem.ends_with(".test") => continue,
                Some(stem) if !Path::new(&format!("{stem}.test.yaml")).exists() => {
                    return Err(format!("{name}: `{stem}.test.yaml` is missing"));
                }
                Some(_) => {}
            }
            let control = load::control(&Ours(rows), &name, &crate::read(&file)?)
                .map_err(|problem| problem.to_string())?;
            if let Some(other) = controls.insert(control.id.to_string(), control) {
                return Err(format!("{name}: there are two controls `{}`", other.id));
            }
        }
    }
    Ok(controls)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let list = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<_> = list.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

/// The controls and their indices as Rust source.
pub fn statics(controls: &BTreeMap<String, Control>) -> String {
    let mut out = String::from("pub(crate) static CONTROLS: &[Control] = &[\n");
    let mut by_type: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut by_scope: BTreeMap<Scope, Vec<usize>> = BTreeMap::new();
    for (i, control) in controls.values().enumerate() {
        for ty in control.applies.iter() {
            by_type.entry(ty).or_default().push(i);
        }
        by_scope.entry(control.scope).or_default().push(i);
        constant(&mut out, control);
    }
    out.push_str("];\n\npub(crate) static BY_TYPE: &[(&str, &[u16])] = &[\n");
    for (ty, list) in by_type {
        let _ = writeln!(out, "    ({ty:?}, &{list:?}),");
    }
    out.push_str("];\n\n");
    for scope in Scope::ALL {
        let list = by_scope.get(scope).map_or(&[][..], Vec::as_slice);
        let name = scope.name().to_uppercase();
        let _ = writeln!(out, "pub(crate) static {name}_SCOPE: &[u16] = &{list:?};");
    }
    out
}

fn constant(out: &mut String, control: &Control) {
    let _ = writeln!(
        out,
        "    Control {{
        id: {}, applies: {}, scope: Scope::{:?}, named: {}, when: {},
        pass_if: {}, satisfies: {}, told_at_target: {},
        harm: Harm::{:?}, reach: Reach::{:?}, confidence: Confidence::{:?}, since: {},
        title: {},
        why: {},
        fix: Fix {{ text: {}, cloudformation: {}, terraform: {} }},
        references: {},
    }},",
        cow(&control.id),
        list(&control.applies),
        control.scope,
        pairs(&control.named),
        option(control.when.as_ref()),
        cow(&control.pass_if),
        list(&control.satisfies),
        match control.told_at_target {
            Some(told) => format!("Some(ToldAtTarget::{told:?})"),
            None => "None".to_owned(),
        },
        control.harm,
        control.reach,
        control.confidence,
        cow(&control.since),
        text(&control.title),
        text(&control.why),
        text(&control.fix.text),
        option(control.fix.cloudformation.as_ref()),
        option(control.fix.terraform.as_ref()),
        list(&control.references),
    );
}

fn cow(words: &str) -> String {
    format!("Cow::Borrowed({words:?})")
}

fn option(words: Option<&Words>) -> String {
    words.map_or_else(|| "None".to_owned(), |words| format!("Some({})", cow(words)))
}

fn list(words: &[Words]) -> String {
    let items: Vec<_> = words.iter().map(|item| cow(item)).collect();
    format!("Cow::Borrowed(&[{}])", items.join(", "))
}

fn pairs(words: &[(Words, Words)]) -> String {
    let items: Vec<_> = words.iter().map(|(a, b)| format!("({}, {})", cow(a), cow(b))).collect();
    format!("Cow::Borrowed(&[{}])", items.join(", "))
}

fn text(text: &Text) -> String {
    format!("Text {{ en: {}, ja: {}, zh_tw: {} }}", cow(&text.en), cow(&text.ja), cow(&text.zh_tw))
}
