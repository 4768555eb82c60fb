//! Reads `text/labels.yaml` and writes it as a sorted Rust table.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::load;
use crate::words::{Assurance, Holding, RecordKind, ResolutionKind, Room, Standing, Who};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    en: String,
    ja: String,
    #[serde(rename = "zh-TW")]
    zh_tw: String,
}

/// Group and name to label.
pub struct Labels(BTreeMap<String, BTreeMap<String, Label>>);

impl Labels {
    pub fn read(file: &Path) -> Result<Self, String> {
        let name = file.display();
        let groups: BTreeMap<String, BTreeMap<String, Label>> = load::parse(&crate::read(file)?)
            .map_err(|(at, e)| format!("{name}:{}:{}: {e}", at.line(), at.column()))?;
        let labels = Self(groups);
        labels.complete("resolution", ResolutionKind::ALL.iter().map(|word| word.name()))?;
        labels.complete("room", Room::ALL.iter().map(|word| word.name()))?;
        labels.complete("assurance", Assurance::ALL.iter().map(|word| word.name()))?;
        labels.complete("record", RecordKind::ALL.iter().map(|word| word.name()))?;
        labels.complete("standing", Standing::ALL.iter().map(|word| word.name()))?;
        labels.complete("holding", Holding::ALL.iter().map(|word| word.name()))?;
        labels.complete("who", Who::ALL.iter().map(|word| word.name()))?;
        Ok(labels)
    }

    /// Every name of a group has a label, and no other.
    pub fn complete<'n>(&self, group: &str, names: impl Iterator<Item = &'n str>) -> Result<(), String> {
        let names: Vec<&str> = names.collect();
        let none = BTreeMap::new();
        let labels = self.0.get(group).unwrap_or(&none);
        if let Some(missing) = names.iter().find(|name| !labels.contains_key(**name)) {
            return Err(format!("text/labels.yaml: {group}: `{missing}` is missing"));
        }
        match labels.keys().find(|name| !names.contains(&name.as_str())) {
            Some(extra) => {
                Err(format!("text/labels.yaml: {group}: {}", load::unknown("name", extra, &names)))
            }
            None => Ok(()),
        }
    }

    /// The table as Rust source.
    pub fn statics(&self) -> String {
        let mut out = String::from("pub(crate) static LABELS: &[(&str, &str, [&str; 3])] = &[\n");
        for (group, labels) in &self.0 {
            for (name, Label { en, ja, zh_tw }) in labels {
                let _ = writeln!(out, "    ({group:?}, {name:?}, [{en:?}, {ja:?}, {zh_tw:?}]),");
            }
        }
        out + "];\n"
    }
}
