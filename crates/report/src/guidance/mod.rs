//! What is demanded: as a list, row by row, and found by words.

mod inherited;
mod json;
mod service;

use std::fmt;
use std::io::{self, Write};

use sekisho_assess::Verdict;
use sekisho_guidance::{
    Basis, Edition, Framework, Item, Language, Level, Paragraph, Requirement, Resolution, ResolutionKind,
    cases, coverage, did_you_mean, paragraphs_of, requirement,
};

pub use self::inherited::guidance_inherited;
pub use self::service::guidance_services;

use self::json::{object, objects};
use crate::messages::Say;
use crate::report::Options;
use crate::sink::Sink;
use crate::text::layout::{Rows, Style, pad, prose, width, wrap};
use crate::text::source;

/// How the guidance is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Notation {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// Which rows are listed: those that fit everything that is given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GuidanceFilter {
    /// Short name of a service, such as `s3`.
    pub service: Option<String>,
    /// Capability of the best practices or category of the HIPAA paper, such as `zoning`.
    pub topic: Option<String>,
    /// Edition of the document: `2016`, `2018`, `2019` or `2023`.
    pub edition: Option<String>,
    /// How strongly it is stated.
    pub level: Option<Level>,
    /// How it is resolved.
    pub resolution: Option<ResolutionKind>,
    /// What stands beside the resolution: the room or the kind of record.
    pub detail: Option<String>,
    /// Whether AWS has moved on since.
    pub outdated: Option<bool>,
}

/// Why nothing was written.
#[derive(Debug)]
pub enum GuidanceError {
    /// There is no such row, service, topic or edition.
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// Its name.
        name: String,
        /// The nearest name that exists.
        near: Option<String>,
    },
    /// The edition that was chosen does not state the row.
    NotStated {
        /// Its id.
        id: String,
        /// The edition.
        edition: &'static str,
    },
    /// What the writer reports.
    Io(io::Error),
}

impl fmt::Display for GuidanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { what, name, near: Some(near) } => {
                write!(f, "unknown {what} `{name}`; did you mean `{near}`?")
            }
            Self::Unknown { what, name, near: None } => write!(f, "unknown {what} `{name}`"),
            Self::NotStated { id, edition } => write!(f, "the edition of {edition} does not state {id}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for GuidanceError {}

impl From<io::Error> for GuidanceError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

const EDITIONS: [&str; 4] = ["2016", "2018", "2019", "2023"];

/// The editions that state a row.
pub(crate) fn editions(requirement: &Requirement) -> &'static [&'static str] {
    match requirement.seed.name() {
        "000" => &["2018"],
        "001" => &["2023"],
        "both" => &["2018", "2023"],
        "002" => &["2016"],
        _ => &["2019"],
    }
}

fn unknown<'n>(what: &'static str, name: &str, known: impl Iterator<Item = &'n str>) -> GuidanceError {
    let near = did_you_mean(name, known).map(str::to_owned);
    GuidanceError::Unknown { what, name: name.to_owned(), near }
}

impl GuidanceFilter {
    /// The rows that fit, sorted by id.
    fn rows(&self) -> Result<Vec<Item>, GuidanceError> {
        let mut items = coverage().items;
        if let Some(name) = &self.service {
            let known = || items.iter().filter_map(|item| item.requirement.service);
            if !known().any(|service| service == name) {
                return Err(unknown("service", name, known()));
            }
        }
        if let Some(name) = &self.topic {
            let known = || items.iter().map(|item| item.requirement.topic());
            if !known().any(|topic| topic == name) {
                return Err(unknown("topic", name, known()));
            }
        }
        if let Some(name) = self.edition.as_ref().filter(|name| !EDITIONS.contains(&name.as_str())) {
            return Err(unknown("edition", name, EDITIONS.into_iter()));
        }
        if let Some(name) = &self.detail {
            let known = || items.iter().filter_map(|item| item.resolution.detail());
            if !known().any(|detail| detail == name) {
                return Err(unknown("detail", name, known().filter(|name| !name.contains(' '))));
            }
        }
        items.retain(|item| self.fits(item));
        Ok(items)
    }

    fn fits(&self, item: &Item) -> bool {
        let row = &item.requirement;
        self.service.as_deref().is_none_or(|name| row.service == Some(name))
            && self.topic.as_deref().is_none_or(|name| row.topic() == name)
            && self.edition.as_deref().is_none_or(|edition| editions(row).contains(&edition))
            && self.level.is_none_or(|level| row.level == Some(level))
            && self.resolution.is_none_or(|kind| item.resolution.kind() == kind)
            && self.detail.as_deref().is_none_or(|name| item.resolution.detail() == Some(name))
            && self.outdated.is_none_or(|outdated| row.outdated == outdated)
    }
}

/// Writes the rows that fit a filter.
///
/// # Errors
/// An unknown name in the filter, with the nearest one; what the writer reports.
pub fn guidance_list(
    filter: &GuidanceFilter,
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), GuidanceError> {
    let items = editions_of(filter.rows()?, options.edition);
    match notation {
        Notation::Text => {
            let count = Say(options.language).guidance_count(items.len());
            Ok(table(&items, filter.edition.as_deref(), &count, options, out)?)
        }
        Notation::Json => Ok(objects(&items, out)?),
    }
}

/// Writes the rows in which all words of a text occur: in the id, the statement, the section,
/// the service or topic, what is true today, or the id or title of a control that answers.
///
/// # Errors
/// What the writer reports.
pub fn guidance_search(
    text: &str,
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let mut items = editions_of(coverage().items, options.edition);
    items.retain(|item| {
        let row = &item.requirement;
        let texts = [row.id, row.statement, row.section, row.service_or_capability, row.category];
        let mut all = texts.join("\n");
        all.push_str(row.modern.unwrap_or_default());
        for control in &item.by {
            let title = &control.title;
            all.extend(["\n", &control.id, "\n", &title.en, "\n", &title.ja, "\n", &title.zh_tw]);
        }
        let all = all.to_lowercase();
        !words.is_empty() && words.iter().all(|word| all.contains(word))
    });
    match notation {
        Notation::Text => {
            let shown = crate::text::layout::clean(text).into_owned();
            let count = Say(options.language).guidance_found(items.len(), shown);
            table(&items, None, &count, options, out)
        }
        Notation::Json => objects(&items, out),
    }
}

/// The rows that an edition of the HIPAA paper states, as it states them, and those of the other
/// documents; all of them when no edition is chosen.
pub(crate) fn editions_of(items: Vec<Item>, edition: Option<Edition>) -> Vec<Item> {
    let Some(edition) = edition else { return items };
    items.into_iter().filter_map(|item| of_edition(item, edition)).collect()
}

/// A row as an edition states it. None if it does not.
fn of_edition(mut item: Item, edition: Edition) -> Option<Item> {
    item.requirement = item.requirement.as_stated_in(edition)?;
    Some(item)
}

/// Which editions are shown, at the head of an answer for people.
pub(crate) fn head(options: &Options) -> String {
    let head = Say(options.language).guidance_head(crate::report::editions_shown(options.edition));
    options.color.paint(Style::Dim, &head).to_string()
}

/// Writes one row: what it states and where, how strongly, how it is resolved, by what. The name
/// of a service instead of a row's id gives the sheet of the service.
///
/// # Errors
/// An unknown id or service, with the nearest one; what the writer reports.
pub fn guidance_show(
    id: &str,
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), GuidanceError> {
    // Ids of rows have slashes, names of services have none.
    if !id.contains('/') {
        return match sekisho_guidance::service(id) {
            Ok(named) => service::show(named, notation, options, out).map_err(GuidanceError::Io),
            Err(near) => {
                let near = near.map(str::to_owned);
                Err(GuidanceError::Unknown { what: "service", name: id.to_owned(), near })
            }
        };
    }
    let known = || sekisho_guidance::requirements().map(|row| row.id);
    let item = Item::find(id).ok_or_else(|| unknown("requirement", id, known()))?;
    let item = match options.edition {
        None => item,
        Some(edition) => of_edition(item, edition)
            .ok_or_else(|| GuidanceError::NotStated { id: id.to_owned(), edition: edition.name() })?,
    };
    match notation {
        Notation::Text => page(&item, options, out)?,
        Notation::Json => {
            let mut sink = Sink::new(out);
            object(&item, Some("sekisho.guidance-row/1"), &mut sink);
            sink.finish()?;
        }
    }
    Ok(())
}

/// Level, id and resolution on a line, the statement below.
fn table(
    items: &[Item],
    edition: Option<&str>,
    closing: &str,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let say = Say(options.language);
    let head =
        edition.map(|edition| options.color.paint(Style::Dim, &say.guidance_head(edition)).to_string());
    let level = |item: &Item| item.requirement.level.map_or("-", |level| say.level(level));
    let widest = items.iter().map(|item| width(level(item))).max().unwrap_or(0);
    let ids = items.iter().map(|item| width(item.requirement.id)).max().unwrap_or(0);
    let room = options.width.saturating_sub(widest + 2);
    writeln!(out, "{}\n", head.unwrap_or_else(|| self::head(options)))?;
    for item in items {
        let mut kind = item.resolution.kind().label(options.language).to_owned();
        if let Some(detail) = item.resolution.detail().filter(|detail| !detail.contains(' ')) {
            kind = format!("{kind}: {detail}");
        }
        let id = options.color.paint(Style::Strong, &pad(item.requirement.id, ids));
        let kind = options.color.paint(Style::Dim, &kind);
        writeln!(out, "{}  {id}  {kind}", pad(level(item), widest))?;
        for line in wrap(item.requirement.statement, room) {
            writeln!(out, "{}{line}", " ".repeat(widest + 2))?;
        }
    }
    writeln!(out, "{closing}")?;
    out.flush()
}

/// One row for a person.
fn page(item: &Item, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let (say, row) = (Say(options.language), &item.requirement);
    let mut text = format!("{}\n\n{}\n", head(options), options.color.paint(Style::Strong, row.id));
    for line in wrap(row.statement, options.width) {
        text.push_str(&line);
        text.push('\n');
    }
    text.push('\n');
    let mut rows = Rows::new(options);
    rows.add(say.guidance_stated(), source(say, row));
    if let Some((first, last)) = row.lines_2018.filter(|lines| *lines != row.lines) {
        rows.more(say.guidance_also(first, last));
    }
    rows.add(say.guidance_edition(), editions(row).join(", "));
    rows.add(say.guidance_section(), row.section);
    let hipaa = row.basis.is_some();
    let subject = if hipaa { say.guidance_service() } else { say.guidance_topic() };
    rows.add(subject, row.service_or_capability);
    rows.add(say.guidance_level(), row.level.map_or(say.guidance_level_none(), |level| say.level(level)));
    match row.basis {
        Some(Basis::GeneralDuty) => rows.more(say.guidance_general_duty()),
        Some(Basis::Derived) => rows.more(say.guidance_derived()),
        _ => {}
    }
    rows.add(say.guidance_whose(), row.who.label(options.language));
    if row.outdated {
        rows.add(say.guidance_outdated(), say.guidance_outdated_note());
    }
    if let Some(modern) = row.modern {
        rows.add(say.guidance_modern(), modern);
    }
    rows.add(say.guidance_resolution(), item.resolution.kind().label(options.language));
    for line in told(item, options.language) {
        rows.more(line);
    }
    let answers = matches!(item.resolution, Resolution::Control { .. } | Resolution::AlternativeOf(_));
    if answers {
        rows.begin(say.guidance_controls());
    }
    for control in &item.by {
        rows.more(control.id.as_ref());
        rows.more(format!("  {}", prose(control.title.get(options.language))));
        if let Some(cases) = cases(&control.id) {
            let counts: Vec<_> = cases
                .verdicts
                .iter()
                .map(|(name, count)| format!("{} {count}", verdict(say, name)))
                .collect();
            rows.more(format!("  {} ({})", cases.file, counts.join(", ")));
        }
    }
    if answers && item.by.is_empty() {
        rows.more(say.guidance_no_controls());
    }
    let paragraphs = elsewhere(row.id);
    if !paragraphs.is_empty() {
        rows.begin(say.framework_paragraph());
    }
    for (framework, paragraph) in paragraphs {
        rows.more(format!("{} {}", framework.title.get(options.language), paragraph.id));
        rows.more(format!("  {}", paragraph.title.get(options.language)));
    }
    rows.write(&mut text, true);
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A verdict in the words of a language.
fn verdict(say: Say, name: &'static str) -> &'static str {
    Verdict::ALL.iter().find(|verdict| verdict.name() == name).map_or(name, |verdict| say.verdict(*verdict))
}

/// The paragraphs of laws and catalogues that a row stands behind; its own document is left out.
fn elsewhere(id: &str) -> Vec<(&'static Framework, &'static Paragraph)> {
    let mut found = paragraphs_of(id);
    found.retain(|(framework, _)| !framework.source.is_empty());
    found
}

/// What another row states, a little to the right.
fn stated(id: &str) -> String {
    requirement(id).map_or_else(String::new, |row| format!("  {}", row.statement))
}

/// A resolution in sentences.
fn told(item: &Item, language: Language) -> Vec<String> {
    let say = Say(language);
    match item.resolution {
        Resolution::Control { through: Some(row) } => vec![say.guidance_through(row), stated(row)],
        Resolution::AlternativeOf(row) => vec![say.guidance_alternative(row), stated(row)],
        Resolution::AnalysisPending(room) => vec![say.guidance_pending(room.label(language))],
        Resolution::Record(kind) => vec![say.guidance_record(kind.label(language))],
        Resolution::Attestation(question) => {
            let asked = question.about(&item.requirement, language);
            let keep = say.guidance_keep(question.evidence(language));
            vec![say.guidance_attestation(asked), say.guidance_months(question.months), keep]
        }
        Resolution::Inherited(inheritance) => {
            let labels: Vec<_> = inheritance.rests_on.iter().map(|on| on.label(language)).collect();
            let separator = if language == Language::En { "; " } else { "、" };
            let mut lines = vec![say.guidance_inherited(labels.join(separator))];
            lines.extend(
                inheritance.switch.into_iter().flat_map(|row| [say.guidance_switch(row), stated(row)]),
            );
            lines
        }
        Resolution::Superseded(replacement) => {
            let mut lines = vec![say.guidance_superseded(replacement.by, replacement.since)];
            if !replacement.verified {
                lines.push(say.guidance_unverified().to_owned());
            }
            lines
        }
        Resolution::NotObservable(why) | Resolution::None(why) => vec![say.fact(why).to_owned()],
        Resolution::Control { through: None } | Resolution::Fact => Vec::new(),
    }
}
