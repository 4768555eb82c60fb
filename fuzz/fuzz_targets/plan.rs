//! Plans and states: whatever the JSON says, reading and lowering end, and the stack is sound.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_estate::Estate;
use sekisho_estate::json::Limits;
use sekisho_source_terraform::{SourceFile, lower, read_recorded};

fuzz_target!(|bytes: &[u8]| {
    let file = SourceFile { path: "plan.json".into(), bytes: bytes.to_vec() };
    let mut estate = Estate::default();
    lower::join(&mut estate, read_recorded(vec![file], Limits::default()));
    for (_, stack, resource) in estate.resources() {
        assert!((resource.offset as usize) <= stack.tree.source().len());
    }
});
