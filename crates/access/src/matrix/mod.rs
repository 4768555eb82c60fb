//! All principals × all stores × all capability classes at once.
//!
//! A column is a set of principals for each store and class (the module `sets`). Most stores are
//! in no statement but those about every resource: their columns are one, that of their
//! account and type. Where statements are about a store, only the words of those who have
//! them are computed again and kept as patches. A store whose own policy lets in or refuses
//! somebody, and a store that other accounts may reach, has columns of its own.
//!
//! A cell is yes or no only where that holds in every request; a condition, a variable or a
//! hole makes it open, and [`crate::ask::Ask::can`] says when. Cost: O(stores × (lengths of
//! patterns + statements about them × actions) + stores with a policy of their own × actions ×
//! principals of the account / 64).

mod columns;

use std::sync::Arc;

use foldhash::HashMap;
use rayon::prelude::*;

use crate::ask::Ask;
use crate::model::{Model, PrincipalId, StoreId};
use crate::sets::{Sets, Word};
use crate::tables::Class;
use columns::{Column, Columns, Shared, Work};

/// What a cell is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Never.
    No,
    /// Always.
    Yes,
    /// Under a condition, or not known: [`crate::ask::Ask::can`] says which.
    Open,
}

/// Classes of one store.
const CLASSES: usize = Class::ALL.len();

/// The matrix.
#[derive(Debug)]
pub struct Matrix {
    sets: Sets,
    /// Columns of a store for the principals of its own account.
    own: Vec<Option<(u32, Columns)>>,
    /// Columns of a store for those of another account.
    foreign: HashMap<(StoreId, u32), Columns>,
}

impl Matrix {
    /// Computes the matrix of a model.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let ask = Ask::new(model);
        let sets = Sets::of(model, &ask, crate::tables::class_actions(), &|_| true);
        let work = Work::new(model, &sets);
        let mut own: Vec<Option<(u32, Columns)>> = (0..u32::try_from(model.stores.len()).unwrap_or(u32::MAX))
            .into_par_iter()
            .map(|store| {
                let account = model.stores[store as usize].object.account.as_deref().unwrap_or_default();
                let account = sets.account(account)?;
                Some((account, work.columns(account, store)?))
            })
            .collect();
        let mut foreign: HashMap<(StoreId, u32), Columns> = (0..u32::try_from(model.stores.len())
            .unwrap_or(u32::MAX))
            .into_par_iter()
            .flat_map_iter(|store| {
                let of = &work;
                work.visitors(store)
                    .into_iter()
                    .filter_map(move |account| Some(((store, account), of.columns(account, store)?)))
            })
            .filter(|(_, columns)| columns.iter().any(|column| column.base.any > 0))
            .collect();
        // Equal columns are kept once.
        let mut known: HashMap<Arc<[Word]>, Arc<Shared>> = HashMap::default();
        let mut once = |columns: &mut Columns| {
            for column in columns {
                let shared = known.entry(column.base.words.clone()).or_insert_with(|| column.base.clone());
                column.base = shared.clone();
            }
        };
        own.iter_mut().flatten().for_each(|(_, columns)| once(columns));
        foreign.values_mut().for_each(&mut once);
        Self { own, foreign, sets }
    }

    /// Whether a principal has a capability on a store.
    #[must_use]
    pub fn cell(&self, principal: PrincipalId, class: Class, store: StoreId) -> Answer {
        let (account, slot) = self.sets.place(principal);
        let columns = match &self.own[store as usize] {
            Some((own, columns)) if *own == account => Some(columns),
            _ => self.foreign.get(&(store, account)),
        };
        let Some(columns) = columns else { return Answer::No };
        let word = columns[class as usize].word(slot / 64);
        let bit = 1_u64 << (slot % 64);
        if word.sure & bit != 0 {
            Answer::Yes
        } else if word.any & bit != 0 {
            Answer::Open
        } else {
            Answer::No
        }
    }

    /// How many cells of a class are yes, and how many are open.
    #[must_use]
    pub fn count(&self, class: Class) -> (u64, u64) {
        let own = self.own.iter().flatten().map(|(_, columns)| columns);
        let (sure, any) = own
            .chain(self.foreign.values())
            .map(|columns| columns[class as usize].count())
            .fold((0, 0), |(sure, any), (more_sure, more_any)| (sure + more_sure, any + more_any));
        (sure, any - sure)
    }

    /// How many different columns are kept, and how many words of others.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let mut shared: foldhash::HashSet<*const Shared> = foldhash::HashSet::default();
        let mut words = 0;
        let all = self.own.iter().flatten().map(|(_, columns)| columns).chain(self.foreign.values());
        for column in all.flatten() {
            let column: &Column = column;
            shared.insert(Arc::as_ptr(&column.base));
            words += column.patches.len();
        }
        (shared.len(), words)
    }
}
