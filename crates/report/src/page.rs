//! What a control is: as a list, as a page on the terminal, and as a page of the documentation.

use std::io::{self, Write};

use sekisho_guidance::{
    ANY_TYPE, Control, Edition, Label, Language, Requirement, Scope, Severity, controls, requirement,
    severity,
};

use crate::messages::Say;
use crate::patch::{patch_lines, patch_of};
use crate::report::Options;
use crate::sink::Sink;
use crate::text::layout::{Rows, Style, clip, pad, prose, width, wrap};
use crate::text::source;

/// Stands for the logical id of a resource where no resource is at hand.
const EXAMPLE: &str = "Example";

/// A page of the documentation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// File name below `docs/controls`.
    pub path: String,
    /// Its text.
    pub markdown: String,
}

/// How bad a failure of a control is, by how we know of the PHI: the row of the severity
/// table, with those that are alike together.
fn severities(say: Say, control: &Control) -> Vec<String> {
    let level = control.strongest_level();
    let mut rows: Vec<(Severity, Vec<&str>)> = Vec::new();
    for &label in Label::ALL.iter().rev() {
        let severity = severity(control.harm, control.reach, label, level);
        match rows.last_mut() {
            Some((last, labels)) if *last == severity => labels.push(say.label(label)),
            _ => rows.push((severity, vec![say.label(label)])),
        }
    }
    let row = |(severity, labels): (Severity, Vec<&str>)| {
        say.page_severity_row(say.severity(severity), labels.join(", "))
    };
    rows.into_iter().map(row).collect()
}

/// How bad a failure of a control is when nobody said anything.
fn usual(control: &Control) -> Severity {
    let label = if control.scope == Scope::Resource { Label::Assumed } else { Label::None };
    severity(control.harm, control.reach, label, control.strongest_level())
}

fn rows_of(control: &Control) -> impl Iterator<Item = (&str, Option<Requirement>)> {
    control.satisfies.iter().map(|id| (id.as_ref(), requirement(id)))
}

/// An expression on one line: white space outside of quotes means nothing.
pub(crate) fn one_line(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut quote = None;
    for c in expression.trim().chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        if quote.is_none() && c.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Writes what a control asks and why, for a terminal.
///
/// # Errors
/// What the writer reports.
pub fn control_page(control: &Control, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let say = Say(options.language);
    let mut text = String::new();
    heading(control, options, &mut text);
    let mut rows = Rows::new(options);
    rows.add(say.page_why(), prose(control.why.get(say.0)));
    rows.add(say.page_applies(), applies(say, control));
    rows.begin(say.page_severity());
    severities(say, control).into_iter().for_each(|row| rows.more(row));
    rows.more(say.page_severity_why(say.harm(control.harm), say.reach(control.reach)));
    rows.add(say.page_confidence(), say.confidence(control.confidence));
    for (name, expression) in control.named.iter() {
        rows.add(say.page_let(), format!("{name} = {}", one_line(expression)));
    }
    if let Some(when) = &control.when {
        rows.add(say.page_when(), one_line(when));
    }
    rows.add(say.page_pass_if(), one_line(&control.pass_if));
    demands(say, control, options.edition, &mut rows);
    rows.add(say.page_fix(), prose(control.fix.text.get(say.0)));
    let code = [
        ("CloudFormation", patch_of(control, EXAMPLE).map(|patch| patch_lines(&patch))),
        ("Terraform", control.fix.terraform.as_ref().map(|t| t.lines().map(str::to_owned).collect())),
    ];
    for (label, lines) in code {
        if let Some(lines) = lines {
            rows.begin(label);
            lines.iter().for_each(|line| rows.code(options.color.paint(Style::Added, line)));
        }
    }
    if !control.references.is_empty() {
        rows.begin(say.page_references());
        control.references.iter().for_each(|url| rows.code(url.as_ref()));
    }
    rows.add(say.page_since(), control.since.as_ref());
    rows.write(&mut text, true);
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Id and title of a control.
pub(crate) fn heading(control: &Control, options: &Options, text: &mut String) {
    text.push_str(&crate::guidance::head(options));
    text.push_str("\n\n");
    text.push_str(&options.color.paint(Style::Strong, &control.id));
    text.push('\n');
    for line in wrap(&prose(control.title.get(options.language)), options.width) {
        text.push_str(&line);
        text.push('\n');
    }
    text.push('\n');
}

fn applies(say: Say, control: &Control) -> String {
    match control.scope {
        Scope::Resource if *control.applies == [ANY_TYPE] => say.page_any_type().to_owned(),
        Scope::Resource => control.applies.join(", "),
        Scope::Stack => say.page_each_stack().to_owned(),
        Scope::Account => say.page_account().to_owned(),
    }
}

/// The requirements behind a control, with what they state.
pub(crate) fn demands(say: Say, control: &Control, edition: Option<Edition>, rows: &mut Rows<'_>) {
    if control.satisfies.is_empty() {
        return;
    }
    rows.begin(say.page_demanded());
    for (id, found) in rows_of(control) {
        let Some(found) = found else {
            rows.more(id);
            continue;
        };
        let found = edition.and_then(|edition| found.as_stated_in(edition)).unwrap_or(found);
        let level = found.level.map_or("", |level| say.level(level));
        rows.more(format!("{id} ({level}) - {}", source(say, &found)));
        rows.more(format!("  {}", found.statement));
        if let Some(modern) = found.modern {
            rows.more(format!("  {}", say.page_superseded(modern)));
        }
    }
}

/// Writes a table of controls: id, severity, title, types.
///
/// # Errors
/// What the writer reports.
pub fn list<'c>(
    controls: impl IntoIterator<Item = &'c Control>,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let say = Say(options.language);
    let controls: Vec<&Control> = controls.into_iter().collect();
    let ids = controls.iter().map(|control| width(&control.id)).max().unwrap_or(0);
    let words = controls.iter().map(|control| width(say.severity(usual(control)))).max().unwrap_or(0);
    let room = options.width.saturating_sub(words + 2);
    let mut text = String::new();
    for control in &controls {
        let severity = usual(control);
        let word = options.color.paint(Style::Severity(severity), &pad(say.severity(severity), words));
        let types = clip(&applies(say, control), room.saturating_sub(ids + 2)).into_owned();
        let id = options.color.paint(Style::Strong, &pad(&control.id, ids));
        text.push_str(&format!("{word}  {id}  {}\n", options.color.paint(Style::Dim, &types)));
        for line in wrap(&prose(control.title.get(say.0)), room) {
            text.push_str(&format!("{}{line}\n", " ".repeat(words + 2)));
        }
    }
    text.push_str(&say.page_count(controls.len()));
    text.push('\n');
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes controls as one object of the schema `sekisho.controls/1`. The severity is the one
/// for a resource of which nobody said anything.
///
/// # Errors
/// What the writer reports.
pub fn list_json<'c>(
    controls: impl IntoIterator<Item = &'c Control>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sink = Sink::new(out);
    sink.open('{');
    sink.text("schema", "sekisho.controls/1");
    sink.key("controls");
    sink.open('[');
    for control in controls {
        sink.line();
        sink.open('{');
        sink.text("id", &control.id);
        sink.text("severity", usual(control).name());
        sink.text("confidence", control.confidence.name());
        sink.text("harm", control.harm.name());
        sink.text("reach", control.reach.name());
        sink.text("scope", control.scope.name());
        sink.strings("applies", control.applies.iter());
        sink.text("since", &control.since);
        sink.key("title");
        sink.open('{');
        sink.text("en", &control.title.en);
        sink.text("ja", &control.title.ja);
        sink.text("zh-TW", &control.title.zh_tw);
        sink.close('}');
        sink.strings("satisfies", control.satisfies.iter());
        sink.close('}');
        sink.relieve()?;
    }
    sink.close_line(']');
    sink.close('}');
    sink.finish()
}

/// The pages of all built-in controls and their index, for `docs/controls`.
#[must_use]
pub fn pages(language: Language) -> Vec<Page> {
    pages_of(controls(), language)
}

/// The pages of some controls and their index.
#[must_use]
pub fn pages_of(controls: &[Control], language: Language) -> Vec<Page> {
    let say = Say(language);
    let mut index = format!(
        "# {}\n\n{}\n\n| {} | {} | {} | {} |\n|---|---|---|---|\n",
        say.page_index(),
        say.page_generated(),
        capital(say.page_control()),
        capital(say.page_severity()),
        capital(say.page_title()),
        capital(say.page_applies()),
    );
    let mut pages = Vec::new();
    for control in controls {
        index.push_str(&format!(
            "| [`{id}`]({id}.md) | {} | {} | {} |\n",
            say.severity(usual(control)),
            cell(control.title.get(language)),
            cell(&applies(say, control)),
            id = control.id,
        ));
        pages.push(Page { path: format!("{}.md", control.id), markdown: markdown(control, say) });
    }
    pages.insert(0, Page { path: "README.md".to_owned(), markdown: index });
    pages
}

/// A label as a heading.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn fenced(out: &mut String, language: &str, lines: impl IntoIterator<Item = String>) {
    out.push_str(&format!("```{language}\n"));
    for line in lines {
        out.push_str(&line);
        out.push('\n');
    }
    out.push_str("```\n");
}

fn markdown(control: &Control, say: Say) -> String {
    let language = say.0;
    let mut out = format!("# {}\n\n**{}**\n\n", control.id, control.title.get(language));
    let others = Language::ALL.iter().filter(|other| **other != language);
    for other in others {
        out.push_str(&format!("- {}: {}\n", other.name(), control.title.get(*other)));
    }
    out.push_str(&format!("\n{}\n\n| | |\n|---|---|\n", prose(control.why.get(language))));
    let rows = [
        (say.page_applies(), applies(say, control)),
        (say.page_severity(), severities(say, control).join("; ")),
        (say.page_severity_from(), say.page_severity_why(say.harm(control.harm), say.reach(control.reach))),
        (say.page_confidence(), say.confidence(control.confidence).to_owned()),
        (say.page_since(), control.since.to_string()),
    ];
    for (label, text) in rows {
        out.push_str(&format!("| {} | {} |\n", capital(label), cell(&text)));
    }
    out.push_str(&format!("\n## {}\n\n", say.page_question()));
    let named = control.named.iter();
    let named = named.map(|(name, expression)| format!("// let {name}\n{}\n", one_line(expression)));
    let when = control.when.iter().map(|when| format!("// when\n{}\n", one_line(when)));
    fenced(&mut out, "cel", named.chain(when).chain([format!("// pass_if\n{}", one_line(&control.pass_if))]));
    out.push_str(&format!("\n## {}\n\n", capital(say.page_demanded())));
    for (id, found) in rows_of(control) {
        let Some(found) = found else {
            out.push_str(&format!("- `{id}`\n"));
            continue;
        };
        let level = found.level.map_or("", |level| say.level(level));
        out.push_str(&format!("- `{id}` ({level}), {}: {}\n", source(say, &found), found.statement));
        if let Some(modern) = found.modern {
            out.push_str(&format!("  - {}\n", say.page_superseded(modern)));
        }
    }
    out.push_str(&format!("\n## {}\n\n{}\n", capital(say.page_fix()), prose(control.fix.text.get(language))));
    if let Some(patch) = patch_of(control, EXAMPLE) {
        out.push_str("\n### CloudFormation\n\n");
        fenced(&mut out, "yaml", patch_lines(&patch));
    }
    if let Some(terraform) = &control.fix.terraform {
        out.push_str("\n### Terraform\n\n");
        fenced(&mut out, "hcl", terraform.lines().map(str::to_owned));
    }
    if !control.references.is_empty() {
        out.push_str(&format!("\n## {}\n\n", capital(say.page_references())));
        control.references.iter().for_each(|url| out.push_str(&format!("- <{url}>\n")));
    }
    out
}
