//! CloudFormation templates and parameter files, lowered to the estate.
//!
//! [`read`] turns files into an [`Estate`] as CloudFormation would evaluate them: parameters and
//! conditions become variables and choices, functions become operations or plain values, nested
//! stacks become stacks below their parent, imports become values of the stack that exports them.
//! What cannot be known says why. It never fails and never panics: every file ends as an input
//! with a status, and one broken file costs no other.
//!
//! The transforms of AWS that only read files are carried out: SAM makes resources of its
//! own types, `AWS::Include` puts files in. Stacks of stack sets and of products of
//! portfolios are judged below the resource that creates them, and an app of the AWS
//! CDK says by its manifest where its stacks are.
//!
//! The pages of AWS that a rule follows are named where the rule is.

mod assembly;
mod conditions;
mod elsewhere;
mod finish;
mod foreach;
mod function;
mod functions;
mod identity;
mod imports;
mod include;
mod intake;
mod library;
mod lower;
mod mapping;
mod misspelt;
mod nested;
mod parameters;
mod paths;
mod remark;
mod rules;
mod sam;
mod sections;
mod substitute;
mod variables;
mod walk;

use std::collections::{BTreeSet, HashMap, HashSet};

use rayon::prelude::*;
use sekisho_estate::json::Limits;
use sekisho_estate::{Estate, Input, InputStatus, Problem};

use assembly::Assemblies;
use include::Includes;
use intake::{Content, Hints, Taken, take};
use library::{Library, Pristine};
use lower::{Given, Part, Task, lower};
use nested::Group;
use remark::{Remark, WHOLE, locate, tidy};

/// A file as it was found.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path as it is shown, with `/`.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether the user named it, rather than a folder that holds it.
    pub named: bool,
}

/// How files are read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Values of parameters, for every root template that declares the name. They outrank
    /// parameter files.
    pub parameters: Vec<(String, String)>,
    /// Bounds on each file.
    pub limits: Limits,
    /// The region of all stacks, when it is known.
    pub region: Option<String>,
    /// The account of all stacks, when it is known.
    pub account: Option<String>,
    /// Whether the files are the whole account.
    pub complete_account: bool,
}

/// What the parameters of each template are given, by the index of its file.
type GivenByFile = HashMap<usize, HashMap<String, Given>>;

/// Reads files into an estate. Files are read in parallel; the result does not depend on that,
/// nor on the order of the files.
#[must_use]
pub fn read(mut files: Vec<SourceFile>, options: &Options) -> Estate {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut taken: Vec<Taken> = files.into_par_iter().map(|file| take(file, options.limits)).collect();
    refuse_twins(&mut taken);

    let paths: Vec<String> = taken.iter().map(|file| file.path.clone()).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let (given, assigned) = given(&mut taken, options);
    let assemblies = assemblies(&mut taken, &paths);

    let holds = |told: fn(&Hints) -> bool| {
        taken.iter().any(|file| matches!(file.content, Content::Template(..)) && told(&file.hints))
    };
    // A nested stack starts again from the template as it was parsed.
    let nested = holds(|hints| hints.nests);
    let includes = holds(|hints| hints.includes).then(|| documents(&taken, &paths));
    let lowered: Vec<(usize, Group, Option<Pristine>)> = taken
        .par_iter_mut()
        .enumerate()
        .filter_map(|(index, file)| {
            let Content::Template(tree, root) = &mut file.content else { return None };
            let (tree, root) = (std::mem::take(tree), *root);
            let pristine = nested.then(|| Pristine { tree: tree.clone(), root });
            let given = given.get(&index).cloned().unwrap_or_default();
            let hints = file.hints;
            let (id, file) = (file.path.clone(), file.path.clone());
            let place = assemblies.place(&file);
            let account = place.and_then(|place| place.account.clone()).or_else(|| options.account.clone());
            let region = place.and_then(|place| place.region.clone()).or_else(|| options.region.clone());
            let constructs = place.map(|place| &place.constructs);
            let includes = includes.as_ref().filter(|_| hints.includes);
            let task =
                Task { id, file, given, parent: None, index, account, region, constructs, includes, hints };
            let (stack, mut part, _) = lower(tree, root, task, Estate::default());
            part.file = index;
            Some((index, Group::new(stack, part), pristine))
        })
        .collect();

    let included: BTreeSet<usize> = lowered
        .iter()
        .flat_map(|(_, group, _)| group.parts.iter().flat_map(|p| p.included.clone()))
        .collect();
    // What is included, and the assets of an app of the CDK, are no stacks of their own.
    let mut no_roots = included.clone();
    no_roots
        .extend(lowered.iter().map(|(index, ..)| *index).filter(|&index| assemblies.is_asset(paths[index])));
    let groups = if nested {
        let mut alone = HashMap::new();
        let mut templates = HashMap::new();
        for (index, group, pristine) in lowered {
            alone.insert(index, group);
            templates.extend(pristine.map(|pristine| (index, pristine)));
        }
        let library = Library::new(&paths, templates, includes);
        nested::assemble(alone, &no_roots, &library, options)
    } else {
        lowered
            .into_iter()
            .filter(|(index, ..)| !no_roots.contains(index))
            .map(|(_, group, _)| group)
            .collect()
    };
    note_no_stacks(&mut taken, &included, &groups);
    let (mut estate, mut parts) = finish::gather(groups);
    imports::join(&mut estate, &mut parts);
    finish::cross_edges(&mut estate, &parts);
    note_unused(&mut taken, &assigned, &estate);
    estate.complete_account = options.complete_account;
    estate.inputs = inputs(taken, &estate, parts);
    estate
}

/// What the manifests of the AWS CDK say, and what is to be said of them.
fn assemblies(taken: &mut [Taken], paths: &[&str]) -> Assemblies {
    let known: HashSet<&str> = paths.iter().copied().collect();
    let manifests = taken.iter().enumerate().filter_map(|(index, file)| match &file.content {
        Content::Assembly(assembly) => Some((index, file.path.as_str(), assembly)),
        _ => None,
    });
    let mut found = Assemblies::new(manifests, &known);
    for (index, note) in std::mem::take(&mut found.notes) {
        taken[index].problems.extend(locate(vec![Remark::note(WHOLE, note)], ""));
    }
    found
}

/// The documents that templates may include.
fn documents<'f>(taken: &[Taken], paths: &'f [&'f str]) -> Includes<'f> {
    let mut documents = HashMap::new();
    for (index, file) in taken.iter().enumerate() {
        if let Content::Template(tree, root) | Content::Snippet(tree, root) = &file.content {
            documents.insert(index, Pristine { tree: tree.clone(), root: *root });
        }
    }
    Includes::new(paths, documents)
}

/// Says of files that became no stack why that is so.
fn note_no_stacks(taken: &mut [Taken], included: &BTreeSet<usize>, groups: &[Group]) {
    let stacks: HashSet<usize> = groups.iter().flat_map(|g| g.parts.iter().map(|part| part.file)).collect();
    let also: BTreeSet<usize> =
        groups.iter().flat_map(|g| g.parts.iter().flat_map(|p| p.included.clone())).collect();
    for (index, file) in taken.iter_mut().enumerate() {
        let is_included = included.contains(&index) || also.contains(&index);
        match &file.content {
            Content::Snippet(..) if is_included => {
                file.status = InputStatus::Read;
                file.problems.clear();
            }
            Content::Snippet(..) => file.content = Content::Nothing,
            Content::Template(..) if !stacks.contains(&index) => {
                if !is_included {
                    file.content = Content::Nothing;
                    file.status = InputStatus::Ignored;
                    let note = "an asset of a CDK app: no stack of its manifest is made of it";
                    file.problems = locate(vec![Remark::note(WHOLE, note)], "");
                } else if let Content::Template(tree, root) = &mut file.content {
                    file.content = Content::Snippet(std::mem::take(tree), *root);
                }
            }
            _ => {}
        }
    }
}

/// The same path given twice is read once.
fn refuse_twins(taken: &mut [Taken]) {
    for index in 1..taken.len() {
        let (before, rest) = taken.split_at_mut(index);
        let (Some(earlier), Some(later)) = (before.last(), rest.first_mut()) else { continue };
        if earlier.path == later.path {
            later.content = Content::Nothing;
            later.status = InputStatus::Ignored;
            later.problems = locate(vec![Remark::note(WHOLE, "the same path was given twice")], "");
        }
    }
}

/// What the parameters of each root template are given: on the command line, else in its file.
fn given(taken: &mut [Taken], options: &Options) -> (GivenByFile, HashMap<usize, usize>) {
    let templates: Vec<(usize, &str)> = taken
        .iter()
        .enumerate()
        .filter(|(_, file)| matches!(file.content, Content::Template(..)))
        .map(|(index, file)| (index, file.path.as_str()))
        .collect();
    let files: Vec<(usize, &str, Option<&str>)> = taken
        .iter()
        .enumerate()
        .filter_map(|(index, file)| match &file.content {
            Content::Parameters(found) => Some((index, file.path.as_str(), found.template.as_deref())),
            _ => None,
        })
        .collect();
    let assignment = parameters::assign(&templates, &files);
    let indices: Vec<usize> = templates.iter().map(|(index, _)| *index).collect();
    let mut given = HashMap::new();
    for index in indices {
        let mut values: HashMap<String, Given> = HashMap::new();
        if let Some(Content::Parameters(file)) =
            assignment.files.get(&index).map(|&file| &taken[file].content)
        {
            values.extend(file.values.iter().cloned());
        }
        values.extend(
            options.parameters.iter().map(|(name, value)| (name.clone(), Given::Text(value.clone()))),
        );
        if !values.is_empty() {
            given.insert(index, values);
        }
    }
    for (index, note) in assignment.notes {
        taken[index].problems.extend(locate(vec![Remark::note(WHOLE, note)], ""));
    }
    (given, assignment.files)
}

/// A parameter file whose template is created by another one is not used, and says so.
fn note_unused(taken: &mut [Taken], assigned: &HashMap<usize, usize>, estate: &Estate) {
    if assigned.is_empty() {
        return;
    }
    let roots: HashSet<&str> =
        estate.stacks.iter().filter(|s| s.parent.is_none()).map(|s| s.file.as_str()).collect();
    for (&template, &file) in assigned {
        if !roots.contains(taken[template].path.as_str()) {
            let note =
                format!("{} is given its parameters by the template that nests it", taken[template].path);
            taken[file].problems.extend(locate(vec![Remark::note(WHOLE, note)], ""));
        }
    }
}

/// Says of every file how far it was read.
fn inputs(taken: Vec<Taken>, estate: &Estate, parts: Vec<Part>) -> Vec<Input> {
    // What each file became, over all stacks made of it.
    struct Became<'e> {
        stack: &'e str,
        resources: usize,
        problems: Vec<Problem>,
    }
    let mut became: HashMap<usize, Became<'_>> = HashMap::new();
    for (stack, part) in estate.stacks.iter().zip(parts) {
        let problems = locate(part.remarks, stack.tree.source());
        let entry = became.entry(part.file).or_insert_with(|| Became {
            stack: &stack.id,
            resources: 0,
            problems: Vec::new(),
        });
        entry.resources = entry.resources.max(stack.resources.len());
        entry.problems.extend(problems);
    }
    taken
        .into_iter()
        .enumerate()
        .map(|(index, file)| {
            let Taken { path, sha256, content, mut status, mut problems, .. } = file;
            let kind = match content {
                Content::Template(..) => "cloudformation",
                Content::Parameters(_) => "parameters",
                Content::Snippet(..) => "snippet",
                Content::Assembly(_) => "manifest",
                Content::Nothing => "",
            };
            let (mut stack, mut resources) = (None, 0);
            if let Some(found) = became.remove(&index) {
                stack = Some(found.stack.to_owned());
                resources = found.resources;
                problems.extend(found.problems);
            }
            tidy(&mut problems);
            if status == InputStatus::Read && problems.iter().any(|p| p.loses) {
                status = InputStatus::Partly;
            }
            Input { path, sha256, kind, stack, status, resources, problems }
        })
        .collect()
}
