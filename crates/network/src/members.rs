//! Who may have a security group although nothing known says so, and whether a group may hold
//! members of several zones. O(interfaces with groups that are not known) for each group.

use crate::model::{Doubt, Index, Network};
use crate::zones::Zones;

/// How a security group stands to a zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sharing {
    /// It has members of the zone and of others.
    Shared,
    /// It has members, and not both.
    Apart,
    /// Nothing has it.
    Unused,
    /// Something may have it that decides.
    Unknown(Doubt),
}

impl Network {
    /// Interfaces that may have a group: theirs are not known, nor that they are in another VPC.
    ///
    /// What names no group has the default one of its VPC: it may have a default group only.
    /// Nodes of a managed group of EKS have the group of their cluster.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html>
    /// <https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html>
    pub fn possible_members(&self, group: Index) -> impl Iterator<Item = (Index, &Doubt)> {
        let (vpc, default) = (self.groups[group].vpc, self.groups[group].default);
        self.doubtful.iter().filter_map(move |&at| {
            let interface = &self.interfaces[at];
            let here = self.vpc_of(at).is_none_or(|v| vpc.is_none_or(|own| own == v));
            let nodes = self.holders[interface.holder].item.kind == "AWS::EKS::Nodegroup";
            let may = here && !nodes && (default || !interface.ungrouped);
            interface.groups_doubt.as_ref().filter(|_| may).map(|doubt| (at, doubt))
        })
    }

    /// Whether a group has members of a zone together with others. Of the zone all that begin
    /// with its name count (each account has its own).
    #[must_use]
    pub fn sharing(&self, zones: &Zones, group: Index, zone: &str) -> Sharing {
        let of = |holder: Index| zones.zones.iter().find(|z| z.members.contains(&holder));
        let is =
            |name: &str| name == zone || name.strip_prefix(zone).is_some_and(|rest| rest.starts_with(" ("));
        let (mut inside, mut others) = (false, false);
        for zone in self.members.get(&group).into_iter().flatten().filter_map(|&holder| of(holder)) {
            if is(&zone.name) { inside = true } else { others = true }
        }
        if inside && others {
            return Sharing::Shared;
        }
        let (mut may_inside, mut may_others) = (None, None);
        for (at, doubt) in self.possible_members(group) {
            let Some(zone) = of(self.interfaces[at].holder) else { continue };
            let place = if is(&zone.name) { &mut may_inside } else { &mut may_others };
            place.get_or_insert(doubt);
        }
        let doubt = match (inside, others) {
            (true, _) => may_others,
            (_, true) => may_inside,
            // Nothing is known to have it: two things that may would have to share it.
            _ => may_inside.and(may_others),
        };
        match doubt {
            Some(doubt) => Sharing::Unknown(doubt.clone()),
            None if inside || others => Sharing::Apart,
            None => Sharing::Unused,
        }
    }
}
