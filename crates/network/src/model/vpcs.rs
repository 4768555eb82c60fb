//! VPCs with their blocks, subnets, internet gateways, and what AWS makes with each VPC.

use sekisho_estate::{Reason, ReasonCode, Value};

use super::build::Builder;
use super::{Acl, Doubt, Entry, Group, Index, Item, Peer, Permission, Rule, Subnet, Table, Tri, Vpc};
use crate::read::{Link, reason};
use crate::space::{ALL_V4, ALL_V6, Range, Service, internet, is_v4, private};

impl<'e> Builder<'_, 'e> {
    pub(super) fn vpcs(&mut self) {
        let reading = self.reading;
        reading.each("AWS::EC2::VPC", |props| {
            let item = self.item(props);
            let (mut ranges, mut doubt) = (Vec::new(), None);
            match props.range(props.get("CidrBlock")) {
                Ok(Some(range)) => ranges.push(range),
                Ok(None) => {
                    doubt = Some(self.doubt(props, Reason::new(ReasonCode::AttributeAtDeploy, "CidrBlock")));
                }
                Err(why) => doubt = Some(self.doubt(props, why)),
            }
            let at = self.net.vpcs.len();
            let named = |what: &str| format!("{} ({what})", item.name);
            self.net.tables.push(Table {
                item: Item { id: None, name: named("main route table"), kind: "AWS::EC2::RouteTable" },
                routes: Vec::new(),
            });
            // The default ACL allows everything, and the default group lets its members talk.
            // <https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html>
            // <https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html>
            let entry = |number, range: Range, to: &str| Entry {
                number,
                allow: true,
                range,
                service: Service::ALL,
                rule: Rule::implied(format!("{number} allow all {to}")),
                doubt: None,
            };
            let all = vec![entry(100, ALL_V4, "0.0.0.0/0"), entry(101, ALL_V6, "::/0")];
            self.net.acls.push(Acl {
                item: Item { id: None, name: named("default network ACL"), kind: "AWS::EC2::NetworkAcl" },
                ingress: all.clone(),
                egress: all,
                doubt: None,
            });
            let group = self.net.groups.len();
            self.net.groups.push(Group {
                item: Item {
                    id: None,
                    name: named("default security group"),
                    kind: "AWS::EC2::SecurityGroup",
                },
                vpc: Some(at),
                default: true,
                ingress: vec![Permission {
                    peer: Peer::Group(group),
                    service: Service::ALL,
                    rule: Rule::implied("allow all from itself"),
                    doubt: None,
                }],
                egress: super::rules::everything_out(),
                doubt: None,
            });
            self.net.vpc_by_resource.insert(props.id, at);
            self.net.vpcs.push(Vpc {
                item,
                ranges,
                doubt,
                main: self.net.tables.len() - 1,
                acl: self.net.acls.len() - 1,
                group,
                internet: None,
                internet_doubt: None,
                private: None,
                edge: None,
                logged: false,
            });
        });
        reading.each("AWS::EC2::VPCCidrBlock", |props| {
            let Ok(Some(vpc)) = self.vpc(props, "VpcId") else { return };
            match (props.range(props.get("CidrBlock")), props.range(props.get("Ipv6CidrBlock"))) {
                (Ok(Some(range)), _) | (Ok(None), Ok(Some(range))) => self.net.vpcs[vpc].ranges.push(range),
                // AWS gives a /56 of its own; it stands for it outside what is assigned (2000::/3).
                // <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
                (Ok(None), Ok(None)) => self.net.vpcs[vpc].ranges.push(stand_in(vpc, None)),
                (Err(why), _) | (_, Err(why)) => {
                    self.net.vpcs[vpc].doubt = Some(self.doubt(props, why));
                }
            }
        });
        reading.each("AWS::EC2::VPCGatewayAttachment", |props| {
            let vpc = match self.vpc(props, "VpcId") {
                Ok(Some(vpc)) => vpc,
                Ok(None) => return,
                Err(_) => return,
            };
            match props.link(props.get("InternetGatewayId"), &["AWS::EC2::InternetGateway"]) {
                Link::To(id) => self.net.vpcs[vpc].internet = Some(self.item(&reading.at(id))),
                Link::Lost(why) => {
                    // Some gateway is attached; which one does not matter.
                    self.net.vpcs[vpc].internet = Some(Item {
                        id: Some(props.id),
                        name: why.subject.to_string(),
                        kind: "AWS::EC2::InternetGateway",
                    });
                }
                Link::Absent => {}
            }
        });
    }

    pub(super) fn subnets(&mut self) {
        let reading = self.reading;
        let mut v6_of_vpc = vec![0_u128; self.net.vpcs.len()];
        reading.each("AWS::EC2::Subnet", |props| {
            let vpc = match self.vpc(props, "VpcId") {
                Ok(Some(vpc)) => vpc,
                // The VPC is elsewhere: a VPC of its own holds what is known of it.
                Ok(None) => self.foreign_vpc(&Reason::new(ReasonCode::AbsentOperand, "VpcId")),
                Err(why) => self.foreign_vpc(&why),
            };
            let (mut ranges, mut doubt) = (Vec::new(), None);
            match props.range(props.get("CidrBlock")) {
                Ok(Some(range)) => ranges.push(range),
                Ok(None) if matches!(props.flag("Ipv6Native"), Ok(Some(true))) => {}
                Ok(None) => {
                    doubt = Some(Reason::new(ReasonCode::AttributeAtDeploy, "CidrBlock"));
                    ranges.extend(self.v4_of(vpc));
                }
                Err(why) => {
                    doubt = Some(why);
                    ranges.extend(self.v4_of(vpc));
                }
            }
            match props.get("Ipv6CidrBlock") {
                Value::Absent | Value::Null => {}
                value => match props.range(value) {
                    Ok(Some(range)) => ranges.push(range),
                    _ => {
                        ranges.push(stand_in(vpc, Some(v6_of_vpc[vpc.min(v6_of_vpc.len() - 1)])));
                        if let Some(next) = v6_of_vpc.get_mut(vpc) {
                            *next += 1;
                        }
                    }
                },
            }
            let public = match props.flag("MapPublicIpOnLaunch") {
                Ok(given) => {
                    if given == Some(true) {
                        Tri::Yes
                    } else {
                        Tri::No
                    }
                }
                Err(why) => Tri::Maybe(why),
            };
            // <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-public-ip.html>
            let six = match (props.flag("AssignIpv6AddressOnCreation"), props.flag("Ipv6Native")) {
                (Ok(Some(true)), _) | (_, Ok(Some(true))) => Tri::Yes,
                (Err(why), _) | (_, Err(why)) => Tri::Maybe(why),
                _ => Tri::No,
            };
            let zone = props.text(props.get("AvailabilityZone")).map(str::to_owned);
            let tag = ["Zone", "SecurityZone", "Tier", "NetworkTier"].iter().find_map(|key| props.tag(key));
            let doubt = doubt.map(|why| self.doubt(props, why));
            self.net.subnet_by_resource.insert(props.id, self.net.subnets.len());
            self.net.subnets.push(Subnet {
                item: self.item(props),
                vpc,
                ranges,
                doubt,
                table: self.net.vpcs[vpc].main,
                acl: self.net.vpcs[vpc].acl,
                zone,
                public,
                six,
                tag: tag.map(str::to_owned),
                logged: false,
            });
        });
        reading.each("AWS::EC2::FlowLog", |props| {
            let types = ["AWS::EC2::VPC", "AWS::EC2::Subnet"];
            let Link::To(id) = props.link(props.get("ResourceId"), &types) else { return };
            if let Some(&vpc) = self.net.vpc_by_resource.get(&id) {
                self.net.vpcs[vpc].logged = true;
            }
            if let Some(&subnet) = self.net.subnet_by_resource.get(&id) {
                self.net.subnets[subnet].logged = true;
            }
        });
    }

    /// The IPv4 addresses that something in a VPC may have.
    fn v4_of(&self, vpc: Index) -> Vec<Range> {
        let known: Vec<Range> = self.net.vpcs[vpc].ranges.iter().copied().filter(|&r| is_v4(r)).collect();
        if known.is_empty() || self.net.vpcs[vpc].doubt.is_some() { any_v4() } else { known }
    }

    /// The account's default VPC: its subnets, routes and groups may have been changed.
    pub(super) fn default_vpc(&mut self) -> Index {
        self.foreign_vpc(&Reason::new(ReasonCode::NotInInput, "default VPC"))
    }

    /// A stand-in for a VPC that is not in the input; the same for all that name it alike.
    fn foreign_vpc(&mut self, why: &Reason) -> Index {
        let subject = why.subject.strip_suffix(" VPC").unwrap_or(&why.subject);
        let name = format!("VPC {subject}");
        if let Some(at) = self.net.vpcs.iter().position(|v| v.item.id.is_none() && v.item.name == name) {
            return at;
        }
        let item = Item { id: None, name: name.clone(), kind: "AWS::EC2::VPC" };
        let doubt = Doubt { of: name.clone(), why: why.clone() };
        let at = self.net.vpcs.len();
        let named = |what: &str| format!("{name} ({what})");
        let unknown = super::Route {
            to: None,
            length: 0,
            propagated: false,
            next: super::Next::Unknown,
            rule: Rule::implied("?"),
            doubt: Some(doubt.clone()),
        };
        self.net.tables.push(Table {
            item: Item { id: None, name: named("main route table"), kind: "AWS::EC2::RouteTable" },
            routes: vec![unknown],
        });
        self.net.acls.push(Acl {
            item: Item { id: None, name: named("default network ACL"), kind: "AWS::EC2::NetworkAcl" },
            ingress: Vec::new(),
            egress: Vec::new(),
            doubt: Some(doubt.clone()),
        });
        self.net.groups.push(Group {
            item: Item { id: None, name: named("default security group"), kind: "AWS::EC2::SecurityGroup" },
            vpc: Some(at),
            default: true,
            ingress: Vec::new(),
            egress: Vec::new(),
            doubt: Some(doubt.clone()),
        });
        self.net.vpcs.push(Vpc {
            item,
            ranges: Vec::new(),
            doubt: Some(doubt.clone()),
            main: self.net.tables.len() - 1,
            acl: self.net.acls.len() - 1,
            group: self.net.groups.len() - 1,
            internet: None,
            internet_doubt: Some(doubt),
            private: None,
            edge: None,
            logged: false,
        });
        at
    }

    /// What may be the address of something whose subnet has unknown blocks.
    pub(super) fn addresses_of(&self, subnet: Index) -> Vec<Range> {
        self.net.subnets[subnet].ranges.clone()
    }

    /// The reason that a value is not known.
    pub(super) fn lost(value: Value<'e>) -> Reason {
        reason(value)
    }
}

/// A block for IPv6 addresses that AWS will give: nobody else's rules name it, `::/0` holds it.
fn stand_in(vpc: Index, subnet: Option<u128>) -> Range {
    let start = (0x4000_u128 << 112) | ((vpc as u128 & 0xffff_ffff) << 72);
    match subnet {
        None => (start, start | ((1 << 72) - 1)),
        Some(n) => {
            let at = start | ((n & 0xff) << 64);
            (at, at | u128::from(u64::MAX))
        }
    }
}

/// Every IPv4 address that a VPC can use: private ones and, where it brings its own, public ones.
pub(super) fn any_v4() -> Vec<Range> {
    let mut all: Vec<Range> = private().into_iter().filter(|&r| is_v4(r)).collect();
    all.extend(internet().into_iter().filter(|&r| is_v4(r)));
    crate::space::tidy(all)
}
