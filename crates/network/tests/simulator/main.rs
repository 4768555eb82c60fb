//! The engine against a simulator of single packets on random small networks.
//!
//! `SEKISHO_NETWORKS=10000 SEKISHO_PACKETS=100` runs ten thousand networks with a hundred
//! questions each; every question is several packets (one for each client port).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]
#![allow(unreachable_pub)]

mod opens;
mod packet;
mod shortcuts;
mod spec;

use std::net::IpAddr;

use packet::{Packet, Place, Simulator};
use sekisho_graph::Names;
use sekisho_network::engine::{End, Verdict};
use sekisho_network::space::{self, Packets, Service};
use sekisho_network::{Assumptions, Network};
use sekisho_source_cloudformation::{Options, SourceFile, read};
use spec::{CLIENT_PORTS, Dice, Match, PORTS, Peer, Spec};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn network(spec: &Spec) -> (Network, sekisho_estate::Estate) {
    let bytes = spec.template().into_bytes();
    let estate = read(vec![SourceFile { path: "t.json".into(), bytes, named: true }], &Options::default());
    let mut network = Network::new(&estate, &Names::new(&estate), &Assumptions::default());
    // Packets are followed in what is declared: a transit gateway has no line but those.
    network.unmodelled.clear();
    (network, estate)
}

struct Question {
    from: Place,
    to: Place,
    src: IpAddr,
    dst: IpAddr,
    service: (u8, u16),
}

fn question(spec: &Spec, dice: &mut Dice) -> Option<Question> {
    let outside4: [IpAddr; 3] = ["198.51.100.7", "8.8.8.8", "200.1.2.3"].map(|t| t.parse().unwrap());
    let outside6: IpAddr = "2a00:1::1".parse().unwrap();
    let on_premises: IpAddr = "192.168.3.4".parse().unwrap();
    let server = dice.roll(spec.hosts.len());
    let host = &spec.hosts[server];
    let six = host.ip6.filter(|_| dice.chance(50));
    let service = match dice.roll(12) {
        0 => (17, dice.pick(&PORTS)),
        1 => (1, dice.pick(&[8, 3])),
        2 => (47, 0),
        _ => (6, dice.pick(&PORTS)),
    };
    let inside = six.unwrap_or(host.ip);
    Some(match dice.roll(6) {
        0 => {
            let src = if six.is_some() { outside6 } else { dice.pick(&outside4) };
            Question { from: Place::Internet, to: Place::Host(server), src, dst: inside, service }
        }
        1 if six.is_none() => {
            let v = spec.subnets[host.subnet].vpc;
            if !spec.vpcs[v].private {
                return None;
            }
            Question {
                from: Place::OnPremises(v),
                to: Place::Host(server),
                src: on_premises,
                dst: inside,
                service,
            }
        }
        2 => {
            let dst = if six.is_some() { outside6 } else { dice.pick(&outside4) };
            Question { from: Place::Host(server), to: Place::Internet, src: inside, dst, service }
        }
        3 if six.is_none() => Question {
            from: Place::Host(server),
            to: Place::OnPremises(0),
            src: inside,
            dst: on_premises,
            service,
        },
        _ => {
            let client = dice.roll(spec.hosts.len());
            if client == server {
                return None;
            }
            let other = &spec.hosts[client];
            let src = if six.is_some() { other.ip6? } else { other.ip };
            Question { from: Place::Host(client), to: Place::Host(server), src, dst: inside, service }
        }
    })
}

fn end(network: &Network, estate: &sekisho_estate::Estate, place: Place, ip: IpAddr) -> End {
    let at = space::address(ip);
    match place {
        Place::Host(h) => network.named(estate, &format!("Host{h}")).unwrap().ends[0].clone(),
        Place::Internet => End::Internet(vec![(at, at)]),
        Place::OnPremises(_) => End::OnPremises(vec![(at, at)]),
        Place::Nat(_) => unreachable!(),
    }
}

fn short(path: &sekisho_network::Path) -> String {
    let hops: Vec<String> = path
        .hops
        .iter()
        .map(|h| {
            format!(
                "{}{} {} {}",
                if h.reply { "<" } else { ">" },
                h.step.name(),
                h.item.name,
                h.rule.as_ref().map_or("", |r| &r.text)
            )
        })
        .collect();
    let blocks: Vec<String> = path
        .blocks
        .iter()
        .map(|b| format!("{}{} {}", if b.reply { "<" } else { ">" }, b.step.name(), b.item.name))
        .collect();
    format!("{:?} {} BLOCKED BY {}", path.verdict, hops.join("; "), blocks.join("; "))
}

#[test]
fn the_engine_agrees_with_the_simulator() {
    let (networks, questions) = (setting("SEKISHO_NETWORKS", 2000), setting("SEKISHO_PACKETS", 40));
    let (mut packets, mut open) = (0_u64, 0_u64);
    for seed in 0..networks {
        let spec = Spec::random(seed);
        let (network, estate) = network(&spec);
        let dice = &mut Dice(seed ^ 0xabcd);
        for _ in 0..questions {
            let Some(q) = question(&spec, dice) else { continue };
            let (protocol, port) = q.service;
            // An address has one family: the other does not answer for it.
            let whole = Service {
                protocol: (protocol, protocol),
                port: match protocol {
                    1 => (port << 8, port << 8),
                    47 => (0, 65_535),
                    _ => (port, port),
                },
            };
            let (from, to) = (end(&network, &estate, q.from, q.src), end(&network, &estate, q.to, q.dst));
            let answer = network.reach(&from, &to, &[whole]);
            assert_ne!(answer.verdict, Verdict::Unknown, "seed {seed}: {:?}", answer.doubts);
            if let End::Holder(holder) = to {
                let quick = network.reached(&from, holder, &[whole]).verdict;
                assert_eq!(quick, answer.verdict, "seed {seed}: the quick answer differs");
            }
            let mut works = Vec::new();
            for client_port in CLIENT_PORTS {
                let packet = Packet { src: q.src, dst: q.dst, protocol, port, from_port: client_port };
                // A NAT gateway may take any port: what works with one, works.
                let connects = CLIENT_PORTS
                    .iter()
                    .any(|&nat_port| Simulator { spec: &spec, nat_port }.connects(q.from, q.to, packet));
                works.push((client_port, connects));
                packets += 1;
            }
            let (src, dst) = (space::address(q.src), space::address(q.dst));
            let one = |client_port: u16| Packets {
                src: (src, src),
                dst: (dst, dst),
                protocol: (protocol, protocol),
                port: whole.port,
                from_port: (client_port, client_port),
            };
            let translated = answer
                .paths
                .iter()
                .any(|p| p.hops.iter().any(|h| h.step == sekisho_network::engine::trail::Step::Nat));
            let context = || {
                format!(
                    "seed {seed}: {:?} -> {:?}, {} -> {} protocol {protocol} port {port}: simulator {works:?}, engine {:#?}\n{}",
                    q.from,
                    q.to,
                    q.src,
                    q.dst,
                    answer.paths.iter().map(short).collect::<Vec<_>>(),
                    spec.template()
                )
            };
            if translated {
                let any = works.iter().any(|(_, works)| *works);
                let says = answer.paths.iter().any(|p| p.blocks.is_empty() && p.verdict != Verdict::Blocked);
                // Where both families of a host lead out, the asked one decides.
                let family =
                    |p: &sekisho_network::Path| p.destinations.iter().any(|d| d.0 <= dst && dst <= d.1);
                let says = says && answer.paths.iter().any(|p| p.blocks.is_empty() && family(p));
                assert_eq!(any, says, "{}", context());
                open += u64::from(any);
            } else {
                for &(client_port, works) in &works {
                    let says = answer.paths.iter().any(|p| p.admits(&one(client_port)));
                    assert_eq!(works, says, "client port {client_port}; {}", context());
                    open += u64::from(works);
                }
            }
        }
    }
    eprintln!("{networks} networks, {packets} packets, {open} connections work");
    // The networks are not all closed or all open.
    assert!(open > packets / 50 && open < packets / 2, "{open} of {packets}");
}

/// Pairs of ends and a service that are open.
fn opened(spec: &Spec) -> Vec<(usize, usize, u16)> {
    let (network, estate) = network(spec);
    let mut out = Vec::new();
    for a in 0..=spec.hosts.len() {
        for b in 0..spec.hosts.len() {
            for port in [22, 443] {
                let from = match a {
                    0 => End::internet(),
                    a => network.named(&estate, &format!("Host{}", a - 1)).unwrap().ends[0].clone(),
                };
                let to = network.named(&estate, &format!("Host{b}")).unwrap().ends[0].clone();
                let open = network.reach(&from, &to, &[Service::tcp(port)]).verdict;
                if from != to && open != Verdict::Blocked {
                    out.push((a, b, port));
                }
            }
        }
    }
    out
}

#[test]
fn an_allow_never_closes_and_a_deny_never_opens() {
    for seed in 0..setting("SEKISHO_NETWORKS", 300) / 2 {
        let spec = Spec::random(seed);
        let before = opened(&spec);
        let dice = &mut Dice(seed);
        let everything: Match = (None, 0, 65_535);
        let all = Peer::Block("0.0.0.0/0".parse().unwrap());
        let mut wider = spec.clone();
        let group = dice.roll(wider.groups.len());
        wider.groups[group].ingress.push((everything, all));
        if let Some(rules) = &mut wider.groups[group].egress {
            rules.push((everything, all));
        }
        let after = opened(&wider);
        assert!(before.iter().all(|pair| after.contains(pair)), "seed {seed}: an allow closed");
        if !spec.acls.is_empty() {
            let mut narrower = spec.clone();
            let acl = dice.roll(narrower.acls.len());
            let block = "10.0.0.0/8".parse().unwrap();
            for egress in [false, true] {
                narrower.acls[acl].entries.push(spec::Entry {
                    number: 1,
                    egress,
                    allow: false,
                    block,
                    service: everything,
                });
            }
            let after = opened(&narrower);
            assert!(after.iter().all(|pair| before.contains(pair)), "seed {seed}: a deny opened");
        }
    }
}
