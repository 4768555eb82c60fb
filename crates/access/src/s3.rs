//! What S3 adds to policies: access control lists, Block Public Access, access points.
//!
//! Sources: Amazon S3 User Guide, `acl-overview.html`, `about-object-ownership.html`,
//! `access-control-block-public-access.html`, `access-points-policies.html`.

use std::sync::Arc;

use crate::case::{AclGrant, AclPermission, BlockPublicAccess, ObjectOwnership, Switches};
use crate::condition::{Compare, Set, Test, Wanted};
use crate::decide::Request;
use crate::formula::Formula;
use crate::policy::{Effect, Named, Policy, Select, Statement};
use crate::subject::{Reach, SubjectKind};

/// What S3 adds to the policies of a bucket.
#[derive(Clone, Debug, Default)]
pub struct S3 {
    /// Whether ACLs count.
    pub ownership: ObjectOwnership,
    /// The bucket's ACL.
    pub bucket_acl: Vec<AclGrant>,
    /// The object's ACL.
    pub object_acl: Vec<AclGrant>,
    /// Account that owns the object.
    pub object_owner: Option<Box<str>>,
    /// Block Public Access, the strictest of all levels.
    pub switches: Switches,
    /// The access point that the request goes through.
    pub through: Option<Through>,
}

/// An access point.
#[derive(Clone, Debug)]
pub struct Through {
    /// What the request names: the access point or `…/object/KEY`.
    pub arn: Box<str>,
    /// Its account.
    pub account: Option<Box<str>>,
    /// Its policy.
    pub policy: Option<Arc<Policy>>,
}

impl BlockPublicAccess {
    /// The strictest of all levels.
    #[must_use]
    pub fn strictest(&self) -> Switches {
        [self.organization, self.account, self.bucket, self.access_point].into_iter().fold(
            Switches::default(),
            |a, b| Switches {
                block_public_acls: a.block_public_acls || b.block_public_acls,
                ignore_public_acls: a.ignore_public_acls || b.ignore_public_acls,
                block_public_policy: a.block_public_policy || b.block_public_policy,
                restrict_public_buckets: a.restrict_public_buckets || b.restrict_public_buckets,
            },
        )
    }
}

/// The permission of an ACL that an action needs, and whether of the object's ACL.
///
/// Source: `acl-overview.html`, "Mapping of ACL permissions and access policy permissions".
fn needs(action: &str) -> Option<(AclPermission, bool)> {
    Some(match action {
        "s3:listbucket" | "s3:listbucketversions" | "s3:listbucketmultipartuploads" => {
            (AclPermission::Read, false)
        }
        "s3:putobject" => (AclPermission::Write, false),
        "s3:getbucketacl" => (AclPermission::ReadAcp, false),
        "s3:putbucketacl" => (AclPermission::WriteAcp, false),
        "s3:getobject" | "s3:getobjectversion" => (AclPermission::Read, true),
        "s3:getobjectacl" | "s3:getobjectversionacl" => (AclPermission::ReadAcp, true),
        "s3:putobjectacl" | "s3:putobjectversionacl" => (AclPermission::WriteAcp, true),
        _ => return None,
    })
}

impl S3 {
    /// Whether ACLs count.
    #[must_use]
    pub fn has_acls(&self) -> bool {
        self.ownership != ObjectOwnership::BucketOwnerEnforced
    }

    /// The account that decides on an action, in lower case, on an object in place of the
    /// bucket's: the one that owns the object, where ACLs count.
    ///
    /// Source: Amazon S3 User Guide, "How Amazon S3 authorizes a request for an object
    /// operation" (`access-control-auth-workflow-object-operation.html`).
    pub(crate) fn object_owner(&self, action: &str) -> Option<&str> {
        self.object_owner.as_deref().filter(|_| self.has_acls() && matches!(needs(action), Some((_, true))))
    }

    /// How far the bucket reaches to the principal: its policy, and ACLs where they count.
    pub(crate) fn reach(&self, request: &Request<'_>, policy: Reach, _: Option<&Policy>) -> Reach {
        if !self.has_acls() {
            return policy;
        }
        let needed = needs(request.action);
        let foreign = self
            .object_owner
            .as_deref()
            .is_some_and(|owner| request.object.account.as_deref() != Some(owner));
        // A bucket policy gives nothing on an object that another account owns.
        let mut reach = match needed {
            Some((_, true)) if foreign => Reach::NONE,
            _ => policy,
        };
        let Some((permission, of_object)) = needed else { return reach };
        let acl = if of_object { &self.object_acl } else { &self.bucket_acl };
        let of_account = request.subject.is_of_account();
        // Source: `access-points-policies.html`, which speaks of policies alone.
        let counts = match &self.through {
            Some(_) => Formula::ambiguous("whether an ACL counts for a request through an access point"),
            None => Formula::True,
        };
        for grant in acl {
            if grant.permission != permission && grant.permission != AclPermission::FullControl {
                continue;
            }
            let public = !self.switches.ignore_public_acls;
            match grant.grantee.rsplit('/').next().unwrap_or_default() {
                "AllUsers" => reach.direct = reach.direct.or(counts.clone().and(public.into())),
                "AuthenticatedUsers" => {
                    reach.direct = reach.direct.or(counts.clone().and((public && of_account).into()));
                }
                "LogDelivery" => {
                    let is = request.subject.kind == SubjectKind::Service
                        && &*request.subject.arn == "logging.s3.amazonaws.com";
                    reach.direct = reach.direct.or(is.into());
                }
                id => {
                    let is = of_account && request.subject.canonical.as_deref() == Some(id);
                    reach.account = reach.account.or(counts.clone().and(is.into()));
                }
            }
        }
        reach
    }

    /// Whether ACLs let in every principal of an account of a model for an action: for
    /// certain, or perhaps, where an account is named by its canonical id.
    pub(crate) fn admits_everyone(&self, action: &str) -> crate::sets::Word {
        use crate::sets::Word;
        let Some((permission, of_object)) = needs(action).filter(|_| self.has_acls()) else {
            return Word::NONE;
        };
        let acl = if of_object { &self.object_acl } else { &self.bucket_acl };
        let mut admits = Word::NONE;
        for grant in acl {
            if grant.permission != permission && grant.permission != AclPermission::FullControl {
                continue;
            }
            match grant.grantee.rsplit('/').next().unwrap_or_default() {
                "AllUsers" | "AuthenticatedUsers" if self.switches.ignore_public_acls => {}
                "AllUsers" | "AuthenticatedUsers" => admits |= Word::ALL,
                "LogDelivery" => {}
                _ => admits |= Word::OPEN,
            }
        }
        admits
    }

    /// Whether `RestrictPublicBuckets` cuts the request off: a public policy reaches only
    /// the bucket's own account and services.
    pub(crate) fn blocked(
        &self,
        request: &Request<'_>,
        policy: Option<&Policy>,
        same_account: &Formula,
    ) -> Formula {
        if !self.switches.restrict_public_buckets || request.subject.kind == SubjectKind::Service {
            return Formula::False;
        }
        let through = self.through.as_ref().and_then(|through| through.policy.as_deref());
        let public = Formula::any([policy, through].into_iter().flatten().map(public));
        public.and(same_account.clone().negate())
    }
}

/// Whether S3 counts a policy as public: a statement allows everyone without a condition
/// that names fixed values.
///
/// The page names the keys whose fixed values count. Whether those that name the principal
/// itself count as its "fixed AWS principal, user, or role" it does not say.
/// Source: Amazon S3 User Guide, `access-control-block-public-access.html`, "The meaning of
/// public".
#[must_use]
pub fn public(policy: &Policy) -> Formula {
    Formula::any(policy.statements.iter().map(|statement| {
        if statement.effect != Effect::Allow || !has_anyone(statement) {
            return Formula::False;
        }
        let fixing = || statement.tests.iter().filter(|test| fixes(test));
        if fixing().any(|test| !UNSETTLED.contains(&&*test.key) && !test.values.iter().any(starred)) {
            Formula::False
        } else if fixing().next().is_some() {
            Formula::ambiguous(
                "whether a condition on the principal itself, or on a text with an asterisk, makes a bucket policy not public",
            )
        } else {
            Formula::True
        }
    }))
}

/// Whether a text that stands for itself has a letter that would be a wildcard elsewhere: the
/// page says "values that don't contain a wildcard", and not under which operator.
fn starred(wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Text(glob) => glob.as_literal().is_some_and(|text| text.contains(['*', '?'])),
        _ => false,
    }
}

fn has_anyone(statement: &Statement) -> bool {
    match &statement.principals {
        Select::Only(of) => of.iter().any(|named| matches!(named, Named::Anyone)),
        Select::AllBut(_) => true,
        Select::Absent | Select::Unknown(_) => false,
    }
}

/// Keys whose fixed values make a policy not public.
const FIXING: [&str; 13] = [
    "aws:principalorgid",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
];

/// Those of them that the page does not name.
const UNSETTLED: [&str; 2] = ["aws:principalarn", "aws:principalaccount"];

/// Whether a test admits only fixed values.
pub(crate) fn fixes(test: &Test) -> bool {
    FIXING.contains(&&*test.key)
        && !test.negated
        && !test.if_exists
        && test.set != Some(Set::All)
        && test.compare != Compare::Null
        && !test.values.is_empty()
        && test.values.iter().all(|wanted| match wanted {
            Wanted::Text(glob) => !glob.has_wildcards() && glob.variables().is_empty(),
            Wanted::Arn(fields) => {
                let fixed = |index: usize| {
                    fields.get(index).is_some_and(|glob| !glob.has_wildcards() && glob.variables().is_empty())
                };
                // Of an access point, the account is enough.
                if &*test.key == "s3:dataaccesspointarn" { fixed(4) } else { (0..fields.len()).all(fixed) }
            }
            // Source: the page of this module, "The meaning of public".
            Wanted::Ip(range) => range.prefix_len() >= if range.addr().is_ipv4() { 8 } else { 32 },
            Wanted::Number(_) | Wanted::Date(_) | Wanted::Bool(_) => false,
            Wanted::Nothing(_) => true,
        })
}
