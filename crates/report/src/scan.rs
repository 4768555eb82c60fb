//! `sekisho.scan/1`: the contract with other programs. Its schema is
//! `docs/schema/sekisho.scan-1.schema.json`.
//!
//! Linear in the size of what is written. What many verdicts share (a control's part, a
//! resource's part, a stack's names) is made once and copied.

use std::collections::HashMap;
use std::io::{self, Write};

use sekisho_assess::{Evidence, Judgement, Verdict};
use sekisho_estate::{Reason, ResourceId, Route, StackIndex, Step};
use sekisho_guidance::{Control, Label, Severity};

use crate::places::{Place, Places};
use crate::report::Report;
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
            verdicts.write(&mut sink, judgement);
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
            verdicts.write(&mut sink, judgement);
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
        for (&severity, count) in Severity::ALL.iter().zip(self.by_severity()).rev() {
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

/// Writes verdicts, remembering what they share.
struct VerdictWriter<'a> {
    report: &'a Report<'a>,
    places: Places<'a>,
    /// By control: `"control":…` and `"satisfies":…`.
    controls: HashMap<*const Control, (String, String)>,
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
            controls: HashMap::new(),
            files: vec![String::new(); report.estate.stacks.len()],
            resource: (None, String::new()),
        }
    }

    fn write<W: Write>(&mut self, sink: &mut Sink<'_, W>, judgement: &Judgement<'_>) {
        let (control, satisfies) = self.controls.entry(judgement.control).or_insert_with(|| {
            let mut control = String::from("\"control\":");
            quote(&mut control, &judgement.control.id);
            let mut satisfies = String::from("\"satisfies\":[");
            for (index, id) in judgement.control.satisfies.iter().enumerate() {
                satisfies.push_str(if index == 0 { "" } else { "," });
                quote(&mut satisfies, id);
            }
            satisfies.push(']');
            (control, satisfies)
        });
        sink.open('{');
        sink.raw(control);
        sink.text("verdict", judgement.verdict.name());
        sink.text("basis", judgement.basis.name());
        sink.text("severity", judgement.severity.name());
        sink.text("confidence", judgement.confidence.name());
        sink.text("scope", judgement.scope().name());
        sink.key("resource");
        match judgement.resource {
            Some(resource) => {
                if self.resource.0 != Some((resource, judgement.label)) {
                    self.resource.0 = Some((resource, judgement.label));
                    self.resource.1.clear();
                    resource_part(&mut self.resource.1, self.report, &self.places, resource, judgement.label);
                }
                sink.raw(&self.resource.1);
            }
            None => whole(sink, self.report, judgement),
        }
        sink.key("evidence");
        sink.open('[');
        for evidence in &judgement.evidence {
            sink.open('{');
            sink.text("kind", evidence.kind.name());
            sink.key("route");
            sink.written(|out| route(out, &evidence.route));
            place(sink, &self.places, &mut self.files, evidence);
            sink.maybe("value", evidence.value.as_deref());
            sink.maybe("note", evidence.note.as_deref());
            sink.close('}');
        }
        sink.close(']');
        sink.raw("\"hops\":[],\"worlds\":[");
        worlds(sink, judgement);
        sink.close(']');
        sink.raw(satisfies);
        sink.key("waiver");
        match &judgement.waiver {
            Some(waiver) => {
                sink.open('{');
                sink.text("reason", &waiver.reason);
                sink.text("owner", &waiver.owner);
                sink.text("expires", &waiver.expires);
                sink.text("file", &waiver.file);
                sink.place("line", waiver.line);
                sink.close('}');
            }
            None => sink.raw("null"),
        }
        sink.key("reason");
        match &judgement.reason {
            Some(reason) => sink.written(|out| reason_text(out, reason)),
            None => sink.raw("null"),
        }
        sink.text("fingerprint", &judgement.fingerprint);
        sink.close('}');
    }
}

/// `file`, `line` and `column` of a piece of evidence. Files are quoted once.
fn place<W: Write>(sink: &mut Sink<'_, W>, places: &Places<'_>, files: &mut [String], evidence: &Evidence) {
    let Some(stack) = evidence.stack else {
        sink.raw("\"file\":null,\"line\":null,\"column\":null");
        return;
    };
    sink.key("file");
    let file = &mut files[stack.0 as usize];
    if file.is_empty() {
        quote(file, &places.stack(stack).file);
    }
    sink.raw(file);
    let at = places.position(Place { stack, offset: evidence.offset });
    sink.count("line", at.line as usize);
    sink.count("column", at.column as usize);
}

fn worlds<W: Write>(sink: &mut Sink<'_, W>, judgement: &Judgement<'_>) {
    sink.begin();
    for world in &judgement.worlds {
        sink.open('{');
        sink.text("when", &world.when);
        sink.text("verdict", world.verdict.name());
        sink.close('}');
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
    out.push('"');
    stack_part(out, report, Some(id.stack), label);
    let at = places.position(places.origin(id));
    origin(out, &stack.file, at.line, at.column);
}

/// `stack`, `account`, `region` and `phi`.
fn stack_part(out: &mut String, report: &Report<'_>, stack: Option<StackIndex>, label: Label) {
    let stack = stack.map(|index| report.estate.stack(index));
    let texts = [
        (",\"stack\":", stack.map(|s| s.id.as_str())),
        (",\"account\":", stack.and_then(|s| s.account.as_deref())),
        (",\"region\":", stack.and_then(|s| s.region.as_deref())),
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
fn whole<W: Write>(sink: &mut Sink<'_, W>, report: &Report<'_>, judgement: &Judgement<'_>) {
    let address = judgement.address(report.estate);
    let type_name = if judgement.stack.is_some() { "Sekisho::Stack" } else { "Sekisho::Account" };
    let mut out = String::from("{\"id\":");
    quote(&mut out, &address);
    out.push_str(",\"type\":");
    quote(&mut out, type_name);
    out.push_str(",\"address\":");
    quote(&mut out, &address);
    stack_part(&mut out, report, judgement.stack, judgement.label);
    match judgement.stack {
        Some(stack) => origin(&mut out, &report.estate.stack(stack).file, 1, 1),
        None => out.push_str(",\"origin\":null}"),
    }
    sink.raw(&out);
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
