//! Whether a text carries a secret: a secret parameter, a secret dynamic reference, or a
//! credential written out. The text itself is never shown.

use sekisho_detect::{assigns_secret, credential};
use sekisho_estate::{Part, Reason, ReasonCode};
use sekisho_expr::{Frame, Seen, Val};

/// The answer for a value, noting what was found where the argument was read.
pub(crate) fn carries<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> Val<'a> {
    let (found, unknown) = look(value);
    // What was read is replaced by what was found in it: the text must not be shown.
    frame.replace_last(|view| Seen::Found(view, frame.bump().alloc_str(found.as_deref().unwrap_or(""))));
    match (found, unknown) {
        (Some(_), _) => Val::Bool(true),
        (None, Some(why)) => frame.unknown(why.code, &*why.subject),
        (None, None) => Val::Bool(false),
    }
}

fn look(value: Val<'_>) -> (Option<String>, Option<Reason>) {
    match value {
        Val::Secret(_) => (Some("secret value".into()), None),
        Val::Str(text) => (named(text), None),
        Val::Text(text) => {
            let mut unknown = None;
            let mut before = "";
            for part in text.parts {
                match part {
                    Part::Literal(literal) => {
                        before = literal;
                        if let Some(found) = named(literal) {
                            return (Some(found), None);
                        }
                    }
                    Part::Secret(view) => return (Some(secret_name(*view)), None),
                    Part::Variable(name) if assigns_secret(before) => {
                        return (Some(format!("parameter {name}")), None);
                    }
                    Part::Unknown(why) => unknown = unknown.or(Some(why.to_reason())),
                    Part::Variable(_) | Part::Reference(_) => {}
                }
            }
            (None, unknown)
        }
        Val::Unknown(why) => (None, Some(why.to_reason())),
        Val::Absent | Val::Null | Val::Bool(_) | Val::Int(_) | Val::Double(_) | Val::Reference(_) => {
            (None, None)
        }
        _ => (None, Some(Reason::new(ReasonCode::WrongShape, "text"))),
    }
}

fn secret_name(view: sekisho_estate::View<'_>) -> String {
    match view.stack.tree.node(view.node) {
        sekisho_estate::Node::Variable(variable) => {
            format!("parameter {}", view.stack.variables[variable as usize].name)
        }
        sekisho_estate::Node::Secret(span) => view.stack.text(span).to_owned(),
        _ => "secret value".into(),
    }
}

/// What the credential is that a text holds.
fn named(text: &str) -> Option<String> {
    credential(text).map(|found| found.kind.label[0].to_owned())
}
