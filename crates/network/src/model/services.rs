//! Services of AWS: which the input uses, and the endpoints of VPCs that lead to them.

use sekisho_estate::{Estate, NodeId, Reason, Stack, Stage, Value};
use sekisho_policy::{Document, Effect, Pattern, Selection, Tri as Answer};

use super::build::Builder;
use super::{Endpoint, Index, Rule, Tri};
use crate::data::SERVICES;
use crate::read::{Props, reason};

/// Types whose policies say what their holders call.
const POLICIES: [&str; 5] = [
    "AWS::IAM::Role",
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::Serverless::Function",
];
/// Deepest a policy lies below its resource.
const MAX_DEPTH: usize = 24;
/// Most actions of a policy that a hop shows.
const SHOWN_ACTIONS: usize = 3;

impl<'e> Builder<'_, 'e> {
    /// Services that something of each environment uses: a resource of theirs is declared, or a
    /// policy allows an action of theirs. O(resources + references + nodes of policies).
    pub(super) fn used_services(&mut self) {
        let estate = self.reading.estate;
        self.net.environments = environments(estate);
        let count = self.net.environments.iter().max().map_or(0, |last| last + 1);
        self.net.used = vec![vec![false; SERVICES.len()]; count];
        for (id, stack, resource) in estate.resources() {
            let kind = stack.text(resource.type_name);
            let used = &mut self.net.used[self.net.environments[id.stack.0 as usize]];
            for (at, row) in SERVICES.iter().enumerate() {
                used[at] |= row.types.iter().any(|start| kind.starts_with(start.as_str()));
            }
            if POLICIES.contains(&kind) {
                actions(stack, resource.properties, 0, &mut |action| {
                    let Some((prefix, _)) = action.split_once(':') else { return };
                    for (at, row) in SERVICES.iter().enumerate() {
                        used[at] |= prefix.eq_ignore_ascii_case(&row.name);
                    }
                });
            }
        }
    }

    /// Notes an endpoint of a VPC: its service, whether the service's own name leads to it, and
    /// its policy.
    pub(super) fn endpoint(&mut self, props: &Props<'_, 'e>, holder: Option<Index>) {
        let name = super::routes::service_name(props);
        let found =
            SERVICES.iter().enumerate().filter(|(_, row)| name.ends_with(&format!(".{}", row.endpoint)));
        let service = found.max_by_key(|(_, row)| row.endpoint.len()).map(|(at, _)| at);
        let vpc = self.vpc(props, "VpcId").ok().flatten();
        // Without the private name the service's own name leads to its public addresses.
        // <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html>
        let private_name = match (holder, props.flag("PrivateDnsEnabled")) {
            (None, _) | (_, Ok(Some(true))) => Tri::Yes,
            (_, Ok(_)) => Tri::No,
            (_, Err(why)) => Tri::Maybe(why),
        };
        let (policy, allows) = policy(props, service);
        let item = self.item(props);
        self.net.endpoints.push(Endpoint { item, holder, vpc, service, private_name, policy, allows });
    }
}

/// Which stacks belong together: nested ones with their parents, those that refer to each other
/// (imports and exports), and what one account has at one time.
fn environments(estate: &Estate) -> Vec<Index> {
    let mut first: Vec<Index> = (0..estate.stacks.len()).collect();
    let root = |first: &mut Vec<Index>, mut at: Index| {
        while first[at] != at {
            first[at] = first[first[at]];
            at = first[at];
        }
        at
    };
    let mut accounts = std::collections::HashMap::<&str, Index>::new();
    for (at, stack) in estate.stacks.iter().enumerate() {
        let account = stack.account.as_deref().filter(|_| stack.stage == Stage::Deployed);
        let recorded = account.map(|account| *accounts.entry(account).or_insert(at));
        let named = stack.references.iter().map(|r| r.to.stack.0 as usize);
        let parent = stack.parent.map(|id| id.stack.0 as usize);
        for other in named.chain(parent).chain(recorded).filter(|&other| other != at) {
            let (a, b) = (root(&mut first, at), root(&mut first, other));
            first[a.max(b)] = a.min(b);
        }
    }
    let mut numbers = std::collections::HashMap::new();
    (0..first.len())
        .map(|at| {
            let (root, next) = (root(&mut first, at), numbers.len());
            *numbers.entry(root).or_insert(next)
        })
        .collect()
}

/// What the policy of an endpoint lets through, in words, and whether that is any action of the
/// service. Without a policy everything passes.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>
fn policy<'e>(props: &Props<'_, 'e>, service: Option<Index>) -> (Rule, Tri) {
    let value = props.get("PolicyDocument");
    if matches!(value, Value::Absent | Value::Null) {
        return (Rule::implied("policy: full access"), Tri::Yes);
    }
    if let Value::Unknown(_) = value {
        let why = reason(value);
        return (Rule::implied(format!("policy: {}", why.subject)), Tri::Maybe(why));
    }
    let document = Document::parse(&props.reader, value);
    let prefix = service.map_or("*", |at| SERVICES[at].name.as_str());
    let pattern = Pattern::action(&props.reader, &format!("{prefix}:*"));
    let all = Pattern::resource(&props.reader, "*");
    let (mut actions, mut allows, mut refuses) = (Vec::new(), Answer::No, Answer::No);
    for statement in document.statements {
        let concerns = statement.actions.overlaps(&pattern);
        let whole = || {
            Answer::all([
                statement.actions.covers(&pattern),
                statement.resources.covers(&all),
                statement.principals.is_everyone(),
                Answer::from(statement.tests.is_empty()),
            ])
        };
        match statement.effect {
            Effect::Allow => {
                let conditions = if statement.tests.is_empty() { "" } else { " (on conditions)" };
                let words = match statement.actions {
                    Selection::AllBut(_) => vec!["all actions but some".to_owned()],
                    _ => statement.actions.written().iter().map(|a| a.pattern.display()).collect(),
                };
                actions.extend(words.into_iter().map(|word| format!("{word}{conditions}")));
                allows = allows.or(concerns);
            }
            Effect::Deny => refuses = refuses.or(whole()),
            Effect::Unknown(why) => allows = allows.or(Answer::Unknown(why)),
        }
    }
    let answer = match allows.and(refuses.negate()) {
        Answer::Yes => Tri::Yes,
        Answer::No => Tri::No,
        Answer::Unknown(why) => Tri::Maybe(Reason::new(why.code, why.subject)),
    };
    let more = actions.len().saturating_sub(SHOWN_ACTIONS);
    actions.truncate(SHOWN_ACTIONS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = match (actions.is_empty(), &answer) {
        (true, _) | (_, Tri::No) => "policy refuses everything".to_owned(),
        _ => format!("policy allows {}{more}", actions.join(", ")),
    };
    let node = props.stack.tree.get(props.stack.resource(props.id.index).properties, "PolicyDocument");
    (Rule { text, at: node.map(|node| (props.id.stack, node)) }, answer)
}

/// Every action that a statement below a place allows.
fn actions(stack: &Stack, node: NodeId, depth: usize, then: &mut dyn FnMut(&str)) {
    if depth > MAX_DEPTH {
        return;
    }
    let tree = &stack.tree;
    if let Some(action) = tree.get(node, "Action")
        && tree.get(node, "Effect").and_then(|n| tree.string(n)) == Some("Allow")
    {
        let all = tree.list(action).iter().copied().chain([action]);
        all.filter_map(|n| tree.string(n)).for_each(&mut *then);
    }
    for &child in tree.list(node) {
        actions(stack, child, depth + 1, then);
    }
    for entry in tree.map(node) {
        actions(stack, entry.value, depth + 1, then);
    }
}
