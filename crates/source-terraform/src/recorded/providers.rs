//! Account and region of what is recorded: those that a provider is configured with, else
//! those that the ARNs of its resources agree on. A resource whose own ARN says otherwise is
//! where that says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::instance::{Instance, Provider};
use crate::value::{Located, Place, Value};

/// A provider of which nothing is known.
pub(super) fn unknown(alias: &str) -> Provider {
    Provider {
        name: "aws".into(),
        alias: alias.into(),
        region: Value::Null,
        account: Value::Null,
        default_tags: Located::new(Value::Null, Place::NOWHERE),
        place: Place::NOWHERE,
    }
}

/// Region and account in the ARN of an instance.
fn by_arn(instance: &Instance) -> (Option<Arc<str>>, Option<Arc<str>>) {
    let arn = instance.attributes.value.get("arn").and_then(|arn| arn.value.text());
    let part = |at: usize| {
        let part = arn.as_deref().filter(|arn| arn.starts_with("arn:"))?.split(':').nth(at)?;
        (!part.is_empty()).then(|| Arc::from(part))
    };
    (part(3), part(4).filter(|id: &Arc<str>| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit())))
}

/// Gives each instance its provider. `keys` says by which provider it is managed, `configured`
/// what is known of that; `home` is the key of the one without alias, which is the answer.
pub(super) fn settle(
    instances: &mut [Instance],
    keys: &[String],
    mut configured: BTreeMap<String, Provider>,
    home: &str,
) -> Vec<Arc<Provider>> {
    let mut agreed: BTreeMap<&str, [BTreeSet<Arc<str>>; 2]> = BTreeMap::new();
    for (instance, key) in instances.iter().zip(keys) {
        let (region, account) = by_arn(instance);
        let [regions, accounts] = agreed.entry(key).or_default();
        regions.extend(region);
        accounts.extend(account);
    }
    for (key, [regions, accounts]) in &agreed {
        let alias = if *key == home { "" } else { key };
        let provider = configured.entry((*key).to_owned()).or_insert_with(|| unknown(alias));
        for (known, said) in [(&mut provider.region, regions), (&mut provider.account, accounts)] {
            if let (Value::Null, 1, Some(only)) = (&*known, said.len(), said.first()) {
                *known = Value::String(only.clone());
            }
        }
    }
    let shared: BTreeMap<&str, Arc<Provider>> =
        configured.iter().map(|(key, provider)| (key.as_str(), Arc::new(provider.clone()))).collect();
    for (instance, key) in instances.iter_mut().zip(keys) {
        let Some(provider) = shared.get(key.as_str()) else { continue };
        let (region, account) = by_arn(instance);
        let differs = |said: &Option<Arc<str>>, known: &Value| said.is_some() && *said != known.text();
        instance.provider = if differs(&region, &provider.region) || differs(&account, &provider.account) {
            let mut own = (**provider).clone();
            own.region = region.map_or(own.region, Value::String);
            own.account = account.map_or(own.account, Value::String);
            Arc::new(own)
        } else {
            provider.clone()
        };
    }
    shared.get(home).cloned().into_iter().collect()
}
