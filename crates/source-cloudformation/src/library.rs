//! The templates of the input, to be found by where a nested stack says its template is.

use std::collections::HashMap;

use bumpalo::Bump;
use sekisho_estate::value::Part as TextPart;
use sekisho_estate::{Estate, NodeId, Reader, StackIndex, Tree, Value};

use crate::lower::Nested;

/// A template before it was lowered: what each nested stack made of it starts from.
#[derive(Debug)]
pub(crate) struct Pristine {
    pub(crate) tree: Tree,
    pub(crate) root: NodeId,
}

/// All templates by the index of their file.
pub(crate) struct Library<'f> {
    pub(crate) paths: &'f [&'f str],
    pub(crate) templates: HashMap<usize, Pristine>,
    by_name: HashMap<&'f str, Vec<usize>>,
    normal: Vec<String>,
}

/// What a location leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// One file of the input.
    File(usize),
    /// None, with what is shown of the location.
    Missing(String),
    /// Several, with what is shown of the location.
    Ambiguous(String),
    /// The location is not known, and why.
    Unknown(String),
}

impl<'f> Library<'f> {
    /// A library over the paths of all files, of which some are templates.
    pub(crate) fn new(paths: &'f [&'f str], templates: HashMap<usize, Pristine>) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut indices: Vec<usize> = templates.keys().copied().collect();
        indices.sort_unstable();
        for index in indices {
            let path = paths[index];
            by_name.entry(path.rsplit('/').next().unwrap_or(path)).or_default().push(index);
        }
        let normal = paths.iter().map(|path| normal("", path)).collect();
        Self { paths, templates, by_name, normal }
    }

    /// The template of a nested stack, from its `TemplateURL` or the file the CDK names for it.
    ///
    /// AWS: Template Reference, "AWS::CloudFormation::Stack", `TemplateURL`; AWS CLI reference,
    /// `package`, which takes a path relative to the template and uploads the file. A location
    /// that differs from world to world leads to a file only if it is the same in all of them.
    pub(crate) fn find(&self, estate: &Estate, stack: usize, nested: &Nested, from: usize) -> Found {
        let bump = Bump::new();
        let reader = Reader::new(estate, &bump);
        let stack = estate.stack(StackIndex(stack as u32));
        if let Some(path) = nested.asset.and_then(|asset| stack.tree.string(asset))
            && let found @ Found::File(_) = self.local(path, from)
        {
            return found;
        }
        let view = stack.view(nested.url);
        let mut found: Option<Found> = None;
        loop {
            let here = match reader.resolve(view) {
                Value::Str(text) if is_local(text) => self.local(text, from),
                Value::Str(text) => self.remote(text, true, text.to_owned(), from),
                Value::Text(text) => {
                    let shown = text.display();
                    match text.parts.last() {
                        Some(TextPart::Literal(tail)) => self.remote(tail, false, shown, from),
                        _ => Found::Missing(shown),
                    }
                }
                Value::Unknown(why) => Found::Unknown(why.to_reason().to_string()),
                _ => Found::Unknown("TemplateURL is not a text".into()),
            };
            match &found {
                Some(before) if *before != here => {
                    return match (before, here) {
                        (Found::File(file), Found::File(_)) => Found::Ambiguous(self.paths[*file].to_owned()),
                        (Found::File(_), other) => other,
                        (before, _) => before.clone(),
                    };
                }
                _ => found = Some(here),
            }
            if !reader.worlds.next() {
                break;
            }
        }
        found.unwrap_or_else(|| Found::Missing(String::new()))
    }

    fn local(&self, text: &str, from: usize) -> Found {
        let path = self.paths[from];
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let target = if text.starts_with('/') { normal("", text) } else { normal(folder, text) };
        let name = target.rsplit('/').next().unwrap_or_default();
        let candidates = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        match candidates.iter().find(|&&file| self.normal[file] == target) {
            Some(&file) => Found::File(file),
            None => Found::Missing(text.to_owned()),
        }
    }

    /// The file with the most path segments in common with the end of a location.
    fn remote(&self, tail: &str, whole: bool, shown: String, from: usize) -> Found {
        let tail = tail.split(['?', '#']).next().unwrap_or_default();
        // In front of the path stands the host, and what is in front of an unknown part is unknown.
        let (tail, whole) = match tail.split_once("://") {
            Some((_, rest)) => (rest.split_once('/').map_or("", |(_, path)| path), true),
            None => (tail, whole),
        };
        let mut segments: Vec<&str> = tail.split('/').collect();
        if !whole && segments.len() > 1 {
            // The first segment may be only the end of one.
            segments.remove(0);
        }
        let name = segments.last().copied().unwrap_or_default();
        let mut best = (0, Vec::new());
        for &file in self.by_name.get(name).map(Vec::as_slice).unwrap_or_default() {
            if file == from || name.is_empty() {
                continue;
            }
            let common =
                self.normal[file].rsplit('/').zip(segments.iter().rev()).take_while(|(a, b)| a == *b).count();
            match common.cmp(&best.0) {
                std::cmp::Ordering::Greater => best = (common, vec![file]),
                std::cmp::Ordering::Equal => best.1.push(file),
                std::cmp::Ordering::Less => {}
            }
        }
        match best.1[..] {
            [file] => Found::File(file),
            [] => Found::Missing(shown),
            _ => Found::Ambiguous(shown),
        }
    }
}

fn is_local(text: &str) -> bool {
    !text.contains("://")
}

/// A path without `.` and `..`, seen from a folder.
fn normal(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
