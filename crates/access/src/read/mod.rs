//! From an estate to the [`Model`].

mod attached;
mod identities;
mod names;
mod organization;
mod stores;
mod ways;
mod workloads;

use std::collections::{BTreeMap, HashMap};

use bumpalo::Bump;
use sekisho_estate::{
    Estate, Reader, Resource, ResourceId, Stack, Target, Value, View, Where, Why, key_hash,
};
use sekisho_graph::Names;
use sekisho_policy::{Document, Pattern};

use crate::glob::Glob;
use crate::holes::HoleClass;
use crate::model::{Gap, GroupId, Model, PolicyId};
use crate::policy::{Compiler, Effect, Policy, Select, Statement};
use crate::tables;

impl Model {
    /// Reads the accounts of an estate.
    #[must_use]
    pub fn of(estate: &Estate) -> Self {
        let bump = Bump::new();
        let reader = Reader::new(estate, &bump);
        let names = Names::new(estate);
        let partition = estate.stacks.iter().find_map(|stack| stack.region.as_deref()).map_or(
            "aws",
            |region| match region {
                r if r.starts_with("cn-") => "aws-cn",
                r if r.starts_with("us-gov-") => "aws-us-gov",
                _ => "aws",
            },
        );
        let mut work = Work {
            reader: &reader,
            names: &names,
            partition,
            model: Self::default(),
            managed: HashMap::new(),
            groups: HashMap::new(),
            absent_groups: HashMap::new(),
            tree: organization::Tree::default(),
            scratch: Bump::new(),
        };
        let mut accounts: Vec<&str> = estate.stacks.iter().flat_map(|stack| stack.accounts()).collect();
        accounts.sort_unstable();
        accounts.dedup();
        if let [only] = accounts.as_slice() {
            work.model.holes.account = Some((*only).into());
        }
        work.everything();
        work.model.world = Some(reader.worlds.label()).filter(|_| !reader.worlds.is_only());
        work.model.gaps.sort();
        work.model.gaps.dedup();
        work.model
    }
}

struct Work<'w, 'e> {
    reader: &'w Reader<'e>,
    names: &'w Names,
    partition: &'w str,
    model: Model,
    /// Managed policies by ARN.
    managed: HashMap<Box<str>, PolicyId>,
    /// Groups by resource.
    groups: HashMap<ResourceId, GroupId>,
    /// Groups that are named and not in the input, by ARN.
    absent_groups: HashMap<Box<str>, GroupId>,
    /// Where accounts are in their organization.
    tree: organization::Tree,
    /// Memory for what is read and not kept: policies and ARNs take most of it.
    scratch: Bump,
}

/// A resource with what is needed to read it.
#[derive(Clone, Copy)]
struct At<'e> {
    id: ResourceId,
    stack: &'e Stack,
    resource: &'e Resource,
}

impl<'e> At<'e> {
    fn target(self) -> Target<'e> {
        Target { stack: self.stack, resource: self.id.index, attribute: "" }
    }

    fn name(self) -> &'e str {
        self.stack.text(self.resource.id)
    }

    fn type_name(self) -> &'e str {
        self.stack.text(self.resource.type_name)
    }
}

impl<'e> Work<'_, 'e> {
    fn everything(&mut self) {
        let of = |types: &[&str]| -> Vec<At<'e>> {
            let mut ids: Vec<ResourceId> =
                types.iter().flat_map(|name| self.names.of_type(name).iter().copied()).collect();
            ids.sort_unstable();
            ids.into_iter()
                .map(|id| {
                    let stack = self.reader.estate.stack(id.stack);
                    At { id, stack, resource: stack.resource(id.index) }
                })
                .filter(|at| self.reader.exists(at.stack, at.resource))
                .collect()
        };
        let roles = of(&["AWS::IAM::Role"]);
        let users = of(&["AWS::IAM::User"]);
        let groups = of(&["AWS::IAM::Group"]);
        let managed = of(&["AWS::IAM::ManagedPolicy"]);
        let inline = of(&[
            "AWS::IAM::Policy",
            "AWS::IAM::RolePolicy",
            "AWS::IAM::UserPolicy",
            "AWS::IAM::GroupPolicy",
        ]);
        let additions = of(&["AWS::IAM::UserToGroupAddition"]);
        let permission_sets = of(&["AWS::SSO::PermissionSet"]);
        let stores: Vec<&str> = tables::store_kinds()
            .iter()
            .map(|kind| kind.type_name.as_str())
            .chain(tables::policy_rows().iter().map(|row| row.type_name.as_str()))
            .filter(|name| {
                *name != "AWS::IAM::Role"
                    && !tables::policy_rows().iter().any(|row| row.type_name == *name && row.on.is_some())
            })
            .collect();
        let mut stores = of(&stores);
        stores.dedup_by_key(|at| at.id);
        let mut policies = of(&tables::policy_rows()
            .iter()
            .filter(|row| row.type_name != "AWS::IAM::Role")
            .map(|row| row.type_name.as_str())
            .collect::<Vec<_>>());
        policies.dedup_by_key(|at| at.id);
        let lambda = of(&["AWS::Lambda::Permission"]);
        let switches = of(&["Sekisho::Account::S3PublicAccessBlock"]);

        self.organization(
            &of(&["AWS::Organizations::Organization"]),
            &of(&["AWS::Organizations::OrganizationalUnit"]),
            &of(&["AWS::Organizations::Account"]),
        );
        for &at in &managed {
            self.managed_policy(at);
        }
        for &at in &groups {
            self.group(at);
        }
        for &at in roles.iter().chain(&users) {
            self.principal(at);
        }
        for &at in &permission_sets {
            self.permission_set(at);
        }
        for &at in inline.iter().chain(&managed) {
            self.attach(at);
        }
        for &at in &additions {
            self.addition(at);
        }
        for &at in &users {
            self.memberships(at);
        }
        for &at in &stores {
            self.store(at);
        }
        self.encryption(&stores);
        for &at in &policies {
            self.resource_policy(at);
        }
        for &at in &lambda {
            self.lambda_permission(at);
        }
        self.account_switches(&switches);
        for at in of(&["AWS::S3::AccessPoint"]) {
            self.access_point(at);
        }
        let mrap_policies = of(&["AWS::S3::MultiRegionAccessPointPolicy"]);
        for at in of(&["AWS::S3::MultiRegionAccessPoint"]) {
            self.multi_region_access_point(at, &mrap_policies);
        }
        for at in of(&["Sekisho::Kms::Grant"]) {
            self.grant(at);
        }
        for at in of(&["AWS::EC2::VPCEndpoint"]) {
            self.endpoint(at);
        }
        for at in
            of(&["AWS::RolesAnywhere::Profile", "AWS::Transfer::User", "AWS::EKS::PodIdentityAssociation"])
        {
            self.session(at);
        }
        self.organization_policies(&of(&["AWS::Organizations::Policy"]));
        self.workloads();
        self.finish();
    }

    fn compiler(&mut self) -> Compiler<'_, 'e> {
        Compiler { reader: self.reader, holes: &mut self.model.holes, partition: self.partition }
    }

    fn gap(&mut self, at: At<'e>, what: impl Into<String>) {
        self.model.gaps.push(Gap { at: self.reader.estate.address(at.id), what: what.into() });
    }

    /// A property of a resource by its path; `*` takes the first element of a list.
    fn property(&self, at: At<'e>, path: &str) -> (Value<'e>, Option<View<'e>>) {
        let mut view = Some(at.stack.view(at.resource.properties));
        let mut value = self.reader.resolve(at.stack.view(at.resource.properties));
        for name in path.split('/') {
            (value, view) = match value {
                Value::Map(map) => self.reader.member(map, name, key_hash(name.as_bytes())),
                Value::List(list) if name == "*" => match list.elements().first() {
                    Some(&node) => (self.reader.resolve(list.at(node)), Some(list.at(node))),
                    None => (Value::Absent, None),
                },
                Value::Unknown(_) => return (value, view),
                _ => (Value::Absent, None),
            };
        }
        (value, view)
    }

    fn elements(&self, value: Value<'e>) -> Vec<Value<'e>> {
        match value {
            Value::Absent | Value::Null => Vec::new(),
            value => match self.reader.elements(value, 0) {
                Ok(elements) => elements.to_vec(),
                Err(unknown) => vec![unknown],
            },
        }
    }

    /// The maps of a list of maps.
    fn maps(&self, value: Value<'e>) -> Vec<Result<View<'e>, Why<'e>>> {
        self.elements(value)
            .into_iter()
            .filter_map(|value| match value {
                Value::Map(view) => Some(Ok(view)),
                Value::Unknown(why) => Some(Err(why)),
                _ => None,
            })
            .collect()
    }

    fn member(&self, map: View<'e>, name: &str) -> (Value<'e>, Option<View<'e>>) {
        self.reader.member(map, name, key_hash(name.as_bytes()))
    }

    /// A value as a text with holes.
    fn text(&mut self, at: At<'e>, value: Value<'e>) -> Option<String> {
        match value {
            Value::Absent | Value::Null => None,
            Value::Str(text) => Some(text.to_owned()),
            value => {
                let pattern = Pattern::resource_value(self.reader, value, at.stack);
                self.compiler().text(&pattern)
            }
        }
    }

    fn account(&mut self, at: At<'e>) -> Box<str> {
        if let Some(account) = at.stack.account_of(at.id.index) {
            return account.into();
        }
        match at.stack.apart_of(at.id.index).map(|apart| &apart.account) {
            Some(Where::Unknown(which)) => {
                self.model.holes.place(which, HoleClass::Account).to_string().into()
            }
            _ => match &self.model.holes.account {
                Some(only) => only.clone(),
                None => self.model.holes.place("AWS::AccountId", HoleClass::Account).to_string().into(),
            },
        }
    }

    fn region(&mut self, at: At<'e>) -> Box<str> {
        if let Some(region) = at.stack.region_of(at.id.index) {
            return region.into();
        }
        let name = match at.stack.apart_of(at.id.index).map(|apart| &apart.region) {
            Some(Where::Unknown(which)) => which,
            _ => "AWS::Region",
        };
        self.model.holes.place(name, HoleClass::Region).to_string().into()
    }

    /// The tags that are texts.
    fn tags(&self, at: At<'e>) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        let (value, _) = self.property(at, "Tags");
        match value {
            Value::Map(map) => {
                for entry in map.entries() {
                    if let Value::Str(text) = self.reader.resolve(map.at(entry.value)) {
                        tags.insert(map.stack.text(entry.key).to_owned(), text.to_owned());
                    }
                }
            }
            list => {
                for map in self.maps(list).into_iter().flatten() {
                    if let (Value::Str(key), Value::Str(value)) =
                        (self.member(map, "Key").0, self.member(map, "Value").0)
                    {
                        tags.insert(key.to_owned(), value.to_owned());
                    }
                }
            }
        }
        tags
    }

    fn compile(&mut self, at: At<'e>, name: &str, value: Value<'e>, view: Option<View<'e>>) -> Policy {
        let policy = match view.and_then(|view| self.policy_apart(name, view)) {
            Some(policy) => policy,
            None => {
                let document = match view {
                    Some(view) => Document::read(self.reader, view),
                    None => Document::parse(self.reader, value),
                };
                self.compiler().policy(Some(name), &document)
            }
        };
        self.misspelt(at, &policy);
        policy
    }

    /// A policy whose document is read in memory that is used again. None where that touched a
    /// decision: then the reader of the model has to see it.
    fn policy_apart(&mut self, name: &str, view: View<'_>) -> Option<Policy> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let reader = Reader::new(self.reader.estate, &scratch);
        let mut compiler =
            Compiler { reader: &reader, holes: &mut self.model.holes, partition: self.partition };
        let policy = compiler.policy(Some(name), &Document::read(&reader, view));
        let policy = reader.worlds.is_only().then_some(policy);
        drop(reader);
        scratch.reset();
        self.scratch = scratch;
        policy
    }

    /// The ARN of a resource as a text with holes; none when it has wildcards. It is read as
    /// policies are, apart.
    fn arn(&mut self, target: Target<'e>) -> Option<String> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let reader = Reader::new(self.reader.estate, &scratch);
        let mut compiler =
            Compiler { reader: &reader, holes: &mut self.model.holes, partition: self.partition };
        let text = compiler.text(&Pattern::arn_of(&reader, target, ""));
        let text = reader.worlds.is_only().then_some(text);
        drop(reader);
        scratch.reset();
        self.scratch = scratch;
        text.unwrap_or_else(|| {
            let pattern = Pattern::arn_of(self.reader, target, "");
            self.compiler().text(&pattern)
        })
    }

    /// Actions that match none that is known: they allow and deny nothing.
    fn misspelt(&mut self, at: At<'e>, policy: &Policy) {
        for (index, statement) in (1..).zip(&policy.statements) {
            for action in statement.actions.written() {
                if let Some(what) = names::unknown(action) {
                    let name = policy.name.as_deref().unwrap_or_default();
                    self.gap(at, format!("{name}, statement {index}: {what}"));
                }
            }
        }
    }
}

/// A policy of which nothing is known: it may allow or deny anything.
pub(crate) fn unknown_policy(name: &str, why: &str) -> Policy {
    let everything = || Select::Only(vec![Glob::wild("*")]);
    Policy {
        name: Some(name.into()),
        statements: vec![Statement {
            sid: None,
            effect: Effect::Unknown(why.into()),
            principals: Select::Absent,
            actions: everything(),
            resources: everything(),
            tests: Vec::new(),
            problem: None,
            at: None,
        }],
        at: None,
    }
}
