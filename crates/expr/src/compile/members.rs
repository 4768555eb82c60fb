//! Paths: members, indices, `has`, and the defaults of the service.

use sekisho_estate::{Node, ReasonCode, View, key_hash};
use sekisho_facts::{Kind, companion, companions, did_you_mean};

use super::defaults::Default;
use super::{Code, Compiled, Compiler, Result, code, suggestion};
use crate::compare::coerce;
use crate::frame::{Frame, Seen};
use crate::syntax::{Expression, ExpressionError, ExpressionKind, Span};
use crate::types::{Path, Type};
use crate::value::{ResourceRef, Val};

/// Names under `attributes(r)`.
const ATTRIBUTES: [&str; 5] = ["id", "type", "stack", "deletion_policy", "update_replace_policy"];

impl<'x> Compiler<'x> {
    pub(super) fn member(
        &mut self,
        holder: &'x Expression,
        name: &str,
        span: Span,
        noted: bool,
    ) -> Result<Compiled> {
        let compiled = self.holder(holder)?;
        match &compiled.kind {
            Type::Resource(Some(kind)) => {
                let shape = kind.properties();
                let path = Path::root(*kind);
                self.property(compiled.code, shape, &path, name, span, noted)
            }
            Type::Shape(shape, path) if matches!(shape.kind(), Kind::Object | Kind::Any | Kind::Map) => {
                let (shape, path) = (*shape, path.clone());
                self.property(compiled.code, shape, &path, name, span, noted)
            }
            Type::Any | Type::Resource(None) | Type::Map => {
                Ok(Compiled { code: read_member(compiled.code, name, None, None, noted), kind: Type::Any })
            }
            Type::Companions(kind) => {
                let Some(companion) = companion(kind.name(), name) else {
                    let known = companions(kind.name()).iter().map(|c| c.member);
                    let message =
                        format!("{} has no companions named {name}{}", kind.name(), suggestion(name, known));
                    return Err(ExpressionError::new(span, message));
                };
                let of = Type::Resource(sekisho_facts::resource_type(companion.from));
                let holder = compiled.code;
                let code = code(move |frame| match holder(frame) {
                    Val::Companions(resource) => frame.host.companion(frame, resource, companion),
                    other => other,
                });
                Ok(Compiled { code, kind: if companion.many { Type::List(Box::new(of)) } else { of } })
            }
            Type::Attributes => {
                if !ATTRIBUTES.contains(&name) {
                    let message = format!("attributes have no {name}{}", suggestion(name, ATTRIBUTES));
                    return Err(ExpressionError::new(span, message));
                }
                let (holder, name) = (compiled.code, name.to_owned());
                let code = code(move |frame| match holder(frame) {
                    Val::Attributes(resource) => attribute(frame, resource, &name),
                    other => other,
                });
                Ok(Compiled { code, kind: Type::String })
            }
            other => Err(ExpressionError::new(span, format!("a {} has no members", other.name()))),
        }
    }

    fn property(
        &self,
        holder: Code,
        shape: sekisho_facts::Shape,
        path: &Path,
        name: &str,
        span: Span,
        noted: bool,
    ) -> Result<Compiled> {
        let path = path.step(name);
        let kind = match shape.field(name) {
            Some(field) => Type::of(field, path.clone()),
            None if shape.kind() == Kind::Map => {
                shape.item().map_or(Type::Any, |i| Type::of(i, path.clone()))
            }
            None if shape.closed() => {
                let at = path.pointer.rsplit_once('/').map_or("", |(before, _)| before);
                let near = did_you_mean(name, shape.fields().map(|(n, _)| n));
                let message = format!(
                    "{}{} has no property {name}{}",
                    path.root.name(),
                    if at.is_empty() { String::new() } else { format!(" at {at}") },
                    near.map_or(String::new(), |n| format!("; did you mean {n}?"))
                );
                return Err(ExpressionError::new(span, message));
            }
            None => Type::Any,
        };
        let default = Default::find(&path);
        let coerced = match &kind {
            Type::Bool => Some(Kind::Boolean),
            Type::Int => Some(Kind::Integer),
            Type::Double => Some(Kind::Number),
            Type::String => Some(Kind::String),
            _ => None,
        };
        Ok(Compiled { code: read_member(holder, name, coerced, default, noted), kind })
    }

    pub(super) fn index(&mut self, holder: &'x Expression, index: &'x Expression) -> Result<Compiled> {
        if let ExpressionKind::Literal(crate::syntax::Literal::String(name)) = &index.kind {
            return self.member(holder, name, index.span, true);
        }
        let range = self.expression(holder)?;
        let Some(element) = range.kind.element() else {
            let message = format!("a {} has no elements", range.kind.name());
            return Err(ExpressionError::new(holder.span, message));
        };
        let at = self.expression(index)?;
        if !Type::Int.comparable(&at.kind) {
            return Err(ExpressionError::new(index.span, "expected a whole number"));
        }
        let (range, at) = (range.code, at.code);
        let code = code(move |frame| {
            let items = match frame.elements(range(frame)) {
                Ok((items, _)) => items,
                Err(value) => return value,
            };
            match at(frame) {
                Val::Int(i) => {
                    usize::try_from(i).ok().and_then(|i| items.get(i)).copied().unwrap_or(Val::Absent)
                }
                unknown @ Val::Unknown(_) => unknown,
                _ => frame.unknown(ReasonCode::WrongShape, "index"),
            }
        });
        Ok(Compiled { code, kind: element })
    }

    /// Whether a member is written, whatever its value.
    pub(super) fn has(&mut self, path: &'x Expression) -> Result<Compiled> {
        let (holder, name, span) = match &path.kind {
            ExpressionKind::Member(holder, name, span) => (holder, name, *span),
            ExpressionKind::Index(holder, index) => match &index.kind {
                ExpressionKind::Literal(crate::syntax::Literal::String(name)) => (holder, name, index.span),
                _ => return Err(ExpressionError::new(index.span, "has takes a member by its name")),
            },
            _ => return Err(ExpressionError::new(path.span, "has takes one member")),
        };
        // Compiled once only to check the path.
        self.member(holder, name, span, false)?;
        let holder = self.holder(holder)?.code;
        let (name, hash) = (name.clone(), key_hash(name.as_bytes()));
        let code = code(move |frame| {
            let value = holder(frame);
            let Some(view) = members_of(frame, value) else {
                return match value {
                    Val::Unknown(_) => value,
                    _ => Val::Bool(false),
                };
            };
            let view = match view {
                Ok(view) => view,
                Err(unknown) => return unknown,
            };
            match view.stack.tree.get_hashed(view.node, &name, hash) {
                Some(node) => match frame.read(view.at(node)) {
                    Val::Absent => {
                        frame.see(|| Seen::Absent(view, frame.bump().alloc_str(&name)));
                        Val::Bool(false)
                    }
                    value => {
                        frame.see(|| Seen::Value(view.at(node), value));
                        Val::Bool(true)
                    }
                },
                None => {
                    frame.see(|| Seen::Absent(view, frame.bump().alloc_str(&name)));
                    Val::Bool(false)
                }
            }
        });
        Ok(Compiled { code, kind: Type::Bool })
    }
}

/// The map whose entries are the members of a value, or the unknown that stands for it.
fn members_of<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> Option<std::result::Result<View<'a>, Val<'a>>> {
    match value {
        Val::Resource(resource) => match frame.reader.resolve(resource.properties()) {
            sekisho_estate::Value::Map(view) => Some(Ok(view)),
            sekisho_estate::Value::Unknown(why) => Some(Err(Val::Unknown(why))),
            // A resource may be declared without properties; its declaration stands for the place.
            _ => Some(Ok(resource.stack.view(resource.resource.properties))),
        },
        Val::Node(view) if matches!(view.stack.tree.node(view.node), Node::Map(_)) => Some(Ok(view)),
        _ => None,
    }
}

/// Reads a member; an absent one gives the service's default as of its date.
fn read_member(
    holder: Code,
    name: &str,
    coerced: Option<Kind>,
    default: Option<Default>,
    noted: bool,
) -> Code {
    let (name, hash) = (name.to_owned(), key_hash(name.as_bytes()));
    code(move |frame| {
        let value = holder(frame);
        let view = match members_of(frame, value) {
            Some(Ok(view)) => view,
            Some(Err(unknown)) => return unknown,
            None => {
                return match value {
                    Val::Unknown(_) => value,
                    Val::Pairs(pairs) => pairs
                        .iter()
                        .find(|(key, _)| matches!(key, Val::Str(k) if *k == name))
                        .map_or(Val::Absent, |(_, v)| *v),
                    // The holder is not written: its default may still give this member.
                    Val::Absent => match &default {
                        Some(default) => default.value(frame, None, None, &name, noted, coerced),
                        None => Val::Absent,
                    },
                    Val::Reference(target) => frame.unknown(ReasonCode::AttributeAtDeploy, target.name()),
                    Val::Text(text) => frame.unknown(ReasonCode::AttributeAtDeploy, text.display()),
                    _ => frame.unknown(ReasonCode::WrongShape, name.as_str()),
                };
            }
        };
        if let Some(node) = view.stack.tree.get_hashed(view.node, &name, hash) {
            let mut read = frame.read(view.at(node));
            if !matches!(read, Val::Absent) {
                if let Some(kind) = coerced {
                    read = coerce(frame, read, kind);
                }
                if noted {
                    frame.see(|| Seen::Value(view.at(node), read));
                }
                return read;
            }
        }
        match &default {
            Some(default) => {
                let root = if let Val::Resource(root) = value { Some(root) } else { None };
                default.value(frame, Some(view), root, &name, noted, coerced)
            }
            None => {
                // An absent holder of a longer path is the evidence too: nothing below it is written.
                frame.see(|| Seen::Absent(view, frame.bump().alloc_str(&name)));
                Val::Absent
            }
        }
    })
}

fn attribute<'a>(frame: &Frame<'_, 'a>, resource: ResourceRef<'a>, name: &str) -> Val<'a> {
    let beside = |key: &str| match resource.stack.tree.get(resource.resource.body, key) {
        Some(node) => frame.read(resource.stack.view(node)),
        None => Val::Absent,
    };
    match name {
        "id" => Val::Str(resource.name()),
        "type" => Val::Str(resource.type_name()),
        "stack" => Val::Str(&resource.stack.id),
        "deletion_policy" => beside("DeletionPolicy"),
        "update_replace_policy" => beside("UpdateReplacePolicy"),
        _ => Val::Absent,
    }
}
