//! Ways by which requests come, and what is passed along: access points, VPC endpoints,
//! grants of keys, policies of sessions.

use sekisho_estate::{ReasonCode, Target, Value, Why};
use sekisho_policy::HoleKind;

use super::At;
use crate::case::Switches;
use crate::decide::{Grant, Pairs};
use crate::holes::Holes;
use crate::model::{AccessPoint, Endpoint, Session, StoreId};
use crate::s3::Through;
use crate::tables;

impl<'e> super::Work<'_, 'e> {
    /// An access point of one region.
    ///
    /// Source: CloudFormation, `AWS::S3::AccessPoint`; Amazon S3 User Guide,
    /// `access-control-block-public-access.html`: of an access point everything is blocked
    /// unless it says otherwise.
    pub(super) fn access_point(&mut self, at: At<'e>) {
        let Some(arn) = self.arn(at.target()) else {
            return self.gap(at, "its ARN has wildcards");
        };
        let (policy, view) = self.property(at, "Policy");
        let policy = (policy != Value::Absent).then(|| self.compile(at, at.name(), policy, view));
        let origin = match self.property(at, "VpcConfiguration").0 {
            Value::Absent | Value::Null => "Internet",
            _ => "VPC",
        };
        let account = self.account(at);
        let point = AccessPoint {
            resource: Some(at.id),
            name: at.name().into(),
            through: Through { arn: arn.into(), account: Some(account), policy: policy.map(Into::into) },
            switches: self.switches(at),
            origin,
        };
        let (bucket, _) = self.property(at, "Bucket");
        self.behind(at, bucket, point);
    }

    /// An access point of several regions, with its policy.
    ///
    /// Source: Amazon S3 User Guide, `MultiRegionAccessPointPermissions.html`: its ARN has its
    /// alias, which AWS makes up, and no region.
    pub(super) fn multi_region_access_point(&mut self, at: At<'e>, policies: &[At<'e>]) {
        let why = Why { code: ReasonCode::AttributeAtDeploy, subject: at.name() };
        let target = Target { attribute: "Alias", ..at.target() };
        let alias = self.model.holes.of(self.reader.estate, &HoleKind::Attribute(target), why);
        let (account, partition) = (self.account(at), self.partition);
        let arn: Box<str> = format!("arn:{partition}:s3::{account}:accesspoint/{alias}").into();
        let own = self.property(at, "Name").0;
        let mut found = None;
        for &policy in policies {
            let name = self.property(policy, "MrapName").0;
            let named = self.names.near(policy.id).identify(self.reader, name, at.type_name());
            let sure = match (named, name, own) {
                (Some(named), ..) => named == at.id,
                (None, Value::Str(name), Value::Str(own)) => name == own,
                (None, Value::Str(_), _) => false,
                // It may be the policy of this one.
                (None, ..) => {
                    let why = "of which access point a policy is is not known";
                    self.gap(policy, why);
                    found.get_or_insert((policy, Some(why)));
                    continue;
                }
            };
            if sure {
                found = Some((policy, None));
                break;
            }
        }
        let policy = found.map(|(policy, problem)| {
            let (document, view) = self.property(policy, "Policy");
            let mut compiled = self.compile(policy, policy.name(), document, view);
            for statement in &mut compiled.statements {
                statement.problem = statement.problem.take().or(problem.map(Into::into));
            }
            std::sync::Arc::new(compiled)
        });
        let switches = self.switches(at);
        let (regions, _) = self.property(at, "Regions");
        for region in self.maps(regions) {
            let Ok(region) = region else {
                self.gap(at, "a bucket behind it is not known");
                continue;
            };
            let bucket = self.member(region, "Bucket").0;
            let point = AccessPoint {
                resource: Some(at.id),
                name: at.name().into(),
                through: Through { arn: arn.clone(), account: Some(account.clone()), policy: policy.clone() },
                switches,
                origin: "Internet",
            };
            self.behind(at, bucket, point);
        }
    }

    fn behind(&mut self, at: At<'e>, bucket: Value<'e>, point: AccessPoint) {
        let id = self.names.near(at.id).identify(self.reader, bucket, "AWS::S3::Bucket");
        match id.and_then(|id| self.model.by_resource.get(&id)) {
            Some(&store) => self.model.stores[store as usize].points.push(point),
            None => self.gap(at, "the bucket behind it is not in this input"),
        }
    }

    /// Block Public Access of an access point: on, where nothing is written.
    fn switches(&self, at: At<'e>) -> Switches {
        let is = |value: Value<'e>| match value {
            Value::Bool(is) => is,
            Value::Str(text) => !text.eq_ignore_ascii_case("false"),
            Value::Unknown(_) => false,
            _ => true,
        };
        let map = match self.property(at, "PublicAccessBlockConfiguration").0 {
            Value::Map(map) => Some(map),
            _ => None,
        };
        let switch = |name: &str| map.is_none_or(|map| is(self.member(map, name).0));
        Switches {
            block_public_acls: switch("BlockPublicAcls"),
            ignore_public_acls: switch("IgnorePublicAcls"),
            block_public_policy: switch("BlockPublicPolicy"),
            restrict_public_buckets: switch("RestrictPublicBuckets"),
        }
    }

    /// A VPC endpoint of an AWS service.
    ///
    /// Source: AWS PrivateLink Guide, `vpc-endpoints-access.html`: without a policy it lets
    /// everything through.
    pub(super) fn endpoint(&mut self, at: At<'e>) {
        let kind = self.property(at, "VpcEndpointType").0;
        if let Value::Str("GatewayLoadBalancer" | "ServiceNetwork" | "Resource") = kind {
            return;
        }
        let Some(id) = self.text(at, Value::Reference(at.target())) else { return };
        let (vpc, _) = self.property(at, "VpcId");
        let vpc = self.text(at, vpc).map(Into::into);
        let (name, _) = self.property(at, "ServiceName");
        let name = self.text(at, name).unwrap_or_default();
        let (document, view) = self.property(at, "PolicyDocument");
        let policy = (document != Value::Absent).then(|| {
            let policy = self.compile(at, at.name(), document, view);
            self.model.add(policy)
        });
        self.model.endpoints.push(Endpoint {
            resource: at.id,
            name: at.name().into(),
            id: id.into(),
            vpc,
            service: tables::endpoint_service(&name).map(Into::into),
            policy,
        });
    }

    /// A grant of a key, as a saved answer or a template of Terraform tells it.
    ///
    /// Source: KMS API, `API_GrantListEntry.html`, `API_GrantConstraints.html`.
    pub(super) fn grant(&mut self, at: At<'e>) {
        let Some(store) = self.granted_key(at) else {
            return self.gap(at, "the key of the grant is not in this input");
        };
        let (grantee, _) = self.property(at, "GranteePrincipal");
        let Some(grantee) = self.text(at, grantee) else {
            return self.gap(at, "to whom the grant is is not known");
        };
        let (operations, _) = self.property(at, "Operations");
        let mut known = Vec::new();
        for operation in self.elements(operations) {
            match operation {
                Value::Str(name) => known.push(format!("kms:{}", name.to_ascii_lowercase()).into()),
                _ => self.gap(at, "an operation of the grant is not known"),
            }
        }
        let mut context = None;
        for (path, exact) in
            [("Constraints/EncryptionContextSubset", false), ("Constraints/EncryptionContextEquals", true)]
        {
            match self.property(at, path).0 {
                Value::Map(map) => {
                    let mut pairs = Pairs::new();
                    for entry in map.entries() {
                        let key = map.stack.text(entry.key).to_owned();
                        let value = self.reader.resolve(map.at(entry.value));
                        match self.text(at, value) {
                            Some(value) => pairs.push((key.into(), value.into())),
                            None => self.gap(at, format!("the encryption context {key} is not known")),
                        }
                    }
                    context = Some((pairs, exact));
                }
                Value::Absent | Value::Null => {}
                _ => self.gap(at, "the constraints of the grant are not known"),
            }
        }
        let id = match self.property(at, "GrantId").0 {
            Value::Str(id) => Some(id.into()),
            _ => None,
        };
        let grant = Grant { id, grantee: grantee.into(), operations: known, context };
        self.model.stores[store as usize].grants.push(grant);
    }

    fn granted_key(&mut self, at: At<'e>) -> Option<StoreId> {
        let (key, _) = self.property(at, "KeyId");
        let near = self.names.near(at.id);
        for type_name in ["AWS::KMS::Key", "AWS::KMS::ReplicaKey"] {
            if let Some(id) = near.identify(self.reader, key, type_name) {
                return self.model.by_resource.get(&id).copied();
            }
        }
        let text = self.text(at, key)?;
        let found = self.model.stores.iter().position(|store| {
            let arn = &*store.object.arn;
            *arn == *text || (!Holes::any_in(&text) && arn.ends_with(&format!(":key/{text}")))
        })?;
        u32::try_from(found).ok()
    }

    /// Policies that something passes to the sessions of a role that it takes.
    ///
    /// Sources: IAM Roles Anywhere User Guide, `authentication-create-session.html`; Transfer
    /// Family User Guide, `users-policies-session.html`; EKS User Guide,
    /// `pod-id-assign-target-role.html`.
    pub(super) fn session(&mut self, at: At<'e>) {
        let (role, policy, managed) = match at.type_name() {
            "AWS::RolesAnywhere::Profile" => ("RoleArns", "SessionPolicy", Some("ManagedPolicyArns")),
            "AWS::Transfer::User" => ("Role", "Policy", None),
            _ => ("RoleArn", "Policy", None),
        };
        let mut policies = Vec::new();
        let (document, view) = self.property(at, policy);
        if document != Value::Absent {
            let policy = self.compile(at, at.name(), document, view);
            policies.push(self.model.add(policy));
        }
        if let Some(managed) = managed {
            let (managed, _) = self.property(at, managed);
            for value in self.elements(managed) {
                policies.push(self.named_policy(at, value));
            }
        }
        if policies.is_empty() {
            return;
        }
        let (roles, _) = self.property(at, role);
        for value in self.elements(roles) {
            let id = self.names.near(at.id).identify(self.reader, value, "AWS::IAM::Role");
            match id.and_then(|id| self.model.principal_of.get(&id)) {
                Some(&role) => self.model.sessions.push(Session {
                    resource: at.id,
                    name: at.name().into(),
                    role,
                    policies: policies.clone(),
                }),
                None => self.gap(at, format!("{role} names a role that is not in this input")),
            }
        }
    }
}
