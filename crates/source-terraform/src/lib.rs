//! Terraform configuration, plans and state, lowered to the estate.

mod disk;
mod eval;
mod functions;
pub mod instance;
mod json;
pub mod json_text;
mod load;
mod module;
mod operators;
mod parse;
mod syntax;
mod template;
mod types;
pub mod value;

pub use disk::{Disk, FileSystem, Memory};
pub use load::{Options, Read, SourceFile, is_terraform, read};
