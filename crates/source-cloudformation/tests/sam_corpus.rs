//! Templates of SAM beside what the service makes of them. `SEKISHO_SAM_CORPUS` names a folder with
//! `input/<name>.yaml` and `output/<name>.json`, such as the tests of the transform itself.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bumpalo::Bump;
use common::show;
use sekisho_estate::{Estate, InputStatus, Reader};
use sekisho_source_cloudformation::{Options, SourceFile, read};

/// Ten digits of a digest at the end of a name are left out.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).count();
        let ends = bytes.get(at + run).is_none_or(|b| !b.is_ascii_alphanumeric());
        let digest = run >= 10 && ends && at > 0 && bytes[at - 1].is_ascii_alphanumeric();
        if digest {
            at += run - 10;
            out.push_str(&text[at - (run - 10)..at]);
            at += 10;
            continue;
        }
        let width = text[at..].chars().next().map_or(1, char::len_utf8);
        out.push_str(&text[at..at + width]);
        at += width;
    }
    out
}

/// Every resource with each of its properties as one line, in the default world.
fn resources(estate: &Estate) -> BTreeMap<String, BTreeMap<String, String>> {
    let bump = Bump::new();
    let reader = Reader::new(estate, &bump);
    let stack = &estate.stacks[0];
    let mut all = BTreeMap::new();
    for resource in &stack.resources {
        let name = format!("{} {}", plain(stack.text(resource.id)), stack.text(resource.type_name));
        let properties: BTreeMap<String, String> = stack
            .tree
            .map(resource.properties)
            .iter()
            .map(|entry| {
                let key = stack.text(entry.key).to_owned();
                (key, plain(&sorted(&show(&reader, reader.resolve(stack.view(entry.value))))))
            })
            .filter(|(_, value)| value != "absent")
            .collect();
        all.insert(name, properties);
    }
    all
}

/// A list of one is written as its member.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Vec<(usize, bool)> = Vec::new();
    for c in text.chars() {
        match c {
            '[' => open.push((out.len(), false)),
            ',' => open.iter_mut().for_each(|(_, many)| *many = true),
            _ => {}
        }
        out.push(c);
        if let (']', Some((at, false))) = (c, open.last().copied()) {
            out.pop();
            out.remove(at);
        }
        if c == ']' {
            open.pop();
        }
    }
    out
}

/// The order of members means nothing here.
fn sorted(text: &str) -> String {
    let text = &bare(&text.replace("\": ", "\":"));
    let mut parts: Vec<&str> =
        text.split([',', '{', '}', '[', ']']).map(str::trim).filter(|p| !p.is_empty()).collect();
    parts.sort_unstable();
    parts.join(", ")
}

#[test]
#[allow(clippy::print_stdout)]
fn as_the_service_does() {
    let Ok(folder) = std::env::var("SEKISHO_SAM_CORPUS") else {
        println!("skipped: SEKISHO_SAM_CORPUS names no folder");
        return;
    };
    let folder = PathBuf::from(folder);
    let options = Options { region: Some("ap-southeast-1".into()), ..Options::default() };
    let one = |path: PathBuf| {
        let bytes = std::fs::read(&path).ok()?;
        let file = SourceFile { path: path.to_string_lossy().into_owned(), bytes, named: true };
        let estate = read(vec![file], &options);
        (!estate.stacks.is_empty()).then_some(estate)
    };
    let mut names: Vec<_> =
        std::fs::read_dir(folder.join("input")).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    let (mut templates, mut whole, mut read_whole) = (0, 0, 0);
    let (mut expected, mut found, mut extra) = (0, 0, 0);
    let (mut properties, mut alike) = (0, 0);
    let mut unlike: BTreeMap<String, usize> = BTreeMap::new();
    for path in names {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Some(theirs) = one(folder.join("output").join(format!("{stem}.json"))) else { continue };
        let Some(ours) = one(path) else { continue };
        templates += 1;
        read_whole += usize::from(ours.inputs[0].status == InputStatus::Read);
        let (theirs, mine) = (resources(&theirs), resources(&ours));
        let (a, b): (BTreeSet<_>, BTreeSet<_>) = (theirs.keys().collect(), mine.keys().collect());
        expected += a.len();
        found += a.intersection(&b).count();
        extra += b.difference(&a).count();
        if a == b {
            whole += 1;
        } else {
            println!(
                "{stem}: missing {:?}, extra {:?}",
                a.difference(&b).collect::<Vec<_>>(),
                b.difference(&a).collect::<Vec<_>>()
            );
        }
        for problem in ours.inputs[0].problems.iter().filter(|p| p.loses) {
            println!("{stem}: ! {}:{} {}", problem.line, problem.column, problem.message);
        }
        for (id, values) in &theirs {
            let Some(here) = mine.get(id) else { continue };
            let keys: BTreeSet<&String> = values.keys().chain(here.keys()).collect();
            for key in keys {
                if key == "Description" && id.ends_with("::Deployment") {
                    continue; // the digest
                }
                properties += 1;
                if values.get(key) == here.get(key) {
                    alike += 1;
                } else {
                    let type_name = id.split_once(' ').map_or("", |(_, t)| t);
                    *unlike.entry(format!("{type_name}.{key}")).or_default() += 1;
                    println!("{stem}: {id}.{key}:\n  - {:?}\n  + {:?}", values.get(key), here.get(key));
                }
            }
        }
    }
    println!("{templates} templates, {whole} with all resources alike, {read_whole} read");
    println!("{found} of {expected} resources, {extra} others; {alike} of {properties} properties alike");
    let mut unlike: Vec<_> = unlike.into_iter().collect();
    unlike.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (name, count) in unlike.iter().take(60) {
        println!("{count:5} {name}");
    }
}
