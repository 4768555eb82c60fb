//! The role of a function or state machine, and the policies it is given.
//!
//! AWS: SAM Developer Guide, "AWS::Serverless::Function", `Policies`, `Role` and
//! `AssumeRolePolicyDocument`; "AWS SAM policy templates"; "Generated CloudFormation resources for
//! AWS::Serverless::Function".

use sekisho_estate::{Node, NodeId, Reason, ReasonCode};

use super::data;
use super::make::{Fields, Made, document, either, fill, managed, nothing, one, text};
use super::{Sam, Source};
use crate::function::Function;

/// A role that is generated.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) id: String,
    pub(super) trust: Made,
    pub(super) managed: Vec<Made>,
    pub(super) policies: Vec<Made>,
    pub(super) condition: Option<Made>,
}

/// What an entry of `Policies` is.
enum Policy {
    Managed(Made),
    /// A document of statements.
    Inline(Made),
}

impl Role {
    /// Adds a managed policy, once.
    pub(super) fn add_managed(&mut self, arn: Made) {
        if !self.managed.contains(&arn) {
            self.managed.push(arn);
        }
    }

    /// Adds a policy, once.
    pub(super) fn add(&mut self, policy: Made) {
        if !self.policies.contains(&policy) {
            self.policies.push(policy);
        }
    }
}

impl Sam<'_, '_> {
    /// Adds the entries of `Policies` to a role.
    pub(super) fn add_policies(&mut self, role: &mut Role, policies: Option<NodeId>) {
        let Some(policies) = policies else { return };
        let entries = match self.low.stack.tree.node(policies) {
            Node::List(range) => self.low.stack.tree.children(range).to_vec(),
            _ => vec![policies],
        };
        for (index, entry) in entries.into_iter().enumerate() {
            match self.policy(entry) {
                Some(Policy::Managed(arn)) => role.add_managed(arn),
                Some(Policy::Inline(made)) => {
                    let name = format!("{}Policy{index}", role.id);
                    role.policies.push(named(&name, made));
                }
                None => {
                    // Some policy; that there is none more cannot be said.
                    let reason = Reason::new(ReasonCode::Transform, format!("Policies[{index}]"));
                    role.policies.push(Made::Unknown(reason));
                }
            }
        }
    }

    /// One entry; none when it is not understood.
    fn policy(&mut self, entry: NodeId) -> Option<Policy> {
        let tree = &self.low.stack.tree;
        match self.low.function_of(entry) {
            Some((Function::If, argument)) => {
                let [condition, then, otherwise] = *tree.list(argument) else {
                    return self.no_policy(entry, "Fn::If");
                };
                let arm = |sam: &mut Self, node: NodeId| match sam.low.function_of(node) {
                    Some((Function::Ref, name))
                        if sam.low.stack.tree.string(name) == Some("AWS::NoValue") =>
                    {
                        None
                    }
                    _ => Some(sam.policy(node)),
                };
                let arms = (arm(self, then), arm(self, otherwise));
                let condition = Made::Node(condition);
                let choose = |arms: (Option<Made>, Option<Made>)| {
                    either(condition, arms.0.unwrap_or_else(nothing), arms.1.unwrap_or_else(nothing))
                };
                return match arms {
                    (Some(None), _) | (_, Some(None)) => None,
                    (None, None) => Some(Policy::Managed(nothing())),
                    (then, otherwise) => {
                        let (then, otherwise) = (then.flatten(), otherwise.flatten());
                        let inline = matches!(
                            (&then, &otherwise),
                            (Some(Policy::Inline(_)), _) | (_, Some(Policy::Inline(_)))
                        );
                        let of = |policy: Option<Policy>| match policy {
                            Some(Policy::Managed(made) | Policy::Inline(made)) => Some(made),
                            None => None,
                        };
                        let made = choose((of(then), of(otherwise)));
                        Some(if inline { Policy::Inline(made) } else { Policy::Managed(made) })
                    }
                };
            }
            Some(_) => return Some(Policy::Managed(entry.into())),
            None => {}
        }
        match tree.node(entry) {
            Node::String(span) => {
                let name = tree.text(span);
                // AWS: "a list of managed policies by name or ARN".
                Some(Policy::Managed(if name.starts_with("arn:") || name.starts_with("{{") {
                    entry.into()
                } else {
                    managed(name)
                }))
            }
            Node::Map(_) if tree.get(entry, "Statement").is_some() => Some(Policy::Inline(entry.into())),
            Node::Map(range) => {
                let names = tree.entries(range);
                let (Some(first), 1) = (names.first(), names.len()) else {
                    return self.no_policy(entry, "this");
                };
                let (name, parameters) = (tree.text(first.key).to_owned(), first.value);
                match data::policy(&name) {
                    Some(template) => Some(Policy::Inline(self.template(template, parameters))),
                    None => self.no_policy(entry, &name),
                }
            }
            _ => self.no_policy(entry, "this"),
        }
    }

    fn no_policy(&mut self, entry: NodeId, name: &str) -> Option<Policy> {
        let near = sekisho_facts::did_you_mean(name, data::POLICIES.iter().map(|policy| policy.name));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        self.low.loss(entry, format!("{name} is no policy, nor a policy template of SAM{hint}"));
        None
    }

    /// The statements of a policy template.
    fn template(&mut self, template: &data::Policy, parameters: NodeId) -> Made {
        let values: Vec<(&str, Made)> = template
            .parameters
            .iter()
            .map(|name| {
                let given = self.get(parameters, name).map(Made::Node);
                let value = given.unwrap_or_else(|| {
                    self.low.loss(parameters, format!("{} needs {name}", template.name));
                    Made::Unknown(Reason::new(ReasonCode::ParameterWithoutValue, *name))
                });
                (*name, value)
            })
            .collect();
        let statements = template.statements.iter().map(|statement| grant(statement, &values)).collect();
        one("Statement", Made::List(statements))
    }

    /// The resource that a role is.
    pub(super) fn emit_role(&mut self, source: &Source, role: Role, at: u32) {
        let boundary = self.get(source.properties, "PermissionsBoundary");
        let path = self.get(source.properties, "RolePath");
        let tags = self.source_tags(source);
        let properties = Fields::new()
            .with("AssumeRolePolicyDocument", role.trust)
            .with("ManagedPolicyArns", role.managed)
            .with_some("Policies", (!role.policies.is_empty()).then_some(Made::List(role.policies)))
            .with_some("Path", path)
            .with_some("PermissionsBoundary", boundary)
            .with_some("Tags", tags);
        let mut attributes = source.attributes.clone();
        if let Some(condition) = role.condition {
            attributes.condition = Some(match attributes.condition {
                Some(own) => one("Fn::And", vec![Self::operand(&own), condition]),
                None => condition,
            });
        }
        self.emit_with(source.slot, role.id, "AWS::IAM::Role", properties, &attributes, at);
    }
}

/// A document as a policy of a role; the arms of a choice each by itself.
fn named(name: &str, made: Made) -> Made {
    if let Made::Map(fields) = &made
        && let [(key, Made::List(parts))] = fields.0.as_slice()
        && key == "Fn::If"
        && let [condition, then, otherwise] = parts.as_slice()
    {
        let none = nothing();
        let arm = |made: &Made| if *made == none { none.clone() } else { named(name, made.clone()) };
        return either(condition.clone(), arm(then), arm(otherwise));
    }
    Fields::new().with("PolicyName", text(name.to_owned())).with("PolicyDocument", made).into()
}

/// A statement of the tables with its names filled in.
pub(super) fn grant(statement: &data::Statement, values: &[(&str, Made)]) -> Made {
    let actions = statement.actions.iter().map(|&action| text(action)).collect::<Vec<_>>();
    let mut made = Fields::new().with("Effect", "Allow").with("Action", actions);
    made.put_some("Principal", statement.service.map(|service| one("Service", text(service))));
    let mut resources: Vec<Made> =
        statement.resources.iter().map(|resource| fill(resource, values)).collect();
    if resources.len() == 1 {
        made.put_some("Resource", resources.pop());
    } else {
        made.put("Resource", resources);
    }
    if let Some((test, key, value)) = statement.when {
        made.put("Condition", one(test, one(key, fill(value, values))));
    } else if let Some(source) = statement.source {
        made.put("Condition", one("ArnEquals", one("aws:SourceArn", fill(source, values))));
    }
    made.into()
}

/// A document of statements of the tables.
pub(super) fn grants(statements: &[&data::Statement], values: &[(&str, Made)]) -> Made {
    document(statements.iter().map(|statement| grant(statement, values)).collect())
}
