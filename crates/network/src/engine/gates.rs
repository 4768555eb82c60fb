//! Filters: security groups (stateful, any rule admits) and network ACLs (stateless, the first
//! entry that matches decides), and firewalls with rules that are understood.
//!
//! O(boxes × rules) each.

use super::trail::Passed;
use crate::model::{Acl, Doubt, Entry, FirewallRule, Index, Network, Peer};
use crate::space::{ANY, ICMP, ICMPV6, Packets, Set};

/// Which way packets go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// From the client.
    Forward,
    /// The answer: source and destination change places, its port is the client's.
    Reply,
}

/// What the groups of an interface let in or out. `peer` is the interface at the other side
/// where its own address is seen.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
pub(crate) fn groups(
    net: &Network,
    interface: Index,
    egress: bool,
    (sure, may): (&Set, &Set),
    peer: Option<Index>,
    also: &[Index],
) -> Passed {
    let at = &net.interfaces[interface];
    if !at.filtered {
        return Passed { sure: sure.clone(), may: may.clone(), rule: None, doubts: Vec::new() };
    }
    let mut passed = Passed::default();
    let unknown: Vec<&Doubt> = at
        .groups_doubt
        .iter()
        .chain(at.groups.iter().filter_map(|&g| net.groups[g].doubt.as_ref()))
        .collect();
    // Where not all rules are known everything may pass, whatever the known ones say.
    let all = !unknown.is_empty();
    if all {
        passed.may = may.clone();
        passed.doubts.extend(unknown.into_iter().cloned());
    }
    let members: &[Index] = peer.map_or(also, |p| &net.interfaces[p].groups);
    for &group in &at.groups {
        let rules = if egress { &net.groups[group].egress } else { &net.groups[group].ingress };
        for rule in rules {
            let whole = [ANY];
            let ranges: &[_] = match &rule.peer {
                Peer::Ranges(ranges) => ranges,
                Peer::Group(group) if members.contains(group) => &whole,
                Peer::Group(_) => {
                    // Whether the other side is a member may not be known.
                    if let Some(doubt) = peer.and_then(|p| net.interfaces[p].groups_doubt.as_ref()) {
                        let permitted = Packets {
                            protocol: rule.service.protocol,
                            port: rule.service.port,
                            ..Packets::ALL
                        };
                        if !all {
                            passed.may.join(&may.within(&permitted));
                        }
                        passed.doubts.push(doubt.clone());
                    }
                    continue;
                }
            };
            for &range in ranges {
                let (src, dst) = if egress { (ANY, range) } else { (range, ANY) };
                let permitted = Packets {
                    src,
                    dst,
                    protocol: rule.service.protocol,
                    port: rule.service.port,
                    ..Packets::ALL
                };
                let hit = may.within(&permitted);
                if hit.is_empty() {
                    continue;
                }
                if !all {
                    passed.may.join(&hit);
                }
                match &rule.doubt {
                    Some(doubt) => passed.doubts.push(doubt.clone()),
                    None => {
                        let hit = sure.within(&permitted);
                        if !hit.is_empty() && passed.sure.is_empty() {
                            passed.rule = None;
                        }
                        passed.sure.join(&hit);
                    }
                }
                if passed.rule.is_none() {
                    passed.rule = Some(rule.rule.clone());
                }
            }
        }
    }
    passed
}

/// Packets that are answered at all: of ICMP only echo requests are.
pub(crate) fn unanswered(set: &Set) -> (Set, Set) {
    let icmp = Packets { protocol: (ICMP, ICMP), ..Packets::ALL };
    let icmp6 = Packets { protocol: (ICMPV6, ICMPV6), ..Packets::ALL };
    if set.boxes.iter().all(|b| b.meet(&icmp).is_none() && b.meet(&icmp6).is_none()) {
        return (Set::none(), set.clone());
    }
    let echo = [Packets { port: (8 << 8, 8 << 8), ..icmp }, Packets { port: (128 << 8, 128 << 8), ..icmp6 }];
    let mut free = set.within(&icmp);
    free.join(&set.within(&icmp6));
    let mut asked = set.minus(&icmp).minus(&icmp6);
    for e in &echo {
        asked.join(&set.within(e));
        free = free.minus(e);
    }
    (free, asked)
}

/// The packets of a connection that an entry matches, as seen from the client's first packet.
fn matched(entry: &Entry, egress: bool, way: Way) -> Vec<Packets> {
    // Entries name the other side: the destination of what goes out, the source of what comes
    // in. Of an answer the destination is the connection's source.
    let names_source = egress == (way == Way::Reply);
    let (src, dst) = if names_source { (entry.range, ANY) } else { (ANY, entry.range) };
    let (protocol, port) = (entry.service.protocol, entry.service.port);
    let whole = Packets { src, dst, protocol, ..Packets::ALL };
    if way == Way::Forward {
        return vec![Packets { port, ..whole }];
    }
    if protocol == (ICMP, ICMP) || protocol == (ICMPV6, ICMPV6) {
        // The answer to an echo request is type 0, of ICMPv6 129.
        let (request, answer) = if protocol.0 == ICMP { (8 << 8, 0) } else { (128 << 8, 129 << 8) };
        return if port.0 <= answer && answer <= port.1 {
            vec![Packets { port: (request, request), ..whole }]
        } else {
            Vec::new()
        };
    }
    vec![Packets { from_port: port, ..whole }]
}

/// What a network ACL lets through.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>
pub(crate) fn acl(acl: &Acl, egress: bool, way: Way, (sure, may): (&Set, &Set)) -> Passed {
    if let Some(doubt) = &acl.doubt {
        return Passed { sure: Set::none(), may: may.clone(), rule: None, doubts: vec![doubt.clone()] };
    }
    let mut passed = Passed::default();
    let (mut left_sure, mut left_may) = (sure.clone(), may.clone());
    if way == Way::Reply {
        let (free, asked) = unanswered(sure);
        (passed.sure, left_sure) = (free, asked);
        let (free, asked) = unanswered(may);
        (passed.may, left_may) = (free, asked);
    }
    let entries = if egress { &acl.egress } else { &acl.ingress };
    for entry in entries {
        if left_may.is_empty() {
            break;
        }
        for hit in matched(entry, egress, way) {
            match (&entry.doubt, entry.allow) {
                (None, true) => {
                    let found = left_may.within(&hit);
                    if !found.is_empty() && passed.rule.is_none() {
                        passed.rule = Some(entry.rule.clone());
                    }
                    passed.may.join(&found);
                    passed.sure.join(&left_sure.within(&hit));
                    left_may = left_may.minus(&hit);
                    left_sure = left_sure.minus(&hit);
                }
                (None, false) => {
                    left_may = left_may.minus(&hit);
                    left_sure = left_sure.minus(&hit);
                }
                (Some(doubt), true) => {
                    passed.may.join(&left_may.within(&hit));
                    passed.doubts.push(doubt.clone());
                }
                (Some(doubt), false) => {
                    left_sure = left_sure.minus(&hit);
                    passed.doubts.push(doubt.clone());
                }
            }
        }
    }
    passed
}

/// What a firewall lets through: the first rule that matches decides.
pub(crate) fn firewall(rules: &[FirewallRule], (sure, may): (&Set, &Set)) -> Passed {
    let mut passed = Passed::default();
    let (mut left_sure, mut left_may) = (sure.clone(), may.clone());
    for rule in rules {
        for &src in &rule.src {
            for &dst in &rule.dst {
                for service in &rule.services {
                    let hit =
                        Packets { src, dst, protocol: service.protocol, port: service.port, ..Packets::ALL };
                    if rule.allow {
                        let found = left_may.within(&hit);
                        if !found.is_empty() && passed.rule.is_none() {
                            passed.rule = Some(rule.rule.clone());
                        }
                        passed.may.join(&found);
                        passed.sure.join(&left_sure.within(&hit));
                    }
                    left_may = left_may.minus(&hit);
                    left_sure = left_sure.minus(&hit);
                }
            }
        }
    }
    passed
}
