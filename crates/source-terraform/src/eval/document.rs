//! `data "aws_iam_policy_document"`: from its blocks to the document
//! (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document>).
//!
//! The result is a value, not text: what is not known in it stays where it is.

use std::sync::Arc;

use crate::operators::{self, derived};
use crate::value::{Choice, Entry, ListKind, Located, Map, Part, Place, Value};

/// The document of the arguments of the data source.
pub(super) fn build(arguments: &Located) -> Located {
    let place = arguments.place;
    let get = |name: &str| arguments.value.get(name);
    let mut document = Document { version: None, id: None, statements: Vec::new() };
    document.take(get("source_json"));
    document.take_all(get("source_policy_documents"));
    let version = get("version").cloned();
    document.version =
        version.or(document.version).or(Some(Located::new(Value::text_of("2012-10-17"), place)));
    document.id = get("policy_id").cloned().or(document.id);
    for block in items(get("statement")) {
        document.merge(each_side(block, &statement));
    }
    document.take_all(get("override_policy_documents"));
    document.take(get("override_json"));
    let mut entries = Vec::new();
    let mut put = |name: &str, value: Option<Located>| {
        if let Some(value) = value {
            entries.push(Entry { key: Arc::from(name), place: value.place, value });
        }
    };
    put("Version", document.version);
    put("Id", document.id);
    put("Statement", Some(Located::new(Value::list(ListKind::Tuple, document.statements), place)));
    Located::new(Value::map(entries), place)
}

struct Document {
    version: Option<Located>,
    id: Option<Located>,
    statements: Vec<Located>,
}

impl Document {
    /// Adds a statement; one with the same Sid is replaced.
    fn merge(&mut self, statement: Located) {
        let sid = |statement: &Located| statement.value.get("Sid").and_then(|sid| sid.value.text());
        let wanted = sid(&statement).filter(|sid| !sid.is_empty());
        let known =
            wanted.and_then(|wanted| self.statements.iter_mut().find(|s| sid(s).as_ref() == Some(&wanted)));
        match known {
            Some(known) => *known = statement,
            None => self.statements.push(statement),
        }
    }

    fn take_all(&mut self, documents: Option<&Located>) {
        let Some(documents) = documents else { return };
        match documents.value.plain() {
            Value::List(list) => list.items.iter().for_each(|item| self.take(Some(item))),
            Value::Null => {}
            // Statements that nobody knows are statements still.
            other => self.statements.push(Located::new(derived([other]), documents.place)),
        }
    }

    fn take(&mut self, document: Option<&Located>) {
        let Some(document) = document else { return };
        match document.value.plain() {
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            Value::Choice(choice) => {
                for (holds, side) in [(true, &choice.then), (false, &choice.otherwise)] {
                    let mut inner = Self { version: None, id: None, statements: Vec::new() };
                    inner.take(Some(side));
                    for statement in inner.statements {
                        let null = Located::new(Value::Null, statement.place);
                        let at = statement.place;
                        let (then, otherwise) = if holds { (statement, null) } else { (null, statement) };
                        let condition = choice.condition.clone();
                        let choice = Choice { condition, then, otherwise };
                        self.statements.push(Located::new(Value::Choice(Arc::new(choice)), at));
                    }
                }
            }
            value => match crate::json_text::decode(value, document.place) {
                Some(Value::Map(map)) => self.add(&map, document.place),
                _ => self.statements.push(Located::new(derived([value]), document.place)),
            },
        }
    }

    fn add(&mut self, map: &Map, place: Place) {
        let get = |name: &str| map.get(name).map(|entry| entry.value.clone());
        self.version = get("Version").or(self.version.take());
        self.id = get("Id").or(self.id.take());
        match get("Statement") {
            Some(statements) => match statements.value.plain() {
                Value::List(list) => list.items.iter().for_each(|item| self.merge(item.clone())),
                _ => self.merge(statements),
            },
            None => {
                if let Some(open) = &map.open {
                    self.statements.push(Located::new(Value::Unknown(open.clone()), place));
                }
            }
        }
    }
}

fn items(value: Option<&Located>) -> &[Located] {
    match value.map(|value| value.value.plain()) {
        Some(Value::List(list)) => &list.items,
        _ => &[],
    }
}

/// A block made of each alternative of one.
fn each_side(block: &Located, make: &dyn Fn(&Located) -> Located) -> Located {
    match &block.value {
        Value::Choice(choice) => {
            let condition = choice.condition.clone();
            let (then, otherwise) = (each_side(&choice.then, make), each_side(&choice.otherwise, make));
            Located::new(Value::Choice(Arc::new(Choice { condition, then, otherwise })), block.place)
        }
        Value::Map(_) => make(block),
        _ => block.clone(),
    }
}

fn statement(block: &Located) -> Located {
    let mut entries = Vec::new();
    let mut put = |name: &str, value: Located| {
        entries.push(Entry { key: Arc::from(name), place: value.place, value });
    };
    let get = |name: &str| block.value.get(name).filter(|value| !value.value.is_null());
    if let Some(sid) = get("sid").filter(|sid| sid.value.text().as_deref() != Some("")) {
        put("Sid", sid.clone());
    }
    put(
        "Effect",
        get("effect").cloned().unwrap_or_else(|| Located::new(Value::text_of("Allow"), block.place)),
    );
    for (name, key) in [
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ] {
        if let Some(value) = get(name)
            && let Some(value) = one_or_many(value)
        {
            put(key, value);
        }
    }
    for (name, key) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        let blocks = items(get(name));
        if !blocks.is_empty() {
            put(key, principals(blocks));
        }
    }
    let conditions = items(get("condition"));
    if !conditions.is_empty() {
        put("Condition", condition(conditions));
    }
    Located::new(Value::map(entries), block.place)
}

/// A list of one is its element; an empty list is not written.
fn one_or_many(value: &Located) -> Option<Located> {
    let value = variables(value);
    match value.value.plain() {
        Value::List(list) => match list.items.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            _ => Some(value),
        },
        _ => Some(value),
    }
}

/// Variables of policies are written `&{…}` in Terraform, because `${…}` is its own.
fn variables(value: &Located) -> Located {
    let replaced = |text: &Arc<str>| -> Arc<str> {
        if text.contains("&{") { Arc::from(text.replace("&{", "${")) } else { text.clone() }
    };
    let inner = match value.value.plain() {
        Value::String(text) if text.contains("&{") => Value::String(replaced(text)),
        Value::Template(parts) => Value::Template(Arc::new(
            parts
                .iter()
                .map(|part| match part {
                    Part::Literal(text) => Part::Literal(replaced(text)),
                    hole @ Part::Hole(_) => hole.clone(),
                })
                .collect(),
        )),
        Value::List(list) => Value::list(list.kind, list.items.iter().map(variables).collect()),
        _ => return value.clone(),
    };
    Located::new(inner, value.place)
}

fn principals(blocks: &[Located]) -> Located {
    let place = blocks[0].place;
    let mut kinds: Vec<(Arc<str>, Vec<Located>)> = Vec::new();
    for block in blocks {
        let kind = block.value.get("type");
        let identifiers = block.value.get("identifiers").map(variables);
        let (Some(kind), Some(identifiers)) = (kind.and_then(|kind| kind.value.text()), identifiers) else {
            return Located::new(derived([&block.value]), block.place);
        };
        let found = match identifiers.value.plain() {
            Value::List(list) => list.items.clone(),
            _ => vec![identifiers],
        };
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, known)) => known.extend(found),
            None => kinds.push((kind, found)),
        }
    }
    if let [(kind, identifiers)] = kinds.as_slice()
        && &**kind == "*"
        && let [only] = identifiers.as_slice()
        && only.value.text().as_deref() == Some("*")
    {
        return Located::new(Value::text_of("*"), only.place);
    }
    let entries =
        kinds.into_iter().map(|(key, identifiers)| Entry { key, place, value: folded(identifiers, place) });
    Located::new(Value::map(entries.collect()), place)
}

fn folded(mut items: Vec<Located>, place: Place) -> Located {
    match (items.pop(), items.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            items.push(last);
            Located::new(Value::list(ListKind::Tuple, items), place)
        }
        (None, _) => Located::new(Value::list(ListKind::Tuple, items), place),
    }
}

fn condition(blocks: &[Located]) -> Located {
    let place = blocks[0].place;
    type Variables = Vec<(Arc<str>, Vec<Located>, Place)>;
    let mut tests: Vec<(Arc<str>, Variables)> = Vec::new();
    for block in blocks {
        let text = |name: &str| block.value.get(name).and_then(|value| value.value.text());
        let (Some(test), Some(variable)) = (text("test"), text("variable")) else {
            return Located::new(operators::derived([&block.value]), block.place);
        };
        let values = block.value.get("values").map(variables);
        let values = match values {
            Some(values) => match values.value.plain() {
                Value::List(list) => list.items.clone(),
                _ => vec![values],
            },
            None => Vec::new(),
        };
        let known = match tests.iter().position(|(known, _)| *known == test) {
            Some(at) => at,
            None => {
                tests.push((test, Vec::new()));
                tests.len() - 1
            }
        };
        let variables = &mut tests[known].1;
        match variables.iter_mut().find(|(known, ..)| *known == variable) {
            Some((_, known, _)) => known.extend(values),
            None => variables.push((variable, values, block.place)),
        }
    }
    let tests = tests.into_iter().map(|(key, variables)| {
        let variables = variables.into_iter().map(|(key, values, at)| Entry {
            key,
            place: at,
            value: folded(values, at),
        });
        Entry { key, place, value: Located::new(Value::map(variables.collect()), place) }
    });
    Located::new(Value::map(tests.collect()), place)
}
