//! The actions of AWS: what a policy can allow, on which types of resources, under which
//! condition keys.
//!
//! Source: the Service Authorization Reference
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/>), by way of
//! `facts/generated/iam.txt`, whose form `facts/generate/iam.py` describes.
//!
//! The text lies in the binary as it is. The first question finds where services begin
//! (one pass over the bytes, about a millisecond); a service is parsed when it is first
//! asked for, and kept. After that an action is found in O(log actions of its service).

use std::sync::OnceLock;

static TEXT: &str = include_str!("../../../facts/generated/iam.txt");

/// What an action does, as the reference classifies it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AccessLevel {
    /// Sees that resources exist.
    List,
    /// Sees their content or settings.
    Read,
    /// Makes, changes or deletes.
    Write,
    /// Changes tags.
    Tagging,
    /// Changes who may do what.
    PermissionsManagement,
}

/// A condition key of a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConditionKey {
    /// Its name as documented, such as `s3:prefix` or `aws:ResourceTag/${TagKey}`.
    pub name: &'static str,
    /// Its type: `String`, `ArrayOfString`, `ARN`, `Bool`, `Date`, `IPAddress`, `Numeric`…;
    /// empty when the reference does not say.
    pub kind: &'static str,
}

/// A type of resource that actions name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionResourceType {
    /// Its name within the service, such as `bucket`.
    pub name: &'static str,
    /// Its ARN with `${Partition}`, `${Region}`, `${Account}` and names of its own; empty
    /// when the reference does not say.
    pub arn: &'static str,
    /// Condition keys that the resource brings, as positions in [`Service::keys`].
    pub keys: Vec<u16>,
}

/// One type of resource that an action can be asked on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionOn {
    /// Position in [`Service::types`].
    pub kind: u16,
    /// Whether every request names one.
    pub required: bool,
    /// Condition keys that this type adds, as positions in [`Service::keys`].
    pub keys: Vec<u16>,
    /// Other actions that the caller needs when the request names this type.
    pub dependent: Vec<&'static str>,
}

/// An action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Action {
    /// Its number among all actions; those of one service are contiguous.
    pub id: u32,
    /// Its name as documented, without the service: `GetObject`.
    pub name: &'static str,
    /// What it does.
    pub level: AccessLevel,
    /// The types of resources; empty: it is asked on `*` only.
    pub on: Vec<ActionOn>,
    /// Condition keys whatever the resource, as positions in [`Service::keys`].
    pub keys: Vec<u16>,
    /// Other actions that the caller needs.
    pub dependent: Vec<&'static str>,
}

/// A service of the reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// The part before the colon: `s3`.
    pub prefix: &'static str,
    /// Whether resource control policies apply to its resources.
    pub resource_control_policies: bool,
    /// Its condition keys.
    pub keys: Vec<ConditionKey>,
    /// Its types of resources.
    pub types: Vec<ActionResourceType>,
    /// Its actions in the order of their names in lower case.
    pub actions: Vec<Action>,
}

/// Where a service is in the text.
struct Place {
    prefix: &'static str,
    head: [u32; 3],
    rcp: bool,
    first: u32,
    body: &'static str,
    parsed: OnceLock<Service>,
}

fn places() -> &'static [Place] {
    static PLACES: OnceLock<Vec<Place>> = OnceLock::new();
    PLACES.get_or_init(|| {
        let mut first = 0;
        let mut places = Vec::new();
        // Every block begins with `=` and a tab at the start of a line.
        for block in TEXT.strip_prefix("=\t").unwrap_or("").split("\n=\t") {
            let (head, body) = block.split_once('\n').unwrap_or((block, ""));
            let mut fields = head.split('\t');
            let prefix = fields.next().unwrap_or("");
            let mut number = || fields.next().and_then(|text| text.parse().ok()).unwrap_or(0);
            let head = [number(), number(), number()];
            let rcp = fields.next().is_some();
            places.push(Place { prefix, head, rcp, first, body, parsed: OnceLock::new() });
            first += head[0];
        }
        places
    })
}

fn numbers(text: &str) -> Vec<u16> {
    text.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect()
}

fn words(text: &'static str) -> Vec<&'static str> {
    text.split_ascii_whitespace().collect()
}

fn action_on(text: &'static str) -> ActionOn {
    let (text, dependent) = text.split_once('>').unwrap_or((text, ""));
    let (kind, keys) = text.split_once(':').unwrap_or((text, ""));
    let required = kind.ends_with('*');
    let kind = kind.trim_end_matches('*').parse().unwrap_or(u16::MAX);
    ActionOn { kind, required, keys: numbers(keys), dependent: words(dependent) }
}

impl Place {
    fn parse(&self) -> Service {
        let [_, types, keys] = self.head.map(|count| count as usize);
        let mut lines = self.body.lines().map(|line| {
            let mut fields = line.split('\t');
            std::array::from_fn::<&'static str, 5, _>(|_| fields.next().unwrap_or(""))
        });
        let keys = lines.by_ref().take(keys).map(|[name, kind, ..]| ConditionKey { name, kind }).collect();
        let types = lines
            .by_ref()
            .take(types)
            .map(|[name, arn, keys, ..]| ActionResourceType { name, arn, keys: numbers(keys) })
            .collect();
        let actions = (self.first..)
            .zip(lines)
            .map(|(id, [name, level, on, keys, dependent])| Action {
                id,
                name,
                level: match level {
                    "L" => AccessLevel::List,
                    "R" => AccessLevel::Read,
                    "T" => AccessLevel::Tagging,
                    "P" => AccessLevel::PermissionsManagement,
                    _ => AccessLevel::Write,
                },
                on: on.split(';').filter(|text| !text.is_empty()).map(action_on).collect(),
                keys: numbers(keys),
                dependent: words(dependent),
            })
            .collect();
        Service { prefix: self.prefix, resource_control_policies: self.rcp, keys, types, actions }
    }

    fn service(&self) -> &Service {
        self.parsed.get_or_init(|| self.parse())
    }
}

/// Prefixes of all services, sorted.
pub fn services() -> impl ExactSizeIterator<Item = &'static str> {
    places().iter().map(|place| place.prefix)
}

/// The service of a prefix; case does not count.
#[must_use]
pub fn service(prefix: &str) -> Option<&'static Service> {
    let prefix = prefix.to_ascii_lowercase();
    let places = places();
    let found = places.binary_search_by_key(&prefix.as_str(), |place| place.prefix).ok()?;
    places.get(found).map(Place::service)
}

/// How many actions there are: their ids are smaller.
#[must_use]
pub fn action_count() -> u32 {
    places().last().map_or(0, |place| place.first + place.head[0])
}

/// The action `service:Name` and its service; case does not count.
#[must_use]
pub fn action(name: &str) -> Option<(&'static Service, &'static Action)> {
    let (prefix, name) = name.split_once(':')?;
    let service = service(prefix)?;
    service.action(name).map(|action| (service, action))
}

/// The action of an id and its service.
#[must_use]
pub fn action_by_id(id: u32) -> Option<(&'static Service, &'static Action)> {
    let places = places();
    let after = places.partition_point(|place| place.first <= id);
    // Of services without actions at the same id the last has it.
    let service = places.get(after.checked_sub(1)?)?.service();
    let first = service.actions.first()?.id;
    service.actions.get((id - first) as usize).map(|action| (service, action))
}

/// The known name nearest to an unknown one `service:Name`, in full.
#[must_use]
pub fn nearest_action(name: &str) -> Option<String> {
    let (prefix, rest) = name.split_once(':').unwrap_or((name, ""));
    let found = service(prefix).or_else(|| service(crate::did_you_mean(prefix, services())?))?;
    let near = found.action(rest).map(|action| action.name);
    let near = near.or_else(|| crate::did_you_mean(rest, found.actions.iter().map(|action| action.name)))?;
    Some(format!("{}:{near}", found.prefix))
}

impl Service {
    /// The action of a name without the service; case does not count.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&Action> {
        let wanted = name.bytes().map(|byte| byte.to_ascii_lowercase());
        let order = |action: &Action| action.name.bytes().map(|b| b.to_ascii_lowercase()).cmp(wanted.clone());
        self.actions.binary_search_by(order).ok().and_then(|found| self.actions.get(found))
    }

    /// Condition keys at these positions.
    pub fn keys_at<'a>(&'a self, positions: &'a [u16]) -> impl Iterator<Item = &'a ConditionKey> {
        positions.iter().filter_map(|&position| self.keys.get(usize::from(position)))
    }

    /// The type at this position.
    #[must_use]
    pub fn type_at(&self, position: u16) -> Option<&ActionResourceType> {
        self.types.get(usize::from(position))
    }
}
