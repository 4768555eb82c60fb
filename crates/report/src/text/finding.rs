//! One finding, or several of the same kind folded into one.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use sekisho_assess::{Evidence, EvidenceKind, HopNote, Judgement, Verdict};
use sekisho_estate::{Estate, ReasonCode, ResourceId, StackIndex, Step};
use sekisho_guidance::{Confidence, Control, Edition, Requirement, requirement};

use crate::messages::Say;
use crate::places::{Place, encloses_another};
use crate::report::Report;
use crate::secrets::{self, MASK};
use crate::text::extent::{extent, line_end, name_extent};
use crate::text::fix::diff;
use crate::text::frame::{Frames, Mark};
use crate::text::layout::{Style, clean, clip, pad, prose, width, wrap};

/// Places that are marked for one finding.
const MOST_MARKS: usize = 4;
/// Resources that are named for a folded finding.
const MOST_NAMES: usize = 5;
/// Requirements that are cited; the page of the control has all.
const MOST_CITED: usize = 3;

/// Findings of one kind: the first, and those like it.
pub(crate) struct Fold<'a> {
    pub(crate) first: &'a Judgement<'a>,
    pub(crate) like: Vec<&'a Judgement<'a>>,
}

/// What makes two findings alike: the control, how bad and how sure it is, what kind of
/// evidence there is, the worlds in which it fails, the reason why it is not decided.
#[derive(PartialEq, Eq, Hash)]
struct Likeness {
    control: *const Control,
    verdict: Verdict,
    severity: sekisho_guidance::Severity,
    confidence: Confidence,
    kind: Option<EvidenceKind>,
    worlds: String,
    reason: Option<ReasonCode>,
}

/// Folds findings that are alike, in the order in which they come. O(findings).
pub(crate) fn fold<'a>(findings: impl Iterator<Item = &'a Judgement<'a>>, full: bool) -> Vec<Fold<'a>> {
    let mut folds: Vec<Fold<'a>> = Vec::new();
    let mut known: HashMap<Likeness, usize> = HashMap::new();
    for judgement in findings {
        let likeness = Likeness {
            control: judgement.control,
            verdict: judgement.verdict,
            severity: judgement.severity,
            confidence: judgement.confidence,
            kind: judgement.evidence.first().map(|evidence| evidence.kind),
            worlds: failing(judgement).join(";"),
            reason: judgement.reason.as_ref().map(|reason| reason.code),
        };
        match known.get(&likeness) {
            Some(&at) if !full => folds[at].like.push(judgement),
            _ => {
                known.insert(likeness, folds.len());
                folds.push(Fold { first: judgement, like: Vec::new() });
            }
        }
    }
    folds
}

/// Puts together what is not decided at the same places for the same reason, in the order of
/// the first of each. O(folds).
pub(crate) fn bundle(folds: Vec<Fold<'_>>) -> Vec<Vec<Fold<'_>>> {
    let mut bundles: Vec<Vec<Fold<'_>>> = Vec::new();
    let mut known: HashMap<_, usize> = HashMap::new();
    for fold in folds {
        let subjects = std::iter::once(fold.first).chain(fold.like.iter().copied());
        let subjects: Vec<_> = subjects.map(|j| (j.resource, j.stack)).collect();
        let places = fold.first.evidence.iter().map(|e| (e.stack, e.offset, e.kind));
        let places: Vec<_> = places.collect();
        let worlds = failing(fold.first).join(";");
        match known.entry((subjects, fold.first.reason.clone(), places, worlds)) {
            Entry::Occupied(at) => bundles[*at.get()].push(fold),
            Entry::Vacant(place) => {
                place.insert(bundles.len());
                bundles.push(vec![fold]);
            }
        }
    }
    bundles
}

/// The worlds that have the verdict of the judgement, when not all have.
pub(crate) fn failing<'a>(judgement: &'a Judgement<'_>) -> Vec<&'a str> {
    if judgement.worlds.iter().all(|world| world.verdict == judgement.verdict) {
        return Vec::new();
    }
    let worlds = judgement.worlds.iter().filter(|world| world.verdict == judgement.verdict);
    worlds.map(|world| world.when.as_str()).collect()
}

/// Writes findings as text.
pub(crate) struct Findings<'w, 'a> {
    pub(crate) report: &'w Report<'a>,
    pub(crate) say: Say,
    pub(crate) frames: Frames<'a>,
    /// Controls whose why and requirements were already told.
    told: HashSet<*const Control>,
    /// What moves PHI to the resource of a finding and is told there, by the finding's fingerprint.
    movers: HashMap<&'a str, Vec<&'a Judgement<'a>>>,
}

impl<'w, 'a> Findings<'w, 'a> {
    pub(crate) fn new(report: &'w Report<'a>, say: Say, frames: Frames<'a>) -> Self {
        let told = report.told();
        let mut movers: HashMap<&str, Vec<&Judgement<'_>>> = HashMap::new();
        let told = |judgement: &&'a Judgement<'a>| told.contains(&std::ptr::from_ref(*judgement));
        for judgement in report.assessment.judgements.iter().filter(told) {
            judgement.told_by.iter().for_each(|by| movers.entry(by).or_default().push(judgement));
        }
        Self { report, say, frames, told: HashSet::new(), movers }
    }

    fn estate(&self) -> &'a Estate {
        self.report.estate
    }

    fn paint(&self, style: Style, text: &str) -> String {
        self.report.options.color.paint(style, text)
    }

    /// Heads the findings of one resource.
    pub(crate) fn header(&self, judgement: &Judgement<'_>) -> String {
        let address = clean(&judgement.address(self.estate())).into_owned();
        let mut line = self.paint(Style::Strong, &address);
        let mut rest = String::new();
        if let Some(resource) = judgement.resource {
            let _ = write!(rest, "  {}", clean(self.estate().type_name(resource)));
            if let Some(path) = super::construct(self.estate(), judgement) {
                let _ = write!(rest, "  {}", clean(path));
            }
            if judgement.label != sekisho_guidance::Label::None {
                let _ = write!(rest, "  PHI: {}", self.say.label(judgement.label));
            }
        }
        if width(&address) + width(&rest) > self.report.options.width {
            line.push('\n');
        }
        line.push_str(&self.paint(Style::Dim, &rest));
        line
    }

    /// The title line of a finding.
    fn title(&self, judgement: &Judgement<'_>, out: &mut String) {
        let control = judgement.control;
        let style = Style::of(judgement.verdict, judgement.severity);
        let word = match judgement.verdict {
            Verdict::Fail => self.say.severity(judgement.severity),
            other => self.say.verdict(other),
        };
        let head = format!("{word}[{}]", control.id);
        let title = prose(control.title.get(self.say.0));
        let lines = wrap(&format!("{head}: {title}"), self.report.options.width);
        for (at, line) in lines.iter().enumerate() {
            let line = match line.strip_prefix(head.as_str()) {
                Some(rest) if at == 0 => {
                    format!("{}{}", self.paint(style, &head), self.paint(Style::Strong, rest))
                }
                _ => self.paint(Style::Strong, line),
            };
            let _ = writeln!(out, "{line}");
        }
    }

    /// A fail in full: frame, notes, why, fix.
    pub(crate) fn fail(&mut self, fold: &Fold<'_>, out: &mut String) {
        let judgement = fold.first;
        self.title(judgement, out);
        let gutter = self.frame(judgement, out);
        self.notes(judgement, gutter, out);
        self.like(fold, gutter, out);
        self.also(fold, gutter, out);
        let control = judgement.control;
        let first = self.told.insert(control);
        if first {
            self.note(gutter, self.say.finding_why(), &prose(control.why.get(self.say.0)), out);
            self.cite(control, gutter, out);
        }
        let lines = diff(&self.frames, self.estate(), judgement);
        if !lines.is_empty() {
            self.note(gutter, self.say.finding_fix(), "", out);
            let numbers = lines.iter().filter_map(|line| line.number).max().unwrap_or(0);
            let gutter = gutter.max(numbers.to_string().len());
            let room = self.report.options.width.saturating_sub(gutter + 3);
            let mut skip = 0;
            for (at, line) in lines.iter().enumerate() {
                if line.sign == '-' {
                    skip = lines.get(at + 1).map_or(0, |next| unchanged(&line.text, &next.text, room));
                } else if line.sign == ' ' || line.number.is_none() {
                    skip = 0;
                }
                let number = line.number.map_or_else(String::new, |number| number.to_string());
                let style = match line.sign {
                    '+' => Style::Added,
                    '-' => Style::Removed,
                    _ => Style::Dim,
                };
                let cut: String = line.text.chars().skip(skip).collect();
                let dots = if skip > 0 { "..." } else { "" };
                let text = format!("{} {dots}{}", line.sign, clip(&clean(&cut), room - dots.len()));
                let number = self.paint(Style::Frame, &format!("{number:>gutter$}"));
                let _ = writeln!(out, "{number} {}", self.paint(style, text.trim_end()));
            }
        }
        if first {
            self.note(gutter, self.say.finding_help(), &prose(control.fix.text.get(self.say.0)), out);
        } else {
            let text = self.say.finding_as_above(&*control.id);
            self.note(gutter, self.say.finding_help(), &text, out);
        }
        out.push('\n');
    }

    /// What is not decided, several controls at once where place and reason are the same:
    /// the reason, and what would decide it.
    pub(crate) fn unknown(&mut self, folds: &[Fold<'_>], out: &mut String) {
        let Some(fold) = folds.first() else { return };
        let judgement = fold.first;
        folds.iter().for_each(|fold| self.title(fold.first, out));
        let gutter = self.frame(judgement, out);
        if let Some(reason) = &judgement.reason {
            self.note(gutter, self.say.finding_reason(), &clean(&self.say.reason(reason)), out);
            if let Some(remedy) = self.say.remedy(reason) {
                self.note(gutter, self.say.finding_help(), &clean(&remedy), out);
            }
        }
        self.notes(judgement, gutter, out);
        self.like(fold, gutter, out);
        out.push('\n');
    }

    fn frame(&self, judgement: &Judgement<'_>, out: &mut String) -> usize {
        let mut marks = self.marks(judgement);
        let more = marks.len().saturating_sub(MOST_MARKS);
        marks.truncate(MOST_MARKS);
        if let (true, Some(resource)) = (marks.is_empty(), judgement.resource) {
            let place = self.frames.places.origin(resource);
            let source = self.frames.places.stack(place.stack).tree.source();
            let (start, end) = name_extent(source, place.offset as usize);
            let place = Place { offset: start as u32, ..place };
            marks.push(Mark { place, end: end as u32, label: String::new(), hidden: false });
        }
        if marks.is_empty() {
            let Some(place) = self.frames.places.primary(judgement) else { return 1 };
            let line = self.frames.places.position(place).line;
            let gutter = line.to_string().len();
            let _ = writeln!(out, "{}", self.frames.location(gutter, "-->", place));
            return gutter;
        }
        let drawn = self.frames.draw(&marks, Style::of(judgement.verdict, judgement.severity));
        for line in &drawn.lines {
            let _ = writeln!(out, "{line}");
        }
        let bar = self.paint(Style::Frame, "|");
        let _ = writeln!(out, "{} {bar}", " ".repeat(drawn.gutter));
        if more > 0 {
            self.note(drawn.gutter, self.say.finding_note(), &self.say.finding_more_places(more), out);
        }
        drawn.gutter
    }

    /// What to point at, each place once.
    fn marks(&self, judgement: &Judgement<'_>) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let precise = judgement.evidence.iter().filter(|e| !encloses_another(e, &judgement.evidence));
        for evidence in precise {
            let Some(mark) = self.mark(evidence, judgement.resource) else { continue };
            match marks.iter_mut().find(|other| other.place == mark.place) {
                Some(other) if other.label.split("; ").any(|label| label == mark.label) => {
                    other.hidden |= mark.hidden;
                }
                Some(other) => {
                    other.hidden |= mark.hidden;
                    if !other.label.is_empty() && !mark.label.is_empty() {
                        other.label.push_str("; ");
                    }
                    other.label.push_str(&mark.label);
                }
                None => marks.push(mark),
            }
        }
        marks
    }

    fn mark(&self, evidence: &Evidence, judged: Option<ResourceId>) -> Option<Mark> {
        let place = self.frames.places.of(evidence, judged)?;
        let source = self.frames.places.stack(place.stack).tree.source();
        let start = (place.offset as usize).min(source.len());
        let say = self.say;
        let property = property(evidence);
        let first_line = |end: usize| end.min(line_end(source.as_bytes(), start));
        let (mut from, mut end) = (start, extent(source, start));
        let label = match evidence.kind {
            EvidenceKind::Value => {
                let value = secrets::value(evidence).unwrap_or_default();
                let plain = |text: &str| text.trim_matches(['"', '\'']).to_owned();
                let written = plain(source.get(start..end).unwrap_or_default());
                let shape = value.starts_with(['[', '{']);
                end = if shape { end } else { first_line(end) };
                if value.starts_with("unknown") {
                    say.finding_not_known().to_owned()
                } else if shape
                    || written == plain(value)
                    || written.eq_ignore_ascii_case(value)
                    || value.len() > 3 && written.contains(plain(value).trim_matches(['$', '{', '}']))
                {
                    String::new()
                } else {
                    say.finding_value_is(clip(&clean(value), 60))
                }
            }
            EvidenceKind::Absent | EvidenceKind::Default => {
                let named = evidence.route.0.len() <= 1 && evidence.resource.or(judged).is_some();
                if named {
                    (from, end) = name_extent(source, start);
                } else {
                    end = first_line(end);
                }
                match (evidence.kind, secrets::value(evidence)) {
                    (EvidenceKind::Default, Some(value)) => {
                        say.finding_default(&property, clip(&clean(say.fact(value)), 60))
                    }
                    _ if evidence.route.0.is_empty() => {
                        let note = evidence.note.as_deref().unwrap_or_default();
                        match note.split(' ').find(|word| word.contains("::")) {
                            Some(kind) => say.finding_no_companion(clean(kind)),
                            None => clean(note).into_owned(),
                        }
                    }
                    _ => say.finding_absent(&property),
                }
            }
            EvidenceKind::Statement => match evidence.value.as_deref() {
                Some(id) => say.finding_statement_named(clean(id)),
                None => say.finding_statement().to_owned(),
            },
            EvidenceKind::Text => {
                let what = evidence.note.as_deref().or(evidence.value.as_deref());
                match what {
                    Some(what) => match what.strip_prefix("parameter ") {
                        Some(name) => say.finding_text_holds(say.finding_parameter(clean(name))),
                        None => say.finding_text_holds(clean(say.found(what))),
                    },
                    None => say.finding_text_hidden().to_owned(),
                }
            }
            EvidenceKind::Record => clean(evidence.value.as_deref().unwrap_or_default()).into_owned(),
        };
        let hidden = evidence.kind == EvidenceKind::Text;
        let place = Place { stack: place.stack, offset: from as u32 };
        Some(Mark { place, end: end.max(from) as u32, label, hidden })
    }

    /// What to know beside the frame: worlds, sources of defaults, how sure it is, a waiver.
    fn notes(&self, judgement: &Judgement<'_>, gutter: usize, out: &mut String) {
        let say = self.say;
        let worlds = failing(judgement);
        if !worlds.is_empty() {
            let mut when = worlds.iter().take(3).map(|w| clean(w)).collect::<Vec<_>>().join("; ");
            if worlds.len() > 3 {
                when = say.finding_and_more(when, worlds.len() - 3);
            }
            let note = match judgement.verdict {
                Verdict::Unknown => say.finding_undecided_when(when),
                _ => say.finding_fails_when(when),
            };
            self.note(gutter, say.finding_note(), &note, out);
        }
        if judgement.hops.len() > 1 {
            self.note(gutter, say.finding_path(), &path(say, &judgement.hops), out);
        }
        let mut told: Vec<&str> = Vec::new();
        for evidence in &judgement.evidence {
            let Some(note) = evidence.note.as_deref() else { continue };
            let shown = matches!(evidence.kind, EvidenceKind::Text)
                || evidence.kind == EvidenceKind::Absent && evidence.route.0.is_empty();
            if !shown && !told.contains(&note) && told.len() < 3 {
                told.push(note);
                let text = match evidence.kind {
                    EvidenceKind::Default => {
                        match note.strip_prefix("since ").and_then(|n| n.split_once(": ")) {
                            Some((date, source)) => say.finding_default_since(clean(date), clean(source)),
                            None => say.finding_default_source(clean(note)),
                        }
                    }
                    _ => clean(note).into_owned(),
                };
                self.note(gutter, say.finding_note(), &text, out);
            }
            if evidence.stack.is_none()
                && let Some(value) = secrets::value(evidence)
            {
                self.note(
                    gutter,
                    say.finding_note(),
                    &format!("{}: {}", property(evidence), clean(value)),
                    out,
                );
            }
        }
        if judgement.confidence != Confidence::High && judgement.verdict == Verdict::Fail {
            self.note(gutter, say.finding_confidence(), say.confidence(judgement.confidence), out);
        }
    }

    fn like(&self, fold: &Fold<'_>, gutter: usize, out: &mut String) {
        if fold.like.is_empty() {
            return;
        }
        let home = fold.first.resource.map(|resource| resource.stack);
        let names = self.names(&fold.like, home, MOST_NAMES);
        let text = self.say.finding_like_it(fold.like.len(), names);
        self.note(gutter, self.say.finding_note(), &text, out);
    }

    /// What moves PHI to the judged resources and is not told apart.
    fn also(&self, fold: &Fold<'_>, gutter: usize, out: &mut String) {
        if self.movers.is_empty() {
            return;
        }
        let home = fold.first.resource.map(|resource| resource.stack);
        let of = std::iter::once(fold.first).chain(fold.like.iter().copied());
        let mut movers: Vec<&Judgement<'_>> =
            of.filter_map(|judgement| self.movers.get(&*judgement.fingerprint)).flatten().copied().collect();
        movers.dedup_by_key(|mover| mover.fingerprint.as_str());
        if !movers.is_empty() {
            let text = self.say.finding_also(self.names(&movers, home, MOST_NAMES));
            self.note(gutter, self.say.finding_note(), &text, out);
        }
    }

    /// Names of what was judged: short where it is in the stack at hand.
    pub(crate) fn names(
        &self,
        judgements: &[&Judgement<'_>],
        home: Option<StackIndex>,
        most: usize,
    ) -> String {
        let mut names: Vec<String> = Vec::new();
        for judgement in judgements.iter().take(most) {
            let name = match judgement.resource {
                Some(resource) if Some(resource.stack) == home => self.estate().id(resource).to_owned(),
                _ => judgement.address(self.estate()),
            };
            names.push(clean(&name).into_owned());
        }
        let text = names.join(", ");
        match judgements.len().saturating_sub(most) {
            0 => text,
            more => self.say.finding_and_more(text, more),
        }
    }

    fn cite(&self, control: &Control, gutter: usize, out: &mut String) {
        let mut cited: Vec<String> = Vec::new();
        for id in control.satisfies.iter().take(MOST_CITED) {
            cited.push(citation(self.say, id, self.report.options.edition));
        }
        let more = control.satisfies.len().saturating_sub(MOST_CITED);
        if more > 0 {
            cited.push(self.say.finding_more_cited(more, &*control.id));
        }
        if !cited.is_empty() {
            self.note(gutter, self.say.finding_demanded(), &cited.join("\n"), out);
        }
    }

    /// A line below a frame: `= label: text`, wrapped under itself.
    fn note(&self, gutter: usize, label: &str, text: &str, out: &mut String) {
        let head = format!("{} {} ", " ".repeat(gutter), self.paint(Style::Frame, "="));
        let label = format!("{label}: ");
        let column = gutter + 3 + width(&label);
        let lines = wrap(text, self.report.options.width.saturating_sub(column));
        let _ = write!(out, "{head}{}", self.paint(Style::Strong, label.trim_end()));
        for (at, line) in lines.iter().enumerate() {
            let space = if at == 0 { " ".to_owned() } else { " ".repeat(column) };
            let _ = writeln!(out, "{space}{line}");
        }
        if lines.is_empty() {
            out.push('\n');
        }
    }

    /// One line for each control and verdict that is neither a fail nor undecided.
    pub(crate) fn compact(&self, judgements: &[&'a Judgement<'a>], out: &mut String) {
        let mut groups: Vec<(&Judgement<'_>, Vec<&Judgement<'_>>)> = Vec::new();
        let mut known: HashMap<(Verdict, *const Control), usize> = HashMap::new();
        for &judgement in judgements {
            let at = *known.entry((judgement.verdict, judgement.control)).or_insert_with(|| {
                groups.push((judgement, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push(judgement);
        }
        groups.sort_by_key(|(first, _)| (first.verdict, first.control.id.clone()));
        let verdicts =
            groups.iter().map(|(first, _)| width(self.say.verdict(first.verdict))).max().unwrap_or(0);
        let ids = groups.iter().map(|(first, _)| first.control.id.len()).max().unwrap_or(0);
        for (first, all) in &groups {
            let verdict = self.paint(Style::Dim, &pad(self.say.verdict(first.verdict), verdicts));
            let names = self.names(all, None, MOST_NAMES);
            let room = self.report.options.width.saturating_sub(verdicts + ids + 6);
            let head = format!("  {verdict}  {}  ", pad(&first.control.id, ids));
            for (at, line) in wrap(&names, room).iter().enumerate() {
                let space = " ".repeat(verdicts + ids + 6);
                let _ = writeln!(out, "{}{line}", if at == 0 { &head } else { &space });
            }
        }
    }
}

/// A path in a line: where it comes from, then each place that it reaches, with what is wrong on
/// the way there.
pub(crate) fn path(say: Say, hops: &[HopNote]) -> String {
    let name = |address: &str| clean(address.rsplit('#').next().unwrap_or(address)).into_owned();
    let mut text = hops.first().map_or_else(String::new, |hop| name(&hop.from));
    for hop in hops {
        text.push_str(" → ");
        text.push_str(&name(&hop.to));
        if hop.verdict != Verdict::Pass {
            text.push_str(&format!(" ({})", say.verdict(hop.verdict)));
        }
    }
    text
}

/// How many characters to leave out at the beginning of a line that changes far to the right.
fn unchanged(old: &str, new: &str, room: usize) -> usize {
    let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
    if width(old).max(width(new)) > room && same > room / 3 { same - room / 3 } else { 0 }
}

/// The property that a piece of evidence is about, as people name it.
fn property(evidence: &Evidence) -> String {
    let mut name = String::new();
    for step in &evidence.route.0 {
        match step {
            Step::Key(key) => {
                if !name.is_empty() {
                    name.push('.');
                }
                name.push_str(&clean(key));
            }
            Step::Index(index) => {
                let _ = write!(name, "[{index}]");
            }
        }
    }
    // A secret has no business in a key; should one be there, it stays there.
    if name.len() > 120 { MASK.to_owned() } else { name }
}

/// Where a requirement stands: its id, the document, the section and the line.
pub(crate) fn citation(say: Say, id: &str, edition: Option<Edition>) -> String {
    let stated = |row: Requirement| edition.map_or(Some(row), |edition| row.as_stated_in(edition));
    match requirement(id).and_then(stated) {
        Some(found) => format!("{id} - {}", source(say, &found)),
        None => id.to_owned(),
    }
}

/// Document, section and line of a requirement.
pub(crate) fn source(say: Say, requirement: &Requirement) -> String {
    let document = say.document(requirement.seed);
    let hipaa = requirement.id.starts_with("hipaa/");
    let service = requirement.service_or_capability;
    let section = if hipaa && !service.starts_with('(') { service } else { requirement.section };
    match requirement.lines {
        (first, last) if first == last => say.finding_line(document, section, first),
        (first, last) => say.finding_lines(document, section, first, last),
    }
}
