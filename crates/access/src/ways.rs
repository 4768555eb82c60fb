//! By which way a request comes: a VPC endpoint, an access point.
//!
//! A request that names no endpoint may come by any way or by none, so an endpoint's policy
//! limits nobody by itself. Where an answer holds only for requests that come by an endpoint
//! or from a VPC whose endpoints are in the input, what their policies let through becomes a
//! part of it. Cost: a decision on each endpoint that a condition names.

use std::sync::Arc;

use crate::answer::through_arn;
use crate::ask::{Ask, Asker, Side, verdict};
use crate::case::Values;
use crate::condition::{Compare, Wanted};
use crate::context::Keys;
use crate::decide::{Object, Outcome};
use crate::formula::{Atom, Formula};
use crate::model::{AccessPoint, Endpoint, Store};
use crate::s3::S3;

impl AccessPoint {
    /// Whether an action, in lower case, can go through an access point.
    ///
    /// Source: Service Authorization Reference of S3: the actions that name an access point
    /// among their resources.
    #[must_use]
    pub fn takes(action: &str) -> bool {
        sekisho_facts::iam::action(action).is_some_and(|(service, action)| {
            service.prefix == "s3"
                && action.on.iter().any(|on| {
                    service.type_at(on.kind).is_some_and(|kind| kind.name.starts_with("accesspoint"))
                })
        })
    }

    /// A request on the bucket or an object of it as one that goes through this point.
    ///
    /// Source: Amazon S3 User Guide, `access-points-policies.html`, "Condition keys", and
    /// `access-control-block-public-access.html`: the strictest of all levels counts.
    pub(crate) fn way(&self, store: &Store, object: &Object) -> (Object, S3) {
        let mut object = object.clone();
        let arn = through_arn(&self.through.arn, &object.arn);
        let mut key = |name: &str, value: &str| {
            object.keys.push((name.into(), Values::One(value.to_owned())));
        };
        key("s3:dataaccesspointarn", &self.through.arn);
        if let Some(account) = &self.through.account {
            key("s3:dataaccesspointaccount", account);
        }
        key("s3:accesspointnetworkorigin", self.origin);
        let mut s3 = store.s3.clone().unwrap_or_default();
        s3.switches.ignore_public_acls |= self.switches.ignore_public_acls;
        s3.switches.restrict_public_buckets |= self.switches.restrict_public_buckets;
        let mut through = self.through.clone();
        through.arn = arn.into();
        s3.through = Some(through);
        (object, s3)
    }
}

impl Endpoint {
    /// Whether requests for an action, in lower case, come by it; none: that is not known.
    #[must_use]
    pub fn takes(&self, action: &str) -> Option<bool> {
        let service = self.service.as_deref()?;
        Some(action.strip_prefix(service).is_some_and(|rest| rest.starts_with(':')))
    }
}

impl Outcome {
    /// The answer when there is another way as well.
    pub(crate) fn or(self, other: Self) -> Self {
        let formula = self.formula.or(other.formula);
        let verdict = verdict(&formula);
        let denied_by = self.denied_by.filter(|_| formula == Formula::False);
        Self { verdict, denied_by, formula }
    }
}

impl Ask<'_> {
    /// An answer with what the policies of VPC endpoints let through, where it holds for
    /// requests that come by them.
    ///
    /// Source: AWS PrivateLink Guide, `vpc-endpoints-access.html`: the policy of an endpoint
    /// is looked at beside those of identities and resources, and replaces neither.
    pub(crate) fn within_endpoints(
        &self,
        outcome: Outcome,
        asker: &Asker<'_>,
        action: &str,
        object: &Object,
        side: Side<'_>,
        more: &Keys,
    ) -> Outcome {
        let endpoints = &self.model().endpoints;
        if endpoints.is_empty() || outcome.formula.is_constant() {
            return outcome;
        }
        let mut named: Vec<&Arc<Atom>> = Vec::new();
        outcome.formula.each_atom(&mut |atom| {
            if by_network(atom).is_some() && !named.contains(&atom) {
                named.push(atom);
            }
        });
        let mut formula = outcome.formula.clone();
        for atom in named {
            let Some((of_vpc, text)) = by_network(atom) else { continue };
            let mut through = Vec::new();
            for endpoint in endpoints {
                let own = if of_vpc { endpoint.vpc.as_deref() } else { Some(&*endpoint.id) };
                if own != Some(text) {
                    continue;
                }
                match endpoint.takes(action) {
                    Some(true) => {
                        through.push(self.lets_through(endpoint, asker, action, object, side, more));
                    }
                    // By this one it does not come; of a VPC another may take it.
                    Some(false) if of_vpc => {}
                    Some(false) => through.push(Formula::False),
                    None => through.push(Formula::unknown(format!("what goes by {}", endpoint.name))),
                }
            }
            if !through.is_empty() {
                let by = Formula::Atom(atom.clone());
                formula = formula.and(by.negate().or(Formula::any(through)));
            }
        }
        Outcome { verdict: verdict(&formula), formula, ..outcome }
    }

    /// When the policy of an endpoint lets a request through.
    fn lets_through(
        &self,
        endpoint: &Endpoint,
        asker: &Asker<'_>,
        action: &str,
        object: &Object,
        side: Side<'_>,
        more: &Keys,
    ) -> Formula {
        let Some(policy) = endpoint.policy else { return Formula::True };
        let policy = self.model().policy(policy);
        let mut more = more.clone();
        more.push(("aws:sourcevpce".into(), Values::One(endpoint.id.to_string())));
        if let Some(vpc) = &endpoint.vpc {
            more.push(("aws:sourcevpc".into(), Values::One(vpc.to_string())));
        }
        self.request(asker, action, object, side, &more, |request| {
            let (reach, denied) = request.resource_says(policy, request.seen(), &request.context);
            reach.any().and(denied.negate())
        })
    }
}

/// Whether an atom asks for one VPC (true) or one endpoint (false), and for which.
fn by_network(atom: &Atom) -> Option<(bool, &str)> {
    let Atom::Test(test) = atom else { return None };
    let of_vpc = match &*test.0.key {
        "aws:sourcevpce" => false,
        "aws:sourcevpc" => true,
        _ => return None,
    };
    match (&*test.0.values, test.0.compare, test.0.negated) {
        ([Wanted::Text(glob)], Compare::Text { .. }, false) => Some((of_vpc, glob.as_literal()?)),
        _ => None,
    }
}
