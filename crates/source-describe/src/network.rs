//! VPCs, subnets, route tables, ACLs, security groups, prefix lists, flow logs.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Operations.html>

use sekisho_estate::{Node, NodeId};

use crate::make::Maker;

pub(crate) fn vpc(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "VpcId") else { return maker.problem("a VPC without VpcId") };
    if maker.stack.account.is_none() {
        maker.stack.account = maker.text(item, "OwnerId").map(Into::into);
    }
    let first = maker.text(item, "CidrBlock");
    let draft =
        maker.draft("AWS::EC2::VPC", &id, item).copy(maker, item, &["CidrBlock", "Tags", "InstanceTenancy"]);
    maker.add(draft);
    for block in maker.all(item, "CidrBlockAssociationSet/CidrBlock") {
        if maker.stack.tree.string(block) == first.as_deref() {
            continue;
        }
        let vpc = maker.string(&id, block);
        let part = maker.part("AWS::EC2::VPCCidrBlock", &id, block);
        maker.add(part.with("VpcId", Some(vpc)).with("CidrBlock", Some(block)));
    }
    for block in maker.all(item, "Ipv6CidrBlockAssociationSet/Ipv6CidrBlock") {
        let vpc = maker.string(&id, block);
        let part = maker.part("AWS::EC2::VPCCidrBlock", &id, block);
        maker.add(part.with("VpcId", Some(vpc)).with("Ipv6CidrBlock", Some(block)));
    }
}

pub(crate) fn subnet(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "SubnetId") else { return maker.problem("a subnet without SubnetId") };
    if maker.stack.region.is_none() {
        let zone = maker.text(item, "AvailabilityZone");
        maker.stack.region = zone.map(|z| z.trim_end_matches(|c: char| c.is_ascii_lowercase()).into());
    }
    let names = [
        "VpcId",
        "CidrBlock",
        "AvailabilityZone",
        "MapPublicIpOnLaunch",
        "AssignIpv6AddressOnCreation",
        "Tags",
    ];
    let six = maker.all(item, "Ipv6CidrBlockAssociationSet/Ipv6CidrBlock").first().copied();
    let draft =
        maker.draft("AWS::EC2::Subnet", &id, item).copy(maker, item, &names).with("Ipv6CidrBlock", six);
    let draft = if six.is_none() { draft.none(maker, &["Ipv6CidrBlock"]) } else { draft };
    let draft = draft.none(maker, &["Ipv6Native"]);
    maker.add(draft);
}

pub(crate) fn route_table(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "RouteTableId") else {
        return maker.problem("a route table without RouteTableId");
    };
    let draft = maker.draft("AWS::EC2::RouteTable", &id, item).copy(maker, item, &["VpcId", "Tags"]).whole();
    maker.add(draft);
    for association in maker.at(item, "Associations").map(|n| maker.items(n)).unwrap_or_default() {
        let table = maker.string(&id, association);
        let gateway = maker.at(association, "GatewayId");
        let subnet = maker.at(association, "SubnetId");
        let kind = if gateway.is_some() {
            "AWS::EC2::GatewayRouteTableAssociation"
        } else {
            // Without a subnet it is the association of the main table.
            "AWS::EC2::SubnetRouteTableAssociation"
        };
        let part = maker.part(kind, &id, association);
        maker.add(part.with("RouteTableId", Some(table)).with("SubnetId", subnet).with("GatewayId", gateway));
    }
    for route in maker.at(item, "Routes").map(|n| maker.items(n)).unwrap_or_default() {
        let gateway = maker.text(route, "GatewayId").unwrap_or_default();
        // The VPC's own route is in every table; the routes of gateway endpoints come with them.
        if gateway == "local"
            || (gateway.starts_with("vpce-") && maker.at(route, "DestinationPrefixListId").is_some())
        {
            continue;
        }
        let table = maker.string(&id, route);
        let part = maker.part("AWS::EC2::Route", &id, route).with("RouteTableId", Some(table));
        let part = part.copy(
            maker,
            route,
            &["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"],
        );
        let part = if maker.text(route, "State").as_deref() == Some("blackhole") {
            part.with("State", maker.at(route, "State"))
        } else if gateway.starts_with("vpce-") {
            part.with("VpcEndpointId", maker.at(route, "GatewayId"))
        } else {
            let targets = [
                "GatewayId",
                "NatGatewayId",
                "VpcPeeringConnectionId",
                "TransitGatewayId",
                "InstanceId",
                "NetworkInterfaceId",
                "EgressOnlyInternetGatewayId",
                "CarrierGatewayId",
                "LocalGatewayId",
                "CoreNetworkArn",
            ];
            part.copy(maker, route, &targets)
        };
        maker.add(part);
    }
}

pub(crate) fn acl(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "NetworkAclId") else {
        return maker.problem("a network ACL without NetworkAclId");
    };
    let draft = maker.draft("AWS::EC2::NetworkAcl", &id, item).copy(maker, item, &["VpcId", "Tags"]).whole();
    maker.add(draft);
    for entry in maker.at(item, "Entries").map(|n| maker.items(n)).unwrap_or_default() {
        // The last entry refuses what no other decides; a network ACL does so by itself.
        if maker.at(entry, "RuleNumber").is_some_and(|n| maker.stack.tree.node(n) == Node::Int(32_767)) {
            continue;
        }
        let acl = maker.string(&id, entry);
        let icmp = maker.at(entry, "IcmpTypeCode");
        let part = maker.part("AWS::EC2::NetworkAclEntry", &id, entry).with("NetworkAclId", Some(acl)).copy(
            maker,
            entry,
            &["CidrBlock", "Ipv6CidrBlock", "Egress", "Protocol", "RuleAction", "RuleNumber", "PortRange"],
        );
        maker.add(part.with("Icmp", icmp));
    }
    for subnet in maker.all(item, "Associations/SubnetId") {
        let acl = maker.string(&id, subnet);
        let part = maker.part("AWS::EC2::SubnetNetworkAclAssociation", &id, subnet);
        maker.add(part.with("NetworkAclId", Some(acl)).with("SubnetId", Some(subnet)));
    }
}

pub(crate) fn group(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "GroupId") else {
        return maker.problem("a security group without GroupId");
    };
    let ingress = permissions(maker, item, "IpPermissions", ["SourceSecurityGroupId", "SourcePrefixListId"]);
    let egress = permissions(
        maker,
        item,
        "IpPermissionsEgress",
        ["DestinationSecurityGroupId", "DestinationPrefixListId"],
    );
    let description = maker.at(item, "Description");
    let draft = maker
        .draft("AWS::EC2::SecurityGroup", &id, item)
        .copy(maker, item, &["GroupName", "VpcId", "Tags"])
        .with("GroupDescription", description)
        .with("SecurityGroupIngress", Some(ingress))
        .with("SecurityGroupEgress", Some(egress))
        .whole();
    maker.add(draft);
}

/// Rules as CloudFormation writes them: one for each peer.
fn permissions(maker: &mut Maker<'_>, item: NodeId, path: &str, keys: [&'static str; 2]) -> NodeId {
    let mut rules = Vec::new();
    for permission in maker.at(item, path).map(|n| maker.items(n)).unwrap_or_default() {
        let service: Vec<(&'static str, NodeId)> = ["IpProtocol", "FromPort", "ToPort"]
            .into_iter()
            .filter_map(|name| maker.at(permission, name).map(|node| (name, node)))
            .collect();
        let peers = [
            ("IpRanges/CidrIp", "CidrIp"),
            ("Ipv6Ranges/CidrIpv6", "CidrIpv6"),
            ("UserIdGroupPairs/GroupId", keys[0]),
            ("PrefixListIds/PrefixListId", keys[1]),
        ];
        for (from, key) in peers {
            for node in maker.all(permission, from) {
                let mut pairs = service.clone();
                pairs.push((key, node));
                rules.push(maker.map(&pairs, node));
            }
        }
    }
    maker.list(&rules, item)
}

pub(crate) fn prefix_list(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "PrefixListId") else {
        return maker.problem("a prefix list without PrefixListId");
    };
    let mut entries = Vec::new();
    for cidr in maker.at(item, "Cidrs").map(|n| maker.items(n)).unwrap_or_default() {
        entries.push(maker.map(&[("Cidr", cidr)], cidr));
    }
    let draft = maker.draft("AWS::EC2::PrefixList", &id, item).copy(
        maker,
        item,
        &["PrefixListName", "AddressFamily"],
    );
    let draft = if entries.is_empty() {
        draft
    } else {
        let list = maker.list(&entries, item);
        draft.with("Entries", Some(list))
    };
    maker.add(draft);
}

pub(crate) fn flow_log(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "FlowLogId") else {
        return maker.problem("a flow log without FlowLogId");
    };
    let names = ["ResourceId", "TrafficType", "LogGroupName", "LogDestination", "LogDestinationType", "Tags"];
    let draft = maker.draft("AWS::EC2::FlowLog", &id, item).copy(maker, item, &names);
    maker.add(draft);
}
