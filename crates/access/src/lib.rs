//! Effective access through IAM: decisions, matrix, role chains, exposure.
