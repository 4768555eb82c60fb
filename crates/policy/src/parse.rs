//! From values to documents.

use bumpalo::collections::Vec as ArenaVec;
use sekisho_estate::reason::{ReasonCode, Why};
use sekisho_estate::{Part, Reader, Value, View};

use crate::condition::UNKNOWN_OPERATOR;
use crate::content::{Item, Member, Shape, of_json};
use crate::pattern::{Builder, Syntax};
use crate::{Document, Effect, Element, Operator, Principal, PrincipalKind, Selection, Statement, Test};

impl<'e> Document<'e> {
    /// Reads a policy document from a value of the current world: a map, or JSON text as
    /// some resource types have it (also with holes). An absent value is a document
    /// without statements. In JSON text with holes, what stands in a hole is taken not to
    /// end the JSON string around it: names, ARNs and account ids do not.
    ///
    /// Every statement and element keeps its view, for evidence; those of JSON text have
    /// none. Use [`read`](Self::read) where the node of the document is at hand.
    #[must_use]
    pub fn parse(reader: &Reader<'e>, value: Value<'e>) -> Self {
        Parser::new(reader, None).document(Item::value(value, None))
    }

    /// Reads the policy document of a node, as [`parse`](Self::parse) does. Evidence in
    /// JSON text is the node.
    #[must_use]
    pub fn read(reader: &Reader<'e>, view: View<'e>) -> Self {
        Parser::new(reader, Some(view)).document(Item::value(reader.resolve(view), Some(view)))
    }
}

struct Parser<'r, 'e> {
    reader: &'r Reader<'e>,
    at: Option<View<'e>>,
    /// Whether `${…}` is a policy variable: only in version 2012-10-17. Source: IAM User
    /// Guide, `reference_policies_elements_version.html`.
    variables: bool,
}

impl<'r, 'e> Parser<'r, 'e> {
    fn new(reader: &'r Reader<'e>, at: Option<View<'e>>) -> Self {
        Self { reader, at, variables: true }
    }

    /// Why an element of this name is not understood.
    fn strange(&self, member: &Member<'e>) -> Why<'e> {
        member.unknown.unwrap_or_else(|| {
            self.reader.reason(ReasonCode::PolicyNotUnderstood, format!("element {}", member.name))
        })
    }

    fn document(mut self, item: Item<'e>) -> Document<'e> {
        let at = item.at.or(self.at);
        let reader = self.reader;
        let unknown = |why| {
            let statements = reader.bump.alloc_slice_copy(&[Statement::unknown(why, at)]);
            Document { statements, written: true, at }
        };
        let item = match item.shape(self.reader) {
            Shape::Absent => return Document { statements: &[], written: false, at },
            Shape::Scalar(Value::Str(text)) => of_json(self.reader, &[Part::Literal(text)], at),
            Shape::Scalar(Value::Text(text)) => of_json(self.reader, text.parts, at),
            Shape::Unknown(why) => Err(why),
            Shape::Map(_) => Ok(item),
            Shape::List(_) | Shape::Scalar(_) => Err(why("neither a map nor JSON text")),
        };
        let members = match item.map(|item| item.shape(self.reader)) {
            Ok(Shape::Map(members)) => members,
            Ok(_) => return unknown(why("neither a map nor JSON text")),
            Err(reason) => return unknown(reason),
        };
        let mut statements = ArenaVec::new_in(self.reader.bump);
        let mut body = None;
        for member in members {
            match member.name {
                "Version" => {
                    // Anything but the old version, and what is not known, has variables.
                    self.variables = !matches!(
                        member.item.shape(self.reader),
                        Shape::Scalar(Value::Str("2008-10-17")) | Shape::Absent
                    );
                }
                "Statement" => body = Some(member.item),
                "Id" => {}
                _ => statements.push(Statement::unknown(self.strange(member), member.item.at)),
            }
        }
        if !members.iter().any(|member| member.name == "Version") {
            self.variables = false;
        }
        match body.map(|body| (body, body.shape(self.reader))) {
            None | Some((_, Shape::Absent)) => {
                statements.push(Statement::unknown(why("no Statement"), at));
            }
            Some((body, Shape::Map(_))) => statements.extend(self.statement(body)),
            Some((_, Shape::List(items))) => {
                statements.reserve(items.len());
                statements.extend(items.iter().filter_map(|item| self.statement(*item)));
            }
            Some((body, Shape::Unknown(why))) => statements.push(Statement::unknown(why, body.at)),
            Some((body, Shape::Scalar(_))) => {
                statements.push(Statement::unknown(why("a statement that is not a map"), body.at));
            }
        }
        Document { statements: statements.into_bump_slice(), written: true, at }
    }

    fn statement(&self, item: Item<'e>) -> Option<Statement<'e>> {
        let members = match item.shape(self.reader) {
            Shape::Absent => return None,
            Shape::Map(members) => members,
            Shape::Unknown(why) => return Some(Statement::unknown(why, item.at)),
            Shape::List(_) | Shape::Scalar(_) => {
                return Some(Statement::unknown(why("a statement that is not a map"), item.at));
            }
        };
        let mut statement = Statement {
            sid: None,
            effect: Effect::Unknown(why("no Effect")),
            principals: Selection::Absent,
            actions: Selection::Absent,
            resources: Selection::Absent,
            tests: &[],
            problem: None,
            at: item.at,
        };
        for member in members {
            self.element(&mut statement, member);
        }
        if matches!(statement.actions, Selection::Absent) {
            statement.actions = Selection::Unknown(why("no Action"));
        }
        Some(statement)
    }

    fn element(&self, statement: &mut Statement<'e>, member: &Member<'e>) {
        let item = member.item;
        let elements = |syntax: Syntax| self.elements(item, syntax.version(self.variables));
        let twice = || why("an element and its opposite");
        match member.name {
            "Sid" => statement.sid = Some(item),
            "Effect" => {
                statement.effect = match item.shape(self.reader) {
                    Shape::Scalar(Value::Str("Allow")) => Effect::Allow,
                    Shape::Scalar(Value::Str("Deny")) => Effect::Deny,
                    Shape::Unknown(why) => Effect::Unknown(why),
                    _ => Effect::Unknown(why("Effect")),
                }
            }
            "Principal" => add(&mut statement.principals, self.principals(item), false, twice),
            "NotPrincipal" => add(&mut statement.principals, self.principals(item), true, twice),
            "Action" => add(&mut statement.actions, elements(Syntax::ACTION), false, twice),
            "NotAction" => add(&mut statement.actions, elements(Syntax::ACTION), true, twice),
            "Resource" => add(&mut statement.resources, elements(Syntax::RESOURCE), false, twice),
            "NotResource" => add(&mut statement.resources, elements(Syntax::RESOURCE), true, twice),
            "Condition" => statement.tests = self.tests(item),
            _ => {
                statement.problem.get_or_insert_with(|| self.strange(member));
            }
        }
    }

    /// One text or a list of them; none when the element is absent in this world.
    fn elements(&self, item: Item<'e>, syntax: Syntax) -> Option<&'e [Element<'e>]> {
        let single = match item.shape(self.reader) {
            Shape::Absent => return None,
            Shape::List(items) => {
                let mut all = ArenaVec::with_capacity_in(items.len(), self.reader.bump);
                all.extend(items.iter().filter_map(|item| match item.shape(self.reader) {
                    Shape::Absent => None,
                    shape => Some(self.text(*item, &shape, syntax)),
                }));
                return Some(all.into_bump_slice());
            }
            shape => self.text(item, &shape, syntax),
        };
        Some(self.reader.bump.alloc_slice_copy(&[single]))
    }

    fn text(&self, item: Item<'e>, shape: &Shape<'e>, syntax: Syntax) -> Element<'e> {
        let stack = item.at.or(self.at).map(|view| view.stack);
        let builder = Builder::new(self.reader, syntax, stack);
        let (pattern, value) = match shape {
            Shape::Scalar(value) => (builder.of_value(*value), *value),
            Shape::Unknown(why) => (builder.of_value(Value::Unknown(*why)), Value::Unknown(*why)),
            _ => {
                let why = why("a list or map where a text belongs");
                (builder.of_unknown(why), Value::Unknown(why))
            }
        };
        Element { pattern, value, at: item.at.or(self.at) }
    }

    fn principals(&self, item: Item<'e>) -> Option<&'e [Principal<'e>]> {
        let mut all: ArenaVec<'e, Principal<'e>> = ArenaVec::new_in(self.reader.bump);
        let unknown = |why, item: Item<'e>| Principal {
            kind: PrincipalKind::Unknown(why),
            value: Value::Unknown(why),
            at: item.at,
        };
        match item.shape(self.reader) {
            Shape::Absent => return None,
            Shape::Scalar(value @ Value::Str("*")) => {
                all.push(Principal { kind: PrincipalKind::Anyone, value, at: item.at });
            }
            Shape::Map(members) => {
                for member in members {
                    let kind = if member.unknown.is_some() { "" } else { member.name };
                    for element in self.elements(member.item, Syntax::EXACT).unwrap_or_default() {
                        all.push(Principal::new(kind, element.pattern, element.value, element.at));
                    }
                }
            }
            Shape::Unknown(why) => all.push(unknown(why, item)),
            Shape::Scalar(_) | Shape::List(_) => all.push(unknown(why("Principal"), item)),
        }
        Some(all.into_bump_slice())
    }

    fn tests(&self, item: Item<'e>) -> &'e [Test<'e>] {
        let mut tests = ArenaVec::new_in(self.reader.bump);
        let unknown = |why, text: &'e str, item: Item<'e>| Test {
            operator: Err(why),
            operator_text: text,
            key: Err(why),
            values: &[],
            at: item.at,
        };
        match item.shape(self.reader) {
            Shape::Absent => {}
            Shape::Map(operators) => {
                for member in operators {
                    match member.item.shape(self.reader) {
                        Shape::Absent => {}
                        Shape::Map(keys) => {
                            tests.extend(keys.iter().filter_map(|key| self.test(member, key)))
                        }
                        Shape::Unknown(why) => tests.push(unknown(why, member.name, member.item)),
                        _ => tests.push(unknown(why("Condition"), member.name, member.item)),
                    }
                }
            }
            Shape::Unknown(why) => tests.push(unknown(why, "", item)),
            Shape::Scalar(_) | Shape::List(_) => tests.push(unknown(why("Condition"), "", item)),
        }
        tests.into_bump_slice()
    }

    fn test(&self, operator: &Member<'e>, key: &Member<'e>) -> Option<Test<'e>> {
        let parsed = match operator.unknown {
            Some(why) => Err(why),
            None => Operator::parse(operator.name).ok_or(UNKNOWN_OPERATOR),
        };
        let syntax = parsed.map_or(Syntax::EXACT, Operator::syntax).version(self.variables);
        Some(Test {
            operator: parsed,
            operator_text: operator.name,
            key: key.unknown.map_or(Ok(key.name), Err),
            values: self.elements(key.item, syntax)?,
            at: key.item.at.or(self.at),
        })
    }
}

const fn why(subject: &'static str) -> Why<'static> {
    Why { code: ReasonCode::PolicyNotUnderstood, subject }
}

/// Adds an element to a selection; an element and its opposite together are refused by AWS.
fn add<'e, T>(
    selection: &mut Selection<'e, T>,
    elements: Option<&'e [T]>,
    all_but: bool,
    twice: impl FnOnce() -> Why<'e>,
) {
    let Some(elements) = elements else { return };
    *selection = match selection {
        Selection::Absent if all_but => Selection::AllBut(elements),
        Selection::Absent => Selection::Only(elements),
        _ => Selection::Unknown(twice()),
    };
}
