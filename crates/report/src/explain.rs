//! How a control was answered for a resource, step by step.

use std::fmt::Write as _;
use std::io::{self, Write};

use sekisho_assess::{Judgement, Verdict};
use sekisho_estate::{Estate, ResourceId};
use sekisho_expr::{Explanation, TraceStep, Truth};
use sekisho_guidance::{Control, Label};

use crate::messages::Say;
use crate::page::{demands, heading, one_line};
use crate::places::Places;
use crate::report::Options;
use crate::text::layout::{Rows, Style, clean, clip, pad, prose, width, wrap};

/// A control, what it was asked about, and how it was evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Explained<'a> {
    /// The control.
    pub control: &'a Control,
    /// The estate.
    pub estate: &'a Estate,
    /// The resource that was judged; none for a stack or account.
    pub resource: Option<ResourceId>,
    /// The evaluation in each world.
    pub explanations: &'a [Explanation],
    /// The verdict over all worlds, when the run has one.
    pub judgement: Option<&'a Judgement<'a>>,
}

impl Explained<'_> {
    /// Writes the evaluation for a person.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn text(&self, options: &Options, out: &mut impl Write) -> io::Result<()> {
        let say = Say(options.language);
        let mut text = String::new();
        heading(self.control, options, &mut text);
        self.subject(say, options, &mut text);
        let several = self.explanations.len() > 1;
        for (index, explanation) in self.explanations.iter().enumerate() {
            if several {
                let count = self.explanations.len();
                let head = say.explain_world(index + 1, count, clean(&explanation.world));
                let _ = writeln!(text, "{}", options.color.paint(Style::Strong, &format!("-- {head}")));
            }
            if !explanation.exists {
                let _ = writeln!(text, "  {}\n", say.explain_absent());
                continue;
            }
            let named = self.control.named.iter().zip(&explanation.named);
            for ((name, expression), steps) in named.filter(|(_, steps)| !steps.is_empty()) {
                let _ = writeln!(text, "{}", options.color.paint(Style::Strong, &format!("let {name}")));
                trace(expression, steps, options, &mut text);
            }
            let parts = [
                ("when", self.control.when.as_deref(), &explanation.when),
                ("pass_if", Some(&*self.control.pass_if), &explanation.pass_if),
            ];
            for (label, expression, steps) in parts {
                let Some(expression) = expression else { continue };
                let _ = writeln!(text, "{}", options.color.paint(Style::Strong, label));
                if steps.is_empty() {
                    let _ = writeln!(text, "  {}", say.explain_not_asked());
                }
                trace(expression, steps, options, &mut text);
            }
            if several {
                let verdict = verdict_of(explanation.truth);
                let _ = writeln!(text, "  => {}", say.verdict(verdict));
            }
            text.push('\n');
        }
        self.verdict(say, options, &mut text);
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    fn subject(&self, say: Say, options: &Options, text: &mut String) {
        let Some(id) = self.resource else { return };
        let address = clean(&self.estate.address(id)).into_owned();
        let mut line = format!("{}  {}", address, clean(self.estate.type_name(id)));
        if let Some(judgement) = self.judgement.filter(|judgement| judgement.label != Label::None) {
            let _ = write!(line, "  PHI: {}", say.label(judgement.label));
        }
        let places = Places::new(self.estate);
        let at = places.position(places.origin(id));
        let arrow = options.color.paint(Style::Frame, "-->");
        let file = clean(places.file(places.origin(id)));
        let _ = writeln!(text, "{line}\n {arrow} {file}:{}:{}\n", at.line, at.column);
    }

    fn verdict(&self, say: Say, options: &Options, text: &mut String) {
        let worst = self.explanations.iter().map(|explanation| explanation.truth).max();
        let verdict = match (self.judgement, worst) {
            (Some(judgement), _) => judgement.verdict,
            (None, Some(truth)) => verdict_of(truth),
            (None, None) => Verdict::NotApplicable,
        };
        let mut rows = Rows::new(options);
        let mut word = say.verdict(verdict).to_owned();
        if let Some(judgement) = self.judgement.filter(|judgement| judgement.verdict == Verdict::Fail) {
            let severity = say.severity(judgement.severity);
            word = say.explain_fail(word, severity, say.confidence(judgement.confidence));
        }
        rows.add(say.explain_verdict(), word);
        if let Some(reason) = self.judgement.and_then(|judgement| judgement.reason.as_ref()) {
            rows.add(say.finding_reason(), clean(&say.reason(reason)));
            if let Some(remedy) = say.remedy(reason) {
                rows.add(say.finding_help(), clean(&remedy));
            }
        }
        if let Some(waiver) = self.judgement.and_then(|judgement| judgement.waiver.as_ref()) {
            let place = format!("{}:{}", clean(&waiver.file), waiver.line);
            let line = say.waiver_line(clean(&waiver.reason), clean(&waiver.owner), &waiver.expires, place);
            rows.add(say.verdict(Verdict::Waived), line);
        }
        demands(say, self.control, options.edition, &mut rows);
        if verdict == Verdict::Fail {
            rows.add(say.page_fix(), prose(self.control.fix.text.get(say.0)));
        }
        rows.write(text, true);
    }
}

fn verdict_of(truth: Truth) -> Verdict {
    match truth {
        Truth::Pass => Verdict::Pass,
        Truth::Fail => Verdict::Fail,
        Truth::Unknown => Verdict::Unknown,
        Truth::NotApplicable => Verdict::NotApplicable,
    }
}

/// Each step on a line, indented by its depth, with its value behind it.
fn trace(expression: &str, steps: &[TraceStep], options: &Options, text: &mut String) {
    let base = steps.iter().map(|step| step.depth).min().unwrap_or(0);
    let lines: Vec<(String, String)> = steps
        .iter()
        .filter(|step| expression.get(step.span.start..step.span.end) != Some("this"))
        .map(|step| {
            let indent = " ".repeat(2 + 2 * (step.depth - base).min(20) as usize);
            let part = expression.get(step.span.start..step.span.end).unwrap_or("?");
            (format!("{indent}{}", clean(&one_line(part))), clean(&step.value).into_owned())
        })
        .collect();
    let widest = lines.iter().map(|(part, _)| width(part)).max().unwrap_or(0);
    let column = widest.min(options.width * 3 / 5);
    if widest > column {
        for line in wrap(&clean(&one_line(expression)), options.width.saturating_sub(2)) {
            let _ = writeln!(text, "  {}", options.color.paint(Style::Dim, &line));
        }
    }
    for (part, value) in &lines {
        let values = wrap(value, options.width.saturating_sub(column + 4));
        let mut head = pad(&clip(part, column), column);
        for (at, line) in values.iter().enumerate() {
            let arrow = if at == 0 { "->" } else { "  " };
            let _ = writeln!(text, "{head} {arrow} {}", options.color.paint(Style::Strong, line));
            head = " ".repeat(column);
        }
    }
}
