//! Users, roles, groups, permission sets and their policies.

use std::collections::BTreeMap;

use sekisho_estate::{ReasonCode, Target, Value, Why};
use sekisho_policy::Document;

use super::{At, unknown_policy};
use crate::answer::{derive, resource_keys};
use crate::decide::Object;
use crate::model::{Group, GroupId, PolicyId, Principal};
use crate::subject::{Subject, SubjectKind};
use crate::tables;

impl<'e> super::Work<'_, 'e> {
    pub(super) fn managed_policy(&mut self, at: At<'e>) {
        let (value, view) = self.property(at, "PolicyDocument");
        let policy = self.compile(at, at.name(), value, view);
        let id = self.model.add(policy);
        if let Some(arn) = self.arn(at.target()) {
            self.model.policy_arns.insert(id, arn.as_str().into());
            self.managed.insert(arn.into(), id);
        }
    }

    /// The policy that a value names: one of the input, or one that AWS manages.
    pub(super) fn named_policy(&mut self, at: At<'e>, value: Value<'e>) -> PolicyId {
        let text = match (self.names.identify(self.reader, value, "AWS::IAM::ManagedPolicy"), value) {
            (Some(id), _) => {
                let stack = self.reader.estate.stack(id.stack);
                let target = Target { stack, resource: id.index, attribute: "" };
                self.arn(target)
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

    pub(super) fn unknown_policy(&mut self, at: At<'e>, name: &str, why: &str) -> PolicyId {
        self.gap(at, why);
        self.model.add(unknown_policy(name, why))
    }

    /// Inline and attached policies of a user, group or role.
    pub(super) fn own_policies(&mut self, at: At<'e>, inline: &str, attached: &str) -> Vec<PolicyId> {
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
                    let policy = self.compile(at, &name, document, view);
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

    pub(super) fn principal(&mut self, at: At<'e>) {
        let is_role = at.type_name() == "AWS::IAM::Role";
        let Some(arn) = self.arn(at.target()) else {
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
            let policy = self.compile(at, at.name(), value, view);
            self.model.add(policy)
        });
        let place = self.place(&account);
        subject.management = place.management;
        derive(&mut subject, place.id.as_deref(), place.path.as_deref(), &tags);
        let object = self.object_of(arn, account, "iam", &tags);
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
    pub(super) fn permission_set(&mut self, at: At<'e>) {
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
            let policy = self.compile(at, &name, document, view);
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
        let place = self.place(&account);
        subject.management = place.management;
        derive(&mut subject, place.id.as_deref(), place.path.as_deref(), &BTreeMap::new());
        let object = self.object_of(arn, account, "iam", &BTreeMap::new());
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
    pub(super) fn attach(&mut self, at: At<'e>) {
        let type_name = at.type_name();
        let policy = if type_name == "AWS::IAM::ManagedPolicy" {
            let arn = self.arn(at.target());
            arn.and_then(|arn| self.managed.get(&*arn).copied())
        } else {
            let (value, view) = self.property(at, "PolicyDocument");
            let policy = self.compile(at, at.name(), value, view);
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

    pub(super) fn addition(&mut self, at: At<'e>) {
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

    pub(super) fn memberships(&mut self, at: At<'e>) {
        let Some(&principal) = self.model.principal_of.get(&at.id) else { return };
        let (groups, _) = self.property(at, "Groups");
        for group in self.elements(groups) {
            self.join_group(at, principal, group);
        }
    }

    pub(super) fn join_group(&mut self, at: At<'e>, principal: u32, group: Value<'e>) {
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
    pub(super) fn absent_group(&mut self, at: At<'e>, group: Value<'e>) -> GroupId {
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

    pub(super) fn group(&mut self, at: At<'e>) {
        let policies = self.own_policies(at, "Policies", "ManagedPolicyArns");
        let Some(object) = self.object(at) else {
            return self.gap(at, "its ARN has wildcards");
        };
        let group = self.add_group(Group { name: self.reader.estate.id(at.id).into(), object, policies });
        self.groups.insert(at.id, group);
    }

    pub(super) fn add_group(&mut self, group: Group) -> GroupId {
        self.model.groups.push(group);
        u32::try_from(self.model.groups.len() - 1).unwrap_or(u32::MAX)
    }

    /// A resource as what a request is for, without the keys of its service; none when its
    /// ARN is not one.
    pub(super) fn object(&mut self, at: At<'e>) -> Option<Object> {
        let arn = self.arn(at.target())?;
        let account = self.account(at);
        let tags = self.tags(at);
        let service = arn.split(':').nth(2).unwrap_or_default().to_owned();
        Some(self.object_of(arn, account, &service, &tags))
    }

    /// What a request is for, with the keys that follow from it.
    pub(super) fn object_of(
        &mut self,
        arn: String,
        account: Box<str>,
        service: &str,
        tags: &BTreeMap<String, String>,
    ) -> Object {
        let place = self.place(&account);
        let tags = tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let keys = resource_keys(Some(&account), place.id.as_deref(), place.path.as_deref(), service, tags);
        Object {
            arn: arn.into(),
            account: Some(account),
            management: place.management,
            keys,
            ..Object::default()
        }
    }
}
