//! Files of the input, found by where a template says that they are.

use std::collections::HashMap;

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

/// Paths of the input, and which of them may be found.
pub(crate) struct Paths<'f> {
    all: &'f [&'f str],
    by_name: HashMap<&'f str, Vec<usize>>,
    normal: Vec<String>,
}

impl<'f> Paths<'f> {
    /// All paths of the input, of which some may be found.
    pub(crate) fn new(all: &'f [&'f str], mut files: Vec<usize>) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        files.sort_unstable();
        for index in files {
            let path = all[index];
            by_name.entry(path.rsplit('/').next().unwrap_or(path)).or_default().push(index);
        }
        let normal = all.iter().map(|path| normal("", path)).collect();
        Self { all, by_name, normal }
    }

    /// The path of a file.
    pub(crate) fn path(&self, file: usize) -> &'f str {
        self.all[file]
    }

    /// The file of a location that is known as a whole.
    pub(crate) fn at(&self, text: &str, from: usize) -> Found {
        if text.contains("://") {
            self.remote(text, true, text.to_owned(), from)
        } else {
            self.local(text, from)
        }
    }

    /// The file of a path, seen from the folder of another.
    pub(crate) fn local(&self, text: &str, from: usize) -> Found {
        let path = self.all[from];
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
    pub(crate) fn remote(&self, tail: &str, whole: bool, shown: String, from: usize) -> Found {
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
