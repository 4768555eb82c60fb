//! A small network of its own, made at random, and the template that declares it.
//!
//! Nothing here is taken from the engine: the simulator reads this description, the engine
//! reads the template.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde_json::{Map, Value, json};

/// Numbers that come out the same everywhere (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    Internet,
    EgressOnly,
    Nat(usize),
    Peering(usize),
    Transit,
    Private,
}

#[derive(Clone, Debug)]
pub struct Vpc {
    pub block: IpNet,
    pub block6: Option<IpNet>,
    pub internet: bool,
    pub private: bool,
}

#[derive(Clone, Debug)]
pub struct Subnet {
    pub vpc: usize,
    pub block: IpNet,
    pub block6: Option<IpNet>,
    pub table: Option<usize>,
    pub acl: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Table {
    pub vpc: usize,
    pub routes: Vec<(IpNet, Target)>,
    pub propagates: bool,
}

/// Protocol (none for all) and ports; of ICMP type and code, -1 for any.
pub type Match = (Option<u8>, i32, i32);

#[derive(Clone, Debug)]
pub struct Entry {
    pub number: u32,
    pub egress: bool,
    pub allow: bool,
    pub block: IpNet,
    pub service: Match,
}

#[derive(Clone, Debug)]
pub struct Acl {
    pub vpc: usize,
    pub entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
pub enum Peer {
    Block(IpNet),
    Group(usize),
}

#[derive(Clone, Debug)]
pub struct Group {
    pub vpc: usize,
    pub ingress: Vec<(Match, Peer)>,
    /// None: what AWS gives a group without rules.
    pub egress: Option<Vec<(Match, Peer)>>,
}

#[derive(Clone, Debug)]
pub struct Host {
    pub subnet: usize,
    pub groups: Vec<usize>,
    pub ip: IpAddr,
    pub ip6: Option<IpAddr>,
    pub public: bool,
}

#[derive(Clone, Debug)]
pub struct Nat {
    pub subnet: usize,
    pub ip: IpAddr,
    pub public: bool,
}

/// Static routes and VPCs that propagate.
pub type TransitTable = (Vec<(IpNet, Option<usize>)>, Vec<usize>);

#[derive(Clone, Debug, Default)]
pub struct Transit {
    /// By VPC: the subnet of its attachment and the table it is associated with.
    pub attachments: Vec<Option<(usize, Option<usize>)>>,
    /// By table: static routes (none is a blackhole), and VPCs that propagate.
    pub tables: Vec<TransitTable>,
}

#[derive(Clone, Debug, Default)]
pub struct Spec {
    pub vpcs: Vec<Vpc>,
    pub subnets: Vec<Subnet>,
    pub tables: Vec<Table>,
    pub acls: Vec<Acl>,
    pub groups: Vec<Group>,
    pub hosts: Vec<Host>,
    pub nats: Vec<Nat>,
    pub peerings: Vec<(usize, usize)>,
    pub transit: Option<Transit>,
    pub on_premises: Vec<IpNet>,
}

pub const PORTS: [u16; 5] = [22, 80, 443, 5432, 8080];
/// One client port of each interval that the random ranges can tell apart.
pub const CLIENT_PORTS: [u16; 4] = [1024, 5000, 40_000, 65_535];
const BACK: [(i32, i32); 4] = [(1024, 65_535), (32_768, 60_999), (1024, 4999), (0, 65_535)];

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

impl Spec {
    pub fn random(seed: u64) -> Self {
        let dice = &mut Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5eed);
        let mut spec = Self { on_premises: vec![net("192.168.0.0/16")], ..Self::default() };
        let count = 1 + dice.roll(3);
        for v in 0..count {
            let block6 = dice.chance(40).then(|| net(&format!("2600:{v}::/56")));
            let vpc = Vpc {
                block: net(&format!("10.{v}.0.0/16")),
                block6,
                internet: dice.chance(80),
                private: dice.chance(30),
            };
            spec.vpcs.push(vpc);
        }
        for v in 0..count {
            for s in 0..1 + dice.roll(3) {
                let six = spec.vpcs[v].block6.is_some() && dice.chance(80);
                spec.subnets.push(Subnet {
                    vpc: v,
                    block: net(&format!("10.{v}.{s}.0/24")),
                    block6: six.then(|| net(&format!("2600:{v}:0:{s}::/64"))),
                    table: None,
                    acl: None,
                });
            }
        }
        for a in 0..count {
            for b in a + 1..count {
                if dice.chance(50) {
                    spec.peerings.push((a, b));
                }
            }
        }
        for s in 0..spec.subnets.len() {
            if dice.chance(35) {
                let IpAddr::V4(base) = spec.subnets[s].block.addr() else { unreachable!() };
                let ip = Ipv4Addr::from(u32::from(base) + 200).into();
                spec.nats.push(Nat { subnet: s, ip, public: dice.chance(80) });
            }
        }
        if count > 1 && dice.chance(60) {
            spec.transit = Some(spec.random_transit(dice));
        }
        for v in 0..count {
            for _ in 0..1 + dice.roll(2) {
                let table = spec.random_table(v, dice);
                spec.tables.push(table);
            }
            for _ in 0..dice.roll(3) {
                let acl = spec.random_acl(v, dice);
                spec.acls.push(acl);
            }
            for _ in 0..1 + dice.roll(3) {
                spec.groups.push(Group { vpc: v, ingress: Vec::new(), egress: None });
            }
        }
        for g in 0..spec.groups.len() {
            let vpc = spec.groups[g].vpc;
            spec.groups[g].ingress = (0..dice.roll(4)).map(|_| spec.random_rule(vpc, dice)).collect();
            if dice.chance(40) {
                let rules = (0..1 + dice.roll(3)).map(|_| spec.random_rule(vpc, dice)).collect();
                spec.groups[g].egress = Some(rules);
            }
        }
        for s in 0..spec.subnets.len() {
            let vpc = spec.subnets[s].vpc;
            let tables: Vec<usize> = (0..spec.tables.len()).filter(|&t| spec.tables[t].vpc == vpc).collect();
            let acls: Vec<usize> = (0..spec.acls.len()).filter(|&a| spec.acls[a].vpc == vpc).collect();
            spec.subnets[s].table = dice.chance(90).then(|| dice.pick(&tables));
            spec.subnets[s].acl = (!acls.is_empty() && dice.chance(60)).then(|| dice.pick(&acls));
            let groups: Vec<usize> = (0..spec.groups.len()).filter(|&g| spec.groups[g].vpc == vpc).collect();
            for h in 0..1 + dice.roll(2) {
                let IpAddr::V4(base) = spec.subnets[s].block.addr() else { unreachable!() };
                let ip6 = spec.subnets[s].block6.filter(|_| dice.chance(80)).map(|block| {
                    let IpAddr::V6(base) = block.addr() else { unreachable!() };
                    IpAddr::V6(Ipv6Addr::from(u128::from(base) + 10 + h as u128))
                });
                let mut own = vec![dice.pick(&groups)];
                if dice.chance(30) {
                    own.push(dice.pick(&groups));
                }
                own.sort_unstable();
                own.dedup();
                spec.hosts.push(Host {
                    subnet: s,
                    groups: own,
                    ip: Ipv4Addr::from(u32::from(base) + [10, 100][h % 2] + h as u32).into(),
                    ip6,
                    public: dice.chance(50),
                });
            }
        }
        spec
    }

    fn random_transit(&self, dice: &mut Dice) -> Transit {
        let tables = 1 + dice.roll(2);
        let mut transit = Transit::default();
        for v in 0..self.vpcs.len() {
            let subnets: Vec<usize> = (0..self.subnets.len()).filter(|&s| self.subnets[s].vpc == v).collect();
            let table = dice.chance(85).then(|| dice.roll(tables));
            transit.attachments.push(dice.chance(85).then(|| (dice.pick(&subnets), table)));
        }
        for _ in 0..tables {
            let attached: Vec<usize> =
                (0..self.vpcs.len()).filter(|&v| transit.attachments[v].is_some()).collect();
            let propagated = attached.iter().copied().filter(|_| dice.chance(60)).collect();
            let mut routes: Vec<(IpNet, Option<usize>)> = Vec::new();
            for _ in 0..dice.roll(3) {
                let block = net(dice.pick(&[
                    "10.0.0.0/16",
                    "10.1.0.0/16",
                    "10.1.1.0/24",
                    "10.0.0.0/8",
                    "0.0.0.0/0",
                    "10.2.0.0/16",
                ]));
                let to =
                    if attached.is_empty() || dice.chance(15) { None } else { Some(dice.pick(&attached)) };
                if routes.iter().all(|(b, _)| *b != block) {
                    routes.push((block, to));
                }
            }
            transit.tables.push((routes, propagated));
        }
        transit
    }

    fn random_table(&self, vpc: usize, dice: &mut Dice) -> Table {
        let mut routes: Vec<(IpNet, Target)> = Vec::new();
        let v4 = [
            "0.0.0.0/0",
            "10.0.0.0/8",
            "10.0.0.0/16",
            "10.1.0.0/16",
            "10.2.0.0/16",
            "10.1.1.0/24",
            "192.168.0.0/16",
            "198.51.100.0/24",
            "0.0.0.0/1",
        ];
        for _ in 0..1 + dice.roll(4) {
            let block = net(dice.pick(&v4));
            let mut targets = vec![Target::Internet];
            let nats: Vec<usize> =
                (0..self.nats.len()).filter(|&n| self.subnets[self.nats[n].subnet].vpc == vpc).collect();
            if !nats.is_empty() {
                targets.push(Target::Nat(dice.pick(&nats)));
            }
            let peers: Vec<usize> = (0..self.peerings.len())
                .filter(|&p| self.peerings[p].0 == vpc || self.peerings[p].1 == vpc)
                .collect();
            if !peers.is_empty() {
                targets.push(Target::Peering(dice.pick(&peers)));
                targets.push(Target::Peering(dice.pick(&peers)));
            }
            if self.transit.as_ref().is_some_and(|t| t.attachments[vpc].is_some()) {
                targets.push(Target::Transit);
                targets.push(Target::Transit);
            }
            if self.vpcs[vpc].private {
                targets.push(Target::Private);
            }
            // A route within the VPC's own block would need an appliance.
            let own = self.vpcs[vpc].block;
            if own.contains(&block) || routes.iter().any(|(b, _)| *b == block) {
                continue;
            }
            routes.push((block, dice.pick(&targets)));
        }
        if self.vpcs[vpc].block6.is_some() && dice.chance(70) {
            routes.push((net("::/0"), dice.pick(&[Target::Internet, Target::Internet, Target::EgressOnly])));
        }
        Table { vpc, routes, propagates: self.vpcs[vpc].private && dice.chance(60) }
    }

    fn random_block(dice: &mut Dice) -> IpNet {
        net(dice.pick(&[
            "0.0.0.0/0",
            "0.0.0.0/0",
            "10.0.0.0/8",
            "10.0.0.0/16",
            "10.1.0.0/16",
            "10.0.1.0/24",
            "10.1.0.0/24",
            "192.168.0.0/16",
            "198.51.100.0/24",
            "::/0",
            "::/0",
            "2600:0::/56",
            "2600:1:0:1::/64",
            "0.0.0.0/1",
            "128.0.0.0/1",
        ]))
    }

    fn random_service(dice: &mut Dice) -> Match {
        match dice.roll(10) {
            0..=2 => (None, 0, 65_535),
            3..=5 => {
                let port = i32::from(dice.pick(&PORTS));
                (Some(dice.pick(&[6, 17])), port, port)
            }
            6 => (Some(6), 0, 65_535),
            7 => (Some(1), dice.pick(&[-1, 8, 0]), -1),
            8 => (Some(47), 0, 65_535),
            _ => (Some(6), 80, 443),
        }
    }

    fn random_rule(&self, vpc: usize, dice: &mut Dice) -> (Match, Peer) {
        let groups: Vec<usize> = (0..self.groups.len()).filter(|&g| self.groups[g].vpc == vpc).collect();
        let peer = if dice.chance(35) {
            Peer::Group(dice.pick(&groups))
        } else {
            Peer::Block(Self::random_block(dice))
        };
        (Self::random_service(dice), peer)
    }

    fn random_acl(&self, vpc: usize, dice: &mut Dice) -> Acl {
        let mut entries: Vec<Entry> = Vec::new();
        for egress in [false, true] {
            for number in 0..1 + dice.roll(4) {
                let mut service = Self::random_service(dice);
                if matches!(service.0, Some(6 | 17)) && dice.chance(50) {
                    (service.1, service.2) = dice.pick(&BACK);
                }
                entries.push(Entry {
                    number: 100 + number as u32,
                    egress,
                    allow: dice.chance(80),
                    block: Self::random_block(dice),
                    service,
                });
            }
        }
        Acl { vpc, entries }
    }

    /// The template that declares the network.
    pub fn template(&self) -> String {
        let mut resources = Map::new();
        let mut put = |name: String, kind: &str, properties: Value| {
            resources.insert(name, json!({"Type": format!("AWS::EC2::{kind}"), "Properties": properties}));
        };
        let reference = |name: String| json!({"Ref": name});
        let key = |block: &IpNet, v4: &str, v6: &str| {
            if block.addr().is_ipv4() { v4.to_owned() } else { v6.to_owned() }
        };
        for (v, vpc) in self.vpcs.iter().enumerate() {
            put(format!("Vpc{v}"), "VPC", json!({"CidrBlock": vpc.block.to_string()}));
            if let Some(block) = vpc.block6 {
                put(
                    format!("Six{v}"),
                    "VPCCidrBlock",
                    json!({"VpcId": {"Ref": format!("Vpc{v}")}, "Ipv6CidrBlock": block.to_string(), "Ipv6Pool": "p"}),
                );
                put(
                    format!("Eigw{v}"),
                    "EgressOnlyInternetGateway",
                    json!({"VpcId": {"Ref": format!("Vpc{v}")}}),
                );
            }
            put(format!("Igw{v}"), "InternetGateway", json!({}));
            if vpc.internet {
                put(
                    format!("IgwIn{v}"),
                    "VPCGatewayAttachment",
                    json!({"VpcId": reference(format!("Vpc{v}")), "InternetGatewayId": reference(format!("Igw{v}"))}),
                );
            }
            if vpc.private {
                put(format!("Vgw{v}"), "VPNGateway", json!({"Type": "ipsec.1"}));
                put(
                    format!("VgwIn{v}"),
                    "VPCGatewayAttachment",
                    json!({"VpcId": reference(format!("Vpc{v}")), "VpnGatewayId": reference(format!("Vgw{v}"))}),
                );
                put(
                    format!("Vpn{v}"),
                    "VPNConnection",
                    json!({"Type": "ipsec.1", "CustomerGatewayId": "c", "VpnGatewayId": reference(format!("Vgw{v}")), "StaticRoutesOnly": true}),
                );
                for (n, block) in self.on_premises.iter().enumerate() {
                    put(
                        format!("VpnRoute{v}x{n}"),
                        "VPNConnectionRoute",
                        json!({"VpnConnectionId": reference(format!("Vpn{v}")), "DestinationCidrBlock": block.to_string()}),
                    );
                }
            }
        }
        for (s, subnet) in self.subnets.iter().enumerate() {
            let mut properties = json!({"VpcId": reference(format!("Vpc{}", subnet.vpc)), "CidrBlock": subnet.block.to_string()});
            if let Some(block) = subnet.block6 {
                properties["Ipv6CidrBlock"] = json!(block.to_string());
            }
            put(format!("Subnet{s}"), "Subnet", properties);
            if let Some(table) = subnet.table {
                put(
                    format!("TableOf{s}"),
                    "SubnetRouteTableAssociation",
                    json!({"SubnetId": reference(format!("Subnet{s}")), "RouteTableId": reference(format!("Table{table}"))}),
                );
            }
            if let Some(acl) = subnet.acl {
                put(
                    format!("AclOf{s}"),
                    "SubnetNetworkAclAssociation",
                    json!({"SubnetId": reference(format!("Subnet{s}")), "NetworkAclId": reference(format!("Acl{acl}"))}),
                );
            }
        }
        for (t, table) in self.tables.iter().enumerate() {
            put(format!("Table{t}"), "RouteTable", json!({"VpcId": reference(format!("Vpc{}", table.vpc))}));
            for (r, (block, target)) in table.routes.iter().enumerate() {
                let mut route = json!({"RouteTableId": reference(format!("Table{t}"))});
                route[key(block, "DestinationCidrBlock", "DestinationIpv6CidrBlock")] =
                    json!(block.to_string());
                let (field, value) = match target {
                    Target::Internet => ("GatewayId", format!("Igw{}", table.vpc)),
                    Target::EgressOnly => ("EgressOnlyInternetGatewayId", format!("Eigw{}", table.vpc)),
                    Target::Nat(n) => ("NatGatewayId", format!("Nat{n}")),
                    Target::Peering(p) => ("VpcPeeringConnectionId", format!("Peering{p}")),
                    Target::Transit => ("TransitGatewayId", "Transit".into()),
                    Target::Private => ("GatewayId", format!("Vgw{}", table.vpc)),
                };
                route[field] = reference(value);
                put(format!("Route{t}x{r}"), "Route", route);
            }
            if table.propagates {
                put(
                    format!("Learn{t}"),
                    "VPNGatewayRoutePropagation",
                    json!({"VpnGatewayId": reference(format!("Vgw{}", table.vpc)), "RouteTableIds": [reference(format!("Table{t}"))]}),
                );
            }
        }
        for (a, acl) in self.acls.iter().enumerate() {
            put(format!("Acl{a}"), "NetworkAcl", json!({"VpcId": reference(format!("Vpc{}", acl.vpc))}));
            for (e, entry) in acl.entries.iter().enumerate() {
                let (protocol, from, to) = entry.service;
                let mut properties = json!({
                    "NetworkAclId": reference(format!("Acl{a}")), "RuleNumber": entry.number, "Egress": entry.egress,
                    "RuleAction": if entry.allow { "allow" } else { "deny" }, "Protocol": protocol.map_or(-1, i32::from),
                });
                properties[key(&entry.block, "CidrBlock", "Ipv6CidrBlock")] = json!(entry.block.to_string());
                match protocol {
                    Some(1) => properties["Icmp"] = json!({"Type": from, "Code": to}),
                    Some(6 | 17) => properties["PortRange"] = json!({"From": from, "To": to}),
                    _ => {}
                }
                put(format!("Entry{a}x{e}"), "NetworkAclEntry", properties);
            }
        }
        for (g, group) in self.groups.iter().enumerate() {
            put(
                format!("Group{g}"),
                "SecurityGroup",
                json!({"GroupDescription": "g", "VpcId": reference(format!("Vpc{}", group.vpc))}),
            );
            let sides = [("Ingress", Some(&group.ingress)), ("Egress", group.egress.as_ref())];
            for (side, rules) in sides {
                for (r, ((protocol, from, to), peer)) in rules.into_iter().flatten().enumerate() {
                    let mut rule = json!({
                        "GroupId": reference(format!("Group{g}")),
                        "IpProtocol": protocol.map_or("-1".to_owned(), |p| p.to_string()),
                    });
                    if matches!(protocol, Some(1 | 6 | 17)) {
                        rule["FromPort"] = json!(from);
                        rule["ToPort"] = json!(to);
                    }
                    match peer {
                        Peer::Block(block) => {
                            rule[key(block, "CidrIp", "CidrIpv6")] = json!(block.to_string())
                        }
                        Peer::Group(other) => {
                            let field = if side == "Ingress" {
                                "SourceSecurityGroupId"
                            } else {
                                "DestinationSecurityGroupId"
                            };
                            rule[field] = reference(format!("Group{other}"));
                        }
                    }
                    put(format!("{side}{g}x{r}"), &format!("SecurityGroup{side}"), rule);
                }
            }
        }
        for (h, host) in self.hosts.iter().enumerate() {
            let groups: Vec<Value> = host.groups.iter().map(|g| reference(format!("Group{g}"))).collect();
            let mut card = json!({"SubnetId": reference(format!("Subnet{}", host.subnet)), "GroupSet": groups, "PrivateIpAddress": host.ip.to_string()});
            if let Some(ip) = host.ip6 {
                card["Ipv6Addresses"] = json!([{"Ipv6Address": ip.to_string()}]);
            }
            put(format!("Card{h}"), "NetworkInterface", card);
            put(
                format!("Host{h}"),
                "Instance",
                json!({"NetworkInterfaces": [{"DeviceIndex": "0", "NetworkInterfaceId": reference(format!("Card{h}"))}]}),
            );
            if host.public {
                put(format!("Eip{h}"), "EIP", json!({"InstanceId": reference(format!("Host{h}"))}));
            }
        }
        for (n, nat) in self.nats.iter().enumerate() {
            put(
                format!("Nat{n}"),
                "NatGateway",
                json!({"SubnetId": reference(format!("Subnet{}", nat.subnet)), "PrivateIpAddress": nat.ip.to_string(), "ConnectivityType": if nat.public { "public" } else { "private" }}),
            );
        }
        for (p, (a, b)) in self.peerings.iter().enumerate() {
            put(
                format!("Peering{p}"),
                "VPCPeeringConnection",
                json!({"VpcId": reference(format!("Vpc{a}")), "PeerVpcId": reference(format!("Vpc{b}"))}),
            );
        }
        if let Some(transit) = &self.transit {
            put(
                "Transit".into(),
                "TransitGateway",
                json!({"DefaultRouteTableAssociation": "disable", "DefaultRouteTablePropagation": "disable"}),
            );
            for (v, attachment) in transit.attachments.iter().enumerate() {
                let Some((subnet, table)) = attachment else { continue };
                put(
                    format!("Attach{v}"),
                    "TransitGatewayVpcAttachment",
                    json!({"TransitGatewayId": reference("Transit".into()), "VpcId": reference(format!("Vpc{v}")), "SubnetIds": [reference(format!("Subnet{subnet}"))]}),
                );
                if let Some(table) = table {
                    put(
                        format!("Assoc{v}"),
                        "TransitGatewayRouteTableAssociation",
                        json!({"TransitGatewayAttachmentId": reference(format!("Attach{v}")), "TransitGatewayRouteTableId": reference(format!("TransitTable{table}"))}),
                    );
                }
            }
            for (t, (routes, propagated)) in transit.tables.iter().enumerate() {
                put(
                    format!("TransitTable{t}"),
                    "TransitGatewayRouteTable",
                    json!({"TransitGatewayId": reference("Transit".into())}),
                );
                for v in propagated {
                    put(
                        format!("Prop{t}x{v}"),
                        "TransitGatewayRouteTablePropagation",
                        json!({"TransitGatewayAttachmentId": reference(format!("Attach{v}")), "TransitGatewayRouteTableId": reference(format!("TransitTable{t}"))}),
                    );
                }
                for (r, (block, to)) in routes.iter().enumerate() {
                    let mut route = json!({"TransitGatewayRouteTableId": reference(format!("TransitTable{t}")), "DestinationCidrBlock": block.to_string()});
                    match to {
                        Some(v) => route["TransitGatewayAttachmentId"] = reference(format!("Attach{v}")),
                        None => route["Blackhole"] = json!(true),
                    }
                    put(format!("TransitRoute{t}x{r}"), "TransitGatewayRoute", route);
                }
            }
        }
        json!({"Resources": resources}).to_string()
    }
}
