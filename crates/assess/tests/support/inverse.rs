//! A CloudFormation stack written as Terraform, by the mappings read backwards.

#![allow(clippy::cmp_owned, reason = "JSON is compared by its text")]

use std::collections::BTreeMap;

use sekisho_estate::{Node, NodeId, Operation, ReasonCode, Resource, ResourceIndex, Stack};
use sekisho_facts::{
    TerraformHow, TerraformMapping, TerraformObject, TerraformTarget, terraform_mapped, terraform_mappings,
};
use serde_json::{Map, Value, json};

/// A stack as `.tf.json`.
pub(crate) struct Written {
    /// The configuration.
    pub(crate) text: String,
    /// Address of each resource, by logical id.
    pub(crate) addresses: BTreeMap<String, String>,
    /// A default of the provider stands where CloudFormation writes nothing.
    #[allow(dead_code, reason = "not every test asks")]
    pub(crate) defaults: Vec<String>,
}

/// Writes a stack; the error says what cannot be written.
pub(crate) fn write(stack: &Stack) -> Result<Written, String> {
    let mut writer =
        Writer { stack, types: Vec::new(), variables: Map::new(), data: Map::new(), used: Vec::new() };
    for resource in &stack.resources {
        if resource.condition.is_some() {
            return Err("a conditional resource".into());
        }
        writer.types.push(terraform_type(stack, resource)?);
    }
    let mut resources: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut addresses = BTreeMap::new();
    let mut defaults = Vec::new();
    for (at, resource) in stack.resources.iter().enumerate() {
        let name = stack.text(resource.id).to_owned();
        let kind = writer.types[at];
        addresses.insert(name.clone(), format!("{kind}.{name}"));
        let mut properties = match stack.tree.node(resource.properties) {
            Node::Map(_) => writer.json(resource.properties)?,
            Node::Absent => json!({}),
            _ => return Err("properties that are not known".into()),
        };
        for member in properties.as_object_mut().into_iter().flat_map(Map::values_mut) {
            prune(member);
        }
        let rows = terraform_mappings(kind);
        let mut block = Map::new();
        let mut companions = Vec::new();
        let policy = deletion(stack, resource)?;
        let by_kind = rows.iter().find(|row| !row.object.constants.is_empty() && row_fits(row, &properties));
        let first = by_kind
            .filter(|row| row.each.is_none() && row.link.is_none())
            .or_else(|| rows.iter().find(|row| row_fits(row, &properties)))
            .ok_or("no row fits")?;
        for (attribute, values) in &first.when {
            let text = values.first().copied().unwrap_or_default();
            if !text.is_empty() {
                block.insert((*attribute).into(), text.into());
            }
        }
        match policy.as_deref() {
            Some("Retain") => {
                block.insert("lifecycle".into(), json!({"prevent_destroy": true}));
            }
            policy => {
                // AWS: "DeletionPolicy attribute", what it is where nothing is written.
                let snapshot = matches!(kind, "aws_rds_cluster" | "aws_db_instance");
                let skipped = policy.map_or(!snapshot, |policy| policy == "Delete");
                if let Some(name) = first.snapshot_unless {
                    block.insert(name.into(), skipped.into());
                } else if policy == Some("Snapshot") {
                    return Err("a snapshot when it is deleted".into());
                }
            }
        }
        inverse(&first.object, &mut properties, &mut block, &mut defaults)?;
        if !is_empty(&properties) {
            for (companion, row, by) in merges(stack.text(resource.type_name)) {
                let before = properties.clone();
                let mut attributes = Map::new();
                let mut unused = Vec::new();
                if inverse(&row.object, &mut properties, &mut attributes, &mut unused).is_err() {
                    properties = before;
                    continue;
                }
                if properties != before {
                    attributes.insert(by.into(), format!("${{{kind}.{name}.id}}").into());
                    companions.push((companion, attributes));
                }
            }
        }
        if !is_empty(&properties) {
            return Err(format!("{}: {}", stack.text(resource.type_name), first_path(&properties)));
        }
        resources.entry(kind.to_owned()).or_default().insert(name.clone(), Value::Object(block));
        for (companion, attributes) in companions {
            resources.entry(companion.to_owned()).or_default().insert(name.clone(), attributes.into());
        }
    }
    let mut root = json!({ "resource": resources });
    if !writer.variables.is_empty() {
        root["variable"] = Value::Object(writer.variables);
    }
    if !writer.data.is_empty() {
        root["data"] = Value::Object(writer.data);
    }
    Ok(Written { text: root.to_string(), addresses, defaults })
}

/// What is done with a resource when it is deleted.
fn deletion(stack: &Stack, resource: &Resource) -> Result<Option<String>, String> {
    match stack.tree.get(resource.body, "DeletionPolicy") {
        None => Ok(None),
        Some(node) => match stack.tree.string(node) {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err("a deletion policy that is not known".into()),
        },
    }
}

fn row_fits(row: &TerraformMapping, properties: &Value) -> bool {
    // A row with constants is chosen by them (the kind of a flow log).
    row.object.constants.iter().all(|(path, json)| {
        let pointer = format!("/{path}");
        properties.pointer(&pointer).is_none_or(|value| value.to_string() == *json)
    })
}

/// The Terraform type that is best for a resource.
fn terraform_type(stack: &Stack, resource: &Resource) -> Result<&'static str, String> {
    let wanted = stack.text(resource.type_name);
    let member = stack.tree.get(resource.properties, "DBClusterIdentifier").is_some();
    let of = |kind: &&'static str| {
        let fits = |row: &TerraformMapping| {
            row.target == TerraformTarget::Own(lookup(wanted)) && row.each.is_none() && row.link.is_none()
        };
        terraform_mappings(kind).first().is_some_and(fits)
    };
    let old = |kind: &str| {
        kind.starts_with("aws_alb")
            || kind.starts_with("aws_default_")
            || kind == "aws_security_group_rule"
            || kind.starts_with("aws_kms_external")
            || kind.ends_with("_external_key")
            || kind == "aws_db_proxy_target"
            || kind == "aws_dms_s3_endpoint"
            || kind.starts_with("aws_sesv2")
    };
    let mut found = terraform_mapped().filter(of).filter(|kind| !old(kind));
    let first = found.next().ok_or_else(|| format!("{wanted} has no type of the provider"))?;
    if wanted == "AWS::RDS::DBInstance" {
        return Ok(if member { "aws_rds_cluster_instance" } else { "aws_db_instance" });
    }
    Ok(first)
}

/// The name with the life of the facts.
fn lookup(name: &str) -> &'static str {
    sekisho_facts::resource_type(name).map_or("", |kind| kind.name())
}

/// Types that complete a resource of a type.
fn merges(parent: &str) -> Vec<(&'static str, &'static TerraformMapping, &'static str)> {
    let of = |kind: &'static str| {
        terraform_mappings(kind).iter().filter_map(move |row| match row.target {
            TerraformTarget::Merge { parent, by } => Some((kind, row, parent, by)),
            TerraformTarget::Own(_) => None,
        })
    };
    let all = terraform_mapped().flat_map(of).filter(|(_, _, of, _)| *of == parent);
    all.map(|(kind, row, _, by)| (kind, row, by)).collect()
}

struct Writer<'s> {
    stack: &'s Stack,
    types: Vec<&'static str>,
    variables: Map<String, Value>,
    data: Map<String, Value>,
    used: Vec<String>,
}

impl Writer<'_> {
    fn json(&mut self, node: NodeId) -> Result<Value, String> {
        let tree = &self.stack.tree;
        Ok(match tree.node(node) {
            Node::Null => Value::Null,
            Node::Absent => json!({"\u{0}": 0}),
            Node::Bool(is) => is.into(),
            Node::Int(int) => int.into(),
            Node::Float(float) => float.into(),
            Node::String(span) => escape(tree.text(span)).into(),
            Node::List(range) => {
                let items: Result<Vec<Value>, String> =
                    tree.children(range).iter().map(|&item| self.json(item)).collect();
                Value::Array(items?)
            }
            Node::Map(range) => {
                let mut out = Map::new();
                for entry in tree.entries(range) {
                    if tree.node(entry.value) != Node::Absent {
                        out.insert(tree.text(entry.key).to_owned(), self.json(entry.value)?);
                    }
                }
                Value::Object(out)
            }
            Node::Reference { .. } | Node::Variable(_) => format!("${{{}}}", self.expression(node)?).into(),
            Node::Operation { operation: Operation::Concat, operands } => {
                let mut text = String::new();
                for &part in tree.children(operands) {
                    match self.json(part)? {
                        Value::String(part) => text.push_str(&part),
                        Value::Object(_) | Value::Array(_) => return Err("text made of lists".into()),
                        other => text.push_str(&other.to_string()),
                    }
                }
                text.into()
            }
            Node::Choice { .. } => return Err("a choice by a condition".into()),
            Node::Operation { .. } => return Err("a function that is no text".into()),
            Node::Secret(_) => return Err("a secret".into()),
            _ => return Err("a value that is not known".into()),
        })
    }

    fn expression(&mut self, node: NodeId) -> Result<String, String> {
        match self.stack.tree.node(node) {
            Node::Reference { resource, attribute } => {
                let target = self.stack.resource(ResourceIndex(resource));
                let name = self.stack.text(target.id).to_owned();
                let kind = self.types.get(resource as usize).copied();
                let kind = match kind {
                    Some(kind) => kind,
                    None => terraform_type(self.stack, target)?,
                };
                let attribute = self.stack.tree.name(attribute);
                let rows = terraform_mappings(kind);
                let known = rows.iter().flat_map(|row| &row.attributes);
                let mut names: Vec<&str> =
                    known.filter(|(_, to)| *to == attribute).map(|(from, _)| *from).collect();
                names.sort_by_key(|name| (*name != "id", *name != "arn", name.len()));
                let from = match names.first() {
                    Some(first) => first,
                    None if attribute.is_empty() => "id",
                    None => return Err(format!("{kind} has no {attribute}")),
                };
                Ok(format!("{kind}.{name}.{from}"))
            }
            Node::Variable(variable) => {
                let variable = &self.stack.variables[variable as usize];
                let data = match &*variable.name {
                    "AWS::AccountId" => Some(("aws_caller_identity", "account_id")),
                    "AWS::Region" => Some(("aws_region", "region")),
                    "AWS::Partition" => Some(("aws_partition", "partition")),
                    "AWS::URLSuffix" => Some(("aws_partition", "dns_suffix")),
                    name if name.starts_with("AWS::") => return Err(name.to_string()),
                    _ => None,
                };
                if let Some((kind, attribute)) = data {
                    self.data.insert(kind.into(), json!({"current": {}}));
                    return Ok(format!("data.{kind}.current.{attribute}"));
                }
                if variable.unknown.code == ReasonCode::DynamicReference {
                    let read = json!({"name": &*variable.unknown.subject});
                    let all = self.data.entry("aws_ssm_parameter").or_insert_with(|| json!({}));
                    all[&*variable.name] = read;
                    return Ok(format!("data.aws_ssm_parameter.{}.value", variable.name));
                }
                if !variable.domain.is_empty() || variable.secret {
                    return Err("a parameter with a default, or a secret one".into());
                }
                self.used.push(variable.name.to_string());
                self.variables.insert(variable.name.to_string(), json!({}));
                Ok(format!("var.{}", variable.name))
            }
            _ => Err("an expression".into()),
        }
    }
}

fn escape(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// Takes out what is not written.
fn prune(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(prune),
        Value::Array(items) => {
            items.retain(|item| item.get("\u{0}").is_none());
            items.iter_mut().for_each(prune);
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn first_path(value: &Value) -> String {
    match value {
        Value::Object(map) => match map.iter().next() {
            Some((key, inner)) => format!("{key}/{}", first_path(inner)),
            None => String::new(),
        },
        Value::Array(items) => format!("-/{}", items.first().map(first_path).unwrap_or_default()),
        _ => String::new(),
    }
}

/// Takes the value at a path out of the properties, with the objects that it leaves empty.
fn take(value: &mut Value, steps: &[&str]) -> Option<Value> {
    match steps {
        [] => None,
        ["-"] => match value {
            Value::Array(items) if items.len() == 1 => items.pop(),
            _ => None,
        },
        ["-", rest @ ..] => {
            let Value::Array(items) = value else { return None };
            let [only] = &mut items[..] else { return None };
            let found = take(only, rest);
            if is_empty(only) {
                items.clear();
            }
            found
        }
        [key] => value.as_object_mut()?.remove(*key),
        [key, rest @ ..] => {
            let map = value.as_object_mut()?;
            let inner = map.get_mut(*key)?;
            let found = take(inner, rest)?;
            if is_empty(inner) || inner.as_array().is_some_and(Vec::is_empty) {
                map.remove(*key);
            }
            Some(found)
        }
    }
}

fn steps(path: &str) -> Vec<&str> {
    path.split('/').filter(|step| !step.is_empty() && *step != ".").collect()
}

/// The attributes whose mapping gives the properties; what is used is taken out of them.
fn inverse(
    object: &TerraformObject,
    properties: &mut Value,
    block: &mut Map<String, Value>,
    defaults: &mut Vec<String>,
) -> Result<(), String> {
    let whole =
        |value: &Value| matches!(value, Value::String(text) if text.starts_with("${") && text.ends_with('}'));
    for (path, json) in &object.constants {
        if let Some(value) = take(properties, &steps(path))
            && value.to_string() != *json
        {
            return Err(format!("{path} is not {json}"));
        }
    }
    for rule in &object.rules {
        let to = steps(rule.to);
        match &rule.how {
            TerraformHow::Ignore | TerraformHow::None => continue,
            TerraformHow::One(inner) if to.is_empty() => {
                let before = properties.clone();
                let mut attributes = Map::new();
                inverse(inner, properties, &mut attributes, defaults)?;
                if *properties != before {
                    block.insert(rule.from.into(), json!([attributes]));
                }
                continue;
            }
            TerraformHow::Keyed(key, member, content) => {
                let list = properties.pointer_mut(&format!("/{}", rule.to)).and_then(Value::as_array_mut);
                if let Some(list) = list
                    && let Some(at) = list.iter().position(|item| item[*member] == *key)
                {
                    let pair = list.remove(at);
                    block.insert(rule.from.into(), pair[*content].clone());
                    if list.is_empty() {
                        take(properties, &to);
                    }
                } else if rule.default.is_some() {
                    defaults.push(rule.from.into());
                }
                continue;
            }
            _ => {}
        }
        let list_of = matches!(rule.how, TerraformHow::Each(_)) && to.last() == Some(&"-");
        let path = if list_of { &to[..to.len() - 1] } else { &to[..] };
        let Some(value) = take(properties, path) else {
            if rule.default.is_some() {
                defaults.push(rule.from.into());
            }
            continue;
        };
        let attribute = match &rule.how {
            TerraformHow::Json => match value {
                Value::String(text) => text.into(),
                other => other.to_string().into(),
            },
            // Container definitions are text, statements of a web ACL blocks.
            TerraformHow::Spelled(..) if value.is_array() => value.to_string().into(),
            TerraformHow::Spelled(..) => json!([value]),
            TerraformHow::Entries(key, content) => {
                let mut map = Map::new();
                for item in value.as_array().ok_or("entries that are no list")? {
                    let name = item[*key].as_str().ok_or("an entry without a name")?;
                    map.insert(name.into(), item[*content].clone());
                }
                map.into()
            }
            TerraformHow::Object(key, content) => {
                let map = value.as_object().ok_or("names that are no map")?;
                map.iter().map(|(name, value)| json!({*key: name, *content: value})).collect()
            }
            TerraformHow::One(inner) => {
                if whole(&value) {
                    return Err(format!("{} as a whole is not known", rule.to));
                }
                json!([part(inner, value, defaults, rule.to)?])
            }
            TerraformHow::Each(inner) => {
                let items = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                let items: Result<Vec<Value>, String> =
                    items.into_iter().map(|item| part(inner, item, defaults, rule.to)).collect();
                Value::Array(items?)
            }
            TerraformHow::By(key, inner) => {
                let mut items = Vec::new();
                for (name, item) in value.as_object().ok_or("no map")?.clone() {
                    let mut item = part(inner, item, defaults, rule.to)?;
                    item[*key] = name.into();
                    items.push(item);
                }
                Value::Array(items)
            }
            TerraformHow::Wrap => match value {
                Value::Array(mut items) if items.len() == 1 => items.remove(0),
                Value::Array(_) => return Err(format!("{} of several", rule.to)),
                other => other,
            },
            TerraformHow::First => json!([value]),
            TerraformHow::Join => match value {
                Value::String(text) => text.split(',').map(str::to_owned).collect(),
                other => other,
            },
            TerraformHow::Split => match value {
                Value::Array(items) => {
                    let texts: Vec<String> =
                        items.iter().filter_map(|i| i.as_str().map(str::to_owned)).collect();
                    texts.join(",").into()
                }
                other => other,
            },
            TerraformHow::Values(table) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                match table.iter().find(|(_, to)| *to == Some(text.as_str())) {
                    Some((from, _)) => (*from).into(),
                    None if whole(&value) => return Err(format!("{} is not known", rule.to)),
                    None => value,
                }
            }
            TerraformHow::Not => match value.as_bool() {
                Some(is) => (!is).into(),
                None => return Err(format!("{} is no boolean", rule.to)),
            },
            _ => value,
        };
        block.insert(rule.from.into(), attribute);
    }
    let mut spread = object.spread.iter().filter(|(name, _)| *name != "self");
    if let Some((name, path)) = spread.find(|(_, path)| properties.pointer(&format!("/{path}")).is_some())
        && let Some(value) = take(properties, &steps(path))
    {
        block.insert((*name).into(), json!([value]));
    }
    Ok(())
}

fn part(
    inner: &TerraformObject,
    mut value: Value,
    defaults: &mut Vec<String>,
    path: &str,
) -> Result<Value, String> {
    if !value.is_object() {
        return Err(format!("{path} is no object"));
    }
    let mut attributes = Map::new();
    inverse(inner, &mut value, &mut attributes, defaults)?;
    if !is_empty(&value) {
        return Err(format!("{path}/{}", first_path(&value)));
    }
    Ok(attributes.into())
}
