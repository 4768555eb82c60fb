//! The files that a configuration may read besides itself: modules that lie elsewhere,
//! and what `file`, `templatefile`, `fileset` and their like name.
//!
//! Only what lies below a folder that is read is opened, links included.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use regex::Regex;

/// Larger files are not read by functions.
const MAX_BYTES: u64 = 16 << 20;
/// More files are not looked at for one `fileset`.
const MAX_LISTED: usize = 100_000;

/// Where files lie. Paths are written with `/`, relative to the current folder or absolute.
pub trait Disk: Sync {
    /// What is in a file that lies below a folder.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn read(&self, path: &str, within: &str) -> Result<Vec<u8>, String>;

    /// Names in a folder, folders with a `/` behind them, in any order.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn list(&self, folder: &str) -> Result<Vec<String>, String>;

    /// Whether there is a file.
    fn exists(&self, path: &str) -> bool;
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystem;

impl Disk for FileSystem {
    fn read(&self, path: &str, within: &str) -> Result<Vec<u8>, String> {
        let real = fs::canonicalize(path).map_err(|error| format!("{path}: {error}"))?;
        let bounds = fs::canonicalize(within).map_err(|error| format!("{within}: {error}"))?;
        if !real.starts_with(bounds) {
            return Err(format!("{path} leads out of {within}"));
        }
        let size = fs::metadata(&real).map_err(|error| format!("{path}: {error}"))?.len();
        if size > MAX_BYTES {
            return Err(format!("{path} is larger than {MAX_BYTES} bytes"));
        }
        fs::read(&real).map_err(|error| format!("{path}: {error}"))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let entries = fs::read_dir(folder).map_err(|error| format!("{folder}: {error}"))?;
        let name = |entry: std::io::Result<fs::DirEntry>| {
            let entry = entry.ok()?;
            let folder = entry.file_type().ok()?.is_dir();
            Some(format!("{}{}", entry.file_name().to_string_lossy(), if folder { "/" } else { "" }))
        };
        Ok(entries.filter_map(name).collect())
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).is_file()
    }
}

/// Files in memory: for tests, and where there is no file system.
#[derive(Clone, Debug, Default)]
pub struct Memory(
    /// Content by normalized path.
    pub BTreeMap<String, Vec<u8>>,
);

impl Disk for Memory {
    fn read(&self, path: &str, _within: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).cloned().ok_or_else(|| format!("{path}: no such file"))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let prefix = if folder == "." { String::new() } else { format!("{folder}/") };
        let mut names: Vec<String> = self
            .0
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix))
            .map(|rest| match rest.split_once('/') {
                Some((folder, _)) => format!("{folder}/"),
                None => rest.to_owned(),
            })
            .collect();
        names.dedup();
        if names.is_empty() { Err(format!("{folder}: no such folder")) } else { Ok(names) }
    }

    fn exists(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }
}

/// A path without `.` and, as far as it goes, without `..`.
#[must_use]
pub(crate) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if path.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (path.starts_with('/'), joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

/// A path relative to a folder.
pub(crate) fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') { normal(path) } else { normal(&format!("{folder}/{path}")) }
}

/// Whether a normalized path is a folder or lies below it.
pub(crate) fn is_below(path: &str, folder: &str) -> bool {
    if folder == "." {
        return !path.starts_with('/') && path != ".." && !path.starts_with("../");
    }
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/') || folder == "/")
}

/// What the functions of one root module may read.
pub(crate) struct Reach<'d> {
    pub(crate) disk: &'d dyn Disk,
    /// Folder of the root module: paths are relative to it.
    pub(crate) root: &'d str,
    /// Folders below which files may be read.
    pub(crate) bounds: &'d [String],
}

impl Reach<'_> {
    fn bound(&self, path: &str) -> Result<(String, &str), String> {
        // What `path.cwd` and `abspath` give begins with the folder itself.
        let whole = self.root != "." && is_below(&normal(path), self.root);
        let path = if whole { normal(path) } else { join(self.root, path) };
        match self.bounds.iter().find(|folder| is_below(&path, folder)) {
            Some(folder) => Ok((path, folder)),
            None => Err(format!("{path} lies outside the folders that are read")),
        }
    }

    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let (path, within) = self.bound(path)?;
        self.disk.read(&path, within)
    }

    pub(crate) fn exists(&self, path: &str) -> Result<bool, String> {
        let (path, _) = self.bound(path)?;
        Ok(self.disk.exists(&path))
    }

    pub(crate) fn absolute(&self, path: &str) -> String {
        join(self.root, path)
    }

    /// Files below a folder whose relative path a pattern fits, sorted.
    pub(crate) fn matching(&self, folder: &str, pattern: &str) -> Result<Vec<String>, String> {
        let (folder, _) = self.bound(folder)?;
        let pattern = glob(pattern)?;
        let mut found = Vec::new();
        let mut open = vec![String::new()];
        let mut seen = 0;
        while let Some(below) = open.pop() {
            let at = join(&folder, &below);
            for name in self.disk.list(&at).unwrap_or_default() {
                seen += 1;
                if seen > MAX_LISTED {
                    return Err(format!("more than {MAX_LISTED} files"));
                }
                let path = format!("{below}{name}");
                if name.ends_with('/') {
                    open.push(path);
                } else if pattern.is_match(&path) {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// `*`, `**`, `?`, `[a-z]` and `{a,b}`, as `fileset` has them.
fn glob(pattern: &str) -> Result<Regex, String> {
    let mut out = String::from("^");
    let mut chars = pattern.chars().peekable();
    let mut braces = 0;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                out.push_str(if chars.next_if_eq(&'/').is_some() { "(?:.*/)?" } else { ".*" });
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => {
                out.push('[');
                if chars.next_if(|c| matches!(c, '!' | '^')).is_some() {
                    out.push('^');
                }
                for c in chars.by_ref() {
                    if c == ']' {
                        break;
                    }
                    if matches!(c, '[' | '\\' | '&' | '~') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out.push(']');
            }
            '{' => {
                braces += 1;
                out.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
            }
            ',' if braces > 0 => out.push('|'),
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    Regex::new(&out).map_err(|_| format!("{pattern:?} is no pattern of files"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, wanted) in [
            ("./a/../b", "b"),
            ("a/..", "."),
            ("../x", "../x"),
            ("a/../../x", "../x"),
            ("/a/../../x", "/x"),
            ("", "."),
        ] {
            assert_eq!(normal(path), wanted, "{path}");
        }
        assert!(is_below("a/b", "a"));
        assert!(!is_below("ab", "a"));
        assert!(!is_below("../a", "."));
        assert!(!is_below("/etc/passwd", "."));
    }

    #[test]
    fn patterns() {
        for (pattern, path, fits) in [
            ("*.json", "a.json", true),
            ("*.json", "b/a.json", false),
            ("**/*.json", "b/c/a.json", true),
            ("**/*.json", "a.json", true),
            ("**", "b/a", true),
            ("{a,b}.t?t", "b.txt", true),
            ("[!a].txt", "b.txt", true),
            ("[!a].txt", "a.txt", false),
            ("a.b", "axb", false),
        ] {
            assert_eq!(glob(pattern).unwrap().is_match(path), fits, "{pattern} {path}");
        }
    }
}
