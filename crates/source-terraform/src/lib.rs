//! Terraform configuration, plans and state, lowered to the estate.
//!
//! [`read`] parses files and evaluates each root module to a
//! [`Configuration`](instance::Configuration): instances with their arguments in the
//! provider's terms, as [`value::Value`]s. What makes a stack of one, in CloudFormation's
//! terms, takes the configuration and the index that its stack will have in the estate.

mod disk;
mod eval;
mod functions;
pub mod instance;
mod json;
pub mod json_text;
mod load;
pub mod lower;
mod module;
mod operators;
mod parse;
mod recorded;
mod syntax;
mod template;
mod types;
pub mod value;

pub use disk::{Disk, FileSystem, Memory};
pub use load::{Options, Read, SourceFile, is_terraform, read};
pub use recorded::{Recordings, is_recorded, read_recorded};
