//! Security groups, network ACLs and prefix lists.

use sekisho_estate::{Reason, Value, View};

use super::build::Builder;
use super::{Acl, Doubt, Entry, Group, Index, Item, Peer, Permission, Rule};
use crate::read::{Link, Props, protocol, reason, service};
use crate::space::{ALL_V4, ALL_V6, ANY, Range, Service, managed, show};

/// Managed prefix lists by the end of their names; the place in the list is their place in
/// [`managed`].
/// <https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html>
const MANAGED: [&str; 8] = [
    "cloudfront.origin-facing",
    "s3",
    "dynamodb",
    "s3express",
    "route53-healthchecks",
    "vpc-lattice",
    "groundstation",
    "ec2-instance-connect",
];

/// Addresses from which CloudFront asks its origins.
pub(super) fn cloudfront() -> Range {
    managed(0)
}

/// What a group that AWS gives no other egress rule lets out.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html>
pub(super) fn everything_out() -> Vec<Permission> {
    [(ALL_V4, "0.0.0.0/0"), (ALL_V6, "::/0")]
        .into_iter()
        .map(|(range, text)| Permission {
            peer: Peer::Ranges(vec![range]),
            service: Service::ALL,
            rule: Rule::implied(format!("allow all to {text}")),
            doubt: None,
        })
        .collect()
}

impl<'e> Builder<'_, 'e> {
    pub(super) fn groups(&mut self) {
        let reading = self.reading;
        // First all groups, so that their rules can name each other.
        let mut inline = Vec::new();
        reading.each("AWS::EC2::SecurityGroup", |props| {
            let at = self.net.groups.len();
            self.net.group_by_resource.insert(props.id, at);
            let vpc = self.vpc(props, "VpcId").ok().flatten();
            let item = self.item(props);
            // The default group of a VPC, as read from an account.
            let default = props.text(props.get("GroupName")) == Some("default");
            if let Some(vpc) = vpc.filter(|_| default) {
                self.net.vpcs[vpc].group = at;
            }
            let (ingress, egress, doubt) = (Vec::new(), Vec::new(), None);
            self.net.groups.push(Group { item, vpc, default, ingress, egress, doubt });
            inline.push((props.id, at));
        });
        let mut default_egress = vec![true; self.net.groups.len()];
        for (id, at) in inline {
            let props = reading.at(id);
            for (path, egress) in [("SecurityGroupIngress", false), ("SecurityGroupEgress", true)] {
                let value = props.get(path);
                if egress && !matches!(value, Value::Absent | Value::Null) {
                    default_egress[at] = false;
                }
                match value {
                    Value::List(list) => {
                        for &node in list.elements() {
                            match props.reader.resolve(list.at(node)) {
                                Value::Map(rule) => self.permission(&props, at, rule, egress),
                                Value::Absent | Value::Null => {}
                                other => {
                                    let doubt = self.doubt(&props, reason(other));
                                    self.net.groups[at].doubt.get_or_insert(doubt);
                                }
                            }
                        }
                    }
                    Value::Map(rule) => self.permission(&props, at, rule, egress),
                    Value::Absent | Value::Null => {}
                    other => {
                        let doubt = self.doubt(&props, reason(other));
                        self.net.groups[at].doubt.get_or_insert(doubt);
                    }
                }
            }
        }
        for (type_name, egress) in
            [("AWS::EC2::SecurityGroupIngress", false), ("AWS::EC2::SecurityGroupEgress", true)]
        {
            reading.each(type_name, |props| {
                let named = match props.get("GroupId") {
                    Value::Absent | Value::Null => props.get("GroupName"),
                    value => value,
                };
                // A rule of a group elsewhere concerns nothing here.
                let Ok(at) = self.group(props, named) else { return };
                if egress {
                    default_egress[at] = false;
                }
                let root = props.stack.view(props.stack.resource(props.id.index).properties);
                if let Value::Map(rule) = props.reader.resolve(root) {
                    self.permission(props, at, rule, egress);
                }
            });
        }
        // CloudFormation leaves the rule that lets everything out where no other is written.
        for (at, is) in default_egress.into_iter().enumerate() {
            if is && self.net.groups[at].egress.is_empty() {
                self.net.groups[at].egress = everything_out();
            }
        }
    }

    fn permission(&mut self, props: &Props<'_, 'e>, at: Index, rule: View<'e>, egress: bool) {
        let of = self.net.groups[at].item.name.clone();
        let doubtful = |why: Reason| Doubt { of: of.clone(), why };
        let (service, mut doubt) = match props.rule_service(rule) {
            Ok(Some(service)) => (service, None),
            Ok(None) => return,
            Err(why) => (Service::ALL, Some(doubtful(why))),
        };
        let (group_key, list_key) = if egress {
            ("DestinationSecurityGroupId", "DestinationPrefixListId")
        } else {
            ("SourceSecurityGroupId", "SourcePrefixListId")
        };
        let mut peers: Vec<(Peer, String)> = Vec::new();
        for (key, whole) in [("CidrIp", ALL_V4), ("CidrIpv6", ALL_V6)] {
            match props.range(props.below(rule, key).1) {
                Ok(Some(range)) => peers.push((Peer::Ranges(vec![range]), show(range))),
                Ok(None) => {}
                Err(why) => {
                    peers.push((Peer::Ranges(vec![whole]), format!("{{{}}}", why.subject)));
                    doubt = doubt.or(Some(doubtful(why)));
                }
            }
        }
        let by_name = if egress { Value::Absent } else { props.below(rule, "SourceSecurityGroupName").1 };
        for value in [props.below(rule, group_key).1, by_name] {
            if matches!(value, Value::Absent | Value::Null) {
                continue;
            }
            match self.group(props, value) {
                Ok(group) => {
                    let name =
                        if group == at { "itself".into() } else { self.net.groups[group].item.name.clone() };
                    peers.push((Peer::Group(group), name));
                }
                // A group outside the input: its members are somebody else's interfaces, of which
                // none is modelled.
                Err(why) => {
                    peers.push((Peer::Ranges(Vec::new()), format!("group {}", why.subject)));
                }
            }
        }
        match props.below(rule, list_key).1 {
            Value::Absent | Value::Null => {}
            value => match self.prefix_list(props, value) {
                Ok((ranges, name)) => peers.push((Peer::Ranges(ranges), name)),
                Err(why) => {
                    peers.push((Peer::Ranges(vec![ANY]), format!("prefix list {}", why.subject)));
                    doubt = doubt.or(Some(doubtful(why)));
                }
            },
        }
        for (peer, name) in peers {
            let way = if egress { "to" } else { "from" };
            let text = format!("allow {} {way} {name}", service.show());
            let permission = Permission { peer, service, rule: self.rule(rule, text), doubt: doubt.clone() };
            let group = &mut self.net.groups[at];
            if egress { group.egress.push(permission) } else { group.ingress.push(permission) }
        }
    }

    /// The addresses of a prefix list, and its name.
    pub(super) fn prefix_list(
        &self,
        props: &Props<'_, 'e>,
        value: Value<'e>,
    ) -> Result<(Vec<Range>, String), Reason> {
        match props.link(value, &["AWS::EC2::PrefixList"]) {
            Link::To(id) => {
                let list = self.reading.at(id);
                let name = self.reading.estate.id(id).to_owned();
                if let Some(at) = list.text(list.get("PrefixListName")).and_then(managed_list) {
                    return Ok((vec![managed(at)], name));
                }
                let (entries, open) = list.all("Entries/Cidr");
                if let Some(why) = open {
                    return Err(why);
                }
                let mut ranges = Vec::new();
                for (_, value) in entries {
                    ranges.extend(list.range(value)?);
                }
                Ok((ranges, name))
            }
            Link::Absent => Ok((Vec::new(), String::new())),
            Link::Lost(why) => match props.text(value).and_then(managed_list) {
                Some(at) => Ok((vec![managed(at)], MANAGED[at].to_owned())),
                None => Err(why),
            },
        }
    }

    pub(super) fn acls(&mut self) {
        let reading = self.reading;
        reading.each("AWS::EC2::NetworkAcl", |props| {
            let item = self.item(props);
            self.acls.insert(props.id, self.net.acls.len());
            self.net.acls.push(Acl { item, ingress: Vec::new(), egress: Vec::new(), doubt: None });
        });
        reading.each("AWS::EC2::NetworkAclEntry", |props| {
            let value = props.get("NetworkAclId");
            let at = match self.acl(props, value) {
                Ok(at) => at,
                Err(_) => return,
            };
            self.entry(props, at);
        });
        reading.each("AWS::EC2::SubnetNetworkAclAssociation", |props| {
            let Ok(subnet) = self.subnet(props, props.get("SubnetId")) else { return };
            match self.acl(props, props.get("NetworkAclId")) {
                Ok(acl) => self.net.subnets[subnet].acl = acl,
                Err(why) => {
                    let doubt = self.doubt(props, why);
                    let item = Item { id: None, name: "?".into(), kind: "AWS::EC2::NetworkAcl" };
                    self.net.acls.push(Acl {
                        item,
                        ingress: Vec::new(),
                        egress: Vec::new(),
                        doubt: Some(doubt),
                    });
                    self.net.subnets[subnet].acl = self.net.acls.len() - 1;
                }
            }
        });
        for acl in &mut self.net.acls {
            acl.ingress.sort_by_key(|entry| entry.number);
            acl.egress.sort_by_key(|entry| entry.number);
        }
    }

    fn acl(&self, props: &Props<'_, 'e>, value: Value<'e>) -> Result<Index, Reason> {
        if let Value::Reference(target) = value
            && target.type_name() == "AWS::EC2::VPC"
            && let Link::To(id) = props.link(value, &["AWS::EC2::VPC"])
            && let Some(&vpc) = self.net.vpc_by_resource.get(&id)
        {
            return Ok(self.net.vpcs[vpc].acl);
        }
        match props.link(value, &["AWS::EC2::NetworkAcl"]) {
            Link::To(id) => Ok(self.acls[&id]),
            Link::Absent => Err(Reason::new(sekisho_estate::ReasonCode::AbsentOperand, "NetworkAclId")),
            Link::Lost(why) => Err(why),
        }
    }

    fn entry(&mut self, props: &Props<'_, 'e>, at: Index) {
        let mut doubt = None;
        let mut note = |why: Reason| {
            doubt.get_or_insert(Doubt { of: self.net.acls[at].item.name.clone(), why });
        };
        // An entry with an unknown number could come first.
        let number = props.number(props.get("RuleNumber")).unwrap_or_else(|why| {
            note(why);
            Some(0)
        });
        let number = number.unwrap_or(0);
        let allow = match props.word("RuleAction").as_deref() {
            Some("allow") => true,
            Some("deny") => false,
            _ => {
                note(Self::lost(props.get("RuleAction")));
                true
            }
        };
        let egress = props.flag("Egress").unwrap_or_else(|why| {
            note(why);
            None
        });
        let (v4, v6) = (props.range(props.get("CidrBlock")), props.range(props.get("Ipv6CidrBlock")));
        let range = match (v4, v6) {
            (Ok(Some(range)), _) | (Ok(None), Ok(Some(range))) => range,
            (Err(why), _) => {
                note(why);
                ALL_V4
            }
            (_, Err(why)) => {
                note(why);
                ALL_V6
            }
            (Ok(None), Ok(None)) => return,
        };
        let service = match protocol(props.get("Protocol")) {
            Ok(Some(protocol)) => {
                let icmp = matches!(protocol, Some(1 | 58));
                let (from, to) =
                    if icmp { ("Icmp/Type", "Icmp/Code") } else { ("PortRange/From", "PortRange/To") };
                match (props.number(props.get(from)), props.number(props.get(to))) {
                    (Ok(from), Ok(to)) => service(protocol, from, to),
                    (Err(why), _) | (_, Err(why)) => {
                        note(why);
                        service(protocol, None, None)
                    }
                }
            }
            Ok(None) => Service::ALL,
            Err(why) => {
                note(why);
                Service::ALL
            }
        };
        let verb = if allow { "allow" } else { "deny" };
        let text = format!("{number} {verb} {} {}", service.show(), show(range));
        let rule = self.rule_of(props, text);
        let entry = Entry { number, allow, range, service, rule, doubt };
        let acl = &mut self.net.acls[at];
        if egress == Some(true) { acl.egress.push(entry) } else { acl.ingress.push(entry) }
    }
}

fn managed_list(name: &str) -> Option<usize> {
    // `com.amazonaws.eu-west-1.s3`, `com.amazonaws.global.cloudfront.origin-facing`
    let name = name.strip_prefix("com.amazonaws.")?;
    let (_, service) = name.split_once('.')?;
    MANAGED.iter().position(|known| *known == service || service == format!("ipv6.{known}"))
}
