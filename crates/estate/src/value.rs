//! What a node is in one world.

use crate::reason::Why;
use crate::{Entry, NodeId, ResourceIndex, Stack};

/// A node together with the stack it is read in.
#[derive(Clone, Copy)]
pub struct View<'e> {
    /// The stack whose variables and conditions apply.
    pub stack: &'e Stack,
    /// The node in the stack's tree.
    pub node: NodeId,
}

impl PartialEq for View<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.stack, other.stack) && self.node == other.node
    }
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.stack.id, self.node.0)
    }
}

impl<'e> View<'e> {
    /// Entries if the node is a map.
    #[must_use]
    pub fn entries(self) -> &'e [Entry] {
        self.stack.tree.map(self.node)
    }

    /// Elements if the node is a list; some may be absent in a world.
    #[must_use]
    pub fn elements(self) -> &'e [NodeId] {
        self.stack.tree.list(self.node)
    }

    /// The view of another node of the same stack.
    #[must_use]
    pub fn at(self, node: NodeId) -> Self {
        Self { stack: self.stack, node }
    }

    /// Byte offset of the node in its source.
    #[must_use]
    pub fn offset(self) -> u32 {
        self.stack.tree.offset(self.node)
    }
}

/// A value in one world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'e> {
    /// Explicit null.
    Null,
    /// Boolean.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Number with a fraction.
    Float(f64),
    /// Text known to the last character.
    Str(&'e str),
    /// Text with parts that are known only at deployment.
    Text(&'e Text<'e>),
    /// A list as written.
    List(View<'e>),
    /// A computed list.
    Items(&'e [Value<'e>]),
    /// A map as written.
    Map(View<'e>),
    /// A resource or one of its attributes, whose value is given by AWS.
    Reference(Target<'e>),
    /// A value that must not be shown.
    Secret(View<'e>),
    /// Not written.
    Absent,
    /// Not knowable, and why.
    Unknown(Why<'e>),
}

/// What a reference points to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'e> {
    /// The stack of the resource.
    pub stack: &'e Stack,
    /// The resource.
    pub resource: ResourceIndex,
    /// The attribute, empty for what `Ref` returns.
    pub attribute: &'e str,
}

impl PartialEq for Target<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.stack, other.stack)
            && self.resource == other.resource
            && self.attribute == other.attribute
    }
}

impl<'e> Target<'e> {
    /// Logical id of the resource.
    #[must_use]
    pub fn id(self) -> &'e str {
        self.stack.text(self.stack.resource(self.resource).id)
    }

    /// Type of the resource.
    #[must_use]
    pub fn type_name(self) -> &'e str {
        self.stack.text(self.stack.resource(self.resource).type_name)
    }

    /// `Id` or `Id.Attribute`.
    #[must_use]
    pub fn name(self) -> String {
        if self.attribute.is_empty() {
            self.id().to_owned()
        } else {
            format!("{}.{}", self.id(), self.attribute)
        }
    }
}

/// Text of which some parts are not known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Text<'e> {
    /// The parts in order; no two literals are neighbours.
    pub parts: &'e [Part<'e>],
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part<'e> {
    /// Known characters.
    Literal(&'e str),
    /// The name, ARN or attribute of a resource.
    Reference(Target<'e>),
    /// A variable without a value, by its name.
    Variable(&'e str),
    /// A secret.
    Secret(View<'e>),
    /// Something else unknown.
    Unknown(Why<'e>),
}

impl<'e> Text<'e> {
    /// The known beginning.
    #[must_use]
    pub fn prefix(&self) -> &'e str {
        match self.parts.first() {
            Some(Part::Literal(text)) => text,
            _ => "",
        }
    }

    /// The known end.
    #[must_use]
    pub fn suffix(&self) -> &'e str {
        match self.parts.last() {
            Some(Part::Literal(text)) => text,
            _ => "",
        }
    }

    /// Whether this text can be equal to a literal, whatever its unknown parts are.
    #[must_use]
    pub fn can_be(&self, literal: &str) -> bool {
        let mut rest = literal;
        let mut open = false;
        for (index, part) in self.parts.iter().enumerate() {
            let Part::Literal(text) = part else {
                open = true;
                continue;
            };
            if index + 1 == self.parts.len() && open {
                return rest.ends_with(text);
            }
            if open {
                match rest.find(text) {
                    Some(at) => rest = &rest[at + text.len()..],
                    None => return false,
                }
                open = false;
            } else if let Some(after) = rest.strip_prefix(text) {
                rest = after;
            } else {
                return false;
            }
        }
        open || rest.is_empty()
    }

    /// The text with its unknown parts as placeholders, for people.
    #[must_use]
    pub fn display(&self) -> String {
        let mut out = String::new();
        for part in self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Reference(target) => {
                    out.push_str("${");
                    out.push_str(&target.name());
                    out.push('}');
                }
                Part::Variable(name) => {
                    out.push_str("${");
                    out.push_str(name);
                    out.push('}');
                }
                Part::Secret(_) => out.push_str("***"),
                Part::Unknown(_) => out.push_str("${?}"),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_holes_matches_what_it_can_become() {
        let parts = [Part::Literal("arn:"), Part::Variable("AWS::Partition"), Part::Literal(":s3:::x")];
        let text = Text { parts: &parts };
        assert!(text.can_be("arn:aws-cn:s3:::x"));
        assert!(!text.can_be("arn:aws:s3:::y"));
        assert!(!text.can_be("arn"));
        assert_eq!(text.display(), "arn:${AWS::Partition}:s3:::x");
    }
}
