//! From an estate to the [`Model`].

use std::collections::{BTreeMap, HashMap};

use bumpalo::Bump;
use sekisho_estate::{
    Estate, Reader, ReasonCode, Resource, ResourceId, Stack, Target, Value, View, Where, Why, key_hash,
};
use sekisho_graph::Names;
use sekisho_policy::{Document, Pattern};

use crate::answer::{derive, resource_keys};
use crate::case::{AclGrant, AclPermission, ObjectOwnership, Switches};
use crate::condition::{Compare, Test};
use crate::decide::Object;
use crate::glob::Glob;
use crate::holes::HoleClass;
use crate::model::{Encryption, Gap, Group, GroupId, Model, PolicyId, Principal, Store, Workload};
use crate::policy::{Compiler, Effect, Named, Place, Policy, Select, Statement};
use crate::s3::S3;
use crate::subject::{Subject, SubjectKind};
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
        for at in of(&["AWS::Organizations::Policy"]) {
            self.organization_policy(at);
        }
        self.workloads();
        self.finish();
    }

    fn compiler(&mut self) -> Compiler<'_, 'e> {
        Compiler { reader: self.reader, holes: &mut self.model.holes, partition: self.partition }
    }

    fn gap(&mut self, at: At<'e>, what: impl Into<String>) {
        self.model.gaps.push(Gap { at: self.reader.estate.address(at.id), what: what.into() });
    }

    // --- Reading --------------------------------------------------------------

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

    fn compile(&mut self, name: &str, value: Value<'e>, view: Option<View<'e>>) -> Policy {
        let document = match view {
            Some(view) => Document::read(self.reader, view),
            None => Document::parse(self.reader, value),
        };
        self.compiler().policy(Some(name), &document)
    }

    // --- Identities -----------------------------------------------------------

    fn managed_policy(&mut self, at: At<'e>) {
        let (value, view) = self.property(at, "PolicyDocument");
        let policy = self.compile(at.name(), value, view);
        let id = self.model.add(policy);
        let pattern = Pattern::arn_of(self.reader, at.target(), "");
        if let Some(arn) = self.compiler().text(&pattern) {
            self.model.policy_arns.insert(id, arn.as_str().into());
            self.managed.insert(arn.into(), id);
        }
    }

    /// The policy that a value names: one of the input, or one that AWS manages.
    fn named_policy(&mut self, at: At<'e>, value: Value<'e>) -> PolicyId {
        let text = match (self.names.identify(self.reader, value, "AWS::IAM::ManagedPolicy"), value) {
            (Some(id), _) => {
                let stack = self.reader.estate.stack(id.stack);
                let target = Target { stack, resource: id.index, attribute: "" };
                let pattern = Pattern::arn_of(self.reader, target, "");
                self.compiler().text(&pattern)
            }
            (None, Value::Unknown(why)) => {
                return self.unknown_policy(at, "a managed policy", &why.to_reason().to_string());
            }
            (None, value) => self.text(at, value),
        };
        let Some(text) = text else {
            return self.unknown_policy(at, "a managed policy", "its ARN has wildcards");
        };
        if let Some(&known) = self.managed.get(&*text) {
            return known;
        }
        let name = match text.split_once(":iam::aws:policy/") {
            Some((_, name)) => name,
            None => {
                let shown = self.model.holes.show(&text);
                let id = self.unknown_policy(at, &shown, &format!("policy {shown} is not in this input"));
                self.managed.insert(text.into(), id);
                return id;
            }
        };
        let policy = match tables::managed_policy(name) {
            Some(document) => {
                let document = Document::parse(self.reader, Value::Str(document));
                self.compiler().policy(Some(name), &document)
            }
            None => unknown_policy(name, &format!("AWS manages no policy {name} that is known here")),
        };
        if tables::managed_policy(name).is_none() {
            self.gap(at, format!("policy {name} is not known"));
        }
        let id = self.model.add(policy);
        self.managed.insert(text.into(), id);
        id
    }

    fn unknown_policy(&mut self, at: At<'e>, name: &str, why: &str) -> PolicyId {
        self.gap(at, why);
        self.model.add(unknown_policy(name, why))
    }

    /// Inline and attached policies of a user, group or role.
    fn own_policies(&mut self, at: At<'e>, inline: &str, attached: &str) -> Vec<PolicyId> {
        let mut found = Vec::new();
        let (value, _) = self.property(at, inline);
        for map in self.maps(value) {
            match map {
                Ok(map) => {
                    let (document, view) = self.member(map, "PolicyDocument");
                    let name = match self.member(map, "PolicyName").0 {
                        Value::Str(name) => name.to_owned(),
                        _ => at.name().to_owned(),
                    };
                    let policy = self.compile(&name, document, view);
                    found.push(self.model.add(policy));
                }
                Err(why) => {
                    found.push(self.unknown_policy(at, "an inline policy", &why.to_reason().to_string()))
                }
            }
        }
        let (value, _) = self.property(at, attached);
        for value in self.elements(value) {
            found.push(self.named_policy(at, value));
        }
        found
    }

    fn principal(&mut self, at: At<'e>) {
        let is_role = at.type_name() == "AWS::IAM::Role";
        let pattern = Pattern::arn_of(self.reader, at.target(), "");
        let Some(arn) = self.compiler().text(&pattern) else {
            return self.gap(at, "its ARN has wildcards");
        };
        let account = self.account(at);
        let mut subject = Subject::new(if is_role { SubjectKind::Role } else { SubjectKind::User }, &arn);
        subject.account = Some(account.clone());
        subject.any_session = true;
        subject.service_linked = arn.contains(":role/aws-service-role/");
        let tags = self.tags(at);
        let identity = self.own_policies(at, "Policies", "ManagedPolicyArns");
        let boundary = match self.property(at, "PermissionsBoundary").0 {
            Value::Absent => None,
            value => Some(self.named_policy(at, value)),
        };
        let trust = is_role.then(|| {
            let (value, view) = self.property(at, "AssumeRolePolicyDocument");
            let policy = self.compile(at.name(), value, view);
            self.model.add(policy)
        });
        derive(&mut subject, None, None, &tags);
        let keys = resource_keys(
            Some(&account),
            None,
            None,
            "iam",
            tags.iter().map(|(key, value)| (key.as_str(), value.as_str())),
        );
        let object = Object { arn: arn.as_str().into(), account: Some(account), keys, ..Object::default() };
        self.add_principal(Principal {
            subject,
            name: at.name().into(),
            resource: Some(at.id),
            identity,
            boundary,
            trust,
            object,
            used_by: Vec::new(),
            groups: Vec::new(),
            conditional: at.resource.condition.is_some(),
        });
    }

    pub(crate) fn add_principal(&mut self, principal: Principal) {
        let id = u32::try_from(self.model.principals.len()).unwrap_or(u32::MAX);
        self.model.by_arn.insert(principal.subject.arn.clone(), id);
        if let Some(resource) = principal.resource {
            self.model.principal_of.insert(resource, id);
        }
        self.model.principals.push(principal);
    }

    /// The role that IAM Identity Center makes of a permission set in each account that it is
    /// assigned to. Source: IAM Identity Center User Guide, `permissionsetsconcept.html`.
    fn permission_set(&mut self, at: At<'e>) {
        let account = self.account(at);
        let name = match self.property(at, "Name").0 {
            Value::Str(name) => name.to_owned(),
            _ => at.name().to_owned(),
        };
        let why = Why { code: ReasonCode::AttributeAtDeploy, subject: at.name() };
        let target = at.target();
        let random = self.model.holes.of(self.reader.estate, &sekisho_policy::HoleKind::Id(target), why);
        let partition = self.partition;
        let arn = format!(
            "arn:{partition}:iam::{account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{name}_{random}"
        );
        let mut identity = Vec::new();
        let (document, view) = self.property(at, "InlinePolicy");
        if document != Value::Absent {
            let policy = self.compile(&name, document, view);
            identity.push(self.model.add(policy));
        }
        let (managed, _) = self.property(at, "ManagedPolicies");
        for value in self.elements(managed) {
            identity.push(self.named_policy(at, value));
        }
        let (customer, _) = self.property(at, "CustomerManagedPolicyReferences");
        for map in self.maps(customer).into_iter().flatten() {
            let text = match (self.member(map, "Path").0, self.member(map, "Name").0) {
                (Value::Str(path), Value::Str(name)) => format!("{path}{name}"),
                (_, Value::Str(name)) => format!("/{name}"),
                _ => "?".to_owned(),
            };
            let arn = format!("arn:{partition}:iam::{account}:policy{text}");
            match self.managed.get(&*arn) {
                Some(&known) => identity.push(known),
                None => identity.push(self.unknown_policy(
                    at,
                    &text,
                    &format!("policy {text} is not in this input"),
                )),
            }
        }
        let mut subject = Subject::new(SubjectKind::Role, &arn);
        subject.account = Some(account.clone());
        subject.any_session = true;
        derive(&mut subject, None, None, &BTreeMap::new());
        let object = Object { arn: arn.into(), account: Some(account), ..Object::default() };
        self.add_principal(Principal {
            subject,
            name: at.name().into(),
            resource: Some(at.id),
            identity,
            boundary: None,
            trust: None,
            object,
            used_by: Vec::new(),
            groups: Vec::new(),
            conditional: at.resource.condition.is_some(),
        });
    }

    /// Attaches a policy to the users, groups and roles that it names.
    fn attach(&mut self, at: At<'e>) {
        let type_name = at.type_name();
        let policy = if type_name == "AWS::IAM::ManagedPolicy" {
            let pattern = Pattern::arn_of(self.reader, at.target(), "");
            let arn = self.compiler().text(&pattern);
            arn.and_then(|arn| self.managed.get(&*arn).copied())
        } else {
            let (value, view) = self.property(at, "PolicyDocument");
            let policy = self.compile(at.name(), value, view);
            Some(self.model.add(policy))
        };
        let Some(policy) = policy else { return };
        for (lists, kind) in [
            (["Roles", "RoleName"], "AWS::IAM::Role"),
            (["Users", "UserName"], "AWS::IAM::User"),
            (["Groups", "GroupName"], "AWS::IAM::Group"),
        ] {
            for list in lists {
                let (value, _) = self.property(at, list);
                for value in self.elements(value) {
                    match self.names.identify(self.reader, value, kind) {
                        Some(id) if kind == "AWS::IAM::Group" => {
                            if let Some(&group) = self.groups.get(&id) {
                                self.model.groups[group as usize].policies.push(policy);
                            }
                        }
                        Some(id) => {
                            if let Some(&principal) = self.model.principal_of.get(&id) {
                                self.model.principals[principal as usize].identity.push(policy);
                            }
                        }
                        None => self.gap(at, format!("{list} names something that is not in this input")),
                    }
                }
            }
        }
    }

    fn addition(&mut self, at: At<'e>) {
        let (group, _) = self.property(at, "GroupName");
        let (users, _) = self.property(at, "Users");
        for user in self.elements(users) {
            if let Some(id) = self.names.identify(self.reader, user, "AWS::IAM::User")
                && let Some(&principal) = self.model.principal_of.get(&id)
            {
                self.join_group(at, principal, group);
            }
        }
    }

    fn memberships(&mut self, at: At<'e>) {
        let Some(&principal) = self.model.principal_of.get(&at.id) else { return };
        let (groups, _) = self.property(at, "Groups");
        for group in self.elements(groups) {
            self.join_group(at, principal, group);
        }
    }

    fn join_group(&mut self, at: At<'e>, principal: u32, group: Value<'e>) {
        let known = self
            .names
            .identify(self.reader, group, "AWS::IAM::Group")
            .and_then(|id| self.groups.get(&id).copied());
        let group = known.unwrap_or_else(|| self.absent_group(at, group));
        let principal = &mut self.model.principals[principal as usize];
        for &policy in &self.model.groups[group as usize].policies {
            if !principal.identity.contains(&policy) {
                principal.identity.push(policy);
            }
        }
        if !principal.groups.contains(&group) {
            principal.groups.push(group);
        }
    }

    /// A group that is named and not in the input: its policies are not known.
    fn absent_group(&mut self, at: At<'e>, group: Value<'e>) -> GroupId {
        let name = self.text(at, group).unwrap_or_else(|| "?".to_owned());
        let account = self.account(at);
        let arn: Box<str> = format!("arn:{}:iam::{account}:group/{name}", self.partition).into();
        if let Some(&known) = self.absent_groups.get(&arn) {
            return known;
        }
        let shown = self.model.holes.show(&name);
        let policy = self.unknown_policy(at, &shown, &format!("group {shown} is not in this input"));
        let group = self.add_group(Group {
            name: shown.into(),
            object: Object { arn: arn.clone(), account: Some(account), ..Object::default() },
            policies: vec![policy],
        });
        self.absent_groups.insert(arn, group);
        group
    }

    fn group(&mut self, at: At<'e>) {
        let policies = self.own_policies(at, "Policies", "ManagedPolicyArns");
        let Some(object) = self.object(at) else {
            return self.gap(at, "its ARN has wildcards");
        };
        let group = self.add_group(Group { name: self.reader.estate.id(at.id).into(), object, policies });
        self.groups.insert(at.id, group);
    }

    fn add_group(&mut self, group: Group) -> GroupId {
        self.model.groups.push(group);
        u32::try_from(self.model.groups.len() - 1).unwrap_or(u32::MAX)
    }

    /// A resource as what a request is for, without the keys of its service; none when its
    /// ARN is not one.
    fn object(&mut self, at: At<'e>) -> Option<Object> {
        let pattern = Pattern::arn_of(self.reader, at.target(), "");
        let arn = self.compiler().text(&pattern)?;
        let account = self.account(at);
        let tags = self.tags(at);
        let service = arn.split(':').nth(2).unwrap_or_default().to_owned();
        let tags = tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let keys = resource_keys(Some(&account), None, None, &service, tags);
        Some(Object { arn: arn.into(), account: Some(account), keys, ..Object::default() })
    }

    // --- Stores ---------------------------------------------------------------

    fn store(&mut self, at: At<'e>) {
        let pattern = Pattern::arn_of(self.reader, at.target(), "");
        let Some(arn) = self.compiler().text(&pattern) else {
            return self.gap(at, "its ARN has wildcards");
        };
        let (account, region) = (self.account(at), self.region(at));
        let tags = self.tags(at);
        let service = arn.split(':').nth(2).unwrap_or_default().to_owned();
        let keys = resource_keys(
            Some(&account),
            None,
            None,
            &service,
            tags.iter().map(|(key, value)| (key.as_str(), value.as_str())),
        );
        let object = |arn: String| Object {
            arn: arn.into(),
            account: Some(account.clone()),
            keys: keys.clone(),
            ..Object::default()
        };
        let mut forms = Vec::new();
        if let Some((_, kind)) = tables::store_kind(at.type_name()) {
            for (form, template) in &kind.forms {
                let any = self.model.holes.content().to_string();
                let text = template
                    .replace("{arn}", &arn)
                    .replace("{partition}", self.partition)
                    .replace("{account}", &account)
                    .replace("{region}", &region)
                    .replace("{any}", &any);
                forms.push((form.as_str(), object(text)));
            }
        }
        let s3 = (at.type_name() == "AWS::S3::Bucket").then(|| self.s3(at));
        let id = u32::try_from(self.model.stores.len()).unwrap_or(u32::MAX);
        self.model.by_resource.insert(at.id, id);
        self.model.stores.push(Store {
            resource: Some(at.id),
            type_name: at.type_name().into(),
            name: at.name().into(),
            object: object(arn),
            forms,
            policy: None,
            key: Encryption::Service,
            s3,
            conditional: at.resource.condition.is_some(),
        });
    }

    /// Block Public Access, ownership and the canned ACL of a bucket.
    ///
    /// Source: Amazon S3 User Guide, `access-control-block-public-access.html`,
    /// `about-object-ownership.html`, `acl-overview.html`, "Canned ACL"; new buckets block
    /// everything and have no ACLs since April 2023.
    fn s3(&mut self, at: At<'e>) -> S3 {
        let is = |value: Value<'e>| match value {
            Value::Bool(is) => is,
            Value::Str(text) => text.eq_ignore_ascii_case("true"),
            _ => false,
        };
        let switches = match self.property(at, "PublicAccessBlockConfiguration").0 {
            Value::Map(map) => {
                let switch = |name: &str| is(self.member(map, name).0);
                Switches {
                    block_public_acls: switch("BlockPublicAcls"),
                    ignore_public_acls: switch("IgnorePublicAcls"),
                    block_public_policy: switch("BlockPublicPolicy"),
                    restrict_public_buckets: switch("RestrictPublicBuckets"),
                }
            }
            Value::Absent => Switches {
                block_public_acls: true,
                ignore_public_acls: true,
                block_public_policy: true,
                restrict_public_buckets: true,
            },
            _ => Switches::default(),
        };
        let ownership = match self.property(at, "OwnershipControls/Rules/*/ObjectOwnership").0 {
            Value::Str("ObjectWriter") => ObjectOwnership::ObjectWriter,
            Value::Str("BucketOwnerPreferred") => ObjectOwnership::BucketOwnerPreferred,
            _ => ObjectOwnership::BucketOwnerEnforced,
        };
        let grant = |grantee: &str, permission| AclGrant { grantee: grantee.to_owned(), permission };
        let acl = match self.property(at, "AccessControl").0 {
            Value::Str("PublicRead") => vec![grant("AllUsers", AclPermission::Read)],
            Value::Str("PublicReadWrite") => {
                vec![grant("AllUsers", AclPermission::Read), grant("AllUsers", AclPermission::Write)]
            }
            Value::Str("AuthenticatedRead") => vec![grant("AuthenticatedUsers", AclPermission::Read)],
            Value::Str("LogDeliveryWrite") => {
                vec![grant("LogDelivery", AclPermission::Write), grant("LogDelivery", AclPermission::ReadAcp)]
            }
            _ => Vec::new(),
        };
        // The ACL of the bucket is not that of its objects: who writes one chooses it.
        S3 { ownership, bucket_acl: acl, switches, ..S3::default() }
    }

    /// Joins stores with their keys.
    fn encryption(&mut self, stores: &[At<'e>]) {
        for &at in stores {
            let Some((_, kind)) = tables::store_kind(at.type_name()) else { continue };
            let Some(row) = &kind.key else { continue };
            let (value, _) = self.property(at, &row.property);
            let key = self.key(at, value, &row.alias, 0);
            if let Some(&store) = self.model.by_resource.get(&at.id) {
                self.model.stores[store as usize].key = key;
            }
        }
    }

    fn key(&mut self, at: At<'e>, value: Value<'e>, own_alias: &str, depth: u32) -> Encryption {
        if let Some(id) = self.names.near(at.id).identify(self.reader, value, "AWS::KMS::Key")
            && let Some(&key) = self.model.by_resource.get(&id)
        {
            return Encryption::Key(key);
        }
        if depth < 4
            && let Some(id) = self.names.near(at.id).identify(self.reader, value, "AWS::KMS::Alias")
        {
            let stack = self.reader.estate.stack(id.stack);
            let alias = At { id, stack, resource: stack.resource(id.index) };
            let (target, _) = self.property(alias, "TargetKeyId");
            return self.key(alias, target, own_alias, depth + 1);
        }
        match value {
            Value::Absent | Value::Null => Encryption::Service,
            Value::Unknown(why) => Encryption::Unknown(why.to_reason().to_string().into()),
            value => match self.text(at, value) {
                Some(text) if text.ends_with(own_alias) => Encryption::Service,
                Some(text) => Encryption::Elsewhere(self.model.holes.show(&text).into()),
                None => Encryption::Service,
            },
        }
    }

    fn resource_policy(&mut self, at: At<'e>) {
        for row in tables::policy_rows().iter().filter(|row| row.type_name == at.type_name()) {
            let (value, view) = self.property(at, &row.policy);
            if value == Value::Absent {
                continue;
            }
            let policy = self.compile(at.name(), value, view);
            let Some(on) = &row.on else {
                self.put_policy(at.id, policy);
                continue;
            };
            let near = self.names.near(at.id);
            let (value, _) = self.property(at, on);
            for value in self.elements(value) {
                let found = match &row.on_type {
                    Some(type_name) => near.identify(self.reader, value, type_name).or_else(|| {
                        // A queue is named by its URL or ARN, a secret by its ARN.
                        near.any(self.reader, value)
                    }),
                    None => near.any(self.reader, value),
                };
                match found {
                    Some(id) => self.put_policy(id, policy.clone()),
                    None => self.gap(at, format!("{on} names something that is not in this input")),
                }
            }
        }
    }

    /// Attaches a policy to a resource; several of one resource count together.
    fn put_policy(&mut self, id: ResourceId, policy: Policy) {
        let Some(&store) = self.model.by_resource.get(&id) else { return };
        match self.model.stores[store as usize].policy {
            Some(known) => self.model.policies[known as usize].statements.extend(policy.statements),
            None => {
                let policy = self.model.add(policy);
                self.model.stores[store as usize].policy = Some(policy);
            }
        }
    }

    /// The statement that a permission of a function makes.
    ///
    /// Source: Lambda Developer Guide, `access-control-resource-based.html`.
    fn lambda_permission(&mut self, at: At<'e>) {
        let (function, _) = self.property(at, "FunctionName");
        let Some(id) = self.names.near(at.id).identify(self.reader, function, "AWS::Lambda::Function") else {
            return self.gap(at, "FunctionName names something that is not in this input");
        };
        let action = match self.property(at, "Action").0 {
            Value::Str(action) => action.to_ascii_lowercase(),
            _ => "lambda:invokefunction".to_owned(),
        };
        let principal = self.property(at, "Principal").0;
        let named = match self.text(at, principal) {
            Some(text) if text == "*" => Named::Anyone,
            Some(text) if text.ends_with(".amazonaws.com") => Named::Service(text.into()),
            Some(text) => match text.rsplit_once(":root") {
                Some((arn, "")) => Named::Account(arn.rsplit(':').next().unwrap_or_default().into()),
                _ if text.starts_with("arn:") => Named::Arn(text.into()),
                _ => Named::Account(text.into()),
            },
            None => Named::Unknown("Principal of a permission".into()),
        };
        let mut tests = Vec::new();
        for (property, key, operator, compare) in [
            ("SourceArn", "aws:SourceArn", "ArnLike", Compare::Arn),
            ("SourceAccount", "aws:SourceAccount", "StringEquals", Compare::Text { fold: false }),
            ("PrincipalOrgID", "aws:PrincipalOrgID", "StringEquals", Compare::Text { fold: false }),
            (
                "FunctionUrlAuthType",
                "lambda:FunctionUrlAuthType",
                "StringEquals",
                Compare::Text { fold: false },
            ),
        ] {
            let (value, _) = self.property(at, property);
            if value == Value::Absent {
                continue;
            }
            let pattern = Pattern::resource_value(self.reader, value, at.stack);
            let glob: Glob = self.compiler().glob(&pattern);
            tests.push(Test {
                key: key.to_ascii_lowercase().into(),
                written: (key.into(), operator.into()),
                set: None,
                compare,
                negated: false,
                if_exists: false,
                values: [compare.wanted(glob)].into(),
                unknown: None,
            });
        }
        let statement = Statement {
            sid: Some(at.name().into()),
            effect: Effect::Allow,
            principals: Select::Only(vec![named]),
            actions: Select::Only(vec![Glob::wild(&action)]),
            resources: Select::Absent,
            tests,
            problem: None,
            at: Some(Place { stack: at.id.stack.0, node: at.resource.body }),
        };
        self.put_policy(id, Policy { name: Some(at.name().into()), statements: vec![statement], at: None });
    }

    /// Block Public Access of the account.
    fn account_switches(&mut self, switches: &[At<'e>]) {
        for &at in switches {
            let account = self.account(at);
            let is = |name: &str| matches!(self.property(at, name).0, Value::Bool(true) | Value::Str("true"));
            let strict = Switches {
                block_public_acls: is("BlockPublicAcls"),
                ignore_public_acls: is("IgnorePublicAcls"),
                block_public_policy: is("BlockPublicPolicy"),
                restrict_public_buckets: is("RestrictPublicBuckets"),
            };
            for store in &mut self.model.stores {
                if store.object.account.as_ref() == Some(&account)
                    && let Some(s3) = &mut store.s3
                {
                    s3.switches.ignore_public_acls |= strict.ignore_public_acls;
                    s3.switches.restrict_public_buckets |= strict.restrict_public_buckets;
                }
            }
        }
    }

    /// A service or resource control policy, for the accounts that it is attached to.
    ///
    /// The policy that allows everything is attached at every level unless somebody detached
    /// it, which no template says. A policy of an organizational unit applies to accounts that
    /// the input does not tell: its statements are not known to count.
    /// Source: Organizations User Guide, `orgs_manage_policies_scps.html`.
    fn organization_policy(&mut self, at: At<'e>) {
        let kind = self.property(at, "Type").0;
        let (value, view) = self.property(at, "Content");
        let mut policy = self.compile(at.name(), value, view);
        let targets = self.property(at, "TargetIds").0;
        let mut accounts: Vec<Box<str>> =
            self.model.principals.iter().filter_map(|principal| principal.object.account.clone()).collect();
        accounts.extend(self.model.stores.iter().filter_map(|store| store.object.account.clone()));
        accounts.sort_unstable();
        accounts.dedup();
        for target in self.elements(targets) {
            let text = self.text(at, target).unwrap_or_default();
            let level = match text.split('-').next() {
                Some("r") => 0,
                Some("ou") => {
                    let why = format!("which accounts are in {text} is not in this input");
                    for statement in &mut policy.statements {
                        statement.problem.get_or_insert_with(|| why.as_str().into());
                    }
                    self.gap(at, why);
                    1
                }
                _ => 2,
            };
            let id = self.model.add(policy.clone());
            let full = self.full_access();
            for account in accounts.iter().filter(|account| level < 2 || ***account == *text) {
                let levels = match kind {
                    Value::Str("SERVICE_CONTROL_POLICY") => {
                        self.model.scps.entry(account.clone()).or_default()
                    }
                    Value::Str("RESOURCE_CONTROL_POLICY") => {
                        self.model.rcps.entry(account.clone()).or_default()
                    }
                    _ => continue,
                };
                if levels.is_empty() {
                    *levels = vec![vec![full], vec![full], vec![full]];
                }
                levels[level].push(id);
            }
        }
    }

    /// The policy that allows everything.
    fn full_access(&mut self) -> PolicyId {
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

    // --- Workloads ------------------------------------------------------------

    /// What runs with which role: resources that name it, directly or by an instance profile.
    fn workloads(&mut self) {
        let estate = self.reader.estate;
        let mut profiles: HashMap<ResourceId, Vec<u32>> = HashMap::new();
        let edges = sekisho_graph::edges(estate, self.names);
        let passive = |id: ResourceId| {
            let name = estate.type_name(id);
            name.starts_with("AWS::IAM::")
                || tables::policy_rows().iter().any(|row| row.type_name == name && row.on.is_some())
                || name == "AWS::KMS::Key"
        };
        for edge in &edges {
            if estate.type_name(edge.from) == "AWS::IAM::InstanceProfile"
                && let Some(&role) = self.model.principal_of.get(&edge.to)
            {
                profiles.entry(edge.from).or_default().push(role);
            }
        }
        for edge in &edges {
            if passive(edge.from) || edge.expected == Some(false) {
                continue;
            }
            let roles = match self.model.principal_of.get(&edge.to) {
                Some(&role) => vec![role],
                None => profiles.get(&edge.to).cloned().unwrap_or_default(),
            };
            for role in roles {
                let used_by = &mut self.model.principals[role as usize].used_by;
                if !used_by.contains(&edge.from) {
                    used_by.push(edge.from);
                }
            }
        }
    }

    /// Gives the keys of organizations to principals and stores.
    fn finish(&mut self) {
        // Questions on whatever a request names need the letter for it.
        self.model.holes.content();
        let estate = self.reader.estate;
        for principal in &mut self.model.principals {
            principal.used_by.sort_unstable();
        }
        let mut used: Vec<ResourceId> =
            self.model.principals.iter().flat_map(|principal| principal.used_by.iter().copied()).collect();
        used.sort_unstable();
        used.dedup();
        for id in used {
            let stack = estate.stack(id.stack);
            let object = self.object(At { id, stack, resource: stack.resource(id.index) });
            let type_name = estate.type_name(id).into();
            self.model.workloads.insert(id, Workload { type_name, object });
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
