//! One connection between two ends: from an interface, the internet or on-premises networks to
//! an interface or to one of the latter, with its answer.

use super::gates::{self, Way};
use super::trail::{Change, Gate, Passed, Step, Trail, wanted};
use super::walk::{Goal, Walk, settle};
use crate::model::{Doubt, Index, Item, Network, Tri};
use crate::space::{Packets, Range, Service, Set, internet, is_v4};

/// An end of a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// An interface.
    Interface(Index),
    /// Addresses of the internet.
    Internet(Vec<Range>),
    /// Addresses of on-premises networks; none for all that are known.
    OnPremises(Vec<Range>),
}

/// The internet as a place.
pub(crate) fn internet_item() -> Item {
    Item::implied("internet", "")
}

/// On-premises networks as a place.
pub(crate) fn on_premises_item() -> Item {
    Item::implied("on-premises", "")
}

/// The packets of each family by themselves: rules, routes and addresses of the one say nothing
/// of the other, and a way shows those that let it pass.
fn by_family(set: Set) -> Vec<Set> {
    let six = Packets { src: crate::space::ALL_V6, ..Packets::ALL };
    let four = Packets { src: crate::space::ALL_V4, ..Packets::ALL };
    let (v4, v6) = (set.within(&four), set.within(&six));
    if v4.is_empty() || v6.is_empty() { vec![set] } else { vec![v4, v6] }
}

pub(crate) struct Legs<'n> {
    pub(crate) net: &'n Network,
    pub(crate) explain: bool,
}

impl<'n> Legs<'n> {
    fn walk(&self, way: Way, goal: Goal) -> Walk<'n> {
        Walk { net: self.net, way, goal, explain: self.explain }
    }

    /// All ways of a connection to an interface.
    pub(crate) fn to_interface(&self, from: &Source, to: Index, services: &[Service]) -> Vec<Trail> {
        match from {
            Source::Interface(from) => self.between(*from, to, services),
            Source::Internet(ranges) => self.by_internet(ranges, to, services),
            Source::OnPremises(ranges) => self.by_on_premises(ranges, to, services),
        }
    }

    fn between(&self, from: Index, to: Index, services: &[Service]) -> Vec<Trail> {
        let (a, b) = (&self.net.interfaces[from], &self.net.interfaces[to]);
        let sets = by_family(Set::between(&a.addresses, &b.addresses, services));
        sets.into_iter().flat_map(|set| self.between_in(from, to, set)).collect()
    }

    fn between_in(&self, from: Index, to: Index, set: Set) -> Vec<Trail> {
        let net = self.net;
        let (a, b) = (&net.interfaces[from], &net.interfaces[to]);
        let mut trail = Trail::new(set);
        (trail.origin, trail.reply_to) = (Some(from), Some(from));
        trail.hop(Step::From, &net.holder_of(from).item, None, false);
        self.six(&mut trail, from);
        self.six(&mut trail, to);
        self.out(&mut trail, from, Some(to));
        let (Some(home), Some(_)) = (a.subnet, b.subnet) else {
            self.lost(&mut trail, from);
            self.lost(&mut trail, to);
            return self.into(vec![trail], to);
        };
        let ways = self.walk(Way::Forward, Goal::Interface(to)).leave(home, trail, 0);
        self.into(ways, to)
    }

    /// The subnet of an interface is not known.
    fn lost(&self, trail: &mut Trail, interface: Index) {
        if self.net.interfaces[interface].subnet.is_none() {
            self.net.holder_of(interface).doubts.iter().for_each(|d| trail.doubt(d));
        }
    }

    /// Whether an interface has the IPv6 addresses of its subnet may not be known.
    fn six(&self, trail: &mut Trail, interface: Index) {
        let Some(doubt) = &self.net.interfaces[interface].six_doubt else { return };
        let v4 = Packets { src: crate::space::ALL_V4, dst: crate::space::ALL_V4, ..Packets::ALL };
        let sure = trail.sure.within(&v4);
        if sure.is_empty() {
            trail.doubt(doubt);
        }
        trail.sure = sure;
    }

    fn by_internet(&self, ranges: &[Range], to: Index, services: &[Service]) -> Vec<Trail> {
        let b = &self.net.interfaces[to];
        // IPv4 comes by a public address; IPv6 addresses are public.
        let six = ranges.iter().any(|&r| !is_v4(r));
        let v6 = six && b.addresses.iter().any(|&r| !is_v4(r));
        let families = b.addresses.iter().copied().filter(|&r| !is_v4(r) || b.public != Tri::No || !v6);
        let families: Vec<Range> =
            families.filter(|r| !is_v4(*r) || b.public_at.is_empty() || b.public_at.contains(r)).collect();
        let sets = by_family(Set::between(ranges, &families, services));
        sets.into_iter().flat_map(|set| self.by_internet_in(set, to, v6)).collect()
    }

    fn by_internet_in(&self, set: Set, to: Index, v6: bool) -> Vec<Trail> {
        let net = self.net;
        let b = &net.interfaces[to];
        let item = &net.holder_of(to).item;
        let mut trail = Trail::new(set);
        trail.hop(Step::From, &internet_item(), None, false);
        self.six(&mut trail, to);
        let Some(subnet) = b.subnet else {
            if b.public == Tri::No && !v6 {
                trail.block(Step::PublicAddress, item, false, Change::PublicAddress);
            }
            self.lost(&mut trail, to);
            return self.into(vec![trail], to);
        };
        let vpc = &net.vpcs[net.subnets[subnet].vpc];
        match (&vpc.internet, &vpc.internet_doubt) {
            (Some(gateway), _) => trail.hop(Step::InternetGateway, gateway, None, false),
            (None, Some(doubt)) => trail.doubt(doubt),
            (None, None) => {
                trail.block(Step::InternetGateway, &vpc.item, false, Change::InternetGateway);
            }
        }
        if let Some(doubt) = &net.block_public {
            trail.doubt(doubt);
        }
        let only_v6 = Packets { dst: crate::space::ALL_V6, ..Packets::ALL };
        match &b.public {
            Tri::Yes => trail.hop(Step::PublicAddress, item, None, false),
            Tri::No if !v6 => trail.block(Step::PublicAddress, item, false, Change::PublicAddress),
            Tri::No => {}
            Tri::Maybe(why) => {
                let sure = trail.sure.within(&only_v6);
                trail.doubt(&Doubt { of: item.name.clone(), why: why.clone() });
                trail.sure = sure;
            }
        }
        if !self.explain && !trail.blocks.is_empty() {
            return vec![trail];
        }
        let walk = self.walk(Way::Forward, Goal::Interface(to));
        let mut from = None;
        if let Some(edge) = vpc.edge {
            // The gateway has routes of its own: through a firewall, perhaps.
            for route in &net.tables[edge].routes {
                let covers =
                    route.to.iter().flatten().any(|&r| {
                        trail.may.destinations().iter().all(|&d| crate::space::meet(r, d) == Some(d))
                    });
                if !covers {
                    continue;
                }
                if let crate::model::Next::Inspector(at) = route.next {
                    trail.hop(Step::Route, &net.tables[edge].item, Some(&route.rule), false);
                    if let Some(&home) = net.inspectors[at].subnets.first() {
                        walk.acl(&mut trail, home, false);
                        walk.look(&mut trail, at);
                        walk.acl(&mut trail, home, true);
                        from = Some(home);
                    }
                }
                break;
            }
        }
        let ways = walk.arrive(trail, from);
        self.into(ways, to)
    }

    fn by_on_premises(&self, ranges: &[Range], to: Index, services: &[Service]) -> Vec<Trail> {
        let net = self.net;
        let b = &net.interfaces[to];
        let item = on_premises_item();
        let mut all = Vec::new();
        let start = |behind: &[Range], doubt: Option<&Doubt>| {
            let sources =
                if ranges.is_empty() { behind.to_vec() } else { crate::space::common(behind, ranges) };
            let mut trail = Trail::new(Set::between(&sources, &b.addresses, services));
            trail.hop(Step::From, &item, None, false);
            self.six(&mut trail, to);
            if let Some(doubt) = doubt {
                trail.doubt(doubt);
            }
            trail
        };
        let Some(vpc) = net.vpc_of(to) else {
            let mut trail = start(&crate::space::private(), None);
            self.lost(&mut trail, to);
            return self.into(vec![trail], to);
        };
        let walk = self.walk(Way::Forward, Goal::Interface(to));
        if let Some(at) = net.vpcs[vpc].private {
            let gateway = &net.privates[at];
            let mut trail = start(&gateway.on_premises, gateway.doubt.as_ref());
            trail.hop(Step::PrivateGateway, &gateway.item, None, false);
            if !trail.may.is_empty() {
                all.extend(walk.arrive(trail, None));
            }
        }
        for (at, (item, transit)) in net.transits.iter().enumerate() {
            for attachment in transit.attachments.iter().filter(|a| a.vpc.is_none()) {
                let mut trail = start(&attachment.on_premises, attachment.doubt.as_ref());
                let Some(table) = attachment.table else { continue };
                trail.hop(Step::PrivateGateway, &attachment.item, None, false);
                if !trail.may.is_empty() {
                    all.extend(walk.through_table(at, item, table, trail, 0));
                }
            }
        }
        self.into(all, to)
    }

    /// The end of each way: security groups, ports, and the answer.
    fn into(&self, ways: Vec<Trail>, to: Index) -> Vec<Trail> {
        let net = self.net;
        let b = &net.interfaces[to];
        let mut out = Vec::with_capacity(ways.len());
        for mut trail in ways {
            if !self.explain && !trail.blocks.is_empty() {
                out.push(trail);
                continue;
            }
            self.group_in(&mut trail, to, &[]);
            self.listening(&mut trail, to);
            if let Some(home) = b.subnet {
                let goal = match (trail.reply_to, trail.hops.first().map(|h| h.item.name.as_str())) {
                    (Some(client), _) => Goal::Interface(client),
                    (None, Some("internet")) => Goal::Internet,
                    _ => Goal::OnPremises,
                };
                let back = self.walk(Way::Reply, goal);
                let known = !matches!(goal, Goal::Interface(at) if net.interfaces[at].subnet.is_none());
                if known && (self.explain || trail.blocks.is_empty()) {
                    settle(&mut trail, |t| back.leave(home, t, 0));
                }
            }
            trail.hop(Step::To, &net.holder_of(to).item, None, false);
            out.push(trail);
        }
        out
    }

    fn group_in(&self, trail: &mut Trail, to: Index, also: &[Index]) {
        let net = self.net;
        let passed = gates::groups(net, to, false, (&trail.sure, &trail.may), trail.origin, also);
        let peers = match trail.origin.and_then(|o| net.interfaces[o].groups.first()) {
            Some(&group) if net.interfaces[to].filtered => vec![net.groups[group].item.name.clone()],
            _ => Vec::new(),
        };
        let text = if passed.may.is_empty() {
            match peers.first() {
                Some(name) => format!(
                    "{} {name}",
                    wanted(&trail.may.services(), "from", &[]).trim_end_matches('?').trim_end()
                ),
                None => wanted(&trail.may.services(), "from", &trail.may.sources()),
            }
        } else {
            String::new()
        };
        self.groups_gate(trail, Step::GroupIn, to, passed, text);
    }

    fn out(&self, trail: &mut Trail, from: Index, to: Option<Index>) {
        let passed = gates::groups(self.net, from, true, (&trail.sure, &trail.may), to, &[]);
        let text = if passed.may.is_empty() {
            wanted(&trail.may.services(), "to", &trail.may.destinations())
        } else {
            String::new()
        };
        self.groups_gate(trail, Step::GroupOut, from, passed, text);
    }

    fn groups_gate(&self, trail: &mut Trail, step: Step, at: Index, passed: Passed, text: String) {
        let interface = &self.net.interfaces[at];
        if !interface.filtered {
            return;
        }
        // The group whose rule let it pass, else the first.
        let holding = |rule: &crate::model::Rule| {
            interface.groups.iter().find(|&&g| {
                let group = &self.net.groups[g];
                let rules = if step == Step::GroupOut { &group.egress } else { &group.ingress };
                rules.iter().any(|r| r.rule == *rule)
            })
        };
        let group = passed.rule.as_ref().and_then(holding).or(interface.groups.first());
        let item = match group {
            Some(&g) => &self.net.groups[g].item,
            None => &self.net.holder_of(at).item,
        };
        trail.gate(&Gate { step, item, reply: false, change: Change::Allow(text) }, passed);
    }

    fn listening(&self, trail: &mut Trail, to: Index) {
        let holder = self.net.holder_of(to);
        if holder.ports.is_empty() {
            return;
        }
        let listens = |set: &Set| {
            let mut out = Set::none();
            for port in &holder.ports {
                let packets = Packets { protocol: port.protocol, port: port.port, ..Packets::ALL };
                out.join(&set.within(&packets));
            }
            out
        };
        let may = listens(&trail.may);
        if may.is_empty() {
            let names: Vec<String> = trail.may.services().iter().take(3).map(Service::show).collect();
            trail.block(Step::To, &holder.item, false, Change::Listen(names.join(", ")));
            return;
        }
        trail.sure = listens(&trail.sure);
        trail.may = may;
    }

    /// What a forwarder delivers with the client's address: filters of the target's subnet and
    /// groups, no routes (the forwarder's own network takes the answer back).
    pub(crate) fn delivered(
        &self,
        client: &[Range],
        from: &[Index],
        to: Index,
        services: &[Service],
        item: &Item,
    ) -> Vec<Trail> {
        let net = self.net;
        let b = &net.interfaces[to];
        let mut trail = Trail::new(Set::between(client, &b.addresses, services));
        trail.hop(Step::From, item, None, false);
        self.six(&mut trail, to);
        let Some(home) = b.subnet else {
            self.lost(&mut trail, to);
            return vec![trail];
        };
        let beside = from.iter().any(|&f| net.interfaces[f].subnet == Some(home));
        let walk = self.walk(Way::Forward, Goal::Interface(to));
        if !beside {
            walk.acl(&mut trail, home, false);
        }
        let mut groups: Vec<Index> = from.iter().flat_map(|&f| net.interfaces[f].groups.clone()).collect();
        groups.sort_unstable();
        groups.dedup();
        self.group_in(&mut trail, to, &groups);
        self.listening(&mut trail, to);
        if !beside {
            self.walk(Way::Reply, Goal::Interface(to)).acl(&mut trail, home, true);
        }
        trail.hop(Step::To, &net.holder_of(to).item, None, false);
        vec![trail]
    }

    /// All ways from an interface to the internet or to on-premises networks.
    pub(crate) fn outward(
        &self,
        from: Index,
        goal: Goal,
        ranges: &[Range],
        services: &[Service],
    ) -> Vec<Trail> {
        let net = self.net;
        let a = &net.interfaces[from];
        let all: Vec<Range> = match goal {
            Goal::Internet if ranges.is_empty() => internet(),
            Goal::OnPremises if ranges.is_empty() => {
                let gateways = net.privates.iter().flat_map(|p| p.on_premises.clone());
                let attached = net
                    .transits
                    .iter()
                    .flat_map(|(_, t)| t.attachments.iter().flat_map(|a| a.on_premises.clone()));
                crate::space::tidy(gateways.chain(attached).collect())
            }
            _ => ranges.to_vec(),
        };
        let sets = by_family(Set::between(&a.addresses, &all, services));
        sets.into_iter().flat_map(|set| self.outward_in(from, goal, set)).collect()
    }

    fn outward_in(&self, from: Index, goal: Goal, set: Set) -> Vec<Trail> {
        let net = self.net;
        let a = &net.interfaces[from];
        let mut trail = Trail::new(set);
        (trail.origin, trail.reply_to) = (Some(from), Some(from));
        trail.hop(Step::From, &net.holder_of(from).item, None, false);
        self.six(&mut trail, from);
        self.out(&mut trail, from, None);
        let item = if goal == Goal::Internet { internet_item() } else { on_premises_item() };
        let Some(home) = a.subnet else {
            self.lost(&mut trail, from);
            trail.hop(Step::To, &item, None, false);
            return vec![trail];
        };
        let mut ways = self.walk(Way::Forward, goal).leave(home, trail, 0);
        for way in &mut ways {
            way.hop(Step::To, &item, None, false);
        }
        ways
    }
}

impl Legs<'_> {
    /// Services that routes and network ACLs may let pass from one subnet to another and back.
    pub(crate) fn subnets(&self, from: Index, to: Index) -> Vec<Service> {
        let net = self.net;
        let Some(goal) = net.interfaces.iter().position(|i| i.subnet == Some(to)) else { return Vec::new() };
        let Some(client) = net.interfaces.iter().position(|i| i.subnet == Some(from)) else {
            return Vec::new();
        };
        let mut trail =
            Trail::new(Set::between(&net.subnets[from].ranges, &net.subnets[to].ranges, &[Service::ALL]));
        (trail.origin, trail.reply_to) = (Some(client), Some(client));
        let ways = self.walk(Way::Forward, Goal::Interface(goal)).leave(from, trail, 0);
        let mut services = Vec::new();
        for mut way in ways.into_iter().filter(Trail::is_open) {
            let Some(client) = way.reply_to else { continue };
            let back = self.walk(Way::Reply, Goal::Interface(client));
            settle(&mut way, |t| back.leave(to, t, 0));
            if way.is_open() {
                services.extend(way.may.services());
            }
        }
        crate::space::join_services(services)
    }
}
