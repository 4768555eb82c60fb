//! Tables to fill in, as CSV for a spreadsheet: the boundaries of responsibility, and a framework
//! as a checklist. What the run or the model knows stands there; the last columns are left empty
//! for people. Linear in the layers, and in the paragraphs with their requirements.

use std::collections::BTreeSet;
use std::io::{self, Write};

use sekisho_estate::Estate;
use sekisho_guidance::{Item, Language, Resolution, Who, responsibility as matrix_of};

use crate::messages::Say;
use crate::report::Options;

/// What spreadsheets need to read UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Lines in one cell.
const APART: &str = "\n";

fn joined(lines: impl IntoIterator<Item = String>) -> String {
    let lines: BTreeSet<String> = lines.into_iter().collect();
    lines.into_iter().collect::<Vec<_>>().join(APART)
}

/// The records that rows ask for, the questions, and what AWS's part rests on.
pub(crate) fn owed(items: &[Item], language: Language) -> [String; 3] {
    let of = |wanted: fn(&Item, Language) -> Vec<String>| {
        joined(items.iter().flat_map(|item| wanted(item, language)))
    };
    [
        of(|item, language| match item.resolution {
            Resolution::Record(kind) => vec![kind.label(language).to_owned()],
            _ => Vec::new(),
        }),
        of(|item, language| match item.resolution {
            Resolution::Attestation(question) => vec![question.about(&item.requirement, language)],
            _ => Vec::new(),
        }),
        of(|item, language| match item.resolution {
            Resolution::Inherited(on) => on.rests_on.iter().map(|on| on.label(language).to_owned()).collect(),
            _ => Vec::new(),
        }),
    ]
}

/// Writes rows of cells below their heads.
pub(crate) fn rows(
    heads: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    out: &mut impl Write,
) -> io::Result<()> {
    out.write_all(MARK)?;
    let mut table = csv::Writer::from_writer(out);
    table.write_record(heads)?;
    for row in rows {
        table.write_record(row)?;
    }
    table.flush()
}

/// Writes the table of responsibility boundaries of an estate: a row for each layer in each class of
/// services that is there, with whose it is, what evidences both parts, and room for who agreed.
///
/// # Errors
/// What the writer reports.
pub fn responsibility_form(estate: &Estate, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let (say, language) = (Say(options.language), options.language);
    let types: BTreeSet<&str> = estate
        .resources()
        .map(|(id, _, _)| estate.type_name(id))
        .filter(|name| name.starts_with("AWS::"))
        .collect();
    let matrix = matrix_of(types);
    let heads = [
        say.responsibility_layer(),
        say.form_class(),
        say.form_services(),
        say.form_whose(),
        say.form_aws_evidence(),
        say.form_controls(),
        say.form_records(),
        say.form_questions(),
        say.form_partner(),
        say.form_in_charge(),
        say.form_date(),
    ];
    let cells = matrix.rows.iter().flat_map(|row| {
        matrix.classes.iter().zip(&row.cells).map(move |((class, types), cell)| {
            let ours = matches!(cell.who, Some(Who::Customer | Who::Shared));
            let ids = row.records.iter().chain(&row.questions).filter(|_| ours);
            let items: Vec<Item> = ids.filter_map(|id| Item::find(id)).collect();
            let [records, questions, _] = owed(&items, language);
            let services = types.iter().filter_map(|name| name.split("::").nth(1)).map(str::to_owned);
            vec![
                row.layer.label(language).to_owned(),
                class.label(language).to_owned(),
                joined(services),
                cell.who.map_or(say.responsibility_none(), |who| who.label(language)).to_owned(),
                joined(cell.reports.iter().map(|report| report.label(language).to_owned())),
                joined(cell.controls.iter().map(|control| control.id.to_string())),
                records,
                questions,
                String::new(),
                String::new(),
                String::new(),
            ]
        })
    });
    rows(&heads, cells, out)
}
