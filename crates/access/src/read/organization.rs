//! Policies of organizations.

use sekisho_estate::Value;

use super::{At, unknown_policy};
use crate::model::{Model, PolicyId};
use crate::policy::Effect;

/// Policies of accounts by level.
type Levels = std::collections::HashMap<Box<str>, Vec<Vec<PolicyId>>>;

impl<'e> super::Work<'_, 'e> {
    /// A service or resource control policy, for the accounts that it is attached to.
    ///
    /// The policy that allows everything is attached at every level unless somebody detached
    /// it, which no template says. A policy of an organizational unit applies to accounts that
    /// the input does not tell: its statements are not known to count.
    /// Source: Organizations User Guide, `orgs_manage_policies_scps.html`.
    pub(super) fn organization_policy(&mut self, at: At<'e>) {
        let kind = self.property(at, "Type").0;
        let (value, view) = self.property(at, "Content");
        let policy = self.compile(at.name(), value, view);
        let targets = self.property(at, "TargetIds").0;
        let mut accounts: Vec<Box<str>> =
            self.model.principals.iter().filter_map(|principal| principal.object.account.clone()).collect();
        accounts.extend(self.model.stores.iter().filter_map(|store| store.object.account.clone()));
        accounts.sort_unstable();
        accounts.dedup();
        let (kind, own): (_, fn(&mut Model) -> &mut Levels) = match kind {
            Value::Str("SERVICE_CONTROL_POLICY") => ("scp", |model| &mut model.scps),
            Value::Str("RESOURCE_CONTROL_POLICY") => ("rcp", |model| &mut model.rcps),
            // Others, such as tag policies, decide on no request.
            Value::Str(_) => return,
            _ => return self.gap(at, "what kind of policy it is is not known"),
        };
        if targets == Value::Absent {
            self.gap(at, format!("the {kind} is attached to nothing in this input"));
        }
        for target in self.elements(targets) {
            let (level, only, problem) = self.target(at, target);
            let mut policy = policy.clone();
            if let Some(why) = &problem {
                for statement in &mut policy.statements {
                    statement.problem.get_or_insert_with(|| why.as_str().into());
                }
            }
            let reaches = |account: &str| only.as_deref().is_none_or(|only| *only == *account);
            if problem.is_none() && !accounts.iter().any(|account| reaches(account)) {
                self.gap(
                    at,
                    format!("the {kind} is attached to an account of which nothing is in this input"),
                );
                continue;
            }
            if let Some(why) = problem {
                self.gap(at, why);
            }
            let id = self.model.add(policy);
            let full = self.full_access();
            for account in accounts.iter().filter(|account| reaches(account)) {
                let levels = own(&mut self.model).entry(account.clone()).or_default();
                if levels.is_empty() {
                    *levels = vec![vec![full], vec![full], vec![full]];
                }
                levels[level].push(id);
            }
        }
    }

    /// The level of a target, the account that it is alone, and why it is not known which
    /// accounts it reaches.
    fn target(&mut self, at: At<'e>, target: Value<'e>) -> (usize, Option<String>, Option<String>) {
        let unit = |name: &str| Some(format!("which accounts are in {name} is not in this input"));
        for (type_name, level) in
            [("AWS::Organizations::OrganizationalUnit", 1), ("AWS::Organizations::Account", 2)]
        {
            if let Some(id) = self.names.identify(self.reader, target, type_name) {
                let name = self.reader.estate.id(id).to_owned();
                let why = match level {
                    1 => unit(&name),
                    _ => Some(format!("the id of account {name} is known only when it is made")),
                };
                return (level, None, why);
            }
        }
        if self.names.identify(self.reader, target, "AWS::Organizations::Organization").is_some() {
            return (0, None, None);
        }
        match self.text(at, target) {
            Some(text) if text.starts_with("r-") => (0, None, None),
            Some(text) if text.starts_with("ou-") => (1, None, unit(&text)),
            Some(text) if !crate::holes::Holes::any_in(&text) => (2, Some(text), None),
            Some(text) => {
                let own = self.model.holes.place("AWS::AccountId", crate::holes::HoleClass::Account);
                // The account that the stack is deployed to.
                if text.chars().eq([own]) {
                    return (2, Some(text), None);
                }
                let shown = self.model.holes.show(&text);
                (1, None, Some(format!("what {shown}, to which it is attached, is, is not in this input")))
            }
            None => (1, None, Some("to what it is attached is not known".to_owned())),
        }
    }

    /// The policy that allows everything.
    pub(super) fn full_access(&mut self) -> PolicyId {
        if let Some(&known) = self.managed.get("FullAWSAccess") {
            return known;
        }
        let mut policy = unknown_policy("FullAWSAccess", "");
        for statement in &mut policy.statements {
            statement.effect = Effect::Allow;
        }
        let id = self.model.add(policy);
        self.managed.insert("FullAWSAccess".into(), id);
        id
    }
}
