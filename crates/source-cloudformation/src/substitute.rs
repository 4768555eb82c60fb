//! `Fn::Sub`, and dynamic references inside text.
//!
//! Both cut a text into pieces. A piece that is written is a span of the source; nothing is
//! copied.

use sekisho_estate::{Node, NodeId, Operation, Range, ReasonCode, Span};

use crate::function::Function;
use crate::lower::{Lowering, subspan};

/// How a dynamic reference begins.
const DYNAMIC: &str = "{{resolve:";

/// A piece of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece {
    /// Written characters.
    Text(Span),
    /// A variable of `Fn::Sub` by its name.
    Name(Span),
    /// A node that is lowered already.
    Node(NodeId),
    /// A value that stands nowhere else.
    Made(Node),
}

impl Lowering<'_> {
    /// Whether a text may have a dynamic reference in it.
    pub(crate) fn is_dynamic(&self, span: Span) -> bool {
        // Decoded text (escapes, folded lines) may hold one though the source does not.
        (self.dynamic || span.start >= self.source_len)
            && span.len as usize > DYNAMIC.len()
            && self.stack.tree.text(span).contains(DYNAMIC)
    }

    /// `Fn::Sub`.
    ///
    /// AWS: Template Reference, "Fn::Sub": `${Name}`, `${Resource.Attribute}`, variables of its
    /// own in the list form, `${!Literal}` for `${Literal}`.
    pub(crate) fn sub(&mut self, id: NodeId, argument: NodeId, depth: u32) {
        let (text, variables) = match self.stack.tree.node(argument) {
            Node::List(range) if (1..=2).contains(&range.len) => {
                let children = self.stack.tree.children(range);
                (children[0], children.get(1).copied())
            }
            _ => (argument, None),
        };
        if let Some(variables) = variables {
            let Node::Map(range) = self.stack.tree.node(variables) else {
                return self.invalid(id, Function::Sub);
            };
            for index in 0..range.len as usize {
                let value = self.stack.tree.entries(range)[index].value;
                self.lower(value, depth + 1);
            }
        }
        let Node::String(span) = self.stack.tree.node(text) else {
            if self.is_literal(text)
                || matches!(self.stack.tree.node(text), Node::Operation { .. } | Node::Secret(_))
            {
                return self.point(id, text);
            }
            // What a tool before CloudFormation would have made a text of (`!Rain::Embed`).
            if let Node::Tagged { .. } | Node::Map(_) = self.stack.tree.node(text) {
                self.lower(text, depth + 1);
                if let Node::Unknown(_) | Node::Tagged { .. } = self.stack.tree.node(text) {
                    return self.point(id, text);
                }
            }
            return self.invalid(id, Function::Sub);
        };
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.clear();
        if self.cut(span, &mut pieces) {
            self.note(id, "a variable of Fn::Sub has characters that no name has; write ${!…} for text");
        }
        if self.is_dynamic(span) {
            let cut = std::mem::take(&mut pieces);
            pieces = self.merge_dynamic(cut, variables);
        }
        self.assemble(id, text, &pieces, variables);
        self.pieces = pieces;
    }

    /// Cuts a text at its variables; true when one cannot be the name of anything.
    fn cut(&self, span: Span, pieces: &mut Vec<Piece>) -> bool {
        let text = self.stack.tree.text(span);
        let mut literal = 0;
        let mut at = 0;
        let mut bad = false;
        let push_text = |pieces: &mut Vec<Piece>, from: usize, to: usize| {
            if to > from {
                pieces.push(Piece::Text(subspan(span, from, to - from)));
            }
        };
        while let Some(found) = memchr::memmem::find(&text.as_bytes()[at..], b"${") {
            let open = at + found;
            let inner = open + 2;
            if text[inner..].starts_with('!') {
                push_text(pieces, literal, inner);
                literal = inner + 1;
                at = literal;
                continue;
            }
            let Some(close) = memchr::memchr(b'}', &text.as_bytes()[inner..]) else { break };
            let name = &text[inner..inner + close];
            let trimmed = name.trim();
            if trimmed.is_empty() {
                at = inner;
                continue;
            }
            push_text(pieces, literal, open);
            let start = inner + (name.len() - name.trim_start().len());
            bad |= !trimmed.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':'));
            pieces.push(Piece::Name(subspan(span, start, trimmed.len())));
            literal = inner + close + 1;
            at = literal;
        }
        push_text(pieces, literal, text.len());
        bad
    }

    /// Makes a node of the pieces of its text.
    fn assemble(&mut self, id: NodeId, source: NodeId, pieces: &[Piece], variables: Option<NodeId>) {
        match pieces {
            [] => {
                let span = self.stack.tree.add_text("");
                return self.stack.tree.set(id, Node::String(span));
            }
            [Piece::Text(span)] => return self.stack.tree.set(id, Node::String(*span)),
            [Piece::Made(node)] => return self.stack.tree.set(id, *node),
            [Piece::Name(name)] => {
                return match self.variable(*name, variables) {
                    Some(value) => self.point(id, value),
                    None => {
                        let node = self.name_of_sub(*name, id);
                        self.stack.tree.set(id, node);
                    }
                };
            }
            _ => {}
        }
        if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
            let mut text = String::new();
            for piece in pieces {
                if let Piece::Text(span) = piece {
                    text.push_str(self.stack.tree.text(*span));
                }
            }
            let span = self.stack.tree.add_text(&text);
            return self.stack.tree.set(id, Node::String(span));
        }
        let offset = self.stack.tree.offset(source);
        let mut operands = Vec::with_capacity(pieces.len());
        for &piece in pieces {
            operands.push(match piece {
                Piece::Text(span) => {
                    let at = self.place(span, offset);
                    self.stack.tree.push(Node::String(span), at)
                }
                Piece::Name(name) => match self.variable(name, variables) {
                    Some(value) => value,
                    None => {
                        let at = self.place(name, offset);
                        let node = self.stack.tree.push(Node::Null, at);
                        let named = self.name_of_sub(name, node);
                        self.stack.tree.set(node, named);
                        node
                    }
                },
                Piece::Node(node) => node,
                Piece::Made(node) => self.stack.tree.push(node, offset),
            });
        }
        let operands = self.stack.tree.add_children(&operands);
        self.stack.tree.set(id, Node::Operation { operation: Operation::Concat, operands });
    }

    /// Where a span stands in the source.
    fn place(&self, span: Span, otherwise: u32) -> u32 {
        if span.start < self.source_len { span.start } else { otherwise }
    }

    /// The value of a variable that `Fn::Sub` itself declares.
    fn variable(&self, name: Span, variables: Option<NodeId>) -> Option<NodeId> {
        self.stack.tree.get(variables?, self.stack.tree.text(name))
    }

    fn name_of_sub(&mut self, name: Span, id: NodeId) -> Node {
        let text = self.stack.tree.text(name);
        match text.find('.') {
            Some(dot) if dot > 0 => {
                let attribute = subspan(name, dot + 1, text.len() - dot - 1);
                self.attribute_of(subspan(name, 0, dot), attribute, id)
            }
            _ => self.named(name, id),
        }
    }

    /// A text with dynamic references in it.
    ///
    /// AWS: User Guide, "Using dynamic references to specify template values":
    /// `{{resolve:service-name:reference-key}}` anywhere in a string.
    pub(crate) fn dynamic_string(&mut self, id: NodeId, span: Span) {
        let pieces = self.merge_dynamic(vec![Piece::Text(span)], None);
        if !matches!(pieces.as_slice(), [Piece::Text(_)]) {
            self.assemble(id, id, &pieces, None);
        }
    }

    /// Whether a list that is joined has the beginning of a dynamic reference in one element.
    pub(crate) fn joins_dynamic(&self, items: Range) -> bool {
        self.stack.tree.children(items).iter().any(|&item| match self.stack.tree.node(item) {
            Node::String(span) => self.is_dynamic(span),
            _ => false,
        })
    }

    /// `Fn::Join` whose elements together are a dynamic reference, as the CDK writes them.
    pub(crate) fn join_dynamic(&mut self, id: NodeId, between: Span, items: Range) {
        let mut pieces = Vec::new();
        for (index, &item) in self.stack.tree.children(items).iter().enumerate() {
            if index > 0 && between.len > 0 {
                pieces.push(Piece::Text(between));
            }
            pieces.push(match self.stack.tree.node(item) {
                Node::String(span) => Piece::Text(span),
                _ => Piece::Node(item),
            });
        }
        let pieces = self.merge_dynamic(pieces, None);
        self.assemble(id, id, &pieces, None);
    }

    /// Puts one piece where the pieces of a dynamic reference are.
    fn merge_dynamic(&mut self, pieces: Vec<Piece>, variables: Option<NodeId>) -> Vec<Piece> {
        let mut out = Vec::new();
        // What stands since the reference was opened, and how it reads.
        let mut open: Option<(Vec<Piece>, String)> = None;
        for piece in pieces {
            let Piece::Text(mut span) = piece else {
                match &mut open {
                    Some((held, shown)) => {
                        shown.push_str("${…}");
                        held.push(piece);
                    }
                    None => out.push(piece),
                }
                continue;
            };
            while span.len > 0 {
                let text = self.stack.tree.text(span);
                match &mut open {
                    None => {
                        let at = text.find(DYNAMIC).unwrap_or(text.len());
                        if at > 0 {
                            out.push(Piece::Text(subspan(span, 0, at)));
                        }
                        if at < text.len() {
                            open = Some((Vec::new(), String::new()));
                        }
                        span = subspan(span, at, text.len() - at);
                    }
                    Some((held, shown)) => match text.find("}}") {
                        None => {
                            shown.push_str(text);
                            held.push(Piece::Text(span));
                            break;
                        }
                        Some(end) => {
                            shown.push_str(&text[..end + 2]);
                            let rest = subspan(span, end + 2, text.len() - end - 2);
                            let held = std::mem::take(held);
                            let shown = std::mem::take(shown);
                            open = None;
                            self.refer_from(&held, variables);
                            let node = self.dynamic_node(&shown);
                            out.push(Piece::Made(node));
                            span = rest;
                        }
                    },
                }
            }
        }
        if let Some((held, _)) = open {
            // Never closed: text as it stands.
            out.extend(held);
        }
        out
    }

    /// Records what the pieces inside a dynamic reference refer to: they are in no value.
    fn refer_from(&mut self, pieces: &[Piece], variables: Option<NodeId>) {
        for piece in pieces {
            if let Piece::Name(name) = *piece
                && self.variable(name, variables).is_none()
            {
                let node = self.stack.tree.push(Node::Null, self.place(name, 0));
                let named = self.name_of_sub(name, node);
                self.stack.tree.set(node, named);
            }
        }
    }

    /// What a dynamic reference is: a secret, unless the service keeps plain text.
    ///
    /// AWS: User Guide, "Using dynamic references to specify template values": `ssm` is plain
    /// text, `ssm-secure` and `secretsmanager` are not.
    fn dynamic_node(&mut self, shown: &str) -> Node {
        let service = shown[DYNAMIC.len()..].split([':', '}']).next().unwrap_or_default();
        match service {
            "ssm" => self.unknown(ReasonCode::DynamicReference, shown),
            "secretsmanager" | "ssm-secure" => {
                let masked = format!("{DYNAMIC}{service}:***}}}}");
                Node::Secret(self.stack.tree.add_text(&masked))
            }
            _ => Node::Secret(self.stack.tree.add_text("{{resolve:***}}")),
        }
    }
}
