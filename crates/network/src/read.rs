//! Reads resources in the default world, and remembers what that world decided.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bumpalo::Bump;
use ipnet::IpNet;
use sekisho_estate::{Estate, Reader, Reason, ReasonCode, ResourceId, Stack, Value, View, key_hash};
use sekisho_graph::Names;

use crate::space::{Range, Service, TCP, UDP, block};

/// Reads an estate, each resource by itself.
pub(crate) struct Reading<'e> {
    pub(crate) estate: &'e Estate,
    pub(crate) names: &'e Names,
    bump: &'e Bump,
    /// What was decided, in words, and by which resources.
    pub(crate) decisions: RefCell<BTreeMap<String, BTreeSet<ResourceId>>>,
}

/// What a value that names a resource leads to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Link {
    To(ResourceId),
    /// Nothing is written.
    Absent,
    /// It is not in the input, or not known.
    Lost(Reason),
}

/// One resource in the default world.
pub(crate) struct Props<'r, 'e> {
    pub(crate) reading: &'r Reading<'e>,
    pub(crate) id: ResourceId,
    pub(crate) stack: &'e Stack,
    pub(crate) reader: Reader<'e>,
}

impl<'e> Reading<'e> {
    pub(crate) fn new(estate: &'e Estate, names: &'e Names, bump: &'e Bump) -> Self {
        Self { estate, names, bump, decisions: RefCell::default() }
    }

    /// A resource by id.
    pub(crate) fn at(&self, id: ResourceId) -> Props<'_, 'e> {
        let reader = Reader::new(self.estate, self.bump);
        Props { reading: self, id, stack: self.estate.stack(id.stack), reader }
    }

    /// The resources of a type that exist in the default world, each with its properties.
    pub(crate) fn each(&self, type_name: &str, mut then: impl FnMut(&Props<'_, 'e>)) {
        for &id in self.names.of_type(type_name) {
            let props = self.at(id);
            if props.exists() {
                then(&props);
            }
        }
    }
}

impl Drop for Props<'_, '_> {
    fn drop(&mut self) {
        if self.reader.worlds.is_only() {
            return;
        }
        let mut decisions = self.reading.decisions.borrow_mut();
        for word in self.reader.worlds.label().split(", ") {
            decisions.entry(word.to_owned()).or_default().insert(self.id);
        }
    }
}

impl<'e> Props<'_, 'e> {
    pub(crate) fn exists(&self) -> bool {
        self.reader.exists(self.stack, self.stack.resource(self.id.index))
    }

    fn root(&self) -> View<'e> {
        self.stack.view(self.stack.resource(self.id.index).properties)
    }

    /// The value at a path of names; lists on the way are stepped into by their first element.
    pub(crate) fn get(&self, path: &str) -> Value<'e> {
        self.below(self.root(), path).1
    }

    /// The place and value at a path below a place.
    pub(crate) fn below(&self, mut view: View<'e>, path: &str) -> (View<'e>, Value<'e>) {
        let mut value = self.reader.resolve(view);
        for step in path.split('/') {
            if let Value::List(list) = value {
                let Some(&first) = list.elements().first() else { return (view, Value::Absent) };
                value = self.reader.resolve(list.at(first));
            }
            let Value::Map(map) = value else {
                return (view, if matches!(value, Value::Unknown(_)) { value } else { Value::Absent });
            };
            let Some(node) = map.stack.tree.get_hashed(map.node, step, key_hash(step.as_bytes())) else {
                return (map, Value::Absent);
            };
            view = map.at(node);
            value = self.reader.resolve(view);
        }
        (view, value)
    }

    /// All values at a path, through every list on the way; and why there may be more.
    pub(crate) fn all(&self, path: &str) -> (Vec<(View<'e>, Value<'e>)>, Option<Reason>) {
        self.all_below(self.root(), path)
    }

    pub(crate) fn all_below(
        &self,
        view: View<'e>,
        path: &str,
    ) -> (Vec<(View<'e>, Value<'e>)>, Option<Reason>) {
        let (mut found, mut open) = (Vec::new(), None);
        self.collect(view, path, &mut found, &mut open);
        (found, open)
    }

    fn collect(
        &self,
        view: View<'e>,
        path: &str,
        found: &mut Vec<(View<'e>, Value<'e>)>,
        open: &mut Option<Reason>,
    ) {
        match self.reader.resolve(view) {
            Value::List(list) => {
                for &node in list.elements() {
                    self.collect(list.at(node), path, found, open);
                }
            }
            Value::Items(items) if path.is_empty() => found.extend(items.iter().map(|v| (view, *v))),
            Value::Absent | Value::Null => {}
            Value::Unknown(why) => *open = Some(Reason::new(why.code, why.subject)),
            Value::Map(map) if !path.is_empty() => {
                let (step, rest) = path.split_once('/').unwrap_or((path, ""));
                if let Some(node) = map.stack.tree.get(map.node, step) {
                    self.collect(map.at(node), rest, found, open);
                }
            }
            value if path.is_empty() => found.push((view, value)),
            value => *open = Some(reason(value)),
        }
    }

    pub(crate) fn text(&self, value: Value<'e>) -> Option<&'e str> {
        match value {
            Value::Str(text) => Some(text),
            Value::Reference(target) => match self.reader.referenced_value(target) {
                Some(Value::Str(text)) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Text in lower case; numbers and booleans become text.
    pub(crate) fn word(&self, path: &str) -> Option<String> {
        word(self.get(path)).or_else(|| self.text(self.get(path)).map(str::to_lowercase))
    }

    /// A boolean as the service reads it; an error when it is not known.
    pub(crate) fn flag(&self, path: &str) -> Result<Option<bool>, Reason> {
        match self.get(path) {
            Value::Absent | Value::Null => Ok(None),
            Value::Bool(b) => Ok(Some(b)),
            Value::Str(t) if t.eq_ignore_ascii_case("true") || t == "ENABLED" => Ok(Some(true)),
            Value::Str(t) if t.eq_ignore_ascii_case("false") || t == "DISABLED" => Ok(Some(false)),
            value => Err(reason(value)),
        }
    }

    /// A number; an error when it is not known.
    pub(crate) fn number(&self, value: Value<'e>) -> Result<Option<i64>, Reason> {
        match value {
            Value::Absent | Value::Null => Ok(None),
            Value::Int(i) => Ok(Some(i)),
            Value::Float(f) if f.fract() == 0.0 => Ok(Some(f as i64)),
            other => match self.text(other).map(|t| t.trim().parse()) {
                Some(Ok(number)) => Ok(Some(number)),
                _ => Err(reason(other)),
            },
        }
    }

    /// The resource of one of some types that a value names.
    pub(crate) fn link(&self, value: Value<'e>, types: &[&str]) -> Link {
        if matches!(value, Value::Absent | Value::Null) {
            return Link::Absent;
        }
        let found = types.iter().find_map(|t| self.reading.names.identify(&self.reader, value, t));
        match found {
            Some(id) if self.reading.at(id).exists() => Link::To(id),
            _ => Link::Lost(match value {
                Value::Str(text) => Reason::new(ReasonCode::NotInInput, text),
                Value::Reference(target) => Reason::new(ReasonCode::NotInInput, target.name().as_str()),
                other => reason(other),
            }),
        }
    }

    /// A block or address; an error with the reason when it is not known.
    pub(crate) fn range(&self, value: Value<'e>) -> Result<Option<Range>, Reason> {
        match value {
            Value::Absent | Value::Null => Ok(None),
            other => match self.text(other) {
                Some(text) => {
                    range_of(text).map(Some).ok_or_else(|| Reason::new(ReasonCode::WrongShape, text))
                }
                None => Err(reason(other)),
            },
        }
    }

    /// The service that a rule with `IpProtocol`, `FromPort` and `ToPort` admits; `None` where
    /// AWS refuses the rule.
    pub(crate) fn rule_service(&self, rule: View<'e>) -> Result<Option<Service>, Reason> {
        let get = |name| self.below(rule, name).1;
        let Some(protocol) = protocol(get("IpProtocol"))? else { return Ok(None) };
        let (from, to) = (self.number(get("FromPort"))?, self.number(get("ToPort"))?);
        Ok(Some(service(protocol, from, to)))
    }

    /// The value of a tag.
    pub(crate) fn tag(&self, key: &str) -> Option<&'e str> {
        for path in ["Tags", "FileSystemTags", "HostedZoneTags"] {
            let Value::List(list) = self.get(path) else { continue };
            for &node in list.elements() {
                let (_, name) = self.below(list.at(node), "Key");
                if self.text(name).is_some_and(|name| name.eq_ignore_ascii_case(key)) {
                    return self.text(self.below(list.at(node), "Value").1);
                }
            }
        }
        None
    }
}

/// A protocol as rules write it; none for all.
pub(crate) fn protocol(value: Value<'_>) -> Result<Option<Option<u8>>, Reason> {
    let text = match value {
        Value::Absent | Value::Null => return Ok(None),
        Value::Int(-1) => return Ok(Some(None)),
        Value::Int(number) => {
            return u8::try_from(number)
                .map(|n| Some(Some(n)))
                .map_err(|_| Reason::new(ReasonCode::WrongShape, number.to_string().as_str()));
        }
        Value::Str(text) => text.trim(),
        other => return Err(reason(other)),
    };
    Ok(Some(match text.to_ascii_lowercase().as_str() {
        "-1" | "all" => None,
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "icmp" => Some(1),
        "icmpv6" => Some(58),
        number => Some(number.parse().map_err(|_| Reason::new(ReasonCode::WrongShape, text))?),
    }))
}

/// What a protocol and two ports admit. Of ICMP they are type and code, -1 is any.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
pub(crate) fn service(protocol: Option<u8>, from: Option<i64>, to: Option<i64>) -> Service {
    let clamp = |n: i64| u16::try_from(n.clamp(0, 65_535)).unwrap_or(u16::MAX);
    match protocol {
        None => Service::ALL,
        Some(number @ (TCP | UDP)) => match (from, to) {
            (Some(-1), _) | (_, Some(-1)) => Service::ports(number, 0, 65_535),
            (from, to) => Service::ports(number, clamp(from.unwrap_or(0)), clamp(to.unwrap_or(65_535))),
        },
        Some(number @ (1 | 58)) => match (from.unwrap_or(-1), to.unwrap_or(-1)) {
            (-1, _) => Service::ports(number, 0, 65_535),
            (kind, code) => {
                let first = (clamp(kind) & 255) << 8;
                match code {
                    -1 => Service::ports(number, first, first | 255),
                    code => Service::ports(number, first | (clamp(code) & 255), first | (clamp(code) & 255)),
                }
            }
        },
        Some(number) => Service::ports(number, 0, 65_535),
    }
}

/// A block or an address as an interval.
pub(crate) fn range_of(text: &str) -> Option<Range> {
    let text = text.trim();
    text.parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        .map(|net| block(net.trunc()))
}

/// Why a value says nothing.
pub(crate) fn reason(value: Value<'_>) -> Reason {
    match value {
        Value::Unknown(why) => Reason::new(why.code, why.subject),
        Value::Reference(target) => Reason::new(ReasonCode::AttributeAtDeploy, target.name().as_str()),
        Value::Text(text) => Reason::new(ReasonCode::AttributeAtDeploy, text.display().as_str()),
        Value::Secret(_) => Reason::new(ReasonCode::Secret, "value"),
        Value::Str(text) => Reason::new(ReasonCode::WrongShape, text),
        _ => Reason::new(ReasonCode::WrongShape, "value"),
    }
}

fn word(value: Value<'_>) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.to_lowercase()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Int(i) => Some(i.to_string()),
        _ => None,
    }
}
