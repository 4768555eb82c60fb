//! When all that a path needs is allowed.

use super::Search;
use super::paths::{Compiled, On};
use crate::ask::{Ask, Asker};
use crate::decide::Object;
use crate::formula::Formula;
use crate::model::{PrincipalId, Workload};
use crate::subject::SubjectKind;

impl Search<'_> {
    /// When somebody whose identity policies allow everything may do everything: it has no
    /// boundary, or one that allows everything, or `asker` may take the boundary away.
    ///
    /// Source: IAM User Guide, `access_policies_boundaries.html`: what a boundary does not
    /// allow, no identity policy gives.
    pub(super) fn unbounded(&self, asker: &Asker<'_>, of: PrincipalId) -> Formula {
        let principal = &self.model.principals[of as usize];
        if principal.boundary.is_none() {
            return Formula::True;
        }
        let kind = if principal.subject.kind == SubjectKind::User { "user" } else { "role" };
        let takes = |action: &str| {
            self.decide(asker, &format!("iam:{action}{kind}permissionsboundary"), &principal.object)
        };
        self.everything(&self.ask.asker(of).with_everything()).or(takes("delete")).or(takes("put"))
    }

    /// When somebody is allowed every action on everything.
    pub(super) fn everything(&self, asker: &Asker<'_>) -> Formula {
        self.ask.administers(asker)
    }

    fn decide(&self, asker: &Asker<'_>, action: &str, object: &Object) -> Formula {
        self.ask.may(asker, action, object)
    }

    /// Whether a role trusts a service.
    pub(super) fn trusts(&self, role: PrincipalId, service: &str) -> bool {
        let role = &self.model.principals[role as usize];
        let subject = crate::subject::Subject::new(SubjectKind::Service, service);
        self.ask.assume(&Asker::outside(&subject), "sts:assumerole", role).formula != Formula::False
    }

    /// When an action is allowed on a managed policy of somebody.
    fn managed(&self, of: &crate::model::Principal, allowed: &dyn Fn(&Object) -> Formula) -> Formula {
        Formula::any(of.identity.iter().filter_map(|policy| {
            let arn = self.model.policy_arns.get(policy)?;
            Some(allowed(&Object { arn: arn.clone(), ..self.any.clone() }))
        }))
    }

    /// When all actions of a path are allowed.
    pub(super) fn needs(
        &self,
        asker: &Asker<'_>,
        id: PrincipalId,
        target: Option<PrincipalId>,
        compiled: &Compiled,
        workload: Option<&Workload>,
    ) -> Formula {
        let own = &self.model.principals[id as usize];
        let mut all = Formula::True;
        for (action, need) in &compiled.needs {
            let keyed = (!need.with.is_empty()).then(|| {
                let partition = own.object.arn.split(':').nth(1).unwrap_or("aws");
                let with = need.with.iter();
                let keys: Vec<(String, String)> =
                    with.map(|(key, value)| (key.clone(), value.replace("{partition}", partition))).collect();
                Ask::with(self.model, &keys)
            });
            let ask = keyed.as_ref().unwrap_or(&self.ask);
            let on_object = |object: &Object| ask.may(asker, action, object);
            let formula = match need.on {
                On::Any => on_object(&self.any),
                On::Own => on_object(&own.object),
                On::Target => match target.map(|target| &self.model.principals[target as usize]) {
                    Some(target) if action == "sts:assumerole" => {
                        // Its trust policy is what the path changes.
                        on_object(&Object { arn: target.object.arn.clone(), ..self.any.clone() })
                    }
                    Some(target) => on_object(&target.object),
                    None => Formula::False,
                },
                On::OwnPolicy => self.managed(own, &on_object),
                On::TargetPolicy => target.map_or(Formula::False, |target| {
                    self.managed(&self.model.principals[target as usize], &on_object)
                }),
                On::TrustingTarget => target.map_or(Formula::False, |target| {
                    self.ask.assume(asker, action, &self.model.principals[target as usize]).formula
                }),
                On::AdministrativeGroup => {
                    let account = &own.subject.account;
                    Formula::any((0..).zip(&self.model.groups).filter_map(|(group, of)| {
                        if own.groups.contains(&group) || of.object.account != *account {
                            return None;
                        }
                        let joins = on_object(&of.object);
                        if joins == Formula::False {
                            return None;
                        }
                        let policies = of.policies.iter().map(|&policy| self.model.policy(policy));
                        Some(joins.and(self.everything(&asker.with(policies))))
                    }))
                }
                On::OwnGroup => Formula::any(
                    own.groups.iter().map(|&group| on_object(&self.model.groups[group as usize].object)),
                ),
                On::Workload => match workload.and_then(|workload| workload.object.as_ref()) {
                    Some(object) => on_object(object),
                    None => on_object(&self.any),
                },
            };
            all = all.and(formula);
            if all == Formula::False {
                break;
            }
        }
        all
    }
}
