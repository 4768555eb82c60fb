//! What `sekisho.toml` declares, held against the input: names that nothing has, declarations
//! that contradict each other, agreements that have run out.
//!
//! A label that is misspelt is a label that is lost, so it is told. O(globs × resources).

use sekisho_estate::{Estate, ResourceId};
use sekisho_expr::ResourceRef;
use sekisho_facts::did_you_mean;
use sekisho_guidance::Severity;
use sekisho_phi::{Tag, matches};

use crate::config::{Config, ConfigError};
use crate::model::Notice;

/// Contradictions that are told; more would say the same.
const MOST: usize = 10;

/// Refuses values that cannot be what they are meant to be.
pub(crate) fn check(config: &Config, text: &str) -> Result<(), ConfigError> {
    let fault = |value: &str, message: String| {
        let (line, column) = place(text, value);
        Err(ConfigError { line, column, message })
    };
    for country in &config.phi.countries {
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_alphabetic()) {
            let message =
                format!("{country} is no code of a country; write two letters (ISO 3166-1, such as JP)");
            return fault(country, message);
        }
    }
    let mut known: Vec<&str> = Vec::new();
    for account in &config.accounts {
        if account.id.len() != 12 || !account.id.bytes().all(|b| b.is_ascii_digit()) {
            return fault(&account.id, format!("{} is no account number; write twelve digits", account.id));
        }
        if known.contains(&&*account.id) {
            return fault(&account.id, format!("account {} is declared twice", account.id));
        }
        known.push(&account.id);
    }
    for contract in &config.contracts {
        if let Some(expires) = &contract.expires
            && let Err(message) = crate::waivers::day(expires)
        {
            return fault(expires, message);
        }
        if contract.ends.is_empty() {
            let message =
                format!("the contract with {} covers nobody: `ends` is empty", contract.counterparty);
            return fault(&contract.counterparty, message);
        }
    }
    Ok(())
}

/// What is to be said of a configuration beside this input.
#[must_use]
pub fn notices(estate: &Estate, config: &Config, file: &str, text: &str) -> Vec<Notice> {
    let mut found = Vec::new();
    let mut say = |code, severity, value: &str, subject: String| {
        let (line, column) = place(text, value);
        found.push(Notice { code, severity, file: file.to_owned(), line, column, subject });
    };
    let resources: Vec<ResourceRef<'_>> =
        estate.resources().map(|(id, ..)| ResourceRef::new(estate, id)).collect();
    if !resources.is_empty() {
        for glob in config.phi.resources.iter().chain(&config.phi.not_resources) {
            if !resources.iter().any(|resource| sekisho_phi::names(glob, *resource)) {
                let (severity, subject) = unmatched(estate, &resources, glob);
                say("configuration-unmatched", severity, glob, subject);
            }
        }
    }
    for glob in &config.phi.regions {
        if !sekisho_facts::regions().any(|(region, _)| matches(glob, region)) {
            let meant = did_you_mean(glob, sekisho_facts::regions().map(|(region, _)| region));
            say("configuration-unmatched", Severity::Medium, glob, suggested(glob, meant));
        }
    }
    for country in &config.phi.countries {
        if !sekisho_facts::regions().any(|(_, region)| region.country.eq_ignore_ascii_case(country)) {
            say("configuration-unmatched", Severity::Medium, country, country.clone());
        }
    }
    for resource in resources.iter().filter_map(|resource| contradiction(config, *resource)).take(MOST) {
        let (id, value, subject) = resource;
        say(
            "configuration-contradictory",
            Severity::Medium,
            &value,
            format!("{}: {subject}", estate.address(id)),
        );
    }
    for contract in &config.contracts {
        if let (Some(expires), Some(today)) = (&contract.expires, &config.today)
            && expires < today
        {
            let subject = format!("{} ({expires})", contract.counterparty);
            say("contract-expired", Severity::Medium, &contract.counterparty, subject);
        }
    }
    found
}

/// A glob that names nothing: a name that is nearly one of the input's is misspelt.
fn unmatched(estate: &Estate, resources: &[ResourceRef<'_>], glob: &str) -> (Severity, String) {
    let bare = glob.rsplit('#').next().unwrap_or(glob).trim_matches('*');
    let meant = match glob.starts_with("AWS::") && !glob.contains('*') {
        true if sekisho_facts::resource_type(glob).is_some() => None,
        true => did_you_mean(glob, sekisho_facts::resource_type_names()),
        false => did_you_mean(bare, resources.iter().map(|resource| estate.id(resource.id))),
    };
    // One file may be kept for several inputs: a name that is like none of this one's says little.
    let severity = if meant.is_some() { Severity::Medium } else { Severity::Low };
    (severity, suggested(glob, meant))
}

fn suggested(glob: &str, meant: Option<&str>) -> String {
    meant.map_or_else(|| glob.to_owned(), |meant| format!("{glob} ({meant}?)"))
}

/// What is said of a resource both ways: by names, by tags, or by one against the other.
fn contradiction(config: &Config, resource: ResourceRef<'_>) -> Option<(ResourceId, String, String)> {
    let named = |globs: &[String]| globs.iter().find(|glob| sekisho_phi::names(glob, resource)).cloned();
    let tagged =
        |tags: &[Tag]| sekisho_phi::tagged(tags, resource).map(|(key, value)| format!("{key}={value}"));
    let phi = &config.phi;
    let (by_name, by_tag) = (named(&phi.resources), tagged(&phi.tags));
    let (not_by_name, not_by_tag) = (named(&phi.not_resources), tagged(&phi.not_tags));
    let pairs = [
        (by_name.clone(), not_by_name.clone(), "phi.resources", "phi.not_resources"),
        (by_tag.clone(), not_by_name, "phi.tags", "phi.not_resources"),
        (by_name, not_by_tag.clone(), "phi.resources", "phi.not_tags"),
        (by_tag, not_by_tag, "phi.tags", "phi.not_tags"),
    ];
    pairs.into_iter().find_map(|(yes, no, says, denies)| {
        let (yes, no) = (yes?, no?);
        let subject = format!("{says} {yes}, {denies} {no}");
        Some((resource.id, no.split('=').next().unwrap_or_default().to_owned(), subject))
    })
}

/// Line and column, from 1, of a value in the text of the configuration; zeros where it cannot
/// be told.
fn place(text: &str, value: &str) -> (u32, u32) {
    let quoted = [format!("\"{value}\""), format!("'{value}'")];
    let at = quoted.iter().filter_map(|quoted| text.find(quoted.as_str())).min();
    at.map_or((0, 0), |offset| {
        let at = sekisho_estate::LineIndex::new(text).position(text, offset as u32);
        (at.line, at.column)
    })
}
