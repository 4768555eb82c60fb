//! A way through the network: what passed so far, by which rules, and what stood in the way.

use crate::model::{Doubt, Endpoint, Index, Item, Rule, Tri};
use crate::space::{Range, Service, Set, show};

/// What happens at a hop.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The source.
    From,
    /// A security group lets it out.
    GroupOut,
    /// A network ACL lets it out of a subnet.
    AclOut,
    /// A route table decides.
    Route,
    /// An internet gateway.
    InternetGateway,
    /// An egress-only internet gateway.
    EgressOnlyGateway,
    /// A NAT gateway: the source is translated.
    Nat,
    /// A peering connection.
    Peering,
    /// A transit gateway and its table.
    Transit,
    /// A virtual private gateway.
    PrivateGateway,
    /// An endpoint of an AWS service, with its policy.
    Endpoint,
    /// A firewall or an appliance looks at it.
    Inspection,
    /// A network ACL lets it into a subnet.
    AclIn,
    /// A security group lets it in.
    GroupIn,
    /// A public address is translated to the private one.
    PublicAddress,
    /// A listener, rule, target group, link or origin passes it on.
    Forward,
    /// The target.
    To,
}

impl Step {
    /// Every step, in order.
    pub const ALL: &[Self] = &[
        Self::From,
        Self::GroupOut,
        Self::AclOut,
        Self::Route,
        Self::InternetGateway,
        Self::EgressOnlyGateway,
        Self::Nat,
        Self::Peering,
        Self::Transit,
        Self::PrivateGateway,
        Self::Endpoint,
        Self::Inspection,
        Self::AclIn,
        Self::GroupIn,
        Self::PublicAddress,
        Self::Forward,
        Self::To,
    ];

    /// Name in machine-readable output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::GroupOut => "security-group-out",
            Self::AclOut => "network-acl-out",
            Self::Route => "route",
            Self::InternetGateway => "internet-gateway",
            Self::EgressOnlyGateway => "egress-only-internet-gateway",
            Self::Nat => "nat-gateway",
            Self::Peering => "peering",
            Self::Transit => "transit-gateway",
            Self::PrivateGateway => "virtual-private-gateway",
            Self::Endpoint => "endpoint",
            Self::Inspection => "inspection",
            Self::AclIn => "network-acl-in",
            Self::GroupIn => "security-group-in",
            Self::PublicAddress => "public-address",
            Self::Forward => "forward",
            Self::To => "to",
        }
    }
}

/// One hop.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// What happens.
    pub step: Step,
    /// Where.
    pub item: Item,
    /// The rule that lets it pass.
    pub rule: Option<Rule>,
    /// On the way back.
    pub reply: bool,
}

/// The smallest change that opens a block.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Let something in or out: a rule in these words.
    Allow(String),
    /// Add a route in these words.
    AddRoute(String),
    /// Point a route that is there to another target.
    ReplaceRoute(String),
    /// Add an endpoint for a service to the VPC.
    Endpoint(String),
    /// Give the interface a public address.
    PublicAddress,
    /// Attach an internet gateway to the VPC.
    InternetGateway,
    /// Listen on the port.
    Listen(String),
    /// Associate the attachment with a route table.
    Associate,
    /// Register the target, or open the entry.
    Register,
    /// Let the instance forward (source/destination check off).
    Forwarding,
}

impl Change {
    /// Name in machine-readable output, and the words of the rule.
    #[must_use]
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Allow(text) => ("allow", text),
            Self::AddRoute(text) => ("add-route", text),
            Self::ReplaceRoute(text) => ("replace-route", text),
            Self::Endpoint(text) => ("endpoint", text),
            Self::PublicAddress => ("public-address", ""),
            Self::InternetGateway => ("internet-gateway", ""),
            Self::Listen(text) => ("listen", text),
            Self::Associate => ("associate", ""),
            Self::Register => ("register", ""),
            Self::Forwarding => ("forwarding", ""),
        }
    }
}

/// Something that blocks.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Block {
    /// At which kind of hop.
    pub step: Step,
    /// Where.
    pub item: Item,
    /// On the way back.
    pub reply: bool,
    /// What would open it.
    pub change: Change,
}

/// A packet set on its way. `sure` surely passes, `may` perhaps; the difference is in `doubts`.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    pub(crate) sure: Set,
    pub(crate) may: Set,
    pub(crate) hops: Vec<Hop>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) doubts: Vec<Doubt>,
    /// The interface whose own address is the source, while nothing has translated it and
    /// nothing looked into the traffic on the way: only then do rules that name groups match.
    pub(crate) origin: Option<Index>,
    /// The interface to which replies go, none for the internet or on-premises.
    pub(crate) reply_to: Option<Index>,
    /// It passed an appliance or firewall.
    pub(crate) inspected: bool,
    /// A part of the sources was lost before a translation.
    pub(crate) partial: bool,
}

impl Trail {
    pub(crate) fn new(set: Set) -> Self {
        Self {
            sure: set.clone(),
            may: set,
            hops: Vec::new(),
            blocks: Vec::new(),
            doubts: Vec::new(),
            origin: None,
            reply_to: None,
            inspected: false,
            partial: false,
        }
    }

    pub(crate) fn hop(&mut self, step: Step, item: &Item, rule: Option<&Rule>, reply: bool) {
        self.hops.push(Hop { step, item: item.clone(), rule: rule.cloned(), reply });
    }

    pub(crate) fn block(&mut self, step: Step, item: &Item, reply: bool, change: Change) {
        let block = Block { step, item: item.clone(), reply, change };
        if !self.blocks.contains(&block) {
            self.blocks.push(block);
        }
    }

    /// Through an endpoint of a service, as its policy has it.
    pub(crate) fn endpoint(&mut self, endpoint: &Endpoint) {
        match &endpoint.allows {
            Tri::Yes => {}
            Tri::Maybe(why) => self.doubt(&Doubt { of: endpoint.item.name.clone(), why: why.clone() }),
            Tri::No => {
                let name = endpoint.service.map_or("*", |at| crate::SERVICES[at].name.as_str());
                let change = Change::Allow(format!("{name}:*"));
                self.block(Step::Endpoint, &endpoint.item, false, change);
                return;
            }
        }
        self.hop(Step::Endpoint, &endpoint.item, Some(&endpoint.policy), false);
    }

    /// From here on nothing is sure, for a reason.
    pub(crate) fn doubt(&mut self, doubt: &Doubt) {
        self.sure = Set::none();
        if !self.doubts.contains(doubt) {
            self.doubts.push(doubt.clone());
        }
    }

    /// Takes what a gate let through. Where nothing passes, the gate is a block and the way is
    /// followed on as if it were open, so that everything that blocks is told.
    pub(crate) fn gate(&mut self, at: &Gate<'_>, passed: Passed) {
        if passed.may.is_empty() {
            self.block(at.step, at.item, at.reply, at.change.clone());
            return;
        }
        if passed.sure.is_empty() && !self.sure.is_empty() {
            for doubt in &passed.doubts {
                if !self.doubts.contains(doubt) {
                    self.doubts.push(doubt.clone());
                }
            }
        }
        self.sure = passed.sure;
        self.may = passed.may;
        self.hop(at.step, at.item, passed.rule.as_ref(), at.reply);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.blocks.is_empty() && !self.may.is_empty()
    }
}

/// A place that filters.
pub(crate) struct Gate<'n> {
    pub(crate) step: Step,
    pub(crate) item: &'n Item,
    pub(crate) reply: bool,
    pub(crate) change: Change,
}

/// What a filter lets through.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    pub(crate) sure: Set,
    pub(crate) may: Set,
    /// The first rule that let something pass.
    pub(crate) rule: Option<Rule>,
    pub(crate) doubts: Vec<Doubt>,
}

/// `tcp 443 from 10.0.0.0/16` for a change: what is asked for, as narrow as it is known.
pub(crate) fn wanted(services: &[Service], way: &str, peers: &[Range]) -> String {
    let services: Vec<String> = services.iter().take(3).map(Service::show).collect();
    let peers: Vec<String> = match peers {
        [] => vec!["?".into()],
        many if many.len() > 4 => vec!["0.0.0.0/0".into()],
        few => few.iter().take(4).map(|&r| show(r)).collect(),
    };
    format!("{} {way} {}", services.join(", "), peers.join(", "))
}
