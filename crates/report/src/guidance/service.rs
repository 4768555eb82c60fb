//! A service: what the papers and AWS say of it, who runs it, how long it lives, what it does
//! where nothing is written, and what is demanded of it. Linear in the resource types and rows.

use std::collections::BTreeMap;
use std::io::{self, Write};

use sekisho_facts::{Holds, ServiceDefault, defaults, resource_type_names, store};
use sekisho_guidance::{
    Eligibility, Item, Language, Level, Lifecycle, ResolutionKind, Seed, Service, Standing, controls,
    controls_for, coverage, eligibility_list, requirement, services,
};

use super::{GuidanceError, Notation, unknown};
use crate::messages::Say;
use crate::report::Options;
use crate::sink::Sink;
use crate::text::layout::{Rows, Style, pad, width};

/// Everything that is known about a service.
struct Sheet {
    service: &'static Service,
    standing: &'static Eligibility,
    /// Its resource types, sorted.
    types: Vec<&'static str>,
    /// The requirements about it.
    items: Vec<Item>,
}

impl Sheet {
    fn of(service: &'static Service, all: &[Item]) -> Option<Self> {
        let whole = service.part_of.and_then(|slug| sekisho_guidance::service(slug).ok()).unwrap_or(service);
        let types = resource_type_names().filter(|name| whole.has(name)).collect();
        let about = |item: &&Item| item.requirement.service == Some(service.slug);
        Some(Self {
            service,
            standing: service.eligibility()?,
            types,
            items: all.iter().filter(about).cloned().collect(),
        })
    }

    /// Heading, first and last line in an edition of the paper.
    fn section(&self, edition: Seed) -> Option<(&'static str, u32, u32)> {
        let in_edition = |item: &&Item| {
            let seed = item.requirement.seed;
            item.requirement.basis.is_some() && (seed == edition || seed == Seed::HipaaBoth)
        };
        let rows = || self.items.iter().filter(in_edition).map(|item| item.requirement);
        let lines = || {
            rows().map(|row| {
                if edition == Seed::Hipaa2018 { row.lines_2018.unwrap_or(row.lines) } else { row.lines }
            })
        };
        let first = lines().map(|lines| lines.0).min()?;
        Some((rows().next()?.section, first, lines().map(|lines| lines.1).max()?))
    }

    /// What stores of it hold.
    fn stores(&self) -> Vec<(&'static str, Holds)> {
        self.types.iter().filter_map(|name| Some((*name, store(name)?.holds))).collect()
    }

    fn defaults(&self) -> impl Iterator<Item = (&'static str, &'static ServiceDefault)> {
        self.types.iter().flat_map(|name| defaults(name).iter().map(move |default| (*name, default)))
    }

    /// The rows that keep PHI out of names, tags and other fields.
    fn kept_out(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| {
            item.requirement.category == "metadata-no-phi" && item.requirement.level == Some(Level::MustNot)
        })
    }

    fn by_resolution(&self) -> BTreeMap<ResolutionKind, usize> {
        let mut counts = BTreeMap::new();
        for item in &self.items {
            *counts.entry(item.resolution.kind()).or_default() += 1;
        }
        counts
    }

    /// The controls that answer its rows, and those that are asked of its types.
    fn controls(&self) -> Vec<&'static str> {
        let of_rows = self.items.iter().flat_map(|item| item.by.iter().copied());
        let of_types = self
            .types
            .iter()
            .flat_map(|name| controls_for(name))
            .filter_map(|at| controls().get(usize::from(*at)));
        let mut ids: Vec<&str> = of_rows.chain(of_types).map(|control| control.id.as_ref()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// The services that have a section in an edition (`2018`, `2023`), or all of them.
///
/// # Errors
/// An unknown edition; what the writer reports.
pub fn guidance_services(
    edition: Option<&str>,
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> Result<(), GuidanceError> {
    const EDITIONS: [&str; 2] = ["2018", "2023"];
    if let Some(name) = edition.filter(|name| !EDITIONS.contains(name)) {
        return Err(unknown("edition", name, EDITIONS.into_iter()));
    }
    let all = coverage().items;
    let in_edition = |sheet: &Sheet| {
        let (old, new) = (sheet.standing.paper_2018, sheet.standing.paper_2023);
        edition.is_none_or(|edition| Standing::NotListed != if edition == "2018" { old } else { new })
    };
    let sheets: Vec<Sheet> =
        services().iter().filter_map(|s| Sheet::of(s, &all)).filter(in_edition).collect();
    match notation {
        Notation::Text => table(&sheets, options, out)?,
        Notation::Json => {
            let mut sink = Sink::new(out);
            sink.open('{');
            sink.text("schema", "sekisho.services/1");
            sink.text("list_as_of", &eligibility_list().as_of);
            sink.key("services");
            sink.open('[');
            for sheet in &sheets {
                sink.line();
                object(sheet, None, &mut sink);
                sink.relieve()?;
            }
            sink.close_line(']');
            sink.close('}');
            sink.finish()?;
        }
    }
    Ok(())
}

/// The sheet of one service.
pub(super) fn show(
    service: &'static Service,
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let items = super::editions_of(coverage().items, options.edition);
    let Some(sheet) = Sheet::of(service, &items) else { return Ok(()) };
    match notation {
        Notation::Text => page(&sheet, options, out),
        Notation::Json => {
            let mut sink = Sink::new(out);
            object(&sheet, Some("sekisho.service/1"), &mut sink);
            sink.finish()
        }
    }
}

fn table(sheets: &[Sheet], options: &Options, out: &mut impl Write) -> io::Result<()> {
    let (say, language) = (Say(options.language), options.language);
    let standing = |standing: Standing| match standing {
        Standing::NotListed => "-".to_owned(),
        standing => standing.label(language).to_owned(),
    };
    let heads =
        [say.service_paper("2018"), say.service_paper("2023"), say.service_list(&eligibility_list().as_of)];
    let rows: Vec<[String; 3]> = sheets
        .iter()
        .map(|s| [s.standing.paper_2018, s.standing.paper_2023, s.standing.listed].map(standing))
        .collect();
    let column =
        |at: usize| rows.iter().map(|row| width(&row[at])).chain([width(&heads[at])]).max().unwrap_or(0);
    let columns: [usize; 3] = std::array::from_fn(column);
    let first = sheets.iter().map(|sheet| width(sheet.service.slug)).max().unwrap_or(0);
    let mut line = pad("", first);
    for (head, column) in heads.iter().zip(columns) {
        line.push_str("  ");
        line.push_str(&pad(head, column));
    }
    writeln!(out, "{}", options.color.paint(Style::Strong, line.trim_end()))?;
    for (sheet, row) in sheets.iter().zip(&rows) {
        let mut line = options.color.paint(Style::Strong, &pad(sheet.service.slug, first));
        for (cell, column) in row.iter().zip(columns) {
            line.push_str("  ");
            line.push_str(&pad(cell, column));
        }
        line.push_str("  ");
        line.push_str(&options.color.paint(Style::Dim, sheet.service.name));
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", say.service_count(sheets.len()))?;
    out.flush()
}

fn page(sheet: &Sheet, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let (say, language) = (Say(options.language), options.language);
    let service = sheet.service;
    let mut text = format!("{}\n\n", super::head(options));
    text += &format!("{}  {}\n\n", options.color.paint(Style::Strong, service.name), service.slug);
    let mut rows = Rows::new(options);
    if !service.aliases.is_empty() {
        rows.add(say.service_aliases(), service.aliases.join(", "));
    }
    if let Some(whole) = service.part_of {
        rows.add(say.service_part_of(), whole);
    }
    let parts: Vec<&str> =
        services().iter().filter(|part| part.part_of == Some(service.slug)).map(|part| part.slug).collect();
    if !parts.is_empty() {
        rows.add(say.service_parts(), parts.join(", "));
    }
    for (edition, seed, standing) in [
        ("2018", Seed::Hipaa2018, sheet.standing.paper_2018),
        ("2023", Seed::Hipaa2023, sheet.standing.paper_2023),
    ] {
        if options.edition.is_some_and(|chosen| chosen.name() != edition) {
            continue;
        }
        rows.add(&say.service_paper(edition), standing.label(language));
        if let Some((heading, first, last)) = sheet.section(seed) {
            rows.more(say.service_lines(heading, first, last));
        }
    }
    listed(sheet, say, &mut rows);
    if let Some(restriction) = &sheet.standing.restriction {
        rows.add(say.service_limit(), restriction.get(language));
    }
    rows.add(say.service_phi(), service.holding.label(language));
    for id in service.basis {
        rows.more(*id);
        rows.more(format!("  {}", requirement(id).map_or("", |row| row.statement)));
    }
    let stores = sheet.stores();
    if !stores.is_empty() {
        rows.begin(say.service_stores());
        for (name, holds) in stores {
            rows.more(format!("{name}: {}", say.moves(holds_name(holds))));
        }
    }
    if sheet.kept_out().next().is_some() {
        rows.begin(say.service_kept_out());
        for item in sheet.kept_out() {
            rows.more(item.requirement.id);
            rows.more(format!("  {}", item.requirement.statement));
        }
    }
    who(sheet, say, &mut rows);
    life(sheet, say, &mut rows);
    if !sheet.types.is_empty() {
        rows.add(say.service_types(), say.service_type_count(sheet.types.len(), names(service).join(", ")));
    }
    if sheet.defaults().next().is_some() {
        rows.begin(say.service_defaults());
        for (name, default) in sheet.defaults() {
            rows.more(format!("{name} {}: {}", default.path, told(default, language)));
        }
    }
    if !sheet.items.is_empty() {
        rows.begin(say.service_rows());
        for (kind, count) in sheet.by_resolution() {
            rows.more(format!("{}: {count}", kind.label(language)));
        }
        rows.more(say.service_rows_help(service.slug));
    }
    let controls = sheet.controls();
    if !controls.is_empty() {
        rows.begin(say.guidance_controls());
        controls.into_iter().for_each(|id| rows.more(id));
    }
    rows.write(&mut text, true);
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// What the list of AWS says.
fn listed(sheet: &Sheet, say: Say, rows: &mut Rows<'_>) {
    let standing = sheet.standing;
    let list = eligibility_list();
    rows.add(&say.service_list(&list.as_of), standing.listed.label(say.0));
    for text in standing.limited.iter() {
        rows.more(say.service_limited(text.get(say.0)));
    }
    for text in standing.excludes.iter() {
        rows.more(say.service_excludes(text.get(say.0)));
    }
    if standing.listed == Standing::NotListed {
        rows.more(say.service_not_listed());
    }
    rows.more(list.list.as_ref());
}

/// Who runs it.
fn who(sheet: &Sheet, say: Say, rows: &mut Rows<'_>) {
    let service = sheet.service;
    let of_whole = || sekisho_guidance::service(service.part_of?).ok()?.class;
    let Some(class) = service.class.or_else(of_whole) else { return };
    rows.add(say.service_class(), class.label(say.0));
    rows.more(
        service
            .class_basis
            .map_or_else(|| say.service_our_reading().to_owned(), |row| say.service_named_by(row)),
    );
    for deviation in service.deviations() {
        for (layer, who) in deviation.layers {
            let who = who.map_or(say.responsibility_none(), |who| who.label(say.0));
            let layer = sekisho_guidance::Override::layer_label(layer, say.0);
            rows.more(format!("{layer}: {who}"));
        }
        rows.more(format!("  {}", deviation.why));
    }
}

/// What has ended, or will.
fn life(sheet: &Sheet, say: Say, rows: &mut Rows<'_>) {
    if sheet.service.lifecycle().next().is_none() {
        return;
    }
    rows.begin(say.service_life());
    for change in sheet.service.lifecycle() {
        if change.service != sheet.service.name {
            rows.more(change.service);
        }
        if let Some(day) = change.ends {
            rows.more(say.service_ends(day));
        }
        match change.closed {
            Some(day) => rows.more(say.service_closed(day)),
            None if change.ends.is_none() => rows.more(say.service_closed_undated()),
            None => {}
        }
        if let Some(instead) = change.instead {
            rows.more(say.service_instead(instead));
        }
        rows.more(change.source);
        if !change.verified {
            rows.more(say.guidance_unverified());
        }
    }
}

/// A default in a sentence.
fn told(default: &ServiceDefault, language: Language) -> String {
    let say = Say(language);
    let value = default.value_json.unwrap_or_else(|| say.fact(default.unknown.unwrap_or_default()));
    let mut text = match default.since {
        Some(day) => say.service_default_since(value, day),
        None => say.service_default_always(value),
    };
    for (property, values) in default.when {
        text.push_str(&say.service_default_when(*property, values.join(", ")));
    }
    text
}

fn names(service: &Service) -> Vec<&'static str> {
    let whole = service.part_of.and_then(|slug| sekisho_guidance::service(slug).ok()).unwrap_or(service);
    if whole.namespaces.is_empty() { whole.types.to_vec() } else { whole.namespaces.to_vec() }
}

const fn holds_name(holds: Holds) -> &'static str {
    match holds {
        Holds::Content => "content",
        Holds::Logs => "logs",
        Holds::Metadata => "metadata",
    }
}

fn object(sheet: &Sheet, schema: Option<&str>, sink: &mut Sink<'_, impl Write>) {
    let (service, standing) = (sheet.service, sheet.standing);
    let english = |text: &Option<sekisho_guidance::Text>| text.as_ref().map(|text| text.en.to_string());
    sink.open('{');
    if let Some(schema) = schema {
        sink.text("schema", schema);
    }
    sink.text("id", service.slug);
    sink.text("name", service.name);
    sink.strings("aliases", service.aliases);
    sink.maybe("part_of", service.part_of);
    sink.strings("namespaces", service.namespaces);
    sink.strings("types", service.types);
    sink.key("papers");
    sink.open('{');
    for (key, seed, said) in
        [("2018", Seed::Hipaa2018, standing.paper_2018), ("2023", Seed::Hipaa2023, standing.paper_2023)]
    {
        sink.key(key);
        sink.open('{');
        sink.text("standing", said.name());
        let section = sheet.section(seed);
        sink.maybe("section", section.map(|(heading, _, _)| heading));
        sink.key("lines");
        match section {
            Some((_, first, last)) => super::json::range((first, last), sink),
            None => sink.raw("null"),
        }
        sink.close('}');
    }
    sink.close('}');
    sink.maybe("restriction", english(&standing.restriction).as_deref());
    sink.key("list");
    sink.open('{');
    sink.text("as_of", &eligibility_list().as_of);
    sink.text("standing", standing.listed.name());
    sink.maybe("limited", english(&standing.limited).as_deref());
    sink.maybe("excludes", english(&standing.excludes).as_deref());
    sink.close('}');
    sink.text("phi", service.holding.name());
    sink.strings("basis", service.basis);
    sink.strings("kept_out", sheet.kept_out().map(|item| item.requirement.id));
    sink.key("stores");
    sink.open('[');
    for (name, holds) in sheet.stores() {
        sink.open('{');
        sink.text("type", name);
        sink.text("holds", holds_name(holds));
        sink.close('}');
    }
    sink.close(']');
    sink.maybe("class", service.class.map(|class| class.name()));
    sink.maybe("class_basis", service.class_basis);
    sink.key("lifecycle");
    sink.open('[');
    service.lifecycle().for_each(|change| lifecycle(change, sink));
    sink.close(']');
    sink.key("defaults");
    sink.open('[');
    for (name, default) in sheet.defaults() {
        sink.open('{');
        sink.text("type", name);
        sink.text("path", default.path);
        sink.key("value");
        sink.raw(default.value_json.unwrap_or("null"));
        sink.maybe("unknown", default.unknown);
        sink.maybe("since", default.since);
        sink.text("source", default.source);
        sink.key("verified");
        sink.boolean(default.verified);
        sink.close('}');
    }
    sink.close(']');
    sink.strings("rows", sheet.items.iter().map(|item| item.requirement.id));
    sink.strings("controls", sheet.controls());
    sink.close('}');
}

fn lifecycle(change: &Lifecycle, sink: &mut Sink<'_, impl Write>) {
    sink.open('{');
    sink.text("what", change.service);
    sink.maybe("ends", change.ends);
    sink.maybe("closed", change.closed);
    sink.maybe("instead", change.instead);
    sink.text("source", change.source);
    sink.key("verified");
    sink.boolean(change.verified);
    sink.close('}');
}
