//! A control's expressions compiled for one resource type, and their verdict over all worlds.

use std::cell::RefCell;

use bumpalo::Bump;
use sekisho_estate::secret::secret_texts;
use sekisho_estate::{Estate, Reader, Reason, ReasonCode, StackIndex};
use sekisho_facts::ResourceType;

use crate::compile::{Code, Compiler, truth};
use crate::frame::{Frame, Host, MAX_EVIDENCE, Seen, TraceStep};
use crate::syntax::{ExpressionError, parse};
use crate::types::Type;
use crate::value::{ResourceRef, Val};

/// What an evaluation decides in one world, or over all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// The condition of the control does not hold, or the resource does not exist.
    NotApplicable,
    /// The control holds.
    Pass,
    /// It cannot be decided.
    Unknown,
    /// The control is violated.
    Fail,
}

/// `when` and `pass_if` of a control, compiled for one resource type.
pub struct Program {
    /// The named parts by themselves, for explanations: only when the program is traced.
    named: Vec<Code>,
    when: Option<Code>,
    pass_if: Code,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("when", &self.when.is_some()).finish_non_exhaustive()
    }
}

/// Which of a control's expressions is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clause {
    /// A named part, by its place in `let`.
    Let(usize),
    /// `when`
    When,
    /// `pass_if`
    PassIf,
}

/// Compiles the expressions of a control for one resource type, or for a whole stack or account.
///
/// # Errors
/// What is wrong with which of them: syntax, an unknown property, a comparison that never holds.
pub fn compile(
    when: Option<&str>,
    pass_if: &str,
    this: Option<ResourceType>,
    traced: bool,
) -> Result<Program, (Clause, ExpressionError)> {
    compile_with(&[], when, pass_if, this, traced)
}

/// As [`compile`], for expressions that use named parts: each is an expression by itself, and
/// sees those before it. A part is evaluated where it is used, so that it is evidence only
/// where it decides.
///
/// # Errors
/// As [`compile`].
pub fn compile_with(
    named: &[(&str, &str)],
    when: Option<&str>,
    pass_if: &str,
    this: Option<ResourceType>,
    traced: bool,
) -> Result<Program, (Clause, ExpressionError)> {
    let mut parts = Vec::with_capacity(named.len());
    for (index, (name, text)) in named.iter().enumerate() {
        parts.push((*name, parse(text).map_err(|e| (Clause::Let(index), e))?));
    }
    // Each by itself first: an error is told at its own place, not where the part is used.
    let mut alone = Vec::with_capacity(parts.len());
    for (index, (_, part)) in parts.iter().enumerate() {
        let compiled = Compiler::new(this, traced, &parts[..index]).expression(part);
        alone.push(compiled.map_err(|e| (Clause::Let(index), e))?.code);
    }
    let one = |text: &str| -> Result<Code, ExpressionError> {
        let parsed = parse(text)?;
        let compiled = Compiler::new(this, traced, &parts).expression(&parsed)?;
        if !Type::Bool.comparable(&compiled.kind) {
            let message = format!("the expression must be true or false, not {}", compiled.kind);
            return Err(ExpressionError::new(parsed.span, message));
        }
        Ok(compiled.code)
    };
    Ok(Program {
        named: if traced { alone } else { Vec::new() },
        when: when.map(one).transpose().map_err(|e| (Clause::When, e))?,
        pass_if: one(pass_if).map_err(|e| (Clause::PassIf, e))?,
    })
}

/// A world and what the control says there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct World {
    /// The decisions in words; empty when the verdict depends on none.
    pub when: String,
    /// What holds there.
    pub truth: Truth,
    /// Whether nobody has to say anything for this world to be the one.
    pub default: bool,
}

/// The verdict of a control over all worlds.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome<E> {
    /// Fail if some world fails, else unknown if some is unknown, else pass if some passes.
    pub truth: Truth,
    /// The worlds, in the order visited, when there is more than one.
    pub worlds: Vec<World>,
    /// Whether the verdict holds in the default world, or in every world.
    pub certain: bool,
    /// Evidence of the world that decided, as the caller keeps it.
    pub evidence: Vec<E>,
    /// Why it is unknown, or not applicable.
    pub reason: Option<Reason>,
}

/// What is judged: a resource, a stack, or the account where it is neither.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'e> {
    /// The resource.
    pub resource: Option<ResourceRef<'e>>,
    /// The stack, for a control of whole stacks.
    pub stack: Option<StackIndex>,
}

impl<'e> From<Option<ResourceRef<'e>>> for Subject<'e> {
    fn from(resource: Option<ResourceRef<'e>>) -> Self {
        Self { resource, stack: None }
    }
}

impl Program {
    /// Judges a resource (or a whole stack or account) in every world that the control can tell apart.
    ///
    /// `keep` turns what was seen into what the caller wants to hold on to; it is called
    /// only for the world whose fail or unknown is reported, and for the first of what was
    /// seen if it is very much. With `always`, evidence is kept for passes too.
    pub fn judge<'e, E>(
        &self,
        estate: &'e Estate,
        host: &dyn Host,
        of: impl Into<Subject<'e>>,
        bump: &'e Bump,
        always: bool,
        keep: &mut dyn FnMut(&Frame<'_, 'e>, &Seen<'e>) -> E,
    ) -> Outcome<E> {
        let Subject { resource: this, stack } = of.into();
        let reader = Reader::new(estate, bump);
        let (mut worlds, mut best): (Vec<World>, Option<(Truth, bool)>) = (Vec::new(), None);
        let (mut evidence, mut reason) = (Vec::new(), None);
        let mut steps = 0;
        // In the arena: what a pass has seen costs a few writes and is forgotten with it.
        let seen = RefCell::new(bumpalo::collections::Vec::new_in(bump));
        loop {
            seen.borrow_mut().clear();
            let mut frame = Frame::new(&reader, host, this);
            frame.seen = Some(&seen);
            frame.stack = stack;
            frame.steps.set(steps);
            let (truth, why) = self.once(&frame);
            let default = reader.worlds.is_default();
            let better = best.is_none_or(|(t, d)| truth > t || (truth == t && default && !d));
            if better {
                best = Some((truth, default));
                reason = why.map(|why| named(why, &seen.borrow()));
                if truth == Truth::Fail || truth == Truth::Unknown || (always && truth == Truth::Pass) {
                    let noted = seen.borrow();
                    evidence = noted.iter().take(MAX_EVIDENCE).map(|s| keep(&frame, s)).collect();
                } else {
                    evidence.clear();
                }
            }
            steps = frame.steps.get();
            if !reader.worlds.is_only() {
                worlds.push(World { when: reader.worlds.label(), truth, default });
            }
            if !reader.worlds.next() {
                break;
            }
        }
        let (mut truth, default) = best.unwrap_or((Truth::NotApplicable, true));
        if reader.worlds.overflowed() {
            truth = Truth::Unknown;
            evidence.clear();
            reason = Some(Reason::new(ReasonCode::TooManyAlternatives, worlds.len().to_string()));
            worlds.clear();
        }
        // Worlds in which the resource does not exist say nothing of it.
        let judged = |w: &World| w.truth != Truth::NotApplicable;
        let everywhere = worlds.iter().filter(|w| judged(w)).all(|w| w.truth == truth);
        if worlds.len() == 1 || (everywhere && truth == Truth::NotApplicable) {
            worlds.clear();
        }
        Outcome { truth, worlds, certain: default || everywhere, evidence, reason }
    }

    /// One evaluation in the current world.
    fn once<'e>(&self, frame: &Frame<'_, 'e>) -> (Truth, Option<Reason>) {
        if frame.this.is_some_and(|this| !frame.reader.exists(this.stack, this.resource)) {
            return (Truth::NotApplicable, None);
        }
        if let Some(when) = &self.when {
            let start = frame.mark();
            match truth(frame, when(frame)) {
                Ok(true) => frame.forget(start, frame.mark()),
                Ok(false) => return (Truth::NotApplicable, None),
                Err(unknown) => return (Truth::Unknown, reason_of(unknown)),
            }
        }
        match truth(frame, (self.pass_if)(frame)) {
            Ok(true) => (Truth::Pass, None),
            Ok(false) => (Truth::Fail, None),
            Err(unknown) => (Truth::Unknown, reason_of(unknown)),
        }
    }

    /// Evaluates step by step in each world; the program must be compiled with tracing.
    pub fn explain<'e>(
        &self,
        estate: &'e Estate,
        host: &dyn Host,
        this: Option<ResourceRef<'e>>,
        bump: &'e Bump,
    ) -> Vec<Explanation> {
        let reader = Reader::new(estate, bump);
        let mut explanations = Vec::new();
        // A step shows a value without its name, so what a name says is looked up beforehand.
        let secrets = this.map_or_else(Vec::new, |t| secret_texts(&t.stack.tree, t.resource.properties));
        loop {
            let (when, pass_if) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
            let named: Vec<_> = self.named.iter().map(|_| RefCell::new(Vec::new())).collect();
            let mut frame = Frame::new(&reader, host, this);
            let exists = this.is_none_or(|t| frame.reader.exists(t.stack, t.resource));
            let mut decided = Truth::NotApplicable;
            if exists {
                frame.trace = Some(&when);
                let applies = self.when.as_ref().map(|code| code(&frame));
                frame.trace = Some(&pass_if);
                if applies.is_none_or(|value| matches!(truth(&frame, value), Ok(true))) {
                    (self.pass_if)(&frame);
                }
                for (part, steps) in self.named.iter().zip(&named) {
                    frame.trace = Some(steps);
                    part(&frame);
                }
                frame.trace = None;
                decided = self.once(&frame).0;
            }
            let (mut when, mut pass_if) = (when.take(), pass_if.take());
            let mut named: Vec<Vec<TraceStep>> = named.into_iter().map(RefCell::into_inner).collect();
            for step in when.iter_mut().chain(&mut pass_if).chain(named.iter_mut().flatten()) {
                for secret in &secrets {
                    if step.value.contains(secret) {
                        step.value = step.value.replace(secret, "***");
                    }
                }
            }
            let world = reader.worlds.label();
            explanations.push(Explanation { world, exists, truth: decided, named, when, pass_if });
            if !reader.worlds.next() {
                return explanations;
            }
        }
    }
}

fn reason_of(value: Val<'_>) -> Option<Reason> {
    if let Val::Unknown(why) = value { Some(why.to_reason()) } else { None }
}

/// A reason about an absent operand, with the property that was read last and is not written.
fn named(mut reason: Reason, seen: &[Seen<'_>]) -> Reason {
    if reason.code == ReasonCode::AbsentOperand {
        let name = seen.iter().rev().find_map(|what| match what {
            Seen::Absent(_, name) => Some(*name),
            _ => None,
        });
        if let Some(name) = name {
            reason.subject = name.into();
        }
    }
    reason
}

/// An evaluation in one world, step by step.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// The decisions of the world in words.
    pub world: String,
    /// Whether the resource exists there.
    pub exists: bool,
    /// What was decided.
    pub truth: Truth,
    /// Steps of each named part, in the order of `let`; all of them, used or not.
    pub named: Vec<Vec<TraceStep>>,
    /// Steps of `when`.
    pub when: Vec<TraceStep>,
    /// Steps of `pass_if`; empty when `when` does not hold.
    pub pass_if: Vec<TraceStep>,
}
