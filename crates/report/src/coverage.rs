//! How far the guidance is covered: each row and how it is resolved.

use std::fmt::Write as _;
use std::io::{self, Write};

use sekisho_guidance::{Coverage, Item, Language, Level, Resolution, ResolutionKind, Room, coverage};

use crate::guidance::Notation;
use crate::messages::Say;
use crate::report::Options;
use crate::sink::Sink;
use crate::text::layout::{Style, pad, width, wrap};

/// Writes how all rows are resolved: counts for a person; counts and every row as an object of
/// the schema `sekisho.coverage/1`.
///
/// # Errors
/// What the writer reports.
pub fn guidance_coverage(notation: Notation, options: &Options, out: &mut impl Write) -> io::Result<()> {
    match notation {
        Notation::Text => counts(options, out),
        Notation::Json => object(options, out),
    }
}

/// How the rows are resolved that an edition states, and those of the other documents.
fn coverage_of(options: &Options) -> Coverage {
    let mut all = coverage();
    if options.edition.is_some() {
        all.items = crate::guidance::editions_of(all.items, options.edition);
        all.rows = all.items.len();
        for (kind, count) in &mut all.by_resolution {
            *count = all.items.iter().filter(|item| item.resolution.kind() == *kind).count();
        }
    }
    all
}

fn counts(options: &Options, out: &mut impl Write) -> io::Result<()> {
    let (say, coverage) = (Say(options.language), coverage_of(options));
    writeln!(out, "{}\n", crate::guidance::head(options))?;
    let label = |kind: ResolutionKind| kind.label(options.language);
    let rooms = Room::ALL.iter().map(|room| width(room.label(options.language)) + 2);
    let labels = ResolutionKind::ALL.iter().map(|kind| width(label(*kind)));
    let widest = labels.chain(rooms).max().unwrap_or(0);
    for (kind, count) in &coverage.by_resolution {
        let name = options.color.paint(Style::Strong, &pad(label(*kind), widest));
        let kind_name = options.color.paint(Style::Dim, kind.name());
        writeln!(out, "{name}  {count:>4}  {kind_name}")?;
        if *kind != ResolutionKind::AnalysisPending {
            continue;
        }
        for room in Room::ALL {
            let of_room = |item: &&sekisho_guidance::Item| {
                item.resolution.kind() == *kind && item.resolution.detail() == Some(room.name())
            };
            let count = coverage.items.iter().filter(of_room).count();
            let name = pad(&format!("  {}", room.label(options.language)), widest);
            let room_name = options.color.paint(Style::Dim, room.name());
            writeln!(out, "{name}  {count:>4}    {room_name}")?;
        }
    }
    let answered = coverage.items.iter().filter(|item| !item.by.is_empty()).count();
    writeln!(out, "\n{}: {}", say.guidance_controls(), say.guidance_covered(answered, coverage.rows))?;
    for line in wrap(say.guidance_covered_help(), options.width) {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

fn object(options: &Options, out: &mut impl Write) -> io::Result<()> {
    let coverage = coverage_of(options);
    let mut sink = Sink::new(out);
    sink.open('{');
    sink.text("schema", "sekisho.coverage/1");
    sink.count("rows", coverage.rows);
    sink.key("by_resolution");
    sink.open('{');
    for (kind, count) in &coverage.by_resolution {
        sink.count(kind.name(), *count);
    }
    sink.close('}');
    sink.key("items");
    sink.open('[');
    for item in &coverage.items {
        sink.line();
        sink.open('{');
        sink.text("id", item.requirement.id);
        sink.text("resolution", item.resolution.kind().name());
        sink.strings("by", item.by.iter().map(|control| control.id.as_ref()));
        sink.close('}');
        sink.relieve()?;
    }
    sink.close_line(']');
    sink.close('}');
    sink.finish()
}

/// A page (Markdown, English) with every row: its id, statement, level, editions, resolution, and
/// who or what answers it.
pub fn coverage_page() -> String {
    let coverage = coverage();
    let mut out = String::from(
        "# Coverage\n\nGenerated from `guidance/requirements` and `guidance/resolution.yaml`; do not edit. \
         `sekisho guidance show <id>` tells more of each row.\n\n| resolution | rows | meaning |\n|---|--:|---|\n",
    );
    for (kind, count) in &coverage.by_resolution {
        let _ = writeln!(out, "| `{kind}` | {count} | {} |", kind.label(Language::En));
    }
    let _ = writeln!(out, "| | {} | |", coverage.rows);
    out.push_str("\nWhat is decidable but not built yet, by what will decide it:\n\n| | rows |\n|---|--:|\n");
    for room in Room::ALL {
        let pending = |item: &&Item| item.resolution == Resolution::AnalysisPending(*room);
        let count = coverage.items.iter().filter(pending).count();
        let _ = writeln!(out, "| {} | {count} |", room.label(Language::En));
    }
    let mut section = "";
    for item in &coverage.items {
        let group = item.requirement.id.rsplit_once('/').map_or("", |(group, _)| group);
        if group != section {
            section = group;
            let _ = writeln!(
                out,
                "\n## {group}\n\n{}\n\n| row | level | edition | states | resolution | by |\n|---|---|---|---|---|---|",
                item.requirement.service_or_capability
            );
        }
        row(item, &mut out);
    }
    out
}

fn row(item: &Item, out: &mut String) {
    let row = &item.requirement;
    let number = row.id.rsplit('/').next().unwrap_or(row.id);
    let level = row.level.map_or("-", Level::name);
    let editions = crate::guidance::editions(row).join(", ");
    let statement = row.statement.replace('|', "\\|");
    let (kind, by) = (item.resolution.kind().name(), answered(item).replace('|', "\\|"));
    let _ = writeln!(out, "| {number} | {level} | {editions} | {statement} | {kind} | {by} |");
}

/// By whom or what a row is answered.
fn answered(item: &Item) -> String {
    let language = Language::En;
    let controls = || {
        let links: Vec<_> = item.by.iter().map(|c| format!("[{0}](controls/{0}.md)", c.id)).collect();
        links.join(", ")
    };
    match item.resolution {
        Resolution::Control { through: None } => controls(),
        Resolution::Control { through: Some(row) } => format!("as {row}"),
        Resolution::AlternativeOf(row) => format!("a way to meet {row}"),
        Resolution::AnalysisPending(room) => format!("pending: {}", room.label(language)),
        Resolution::Record(kind) => kind.label(language).to_owned(),
        Resolution::Attestation(question) => {
            format!("{} Keep: {}", question.about(&item.requirement, language), question.evidence(language))
        }
        Resolution::Inherited(inheritance) => {
            let reports: Vec<_> = inheritance.rests_on.iter().map(|on| on.label(language)).collect();
            let while_met = inheritance.switch.map(|row| format!("; only while {row} is met"));
            format!("{}{}", reports.join("; "), while_met.unwrap_or_default())
        }
        Resolution::Fact => "-".to_owned(),
        Resolution::Superseded(replacement) => format!("{}, since {}", replacement.by, replacement.since),
        Resolution::NotObservable(why) | Resolution::None(why) => why.to_owned(),
    }
}
