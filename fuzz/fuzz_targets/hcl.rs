//! Any bytes as Terraform configuration: parsed, evaluated, lowered and resolved.
//!
//! `\n===\n` parts files: `main.tf`, the module `m`, values of variables, the JSON syntax.
#![no_main]

use bumpalo::Bump;
use libfuzzer_sys::{Corpus, fuzz_target};
use sekisho_estate::{Estate, Reader};
use sekisho_source_terraform::{Memory, Options, SourceFile, lower, read};

const NAMES: [&str; 4] = ["main.tf", "m/m.tf", "terraform.tfvars", "more.tf.json"];

fuzz_target!(|data: &[u8]| -> Corpus {
    let mut files = Vec::new();
    let mut rest = data;
    for name in NAMES {
        let at = rest.windows(5).position(|window| window == b"\n===\n");
        let (bytes, after) = at.map_or((rest, &[][..]), |at| (&rest[..at], &rest[at + 5..]));
        files.push(SourceFile { path: name.to_owned(), bytes: bytes.to_vec() });
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let on_disk = files.iter().map(|file| (file.path.clone(), file.bytes.clone())).collect();
    let mut estate = Estate::default();
    lower::join(&mut estate, read(files, &Memory(on_disk), &Options::default()));
    for (_, stack, resource) in estate.resources().take(1_000) {
        let bump = Bump::new();
        let reader = Reader::new(&estate, &bump);
        let _exists = reader.exists(stack, resource);
        let _value = reader.resolve(stack.view(resource.properties));
    }
    Corpus::Keep
});
