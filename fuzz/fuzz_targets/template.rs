//! Any bytes as a CloudFormation template: read, and every property resolved in every world.
#![no_main]

use bumpalo::Bump;
use libfuzzer_sys::{Corpus, fuzz_target};
use sekisho_estate::{Estate, Reader, Value};
use sekisho_source_cloudformation::{Options, SourceFile, read};

/// Values looked at in one resource over all worlds; a document can repeat itself by aliases.
const MAX_VALUES: usize = 20_000;

fn resolve<'e>(reader: &Reader<'e>, value: Value<'e>, depth: u32, left: &mut usize) {
    if *left == 0 || depth > 100 {
        return;
    }
    *left -= 1;
    match value {
        Value::Map(view) => {
            for entry in view.entries() {
                resolve(reader, reader.resolve(view.at(entry.value)), depth + 1, left);
            }
        }
        Value::List(view) => {
            for &node in view.elements() {
                resolve(reader, reader.resolve(view.at(node)), depth + 1, left);
            }
        }
        Value::Items(items) => items.iter().for_each(|item| resolve(reader, *item, depth + 1, left)),
        Value::Text(text) => drop(text.display()),
        Value::Reference(target) => drop(reader.referenced_value(target)),
        Value::Unknown(why) => drop(why.to_reason().to_string()),
        _ => {}
    }
}

fn walk(estate: &Estate) {
    for (_, stack, resource) in estate.resources() {
        let bump = Bump::new();
        let reader = Reader::new(estate, &bump);
        let mut left = MAX_VALUES;
        loop {
            if reader.exists(stack, resource) {
                resolve(&reader, reader.resolve(stack.view(resource.body)), 0, &mut left);
                resolve(&reader, reader.resolve(stack.view(resource.properties)), 0, &mut left);
            }
            reader.worlds.label();
            if left == 0 || !reader.worlds.next() {
                break;
            }
        }
    }
}

fuzz_target!(|data: &[u8]| -> Corpus {
    // Two files, so that one can nest or import from the other.
    let at = data.windows(5).position(|w| w == b"\n===\n");
    let (first, second) = at.map_or((data, &[][..]), |at| (&data[..at], &data[at + 5..]));
    let file =
        |path: &str, bytes: &[u8]| SourceFile { path: path.to_owned(), bytes: bytes.to_vec(), named: true };
    let files = vec![file("a.yaml", first), file("b.yaml", second)];
    let estate = read(files, &Options::default());
    walk(&estate);
    Corpus::Keep
});
