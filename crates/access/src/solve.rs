//! A request for which a formula holds.
//!
//! The formula is read as alternatives of literals, depth first and bounded; for each key
//! the literals on it are tried with values taken from the policies themselves. A request
//! that is found is checked against the whole formula, so an answer is never wrong; none
//! found is not a proof that there is none.

use std::collections::BTreeMap;

use crate::condition::{Compare, Wanted};
use crate::context::{Context, Lookup};
use crate::formula::{Atom, Formula};
use crate::holes::Holes;

/// Alternatives that are tried.
const MOST_CUBES: usize = 256;

/// Keys of a request, in lower case; none: the key is absent.
pub type Keys = BTreeMap<String, Option<String>>;

impl Context for Keys {
    fn get(&self, key: &str) -> Lookup<'_> {
        match BTreeMap::get(self, key) {
            Some(Some(value)) => Lookup::One(value),
            Some(None) => Lookup::Absent,
            None => Lookup::Unknown,
        }
    }
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// It holds for these keys.
    Keys(Keys),
    /// It holds for no request.
    Never,
    /// It depends on what is not known, or the search gave up.
    Unknown,
}

/// Keys for which a formula holds.
#[must_use]
pub fn solve(formula: &Formula, holes: &Holes) -> Found {
    match formula {
        Formula::True => return Found::Keys(Keys::new()),
        Formula::False => return Found::Never,
        _ => {}
    }
    let mut cubes = Vec::new();
    let complete = expand(vec![formula.clone()], Vec::new(), &mut cubes);
    let mut open = !complete;
    for cube in &cubes {
        if cube.iter().any(|(atom, _)| matches!(atom, Atom::Unknown(_) | Atom::Ambiguous(_))) {
            open = true;
            continue;
        }
        match model(cube, holes) {
            Some(keys) if evaluate(formula, &keys, holes) == Formula::True => return Found::Keys(keys),
            // Literals of one key without a value that was found.
            _ => open |= !contradicts(cube),
        }
    }
    if open { Found::Unknown } else { Found::Never }
}

type Cube = Vec<(Atom, bool)>;

/// Reads a conjunction of formulas as alternatives of literals; false when there are too many.
fn expand(mut rest: Vec<Formula>, mut cube: Cube, out: &mut Vec<Cube>) -> bool {
    while let Some(next) = rest.pop() {
        match next {
            Formula::True => {}
            Formula::False => return true,
            Formula::Atom(atom) => cube.push(((*atom).clone(), true)),
            Formula::Not(inner) => match &*inner {
                Formula::Atom(atom) => cube.push(((**atom).clone(), false)),
                other => rest.push(other.clone().negate()),
            },
            Formula::And(parts) => rest.extend(parts.iter().cloned()),
            Formula::Or(parts) => {
                let mut complete = true;
                for part in parts.iter() {
                    if out.len() >= MOST_CUBES {
                        return false;
                    }
                    let mut rest = rest.clone();
                    rest.push(part.clone());
                    complete &= expand(rest, cube.clone(), out);
                }
                return complete;
            }
        }
    }
    out.push(cube);
    out.len() < MOST_CUBES
}

/// Whether a cube holds an atom and its opposite, or two values of one key at once.
fn contradicts(cube: &Cube) -> bool {
    cube.iter().enumerate().any(|(index, (atom, is))| {
        cube[index + 1..]
            .iter()
            .any(|(other, also)| (atom == other && is != also) || (*is && *also && exclude(atom, other)))
    })
}

/// Whether two atoms ask for two different texts of one key, or for a value and absence.
fn exclude(a: &Atom, b: &Atom) -> bool {
    match (a, b) {
        (Atom::Test(a), Atom::Test(b)) => {
            let literal = |test: &crate::condition::Test| match (&*test.values, test.compare, test.set) {
                ([Wanted::Text(glob)], Compare::Text { fold: false }, None) => {
                    glob.as_literal().filter(|_| !glob.has_holes()).map(str::to_owned)
                }
                ([Wanted::Bool(is)], Compare::Bool, None) => Some(is.to_string()),
                _ => None,
            };
            a.0.key == b.0.key
                && match (literal(&a.0), literal(&b.0)) {
                    (Some(a), Some(b)) => a != b,
                    _ => false,
                }
        }
        (Atom::Test(test), Atom::Absent(key)) | (Atom::Absent(key), Atom::Test(test)) => {
            test.0.key == *key && test.0.set.is_none() && !test.0.negated
        }
        _ => false,
    }
}

/// Values that satisfy the literals of a cube, key by key.
fn model(cube: &Cube, holes: &Holes) -> Option<Keys> {
    let mut by_key: BTreeMap<&str, Vec<&(Atom, bool)>> = BTreeMap::new();
    let mut keys = Keys::new();
    for literal in cube {
        match &literal.0 {
            Atom::Test(test) => by_key.entry(&test.0.key).or_default().push(literal),
            Atom::Absent(key) => by_key.entry(key).or_default().push(literal),
            // What of a store is asked for is chosen by the one who asks.
            Atom::Matches { .. } => {}
            Atom::Unknown(_) | Atom::Ambiguous(_) => return None,
        }
    }
    for (key, literals) in by_key {
        let candidates = candidates(&literals);
        let found = candidates.into_iter().find(|candidate| {
            let one = Keys::from([(key.to_owned(), candidate.clone())]);
            literals.iter().all(|(atom, is)| {
                self::evaluate(&Formula::atom(atom.clone()), &one, holes) == Formula::from(*is)
            })
        })?;
        keys.insert(key.to_owned(), found);
    }
    Some(keys)
}

/// Values worth trying for a key: examples of what its tests ask for, then others.
fn candidates(literals: &[&(Atom, bool)]) -> Vec<Option<String>> {
    let mut values: Vec<Option<String>> = Vec::new();
    for (atom, _) in literals {
        let Atom::Test(test) = atom else { continue };
        for wanted in &*test.0.values {
            match wanted {
                Wanted::Text(glob) => {
                    values.push(Some(glob.example("x")));
                    values.push(Some(glob.example("")));
                }
                Wanted::Arn(fields) => {
                    let fields: Vec<String> = fields.iter().map(|glob| glob.example("x")).collect();
                    values.push(Some(fields.join(":")));
                }
                Wanted::Number(bits) => {
                    let number = f64::from_bits(*bits);
                    values
                        .extend([number, number - 1.0, number + 1.0].map(|number| Some(number.to_string())));
                }
                Wanted::Date(seconds) => {
                    values.extend(
                        [*seconds, seconds - 1, seconds + 1].map(|seconds| Some(seconds.to_string())),
                    );
                }
                Wanted::Bool(is) => values.push(Some(is.to_string())),
                Wanted::Ip(range) => values.push(Some(range.addr().to_string())),
                Wanted::Nothing(_) => {}
            }
        }
    }
    let others = ["true", "false", "another", "203.0.113.7", "8.8.8.8", "2001:db8::7", "0"];
    values.extend(others.map(|text| Some(text.to_owned())));
    values.push(None);
    values
}

/// A formula with what a request names chosen as it suits, wherever that is open: an action
/// on some resource is possible when a resource is allowed and when one is not denied.
#[must_use]
pub fn chosen(formula: &Formula, holes: &Holes) -> Formula {
    let free = |atom: &Atom| match atom {
        Atom::Matches { text, .. } => text
            .chars()
            .any(|c| holes.get(c).is_some_and(|hole| hole.class == crate::holes::HoleClass::Content)),
        _ => false,
    };
    match formula {
        Formula::Atom(atom) if free(atom) => Formula::True,
        Formula::Not(inner) => match &**inner {
            Formula::Atom(atom) if free(atom) => Formula::True,
            _ => formula.clone(),
        },
        Formula::And(parts) => Formula::all(parts.iter().map(|part| chosen(part, holes))),
        Formula::Or(parts) => Formula::any(parts.iter().map(|part| chosen(part, holes))),
        other => other.clone(),
    }
}

/// A formula with the keys of a request known.
#[must_use]
pub fn evaluate(formula: &Formula, keys: &impl Context, holes: &Holes) -> Formula {
    match formula {
        Formula::Atom(atom) => match &**atom {
            Atom::Test(test) => test.0.holds(keys, holes),
            Atom::Absent(key) => match keys.get(key) {
                Lookup::Absent => Formula::True,
                Lookup::Unknown => formula.clone(),
                Lookup::One(_) | Lookup::Many(_) => Formula::False,
            },
            Atom::Matches { text, pattern, fold } => match pattern.test(text, *fold, keys, holes) {
                crate::glob::Match::Yes => Formula::True,
                crate::glob::Match::No => Formula::False,
                // What of a store is asked for can be chosen to match.
                crate::glob::Match::Hole(_) => Formula::True,
                crate::glob::Match::Variable(_) => formula.clone(),
            },
            Atom::Unknown(_) | Atom::Ambiguous(_) => formula.clone(),
        },
        Formula::Not(inner) => evaluate(inner, keys, holes).negate(),
        Formula::And(parts) => Formula::all(parts.iter().map(|part| evaluate(part, keys, holes))),
        Formula::Or(parts) => Formula::any(parts.iter().map(|part| evaluate(part, keys, holes))),
        constant => constant.clone(),
    }
}
