//! What an evaluation works with: the resource, the world, variables, limits, evidence.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use bumpalo::Bump;
use sekisho_estate::{Node, Reader, ReasonCode, ResourceId, StackIndex, Target, Value, View, Why};
use sekisho_facts::{Companion, Kind, ServiceDefault};

use crate::functions::Function;
use crate::value::{ResourceRef, Val};

/// Most variables of nested macros.
pub(crate) const MAX_VARIABLES: usize = 8;
/// Most steps of one judgement over all its worlds, so that a user's control ends: elements
/// looked at, calls, and pieces of text.
pub(crate) const MAX_STEPS: usize = 2_000_000;
/// Most that is noted while it is not yet known what decides.
const MAX_SEEN: usize = 1 << 16;
/// Most evidence of one verdict: nobody reads more, and finding its place takes time.
pub(crate) const MAX_EVIDENCE: usize = 64;
/// Most steps that an explanation tells.
pub(crate) const MAX_TRACE: usize = 4096;
/// Bytes of text that are made or searched in one step.
pub(crate) const STEP_BYTES: usize = 64;

/// The analyses that answer what the language cannot.
pub trait Host: Sync {
    /// Answers a host function, or none when its analysis is not built.
    fn call<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        function: &'static Function,
        arguments: &[Val<'a>],
    ) -> Option<Val<'a>>;

    /// The companions of a resource under one member: a list, or one resource or absent.
    fn companion<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        resource: ResourceRef<'a>,
        companion: &'static Companion,
    ) -> Val<'a>;

    /// Whether a dated default holds for a resource: true for one that the source will create.
    fn default_holds(&self, resource: Option<ResourceRef<'_>>, default: &ServiceDefault) -> bool;
}

/// A host without any analysis.
#[derive(Debug)]
pub struct NoHost;

impl Host for NoHost {
    fn call<'a>(&self, _: &Frame<'_, 'a>, _: &'static Function, _: &[Val<'a>]) -> Option<Val<'a>> {
        None
    }

    fn companion<'a>(&self, frame: &Frame<'_, 'a>, _: ResourceRef<'a>, _: &'static Companion) -> Val<'a> {
        frame.unknown(ReasonCode::AnalysisNotBuilt, "companions")
    }

    fn default_holds(&self, _: Option<ResourceRef<'_>>, _: &ServiceDefault) -> bool {
        true
    }
}

/// What an evaluation looked at when it decided.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// A value as written.
    Value(View<'a>, Val<'a>),
    /// Something that is not written: where it would stand, and its name.
    Absent(View<'a>, &'a str),
    /// A default of the service that counts: the place below which it would stand, and its path
    /// from there, names joined with `/`.
    Default(View<'a>, &'a str, &'static ServiceDefault),
    /// A statement of a policy.
    Statement(View<'a>),
    /// No companion under this member of a resource.
    NoCompanion(ResourceRef<'a>, &'static Companion),
    /// A resource that is there.
    Resource(ResourceRef<'a>),
    /// A text in which something was found, with what.
    Found(View<'a>, &'a str),
    /// The same for text outside the tree, such as a comment: the stack, and the byte offset in
    /// its source.
    FoundAt(StackIndex, u32, &'a str),
}

/// What a look-up noted.
type Seeing<'a> = &'a [Seen<'a>];

/// Looked-up companions: of which resource, which, what they are, and what was noted.
type Companions<'a> = bumpalo::collections::Vec<'a, (ResourceId, &'static Companion, Val<'a>, Seeing<'a>)>;

/// One evaluation in one world.
pub struct Frame<'r, 'a> {
    /// Reads values in the current world.
    pub reader: &'r Reader<'a>,
    /// Answers host functions.
    pub host: &'r dyn Host,
    /// The resource that is judged; none for a control of a whole stack or account.
    pub this: Option<ResourceRef<'a>>,
    /// The stack that is judged, by a control of whole stacks.
    pub stack: Option<StackIndex>,
    /// What was seen, when that is wanted.
    pub seen: Option<&'r RefCell<bumpalo::collections::Vec<'a, Seen<'a>>>>,
    pub(crate) variables: [Cell<Val<'a>>; MAX_VARIABLES],
    pub(crate) steps: Cell<usize>,
    /// Companions that were already looked up in this world.
    companions: RefCell<Companions<'a>>,
    pub(crate) trace: Option<&'r RefCell<Vec<TraceStep>>>,
}

/// A step of an explained evaluation: a part of the expression and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceStep {
    /// Bytes of the expression's text.
    pub span: crate::syntax::Span,
    /// Nesting, from 0.
    pub depth: u32,
    /// The value in words.
    pub value: String,
}

impl<'r, 'a> Frame<'r, 'a> {
    /// A frame over a reader, for one resource or none.
    pub fn new(reader: &'r Reader<'a>, host: &'r dyn Host, this: Option<ResourceRef<'a>>) -> Self {
        Self {
            reader,
            host,
            this,
            stack: None,
            seen: None,
            variables: [const { Cell::new(Val::Absent) }; MAX_VARIABLES],
            steps: Cell::new(0),
            companions: RefCell::new(bumpalo::collections::Vec::new_in(reader.bump)),
            trace: None,
        }
    }

    /// The companions of a resource: asked of the host once in a world.
    pub(crate) fn companion(&self, resource: ResourceRef<'a>, companion: &'static Companion) -> Val<'a> {
        let known = |(id, other, _, _): &&(ResourceId, &'static Companion, Val<'a>, Seeing<'a>)| {
            *id == resource.id && std::ptr::eq(*other, companion)
        };
        if let Some((_, _, value, seeing)) = self.companions.borrow().iter().find(known).copied() {
            seeing.iter().for_each(|what| self.see(|| *what));
            return value;
        }
        let before = self.mark();
        let value = self.host.companion(self, resource, companion);
        let seeing: Seeing<'a> = match self.seen {
            Some(seen) => self.bump().alloc_slice_copy(&seen.borrow()[before..]),
            None => &[],
        };
        self.companions.borrow_mut().push((resource.id, companion, value, seeing));
        value
    }

    /// The arena of the evaluation.
    #[must_use]
    pub fn bump(&self) -> &'a Bump {
        self.reader.bump
    }

    /// An unknown value.
    pub fn unknown(&self, code: ReasonCode, subject: impl AsRef<str>) -> Val<'a> {
        Val::Unknown(self.reader.reason(code, subject))
    }

    /// Counts steps; an error when there are too many.
    #[inline]
    pub(crate) fn step(&self, steps: usize) -> Result<(), Val<'a>> {
        let steps = self.steps.get().saturating_add(steps);
        self.steps.set(steps);
        if steps > MAX_STEPS {
            Err(self.unknown(ReasonCode::StepLimit, MAX_STEPS.to_string()))
        } else {
            Ok(())
        }
    }

    /// Whether anybody asks what was seen.
    #[inline]
    #[must_use]
    pub fn notes(&self) -> bool {
        self.seen.is_some()
    }

    /// Notes what was seen. Free when nobody asks.
    #[inline]
    pub fn see(&self, what: impl FnOnce() -> Seen<'a>) {
        if let Some(seen) = self.seen
            && seen.borrow().len() < MAX_SEEN
        {
            let what = what();
            seen.borrow_mut().push(what);
        }
    }

    /// Notes a statement of a policy, once for what is asked of it in a row.
    pub(crate) fn see_statement(&self, place: View<'a>) {
        let again = self.seen.is_some_and(|seen| {
            matches!(seen.borrow().last(), Some(Seen::Statement(last))
                if last.node == place.node && std::ptr::eq(last.stack, place.stack))
        });
        if !again {
            self.see(|| Seen::Statement(place));
        }
    }

    /// Replaces the value that was read last by something else seen at its place.
    pub fn replace_last(&self, what: impl FnOnce(View<'a>) -> Seen<'a>) {
        if let Some(seen) = self.seen
            && let Some(last) = seen.borrow_mut().last_mut()
            && let Seen::Value(view, _) = *last
        {
            *last = what(view);
        }
    }

    /// How much was seen so far.
    #[inline]
    pub(crate) fn mark(&self) -> usize {
        self.seen.map_or(0, |seen| seen.borrow().len())
    }

    /// Forgets what was seen between two marks: it did not decide.
    #[inline]
    pub(crate) fn forget(&self, from: usize, to: usize) {
        if let Some(seen) = self.seen {
            let mut seen = seen.borrow_mut();
            if to == seen.len() {
                seen.truncate(from);
            } else {
                seen.drain(from..to);
            }
        }
    }

    /// Reads a node as a value of the language.
    #[inline]
    pub fn read(&self, view: View<'a>) -> Val<'a> {
        self.convert(self.reader.resolve(view))
    }

    /// A value of the estate as a value of the language.
    #[inline]
    pub fn convert(&self, value: Value<'a>) -> Val<'a> {
        match value {
            Value::Items(items) => {
                Val::Items(self.bump().alloc_slice_fill_iter(items.iter().map(|v| self.convert(*v))), None)
            }
            other => other.into(),
        }
    }

    /// The elements of a list value or the keys of a map, with the reason why there may be more.
    ///
    /// # Errors
    /// The value to give instead, when it is not a list.
    pub fn elements(&self, value: Val<'a>) -> Result<(&'a [Val<'a>], Option<Why<'a>>), Val<'a>> {
        match value {
            Val::Items(items, open) => Ok((items, open)),
            Val::Node(view) => match view.stack.tree.node(view.node) {
                Node::List(range) => {
                    self.step(range.len as usize)?;
                    let mut items =
                        bumpalo::collections::Vec::with_capacity_in(range.len as usize, self.bump());
                    for &node in view.stack.tree.children(range) {
                        match self.read(view.at(node)) {
                            Val::Absent => {}
                            item => items.push(item),
                        }
                    }
                    Ok((items.into_bump_slice(), None))
                }
                _ => {
                    let mut keys =
                        bumpalo::collections::Vec::with_capacity_in(view.entries().len(), self.bump());
                    keys.extend(self.entries(view)?.into_iter().map(|(key, _)| Val::Str(key)));
                    Ok((keys.into_bump_slice(), None))
                }
            },
            Val::Pairs(pairs) => {
                self.step(pairs.len())?;
                Ok((self.bump().alloc_slice_fill_iter(pairs.iter().map(|(k, _)| *k)), None))
            }
            Val::Absent => Ok((&[], None)),
            unknown @ Val::Unknown(_) => Err(unknown),
            // An attribute may itself be a list; how long, AWS will say.
            Val::Reference(target) if !is_one(target) => {
                Err(self.unknown(ReasonCode::AttributeAtDeploy, target.name()))
            }
            // One value where the schema has a list is a list of one, as the service takes it.
            single @ (Val::Str(_) | Val::Text(_) | Val::Reference(_) | Val::Resource(_)) => {
                Ok((self.bump().alloc_slice_copy(&[single]), None))
            }
            _ => Err(self.unknown(ReasonCode::WrongShape, "list")),
        }
    }

    /// The entries of a map that are written in this world; of equal keys the last.
    pub(crate) fn entries(&self, map: View<'a>) -> Result<Vec<(&'a str, View<'a>)>, Val<'a>> {
        let written = map.entries();
        self.step(written.len())?;
        let mut seen = HashSet::with_capacity(written.len());
        let mut entries = Vec::with_capacity(written.len());
        for entry in written.iter().rev() {
            let (key, value) = (map.stack.text(entry.key), map.at(entry.value));
            if seen.insert(key) && !self.left_out(value) {
                entries.push((key, value));
            }
        }
        entries.reverse();
        Ok(entries)
    }

    /// Whether a value is not written in this world. Reads only what can be so.
    fn left_out(&self, view: View<'a>) -> bool {
        match view.stack.tree.node(view.node) {
            Node::Absent => true,
            Node::Choice { .. } | Node::Variable(_) | Node::Foreign { .. } | Node::Operation { .. } => {
                matches!(self.read(view), Val::Absent)
            }
            _ => false,
        }
    }
}

/// Whether what a reference gives is one value: what `Ref` gives is, of attributes the schema tells.
fn is_one(target: Target<'_>) -> bool {
    target.attribute.is_empty()
        || sekisho_facts::resource_type(target.type_name())
            .and_then(|kind| kind.attribute(target.attribute))
            .is_some_and(|shape| {
                matches!(shape.kind(), Kind::Boolean | Kind::Integer | Kind::Number | Kind::String)
            })
}
