//! Runs controls over an estate.
//!
//! [`run()`] compiles the controls for the types that occur, judges every resource in
//! parallel, and gives one [`Assessment`] that every output format is made from. The
//! analyses that controls can ask are injected into the control language here.

mod access;
mod analyses;
pub mod baseline;
mod config;
mod declared;
mod elsewhere;
mod flows;
mod identifiers;
mod images;
mod joins;
mod lifecycle;
pub mod model;
mod network;
mod once;
mod outside;
mod owners;
mod policies;
mod run;
mod secrets;
pub mod waivers;
mod world_open;

pub use analyses::Analyses;
pub use config::{Config, ConfigError, ScopeConfig, WaiverConfig};
pub use declared::notices as declared_notices;
pub use joins::Joins;
pub use model::{
    Assessment, Basis, Evidence, EvidenceKind, HopNote, Judgement, Notice, Verdict, WaiverNote, WorldVerdict,
};
pub use run::{RunOptions, run};
pub use sekisho_phi::{Account, Contract, Phi, Tag, matches};
