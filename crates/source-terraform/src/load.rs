//! From files to root modules: which folders are modules, which of them are roots, and
//! where the modules that they call lie.
//!
//! A root module is a folder of configuration that no other folder read here calls. Each
//! file is parsed once, whatever calls it. Linear in the files and in the module calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;
use sekisho_estate::{Input, InputStatus, LineIndex, Problem};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::disk::{Disk, Reach, join};
use crate::eval::{self, Found, Given, Library, Task};
use crate::instance::{Configuration, File};
use crate::module::Module;
use crate::syntax::{Attribute, Body};
use crate::value::Place;
use crate::{json, parse};

/// A file as it was found.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path as it is shown, with `/`.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// How configuration is read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-var NAME=VALUE`, in order.
    pub variables: Vec<(String, String)>,
    /// `-var-file`, in order.
    pub variable_files: Vec<SourceFile>,
    /// `TF_VAR_` names without that, with their values; only when the user asks for it.
    pub environment: Vec<(String, String)>,
    /// `terraform.workspace`; `default` when it is empty.
    pub workspace: String,
    /// Region where no provider says one.
    pub region: Option<String>,
    /// Account where no provider says one.
    pub account: Option<String>,
    /// Folders below which functions may read files, besides those of the modules.
    pub bounds: Vec<String>,
}

/// Whether a file name is one of Terraform's: configuration or values of variables.
#[must_use]
pub fn is_terraform(name: &str) -> bool {
    [".tf", ".tofu", ".tf.json", ".tofu.json", ".tfvars", ".tfvars.json"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// What was read.
#[derive(Debug, Default)]
pub struct Read {
    /// Root modules by path.
    pub configurations: Vec<Configuration>,
    /// Files by path.
    pub inputs: Vec<Input>,
}

/// Reads configuration. It never fails: what cannot be read or evaluated is a problem of its file.
#[must_use]
pub fn read(files: Vec<SourceFile>, disk: &dyn Disk, options: &Options) -> Read {
    let mut loader = Loader { disk, files: Vec::new(), parsed: Vec::new(), modules: BTreeMap::new() };
    loader.parse(files);
    let values = loader.take_values(&options.variable_files);
    let folders: BTreeSet<String> = loader
        .parsed
        .iter()
        .filter(|parsed| parsed.body.is_some())
        .map(|parsed| parsed.folder.clone())
        .collect();
    for folder in &folders {
        loader.module(folder);
    }
    let roots = loader.roots(&folders);
    let manifests: Vec<Manifest> = roots.iter().map(|root| loader.manifest(root)).collect();
    for (root, manifest) in roots.iter().zip(&manifests) {
        loader.reach(root, manifest);
    }
    let configurations = loader.evaluate(&roots, &manifests, &values, options);
    let inputs = loader.inputs(&configurations, &values);
    let files = Arc::new(loader.files);
    let configurations =
        configurations.into_iter().map(|c| Configuration { files: files.clone(), ..c }).collect();
    Read { configurations, inputs }
}

/// A file after parsing.
struct Parsed {
    folder: String,
    name: String,
    sha256: String,
    /// Its blocks, if it is configuration.
    body: Option<Arc<Body>>,
    /// Its values, if it holds values of variables.
    values: Vec<Attribute>,
    problems: Vec<parse::SyntaxProblem>,
    unreadable: bool,
}

impl Parsed {
    fn is_values(&self) -> bool {
        self.name.ends_with(".tfvars") || self.name.ends_with(".tfvars.json")
    }

    /// Whether Terraform reads it without being told to.
    fn is_automatic(&self) -> bool {
        matches!(&*self.name, "terraform.tfvars" | "terraform.tfvars.json")
            || self.name.ends_with(".auto.tfvars")
            || self.name.ends_with(".auto.tfvars.json")
    }
}

/// The modules that `terraform init` installed for a root module.
#[derive(Debug, Default)]
struct Manifest {
    /// Folders by the key of the calls (`a.b`).
    folders: HashMap<String, String>,
    /// Whether there is one.
    exists: bool,
}

/// The file of the manifest.
#[derive(Deserialize)]
struct ManifestFile {
    #[serde(rename = "Modules")]
    modules: Vec<ManifestModule>,
}

#[derive(Deserialize)]
struct ManifestModule {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Dir")]
    folder: String,
}

struct Loader<'d> {
    disk: &'d dyn Disk,
    files: Vec<File>,
    /// Beside `files`.
    parsed: Vec<Parsed>,
    /// By folder; `None` where there is no configuration.
    modules: BTreeMap<String, Option<Module>>,
}

impl Loader<'_> {
    fn parse(&mut self, mut files: Vec<SourceFile>) {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        let first = self.files.len() as u32;
        let parsed: Vec<(File, Parsed)> =
            files.into_par_iter().enumerate().map(|(at, file)| take(file, first + at as u32)).collect();
        for (file, parsed) in parsed {
            self.files.push(file);
            self.parsed.push(parsed);
        }
    }

    /// Parses the files of `-var-file`, which stand behind the others.
    fn take_values(&mut self, files: &[SourceFile]) -> Vec<u32> {
        let mut indices = Vec::new();
        for file in files {
            let known = self.files.iter().position(|known| known.path == file.path);
            let index = known.unwrap_or_else(|| {
                let at = self.files.len();
                let (file, mut parsed) = take(file.clone(), at as u32);
                if !parsed.is_values() {
                    // The name of such a file is the user's business.
                    let (values, problems) = if file.text.trim_start().starts_with('{') {
                        json::values(&file.text, at as u32)
                    } else {
                        let (body, problems) = parse::file(&file.text, at as u32);
                        (body.attributes, problems)
                    };
                    parsed.values = values;
                    parsed.problems = problems;
                    parsed.body = None;
                }
                self.files.push(file);
                self.parsed.push(parsed);
                at
            });
            indices.push(index as u32);
        }
        indices
    }

    /// Makes the module of a folder, reading its files from the disk if none was given.
    fn module(&mut self, folder: &str) -> bool {
        if let Some(module) = self.modules.get(folder) {
            return module.is_some();
        }
        let mut indices: Vec<usize> = self.in_folder(folder);
        if indices.is_empty() {
            let names = self.disk.list(folder).unwrap_or_default();
            let mut found = Vec::new();
            for name in names.iter().filter(|name| is_terraform(name) && !name.contains(".tfvars")) {
                let path = join(folder, name);
                match self.disk.read(&path, folder) {
                    Ok(bytes) => found.push(SourceFile { path, bytes }),
                    Err(_) => found.push(SourceFile { path, bytes: vec![0xff] }),
                }
            }
            if found.is_empty() {
                self.modules.insert(folder.to_owned(), None);
                return false;
            }
            self.parse(found);
            indices = self.in_folder(folder);
        }
        let names: BTreeSet<&str> = indices.iter().map(|&at| &*self.parsed[at].name).collect();
        // OpenTofu reads `x.tofu` in place of `x.tf`.
        let hidden = |name: &str| {
            let stem = name.strip_suffix(".tf.json").map(|stem| format!("{stem}.tofu.json"));
            let stem = stem.or_else(|| name.strip_suffix(".tf").map(|stem| format!("{stem}.tofu")));
            stem.is_some_and(|other| names.contains(&*other))
        };
        let overrides = |name: &str| {
            let stem = name.split('.').next().unwrap_or(name);
            stem == "override" || stem.ends_with("_override")
        };
        let mut parts: Vec<(u32, Arc<Body>, bool)> = Vec::new();
        for &at in &indices {
            let parsed = &self.parsed[at];
            if let Some(body) = &parsed.body
                && !hidden(&parsed.name)
            {
                parts.push((at as u32, body.clone(), overrides(&parsed.name)));
            }
        }
        // Files come by name; overrides after all others.
        parts.sort_by(|a, b| {
            let name = |part: &(u32, Arc<Body>, bool)| self.parsed[part.0 as usize].name.clone();
            a.2.cmp(&b.2).then_with(|| name(a).cmp(&name(b)))
        });
        let module = Module::new(folder.to_owned(), &parts, &self.files);
        self.modules.insert(folder.to_owned(), Some(module));
        true
    }

    fn in_folder(&self, folder: &str) -> Vec<usize> {
        let here =
            |(at, parsed): (usize, &Parsed)| (parsed.folder == folder && parsed.body.is_some()).then_some(at);
        self.parsed.iter().enumerate().filter_map(here).collect()
    }

    /// Folders that no other folder calls. Of folders that only call each other, the first.
    fn roots(&self, folders: &BTreeSet<String>) -> Vec<String> {
        let called = |folder: &str| -> Vec<String> {
            let Some(Some(module)) = self.modules.get(folder) else { return Vec::new() };
            let sources = module.calls.values().filter_map(|call| call.source.as_ref());
            sources.filter(|(source, _)| is_local(source)).map(|(source, _)| join(folder, source)).collect()
        };
        let mut children: BTreeSet<String> = BTreeSet::new();
        for folder in folders {
            children.extend(called(folder).into_iter().filter(|child| child != folder));
        }
        let mut roots: Vec<String> =
            folders.iter().filter(|folder| !children.contains(*folder)).cloned().collect();
        let mut reached: BTreeSet<String> = BTreeSet::new();
        let mut open = roots.clone();
        let mut rest = folders.iter();
        loop {
            while let Some(folder) = open.pop() {
                if reached.insert(folder.clone()) {
                    open.extend(called(&folder));
                }
            }
            match rest.find(|folder| !reached.contains(*folder)) {
                Some(folder) => {
                    roots.push(folder.clone());
                    open.push(folder.clone());
                }
                None => break,
            }
        }
        roots.sort();
        roots
    }

    fn manifest(&self, root: &str) -> Manifest {
        let path = join(root, ".terraform/modules/modules.json");
        let Ok(bytes) = self.disk.read(&path, root) else { return Manifest::default() };
        let Ok(file) = serde_json::from_slice::<ManifestFile>(&bytes) else { return Manifest::default() };
        let folders =
            file.modules.into_iter().map(|module| (module.key, join(root, &module.folder))).collect();
        Manifest { folders, exists: true }
    }

    /// Reads all modules that a root module reaches.
    fn reach(&mut self, root: &str, manifest: &Manifest) {
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        let mut open = vec![(String::new(), root.to_owned())];
        while let Some((key, folder)) = open.pop() {
            if !self.module(&folder) || seen.len() > 10_000 {
                continue;
            }
            // What lies in the manifest depends on the key, local modules on the folder alone.
            let identity = if manifest.exists { key.clone() } else { String::new() };
            if !seen.insert((identity, folder.clone())) || key.matches('.').count() > eval::limits::NESTED {
                continue;
            }
            let Some(Some(module)) = self.modules.get(&folder) else { continue };
            for (name, call) in &module.calls {
                let Some((source, _)) = &call.source else { continue };
                let key = if key.is_empty() { name.to_string() } else { format!("{key}.{name}") };
                if let Some(child) = locate(manifest, &key, &folder, source) {
                    open.push((key, child));
                }
            }
        }
    }

    fn evaluate(
        &self,
        roots: &[String],
        manifests: &[Manifest],
        values: &[u32],
        options: &Options,
    ) -> Vec<Configuration> {
        let mut bounds: Vec<String> = options.bounds.iter().map(|bound| crate::disk::normal(bound)).collect();
        bounds.extend(
            self.modules.iter().filter(|(_, module)| module.is_some()).map(|(folder, _)| folder.clone()),
        );
        let next = Mutex::new(0_usize);
        let done: Mutex<Vec<(usize, Configuration)>> = Mutex::new(Vec::new());
        let work = || loop {
            let at = {
                let Ok(mut next) = next.lock() else { return };
                *next += 1;
                *next - 1
            };
            let (Some(root), Some(manifest)) = (roots.get(at), manifests.get(at)) else { return };
            let Some(Some(module)) = self.modules.get(root) else { continue };
            let shelf = Shelf { modules: &self.modules, manifest };
            let configuration = eval::evaluate(Task {
                root: module,
                library: &shelf,
                files: &self.files,
                reach: Reach { disk: self.disk, root, bounds: &bounds },
                given: self.given(root, values, options),
                workspace: Arc::from(if options.workspace.is_empty() {
                    "default"
                } else {
                    &options.workspace
                }),
                region: options.region.as_deref(),
                account: options.account.as_deref(),
            });
            if let Ok(mut done) = done.lock() {
                done.push((at, configuration));
            }
        };
        let threads = rayon::current_num_threads().clamp(1, roots.len().max(1));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                // Where no thread can be had with such a stack, the work is left to the others.
                let _handle = std::thread::Builder::new().stack_size(eval::STACK).spawn_scoped(scope, work);
            }
        });
        let mut done = done.into_inner().unwrap_or_default();
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, configuration)| configuration).collect()
    }

    /// The values of the variables of a root module, the ones that count last at the end.
    fn given(&self, root: &str, values: &[u32], options: &Options) -> Vec<Given> {
        let mut given = Vec::new();
        let text = |name: &str, value: &str, from: String, must_exist: bool| Given {
            name: Arc::from(name),
            value: eval::GivenValue::Text(value.to_owned()),
            place: Place::NOWHERE,
            from,
            must_exist,
        };
        for (name, value) in &options.environment {
            given.push(text(name, value, format!("TF_VAR_{name}"), false));
        }
        let mut automatic: Vec<usize> = (0..self.parsed.len())
            .filter(|&at| self.parsed[at].folder == root && self.parsed[at].is_automatic())
            .collect();
        // terraform.tfvars, then its JSON form, then the others by name.
        automatic.sort_by_key(|&at| {
            let name = &self.parsed[at].name;
            (!name.starts_with("terraform.tfvars"), name.clone())
        });
        for at in automatic.into_iter().chain(values.iter().map(|&at| at as usize)) {
            for attribute in &self.parsed[at].values {
                given.push(Given {
                    name: attribute.name.clone(),
                    value: eval::GivenValue::Expr(attribute.value.clone()),
                    place: Place { file: at as u32, offset: attribute.at },
                    from: self.files[at].path.clone(),
                    must_exist: !values.contains(&(at as u32)),
                });
            }
        }
        for (name, value) in &options.variables {
            given.push(text(name, value, "-var".into(), false));
        }
        given
    }

    /// Says of every file what it was.
    fn inputs(&self, configurations: &[Configuration], values: &[u32]) -> Vec<Input> {
        let mut stack: HashMap<u32, &str> = HashMap::new();
        for configuration in configurations {
            for &file in &configuration.used {
                stack.entry(file).or_insert(&configuration.root);
            }
        }
        let mut problems: HashMap<u32, BTreeSet<(Place, String, bool)>> = HashMap::new();
        for module in self.modules.values().flatten() {
            for (place, message, loses) in &module.problems {
                problems.entry(place.file).or_default().insert((*place, message.clone(), *loses));
            }
        }
        for configuration in configurations {
            for problem in &configuration.problems {
                // What no file says is said of the first file of the root module.
                let first = configuration.used.first().copied().unwrap_or_default();
                let file = if problem.place.is_somewhere() { problem.place.file } else { first };
                let found = problems.entry(file).or_default();
                found.insert((problem.place, problem.message.clone(), problem.loses));
            }
        }
        let mut inputs: Vec<Input> = self
            .parsed
            .iter()
            .enumerate()
            .map(|(at, parsed)| {
                let at = at as u32;
                let mut found = problems.remove(&at).unwrap_or_default();
                let syntax = |problem: &parse::SyntaxProblem| {
                    (Place { file: at, offset: problem.offset }, problem.message.clone(), true)
                };
                found.extend(parsed.problems.iter().map(syntax));
                self.input(at, parsed, found, stack.get(&at).copied(), values)
            })
            .collect();
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        inputs
    }

    fn input(
        &self,
        at: u32,
        parsed: &Parsed,
        found: BTreeSet<(Place, String, bool)>,
        stack: Option<&str>,
        values: &[u32],
    ) -> Input {
        let file = &self.files[at as usize];
        let lines = LineIndex::new(&file.text);
        let mut problems: Vec<Problem> = found
            .into_iter()
            .map(|(place, message, loses)| {
                if place.is_somewhere() {
                    Problem::at(&lines, &file.text, place.offset, message, loses)
                } else {
                    Problem::whole(message, loses)
                }
            })
            .collect();
        problems.sort();
        problems.dedup();
        let mut status = if problems.iter().any(|problem| problem.loses) {
            InputStatus::Partly
        } else {
            InputStatus::Read
        };
        if parsed.unreadable {
            status = InputStatus::Unreadable;
        }
        if parsed.is_values() && !parsed.is_automatic() && !values.contains(&at) && !parsed.unreadable {
            status = InputStatus::Ignored;
            problems = vec![Problem::whole("values of variables; give them with --var-file", false)];
        }
        let resources = parsed.body.as_ref().map_or(0, |body| body.blocks_of("resource").count());
        Input {
            path: file.path.clone(),
            sha256: parsed.sha256.clone(),
            kind: "terraform",
            stack: stack.map(str::to_owned),
            status,
            resources,
            problems,
        }
    }
}

/// Modules by what calls them.
struct Shelf<'r> {
    modules: &'r BTreeMap<String, Option<Module>>,
    manifest: &'r Manifest,
}

impl<'r> Library<'r> for Shelf<'r> {
    fn module(&self, key: &str, folder: &str, source: &str) -> Found<'r> {
        let Some(place) = locate(self.manifest, key, folder, source) else {
            let why = if self.manifest.exists {
                format!("{source} is not in .terraform/modules; run terraform init again")
            } else {
                format!(
                    "{source} is not in this input; run terraform init, which puts it into .terraform/modules"
                )
            };
            return Found::Missing(why);
        };
        match self.modules.get(&place) {
            Some(Some(module)) => Found::Module(module),
            _ => Found::Missing(format!("there is no configuration in {place}")),
        }
    }
}

fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../") || matches!(source, "." | "..")
}

/// The folder of a called module.
fn locate(manifest: &Manifest, key: &str, folder: &str, source: &str) -> Option<String> {
    if is_local(source) {
        return Some(join(folder, source));
    }
    manifest.folders.get(key).cloned()
}

/// Parses a file.
fn take(file: SourceFile, index: u32) -> (File, Parsed) {
    let SourceFile { path, bytes } = file;
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let (folder, name) = match path.rsplit_once('/') {
        Some((folder, name)) => {
            (crate::disk::normal(if folder.is_empty() { "/" } else { folder }), name.to_owned())
        }
        None => (".".to_owned(), path.clone()),
    };
    let mut parsed = Parsed {
        folder,
        name,
        sha256,
        body: None,
        values: Vec::new(),
        problems: Vec::new(),
        unreadable: false,
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) if text.len() < u32::MAX as usize / 2 => text,
        Ok(_) | Err(_) => {
            parsed.unreadable = true;
            parsed.problems.push(parse::SyntaxProblem { offset: 0, message: "not text in UTF-8".into() });
            if !parsed.is_values() {
                parsed.body = Some(Arc::default());
            }
            return (File { path, text: Arc::from("") }, parsed);
        }
    };
    let is_json = parsed.name.ends_with(".json");
    if parsed.is_values() {
        (parsed.values, parsed.problems) = if is_json {
            json::values(&text, index)
        } else {
            let (body, problems) = parse::file(&text, index);
            (body.attributes, problems)
        };
    } else {
        let (body, problems) = if is_json { json::file(&text, index) } else { parse::file(&text, index) };
        parsed.problems = problems;
        parsed.body = Some(Arc::new(body));
    }
    (File { path, text: Arc::from(text) }, parsed)
}
