//! From the text of a `.tf` file to its [`syntax`](crate::syntax).
//!
//! `hcl-edit` parses; it bounds nesting and chains of operators itself. What it calls a
//! syntax error costs the block that holds it: the block is blanked out and the rest of
//! the file is read again. The parser tells the place of the first thing that it could not
//! go on with, often only the beginning of the block, or the end of the file where a brace
//! is missing; so the blocks around it are read alone, and their bodies, to find the place
//! that a person would point to. Linear in the file, times the number of broken blocks (at
//! most [`MAX_BROKEN`]).

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use hcl_edit::expr::{BinaryOperator, Expression, ObjectKey, Traversal, TraversalOperator, UnaryOperator};
use hcl_edit::structure::{Body as HclBody, Structure};
use hcl_edit::template::{Directive, Element, Strip, Template};
use hcl_edit::{Ident, Span};

use crate::functions;
use crate::syntax::{Attribute, Block, Body, Dynamic, Expr, For, Kind, Operator, Piece, Root};
use crate::value::{Number, Value};

/// So many broken blocks of one file are blanked out; then the file is given up.
const MAX_BROKEN: usize = 20;
/// So many keys of objects that stand twice are told apart in one file.
const MAX_RENAMED: usize = 100;

/// A syntax error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SyntaxProblem {
    pub(crate) offset: u32,
    pub(crate) message: String,
}

/// Reads a file; what cannot be read is said and left out.
pub(crate) fn file(text: &str, file: u32) -> (Body, Vec<SyntaxProblem>) {
    let mut problems = Vec::new();
    // Offsets are those of the text with the mark.
    let blanked = text.strip_prefix('\u{feff}').map(|rest| format!("   {rest}"));
    let mut source = std::borrow::Cow::Borrowed(blanked.as_deref().unwrap_or(text));
    let mut renamed = HashMap::new();
    loop {
        let error = match source.parse::<HclBody>() {
            Ok(body) => return (Lowerer { file, renamed, ..Lowerer::default() }.body(&body), problems),
            Err(error) => error,
        };
        let offset = error.location().offset();
        if error.message().contains("redefined object key")
            && let Some((again, name)) = rename(&source, offset, renamed.len())
        {
            renamed.insert(offset as u32, name);
            source = std::borrow::Cow::Owned(again);
            continue;
        }
        let (broken, offset, message) = blame(&source, offset, error.message());
        let given_up = problems.len() >= MAX_BROKEN || source[broken.clone()].trim().is_empty();
        let lost = match what(&source[broken.clone()]) {
            Some(what) if !given_up => format!("{what} is left out"),
            _ => "the whole file is left out".to_owned(),
        };
        let message = format!("{message}; {lost} until it is corrected");
        problems.push(SyntaxProblem { offset: offset as u32, message });
        if given_up {
            return (Body::default(), problems);
        }
        let mut text = source.into_owned();
        let blank: String =
            text[broken.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
        text.replace_range(broken, &blank);
        source = std::borrow::Cow::Owned(text);
    }
}

/// The text with a key of an object renamed, and what the key was. In Terraform the last of
/// equal keys counts; the parser refuses them, so they are told apart until it is done.
fn rename(source: &str, offset: usize, count: usize) -> Option<(String, String)> {
    let rest = source.get(offset..)?;
    let (from, name) = match rest.strip_prefix('"') {
        Some(quoted) => (offset + 1, quoted.split('"').next()?),
        None => (offset, rest.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).next()?),
    };
    // No more than there are names of this length to take.
    if name.is_empty() || count >= MAX_RENAMED || !name.is_ascii() || name.contains(['$', '%', '\\']) {
        return None;
    }
    let mut other = String::with_capacity(name.len());
    let mut left = count;
    for _ in 0..name.len() {
        other.push(char::from(b'a' + (left % 26) as u8));
        left /= 26;
    }
    if other == name {
        other = "z".repeat(name.len());
    }
    let mut again = source.to_owned();
    again.replace_range(from..from + name.len(), &other);
    Some((again, name.to_owned()))
}

/// An expression alone: a value of the command line.
pub(crate) fn expression(text: &str) -> Result<Expr, SyntaxProblem> {
    expression_at(text, 0)
}

/// An expression in a string of the JSON syntax, at an offset of its file.
pub(crate) fn expression_at(text: &str, at: u32) -> Result<Expr, SyntaxProblem> {
    let parsed: Expression = text.parse().map_err(|error: hcl_edit::parser::Error| SyntaxProblem {
        offset: at + error.location().offset() as u32,
        message: error.message().to_owned(),
    })?;
    Ok(Lowerer { base: at, ..Lowerer::default() }.expr(&parsed))
}

/// The template of a template file: any name can be one of its variables.
pub(crate) fn template(text: &str) -> Result<Vec<Piece>, SyntaxProblem> {
    let parsed: Template = text.parse().map_err(|error: hcl_edit::parser::Error| SyntaxProblem {
        offset: error.location().offset() as u32,
        message: error.message().to_owned(),
    })?;
    Ok(Lowerer { free: true, ..Lowerer::default() }.pieces(&parsed))
}

/// A string of the JSON syntax, which is a template. Offsets are those of the string.
pub(crate) fn json_string(text: &str, at: u32, scope: &[Arc<str>]) -> Result<Expr, SyntaxProblem> {
    let problem = |error: hcl_edit::parser::Error| SyntaxProblem {
        offset: at + error.location().offset() as u32,
        message: error.message().to_owned(),
    };
    if !text.contains("${") && !text.contains("%{") {
        return Ok(Expr {
            kind: Kind::Literal(Value::text_of(text)),
            start: at,
            end: at + text.len() as u32,
        });
    }
    let parsed: Template = text.parse().map_err(problem)?;
    let mut lowerer = Lowerer { scope: scope.to_vec(), base: at, ..Lowerer::default() };
    let kind = lowerer.template(&parsed);
    Ok(Expr { kind, start: at, end: at + text.len() as u32 })
}

/// The top-level block or attribute around an offset: from the last line that begins one, to
/// the next such line.
fn enclosing(source: &str, offset: usize) -> Range<usize> {
    let mut range = 0..source.len();
    for start in beginnings(source) {
        if start <= offset {
            range.start = start;
        } else {
            range.end = start;
            break;
        }
    }
    // What was blanked out already is not blanked again: an error in front of a block.
    if source[range.clone()].trim().is_empty() { 0..source.len() } else { range }
}

/// Where blocks and attributes begin at the top of a file: in the first column, with a name,
/// labels and `{` or `=`. A line of a heredoc seldom looks so.
fn beginnings(source: &str) -> impl Iterator<Item = usize> {
    let mut at = 0;
    source.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let first = line.bytes().next()?;
        let is_name = first.is_ascii_alphabetic() || first == b'_';
        let head = is_name.then(|| line.split(['{', '=']).next())??;
        let follows = line[head.len()..].bytes().next()?;
        let compares = line[head.len()..].starts_with("==") || line[head.len()..].starts_with("=>");
        (matches!(follows, b'{' | b'=') && !compares && is_head(head)).then_some(start)
    })
}

/// Whether a text is a name with labels, as they stand before `{` or `=`.
fn is_head(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | ' ' | '\t');
    !text.trim().is_empty() && text.len() <= 200 && text.chars().all(is_plain)
}

/// The broken block, and the place and the words for what is wrong in it.
fn blame(source: &str, offset: usize, message: &str) -> (Range<usize>, usize, String) {
    let broken = enclosing(source, offset);
    let alone = |range: &Range<usize>| source[range.clone()].parse::<HclBody>().err();
    // A block that can be read alone is not to blame: another one swallowed it.
    let (broken, error) = match alone(&broken) {
        Some(error) => (broken, error),
        None => {
            let starts: Vec<usize> = beginnings(source).take_while(|start| *start < broken.start).collect();
            let ends = starts.iter().skip(1).copied().chain([broken.start]);
            let mut others = starts.iter().copied().zip(ends).map(|(start, end)| start..end);
            match others.find_map(|range| alone(&range).map(|error| (range, error))) {
                Some(found) => found,
                None => return (broken, offset, plain(message).to_owned()),
            }
        }
    };
    let (at, message) = (broken.start + error.location().offset(), error.message().to_owned());
    let text = source[broken.clone()].trim_end();
    if at + 1 >= broken.start + text.len() && !message.contains("heredoc") {
        let at = unclosed(text).map_or(broken.start, |within| broken.start + within);
        return (broken, at, "this brace, bracket or quote is not closed".to_owned());
    }
    let (at, message) = deeper(source, broken.clone(), 0).unwrap_or((at, message));
    (broken, at, plain(&message).to_owned())
}

/// Where a body is broken, when the parser only says that its block is: the body is read alone.
fn deeper(source: &str, block: Range<usize>, depth: usize) -> Option<(usize, String)> {
    let text = &source[block.clone()];
    let error = text.parse::<HclBody>().err()?;
    let at = error.location().offset().min(text.len());
    let line = text[..at].rfind('\n').map_or(0, |feed| feed + 1);
    let end = text[line..].find('\n').map_or(text.len(), |feed| line + feed);
    let opened = text[line..end].trim_end().strip_suffix('{').map(|head| line + head.len() + 1);
    let here = (block.start + at, error.message().to_owned());
    let Some(opened) = opened.filter(|opened| depth < 8 && is_head(text[line..opened - 1].trim_start()))
    else {
        return Some(here);
    };
    // The body ends with a brace below the beginning of the block.
    let indent = text[line..].len() - text[line..].trim_start().len();
    let closing = format!("\n{}}}", &text[line..line + indent]);
    let Some(length) = text[opened..].find(&closing) else { return Some(here) };
    let body = block.start + opened..block.start + opened + length + 1;
    Some(deeper(source, body, depth + 1).unwrap_or(here))
}

/// The brace or bracket that is opened and not closed, by the text alone: what stands in quotes
/// and comments of one line is left out. Where one closes that is written below another than
/// the last, the last is the one that was forgotten.
fn unclosed(text: &str) -> Option<usize> {
    let indent = |at: usize| {
        let line = &text[text[..at].rfind('\n').map_or(0, |feed| feed + 1)..];
        line.len() - line.trim_start_matches([' ', '\t']).len()
    };
    let begins = |at: usize| text[..at].trim_end_matches([' ', '\t']).ends_with('\n');
    let mut open: Vec<usize> = Vec::new();
    let mut quoted = false;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if quoted => drop(bytes.next()),
            b'"' => quoted = !quoted,
            b'\n' => quoted = false,
            _ if quoted => {}
            b'#' => drop(bytes.find(|(_, byte)| *byte == b'\n')),
            b'{' | b'[' | b'(' => open.push(at),
            b'}' | b']' | b')' => {
                let Some(last) = open.pop() else { continue };
                // The codes of a pair are one or two apart.
                let is_pair = text.as_bytes()[last].abs_diff(byte) <= 2;
                let below_another = begins(at)
                    && indent(last) != indent(at)
                    && open.iter().any(|other| indent(*other) == indent(at));
                if !is_pair || below_another {
                    return Some(last);
                }
            }
            _ => {}
        }
    }
    open.last().copied()
}

/// What the parser says, as a person would.
fn plain(message: &str) -> &str {
    let (label, expected) = message.split_once("; ").unwrap_or(("", message));
    match (label, expected) {
        ("", "expected newline or eof") => "the line should end here",
        ("invalid block body", _) => "neither an attribute nor a block can be read here",
        ("invalid expression", _) => "a value is expected here",
        ("invalid structure", _) => "a name must be followed by `=`, a label or `{`",
        ("invalid object item", _) if expected.contains("newline") || expected.contains('}') => {
            "after a value of an object, `,`, a new line or `}` is expected"
        }
        ("invalid object value assignment", _) => "a key of an object must be followed by `=` or `:`",
        ("invalid traversal operator", _) => "after a dot, a name, a number or `*` is expected",
        _ => message,
    }
}

/// The name of a block or an attribute at the top of a file: what stands before `{` or `=`.
fn what(broken: &str) -> Option<&str> {
    let head = broken.lines().next()?.split(['{', '=']).next()?;
    is_head(head).then(|| head.trim())
}

/// Makes syntax of what was parsed.
#[derive(Default)]
struct Lowerer {
    names: HashMap<Box<str>, Arc<str>>,
    /// Loop variables in scope; the place is the slot.
    scope: Vec<Arc<str>>,
    /// Unknown names are variables of a template.
    free: bool,
    /// Added to offsets.
    base: u32,
    /// Index of the file.
    file: u32,
    /// Columns that a heredoc (`<<-`) takes off the lines inside its directives; the parser
    /// takes them off the others.
    dedent: usize,
    /// Keys that were renamed for the parser, by their offset.
    renamed: HashMap<u32, String>,
}

/// Name of a slot that no expression can name.
const UNNAMED: &str = "";

impl Lowerer {
    fn name(&mut self, text: &str) -> Arc<str> {
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let name: Arc<str> = Arc::from(text);
        self.names.insert(text.into(), name.clone());
        name
    }

    fn start<T: Span>(&self, of: &T) -> u32 {
        self.base + of.span().map_or(0, |span| span.start as u32)
    }

    fn end<T: Span>(&self, of: &T) -> u32 {
        self.base + of.span().map_or(0, |span| span.end as u32)
    }

    fn body(&mut self, body: &HclBody) -> Body {
        let mut lowered = Body::default();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let attribute = Attribute {
                        name: self.name(attribute.key.as_str()),
                        file: self.file,
                        at: self.start(&attribute.key),
                        value: Arc::new(self.expr(&attribute.value)),
                    };
                    lowered.attributes.push(attribute);
                }
                Structure::Block(block) if block.ident.as_str() == "dynamic" && !block.labels.is_empty() => {
                    if let Some(block) = self.dynamic(block) {
                        lowered.blocks.push(block);
                    }
                }
                Structure::Block(block) => {
                    let block = Block {
                        kind: self.name(block.ident.as_str()),
                        labels: block.labels.iter().map(|label| self.name(label.as_str())).collect(),
                        file: self.file,
                        at: self.start(&block.ident),
                        body: Arc::new(self.body(&block.body)),
                        dynamic: None,
                    };
                    lowered.blocks.push(block);
                }
            }
        }
        lowered
    }

    fn dynamic(&mut self, block: &hcl_edit::structure::Block) -> Option<Block> {
        let kind = self.name(block.labels.first()?.as_str());
        let for_each = Arc::new(self.expr(&block.body.get_attribute("for_each")?.value));
        let iterator = block.body.get_attribute("iterator").and_then(|attribute| match &attribute.value {
            Expression::Variable(name) => Some(name.as_str()),
            _ => None,
        });
        let iterator = match iterator {
            Some(name) => self.name(name),
            None => kind.clone(),
        };
        let slot = self.scope.len() as u32;
        self.scope.push(iterator);
        let content = block.body.get_blocks("content").next().map(|content| self.body(&content.body));
        self.scope.pop();
        Some(Block {
            kind,
            labels: Vec::new(),
            file: self.file,
            at: self.start(&block.ident),
            body: Arc::new(content.unwrap_or_default()),
            dynamic: Some(Dynamic { for_each, slot }),
        })
    }

    fn boxed(&mut self, expr: &Expression) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    fn expr(&mut self, expr: &Expression) -> Expr {
        let (start, end) = (self.start(expr), self.end(expr));
        let kind = match expr {
            Expression::Null(_) => Kind::Literal(Value::Null),
            Expression::Bool(bool) => Kind::Literal(Value::Bool(*bool.value())),
            Expression::Number(number) => {
                let text = number.as_repr().map(|repr| repr.to_string());
                let text = text.unwrap_or_else(|| number.value().to_string());
                Kind::Literal(Value::Number(Number::parse(&text).unwrap_or(Number::Int(0))))
            }
            Expression::String(text) => Kind::Literal(Value::String(self.name(text.value()))),
            Expression::Array(array) => Kind::List(array.iter().map(|item| self.expr(item)).collect()),
            Expression::Object(object) => Kind::Object(
                object.iter().map(|(key, value)| (self.key(key), self.expr(value.expr()))).collect(),
            ),
            Expression::StringTemplate(template) => self.template(template),
            Expression::HeredocTemplate(heredoc) => {
                let outer = std::mem::replace(&mut self.dedent, heredoc.indent().unwrap_or(0));
                let kind = self.template(&heredoc.template);
                self.dedent = outer;
                kind
            }
            Expression::Parenthesis(inner) => return self.parenthesis(inner.inner(), start, end),
            Expression::Variable(name) => self.variable(name.value()),
            Expression::Conditional(conditional) => Kind::Conditional(
                self.boxed(&conditional.cond_expr),
                self.boxed(&conditional.true_expr),
                self.boxed(&conditional.false_expr),
            ),
            Expression::FuncCall(call) => {
                let mut name = String::new();
                for part in &call.name.namespace {
                    name.push_str(part.as_str());
                    name.push_str("::");
                }
                name.push_str(call.name.name.as_str());
                // `core::` names the functions that are built in.
                let function = functions::find(name.strip_prefix("core::").unwrap_or(&name));
                Kind::Call {
                    function,
                    name: self.name(&name),
                    arguments: call.args.iter().map(|argument| self.expr(argument)).collect(),
                    spread: call.args.expand_final(),
                }
            }
            Expression::Traversal(traversal) => self.traversal(traversal),
            Expression::UnaryOp(operation) => match operation.operator.value() {
                UnaryOperator::Not => Kind::Not(self.boxed(&operation.expr)),
                UnaryOperator::Neg => Kind::Negate(self.boxed(&operation.expr)),
            },
            Expression::BinaryOp(operation) => Kind::Binary(
                operator(*operation.operator.value()),
                self.boxed(&operation.lhs_expr),
                self.boxed(&operation.rhs_expr),
            ),
            Expression::ForExpr(each) => {
                let collection = self.expr(&each.intro.collection_expr);
                let slot = self.scope.len() as u32;
                let key = each.intro.key_var.as_ref().map_or(UNNAMED, |name| name.as_str());
                let key = self.name(key);
                let value = self.name(each.intro.value_var.as_str());
                self.scope.extend([key, value]);
                let lowered = For {
                    slot,
                    collection,
                    key: each.key_expr.as_ref().map(|key| self.expr(key)),
                    value: self.expr(&each.value_expr),
                    condition: each.cond.as_ref().map(|condition| self.expr(&condition.expr)),
                    group: each.grouping,
                };
                self.scope.truncate(slot as usize);
                Kind::For(Box::new(lowered))
            }
        };
        Expr { kind, start, end }
    }

    fn parenthesis(&mut self, inner: &Expression, start: u32, end: u32) -> Expr {
        let inner = self.expr(inner);
        Expr { kind: inner.kind, start: start.min(inner.start), end: end.max(inner.end) }
    }

    fn key(&mut self, key: &ObjectKey) -> Expr {
        if !self.renamed.is_empty() {
            let span = match key {
                ObjectKey::Ident(name) => name.span(),
                ObjectKey::Expression(expr) => expr.span(),
            };
            let (start, end) = span.map_or((0, 0), |span| (span.start as u32, span.end as u32));
            if let Some(name) = self.renamed.get(&start) {
                return Expr { kind: Kind::Literal(Value::text_of(name)), start, end };
            }
        }
        match key {
            // A name is itself; `(name)` would be its value.
            ObjectKey::Ident(name) => Expr {
                kind: Kind::Literal(Value::String(self.name(name.as_str()))),
                start: self.start(name),
                end: self.end(name),
            },
            ObjectKey::Expression(Expression::Variable(name)) => Expr {
                kind: Kind::Literal(Value::String(self.name(name.as_str()))),
                start: self.start(name),
                end: self.end(name),
            },
            ObjectKey::Expression(expr) => self.expr(expr),
        }
    }

    fn variable(&mut self, name: &Ident) -> Kind {
        if let Some(slot) = self.slot(name.as_str()) {
            return Kind::Slot(slot);
        }
        if self.free {
            return Kind::Root(Root::Free(self.name(name.as_str())));
        }
        let message = match name.as_str() {
            "var" | "local" | "module" | "each" | "count" | "path" | "terraform" | "data" => {
                format!("{name} must be followed by a name")
            }
            "self" => return Kind::Root(Root::Itself),
            _ => format!("{name} is no value; a resource is named by its type and its name"),
        };
        Kind::Root(Root::Invalid(Arc::from(message)))
    }

    fn slot(&self, name: &str) -> Option<u32> {
        if name == UNNAMED {
            return None;
        }
        self.scope.iter().rposition(|known| &**known == name).map(|slot| slot as u32)
    }

    fn traversal(&mut self, traversal: &Traversal) -> Kind {
        let (start, end) =
            (self.start(&traversal.expr), traversal.operators.last().map_or(0, |last| self.end(last)));
        let operators = traversal.operators.as_slice();
        let (base, taken) = match &traversal.expr {
            Expression::Variable(name) if !self.free && self.slot(name.as_str()).is_none() => {
                self.root(name.as_str(), operators)
            }
            base => (self.expr(base).kind, 0),
        };
        let base_end = match taken {
            0 => self.end(&traversal.expr),
            taken => self.end(&operators[taken - 1]),
        };
        let base = Expr { kind: base, start, end: base_end };
        self.steps(base, &operators[taken..], end).kind
    }

    fn steps(
        &mut self,
        mut base: Expr,
        operators: &[hcl_edit::Decorated<TraversalOperator>],
        last: u32,
    ) -> Expr {
        let start = base.start;
        for (at, operator) in operators.iter().enumerate() {
            let end = self.end(operator).max(base.end);
            let kind = match operator.value() {
                TraversalOperator::GetAttr(name) => Kind::Attr(Box::new(base), self.name(name.as_str())),
                TraversalOperator::Index(index) => Kind::Index(Box::new(base), self.boxed(index)),
                TraversalOperator::LegacyIndex(index) => {
                    let index = i64::try_from(*index.value()).unwrap_or(i64::MAX);
                    let (from, to) = (self.start(operator), self.end(operator));
                    let index = Expr { kind: Kind::Literal(Value::int(index)), start: from, end: to };
                    Kind::Index(Box::new(base), Box::new(index))
                }
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                    let full = matches!(operator.value(), TraversalOperator::FullSplat(_));
                    let rest = &operators[at + 1..];
                    // `[*]` takes all that follows with it, `.*` only names.
                    let taken = if full {
                        rest.len()
                    } else {
                        let name = |o: &&hcl_edit::Decorated<TraversalOperator>| {
                            matches!(o.value(), TraversalOperator::GetAttr(_))
                        };
                        rest.iter().take_while(name).count()
                    };
                    let slot = self.scope.len() as u32;
                    self.scope.push(self.unnamed());
                    let element = Expr { kind: Kind::Slot(slot), start, end };
                    let each = Box::new(self.steps(element, &rest[..taken], last));
                    self.scope.pop();
                    let splat = Kind::Splat { source: Box::new(base), slot, each };
                    let splat = Expr { kind: splat, start, end: last };
                    return self.steps(splat, &rest[taken..], last);
                }
            };
            base = Expr { kind, start, end };
        }
        base
    }

    fn unnamed(&self) -> Arc<str> {
        Arc::from(UNNAMED)
    }

    /// What a name and the steps behind it mean, and how many steps that takes.
    fn root(&mut self, name: &str, operators: &[hcl_edit::Decorated<TraversalOperator>]) -> (Kind, usize) {
        let mut step = |at: usize| match operators.get(at).map(|o| o.value()) {
            Some(TraversalOperator::GetAttr(name)) => Some(self.name(name.as_str())),
            _ => None,
        };
        let (first, second) = (step(0), step(1));
        let invalid = |message: String| (Kind::Root(Root::Invalid(Arc::from(message))), operators.len());
        let Some(first) = first else {
            return match name {
                "self" => (Kind::Root(Root::Itself), 0),
                _ => invalid(format!("{name} must be followed by a name")),
            };
        };
        let root = match (name, &*first) {
            ("var", _) => Root::Variable(first),
            ("local", _) => Root::Local(first),
            ("module", _) => Root::Module(first),
            ("path", "module") => Root::ModuleFolder,
            ("path", "root") => Root::BaseFolder,
            ("path", "cwd") => Root::CurrentFolder,
            ("terraform" | "tofu", "workspace") => Root::Workspace,
            ("each", "key") => Root::EachKey,
            ("each", "value") => Root::EachValue,
            ("count", "index") => Root::CountIndex,
            ("path" | "terraform" | "tofu" | "each" | "count", _) => {
                return invalid(format!("{name}.{first} does not exist"));
            }
            ("self", _) => return (Kind::Root(Root::Itself), 0),
            ("data", _) => match second {
                Some(second) => {
                    return (Kind::Root(Root::Resource { data: true, kind: first, name: second }), 2);
                }
                None => return invalid(format!("data.{first} must be followed by a name")),
            },
            ("ephemeral", _) => match second {
                Some(second) => {
                    return (Kind::Root(Root::Resource { data: true, kind: first, name: second }), 2);
                }
                None => return invalid(format!("ephemeral.{first} must be followed by a name")),
            },
            ("resource", _) => match second {
                Some(second) => {
                    return (Kind::Root(Root::Resource { data: false, kind: first, name: second }), 2);
                }
                None => return invalid(format!("resource.{first} must be followed by a name")),
            },
            _ => Root::Resource { data: false, kind: self.name(name), name: first },
        };
        (Kind::Root(root), 1)
    }

    /// A quoted string or heredoc. One interpolation alone is its value, whatever its type.
    fn template(&mut self, template: &Template) -> Kind {
        if let Some(Element::Interpolation(interpolation)) = template.as_single_element() {
            return self.expr(&interpolation.expr).kind;
        }
        let mut pieces = self.pieces(template);
        match pieces.as_slice() {
            [] => Kind::Literal(Value::String(self.name(""))),
            [Piece::Text(_)] => match pieces.pop() {
                Some(Piece::Text(text)) => Kind::Literal(Value::String(text)),
                _ => Kind::Literal(Value::String(self.name(""))),
            },
            _ => Kind::Template(pieces),
        }
    }

    fn pieces(&mut self, template: &Template) -> Vec<Piece> {
        self.stripped(template, false, false, false)
    }

    /// The pieces of a template, with white space taken off where a neighbour asks for it:
    /// before the first piece, behind the last one.
    fn stripped(&mut self, template: &Template, first: bool, last: bool, inside: bool) -> Vec<Piece> {
        let elements: Vec<&Element> = template.iter().collect();
        let mut pieces: Vec<Piece> = Vec::with_capacity(elements.len());
        for (at, element) in elements.iter().enumerate() {
            match element {
                Element::Literal(literal) => {
                    let dedented;
                    let mut text: &str = literal.value();
                    if inside && self.dedent > 0 {
                        dedented = dedent(text, self.dedent);
                        text = &dedented;
                    }
                    let before = at.checked_sub(1).map_or(first, |at| strips(elements[at]).1);
                    let after = elements.get(at + 1).map_or(last, |next| strips(next).0);
                    if before {
                        text = text.trim_start();
                    }
                    if after {
                        text = text.trim_end();
                    }
                    if !text.is_empty() {
                        pieces.push(Piece::Text(Arc::from(text)));
                    }
                }
                Element::Interpolation(interpolation) => {
                    pieces.push(Piece::Value(self.expr(&interpolation.expr)));
                }
                Element::Directive(directive) => pieces.push(self.directive(directive)),
            }
        }
        pieces
    }

    fn directive(&mut self, directive: &Directive) -> Piece {
        match directive {
            Directive::If(directive) => {
                let condition = self.expr(&directive.if_expr.cond_expr);
                let end = before(directive.endif_expr.strip);
                let middle = directive.else_expr.as_ref().map(|otherwise| otherwise.strip);
                let then_end = middle.map_or(end, before);
                let then = self.stripped(
                    &directive.if_expr.template,
                    after(directive.if_expr.strip),
                    then_end,
                    true,
                );
                let otherwise = match &directive.else_expr {
                    Some(otherwise) => self.stripped(&otherwise.template, after(otherwise.strip), end, true),
                    None => Vec::new(),
                };
                Piece::If { condition, then, otherwise }
            }
            Directive::For(directive) => {
                let each = &directive.for_expr;
                let collection = self.expr(&each.collection_expr);
                let slot = self.scope.len() as u32;
                let key = self.name(each.key_var.as_ref().map_or(UNNAMED, |name| name.as_str()));
                let value = self.name(each.value_var.as_str());
                self.scope.extend([key, value]);
                let body = self.stripped(
                    &each.template,
                    after(each.strip),
                    before(directive.endfor_expr.strip),
                    true,
                );
                self.scope.truncate(slot as usize);
                Piece::For { slot, collection, body }
            }
        }
    }
}

/// The text with so many columns of white space taken off each line but the first.
fn dedent(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        out.push_str(if at == 0 { line } else { &line[blank.min(columns)..] });
    }
    out
}

/// Whether white space is taken off in front of an element and behind it.
fn strips(element: &Element) -> (bool, bool) {
    match element {
        Element::Literal(_) => (false, false),
        Element::Interpolation(interpolation) => (before(interpolation.strip), after(interpolation.strip)),
        Element::Directive(directive) => match &**directive {
            Directive::If(directive) => (before(directive.if_expr.strip), after(directive.endif_expr.strip)),
            Directive::For(directive) => {
                (before(directive.for_expr.strip), after(directive.endfor_expr.strip))
            }
        },
    }
}

fn before(strip: Strip) -> bool {
    matches!(strip, Strip::Start | Strip::Both)
}

fn after(strip: Strip) -> bool {
    matches!(strip, Strip::End | Strip::Both)
}

fn operator(operator: BinaryOperator) -> Operator {
    match operator {
        BinaryOperator::Eq => Operator::Equal,
        BinaryOperator::NotEq => Operator::NotEqual,
        BinaryOperator::LessEq => Operator::LessEqual,
        BinaryOperator::GreaterEq => Operator::GreaterEqual,
        BinaryOperator::Less => Operator::Less,
        BinaryOperator::Greater => Operator::Greater,
        BinaryOperator::Plus => Operator::Add,
        BinaryOperator::Minus => Operator::Subtract,
        BinaryOperator::Mul => Operator::Multiply,
        BinaryOperator::Div => Operator::Divide,
        BinaryOperator::Mod => Operator::Modulo,
        BinaryOperator::And => Operator::And,
        BinaryOperator::Or => Operator::Or,
    }
}
