//! Packets as sets of boxes: source and destination address, protocol, ports.
//!
//! IPv4 and IPv6 share one line of 128-bit numbers: an IPv4 address lies at its mapped
//! place (`::ffff:a.b.c.d`), so that one interval type serves both and no rule of one family
//! can touch the other. Just below lies room for the addresses of AWS services behind managed
//! prefix lists, which nobody needs to know: `0.0.0.0/0` holds them, narrower blocks do not.
//!
//! Every operation is exact. Intersection of sets of n and m boxes is O(n·m); subtraction of a
//! box splits each box into at most eleven.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// An inclusive interval of addresses on the common line.
pub type Range = (u128, u128);

/// First IPv4 address on the line.
pub const V4: u128 = 0xffff_0000_0000;
/// Last IPv4 address.
pub const V4_END: u128 = 0xffff_ffff_ffff;
/// Where the addresses of managed prefix lists lie: a 2^24 wide block each.
const MANAGED: u128 = 0xfffe_0000_0000;
const MANAGED_WIDTH: u128 = 1 << 24;

/// All IPv4 addresses, those of managed prefix lists among them.
pub const ALL_V4: Range = (MANAGED, V4_END);
/// All IPv6 addresses that can be used.
pub const ALL_V6: Range = (1 << 112, u128::MAX);
/// Every address.
pub const ANY: Range = (0, u128::MAX);

/// Protocol number of ICMP, TCP, UDP and ICMPv6.
pub const ICMP: u8 = 1;
/// TCP
pub const TCP: u8 = 6;
/// UDP
pub const UDP: u8 = 17;
/// ICMPv6
pub const ICMPV6: u8 = 58;

/// The interval of a block.
#[must_use]
pub fn block(net: IpNet) -> Range {
    match net {
        IpNet::V4(net) if net.prefix_len() == 0 => ALL_V4,
        IpNet::V4(net) => {
            (V4 + u128::from(u32::from(net.network())), V4 + u128::from(u32::from(net.broadcast())))
        }
        // The lowest part of the line is IPv4's; IPv6 uses nothing of it.
        IpNet::V6(net) if net.prefix_len() < 16 => {
            (u128::from(net.network()).max(ALL_V6.0), u128::from(net.broadcast()))
        }
        IpNet::V6(net) => (u128::from(net.network()), u128::from(net.broadcast())),
    }
}

/// The number of an address on the line.
#[must_use]
pub fn address(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => V4 + u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

/// Addresses of the n-th managed prefix list.
#[must_use]
pub fn managed(index: usize) -> Range {
    let start = MANAGED + MANAGED_WIDTH * index as u128;
    (start, start + MANAGED_WIDTH - 1)
}

/// Whether an interval lies in IPv4.
#[must_use]
pub fn is_v4(range: Range) -> bool {
    range.0 >= MANAGED && range.1 <= V4_END
}

/// What two intervals share.
#[inline]
#[must_use]
pub fn meet<T: Ord + Copy>(a: (T, T), b: (T, T)) -> Option<(T, T)> {
    let (from, to) = (a.0.max(b.0), a.1.min(b.1));
    (from <= to).then_some((from, to))
}

/// Sorts intervals and joins those that touch.
#[must_use]
pub fn tidy(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    let mut out: Vec<Range> = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match out.last_mut() {
            Some(last) if last.1 == u128::MAX || from <= last.1 + 1 => last.1 = last.1.max(to),
            _ => out.push((from, to)),
        }
    }
    out
}

/// What is in the first list of intervals and not in the second.
#[must_use]
pub fn without(ranges: &[Range], taken: &[Range]) -> Vec<Range> {
    let mut left = ranges.to_vec();
    for &(start, end) in taken {
        left = left
            .into_iter()
            .flat_map(|(from, to)| {
                let before = (from < start).then(|| (from, to.min(start - 1)));
                let after = (to > end).then(|| (from.max(end + 1), to));
                [before, after].into_iter().flatten()
            })
            .collect();
    }
    left
}

/// What two lists of intervals share.
#[must_use]
pub fn common(a: &[Range], b: &[Range]) -> Vec<Range> {
    tidy(a.iter().flat_map(|&x| b.iter().filter_map(move |&y| meet(x, y))).collect())
}

/// Blocks that are not on the internet, by their registries.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry/iana-ipv4-special-registry.xhtml>
const PRIVATE_V4: [(u32, u8); 8] = [
    (0x0000_0000, 8),
    (0x0A00_0000, 8),
    (0x6440_0000, 10),
    (0x7F00_0000, 8),
    (0xA9FE_0000, 16),
    (0xAC10_0000, 12),
    (0xC0A8_0000, 16),
    (0xE000_0000, 3),
];

/// The addresses of the internet: public IPv4, and IPv6's 2000::/3.
#[must_use]
pub fn internet() -> Vec<Range> {
    let private: Vec<Range> = PRIVATE_V4
        .iter()
        .map(|&(base, length)| {
            let start = V4 + u128::from(base);
            (start, start + (1_u128 << (32 - length)) - 1)
        })
        .collect();
    let mut all = without(&[(V4, V4_END)], &private);
    all.push((0x2000 << 112, (0x4000 << 112) - 1));
    all
}

/// Private IPv4 addresses (RFC 1918 and RFC 6598) and IPv6's fc00::/7.
#[must_use]
pub fn private() -> Vec<Range> {
    let v4 = [(0x0A00_0000_u32, 8_u8), (0x6440_0000, 10), (0xAC10_0000, 12), (0xC0A8_0000, 16)];
    let mut all: Vec<Range> = v4
        .iter()
        .map(|&(base, length)| {
            let start = V4 + u128::from(base);
            (start, start + (1_u128 << (32 - length)) - 1)
        })
        .collect();
    all.push((0xfc00 << 112, (0xfe00 << 112) - 1));
    all
}

/// How many addresses intervals hold together, at most `u128::MAX`.
#[must_use]
pub fn size(ranges: &[Range]) -> u128 {
    tidy(ranges.to_vec()).iter().fold(0, |sum: u128, r| sum.saturating_add((r.1 - r.0).saturating_add(1)))
}

/// Whether an interval lies within another.
fn within<T: Ord + Copy>(part: (T, T), whole: (T, T)) -> bool {
    whole.0 <= part.0 && part.1 <= whole.1
}

/// The smallest interval around two.
fn around<T: Ord + Copy>(a: (T, T), b: (T, T)) -> (T, T) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// An interval in words: a block where it is one, else first and last address.
#[must_use]
pub fn show(range: Range) -> String {
    if range == ALL_V4 {
        return "0.0.0.0/0".into();
    }
    if range == ALL_V6 {
        return "::/0".into();
    }
    let ip = |n: u128| -> IpAddr {
        if (V4..=V4_END).contains(&n) {
            Ipv4Addr::from((n - V4) as u32).into()
        } else {
            Ipv6Addr::from(n).into()
        }
    };
    let size = (range.1 - range.0).saturating_add(1);
    if size == 1 {
        return ip(range.0).to_string();
    }
    let mask = size.wrapping_sub(1);
    if size.is_power_of_two() && range.0 & mask == 0 {
        let bits = size.trailing_zeros();
        let whole = if is_v4(range) { 32_u32 } else { 128 };
        return format!("{}/{}", ip(range.0), whole.saturating_sub(bits));
    }
    format!("{}-{}", ip(range.0), ip(range.1))
}

/// A box of packets. Ports of ICMP are type × 256 + code, of other protocols without ports all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Packets {
    /// Source addresses.
    pub src: Range,
    /// Destination addresses.
    pub dst: Range,
    /// Protocol numbers.
    pub protocol: (u8, u8),
    /// Destination ports.
    pub port: (u16, u16),
    /// Source ports: what a reply is sent to.
    pub from_port: (u16, u16),
}

/// The ports that clients use.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>
pub const EPHEMERAL: (u16, u16) = (1024, 65_535);

impl Packets {
    /// All packets.
    pub const ALL: Self =
        Self { src: ANY, dst: ANY, protocol: (0, 255), port: (0, 65_535), from_port: (0, 65_535) };

    /// What two boxes share.
    #[inline]
    #[must_use]
    pub fn meet(&self, other: &Self) -> Option<Self> {
        Some(Self {
            src: meet(self.src, other.src)?,
            dst: meet(self.dst, other.dst)?,
            protocol: meet(self.protocol, other.protocol)?,
            port: meet(self.port, other.port)?,
            from_port: meet(self.from_port, other.from_port)?,
        })
    }

    /// Whether another box lies within this one.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        // Ports first: most boxes that are compared differ there.
        within(other.port, self.port)
            && within(other.protocol, self.protocol)
            && within(other.src, self.src)
            && within(other.dst, self.dst)
            && within(other.from_port, self.from_port)
    }

    /// The smallest box that holds both.
    #[must_use]
    fn hull(self, other: &Self) -> Self {
        Self {
            src: around(self.src, other.src),
            dst: around(self.dst, other.dst),
            protocol: around(self.protocol, other.protocol),
            port: around(self.port, other.port),
            from_port: around(self.from_port, other.from_port),
        }
    }

    /// Puts what is in this box and not in the other into a list.
    fn minus(mut self, other: &Self, out: &mut Vec<Self>) {
        if self.meet(other).is_none() {
            out.push(self);
            return;
        }
        // Slices this box along each side in turn; what is left over lies within the other.
        macro_rules! slice {
            ($side:ident) => {
                if self.$side.0 < other.$side.0 {
                    out.push(Self { $side: (self.$side.0, other.$side.0 - 1), ..self });
                    self.$side.0 = other.$side.0;
                }
                if self.$side.1 > other.$side.1 {
                    out.push(Self { $side: (other.$side.1 + 1, self.$side.1), ..self });
                    self.$side.1 = other.$side.1;
                }
            };
        }
        slice!(src);
        slice!(dst);
        slice!(protocol);
        slice!(port);
        slice!(from_port);
    }
}

/// A set of packets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Set {
    /// Boxes; they may overlap.
    pub boxes: Vec<Packets>,
}

impl Set {
    /// The empty set.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// A set of one box.
    #[must_use]
    pub fn one(packets: Packets) -> Self {
        Self { boxes: vec![packets] }
    }

    /// Every combination of source and destination intervals of the same family.
    #[must_use]
    pub fn between(src: &[Range], dst: &[Range], services: &[Service]) -> Self {
        let mut set = Self::none();
        for &s in src {
            for &d in dst.iter().filter(|&&d| is_v4(d) == is_v4(s)) {
                for service in services {
                    set.boxes.push(Packets {
                        src: s,
                        dst: d,
                        protocol: service.protocol,
                        port: service.port,
                        from_port: EPHEMERAL,
                    });
                }
            }
        }
        set
    }

    /// Whether there is no packet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    /// Adds a box unless it is already there.
    pub fn add(&mut self, packets: Packets) {
        if !self.boxes.iter().any(|b| b.holds(&packets)) {
            self.boxes.retain(|b| !packets.holds(b));
            self.boxes.push(packets);
        }
    }

    /// Adds all boxes of another set.
    pub fn join(&mut self, other: &Self) {
        let hull = |set: &Self| set.boxes.iter().copied().reduce(|all, b| all.hull(&b));
        match (hull(self), hull(other)) {
            (_, None) => {}
            (None, _) => self.boxes.clone_from(&other.boxes),
            // What lies apart holds nothing of the other: O(boxes) instead of O(boxes²).
            (Some(own), Some(others)) if own.meet(&others).is_none() => {
                self.boxes.extend_from_slice(&other.boxes);
            }
            _ => other.boxes.iter().for_each(|b| self.add(*b)),
        }
    }

    /// What lies in a box.
    #[must_use]
    pub fn within(&self, packets: &Packets) -> Self {
        Self { boxes: self.boxes.iter().filter_map(|b| b.meet(packets)).collect() }
    }

    /// What two sets share.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        let mut out = Self::none();
        for a in &self.boxes {
            for b in &other.boxes {
                if let Some(both) = a.meet(b) {
                    out.add(both);
                }
            }
        }
        out
    }

    /// What is not in a box.
    #[must_use]
    pub fn minus(&self, packets: &Packets) -> Self {
        let mut boxes = Vec::with_capacity(self.boxes.len());
        self.boxes.iter().for_each(|b| b.minus(packets, &mut boxes));
        Self { boxes }
    }

    /// Whether a box lies in the set.
    #[must_use]
    pub fn covers(&self, packets: &Packets) -> bool {
        let mut left = Self::one(*packets);
        for b in &self.boxes {
            left = left.minus(b);
            if left.is_empty() {
                return true;
            }
        }
        left.is_empty()
    }

    /// The services (protocol and destination port) of the set, sorted, those that touch joined.
    #[must_use]
    pub fn services(&self) -> Vec<Service> {
        join_services(self.boxes.iter().map(|b| Service { protocol: b.protocol, port: b.port }).collect())
    }

    /// The source addresses.
    #[must_use]
    pub fn sources(&self) -> Vec<Range> {
        tidy(self.boxes.iter().map(|b| b.src).collect())
    }

    /// The destination addresses.
    #[must_use]
    pub fn destinations(&self) -> Vec<Range> {
        tidy(self.boxes.iter().map(|b| b.dst).collect())
    }

    /// The same packets from other sources: what a translation of the source makes of them.
    #[must_use]
    pub fn translated(&self, src: &[Range]) -> Self {
        let mut set = Self::none();
        for b in &self.boxes {
            for &s in src.iter().filter(|&&s| is_v4(s) == is_v4(b.dst)) {
                set.add(Packets { src: s, from_port: EPHEMERAL, ..*b });
            }
        }
        set
    }
}

/// Protocols and destination ports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Service {
    /// Protocol numbers.
    pub protocol: (u8, u8),
    /// Ports, or for ICMP type × 256 + code.
    pub port: (u16, u16),
}

impl Service {
    /// Everything.
    pub const ALL: Self = Self { protocol: (0, 255), port: (0, 65_535) };

    /// One port of TCP.
    #[must_use]
    pub fn tcp(port: u16) -> Self {
        Self { protocol: (TCP, TCP), port: (port, port) }
    }

    /// Ports of a protocol.
    #[must_use]
    pub fn ports(protocol: u8, from: u16, to: u16) -> Self {
        Self { protocol: (protocol, protocol), port: (from, to) }
    }

    /// What two services share.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Option<Self> {
        Some(Self { protocol: meet(self.protocol, other.protocol)?, port: meet(self.port, other.port)? })
    }

    /// `tcp 443`, `udp 53-60`, `all`, `icmp 8/0`.
    #[must_use]
    pub fn show(&self) -> String {
        if self.protocol == (0, 255) {
            return if self.port == (0, 65_535) { "all".into() } else { ports(self.port) };
        }
        let name = |number: u8| match number {
            ICMP => "icmp".into(),
            TCP => "tcp".into(),
            UDP => "udp".into(),
            ICMPV6 => "icmpv6".into(),
            other => format!("protocol {other}"),
        };
        let mut out = name(self.protocol.0);
        if self.protocol.1 != self.protocol.0 {
            let _infallible = write!(out, " to {}", name(self.protocol.1));
        }
        if self.port != (0, 65_535) {
            if matches!(self.protocol.0, ICMP | ICMPV6) {
                let _infallible = write!(out, " {}/{}", self.port.0 >> 8, self.port.0 & 255);
            } else {
                let _infallible = write!(out, " {}", ports(self.port));
            }
        }
        out
    }
}

fn ports(port: (u16, u16)) -> String {
    if port.0 == port.1 { port.0.to_string() } else { format!("{}-{}", port.0, port.1) }
}

/// Sorts services, drops what others hold, joins what touches.
#[must_use]
pub fn join_services(mut all: Vec<Service>) -> Vec<Service> {
    all.sort_unstable();
    all.dedup();
    let mut out: Vec<Service> = Vec::new();
    for service in all {
        if let Some(last) = out.last_mut()
            && last.protocol == service.protocol
            && u32::from(service.port.0) <= u32::from(last.port.1) + 1
        {
            last.port.1 = last.port.1.max(service.port.1);
        } else {
            out.push(service);
        }
    }
    let all = out.clone();
    out.retain(|s| !all.iter().any(|o| o != s && o.meet(s) == Some(*s)));
    // Neighbouring protocols with the same ports, as subtraction leaves them.
    let mut joined: Vec<Service> = Vec::new();
    for service in out {
        if let Some(last) = joined.last_mut()
            && last.port == service.port
            && u16::from(service.protocol.0) == u16::from(last.protocol.1) + 1
        {
            last.protocol.1 = service.protocol.1;
        } else {
            joined.push(service);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn small() -> impl Strategy<Value = Packets> {
        let side = || (0_u8..6, 0_u8..6).prop_map(|(a, b)| (a.min(b), a.max(b)));
        (side(), side(), side(), side(), side()).prop_map(|(s, d, p, t, f)| Packets {
            src: (s.0.into(), s.1.into()),
            dst: (d.0.into(), d.1.into()),
            protocol: p,
            port: (t.0.into(), t.1.into()),
            from_port: (f.0.into(), f.1.into()),
        })
    }

    fn has(set: &Set, point: [u8; 5]) -> bool {
        let [s, d, p, t, f] = point;
        set.boxes.iter().any(|b| {
            let within = |r: Range, v: u8| r.0 <= v.into() && u128::from(v) <= r.1;
            within(b.src, s)
                && within(b.dst, d)
                && b.protocol.0 <= p
                && p <= b.protocol.1
                && (b.port.0..=b.port.1).contains(&t.into())
                && (b.from_port.0..=b.from_port.1).contains(&f.into())
        })
    }

    proptest! {
        #[test]
        fn set_algebra_is_that_of_its_points(
            a in prop::collection::vec(small(), 0..4), b in small(), point in prop::array::uniform5(0_u8..6)
        ) {
            let mut set = Set::none();
            a.iter().for_each(|x| set.add(*x));
            prop_assert_eq!(has(&set, point), has(&Set { boxes: a }, point));
            prop_assert_eq!(has(&set.minus(&b), point), has(&set, point) && !has(&Set::one(b), point));
            prop_assert_eq!(has(&set.within(&b), point), has(&set, point) && has(&Set::one(b), point));
            prop_assert_eq!(has(&set.meet(&Set::one(b)), point), has(&set, point) && has(&Set::one(b), point));
            if set.covers(&b) {
                prop_assert!(!has(&Set::one(b), point) || has(&set, point));
            } else {
                prop_assert!(!Set::one(b).boxes.iter().all(|x| set.boxes.iter().any(|y| y.holds(x))));
            }
        }
    }

    #[test]
    fn addresses_are_shown_as_blocks() {
        for text in ["10.0.0.0/16", "0.0.0.0/0", "::/0", "2001:db8::/32", "128.0.0.0/1"] {
            assert_eq!(show(block(text.parse().unwrap())), text);
        }
        assert_eq!(show(block("10.0.0.7/32".parse().unwrap())), "10.0.0.7");
        assert_eq!(show((V4 + 1, V4 + 2)), "0.0.0.1-0.0.0.2");
    }

    #[test]
    fn the_two_halves_are_the_internet() {
        let halves = [block("0.0.0.0/1".parse().unwrap()), block("128.0.0.0/1".parse().unwrap())];
        let v4: Vec<Range> = internet().into_iter().filter(|&r| is_v4(r)).collect();
        assert_eq!(common(&halves, &v4), v4);
        assert!(common(&internet(), &[block("10.0.0.0/8".parse().unwrap())]).is_empty());
        assert!(common(&internet(), &private()).is_empty());
    }

    #[test]
    fn services_are_shown_in_the_terms_of_the_field() {
        assert_eq!(Service::tcp(443).show(), "tcp 443");
        assert_eq!(Service::ports(UDP, 53, 60).show(), "udp 53-60");
        assert_eq!(Service::ALL.show(), "all");
        let joined = join_services(vec![Service::tcp(80), Service::tcp(81), Service::ports(TCP, 80, 90)]);
        assert_eq!(joined, [Service::ports(TCP, 80, 90)]);
    }
}
