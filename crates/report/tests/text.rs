//! What people read.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod common;

use common::{
    add, assess, clinic, controls, evidence, find, findings, index, input, judgement, problem, written,
};
use sekisho_assess::{EvidenceKind, Verdict, WorldVerdict};
use sekisho_estate::{Estate, Excerpt, InputStatus, Reason, ReasonCode};
use sekisho_guidance::{Language, Severity};
use sekisho_report::{Color, Exit, Format, Options, Verdicts};

fn exit(status: u8) -> Option<Exit> {
    Some(Exit { status, fail_on: Severity::High, fail_on_unknown: false })
}

fn text(estate: &Estate, assessment: &sekisho_assess::Assessment<'_>, options: &Options) -> String {
    written(estate, assessment, options, Format::Text)
}

#[test]
fn clinic_in_each_language() {
    let (estate, controls) = (clinic(), controls());
    let assessment = findings(&estate, &controls);
    for &language in Language::ALL {
        let options = Options { language, exit: exit(1), ..Options::default() };
        insta::assert_snapshot!(format!("clinic-{language}"), text(&estate, &assessment, &options));
    }
}

#[test]
fn everything_in_a_narrow_window() {
    let (estate, controls) = (clinic(), controls());
    let mut assessment = findings(&estate, &controls);
    for name in ["ClaimsBucket", "ReportsBucket"] {
        let id = Some(find(&estate, name));
        assessment.judgements.push(judgement(
            &controls.secret,
            id,
            Verdict::Pass,
            Severity::Medium,
            Vec::new(),
        ));
    }
    assessment.judgements[1].known = true;
    let options =
        Options { verdicts: Verdicts::All, full: true, width: 60, exit: exit(1), ..Options::default() };
    insta::assert_snapshot!(text(&estate, &assessment, &options));
}

#[test]
fn no_line_is_wider_than_the_window_but_for_what_cannot_be_broken() {
    let (estate, controls) = (clinic(), controls());
    let assessment = findings(&estate, &controls);
    for &language in Language::ALL {
        for width in [60, 80, 100, 160] {
            let options = Options { language, width, full: true, ..Options::default() };
            for line in text(&estate, &assessment, &options).lines() {
                let columns = unicode_width::UnicodeWidthStr::width(line);
                // Names and places are not broken.
                let whole = line.contains('#') || line.contains("-->") || line.contains("://");
                assert!(columns <= width || whole, "{columns} > {width}: {line}");
            }
        }
    }
}

#[test]
fn colour_only_when_asked_and_the_same_text_below_it() {
    let (estate, controls) = (clinic(), controls());
    let assessment = findings(&estate, &controls);
    let plain = text(&estate, &assessment, &Options::default());
    let painted = text(&estate, &assessment, &Options { color: Color::Always, ..Options::default() });
    assert!(!plain.contains('\u{1b}'));
    assert!(painted.contains("\u{1b}[1;97;41mcritical"));
    let mut bare = String::new();
    let mut rest = painted.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        bare.push_str(&rest[..at]);
        rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
    }
    bare.push_str(rest);
    assert_eq!(bare, plain);
    // No green over what is not decided; green is for added lines alone.
    for line in painted.lines().filter(|line| line.contains("\u{1b}[32m")) {
        assert!(line.contains("\u{1b}[32m+"), "{line}");
    }
}

#[test]
fn nothing_to_judge_says_why() {
    let mut estate = Estate::default();
    estate.inputs.push(input("README.md", "", None, InputStatus::Ignored, 0, Vec::new()));
    let big = problem(0, 0, "larger than 256 MiB; read it with --max-file-size");
    estate.inputs.push(input("big.json", "", None, InputStatus::Ignored, 0, vec![big]));
    let mut broken = problem(2, 1, "a tab cannot begin a line");
    let long = format!("a:\n\t{}b: {{x: 1}}\n", "関所: 1, ".repeat(60));
    broken.excerpt = Excerpt::of(&long, 3).map(Box::new);
    let mut cut = problem(2, 501, "this ends too early");
    cut.excerpt = Excerpt::of(&long, long.find("b: {").unwrap() as u32).map(Box::new);
    estate.inputs.push(input(
        "broken.yaml",
        "cloudformation",
        None,
        InputStatus::Unreadable,
        0,
        vec![broken, cut],
    ));
    let assessment = assess(Vec::new(), 0);
    for &language in Language::ALL {
        let options = Options { language, exit: exit(0), ..Options::default() };
        insta::assert_snapshot!(format!("nothing-{language}"), text(&estate, &assessment, &options));
    }
    insta::assert_snapshot!("nothing-at-all", text(&Estate::default(), &assessment, &Options::default()));
    for &format in Format::ALL {
        written(&Estate::default(), &assessment, &Options::default(), format);
    }
}

#[test]
fn all_is_well_but_never_green() {
    let mut estate = Estate::default();
    add(&mut estate, "a.yaml", "Resources:\n  B: {Type: AWS::S3::Bucket}\n");
    let mut assessment = assess(Vec::new(), 9);
    assessment.counts[Verdict::NotApplicable as usize] = 2;
    let options = Options { exit: exit(0), ..Options::default() };
    insta::assert_snapshot!(text(&estate, &assessment, &options));
}

#[test]
fn a_long_line_is_cut_around_the_mark() {
    let controls = controls();
    let mut estate = Estate::default();
    let many: String = (0..200)
        .map(|n| format!("\"B{n}\":{{\"Type\":\"AWS::S3::Bucket\",\"Properties\":{{\"MasterUserPassword\":\"hunter{n}hunter\",\"BucketName\":\"関所-{n}\"}}}},"))
        .collect();
    add(&mut estate, "min.json", &format!("{{\"Resources\":{{{}}}}}", many.trim_end_matches(',')));
    let id = find(&estate, "B150");
    let seen = evidence(&estate, id, EvidenceKind::Value, "/BucketName", Some("\"関所-150\""));
    let mut one = judgement(&controls.encryption, Some(id), Verdict::Fail, Severity::High, vec![seen]);
    let missing = evidence(&estate, id, EvidenceKind::Absent, "", None);
    one.evidence.push(missing);
    one.evidence[1].route = one.evidence[1].route.clone().key("StorageEncrypted");
    let shown = text(&estate, &assess(vec![one], 0), &Options { width: 90, ..Options::default() });
    assert!(!shown.contains("hunter"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn frames_fold_by_kind_of_evidence_and_name_the_first_of_many() {
    let controls = controls();
    let mut estate = Estate::default();
    let source: String = (0..12)
        .map(|n| format!("  Db{n}:\n    Type: AWS::RDS::DBInstance\n    Properties: {{Engine: mysql, StorageEncrypted: false}}\n"))
        .collect();
    add(&mut estate, "many.yaml", &format!("Resources:\n{source}  Bare:\n    Type: AWS::RDS::DBInstance\n"));
    let mut judgements = Vec::new();
    for n in 0..12 {
        let id = index(0, n);
        let seen = evidence(&estate, id, EvidenceKind::Value, "/StorageEncrypted", Some("false"));
        judgements.push(judgement(&controls.encryption, Some(id), Verdict::Fail, Severity::High, vec![seen]));
    }
    let bare = find(&estate, "Bare");
    let mut missing = evidence(&estate, bare, EvidenceKind::Absent, "", None);
    missing.route = missing.route.key("StorageEncrypted");
    judgements.push(judgement(
        &controls.encryption,
        Some(bare),
        Verdict::Fail,
        Severity::High,
        vec![missing],
    ));
    insta::assert_snapshot!(text(&estate, &assess(judgements, 0), &Options::default()));
}

#[test]
fn undecided_folds_by_reason_and_tells_the_worlds() {
    let controls = controls();
    let mut estate = Estate::default();
    let source = "Resources:\n  A: {Type: AWS::S3::Bucket}\n  B: {Type: AWS::S3::Bucket}\n  C: {Type: AWS::S3::Bucket}\n";
    add(&mut estate, "a.yaml", source);
    let mut judgements = Vec::new();
    for n in 0..3 {
        let mut one =
            judgement(&controls.plain_http, Some(index(0, n)), Verdict::Unknown, Severity::High, Vec::new());
        one.reason = Some(Reason::new(ReasonCode::AttributeAtDeploy, format!("Policy{n}.Arn")));
        one.worlds = vec![
            WorldVerdict { when: "Env=prod".to_owned(), verdict: Verdict::Unknown },
            WorldVerdict { when: "Env=dev".to_owned(), verdict: Verdict::Pass },
        ];
        judgements.push(one);
    }
    insta::assert_snapshot!(text(
        &estate,
        &assess(judgements, 0),
        &Options { exit: exit(0), ..Options::default() }
    ));
}

#[test]
fn fixes_at_their_places() {
    let controls = controls();
    let mut control = controls.encryption.clone();
    let set = r#"{"properties": {"StorageEncrypted": true, "Backup": {"Days": 35, "Copy": true}}, "remove": ["/Public"]}"#;
    control.fix.cloudformation = Some(set.into());
    let mut estate = Estate::default();
    let yaml = "\
Resources:
  Block:
    Type: AWS::RDS::DBInstance
    Properties:
      Public:
        To: everyone
        For: ever
      StorageEncrypted: !Ref X  # 暗号化
      Backup:
        Days: 7
  Flow:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: mysql, MasterUserPassword: plain-secret-2}
  Bare:
    Type: AWS::RDS::DBInstance
";
    let json = "{\n  \"Resources\": {\n    \"Json\": {\n      \"Type\": \"AWS::RDS::DBInstance\",\n      \"Properties\": {\n        \"StorageEncrypted\": \"false\"\n      }\n    }\n  }\n}\n";
    add(&mut estate, "fix.yaml", yaml);
    add(&mut estate, "fix.json", json);
    let ids = ["Block", "Flow", "Bare", "Json"].map(|name| find(&estate, name));
    let judgements: Vec<_> = ids
        .into_iter()
        .map(|id| judgement(&control, Some(id), Verdict::Fail, Severity::High, Vec::new()))
        .collect();
    let shown = text(&estate, &assess(judgements, 0), &Options { full: true, ..Options::default() });
    assert!(!shown.contains("plain-secret"), "{shown}");
    let findings = shown.split_once("== Findings").unwrap().1;
    insta::assert_snapshot!(findings);
}

#[test]
fn a_stack_and_the_account_can_be_judged() {
    let controls = controls();
    let mut stack_control = controls.trail.clone();
    stack_control.scope = sekisho_guidance::Scope::Stack;
    let mut estate = Estate::default();
    add(&mut estate, "a.yaml", "Resources:\n  B: {Type: AWS::S3::Bucket}\n");
    let mut of_stack = judgement(&stack_control, None, Verdict::Fail, Severity::Medium, Vec::new());
    of_stack.stack = Some(index(0, 0).stack);
    let of_account = judgement(&controls.trail, None, Verdict::Fail, Severity::Medium, Vec::new());
    let assessment = assess(vec![of_stack, of_account], 0);
    let shown = text(&estate, &assessment, &Options::default());
    assert!(shown.contains("a.yaml\n\nmedium[account-without-trail]"), "{shown}");
    assert!(shown.contains("account\n\nmedium[account-without-trail]"), "{shown}");
    let json: serde_json::Value =
        serde_json::from_str(&written(&estate, &assessment, &Options::default(), Format::Json)).unwrap();
    assert_eq!(json["verdicts"][0]["resource"]["type"], "Sekisho::Stack");
    assert_eq!(json["verdicts"][0]["resource"]["origin"]["file"], "a.yaml");
    assert_eq!(json["verdicts"][1]["resource"]["address"], "account");
    assert_eq!(json["verdicts"][1]["resource"]["origin"], serde_json::Value::Null);
}
