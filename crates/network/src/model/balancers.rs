//! Load balancers: listeners, rules, target groups and what is registered with them.

use sekisho_estate::{ResourceId, Value, View};

use super::build::Builder;
use super::holders::Draft;
use super::{Doubt, Forward, Index, Item, Passing, Role, Rule, Tri};
use crate::read::{Link, Props};
use crate::space::{Service, TCP, UDP};

const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const CLASSIC: &str = "AWS::ElasticLoadBalancing::LoadBalancer";

/// A target of a target group.
#[derive(Clone, Debug)]
pub(super) struct Registered {
    pub(super) holder: Index,
    pub(super) interface: Option<Index>,
    pub(super) port: Option<u16>,
    pub(super) doubt: Option<Doubt>,
}

impl<'e> Builder<'_, 'e> {
    pub(super) fn balancers(&mut self) {
        let reading = self.reading;
        for (type_name, classic) in [(BALANCER, false), (CLASSIC, true)] {
            reading.each(type_name, |props| {
                let kind = props.word("Type").unwrap_or_default();
                if kind == "gateway" {
                    return;
                }
                let holder = self.add_holder(props, Role::Balancer);
                let public = match props.word("Scheme").as_deref() {
                    Some("internal") => Tri::No,
                    Some("internet-facing") => Tri::Yes,
                    None if matches!(props.get("Scheme"), Value::Absent | Value::Null) => Tri::Yes,
                    _ => Tri::Maybe(Self::lost(props.get("Scheme"))),
                };
                let root = props.stack.view(props.stack.resource(props.id.index).properties);
                let (values, open) = props.all("SecurityGroups");
                let (mut groups, mut groups_doubt) = (Vec::new(), open.map(|why| self.doubt(props, why)));
                for (_, value) in values {
                    match self.group(props, value) {
                        Ok(group) => groups.push(group),
                        Err(why) => groups_doubt = Some(self.doubt(props, why)),
                    }
                }
                let unfiltered = kind == "network" && groups.is_empty() && groups_doubt.is_none();
                let six = match (props.get("IpAddressType"), props.word("IpAddressType")) {
                    (_, Some(word)) if word.starts_with("dualstack") => Tri::Yes,
                    (Value::Absent | Value::Null, _) | (_, Some(_)) => Tri::No,
                    (value, None) => Tri::Maybe(Self::lost(value)),
                };
                let (mut values, mut open) = props.all_below(root, "Subnets");
                let (more, also) = props.all_below(root, "SubnetMappings/SubnetId");
                values.extend(more);
                open = open.or(also);
                for subnet in self.subnets_of(props, values, open) {
                    let draft = Draft {
                        doubt: subnet.as_ref().err().map(|why| self.doubt(props, why.clone())),
                        subnet: subnet.ok(),
                        groups: groups.clone(),
                        groups_doubt: groups_doubt.clone(),
                        public: Some(public.clone()),
                        unfiltered,
                        six: Some(six.clone()),
                        ..Draft::default()
                    };
                    self.add_interface(holder, draft);
                }
                if classic {
                    return;
                }
                // Filled by its listeners; without one it takes nothing.
                self.net.holders[holder].ports = vec![Service { protocol: (255, 255), port: (0, 0) }];
            });
        }
    }

    pub(super) fn targets(&mut self) {
        self.register();
        let reading = self.reading;
        reading.each("AWS::ElasticLoadBalancingV2::Listener", |props| {
            let Some((balancer, listen)) = self.listener(props) else { return };
            let name = format!("{}:{}", props.word("Protocol").unwrap_or_default(), listen.port.0);
            let item = self.item(props);
            let rule = self.rule_of(props, name);
            self.actions(props, "DefaultActions", balancer, listen, &[(item, rule)]);
        });
        reading.each("AWS::ElasticLoadBalancingV2::ListenerRule", |props| {
            let Link::To(id) =
                props.link(props.get("ListenerArn"), &["AWS::ElasticLoadBalancingV2::Listener"])
            else {
                return;
            };
            let listener = reading.at(id);
            let Some((balancer, listen)) = self.listener(&listener) else { return };
            let name = format!("{}:{}", listener.word("Protocol").unwrap_or_default(), listen.port.0);
            let first = (self.item(&listener), self.rule_of(&listener, name));
            let conditions: Vec<String> = props
                .all("Conditions/Field")
                .0
                .iter()
                .filter_map(|(_, v)| props.text(*v).map(str::to_owned))
                .collect();
            let second = (self.item(props), self.rule_of(props, format!("if {}", conditions.join(", "))));
            self.actions(props, "Actions", balancer, listen, &[first, second]);
        });
        reading.each(CLASSIC, |props| {
            let Some(&balancer) = self.net.by_resource.get(&props.id) else { return };
            let mut targets: Vec<Index> = Vec::new();
            let (values, open) = props.all("Instances");
            for (_, value) in values {
                if let Link::To(id) = props.link(value, &["AWS::EC2::Instance"]) {
                    targets.extend(self.net.by_resource.get(&id));
                }
            }
            targets.extend(self.classic_groups(props.id));
            let doubt = open.map(|why| self.doubt(props, why));
            let Value::List(list) = props.get("Listeners") else { return };
            for &node in list.elements() {
                let at = list.at(node);
                let number = |path: &str| props.number(props.below(at, path).1).ok().flatten();
                let (Some(port), Some(inside)) = (number("LoadBalancerPort"), number("InstancePort")) else {
                    continue;
                };
                let listen = Service::tcp(u16::try_from(port).unwrap_or(0));
                self.net.holders[balancer].ports.push(listen);
                for &to in &targets {
                    self.net.forwards.push(Forward {
                        from: balancer,
                        listen,
                        to,
                        interfaces: Vec::new(),
                        service: Service::tcp(u16::try_from(inside).unwrap_or(0)),
                        passing: Passing::Own,
                        through: vec![(self.item(props), self.rule(at, format!("{port} -> {inside}")))],
                        doubt: doubt.clone(),
                    });
                }
            }
        });
    }

    fn classic_groups(&self, balancer: ResourceId) -> Vec<Index> {
        let (reading, mut found) = (self.reading, Vec::new());
        reading.each("AWS::AutoScaling::AutoScalingGroup", |props| {
            for (_, value) in props.all("LoadBalancerNames").0 {
                if props.link(value, &[CLASSIC]) == Link::To(balancer) {
                    found.extend(self.net.by_resource.get(&props.id));
                }
            }
        });
        found
    }

    /// The balancer of a listener and what the listener takes; it is added to the balancer's ports.
    fn listener(&mut self, props: &Props<'_, 'e>) -> Option<(Index, Service)> {
        let Link::To(id) = props.link(props.get("LoadBalancerArn"), &[BALANCER]) else { return None };
        let balancer = *self.net.by_resource.get(&id)?;
        let port = props.number(props.get("Port")).ok().flatten();
        let protocol = props.word("Protocol").unwrap_or_default();
        let number = if protocol == "udp" { UDP } else { TCP };
        let listen = match port {
            Some(port) => {
                let port = u16::try_from(port).unwrap_or(0);
                let protocols = if protocol == "tcp_udp" { (TCP, UDP) } else { (number, number) };
                Service { protocol: protocols, port: (port, port) }
            }
            None => Service::ports(number, 0, 65_535),
        };
        let ports = &mut self.net.holders[balancer].ports;
        ports.retain(|p| p.protocol.0 != 255);
        if !ports.contains(&listen) {
            ports.push(listen);
        }
        Some((balancer, listen))
    }

    fn actions(
        &mut self,
        props: &Props<'_, 'e>,
        path: &str,
        balancer: Index,
        listen: Service,
        through: &[(Item, Rule)],
    ) {
        let direct = props.all(&format!("{path}/TargetGroupArn"));
        let weighted = props.all(&format!("{path}/ForwardConfig/TargetGroups/TargetGroupArn"));
        for (view, value) in direct.0.into_iter().chain(weighted.0) {
            let Link::To(id) = props.link(value, &[TARGET_GROUP]) else {
                continue;
            };
            self.forward(balancer, listen, id, through, view);
        }
    }

    fn forward(
        &mut self,
        balancer: Index,
        listen: Service,
        group: ResourceId,
        through: &[(Item, Rule)],
        _at: View<'e>,
    ) {
        let reading = self.reading;
        let props = reading.at(group);
        let targets = self.target_groups.get(&group).cloned().unwrap_or_default();
        let port = props.number(props.get("Port")).ok().flatten().and_then(|p| u16::try_from(p).ok());
        let protocol = props.word("Protocol").unwrap_or_default();
        let network = matches!(protocol.as_str(), "tcp" | "udp" | "tls" | "tcp_udp" | "quic" | "tcp_quic");
        let kind = props.word("TargetType").unwrap_or_else(|| "instance".into());
        // <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation>
        let mut preserve =
            network && (kind == "instance" || protocol.contains("udp") || protocol.contains("quic"));
        if let Value::List(list) = props.get("TargetGroupAttributes") {
            for &node in list.elements() {
                let at = list.at(node);
                if props.text(props.below(at, "Key").1) == Some("preserve_client_ip.enabled") && network {
                    preserve = props.below(at, "Value").1 != Value::Str("false")
                        && props.below(at, "Value").1 != Value::Bool(false);
                }
            }
        }
        for target in targets {
            let role = self.net.holders[target.holder].role;
            let mut hops = through.to_vec();
            let target_port = target.port.or(port);
            let shown = target_port.map_or_else(|| "any".into(), |p| p.to_string());
            let words = if kind == "lambda" { kind.clone() } else { format!("{protocol} {shown}") };
            hops.push((self.item(&props), self.rule_of(&props, words)));
            let service = match target_port {
                Some(port) => Service {
                    protocol: match protocol.as_str() {
                        "udp" => (UDP, UDP),
                        "tcp_udp" => (TCP, UDP),
                        _ => (TCP, TCP),
                    },
                    port: (port, port),
                },
                None => Service::ALL,
            };
            let passing = match (role, preserve) {
                (Role::Function, _) => Passing::Managed,
                (_, true) => Passing::Preserving,
                (_, false) => Passing::Own,
            };
            self.net.forwards.push(Forward {
                from: balancer,
                listen,
                to: target.holder,
                interfaces: target.interface.into_iter().collect(),
                service,
                passing,
                through: hops,
                doubt: target.doubt,
            });
        }
    }

    /// What is registered with each target group: by the group, by scaling groups, by services.
    fn register(&mut self) {
        let reading = self.reading;
        let mut found: Vec<(ResourceId, Registered)> = Vec::new();
        reading.each(TARGET_GROUP, |props| {
            let Value::List(list) = props.get("Targets") else { return };
            for &node in list.elements() {
                let at = list.at(node);
                let value = props.below(at, "Id").1;
                let port = props.number(props.below(at, "Port").1).ok().flatten();
                let port = port.and_then(|p| u16::try_from(p).ok());
                let types = ["AWS::EC2::Instance", "AWS::Lambda::Function", BALANCER];
                match props.link(value, &types) {
                    Link::To(id) => {
                        let holder = match self.net.by_resource.get(&id) {
                            Some(&holder) => holder,
                            // A function outside a VPC is called all the same.
                            None => self.add_holder(&reading.at(id), Role::Function),
                        };
                        found.push((props.id, Registered { holder, interface: None, port, doubt: None }));
                    }
                    Link::Absent => {}
                    Link::Lost(_) => {
                        let ip = props.range(value).ok().flatten();
                        let owner = ip.and_then(|ip| {
                            self.net.interfaces.iter().position(|i| i.exact && i.addresses.contains(&ip))
                        });
                        if let Some(interface) = owner {
                            let holder = self.net.interfaces[interface].holder;
                            let interface = Some(interface);
                            found.push((props.id, Registered { holder, interface, port, doubt: None }));
                        }
                    }
                }
            }
        });
        // What a saved answer says of the health of targets.
        reading.each("Sekisho::Describe::RegisteredTarget", |props| {
            let Link::To(group) = props.link(props.get("TargetGroupArn"), &[TARGET_GROUP]) else { return };
            let port = props.number(props.get("Port")).ok().flatten().and_then(|p| u16::try_from(p).ok());
            let (holder, interface) = match props.link(props.get("Id"), &["AWS::EC2::Instance", BALANCER]) {
                Link::To(id) => (self.net.by_resource.get(&id).copied(), None),
                _ => {
                    let ip = props.range(props.get("Id")).ok().flatten();
                    let owner = ip.and_then(|ip| {
                        self.net.interfaces.iter().position(|i| i.exact && i.addresses.contains(&ip))
                    });
                    (owner.map(|i| self.net.interfaces[i].holder), owner)
                }
            };
            if let Some(holder) = holder {
                found.push((group, Registered { holder, interface, port, doubt: None }));
            }
        });
        reading.each("AWS::AutoScaling::AutoScalingGroup", |props| {
            let Some(&holder) = self.net.by_resource.get(&props.id) else { return };
            for (_, value) in props.all("TargetGroupARNs").0 {
                if let Link::To(group) = props.link(value, &[TARGET_GROUP]) {
                    found.push((group, Registered { holder, interface: None, port: None, doubt: None }));
                }
            }
        });
        reading.each("AWS::ECS::Service", |props| {
            let Some(&holder) = self.net.by_resource.get(&props.id) else { return };
            let Value::List(list) = props.get("LoadBalancers") else { return };
            for &node in list.elements() {
                let at = list.at(node);
                if let Link::To(group) = props.link(props.below(at, "TargetGroupArn").1, &[TARGET_GROUP]) {
                    let port = props.number(props.below(at, "ContainerPort").1).ok().flatten();
                    let port = port.and_then(|p| u16::try_from(p).ok());
                    found.push((group, Registered { holder, interface: None, port, doubt: None }));
                }
            }
        });
        for (group, registered) in found {
            self.target_groups.entry(group).or_default().push(registered);
        }
    }
}
