//! `docs/terraform-types.md` is made from the mappings, and every type that a control asks
//! or that an edge of the flow graph starts from is mapped or named here with the reason.
//!
//! `SEKISHO_BLESS=1 cargo test -p sekisho-assess --test terraform_types` writes the page.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sekisho_facts::{
    TerraformHow, TerraformObject, TerraformTarget, resource_type, terraform_mapped, terraform_mappings,
};

/// The provider has no resource for these.
const ABSENT: [&str; 27] = [
    "AWS::Cases::Domain",
    "AWS::CloudTrail::Channel",
    "AWS::Comprehend::Flywheel",
    "AWS::DataBrew::Dataset",
    "AWS::DataBrew::Job",
    "AWS::Glue::Integration",
    "AWS::HealthImaging::Datastore",
    "AWS::HealthLake::FHIRDatastore",
    "AWS::IoTAnalytics::Channel",
    "AWS::IoTAnalytics::Datastore",
    "AWS::IoTSiteWise::AssetModel",
    "AWS::KinesisAnalyticsV2::ApplicationOutput",
    "AWS::Lightsail::DatabaseSnapshot",
    "AWS::Omics::AnnotationStore",
    "AWS::Omics::ReferenceStore",
    "AWS::Omics::SequenceStore",
    "AWS::Omics::VariantStore",
    "AWS::Omics::Workflow",
    "AWS::QBusiness::Index",
    "AWS::S3Files::FileSystem",
    "AWS::SDB::Domain",
    "AWS::VoiceID::Domain",
    "AWS::Wisdom::KnowledgeBase",
    // Terraform has another form: inline policies by role, user and group; secrets of
    // databases by the database; versions by the function.
    "AWS::IAM::Policy",
    "AWS::SecretsManager::SecretTargetAttachment",
    "AWS::Lambda::Version",
    // Of the SAM transform.
    "AWS::Serverless::SimpleTable",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn yaml(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            yaml(&path, found);
        } else if name.ends_with("service-discontinued.yaml") {
            // Names types of services that have ended, many of which no provider ever had.
        } else if name.ends_with(".yaml") && !name.ends_with(".test.yaml") {
            let text = fs::read_to_string(&path).unwrap();
            found.push(text.split("\ntitle:").next().unwrap_or_default().to_owned());
        }
    }
}

/// The types that texts name.
fn named(folder: &str) -> BTreeSet<&'static str> {
    let mut texts = Vec::new();
    yaml(&root().join(folder), &mut texts);
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == ':');
    let words = texts.iter().flat_map(|text| text.split(word)).filter(|word| word.starts_with("AWS::"));
    words.filter_map(|name| resource_type(name.trim_end_matches(':'))).map(|kind| kind.name()).collect()
}

fn targets() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut out: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
    for kind in terraform_mapped() {
        for row in terraform_mappings(kind) {
            let (TerraformTarget::Own(name) | TerraformTarget::Merge { parent: name, .. }) = row.target;
            let kinds = out.entry(name).or_default();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    out
}

#[test]
fn every_type_that_is_asked_for_is_mapped_or_named() {
    let mapped = targets();
    let mut asked = named("guidance/controls");
    asked.extend(named("facts/hand/flows"));
    let missing: Vec<&str> =
        asked.iter().copied().filter(|name| !mapped.contains_key(name) && !ABSENT.contains(name)).collect();
    assert!(missing.is_empty(), "neither mapped nor named as absent: {missing:?}");
    let stale: Vec<&str> = ABSENT.iter().copied().filter(|name| mapped.contains_key(name)).collect();
    assert!(stale.is_empty(), "named as absent and mapped: {stale:?}");
    assert!(terraform_mapped().count() >= 400, "{}", terraform_mapped().count());
}

#[derive(Default)]
struct Counts {
    mapped: usize,
    without: Vec<&'static str>,
}

fn count(object: &TerraformObject, counts: &mut Counts) {
    counts.mapped += object.spread.len();
    for rule in &object.rules {
        match &rule.how {
            TerraformHow::Ignore => {}
            TerraformHow::None => counts.without.push(rule.from),
            TerraformHow::One(inner) | TerraformHow::Each(inner) | TerraformHow::By(_, inner) => {
                counts.mapped += 1;
                count(inner, counts);
            }
            _ => counts.mapped += 1,
        }
    }
}

fn page() -> String {
    let mut out = String::from(
        "# Terraform types\n\nMade from `facts/hand/terraform` by `crates/assess/tests/terraform_types.rs`. \
         *Completes* means that the resource becomes properties of another. Attributes without a \
         counterpart are those that nothing in the mapping names; when a configuration writes one, the scan \
         says so.\n\n",
    );
    let types: Vec<&str> = terraform_mapped().collect();
    let targets = targets();
    let _ = writeln!(
        out,
        "{} of {} resource types of the provider, {} CloudFormation types.\n",
        types.len(),
        sekisho_facts::terraform_types().count(),
        targets.len()
    );
    out.push_str("| Terraform | CloudFormation | attributes | without counterpart |\n|---|---|--:|---|\n");
    for kind in types {
        let mut names: Vec<String> = Vec::new();
        let mut counts = Counts::default();
        for row in terraform_mappings(kind) {
            let name = match row.target {
                TerraformTarget::Own(name) => name.to_owned(),
                TerraformTarget::Merge { parent, .. } => format!("completes {parent}"),
            };
            if !names.contains(&name) {
                names.push(name);
            }
            if row.each.is_none() && row.link.is_none() {
                count(&row.object, &mut counts);
            }
        }
        counts.without.sort_unstable();
        counts.without.dedup();
        let shown = match counts.without.len() {
            0 => String::new(),
            few @ 1..=6 => {
                let _ = few;
                counts.without.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            }
            many => {
                let first: Vec<String> = counts.without.iter().take(5).map(|n| format!("`{n}`")).collect();
                format!("{} and {} more", first.join(", "), many - 5)
            }
        };
        let _ = writeln!(out, "| `{kind}` | {} | {} | {shown} |", names.join(", "), counts.mapped);
    }
    out.push_str("\n## Types that are asked for and that the provider has not\n\n");
    for name in ABSENT {
        let _ = writeln!(out, "- `{name}`");
    }
    out
}

#[test]
fn the_page_of_types_is_current() {
    let path = root().join("docs/terraform-types.md");
    let page = page();
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(known == page, "docs/terraform-types.md is not current: run with SEKISHO_BLESS=1");
}
