//! IAM policy documents: parsing, matching, typed views, and questions on one document.
//!
//! A [`Document`] is read from an estate value in one world: a map as templates
//! write it, or JSON text, also with holes (`!Sub`). What cannot be understood
//! is kept as unknown at the smallest element, never dropped, so that every
//! answer is yes, no, or unknown with its reason ([`Tri`]).
//!
//! A [`Pattern`] is a text of a policy with wildcards and with holes: names,
//! ARNs and variables known only at deployment. Texts that name the same
//! resource in different ways (`!GetAtt B.Arn`, `arn:${AWS::Partition}:s3:::${B}`,
//! the literal name) become the same pattern.
//!
//! No decision is made across policies; that is another crate's.
//!
//! The rules are those of the IAM User Guide, "IAM JSON policy elements reference"
//! (`reference_policies_elements.html`), "Grammar of the IAM JSON policy language"
//! (`reference_policies_grammar.html`) and "Policy evaluation logic".

mod arn;
mod condition;
mod content;
mod document;
mod evaluate;
mod limits;
mod parse;
mod pattern;
mod principal;
mod questions;
mod scope;
mod tri;

pub use arn::Arn;
pub use condition::{Comparison, Operator, Order, SetOperator, Test};
pub use document::{Document, Effect, Element, Selection, Statement};
pub use evaluate::{boolean, date, network};
pub use pattern::{HoleKind, Pattern, Piece};
pub use principal::{Principal, PrincipalKind};
pub use questions::accounts::Outside;
pub use questions::wildcards::{Breadth, WildcardAction};
pub use scope::ResourceScope;
pub use tri::{Answer, Tri};
