//! A plan beside the configuration that it was made of: where each value is written.
//!
//! A plan knows values, but not where they stand; the configuration knows where they stand,
//! and how a value that is known only after apply is made. So the configuration is evaluated
//! with the variables of the plan, and each instance of the plan is laid over the one of the
//! same address: values are those of the plan, places those of the configuration. What the
//! plan leaves open (`after_unknown`) is what the configuration says of it, if it says more.
//!
//! Linear in the values, but for the elements of one block or set, which a plan sorts in its
//! own way: each takes the most similar of those written, O(n²) for the [`SIMILAR`] first.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sekisho_estate::{Input, Problem};

use super::Variables;
use crate::disk::{Disk, join, normal};
use crate::instance::{Address, Configuration, Existence, File, Instance, Key, Mode, ModulePath};
use crate::load::{Options, SourceFile, is_terraform, read};
use crate::value::{Entry, List, ListKind, Located, Map, Number, Place, Value};

/// Of longer lists the elements are taken in their order.
const SIMILAR: usize = 64;

/// Looks for the configuration of a plan, beside it or among the files that are read, and lays
/// the plan over it. Gives the root module that the plan stands for, with its own path.
pub(super) fn find(
    plan: &mut Configuration,
    input: &mut Input,
    variables: Variables,
    sources: &[SourceFile],
    disk: &dyn Disk,
    options: &Options,
) -> Option<(String, String)> {
    let own = normal(plan.root.rsplit_once('/').map_or(".", |(folder, _)| folder));
    let (folder, files) = match in_folder(&own, sources, disk) {
        files if mentions(plan, &files) => (own, files),
        _ => elsewhere(plan, sources)?,
    };
    let read_there = sources.iter().any(|file| folder_of(&file.path) == folder);
    let mut options = Options { variable_files: Vec::new(), environment: Vec::new(), ..options.clone() };
    options.variables = variables;
    options.bounds.push(folder.clone());
    let read = read(files, disk, &options);
    let written = read.configurations.into_iter().find(|root| root.root == folder)?;
    let (here, there) = (missing(plan, &written), missing(&written, plan));
    if lay_over(plan, &written) == 0 {
        return None;
    }
    let other =
        here.first().map(|block| (block, "it")).or_else(|| Some((there.first()?, "the configuration")));
    match other {
        None => read_there.then(|| (folder, plan.root.clone())),
        Some((block, lacks)) => {
            let also = if read_there { "; both are judged" } else { "" };
            let message = format!(
                "the plan is not of the configuration in {folder} as it stands: {lacks} has no {block}{also}"
            );
            input.problems.push(Problem::whole(message, false));
            input.problems.sort();
            None
        }
    }
}

fn folder_of(path: &str) -> String {
    normal(path.rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder }))
}

fn is_configuration(name: &str) -> bool {
    is_terraform(name) && !name.contains(".tfvars")
}

/// The files of a folder: those that are read, else those on the disk.
fn in_folder(folder: &str, sources: &[SourceFile], disk: &dyn Disk) -> Vec<SourceFile> {
    let read: Vec<SourceFile> = sources
        .iter()
        .filter(|file| is_configuration(&file.path) && folder_of(&file.path) == folder)
        .cloned()
        .collect();
    if !read.is_empty() {
        return read;
    }
    let names = disk.list(folder).unwrap_or_default();
    let file = |name: &String| {
        let path = join(folder, name);
        Some(SourceFile { bytes: disk.read(&path, folder).ok()?, path })
    };
    names.iter().filter(|name| is_configuration(name)).filter_map(file).collect()
}

/// The one folder among the files that are read that mentions all that the plan has.
fn elsewhere(plan: &Configuration, sources: &[SourceFile]) -> Option<(String, Vec<SourceFile>)> {
    let mut folders: BTreeMap<String, Vec<SourceFile>> = BTreeMap::new();
    for file in sources.iter().filter(|file| is_configuration(&file.path)) {
        folders.entry(folder_of(&file.path)).or_default().push(file.clone());
    }
    let mut found = folders.into_iter().filter(|(_, files)| mentions(plan, files));
    found.next().filter(|_| found.next().is_none())
}

/// Whether files have the names of all blocks that a plan has in its root module.
fn mentions(plan: &Configuration, files: &[SourceFile]) -> bool {
    let names: BTreeSet<&str> = plan
        .instances
        .iter()
        .map(|instance| match instance.address.module.calls.first() {
            Some((call, _)) => &**call,
            None => &*instance.address.name,
        })
        .collect();
    let has = |name: &str| {
        let quoted = format!("\"{name}\"");
        files.iter().any(|file| memchr::memmem::find(&file.bytes, quoted.as_bytes()).is_some())
    };
    !names.is_empty() && names.into_iter().all(has)
}

/// A block of a configuration whatever its instance: names of the calls, type and name.
type Block = (Vec<Arc<str>>, Arc<str>, Arc<str>);

fn block(address: &Address) -> Block {
    let calls = address.module.calls.iter().map(|(name, _)| name.clone()).collect();
    (calls, address.kind.clone(), address.name.clone())
}

/// The blocks of resources that have instances.
fn blocks(configuration: &Configuration) -> BTreeSet<Block> {
    configuration
        .instances
        .iter()
        .filter(|i| i.address.mode == Mode::Managed)
        .map(|i| block(&i.address))
        .collect()
}

/// Blocks of `there` that `here` lacks, as they are written.
fn missing(here: &Configuration, there: &Configuration) -> Vec<String> {
    let known = blocks(here);
    let sure = there.instances.iter().filter(|instance| matches!(instance.exists, Existence::Yes));
    let mut missing: Vec<String> = sure
        .filter(|instance| instance.address.mode == Mode::Managed)
        .filter(|instance| instance.address.key != Key::Unknown && !known.contains(&block(&instance.address)))
        .map(|instance| {
            let calls = instance.address.module.calls.iter().map(|(name, _)| (name.clone(), Key::None));
            let module = Arc::new(ModulePath { calls: calls.collect() });
            Address { module, key: Key::None, ..(*instance.address).clone() }.to_string()
        })
        .collect();
    missing.sort();
    missing.dedup();
    missing
}

/// Lays a plan over the configuration that it was made of. Gives how many instances were found there.
fn lay_over(plan: &mut Configuration, written: &Configuration) -> usize {
    // Files of the configuration stand behind that of the plan.
    let mut files: Vec<File> = (*plan.files).clone();
    let mut at: HashMap<u32, u32> = HashMap::new();
    for &file in &written.used {
        if let Some(known) = written.files.get(file as usize) {
            at.insert(file, files.len() as u32);
            files.push(known.clone());
        }
    }
    let over = Over { files: at };
    let exact: HashMap<&Address, &Instance> = written.instances.iter().map(|i| (&*i.address, i)).collect();
    let mut by_block: HashMap<Block, &Instance> = HashMap::new();
    for instance in &written.instances {
        by_block.entry(block(&instance.address)).or_insert(instance);
    }
    let mut found = 0;
    for instance in &mut plan.instances {
        let Some(own) = exact.get(&*instance.address).or_else(|| by_block.get(&block(&instance.address)))
        else {
            continue;
        };
        found += 1;
        // Only of the very instance the configuration says what is not known.
        let same = exact.contains_key(&*instance.address);
        let place = over.place(own.place);
        over.located(&mut instance.attributes, &own.attributes, place, same);
        instance.place = place;
        instance.lifecycle = own.lifecycle.clone();
        instance.calls = Arc::new(own.calls.iter().map(|call| over.place(*call)).collect());
    }
    if found > 0 {
        plan.used = (0..files.len() as u32).collect();
        plan.files = Arc::new(files);
    }
    found
}

struct Over {
    /// Files of the plan's configuration by those of the written one.
    files: HashMap<u32, u32>,
}

impl Over {
    fn place(&self, place: Place) -> Place {
        match self.files.get(&place.file) {
            Some(&file) => Place { file, ..place },
            None => Place::NOWHERE,
        }
    }

    fn or(&self, place: Place, near: Place) -> Place {
        let place = self.place(place);
        if place.is_somewhere() { place } else { near }
    }

    /// Gives a value of the plan the place of what is written. `near` is where what holds it begins.
    fn located(&self, plan: &mut Located, own: &Located, near: Place, same: bool) {
        let place = self.or(own.place, near);
        plan.place = place;
        match (&mut plan.value, own.value.plain()) {
            (Value::Map(map), Value::Map(written)) => self.map(Arc::make_mut(map), written, place, same),
            (Value::List(list), Value::List(written)) => self.list(Arc::make_mut(list), written, place, same),
            // A single block may be written as an object.
            (Value::List(list), Value::Map(_)) if list.items.len() == 1 => {
                if let [only] = Arc::make_mut(list).items.as_mut_slice() {
                    self.located(only, own, place, same);
                }
            }
            (Value::String(text), Value::Json(written)) => {
                let document = serde_json::from_str::<serde_json::Value>(text).ok();
                if let Some(document) = document.filter(|d| d.is_object() || d.is_array()) {
                    let mut value = Located::new(of_json(&document), place);
                    self.located(&mut value, written, place, same);
                    plan.value = Value::Json(Arc::new(value));
                }
            }
            // What is known only after apply, as the configuration makes it.
            (Value::Unknown(_), written) if same && !matches!(written, Value::Unknown(_) | Value::Null) => {
                plan.value = self.moved(&own.value, place);
            }
            (Value::Sensitive(_), _) => {}
            (Value::Map(_) | Value::List(_), _) => self.everywhere(plan, place),
            _ => {}
        }
    }

    fn map(&self, map: &mut Map, written: &Map, near: Place, same: bool) {
        for entry in &mut map.entries {
            match written.get(&entry.key) {
                Some(own) => {
                    entry.place = self.or(own.place, near);
                    self.located(&mut entry.value, &own.value, entry.place, same);
                }
                // It is not written: the provider fills it in.
                None => {
                    entry.place = near;
                    self.everywhere(&mut entry.value, near);
                }
            }
        }
    }

    fn list(&self, list: &mut List, written: &List, near: Place, same: bool) {
        let mut free: Vec<&Located> = written.items.iter().collect();
        for at in 0..list.items.len() {
            let Some(item) = list.items.get_mut(at) else { break };
            let best = if written.items.len() > SIMILAR {
                (!free.is_empty()).then_some(0)
            } else {
                // The first of the most similar.
                (0..free.len()).rev().max_by_key(|&at| similar(&item.value, inner(&free[at].value), 0))
            };
            match best.map(|best| free.remove(best)) {
                Some(own) => {
                    let inner = Located::new(inner(&own.value).clone(), own.place);
                    self.located(item, &inner, near, same);
                }
                None => self.everywhere(item, near),
            }
        }
    }

    fn everywhere(&self, located: &mut Located, place: Place) {
        located.place = place;
        match &mut located.value {
            Value::Map(map) => {
                for entry in &mut Arc::make_mut(map).entries {
                    entry.place = place;
                    self.everywhere(&mut entry.value, place);
                }
            }
            Value::List(list) => {
                for item in &mut Arc::make_mut(list).items {
                    self.everywhere(item, place);
                }
            }
            _ => {}
        }
    }

    /// A value of the configuration with its places among the files of the plan.
    fn moved(&self, value: &Value, near: Place) -> Value {
        let located = |located: &Located| {
            let place = self.or(located.place, near);
            Located::new(self.moved(&located.value, place), place)
        };
        match value {
            Value::Json(inner) => Value::Json(Arc::new(located(inner))),
            Value::List(list) => Value::list(list.kind, list.items.iter().map(located).collect()),
            Value::Map(map) => {
                let entry = |entry: &Entry| Entry {
                    key: entry.key.clone(),
                    place: self.or(entry.place, near),
                    value: located(&entry.value),
                };
                let entries = map.entries.iter().map(entry).collect();
                Value::Map(Arc::new(Map { entries, open: map.open.clone() }))
            }
            other => other.clone(),
        }
    }
}

/// The body of a block that is there under a condition.
fn inner(value: &Value) -> &Value {
    match value {
        Value::Choice(choice) if choice.otherwise.value.is_null() => &choice.then.value,
        value => value,
    }
}

/// How many scalars of a value are written the same way.
fn similar(plan: &Value, written: &Value, depth: u32) -> usize {
    match (plan, written.plain()) {
        _ if depth > 8 => 0,
        (Value::Map(a), Value::Map(b)) => {
            let same = |entry: &Entry| {
                b.get(&entry.key).map_or(0, |own| similar(&entry.value.value, &own.value.value, depth + 1))
            };
            a.entries.iter().map(same).sum()
        }
        (Value::List(a), Value::List(b)) => {
            let pairs = a.items.iter().zip(&b.items);
            pairs.map(|(a, b)| similar(&a.value, &b.value, depth + 1)).sum()
        }
        (a, b) => usize::from(a.text().is_some() && a.text() == b.text()),
    }
}

fn of_json(value: &serde_json::Value) -> Value {
    let located = |value: &serde_json::Value| Located::new(of_json(value), Place::NOWHERE);
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(is) => Value::Bool(*is),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => Value::int(int),
            (None, float) => Value::Number(Number::from_f64(float.unwrap_or_default())),
        },
        serde_json::Value::String(text) => Value::text_of(text),
        serde_json::Value::Array(items) => Value::list(ListKind::List, items.iter().map(located).collect()),
        serde_json::Value::Object(map) => {
            let entry = |(key, value): (&String, &serde_json::Value)| Entry {
                key: Arc::from(key.as_str()),
                place: Place::NOWHERE,
                value: located(value),
            };
            Value::map(map.iter().map(entry).collect())
        }
    }
}
