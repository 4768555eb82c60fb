//! Who is responsible for what in an estate, and what evidences it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use sekisho_estate::Estate;
use sekisho_guidance::{Matrix, MatrixRow, Override, Who, class_of, responsibility as matrix_of};

use crate::guidance::Notation;
use crate::messages::Say;
use crate::report::Options;
use crate::sink::Sink;
use crate::text::layout::{Style, clean, pad, width, wrap};

/// Writes who is responsible for what, for the resource types of an estate: as a table for a
/// person, or as an object of the schema `sekisho.responsibility/1` with the resources of each
/// class.
///
/// # Errors
/// What the writer reports.
pub fn responsibility(
    estate: &Estate,
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut resources: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (id, _, _) in estate.resources() {
        let name = estate.type_name(id);
        // Accounts and what users define are of no service.
        if name.starts_with("AWS::") {
            resources.entry(name).or_default().push(estate.address(id).to_string());
        }
    }
    let matrix = matrix_of(resources.keys().copied());
    match notation {
        Notation::Text => table(&matrix, &resources, options, out),
        Notation::Json => object(&matrix, &resources, out),
    }
}

fn table(
    matrix: &Matrix,
    resources: &BTreeMap<&str, Vec<String>>,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let (say, language) = (Say(options.language), options.language);
    writeln!(out, "{}", options.color.paint(Style::Strong, say.responsibility_title()))?;
    let count: usize = resources.values().map(Vec::len).sum();
    writeln!(out, "{}\n", say.responsibility_types(count, services(resources.keys().copied()).len()))?;
    for (class, types) in &matrix.classes {
        let line =
            format!("{}: {}", class.label(language), services(types.iter().map(String::as_str)).join(", "));
        for part in wrap(&clean(&line), options.width) {
            writeln!(out, "{part}")?;
        }
    }
    if !matrix.unclassified.is_empty() {
        let list = clean(&matrix.unclassified.join(", ")).into_owned();
        writeln!(out, "{}", say.responsibility_unclassified(list))?;
    }
    writeln!(out)?;
    let who = |who: Option<Who>| who.map_or(say.responsibility_none(), |who| who.label(language));
    let first = matrix.rows.iter().map(|row| width(row.layer.label(language))).max().unwrap_or(0);
    let parts = [None, Some(Who::Aws), Some(Who::Customer), Some(Who::Shared)];
    let widest = parts.into_iter().map(|part| width(who(part))).max().unwrap_or(0);
    // The classes are named above; a column has room for an answer and the start of its class.
    let column = widest.max(16);
    let mut head = pad(say.responsibility_layer(), first);
    for (class, _) in &matrix.classes {
        head.push_str("  ");
        head.push_str(&pad(&crate::text::layout::clip(class.label(language), column), column));
    }
    writeln!(out, "{}  {}", options.color.paint(Style::Strong, &head), say.responsibility_evidence())?;
    for row in &matrix.rows {
        let mut line = pad(row.layer.label(language), first);
        for cell in &row.cells {
            line.push_str("  ");
            line.push_str(&pad(who(cell.who), column));
        }
        line.push_str("  ");
        line.push_str(&evidence(row, say));
        writeln!(out, "{}", line.trim_end())?;
    }
    deviations(matrix, options, out)?;
    writeln!(out)?;
    for line in wrap(say.responsibility_layers_without_report(), options.width) {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// What evidences a layer, in few words.
fn evidence(row: &MatrixRow, say: Say) -> String {
    let mut parts = Vec::new();
    if row.cells.iter().any(|cell| !cell.reports.is_empty()) {
        parts.push(say.responsibility_by_report().to_owned());
    }
    if row.cells.iter().any(|cell| matches!(cell.who, Some(Who::Customer | Who::Shared))) {
        let mut ids: Vec<&str> =
            row.cells.iter().flat_map(|cell| cell.controls.iter().map(|control| &*control.id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let before = parts.len();
        if !ids.is_empty() {
            parts.push(say.responsibility_by_controls(ids.len()));
        }
        if !row.records.is_empty() {
            parts.push(say.responsibility_by_record(row.records.len()));
        }
        if !row.questions.is_empty() {
            parts.push(say.responsibility_by_person(row.questions.len()));
        }
        if parts.len() == before {
            parts.push(say.responsibility_nothing().to_owned());
        }
    }
    parts.join("; ")
}

fn deviations(matrix: &Matrix, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let (say, language) = (Say(options.language), options.language);
    if matrix.overrides.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", options.color.paint(Style::Strong, say.responsibility_overrides()))?;
    for deviation in &matrix.overrides {
        for (layer, who) in deviation.layers {
            let who = who.map_or(say.responsibility_none(), |who| who.label(language));
            let layer = Override::layer_label(layer, language);
            let line = say.responsibility_override_line(deviation.service, layer, who, deviation.why);
            for (at, line) in wrap(&line, options.width.saturating_sub(2)).iter().enumerate() {
                writeln!(out, "{}{line}", if at == 0 { "- " } else { "  " })?;
            }
        }
    }
    Ok(())
}

/// The services behind types, by the middle part of their names.
fn services<'t>(types: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut names: Vec<&str> = types.filter_map(|name| name.split("::").nth(1)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn object(matrix: &Matrix, resources: &BTreeMap<&str, Vec<String>>, out: &mut impl Write) -> io::Result<()> {
    let mut sink = Sink::new(out);
    sink.open('{');
    sink.text("schema", "sekisho.responsibility/1");
    sink.key("resources");
    sink.open('[');
    for (name, addresses) in resources {
        for address in addresses {
            sink.line();
            sink.open('{');
            sink.text("address", address);
            sink.text("type", name);
            sink.maybe("class", class_of(name).map(|class| class.name()));
            sink.close('}');
        }
        sink.relieve()?;
    }
    sink.close_line(']');
    sink.strings("unclassified", matrix.unclassified.iter());
    sink.key("layers");
    sink.open('[');
    for row in &matrix.rows {
        sink.line();
        layer(matrix, row, &mut sink);
        sink.relieve()?;
    }
    sink.close_line(']');
    sink.key("overrides");
    sink.open('[');
    for deviation in &matrix.overrides {
        sink.line();
        sink.open('{');
        sink.text("service", deviation.service);
        sink.strings("namespaces", deviation.namespaces);
        sink.strings("types", deviation.types);
        sink.key("layers");
        sink.open('{');
        for (layer, who) in deviation.layers {
            sink.maybe(layer, who.map(Who::name));
        }
        sink.close('}');
        sink.text("why", deviation.why);
        sink.maybe("basis", deviation.basis);
        sink.close('}');
    }
    sink.close_line(']');
    sink.close('}');
    sink.finish()
}

fn layer(matrix: &Matrix, row: &MatrixRow, sink: &mut Sink<'_, impl Write>) {
    sink.open('{');
    sink.text("layer", row.layer.name);
    sink.strings("basis", row.layer.basis);
    sink.key("our_reading");
    sink.boolean(row.layer.ours);
    sink.strings("records", &row.records);
    sink.strings("questions", &row.questions);
    sink.key("cells");
    sink.open('[');
    for ((class, _), cell) in matrix.classes.iter().zip(&row.cells) {
        sink.open('{');
        sink.text("class", class.name());
        sink.maybe("who", cell.who.map(Who::name));
        sink.strings("controls", cell.controls.iter().map(|control| control.id.as_ref()));
        sink.strings("rests_on", cell.reports.iter().map(|report| report.name()));
        sink.close('}');
    }
    sink.close(']');
    sink.close('}');
}
