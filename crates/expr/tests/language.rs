//! What expressions mean: the tables of `cases/*.yaml`, row by row.
//!
//! A case is a resource with what surrounds it, and a table of expressions. A row says
//! what the expression gives:
//! `true`, `false`, `unknown CODE`, `not-applicable` — the verdict over all worlds, with `?`
//! behind it where it is not certain; `{Env=a: true, Env=b: false}` the worlds, in order;
//! `[value /A, absent /B]` the evidence; `= VALUE` the value of an expression of any type.

mod support;

use std::fmt::Write as _;

use bumpalo::Bump;
use sekisho_estate::{Estate, json::Limits, yaml};
use sekisho_expr::{Outcome, ResourceRef, Truth};
use support::spec::Yaml;
use support::{THIS, TestHost, build, judge, program};

fn truth(truth: Truth) -> &'static str {
    match truth {
        Truth::Pass => "true",
        Truth::Fail => "false",
        Truth::Unknown => "unknown",
        Truth::NotApplicable => "not-applicable",
    }
}

fn show(outcome: &Outcome<String>, worlds: bool, evidence: bool) -> String {
    let mut out = truth(outcome.truth).to_owned();
    if let (Truth::Unknown, Some(reason)) = (outcome.truth, &outcome.reason) {
        write!(out, " {}", reason.code.name()).expect("a string takes all");
    }
    if !outcome.certain {
        out.push('?');
    }
    if worlds {
        let worlds: Vec<String> =
            outcome.worlds.iter().map(|w| format!("{}: {}", w.when, truth(w.truth))).collect();
        write!(out, " {{{}}}", worlds.join(", ")).expect("a string takes all");
    }
    if evidence {
        write!(out, " [{}]", outcome.evidence.join(", ")).expect("a string takes all");
    }
    out
}

/// The value of an expression of any type in the default world, in words.
fn value(estate: &Estate, host: &TestHost, expression: &str) -> Result<String, String> {
    // As the only element of a list, because a literal by itself is no step.
    let listed = format!("[{expression}\n]");
    let program = program(estate, &format!("{listed} == null"), true).map_err(|e| e.to_string())?;
    let bump = Bump::new();
    let explained = program.explain(estate, host, Some(ResourceRef::new(estate, THIS)), &bump);
    let steps = &explained.first().expect("a world").pass_if;
    let step = steps.iter().find(|s| (s.span.start, s.span.end) == (0, listed.len())).expect("the list");
    Ok(step.value[1..step.value.len() - 1].to_owned())
}

fn row(estate: &Estate, host: &TestHost, expression: &str, expected: &str) -> Result<(), String> {
    let actual = if expected.starts_with("= ") {
        format!("= {}", value(estate, host, expression)?)
    } else {
        let program = program(estate, expression, false).map_err(|e| e.to_string())?;
        show(&judge(estate, host, &program), expected.contains('{'), expected.contains('['))
    };
    if actual == expected { Ok(()) } else { Err(actual) }
}

#[test]
fn tables() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let (mut rows, mut wrong) = (0, String::new());
    let mut files: Vec<_> =
        folder.read_dir().expect("the folder of cases").map(|e| e.expect("a file").path()).collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let document = yaml::read(text, Limits::default()).unwrap_or_else(|(e, _)| panic!("{file:?}: {e:?}"));
        assert_eq!(document.duplicates, [], "{file:?}");
        let root = Yaml { tree: &document.tree, node: document.root };
        for case in root.items() {
            let name = case.get("name").and_then(Yaml::text).expect("a name");
            let (estate, host) = (build::estate(&case.stack()), TestHost::from_yaml(case));
            let table = case.get("table").and_then(Yaml::text).expect("a table");
            for line in
                table.lines().filter(|l| !l.trim_start().is_empty() && !l.trim_start().starts_with('#'))
            {
                let (expression, expected) =
                    line.split_once(" -> ").unwrap_or_else(|| panic!("{name}: {line}"));
                rows += 1;
                if let Err(actual) = row(&estate, &host, expression.trim(), expected.trim()) {
                    let place = file.file_name().unwrap_or_default().display();
                    writeln!(
                        wrong,
                        "{place}: {name}\n  {}\n    expected {}\n    actual   {actual}",
                        expression.trim(),
                        expected.trim()
                    )
                    .expect("a string takes all");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(rows > 300, "only {rows} rows were found");
}
