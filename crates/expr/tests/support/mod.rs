//! Estates, hosts and verdicts for tests.
#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod build;
pub(crate) mod naive;
mod naive_types;
pub(crate) mod naive_values;
pub(crate) mod random;
pub(crate) mod random_expression;
pub(crate) mod spec;

use bumpalo::Bump;
use sekisho_estate::{Estate, ReasonCode, ResourceId, ResourceIndex, StackIndex, View};
use sekisho_expr::syntax::ExpressionError;
use sekisho_expr::{Clause, Frame, Function, Host, Outcome, Program, ResourceRef, Seen, Val, compile};
use sekisho_facts::{Companion, ServiceDefault, resource_type};

use spec::Yaml;

/// The resource that is judged: the first of the first stack.
pub(crate) const THIS: ResourceId = ResourceId { stack: StackIndex(0), index: ResourceIndex(0) };

/// A host that answers what a case says.
#[derive(Debug, Default)]
pub(crate) struct TestHost {
    /// Members of `companions(this)` with the resources there.
    pub(crate) companions: Vec<(String, Vec<String>)>,
    /// Answers of host functions.
    pub(crate) answers: Vec<(String, bool)>,
    /// Whether lists of companions may have more elements.
    pub(crate) open: bool,
    /// Whether it is not known when resources were created.
    pub(crate) undated: bool,
}

impl TestHost {
    pub(crate) fn from_yaml(case: Yaml<'_>) -> Self {
        let yes = |key: &str| case.get(key).is_some();
        let mut host = Self { open: yes("open"), undated: yes("undated"), ..Self::default() };
        for (member, ids) in case.get("companions").into_iter().flat_map(Yaml::entries) {
            let ids = ids.items().map(|id| id.text().expect("an id").to_owned()).collect();
            host.companions.push((member.to_owned(), ids));
        }
        for (name, answer) in case.get("answers").into_iter().flat_map(Yaml::entries) {
            host.answers.push((name.to_owned(), answer.spec() == spec::Spec::Bool(true)));
        }
        host
    }
}

impl Host for TestHost {
    fn call<'a>(&self, _: &Frame<'_, 'a>, function: &'static Function, _: &[Val<'a>]) -> Option<Val<'a>> {
        self.answers.iter().find(|(name, _)| name == function.name).map(|(_, answer)| Val::Bool(*answer))
    }

    fn companion<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        of: ResourceRef<'a>,
        companion: &'static Companion,
    ) -> Val<'a> {
        let Some((_, ids)) = self.companions.iter().find(|(member, _)| member == companion.member) else {
            frame.see(|| Seen::NoCompanion(of, companion));
            return if companion.many { Val::Items(&[], None) } else { Val::Absent };
        };
        let estate = frame.reader.estate;
        let found = estate.resources().filter(|(id, ..)| ids.iter().any(|name| name == estate.id(*id)));
        let found: Vec<Val<'a>> = found.map(|(id, ..)| Val::Resource(ResourceRef::new(estate, id))).collect();
        if !companion.many {
            return found.first().copied().unwrap_or(Val::Absent);
        }
        let open = self.open.then(|| frame.reader.reason(ReasonCode::NotWholeAccount, companion.member));
        Val::Items(frame.bump().alloc_slice_copy(&found), open)
    }

    fn default_holds(&self, _: Option<ResourceRef<'_>>, default: &ServiceDefault) -> bool {
        default.since.is_none() || !self.undated
    }
}

/// Compiles one expression for the type of the judged resource.
pub(crate) fn program(estate: &Estate, expression: &str, traced: bool) -> Result<Program, ExpressionError> {
    let kind = resource_type(estate.type_name(THIS)).expect("a known type");
    compile(None, expression, Some(kind), traced).map_err(|(clause, error)| {
        assert_eq!(clause, Clause::PassIf);
        error
    })
}

/// The verdict on the judged resource, with the evidence in words.
pub(crate) fn judge(estate: &Estate, host: &dyn Host, program: &Program) -> Outcome<String> {
    let bump = Bump::new();
    let this = Some(ResourceRef::new(estate, THIS));
    program.judge(estate, host, this, &bump, true, &mut |frame, seen| evidence(frame.reader.estate, seen))
}

/// What was seen, as `value /Route`, `absent /Route`, `default /Route`.
fn evidence(estate: &Estate, seen: &Seen<'_>) -> String {
    let place = |view: View<'_>| {
        let Some(stack) = estate.stacks.iter().find(|s| std::ptr::eq(*s, view.stack)) else {
            return "(default)".to_owned();
        };
        let found = stack.resources.iter().enumerate().find_map(|(index, resource)| {
            let (id, route) = (stack.text(resource.id), stack.tree.route(resource.body, view.node)?);
            let route = route.to_string();
            let route = route.strip_prefix("/Properties").map_or(format!("/..{route}"), str::to_owned);
            Some(if index == 0 { route } else { format!("{id}:{route}") })
        });
        found.unwrap_or_else(|| "(nowhere)".to_owned())
    };
    match *seen {
        Seen::Value(view, _) => format!("value {}", place(view)),
        Seen::Absent(view, name) => format!("absent {}/{name}", place(view)),
        Seen::Default(view, name, _) => format!("default {}/{name}", place(view)),
        Seen::Statement(view) => format!("statement {}", place(view)),
        Seen::NoCompanion(resource, companion) => format!("no {} of {}", companion.member, resource.name()),
        Seen::Resource(resource) => format!("resource {}", resource.name()),
        Seen::FoundAt(stack, offset, what) => format!("found {what} at {offset} of {}", stack.0),
        Seen::Found(view, what) => format!("found {what} at {}", place(view)),
    }
}
