//! Puts the clinic example into the binary, for `sekisho demo`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/clinic/cloudformation");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the clinic example is there")
        .map(|e| e.expect("readable").path())
        .collect();
    files.sort();
    let mut out = String::from(
        "/// Files of the clinic example: name and content.\npub(crate) const FILES: &[(&str, &str)] = &[\n",
    );
    for file in files {
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        writeln!(out, "    ({name:?}, include_str!({:?})),", file.canonicalize().expect("it exists"))
            .expect("text");
    }
    out.push_str("];\n");
    let target = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&target).join("demo.rs"), out).expect("OUT_DIR is writable");
}
