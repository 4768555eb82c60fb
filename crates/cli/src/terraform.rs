//! Terraform: what the command line says of it, and how it joins the estate.

use clap::Args;
use sekisho_assess::Config;
use sekisho_estate::Estate;
use sekisho_source_terraform::{FileSystem, Options, SourceFile, lower, read, read_recorded};

use crate::Failure;
use crate::arguments::name_value;

/// What Terraform's own commands are told.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TerraformArguments {
    /// Value of a Terraform variable, for every root module that declares it
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = name_value)]
    pub(crate) variables: Vec<(String, String)>,
    /// File of values of Terraform variables (.tfvars, .tfvars.json)
    #[arg(long = "var-file", value_name = "FILE")]
    pub(crate) variable_files: Vec<String>,
    /// Take values of Terraform variables from the environment (TF_VAR_NAME)
    #[arg(long)]
    pub(crate) tf_env: bool,
    /// The Terraform workspace
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) workspace: String,
}

impl TerraformArguments {
    /// Checks what can be wrong with them, before anything is read.
    pub(crate) fn files(&self) -> Result<Vec<SourceFile>, Failure> {
        let open = |path: &String| match std::fs::read(path) {
            Ok(bytes) => Ok(SourceFile { path: path.clone(), bytes }),
            Err(error) => Err(format!("{path}: {error}")),
        };
        self.variable_files.iter().map(open).collect()
    }

    fn environment(&self) -> Vec<(String, String)> {
        if !self.tf_env {
            return Vec::new();
        }
        let variable = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            let name = name.to_str()?.strip_prefix("TF_VAR_")?.to_owned();
            Some((name, value.to_str()?.to_owned()))
        };
        let mut found: Vec<_> = std::env::vars_os().filter_map(variable).collect();
        found.sort();
        found
    }
}

/// Terraform writes its options with one dash; here they have two.
pub(crate) fn dashes(argument: std::ffi::OsString) -> std::ffi::OsString {
    match argument.to_str() {
        Some(text) if text == "-var" || text == "-var-file" => format!("-{text}").into(),
        Some(text) if text.starts_with("-var=") || text.starts_with("-var-file=") => {
            format!("-{text}").into()
        }
        _ => argument,
    }
}

/// Reads Terraform configuration, plans and states, and joins them to the estate; functions of
/// a configuration may read files below `folders`. A plan of a configuration that is read stands
/// for it.
pub(crate) fn join(
    estate: &mut Estate,
    (files, recorded): (
        Vec<sekisho_source_cloudformation::SourceFile>,
        Vec<sekisho_source_cloudformation::SourceFile>,
    ),
    limits: sekisho_estate::json::Limits,
    variable_files: Vec<SourceFile>,
    folders: Vec<String>,
    arguments: &TerraformArguments,
    config: &Config,
) -> Result<(), Failure> {
    if files.is_empty() && recorded.is_empty() {
        return Ok(());
    }
    let own = |files: Vec<sekisho_source_cloudformation::SourceFile>| -> Vec<SourceFile> {
        files.into_iter().map(|file| SourceFile { path: file.path, bytes: file.bytes }).collect()
    };
    let (files, recorded) = (own(files), own(recorded));
    // A parameter is what the other sources call a variable.
    let parameters = config.parameters.clone().into_iter();
    let options = Options {
        variables: parameters.chain(arguments.variables.iter().cloned()).collect(),
        variable_files,
        environment: arguments.environment(),
        workspace: arguments.workspace.clone(),
        region: config.scope.region.clone(),
        account: config.scope.account.clone(),
        bounds: folders,
    };
    let recorded = read_recorded(recorded, &files, &FileSystem, &options, limits);
    let mut read = read(files, &FileSystem, &options);
    // As Terraform does, of a name that no root module has.
    let declared = || read.configurations.iter().flat_map(|c| c.variables.iter().map(|v| &*v.name));
    if let Some((name, _)) = arguments.variables.iter().find(|(name, _)| !declared().any(|d| d == name)) {
        let meant = sekisho_facts::did_you_mean(name, declared());
        let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
        return Err(format!("--var {name}: no root module declares this variable{meant}"));
    }
    for (root, plan) in recorded.stands_for {
        read.configurations.retain(|configuration| configuration.root != root);
        for input in read.inputs.iter_mut().filter(|input| input.stack.as_deref() == Some(&*root)) {
            input.stack = Some(plan.clone());
        }
    }
    lower::join(estate, recorded.read);
    lower::join(estate, read);
    Ok(())
}
