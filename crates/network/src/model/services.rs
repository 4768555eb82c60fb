//! Services of AWS: which the input uses, and the endpoints of VPCs that lead to them.

use sekisho_estate::{NodeId, Stack, Value};

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

impl<'e> Builder<'_, 'e> {
    /// Services that something of the input uses: a resource of theirs is declared, or a policy
    /// allows an action of theirs. O(resources + nodes of policies).
    pub(super) fn used_services(&mut self) {
        let estate = self.reading.estate;
        self.net.used = vec![false; SERVICES.len()];
        for (_, stack, resource) in estate.resources() {
            let kind = stack.text(resource.type_name);
            for (at, row) in SERVICES.iter().enumerate() {
                self.net.used[at] |= row.types.iter().any(|start| kind.starts_with(start.as_str()));
            }
            if POLICIES.contains(&kind) {
                actions(stack, resource.properties, 0, &mut |action| {
                    let Some((prefix, _)) = action.split_once(':') else { return };
                    for (at, row) in SERVICES.iter().enumerate() {
                        self.net.used[at] |= prefix.eq_ignore_ascii_case(&row.name);
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
        // <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>
        let policy = match props.get("PolicyDocument") {
            Value::Absent | Value::Null => Rule::implied("policy: full access"),
            Value::Unknown(_) => {
                Rule::implied(format!("policy: {}", reason(props.get("PolicyDocument")).subject))
            }
            _ => {
                let node =
                    props.stack.tree.get(props.stack.resource(props.id.index).properties, "PolicyDocument");
                Rule { text: "policy of its own".into(), at: node.map(|node| (props.id.stack, node)) }
            }
        };
        let item = self.item(props);
        self.net.endpoints.push(Endpoint { item, holder, vpc, service, private_name, policy });
    }
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
