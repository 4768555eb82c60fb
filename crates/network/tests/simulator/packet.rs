//! Moves one packet at a time through a described network, and its answer back. Written from
//! the VPC user guide; shares nothing with the engine.

use std::net::IpAddr;

use crate::spec::{Match, Peer, Spec, Target};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet {
    pub src: IpAddr,
    pub dst: IpAddr,
    pub protocol: u8,
    /// Destination port, of ICMP the type.
    pub port: u16,
    /// Source port.
    pub from_port: u16,
}

/// Where a packet is handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Host(usize),
    Nat(usize),
    Internet,
    OnPremises(usize),
}

/// What a NAT gateway remembers: the packet before and after.
#[derive(Clone, Copy, Debug)]
struct Translated {
    nat: usize,
    before: Packet,
    after: Packet,
}

fn matches(service: Match, packet: &Packet) -> bool {
    let (protocol, from, to) = service;
    match protocol {
        None => true,
        Some(p) if p != packet.protocol => false,
        Some(1) => from == -1 || from == i32::from(packet.port),
        Some(6 | 17) => from <= i32::from(packet.port) && i32::from(packet.port) <= to,
        Some(_) => true,
    }
}

pub struct Simulator<'s> {
    pub spec: &'s Spec,
    /// The port that NAT gateways choose.
    pub nat_port: u16,
}

impl Simulator<'_> {
    /// Entries by number, the first that matches decides; nothing matching is refused. A subnet
    /// without an ACL of its own has the default one, which allows everything.
    fn acl(&self, subnet: usize, egress: bool, packet: &Packet) -> bool {
        let Some(acl) = self.spec.subnets[subnet].acl else { return true };
        let mut entries: Vec<_> = self.spec.acls[acl].entries.iter().filter(|e| e.egress == egress).collect();
        entries.sort_by_key(|e| e.number);
        let other = if egress { packet.dst } else { packet.src };
        entries
            .into_iter()
            .find(|e| e.block.contains(&other) && matches(e.service, packet))
            .is_some_and(|e| e.allow)
    }

    fn groups(&self, host: usize, egress: bool, packet: &Packet) -> bool {
        let other = if egress { packet.dst } else { packet.src };
        let vpc = self.vpc_of(host);
        self.spec.hosts[host].groups.iter().any(|&g| {
            let group = &self.spec.groups[g];
            let rules = match egress {
                false => &group.ingress,
                true => match &group.egress {
                    Some(rules) => rules,
                    None => return true,
                },
            };
            rules.iter().any(|(service, peer)| {
                let admitted = match peer {
                    Peer::Block(block) => block.contains(&other),
                    Peer::Group(wanted) => {
                        self.owner(vpc, other).is_some_and(|h| self.spec.hosts[h].groups.contains(wanted))
                    }
                };
                admitted && matches(*service, packet)
            })
        })
    }

    fn vpc_of(&self, host: usize) -> usize {
        self.spec.subnets[self.spec.hosts[host].subnet].vpc
    }

    fn owner(&self, vpc: usize, ip: IpAddr) -> Option<usize> {
        (0..self.spec.hosts.len()).find(|&h| {
            let host = &self.spec.hosts[h];
            self.vpc_of(h) == vpc && (host.ip == ip || host.ip6 == Some(ip))
        })
    }

    fn in_vpc(&self, vpc: usize, ip: IpAddr) -> bool {
        self.spec.vpcs[vpc].block.contains(&ip) || self.spec.vpcs[vpc].block6.is_some_and(|b| b.contains(&ip))
    }

    /// Hands a packet to whoever has its destination in a VPC, through the subnet's ACL unless
    /// it comes from that subnet.
    fn hand(&self, vpc: usize, from: Option<usize>, packet: Packet) -> Option<(Place, Packet)> {
        let (place, subnet) = if let Some(host) = self.owner(vpc, packet.dst) {
            (Place::Host(host), self.spec.hosts[host].subnet)
        } else {
            let nat = (0..self.spec.nats.len()).find(|&n| {
                self.spec.nats[n].ip == packet.dst && self.spec.subnets[self.spec.nats[n].subnet].vpc == vpc
            })?;
            (Place::Nat(nat), self.spec.nats[nat].subnet)
        };
        (from == Some(subnet) || self.acl(subnet, false, &packet)).then_some((place, packet))
    }

    /// The most specific route; static ones before learned ones.
    fn route(&self, subnet: usize, dst: IpAddr) -> Option<Option<Target>> {
        let vpc = self.spec.subnets[subnet].vpc;
        let mut best: Option<(u8, bool, Option<Target>)> = None;
        let mut offer = |length: u8, fixed: bool, target: Option<Target>| {
            if best.is_none_or(|(l, f, _)| (length, fixed) > (l, f)) {
                best = Some((length, fixed, target));
            }
        };
        for block in [Some(self.spec.vpcs[vpc].block), self.spec.vpcs[vpc].block6].into_iter().flatten() {
            if block.contains(&dst) {
                offer(block.prefix_len(), true, None);
            }
        }
        if let Some(table) = self.spec.subnets[subnet].table {
            let table = &self.spec.tables[table];
            for (block, target) in &table.routes {
                if block.contains(&dst) {
                    offer(block.prefix_len(), true, Some(*target));
                }
            }
            if table.propagates {
                for block in &self.spec.on_premises {
                    if block.contains(&dst) {
                        offer(block.prefix_len(), false, Some(Target::Private));
                    }
                }
            }
        }
        best.map(|(.., target)| target)
    }

    /// Sends a packet out of a subnet. `sender` says whose it is, for the gateways.
    fn send(
        &self,
        subnet: usize,
        sender: Place,
        packet: Packet,
        answer: bool,
        log: &mut Vec<Translated>,
        turns: u32,
    ) -> Option<(Place, Packet)> {
        let spec = self.spec;
        let vpc = spec.subnets[subnet].vpc;
        let own = [Some(spec.subnets[subnet].block), spec.subnets[subnet].block6];
        if own.into_iter().flatten().any(|b| b.contains(&packet.dst)) {
            return self.hand(vpc, Some(subnet), packet);
        }
        if turns > 12 || !self.acl(subnet, true, &packet) {
            return None;
        }
        match self.route(subnet, packet.dst)? {
            None => self.hand(vpc, Some(subnet), packet),
            Some(Target::Internet) => {
                if !spec.vpcs[vpc].internet || self.is_inside(packet.dst) {
                    return None;
                }
                // The gateway translates for addresses of its VPC that have a public one.
                let passes = match sender {
                    _ if packet.src.is_ipv6() => true,
                    Place::Host(h) => self.vpc_of(h) == vpc && spec.hosts[h].public,
                    Place::Nat(n) => spec.subnets[spec.nats[n].subnet].vpc == vpc && spec.nats[n].public,
                    _ => false,
                };
                passes.then_some((Place::Internet, packet))
            }
            Some(Target::EgressOnly) => {
                // For connections that begin inside.
                (!answer && packet.dst.is_ipv6() && !self.is_inside(packet.dst))
                    .then_some((Place::Internet, packet))
            }
            Some(Target::Nat(n)) => {
                let nat = &spec.nats[n];
                if packet.dst.is_ipv6() || sender == Place::Nat(n) {
                    return None;
                }
                if nat.subnet != subnet && !self.acl(nat.subnet, false, &packet) {
                    return None;
                }
                let after = Packet { src: nat.ip, from_port: self.nat_port, ..packet };
                log.push(Translated { nat: n, before: packet, after });
                self.send(nat.subnet, Place::Nat(n), after, answer, log, turns + 1)
            }
            Some(Target::Peering(p)) => {
                let (a, b) = spec.peerings[p];
                let other = if a == vpc { b } else { a };
                // Only what is in the other VPC itself.
                if self.in_vpc(other, packet.dst) { self.hand(other, None, packet) } else { None }
            }
            Some(Target::Transit) => {
                let transit = spec.transit.as_ref()?;
                let (home, table) = transit.attachments[vpc]?;
                if !self.acl(home, false, &packet) {
                    return None;
                }
                let (routes, propagated) = &transit.tables[table?];
                let mut best: Option<(u8, bool, Option<usize>)> = None;
                for (block, to) in routes.iter().filter(|(b, _)| b.contains(&packet.dst)) {
                    if best.is_none_or(|(l, f, _)| (block.prefix_len(), true) > (l, f)) {
                        best = Some((block.prefix_len(), true, *to));
                    }
                }
                for &v in propagated {
                    let blocks = [Some(spec.vpcs[v].block), spec.vpcs[v].block6];
                    for block in blocks.into_iter().flatten().filter(|b| b.contains(&packet.dst)) {
                        if best.is_none_or(|(l, f, _)| (block.prefix_len(), false) > (l, f)) {
                            best = Some((block.prefix_len(), false, Some(v)));
                        }
                    }
                }
                let there = best?.2?;
                let (home, _) = transit.attachments[there]?;
                self.send(home, sender, packet, answer, log, turns + 1)
            }
            Some(Target::Private) => {
                let known = spec.on_premises.iter().any(|b| b.contains(&packet.dst));
                (spec.vpcs[vpc].private && known).then_some((Place::OnPremises(vpc), packet))
            }
        }
    }

    fn is_inside(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => ip.is_private(),
            IpAddr::V6(_) => (0..self.spec.vpcs.len()).any(|v| self.in_vpc(v, ip)),
        }
    }

    /// From outside to a host.
    fn enter(&self, from: Place, host: usize, packet: Packet) -> bool {
        let at = &self.spec.hosts[host];
        let vpc = &self.spec.vpcs[self.vpc_of(host)];
        let comes = match from {
            Place::Internet => vpc.internet && (packet.dst.is_ipv6() || at.public),
            Place::OnPremises(v) => vpc.private && v == self.vpc_of(host),
            _ => false,
        };
        comes && self.acl(at.subnet, false, &packet)
    }

    /// Whether a connection works: the first packet arrives and the answer comes back.
    pub fn connects(&self, from: Place, to: Place, packet: Packet) -> bool {
        let mut log = Vec::new();
        let arrived = match (from, to) {
            (Place::Host(client), _) => {
                if !self.groups(client, true, &packet) {
                    return false;
                }
                let home = self.spec.hosts[client].subnet;
                let sent = self.send(home, from, packet, false, &mut log, 0);
                let Some((place, arrived)) = sent else { return false };
                let same = match (place, to) {
                    (Place::OnPremises(_), Place::OnPremises(_)) => true,
                    (a, b) => a == b,
                };
                if !same {
                    return false;
                }
                arrived
            }
            (_, Place::Host(server)) => {
                if !self.enter(from, server, packet) {
                    return false;
                }
                packet
            }
            _ => return false,
        };
        if let Place::Host(server) = to
            && !self.groups(server, false, &arrived)
        {
            return false;
        }
        // ICMP other than a request is not answered.
        if packet.protocol == 1 && packet.port != 8 {
            return true;
        }
        self.answers(from, to, arrived, &log)
    }

    fn answers(&self, from: Place, to: Place, arrived: Packet, log: &[Translated]) -> bool {
        let back = |p: &Packet| Packet {
            src: p.dst,
            dst: p.src,
            protocol: p.protocol,
            port: if p.protocol == 1 { 0 } else { p.from_port },
            from_port: p.port,
        };
        let mut answer = back(&arrived);
        let mut unused = Vec::new();
        // To the last translator, or to the client.
        let mut at = match to {
            Place::Host(server) => {
                let home = self.spec.hosts[server].subnet;
                let Some((place, got)) = self.send(home, to, answer, true, &mut unused, 0) else {
                    return false;
                };
                // Behind a translation the client would not know whose answer it is.
                if got != answer {
                    return false;
                }
                place
            }
            outside => match log.last() {
                Some(last) => {
                    let nat = &self.spec.nats[last.nat];
                    if !self.acl(nat.subnet, false, &answer) {
                        return false;
                    }
                    Place::Nat(last.nat)
                }
                None => {
                    let Place::Host(client) = from else { return false };
                    let _ = outside;
                    return self.acl(self.spec.hosts[client].subnet, false, &answer);
                }
            },
        };
        for step in log.iter().rev() {
            if at != Place::Nat(step.nat) || back(&step.after) != answer {
                return false;
            }
            answer = back(&step.before);
            let home = self.spec.nats[step.nat].subnet;
            let Some((place, got)) = self.send(home, at, answer, true, &mut unused, 0) else { return false };
            if got != answer {
                return false;
            }
            at = place;
        }
        match (at, from) {
            (Place::OnPremises(_), Place::OnPremises(_)) => true,
            (a, b) => a == b,
        }
    }
}
