//! Rows of the guidance for other programs; all of it is English.

use std::io::{self, Write};

use sekisho_guidance::{Basis, Item, Language, Level, Resolution};

use super::{editions, elsewhere};
use crate::sink::Sink;

/// Rows as one object of the schema `sekisho.guidance/1`.
pub(super) fn objects(items: &[Item], out: &mut impl Write) -> io::Result<()> {
    let mut sink = Sink::new(out);
    sink.open('{');
    sink.text("schema", "sekisho.guidance/1");
    sink.key("rows");
    sink.open('[');
    for item in items {
        sink.line();
        object(item, None, &mut sink);
        sink.relieve()?;
    }
    sink.close_line(']');
    sink.close('}');
    sink.finish()
}

/// One row as an object; all of it is English.
pub(super) fn object(item: &Item, schema: Option<&str>, sink: &mut Sink<'_, impl Write>) {
    let row = &item.requirement;
    sink.open('{');
    if let Some(schema) = schema {
        sink.text("schema", schema);
    }
    sink.text("id", row.id);
    sink.text("statement", row.statement);
    sink.maybe("service", row.service);
    sink.text("topic", row.topic());
    sink.text("section", row.section);
    sink.text("document", row.seed.name());
    sink.strings("editions", editions(row));
    sink.key("lines");
    range(row.lines, sink);
    sink.key("lines_2018");
    match row.lines_2018 {
        Some(lines) => range(lines, sink),
        None => sink.raw("null"),
    }
    sink.maybe("level", row.level.map(Level::name));
    sink.maybe("basis", row.basis.map(Basis::name));
    sink.text("verify", row.verify.name());
    sink.text("who", row.who.name());
    sink.key("outdated");
    sink.boolean(row.outdated);
    sink.maybe("modern", row.modern);
    sink.text("resolution", item.resolution.kind().name());
    sink.maybe("detail", item.resolution.detail());
    match item.resolution {
        Resolution::Attestation(question) => {
            sink.text("question", &question.about(row, Language::En));
            sink.count("months", question.months as usize);
            sink.text("keep", question.evidence(Language::En));
        }
        Resolution::Inherited(inheritance) => {
            sink.strings("rests_on", inheritance.rests_on.iter().map(|on| on.name()));
        }
        Resolution::Superseded(replacement) => {
            sink.text("since", replacement.since);
            sink.key("verified");
            sink.boolean(replacement.verified);
        }
        _ => {}
    }
    sink.strings("by", item.by.iter().map(|control| control.id.as_ref()));
    let paragraphs = elsewhere(row.id);
    let names = paragraphs.iter().map(|(framework, paragraph)| format!("{} {}", framework.id, paragraph.id));
    sink.strings("paragraphs", names);
    sink.close('}');
}

pub(super) fn range((first, last): (u32, u32), sink: &mut Sink<'_, impl Write>) {
    sink.open('[');
    sink.number(first as usize);
    sink.number(last as usize);
    sink.close(']');
}
