//! Route tables: which table a subnet has, and where its routes lead.

use std::cmp::Reverse;

use sekisho_estate::{Reason, ReasonCode, Value};

use super::build::Builder;
use super::gateways::length;
use super::{Doubt, Index, Item, Next, Route, Rule, Table};
use crate::read::{Link, Props};
use crate::space::{Range, managed, show};

impl<'e> Builder<'_, 'e> {
    pub(super) fn tables(&mut self) {
        let reading = self.reading;
        reading.each("AWS::EC2::RouteTable", |props| {
            let at = self.net.tables.len();
            self.tables.insert(props.id, at);
            self.net.tables.push(Table { item: self.item(props), routes: Vec::new() });
        });
        // Which VPC a table belongs to.
        let mut vpcs: Vec<Option<Index>> = vec![None; self.net.tables.len()];
        self.net.vpcs.iter().enumerate().for_each(|(at, vpc)| vpcs[vpc.main] = Some(at));
        reading.each("AWS::EC2::RouteTable", |props| {
            vpcs[self.tables[&props.id]] = self.vpc(props, "VpcId").ok().flatten();
        });
        reading.each("AWS::EC2::SubnetRouteTableAssociation", |props| {
            let table = self.table(props, "RouteTableId");
            let target = match props.get("SubnetId") {
                // An association without a subnet makes the table the main one, as read from an account.
                Value::Absent | Value::Null => {
                    if let Ok(table) = table
                        && let Some(vpc) = vpcs[table]
                    {
                        let old = std::mem::replace(&mut self.net.vpcs[vpc].main, table);
                        for subnet in &mut self.net.subnets {
                            if subnet.table == old {
                                subnet.table = table;
                            }
                        }
                    }
                    return;
                }
                value => self.subnet(props, value),
            };
            let Ok(subnet) = target else { return };
            match table {
                Ok(table) => self.net.subnets[subnet].table = table,
                Err(why) => {
                    let doubt = self.doubt(props, why.clone());
                    let name = why.subject.to_string();
                    let item = Item { id: None, name, kind: "AWS::EC2::RouteTable" };
                    self.net.tables.push(Table { item, routes: vec![unknown_route(doubt)] });
                    vpcs.push(Some(self.net.subnets[subnet].vpc));
                    self.net.subnets[subnet].table = self.net.tables.len() - 1;
                }
            }
        });
        reading.each("AWS::EC2::GatewayRouteTableAssociation", |props| {
            let Ok(table) = self.table(props, "RouteTableId") else { return };
            let Link::To(id) = props.link(props.get("GatewayId"), &["AWS::EC2::InternetGateway"]) else {
                return;
            };
            let vpc =
                self.net.vpcs.iter().position(|v| v.internet.as_ref().is_some_and(|i| i.id == Some(id)));
            if let Some(vpc) = vpc {
                self.net.vpcs[vpc].edge = Some(table);
            }
        });
        // Traffic within the VPC has a route in every table.
        // <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>
        for (at, vpc) in vpcs.iter().enumerate() {
            let Some(vpc) = vpc else { continue };
            for range in self.net.vpcs[*vpc].ranges.clone() {
                self.net.tables[at].routes.push(Route {
                    to: Some(vec![range]),
                    length: length(range),
                    propagated: false,
                    next: Next::Local,
                    rule: Rule::implied(format!("{} -> local", show(range))),
                    doubt: None,
                });
            }
        }
        reading.each("AWS::EC2::Route", |props| {
            let Ok(table) = self.table(props, "RouteTableId") else { return };
            self.route(props, table);
        });
        reading.each("AWS::EC2::VPNGatewayRoutePropagation", |props| {
            let (values, _) = props.all("RouteTableIds");
            let Link::To(id) = props.link(props.get("VpnGatewayId"), &["AWS::EC2::VPNGateway"]) else {
                return;
            };
            let Some(&gateway) = self.privates.get(&id) else { return };
            let private = self.net.privates[gateway].clone();
            for (_, value) in values {
                let Link::To(id) = props.link(value, &["AWS::EC2::RouteTable"]) else { continue };
                let Some(&table) = self.tables.get(&id) else { continue };
                for range in private.on_premises.clone() {
                    let text = format!("{} -> {} (propagated)", show(range), private.item.name);
                    let rule = self.rule_of(props, text);
                    self.net.tables[table].routes.push(Route {
                        to: Some(vec![range]),
                        length: length(range),
                        propagated: true,
                        next: Next::Private(gateway),
                        rule,
                        doubt: private.doubt.clone(),
                    });
                }
            }
        });
        self.gateway_endpoints();
        for table in &mut self.net.tables {
            // Static before propagated, known before unknown.
            table.routes.sort_by_key(|r| (Reverse(r.length), r.propagated));
        }
    }

    fn table(&self, props: &Props<'_, 'e>, path: &str) -> Result<Index, Reason> {
        match props.link(props.get(path), &["AWS::EC2::RouteTable"]) {
            Link::To(id) => Ok(self.tables[&id]),
            Link::Absent => Err(Reason::new(ReasonCode::AbsentOperand, path)),
            Link::Lost(why) => Err(why),
        }
    }

    fn route(&mut self, props: &Props<'_, 'e>, table: Index) {
        let mut doubt: Option<Doubt> = None;
        let (mut to, mut shown): (Option<Vec<Range>>, String) = (None, String::new());
        for path in ["DestinationCidrBlock", "DestinationIpv6CidrBlock"] {
            match props.range(props.get(path)) {
                Ok(Some(range)) => {
                    shown = show(range);
                    to = Some(vec![range]);
                }
                Ok(None) => {}
                Err(why) => doubt = Some(self.doubt(props, why)),
            }
        }
        match props.get("DestinationPrefixListId") {
            Value::Absent | Value::Null => {}
            value => match self.prefix_list(props, value) {
                Ok((ranges, name)) => {
                    shown = name;
                    to = Some(ranges);
                }
                Err(why) => doubt = Some(self.doubt(props, why)),
            },
        }
        if to.is_none() && doubt.is_none() {
            doubt = Some(self.doubt(props, Reason::new(ReasonCode::AbsentOperand, "DestinationCidrBlock")));
        }
        let (next, name) = match self.next(props) {
            Ok(found) => found,
            Err(why) => {
                doubt = doubt.or_else(|| Some(self.doubt(props, why.clone())));
                (Next::Unknown, why.subject.to_string())
            }
        };
        let length = to.iter().flatten().map(|&r| length(r)).max().unwrap_or(0);
        let rule = self.rule_of(props, format!("{shown} -> {name}"));
        self.net.tables[table].routes.push(Route { to, length, propagated: false, next, rule, doubt });
    }

    /// Where a route leads, and the name of that.
    fn next(&mut self, props: &Props<'_, 'e>) -> Result<(Next, String), Reason> {
        let node = |path: &str| props.stack.tree.get(props.stack.resource(props.id.index).properties, path);
        let name = |id| self.reading.estate.id(id).to_owned();
        let lost = |value: Value<'e>| Self::lost(value);
        type Known<'m> = std::collections::HashMap<sekisho_estate::ResourceId, Index>;
        type Row<'m> = (&'m str, &'m [&'m str], &'m Known<'m>, fn(Index) -> Next);
        let tables: [Row<'_>; 6] = [
            ("NatGatewayId", &["AWS::EC2::NatGateway"], &self.nats, Next::Nat),
            ("VpcPeeringConnectionId", &["AWS::EC2::VPCPeeringConnection"], &self.peerings, Next::Peering),
            ("TransitGatewayId", &["AWS::EC2::TransitGateway"], &self.transits, Next::Transit),
            ("GatewayId", &["AWS::EC2::VPNGateway"], &self.privates, Next::Private),
            ("InstanceId", &["AWS::EC2::Instance"], &self.interfaces, Next::Interface),
            ("NetworkInterfaceId", &["AWS::EC2::NetworkInterface"], &self.interfaces, Next::Interface),
        ];
        for (path, types, known, make) in tables {
            if let Link::To(id) = props.link(props.get(path), types)
                && let Some(&at) = known.get(&id)
            {
                return Ok((make(at), name(id)));
            }
        }
        match props.get("GatewayId") {
            Value::Absent | Value::Null => {}
            Value::Str("local") => return Ok((Next::Local, "local".into())),
            value => {
                if let Link::To(id) = props.link(value, &["AWS::EC2::InternetGateway"]) {
                    return Ok((Next::Internet(self.item(&self.reading.at(id))), name(id)));
                }
                // An id says of itself that it is an internet gateway.
                if let Some(text) = props.text(value)
                    && text.starts_with("igw-")
                {
                    let item = Item::implied(text, "AWS::EC2::InternetGateway");
                    return Ok((Next::Internet(item), text.to_owned()));
                }
                return Err(lost(value));
            }
        }
        match props.get("EgressOnlyInternetGatewayId") {
            Value::Absent | Value::Null => {}
            value => {
                return match props.link(value, &["AWS::EC2::EgressOnlyInternetGateway"]) {
                    Link::To(id) => Ok((Next::EgressOnly(self.item(&self.reading.at(id))), name(id))),
                    _ => {
                        let item = Item::implied("eigw", "AWS::EC2::EgressOnlyInternetGateway");
                        Ok((Next::EgressOnly(item), "egress-only internet gateway".into()))
                    }
                };
            }
        }
        if let Some(at) = node("VpcEndpointId") {
            let types = ["AWS::EC2::VPCEndpoint", "AWS::NetworkFirewall::Firewall"];
            let value = props.get("VpcEndpointId");
            let found = match props.link(value, &types) {
                Link::To(id) => Some(id),
                _ => self.mentioned(props.stack, props.id.stack, at, &types, 0),
            };
            return match found.and_then(|id| self.inspectors.get(&id).map(|&at| (id, at))) {
                Some((id, at)) => Ok((Next::Inspector(at), name(id))),
                None => Err(lost(value)),
            };
        }
        let named = [
            "NatGatewayId",
            "VpcPeeringConnectionId",
            "TransitGatewayId",
            "InstanceId",
            "NetworkInterfaceId",
            "CarrierGatewayId",
            "LocalGatewayId",
            "CoreNetworkArn",
        ];
        for path in named {
            match props.get(path) {
                Value::Absent | Value::Null => {}
                // A transit gateway elsewhere that a VPC is attached to here has a place already.
                Value::Str(text) if path == "TransitGatewayId" => {
                    if let Some(at) = self.net.transits.iter().position(|(item, _)| item.name == text) {
                        return Ok((Next::Transit(at), text.to_owned()));
                    }
                    return Err(Reason::new(ReasonCode::NotInInput, text));
                }
                value => {
                    return Err(match value {
                        Value::Str(text) => Reason::new(ReasonCode::NotInInput, text),
                        other => lost(other),
                    });
                }
            }
        }
        match props.word("State").as_deref() {
            Some("blackhole") => Ok((Next::Blackhole, "blackhole".into())),
            _ => Err(Reason::new(ReasonCode::AbsentOperand, "target of the route")),
        }
    }

    /// Gateway endpoints put a route to their service into the tables that they name.
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
    fn gateway_endpoints(&mut self) {
        let reading = self.reading;
        reading.each("AWS::EC2::VPCEndpoint", |props| {
            let kind = props.word("VpcEndpointType");
            if !matches!(kind.as_deref(), None | Some("gateway")) {
                return;
            }
            self.endpoint(props, None);
            let service = service_name(props);
            let list = if service.ends_with("dynamodb") { 2 } else { 1 };
            let (values, _) = props.all("RouteTableIds");
            for (view, value) in values {
                let Link::To(id) = props.link(value, &["AWS::EC2::RouteTable"]) else { continue };
                let Some(&table) = self.tables.get(&id) else { continue };
                let item = self.item(props);
                let text = format!("{service} -> {}", item.name);
                let rule = self.rule(view, text);
                self.net.tables[table].routes.push(Route {
                    to: Some(vec![managed(list)]),
                    length: 128,
                    propagated: false,
                    next: Next::GatewayEndpoint(item),
                    rule,
                    doubt: None,
                });
            }
        });
    }
}

/// The name of the service of an endpoint, as far as it is known.
pub(super) fn service_name(props: &Props<'_, '_>) -> String {
    match props.get("ServiceName") {
        Value::Str(text) => text.to_owned(),
        Value::Text(text) => text.display(),
        _ => String::new(),
    }
}

fn unknown_route(doubt: Doubt) -> Route {
    Route {
        to: None,
        length: 0,
        propagated: false,
        next: Next::Unknown,
        rule: Rule::implied("?"),
        doubt: Some(doubt),
    }
}
