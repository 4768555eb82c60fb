//! NAT gateways, peering, transit gateways, VPN, elastic addresses, firewalls.

use sekisho_estate::{Node, NodeId, Reason, ReasonCode, Stack, Value};

use super::build::Builder;
use super::{
    Attachment, Doubt, FirewallRule, Index, Inspector, Interface, Item, Nat, Peering, Private, Role, Rule,
    Transit, TransitRoute, TransitTable, Tri,
};
use crate::read::{Link, Props, range_of};
use crate::space::{Range, Service, block, is_v4, private, show};

impl<'e> Builder<'_, 'e> {
    pub(super) fn gateways(&mut self) {
        let reading = self.reading;
        reading.each("AWS::EC2::VPCPeeringConnection", |props| {
            self.peerings.insert(props.id, self.net.peerings.len());
            let sides = ["VpcId", "PeerVpcId"].map(|path| self.vpc(props, path).ok().flatten());
            self.net.peerings.push(Peering { item: self.item(props), sides });
        });
        reading.each("AWS::EC2::VPNGateway", |props| {
            self.privates.insert(props.id, self.net.privates.len());
            self.net.privates.push(Private {
                item: self.item(props),
                on_premises: Vec::new(),
                connected: false,
                doubt: None,
            });
        });
        reading.each("AWS::EC2::VPCGatewayAttachment", |props| {
            if let Ok(Some(vpc)) = self.vpc(props, "VpcId")
                && let Link::To(id) = props.link(props.get("VpnGatewayId"), &["AWS::EC2::VPNGateway"])
            {
                self.net.vpcs[vpc].private = self.privates.get(&id).copied();
            }
        });
        // What static routes say, by connection.
        let mut static_routes = std::collections::HashMap::<_, Vec<Range>>::new();
        reading.each("AWS::EC2::VPNConnectionRoute", |props| {
            if let Link::To(id) = props.link(props.get("VpnConnectionId"), &["AWS::EC2::VPNConnection"])
                && let Ok(Some(range)) = props.range(props.get("DestinationCidrBlock"))
            {
                static_routes.entry(id).or_default().push(range);
            }
        });
        reading.each("AWS::EC2::VPNConnection", |props| {
            let Link::To(id) = props.link(props.get("VpnGatewayId"), &["AWS::EC2::VPNGateway"]) else {
                return;
            };
            let Some(&at) = self.privates.get(&id) else { return };
            self.net.privates[at].connected = true;
            match (static_routes.get(&props.id), props.flag("StaticRoutesOnly")) {
                (Some(ranges), Ok(Some(true))) => {
                    self.net.privates[at].on_premises.extend(ranges.iter().copied());
                }
                _ => self.net.privates[at].doubt = Some(self.doubt(props, learned())),
            }
        });
        for at in 0..self.net.privates.len() {
            let gateway = &mut self.net.privates[at];
            if !gateway.connected && gateway.doubt.is_none() {
                // Direct Connect is not declared in templates.
                gateway.doubt = Some(Doubt { of: gateway.item.name.clone(), why: learned() });
            }
            self.net.privates[at].on_premises = self.assume(at);
        }
    }

    /// What is behind a gateway: what is said, else what is assumed, else any private address.
    fn assume(&mut self, at: Index) -> Vec<Range> {
        let mut known = self.net.privates[at].on_premises.clone();
        if !self.assumed.on_premises.is_empty() {
            known.extend(self.assumed.on_premises.iter().map(|&net| block(net)));
            self.net.privates[at].doubt = None;
        } else if known.is_empty() || self.net.privates[at].doubt.is_some() {
            known.extend(private().into_iter().filter(|&r| is_v4(r)));
        }
        crate::space::tidy(known)
    }

    pub(super) fn elastic(&mut self) {
        let reading = self.reading;
        let types = ["AWS::EC2::Instance", "AWS::EC2::NetworkInterface"];
        for type_name in ["AWS::EC2::EIP", "AWS::EC2::EIPAssociation"] {
            reading.each(type_name, |props| {
                // It stands for the primary address where no other is named.
                // <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html>
                let at = props.range(props.get("PrivateIpAddress")).ok().flatten();
                for path in ["InstanceId", "NetworkInterfaceId"] {
                    match props.link(props.get(path), &types) {
                        Link::To(id) => self.elastic.entry(id).or_default().push(at),
                        Link::Absent => {}
                        Link::Lost(why) => {
                            self.elastic_doubt.get_or_insert(why);
                        }
                    }
                }
            });
        }
    }

    pub(super) fn nats(&mut self) {
        let reading = self.reading;
        reading.each("AWS::EC2::NatGateway", |props| {
            let at = self.net.nats.len();
            let holder = self.add_holder(props, Role::Nat);
            let (subnet, doubt) = match self.subnet(props, props.get("SubnetId")) {
                Ok(subnet) => (Some(subnet), None),
                Err(why) => (None, Some(self.doubt(props, why))),
            };
            let public = match props.word("ConnectivityType").as_deref() {
                Some("private") => Tri::No,
                _ => Tri::Yes,
            };
            let exact = match props.range(props.get("PrivateIpAddress")) {
                Ok(Some(range)) => Some(range),
                _ => None,
            };
            let addresses = exact.map_or_else(
                || {
                    subnet.map_or_else(super::vpcs::any_v4, |s| {
                        self.addresses_of(s).into_iter().filter(|&r| is_v4(r)).collect()
                    })
                },
                |range| vec![range],
            );
            self.net.interfaces.push(Interface {
                holder,
                subnet,
                groups: Vec::new(),
                groups_doubt: None,
                ungrouped: false,
                filtered: false,
                addresses,
                exact: exact.is_some(),
                address_doubt: subnet.and_then(|s| self.net.subnets[s].doubt.clone()),
                six_doubt: None,
                public: public.clone(),
                public_at: Vec::new(),
                forwards: true,
            });
            let interface = self.net.interfaces.len() - 1;
            self.net.holders[holder].interfaces.push(interface);
            self.net.holders[holder].doubts.extend(doubt);
            // Nothing can be opened towards it.
            // <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>
            self.net.holders[holder].ports = vec![Service { protocol: (255, 255), port: (0, 0) }];
            self.nats.insert(props.id, at);
            self.net.nats.push(Nat { item: self.item(props), interface, public });
        });
    }

    pub(super) fn transits(&mut self) {
        let reading = self.reading;
        let mut tables = std::collections::HashMap::new();
        reading.each("AWS::EC2::TransitGateway", |props| {
            let item = self.item(props);
            let default = TransitTable {
                item: Item {
                    id: None,
                    name: format!("{} (default route table)", item.name),
                    kind: "AWS::EC2::TransitGatewayRouteTable",
                },
                routes: Vec::new(),
                doubt: None,
            };
            self.transits.insert(props.id, self.net.transits.len());
            self.net.transits.push((item, Transit { attachments: Vec::new(), tables: vec![default] }));
        });
        let gateway = |this: &Self, props: &Props<'_, 'e>| match props
            .link(props.get("TransitGatewayId"), &["AWS::EC2::TransitGateway"])
        {
            Link::To(id) => this.transits.get(&id).map(|&at| (at, id)),
            _ => None,
        };
        reading.each("AWS::EC2::TransitGatewayRouteTable", |props| {
            let Some((at, _)) = gateway(self, props) else { return };
            let item = self.item(props);
            let transit = &mut self.net.transits[at].1;
            tables.insert(props.id, (at, transit.tables.len()));
            transit.tables.push(TransitTable { item, routes: Vec::new(), doubt: None });
        });
        let mut attachments = std::collections::HashMap::new();
        for type_name in ["AWS::EC2::TransitGatewayVpcAttachment", "AWS::EC2::TransitGatewayAttachment"] {
            reading.each(type_name, |props| {
                let at = match gateway(self, props) {
                    Some((at, _)) => at,
                    // The gateway is elsewhere: where it leads is not known.
                    None => {
                        let name = props.text(props.get("TransitGatewayId")).unwrap_or("transit gateway");
                        let item = Item { id: None, name: name.to_owned(), kind: "AWS::EC2::TransitGateway" };
                        let found = self.net.transits.iter().position(|(i, _)| *i == item);
                        found.unwrap_or_else(|| {
                            let why = Reason::new(ReasonCode::NotInInput, name);
                            let table = TransitTable {
                                item: item.clone(),
                                routes: Vec::new(),
                                doubt: Some(Doubt { of: name.to_owned(), why }),
                            };
                            self.net
                                .transits
                                .push((item, Transit { attachments: Vec::new(), tables: vec![table] }));
                            self.net.transits.len() - 1
                        })
                    }
                };
                let mut doubt = None;
                let vpc = self.vpc(props, "VpcId").unwrap_or_else(|why| {
                    doubt = Some(self.doubt(props, why));
                    None
                });
                let (values, _) = props.all("SubnetIds");
                let subnets = values.into_iter().filter_map(|(_, v)| self.subnet(props, v).ok()).collect();
                let item = self.item(props);
                let list = &mut self.net.transits[at].1.attachments;
                attachments.insert(props.id, (at, list.len()));
                let (table, on_premises, peer) = (None, Vec::new(), None);
                list.push(Attachment { item, vpc, subnets, table, doubt, on_premises, peer });
            });
        }
        // VPN connections and Direct Connect gateways lead to on-premises networks.
        // <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-dcg-attachments.html>
        for (type_name, path) in [
            ("AWS::EC2::VPNConnection", "TransitGatewayId"),
            ("AWS::DirectConnect::DirectConnectGatewayAssociation", "AssociatedGatewayId"),
        ] {
            reading.each(type_name, |props| {
                let Link::To(id) = props.link(props.get(path), &["AWS::EC2::TransitGateway"]) else { return };
                let Some(&at) = self.transits.get(&id) else { return };
                let assumed: Vec<Range> = self.assumed.on_premises.iter().map(|&net| block(net)).collect();
                let doubt = assumed.is_empty().then(|| self.doubt(props, learned()));
                let on_premises = if assumed.is_empty() {
                    private().into_iter().filter(|&r| is_v4(r)).collect()
                } else {
                    assumed
                };
                let item = self.item(props);
                let list = &mut self.net.transits[at].1.attachments;
                attachments.insert(props.id, (at, list.len()));
                let (vpc, subnets, table, peer) = (None, Vec::new(), None, None);
                list.push(Attachment { item, vpc, subnets, table, doubt, on_premises, peer });
            });
        }
        // Both sides of a peering know it under the same id. Only static routes lead over it.
        // <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-peering.html>
        const PEERING: &str = "AWS::EC2::TransitGatewayPeeringAttachment";
        let mut peered = std::collections::HashMap::new();
        reading.each(PEERING, |props| {
            let sides = ["TransitGatewayId", "PeerTransitGatewayId"].map(|path| {
                match props.link(props.get(path), &["AWS::EC2::TransitGateway"]) {
                    Link::To(id) => self.transits.get(&id).copied(),
                    _ => None,
                }
            });
            for (side, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
                let Some(at) = side else { continue };
                let name = props.text(props.get("PeerTransitGatewayId")).unwrap_or("transit gateway");
                let why = Reason::new(ReasonCode::NotInInput, name);
                let doubt = other.is_none().then(|| self.doubt(props, why));
                let (vpc, subnets, table, on_premises) = (None, Vec::new(), None, Vec::new());
                let (item, peer) = (self.item(props), Some(other));
                let list = &mut self.net.transits[at].1.attachments;
                peered.insert((props.id, at), list.len());
                list.push(Attachment { item, vpc, subnets, table, doubt, on_premises, peer });
            }
        });
        let types = [
            "AWS::EC2::TransitGatewayVpcAttachment",
            "AWS::EC2::TransitGatewayAttachment",
            "AWS::EC2::VPNConnection",
            "AWS::DirectConnect::DirectConnectGatewayAssociation",
            PEERING,
        ];
        let ends = |props: &Props<'_, 'e>| {
            let table = match props
                .link(props.get("TransitGatewayRouteTableId"), &["AWS::EC2::TransitGatewayRouteTable"])
            {
                Link::To(id) => tables.get(&id).copied(),
                _ => None,
            };
            let attachment = match props.link(props.get("TransitGatewayAttachmentId"), &types) {
                Link::To(id) => attachments.get(&id).copied().or_else(|| {
                    let (at, _) = table?;
                    peered.get(&(id, at)).map(|&attachment| (at, attachment))
                }),
                _ => None,
            };
            (table, attachment)
        };
        reading.each("AWS::EC2::TransitGatewayRouteTableAssociation", |props| match ends(props) {
            (Some((at, table)), Some((_, attachment))) => {
                self.net.transits[at].1.attachments[attachment].table = Some(table);
            }
            (None, Some((at, attachment))) => {
                let why = Reason::new(ReasonCode::NotInInput, "TransitGatewayRouteTableId");
                self.net.transits[at].1.attachments[attachment].doubt = Some(self.doubt(props, why));
            }
            _ => {}
        });
        let mut propagated: Vec<(Index, Index, Index, Rule)> = Vec::new();
        reading.each("AWS::EC2::TransitGatewayRouteTablePropagation", |props| match ends(props) {
            (Some((at, table)), Some((_, attachment))) => {
                let text = self.reading.estate.id(props.id).to_owned();
                propagated.push((at, table, attachment, self.rule_of(props, text)));
            }
            (Some((at, table)), None) => {
                let why = Reason::new(ReasonCode::NotInInput, "TransitGatewayAttachmentId");
                self.net.transits[at].1.tables[table].doubt = Some(self.doubt(props, why));
            }
            _ => {}
        });
        // Without other words every attachment is associated with the default table and
        // propagates to it.
        // <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html>
        let found: Vec<_> = self.transits.iter().map(|(id, at)| (*id, *at)).collect();
        for (id, at) in found {
            let props = reading.at(id);
            let on = |path: &str| !matches!(props.word(path).as_deref(), Some("disable"));
            let (associates, propagates) =
                (on("DefaultRouteTableAssociation"), on("DefaultRouteTablePropagation"));
            for attachment in 0..self.net.transits[at].1.attachments.len() {
                let entry = &mut self.net.transits[at].1.attachments[attachment];
                if entry.table.is_none() && associates {
                    entry.table = Some(0);
                }
                if propagates {
                    propagated.push((at, 0, attachment, Rule::implied("default propagation")));
                }
            }
        }
        for (at, (_, transit)) in self.net.transits.iter_mut().enumerate() {
            if !self.transits.values().any(|&known| known == at) {
                transit.attachments.iter_mut().for_each(|a| a.table = Some(0));
            }
        }
        for (at, table, attachment, rule) in propagated {
            let entry = &self.net.transits[at].1.attachments[attachment];
            if entry.peer.is_some() {
                continue;
            }
            let ranges = match entry.vpc {
                Some(vpc) => self.net.vpcs[vpc].ranges.clone(),
                None => entry.on_premises.clone(),
            };
            let name = entry.item.name.clone();
            let doubt = match entry.vpc {
                Some(vpc) => self.net.vpcs[vpc].doubt.clone(),
                None => entry.doubt.clone(),
            };
            let target = &mut self.net.transits[at].1.tables[table];
            if target.doubt.is_none() {
                target.doubt = doubt;
            }
            for range in ranges {
                let text = format!("{} -> {name} (propagated)", show(range));
                target.routes.push(TransitRoute {
                    to: vec![range],
                    length: length(range),
                    propagated: true,
                    attachment: Some(attachment),
                    rule: Rule { text, at: rule.at },
                });
            }
        }
        reading.each("AWS::EC2::TransitGatewayRoute", |props| {
            let (Some((at, table)), attachment) = ends(props) else { return };
            let blackhole = matches!(props.flag("Blackhole"), Ok(Some(true)));
            let range = props.range(props.get("DestinationCidrBlock"));
            let (Ok(Some(range)), true) = (&range, attachment.is_some() || blackhole) else {
                let why = match range {
                    Err(why) => why,
                    _ => Reason::new(ReasonCode::NotInInput, "TransitGatewayAttachmentId"),
                };
                self.net.transits[at].1.tables[table].doubt = Some(self.doubt(props, why));
                return;
            };
            let name = attachment
                .map_or("blackhole", |(_, a)| self.net.transits[at].1.attachments[a].item.name.as_str());
            let rule = self.rule_of(props, format!("{} -> {name}", show(*range)));
            self.net.transits[at].1.tables[table].routes.push(TransitRoute {
                to: vec![*range],
                length: length(*range),
                propagated: false,
                attachment: attachment.map(|(_, a)| a),
                rule,
            });
        });
        for (_, transit) in &mut self.net.transits {
            for table in &mut transit.tables {
                table.routes.sort_by_key(|r| (std::cmp::Reverse(r.length), r.propagated));
            }
        }
    }

    pub(super) fn inspectors(&mut self) {
        let reading = self.reading;
        reading.each("AWS::NetworkFirewall::Firewall", |props| {
            let (values, _) = props.all("SubnetMappings/SubnetId");
            let subnets: Vec<Index> =
                values.into_iter().filter_map(|(_, v)| self.subnet(props, v).ok()).collect();
            let (rules, doubt) = match self.firewall_rules(props, &subnets) {
                Ok(rules) => (Some(rules), None),
                Err(why) => (None, Some(self.doubt(props, why))),
            };
            self.inspectors.insert(props.id, self.net.inspectors.len());
            self.net.inspectors.push(Inspector { item: self.item(props), subnets, rules, doubt });
        });
        reading.each("AWS::EC2::VPCEndpoint", |props| {
            if props.word("VpcEndpointType").as_deref() != Some("gatewayloadbalancer") {
                return;
            }
            let (values, _) = props.all("SubnetIds");
            let subnets = values.into_iter().filter_map(|(_, v)| self.subnet(props, v).ok()).collect();
            let why = Reason::new(ReasonCode::AnalysisNotBuilt, "rules of the appliance");
            let doubt = Some(self.doubt(props, why));
            self.inspectors.insert(props.id, self.net.inspectors.len());
            self.net.inspectors.push(Inspector { item: self.item(props), subnets, rules: None, doubt });
        });
    }

    /// The rules of a firewall in the order that decides, with the default last.
    /// <https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html>
    fn firewall_rules(&self, props: &Props<'_, 'e>, subnets: &[Index]) -> Result<Vec<FirewallRule>, Reason> {
        let not = |what: &str| Reason::new(ReasonCode::AnalysisNotBuilt, what);
        let Link::To(policy) =
            props.link(props.get("FirewallPolicyArn"), &["AWS::NetworkFirewall::FirewallPolicy"])
        else {
            return Err(Reason::new(ReasonCode::NotInInput, "FirewallPolicyArn"));
        };
        let policy = self.reading.at(policy);
        let (actions, open) = policy.all("FirewallPolicy/StatelessDefaultActions");
        if let Some(why) = open {
            return Err(why);
        }
        let words: Vec<&str> = actions.iter().filter_map(|(_, v)| policy.text(*v)).collect();
        if !policy.all("FirewallPolicy/StatelessRuleGroupReferences/ResourceArn").0.is_empty() {
            return Err(not("stateless rule groups"));
        }
        let everything = |allow: bool, text: &str| FirewallRule {
            allow,
            src: vec![crate::space::ANY],
            dst: vec![crate::space::ANY],
            services: vec![Service::ALL],
            rule: Rule::implied(text),
        };
        match words.as_slice() {
            ["aws:forward_to_sfe"] => {}
            ["aws:pass"] => return Ok(vec![everything(true, "aws:pass")]),
            ["aws:drop"] => return Ok(vec![everything(false, "aws:drop")]),
            _ => return Err(not("stateless default actions")),
        }
        let strict =
            policy.word("FirewallPolicy/StatefulEngineOptions/RuleOrder").as_deref() == Some("strict_order");
        let mut rules: Vec<(i64, u8, FirewallRule)> = Vec::new();
        if let Value::List(list) = policy.get("FirewallPolicy/StatefulRuleGroupReferences") {
            for &node in list.elements() {
                let at = list.at(node);
                let Link::To(group) =
                    policy.link(policy.below(at, "ResourceArn").1, &["AWS::NetworkFirewall::RuleGroup"])
                else {
                    return Err(Reason::new(ReasonCode::NotInInput, "RuleGroup"));
                };
                let priority = policy.number(policy.below(at, "Priority").1)?.unwrap_or(0);
                self.group_rules(&self.reading.at(group), priority, subnets, &mut rules)?;
            }
        }
        // In the default order passes come before drops, and what no rule meets passes.
        if strict {
            rules.sort_by_key(|(priority, ..)| *priority);
        } else {
            rules.sort_by_key(|(_, order, _)| *order);
        }
        let mut out: Vec<FirewallRule> = rules.into_iter().map(|(.., rule)| rule).collect();
        let (defaults, _) = policy.all("FirewallPolicy/StatefulDefaultActions");
        let defaults: Vec<&str> = defaults.iter().filter_map(|(_, v)| policy.text(*v)).collect();
        let drops = strict && defaults.iter().any(|word| word.starts_with("aws:drop"));
        let text = if drops { defaults.join(", ") } else { "pass (default)".into() };
        out.push(everything(!drops, &text));
        Ok(out)
    }

    fn group_rules(
        &self,
        group: &Props<'_, 'e>,
        priority: i64,
        subnets: &[Index],
        rules: &mut Vec<(i64, u8, FirewallRule)>,
    ) -> Result<(), Reason> {
        let name = self.reading.estate.id(group.id);
        let not = |what: &str| Reason::new(ReasonCode::AnalysisNotBuilt, format!("{name}: {what}").as_str());
        if !matches!(group.get("RuleGroup/RuleVariables"), Value::Absent) {
            return Err(not("rule variables"));
        }
        let Value::List(list) = group.get("RuleGroup/RulesSource/StatefulRules") else {
            return Err(not("rules other than 5-tuple rules"));
        };
        for &node in list.elements() {
            let at = list.at(node);
            let word = |path: &str| group.text(group.below(at, path).1).map(str::to_ascii_uppercase);
            let (allow, order) = match word("Action").as_deref() {
                Some("PASS") => (true, 0),
                Some("DROP") => (false, 1),
                Some("REJECT") => (false, 2),
                Some("ALERT") => continue,
                _ => return Err(not("action")),
            };
            let protocol = match word("Header/Protocol").as_deref() {
                Some("IP") => (0, 255),
                Some("TCP") => (6, 6),
                Some("UDP") => (17, 17),
                Some("ICMP") => (1, 1),
                _ => return Err(not("protocol of an application")),
            };
            let home = || -> Vec<Range> {
                subnets.first().map_or(Vec::new(), |&s| self.net.vpcs[self.net.subnets[s].vpc].ranges.clone())
            };
            let side = |path: &str| -> Result<Vec<Range>, Reason> {
                let text = word(path).ok_or_else(|| not(path))?;
                let mut out = Vec::new();
                for part in text.trim_matches(['[', ']']).split(',').map(str::trim) {
                    match part {
                        "ANY" => out.push(crate::space::ANY),
                        "$HOME_NET" => out.extend(home()),
                        block => out.push(range_of(block).ok_or_else(|| not(block))?),
                    }
                }
                Ok(out)
            };
            let (mut src, mut dst) = (side("Header/Source")?, side("Header/Destination")?);
            if word("Header/SourcePort").as_deref() != Some("ANY") {
                return Err(not("source port"));
            }
            let port = word("Header/DestinationPort").ok_or_else(|| not("port"))?;
            let mut services = Vec::new();
            for part in port.trim_matches(['[', ']']).split(',').map(str::trim) {
                let bounds = if part == "ANY" {
                    Some((0, 65_535))
                } else {
                    let (from, to) = part.split_once(':').unwrap_or((part, part));
                    from.parse().ok().zip(to.parse().ok())
                };
                let port = bounds.ok_or_else(|| not(part))?;
                services.push(Service { protocol, port });
            }
            let rule = self.rule(at, name.to_owned());
            if word("Header/Direction").as_deref() == Some("ANY") {
                let both = FirewallRule {
                    allow,
                    src: dst.clone(),
                    dst: src.clone(),
                    services: services.clone(),
                    rule: rule.clone(),
                };
                rules.push((priority, order, both));
            }
            let (src, dst) = (std::mem::take(&mut src), std::mem::take(&mut dst));
            rules.push((priority, order, FirewallRule { allow, src, dst, services, rule }));
        }
        Ok(())
    }

    /// A resource of some types that a node refers to anywhere below: an id that is cut out of
    /// a list of ids (`Fn::Select` of `Fn::Split`).
    pub(super) fn mentioned(
        &self,
        stack: &Stack,
        at: sekisho_estate::StackIndex,
        node: NodeId,
        types: &[&str],
        depth: u32,
    ) -> Option<sekisho_estate::ResourceId> {
        if depth > 32 {
            return None;
        }
        match stack.tree.node(node) {
            Node::Reference { resource, .. } => {
                let id =
                    sekisho_estate::ResourceId { stack: at, index: sekisho_estate::ResourceIndex(resource) };
                types.contains(&self.reading.estate.type_name(id)).then_some(id)
            }
            Node::List(range) | Node::Operation { operands: range, .. } => stack
                .tree
                .children(range)
                .iter()
                .find_map(|&n| self.mentioned(stack, at, n, types, depth + 1)),
            Node::Foreign { stack: other, node } => {
                let at = sekisho_estate::StackIndex(other);
                self.mentioned(self.reading.estate.stack(at), at, node, types, depth + 1)
            }
            Node::Variable(variable) => {
                let [only] = stack.variables[variable as usize].domain.as_slice() else { return None };
                self.mentioned(stack, at, *only, types, depth + 1)
            }
            _ => None,
        }
    }
}

/// Routes that a customer's router tells are known only where it runs.
fn learned() -> Reason {
    Reason::new(ReasonCode::AttributeAtDeploy, "routes learned by BGP")
}

/// Length of the prefix of a block, IPv4 counted behind its 96 bits.
pub(super) fn length(range: Range) -> u8 {
    if range == crate::space::ALL_V4 {
        return 96;
    }
    let size = (range.1 - range.0).saturating_add(1);
    u8::try_from(size.leading_zeros() + 1).unwrap_or(0)
}

impl Item {
    /// An item for something that AWS makes by itself.
    #[must_use]
    pub fn implied(name: &str, kind: &'static str) -> Self {
        Self { id: None, name: name.to_owned(), kind }
    }
}
