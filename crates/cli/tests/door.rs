//! The README shows what the program says: every line of its first example, in each language.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::Command;

/// Numbers change whenever a control comes; what the README shows is the rest.
fn without_numbers(line: &str) -> String {
    let mut out = String::new();
    for c in line.trim_end().chars() {
        match c {
            '0'..='9' if out.ends_with('0') => {}
            '0'..='9' => out.push('0'),
            c => out.push(c),
        }
    }
    out
}

#[test]
fn the_example_of_the_readme_is_what_the_program_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (page, language) in [("README.md", "en"), ("README.ja.md", "ja"), ("README.zh-TW.md", "zh-TW")] {
        let run = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args(["demo", "--lang", language])
            .env_remove("COLUMNS")
            .output()
            .unwrap();
        let said = String::from_utf8(run.stdout).unwrap();
        let mut said = said.lines().map(without_numbers);
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let example = text.split("\n```\n$ sekisho demo").nth(1).unwrap().split("\n```\n").next().unwrap();
        let shown = example.lines().skip(1).filter(|line| !line.trim().is_empty() && line.trim() != "…");
        for line in shown.map(without_numbers) {
            assert!(said.any(|said| said == line), "{page}: not said, or not in this order: {line}");
        }
    }
}
