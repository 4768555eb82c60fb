//! What a control is. Shared with the build script, which writes the built-in controls
//! as statics of these types.

use std::borrow::Cow;

use crate::words::{Confidence, Harm, Reach, Scope};

/// What stands in `applies` for every resource type that has a schema.
pub const ANY_TYPE: &str = "*";

/// Text that lies in the binary, or that was read at run time.
pub type Words = Cow<'static, str>;

/// The same text in each language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// English.
    pub en: Words,
    /// Japanese.
    pub ja: Words,
    /// Traditional Chinese.
    pub zh_tw: Words,
}

/// How to repair what a control found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What to do, in words.
    pub text: Text,
    /// A patch for the CloudFormation resource, as JSON text; see `guidance/README.md`.
    pub cloudformation: Option<Words>,
    /// What to write in Terraform.
    pub terraform: Option<Words>,
}

/// What of a flow is a fault of the resource where it arrives, and which requirement that
/// resource then fails by a control of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToldAtTarget {
    /// The copy is not encrypted.
    AtRest,
    /// The hop is not encrypted, because of how the far end is configured.
    InTransit,
    /// The copy is where PHI may not be.
    Place,
}

/// One decidable question about resources, and what its answer means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Control {
    /// Names the bad state, in kebab case.
    pub id: Words,
    /// The resource types it is asked of, or [`ANY_TYPE`] alone. Empty only for the scopes `stack`
    /// and `account`.
    pub applies: Cow<'static, [Words]>,
    /// What it is asked about.
    pub scope: Scope,
    /// Named parts of the question with their expressions; each sees those before it.
    pub named: Cow<'static, [(Words, Words)]>,
    /// Where this is false, the control does not apply.
    pub when: Option<Words>,
    /// True where all is well.
    pub pass_if: Words,
    /// The requirements it answers, as ids of [`crate::requirement`].
    pub satisfies: Cow<'static, [Words]>,
    /// What of a flow the resource at its far end fails for as well, so that it is told there.
    pub told_at_target: Option<ToldAtTarget>,
    /// What a failure means.
    pub harm: Harm,
    /// Who can make use of a failure.
    pub reach: Reach,
    /// How sure a failure is, when nothing else lowers it.
    pub confidence: Confidence,
    /// The version of sekisho that brought it.
    pub since: Words,
    /// Names the bad state in plain words.
    pub title: Text,
    /// What can happen to PHI.
    pub why: Text,
    /// How to repair it.
    pub fix: Fix,
    /// Pages of AWS that describe the behaviour behind the question.
    pub references: Cow<'static, [Words]>,
}
