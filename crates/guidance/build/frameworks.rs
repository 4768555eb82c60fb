//! Reads `frameworks/` and writes them as Rust statics, with the sections of the documents
//! themselves as frameworks of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::control::Control;
use crate::load;
use crate::requirements::Rows;
use crate::words::{ParagraphKind, Seed, Status};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    title: Sentence,
    edition: String,
    in_force_from: Option<String>,
    as_of: String,
    source: String,
    licence: String,
    note: Option<Sentence>,
    paragraphs: Vec<Paragraph>,
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
struct Paragraph {
    id: String,
    kind: ParagraphKind,
    status: Option<Status>,
    title: Sentence,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    rows: Vec<String>,
    #[serde(default)]
    controls: Vec<String>,
    binding: Option<String>,
}

/// The documents that the requirements come from, as frameworks: id, title, edition, seeds, language.
const DOCUMENTS: [(&str, [&str; 3], &str, &[Seed]); 4] = [
    (
        "hipaa-whitepaper-2018",
        [
            "Architecting for HIPAA Security and Compliance, 2018",
            "HIPAA のセキュリティとコンプライアンスのための設計 (2018 年)",
            "HIPAA 安全性與合規架構（2018 年）",
        ],
        "2018, Japanese",
        &[Seed::Hipaa2018, Seed::HipaaBoth],
    ),
    (
        "hipaa-whitepaper-2023",
        [
            "Architecting for HIPAA Security and Compliance, 2023",
            "HIPAA のセキュリティとコンプライアンスのための設計 (2023 年)",
            "HIPAA 安全性與合規架構（2023 年）",
        ],
        "2023, Traditional Chinese",
        &[Seed::Hipaa2023, Seed::HipaaBoth],
    ),
    (
        "security-best-practices-2016",
        [
            "AWS Security Best Practices, 2016",
            "AWS セキュリティのベストプラクティス (2016 年)",
            "AWS 安全最佳實務（2016 年）",
        ],
        "2016, Japanese",
        &[Seed::BestPractices],
    ),
    (
        "shared-responsibility-2019",
        ["Shared responsibility model, 2019", "責任共有モデル (2019 年)", "共同的責任模型（2019 年）"],
        "2019, Japanese",
        &[Seed::SharedResponsibility],
    ),
];

/// The frameworks of the folder and the documents, as Rust statics.
pub fn statics(folder: &Path, rows: &Rows, controls: &BTreeMap<String, Control>) -> Result<String, String> {
    let context = Context::new(rows, controls);
    let mut out = String::from("static FRAMEWORKS: &[Framework] = &[\n");
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    for file in files {
        let name = file.display();
        let parsed: File = load::parse(&crate::read(&file)?)
            .map_err(|(at, e)| format!("{name}:{}:{}: {e}", at.line(), at.column()))?;
        if file.file_stem().is_none_or(|stem| stem != parsed.id.as_str()) {
            return Err(format!("{name}: the name of the file is not its id `{}`", parsed.id));
        }
        context.framework(&parsed, &mut out).map_err(|e| format!("{name}: {e}"))?;
    }
    for (id, title, edition, seeds) in DOCUMENTS {
        context.document(id, title, edition, seeds, &mut out);
    }
    out.push_str("];\n");
    Ok(out)
}

struct Context<'c> {
    rows: &'c Rows,
    positions: HashMap<&'c str, usize>,
    controls: BTreeMap<&'c str, usize>,
    topics: BTreeSet<&'c str>,
}

impl<'c> Context<'c> {
    fn new(rows: &'c Rows, controls: &'c BTreeMap<String, Control>) -> Self {
        Self {
            rows,
            positions: rows.keys().enumerate().map(|(at, id)| (id.as_str(), at)).collect(),
            controls: controls.keys().enumerate().map(|(at, id)| (id.as_str(), at)).collect(),
            topics: rows.values().map(crate::requirements::Row::topic).collect(),
        }
    }

    fn framework(&self, file: &File, out: &mut String) -> Result<(), String> {
        let _ = write!(
            out,
            "Framework {{ id: {:?}, title: {}, edition: {:?}, in_force_from: {:?}, as_of: {:?}, source: {:?}, licence: {:?}, note: ",
            file.id,
            text(&file.title),
            file.edition,
            file.in_force_from,
            file.as_of,
            file.source,
            file.licence,
        );
        match &file.note {
            Some(note) => {
                let _ = write!(out, "Some({})", text(note));
            }
            None => out.push_str("None"),
        }
        out.push_str(", paragraphs: &[\n");
        let mut seen = BTreeSet::new();
        for paragraph in &file.paragraphs {
            if !seen.insert(&paragraph.id) {
                return Err(format!("paragraph `{}` is there twice", paragraph.id));
            }
            let found = self.paragraph(paragraph).map_err(|e| format!("{}: {e}", paragraph.id))?;
            out.push_str(&found);
        }
        out.push_str("] },\n");
        Ok(())
    }

    fn paragraph(&self, paragraph: &Paragraph) -> Result<String, String> {
        let mut rows = BTreeSet::new();
        for topic in &paragraph.topics {
            if !self.topics.contains(topic.as_str()) {
                let known: Vec<_> = self.topics.iter().copied().collect();
                return Err(load::unknown("topic", topic, &known));
            }
            rows.extend(
                self.rows.iter().enumerate().filter(|(_, (_, row))| row.topic() == topic).map(|(at, _)| at),
            );
        }
        for id in paragraph.rows.iter().chain(&paragraph.binding) {
            rows.insert(*self.positions.get(id.as_str()).ok_or_else(|| {
                let known: Vec<_> = self.rows.keys().map(String::as_str).collect();
                load::unknown("row", id, &known)
            })?);
        }
        let mut controls = BTreeSet::new();
        for id in &paragraph.controls {
            controls.insert(*self.controls.get(id.as_str()).ok_or_else(|| {
                let known: Vec<_> = self.controls.keys().copied().collect();
                load::unknown("control", id, &known)
            })?);
        }
        if paragraph.binding.is_some() && paragraph.status != Some(Status::Addressable) {
            return Err("`binding` is for addressable specifications".to_owned());
        }
        Ok(source(
            &paragraph.id,
            paragraph.kind,
            paragraph.status,
            &text(&paragraph.title),
            &rows,
            &controls,
            paragraph.binding.as_deref(),
        ))
    }

    /// The sections of a document: its rows by the first parts of their ids, in the order of lines.
    fn document(&self, id: &str, title: [&str; 3], edition: &str, seeds: &[Seed], out: &mut String) {
        let mut sections: BTreeMap<&str, (u32, &str, BTreeSet<usize>)> = BTreeMap::new();
        for (at, (row_id, row)) in self.rows.iter().enumerate() {
            if !seeds.contains(&row.seed()) {
                continue;
            }
            let section = row_id.rsplit_once('/').map_or(row_id.as_str(), |(section, _)| section);
            let line = row.first_line(seeds.contains(&Seed::Hipaa2018));
            let entry = sections.entry(section).or_insert_with(|| (line, row.section(), BTreeSet::new()));
            if line < entry.0 {
                (entry.0, entry.1) = (line, row.section());
            }
            entry.2.insert(at);
        }
        let [en, ja, zh_tw] = title;
        let _ = writeln!(
            out,
            "Framework {{ id: {id:?}, title: {}, edition: {edition:?}, in_force_from: None, as_of: \"\", source: \"\", licence: \"\", note: None, paragraphs: &[",
            words(en, ja, zh_tw),
        );
        let mut sections: Vec<_> = sections.into_iter().collect();
        sections.sort_by_key(|(section, (line, ..))| (*line, *section));
        for (section, (_, heading, rows)) in sections {
            let heading = words(heading, heading, heading);
            out.push_str(&source(
                section,
                ParagraphKind::Clause,
                None,
                &heading,
                &rows,
                &BTreeSet::new(),
                None,
            ));
        }
        out.push_str("] },\n");
    }
}

fn source(
    id: &str,
    kind: ParagraphKind,
    status: Option<Status>,
    title: &str,
    rows: &BTreeSet<usize>,
    controls: &BTreeSet<usize>,
    binding: Option<&str>,
) -> String {
    let status = status.map_or_else(|| "None".to_owned(), |status| format!("Some(Status::{status:?})"));
    let (rows, controls): (Vec<_>, Vec<_>) = (rows.iter().collect(), controls.iter().collect());
    format!(
        "Paragraph {{ id: {id:?}, kind: ParagraphKind::{kind:?}, status: {status}, title: {title}, rows: &{rows:?}, controls: &{controls:?}, binding: {binding:?} }},\n",
    )
}

fn text(sentence: &Sentence) -> String {
    words(&sentence.en, &sentence.ja, &sentence.zh_tw)
}

fn words(en: &str, ja: &str, zh_tw: &str) -> String {
    format!(
        "Text {{ en: Cow::Borrowed({en:?}), ja: Cow::Borrowed({ja:?}), zh_tw: Cow::Borrowed({zh_tw:?}) }}"
    )
}
