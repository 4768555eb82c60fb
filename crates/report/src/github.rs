//! Annotations of GitHub Actions: workflow commands on standard output.

use std::fmt::Write as _;
use std::io::{self, Write};

use sekisho_assess::{Judgement, Verdict};
use sekisho_estate::InputStatus;
use sekisho_guidance::Severity;

use crate::messages::Say;
use crate::places::Places;
use crate::report::{Report, Verdicts};
use crate::text::layout::prose;

impl Report<'_> {
    /// Writes an annotation for each finding that no baseline holds, the worst first, since
    /// GitHub shows ten of each kind; then one for each file that could not be read, and for
    /// each remark.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn github(&self, out: &mut impl Write) -> io::Result<()> {
        let say = Say(self.options.language);
        let places = Places::new(self.estate);
        let all = self.options.verdicts == Verdicts::All;
        let told = self.told();
        let mut found: Vec<&Judgement<'_>> = self
            .assessment
            .judgements
            .iter()
            .filter(|j| j.is_finding() && !j.known || all && j.verdict == Verdict::Waived)
            .filter(|j| !told.contains(&std::ptr::from_ref(*j)))
            .collect();
        found.sort_by_key(|judgement| {
            (judgement.verdict != Verdict::Fail, std::cmp::Reverse(judgement.severity))
        });
        let mut line = String::new();
        for judgement in found {
            let control = judgement.control;
            let level = if judgement.verdict == Verdict::Fail { level(judgement.severity) } else { "notice" };
            let word = match judgement.verdict {
                Verdict::Fail => say.severity(judgement.severity),
                other => say.verdict(other),
            };
            let place = places.primary(judgement);
            let at = place.map(|place| places.position(place));
            let file = place.map(|place| places.file(place)).unwrap_or_default();
            let title = format!("{word}: {}", prose(control.title.get(say.0)));
            let mut message = format!("{} [{}]", judgement.address(self.estate), control.id);
            if let Some(path) = crate::text::construct(self.estate, judgement) {
                let _ = write!(message, "\n{path}");
            }
            let worlds = crate::text::failing(judgement).join("; ");
            if !worlds.is_empty() {
                let _ = match judgement.verdict {
                    Verdict::Unknown => write!(message, "\n{}", say.finding_undecided_when(worlds)),
                    _ => write!(message, "\n{}", say.finding_fails_when(worlds)),
                };
            }
            if let Some(reason) = judgement.reason.as_ref().filter(|_| judgement.verdict == Verdict::Unknown)
            {
                let _ = write!(message, "\n{}", say.reason(reason));
            }
            if judgement.verdict == Verdict::Fail {
                let _ = write!(
                    message,
                    "\n{}\n{}",
                    prose(control.why.get(say.0)),
                    prose(control.fix.text.get(say.0))
                );
            }
            let (row, column) = at.map_or((0, 0), |at| (at.line, at.column));
            command(&mut line, level, file, row, column, &title, &message);
            out.write_all(line.as_bytes())?;
        }
        for input in &self.estate.inputs {
            let lost = matches!(input.status, InputStatus::Partly | InputStatus::Unreadable);
            for problem in input.problems.iter().filter(|problem| lost && problem.loses) {
                let title = match input.status {
                    InputStatus::Partly => say.status_partly(),
                    _ => say.status_unreadable(),
                };
                command(
                    &mut line,
                    "warning",
                    &input.path,
                    problem.line,
                    problem.column,
                    title,
                    &problem.message,
                );
                out.write_all(line.as_bytes())?;
            }
        }
        for notice in &self.assessment.notices {
            let message = say.notice(notice.code, &notice.subject);
            command(
                &mut line,
                level(notice.severity),
                &notice.file,
                notice.line,
                notice.column,
                notice.code,
                &message,
            );
            out.write_all(line.as_bytes())?;
        }
        out.flush()
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    }
}

/// One workflow command; `line` is used again to keep its memory.
fn command(line: &mut String, level: &str, file: &str, row: u32, column: u32, title: &str, message: &str) {
    line.clear();
    let _ = write!(line, "::{level} ");
    if !file.is_empty() {
        line.push_str("file=");
        escape(line, file, true);
        line.push(',');
        for (key, number) in [("line", row), ("col", column)] {
            if number > 0 {
                let _ = write!(line, "{key}={number},");
            }
        }
    }
    line.push_str("title=");
    escape(line, title, true);
    line.push_str("::");
    escape(line, message, false);
    line.push('\n');
}

/// Escapes data, and what a property needs beyond it.
fn escape(out: &mut String, text: &str, property: bool) {
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            ':' if property => out.push_str("%3A"),
            ',' if property => out.push_str("%2C"),
            c => out.push(c),
        }
    }
}
