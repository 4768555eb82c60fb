//! How a requirement lies in the packed table. Shared with the build script.
//!
//! The table is a list of rows sorted by id, each of [`ROW`] little-endian `u32` words.
//! A text is two words: where it starts in the strings, and its length.

/// Words in a row.
pub(crate) const ROW: usize = 20;
/// Text: the id. The table is sorted by it.
pub(crate) const ID: usize = 0;
/// Text: what is required.
pub(crate) const STATEMENT: usize = 2;
/// Text: service (HIPAA paper) or capability (best practices).
pub(crate) const SUBJECT: usize = 4;
/// Text: the heading of the section.
pub(crate) const SECTION: usize = 6;
/// Text: the kind of demand; empty for best practices.
pub(crate) const CATEGORY: usize = 8;
/// Text: what replaces an outdated statement; empty when nothing does.
pub(crate) const MODERN: usize = 10;
/// Four codes, a byte each, lowest first: seed, level, basis, verify.
pub(crate) const CODES: usize = 12;
/// Two codes, a byte each, lowest first: who, and 1 for outdated.
pub(crate) const MORE: usize = 13;
/// First and last line in the newest document that has the row.
pub(crate) const LINES: usize = 14;
/// First and last line in the edition of 2018; zeros when it lacks the row.
pub(crate) const OLD_LINES: usize = 16;
/// Text: the short name of the service; empty when the row is about several or none.
pub(crate) const SERVICE: usize = 18;
/// The code of a missing word.
pub(crate) const MISSING: u32 = 0xFF;
