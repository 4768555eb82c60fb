//! The closed vocabularies of the guidance data. Shared with the build script.

use serde::Deserialize;

/// An enum whose variants have a name in data and output.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
        pub enum $name { $($(#[$note])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// All of them, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The name used in data files and in every output.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($text => Ok($name::$variant),)+
                    _ => Err(UnknownWord { word: text.to_owned(), known: &[$($text),+] }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

/// A word that is not among the known ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownWord {
    /// What was given.
    pub word: String,
    /// What would have been right.
    pub known: &'static [&'static str],
}

impl std::fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is none of {}", self.word, self.known.join(", "))
    }
}

impl std::error::Error for UnknownWord {}

words! {
    /// What a failing control means for PHI.
    Harm {
        /// Someone can read or alter PHI.
        Discloses = "discloses",
        /// A demanded protection is missing.
        Unprotects = "unprotects",
        /// No copy, no recovery.
        Loses = "loses",
        /// No log, no detection.
        Blinds = "blinds",
        /// One layer of several is missing.
        Weakens = "weakens",
        /// Nothing is harmed; worth knowing.
        Informs = "informs",
    }
}

words! {
    /// Who can make use of what is wrong.
    Reach {
        /// Anyone on the internet.
        Anyone = "anyone",
        /// Another AWS account.
        OtherAccount = "other-account",
        /// Only who is inside the account or its networks.
        Inside = "inside",
    }
}

words! {
    /// How sure the answer is, apart from how bad it is.
    Confidence {
        /// A guess of a detector.
        Low = "low",
        /// Depends on a default, a world or a companion that may be elsewhere.
        Medium = "medium",
        /// Decided on known values.
        High = "high",
    }
}

words! {
    /// What a control is asked about.
    Scope {
        /// Each resource of the types in `applies`.
        Resource = "resource",
        /// Each stack.
        Stack = "stack",
        /// The whole input, once.
        Account = "account",
    }
}

words! {
    /// How bad a failed control is.
    Severity {
        /// Nothing to repair.
        Info = "info",
        /// Repair when convenient.
        Low = "low",
        /// Repair soon.
        Medium = "medium",
        /// Repair before this is used.
        High = "high",
        /// Repair now: PHI is open to outsiders.
        Critical = "critical",
    }
}

words! {
    /// How strongly a requirement is stated, the strongest first.
    Level {
        /// Has to be so.
        Must = "must",
        /// Has not to be so.
        MustNot = "must-not",
        /// Is recommended.
        Should = "should",
        /// Is one way among several.
        May = "may",
        /// Describes AWS; demands nothing.
        Fact = "fact",
        /// Not stated; we concluded it from what is stated.
        Derived = "derived",
    }
}

words! {
    /// How strongly a resource is connected with PHI.
    Label {
        /// No connection is known, or the resource is no store.
        None = "none",
        /// Nothing was said; its type can hold customer data.
        Assumed = "assumed",
        /// A tag, a scanner or a data flow says so.
        Evidenced = "evidenced",
        /// The configuration says so.
        Declared = "declared",
    }
}

words! {
    /// What stands behind a requirement.
    Basis {
        /// The section says it.
        Section = "section",
        /// The section says only that one *can*; the duty comes from the addendum (BAA).
        GeneralDuty = "general-duty",
        /// We concluded it; never shown as the section's own demand.
        Derived = "derived",
    }
}

words! {
    /// Which document states a requirement.
    Seed {
        /// HIPAA security and compliance whitepaper, edition of 2018.
        Hipaa2018 = "000",
        /// The same, edition of 2023.
        Hipaa2023 = "001",
        /// Both editions.
        HipaaBoth = "both",
        /// AWS Security Best Practices, 2016.
        BestPractices = "002",
        /// Talk on the shared responsibility model, 2019.
        SharedResponsibility = "003",
    }
}

words! {
    /// Whose task a requirement is.
    Who {
        /// The customer's.
        Customer = "customer",
        /// AWS's.
        Aws = "aws",
        /// Both have a part.
        Shared = "shared",
    }
}

words! {
    /// How one can find out whether a requirement is met.
    Verify {
        /// Properties of one resource.
        Config = "auto-config",
        /// Relations between resources.
        Graph = "auto-graph",
        /// Names, tags and text.
        Content = "auto-content",
        /// Logs.
        Log = "auto-log",
        /// A disk image or a host.
        Host = "auto-host",
        /// A record that the customer keeps.
        Document = "document",
        /// A person looks.
        Manual = "manual",
        /// AWS does it; the evidence is a third party's report.
        Inherited = "inherited",
    }
}

impl Level {
    /// Whether a resource can fail because of a requirement of this level.
    pub const fn can_fail(self) -> bool {
        matches!(self, Level::Must | Level::MustNot | Level::Should)
    }
}
