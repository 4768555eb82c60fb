//! Every row is resolved once, and `guidance/resolution.yaml` agrees with the controls.
//!
//! When controls come or go, `SEKISHO_UPDATE=1 cargo test -p sekisho-guidance --test resolution`
//! moves the rows that can be moved without thinking, and lists the others.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sekisho_guidance::{
    Basis, Item, Level, Resolution, ResolutionKind, Room, answered_by, controls, coverage, requirement,
    resolution,
};

fn guidance() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guidance")
}

/// Whether a duty stands behind the row that its section does not state.
fn is_not_stated(item: &Item) -> bool {
    matches!(item.requirement.basis, Some(Basis::Derived | Basis::GeneralDuty))
}

/// What the file and the controls disagree about.
#[derive(Default, Debug)]
struct Differences {
    /// Rows that a control names now.
    answered: Vec<&'static str>,
    /// Rows of `control.own` that no control names any more.
    unanswered: Vec<&'static str>,
    /// What somebody has to decide.
    to_decide: Vec<String>,
}

fn differences() -> Differences {
    let named: BTreeSet<&str> =
        controls().iter().flat_map(|control| control.satisfies.iter().map(AsRef::as_ref)).collect();
    let mut found = Differences::default();
    for item in coverage().items {
        let id = item.requirement.id;
        let answered = named.contains(id);
        match item.resolution {
            Resolution::Control { .. } if is_not_stated(&item) => {
                found
                    .to_decide
                    .push(format!("{id}: its section does not state it; put it under `alternative-of`"));
            }
            Resolution::Control { through: None } if !answered => found.unanswered.push(id),
            Resolution::Control { through: Some(row) } if item.by.is_empty() => {
                found.to_decide.push(format!("{id}: no control answers {row}"));
            }
            Resolution::Control { .. } | Resolution::AlternativeOf(_) => {}
            _ if !answered => {}
            Resolution::AnalysisPending(_) | Resolution::Fact if !is_not_stated(&item) => {
                found.answered.push(id)
            }
            other => {
                let names: Vec<_> = item.by.iter().map(|control| control.id.as_ref()).collect();
                let kind = other.kind();
                found.to_decide.push(format!("{id}: {} name(s) it, and it is `{kind}`", names.join(", ")));
            }
        }
    }
    found
}

#[test]
fn the_file_agrees_with_the_controls() {
    let found = differences();
    let moves = found.answered.len() + found.unanswered.len();
    if std::env::var_os("SEKISHO_UPDATE").is_some() {
        let file = guidance().join("resolution.yaml");
        let mut text = Document::read(&fs::read_to_string(&file).unwrap());
        found.answered.iter().for_each(|id| text.put(id, "  own: >"));
        found.unanswered.iter().for_each(|id| text.put(id, "  controls: >"));
        fs::write(&file, text.write()).unwrap();
        assert!(
            found.to_decide.is_empty(),
            "moved {moves} rows; left to decide:\n{}",
            found.to_decide.join("\n")
        );
        return;
    }
    assert!(
        moves == 0 && found.to_decide.is_empty(),
        "guidance/resolution.yaml is behind the controls.\n\
         answered by a control now: {}\nanswered by no control any more: {}\nto decide:\n{}\n\
         SEKISHO_UPDATE=1 cargo test -p sekisho-guidance --test resolution moves the first two",
        found.answered.join(" "),
        found.unanswered.join(" "),
        found.to_decide.join("\n"),
    );
}

#[test]
fn every_row_is_resolved_once() {
    let coverage = coverage();
    assert_eq!(coverage.rows, 709 + 883);
    assert_eq!(coverage.by_resolution.iter().map(|(_, count)| count).sum::<usize>(), coverage.rows);
    assert_eq!(coverage.by_resolution.len(), ResolutionKind::ALL.len());
    for item in &coverage.items {
        assert_eq!(resolution(item.requirement.id), Some(item.resolution));
        assert_eq!(answered_by(item.requirement.id), item.by);
    }
    assert!(resolution("hipaa/s3/33").is_none() && answered_by("hipaa/s3/33").is_empty());
    // The file has each id as a word of its own, once.
    let text = fs::read_to_string(guidance().join("resolution.yaml")).unwrap();
    let document = Document::read(&text);
    let ids: Vec<&str> =
        document.blocks.iter().flat_map(|block| block.ids.iter().map(String::as_str)).collect();
    assert_eq!(ids.len(), coverage.rows);
    let canonical = document.write() == text || std::env::var_os("SEKISHO_UPDATE").is_some();
    assert!(
        canonical,
        "the ids in guidance/resolution.yaml are not in the order in which the update writes them"
    );
}

#[test]
fn a_demand_is_not_a_mere_fact() {
    for item in coverage().items {
        let level = item.requirement.level;
        let fact = item.resolution == Resolution::Fact;
        assert!(!(fact && level.is_some_and(Level::can_fail)), "{}", item.requirement.id);
    }
}

#[test]
fn rows_stand_under_demands() {
    for item in coverage().items {
        let (Resolution::AlternativeOf(row) | Resolution::Control { through: Some(row) }) = item.resolution
        else {
            continue;
        };
        assert!(
            requirement(row).unwrap().level.is_none_or(Level::can_fail),
            "{} under {row}",
            item.requirement.id
        );
    }
    assert_eq!(resolution("hipaa/s3/1"), Some(Resolution::AlternativeOf("hipaa/intro/13")));
    assert_eq!(resolution("bp/tx-log/1"), Some(Resolution::AnalysisPending(Room::Trail)));
    let trail = answered_by("hipaa/acm/2");
    assert!(trail.iter().any(|control| control.id == "cloudtrail-not-logging"), "{trail:?}");
}

#[test]
fn an_update_moves_a_row_and_keeps_the_rest() {
    let text = "# x\ncontrol:\n  own: >\n    hipaa/s3/3\nanalysis-pending:\n  controls: >\n    hipaa/ecs/10 bp/net/5\n";
    let mut document = Document::read(text);
    document.put("bp/net/5", "  own: >");
    document.put("hipaa/ecs/10", "  own: >");
    let expected =
        "# x\ncontrol:\n  own: >\n    hipaa/ecs/10 hipaa/s3/3 bp/net/5\nanalysis-pending:\n  controls: >\n";
    assert_eq!(document.write(), expected);
}

/// The file as lines and blocks of ids.
struct Document {
    lines: Vec<String>,
    blocks: Vec<Block>,
    order: BTreeMap<String, usize>,
}

/// The ids below a line that ends with `: >`.
struct Block {
    header: usize,
    indent: usize,
    ids: Vec<String>,
}

impl Document {
    fn read(text: &str) -> Self {
        let mut document = Self { lines: Vec::new(), blocks: Vec::new(), order: groups() };
        let mut open = false;
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            match document.blocks.last_mut().filter(|block| open && indent >= block.indent) {
                Some(block) => block.ids.extend(line.split_whitespace().map(str::to_owned)),
                None => {
                    open = line.ends_with(": >");
                    if open {
                        let header = document.lines.len();
                        document.blocks.push(Block { header, indent: indent + 2, ids: Vec::new() });
                    }
                    document.lines.push(line.to_owned());
                }
            }
        }
        document
    }

    /// Moves a row into the block with this header.
    fn put(&mut self, id: &str, header: &str) {
        for block in &mut self.blocks {
            block.ids.retain(|other| other != id);
            if self.lines[block.header] == header {
                block.ids.push(id.to_owned());
            }
        }
    }

    fn write(&self) -> String {
        let key = |id: &String| {
            let (group, number) = id.rsplit_once('/').unwrap();
            (self.order.get(group).copied(), number.parse::<u32>().unwrap())
        };
        let mut out = String::new();
        for (at, line) in self.lines.iter().enumerate() {
            out.push_str(line);
            out.push('\n');
            let Some(block) = self.blocks.iter().find(|block| block.header == at) else { continue };
            let mut ids = block.ids.clone();
            ids.sort_by_key(key);
            let margin = " ".repeat(block.indent);
            let mut row = String::new();
            for id in ids {
                if !row.is_empty() && row.len() + 1 + id.len() > 100 {
                    out.push_str(&row);
                    out.push('\n');
                    row.clear();
                }
                row.push_str(if row.is_empty() { &margin } else { " " });
                row.push_str(&id);
            }
            if !row.is_empty() {
                out.push_str(&row);
                out.push('\n');
            }
        }
        out
    }
}

/// The groups of ids (`hipaa/s3`) in the order of the ledgers.
fn groups() -> BTreeMap<String, usize> {
    let mut order = BTreeMap::new();
    for name in ["hipaa.jsonl", "bp.jsonl"] {
        let text = fs::read_to_string(guidance().join("requirements").join(name)).unwrap();
        for line in text.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let (group, _) = row["id"].as_str().unwrap().rsplit_once('/').unwrap();
            let next = order.len();
            order.entry(group.to_owned()).or_insert(next);
        }
    }
    order
}
