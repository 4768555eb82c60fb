//! The guidance as people and programs see it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use sekisho_guidance::{Language, Level, ResolutionKind};
use sekisho_report::{
    GuidanceFilter, Notation, Options, guidance_coverage, guidance_inherited, guidance_list, guidance_search,
    guidance_services, guidance_show, responsibility,
};
use serde_json::Value;

fn options(language: Language) -> Options {
    Options { language, ..Options::default() }
}

fn show(id: &str, notation: Notation, language: Language) -> String {
    let mut out = Vec::new();
    guidance_show(id, notation, &options(language), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn list(filter: &GuidanceFilter) -> Value {
    let mut out = Vec::new();
    guidance_list(filter, Notation::Json, &Options::default(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn coverage_is_what_its_schema_says() {
    let schema = include_str!("../../../docs/schema/sekisho.coverage-1.schema.json");
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let mut out = Vec::new();
    guidance_coverage(Notation::Json, &Options::default(), &mut out).unwrap();
    let value: Value = serde_json::from_slice(&out).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(value["rows"], 1592);
    assert_eq!(value["items"].as_array().unwrap().len(), 1592);
    let counts = value["by_resolution"].as_object().unwrap();
    assert_eq!(counts.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 1592);
    let s3 = value["items"].as_array().unwrap().iter().find(|item| item["id"] == "hipaa/s3/3").unwrap();
    assert_eq!((&s3["resolution"], &s3["by"][0]), (&"control".into(), &"s3-bucket-allows-plain-http".into()));
}

/// Whether a value is what a schema says.
fn conforms(schema: &str, value: &Value) {
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(value).take(5).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn rows_are_what_their_schema_says() {
    let schema = include_str!("../../../docs/schema/sekisho.guidance-1.schema.json");
    let all = list(&GuidanceFilter::default());
    assert_eq!(all["rows"].as_array().unwrap().len(), 1592);
    conforms(schema, &all);
    // One of each resolution by itself.
    let mut shown = std::collections::BTreeSet::new();
    for row in all["rows"].as_array().unwrap() {
        if shown.insert(row["resolution"].as_str().unwrap()) {
            let text = show(row["id"].as_str().unwrap(), Notation::Json, Language::En);
            conforms(schema, &serde_json::from_str(&text).unwrap());
        }
    }
    assert!(shown.len() >= 9, "{shown:?}");
    let mut found = Vec::new();
    guidance_search("root", Notation::Json, &Options::default(), &mut found).unwrap();
    conforms(schema, &serde_json::from_slice(&found).unwrap());
    // It refuses what is not so.
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let mut wrong = all.clone();
    wrong["rows"][0]["level"] = "perhaps".into();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn a_row_is_shown_in_each_language() {
    let text = show("hipaa/s3/3", Notation::Text, Language::En);
    for part in
        ["encrypted transport", "Architecting for HIPAA (2023)", "918", "must", "s3-bucket-allows-plain-http"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(show("hipaa/s3/3", Notation::Text, Language::Ja).contains("コントロールで判定"));
    assert!(show("hipaa/s3/3", Notation::Text, Language::ZhTw).contains("由控制項判定"));
    let asked = show("hipaa/aurora/3", Notation::Text, Language::Ja);
    assert!(asked.contains("Amazon Aurora の暗号化"), "{asked}");
}

#[test]
fn what_a_section_does_not_state_is_said_to_be_so() {
    let duty = show("hipaa/s3/1", Notation::Text, Language::En);
    assert!(duty.contains("the duty comes from") && duty.contains("hipaa/intro/13"), "{duty}");
    assert!(show("hipaa/xray/4", Notation::Text, Language::En).contains("concluded by us"));
    let automatic = show("hipaa/aurora/2", Notation::Text, Language::En);
    assert!(
        automatic.contains("no report on file") && automatic.contains("only while hipaa/aurora/1"),
        "{automatic}"
    );
}

#[test]
fn services_are_what_their_schema_says() {
    let schema = include_str!("../../../docs/schema/sekisho.services-1.schema.json");
    let list = |edition: Option<&str>| -> Value {
        let mut out = Vec::new();
        guidance_services(edition, Notation::Json, &Options::default(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    };
    let all = list(None);
    conforms(schema, &all);
    let services = all["services"].as_array().unwrap();
    assert_eq!(services.len(), sekisho_guidance::services().len());
    let bucket = services.iter().find(|service| service["id"] == "s3").unwrap();
    let encrypted = |default: &&Value| default["path"] == "/BucketEncryption";
    assert_eq!(bucket["defaults"].as_array().unwrap().iter().find(encrypted).unwrap()["since"], "2023-01-05");
    assert!(bucket["controls"].as_array().unwrap().contains(&"s3-bucket-allows-plain-http".into()));
    let one: Value = serde_json::from_str(&show("Lambda", Notation::Json, Language::En)).unwrap();
    conforms(schema, &one);
    assert_eq!(
        (&one["papers"]["2018"]["standing"], &one["papers"]["2023"]["standing"]),
        (&"eligible".into(), &"restricted".into())
    );
    // Only the edition that has a section has its lines.
    let ids = |edition| -> Vec<String> {
        let list = list(Some(edition));
        list["services"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect()
    };
    let (old, new) = (ids("2018"), ids("2023"));
    assert!(old.contains(&"macie".into()) && !new.contains(&"macie".into()));
    assert!(!old.contains(&"qldb".into()) && new.contains(&"qldb".into()));
    let mut out = Vec::new();
    let wrong = guidance_services(Some("2019"), Notation::Text, &Options::default(), &mut out).unwrap_err();
    assert!(wrong.to_string().starts_with("unknown edition `2019`"), "{wrong}");
}

#[test]
fn a_service_is_shown_in_each_language() {
    let english = show("Amazon QLDB", Notation::Text, Language::En);
    for part in
        ["lines 780 to 782", "2025-07-31", "Amazon Aurora PostgreSQL", "AWS::QLDB::Ledger", "superseded: 5"]
    {
        assert!(english.contains(part), "{part}: {english}");
    }
    let limited = show("lambda", Notation::Text, Language::Ja);
    assert!(limited.contains("イベントデータに PHI を含めない"), "{limited}");
    assert!(show("lambda", Notation::Text, Language::ZhTw).contains("事件資料中不得含有 PHI"));
    let unlisted = show("mediastore", Notation::Text, Language::En);
    assert!(unlisted.contains("which is not a no"), "{unlisted}");
    let error = guidance_show("lambada", Notation::Text, &Options::default(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "unknown service `lambada`; did you mean `lambda`?");
}

#[test]
fn a_row_names_its_tests_editions_and_evidence() {
    let shown = show("hipaa/s3/3", Notation::Text, Language::En);
    for part in
        ["2018, 2023", "guidance/controls/s3/s3-bucket-allows-plain-http.test.yaml (", "164.312(e)(2)(ii)"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let asked = show("bp/malware/12", Notation::Text, Language::En);
    assert!(asked.contains("evidence to keep: the reviews of the changes"), "{asked}");
    assert!(show("bp/malware/12", Notation::Text, Language::Ja).contains("保管する証拠: デプロイした変更"));
    let row: Value = serde_json::from_str(&show("bp/malware/12", Notation::Json, Language::En)).unwrap();
    assert_eq!(row["keep"], "the reviews of the changes that were deployed");
}

#[test]
fn what_aws_does_stands_under_what_it_rests_on() {
    let inherited = |service: Option<&str>, notation, language| {
        let mut out = Vec::new();
        guidance_inherited(service, notation, &options(language), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let rows: Value = serde_json::from_str(&inherited(None, Notation::Json, Language::En)).unwrap();
    let rows = rows["rows"].as_array().unwrap();
    assert!(rows.len() > 150 && rows.iter().all(|row| !row["rests_on"].as_array().unwrap().is_empty()));
    let text = inherited(None, Notation::Text, Language::En);
    for row in rows {
        assert!(text.contains(&format!("    {}\n", row["id"].as_str().unwrap())), "{row}");
    }
    let aurora = inherited(Some("aurora"), Notation::Text, Language::En);
    assert!(
        aurora.contains("no report on file") && aurora.contains("only while hipaa/aurora/1 is met"),
        "{aurora}"
    );
    assert!(aurora.contains("rows: 1\n"), "{aurora}");
    // A line may break anywhere in these languages.
    let dense = |language| inherited(Some("aurora"), Notation::Text, language).replace(['\n', ' '], "");
    assert!(dense(Language::Ja).contains("レポートなし") && dense(Language::ZhTw).contains("無報告存檔"));
    let mut out = Vec::new();
    let wrong = guidance_inherited(Some("arora"), Notation::Text, &Options::default(), &mut out).unwrap_err();
    assert!(wrong.to_string().contains("did you mean `aurora`"), "{wrong}");
}

#[test]
fn rows_are_filtered_and_found() {
    let filter =
        GuidanceFilter { service: Some("s3".into()), level: Some(Level::Must), ..Default::default() };
    let rows = list(&filter);
    let ids: Vec<_> =
        rows["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"hipaa/s3/3") && ids.iter().all(|id| id.contains("s3")), "{ids:?}");
    let pending = GuidanceFilter {
        resolution: Some(ResolutionKind::AnalysisPending),
        detail: Some("host".into()),
        ..Default::default()
    };
    assert!(list(&pending)["rows"].as_array().unwrap().len() > 40);
    let mut out = Vec::new();
    guidance_search("s3 TLS なし", Notation::Text, &Options::default(), &mut out).unwrap();
    guidance_search("two-factor ROOT", Notation::Text, &Options::default(), &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("bp/trusted-advisor/12"));
}

#[test]
fn a_misspelt_name_is_answered_with_the_nearest() {
    let error =
        guidance_show("hipaa/s3/33", Notation::Text, &Options::default(), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("did you mean `hipaa/s3/3`"), "{error}");
    let filter = GuidanceFilter { service: Some("elasticach".into()), ..Default::default() };
    let error = guidance_list(&filter, Notation::Text, &Options::default(), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("did you mean `elasticache`"), "{error}");
}

#[test]
fn who_is_responsible_for_the_clinic() {
    let (estate, mut out) = (common::clinic(), Vec::new());
    responsibility(&estate, Notation::Json, &Options::default(), &mut out).unwrap();
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["schema"], "sekisho.responsibility/1");
    conforms(include_str!("../../../docs/schema/sekisho.responsibility-1.schema.json"), &value);
    let layers = value["layers"].as_array().unwrap();
    let system = layers.iter().find(|layer| layer["layer"] == "operating-system").unwrap();
    let who: Vec<_> = system["cells"].as_array().unwrap().iter().map(|cell| cell["who"].as_str()).collect();
    assert_eq!(who, [Some("customer"), Some("aws"), Some("aws")]);
    for &language in Language::ALL {
        let mut out = Vec::new();
        responsibility(&estate, Notation::Text, &options(language), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("RDS") && text.lines().count() > 30, "{text}");
    }
}

/// Rows of a table for a spreadsheet.
fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(bytes).unwrap().strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn the_boundaries_of_responsibility_are_a_table_to_fill_in() {
    let mut out = Vec::new();
    sekisho_report::responsibility_form(&common::clinic(), &options(Language::Ja), &mut out).unwrap();
    let rows = cells(&out);
    assert_eq!(&rows[0][..4], ["層", "サービスの区分", "サービス", "責任者の区分"]);
    assert_eq!((rows.len() - 1) % sekisho_guidance::layers().len(), 0);
    let system: Vec<_> = rows.iter().filter(|row| row[0] == "オペレーティングシステム").collect();
    assert_eq!(system.iter().map(|row| row[3].as_str()).collect::<Vec<_>>(), ["お客様", "AWS", "AWS"]);
    assert!(system[0][4].is_empty() && system[1][4].contains("SOC 2"), "{system:?}");
    assert!(rows[1..].iter().all(|row| row[8..].iter().all(String::is_empty)), "people fill these in");
    let at_rest: Vec<_> = rows.iter().filter(|row| row[0] == "保管時のデータの保護").collect();
    assert!(at_rest.iter().any(|row| row[5].contains("rds-storage-not-encrypted")), "{at_rest:?}");
}

#[test]
fn a_framework_is_a_checklist_to_fill_in() {
    let estate = common::clinic();
    let config = sekisho_assess::Config::default();
    let run = sekisho_assess::RunOptions { config: &config, everything: true, only: &[], built_in: true };
    let assessment = sekisho_assess::run(&estate, &[], run);
    for framework in sekisho_guidance::frameworks() {
        let report = sekisho_report::FrameworkReport {
            framework,
            assessment: &assessment,
            decisions: &[],
            today: "2026-11-25",
        };
        for &language in Language::ALL {
            let mut out = Vec::new();
            report.checklist(&options(language), &mut out).unwrap();
            let rows = cells(&out);
            assert_eq!(rows.len(), framework.paragraphs.len() + 1, "{}", framework.id);
            assert!(rows[1..].iter().all(|row| row[8..].iter().all(String::is_empty)));
            if framework.id == "jp-mhlw-safety-6.0" && language == Language::Ja {
                let network = rows.iter().find(|row| row[0] == "運用-13").unwrap();
                assert_eq!(network[2], "不適合あり");
                assert!(!network[4].is_empty() && !network[3].is_empty(), "{network:?}");
            }
        }
    }
}

#[test]
fn a_framework_is_what_its_schema_says() {
    let schema = include_str!("../../../docs/schema/sekisho.framework-1.schema.json");
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let estate = common::clinic();
    let config = sekisho_assess::Config::default();
    let run = sekisho_assess::RunOptions { config: &config, everything: true, only: &[], built_in: true };
    let assessment = sekisho_assess::run(&estate, &[], run);
    let text = "decisions:\n- {framework: hipaa-security-rule, paragraph: 164.312(a)(2)(iii), decision: alternative, reason: kiosks, instead: badge readers, approver: CISO, decided: 2025-01-10, review: 2026-01-10}\n";
    let (decisions, problems) = sekisho_guidance::read_decisions("d.yaml", text);
    assert!(problems.is_empty(), "{problems:?}");
    for framework in sekisho_guidance::frameworks() {
        let report = sekisho_report::FrameworkReport {
            framework,
            assessment: &assessment,
            decisions: &decisions,
            today: "2026-11-25",
        };
        let mut out = Vec::new();
        report.write(Notation::Json, &Options::default(), &mut out).unwrap();
        let value: Value = serde_json::from_slice(&out).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", framework.id);
        let paragraphs = value["paragraphs"].as_array().unwrap();
        assert_eq!(paragraphs.len(), framework.paragraphs.len());
        let headings = paragraphs.iter().filter(|p| p["state"] == "heading").count();
        let counted: u64 = value["summary"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(counted as usize, paragraphs.len() - headings);
        for &language in Language::ALL {
            let mut out = Vec::new();
            report.write(Notation::Text, &options(language), &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(!text.contains("compliant") && !text.contains('%'), "{text}");
            if framework.id == "hipaa-security-rule" {
                assert!(text.contains("164.312(a)(2)(iv)") && text.contains("hipaa/intro/13"), "{text}");
                assert!(text.contains("2026-01-10"), "the decision is overdue: {text}");
            }
        }
    }
}
