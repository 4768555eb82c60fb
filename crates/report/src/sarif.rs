//! SARIF 2.1.0, for code scanning.
//!
//! GitHub takes at most 25,000 results of a run: when there are more, the worst are written
//! and a notification says how many are not.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use sekisho_assess::{EvidenceKind, Judgement, Verdict};
use sekisho_estate::{InputStatus, StackIndex};
use sekisho_guidance::{Control, Severity};

use crate::messages::Say;
use crate::places::{Place, Places};
use crate::report::{Options, Report, Verdicts};
use crate::secrets;
use crate::sink::Sink;
use crate::text::citation;
use crate::text::extent::{extent, line_end, name_extent};
use crate::text::layout::prose;

/// Most results of a run.
const MOST_RESULTS: usize = 25_000;

impl Report<'_> {
    /// Writes a SARIF log of one run. Waived findings are in it, as suppressed; what is not
    /// decided has the kind `open`, and those a baseline holds the state `unchanged`.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn sarif(&self, out: &mut impl Write) -> io::Result<()> {
        let say = Say(self.options.language);
        let all = self.options.verdicts == Verdicts::All;
        let accepted = |j: &Judgement<'_>| matches!(j.verdict, Verdict::Waived | Verdict::Compensated);
        let told = self.told();
        let shown = |j: &&Judgement<'_>| {
            (all || j.is_finding() || accepted(j)) && !told.contains(&std::ptr::from_ref(*j))
        };
        let mut results: Vec<&Judgement<'_>> = self.assessment.judgements.iter().filter(shown).collect();
        let left_out = results.len().saturating_sub(MOST_RESULTS);
        if left_out > 0 {
            results.sort_by_key(|j| (j.verdict != Verdict::Fail, std::cmp::Reverse(j.severity)));
            results.truncate(MOST_RESULTS);
        }
        // Rules in the order of their ids, each with the worst of its results.
        let mut rules: BTreeMap<&str, (&Control, Severity)> = BTreeMap::new();
        for judgement in &results {
            let rule = rules.entry(&judgement.control.id).or_insert((judgement.control, judgement.severity));
            rule.1 = rule.1.max(judgement.severity);
        }
        let known = results.iter().any(|judgement| judgement.known);

        let mut sink = Sink::new(out);
        sink.open('{');
        sink.text("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        sink.text("version", "2.1.0");
        sink.key("runs");
        sink.open('[');
        sink.open('{');
        sink.key("tool");
        sink.open('{');
        sink.key("driver");
        sink.open('{');
        sink.text("name", "sekisho");
        sink.text("semanticVersion", &self.options.run.version);
        sink.text("informationUri", env!("CARGO_PKG_REPOSITORY"));
        sink.key("rules");
        sink.open('[');
        for (control, worst) in rules.values() {
            sink.line();
            rule(&mut sink, self.options, control, *worst);
            sink.relieve()?;
        }
        sink.close_line(']');
        sink.close('}');
        sink.close('}');
        sink.text("language", say.0.name());
        sink.text("columnKind", "unicodeCodePoints");
        self.invocation(&mut sink, say, left_out);
        sink.key("results");
        sink.open('[');
        let writer = ResultWriter { report: self, say, places: Places::new(self.estate), known };
        let indices: BTreeMap<&str, usize> =
            rules.keys().enumerate().map(|(index, id)| (*id, index)).collect();
        for judgement in &results {
            sink.line();
            let index = indices.get(judgement.control.id.as_ref()).copied().unwrap_or_default();
            writer.write(&mut sink, judgement, index);
            sink.relieve()?;
        }
        sink.close_line(']');
        sink.close('}');
        sink.close(']');
        sink.close('}');
        sink.finish()
    }

    /// What was not read, and remarks about the run.
    fn invocation<W: Write>(&self, sink: &mut Sink<'_, W>, say: Say, left_out: usize) {
        sink.key("invocations");
        sink.open('[');
        sink.open('{');
        sink.key("executionSuccessful");
        sink.boolean(true);
        if let Some(started) = &self.options.run.started_at {
            sink.text("startTimeUtc", started);
        }
        sink.key("toolExecutionNotifications");
        sink.open('[');
        for input in &self.estate.inputs {
            let level = match input.status {
                InputStatus::Unreadable => "error",
                InputStatus::Partly => "warning",
                InputStatus::Read | InputStatus::Ignored => continue,
            };
            for problem in input.problems.iter().filter(|problem| problem.loses) {
                notification(sink, level, &problem.message, &input.path, problem.line, problem.column);
            }
        }
        for notice in &self.assessment.notices {
            let message = say.notice(notice.code, &notice.subject);
            notification(sink, level(notice.severity), &message, &notice.file, notice.line, notice.column);
        }
        if left_out > 0 {
            notification(sink, "warning", &say.sarif_left_out(left_out, MOST_RESULTS), "", 0, 0);
        }
        sink.close(']');
        sink.close('}');
        sink.close(']');
    }
}

fn notification<W: Write>(
    sink: &mut Sink<'_, W>,
    level: &str,
    text: &str,
    file: &str,
    line: u32,
    column: u32,
) {
    sink.open('{');
    sink.text("level", level);
    message(sink, text);
    if !file.is_empty() {
        sink.key("locations");
        sink.open('[');
        sink.open('{');
        sink.key("physicalLocation");
        sink.open('{');
        artifact(sink, file);
        if line > 0 {
            sink.key("region");
            sink.open('{');
            sink.count("startLine", line as usize);
            if column > 0 {
                sink.count("startColumn", column as usize);
            }
            sink.close('}');
        }
        sink.close('}');
        sink.close('}');
        sink.close(']');
    }
    sink.close('}');
}

fn message<W: Write>(sink: &mut Sink<'_, W>, text: &str) {
    sink.key("message");
    sink.open('{');
    sink.text("text", text);
    sink.close('}');
}

fn artifact<W: Write>(sink: &mut Sink<'_, W>, file: &str) {
    sink.key("artifactLocation");
    sink.open('{');
    let uri = uri(file);
    sink.text("uri", &uri);
    if !uri.starts_with("file:") {
        sink.text("uriBaseId", "%SRCROOT%");
    }
    sink.close('}');
}

/// A path as a URI reference: relative where the path is.
pub(crate) fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut out = String::with_capacity(path.len() + 8);
    let drive = path.get(1..3) == Some(":/") && path.as_bytes()[0].is_ascii_alphabetic();
    if path.starts_with('/') {
        out.push_str("file://");
    } else if drive {
        out.push_str("file:///");
    }
    for &byte in path.as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            b':' if drive && out.len() == 9 => out.push(':'),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// What GitHub sorts security alerts by.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

fn rule<W: Write>(sink: &mut Sink<'_, W>, options: &Options, control: &Control, worst: Severity) {
    let say = Say(options.language);
    let (title, why, fix) =
        (prose(control.title.get(say.0)), prose(control.why.get(say.0)), prose(control.fix.text.get(say.0)));
    let (title, why, fix) = (title.as_str(), why.as_str(), fix.as_str());
    sink.open('{');
    sink.text("id", &control.id);
    sink.key("shortDescription");
    sink.open('{');
    sink.text("text", title);
    sink.close('}');
    sink.key("fullDescription");
    sink.open('{');
    sink.text("text", why);
    sink.close('}');
    if let Some(reference) = control.references.first() {
        sink.text("helpUri", reference);
    }
    let cited: Vec<String> = control.satisfies.iter().map(|id| citation(say, id, options.edition)).collect();
    let text = [why, fix].into_iter().chain(cited.iter().map(String::as_str)).collect::<Vec<_>>().join("\n");
    let list: String = cited.iter().fold(String::new(), |list, line| list + "\n- " + line);
    let markdown =
        format!("{why}\n\n**{}**: {fix}\n\n**{}**\n{list}\n", say.finding_fix(), say.finding_demanded());
    sink.key("help");
    sink.open('{');
    sink.text("text", &text);
    sink.text("markdown", &markdown);
    sink.close('}');
    sink.key("defaultConfiguration");
    sink.open('{');
    sink.text("level", level(worst));
    sink.close('}');
    sink.key("properties");
    sink.open('{');
    sink.strings("tags", ["security", "hipaa"]);
    sink.text(
        "precision",
        if control.confidence == sekisho_guidance::Confidence::High { "very-high" } else { "medium" },
    );
    sink.text("security-severity", score(worst));
    sink.strings("satisfies", control.satisfies.iter());
    sink.close('}');
    sink.close('}');
}

struct ResultWriter<'a> {
    report: &'a Report<'a>,
    say: Say,
    places: Places<'a>,
    known: bool,
}

impl ResultWriter<'_> {
    fn write<W: Write>(&self, sink: &mut Sink<'_, W>, judgement: &Judgement<'_>, rule: usize) {
        let say = self.say;
        let control = judgement.control;
        sink.open('{');
        sink.text("ruleId", &control.id);
        sink.count("ruleIndex", rule);
        let kind = match judgement.verdict {
            Verdict::Fail | Verdict::Waived | Verdict::Compensated => "fail",
            Verdict::Unknown => "open",
            Verdict::Pass => "pass",
            Verdict::NotApplicable => "notApplicable",
            Verdict::Manual => "review",
            Verdict::Attested | Verdict::Inherited => "informational",
        };
        sink.text("kind", kind);
        // The standard wants `none` for all but fails.
        sink.text("level", if kind == "fail" { level(judgement.severity) } else { "none" });
        let address = judgement.address(self.report.estate);
        let mut text = format!("{} ({address})", prose(control.title.get(say.0)));
        if let Some(reason) = judgement.reason.as_ref().filter(|_| kind == "open") {
            text = format!("{}: {text}: {}", say.verdict(Verdict::Unknown), say.reason(reason));
        }
        let worlds = crate::text::failing(judgement).join("; ");
        if !worlds.is_empty() {
            let when = match judgement.verdict {
                Verdict::Unknown => say.finding_undecided_when(worlds),
                _ => say.finding_fails_when(worlds),
            };
            let _ = write!(text, " - {when}");
        }
        message(sink, &text);
        sink.key("locations");
        sink.open('[');
        // GitHub refuses a result without a place: the whole input's is its first file.
        let first =
            || (!self.report.estate.stacks.is_empty()).then_some(Place { stack: StackIndex(0), offset: 0 });
        let primary = self.places.primary(judgement).or_else(first);
        if let Some(place) = primary {
            let evidence =
                judgement.evidence.iter().find(|e| self.places.of(e, judgement.resource) == Some(place));
            let named =
                evidence.is_none_or(|e| matches!(e.kind, EvidenceKind::Absent | EvidenceKind::Default));
            sink.open('{');
            self.physical(sink, place, named);
            sink.key("logicalLocations");
            sink.open('[');
            sink.open('{');
            sink.text("fullyQualifiedName", &address);
            sink.text("kind", "resource");
            sink.close('}');
            if let Some(path) = crate::text::construct(self.report.estate, judgement) {
                sink.open('{');
                sink.text("fullyQualifiedName", path);
                sink.text("kind", "construct");
                sink.close('}');
            }
            sink.close(']');
            sink.close('}');
        }
        sink.close(']');
        self.related(sink, judgement, primary);
        self.flow(sink, judgement);
        sink.key("partialFingerprints");
        sink.open('{');
        sink.text("sekisho/v1", &judgement.fingerprint);
        sink.close('}');
        if self.known {
            sink.text("baselineState", if judgement.known { "unchanged" } else { "new" });
        }
        if matches!(judgement.verdict, Verdict::Waived | Verdict::Compensated) {
            sink.key("suppressions");
            sink.open('[');
            sink.open('{');
            match &judgement.waiver {
                Some(waiver) => {
                    let file = judgement.resource.map(|r| self.places.file(self.places.origin(r)));
                    let inside = file == Some(waiver.file.as_str());
                    sink.text("kind", if inside { "inSource" } else { "external" });
                    sink.text("status", "accepted");
                    let place = format!("{}:{}", waiver.file, waiver.line);
                    let text = say.waiver_line(&waiver.reason, &waiver.owner, &waiver.expires, place);
                    sink.text("justification", &text);
                }
                None => {
                    sink.text("kind", "external");
                    sink.text("status", "accepted");
                }
            }
            sink.close('}');
            sink.close(']');
        }
        sink.key("properties");
        sink.open('{');
        sink.text("severity", judgement.severity.name());
        sink.text("confidence", judgement.confidence.name());
        sink.text("verdict", judgement.verdict.name());
        sink.text("basis", judgement.basis.name());
        sink.text("phi", judgement.label.name());
        sink.close('}');
        sink.close('}');
    }

    /// Other evidence that has a place.
    fn related<W: Write>(&self, sink: &mut Sink<'_, W>, judgement: &Judgement<'_>, primary: Option<Place>) {
        let mut told: Vec<Place> = primary.into_iter().collect();
        let mut opened = false;
        for evidence in &judgement.evidence {
            let Some(place) = self.places.of(evidence, judgement.resource) else { continue };
            if told.contains(&place) {
                continue;
            }
            told.push(place);
            if !opened {
                sink.key("relatedLocations");
                sink.open('[');
                opened = true;
            }
            let mut text = String::from(evidence.kind.name());
            let route = evidence.route.to_string();
            for part in [Some(route.as_str()), secrets::value(evidence), evidence.note.as_deref()] {
                if let Some(part) = part.filter(|part| !part.is_empty()) {
                    let _ = write!(text, " {part}");
                }
            }
            sink.open('{');
            let named = matches!(evidence.kind, EvidenceKind::Absent | EvidenceKind::Default);
            self.physical(sink, place, named);
            message(sink, &text);
            sink.close('}');
        }
        if opened {
            sink.close(']');
        }
    }

    /// The path that a finding is about, hop by hop: a code flow.
    fn flow<W: Write>(&self, sink: &mut Sink<'_, W>, judgement: &Judgement<'_>) {
        if judgement.hops.is_empty() {
            return;
        }
        sink.key("codeFlows");
        sink.open('[');
        sink.open('{');
        message(sink, &crate::text::path(self.say, &judgement.hops));
        sink.key("threadFlows");
        sink.open('[');
        sink.open('{');
        sink.key("locations");
        sink.open('[');
        for hop in &judgement.hops {
            sink.open('{');
            sink.key("location");
            sink.open('{');
            if let Some(stack) = hop.evidence.stack {
                self.physical(
                    sink,
                    Place { stack, offset: hop.evidence.offset },
                    hop.evidence.route.0.is_empty(),
                );
            }
            message(sink, &crate::text::path(self.say, std::slice::from_ref(hop)));
            sink.close('}');
            sink.text("importance", if hop.verdict == Verdict::Pass { "important" } else { "essential" });
            sink.close('}');
        }
        sink.close(']');
        sink.close('}');
        sink.close(']');
        sink.close('}');
        sink.close(']');
    }

    /// File and region; the region ends on the line on which it begins.
    fn physical<W: Write>(&self, sink: &mut Sink<'_, W>, place: Place, named: bool) {
        let stack = self.places.stack(place.stack);
        let source = stack.tree.source();
        let start = (place.offset as usize).min(source.len());
        let end = if named { name_extent(source, start).1 } else { extent(source, start) };
        let end = end.min(line_end(source.as_bytes(), start)).max(start);
        let at = self.places.position(place);
        let to = self.places.position(Place { stack: place.stack, offset: end as u32 });
        sink.key("physicalLocation");
        sink.open('{');
        artifact(sink, self.places.file(place));
        sink.key("region");
        sink.open('{');
        sink.count("startLine", at.line as usize);
        sink.count("startColumn", at.column as usize);
        if to.line == at.line && to.column > at.column {
            sink.count("endColumn", to.column as usize);
        }
        sink.close('}');
        sink.close('}');
    }
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("clinic/data.yaml"), "clinic/data.yaml");
        assert_eq!(uri("./a b/関所#1%.yaml"), "a%20b/%E9%96%A2%E6%89%80%231%25.yaml");
        assert_eq!(uri("/srv/x.yaml"), "file:///srv/x.yaml");
        assert_eq!(uri("C:/x.yaml"), "file:///C:/x.yaml");
        assert_eq!(uri("a:b.yaml"), "a%3Ab.yaml");
        assert_eq!(uri("../x.yaml"), "../x.yaml");
    }
}
