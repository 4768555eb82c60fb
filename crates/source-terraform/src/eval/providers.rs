//! Provider configurations and how they reach modules.

use std::collections::HashMap;
use std::sync::Arc;

use sekisho_estate::ReasonCode;

use super::{Evaluator, Scope};
use crate::instance::Provider;
use crate::module::{CallBlock, ProviderBlock, ProviderName};
use crate::syntax::{Body, Kind};
use crate::value::{Located, Place, Value};

impl Evaluator<'_> {
    /// Configures the providers of a module instance: those it is passed, then its own.
    pub(super) fn configure(&mut self, node: usize, passed: HashMap<ProviderName, Arc<Provider>>) {
        self.nodes[node].providers = passed;
        let module = self.nodes[node].module;
        for block in &module.providers {
            let provider = Arc::new(self.provider(node, block));
            self.nodes[node].providers.insert((block.name.clone(), block.alias.clone()), provider);
        }
    }

    /// What a call passes: what it says, and the configurations without alias.
    pub(super) fn passed_providers(
        &self,
        node: usize,
        call: &CallBlock,
    ) -> HashMap<ProviderName, Arc<Provider>> {
        let here = &self.nodes[node].providers;
        let mut passed: HashMap<ProviderName, Arc<Provider>> = here
            .iter()
            .filter(|((_, alias), _)| alias.is_empty())
            .map(|(name, provider)| (name.clone(), provider.clone()))
            .collect();
        for (there, named) in call.providers.iter().flatten() {
            if let Some(provider) = here.get(named) {
                passed.insert(there.clone(), provider.clone());
            }
        }
        passed
    }

    /// The configuration that a resource names, else the one of its type.
    pub(super) fn provider_of(&mut self, node: usize, name: &ProviderName) -> Arc<Provider> {
        if let Some(provider) = self.nodes[node].providers.get(name) {
            return provider.clone();
        }
        let provider = match (name.1.is_empty(), self.defaults.get(&name.0)) {
            (true, Some(provider)) => provider.clone(),
            _ => Arc::new(self.without_block(name)),
        };
        if name.1.is_empty() {
            self.defaults.insert(name.0.clone(), provider.clone());
        }
        self.nodes[node].providers.insert(name.clone(), provider.clone());
        provider
    }

    /// Without a block the environment says where; a provider with an alias is given by the
    /// caller of this module, whoever that is.
    fn without_block(&self, name: &ProviderName) -> Provider {
        let open = |what: &str| {
            let subject = format!("{what} of the provider {}.{}", name.0, name.1);
            Value::unknown(ReasonCode::PseudoParameter, subject)
        };
        let (region, account) = if name.1.is_empty() {
            (self.option(self.task.region), self.option(self.task.account))
        } else {
            (open("region"), open("account"))
        };
        Provider {
            name: name.0.clone(),
            alias: name.1.clone(),
            region,
            account,
            default_tags: Located::new(Value::Null, Place::NOWHERE),
            place: Place::NOWHERE,
        }
    }

    fn option(&self, option: Option<&str>) -> Value {
        option.map_or(Value::Null, Value::text_of)
    }

    fn provider(&mut self, node: usize, block: &ProviderBlock) -> Provider {
        let region = self.argument(node, &block.body, "region").map(|region| region.value);
        let region = match region {
            Some(region) if !region.is_null() => region,
            _ => self.option(self.task.region),
        };
        let account = match (self.account(node, &block.body), self.task.account) {
            (Some(account), _) => account,
            (None, Some(account)) => Value::text_of(account),
            (None, None) => self.credentials(node, &block.body).unwrap_or(Value::Null),
        };
        let mut default_tags = Located::new(Value::Null, block.place);
        for body in nested(&block.body, "default_tags") {
            if let Some(tags) = self.argument(node, body, "tags") {
                default_tags = tags;
            }
        }
        // The JSON syntax may write it as an attribute.
        if let Some(attribute) = self.argument(node, &block.body, "default_tags")
            && let Some(tags) = first_of(&attribute.value).and_then(|map| map.get("tags"))
        {
            default_tags = tags.clone();
        }
        Provider {
            name: block.name.clone(),
            alias: block.alias.clone(),
            region,
            account,
            default_tags,
            place: block.place,
        }
    }

    /// The account of the role that is assumed, else the only one that is allowed.
    fn account(&mut self, node: usize, body: &Body) -> Option<Value> {
        let mut roles = Vec::new();
        for assumed in nested(body, "assume_role") {
            roles.extend(self.argument(node, assumed, "role_arn"));
        }
        if let Some(attribute) = self.argument(node, body, "assume_role")
            && let Some(role) = first_of(&attribute.value).and_then(|map| map.get("role_arn"))
        {
            roles.push(role.clone());
        }
        // Roles are assumed one after the other; the last is the one that acts.
        if let Some(role) = roles.pop().filter(|role| !role.value.is_null()) {
            return Some(match role.value.text() {
                Some(arn) => arn
                    .split(':')
                    .nth(4)
                    .filter(|account| !account.is_empty())
                    .map_or(Value::Null, Value::text_of),
                None => crate::operators::derived([&role.value]),
            });
        }
        let allowed = self.argument(node, body, "allowed_account_ids")?;
        match allowed.value.as_list()?.items.as_slice() {
            [only] => Some(only.value.text().map_or_else(|| only.value.clone(), Value::String)),
            _ => None,
        }
    }

    /// Credentials of its own, of whatever account they are.
    fn credentials(&mut self, node: usize, body: &Body) -> Option<Value> {
        ["profile", "access_key"].iter().find_map(|name| {
            let value = self.argument(node, body, name)?.value;
            let shown = if *name == "profile" { value.text()? } else { Arc::from("of its own") };
            Some(Value::unknown(ReasonCode::PseudoParameter, format!("account of the {name} {shown}")))
        })
    }

    fn argument(&mut self, node: usize, body: &Body, name: &str) -> Option<Located> {
        let attribute = body.attribute(name)?;
        if let Kind::Literal(value) = &attribute.value.kind {
            let place = Place { file: attribute.file, offset: attribute.value.start };
            return Some(Located::new(value.clone(), place));
        }
        let place = Place { file: attribute.file, offset: attribute.at };
        let value = self.eval(&attribute.value, &mut Scope::new(node, attribute.file));
        Some(self.settle(value, place))
    }
}

fn nested<'b>(body: &'b Body, kind: &'b str) -> impl Iterator<Item = &'b Body> {
    body.blocks_of(kind).map(|block| &*block.body)
}

/// A map, or the first of a list.
fn first_of(value: &Value) -> Option<&Value> {
    match value.plain() {
        Value::List(list) => list.items.first().map(|item| &item.value),
        Value::Map(_) => Some(value),
        _ => None,
    }
}
