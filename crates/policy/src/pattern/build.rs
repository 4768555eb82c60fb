//! From values of the estate to patterns.

use bumpalo::collections::Vec as ArenaVec;
use sekisho_estate::reason::{ReasonCode, Why};
use sekisho_estate::{Part, Reader, Stack, Target, Value, Where};

use super::hole::{ACCOUNT, Hole, HoleKind, PARTITION, REGION};
use super::{Pattern, Unit};

/// How deep names may be made of names.
pub(super) const MAX_NAMES: u32 = 8;

/// What the characters of a text mean.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Syntax {
    /// `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// `${aws:username}` is a value of the request.
    pub(crate) variables: bool,
    /// Case does not count.
    pub(crate) fold: bool,
    /// Missing fields of an ARN are wildcards.
    pub(crate) complete: bool,
}

impl Syntax {
    /// The text itself.
    pub(crate) const EXACT: Self = Self { wildcards: false, variables: false, fold: false, complete: false };
    /// Actions; policy variables work only in resources and conditions (IAM User Guide,
    /// `reference_policies_variables.html`, "Where you can use policy variables").
    pub(crate) const ACTION: Self = Self { wildcards: true, fold: true, ..Self::EXACT };
    /// Resources.
    pub(crate) const RESOURCE: Self = Self { wildcards: true, variables: true, fold: false, complete: true };

    /// The same, where variables are those of a version of the policy language.
    pub(crate) fn version(self, variables: bool) -> Self {
        Self { variables: self.variables && variables, ..self }
    }
}

/// Builds a pattern piece by piece, in the arena of the reader.
pub(crate) struct Builder<'r, 'e> {
    pub(super) reader: &'r Reader<'e>,
    syntax: Syntax,
    /// The root stack whose variables are meant.
    root: Option<&'e Stack>,
    units: ArenaVec<'e, Unit>,
    holes: ArenaVec<'e, Hole<'e>>,
    /// Nesting of names in names.
    pub(super) depth: u32,
}

impl<'r, 'e> Builder<'r, 'e> {
    pub(crate) fn new(reader: &'r Reader<'e>, syntax: Syntax, stack: Option<&'e Stack>) -> Self {
        let root = stack.map(|stack| root(reader, stack));
        let (units, holes) = (ArenaVec::new_in(reader.bump), ArenaVec::new_in(reader.bump));
        Self { reader, syntax, root, units, holes, depth: 0 }
    }

    pub(crate) fn of_str(mut self, text: &str) -> Pattern<'e> {
        self.push_str(text);
        self.finish()
    }

    pub(crate) fn of_value(mut self, value: Value<'e>) -> Pattern<'e> {
        self.push_value(value);
        self.finish()
    }

    /// A pattern of which nothing is known.
    pub(crate) fn of_unknown(mut self, why: Why<'e>) -> Pattern<'e> {
        self.push_hole(HoleKind::Unknown, why);
        self.finish()
    }

    pub(crate) fn finish(mut self) -> Pattern<'e> {
        if self.syntax.complete {
            self.complete();
        }
        Pattern {
            units: self.units.into_bump_slice(),
            holes: self.holes.into_bump_slice(),
            fold: self.syntax.fold,
        }
    }

    /// Fills the missing fields of an ARN with wildcards. Source: IAM User Guide,
    /// `reference-arns.html`: "When you specify an incomplete ARN (one with fewer than the
    /// standard six fields) in an identity-based policy, AWS automatically completes the ARN".
    fn complete(&mut self) {
        let is_arn = "arn:".chars().enumerate().all(|(i, c)| self.units.get(i) == Some(&Unit::Char(c)));
        let fields = self.units.iter().filter(|unit| **unit == Unit::Char(':')).count() + 1;
        let may_hold_colons = self.holes.iter().any(|hole| hole.kind.admits(':'));
        // A star at the end covers the missing fields already.
        if !is_arn || fields >= 6 || may_hold_colons || self.units.last() == Some(&Unit::Star) {
            return;
        }
        for _ in fields..6 {
            self.units.extend([Unit::Char(':'), Unit::Star]);
        }
    }

    /// Adds a value as the text that it will be.
    pub(crate) fn push_value(&mut self, value: Value<'e>) {
        match value {
            Value::Str(text) => self.push_str(text),
            Value::Bool(is) => self.push_chars(if is { "true" } else { "false" }),
            Value::Int(number) => self.push_chars(&number.to_string()),
            Value::Float(number) => self.push_chars(&number.to_string()),
            Value::Text(text) => self.push_parts(text.parts),
            Value::Reference(target) => self.push_reference(target),
            Value::Secret(view) => {
                let why = Why { code: ReasonCode::Secret, subject: "a part of the policy" };
                self.push_hole(HoleKind::Secret(view), why);
            }
            Value::Unknown(why) => self.push_unknown(why),
            Value::Null | Value::Absent | Value::List(_) | Value::Items(_) | Value::Map(_) => {
                let why = Why { code: ReasonCode::PolicyNotUnderstood, subject: "not a text" };
                self.push_hole(HoleKind::Unknown, why);
            }
        }
    }

    fn push_parts(&mut self, parts: &'e [Part<'e>]) {
        for (index, part) in parts.iter().enumerate() {
            match part {
                // A variable of the request whose name is itself not known.
                Part::Literal(text) if self.syntax.variables && unclosed(text) && index + 1 < parts.len() => {
                    self.push_str(&text[..text.rfind("${").unwrap_or(0)]);
                    let subject = "a policy variable whose name is not known";
                    self.push_hole(HoleKind::Unknown, Why { code: ReasonCode::PolicyNotUnderstood, subject });
                    return;
                }
                Part::Literal(text) => self.push_str(text),
                Part::Reference(target) => self.push_reference(*target),
                Part::Variable(name) => {
                    self.push_variable(self.root, name, ReasonCode::ParameterWithoutValue);
                }
                Part::Secret(view) => self.push_value(Value::Secret(*view)),
                Part::Unknown(why) => self.push_unknown(*why),
            }
        }
    }

    fn push_unknown(&mut self, why: Why<'e>) {
        match why.code {
            ReasonCode::ParameterWithoutValue | ReasonCode::PseudoParameter => {
                self.push_variable(self.root, why.subject, why.code);
            }
            _ => self.push_hole(HoleKind::Unknown, why),
        }
    }

    /// Adds a variable; account and region of a stack may be known besides.
    pub(super) fn push_variable(&mut self, root: Option<&'e Stack>, name: &'e str, code: ReasonCode) {
        let known = match (name, root) {
            (ACCOUNT, Some(root)) => root.account.as_deref(),
            (REGION, Some(root)) => root.region.as_deref(),
            (PARTITION, Some(root)) => root.region.as_deref().and_then(partition_of),
            _ => None,
        };
        match known {
            Some(text) => self.push_chars(text),
            None => {
                let code = if name.starts_with("AWS::") { ReasonCode::PseudoParameter } else { code };
                self.push_hole(HoleKind::Variable(root, name), Why { code, subject: name });
            }
        }
    }

    /// Adds region or account of a resource: its own where it is apart from its stack.
    pub(super) fn push_place(&mut self, target: Target<'e>, root: &'e Stack, name: &'static str) {
        let own = target.stack.apart_of(target.resource);
        match own.map(|apart| if name == ACCOUNT { &apart.account } else { &apart.region }) {
            None | Some(Where::Same) => self.push_variable(Some(root), name, ReasonCode::PseudoParameter),
            Some(Where::Known(text)) => self.push_chars(text),
            // Not that of the stack: no other hole is the same.
            Some(Where::Unknown(subject)) => {
                let why = Why { code: ReasonCode::PseudoParameter, subject };
                self.push_hole(HoleKind::Unknown, why);
            }
        }
    }

    pub(super) fn push_hole(&mut self, kind: HoleKind<'e>, why: Why<'e>) {
        match u16::try_from(self.holes.len()) {
            Ok(index) if index < u16::MAX => {
                self.holes.push(Hole { kind, why });
                self.units.push(Unit::Hole(index));
            }
            // The rest of a text with that many holes is one unknown: the last hole again.
            _ => {
                if let Some(last) = self.holes.last_mut() {
                    last.kind = HoleKind::Unknown;
                }
                self.units.push(Unit::Hole(u16::MAX - 1));
            }
        }
    }

    /// Makes room, so that what is built after it moves less.
    pub(super) fn reserve(&mut self, units: usize) {
        self.units.reserve(units);
    }

    /// Adds characters that are themselves.
    pub(super) fn push_chars(&mut self, text: &str) {
        self.units.reserve(text.len());
        self.units.extend(text.chars().map(Unit::Char));
    }

    /// Adds text as a policy has it, with wildcards and variables of the request.
    pub(crate) fn push_str(&mut self, text: &str) {
        self.units.reserve(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if self.syntax.variables
                && let Some(inner) = rest.strip_prefix("${")
                && let Some(end) = inner.find('}')
            {
                self.push_request(&inner[..end]);
                rest = &inner[end + 1..];
                continue;
            }
            self.units.push(match c {
                '*' if self.syntax.wildcards => Unit::Star,
                '?' if self.syntax.wildcards => Unit::One,
                c => Unit::Char(c),
            });
            rest = &rest[c.len_utf8()..];
        }
    }

    /// Adds a policy variable: a fixed character (`${*}`), or a value of the request with
    /// perhaps a default (`${aws:PrincipalTag/team, 'all'}`).
    fn push_request(&mut self, inner: &str) {
        match inner.trim() {
            fixed @ ("*" | "?" | "$") => self.push_chars(fixed),
            name => {
                let name: &'e str = self.reader.bump.alloc_str(name);
                let subject = self.reader.bump.alloc_str(&format!("policy variable {name}"));
                let why = Why { code: ReasonCode::PolicyNotUnderstood, subject };
                self.push_hole(HoleKind::Request(name), why);
            }
        }
    }

    /// Adds the text of another value with no wildcards in it: a name.
    pub(super) fn push_name_value(&mut self, value: Value<'e>) {
        let syntax = self.syntax;
        self.syntax = Syntax { wildcards: false, variables: false, ..syntax };
        self.depth += 1;
        self.push_value(value);
        self.depth -= 1;
        self.syntax = syntax;
    }

    /// Does something with the variables of another stack in force.
    pub(super) fn within(&mut self, stack: &'e Stack, then: impl FnOnce(&mut Self, &'e Stack)) {
        let before = self.root;
        let root = root(self.reader, stack);
        self.root = Some(root);
        then(self, root);
        self.root = before;
    }
}

/// Whether a policy variable begins in a text and does not end there.
fn unclosed(text: &str) -> bool {
    text.rfind("${").is_some_and(|at| !text[at..].contains('}'))
}

/// The root of the stacks that a stack is nested in; they share account and region.
fn root<'e>(reader: &Reader<'e>, stack: &'e Stack) -> &'e Stack {
    let mut at = stack;
    for _ in 0..64 {
        match at.parent {
            Some(parent) => at = reader.estate.stack(parent.stack),
            None => break,
        }
    }
    at
}

/// The partition of a region, for the public ones. Source: IAM User Guide, `reference-arns.html`.
fn partition_of(region: &str) -> Option<&'static str> {
    match region {
        r if r.starts_with("cn-") => Some("aws-cn"),
        r if r.starts_with("us-gov-") => Some("aws-us-gov"),
        r if r.starts_with("us-iso") || r.starts_with("eu-iso") || r.starts_with("eusc-") => None,
        _ => Some("aws"),
    }
}
