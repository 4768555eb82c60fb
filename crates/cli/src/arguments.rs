//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use sekisho_guidance::{Edition, Language, Severity};

/// Audits AWS environments against the guidance for protected health information (PHI).
#[derive(Debug, Parser)]
#[command(name = "sekisho", version, arg_required_else_help = true, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge files and folders
    Scan(ScanArguments),
    /// Judge the bundled example of a clinic; needs no input
    Demo(OutputArguments),
    /// Show what a control asks, or how it was answered for a resource
    Explain(ExplainArguments),
    /// List the controls
    Controls(ControlsArguments),
    /// Where PHI flows: every path, worst first
    Flow(crate::flow::FlowArguments),
    /// The asset matrix and a sheet for each store of data
    Assets(crate::flow::AssetsArguments),
    /// Draw where PHI flows
    Map(crate::flow::MapArguments),
    /// What the documents demand, and what sekisho does about each sentence
    Guidance(GuidanceArguments),
    /// What can be reached, and by which way
    Reach(Box<crate::reach::ReachArguments>),
    /// Who is responsible for which layer, for the services in the input
    Responsibility(ResponsibilityArguments),
    /// Who can reach the data: effective access through IAM
    Access(crate::access::AccessArguments),
}

#[derive(Debug, Args)]
pub(crate) struct GuidanceArguments {
    #[command(subcommand)]
    pub(crate) question: Question,
    #[command(flatten)]
    pub(crate) form: FormArguments,
}

/// Form and language of an answer.
#[derive(Clone, Debug, Args)]
pub(crate) struct FormArguments {
    /// Form of the output
    #[arg(long, value_enum, default_value_t = ListFormat::Text, global = true)]
    pub(crate) format: ListFormat,
    /// Language: en, ja, zh-TW; the locale's when left out
    #[arg(long, value_name = "LANG", global = true)]
    pub(crate) lang: Option<Language>,
    /// Colour
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, global = true)]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Question {
    /// Rows of the documents, by what they are about
    List(ListArguments),
    /// One row: what is stated, where, and what answers it; or one service
    Show {
        /// Id of a row, such as hipaa/s3/3, or a service, such as s3
        id: String,
        /// As this edition of the HIPAA paper states it: 2018 or 2023
        #[arg(long)]
        edition: Option<Edition>,
    },
    /// Rows in which all these words occur
    Search {
        /// The words
        #[arg(required = true)]
        words: Vec<String>,
        /// Only what this edition of the HIPAA paper states, beside the other documents: 2018 or
        /// 2023
        #[arg(long)]
        edition: Option<Edition>,
    },
    /// Services: whether they may hold PHI, by the editions of the paper and the list of AWS
    Services {
        /// Only those with a section in this edition: 2018 or 2023
        #[arg(long)]
        edition: Option<String>,
    },
    /// What AWS does, and what that rests on
    Inherited {
        /// Only of this service, such as s3
        #[arg(long)]
        service: Option<String>,
    },
    /// How many rows are answered, and how
    Coverage {
        /// Only what this edition of the HIPAA paper states, beside the other documents: 2018 or
        /// 2023
        #[arg(long)]
        edition: Option<Edition>,
    },
    /// Laws, catalogues and documents that `scan --framework` reports on
    Frameworks,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Short name of a service, such as s3
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// Capability or category, such as zoning
    #[arg(long)]
    pub(crate) topic: Option<String>,
    /// Edition of the document: 2016, 2018, 2019 or 2023
    #[arg(long)]
    pub(crate) edition: Option<String>,
    /// How strongly it is stated: must, must-not, should, may, fact, derived
    #[arg(long)]
    pub(crate) level: Option<sekisho_guidance::Level>,
    /// How it is resolved, such as control or attestation
    #[arg(long)]
    pub(crate) resolution: Option<sekisho_guidance::ResolutionKind>,
    /// What stands beside the resolution: the room or the kind of record
    #[arg(long)]
    pub(crate) detail: Option<String>,
    /// Only what AWS has moved on from (true), or has not (false)
    #[arg(long)]
    pub(crate) outdated: Option<bool>,
}

#[derive(Debug, Args)]
pub(crate) struct ResponsibilityArguments {
    /// Files and folders to read
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Write the table of responsibility boundaries as CSV, to be filled in
    #[arg(long)]
    pub(crate) csv: bool,
    #[command(flatten)]
    pub(crate) form: FormArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ScanArguments {
    /// Files and folders to read
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    /// Ask only what this edition of the HIPAA paper states, beside the other documents: 2018 or
    /// 2023; what either states when left out
    #[arg(long)]
    pub(crate) edition: Option<Edition>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Debug, Default, Args)]
pub(crate) struct InputArguments {
    /// Configuration; sekisho.toml in the current folder when left out
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<String>,
    /// Value of a parameter, for every root template that declares it
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_value)]
    pub(crate) parameters: Vec<(String, String)>,
    /// File of parameter values, as `aws cloudformation deploy` takes it
    #[arg(long = "parameter-file", value_name = "FILE")]
    pub(crate) parameter_files: Vec<String>,
    #[command(flatten)]
    pub(crate) terraform: crate::terraform::TerraformArguments,
    /// Folder of your own controls; .sekisho/controls when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) controls: Option<String>,
    /// Waivers; sekisho.waivers.yaml in the current folder when left out
    #[arg(long, value_name = "FILE")]
    pub(crate) waivers: Option<String>,
    /// The input is everything in the account: what is missing is missing
    #[arg(long)]
    pub(crate) complete_account: bool,
    /// Region in which the templates are deployed
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Account in which the templates are deployed
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Largest file that is read, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub(crate) max_file_size: u64,
    /// The day on which waivers are judged, YYYY-MM-DD; today when left out
    #[arg(long, value_name = "DAY")]
    pub(crate) today: Option<String>,
    /// Only this control; may be given several times
    #[arg(long = "control", value_name = "ID")]
    pub(crate) only: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct OutputArguments {
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// File to write to instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<String>,
    /// Which verdicts are written
    #[arg(long, value_enum, default_value_t = Verdicts::Findings)]
    pub(crate) verdicts: Verdicts,
    /// Language of people's output: en, ja, zh-TW; the locale's when left out
    #[arg(long, value_name = "LANG")]
    pub(crate) lang: Option<Language>,
    /// Colour
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
    /// Lowest severity of a fail that makes the exit status 1
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub(crate) fail_on: Severity,
    /// What cannot be decided makes the exit status 1 as well
    #[arg(long)]
    pub(crate) fail_on_unknown: bool,
    /// Exit status 3 when something could not be read or decided
    #[arg(long)]
    pub(crate) strict: bool,
    /// Findings in this file are known and do not count for the exit status
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<String>,
    /// Write the findings to this file as a baseline
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<String>,
    /// Show every finding in full, not only the first of its like
    #[arg(long)]
    pub(crate) full: bool,
    /// Report by the paragraphs of a framework instead; `sekisho guidance frameworks` lists them
    #[arg(long, value_name = "ID")]
    pub(crate) framework: Option<String>,
    /// Write the framework to this file too, as a checklist to be filled in (CSV)
    #[arg(long, value_name = "FILE", requires = "framework")]
    pub(crate) checklist: Option<String>,
    /// What was decided about addressable specifications; sekisho.decisions.yaml in the current
    /// folder when left out
    #[arg(long, value_name = "FILE")]
    pub(crate) decisions: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The control
    pub(crate) control: String,
    /// The resource: its logical id or address
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) resource: Option<String>,
    /// Files and folders to read
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// As this edition of the HIPAA paper demands it: 2018 or 2023; the setting of sekisho.toml, or
    /// both, when left out
    #[arg(long)]
    pub(crate) edition: Option<Edition>,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    /// Language: en, ja, zh-TW; the locale's when left out
    #[arg(long, value_name = "LANG")]
    pub(crate) lang: Option<Language>,
    /// Colour
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Args)]
pub(crate) struct ControlsArguments {
    /// Form of the output
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    /// Language: en, ja, zh-TW; the locale's when left out
    #[arg(long, value_name = "LANG")]
    pub(crate) lang: Option<Language>,
    /// Folder of your own controls; .sekisho/controls when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) controls: Option<String>,
    /// Try the cases (ID.test.yaml) of the controls in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) test: Option<String>,
    /// Write a page for each control into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) pages: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One object, schema sekisho.scan/1
    Json,
    /// One verdict a line
    Jsonl,
    /// SARIF 2.1.0
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Text,
    /// One object
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Verdicts {
    /// Fails, what is not decided, and what is waived
    Findings,
    /// All, passes and not-applicable too
    All,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal
    Auto,
    /// Yes
    Always,
    /// No
    Never,
}

pub(crate) fn name_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".into()),
    }
}
