//! How long reading takes, printed and never asserted. Run in release with a file to read:
//! `SEKISHO_TIMING=big.json cargo test --release -p sekisho-source-cloudformation --test timing -- --ignored --nocapture`

mod common;

use std::time::Instant;

use sekisho_estate::json::{self, Limits};
use sekisho_source_cloudformation::{Options, SourceFile, read};

#[test]
#[ignore = "prints timings"]
#[allow(clippy::print_stdout)]
fn timing() {
    let Ok(path) = std::env::var("SEKISHO_TIMING") else {
        println!("skipped: SEKISHO_TIMING names no file");
        return;
    };
    let bytes = std::fs::read(&path).unwrap();
    let mut best = [f64::MAX; 2];
    let mut resources = 0;
    for _ in 0..20 {
        if path.ends_with(".json") {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let start = Instant::now();
            let document = json::read(text, Limits::default()).unwrap();
            best[0] = best[0].min(start.elapsed().as_secs_f64());
            drop(document);
        }
        let files = vec![SourceFile { path: path.clone(), bytes: bytes.clone(), named: true }];
        let start = Instant::now();
        let estate = read(files, &Options::default());
        best[1] = best[1].min(start.elapsed().as_secs_f64());
        resources = estate.resources().count();
        if best[1] == f64::MAX {
            println!("{:?}", estate.inputs);
        }
    }
    println!(
        "{} bytes, {resources} resources: parse {:.2} ms, read in all {:.2} ms",
        bytes.len(),
        best[0] * 1e3,
        best[1] * 1e3
    );
}
