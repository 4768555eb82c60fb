//! Evaluation of one root module with all that it calls.
//!
//! Everything is evaluated when it is first asked for and at most once: locals,
//! variables, outputs, the keys of repeated blocks, attributes that others refer to.
//! Whoever asks for what is being evaluated is told of the cycle. The work is linear in
//! the number of instances times the size of their expressions; steps, depth, instances
//! and the size of values are bounded ([`limits`]).

mod builtin;
mod calls;
mod document;
mod expand;
mod expression;
mod instances;
mod providers;
mod resources;
mod variables;

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use sekisho_estate::{Reason, ReasonCode, Stage};

use crate::disk::Reach;
use crate::instance::{
    Address, ConfigProblem, Configuration, Existence, File, Instance, Key, Mode, ModulePath, Provider,
};
use crate::module::Module;
use crate::syntax::Expr;
use crate::value::{Located, Map, Place, Unknown, Value};

pub(crate) use variables::{Given, GivenValue};

/// Bounds of one evaluation.
pub(crate) mod limits {
    /// Expressions evaluated in one root module.
    pub(crate) const STEPS: u64 = 50_000_000;
    /// Evaluations inside each other.
    pub(crate) const DEPTH: u32 = 2_000;
    /// Instances of one block.
    pub(crate) const REPEATED: usize = 100_000;
    /// Instances of one root module.
    pub(crate) const INSTANCES: usize = 500_000;
    /// Module instances of one root module.
    pub(crate) const MODULES: usize = 20_000;
    /// Values inside each other in an attribute.
    pub(crate) const NESTED_VALUES: u32 = 100;
    /// Modules inside each other.
    pub(crate) const NESTED: usize = 64;
    /// Problems of one root module; what comes after them says nothing new.
    pub(crate) const PROBLEMS: usize = 1_000;
}

/// Stack of a thread that evaluates: enough for [`limits::DEPTH`].
pub(crate) const STACK: usize = 512 << 20;

/// What made an evaluation fail.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) code: ReasonCode,
}

/// A result that may have failed.
pub(crate) type Eval<T> = Result<T, Rc<Failure>>;

/// What was evaluated, or is being.
#[derive(Clone, Debug)]
enum Slot<T> {
    Empty,
    Running,
    Done(Eval<T>),
}

/// A module instance.
struct Node<'r> {
    module: &'r Module,
    path: Arc<ModulePath>,
    /// Names of the calls, as the manifest of installed modules writes them.
    key: String,
    parent: Option<Parent>,
    /// Path from the root module's folder, as `path.module` has it.
    shown: Arc<str>,
    calls: Arc<Vec<Place>>,
    /// Under which conditions it exists.
    when: Vec<Arc<crate::value::Condition>>,
    locals: Vec<Slot<Located>>,
    variables: Vec<Slot<Located>>,
    outputs: Vec<Slot<Located>>,
    resources: Vec<Slot<Rc<Copies>>>,
    modules: Vec<Slot<Rc<ModuleCopies>>>,
    providers: HashMap<(Arc<str>, Arc<str>), Arc<Provider>>,
}

/// Where a module instance is called.
#[derive(Clone)]
struct Parent {
    node: usize,
    call: usize,
    each: Option<Rc<Each>>,
}

/// Key and value of one copy of a repeated block.
#[derive(Debug)]
struct Each {
    key: Key,
    /// `each.key`, `count.index`.
    named: Located,
    /// `each.value`.
    value: Located,
    when: Option<Arc<crate::value::Condition>>,
}

/// How a block is repeated.
#[derive(Debug)]
struct Copies {
    copies: Vec<Rc<Each>>,
    kind: Repeated,
    /// The count or the collection.
    by: Value,
    addresses: Vec<Arc<Address>>,
    /// What the block's name is in expressions.
    value: Value,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Repeated {
    Once,
    Count,
    ForEach,
    /// One copy stands for an unknown number.
    Unknown,
}

/// The instances of a call.
#[derive(Debug)]
struct ModuleCopies {
    copies: Rc<Copies>,
    nodes: Vec<usize>,
}

/// What an address of the evaluator leads to.
#[derive(Clone, Copy)]
enum Target {
    Resource { node: usize, resource: usize, copy: usize },
    Module { node: usize },
}

/// Where an expression stands, and what it can see.
pub(crate) struct Scope {
    node: usize,
    file: u32,
    slots: Vec<Located>,
    each: Option<Rc<Each>>,
    /// Variables of a template file.
    free: Option<Arc<Map>>,
    /// `self`.
    itself: Option<Value>,
}

impl Scope {
    fn new(node: usize, file: u32) -> Self {
        Self { node, file, slots: Vec::new(), each: None, free: None, itself: None }
    }

    fn with(node: usize, file: u32, each: &Rc<Each>) -> Self {
        Self { each: Some(each.clone()), ..Self::new(node, file) }
    }
}

/// Where the source of a module lies.
pub(crate) enum Found<'r> {
    /// Here.
    Module(&'r Module),
    /// Not in the input; says why.
    Missing(String),
}

/// What all evaluations share.
pub(crate) trait Library<'r> {
    /// The module that a call names: by the key of the calls (`a.b`), the folder of the
    /// caller and the source as written.
    fn module(&self, key: &str, folder: &str, source: &str) -> Found<'r>;
}

/// What one evaluation is given.
pub(crate) struct Task<'r> {
    pub(crate) root: &'r Module,
    pub(crate) library: &'r dyn Library<'r>,
    pub(crate) files: &'r [File],
    pub(crate) reach: Reach<'r>,
    pub(crate) given: Vec<Given>,
    pub(crate) workspace: Arc<str>,
    pub(crate) region: Option<&'r str>,
    pub(crate) account: Option<&'r str>,
}

/// Evaluates a root module; its files are filled in by the caller.
pub(crate) fn evaluate(task: Task<'_>) -> Configuration {
    let mut evaluator = Evaluator::new(task);
    evaluator.run()
}

struct Evaluator<'r> {
    task: Task<'r>,
    given: HashMap<Arc<str>, Given>,
    nodes: Vec<Node<'r>>,
    targets: HashMap<usize, Target>,
    attributes: HashMap<(usize, usize, usize, Arc<str>), Slot<Located>>,
    /// Data sources that are computed here, by their address.
    computed: HashMap<usize, Slot<Located>>,
    /// Providers without a block, by local name: the same in all modules.
    defaults: HashMap<Arc<str>, Arc<Provider>>,
    problems: BTreeSet<ConfigProblem>,
    used: BTreeSet<u32>,
    instances: Vec<Instance>,
    steps: u64,
    depth: Cell<u32>,
    full: bool,
}

impl<'r> Evaluator<'r> {
    fn new(task: Task<'r>) -> Self {
        Self {
            task,
            given: HashMap::new(),
            nodes: Vec::new(),
            targets: HashMap::new(),
            attributes: HashMap::new(),
            computed: HashMap::new(),
            defaults: HashMap::new(),
            problems: BTreeSet::new(),
            used: BTreeSet::new(),
            instances: Vec::new(),
            steps: 0,
            depth: Cell::new(0),
            full: false,
        }
    }

    fn run(&mut self) -> Configuration {
        self.take_given();
        let root =
            self.add_node(self.task.root, Arc::new(ModulePath { calls: Vec::new() }), None, Vec::new());
        self.configure(root, HashMap::new());
        self.instances_of(root, 0);
        let variables = self.root_variables();
        let module = self.task.root;
        let mut outputs: Vec<(Arc<str>, Located)> = Vec::new();
        for (at, name) in module.outputs.keys().enumerate() {
            let value = self.output(root, at);
            let place = module.outputs[at].value.place;
            outputs.push((name.clone(), self.settle(value, place)));
        }
        outputs.sort_by(|a, b| a.0.cmp(&b.0));
        let mut providers: Vec<Arc<Provider>> = self.nodes[root]
            .providers
            .values()
            .filter(|provider| provider.alias.is_empty())
            .chain(self.defaults.values())
            .cloned()
            .collect();
        // Those with a block come first.
        providers
            .sort_by(|a, b| a.name.cmp(&b.name).then(b.place.is_somewhere().cmp(&a.place.is_somewhere())));
        providers.dedup_by(|b, a| a.name == b.name);
        Configuration {
            root: module.folder.clone(),
            files: Arc::new(Vec::new()),
            used: self.used.iter().copied().collect(),
            instances: std::mem::take(&mut self.instances),
            problems: std::mem::take(&mut self.problems).into_iter().collect(),
            variables,
            outputs,
            providers,
            workspace: self.task.workspace.clone(),
            stage: Stage::Design,
        }
    }

    fn add_node(
        &mut self,
        module: &'r Module,
        path: Arc<ModulePath>,
        parent: Option<Parent>,
        when: Vec<Arc<crate::value::Condition>>,
    ) -> usize {
        let calls = match &parent {
            Some(parent) => {
                let above = &self.nodes[parent.node];
                let mut calls = (*above.calls).clone();
                calls.push(above.module.calls[parent.call].place);
                Arc::new(calls)
            }
            None => Arc::new(Vec::new()),
        };
        let key = path.calls.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(".");
        self.used.extend(&module.files);
        self.nodes.push(Node {
            shown: Arc::from(relative(&self.task.root.folder, &module.folder)),
            path,
            key,
            parent,
            calls,
            when,
            locals: vec![Slot::Empty; module.locals.len()],
            variables: vec![Slot::Empty; module.variables.len()],
            outputs: vec![Slot::Empty; module.outputs.len()],
            resources: vec![Slot::Empty; module.resources.len()],
            modules: vec![Slot::Empty; module.calls.len()],
            providers: HashMap::new(),
            module,
        });
        self.nodes.len() - 1
    }

    fn problem(&mut self, place: Place, message: impl Into<String>, loses: bool) {
        if self.problems.len() < limits::PROBLEMS {
            self.problems.insert(ConfigProblem { place, message: message.into(), loses });
        }
    }

    /// The value of an evaluation; where it failed, that is a problem and the value is not known.
    fn settle(&mut self, result: Eval<Located>, place: Place) -> Located {
        match result {
            Ok(value) => value,
            Err(failure) => {
                self.problem(failure.place, failure.message.clone(), true);
                Located::new(failed(&failure), place)
            }
        }
    }

    fn place(&self, scope: &Scope, expr: &Expr) -> Place {
        Place { file: scope.file, offset: expr.start }
    }

    /// The source text of an expression, on one line.
    fn written(&self, file: u32, expr: &Expr) -> String {
        let text = self.task.files.get(file as usize).map_or("", |file| &*file.text);
        let text = text.get(expr.start as usize..expr.end as usize).unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut line = words.join(" ");
        if line.len() > 200 {
            let cut = (0..=200).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
            line.truncate(cut);
            line.push('…');
        }
        line
    }
}

/// What failed is not known.
fn failed(failure: &Failure) -> Value {
    Value::Unknown(Arc::new(Unknown {
        reason: Reason::new(failure.code, failure.message.as_str()),
        refs: Vec::new(),
        variable: None,
        test: None,
    }))
}

fn fail<T>(place: Place, message: impl Into<String>) -> Eval<T> {
    fail_with(place, ReasonCode::EvaluationFailed, message)
}

fn fail_with<T>(place: Place, code: ReasonCode, message: impl Into<String>) -> Eval<T> {
    Err(Rc::new(Failure { place, message: message.into(), code }))
}

/// Identity of an address: addresses of the evaluator live as long as it does.
fn identity(address: &Arc<Address>) -> usize {
    Arc::as_ptr(address) as usize
}

/// The path from one folder to another.
fn relative(from: &str, to: &str) -> String {
    if from == to {
        return ".".into();
    }
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    if from.starts_with('/') != to.starts_with('/') {
        return to.to_owned();
    }
    let (from, to) = (parts(from), parts(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    // A way up through an unknown folder has no name.
    if from[common..].iter().any(|part| part == "..") {
        return to.join("/");
    }
    let up = std::iter::repeat_n("..", from.len() - common).map(str::to_owned);
    let path: Vec<String> = up.chain(to[common..].iter().cloned()).collect();
    path.join("/")
}

/// How an instance exists under conditions.
fn existence(when: Vec<Arc<crate::value::Condition>>) -> Existence {
    if when.is_empty() { Existence::Yes } else { Existence::When(when) }
}

/// The mode of a block.
fn mode(data: bool) -> Mode {
    if data { Mode::Data } else { Mode::Managed }
}
