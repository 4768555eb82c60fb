//! Effective access through IAM: decisions, matrix, role chains, exposure.

pub mod case;
mod case_value;
