//! What a run says of a framework, paragraph by paragraph.
//!
//! No paragraph is ever shown as met, and nothing as a percentage: a paragraph shows what failed,
//! what is not decided, what was looked at and found well, and what a person or AWS still owes.
//! Linear in the paragraphs and their requirements, and in the judgements.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use sekisho_assess::{Assessment, Verdict};
use sekisho_guidance::{
    Choice, Control, Decision, Framework, Item, Paragraph, ResolutionKind, Severity, Status,
};

use crate::guidance::Notation;
use crate::messages::Say;
use crate::report::Options;
use crate::sink::Sink;
use crate::text::layout::{Style, clean, pad, width, wrap};

/// Where a paragraph stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum State {
    /// A control failed.
    Failed,
    /// A control could not be decided, or a failure is only waived.
    NotDecided,
    /// Every control that was asked passed.
    LookedAt,
    /// Controls exist; nothing in the input is of their concern.
    NotInInput,
    /// No control: a person keeps a record or answers.
    Person,
    /// No control and nothing for a person: what AWS does, with a report.
    Inherited,
    /// Nothing here answers it.
    Nothing,
    /// A heading, a standard that its specifications answer.
    Heading,
}

impl State {
    const ALL: [State; 7] = [
        State::Failed,
        State::NotDecided,
        State::LookedAt,
        State::NotInInput,
        State::Person,
        State::Inherited,
        State::Nothing,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::NotDecided => "not-decided",
            Self::LookedAt => "passed-where-asked",
            Self::NotInInput => "nothing-in-input",
            Self::Person => "person",
            Self::Inherited => "inherited",
            Self::Nothing => "unanswered",
            Self::Heading => "heading",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Failed => Style::Severity(Severity::High),
            Self::NotDecided => Style::Unknown,
            _ => Style::Dim,
        }
    }
}

/// Verdicts of one control, by kind.
type Tally = [usize; Verdict::ALL.len()];

/// A paragraph with what is known of it.
struct Line<'f> {
    paragraph: &'f Paragraph,
    state: State,
    controls: Vec<(&'static Control, Tally)>,
    /// Requirements by how they are resolved.
    rows: BTreeMap<ResolutionKind, Vec<&'static str>>,
    decision: Option<&'f Decision>,
}

/// What a run says of a framework.
#[derive(Debug)]
pub struct FrameworkReport<'r> {
    /// The framework.
    pub framework: &'static Framework,
    /// The run, with all verdicts.
    pub assessment: &'r Assessment<'r>,
    /// What people decided about addressable specifications.
    pub decisions: &'r [Decision],
    /// The day on which decisions are looked at, `YYYY-MM-DD`.
    pub today: &'r str,
}

impl FrameworkReport<'_> {
    /// Writes it: as a table for a person, or as an object of the schema `sekisho.framework/1`.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write(&self, notation: Notation, options: &Options, out: &mut impl Write) -> io::Result<()> {
        let lines = self.lines();
        match notation {
            Notation::Text => self.table(&lines, options, out),
            Notation::Json => self.object(&lines, out),
        }
    }

    fn lines(&self) -> Vec<Line<'_>> {
        let mut tallies: HashMap<&str, Tally> = HashMap::new();
        for judgement in &self.assessment.judgements {
            tallies.entry(judgement.control.id.as_ref()).or_default()[judgement.verdict as usize] += 1;
        }
        let paragraphs = self.framework.paragraphs;
        let lines = paragraphs.iter().enumerate().map(|(at, paragraph)| {
            let items = paragraph.items();
            let controls: Vec<_> = paragraph
                .controls()
                .into_iter()
                .map(|control| (control, tallies.get(control.id.as_ref()).copied().unwrap_or_default()))
                .collect();
            let mut rows: BTreeMap<ResolutionKind, Vec<&'static str>> = BTreeMap::new();
            for item in &items {
                rows.entry(item.resolution.kind()).or_default().push(item.requirement.id);
            }
            let above = paragraphs.get(at + 1).is_some_and(|next| next.depth() > paragraph.depth());
            let state = if items.is_empty() && controls.is_empty() && above {
                State::Heading
            } else {
                state(&controls, &items)
            };
            let about = |d: &&Decision| d.framework == self.framework.id && d.paragraph == paragraph.id;
            Line { paragraph, state, controls, rows, decision: self.decisions.iter().find(about) }
        });
        lines.collect()
    }

    fn table(&self, lines: &[Line<'_>], options: &Options, out: &mut impl Write) -> io::Result<()> {
        let (say, language) = (Say(options.language), options.language);
        let framework = self.framework;
        writeln!(out, "{}", options.color.paint(Style::Strong, framework.title.get(language)))?;
        writeln!(out, "{}", say.framework_edition(framework.edition))?;
        if !framework.as_of.is_empty() {
            writeln!(out, "{}", say.framework_as_of(framework.as_of))?;
        }
        if let Some(note) = &framework.note {
            for line in wrap(note.get(language), options.width) {
                writeln!(out, "{line}")?;
            }
        }
        writeln!(out)?;
        let id_width = lines.iter().map(|line| width(line.paragraph.id)).max().unwrap_or(0);
        let state_width = State::ALL.iter().map(|s| width(state_word(say, *s))).max().unwrap_or(0);
        for line in lines {
            let id = pad(line.paragraph.id, id_width);
            let word = pad(state_word(say, line.state), state_width);
            let mut title = line.paragraph.title.get(language).to_owned();
            if let Some(status) = line.paragraph.status {
                let status = match status {
                    Status::Required => say.framework_required(),
                    Status::Addressable => say.framework_addressable(),
                };
                title = format!("{title} ({status})");
            }
            let word = options.color.paint(line.state.style(), &word).to_string();
            writeln!(out, "{id}  {word}  {}", clean(&title))?;
            let indent = " ".repeat(id_width + 2);
            let room = options.width.saturating_sub(indent.len()).max(20);
            for detail in self.details(line, say) {
                for part in wrap(&clean(&detail), room) {
                    writeln!(out, "{indent}{}", options.color.paint(Style::Dim, &part))?;
                }
            }
        }
        writeln!(out)?;
        for (state, count) in counts(lines) {
            if count > 0 {
                writeln!(out, "{}  {count:>4}", pad(state_word(say, state), state_width))?;
            }
        }
        writeln!(out)?;
        for line in wrap(say.framework_help(), options.width) {
            writeln!(out, "{line}")?;
        }
        out.flush()
    }

    /// Writes it as a checklist to fill in, as CSV: for each paragraph what the run found, what fails,
    /// the records, questions and reports that are owed, and room for the answer of a person.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn checklist(&self, options: &Options, out: &mut impl Write) -> io::Result<()> {
        let (say, language) = (Say(options.language), options.language);
        let heads = [
            say.form_paragraph(),
            say.form_title(),
            say.form_found(),
            say.form_details(),
            say.form_failing(),
            say.form_records(),
            say.form_questions(),
            say.form_aws_evidence(),
            say.form_answer(),
            say.form_in_charge(),
            say.form_date(),
        ];
        let lines = self.lines();
        let rows = lines.iter().map(|line| {
            let failing = line.controls.iter().filter(|(_, tally)| tally[Verdict::Fail as usize] > 0);
            let failing: Vec<_> =
                failing.map(|(control, _)| control.title.get(language).to_owned()).collect();
            let [records, questions, reports] = crate::form::owed(&line.paragraph.items(), language);
            vec![
                line.paragraph.id.to_owned(),
                line.paragraph.title.get(language).to_owned(),
                state_word(say, line.state).to_owned(),
                self.details(line, say)
                    .into_iter()
                    .filter(|d| !d.starts_with("- "))
                    .collect::<Vec<_>>()
                    .join("\n"),
                failing.join("\n"),
                records,
                questions,
                reports,
                String::new(),
                String::new(),
                String::new(),
            ]
        });
        crate::form::rows(&heads, rows, out)
    }

    /// What stands below a paragraph: verdicts, failing controls, what is owed, what was decided.
    fn details(&self, line: &Line<'_>, say: Say) -> Vec<String> {
        let mut details = Vec::new();
        let total = |verdict: Verdict| line.controls.iter().map(|(_, tally)| tally[verdict as usize]).sum();
        let mut parts = Vec::new();
        for verdict in [Verdict::Fail, Verdict::Unknown, Verdict::Waived, Verdict::Pass] {
            let count: usize = total(verdict);
            if count > 0 {
                parts.push(format!("{} {count}", say.verdict(verdict)));
            }
        }
        for kind in [
            ResolutionKind::Record,
            ResolutionKind::Attestation,
            ResolutionKind::Inherited,
            ResolutionKind::AnalysisPending,
        ] {
            let count = line.rows.get(&kind).map_or(0, Vec::len);
            if count > 0 {
                parts.push(format!("{} {count}", kind.label(say.0)));
            }
        }
        if !parts.is_empty() {
            details.push(parts.join(", "));
        }
        let mut failing: Vec<_> =
            line.controls.iter().filter(|(_, tally)| tally[Verdict::Fail as usize] > 0).collect();
        failing
            .sort_by_key(|(control, tally)| (std::cmp::Reverse(tally[Verdict::Fail as usize]), &control.id));
        for (control, tally) in failing.iter().take(3) {
            details.push(format!("- {} ({})", control.title.get(say.0), tally[Verdict::Fail as usize]));
        }
        if failing.len() > 3 {
            details.push(say.framework_more(failing.len() - 3));
        }
        match line.decision {
            Some(decision) => {
                let choice = match decision.choice {
                    Choice::Implement => say.framework_implement(),
                    Choice::Alternative => say.framework_alternative(),
                    Choice::NotReasonable => say.framework_not_reasonable(),
                };
                details.push(say.framework_decided(
                    choice,
                    &*decision.approver,
                    &*decision.decided,
                    &*decision.reason,
                ));
                if decision.is_overdue(self.today) {
                    details.push(say.framework_overdue(&*decision.review));
                }
            }
            None => {
                if let Some(row) = line.paragraph.binding {
                    details.push(say.framework_binding(row));
                } else if line.paragraph.status == Some(Status::Addressable) {
                    details.push(say.framework_undecided().to_owned());
                }
            }
        }
        details
    }

    fn object(&self, lines: &[Line<'_>], out: &mut impl Write) -> io::Result<()> {
        let framework = self.framework;
        let mut sink = Sink::new(out);
        sink.open('{');
        sink.text("schema", "sekisho.framework/1");
        sink.text("framework", framework.id);
        sink.text("title", &framework.title.en);
        sink.text("edition", framework.edition);
        sink.maybe("in_force_from", framework.in_force_from);
        sink.maybe("as_of", Some(framework.as_of).filter(|day| !day.is_empty()));
        sink.maybe("source", Some(framework.source).filter(|source| !source.is_empty()));
        sink.key("summary");
        sink.open('{');
        for (state, count) in counts(lines) {
            sink.count(state.name(), count);
        }
        sink.close('}');
        sink.key("paragraphs");
        sink.open('[');
        for line in lines {
            sink.line();
            paragraph(line, self.today, &mut sink);
            sink.relieve()?;
        }
        sink.close_line(']');
        sink.close('}');
        sink.finish()
    }
}

fn paragraph(line: &Line<'_>, today: &str, sink: &mut Sink<'_, impl Write>) {
    sink.open('{');
    sink.text("id", line.paragraph.id);
    sink.text("kind", line.paragraph.kind.name());
    sink.maybe("status", line.paragraph.status.map(Status::name));
    sink.text("title", &line.paragraph.title.en);
    sink.text("state", line.state.name());
    sink.key("controls");
    sink.open('[');
    for (control, tally) in &line.controls {
        sink.open('{');
        sink.text("id", &control.id);
        for verdict in
            [Verdict::Pass, Verdict::Fail, Verdict::Unknown, Verdict::NotApplicable, Verdict::Waived]
        {
            let name = if verdict == Verdict::NotApplicable { "not_applicable" } else { verdict.name() };
            sink.count(name, tally[verdict as usize]);
        }
        sink.close('}');
    }
    sink.close(']');
    sink.key("requirements");
    sink.open('{');
    for (kind, ids) in &line.rows {
        sink.strings(kind.name(), ids);
    }
    sink.close('}');
    sink.maybe("binding", line.paragraph.binding);
    sink.key("decision");
    match line.decision {
        Some(decision) => {
            sink.open('{');
            sink.text("decision", decision.choice.name());
            sink.text("reason", &decision.reason);
            sink.maybe("instead", decision.instead.as_deref());
            sink.text("approver", &decision.approver);
            sink.text("decided", &decision.decided);
            sink.text("review", &decision.review);
            sink.key("overdue");
            sink.boolean(decision.is_overdue(today));
            sink.close('}');
        }
        None => sink.raw("null"),
    }
    sink.close('}');
}

fn state(controls: &[(&Control, Tally)], items: &[Item]) -> State {
    let any = |verdict: Verdict| controls.iter().any(|(_, tally)| tally[verdict as usize] > 0);
    let has = |wanted: &[ResolutionKind]| items.iter().any(|item| wanted.contains(&item.resolution.kind()));
    if any(Verdict::Fail) {
        State::Failed
    } else if any(Verdict::Unknown) || any(Verdict::Waived) {
        State::NotDecided
    } else if any(Verdict::Pass) {
        State::LookedAt
    } else if !controls.is_empty() {
        State::NotInInput
    } else if has(&[ResolutionKind::Record, ResolutionKind::Attestation]) {
        State::Person
    } else if has(&[ResolutionKind::Inherited]) {
        State::Inherited
    } else {
        State::Nothing
    }
}

fn counts(lines: &[Line<'_>]) -> Vec<(State, usize)> {
    let count = |state| lines.iter().filter(|line| line.state == state).count();
    State::ALL.iter().map(|&state| (state, count(state))).collect()
}

fn state_word(say: Say, state: State) -> &'static str {
    match state {
        State::Failed => say.framework_failed(),
        State::NotDecided => say.framework_not_decided(),
        State::LookedAt => say.framework_looked_at(),
        State::NotInInput => say.framework_not_in_input(),
        State::Person => say.framework_person(),
        State::Inherited => say.framework_inherited(),
        State::Nothing => say.framework_nothing(),
        State::Heading => "",
    }
}

/// Writes the frameworks that there are, as lines for a person, or as an object of the schema
/// `sekisho.frameworks/1`.
///
/// # Errors
/// What the writer reports.
pub fn framework_list(notation: Notation, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let all = sekisho_guidance::frameworks();
    match notation {
        Notation::Text => {
            let widest = all.iter().map(|framework| width(framework.id)).max().unwrap_or(0);
            for framework in all {
                let id = options.color.paint(Style::Strong, &pad(framework.id, widest));
                let title = framework.title.get(options.language);
                let count = Say(options.language).framework_paragraphs(framework.paragraphs.len());
                writeln!(out, "{id}  {title} ({count})")?;
            }
            out.flush()
        }
        Notation::Json => {
            let mut sink = Sink::new(out);
            sink.open('{');
            sink.text("schema", "sekisho.frameworks/1");
            sink.key("frameworks");
            sink.open('[');
            for framework in all {
                sink.line();
                sink.open('{');
                sink.text("id", framework.id);
                sink.text("title", &framework.title.en);
                sink.text("edition", framework.edition);
                sink.maybe("as_of", Some(framework.as_of).filter(|day| !day.is_empty()));
                sink.maybe("source", Some(framework.source).filter(|source| !source.is_empty()));
                sink.maybe("licence", Some(framework.licence).filter(|licence| !licence.is_empty()));
                sink.count("paragraphs", framework.paragraphs.len());
                sink.close('}');
            }
            sink.close_line(']');
            sink.close('}');
            sink.finish()
        }
    }
}
