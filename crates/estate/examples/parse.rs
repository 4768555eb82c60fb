//! Reads a file some times and prints the processor time of one reading.

use std::time::Instant;

use sekisho_estate::json::{self, Limits};
use sekisho_estate::yaml;

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn main() {
    let path = std::env::args().nth(1).expect("a path");
    let text = std::fs::read_to_string(&path).expect("a readable file");
    let mut best = f64::MAX;
    for _ in 0..7 {
        let source = text.clone();
        let start = Instant::now();
        let nodes = if path.ends_with(".json") {
            json::read(source, Limits::default()).map(|d| d.tree.len())
        } else {
            yaml::read(source, Limits::default()).map(|d| d.tree.len())
        };
        let seconds = start.elapsed().as_secs_f64();
        best = best.min(seconds);
        if let Err((error, _)) = nodes {
            println!("{error:?}");
        }
    }
    println!("{path}: {:.1} ms, {:.0} MB/s", best * 1e3, text.len() as f64 / best / 1e6);
}
