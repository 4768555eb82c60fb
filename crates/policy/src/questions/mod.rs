//! Questions on one document.

pub(crate) mod accounts;
mod denies;
mod grants;
pub(crate) mod wildcards;
