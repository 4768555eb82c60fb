//! Questions of the network and their answers.
//!
//! A connection between two ends is followed in one pass that carries two packet sets: what
//! surely passes and what may pass. A path across load balancers, endpoints and distributions
//! is a chain of such connections. One pair costs O(ways × gates × boxes); a way has at most a
//! dozen gateways.

mod gates;
pub(crate) mod leg;
mod paths;
pub mod trail;
pub(crate) mod walk;

pub use paths::{Answer, End, Path, Verdict};
