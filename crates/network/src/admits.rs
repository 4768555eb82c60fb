//! What can be told of a pair without following a connection: whether the security groups at
//! its far end have any rule for it, and which sources differ at all.
//!
//! O(rules of the groups).

use crate::model::{Index, Network, Peer, Tri};
use crate::space::{Range, Service};

/// What the way of a source's packets depends on, by interface.
pub type Standing<'n> = Vec<(Option<Index>, &'n [Index], &'n [Range], u8, [bool; 3])>;

impl Network {
    /// Whether a rule of the security groups of a resource may let another one in on some of
    /// the services. Where it is false, no connection passes, whatever the way is: groups look
    /// at every packet that arrives, also after its address was translated.
    #[must_use]
    pub fn may_admit(&self, to: Index, from: Index, services: &[Service]) -> bool {
        let about = |service: &Service| services.iter().any(|wanted| wanted.meet(service).is_some());
        let peers = &self.holders[from].interfaces;
        let interfaces = &self.holders[to].interfaces;
        interfaces.is_empty()
            || interfaces.iter().map(|&at| &self.interfaces[at]).any(|interface| {
                !interface.filtered
                    || interface.groups_doubt.is_some()
                    || interface.groups.iter().map(|&group| &self.groups[group]).any(|group| {
                        group.doubt.is_some()
                            || group.ingress.iter().filter(|rule| about(&rule.service)).any(
                                |rule| match &rule.peer {
                                    Peer::Ranges(_) => true,
                                    Peer::Group(of) => peers
                                        .iter()
                                        .map(|&at| &self.interfaces[at])
                                        .any(|peer| peer.groups_doubt.is_some() || peer.groups.contains(of)),
                                },
                            )
                    })
            })
    }

    /// What a source's reach depends on: two with the same standing reach the same. None where
    /// its own identity matters.
    #[must_use]
    pub fn standing(&self, of: Index) -> Option<Standing<'_>> {
        let holder = &self.holders[of];
        if self.forwards_to.contains_key(&of) || holder.outside != Tri::No || !holder.doubts.is_empty() {
            return None;
        }
        let interfaces = holder.interfaces.iter().map(|&at| &self.interfaces[at]);
        interfaces
            .map(|interface| {
                let public = match interface.public {
                    Tri::Yes => 1,
                    Tri::No => 0,
                    Tri::Maybe(_) => return None,
                };
                if interface.groups_doubt.is_some() || interface.address_doubt.is_some() {
                    return None;
                }
                let marks = [interface.filtered, interface.exact, interface.forwards];
                Some((interface.subnet, &*interface.groups, &*interface.addresses, public, marks))
            })
            .collect()
    }
}
