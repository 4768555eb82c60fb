//! Policies that are attached to resources.

use sekisho_estate::{ResourceId, Value};
use sekisho_policy::Pattern;

use super::At;
use crate::case::Switches;
use crate::condition::{Compare, Test};
use crate::glob::Glob;
use crate::policy::{Effect, Named, Place, Policy, Select, Statement};
use crate::tables;

impl<'e> super::Work<'_, 'e> {
    pub(super) fn resource_policy(&mut self, at: At<'e>) {
        for row in tables::policy_rows().iter().filter(|row| row.type_name == at.type_name()) {
            let (value, view) = self.property(at, &row.policy);
            if value == Value::Absent {
                continue;
            }
            let policy = self.compile(at, at.name(), value, view);
            let Some(on) = &row.on else {
                self.put_policy(at.id, policy);
                continue;
            };
            let near = self.names.near(at.id);
            let (value, _) = self.property(at, on);
            for value in self.elements(value) {
                let found = match &row.on_type {
                    Some(type_name) => near.identify(self.reader, value, type_name).or_else(|| {
                        // A queue is named by its URL or ARN, a secret by its ARN.
                        near.any(self.reader, value)
                    }),
                    None => near.any(self.reader, value),
                };
                match found {
                    Some(id) => self.put_policy(id, policy.clone()),
                    None => self.gap(at, format!("{on} names something that is not in this input")),
                }
            }
        }
    }

    /// Attaches a policy to a resource; several of one resource count together.
    pub(super) fn put_policy(&mut self, id: ResourceId, policy: Policy) {
        let Some(&store) = self.model.by_resource.get(&id) else { return };
        match self.model.stores[store as usize].policy {
            Some(known) => self.model.policies[known as usize].statements.extend(policy.statements),
            None => {
                let policy = self.model.add(policy);
                self.model.stores[store as usize].policy = Some(policy);
            }
        }
    }

    /// The statement that a permission of a function makes.
    ///
    /// Source: Lambda Developer Guide, `access-control-resource-based.html`.
    pub(super) fn lambda_permission(&mut self, at: At<'e>) {
        let (function, _) = self.property(at, "FunctionName");
        let Some(id) = self.names.near(at.id).identify(self.reader, function, "AWS::Lambda::Function") else {
            return self.gap(at, "FunctionName names something that is not in this input");
        };
        let action = match self.property(at, "Action").0 {
            Value::Str(action) => action.to_ascii_lowercase(),
            _ => "lambda:invokefunction".to_owned(),
        };
        let principal = self.property(at, "Principal").0;
        let named = match self.text(at, principal) {
            Some(text) if text == "*" => Named::Anyone,
            Some(text) if text.ends_with(".amazonaws.com") => Named::Service(text.into()),
            Some(text) => match text.rsplit_once(":root") {
                Some((arn, "")) => Named::Account(arn.rsplit(':').next().unwrap_or_default().into()),
                _ if text.starts_with("arn:") => Named::Arn(text.into()),
                _ => Named::Account(text.into()),
            },
            None => Named::Unknown("Principal of a permission".into()),
        };
        let mut tests = Vec::new();
        for (property, key, operator, compare) in [
            ("SourceArn", "aws:SourceArn", "ArnLike", Compare::Arn),
            ("SourceAccount", "aws:SourceAccount", "StringEquals", Compare::Text { fold: false }),
            ("PrincipalOrgID", "aws:PrincipalOrgID", "StringEquals", Compare::Text { fold: false }),
            (
                "FunctionUrlAuthType",
                "lambda:FunctionUrlAuthType",
                "StringEquals",
                Compare::Text { fold: false },
            ),
        ] {
            let (value, _) = self.property(at, property);
            if value == Value::Absent {
                continue;
            }
            let pattern = Pattern::resource_value(self.reader, value, at.stack);
            let glob: Glob = self.compiler().glob(&pattern);
            tests.push(Test {
                key: key.to_ascii_lowercase().into(),
                written: (key.into(), operator.into()),
                set: None,
                compare,
                negated: false,
                if_exists: false,
                values: [compare.wanted(glob)].into(),
                unknown: None,
            });
        }
        let statement = Statement {
            sid: Some(at.name().into()),
            effect: Effect::Allow,
            principals: Select::Only(vec![named]),
            actions: Select::Only(vec![Glob::wild(&action)]),
            resources: Select::Absent,
            tests,
            problem: None,
            at: Some(Place { stack: at.id.stack.0, node: at.resource.body }),
        };
        self.put_policy(id, Policy { name: Some(at.name().into()), statements: vec![statement], at: None });
    }

    /// Block Public Access of the account.
    pub(super) fn account_switches(&mut self, switches: &[At<'e>]) {
        for &at in switches {
            let account = self.account(at);
            let is = |name: &str| matches!(self.property(at, name).0, Value::Bool(true) | Value::Str("true"));
            let strict = Switches {
                block_public_acls: is("BlockPublicAcls"),
                ignore_public_acls: is("IgnorePublicAcls"),
                block_public_policy: is("BlockPublicPolicy"),
                restrict_public_buckets: is("RestrictPublicBuckets"),
            };
            for store in &mut self.model.stores {
                if store.object.account.as_ref() == Some(&account)
                    && let Some(s3) = &mut store.s3
                {
                    s3.switches.ignore_public_acls |= strict.ignore_public_acls;
                    s3.switches.restrict_public_buckets |= strict.restrict_public_buckets;
                }
            }
        }
    }
}
