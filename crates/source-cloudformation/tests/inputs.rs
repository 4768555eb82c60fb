//! Files that are broken, odd, hostile or not templates at all.

mod common;

use common::{check, check_rows, estate, input, problems, read_all, stack};
use sekisho_estate::Estate;
use sekisho_estate::json::Limits;
use sekisho_source_cloudformation::{Options, SourceFile, read};

const GOOD: &str = "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: b}}}\n";

fn one(path: &str, bytes: &[u8], named: bool) -> Estate {
    read(vec![SourceFile { path: path.into(), bytes: bytes.to_vec(), named }], &Options::default())
}

/// Status and first problem of one file.
fn said(path: &str, bytes: &[u8], named: bool) -> String {
    let estate = one(path, bytes, named);
    let input = &estate.inputs[0];
    format!("{}: {}", input.status.name(), problems(&estate, path).first().cloned().unwrap_or_default())
}

#[test]
fn every_file_ends_with_a_status_and_a_reason() {
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("{}".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let cases: &[(&str, &[u8], bool, &str)] = &[
        ("t.yaml", GOOD.as_bytes(), false, "read: "),
        (
            "t.json",
            br#"{"Resources": {"B": {"Type": "#,
            false,
            "unreadable: !1:30 not valid JSON: the document ends where a value is expected; nothing in this file is judged until it is corrected",
        ),
        (
            "t.json",
            b"{\"Resources\": {\n  \"B\": {,\n}}",
            false,
            "unreadable: !2:9 not valid JSON: expected a key in quotes; nothing in this file is judged until it is corrected",
        ),
        ("t.yaml", b"Resources:\n  B: [1, 2\n", false, "unreadable: !"),
        ("t.yaml", b"Resources:\n\tB: 1\n", false, "unreadable: !"),
        ("t.yaml", b"a\0b", false, "unreadable: 0:0 the file is binary (a NUL at byte 1), not a template"),
        ("t.yaml", &utf16, false, "unreadable: 0:0 the file is UTF-16; save it as UTF-8"),
        (
            "t.yaml",
            b"Resources: {}\n# caf\xe9\n",
            false,
            "unreadable: 0:0 the file is not UTF-8 at byte 19; save it as UTF-8",
        ),
        ("t.yaml", b"", false, "unreadable: 0:0 the file is empty"),
        ("t.json", b" \n\n", true, "unreadable: 0:0 the file is empty"),
        ("empty.txt", b"", false, "ignored: 0:0 the file is empty"),
        (
            "logo.png",
            b"\x89PNG\r\n\x1a\n\0\0",
            false,
            "ignored: 0:0 the file is binary (a NUL at byte 8), not a template",
        ),
        (
            "logo.png",
            b"\x89PNG\r\n\x1a\n\0\0",
            true,
            "unreadable: 0:0 the file is binary (a NUL at byte 8), not a template",
        ),
        (
            "README.md",
            b"# Hello\n\n- [a](b): `c`\n",
            false,
            "ignored: 0:0 neither its name nor its text is that of a template",
        ),
        ("README.md", b"# Hello\n\n- [a](b): `c`: d\n", true, "ignored: 0:0 not"),
        (
            "package.json",
            br#"{"name": "x", "version": "1"}"#,
            false,
            "ignored: 0:0 neither a template (it has no Resources) nor a parameter file",
        ),
        ("list.json", b"[]", false, "ignored: 0:0 neither a template"),
        ("snippet.yaml", b"B: {Type: AWS::S3::Bucket}", false, "ignored: 0:0 a snippet with resources"),
        ("stack.cfn", GOOD.as_bytes(), true, "read: "),
        (
            "stack.txt",
            b"AWSTemplateFormatVersion: 2010-09-09\nResources: {B: {Type: Custom::T}}",
            false,
            "read: ",
        ),
        ("t.yaml", b"\xef\xbb\xbfResources: {B: {Type: Custom::T}}", false, "read: "),
        ("t.json", b"\xef\xbb\xbf{\"Resources\": {\"B\": {\"Type\": \"Custom::T\"}}}", false, "read: "),
        ("t.yaml", b"{\"Resources\": {\"B\": {\"Type\": Custom::T}}}", false, "read: "),
        (
            "t.template",
            b"{\"Resources\": {\"B\": {\"Type\": Custom::T}}}",
            false,
            "unreadable: !1:30 not valid JSON",
        ),
        ("t.yaml", b"Resources: []\nTransform: x", false, "partly: !"),
        (
            "t.yaml",
            b"AWSTemplateFormatVersion: 2010-09-09\n",
            false,
            "read: 0:0 the template has no Resources",
        ),
        (
            "t.yaml",
            b"Resources: {B: {Type: Custom::T}}\nModules: {}\n",
            false,
            "read: 2:1 Modules is no section of a template and is not read",
        ),
        (
            "t.yaml",
            b"Resources: {B: {Type: Custom::T}}\n---\nResources: {}\n",
            false,
            "read: 2:1 a second YAML document begins here; only the first is read",
        ),
        (
            "t.yaml",
            b"Resources: {B: {Type: Custom::T}, B: {Type: Custom::U}}\n",
            false,
            "read: 1:35 key B stands twice; the later one counts",
        ),
        (
            "t.yaml",
            b"Parameters: {P: x}\nResources: {B: {Type: Custom::T}}",
            false,
            "partly: !1:17 parameter P is not declared by a map; it is not read",
        ),
        (
            "t.yaml",
            b"Resources: {B: {Type: Custom::T, Properties: [1]}}",
            false,
            "partly: !1:46 Properties is not a map; the properties are not read",
        ),
    ];
    for (path, bytes, named, expected) in cases {
        let said = said(path, bytes, *named);
        let text = String::from_utf8_lossy(bytes);
        assert!(
            if expected.ends_with(": ") { said == *expected } else { said.starts_with(expected) },
            "{path} {text:?}\n{said}"
        );
    }
}

#[test]
fn resources_that_are_none_cost_no_other() {
    let template = "
Resources:
  A: {Type: [x], Properties: {P: 1}}
  B: {Type: {a: b}}
  C: {Properties: {P: 1}}
  D: text
  E: [1]
  F: !Ref X
  G: {Type: Custom::T, Properties: {A: !Ref A, B: !GetAtt D.Arn}}
  H: {Type: Custom::T, Properties: }
  I: {Type: Custom::T, Condition: [x], DependsOn: G}
";
    check(
        "t.yaml",
        template,
        &[
            ("G/A", "unknown: A has a shape that the resource type does not admit"),
            ("G/B", "unknown: D has a shape that the resource type does not admit"),
            ("H/", "absent"),
            (
                "I/^/DependsOn",
                "a condition written in place: 'G' | not a condition written in place: 'does not exist'",
            ),
        ],
    );
    let estate = estate(&[("t.yaml", template)]);
    assert_eq!(input(&estate, "t.yaml").resources, 3);
    assert_eq!(input(&estate, "t.yaml").status.name(), "partly");
    let said = problems(&estate, "t.yaml");
    for (index, expected) in [
        "!3:13 resource A has a Type that is not a text; it is not read",
        "!4:13 resource B has a Type that is not a text; it is not read",
        "!5:6 resource C has no Type; it is not read",
        "!6:6 resource D is not a map; it is not read",
        "!7:6 resource E is not a map; it is not read",
        "!8:6 resource F is not a map; it is not read",
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(said[index], *expected);
    }
}

#[test]
fn one_broken_file_of_three_hundred_costs_no_other() {
    let mut files: Vec<SourceFile> =
        (0..300).map(|i| common::file(&format!("d/t{i:03}.yaml"), GOOD)).collect();
    files[137].bytes = b"Resources: {B: {Type: [".to_vec();
    let estate = read(files, &Options::default());
    assert_eq!(estate.inputs.len(), 300);
    assert_eq!(estate.stacks.len(), 299);
    assert_eq!(estate.inputs.iter().filter(|i| i.status.name() == "read").count(), 299);
    assert_eq!(input(&estate, "d/t137.yaml").status.name(), "unreadable");
    assert!(estate.inputs.windows(2).all(|pair| pair[0].path < pair[1].path));
    assert!(estate.stacks.windows(2).all(|pair| pair[0].id < pair[1].id));
}

#[test]
fn digests_and_order_do_not_depend_on_the_order_of_files() {
    let files = [("b.yaml", GOOD), ("a.yaml", "Resources: {}\n"), ("a.yaml", GOOD)];
    let forward = estate(&files);
    assert_eq!(input(&forward, "b.yaml").sha256.len(), 64);
    assert_eq!(forward.inputs.len(), 3);
    assert_eq!(forward.inputs[1].problems[0].message, "the same path was given twice");
    let empty = one("x.json", b"{}", false);
    assert_eq!(empty.inputs[0].sha256, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

#[test]
fn limits_are_kept() {
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let json = format!(
        "{{\"Resources\": {{\"B\": {{\"Type\": \"Custom::T\", \"Properties\": {{\"P\": {deep}}}}}}}}}"
    );
    assert!(said("t.json", json.as_bytes(), false).contains("nested deeper than 128 levels"));
    assert!(said("t.yaml", json.as_bytes(), false).starts_with("unreadable"));
    let limits = Limits { depth: 1_000_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let very = format!("{{\"Resources\": {}", "{\"a\":".repeat(200_000));
    let estate = read(vec![common::file("t.json", &very)], &options);
    assert_eq!(estate.inputs[0].status.name(), "unreadable");
    let options = Options { limits: Limits { bytes: 10, ..Limits::default() }, ..Options::default() };
    let estate = read(vec![common::file("t.yaml", GOOD)], &options);
    assert!(estate.inputs[0].problems[0].message.contains("larger than 10 bytes"));

    let mut bomb = String::from(
        "Resources: {B: {Type: Custom::T, Properties: {P: *a8}}}\nMetadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n",
    );
    for level in 1..9 {
        bomb.push_str(&format!(
            "  a{level}: &a{level} [{}]\n",
            vec![format!("*a{}", level - 1); 10].join(", ")
        ));
    }
    assert!(said("t.yaml", bomb.as_bytes(), false).starts_with("unreadable"));
}

#[test]
fn aliases_inside_aliases_are_not_followed_forever() {
    // Each anchor adds a hundred levels to the one before, so that no place is written deep.
    let mut text = String::from("Metadata:\n  a0: &a0 {Ref: Nobody}\n");
    for level in 1..60 {
        let (open, close) = ("[".repeat(100), "]".repeat(100));
        text.push_str(&format!("  a{level}: &a{level} {open}*a{}{close}\n", level - 1));
    }
    text.push_str("Resources: {B: {Type: Custom::T, Properties: {P: *a59, Q: *a1}}, C: {Type: Custom::T, Properties: *a59}}\n");
    let estate = estate(&[("t.yaml", &text)]);
    assert_eq!(input(&estate, "t.yaml").status.name(), "partly", "{:?}", problems(&estate, "t.yaml"));
    assert!(problems(&estate, "t.yaml").iter().any(|p| p.contains("nested deeper than 400 levels")));
    read_all(&estate);
}

#[test]
fn loops_over_deep_values_end() {
    let mut text = String::from("Transform: AWS::LanguageExtensions\nMetadata:\n  a0: &a0 '${I}'\n");
    for level in 1..60 {
        let (open, close) = ("[".repeat(100), "]".repeat(100));
        text.push_str(&format!("  a{level}: &a{level} {open}*a{}{close}\n", level - 1));
    }
    text.push_str(
        "Resources: {'Fn::ForEach::L': [I, [a, b], {'B${I}': {Type: Custom::T, Properties: {P: *a59}}}]}\n",
    );
    let estate = estate(&[("t.yaml", &text)]);
    assert_eq!(stack(&estate, "t.yaml").resources.len(), 2);
    read_all(&estate);
}

#[test]
fn many_problems_are_counted() {
    let mut text = String::from("Resources:\n");
    for index in 0..1000 {
        text.push_str(&format!("  R{index}: x\n"));
    }
    let estate = estate(&[("t.yaml", &text)]);
    let said = problems(&estate, "t.yaml");
    assert_eq!(said.len(), 201);
    assert_eq!(said[0], "!0:0 and 800 more");
}

#[test]
fn line_ends_of_windows_are_fine() {
    let text = "Resources:\r\n  B:\r\n    Type: AWS::S3::Bucket\r\n    Properties:\r\n      BucketName: !Sub \"x\r\n        y\"\r\n";
    let estate = estate(&[("t.yaml", text)]);
    check_rows(&estate, "t.yaml", &[("B/BucketName", "'x y'")]);
}
