//! From a subnet by its routes to a goal, through gateways, and back.
//!
//! The walk is driven by the packet set: a route takes the part of the set that it matches.
//! Each subnet is entered at most once on a way, so a walk ends; it costs
//! O(subnets on the way × routes × boxes).

use super::gates::{self, Way};
use super::trail::{Change, Gate, Passed, Step, Trail, wanted};
use crate::model::{Index, Item, Network, Next, Route, Rule, Table, Tri};
use crate::space::{ALL_V6, ANY, ICMP, ICMPV6, Packets, Range, Set, is_v4};

/// Where a walk ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Goal {
    /// An interface.
    Interface(Index),
    /// The internet.
    Internet,
    /// On-premises networks.
    OnPremises,
}

/// Longest way in gateways: nobody builds longer ones, and loops end.
const MAX_TURNS: usize = 12;

pub(crate) struct Walk<'n> {
    pub(crate) net: &'n Network,
    pub(crate) way: Way,
    pub(crate) goal: Goal,
    /// Whether blocked ways are followed to their end.
    pub(crate) explain: bool,
}

/// A part of a set that a route takes.
struct Taken<'n> {
    sure: Set,
    may: Set,
    route: &'n Route,
}

impl<'n> Walk<'n> {
    fn reply(&self) -> bool {
        self.way == Way::Reply
    }

    /// Where packets of this walk go: the destination, of answers the source.
    fn side(&self, range: Range) -> Packets {
        match self.way {
            Way::Forward => Packets { dst: range, ..Packets::ALL },
            Way::Reply => Packets { src: range, ..Packets::ALL },
        }
    }

    fn towards(&self, set: &Set) -> Vec<Range> {
        if self.reply() { set.sources() } else { set.destinations() }
    }

    pub(crate) fn goal_vpc(&self) -> Option<Index> {
        match self.goal {
            Goal::Interface(at) => self.net.vpc_of(at),
            _ => None,
        }
    }

    /// The network ACL of a subnet.
    pub(crate) fn acl(&self, trail: &mut Trail, subnet: Index, egress: bool) {
        let acl = &self.net.acls[self.net.subnets[subnet].acl];
        let passed = gates::acl(acl, egress, self.way, (&trail.sure, &trail.may));
        let step = if egress { Step::AclOut } else { Step::AclIn };
        let names_source = egress == self.reply();
        let change = if passed.may.is_empty() {
            let peers = if names_source { trail.may.sources() } else { trail.may.destinations() };
            let way = if egress { "to" } else { "from" };
            if self.reply() {
                let ports: Vec<_> = trail.may.boxes.iter().map(|b| b.from_port).collect();
                let from = ports.iter().map(|p| p.0).min().unwrap_or(1024);
                let to = ports.iter().map(|p| p.1).max().unwrap_or(65_535);
                let services: Vec<_> = trail
                    .may
                    .services()
                    .iter()
                    .map(|s| {
                        // An echo request is answered by type 0, of ICMPv6 by 129.
                        let port = match s.protocol {
                            (ICMP, ICMP) => (0, 0),
                            (ICMPV6, ICMPV6) => (129 << 8, 129 << 8),
                            _ => (from, to),
                        };
                        crate::space::Service { protocol: s.protocol, port }
                    })
                    .collect();
                Change::Allow(wanted(&crate::space::join_services(services), way, &peers))
            } else {
                Change::Allow(wanted(&trail.may.services(), way, &peers))
            }
        } else {
            Change::Allow(String::new())
        };
        trail.gate(&Gate { step, item: &acl.item, reply: self.reply(), change }, passed);
    }

    /// Leaves a subnet: its ACL, then its routes.
    pub(crate) fn leave(&self, subnet: Index, mut trail: Trail, turns: usize) -> Vec<Trail> {
        if let Goal::Interface(at) = self.goal
            && self.net.interfaces[at].subnet == Some(subnet)
        {
            // Within a subnet nothing filters and no route is asked.
            return self.arrive(trail, Some(subnet));
        }
        self.acl(&mut trail, subnet, true);
        self.route(subnet, trail, turns)
    }

    fn route(&self, subnet: Index, trail: Trail, turns: usize) -> Vec<Trail> {
        if turns > MAX_TURNS || (!self.explain && !trail.blocks.is_empty()) {
            return Vec::new();
        }
        let table = &self.net.tables[self.net.subnets[subnet].table];
        let mut found = Vec::new();
        for taken in self.lookup(table, subnet, &trail) {
            let mut next = trail.clone();
            if let Some(doubt) = &taken.route.doubt {
                next.doubt(doubt);
            }
            if taken.sure.is_empty() && !next.sure.is_empty() {
                let unknown = table.routes.iter().find(|r| r.to.is_none()).and_then(|r| r.doubt.as_ref());
                unknown.iter().for_each(|d| next.doubt(d));
            }
            next.sure = next.sure.meet_all(&taken.sure);
            next.may = taken.may;
            if next.may.is_empty() {
                continue;
            }
            next.hop(Step::Route, &table.item, Some(&taken.route.rule), self.reply());
            found.extend(self.next(subnet, &taken.route.next, next, turns + 1));
        }
        // What has no way is told once, where nothing leads to the goal.
        if !found.iter().any(Trail::is_open) && found.is_empty() && self.explain {
            // A table that was asked before on this way would answer both times alike: a change
            // of it is told where it was asked first.
            let asked = |h: &super::trail::Hop| {
                h.step == Step::Route && h.item == table.item && h.reply == self.reply()
            };
            let told = |b: &super::trail::Block| {
                b.step == Step::Route && b.item == table.item && b.reply == self.reply()
            };
            if trail.hops.iter().any(asked) || trail.blocks.iter().any(told) {
                return found;
            }
            let mut blocked = trail;
            // One route is of one family.
            let v4 = self.towards(&blocked.may).iter().any(|&r| is_v4(r));
            let side = self.side(if v4 { crate::space::ALL_V4 } else { ALL_V6 });
            (blocked.sure, blocked.may) = (blocked.sure.within(&side), blocked.may.within(&side));
            let (change, next) = self.wanted_route(table, subnet, &blocked);
            blocked.block(Step::Route, &table.item, self.reply(), change);
            // What blocks behind the route that is missing is told with it.
            if let Some(next) = &next {
                found.extend(self.next(subnet, next, blocked.clone(), turns + 1));
            }
            if found.is_empty() && (next.is_none() || turns == 0) {
                found.extend(self.arrive(blocked, Some(subnet)));
            }
        }
        found
    }

    /// The part of a set that each route takes.
    fn lookup(&self, table: &'n Table, subnet: Index, trail: &Trail) -> Vec<Taken<'n>> {
        let unknown = table.routes.iter().any(|r| r.to.is_none());
        let (mut left_sure, mut left_may) = (trail.sure.clone(), trail.may.clone());
        let mut out = Vec::new();
        for route in table.routes.iter().filter(|r| r.to.is_some()) {
            let (mut sure, mut may) = (Set::none(), Set::none());
            for &range in route.to.iter().flatten() {
                let side = self.side(range);
                may.join(&left_may.within(&side));
                if !unknown || route.next == Next::Local {
                    sure.join(&left_sure.within(&side));
                }
                left_may = left_may.minus(&side);
                left_sure = left_sure.minus(&side);
            }
            if !may.is_empty() {
                out.push(Taken { sure, may, route });
            }
        }
        // A VPC whose blocks are not known still has a route within itself.
        let vpc = &self.net.vpcs[self.net.subnets[subnet].vpc];
        if self.goal_vpc() == Some(self.net.subnets[subnet].vpc) && vpc.doubt.is_some() {
            static LOCAL: std::sync::LazyLock<Route> = std::sync::LazyLock::new(|| Route {
                to: None,
                length: 0,
                propagated: false,
                next: Next::Local,
                rule: Rule::implied("VPC -> local"),
                doubt: None,
            });
            if vpc.item.id.is_some() {
                // The other routes cannot be more specific than the VPC's own, but for those of
                // a single subnet, which are known.
                out.retain(|taken| {
                    matches!(taken.route.next, Next::Local | Next::Inspector(_) | Next::Interface(_))
                });
                out.push(Taken { sure: trail.sure.clone(), may: trail.may.clone(), route: &LOCAL });
                return out;
            }
        }
        for route in table.routes.iter().filter(|r| r.to.is_none()) {
            out.push(Taken { sure: Set::none(), may: trail.may.clone(), route });
        }
        out
    }

    /// Follows a route.
    fn next(&self, subnet: Index, next: &Next, mut trail: Trail, turns: usize) -> Vec<Trail> {
        let net = self.net;
        let here = net.subnets[subnet].vpc;
        match next {
            Next::Local => {
                if self.goal_vpc() == Some(here) {
                    self.arrive(trail, Some(subnet))
                } else {
                    Vec::new()
                }
            }
            Next::Internet(_) => self.internet_gateway(subnet, trail),
            Next::EgressOnly(item) => {
                if self.goal != Goal::Internet || self.reply() {
                    return Vec::new();
                }
                let v6 = Packets { src: ALL_V6, dst: ALL_V6, ..Packets::ALL };
                (trail.sure, trail.may) = (trail.sure.within(&v6), trail.may.within(&v6));
                if trail.may.is_empty() {
                    return Vec::new();
                }
                trail.hop(Step::EgressOnlyGateway, item, None, false);
                self.answered(&mut trail, subnet);
                vec![trail]
            }
            Next::Nat(nat) => self.nat(subnet, *nat, trail, turns),
            Next::Peering(at) => {
                let peering = &net.peerings[*at];
                let [one, other] = peering.sides;
                let there = if one == Some(here) { other } else { one };
                if there.is_none() || there != self.goal_vpc() || there == Some(here) {
                    return Vec::new();
                }
                trail.hop(Step::Peering, &peering.item, None, self.reply());
                self.arrive(trail, None)
            }
            Next::Transit(at) => self.transit(subnet, *at, trail, turns),
            Next::Private(at) => {
                let gateway = &net.privates[*at];
                if self.goal != Goal::OnPremises || net.vpcs[here].private != Some(*at) {
                    return Vec::new();
                }
                if let Some(doubt) = &gateway.doubt {
                    trail.doubt(doubt);
                }
                trail.hop(Step::PrivateGateway, &gateway.item, None, self.reply());
                if !self.reply() {
                    self.answered(&mut trail, subnet);
                }
                vec![trail]
            }
            Next::Interface(at) => self.appliance(subnet, *at, trail, turns),
            Next::Inspector(at) => self.inspect(subnet, *at, trail, turns),
            Next::Unknown => match self.goal {
                Goal::Interface(_) => self.arrive(trail, None),
                _ => vec![trail],
            },
            // Only a question about the service itself has packets for its addresses.
            Next::GatewayEndpoint(item) => {
                if self.goal != Goal::Internet || self.reply() {
                    return Vec::new();
                }
                match net.endpoints.iter().find(|e| e.item == *item) {
                    Some(endpoint) => trail.endpoint(endpoint),
                    None => trail.hop(Step::Endpoint, item, None, false),
                }
                self.answered(&mut trail, subnet);
                vec![trail]
            }
            Next::Blackhole => Vec::new(),
        }
    }

    /// Arrives at the goal from a subnet of its VPC, or from outside.
    pub(crate) fn arrive(&self, mut trail: Trail, from: Option<Index>) -> Vec<Trail> {
        let Goal::Interface(at) = self.goal else { return vec![trail] };
        let subnet = self.net.interfaces[at].subnet;
        if let Some(subnet) = subnet
            && from != Some(subnet)
        {
            self.acl(&mut trail, subnet, false);
        }
        vec![trail]
    }

    /// Answers from outside come back into the subnet that sent the question.
    fn answered(&self, trail: &mut Trail, subnet: Index) {
        let back = Walk { way: Way::Reply, ..*self };
        back.acl(trail, subnet, false);
    }

    fn internet_gateway(&self, subnet: Index, mut trail: Trail) -> Vec<Trail> {
        if self.goal != Goal::Internet {
            return Vec::new();
        }
        let net = self.net;
        let vpc = &net.vpcs[net.subnets[subnet].vpc];
        match (&vpc.internet, &vpc.internet_doubt) {
            (Some(item), _) => {
                trail.hop(Step::InternetGateway, item, None, self.reply());
            }
            (None, Some(doubt)) => trail.doubt(doubt),
            (None, None) => {
                trail.block(Step::InternetGateway, &vpc.item, self.reply(), Change::InternetGateway);
            }
        }
        if let Some(doubt) = &net.block_public {
            trail.doubt(doubt);
        }
        if self.reply() {
            return vec![trail];
        }
        // IPv4 needs a public address, IPv6 addresses are public. The gateway knows the addresses
        // of its own VPC only: nothing passes that came from another one.
        // <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>
        let here = net.subnets[subnet].vpc;
        if trail.reply_to.is_some_and(|at| net.vpc_of(at) != Some(here)) {
            return Vec::new();
        }
        let public = trail.reply_to.map(|at| &net.interfaces[at].public);
        // Of several addresses only some may have a public one.
        if let Some(own) = trail.reply_to.map(|at| &net.interfaces[at])
            && !own.public_at.is_empty()
        {
            let with = |set: &Set| {
                let mut out = set.within(&Packets { src: ALL_V6, dst: ANY, ..Packets::ALL });
                for &src in &own.public_at {
                    out.join(&set.within(&Packets { src, ..Packets::ALL }));
                }
                out
            };
            (trail.sure, trail.may) = (with(&trail.sure), with(&trail.may));
            if trail.may.is_empty() {
                return Vec::new();
            }
        }
        // A private NAT gateway stays private.
        let nat = trail.reply_to.is_some_and(|at| net.holder_of(at).role == crate::model::Role::Nat);
        if nat && public == Some(&Tri::No) {
            return Vec::new();
        }
        let v6 = Packets { src: ALL_V6, dst: ANY, ..Packets::ALL };
        match public {
            Some(Tri::No) => {
                let only = trail.may.within(&v6);
                if only.is_empty() {
                    let item = trail.reply_to.map(|at| net.holder_of(at).item.clone());
                    item.iter().for_each(|i| {
                        trail.block(Step::PublicAddress, i, false, Change::PublicAddress);
                    });
                } else {
                    (trail.sure, trail.may) = (trail.sure.within(&v6), only);
                }
            }
            Some(Tri::Maybe(why)) => {
                trail.sure = trail.sure.within(&v6);
                if trail.sure.is_empty() {
                    let of = trail.reply_to.map_or(String::new(), |at| net.holder_of(at).item.name.clone());
                    trail.doubt(&crate::model::Doubt { of, why: why.clone() });
                }
            }
            _ => {}
        }
        self.answered(&mut trail, subnet);
        vec![trail]
    }

    /// A NAT gateway takes the connection over. What the client's side needs (the gateway's
    /// subnet in, answers out and into the client's subnet) is settled here, because behind it
    /// the client's address is gone.
    fn nat(&self, subnet: Index, at: Index, mut trail: Trail, turns: usize) -> Vec<Trail> {
        let net = self.net;
        let nat = &net.nats[at];
        let Some(home) = net.interfaces[nat.interface].subnet else {
            net.holder_of(nat.interface).doubts.iter().for_each(|d| trail.doubt(d));
            return vec![trail];
        };
        if self.reply() {
            return Vec::new();
        }
        let v4 = Packets { src: crate::space::ALL_V4, dst: crate::space::ALL_V4, ..Packets::ALL };
        (trail.sure, trail.may) = (trail.sure.within(&v4), trail.may.within(&v4));
        if trail.may.is_empty() {
            return Vec::new();
        }
        if home != subnet {
            self.acl(&mut trail, home, false);
        }
        self.settled(&mut trail, home);
        trail.hop(Step::Nat, &nat.item, None, false);
        self.translated(&mut trail, nat.interface);
        self.leave(home, trail, turns)
    }

    /// Settles the client's side of a connection that is taken over in a subnet: answers go out
    /// of it and into the client's.
    fn settled(&self, trail: &mut Trail, home: Index) {
        let net = self.net;
        let Some(client) = trail.reply_to else { return };
        let back = Walk { net, way: Way::Reply, goal: Goal::Interface(client), explain: self.explain };
        settle(trail, |t| {
            if net.interfaces[client].subnet == Some(home) { vec![t] } else { back.leave(home, t, 0) }
        });
        if let Goal::Internet | Goal::OnPremises = self.goal {
            trail.partial |= lost_sources(net, client, &trail.sure);
        }
    }

    /// From here on an interface is the source.
    fn translated(&self, trail: &mut Trail, interface: Index) {
        let addresses = &self.net.interfaces[interface].addresses;
        trail.sure = trail.sure.translated(addresses);
        trail.may = trail.may.translated(addresses);
        (trail.origin, trail.reply_to) = (None, Some(interface));
    }

    fn appliance(&self, subnet: Index, at: Index, mut trail: Trail, turns: usize) -> Vec<Trail> {
        let net = self.net;
        let interface = &net.interfaces[at];
        if Goal::Interface(at) == self.goal {
            return self.arrive(trail, Some(subnet));
        }
        let item = net.holder_of(at).item.clone();
        let Some(home) = interface.subnet else { return Vec::new() };
        if trail.hops.iter().any(|h| h.step == Step::Inspection && h.item == item && h.reply == self.reply())
        {
            return Vec::new();
        }
        if !interface.forwards {
            if !self.explain {
                return Vec::new();
            }
            trail.block(Step::Inspection, &item, self.reply(), Change::Forwarding);
        }
        if home != subnet {
            self.acl(&mut trail, home, false);
        }
        trail.hop(Step::Inspection, &item, None, self.reply());
        let why = sekisho_estate::Reason::new(
            sekisho_estate::ReasonCode::AnalysisNotBuilt,
            "what the instance forwards",
        );
        trail.doubt(&crate::model::Doubt { of: item.name, why });
        (trail.origin, trail.inspected) = (None, true);
        // What forwards to the outside may put its own address in place of the client's.
        // <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_NAT_Instance.html>
        if self.goal == Goal::Internet && !self.reply() && trail.reply_to.is_some() {
            self.settled(&mut trail, home);
            self.translated(&mut trail, at);
        }
        self.leave(home, trail, turns)
    }

    fn inspect(&self, subnet: Index, at: Index, mut trail: Trail, turns: usize) -> Vec<Trail> {
        let inspector = &self.net.inspectors[at];
        let Some(&home) = inspector.subnets.first() else { return Vec::new() };
        let seen = |h: &super::trail::Hop| {
            h.step == Step::Inspection && h.item == inspector.item && h.reply == self.reply()
        };
        if trail.hops.iter().any(seen) {
            return Vec::new();
        }
        if home != subnet {
            self.acl(&mut trail, home, false);
        }
        self.look(&mut trail, at);
        self.leave(home, trail, turns)
    }

    /// What a firewall decides of a connection; answers belong to it.
    pub(crate) fn look(&self, trail: &mut Trail, at: Index) {
        let inspector = &self.net.inspectors[at];
        match &inspector.rules {
            Some(rules) if !self.reply() => {
                let passed = gates::firewall(rules, (&trail.sure, &trail.may));
                let change = Change::Allow(wanted(&trail.may.services(), "from", &trail.may.sources()));
                let gate = Gate { step: Step::Inspection, item: &inspector.item, reply: false, change };
                trail.gate(&gate, passed);
            }
            _ => trail.hop(Step::Inspection, &inspector.item, None, self.reply()),
        }
        if let Some(doubt) = &inspector.doubt {
            trail.doubt(doubt);
        }
        (trail.origin, trail.inspected) = (None, true);
    }

    fn transit(&self, subnet: Index, at: Index, mut trail: Trail, turns: usize) -> Vec<Trail> {
        let (item, transit) = &self.net.transits[at];
        let here = self.net.subnets[subnet].vpc;
        let Some(attachment) = transit.attachments.iter().find(|a| a.vpc == Some(here)) else {
            return Vec::new();
        };
        // Into the attachment's subnet: its ACL looks at what comes from others.
        // <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>
        if let Some(&home) = self.homes(attachment, subnet).first() {
            self.acl(&mut trail, home, false);
        }
        if let Some(doubt) = &attachment.doubt {
            trail.doubt(doubt);
        }
        let Some(table) = attachment.table else {
            if attachment.doubt.is_none() {
                trail.block(Step::Transit, &attachment.item, self.reply(), Change::Associate);
            }
            return if self.explain { self.arrive(trail, None) } else { Vec::new() };
        };
        self.through_table(at, item, table, trail, turns)
    }

    /// The subnets of an attachment that serve a subnet: those of its zone, else all.
    fn homes(&self, attachment: &crate::model::Attachment, subnet: Index) -> Vec<Index> {
        let zone = &self.net.subnets[subnet].zone;
        let near: Vec<Index> = attachment
            .subnets
            .iter()
            .copied()
            .filter(|&s| s == subnet || (zone.is_some() && self.net.subnets[s].zone == *zone))
            .collect();
        if near.is_empty() { attachment.subnets.clone() } else { near }
    }

    /// Looks a transit gateway's table up and follows where it leads.
    pub(crate) fn through_table(
        &self,
        at: Index,
        item: &Item,
        table: Index,
        trail: Trail,
        turns: usize,
    ) -> Vec<Trail> {
        let transit = &self.net.transits[at].1;
        let table = &transit.tables[table];
        let (mut left_sure, mut left_may) = (trail.sure.clone(), trail.may.clone());
        let mut found = Vec::new();
        for route in &table.routes {
            let (mut sure, mut may) = (Set::none(), Set::none());
            for &range in &route.to {
                let side = self.side(range);
                may.join(&left_may.within(&side));
                sure.join(&left_sure.within(&side));
                left_may = left_may.minus(&side);
                left_sure = left_sure.minus(&side);
            }
            if may.is_empty() {
                continue;
            }
            let mut next = trail.clone();
            (next.sure, next.may) = (sure, may);
            if let Some(doubt) = &table.doubt {
                next.doubt(doubt);
            }
            let Some(attachment) = route.attachment else { continue };
            next.hop(Step::Transit, item, Some(&route.rule), self.reply());
            found.extend(self.out_of_transit(at, attachment, next, turns));
        }
        if let Some(doubt) = &table.doubt
            && !left_may.is_empty()
        {
            // Some route that is not known may take it.
            let mut next = trail.clone();
            next.may = left_may;
            next.doubt(doubt);
            next.hop(Step::Transit, item, None, self.reply());
            found.extend(match self.goal {
                Goal::Interface(_) => self.arrive(next, None),
                _ => vec![next],
            });
        } else if found.is_empty() && self.explain {
            let mut blocked = trail;
            let text = wanted(&[], "", &self.towards(&blocked.may));
            let change = Change::AddRoute(text.trim().to_owned());
            blocked.block(Step::Transit, &table.item, self.reply(), change);
            found.extend(self.arrive(blocked, None));
        }
        found
    }

    fn out_of_transit(&self, at: Index, attachment: Index, mut trail: Trail, turns: usize) -> Vec<Trail> {
        let attachment = &self.net.transits[at].1.attachments[attachment];
        if let Some(peer) = attachment.peer {
            return self.over_peering(peer, attachment, trail, turns);
        }
        let Some(vpc) = attachment.vpc else {
            if self.goal != Goal::OnPremises {
                return Vec::new();
            }
            if let Some(doubt) = &attachment.doubt {
                trail.doubt(doubt);
            }
            return vec![trail];
        };
        let Some(&first) = attachment.subnets.first() else {
            return if self.goal_vpc() == Some(vpc) { self.arrive(trail, None) } else { Vec::new() };
        };
        if self.goal_vpc() != Some(vpc) {
            // Out of this VPC again: by the routes of the attachment's subnet.
            let again =
                trail.hops.iter().filter(|h| h.step == Step::Transit && h.reply == self.reply()).count();
            return if again > 3 { Vec::new() } else { self.leave(first, trail, turns) };
        }
        let goal = match self.goal {
            Goal::Interface(goal) => self.net.interfaces[goal].subnet,
            _ => None,
        };
        let home = goal.and_then(|g| self.homes(attachment, g).first().copied()).unwrap_or(first);
        if goal == Some(home) {
            // Between the attachment and its own subnet nothing is looked at.
            return self.arrive(trail, Some(home));
        }
        // The routes of the attachment's subnet can send it through an inspection first.
        self.leave(home, trail, turns)
    }

    /// Over a peering to another transit gateway: the table that the peering is associated with
    /// there decides.
    fn over_peering(
        &self,
        peer: Option<Index>,
        attachment: &crate::model::Attachment,
        mut trail: Trail,
        turns: usize,
    ) -> Vec<Trail> {
        let Some(other) = peer else {
            attachment.doubt.iter().for_each(|doubt| trail.doubt(doubt));
            return match self.goal {
                Goal::Interface(_) => self.arrive(trail, None),
                _ => vec![trail],
            };
        };
        let passed = trail.hops.iter().filter(|h| h.step == Step::Transit && h.reply == self.reply()).count();
        if passed > MAX_TURNS {
            return Vec::new();
        }
        let (item, transit) = &self.net.transits[other];
        let Some(there) = transit.attachments.iter().find(|a| a.item == attachment.item) else {
            return Vec::new();
        };
        let Some(table) = there.table else {
            trail.block(Step::Transit, &there.item, self.reply(), Change::Associate);
            return if self.explain { self.arrive(trail, None) } else { Vec::new() };
        };
        self.through_table(other, item, table, trail, turns + 1)
    }

    /// A route that would lead to the goal, in words, and where it leads.
    fn wanted_route(&self, table: &Table, subnet: Index, trail: &Trail) -> (Change, Option<Next>) {
        let here = self.net.subnets[subnet].vpc;
        let towards = self.towards(&trail.may);
        let v4 = towards.iter().any(|&r| is_v4(r));
        let mut to: Vec<Range> = match self.goal {
            Goal::Internet => vec![if v4 { crate::space::ALL_V4 } else { ALL_V6 }],
            _ => {
                let all = self.goal_vpc().map(|v| self.net.vpcs[v].ranges.clone()).unwrap_or_default();
                let family: Vec<Range> = all.into_iter().filter(|&r| is_v4(r) == v4).collect();
                if family.is_empty() { towards.clone() } else { family }
            }
        };
        // A narrower route that leads elsewhere would win: as narrow as what is asked, then.
        let wins = |r: &Route| {
            let own = r.to.iter().flatten();
            own.clone().any(|&o| towards.iter().any(|&t| crate::space::meet(o, t).is_some()))
                && own.clone().any(|&o| to.iter().any(|&w| crate::space::meet(o, w) == Some(o) && o != w))
        };
        if table.routes.iter().any(wins) {
            to.clone_from(&towards);
        }
        let by: Option<(String, Next)> = match self.goal {
            Goal::Internet => self.way_out(subnet, trail, v4),
            Goal::OnPremises => self.net.vpcs[here]
                .private
                .map(|p| (self.net.privates[p].item.name.clone(), Next::Private(p))),
            Goal::Interface(_) => {
                let there = self.goal_vpc();
                let mut peerings = self.net.peerings.iter().enumerate();
                let peering = peerings
                    .find(|(_, p)| {
                        p.sides.contains(&Some(here)) && there.is_some() && p.sides.contains(&there)
                    })
                    .map(|(at, p)| (p.item.name.clone(), Next::Peering(at)));
                let mut transits = self.net.transits.iter().enumerate();
                let transit = transits.find(|(_, (_, t))| {
                    let has = |vpc| t.attachments.iter().any(|a| a.vpc == vpc);
                    has(Some(here)) && there.is_some() && has(there)
                });
                peering.or_else(|| transit.map(|(at, (i, _))| (i.name.clone(), Next::Transit(at))))
            }
        };
        let (name, next) = by.map_or(("?".to_owned(), None), |(name, next)| (name, Some(next)));
        let words: Vec<String> = to.iter().take(3).map(|&r| crate::space::show(r)).collect();
        let text = format!("{} -> {name}", words.join(", "));
        // A route with the same destination is there already.
        let same = |r: &Route| !r.propagated && r.to.as_deref().is_some_and(|own| own == to);
        let change =
            if table.routes.iter().any(same) { Change::ReplaceRoute(text) } else { Change::AddRoute(text) };
        (change, next)
    }

    /// What leads from a VPC to the internet: the gateway, for what has no public address a NAT
    /// gateway that has a way itself.
    fn way_out(&self, subnet: Index, trail: &Trail, v4: bool) -> Option<(String, Next)> {
        let net = self.net;
        let (vpc, table) = (net.subnets[subnet].vpc, net.subnets[subnet].table);
        let gateway = net.vpcs[vpc].internet.as_ref().map(|i| (i.name.clone(), Next::Internet(i.clone())));
        let gateway = gateway.or_else(|| Some(("?".to_owned(), Next::Internet(net.vpcs[vpc].item.clone()))));
        let private = trail.reply_to.is_some_and(|at| net.interfaces[at].public == Tri::No);
        if self.reply() || !v4 || !private {
            return gateway;
        }
        let leads = |nat: &crate::model::Nat| {
            let home = net.interfaces[nat.interface].subnet;
            nat.public == Tri::Yes
                && home.is_some_and(|s| {
                    let routes = &net.tables[net.subnets[s].table].routes;
                    net.subnets[s].vpc == vpc
                        && net.subnets[s].table != table
                        && routes.iter().any(|r| {
                            matches!(r.next, Next::Internet(_))
                                && r.to.iter().flatten().any(|&to| to == crate::space::ALL_V4)
                        })
                })
        };
        let nat = net.nats.iter().position(leads);
        nat.map(|at| (net.nats[at].item.name.clone(), Next::Nat(at))).or(gateway)
    }
}

/// Runs a part of a way back and keeps of the trail what gets through on any of its ways.
pub(crate) fn settle(trail: &mut Trail, walk: impl FnOnce(Trail) -> Vec<Trail>) {
    // What is not answered needs no way back.
    let (free_sure, asked_sure) = gates::unanswered(&trail.sure);
    let (free_may, asked_may) = gates::unanswered(&trail.may);
    if asked_may.is_empty() {
        return;
    }
    let mut start = trail.clone();
    start.hops = Vec::new();
    (start.sure, start.may) = (asked_sure, asked_may);
    let ways = walk(start);
    let open: Vec<&Trail> =
        ways.iter().filter(|w| w.blocks.len() <= trail.blocks.len() && !w.may.is_empty()).collect();
    if open.is_empty() && !free_may.is_empty() {
        (trail.sure, trail.may) = (free_sure, free_may);
        return;
    }
    if open.is_empty() {
        match ways.iter().min_by_key(|w| w.blocks.len()) {
            Some(best) => {
                trail.blocks.clone_from(&best.blocks);
                trail.hops.extend(best.hops.iter().cloned());
            }
            // Nobody asked what blocks it.
            None => (trail.sure, trail.may) = (Set::none(), Set::none()),
        }
        return;
    }
    let mut passed = Passed { sure: free_sure, may: free_may, ..Passed::default() };
    for way in &open {
        passed.sure.join(&way.sure);
        passed.may.join(&way.may);
    }
    if passed.sure.is_empty() {
        for doubt in open.iter().flat_map(|w| &w.doubts) {
            if !trail.doubts.contains(doubt) {
                trail.doubts.push(doubt.clone());
            }
        }
    }
    (trail.sure, trail.may) = (passed.sure, passed.may);
    trail.inspected |= open.iter().all(|w| w.inspected);
    trail.hops.extend(open[0].hops.iter().cloned());
}

/// Whether some of an interface's possible addresses are no source of a set.
pub(crate) fn lost_sources(net: &Network, interface: Index, set: &Set) -> bool {
    let sources = set.sources();
    let own: Vec<Range> = net.interfaces[interface].addresses.iter().copied().filter(|&r| is_v4(r)).collect();
    !crate::space::without(&own, &sources).is_empty()
}

impl Set {
    /// What both sets hold; all of the first where the second is all.
    pub(crate) fn meet_all(&self, other: &Self) -> Self {
        if self == other { self.clone() } else { self.meet(other) }
    }
}
