//! Where PHI is and where it flows: labels, the flow graph, the closure and its paths.
//!
//! [`FlowGraph`] holds which resource passes data to which, by the kinds of flow of
//! `facts/hand/flows`. [`Model`] adds labels and follows PHI through it: every store
//! that PHI can reach, with the path and a verdict on each hop. The model is that of the
//! default world; an edge that depends on a decision says so.

mod assets;
pub mod closure;
mod conditions;
pub mod findings;
mod graph;
mod hop;
mod labels;
mod model;
mod node;
mod paths;
mod questions;
mod resolve;
mod roles;
mod settings;

pub use assets::{Asset, AssetTags, Said as AssetSaid};
pub use findings::Finding;
pub use graph::{Edge, EdgeIndex, Encryption, FlowGraph, Gap};
pub use hop::{Agreement, AtRest, Fault, Hop};
pub use labels::{Base, Reason, Rules};
pub use model::{Contradiction, Counts, Model, Settings};
pub use node::{Node, NodeIndex, Nodes, layer_of};
pub use paths::{Path, Question};
pub use questions::{Aspect, Protection};
pub use roles::{Access, Decided, Right};
pub use settings::{Account, Contract, Phi, Said, Tag, matches, names, tagged};
