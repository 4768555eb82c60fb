//! Paths: connections one behind the other, and the verdict over all of them.

use std::collections::BTreeSet;

use super::leg::{Legs, Source};
use super::trail::{Block, Change, Hop, Step, Trail};
use super::walk::Goal;
use crate::model::{Doubt, Forward, Index, Item, Network, Opens, Passing, Placement, Role, Tri};
use crate::space::{Packets, Range, Service, Set, internet, is_v4, join_services};

/// An end of a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// The internet, or some of its addresses.
    Internet(Vec<Range>),
    /// On-premises networks, or some of their addresses.
    OnPremises(Vec<Range>),
    /// A resource with addresses.
    Holder(Index),
    /// A service of AWS by its public name, a place in [`crate::SERVICES`].
    Service(Index),
}

impl End {
    /// The whole internet.
    #[must_use]
    pub fn internet() -> Self {
        Self::Internet(internet())
    }

    /// All on-premises networks that are known.
    #[must_use]
    pub fn on_premises() -> Self {
        Self::OnPremises(Vec::new())
    }
}

/// What is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Verdict {
    /// A path exists, whatever address the ends have.
    Reachable,
    /// A path exists for some of the addresses or places that the ends may have.
    Partly,
    /// It cannot be told.
    Unknown,
    /// No path exists.
    Blocked,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: &[Self] = &[Self::Reachable, Self::Partly, Self::Unknown, Self::Blocked];

    /// Name in machine-readable output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reachable => "reachable",
            Self::Partly => "partly",
            Self::Unknown => "unknown",
            Self::Blocked => "blocked",
        }
    }
}

/// A way from one end to the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// Whether it is open, and for whom.
    pub verdict: Verdict,
    /// Hops in order.
    pub hops: Vec<Hop>,
    /// What blocks it.
    pub blocks: Vec<Block>,
    /// What is not known about it.
    pub doubts: Vec<Doubt>,
    /// Services that the first connection of the path admits.
    pub services: Vec<Service>,
    /// Source addresses that can use it.
    pub sources: Vec<Range>,
    /// Ports of the client that answers come back to.
    pub client_ports: Option<(u16, u16)>,
    /// For a verdict of partly: the addresses of the target that it holds for.
    pub destinations: Vec<Range>,
    /// A firewall or appliance is on it.
    pub inspected: bool,
    /// The interface at which it ends.
    pub(crate) target: Option<Index>,
    /// Interfaces of both ends, of a path of one connection.
    ends: (Option<Index>, Option<Index>),
    /// Packets of the first connection, as far as they are sure.
    sure: Set,
    /// Something partial behind the first connection.
    partial: bool,
}

/// The answer to a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The verdict over all paths.
    pub verdict: Verdict,
    /// Open paths, surer and shorter ones first; for a blocked end the ways that come nearest.
    pub paths: Vec<Path>,
    /// How many more paths there are than are listed.
    pub more: usize,
    /// Why it is unknown.
    pub doubts: Vec<Doubt>,
}

/// Most paths of an answer.
const MAX_PATHS: usize = 64;
/// Most forwarders in a row.
const MAX_FORWARDS: usize = 6;

impl Path {
    /// Takes the addresses of an equal path in.
    fn joined(&mut self, other: &Self) {
        for (own, more) in
            [(&mut self.sources, &other.sources), (&mut self.destinations, &other.destinations)]
        {
            if own != more {
                own.extend(more);
                *own = crate::space::tidy(std::mem::take(own));
            }
        }
        self.sure.join(&other.sure);
        self.inspected &= other.inspected;
        for doubt in &other.doubts {
            if !self.doubts.contains(doubt) {
                self.doubts.push(doubt.clone());
            }
        }
    }

    /// Whether the path's first connection surely admits a packet.
    #[must_use]
    pub fn admits(&self, packet: &Packets) -> bool {
        self.blocks.is_empty() && self.sure.covers(packet)
    }
}

impl Network {
    /// Whether and how one end reaches the other.
    #[must_use]
    pub fn reach(&self, from: &End, to: &End, services: &[Service]) -> Answer {
        let legs = Legs { net: self, explain: true };
        let asked = Asked { legs: &legs, net: self };
        let mut paths = match (from, to) {
            (End::Holder(_), End::Internet(ranges)) => asked.outward(from, Goal::Internet, ranges, services),
            (End::Holder(_), End::OnPremises(ranges)) => {
                asked.outward(from, Goal::OnPremises, ranges, services)
            }
            (End::Holder(_), End::Service(service)) => asked.to_service(from, *service, services),
            (_, End::Holder(holder)) => asked.paths(from, *holder, services, &mut Vec::new()),
            _ => Vec::new(),
        };
        self.judge(from, to, &mut paths)
    }

    /// Whether one end reaches a resource, without following the blocked ways to their end.
    #[must_use]
    pub fn reached(&self, from: &End, to: Index, services: &[Service]) -> Answer {
        let legs = Legs { net: self, explain: false };
        let mut paths = Asked { legs: &legs, net: self }.paths(from, to, services, &mut Vec::new());
        paths.retain(|path| path.verdict != Verdict::Blocked);
        self.judge(from, &End::Holder(to), &mut paths)
    }

    fn judge(&self, from: &End, to: &End, paths: &mut Vec<Path>) -> Answer {
        self.cover(from, to, paths);
        paths.sort_by(|a, b| {
            (a.verdict, a.blocks.len(), a.hops.len(), &a.hops).cmp(&(
                b.verdict,
                b.blocks.len(),
                b.hops.len(),
                &b.hops,
            ))
        });
        if paths.first().is_some_and(|p| p.verdict == Verdict::Reachable)
            && let End::Holder(holder) = to
            && self.holders[*holder].placement == Placement::Some
        {
            // AWS chooses among its subnets: it is reached in every one of them or partly.
            let all = self.holders[*holder].interfaces.iter();
            let reached = |i: &Index| {
                paths.iter().any(|p| p.verdict == Verdict::Reachable && p.target.is_none_or(|e| e == *i))
            };
            if !all.clone().all(reached) {
                paths.iter_mut().for_each(|p| p.verdict = p.verdict.max(Verdict::Partly));
            }
        }
        // Equal ways (of both families, between interfaces that are alike) are one.
        paths.dedup_by(|again, first| {
            let same = again.verdict == first.verdict
                && again.hops == first.hops
                && again.services == first.services
                && again.blocks == first.blocks;
            if same {
                first.joined(again);
            }
            same
        });
        let mut verdict = paths.first().map_or(Verdict::Blocked, |p| p.verdict);
        let mut doubts: BTreeSet<Doubt> = BTreeSet::new();
        if verdict == Verdict::Blocked {
            doubts.extend(self.not_followed(from, to));
            if !doubts.is_empty() {
                verdict = Verdict::Unknown;
            }
        }
        if verdict == Verdict::Unknown {
            doubts.extend(paths.iter().filter(|p| p.verdict == verdict).flat_map(|p| p.doubts.clone()));
        }
        let open = paths.iter().filter(|p| p.verdict != Verdict::Blocked).count();
        let shown = if open > 0 { open.min(MAX_PATHS) } else { paths.len().min(3) };
        let more = open.saturating_sub(shown);
        Answer {
            verdict,
            paths: paths.drain(..).take(shown).collect(),
            more,
            doubts: doubts.into_iter().collect(),
        }
    }

    /// Settles of every path whether it holds for all addresses that its ends may have: the
    /// paths between the same interfaces together.
    fn cover(&self, from: &End, to: &End, paths: &mut [Path]) {
        let mut done: Vec<(Option<Index>, Option<Index>)> = Vec::new();
        for at in 0..paths.len() {
            let ends = paths[at].ends;
            if done.contains(&ends) {
                continue;
            }
            done.push(ends);
            let mut sure = Set::none();
            for path in paths.iter().filter(|p| p.ends == ends && p.blocks.is_empty() && !p.partial) {
                sure.join(&path.sure);
            }
            let whole = self.holds_for_all(from, to, ends, &sure);
            let doubt =
                [ends.0, ends.1].into_iter().flatten().find_map(|i| self.interfaces[i].address_doubt.clone());
            for path in paths.iter_mut().filter(|p| p.ends == ends) {
                if path.verdict != Verdict::Reachable {
                    continue;
                }
                if path.partial || !whole {
                    path.verdict = Verdict::Partly;
                    if let Some(doubt) = &doubt {
                        path.verdict = Verdict::Unknown;
                        path.doubts.push(doubt.clone());
                    }
                }
            }
        }
    }

    fn holds_for_all(&self, from: &End, to: &End, ends: (Option<Index>, Option<Index>), sure: &Set) -> bool {
        // What has an address for sure can be asked for it: one of its addresses is enough.
        let own = |interface: Option<Index>, is_end: bool| -> Option<Vec<Range>> {
            let interface = &self.interfaces[interface.filter(|_| is_end)?];
            (!interface.exact).then(|| interface.addresses.clone())
        };
        let sources = own(ends.0, matches!(from, End::Holder(_)));
        let targets = own(ends.1, matches!(to, End::Holder(_)));
        if sources.is_none() && targets.is_none() {
            return true;
        }
        // One service and family for which every address works is enough.
        sure.boxes.iter().any(|b| {
            let family = |ranges: &Option<Vec<Range>>, own: Range| -> Vec<Range> {
                ranges.as_ref().map_or(vec![own], |all| {
                    all.iter().copied().filter(|&r| is_v4(r) == is_v4(b.dst)).collect()
                })
            };
            family(&sources, b.src).iter().all(|&src| {
                family(&targets, b.dst).iter().all(|&dst| {
                    sure.covers(&Packets {
                        src,
                        dst,
                        protocol: (b.protocol.0, b.protocol.0),
                        port: (b.port.0, b.port.0),
                        from_port: b.from_port,
                    })
                })
            })
        })
    }

    /// What is not followed and could make a way between two ends.
    fn not_followed(&self, from: &End, to: &End) -> Vec<Doubt> {
        let vpcs = |end: &End| -> Vec<Index> {
            match end {
                End::Holder(h) => {
                    self.holders[*h].interfaces.iter().filter_map(|&i| self.vpc_of(i)).collect()
                }
                _ => Vec::new(),
            }
        };
        let (a, b) = (vpcs(from), vpcs(to));
        let has = |wanted: fn(&End) -> bool| wanted(from) || wanted(to);
        let internet = has(|e| matches!(e, End::Internet(_) | End::Service(_)));
        let on_premises = has(|e| matches!(e, End::OnPremises(_)));
        self.unmodelled
            .iter()
            .filter(|u| u.vpc.is_none_or(|v| a.contains(&v) || b.contains(&v)))
            .filter(|u| {
                u.opens.iter().any(|opens| match opens {
                    Opens::Internet => internet,
                    Opens::OnPremises => on_premises,
                    Opens::Vpc => !internet && !on_premises && a.iter().any(|v| !b.contains(v)),
                    Opens::Inside => !internet && !on_premises && a.iter().any(|v| b.contains(v)),
                })
            })
            .map(|u| Doubt { of: u.item.name.clone(), why: u.why.clone() })
            .collect()
    }
}

struct Asked<'a, 'n> {
    legs: &'a Legs<'n>,
    net: &'n Network,
}

impl Asked<'_, '_> {
    fn sources(&self, from: &End) -> Vec<(Source, Option<Index>)> {
        match from {
            End::Internet(ranges) => vec![(Source::Internet(ranges.clone()), None)],
            End::OnPremises(ranges) => vec![(Source::OnPremises(ranges.clone()), None)],
            // Services answer; what they start is not followed.
            End::Service(_) => Vec::new(),
            End::Holder(holder) => {
                let own = self.net.holders[*holder].interfaces.iter();
                own.map(|&i| (Source::Interface(i), Some(i))).collect()
            }
        }
    }

    fn outward(&self, from: &End, goal: Goal, ranges: &[Range], services: &[Service]) -> Vec<Path> {
        let mut paths = Vec::new();
        for (source, end) in self.sources(from) {
            let Source::Interface(interface) = source else { continue };
            let ways = self.legs.outward(interface, goal, ranges, services);
            paths.extend(ways.into_iter().map(|trail| path(trail, (end, None))));
        }
        paths
    }

    /// Ways to a service of AWS: by an endpoint whose private name is that of the service, else
    /// to the service's public addresses.
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html>
    fn to_service(&self, from: &End, service: Index, services: &[Service]) -> Vec<Path> {
        let net = self.net;
        let item = Item::implied(&crate::SERVICES[service].host(), "");
        let https: Vec<Service> = services.iter().filter_map(|s| s.meet(&Service::tcp(443))).collect();
        let mut paths = Vec::new();
        for (source, end) in self.sources(from) {
            let Source::Interface(interface) = source else { continue };
            let here = net.vpc_of(interface);
            let (mut named, mut perhaps) = (false, None);
            let private = net.endpoints.iter().filter(|e| e.service == Some(service) && e.vpc == here);
            for endpoint in private.filter(|e| here.is_some() && e.private_name != Tri::No) {
                let Some(holder) = endpoint.holder else { continue };
                named |= endpoint.private_name == Tri::Yes;
                if let Tri::Maybe(why) = &endpoint.private_name {
                    perhaps = Some(Doubt { of: endpoint.item.name.clone(), why: why.clone() });
                }
                for &to in &net.holders[holder].interfaces {
                    for mut trail in self.legs.to_interface(&source, to, &https) {
                        perhaps.iter().for_each(|doubt| trail.doubt(doubt));
                        trail.hops.pop();
                        trail.endpoint(endpoint);
                        trail.hop(Step::To, &item, None, false);
                        paths.push(path(trail, (end, Some(to))));
                    }
                }
            }
            if !named {
                let place = [service_addresses(service)];
                for mut trail in self.legs.outward(interface, Goal::Internet, &place, &https) {
                    if let Some(last) = trail.hops.last_mut() {
                        last.item = item.clone();
                    }
                    perhaps.iter().for_each(|doubt| trail.doubt(doubt));
                    // What has no way out needs none: an endpoint is nearer than the internet.
                    let routes = |b: &&mut Block| b.step == Step::Route && !b.reply;
                    if let Some(block) = trail.blocks.iter_mut().find(routes) {
                        block.change = Change::Endpoint(crate::SERVICES[service].name.clone());
                    }
                    paths.push(path(trail, (end, None)));
                }
            }
        }
        paths
    }

    /// Every path to a resource: direct, and by everyone who forwards to it.
    fn paths(&self, from: &End, to: Index, services: &[Service], above: &mut Vec<Index>) -> Vec<Path> {
        let mut paths = Vec::new();
        let holder = &self.net.holders[to];
        if let (End::Internet(ranges), Tri::Yes | Tri::Maybe(_)) = (from, &holder.outside) {
            paths.extend(self.entry(to, ranges, services));
        }
        if holder.role != Role::Function {
            for (source, end) in self.sources(from) {
                for &interface in &holder.interfaces {
                    if end == Some(interface) {
                        continue;
                    }
                    let ways = self.legs.to_interface(&source, interface, services);
                    paths.extend(ways.into_iter().map(|trail| path(trail, (end, Some(interface)))));
                }
            }
        }
        if above.len() >= MAX_FORWARDS || above.contains(&to) {
            return paths;
        }
        above.push(to);
        for &at in self.net.forwards_to.get(&to).into_iter().flatten() {
            let forward = &self.net.forwards[at];
            let wanted: Vec<Service> = services.iter().filter_map(|s| s.meet(&forward.service)).collect();
            if wanted.is_empty() || above.contains(&forward.from) {
                continue;
            }
            if *from == End::Holder(forward.from) {
                paths.extend(self.down(forward, &wanted, &[]));
                continue;
            }
            let mut up = self.paths(from, forward.from, &[forward.listen], above);
            self.net.cover(from, &End::Holder(forward.from), &mut up);
            // Blocked ways in are told only where the way on is open, and the other way round.
            let sources: Vec<Range> = crate::space::tidy(
                up.iter().filter(|p| p.blocks.is_empty()).flat_map(|p| p.sources.clone()).collect(),
            );
            let down = self.down(forward, &wanted, &sources);
            for first in &up {
                for second in &down {
                    if first.blocks.is_empty() || second.blocks.is_empty() || self.legs.explain {
                        paths.push(chained(first, second, forward));
                    }
                }
            }
        }
        above.pop();
        paths
    }

    /// An entry that AWS holds on the internet.
    fn entry(&self, to: Index, ranges: &[Range], services: &[Service]) -> Vec<Path> {
        let holder = &self.net.holders[to];
        let all;
        let ports: &[Service] = if holder.ports.is_empty() {
            all = [Service::ALL];
            &all
        } else {
            &holder.ports
        };
        let open: Vec<Service> =
            ports.iter().flat_map(|p| services.iter().filter_map(|s| s.meet(p))).collect();
        let sources = if holder.outside_from.is_empty() {
            ranges.to_vec()
        } else {
            crate::space::common(ranges, &holder.outside_from)
        };
        if open.is_empty() || sources.is_empty() {
            return Vec::new();
        }
        let set = Set::between(&sources, &[crate::space::ALL_V4, crate::space::ALL_V6], &open);
        let mut trail = Trail::new(set);
        trail.hop(Step::From, &super::leg::internet_item(), None, false);
        if let Tri::Maybe(why) = &holder.outside {
            trail.doubt(&Doubt { of: holder.item.name.clone(), why: why.clone() });
        }
        trail.hop(Step::To, &holder.item, None, false);
        vec![path(trail, (None, None))]
    }

    /// The connection that a forwarder makes.
    fn down(&self, forward: &Forward, services: &[Service], client: &[Range]) -> Vec<Path> {
        let net = self.net;
        let target = &net.holders[forward.to];
        let to: &[Index] =
            if forward.interfaces.is_empty() { &target.interfaces } else { &forward.interfaces };
        let from = &net.holders[forward.from];
        let mut paths = Vec::new();
        match forward.passing {
            Passing::Managed => {
                let any = [crate::space::ANY];
                let mut trail = Trail::new(Set::between(&any, &any, services));
                trail.hop(Step::From, &from.item, None, false);
                trail.hop(Step::To, &target.item, None, false);
                paths.push(path(trail, (None, None)));
            }
            Passing::Own => {
                for &source in &from.interfaces {
                    for &interface in to {
                        let ways = self.legs.to_interface(&Source::Interface(source), interface, services);
                        paths.extend(ways.into_iter().map(|t| path(t, (Some(source), Some(interface)))));
                    }
                }
            }
            Passing::Preserving => {
                let client = if client.is_empty() { internet() } else { client.to_vec() };
                for &interface in to {
                    let ways =
                        self.legs.delivered(&client, &from.interfaces, interface, services, &from.item);
                    paths.extend(ways.into_iter().map(|t| path(t, (None, Some(interface)))));
                }
            }
            Passing::Outside(range) => {
                for &interface in to {
                    let source = Source::Internet(vec![range]);
                    let ways = self.legs.to_interface(&source, interface, services);
                    paths.extend(ways.into_iter().map(|t| path(t, (None, Some(interface)))));
                }
            }
        }
        if let Some(doubt) = &forward.doubt {
            for path in &mut paths {
                if path.verdict == Verdict::Reachable {
                    path.verdict = Verdict::Unknown;
                    path.doubts.push(doubt.clone());
                }
            }
        }
        // A balancer sends to every target it has: one that works makes a way. An address that
        // the forwarder or target may not have narrows it.
        net.cover(&End::Holder(forward.from), &End::Holder(forward.to), &mut paths);
        paths
    }
}

/// Where the public addresses of a service lie. The first eight places are those of the managed
/// prefix lists that rules can name, S3's and DynamoDB's among them.
fn service_addresses(service: Index) -> Range {
    let list = match crate::SERVICES[service].name.as_str() {
        "s3" => 1,
        "dynamodb" => 2,
        _ => 16 + service,
    };
    crate::space::managed(list)
}

/// A path of one connection.
fn path(trail: Trail, ends: (Option<Index>, Option<Index>)) -> Path {
    let open = trail.is_open();
    let verdict = match (open, trail.sure.is_empty()) {
        (false, _) => Verdict::Blocked,
        (true, true) => Verdict::Unknown,
        (true, false) => Verdict::Reachable,
    };
    let set = if trail.sure.is_empty() { &trail.may } else { &trail.sure };
    let ports = set.boxes.iter().map(|b| b.from_port).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    Path {
        verdict,
        services: join_services(set.services()),
        sources: set.sources(),
        destinations: set.destinations(),
        client_ports: ports.filter(|&p| p != crate::space::EPHEMERAL),
        hops: trail.hops,
        blocks: trail.blocks,
        doubts: if verdict == Verdict::Unknown { trail.doubts } else { Vec::new() },
        inspected: trail.inspected,
        target: ends.1,
        // Behind a translation the source's own addresses are gone; what was lost is `partial`.
        ends: (ends.0.filter(|_| trail.reply_to == ends.0), ends.1),
        sure: trail.sure,
        partial: trail.partial,
    }
}

/// Two connections with a forwarder between them.
fn chained(first: &Path, second: &Path, forward: &Forward) -> Path {
    let mut hops = first.hops.clone();
    for (item, rule) in &forward.through {
        hops.push(Hop { step: Step::Forward, item: item.clone(), rule: Some(rule.clone()), reply: false });
    }
    hops.extend(second.hops.iter().skip(1).cloned());
    let mut blocks = first.blocks.clone();
    blocks.extend(second.blocks.iter().cloned());
    let mut doubts = first.doubts.clone();
    doubts.extend(second.doubts.iter().cloned());
    Path {
        verdict: first.verdict.max(second.verdict),
        hops,
        blocks,
        doubts,
        services: first.services.clone(),
        sources: first.sources.clone(),
        client_ports: first.client_ports,
        destinations: second.destinations.clone(),
        inspected: first.inspected || second.inspected,
        target: second.target,
        // Both connections are settled already.
        ends: (None, None),
        sure: first.sure.clone(),
        partial: false,
    }
}
