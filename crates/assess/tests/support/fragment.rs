//! A fix in HCL, as a person would take it over: its block of the type that failed is merged
//! into the one that failed, another that is there already is changed, and the rest is added.

use std::collections::BTreeSet;

use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::{Decorate, Span};
use serde_json::{Map, Value, json};

/// How blocks of one kind that are there already take those of the fix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taking {
    /// Each takes over what the fix writes.
    Change,
    /// They stay, and those of the fix are added.
    Add,
    /// Those of the fix stand in their place.
    Replace,
}

/// Types with the same attributes: a fix for the first says what to do with the second.
const KIN: [(&str, &str); 4] = [
    ("aws_opensearch_domain", "aws_elasticsearch_domain"),
    ("aws_db_instance", "aws_rds_cluster_instance"),
    ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"),
    ("aws_elasticache_replication_group", "aws_elasticache_cluster"),
];

/// A block at the top of a fix.
#[derive(Clone, Debug)]
pub(crate) struct Fragment {
    /// `resource`, `data`, `variable`.
    pub(crate) kind: String,
    pub(crate) labels: Vec<String>,
    /// In Terraform's JSON.
    pub(crate) body: Map<String, Value>,
}

/// Reads a fix.
///
/// # Errors
/// What is not HCL.
pub(crate) fn read(text: &str) -> Result<Vec<Fragment>, String> {
    let body: Body = text.parse().map_err(|error| format!("{error}"))?;
    body.into_iter()
        .map(|structure| match structure {
            Structure::Block(block) => Ok(Fragment {
                kind: block.ident.to_string(),
                labels: block.labels.iter().map(|label| label.as_str().to_owned()).collect(),
                body: object(&block.body, text),
            }),
            Structure::Attribute(attribute) => Err(format!("{} stands outside of blocks", *attribute.key)),
        })
        .collect()
}

fn object(body: &Body, text: &str) -> Map<String, Value> {
    let mut out = Map::new();
    for structure in body {
        match structure {
            Structure::Attribute(attribute) => {
                out.insert(attribute.key.to_string(), value(&attribute.value, text));
            }
            Structure::Block(block) => {
                let mut inner = Value::Object(object(&block.body, text));
                for label in block.labels.iter().rev() {
                    inner = json!({ label.as_str(): inner });
                }
                let list = out.entry(block.ident.to_string()).or_insert_with(|| json!([]));
                list.as_array_mut().into_iter().for_each(|list| list.push(inner.clone()));
            }
        }
    }
    out
}

fn value(expression: &Expression, text: &str) -> Value {
    match expression {
        Expression::Bool(is) => (*is.value()).into(),
        Expression::Number(number) => {
            number.value().as_i64().map_or_else(|| number.value().as_f64().into(), Value::from)
        }
        Expression::String(string) => string.value().replace("${", "$${").replace("%{", "%%{").into(),
        Expression::Array(items) => items.iter().map(|item| value(item, text)).collect(),
        Expression::Object(object) => {
            let key = |key: &ObjectKey| match key {
                ObjectKey::Ident(name) => name.to_string(),
                ObjectKey::Expression(Expression::String(name)) => name.value().clone(),
                ObjectKey::Expression(other) => source(other, text),
            };
            Value::Object(object.iter().map(|(k, v)| (key(k), value(v.expr(), text))).collect())
        }
        Expression::StringTemplate(template) => {
            // The text between the quotes is a template in the JSON syntax too.
            let span = template.span().unwrap_or_default();
            text[span].trim_matches('"').replace("\\\"", "\"").into()
        }
        other => format!("${{{}}}", source(other, text)).into(),
    }
}

fn source(expression: &Expression, text: &str) -> String {
    let mut plain = expression.clone();
    plain.decor_mut().clear();
    expression.span().map_or_else(|| plain.to_string(), |span| text[span].trim().to_owned())
}

/// Takes a fix over into a configuration in Terraform's JSON, for the resource at an address.
pub(crate) fn take_over(
    configuration: &mut Value,
    address: Option<(&str, &str)>,
    fragments: &[Fragment],
    taking: Taking,
) {
    // The fix has a name of its own for what failed: that of its block of the type or of one with
    // the same attributes, else the one that it refers to.
    let mut fragments = fragments.to_vec();
    let mut names: Vec<(String, String)> = Vec::new();
    if let Some((kind, name)) = address {
        let is = |kind: &str, f: &&mut Fragment| f.kind == "resource" && f.labels[0] == kind;
        let kin = KIN.iter().find(|(_, other)| *other == kind).map(|(kind, _)| *kind);
        let there = format!("{kind}.{name}");
        if let Some(fragment) = fragments.iter_mut().find(|f| is(kind, f)) {
            names.push((format!("{kind}.{}", fragment.labels[1]), there));
        } else if let Some(fragment) = kin.and_then(|kin| fragments.iter_mut().find(|f| is(kin, f))) {
            names.push((format!("{}.{}", fragment.labels[0], fragment.labels[1]), there.clone()));
            kind.clone_into(&mut fragment.labels[0]);
            names.push((format!("{kind}.{}", fragment.labels[1]), there));
        } else {
            let text: String = fragments.iter().map(|f| Value::Object(f.body.clone()).to_string()).collect();
            let label = text.split(&format!("{kind}.")).nth(1).and_then(|rest| rest.split('.').next());
            names.push((format!("{kind}.{}", label.unwrap_or("example")), there));
        }
    }
    let fragments = &fragments[..];
    // What completes it, or is named by it, is changed where it is there already.
    for fragment in fragments.iter().filter(|f| f.kind == "resource") {
        let (kind, label) = (&fragment.labels[0], &fragment.labels[1]);
        let here = format!("{kind}.{label}");
        let found =
            address.filter(|(of, _)| of != kind).and_then(|address| beside(configuration, address, kind));
        if let (Some(name), false) = (found, names.iter().any(|(from, _)| *from == here)) {
            names.push((here, format!("{kind}.{name}")));
        }
    }
    for fragment in fragments {
        let mut body = Value::Object(fragment.body.clone());
        rename(&mut body, &names);
        let labels: Vec<String> = match fragment.kind.as_str() {
            "resource" => {
                let here = fragment.labels.join(".");
                let there = names.iter().find(|(from, _)| *from == here).map_or(here, |(_, to)| to.clone());
                there.split('.').map(str::to_owned).collect()
            }
            _ => fragment.labels.clone(),
        };
        let mut at = &mut configuration[fragment.kind.as_str()];
        for label in &labels {
            if at.get(label.as_str()).is_none() {
                at[label.as_str()] = json!({});
            }
            at = &mut at[label.as_str()];
        }
        merge(at, &body, taking);
    }
}

/// A resource of a type that refers to another one, or that the other one names.
fn beside(configuration: &Value, (kind, name): (&str, &str), wanted: &str) -> Option<String> {
    let all = configuration["resource"][wanted].as_object()?;
    let failed = configuration["resource"][kind][name].to_string();
    let refers = |text: &str, to: &str| text.contains(&format!("{to}.")) || text.contains(&format!("{to}}}"));
    all.iter()
        .find(|(other, body)| {
            refers(&body.to_string(), &format!("{kind}.{name}"))
                || refers(&failed, &format!("{wanted}.{other}"))
        })
        .map(|(other, _)| other.clone())
}

fn rename(value: &mut Value, names: &[(String, String)]) {
    match value {
        Value::String(text) => {
            for (from, to) in names {
                *text = text.replace(&format!("{from}."), &format!("{to}."));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Value::Object(map) => map.values_mut().for_each(|item| rename(item, names)),
        _ => {}
    }
}

fn merge(into: &mut Value, from: &Value, taking: Taking) {
    let (Value::Object(into), Value::Object(from)) = (into, from) else { return };
    for (key, value) in from {
        let blocks = |value: &Value| {
            value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_object))
        };
        let Some(there) = into.get_mut(key) else {
            into.insert(key.clone(), value.clone());
            continue;
        };
        // One block may be written without a list.
        if there.is_object() && blocks(value) {
            *there = json!([there.clone()]);
        }
        match (&mut *there, value) {
            (Value::Array(old), Value::Array(new)) if blocks(value) => match taking {
                Taking::Change => {
                    for item in old.iter_mut() {
                        new.iter().for_each(|new| merge(item, new, taking));
                    }
                    if old.is_empty() {
                        old.extend(new.iter().cloned());
                    }
                }
                Taking::Add => old.extend(new.iter().cloned()),
                Taking::Replace => old.clone_from(new),
            },
            (Value::Array(old), Value::Array(new)) if taking == Taking::Add => {
                old.extend(new.iter().cloned())
            }
            (Value::Object(_), Value::Object(_)) => merge(there, value, taking),
            _ => *there = value.clone(),
        }
    }
}

/// Declares what a fix refers to and does not write itself, with nothing in it: a person has it,
/// or makes it.
pub(crate) fn declare(configuration: &mut Value) {
    let text = configuration.to_string();
    let mut wanted: BTreeSet<(String, String)> = BTreeSet::new();
    for part in text.split("${").skip(1) {
        let part = &part[..part.find('}').unwrap_or(part.len())];
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        for word in part.split(|c: char| !is_name(c)) {
            let mut names = word.split('.');
            match (names.next(), names.next()) {
                (Some(kind), Some(name)) if kind.starts_with("aws_") => {
                    wanted.insert((kind.to_owned(), name.to_owned()));
                }
                (Some("var"), Some(name)) => {
                    wanted.insert(("var".to_owned(), name.to_owned()));
                }
                _ => {}
            }
        }
    }
    for (kind, name) in wanted {
        let all = if kind == "var" {
            &mut configuration["variable"]
        } else {
            &mut configuration["resource"][&kind]
        };
        if all.get(&name).is_none() {
            all[&name] = json!({});
        }
    }
}
