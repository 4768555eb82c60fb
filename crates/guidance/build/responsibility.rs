//! Reads `responsibility.yaml` and writes it as Rust statics.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::labels::Labels;
use crate::load;
use crate::requirements::Rows;
use crate::words::{Assurance, Class, Who};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    classes: BTreeMap<Class, String>,
    layers: Vec<Layer>,
    overrides: Vec<Override>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    layer: String,
    who: [Part; 3],
    basis: Vec<String>,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    rests_on: Vec<Assurance>,
    #[serde(default)]
    ours: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    service: String,
    #[serde(default)]
    namespaces: Vec<String>,
    #[serde(default)]
    types: Vec<String>,
    layers: BTreeMap<String, Part>,
    why: String,
    basis: Option<String>,
}

/// Whose a layer is, or nobody's.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Part {
    Customer,
    Aws,
    Shared,
    None,
}

impl Part {
    fn who(self) -> Option<Who> {
        match self {
            Part::Customer => Some(Who::Customer),
            Part::Aws => Some(Who::Aws),
            Part::Shared => Some(Who::Shared),
            Part::None => None,
        }
    }

    /// As Rust source.
    fn source(self) -> String {
        self.who().map_or_else(|| "None".to_owned(), |who| format!("Some(Who::{who:?})"))
    }
}

pub fn statics(file: &Path, rows: &Rows, labels: &Labels) -> Result<String, String> {
    let name = file.display();
    let parsed: File = load::parse(&crate::read(file)?)
        .map_err(|(at, e)| format!("{name}:{}:{}: {e}", at.line(), at.column()))?;
    check(&parsed, rows, labels).map_err(|e| format!("{name}: {e}"))?;
    let mut classes = BTreeMap::new();
    for (class, namespaces) in &parsed.classes {
        for namespace in namespaces.split_whitespace() {
            if classes.insert(namespace, *class as usize).is_some() {
                return Err(format!("{name}: `{namespace}` has two classes"));
            }
        }
    }
    let pairs: Vec<_> = classes.into_iter().collect();
    let mut out = format!("pub(crate) static CLASSES: &[(&str, u8)] = &{pairs:?};\n");
    out.push_str("pub(crate) static LAYERS: &[Layer] = &[\n");
    for Layer { layer, who, basis, topics, rests_on, ours } in &parsed.layers {
        let [infrastructure, container, abstracted] = who.map(Part::source);
        let assurances: Vec<_> = rests_on.iter().map(|on| format!("Assurance::{on:?}")).collect();
        let _ = writeln!(
            out,
            "    Layer {{ name: {layer:?}, who: [{infrastructure}, {container}, {abstracted}], basis: &{basis:?}, topics: &{topics:?}, rests_on: &[{}], ours: {ours} }},",
            assurances.join(", ")
        );
    }
    out.push_str("];\npub(crate) static OVERRIDES: &[Override] = &[\n");
    for Override { service, namespaces, types, layers, why, basis } in &parsed.overrides {
        let layers: Vec<_> =
            layers.iter().map(|(layer, part)| format!("({layer:?}, {})", part.source())).collect();
        let _ = writeln!(
            out,
            "    Override {{ service: {service:?}, namespaces: &{namespaces:?}, types: &{types:?}, layers: &[{}], why: {why:?}, basis: {basis:?} }},",
            layers.join(", ")
        );
    }
    out.push_str("];\n");
    Ok(out)
}

fn check(parsed: &File, rows: &Rows, labels: &Labels) -> Result<(), String> {
    if let Some(class) = Class::ALL.iter().find(|class| !parsed.classes.contains_key(class)) {
        return Err(format!("class `{class}` is missing"));
    }
    labels.complete("class", Class::ALL.iter().map(|class| class.name()))?;
    labels.complete("layer", parsed.layers.iter().map(|layer| layer.layer.as_str()))?;
    let names: Vec<_> = parsed.layers.iter().map(|layer| layer.layer.as_str()).collect();
    let topics: BTreeSet<&str> = rows.values().map(|row| row.topic()).collect();
    let topics: Vec<&str> = topics.into_iter().collect();
    let ids: Vec<&str> = rows.keys().map(String::as_str).collect();
    let basis = parsed.layers.iter().flat_map(|layer| &layer.basis);
    if let Some(id) = basis
        .chain(parsed.overrides.iter().filter_map(|o| o.basis.as_ref()))
        .find(|id| !rows.contains_key(*id))
    {
        return Err(load::unknown("requirement", id, &ids));
    }
    for layer in &parsed.layers {
        if let Some(topic) = layer.topics.iter().find(|topic| !topics.contains(&topic.as_str())) {
            return Err(load::unknown("topic", topic, &topics));
        }
        let part_of_aws = layer.who.iter().any(|part| matches!(part, Part::Aws | Part::Shared));
        if part_of_aws == layer.rests_on.is_empty() {
            return Err(format!("layer `{}`: `rests_on` goes with a part of AWS", layer.layer));
        }
    }
    let layers = parsed.overrides.iter().flat_map(|o| o.layers.keys());
    match layers.into_iter().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(load::unknown("layer", name, &names)),
        None => Ok(()),
    }
}
