//! `AWS::Serverless::Connector`, and `Connectors` beside the properties of any resource.
//!
//! AWS: SAM Developer Guide, "Managing resource permissions with AWS SAM connectors", "AWS SAM
//! connector reference" (what is granted for which pair), "Generated CloudFormation resources when
//! you specify AWS::Serverless::Connector".

use sekisho_estate::{Entry, Node, NodeId};

use super::data::{self, Access, End, Grant, Pair, Statement};
use super::make::{Fields, Made, attribute, fill, refer};
use super::role::grants;
use super::{Attributes, PREFIX, Sam, Source};

/// One end of a connector.
#[derive(Clone, Debug, Default)]
pub(super) struct Point {
    pub(super) type_name: String,
    pub(super) arn: Option<Made>,
    pub(super) role: Option<Made>,
    pub(super) url: Option<Made>,
    pub(super) id: Option<Made>,
    pub(super) name: Option<Made>,
    pub(super) qualifier: Option<Made>,
}

impl Sam<'_, '_> {
    /// A connector that is a resource.
    pub(super) fn connector(&mut self, source: &Source) {
        self.slots[source.slot].retain(|(entry, _)| entry.value != source.body);
        let p = source.properties;
        self.check_known(p, &["Source", "Destination", "Permissions"], &source.id);
        let Some(from) = self.get(p, "Source") else {
            return self.low.loss(source.body, format!("connector {} has no Source", source.id));
        };
        self.connect(source, from, None);
    }

    /// The connectors that stand at a resource.
    pub(super) fn connectors_of(&mut self, slot: usize, entry: &Entry) {
        let Some(connectors) = self.get(entry.value, "Connectors") else { return };
        let owner = self.low.stack.tree.text(entry.key).to_owned();
        for (name, node) in self.members(connectors) {
            let at = self.low.stack.tree.offset(node);
            let Some(properties) = self.get(node, "Properties") else { continue };
            let source = Source {
                id: format!("{owner}{name}"),
                slot,
                body: node,
                properties,
                at,
                attributes: Attributes {
                    condition: self.get(entry.value, "Condition").map(Made::Node),
                    ..Attributes::default()
                },
            };
            let from = self.low.put(&Fields::new().with("Id", Made::from(owner.clone())).into(), at);
            let reference = self.get(properties, "SourceReference");
            self.connect(&source, from, reference);
        }
    }

    /// What a connector grants towards each of its destinations.
    fn connect(&mut self, source: &Source, from: NodeId, reference: Option<NodeId>) {
        let p = source.properties;
        let Some(to) = self.get(p, "Destination") else {
            return self.low.loss(source.body, format!("connector {} has no Destination", source.id));
        };
        let many = matches!(self.low.stack.tree.node(to), Node::List(_));
        let destinations = if many { self.low.stack.tree.list(to).to_vec() } else { vec![to] };
        for (index, to) in destinations.into_iter().enumerate() {
            let suffix = if many { format!("Destination{index}") } else { String::new() };
            let (Some(mut start), Some(end)) = (self.point(from, to), self.point(to, from)) else {
                self.low.loss(
                    to,
                    format!(
                        "an end of connector {} is not in this template; what it grants is not read",
                        source.id
                    ),
                );
                continue;
            };
            if let Some(qualifier) = reference.and_then(|node| self.get(node, "Qualifier")) {
                start.qualifier = Some(qualifier.into());
            }
            self.join_points(source, &start, &end, &suffix, to);
        }
    }

    /// What a connector grants from one end to the other.
    fn join_points(&mut self, source: &Source, start: &Point, end: &Point, suffix: &str, at: NodeId) {
        let Some(pair) = data::pair(&start.type_name, &end.type_name) else {
            let message = format!(
                "connector {}: none is there from {} to {}; what it grants is not read",
                source.id, start.type_name, end.type_name
            );
            return self.low.loss(at, message);
        };
        let permissions = self.get(source.properties, "Permissions");
        let tree = &self.low.stack.tree;
        let named: Vec<Option<&str>> = match permissions.map(|node| (node, tree.node(node))) {
            Some((node, Node::List(_))) => tree.list(node).iter().map(|&n| tree.string(n)).collect(),
            Some((node, _)) => vec![tree.string(node)],
            None => Vec::new(),
        };
        let mut asked: Vec<Access> = Vec::new();
        let mut fine = !named.is_empty();
        for name in named {
            match [Access::Read, Access::Write].into_iter().find(|access| name == Some(access.name())) {
                Some(access) => asked.push(access),
                None => fine = false,
            }
        }
        asked.sort_unstable();
        asked.dedup();
        fine &= asked.iter().all(|access| pair.permissions.iter().any(|(known, _)| known == access));
        fine &= pair.only.is_empty() || pair.only.iter().any(|set| *set == asked);
        if !fine {
            self.low.note(
                permissions.unwrap_or(at),
                format!("connector {} may not ask for these Permissions", source.id),
            );
        }
        self.grant_pair(source, pair, &asked, start, end, suffix, at);
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn grant_pair(
        &mut self,
        source: &Source,
        pair: &Pair,
        asked: &[Access],
        start: &Point,
        end: &Point,
        suffix: &str,
        at: NodeId,
    ) {
        let star = || Some(Made::from("*"));
        let values: Vec<(&str, Made)> = [
            ("Source.Arn", start.arn.clone()),
            ("Source.ResourceId", start.id.clone()),
            ("Source.Qualifier", start.qualifier.clone().or_else(star)),
            ("Destination.Arn", end.arn.clone()),
            ("Destination.Name", end.name.clone()),
            ("Destination.Qualifier", end.qualifier.clone().or_else(star)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
        let statements: Vec<(Access, &Statement)> = pair
            .permissions
            .iter()
            .filter(|(access, _)| asked.contains(access))
            .flat_map(|(access, list)| list.iter().map(|statement| (*access, statement)))
            .collect();
        let offset = self.low.stack.tree.offset(at);
        let all: Vec<&Statement> = statements.iter().map(|(_, statement)| *statement).collect();
        let subject = match pair.grant {
            Grant::RoleOfSource => start.role.clone(),
            Grant::RoleOfDestination => end.role.clone(),
            Grant::QueuePolicy => end.url.clone(),
            Grant::TopicPolicy | Grant::Permission => end.arn.clone(),
        };
        let Some(subject) = subject else {
            return self.low.loss(
                at,
                format!(
                    "connector {}: its role, queue or function is not known; what it grants is not read",
                    source.id
                ),
            );
        };
        let policy = |key: &'static str| {
            Fields::new().with("PolicyDocument", grants(&all, &values)).with(key, vec![subject.clone()])
        };
        let (name, type_name, made) = match pair.grant {
            Grant::RoleOfSource | Grant::RoleOfDestination => {
                ("Policy", "AWS::IAM::ManagedPolicy", policy("Roles"))
            }
            Grant::QueuePolicy => ("QueuePolicy", "AWS::SQS::QueuePolicy", policy("Queues")),
            Grant::TopicPolicy => ("TopicPolicy", "AWS::SNS::TopicPolicy", policy("Topics")),
            Grant::Permission => {
                for (access, statement) in statements {
                    let made = Fields::new()
                        .with("Action", "lambda:InvokeFunction")
                        .with("FunctionName", subject.clone())
                        .with_some("Principal", statement.service)
                        .with_some("SourceArn", statement.source.map(|source| fill(source, &values)))
                        .with_some("SourceAccount", statement.account.then(|| refer("AWS::AccountId")));
                    let id = format!("{}{}LambdaPermission{suffix}", source.id, access.name());
                    self.emit(source, id, "AWS::Lambda::Permission", made, offset);
                }
                return;
            }
        };
        self.emit(source, format!("{}{name}{suffix}", source.id), type_name, made, offset);
    }

    /// What is known of an end; the other one tells which of several roles counts.
    fn point(&mut self, node: NodeId, other: NodeId) -> Option<Point> {
        let Some(id) = self.get(node, "Id") else {
            let made = |sam: &Self, key| sam.get(node, key).map(Made::Node);
            return Some(Point {
                type_name: plain_type(self.text_at(node, "Type")?).to_owned(),
                arn: made(self, "Arn"),
                role: made(self, "RoleName"),
                url: made(self, "QueueUrl"),
                id: made(self, "ResourceId"),
                name: made(self, "Name"),
                qualifier: made(self, "Qualifier"),
            });
        };
        let id = self.low.stack.tree.string(id)?.to_owned();
        let body = self.body_of(&id)?;
        let type_name = plain_type(self.text_at(body, "Type")?).to_owned();
        let qualifier = self.get(node, "Qualifier").map(Made::Node);
        let Some(known) = data::end(&type_name) else {
            return Some(Point { type_name, qualifier, ..Point::default() });
        };
        let of = |name: &'static str| {
            if name == "ref" { refer(id.clone()) } else { attribute(id.clone(), name) }
        };
        Some(Point {
            arn: Some(of(known.arn)),
            role: self.role_of(&id, body, known, other).map(refer),
            url: known.url.map(of),
            id: known.id.map(of),
            name: known.name.map(of),
            type_name,
            qualifier,
        })
    }

    /// The logical id of the role of a resource.
    fn role_of(&self, id: &str, body: NodeId, known: &End, other: NodeId) -> Option<String> {
        let properties = self.get(body, "Properties");
        match known.role? {
            // A rule has a role for each of its targets.
            "Targets" => {
                let targets = self.get(properties?, "Targets")?;
                let target = self.text_at(other, "Id");
                let arn = self.get(other, "Arn");
                self.low.stack.tree.list(targets).iter().find_map(|&node| {
                    let at = self.get(node, "Arn")?;
                    let here = self.referred(at);
                    let fits = (here.is_some() && here.as_deref() == target)
                        || arn.is_some_and(|arn| self.signature(arn) == self.signature(at));
                    if fits { self.referred(self.get(node, "RoleArn")?) } else { None }
                })
            }
            property => match self.roles.get(id) {
                Some(Made::Node(node)) => self.referred(*node),
                Some(_) => Some(format!("{id}Role")),
                None => self.referred(self.get(properties?, property)?),
            },
        }
    }

    /// The declaration of a resource, written or generated.
    pub(super) fn body_of(&self, id: &str) -> Option<NodeId> {
        let slot = *self.places.get(id)?;
        let tree = &self.low.stack.tree;
        let found = self.slots[slot].iter().find(|(entry, _)| tree.text(entry.key) == id);
        found.map(|(entry, _)| entry.value)
    }
}

/// The type that a type of SAM becomes.
fn plain_type(type_name: &str) -> &str {
    match type_name.strip_prefix(PREFIX) {
        Some("Function") => "AWS::Lambda::Function",
        Some("StateMachine") => "AWS::StepFunctions::StateMachine",
        Some("Api") => "AWS::ApiGateway::RestApi",
        Some("HttpApi") => "AWS::ApiGatewayV2::Api",
        Some("SimpleTable") => "AWS::DynamoDB::Table",
        _ => type_name,
    }
}
