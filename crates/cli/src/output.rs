//! Where output goes, and in which form.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use sekisho_assess::{Assessment, Judgement};
use sekisho_estate::{Estate, ResourceId};
use sekisho_expr::Explanation;
use sekisho_guidance::{Control, EligibilityList, Language};
use sekisho_report::{Color, Exit, Explained, GuidanceError, GuidanceFilter, Notation, Options, Report, Run};

use crate::Failure;
use crate::arguments::{
    ColorChoice, FormArguments, Format, GuidanceArguments, ListFormat, OutputArguments, Question, Verdicts,
};
use crate::settings::{Settings, color, language};

/// Day of the newest fact about AWS in the binary.
const FACTS_AS_OF: &str = "2026-11-25";

/// How text looks.
pub(crate) struct Look {
    pub(crate) options: Options,
}

impl Look {
    /// The same for one edition of the HIPAA paper.
    pub(crate) fn of(mut self, edition: Option<sekisho_guidance::Edition>) -> Self {
        self.options.edition = edition;
        self
    }

    pub(crate) fn new(language: Language, choice: ColorChoice, file: Option<&str>) -> Self {
        let color = if color(choice, file.is_some()) { Color::Always } else { Color::Never };
        Self { options: Options { language, color, width: width(), ..Options::default() } }
    }
}

impl Look {
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }
}

/// Columns of the terminal, where that is known.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    columns.filter(|columns| (40..=400).contains(columns)).unwrap_or(100)
}

/// Writes the report of a run to where the arguments say.
pub(crate) fn write(
    estate: &Estate,
    assessment: &Assessment<'_>,
    settings: &Settings,
    arguments: &OutputArguments,
    status: u8,
) -> Result<(), Failure> {
    let mut options =
        Look::new(language(arguments.lang), arguments.color, arguments.output.as_deref()).options;
    options.run = Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        facts_as_of: Some(FACTS_AS_OF.to_owned()),
        eligibility_as_of: Some(eligible_list(settings).as_of.to_string()),
        eligibility_old: old_list(eligible_list(settings)),
        edition: sekisho_report::editions_shown(settings.edition),
        configuration_sha256: Some(settings.digest.clone()).filter(|digest| !digest.is_empty()),
        ..Run::default()
    };
    options.edition = settings.edition;
    options.verdicts = match arguments.verdicts {
        Verdicts::Findings => sekisho_report::Verdicts::Findings,
        Verdicts::All => sekisho_report::Verdicts::All,
    };
    options.full = arguments.full;
    options.phi_assumed = !settings.config.classifies();
    options.exit =
        Some(Exit { status, fail_on: arguments.fail_on, fail_on_unknown: arguments.fail_on_unknown });
    let format = match arguments.format {
        Format::Text => sekisho_report::Format::Text,
        Format::Json => sekisho_report::Format::Json,
        Format::Jsonl => sekisho_report::Format::Jsonl,
        Format::Sarif => sekisho_report::Format::Sarif,
        Format::Github => sekisho_report::Format::Github,
    };
    let report = Report { estate, assessment, options: &options };
    to(arguments.output.as_deref(), |out| report.write(format, out))
}

/// Writes what a run says of a framework to where the arguments say.
pub(crate) fn framework(
    report: &sekisho_report::FrameworkReport<'_>,
    arguments: &OutputArguments,
) -> Result<(), Failure> {
    let notation = match arguments.format {
        Format::Text => Notation::Text,
        Format::Json => Notation::Json,
        _ => return Err("--framework is written as text or json".into()),
    };
    let look = Look::new(language(arguments.lang), arguments.color, arguments.output.as_deref());
    if let Some(path) = &arguments.checklist {
        to(Some(path), |out| report.checklist(&look.options, out))?;
    }
    to(arguments.output.as_deref(), |out| report.write(notation, &look.options, out))
}

/// Writes a control's page for a terminal.
pub(crate) fn page(control: &Control, look: &Look) -> Result<(), Failure> {
    to(None, |out| sekisho_report::control_page(control, &look.options, out))
}

/// Writes how a control was answered for a resource.
pub(crate) fn explanation(
    estate: &Estate,
    control: &Control,
    resource: ResourceId,
    explanations: &[Explanation],
    judgement: Option<&Judgement<'_>>,
    look: &Look,
) -> Result<(), Failure> {
    let explained = Explained { control, estate, resource: Some(resource), explanations, judgement };
    to(None, |out| explained.text(&look.options, out))
}

/// Writes the list of controls.
pub(crate) fn list(user: &[Control], format: ListFormat, language: Language) -> Result<(), Failure> {
    let controls = || sekisho_guidance::controls().iter().chain(user);
    let options = Look::new(language, ColorChoice::Auto, None).options;
    to(None, |out| match format {
        ListFormat::Text => sekisho_report::list(controls(), &options, out),
        ListFormat::Json => sekisho_report::list_json(controls(), out),
    })
}

/// Writes the pages of the controls into a folder.
pub(crate) fn pages(folder: &str, language: Language) -> Result<u8, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{folder}: {error}"))?;
    for page in sekisho_report::pages(language) {
        let path = Path::new(folder).join(&page.path);
        std::fs::write(&path, page.markdown).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(0)
}

/// `sekisho guidance`
pub(crate) fn guidance(arguments: &GuidanceArguments) -> Result<u8, Failure> {
    let (notation, mut look) = form(&arguments.form);
    look.options.edition = match &arguments.question {
        Question::Show { edition, .. }
        | Question::Search { edition, .. }
        | Question::Coverage { edition } => *edition,
        _ => None,
    };
    let options = &look.options;
    let mut wrong = None;
    to(None, |out| {
        let answer = match &arguments.question {
            Question::List(list) => {
                let filter = GuidanceFilter {
                    service: list.service.clone(),
                    topic: list.topic.clone(),
                    edition: list.edition.clone(),
                    level: list.level,
                    resolution: list.resolution,
                    detail: list.detail.clone(),
                    outdated: list.outdated,
                };
                sekisho_report::guidance_list(&filter, notation, options, out)
            }
            Question::Show { id, .. } => sekisho_report::guidance_show(id, notation, options, out),
            Question::Services { edition } => {
                sekisho_report::guidance_services(edition.as_deref(), notation, options, out)
            }
            Question::Inherited { service } => {
                sekisho_report::guidance_inherited(service.as_deref(), notation, options, out)
            }
            Question::Search { words, .. } => {
                return sekisho_report::guidance_search(&words.join(" "), notation, options, out);
            }
            Question::Frameworks => return sekisho_report::framework_list(notation, options, out),
            Question::Coverage { .. } => return sekisho_report::guidance_coverage(notation, options, out),
        };
        match answer {
            Ok(()) => Ok(()),
            Err(GuidanceError::Io(error)) => Err(error),
            Err(unknown) => {
                wrong = Some(unknown.to_string());
                Ok(())
            }
        }
    })?;
    wrong.map_or(Ok(0), Err)
}

/// Writes the table of responsibility boundaries.
pub(crate) fn responsibility_form(estate: &Estate, arguments: &FormArguments) -> Result<(), Failure> {
    let (_, look) = form(arguments);
    to(None, |out| sekisho_report::responsibility_form(estate, &look.options, out))
}

/// Writes who is responsible for what.
pub(crate) fn responsibility(estate: &Estate, arguments: &FormArguments) -> Result<(), Failure> {
    let (notation, look) = form(arguments);
    to(None, |out| sekisho_report::responsibility(estate, notation, &look.options, out))
}

/// Writes answers about reachability.
pub(crate) fn reach(
    both: (&Estate, &sekisho_network::Network),
    asked: &[sekisho_report::Asked],
    arguments: &FormArguments,
) -> Result<(), Failure> {
    let (notation, look) = form(arguments);
    to(None, |out| sekisho_report::reach(both, asked, notation, &look.options, out))
}

/// Writes what the internet reaches.
pub(crate) fn exposed(
    both: (&Estate, &sekisho_network::Network),
    found: &[sekisho_network::exposure::Exposed],
    arguments: &FormArguments,
) -> Result<(), Failure> {
    let (notation, look) = form(arguments);
    to(None, |out| sekisho_report::exposed(both, found, notation, &look.options, out))
}

/// Writes zones.
pub(crate) fn zones(
    both: (&Estate, &sekisho_network::Network),
    zones: &sekisho_network::zones::Zones,
    arguments: &FormArguments,
) -> Result<(), Failure> {
    let (notation, look) = form(arguments);
    to(None, |out| sekisho_report::zones(both, zones, notation, &look.options, out))
}

pub(crate) fn form(arguments: &FormArguments) -> (Notation, Look) {
    let notation = match arguments.format {
        ListFormat::Text => Notation::Text,
        ListFormat::Json => Notation::Json,
    };
    (notation, Look::new(language(arguments.lang), arguments.color, None))
}

/// Writes what came of the cases of controls.
pub(crate) fn tally(tally: &crate::cases::Tally) -> Result<u8, Failure> {
    to(None, |out| {
        for line in &tally.wrong {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{} cases, {} fixes that mend, {} wrong", tally.cases, tally.mended, tally.wrong.len())
    })?;
    Ok(u8::from(!tally.wrong.is_empty()))
}

/// Writes to a file, or to standard output. A reader that closes the pipe early has seen enough.
pub(crate) fn to(
    path: Option<&str>,
    write: impl FnOnce(&mut BufWriter<Box<dyn Write>>) -> io::Result<()>,
) -> Result<(), Failure> {
    let sink: Box<dyn Write> = match path {
        Some(path) => Box::new(File::create(path).map_err(|error| format!("{path}: {error}"))?),
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::with_capacity(1 << 16, sink);
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe && path.is_none() => Ok(()),
        result => result.map_err(|error| format!("{}: {error}", path.unwrap_or("standard output"))),
    }
}

/// The list of eligible services that counts: an imported one, or the built-in one.
fn eligible_list(settings: &Settings) -> &EligibilityList {
    match &settings.config.eligible {
        Some(table) => &table.list,
        None => sekisho_guidance::eligibility_list(),
    }
}

/// The age of the list of eligible services in days, where it should be looked at again.
fn old_list(list: &EligibilityList) -> Option<i64> {
    let today = crate::clock::today();
    list.age(&today).filter(|_| list.is_old(&today))
}
