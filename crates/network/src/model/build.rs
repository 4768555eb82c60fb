//! From an estate to its network. O(resources + rules).

use std::collections::HashMap;

use bumpalo::Bump;
use sekisho_estate::{Estate, NodeId, Reason, ResourceId, StackIndex, Value, View};
use sekisho_graph::Names;

use super::{Assumptions, Doubt, Index, Item, Network, Role, Rule};
use crate::read::{Link, Props, Reading};
use crate::space::Range;

/// What is known while the model is built.
pub(super) struct Builder<'r, 'e> {
    pub(super) reading: &'r Reading<'e>,
    pub(super) net: Network,
    pub(super) assumed: &'r Assumptions,
    /// Route tables, ACLs, gateways and so on by their resources.
    pub(super) tables: HashMap<ResourceId, Index>,
    pub(super) acls: HashMap<ResourceId, Index>,
    pub(super) nats: HashMap<ResourceId, Index>,
    pub(super) peerings: HashMap<ResourceId, Index>,
    pub(super) transits: HashMap<ResourceId, Index>,
    pub(super) privates: HashMap<ResourceId, Index>,
    pub(super) inspectors: HashMap<ResourceId, Index>,
    pub(super) interfaces: HashMap<ResourceId, Index>,
    pub(super) target_groups: HashMap<ResourceId, Vec<super::balancers::Registered>>,
    /// Elastic addresses by whose they are: the private address that each stands for, none for
    /// the primary one.
    pub(super) elastic: HashMap<ResourceId, Vec<Option<Range>>>,
    /// An elastic address whose holder is not known.
    pub(super) elastic_doubt: Option<Reason>,
}

impl Network {
    /// The network of an estate in its default world.
    #[must_use]
    pub fn new(estate: &Estate, names: &Names, assumed: &Assumptions) -> Self {
        let bump = Bump::new();
        let reading = Reading::new(estate, names, &bump);
        let mut builder = Builder {
            reading: &reading,
            net: Self::default(),
            assumed,
            tables: HashMap::new(),
            acls: HashMap::new(),
            nats: HashMap::new(),
            peerings: HashMap::new(),
            transits: HashMap::new(),
            privates: HashMap::new(),
            inspectors: HashMap::new(),
            interfaces: HashMap::new(),
            target_groups: HashMap::new(),
            elastic: HashMap::new(),
            elastic_doubt: None,
        };
        builder.vpcs();
        builder.subnets();
        builder.acls();
        builder.groups();
        builder.gateways();
        builder.elastic();
        builder.holders();
        builder.balancers();
        builder.nats();
        builder.inspectors();
        builder.transits();
        builder.tables();
        builder.targets();
        builder.entries();
        builder.unmodelled();
        builder.used_services();
        let mut net = builder.net;
        for (at, forward) in net.forwards.iter().enumerate() {
            net.forwards_to.entry(forward.to).or_default().push(at);
        }
        for (holder, at) in net.holders.iter().enumerate() {
            let note = |list: &mut Vec<Index>| {
                if list.last() != Some(&holder) {
                    list.push(holder);
                }
            };
            for interface in at.interfaces.iter().map(|&at| &net.interfaces[at]) {
                interface.groups.iter().for_each(|&group| note(net.members.entry(group).or_default()));
                if let Some(subnet) = interface.subnet {
                    note(net.placed.entry(subnet).or_default());
                }
            }
        }
        let doubtful = net.interfaces.iter().enumerate().filter(|(_, at)| at.groups_doubt.is_some());
        net.doubtful = doubtful.map(|(at, _)| at).collect();
        net.holds_for = reading.decisions.borrow().keys().cloned().collect();
        net
    }
}

impl<'e> Builder<'_, 'e> {
    pub(super) fn item(&self, props: &Props<'_, 'e>) -> Item {
        let kind = sekisho_facts::resource_type(self.reading.estate.type_name(props.id));
        Item {
            id: Some(props.id),
            name: self.reading.estate.id(props.id).to_owned(),
            kind: kind.map_or("", |kind| kind.name()),
        }
    }

    /// A rule written at a place.
    pub(super) fn rule(&self, view: View<'e>, text: String) -> Rule {
        let stack = sekisho_graph::index_of(self.reading.estate, view.stack);
        Rule { text, at: stack.map(|stack: StackIndex| (stack, view.node)) }
    }

    /// A rule written by a whole resource.
    pub(super) fn rule_of(&self, props: &Props<'_, 'e>, text: String) -> Rule {
        let body: NodeId = props.stack.resource(props.id.index).body;
        Rule { text, at: Some((props.id.stack, body)) }
    }

    pub(super) fn doubt(&self, props: &Props<'_, 'e>, why: Reason) -> Doubt {
        Doubt { of: self.reading.estate.id(props.id).to_owned(), why }
    }

    pub(super) fn vpc(&self, props: &Props<'_, 'e>, path: &str) -> Result<Option<Index>, Reason> {
        match props.link(props.get(path), &["AWS::EC2::VPC"]) {
            Link::To(id) => Ok(self.net.vpc_by_resource.get(&id).copied()),
            Link::Absent => Ok(None),
            Link::Lost(why) => Err(why),
        }
    }

    pub(super) fn subnet(&self, props: &Props<'_, 'e>, value: Value<'e>) -> Result<Index, Reason> {
        match props.link(value, &["AWS::EC2::Subnet"]) {
            Link::To(id) => self.net.subnet_by_resource.get(&id).copied().ok_or_else(|| {
                Reason::new(sekisho_estate::ReasonCode::NotInInput, self.reading.estate.id(id))
            }),
            Link::Absent => Err(Reason::new(sekisho_estate::ReasonCode::AbsentOperand, "SubnetId")),
            Link::Lost(why) => Err(why),
        }
    }

    /// The security group that a value names: its own resource, or the default one of a VPC.
    pub(super) fn group(&self, props: &Props<'_, 'e>, value: Value<'e>) -> Result<Index, Reason> {
        if let Value::Reference(target) = value
            && target.type_name() == "AWS::EC2::VPC"
            && target.attribute == "DefaultSecurityGroup"
            && let Link::To(id) = props.link(value, &["AWS::EC2::VPC"])
            && let Some(&vpc) = self.net.vpc_by_resource.get(&id)
        {
            return Ok(self.net.vpcs[vpc].group);
        }
        match props.link(value, &["AWS::EC2::SecurityGroup"]) {
            Link::To(id) => self.net.group_by_resource.get(&id).copied().ok_or_else(|| {
                Reason::new(sekisho_estate::ReasonCode::NotInInput, self.reading.estate.id(id))
            }),
            Link::Absent => Err(Reason::new(sekisho_estate::ReasonCode::AbsentOperand, "security group")),
            Link::Lost(why) => Err(why),
        }
    }

    fn unmodelled(&mut self) {
        let (reading, mut found) = (self.reading, Vec::new());
        for row in crate::data::UNMODELLED.iter() {
            reading.each(&row.type_name, |props| {
                let vpc = row.vpc.as_ref().and_then(|path| self.vpc(props, path).ok().flatten());
                let given = row
                    .only
                    .as_ref()
                    .is_none_or(|only| props.word(&only.property).is_some_and(|word| word == only.is));
                if given {
                    let (item, opens) = (self.item(props), row.opens.clone());
                    let why = Reason::new(sekisho_estate::ReasonCode::AnalysisNotBuilt, item.kind);
                    found.push(super::Unmodelled { item, vpc, opens, why });
                }
            });
        }
        // Direct Connect may be attached by another template or by hand.
        // <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-dcg-attachments.html>
        for (item, transit) in &self.net.transits {
            let attachments = &transit.attachments;
            if item.id.is_none() || attachments.iter().any(|a| !a.on_premises.is_empty()) {
                continue;
            }
            for vpc in attachments.iter().filter_map(|a| a.vpc) {
                let subject = "a Direct Connect attachment";
                let why = Reason::new(sekisho_estate::ReasonCode::NotInInput, subject);
                let (item, opens) = (item.clone(), vec![super::Opens::OnPremises]);
                found.push(super::Unmodelled { item, vpc: Some(vpc), opens, why });
            }
        }
        self.net.unmodelled = found;
        reading.each("AWS::EC2::VPCBlockPublicAccessOptions", |props| {
            let why = Reason::new(
                sekisho_estate::ReasonCode::AnalysisNotBuilt,
                "AWS::EC2::VPCBlockPublicAccessOptions",
            );
            self.net.block_public = Some(self.doubt(props, why));
        });
    }

    /// Adds a resource with addresses.
    pub(super) fn add_holder(&mut self, props: &Props<'_, 'e>, role: Role) -> Index {
        let holder = super::Holder {
            item: self.item(props),
            role,
            interfaces: Vec::new(),
            ports: Vec::new(),
            placement: super::Placement::Every,
            outside: super::Tri::No,
            outside_from: Vec::new(),
            tag: ["Zone", "SecurityZone", "zone", "Tier", "NetworkTier"]
                .iter()
                .find_map(|key| props.tag(key))
                .map(str::to_owned),
            doubts: Vec::new(),
            store: None,
        };
        self.net.holders.push(holder);
        let index = self.net.holders.len() - 1;
        self.net.by_resource.insert(props.id, index);
        index
    }
}
