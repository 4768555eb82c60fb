//! Every file of a folder of templates is accounted for. The folder is named by `SEKISHO_CORPUS`.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use sekisho_estate::{InputStatus, NodeId, Reader};
use sekisho_source_cloudformation::{Options, SourceFile, read};

#[allow(clippy::unwrap_used)]
fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

#[test]
#[allow(clippy::print_stdout)]
fn every_file_is_accounted_for() {
    let Ok(folder) = std::env::var("SEKISHO_CORPUS") else {
        println!("skipped: SEKISHO_CORPUS names no folder");
        return;
    };
    let folder = PathBuf::from(folder);
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let sources: Vec<SourceFile> = paths
        .iter()
        .map(|path| SourceFile {
            path: path.strip_prefix(&folder).unwrap().to_string_lossy().replace('\\', "/"),
            bytes: std::fs::read(path).unwrap(),
            named: false,
        })
        .collect();
    let estate = read(sources, &Options::default());
    assert_eq!(estate.inputs.len(), paths.len());
    let mut by_status: BTreeMap<&str, usize> = BTreeMap::new();
    for input in &estate.inputs {
        *by_status.entry(input.status.name()).or_default() += 1;
        println!("{} {} {:?} {}", input.status.name(), input.path, input.stack, input.resources);
        for problem in &input.problems {
            let mark = if problem.loses { "!" } else { " " };
            println!("    {mark} {}:{} {}", problem.line, problem.column, problem.message);
        }
        let said = !input.problems.is_empty() || input.status == InputStatus::Read;
        assert!(said, "{} is {} without a reason", input.path, input.status.name());
        assert!(input.kind != "cloudformation" || input.stack.is_some(), "{} has no stack", input.path);
    }
    // Every value of every stack can be read in the default world.
    let bump = Bump::new();
    let reader = Reader::new(&estate, &bump);
    let mut values = 0;
    for stack in &estate.stacks {
        for node in 0..stack.tree.len() as u32 {
            reader.resolve(stack.view(NodeId(node)));
            values += 1;
        }
        for resource in &stack.resources {
            let _ = reader.exists(stack, resource);
        }
        for reference in &stack.references {
            assert!(!estate.address(reference.to).is_empty());
        }
    }
    println!(
        "{by_status:?}, {} stacks, {} resources, {values} values",
        estate.stacks.len(),
        estate.resources().count()
    );
    let edges: usize = estate.stacks.iter().map(|s| s.references.len()).sum();
    let unresolved: usize = estate.stacks.iter().map(|s| s.unresolved.len()).sum();
    println!("{edges} references, {unresolved} unresolved");
}

/// Files cut off or changed in the middle are read without a panic, all in one run.
#[test]
#[allow(clippy::print_stdout)]
fn damaged_files_are_survived() {
    let Ok(folder) = std::env::var("SEKISHO_CORPUS") else {
        println!("skipped: SEKISHO_CORPUS names no folder");
        return;
    };
    let mut paths = Vec::new();
    files(Path::new(&folder), &mut paths);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    for round in 0..4 {
        let sources: Vec<SourceFile> = paths
            .iter()
            .map(|path| {
                let mut bytes = std::fs::read(path).unwrap();
                if round == 0 {
                    let end = random(bytes.len());
                    bytes.truncate(end);
                } else {
                    for _ in 0..4 * round {
                        let (at, with) = (random(bytes.len()), random(bytes.len()));
                        if !bytes.is_empty() {
                            bytes.swap(at, with);
                        }
                    }
                }
                SourceFile { path: path.to_string_lossy().into_owned(), bytes, named: false }
            })
            .collect();
        assert_eq!(read(sources, &Options::default()).inputs.len(), paths.len());
    }
}
