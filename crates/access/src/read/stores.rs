//! Stores with what encrypts them.

use sekisho_estate::Value;

use super::At;
use crate::case::{AclGrant, AclPermission, ObjectOwnership, Switches};
use crate::decide::Object;
use crate::model::{Encryption, Store};
use crate::s3::S3;
use crate::tables;

impl<'e> super::Work<'_, 'e> {
    pub(super) fn store(&mut self, at: At<'e>) {
        let Some(arn) = self.arn(at.target()) else {
            return self.gap(at, "its ARN has wildcards");
        };
        let (account, region) = (self.account(at), self.region(at));
        let tags = self.tags(at);
        let service = arn.split(':').nth(2).unwrap_or_default().to_owned();
        let own = self.object_of(arn.clone(), account.clone(), &service, &tags);
        let object = |arn: String| Object { arn: arn.into(), ..own.clone() };
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
            grants: Vec::new(),
            points: Vec::new(),
            conditional: at.resource.condition.is_some(),
        });
    }

    /// Block Public Access, ownership and the canned ACL of a bucket.
    ///
    /// Source: Amazon S3 User Guide, `access-control-block-public-access.html`,
    /// `about-object-ownership.html`, `acl-overview.html`, "Canned ACL"; new buckets block
    /// everything and have no ACLs since April 2023.
    pub(super) fn s3(&mut self, at: At<'e>) -> S3 {
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
        if ownership != ObjectOwnership::BucketOwnerEnforced && !switches.ignore_public_acls {
            self.gap(at, "its objects have access lists of their own, which may let anyone read them");
        }
        S3 { ownership, bucket_acl: acl, switches, ..S3::default() }
    }

    /// Joins stores with their keys.
    pub(super) fn encryption(&mut self, stores: &[At<'e>]) {
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

    pub(super) fn key(&mut self, at: At<'e>, value: Value<'e>, own_alias: &str, depth: u32) -> Encryption {
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
}
