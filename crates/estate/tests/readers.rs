//! The same documents in JSON and YAML, and what is said of broken ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_estate::json::{self, Limits};
use sekisho_estate::{LineIndex, Node, NodeId, Tree, yaml};

/// A tree in one line: the shape that both readers must agree on.
fn show(tree: &Tree, id: NodeId) -> String {
    match tree.node(id) {
        Node::Null => "null".into(),
        Node::Bool(b) => b.to_string(),
        Node::Int(i) => i.to_string(),
        Node::Float(f) => format!("{f:?}"),
        Node::String(span) => format!("{:?}", tree.text(span)),
        Node::List(range) => {
            format!("[{}]", tree.children(range).iter().map(|&n| show(tree, n)).collect::<Vec<_>>().join(" "))
        }
        Node::Map(range) => {
            let pairs =
                tree.entries(range).iter().map(|e| format!("{}:{}", tree.text(e.key), show(tree, e.value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(" "))
        }
        Node::Tagged { tag, child } => format!("!{} {}", tree.name(tag), show(tree, child)),
        other => format!("{other:?}"),
    }
}

fn yaml_text(source: &str) -> String {
    let document = yaml::read(source.into(), Limits::default()).unwrap();
    show(&document.tree, document.root)
}

fn json_text(source: &str) -> String {
    let document = json::read(source.into(), Limits::default()).unwrap();
    show(&document.tree, document.root)
}

#[test]
fn json_values() {
    let cases = [
        (r#"{"a": [1, -2.5, true, null, "x"]}"#, r#"{a:[1 -2.5 true null "x"]}"#),
        (r#"{"k\u00e9y": "a\n\"\ud83d\ude00"}"#, "{kéy:\"a\\n\\\"😀\"}"),
        ("[]", "[]"),
        ("  {} ", "{}"),
        ("99999999999999999999", "1e20"),
        (
            "\u{feff}{\"long enough to pass eight bytes\": \"日本語の長い文字列\"}",
            "{long enough to pass eight bytes:\"日本語の長い文字列\"}",
        ),
    ];
    for (source, expected) in cases {
        assert_eq!(json_text(source), expected, "{source}");
    }
}

#[test]
fn yaml_scalars_are_those_of_yaml_1_1() {
    let cases = [
        ("[yes, Off, TRUE, no, n]", r#"[true false true false "n"]"#),
        (
            "[90, '90', 1.5, 012345678901, 0x1F, 1_000, 22:22, 1.2.3]",
            r#"[90 "90" 1.5 "012345678901" "0x1F" "1_000" "22:22" "1.2.3"]"#,
        ),
        ("[2012-10-17, ~, '', 1e3]", r#"["2012-10-17" null "" "1e3"]"#),
        ("a: |\n  x\n  y\nb: >\n  x\n  y\n", r#"{a:"x\ny\n" b:"x y\n"}"#),
        (
            "a: !Sub '${B}'\nc: !GetAtt D.Arn\ne: !If [x, 1, !Ref y]",
            r#"{a:!Sub "${B}" c:!GetAtt "D.Arn" e:!If ["x" 1 !Ref "y"]}"#,
        ),
        ("a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}", "{a:{b:1} c:{b:1} d:{e:2 b:1}}"),
        ("a: !!str 90", r#"{a:"90"}"#),
        ("# only a comment", "null"),
    ];
    for (source, expected) in cases {
        assert_eq!(yaml_text(source), expected, "{source}");
    }
}

#[test]
fn quoted_text_may_go_on_at_the_indentation_of_its_key() {
    let source = "a:\n  b: 'one \n  two\n\n  it''s'\n  c: !Sub \"x\n  ${y}\"\n  d: 1\n";
    let document = yaml::read(source.into(), Limits::default()).unwrap();
    assert_eq!(show(&document.tree, document.root), r#"{a:{b:"one two\nit's" c:!Sub "x ${y}" d:1}}"#);
    assert_eq!(document.tree.source(), source, "lines stay where they are");
    let d = document.tree.get(document.tree.get(document.root, "a").unwrap(), "d").unwrap();
    assert_eq!(&source[document.tree.offset(d) as usize..], "1\n");
}

#[test]
fn offsets_point_at_values() {
    let source = "名前: x\nenc: !If [a, 'false', no]\n";
    let document = yaml::read(source.into(), Limits::default()).unwrap();
    let tree = &document.tree;
    let name = tree.get(document.root, "名前").unwrap();
    assert_eq!(&source[tree.offset(name) as usize..][..1], "x");
    let enc = tree.get(document.root, "enc").unwrap();
    let lines = LineIndex::new(tree.source());
    assert_eq!(lines.position(tree.source(), tree.offset(enc)).line, 2);
}

#[test]
fn duplicate_keys_are_reported_where_they_stand() {
    for document in [
        json::read("{\"a\": 1,\n \"a\": 2}".into(), Limits::default()).unwrap(),
        yaml::read("a: 1\na: 2\n".into(), Limits::default()).unwrap(),
    ] {
        assert_eq!(document.duplicates.len(), 1);
        let line = LineIndex::new(document.tree.source())
            .position(document.tree.source(), document.duplicates[0].offset);
        assert_eq!(line.line, 2);
        let a = document.tree.get(document.root, "a").unwrap();
        assert_eq!(document.tree.node(a), Node::Int(2), "the later one counts");
    }
}

#[test]
fn broken_documents_say_where() {
    let json_cases = [
        ("{\"a\": }", 1, 7, "expected a value"),
        ("{\"a\": 1", 1, 8, "expected , or }"),
        ("{\"a\": \"x\ny\"}", 1, 9, "control character"),
        ("[01]", 1, 2, "not a JSON number"),
        ("{} x", 1, 4, "text after the end"),
        ("\"\\ud800\"", 1, 2, "surrogate"),
    ];
    for (source, line, column, message) in json_cases {
        let (error, text) = json::read(source.into(), Limits::default()).unwrap_err();
        let at = LineIndex::new(&text).position(&text, error.offset);
        assert!(error.message.contains(message), "{source}: {}", error.message);
        assert_eq!((at.line, at.column), (line, column), "{source}");
    }
    let (error, _) = yaml::read("a: [1, 2\nb: 3\n".into(), Limits::default()).unwrap_err();
    assert!(!error.message.is_empty());
    let deep = "[".repeat(100_000);
    assert!(json::read(deep.clone(), Limits::default()).unwrap_err().0.message.contains("deeper"));
    assert!(yaml::read(deep, Limits::default()).is_err());
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert!(yaml::read(bomb, Limits::default()).unwrap_err().0.message.contains("aliases repeat"));
    assert!(yaml::read("a: &a [*a]".into(), Limits::default()).is_err());
}

proptest::proptest! {
    /// Neither reader panics on any text, and JSON that is accepted is read alike by the YAML reader.
    #[test]
    fn any_text(source in "[\\[\\]{}:,\"a-c0-9 \\n\\\\.e-]{0,60}") {
        // Exponents without a point are text in YAML 1.1.
        let exponents = source.contains('e');
        let json = json::read(source.clone(), Limits::default());
        let yaml = yaml::read(source, Limits::default());
        if let (Ok(json), Ok(yaml)) = (&json, &yaml) {
            let (json, yaml) = (show(&json.tree, json.root), show(&yaml.tree, yaml.root));
            if !exponents && !json.contains('e') {
                proptest::prop_assert_eq!(json, yaml);
            }
        }
    }
}

#[test]
fn a_key_over_two_lines_with_a_carriage_return_is_found_by_its_text() {
    let source = "a: {\n  \"one\r two\": 1}\n";
    if let Ok(document) = yaml::read(source.into(), Limits::default()) {
        let inner = document.tree.get(document.root, "a").unwrap();
        for entry in document.tree.map(inner) {
            assert!(document.tree.get(inner, document.tree.text(entry.key)).is_some());
        }
    }
}
