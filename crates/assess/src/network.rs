//! What controls ask of the network.
//!
//! The model is built in the default world, once, when the first control asks. A control that
//! stands in another world than that gets no answer of this one.

use std::sync::OnceLock;

use sekisho_estate::{ReasonCode, Why};
use sekisho_expr::{Frame, FunctionId, ResourceRef, Seen, Val};
use sekisho_guidance::Label;
use sekisho_network::engine::trail::Step;
use sekisho_network::exposure::Exposed;
use sekisho_network::model::{Index, Next, Role, Tri};
use sekisho_network::space::{ALL_V4, Service, TCP, UDP};
use sekisho_network::zones::Zones;
use sekisho_network::{Assumptions, End, Network, SERVICES, Sharing, Verdict, ends};

use crate::analyses::Analyses;
use crate::arrivals::{Sender, Told};
use crate::config::Config;

/// The network and what follows from it, each when it is first asked for.
#[derive(Debug)]
pub(crate) struct Reached {
    assumed: Assumptions,
    network: OnceLock<Network>,
    exposed: OnceLock<Vec<Exposed>>,
    zones: OnceLock<Zones>,
    pub(crate) told: Told,
}

impl Reached {
    /// Nothing is built yet. What is no block of addresses is left out; the command that reads
    /// the configuration refuses it.
    pub(crate) fn new(config: &Config) -> Self {
        let on_premises = config.network.on_premises.iter().filter_map(|t| ends::block_of(t).ok()).collect();
        Self {
            assumed: Assumptions { on_premises },
            network: OnceLock::new(),
            exposed: OnceLock::new(),
            zones: OnceLock::new(),
            told: Told::default(),
        }
    }
}

impl Analyses<'_> {
    pub(crate) fn net(&self, frame: &Frame<'_, '_>) -> &Network {
        let reached = &self.network;
        reached.network.get_or_init(|| Network::new(frame.reader.estate, &self.joins.names, &reached.assumed))
    }

    fn exposures(&self, frame: &Frame<'_, '_>) -> &[Exposed] {
        self.network.exposed.get_or_init(|| self.net(frame).exposed())
    }

    pub(crate) fn zones(&self, frame: &Frame<'_, '_>) -> &Zones {
        self.network.zones.get_or_init(|| {
            let phi = |id| self.label(id) != Label::None;
            self.net(frame).zones(frame.reader.estate, &phi, self.exposures(frame))
        })
    }

    /// Answers a function about the network.
    pub(crate) fn reached<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        function: FunctionId,
        arguments: &[Val<'a>],
    ) -> Option<Val<'a>> {
        let argument = |index: usize| arguments.get(index).copied().unwrap_or(Val::Absent);
        let resource = |index: usize| match argument(index) {
            Val::Resource(resource) => Ok(resource),
            other => Err(other),
        };
        let net = self.net(frame);
        if !net.holds_for.is_empty() && !frame.reader.worlds.is_default() {
            return Some(frame.unknown(ReasonCode::NetworkWorld, frame.reader.worlds.label()));
        }
        let with = |index: usize, then: &dyn Fn(ResourceRef<'a>) -> Val<'a>| match resource(index) {
            Ok(resource) => then(resource),
            Err(other) => other,
        };
        Some(match function {
            FunctionId::ReachableFrom => {
                let from = match argument(0) {
                    Val::Str("internet") => Sender::Internet,
                    Val::Str("internet-directly") => Sender::InternetDirectly,
                    Val::Str("sites") => Sender::Sites,
                    Val::Str("on-premises") => Sender::OnPremises,
                    other => {
                        return Some(frame.unknown(ReasonCode::WrongShape, sekisho_expr::show(frame, other)));
                    }
                };
                let services = match services(frame, argument(2)) {
                    Ok(services) => services,
                    Err(unknown) => return Some(unknown),
                };
                with(1, &|resource| self.arrives(frame, from, resource, &services))
            }
            FunctionId::InPublicSubnet => with(0, &|resource| self.public_subnet(frame, resource)),
            FunctionId::Zones => with(0, &|resource| {
                let zones = self.zones(frame);
                let of = |holder: Index| self.network.told.zone_of(net, zones, holder);
                let mut names: Vec<&str> = members(net, resource).into_iter().filter_map(of).collect();
                names.sort_unstable();
                names.dedup();
                let names = names.into_iter().map(|name| Val::Str(frame.bump().alloc_str(name)));
                let names: Vec<Val<'a>> = names.collect();
                Val::Items(frame.bump().alloc_slice_copy(&names), more_members(frame, net, resource))
            }),
            FunctionId::ReachedFromZone => match argument(0) {
                Val::Str(zone) => {
                    let services = match services(frame, argument(2)) {
                        Ok(services) => services,
                        Err(unknown) => return Some(unknown),
                    };
                    with(1, &|resource| self.arrives(frame, Sender::Zone(zone), resource, &services))
                }
                other => other,
            },
            FunctionId::ZoneSharing => match argument(1) {
                Val::Str(zone) => with(0, &|resource| self.sharing(frame, resource, zone)),
                other => other,
            },
            FunctionId::WayToService => match argument(1) {
                Val::Str(service) => with(0, &|resource| self.way_to(frame, resource, service)),
                other => other,
            },
            FunctionId::FilteredByAcl => with(0, &|resource| self.filtered(frame, resource)),
            FunctionId::InspectionBypassed => with(0, &|resource| self.bypassed(frame, resource)),
            _ => return None,
        })
    }

    /// Holders of a resource; unknown where the network knows none.
    pub(crate) fn known<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        resource: ResourceRef<'a>,
    ) -> Result<Vec<Index>, Val<'a>> {
        let found = members(self.net(frame), resource);
        if found.is_empty() {
            let subject = format!("network of {}", resource.type_name());
            return Err(frame.unknown(ReasonCode::AnalysisNotBuilt, subject));
        }
        Ok(found)
    }

    /// Notes the rules and resources of a path as evidence.
    pub(crate) fn see<'a>(&self, frame: &Frame<'_, 'a>, path: &sekisho_network::Path) {
        let estate = frame.reader.estate;
        for hop in path.hops.iter().filter(|hop| !hop.reply) {
            if let Some((stack, node)) = hop.rule.as_ref().and_then(|rule| rule.at)
                && matches!(hop.step, Step::GroupIn | Step::Route | Step::AclIn | Step::Forward)
            {
                frame.see(|| Seen::Statement(estate.stack(stack).view(node)));
            } else if let Some(id) = hop.item.id
                && matches!(hop.step, Step::To | Step::InternetGateway)
            {
                frame.see(|| Seen::Resource(ResourceRef::new(estate, id)));
            }
        }
    }

    fn public_subnet<'a>(&self, frame: &Frame<'_, 'a>, resource: ResourceRef<'a>) -> Val<'a> {
        let net = self.net(frame);
        let found = match self.known(frame, resource) {
            Ok(found) => found,
            Err(unknown) => return unknown,
        };
        let mut unknown: Option<Why<'a>> = None;
        for holder in found.iter().map(|&h| &net.holders[h]) {
            if let Some(doubt) = holder.doubts.first() {
                unknown = unknown.or(Some(frame.reader.reason(doubt.why.code, &doubt.why.subject)));
            }
            for subnet in holder.interfaces.iter().filter_map(|&i| net.interfaces[i].subnet) {
                let table = &net.tables[net.subnets[subnet].table];
                for route in &table.routes {
                    match (&route.next, &route.doubt) {
                        (Next::Internet(_), _) => {
                            if let Some((stack, node)) = route.rule.at {
                                let view = frame.reader.estate.stack(stack).view(node);
                                frame.see(|| Seen::Statement(view));
                            }
                            return Val::Bool(true);
                        }
                        (_, Some(doubt)) => {
                            unknown =
                                unknown.or(Some(frame.reader.reason(doubt.why.code, &doubt.why.subject)));
                        }
                        _ => {}
                    }
                }
            }
        }
        unknown.map_or(Val::Bool(false), Val::Unknown)
    }

    /// Whether a security group has members of a zone together with others.
    fn sharing<'a>(&self, frame: &Frame<'_, 'a>, resource: ResourceRef<'a>, zone: &str) -> Val<'a> {
        let net = self.net(frame);
        let Some(&group) = net.group_by_resource.get(&resource.id) else {
            return frame.unknown(ReasonCode::WrongShape, "security group");
        };
        match net.sharing(self.zones(frame), group, zone) {
            Sharing::Shared => {
                let ids =
                    net.members.get(&group).into_iter().flatten().filter_map(|&h| net.holders[h].item.id);
                for id in ids {
                    frame.see(|| Seen::Resource(ResourceRef::new(frame.reader.estate, id)));
                }
                Val::Str("shared")
            }
            Sharing::Apart => Val::Str("apart"),
            Sharing::Unused => Val::Str("unused"),
            Sharing::Unknown(doubt) => Val::Unknown(frame.reader.reason(doubt.why.code, &doubt.why.subject)),
        }
    }

    /// How a service is called from a resource, or from what starts connections in a VPC or
    /// subnet: resources of the same subnets and groups call it alike and are asked once.
    fn way_to<'a>(&self, frame: &Frame<'_, 'a>, resource: ResourceRef<'a>, service: &str) -> Val<'a> {
        let net = self.net(frame);
        let Some(at) = SERVICES.iter().position(|row| row.name == service) else {
            return frame.unknown(ReasonCode::WrongShape, service);
        };
        let runs =
            |h: &Index| matches!(net.holders[*h].role, Role::Compute | Role::Function) && net.uses(*h, at);
        let found: Vec<Index> = members(net, resource).into_iter().filter(runs).collect();
        if found.is_empty() {
            return Val::Str("unused");
        }
        let mut asked = std::collections::HashSet::new();
        let (mut endpoint, mut unknown) = (false, None::<Why<'a>>);
        for holder in found {
            let interfaces = net.holders[holder].interfaces.iter().map(|&i| &net.interfaces[i]);
            let class: Vec<_> = interfaces
                .map(|i| (i.subnet, i.groups.clone(), i.public == Tri::Yes, i.groups_doubt.is_some()))
                .collect();
            if !asked.insert(class) {
                continue;
            }
            let answer = net.reach(&End::Holder(holder), &End::Service(at), &[Service::tcp(443)]);
            for path in &answer.paths {
                if path.verdict == Verdict::Unknown {
                    let doubt = path.doubts.first().or(answer.doubts.first());
                    unknown = unknown.or(doubt.map(|d| frame.reader.reason(d.why.code, &d.why.subject)));
                } else if path.verdict < Verdict::Unknown {
                    if path.hops.iter().any(|hop| hop.step == Step::Endpoint) {
                        endpoint = true;
                        continue;
                    }
                    for hop in path.hops.iter().filter(|hop| hop.step == Step::Route && !hop.reply) {
                        if let Some((stack, node)) = hop.rule.as_ref().and_then(|rule| rule.at) {
                            frame.see(|| Seen::Statement(frame.reader.estate.stack(stack).view(node)));
                        }
                    }
                    return Val::Str("internet");
                }
            }
            if answer.paths.is_empty() && answer.verdict == Verdict::Unknown {
                let doubt = answer.doubts.first();
                unknown = unknown.or(doubt.map(|d| frame.reader.reason(d.why.code, &d.why.subject)));
            }
        }
        unknown.map_or(Val::Str(if endpoint { "endpoint" } else { "none" }), Val::Unknown)
    }

    /// Whether network ACLs narrow what comes into every subnet of a resource.
    fn filtered<'a>(&self, frame: &Frame<'_, 'a>, resource: ResourceRef<'a>) -> Val<'a> {
        let net = self.net(frame);
        let found = match self.known(frame, resource) {
            Ok(found) => found,
            Err(unknown) => return unknown,
        };
        let mut unknown: Option<Why<'a>> = None;
        for holder in found.iter().map(|&h| &net.holders[h]) {
            if let Some(doubt) = holder.doubts.first() {
                unknown = unknown.or(Some(frame.reader.reason(doubt.why.code, &doubt.why.subject)));
            }
            for subnet in holder.interfaces.iter().filter_map(|&i| net.interfaces[i].subnet) {
                let acl = &net.acls[net.subnets[subnet].acl];
                if let Some(doubt) =
                    acl.doubt.iter().chain(acl.ingress.iter().filter_map(|e| e.doubt.as_ref())).next()
                {
                    unknown = unknown.or(Some(frame.reader.reason(doubt.why.code, &doubt.why.subject)));
                    continue;
                }
                let first = acl.ingress.first();
                if let Some(open) =
                    first.filter(|e| e.allow && e.service == Service::ALL && e.range == ALL_V4)
                {
                    if let Some((stack, node)) = open.rule.at {
                        frame.see(|| Seen::Statement(frame.reader.estate.stack(stack).view(node)));
                    }
                    return Val::Bool(false);
                }
            }
        }
        unknown.map_or(Val::Bool(true), Val::Unknown)
    }

    fn bypassed<'a>(&self, frame: &Frame<'_, 'a>, firewall: ResourceRef<'a>) -> Val<'a> {
        let net = self.net(frame);
        let inspector = net.inspectors.iter().find(|i| i.item.id == Some(firewall.id));
        let vpc = inspector.and_then(|i| i.subnets.first()).map(|&s| net.subnets[s].vpc);
        let Some(vpc) = vpc else {
            return frame.unknown(ReasonCode::NotInInput, "VPC of the firewall");
        };
        let mut unknown: Option<Why<'a>> = None;
        for found in self.exposures(frame) {
            let here = net.holders[found.holder].interfaces.iter().any(|&i| net.vpc_of(i) == Some(vpc));
            if !here {
                continue;
            }
            for path in found.paths.iter().filter(|p| !p.inspected) {
                if path.hops.iter().any(|h| h.step == Step::Forward) {
                    continue;
                }
                if path.verdict < Verdict::Unknown {
                    self.see(frame, path);
                    return Val::Bool(true);
                }
                let doubt = path.doubts.first();
                unknown = unknown.or(doubt.map(|d| frame.reader.reason(d.why.code, &d.why.subject)));
            }
        }
        unknown.map_or(Val::Bool(false), Val::Unknown)
    }
}

/// Holders that a resource stands for.
fn members(net: &Network, resource: ResourceRef<'_>) -> Vec<Index> {
    let ends = net.ends_of(resource.id).into_iter();
    ends.filter_map(|end| if let End::Holder(holder) = end { Some(holder) } else { None }).collect()
}

/// Why a security group may have more members than are known: something in its VPC has groups
/// that are not known.
fn more_members<'a>(frame: &Frame<'_, 'a>, net: &Network, resource: ResourceRef<'a>) -> Option<Why<'a>> {
    let &group = net.group_by_resource.get(&resource.id)?;
    let (_, doubt) = net.possible_members(group).next()?;
    Some(frame.reader.reason(doubt.why.code, &doubt.why.subject))
}

/// The services that a port or a list of ports means.
fn services<'a>(frame: &Frame<'_, 'a>, ports: Val<'a>) -> Result<Vec<Service>, Val<'a>> {
    let wrong = || frame.unknown(ReasonCode::WrongShape, "ports");
    let ports = match ports {
        Val::Absent => return Ok(vec![Service::ALL]),
        single @ Val::Int(_) => vec![single],
        list => match frame.elements(list)? {
            (items, None) => items.to_vec(),
            (_, Some(why)) => return Err(Val::Unknown(why)),
        },
    };
    let mut out = Vec::new();
    for port in ports {
        let Val::Int(port) = port else { return Err(wrong()) };
        let port = u16::try_from(port).map_err(|_| wrong())?;
        out.extend([TCP, UDP].map(|protocol| Service::ports(protocol, port, port)));
    }
    Ok(out)
}
