//! Reads saved answers of `aws ec2 describe-…` and its like into the estate.
//!
//! A file is known by its content: an object with one of the lists that these calls give
//! (`Vpcs`, `SecurityGroups`, `DBInstances`, …), or with the one thing that calls about an account
//! give (`AlternateContact`). Its name, region and account do not matter;
//! several files of one kind are several regions, accounts or pages. Each file becomes a stack;
//! a resource's `reference_value` is the id that AWS gave it, by which others name it.
//!
//! What an answer does not tell of a resource is unknown, never absent: a control that asks for
//! it is not decided.

mod account;
mod compute;
mod gateways;
mod make;
mod network;

use sekisho_estate::json::{self, Limits};
use sekisho_estate::{Estate, Input, InputStatus, NodeId, Problem, Stack};
use sha2::{Digest, Sha256};

use make::Maker;

/// A file that was found.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Its path as it is shown.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// How the list of an answer becomes resources.
type Lower = fn(&mut Maker<'_>, NodeId);

/// The lists of answers, and what each becomes.
const KINDS: &[(&str, Lower)] = &[
    ("Vpcs", network::vpc),
    ("Subnets", network::subnet),
    ("RouteTables", network::route_table),
    ("NetworkAcls", network::acl),
    ("SecurityGroups", network::group),
    ("ManagedPrefixLists", network::prefix_list),
    ("PrefixLists", network::prefix_list),
    ("FlowLogs", network::flow_log),
    ("InternetGateways", gateways::internet),
    ("EgressOnlyInternetGateways", gateways::egress_only),
    ("NatGateways", gateways::nat),
    ("VpcPeeringConnections", gateways::peering),
    ("TransitGateways", gateways::transit),
    ("TransitGatewayVpcAttachments", gateways::attachment),
    ("TransitGatewayAttachments", gateways::association),
    ("TransitGatewayRouteTables", gateways::transit_table),
    ("VpnGateways", gateways::private),
    ("VpnConnections", gateways::vpn),
    ("VpcEndpoints", gateways::endpoint),
    ("Addresses", nothing),
    ("NetworkInterfaces", compute::interface),
    ("Reservations", compute::reservation),
    ("LoadBalancers", compute::balancer),
    ("LoadBalancerDescriptions", compute::classic),
    ("Listeners", compute::listener),
    ("Rules", compute::rule),
    ("TargetGroups", compute::target_group),
    ("TargetHealthDescriptions", compute::targets),
    ("DBInstances", compute::database),
    ("CacheSubnetGroups", compute::cache_subnets),
    ("CacheClusters", compute::cache),
    ("UpdateActions", compute::update),
    ("Functions", compute::function),
];

/// What is one for each account, and so no list.
const ACCOUNT: &[(&str, Lower)] =
    &[("AccountInfo", account::quicksight), ("AlternateContact", account::contact)];

/// Keys that only say that the call went well.
const ENVELOPE: &[&str] = &["Status", "RequestId"];

/// What elastic addresses say, their instances and interfaces say too.
fn nothing(_: &mut Maker<'_>, _: NodeId) {}

/// Whether a text is a saved answer: its first key is one of the known lists, a setting of an
/// account, or the key `TargetGroupArn` that belongs to the health of targets.
#[must_use]
pub fn is_saved(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Some(rest) = text.trim_start_matches('\u{feff}').trim_start().strip_prefix('{') else { return false };
    let Some(rest) = rest.trim_start().strip_prefix('"') else { return false };
    let Some((key, rest)) = rest.split_once('"') else { return false };
    let Some(rest) = rest.trim_start().strip_prefix(':') else { return false };
    let list = rest.trim_start().starts_with('[');
    let object = rest.trim_start().starts_with('{');
    (object && ACCOUNT.iter().any(|(name, _)| *name == key))
        || (ENVELOPE.contains(&key) && rest.contains("\"AccountInfo\""))
        || (list && KINDS.iter().any(|(name, _)| *name == key))
        || (key == "TargetGroupArn" && rest.contains("\"TargetHealthDescriptions\""))
}

/// Reads saved answers and adds them to an estate. Stacks are added behind those that are there,
/// ordered by path.
pub fn read(mut files: Vec<Saved>, limits: Limits, estate: &mut Estate) {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for file in files {
        let sha256 = Sha256::digest(&file.bytes).iter().map(|b| format!("{b:02x}")).collect();
        let (stack, problems) = one(&file, limits);
        let status = match &stack {
            None => InputStatus::Unreadable,
            Some(_) if problems.iter().any(|p| p.loses) => InputStatus::Partly,
            Some(_) => InputStatus::Read,
        };
        estate.inputs.push(Input {
            path: file.path.clone(),
            sha256,
            kind: "describe",
            stack: stack.as_ref().map(|s| s.id.clone()),
            status,
            resources: stack.as_ref().map_or(0, |s| s.resources.len()),
            problems,
        });
        estate.stacks.extend(stack);
    }
}

fn one(file: &Saved, limits: Limits) -> (Option<Stack>, Vec<Problem>) {
    let text = match String::from_utf8(file.bytes.clone()) {
        Ok(text) => text,
        Err(_) => return (None, vec![Problem::whole("the file is not UTF-8; save it as UTF-8", true)]),
    };
    let document = match json::read(text, limits) {
        Ok(document) => document,
        Err((error, text)) => {
            let lines = sekisho_estate::LineIndex::new(&text);
            let message = format!("not valid JSON: {}; save the answer again", error.message);
            return (None, vec![Problem::at(&lines, &text, error.offset, message, true)]);
        }
    };
    let (tree, root) = (document.tree, document.root);
    let mut stack = Stack::new(&file.path, &file.path, tree);
    stack.stage = sekisho_estate::Stage::Deployed;
    let mut maker = Maker::new(&mut stack, root);
    let keys: Vec<(String, NodeId)> =
        maker.entries(root).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    for (key, value) in keys {
        match KINDS.iter().find(|(name, _)| *name == key) {
            Some((_, lower)) => {
                for item in maker.items(value) {
                    lower(&mut maker, item);
                }
            }
            None if ACCOUNT.iter().any(|(name, _)| *name == key) => {
                for (_, lower) in ACCOUNT.iter().filter(|(name, _)| *name == key) {
                    lower(&mut maker, value);
                }
            }
            None if ENVELOPE.contains(&key.as_str()) => {}
            None if key == "NextToken" || key == "NextMarker" || key == "Marker" => {
                maker.problem("the answer ends here and goes on on another page: save it with all its pages");
            }
            None if key == "TargetGroupArn" => {}
            None => maker.problem(&format!("{key} is not read")),
        }
    }
    let problems = maker.problems;
    (Some(stack), problems)
}
