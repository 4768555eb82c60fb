//! Who names whom: the resources of an estate by type, name and ARN, and the edges
//! between them.
//!
//! A property names a resource by a reference, by its explicit name, or by an ARN that is
//! written or built of parts. [`Names`] goes from such a value to the resource; [`edges()`]
//! lists every such place of an estate. What names nothing in the input stays a value: the
//! caller says what that means.

mod edges;
mod names;

pub use edges::{Edge, EdgeKind, edges};
pub use names::{Names, Near, index_of};
