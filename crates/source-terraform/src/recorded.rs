//! What Terraform wrote down: plans (`terraform show -json`) and state (version 4).
//!
//! Both are told by their content. Every value keeps its place in the JSON. A value that
//! becomes known only when the plan is applied is a reference where the configuration in
//! the plan says from which resource it comes, else unknown.
//!
//! Terraform: "JSON Output Format" <https://developer.hashicorp.com/terraform/internals/json-format>.
//! Linear in the size of the file.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rayon::prelude::*;
use sekisho_estate::json::{self, Limits};
use sekisho_estate::{Input, InputStatus, LineIndex, Node, NodeId, Problem, Reason, ReasonCode, Tree};
use sha2::{Digest, Sha256};

use crate::instance::{
    Address, Configuration, Existence, File, Instance, Key, Lifecycle, Mode, ModulePath, Provider,
};
use crate::load::{Read, SourceFile};
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
            || (has("\"lineage\"") && has("\"resources\"")))
}

/// Reads plans and states. It never fails: what cannot be read is a problem of its file.
#[must_use]
pub fn read_recorded(files: Vec<SourceFile>, limits: Limits) -> Read {
    let read: Vec<(Option<Configuration>, Input)> =
        files.into_par_iter().map(|file| one(file, limits)).collect();
    let mut out = Read::default();
    for (configuration, input) in read {
        out.configurations.extend(configuration);
        out.inputs.push(input);
    }
    out
}

fn one(file: SourceFile, limits: Limits) -> (Option<Configuration>, Input) {
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
    let unreadable = |input: &mut Input, line: u32, column: u32, message: String| {
        input.status = InputStatus::Unreadable;
        input.problems.push(Problem { line, column, message, loses: true });
    };
    let Ok(text) = String::from_utf8(file.bytes) else {
        unreadable(&mut input, 0, 0, "the file is not UTF-8; write it with `terraform show -json`".into());
        return (None, input);
    };
    let document = match json::read(text, limits) {
        Ok(document) => document,
        Err((error, source)) => {
            let at = LineIndex::new(&source).position(&source, error.offset);
            unreadable(&mut input, at.line, at.column, error.message);
            return (None, input);
        }
    };
    let text: Arc<str> = Arc::from(document.tree.source());
    let reader = Recorded { tree: &document.tree };
    let has = |key: &str| reader.get(document.root, key).is_some();
    let (instances, providers, remarks) = if has("lineage") {
        reader.state(document.root)
    } else if has("planned_values") || has("resource_changes") {
        reader.plan(document.root)
    } else {
        let message = if has("encrypted_data") {
            "the state is encrypted; write it with `tofu state pull` where the key is at hand"
        } else {
            "this is neither a state nor a plan; write a state with `terraform state pull`"
        };
        unreadable(&mut input, 0, 0, message.into());
        return (None, input);
    };
    for (place, message) in remarks {
        let at = LineIndex::new(&text).position(&text, place.offset);
        input.problems.push(Problem { line: at.line, column: at.column, message, loses: true });
        input.status = InputStatus::Partly;
    }
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
    };
    (Some(configuration), input)
}

type Remarks = Vec<(Place, String)>;
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
        let provider = self.provider(root, configuration);
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
                continue;
            }
            match self.address(change) {
                Some(address) => planned.push((Arc::new(address), change, what)),
                None => remarks.push((
                    self.place(change),
                    format!("{} is no address of a resource; it is not read", self.text(change, "address")),
                )),
            }
        }
        let known: HashMap<Arc<Address>, NodeId> =
            planned.iter().map(|(address, change, _)| (address.clone(), *change)).collect();
        let top = Arc::new(ModulePath { calls: Vec::new() });
        let root_module = configuration.and_then(|node| self.get(node, "root_module"));
        let mut instances = Vec::with_capacity(planned.len());
        for (address, change, what) in &planned {
            let read = |module: Option<&Module<'_>>| {
                let declared = module.and_then(|module| self.declared(module, address));
                let around = Around { module, declared, own: address, known: &known };
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
            instances.push(self.instance(address.clone(), attributes, &provider, place));
        }
        (instances, vec![provider], remarks)
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

    fn provider(&self, root: NodeId, configuration: Option<NodeId>) -> Arc<Provider> {
        let config = configuration
            .and_then(|node| self.get(node, "provider_config"))
            .and_then(|config| self.get(config, "aws"))
            .and_then(|aws| self.get(aws, "expressions"))
            .and_then(|expressions| self.get(expressions, "region"));
        let constant = config.and_then(|region| self.get(region, "constant_value"));
        // The region may be a variable, whose value the plan repeats.
        let variable = || {
            let references = self.get(config?, "references")?;
            let name = self.tree.string(*self.tree.list(references).first()?)?.strip_prefix("var.")?;
            self.get(self.get(self.get(root, "variables")?, name)?, "value")
        };
        let region = constant.or_else(variable).and_then(|node| self.tree.string(node));
        Arc::new(Provider {
            name: "aws".into(),
            alias: "".into(),
            region: region.map_or(Value::Null, Value::text_of),
            account: Value::Null,
            default_tags: Located::new(Value::Null, Place::NOWHERE),
            place: Place::NOWHERE,
        })
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
            _ => Value::Unknown(Arc::new(Unknown {
                reason: Reason::new(ReasonCode::AttributeAtDeploy, subject),
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

    // ---- state ----------------------------------------------------------

    fn state(&self, root: NodeId) -> Found {
        let mut remarks = Remarks::new();
        if !matches!(self.get(root, "version").map(|node| self.tree.node(node)), Some(Node::Int(4))) {
            let message = "this version of the state is not read; write it anew with Terraform 0.12 or later";
            remarks.push((self.place(root), message.into()));
            return (Vec::new(), Vec::new(), remarks);
        }
        let provider = Arc::new(Provider {
            name: "aws".into(),
            alias: "".into(),
            region: Value::Null,
            account: Value::Null,
            default_tags: Located::new(Value::Null, Place::NOWHERE),
            place: Place::NOWHERE,
        });
        let mut instances = Vec::new();
        for &resource in self.get(root, "resources").map_or(&[][..], |list| self.tree.list(list)) {
            if self.text(resource, "mode") == "data" {
                continue;
            }
            let Some(module) = module_path(self.text(resource, "module")) else {
                remarks.push((self.place(resource), "the module of the resource has no known form".into()));
                continue;
            };
            let module = Arc::new(module);
            for &one in self.get(resource, "instances").map_or(&[][..], |list| self.tree.list(list)) {
                // An object that is to be destroyed, in place of which a new one stands.
                if self.get(one, "deposed").is_some() {
                    continue;
                }
                let key = match self.get(one, "index_key").map(|node| self.tree.node(node)) {
                    Some(Node::Int(index)) => u32::try_from(index).map_or(Key::Unknown, Key::Index),
                    Some(Node::String(span)) => Key::String(self.tree.text(span).into()),
                    _ => Key::None,
                };
                let address = Arc::new(Address {
                    module: module.clone(),
                    mode: Mode::Managed,
                    kind: self.text(resource, "type").into(),
                    name: self.text(resource, "name").into(),
                    key,
                });
                let known = HashMap::new();
                let around = Around { module: None, declared: None, own: &address, known: &known };
                let attributes = self.get(one, "attributes");
                let mut attributes = self.object(attributes, None, None, None, &around, one);
                for &path in
                    self.get(one, "sensitive_attributes").map_or(&[][..], |list| self.tree.list(list))
                {
                    let first = self.tree.list(path).first().map(|&step| self.text(step, "value"));
                    if let Some(name) = first.filter(|name| !name.is_empty()) {
                        hide(&mut attributes.value, name);
                    }
                }
                instances.push(self.instance(address.clone(), attributes, &provider, self.place(one)));
            }
        }
        (instances, vec![provider], remarks)
    }
}

/// Makes an attribute sensitive as a whole.
fn hide(value: &mut Value, name: &str) {
    let Value::Map(map) = value else { return };
    let map = Arc::make_mut(map);
    if let Ok(at) = map.entries.binary_search_by(|entry| (*entry.key).cmp(name)) {
        let located = &mut map.entries[at].value;
        located.value = Value::Sensitive(Arc::new(located.value.clone()));
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
