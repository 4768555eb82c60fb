//! Which services pass between all classes of interfaces, folded by zones.
//!
//! A class is a subnet with a set of security groups. Between two subnets routes and network
//! ACLs are followed once; between two sets of groups the rules with addresses
//! are folded once for each set and subnet, the rules with groups once for each set and the
//! sources that it names. A pair of classes is then two unions and two intersections of
//! numbered sets of services, each remembered. O(subnet pairs × ways + sets × subnets × rules
//! + class pairs), in memory O(sets × subnets).

use std::collections::HashMap;

use rayon::prelude::*;

use crate::engine::leg::Legs;
use crate::model::{Index, Network, Peer};
use crate::space::{Range, Service, join_services, meet};

/// Number of a set of services.
type Number = u32;

/// Sets of services by number, with what their unions and intersections are.
#[derive(Default)]
struct Sets {
    all: Vec<Vec<Service>>,
    numbers: HashMap<Vec<Service>, Number>,
    unions: HashMap<(Number, Number), Number>,
    meets: HashMap<(Number, Number), Number>,
}

const NONE: Number = 0;
const ALL: Number = 1;

impl Sets {
    fn new() -> Self {
        let mut sets = Self::default();
        sets.number(Vec::new());
        sets.number(vec![Service::ALL]);
        sets
    }

    fn number(&mut self, services: Vec<Service>) -> Number {
        let services = join_services(services);
        if let Some(&number) = self.numbers.get(&services) {
            return number;
        }
        let number = self.all.len() as Number;
        self.all.push(services.clone());
        self.numbers.insert(services, number);
        number
    }

    fn union(&mut self, a: Number, b: Number) -> Number {
        match (a.min(b), a.max(b)) {
            (NONE, other) => other,
            (ALL, _) => ALL,
            (x, y) if x == y => x,
            key => {
                if let Some(&known) = self.unions.get(&key) {
                    return known;
                }
                let mut both = self.all[key.0 as usize].clone();
                both.extend(self.all[key.1 as usize].iter().copied());
                let number = self.number(both);
                self.unions.insert(key, number);
                number
            }
        }
    }

    fn meet(&mut self, a: Number, b: Number) -> Number {
        match (a.min(b), a.max(b)) {
            (NONE, _) => NONE,
            (ALL, other) => other,
            (x, y) if x == y => x,
            key => {
                if let Some(&known) = self.meets.get(&key) {
                    return known;
                }
                let (one, other) = (&self.all[key.0 as usize], &self.all[key.1 as usize]);
                let both = one.iter().flat_map(|x| other.iter().filter_map(|y| x.meet(y))).collect();
                let number = self.number(both);
                self.meets.insert(key, number);
                number
            }
        }
    }
}

/// Services from zone to zone.
pub type Cells = Vec<Vec<Vec<Service>>>;

/// What passes between zones.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// Services from zone to zone.
    pub cells: Cells,
    /// Ordered pairs of classes that were looked at.
    pub pairs: u64,
    /// Ordered pairs of classes between which something passes.
    pub open: u64,
    /// Classes.
    pub classes: usize,
}

/// A class of interfaces.
struct Class {
    subnet: Index,
    set: usize,
    /// Zones of its members.
    zones: Vec<usize>,
    /// More than one interface.
    many: bool,
}

impl Network {
    /// What may pass between zones; `zone` says of every interface in which it is. What is not
    /// known counts as passing.
    #[must_use]
    pub fn matrix(&self, zone: &[usize], zones: usize) -> Matrix {
        let mut numbers: HashMap<(&[Index], bool), usize> = HashMap::new();
        let mut sets: Vec<(&[Index], bool)> = Vec::new();
        let mut known: HashMap<(Index, usize), usize> = HashMap::new();
        let mut classes: Vec<Class> = Vec::new();
        for (at, interface) in self.interfaces.iter().enumerate() {
            let Some(subnet) = interface.subnet else { continue };
            // A NAT gateway takes no connections and starts none of its own.
            if self.holders[interface.holder].role == crate::data::Role::Nat {
                continue;
            }
            let free = !interface.filtered || interface.groups_doubt.is_some();
            let key = (interface.groups.as_slice(), free);
            let set = *numbers.entry(key).or_insert_with(|| {
                sets.push(key);
                sets.len() - 1
            });
            let class = *known.entry((subnet, set)).or_insert_with(|| {
                classes.push(Class { subnet, set, zones: Vec::new(), many: false });
                classes.len() - 1
            });
            let class = &mut classes[class];
            class.many |= !class.zones.is_empty();
            if !class.zones.contains(&zone[at]) {
                class.zones.push(zone[at]);
            }
        }
        let between = self.between_subnets(&classes);
        let mut memo = Sets::new();
        let sides = [true, false].map(|egress| self.fold(&sets, egress, &mut memo));
        self.pairs(&classes, &sets, &between, &sides, memo, zones)
    }

    /// Services that routes and ACLs let pass between two subnets, both ways of a connection.
    fn between_subnets(&self, classes: &[Class]) -> HashMap<(Index, Index), Vec<Service>> {
        let mut used: Vec<Index> = classes.iter().map(|c| c.subnet).collect();
        used.sort_unstable();
        used.dedup();
        // Subnets of one VPC with the same table and ACL are alike to each other and to the rest.
        let alike = |s: Index| {
            let subnet = &self.subnets[s];
            (subnet.vpc, subnet.table, subnet.acl)
        };
        let plain = |s: Index| self.plain_acl(self.subnets[s].acl);
        let legs = Legs { net: self, explain: false };
        used.par_iter()
            .flat_map_iter(|&a| {
                let (used, legs) = (&used, &legs);
                let mut done: HashMap<(Index, Index, Index), Vec<Service>> = HashMap::new();
                used.iter()
                    .filter_map(|&b| {
                        if a == b {
                            return Some(((a, b), vec![Service::ALL]));
                        }
                        let same = self.subnets[a].vpc == self.subnets[b].vpc;
                        if same && plain(a) && plain(b) && !self.diverts(a) && !self.diverts(b) {
                            return Some(((a, b), vec![Service::ALL]));
                        }
                        if !same && !self.leads_out(a) {
                            return None;
                        }
                        let services = if plain(b) && !self.subnets[b].ranges.is_empty() && same {
                            done.entry(alike(b)).or_insert_with(|| legs.subnets(a, b)).clone()
                        } else {
                            legs.subnets(a, b)
                        };
                        (!services.is_empty()).then_some(((a, b), services))
                    })
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Whether an ACL allows everything.
    fn plain_acl(&self, acl: Index) -> bool {
        let acl = &self.acls[acl];
        let first = |entries: &[crate::model::Entry]| {
            entries.first().is_some_and(|e| {
                e.allow && e.doubt.is_none() && e.service == Service::ALL && e.range == crate::space::ALL_V4
            })
        };
        acl.doubt.is_none() && first(&acl.ingress) && first(&acl.egress)
    }

    /// Whether the table of a subnet has a route within its own VPC that is not local.
    fn diverts(&self, subnet: Index) -> bool {
        let ranges = &self.vpcs[self.subnets[subnet].vpc].ranges;
        self.tables[self.subnets[subnet].table].routes.iter().any(|route| {
            route.next != crate::model::Next::Local
                && route.to.as_ref().is_none_or(|to| {
                    to.iter().any(|&r| ranges.iter().any(|&v| meet(r, v).is_some() && meet(r, v) != Some(v)))
                })
        })
    }

    /// Whether the table of a subnet leads to other VPCs.
    fn leads_out(&self, subnet: Index) -> bool {
        use crate::model::Next;
        self.tables[self.subnets[subnet].table].routes.iter().any(|route| {
            !matches!(
                route.next,
                Next::Local | Next::Internet(_) | Next::EgressOnly(_) | Next::GatewayEndpoint(_)
            )
        })
    }

    /// Of each set of groups: services by the other side's subnet from rules with addresses,
    /// and services by the other side's groups.
    fn fold(&self, sets: &[(&[Index], bool)], egress: bool, memo: &mut Sets) -> Side {
        let width = self.subnets.len();
        let mut addresses = vec![NONE; sets.len() * width];
        let mut groups: HashMap<Index, Vec<(usize, Number)>> = HashMap::new();
        for (at, &(members, free)) in sets.iter().enumerate() {
            if free {
                addresses[at * width..(at + 1) * width].fill(ALL);
                continue;
            }
            let mut ranges: Vec<(Range, Service)> = Vec::new();
            let mut named: HashMap<Index, Vec<Service>> = HashMap::new();
            let mut open = false;
            for &group in members {
                let group = &self.groups[group];
                open |= group.doubt.is_some();
                let rules = if egress { &group.egress } else { &group.ingress };
                for rule in rules {
                    match &rule.peer {
                        Peer::Ranges(list) => ranges.extend(list.iter().map(|&r| (r, rule.service))),
                        Peer::Group(peer) => named.entry(*peer).or_default().push(rule.service),
                    }
                }
            }
            for (peer, services) in named {
                groups.entry(peer).or_default().push((at, memo.number(services)));
            }
            let whole = [crate::space::ALL_V4, crate::space::ALL_V6];
            let everywhere: Vec<Service> =
                ranges.iter().filter(|(r, _)| whole.contains(r)).map(|(_, s)| *s).collect();
            let some: Vec<(Range, Service)> =
                ranges.iter().copied().filter(|(r, _)| !whole.contains(r)).collect();
            let base = memo.number(if open { vec![Service::ALL] } else { everywhere });
            for (s, subnet) in self.subnets.iter().enumerate() {
                let here: Vec<Service> = some
                    .iter()
                    .filter(|(r, _)| subnet.ranges.iter().any(|&own| meet(own, *r).is_some()))
                    .map(|(_, service)| *service)
                    .collect();
                addresses[at * width + s] = if here.is_empty() {
                    base
                } else {
                    let own = memo.number(here);
                    memo.union(base, own)
                };
            }
        }
        Side { addresses, groups, width }
    }

    fn pairs(
        &self,
        classes: &[Class],
        sets: &[(&[Index], bool)],
        between: &HashMap<(Index, Index), Vec<Service>>,
        sides: &[Side; 2],
        mut memo: Sets,
        zones: usize,
    ) -> Matrix {
        let mut by_subnet: HashMap<Index, Vec<usize>> = HashMap::new();
        for (at, class) in classes.iter().enumerate() {
            by_subnet.entry(class.subnet).or_default().push(at);
        }
        let mut from: HashMap<Index, Vec<(Index, Number)>> = HashMap::new();
        let mut ordered: Vec<_> = between.iter().collect();
        ordered.sort();
        for ((a, b), services) in ordered {
            let number = memo.number(services.clone());
            from.entry(*a).or_default().push((*b, number));
        }
        let [out, into] = sides;
        let base = memo;
        let chunks: Vec<&[Class]> =
            classes.chunks(classes.len().div_ceil(rayon::current_num_threads() * 2).max(1)).collect();
        let parts: Vec<(Cells, u64, u64)> = chunks
            .par_iter()
            .enumerate()
            .map(|(chunk, members)| {
                let mut memo = Sets {
                    all: base.all.clone(),
                    numbers: base.numbers.clone(),
                    unions: base.unions.clone(),
                    meets: base.meets.clone(),
                };
                let mut seen: Vec<std::collections::HashSet<Number>> =
                    vec![Default::default(); zones * zones];
                let (mut pairs, mut open) = (0, 0);
                // What the sets of the other side say of this source's groups, cleared after each.
                let mut in_by_group = vec![NONE; sets.len()];
                let mut out_by_group = vec![NONE; sets.len()];
                let mut touched: Vec<usize> = Vec::new();
                let start = chunk * chunks[0].len();
                for (offset, class) in members.iter().enumerate() {
                    let own = sets[class.set].0;
                    for group in own {
                        for &(set, number) in into.groups.get(group).into_iter().flatten() {
                            in_by_group[set] = memo.union(in_by_group[set], number);
                            touched.push(set);
                        }
                    }
                    // What this source's rules say of groups, for each set that has one of them.
                    let named: Vec<(Index, Number)> = out
                        .groups
                        .iter()
                        .filter_map(|(peer, list)| {
                            list.iter().find(|(set, _)| *set == class.set).map(|(_, number)| (*peer, *number))
                        })
                        .collect();
                    if !named.is_empty() {
                        for (set, (members, _)) in sets.iter().enumerate() {
                            for (peer, number) in &named {
                                if members.contains(peer) {
                                    out_by_group[set] = memo.union(out_by_group[set], *number);
                                    touched.push(set);
                                }
                            }
                        }
                    }
                    for &(subnet, base) in from.get(&class.subnet).into_iter().flatten() {
                        let lets_out = out.addresses[class.set * out.width + subnet];
                        for &other in by_subnet.get(&subnet).into_iter().flatten() {
                            if other == start + offset && !class.many {
                                continue;
                            }
                            let target = &classes[other];
                            pairs += 1;
                            let lets_in = into.addresses[target.set * into.width + class.subnet];
                            let lets_in = memo.union(lets_in, in_by_group[target.set]);
                            if lets_in == NONE {
                                continue;
                            }
                            let lets_out = memo.union(lets_out, out_by_group[target.set]);
                            let both = memo.meet(lets_in, lets_out);
                            let both = memo.meet(both, base);
                            if both == NONE {
                                continue;
                            }
                            open += 1;
                            for &a in &class.zones {
                                for &b in &target.zones {
                                    seen[a * zones + b].insert(both);
                                }
                            }
                        }
                    }
                    for set in touched.drain(..) {
                        in_by_group[set] = NONE;
                        out_by_group[set] = NONE;
                    }
                }
                let mut cells = vec![vec![Vec::new(); zones]; zones];
                for (at, numbers) in seen.into_iter().enumerate() {
                    let services: Vec<Service> =
                        numbers.into_iter().flat_map(|n| memo.all[n as usize].clone()).collect();
                    cells[at / zones][at % zones] = join_services(services);
                }
                (cells, pairs, open)
            })
            .collect();
        let mut matrix =
            Matrix { cells: vec![vec![Vec::new(); zones]; zones], pairs: 0, open: 0, classes: classes.len() };
        for (cells, pairs, open) in parts {
            matrix.pairs += pairs;
            matrix.open += open;
            for (row, own) in matrix.cells.iter_mut().zip(cells) {
                for (cell, services) in row.iter_mut().zip(own) {
                    cell.extend(services);
                }
            }
        }
        for cell in matrix.cells.iter_mut().flatten() {
            *cell = join_services(std::mem::take(cell));
        }
        matrix
    }
}

/// What groups say on one side.
struct Side {
    /// By set and subnet of the other side.
    addresses: Vec<Number>,
    /// By group of the other side: which sets name it, and for which services.
    groups: HashMap<Index, Vec<(usize, Number)>>,
    width: usize,
}
