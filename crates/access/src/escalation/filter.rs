//! Who may gain somebody at all: a set that is never too small, so that the exact search
//! looks only at its members.
//!
//! The sets are those of [`crate::sets`], of the principals alone who name all actions of some
//! path. Which of them may act on a goal is one question for each action of the paths that
//! somebody is able to take: O(goals × actions × (statements about the goal + candidates / 64)).

use std::collections::BTreeMap;

use foldhash::HashMap;

use super::paths::{ASSUME, Gives, On, compiled};
use crate::ask::Ask;
use crate::context::Keys;
use crate::decide::Object;
use crate::model::{Model, PrincipalId};
use crate::sets::{ActionId, Question, Set, Sets, Target, Word, members};
use crate::subject::SubjectKind;

/// Those who are able to take a path other than assuming a role.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    sets: Sets,
    /// Who may take all that a path needs on no particular goal, by account and path.
    able: Vec<Vec<Set>>,
}

/// Of the principals of a filter, those who still count, by account.
pub(crate) type Mask = Vec<Set>;

/// Targets of the paths by which somebody gives itself everything by way of another.
pub(super) type OwnTargets = HashMap<(PrincipalId, usize), Vec<PrincipalId>>;

impl Filter {
    /// The filter of a model; `able` are the paths that the policies of each principal name.
    pub(crate) fn of(model: &Model, able: &[Vec<usize>]) -> Self {
        let paths = compiled();
        let takes = |id: PrincipalId| able[id as usize].iter().any(|&path| paths[path].path.id != ASSUME);
        let ask = Ask::new(model);
        let actions = super::paths::actions().into_iter().map(Into::into);
        let sets = Sets::of(model, &ask, actions, &takes);
        let anything = Object { arn: model.holes.anything().into(), ..Object::default() };
        let nothing = Keys::new();
        let by_account = (0..).zip(&sets.accounts).map(|(index, account)| {
            let target = Target::plain(&anything, None, &nothing);
            let anywhere = Question::new(&sets, model, index, target);
            let mut known: HashMap<ActionId, Set> = HashMap::default();
            let by_path = paths.iter().enumerate().map(|(path, compiled)| {
                let named =
                    (0_u32..).zip(&account.principals).filter(|(_, id)| able[**id as usize].contains(&path));
                let mut set = vec![Word::NONE; account.words()];
                for (slot, _) in named {
                    set[slot as usize / 64].any |= 1 << (slot % 64);
                }
                if compiled.path.id == ASSUME || is_empty(&set) {
                    return Set::new();
                }
                // Keys that the request of a path has are not known here, so that what they
                // allow is open.
                for (action, _) in compiled.needs.iter().filter(|(_, need)| need.on == On::Any) {
                    if let Some(id) = sets.action(action) {
                        meet(&mut set, known.entry(id).or_insert_with(|| anywhere.set(id)));
                    }
                }
                if is_empty(&set) { Set::new() } else { set }
            });
            by_path.collect()
        });
        let able = by_account.collect();
        Self { sets, able }
    }

    /// Everybody counts.
    pub(crate) fn mask(&self) -> Mask {
        self.sets.accounts.iter().map(|account| vec![Word::ALL; account.words()]).collect()
    }

    /// Somebody counts no longer.
    pub(crate) fn remove(&self, mask: &mut Mask, id: PrincipalId) {
        let (account, slot) = self.sets.place(id);
        if let Some(word) = mask.get_mut(account as usize).and_then(|set| set.get_mut(slot as usize / 64)) {
            word.any &= !(1 << (slot % 64));
            word.sure &= word.any;
        }
    }

    /// Who may gain a goal, and by which paths.
    pub(crate) fn gainers(
        &self,
        model: &Model,
        goal: PrincipalId,
        mask: &Mask,
    ) -> BTreeMap<PrincipalId, Vec<usize>> {
        let mut found: BTreeMap<PrincipalId, Vec<usize>> = BTreeMap::new();
        let target = &model.principals[goal as usize];
        let Some(account) = self.sets.account(target.subject.account.as_deref().unwrap_or_default()) else {
            return found;
        };
        let of = &self.sets.accounts[account as usize];
        if is_empty(&mask[account as usize]) {
            return found;
        }
        let is_user = target.subject.kind == SubjectKind::User;
        let mut asked = Asked::new(self, model, account, &target.object);
        for (path, able) in self.able[account as usize].iter().enumerate() {
            let compiled = &compiled()[path];
            let fits = match compiled.path.gives {
                Gives::User => is_user,
                Gives::Role | Gives::PassedRole | Gives::RunningRole => !is_user,
                _ => false,
            };
            if !fits || able.is_empty() {
                continue;
            }
            let mut set = able.clone();
            meet(&mut set, &mask[account as usize]);
            if compiled.path.gives == Gives::PassedRole {
                asked.cut(&mut set, "iam:passrole");
            }
            asked.needs(&mut set, path);
            for (slot, _) in members(&set) {
                let id = of.principals[slot as usize];
                if id != goal {
                    found.entry(id).or_default().push(path);
                }
            }
        }
        found
    }

    /// The targets by way of which somebody may give itself everything.
    pub(super) fn own_targets(&self, model: &Model, mask: &Mask) -> OwnTargets {
        let mut found = OwnTargets::default();
        for (target, of) in (0..).zip(&model.principals) {
            let is_user = of.subject.kind == SubjectKind::User;
            let Some(account) = self.sets.account(of.subject.account.as_deref().unwrap_or_default()) else {
                continue;
            };
            let mut asked = Asked::new(self, model, account, &of.object);
            for (path, able) in self.able[account as usize].iter().enumerate() {
                let fits = match compiled()[path].path.gives {
                    Gives::EverythingAsUser => is_user,
                    Gives::EverythingAsRole => !is_user,
                    _ => false,
                };
                if !fits || able.is_empty() {
                    continue;
                }
                let mut set = able.clone();
                meet(&mut set, &mask[account as usize]);
                asked.needs(&mut set, path);
                for (slot, _) in members(&set) {
                    let id = self.sets.accounts[account as usize].principals[slot as usize];
                    if id != target {
                        found.entry((id, path)).or_default().push(target);
                    }
                }
            }
        }
        found
    }
}

/// What was asked of one goal.
struct Asked<'f> {
    filter: &'f Filter,
    model: &'f Model,
    account: u32,
    object: &'f Object,
    question: Option<Question<'f>>,
    known: HashMap<ActionId, Set>,
}

impl<'f> Asked<'f> {
    fn new(filter: &'f Filter, model: &'f Model, account: u32, object: &'f Object) -> Self {
        Self { filter, model, account, object, question: None, known: HashMap::default() }
    }

    /// Leaves those who may take an action on the goal.
    fn cut(&mut self, set: &mut Set, action: &str) {
        static NOTHING: Keys = Keys::new();
        let Some(id) = self.filter.sets.action(action) else { return };
        if is_empty(set) {
            return;
        }
        let question = self.question.get_or_insert_with(|| {
            let target = Target::plain(self.object, None, &NOTHING);
            Question::new(&self.filter.sets, self.model, self.account, target)
        });
        meet(set, self.known.entry(id).or_insert_with(|| question.set(id)));
    }

    /// Leaves those who may take what a path needs on its target.
    fn needs(&mut self, set: &mut Set, path: usize) {
        for (action, need) in &compiled()[path].needs {
            // That of assuming a role is asked without the trust policy that the path changes.
            if need.on == On::Target && action != "sts:assumerole" {
                self.cut(set, action);
            }
        }
    }
}

fn is_empty(set: &Set) -> bool {
    set.iter().all(|word| word.is_none())
}

fn meet(set: &mut Set, with: &Set) {
    set.iter_mut().zip(with).for_each(|(word, with)| *word = *word & *with);
}
