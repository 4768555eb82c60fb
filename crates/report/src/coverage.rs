//! How far the guidance is covered: each row and how it is resolved.

use std::io::{self, Write};

use sekisho_guidance::{ResolutionKind, Room, coverage};

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
        Notation::Json => object(out),
    }
}

fn counts(options: &Options, out: &mut impl Write) -> io::Result<()> {
    let (say, coverage) = (Say(options.language), coverage());
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

fn object(out: &mut impl Write) -> io::Result<()> {
    let coverage = coverage();
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
