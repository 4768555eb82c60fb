//! Processor time of each phase over one template: reading, judging. `cargo run --release -p sekisho-assess --example phases -- FILE`

use std::time::Instant;

#[global_allocator]
static A: mimalloc::MiMalloc = mimalloc::MiMalloc;

use sekisho_assess::{Config, RunOptions, run};
use sekisho_source_cloudformation::{Options, SourceFile, read};

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn main() {
    let path = std::env::args().nth(1).expect("a path");
    let bytes = std::fs::read(&path).expect("a readable file");
    let config = Config::default();
    for _ in 0..5 {
        let files = vec![SourceFile { path: path.clone(), bytes: bytes.clone(), named: true }];
        let start = Instant::now();
        let estate = read(files, &Options::default());
        let read = start.elapsed();
        let start = Instant::now();
        let assessment =
            run(&estate, &[], RunOptions { config: &config, everything: false, only: &[], built_in: true });
        let judged = start.elapsed();
        println!(
            "read {:.1} ms, judged {:.1} ms, {} resources, {:?}, {} judgements",
            read.as_secs_f64() * 1e3,
            judged.as_secs_f64() * 1e3,
            estate.resources().count(),
            assessment.counts,
            assessment.judgements.len()
        );
    }
}
