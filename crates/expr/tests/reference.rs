//! Verdicts against a naive reference: every assignment of the variables and conditions is
//! tried, the expression interpreted in each, and the answers put together.

mod support;

use std::cell::RefCell;
use std::collections::HashMap;

use proptest::prelude::*;
use sekisho_estate::json::{self, Limits};
use sekisho_estate::{NodeId, ReasonCode};
use sekisho_expr::syntax::{Expression, parse};
use sekisho_expr::{Outcome, ResourceRef, Truth, compile};
use sekisho_facts::resource_type;
use support::naive::{Surroundings, evaluate};
use support::naive_values::{Part, Target, V, normal, truth};
use support::random::{BUCKET, Noise, POLICY, Tape, Ty, value};
use support::random_expression::Writer;
use support::spec::{ConditionSpec, ResourceSpec, Spec, StackSpec, VariableSpec, Yaml};
use support::{THIS, TestHost, build};

/// `Hole` can be anything and no condition asks for it; `Open` occurs in conditions alone.
const NOISE: Noise = Noise {
    wild: true,
    variables: &["One", "Two"],
    holes: &["Hole"],
    conditions: &["OneIsA", "TwoIs90", "NotOne", "Both", "OpenIsX", "OpenIsY", "Nobody", "Either"],
};

/// One way in which everything that is not known can turn out.
struct Assignment {
    /// Values of variables; of `Open`, none stands for anything else.
    values: HashMap<&'static str, Option<String>>,
    /// The condition that cannot be computed.
    nobody: bool,
}

fn text(text: &str) -> Spec {
    Spec::Str(text.to_owned())
}

fn variable(name: &str) -> Spec {
    Spec::Variable(name.to_owned())
}

fn surroundings(this: ResourceSpec, defaults: bool) -> StackSpec {
    let domain =
        |name: &str, domain: Vec<Spec>| VariableSpec { name: name.to_owned(), domain, has_default: defaults };
    let other = |id: &str, type_name: &str, name: Option<Spec>| ResourceSpec {
        id: id.to_owned(),
        type_name: type_name.to_owned(),
        properties: Spec::Map(Vec::new()),
        beside: Vec::new(),
        condition: None,
        name,
    };
    let named = |name: &str, formula| (name.to_owned(), formula);
    let two = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
    StackSpec {
        variables: vec![
            domain("One", vec![text("a"), text("b")]),
            domain("Two", vec![text("ab"), Spec::Int(90), text("true")]),
            domain("Hole", Vec::new()),
            domain("Open", Vec::new()),
        ],
        conditions: vec![
            named("OneIsA", ConditionSpec::Equals(variable("One"), text("a"))),
            named("TwoIs90", ConditionSpec::Equals(text("90"), variable("Two"))),
            named("NotOne", ConditionSpec::Not("OneIsA".to_owned())),
            named("Both", ConditionSpec::All(two("OneIsA", "TwoIs90"))),
            named("OpenIsX", ConditionSpec::Equals(variable("Open"), text("x"))),
            named("OpenIsY", ConditionSpec::Equals(text("y"), variable("Open"))),
            named("Nobody", ConditionSpec::Unknown),
            named("Either", ConditionSpec::Any(two("OpenIsX", "Nobody"))),
        ],
        resources: vec![
            this,
            other("R", "AWS::S3::Bucket", None),
            other("S", "AWS::S3::Bucket", None),
            other("Named", "AWS::S3::Bucket", Some(text("ab"))),
            other("Key", "AWS::KMS::Key", None),
        ],
    }
}

/// Everything that can be the case.
fn assignments() -> Vec<Assignment> {
    let mut all = Vec::new();
    for one in ["a", "b"] {
        for two in ["ab", "90", "true"] {
            for open in [None, Some("x"), Some("y")] {
                for nobody in [true, false] {
                    let value = |text: &str| Some(text.to_owned());
                    let values = [("One", value(one)), ("Two", value(two)), ("Open", open.and_then(value))];
                    all.push(Assignment { values: values.into_iter().collect(), nobody });
                }
            }
        }
    }
    all
}

impl Assignment {
    fn holds(&self, condition: &str) -> bool {
        let is = |name: &str, wanted: &str| self.values[name].as_deref() == Some(wanted);
        match condition {
            "OneIsA" => is("One", "a"),
            "TwoIs90" => is("Two", "90"),
            "NotOne" => !is("One", "a"),
            "Both" => is("One", "a") && is("Two", "90"),
            "OpenIsX" => is("Open", "x"),
            "OpenIsY" => is("Open", "y"),
            "Nobody" => self.nobody,
            "Either" => is("Open", "x") || self.nobody,
            other => panic!("no condition {other}"),
        }
    }

    /// Whether the words of a world hold here.
    fn agrees(&self, world: &str) -> bool {
        world.split(", ").filter(|word| !word.is_empty()).all(|word| {
            if let Some((name, wanted)) = word.split_once('=') {
                self.values[name].as_deref() == Some(wanted)
            } else if let Some((name, other)) = word.split_once('≠') {
                self.values[name].as_deref() != Some(other)
            } else {
                word.strip_prefix("not ").map_or_else(|| self.holds(word), |condition| !self.holds(condition))
            }
        })
    }

    /// What a value is here.
    fn resolve(&self, spec: &Spec) -> V {
        match spec {
            Spec::Null => V::Null,
            Spec::Bool(b) => V::Bool(*b),
            Spec::Int(i) => V::Int(*i),
            Spec::Float(f) => V::Double(*f),
            Spec::Str(text) => V::Str(text.clone()),
            // An element that is left out is no element.
            Spec::List(items) => V::List(
                items.iter().map(|item| self.resolve(item)).filter(|v| *v != V::Absent).collect(),
                false,
            ),
            Spec::Map(pairs) => {
                V::Map(pairs.iter().map(|(k, v)| (k.clone(), self.resolve(v))).collect(), false)
            }
            Spec::Reference(id, attribute) => V::Reference(Target {
                id: id.clone(),
                attribute: attribute.clone(),
                type_name: if id == "Key" { "AWS::KMS::Key" } else { "AWS::S3::Bucket" }.to_owned(),
                value: (id == "Named" && attribute.is_empty()).then(|| "ab".to_owned()),
            }),
            Spec::Variable(name) if name == "Hole" => V::Unknown,
            Spec::Variable(name) => match self.values[name.as_str()].as_deref().expect("a finite domain") {
                "90" => V::Int(90),
                text => V::Str(text.to_owned()),
            },
            Spec::If(condition, then, otherwise) => {
                self.resolve(if self.holds(condition) { then } else { otherwise })
            }
            Spec::Concat(parts) => normal(parts.iter().map(|part| self.part(part)).collect()),
            Spec::Secret => V::Secret,
            Spec::Absent => V::Absent,
            Spec::Unknown(_) => V::Unknown,
            Spec::Split(_) => panic!("not made at random"),
        }
    }

    fn part(&self, spec: &Spec) -> Part {
        match self.resolve(spec) {
            V::Str(text) => Part::Literal(text),
            V::Int(i) => Part::Literal(i.to_string()),
            V::Reference(Target { value: Some(value), .. }) => Part::Literal(value),
            V::Reference(target) => Part::Reference(target),
            V::Unknown if *spec == variable("Hole") => Part::Variable("Hole".to_owned()),
            other => panic!("no part of a text: {other:?}"),
        }
    }
}

/// The default of a property of a type, as the facts have it.
fn default_of(type_name: &str, pointer: &str) -> Option<V> {
    let row = sekisho_facts::defaults(type_name).iter().find(|row| row.path == pointer)?;
    assert!(row.when.is_empty() && row.unless.is_empty(), "{pointer} is simple");
    let Some(text) = row.value_json else { return Some(V::Unknown) };
    let document = json::read(text.to_owned(), Limits::default()).expect("JSON");
    Some(by_default(&Yaml { tree: &document.tree, node: NodeId(0) }.spec()))
}

fn by_default(spec: &Spec) -> V {
    match spec {
        Spec::List(items) => V::List(items.iter().map(by_default).collect(), false),
        Spec::Map(pairs) => V::Map(pairs.iter().map(|(k, v)| (k.clone(), by_default(v))).collect(), true),
        Spec::Bool(b) => V::Bool(*b),
        Spec::Int(i) => V::Int(*i),
        Spec::Str(text) => V::Str(text.clone()),
        other => panic!("no default: {other:?}"),
    }
}

/// The answer of the reference in one assignment.
fn answer(when: Option<&Expression>, pass_if: &Expression, this: &ResourceSpec, at: &Assignment) -> Truth {
    if this.condition.as_ref().is_some_and(|condition| !at.holds(condition)) {
        return Truth::NotApplicable;
    }
    let properties = at.resolve(&this.properties);
    let around = Surroundings {
        type_name: &this.type_name,
        this: &properties,
        shape: resource_type(&this.type_name).expect("a type").properties(),
        default: &|pointer| default_of(&this.type_name, pointer),
    };
    match when.map(|when| truth(&evaluate(when, &around))) {
        Some(Some(false)) => return Truth::NotApplicable,
        Some(None) => return Truth::Unknown,
        Some(Some(true)) | None => {}
    }
    match truth(&evaluate(pass_if, &around)) {
        Some(true) => Truth::Pass,
        Some(false) => Truth::Fail,
        None => Truth::Unknown,
    }
}

/// Whether the verdict over all worlds is what the answers in all assignments say.
fn compare(outcome: &Outcome<()>, answers: &[(Assignment, Truth)], defaults: bool) -> Result<(), String> {
    let expected = answers.iter().map(|(_, truth)| *truth).max().expect("an assignment");
    if outcome.truth != expected {
        return Err(format!("judged {:?}, but {expected:?}", outcome.truth));
    }
    for (assignment, truth) in answers {
        let worlds: Vec<_> = outcome.worlds.iter().filter(|world| assignment.agrees(&world.when)).collect();
        match worlds.as_slice() {
            [] if outcome.worlds.is_empty() && *truth == outcome.truth => {}
            [world] if world.truth == *truth => {}
            _ => {
                return Err(format!(
                    "{:?}, {}: {truth:?}, but {worlds:?}",
                    assignment.values, assignment.nobody
                ));
            }
        }
    }
    for world in &outcome.worlds {
        let first = |word: &str| word.is_empty() || (defaults && ["One=a", "Two=ab"].contains(&word));
        if world.default != world.when.split(", ").all(first) {
            return Err(format!("{world:?} is the default or not"));
        }
    }
    let judged = |truth: Truth| truth != Truth::NotApplicable;
    let everywhere = answers.iter().all(|(_, truth)| !judged(*truth) || *truth == outcome.truth);
    let default = outcome.worlds.iter().any(|world| world.default && world.truth == outcome.truth);
    if outcome.certain != (everywhere || default) {
        return Err(format!("certain is {}", outcome.certain));
    }
    Ok(())
}

fn check(properties: &[u8], expression: &[u8], defaults: bool) -> Result<Truth, String> {
    let (mut tape, mut source) = (Tape::new(properties), Tape::new(expression));
    let (type_name, fields): (_, &'static [(&'static str, Ty)]) =
        if source.below(2) == 0 { ("AWS::IAM::Policy", POLICY) } else { ("AWS::S3::Bucket", BUCKET) };
    let condition = tape.once_in(4).then(|| (*tape.pick(NOISE.conditions)).to_owned());
    let this = ResourceSpec {
        id: "This".to_owned(),
        type_name: type_name.to_owned(),
        properties: Spec::Map(
            fields.iter().map(|(name, ty)| ((*name).to_owned(), value(&mut tape, *ty, NOISE, 0))).collect(),
        ),
        beside: Vec::new(),
        condition,
        name: None,
    };
    let depth = 1 + source.below(4) as u32;
    let with_when = source.once_in(4);
    let mut writer =
        Writer { tape: &mut source, type_name, properties: fields, shared: false, scope: Vec::new() };
    let pass_if = writer.truth(depth);
    let when = with_when.then(|| writer.truth(2));

    let spec = surroundings(this.clone(), defaults);
    let estate = build::estate(&spec);
    let context = || format!("when {when:?}\npass_if {pass_if}\n{this:?}");
    let program = compile(when.as_deref(), &pass_if, resource_type(type_name), false)
        .map_err(|(clause, error)| format!("{clause:?}: {error}\n{}", context()))?;
    let bump = bumpalo::Bump::new();
    let this_ref = Some(ResourceRef::new(&estate, THIS));
    let outcome = program.judge(&estate, &TestHost::default(), this_ref, &bump, false, &mut |_, _| ());
    if outcome.reason.as_ref().is_some_and(|r| r.code == ReasonCode::TooManyAlternatives) {
        return Err(format!("too many worlds\n{}", context()));
    }
    let parsed = (
        when.as_deref().map(|when| parse(when).expect("it compiles")),
        parse(&pass_if).expect("it compiles"),
    );
    let answers: Vec<(Assignment, Truth)> = assignments()
        .into_iter()
        .map(|assignment| {
            let truth = answer(parsed.0.as_ref(), &parsed.1, &this, &assignment);
            (assignment, truth)
        })
        .collect();
    compare(&outcome, &answers, defaults).map_err(|message| format!("{message}\n{}", context()))?;
    Ok(outcome.truth)
}

/// How often each verdict came out: a test that sees only one kind tests nothing.
type Counts = RefCell<HashMap<Truth, usize>>;

/// Runs so many cases, or as many as `REFERENCE_CASES` says.
fn run(cases: u32, defaults: bool) {
    let cases = std::env::var("REFERENCE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(cases);
    let counts = Counts::default();
    let bytes = || proptest::collection::vec(any::<u8>(), 0..160);
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&(bytes(), bytes()), |(properties, expression)| {
            match check(&properties, &expression, defaults) {
                Ok(truth) => *counts.borrow_mut().entry(truth).or_default() += 1,
                Err(message) => return Err(TestCaseError::fail(message)),
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let counts = counts.into_inner();
    for truth in [Truth::Pass, Truth::Fail, Truth::Unknown, Truth::NotApplicable] {
        let count = counts.get(&truth).copied().unwrap_or_default();
        assert!(count * 100 > cases as usize, "{truth:?} came out only {count} times: {counts:?}");
    }
}

#[test]
fn verdicts_are_those_of_the_reference() {
    run(4000, true);
}

#[test]
fn verdicts_are_those_of_the_reference_without_defaults_of_parameters() {
    run(2000, false);
}
