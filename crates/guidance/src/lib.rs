//! What is demanded: the requirements of the source documents, the controls that answer
//! them, how bad a failure is, and all of it in three languages.
//!
//! The data is in the folder `guidance/` at the root of the repository; its README says how
//! to change it. Built-in controls and requirements lie in the binary in a form that is
//! looked up, not parsed. Users' controls are read at run time by the same loader.
//!
//! ```
//! use sekisho_guidance::{Language, control, requirement};
//!
//! let control = control("rds-storage-not-encrypted").expect("a built-in control");
//! assert_eq!(control.applies[0], "AWS::RDS::DBInstance");
//! assert!(control.title.get(Language::Ja).contains("暗号化"));
//! assert!(control.satisfies.iter().all(|id| requirement(id).is_some()));
//! ```

mod catalogue;
mod control;
mod decision;
mod edition;
mod eligibility;
mod framework;
mod labels;
mod language;
mod layout;
mod listing;
mod load;
mod patch;
mod requirement;
mod resolution;
mod responsibility;
mod service;
mod severity;
mod user;
mod words;

/// The loader, which the build script shares, names its neighbour so.
mod suggest {
    pub(crate) use sekisho_facts::did_you_mean;
}

pub use catalogue::{Cases, cases, control, controlled_types, controls, controls_for, controls_of};
pub use control::{ANY_TYPE, Control, Fix, Text, ToldAtTarget, Words};
pub use decision::{Decision, read_decisions};
pub use edition::controls_in;
pub use eligibility::{
    Eligibility, EligibilityList, EligibilityTable, LIST_GROWS_OLD_AFTER, Lifecycle, Stage, days_between,
    eligibility, eligibility_list, eligible_services, lifecycle, lifecycles, versions,
};
pub use framework::{Framework, Paragraph, framework, frameworks, paragraphs_of};
pub use language::Language;
pub use load::LoadProblem;
pub use patch::{CompanionPatch, NewResource, Patch};
pub use requirement::{Requirement, requirement, requirements};
pub use resolution::{
    Coverage, Inheritance, Item, Question, Replacement, Resolution, answered_by, coverage, resolution,
};
pub use responsibility::{Cell, Layer, Matrix, MatrixRow, Override, class_of, layers, responsibility};
/// The nearest of some known names, for messages.
pub use sekisho_facts::did_you_mean;
pub use service::{Service, service, service_of, services};
pub use severity::severity;
pub use user::{load_user_controls, parse_control};
pub use words::{
    Assurance, Basis, Choice, Class, Confidence, Edition, Harm, Holding, Label, Level, ParagraphKind, Reach,
    RecordKind, ResolutionKind, Room, Scope, Seed, Severity, Standing, Status, UnknownWord, Verify, Who,
};
