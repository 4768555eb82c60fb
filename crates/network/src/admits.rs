//! What can be told of a pair without following a connection: whether the security groups at
//! its far end have any rule for it.
//!
//! O(rules of the groups) once; a pair is then O(groups that the rules name).

use crate::engine::{End, Verdict};
use crate::model::{Group, Index, Network, Peer, Permission, Tri};
use crate::space::{Range, Service, join_services, meet};

/// Whom the security groups of a resource may let in.
#[derive(Clone, Debug, Default)]
pub struct Door {
    /// Somebody by address, or it is not known whom.
    anyone: bool,
    /// Members of these groups.
    groups: Vec<Index>,
}

impl Network {
    /// Whom the security groups of a resource may let in on some of the services. Groups look
    /// at every packet that arrives, also after its address was translated.
    #[must_use]
    pub fn door(&self, of: Index, services: &[Service]) -> Door {
        let mut door = Door::default();
        let interfaces = &self.holders[of].interfaces;
        door.anyone = interfaces.is_empty();
        for interface in interfaces.iter().map(|&at| &self.interfaces[at]) {
            door.anyone |= !interface.filtered || interface.groups_doubt.is_some();
            for group in interface.groups.iter().map(|&group| &self.groups[group]) {
                door.anyone |= group.doubt.is_some();
                for rule in &group.ingress {
                    if services.iter().all(|service| service.meet(&rule.service).is_none()) {
                        continue;
                    }
                    match &rule.peer {
                        Peer::Ranges(_) => door.anyone = true,
                        Peer::Group(group) => door.groups.push(*group),
                    }
                }
            }
        }
        door.groups.sort_unstable();
        door.groups.dedup();
        door
    }
}

impl Network {
    /// Services on which something from an end may arrive at a resource: what one question about
    /// everything tells of questions about some services. On others nothing arrives. None where
    /// not every path is listed, or the answer is unknown without one.
    #[must_use]
    pub fn arriving(&self, from: &End, to: Index) -> Option<Vec<Service>> {
        if self.shut(from, to, &[Service::ALL]) {
            return Some(Vec::new());
        }
        let answer = self.reached(from, to, &[Service::ALL]);
        let told = answer.more == 0 && (answer.verdict == Verdict::Blocked || !answer.paths.is_empty());
        told.then(|| join_services(answer.paths.iter().flat_map(|path| path.may.clone()).collect()))
    }

    /// Whether the security groups of a resource let nothing of the services in from the internet
    /// or from on-premises networks, whatever leads to it. False where it is not that simple.
    #[must_use]
    pub fn shut(&self, from: &End, to: Index, services: &[Service]) -> bool {
        let holder = &self.holders[to];
        let sources: Option<&[Range]> = match from {
            End::Internet(ranges) => Some(ranges),
            End::OnPremises(_) => None,
            End::Holder(_) | End::Service(_) => return false,
        };
        if holder.outside != Tri::No || holder.interfaces.is_empty() || self.forwards_to.contains_key(&to) {
            return false;
        }
        let wanted = |rule: &Permission| services.iter().any(|service| service.meet(&rule.service).is_some());
        let lets_in = |rule: &Permission| match &rule.peer {
            Peer::Ranges(ranges) => {
                let from = |&range: &Range| {
                    sources.is_none_or(|sources| sources.iter().any(|&source| meet(source, range).is_some()))
                };
                ranges.iter().any(from) && wanted(rule)
            }
            // Who comes from outside is a member of no group.
            Peer::Group(_) => false,
        };
        let shut = |group: &Group| group.doubt.is_none() && !group.ingress.iter().any(lets_in);
        holder.interfaces.iter().map(|&at| &self.interfaces[at]).all(|interface| {
            interface.filtered
                && interface.groups_doubt.is_none()
                && interface.groups.iter().all(|&group| shut(&self.groups[group]))
        }) && self.not_followed(from, &End::Holder(to)).is_empty()
    }
}

impl Door {
    /// Whether another one may be let in, and by which groups of which of its interfaces.
    #[must_use]
    pub fn admits(&self, net: &Network, from: Index) -> Option<Vec<(usize, Index)>> {
        let mut by = Vec::new();
        let mut open = self.anyone;
        for (nth, &at) in net.holders[from].interfaces.iter().enumerate() {
            let peer = &net.interfaces[at];
            open |= peer.groups_doubt.is_some() && !self.groups.is_empty();
            let named = peer.groups.iter().filter(|group| self.groups.binary_search(group).is_ok());
            by.extend(named.map(|&group| (nth, group)));
        }
        by.sort_unstable();
        (open || !by.is_empty()).then_some(by)
    }
}
