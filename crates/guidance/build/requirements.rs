//! Reads the ledgers and packs them into one sorted table.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::Deserialize;

use crate::layout::{
    CATEGORY, CODES, ID, LINES, MISSING, MODERN, MORE, OLD_LINES, ROW, SECTION, SERVICE, STATEMENT, SUBJECT,
};
use crate::load;
use crate::words::{Basis, Level, Seed, Verify, Who};

/// A row of `hipaa.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // hints for authors stay in the file
struct HipaaRow {
    id: String,
    service: String,
    slug: String,
    section: String,
    seed: Seed,
    statement: String,
    category: String,
    who: Who,
    verify: Verify,
    cfn_types: Vec<String>,
    properties: Vec<String>,
    how: String,
    level: Level,
    basis: Basis,
    lines_001: Option<(u32, u32)>,
    lines_000: Option<(u32, u32)>,
}

/// A row of `bp.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // hints for authors stay in the file
struct PracticeRow {
    id: String,
    seed: Seed,
    section: String,
    table: Option<String>,
    statement: String,
    capability: String,
    who: Who,
    verify: Verify,
    cfn_types: Vec<String>,
    properties: Vec<String>,
    how: String,
    line: u32,
    outdated: bool,
    modern: Option<String>,
}

/// A requirement of either ledger.
pub struct Row {
    statement: String,
    subject: String,
    service: String,
    section: String,
    category: String,
    modern: String,
    seed: Seed,
    level: Option<Level>,
    basis: Option<Basis>,
    verify: Verify,
    who: Who,
    outdated: bool,
    lines: (u32, u32),
    old_lines: (u32, u32),
}

impl Row {
    pub fn level(&self) -> Option<Level> {
        self.level
    }

    /// The short name of its service, when it is about one.
    pub fn service(&self) -> Option<&str> {
        Some(self.service.as_str()).filter(|service| !service.is_empty())
    }

    /// The name of its service, or its capability.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The document it comes from.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// The heading of its section.
    pub fn section(&self) -> &str {
        &self.section
    }

    /// Its first line in the edition of 2018, or in the newest document that has it.
    pub fn first_line(&self, of_2018: bool) -> u32 {
        if of_2018 { self.old_lines.0 } else { self.lines.0 }
    }

    /// Category of the HIPAA paper, or capability of the best practices.
    pub fn topic(&self) -> &str {
        if self.category.is_empty() { &self.subject } else { &self.category }
    }
}

/// All requirements by id.
pub type Rows = BTreeMap<String, Row>;

pub fn read(folder: &Path) -> Result<Rows, String> {
    let mut rows = Rows::new();
    let file = folder.join("hipaa.jsonl");
    for row in lines::<HipaaRow>(&file)? {
        let newest = row.lines_001.or(row.lines_000);
        let lines = newest.ok_or_else(|| format!("{}: {}: no lines", file.display(), row.id))?;
        let entry = Row {
            statement: row.statement,
            subject: row.service,
            service: row.slug,
            section: row.section,
            category: row.category,
            modern: String::new(),
            seed: row.seed,
            level: Some(row.level),
            basis: Some(row.basis),
            verify: row.verify,
            who: row.who,
            outdated: false,
            lines,
            old_lines: row.lines_000.unwrap_or_default(),
        };
        add(&mut rows, &file, row.id, entry)?;
    }
    let file = folder.join("bp.jsonl");
    for row in lines::<PracticeRow>(&file)? {
        let entry = Row {
            statement: row.statement,
            subject: row.capability,
            service: String::new(),
            section: row.section,
            category: String::new(),
            modern: row.modern.unwrap_or_default(),
            seed: row.seed,
            level: None,
            basis: None,
            verify: row.verify,
            who: row.who,
            outdated: row.outdated,
            lines: (row.line, row.line),
            old_lines: (0, 0),
        };
        add(&mut rows, &file, row.id, entry)?;
    }
    let file = folder.join("bp-levels.yaml");
    let levels: BTreeMap<String, Level> = load::parse(&crate::read(&file)?)
        .map_err(|(at, e)| format!("{}:{}: {e}", file.display(), at.line()))?;
    for (id, level) in levels {
        let row = rows.get_mut(&id).filter(|row| row.level.is_none());
        let unknown = || format!("{}: `{id}` is no row without a level", file.display());
        row.ok_or_else(unknown)?.level = Some(level);
    }
    services(&folder.join("bp-services.yaml"), &mut rows)?;
    Ok(rows)
}

/// Services that the HIPAA paper has no section for.
const MORE_SERVICES: [&str; 2] = ["iam", "rds"];

/// Sets the service of rows of `bp.jsonl`.
fn services(file: &Path, rows: &mut Rows) -> Result<(), String> {
    let name = file.display();
    let lists: BTreeMap<String, String> =
        load::parse(&crate::read(file)?).map_err(|(at, e)| format!("{name}:{}: {e}", at.line()))?;
    let known: BTreeSet<String> = rows.values().map(|row| row.service.clone()).collect();
    for (service, ids) in lists {
        if !known.contains(&service) && !MORE_SERVICES.contains(&service.as_str()) {
            let names: Vec<_> = known.iter().map(String::as_str).chain(MORE_SERVICES).collect();
            return Err(format!("{name}: {}", load::unknown("service", &service, &names)));
        }
        for id in ids.split_whitespace() {
            let row = rows.get_mut(id).filter(|row| row.service.is_empty());
            row.ok_or_else(|| format!("{name}: `{id}` is no row without a service"))?
                .service
                .clone_from(&service);
        }
    }
    Ok(())
}

fn lines<T: for<'de> Deserialize<'de>>(file: &Path) -> Result<Vec<T>, String> {
    let text = crate::read(file)?;
    let parse =
        |(i, line)| serde_json::from_str(line).map_err(|e| format!("{}:{}: {e}", file.display(), i + 1));
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}

fn add(rows: &mut Rows, file: &Path, id: String, row: Row) -> Result<(), String> {
    if rows.contains_key(&id) {
        return Err(format!("{}: `{id}` is there twice", file.display()));
    }
    rows.insert(id, row);
    Ok(())
}

/// The table and the strings it points into.
pub struct Packed {
    pub words: Vec<u8>,
    pub strings: String,
}

#[derive(Default)]
struct Strings {
    text: String,
    known: HashMap<String, (u32, u32)>,
}

impl Strings {
    fn add(&mut self, text: &str) -> Result<(u32, u32), String> {
        if let Some(place) = self.known.get(text) {
            return Ok(*place);
        }
        let number = |n: usize| u32::try_from(n).map_err(|e| e.to_string());
        let place = (number(self.text.len())?, number(text.len())?);
        self.text.push_str(text);
        self.known.insert(text.to_owned(), place);
        Ok(place)
    }
}

pub fn pack(rows: &Rows) -> Result<Packed, String> {
    let mut strings = Strings::default();
    let mut words = Vec::new();
    for (id, row) in rows {
        let mut packed = [0u32; ROW];
        let texts = [
            (ID, id),
            (STATEMENT, &row.statement),
            (SUBJECT, &row.subject),
            (SERVICE, &row.service),
            (SECTION, &row.section),
            (CATEGORY, &row.category),
            (MODERN, &row.modern),
        ];
        for (at, text) in texts {
            (packed[at], packed[at + 1]) = strings.add(text)?;
        }
        let level = row.level.map_or(MISSING, |level| level as u32);
        let basis = row.basis.map_or(MISSING, |basis| basis as u32);
        packed[CODES] = row.seed as u32 | level << 8 | basis << 16 | (row.verify as u32) << 24;
        packed[MORE] = row.who as u32 | u32::from(row.outdated) << 8;
        (packed[LINES], packed[LINES + 1]) = row.lines;
        (packed[OLD_LINES], packed[OLD_LINES + 1]) = row.old_lines;
        words.extend(packed.iter().flat_map(|word| word.to_le_bytes()));
    }
    Ok(Packed { words, strings: strings.text })
}
