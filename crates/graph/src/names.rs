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
    names: HashMap<&'static str, OnceLock<HashMap<Box<str>, Same>>>,
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
        Near { names: self, asker: None }.identify(reader, value, type_name)
    }

    /// The resource of any type that a value names: a reference to it or to one of its
    /// attributes, a text built with exactly one, or an ARN.
    #[must_use]
    pub fn any<'a>(&self, reader: &Reader<'a>, value: Value<'a>) -> Option<ResourceId> {
        Near { names: self, asker: None }.any(reader, value)
    }

    /// The resource that an ARN names, or whose contents it names
    /// (`arn:aws:s3:::bucket/prefix/*`, `…:table/name/index/*`). One that is known to be in
    /// another region or account is not meant; where either side does not say, that counts as
    /// the same. The partition is not compared.
    #[must_use]
    pub fn arn(&self, estate: &Estate, text: &str) -> Option<ResourceId> {
        Near { names: self, asker: None }.arn(estate, text)
    }

    /// The names as a resource means them: of several that have one name (replicas in two
    /// regions, the same template in two accounts) the one beside it.
    #[must_use]
    pub fn near(&self, asker: ResourceId) -> Near<'_> {
        Near { names: self, asker: Some(asker) }
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
        Near { names: self, asker: None }.named(estate, type_name, text)
    }

    /// The resources of a type by name, none when there are none.
    fn of_name(&self, estate: &Estate, type_name: &str) -> Option<&HashMap<Box<str>, Same>> {
        let (kind, names) = self.names.get_key_value(type_name)?;
        let names = names.get_or_init(|| self.index(estate, kind));
        (!names.is_empty()).then_some(names)
    }

    /// Explicit names, and what a plain reference gives where the source writes it down
    /// (an id that AWS assigned, in what was read from an account).
    fn index(&self, estate: &Estate, kind: &'static str) -> HashMap<Box<str>, Same> {
        let property = sekisho_facts::identity(kind).and_then(|identity| identity.name);
        let mut names: HashMap<Box<str>, Same> = HashMap::new();
        for &id in self.of_type(kind) {
            let (stack, resource) = (estate.stack(id.stack), estate.resource(id));
            let written = property.and_then(|name| stack.tree.get(resource.properties, name));
            for node in written.into_iter().chain(resource.reference_value) {
                if let Some(name) = stack.tree.string(node) {
                    match names.get_mut(name) {
                        Some(same) => same.add(id),
                        None => {
                            names.insert(name.into(), Same::One(id));
                        }
                    }
                }
            }
        }
        names
    }
}

/// The resources of a type that have one name: seldom more than one.
#[derive(Debug)]
enum Same {
    One(ResourceId),
    Many(Vec<ResourceId>),
}

impl Same {
    fn add(&mut self, id: ResourceId) {
        match self {
            Self::One(only) if *only == id => {}
            Self::One(only) => *self = Self::Many(vec![*only, id]),
            Self::Many(all) if all.contains(&id) => {}
            Self::Many(all) => all.push(id),
        }
    }

    fn all(&self) -> &[ResourceId] {
        match self {
            Self::One(only) => std::slice::from_ref(only),
            Self::Many(all) => all,
        }
    }
}

/// Region and account that an ARN says; none where it says neither, or not in letters.
#[derive(Clone, Copy, Default)]
struct Said<'t> {
    region: Option<&'t str>,
    account: Option<&'t str>,
}

impl<'t> Said<'t> {
    /// Of `arn:partition:service:region:account:resource`.
    fn by(text: &'t str) -> Self {
        let Some(mut rest) = text.strip_prefix("arn:") else { return Self::default() };
        let mut said = Self::default();
        for index in 0..4 {
            let Some(end) = end_of_part(rest) else { return said };
            let part = Some(&rest[..end]).filter(|part| !part.is_empty() && !part.contains(['$', '*', '?']));
            match index {
                2 => said.region = part,
                3 => said.account = part,
                _ => {}
            }
            rest = &rest[end + 1..];
        }
        said
    }

    /// Whether a resource may be where this says.
    fn admits(self, estate: &Estate, id: ResourceId) -> bool {
        let same = |said: Option<&str>, is: Option<&str>| said.is_none() || is.is_none() || said == is;
        same(self.region, estate.region(id)) && same(self.account, estate.account(id))
    }
}

/// [`Names`] as one resource means them. See [`Names::near`].
#[derive(Clone, Copy, Debug)]
pub struct Near<'n> {
    names: &'n Names,
    asker: Option<ResourceId>,
}

impl Near<'_> {
    /// See [`Names::identify`].
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

    /// See [`Names::any`].
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

    /// See [`Names::arn`].
    #[must_use]
    pub fn arn(&self, estate: &Estate, text: &str) -> Option<ResourceId> {
        let (service, rest) = arn_parts(text)?;
        let said = Said::by(text);
        let index = self.names.by_arn.get_or_init(|| self.names.arns());
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
            let Some(names) = self.names.of_name(estate, type_name) else { continue };
            let named = |name: &str| self.choose(estate, names.get(name)?, said);
            let end = name.find(['/', ':']).unwrap_or(name.len());
            // A name may itself hold slashes (log groups, secrets, roles with a path).
            let found = named(name)
                .or_else(|| named(name.trim_end_matches(":*")))
                .or_else(|| named(name.get(..end)?))
                .or_else(|| named(name.rsplit('/').next()?));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// See [`Names::named`].
    #[must_use]
    pub fn named(&self, estate: &Estate, type_name: &str, text: &str) -> Option<ResourceId> {
        let names = self.names.of_name(estate, type_name)?;
        let said = Said::by(text);
        let tail = |separator| text.rsplit(separator).next();
        let same = names.get(text).or_else(|| {
            if text.starts_with("arn:") {
                names.get(tail(':')?).or_else(|| names.get(tail('/')?))
            } else {
                None
            }
        })?;
        self.choose(estate, same, said)
    }

    /// Of those that have one name, the one that is meant: not one that is known to be where
    /// the ARN does not say, and of the rest the first of those nearest to who asks.
    fn choose(&self, estate: &Estate, same: &Same, said: Said<'_>) -> Option<ResourceId> {
        let mut found = same.all().iter().copied().filter(|id| said.admits(estate, *id));
        let first = found.next()?;
        let Some(asker) = self.asker else { return Some(first) };
        let near = |id: ResourceId| {
            let account = said.account.is_some() || estate.account(id) == estate.account(asker);
            let region = said.region.is_some() || estate.region(id) == estate.region(asker);
            (account, region, id.stack == asker.stack)
        };
        Some(found.fold(first, |best, other| if near(other) > near(best) { other } else { best }))
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
