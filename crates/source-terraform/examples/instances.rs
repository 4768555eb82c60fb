//! Prints the instances of the root modules below a folder, and how long each step took.
//!
//! `cargo run --release --example instances -- FOLDER [quiet]`

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;

use sekisho_source_terraform::{FileSystem, Options, SourceFile, is_terraform, read};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let root = arguments.get(1).map_or(".", String::as_str);
    let quiet = arguments.get(2).is_some();
    let mut files = Vec::new();
    collect(Path::new(root), &mut files);
    let count = files.len();
    let start = std::time::Instant::now();
    let read = read(files, &FileSystem, &Options { bounds: vec![root.into()], ..Options::default() });
    let took = start.elapsed();
    let out: Vec<String> = read
        .configurations
        .iter()
        .map(|configuration| {
            let head = format!("== {} ({})\n", configuration.root, configuration.instances.len());
            if quiet { head } else { head + &support::configuration(configuration) }
        })
        .collect();
    let instances: usize = read.configurations.iter().map(|c| c.instances.len()).sum();
    let mut text = out.concat();
    for input in &read.inputs {
        for problem in &input.problems {
            text += &format!("{}:{}:{}: {}\n", input.path, problem.line, problem.column, problem.message);
        }
    }
    text += &format!("{count} files, {} roots, {instances} instances, {took:?}\n", read.configurations.len());
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn collect(folder: &Path, files: &mut Vec<SourceFile>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') {
            collect(&path, files);
        } else if is_terraform(&name)
            && let Ok(bytes) = std::fs::read(&path)
        {
            files.push(SourceFile { path: path.to_string_lossy().into_owned(), bytes });
        }
    }
}
