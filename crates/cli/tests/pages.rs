//! What pages of the documentation show is what the program prints.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::path::Path;
use std::process::Command;

/// Commands in a page that an output follows: a line that ends in `` `sekisho …`: `` and a block.
fn shown(page: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = page.lines().collect();
    let mut found = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let Some(command) = line.strip_suffix("`:").and_then(|l| l.rsplit_once("`sekisho ")) else {
            continue;
        };
        if lines.get(n + 2) == Some(&"```") {
            let block: Vec<&str> = lines[n + 3..].iter().copied().take_while(|l| *l != "```").collect();
            found.push((command.1.to_owned(), block.join("\n")));
        }
    }
    found
}

#[test]
fn the_page_of_the_network_shows_real_output() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/network.md")).unwrap();
    let shown = shown(&page);
    assert!(shown.len() >= 4, "{} outputs on the page", shown.len());
    for (command, expected) in shown {
        let out = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args(command.split_whitespace())
            .current_dir(&root)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), expected.trim(), "{command}");
    }
}
