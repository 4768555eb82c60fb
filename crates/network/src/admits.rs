//! What can be told of a pair without following a connection: whether the security groups at
//! its far end have any rule for it, and which sources have the same way.
//!
//! Both are O(rules of the groups) once; a pair is then O(groups that the rules name).

use std::collections::HashMap;

use crate::model::{Index, Network, Peer};
use crate::space::Service;

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

    /// By resource: a number that is the same for two whose packets go the same way. None where
    /// a resource's own identity matters. Security groups count by what they let out; of which
    /// groups that a [`Door`] names a resource is a member, [`Door::admits`] says.
    #[must_use]
    pub fn alike(&self) -> Vec<Option<u32>> {
        let mut lets_out: HashMap<String, u32> = HashMap::new();
        let groups: Vec<u32> = (0..)
            .zip(&self.groups)
            .map(|(index, group): (usize, _)| {
                let rules = group.egress.iter().map(|rule| (&rule.service, &rule.peer, &rule.doubt));
                let alone = group.doubt.is_some().then_some(index);
                let text = format!("{alone:?} {:?}", rules.collect::<Vec<_>>());
                let next = u32::try_from(lets_out.len()).unwrap_or(u32::MAX);
                *lets_out.entry(text).or_insert(next)
            })
            .collect();
        let mut known = HashMap::new();
        let mut number = |holder: Index| {
            let at = &self.holders[holder];
            if self.forwards_to.contains_key(&holder) {
                return None;
            }
            let mut way = Vec::with_capacity(at.interfaces.len());
            for interface in at.interfaces.iter().map(|&at| &self.interfaces[at]) {
                let mut out: Vec<u32> = interface.groups.iter().map(|&group| groups[group]).collect();
                out.sort_unstable();
                out.dedup();
                let marks = [interface.filtered, interface.exact, interface.forwards];
                // A doubt is named after the resource itself: why it is there is what counts.
                let doubts = [&interface.groups_doubt, &interface.address_doubt];
                let why = doubts.map(|doubt| doubt.as_ref().map(|doubt| &doubt.why));
                let open = format!("{:?} {why:?}", interface.public);
                way.push((interface.subnet, out, &interface.addresses, marks, open));
            }
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            let why: Vec<_> = at.doubts.iter().map(|doubt| &doubt.why).collect();
            let open = format!("{:?} {why:?}", at.outside);
            Some(*known.entry((way, open)).or_insert(next))
        };
        (0..self.holders.len()).map(&mut number).collect()
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
