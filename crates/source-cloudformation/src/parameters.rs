//! Parameter files, and which template each belongs to.

use std::collections::HashMap;

use sekisho_estate::{Node, NodeId, Tree};

use crate::lower::Given;

/// Values for the parameters of a template.
#[derive(Clone, Debug, Default)]
pub(crate) struct ParameterFile {
    /// Names and values in the order written.
    pub(crate) values: Vec<(String, Given)>,
    /// Path of the template, where the file itself says it.
    pub(crate) template: Option<String>,
}

/// Reads a document as a parameter file, if it is one:
///
/// - `[{"ParameterKey": …, "ParameterValue": …}]` (AWS CLI reference, `create-stack`, `--parameters`);
/// - `["Key=Value"]` (AWS CLI reference, `deploy`, `--parameter-overrides`);
/// - `{"Parameters": {…}, "Tags": {…}, "StackPolicy": {…}}` (User Guide, "CloudFormation artifacts",
///   template configuration file of CodePipeline);
/// - `template-file-path`, `parameters`, `tags` (User Guide, "How Git sync works with
///   CloudFormation", stack deployment file).
pub(crate) fn parameter_file(tree: &Tree, root: NodeId) -> Option<ParameterFile> {
    match tree.node(root) {
        Node::List(_) => from_list(tree, root),
        Node::Map(_) => from_map(tree, root),
        _ => None,
    }
}

fn from_list(tree: &Tree, root: NodeId) -> Option<ParameterFile> {
    let items = tree.list(root);
    if items.is_empty() {
        return None;
    }
    let mut values = Vec::with_capacity(items.len());
    for &item in items {
        if let Some((key, value)) = tree.string(item).and_then(|text| text.split_once('=')) {
            values.push((key.trim().to_owned(), Given::Text(value.to_owned())));
            continue;
        }
        let key = tree.string(tree.get(item, "ParameterKey")?)?;
        let previous = tree.get(item, "UsePreviousValue").and_then(|node| text_of(tree, node));
        let given = match tree.get(item, "ParameterValue") {
            Some(value) => Given::Text(text_of(tree, value)?),
            None if previous.as_deref() == Some("true") => Given::Previous,
            None => return None,
        };
        values.push((key.to_owned(), given));
    }
    Some(ParameterFile { values, template: None })
}

fn from_map(tree: &Tree, root: NodeId) -> Option<ParameterFile> {
    let template = tree.get(root, "template-file-path").and_then(|node| tree.string(node)).map(str::to_owned);
    let known: &[&str] = match template {
        Some(_) => &["template-file-path", "parameters", "tags"],
        None => &["Parameters", "Tags", "StackPolicy"],
    };
    if !tree.map(root).iter().all(|entry| known.contains(&tree.text(entry.key))) {
        return None;
    }
    let parameters = match &template {
        Some(_) => tree.get(root, "parameters"),
        None => Some(tree.get(root, "Parameters")?),
    };
    let mut values = Vec::new();
    for entry in parameters.map(|p| tree.map(p)).unwrap_or_default() {
        values.push((tree.text(entry.key).to_owned(), Given::Text(text_of(tree, entry.value)?)));
    }
    Some(ParameterFile { values, template })
}

/// A value as the text that is passed on; a list is joined with commas.
fn text_of(tree: &Tree, node: NodeId) -> Option<String> {
    Some(match tree.node(node) {
        Node::String(span) => tree.text(span).to_owned(),
        Node::Int(int) => int.to_string(),
        Node::Float(float) => float.to_string(),
        Node::Bool(is) => is.to_string(),
        Node::Null => String::new(),
        Node::List(range) => {
            let items: Option<Vec<String>> =
                tree.children(range).iter().map(|&item| tree.string(item).map(str::to_owned)).collect();
            items?.join(",")
        }
        _ => return None,
    })
}

/// Where each parameter file belongs.
#[derive(Debug, Default)]
pub(crate) struct Assignment {
    /// Index of the parameter file of each template, by index of the template.
    pub(crate) files: HashMap<usize, usize>,
    /// What is to be said of a parameter file, by its index.
    pub(crate) notes: HashMap<usize, String>,
}

/// Finds the template of each parameter file: the one it names, or the one beside which it stands
/// as `<stem>.parameters.json`, `<stem>-parameters.json` or `parameters/<stem>.json` (or YAML).
///
/// Linear: each template looks up the few names its parameter file may have.
pub(crate) fn assign(templates: &[(usize, &str)], files: &[(usize, &str, Option<&str>)]) -> Assignment {
    let mut assignment = Assignment::default();
    let by_path: HashMap<&str, usize> = files.iter().map(|&(index, path, _)| (path, index)).collect();
    let mut by_name: HashMap<&str, Vec<(usize, &str)>> = HashMap::new();
    for &(template, path) in templates {
        by_name.entry(file_name(path)).or_default().push((template, path));
    }
    let mut belongs: HashMap<usize, bool> = HashMap::new();
    for &(index, path, named) in files {
        let Some(named) = named else { continue };
        let named = named.trim_start_matches("./");
        let name = file_name(named);
        let mut found = by_name.get(name).into_iter().flatten().filter(|(_, t)| {
            *t == named || t.strip_suffix(named).is_some_and(|before| before.ends_with('/'))
        });
        match (found.next(), found.next()) {
            (Some(&(template, _)), None) => {
                assignment.files.entry(template).or_insert(index);
                belongs.insert(index, assignment.files.get(&template) == Some(&index));
            }
            _ => {
                assignment
                    .notes
                    .insert(index, format!("its template {named} is not in this input, seen from {path}"));
            }
        }
    }
    for &(template, path) in templates {
        for candidate in candidates(path) {
            let Some(&index) = by_path.get(candidate.as_str()) else { continue };
            let applied = *assignment.files.entry(template).or_insert(index) == index;
            *belongs.entry(index).or_insert(false) |= applied;
        }
    }
    for &(index, _, _) in files {
        match belongs.get(&index) {
            Some(true) => {}
            Some(false) => {
                assignment.notes.insert(index, "another parameter file is applied to its template".into());
            }
            None => {
                assignment.notes.entry(index).or_insert_with(|| {
                    "no template beside it has its name, so that its values are not used; name it <template>.parameters.json".into()
                });
            }
        }
    }
    assignment
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn candidates(path: &str) -> Vec<String> {
    let (folder, name) = match path.rsplit_once('/') {
        Some((folder, name)) => (format!("{folder}/"), name),
        None => (String::new(), path),
    };
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut stems = vec![stem];
    stems.extend(stem.strip_suffix(".template"));
    let mut out = Vec::with_capacity(18);
    for stem in stems {
        for ext in ["json", "yaml", "yml"] {
            out.push(format!("{folder}{stem}.parameters.{ext}"));
            out.push(format!("{folder}{stem}-parameters.{ext}"));
            out.push(format!("{folder}parameters/{stem}.{ext}"));
        }
    }
    out
}
