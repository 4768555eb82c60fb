//! Questions on policy documents, asked by controls.

use sekisho_estate::{ReasonCode, Target, View};
use sekisho_expr::{
    CONDITION_MEMBERS, Frame, Members, OUTSIDER_MEMBERS, PLACE, STATEMENT_MEMBERS, Seen, Val,
};
use sekisho_policy::{Answer, Document, Pattern, ResourceScope, Statement, Tri};

/// Whether a policy refuses an action in a context to everyone, for the contents of the
/// resource that is judged.
pub(crate) fn denies<'a>(
    frame: &Frame<'_, 'a>,
    policy: Val<'a>,
    action: &'a str,
    context: Val<'a>,
) -> Val<'a> {
    let Some(this) = frame.this else { return frame.unknown(ReasonCode::NotInInput, "this") };
    let document = match document(frame, policy) {
        Ok(document) => document,
        Err(value) => return value,
    };
    let Val::Pairs(pairs) = context else { return frame.unknown(ReasonCode::WrongShape, "context") };
    let context: Vec<(&str, &str)> = pairs
        .iter()
        .filter_map(|pair| match pair {
            (Val::Str(key), Val::Str(value)) => Some((*key, *value)),
            _ => None,
        })
        .collect();
    if context.len() != pairs.len() {
        return frame.unknown(ReasonCode::WrongShape, "context");
    }
    let target = Target { stack: this.stack, resource: this.id.index, attribute: "" };
    let scope = ResourceScope::content(frame.reader, target);
    answer(frame, &document, &document.denies(&Pattern::action(frame.reader, action), &context, &scope))
}

/// Whether a policy lets anyone at all act, optionally with a given action.
pub(crate) fn grants_anyone<'a>(frame: &Frame<'_, 'a>, policy: Val<'a>, action: Option<&'a str>) -> Val<'a> {
    let document = match document(frame, policy) {
        Ok(document) => document,
        Err(value) => return value,
    };
    let action = action.map(|text| Pattern::action(frame.reader, text));
    answer(frame, &document, &document.grants_anyone(action.as_ref()))
}

/// The statements of a policy, in the order written. A part that is not understood is a
/// statement whose members are unknown.
pub(crate) fn statements<'a>(frame: &Frame<'_, 'a>, policy: Val<'a>) -> Val<'a> {
    let document = match document(frame, policy) {
        Ok(document) => document,
        Err(value) => return value,
    };
    if let (Some(view), true) = (document.at, document.statements.is_empty()) {
        frame.see(|| Seen::Statement(view));
    }
    let records = document.statements.iter().map(|statement| {
        let member = |name: &str| match (name, statement.field(frame.reader, name)) {
            ("conditions", _) => conditions(frame, statement),
            (_, Some(value)) => frame.convert(value),
            (_, None) => Val::Absent,
        };
        record(frame, STATEMENT_MEMBERS, statement.at, member)
    });
    let records: Vec<Val<'a>> = records.collect();
    Val::Items(frame.bump().alloc_slice_copy(&records), None)
}

fn conditions<'a>(frame: &Frame<'_, 'a>, statement: &Statement<'a>) -> Val<'a> {
    let records = statement.tests.iter().map(|test| {
        let member = |name: &str| match name {
            "operator" => Val::Str(test.operator_text),
            "key" => test.key.map_or_else(Val::Unknown, Val::Str),
            _ => Val::Items(
                frame
                    .bump()
                    .alloc_slice_fill_iter(test.values.iter().map(|value| frame.convert(value.value))),
                None,
            ),
        };
        record(frame, CONDITION_MEMBERS, test.at, member)
    });
    let records: Vec<Val<'a>> = records.collect();
    // A condition that is not understood may be any; the statement says so.
    Val::Items(frame.bump().alloc_slice_copy(&records), statement.problem)
}

/// Who outside the account of the resource's stack is allowed. Someone of whom that is not
/// known is not listed, but leaves the list open.
pub(crate) fn outsiders<'a>(frame: &Frame<'_, 'a>, policy: Val<'a>, own: Option<&str>) -> Val<'a> {
    let document = match document(frame, policy) {
        Ok(document) => document,
        Err(value) => return value,
    };
    let own = frame.this.and_then(|this| this.stack.account_of(this.id.index)).or(own);
    let mut open = None;
    let mut records = Vec::new();
    for outside in document.other_accounts(own) {
        if let Tri::Unknown(why) = outside.is {
            open = open.or(Some(why));
            if let Some(at) = outside.at.or(outside.statement.at) {
                frame.see(|| Seen::Statement(at));
            }
            continue;
        }
        let member = |name: &str| match name {
            "account" => match outside.account.and_then(|account| account.known()) {
                Some(account) => Val::Str(frame.bump().alloc_str(&account)),
                None => Val::Absent,
            },
            "value" => frame.convert(outside.value),
            _ => outside.key.map_or(Val::Absent, |key| Val::Str(frame.bump().alloc_str(key))),
        };
        records.push(record(frame, OUTSIDER_MEMBERS, outside.at.or(outside.statement.at), member));
    }
    Val::Items(frame.bump().alloc_slice_copy(&records), open)
}

/// A record with the place that it was read from.
fn record<'a>(
    frame: &Frame<'_, 'a>,
    members: Members,
    place: Option<View<'a>>,
    member: impl Fn(&str) -> Val<'a>,
) -> Val<'a> {
    let place = place.map(|place| (Val::Str(PLACE), Val::Node(place)));
    let pairs: Vec<(Val<'a>, Val<'a>)> =
        members.iter().map(|(name, ..)| (Val::Str(name), member(name))).chain(place).collect();
    Val::Pairs(frame.bump().alloc_slice_copy(&pairs))
}

/// The document of a policy resource, or the value itself as a document.
fn document<'a>(frame: &Frame<'_, 'a>, policy: Val<'a>) -> Result<Document<'a>, Val<'a>> {
    let value = match policy {
        Val::Resource(resource) => match frame.read(resource.properties()) {
            Val::Node(properties) => match property(properties, "PolicyDocument") {
                Some(view) => return Ok(Document::read(frame.reader, view)),
                None => Val::Absent,
            },
            other => other,
        },
        Val::Node(view) => return Ok(Document::read(frame.reader, view)),
        other => other,
    };
    match value {
        Val::Unknown(_) => Err(value),
        _ => match value.to_value() {
            Some(value) => Ok(Document::parse(frame.reader, value)),
            None => Err(frame.unknown(ReasonCode::WrongShape, "policy")),
        },
    }
}

fn property<'a>(view: View<'a>, name: &str) -> Option<View<'a>> {
    view.stack.tree.get(view.node, name).map(|node| view.at(node))
}

fn answer<'a>(frame: &Frame<'_, 'a>, document: &Document<'a>, answer: &Answer<'a>) -> Val<'a> {
    // Where nothing came near, the whole policy is what was looked at.
    if let (Some(view), true) = (document.at, answer.because.is_empty()) {
        frame.see(|| Seen::Statement(view));
    }
    for view in &answer.because {
        frame.see(|| Seen::Statement(*view));
    }
    match answer.is {
        Tri::Yes => Val::Bool(true),
        Tri::No => Val::Bool(false),
        Tri::Unknown(why) => Val::Unknown(why),
    }
}
