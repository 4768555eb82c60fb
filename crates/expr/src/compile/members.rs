//! Paths: members, `has`, and the defaults of the service.

use sekisho_estate::{Node, ReasonCode, View, key_hash};
use sekisho_facts::{Kind, companion, companions, did_you_mean};

use super::defaults::{Default, is_default};
use super::{Code, Compiled, Compiler, Reading, Result, code, lasting, suggestion};
use crate::compare::{coerce, text};
use crate::frame::{Frame, Seen};
use crate::functions::PLACE;
use crate::syntax::{Expression, ExpressionError, ExpressionKind, Literal, Span};
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
        reading: Reading,
    ) -> Result<Compiled> {
        let compiled = self.part(holder, reading.of_holder())?;
        self.member_of(compiled, name, span, reading)
    }

    fn member_of(&self, compiled: Compiled, name: &str, span: Span, reading: Reading) -> Result<Compiled> {
        match &compiled.kind {
            Type::Resource(Some(kind)) => {
                let shape = kind.properties();
                let path = Path::root(*kind);
                self.property(compiled.code, shape, &path, name, span, reading)
            }
            Type::Shape(shape, path) if matches!(shape.kind(), Kind::Object | Kind::Any | Kind::Map) => {
                let (shape, path) = (*shape, path.clone());
                self.property(compiled.code, shape, &path, name, span, reading)
            }
            Type::Any | Type::Resource(None) | Type::Map => {
                Ok(Compiled { code: read_member(compiled.code, name, None, None, reading), kind: Type::Any })
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
                    Val::Companions(resource) => frame.companion(resource, companion),
                    other => absent_or_unknown(frame, other),
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
                    other => absent_or_unknown(frame, other),
                });
                Ok(Compiled { code, kind: Type::String })
            }
            Type::Record(record) => {
                let members = record.members();
                let Some((member, sort, _)) = members.iter().find(|(member, ..)| *member == name) else {
                    let known = members.iter().map(|(member, ..)| *member);
                    let message = format!("{record} has no {name}{}", suggestion(name, known));
                    return Err(ExpressionError::new(span, message));
                };
                let (holder, member) = (compiled.code, *member);
                let code = code(move |frame| match holder(frame) {
                    Val::Pairs(pairs) => {
                        if frame.notes()
                            && let Some(Val::Node(place)) = pair(pairs, PLACE)
                        {
                            frame.see_statement(place);
                        }
                        pair(pairs, member).unwrap_or(Val::Absent)
                    }
                    other => absent_or_unknown(frame, other),
                });
                Ok(Compiled { code, kind: Type::of_sort(*sort) })
            }
            other => Err(ExpressionError::new(span, format!("{other} has no members"))),
        }
    }

    fn property(
        &self,
        holder: Code,
        shape: sekisho_facts::Shape,
        path: &Path,
        name: &str,
        span: Span,
        reading: Reading,
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
        let default = if reading == Reading::Written { None } else { Default::find(&path) };
        Ok(Compiled { code: read_member(holder, name, kind.kind(), default, reading), kind })
    }

    /// Whether a member is written, whatever its value: defaults do not count on the way to it.
    pub(super) fn has(&mut self, path: &'x Expression) -> Result<Compiled> {
        let (holder, name, span) = match &path.kind {
            ExpressionKind::Member(holder, name, span) => (holder, name, *span),
            ExpressionKind::Index(holder, index) => match &index.kind {
                ExpressionKind::Literal(Literal::String(name)) => (holder, name, index.span),
                _ => return Err(ExpressionError::new(index.span, "has takes a member by its name")),
            },
            _ => return Err(ExpressionError::new(path.span, "has takes one member")),
        };
        let holder = self.part(holder, Reading::Written)?;
        if matches!(holder.kind, Type::Companions(_)) {
            let message = "has takes a property; whether there are companions, size or absent says";
            return Err(ExpressionError::new(path.span, message));
        }
        // The member itself is compiled only to check its name.
        let nothing = Compiled { code: code(|_| Val::Absent), kind: holder.kind };
        let of_attributes = matches!(nothing.kind, Type::Attributes);
        self.member_of(nothing, name, span, Reading::Written)?;
        let (holder, name, hash) = (holder.code, lasting(name.as_str()), key_hash(name.as_bytes()));
        if of_attributes {
            return Ok(Compiled {
                code: code(move |frame| match holder(frame) {
                    Val::Attributes(resource) => {
                        Val::Bool(!matches!(attribute(frame, resource, name), Val::Absent))
                    }
                    unknown @ Val::Unknown(_) => unknown,
                    _ => Val::Bool(false),
                }),
                kind: Type::Bool,
            });
        }
        let code = code(move |frame| {
            let value = holder(frame);
            let view = match members_of(frame, value) {
                Some(Ok(view)) => view,
                Some(Err(unknown)) => return unknown,
                None => {
                    return match value {
                        Val::Unknown(_) => value,
                        Val::Reference(_) | Val::Secret(_) => match text(frame, value) {
                            Val::Str(_) => Val::Bool(false),
                            _ => not_read(frame, value, name),
                        },
                        Val::Pairs(pairs) => Val::Bool(pair(pairs, name).is_some()),
                        _ => Val::Bool(false),
                    };
                }
            };
            // What a default gives is not written.
            if is_default(view) {
                return Val::Bool(false);
            }
            if let Some(node) = view.stack.tree.get_hashed(view.node, name, hash) {
                let value = frame.read(view.at(node));
                if !matches!(value, Val::Absent) {
                    frame.see(|| Seen::Value(view.at(node), value));
                    return Val::Bool(true);
                }
            }
            frame.see(|| Seen::Absent(view, name));
            Val::Bool(false)
        });
        Ok(Compiled { code, kind: Type::Bool })
    }
}

/// The map whose entries are the members of a value, or the unknown that stands for it.
pub(super) fn members_of<'a>(
    frame: &Frame<'_, 'a>,
    value: Val<'a>,
) -> Option<std::result::Result<View<'a>, Val<'a>>> {
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
    reading: Reading,
) -> Code {
    let (name, hash) = (lasting(name), key_hash(name.as_bytes()));
    let noted = reading == Reading::Value;
    code(move |frame| {
        let value = holder(frame);
        let view = match members_of(frame, value) {
            Some(Ok(view)) => view,
            Some(Err(unknown)) => return unknown,
            None => {
                return match value {
                    Val::Pairs(pairs) => pair(pairs, name).unwrap_or(Val::Absent),
                    // The holder is not written: its default may still give this member.
                    Val::Absent => match &default {
                        Some(default) => default.value(frame, None, None, name, coerced),
                        None => Val::Absent,
                    },
                    _ => not_read(frame, value, name),
                };
            }
        };
        if let Some(node) = view.stack.tree.get_hashed(view.node, name, hash) {
            let mut read = frame.read(view.at(node));
            if !matches!(read, Val::Absent) {
                if let Some(kind) = coerced {
                    read = coerce(frame, read, kind);
                }
                // A part of a default is no evidence: the default was noted as a whole.
                if noted && frame.notes() && !is_default(view) {
                    frame.see(|| Seen::Value(view.at(node), read));
                }
                return read;
            }
        }
        match &default {
            Some(default) => {
                let root = if let Val::Resource(root) = value { Some(root) } else { None };
                default.value(frame, Some(view), root, name, coerced)
            }
            None => {
                // An absent holder of a longer path is the evidence too: nothing below it is written.
                if frame.notes() && !is_default(view) {
                    frame.see(|| Seen::Absent(view, name));
                }
                Val::Absent
            }
        }
    })
}

/// The value under a key of a map written in the expression.
pub(super) fn pair<'a>(pairs: &'a [(Val<'a>, Val<'a>)], name: &str) -> Option<Val<'a>> {
    pairs.iter().find(|(key, _)| matches!(key, Val::Str(k) if *k == name)).map(|(_, value)| *value)
}

/// What reading a member gives where there are none.
pub(super) fn not_read<'a>(frame: &Frame<'_, 'a>, value: Val<'a>, name: &str) -> Val<'a> {
    match value {
        Val::Unknown(_) => value,
        Val::Reference(target) => frame.unknown(ReasonCode::AttributeAtDeploy, target.name()),
        Val::Text(text) => frame.unknown(ReasonCode::AttributeAtDeploy, text.display()),
        Val::Secret(_) => frame.unknown(ReasonCode::Secret, "value"),
        _ => frame.unknown(ReasonCode::WrongShape, name),
    }
}

/// What stands in for a resource that is not there.
pub(super) fn absent_or_unknown<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> Val<'a> {
    match value {
        Val::Absent | Val::Unknown(_) => value,
        other => not_read(frame, other, "resource"),
    }
}

fn attribute<'a>(frame: &Frame<'_, 'a>, resource: ResourceRef<'a>, name: &str) -> Val<'a> {
    let body = resource.stack.view(resource.resource.body);
    let beside = |key: &'static str| {
        let node = resource.stack.tree.get(body.node, key);
        let value = node.map_or(Val::Absent, |node| frame.read(body.at(node)));
        frame.see(|| match (node, value) {
            (Some(node), value) if !matches!(value, Val::Absent) => Seen::Value(body.at(node), value),
            _ => Seen::Absent(body, key),
        });
        coerce(frame, value, Kind::String)
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
