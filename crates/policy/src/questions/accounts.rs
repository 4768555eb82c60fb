//! Accounts outside one's own that a document allows.

use sekisho_estate::reason::{ReasonCode, Why};
use sekisho_estate::{Value, View};

use crate::pattern::HoleKind;
use crate::principal::{account_of, is_account};
use crate::{Document, Pattern, Principal, PrincipalKind, Selection, Statement, Test, Tri};

/// Someone outside one's own account whom a statement allows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Outside<'e> {
    /// The account, where it is written: an account id, or a hole.
    pub account: Option<Pattern<'e>>,
    /// The principal, or the value of the condition, as written.
    pub value: Value<'e>,
    /// The condition key that lets them in, when the principal is everyone.
    pub key: Option<&'e str>,
    /// Whether they are outside: yes, or not known.
    pub is: Tri<'e>,
    /// Where they are written.
    pub at: Option<View<'e>>,
    /// The statement that allows.
    pub statement: &'e Statement<'e>,
}

/// Condition keys that hold an account or an ARN with one.
const ACCOUNT_KEYS: [&str; 8] = [
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:SourceAccount",
    "aws:SourceOwner",
    "aws:SourceArn",
    "kms:CallerAccount",
    "s3:DataAccessPointAccount",
    "s3:DataAccessPointArn",
];

/// Condition keys that hold an organization, whose accounts are not known.
const ORGANIZATION_KEYS: [&str; 2] = ["aws:PrincipalOrgID", "aws:PrincipalOrgPaths"];

const ORGANIZATION: Why<'static> =
    Why { code: ReasonCode::NotInInput, subject: "the list of accounts of an organization" };
const CANONICAL_USER: Why<'static> =
    Why { code: ReasonCode::NotInInput, subject: "the account of a canonical user id" };
const DELETED: Why<'static> =
    Why { code: ReasonCode::NotInInput, subject: "the account of a principal that was deleted" };
const BUCKET: Why<'static> =
    Why { code: ReasonCode::NotInInput, subject: "the account of a resource whose ARN has none" };
const OWN_ACCOUNT: Why<'static> = Why { code: ReasonCode::PseudoParameter, subject: "AWS::AccountId" };

impl<'e> Document<'e> {
    /// The principals of other accounts that statements allow, and, where a statement for
    /// everyone is limited by a condition, the accounts of the condition. Without an account
    /// of one's own, only what is written as the account of the stack is inside.
    ///
    /// Services are not listed, nor everyone without a limit: ask
    /// [`grants_anyone`](Self::grants_anyone).
    ///
    /// Source: IAM User Guide, `reference_policies_elements_principal.html`, "AWS account
    /// principals": the id and the ARN ending in `:root` mean the same.
    #[must_use]
    pub fn other_accounts(&self, own: Option<&str>) -> Vec<Outside<'e>> {
        let mut found = Vec::new();
        for statement in self.statements {
            let allows = statement.certain(statement.effect.is_allow());
            if allows == Tri::No {
                continue;
            }
            if let Selection::Only(principals) = &statement.principals {
                for principal in *principals {
                    let is = allows.and(principal_is_outside(principal, own));
                    if is != Tri::No {
                        found.push(Outside {
                            account: principal.account(),
                            value: principal.value,
                            key: None,
                            is,
                            at: principal.at,
                            statement,
                        });
                    }
                }
            }
            if statement.principals.includes_anyone() != Tri::No {
                for test in statement.tests.iter().filter(|test| test.limits(None) != Tri::No) {
                    by_condition(statement, test, allows, own, &mut found);
                }
            }
        }
        found
    }
}

/// Adds the accounts and organizations of a condition.
fn by_condition<'e>(
    statement: &'e Statement<'e>,
    test: &Test<'e>,
    allows: Tri<'e>,
    own: Option<&str>,
    found: &mut Vec<Outside<'e>>,
) {
    let Ok(key) = test.key else { return };
    let is_one_of = |keys: &[&str]| keys.iter().any(|known| known.eq_ignore_ascii_case(key));
    for element in test.values {
        let account = account_of(&element.pattern);
        let is = if is_one_of(&ACCOUNT_KEYS) {
            match account {
                // A resource of the stack, such as a bucket that notifies.
                _ if names_own_resource(&element.pattern) => Tri::No,
                Some(account) if !account.has_wildcards() => account_is_outside(&account, own),
                _ => Tri::Unknown(BUCKET),
            }
        } else if is_one_of(&ORGANIZATION_KEYS) {
            Tri::Unknown(ORGANIZATION)
        } else {
            return;
        };
        let is = allows.and(is);
        if is != Tri::No {
            found.push(Outside {
                account,
                value: element.value,
                key: Some(key),
                is,
                at: element.at,
                statement,
            });
        }
    }
}

fn principal_is_outside<'e>(principal: &Principal<'e>, own: Option<&str>) -> Tri<'e> {
    let pattern = match principal.kind {
        PrincipalKind::Anyone | PrincipalKind::Service(_) => return Tri::No,
        PrincipalKind::Unknown(why) => return Tri::Unknown(why),
        PrincipalKind::CanonicalUser(pattern) => {
            // That of an identity in the stack, such as the origin access of a distribution.
            return match names_own_resource(&pattern) {
                true => Tri::No,
                false => Tri::Unknown(pattern.unknown().unwrap_or(CANONICAL_USER)),
            };
        }
        PrincipalKind::Aws(pattern) | PrincipalKind::Federated(pattern) => pattern,
    };
    if let Some(account) = account_of(&pattern) {
        return account_is_outside(&account, own);
    }
    if names_own_resource(&pattern) {
        return Tri::No;
    }
    match principal.kind {
        // A provider by its name has no account.
        PrincipalKind::Federated(_) if pattern.holes.is_empty() => Tri::No,
        // "The principal ID appears in resource-based policies because AWS can no longer map
        // it back to a valid ARN."
        _ => Tri::Unknown(pattern.unknown().unwrap_or(DELETED)),
    }
}

/// Whether a text names a resource of the input, by what AWS gives it.
fn names_own_resource(pattern: &Pattern<'_>) -> bool {
    let own =
        |kind: &HoleKind<'_>| matches!(kind, HoleKind::Name(_) | HoleKind::Id(_) | HoleKind::Attribute(_));
    pattern.holes.iter().any(|hole| own(&hole.kind))
}

fn account_is_outside<'e>(account: &Pattern<'e>, own: Option<&str>) -> Tri<'e> {
    if let Some(hole) = account.single_hole() {
        return if hole.kind.is_account() { Tri::No } else { Tri::Unknown(hole.why) };
    }
    match (account.known(), own) {
        (Some(account), Some(own)) => (account != own).into(),
        // The `aws` account of AWS's own managed policies and the like.
        (Some(account), None) if !is_account(&account) => Tri::Yes,
        (Some(_), None) => Tri::Unknown(OWN_ACCOUNT),
        (None, _) => Tri::Unknown(account.unknown().unwrap_or(OWN_ACCOUNT)),
    }
}
