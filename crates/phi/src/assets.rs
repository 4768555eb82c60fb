//! Assets: what there is to protect, whose it is, what it depends on, and what is known of
//! each store of data from the four viewpoints (where it is, how it is protected, who
//! reaches it, which demands are made of it).
//!
//! Category and cost class are proposals from the type and the label; a tag decides.
//! O(resources + references).

use std::collections::BTreeSet;

use sekisho_access::tables::Class as Capability;
use sekisho_access::who::Row;
use sekisho_estate::ResourceId;
use sekisho_expr::ResourceRef;
use sekisho_facts::{Category, Holds, category, store};
use sekisho_graph::Names;
use sekisho_guidance::{Class, Label, class_of, controls_for};
use serde::Deserialize;

use crate::closure::{Carries, node_of, step};
use crate::graph::EdgeIndex;
use crate::hop::AtRest;
use crate::model::Model;
use crate::questions::Aspect;
use crate::settings::tags;

/// Which tags say what of an asset; keys are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssetTags {
    /// Who owns it.
    pub owner: Vec<String>,
    /// Its category, in the words of the user.
    pub category: Vec<String>,
    /// Its cost class, in the words of the user.
    pub cost: Vec<String>,
}

impl Default for AssetTags {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            owner: list(&["Owner", "Team"]),
            category: list(&["Category", "AssetCategory"]),
            cost: list(&["CostClass"]),
        }
    }
}

/// A word that was proposed, or that a tag says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// Proposed from the type: a name of the program.
    Proposed(&'static str),
    /// A tag says so.
    Tag(String),
}

/// One row of the asset matrix.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The resource.
    pub id: ResourceId,
    /// Who owns it, where a tag says so.
    pub owner: Option<String>,
    /// Its category: `data`, `software`, `network`, `security`, `record`.
    pub category: Said,
    /// What its loss would cost: `high`, `medium`, `low`.
    pub cost: Said,
    /// Resources that it names, sorted by address.
    pub depends: Vec<ResourceId>,
    /// Whether it holds PHI.
    pub label: Label,
    /// Its class in the model of shared responsibility.
    pub class: Option<Class>,
    /// How it is encrypted at rest, if it keeps anything.
    pub encrypted: Option<AtRest>,
    /// Flows into its backups, snapshots and replicas.
    pub copies: Vec<EdgeIndex>,
    /// Flows that leave it for outside, directly or behind it.
    pub leaves: Vec<EdgeIndex>,
    /// Who can do what with it, where it keeps anything and access was read: none for a
    /// capability of which nothing is known for its type.
    pub holders: Vec<(Capability, Option<Vec<Row>>)>,
    /// Requirements that the controls of its type answer, sorted.
    pub demands: Vec<&'static str>,
}

impl Model<'_> {
    /// The assets of the estate, in its order.
    #[must_use]
    pub fn assets(&self, names: &Names, asset_tags: &AssetTags) -> Vec<Asset> {
        let estate = self.estate;
        let mut named: Vec<BTreeSet<ResourceId>> = vec![BTreeSet::new(); self.graph.nodes.resources()];
        for edge in sekisho_graph::edges(estate, names) {
            if edge.from != edge.to {
                named[self.graph.nodes.resource(edge.from).0 as usize].insert(edge.to);
            }
        }
        let mut assets = Vec::new();
        for (id, ..) in estate.resources() {
            let type_name = estate.type_name(id);
            let holds = store(type_name).map(|store| store.holds);
            let proposed = match (holds, category(type_name)) {
                (Some(Holds::Content), _) => "data",
                (_, Some(Category::Software)) => "software",
                (_, Some(Category::Network)) => "network",
                (_, Some(Category::Security)) => "security",
                (Some(Holds::Logs), _) | (_, Some(Category::Record)) => "record",
                (Some(Holds::Metadata), None) => "data",
                (None, None) => continue,
            };
            let node = self.graph.nodes.resource(id);
            let label = self.label(id);
            let written = tags(ResourceRef::new(estate, id));
            let tagged = |keys: &[String]| {
                let is = |key: &str| keys.iter().any(|wanted| wanted.eq_ignore_ascii_case(key));
                written.iter().find(|(key, _)| is(key)).map(|(_, value)| (*value).to_owned())
            };
            let cost = match (label, proposed) {
                (Label::Declared | Label::Evidenced, _) => "high",
                (Label::Assumed, "data") | (_, "security" | "record") => "medium",
                _ => "low",
            };
            let mut depends: Vec<ResourceId> = named[node.0 as usize].iter().copied().collect();
            depends.sort_by_cached_key(|id| estate.address(*id));
            let mut demands: Vec<&'static str> = controls_for(type_name)
                .iter()
                .flat_map(|&at| sekisho_guidance::controls()[usize::from(at)].satisfies.iter())
                .map(|id| &**id)
                .collect();
            demands.sort_unstable();
            demands.dedup();
            let keeps = holds.is_some_and(|holds| holds != Holds::Metadata);
            let leaves = if keeps { self.leaving_aws(node) } else { Vec::new() };
            assets.push(Asset {
                id,
                owner: tagged(&asset_tags.owner),
                category: tagged(&asset_tags.category).map_or(Said::Proposed(proposed), Said::Tag),
                cost: tagged(&asset_tags.cost).map_or(Said::Proposed(cost), Said::Tag),
                depends,
                label,
                class: class_of(type_name),
                encrypted: keeps.then(|| self.encrypted(id)),
                copies: if keeps { self.aspect(node, Aspect::Copies) } else { Vec::new() },
                leaves,
                holders: if keeps { self.holders(id) } else { Vec::new() },
                demands,
            });
        }
        assets
    }

    fn holders(&self, id: ResourceId) -> Vec<(Capability, Option<Vec<Row>>)> {
        const ASKED: [Capability; 4] =
            [Capability::ReadContent, Capability::Write, Capability::Delete, Capability::Administer];
        let access = self.access.as_ref();
        access
            .map(|access| ASKED.into_iter().map(|class| (class, access.holders(id, class))).collect())
            .unwrap_or_default()
    }

    /// The last hops of the ways from a node to ends outside. Looks at no more than
    /// `MAX_STATES` states, so that a sheet of many stores stays linear.
    fn leaving_aws(&self, node: crate::NodeIndex) -> Vec<EdgeIndex> {
        const MAX_STATES: usize = 2000;
        let start = node.0 * 2 + u32::from(self.roles[node.0 as usize].relays);
        let (mut queue, mut seen) = (vec![start], BTreeSet::from([start]));
        let (mut at, mut last) = (0, BTreeSet::new());
        while at < queue.len() && queue.len() < MAX_STATES {
            let state = queue[at];
            at += 1;
            for edge in self.graph.leaving(crate::NodeIndex(node_of(state))) {
                let arc = &self.graph.arcs[edge.0 as usize];
                let content = arc.carries == Carries::Content && !arc.possible;
                let Some(to) = step(state, arc, &self.roles).filter(|_| content) else { continue };
                if self.roles[arc.to as usize].ends || self.is_foreign(crate::NodeIndex(arc.to)) {
                    last.insert(edge);
                } else if seen.insert(to) {
                    queue.push(to);
                }
            }
        }
        last.into_iter().collect()
    }
}
