//! Every case of every control's test file, and every fix applied to what it should mend.

mod support;

use sekisho_assess::{Judgement, Verdict};
use sekisho_estate::Estate;
use sekisho_guidance::control;
use serde_json::{Map, Value, json};
use support::{estate, files, judge, root, yaml_value};

struct Case {
    control: String,
    name: String,
    template: Value,
    options: sekisho_source_cloudformation::Options,
    expected: Value,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for path in files(&root().join("guidance/controls"), ".test.yaml") {
        let text = std::fs::read_to_string(&path).unwrap();
        let control = path.file_name().unwrap().to_string_lossy().replace(".test.yaml", "");
        let Value::Array(entries) = yaml_value(&text) else { panic!("{}: not a list", path.display()) };
        for entry in entries {
            let template = match (entry.get("template"), entry.get("resources")) {
                (Some(template), None) => template.clone(),
                (None, Some(resources)) => json!({ "Resources": resources }),
                _ => panic!("{}: a case has either template or resources", path.display()),
            };
            let mut options = sekisho_source_cloudformation::Options::default();
            options.complete_account = entry.get("complete_account") == Some(&Value::Bool(true));
            cases.push(Case {
                control: control.clone(),
                name: entry["name"].as_str().unwrap_or("?").to_owned(),
                template,
                options,
                expected: entry,
            });
        }
    }
    cases
}

fn find<'j>(
    estate: &Estate,
    judgements: &'j [Judgement<'static>],
    control: &str,
    resource: Option<&str>,
) -> Option<&'j Judgement<'static>> {
    judgements
        .iter()
        .find(|j| j.control.id == control && (resource.is_none() || j.resource.map(|id| estate.id(id)) == resource))
}

#[test]
fn every_case_has_its_verdict() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for case in cases() {
        count += 1;
        let text = case.template.to_string();
        let estate = estate(&[("template.json", &text)], &case.options);
        let assessment = judge(&estate);
        let place = format!("{}: {}", case.control, case.name);
        for notice in &assessment.notices {
            wrong.push(format!("{place}: {notice:?}"));
        }
        let resource = case.expected.get("resource").and_then(Value::as_str);
        let Some(judgement) = find(&estate, &assessment.judgements, &case.control, resource) else {
            wrong.push(format!("{place}: no verdict for {resource:?}"));
            continue;
        };
        let mut check = |what: &str, wanted: Option<&Value>, actual: String| {
            if let Some(wanted) = wanted {
                let wanted = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
                if wanted != actual {
                    wrong.push(format!("{place}: {what} is {actual}, not {wanted}; {:?} {:?}", judgement.reason, judgement.evidence));
                }
            }
        };
        check("verdict", case.expected.get("verdict"), judgement.verdict.name().into());
        check("confidence", case.expected.get("confidence"), judgement.confidence.name().into());
        let reason = judgement.reason.as_ref().map_or("", |r| r.code.name());
        check("reason", case.expected.get("reason"), reason.into());
        if let Some(route) = case.expected.get("evidence").and_then(Value::as_str)
            && !judgement.evidence.iter().any(|e| e.route.to_string() == route)
        {
            wrong.push(format!("{place}: no evidence at {route}: {:?}", judgement.evidence));
        }
        if let Some(Value::Array(worlds)) = case.expected.get("worlds") {
            let actual: Vec<&str> =
                judgement.worlds.iter().filter(|w| w.verdict == judgement.verdict).map(|w| &*w.when).collect();
            if worlds.iter().any(|w| !actual.contains(&w.as_str().unwrap_or_default())) {
                wrong.push(format!("{place}: worlds are {actual:?}, not {worlds:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 100, "only {count} cases were found");
}

#[test]
fn every_control_has_cases_that_pass_and_fail() {
    let cases = cases();
    let has = |id: &str, verdict: &str| cases.iter().any(|c| c.control == id && c.expected["verdict"] == verdict);
    let lacking: Vec<&str> = sekisho_guidance::controls()
        .iter()
        .map(|c| &*c.id)
        .filter(|id| !has(id, "pass") || !has(id, "fail"))
        // Without the whole account the answer is never no; with it, never unknown.
        .collect();
    assert!(lacking.is_empty(), "no case that passes or none that fails: {lacking:?}");
}

#[test]
fn every_fix_mends_every_failing_case() {
    let (mut wrong, mut mended) = (Vec::new(), 0);
    for case in cases().into_iter().filter(|c| c.expected["verdict"] == "fail") {
        let control = control(&case.control).unwrap();
        let Some(patch) = control.fix.cloudformation.as_deref() else { continue };
        if case.expected.get("fixed") == Some(&Value::Bool(false)) {
            continue;
        }
        let patch: Value = serde_json::from_str(patch).unwrap();
        let mut template = case.template.clone();
        let resource = case.expected.get("resource").and_then(Value::as_str);
        apply(&mut template, resource.unwrap_or("Account"), &patch);
        let text = template.to_string();
        let estate = estate(&[("template.json", &text)], &case.options);
        let assessment = judge(&estate);
        match find(&estate, &assessment.judgements, &case.control, resource) {
            Some(j) if j.verdict == Verdict::Pass => mended += 1,
            other => wrong.push(format!("{}: {}: after the fix {:?}\n{text}", case.control, case.name, other.map(|j| (j.verdict, &j.evidence)))),
        }
    }
    assert!(wrong.is_empty(), "{} fixes do not mend:\n{}", wrong.len(), wrong.join("\n"));
    assert!(mended > 20, "only {mended} fixes were tried");
}

/// Applies a patch as `guidance/README.md` describes it.
fn apply(template: &mut Value, id: &str, patch: &Value) {
    let patch: Value = serde_json::from_str(&patch.to_string().replace("{id}", id)).unwrap();
    let companion = patch.get("companion").and_then(|c| companion_of(template, id, c["member"].as_str()?).map(|name| (name, c)));
    let had_companion = companion.is_some();
    if let Some((name, companion)) = companion.map(|(n, c)| (n, c.clone())) {
        change(template, &name, &companion);
    }
    if template["Resources"].get(id).is_some() {
        change(template, id, &patch);
    }
    if !(had_companion && patch.get("companion").is_some())
        && let Some(Value::Object(resources)) = patch.get("resources")
    {
        for (name, resource) in resources {
            template["Resources"][name] = resource.clone();
        }
    }
}

fn companion_of(template: &Value, id: &str, member: &str) -> Option<String> {
    let resources = template["Resources"].as_object()?;
    let type_name = resources.get(id)?["Type"].as_str()?;
    let companion = sekisho_facts::companion(type_name, member)?;
    let refers = |value: &Value| {
        let text = value.to_string();
        text.contains(&format!("\"{id}\"")) || text.contains(&format!("${{{id}."))
    };
    if !companion.by.is_empty() {
        let named = resources.iter().find(|(_, r)| {
            r["Type"] == companion.from && companion.by.iter().any(|path| refers(&r["Properties"][path.split('/').next().unwrap()]))
        });
        return named.map(|(name, _)| name.clone());
    }
    let own = &resources[id]["Properties"];
    resources
        .iter()
        .find(|(name, r)| {
            r["Type"] == companion.from
                && companion.via.iter().any(|path| own[path.split('/').next().unwrap()].to_string().contains(&format!("\"{name}\"")))
        })
        .map(|(name, _)| name.clone())
}

fn change(template: &mut Value, id: &str, patch: &Value) {
    let resource = &mut template["Resources"][id];
    if resource.get("Properties").is_none() {
        resource["Properties"] = json!({});
    }
    let properties = &mut resource["Properties"];
    if let Some(merge_with) = patch.get("properties") {
        merge(properties, merge_with);
    }
    for pointer in patch.get("remove").and_then(Value::as_array).into_iter().flatten() {
        let pointer = pointer.as_str().unwrap();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        if let Some(Value::Object(map)) = properties.pointer_mut(parent) {
            map.remove(key);
        }
    }
    for (pointer, elements) in patch.get("append").and_then(Value::as_object).into_iter().flatten() {
        let mut at = &mut *properties;
        for key in pointer.split('/').skip(1) {
            if at.get(key).is_none() {
                at[key] = Value::Null;
            }
            at = &mut at[key];
        }
        let mut list = match at.take() {
            Value::Array(list) => list,
            Value::Null => Vec::new(),
            single => vec![single],
        };
        list.extend(elements.as_array().unwrap().iter().cloned());
        *at = Value::Array(list);
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Object(Map::new())), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
