//! Plans and states: whatever the JSON says, reading and lowering end, and the stack is sound.
//!
//! Behind `\n===\n` stands the configuration beside the plan.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_estate::Estate;
use sekisho_estate::json::Limits;
use sekisho_source_terraform::{Memory, Options, SourceFile, lower, read_recorded};

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.windows(5).position(|window| window == b"\n===\n");
    let (plan, configuration) = at.map_or((bytes, &[][..]), |at| (&bytes[..at], &bytes[at + 5..]));
    let file = SourceFile { path: "plan.json".into(), bytes: plan.to_vec() };
    let beside = SourceFile { path: "main.tf".into(), bytes: configuration.to_vec() };
    let mut estate = Estate::default();
    let (disk, options) = (Memory::default(), Options::default());
    let recorded = read_recorded(vec![file], &[beside], &disk, &options, Limits::default());
    lower::join(&mut estate, recorded.read);
    for (_, stack, resource) in estate.resources() {
        assert!((resource.offset as usize) <= stack.tree.source().len());
    }
});
