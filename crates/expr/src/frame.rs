//! What an evaluation works with: the resource, the world, variables, limits, evidence.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use sekisho_estate::{Reader, ReasonCode, Value, View, Why};
use sekisho_facts::{Companion, ServiceDefault};

use crate::functions::Function;
use crate::value::{ResourceRef, Val};

/// Most variables of nested macros.
pub(crate) const MAX_VARIABLES: usize = 8;
/// Most steps of one evaluation, so that a user's control ends.
pub(crate) const MAX_STEPS: u32 = 2_000_000;

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
    /// A default of the service that counts, where it would stand, and its name.
    Default(View<'a>, &'a str, &'static ServiceDefault),
    /// A statement of a policy.
    Statement(View<'a>),
    /// No companion under this member of a resource.
    NoCompanion(ResourceRef<'a>, &'static Companion),
    /// A text in which something was found, with what.
    Found(View<'a>, &'a str),
}

/// One evaluation in one world.
pub struct Frame<'r, 'a> {
    /// Reads values in the current world.
    pub reader: &'r Reader<'a>,
    /// Answers host functions.
    pub host: &'r dyn Host,
    /// The resource that is judged; none for a control of a whole stack or account.
    pub this: Option<ResourceRef<'a>>,
    /// What was seen, when that is wanted.
    pub seen: Option<&'r RefCell<Vec<Seen<'a>>>>,
    pub(crate) variables: [Cell<Val<'a>>; MAX_VARIABLES],
    pub(crate) steps: Cell<u32>,
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
            seen: None,
            variables: [const { Cell::new(Val::Absent) }; MAX_VARIABLES],
            steps: Cell::new(0),
            trace: None,
        }
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

    /// Counts a step; an error when there are too many.
    #[inline]
    pub(crate) fn step(&self) -> Result<(), Val<'a>> {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps > MAX_STEPS {
            Err(self.unknown(ReasonCode::StepLimit, MAX_STEPS.to_string()))
        } else {
            Ok(())
        }
    }

    /// Notes what was seen. Free when nobody asks.
    #[inline]
    pub fn see(&self, what: impl FnOnce() -> Seen<'a>) {
        if let Some(seen) = self.seen {
            seen.borrow_mut().push(what());
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
            seen.borrow_mut().drain(from..to);
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

    /// The elements of a list value, with the reason why there may be more.
    ///
    /// # Errors
    /// The value to give instead, when it is not a list.
    pub fn elements(&self, value: Val<'a>) -> Result<(&'a [Val<'a>], Option<Why<'a>>), Val<'a>> {
        match value {
            Val::Items(items, open) => Ok((items, open)),
            Val::Node(view) => match view.stack.tree.node(view.node) {
                sekisho_estate::Node::List(range) => {
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
                _ => Ok((
                    self.bump().alloc_slice_fill_iter(
                        view.entries().iter().map(|e| Val::Str(view.stack.text(e.key))),
                    ),
                    None,
                )),
            },
            Val::Pairs(pairs) => Ok((self.bump().alloc_slice_fill_iter(pairs.iter().map(|(k, _)| *k)), None)),
            Val::Absent => Ok((&[], None)),
            unknown @ Val::Unknown(_) => Err(unknown),
            // One value where the schema has a list is a list of one, as the service takes it.
            single @ (Val::Str(_) | Val::Text(_) | Val::Reference(_) | Val::Resource(_)) => {
                Ok((self.bump().alloc_slice_copy(&[single]), None))
            }
            _ => Err(self.unknown(ReasonCode::WrongShape, "list")),
        }
    }
}
