//! `sekisho scan --framework`: the run by the paragraphs of a framework.

use sekisho_assess::Assessment;
use sekisho_guidance::{Decision, Framework, did_you_mean, framework, frameworks, read_decisions};
use sekisho_report::FrameworkReport;

use crate::Failure;
use crate::arguments::OutputArguments;

/// Where decisions stand when nobody says otherwise.
const DECISIONS: &str = "sekisho.decisions.yaml";

/// The framework that a run reports on.
pub(crate) struct Chosen {
    framework: &'static Framework,
    decisions: Vec<Decision>,
}

/// The framework that the arguments name, with the decisions of the user: an unknown name and
/// a decision that cannot be used are wrong usage.
pub(crate) fn chosen(arguments: &OutputArguments) -> Result<Option<Chosen>, Failure> {
    let Some(id) = &arguments.framework else { return Ok(None) };
    let framework = framework(id).ok_or_else(|| {
        let meant = did_you_mean(id, frameworks().iter().map(|framework| framework.id));
        let meant = meant.map_or_else(
            || "; sekisho guidance frameworks lists them".to_owned(),
            |meant| format!("; did you mean {meant}?"),
        );
        format!("there is no framework {id}{meant}")
    })?;
    let path = arguments.decisions.as_deref().unwrap_or(DECISIONS);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if arguments.decisions.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Some(Chosen { framework, decisions: Vec::new() }));
        }
        Err(error) => return Err(format!("{path}: {error}")),
    };
    let (decisions, problems) = read_decisions(path, &text);
    if problems.is_empty() {
        return Ok(Some(Chosen { framework, decisions }));
    }
    let lines: Vec<String> =
        problems.iter().map(|p| format!("{}:{}:{}: {}", p.file, p.line, p.column, p.message)).collect();
    Err(lines.join("\nsekisho: "))
}

impl Chosen {
    /// Writes the report.
    pub(crate) fn write(
        &self,
        assessment: &Assessment<'_>,
        today: &str,
        arguments: &OutputArguments,
    ) -> Result<(), Failure> {
        let report =
            FrameworkReport { framework: self.framework, assessment, decisions: &self.decisions, today };
        crate::output::framework(&report, arguments)
    }
}
