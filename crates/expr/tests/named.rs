//! Named parts: they mean what they stand for, see those before them, and are told by themselves.

mod support;

use bumpalo::Bump;
use sekisho_expr::{Clause, Program, ResourceRef, Truth, compile_with};
use sekisho_facts::resource_type;
use support::spec::{ResourceSpec, Spec, StackSpec};
use support::{THIS, TestHost, build};

type Named = &'static [(&'static str, &'static str)];

fn compiled(named: Named, pass_if: &str, traced: bool) -> Result<Program, (Clause, String)> {
    let this = resource_type("AWS::S3::Bucket");
    compile_with(named, None, pass_if, this, traced).map_err(|(clause, e)| (clause, e.message))
}

fn estate() -> sekisho_estate::Estate {
    let text = |text: &str| Spec::Str(text.to_owned());
    let tag = |key: &str| Spec::Map(vec![("Key".to_owned(), text(key)), ("Value".to_owned(), text("x"))]);
    build::estate(&StackSpec {
        variables: Vec::new(),
        conditions: Vec::new(),
        resources: vec![ResourceSpec {
            id: "This".to_owned(),
            type_name: "AWS::S3::Bucket".to_owned(),
            properties: Spec::Map(vec![
                ("BucketName".to_owned(), text("records")),
                ("Tags".to_owned(), Spec::List(vec![tag("a"), tag("b")])),
            ]),
            beside: Vec::new(),
            condition: None,
            name: None,
        }],
    })
}

#[test]
fn a_name_means_its_part() {
    let estate = estate();
    let cases: &[(Named, &str, Truth)] = &[
        (&[("name", "this.BucketName")], "name == \"records\"", Truth::Pass),
        (&[("name", "this.BucketName")], "name.startsWith(\"x\") || size(name) == 7", Truth::Pass),
        (&[("tags", "this.Tags"), ("keys", "tags.map(t, t.Key)")], "keys == [\"a\", \"b\"]", Truth::Pass),
        // The macros of a part do not disturb those around it.
        (
            &[("many", "this.Tags.exists(x, x.Key == \"b\")")],
            "this.Tags.exists(t, many && t.Key == \"a\")",
            Truth::Pass,
        ),
        (
            &[("many", "this.Tags.exists(t, t.Key == \"b\")")],
            "this.Tags.all(t, many && t.Value == \"x\" && t.Key != \"c\")",
            Truth::Pass,
        ),
        // What is a path keeps its schema, its defaults and its place.
        (&[("versions", "this.VersioningConfiguration")], "versions.Status == \"Enabled\"", Truth::Fail),
        (&[("versions", "this.VersioningConfiguration")], "has(versions.Status)", Truth::Fail),
        (&[("why", "unknown(\"why\")")], "why", Truth::Unknown),
        (
            &[("queue", "attributes(this).type == \"AWS::SQS::Queue\"")],
            "!queue || this.QueueName == \"x\"",
            Truth::Pass,
        ),
    ];
    for (named, pass_if, expected) in cases {
        let program = compiled(named, pass_if, false).unwrap_or_else(|e| panic!("{pass_if}: {e:?}"));
        let bump = Bump::new();
        let this = Some(ResourceRef::new(&estate, THIS));
        let outcome = program.judge(&estate, &TestHost::default(), this, &bump, false, &mut |_, _| ());
        assert_eq!(outcome.truth, *expected, "{named:?} {pass_if}");
    }
}

#[test]
fn faults_are_told_at_the_part() {
    let long = "AWS::S3::Bucket has no property Bucketname; did you mean BucketName?";
    let cases: &[(Named, &str, Clause, &str)] = &[
        (&[("a", "1"), ("b", "this.Bucketname")], "b == \"x\"", Clause::Let(1), long),
        (&[("a", "b"), ("b", "1")], "a == b", Clause::Let(0), "nothing is named b"),
        (&[("name", "1 +")], "true", Clause::Let(0), "the expression ends where a value is expected"),
        (
            &[("name", "this.BucketName")],
            "name == 1",
            Clause::PassIf,
            "a string is never equal to an integer",
        ),
        (
            &[("name", "this.BucketName")],
            "nam == \"x\"",
            Clause::PassIf,
            "nothing is named nam; did you mean name?",
        ),
        (&[("t", "1")], "this.Tags.exists(t, true)", Clause::PassIf, "t is the name of a part in let"),
    ];
    for (named, pass_if, clause, message) in cases {
        let error = compiled(named, pass_if, false).expect_err(pass_if);
        assert_eq!(error, (*clause, (*message).to_owned()), "{named:?} {pass_if}");
    }
}

#[test]
fn parts_of_parts_have_an_end() {
    let names: Vec<String> = (0..16).map(|n| format!("n{n}")).collect();
    let texts: Vec<String> = (0..16)
        .map(|n| match n {
            0 => "this.BucketName == \"x\"".to_owned(),
            _ => vec![format!("n{}", n - 1); 8].join(" || "),
        })
        .collect();
    let named: Vec<(&str, &str)> = names.iter().zip(&texts).map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let this = resource_type("AWS::S3::Bucket");
    let (_, error) = compile_with(&named, None, "n15", this, false).expect_err("far too large");
    assert_eq!(error.message, "named parts in named parts make this too large");
}

#[test]
fn each_part_is_explained() {
    let estate = estate();
    let named: Named = &[("tags", "this.Tags"), ("owned", "tags.exists(t, t.Key == \"owner\")")];
    let program = compiled(named, "owned || size(tags) == 2", true).expect("it compiles");
    let bump = Bump::new();
    let this = Some(ResourceRef::new(&estate, THIS));
    let explained = program.explain(&estate, &TestHost::default(), this, &bump).remove(0);
    let steps = |steps: &[sekisho_expr::TraceStep], text: &str| {
        steps.iter().map(|s| format!("{} = {}", &text[s.span.start..s.span.end], s.value)).collect::<Vec<_>>()
    };
    assert_eq!(steps(&explained.named[1], named[1].1)[0], "tags.exists(t, t.Key == \"owner\") = false");
    let pass_if = steps(&explained.pass_if, "owned || size(tags) == 2");
    assert_eq!(pass_if[0], "owned || size(tags) == 2 = true");
    assert!(pass_if.contains(&"owned = false".to_owned()), "{pass_if:?}");
}
