//! What a run found: one model that every output format is made from.

use std::sync::Arc;

use sekisho_estate::{Estate, Reason, ResourceId, Route, StackIndex};
use sekisho_guidance::{Confidence, Control, Label, Scope, Severity};

macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$note:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $type { $($(#[$note])* $variant,)+ }
        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// Name in every output.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

names! {
    /// The answer of a control for a resource.
    Verdict {
        /// The demand is met.
        Pass = "pass",
        /// It is not met.
        Fail = "fail",
        /// It cannot be decided; the reason says why.
        Unknown = "unknown",
        /// It is not asked of this resource.
        NotApplicable = "not-applicable",
        /// A person must answer.
        Manual = "manual",
        /// A person answered.
        Attested = "attested",
        /// AWS does it.
        Inherited = "inherited",
        /// It fails, and someone accepted that until a date.
        Waived = "waived",
        /// It fails, and other means stand in its place.
        Compensated = "compensated",
    }
}

names! {
    /// How far a verdict reaches.
    Basis {
        /// What a template says.
        Design = "design",
        /// What a plan will do.
        Planned = "planned",
        /// What is there.
        Deployed = "deployed",
        /// What was done.
        Operated = "operated",
        /// What a person says.
        Attested = "attested",
    }
}

names! {
    /// What a piece of evidence is.
    EvidenceKind {
        /// A value as written.
        Value = "value",
        /// Something that is not written.
        Absent = "absent",
        /// A default of the service that counts.
        Default = "default",
        /// A statement of a policy.
        Statement = "statement",
        /// Something found in a text; the text itself is not shown.
        Text = "text",
        /// A record kept outside the estate.
        Record = "record",
    }
}

/// One thing that decided a verdict.
#[derive(Clone, PartialEq, Debug)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// The stack whose file holds it; none for what is in no file.
    pub stack: Option<StackIndex>,
    /// The resource whose properties it is in, when that is not the judged one.
    pub resource: Option<ResourceId>,
    /// The way from that resource's properties to it.
    pub route: Route,
    /// Byte offset in the stack's file of the value, or of the map where it is missing.
    pub offset: u32,
    /// The value in one line, masked where it is secret; none where nothing is written.
    pub value: Option<String>,
    /// What to know about it: the source of a default, the missing companion. Shared by all
    /// evidence of which it is said.
    pub note: Option<Arc<str>>,
}

/// What a control says in one world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorldVerdict {
    /// The decisions in words (`Env=dev`).
    pub when: String,
    /// What it says there.
    pub verdict: Verdict,
}

/// A hop of the path that a finding is about.
#[derive(Clone, PartialEq, Debug)]
pub struct HopNote {
    /// Where it starts: an address, or the name of an end.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// The resource and the property that make it.
    pub via: String,
    /// What is to be said of it: pass, fail or unknown.
    pub verdict: Verdict,
    /// The property that makes it, or the resource where no property is written.
    pub evidence: Evidence,
}

/// How a waiver stands behind a waived verdict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WaiverNote {
    /// Why it is accepted.
    pub reason: String,
    /// Who accepted it.
    pub owner: String,
    /// Until which day (`YYYY-MM-DD`).
    pub expires: String,
    /// File and line where it stands.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

/// The answer of one control for one resource, stack or account.
#[derive(Clone, Debug)]
pub struct Judgement<'c> {
    /// The control.
    pub control: &'c Control,
    /// Its answer.
    pub verdict: Verdict,
    /// How far the answer reaches.
    pub basis: Basis,
    /// How bad a fail is here, or would be where it is not decided.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What was judged: a resource, or none for a stack or account.
    pub resource: Option<ResourceId>,
    /// The stack that was judged, for the scope `stack`.
    pub stack: Option<StackIndex>,
    /// How we know that the resource holds PHI.
    pub label: Label,
    /// What decided.
    pub evidence: Vec<Evidence>,
    /// What it says in each world, when worlds differ.
    pub worlds: Vec<WorldVerdict>,
    /// The path that it is about, in order; empty where it is about no path.
    pub hops: Vec<HopNote>,
    /// Why it is unknown.
    pub reason: Option<Reason>,
    /// The waiver that stands behind `waived`.
    pub waiver: Option<Box<WaiverNote>>,
    /// Identity of the finding over runs: control, resource and path, never a line number.
    pub fingerprint: String,
    /// Fingerprints of the findings, at the far ends of its flows, that tell the same gap; empty
    /// where it tells a gap of its own.
    pub told_by: Vec<String>,
    /// Whether a baseline already holds it.
    pub known: bool,
}

impl Judgement<'_> {
    /// What was judged.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.control.scope
    }

    /// Whether it is shown unless everything is asked for.
    #[must_use]
    pub fn is_finding(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Unknown)
    }

    /// Address of what was judged, as findings and waivers name it.
    #[must_use]
    pub fn address(&self, estate: &Estate) -> String {
        match (self.resource, self.stack) {
            (Some(resource), _) => estate.address(resource),
            (None, Some(stack)) => estate.stack(stack).id.clone(),
            (None, None) => "account".into(),
        }
    }
}

/// A remark about the run itself that a person must know: an expired or unused waiver,
/// a control that could not be loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Stable name: `waiver-expired`, `waiver-unused`, `control-not-loaded`, `baseline-stale`,
    /// `configuration-unmatched`, `configuration-contradictory`, `contract-expired`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// File it is about.
    pub file: String,
    /// Line, from 1; 0 when the file is meant.
    pub line: u32,
    /// Column, from 1; 0 when the line is meant.
    pub column: u32,
    /// What the message is about: the control, the resource, the date, or a whole sentence in English.
    pub subject: String,
}

/// Everything that a run found.
#[derive(Debug)]
pub struct Assessment<'c> {
    /// Answers, ordered by stack, resource and control; answers for stacks and the account come last.
    pub judgements: Vec<Judgement<'c>>,
    /// Remarks about the run.
    pub notices: Vec<Notice>,
    /// Types in the estate that no schema describes, with how many resources they have.
    pub unknown_types: Vec<(String, usize)>,
    /// Number of verdicts that were reached, by kind, in the order of [`Verdict::ALL`].
    pub counts: [usize; Verdict::ALL.len()],
}
