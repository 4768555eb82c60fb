//! Random requests decided by the engine and by the reference evaluator, which must agree.
//!
//! `SEKISHO_REQUESTS` says how many (20,000 by default), `SEKISHO_SEED` where to begin.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test fails where it cannot go on

mod random;
mod reference;

use std::collections::BTreeMap;

use proptest::prelude::*;
use sekisho_access::ask::verdict;
use sekisho_access::case::{Case, Values, Verdict};
use sekisho_access::context::{Context, Lookup};
use sekisho_access::holes::Holes;
use sekisho_access::solve::evaluate;
use serde_json::{Value, json};

fn engine(case: &Case) -> Verdict {
    case.prepare().unwrap().decide().verdict
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

#[test]
fn engine_and_reference_agree() {
    let (first, count) = (number("SEKISHO_SEED", 0), number("SEKISHO_REQUESTS", 20_000));
    let (mut wrong, mut allowed) = (Vec::new(), 0);
    for seed in first..first + count {
        let json = random::case(seed);
        let case: Case = serde_json::from_value(json.clone()).unwrap();
        let (engine, reference) = (engine(&case), reference::decide(&case));
        allowed += u64::from(reference == Verdict::Allowed);
        if engine != reference {
            wrong.push(format!("{seed}: engine {engine:?}, reference {reference:?}: {json}"));
        }
    }
    // A generator that only ever denies would prove nothing.
    assert!(allowed * 10 > count, "{allowed} of {count} allowed");
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{shown}", wrong.len());
    println!("{count} requests without a difference, {allowed} of them allowed");
}

/// The random case with another policy of this kind; boundary, session policies and levels
/// of the organization are added where there are none.
fn with(mut case: Value, kind: &str, document: Value) -> Value {
    let policies = &mut case["policies"];
    match kind {
        "identity" => {
            if policies[kind].is_null() {
                policies[kind] = json!([]);
            }
            policies[kind].as_array_mut().unwrap().push(document);
        }
        "scps" | "rcps" => {
            if policies[kind].is_null() {
                policies[kind] = json!([]);
            }
            policies[kind].as_array_mut().unwrap().push(json!([document]));
        }
        "resource" => {
            if policies[kind].is_null() {
                policies[kind] = json!({"Version": "2012-10-17", "Statement": []});
            }
            let more = document["Statement"].as_array().unwrap().clone();
            policies[kind]["Statement"].as_array_mut().unwrap().extend(more);
        }
        _ => {
            if policies[kind].is_null() {
                policies[kind] = if kind == "session" { json!([document]) } else { document };
            }
        }
    }
    case
}

fn decided(json: Value) -> Verdict {
    engine(&serde_json::from_value(json).unwrap())
}

/// The statements of another random case with all effects the same.
fn statements(seed: u64, kind: &str, effect: &str) -> Option<Value> {
    let case = random::case(seed);
    let document = match kind {
        "resource" => case["policies"]["resource"].clone(),
        _ => case["policies"]["identity"][0].clone(),
    };
    let list: Vec<Value> = document["Statement"]
        .as_array()?
        .iter()
        .filter(|statement| effect == "Deny" || statement.get("NotPrincipal").is_none())
        .map(|statement| {
            let mut statement = statement.clone();
            statement["Effect"] = json!(effect);
            statement
        })
        .collect();
    Some(json!({"Version": "2012-10-17", "Statement": list}))
}

/// The keys of a case's request; it has no others.
struct Concrete(BTreeMap<String, Values>);

impl Context for Concrete {
    fn get(&self, key: &str) -> Lookup<'_> {
        match self.0.get(key).map(Values::as_slice) {
            None | Some([]) => Lookup::Absent,
            Some([one]) => Lookup::One(one),
            Some(many) => Lookup::Many(many),
        }
    }
}

/// What is left open of a request, filled in, gives the decision on the request.
#[test]
fn formula_at_a_context_is_the_decision() {
    let (first, count) = (number("SEKISHO_SEED", 0), number("SEKISHO_FORMULAS", 4_000));
    let (mut open_formulas, mut allowed) = (0, 0);
    for seed in first..first + count {
        let whole = random::case(seed);
        let case: Case = serde_json::from_value(whole.clone()).unwrap();
        let concrete = Concrete(
            case.context
                .iter()
                .filter_map(|(name, values)| Some((name.to_ascii_lowercase(), values.clone()?)))
                .collect(),
        );
        // Some keys stay known; of all others nothing is.
        let kept = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut open = whole.clone();
        open["unknown"] = json!(["*"]);
        let context = open["context"].as_object_mut().unwrap();
        let names: Vec<String> = context.keys().cloned().collect();
        for (at, name) in names.iter().enumerate() {
            if kept & (1 << (20 + at)) == 0 {
                context.remove(name);
            }
        }
        let open: Case = serde_json::from_value(open).unwrap();
        let formula = open.prepare().unwrap().decide().formula;
        let filled = verdict(&evaluate(&formula, &concrete, &Holes::default()));
        assert_eq!(filled, engine(&case), "{seed}: {formula:?}: {whole}");
        open_formulas += u64::from(!formula.is_constant());
        allowed += u64::from(!formula.is_constant() && filled == Verdict::Allowed);
    }
    // Formulas without anything open would prove nothing, nor would those that are never met.
    assert!(open_formulas * 15 > count && allowed * 40 > count, "{open_formulas}, {allowed} of {count}");
    println!("{count} formulas, {open_formulas} of them open");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn another_allow_never_removes(seed in any::<u64>(), other in any::<u64>(), resource in any::<bool>()) {
        let kind = if resource { "resource" } else { "identity" };
        let case = random::case(seed);
        // A public statement makes a bucket policy public, which Block Public Access cuts.
        prop_assume!(!(resource && case["s3"].is_object()));
        let Some(more) = statements(other, kind, "Allow") else { return Ok(()) };
        if decided(case.clone()) == Verdict::Allowed {
            prop_assert_eq!(decided(with(case, kind, more)), Verdict::Allowed);
        }
    }

    #[test]
    fn another_deny_never_adds(seed in any::<u64>(), other in any::<u64>(), resource in any::<bool>()) {
        let kind = if resource { "resource" } else { "identity" };
        let case = random::case(seed);
        let Some(more) = statements(other, kind, "Deny") else { return Ok(()) };
        if decided(case.clone()) == Verdict::Denied {
            prop_assert_eq!(decided(with(case, kind, more)), Verdict::Denied);
        }
    }

    #[test]
    fn bounds_never_add(seed in any::<u64>(), other in any::<u64>(), which in 0..4_usize) {
        let kind = ["boundary", "session", "scps", "rcps"][which];
        let case = random::case(seed);
        // A session policy is what lets the permissions of a federated user count.
        let federated = case["principal"]["arn"].as_str().is_some_and(|arn| arn.contains("federated-user"));
        prop_assume!(!(kind == "session" && case["principal"]["arn"].as_str().is_some_and(|arn| arn.ends_with(":root"))));
        prop_assume!(!(kind == "session" && federated));
        let effect = if kind == "rcps" { "Deny" } else { "Allow" };
        let Some(mut more) = statements(other, "identity", effect) else { return Ok(()) };
        if kind == "rcps" {
            for statement in more["Statement"].as_array_mut().unwrap() {
                statement["Principal"] = json!("*");
            }
        }
        if decided(case.clone()) == Verdict::Denied {
            prop_assert_eq!(decided(with(case, kind, more)), Verdict::Denied);
        }
    }
}
