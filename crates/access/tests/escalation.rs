//! Every published path to administration: found where it is open, and not where the template
//! was repaired.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sekisho_access::escalation::{Escalations, Gives, paths};
use sekisho_access::formula::Formula;
use sekisho_access::model::Model;
use sekisho_estate::Estate;
use sekisho_source_cloudformation::{Options, SourceFile, read};
use serde::Deserialize;

const CASES: &str = include_str!("escalation.yaml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    path: String,
    /// What was repaired.
    repair: String,
    #[serde(default = "user")]
    caller: String,
    #[serde(default)]
    trusts: Option<String>,
    /// Whom the caller gains, where it is not Admin, Boss or nobody.
    #[serde(default)]
    gains: Option<String>,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    before: Vec<String>,
    #[serde(default)]
    resources: String,
    allow: String,
    #[serde(default)]
    repaired_resources: Option<String>,
    repaired: String,
}

fn user() -> String {
    "user".to_owned()
}

fn cases() -> Vec<Case> {
    serde_saphyr::from_str(CASES).unwrap()
}

/// The template of a case.
fn template(case: &Case, resources: &str, statements: &str, boundary: &str) -> String {
    let service = case.trusts.as_deref().unwrap_or("lambda.amazonaws.com");
    let mut out = String::from("Resources:\n");
    let admin = "ManagedPolicyArns: [\"arn:aws:iam::aws:policy/AdministratorAccess\"]";
    let trust = |service: &str| {
        format!(
            "AssumeRolePolicyDocument: {{Version: \"2012-10-17\", Statement: [{{Effect: Allow, Principal: {{Service: {service}}}, Action: \"sts:AssumeRole\"}}]}}"
        )
    };
    writeln!(out, "  Admin: {{Type: AWS::IAM::Role, Properties: {{{admin}, {}}}}}", trust(service)).unwrap();
    writeln!(out, "  Plain: {{Type: AWS::IAM::Role, Properties: {{RoleName: plain, {}}}}}", trust(service))
        .unwrap();
    writeln!(out, "  Boss: {{Type: AWS::IAM::User, Properties: {{UserName: boss, {admin}}}}}").unwrap();
    writeln!(out, "  Clerk: {{Type: AWS::IAM::User, Properties: {{UserName: clerk}}}}").unwrap();
    out.push_str("  Caller:\n");
    match case.caller.as_str() {
        "user" => out.push_str("    Type: AWS::IAM::User\n    Properties:\n      UserName: caller\n"),
        "role" => {
            let trust = trust("ec2.amazonaws.com");
            writeln!(out, "    Type: AWS::IAM::Role\n    Properties:\n      RoleName: caller\n      {trust}")
                .unwrap();
        }
        other => panic!("{other}: user or role"),
    }
    if !boundary.is_empty() {
        writeln!(out, "      PermissionsBoundary: !Ref {boundary}").unwrap();
    }
    out.push_str("      Policies:\n        - PolicyName: own\n          PolicyDocument:\n            Version: \"2012-10-17\"\n            Statement:\n");
    for line in statements.lines() {
        writeln!(out, "              {line}").unwrap();
    }
    for line in resources.lines() {
        writeln!(out, "  {line}").unwrap();
    }
    out
}

fn estate(template: &str) -> Estate {
    let source = SourceFile { path: "t.yaml".to_owned(), bytes: template.as_bytes().to_vec(), named: true };
    let estate = read(vec![source], &Options::default());
    assert!(estate.stacks.len() == 1, "{template}");
    for input in &estate.inputs {
        assert!(!input.problems.iter().any(|problem| problem.loses), "{:?}\n{template}", input.problems);
    }
    estate
}

fn search(template: &str) -> (Model, Escalations) {
    let model = Model::of(&estate(template));
    let chains = model.chains();
    let found = model.escalations(&chains);
    assert!(model.gaps.is_empty(), "{:?}\n{template}", model.gaps);
    (model, found)
}

/// The steps, as `who by path`.
fn steps(model: &Model, found: &Escalations) -> Vec<String> {
    let name = |id: u32| &*model.principals[id as usize].name;
    found.steps.iter().map(|step| format!("{} by {}", name(step.who), step.path)).collect()
}

#[test]
fn every_path_has_a_case() {
    let cases: Vec<String> = cases().into_iter().map(|case| case.path).collect();
    let known: Vec<&str> = paths().iter().map(|path| path.id.as_str()).collect();
    assert_eq!(cases, known);
    // The paths under the ids of their publication; one is of two services.
    assert_eq!(known.iter().filter(|id| id.matches('-').count() == 1).count(), 65);
}

#[test]
fn open_paths_are_found_and_no_others() {
    for case in cases() {
        let text = template(&case, &case.resources, &case.allow, "");
        let (model, found) = search(&text);
        let path = paths().iter().find(|path| path.id == case.path).unwrap();
        let mut expected: Vec<String> = case.before.clone();
        expected.push(format!("Caller by {}", case.path));
        expected.sort();
        let mut met = steps(&model, &found);
        met.sort();
        assert_eq!(met, expected, "{}\n{text}", case.path);
        assert!(found.open.is_empty(), "{}: {:?}", case.path, found.open);
        let step = found.steps.iter().find(|step| step.path == case.path).unwrap();
        assert_eq!(step.formula, Formula::True, "{}", case.path);
        assert_eq!(step.also, case.also, "{}", case.path);
        let target = step.target.map(|id| model.principals[id as usize].name.to_string());
        let gained = case.gains.clone().or_else(|| match path.gives {
            Gives::Everything | Gives::EverythingAsMember => None,
            Gives::User => Some("Boss".to_owned()),
            _ => Some("Admin".to_owned()),
        });
        assert_eq!(target, gained, "{}", case.path);
    }
}

#[test]
fn repaired_templates_have_no_way() {
    for case in cases() {
        let resources = case.repaired_resources.as_ref().unwrap_or(&case.resources);
        let text = template(&case, resources, &case.repaired, "");
        let (model, found) = search(&text);
        let met: BTreeSet<String> = steps(&model, &found).into_iter().collect();
        let before: BTreeSet<String> = case.before.iter().cloned().collect();
        assert_eq!(met, before, "{}: {}\n{text}", case.path, case.repair);
        assert!(found.open.is_empty(), "{}: {:?}\n{text}", case.path, found.open);
    }
}

#[test]
fn without_one_of_its_actions_a_path_is_closed() {
    for case in cases() {
        let path = paths().iter().find(|path| path.id == case.path).unwrap();
        let mut actions: Vec<&str> = path.needs.iter().map(|need| need.action.as_str()).collect();
        if path.gives == Gives::PassedRole {
            actions.push("iam:PassRole");
        }
        for action in actions {
            let denied = format!("{}- {{Effect: Deny, Action: \"{action}\", Resource: \"*\"}}\n", case.allow);
            let (model, found) = search(&template(&case, &case.resources, &denied, ""));
            let open = steps(&model, &found).contains(&format!("Caller by {}", case.path));
            assert!(!open, "{} without {action}", case.path);
            let also: Vec<&str> = found.steps.iter().flat_map(|step| step.also.iter().copied()).collect();
            assert!(!also.contains(&case.path.as_str()), "{} without {action}", case.path);
        }
    }
}

#[test]
fn who_writes_its_own_permissions_stays_within_its_boundary() {
    let boundary = |statements: &str| {
        format!(
            "Boundary:\n  Type: AWS::IAM::ManagedPolicy\n  Properties:\n    ManagedPolicyName: boundary\n    PolicyDocument:\n      Version: \"2012-10-17\"\n      Statement:\n{statements}"
        )
    };
    let narrow = "        - {Effect: Allow, Action: [\"iam:Attach*\", \"iam:Put*Policy\", \"s3:*\"], Resource: \"*\"}\n";
    let wide = "        - {Effect: Allow, Action: \"*\", Resource: \"*\"}\n";
    let removable = "        - {Effect: Allow, Action: \"iam:*\", Resource: \"*\"}\n";
    for case in cases()
        .iter()
        .filter(|case| ["iam-005", "iam-007", "iam-008", "iam-009"].contains(&case.path.as_str()))
    {
        let open = |statements: &str, more: &str| {
            let resources = format!("{}{}", case.resources, boundary(statements));
            let allow = format!("{}{more}", case.allow);
            let (model, found) = search(&template(case, &resources, &allow, "Boundary"));
            !steps(&model, &found).is_empty()
        };
        assert!(!open(narrow, ""), "{}", case.path);
        assert!(open(wide, ""), "{}", case.path);
        // The boundary would let it take the boundary away, its policies do not.
        assert!(!open(removable, ""), "{}", case.path);
        let takes = "- {Effect: Allow, Action: [\"iam:DeleteUserPermissionsBoundary\", \"iam:DeleteRolePermissionsBoundary\"], Resource: \"*\"}\n";
        assert!(open(removable, takes), "{}", case.path);
    }
}

#[test]
fn what_is_not_known_is_not_denied() {
    let text = r#"
Parameters:
  Target: {Type: String}
Resources:
  Admin:
    Type: AWS::IAM::Role
    Properties:
      RoleName: admin
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"]
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]}
  Caller:
    Type: AWS::IAM::User
    Properties:
      UserName: caller
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: ["lambda:CreateFunction", "lambda:InvokeFunction"], Resource: "*"}
              - {Effect: Allow, Action: "iam:PassRole", Resource: !Ref Target}
"#;
    let (model, found) = search(text);
    assert!(found.steps.is_empty(), "{:?}", steps(&model, &found));
    let open: Vec<&str> = found.open.iter().map(|(id, _)| &*model.principals[*id as usize].name).collect();
    assert_eq!(open, ["Caller"]);
}
