//! `sekisho access`: who can reach the data.

use std::io::Write as _;

use clap::{Args, Subcommand};
use sekisho_access::answer::read_cases;
use sekisho_access::ask::Ask;
use sekisho_access::decide::Object;
use sekisho_access::model::{Model, PrincipalId, Session, StoreId};
use sekisho_access::tables::Class;
use sekisho_assess::Analyses;
use sekisho_estate::Estate;
use sekisho_report::{AccessReport, Notation, phi_stores};

use crate::Failure;
use crate::arguments::{FormArguments, InputArguments};
use crate::discover::discover;
use crate::judge::estate;
use crate::output::{form, to};
use crate::settings::Settings;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AccessArguments {
    #[command(subcommand)]
    pub(crate) command: Option<AccessCommand>,
    /// Files and folders to read
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) question: AccessQuestion,
    /// A condition key of the request: with --can, the request has these keys and no others
    #[arg(long = "context", value_name = "KEY=VALUE", value_parser = crate::arguments::name_value)]
    pub(crate) context: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    #[command(flatten)]
    pub(crate) form: FormArguments,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct AccessQuestion {
    /// Who has a capability (read, read-metadata, write, delete, administer, decrypt) on a
    /// resource: its logical id, address, name or ARN
    #[arg(long, num_args = 2, value_names = ["CAPABILITY", "RESOURCE"])]
    pub(crate) who_can: Option<Vec<String>>,
    /// What a user or role can do with every store
    #[arg(long, value_name = "PRINCIPAL")]
    pub(crate) what_can: Option<String>,
    /// Whether a principal can take an action on a resource, and which statements decide
    #[arg(long, num_args = 3, value_names = ["PRINCIPAL", "ACTION", "RESOURCE"])]
    pub(crate) can: Option<Vec<String>>,
    /// Who can make itself an administrator, and how
    #[arg(long)]
    pub(crate) escalation: bool,
    /// Who can reach every store that may hold PHI
    #[arg(long, value_name = "WHAT", value_parser = ["phi"])]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccessCommand {
    /// Decide self-contained cases: one object, an array, or one a line
    Decide {
        /// File with the cases
        file: String,
    },
}

pub(crate) fn access(arguments: &AccessArguments) -> Result<u8, Failure> {
    if let Some(AccessCommand::Decide { file }) = &arguments.command {
        return decide(file);
    }
    let question = &arguments.question;
    let settings = Settings::read(&arguments.input)?;
    let found = discover(&arguments.paths, arguments.input.max_file_size << 20);
    if !found.errors.is_empty() {
        return Err(found.errors.join("\nsekisho: "));
    }
    let estate = estate(found, &arguments.input, &settings.config)?;
    let model = Model::of(&estate);
    let chains = model.chains();
    let (notation, look) = form(&arguments.form);
    let report = AccessReport { estate: &estate, model: &model, chains: &chains, options: &look.options };
    if let Some(parts) = &question.who_can {
        let class = Class::parse(&parts[0])?;
        let store = store(&estate, &model, &parts[1])?;
        let ask = Ask::with(&model, &arguments.context);
        to(None, |out| report.who_can(&ask, class, store, notation, out))?;
    } else if let Some(name) = &question.what_can {
        let ask = Ask::with(&model, &arguments.context);
        let (principal, session) = principal(&estate, &model, name)?;
        to(None, |out| report.what_can(&ask, principal, session, notation, out))?;
    } else if question.escalation {
        let found = model.escalations(&chains);
        to(None, |out| report.escalation(&found, notation, out))?;
    } else if let Some(parts) = &question.can {
        can(&report, parts, &arguments.context, notation)?;
    } else {
        // The stores of PHI are what one asks for when one asks for nothing else.
        let analyses = Analyses::new(&estate, &settings.config);
        let stores = phi_stores(&model, |id| analyses.label(id));
        let ask = Ask::with(&model, &arguments.context);
        to(None, |out| report.to_phi(&ask, &stores, notation, out))?;
    }
    Ok(0)
}

fn can(
    report: &AccessReport<'_>,
    parts: &[String],
    context: &[(String, String)],
    notation: Notation,
) -> Result<(), Failure> {
    let (estate, model) = (report.estate, report.model);
    let (principal, session) = principal(estate, model, &parts[0])?;
    let action = parts[1].to_ascii_lowercase();
    if !action.contains(':') {
        return Err(format!("{}: write SERVICE:Action, such as s3:GetObject", parts[1]));
    }
    // What is said of a request is all of it; with nothing said every key is open.
    let given: Vec<(String, sekisho_access::case::Values)> = context
        .iter()
        .map(|(key, value)| (key.clone(), sekisho_access::case::Values::One(value.clone())))
        .collect();
    let ask = if given.is_empty() { Ask::new(model) } else { Ask::exactly(model, &given) };
    let asker = session.map_or_else(|| ask.asker(principal), |session| ask.session(session));
    let point = model.access_point(estate, &parts[2]);
    let (outcome, reasons, resource) = match model.store(estate, &parts[2]) {
        None if let Some((store, at)) = point => {
            let store = &model.stores[store as usize];
            let point = &store.points[at];
            let object = model.form_of(store, &action);
            let (outcome, reasons) = ask.explain_through(&asker, &action, store, object, point);
            (outcome, reasons, model.holes.show(&point.through.arn))
        }
        Some(store) => {
            let store = &model.stores[store as usize];
            // An action on what is inside is asked on the form of the ARN that it takes.
            let object = model.form_of(store, &action);
            let (outcome, reasons) = ask.explain_store(&asker, &action, store, object);
            (outcome, reasons, model.holes.show(&object.arn))
        }
        None => match model.principal(estate, &parts[2]) {
            Some(role) => {
                let role = &model.principals[role as usize];
                let (outcome, reasons) = ask.explain_assume(&asker, &action, role);
                (outcome, reasons, model.holes.show(&role.object.arn))
            }
            None if parts[2].starts_with("arn:") || parts[2] == "*" => {
                let inside = model.containing(&parts[2]);
                let object = Object {
                    arn: parts[2].as_str().into(),
                    account: inside.map_or_else(
                        || parts[2].split(':').nth(4).filter(|id| !id.is_empty()).map(Into::into),
                        |store| store.object.account.clone(),
                    ),
                    keys: inside.map(|store| store.object.keys.clone()).unwrap_or_default(),
                    ..Object::default()
                };
                let (outcome, reasons) = match inside {
                    Some(store) => ask.explain_store(&asker, &action, store, &object),
                    None => ask.on_arn(&asker, &action, &object, None),
                };
                (outcome, reasons, parts[2].clone())
            }
            None => return Err(no_resource(model, &parts[2])),
        },
    };
    let behind = point.map(|(store, _)| store);
    let needed =
        model.store(estate, &parts[2]).or(behind).and_then(|store| ask.needed_key(&asker, &action, store));
    let key = needed.as_ref().map(|(name, action, formula)| (name.as_str(), *action, formula));
    let who = asker.subject().arn.to_string();
    let who = model.holes.show(&who);
    to(None, |out| report.can((&who, &parts[1], &resource), &outcome, &reasons, key, notation, out))
}

fn store(estate: &Estate, model: &Model, name: &str) -> Result<StoreId, Failure> {
    model.store(estate, name).ok_or_else(|| no_resource(model, name))
}

fn no_resource(model: &Model, name: &str) -> Failure {
    let names = model.stores.iter().map(|store| &*store.name);
    let meant = sekisho_facts::did_you_mean(name, names)
        .map_or(String::new(), |meant| format!("; did you mean {meant}?"));
    format!("there is no store {name} in the input{meant}")
}

/// A user or role by its name, or a role in a session of something that passes policies.
fn principal<'m>(
    estate: &Estate,
    model: &'m Model,
    name: &str,
) -> Result<(PrincipalId, Option<&'m Session>), Failure> {
    if let Some(principal) = model.principal(estate, name) {
        return Ok((principal, None));
    }
    if let Some(session) = model.session(estate, name) {
        return Ok((session.role, Some(session)));
    }
    let names = model.principals.iter().map(|principal| &*principal.name);
    let names = names.chain(model.sessions.iter().map(|session| &*session.name));
    let meant = sekisho_facts::did_you_mean(name, names)
        .map_or(String::new(), |meant| format!("; did you mean {meant}?"));
    Err(format!("there is no user or role {name} in the input{meant}"))
}

/// Decides every case of a file: JSON for one, a line each for more.
fn decide(file: &str) -> Result<u8, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let cases = read_cases(&text).map_err(|error| format!("{file}: {error}"))?;
    let mut lines = Vec::with_capacity(cases.len());
    for (index, case) in cases.iter().enumerate() {
        let named = || case.id.clone().unwrap_or_else(|| format!("case {}", index + 1));
        let answer = case.prepare().map_err(|error| format!("{file}: {}: {error}", named()))?.answer();
        let line = if cases.len() == 1 {
            serde_json::to_string_pretty(&answer)
        } else {
            serde_json::to_string(&answer)
        };
        lines.push(line.map_err(|error| error.to_string())?);
    }
    to(None, |out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))?;
    Ok(0)
}
