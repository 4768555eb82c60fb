//! The network of an estate: what has addresses, what filters, what forwards.
//!
//! It is built in the default world (every parameter at its default). Addresses that the
//! source does not say are "some address of the subnet". What is not known is a [`Doubt`] at
//! the place where it would matter.

mod balancers;
mod build;
mod entries;
mod gateways;
mod holders;
mod routes;
mod rules;
mod services;
mod vpcs;

use std::collections::HashMap;

use sekisho_estate::{NodeId, Reason, ResourceId, StackIndex};

pub use crate::data::{Opens, Placement, Role};
use crate::space::{Range, Service};

/// Index of a VPC and so on: positions in the lists of [`Network`].
pub type Index = usize;

/// A part of the network that a hop can name.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Item {
    /// Its resource; none for what AWS makes by itself (the main route table, the default ACL).
    pub id: Option<ResourceId>,
    /// Logical id, or a name made of its VPC's.
    pub name: String,
    /// Type in CloudFormation's terms.
    pub kind: &'static str,
}

/// A rule, route or entry in words of the field, and where it is written.
#[derive(Clone, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// `allow tcp 443 from 0.0.0.0/0`, `0.0.0.0/0 -> Gateway`.
    pub text: String,
    /// The node that says it.
    pub at: Option<(StackIndex, NodeId)>,
}

impl Rule {
    /// A rule that is nowhere written.
    #[must_use]
    pub fn implied(text: impl Into<String>) -> Self {
        Self { text: text.into(), at: None }
    }
}

/// Something that is not known, and of which part.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Doubt {
    /// The part's name.
    pub of: String,
    /// Why it is not known.
    pub why: Reason,
}

/// A truth value that may not be known.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Tri {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// Not known, and why.
    Maybe(Reason),
}

/// A VPC.
#[derive(Clone, Debug)]
pub struct Vpc {
    /// What it is.
    pub item: Item,
    /// Its blocks, both families.
    pub ranges: Vec<Range>,
    /// A block is not known.
    pub doubt: Option<Doubt>,
    /// Its main route table.
    pub main: Index,
    /// Its default network ACL.
    pub acl: Index,
    /// Its default security group.
    pub group: Index,
    /// Its internet gateway.
    pub internet: Option<Item>,
    /// An attachment that may be an internet gateway's.
    pub internet_doubt: Option<Doubt>,
    /// Its virtual private gateway.
    pub private: Option<Index>,
    /// The route table of its internet gateway (ingress routing).
    pub edge: Option<Index>,
    /// A flow log covers all of it.
    pub logged: bool,
}

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// What it is.
    pub item: Item,
    /// Its VPC.
    pub vpc: Index,
    /// Its blocks.
    pub ranges: Vec<Range>,
    /// Its block is not known.
    pub doubt: Option<Doubt>,
    /// Its route table.
    pub table: Index,
    /// Its network ACL.
    pub acl: Index,
    /// Its availability zone, as written.
    pub zone: Option<String>,
    /// Whether instances get a public address.
    pub public: Tri,
    /// Whether they get an IPv6 address.
    pub six: Tri,
    /// Tag that names its tier or zone.
    pub tag: Option<String>,
    /// A flow log covers it.
    pub logged: bool,
}

/// A route table.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it is.
    pub item: Item,
    /// Its routes, the longest prefix first, static before propagated.
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Clone, Debug)]
pub struct Route {
    /// Destinations; none when they are not known.
    pub to: Option<Vec<Range>>,
    /// Length of the prefix, counted as of IPv6.
    pub length: u8,
    /// Whether it was learned.
    pub propagated: bool,
    /// Where it leads.
    pub next: Next,
    /// The rule.
    pub rule: Rule,
    /// Something about it is not known.
    pub doubt: Option<Doubt>,
}

/// Where a route leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Within the VPC.
    Local,
    /// The internet gateway of the VPC.
    Internet(Item),
    /// An egress-only internet gateway.
    EgressOnly(Item),
    /// A NAT gateway, by its place.
    Nat(Index),
    /// A peering connection.
    Peering(Index),
    /// A transit gateway.
    Transit(Index),
    /// A virtual private gateway.
    Private(Index),
    /// A gateway endpoint.
    GatewayEndpoint(Item),
    /// An interface that forwards (an appliance).
    Interface(Index),
    /// A firewall or gateway load balancer endpoint.
    Inspector(Index),
    /// Dropped.
    Blackhole,
    /// Not known.
    Unknown,
}

/// A network ACL.
#[derive(Clone, Debug)]
pub struct Acl {
    /// What it is.
    pub item: Item,
    /// Entries for what comes in, by number.
    pub ingress: Vec<Entry>,
    /// Entries for what goes out, by number.
    pub egress: Vec<Entry>,
    /// There may be more entries.
    pub doubt: Option<Doubt>,
}

/// An entry of a network ACL.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number.
    pub number: i64,
    /// Whether it allows.
    pub allow: bool,
    /// The other side.
    pub range: Range,
    /// Protocol and ports.
    pub service: Service,
    /// The rule.
    pub rule: Rule,
    /// Something about it is not known; range and service are then as wide as they can be.
    pub doubt: Option<Doubt>,
}

/// A security group.
#[derive(Clone, Debug)]
pub struct Group {
    /// What it is.
    pub item: Item,
    /// Its VPC.
    pub vpc: Option<Index>,
    /// It is the default group of its VPC: nothing names it, and still it has members.
    pub default: bool,
    /// What it lets in.
    pub ingress: Vec<Permission>,
    /// What it lets out.
    pub egress: Vec<Permission>,
    /// There may be more rules.
    pub doubt: Option<Doubt>,
}

/// A rule of a security group.
#[derive(Clone, Debug)]
pub struct Permission {
    /// The other side.
    pub peer: Peer,
    /// Protocol and ports.
    pub service: Service,
    /// The rule.
    pub rule: Rule,
    /// Something about it is not known; peer and service are then as wide as they can be.
    pub doubt: Option<Doubt>,
}

/// The other side of a security group's rule.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Peer {
    /// Addresses.
    Ranges(Vec<Range>),
    /// Interfaces with a group.
    Group(Index),
}

/// A resource with addresses, or an entry from outside.
#[derive(Clone, Debug)]
pub struct Holder {
    /// What it is.
    pub item: Item,
    /// What it does.
    pub role: Role,
    /// Its interfaces.
    pub interfaces: Vec<Index>,
    /// What it listens on; empty for anything.
    pub ports: Vec<Service>,
    /// Which of its subnets it is in.
    pub placement: Placement,
    /// It is reached from the internet without an interface of its own, on its ports.
    pub outside: Tri,
    /// From these addresses only, where that is said.
    pub outside_from: Vec<Range>,
    /// Tag that names its zone.
    pub tag: Option<String>,
    /// Something about where it is is not known.
    pub doubts: Vec<Doubt>,
    /// The store that it is the door of (the file system of a mount target).
    pub store: Option<ResourceId>,
}

/// An interface, or several that are alike.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The resource it belongs to.
    pub holder: Index,
    /// Its subnet; none when it is not in the input.
    pub subnet: Option<Index>,
    /// Its security groups.
    pub groups: Vec<Index>,
    /// It may have others.
    pub groups_doubt: Option<Doubt>,
    /// It names none, so that it has the default group of its VPC.
    pub ungrouped: bool,
    /// Whether security groups filter it at all (not a NAT gateway, some load balancers).
    pub filtered: bool,
    /// Addresses: the exact ones, or those that it may have.
    pub addresses: Vec<Range>,
    /// Whether these are its addresses, not only candidates.
    pub exact: bool,
    /// The candidates themselves are not known.
    pub address_doubt: Option<Doubt>,
    /// Whether it has the IPv6 addresses among them is not known.
    pub six_doubt: Option<Doubt>,
    /// Whether it has a public IPv4 address.
    pub public: Tri,
    /// Of several exact addresses, those that a public address stands for; empty for all.
    pub public_at: Vec<Range>,
    /// It forwards what is not for it.
    pub forwards: bool,
}

/// A NAT gateway.
#[derive(Clone, Debug)]
pub struct Nat {
    /// What it is.
    pub item: Item,
    /// Its interface.
    pub interface: Index,
    /// Whether it is public.
    pub public: Tri,
}

/// A peering connection.
#[derive(Clone, Debug)]
pub struct Peering {
    /// What it is.
    pub item: Item,
    /// Both sides, as far as they are in the input.
    pub sides: [Option<Index>; 2],
}

/// A transit gateway with its tables.
#[derive(Clone, Debug, Default)]
pub struct Transit {
    /// Attachments.
    pub attachments: Vec<Attachment>,
    /// Route tables.
    pub tables: Vec<TransitTable>,
}

/// What is attached to a transit gateway.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// What it is.
    pub item: Item,
    /// The VPC and the subnets, or none for on-premises.
    pub vpc: Option<Index>,
    /// Subnets of the attachment.
    pub subnets: Vec<Index>,
    /// The table that routes what it sends.
    pub table: Option<Index>,
    /// The table is not known.
    pub doubt: Option<Doubt>,
    /// It leads to on-premises networks with these addresses.
    pub on_premises: Vec<Range>,
    /// It leads to another transit gateway: its place, where it is in the input.
    pub peer: Option<Option<Index>>,
}

/// A route table of a transit gateway.
#[derive(Clone, Debug)]
pub struct TransitTable {
    /// What it is.
    pub item: Item,
    /// Routes, longest prefix first, static first; the attachment is none for a blackhole.
    pub routes: Vec<TransitRoute>,
    /// Something about them is not known.
    pub doubt: Option<Doubt>,
}

/// A route of a transit gateway.
#[derive(Clone, Debug)]
pub struct TransitRoute {
    /// Destinations.
    pub to: Vec<Range>,
    /// Length of the prefix, counted as of IPv6.
    pub length: u8,
    /// Whether it was propagated.
    pub propagated: bool,
    /// The attachment; none for a blackhole.
    pub attachment: Option<Index>,
    /// The rule.
    pub rule: Rule,
}

/// A virtual private gateway.
#[derive(Clone, Debug)]
pub struct Private {
    /// What it is.
    pub item: Item,
    /// The on-premises addresses behind it.
    pub on_premises: Vec<Range>,
    /// A VPN connection or Direct Connect leads to it.
    pub connected: bool,
    /// What is behind it is assumed.
    pub doubt: Option<Doubt>,
}

/// An endpoint that traffic is routed through to be looked at.
#[derive(Clone, Debug)]
pub struct Inspector {
    /// The firewall or the endpoint.
    pub item: Item,
    /// Its subnets.
    pub subnets: Vec<Index>,
    /// What it decides: rules in order, for a Network Firewall that is understood.
    pub rules: Option<Vec<FirewallRule>>,
    /// Why its decision is not known.
    pub doubt: Option<Doubt>,
}

/// A 5-tuple rule of a firewall.
#[derive(Clone, Debug)]
pub struct FirewallRule {
    /// Whether it lets pass.
    pub allow: bool,
    /// Sources.
    pub src: Vec<Range>,
    /// Destinations.
    pub dst: Vec<Range>,
    /// Protocols and destination ports.
    pub services: Vec<Service>,
    /// The rule.
    pub rule: Rule,
}

/// How a forwarder passes a connection on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passing {
    /// A connection of its own, from its interfaces.
    Own,
    /// The client's address is kept; the network of the forwarder delivers it.
    Preserving,
    /// Inside AWS, past routes and filters.
    Managed,
    /// From the addresses of an AWS service on the internet, to the public address.
    Outside(Range),
}

/// A connection that one resource makes for another.
#[derive(Clone, Debug)]
pub struct Forward {
    /// Who forwards.
    pub from: Index,
    /// What it takes.
    pub listen: Service,
    /// To whom.
    pub to: Index,
    /// To which of its interfaces; empty for all.
    pub interfaces: Vec<Index>,
    /// To which port; all where the port is kept.
    pub service: Service,
    /// How.
    pub passing: Passing,
    /// Listener, rule and target group on the way.
    pub through: Vec<(Item, Rule)>,
    /// Something about it is not known.
    pub doubt: Option<Doubt>,
}

/// An endpoint of a VPC for a service.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What it is.
    pub item: Item,
    /// The resource with its interfaces; none of a gateway endpoint.
    pub holder: Option<Index>,
    /// Its VPC.
    pub vpc: Option<Index>,
    /// The service, by its place in [`crate::SERVICES`].
    pub service: Option<Index>,
    /// Whether the service's own name leads to it.
    pub private_name: Tri,
    /// What its policy says, and where.
    pub policy: Rule,
    /// Whether its policy allows any action of the service.
    pub allows: Tri,
}

/// Something that moves packets and is not followed.
#[derive(Clone, Debug)]
pub struct Unmodelled {
    /// What it is.
    pub item: Item,
    /// The VPC it concerns; none when any.
    pub vpc: Option<Index>,
    /// For which ends it can open a way.
    pub opens: Vec<Opens>,
    /// What is not known about it.
    pub why: Reason,
}

/// What is assumed beside the input.
#[derive(Clone, Debug, Default)]
pub struct Assumptions {
    /// Blocks of on-premises networks behind VPN and Direct Connect.
    pub on_premises: Vec<ipnet::IpNet>,
}

/// The network of an estate.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// VPCs
    pub vpcs: Vec<Vpc>,
    /// Subnets
    pub subnets: Vec<Subnet>,
    /// Route tables
    pub tables: Vec<Table>,
    /// Network ACLs
    pub acls: Vec<Acl>,
    /// Security groups
    pub groups: Vec<Group>,
    /// Resources with addresses
    pub holders: Vec<Holder>,
    /// Interfaces
    pub interfaces: Vec<Interface>,
    /// NAT gateways
    pub nats: Vec<Nat>,
    /// Peering connections
    pub peerings: Vec<Peering>,
    /// Transit gateways
    pub transits: Vec<(Item, Transit)>,
    /// Virtual private gateways
    pub privates: Vec<Private>,
    /// Firewalls and endpoints of appliances
    pub inspectors: Vec<Inspector>,
    /// Who forwards to whom
    pub forwards: Vec<Forward>,
    /// By security group: the holders of its members, ascending
    pub members: HashMap<Index, Vec<Index>>,
    /// By subnet: the holders of the interfaces in it, ascending
    pub placed: HashMap<Index, Vec<Index>>,
    /// Interfaces that may have groups which are not known
    pub doubtful: Vec<Index>,
    /// By target: positions in `forwards`
    pub forwards_to: HashMap<Index, Vec<Index>>,
    /// Endpoints of services
    pub endpoints: Vec<Endpoint>,
    /// Of each environment: which services of [`crate::SERVICES`] something of it uses
    pub used: Vec<Vec<bool>>,
    /// The environment of each stack: stacks that refer to each other or hold each other are one
    pub environments: Vec<Index>,
    /// What is not followed
    pub unmodelled: Vec<Unmodelled>,
    /// Blocks public access for VPCs, as far as it is in the input
    pub block_public: Option<Doubt>,
    /// The values that the model holds for (`Env=prod`), sorted
    pub holds_for: Vec<String>,
    /// Holder by resource
    pub by_resource: HashMap<ResourceId, Index>,
    /// Subnets by resource
    pub subnet_by_resource: HashMap<ResourceId, Index>,
    /// Security groups by resource
    pub group_by_resource: HashMap<ResourceId, Index>,
    /// VPCs by resource
    pub vpc_by_resource: HashMap<ResourceId, Index>,
}

impl Network {
    /// The VPC of an interface.
    #[must_use]
    pub fn vpc_of(&self, interface: Index) -> Option<Index> {
        self.interfaces[interface].subnet.map(|subnet| self.subnets[subnet].vpc)
    }

    /// Whether something in the environment of a resource uses a service: what stands in another
    /// one (templates that only lie in the same folder) is not used by it.
    #[must_use]
    pub fn uses(&self, holder: Index, service: Index) -> bool {
        let Some(id) = self.holders[holder].item.id else { return false };
        self.used[self.environments[id.stack.0 as usize]][service]
    }

    /// The holder of an interface.
    #[must_use]
    pub fn holder_of(&self, interface: Index) -> &Holder {
        &self.holders[self.interfaces[interface].holder]
    }
}
