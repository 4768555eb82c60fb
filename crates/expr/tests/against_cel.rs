//! The same expressions in the interpreter of the `cel` crate, where everything is known
//! and present, so that both languages mean the same.
//!
//! Where they differ on purpose, and what the random expressions therefore leave out:
//! - what CEL calls an error (overflow, division by zero) is unknown here; both are absorbed
//!   alike by `&&`, `||` and the macros, and that is compared too;
//! - a member that is not there is an error in CEL, here the service's default or absent, so
//!   every property is written; an index beyond the end is an error in CEL, here absent;
//! - `size` of text in a place without a schema is 1 here, because the service takes one value
//!   for a list of one;
//! - values are coerced to the kind that the schema gives their place, CEL never does that;
//! - `bytes`, `uint`, timestamps, type conversions, triple quotes and octal escapes are left out of our grammar.

mod support;

use std::cell::Cell;
use std::collections::HashMap;

use bumpalo::Bump;
use cel::{Context, Program, Value};
use proptest::prelude::*;
use sekisho_expr::{ResourceRef, Truth, compile};
use sekisho_facts::resource_type;
use support::random::{BUCKET, Noise, Tape, value};
use support::random_expression::Writer;
use support::spec::{ResourceSpec, Spec, StackSpec};
use support::{THIS, TestHost, build};

fn to_cel(spec: &Spec) -> Value {
    match spec {
        Spec::Null => Value::Null,
        Spec::Bool(b) => Value::Bool(*b),
        Spec::Int(i) => Value::Int(*i),
        Spec::Float(f) => Value::Float(*f),
        Spec::Str(text) => text.as_str().into(),
        Spec::List(items) => items.iter().map(to_cel).collect::<Vec<_>>().into(),
        Spec::Map(pairs) => {
            pairs.iter().map(|(key, value)| (key.clone(), to_cel(value))).collect::<HashMap<_, _>>().into()
        }
        other => panic!("known and present: {other:?}"),
    }
}

/// What the interpreter says: none for an error.
fn interpreted(expression: &str, this: &Spec) -> Result<Option<bool>, String> {
    let program = Program::compile(expression).map_err(|error| format!("{expression}: {error}"))?;
    let mut context = Context::default();
    context.add_variable_from_value("this", to_cel(this));
    match program.execute(&context) {
        Ok(Value::Bool(is)) => Ok(Some(is)),
        Ok(other) => Err(format!("{expression}: {other:?}")),
        Err(_) => Ok(None),
    }
}

/// What we say: none for unknown.
fn ours(expression: &str, this: &Spec) -> Result<Option<bool>, String> {
    let stack = StackSpec {
        resources: vec![ResourceSpec {
            id: "This".to_owned(),
            type_name: "AWS::S3::Bucket".to_owned(),
            properties: this.clone(),
            beside: Vec::new(),
            condition: None,
            name: None,
        }],
        ..StackSpec::default()
    };
    let estate = build::estate(&stack);
    let program = compile(None, expression, resource_type("AWS::S3::Bucket"), false)
        .map_err(|(_, error)| format!("{expression}: {error}"))?;
    let (bump, this) = (Bump::new(), Some(ResourceRef::new(&estate, THIS)));
    let outcome = program.judge(&estate, &TestHost::default(), this, &bump, false, &mut |_, _| ());
    match outcome.truth {
        Truth::Pass => Ok(Some(true)),
        Truth::Fail => Ok(Some(false)),
        Truth::Unknown => Ok(None),
        Truth::NotApplicable => Err(format!("{expression}: not applicable")),
    }
}

#[test]
fn the_interpreter_says_the_same() {
    let cases = std::env::var("REFERENCE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(3000);
    let bytes = || proptest::collection::vec(any::<u8>(), 0..160);
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    };
    let seen: [Cell<u32>; 3] = Default::default();
    proptest::test_runner::TestRunner::new(config)
        .run(&(bytes(), bytes()), |(properties, expression)| {
            let (mut properties, mut source) = (Tape::new(&properties), Tape::new(&expression));
            let fields = BUCKET
                .iter()
                .map(|(name, ty)| ((*name).to_owned(), value(&mut properties, *ty, Noise::NONE, 0)));
            let this = Spec::Map(fields.collect());
            let depth = 1 + source.below(4) as u32;
            let mut writer = Writer {
                tape: &mut source,
                type_name: "AWS::S3::Bucket",
                properties: BUCKET,
                shared: true,
                scope: Vec::new(),
            };
            let expression = writer.truth(depth);
            let answers = (ours(&expression, &this), interpreted(&expression, &this));
            match &answers {
                (Ok(ours), Ok(theirs)) if ours == theirs => {
                    let count = &seen[ours.map_or(2, usize::from)];
                    count.set(count.get() + 1);
                    Ok(())
                }
                _ => Err(TestCaseError::fail(format!("{expression}\n{this:?}\n{answers:?}"))),
            }
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let [is_false, is_true, unknown] = seen.map(Cell::into_inner);
    assert!(is_false > cases / 10 && is_true > cases / 10 && unknown > 0, "{is_false} {is_true} {unknown}");
}

/// What the random expressions do not write, one by one.
#[test]
fn the_grammar_is_shared() {
    let this = Spec::Map(vec![("BucketName".to_owned(), Spec::Str("a".to_owned()))]);
    for expression in [
        "1 + 2 * 3 - 4 / 2 == 5 && 7 % 4 == 3 && -7 / 2 == -3 && -7 % 4 == -3",
        "true ? false : true ? true : false",
        "true || false && false",
        "!true == false",
        "!(1 < 2) || 1 <= 1 && 2 > 1 && 2 >= 2 && 1 != 2",
        "1 == 1.0 && 1 < 1.5 && 2.0 >= 2 && 0x10 == 16 && 1e3 == 1000.0",
        "-9223372036854775808 < 0",
        "9223372036854775807 + 1 > 0",
        "1 / 0 == 0 || true",
        "1 / 0 == 0",
        "[1, 2, 3][1] == 2 && {\"a\": 1}[\"a\"] == 1 && {\"a\": {\"b\": 2}}.a.b == 2",
        "\"a\" in {\"a\": 1} && !(\"b\" in {\"a\": 1}) && 2 in [1, 2]",
        "{\"a\": 1, \"b\": 2} == {\"b\": 2, \"a\": 1} && [1] != [2] && null == null",
        "has({\"a\": 1}.a) && !has({\"a\": 1}.b)",
        "{\"a\": 1, \"b\": 2}.all(k, {\"a\": 1, \"b\": 2}[k] > 0)",
        "[1, 2].map(x, x * 2) == [2, 4] && [1, 2].filter(x, x > 1) == [2]",
        "[1, 2, 2].exists_one(x, x == 1) && ![1, 2, 2].exists_one(x, x == 2)",
        "[1, 0].exists(x, 1 / x == 1) && ![0, 1].all(x, 1 / x == 2)",
        "[0, 1].exists(x, 1 / x == 2)",
        "[[1], [2]].exists(x, x.exists(y, y == 2))",
        "[1].exists(x, [2].exists(x, x == 2) && x == 1)",
        "'it''s' == 'a' || 'x' == \"x\"",
        "\"\\u00e9\\x41\\n\\t\\\\\" == 'éA\\n\\t\\\\' && r'\\d' == '\\\\d'",
        "\"日本\".size() == 2 && size(\"日本\") == 2 && size([1]) == 1 && size({\"a\": 1}) == 1",
        "\"abc\".matches(\"b\") && !\"abc\".matches(\"^b\") && \"a\" < \"b\" && \"B\" < \"a\"",
        "this.BucketName == \"a\" // a remark\n && true",
        "[1, 2,].size() == 2 && {\"a\": 1,}.size() == 1",
        "--1 == 1 && !!true",
    ] {
        match (ours(expression, &this), interpreted(expression, &this)) {
            (Err(_), Err(_)) => {}
            (ours, theirs) => assert_eq!(ours, theirs, "{expression}"),
        }
    }
}
