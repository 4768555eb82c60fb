//! Security zones, the segments that hold them, and what passes between them.
//!
//! A segment isolates (VPC, subnet, network ACL, security group); a zone is a group of
//! components with the same need for protection. A zone comes from a tag (`Zone`,
//! `SecurityZone`, `Tier`) of the resource or its subnet, else it is inferred: what the
//! internet reaches, what keeps PHI, what administers, what is shared, and the applications.

use std::collections::{BTreeMap, BTreeSet};

use sekisho_estate::{Estate, ResourceId};

use crate::data::Role;
use crate::engine::Verdict;
use crate::engine::trail::Step;
use crate::exposure::Exposed;
use crate::model::{Index, Item, Network, Tri};
use crate::space::Service;

/// How a zone is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Basis {
    /// A tag says so.
    Tag,
    /// It follows from what its members are.
    Inferred,
}

/// A zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Zone {
    /// Its name: the tag's value, or `internet-facing`, `application`, `phi-data`,
    /// `management`, `shared`; of several accounts, with the account behind it.
    pub name: String,
    /// How it is known.
    pub basis: Basis,
    /// Resources in it.
    pub members: Vec<Index>,
    /// Its layer: 0 external, 1 DMZ, 2 internal.
    pub layer: u8,
}

/// Something that is wrong with zones and segments.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Finding {
    /// Nothing narrows what passes from one zone to another.
    OpenBoundary {
        /// From this zone.
        from: String,
        /// To this one.
        to: String,
    },
    /// A segment holds members of several zones.
    SharedSegment {
        /// The subnet or security group.
        segment: Item,
        /// The zones.
        zones: Vec<String>,
    },
    /// Members of a zone have different controls.
    UnevenControls {
        /// The zone.
        zone: String,
        /// What differs: `network-acl`, `flow-log`.
        control: &'static str,
        /// Its values, each with a member.
        values: Vec<(String, String)>,
    },
    /// A way from the internet to a zone has no inspection while another has.
    InspectionBypassed {
        /// The zone.
        zone: String,
        /// The member that is reached.
        member: Item,
    },
    /// A zone with data is reached from the internet.
    DataReached {
        /// The zone.
        zone: String,
        /// The member that is reached.
        member: Item,
    },
    /// The external layer reaches the innermost one past the one between.
    LayerSkipped {
        /// From this zone.
        from: String,
        /// To this one.
        to: String,
        /// On these services.
        services: Vec<Service>,
    },
}

impl Finding {
    /// Name in machine-readable output.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::OpenBoundary { .. } => "open-boundary",
            Self::SharedSegment { .. } => "shared-segment",
            Self::UnevenControls { .. } => "uneven-controls",
            Self::InspectionBypassed { .. } => "inspection-bypassed",
            Self::DataReached { .. } => "data-reached",
            Self::LayerSkipped { .. } => "layer-skipped",
        }
    }
}

/// The zones of a network.
#[derive(Clone, Debug)]
pub struct Zones {
    /// Zones by name.
    pub zones: Vec<Zone>,
    /// Services from zone to zone, as [`crate::matrix::Matrix`] has them.
    pub matrix: Vec<Vec<Vec<Service>>>,
    /// Services that the internet reaches in each zone.
    pub internet: Vec<Vec<Service>>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Names of the inferred zones with their layer.
const INFERRED: [(&str, u8); 5] =
    [("internet-facing", 1), ("application", 2), ("phi-data", 2), ("management", 2), ("shared", 2)];

impl Network {
    /// The zones. `phi` says of a resource whether it may hold PHI; `exposed` is what
    /// [`Network::exposed`] gave.
    #[must_use]
    pub fn zones(&self, estate: &Estate, phi: &dyn Fn(ResourceId) -> bool, exposed: &[Exposed]) -> Zones {
        let accounts: BTreeSet<&str> = estate.stacks.iter().flat_map(|stack| stack.accounts()).collect();
        let reached: BTreeSet<Index> = exposed
            .iter()
            .filter(|e| e.verdict < Verdict::Blocked)
            .filter(|e| e.paths.iter().any(|p| !p.hops.iter().any(|h| h.step == Step::Forward)))
            .map(|e| e.holder)
            .collect();
        let mut by_name: BTreeMap<String, Zone> = BTreeMap::new();
        let mut zone_of: Vec<String> = Vec::new();
        for (at, holder) in self.holders.iter().enumerate() {
            let subnet = holder.interfaces.first().and_then(|&i| self.interfaces[i].subnet);
            let tag = holder.tag.clone().or_else(|| subnet.and_then(|s| self.subnets[s].tag.clone()));
            let (name, basis, layer) = match tag {
                Some(tag) => {
                    let inner = INFERRED.iter().find(|(known, _)| *known == tag);
                    let outside = reached.contains(&at);
                    (tag, Basis::Tag, inner.map_or(if outside { 1 } else { 2 }, |(_, layer)| *layer))
                }
                None => {
                    let (name, layer) = self.inferred(at, reached.contains(&at), phi);
                    let account = holder.item.id.and_then(|id| estate.account(id));
                    let name = match account {
                        Some(account) if accounts.len() > 1 => format!("{name} ({account})"),
                        _ => name.to_owned(),
                    };
                    (name, Basis::Inferred, layer)
                }
            };
            let zone = by_name.entry(name.clone()).or_insert_with(|| Zone {
                name: name.clone(),
                basis,
                members: Vec::new(),
                layer,
            });
            zone.members.push(at);
            zone.layer = zone.layer.min(layer);
            zone_of.push(name);
        }
        let zones: Vec<Zone> = by_name.into_values().collect();
        let number = |holder: Index| zones.iter().position(|z| z.name == zone_of[holder]).unwrap_or(0);
        let of: Vec<usize> = self.interfaces.iter().map(|i| number(i.holder)).collect();
        let matrix = self.matrix(&of, zones.len()).cells;
        let mut internet = vec![Vec::new(); zones.len()];
        for found in exposed {
            let direct = found.paths.iter().filter(|p| !p.hops.iter().any(|h| h.step == Step::Forward));
            internet[number(found.holder)].extend(direct.flat_map(|p| p.services.clone()));
        }
        for services in &mut internet {
            *services = crate::space::join_services(std::mem::take(services));
        }
        let mut out = Zones { zones, matrix, internet, findings: Vec::new() };
        out.findings = self.zone_findings(&out, exposed, &zone_of);
        out
    }

    /// Which zone a resource without a tag belongs to.
    fn inferred(&self, at: Index, reached: bool, phi: &dyn Fn(ResourceId) -> bool) -> (&'static str, u8) {
        let holder = &self.holders[at];
        let name = holder.item.name.to_lowercase();
        let administers = ["bastion", "jump", "admin", "management"].iter().any(|word| name.contains(word));
        let at = match holder.role {
            Role::Data if holder.store.or(holder.item.id).is_some_and(phi) => 2,
            Role::Data => 4,
            Role::Balancer if holder.interfaces.iter().any(|&i| self.interfaces[i].public != Tri::No) => 0,
            _ if administers => 3,
            Role::Endpoint | Role::Nat | Role::Service => 4,
            // An entry that stands in the network without a public address is no way in from outside.
            Role::Entry
                if reached
                    || holder.interfaces.is_empty()
                    || holder.interfaces.iter().any(|&i| self.interfaces[i].public != Tri::No) =>
            {
                0
            }
            _ if reached => 0,
            _ => 1,
        };
        INFERRED[at]
    }

    fn zone_findings(&self, zones: &Zones, exposed: &[Exposed], zone_of: &[String]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (a, from) in zones.zones.iter().enumerate() {
            for (b, to) in zones.zones.iter().enumerate() {
                let services = &zones.matrix[a][b];
                if a != b && services.contains(&Service::ALL) {
                    findings.push(Finding::OpenBoundary { from: from.name.clone(), to: to.name.clone() });
                } else if a != b && from.layer == 1 && to.name.starts_with("phi-data") && !services.is_empty()
                {
                    findings.push(Finding::LayerSkipped {
                        from: from.name.clone(),
                        to: to.name.clone(),
                        services: services.clone(),
                    });
                }
            }
        }
        self.shared_segments(zone_of, &mut findings);
        self.uneven(zones, &mut findings);
        let inspectors = !self.inspectors.is_empty();
        for found in exposed {
            let holder = &self.holders[found.holder];
            let zone = zone_of[found.holder].clone();
            let direct = found.paths.iter().any(|p| !p.hops.iter().any(|h| h.step == Step::Forward));
            if zone.starts_with("phi-data") && direct {
                findings.push(Finding::DataReached { zone: zone.clone(), member: holder.item.clone() });
            }
            if inspectors
                && direct
                && !holder.interfaces.is_empty()
                && found.paths.iter().any(|p| !p.inspected)
            {
                findings.push(Finding::InspectionBypassed { zone, member: holder.item.clone() });
            }
        }
        findings.sort();
        findings.dedup();
        findings
    }

    /// Subnets and groups with members of several zones. NAT gateways and endpoints serve
    /// everyone and do not count.
    fn shared_segments(&self, zone_of: &[String], findings: &mut Vec<Finding>) {
        let mut segments: BTreeMap<Item, BTreeSet<String>> = BTreeMap::new();
        for interface in &self.interfaces {
            let holder = &self.holders[interface.holder];
            if matches!(holder.role, Role::Nat | Role::Endpoint) {
                continue;
            }
            let zone = &zone_of[interface.holder];
            let subnet = interface.subnet.map(|s| &self.subnets[s].item);
            let groups = interface.groups.iter().map(|&g| &self.groups[g].item);
            for item in subnet.into_iter().chain(groups) {
                segments.entry(item.clone()).or_default().insert(zone.clone());
            }
        }
        for (segment, zones) in segments {
            if zones.len() > 1 {
                findings.push(Finding::SharedSegment { segment, zones: zones.into_iter().collect() });
            }
        }
    }

    fn uneven(&self, zones: &Zones, findings: &mut Vec<Finding>) {
        for zone in &zones.zones {
            let mut acls: BTreeMap<String, String> = BTreeMap::new();
            let mut logs: BTreeMap<String, String> = BTreeMap::new();
            for &member in &zone.members {
                let holder = &self.holders[member];
                for &interface in &holder.interfaces {
                    let Some(subnet) = self.interfaces[interface].subnet else { continue };
                    let subnet = &self.subnets[subnet];
                    let logged = subnet.logged || self.vpcs[subnet.vpc].logged;
                    let name = || holder.item.name.clone();
                    // The default ACLs of VPCs are alike: they allow everything.
                    let acl = &self.acls[subnet.acl].item;
                    let acl = if acl.id.is_none() { "default" } else { acl.name.as_str() };
                    acls.entry(acl.to_owned()).or_insert_with(name);
                    logs.entry(if logged { "on" } else { "off" }.to_owned()).or_insert_with(name);
                }
            }
            for (control, values) in [("network-acl", acls), ("flow-log", logs)] {
                if values.len() > 1 {
                    findings.push(Finding::UnevenControls {
                        zone: zone.name.clone(),
                        control,
                        values: values.into_iter().collect(),
                    });
                }
            }
        }
    }
}
