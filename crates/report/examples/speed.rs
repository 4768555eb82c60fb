//! Times the writers on 20,000 findings. Run with `--release`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::{add, assess, controls, evidence, judgement};
use sekisho_assess::{EvidenceKind, Verdict};
use sekisho_estate::Estate;
use sekisho_guidance::Severity;
use sekisho_report::{Format, Options, Report};

const FILES: usize = 200;
const RESOURCES: usize = 50;

fn main() {
    let controls = controls();
    for minified in [false, true] {
        let mut estate = Estate::default();
        for file in 0..FILES {
            add(&mut estate, &format!("stacks/team-{file}/template.yaml"), &source(file, minified));
        }
        let ids: Vec<_> = estate.resources().map(|(id, _, _)| id).collect();
        let mut judgements = Vec::new();
        for &id in &ids {
            for control in [&controls.encryption, &controls.plain_http] {
                let seen = evidence(&estate, id, EvidenceKind::Value, "/StorageEncrypted", Some("false"));
                let mut one = judgement(control, Some(id), Verdict::Fail, Severity::High, vec![seen]);
                one.evidence.push(evidence(&estate, id, EvidenceKind::Value, "/Engine", Some("\"mysql\"")));
                judgements.push(one);
            }
        }
        let count = judgements.len();
        let assessment = assess(judgements, 0);
        for &format in Format::ALL {
            for full in [false, true] {
                if full && format != Format::Text {
                    continue;
                }
                let options = Options { full, ..Options::default() };
                let mut best = f64::MAX;
                let mut bytes = 0;
                let mut out = Vec::new();
                for _ in 0..5 {
                    out.clear();
                    let start = Instant::now();
                    let report = Report { estate: &estate, assessment: &assessment, options: &options };
                    report.write(format, &mut out).unwrap();
                    best = best.min(start.elapsed().as_secs_f64());
                    bytes = out.len();
                }
                eprintln!(
                    "{count} findings, one line {minified}, {}{}: {:.1} ms, {:.1} MB",
                    format.name(),
                    if full { " --full" } else { "" },
                    best * 1e3,
                    bytes as f64 / 1e6
                );
            }
        }
    }
}

fn source(file: usize, minified: bool) -> String {
    let mut out = String::new();
    if minified {
        out.push_str("{\"Resources\":{");
        for n in 0..RESOURCES {
            let comma = if n == 0 { "" } else { "," };
            out.push_str(&format!(
                "{comma}\"Db{file}x{n}\":{{\"Type\":\"AWS::RDS::DBInstance\",\"Properties\":{{\"Engine\":\"mysql\",\"StorageEncrypted\":false}}}}"
            ));
        }
        out.push_str("}}");
    } else {
        out.push_str("# 関所\nResources:\n");
        for n in 0..RESOURCES {
            out.push_str(&format!(
                "  Db{file}x{n}:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      Engine: mysql\n      StorageEncrypted: false\n"
            ));
        }
    }
    out
}
