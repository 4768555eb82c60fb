//! The pages at the door, README and the entry page of the documentation, say the same in each
//! language: the same sections, commands, examples, tables and links.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use sekisho_guidance::Language;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a page has beside its prose.
#[derive(PartialEq, Eq, Debug, Default)]
struct Shape {
    /// Depth of each heading.
    headings: Vec<usize>,
    /// Each command, without the remark behind it.
    commands: Vec<String>,
    /// For each example of output, the command before it and what no language changes: places and code.
    examples: Vec<Vec<String>>,
    /// For each row of a table, its first cell where that is code or a number, and its columns.
    rows: Vec<(String, usize)>,
    /// Items of lists.
    items: usize,
    /// Where each link leads, with the language of the page taken away.
    links: Vec<String>,
    /// Words set as code in the prose.
    code: Vec<String>,
}

/// A page's name in a language.
fn page(name: &str, language: Language) -> String {
    let stem = name.strip_suffix(".md").unwrap();
    if language == Language::En { name.to_owned() } else { format!("{stem}.{}.md", language.name()) }
}

fn shape(text: &str, language: Language) -> Shape {
    let mut shape = Shape::default();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), fence) {
            (Some(_), Some(_)) => fence = None,
            (Some(kind), None) => {
                fence = Some(kind);
                if kind.is_empty() {
                    shape.examples.push(Vec::new());
                }
            }
            (None, Some("sh")) => {
                let command = line.split("  #").next().unwrap().split(" # ").next().unwrap().trim();
                shape.commands.push(command.to_owned());
            }
            (None, Some(_)) => {
                let plain = line.replace(&format!(" --lang {}", language.name()), "");
                let source =
                    plain.chars().next().is_some_and(|c| c.is_ascii_digit()) || plain.contains("-->");
                let id = plain.trim().split("  ").next().unwrap_or_default();
                let is_id = id.contains('-')
                    && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                if source || plain.starts_with("$ ") {
                    shape.examples.last_mut().unwrap().push(plain);
                } else if is_id {
                    shape.examples.last_mut().unwrap().push(plain.trim().to_owned());
                }
            }
            (None, None) => prose(line, language, &mut shape),
        }
    }
    // A sentence may name things in another order.
    shape.code.sort();
    shape
}

fn prose(line: &str, language: Language, shape: &mut Shape) {
    let depth = line.bytes().take_while(|b| *b == b'#').count();
    if depth > 0 {
        shape.headings.push(depth);
    }
    shape.items += usize::from(line.starts_with("- "));
    if line.starts_with('|') {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let same = cells[0].bytes().all(|b| b.is_ascii_digit() || b == b'-') || cells[0].starts_with('`');
        shape.rows.push((if same { cells[0].to_owned() } else { String::new() }, cells.len()));
    }
    for part in line.split("](").skip(1) {
        let link = part.split(')').next().unwrap();
        shape.links.push(link.replace(&format!(".{}.md", language.name()), ".md"));
    }
    shape.code.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
}

#[test]
fn pages_at_the_door_are_in_step() {
    for name in ["README.md", "docs/README.md"] {
        let read = |language| fs::read_to_string(root().join(page(name, language))).unwrap();
        // The line of languages differs by what it leads to.
        let body = |language| -> String {
            let text = read(language);
            text.lines().filter(|line| !line.contains(" · ")).map(|line| format!("{line}\n")).collect()
        };
        let english = shape(&body(Language::En), Language::En);
        assert!(english.headings.len() > 4 && english.commands.len() > 9 && english.links.len() > 5);
        for &language in &[Language::Ja, Language::ZhTw] {
            let other = shape(&body(language), language);
            let name = page(name, language);
            assert_eq!(english.headings, other.headings, "{name}: sections");
            assert_eq!(english.commands, other.commands, "{name}: commands");
            assert_eq!(english.examples, other.examples, "{name}: examples");
            assert_eq!(english.rows, other.rows, "{name}: tables");
            assert_eq!(english.items, other.items, "{name}: lists");
            assert_eq!(english.links, other.links, "{name}: links");
            assert_eq!(english.code, other.code, "{name}: names set as code");
            assert_eq!(english, other, "{name}");
        }
        for &language in Language::ALL {
            let line = read(language).lines().find(|line| line.contains(" · ")).unwrap().to_owned();
            for &other in Language::ALL {
                let link = page(name.rsplit('/').next().unwrap(), other);
                assert_eq!(
                    line.contains(&format!("]({link})")),
                    other != language,
                    "{name}, {language}: {line}"
                );
            }
        }
    }
}

#[test]
fn links_at_the_door_lead_somewhere() {
    for name in ["README.md", "docs/README.md"] {
        for &language in Language::ALL {
            let path = root().join(page(name, language));
            let text = fs::read_to_string(&path).unwrap();
            for part in text.split("](").skip(1) {
                let link = part.split(')').next().unwrap().split('#').next().unwrap();
                if !link.starts_with("https://") {
                    assert!(path.parent().unwrap().join(link).exists(), "{}: {link}", path.display());
                }
            }
        }
    }
}

/// A difference that would be missed is no test.
#[test]
fn a_difference_is_seen() {
    let text =
        "# A\n\n```sh\nsekisho scan   # here\n```\n\nSee `x` and [b](b.md).\n\n- one\n\n| 0 | none |\n";
    let one = shape(text, Language::En);
    assert_eq!(
        one,
        shape(
            &text
                .replace("here", "ここ")
                .replace("b.md", "b.ja.md")
                .replace("one", "一つ")
                .replace("none", "なし"),
            Language::Ja
        )
    );
    for (from, to) in [
        ("# A", "## A"),
        ("sekisho scan", "sekisho demo"),
        ("`x`", "`y`"),
        ("(b.md)", "(c.md)"),
        ("- one", "one"),
        ("| 0 |", "| 1 |"),
    ] {
        assert_ne!(one, shape(&text.replace(from, to), Language::En), "{from}");
    }
}
