//! How each requirement is resolved, and which controls answer it.
//!
//! `guidance/resolution.yaml` names every row exactly once; the build script refuses anything
//! else. In the binary a row is a code and a number, so that a lookup costs one search by id.

use std::borrow::Cow;

use crate::catalogue::controls;
use crate::control::{Control, Text};
use crate::language::Language;
use crate::requirement::{Requirement, count, id_of, position, requirement, row};
use crate::words::{Assurance, RecordKind, ResolutionKind, Room};

include!(concat!(env!("OUT_DIR"), "/resolution.rs"));

/// How a requirement is resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolution {
    /// Controls answer it: its own, or those of the row that it says again.
    Control {
        /// The row whose controls answer it.
        through: Option<&'static str>,
    },
    /// One way among others to meet this row.
    AlternativeOf(&'static str),
    /// A program can decide it, and this part of sekisho will.
    AnalysisPending(Room),
    /// The customer keeps a record of this kind.
    Record(RecordKind),
    /// A person answers a question.
    Attestation(&'static Question),
    /// AWS does it.
    Inherited(&'static Inheritance),
    /// It says how things are.
    Fact,
    /// Something else has taken its place.
    Superseded(&'static Replacement),
    /// Nothing that can be read shows it, for this reason.
    NotObservable(&'static str),
    /// Not taken up, for this reason.
    None(&'static str),
}

/// What a person is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// An answer counts for this many months.
    pub months: u32,
    /// The question; `{service}` stands for the service of the row.
    text: Text,
    /// The evidence that is kept beside the answer.
    keep: Text,
}

/// What an inherited requirement rests on. Without a report or contract on file, which names
/// period, service and region, it is not met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inheritance {
    /// The evidence of AWS.
    pub rests_on: &'static [Assurance],
    /// The row that has to be met for it to be so: what is automatic only when it is on.
    pub switch: Option<&'static str>,
}

/// What has taken the place of a requirement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// A requirement's id, or words (English).
    pub by: &'static str,
    /// A year, month or day.
    pub since: &'static str,
    /// Whether the date was checked against a page of AWS.
    pub verified: bool,
}

impl Question {
    /// The question about a requirement.
    pub fn about(&self, requirement: &Requirement, language: Language) -> String {
        self.text.get(language).replace("{service}", requirement.service_or_capability)
    }
}

impl Question {
    /// The evidence to keep.
    pub fn evidence(&self, language: Language) -> &str {
        self.keep.get(language)
    }
}

impl Resolution {
    /// Its kind, which has a name.
    pub const fn kind(self) -> ResolutionKind {
        match self {
            Resolution::Control { .. } => ResolutionKind::Control,
            Resolution::AlternativeOf(_) => ResolutionKind::AlternativeOf,
            Resolution::AnalysisPending(_) => ResolutionKind::AnalysisPending,
            Resolution::Record(_) => ResolutionKind::Record,
            Resolution::Attestation(_) => ResolutionKind::Attestation,
            Resolution::Inherited(_) => ResolutionKind::Inherited,
            Resolution::Fact => ResolutionKind::Fact,
            Resolution::Superseded(_) => ResolutionKind::Superseded,
            Resolution::NotObservable(_) => ResolutionKind::NotObservable,
            Resolution::None(_) => ResolutionKind::None,
        }
    }

    /// What stands beside the kind, in a word: the room, the kind of record, another row.
    pub fn detail(self) -> Option<&'static str> {
        match self {
            Resolution::Control { through } => through,
            Resolution::AlternativeOf(row) => Some(row),
            Resolution::AnalysisPending(room) => Some(room.name()),
            Resolution::Record(kind) => Some(kind.name()),
            Resolution::Inherited(inheritance) => inheritance.switch,
            Resolution::Superseded(replacement) => Some(replacement.by),
            Resolution::NotObservable(why) | Resolution::None(why) => Some(why),
            Resolution::Attestation(_) | Resolution::Fact => None,
        }
    }
}

/// How the requirement with this id is resolved. Logarithmic in the number of rows.
pub fn resolution(id: &str) -> Option<Resolution> {
    position(id).and_then(resolved)
}

fn resolved(row: usize) -> Option<Resolution> {
    let (code, number) = *RESOLVED.get(row)?;
    let number = usize::from(number);
    // An anchor is a row number plus one; 0 is none.
    let anchor = number.checked_sub(1).map(id_of);
    Some(match ResolutionKind::ALL.get(usize::from(code))? {
        ResolutionKind::Control => Resolution::Control { through: anchor },
        ResolutionKind::AlternativeOf => Resolution::AlternativeOf(anchor?),
        ResolutionKind::AnalysisPending => Resolution::AnalysisPending(*Room::ALL.get(number)?),
        ResolutionKind::Record => Resolution::Record(*RecordKind::ALL.get(number)?),
        ResolutionKind::Attestation => Resolution::Attestation(QUESTIONS.get(number)?),
        ResolutionKind::Inherited => Resolution::Inherited(INHERITANCES.get(number)?),
        ResolutionKind::Fact => Resolution::Fact,
        ResolutionKind::Superseded => Resolution::Superseded(REPLACEMENTS.get(number)?),
        ResolutionKind::NotObservable => Resolution::NotObservable(REASONS.get(number)?),
        ResolutionKind::None => Resolution::None(REASONS.get(number)?),
    })
}

/// The built-in controls that answer a requirement: those that name it, and where it says
/// another row again, those that name that row. Sorted by id.
pub fn answered_by(id: &str) -> Vec<&'static Control> {
    let mut numbers = position(id).map(naming).unwrap_or_default().to_vec();
    if let Some(Resolution::Control { through: Some(other) }) = resolution(id) {
        numbers.extend(position(other).map(naming).unwrap_or_default());
        numbers.sort_unstable();
        numbers.dedup();
    }
    numbers.iter().filter_map(|(_, control)| controls().get(usize::from(*control))).collect()
}

/// The part of the list of answers that is about a row.
fn naming(row: usize) -> &'static [(u16, u16)] {
    let at = |(other, _): &(u16, u16)| usize::from(*other);
    let start = ANSWERED.partition_point(|pair| at(pair) < row);
    let end = ANSWERED.partition_point(|pair| at(pair) <= row);
    ANSWERED.get(start..end).unwrap_or_default()
}

/// How all requirements are resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coverage {
    /// How many requirements there are.
    pub rows: usize,
    /// How many are resolved in each way, in the order of [`ResolutionKind::ALL`].
    pub by_resolution: Vec<(ResolutionKind, usize)>,
    /// Each requirement, sorted by id.
    pub items: Vec<Item>,
}

/// A requirement and how it is resolved.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// The requirement.
    pub requirement: Requirement,
    /// How it is resolved.
    pub resolution: Resolution,
    /// The controls that answer it.
    pub by: Vec<&'static Control>,
}

impl Eq for Item {}

impl Item {
    /// The requirement with this id.
    pub fn find(id: &str) -> Option<Self> {
        let requirement = requirement(id)?;
        Some(Self { requirement, resolution: resolution(id)?, by: answered_by(id) })
    }
}

/// How all requirements are resolved, counted and row by row.
pub fn coverage() -> Coverage {
    let items: Vec<Item> = (0..count())
        .filter_map(|i| {
            let requirement = row(i);
            Some(Item { requirement, resolution: resolved(i)?, by: answered_by(requirement.id) })
        })
        .collect();
    let number = |kind| items.iter().filter(|item| item.resolution.kind() == kind).count();
    let by_resolution = ResolutionKind::ALL.iter().map(|kind| (*kind, number(*kind))).collect();
    Coverage { rows: items.len(), by_resolution, items }
}
