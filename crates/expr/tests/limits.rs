//! Expressions that would take for ever, or all memory, end soon as unknown.

mod support;

use std::time::{Duration, Instant};

use bumpalo::Bump;
use sekisho_estate::{Estate, ReasonCode};
use sekisho_expr::{ResourceRef, Truth};
use support::spec::{ResourceSpec, Spec, StackSpec, VariableSpec};
use support::{THIS, TestHost, build, judge, program};

/// A bucket with so many tags, and with names that are not known.
fn bucket(tags: usize, variables: usize) -> Estate {
    let tag = |i: usize| {
        let value = Spec::Str(format!("value {i} of a bucket with many tags"));
        Spec::Map(vec![("Key".to_owned(), Spec::Str(format!("key-{i}"))), ("Value".to_owned(), value)])
    };
    let names = (0..variables).map(|i| format!("V{i}"));
    let rules = names.clone().map(|name| Spec::Map(vec![("Prefix".to_owned(), Spec::Variable(name))]));
    let properties = Spec::Map(vec![
        ("Tags".to_owned(), Spec::List((0..tags).map(tag).collect())),
        (
            "LifecycleConfiguration".to_owned(),
            Spec::Map(vec![("Rules".to_owned(), Spec::List(rules.collect()))]),
        ),
    ]);
    let domain = || vec![Spec::Str("a".to_owned()), Spec::Str("b".to_owned())];
    build::estate(&StackSpec {
        variables: names.map(|name| VariableSpec { name, domain: domain(), has_default: true }).collect(),
        resources: vec![ResourceSpec {
            id: "This".to_owned(),
            type_name: "AWS::S3::Bucket".to_owned(),
            properties,
            beside: Vec::new(),
            condition: None,
            name: None,
        }],
        ..StackSpec::default()
    })
}

#[track_caller]
fn ends(estate: &Estate, expression: &str) {
    let program = program(estate, expression, false).expect("an expression");
    let start = Instant::now();
    let outcome = judge(estate, &TestHost::default(), &program);
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
    assert_eq!(outcome.truth, Truth::Unknown);
    let code = outcome.reason.map(|reason| reason.code);
    assert!(matches!(code, Some(ReasonCode::StepLimit)), "{code:?}");
}

#[test]
fn texts_that_double() {
    let doubled = ".map(x, x + x)".repeat(50);
    ends(&bucket(0, 0), &format!("[\"a text of some length\"]{doubled}[0].size() > 0"));
}

#[test]
fn lists_that_double() {
    let doubled = ".map(x, x + x)".repeat(50);
    ends(&bucket(0, 0), &format!("[[1, 2]]{doubled}[0].size() > 0"));
}

#[test]
fn values_that_hold_themselves_twice() {
    let nested = ".map(x, [x, x])".repeat(50);
    ends(&bucket(0, 0), &format!("[1]{nested}.exists(a, a == [1]{nested}[0])"));
    let maps = ".map(x, {\"a\": x, \"b\": x})".repeat(40);
    ends(&bucket(0, 0), &format!("[1]{maps}.exists(a, a == [1]{maps}[0])"));
}

#[test]
fn explanations_end() {
    let (estate, bump) = (bucket(300, 0), Bump::new());
    let nested = ".map(x, [x, x])".repeat(50);
    let expression = format!("this.Tags.all(a, this.Tags.all(b, a.Key != b.Value && [1]{nested}[0] != [1]))");
    let program = program(&estate, &expression, true).expect("an expression");
    let start = Instant::now();
    let this = Some(ResourceRef::new(&estate, THIS));
    let explained = program.explain(&estate, &TestHost::default(), this, &bump);
    assert!(explained[0].pass_if.len() < 10_000);
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
}

#[test]
fn loops_in_loops() {
    let tags = bucket(1000, 0);
    ends(&tags, "this.Tags.all(a, this.Tags.all(b, this.Tags.all(c, a.Key != b.Value)))");
    ends(&tags, "this.Tags.all(a, this.Tags.all(b, size(this.Tags) > 1))");
    ends(&tags, "this.Tags.all(a, this.Tags.all(b, !(\"x\" in this.Tags.map(t, t.Key))))");
    ends(&tags, "this.Tags.all(a, this.Tags.all(b, this.Tags == this.Tags))");
}

#[test]
fn texts_searched_again_and_again() {
    let long = "(\"0123456789abcdef\" + \"0123456789abcdef\")";
    let doubled = format!("[{long}]{}", ".map(x, x + x)".repeat(12));
    let tags = bucket(1000, 0);
    ends(&tags, &format!("{doubled}.all(t, this.Tags.all(a, this.Tags.all(b, !t.contains(\"zz\"))))"));
    ends(&tags, &format!("{doubled}.all(t, this.Tags.all(a, this.Tags.all(b, !t.matches(\"z+y\"))))"));
}

#[test]
fn the_limit_is_for_all_worlds_together() {
    // Each of the 64 worlds alone would be within the limit.
    let estate = bucket(200, 6);
    ends(
        &estate,
        "this.LifecycleConfiguration.Rules.all(r, r.Prefix != \"z\") \
        && this.Tags.all(a, this.Tags.all(b, a.Key != b.Value))",
    );
}
