//! Configuration, waivers and the user's controls: what is read beside the input.

use std::path::Path;

use sekisho_assess::Config;
use sekisho_assess::waivers::{self, Waiver};
use sekisho_assess::{Notice, matches};
use sekisho_guidance::{Control, Edition, Language, Severity, controls_in, load_user_controls};
use sha2::{Digest, Sha256};

use crate::Failure;
use crate::arguments::{ColorChoice, InputArguments};

/// Everything that the user said beside the input.
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// Digest of the configuration's bytes, empty when there is none.
    pub(crate) digest: String,
    /// Path and text of the configuration, where there is one.
    source: Option<(String, String)>,
    pub(crate) controls: Vec<Control>,
    /// The edition that is asked for; its controls then stand among `controls`.
    pub(crate) edition: Option<Edition>,
    pub(crate) waivers: Vec<Waiver>,
    pub(crate) notices: Vec<Notice>,
}

impl Settings {
    /// Nothing said.
    pub(crate) fn none() -> Self {
        Self {
            config: Config::default(),
            digest: String::new(),
            source: None,
            controls: Vec::new(),
            edition: None,
            waivers: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// What is to be said of the configuration beside an input.
    pub(crate) fn declared(&self, estate: &sekisho_estate::Estate) -> Vec<Notice> {
        let told = |(path, text): &(String, String)| {
            sekisho_assess::declared_notices(estate, &self.config, path, text)
        };
        self.source.as_ref().map(told).unwrap_or_default()
    }

    /// Asks what one edition of the HIPAA paper states, in place of what either does.
    pub(crate) fn restrict_to(&mut self, edition: Option<Edition>) {
        let Some(edition) = edition else { return };
        self.edition = Some(edition);
        self.controls.extend(controls_in(edition));
    }

    /// Reads what the arguments name, or what stands in the current folder.
    pub(crate) fn read(arguments: &InputArguments) -> Result<Self, Failure> {
        let mut settings = Self::none();
        if let Some((path, text)) = named_or_present(arguments.config.as_deref(), "sekisho.toml")? {
            settings.config = Config::parse(&text).map_err(|error| format!("{path}:{error}"))?;
            settings.digest = hex(&Sha256::digest(text.as_bytes()));
            settings.source = Some((path, text));
        }
        let config = &mut settings.config;
        config.today = Some(arguments.today.clone().unwrap_or_else(crate::clock::today));
        for path in &config.phi.findings {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
            config.findings.extend(sekisho_phi::findings::read(path, &text)?);
        }
        if let Some(path) = &config.eligibility.list {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
            let table = sekisho_guidance::EligibilityTable::parse(path, &text);
            config.eligible = Some(table.map_err(|problem| problem.to_string())?);
        }
        config.scope.complete_account |= arguments.complete_account;
        if arguments.account.is_some() {
            config.scope.account.clone_from(&arguments.account);
        }
        if arguments.region.is_some() {
            config.scope.region.clone_from(&arguments.region);
        }
        for path in &arguments.parameter_files {
            config.parameters.extend(crate::parameters::read(path)?);
        }
        config.parameters.extend(arguments.parameters.iter().cloned());
        (settings.controls, settings.notices) = user_controls(arguments.controls.as_deref())?;
        let known = |id: &String| {
            sekisho_guidance::control(id).is_some() || settings.controls.iter().any(|c| c.id == **id)
        };
        if let Some(id) = arguments.only.iter().find(|id| !known(id)) {
            return Err(no_control(id, &settings.controls));
        }
        let file = arguments.waivers.as_deref().or(settings.config.waivers.file.as_deref());
        if let Some((path, text)) = named_or_present(file, "sekisho.waivers.yaml")? {
            let (read, problems) = waivers::read_file(&path, &text, &settings.controls);
            settings.waivers = read;
            settings.notices.extend(problems);
        }
        Ok(settings)
    }
}

/// The message for a control that does not exist.
pub(crate) fn no_control(id: &str, user: &[Control]) -> Failure {
    let ids = sekisho_guidance::controls().iter().chain(user).map(|c| &*c.id);
    let meant = sekisho_facts::did_you_mean(id, ids.clone()).map(str::to_owned);
    match meant
        .or_else(|| ids.into_iter().find(|known| matches(&format!("*{id}*"), known)).map(str::to_owned))
    {
        Some(meant) => format!("there is no control {id}; did you mean {meant}?"),
        None => format!("there is no control {id}; `sekisho controls` lists them"),
    }
}

/// The user's controls, from a named folder or from `.sekisho/controls`.
pub(crate) fn user_controls(folder: Option<&str>) -> Result<(Vec<Control>, Vec<Notice>), Failure> {
    let path = folder.unwrap_or(".sekisho/controls");
    if !Path::new(path).is_dir() {
        return match folder {
            Some(folder) => Err(format!("{folder}: not a folder")),
            None => Ok((Vec::new(), Vec::new())),
        };
    }
    let (mut controls, problems) = load_user_controls(Path::new(path));
    let mut notices: Vec<Notice> = problems
        .into_iter()
        .map(|p| Notice {
            code: "control-not-loaded",
            severity: Severity::High,
            file: p.file,
            line: p.line,
            column: p.column,
            subject: p.message,
        })
        .collect();
    controls.retain(|control| {
        let taken = sekisho_guidance::control(&control.id).is_some();
        if taken {
            notices.push(Notice {
                code: "control-not-loaded",
                severity: Severity::High,
                file: path.to_owned(),
                line: 0,
                column: 0,
                subject: format!("{}: a built-in control has this id", control.id),
            });
        }
        !taken
    });
    Ok((controls, notices))
}

/// The content of a named file, which must be there, or of a usual one, which may be.
fn named_or_present(named: Option<&str>, usual: &str) -> Result<Option<(String, String)>, Failure> {
    let path = named.unwrap_or(usual);
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.to_owned(), text))),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The language that is asked for, else the locale's, else English.
pub(crate) fn language(asked: Option<Language>) -> Language {
    asked
        .or_else(|| {
            ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
                .and_then(|value| value.parse().ok())
        })
        .unwrap_or(Language::En)
}

/// Whether to colour what goes to standard output.
pub(crate) fn color(choice: ColorChoice, to_file: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            use std::io::IsTerminal as _;
            !to_file
                && std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var("TERM").as_deref() != Ok("dumb")
        }
    }
}
