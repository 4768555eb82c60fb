//! The commands: what is read, judged and shown.

use bumpalo::Bump;
use sekisho_assess::{Analyses, Assessment, Config, RunOptions, baseline, run, waivers};
use sekisho_estate::{Estate, Input, InputStatus, ResourceId, Stack};
use sekisho_expr::{Explanation, ResourceRef, compile_with};
use sekisho_guidance::{Control, Scope};
use sekisho_source_cloudformation::{Options, SourceFile, read};

use crate::Failure;
use crate::arguments::{
    ControlsArguments, ExplainArguments, InputArguments, OutputArguments, ResponsibilityArguments,
    ScanArguments, Verdicts,
};
use crate::discover::{Found, discover};
use crate::output;
use crate::settings::{Settings, hex, language, no_control, user_controls};
use sha2::{Digest as _, Sha256};

include!(concat!(env!("OUT_DIR"), "/demo.rs"));

/// `sekisho scan`
pub(crate) fn scan(arguments: &ScanArguments) -> Result<u8, Failure> {
    let mut settings = Settings::read(&arguments.input)?;
    settings.restrict_to(arguments.edition.or(settings.config.guidance.edition));
    let found = discover(&arguments.paths, arguments.input.max_file_size << 20);
    if !found.errors.is_empty() {
        return Err(found.errors.join("\nsekisho: "));
    }
    let today = arguments.input.today.clone().unwrap_or_else(crate::clock::today);
    let named: Vec<String> = found.files.iter().filter(|f| f.named).map(|f| f.path.clone()).collect();
    let estate = estate(found, &arguments.input, &settings.config)?;
    // A path that the user names must be readable; what lies in a folder need not be.
    let mut lost = false;
    let unreadable = estate.inputs.iter().filter(|input| input.status == InputStatus::Unreadable);
    for input in unreadable.filter(|input| named.contains(&input.path)) {
        lost = true;
        for problem in &input.problems {
            let place = if problem.line == 0 {
                String::new()
            } else {
                format!(":{}:{}", problem.line, problem.column)
            };
            eprintln!("sekisho: {}{place}: {}", input.path, problem.message);
        }
    }
    let status = report(&estate, &settings, &arguments.output, &arguments.input.only, &today, lost)?;
    std::mem::forget(estate);
    Ok(status)
}

/// `sekisho demo`
pub(crate) fn demo(arguments: &OutputArguments) -> Result<u8, Failure> {
    let files = FILES
        .iter()
        .map(|(name, text)| SourceFile {
            path: format!("clinic/{name}"),
            bytes: text.as_bytes().to_vec(),
            named: true,
        })
        .collect();
    let estate = read(files, &Options::default());
    report(&estate, &Settings::none(), arguments, &[], &crate::clock::today(), false)
}

/// Reads what was found, and remembers what was not read.
pub(crate) fn estate(found: Found, input: &InputArguments, config: &Config) -> Result<Estate, Failure> {
    let is_terraform = |file: &SourceFile| sekisho_source_terraform::is_terraform(&file.path);
    let (terraform, files): (Vec<_>, Vec<_>) = found.files.into_iter().partition(is_terraform);
    let is_recorded = |file: &SourceFile| sekisho_source_terraform::is_recorded(&file.path, &file.bytes);
    let (recorded, files): (Vec<_>, Vec<_>) = files.into_iter().partition(is_recorded);
    let options = Options {
        parameters: config.parameters.clone().into_iter().collect(),
        limits: sekisho_estate::json::Limits {
            bytes: usize::try_from(input.max_file_size << 20).unwrap_or(usize::MAX),
            ..Default::default()
        },
        region: config.scope.region.clone(),
        account: config.scope.account.clone(),
        complete_account: config.scope.complete_account,
    };
    let (files, accounts) = saved(files);
    // Saved answers of the AWS CLI are known by their content.
    let (answers, files): (Vec<SourceFile>, Vec<SourceFile>) =
        files.into_iter().partition(|file| sekisho_source_describe::is_saved(&file.bytes));
    let variable_files = input.terraform.files()?;
    let mut estate = read(files, &options);
    crate::terraform::join(
        &mut estate,
        (terraform, recorded),
        options.limits,
        variable_files,
        found.folders,
        &input.terraform,
        config,
    )?;
    let answers =
        answers.into_iter().map(|f| sekisho_source_describe::Saved { path: f.path, bytes: f.bytes });
    sekisho_source_describe::read(answers.collect(), options.limits, &mut estate);
    // Behind the others: what is there already points to its stacks by index.
    for (input, stack) in accounts {
        estate.inputs.push(input);
        estate.stacks.push(stack);
    }
    estate.inputs.extend(found.others);
    estate.inputs.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(estate)
}

/// Takes out of the files what AWS answered and somebody saved: authorization details, the
/// credential report and the like.
fn saved(files: Vec<SourceFile>) -> (Vec<SourceFile>, Vec<(Input, Stack)>) {
    let mut rest = Vec::with_capacity(files.len());
    let mut found = Vec::new();
    for file in files {
        let could_be = file.path.ends_with(".json") || file.path.ends_with(".csv");
        let text = if could_be { std::str::from_utf8(&file.bytes).ok() } else { None };
        match text.and_then(|text| sekisho_access::saved::read(&file.path, text)) {
            Some(read) => {
                let lost = read.problems.iter().any(|problem| problem.loses);
                found.push((
                    Input {
                        sha256: hex(&Sha256::digest(&file.bytes)),
                        kind: read.kind,
                        stack: Some(read.stack.id.clone()),
                        status: if lost { InputStatus::Partly } else { InputStatus::Read },
                        resources: read.stack.resources.len(),
                        problems: read.problems,
                        path: file.path,
                    },
                    read.stack,
                ));
            }
            None => rest.push(file),
        }
    }
    (rest, found)
}

/// Judges, applies waivers and the baseline, writes, and gives the exit status, which is 2
/// when a named path was `lost`.
fn report(
    estate: &Estate,
    settings: &Settings,
    arguments: &OutputArguments,
    only: &[String],
    today: &str,
    lost: bool,
) -> Result<u8, Failure> {
    let framework = crate::framework::chosen(arguments)?;
    let everything = arguments.verdicts == Verdicts::All || framework.is_some();
    let built_in = settings.edition.is_none();
    let options = RunOptions { config: &settings.config, everything, only, built_in };
    let mut assessment = run(estate, &settings.controls, options);
    assessment.notices.splice(0..0, settings.notices.iter().cloned().chain(settings.declared(estate)));
    let mut all = settings.waivers.clone();
    let (inline, problems) = waivers::read_inline(estate, &settings.controls);
    if settings.config.waivers.forbid_inline {
        assessment.notices.extend(inline.iter().map(waivers::forbidden));
    } else {
        all.extend(inline);
        assessment.notices.extend(problems);
    }
    waivers::apply(estate, &mut assessment, &all, Some(today));
    if let Some(path) = &arguments.baseline {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
        baseline::apply(&mut assessment, path, &text)?;
    }
    if let Some(path) = &arguments.write_baseline {
        std::fs::write(path, baseline::write(&assessment, estate))
            .map_err(|error| format!("{path}: {error}"))?;
    }
    let status = if lost { 2 } else { status(estate, &assessment, arguments) };
    match &framework {
        Some(framework) => framework.write(&assessment, today, arguments)?,
        None => output::write(estate, &assessment, settings, arguments, status)?,
    }
    // The process ends soon and gives the memory back at once; freeing it piece by piece
    // would cost more than writing did.
    std::mem::forget(assessment);
    Ok(status)
}

/// The exit status, by the contract in `main.rs`.
fn status(estate: &Estate, assessment: &Assessment<'_>, arguments: &OutputArguments) -> u8 {
    use sekisho_assess::Verdict;
    let counts = assessment.judgements.iter().filter(|j| !j.known).any(|j| match j.verdict {
        Verdict::Fail => j.severity >= arguments.fail_on,
        Verdict::Unknown => arguments.fail_on_unknown,
        _ => false,
    });
    let noticed = assessment.notices.iter().any(|notice| notice.severity >= arguments.fail_on);
    if counts || noticed {
        return 1;
    }
    let lost = |status| matches!(status, InputStatus::Partly | InputStatus::Unreadable);
    let undecided = assessment.counts[Verdict::Unknown as usize] > 0;
    if arguments.strict && (undecided || estate.inputs.iter().any(|input| lost(input.status))) {
        return 3;
    }
    0
}

/// `sekisho explain`
pub(crate) fn explain(arguments: &ExplainArguments) -> Result<u8, Failure> {
    let mut settings = Settings::read(&arguments.input)?;
    settings.restrict_to(arguments.edition.or(settings.config.guidance.edition));
    let built_in = sekisho_guidance::control(&arguments.control);
    // What one edition demands stands among the controls of the run.
    let control = built_in
        .filter(|_| settings.edition.is_none())
        .or_else(|| settings.controls.iter().find(|c| c.id == arguments.control))
        .ok_or_else(|| match (built_in, settings.edition) {
            (Some(control), Some(edition)) => {
                format!("the edition of {edition} states nothing that {} answers", control.id)
            }
            _ => no_control(&arguments.control, &settings.controls),
        })?;
    let look = output::Look::new(language(arguments.lang), arguments.color, None).of(settings.edition);
    let Some(name) = &arguments.resource else {
        output::page(control, &look)?;
        return Ok(0);
    };
    let found = discover(&arguments.paths, arguments.input.max_file_size << 20);
    if !found.errors.is_empty() {
        return Err(found.errors.join("\nsekisho: "));
    }
    let estate = estate(found, &arguments.input, &settings.config)?;
    let ids = resources(&estate, name, control)?;
    let only = [control.id.to_string()];
    let options = RunOptions {
        config: &settings.config,
        everything: true,
        only: &only,
        built_in: settings.edition.is_none(),
    };
    let assessment = run(&estate, &settings.controls, options);
    for id in ids {
        let explanations = explanations(&estate, &settings.config, control, id)?;
        let judgement = assessment.judgements.iter().find(|j| j.resource.is_none_or(|r| r == id));
        output::explanation(&estate, control, id, &explanations, judgement, &look)?;
    }
    Ok(0)
}

/// The resources that a name means and that the control applies to.
fn resources(estate: &Estate, name: &str, control: &Control) -> Result<Vec<ResourceId>, Failure> {
    let named: Vec<ResourceId> = estate
        .resources()
        .map(|(id, ..)| id)
        .filter(|&id| estate.id(id) == name || estate.address(id) == name)
        .collect();
    if named.is_empty() {
        let ids: Vec<&str> = estate.resources().map(|(id, ..)| estate.id(id)).collect();
        let meant = sekisho_facts::did_you_mean(name, ids);
        let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
        return Err(format!("there is no resource {name} in the input{meant}"));
    }
    let applies: Vec<ResourceId> = named
        .iter()
        .copied()
        .filter(|&id| control.scope != Scope::Resource || control.applies_to(estate.type_name(id)))
        .collect();
    match (applies.is_empty(), named.first()) {
        (true, Some(&id)) => Err(format!(
            "{} is asked of {}; {name} is an {}",
            control.id,
            control.applies.join(", "),
            estate.type_name(id)
        )),
        _ => Ok(applies),
    }
}

fn explanations(
    estate: &Estate,
    config: &Config,
    control: &Control,
    id: ResourceId,
) -> Result<Vec<Explanation>, Failure> {
    let whole = control.scope != Scope::Resource;
    let kind = if whole { None } else { sekisho_facts::resource_type(estate.type_name(id)) };
    let program = compile_with(&control.parts(), control.when.as_deref(), &control.pass_if, kind, true)
        .map_err(|(_, error)| format!("{}: {error}", control.id))?;
    let bump = Bump::new();
    let this = if whole { None } else { Some(ResourceRef::new(estate, id)) };
    Ok(program.explain(estate, &Analyses::new(estate, config), this, &bump))
}

/// `sekisho responsibility`
pub(crate) fn responsibility(arguments: &ResponsibilityArguments) -> Result<u8, Failure> {
    let found = discover(&arguments.paths, 256 << 20);
    if !found.errors.is_empty() {
        return Err(found.errors.join("\nsekisho: "));
    }
    let input = InputArguments { max_file_size: 256, ..InputArguments::default() };
    let estate = estate(found, &input, &Config::default())?;
    if arguments.csv {
        output::responsibility_form(&estate, &arguments.form)?;
    } else {
        output::responsibility(&estate, &arguments.form)?;
    }
    Ok(0)
}

/// `sekisho controls`
pub(crate) fn controls(arguments: &ControlsArguments) -> Result<u8, Failure> {
    if let Some(folder) = &arguments.test {
        let tally = crate::cases::test(std::path::Path::new(folder));
        return output::tally(&tally);
    }
    let (user, notices) = user_controls(arguments.controls.as_deref())?;
    if let Some(folder) = &arguments.pages {
        return output::pages(folder, language(arguments.lang));
    }
    output::list(&user, arguments.format, language(arguments.lang))?;
    for notice in &notices {
        eprintln!("sekisho: {}:{}:{}: {}", notice.file, notice.line, notice.column, notice.subject);
    }
    Ok(if notices.is_empty() { 0 } else { 2 })
}
