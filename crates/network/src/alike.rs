//! Which resources the network treats alike, so that one answer serves for many.
//!
//! O(rules + interfaces) once. Numbers are given in the order of resources and mean nothing else.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use sekisho_estate::Reason;

use crate::data::{Placement, Role};
use crate::model::{Doubt, Group, Index, Interface, Network, Peer, Permission, Tri};
use crate::space::{Range, Service};

/// Who is like whom, by resource; none where a resource's own identity matters.
#[derive(Clone, Debug, Default)]
pub struct Alike {
    /// The same number: what they send goes the same way. Security groups count by what they let
    /// out; of which groups that a [`Door`](crate::Door) names a resource is a member,
    /// [`Door::admits`](crate::Door::admits) says.
    pub starts: Vec<Option<u32>>,
    /// The same number: what is sent to them arrives alike, whoever sends it. Security groups
    /// count by what they let in.
    pub arrives: Vec<Option<u32>>,
}

/// Gives equal things equal numbers.
struct Numbers<K>(HashMap<K, u32>);

impl<K: Hash + Eq> Numbers<K> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn of(&mut self, key: K) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(key).or_insert(next)
    }
}

/// What counts of a rule: a doubt is named after the resource itself, why it is there counts.
type RuleCard<'n> = (Service, &'n Peer, Option<&'n Reason>);

fn rules<'n>(group: &'n Group, of: &'n [Permission]) -> (Option<&'n Reason>, Vec<RuleCard<'n>>) {
    let rules = of.iter().map(|rule| (rule.service, &rule.peer, why(rule.doubt.as_ref())));
    (why(group.doubt.as_ref()), rules.collect())
}

fn why(doubt: Option<&Doubt>) -> Option<&Reason> {
    doubt.map(|doubt| &doubt.why)
}

/// What counts of an interface whichever way packets go.
#[derive(PartialEq, Eq, Hash)]
struct Card<'n> {
    subnet: Option<Index>,
    marks: [bool; 4],
    addresses: [&'n [Range]; 2],
    public: &'n Tri,
    doubts: [Option<&'n Reason>; 3],
    /// Security groups by their rules.
    groups: Vec<u32>,
    /// Those that count by who they are.
    members: Vec<Index>,
}

impl<'n> Card<'n> {
    /// Every field of the interface is named, so that a new one is not forgotten here.
    fn of(interface: &'n Interface, number: impl Fn(Index) -> u32, own: impl Fn(Index) -> bool) -> Self {
        let Interface {
            holder: _,
            subnet,
            groups,
            groups_doubt,
            filtered,
            ungrouped,
            addresses,
            exact,
            address_doubt,
            six_doubt,
            public,
            public_at,
            forwards,
        } = interface;
        Self {
            subnet: *subnet,
            marks: [*filtered, *ungrouped, *exact, *forwards],
            addresses: [addresses, public_at],
            public,
            doubts: [groups_doubt, address_doubt, six_doubt].map(|doubt| why(doubt.as_ref())),
            groups: groups.iter().map(|&group| number(group)).collect(),
            members: groups.iter().copied().filter(|&group| own(group)).collect(),
        }
    }
}

/// What counts of a resource beside its interfaces.
#[derive(PartialEq, Eq, Hash)]
struct Place<'n> {
    outside: (&'n Tri, &'n [Range]),
    doubts: Vec<&'n Reason>,
    ports: &'n [Service],
    placement: Placement,
    function: bool,
}

impl Network {
    /// Which resources start connections alike, and which are reached alike.
    #[must_use]
    pub fn alike(&self) -> Alike {
        let (mut lets_out, mut lets_in) = (Numbers::new(), Numbers::new());
        let groups: Vec<(u32, u32)> = self
            .groups
            .iter()
            .map(|g| (lets_out.of(rules(g, &g.egress)), lets_in.of(rules(g, &g.ingress))))
            .collect();
        // Groups that some rule for what goes out names: being a member of one matters.
        let peers = self.groups.iter().flat_map(|group| &group.egress).filter_map(|rule| match rule.peer {
            Peer::Group(group) => Some(group),
            Peer::Ranges(_) => None,
        });
        let named: BTreeSet<Index> = peers.collect();
        let (mut starting, mut arriving) = (Numbers::new(), Numbers::new());
        let mut alike = Alike::default();
        for (at, holder) in self.holders.iter().enumerate() {
            if self.forwards_to.contains_key(&at) {
                alike.starts.push(None);
                alike.arrives.push(None);
                continue;
            }
            let cards = |inward: bool| -> Vec<Card<'_>> {
                let number = |group: Index| if inward { groups[group].1 } else { groups[group].0 };
                let own = |group: Index| inward && named.contains(&group);
                let interfaces = holder.interfaces.iter().map(|&at| &self.interfaces[at]);
                interfaces.map(|interface| Card::of(interface, number, own)).collect()
            };
            let doubts: Vec<&Reason> = holder.doubts.iter().map(|doubt| &doubt.why).collect();
            alike.starts.push(Some(starting.of((cards(false), &holder.outside, doubts.clone()))));
            let place = Place {
                outside: (&holder.outside, &holder.outside_from),
                doubts,
                ports: &holder.ports,
                placement: holder.placement,
                function: holder.role == Role::Function,
            };
            alike.arrives.push(Some(arriving.of((cards(true), place))));
        }
        alike
    }
}
