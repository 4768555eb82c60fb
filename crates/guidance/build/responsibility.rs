//! Reads `responsibility.yaml` and writes it as Rust statics.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::labels::Labels;
use crate::load;
use crate::requirements::Rows;
use crate::services::{Deviation, Part, Services};
use crate::words::{Assurance, Class};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    classes: BTreeMap<Class, String>,
    layers: Vec<Layer>,
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

pub fn statics(file: &Path, rows: &Rows, services: &Services, labels: &Labels) -> Result<String, String> {
    let name = file.display();
    let parsed: File = load::parse(&crate::read(file)?)
        .map_err(|(at, e)| format!("{name}:{}:{}: {e}", at.line(), at.column()))?;
    check(&parsed, rows, services, labels).map_err(|e| format!("{name}: {e}"))?;
    let classes = classes(&parsed, services).map_err(|e| format!("{name}: {e}"))?;
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
    for (slug, service) in services {
        for deviation in &service.deviations {
            let Deviation { namespaces, types, layers, why, basis } = deviation;
            let whole = namespaces.is_empty() && types.is_empty();
            let (namespaces, types) =
                if whole { (&service.namespaces, &service.types) } else { (namespaces, types) };
            let layers: Vec<_> =
                layers.iter().map(|(layer, part)| format!("({layer:?}, {})", part.source())).collect();
            let _ = writeln!(
                out,
                "    Override {{ slug: {slug:?}, service: {:?}, namespaces: &{namespaces:?}, types: &{types:?}, layers: &[{}], why: {why:?}, basis: {basis:?} }},",
                service.service,
                layers.join(", ")
            );
        }
    }
    out.push_str("];\n");
    Ok(out)
}

/// The class of each namespace: that of its service's file, else that of this one.
fn classes<'a>(parsed: &'a File, services: &'a Services) -> Result<BTreeMap<&'a str, usize>, String> {
    let mut classes = BTreeMap::new();
    let mut enter = |namespace: &'a str, class: Class| match classes.insert(namespace, class as usize) {
        Some(_) => Err(format!("`{namespace}` has two classes")),
        None => Ok(()),
    };
    for (class, namespaces) in &parsed.classes {
        namespaces.split_whitespace().try_for_each(|namespace| enter(namespace, *class))?;
    }
    for service in services.values() {
        for namespace in &service.namespaces {
            let class = service.other_classes.get(namespace).copied().or(service.class);
            class.map_or(Ok(()), |class| enter(namespace, class))?;
        }
    }
    Ok(classes)
}

fn check(parsed: &File, rows: &Rows, services: &Services, labels: &Labels) -> Result<(), String> {
    if let Some(class) = Class::ALL.iter().find(|class| !parsed.classes.contains_key(class)) {
        return Err(format!("class `{class}` is missing"));
    }
    labels.complete("class", Class::ALL.iter().map(|class| class.name()))?;
    labels.complete("layer", parsed.layers.iter().map(|layer| layer.layer.as_str()))?;
    let names: Vec<_> = parsed.layers.iter().map(|layer| layer.layer.as_str()).collect();
    let topics: BTreeSet<&str> = rows.values().map(|row| row.topic()).collect();
    let topics: Vec<&str> = topics.into_iter().collect();
    let ids: Vec<&str> = rows.keys().map(String::as_str).collect();
    if let Some(id) = parsed.layers.iter().flat_map(|layer| &layer.basis).find(|id| !rows.contains_key(*id)) {
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
    for (slug, service) in services {
        let mut layers = service.deviations.iter().flat_map(|deviation| deviation.layers.keys());
        if let Some(name) = layers.find(|name| !names.contains(&name.as_str())) {
            return Err(format!("services/{slug}.yaml: {}", load::unknown("layer", name, &names)));
        }
    }
    Ok(())
}
