//! Controls of users, read at run time.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::catalogue;
use crate::control::Control;
use crate::load::{self, Known, LoadProblem, MAX_BYTES};
use crate::requirement::{requirement, requirements};
use crate::suggest::did_you_mean;
use crate::words::Level;

/// The most files that are read from a folder of controls.
const MAX_FILES: usize = 2_000;
/// How deep folders in a folder of controls may lie.
const MAX_DEPTH: usize = 8;

struct Users;

impl Known for Users {
    fn built_in(&self) -> bool {
        false
    }

    fn level(&self, id: &str) -> Option<Option<Level>> {
        requirement(id).map(|row| row.level)
    }

    fn requirements(&self) -> Vec<&str> {
        requirements().map(|row| row.id).collect()
    }

    fn type_fault(&self, name: &str) -> Option<String> {
        if sekisho_facts::resource_type(name).is_some() {
            return None;
        }
        Some(match did_you_mean(name, sekisho_facts::resource_type_names()) {
            Some(near) => format!("unknown resource type `{name}`; did you mean `{near}`?"),
            None => format!("unknown resource type `{name}`"),
        })
    }
}

/// Reads one control of a user. `file_name` gives the id to expect and stands in the problem.
pub fn parse_control(file_name: &str, text: &str) -> Result<Control, LoadProblem> {
    load::control(&Users, file_name, text)
}

/// Reads all `.yaml` and `.yml` files below `dir` but `*.test.yaml`, in the order of their
/// paths. A file that cannot be used is a problem and never keeps the others from loading;
/// so is an id that a built-in control or an earlier file has.
pub fn load_user_controls(dir: &Path) -> (Vec<Control>, Vec<LoadProblem>) {
    let mut problems = Vec::new();
    let mut files = Vec::new();
    find(dir, 0, &mut files, &mut problems);
    files.sort();
    if files.len() > MAX_FILES {
        let message = format!("{} control files; only {MAX_FILES} are read", files.len());
        problems.push(whole(dir, message));
        files.truncate(MAX_FILES);
    }
    let mut controls: Vec<Control> = Vec::new();
    let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
    for file in files {
        let text = match read(&file) {
            Ok(text) => text,
            Err(message) => {
                problems.push(whole(&file, message));
                continue;
            }
        };
        match parse_control(&file.to_string_lossy(), &text) {
            Err(problem) => problems.push(problem),
            Ok(control) => {
                let id = control.id.as_ref();
                if catalogue::control(id).is_some() {
                    problems.push(whole(&file, format!("`{id}` is a built-in control")));
                } else if let Some(other) = seen.get(id) {
                    let message = format!("`{id}` is already in {}", other.display());
                    problems.push(whole(&file, message));
                } else {
                    seen.insert(id.to_owned(), file);
                    controls.push(control);
                }
            }
        }
    }
    (controls, problems)
}

fn whole(file: &Path, message: String) -> LoadProblem {
    LoadProblem { file: file.to_string_lossy().into_owned(), line: 0, column: 0, message }
}

fn find(dir: &Path, depth: usize, files: &mut Vec<PathBuf>, problems: &mut Vec<LoadProblem>) {
    if depth > MAX_DEPTH {
        problems.push(whole(dir, format!("folders lie more than {MAX_DEPTH} deep")));
        return;
    }
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(whole(dir, error.to_string()));
            return;
        }
    };
    for entry in entries {
        let (path, kind) = match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
            Ok(found) => found,
            Err(error) => {
                problems.push(whole(dir, error.to_string()));
                continue;
            }
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let control = name.ends_with(".yaml") || name.ends_with(".yml");
        let test = name.ends_with(".test.yaml") || name.ends_with(".test.yml");
        // A link to a folder is not followed, so that no folder is visited twice.
        if kind.is_dir() {
            find(&path, depth + 1, files, problems);
        } else if control && !test {
            files.push(path);
        }
    }
}

/// Reads a file of bounded size, so that a huge or endless one costs nothing.
fn read(file: &Path) -> Result<String, String> {
    if !fs::metadata(file).map_err(|e| e.to_string())?.is_file() {
        return Err("not a regular file".into());
    }
    let mut bytes = Vec::new();
    let limit = MAX_BYTES as u64 + 1;
    let file = fs::File::open(file).map_err(|e| e.to_string())?;
    file.take(limit).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() > MAX_BYTES {
        return Err(format!("the file has more than {MAX_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".into())
}
