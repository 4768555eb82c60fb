//! `sekisho reach`: what can be reached, and by which way.

use clap::Args;
use sekisho_graph::Names;
use sekisho_network::ends::{block_of, services};
use sekisho_network::{Assumptions, End, Network};
use sekisho_report::Asked;

use crate::Failure;
use crate::arguments::{FormArguments, InputArguments};
use crate::discover::discover;
use crate::settings::Settings;

/// Arguments of `reach`.
#[derive(Debug, Args)]
pub(crate) struct ReachArguments {
    /// From where: internet, on-premises, an address or block, or a resource (a subnet, group or
    /// VPC stands for everything in it)
    #[arg(required_unless_present_any = ["exposed", "zones", "draw"])]
    from: Option<String>,
    /// To where: the same, or a service of AWS by its name, such as s3.amazonaws.com
    #[arg(required_unless_present_any = ["exposed", "zones", "draw"])]
    to: Option<String>,
    /// Files and folders to read
    #[arg(long = "in", value_name = "PATH", default_value = ".")]
    paths: Vec<String>,
    /// Port or range of ports of the target; any when left out
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Protocol: tcp, udp, icmp, icmpv6 or a number; TCP and UDP when a port is given
    #[arg(long)]
    protocol: Option<String>,
    /// List everything that the internet reaches, worst first
    #[arg(long, conflicts_with_all = ["from", "zones"])]
    exposed: bool,
    /// Report zones, what passes between them, and what is wrong with them
    #[arg(long, conflicts_with_all = ["from", "exposed"])]
    zones: bool,
    /// Draw the network into an SVG file
    #[arg(long, value_name = "FILE")]
    draw: Option<String>,
    /// Block of an on-premises network behind VPN or Direct Connect; may be given several times
    #[arg(long = "on-premises", value_name = "BLOCK")]
    on_premises: Vec<String>,
    /// Configuration; sekisho.toml in the current folder when left out
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// Value of a parameter, for every root template that declares it
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = crate::arguments::name_value)]
    parameters: Vec<(String, String)>,
    /// File of parameter values, as `aws cloudformation deploy` takes it
    #[arg(long = "parameter-file", value_name = "FILE")]
    parameter_files: Vec<String>,
    /// Write JSON (the same as --format json)
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    terraform: crate::terraform::TerraformArguments,
    #[command(flatten)]
    form: FormArguments,
}

/// `sekisho reach`
pub(crate) fn reach(arguments: &ReachArguments) -> Result<u8, Failure> {
    let input = InputArguments {
        config: arguments.config.clone(),
        parameters: arguments.parameters.clone(),
        parameter_files: arguments.parameter_files.clone(),
        controls: None,
        waivers: None,
        complete_account: false,
        region: None,
        account: None,
        max_file_size: 256,
        today: None,
        only: Vec::new(),
        terraform: arguments.terraform.clone(),
    };
    let settings = Settings::read(&input)?;
    let found = discover(&arguments.paths, input.max_file_size << 20);
    if !found.errors.is_empty() {
        return Err(found.errors.join("\nsekisho: "));
    }
    let estate = crate::judge::estate(found, &input, &settings.config)?;
    let names = Names::new(&estate);
    let blocks = arguments.on_premises.iter().chain(&settings.config.network.on_premises);
    let on_premises = blocks.map(|text| block_of(text)).collect::<Result<_, _>>()?;
    let network = Network::new(&estate, &names, &Assumptions { on_premises });
    let form = FormArguments {
        format: if arguments.json { crate::arguments::ListFormat::Json } else { arguments.form.format },
        ..arguments.form.clone()
    };
    let both = (&estate, &network);
    if arguments.draw.is_some() || arguments.zones || arguments.exposed {
        let exposed = network.exposed();
        let analyses = sekisho_assess::Analyses::new(&estate, &settings.config);
        let phi = |id| analyses.label(id) != sekisho_guidance::Label::None;
        if arguments.zones || arguments.draw.is_some() {
            let zones = network.zones(&estate, &phi, &exposed);
            if let Some(path) = &arguments.draw {
                let drawing = sekisho_network::draw::draw(&network, &zones, &exposed);
                std::fs::write(path, drawing).map_err(|error| format!("{path}: {error}"))?;
            }
            if arguments.zones {
                crate::output::zones(both, &zones, &form)?;
            }
        }
        if arguments.exposed {
            crate::output::exposed(both, &exposed, &form)?;
        }
    }
    let (Some(from), Some(to)) = (&arguments.from, &arguments.to) else { return Ok(0) };
    let services = services(arguments.protocol.as_deref(), arguments.port.as_deref())?;
    let (sources, targets) = (network.named(&estate, from)?, network.named(&estate, to)?);
    let holder = |ends: &[End]| ends.iter().any(|end| matches!(end, End::Holder(_)));
    if sources.ends.iter().any(|end| matches!(end, End::Service(_))) {
        return Err(format!("{from} answers and starts no connections; name it as the target"));
    }
    if !holder(&sources.ends) && !holder(&targets.ends) {
        return Err(format!(
            "neither {from} nor {to} is in the input: at least one end must be a resource with addresses"
        ));
    }
    let name = |end: &End, word: &str, alone: bool| match end {
        End::Holder(holder) if !alone => network.holders[*holder].item.name.clone(),
        _ => word.to_owned(),
    };
    let mut asked = Vec::new();
    for source in &sources.ends {
        for target in targets.ends.iter().filter(|target| *target != source) {
            asked.push(Asked {
                from: name(source, from, sources.ends.len() == 1),
                to: name(target, to, targets.ends.len() == 1),
                services: services.clone(),
                answer: network.reach(source, target, &services),
            });
        }
    }
    crate::output::reach(both, &asked, &form)?;
    Ok(0)
}
