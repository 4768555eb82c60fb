//! Packs `facts/generated` and `facts/hand` into the binary, so that the crate parses
//! nothing when it starts. A fault in the data is a build error.

#![allow(clippy::print_stdout)] // cargo reads it

mod check;
mod extract;
mod hand;
mod known;
#[path = "../src/layout.rs"]
mod layout;
mod pack;
mod rows;
#[path = "../src/suggest.rs"]
mod suggest;
mod terraform;

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    if let Err(message) = run() {
        eprintln!("facts: {message}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("not run by cargo")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("not run by cargo")?);
    let facts = manifest.join("../../facts");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/layout.rs");
    println!("cargo::rerun-if-changed=src/suggest.rs");
    for folder in ["generated", "hand"] {
        println!("cargo::rerun-if-changed={}", facts.join(folder).display());
    }

    let file = facts.join("generated/cloudformation.txt");
    let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut types = extract::parse(&text).map_err(|e| format!("{}: {e}", file.display()))?;
    let hand = facts.join("hand");
    types.extend(hand::extensions(&hand)?);
    let tables = hand::tables(&hand, &known::Known::new(&types))?;
    write(&out.join("hand.rs"), tables.as_bytes())?;
    terraform(&facts, &out, &types)?;
    let packed = pack::pack(&mut types)?;

    let words: Vec<u8> = packed.words.iter().flat_map(|w| w.to_le_bytes()).collect();
    write(&out.join("schema.words"), &words)?;
    write(&out.join("schema.strings"), packed.strings.as_bytes())?;
    let index = format!(
        "/// Word index of the sorted (name, record) pairs.\n\
         pub(crate) const TYPE_INDEX: u32 = {};\n\
         /// Number of resource types.\n\
         pub(crate) const TYPE_COUNT: u32 = {};\n",
        packed.index, packed.count
    );
    write(&out.join("index.rs"), index.as_bytes())
}

fn terraform(facts: &Path, out: &Path, types: &[extract::Type]) -> Result<(), String> {
    let file = facts.join("generated/terraform.txt");
    let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let hand = facts.join("hand");
    let identities = hand::read::<rows::Identity>(&hand.join("identity"))?;
    let identities = identities.into_iter().map(|(_, row)| (row.ty.clone(), row)).collect();
    let folder = hand.join("terraform");
    let packed = terraform::pack(&text, &folder, &known::Known::new(types), &identities)?;
    write(&out.join("terraform.rows"), packed.rows.as_bytes())?;
    write(&out.join("terraform.names"), packed.names.as_bytes())?;
    write(&out.join("terraform.rs"), packed.index.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}
