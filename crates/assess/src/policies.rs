//! Questions on policy documents, asked by controls.

use sekisho_estate::{ReasonCode, Target, View};
use sekisho_expr::{Frame, Seen, Val};
use sekisho_policy::{Answer, Document, Pattern, ResourceScope, Tri};

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
