//! The control language: a question about a resource, written in CEL, answered in three
//! truth values, in every world, with the evidence that decided.
//!
//! `this` is the resource; its members are its properties, checked against the
//! schema of its type when the expression is compiled. Reading a property that is
//! not written gives the service's default as of its date, else *absent*. What
//! cannot be known is *unknown* and stays so through every operator, except where
//! the other side of `&&` or `||` decides. `functions.yaml` lists what a control
//! can ask of the analyses.

mod compare;
mod compile;
mod form;
mod frame;
mod functions;
mod program;
mod show;
pub mod syntax;
mod types;
mod value;

pub use frame::{Frame, Host, NoHost, Seen, TraceStep};
pub use functions::{
    CONDITION_MEMBERS, FLOW_MEMBERS, FUNCTIONS, Function, FunctionId, Members, OUTSIDER_MEMBERS, PLACE,
    Parameter, STATEMENT_MEMBERS, Sort, function,
};
pub use program::{Clause, Explanation, Outcome, Program, Subject, Truth, World, compile, compile_with};
pub use show::show;
pub use value::{ResourceRef, Val};
