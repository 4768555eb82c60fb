//! Which conditions limit who can use a statement.
//!
//! The base is AWS's own definition: Amazon S3 User Guide,
//! `access-control-block-public-access.html`, "The meaning of public": a policy is not public
//! when it grants access only to fixed values ("values that don't contain a wildcard or an
//! IAM policy variable") of certain keys. Amazon EFS has the same list with a key of its own
//! (`access-control-block-public-access.html` of its guide). Keys that came later
//! (`aws:SourceOrgID`, `aws:VpceAccount`, …) are those of the same kinds in IAM User Guide,
//! `reference_policies_condition-keys.html`.
//!
//! In three places this module answers "who", where S3 looks at the spelling only:
//! - an ARN with a wildcard behind a fixed account (`arn:aws:iam::111122223333:role/*`), an
//!   organization path with a wildcard behind a fixed organization (`o-a1b2c3d4e5/*`) and a
//!   role id with any session (`AROA…:*`) are not anyone, though S3 calls the policy public;
//! - a policy variable that stands for the owner of the resource (`${aws:ResourceOrgID}`)
//!   is a fixed value;
//! - a name of a bucket is fixed whatever the account in its ARN, since it is unique.

use crate::evaluate::{boolean, network};
use crate::pattern::{HoleKind, Pattern, Unit};
use crate::{Comparison, Element, Operator, SetOperator, Test, Tri};

/// How a value of a key limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Limit {
    /// A fixed value.
    Fixed,
    /// A path in a fixed organization.
    Path,
    /// An ARN in a fixed account.
    Arn,
    /// An id of a principal, perhaps with a session.
    Id,
    /// A range of addresses: "values broader than /8 for IPv4 and /32 for IPv6" do not limit.
    Range,
    /// True.
    True,
}

/// The keys that limit who can use a statement, in lower case.
const KEYS: &[(&str, Limit)] = &[
    // Who asks.
    ("aws:principalorgid", Limit::Fixed),
    ("aws:principalorgpaths", Limit::Path),
    ("aws:principalaccount", Limit::Fixed),
    ("aws:principalarn", Limit::Arn),
    ("aws:userid", Limit::Id),
    ("aws:principalisawsservice", Limit::True),
    ("aws:principalservicename", Limit::Fixed),
    ("aws:principalservicenameslist", Limit::Fixed),
    ("kms:calleraccount", Limit::Fixed),
    // For whom a service asks.
    ("aws:sourcearn", Limit::Arn),
    ("aws:sourceaccount", Limit::Fixed),
    ("aws:sourceowner", Limit::Fixed),
    ("aws:sourceorgid", Limit::Fixed),
    ("aws:sourceorgpaths", Limit::Path),
    // From where.
    ("aws:sourceip", Limit::Range),
    ("aws:sourcevpc", Limit::Fixed),
    ("aws:sourcevpcarn", Limit::Arn),
    ("aws:sourcevpce", Limit::Fixed),
    ("aws:vpceaccount", Limit::Fixed),
    ("aws:vpceorgid", Limit::Fixed),
    ("aws:vpceorgpaths", Limit::Path),
    ("elasticfilesystem:accessedviamounttarget", Limit::True),
    // Through what.
    ("s3:dataaccesspointarn", Limit::Arn),
    ("s3:dataaccesspointaccount", Limit::Fixed),
    ("s3:x-amz-server-side-encryption-aws-kms-key-id", Limit::Arn),
];

/// What of an identity of a shared provider limits it to one application or person.
const PROVIDER_KEYS: [&str; 6] = ["aud", "sub", "app_id", "user_id", "oaud", "azp"];

/// Policy variables that are fixed, because they are of the resource and not of the request.
const OWN_VARIABLES: [&str; 2] = ["aws:ResourceAccount", "aws:ResourceOrgID"];

fn limit_of(key: &str, provider: Option<&str>) -> Option<Limit> {
    if let Some(provider) = provider
        && let Some((of, name)) = key.rsplit_once(':')
        && of.eq_ignore_ascii_case(provider)
    {
        return PROVIDER_KEYS.contains(&name).then_some(Limit::Fixed);
    }
    KEYS.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, limit)| *limit)
}

impl<'e> Test<'e> {
    /// Whether who passes the test is one of a chosen few; in a statement for all the
    /// identities of a shared provider, keys of the provider count too.
    pub(crate) fn limits(&self, provider: Option<&str>) -> Tri<'e> {
        let (operator, limit) = match self.limit(provider) {
            Ok(Some(known)) => known,
            Ok(None) => return Tri::No,
            Err(unknown) => return unknown,
        };
        // An absent key passes negated operators, IfExists and ForAllValues: everyone can be
        // without it. "Do not use ForAllValues with an Allow effect because it can be overly
        // permissive."
        if operator.negated || operator.if_exists || operator.set == Some(SetOperator::ForAllValues) {
            return Tri::No;
        }
        self.values_limit(operator.comparison, limit)
    }

    /// Whether who fails the test is one of a chosen few: a refusal with this test spares
    /// only them.
    pub(crate) fn spares_few(&self) -> Tri<'e> {
        let (operator, limit) = match self.limit(None) {
            Ok(Some(known)) => known,
            Ok(None) => return Tri::No,
            Err(unknown) => return unknown,
        };
        if operator.set == Some(SetOperator::ForAnyValue) {
            return Tri::No;
        }
        if limit == Limit::True && operator.comparison == Comparison::Bool {
            // Without IfExists the test fails, too, where the key is absent: for anonymous requests.
            let refuses = |element: &Element<'e>| match element.pattern.known() {
                Some(text) => (boolean(&text) == Some(false)).into(),
                None => unknown_value(element),
            };
            return Tri::from(operator.if_exists && !self.values.is_empty())
                .and(Tri::all(self.values.iter().map(refuses)));
        }
        if operator.negated { self.values_limit(operator.comparison, limit) } else { Tri::No }
    }

    /// The operator and how the key limits; none when the key does not.
    fn limit(&self, provider: Option<&str>) -> Result<Option<(Operator, Limit)>, Tri<'e>> {
        let operator = self.operator.map_err(Tri::Unknown)?;
        let key = self.key.map_err(Tri::Unknown)?;
        Ok(limit_of(key, provider).map(|limit| (operator, limit)))
    }

    fn values_limit(&self, comparison: Comparison, limit: Limit) -> Tri<'e> {
        Tri::from(!self.values.is_empty())
            .and(Tri::all(self.values.iter().map(|element| value_limits(element, comparison, limit))))
    }
}

/// Whether a value leaves only a chosen few.
fn value_limits<'e>(element: &Element<'e>, comparison: Comparison, limit: Limit) -> Tri<'e> {
    let pattern = &element.pattern;
    // Where `*` is no wildcard, a parameter given as `*` is none either.
    let wild = match comparison {
        Comparison::String | Comparison::StringIgnoreCase => false,
        Comparison::StringLike | Comparison::Arn => true,
        Comparison::Ip if limit == Limit::Range => return range_limits(element),
        Comparison::Bool if limit == Limit::True => {
            return match pattern.known() {
                Some(text) => (boolean(&text) == Some(true)).into(),
                None => unknown_value(element),
            };
        }
        _ => return Tri::No,
    };
    if limit == Limit::True {
        return pattern.matches("true").and(pattern.matches("false").negate());
    }
    let whole = is_fixed(pattern, wild);
    if whole == Tri::Yes {
        return Tri::Yes;
    }
    let before = |mark: char| {
        let at = pattern.units.iter().position(|unit| *unit == Unit::Char(mark))?;
        Some(pattern.part(&pattern.units[..at]))
    };
    match limit {
        Limit::Path => before('/').map_or(whole, |organization| is_fixed(&organization, wild)),
        Limit::Id => before(':').map_or(whole, |id| is_fixed(&id, wild)),
        Limit::Arn => pattern.arn().map_or(whole, |arn| {
            let account = Tri::from(!arn.account.units.is_empty()).and(is_fixed(&arn.account, wild));
            let bucket = Tri::from(arn.service.known().as_deref() == Some("s3"));
            account.or(bucket.and(is_fixed(&arn.resource, wild)))
        }),
        Limit::Fixed | Limit::Range | Limit::True => whole,
    }
}

/// Whether a text is the same for every request.
fn is_fixed<'e>(pattern: &Pattern<'e>, wild: bool) -> Tri<'e> {
    Tri::all(pattern.units.iter().map(|unit| match unit {
        Unit::Char(_) => Tri::Yes,
        Unit::Star | Unit::One => Tri::No,
        Unit::Hole(index) => {
            let hole = pattern.hole(*index);
            match hole.kind {
                HoleKind::Request(name) => {
                    OWN_VARIABLES.iter().any(|own| own.eq_ignore_ascii_case(name)).into()
                }
                _ if hole.is_fixed() => Tri::Yes,
                HoleKind::Variable(..) | HoleKind::Secret(_) if !wild => Tri::Yes,
                _ => Tri::Unknown(hole.why),
            }
        }
    }))
}

fn range_limits<'e>(element: &Element<'e>) -> Tri<'e> {
    match element.pattern.known().as_deref().map(network) {
        Some(Some(ipnet::IpNet::V4(range))) => (range.prefix_len() >= 8).into(),
        Some(Some(ipnet::IpNet::V6(range))) => (range.prefix_len() >= 32).into(),
        _ => unknown_value(element),
    }
}

fn unknown_value<'e>(element: &Element<'e>) -> Tri<'e> {
    Tri::Unknown(element.pattern.unknown().unwrap_or(crate::evaluate::NOT_COMPARABLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_distinct_and_in_lower_case() {
        for (index, (key, _)) in KEYS.iter().enumerate() {
            assert_eq!(*key, key.to_ascii_lowercase());
            assert!(KEYS[..index].iter().all(|(other, _)| other != key), "{key}");
        }
    }

    #[test]
    fn keys_of_a_provider_count_only_for_it() {
        let facebook = Some("graph.facebook.com");
        assert_eq!(limit_of("graph.facebook.com:app_id", facebook), Some(Limit::Fixed));
        assert_eq!(limit_of("graph.facebook.com:app_id", None), None);
        assert_eq!(
            limit_of("cognito-identity.amazonaws.com:amr", Some("cognito-identity.amazonaws.com")),
            None
        );
        assert_eq!(limit_of("AWS:SourceOwner", None), Some(Limit::Fixed));
    }
}
