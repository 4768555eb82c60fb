//! What the files of one folder declare together, overrides applied.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::instance::File;
use crate::syntax::{Attribute, Block, Body, Expr, Kind, Root};
use crate::types::Type;
use crate::value::{Place, Value};

/// A folder of configuration.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Its path, normalized.
    pub(crate) folder: String,
    pub(crate) files: Vec<u32>,
    pub(crate) variables: IndexMap<Arc<str>, Variable>,
    pub(crate) locals: IndexMap<Arc<str>, Named>,
    pub(crate) outputs: IndexMap<Arc<str>, Output>,
    pub(crate) resources: Vec<Resource>,
    /// Where in `resources`, by mode (data or not), type and name.
    pub(crate) by_name: HashMap<(bool, Arc<str>, Arc<str>), usize>,
    pub(crate) calls: IndexMap<Arc<str>, CallBlock>,
    pub(crate) providers: Vec<ProviderBlock>,
    /// What was wrong with the files: place, message, whether something is lost.
    pub(crate) problems: Vec<(Place, String, bool)>,
}

/// An expression with its file.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) place: Place,
    pub(crate) value: Arc<Expr>,
}

impl Named {
    fn of(attribute: &Attribute) -> Self {
        Self { place: Place { file: attribute.file, offset: attribute.at }, value: attribute.value.clone() }
    }
}

/// `variable`
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) place: Place,
    pub(crate) kind: Type,
    pub(crate) default: Option<Named>,
    pub(crate) nullable: bool,
    pub(crate) sensitive: bool,
    /// Conditions with their messages.
    pub(crate) validations: Vec<(Named, Option<Named>)>,
}

/// `output`
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) value: Named,
    pub(crate) sensitive: bool,
}

/// `count` or `for_each`
#[derive(Clone, Debug)]
pub(crate) enum Repetition {
    Once,
    Count(Named),
    ForEach(Named),
}

impl Repetition {
    fn of(body: &Body) -> Self {
        match (body.attribute("for_each"), body.attribute("count")) {
            (Some(attribute), _) => Self::ForEach(Named::of(attribute)),
            (None, Some(attribute)) => Self::Count(Named::of(attribute)),
            (None, None) => Self::Once,
        }
    }
}

/// `resource` or `data`
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) place: Place,
    pub(crate) data: bool,
    pub(crate) kind: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) body: Arc<Body>,
    pub(crate) repetition: Repetition,
    /// Local name and alias of its provider.
    pub(crate) provider: (Arc<str>, Arc<str>),
}

/// `module`
#[derive(Debug)]
pub(crate) struct CallBlock {
    pub(crate) place: Place,
    pub(crate) body: Arc<Body>,
    pub(crate) repetition: Repetition,
    pub(crate) source: Option<(Arc<str>, Place)>,
    /// Local name and alias in the module, and here.
    pub(crate) providers: Option<Vec<(ProviderName, ProviderName)>>,
}

/// Local name and alias.
pub(crate) type ProviderName = (Arc<str>, Arc<str>);

/// `provider`
#[derive(Debug)]
pub(crate) struct ProviderBlock {
    pub(crate) place: Place,
    pub(crate) name: Arc<str>,
    pub(crate) alias: Arc<str>,
    pub(crate) body: Arc<Body>,
}

/// Arguments of a resource that are no attributes of it.
pub(crate) const META: [&str; 5] = ["count", "for_each", "provider", "depends_on", "lifecycle"];

impl Module {
    /// Puts the files of a folder together: in the order given, overrides at the end.
    pub(crate) fn new(folder: String, parts: &[(u32, Arc<Body>, bool)], files: &[File]) -> Self {
        let mut module = Self { folder, files: parts.iter().map(|part| part.0).collect(), ..Self::default() };
        for (file, body, overrides) in parts {
            let text: &str = files.get(*file as usize).map_or("", |file| &file.text);
            for attribute in &body.attributes {
                let message = format!("{:?} is no block; nothing else may stand here", attribute.name);
                module.problems.push((Place { file: *file, offset: attribute.at }, message, true));
            }
            for block in &body.blocks {
                module.block(block, *overrides, text);
            }
        }
        module
    }

    fn problem(&mut self, place: Place, message: impl Into<String>, loses: bool) {
        self.problems.push((place, message.into(), loses));
    }

    fn block(&mut self, block: &Block, overrides: bool, text: &str) {
        let place = Place { file: block.file, offset: block.at };
        let label = |at: usize| block.labels.get(at).cloned();
        match (&*block.kind, label(0), label(1)) {
            ("locals", ..) => {
                for attribute in &block.body.attributes {
                    let known = self.locals.insert(attribute.name.clone(), Named::of(attribute));
                    if known.is_some() && !overrides {
                        let place = Place { file: attribute.file, offset: attribute.at };
                        self.problem(place, format!("local.{} is defined twice", attribute.name), true);
                    }
                }
            }
            ("variable", Some(name), _) => {
                let body = match self.variables.get(&name) {
                    Some(_) if !overrides => {
                        return self.problem(place, format!("variable {name:?} is declared twice"), true);
                    }
                    _ => block.body.clone(),
                };
                match self.variables.get_mut(&name) {
                    Some(known) => {
                        if let Some(default) = body.attribute("default") {
                            known.default = Some(Named::of(default));
                        }
                    }
                    None => {
                        let variable = self.variable(&body, place, text);
                        self.variables.insert(name, variable);
                    }
                }
            }
            ("output", Some(name), _) => {
                let Some(value) = block.body.attribute("value") else {
                    return self.problem(place, format!("output {name:?} has no value"), true);
                };
                let output =
                    Output { value: Named::of(value), sensitive: flag(&block.body, "sensitive", false) };
                if self.outputs.insert(name.clone(), output).is_some() && !overrides {
                    self.problem(place, format!("output {name:?} is declared twice"), true);
                }
            }
            ("resource" | "data" | "ephemeral", Some(kind), Some(name)) => {
                self.resource(block, overrides, kind, name, text);
            }
            ("module", Some(name), _) => {
                let body = match self.calls.get(&name) {
                    Some(known) if overrides => Arc::new(merged(&known.body, &block.body)),
                    Some(_) => return self.problem(place, format!("module {name:?} is called twice"), true),
                    None => block.body.clone(),
                };
                let place = self.calls.get(&name).map_or(place, |known| known.place);
                let source = body.attribute("source").and_then(|attribute| match &attribute.value.kind {
                    Kind::Literal(Value::String(source)) => {
                        Some((source.clone(), Place { file: attribute.file, offset: attribute.at }))
                    }
                    _ => None,
                });
                let call = CallBlock {
                    place,
                    repetition: Repetition::of(&body),
                    source,
                    providers: passed(&body, text),
                    body,
                };
                self.calls.insert(name, call);
            }
            ("provider", Some(name), _) => {
                let alias = body_text(&block.body, "alias").unwrap_or_default();
                let alias: Arc<str> = Arc::from(alias);
                match self.providers.iter_mut().find(|p| p.name == name && p.alias == alias) {
                    Some(known) if overrides => known.body = Arc::new(merged(&known.body, &block.body)),
                    Some(_) => {
                        let message =
                            format!("provider {name:?} is configured twice; give one of them an alias");
                        self.problem(place, message, true);
                    }
                    None => {
                        self.providers.push(ProviderBlock { place, name, alias, body: block.body.clone() })
                    }
                }
            }
            ("terraform" | "moved" | "import" | "removed" | "check" | "action" | "language", ..) => {}
            ("resource" | "data" | "ephemeral" | "module" | "variable" | "output" | "provider", ..) => {
                self.problem(place, format!("the block {:?} lacks a label", block.kind), true);
            }
            (kind, ..) => self.problem(place, format!("{kind:?} is no block of Terraform"), true),
        }
    }

    fn variable(&mut self, body: &Body, place: Place, text: &str) -> Variable {
        let kind = match body.attribute("type") {
            Some(attribute) => match Type::parse(&attribute.value, text) {
                Ok(kind) => kind,
                Err(error) => {
                    self.problem(Place { file: attribute.file, offset: attribute.at }, error, true);
                    Type::Any
                }
            },
            None => Type::Any,
        };
        let validations = body.blocks_of("validation").filter_map(|block| {
            let condition = block.body.attribute("condition")?;
            Some((Named::of(condition), block.body.attribute("error_message").map(Named::of)))
        });
        Variable {
            place,
            kind,
            default: body.attribute("default").map(Named::of),
            nullable: flag(body, "nullable", true),
            sensitive: flag(body, "sensitive", false) || flag(body, "ephemeral", false),
            validations: validations.collect(),
        }
    }

    fn resource(&mut self, block: &Block, overrides: bool, kind: Arc<str>, name: Arc<str>, text: &str) {
        let place = Place { file: block.file, offset: block.at };
        // What is ephemeral is read, and nothing of it stays.
        let data = &*block.kind != "resource";
        let key = (data, kind.clone(), name.clone());
        if let Some(&at) = self.by_name.get(&key) {
            if overrides {
                let body = Arc::new(merged(&self.resources[at].body, &block.body));
                let known = &mut self.resources[at];
                known.repetition = Repetition::of(&body);
                if block.body.attribute("provider").is_some() {
                    known.provider = provider_of(&body, &kind, text);
                }
                known.body = body;
            } else {
                self.problem(place, format!("{kind}.{name} is declared twice; the first counts"), true);
            }
            return;
        }
        self.by_name.insert(key, self.resources.len());
        self.resources.push(Resource {
            place,
            data,
            repetition: Repetition::of(&block.body),
            provider: provider_of(&block.body, &kind, text),
            body: block.body.clone(),
            kind,
            name,
        });
    }
}

/// Attributes of an override replace those of the same name, blocks all those of the same type.
fn merged(body: &Body, over: &Body) -> Body {
    let mut merged = body.clone();
    for attribute in &over.attributes {
        match merged.attributes.iter_mut().find(|known| known.name == attribute.name) {
            Some(known) => *known = attribute.clone(),
            None => merged.attributes.push(attribute.clone()),
        }
    }
    merged.blocks.retain(|known| !over.blocks.iter().any(|block| block.kind == known.kind));
    merged.blocks.extend(over.blocks.iter().cloned());
    merged
}

/// A literal bool.
pub(crate) fn flag(body: &Body, name: &str, otherwise: bool) -> bool {
    match body.attribute(name).map(|attribute| &attribute.value.kind) {
        Some(Kind::Literal(value)) => crate::functions::bool_of(value).unwrap_or(otherwise),
        _ => otherwise,
    }
}

fn body_text<'b>(body: &'b Body, name: &str) -> Option<&'b str> {
    match &body.attribute(name)?.value.kind {
        Kind::Literal(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// `aws`, `aws.west`, or one of these in quotes.
fn provider_name(expr: &Expr, text: &str) -> ProviderName {
    let written = match &expr.kind {
        Kind::Literal(Value::String(text)) => text,
        Kind::Root(Root::Resource { kind, name, .. }) => return (kind.clone(), name.clone()),
        _ => text.get(expr.start as usize..expr.end as usize).unwrap_or_default(),
    };
    let written = written.trim().trim_matches('"');
    match written.split_once('.') {
        Some((name, alias)) => (Arc::from(name), Arc::from(alias)),
        None => (Arc::from(written), Arc::from("")),
    }
}

fn provider_of(body: &Body, kind: &str, text: &str) -> ProviderName {
    match body.attribute("provider") {
        Some(attribute) => provider_name(&attribute.value, text),
        None => (Arc::from(kind.split('_').next().unwrap_or(kind)), Arc::from("")),
    }
}

/// The map of `providers` in a module call.
fn passed(body: &Body, text: &str) -> Option<Vec<(ProviderName, ProviderName)>> {
    match &body.attribute("providers")?.value.kind {
        Kind::Object(items) => Some(
            items.iter().map(|(key, value)| (provider_name(key, text), provider_name(value, text))).collect(),
        ),
        _ => None,
    }
}
