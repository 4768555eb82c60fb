//! From what a user writes to an end of a question.

use std::collections::BTreeSet;

use ipnet::IpNet;
use sekisho_estate::{Estate, ResourceId};

use crate::SERVICES;
use crate::engine::End;
use crate::model::{Index, Network};
use crate::read::range_of;
use crate::space::{Range, Service, TCP, UDP, common, internet};

/// What a user's word means: several ends where it names a subnet, group or VPC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// The word.
    pub name: String,
    /// What it stands for.
    pub ends: Vec<End>,
}

impl Network {
    /// The ends that a word names: `internet`, `on-premises`, an address or block, a service of
    /// AWS (`s3.amazonaws.com`), a resource
    /// with addresses by its logical id or address, or everything in a subnet, a VPC or with a
    /// security group.
    ///
    /// # Errors
    /// What is wrong with the word, and what may have been meant.
    pub fn named(&self, estate: &Estate, word: &str) -> Result<Named, String> {
        let named = |ends: Vec<End>| Named { name: word.to_owned(), ends };
        match word {
            "internet" => return Ok(named(vec![End::internet()])),
            "on-premises" => return Ok(named(vec![End::on_premises()])),
            _ => {}
        }
        if let Some(at) = SERVICES.iter().position(|row| row.host() == word) {
            return Ok(named(vec![End::Service(at)]));
        }
        if let Some(range) = range_of(word) {
            return Ok(named(vec![self.address(range)]));
        }
        let mut found: Vec<ResourceId> = estate
            .resources()
            .map(|(id, ..)| id)
            .filter(|&id| estate.id(id) == word || estate.address(id) == word)
            .collect();
        if found.is_empty() {
            // A name that ends in what was written, where the file need not be said.
            found = estate
                .resources()
                .map(|(id, ..)| id)
                .filter(|&id| written_id(estate, id) == Some(word))
                .collect();
        }
        let mut ends = Vec::new();
        for &id in &found {
            ends.extend(self.ends_of(id));
        }
        ends.dedup();
        if !ends.is_empty() {
            return Ok(named(ends));
        }
        if let Some(&id) = found.first() {
            let kind = estate.type_name(id);
            return Err(format!("{word} ({kind}) has no addresses of its own in the input"));
        }
        let known = estate.resources().map(|(id, ..)| id).filter(|&id| !self.ends_of(id).is_empty());
        let hosts: Vec<String> = SERVICES.iter().map(crate::ServiceRow::host).collect();
        let places = ["internet", "on-premises"].into_iter().chain(hosts.iter().map(String::as_str));
        let names: Vec<&str> = known.map(|id| estate.id(id)).chain(places).collect();
        let meant = sekisho_facts::did_you_mean(word, names.iter().copied());
        let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
        Err(format!("there is no {word} in the input, and it is no address{meant}"))
    }

    /// The end of an address: an interface that has it, else the internet or on-premises.
    fn address(&self, range: Range) -> End {
        let owner = self.interfaces.iter().find(|i| i.exact && i.addresses.contains(&range));
        if let Some(owner) = owner {
            return End::Holder(owner.holder);
        }
        let public = common(&internet(), &[range]);
        if public.is_empty() { End::OnPremises(vec![range]) } else { End::Internet(public) }
    }

    /// Holders that a resource stands for.
    #[must_use]
    pub fn ends_of(&self, id: ResourceId) -> Vec<End> {
        if let Some(&holder) = self.by_resource.get(&id) {
            return vec![End::Holder(holder)];
        }
        let end = |&at: &Index| End::Holder(at);
        if let Some(&subnet) = self.subnet_by_resource.get(&id) {
            return self.placed.get(&subnet).into_iter().flatten().map(end).collect();
        }
        if let Some(&group) = self.group_by_resource.get(&id) {
            return self.members.get(&group).into_iter().flatten().map(end).collect();
        }
        if let Some(&vpc) = self.vpc_by_resource.get(&id) {
            let here = self.placed.iter().filter(|(subnet, _)| self.subnets[**subnet].vpc == vpc);
            let holders: BTreeSet<Index> = here.flat_map(|(_, holders)| holders).copied().collect();
            return holders.iter().map(end).collect();
        }
        Vec::new()
    }
}

/// The id that AWS gave a resource, where the source says it.
fn written_id(estate: &Estate, id: ResourceId) -> Option<&str> {
    let node = estate.resource(id).reference_value?;
    estate.stack(id.stack).tree.string(node)
}

/// Services from a protocol and a port as a user writes them.
///
/// # Errors
/// What is wrong.
pub fn services(protocol: Option<&str>, port: Option<&str>) -> Result<Vec<Service>, String> {
    let numbers: Vec<u8> = match protocol.map(str::to_ascii_lowercase).as_deref() {
        None if port.is_some() => vec![TCP, UDP],
        None | Some("all" | "-1") => return Ok(vec![Service::ALL]),
        Some("tcp") => vec![TCP],
        Some("udp") => vec![UDP],
        Some("icmp") => vec![1],
        Some("icmpv6") => vec![58],
        Some(other) => vec![other.parse().map_err(|_| {
            format!("there is no protocol {other}; write tcp, udp, icmp, icmpv6, all or a number")
        })?],
    };
    let (from, to) = match port {
        None => (0, 65_535),
        Some(text) => {
            let (from, to) = text.split_once('-').unwrap_or((text, text));
            let number = |t: &str| {
                t.trim().parse::<u16>().map_err(|_| format!("{text} is no port; write 443 or 8000-8080"))
            };
            (number(from)?, number(to)?)
        }
    };
    if from > to {
        return Err(format!("{from}-{to} is no range of ports"));
    }
    Ok(numbers.into_iter().map(|n| Service::ports(n, from, to)).collect())
}

/// The block of a text, for assumptions.
///
/// # Errors
/// What is wrong.
pub fn block_of(text: &str) -> Result<IpNet, String> {
    text.trim().parse().map_err(|_| format!("{text} is no block of addresses, such as 10.0.0.0/8"))
}
