//! The texts of the controls use the terms of the glossary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use sekisho_guidance::{Control, Language, controls};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    en: String,
    ja: Vec<String>,
    #[serde(rename = "zh-TW")]
    zh_tw: Vec<String>,
    #[serde(default)]
    never: Never,
    #[serde(default)]
    #[allow(dead_code)] // for readers
    note: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Never {
    #[serde(default)]
    ja: Vec<String>,
    #[serde(default, rename = "zh-TW")]
    zh_tw: Vec<String>,
}

fn glossary() -> Vec<Term> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guidance/glossary.yaml");
    serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// All texts of a control in one language, without what is written as code.
fn prose(control: &Control, language: Language) -> String {
    let texts = [&control.title, &control.why, &control.fix.text];
    let joined = texts.map(|text| text.get(language)).join(" | ");
    joined.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// Whether a text has a term as whole words, in the singular or plural.
fn mentions(text: &str, term: &str) -> bool {
    let (text, term) = (text.to_lowercase(), term.to_lowercase());
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '-');
    text.match_indices(&term).any(|(at, _)| {
        let rest = &text[at + term.len()..];
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        edge(text[..at].chars().next_back()) && edge(rest.chars().next())
    })
}

#[test]
fn terms_are_unique() {
    let terms = glossary();
    for (i, term) in terms.iter().enumerate() {
        assert!(!term.ja.is_empty() && !term.zh_tw.is_empty(), "{}", term.en);
        assert!(terms[..i].iter().all(|earlier| earlier.en != term.en), "{}", term.en);
    }
}

#[test]
fn controls_use_the_terms() {
    let mut faults = Vec::new();
    for control in controls() {
        let [en, ja, zh] =
            [Language::En, Language::Ja, Language::ZhTw].map(|language| prose(control, language));
        for term in glossary() {
            let said = mentions(&en, &term.en);
            let lacks = |text: &str, terms: &[String]| !terms.iter().any(|t| text.contains(t.as_str()));
            if said && lacks(&ja, &term.ja) {
                faults.push(format!("{}: `{}` is none of {:?} in ja", control.id, term.en, term.ja));
            }
            if said && lacks(&zh, &term.zh_tw) {
                faults.push(format!("{}: `{}` is none of {:?} in zh-TW", control.id, term.en, term.zh_tw));
            }
            for (text, words) in [(&ja, &term.never.ja), (&zh, &term.never.zh_tw)] {
                let found = words.iter().filter(|word| text.contains(word.as_str()));
                faults.extend(found.map(|word| format!("{}: never `{word}`", control.id)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn traditional_chinese_has_no_simplified_characters() {
    let simplified = "这个们来说对时会没国开关发书见东车马门问间无为么护据库实网络储户录组设备复权数电话认证区块链级线页转进运过还达选适应严丝两业丰临举义乐习乡买乱争于云亚产亲传伤体";
    for control in controls() {
        let text = prose(control, Language::ZhTw);
        let found: String = text.chars().filter(|c| simplified.contains(*c)).collect();
        assert!(found.is_empty(), "{}: {found}", control.id);
    }
}
