//! Whatever the bytes are, reading ends, and every file is an input.

use proptest::prelude::*;
use sekisho_source_terraform::{Memory, Options, SourceFile, read};

/// Pieces that configuration is made of, in any order.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "resource \"aws_a\" \"b\" {",
        "data \"aws_iam_policy_document\" \"d\" {",
        "module \"m\" {",
        "variable \"v\" {",
        "locals {",
        "output \"o\" {",
        "provider \"aws\" {",
        "dynamic \"x\" {",
        "content {",
        "statement {",
        "}",
        "\n",
        "count = ",
        "for_each = ",
        "source = \"./\"",
        "default = ",
        "value = ",
        "a = ",
        "b = ",
        "var.v",
        "local.a",
        "local.b",
        "module.m.o",
        "aws_a.b",
        "aws_a.b[0].id",
        "each.key",
        "count.index",
        "x.value",
        "[*].a",
        ".a",
        "[0]",
        "[",
        "]",
        "{",
        "(",
        ")",
        ",",
        "?",
        ":",
        "...",
        "=>",
        "for x in ",
        "for k, v in ",
        "if ",
        "\"",
        "${",
        "%{ if true }",
        "%{ endif }",
        "%{ for i in [1] }",
        "%{ endfor }",
        "~}",
        "<<EOT\n",
        "<<-EOT\n",
        "EOT\n",
        "==",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "<",
        ">=",
        "1",
        "0",
        "1e999",
        "-9223372036854775808",
        "true",
        "null",
        "\"text\"",
        "try(",
        "can(",
        "jsonencode(",
        "jsondecode(",
        "merge(",
        "concat(",
        "flatten(",
        "toset(",
        "range(",
        "format(\"%d%s\", ",
        "cidrsubnet(\"10.0.0.0/8\", ",
        "regex(\"(a)\", ",
        "substr(\"é\", ",
        "element(",
        "slice(",
        "setproduct(",
        "zipmap(",
        "templatefile(\"t\", ",
        "templatestring(",
        "yamldecode(",
        "sensitive(",
        "# c\n",
        "é",
    ]);
    prop_oneof![8 => fixed.prop_map(str::to_owned), 1 => any::<String>()]
}

/// Expressions that parse more often than not.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "-1",
        "0",
        "2.5",
        "true",
        "null",
        "\"\"",
        "\"a\"",
        "\"10.0.0.0/8\"",
        "[]",
        "{}",
        "var.open",
        "local.self",
        "aws_a.many",
        "aws_a.one.arn",
        "aws_a.maybe",
        "data.aws_x.y.z",
        "sensitive(\"s\")",
        "toset([\"a\", \"b\"])",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 4, |inner| {
        let function = prop::sample::select(vec![
            "abs",
            "alltrue",
            "base64decode",
            "base64encode",
            "ceil",
            "chunklist",
            "cidrhost",
            "cidrsubnet",
            "cidrsubnets",
            "coalesce",
            "compact",
            "concat",
            "contains",
            "csvdecode",
            "distinct",
            "element",
            "flatten",
            "format",
            "formatdate",
            "formatlist",
            "index",
            "indent",
            "join",
            "jsondecode",
            "jsonencode",
            "keys",
            "length",
            "log",
            "lookup",
            "matchkeys",
            "max",
            "merge",
            "one",
            "parseint",
            "pow",
            "range",
            "regex",
            "regexall",
            "replace",
            "reverse",
            "setproduct",
            "setunion",
            "slice",
            "sort",
            "split",
            "strrev",
            "substr",
            "sum",
            "timeadd",
            "title",
            "tobool",
            "tolist",
            "tomap",
            "tonumber",
            "toset",
            "tostring",
            "transpose",
            "trim",
            "try",
            "can",
            "urldecode",
            "urlencode",
            "values",
            "yamldecode",
            "yamlencode",
            "zipmap",
            "templatestring",
            "nonsensitive",
            "upper",
        ]);
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||"]);
        prop_oneof![
            (function, prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(name, arguments)| format!("{name}({})", arguments.join(", "))),
            (inner.clone(), operator, inner.clone()).prop_map(|(a, o, b)| format!("({a} {o} {b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[for k, v in {a} : {b} if k != v]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{for v in {a} : v => {b}...}}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            inner.clone().prop_map(|a| format!("{a}[*].id")),
            inner.clone().prop_map(|a| format!("{{ a = {a} }}.a")),
            inner.clone().prop_map(|a| format!("\"x${{{a}}}%{{ if {a} }}y%{{ endif }}\"")),
            prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}

fn run(name: &str, bytes: Vec<u8>) {
    let files = vec![SourceFile { path: name.into(), bytes }];
    let read = read(files, &Memory::default(), &Options::default());
    assert_eq!(read.inputs.len(), 1);
    for configuration in &read.configurations {
        for problem in &configuration.problems {
            assert!(!problem.message.is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn pieces_in_any_order(pieces in prop::collection::vec(piece(), 0..60)) {
        run("main.tf", pieces.concat().into_bytes());
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        run("main.tf", bytes.clone());
        run("main.tf.json", bytes);
    }

    #[test]
    fn any_expression(expressions in prop::collection::vec(expression(), 1..6)) {
        let mut text = String::from(
            "variable \"open\" {}\nresource \"aws_a\" \"one\" {}\nresource \"aws_a\" \"many\" {\n  count = 3\n}\n\
             resource \"aws_a\" \"maybe\" {\n  count = var.open ? 1 : 0\n}\ndata \"aws_x\" \"y\" {}\n\
             locals {\n  self = local.self\n}\n",
        );
        for (at, expression) in expressions.iter().enumerate() {
            text.push_str(&format!("resource \"aws_b\" \"r{at}\" {{\n  v = {expression}\n}}\n"));
        }
        run("main.tf", text.into_bytes());
    }
}
