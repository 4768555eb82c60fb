//! The first screen, and the lines after the findings.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use sekisho_assess::{Judgement, Verdict};
use sekisho_estate::{Input, InputStatus, ReasonCode};
use sekisho_guidance::{Label, Severity};

use super::finding::Fold;
use super::is_accepted;
use super::layout::{Rows, Style, clean, clip, pad, prose, width, wrap};
use crate::messages::Say;
use crate::report::Report;

/// Kinds of findings on the screen.
const MOST_FINDINGS: usize = 6;
/// Reasons on the screen.
const MOST_REASONS: usize = 4;
/// Files named on the screen.
const MOST_FILES: usize = 5;
/// Files named when nothing could be read.
const MOST_IGNORED: usize = 20;

impl Report<'_> {
    /// What a busy person reads.
    pub(super) fn screen(&self, say: Say, fails: &[Fold<'_>], out: &mut impl Write) -> io::Result<()> {
        let mut text = String::new();
        let run = &self.options.run;
        let head = say.screen_head(&run.version, &run.edition);
        let _ = writeln!(text, "{}\n", self.options.color.paint(Style::Dim, &head));
        if self.resources() == 0 && self.assessment.judgements.is_empty() {
            self.nothing(say, &mut text);
        } else {
            self.headline(say, &mut text);
            self.worst(say, fails, &mut text);
            let mut rows = Rows::new(self.options);
            self.undecided(say, &mut rows);
            self.read(say, &mut rows);
            rows.write(&mut text, false);
        }
        text.push('\n');
        out.write_all(text.as_bytes())
    }

    /// Fails by severity. What is zero is said too, and never in green.
    fn headline(&self, say: Say, text: &mut String) {
        let (mut line, mut used) = (String::from(" "), 1);
        let mut put = |part: &str, style: Style| {
            if used + 3 + width(part) > self.options.width {
                text.push_str(&std::mem::replace(&mut line, " ".to_owned()));
                text.push('\n');
                used = 1;
            }
            let gap = if used == 1 { " " } else { "   " };
            line.push_str(gap);
            line.push_str(&self.options.color.paint(style, part));
            used += gap.len() + width(part);
        };
        for (&severity, count) in Severity::ALL.iter().zip(self.by_severity()).rev() {
            let part = format!("{} {count}", say.severity(severity));
            put(&part, if count > 0 { Style::Severity(severity) } else { Style::Dim });
        }
        let undecided = self.count(Verdict::Unknown);
        let part = format!("{} {undecided}", say.verdict(Verdict::Unknown));
        put(&part, if undecided > 0 { Style::Unknown } else { Style::Dim });
        let _ = writeln!(text, "{line}\n");
    }

    fn worst(&self, say: Say, fails: &[Fold<'_>], text: &mut String) {
        // One control is one line here, whatever its evidence.
        let mut kinds: Vec<(&Judgement<'_>, usize)> = Vec::new();
        for fold in fails {
            let same = |first: &Judgement<'_>| {
                std::ptr::eq(first.control, fold.first.control) && first.severity == fold.first.severity
            };
            match kinds.iter_mut().find(|(first, _)| same(first)) {
                Some((_, count)) => *count += 1 + fold.like.len(),
                None => kinds.push((fold.first, 1 + fold.like.len())),
            }
        }
        let shown = &kinds[..kinds.len().min(MOST_FINDINGS)];
        let column = shown.iter().map(|(first, _)| width(say.severity(first.severity))).max().unwrap_or(0);
        let space = " ".repeat(column + 4);
        let room = self.options.width.saturating_sub(column + 4);
        for (first, count) in shown {
            let word = pad(say.severity(first.severity), column);
            let word = self.options.color.paint(Style::Severity(first.severity), &word);
            for (at, line) in wrap(&prose(first.control.title.get(say.0)), room).iter().enumerate() {
                let head = if at == 0 { format!("  {word}  ") } else { space.clone() };
                let _ = writeln!(text, "{head}{line}");
            }
            let place = |address: &str| match count - 1 {
                0 => format!("{}  {address}", first.control.id),
                more => format!("{}  {}", first.control.id, say.finding_and_more(address, more)),
            };
            let mut line = place(&clean(&first.address(self.estate)));
            if let Some(resource) = first.resource.filter(|_| width(&line) > room) {
                line = place(&clean(self.estate.id(resource)));
            }
            let _ = writeln!(text, "{space}{}", self.options.color.paint(Style::Dim, &clip(&line, room)));
        }
        if kinds.len() > shown.len() {
            let _ = writeln!(text, "{space}{}", say.screen_more_kinds(kinds.len() - shown.len()));
        }
        if !shown.is_empty() {
            text.push('\n');
        }
    }

    fn undecided(&self, say: Say, rows: &mut Rows<'_>) {
        let undecided = self.count(Verdict::Unknown);
        if undecided > 0 {
            rows.add(say.row_not_decided(), say.screen_not_decided(undecided, self.undecided_on_phi()));
            let mut reasons: BTreeMap<&'static str, (usize, Vec<&Judgement<'_>>)> = BTreeMap::new();
            for judgement in self.assessment.judgements.iter().filter(|j| j.verdict == Verdict::Unknown) {
                if let Some(reason) = &judgement.reason {
                    let entry = reasons.entry(reason.code.name()).or_default();
                    entry.0 += 1;
                    let same = |other: &&Judgement<'_>| other.reason.as_ref() == Some(reason);
                    // An account setting is a sentence of its own: one is enough.
                    let most = if reason.code == ReasonCode::AccountSetting { 1 } else { 3 };
                    if entry.1.len() < most && !entry.1.iter().any(same) {
                        entry.1.push(judgement);
                    }
                }
            }
            let mut reasons: Vec<_> = reasons.into_iter().collect();
            reasons.sort_by_key(|(name, (count, _))| (std::cmp::Reverse(*count), *name));
            let column = reasons.iter().map(|(_, (count, _))| count.to_string().len()).max().unwrap_or(1);
            for (_, (count, examples)) in reasons.iter().take(MOST_REASONS) {
                let Some(reason) = examples.first().and_then(|j| j.reason.as_ref()) else { continue };
                let mut sentence = clean(&say.reason(reason)).into_owned();
                let others = examples[1..].iter().filter_map(|j| j.reason.as_ref());
                let others: Vec<_> = others.map(|reason| clean(&reason.subject).into_owned()).collect();
                if !others.is_empty() {
                    sentence = say.screen_and_so(sentence, others.join(", "));
                }
                rows.more(format!("  {count:>column$}  {sentence}"));
            }
            if reasons.len() > MOST_REASONS {
                rows.more(format!("  {}", say.screen_more_reasons(reasons.len() - MOST_REASONS)));
            }
        }
        let accepted = self.count(Verdict::Waived) + self.count(Verdict::Compensated);
        if accepted > 0 {
            rows.add(say.row_accepted(), say.screen_accepted(accepted));
        }
        let known = self.assessment.judgements.iter().filter(|j| j.known && j.is_finding()).count();
        if known > 0 {
            rows.add(say.row_known(), say.screen_known(known));
        }
    }

    fn read(&self, say: Say, rows: &mut Rows<'_>) {
        let of = |status| self.estate.inputs.iter().filter(move |input| input.status == status);
        rows.add(
            say.row_read(),
            say.screen_read(of(InputStatus::Read).count(), self.resources(), self.judged()),
        );
        let lost: Vec<&Input> = of(InputStatus::Unreadable).chain(of(InputStatus::Partly)).collect();
        let ignored = of(InputStatus::Ignored).count();
        if !lost.is_empty() || ignored > 0 {
            rows.add(
                say.row_not_read(),
                say.screen_not_read(
                    of(InputStatus::Partly).count(),
                    of(InputStatus::Unreadable).count(),
                    ignored,
                ),
            );
            for input in lost.iter().take(MOST_FILES) {
                rows.more(format!("  {}", problem(input)));
            }
            if lost.len() > MOST_FILES {
                rows.more(format!("  {}", say.screen_more_files(lost.len() - MOST_FILES)));
            }
        }
        let types = &self.assessment.unknown_types;
        if !types.is_empty() {
            let shown = types.iter().take(MOST_FILES);
            let mut list =
                shown.map(|(name, n)| format!("{} ({n})", clean(name))).collect::<Vec<_>>().join(", ");
            if types.len() > MOST_FILES {
                list = say.finding_and_more(list, types.len() - MOST_FILES);
            }
            rows.add(say.row_not_checked(), say.screen_unknown_types(list));
        }
        let unresolved = self.unresolved();
        if unresolved > 0 {
            let mut places = String::new();
            let all = crate::places::Places::new(self.estate);
            let found = self.estate.stacks.iter().enumerate().flat_map(|(index, stack)| {
                let index = sekisho_estate::StackIndex(index as u32);
                stack.unresolved.iter().map(move |(reason, offset)| (index, reason, *offset))
            });
            for (stack, reason, offset) in found.take(2) {
                let place = crate::places::Place { stack, offset };
                let at = all.position(place);
                let _ = write!(
                    places,
                    "\n  {}:{}:{}: {}",
                    clean(all.file(place)),
                    at.line,
                    at.column,
                    clean(&say.reason(reason))
                );
            }
            rows.add(say.row_unresolved(), say.screen_unresolved(unresolved));
            places.lines().skip(1).for_each(|line| rows.more(line));
        }
        let run = &self.options.run;
        if let (Some(day), Some(days)) = (&run.eligibility_as_of, run.eligibility_old) {
            rows.add(say.row_list(), say.screen_list_old(day, days));
        }
        if !self.assessment.notices.is_empty() {
            rows.add(say.row_notices(), say.screen_notices(self.assessment.notices.len()));
        }
        let labels = self.assessment.judgements.iter().map(|j| j.label);
        if self.options.phi_assumed && !labels.clone().any(|l| l == Label::Declared || l == Label::Evidenced)
        {
            rows.add("PHI", say.screen_assumed());
        }
        if let Some(exit) = self.options.exit {
            let severity = say.severity(exit.fail_on);
            let name = exit.fail_on.name();
            let text = match exit.status {
                0 => say.screen_exit_none(severity, name),
                1 if self.only_unknowns(exit.fail_on) => say.screen_exit_unknown().to_owned(),
                1 => say.screen_exit_findings(severity, name),
                3 => say.screen_exit_strict().to_owned(),
                _ => String::new(),
            };
            let open = exit.status == 0 && self.count(Verdict::Unknown) > 0 && !exit.fail_on_unknown;
            let hint = if open { format!("{text}\n{}", say.screen_exit_open()) } else { text };
            rows.add(&say.row_exit(exit.status), hint);
        }
    }

    /// Whether no fail is as bad as the exit status asks for.
    fn only_unknowns(&self, fail_on: Severity) -> bool {
        let counts = |j: &&Judgement<'_>| j.verdict == Verdict::Fail && !j.known && j.severity >= fail_on;
        !self.assessment.judgements.iter().any(|j| counts(&j))
    }

    /// Verdicts that say pass or fail.
    fn judged(&self) -> usize {
        self.count(Verdict::Pass) + self.count(Verdict::Fail)
    }

    /// The screen of a run that found no resource.
    fn nothing(&self, say: Say, text: &mut String) {
        let _ = writeln!(text, "  {}", self.options.color.paint(Style::Strong, say.screen_nothing()));
        for line in wrap(say.screen_nothing_help(), self.options.width.saturating_sub(2)) {
            let _ = writeln!(text, "  {line}");
        }
        text.push('\n');
        let mut rows = Rows::new(self.options);
        let groups = [
            (InputStatus::Unreadable, say.status_unreadable()),
            (InputStatus::Partly, say.status_partly()),
            (InputStatus::Read, say.status_empty()),
            (InputStatus::Ignored, say.status_ignored()),
        ];
        for (status, label) in groups {
            let files: Vec<&Input> =
                self.estate.inputs.iter().filter(|input| input.status == status).collect();
            for (at, input) in files.iter().take(MOST_IGNORED).enumerate() {
                if at == 0 { rows.add(label, problem(input)) } else { rows.more(problem(input)) }
            }
            if files.len() > MOST_IGNORED {
                rows.more(say.screen_more_files(files.len() - MOST_IGNORED));
            }
        }
        if self.estate.inputs.is_empty() {
            rows.add(say.row_read(), say.screen_no_files());
        }
        if let Some(exit) = self.options.exit {
            let text = match exit.status {
                0 => say.screen_exit_nothing().to_owned(),
                3 => say.screen_exit_strict().to_owned(),
                _ => String::new(),
            };
            rows.add(&say.row_exit(exit.status), text);
        }
        rows.write(text, false);
    }

    /// Fails that someone decided to keep.
    pub(super) fn accepted(&self, say: Say, text: &mut String) {
        let accepted: Vec<&Judgement<'_>> =
            self.assessment.judgements.iter().filter(|judgement| is_accepted(judgement)).collect();
        if accepted.is_empty() {
            return;
        }
        self.heading(say.section_accepted(), text);
        for judgement in accepted {
            let word = self.options.color.paint(Style::Dim, say.verdict(judgement.verdict));
            let id = &judgement.control.id;
            let _ = writeln!(text, "  {word}[{id}] {}", clean(&judgement.address(self.estate)));
            if let Some(waiver) = &judgement.waiver {
                let line = say.waiver_line(
                    clean(&waiver.reason),
                    clean(&waiver.owner),
                    clean(&waiver.expires),
                    format!("{}:{}", clean(&waiver.file), waiver.line),
                );
                for line in wrap(&line, self.options.width.saturating_sub(4)) {
                    let _ = writeln!(text, "    {line}");
                }
            }
        }
        text.push('\n');
    }

    /// Remarks about the run.
    pub(super) fn notices(&self, say: Say, text: &mut String) {
        for notice in &self.assessment.notices {
            let head = format!("{}[{}]", say.severity(notice.severity), notice.code);
            let sentence = clean(&say.notice(notice.code, &notice.subject)).into_owned();
            let lines = wrap(&format!("{head}: {sentence}"), self.options.width);
            for (at, line) in lines.iter().enumerate() {
                let line = match line.strip_prefix(head.as_str()) {
                    Some(rest) if at == 0 => {
                        format!("{}{rest}", self.options.color.paint(Style::Severity(notice.severity), &head))
                    }
                    _ => line.clone(),
                };
                let _ = writeln!(text, "{line}");
            }
            if !notice.file.is_empty() {
                let mut place = clean(&notice.file).into_owned();
                for number in [notice.line, notice.column].into_iter().filter(|n| *n > 0) {
                    let _ = write!(place, ":{number}");
                }
                let _ = writeln!(text, " {} {place}", self.options.color.paint(Style::Frame, "-->"));
            }
            text.push('\n');
        }
    }

    /// The last line, for those who see only the end.
    pub(super) fn closing(&self, say: Say, text: &mut String) {
        let fails = self.count(Verdict::Fail);
        let worst: Vec<String> = Severity::ALL
            .iter()
            .zip(self.by_severity())
            .rev()
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| format!("{} {count}", say.severity(*severity)))
            .collect();
        let detail = if worst.is_empty() { String::new() } else { format!(" ({})", worst.join(", ")) };
        let (fails, undecided) = (format!("{fails}{detail}"), self.count(Verdict::Unknown));
        let line = match self.undecided_on_phi() {
            0 => say.screen_closing(fails, undecided),
            phi => say.screen_closing_phi(fails, undecided, phi),
        };
        let more = self.assessment.judgements.iter().any(Judgement::is_finding);
        for line in [line.as_str(), if more { say.screen_more() } else { "" }] {
            for line in wrap(line, self.options.width) {
                let _ = writeln!(text, "{line}");
            }
        }
    }
}

/// A file and the first thing that is wrong with it.
fn problem(input: &Input) -> String {
    let path = clean(&input.path);
    let first = input.problems.iter().find(|problem| problem.loses).or(input.problems.first());
    match first {
        Some(problem) if problem.line > 0 => {
            format!("{path}:{}:{}: {}", problem.line, problem.column, clean(&problem.message))
        }
        Some(problem) => format!("{path}: {}", clean(&problem.message)),
        None => path.into_owned(),
    }
}
