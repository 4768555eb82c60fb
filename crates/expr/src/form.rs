//! What a reference can become: the form of names, ids and ARNs that AWS gives.
//!
//! `!Ref` and `Fn::GetAtt` of a resource that is only declared have no value yet, but not any
//! value either: the ARN of a managed policy begins with `arn:` and ends in its path and name,
//! and a name that CloudFormation makes is never `AdministratorAccess`. The forms are data
//! (`facts/hand/identity`). Each question is O(length of the text squared), for texts up to
//! [`MAX_TEXT`] bytes.
//!
//! Source: CloudFormation User Guide, "Name type": a name that is not written is made of the
//! name of the stack, the logical id and characters at random, with hyphens between them.

use sekisho_estate::{Target, Value, key_hash};
use sekisho_facts::{Identity, RefReturns, identity};

use crate::frame::Frame;

/// Longer texts are not compared with a form.
const MAX_TEXT: usize = 2048;

/// A part of a form.
#[derive(Clone, Copy, Debug)]
enum Piece<'a> {
    /// Known text.
    Literal(&'a str),
    /// Something, at least one character.
    Any,
    /// Something without a colon or slash: a partition, a region, an account.
    Part,
    /// A name that CloudFormation makes: a part with a hyphen.
    Made,
}

impl Piece<'_> {
    /// Whether the piece, which is no literal, can be exactly this text.
    fn can_be(self, text: &str) -> bool {
        !text.is_empty() && self.can_hold(text) && (!matches!(self, Self::Made) || text.contains('-'))
    }

    /// Whether this text can stand somewhere in the piece.
    fn can_hold(self, text: &str) -> bool {
        matches!(self, Self::Any) || !text.contains([':', '/'])
    }
}

/// The form of what a reference gives.
#[derive(Debug)]
pub(crate) struct Form<'a>(Vec<Piece<'a>>);

impl<'a> Form<'a> {
    /// The form of a reference, if there is a rule for it.
    pub(crate) fn of(frame: &Frame<'_, 'a>, target: Target<'a>) -> Option<Self> {
        let identity = identity(target.type_name())?;
        let own = target.type_name().rsplit("::").next().unwrap_or_default();
        let (plain, attribute) = (target.attribute.is_empty(), target.attribute);
        let is_arn = attribute == "Arn" || attribute.strip_suffix("Arn") == Some(own);
        Some(Self(match identity.returns {
            RefReturns::Name if plain => vec![name(frame, target, &identity)],
            RefReturns::Arn if plain => arn(frame, target, &identity)?,
            RefReturns::Id if plain => vec![id(target)],
            RefReturns::Attribute(_) if plain => return None,
            _ if is_arn => {
                let mut pieces = arn(frame, target, &identity)?;
                // The ARN that a log group gives ends in `:*`.
                if target.type_name() == "AWS::Logs::LogGroup" {
                    pieces.push(Piece::Literal(":*"));
                }
                pieces
            }
            _ if identity.name == Some(attribute) => vec![name(frame, target, &identity)],
            _ => return None,
        }))
    }

    /// Whether the reference can become this text.
    pub(crate) fn can_be(&self, text: &str) -> bool {
        text.len() > MAX_TEXT || is(&self.0, text)
    }

    /// What `startsWith`, `endsWith` or `contains` say, where the form decides.
    pub(crate) fn decides(&self, method: &str, needle: &str) -> Option<bool> {
        if needle.is_empty() {
            return Some(true);
        }
        if needle.len() > MAX_TEXT {
            return None;
        }
        let literal = |piece: Option<&Piece<'a>>| match piece {
            Some(Piece::Literal(text)) => *text,
            _ => "",
        };
        let (known, possible) = match method {
            "startsWith" => (literal(self.0.first()).starts_with(needle), begins(&self.0, needle)),
            "endsWith" => (literal(self.0.last()).ends_with(needle), ends(&self.0, needle)),
            _ => (self.0.iter().any(|piece| literal(Some(piece)).contains(needle)), true),
        };
        match (known, possible) {
            (true, _) => Some(true),
            (false, false) => Some(false),
            (false, true) => None,
        }
    }
}

/// An id that AWS gives. That of a KMS key is a UUID, or `mrk-` and hexadecimal digits: no alias,
/// which has a slash.
///
/// Source: KMS Developer Guide, "Key identifiers (KeyId)".
fn id<'a>(target: Target<'a>) -> Piece<'a> {
    match target.type_name() {
        "AWS::KMS::Key" | "AWS::KMS::ReplicaKey" => Piece::Part,
        _ => Piece::Any,
    }
}

/// The name of a resource: as written, or made by CloudFormation.
fn name<'a>(frame: &Frame<'_, 'a>, target: Target<'a>, identity: &Identity) -> Piece<'a> {
    if identity.returns == RefReturns::Name
        && let Some(Value::Str(name)) = frame.reader.referenced_value(Target { attribute: "", ..target })
    {
        return Piece::Literal(name);
    }
    match identity.name.map(|property| written(frame, target, property)) {
        Some(Value::Str(name)) => Piece::Literal(name),
        Some(Value::Absent) => Piece::Made,
        _ => Piece::Any,
    }
}

fn arn<'a>(frame: &Frame<'_, 'a>, target: Target<'a>, identity: &Identity) -> Option<Vec<Piece<'a>>> {
    let form = identity.arn?;
    let mut pieces = Vec::new();
    for (index, piece) in form.split(['{', '}']).enumerate() {
        // Between braces stands a name, outside text.
        pieces.push(match piece {
            "" => continue,
            text if index % 2 == 0 => Piece::Literal(text),
            "partition" | "region" | "account" => Piece::Part,
            "name" => match name(frame, target, identity) {
                // In the ARN of a parameter the slash before its name stands only once.
                Piece::Literal(name) if target.type_name() == "AWS::SSM::Parameter" => {
                    Piece::Literal(name.strip_prefix('/').unwrap_or(name))
                }
                name => name,
            },
            "id" => id(target),
            property => match written(frame, target, property) {
                Value::Str(text) => Piece::Literal(text),
                // A path that is not written is a slash.
                Value::Absent if property == "Path" => Piece::Literal("/"),
                _ => Piece::Any,
            },
        });
    }
    Some(join(frame, pieces))
}

/// Neighbouring literals as one.
fn join<'a>(frame: &Frame<'_, 'a>, pieces: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
    let mut joined: Vec<Piece<'a>> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Literal(before)), Piece::Literal(text)) => {
                *before = frame.bump().alloc_str(&format!("{before}{text}"));
            }
            _ => joined.push(piece),
        }
    }
    joined
}

fn written<'a>(frame: &Frame<'_, 'a>, target: Target<'a>, property: &str) -> Value<'a> {
    let resource = target.stack.resource(target.resource);
    match frame.reader.resolve(target.stack.view(resource.properties)) {
        Value::Map(map) => frame.reader.member(map, property, key_hash(property.as_bytes())).0,
        Value::Unknown(why) => Value::Unknown(why),
        _ => Value::Absent,
    }
}

/// Where a text can be divided, without its two ends.
fn cuts(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().map(|(at, _)| at).skip(1)
}

fn is(pieces: &[Piece<'_>], text: &str) -> bool {
    match pieces {
        [] => text.is_empty(),
        [Piece::Literal(literal), rest @ ..] => text.strip_prefix(literal).is_some_and(|text| is(rest, text)),
        [piece] => piece.can_be(text),
        [piece, rest @ ..] => cuts(text).any(|at| piece.can_be(&text[..at]) && is(rest, &text[at..])),
    }
}

fn begins(pieces: &[Piece<'_>], needle: &str) -> bool {
    match pieces {
        _ if needle.is_empty() => true,
        [] => false,
        [Piece::Literal(literal), ..] if literal.len() >= needle.len() => literal.starts_with(needle),
        [Piece::Literal(literal), rest @ ..] => needle.strip_prefix(literal).is_some_and(|n| begins(rest, n)),
        [piece, rest @ ..] => {
            piece.can_hold(needle)
                || cuts(needle).any(|at| piece.can_be(&needle[..at]) && begins(rest, &needle[at..]))
        }
    }
}

fn ends(pieces: &[Piece<'_>], needle: &str) -> bool {
    match pieces {
        _ if needle.is_empty() => true,
        [] => false,
        [.., Piece::Literal(literal)] if literal.len() >= needle.len() => literal.ends_with(needle),
        [rest @ .., Piece::Literal(literal)] => needle.strip_suffix(literal).is_some_and(|n| ends(rest, n)),
        [rest @ .., piece] => {
            piece.can_hold(needle)
                || cuts(needle).any(|at| piece.can_be(&needle[at..]) && ends(rest, &needle[..at]))
        }
    }
}
