//! The test cases of controls: `<id>.test.yaml` beside `<id>.yaml`.
//!
//! A case is a small template and the verdict that the control must give. The fix of the
//! control is applied to every failing case and must mend it. `guidance/README.md` has the
//! form of both files.

use std::fs;
use std::path::{Path, PathBuf};

use sekisho_assess::{Assessment, Config, Judgement, RunOptions, Verdict, run};
use sekisho_estate::json::Limits;
use sekisho_estate::{Estate, Node, NodeId, Tree, yaml};
use sekisho_guidance::{Control, parse_control};
use sekisho_source_cloudformation::{Options, SourceFile, read};
use serde_json::{Map, Value, json};

/// What came of the cases of a folder.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Cases that were tried.
    pub(crate) cases: usize,
    /// Failing cases that the fix mended.
    pub(crate) mended: usize,
    /// What is wrong, a line each.
    pub(crate) wrong: Vec<String>,
}

/// Keys that a case can have.
const KEYS: [&str; 13] = [
    "name",
    "verdict",
    "resource",
    "resources",
    "template",
    "worlds",
    "evidence",
    "confidence",
    "reason",
    "complete_account",
    "fixed",
    "phi",
    "config",
];

/// The day of the cases.
const TODAY: &str = "2026-11-25";

/// Tries every case of every control below a folder.
pub(crate) fn test(folder: &Path) -> Tally {
    let mut tally = Tally::default();
    let mut files = Vec::new();
    walk(folder, &mut files, &mut tally.wrong);
    files.sort();
    for path in &files {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                tally.wrong.push(format!("{}: {error}", path.display()));
                continue;
            }
        };
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        match parse_control(&name, &text) {
            Ok(control) => control_cases(path, control, &mut tally),
            Err(problem) => tally.wrong.push(format!("{}: {problem}", path.display())),
        }
    }
    tally
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>, wrong: &mut Vec<String>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return wrong.push(format!("{}: {error}", folder.display())),
    };
    for path in entries.filter_map(|entry| entry.ok().map(|e| e.path())) {
        let name = path.to_string_lossy();
        if path.is_dir() {
            walk(&path, files, wrong);
        } else if name.ends_with(".yaml") && !name.ends_with(".test.yaml") {
            files.push(path);
        }
    }
}

fn control_cases(path: &Path, control: Control, tally: &mut Tally) {
    let file = path.with_extension("test.yaml");
    let cases =
        match fs::read_to_string(&file).map_err(|error| error.to_string()).and_then(|text| value_of(&text)) {
            Ok(Value::Array(cases)) => cases,
            Ok(_) => return tally.wrong.push(format!("{}: not a list of cases", file.display())),
            Err(error) => return tally.wrong.push(format!("{}: {error}", file.display())),
        };
    let has = |verdict: &str| cases.iter().any(|case| case["verdict"] == verdict);
    for verdict in ["pass", "fail"] {
        if !has(verdict) {
            tally.wrong.push(format!("{}: no case that must {verdict}", control.id));
        }
    }
    let controls = [control];
    for case in &cases {
        tally.cases += 1;
        let place =
            format!("{}: {}", controls[0].id, case["name"].as_str().unwrap_or("a case without a name"));
        if let Err(message) = one(&controls, case, tally) {
            tally.wrong.push(format!("{place}: {message}"));
        }
    }
}

fn one(controls: &[Control], case: &Value, tally: &mut Tally) -> Result<(), String> {
    if let Some(key) =
        case.as_object().into_iter().flatten().map(|(k, _)| k.as_str()).find(|k| !KEYS.contains(k))
    {
        let meant =
            sekisho_facts::did_you_mean(key, KEYS).map_or(String::new(), |m| format!("; did you mean {m}?"));
        return Err(format!("unknown key {key}{meant}"));
    }
    let template = match (case.get("template"), case.get("resources")) {
        (Some(template), None) => template.clone(),
        (None, Some(resources)) => json!({ "Resources": resources }),
        _ => return Err("a case has either template or resources".into()),
    };
    let whole = case.get("complete_account") == Some(&Value::Bool(true));
    let resource = case.get("resource").and_then(Value::as_str);
    let mut config = match case.get("config") {
        Some(written) => {
            serde_json::from_value::<Config>(written.clone()).map_err(|error| format!("config: {error}"))?
        }
        None => Config::default(),
    };
    // A day that stands still: the cases say what holds on it.
    config.today = Some(TODAY.to_owned());
    for glob in case.get("phi").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        config.phi.resources.push(glob.to_owned());
    }
    let (estate, assessment) = judge(controls, &template, whole, &config);
    if let Some(notice) = assessment.notices.first() {
        return Err(notice.subject.clone());
    }
    let judgement =
        find(&estate, &assessment, resource).ok_or_else(|| format!("no verdict for {resource:?}"))?;
    compare(judgement, case)?;
    let patch = controls[0].fix.cloudformation.as_deref();
    let (Verdict::Fail, Some(patch)) = (judgement.verdict, patch) else { return Ok(()) };
    if case.get("fixed") == Some(&Value::Bool(false)) {
        return Ok(());
    }
    let id = resource.unwrap_or("Account");
    let patch: Value =
        serde_json::from_str(&patch.replace("{id}", id)).map_err(|error| format!("patch: {error}"))?;
    let mut mended = template;
    apply(&mut mended, id, &patch);
    let (estate, assessment) = judge(controls, &mended, whole, &config);
    match find(&estate, &assessment, resource) {
        Some(judgement) if judgement.verdict == Verdict::Pass => {
            tally.mended += 1;
            Ok(())
        }
        other => Err(format!(
            "after the fix: {:?}\n    {mended}",
            other.map(|j| (j.verdict.name(), &j.reason, &j.evidence))
        )),
    }
}

fn judge<'c>(
    controls: &'c [Control],
    template: &Value,
    complete_account: bool,
    config: &Config,
) -> (Estate, Assessment<'c>) {
    let file =
        SourceFile { path: "template.json".into(), bytes: template.to_string().into_bytes(), named: true };
    let estate = read(
        vec![file],
        &Options {
            complete_account,
            region: config.scope.region.clone(),
            account: config.scope.account.clone(),
            ..Options::default()
        },
    );
    let options = RunOptions { config, everything: true, only: &[], built_in: false };
    let assessment = run(&estate, controls, options);
    (estate, assessment)
}

fn find<'j, 'c>(
    estate: &Estate,
    assessment: &'j Assessment<'c>,
    resource: Option<&str>,
) -> Option<&'j Judgement<'c>> {
    assessment
        .judgements
        .iter()
        .find(|j| resource.is_none() || j.resource.map(|id| estate.id(id)) == resource)
}

fn compare(judgement: &Judgement<'_>, case: &Value) -> Result<(), String> {
    let same = |key: &str, actual: &str| match case.get(key).and_then(Value::as_str) {
        Some(wanted) if wanted != actual => Err(format!(
            "{key} is {actual}, not {wanted} (verdict {}, reason {:?}, evidence {:?})",
            judgement.verdict.name(),
            judgement.reason,
            judgement.evidence
        )),
        _ => Ok(()),
    };
    same("verdict", judgement.verdict.name())?;
    same("confidence", judgement.confidence.name())?;
    same("reason", judgement.reason.as_ref().map_or("", |reason| reason.code.name()))?;
    if let Some(route) = case.get("evidence").and_then(Value::as_str)
        && !judgement.evidence.iter().any(|e| e.route.to_string() == route)
    {
        return Err(format!("no evidence at {route}: {:?}", judgement.evidence));
    }
    for wanted in case.get("worlds").and_then(Value::as_array).into_iter().flatten() {
        let found = judgement.worlds.iter().any(|w| w.verdict == judgement.verdict && *wanted == *w.when);
        if !found {
            return Err(format!("not in the world {wanted}: {:?}", judgement.worlds));
        }
    }
    Ok(())
}

/// A YAML text as JSON; short forms of intrinsic functions become long ones.
fn value_of(text: &str) -> Result<Value, String> {
    let read = yaml::read(text.to_owned(), Limits::default());
    let document = read.map_err(|(error, source)| {
        let at = sekisho_estate::LineIndex::new(&source).position(&source, error.offset);
        format!("{}:{}: {}", at.line, at.column, error.message)
    })?;
    if let Some(twice) = document.duplicates.first() {
        return Err(twice.message.clone());
    }
    Ok(json_of(&document.tree, document.root))
}

fn json_of(tree: &Tree, node: NodeId) -> Value {
    match tree.node(node) {
        Node::Bool(b) => b.into(),
        Node::Int(i) => i.into(),
        Node::Float(f) => f.into(),
        Node::String(span) => tree.text(span).into(),
        Node::List(range) => tree.children(range).iter().map(|&n| json_of(tree, n)).collect(),
        Node::Map(range) => {
            let pairs =
                tree.entries(range).iter().map(|e| (tree.text(e.key).to_owned(), json_of(tree, e.value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        Node::Tagged { tag, child } => {
            let name = tree.name(tag);
            let key =
                if matches!(name, "Ref" | "Condition") { name.to_owned() } else { format!("Fn::{name}") };
            Value::Object(Map::from_iter([(key, json_of(tree, child))]))
        }
        _ => Value::Null,
    }
}

/// Applies a patch as `guidance/README.md` describes it.
fn apply(template: &mut Value, id: &str, patch: &Value) {
    let companion = patch.get("companion");
    let existing = companion.and_then(|c| companion_of(template, id, c["member"].as_str()?));
    if let (Some(name), Some(companion)) = (&existing, companion) {
        change(template, name, companion);
    }
    if template["Resources"].get(id).is_some() {
        change(template, id, patch);
    }
    if existing.is_none()
        && let Some(Value::Object(resources)) = patch.get("resources")
    {
        for (name, resource) in resources {
            template["Resources"][name] = resource.clone();
        }
    }
}

/// The first companion of a resource in a template, by what its text refers to.
fn companion_of(template: &Value, id: &str, member: &str) -> Option<String> {
    let resources = template["Resources"].as_object()?;
    let companion = sekisho_facts::companion(resources.get(id)?["Type"].as_str()?, member)?;
    let first = |path: &&'static str| path.split('/').next().unwrap_or(path);
    let refers = |value: &Value, to: &str| {
        let text = value.to_string();
        text.contains(&format!("\"{to}\"")) || text.contains(&format!("${{{to}"))
    };
    let own = &resources[id]["Properties"];
    let belongs = |name: &str, other: &Value| {
        other["Type"] == companion.from
            && (companion.by.iter().any(|path| refers(&other["Properties"][first(path)], id))
                || companion.via.iter().any(|path| refers(&own[first(path)], name)))
    };
    resources.iter().find(|(name, other)| belongs(name, other)).map(|(name, _)| name.clone())
}

fn change(template: &mut Value, id: &str, patch: &Value) {
    let resource = &mut template["Resources"][id];
    if resource.get("Properties").is_none() {
        resource["Properties"] = json!({});
    }
    let properties = &mut resource["Properties"];
    if let Some(with) = patch.get("properties") {
        merge(properties, with);
    }
    for pointer in
        patch.get("remove").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        if let Some((parent, key)) = pointer.rsplit_once('/')
            && let Some(Value::Object(map)) = properties.pointer_mut(parent)
        {
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
        list.extend(elements.as_array().into_iter().flatten().cloned());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every case of every built-in control, and every fix applied to what it should mend.
    #[test]
    fn the_built_in_controls() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guidance/controls");
        let tally = test(&folder);
        assert!(tally.wrong.is_empty(), "{} are wrong:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
        assert!(tally.cases > 200 && tally.mended > 40, "{} cases, {} mended", tally.cases, tally.mended);
    }
}
