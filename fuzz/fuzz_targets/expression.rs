//! Any text as an expression over a fixed estate: it is refused, or it is judged and explained.
#![no_main]

#[path = "../../crates/expr/tests/support/mod.rs"]
mod support;

use std::sync::LazyLock;

use bumpalo::Bump;
use libfuzzer_sys::{Corpus, fuzz_target};
use sekisho_estate::{Estate, json::Limits, yaml};
use sekisho_expr::{ResourceRef, Truth, compile};
use sekisho_facts::resource_type;
use support::spec::Yaml;
use support::{THIS, TestHost, build};

/// What is judged: a resource of each of these types, with everything that can be said of one.
const CASES: &str = include_str!("../estate.yaml");

static ESTATES: LazyLock<Vec<(Estate, TestHost)>> = LazyLock::new(|| {
    let document = yaml::read(CASES.to_owned(), Limits::default()).expect("YAML");
    let root = Yaml { tree: &document.tree, node: document.root };
    root.items().map(|case| (build::estate(&case.stack()), TestHost::from_yaml(case))).collect()
});

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((first, rest)) = data.split_first() else { return Corpus::Reject };
    let Ok(text) = std::str::from_utf8(rest) else { return Corpus::Reject };
    let (estate, host) = &ESTATES[usize::from(*first) % ESTATES.len()];
    let kind = resource_type(estate.type_name(THIS));
    // As `when` too, so that both places are tried.
    let program = match compile(Some(text), text, kind, true) {
        Ok(program) => program,
        Err((_, error)) => {
            assert!(error.span.start <= error.span.end && error.span.end <= text.len(), "{error:?}");
            assert!(
                text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end),
                "{error:?}"
            );
            return Corpus::Keep;
        }
    };
    let bump = Bump::new();
    let this = Some(ResourceRef::new(estate, THIS));
    let outcome = program.judge(estate, host, this, &bump, true, &mut |frame, seen| {
        if let sekisho_expr::Seen::Value(_, value) = seen {
            return sekisho_expr::show(frame, *value).len();
        }
        0
    });
    // An expression that fails fails as `when` first, unless it is not decided there.
    assert_ne!(outcome.truth, Truth::Fail);
    if text.len() < 256 {
        program.explain(estate, host, this, &bump);
    }
    Corpus::Keep
});
