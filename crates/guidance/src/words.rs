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
    /// An edition of the HIPAA security and compliance whitepaper.
    Edition {
        /// That of June 2018.
        Of2018 = "2018",
        /// That of September 2022, last revised in May 2023.
        Of2023 = "2023",
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

words! {
    /// How a requirement is resolved; `guidance/resolution.yaml` says what each means.
    ResolutionKind {
        /// A control answers it.
        Control = "control",
        /// One way among others to meet another row, or a duty the section does not state itself.
        AlternativeOf = "alternative-of",
        /// A program can decide it, and the analysis is not there yet.
        AnalysisPending = "analysis-pending",
        /// The customer keeps a record.
        Record = "record",
        /// A person answers a question.
        Attestation = "attestation",
        /// AWS does it; a report or contract is the evidence.
        Inherited = "inherited",
        /// It says how things are and demands nothing.
        Fact = "fact",
        /// Something else has taken its place.
        Superseded = "superseded",
        /// Nothing that can be read shows it.
        NotObservable = "not-observable",
        /// Not taken up.
        None = "none",
    }
}

words! {
    /// The part of sekisho that will decide a requirement.
    Room {
        /// A control that nobody has written yet.
        Controls = "controls",
        /// Who can do what (IAM).
        Access = "access",
        /// Who can reach what.
        Network = "network",
        /// Where PHI is and where it flows.
        Phi = "phi",
        /// Logs.
        Trail = "trail",
        /// Disk images and hosts.
        Host = "host",
        /// What only Terraform describes.
        Terraform = "terraform",
    }
}

words! {
    /// What an inherited requirement rests on.
    Assurance {
        /// The SOC 2 Type II report of AWS, for its period, services and regions.
        Soc2 = "soc-2",
        /// The business associate addendum with AWS.
        Baa = "baa",
        /// The customer agreement with AWS.
        CustomerAgreement = "customer-agreement",
    }
}

words! {
    /// How much of a service the customer runs.
    Class {
        /// The customer runs all above virtualization.
        Infrastructure = "infrastructure",
        /// AWS runs the platform, the customer its network controls and access.
        Container = "container",
        /// AWS runs all but data and access.
        Abstracted = "abstracted",
    }
}

words! {
    /// What a document says of a service and PHI.
    Standing {
        /// It may hold PHI.
        Eligible = "eligible",
        /// It may, with a limit.
        Restricted = "restricted",
        /// It is left out by name.
        Excluded = "excluded",
        /// The document has a section about it that does not say.
        NotStated = "not-stated",
        /// The document does not name it.
        NotListed = "not-listed",
    }
}

words! {
    /// Whether PHI may be in a service itself, as the papers say.
    Holding {
        /// It may hold PHI.
        Held = "held",
        /// PHI passes through it.
        Relays = "relays",
        /// It directs other services and holds no PHI itself.
        Orchestrates = "orchestrates",
        /// PHI is to be kept out of it, though it may serve what holds PHI.
        KeptOut = "kept-out",
        /// No paper says.
        NotStated = "not-stated",
    }
}

impl Holding {
    /// Whether PHI may be in the service itself at all.
    pub const fn in_the_service(self) -> bool {
        !matches!(self, Holding::Orchestrates | Holding::KeptOut)
    }
}

words! {
    /// A kind of record that the customer keeps.
    RecordKind {
        /// The agreement with AWS (BAA), accepted for the accounts that hold PHI.
        Agreement = "agreement",
        /// The register of assets.
        Asset = "asset",
        /// What the management system covers, and what it leaves out and why.
        Scope = "scope",
        /// The security policy.
        Policy = "policy",
        /// How risks are assessed.
        RiskMethod = "risk-method",
        /// The register of risks.
        Risk = "risk",
        /// Likelihood and impact, and what they give.
        RiskMatrix = "risk-matrix",
        /// The approval of management.
        Approval = "approval",
        /// The statement of applicability.
        Soa = "soa",
        /// Which accounts there are and why.
        AccountStrategy = "account-strategy",
        /// Keys and who keeps them.
        Key = "key",
        /// How systems are configured.
        ConfigurationStandard = "configuration-standard",
        /// How patches are applied.
        PatchProcedure = "patch-procedure",
        /// How vulnerabilities are ranked.
        VulnerabilityRank = "vulnerability-rank",
        /// Incidents and what was done.
        Incident = "incident",
        /// Zones and the controls they share.
        Zone = "zone",
        /// Controls on directories, name and time servers.
        PeripheryChecklist = "periphery-checklist",
        /// How systems get the time.
        TimeProcess = "time-process",
        /// Security tests and drills, with their authorization.
        Test = "test",
        /// What is watched, how, and who is told.
        MonitoringPlan = "monitoring-plan",
        /// What is logged and where it goes.
        LogDesign = "log-design",
        /// Reviews of logs.
        LogReview = "log-review",
        /// How long logs are kept.
        RetentionPolicy = "retention-policy",
        /// Changes and their tickets.
        Change = "change",
        /// Faults and their causes.
        Fault = "fault",
        /// The gateway for privileged access.
        Gateway = "gateway",
        /// Audits and reviews by management.
        Review = "review",
        /// Measures of effectiveness.
        Metric = "metric",
        /// Reports of third parties on AWS.
        EvidenceReport = "evidence-report",
        /// Which services a programme covers.
        ServiceScope = "service-scope",
        /// Agreements, terms and policies of AWS.
        LegalDocument = "legal-document",
        /// Laws and guidelines that apply.
        Obligation = "obligation",
        /// The plan for contingencies and recovery, with its tests.
        DrPlan = "dr-plan",
        /// The four viewpoints on a body of data.
        DataSheet = "data-sheet",
    }
}

impl Level {
    /// Whether a resource can fail because of a requirement of this level.
    pub const fn can_fail(self) -> bool {
        matches!(self, Level::Must | Level::MustNot | Level::Should)
    }
}

words! {
    /// What a paragraph of a framework is.
    ParagraphKind {
        /// A heading; the paragraphs until the next one stand under it.
        Section = "section",
        /// A standard of the HIPAA Security Rule; the specifications that follow stand under it.
        Standard = "standard",
        /// An implementation specification of the standard before it.
        Specification = "specification",
        /// A control of a catalogue.
        Control = "control",
        /// A recommendation of a benchmark.
        Recommendation = "recommendation",
        /// A rule that a service evaluates.
        Rule = "rule",
        /// A section of a document, an article of a law or a guideline.
        Clause = "clause",
    }
}

words! {
    /// How binding a paragraph of the HIPAA Security Rule is (45 CFR 164.306(d)).
    Status {
        /// It has to be implemented.
        Required = "required",
        /// It has to be implemented, or the reason why not, and what stands in its place, written down.
        Addressable = "addressable",
    }
}

words! {
    /// What was decided about an addressable specification (45 CFR 164.306(d)(3)).
    Choice {
        /// It is implemented.
        Implement = "implement",
        /// Something equivalent is done instead.
        Alternative = "alternative",
        /// It is not reasonable and appropriate here.
        NotReasonable = "not-reasonable",
    }
}
