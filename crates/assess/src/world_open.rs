//! Whether security group rules together let in more of the internet than a /8.
//!
//! The rules of one port are taken as a union of source ranges, so that `0.0.0.0/1` and
//! `128.0.0.0/1` are what they are. Private ranges (RFC 1918, RFC 6598, loopback,
//! link-local) do not count. This reads rules, not routes: reachability is the network room's.
//! Rules by AWS: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupingress.html>.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use sekisho_estate::{ReasonCode, View, Why, key_hash};
use sekisho_expr::{Frame, Seen, Val};

/// Addresses of a /8: what a single large operator may own. More is the internet.
const IPV4_LIMIT: u64 = 1 << 24;
/// Size of an IPv6 /16 in units of /64. The largest allocations to one operator are smaller.
const IPV6_LIMIT: u64 = 1 << 48;

/// Most ports that can be asked about at once.
pub(crate) const MAX_PORTS: usize = 64;

/// Which packets are asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Service<'a> {
    /// Some ports of a protocol (`tcp`, `udp`), any of which may be open.
    Ports(&'a str, &'a [i64]),
    /// All protocols, or all ports of TCP or UDP.
    Everything,
}

/// The answer for a list of rules: whether they open one of the ports. A port is judged by
/// the rules that admit it, and by no other.
pub(crate) fn opens<'a>(frame: &Frame<'_, 'a>, rules: Val<'a>, service: Service<'_>) -> Val<'a> {
    let (rules, open) = match frame.elements(rules) {
        Ok(found) => found,
        Err(unknown) => return unknown,
    };
    let mut unknown: Option<Why<'a>> = open;
    let mut sources: Vec<Admitted<'a>> = Vec::new();
    for rule in rules {
        let rule = match rule_view(frame, *rule) {
            Ok(Some(view)) => view,
            Ok(None) => continue,
            Err(why) => {
                unknown = unknown.or(Some(why));
                continue;
            }
        };
        let ports = match admits(frame, rule, service) {
            Ok(0) => continue,
            Ok(ports) => ports,
            Err(why) => {
                unknown = unknown.or(Some(why));
                continue;
            }
        };
        for key in [CIDR_IP, CIDR_IPV6] {
            let Some((view, value)) = member(frame, rule, key) else { continue };
            match source(frame, value) {
                Source::Net(net) => sources.push(Admitted { ports, net, view, value }),
                Source::Inside => {}
                Source::Unknown(why) => unknown = unknown.or(Some(why)),
            }
        }
        if let Some((_, list)) = member(frame, rule, PREFIX_LIST) {
            let why = frame.reader.reason(ReasonCode::NotInInput, sekisho_expr::show(frame, list));
            unknown = unknown.or(Some(why));
        }
    }
    let asked = match service {
        Service::Ports(_, ports) => ports.len(),
        Service::Everything => 1,
    };
    for bit in 0..asked {
        let (mut v4, mut v6, mut seen) = (Vec::new(), Vec::new(), Vec::new());
        for admitted in sources.iter().filter(|admitted| admitted.ports & (1 << bit) != 0) {
            let before = v4.len() + v6.len();
            match admitted.net {
                IpNet::V4(net) => v4.extend(public_v4(net)),
                IpNet::V6(net) => v6.extend(public_v6(net)),
            }
            if v4.len() + v6.len() > before {
                seen.push((admitted.view, admitted.value));
            }
        }
        if union(&mut v4) > IPV4_LIMIT || union(&mut v6) > IPV6_LIMIT {
            for (view, value) in seen {
                frame.see(|| Seen::Value(view, value));
            }
            return Val::Bool(true);
        }
    }
    unknown.map_or(Val::Bool(false), Val::Unknown)
}

/// A source that a rule lets in, on which of the asked ports (a bit each).
struct Admitted<'a> {
    ports: u64,
    net: IpNet,
    view: View<'a>,
    value: Val<'a>,
}

fn rule_view<'a>(frame: &Frame<'_, 'a>, rule: Val<'a>) -> Result<Option<View<'a>>, Why<'a>> {
    match rule {
        Val::Node(view) => Ok(Some(view)),
        Val::Resource(resource) => match frame.read(resource.properties()) {
            Val::Node(view) => Ok(Some(view)),
            Val::Unknown(why) => Err(why),
            _ => Ok(None),
        },
        Val::Unknown(why) => Err(why),
        _ => Ok(None),
    }
}

/// A property of a rule with its hash.
type Key = (&'static str, u32);

const fn key(name: &'static str) -> Key {
    (name, key_hash(name.as_bytes()))
}

const CIDR_IP: Key = key("CidrIp");
const CIDR_IPV6: Key = key("CidrIpv6");
const PREFIX_LIST: Key = key("SourcePrefixListId");
const PROTOCOL: Key = key("IpProtocol");
const FROM_PORT: Key = key("FromPort");
const TO_PORT: Key = key("ToPort");

fn member<'a>(frame: &Frame<'_, 'a>, rule: View<'a>, key: Key) -> Option<(View<'a>, Val<'a>)> {
    let node = rule.stack.tree.get_hashed(rule.node, key.0, key.1)?;
    match frame.read(rule.at(node)) {
        Val::Absent | Val::Null => None,
        value => Some((rule.at(node), value)),
    }
}

/// On which of the asked ports a rule lets the service through, a bit each.
fn admits<'a>(frame: &Frame<'_, 'a>, rule: View<'a>, service: Service<'_>) -> Result<u64, Why<'a>> {
    let protocol = match member(frame, rule, PROTOCOL).map(|(_, value)| value) {
        Some(Val::Str(text)) => text,
        Some(Val::Int(-1)) => "-1",
        Some(Val::Int(6)) => "tcp",
        Some(Val::Int(17)) => "udp",
        // Other protocols have no ports.
        Some(Val::Int(_)) => return Ok(0),
        Some(Val::Unknown(why)) => return Err(why),
        Some(other) => {
            return Err(frame.reader.reason(ReasonCode::WrongShape, sekisho_expr::show(frame, other)));
        }
        // Without a protocol the service refuses the rule.
        None => return Ok(0),
    };
    let is = |name: &str| protocol.eq_ignore_ascii_case(name);
    if is("-1") || is("all") {
        return Ok(u64::MAX);
    }
    let name = if is("6") || is("tcp") {
        "tcp"
    } else if is("17") || is("udp") {
        "udp"
    } else {
        return Ok(0);
    };
    let wanted = match service {
        Service::Ports(wanted, _) => wanted,
        Service::Everything => name,
    };
    if name != wanted {
        return Ok(0);
    }
    // A protocol with ports and none written means all of them.
    let (from, to) = (port(frame, rule, FROM_PORT, 0)?, port(frame, rule, TO_PORT, 65_535)?);
    let all = from == -1 || to == -1;
    Ok(match service {
        Service::Ports(_, ports) => {
            let admitted =
                ports.iter().enumerate().filter(|(_, port)| all || (from <= **port && **port <= to));
            admitted.fold(0, |bits, (bit, _)| bits | (1 << bit))
        }
        Service::Everything => u64::from(all || (from <= 1 && to >= 65_535)),
    })
}

fn port<'a>(frame: &Frame<'_, 'a>, rule: View<'a>, key: Key, absent: i64) -> Result<i64, Why<'a>> {
    match member(frame, rule, key).map(|(_, value)| value) {
        None => Ok(absent),
        Some(Val::Int(port)) => Ok(port),
        Some(Val::Unknown(why)) => Err(why),
        Some(value) => {
            let text = sekisho_expr::show(frame, value);
            text.trim_matches('"').parse().map_err(|_| frame.reader.reason(ReasonCode::WrongShape, text))
        }
    }
}

enum Source<'a> {
    Net(IpNet),
    /// Surely no more than a VPC.
    Inside,
    Unknown(Why<'a>),
}

fn source<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> Source<'a> {
    let text = match value {
        Val::Str(text) => text,
        Val::Unknown(why) => return Source::Unknown(why),
        Val::Reference(target) => match frame.reader.referenced_value(target) {
            Some(sekisho_estate::Value::Str(text)) => text,
            // The blocks of a VPC are /16 to /28, whatever they are.
            // <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
            _ if matches!(
                target.type_name(),
                "AWS::EC2::VPC" | "AWS::EC2::Subnet" | "AWS::EC2::VPCCidrBlock"
            ) =>
            {
                return Source::Inside;
            }
            // An address with its length: `${Instance.PublicIp}/32` comes as a text below.
            _ => return Source::Unknown(frame.reader.reason(ReasonCode::AttributeAtDeploy, target.name())),
        },
        Val::Text(text) => {
            // Whatever the address is, its length says how wide it is.
            let narrow = text.suffix().strip_prefix('/').and_then(|length| length.parse::<u8>().ok());
            return match narrow {
                Some(8..) => Source::Inside,
                _ => Source::Unknown(frame.reader.reason(ReasonCode::AttributeAtDeploy, text.display())),
            };
        }
        other => {
            let text = sekisho_expr::show(frame, other);
            return Source::Unknown(frame.reader.reason(ReasonCode::WrongShape, text));
        }
    };
    let text = text.trim();
    match text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from)) {
        Some(net) => Source::Net(net),
        None => Source::Unknown(frame.reader.reason(ReasonCode::WrongShape, text)),
    }
}

/// The public part of an IPv4 range, as half-open intervals of addresses.
fn public_v4(net: Ipv4Net) -> Vec<(u64, u64)> {
    const PRIVATE: [(u32, u8); 7] = [
        (0x0A00_0000, 8),
        (0x6440_0000, 10),
        (0x7F00_0000, 8),
        (0xA9FE_0000, 16),
        (0xAC10_0000, 12),
        (0xC0A8_0000, 16),
        (0xE000_0000, 3),
    ];
    let mut ranges = vec![interval(u64::from(u32::from(net.network())), 32 - net.prefix_len())];
    for (base, length) in PRIVATE {
        let (start, end) = interval(u64::from(base), 32 - length);
        ranges = ranges
            .into_iter()
            .flat_map(|(from, to)| [(from, to.min(start)), (from.max(end), to)])
            .filter(|(from, to)| from < to)
            .collect();
    }
    ranges
}

/// The public part of an IPv6 range (2000::/3) in units of /64.
fn public_v6(net: Ipv6Net) -> Option<(u64, u64)> {
    let (from, to) =
        interval((u128::from(net.network()) >> 64) as u64, 64_u8.saturating_sub(net.prefix_len()));
    let (start, end) = (0x2000_0000_0000_0000, 0x4000_0000_0000_0000);
    let range = (from.max(start), to.min(end));
    (range.0 < range.1).then_some(range)
}

fn interval(base: u64, bits: u8) -> (u64, u64) {
    (base, base.saturating_add(1_u64.checked_shl(u32::from(bits)).unwrap_or(u64::MAX)))
}

/// How many addresses a set of intervals covers together. O(n log n).
fn union(intervals: &mut [(u64, u64)]) -> u64 {
    intervals.sort_unstable();
    let (mut covered, mut reached) = (0, 0);
    for &mut (from, to) in intervals {
        let from = from.max(reached);
        if to > from {
            covered += to - from;
            reached = to;
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(nets: &[&str]) -> u64 {
        let mut all: Vec<(u64, u64)> = nets.iter().flat_map(|n| public_v4(n.parse().unwrap())).collect();
        union(&mut all)
    }

    #[test]
    fn private_ranges_do_not_count_and_halves_add_up() {
        assert_eq!(share(&["10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12"]), 0);
        assert_eq!(share(&["0.0.0.0/1", "128.0.0.0/1"]), share(&["0.0.0.0/0"]));
        assert!(share(&["0.0.0.0/1"]) > IPV4_LIMIT);
        assert_eq!(share(&["3.0.0.0/8"]), IPV4_LIMIT);
        assert_eq!(share(&["203.0.113.7/32", "203.0.113.7/32"]), 1);
    }

    #[test]
    fn ipv6_counts_the_global_range() {
        assert!(public_v6("fd00::/8".parse().unwrap()).is_none());
        let mut all = vec![public_v6("::/0".parse().unwrap()).unwrap()];
        assert!(union(&mut all) > IPV6_LIMIT);
        let mut one = vec![public_v6("2001:db8::/32".parse().unwrap()).unwrap()];
        assert!(union(&mut one) <= IPV6_LIMIT);
    }
}
