//! The run: every control on every resource it applies to.
//!
//! Controls are indexed by type and compiled once for each type that occurs; resources
//! are judged in parallel and their answers put in order. O(resources × controls of the type).

use std::collections::BTreeMap;
use std::sync::Arc;

use bumpalo::Bump;
use foldhash::{HashMap, HashMapExt};
use rayon::prelude::*;
use sekisho_estate::secret::is_secret_name;
use sekisho_estate::{Estate, NodeId, ResourceId, Route, StackIndex, Stage, Step, Tree, View};
use sekisho_expr::{Frame, Program, ResourceRef, Seen, Subject, Truth, compile_with};
use sekisho_facts::ServiceDefault;
use sekisho_graph::index_of;
use sekisho_guidance::{
    ANY_TYPE, Confidence, Control, Label, Level, Scope, Severity, controls_for, severity,
};
use sha2::{Digest, Sha256};

use crate::analyses::Analyses;
use crate::config::Config;
use crate::model::{Assessment, Basis, Evidence, EvidenceKind, Judgement, Notice, Verdict, WorldVerdict};
use crate::owners::Owners;

/// Resources that one task judges.
const CHUNK: usize = 128;

/// What a run is asked to do.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions<'o> {
    /// Settings of the user.
    pub config: &'o Config,
    /// Whether evidence is kept for passes, and not-applicable answers are kept at all.
    pub everything: bool,
    /// Only these controls; all when empty.
    pub only: &'o [String],
    /// Whether the built-in controls are asked, or only those of the user.
    pub built_in: bool,
}

/// A control with its program for one type.
struct Compiled<'c> {
    control: &'c Control,
    program: Program,
    level: Level,
    /// Whether it asks for flows, so that a finding of it has a path.
    flows: bool,
}

/// Whether a control asks for flows of PHI.
fn asks_flows(control: &Control) -> bool {
    let asks = |text: &str| text.contains("phi_flows(") || text.contains("flows_to(");
    let named = control.named.iter().any(|(_, part)| asks(part));
    named || asks(&control.pass_if) || control.when.as_deref().is_some_and(asks)
}

/// Judges an estate with the built-in controls and those of the user.
pub fn run<'c>(estate: &Estate, user: &'c [Control], options: RunOptions<'_>) -> Assessment<'c> {
    let analyses = Analyses::new(estate, options.config);
    let owners = Owners::new(estate);
    let mut notices = Vec::new();
    let wanted = |control: &Control| options.only.is_empty() || options.only.iter().any(|o| *o == control.id);
    let mut programs: HashMap<&str, Vec<Compiled<'c>>> = HashMap::new();
    let mut unknown_types: BTreeMap<String, usize> = BTreeMap::new();
    let mut types: Vec<(&str, usize)> =
        analyses.joins.names.types().map(|(name, ids)| (name, ids.len())).collect();
    types.sort_unstable();
    for (type_name, count) in types {
        let Some(kind) = sekisho_facts::resource_type(type_name) else {
            if !type_name.starts_with("Custom::") {
                unknown_types.insert(type_name.to_owned(), count);
            }
            continue;
        };
        let lists = [controls_for(type_name), controls_for(ANY_TYPE)];
        let built_in = lists.into_iter().flatten().filter(|_| options.built_in);
        let built_in = built_in.map(|&i| &sekisho_guidance::controls()[usize::from(i)]);
        let users = user.iter().filter(|c| c.scope == Scope::Resource && c.applies_to(type_name));
        let mut compiled = Vec::new();
        for control in built_in.chain(users).filter(|c| wanted(c)) {
            let when = control.when.as_deref();
            match compile_with(&control.parts(), when, &control.pass_if, Some(kind), false) {
                Ok(program) => {
                    let (level, flows) = (control.strongest_level(), asks_flows(control));
                    compiled.push(Compiled { control, program, level, flows });
                }
                Err((clause, error)) => notices.push(not_loaded(control, clause, &error)),
            }
        }
        if !compiled.is_empty() {
            programs.insert(type_name, compiled);
        }
    }
    let context = Context { estate, analyses: &analyses, owners: &owners, everything: options.everything };
    let ids: Vec<ResourceId> = estate.resources().map(|(id, _, _)| id).collect();
    let parts: Vec<(Vec<Judgement<'c>>, Counts)> = ids
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut bump = Bump::with_capacity(16 * 1024);
            let mut judge = Judge::new(&context, 2 * CHUNK);
            for &id in chunk {
                let Some(compiled) = programs.get(estate.type_name(id)) else { continue };
                let label = analyses.label(id);
                for control in compiled {
                    judge.judge(control, Some(id), None, label, &bump);
                    bump.reset();
                }
            }
            (judge.judgements, judge.counts)
        })
        .collect();
    let built_in = if options.built_in { sekisho_guidance::controls() } else { &[] };
    let mut judge = Judge::new(&context, 0);
    let whole = built_in.iter().chain(user).filter(|c| c.scope != Scope::Resource && wanted(c));
    for control in whole {
        match compile_with(&control.parts(), control.when.as_deref(), &control.pass_if, None, false) {
            Ok(program) => {
                let compiled = Compiled { control, program, level: control.strongest_level(), flows: false };
                let bump = Bump::new();
                if control.scope == Scope::Stack {
                    for index in 0..estate.stacks.len() {
                        let stack = Some(StackIndex(index as u32));
                        judge.judge(&compiled, None, stack, Label::None, &bump);
                    }
                } else if !estate.stacks.is_empty() {
                    judge.judge(&compiled, None, None, Label::Assumed, &bump);
                }
            }
            Err((clause, error)) => notices.push(not_loaded(control, clause, &error)),
        }
    }
    let (whole, mut counts) = (judge.judgements, judge.counts);
    let answers = parts.iter().map(|(part, _)| part.len()).sum::<usize>() + whole.len();
    let mut judgements = Vec::with_capacity(answers);
    for (part, part_counts) in parts {
        judgements.extend(part);
        counts.add(&part_counts);
    }
    judgements.extend(whole);
    crate::once::told_at_targets(&mut judgements, &analyses);
    Assessment { judgements, notices, unknown_types: unknown_types.into_iter().collect(), counts: counts.0 }
}

fn not_loaded(
    control: &Control,
    clause: sekisho_expr::Clause,
    error: &sekisho_expr::syntax::ExpressionError,
) -> Notice {
    let clause = match clause {
        sekisho_expr::Clause::Let(index) => control.named.get(index).map_or("let", |(name, _)| name),
        sekisho_expr::Clause::When => "when",
        sekisho_expr::Clause::PassIf => "pass_if",
    };
    Notice {
        code: "control-not-loaded",
        severity: Severity::High,
        file: String::new(),
        line: 0,
        column: error.span.start as u32 + 1,
        subject: format!("{}: {clause}: {}", control.id, error.message),
    }
}

#[derive(Default)]
struct Counts([usize; Verdict::ALL.len()]);

impl Counts {
    fn count(&mut self, verdict: Verdict) {
        self.0[verdict as usize] += 1;
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, n)| *sum += n);
    }
}

struct Context<'x> {
    estate: &'x Estate,
    analyses: &'x Analyses<'x>,
    owners: &'x Owners,
    everything: bool,
}

/// Judges one resource after the other and keeps the answers.
struct Judge<'x, 'c> {
    context: &'x Context<'x>,
    judgements: Vec<Judgement<'c>>,
    counts: Counts,
    /// What is said of a default, made once: many resources leave the same to the service.
    notes: HashMap<*const ServiceDefault, Arc<str>>,
}

impl<'x, 'c> Judge<'x, 'c> {
    /// With room for so many answers at once: every size that a vector grows through is memory
    /// touched anew.
    fn new(context: &'x Context<'x>, room: usize) -> Self {
        Self {
            context,
            judgements: Vec::with_capacity(room),
            counts: Counts::default(),
            notes: HashMap::new(),
        }
    }

    fn judge(
        &mut self,
        compiled: &Compiled<'c>,
        resource: Option<ResourceId>,
        stack: Option<StackIndex>,
        label: Label,
        bump: &Bump,
    ) {
        let context = self.context;
        let this = resource.map(|id| ResourceRef::new(context.estate, id));
        let mut soft = false;
        let notes = &mut self.notes;
        let outcome = compiled.program.judge(
            context.estate,
            context.analyses,
            Subject { resource: this, stack },
            bump,
            context.everything,
            &mut |frame, seen| {
                soft |= matches!(seen, Seen::Default(..) | Seen::NoCompanion(..));
                context.evidence(frame, seen, resource, notes)
            },
        );
        let verdict = match outcome.truth {
            Truth::Pass => Verdict::Pass,
            Truth::Fail => Verdict::Fail,
            Truth::Unknown => Verdict::Unknown,
            Truth::NotApplicable => Verdict::NotApplicable,
        };
        self.counts.count(verdict);
        if !context.everything && matches!(verdict, Verdict::Pass | Verdict::NotApplicable) {
            return;
        }
        let control = compiled.control;
        let firm = outcome.certain && !soft;
        let confidence = if firm { control.confidence } else { control.confidence.min(Confidence::Medium) };
        self.judgements.push(Judgement {
            control,
            verdict,
            basis: context.basis(stack),
            severity: severity(control.harm, control.reach, label, compiled.level),
            confidence,
            resource,
            stack,
            label,
            evidence: outcome.evidence,
            worlds: outcome
                .worlds
                .into_iter()
                .filter(|w| w.truth != Truth::NotApplicable)
                .map(|w| WorldVerdict {
                    when: w.when,
                    verdict: match w.truth {
                        Truth::Pass => Verdict::Pass,
                        Truth::Fail => Verdict::Fail,
                        Truth::Unknown => Verdict::Unknown,
                        Truth::NotApplicable => Verdict::NotApplicable,
                    },
                })
                .collect(),
            hops: match resource {
                Some(id) if compiled.flows && verdict != Verdict::Pass => {
                    crate::flows::worst_path(self.context.analyses.flow(), id)
                }
                _ => Vec::new(),
            },
            reason: outcome.reason,
            waiver: None,
            fingerprint: context.fingerprint(control, resource, stack),
            told_by: Vec::new(),
            known: false,
        });
    }
}

impl Context<'_> {
    /// How far what is said of a stack reaches; what is said of an account, as far as the
    /// least of its stacks.
    fn basis(&self, stack: Option<StackIndex>) -> Basis {
        let stage = match stack {
            Some(index) => Some(self.estate.stack(index).stage),
            None => self.estate.stacks.iter().map(|stack| stack.stage).min(),
        };
        match stage.unwrap_or_default() {
            Stage::Design => Basis::Design,
            Stage::Planned => Basis::Planned,
            Stage::Deployed => Basis::Deployed,
        }
    }

    /// Identity of a finding: the control and the address, never a line.
    fn fingerprint(
        &self,
        control: &Control,
        resource: Option<ResourceId>,
        stack: Option<StackIndex>,
    ) -> String {
        let mut hash = Sha256::new();
        hash.update(control.id.as_bytes());
        hash.update(b"\0");
        match (resource, stack) {
            (Some(id), _) => {
                hash.update(self.estate.stack(id.stack).id.as_bytes());
                hash.update(b"#");
                hash.update(self.estate.id(id).as_bytes());
            }
            (None, Some(stack)) => hash.update(self.estate.stack(stack).id.as_bytes()),
            (None, None) => hash.update(b"account"),
        }
        let mut text = String::with_capacity(32);
        for byte in hash.finalize().iter().take(16) {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        text
    }

    fn evidence<'e>(
        &self,
        frame: &Frame<'_, 'e>,
        seen: &Seen<'e>,
        judged: Option<ResourceId>,
        notes: &mut HashMap<*const ServiceDefault, Arc<str>>,
    ) -> Evidence {
        let at = |view: View<'_>| -> (Option<StackIndex>, Option<ResourceId>, Route, u32) {
            let Some(stack) = index_of(frame.reader.estate, view.stack) else {
                return (None, None, Route::default(), 0);
            };
            let (owner, route) = self.owners.locate(frame.reader.estate, stack, view.node, judged);
            (Some(stack), owner.filter(|o| Some(*o) != judged), route, view.offset())
        };
        let make = |kind, (stack, resource, route, offset), value, note| Evidence {
            kind,
            stack,
            resource,
            route,
            offset,
            value,
            note,
        };
        match *seen {
            Seen::Value(view, value) => {
                let place = at(view);
                // A value out of a default has no place in the input.
                let kind = if place.0.is_some() { EvidenceKind::Value } else { EvidenceKind::Default };
                let properties = place.1.or(judged).map(|id| self.estate.resource(id).properties);
                let secret = matches!(value, sekisho_expr::Val::Str(_) | sekisho_expr::Val::Text(_))
                    && properties.is_some_and(|root| names_secret(&view.stack.tree, root, &place.2));
                let shown = if secret { "***".to_owned() } else { sekisho_expr::show(frame, value) };
                make(kind, place, Some(shown), None)
            }
            Seen::Absent(view, name) => {
                let (stack, resource, route, offset) = at(view);
                make(EvidenceKind::Absent, (stack, resource, route.key(name), offset), None, None)
            }
            Seen::Default(view, name, fact) => {
                let (stack, resource, route, offset) = at(view);
                let note = notes.entry(fact).or_insert_with(|| match fact.since {
                    Some(since) => format!("since {since}: {}", fact.source).into(),
                    None => fact.source.into(),
                });
                let value = fact.value_json.or(fact.unknown).map(str::to_owned);
                let route = name.split('/').fold(route, |route, step| route.key(step));
                make(EvidenceKind::Default, (stack, resource, route, offset), value, Some(Arc::clone(note)))
            }
            Seen::Statement(view) => {
                let place = at(view);
                let id = view.stack.tree.get(view.node, "Sid").and_then(|sid| view.stack.tree.string(sid));
                make(EvidenceKind::Statement, place, id.map(str::to_owned), None)
            }
            Seen::NoCompanion(resource, companion) => {
                let place = (Some(resource.id.stack), None, Route::default(), resource.resource.offset);
                make(
                    EvidenceKind::Absent,
                    place,
                    None,
                    Some(format!("no {} for {}", companion.from, resource.name()).into()),
                )
            }
            Seen::Resource(resource) => {
                let place = (
                    Some(resource.id.stack),
                    Some(resource.id).filter(|id| Some(*id) != judged),
                    Route::default(),
                    resource.resource.offset,
                );
                make(EvidenceKind::Value, place, Some(resource.name().to_owned()), None)
            }
            Seen::FoundAt(stack, offset, what) => {
                let place = (Some(stack), None, Route::default(), offset);
                make(EvidenceKind::Text, place, None, Some(Arc::from(what)))
            }
            Seen::Found(view, what) => {
                let what = (!what.is_empty()).then(|| Arc::from(what));
                make(EvidenceKind::Text, at(view), None, what)
            }
        }
    }
}

/// Whether the place of a value says that it is secret: by its key, or as the value beside
/// a name (`{Name: DB_PASSWORD, Value: …}`). Where that cannot be told, it is taken for secret.
fn names_secret(tree: &Tree, root: NodeId, route: &Route) -> bool {
    let Some((Step::Key(key), before)) = route.0.split_last() else { return false };
    if is_secret_name(key) {
        return true;
    }
    if !matches!(&**key, "Value" | "ParameterValue") {
        return false;
    }
    let holder = before.iter().try_fold(root, |at, step| match step {
        Step::Key(key) => tree.get(at, key),
        Step::Index(index) => tree.list(at).get(*index as usize).copied(),
    });
    let Some(holder) = holder else { return true };
    ["Name", "Key", "ParameterKey"]
        .iter()
        .filter_map(|name| tree.get(holder, name))
        .any(|node| tree.string(node).is_none_or(is_secret_name))
}
