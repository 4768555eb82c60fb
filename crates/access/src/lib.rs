//! Effective access through IAM: decisions, matrix, role chains, exposure.
//!
//! A request is decided by [`decide`]: policies are compiled once ([`policy`]) and every
//! answer is a [`formula`] of what is not known, constant where all is known. A
//! self-contained [`case`] holds a request with all its policies.

// Tests inside the crate use the generator of those outside.
#[cfg(test)]
extern crate self as sekisho_access;
#[cfg(test)]
#[path = "../tests/generate/mod.rs"]
mod generate;

pub mod answer;
pub mod ask;
pub mod case;
mod case_value;
pub mod condition;
pub mod context;
pub mod decide;
pub mod escalation;
pub mod explain;
pub mod formula;
pub mod glob;
pub mod holders;
pub mod holes;
pub mod matrix;
pub mod model;
pub mod policy;
mod read;
pub mod s3;
pub mod saved;
mod sets;
pub mod show;
pub mod solve;
pub mod subject;
pub mod tables;
mod ways;
pub mod who;
