//! Gateways, peering, transit gateways, VPN, endpoints.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Operations.html>

use sekisho_estate::NodeId;

use crate::make::Maker;

pub(crate) fn internet(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "InternetGatewayId") else {
        return maker.problem("a gateway without id");
    };
    let draft = maker.draft("AWS::EC2::InternetGateway", &id, item).copy(maker, item, &["Tags"]);
    maker.add(draft);
    for vpc in maker.all(item, "Attachments/VpcId") {
        let gateway = maker.string(&id, vpc);
        let part = maker.part("AWS::EC2::VPCGatewayAttachment", &id, vpc);
        maker.add(part.with("VpcId", Some(vpc)).with("InternetGatewayId", Some(gateway)));
    }
}

pub(crate) fn egress_only(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "EgressOnlyInternetGatewayId") else {
        return maker.problem("a gateway without id");
    };
    let vpc = maker.at(item, "Attachments/VpcId");
    let draft = maker.draft("AWS::EC2::EgressOnlyInternetGateway", &id, item).with("VpcId", vpc);
    maker.add(draft);
}

pub(crate) fn nat(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "NatGatewayId") else { return maker.problem("a NAT gateway without id") };
    if maker.text(item, "State").is_some_and(|state| state != "available") {
        return;
    }
    let address = maker.at(item, "NatGatewayAddresses/PrivateIp");
    let draft = maker
        .draft("AWS::EC2::NatGateway", &id, item)
        .copy(maker, item, &["SubnetId", "ConnectivityType", "Tags"])
        .with("PrivateIpAddress", address);
    let draft = if maker.at(item, "ConnectivityType").is_none() {
        draft.none(maker, &["ConnectivityType"])
    } else {
        draft
    };
    maker.add(draft);
}

pub(crate) fn peering(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "VpcPeeringConnectionId") else {
        return maker.problem("a peering without id");
    };
    if maker.text(item, "Status/Code").is_some_and(|code| code != "active") {
        return;
    }
    let (one, other) = (maker.at(item, "RequesterVpcInfo/VpcId"), maker.at(item, "AccepterVpcInfo/VpcId"));
    let draft = maker.draft("AWS::EC2::VPCPeeringConnection", &id, item);
    maker.add(draft.with("VpcId", one).with("PeerVpcId", other));
}

pub(crate) fn transit(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "TransitGatewayId") else {
        return maker.problem("a transit gateway without id");
    };
    // Its associations are told by its attachments.
    let off = maker.string("disable", item);
    let draft = maker.draft("AWS::EC2::TransitGateway", &id, item);
    let draft =
        draft.with("DefaultRouteTableAssociation", Some(off)).with("DefaultRouteTablePropagation", Some(off));
    maker.add(draft);
}

pub(crate) fn attachment(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "TransitGatewayAttachmentId") else {
        return maker.problem("an attachment without id");
    };
    let names = ["TransitGatewayId", "VpcId", "SubnetIds", "Tags"];
    let draft = maker.draft("AWS::EC2::TransitGatewayVpcAttachment", &id, item).copy(maker, item, &names);
    maker.add(draft);
}

pub(crate) fn association(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "TransitGatewayAttachmentId") else {
        return maker.problem("an attachment without id");
    };
    let Some(table) = maker.at(item, "Association/TransitGatewayRouteTableId") else { return };
    let attachment = maker.string(&id, item);
    let part = maker.part("AWS::EC2::TransitGatewayRouteTableAssociation", &id, item);
    maker.add(
        part.with("TransitGatewayAttachmentId", Some(attachment))
            .with("TransitGatewayRouteTableId", Some(table)),
    );
}

pub(crate) fn transit_table(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "TransitGatewayRouteTableId") else {
        return maker.problem("a route table without id");
    };
    let draft =
        maker.draft("AWS::EC2::TransitGatewayRouteTable", &id, item).copy(maker, item, &["TransitGatewayId"]);
    maker.add(draft);
    // No saved answer says of routes or propagations to which table they belong: the table may
    // hold any, and answers by it are not decided.
    let table = maker.string(&id, item);
    let part = maker.part("AWS::EC2::TransitGatewayRouteTablePropagation", &id, item);
    maker.add(part.with("TransitGatewayRouteTableId", Some(table)));
    maker.problem(&format!(
        "the routes of {id} are in no answer that names the table; paths by it are not decided"
    ));
}

pub(crate) fn private(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "VpnGatewayId") else { return maker.problem("a VPN gateway without id") };
    let draft = maker.draft("AWS::EC2::VPNGateway", &id, item).copy(maker, item, &["Type", "Tags"]);
    maker.add(draft);
    for attachment in maker.at(item, "VpcAttachments").map(|n| maker.items(n)).unwrap_or_default() {
        if maker.text(attachment, "State").is_some_and(|state| state != "attached") {
            continue;
        }
        let gateway = maker.string(&id, attachment);
        let vpc = maker.at(attachment, "VpcId");
        let part = maker.part("AWS::EC2::VPCGatewayAttachment", &id, attachment);
        maker.add(part.with("VpcId", vpc).with("VpnGatewayId", Some(gateway)));
    }
}

pub(crate) fn vpn(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "VpnConnectionId") else {
        return maker.problem("a VPN connection without id");
    };
    let fixed = maker.at(item, "Options/StaticRoutesOnly");
    let names = ["VpnGatewayId", "TransitGatewayId", "CustomerGatewayId", "Type", "Tags"];
    let draft = maker.draft("AWS::EC2::VPNConnection", &id, item).copy(maker, item, &names);
    let draft = draft.with("StaticRoutesOnly", fixed);
    maker.add(draft);
    for route in maker.all(item, "Routes/DestinationCidrBlock") {
        let connection = maker.string(&id, route);
        let part = maker.part("AWS::EC2::VPNConnectionRoute", &id, route);
        maker.add(part.with("VpnConnectionId", Some(connection)).with("DestinationCidrBlock", Some(route)));
    }
}

pub(crate) fn endpoint(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "VpcEndpointId") else { return maker.problem("an endpoint without id") };
    let groups = maker.all(item, "Groups/GroupId");
    let groups = maker.list(&groups, item);
    let names = [
        "VpcEndpointType",
        "VpcId",
        "ServiceName",
        "RouteTableIds",
        "SubnetIds",
        "PrivateDnsEnabled",
        "PolicyDocument",
    ];
    let draft = maker.draft("AWS::EC2::VPCEndpoint", &id, item).copy(maker, item, &names);
    maker.add(draft.with("SecurityGroupIds", Some(groups)));
}
