//! The questions that rooms above ask: who can, and who can assume a role.

use super::{Account, Inner, Question, Sets, Target, Word, members};
use crate::ask::{Ask, Cell, lower};
use crate::context::Keys;
use crate::decide::Object;
use crate::formula::Formula;
use crate::holes::Holes;
use crate::model::{Encryption, Model, Principal, PrincipalId, StoreId};
use crate::policy::{Effect, Named, Policy, Select};
use crate::tables::{self, Class};

/// Who has a capability on a store by itself, in the order of principals: what
/// [`Ask::can`] says of each that may have it.
pub(crate) fn who(
    model: &Model,
    ask: &Ask<'_>,
    sets: &Sets,
    class: Class,
    store: StoreId,
    may: &dyn Fn(PrincipalId) -> bool,
) -> Vec<(PrincipalId, Cell)> {
    let of = &model.stores[store as usize];
    let Some((_, kind)) = tables::store_kind(&of.type_name) else { return Vec::new() };
    let Some(forms) = kind.classes.get(&class) else { return Vec::new() };
    // What is said of requests changes whose conditions hold.
    let own;
    let sets: &Sets = if ask.is_plain() {
        sets
    } else {
        let actions = forms.values().flatten().map(|action| lower(action)).chain(class.key_action());
        own = Sets::of(model, ask, actions.map(Into::into), &|_| true);
        &own
    };
    // What an endpoint lets through is not in the sets.
    let settled = ask.endpoint().is_none();
    let nothing = Keys::new();
    let mut found = Vec::new();
    for account in accounts(model, sets, store) {
        let words = sets.accounts[account as usize].words();
        let mut all = vec![Word::NONE; words];
        let mut parts = Vec::new();
        for (form, actions) in forms {
            let object: &Object =
                of.forms.iter().find(|(name, _)| name == form).map_or(&of.object, |(_, object)| object);
            let target = Target::of(model, of, object, &nothing);
            let question = Question::new(sets, model, account, target);
            for action in actions {
                let Some(id) = sets.action(lower(action)) else { continue };
                let set = question.set(id);
                all.iter_mut().zip(&set).for_each(|(to, word)| *to |= *word);
                parts.push((action.as_str(), form.as_str(), object, set));
            }
        }
        let key = class.key_action().map(|action| {
            let caller = Some(&*sets.accounts[account as usize].id).filter(|id| !id.is_empty());
            let set = match &of.key {
                Encryption::Service => vec![Word::ALL; words],
                Encryption::Key(key) => {
                    let key = &model.stores[*key as usize];
                    let more = crate::ask::through_service(kind, &key.object, caller);
                    let target = Target::of(model, key, &key.object, &more);
                    let question = Question::new(sets, model, account, target);
                    sets.action(action).map_or_else(|| vec![Word::OPEN; words], |id| question.set(id))
                }
                Encryption::Elsewhere(_) | Encryption::Unknown(_) => vec![Word::OPEN; words],
            };
            (action, set)
        });
        if let Some((_, key)) = &key {
            // Who can never use the key needs no further look.
            all.iter_mut().zip(key).for_each(|(to, key)| *to = *to & *key);
        }
        for (slot, _) in members(&all) {
            let principal = sets.accounts[account as usize].principals[slot as usize];
            if !may(principal) {
                continue;
            }
            let (at, bit) = (slot as usize / 64, 1_u64 << (slot % 64));
            let asker = std::cell::OnceCell::new();
            let asker = || asker.get_or_init(|| ask.asker(principal));
            let mut cell = Cell { formula: Formula::False, actions: Vec::new() };
            for (action, form, object, set) in &parts {
                let formula = if settled && set[at].sure & bit != 0 {
                    Formula::True
                } else if set[at].any & bit != 0 {
                    ask.on_store(asker(), lower(action), of, object).formula
                } else {
                    continue;
                };
                if formula != Formula::False {
                    cell.formula = cell.formula.or(formula);
                    cell.actions.push((*action, *form));
                }
            }
            if cell.formula != Formula::False
                && let Some((action, key)) = &key
                && !(settled && key[at].sure & bit != 0)
            {
                cell.formula = cell.formula.and(ask.key(asker(), action, of, kind));
            }
            if cell.formula != Formula::False {
                found.push((principal, cell));
            }
        }
    }
    found.sort_by_key(|(principal, _)| *principal);
    found
}

/// Who can assume a role, in the order of principals, and when.
pub(crate) fn assume(
    model: &Model,
    ask: &Ask<'_>,
    sets: &Sets,
    role: &Principal,
) -> Vec<(PrincipalId, Formula)> {
    let (Some(trust), Some(action)) = (role.trust, sets.action("sts:assumerole")) else {
        return Vec::new();
    };
    let (nothing, policy) = (Keys::new(), model.policy(trust));
    let target = Target::plain(&role.object, Some(policy), &nothing);
    let mut found = Vec::new();
    for account in named(sets, policy) {
        let set = Question::new(sets, model, account, target).set(action);
        for (slot, sure) in members(&set) {
            let principal = sets.accounts[account as usize].principals[slot as usize];
            let formula = if sure {
                Formula::True
            } else {
                ask.assume(&ask.asker(principal), "sts:assumerole", role).formula
            };
            if formula != Formula::False {
                found.push((principal, formula));
            }
        }
    }
    found.sort_by_key(|(principal, _)| *principal);
    found
}

/// The accounts of which somebody may reach a store, ascending: its own, and those that its
/// policy lets in.
pub(crate) fn accounts(model: &Model, sets: &Inner, store: StoreId) -> Vec<u32> {
    let of = &model.stores[store as usize];
    if tables::store_kind(&of.type_name).is_none() {
        return Vec::new();
    }
    if of.s3.as_ref().is_some_and(|s3| s3.has_acls() && !s3.bucket_acl.is_empty()) {
        return sets.every_account();
    }
    let policy = of.policy.map(|id| model.policy(id));
    let mut found = policy.map_or_else(Vec::new, |policy| named(sets, policy));
    for grant in &of.grants {
        let account = grant.grantee.split(':').nth(4).unwrap_or_default();
        if Holes::any_in(account) {
            return sets.every_account();
        }
        found.extend(sets.account(account));
    }
    match &of.object.account {
        Some(own) => found.extend(sets.account(own)),
        None => return sets.every_account(),
    }
    if sets.accounts.iter().any(Account::is_open) || of.object.account.as_deref().is_some_and(Holes::any_in) {
        return sets.every_account();
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The accounts that a policy lets in, ascending.
fn named(sets: &Inner, policy: &Policy) -> Vec<u32> {
    let mut found = Vec::new();
    for statement in policy.statements.iter().filter(|statement| statement.effect != Effect::Deny) {
        let Select::Only(of) = &statement.principals else { return sets.every_account() };
        for named in of {
            let id: &str = match named {
                Named::Account(id) => id,
                Named::Arn(arn) => arn.split(':').nth(4).unwrap_or_default(),
                Named::Service(_) | Named::Federated(_) => continue,
                Named::Anyone | Named::Id(_) | Named::Canonical(_) | Named::Unknown(_) => {
                    return sets.every_account();
                }
            };
            if Holes::any_in(id) {
                return sets.every_account();
            }
            found.extend(sets.account(id));
        }
    }
    if sets.accounts.iter().any(Account::is_open) {
        return sets.every_account();
    }
    found.sort_unstable();
    found.dedup();
    found
}

impl Inner {
    fn every_account(&self) -> Vec<u32> {
        (0..u32::try_from(self.accounts.len()).unwrap_or(u32::MAX)).collect()
    }
}

impl Account {
    /// Whether its id is not known.
    fn is_open(&self) -> bool {
        Holes::any_in(&self.id)
    }
}
