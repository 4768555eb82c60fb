//! What the internet can reach.
//!
//! Resources in the same subnets with the same groups, ports and public addresses have the same
//! answer: it is worked out once for each such class. O(classes × gates + resources).

use std::collections::HashMap;

use rayon::prelude::*;

use crate::data::{PORTS, PortKind, Role};
use crate::engine::{End, Path, Verdict};
use crate::model::{Index, Network, Placement, Tri};
use crate::space::{Range, Service, TCP, UDP, is_v4, join_services, size, tidy};

/// A resource that the internet reaches.
#[derive(Clone, Debug)]
pub struct Exposed {
    /// The resource.
    pub holder: Index,
    /// Whether it surely does.
    pub verdict: Verdict,
    /// On which services, as the client sees them.
    pub services: Vec<Service>,
    /// From which addresses.
    pub sources: Vec<Range>,
    /// How bad it is; more is worse.
    pub rank: u32,
    /// The paths, one of each kind.
    pub paths: Vec<Path>,
}

impl Exposed {
    /// Whether more of the internet than a /8 of IPv4 or a /16 of IPv6 reaches it.
    #[must_use]
    pub fn from_anywhere(&self) -> bool {
        anywhere(&self.sources)
    }
}

/// Whether addresses are more of the internet than one operator has.
#[must_use]
pub fn anywhere(sources: &[Range]) -> bool {
    let (v4, v6): (Vec<Range>, Vec<Range>) = sources.iter().copied().partition(|&r| is_v4(r));
    size(&v4) > 1 << 24 || size(&v6) > 1 << 112
}

/// The named ports among services.
#[must_use]
pub fn named_ports(services: &[Service], kind: PortKind) -> Vec<&'static str> {
    let open = |port: u16| {
        services.iter().any(|s| {
            let has = |p: u8| s.protocol.0 <= p && p <= s.protocol.1;
            (has(TCP) || has(UDP)) && s.port.0 <= port && port <= s.port.1
        })
    };
    let mut names: Vec<&'static str> =
        PORTS.iter().filter(|row| row.kind == kind && open(row.port)).map(|row| row.name.as_str()).collect();
    names.dedup();
    names
}

/// What counts of an interface: subnet, groups, families and public address, whether groups
/// filter it, and its addresses where something looks at them.
type Card = (Option<Index>, Vec<Index>, u8, bool, Option<Vec<Range>>);

/// What makes two resources answer alike.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Class {
    interfaces: Vec<Card>,
    ports: Vec<Service>,
    whole: bool,
}

impl Network {
    /// Everything that the internet reaches or may reach, worst first.
    #[must_use]
    pub fn exposed(&self) -> Vec<Exposed> {
        let mut classes: HashMap<Class, Vec<Index>> = HashMap::new();
        let mut alone: Vec<Index> = Vec::new();
        for (at, holder) in self.holders.iter().enumerate() {
            if holder.role == Role::Nat {
                continue;
            }
            match self.class(at) {
                Some(class) => classes.entry(class).or_default().push(at),
                None => alone.push(at),
            }
        }
        let mut work: Vec<Vec<Index>> = classes.into_values().collect();
        work.extend(alone.into_iter().map(|at| vec![at]));
        work.sort();
        let mut found: Vec<Exposed> = work.par_iter().flat_map_iter(|members| self.expose(members)).collect();
        let address = |e: &Exposed| (self.holders[e.holder].item.name.clone(), e.holder);
        found.sort_by_cached_key(|e| (e.verdict, std::cmp::Reverse(e.rank), address(e)));
        found
    }

    /// The class of a resource, none where its own identity matters.
    fn class(&self, at: Index) -> Option<Class> {
        let holder = &self.holders[at];
        if self.forwards_to.contains_key(&at) || holder.outside != Tri::No || !holder.doubts.is_empty() {
            return None;
        }
        let interfaces = holder
            .interfaces
            .iter()
            .map(|&i| {
                let interface = &self.interfaces[i];
                let public = match interface.public {
                    Tri::Yes => 1,
                    Tri::No => 0,
                    Tri::Maybe(_) => return None,
                };
                if interface.groups_doubt.is_some() {
                    return None;
                }
                // A firewall at the gateway looks at the address; nothing else does.
                let edge = self.vpc_of(i).is_some_and(|v| self.vpcs[v].edge.is_some());
                let v6 = interface.addresses.iter().any(|&r| !is_v4(r));
                let v4 = interface.addresses.iter().any(|&r| is_v4(r));
                let family = public | (u8::from(v6) << 1) | (u8::from(v4) << 2);
                let addresses = edge.then(|| interface.addresses.clone());
                Some((interface.subnet, interface.groups.clone(), family, interface.filtered, addresses))
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Class { interfaces, ports: holder.ports.clone(), whole: holder.placement == Placement::Every })
    }

    fn expose(&self, members: &[Index]) -> Vec<Exposed> {
        let Some(&first) = members.first() else { return Vec::new() };
        let paths = self.reached(&End::internet(), first, &[Service::ALL]).paths;
        let Some(best) = paths.first() else { return Vec::new() };
        let verdict = best.verdict;
        let sure: Vec<&Path> = paths.iter().filter(|p| p.verdict == verdict).collect();
        let services = join_services(sure.iter().flat_map(|p| p.services.clone()).collect());
        let sources = tidy(sure.iter().flat_map(|p| p.sources.clone()).collect());
        members
            .iter()
            .map(|&holder| {
                let mut paths = paths.clone();
                if holder != first {
                    let (old, new) = (&self.holders[first].item, &self.holders[holder].item);
                    for hop in paths.iter_mut().flat_map(|p| &mut p.hops).filter(|hop| hop.item == *old) {
                        hop.item = new.clone();
                    }
                }
                let rank = self.rank(holder, &services, &sources, &paths);
                let (services, sources) = (services.clone(), sources.clone());
                Exposed { holder, verdict, services, sources, rank, paths }
            })
            .collect()
    }

    /// How bad an exposure is: what answers there first, then from how far, then the number of ports.
    fn rank(&self, holder: Index, services: &[Service], sources: &[Range], paths: &[Path]) -> u32 {
        // What the resource itself opens, not the front door before it.
        let direct =
            paths.iter().any(|p| !p.hops.iter().any(|h| h.step == crate::engine::trail::Step::Forward));
        let kind = |kind| direct && !named_ports(services, kind).is_empty();
        let role = self.holders[holder].role;
        let ports: u32 = services
            .iter()
            .map(|s| {
                (u32::from(s.port.1) - u32::from(s.port.0) + 1)
                    * if s.protocol.0 == s.protocol.1 { 1 } else { 2 }
            })
            .sum();
        let mut rank = 0;
        rank += 32 * u32::from(anywhere(sources));
        rank += 16 * u32::from(direct && role == Role::Data);
        rank += 8 * u32::from(kind(PortKind::Database) && role != Role::Balancer);
        rank += 8 * u32::from(kind(PortKind::Admin));
        rank += 4 * u32::from(direct && ports > 1000);
        rank += 2 * u32::from(direct && !matches!(role, Role::Balancer | Role::Entry));
        rank
    }
}
