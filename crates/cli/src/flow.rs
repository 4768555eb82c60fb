//! `sekisho flow`, `assets` and `map`: where PHI flows.

use clap::{Args, ValueEnum};
use sekisho_assess::Analyses;
use sekisho_estate::{Estate, InputStatus};
use sekisho_guidance::Language;
use sekisho_phi::{EdgeIndex, Model, NodeIndex, Question};
use sekisho_report::{AssetForm, FlowView};

use crate::Failure;
use crate::arguments::{ColorChoice, FormArguments, InputArguments};
use crate::discover::discover;
use crate::output;
use crate::settings::{Settings, language};

#[derive(Debug, Args)]
pub(crate) struct FlowArguments {
    /// Files and folders to read
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Only from this: a logical id, an address, or a glob on it
    #[arg(long, value_name = "NAME")]
    pub(crate) from: Option<String>,
    /// Only to this; `external` for everything outside AWS
    #[arg(long, value_name = "NAME")]
    pub(crate) to: Option<String>,
    /// Everything about a hop (`FROM->TO`) or about the sides of one resource
    #[arg(long, value_name = "EDGE", conflicts_with_all = ["from", "to"])]
    pub(crate) explain: Option<String>,
    /// Flows that programs or roles only make possible
    #[arg(long)]
    pub(crate) possible: bool,
    /// Most paths that are shown
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    #[command(flatten)]
    pub(crate) form: FormArguments,
}

#[derive(Debug, Args)]
pub(crate) struct AssetsArguments {
    /// Files and folders to read
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = AssetFormat::Text)]
    pub(crate) format: AssetFormat,
    /// File to write to instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<String>,
    /// Language: en, ja, zh-TW; the locale's when left out
    #[arg(long, value_name = "LANG")]
    pub(crate) lang: Option<Language>,
    #[command(flatten)]
    pub(crate) input: InputArguments,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum AssetFormat {
    /// The matrix, and the four viewpoints on each store of data
    Text,
    /// The matrix for a spreadsheet
    Csv,
    /// One object, schema sekisho.assets/1
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct MapArguments {
    /// Files and folders to read
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// File to write: .svg for a picture, .html for a page to click in
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: String,
    /// Flows that only the policies of users and roles make possible
    #[arg(long)]
    pub(crate) possible: bool,
    /// Language: en, ja, zh-TW; the locale's when left out
    #[arg(long, value_name = "LANG")]
    pub(crate) lang: Option<Language>,
    #[command(flatten)]
    pub(crate) input: InputArguments,
}

/// What was read, with what the user says of it.
pub(crate) struct Read {
    pub(crate) estate: Estate,
    pub(crate) settings: Settings,
}

impl Read {
    /// Reads paths as `scan` does; a named path that cannot be read is a failure.
    pub(crate) fn new(paths: &[String], input: &InputArguments) -> Result<Self, Failure> {
        let settings = Settings::read(input)?;
        let found = discover(paths, input.max_file_size << 20);
        if !found.errors.is_empty() {
            return Err(found.errors.join("\nsekisho: "));
        }
        let named: Vec<String> = found.files.iter().filter(|f| f.named).map(|f| f.path.clone()).collect();
        let estate = crate::judge::estate(found, input, &settings.config)?;
        for input in estate.inputs.iter().filter(|input| named.contains(&input.path)) {
            if input.status == InputStatus::Unreadable {
                let why = input.problems.first().map_or("", |problem| &problem.message);
                return Err(format!("{}: {why}", input.path));
            }
        }
        // What a label is written for and does not reach is told here too: nothing else would show it.
        for notice in settings.declared(&estate) {
            eprintln!("sekisho: {}", sekisho_report::notice_line(&notice, language(None)));
        }
        Ok(Self { estate, settings })
    }
}

/// `sekisho flow`
pub(crate) fn flow(arguments: &FlowArguments) -> Result<u8, Failure> {
    let read = Read::new(&arguments.paths, &arguments.input)?;
    let analyses = Analyses::new(&read.estate, &read.settings.config);
    let model = analyses.possible_flow();
    let (notation, look) = output::form(&arguments.form);
    let nodes = |name: &str| sekisho_report::flow_nodes(model, name, look.options());
    if let Some(asked) = &arguments.explain {
        let (edges, node) = explained(model, asked, nodes)?;
        output::to(None, |out| sekisho_report::flow_explanation(model, &edges, node, look.options(), out))?;
        return Ok(0);
    }
    let mut question = Question { possible: arguments.possible, ..Question::default() };
    if let Some(name) = &arguments.from {
        question.from = nodes(name)?;
    }
    match arguments.to.as_deref() {
        Some("external") => question.external = true,
        Some(name) => question.to = nodes(name)?,
        None => {}
    }
    let view = FlowView { question, limit: arguments.limit };
    output::to(None, |out| sekisho_report::flow(model, &view, notation, look.options(), out))?;
    Ok(0)
}

/// The edges between two nodes (`FROM->TO`), or the one node that is meant.
fn explained(
    model: &Model<'_>,
    asked: &str,
    nodes: impl Fn(&str) -> Result<Vec<NodeIndex>, String>,
) -> Result<(Vec<EdgeIndex>, Option<NodeIndex>), Failure> {
    let Some((from, to)) = asked.split_once("->") else {
        return Ok((Vec::new(), nodes(asked.trim())?.first().copied()));
    };
    let (from, to) = (nodes(from.trim())?, nodes(to.trim())?);
    let between = from.iter().flat_map(|&node| model.graph.leaving(node));
    let edges: Vec<EdgeIndex> = between.filter(|&edge| to.contains(&model.graph.edge(edge).to)).collect();
    if edges.is_empty() {
        return Err(format!("no flow {asked}"));
    }
    Ok((edges, None))
}

/// `sekisho assets`
pub(crate) fn assets(arguments: &AssetsArguments) -> Result<u8, Failure> {
    let read = Read::new(&arguments.paths, &arguments.input)?;
    let analyses = Analyses::new(&read.estate, &read.settings.config);
    let model = analyses.possible_flow();
    let rows = model.assets(&analyses.joins.names, &read.settings.config.assets);
    let file = arguments.output.as_deref();
    let look = output::Look::new(language(arguments.lang), ColorChoice::Auto, file);
    let form = match arguments.format {
        AssetFormat::Text => AssetForm::Text,
        AssetFormat::Csv => AssetForm::Csv,
        AssetFormat::Json => AssetForm::Json,
    };
    output::to(file, |out| sekisho_report::assets(model, &rows, form, look.options(), out))?;
    Ok(0)
}

/// `sekisho map`
pub(crate) fn map(arguments: &MapArguments) -> Result<u8, Failure> {
    let file = arguments.output.as_str();
    let html = match file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("svg") => false,
        Some("html" | "htm") => true,
        _ => return Err(format!("{file}: end the name with .svg or .html")),
    };
    let read = Read::new(&arguments.paths, &arguments.input)?;
    let analyses = Analyses::new(&read.estate, &read.settings.config);
    let look = output::Look::new(language(arguments.lang), ColorChoice::Never, Some(file));
    let model = if arguments.possible { analyses.possible_flow() } else { analyses.flow() };
    output::to(Some(file), |out| match html {
        true => sekisho_report::map_html(model, look.options(), out),
        false => sekisho_report::map_svg(model, look.options(), out),
    })?;
    Ok(0)
}
