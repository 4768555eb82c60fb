//! Resources with addresses: instances, and the table of the others.

use sekisho_estate::{Reason, ReasonCode, ResourceId, Value, View};

use super::build::Builder;
use super::{Doubt, Index, Interface, Role, Tri};
use crate::data::{HOLDERS, HolderRow};
use crate::read::{Link, Props, Reading};
use crate::space::{Range, Service, TCP, is_v4};

/// What is said of an interface before its addresses are worked out.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) subnet: Option<Index>,
    pub(super) groups: Vec<Index>,
    pub(super) groups_doubt: Option<Doubt>,
    pub(super) exact: Vec<Range>,
    pub(super) public: Option<Tri>,
    pub(super) public_at: Vec<Range>,
    pub(super) unfiltered: bool,
    pub(super) forwards: bool,
    /// Whether it has an IPv6 address where its subnet has a block; as the subnet says for none.
    pub(super) six: Option<Tri>,
    pub(super) doubt: Option<Doubt>,
}

impl<'e> Builder<'_, 'e> {
    pub(super) fn holders(&mut self) {
        self.instances();
        self.scaling_groups();
        for row in HOLDERS.iter() {
            let reading = self.reading;
            reading.each(&row.type_name, |props| self.holder(props, row));
        }
    }

    /// Adds an interface of a holder.
    pub(super) fn add_interface(&mut self, holder: Index, draft: Draft) -> Index {
        let exact = !draft.exact.is_empty();
        let mut addresses = draft.exact;
        let (mut address_doubt, mut six_doubt) = (None, None);
        // An interface has an IPv4 address, also where only its others are written.
        if exact
            && !addresses.iter().any(|&r| is_v4(r))
            && let Some(subnet) = draft.subnet
        {
            addresses.extend(self.addresses_of(subnet).into_iter().filter(|&r| is_v4(r)));
        }
        if !exact {
            match draft.subnet {
                Some(subnet) => {
                    addresses = self.addresses_of(subnet);
                    address_doubt = self.net.subnets[subnet].doubt.clone();
                    match draft.six.clone().unwrap_or_else(|| self.net.subnets[subnet].six.clone()) {
                        Tri::No => addresses.retain(|&r| is_v4(r)),
                        Tri::Maybe(why) if addresses.iter().any(|&r| !is_v4(r)) => {
                            let doubt = Doubt { of: self.net.holders[holder].item.name.clone(), why };
                            address_doubt.get_or_insert_with(|| doubt.clone());
                            six_doubt = Some(doubt);
                        }
                        _ => {}
                    }
                }
                None => {
                    addresses = super::vpcs::any_v4();
                    address_doubt = draft.doubt.clone();
                }
            }
        }
        let public = draft.public.unwrap_or(Tri::No);
        let mut groups = draft.groups;
        groups.sort_unstable();
        groups.dedup();
        let (mut groups_doubt, mut filtered) = (draft.groups_doubt, !draft.unfiltered);
        let ungrouped = filtered && groups.is_empty() && groups_doubt.is_none();
        if ungrouped {
            // Without a group it has the default one of its VPC.
            match draft.subnet {
                Some(subnet) => groups.push(self.net.vpcs[self.net.subnets[subnet].vpc].group),
                // Where no subnet is written either, that is the account's default VPC, whose
                // default group is none of those that are declared.
                // <https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html>
                None if draft.doubt.as_ref().is_some_and(|d| d.why.code == ReasonCode::AbsentOperand) => {
                    let vpc = self.default_vpc();
                    groups.push(self.net.vpcs[vpc].group);
                }
                None => groups_doubt = draft.doubt.clone(),
            }
        }
        if draft.unfiltered {
            filtered = false;
        }
        self.net.holders[holder].doubts.extend(draft.doubt);
        self.net.interfaces.push(Interface {
            holder,
            subnet: draft.subnet,
            groups,
            groups_doubt,
            ungrouped,
            filtered,
            addresses,
            exact,
            address_doubt,
            six_doubt,
            public,
            public_at: draft.public_at,
            forwards: draft.forwards,
        });
        let at = self.net.interfaces.len() - 1;
        self.net.holders[holder].interfaces.push(at);
        at
    }

    /// Groups named at some paths below a place.
    fn groups_at(
        &self,
        props: &Props<'_, 'e>,
        view: View<'e>,
        paths: &[&str],
    ) -> (Vec<Index>, Option<Doubt>) {
        let (mut groups, mut doubt) = (Vec::new(), None);
        for path in paths {
            let (values, open) = props.all_below(view, path);
            if let Some(why) = open {
                doubt = Some(self.doubt(props, why));
            }
            for (_, value) in values {
                match self.group(props, value) {
                    Ok(group) => groups.push(group),
                    Err(why) => doubt = Some(self.doubt(props, why)),
                }
            }
        }
        (groups, doubt)
    }

    /// Whether something started in a subnet gets a public address.
    fn public(&self, asked: Result<Option<bool>, Reason>, subnet: Option<Index>) -> Tri {
        match asked {
            Ok(Some(true)) => Tri::Yes,
            Ok(Some(false)) => Tri::No,
            Err(why) => Tri::Maybe(why),
            Ok(None) => match subnet {
                Some(subnet) => self.net.subnets[subnet].public.clone(),
                None => Tri::Maybe(Reason::new(ReasonCode::NotInInput, "subnet")),
            },
        }
    }

    /// The place where a launch template says what instances get.
    fn template<'t>(
        reading: &'t Reading<'e>,
        props: &Props<'t, 'e>,
        paths: &[&str],
    ) -> Result<Option<Props<'t, 'e>>, Reason> {
        for path in paths {
            match props
                .link(props.get(path), &["AWS::EC2::LaunchTemplate", "AWS::AutoScaling::LaunchConfiguration"])
            {
                Link::To(id) => return Ok(Some(reading.at(id))),
                Link::Absent => {}
                Link::Lost(why) => return Err(why),
            }
        }
        Ok(None)
    }

    fn instances(&mut self) {
        let reading = self.reading;
        reading.each("AWS::EC2::Instance", |props| {
            let holder = self.add_holder(props, Role::Compute);
            let root = props.stack.view(props.stack.resource(props.id.index).properties);
            let template = Self::template(
                reading,
                props,
                &["LaunchTemplate/LaunchTemplateId", "LaunchTemplate/LaunchTemplateName"],
            );
            let elastic = self.elastic.contains_key(&props.id);
            let forwards = matches!(props.flag("SourceDestCheck"), Ok(Some(false)));
            let mut first = None;
            let places: Vec<View<'e>> = match props.get("NetworkInterfaces") {
                Value::List(list) => list.elements().iter().map(|&n| list.at(n)).collect(),
                _ => Vec::new(),
            };
            for (number, place) in places.iter().enumerate() {
                // An interface of its own is in the list by itself and belongs to this instance.
                if let Link::To(id) =
                    props.link(props.below(*place, "NetworkInterfaceId").1, &["AWS::EC2::NetworkInterface"])
                {
                    self.attached(props.id, holder, id, forwards);
                    continue;
                }
                let mut subnet_value = props.below(*place, "SubnetId").1;
                let (mut groups, mut groups_doubt) = self.groups_at(props, *place, &["GroupSet"]);
                // What the primary interface leaves out is written at the instance: a source
                // other than CloudFormation, which refuses both together, may say of the
                // interface only that it asks for a public address.
                if number == 0 {
                    if matches!(subnet_value, Value::Absent) {
                        subnet_value = props.get("SubnetId");
                    }
                    if groups.is_empty() && groups_doubt.is_none() {
                        (groups, groups_doubt) =
                            self.groups_at(props, root, &["SecurityGroupIds", "SecurityGroups"]);
                    }
                }
                let subnet = self.subnet(props, subnet_value);
                let asked = props.flag_below(*place, "AssociatePublicIpAddress");
                let exact = props.range(props.below(*place, "PrivateIpAddress").1).ok().flatten();
                let public = self.public(asked, subnet.as_ref().ok().copied());
                let public = if elastic && number == 0 { Tri::Yes } else { public };
                let doubt = subnet.as_ref().err().map(|why| self.doubt(props, why.clone()));
                let six = Self::counted(props, *place, "Ipv6AddressCount");
                let mut exact: Vec<Range> = exact.into_iter().collect();
                let (written, _) = props.all_below(*place, "Ipv6Addresses/Ipv6Address");
                exact.extend(written.into_iter().filter_map(|(_, v)| props.range(v).ok().flatten()));
                let draft = Draft {
                    subnet: subnet.ok(),
                    groups,
                    groups_doubt,
                    exact,
                    public: Some(public),
                    six,
                    forwards,
                    doubt,
                    ..Draft::default()
                };
                let at = self.add_interface(holder, draft);
                first.get_or_insert(at);
            }
            if places.is_empty() {
                let (mut groups, mut groups_doubt) =
                    self.groups_at(props, root, &["SecurityGroupIds", "SecurityGroups"]);
                let mut asked = Ok(None);
                let mut six = Self::counted(props, root, "Ipv6AddressCount");
                let mut subnet_value = props.get("SubnetId");
                match &template {
                    Ok(Some(template)) => {
                        let (data, _) = template.below(
                            template.stack.view(template.stack.resource(template.id.index).properties),
                            "LaunchTemplateData",
                        );
                        if groups.is_empty() && groups_doubt.is_none() {
                            (groups, groups_doubt) = self.groups_at(
                                template,
                                data,
                                &[
                                    "LaunchTemplateData/SecurityGroupIds",
                                    "LaunchTemplateData/NetworkInterfaces/Groups",
                                ],
                            );
                        }
                        asked =
                            template.flag("LaunchTemplateData/NetworkInterfaces/AssociatePublicIpAddress");
                        let count = "LaunchTemplateData/NetworkInterfaces/Ipv6AddressCount";
                        six = six.or_else(|| Self::counted(template, data, count));
                        if matches!(subnet_value, Value::Absent) {
                            subnet_value = template.get("LaunchTemplateData/NetworkInterfaces/SubnetId");
                        }
                    }
                    Err(why) => {
                        let doubt = Some(self.doubt(props, why.clone()));
                        if groups.is_empty() {
                            groups_doubt = doubt;
                        }
                    }
                    Ok(None) => {}
                }
                let subnet = self.subnet(props, subnet_value);
                let mut exact: Vec<Range> =
                    props.range(props.get("PrivateIpAddress")).ok().flatten().into_iter().collect();
                let (written, _) = props.all_below(root, "Ipv6Addresses/Ipv6Address");
                exact.extend(written.into_iter().filter_map(|(_, v)| props.range(v).ok().flatten()));
                let public =
                    if elastic { Tri::Yes } else { self.public(asked, subnet.as_ref().ok().copied()) };
                let doubt = subnet.as_ref().err().map(|why| self.doubt(props, why.clone()));
                let draft = Draft {
                    subnet: subnet.ok(),
                    groups,
                    groups_doubt,
                    exact,
                    public: Some(public),
                    six,
                    forwards,
                    doubt,
                    ..Draft::default()
                };
                first = Some(self.add_interface(holder, draft));
            }
            if let Some(first) = first {
                self.interfaces.insert(props.id, first);
            }
        });
    }

    /// An interface with a declaration of its own that an instance uses.
    fn attached(&mut self, instance: ResourceId, holder: Index, id: ResourceId, forwards: bool) {
        let reading = self.reading;
        let props = reading.at(id);
        let root = props.stack.view(props.stack.resource(id.index).properties);
        let subnet = self.subnet(&props, props.get("SubnetId"));
        let (groups, groups_doubt) = self.groups_at(&props, root, &["GroupSet"]);
        let (exact, public_at) = self.addresses_of_card(&props, &[id, instance]);
        let elastic = self.elastic.contains_key(&id) || self.elastic.contains_key(&instance);
        // An interface that is made by itself gets no public address from its subnet.
        // <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-public-ip.html>
        let draft = Draft {
            doubt: subnet.as_ref().err().map(|why| self.doubt(&props, why.clone())),
            subnet: subnet.ok(),
            groups,
            groups_doubt,
            exact,
            public: Some(if elastic { Tri::Yes } else { Tri::No }),
            public_at,
            six: Self::counted(&props, root, "Ipv6AddressCount"),
            forwards: forwards || matches!(props.flag("SourceDestCheck"), Ok(Some(false))),
            ..Draft::default()
        };
        let at = self.add_interface(holder, draft);
        self.interfaces.insert(id, at);
        self.interfaces.entry(instance).or_insert(at);
        self.net.by_resource.insert(id, holder);
    }

    /// Whether a number of IPv6 addresses is asked for; none where that is left to the subnet.
    fn counted(props: &Props<'_, 'e>, view: View<'e>, path: &str) -> Option<Tri> {
        match props.number(props.below(view, path).1) {
            Ok(Some(count)) if count > 0 => Some(Tri::Yes),
            Ok(_) => None,
            Err(why) => Some(Tri::Maybe(why)),
        }
    }

    /// Whether a resource of a row has IPv6 addresses where its subnets have blocks.
    fn six(row: &HolderRow, props: &Props<'_, 'e>) -> Tri {
        let Some(six) = &row.six else { return Tri::No };
        match (&six.property, &six.is) {
            (Some(path), Some(is)) => match props.get(path) {
                Value::Absent | Value::Null => Tri::No,
                _ => match props.word(path) {
                    Some(word) => {
                        if word == *is {
                            Tri::Yes
                        } else {
                            Tri::No
                        }
                    }
                    None => Tri::Maybe(Self::lost(props.get(path))),
                },
            },
            _ => Tri::Maybe(Reason::new(ReasonCode::NotInInput, six.setting.as_deref().unwrap_or("IPv6"))),
        }
    }

    /// The addresses that an interface is given, and of several those with a public one.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/MultipleIP.html>
    fn addresses_of_card(&self, props: &Props<'_, 'e>, owners: &[ResourceId]) -> (Vec<Range>, Vec<Range>) {
        let written = |path: &str| -> Vec<Range> {
            props.all(path).0.into_iter().filter_map(|(_, v)| props.range(v).ok().flatten()).collect()
        };
        // The primary address is written by itself or marked in the list, where it is the first
        // when nothing is marked.
        let mut v4 = written("PrivateIpAddress");
        if let Value::List(list) = props.get("PrivateIpAddresses") {
            let primary = |n: &&sekisho_estate::NodeId| {
                matches!(props.flag_below(list.at(**n), "Primary"), Ok(Some(true)))
            };
            let marked = list.elements().iter().filter(primary);
            let others = list.elements().iter().filter(|n| !primary(n));
            for &node in marked.chain(others) {
                v4.extend(props.range(props.below(list.at(node), "PrivateIpAddress").1).ok().flatten());
            }
        }
        let elastic: Vec<Option<Range>> =
            owners.iter().filter_map(|id| self.elastic.get(id)).flatten().copied().collect();
        let mut public_at: Vec<Range> = Vec::new();
        if v4.len() > 1 {
            public_at = elastic.iter().filter_map(|at| at.or_else(|| v4.first().copied())).collect();
            public_at.sort_unstable();
            public_at.dedup();
        }
        let mut exact = v4;
        exact.extend(written("Ipv6Addresses/Ipv6Address"));
        exact.sort_unstable();
        exact.dedup();
        (exact, public_at)
    }

    fn scaling_groups(&mut self) {
        let reading = self.reading;
        reading.each("AWS::AutoScaling::AutoScalingGroup", |props| {
            let holder = self.add_holder(props, Role::Compute);
            let template = Self::template(
                reading,
                props,
                &[
                    "LaunchTemplate/LaunchTemplateId",
                    "LaunchTemplate/LaunchTemplateName",
                    "MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification/LaunchTemplateId",
                    "MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification/LaunchTemplateName",
                    "LaunchConfigurationName",
                ],
            );
            let (groups, groups_doubt, asked) = match &template {
                Ok(Some(template)) => {
                    let root = template.stack.view(template.stack.resource(template.id.index).properties);
                    let (groups, doubt) = self.groups_at(
                        template,
                        root,
                        &[
                            "LaunchTemplateData/SecurityGroupIds",
                            "LaunchTemplateData/NetworkInterfaces/Groups",
                            "SecurityGroups",
                        ],
                    );
                    let asked = match template.flag("AssociatePublicIpAddress") {
                        Ok(None) => {
                            template.flag("LaunchTemplateData/NetworkInterfaces/AssociatePublicIpAddress")
                        }
                        said => said,
                    };
                    (groups, doubt, asked)
                }
                Ok(None) => {
                    let why = Reason::new(ReasonCode::NotInInput, "launch template");
                    (Vec::new(), Some(self.doubt(props, why)), Ok(None))
                }
                Err(why) => (Vec::new(), Some(self.doubt(props, why.clone())), Ok(None)),
            };
            let (values, open) = props.all("VPCZoneIdentifier");
            let subnets = self.subnets_of(props, values, open);
            for subnet in subnets {
                let public = self.public(asked.clone(), subnet.as_ref().ok().copied());
                let draft = Draft {
                    doubt: subnet.as_ref().err().map(|why| self.doubt(props, why.clone())),
                    subnet: subnet.ok(),
                    groups: groups.clone(),
                    groups_doubt: groups_doubt.clone(),
                    public: Some(public),
                    ..Draft::default()
                };
                self.add_interface(holder, draft);
            }
        });
    }

    /// Subnets from values; one unknown subnet where there are none or more.
    pub(super) fn subnets_of(
        &self,
        props: &Props<'_, 'e>,
        values: Vec<(View<'e>, Value<'e>)>,
        open: Option<Reason>,
    ) -> Vec<Result<Index, Reason>> {
        let mut out: Vec<Result<Index, Reason>> =
            values.into_iter().map(|(_, value)| self.subnet(props, value)).collect();
        out.extend(open.map(Err));
        if out.is_empty() {
            out.push(Err(Reason::new(ReasonCode::AbsentOperand, "subnet")));
        }
        out
    }

    fn holder(&mut self, props: &Props<'_, 'e>, row: &'static HolderRow) {
        // An interface that an instance uses is there already.
        if self.net.by_resource.contains_key(&props.id) {
            return;
        }
        let reading = self.reading;
        let cluster = row.cluster.as_ref().and_then(|named| {
            match props.link(props.get(&named.property), &[named.type_name.as_str()]) {
                Link::To(id) => Some(reading.at(id)),
                _ => None,
            }
        });
        // A member of a cluster has the network of the cluster.
        let source = cluster.as_ref().unwrap_or(props);
        let row_of = if cluster.is_some() {
            let name = row.cluster.as_ref().map(|c| c.type_name.as_str());
            HOLDERS.iter().find(|r| Some(r.type_name.as_str()) == name).unwrap_or(row)
        } else {
            row
        };
        let (mut values, mut open) = (Vec::new(), None);
        let mut said = false;
        if let Some(path) = &row_of.subnets {
            (values, open) = source.all(path);
            said = !values.is_empty() || open.is_some();
        }
        let mut from_group = None;
        if let Some(group) = &row_of.group {
            match source.link(source.get(&group.property), &[group.type_name.as_str()]) {
                Link::To(id) => {
                    let group_props = reading.at(id);
                    let (found, more) = group_props.all(&group.subnets);
                    from_group = Some(self.subnets_of(&group_props, found, more));
                    said = true;
                }
                Link::Absent => {}
                Link::Lost(why) => {
                    open = Some(why);
                    said = true;
                }
            }
        }
        // Without a subnet some types stand outside any VPC.
        if !said && (row.outside || matches!(row.role, Role::Function)) {
            if row.outside {
                let holder = self.add_holder(props, row.role);
                self.net.holders[holder].ports = self.ports(props, row);
                self.net.holders[holder].outside = Tri::Yes;
            }
            return;
        }
        if !said && row.type_name == "AWS::ECS::Service" {
            return;
        }
        let holder = self.add_holder(props, row.role);
        self.net.holders[holder].ports = self.ports(props, row);
        self.net.holders[holder].placement = row.placement;
        self.net.holders[holder].store = row.store.as_ref().and_then(|named| {
            match props.link(props.get(&named.property), &[named.type_name.as_str()]) {
                Link::To(id) => Some(id),
                _ => None,
            }
        });
        let subnets = from_group.unwrap_or_else(|| self.subnets_of(source, values, open));
        let root = source.stack.view(source.stack.resource(source.id.index).properties);
        let paths: Vec<&str> = row_of.security.iter().map(String::as_str).collect();
        let (groups, mut groups_doubt) = self.groups_at(source, root, &paths);
        if row.security.is_empty() || (row.own && groups.is_empty() && groups_doubt.is_none()) {
            groups_doubt = Some(self.doubt(props, Reason::new(ReasonCode::NotInInput, "security groups")));
        }
        if row.type_name == "AWS::EKS::Cluster" {
            // EKS adds a group of its own between nodes and endpoint.
            self.kubernetes(props, holder);
        }
        for subnet in subnets {
            let public = match &row.public {
                None => Tri::No,
                Some(public) => match (props.flag(&public.property), public.absent) {
                    (Ok(Some(true)), _) | (Ok(None), Some(true)) => Tri::Yes,
                    (Ok(Some(false)), _) | (Ok(None), Some(false)) => Tri::No,
                    (Ok(None), None) => {
                        Tri::Maybe(Reason::new(ReasonCode::DefaultUndated, &*public.property))
                    }
                    (Err(why), _) => Tri::Maybe(why),
                },
            };
            let public = if self.elastic.contains_key(&props.id) { Tri::Yes } else { public };
            let (exact, public_at) = match &row.address {
                None => (Vec::new(), Vec::new()),
                Some(_) if row.type_name == "AWS::EC2::NetworkInterface" => {
                    self.addresses_of_card(props, &[props.id])
                }
                Some(path) => (props.range(props.get(path)).ok().flatten().into_iter().collect(), Vec::new()),
            };
            let draft = Draft {
                doubt: subnet.as_ref().err().map(|why| self.doubt(props, why.clone())),
                subnet: subnet.ok(),
                groups: groups.clone(),
                groups_doubt: groups_doubt.clone(),
                exact,
                public: Some(public),
                public_at,
                forwards: matches!(props.flag("SourceDestCheck"), Ok(Some(false)))
                    && row.type_name == "AWS::EC2::NetworkInterface",
                six: Some(Self::six(row, props)),
                ..Draft::default()
            };
            let at = self.add_interface(holder, draft);
            self.interfaces.entry(props.id).or_insert(at);
        }
    }

    /// The public end of a Kubernetes API.
    /// <https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html>
    fn kubernetes(&mut self, props: &Props<'_, 'e>, holder: Index) {
        let at = "ResourcesVpcConfig/EndpointPublicAccess";
        self.net.holders[holder].outside = match props.flag(at) {
            Ok(Some(false)) => Tri::No,
            Ok(_) => Tri::Yes,
            Err(why) => Tri::Maybe(why),
        };
        let (values, open) = props.all("ResourcesVpcConfig/PublicAccessCidrs");
        for (_, value) in values {
            if let Ok(Some(range)) = props.range(value) {
                self.net.holders[holder].outside_from.push(range);
            }
        }
        if let Some(why) = open {
            self.net.holders[holder].outside = Tri::Maybe(why);
        }
    }

    fn ports(&self, props: &Props<'_, 'e>, row: &HolderRow) -> Vec<Service> {
        let Some(ports) = &row.ports else { return Vec::new() };
        if let Some(path) = &ports.property {
            match props.number(props.get(path)) {
                Ok(Some(port)) => return vec![Service::tcp(u16::try_from(port).unwrap_or(0))],
                Ok(None) => {}
                // Any port then.
                Err(_) => return Vec::new(),
            }
        }
        let by = match &ports.by {
            Some(path) => props.word(path).unwrap_or_default(),
            None => String::new(),
        };
        let found = ports
            .default
            .iter()
            .filter(|(start, _)| by.starts_with(&start.to_lowercase()))
            .max_by_key(|(start, _)| start.len());
        found.map_or(Vec::new(), |(_, list)| list.iter().map(|&p| Service::ports(TCP, p, p)).collect())
    }
}

impl<'e> Props<'_, 'e> {
    /// A boolean below a place.
    pub(crate) fn flag_below(&self, view: View<'e>, path: &str) -> Result<Option<bool>, Reason> {
        match self.below(view, path).1 {
            Value::Absent | Value::Null => Ok(None),
            Value::Bool(b) => Ok(Some(b)),
            Value::Str(t) if t.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Value::Str(t) if t.eq_ignore_ascii_case("false") => Ok(Some(false)),
            value => Err(crate::read::reason(value)),
        }
    }
}
