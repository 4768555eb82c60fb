//! Frameworks: laws, catalogues and the documents themselves, paragraph by paragraph.
//!
//! A requirement is mapped once: a paragraph names topics and rows of the ledgers, and so every
//! control that answers them; a catalogue of checks names controls. The file of a framework says
//! where its paragraphs come from, under which licence, and as of which day.

use std::borrow::Cow;

use crate::catalogue::controls;
use crate::control::{Control, Text};
use crate::requirement::{Requirement, row};
use crate::resolution::Item;
use crate::words::{ParagraphKind, Status};

include!(concat!(env!("OUT_DIR"), "/frameworks.rs"));

/// A law, a catalogue of controls, or a document, as paragraphs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Framework {
    /// Its id, such as `hipaa-security-rule`.
    pub id: &'static str,
    /// Its name.
    pub title: Text,
    /// Which edition of it.
    pub edition: &'static str,
    /// The day (`YYYY-MM-DD`) from which this edition counts, where it is law.
    pub in_force_from: Option<&'static str>,
    /// The day on which the paragraphs were compared with the source; empty for the documents
    /// that the requirements come from.
    pub as_of: &'static str,
    /// Where it is published; empty for those documents.
    pub source: &'static str,
    /// Under which terms its ids and titles are used; empty for those documents.
    pub licence: &'static str,
    /// What a reader has to know about the mapping.
    pub note: Option<Text>,
    /// Its paragraphs in order. What stands under what follows from their kinds.
    pub paragraphs: &'static [Paragraph],
}

/// A paragraph of a framework.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paragraph {
    /// Its number in the framework, such as `164.312(a)(2)(iv)`.
    pub id: &'static str,
    /// What it is.
    pub kind: ParagraphKind,
    /// How binding it is, where the framework says so.
    pub status: Option<Status>,
    /// What it is about, in our words.
    pub title: Text,
    /// Positions of its requirements.
    rows: &'static [u16],
    /// Positions of controls that answer it directly.
    controls: &'static [u16],
    /// The requirement for which it cannot be declined though it is addressable.
    pub binding: Option<&'static str>,
}

/// All frameworks, those of the folder by id, then the documents of the requirements.
pub fn frameworks() -> &'static [Framework] {
    FRAMEWORKS
}

/// A framework by its id.
pub fn framework(id: &str) -> Option<&'static Framework> {
    FRAMEWORKS.iter().find(|framework| framework.id == id)
}

/// The paragraphs that a requirement stands behind, with their frameworks.
pub fn paragraphs_of(id: &str) -> Vec<(&'static Framework, &'static Paragraph)> {
    let Some(at) = crate::requirement::position(id) else { return Vec::new() };
    let at = u16::try_from(at).unwrap_or(u16::MAX);
    let all = FRAMEWORKS.iter().flat_map(|f| f.paragraphs.iter().map(move |p| (f, p)));
    all.filter(|(_, paragraph)| paragraph.rows.binary_search(&at).is_ok()).collect()
}

impl Paragraph {
    /// The requirements behind it.
    pub fn requirements(&self) -> impl Iterator<Item = Requirement> + use<> {
        self.rows.iter().map(|&at| row(usize::from(at)))
    }

    /// The requirements behind it and how each is resolved.
    pub fn items(&self) -> Vec<Item> {
        self.requirements().filter_map(|requirement| Item::find(requirement.id)).collect()
    }

    /// The controls that answer it: directly, or through its requirements. Sorted by id.
    pub fn controls(&self) -> Vec<&'static Control> {
        let direct = self.controls.iter().filter_map(|&at| controls().get(usize::from(at)));
        let mut found: Vec<&Control> =
            direct.chain(self.items().into_iter().flat_map(|item| item.by)).collect();
        found.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        found
    }

    /// How deep it stands: 0 for a section, 2 for a specification, 1 for all others.
    pub fn depth(&self) -> usize {
        match self.kind {
            ParagraphKind::Section => 0,
            ParagraphKind::Specification => 2,
            _ => 1,
        }
    }
}

impl Framework {
    /// A paragraph by its id.
    pub fn paragraph(&self, id: &str) -> Option<&'static Paragraph> {
        self.paragraphs.iter().find(|paragraph| paragraph.id == id)
    }
}
