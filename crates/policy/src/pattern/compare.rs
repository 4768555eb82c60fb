//! Questions on patterns.

use sekisho_estate::reason::{ReasonCode, Why};

use super::engine::{self, Side};
use super::{Hole, Pattern, Unit};
use crate::Tri;

/// The partitions that a deployment can be in. Source: IAM User Guide, `reference-arns.html`.
const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];

/// What is asked of two patterns.
#[derive(Clone, Copy)]
enum Question {
    Covers,
    Overlaps,
}

/// What a question is answered with when two patterns are too large to compare.
const TOO_LARGE: Why<'static> =
    Why { code: ReasonCode::TooManyAlternatives, subject: "texts that patterns match" };

impl<'e> Pattern<'e> {
    /// Whether the pattern matches a text. O(text × stars) without holes.
    #[must_use]
    pub fn matches(&self, text: &str) -> Tri<'e> {
        if self.holes.is_empty() {
            return engine::glob(self.units, text, self.fold).into();
        }
        let units: Vec<Unit> = text.chars().map(Unit::Char).collect();
        self.ask(Side { units: &units, holes: &[] }, self.fold, Question::Covers)
    }

    /// Whether the pattern matches every text that another one matches.
    ///
    /// Yes and no hold whatever the holes will be. Two assumptions are made: a partition
    /// that is not known is the one that the other pattern writes, because a policy names
    /// resources of its own partition; and names that AWS gives to different resources
    /// of one type differ.
    #[must_use]
    pub fn covers(&self, other: &Pattern<'e>) -> Tri<'e> {
        if self.units == [Unit::Star] {
            return Tri::Yes;
        }
        if self.holes.is_empty()
            && let Some(text) = other.known()
        {
            return engine::glob(self.units, &text, self.fold || other.fold).into();
        }
        self.ask(other.side(), self.fold || other.fold, Question::Covers)
    }

    /// Whether some text is matched by both patterns; assumptions as for
    /// [`covers`](Self::covers).
    #[must_use]
    pub fn overlaps(&self, other: &Pattern<'e>) -> Tri<'e> {
        // Every pattern matches some text.
        if self.units == [Unit::Star] || other.units == [Unit::Star] {
            return Tri::Yes;
        }
        self.ask(other.side(), self.fold || other.fold, Question::Overlaps)
    }

    fn side(&self) -> Side<'_, 'e> {
        Side { units: self.units, holes: self.holes }
    }

    fn ask(&self, other: Side<'_, 'e>, fold: bool, question: Question) -> Tri<'e> {
        let mine = self.side();
        let (rest, other_rest) = mine.without_common_start(other, fold);
        if !rest.has_partition() && !other_rest.has_partition() {
            return decide(rest, other_rest, fold, question);
        }
        match mine.partition().or_else(|| other.partition()) {
            Some(partition) => decide(
                Side { units: &mine.with_partition(&partition), ..mine },
                Side { units: &other.with_partition(&partition), ..other },
                fold,
                question,
            ),
            None => {
                let answer = decide(mine, other, fold, question);
                let Tri::Unknown(_) = answer else { return answer };
                // Neither side says where this is: in all partitions, or it is not known.
                let mut answers = PARTITIONS.iter().map(|partition| {
                    decide(
                        Side { units: &mine.with_partition(partition), ..mine },
                        Side { units: &other.with_partition(partition), ..other },
                        fold,
                        question,
                    )
                });
                let first = answers.next().unwrap_or(answer);
                if answers.all(|next| next == first) { first } else { answer }
            }
        }
    }
}

fn decide<'e>(mine: Side<'_, 'e>, other: Side<'_, 'e>, fold: bool, question: Question) -> Tri<'e> {
    let (mine, other) = mine.without_common_start(other, fold);
    if let ([Unit::Char(a), ..], [Unit::Char(b), ..]) = (mine.units, other.units)
        && !engine::equal(*a, *b, fold)
    {
        return Tri::No;
    }
    let ask = |may: bool| match question {
        Question::Covers => engine::covers(mine, other, fold, may),
        Question::Overlaps => engine::overlaps(mine, other, fold, may),
    };
    match ask(false) {
        Some(true) => return Tri::Yes,
        None => return Tri::Unknown(TOO_LARGE),
        Some(false) => {}
    }
    let why = mine.own(other).or_else(|| other.own(mine)).or_else(|| mine.any()).or_else(|| other.any());
    let Some(why) = why else { return Tri::No };
    match ask(true) {
        Some(false) => Tri::No,
        Some(true) => Tri::Unknown(why),
        None => Tri::Unknown(TOO_LARGE),
    }
}

impl<'p, 'e> Side<'p, 'e> {
    fn has_partition(&self) -> bool {
        self.units.iter().any(|unit| self.hole(unit).is_some_and(|hole| hole.kind.is_partition()))
    }

    /// Both sides without the characters and holes that both begin with: up to the first
    /// wildcard, which an open hole may hold, there is only one way to match them.
    fn without_common_start<'o>(self, other: Side<'o, 'e>, fold: bool) -> (Self, Side<'o, 'e>) {
        let same = |pair: &(&Unit, &Unit)| match pair {
            (Unit::Char(a), Unit::Char(b)) => engine::equal(*a, *b, fold),
            (a, b) => match (self.hole(a), other.hole(b)) {
                (Some(a), Some(b)) => a.is_fixed() && a.kind == b.kind,
                _ => false,
            },
        };
        let start = self.units.iter().zip(other.units).take_while(same).count();
        (Side { units: &self.units[start..], ..self }, Side { units: &other.units[start..], ..other })
    }

    /// The partition that an ARN writes.
    fn partition(&self) -> Option<String> {
        let rest = "arn:".chars().try_fold(self.units, |rest, c| {
            rest.split_first().filter(|(u, _)| **u == Unit::Char(c)).map(|s| s.1)
        })?;
        let end = rest.iter().position(|unit| *unit == Unit::Char(':'))?;
        let partition: String = rest[..end]
            .iter()
            .map(|unit| match unit {
                Unit::Char(c) => Some(*c),
                _ => None,
            })
            .collect::<Option<_>>()?;
        partition.starts_with("aws").then_some(partition)
    }

    fn with_partition(&self, partition: &str) -> Vec<Unit> {
        let mut units = Vec::with_capacity(self.units.len() + partition.len());
        for unit in self.units {
            match unit {
                Unit::Hole(index) if self.holes[usize::from(*index)].kind.is_partition() => {
                    units.extend(partition.chars().map(Unit::Char));
                }
                unit => units.push(*unit),
            }
        }
        units
    }

    /// Why a hole of this side is not known.
    fn any(&self) -> Option<Why<'e>> {
        self.units.iter().find_map(|unit| self.hole(unit)).map(|hole| hole.why)
    }

    /// Why a hole that the other side does not have is not known.
    fn own(&self, other: Side<'_, 'e>) -> Option<Why<'e>> {
        let theirs = |hole: &&Hole<'e>| other.holes.iter().any(|theirs| theirs.kind == hole.kind);
        self.units.iter().filter_map(|unit| self.hole(unit)).find(|hole| !theirs(hole)).map(|hole| hole.why)
    }

    fn hole(&self, unit: &Unit) -> Option<&'p Hole<'e>> {
        match unit {
            Unit::Hole(index) => self.holes.get(usize::from(*index)),
            _ => None,
        }
    }
}
