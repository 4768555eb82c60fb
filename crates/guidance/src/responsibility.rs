//! Who is responsible for what: layers, classes of services, and what evidences each cell.
//!
//! [`responsibility`] is linear in the types, and in the requirements for each layer.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::controls;
use crate::control::{ANY_TYPE, Control};
use crate::eligibility::eligibility;
use crate::labels::label;
use crate::language::Language;
use crate::requirement::Requirement;
use crate::resolution::{Item, Resolution, coverage};
use crate::words::{Assurance, Class, Scope, Who};

include!(concat!(env!("OUT_DIR"), "/responsibility.rs"));

/// A layer of the model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layer {
    /// Its name, such as `data-at-rest`.
    pub name: &'static str,
    /// Whose it is, by class in the order of [`Class::ALL`]; `None` where there is nothing to do.
    pub who: [Option<Who>; 3],
    /// The requirements that say so.
    pub basis: &'static [&'static str],
    /// Topics of the requirements that evidence the customer's part.
    pub topics: &'static [&'static str],
    /// What evidences the part of AWS.
    pub rests_on: &'static [Assurance],
    /// Whether one of its cells at least is our reading of the documents.
    pub ours: bool,
}

/// A service that deviates from its class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Override {
    /// The short name of the service.
    pub slug: &'static str,
    /// The service.
    pub service: &'static str,
    /// The namespaces that it concerns.
    pub namespaces: &'static [&'static str],
    /// The types that it concerns.
    pub types: &'static [&'static str],
    /// Layers, and whose they are here.
    pub layers: &'static [(&'static str, Option<Who>)],
    /// Why.
    pub why: &'static str,
    /// The requirement that says so; `None` where it is our reading.
    pub basis: Option<&'static str>,
}

impl Layer {
    /// Its name in the words of a language.
    pub fn label(&self, language: Language) -> &'static str {
        label("layer", self.name, language)
    }

    /// Whose it is in a class.
    pub fn who_in(&self, class: Class) -> Option<Who> {
        self.who[class as usize]
    }
}

impl Override {
    /// A layer's name in the words of a language.
    pub fn layer_label(layer: &'static str, language: Language) -> &'static str {
        label("layer", layer, language)
    }
}

impl Class {
    /// Its name in the words of a language.
    pub fn label(self, language: Language) -> &'static str {
        label("class", self.name(), language)
    }
}

/// Who does what for the resource types that are there.
#[derive(Clone, PartialEq, Debug)]
pub struct Matrix {
    /// The classes that are there, each with its types, sorted.
    pub classes: Vec<(Class, Vec<String>)>,
    /// Types without a class, sorted.
    pub unclassified: Vec<String>,
    /// Each layer, from the bottom.
    pub rows: Vec<MatrixRow>,
    /// The deviations that concern a type that is there.
    pub overrides: Vec<&'static Override>,
}

/// A layer for the classes that are there.
#[derive(Clone, PartialEq, Debug)]
pub struct MatrixRow {
    /// The layer.
    pub layer: &'static Layer,
    /// One cell for each class of the matrix, in its order.
    pub cells: Vec<Cell>,
    /// Requirements of the layer, about services that are there or about none, for which the
    /// customer keeps a record.
    pub records: Vec<&'static str>,
    /// The same, about which a person is asked.
    pub questions: Vec<&'static str>,
}

/// A layer in a class.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    /// Whose it is.
    pub who: Option<Who>,
    /// The controls that look at the customer's part on the types that are there.
    pub controls: Vec<&'static Control>,
    /// What evidences the part of AWS.
    pub reports: &'static [Assurance],
}

/// All layers, from the bottom.
pub fn layers() -> &'static [Layer] {
    LAYERS
}

/// All deviations, by the short name of the service.
pub(crate) fn overrides() -> &'static [Override] {
    OVERRIDES
}

/// The class of a resource type of AWS.
pub fn class_of(type_name: &str) -> Option<Class> {
    let (namespace, _) = type_name.rsplit_once("::")?;
    let at = CLASSES.binary_search_by(|(name, _)| (*name).cmp(namespace)).ok()?;
    Class::ALL.get(usize::from(CLASSES[at].1)).copied()
}

/// Who does what for the resource types that are there.
pub fn responsibility<'t>(types: impl IntoIterator<Item = &'t str>) -> Matrix {
    let mut by_class: BTreeMap<Class, BTreeSet<String>> = BTreeMap::new();
    let mut unclassified = BTreeSet::new();
    for name in types {
        match class_of(name) {
            Some(class) => by_class.entry(class).or_default().insert(name.to_owned()),
            None => unclassified.insert(name.to_owned()),
        };
    }
    let concerned = |o: &&Override| {
        by_class.values().flatten().any(|name| {
            let namespace = name.rsplit_once("::").map_or("", |(namespace, _)| namespace);
            o.types.contains(&name.as_str()) || o.namespaces.contains(&namespace)
        })
    };
    let overrides = OVERRIDES.iter().filter(concerned).collect();
    let classes: Vec<(Class, Vec<String>)> =
        by_class.into_iter().map(|(class, names)| (class, names.into_iter().collect())).collect();
    let items = coverage().items;
    let types = classes.iter().flat_map(|(_, names)| names);
    let present: BTreeSet<&str> =
        types.filter_map(|name| eligibility(name)).map(|service| &*service.slug).collect();
    let rows = LAYERS
        .iter()
        .map(|layer| {
            let of_layer = |item: &&Item| layer.topics.contains(&item.requirement.topic());
            let rows = || items.iter().filter(of_layer).filter(|item| is_here(&item.requirement, &present));
            let answering: BTreeSet<&str> =
                rows().flat_map(|item| item.by.iter().map(|control| control.id.as_ref())).collect();
            let ids = |wanted: fn(Resolution) -> bool| {
                rows().filter(|item| wanted(item.resolution)).map(|item| item.requirement.id).collect()
            };
            let cells = classes.iter().map(|(class, types)| cell(layer, *class, types, &answering)).collect();
            MatrixRow {
                layer,
                cells,
                records: ids(|resolution| matches!(resolution, Resolution::Record(_))),
                questions: ids(|resolution| matches!(resolution, Resolution::Attestation(_))),
            }
        })
        .collect();
    Matrix { classes, unclassified: unclassified.into_iter().collect(), rows, overrides }
}

/// Whether a requirement of the HIPAA paper is about a service that is there, or about none.
fn is_here(row: &Requirement, present: &BTreeSet<&str>) -> bool {
    let Some(service) = row.service.filter(|_| row.basis.is_some()) else { return true };
    // The paper has a section for each engine of RDS, for example, which a type does not tell apart.
    let whole = || crate::service::by_slug(service).and_then(|service| service.part_of);
    row.service_or_capability.starts_with('(')
        || present.contains(service)
        || whole().is_some_and(|whole| present.contains(whole))
}

fn cell(layer: &'static Layer, class: Class, types: &[String], answering: &BTreeSet<&str>) -> Cell {
    let who = layer.who_in(class);
    let asked_here = |control: &&Control| {
        control.scope != Scope::Resource
            || control.applies.iter().any(|name| *name == ANY_TYPE)
            || control.applies.iter().any(|name| types.binary_search_by(|t| t.as_str().cmp(name)).is_ok())
    };
    let customer = matches!(who, Some(Who::Customer | Who::Shared));
    let of_layer = controls().iter().filter(|control| customer && answering.contains(control.id.as_ref()));
    let aws = matches!(who, Some(Who::Aws | Who::Shared));
    Cell {
        who,
        controls: of_layer.filter(asked_here).collect(),
        reports: if aws { layer.rests_on } else { &[] },
    }
}
