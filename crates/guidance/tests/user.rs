//! Controls of users: read like our own, faults told with their place, files isolated.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::PathBuf;

use sekisho_guidance::{Confidence, Language, Level, LoadProblem, Reach, load_user_controls, parse_control};

const GOOD: &str = "\
id: bucket-without-owner
applies: AWS::S3::Bucket
scope: resource
harm: weakens
since: 1.0.0
pass_if: this.Tags.exists(t, t.Key == \"owner\")
title: {en: The bucket has no owner}
why: {en: Nobody is asked when something happens to it.}
fix:
  text: {en: Add a tag.}
  cloudformation: {append: {/Tags: [{Key: owner, Value: clinic}]}}
";

fn problem(text: &str) -> LoadProblem {
    parse_control("bucket-without-owner.yaml", text).unwrap_err()
}

/// The problem of the good file after a change, as (line, message).
fn after(from: &str, to: &str) -> (u32, String) {
    assert!(GOOD.contains(from), "{from}");
    let problem = problem(&GOOD.replacen(from, to, 1));
    (problem.line, problem.message)
}

#[test]
fn a_short_file_is_enough() {
    let control = parse_control("a/b/bucket-without-owner.yaml", GOOD).unwrap();
    assert_eq!(*control.applies, ["AWS::S3::Bucket"]);
    assert_eq!((control.reach, control.confidence), (Reach::Inside, Confidence::High));
    assert_eq!(control.title.get(Language::Ja), "The bucket has no owner");
    assert_eq!(control.strongest_level(), Level::Must);
    let patch = control.fix.cloudformation.unwrap();
    assert_eq!(patch, r#"{"append":{"/Tags":[{"Key":"owner","Value":"clinic"}]}}"#);
}

#[test]
fn parts_of_the_question_can_be_named() {
    let text = GOOD.replacen("pass_if:", "let:\n  tags: this.Tags\n  owned: tags.size() > 0\npass_if:", 1);
    let control = parse_control("bucket-without-owner.yaml", &text).unwrap();
    assert_eq!(control.parts(), [("tags", "this.Tags"), ("owned", "tags.size() > 0")]);
    assert!(parse_control("bucket-without-owner.yaml", GOOD).unwrap().parts().is_empty());
}

#[test]
fn faults_are_told_with_their_place() {
    for (from, to, line, message) in [
        ("harm:", "let: {Tags: this.Tags}\nharm:", 4, "`Tags` in `let` is not in snake case"),
        ("harm:", "let: {this: \"1\"}\nharm:", 4, "`this` means something else; choose another name"),
        ("harm:", "let: {tags: \"\"}\nharm:", 4, "`tags` is empty"),
        ("pass_if:", "pas_if:", 6, "unknown field `pas_if`; did you mean `pass_if`?"),
        ("harm: weakens", "harm: weaken", 4, "unknown word `weaken`; did you mean `weakens`?"),
        ("append:", "appends:", 11, "unknown field `appends`; did you mean `append`?"),
        (
            "harm:",
            "satisfies: [hipaa/s3/3, hipa/s3/1]\nharm:",
            4,
            "unknown requirement `hipa/s3/1`; did you mean `hipaa/s3/1`?",
        ),
        (
            "harm:",
            "satisfies: [hipaa/s3/2]\nharm:",
            5,
            "no requirement here is a must, must-not or should; harm must be `informs`",
        ),
        ("harm:", "satisfies: [hipaa/s3/1, hipaa/s3/1]\nharm:", 4, "requirement `hipaa/s3/1` is named twice"),
        (
            "AWS::S3::Bucket",
            "AWS::S3::Buckett",
            2,
            "unknown resource type `AWS::S3::Buckett`; did you mean `AWS::S3::Bucket`?",
        ),
        ("applies: AWS::S3::Bucket\n", "", 2, "scope `resource` needs `applies`"),
        ("scope: resource", "scope: account", 3, "scope `account` takes no `applies`"),
        ("id: bucket-without-owner", "id: Bucket", 1, "id `Bucket` is not in kebab case"),
        (
            "id: bucket-without-owner",
            "id: bucket",
            1,
            "id `bucket` differs from the file name `bucket-without-owner`",
        ),
        ("since: 1.0.0", "since: '1'", 5, "`1` is no version (1.2.3)"),
        ("no owner}", "no owner.}", 7, "title `The bucket has no owner.` is one line without a period"),
        ("/Tags", "Tags", 11, "`Tags` is no JSON pointer into the properties"),
        ("scope: resource\n", "", 0, "missing field `scope`"),
        ("  text: {en: Add a tag.}\n", "", 10, "missing field `text`"),
    ] {
        let (actual_line, actual) = after(from, to);
        assert!(actual.contains(message), "{to}: {actual}");
        assert_eq!(actual_line, line, "{to}: {actual}");
    }
}

#[test]
fn bad_yaml_is_told_with_its_place() {
    let problem = problem("id: [\nscope: resource\n");
    assert!(problem.line >= 1 && problem.to_string().starts_with("bucket-without-owner.yaml:"));
    assert!(!problem.message.contains(" at line "), "{}", problem.message);
}

#[test]
fn hostile_files_end_soon() {
    let deep = format!("id: {}", "[".repeat(10_000));
    assert!(parse_control("x.yaml", &deep).is_err());
    let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (name, of) in ('b'..='i').zip('a'..='h') {
        bomb.push_str(&format!("{name}: &{name} [*{of},*{of},*{of},*{of},*{of},*{of},*{of},*{of}]\n"));
    }
    assert!(parse_control("x.yaml", &bomb).is_err());
    let long = format!("{GOOD}# {}\n", "x".repeat(70_000));
    assert!(problem(&long).message.contains("at most 65536 are read"));
    assert!(parse_control("x.yaml", "").is_err());
    assert!(parse_control("x.yaml", "\u{0}").is_err());
    assert!(parse_control("x.yaml", "- a\n- b\n").is_err());
}

fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(path.join("deeper")).unwrap();
    path
}

#[test]
fn one_bad_file_does_not_lose_the_others() {
    let dir = folder("user-controls");
    let named = |id: &str| GOOD.replacen("bucket-without-owner", id, 1);
    fs::write(dir.join("one.yaml"), named("one")).unwrap();
    fs::write(dir.join("deeper/two.yml"), named("two")).unwrap();
    fs::write(dir.join("deeper/one.yaml"), named("one")).unwrap();
    fs::write(dir.join("one.test.yaml"), "not a control").unwrap();
    fs::write(dir.join("readme.md"), "not a control").unwrap();
    fs::write(dir.join("bad.yaml"), "id: bad\n").unwrap();
    fs::write(dir.join("binary.yaml"), [0xFF, 0xFE, 0x00]).unwrap();
    fs::write(dir.join("s3-bucket-acl-public.yaml"), named("s3-bucket-acl-public")).unwrap();
    let (controls, problems) = load_user_controls(&dir);
    let ids: Vec<_> = controls.iter().map(|control| control.id.as_ref()).collect();
    assert_eq!(ids, ["one", "two"]);
    let told: Vec<_> = problems
        .iter()
        .map(|p| (p.file.rsplit('/').next().unwrap_or_default(), p.message.as_str()))
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].0 == "bad.yaml" && told[0].1.contains("missing field"), "{told:?}");
    assert!(told[1].0 == "binary.yaml" && told[1].1.contains("UTF-8"), "{told:?}");
    assert!(told[2].0 == "one.yaml" && told[2].1.contains("is already in"), "{told:?}");
    assert!(told[3].1.contains("is a built-in control"), "{told:?}");
}

#[test]
fn a_missing_folder_is_a_problem() {
    let (controls, problems) = load_user_controls(&folder("none").join("not-there"));
    assert!(controls.is_empty());
    assert_eq!(problems.len(), 1);
}
