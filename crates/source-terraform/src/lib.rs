//! Terraform configuration, plans and state, lowered to the estate.

pub mod instance;
pub mod json_text;
pub mod value;
