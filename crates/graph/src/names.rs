//! From a value to the resource it names.

use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt};
use sekisho_estate::{Estate, Part, Reader, ResourceId, Stack, StackIndex, Target, Text, Value};

/// Resources of an estate by type, by name and by ARN.
///
/// The resources of a type are indexed by name when the first value asks for them:
/// O(resources of the type), then O(length of the text) for each question.
#[derive(Debug)]
pub struct Names {
    by_type: HashMap<Box<str>, Vec<ResourceId>>,
    names: HashMap<&'static str, OnceLock<HashMap<Box<str>, ResourceId>>>,
    /// Types of the estate by the service and the first word of the resource in their ARN.
    by_arn: OnceLock<HashMap<(&'static str, &'static str), Vec<&'static str>>>,
}

impl Names {
    /// Indexes the resources of an estate by type: O(resources).
    #[must_use]
    pub fn new(estate: &Estate) -> Self {
        let mut by_type: HashMap<Box<str>, Vec<ResourceId>> = HashMap::new();
        for (id, stack, resource) in estate.resources() {
            let name = stack.text(resource.type_name);
            match by_type.get_mut(name) {
                Some(ids) => ids.push(id),
                None => {
                    by_type.insert(name.into(), vec![id]);
                }
            }
        }
        let kinds = by_type.keys().filter_map(|name| sekisho_facts::resource_type(name));
        let names = kinds.map(|kind| (kind.name(), OnceLock::new())).collect();
        Self { by_type, names, by_arn: OnceLock::new() }
    }

    /// Types in the estate with the resources of each, in no particular order.
    pub fn types(&self) -> impl Iterator<Item = (&str, &[ResourceId])> {
        self.by_type.iter().map(|(name, ids)| (&**name, ids.as_slice()))
    }

    /// All resources of a type, in the order of stacks and then as written.
    #[must_use]
    pub fn of_type(&self, type_name: &str) -> &[ResourceId] {
        self.by_type.get(type_name).map_or(&[], Vec::as_slice)
    }

    /// The resource of a type that a value names: a reference, a name, or an ARN that ends
    /// in either. An attribute of another resource that leads to this one (the ARN of a
    /// listener's rule) does not.
    #[must_use]
    pub fn identify<'a>(&self, reader: &Reader<'a>, value: Value<'a>, type_name: &str) -> Option<ResourceId> {
        let of = |target: Target<'a>| {
            let stack = index_of(reader.estate, target.stack)?;
            (target.type_name() == type_name).then_some(ResourceId { stack, index: target.resource })
        };
        match value {
            Value::Reference(target) => of(target),
            Value::Str(text) => self.named(reader.estate, type_name, text),
            Value::Text(text) => match only_reference(text) {
                Some(Ok(only)) => of(only),
                Some(Err(())) => None,
                None => self.named(reader.estate, type_name, text.suffix()),
            },
            _ => None,
        }
    }

    /// The resource of any type that a value names: a reference to it or to one of its
    /// attributes, a text built with exactly one, or an ARN.
    #[must_use]
    pub fn any<'a>(&self, reader: &Reader<'a>, value: Value<'a>) -> Option<ResourceId> {
        let of = |target: Target<'a>| {
            Some(ResourceId { stack: index_of(reader.estate, target.stack)?, index: target.resource })
        };
        match value {
            Value::Reference(target) => of(target),
            Value::Str(text) => self.arn(reader.estate, text),
            Value::Text(text) => match only_reference(text) {
                Some(Ok(only)) => of(only),
                Some(Err(())) => None,
                // `arn:${AWS::Partition}:s3:::name/*`: the parts before the resource may be open.
                None => self.arn(reader.estate, &text.display()),
            },
            _ => None,
        }
    }

    /// The resource that an ARN names, or whose contents it names
    /// (`arn:aws:s3:::bucket/prefix/*`, `…:table/name/index/*`). Partition, region and
    /// account are not compared: the input says seldom which they are.
    #[must_use]
    pub fn arn(&self, estate: &Estate, text: &str) -> Option<ResourceId> {
        let (service, rest) = arn_parts(text)?;
        let index = self.by_arn.get_or_init(|| self.arns());
        let word = rest.split([':', '/']).next().unwrap_or(rest);
        let candidates = index
            .get(&(service, word))
            .into_iter()
            .chain((!word.is_empty()).then(|| index.get(&(service, ""))).flatten())
            .flatten();
        for &type_name in candidates {
            let Some(pattern) = sekisho_facts::identity(type_name).and_then(|i| i.arn) else { continue };
            let Some((_, shape)) = arn_parts(pattern) else { continue };
            let lead = shape.split('{').next().unwrap_or("");
            let Some(name) = rest.strip_prefix(lead) else { continue };
            let end = name.find(['/', ':']).unwrap_or(name.len());
            // A name may itself hold slashes (log groups, secrets, roles with a path).
            let found = self
                .named(estate, type_name, name)
                .or_else(|| self.named(estate, type_name, name.trim_end_matches(":*")))
                .or_else(|| self.named(estate, type_name, name.get(..end)?))
                .or_else(|| self.named(estate, type_name, name.rsplit('/').next()?));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn arns(&self) -> HashMap<(&'static str, &'static str), Vec<&'static str>> {
        let mut index: HashMap<_, Vec<&'static str>> = HashMap::new();
        for &type_name in self.names.keys() {
            let Some(pattern) = sekisho_facts::identity(type_name).and_then(|i| i.arn) else { continue };
            let Some((service, rest)) = arn_parts(pattern) else { continue };
            let word = rest.split([':', '/']).next().unwrap_or(rest);
            let word = if word.starts_with('{') { "" } else { word };
            index.entry((service, word)).or_default().push(type_name);
        }
        index.values_mut().for_each(|types| types.sort_unstable());
        index
    }

    /// The one resource of a type with this explicit name or id, which may be the end of an ARN.
    #[must_use]
    pub fn named(&self, estate: &Estate, type_name: &str, text: &str) -> Option<ResourceId> {
        let (kind, names) = self.names.get_key_value(type_name)?;
        let names = names.get_or_init(|| self.index(estate, kind));
        if names.is_empty() {
            return None;
        }
        let tail = |separator| text.rsplit(separator).next();
        names
            .get(text)
            .or_else(|| {
                if text.starts_with("arn:") {
                    names.get(tail(':')?).or_else(|| names.get(tail('/')?))
                } else {
                    None
                }
            })
            .copied()
    }

    /// Explicit names, and what a plain reference gives where the source writes it down
    /// (an id that AWS assigned, in what was read from an account).
    fn index(&self, estate: &Estate, kind: &'static str) -> HashMap<Box<str>, ResourceId> {
        let property = sekisho_facts::identity(kind).and_then(|identity| identity.name);
        let mut names = HashMap::new();
        for &id in self.of_type(kind) {
            let (stack, resource) = (estate.stack(id.stack), estate.resource(id));
            let written = property.and_then(|name| stack.tree.get(resource.properties, name));
            for node in written.into_iter().chain(resource.reference_value) {
                if let Some(name) = stack.tree.string(node) {
                    names.entry(name.into()).or_insert(id);
                }
            }
        }
        names
    }
}

/// The one reference of a text; an error when there are several, none when there is none.
fn only_reference<'a>(text: &Text<'a>) -> Option<Result<Target<'a>, ()>> {
    let mut references = text.parts.iter().filter_map(|part| match part {
        Part::Reference(target) => Some(*target),
        _ => None,
    });
    let first = references.next()?;
    Some(if references.next().is_some() { Err(()) } else { Ok(first) })
}

/// Service and resource part of `arn:partition:service:region:account:resource`.
fn arn_parts(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("arn:")?;
    // A part that is not known is shown as `${AWS::Partition}` and holds colons of its own.
    let mut rest = text;
    let mut service = "";
    for index in 0..4 {
        let end = end_of_part(rest)?;
        if index == 1 {
            service = &rest[..end];
        }
        rest = &rest[end + 1..];
    }
    (!service.is_empty()).then_some((service, rest))
}

fn end_of_part(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// The index of a stack of the estate, none for one that stands outside (a default's).
#[must_use]
pub fn index_of(estate: &Estate, stack: &Stack) -> Option<StackIndex> {
    let (base, at) = (estate.stacks.as_ptr() as usize, std::ptr::from_ref(stack) as usize);
    let index = at.checked_sub(base)? / std::mem::size_of::<Stack>();
    let found = estate.stacks.get(index)?;
    std::ptr::eq(found, stack).then_some(StackIndex(index as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_splits_into_service_and_resource() {
        for (text, expected) in [
            ("arn:aws:s3:::records/2024/*", Some(("s3", "records/2024/*"))),
            ("arn:aws:rds:eu-west-1:111122223333:db:claims", Some(("rds", "db:claims"))),
            ("arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs", Some(("sqs", "jobs"))),
            ("arn:{partition}:dynamodb:{region}:{account}:table/{name}", Some(("dynamodb", "table/{name}"))),
            ("arn:aws:s3", None),
            ("records", None),
        ] {
            assert_eq!(arn_parts(text), expected, "{text}");
        }
    }
}
