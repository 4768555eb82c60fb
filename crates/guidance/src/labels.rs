//! Names of the data in the words of each language; `guidance/text/labels.yaml`.

use crate::language::Language;
use crate::words::{Assurance, Holding, RecordKind, ResolutionKind, Room, Standing, Who};

include!(concat!(env!("OUT_DIR"), "/labels.rs"));

/// The label of a name in a group such as `layer`; the name itself where there is none.
/// Logarithmic in the number of labels.
pub(crate) fn label(group: &str, name: &'static str, language: Language) -> &'static str {
    let found = LABELS.binary_search_by(|(g, n, _)| (*g, *n).cmp(&(group, name)));
    found.ok().and_then(|at| LABELS[at].2.get(language as usize).copied()).unwrap_or(name)
}

macro_rules! labelled {
    ($($ty:ident in $group:literal),+) => {
        $(impl $ty {
            /// Its name in the words of a language.
            pub fn label(self, language: Language) -> &'static str {
                label($group, self.name(), language)
            }
        })+
    };
}

labelled!(ResolutionKind in "resolution", Room in "room", Assurance in "assurance", RecordKind in "record", Who in "who", Standing in "standing", Holding in "holding");
