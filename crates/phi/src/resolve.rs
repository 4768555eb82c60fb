//! From a value to what it names: a resource, something elsewhere, an end outside.

use sekisho_estate::{Estate, Part, Reader, ReasonCode, ResourceId, Target, Text, Value, View};
use sekisho_facts::{Flow, PUBLIC_PARAMETERS, parameter_name};
use sekisho_graph::{Near, index_of};

use crate::given::Given;
use crate::node::{Node, is_account};

/// A place that a path leads to: the value there, and the positions in the lists on the way.
pub(crate) struct Place<'e> {
    pub(crate) view: View<'e>,
    pub(crate) value: Value<'e>,
    pub(crate) at: Vec<u32>,
}

/// All places that a path leads to in the current world. Lists are stepped through; `*` is
/// every key of a map.
pub(crate) fn places<'e>(reader: &Reader<'e>, root: View<'e>, path: &str) -> Vec<Place<'e>> {
    let mut found = Vec::new();
    let steps: Vec<&str> = path.split('/').collect();
    walk(reader, root, &steps, &mut Vec::new(), &mut found, 0);
    found
}

fn walk<'e>(
    reader: &Reader<'e>,
    view: View<'e>,
    steps: &[&str],
    at: &mut Vec<u32>,
    found: &mut Vec<Place<'e>>,
    depth: u32,
) {
    if depth > 64 {
        return;
    }
    let value = reader.resolve(view);
    match (value, steps) {
        (Value::Absent | Value::Null, _) => {}
        (Value::List(list), _) => {
            let mut position = 0;
            for &node in list.elements() {
                if reader.resolve(list.at(node)) == Value::Absent {
                    continue;
                }
                at.push(position);
                walk(reader, list.at(node), steps, at, found, depth + 1);
                at.pop();
                position += 1;
            }
        }
        (Value::Items(items), []) => {
            for (position, &value) in items.iter().enumerate() {
                at.push(position as u32);
                found.push(Place { view, value, at: at.clone() });
                at.pop();
            }
        }
        (Value::Map(map), [step, rest @ ..]) => {
            if *step == "*" {
                for entry in map.entries() {
                    walk(reader, map.at(entry.value), rest, at, found, depth + 1);
                }
            } else if let Some(node) = map.stack.tree.get(map.node, step) {
                walk(reader, map.at(node), rest, at, found, depth + 1);
            }
        }
        (value, []) => found.push(Place { view, value, at: at.clone() }),
        // A part of the way that nobody knows: what it would name is not known either.
        (Value::Unknown(_), _) => found.push(Place { view, value, at: at.clone() }),
        _ => {}
    }
}

/// The text of a value with its unknown parts shown as `${…}`; never a secret.
pub(crate) fn shown(value: Value<'_>) -> String {
    match value {
        Value::Str(text) => text.to_owned(),
        Value::Text(text) => text.display(),
        Value::Reference(target) => format!("${{{}}}", target.name()),
        Value::Unknown(why) if !why.subject.is_empty() => format!("${{{}}}", why.subject),
        Value::Unknown(_) => "${?}".to_owned(),
        Value::Secret(_) => "***".to_owned(),
        Value::Bool(is) => is.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        _ => String::new(),
    }
}

/// What is named, and the row (an index into the alternatives) that describes the flow.
pub(crate) struct Named {
    pub(crate) node: Node,
    pub(crate) row: usize,
}

/// What a value names. `rows` are the rows that share the path and whose conditions hold.
pub(crate) fn named<'e>(
    reader: &Reader<'e>,
    given: &Given<'_>,
    holder: ResourceId,
    value: Value<'e>,
    rows: &[&'static Flow],
) -> Vec<Named> {
    let estate = reader.estate;
    if let Some(row) = rows.iter().position(|row| row.implicit) {
        return vec![Named { node: implicit(reader, given, holder, value, rows[row]), row }];
    }
    let near = given.names.near(holder);
    if let Some(id) = resource(reader, near, value, rows) {
        let type_name = estate.type_name(id);
        if id == holder && !rows.iter().any(|row| row.to.contains(&type_name)) {
            return Vec::new();
        }
        // The stream of a table is a thing of its own between the table and who reads it.
        let streams = |row: &&Flow| row.to.contains(&"virtual:DynamoDBStream");
        if type_name == "AWS::DynamoDB::Table"
            && let Some(row) = rows.iter().position(streams)
            && !rows.iter().any(|row| row.to.contains(&type_name))
        {
            let node = Node::Made { kind: "virtual:DynamoDBStream", of: id, region: None };
            return vec![Named { node, row }];
        }
        let row = rows
            .iter()
            .position(|row| row.to.contains(&type_name))
            .or_else(|| rows.iter().position(|row| row.to.contains(&"*")))
            .unwrap_or(0);
        return vec![Named { node: Node::Resource(id), row }];
    }
    if let Some(row) = rows.iter().position(|row| row.to.contains(&"*")) {
        // One value that is a name is one thing; a script, a map or a definition names many.
        let one =
            matches!(value, Value::Str(text) if text.starts_with("arn:") && !text.contains([' ', '"', '\n']));
        if !one {
            let mut found = Vec::new();
            mentioned(reader, near, value, &mut found, 0);
            found.sort_unstable();
            found.dedup();
            let nodes = found.into_iter().filter(|id| *id != holder).map(Node::Resource);
            return nodes.map(|node| Named { node, row }).collect();
        }
    }
    outside(value, rows).into_iter().collect()
}

/// What a switch switches on.
fn implicit<'e>(
    reader: &Reader<'e>,
    given: &Given<'_>,
    holder: ResourceId,
    value: Value<'e>,
    row: &'static Flow,
) -> Node {
    let kind = row.to[0];
    if kind.starts_with("external:") {
        // All clients are one end; a host that only the configuration of a driver knows is its own.
        let name = if kind == "external:host" { reader.estate.id(holder) } else { "" };
        return Node::End { kind, name: name.into() };
    }
    if let Some(pattern) = row.named
        && let Some(id) = given.find(reader, holder, kind, pattern)
    {
        return Node::Resource(id);
    }
    let region = row.region.then(|| shown(value)).filter(|region| !region.is_empty());
    Node::Made { kind, of: holder, region: region.map(Into::into) }
}

/// The resource of the estate that a value names.
fn resource<'e>(
    reader: &Reader<'e>,
    names: Near<'_>,
    value: Value<'e>,
    rows: &[&'static Flow],
) -> Option<ResourceId> {
    let estate = reader.estate;
    let types = || rows.iter().flat_map(|row| row.to.iter().copied()).filter(|to| to.starts_with("AWS::"));
    let found = match value {
        Value::Reference(target) => {
            // A reference to something that itself only hands a name on (a parameter store's entry,
            // an output) is what it says, where that is written.
            of_target(estate, target)
        }
        Value::Text(_) => {
            names.any(reader, value).or_else(|| types().find_map(|to| names.identify(reader, value, to)))
        }
        Value::Str(text) => names
            .arn(estate, text)
            .or_else(|| types().find_map(|to| names.named(estate, to, text)))
            .or_else(|| types().find_map(|to| named_inside(estate, names, text, to))),
        _ => None,
    }?;
    Some(found)
}

fn of_target(estate: &Estate, target: Target<'_>) -> Option<ResourceId> {
    Some(ResourceId { stack: index_of(estate, target.stack)?, index: target.resource })
}

/// A name inside a URL or host: `s3://bucket/prefix`, `bucket.s3.eu-west-1.amazonaws.com`,
/// `https://sqs.eu-west-1.amazonaws.com/111122223333/queue`, `…:function:name/invocations`.
fn named_inside(estate: &Estate, names: Near<'_>, text: &str, kind: &str) -> Option<ResourceId> {
    let try_name = |name: &str| (!name.is_empty()).then(|| names.named(estate, kind, name)).flatten();
    if let Some(rest) = text.strip_prefix("s3://").or_else(|| text.strip_prefix("s3a://")) {
        return if kind == "AWS::S3::Bucket" { try_name(rest.split('/').next()?) } else { None };
    }
    if kind == "AWS::S3::Bucket" {
        let host = text.strip_prefix("https://").unwrap_or(text);
        if let Some(at) = host.find(".s3.").or_else(|| host.find(".s3-")) {
            return try_name(&host[..at]);
        }
        return try_name(text.trim_start_matches('/').split('/').next()?);
    }
    if kind == "AWS::SQS::Queue" && text.starts_with("https://") {
        return try_name(text.rsplit('/').next()?);
    }
    // An integration URI wraps the function's ARN.
    if let Some(at) = text.find("functions/arn:") {
        return names.arn(estate, text[at + "functions/".len()..].trim_end_matches("/invocations"));
    }
    None
}

/// Every resource that a value mentions: references and ARNs, however deep.
fn mentioned<'e>(
    reader: &Reader<'e>,
    names: Near<'_>,
    value: Value<'e>,
    found: &mut Vec<ResourceId>,
    depth: u32,
) {
    if depth > 64 {
        return;
    }
    let estate = reader.estate;
    match value {
        Value::Reference(target) => found.extend(of_target(estate, target)),
        Value::Text(Text { parts }) => {
            for part in *parts {
                match part {
                    Part::Reference(target) => found.extend(of_target(estate, *target)),
                    Part::Literal(text) => arns(estate, names, text, found),
                    _ => {}
                }
            }
        }
        Value::Str(text) => arns(estate, names, text, found),
        Value::Map(map) => {
            for entry in map.entries() {
                mentioned(reader, names, reader.resolve(map.at(entry.value)), found, depth + 1);
            }
        }
        Value::List(list) => {
            for &node in list.elements() {
                mentioned(reader, names, reader.resolve(list.at(node)), found, depth + 1);
            }
        }
        Value::Items(items) => {
            for &item in items {
                mentioned(reader, names, item, found, depth + 1);
            }
        }
        _ => {}
    }
}

fn arns(estate: &Estate, names: Near<'_>, text: &str, found: &mut Vec<ResourceId>) {
    let mut rest = text;
    while let Some(at) = rest.find("arn:") {
        rest = &rest[at..];
        let end = rest.find(['"', '\'', ' ', '\n', '\\', ',', '<', '>', ')']).unwrap_or(rest.len());
        found.extend(names.arn(estate, &rest[..end]));
        rest = &rest[end.max(4)..];
    }
}

/// Whether a value is what a public parameter of Systems Manager holds: AWS publishes it for
/// everybody (an image, a layer, an endpoint), so that nothing of the customer is in it.
fn is_public_parameter(value: Value<'_>) -> bool {
    let text = match value {
        Value::Str(text) => text,
        Value::Unknown(why) if why.code == ReasonCode::DynamicReference => why.subject,
        _ => return false,
    };
    parameter_name(text).unwrap_or(text).starts_with(PUBLIC_PARAMETERS)
}

/// A value that names nothing in the input: an end outside, or something elsewhere.
fn outside(value: Value<'_>, rows: &[&'static Flow]) -> Option<Named> {
    if is_public_parameter(value) {
        return None;
    }
    let text = shown(value);
    if text.is_empty() {
        return None;
    }
    // Deployed text that is an ARN of AWS stays in AWS, whatever else the row admits.
    let in_aws = text.starts_with("arn:") || text.starts_with("s3://") || amazon_host(&text);
    for (row, flow) in rows.iter().enumerate() {
        for &kind in flow.to.iter().filter(|to| to.starts_with("external:")) {
            if in_aws && matches!(kind, "external:url" | "external:host") {
                continue;
            }
            let name = match kind {
                "external:url" => host_of(&text).to_owned(),
                "external:phone" => mask(&text),
                "external:account" if !is_account(&text) && text.starts_with("arn:") => {
                    text.split(':').nth(4).unwrap_or(&text).to_owned()
                }
                _ => text.clone(),
            };
            return Some(Named { node: Node::End { kind, name: name.into() }, row });
        }
    }
    let row = rows.iter().position(|row| row.to.contains(&"*")).unwrap_or(0);
    let kind = rows.iter().flat_map(|row| row.to.iter().copied()).find(|to| *to != "*").unwrap_or("");
    let kind = if kind.starts_with("external:") { "" } else { kind };
    Some(Named { node: Node::Elsewhere { kind, name: text.into() }, row })
}

fn amazon_host(text: &str) -> bool {
    let host = host_of(text);
    host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn")
}

/// The host of a URL, or the text itself.
fn host_of(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}

/// A telephone number identifies a person: only its end is shown.
fn mask(text: &str) -> String {
    let keep = text.chars().count().saturating_sub(2);
    text.chars().enumerate().map(|(at, c)| if at < keep && c.is_ascii_digit() { '•' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use sekisho_estate::{ReasonCode, Value, Why};

    use super::{host_of, is_public_parameter, mask};

    #[test]
    fn public_parameters_are_no_unknown_ends() {
        let read = |subject| Value::Unknown(Why { code: ReasonCode::DynamicReference, subject });
        assert!(is_public_parameter(read("/aws/service/ami-amazon-linux-latest/al2023")));
        assert!(is_public_parameter(read("{{resolve:ssm:/aws/service/ami-windows-latest/Base:3}}")));
        assert!(is_public_parameter(Value::Str("resolve:ssm:/aws/service/canonical/ubuntu/x")));
        assert!(!is_public_parameter(read("/golden/ami")));
        assert!(!is_public_parameter(Value::Str("ami-0123456789abcdef0")));
    }

    #[test]
    fn only_the_host_of_a_url_is_kept() {
        assert_eq!(host_of("https://user:secret@hook.example/in?patient=1"), "hook.example");
        assert_eq!(host_of("hook.example:8080/x"), "hook.example:8080");
        assert_eq!(mask("+819012345678"), "+••••••••••78");
    }
}
