//! Texts that are known only at deployment, as letters of the texts that are compared.
//!
//! A name or an account that a template does not say stands in ARNs and patterns as one
//! character of a private use plane. Equal holes are the same character, so that a text
//! with holes is equal to itself by ordinary comparison; what differs by a hole is asked
//! again by [`crate::glob`], where a hole may be many texts.

use std::collections::HashMap;

use sekisho_estate::{Estate, Part, Reason, ReasonCode, Target, Why};
use sekisho_policy::{HoleKind, Piece};

/// First character that stands for a hole.
const FIRST: u32 = 0xF_0000;
/// Holes of one model; more are all the last one, of which nothing is known.
const MOST: u32 = 0xFFF0;

/// What texts a hole may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoleClass {
    /// An account id.
    Account,
    /// A region.
    Region,
    /// A name or id that AWS makes up. It is no text that somebody has written out, and no
    /// other such name; a pattern with wildcards may match it.
    Generated,
    /// A text without wildcards.
    Fixed,
    /// Any text, also one with wildcards.
    Open,
    /// What of a store the request names: an object, an index. It is not unknown but up to
    /// the one who asks.
    Content,
}

/// One hole.
#[derive(Clone, Debug)]
pub struct Hole {
    /// What texts it may be.
    pub class: HoleClass,
    /// Its name, for people: `AWS::AccountId`, `ClaimsBucket`.
    pub name: Box<str>,
    /// Why its text is not known.
    pub why: Reason,
}

#[derive(PartialEq, Eq, Hash, Debug)]
enum Key {
    Variable(Box<str>, u32),
    Resource(u32, u32, Box<str>),
}

/// The holes of a model.
#[derive(Debug, Default)]
pub struct Holes {
    list: Vec<Hole>,
    index: HashMap<Key, u32>,
    /// The account of stacks that do not say theirs, when the input names exactly one.
    pub account: Option<Box<str>>,
}

impl Holes {
    /// The hole that a character stands for.
    #[must_use]
    pub fn get(&self, c: char) -> Option<&Hole> {
        self.list.get(u32::from(c).checked_sub(FIRST)? as usize)
    }

    /// Whether a text may have holes: their characters all begin with this byte.
    #[must_use]
    pub fn any_in(text: &str) -> bool {
        text.as_bytes().contains(&0xF3)
    }

    /// A text with the names of its holes, for people.
    #[must_use]
    pub fn show(&self, text: &str) -> String {
        if !Self::any_in(text) {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match self.get(c) {
                Some(hole) => {
                    out.push_str("${");
                    out.push_str(&hole.name);
                    out.push('}');
                }
                None => out.push(c),
            }
        }
        out
    }

    /// The first hole of a text.
    #[must_use]
    pub fn first_in(&self, text: &str) -> Option<&Hole> {
        text.chars().find_map(|c| self.get(c))
    }

    fn add(&mut self, key: Option<Key>, hole: Hole) -> char {
        if let Some(&known) = key.as_ref().and_then(|key| self.index.get(key)) {
            return mark(known);
        }
        let next = u32::try_from(self.list.len()).unwrap_or(MOST).min(MOST);
        if next == MOST {
            return mark(MOST - 1);
        }
        self.list.push(if next == MOST - 1 {
            Hole { class: HoleClass::Open, name: "?".into(), why: too_many() }
        } else {
            hole
        });
        if let Some(key) = key {
            self.index.insert(key, next);
        }
        mark(next)
    }

    /// The account or region that all stacks without a known one are deployed to.
    ///
    /// One run is taken to be one account and region where the input does not say more:
    /// roles and stores of two templates then meet, as they would in one account.
    pub fn place(&mut self, name: &str, class: HoleClass) -> char {
        let why = Reason::new(ReasonCode::PseudoParameter, name);
        self.add(Some(Key::Variable(name.into(), u32::MAX)), Hole { class, name: name.into(), why })
    }

    /// What of a store a request names.
    pub fn content(&mut self) -> char {
        let why = Reason::new(ReasonCode::NotInInput, "what the request names");
        let hole = Hole { class: HoleClass::Content, name: "any".into(), why };
        self.add(Some(Key::Variable("any".into(), u32::MAX - 1)), hole)
    }

    /// Some resource, whichever the request names, as a text; for questions on a model that
    /// is complete.
    #[must_use]
    pub fn anything(&self) -> String {
        let known = self.index.get(&Key::Variable("any".into(), u32::MAX - 1));
        known.map_or_else(|| "*".to_owned(), |&index| mark(index).to_string())
    }

    /// A hole of which nothing is known but why.
    pub fn open(&mut self, name: &str, why: Why<'_>) -> char {
        self.add(None, Hole { class: HoleClass::Open, name: name.into(), why: why.to_reason() })
    }

    /// The character of a hole of a pattern.
    pub fn of(&mut self, estate: &Estate, kind: &HoleKind<'_>, why: Why<'_>) -> char {
        let resource = |target: &Target<'_>, what: &str| {
            let stack = sekisho_graph::index_of(estate, target.stack).map_or(u32::MAX, |index| index.0);
            Key::Resource(stack, target.resource.0, what.into())
        };
        let (key, class, name) = match kind {
            HoleKind::Name(target) => {
                (Some(resource(target, "")), HoleClass::Generated, target.id().to_owned())
            }
            HoleKind::Id(target) => {
                (Some(resource(target, "id")), HoleClass::Generated, format!("{}.Id", target.id()))
            }
            HoleKind::Attribute(target) => {
                (Some(resource(target, target.attribute)), HoleClass::Fixed, target.name())
            }
            HoleKind::Variable(_, "AWS::AccountId") => {
                return self.place("AWS::AccountId", HoleClass::Account);
            }
            HoleKind::Variable(_, "AWS::Region") => return self.place("AWS::Region", HoleClass::Region),
            HoleKind::Variable(stack, name) => {
                let index = stack.and_then(|stack| sekisho_graph::index_of(estate, stack));
                let key = Key::Variable((*name).into(), index.map_or(u32::MAX, |index| index.0));
                let class = if name.starts_with("AWS::") { HoleClass::Fixed } else { HoleClass::Open };
                (Some(key), class, (*name).to_owned())
            }
            HoleKind::Request(name) => (None, HoleClass::Open, (*name).to_owned()),
            HoleKind::Secret(_) => (None, HoleClass::Open, "***".to_owned()),
            HoleKind::Unknown => (None, HoleClass::Open, "?".to_owned()),
        };
        self.add(key, Hole { class, name: name.into(), why: why.to_reason() })
    }

    /// A pattern without wildcards as a text with holes; none when it has wildcards.
    pub fn text<'e>(
        &mut self,
        estate: &Estate,
        partition: &str,
        pieces: impl Iterator<Item = Piece<'e>>,
    ) -> Option<String> {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Char(c) => out.push(c),
                Piece::Hole(HoleKind::Variable(_, "AWS::Partition"), _) => out.push_str(partition),
                Piece::Hole(HoleKind::Variable(_, "AWS::AccountId"), _) if self.account.is_some() => {
                    out.push_str(self.account.as_deref().unwrap_or_default());
                }
                Piece::Hole(kind, why) => out.push(self.of(estate, &kind, why)),
                Piece::Any | Piece::One => return None,
            }
        }
        Some(out)
    }

    /// The parts of a text of the estate as a text with holes.
    pub fn parts(&mut self, estate: &Estate, parts: &[Part<'_>]) -> String {
        let mut out = String::new();
        for part in parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Variable(name) => {
                    let why = Why { code: ReasonCode::ParameterWithoutValue, subject: name };
                    out.push(self.of(estate, &HoleKind::Variable(None, name), why));
                }
                Part::Reference(target) => {
                    let name = target.name();
                    let why = Why { code: ReasonCode::AttributeAtDeploy, subject: &name };
                    out.push(self.of(estate, &HoleKind::Attribute(*target), why));
                }
                Part::Secret(_) => {
                    out.push(self.open("***", Why { code: ReasonCode::Secret, subject: "a text" }));
                }
                Part::Unknown(why) => out.push(self.open("?", *why)),
            }
        }
        out
    }
}

fn mark(index: u32) -> char {
    char::from_u32(FIRST + index).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn too_many() -> Reason {
    Reason::new(ReasonCode::TooManyAlternatives, "texts known only at deployment")
}
