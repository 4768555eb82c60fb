//! What the AWS CDK writes: cloud assemblies.
//!
//! AWS CDK, package `@aws-cdk/cloud-assembly-schema`, "AssemblyManifest" and "ArtifactManifest";
//! CDK Developer Guide, "Configure and perform CDK stack synthesis". `manifest.json` names the
//! template of each stack and the environment it is deployed to; the other templates of the folder
//! belong to nested stacks, or are assets. Every resource keeps the path of its construct in its
//! metadata, under `aws:cdk:path` (Developer Guide, "Constructs", "Paths"); where a template has
//! none, the manifest's is put there.

use std::collections::{HashMap, HashSet};

use sekisho_estate::stack::CONSTRUCT_PATH as PATH;
use sekisho_estate::{Node, NodeId, Tree};

/// A manifest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assembly {
    stacks: Vec<(String, Place)>,
    /// Folders of assemblies inside this one.
    nested: Vec<String>,
}

/// Where a stack is deployed, as far as it is known, and the constructs of its resources.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
    /// Paths of constructs by logical id.
    pub(crate) constructs: HashMap<String, String>,
}

/// Whether a declaration says its construct.
pub(crate) fn has_path(tree: &Tree, body: NodeId) -> bool {
    tree.get(body, "Metadata").is_some_and(|metadata| tree.get(metadata, PATH).is_some())
}

/// The metadata key of the construct.
pub(crate) const fn path_key() -> &'static str {
    PATH
}

/// Reads a document as the manifest of an assembly, if it is one.
pub(crate) fn assembly(tree: &Tree, root: NodeId) -> Option<Assembly> {
    tree.string(tree.get(root, "version")?)?;
    let artifacts = tree.get(root, "artifacts")?;
    let mut found = Assembly::default();
    let mut known = false;
    for entry in tree.map(artifacts) {
        let text = |node: NodeId, key: &str| tree.get(node, key).and_then(|n| tree.string(n));
        let properties = tree.get(entry.value, "properties");
        let property = |key: &str| properties.and_then(|node| text(node, key)).map(str::to_owned);
        match text(entry.value, "type") {
            Some("aws:cloudformation:stack") => {
                known = true;
                let Some(file) = property("templateFile") else { continue };
                let mut place = environment(text(entry.value, "environment").unwrap_or_default());
                if let Some(metadata) = tree.get(entry.value, "metadata") {
                    place.constructs = constructs(tree, metadata);
                }
                found.stacks.push((file, place));
            }
            Some("cdk:cloud-assembly") => {
                known = true;
                found.nested.extend(property("directoryName"));
            }
            Some("cdk:tree" | "cdk:asset-manifest" | "cdk:feature-flag-report") => known = true,
            _ => {}
        }
    }
    known.then_some(found)
}

/// `aws://account/region`, where each may be unknown.
fn environment(text: &str) -> Place {
    let (account, region) =
        text.strip_prefix("aws://").and_then(|rest| rest.split_once('/')).unwrap_or_default();
    let known = |text: &str, unknown: &str| (!text.is_empty() && text != unknown).then(|| text.to_owned());
    Place {
        account: known(account, "unknown-account"),
        region: known(region, "unknown-region"),
        constructs: HashMap::new(),
    }
}

/// Logical ids by the paths of constructs.
fn constructs(tree: &Tree, metadata: NodeId) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for entry in tree.map(metadata) {
        for &item in tree.list(entry.value) {
            let is = |key: &str| tree.get(item, key).and_then(|n| tree.string(n));
            if let (Some("aws:cdk:logicalId"), Some(id)) = (is("type"), is("data")) {
                let path = tree.text(entry.key).trim_start_matches('/');
                found.insert(id.to_owned(), path.to_owned());
            }
        }
    }
    found
}

/// Why a document is none that is read, where the CDK wrote it.
pub(crate) fn other_file(tree: &Tree, root: NodeId) -> Option<&'static str> {
    let Node::Map(_) = tree.node(root) else { return None };
    let version = tree.get(root, "version").and_then(|node| tree.string(node))?;
    let has = |key| tree.get(root, key).is_some();
    if version.starts_with("tree-") && has("tree") {
        return Some("the construct tree of a CDK app: its resources are read from the templates");
    }
    if has("files") && has("dockerImages") {
        return Some("the list of assets of a CDK app: it describes no resources");
    }
    None
}

/// What the manifests of the input say of its files.
#[derive(Debug, Default)]
pub(crate) struct Assemblies {
    /// Places by path of the template.
    places: HashMap<String, Place>,
    /// Folders that have a manifest.
    folders: HashSet<String>,
    /// What is to be said of each manifest, by the index of its file.
    pub(crate) notes: Vec<(usize, String)>,
}

impl Assemblies {
    /// Puts together what manifests say, each with the index and path of its file.
    pub(crate) fn new<'f>(
        manifests: impl Iterator<Item = (usize, &'f str, &'f Assembly)>,
        paths: &HashSet<&str>,
    ) -> Self {
        let mut all = Self::default();
        for (index, path, assembly) in manifests {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let inside =
                |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            all.folders.insert(folder.to_owned());
            for (file, place) in &assembly.stacks {
                let template = inside(file);
                if !paths.contains(template.as_str()) {
                    all.notes
                        .push((index, format!("the template {file} that it names is not in this input")));
                }
                all.places.insert(template, place.clone());
            }
            for nested in &assembly.nested {
                if !paths.contains(inside(&format!("{nested}/manifest.json")).as_str()) {
                    all.notes
                        .push((index, format!("the assembly {nested} that it names is not in this input")));
                }
            }
        }
        all
    }

    /// Where the stack of a template is deployed.
    pub(crate) fn place(&self, path: &str) -> Option<&Place> {
        self.places.get(path)
    }

    /// Whether a template lies in an assembly and none of its stacks is made of it.
    pub(crate) fn is_asset(&self, path: &str) -> bool {
        if self.folders.is_empty()
            || self.places.contains_key(path)
            || path.ends_with(".nested.template.json")
        {
            return false;
        }
        let mut folder = path;
        while let Some((above, _)) = folder.rsplit_once('/') {
            if self.folders.contains(above) {
                return true;
            }
            folder = above;
        }
        self.folders.contains("")
    }
}
