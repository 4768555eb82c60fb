//! The columns of one store.

use std::sync::{Arc, Mutex};

use foldhash::HashMap;

use super::CLASSES;
use crate::context::Keys;
use crate::decide::Object;
use crate::model::{Encryption, Model, StoreId};
use crate::sets::{ActionId, Question, Set, Sets, Target, Word};
use crate::tables::{self, Class, StoreKind};

/// A column for each class.
pub(super) type Columns = [Column; CLASSES];

/// A set of principals that stores share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) words: Arc<[Word]>,
    /// How many for certain.
    pub(super) sure: u64,
    /// How many at all.
    pub(super) any: u64,
}

/// A set of principals: a shared one, but for some words.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) base: Arc<Shared>,
    /// Places of words, ascending, with what they are.
    pub(super) patches: Box<[(u32, Word)]>,
}

fn ones(word: Word) -> (u64, u64) {
    (u64::from(word.sure.count_ones()), u64::from(word.any.count_ones()))
}

impl Shared {
    fn new(words: impl Into<Arc<[Word]>>) -> Arc<Self> {
        let words = words.into();
        let (sure, any) = words.iter().fold((0, 0), |(sure, any), word| {
            let (more_sure, more_any) = ones(*word);
            (sure + more_sure, any + more_any)
        });
        Arc::new(Self { words, sure, any })
    }
}

impl Column {
    pub(super) fn word(&self, at: u32) -> Word {
        match self.patches.binary_search_by_key(&at, |(place, _)| *place) {
            Ok(place) => self.patches[place].1,
            Err(_) => self.base.words.get(at as usize).copied().unwrap_or_default(),
        }
    }

    pub(super) fn count(&self) -> (u64, u64) {
        let (mut sure, mut any) = (self.base.sure, self.base.any);
        for (at, word) in &self.patches {
            let ((was_sure, was_any), (is_sure, is_any)) = (ones(self.base.words[*at as usize]), ones(*word));
            (sure, any) = (sure - was_sure + is_sure, any - was_any + is_any);
        }
        (sure, any)
    }
}

/// Actions of a class by form; the form is none where it is the ARN itself.
type Asked = Vec<(Option<&'static str>, Vec<ActionId>)>;

/// Account, key, service that uses it, and action.
type KeyUse = (u32, StoreId, &'static str, ActionId);

/// What columns are made from.
pub(super) struct Work<'m> {
    model: &'m Model,
    sets: &'m Sets,
    /// What is asked, by kind and class.
    asked: Vec<[Asked; CLASSES]>,
    /// What is true of every store, by account, kind and class.
    bases: Vec<Vec<[std::sync::OnceLock<Arc<Shared>>; CLASSES]>>,
    /// Who may use a key, by account, key, service and action.
    keys: Mutex<HashMap<KeyUse, Arc<Shared>>>,
    /// Sets cut by who may use a key, by the addresses of the two.
    cut: Mutex<HashMap<(usize, usize), Arc<Shared>>>,
    nothing: Keys,
}

impl<'m> Work<'m> {
    pub(super) fn new(model: &'m Model, sets: &'m Sets) -> Self {
        let asked: Vec<[Asked; CLASSES]> = tables::store_kinds()
            .iter()
            .map(|kind| {
                Class::ALL.map(|class| {
                    kind.classes
                        .get(&class)
                        .into_iter()
                        .flatten()
                        .map(|(form, actions)| {
                            let known = kind.forms.contains_key(form).then_some(form.as_str());
                            let ids = actions
                                .iter()
                                .filter_map(|action| sets.action(&action.to_ascii_lowercase()))
                                .collect();
                            (known, ids)
                        })
                        .collect()
                })
            })
            .collect();
        let bases = sets
            .accounts
            .iter()
            .map(|_| asked.iter().map(|_| std::array::from_fn(|_| std::sync::OnceLock::new())).collect())
            .collect();
        Self {
            model,
            sets,
            asked,
            bases,
            keys: Mutex::default(),
            cut: Mutex::default(),
            nothing: Keys::new(),
        }
    }

    /// The columns of a store for the principals of an account; none: it is no store.
    pub(super) fn columns(&self, account: u32, store: StoreId) -> Option<Columns> {
        let of = &self.model.stores[store as usize];
        let (index, kind) = tables::store_kind(&of.type_name)?;
        let mut questions: Vec<(Option<&str>, Question<'_>)> = Vec::with_capacity(2);
        for (form, _) in self.asked[index].iter().flatten() {
            if questions.iter().any(|(known, _)| known == form) {
                continue;
            }
            let object: &Object = form
                .and_then(|form| of.forms.iter().find(|(name, _)| *name == form))
                .map_or(&of.object, |(_, object)| object);
            let target = Target::of(self.model, of, object, &self.nothing);
            questions.push((*form, Question::new(self.sets, self.model, account, target)));
        }
        let question = |form: &Option<&str>| questions.iter().find(|(known, _)| known == form);
        let mut columns: Vec<Column> = Vec::with_capacity(CLASSES);
        for class in Class::ALL {
            let asked = &self.asked[index][class as usize];
            let mut touched: Option<Vec<u32>> = Some(Vec::new());
            for (form, actions) in asked {
                let Some((_, question)) = question(form) else { continue };
                touched = match (touched, question.touched(actions)) {
                    (Some(mut known), Some(more)) => {
                        known.extend(more);
                        Some(known)
                    }
                    _ => None,
                };
                if touched.is_none() {
                    break;
                }
            }
            let mut column = match touched {
                Some(mut touched) => {
                    touched.sort_unstable();
                    touched.dedup();
                    let base = self.base(account, index, class);
                    let patches = touched
                        .into_iter()
                        .map(|at| {
                            let mut word = Word::NONE;
                            for (form, actions) in asked {
                                let Some((_, question)) = question(form) else { continue };
                                for &action in actions {
                                    word |= question.plain_word(action, at);
                                }
                            }
                            (at, word)
                        })
                        .filter(|(at, word)| base.words[*at as usize] != *word)
                        .collect();
                    Column { base, patches }
                }
                None => {
                    let mut all: Set = vec![Word::NONE; self.sets.accounts[account as usize].words()];
                    for (form, actions) in asked {
                        let Some((_, question)) = question(form) else { continue };
                        for &action in actions {
                            let set = question.set(action);
                            all.iter_mut().zip(set).for_each(|(to, word)| *to |= word);
                        }
                    }
                    Column { base: Shared::new(all), patches: Box::default() }
                }
            };
            if let Some(action) =
                class.key_action().filter(|_| column.base.any > 0 || !column.patches.is_empty())
            {
                self.cut_by_key(account, store, kind, action, &mut column);
            }
            columns.push(column);
        }
        columns.try_into().ok()
    }

    /// What is true of every store of a kind in an account.
    fn base(&self, account: u32, kind: usize, class: Class) -> Arc<Shared> {
        let cell = &self.bases[account as usize][kind][class as usize];
        cell.get_or_init(|| {
            let of = &self.sets.accounts[account as usize];
            let mut all: Set = vec![Word::NONE; of.words()];
            for action in self.asked[kind][class as usize].iter().flat_map(|(_, actions)| actions) {
                all.iter_mut().zip(of.everywhere(*action)).for_each(|(to, word)| *to |= *word);
            }
            Shared::new(all)
        })
        .clone()
    }

    /// Who can read or write an encrypted store may use its key as well.
    fn cut_by_key(
        &self,
        account: u32,
        store: StoreId,
        kind: &'static StoreKind,
        action: &str,
        column: &mut Column,
    ) {
        let key = match &self.model.stores[store as usize].key {
            Encryption::Service => return,
            Encryption::Key(key) => self.key(account, *key, kind, action),
            Encryption::Elsewhere(_) | Encryption::Unknown(_) => None,
        };
        let word = |at: u32| key.as_ref().map_or(Word::OPEN, |key| key.words[at as usize]);
        for (at, patch) in &mut column.patches {
            *patch = *patch & word(*at);
        }
        let address = key.as_ref().map_or(0, |key| Arc::as_ptr(key).addr());
        let pair = (Arc::as_ptr(&column.base).addr(), address);
        let known = self.cut.lock().ok().and_then(|cut| cut.get(&pair).cloned());
        column.base = known.unwrap_or_else(|| {
            let words: Vec<Word> =
                (0_u32..).zip(&*column.base.words).map(|(at, of)| *of & word(at)).collect();
            let made = Shared::new(words);
            // Only bases that live as long as this are known by their address.
            if column.base.any > 0
                && self.is_base(&column.base, account)
                && let Ok(mut cut) = self.cut.lock()
            {
                cut.insert(pair, made.clone());
            }
            made
        });
    }

    fn is_base(&self, of: &Arc<Shared>, account: u32) -> bool {
        let mut bases = self.bases[account as usize].iter().flatten();
        bases.any(|base| base.get().is_some_and(|base| Arc::ptr_eq(base, of)))
    }

    /// Who may use a key through a service.
    fn key(&self, account: u32, key: StoreId, kind: &'static StoreKind, action: &str) -> Option<Arc<Shared>> {
        let id = self.sets.action(action)?;
        let via = kind.key.as_ref().map_or("", |row| row.via.as_str());
        let place = (account, key, via, id);
        if let Some(known) = self.keys.lock().ok()?.get(&place) {
            return Some(known.clone());
        }
        let of = &self.model.stores[key as usize];
        let more = crate::ask::through_service(
            kind,
            &of.object,
            Some(&*self.sets.accounts[account as usize].id).filter(|id| !id.is_empty()),
        );
        let target = Target::of(self.model, of, &of.object, &more);
        let made = Shared::new(Question::new(self.sets, self.model, account, target).set(id));
        self.keys.lock().ok()?.insert(place, made.clone());
        Some(made)
    }

    /// Accounts but its own whose principals a store may let in.
    pub(super) fn visitors(&self, store: StoreId) -> Vec<u32> {
        let of = &self.model.stores[store as usize];
        if tables::store_kind(&of.type_name).is_none() {
            return Vec::new();
        }
        let own = of.object.account.as_deref().unwrap_or_default();
        let mut found = crate::sets::accounts(self.model, self.sets, store);
        found.retain(|account| *self.sets.accounts[*account as usize].id != *own);
        found
    }
}
