//! From instances of Terraform resources to a stack in CloudFormation's resource schema.
//!
//! Which type becomes which, and where attributes go, is data (`facts/hand/terraform`). An
//! instance becomes one resource, several (a rule with two ranges), or properties of another
//! (`aws_s3_bucket_versioning`). References lead to resources, conditions and choices stay,
//! what is not known keeps its reason, and every node remembers where it was written.
//!
//! Linear in the instances and their attributes, but for names: a companion that gives its
//! parent's name as text is a look-up in a table that is built once.

mod awscc;
mod build;
mod join;
mod lookup;
mod object;
mod produce;
mod spelled;
mod values;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rayon::prelude::*;
use sekisho_estate::{
    Apart, ConditionId, Estate, Formula, LineIndex, Node, NodeId, Problem, Reason, ReasonCode, Resource,
    ResourceIndex, Segment, Span, Stack, StackIndex, Tree, VariableId, Where,
};

use crate::instance::{Address, Configuration, Existence, Instance, Mode, Provider};
use crate::load::Read;
use crate::value::{Place, Value};
use build::{Out, OutMap};
use produce::Production;

/// What a root module became.
#[derive(Debug)]
pub struct Lowered {
    /// Its stack.
    pub stack: Stack,
    /// What was not carried over: where it stands first, and what it is.
    pub notes: Vec<(Place, String)>,
}

/// Lowers all root modules and joins their stacks and files to an estate. What was not
/// carried over becomes a remark of its file.
pub fn join(estate: &mut Estate, read: Read) {
    let base = estate.stacks.len();
    let Read { configurations, mut inputs } = read;
    let lowered: Vec<Lowered> = configurations
        .par_iter()
        .enumerate()
        .map(|(at, configuration)| lower(configuration, StackIndex((base + at) as u32)))
        .collect();
    let by_path: HashMap<String, usize> =
        inputs.iter().enumerate().map(|(at, input)| (input.path.clone(), at)).collect();
    for (configuration, lowered) in configurations.iter().zip(lowered) {
        for (place, message) in lowered.notes {
            let Some(file) = configuration.files.get(place.file as usize) else { continue };
            let lines = LineIndex::new(&file.text);
            let (path, problem) = if by_path.contains_key(&file.path) {
                (&file.path, Problem::at(&lines, &file.text, place.offset, message, false))
            } else {
                // The file of a configuration that only the plan points to.
                let line = lines.position(&file.text, place.offset).line;
                let message = format!("{message} ({}:{line})", file.path);
                (&configuration.root, Problem::whole(message, false))
            };
            let Some(input) = by_path.get(path).and_then(|at| inputs.get_mut(*at)) else { continue };
            if !input.problems.contains(&problem) {
                input.problems.push(problem);
            }
        }
        estate.stacks.push(lowered.stack);
    }
    inputs.iter_mut().for_each(|input| input.problems.sort());
    estate.inputs.extend(inputs);
    estate.inputs.sort_by(|a, b| a.path.cmp(&b.path));
}

/// Lowers a root module. `index` is the place that its stack will have in the estate.
#[must_use]
pub fn lower(configuration: &Configuration, index: StackIndex) -> Lowered {
    let mut lower = Lower::new(configuration, index);
    lower.plan();
    lower.run();
    lower.finish()
}

/// The provider of what names none: that of `aws` without alias in the root module.
fn home(configuration: &Configuration) -> Option<&Arc<Provider>> {
    let named = |name: &str| configuration.providers.iter().find(|provider| &*provider.name == name);
    named("aws").or_else(|| named("awscc"))
}

/// Account or region of a provider beside those of another one. Two that are not known are the
/// same when nothing is said of either, or both are the same variable or profile.
fn beside(value: &Value, home: &Value, which: impl Fn() -> String) -> Where {
    match (value.text(), home.text(), value.plain(), home.plain()) {
        (Some(a), Some(b), ..) if a == b => Where::Same,
        (Some(known), ..) => Where::Known((*known).into()),
        (None, None, Value::Null, Value::Null) => Where::Same,
        (None, None, Value::Unknown(a), Value::Unknown(b)) if a.reason == b.reason => Where::Same,
        _ => Where::Unknown(which().into()),
    }
}

/// What is known of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Became {
    /// Nothing: not of AWS, or none of its rows counts.
    Nothing,
    /// This resource, and perhaps more.
    Resource(u32),
    /// Properties of others; which, is found when it is asked for.
    Merged,
}

/// Resources by type and name.
type Names = HashMap<(Box<str>, Box<str>), Vec<u32>>;

struct Lower<'c> {
    configuration: &'c Configuration,
    index: StackIndex,
    stack: Stack,
    /// Where each file begins in the source of the stack.
    bases: HashMap<u32, u32>,
    /// Instances by address.
    addresses: HashMap<&'c Address, usize>,
    became: Vec<Became>,
    productions: Vec<Production<'c>>,
    /// Properties of each resource.
    outs: Vec<OutMap>,
    /// Keys that were added to the text.
    keys: HashMap<Box<str>, Span>,
    /// Names of attributes.
    names: HashMap<Box<str>, u32>,
    conditions: HashMap<Arc<str>, ConditionId>,
    variables: HashMap<Box<str>, VariableId>,
    /// Resources by type and literal name.
    by_name: Option<Names>,
    /// What is done with a resource when it is deleted.
    deletion: HashMap<u32, NodeId>,
    /// Ids that AWS gave, where the input knows them.
    ids: HashMap<u32, NodeId>,
    /// The resource that is being lowered.
    current: Option<ResourceIndex>,
    /// Attributes without a counterpart, by type.
    lost: BTreeMap<(Box<str>, Box<str>), (Place, usize)>,
    notes: Vec<(Place, String)>,
    others: BTreeMap<Box<str>, (Place, usize)>,
}

impl<'c> Lower<'c> {
    fn new(configuration: &'c Configuration, index: StackIndex) -> Self {
        let mut source = String::new();
        let mut bases = HashMap::new();
        let mut segments = Vec::new();
        let mut lines = 0;
        for &at in &configuration.used {
            let Some(file) = configuration.files.get(at as usize) else { continue };
            let start = source.len() as u32;
            bases.insert(at, start);
            segments.push(Segment { file: file.path.clone(), start, lines });
            source.push_str(&file.text);
            if !source.is_empty() && !source.ends_with('\n') {
                source.push('\n');
            }
            lines += memchr::memchr_iter(b'\n', &source.as_bytes()[start as usize..]).count() as u32;
        }
        let file = segments.first().map_or_else(|| configuration.root.clone(), |s| s.file.clone());
        let mut stack = Stack::new(configuration.root.clone(), file, Tree::new(source));
        stack.segments = segments;
        stack.stage = configuration.stage;
        if let Some(home) = home(configuration) {
            (stack.account, stack.region) = (home.known_account(), home.known_region());
        }
        let addresses = configuration.instances.iter().enumerate().map(|(at, i)| (&*i.address, at)).collect();
        Self {
            configuration,
            index,
            stack,
            bases,
            addresses,
            became: vec![Became::Nothing; configuration.instances.len()],
            productions: Vec::new(),
            outs: Vec::new(),
            keys: HashMap::new(),
            names: HashMap::from([(Box::from(""), 0)]),
            conditions: HashMap::new(),
            variables: HashMap::new(),
            by_name: None,
            deletion: HashMap::new(),
            ids: HashMap::new(),
            current: None,
            lost: BTreeMap::new(),
            notes: Vec::new(),
            others: BTreeMap::new(),
        }
    }

    fn offset(&self, place: Place) -> Option<u32> {
        self.bases.get(&place.file).map(|base| base + place.offset)
    }

    fn instance(&self, at: usize) -> &'c Instance {
        &self.configuration.instances[at]
    }

    /// Says which resources there are, so that references can lead to them.
    fn plan(&mut self) {
        for at in 0..self.configuration.instances.len() {
            let instance = self.instance(at);
            if instance.address.mode == Mode::Managed {
                self.became[at] = self.produce(at);
            }
        }
    }

    /// A new resource of an instance. Its properties come later.
    fn add_resource(&mut self, at: usize, id: &str, type_name: &str, condition: Option<ConditionId>) -> u32 {
        let instance = self.instance(at);
        let offset = self.offset(instance.place).unwrap_or(0);
        let id = self.stack.tree.add_text(id);
        let type_name = self.key(type_name);
        let nothing = self.stack.tree.push(Node::Absent, offset);
        let index = self.stack.resources.len() as u32;
        self.stack.resources.push(Resource {
            id,
            type_name,
            properties: nothing,
            body: nothing,
            condition,
            offset,
            reference_value: None,
        });
        self.outs.push(OutMap::at(offset));
        self.place(instance, ResourceIndex(index));
        index
    }

    /// Says where a resource is, if that is not where the provider without alias is.
    fn place(&mut self, instance: &Instance, resource: ResourceIndex) {
        let (account, region) = self.whereabouts(instance);
        if (&account, &region) != (&Where::Same, &Where::Same) {
            self.stack.apart.push(Apart { resource, account, region });
        }
    }

    /// Account and region of an instance beside those of the provider without alias: its
    /// provider has an alias, or it has a `region` of its own.
    fn whereabouts(&self, instance: &Instance) -> (Where, Where) {
        let (own, provider) = (instance.region(), &instance.provider);
        let home = home(self.configuration);
        if own.is_none() && home.is_some_and(|home| Arc::ptr_eq(home, provider)) {
            return (Where::Same, Where::Same);
        }
        let of_home = |of: fn(&Provider) -> &Value| home.map_or(&Value::Null, |home| of(home));
        let account = beside(&provider.account, of_home(|p| &p.account), || format!("account of {provider}"));
        let region = match own {
            Some(own) => beside(own, of_home(|p| &p.region), || format!("region of {}", instance.address)),
            None => beside(&provider.region, of_home(|p| &p.region), || format!("region of {provider}")),
        };
        (account, region)
    }

    fn run(&mut self) {
        for at in 0..self.productions.len() {
            let production = self.productions[at].clone();
            self.current = Some(ResourceIndex(production.resource));
            self.fill(&production);
        }
        self.index_names();
        for at in 0..self.configuration.instances.len() {
            if self.instance(at).address.mode == Mode::Managed {
                self.merge(at);
            }
        }
    }

    fn finish(mut self) -> Lowered {
        let outs = std::mem::take(&mut self.outs);
        for (at, out) in outs.into_iter().enumerate() {
            let resource = &self.stack.resources[at];
            let offset = resource.offset;
            let fixed = !matches!(self.stack.tree.node(resource.properties), Node::Absent);
            let properties = if fixed { resource.properties } else { self.node(Out::Map(out)) };
            let type_text = self.stack.text(self.stack.resources[at].type_name).to_owned();
            let type_node = self.stack.tree.push(Node::String(self.stack.resources[at].type_name), offset);
            let mut entries = vec![self.entry("Type", type_node), self.entry("Properties", properties)];
            if let Some(policy) = self.deletion.remove(&(at as u32)) {
                entries.push(self.entry("DeletionPolicy", policy));
                entries.push(self.entry("UpdateReplacePolicy", policy));
            }
            let range = self.stack.tree.add_entries(&entries);
            let body = self.stack.tree.push(Node::Map(range), offset);
            let named = join::name_property(&type_text);
            let resource = &mut self.stack.resources[at];
            resource.properties = properties;
            resource.body = body;
            resource.reference_value = named
                .and_then(|name| self.stack.tree.get(properties, name))
                .or_else(|| self.ids.get(&(at as u32)).copied());
        }
        for ((kind, attribute), (place, count)) in std::mem::take(&mut self.lost) {
            let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
            self.notes.push((
                place,
                format!("{attribute} of {kind} has no counterpart here; no control sees it{times}"),
            ));
        }
        for (kind, (place, count)) in std::mem::take(&mut self.others) {
            let times = if count > 1 { format!(" ({count} of them)") } else { String::new() };
            self.notes.push((place, format!("{kind} is not of AWS; it is not judged{times}")));
        }
        self.notes.sort();
        Lowered { stack: self.stack, notes: self.notes }
    }

    /// The condition under which an instance exists.
    fn existence(&mut self, instance: &'c Instance) -> Option<ConditionId> {
        match &instance.exists {
            Existence::Yes => None,
            Existence::When(conditions) => {
                let all: Vec<ConditionId> = conditions.iter().map(|c| self.condition(c)).collect();
                self.all(all)
            }
        }
    }

    /// The condition that all of some hold; none if there are none.
    fn all(&mut self, all: Vec<ConditionId>) -> Option<ConditionId> {
        match all[..] {
            [] => None,
            [only] => Some(only),
            _ => Some(self.add_condition("", Formula::All(all))),
        }
    }

    fn add_condition(&mut self, name: &str, formula: Formula) -> ConditionId {
        self.stack.conditions.push(sekisho_estate::Condition { name: name.into(), formula });
        self.stack.conditions.len() as u32 - 1
    }

    fn push_unknown(&mut self, reason: Reason, offset: u32) -> NodeId {
        let node = self.stack.unknown(reason);
        self.stack.tree.push(node, offset)
    }

    fn unresolved(&mut self, subject: &str, offset: u32) {
        self.stack.unresolved.push((Reason::new(ReasonCode::NotInInput, subject), offset));
    }

    /// Remembers an attribute that is written and goes nowhere.
    fn lose(&mut self, kind: &str, attribute: &str, place: Place) {
        let entry = self.lost.entry((kind.into(), attribute.into())).or_insert((place, 0));
        entry.1 += 1;
    }

    /// Whether a value says nothing.
    fn says_nothing(value: &Value) -> bool {
        value.is_null() || value.as_list().is_some_and(|list| list.items.is_empty())
    }
}
