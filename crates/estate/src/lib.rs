//! One graph of everything that was read in one run.
//!
//! Every source (CloudFormation, Terraform, AWS Config, …) lowers its input to
//! the same shapes: [`Stack`]s of [`Resource`]s whose properties are a [`Tree`]
//! in CloudFormation's resource schema. A value that depends on a parameter or
//! a condition stays in the tree as a variable, a choice or an operation; a
//! [`Reader`] reads it in one [world] at a time, so that nothing is ever
//! guessed: what cannot be known is [`Value::Unknown`] with its [`Reason`].
//!
//! This crate knows nothing of CloudFormation, of AWS or of controls.

pub mod excerpt;
pub mod input;
pub mod json;
pub mod locate;
pub mod operation;
pub mod reader;
pub mod reason;
pub mod route;
pub mod secret;
pub mod stack;
pub mod tree;
pub mod value;
pub mod world;
pub mod yaml;

pub use excerpt::Excerpt;
pub use input::{Input, InputStatus, Problem};
pub use locate::{LineIndex, Position};
pub use operation::Operation;
pub use reader::Reader;
pub use reason::{ANYBODY, Reason, ReasonCode, Why};
pub use route::{Route, Step};
pub use stack::{
    Apart, Condition, ConditionId, Estate, Formula, Reference, Resource, ResourceId, ResourceIndex, Segment,
    Stack, StackIndex, Stage, Variable, VariableId, Where,
};
pub use tree::{Entry, Node, NodeId, Range, Span, Tree, key_hash};
pub use value::{Part, Target, Text, Value, View};
pub use world::Worlds;
