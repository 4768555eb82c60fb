//! The accounts of an estate: who there is, what there is, and every policy between them.
//!
//! Built once in the default world: O(resources + text of policies). What is asked then is
//! decided by [`crate::decide`]; nothing of the estate is read again.

use std::collections::HashMap;

use sekisho_estate::{Estate, ResourceId};

use crate::case::Switches;
use crate::decide::{Grant, Object};
use crate::holes::Holes;
use crate::policy::Policy;
use crate::s3::{S3, Through};
use crate::subject::Subject;

/// Index of a policy of the model.
pub type PolicyId = u32;
/// Index of a principal of the model.
pub type PrincipalId = u32;
/// Index of a store of the model.
pub type StoreId = u32;
/// Index of a group of the model.
pub type GroupId = u32;

/// The accounts of an estate.
#[derive(Debug, Default)]
pub struct Model {
    /// Texts that are known only at deployment.
    pub holes: Holes,
    /// Every policy.
    pub policies: Vec<Policy>,
    /// Users and roles.
    pub principals: Vec<Principal>,
    /// Stores, keys and whatever else has a policy or capability classes.
    pub stores: Vec<Store>,
    /// Users and roles by ARN.
    pub by_arn: HashMap<Box<str>, PrincipalId>,
    /// Stores by resource.
    pub by_resource: HashMap<ResourceId, StoreId>,
    /// Principals by resource.
    pub principal_of: HashMap<ResourceId, PrincipalId>,
    /// ARNs of the managed policies of the input.
    pub policy_arns: HashMap<PolicyId, Box<str>>,
    /// Groups of users.
    pub groups: Vec<Group>,
    /// What runs with roles.
    pub workloads: HashMap<ResourceId, Workload>,
    /// VPC endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Sessions of roles to which a template passes policies.
    pub sessions: Vec<Session>,
    /// Service control policies by account, then level.
    pub scps: HashMap<Box<str>, Vec<Vec<PolicyId>>>,
    /// Resource control policies by account.
    pub rcps: HashMap<Box<str>, Vec<Vec<PolicyId>>>,
    /// Organization of accounts, where it is known.
    pub organizations: HashMap<Box<str>, Organization>,
    /// What was read and not understood, or leads out of the input.
    pub gaps: Vec<Gap>,
    /// The decisions that reading touched, such as `Env=prod`: the model is that of this
    /// world. None when every world reads the same.
    pub world: Option<String>,
}

/// What is known of an account's place in its organization.
#[derive(Clone, Debug, Default)]
pub struct Organization {
    /// `o-…`
    pub id: Option<Box<str>>,
    /// `o-…/r-…/ou-…/`
    pub path: Option<Box<str>>,
    /// Whether it is the management account.
    pub management: bool,
}

/// Something that the answers do not cover.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Gap {
    /// What was met: the address of a resource.
    pub at: String,
    /// What is missing or not understood.
    pub what: String,
}

/// A user or role.
#[derive(Debug)]
pub struct Principal {
    /// Who it is.
    pub subject: Subject,
    /// Its logical id or name.
    pub name: Box<str>,
    /// The resource that makes it.
    pub resource: Option<ResourceId>,
    /// Policies of its own and of its groups.
    pub identity: Vec<PolicyId>,
    /// Its permissions boundary.
    pub boundary: Option<PolicyId>,
    /// Its trust policy, for roles.
    pub trust: Option<PolicyId>,
    /// The role as a resource.
    pub object: Object,
    /// What runs with this role: functions, tasks, instances.
    pub used_by: Vec<ResourceId>,
    /// Groups that it is in.
    pub groups: Vec<GroupId>,
    /// It exists only under a condition of the template.
    pub conditional: bool,
}

/// A group of users.
#[derive(Debug)]
pub struct Group {
    /// Its logical id or name.
    pub name: Box<str>,
    /// The group as a resource.
    pub object: Object,
    /// Its policies.
    pub policies: Vec<PolicyId>,
}

/// What runs with a role: a function, a task, an instance.
#[derive(Debug)]
pub struct Workload {
    /// Its type.
    pub type_name: Box<str>,
    /// It as a resource; none where its ARN is not known.
    pub object: Option<Object>,
}

/// A store.
#[derive(Debug)]
pub struct Store {
    /// The resource.
    pub resource: Option<ResourceId>,
    /// Its type.
    pub type_name: Box<str>,
    /// Its logical id or name.
    pub name: Box<str>,
    /// The ARN itself.
    pub object: Object,
    /// The forms of the ARN that actions are asked on, by name.
    pub forms: Vec<(&'static str, Object)>,
    /// Its policy.
    pub policy: Option<PolicyId>,
    /// How its contents are encrypted.
    pub key: Encryption,
    /// What S3 adds.
    pub s3: Option<S3>,
    /// Grants, of a key.
    pub grants: Vec<Grant>,
    /// Access points, of a bucket.
    pub points: Vec<AccessPoint>,
    /// It exists only under a condition of the template.
    pub conditional: bool,
}

/// An access point of a bucket, of one or several regions.
#[derive(Debug)]
pub struct AccessPoint {
    /// The resource.
    pub resource: Option<ResourceId>,
    /// Its logical id or name.
    pub name: Box<str>,
    /// Its ARN, account and policy.
    pub through: Through,
    /// Its own Block Public Access.
    pub switches: Switches,
    /// `Internet` or `VPC`.
    pub origin: &'static str,
}

/// A VPC endpoint: its policy limits what comes by it.
#[derive(Debug)]
pub struct Endpoint {
    /// The resource.
    pub resource: ResourceId,
    /// Its logical id or name.
    pub name: Box<str>,
    /// `vpce-…`, with a hole where AWS makes it up.
    pub id: Box<str>,
    /// `vpc-…`
    pub vpc: Option<Box<str>>,
    /// The prefix of the actions that go by it; none: it is not known.
    pub service: Option<Box<str>>,
    /// Its policy; none: it lets everything through.
    pub policy: Option<PolicyId>,
}

/// Sessions of a role that something takes with policies of its own.
#[derive(Debug)]
pub struct Session {
    /// The resource that passes the policies.
    pub resource: ResourceId,
    /// Its logical id or name.
    pub name: Box<str>,
    /// The role.
    pub role: PrincipalId,
    /// What is passed.
    pub policies: Vec<PolicyId>,
}

/// With which key a store is encrypted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Encryption {
    /// With none that the caller must be allowed to use.
    #[default]
    Service,
    /// With a key of the input.
    Key(StoreId),
    /// With a key that is not in the input: what is written.
    Elsewhere(Box<str>),
    /// That is not known, and why.
    Unknown(Box<str>),
}

/// ARN, name and resource of something that is looked for.
type Known<'m> = (&'m str, &'m str, Option<ResourceId>);

impl Model {
    /// The principal of a name: logical id, name or ARN.
    #[must_use]
    pub fn principal(&self, estate: &Estate, name: &str) -> Option<PrincipalId> {
        self.find(self.principals.iter().map(|p| (&*p.subject.arn, &*p.name, p.resource)), estate, name)
    }

    /// The store of a name: logical id, address, name or ARN.
    #[must_use]
    pub fn store(&self, estate: &Estate, name: &str) -> Option<StoreId> {
        self.find(self.stores.iter().map(|s| (&*s.object.arn, &*s.name, s.resource)), estate, name)
    }

    fn find<'m>(
        &self,
        of: impl Iterator<Item = Known<'m>> + Clone,
        estate: &Estate,
        name: &str,
    ) -> Option<u32> {
        let position = |test: &dyn Fn(&Known<'m>) -> bool| {
            of.clone().position(|item| test(&item)).and_then(|at| u32::try_from(at).ok())
        };
        position(&|(arn, ..)| *arn == name || self.holes.show(arn) == name)
            .or_else(|| position(&|(_, own, _)| *own == name))
            .or_else(|| {
                position(&|(.., resource)| {
                    resource.is_some_and(|id| estate.id(id) == name || estate.address(id) == name)
                })
            })
            .or_else(|| {
                let physical = |arn: &str| arn.rsplit([':', '/']).next().map(str::to_owned);
                position(&|(arn, ..)| physical(arn).as_deref() == Some(name))
            })
    }

    /// The access point of a name, with the bucket behind it.
    #[must_use]
    pub fn access_point(&self, estate: &Estate, name: &str) -> Option<(StoreId, usize)> {
        let all = || {
            (0..).zip(&self.stores).flat_map(|(store, of)| {
                of.points.iter().enumerate().map(move |(at, point)| (store, at, point))
            })
        };
        let named = self.find(
            all().map(|(.., point)| (&*point.through.arn, &*point.name, point.resource)),
            estate,
            name,
        )?;
        all().nth(named as usize).map(|(store, at, _)| (store, at))
    }

    /// The sessions of a name.
    #[must_use]
    pub fn session(&self, estate: &Estate, name: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| {
            *session.name == *name
                || estate.id(session.resource) == name
                || estate.address(session.resource) == name
        })
    }

    /// Remembers a policy.
    pub(crate) fn add(&mut self, policy: Policy) -> PolicyId {
        self.policies.push(policy);
        u32::try_from(self.policies.len() - 1).unwrap_or(u32::MAX)
    }

    /// A policy by its index.
    #[must_use]
    pub fn policy(&self, id: PolicyId) -> &Policy {
        &self.policies[id as usize]
    }
}

impl Model {
    /// The form of a store's ARN that an action is asked on: the one that the capability
    /// classes say, else the ARN itself. `action` is in lower case.
    #[must_use]
    pub fn form_of<'m>(&self, store: &'m Store, action: &str) -> &'m Object {
        let named = crate::tables::store_kind(&store.type_name).and_then(|(_, kind)| {
            kind.classes.values().flatten().find_map(|(form, actions)| {
                actions.iter().any(|known| known.eq_ignore_ascii_case(action)).then_some(form)
            })
        });
        named
            .and_then(|form| store.forms.iter().find(|(name, _)| name == form))
            .map_or(&store.object, |(_, object)| object)
    }

    /// The store that an ARN is something inside of, such as the bucket of an object.
    #[must_use]
    pub fn containing(&self, arn: &str) -> Option<&Store> {
        self.stores.iter().find(|store| {
            let own = &*store.object.arn;
            arn.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']))
        })
    }
}
