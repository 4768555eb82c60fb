//! What an answer suggests is done to the template; then the way must be open.

use sekisho_graph::Names;
use sekisho_network::engine::Verdict;
use sekisho_network::engine::trail::{Block, Step};
use sekisho_network::space::Service;
use sekisho_network::{Assumptions, Network};
use sekisho_source_cloudformation::{Options, SourceFile, read};
use serde_json::{Map, Value, json};

use crate::spec::{Dice, Spec};
use crate::{end, question, setting};

fn parse(template: &Value) -> (Network, sekisho_estate::Estate) {
    let bytes = template.to_string().into_bytes();
    let estate = read(vec![SourceFile { path: "t.json".into(), bytes, named: true }], &Options::default());
    let network = Network::new(&estate, &Names::new(&estate), &Assumptions::default());
    (network, estate)
}

/// Protocol, first and last port of one service in words.
fn service(words: &str) -> (i64, i64, i64) {
    let (name, ports) = words.split_once(' ').unwrap_or((words, ""));
    let protocol = match name {
        "tcp" => 6,
        "udp" => 17,
        "icmp" => 1,
        "all" => -1,
        "protocol" => return (ports.parse().unwrap(), -1, -1),
        other => panic!("{other}"),
    };
    if let Some((kind, code)) = ports.split_once('/') {
        return (protocol, kind.parse().unwrap(), code.parse().unwrap());
    }
    let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
    (protocol, from.parse().unwrap_or(0), to.parse().unwrap_or(65_535))
}

/// Adds what a block asks for; none where no resource of the template can say it.
fn apply(resources: &mut Map<String, Value>, block: &Block, count: usize) -> Option<()> {
    let (change, text) = block.change.parts();
    let name = &block.item.name;
    let reference = |name: &str| json!({"Ref": name});
    let own = resources.contains_key(name.as_str());
    match change {
        "allow" if own => {
            let (services, rest) = text.split_once(" from ").or_else(|| text.split_once(" to "))?;
            for (s, words) in services.split(", ").enumerate() {
                let (protocol, from, to) = service(words);
                for (p, peer) in rest.split(", ").enumerate() {
                    let six = peer.contains(':');
                    let block_of = |peer: &str| {
                        let whole = if six { 128 } else { 32 };
                        if peer.contains('/') { peer.to_owned() } else { format!("{peer}/{whole}") }
                    };
                    let key = format!("Fix{count}x{s}x{p}");
                    let added = match block.step {
                        Step::GroupIn | Step::GroupOut => {
                            let side = if block.step == Step::GroupIn { "Ingress" } else { "Egress" };
                            let mut rule =
                                json!({"GroupId": reference(name), "IpProtocol": protocol.to_string()});
                            if matches!(protocol, 1 | 6 | 17) {
                                rule["FromPort"] = json!(from);
                                rule["ToPort"] = json!(to);
                            }
                            if resources.contains_key(peer) {
                                rule["SourceSecurityGroupId"] = reference(peer);
                            } else if peer.contains('-') {
                                return None;
                            } else {
                                rule[if six { "CidrIpv6" } else { "CidrIp" }] = json!(block_of(peer));
                            }
                            json!({"Type": format!("AWS::EC2::SecurityGroup{side}"), "Properties": rule})
                        }
                        Step::AclIn | Step::AclOut => {
                            let mut entry = json!({
                                "NetworkAclId": reference(name), "RuleNumber": 1 + count, "RuleAction": "allow",
                                "Egress": block.step == Step::AclOut, "Protocol": protocol,
                            });
                            if peer.contains('-') {
                                return None;
                            }
                            entry[if six { "Ipv6CidrBlock" } else { "CidrBlock" }] = json!(block_of(peer));
                            match protocol {
                                1 => entry["Icmp"] = json!({"Type": from, "Code": to}),
                                6 | 17 => entry["PortRange"] = json!({"From": from, "To": to}),
                                _ => {}
                            }
                            json!({"Type": "AWS::EC2::NetworkAclEntry", "Properties": entry})
                        }
                        _ => return None,
                    };
                    resources.insert(key, added);
                }
            }
        }
        "add-route" | "replace-route" if own => {
            let (to, by) = text.split_once(" -> ").unwrap_or((text, "?"));
            for (n, to) in to.split(", ").enumerate() {
                let six = to.contains(':');
                let whole = if six { 128 } else { 32 };
                let to = if to.contains('/') { to.to_owned() } else { format!("{to}/{whole}") };
                let transit = resources[name.as_str()]["Type"] == "AWS::EC2::TransitGatewayRouteTable";
                let (table, field) = if transit {
                    ("TransitGatewayRouteTableId", "TransitGatewayAttachmentId")
                } else if by.starts_with("Igw") || by.starts_with("Vgw") {
                    ("RouteTableId", "GatewayId")
                } else if by.starts_with("Nat") {
                    ("RouteTableId", "NatGatewayId")
                } else if by.starts_with("Peering") {
                    ("RouteTableId", "VpcPeeringConnectionId")
                } else if by.starts_with("Transit") {
                    ("RouteTableId", "TransitGatewayId")
                } else {
                    return None;
                };
                if by == "?" {
                    return None;
                }
                let destination = if six { "DestinationIpv6CidrBlock" } else { "DestinationCidrBlock" };
                let same = |r: &Value| {
                    r["Properties"][table]["Ref"] == json!(name) && r["Properties"][destination] == json!(to)
                };
                resources.retain(|_, r| change != "replace-route" || !same(r));
                let mut route = json!({});
                route[table] = reference(name);
                route[field] = reference(by);
                route[destination] = json!(to);
                let kind = if transit { "AWS::EC2::TransitGatewayRoute" } else { "AWS::EC2::Route" };
                resources.insert(format!("Fix{count}x{n}"), json!({"Type": kind, "Properties": route}));
            }
        }
        "public-address" if own => {
            resources.insert(
                format!("Fix{count}"),
                json!({"Type": "AWS::EC2::EIP", "Properties": {"InstanceId": reference(name)}}),
            );
        }
        "internet-gateway" if own => {
            let gateway = name.replace("Vpc", "Igw");
            resources.insert(
                format!("Fix{count}"),
                json!({"Type": "AWS::EC2::VPCGatewayAttachment", "Properties": {
                    "VpcId": reference(name), "InternetGatewayId": reference(&gateway)}}),
            );
        }
        _ => return None,
    }
    Some(())
}

fn words(blocks: &[Block]) -> String {
    let word = |b: &Block| {
        let (change, text) = b.change.parts();
        let reply = if b.reply { "<" } else { ">" };
        format!("{reply}{} {}: {change} {text}", b.step.name(), b.item.name)
    };
    blocks.iter().map(word).collect::<Vec<_>>().join("; ")
}

#[test]
fn what_is_suggested_opens_the_way() {
    let (mut opened, mut skipped) = (0_u32, 0_u32);
    let mut wrong: Vec<String> = Vec::new();
    for seed in 0..setting("SEKISHO_NETWORKS", 400) / 2 {
        let spec = Spec::random(seed);
        let template: Value = serde_json::from_str(&spec.template()).unwrap();
        let (network, estate) = parse(&template);
        let dice = &mut Dice(seed ^ 0x0f17);
        for _ in 0..10 {
            let Some(q) = question(&spec, dice) else { continue };
            let (protocol, port) = q.service;
            let port = if protocol == 1 { (port << 8, port << 8) } else { (port, port) };
            if protocol == 47 {
                continue;
            }
            let asked = [Service { protocol: (protocol, protocol), port }];
            let (from, to) = (end(&network, &estate, q.from, q.src), end(&network, &estate, q.to, q.dst));
            let answer = network.reach(&from, &to, &asked);
            if answer.verdict != Verdict::Blocked {
                continue;
            }
            let Some(path) = answer.paths.first() else { continue };
            // A way on which no packet is left says nothing of use.
            let empty =
                path.blocks.iter().any(|b| matches!(b.change.parts(), ("allow", t) if t.starts_with(' ')));
            if empty {
                wrong.push(format!("seed {seed}: nothing left: {}", words(&path.blocks)));
                continue;
            }
            let mut changed = template.clone();
            let resources = changed["Resources"].as_object_mut().unwrap();
            let done: Option<Vec<()>> =
                path.blocks.iter().enumerate().map(|(n, block)| apply(resources, block, n)).collect();
            if done.is_none() || path.blocks.is_empty() {
                skipped += 1;
                continue;
            }
            let (network, estate) = parse(&changed);
            let (from, to) = (end(&network, &estate, q.from, q.src), end(&network, &estate, q.to, q.dst));
            let after = network.reach(&from, &to, &asked);
            if after.verdict == Verdict::Blocked {
                let still = after.paths.first().map(|p| words(&p.blocks)).unwrap_or_default();
                let place = format!("{:?} {} -> {:?} {} {}", q.from, q.src, q.to, q.dst, asked[0].show());
                wrong.push(format!("seed {seed}: {place}\n done {}\n still {still}", words(&path.blocks)));
            }
            opened += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {opened}\n{}", wrong.len(), wrong[..wrong.len().min(8)].join("\n"));
    eprintln!("{opened} ways opened, {skipped} without a resource to change");
    assert!(opened > skipped, "{opened} opened, {skipped} skipped");
}
