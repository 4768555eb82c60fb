//! The patch of a fix as text: YAML or JSON as a template has it.

use sekisho_guidance::{CompanionPatch, Control, NewResource, Patch};
use serde_json::Value;

/// The CloudFormation patch of a control, for a resource of this name.
pub(crate) fn patch_of(control: &Control, id: &str) -> Option<Patch> {
    let text = control.fix.cloudformation.as_deref()?;
    let mut patch: Patch = serde_json::from_str(text).ok()?;
    for value in patch.properties.values_mut().chain(patch.append.values_mut().flatten()) {
        name(value, id);
    }
    if let Some(CompanionPatch { properties, append, .. }) = &mut patch.companion {
        properties.values_mut().chain(append.values_mut().flatten()).for_each(|value| name(value, id));
    }
    let resources = std::mem::take(&mut patch.resources);
    for (key, mut resource) in resources {
        resource.properties.values_mut().chain(&mut resource.depends_on).for_each(|value| name(value, id));
        patch.resources.insert(key.replace("{id}", id), resource);
    }
    Some(patch)
}

/// Puts the logical id where `{id}` stands.
fn name(value: &mut Value, id: &str) {
    match value {
        Value::String(text) if text.contains("{id}") => *text = text.replace("{id}", id),
        Value::Array(items) => items.iter_mut().for_each(|item| name(item, id)),
        Value::Object(map) => {
            for (key, mut value) in std::mem::take(map) {
                name(&mut value, id);
                map.insert(key.replace("{id}", id), value);
            }
        }
        _ => {}
    }
}

/// A resource in the order in which people write one.
pub(crate) fn resource_lines(id: &str, resource: &NewResource) -> Vec<String> {
    let mut out = vec![format!("{}:", scalar(id)), format!("  Type: {}", scalar(&resource.ty))];
    let plain = [
        ("DeletionPolicy", &resource.deletion_policy),
        ("UpdateReplacePolicy", &resource.update_replace_policy),
    ];
    if let Some(depends) = &resource.depends_on {
        entry(&mut out, "DependsOn", depends, 2);
    }
    for (key, value) in plain {
        out.extend(value.as_ref().map(|value| format!("  {key}: {}", scalar(value))));
    }
    if !resource.properties.is_empty() {
        out.push("  Properties:".to_owned());
        for (key, value) in &resource.properties {
            entry(&mut out, key, value, 4);
        }
    }
    out
}

/// A whole patch, for a page that has no template to change.
pub(crate) fn patch_lines(patch: &Patch) -> Vec<String> {
    let mut out = Vec::new();
    if !(patch.properties.is_empty() && patch.remove.is_empty() && patch.append.is_empty()) {
        out.push("Properties:".to_owned());
        for (key, value) in &patch.properties {
            entry(&mut out, key, value, 2);
        }
        for (pointer, items) in &patch.append {
            nested(&mut out, pointer, items, 2);
        }
        out.extend(patch.remove.iter().map(|pointer| format!("  # - {pointer}")));
    }
    for (id, resource) in &patch.resources {
        out.extend(resource_lines(id, resource));
    }
    out
}

/// The elements to append to a list, under the keys that lead to it.
pub(crate) fn nested(out: &mut Vec<String>, pointer: &str, items: &[Value], mut indent: usize) {
    for key in pointer.split('/').skip(1) {
        out.push(format!("{}{}:", " ".repeat(indent), scalar(key)));
        indent += 2;
    }
    for item in items {
        element(out, item, indent);
    }
}

/// A key with its value as lines of YAML.
pub(crate) fn entry(out: &mut Vec<String>, key: &str, value: &Value, indent: usize) {
    let space = " ".repeat(indent);
    let key = scalar(key);
    if let Some(short) = inline(value) {
        out.push(format!("{space}{key}: {short}"));
        return;
    }
    out.push(format!("{space}{key}:"));
    match value {
        Value::Array(items) => items.iter().for_each(|item| element(out, item, indent + 2)),
        Value::Object(map) => ordered(map).for_each(|(key, value)| entry(out, key, value, indent + 2)),
        _ => {}
    }
}

fn element(out: &mut Vec<String>, item: &Value, indent: usize) {
    let space = " ".repeat(indent);
    match (inline(item), item) {
        (Some(short), _) => out.push(format!("{space}- {short}")),
        (None, Value::Object(map)) => {
            let first = out.len();
            ordered(map).for_each(|(key, value)| entry(out, key, value, indent + 2));
            if let Some(line) = out.get_mut(first) {
                line.replace_range(indent..=indent, "-");
            }
        }
        (None, Value::Array(items)) => {
            out.push(format!("{space}-"));
            items.iter().for_each(|item| element(out, item, indent + 2));
        }
        (None, _) => {}
    }
}

/// The entries of a map; those of a policy and its statements as people write them.
fn ordered(map: &serde_json::Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    const FIRST: [&str; 9] = [
        "Version",
        "Statement",
        "Sid",
        "Effect",
        "Principal",
        "Action",
        "NotAction",
        "Resource",
        "Condition",
    ];
    let rank = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    let mut entries: Vec<_> = map.iter().collect();
    if map.contains_key("Effect") || map.contains_key("Statement") {
        entries.sort_by_key(|(key, _)| rank(key));
    }
    entries.into_iter()
}

/// A value on one line, where that is readable.
pub(crate) fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(scalar(text)),
        Value::Array(items) if items.is_empty() => Some("[]".to_owned()),
        Value::Array(items) => {
            let parts: Option<Vec<String>> = items
                .iter()
                .map(|item| inline(item).filter(|_| !item.is_object() || is_function(item)))
                .collect();
            let text = format!("[{}]", parts?.join(", "));
            (text.len() <= 60).then_some(text)
        }
        Value::Object(map) if map.is_empty() => Some("{}".to_owned()),
        Value::Object(map) if map.len() == 1 => {
            let (key, value) = map.iter().next()?;
            match (key.as_str(), value) {
                ("Ref", Value::String(name)) => Some(format!("!Ref {name}")),
                ("Fn::Sub", Value::String(text)) => Some(format!("!Sub {}", quoted(text))),
                ("Fn::GetAtt", Value::Array(parts)) => {
                    let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
                    Some(format!("!GetAtt {}", parts?.join(".")))
                }
                _ => None,
            }
        }
        Value::Object(_) => None,
    }
}

/// A value on one line, however long.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => inline(value).unwrap_or_else(|| {
            let parts: Vec<String> =
                ordered(map).map(|(key, value)| format!("{}: {}", scalar(key), flow(value))).collect();
            format!("{{{}}}", parts.join(", "))
        }),
        _ => inline(value).unwrap_or_default(),
    }
}

fn is_function(value: &Value) -> bool {
    value.as_object().is_some_and(|map| map.keys().any(|key| key == "Ref" || key.starts_with("Fn::")))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A text as YAML, in quotes where it would be read as something else.
pub(crate) fn scalar(text: &str) -> String {
    let first = text.chars().next();
    let plain = first.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.'))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " -_./:$*+=@()".contains(c))
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && text.parse::<f64>().is_err()
        && !first.is_some_and(|c| c.is_ascii_digit())
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
        );
    if plain { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_would_be_read_as_something_else_are_quoted() {
        for text in ["true", "2012-10-17", "90", "*", "a: b", "", "!x", "1e3", "No"] {
            assert!(scalar(text).starts_with('\''), "{text}");
        }
        for text in ["s3:*", "aws:kms", "Enabled", "/x/y", "a b"] {
            assert_eq!(scalar(text), text);
        }
        assert_eq!(scalar("it's"), "'it''s'");
    }

    #[test]
    fn a_patch_in_the_words_of_templates() {
        let control = sekisho_guidance::control("s3-bucket-allows-plain-http").unwrap();
        let patch = patch_of(control, "Claims").unwrap();
        let lines = patch_lines(&patch).join("\n");
        assert!(
            lines.contains(
                "ClaimsPolicy:\n  Type: AWS::S3::BucketPolicy\n  Properties:\n    Bucket: !Ref Claims"
            ),
            "{lines}"
        );
        assert!(
            lines.contains("- Sid: RefusePlainHttp\n          Effect: Deny\n          Principal: '*'"),
            "{lines}"
        );
        assert!(lines.contains("Resource: [!GetAtt Claims.Arn, !Sub '${Claims.Arn}/*']"), "{lines}");
    }
}
