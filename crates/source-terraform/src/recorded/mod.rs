//! What Terraform wrote down: plans and states (`terraform show -json`, and the state file of
//! version 4).
//!
//! They are told by their content. Every value keeps its place in the JSON, or in the
//! configuration where that is at hand ([`written`]). A value that becomes known only when the
//! plan is applied is a reference where the configuration in the plan says from which resource
//! it comes, else unknown. Secrets do not leave the file ([`mask`]).
//!
//! Terraform: "JSON Output Format" <https://developer.hashicorp.com/terraform/internals/json-format>.
//! Linear in the size of the file.

mod mask;
mod providers;
mod state;
mod written;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rayon::prelude::*;
use sekisho_estate::json::{self, Limits};
use sekisho_estate::{Input, InputStatus, LineIndex, Node, NodeId, Problem, Reason, ReasonCode, Stage, Tree};
use sha2::{Digest, Sha256};

use crate::disk::Disk;
use crate::instance::{
    Address, Configuration, Existence, File, Instance, Key, Lifecycle, Mode, ModulePath, Provider,
};
use crate::load::{Options, Read, SourceFile};
use crate::value::{Entry, ListKind, Located, Map, Number, Place, Reference, Step, Unknown, Value};

/// Modules in modules, at most.
const MAX_MODULES: usize = 64;

/// Whether a file is a plan or a state: by its ending, or by what it says. What ends in
/// `.tfstate` and is no state (encrypted by OpenTofu, cut short) is a problem of the file, not a
/// file to pass over.
#[must_use]
pub fn is_recorded(name: &str, bytes: &[u8]) -> bool {
    if name.ends_with(".tfstate") {
        return true;
    }
    let has = |word: &str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    first == Some(&b'{')
        && has("\"terraform_version\"")
        && (has("\"planned_values\"")
            || has("\"resource_changes\"")
            || (has("\"lineage\"") && has("\"resources\""))
            || (has("\"values\"") && has("\"root_module\"")))
}

/// What was recorded, and which root modules it stands for.
#[derive(Debug, Default)]
pub struct Recordings {
    /// Plans and states, with their files.
    pub read: Read,
    /// Root modules of which a plan is the evaluation, each with the path of the plan: they need
    /// not be judged beside it.
    pub stands_for: Vec<(String, String)>,
}

/// Reads plans and states. It never fails: what cannot be read is a problem of its file. A plan
/// in the folder of its root module, or of a root module among the `roots`, points into the
/// files there: those of `sources`, else of the disk.
#[must_use]
pub fn read_recorded(
    files: Vec<SourceFile>,
    sources: &[SourceFile],
    disk: &dyn Disk,
    options: &Options,
    limits: Limits,
) -> Recordings {
    let read: Vec<_> = files
        .into_par_iter()
        .map(|file| {
            let (configuration, mut input, variables) = one(file, limits);
            let mut configuration = configuration;
            let stands_for = configuration.as_mut().zip(variables).and_then(|(plan, variables)| {
                written::find(plan, &mut input, variables, sources, disk, options)
            });
            (configuration, input, stands_for)
        })
        .collect();
    let mut out = Recordings::default();
    for (configuration, input, stands_for) in read {
        out.read.configurations.extend(configuration);
        out.read.inputs.push(input);
        out.stands_for.extend(stands_for);
    }
    out.stands_for.sort();
    out.stands_for.dedup();
    out
}

/// Names and texts of the variables of a plan.
type Variables = Vec<(String, String)>;

fn one(file: SourceFile, limits: Limits) -> (Option<Configuration>, Input, Option<Variables>) {
    let sha256 = Sha256::digest(&file.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut input = Input {
        path: file.path.clone(),
        sha256,
        kind: "terraform",
        stack: None,
        status: InputStatus::Read,
        resources: 0,
        problems: Vec::new(),
    };
    let unreadable = |input: &mut Input, problem: Problem| {
        input.status = InputStatus::Unreadable;
        input.problems.push(problem);
    };
    let Ok(text) = String::from_utf8(file.bytes) else {
        let message = "the file is not UTF-8; write it with `terraform show -json`";
        unreadable(&mut input, Problem::whole(message, true));
        return (None, input, None);
    };
    let document = match json::read(text, limits) {
        Ok(document) => document,
        Err((error, source)) => {
            let lines = LineIndex::new(&source);
            unreadable(&mut input, Problem::at(&lines, &source, error.offset, error.message, true));
            return (None, input, None);
        }
    };
    let reader = Recorded { tree: &document.tree };
    let has = |key: &str| reader.get(document.root, key).is_some();
    let mut variables = None;
    let (instances, providers, remarks) = if has("lineage") {
        reader.state(document.root)
    } else if has("values") && !has("planned_values") {
        reader.shown_state(document.root)
    } else if has("planned_values") || has("resource_changes") {
        variables = Some(reader.variables(document.root));
        reader.plan(document.root)
    } else {
        let message = if has("encrypted_data") {
            "the state is encrypted; write it with `tofu state pull` where the key is at hand"
        } else {
            "this is neither a state nor a plan; write a state with `terraform state pull`"
        };
        unreadable(&mut input, Problem::whole(message, true));
        return (None, input, None);
    };
    let text: Arc<str> = Arc::from(mask::masked(&document.tree, document.root));
    let lines = LineIndex::new(&text);
    for (place, message, loses) in remarks {
        input.problems.push(Problem::at(&lines, &text, place.offset, message, loses));
        if loses {
            input.status = InputStatus::Partly;
        }
    }
    input.problems.sort();
    input.resources = instances.len();
    input.stack = Some(file.path.clone());
    let configuration = Configuration {
        root: file.path.clone(),
        files: Arc::new(vec![File { path: file.path, text }]),
        used: vec![0],
        instances,
        problems: Vec::new(),
        variables: Vec::new(),
        outputs: Vec::new(),
        providers,
        workspace: "default".into(),
        stage: if variables.is_some() { Stage::Planned } else { Stage::Deployed },
    };
    (Some(configuration), input, variables)
}

/// Where, what, and whether something is lost by it.
type Remarks = Vec<(Place, String, bool)>;
type Found = (Vec<Instance>, Vec<Arc<Provider>>, Remarks);

struct Recorded<'t> {
    tree: &'t Tree,
}

/// The configuration of a module, as a plan repeats it, and how it is called.
#[derive(Clone, Copy)]
struct Module<'m> {
    body: NodeId,
    /// The call in the module around it, and that module.
    call: Option<(NodeId, &'m Module<'m>)>,
    path: &'m Arc<ModulePath>,
}

/// What is known while the values of one resource are read.
struct Around<'a> {
    module: Option<&'a Module<'a>>,
    /// The resource in the configuration.
    declared: Option<NodeId>,
    own: &'a Address,
    known: &'a HashMap<Arc<Address>, NodeId>,
}

impl Recorded<'_> {
    fn get(&self, node: NodeId, key: &str) -> Option<NodeId> {
        self.tree.get(node, key)
    }

    fn text(&self, node: NodeId, key: &str) -> &str {
        self.get(node, key).and_then(|node| self.tree.string(node)).unwrap_or("")
    }

    fn place(&self, node: NodeId) -> Place {
        Place { file: 0, offset: self.tree.offset(node) }
    }

    // ---- plans ----------------------------------------------------------

    fn plan(&self, root: NodeId) -> Found {
        let mut remarks = Remarks::new();
        let changes = self.get(root, "resource_changes");
        let configuration = self.get(root, "configuration");
        let nobody = Arc::new(providers::unknown(""));
        let mut planned: Vec<(Arc<Address>, NodeId, NodeId)> = Vec::new();
        for &change in changes.map_or(&[][..], |changes| self.tree.list(changes)) {
            if self.text(change, "mode") == "data" {
                continue;
            }
            let Some(what) = self.get(change, "change") else { continue };
            let actions = self.get(what, "actions").map_or(&[][..], |actions| self.tree.list(actions));
            let only = |word: &str| actions.len() == 1 && self.tree.string(actions[0]) == Some(word);
            // What is deleted is not there afterwards; what is replaced is.
            if only("delete") || only("forget") {
                let what = match only("forget") {
                    true => "leaves Terraform and stays in AWS; it is not judged",
                    false => "is deleted by this plan; it is not judged",
                };
                remarks.push((self.place(change), format!("{} {what}", self.text(change, "address")), false));
                continue;
            }
            match self.address(change) {
                Some(address) => planned.push((Arc::new(address), change, what)),
                None => remarks.push((
                    self.place(change),
                    format!("{} is no address of a resource; it is not read", self.text(change, "address")),
                    true,
                )),
            }
        }
        let known: HashMap<Arc<Address>, NodeId> =
            planned.iter().map(|(address, change, _)| (address.clone(), *change)).collect();
        let top = Arc::new(ModulePath { calls: Vec::new() });
        let root_module = configuration.and_then(|node| self.get(node, "root_module"));
        let mut instances = Vec::with_capacity(planned.len());
        let mut keys = Vec::with_capacity(planned.len());
        for (address, change, what) in &planned {
            let key = std::cell::RefCell::new("aws".to_owned());
            let read = |module: Option<&Module<'_>>| {
                let declared = module.and_then(|module| self.declared(module, address));
                let around = Around { module, declared, own: address, known: &known };
                if let Some(declared) = declared {
                    *key.borrow_mut() = self.text(declared, "provider_config_key").to_owned();
                }
                let expressions = declared.and_then(|declared| self.get(declared, "expressions"));
                let after = self.get(*what, "after");
                let unknown = self.get(*what, "after_unknown");
                let sensitive = self.get(*what, "after_sensitive");
                self.object(after, unknown, sensitive, expressions, &around, *change)
            };
            let attributes = match root_module {
                Some(body) => {
                    let module = Module { body, call: None, path: &top };
                    self.in_module(&module, &address.module.calls, 0, &read)
                }
                None => read(None),
            };
            let place = self.place(*change);
            instances.push(self.instance(address.clone(), attributes, &nobody, place));
            keys.push(key.into_inner());
        }
        let configured = self.providers(root, configuration);
        for key in &mut keys {
            // Before version 1.1 of Terraform a module named the providers that it is passed by itself.
            if !configured.contains_key(key) {
                let tail = key.rsplit(':').next().unwrap_or(key);
                *key = if configured.contains_key(tail) { tail.to_owned() } else { "aws".to_owned() };
            }
        }
        let home = providers::settle(&mut instances, &keys, configured, "aws");
        (instances, home, remarks)
    }

    /// Goes down to the module of a resource and reads there.
    fn in_module(
        &self,
        module: &Module<'_>,
        calls: &[(Arc<str>, Key)],
        depth: usize,
        read: &dyn Fn(Option<&Module<'_>>) -> Located,
    ) -> Located {
        let Some(((name, key), rest)) = calls.split_first() else { return read(Some(module)) };
        let call = self.get(module.body, "module_calls").and_then(|calls| self.get(calls, name));
        let body = call.and_then(|call| self.get(call, "module"));
        let (Some(call), Some(body), true) = (call, body, depth < MAX_MODULES) else { return read(None) };
        let mut path = (**module.path).clone();
        path.calls.push((name.clone(), key.clone()));
        let path = Arc::new(path);
        let inner = Module { body, call: Some((call, module)), path: &path };
        self.in_module(&inner, rest, depth + 1, read)
    }

    fn declared(&self, module: &Module<'_>, address: &Address) -> Option<NodeId> {
        let resources = self.get(module.body, "resources")?;
        self.tree.list(resources).iter().copied().find(|&resource| {
            self.text(resource, "type") == &*address.kind
                && self.text(resource, "name") == &*address.name
                && self.text(resource, "mode") != "data"
        })
    }

    /// The providers of `aws` by their keys (`aws`, `aws.west`, `module.m:aws`).
    fn providers(&self, root: NodeId, configuration: Option<NodeId>) -> BTreeMap<String, Provider> {
        let configs = configuration.and_then(|node| self.get(node, "provider_config"));
        let mut found = BTreeMap::new();
        for entry in configs.map_or(&[][..], |configs| self.tree.map(configs)) {
            if self.text(entry.value, "name") != "aws" {
                continue;
            }
            let mut provider = providers::unknown(self.text(entry.value, "alias"));
            if let Some(expressions) = self.get(entry.value, "expressions") {
                let text = |expression| self.known(root, expression).map_or(Value::Null, Value::text_of);
                if let Some(region) = self.get(expressions, "region") {
                    provider.region = text(region);
                }
                let role = self.get(expressions, "assume_role").map(|roles| self.tree.list(roles));
                if let Some(role) = role.and_then(|roles| self.get(*roles.last()?, "role_arn")) {
                    let account = self.known(root, role).and_then(|arn| arn.split(':').nth(4));
                    provider.account = account.map_or(Value::Null, Value::text_of);
                }
            }
            found.insert(self.tree.text(entry.key).to_owned(), provider);
        }
        found
    }

    /// The text of an expression that is a constant or a variable, whose value the plan repeats.
    fn known(&self, root: NodeId, expression: NodeId) -> Option<&str> {
        let variable = || {
            let references = self.get(expression, "references")?;
            let name = self.tree.string(*self.tree.list(references).first()?)?.strip_prefix("var.")?;
            self.get(self.get(self.get(root, "variables")?, name)?, "value")
        };
        let constant = self.get(expression, "constant_value");
        constant.or_else(variable).and_then(|node| self.tree.string(node))
    }

    /// The variables of a plan, as the command line would give them.
    fn variables(&self, root: NodeId) -> Variables {
        let variables = self.get(root, "variables").map_or(&[][..], |variables| self.tree.map(variables));
        let given = |entry: &sekisho_estate::Entry| {
            let value = self.get(entry.value, "value")?;
            let text = match self.tree.string(value) {
                Some(text) => text.to_owned(),
                None => self.expression(value, 0),
            };
            Some((self.tree.text(entry.key).to_owned(), text))
        };
        variables.iter().filter_map(given).collect()
    }

    /// A value as an expression that gives it.
    fn expression(&self, node: NodeId, depth: usize) -> String {
        let quoted = |text: &str| {
            let text = serde_json::Value::from(text).to_string();
            text.replace("${", "$${").replace("%{", "%%{")
        };
        match self.tree.node(node) {
            _ if depth > MAX_MODULES => "null".into(),
            Node::Bool(is) => is.to_string(),
            Node::Int(int) => int.to_string(),
            Node::Float(float) => float.to_string(),
            Node::String(span) => quoted(self.tree.text(span)),
            Node::List(range) => {
                let items = self.tree.children(range).iter().map(|&item| self.expression(item, depth + 1));
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
            Node::Map(range) => {
                let entry = |entry: &sekisho_estate::Entry| {
                    let key = quoted(self.tree.text(entry.key));
                    format!("{key} = {}", self.expression(entry.value, depth + 1))
                };
                let entries: Vec<String> = self.tree.entries(range).iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
            _ => "null".into(),
        }
    }

    fn instance(
        &self,
        address: Arc<Address>,
        attributes: Located,
        provider: &Arc<Provider>,
        place: Place,
    ) -> Instance {
        Instance {
            address,
            attributes,
            exists: Existence::Yes,
            provider: provider.clone(),
            lifecycle: Lifecycle::default(),
            depends_on: Vec::new(),
            place,
            calls: Arc::new(Vec::new()),
        }
    }

    fn address(&self, change: NodeId) -> Option<Address> {
        let module = module_path(self.text(change, "module_address"))?;
        let key = match self.get(change, "index").map(|node| self.tree.node(node)) {
            None | Some(Node::Null) => Key::None,
            Some(Node::Int(index)) => Key::Index(u32::try_from(index).ok()?),
            Some(Node::String(span)) => Key::String(self.tree.text(span).into()),
            Some(_) => Key::Unknown,
        };
        Some(Address {
            module: Arc::new(module),
            mode: Mode::Managed,
            kind: Some(self.text(change, "type")).filter(|kind| !kind.is_empty())?.into(),
            name: self.text(change, "name").into(),
            key,
        })
    }

    // ---- values ---------------------------------------------------------

    /// The attributes of a resource, or a block: what is known and what is not.
    fn object(
        &self,
        after: Option<NodeId>,
        unknown: Option<NodeId>,
        sensitive: Option<NodeId>,
        expressions: Option<NodeId>,
        around: &Around<'_>,
        near: NodeId,
    ) -> Located {
        let mut entries: BTreeMap<&str, Entry> = BTreeMap::new();
        let mut add = |key, value: Option<NodeId>| {
            let part = |node: Option<NodeId>| node.and_then(|node| self.get(node, key));
            let located =
                self.value(key, value, part(unknown), part(sensitive), part(expressions), around, near);
            if !located.value.is_null() {
                entries.insert(key, Entry { key: key.into(), place: located.place, value: located });
            }
        };
        for entry in after.map_or(&[][..], |after| self.tree.map(after)) {
            add(self.tree.text(entry.key), Some(entry.value));
        }
        for entry in unknown.map_or(&[][..], |unknown| self.tree.map(unknown)) {
            let key = self.tree.text(entry.key);
            if after.and_then(|after| self.get(after, key)).is_none() {
                add(key, None);
            }
        }
        // What AWS has: the tags of the resource and those that the provider gives everything.
        if let Some(all) =
            entries.get("tags_all").filter(|all| matches!(all.value.value, Value::Map(_))).cloned()
        {
            entries.insert("tags", Entry { key: "tags".into(), ..all });
        }
        let map = Map { entries: entries.into_values().collect(), open: None };
        Located::new(Value::Map(Arc::new(map)), self.place(after.unwrap_or(near)))
    }

    #[allow(clippy::too_many_arguments)] // a value and what the plan says of it in four places
    fn value(
        &self,
        name: &str,
        after: Option<NodeId>,
        unknown: Option<NodeId>,
        sensitive: Option<NodeId>,
        expression: Option<NodeId>,
        around: &Around<'_>,
        near: NodeId,
    ) -> Located {
        let place = self.place(after.unwrap_or(near));
        let is = |node: Option<NodeId>| node.is_some_and(|node| self.tree.node(node) == Node::Bool(true));
        if is(unknown) {
            return Located::new(self.later(name, expression, around), place);
        }
        let item = |node: Option<NodeId>, at: usize| match node.map(|node| (node, self.tree.node(node))) {
            Some((_, Node::List(range))) => self.tree.children(range).get(at).copied(),
            // A single block is written without a list among the expressions.
            Some((node, Node::Map(_))) if at == 0 => Some(node),
            _ => None,
        };
        let value = match after.map(|node| self.tree.node(node)) {
            None | Some(Node::Null) => Value::Null,
            Some(Node::Bool(is)) => Value::Bool(is),
            Some(Node::Int(int)) => Value::int(int),
            Some(Node::Float(float)) => Value::Number(Number::Float(float)),
            Some(Node::String(span)) => Value::text_of(self.tree.text(span)),
            Some(Node::List(range)) => {
                let items = self.tree.children(range).iter().enumerate().map(|(at, &child)| {
                    let (unknown, sensitive) = (item(unknown, at), item(sensitive, at));
                    self.value(name, Some(child), unknown, sensitive, item(expression, at), around, near)
                });
                let kind = match self.tree.children(range).first().map(|&first| self.tree.node(first)) {
                    Some(Node::Map(_)) => ListKind::Blocks,
                    _ => ListKind::List,
                };
                Value::list(kind, items.collect())
            }
            Some(Node::Map(_)) => {
                self.object(after, unknown, sensitive, expression, around, after.unwrap_or(near)).value
            }
            Some(_) => Value::Null,
        };
        if is(sensitive) && !value.is_null() {
            return Located::new(Value::Sensitive(Arc::new(value)), place);
        }
        Located::new(value, place)
    }

    /// A value that is known only after apply: the one resource that it comes from.
    fn later(&self, name: &str, expression: Option<NodeId>, around: &Around<'_>) -> Value {
        let mut refs: Vec<Reference> = Vec::new();
        if let (Some(expression), Some(module)) = (expression, around.module) {
            self.references(expression, module, around, &mut refs, 0);
        }
        let subject = format!("{}.{name}", around.own);
        // A document is made of what it refers to, and is not the same.
        let made = ["policy", "document", "definition", "user_data", "body"];
        match &refs[..] {
            [only] if !only.path.is_empty() && !made.iter().any(|word| name.contains(word)) => {
                Value::Reference(Arc::new(only.clone()))
            }
            // What nobody wrote, the provider or AWS gives.
            _ => Value::Unknown(Arc::new(Unknown {
                reason: Reason::new(
                    if expression.is_some() {
                        ReasonCode::KnownAfterApply
                    } else {
                        ReasonCode::AttributeAtDeploy
                    },
                    subject,
                ),
                refs,
                variable: None,
                test: None,
            })),
        }
    }

    /// The resources that an expression names; through the arguments and outputs of modules.
    fn references(
        &self,
        expression: NodeId,
        module: &Module<'_>,
        around: &Around<'_>,
        out: &mut Vec<Reference>,
        depth: usize,
    ) {
        let Some(list) = self.get(expression, "references") else { return };
        if depth > MAX_MODULES {
            return;
        }
        let texts: Vec<&str> =
            self.tree.list(list).iter().filter_map(|&node| self.tree.string(node)).collect();
        for (at, text) in texts.iter().enumerate() {
            // `a.b.arn` is followed by `a.b`, which says less.
            if at > 0 && texts[..at].iter().any(|longer| longer.starts_with(text)) {
                continue;
            }
            let steps = split(text);
            let names: Vec<&str> = steps.iter().map(|(name, _)| *name).collect();
            match names[..] {
                ["var", name, ..] => {
                    let Some((call, parent)) = module.call else { continue };
                    let given = self.get(call, "expressions").and_then(|given| self.get(given, name));
                    if let Some(given) = given {
                        self.references(given, parent, around, out, depth + 1);
                    }
                }
                ["module", name, output, ..] => {
                    let call = self.get(module.body, "module_calls").and_then(|calls| self.get(calls, name));
                    let Some((call, body)) = call.and_then(|c| Some((c, self.get(c, "module")?))) else {
                        continue;
                    };
                    let mut path = (**module.path).clone();
                    path.calls.push((name.into(), steps[1].1.clone()));
                    let path = Arc::new(path);
                    let inner = Module { body, call: Some((call, module)), path: &path };
                    let given = self
                        .get(body, "outputs")
                        .and_then(|outputs| self.get(outputs, output))
                        .and_then(|output| self.get(output, "expression"));
                    if let Some(given) = given {
                        self.references(given, &inner, around, out, depth + 1);
                    }
                }
                ["each", "value", ref rest @ ..] => {
                    let over = around.declared.and_then(|node| self.get(node, "for_each_expression"));
                    let before = out.len();
                    if let Some(over) = over {
                        self.references(over, module, around, out, depth + 1);
                    }
                    for reference in &mut out[before..] {
                        reference.path = rest.iter().map(|name| Step::Name((*name).into())).collect();
                    }
                }
                ["data" | "local" | "path" | "terraform" | "each" | "count" | "self", ..] | [] | [_] => {}
                [kind, name, ref rest @ ..] => {
                    let key = self.key_of(module, kind, name, &steps[1].1, around);
                    let target = Address {
                        module: module.path.clone(),
                        mode: Mode::Managed,
                        kind: kind.into(),
                        name: name.into(),
                        key,
                    };
                    let path = rest.iter().map(|name| Step::Name((*name).into())).collect();
                    let reference = Reference { target: Arc::new(target), path, known: None };
                    if !out.contains(&reference) {
                        out.push(reference);
                    }
                }
            }
        }
    }

    /// The key of the instance that is meant: as written, else the one that is there, else
    /// the one with the key of the resource that refers.
    fn key_of(&self, module: &Module<'_>, kind: &str, name: &str, written: &Key, around: &Around<'_>) -> Key {
        let address = |key: Key| Address {
            module: module.path.clone(),
            mode: Mode::Managed,
            kind: kind.into(),
            name: name.into(),
            key,
        };
        let candidates = [written, &Key::None, &around.own.key];
        let there = candidates.into_iter().find(|key| around.known.contains_key(&address((*key).clone())));
        there.cloned().unwrap_or(Key::Unknown)
    }
}

/// `module.a["x"].module.b` as a path; nothing is the root.
fn module_path(text: &str) -> Option<ModulePath> {
    let steps = split(text);
    let mut calls = Vec::new();
    let mut steps = steps.into_iter();
    while let Some((word, _)) = steps.next() {
        if word.is_empty() && calls.is_empty() && steps.len() == 0 {
            break;
        }
        let (name, key) = steps.next().filter(|_| word == "module")?;
        calls.push((Arc::from(name), key));
    }
    (calls.len() <= MAX_MODULES).then_some(ModulePath { calls })
}

/// Names between dots, each with the key behind it.
fn split(text: &str) -> Vec<(&str, Key)> {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && bytes[at] != b'.' && bytes[at] != b'[' {
            at += 1;
        }
        let name = &text[start..at];
        let mut key = Key::None;
        while bytes.get(at) == Some(&b'[') {
            let rest = &text[at + 1..];
            let (inside, length) = match rest.strip_prefix('"') {
                Some(quoted) => {
                    let end = quoted.find("\"]").unwrap_or(quoted.len());
                    (Key::String(quoted[..end].replace("\\\"", "\"").replace("\\\\", "\\").into()), end + 3)
                }
                None => {
                    let end = rest.find(']').unwrap_or(rest.len());
                    (rest[..end].parse().map_or(Key::Unknown, Key::Index), end + 1)
                }
            };
            key = inside;
            at = (at + 1 + length).min(bytes.len());
        }
        out.push((name, key));
        if bytes.get(at) == Some(&b'.') {
            at += 1;
        } else if at == start {
            break;
        }
    }
    out
}
