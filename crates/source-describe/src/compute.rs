//! Instances, interfaces, load balancers, databases, caches, functions.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html>

use sekisho_estate::NodeId;

use crate::make::Maker;

pub(crate) fn reservation(maker: &mut Maker<'_>, item: NodeId) {
    for instance in maker.at(item, "Instances").map(|n| maker.items(n)).unwrap_or_default() {
        let Some(id) = maker.text(instance, "InstanceId") else {
            maker.problem("an instance without InstanceId");
            continue;
        };
        let gone = maker.text(instance, "State/Name");
        if gone.is_some_and(|state| state == "terminated" || state == "shutting-down") {
            continue;
        }
        let mut cards = Vec::new();
        for card in maker.at(instance, "NetworkInterfaces").map(|n| maker.items(n)).unwrap_or_default() {
            let groups = maker.all(card, "Groups/GroupId");
            let groups = maker.list(&groups, card);
            let public = maker.at(card, "Association/PublicIp").is_some();
            let public = maker.boolean(public, card);
            let mut pairs = vec![("GroupSet", groups), ("AssociatePublicIpAddress", public)];
            for name in ["SubnetId", "PrivateIpAddress"] {
                pairs.extend(maker.at(card, name).map(|node| (name, node)));
            }
            cards.push(maker.map(&pairs, card));
        }
        let cards = maker.list(&cards, instance);
        let names = ["SourceDestCheck", "ImageId", "InstanceType", "KeyName", "EbsOptimized", "Tags"];
        let draft = maker.draft("AWS::EC2::Instance", &id, instance).copy(maker, instance, &names);
        let draft = draft.with("NetworkInterfaces", Some(cards));
        maker.add(draft);
    }
}

/// An interface that no instance, balancer or service of its own tells about.
pub(crate) fn interface(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "NetworkInterfaceId") else {
        return maker.problem("an interface without id");
    };
    let attached = maker.text(item, "Attachment/InstanceId").is_some();
    let kind = maker.text(item, "InterfaceType").unwrap_or_else(|| "interface".into());
    let description = maker.text(item, "Description").unwrap_or_default();
    let service = ["ELB ", "RDSNetworkInterface", "AWS Lambda VPC ENI", "ElastiCache", "EFS mount target"];
    if attached || kind != "interface" || service.iter().any(|start| description.starts_with(start)) {
        return;
    }
    let groups = maker.all(item, "Groups/GroupId");
    let groups = maker.list(&groups, item);
    let six = maker.at(item, "Ipv6Addresses");
    let names = ["SubnetId", "PrivateIpAddress", "SourceDestCheck", "Description"];
    let draft = maker
        .draft("AWS::EC2::NetworkInterface", &id, item)
        .copy(maker, item, &names)
        .with("GroupSet", Some(groups))
        .with("Ipv6Addresses", six);
    maker.add(draft);
    if maker.at(item, "Association/PublicIp").is_some() {
        let interface = maker.string(&id, item);
        let part = maker.part("AWS::EC2::EIPAssociation", &id, item);
        maker.add(part.with("NetworkInterfaceId", Some(interface)));
    }
}

pub(crate) fn balancer(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "LoadBalancerArn") else {
        return maker.problem("a balancer without ARN");
    };
    let subnets = maker.all(item, "AvailabilityZones/SubnetId");
    let subnets = maker.list(&subnets, item);
    let name = maker.at(item, "LoadBalancerName");
    let draft = maker
        .draft("AWS::ElasticLoadBalancingV2::LoadBalancer", &id, item)
        .copy(maker, item, &["Type", "Scheme", "IpAddressType"])
        .with("Name", name)
        .with("Subnets", Some(subnets))
        .called(maker.text(item, "LoadBalancerName"));
    let draft = match maker.at(item, "SecurityGroups") {
        Some(groups) => draft.with("SecurityGroups", Some(groups)),
        None => draft.none(maker, &["SecurityGroups"]),
    };
    let draft = draft.none(maker, &["SubnetMappings"]);
    maker.add(draft);
}

pub(crate) fn classic(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "LoadBalancerName") else {
        return maker.problem("a balancer without name");
    };
    let instances = maker.all(item, "Instances/InstanceId");
    let instances = maker.list(&instances, item);
    let listeners = maker.all(item, "ListenerDescriptions/Listener");
    let listeners = maker.list(&listeners, item);
    let draft = maker
        .draft("AWS::ElasticLoadBalancing::LoadBalancer", &id, item)
        .copy(maker, item, &["Scheme", "SecurityGroups", "Subnets", "LoadBalancerName"])
        .with("Instances", Some(instances))
        .with("Listeners", Some(listeners));
    maker.add(draft);
}

pub(crate) fn listener(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "ListenerArn") else { return maker.problem("a listener without ARN") };
    let names = ["LoadBalancerArn", "Port", "Protocol", "DefaultActions", "SslPolicy", "Certificates"];
    // `…:listener/app/NAME/LB/LISTENER`
    let parts: Vec<&str> = id.split('/').collect();
    let called = parts.get(2).zip(parts.last()).map(|(balancer, own)| format!("{balancer}/{own}"));
    let draft = maker.draft("AWS::ElasticLoadBalancingV2::Listener", &id, item).copy(maker, item, &names);
    maker.add(draft.called(called));
}

pub(crate) fn rule(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "RuleArn") else {
        return maker.problem("a rule without RuleArn is not read");
    };
    // The default rule is the listener's own action.
    let listener = id.replace(":listener-rule/", ":listener/");
    let Some((listener, _)) = listener.rsplit_once('/') else { return };
    let listener = maker.string(listener, item);
    let draft = maker
        .draft("AWS::ElasticLoadBalancingV2::ListenerRule", &id, item)
        .copy(maker, item, &["Actions", "Conditions", "Priority"])
        .with("ListenerArn", Some(listener));
    maker.add(draft);
}

pub(crate) fn target_group(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "TargetGroupArn") else {
        return maker.problem("a target group without ARN");
    };
    // Which targets it has is told by their health; see `targets`.
    let draft = maker.draft("AWS::ElasticLoadBalancingV2::TargetGroup", &id, item).copy(
        maker,
        item,
        &["Port", "Protocol", "TargetType", "VpcId", "HealthCheckPort", "HealthCheckProtocol"],
    );
    let name = maker.at(item, "TargetGroupName");
    let called = maker.text(item, "TargetGroupName");
    maker.add(draft.with("Name", name).called(called));
}

/// The health of targets does not say of which group: the key `TargetGroupArn` beside the list
/// does.
pub(crate) fn targets(maker: &mut Maker<'_>, item: NodeId) {
    let Some(group) = maker.root_text("TargetGroupArn") else {
        if maker.problems.iter().all(|p| !p.message.contains("TargetGroupArn")) {
            maker.problem(
                "the answer does not say of which target group it is: add the key TargetGroupArn beside TargetHealthDescriptions",
            );
        }
        return;
    };
    let Some(target) = maker.at(item, "Target") else { return };
    let group = maker.string(&group, item);
    let part = maker.part("Sekisho::Describe::RegisteredTarget", "target", item);
    let part = part.copy(maker, target, &["Id", "Port"]).with("TargetGroupArn", Some(group));
    maker.add(part);
}

pub(crate) fn database(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "DBInstanceIdentifier") else {
        return maker.problem("a database without name");
    };
    let group_name = format!("{id}/subnets");
    let subnets = maker.all(item, "DBSubnetGroup/Subnets/SubnetIdentifier");
    let subnets = maker.list(&subnets, item);
    let draft = maker.draft("AWS::RDS::DBSubnetGroup", &group_name, item).with("SubnetIds", Some(subnets));
    maker.add(draft);
    let groups = maker.all(item, "VpcSecurityGroups/VpcSecurityGroupId");
    let groups = maker.list(&groups, item);
    let group_name = maker.string(&group_name, item);
    let port = maker.at(item, "Endpoint/Port");
    let names = [
        "DBInstanceIdentifier",
        "Engine",
        "EngineVersion",
        "PubliclyAccessible",
        "StorageEncrypted",
        "KmsKeyId",
        "MultiAZ",
        "BackupRetentionPeriod",
        "DeletionProtection",
        "AutoMinorVersionUpgrade",
    ];
    let draft = maker
        .draft("AWS::RDS::DBInstance", &id, item)
        .copy(maker, item, &names)
        .with("DBSubnetGroupName", Some(group_name))
        .with("VPCSecurityGroups", Some(groups))
        .with("Port", port);
    let draft = draft.none(maker, &["DBClusterIdentifier"]);
    maker.add(draft);
}

pub(crate) fn cache_subnets(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "CacheSubnetGroupName") else {
        return maker.problem("a subnet group without name");
    };
    let subnets = maker.all(item, "Subnets/SubnetIdentifier");
    let subnets = maker.list(&subnets, item);
    let draft = maker.draft("AWS::ElastiCache::SubnetGroup", &id, item).with("SubnetIds", Some(subnets));
    maker.add(draft);
}

pub(crate) fn cache(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "CacheClusterId") else { return maker.problem("a cache without id") };
    let groups = maker.all(item, "SecurityGroups/SecurityGroupId");
    let groups = maker.list(&groups, item);
    let draft = maker
        .draft("AWS::ElastiCache::CacheCluster", &id, item)
        .copy(maker, item, &["CacheSubnetGroupName", "Engine", "EngineVersion", "TransitEncryptionEnabled"])
        .with("VpcSecurityGroupIds", Some(groups));
    let draft = draft.none(maker, &["Port"]);
    maker.add(draft);
}

pub(crate) fn function(maker: &mut Maker<'_>, item: NodeId) {
    let Some(id) = maker.text(item, "FunctionName") else { return maker.problem("a function without name") };
    let inside = maker.at(item, "VpcConfig").filter(|&c| !maker.all(c, "SubnetIds").is_empty());
    let names = ["FunctionName", "Runtime", "Role", "KMSKeyArn"];
    let draft = maker.draft("AWS::Lambda::Function", &id, item).copy(maker, item, &names);
    let draft = match inside {
        Some(config) => draft.with("VpcConfig", Some(config)),
        None => draft.none(maker, &["VpcConfig"]),
    };
    maker.add(draft);
}

/// What a service update of ElastiCache came to on one cluster.
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_UpdateAction.html>
pub(crate) fn update(maker: &mut Maker<'_>, item: NodeId) {
    let Some(name) = maker.text(item, "ServiceUpdateName") else {
        return maker.problem("an update action without ServiceUpdateName");
    };
    let of = maker.text(item, "ReplicationGroupId").or_else(|| maker.text(item, "CacheClusterId"));
    let id = of.map_or_else(|| name.clone(), |of| format!("{of}/{name}"));
    let names = [
        "ServiceUpdateName",
        "ServiceUpdateType",
        "ServiceUpdateSeverity",
        "ServiceUpdateStatus",
        "ServiceUpdateRecommendedApplyByDate",
        "ReplicationGroupId",
        "CacheClusterId",
        "UpdateActionStatus",
        "SlaMet",
    ];
    let draft = maker.draft("Sekisho::ElastiCache::UpdateAction", &id, item).copy(maker, item, &names);
    maker.add(draft);
}
