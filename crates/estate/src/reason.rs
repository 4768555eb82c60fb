//! Why a value or a verdict cannot be known.

use std::fmt;

/// A reason, as a stable code and what it is about.
///
/// The code selects the sentence in the reader's language; [`fmt::Display`] is
/// the English one, which machine-readable output uses.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Reason {
    /// Which kind of reason.
    pub code: ReasonCode,
    /// The name it is about: a parameter, a function, a resource, or a sentence of facts.
    pub subject: Box<str>,
}

macro_rules! reason_codes {
    ($($variant:ident, $code:literal, $english:literal;)*) => {
        /// Kinds of reasons.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum ReasonCode {
            $(#[doc = $english] $variant,)*
        }
        impl ReasonCode {
            /// Every code, in a fixed order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];
            /// Stable name, the key of the message catalogue.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
            /// English sentence with `{}` for the subject.
            #[must_use]
            pub fn english(self) -> &'static str {
                match self { $(Self::$variant => $english,)* }
            }
        }
    };
}

/// The subject of [`ReasonCode::ImageLookup`] when a look-up says of nobody that the image must be
/// theirs: images of all accounts that are public or shared are among those that it looks at.
pub const ANYBODY: &str = "anybody";

reason_codes! {
    ParameterWithoutValue, "parameter-without-value", "parameter {} has no value, no default and no list of allowed values";
    PseudoParameter, "pseudo-parameter", "{} is known only where the stack is deployed";
    ImportNotFound, "import-not-found", "no stack in this input exports {}";
    ImportAmbiguous, "import-ambiguous", "several stacks in this input export {}";
    ReferenceNotFound, "reference-not-found", "{} is neither a resource nor a parameter of this template";
    AttributeAtDeploy, "attribute-at-deploy", "{} is known only after creation";
    Transform, "transform", "transform {} is not evaluated";
    Module, "module", "module {} is not expanded";
    DynamicReference, "dynamic-reference", "{} is read when the stack is deployed";
    Secret, "secret", "the value of {} is secret";
    UnsupportedFunction, "unsupported-function", "function {} is not evaluated";
    InvalidFunction, "invalid-function", "function {} is not written as CloudFormation requires";
    MapEntryNotFound, "map-entry-not-found", "mapping {} has no such entry";
    NestedNotFound, "nested-not-found", "nested template {} is not in this input";
    ConditionNotFound, "condition-not-found", "condition {} is not defined";
    TooManyAlternatives, "too-many-alternatives", "too many alternatives: {}";
    Cyclic, "cyclic", "{} depends on itself";
    WrongShape, "wrong-shape", "{} has a shape that the resource type does not admit";
    NotComparable, "not-comparable", "{} cannot be compared here";
    NotInInput, "not-in-input", "{} is not in this input";
    NotWholeAccount, "not-whole-account", "{} may exist outside this input; declare the input a whole account to decide";
    AccountSetting, "account-setting", "{}";
    TakenFromSource, "taken-from-source", "{} is taken from what the resource was made from";
    DefaultUndated, "default-undated", "the default of {} depends on when the resource was created";
    NotListed, "not-listed", "the list of eligible services does not name {}";
    AnalysisNotBuilt, "analysis-not-built", "analysis not built: {}";
    AbsentOperand, "absent-operand", "{} is not written and has no default";
    LeftToPrograms, "left-to-programs", "encryption on the way to {} is left to the programs at both ends";
    AgreementNotSaid, "agreement-not-said", "PHI is only assumed, and no agreement in sekisho.toml covers {}";
    OtherWorld, "other-world", "flows were followed for {} only; --parameter NAME=VALUE chooses other values";
    AccessWorld, "access-world", "access was worked out for the default values of parameters only, and this is about {}";
    NetworkWorld, "network-world", "the network was worked out for the default values of parameters only, and this is about {}";
    StepLimit, "step-limit", "the control took more than {} steps";
    UnknownType, "unknown-type", "resource type {} is not known";
    SaidByControl, "said-by-control", "the control cannot decide: {}";
    PolicyNotUnderstood, "policy-not-understood", "policy part not understood: {}";
    VariableWithoutValue, "variable-without-value", "variable {} has no value and no default";
    DataSource, "data-source", "{} is read when Terraform runs";
    ImageLookup, "image-lookup", "an image of {} is looked up when Terraform runs";
    ImagesNotDeclared, "images-not-declared", "sekisho.toml does not say which machine images are approved; this one is {}";
    ImageOwner, "image-owner", "whose image {} is, is not in this input";
    ModuleNotRead, "module-not-read", "module {} is not in this input";
    InstancesUnknown, "instances-unknown", "which instances there are of {} is known only when Terraform runs";
    EvaluationFailed, "evaluation-failed", "cannot be evaluated: {}";
    EvaluationLimit, "evaluation-limit", "the evaluation was stopped: {}";
    KnownAfterApply, "known-after-apply", "{} is made of what is known only after apply";
    DiffersEachRun, "differs-each-run", "{} gives another value in each run";
}

/// A reason borrowed from a stack or from the arena of an evaluation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Why<'e> {
    /// Which kind of reason.
    pub code: ReasonCode,
    /// What it is about.
    pub subject: &'e str,
}

impl Why<'_> {
    /// The reason on its own.
    #[must_use]
    pub fn to_reason(self) -> Reason {
        Reason::new(self.code, self.subject)
    }
}

impl Reason {
    /// The reason, borrowed.
    #[must_use]
    pub fn why(&self) -> Why<'_> {
        Why { code: self.code, subject: &self.subject }
    }

    /// A reason about a subject.
    #[must_use]
    pub fn new(code: ReasonCode, subject: impl Into<Box<str>>) -> Self {
        Self { code, subject: subject.into() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code.english().replacen("{}", &self.subject, 1))
    }
}
