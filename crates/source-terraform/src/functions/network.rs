//! Addresses of networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Call, Function, MANY, known, texts};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    known("cidrhost", 2, 2, cidrhost),
    known("cidrnetmask", 1, 1, cidrnetmask),
    known("cidrsubnet", 3, 3, cidrsubnet),
    known("cidrsubnets", 1, MANY, cidrsubnets),
    known("cidrcontains", 2, 2, cidrcontains),
];

/// A network: its first address, the length of its prefix and of an address, in bits.
#[derive(Clone, Copy)]
struct Network {
    first: u128,
    prefix: u32,
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no network in CIDR notation");
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let prefix: u32 = prefix.parse().map_err(|_| wrong())?;
        let (number, bits) = match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        if prefix > bits {
            return Err(wrong());
        }
        let network = Self { first: number, prefix, bits };
        Ok(Self { first: number & !network.host_mask(), ..network })
    }

    fn host_mask(self) -> u128 {
        low_bits(self.bits - self.prefix)
    }

    fn address(self, number: u128) -> String {
        if self.bits == 32 {
            Ipv4Addr::from_bits(number as u32).to_string()
        } else {
            Ipv6Addr::from_bits(number).to_string()
        }
    }

    fn text(self) -> String {
        format!("{}/{}", self.address(self.first), self.prefix)
    }

    fn subnet(self, new_bits: i64, number: u128) -> Result<Self, String> {
        let longer = u32::try_from(new_bits).ok().map(|new| self.prefix + new);
        let prefix = longer.filter(|&prefix| prefix <= self.bits);
        let prefix = prefix.ok_or_else(|| format!("{} has no room for {new_bits} more bits", self.text()))?;
        if number > low_bits(prefix - self.prefix) {
            return Err(format!("{new_bits} bits do not hold the network number {number}"));
        }
        let shift = self.bits - prefix;
        let offset = number.checked_shl(shift).unwrap_or(0);
        Ok(Self { first: self.first | offset, prefix, bits: self.bits })
    }
}

/// A number of as many ones.
fn low_bits(count: u32) -> u128 {
    1_u128.checked_shl(count).map_or(u128::MAX, |power| power - 1)
}

fn cidrhost(call: &Call<'_>) -> Result<Value, String> {
    let network = Network::parse(&call.text(0)?)?;
    let number = call.int(1)?;
    let distance = u128::from(number.unsigned_abs());
    let outside = || format!("{} has no host number {number}", network.text());
    let offset = if number < 0 {
        (network.host_mask()).checked_sub(distance - 1).ok_or_else(outside)?
    } else {
        Some(distance).filter(|&distance| distance <= network.host_mask()).ok_or_else(outside)?
    };
    Ok(Value::text_of(&network.address(network.first | offset)))
}

fn cidrnetmask(call: &Call<'_>) -> Result<Value, String> {
    let network = Network::parse(&call.text(0)?)?;
    if network.bits != 32 {
        return Err("only IPv4 has netmasks".into());
    }
    Ok(Value::text_of(&network.address(low_bits(32) & !network.host_mask())))
}

fn cidrsubnet(call: &Call<'_>) -> Result<Value, String> {
    let network = Network::parse(&call.text(0)?)?;
    let number = u128::try_from(call.int(2)?).map_err(|_| "the network number is negative")?;
    Ok(Value::text_of(&network.subnet(call.int(1)?, number)?.text()))
}

fn cidrsubnets(call: &Call<'_>) -> Result<Value, String> {
    let network = Network::parse(&call.text(0)?)?;
    let end = network.first | network.host_mask();
    let mut next = Some(network.first);
    let mut subnets = Vec::new();
    for at in 1..call.len() {
        let first = next.ok_or_else(|| format!("{} has no more room", network.text()))?;
        let subnet = network.subnet(call.int(at)?, 0)?;
        let mask = subnet.host_mask();
        // The next network of this size that begins behind the last one.
        let first = first.checked_add(mask).map(|past| past & !mask);
        let first = first.filter(|first| first | mask <= end);
        let first = first.ok_or_else(|| format!("{} has no more room", network.text()))?;
        let subnet = Network { first, ..subnet };
        subnets.push(subnet.text());
        next = (first | mask).checked_add(1).filter(|&next| next <= end);
    }
    Ok(texts(call, subnets))
}

/// Of OpenTofu.
fn cidrcontains(call: &Call<'_>) -> Result<Value, String> {
    let outer = Network::parse(&call.text(0)?)?;
    let inner = call.text(1)?;
    let inner = if inner.contains('/') {
        Network::parse(&inner)?
    } else {
        Network::parse(&format!("{inner}/{}", if inner.contains(':') { 128 } else { 32 }))?
    };
    if outer.bits != inner.bits {
        return Err("one is IPv4, the other IPv6".into());
    }
    Ok(Value::Bool(inner.prefix >= outer.prefix && inner.first & !outer.host_mask() == outer.first))
}
