//! `sekisho.scan/1`: the contract with other programs. Its schema is
//! `docs/schema/sekisho.scan-1.schema.json`.
//!
//! Linear in the size of what is written. What many verdicts share (a control's part, a
//! resource's part, a stack's names) is made once and copied.

use std::fmt::Write as _;
use std::io::{self, Write};

use foldhash::{HashMap, HashMapExt};
use sekisho_assess::{Basis, Evidence, Judgement, Verdict};
use sekisho_estate::{Reason, ResourceId, Route, Step};
use sekisho_guidance::{Confidence, Control, Label, Severity};

use crate::places::{Place, Places};
use crate::report::Report;
use crate::secrets;
use crate::sink::{Sink, digits, escape, quote};

/// Name of the schema of one object.
pub(crate) const SCHEMA: &str = "sekisho.scan/1";

impl Report<'_> {
    /// Writes one object of the schema `sekisho.scan/1`.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn json(&self, out: &mut impl Write) -> io::Result<()> {
        let mut sink = Sink::new(out);
        sink.open('{');
        sink.text("schema", SCHEMA);
        self.json_run(&mut sink);
        sink.line();
        self.json_inputs(&mut sink)?;
        sink.line();
        sink.key("verdicts");
        sink.open('[');
        let mut verdicts = VerdictWriter::new(self);
        for judgement in self.shown() {
            sink.line();
            sink.direct(|out| verdicts.write(out, judgement));
            sink.relieve()?;
        }
        sink.close_line(']');
        sink.line();
        self.json_notices(&mut sink)?;
        sink.line();
        self.json_summary(&mut sink);
        sink.close('}');
        sink.finish()
    }

    /// Writes each verdict of [`json`](Self::json) as an object on a line of its own.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn jsonl(&self, out: &mut impl Write) -> io::Result<()> {
        let mut sink = Sink::new(out);
        let mut verdicts = VerdictWriter::new(self);
        for (index, judgement) in self.shown().enumerate() {
            if index > 0 {
                sink.end_line();
            }
            sink.direct(|out| verdicts.write(out, judgement));
            sink.relieve()?;
        }
        if self.shown().next().is_none() {
            return Ok(());
        }
        sink.finish()
    }

    fn json_run<W: Write>(&self, sink: &mut Sink<'_, W>) {
        let run = &self.options.run;
        sink.key("run");
        sink.open('{');
        sink.key("tool");
        sink.open('{');
        sink.text("name", "sekisho");
        sink.text("version", &run.version);
        sink.maybe("digest", run.digest.as_deref());
        sink.close('}');
        sink.maybe("started_at", run.started_at.as_deref());
        sink.maybe("operator", run.operator.as_deref());
        sink.maybe("commit", run.commit.as_deref());
        sink.key("guidance");
        sink.open('{');
        sink.text("edition", &run.edition);
        sink.maybe("eligibility_as_of", run.eligibility_as_of.as_deref());
        sink.maybe("facts_as_of", run.facts_as_of.as_deref());
        sink.close('}');
        sink.maybe("configuration_sha256", run.configuration_sha256.as_deref());
        sink.key("scope");
        sink.open('{');
        sink.key("complete_account");
        sink.boolean(self.estate.complete_account);
        sink.strings("excluded", &run.excluded);
        sink.close('}');
        sink.close('}');
    }

    fn json_inputs<W: Write>(&self, sink: &mut Sink<'_, W>) -> io::Result<()> {
        sink.key("inputs");
        sink.open('[');
        for input in &self.estate.inputs {
            sink.line();
            sink.open('{');
            sink.text("path", &input.path);
            sink.maybe("sha256", Some(input.sha256.as_str()).filter(|digest| !digest.is_empty()));
            sink.maybe("kind", Some(input.kind).filter(|kind| !kind.is_empty()));
            sink.maybe("stack", input.stack.as_deref());
            sink.text("status", input.status.name());
            sink.count("resources", input.resources);
            sink.key("problems");
            sink.open('[');
            for problem in &input.problems {
                sink.open('{');
                sink.place("line", problem.line);
                sink.place("column", problem.column);
                sink.text("message", &problem.message);
                sink.close('}');
            }
            sink.close(']');
            sink.close('}');
            sink.relieve()?;
        }
        sink.close_line(']');
        Ok(())
    }

    fn json_notices<W: Write>(&self, sink: &mut Sink<'_, W>) -> io::Result<()> {
        sink.key("notices");
        sink.open('[');
        for notice in &self.assessment.notices {
            sink.line();
            sink.open('{');
            sink.text("code", notice.code);
            sink.text("severity", notice.severity.name());
            sink.maybe("file", Some(notice.file.as_str()).filter(|file| !file.is_empty()));
            sink.place("line", notice.line);
            sink.place("column", notice.column);
            sink.text("subject", &notice.subject);
            sink.close('}');
            sink.relieve()?;
        }
        sink.close_line(']');
        Ok(())
    }

    fn json_summary<W: Write>(&self, sink: &mut Sink<'_, W>) {
        sink.key("summary");
        sink.open('{');
        sink.count("resources", self.resources());
        sink.key("by_verdict");
        sink.open('{');
        for &verdict in Verdict::ALL {
            sink.count(verdict.name(), self.count(verdict));
        }
        sink.close('}');
        sink.key("by_severity");
        sink.open('{');
        for (&severity, count) in Severity::ALL.iter().zip(self.severities(|_| true)).rev() {
            sink.count(severity.name(), count);
        }
        sink.close('}');
        sink.count("unresolved_references", self.unresolved());
        sink.key("unknown_types");
        sink.open('[');
        for (type_name, count) in &self.assessment.unknown_types {
            sink.open('{');
            sink.text("type", type_name);
            sink.count("count", *count);
            sink.close('}');
        }
        sink.close(']');
        sink.count("not_decided_on_phi", self.undecided_on_phi());
        sink.close('}');
    }
}

/// What begins and ends the verdicts of a control, by everything that stands in it.
type Alike = (*const Control, Verdict, Basis, Severity, Confidence);

/// Writes verdicts, remembering what they share: most of a verdict is copied.
struct VerdictWriter<'a> {
    report: &'a Report<'a>,
    places: Places<'a>,
    /// The text up to the resource, and that behind the evidence of one without worlds,
    /// waiver and reason.
    alike: HashMap<Alike, (String, String)>,
    /// By stack: its file, quoted, made when asked for.
    files: Vec<String>,
    /// The resource that was written last, and its part.
    resource: (Option<(ResourceId, Label)>, String),
}

impl<'a> VerdictWriter<'a> {
    fn new(report: &'a Report<'a>) -> Self {
        Self {
            report,
            places: Places::new(report.estate),
            alike: HashMap::new(),
            files: vec![String::new(); report.estate.stacks.len()],
            resource: (None, String::new()),
        }
    }

    fn write(&mut self, out: &mut String, judgement: &Judgement<'_>) {
        let alike: Alike =
            (judgement.control, judgement.verdict, judgement.basis, judgement.severity, judgement.confidence);
        let (head, tail) =
            self.alike.entry(alike).or_insert_with(|| (head(judgement), tail(judgement.control)));
        out.push_str(head);
        match judgement.resource {
            Some(resource) => {
                if self.resource.0 != Some((resource, judgement.label)) {
                    self.resource.0 = Some((resource, judgement.label));
                    self.resource.1.clear();
                    resource_part(&mut self.resource.1, self.report, &self.places, resource, judgement.label);
                }
                out.push_str(&self.resource.1);
            }
            None => whole(out, self.report, judgement),
        }
        out.push_str(",\"evidence\":[");
        for (index, evidence) in judgement.evidence.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            evidence_part(out, &self.places, &mut self.files, evidence);
        }
        if judgement.worlds.is_empty()
            && judgement.hops.is_empty()
            && judgement.waiver.is_none()
            && judgement.reason.is_none()
        {
            out.push_str(tail);
        } else {
            rare(out, &self.places, &mut self.files, judgement);
        }
        quote(out, &judgement.fingerprint);
        if !judgement.told_by.is_empty() {
            out.push_str(",\"told_by\":[");
            for (index, by) in judgement.told_by.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                quote(out, by);
            }
            out.push(']');
        }
        out.push('}');
    }
}

fn head(judgement: &Judgement<'_>) -> String {
    let mut out = String::from("{\"control\":");
    quote(&mut out, &judgement.control.id);
    let words = [
        ("verdict", judgement.verdict.name()),
        ("basis", judgement.basis.name()),
        ("severity", judgement.severity.name()),
        ("confidence", judgement.confidence.name()),
        ("scope", judgement.scope().name()),
    ];
    for (key, word) in words {
        let _ = write!(out, ",\"{key}\":\"{word}\"");
    }
    out + ",\"resource\":"
}

fn tail(control: &Control) -> String {
    let mut out = String::from("],\"hops\":[],\"worlds\":[],");
    satisfies(&mut out, control);
    out + ",\"waiver\":null,\"reason\":null,\"fingerprint\":"
}

fn satisfies(out: &mut String, control: &Control) {
    out.push_str("\"satisfies\":[");
    for (index, id) in control.satisfies.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { "," });
        quote(out, id);
    }
    out.push(']');
}

/// What stands between evidence and fingerprint where it is not the same for all.
fn rare(out: &mut String, places: &Places<'_>, files: &mut [String], judgement: &Judgement<'_>) {
    out.push_str("],\"hops\":[");
    for (index, hop) in judgement.hops.iter().enumerate() {
        let texts = [("{\"from\":", &hop.from), (",\"to\":", &hop.to), (",\"via\":", &hop.via)];
        out.push_str(if index == 0 { "" } else { "," });
        for (key, text) in texts {
            out.push_str(key);
            quote(out, text);
        }
        let _ = write!(out, ",\"verdict\":\"{}\",\"evidence\":[", hop.verdict.name());
        evidence_part(out, places, files, &hop.evidence);
        out.push_str("]}");
    }
    out.push_str("],\"worlds\":[");
    for (index, world) in judgement.worlds.iter().enumerate() {
        out.push_str(if index == 0 { "{\"when\":" } else { ",{\"when\":" });
        quote(out, &world.when);
        let _ = write!(out, ",\"verdict\":\"{}\"}}", world.verdict.name());
    }
    out.push_str("],");
    satisfies(out, judgement.control);
    out.push_str(",\"waiver\":");
    match &judgement.waiver {
        Some(waiver) => {
            let texts = [
                ("{\"reason\":", &waiver.reason),
                (",\"owner\":", &waiver.owner),
                (",\"expires\":", &waiver.expires),
                (",\"file\":", &waiver.file),
            ];
            for (key, text) in texts {
                out.push_str(key);
                quote(out, text);
            }
            out.push_str(",\"line\":");
            if waiver.line == 0 {
                out.push_str("null")
            } else {
                digits(out, waiver.line as usize)
            }
            out.push('}');
        }
        None => out.push_str("null"),
    }
    out.push_str(",\"reason\":");
    match &judgement.reason {
        Some(reason) => {
            out.push('"');
            reason_text(out, reason);
            out.push('"');
        }
        None => out.push_str("null"),
    }
    out.push_str(",\"fingerprint\":");
}

/// One piece of evidence. The file is quoted once.
fn evidence_part(out: &mut String, places: &Places<'_>, files: &mut [String], evidence: &Evidence) {
    out.push_str("{\"kind\":\"");
    out.push_str(evidence.kind.name());
    out.push_str("\",\"route\":\"");
    route(out, &evidence.route);
    match evidence.stack {
        Some(stack) => {
            let place = Place { stack, offset: evidence.offset };
            let at = places.position(place);
            out.push_str("\",\"file\":");
            if places.stack(stack).segments.is_empty() {
                let file = &mut files[stack.0 as usize];
                if file.is_empty() {
                    quote(file, &places.stack(stack).file);
                }
                out.push_str(file);
            } else {
                quote(out, places.file(place));
            }
            out.push_str(",\"line\":");
            digits(out, at.line as usize);
            out.push_str(",\"column\":");
            digits(out, at.column as usize);
        }
        None => out.push_str("\",\"file\":null,\"line\":null,\"column\":null"),
    }
    match secrets::value(evidence) {
        Some(value) => {
            out.push_str(",\"value\":");
            quote(out, value);
        }
        None => out.push_str(",\"value\":null"),
    }
    match &evidence.note {
        Some(note) => {
            out.push_str(",\"note\":");
            quote(out, note);
            out.push('}');
        }
        None => out.push_str(",\"note\":null}"),
    }
}

fn resource_part(out: &mut String, report: &Report<'_>, places: &Places<'_>, id: ResourceId, label: Label) {
    let stack = report.estate.stack(id.stack);
    let name = report.estate.id(id);
    out.push_str("{\"id\":");
    quote(out, name);
    out.push_str(",\"type\":");
    quote(out, report.estate.type_name(id));
    out.push_str(",\"address\":\"");
    escape(out, &stack.id);
    out.push('#');
    escape(out, name);
    out.push_str("\",\"construct_path\":");
    match stack.construct_path(report.estate.resource(id)) {
        Some(path) => quote(out, path),
        None => out.push_str("null"),
    }
    let (account, region) = (report.estate.account(id), report.estate.region(id));
    stack_part(out, Some(&stack.id), account, region, label);
    let place = places.origin(id);
    let at = places.position(place);
    origin(out, places.file(place), at.line, at.column);
}

/// `stack`, `account`, `region` and `phi`.
fn stack_part(
    out: &mut String,
    stack: Option<&str>,
    account: Option<&str>,
    region: Option<&str>,
    label: Label,
) {
    let texts = [
        (",\"stack\":", stack),
        (",\"account\":", account),
        (",\"region\":", region),
        (",\"phi\":", Some(label.name())),
    ];
    for (key, text) in texts {
        out.push_str(key);
        match text {
            Some(text) => quote(out, text),
            None => out.push_str("null"),
        }
    }
}

fn origin(out: &mut String, file: &str, line: u32, column: u32) {
    out.push_str(",\"origin\":{\"file\":");
    quote(out, file);
    out.push_str(",\"line\":");
    digits(out, line as usize);
    out.push_str(",\"column\":");
    digits(out, column as usize);
    out.push_str("}}");
}

/// What stands in the place of a resource when a whole stack or account was judged.
fn whole(out: &mut String, report: &Report<'_>, judgement: &Judgement<'_>) {
    let address = judgement.address(report.estate);
    let type_name = if judgement.stack.is_some() { "Sekisho::Stack" } else { "Sekisho::Account" };
    out.push_str("{\"id\":");
    quote(out, &address);
    out.push_str(",\"type\":");
    quote(out, type_name);
    out.push_str(",\"address\":");
    quote(out, &address);
    out.push_str(",\"construct_path\":null");
    let stack = judgement.stack.map(|index| report.estate.stack(index));
    let (account, region) =
        (stack.and_then(|s| s.account.as_deref()), stack.and_then(|s| s.region.as_deref()));
    stack_part(out, stack.map(|s| s.id.as_str()), account, region, judgement.label);
    match judgement.stack {
        Some(stack) => origin(out, &report.estate.stack(stack).file, 1, 1),
        None => out.push_str(",\"origin\":null}"),
    }
}

/// A route as a JSON pointer, escaped for JSON.
pub(crate) fn route(out: &mut String, route: &Route) {
    for step in &route.0 {
        out.push('/');
        match step {
            Step::Index(index) => digits(out, *index as usize),
            Step::Key(key) if key.contains(['~', '/']) => {
                escape(out, &key.replace('~', "~0").replace('/', "~1"));
            }
            Step::Key(key) => escape(out, key),
        }
    }
}

/// The English sentence of a reason, escaped for JSON.
fn reason_text(out: &mut String, reason: &Reason) {
    match reason.code.english().split_once("{}") {
        Some((before, after)) => {
            escape(out, before);
            escape(out, &reason.subject);
            escape(out, after);
        }
        None => escape(out, reason.code.english()),
    }
}
