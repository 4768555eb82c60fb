//! Entries that lie in front of a VPC or reach into it: distributions, APIs, accelerators,
//! interface endpoints and endpoint services.

use sekisho_estate::{Reason, ReasonCode, ResourceId, Value};

use super::build::Builder;
use super::holders::Draft;
use super::rules::cloudfront;
use super::{Doubt, Forward, Index, Passing, Role, Rule, Tri};
use crate::read::{Link, Props};
use crate::space::{Service, TCP};

const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const CLASSIC: &str = "AWS::ElasticLoadBalancing::LoadBalancer";

impl<'e> Builder<'_, 'e> {
    pub(super) fn entries(&mut self) {
        self.distributions();
        self.accelerators();
        self.interface_endpoints();
        self.apis();
        self.function_urls();
    }

    /// Addresses of functions: HTTPS from anywhere, whoever may call.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html>
    fn function_urls(&mut self) {
        let reading = self.reading;
        reading.each("AWS::Lambda::Url", |props| {
            let from = self.add_holder(props, Role::Entry);
            self.net.holders[from].ports = vec![Service::tcp(443)];
            self.net.holders[from].outside = Tri::Yes;
            let Link::To(id) = props.link(props.get("TargetFunctionArn"), &["AWS::Lambda::Function"]) else {
                return;
            };
            // A function outside a VPC is called all the same.
            let to = match self.net.by_resource.get(&id) {
                Some(&to) => to,
                None => self.add_holder(&reading.at(id), Role::Function),
            };
            self.net.forwards.push(Forward {
                from,
                listen: Service::tcp(443),
                to,
                interfaces: Vec::new(),
                service: Service::ALL,
                passing: Passing::Managed,
                through: vec![(self.item(props), Rule::implied("https 443"))],
                doubt: None,
            });
        });
    }

    /// A balancer or instance that a text or reference names (its DNS name).
    fn named(&self, props: &Props<'_, 'e>, value: Value<'e>) -> Option<Index> {
        let types = [BALANCER, CLASSIC, "AWS::EC2::Instance", "AWS::OpenSearchService::Domain"];
        if let Link::To(id) = props.link(value, &types) {
            return self.net.by_resource.get(&id).copied();
        }
        let id = self.reading.names.any(&props.reader, value)?;
        types.contains(&self.reading.estate.type_name(id)).then(|| self.net.by_resource.get(&id).copied())?
    }

    /// CloudFront asks its origins from its own addresses, over ports of their own.
    /// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html>
    fn distributions(&mut self) {
        let reading = self.reading;
        let mut vpc_origins = std::collections::HashMap::<ResourceId, (Index, Service)>::new();
        reading.each("AWS::CloudFront::VpcOrigin", |props| {
            let value = props.get("VpcOriginEndpointConfig/Arn");
            let port = props.number(props.get("VpcOriginEndpointConfig/HTTPSPort")).ok().flatten();
            if let Some(to) = self.named(props, value) {
                let port = u16::try_from(port.unwrap_or(443)).unwrap_or(443);
                vpc_origins.insert(props.id, (to, Service::tcp(port)));
            }
        });
        reading.each("AWS::CloudFront::Distribution", |props| {
            let holder = self.add_holder(props, Role::Entry);
            self.net.holders[holder].outside = match props.flag("DistributionConfig/Enabled") {
                Ok(Some(false)) => Tri::No,
                Ok(_) => Tri::Yes,
                Err(why) => Tri::Maybe(why),
            };
            self.net.holders[holder].ports = vec![Service::tcp(80), Service::tcp(443)];
            let Value::List(list) = props.get("DistributionConfig/Origins") else { return };
            for &node in list.elements() {
                let at = list.at(node);
                let origin = props.below(at, "VpcOriginConfig/VpcOriginId").1;
                if let Link::To(id) = props.link(origin, &["AWS::CloudFront::VpcOrigin"])
                    && let Some(&(to, service)) = vpc_origins.get(&id)
                {
                    self.push_entry(props, holder, to, service, Passing::Managed, at);
                    continue;
                }
                let Some(to) = self.named(props, props.below(at, "DomainName").1) else { continue };
                let number = |path: &str, or: u16| {
                    let value = props.below(at, path).1;
                    let number = props.number(value).ok().flatten();
                    number.and_then(|n| u16::try_from(n).ok()).unwrap_or(or)
                };
                let policy = props.text(props.below(at, "CustomOriginConfig/OriginProtocolPolicy").1);
                let mut ports = Vec::new();
                if policy != Some("https-only") {
                    ports.push(number("CustomOriginConfig/HTTPPort", 80));
                }
                if policy != Some("http-only") {
                    ports.push(number("CustomOriginConfig/HTTPSPort", 443));
                }
                for port in ports {
                    let service = Service::tcp(port);
                    self.push_entry(props, holder, to, service, Passing::Outside(cloudfront()), at);
                }
            }
        });
    }

    fn push_entry(
        &mut self,
        props: &Props<'_, 'e>,
        from: Index,
        to: Index,
        service: Service,
        passing: Passing,
        at: sekisho_estate::View<'e>,
    ) {
        for listen in self.net.holders[from].ports.clone() {
            self.net.forwards.push(Forward {
                from,
                listen,
                to,
                interfaces: Vec::new(),
                service,
                passing,
                through: vec![(self.item(props), self.rule(at, format!("origin {}", service.show())))],
                doubt: None,
            });
        }
    }

    /// An accelerator keeps the client's address for balancers and instances.
    /// <https://docs.aws.amazon.com/global-accelerator/latest/dg/preserve-client-ip-address.html>
    fn accelerators(&mut self) {
        let reading = self.reading;
        let mut holders = std::collections::HashMap::new();
        reading.each("AWS::GlobalAccelerator::Accelerator", |props| {
            let holder = self.add_holder(props, Role::Entry);
            self.net.holders[holder].outside = match props.flag("Enabled") {
                Ok(Some(false)) => Tri::No,
                Ok(_) => Tri::Yes,
                Err(why) => Tri::Maybe(why),
            };
            holders.insert(props.id, holder);
        });
        let mut listeners = std::collections::HashMap::new();
        reading.each("AWS::GlobalAccelerator::Listener", |props| {
            let Link::To(id) =
                props.link(props.get("AcceleratorArn"), &["AWS::GlobalAccelerator::Accelerator"])
            else {
                return;
            };
            let Some(&holder) = holders.get(&id) else { return };
            let Value::List(list) = props.get("PortRanges") else { return };
            for &node in list.elements() {
                let at = list.at(node);
                let number = |path| {
                    let number = props.number(props.below(at, path).1).ok().flatten();
                    number.and_then(|n| u16::try_from(n).ok())
                };
                let protocol = if props.word("Protocol").as_deref() == Some("udp") { 17 } else { TCP };
                let service = Service::ports(
                    protocol,
                    number("FromPort").unwrap_or(0),
                    number("ToPort").unwrap_or(65_535),
                );
                self.net.holders[holder].ports.push(service);
                listeners.entry(props.id).or_insert_with(Vec::new).push((holder, service));
            }
        });
        reading.each("AWS::GlobalAccelerator::EndpointGroup", |props| {
            let Link::To(id) = props.link(props.get("ListenerArn"), &["AWS::GlobalAccelerator::Listener"])
            else {
                return;
            };
            for (view, value) in props.all("EndpointConfigurations/EndpointId").0 {
                let Some(to) = self.named(props, value) else { continue };
                for &(from, listen) in listeners.get(&id).into_iter().flatten() {
                    self.net.forwards.push(Forward {
                        from,
                        listen,
                        to,
                        interfaces: Vec::new(),
                        service: listen,
                        passing: Passing::Preserving,
                        through: vec![(self.item(props), self.rule(view, "endpoint group".into()))],
                        doubt: None,
                    });
                }
            }
        });
    }

    /// Interface endpoints, and the balancers behind endpoint services.
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html>
    fn interface_endpoints(&mut self) {
        let reading = self.reading;
        let mut services = std::collections::HashMap::<ResourceId, Vec<Index>>::new();
        reading.each("AWS::EC2::VPCEndpointService", |props| {
            for path in ["NetworkLoadBalancerArns", "GatewayLoadBalancerArns"] {
                for (_, value) in props.all(path).0 {
                    services.entry(props.id).or_default().extend(self.named(props, value));
                }
            }
        });
        reading.each("AWS::EC2::VPCEndpoint", |props| {
            if props.word("VpcEndpointType").as_deref() != Some("interface") {
                return;
            }
            let holder = self.add_holder(props, Role::Endpoint);
            self.endpoint(props, Some(holder));
            let (values, open) = props.all("SecurityGroupIds");
            let (mut groups, mut groups_doubt) = (Vec::new(), open.map(|why| self.doubt(props, why)));
            for (_, value) in values {
                match self.group(props, value) {
                    Ok(group) => groups.push(group),
                    Err(why) => groups_doubt = Some(self.doubt(props, why)),
                }
            }
            let (values, open) = props.all("SubnetIds");
            for subnet in self.subnets_of(props, values, open) {
                let draft = Draft {
                    doubt: subnet.as_ref().err().map(|why| self.doubt(props, why.clone())),
                    subnet: subnet.ok(),
                    groups: groups.clone(),
                    groups_doubt: groups_doubt.clone(),
                    six: Some(match props.word("IpAddressType").as_deref() {
                        Some("dualstack" | "ipv6") => Tri::Yes,
                        _ => Tri::No,
                    }),
                    ..Draft::default()
                };
                self.add_interface(holder, draft);
            }
            let Some(node) =
                props.stack.tree.get(props.stack.resource(props.id.index).properties, "ServiceName")
            else {
                return;
            };
            let types = ["AWS::EC2::VPCEndpointService"];
            let Some(service) = self.mentioned(props.stack, props.id.stack, node, &types, 0) else {
                self.net.holders[holder].ports = vec![Service::tcp(443)];
                return;
            };
            let provider = reading.at(service);
            let item = self.item(&provider);
            // Until the provider accepts the connection nothing passes.
            // <https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html>
            let accepted = match provider.flag("AcceptanceRequired") {
                Ok(Some(true)) => {
                    let why =
                        Reason::new(ReasonCode::AttributeAtDeploy, "acceptance by the endpoint service");
                    Some(self.doubt(props, why))
                }
                Err(why) => Some(self.doubt(props, why)),
                Ok(_) => None,
            };
            for &balancer in services.get(&service).into_iter().flatten() {
                let filtered =
                    self.net.holders[balancer].interfaces.iter().any(|&i| self.net.interfaces[i].filtered);
                for listen in self.net.holders[balancer].ports.clone() {
                    let why = Reason::new(ReasonCode::AttributeAtDeploy, "addresses behind PrivateLink");
                    self.net.forwards.push(Forward {
                        from: holder,
                        listen,
                        to: balancer,
                        interfaces: Vec::new(),
                        service: listen,
                        passing: Passing::Managed,
                        through: vec![(item.clone(), Rule::implied(listen.show()))],
                        // Its groups judge what comes by PrivateLink unless that is switched off.
                        doubt: accepted
                            .clone()
                            .or_else(|| filtered.then(|| Doubt { of: item.name.clone(), why: why.clone() })),
                    });
                }
            }
        });
    }

    /// APIs that the internet can call, and their links into a VPC.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-with-private-integration.html>
    fn apis(&mut self) {
        let reading = self.reading;
        let mut apis = std::collections::HashMap::<ResourceId, Index>::new();
        reading.each("AWS::ApiGateway::RestApi", |props| {
            let holder = self.add_holder(props, Role::Entry);
            self.net.holders[holder].ports = vec![Service::tcp(443)];
            let (types, open) = props.all("EndpointConfiguration/Types");
            let private = types.iter().any(|(_, v)| props.text(*v) == Some("PRIVATE"));
            self.net.holders[holder].outside = match open {
                Some(why) => Tri::Maybe(why),
                None if private => Tri::No,
                None => Tri::Yes,
            };
            apis.insert(props.id, holder);
        });
        reading.each("AWS::ApiGatewayV2::Api", |props| {
            let holder = self.add_holder(props, Role::Entry);
            self.net.holders[holder].ports = vec![Service::tcp(443)];
            self.net.holders[holder].outside = Tri::Yes;
            apis.insert(props.id, holder);
        });
        let types = ["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"];
        // A link of a REST API names a network balancer.
        reading.each("AWS::ApiGateway::Method", |props| {
            let Link::To(api) = props.link(props.get("RestApiId"), &types) else { return };
            let link = props.get("Integration/ConnectionId");
            let Link::To(id) = props.link(link, &["AWS::ApiGateway::VpcLink"]) else { return };
            let vpc_link = reading.at(id);
            for (view, value) in vpc_link.all("TargetArns").0 {
                let (Some(to), Some(&from)) = (self.named(&vpc_link, value), apis.get(&api)) else {
                    continue;
                };
                for service in self.net.holders[to].ports.clone() {
                    let through = vec![(self.item(&vpc_link), self.rule(view, service.show()))];
                    self.net.forwards.push(Forward {
                        from,
                        listen: Service::tcp(443),
                        to,
                        interfaces: Vec::new(),
                        service,
                        passing: Passing::Managed,
                        through,
                        doubt: None,
                    });
                }
            }
        });
        // A link of an HTTP API has interfaces of its own and calls a listener.
        reading.each("AWS::ApiGatewayV2::Integration", |props| {
            let Link::To(api) = props.link(props.get("ApiId"), &types) else { return };
            let Link::To(id) = props.link(props.get("ConnectionId"), &["AWS::ApiGatewayV2::VpcLink"]) else {
                return;
            };
            let (Some(&from), Some(&link)) = (apis.get(&api), self.net.by_resource.get(&id)) else { return };
            let listener =
                props.link(props.get("IntegrationUri"), &["AWS::ElasticLoadBalancingV2::Listener"]);
            let item = self.item(&reading.at(id));
            let passes = |to: Index, service: Service, from: Index, passing: Passing| Forward {
                from,
                listen: Service::tcp(443),
                to,
                interfaces: Vec::new(),
                service,
                passing,
                through: vec![(item.clone(), Rule::implied("VPC link"))],
                doubt: None,
            };
            if let Link::To(listener) = listener {
                let listener = reading.at(listener);
                let Link::To(balancer) = listener.link(listener.get("LoadBalancerArn"), &[BALANCER]) else {
                    return;
                };
                let Some(&to) = self.net.by_resource.get(&balancer) else { return };
                let port = listener.number(listener.get("Port")).ok().flatten();
                let service = Service::tcp(port.and_then(|p| u16::try_from(p).ok()).unwrap_or(443));
                self.net.forwards.push(passes(link, Service::ALL, from, Passing::Managed));
                self.net
                    .forwards
                    .push(Forward { listen: Service::ALL, ..passes(to, service, link, Passing::Own) });
            }
        });
    }
}
