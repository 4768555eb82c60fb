//! Labels: which nodes hold PHI, of which kind, and how we know.
//!
//! Declared (`sekisho.toml`), evidenced (a tag, a finding of Macie, PHI that flows in),
//! assumed (the type can hold data of customers). What is said of a resource stands before
//! what its type says; a configured flow of evidenced content stands before a declaration
//! that there is none, and is told as a contradiction.

use std::collections::HashMap;

use sekisho_estate::{Estate, ResourceId};
use sekisho_expr::ResourceRef;
use sekisho_facts::{Holds, flow_node, store};
use sekisho_graph::Names;
use sekisho_guidance::Label;

use crate::closure::{Carries, Level};
use crate::findings::Finding;
use crate::settings::{Phi, Said};

/// Why a node has its label.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Named in the configuration by this glob.
    Declared(String),
    /// A tag: key and value.
    Tagged(String, String),
    /// Macie found these kinds of data; id of the finding.
    Found(Vec<String>, String),
    /// PHI flows in by this edge.
    FlowedIn(crate::EdgeIndex),
    /// Its type can hold data of customers.
    Type,
    /// Programs run there and nothing was classified, so they may handle PHI.
    Programs,
}

impl Reason {
    /// Name in every output.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Declared(_) => "declared",
            Self::Tagged(..) => "tagged",
            Self::Found(..) => "found",
            Self::FlowedIn(_) => "flowed-in",
            Self::Type => "type",
            Self::Programs => "programs",
        }
    }
}

/// What is known of a resource before any flow is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Base {
    /// How surely it holds PHI.
    pub label: Label,
    /// What of PHI.
    pub kind: Carries,
    /// Why; none where it holds none.
    pub reason: Option<Reason>,
    /// Said to hold none, by this glob or tag.
    pub free: Option<String>,
}

/// What `sekisho.toml` and scanners say, looked up by resource.
#[derive(Debug)]
pub struct Rules<'r> {
    phi: &'r Phi,
    found: HashMap<ResourceId, &'r Finding>,
    /// Findings about buckets that are not in the input.
    pub unmatched: Vec<&'r Finding>,
    classifies: bool,
}

impl<'r> Rules<'r> {
    /// Joins findings to their buckets: O(findings).
    #[must_use]
    pub fn new(estate: &Estate, names: &Names, phi: &'r Phi, findings: &'r [Finding]) -> Self {
        let (mut found, mut unmatched) = (HashMap::new(), Vec::new());
        for finding in findings {
            match names.named(estate, "AWS::S3::Bucket", &finding.bucket) {
                Some(id) => drop(found.entry(id).or_insert(finding)),
                None => unmatched.push(finding),
            }
        }
        Self { phi, found, unmatched, classifies: phi.classifies() }
    }

    /// What is known of a resource before any flow is looked at.
    #[must_use]
    pub fn base(&self, resource: ResourceRef<'_>) -> Base {
        let type_name = resource.type_name();
        let stored = store(type_name);
        let base = |label, kind, reason| Base { label, kind, reason: Some(reason), free: None };
        match self.phi.said(resource, stored.is_some()) {
            Said::Declared(glob) => base(Label::Declared, Carries::Content, Reason::Declared(glob)),
            Said::Denied(glob) => {
                Base { label: Label::None, kind: Carries::Nothing, reason: None, free: Some(glob) }
            }
            _ if self.found.contains_key(&resource.id) => {
                let finding = self.found[&resource.id];
                let reason = Reason::Found(finding.kinds.clone(), finding.id.clone());
                base(Label::Evidenced, Carries::Content, reason)
            }
            Said::Tagged(key, value) => base(Label::Evidenced, Carries::Content, Reason::Tagged(key, value)),
            Said::TaggedFree(key, value) => Base {
                label: Label::None,
                kind: Carries::Nothing,
                reason: None,
                free: Some(format!("{key}={value}")),
            },
            Said::Store => {
                let kind = match stored.map(|s| s.holds) {
                    Some(Holds::Content) => Carries::Content,
                    Some(Holds::Logs) => Carries::Logs,
                    _ => Carries::Metadata,
                };
                base(Label::Assumed, kind, Reason::Type)
            }
            Said::Nothing => Base { label: Label::None, kind: Carries::Nothing, reason: None, free: None },
        }
    }

    /// The level at which a resource is a source of PHI.
    ///
    /// A store of content or logs is one. Where nothing is classified, so is what runs
    /// programs: PHI comes to them in ways that no configuration shows.
    #[must_use]
    pub fn source(&self, base: &Base, type_name: &str) -> Option<Level> {
        let strength = match base.label {
            Label::Declared => 2,
            Label::Evidenced => 1,
            Label::Assumed | Label::None => 0,
        };
        if base.free.is_some() {
            return None;
        }
        let runs = !self.classifies && flow_node(type_name).is_some_and(|node| node.runs);
        match (base.label, base.kind) {
            (_, _) if runs && base.kind != Carries::Content => {
                Some(Level { strength, kind: Carries::Content })
            }
            (Label::None, _) | (Label::Assumed, Carries::Metadata | Carries::Nothing) => None,
            (_, kind) => Some(Level { strength, kind }),
        }
    }
}
