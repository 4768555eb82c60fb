//! The catalogue of what AWS does: each statement under what it rests on. Linear in the rows.

use std::collections::BTreeMap;
use std::io::{self, Write};

use sekisho_guidance::{Assurance, Item, Resolution, coverage};

use super::{GuidanceError, Notation, json, unknown};
use crate::messages::Say;
use crate::report::Options;
use crate::text::layout::{Style, wrap};

/// Writes what AWS does, of one service or of all: for a person by what it rests on, for a program
/// as rows of the schema `sekisho.guidance/1`. None of it counts by itself: a report on file has to
/// cover the period, the service and the Region.
///
/// # Errors
/// An unknown service, with the nearest one; what the writer reports.
pub fn guidance_inherited(
    service: Option<&str>,
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), GuidanceError> {
    let mut items = coverage().items;
    if let Some(name) = service {
        let known = || items.iter().filter_map(|item| item.requirement.service);
        if !known().any(|known| known == name) {
            return Err(unknown("service", name, known()));
        }
    }
    items.retain(|item| {
        matches!(item.resolution, Resolution::Inherited(_))
            && service.is_none_or(|name| item.requirement.service == Some(name))
    });
    match notation {
        Notation::Text => text(&items, options, out)?,
        Notation::Json => json::objects(&items, out)?,
    }
    Ok(())
}

fn text(items: &[Item], options: &Options, out: &mut impl Write) -> io::Result<()> {
    let (say, language) = (Say(options.language), options.language);
    for line in wrap(say.guidance_inherited_head(), options.width) {
        writeln!(out, "{line}")?;
    }
    let mut groups: BTreeMap<&[Assurance], Vec<&Item>> = BTreeMap::new();
    for item in items {
        if let Resolution::Inherited(inheritance) = item.resolution {
            groups.entry(inheritance.rests_on).or_default().push(item);
        }
    }
    for (rests_on, mut items) in groups {
        items.sort_by_key(|item| item.requirement.service_or_capability);
        let labels: Vec<_> = rests_on.iter().map(|on| on.label(language)).collect();
        let head = say.guidance_inherited_group(labels.join(" + "), items.len());
        writeln!(out, "\n{}", options.color.paint(Style::Strong, &head))?;
        let mut subject = "";
        for item in items {
            let row = &item.requirement;
            if row.service_or_capability != subject {
                subject = row.service_or_capability;
                writeln!(out, "\n  {subject}")?;
            }
            writeln!(out, "    {}", options.color.paint(Style::Dim, row.id))?;
            for line in wrap(row.statement, options.width.saturating_sub(6)) {
                writeln!(out, "      {line}")?;
            }
            if let Resolution::Inherited(inheritance) = item.resolution
                && let Some(switch) = inheritance.switch
            {
                writeln!(out, "      {}", say.guidance_switch(switch))?;
            }
        }
    }
    writeln!(out, "\n{}", say.guidance_count(items.len()))?;
    out.flush()
}
