//! Packs `guidance/` into the binary, so that the crate parses nothing when it starts.
//! A fault in the data is a build error that names file, line and the likely meaning.

// What is `pub` in the shared modules is so for the crate.
#![allow(unreachable_pub)]
// A build script talks to cargo on its standard output.
#![allow(clippy::print_stdout)]

#[path = "../src/control.rs"]
mod control;
mod controls;
mod eligibility;
mod frameworks;
mod labels;
#[path = "../src/layout.rs"]
mod layout;
#[path = "../src/listing.rs"]
mod listing;
#[allow(dead_code)] // the crate uses all of it
#[path = "../src/load.rs"]
mod load;
#[path = "../src/patch.rs"]
mod patch;
mod requirements;
mod resolution;
mod responsibility;
mod services;
mod severity;
#[path = "../../facts/src/suggest.rs"]
mod suggest;
#[allow(dead_code)] // the crate uses all of it
#[path = "../src/words.rs"]
mod words;

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    if let Err(message) = run() {
        eprintln!("guidance: {message}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("not run by cargo")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("not run by cargo")?);
    let guidance = manifest.join("../../guidance");
    for shared in ["control", "layout", "listing", "load", "patch", "words"] {
        println!("cargo::rerun-if-changed=src/{shared}.rs");
    }
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=../facts/src/suggest.rs");
    for path in [
        "controls",
        "frameworks",
        "requirements",
        "resolution.yaml",
        "responsibility.yaml",
        "services",
        "severity.yaml",
        "text/labels.yaml",
    ] {
        println!("cargo::rerun-if-changed={}", guidance.join(path).display());
    }
    let rows = requirements::read(&guidance.join("requirements"))?;
    let packed = requirements::pack(&rows)?;
    write(&out.join("requirements.words"), &packed.words)?;
    write(&out.join("requirements.strings"), packed.strings.as_bytes())?;
    let controls = controls::read(&guidance.join("controls"), &rows)?;
    write(
        &out.join("controls.rs"),
        (controls::statics(&controls) + &controls::cases(&guidance.join("controls"), &controls)?).as_bytes(),
    )?;
    let resolved = resolution::read(&guidance.join("resolution.yaml"), &rows, &controls)?;
    write(&out.join("resolution.rs"), resolved.as_bytes())?;
    let frameworks = frameworks::statics(&guidance.join("frameworks"), &rows, &controls)?;
    write(&out.join("frameworks.rs"), frameworks.as_bytes())?;
    let hand = manifest.join("../../facts/hand");
    for path in ["eligibility", "runtimes.yaml", "../generated/cloudformation.txt"] {
        println!("cargo::rerun-if-changed={}", hand.join(path).display());
    }
    let services =
        services::read(&guidance.join("services"), &hand.join("../generated/cloudformation.txt"), &rows)?;
    write(&out.join("eligibility.rs"), eligibility::statics(&hand, &services)?.as_bytes())?;
    let labels = labels::Labels::read(&guidance.join("text/labels.yaml"))?;
    write(&out.join("labels.rs"), labels.statics().as_bytes())?;
    let model = responsibility::statics(&guidance.join("responsibility.yaml"), &rows, &services, &labels)?;
    write(&out.join("responsibility.rs"), model.as_bytes())?;
    let table = severity::table(&guidance.join("severity.yaml"))?;
    write(&out.join("severity.rs"), table.as_bytes())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}
