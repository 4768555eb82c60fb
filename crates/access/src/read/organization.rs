//! Organizations: where accounts are, and the policies above them.

use std::collections::HashMap;

use sekisho_estate::{Target, Value};

use super::{At, unknown_policy};
use crate::holes::{HoleClass, Holes};
use crate::model::{Model, Organization, PolicyId};
use crate::policy::{Effect, Policy};

/// Policies of accounts by level.
type Levels = HashMap<Box<str>, Vec<Vec<PolicyId>>>;

/// Most units between an account and the root.
///
/// Source: Organizations User Guide, `orgs_reference_limits.html`: units nest five deep.
const MOST_UNITS: usize = 5;

/// Where accounts are, by the texts of the model.
#[derive(Debug, Default)]
pub(super) struct Tree {
    id: Option<Box<str>>,
    management: Option<Box<str>>,
    /// What an account or unit is in.
    above: HashMap<Box<str>, Box<str>>,
    /// The root, where a template makes the organization.
    root: Option<Box<str>>,
}

impl Tree {
    fn is_root(&self, text: &str) -> bool {
        text == "root" || text.starts_with("r-") || self.root.as_deref() == Some(text)
    }

    /// From the root to an account; none where a part of it is not known.
    fn chain(&self, account: &str) -> Option<Vec<&str>> {
        let (mut at, _) = self.above.get_key_value(account)?;
        let mut chain: Vec<&str> = vec![at];
        while !self.is_root(at) {
            at = self.above.get(at).filter(|_| chain.len() <= MOST_UNITS + 1)?;
            chain.push(at);
        }
        chain.reverse();
        Some(chain)
    }

    /// `o-…/r-…/ou-…/`
    ///
    /// Source: IAM User Guide, `access_policies_last-accessed-view-data-orgs.html`,
    /// "Understand the AWS Organizations entity path".
    fn path(&self, account: &str) -> Option<String> {
        let mut chain = self.chain(account)?;
        chain.pop();
        Some(format!("{}/{}/", self.id.as_deref()?, chain.join("/")))
    }
}

impl<'e> super::Work<'_, 'e> {
    /// Reads where accounts are.
    pub(super) fn organization(&mut self, organizations: &[At<'e>], units: &[At<'e>], accounts: &[At<'e>]) {
        for &at in organizations {
            let (id, _) = self.property(at, "Id");
            let (management, _) = self.property(at, "ManagementAccountId");
            let root = self.text(at, Value::Reference(Target { attribute: "RootId", ..at.target() }));
            let id = match id {
                Value::Absent => Value::Reference(Target { attribute: "Id", ..at.target() }),
                id => id,
            };
            self.tree.id = self.text(at, id).map(Into::into);
            self.tree.management = self.text(at, management).map(Into::into);
            self.tree.root = root.map(Into::into);
        }
        for (&at, id, path, parent) in units
            .iter()
            .map(|at| (at, "Id", "Path", "ParentId"))
            .chain(accounts.iter().map(|at| (at, "AccountId", "Paths/*", "ParentIds/*")))
        {
            let Some(own) = self.own_id(at, id) else { continue };
            let (path, _) = self.property(at, path);
            let (parent, _) = self.property(at, parent);
            if let Some(path) = self.text(at, path) {
                let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
                // With or without the thing itself at the end.
                if parts.last() != Some(&&*own) {
                    parts.push(&own);
                }
                for pair in parts.windows(2).filter(|pair| !pair[0].starts_with("o-")) {
                    self.tree.above.insert(pair[1].into(), pair[0].into());
                }
            } else if let Some(parent) = self.unit_or_root(at, parent) {
                self.tree.above.insert(own, parent);
            }
        }
        for &at in accounts {
            if let Some(account) = self.own_id(at, "AccountId") {
                self.place(&account);
            }
        }
    }

    /// The id of a unit or account: written, or what AWS gives it.
    fn own_id(&mut self, at: At<'e>, attribute: &'static str) -> Option<Box<str>> {
        let value = match self.property(at, attribute).0 {
            Value::Absent => Value::Reference(Target { attribute, ..at.target() }),
            value => value,
        };
        self.text(at, value).map(Into::into)
    }

    /// The id of a unit or root that a value names.
    fn unit_or_root(&mut self, at: At<'e>, value: Value<'e>) -> Option<Box<str>> {
        let unit = "AWS::Organizations::OrganizationalUnit";
        if let Some(id) = self.names.identify(self.reader, value, unit) {
            let stack = self.reader.estate.stack(id.stack);
            return self.own_id(At { id, stack, resource: stack.resource(id.index) }, "Id");
        }
        self.text(at, value).map(Into::into)
    }

    /// What is known of the place of an account.
    pub(super) fn place(&mut self, account: &str) -> Organization {
        if let Some(known) = self.model.organizations.get(account) {
            return known.clone();
        }
        let listed = self.tree.above.contains_key(account);
        let management = self.tree.management.as_deref() == Some(account);
        let place = Organization {
            id: self.tree.id.clone().filter(|_| listed || management),
            path: self.tree.path(account).map(Into::into),
            management,
        };
        self.model.organizations.insert(account.into(), place.clone());
        place
    }

    /// Service and resource control policies, for the accounts that they are attached to.
    ///
    /// The policy that allows everything is attached at every level unless the input has it
    /// with its targets. A policy of a unit applies to the accounts in it, as far as the
    /// input tells; where it does not, its statements are not known to count.
    /// Source: Organizations User Guide, `orgs_manage_policies_scps_evaluation.html`.
    pub(super) fn organization_policies(&mut self, policies: &[At<'e>]) {
        let of = |at: &At<'e>| matches!(self.property(*at, "Name").0, Value::Str("FullAWSAccess"));
        let listed = policies.iter().any(of);
        let mut blocks = Vec::new();
        for &at in policies {
            self.organization_policy(at, &mut blocks);
        }
        self.block(&blocks);
        if listed {
            return;
        }
        let full = self.full_access();
        for levels in self.model.scps.values_mut().chain(self.model.rcps.values_mut()) {
            levels.iter_mut().for_each(|level| level.insert(0, full));
        }
    }

    /// Block Public Access of accounts by S3 policies: of several the nearest counts.
    ///
    /// Source: Organizations User Guide, `orgs_manage_policies_s3_syntax.html`,
    /// `orgs_manage_policies_inheritance_mgmt.html`.
    fn block(&mut self, blocks: &[Block]) {
        for store in &mut self.model.stores {
            let (Some(account), Some(s3)) = (&store.object.account, &mut store.s3) else { continue };
            let above = || blocks.iter().filter(|block| block.account == *account);
            let Some(nearest) = above().map(|block| block.level).max() else { continue };
            if above().filter(|block| block.level == nearest).all(|block| block.all) {
                s3.switches.ignore_public_acls = true;
                s3.switches.restrict_public_buckets = true;
            }
        }
    }

    /// What an S3 policy assigns: everything blocked, or not; none where it is not known.
    fn blocks_all(&mut self, at: At<'e>) -> Option<bool> {
        let path = "s3_attributes/public_access_block_configuration/@@assign";
        let text = match self.property(at, "Content").0 {
            Value::Str(text) => {
                let content: serde_json::Value = serde_json::from_str(text).ok()?;
                content.pointer(&format!("/{path}"))?.as_str()?.to_owned()
            }
            _ => match self.property(at, &format!("Content/{path}")).0 {
                Value::Str(text) => text.to_owned(),
                _ => return None,
            },
        };
        match text.as_str() {
            "all" => Some(true),
            "none" => Some(false),
            _ => None,
        }
    }

    fn organization_policy(&mut self, at: At<'e>, blocks: &mut Vec<Block>) {
        let kind = self.property(at, "Type").0;
        let (value, view) = self.property(at, "Content");
        let blocks_all = match kind {
            Value::Str("S3_POLICY") => match self.blocks_all(at) {
                Some(all) => Some(all),
                None => return self.gap(at, "what the S3 policy assigns is not known"),
            },
            _ => None,
        };
        let policy = match blocks_all {
            Some(_) => Policy::default(),
            None => self.compile(at, at.name(), value, view),
        };
        let targets = self.property(at, "TargetIds").0;
        let mut accounts: Vec<Box<str>> =
            self.model.principals.iter().filter_map(|principal| principal.object.account.clone()).collect();
        accounts.extend(self.model.stores.iter().filter_map(|store| store.object.account.clone()));
        accounts.sort_unstable();
        accounts.dedup();
        let (kind, own): (_, fn(&mut Model) -> &mut Levels) = match kind {
            Value::Str("SERVICE_CONTROL_POLICY") => ("scp", |model| &mut model.scps),
            Value::Str("RESOURCE_CONTROL_POLICY") => ("rcp", |model| &mut model.rcps),
            Value::Str("S3_POLICY") => ("S3 policy", |model| &mut model.rcps),
            // Others, such as tag policies, decide on no request.
            Value::Str(_) => return,
            _ => return self.gap(at, "what kind of policy it is is not known"),
        };
        if targets == Value::Absent {
            self.gap(at, format!("the {kind} is attached to nothing in this input"));
        }
        for target in self.elements(targets) {
            let (target, problem) = self.target(at, target);
            let mut reached = Vec::new();
            let mut open = None;
            for account in &accounts {
                let (level, sure) = match (self.tree.chain(account), &target) {
                    (_, Some(target)) if target == account => (usize::MAX, true),
                    (Some(chain), Some(target)) => {
                        let root = |text: &str| self.tree.is_root(text);
                        let is = |part: &&str| **part == **target || (root(part) && root(target));
                        match chain.iter().position(is) {
                            Some(level) => (level, true),
                            // Of a unit that the template makes nothing is in the tree yet.
                            None => continue,
                        }
                    }
                    (Some(_), None) => (1, false),
                    (None, Some(target)) if self.tree.is_root(target) => (0, true),
                    (None, Some(target)) if is_account(target) => continue,
                    (None, _) => (1, false),
                };
                let levels = self.tree.chain(account).map_or(3, |chain| chain.len());
                let why = (!sure).then(|| {
                    let shown = target.as_deref().map(|target| self.model.holes.show(target));
                    problem.clone().unwrap_or_else(|| {
                        format!("which accounts are in {} is not in this input", shown.unwrap_or_default())
                    })
                });
                open = open.or_else(|| why.clone());
                reached.push((account.clone(), level.min(levels - 1), levels, why));
            }
            if reached.is_empty() {
                let alone = target.as_deref().is_some_and(is_account);
                let what = if alone { "an account" } else { "accounts" };
                let why = problem.unwrap_or_else(|| {
                    format!("the {kind} is attached to {what} of which nothing is in this input")
                });
                self.gap(at, why);
                continue;
            }
            if let Some(why) = open {
                self.gap(at, why);
            }
            let mut sure = None;
            for (account, level, levels, why) in reached {
                if let Some(all) = blocks_all {
                    // Where it may not apply nothing is taken to be blocked.
                    blocks.push(Block { account, level, all: all && why.is_none() });
                    continue;
                }
                let id = match (&why, sure) {
                    (None, Some(id)) => id,
                    (None, None) => *sure.insert(self.model.add(policy.clone())),
                    (Some(why), _) => {
                        let mut policy = policy.clone();
                        for statement in &mut policy.statements {
                            statement.problem.get_or_insert_with(|| why.as_str().into());
                        }
                        self.model.add(policy)
                    }
                };
                let of = own(&mut self.model).entry(account).or_insert_with(|| vec![Vec::new(); levels]);
                of[level].push(id);
            }
        }
    }

    /// The id of a target, and why it is not known which accounts it reaches.
    fn target(&mut self, at: At<'e>, target: Value<'e>) -> (Option<Box<str>>, Option<String>) {
        for (type_name, id) in
            [("AWS::Organizations::OrganizationalUnit", "Id"), ("AWS::Organizations::Account", "AccountId")]
        {
            if let Some(found) = self.names.identify(self.reader, target, type_name) {
                let stack = self.reader.estate.stack(found.stack);
                let at = At { id: found, stack, resource: stack.resource(found.index) };
                let own = self.own_id(at, id);
                let name = self.reader.estate.id(found);
                let why = match id {
                    "Id" => format!("which accounts are in {name} is not in this input"),
                    _ => format!("the id of account {name} is known only when it is made"),
                };
                return (own, Some(why));
            }
        }
        if self.names.identify(self.reader, target, "AWS::Organizations::Organization").is_some() {
            return (Some("root".into()), None);
        }
        match self.text(at, target) {
            Some(text) if !Holes::any_in(&text) => (Some(text.into()), None),
            Some(text) => {
                let own = self.model.holes.place("AWS::AccountId", HoleClass::Account);
                // The account that the stack is deployed to.
                if text.chars().eq([own]) {
                    return (Some(text.into()), None);
                }
                let shown = self.model.holes.show(&text);
                let why = format!("what {shown}, to which it is attached, is, is not in this input");
                (Some(text.into()), Some(why))
            }
            None => (None, Some("to what it is attached is not known".to_owned())),
        }
    }

    /// The policy that allows everything.
    pub(super) fn full_access(&mut self) -> PolicyId {
        if let Some(&known) = self.managed.get("FullAWSAccess") {
            return known;
        }
        let mut policy = unknown_policy("FullAWSAccess", "");
        for statement in &mut policy.statements {
            statement.effect = Effect::Allow;
        }
        let id = self.model.add(policy);
        self.managed.insert("FullAWSAccess".into(), id);
        id
    }
}

/// What an S3 policy says of an account.
struct Block {
    account: Box<str>,
    level: usize,
    all: bool,
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}
