//! The asset matrix and the data sheet: for a person, as CSV, and as `sekisho.assets/1`.

use std::io::{self, Write};

use sekisho_access::case::Verdict;
use sekisho_access::tables::Class;
use sekisho_access::who::{Row, Who};
use sekisho_facts::store;
use sekisho_guidance::Label;
use sekisho_phi::{Asset, AssetSaid, EdgeIndex, Fault, Model};
use serde_json::{Value, json};

use crate::access::AccessReport;
use crate::flow::Teller;
use crate::report::Options;
use crate::text::layout::{Style, clean, clip, pad, width, wrap};

/// How assets are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssetForm {
    /// For people: the matrix, and a sheet for each store of data.
    Text,
    /// The matrix with all columns, one row an asset.
    Csv,
    /// One object.
    Json,
}

/// Most who are named for one capability in a sheet.
const MOST_HOLDERS: usize = 12;

/// Writes the assets of an estate.
///
/// # Errors
/// What the writer reports.
pub fn assets(
    model: &Model<'_>,
    assets: &[Asset],
    form: AssetForm,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let teller = Teller::new(model, options);
    match form {
        AssetForm::Text => {
            teller.matrix(assets, options, out)?;
            teller.sheets(assets, options, out)?;
        }
        AssetForm::Csv => teller.table(assets, out)?,
        AssetForm::Json => {
            let rows: Vec<Value> = assets.iter().map(|asset| teller.asset(asset)).collect();
            serde_json::to_writer_pretty(&mut *out, &json!({"schema": "sekisho.assets/1", "assets": rows}))?;
            writeln!(out)?;
        }
    }
    out.flush()
}

impl Teller<'_> {
    fn category(&self, said: &AssetSaid) -> String {
        match said {
            AssetSaid::Proposed(name) => self.say.category(name).to_owned(),
            AssetSaid::Tag(text) => clean(text).into_owned(),
        }
    }

    fn cost(&self, said: &AssetSaid) -> String {
        match said {
            AssetSaid::Proposed(name) => self.say.cost(name).to_owned(),
            AssetSaid::Tag(text) => clean(text).into_owned(),
        }
    }

    fn depends(&self, asset: &Asset) -> Vec<String> {
        asset.depends.iter().map(|id| clean(self.model.estate.id(*id)).into_owned()).collect()
    }

    fn place_of(&self, asset: &Asset) -> String {
        let node = self.model.graph.nodes.get(self.model.graph.nodes.resource(asset.id));
        let parts = [node.region(self.model.estate), node.country(self.model.estate)];
        let place = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if place.is_empty() { self.say.assets_unknown().to_owned() } else { place }
    }

    fn matrix(&self, assets: &[Asset], options: &Options, out: &mut impl Write) -> io::Result<()> {
        let say = self.say;
        writeln!(out, "{}\n", options.color.paint(Style::Strong, say.assets_title()))?;
        let head = [
            say.assets_name(),
            say.assets_owner(),
            say.assets_category(),
            say.assets_phi(),
            say.assets_cost(),
            say.assets_depends(),
        ];
        let rows: Vec<[String; 6]> = assets
            .iter()
            .map(|asset| {
                [
                    clean(self.model.estate.id(asset.id)).into_owned(),
                    asset.owner.as_deref().map_or(say.assets_nobody().to_owned(), |o| clean(o).into_owned()),
                    self.category(&asset.category),
                    say.label(asset.label).to_owned(),
                    self.cost(&asset.cost),
                    self.depends(asset).join(", "),
                ]
            })
            .collect();
        let mut columns: Vec<usize> = head.iter().map(|word| width(word)).collect();
        for row in &rows {
            for (column, cell) in columns.iter_mut().zip(row) {
                *column = (*column).max(width(cell));
            }
        }
        columns[0] = columns[0].min(32);
        columns[1] = columns[1].min(20);
        let before: usize = columns[..5].iter().map(|column| column + 2).sum();
        columns[5] = options.width.saturating_sub(before).max(20);
        let line = |cells: &[&str]| {
            let cells = cells.iter().zip(&columns).map(|(cell, column)| pad(&clip(cell, *column), *column));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        writeln!(out, "{}", options.color.paint(Style::Strong, &line(&head)))?;
        for row in &rows {
            writeln!(out, "{}", line(&row.each_ref().map(String::as_str)))?;
        }
        writeln!(out)?;
        for line in wrap(say.assets_columns(), options.width) {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// The four viewpoints on each store of data.
    fn sheets(&self, assets: &[Asset], options: &Options, out: &mut impl Write) -> io::Result<()> {
        let (say, model) = (self.say, self.model);
        for asset in assets.iter().filter(|asset| asset.label != Label::None && asset.encrypted.is_some()) {
            let type_name = model.estate.type_name(asset.id);
            writeln!(
                out,
                "\n{}  {}",
                options.color.paint(Style::Strong, &clean(model.estate.id(asset.id))),
                options.color.paint(Style::Dim, type_name)
            )?;
            let node = model.graph.nodes.resource(asset.id);
            let mut row = |head: &str, lines: Vec<String>| -> io::Result<()> {
                writeln!(out, "  {head}")?;
                for line in lines {
                    for part in wrap(&clean(&line), options.width.saturating_sub(6)) {
                        writeln!(out, "      {part}")?;
                    }
                }
                Ok(())
            };
            let mut storage = vec![format!("{}: {}", say.assets_where(), self.place_of(asset))];
            if let Some(class) = asset.class {
                storage.push(format!("{}: {}", say.assets_class(), class.label(options.language)));
            }
            let reasons = model.reasons(node);
            let why = reasons.first().map_or(String::new(), |(_, reason)| self.reason(reason));
            storage.push(format!("{}: {} ({why})", say.assets_phi(), say.label(asset.label)));
            storage.extend(self.edges(&asset.copies, say.flow_copies()));
            row(say.assets_storage_view(), storage)?;
            let mut protection = Vec::new();
            if let Some(text) = asset.encrypted.as_ref().and_then(|at_rest| self.at_rest(at_rest)) {
                protection.push(format!("{}: {text}", say.assets_encrypted()));
            }
            let plain: Vec<EdgeIndex> = model
                .graph
                .leaving(node)
                .filter(|&edge| model.hop(edge).faults.contains(&Fault::Plain))
                .collect();
            protection.extend(self.edges(&plain, say.fault("plain")));
            row(say.assets_protection_view(), protection)?;
            let mut access = self.holders(asset);
            access.extend(self.edges(&asset.leaves, say.layer("outside")));
            row(say.assets_access_view(), access)?;
            row(say.assets_obligation_view(), vec![say.assets_demands(asset.demands.len())])?;
        }
        Ok(())
    }

    /// Who can do what, a line for each capability, farthest first.
    fn holders(&self, asset: &Asset) -> Vec<String> {
        let say = self.say;
        let Some(report) = self.access() else { return vec![say.assets_access_pending().to_owned()] };
        if asset.holders.iter().all(|(_, rows)| rows.is_none()) {
            return vec![say.assets_access_unread(self.model.estate.type_name(asset.id))];
        }
        let mut lines = Vec::new();
        for (class, rows) in &asset.holders {
            let Some(rows) = rows else { continue };
            let mut names: Vec<String> =
                rows.iter().take(MOST_HOLDERS).map(|row| self.holder(&report, row)).collect();
            if rows.is_empty() {
                names.push(say.access_nobody().to_owned());
            }
            if rows.len() > MOST_HOLDERS {
                names.push(say.map_folded(rows.len() - MOST_HOLDERS));
            }
            lines.push(format!("{}: {}", report.class(*class), names.join("; ")));
        }
        lines
    }

    /// One who can, with the roles between, what runs as it, and when.
    fn holder(&self, report: &AccessReport<'_>, row: &Row) -> String {
        let mut about: Vec<String> = Vec::new();
        about.extend(report.chain(row));
        if let (Who::Principal(id), true) = (&row.who, row.chain.is_empty()) {
            let used = report.used_by(*id);
            if !used.is_empty() {
                about.push(self.say.access_runs(clean(&used.join(", "))));
            }
        }
        let found = row.cell.verdict();
        if found != Verdict::Allowed {
            about.push(report.answer(found).to_owned());
            about.extend(report.condition(&row.cell.formula).map(|text| self.say.access_when(clean(&text))));
        }
        let who = report.who(&row.who);
        if about.is_empty() { who } else { format!("{who} ({})", about.join(", ")) }
    }

    /// Names for a cell of a table: those of whom it is not certain say so.
    fn names_of(&self, asset: &Asset, class: Class) -> String {
        let Some(report) = self.access() else { return String::new() };
        let Some((_, rows)) = asset.holders.iter().find(|(of, _)| *of == class) else { return String::new() };
        let Some(rows) = rows else { return "?".to_owned() };
        let names = rows.iter().map(|row| match row.cell.verdict() {
            Verdict::Allowed => report.who(&row.who),
            open => format!("{} ({})", report.who(&row.who), report.answer(open)),
        });
        names.collect::<Vec<_>>().join("; ")
    }

    fn edges(&self, edges: &[EdgeIndex], head: &str) -> Option<String> {
        let names: Vec<String> = edges.iter().map(|&e| self.name(self.model.graph.edge(e).to)).collect();
        (!names.is_empty()).then(|| format!("{head}: {}", names.join(", ")))
    }

    fn table(&self, assets: &[Asset], out: &mut impl Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record([
            "name",
            "type",
            "address",
            "owner",
            "category",
            "depends_on",
            "cost_class",
            "phi",
            "region",
            "country",
            "responsibility_class",
            "encrypted_at_rest",
            "copies",
            "leaves_to",
            "can_read",
            "can_write",
            "can_delete",
            "can_administer",
        ])?;
        for asset in assets {
            let estate = self.model.estate;
            let node = self.model.graph.nodes.get(self.model.graph.nodes.resource(asset.id));
            let to = |edges: &[EdgeIndex]| {
                edges.iter().map(|&e| self.name(self.model.graph.edge(e).to)).collect::<Vec<_>>().join("; ")
            };
            let said = |said: &AssetSaid| match said {
                AssetSaid::Proposed(name) => (*name).to_owned(),
                AssetSaid::Tag(text) => text.clone(),
            };
            // A cell that a spreadsheet would take for a formula is text.
            let cell = |text: &str| match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                true => format!("'{text}"),
                false => text.to_owned(),
            };
            csv.write_record(
                [
                    estate.id(asset.id),
                    estate.type_name(asset.id),
                    &estate.address(asset.id),
                    asset.owner.as_deref().unwrap_or(""),
                    &said(&asset.category),
                    &self.depends(asset).join("; "),
                    &said(&asset.cost),
                    asset.label.name(),
                    node.region(estate).unwrap_or(""),
                    node.country(estate).unwrap_or(""),
                    asset.class.map_or("", |class| class.name()),
                    &asset.encrypted.as_ref().and_then(|at_rest| self.at_rest(at_rest)).unwrap_or_default(),
                    &to(&asset.copies),
                    &to(&asset.leaves),
                    &self.names_of(asset, Class::ReadContent),
                    &self.names_of(asset, Class::Write),
                    &self.names_of(asset, Class::Delete),
                    &self.names_of(asset, Class::Administer),
                ]
                .map(cell),
            )?;
        }
        csv.flush()
    }

    fn capabilities(&self, asset: &Asset) -> Value {
        let Some(report) = self.access() else { return Value::Null };
        let of = |rows: &Vec<Row>| -> Vec<Value> {
            rows.iter()
                .map(|row| {
                    let names = &report.model.principals;
                    json!({
                        "who": report.who_json(&row.who),
                        "chain": row.chain.iter().map(|hop| json!({
                            "role": names[hop.role as usize].name, "by": hop.by,
                        })).collect::<Vec<_>>(),
                        "answer": row.cell.verdict(), "condition": report.condition(&row.cell.formula),
                    })
                })
                .collect()
        };
        let entries =
            asset.holders.iter().map(|(class, rows)| (class.name().to_owned(), json!(rows.as_ref().map(of))));
        Value::Object(entries.collect())
    }

    fn asset(&self, asset: &Asset) -> Value {
        let model = self.model;
        let estate = model.estate;
        let index = model.graph.nodes.resource(asset.id);
        let node = model.graph.nodes.get(index);
        let said = |said: &AssetSaid| match said {
            AssetSaid::Proposed(name) => json!({"value": name, "by": "type"}),
            AssetSaid::Tag(text) => json!({"value": text, "by": "tag"}),
        };
        let hops = |edges: &[EdgeIndex]| edges.iter().map(|&e| self.hop_object(e)).collect::<Vec<_>>();
        json!({
            "name": estate.id(asset.id), "type": estate.type_name(asset.id), "address": estate.address(asset.id),
            "owner": asset.owner, "category": said(&asset.category), "cost_class": said(&asset.cost),
            "depends_on": asset.depends.iter().map(|id| estate.address(*id)).collect::<Vec<_>>(),
            "responsibility_class": asset.class.map(|class| class.name()),
            "phi": {"label": asset.label.name(),
                    "reasons": model.reasons(index).iter().map(|(_, r)| self.reason(r)).collect::<Vec<_>>()},
            "storage": {"keeps": store(estate.type_name(asset.id)).is_some(), "region": node.region(estate),
                        "country": node.country(estate), "account": node.account(estate),
                        "copies": hops(&asset.copies)},
            "protection": {"at_rest": asset.encrypted.as_ref().and_then(|at_rest| self.at_rest(at_rest))},
            "access": {"outside": hops(&asset.leaves), "capabilities": self.capabilities(asset)},
            "obligations": asset.demands,
        })
    }
}
