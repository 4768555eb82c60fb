//! What is reported, and how it is asked for.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::str::FromStr;

use sekisho_assess::{Assessment, Judgement, Verdict};
use sekisho_estate::Estate;
use sekisho_guidance::{Edition, Language, Severity, UnknownWord};

/// A run, ready to be written in any format.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was read.
    pub estate: &'a Estate,
    /// What was found.
    pub assessment: &'a Assessment<'a>,
    /// How it is written.
    pub options: &'a Options,
}

/// How a report is written.
#[derive(Clone, Debug)]
pub struct Options {
    /// Facts about the run, for the formats that machines read.
    pub run: Run,
    /// The edition of the HIPAA paper whose sentences are shown; both when left out.
    pub edition: Option<Edition>,
    /// Language of what people read. Machine-readable names and reasons stay English.
    pub language: Language,
    /// Which verdicts are written.
    pub verdicts: Verdicts,
    /// Whether text is coloured.
    pub color: Color,
    /// Columns of text.
    pub width: usize,
    /// Whether every finding is shown in full, not only the first of its like.
    pub full: bool,
    /// Whether no one has said where PHI is, so that every store is assumed to hold some.
    pub phi_assumed: bool,
    /// How the program will exit, for the hint on the screen.
    pub exit: Option<Exit>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            run: Run::default(),
            edition: None,
            language: Language::En,
            verdicts: Verdicts::Findings,
            color: Color::Never,
            width: 100,
            full: false,
            phi_assumed: true,
            exit: None,
        }
    }
}

/// Facts about a run that a report states and does not know by itself. What is `None` is
/// written as null, so that the bytes stay the same from run to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// Version of the tool.
    pub version: String,
    /// Digest of the tool's binary.
    pub digest: Option<String>,
    /// When the run began.
    pub started_at: Option<String>,
    /// Who ran it.
    pub operator: Option<String>,
    /// Commit of the input.
    pub commit: Option<String>,
    /// Edition of the HIPAA paper that was asked for, or both.
    pub edition: String,
    /// Day of the eligibility list.
    pub eligibility_as_of: Option<String>,
    /// Days since then, where they are so many that a newer list should be looked at.
    pub eligibility_old: Option<i64>,
    /// Day of the facts about AWS.
    pub facts_as_of: Option<String>,
    /// Digest of the configuration.
    pub configuration_sha256: Option<String>,
    /// Globs of what was left out on purpose.
    pub excluded: Vec<String>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            digest: None,
            started_at: None,
            operator: None,
            commit: None,
            edition: editions_shown(None),
            eligibility_as_of: None,
            eligibility_old: None,
            facts_as_of: None,
            configuration_sha256: None,
            excluded: Vec::new(),
        }
    }
}

/// The editions of the HIPAA paper that count: one that was chosen, or both.
#[must_use]
pub fn editions_shown(chosen: Option<Edition>) -> String {
    match chosen {
        Some(edition) => edition.name().to_owned(),
        None => Edition::ALL.iter().map(|edition| edition.name()).collect::<Vec<_>>().join(", "),
    }
}

/// Which verdicts are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Verdicts {
    /// Fails and what is not decided.
    #[default]
    Findings,
    /// Everything that the assessment holds.
    All,
}

/// Whether text is coloured. The caller knows whether it writes to a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Color {
    /// With escape sequences.
    Always,
    /// Plain.
    #[default]
    Never,
}

/// How the program will exit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exit {
    /// The exit status.
    pub status: u8,
    /// The lowest severity of a fail that counts.
    pub fail_on: Severity,
    /// Whether what is not decided counts too.
    pub fail_on_unknown: bool,
}

/// A form of output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One object, `sekisho.scan/1`.
    Json,
    /// One verdict a line.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
}

impl Format {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Text, Self::Json, Self::Jsonl, Self::Sarif, Self::Github];

    /// Name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::Github => "github",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let known = &["text", "json", "jsonl", "sarif", "github"];
        let found = Self::ALL.iter().copied().find(|format| format.name() == text);
        found.ok_or_else(|| UnknownWord { word: text.to_owned(), known })
    }
}

impl<'a> Report<'a> {
    /// Writes the report in a format.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write(&self, format: Format, out: &mut impl Write) -> io::Result<()> {
        match format {
            Format::Text => self.text(out),
            Format::Json => self.json(out),
            Format::Jsonl => self.jsonl(out),
            Format::Sarif => self.sarif(out),
            Format::Github => self.github(out),
        }
    }

    /// The judgements that are written.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &'a Judgement<'a>> + Clone + use<'a> {
        let all = self.options.verdicts == Verdicts::All;
        self.assessment.judgements.iter().filter(move |judgement| all || judgement.is_finding())
    }

    /// How many judgements have a verdict, counting those that are not kept, but each gap once.
    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        let told = self.told();
        let twice = self.assessment.judgements.iter().filter(|j| j.verdict == verdict);
        let twice = twice.filter(|judgement| told.contains(&std::ptr::from_ref(*judgement))).count();
        self.assessment.counts[verdict as usize] - twice
    }

    /// Fails by severity, in the order of [`Severity::ALL`], but each gap once.
    pub(crate) fn by_severity(&self) -> [usize; Severity::ALL.len()] {
        let told = self.told();
        self.severities(|judgement| !told.contains(&std::ptr::from_ref(judgement)))
    }

    /// Fails by severity, in the order of [`Severity::ALL`], those that count.
    pub(crate) fn severities(&self, counts: impl Fn(&Judgement<'a>) -> bool) -> [usize; Severity::ALL.len()] {
        let mut found = [0; Severity::ALL.len()];
        let fails = self.assessment.judgements.iter().filter(|j| j.verdict == Verdict::Fail && counts(j));
        fails.for_each(|judgement| found[judgement.severity as usize] += 1);
        found
    }

    /// Findings whose gap a finding of another resource tells, which people read instead.
    /// O(judgements), and nothing is looked up where there is none.
    pub(crate) fn told(&self) -> HashSet<*const Judgement<'a>> {
        let judgements = &self.assessment.judgements;
        if judgements.iter().all(|judgement| judgement.told_by.is_empty()) {
            return HashSet::new();
        }
        let telling: HashMap<&str, bool> =
            judgements.iter().filter(|j| j.is_finding()).map(|j| (&*j.fingerprint, j.known)).collect();
        // What was accepted at the far end, or is known there and new here, is told here after all.
        let told = |judgement: &&Judgement<'_>| {
            let tells = |by: &String| telling.get(&**by) == Some(&judgement.known);
            judgement.is_finding() && !judgement.told_by.is_empty() && judgement.told_by.iter().all(tells)
        };
        judgements.iter().filter(told).map(std::ptr::from_ref).collect()
    }

    /// References in the input that lead nowhere.
    pub(crate) fn unresolved(&self) -> usize {
        self.estate.stacks.iter().map(|stack| stack.unresolved.len()).sum()
    }

    /// Resources in the estate.
    pub(crate) fn resources(&self) -> usize {
        self.estate.stacks.iter().map(|stack| stack.resources.len()).sum()
    }

    /// Undecided verdicts on what may hold PHI.
    pub(crate) fn undecided_on_phi(&self) -> usize {
        let undecided = self.assessment.judgements.iter().filter(|j| j.verdict == Verdict::Unknown);
        undecided.filter(|j| j.label != sekisho_guidance::Label::None).count()
    }
}
