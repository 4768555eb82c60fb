//! What can be reached: routes, filters, exposure, segments and zones of an estate.
//!
//! [`Network::new`] reads an estate once; questions are then asked of it. An answer is exact
//! over sets of packets: every path with the rule that lets each hop pass, or what blocks it.
//! What is not known is carried as a doubt and makes the answers that touch it unknown.

pub mod admits;
mod data;
pub mod draw;
pub mod ends;
pub mod engine;
pub mod exposure;
pub mod matrix;
mod members;
pub mod model;
mod read;
pub mod space;
pub mod zones;

pub use data::{PORTS, PortKind, SERVICES, ServiceRow};
pub use engine::{Answer, End, Path, Verdict};
pub use members::Sharing;
pub use model::{Assumptions, Network};
