//! What can be reached: the clinic in three languages, and JSON by its schema.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_assess::{Analyses, Config};
use sekisho_estate::Estate;
use sekisho_graph::Names;
use sekisho_guidance::{Label, Language};
use sekisho_network::{Assumptions, Network, ends};
use sekisho_report::{Asked, Notation, Options, exposed, reach, zones};
use sekisho_source_cloudformation::{SourceFile, read};

fn clinic() -> Estate {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/clinic/cloudformation");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.push(SourceFile { path: name, bytes: std::fs::read(&path).unwrap(), named: true });
    }
    read(files, &sekisho_source_cloudformation::Options::default())
}

fn asked(estate: &Estate, network: &Network, from: &str, to: &str, port: Option<&str>) -> Asked {
    let end = |word: &str| network.named(estate, word).unwrap().ends[0].clone();
    let services = ends::services(port.map(|_| "tcp"), port).unwrap();
    let answer = network.reach(&end(from), &end(to), &services);
    Asked { from: from.into(), to: to.into(), services, answer }
}

/// All three pages of the clinic.
fn pages(notation: Notation, language: Language) -> [String; 3] {
    let estate = clinic();
    let network = Network::new(&estate, &Names::new(&estate), &Assumptions::default());
    let options = Options { language, ..Options::default() };
    let both = (&estate, &network);
    let questions = [
        asked(&estate, &network, "internet", "ReceptionInstance", Some("3389")),
        asked(&estate, &network, "internet", "RecordsDb", Some("5432")),
        asked(&estate, &network, "PortalInstance", "RecordsDb", None),
    ];
    let found = network.exposed();
    let config = Config::default();
    let analyses = Analyses::new(&estate, &config);
    let phi = |id| analyses.label(id) != Label::None;
    let kept = network.zones(&estate, &phi, &found);
    let mut out = [Vec::new(), Vec::new(), Vec::new()];
    reach(both, &questions, notation, &options, &mut out[0]).unwrap();
    exposed(both, &found, notation, &options, &mut out[1]).unwrap();
    zones(both, &kept, notation, &options, &mut out[2]).unwrap();
    out.map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn the_clinic_reads_in_three_languages() {
    for (language, name) in [(Language::En, "en"), (Language::Ja, "ja"), (Language::ZhTw, "zh-TW")] {
        let text = pages(Notation::Text, language).join("\n");
        insta::assert_snapshot!(format!("network-{name}"), text);
    }
}

#[test]
fn json_obeys_its_schema() {
    let schema = include_str!("../../../docs/schema/sekisho.reach-1.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for page in pages(Notation::Json, Language::Ja) {
        let value: serde_json::Value = serde_json::from_str(&page).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
