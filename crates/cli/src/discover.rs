//! From the paths of the command line to the files that are read.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use sekisho_estate::{Input, InputStatus, Problem};
use sekisho_source_cloudformation::SourceFile;

/// Folders that hold what tools made or fetched, never what a team wrote.
const SKIPPED: [&str; 7] = [".git", ".hg", ".svn", ".terraform", ".venv", "node_modules", "target"];
/// Endings of files that can hold a template, parameters, a state of Terraform, or an answer of AWS.
const ENDINGS: [&str; 7] = ["json", "yaml", "yml", "template", "cfn", "csv", "tfstate"];

/// What was found under the paths.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Files whose content is looked at.
    pub(crate) files: Vec<SourceFile>,
    /// Files and folders that are not, each with the reason.
    pub(crate) others: Vec<Input>,
    /// Folders that were named.
    pub(crate) folders: Vec<String>,
    /// Named paths that cannot be read: wrong usage.
    pub(crate) errors: Vec<String>,
}

/// Reads files and folders. What is in a folder and cannot be read is reported there; a
/// named path that cannot be read is an error of the command.
pub(crate) fn discover(paths: &[String], max_bytes: u64) -> Found {
    let mut found = Found::default();
    for path in paths {
        let at = Path::new(path);
        match fs::metadata(at) {
            Ok(meta) if meta.is_dir() => {
                let path = path.trim_end_matches('/');
                found.folders.push(if path.is_empty() { "/".to_owned() } else { shown(path) });
                folder(at, path, max_bytes, &mut found, 0);
            }
            Ok(_) => {
                file(at, &shown(path), true, max_bytes, &mut found);
                if sekisho_source_terraform::is_terraform(path) {
                    beside(at, &shown(path), max_bytes, &mut found);
                }
            }
            Err(error) => found.errors.push(format!("{path}: {error}")),
        }
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path).then(b.named.cmp(&a.named)));
    found.files.dedup_by(|a, b| a.path == b.path);
    found.others.sort_by(|a, b| a.path.cmp(&b.path));
    found.others.dedup_by(|a, b| a.path == b.path);
    found
}

/// The path as it is shown: with `/`, without a leading `./`.
fn shown(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").map_or(path.clone(), str::to_owned)
}

fn folder(at: &Path, name: &str, max_bytes: u64, found: &mut Found, depth: u32) {
    let entries = match fs::read_dir(at) {
        Ok(entries) if depth < 64 => entries,
        Ok(_) => return found.others.push(other(name, InputStatus::Unreadable, "folders nested too deep")),
        Err(error) => return found.others.push(other(name, InputStatus::Unreadable, &error.to_string())),
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                found.others.push(other(name, InputStatus::Unreadable, &error.to_string()));
                continue;
            }
        };
        let file_name = entry.file_name();
        let file_name = file_name.to_string_lossy();
        let path = if name == "." { file_name.to_string() } else { shown(&format!("{name}/{file_name}")) };
        // Links are followed to files only: a link to a folder can lead out of the tree or around in it.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && SKIPPED.contains(&&*file_name) => {
                found.others.push(other(&format!("{path}/"), InputStatus::Ignored, "folder of a tool"));
            }
            Ok(kind) if kind.is_dir() => folder(&entry.path(), &path, max_bytes, found, depth + 1),
            Ok(kind) if kind.is_symlink() && entry.path().is_dir() => {
                found.others.push(other(&path, InputStatus::Ignored, "link to a folder"));
            }
            Ok(_) => file(&entry.path(), &path, false, max_bytes, found),
            Err(error) => found.others.push(other(&path, InputStatus::Unreadable, &error.to_string())),
        }
    }
}

/// The files beside one of Terraform: its module is the folder.
fn beside(at: &Path, name: &str, max_bytes: u64, found: &mut Found) {
    let folder = at.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let file_name = file_name.to_string_lossy();
        if sekisho_source_terraform::is_terraform(&file_name) && entry.path().is_file() {
            let path = match name.rsplit_once('/') {
                Some((folder, _)) => format!("{folder}/{file_name}"),
                None => file_name.to_string(),
            };
            file(&entry.path(), &path, false, max_bytes, found);
        }
    }
}

fn file(at: &Path, name: &str, named: bool, max_bytes: u64, found: &mut Found) {
    let ending = at.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let terraform = sekisho_source_terraform::is_terraform(name);
    let fits = terraform || ending.is_some_and(|e| ENDINGS.contains(&e.as_str()));
    let configuration = matches!(name.rsplit('/').next(), Some("sekisho.waivers.yaml"));
    if !named && (!fits || configuration) {
        let why = if configuration { "read as configuration" } else { "not a kind of file that is read" };
        found.others.push(other(name, InputStatus::Ignored, why));
        return;
    }
    let too_large = fs::metadata(at).is_ok_and(|meta| meta.len() > max_bytes);
    if too_large {
        let why = format!("larger than {max_bytes} bytes; allow more with --max-file-size");
        if named {
            found.errors.push(format!("{name}: {why}"));
        }
        found.others.push(other(name, InputStatus::Unreadable, &why));
        return;
    }
    match read(at) {
        Ok(bytes) => found.files.push(SourceFile { path: name.to_owned(), bytes, named }),
        Err(error) if named => found.errors.push(format!("{name}: {error}")),
        Err(error) => found.others.push(other(name, InputStatus::Unreadable, &error.to_string())),
    }
}

/// Reads a file with some room behind it, where the reader puts decoded text and lowering the
/// text that it makes: a large file need not move for it.
fn read(at: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = fs::File::open(at)?;
    let length = file.metadata().map_or(0, |meta| usize::try_from(meta.len()).unwrap_or(0));
    let mut bytes = Vec::with_capacity(length + length / 8 + 64);
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn other(path: &str, status: InputStatus, why: &str) -> Input {
    Input {
        path: path.to_owned(),
        sha256: String::new(),
        kind: "",
        stack: None,
        status,
        resources: 0,
        problems: vec![Problem::whole(why, status == InputStatus::Unreadable)],
    }
}
