//! Who a statement is about.

use sekisho_estate::{ReasonCode, Value, View, Why};

use crate::{Pattern, Tri};

/// One principal of a statement.
///
/// Source: IAM User Guide, `reference_policies_elements_principal.html`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Principal<'e> {
    /// Who it is.
    pub kind: PrincipalKind<'e>,
    /// As written.
    pub value: Value<'e>,
    /// Where it stands.
    pub at: Option<View<'e>>,
}

/// Who a principal is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum PrincipalKind<'e> {
    /// Everyone, also without credentials: `"*"` or `{"AWS": "*"}`. Source: the page of
    /// [`Principal`], "All principals".
    Anyone,
    /// An account (its id, or its ARN ending in `:root`), user, role or session.
    Aws(Pattern<'e>),
    /// A service, such as `cloudtrail.amazonaws.com`.
    Service(Pattern<'e>),
    /// An identity provider.
    Federated(Pattern<'e>),
    /// An account by its canonical user id (S3).
    CanonicalUser(Pattern<'e>),
    /// Not understood.
    Unknown(Why<'e>),
}

/// Identity providers that are shared by everyone who signs up with them. Source: IAM User
/// Guide, `reference_policies_elements_principal.html`, "Web identity session principals";
/// that the bare principal is public: Amazon S3 User Guide,
/// `access-control-block-public-access.html`, "Example: Public bucket policies".
const SHARED_PROVIDERS: [&str; 4] =
    ["cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com"];

impl<'e> Principal<'e> {
    /// Whether this principal is everyone.
    #[must_use]
    pub fn is_anyone(&self) -> Tri<'e> {
        match self.kind {
            PrincipalKind::Anyone => Tri::Yes,
            PrincipalKind::Unknown(why) => Tri::Unknown(why),
            // A parameter may be given as `*`.
            PrincipalKind::Aws(pattern) => match pattern.single_hole() {
                Some(_) => pattern.matches("*"),
                None => Tri::No,
            },
            PrincipalKind::Service(_) | PrincipalKind::Federated(_) | PrincipalKind::CanonicalUser(_) => {
                Tri::No
            }
        }
    }

    /// The name of a provider with which everyone can have an identity, if the principal
    /// is all of its identities.
    #[must_use]
    pub fn shared_provider(&self) -> Option<&'static str> {
        match self.kind {
            PrincipalKind::Federated(pattern) => {
                let name = pattern.known()?;
                SHARED_PROVIDERS.into_iter().find(|shared| *shared == name)
            }
            _ => None,
        }
    }

    /// The account that an AWS principal or an identity provider belongs to, as a pattern
    /// that may be a hole; none when it is not written.
    #[must_use]
    pub fn account(&self) -> Option<Pattern<'e>> {
        match self.kind {
            PrincipalKind::Aws(pattern) | PrincipalKind::Federated(pattern) => account_of(&pattern),
            _ => None,
        }
    }

    /// Why the principal is not known, when a part of it is not.
    #[must_use]
    pub fn unknown(&self) -> Option<Why<'e>> {
        match self.kind {
            PrincipalKind::Anyone => None,
            PrincipalKind::Unknown(why) => Some(why),
            PrincipalKind::Aws(pattern)
            | PrincipalKind::Service(pattern)
            | PrincipalKind::Federated(pattern)
            | PrincipalKind::CanonicalUser(pattern) => pattern.unknown(),
        }
    }

    /// The principal of a type of the principal map.
    pub(crate) fn new(kind: &str, pattern: Pattern<'e>, value: Value<'e>, at: Option<View<'e>>) -> Self {
        let unknown =
            |subject| PrincipalKind::Unknown(Why { code: ReasonCode::PolicyNotUnderstood, subject });
        let known = pattern.known();
        let wildcard = pattern.units.contains(&crate::pattern::Unit::Char('*'));
        let kind = match kind {
            "AWS" if known.as_deref() == Some("*") => PrincipalKind::Anyone,
            // "You cannot use a wildcard to match part of a principal name or ARN."
            "AWS" if wildcard => unknown("a wildcard inside a principal"),
            "AWS" => PrincipalKind::Aws(pattern),
            "Service" => PrincipalKind::Service(pattern),
            "Federated" => PrincipalKind::Federated(pattern),
            "CanonicalUser" => PrincipalKind::CanonicalUser(pattern),
            _ => unknown("a kind of principal"),
        };
        Self { kind, value, at }
    }
}

/// The account of an account id or of an ARN.
pub(crate) fn account_of<'e>(pattern: &Pattern<'e>) -> Option<Pattern<'e>> {
    if pattern.known().is_some_and(|text| is_account(&text))
        || pattern.single_hole().is_some_and(|hole| hole.kind.is_account())
    {
        return Some(*pattern);
    }
    pattern.arn().map(|arn| arn.account).filter(|account| !account.units.is_empty())
}

/// Whether a text is an account id: twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}
