//! Packs the data on AWS SAM in `facts/generated/sam` into the crate, so that it parses nothing when it
//! starts. A fault in the data is a build error.

#![allow(clippy::print_stdout)] // cargo reads it

mod sam;

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    if let Err(message) = run() {
        eprintln!("facts/generated/sam: {message}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("not run by cargo")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("not run by cargo")?);
    let folder = manifest.join("../../facts/generated/sam");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={}", folder.display());
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
    };
    let code =
        sam::render(&read("policies.yaml")?, &read("managed-policies.yaml")?, &read("connectors.yaml")?)?;
    let path = out.join("sam.rs");
    fs::write(&path, code).map_err(|e| format!("{}: {e}", path.display()))
}
