//! The packed form of the schemas, shared by the build script that writes it and the
//! crate that reads it.
//!
//! Two blobs: *words* (little-endian `u32`) and *strings* (UTF-8). A **string
//! reference** is one word: offset and length in the strings blob. A **node** is:
//!
//! ```text
//! header, [item], relations × (type, attribute), enum × string,
//! fields × name, fields × (node | flags)
//! ```
//!
//! A **type record** is: root node, number of identifiers, number of attributes,
//! identifiers, attribute names, attribute nodes. The **index** is one pair
//! (name, record) per type, sorted by name. Field and attribute names are sorted too,
//! so every lookup is a binary search that touches only what it compares.

/// Bits of a string reference that hold the length.
pub(crate) const LENGTH_BITS: u32 = 10;

/// Bits of a node header, from the lowest: kind 4, closed 1, item 1, relations 4,
/// enum values 8, fields 14.
pub(crate) const CLOSED: u32 = 1 << 4;
/// The node has an element shape.
pub(crate) const ITEM: u32 = 1 << 5;
/// Where the number of relations starts (4 bits).
pub(crate) const RELATIONS_SHIFT: u32 = 6;
/// Where the number of enum values starts (8 bits).
pub(crate) const ENUM_SHIFT: u32 = 10;
/// Where the number of fields starts (the remaining 14 bits).
pub(crate) const FIELDS_SHIFT: u32 = 18;

/// Flag in a field's node word: the field must be written.
pub(crate) const REQUIRED: u32 = 1 << 31;
/// Flag in a field's node word: AWS sets the field, a template cannot.
pub(crate) const READ_ONLY: u32 = 1 << 30;
