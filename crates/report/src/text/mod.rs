//! What a person reads: one screen with the worst and with what is not known, then the
//! findings at their places.

pub(crate) mod extent;
mod finding;
mod fix;
mod frame;
pub(crate) mod layout;
mod lost;
mod screen;

use std::collections::HashMap;
use std::io::{self, Write};

use sekisho_assess::{EvidenceKind, Judgement, Verdict};
use sekisho_estate::{Estate, ResourceId, StackIndex};

use finding::{Findings, Fold, bundle, fold};
pub(crate) use finding::{citation, failing, path, source};
use frame::Frames;
use layout::Style;

use crate::messages::Say;
use crate::places::Places;
use crate::report::{Report, Verdicts};

/// What was judged: a resource, a stack, or the account.
type Subject = (Option<ResourceId>, Option<StackIndex>);

fn subject(judgement: &Judgement<'_>) -> Subject {
    (judgement.resource, judgement.stack)
}

/// The construct of the AWS CDK that was judged: what its author looks for, instead of the
/// logical id that the CDK made.
pub(crate) fn construct<'e>(estate: &'e Estate, judgement: &Judgement<'_>) -> Option<&'e str> {
    let id = judgement.resource?;
    estate.stack(id.stack).construct_path(estate.resource(id))
}

impl Report<'_> {
    /// Writes the report for a person.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn text(&self, out: &mut impl Write) -> io::Result<()> {
        let say = Say(self.options.language);
        let judgements = &self.assessment.judgements;
        let of = |verdict| judgements.iter().filter(move |j| j.verdict == verdict);
        let told = self.told();
        let new = |verdict| {
            of(verdict)
                .filter(|judgement| !judgement.known && !told.contains(&std::ptr::from_ref(*judgement)))
        };
        let mut fails = fold(new(Verdict::Fail), self.options.full);
        let mut unknowns = fold(new(Verdict::Unknown), self.options.full);
        fails.sort_by(|a, b| badness(a.first).cmp(&badness(b.first)));
        unknowns.sort_by(|a, b| badness(a.first).cmp(&badness(b.first)));

        self.screen(say, &fails, out)?;
        let mut text = String::new();
        self.lost(say, &mut text);
        send(&mut text, out)?;
        if self.resources() == 0 && judgements.is_empty() {
            return out.flush();
        }
        let places = Places::new(self.estate);
        let frames = Frames::new(
            places,
            self.options.color,
            self.options.width,
            self.found(),
            self.estate.stacks.len(),
        );
        let mut findings = Findings::new(self, say, frames);
        if !fails.is_empty() {
            self.heading(say.section_findings(), &mut text);
            for group in by_subject(fails) {
                text.push_str(&findings.header(group[0].first));
                text.push_str("\n\n");
                for fold in &group {
                    findings.fail(fold, &mut text);
                    send(&mut text, out)?;
                }
            }
        }
        if !unknowns.is_empty() {
            self.heading(say.section_not_decided(), &mut text);
            for folds in bundle(unknowns) {
                findings.unknown(&folds, &mut text);
                send(&mut text, out)?;
            }
        }
        self.accepted(say, &mut text);
        let rest: Vec<&Judgement<'_>> = if self.options.verdicts == Verdicts::All {
            let told = |j: &&Judgement<'_>| !(j.is_finding() || is_accepted(j));
            judgements.iter().filter(told).collect()
        } else {
            Vec::new()
        };
        send(&mut text, out)?;
        let known: Vec<&Judgement<'_>> = judgements.iter().filter(|j| j.known && j.is_finding()).collect();
        for (heading, list) in [(say.section_known(), known), (say.section_rest(), rest)] {
            if !list.is_empty() {
                self.heading(heading, &mut text);
                findings.compact(&list, &mut text);
                text.push('\n');
                send(&mut text, out)?;
            }
        }
        self.notices(say, &mut text);
        send(&mut text, out)?;
        self.closing(say, &mut text);
        send(&mut text, out)?;
        out.flush()
    }

    /// Begins a part of the text.
    fn heading(&self, heading: &str, text: &mut String) {
        let rule = "=".repeat(self.options.width.min(72).saturating_sub(layout::width(heading) + 4));
        text.push_str(&self.options.color.paint(Style::Strong, &format!("== {heading} {rule}")));
        text.push_str("\n\n");
    }

    /// Offsets of texts in which something secret was found.
    fn found(&self) -> HashMap<StackIndex, Vec<u32>> {
        let mut found: HashMap<StackIndex, Vec<u32>> = HashMap::new();
        for evidence in self.assessment.judgements.iter().flat_map(|judgement| &judgement.evidence) {
            if let (EvidenceKind::Text, Some(stack)) = (evidence.kind, evidence.stack) {
                found.entry(stack).or_default().push(evidence.offset);
            }
        }
        found
    }
}

/// A text without what a terminal would act on.
pub(crate) fn one_line(text: &str) -> String {
    layout::clean(text).into_owned()
}

fn send(text: &mut String, out: &mut impl Write) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    text.clear();
    Ok(())
}

/// Whether someone decided that a fail stays.
fn is_accepted(judgement: &Judgement<'_>) -> bool {
    matches!(judgement.verdict, Verdict::Waived | Verdict::Compensated)
}

/// Orders findings: the worst and surest first, then what holds PHI more surely.
fn badness<'j>(judgement: &'j Judgement<'_>) -> impl Ord + use<'j> {
    use std::cmp::Reverse;
    (
        Reverse(judgement.severity),
        // Of one severity: who can make use of it, what is harmed, how surely it is PHI.
        judgement.control.reach,
        judgement.control.harm,
        Reverse(judgement.label),
        Reverse(judgement.confidence),
        judgement.resource.is_none(),
        subject(judgement),
        &*judgement.control.id,
    )
}

/// Groups findings by what they are about, in the order of the worst of each. Takes findings
/// in order of badness. O(findings).
fn by_subject(folds: Vec<Fold<'_>>) -> Vec<Vec<Fold<'_>>> {
    let mut groups: Vec<Vec<Fold<'_>>> = Vec::new();
    let mut known: HashMap<Subject, usize> = HashMap::new();
    for fold in folds {
        match known.get(&subject(fold.first)) {
            Some(&at) => groups[at].push(fold),
            None => {
                known.insert(subject(fold.first), groups.len());
                groups.push(vec![fold]);
            }
        }
    }
    groups
}
