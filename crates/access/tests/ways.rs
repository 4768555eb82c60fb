//! What templates and saved answers say of the ways by which requests come: access points,
//! VPC endpoints, grants, sessions; and of organizations.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_access::ask::{Ask, Cell, verdict};
use sekisho_access::case::{DenyEffect, Kind, Verdict};
use sekisho_access::decide::Outcome;
use sekisho_access::formula::Formula;
use sekisho_access::holders::Holders;
use sekisho_access::matrix::{Answer, Matrix};
use sekisho_access::model::{Model, PrincipalId};
use sekisho_access::saved;
use sekisho_access::show;
use sekisho_access::tables::Class;
use sekisho_estate::Estate;
use sekisho_source_cloudformation::{Options, SourceFile, read};

const ACCOUNT: &str = "111122223333";

/// Templates of one account, with saved answers beside them.
fn estate(template: &str, answers: &[(&str, &str)]) -> Estate {
    let source = SourceFile { path: "a.yaml".to_owned(), bytes: template.as_bytes().to_vec(), named: true };
    let mut estate = read(vec![source], &Options::default());
    estate.stacks[0].account = Some(ACCOUNT.into());
    estate.stacks[0].region = Some("eu-west-1".into());
    for (path, text) in answers {
        let saved = saved::read(path, text).unwrap_or_else(|| panic!("{path} is not known"));
        assert!(saved.problems.is_empty(), "{path}: {:?}", saved.problems);
        estate.stacks.push(saved.stack);
    }
    estate
}

/// Whether somebody has a capability, by every way that asks: alone, by sets, by groups.
fn cell(model: &Model, estate: &Estate, who: &str, class: Class, store: &str) -> Cell {
    let (who, store) = (model.principal(estate, who).unwrap(), model.store(estate, store).unwrap());
    let ask = Ask::new(model);
    let cell = ask.can(&ask.asker(who), class, store);
    let rows = model.directly(&ask, &model.chains(), class, store);
    let row = rows.iter().find(|row| row.who == sekisho_access::who::Who::Principal(who));
    assert_eq!(row.map_or(Formula::False, |row| row.cell.formula.clone()), cell.formula, "by sets");
    let all: Vec<PrincipalId> = (0..u32::try_from(model.principals.len()).unwrap()).collect();
    let held = Holders::of(model).cells(model, &ask, class, store, &all);
    let held = held.iter().find(|held| held.who.contains(&who));
    assert_eq!(held.map_or(Formula::False, |held| held.cell.formula.clone()), cell.formula, "by groups");
    match Matrix::of(model).cell(who, class, store) {
        Answer::No => assert_eq!(cell.formula, Formula::False, "by the matrix"),
        Answer::Yes => assert_eq!(cell.formula, Formula::True, "by the matrix"),
        Answer::Open => {}
    }
    cell
}

fn can(model: &Model, estate: &Estate, who: &str, class: Class, store: &str) -> String {
    let cell = cell(model, estate, who, class, store);
    match verdict(&cell.formula) {
        Verdict::Allowed => "yes".to_owned(),
        Verdict::Denied => "no".to_owned(),
        _ => show::formula(&cell.formula, &model.holes),
    }
}

fn gaps(model: &Model) -> Vec<String> {
    model.gaps.iter().map(|gap| format!("{}: {}", gap.at, gap.what)).collect()
}

// --- Access points -----------------------------------------------------------

const POINTS: &str = r#"
Resources:
  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: data}}
  DataPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Data
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: "s3:*"
            Resource: ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]
            Condition: {StringNotEquals: {"s3:DataAccessPointAccount": "111122223333"}}
          - Effect: Allow
            Principal: {AWS: "*"}
            Action: "s3:*"
            Resource: ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]
            Condition: {StringEquals: {"s3:DataAccessPointAccount": "111122223333"}}
  Point:
    Type: AWS::S3::AccessPoint
    Properties:
      Bucket: !Ref Data
      Name: analysts
      Policy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {AWS: !GetAtt Analyst.Arn}
            Action: "s3:GetObject"
            Resource: !Sub "arn:aws:s3:eu-west-1:111122223333:accesspoint/analysts/object/*"
          - Effect: Deny
            Principal: {AWS: !GetAtt Intern.Arn}
            Action: "s3:*"
            Resource: "*"
  Analyst:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: &ec2
        Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}]
  Intern:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: *ec2
      Policies: [&point {PolicyName: point, PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: ["arn:aws:s3:eu-west-1:111122223333:accesspoint/analysts", "arn:aws:s3:eu-west-1:111122223333:accesspoint/analysts/object/*"]}]}}]
  Writer:
    Type: AWS::IAM::User
    Properties: {Policies: [*point]}
  Stranger: {Type: AWS::IAM::User}
"#;

#[test]
fn access_points_are_ways_to_their_bucket() {
    let estate = estate(POINTS, &[]);
    let model = Model::of(&estate);
    assert_eq!(gaps(&model), [""; 0]);
    // Named by the policy of the access point; nothing else grants it anything.
    assert_eq!(can(&model, &estate, "Analyst", Class::ReadContent, "Data"), "yes");
    assert_eq!(can(&model, &estate, "Analyst", Class::Write, "Data"), "no");
    // By an identity policy that names the access point and not the bucket.
    assert_eq!(can(&model, &estate, "Writer", Class::ReadContent, "Data"), "yes");
    assert_eq!(can(&model, &estate, "Writer", Class::Write, "Data"), "yes");
    // What an access point does not do: to change the bucket itself.
    assert_eq!(can(&model, &estate, "Writer", Class::Administer, "Data"), {
        let cell = cell(&model, &estate, "Writer", Class::Administer, "Data");
        assert!(cell.actions.iter().all(|(action, _)| !action.contains("Bucket")), "{:?}", cell.actions);
        "yes"
    });
    // Denied by the policy of the access point, and no other way leads in.
    assert_eq!(can(&model, &estate, "Intern", Class::ReadContent, "Data"), "no");
    assert_eq!(can(&model, &estate, "Stranger", Class::ReadContent, "Data"), "no");
}

#[test]
fn an_access_point_is_asked_by_its_name() {
    let estate = estate(POINTS, &[]);
    let model = Model::of(&estate);
    let (store, at) = model.access_point(&estate, "Point").unwrap();
    assert_eq!(
        model.access_point(&estate, "arn:aws:s3:eu-west-1:111122223333:accesspoint/analysts"),
        Some((store, at))
    );
    let store = &model.stores[store as usize];
    let ask = Ask::new(&model);
    let ask_for = |who: &str| {
        let asker = ask.asker(model.principal(&estate, who).unwrap());
        let object = model.form_of(store, "s3:getobject");
        ask.explain_through(&asker, "s3:getobject", store, object, &store.points[at])
    };
    let (Outcome { verdict, denied_by, .. }, _) = ask_for("Intern");
    assert_eq!((verdict, denied_by.unwrap().kind), (Verdict::Denied, Kind::AccessPoint));
    let (Outcome { verdict, .. }, reasons) = ask_for("Analyst");
    assert_eq!(verdict, Verdict::Allowed);
    assert!(reasons.iter().any(|reason| reason.kind == Kind::AccessPoint && reason.at.is_some()));
}

const DELEGATED: &str = r#"
Resources:
  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: data}}
  DataPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Data
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {AWS: "444455556666"}
            Action: "s3:*"
            Resource: ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]
            Condition: {StringEquals: {"s3:DataAccessPointArn": !Sub "arn:aws:s3::111122223333:accesspoint/${Global.Alias}"}}
  Global:
    Type: AWS::S3::MultiRegionAccessPoint
    Properties: {Name: global, Regions: [{Bucket: !Ref Data}]}
  GlobalPolicy:
    Type: AWS::S3::MultiRegionAccessPointPolicy
    Properties:
      MrapName: !Ref Global
      Policy:
        Statement:
          - Effect: Allow
            Principal: {AWS: "444455556666"}
            Action: "s3:GetObject"
            Resource: !Sub "arn:aws:s3::111122223333:accesspoint/${Global.Alias}/object/*"
"#;

#[test]
fn a_multi_region_access_point_lets_in_whom_both_policies_name() {
    let estate = estate(DELEGATED, &[]);
    let model = Model::of(&estate);
    let (ask, chains) = (Ask::new(&model), model.chains());
    let store = model.store(&estate, "Data").unwrap();
    assert_eq!(model.stores[store as usize].points.len(), 1);
    let rows = model.who_can(&ask, &chains, Class::ReadContent, store);
    let who: Vec<String> = rows.iter().map(|row| model.who_name(&row.who)).collect();
    assert_eq!(who, ["444455556666"]);
    // Surely, by the access point; directly it would be under the condition.
    assert_eq!(rows[0].cell.formula, Formula::True);
    // The policy of the access point does not let it write.
    let point = &model.stores[store as usize].points[0];
    let subject = sekisho_access::who::Who::Account("444455556666".into()).outside().unwrap();
    let asker = sekisho_access::ask::Asker::outside(&subject);
    let store = &model.stores[store as usize];
    let object = model.form_of(store, "s3:putobject");
    let outcome = ask.through(&asker, "s3:putobject", store, object, point);
    assert_eq!(outcome.verdict, Verdict::Denied);
}

// --- VPC endpoints -------------------------------------------------------------

const ENDPOINTS: &str = r#"
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  ToS3:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !Ref Vpc
      ServiceName: !Sub "com.amazonaws.${AWS::Region}.s3"
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: "*"
            Action: ["s3:GetObject", "s3:ListBucket"]
            Resource: ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]
          - Effect: Deny
            Principal: {AWS: !GetAtt Barred.Arn}
            Action: "*"
            Resource: "*"
  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: data}}
  DataPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Data
      PolicyDocument:
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: "s3:*"
            Resource: ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]
            Condition: {StringNotEquals: {"aws:SourceVpce": !Ref ToS3}}
  Open: {Type: AWS::S3::Bucket, Properties: {BucketName: open}}
  OfVpc: {Type: AWS::S3::Bucket, Properties: {BucketName: of-vpc}}
  OfVpcPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref OfVpc
      PolicyDocument:
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: "s3:*"
            Resource: ["arn:aws:s3:::of-vpc", "arn:aws:s3:::of-vpc/*"]
            Condition: {StringNotEquals: {"aws:SourceVpc": !Ref Vpc}}
  Admin: &admin
    Type: AWS::IAM::User
    Properties: {Policies: [{PolicyName: all, PolicyDocument: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}]}
  Barred: *admin
"#;

#[test]
fn an_endpoint_that_a_policy_asks_for_lets_through_what_its_own_says() {
    let estate = estate(ENDPOINTS, &[]);
    let model = Model::of(&estate);
    let read = |who: &str, store: &str| can(&model, &estate, who, Class::ReadContent, store);
    assert_eq!(read("Admin", "Data"), "aws:SourceVpce is ${ToS3.Id}");
    // Its policy lets nothing be written.
    assert_eq!(can(&model, &estate, "Admin", Class::Write, "Data"), "no");
    assert_eq!(can(&model, &estate, "Admin", Class::Delete, "Data"), "no");
    // It denies one of two who are otherwise alike.
    assert_eq!(read("Barred", "Data"), "no");
    // Requests need not come by the endpoint: its policy keeps nobody from another bucket.
    assert_eq!(read("Barred", "Open"), "yes");
    // From the VPC nothing else leads to S3.
    assert_eq!(read("Admin", "OfVpc"), "no");
}

#[test]
fn a_request_that_names_an_endpoint_is_under_its_policy() {
    let estate = estate(ENDPOINTS, &[]);
    let model = Model::of(&estate);
    let by = Ask::with(&model, &[("aws:SourceVpce".to_owned(), "ToS3".to_owned())]);
    assert_eq!(&*by.endpoint().unwrap().name, "ToS3");
    let admin = by.asker(model.principal(&estate, "Admin").unwrap());
    let store = model.store(&estate, "Open").unwrap();
    assert_eq!(by.can(&admin, Class::ReadContent, store).formula, Formula::False);
    let of = &model.stores[store as usize];
    let (outcome, reasons) = by.explain_store(&admin, "s3:getobject", of, model.form_of(of, "s3:getobject"));
    let denied = outcome.denied_by.unwrap();
    assert_eq!((denied.effect, denied.kind), (DenyEffect::Implicit, Kind::Endpoint));
    assert!(reasons.iter().any(|reason| reason.kind == Kind::Endpoint && reason.at.is_some()));
    // By an endpoint of S3 comes nothing for another service.
    let object = sekisho_access::decide::Object { arn: "*".into(), ..Default::default() };
    assert_eq!(by.may(&admin, "sqs:listqueues", &object), Formula::True);
    let rows = model.directly(&by, &model.chains(), Class::ReadContent, store);
    assert!(rows.is_empty(), "{rows:?}");
    let data = model.store(&estate, "Data").unwrap();
    let rows = model.directly(&by, &model.chains(), Class::ReadContent, data);
    let who: Vec<String> = rows.iter().map(|row| model.who_name(&row.who)).collect();
    assert_eq!(who, ["Admin"]);
}

// --- Grants ---------------------------------------------------------------------

const KEY: &str = r#"
Resources:
  Data:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: data
      BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: "arn:aws:kms:eu-west-1:111122223333:key/0a1b"}}]}
  Reader: &reader
    Type: AWS::IAM::User
    Properties:
      UserName: reader
      Policies: [{PolicyName: read, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}]}}]
  Other:
    Type: AWS::IAM::User
    Properties:
      UserName: other
      Policies: [{PolicyName: read, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}]}}]
"#;

const KEY_MADE: &str = r#"
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:role/nobody"}, Action: "kms:*", Resource: "*"}]}
"#;

const GRANTS: &str = r#"{
  "Grants": [
    {"KeyId": "arn:aws:kms:eu-west-1:111122223333:key/0a1b", "GrantId": "g1", "Name": "backup",
     "CreationDate": "2026-01-01T00:00:00Z", "IssuingAccount": "arn:aws:iam::111122223333:root",
     "GranteePrincipal": "arn:aws:iam::111122223333:user/reader",
     "Operations": ["Decrypt", "DescribeKey"]},
    {"KeyId": "arn:aws:kms:eu-west-1:111122223333:key/0a1b", "GrantId": "g2",
     "GranteePrincipal": "arn:aws:iam::111122223333:user/other", "Operations": ["Decrypt"],
     "Constraints": {"EncryptionContextSubset": {"aws:s3:arn": "arn:aws:s3:::elsewhere"}}}
  ]
}"#;

#[test]
fn grants_let_a_key_be_used() {
    // A key whose id the template knows only at deployment cannot be the one of the grants.
    let unknown = estate(&format!("{KEY}{KEY_MADE}"), &[("grants.json", GRANTS)]);
    let model = Model::of(&unknown);
    assert!(gaps(&model).iter().any(|gap| gap.contains("the key of the grant is not in this input")));

    // Terraform's state and plans know it; here the id that AWS gave stands for that.
    let template = format!("{KEY}{KEY_MADE}").replace(
        "KMSMasterKeyID: \"arn:aws:kms:eu-west-1:111122223333:key/0a1b\"",
        "KMSMasterKeyID: !Ref Key",
    );
    let mut known = estate(&template, &[("grants.json", GRANTS)]);
    let text = known.stacks[0].tree.add_text("0a1b");
    let (names, stack) = (|stack: &sekisho_estate::Stack, id| stack.text(id) == "Key", &mut known.stacks[0]);
    let key = stack.resources.iter().position(|resource| names(stack, resource.id)).unwrap();
    let offset = stack.resources[key].offset;
    let id = stack.tree.text(text).to_owned();
    stack.resources[key].reference_value = Some(stack.tree.push_string(&id, offset));
    let model = Model::of(&known);
    assert_eq!(gaps(&model), [""; 0]);
    assert_eq!(can(&model, &known, "Reader", Class::ReadContent, "Data"), "yes");
    // A grant for some encryption contexts only.
    assert_eq!(
        can(&model, &known, "Other", Class::ReadContent, "Data"),
        "kms:EncryptionContext:aws:s3:arn is arn:aws:s3:::elsewhere"
    );
    assert_eq!(can(&model, &known, "Reader", Class::Decrypt, "Key"), "yes");
}

// --- Sessions ---------------------------------------------------------------------

const SESSIONS: &str = r#"
Resources:
  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: data}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: files
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: transfer.amazonaws.com}, Action: "sts:AssumeRole"}]}
      Policies: [{PolicyName: all, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}}]
  Partner:
    Type: AWS::Transfer::User
    Properties:
      ServerId: s-1234
      UserName: partner
      Role: !GetAtt Role.Arn
      Policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::data/in/*"}]}'
  Machines:
    Type: AWS::RolesAnywhere::Profile
    Properties:
      Name: machines
      RoleArns: [!GetAtt Role.Arn]
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
"#;

#[test]
fn sessions_are_within_what_is_passed_to_them() {
    let estate = estate(SESSIONS, &[]);
    let model = Model::of(&estate);
    let ask = Ask::new(&model);
    let data = model.store(&estate, "Data").unwrap();
    let can = |name: &str, class: Class| {
        let session = model.session(&estate, name).unwrap();
        verdict(&ask.can(&ask.session(session), class, data).formula)
    };
    assert_eq!(can("Partner", Class::ReadContent), Verdict::Denied);
    assert_eq!(can("Partner", Class::Write), Verdict::Conditional);
    assert_eq!(can("Machines", Class::ReadContent), Verdict::Allowed);
    assert_eq!(can("Machines", Class::Write), Verdict::Denied);
    // The role itself is not limited by what one who takes it passes.
    let role = ask.asker(model.principal(&estate, "Role").unwrap());
    assert_eq!(ask.can(&role, Class::Delete, data).formula, Formula::True);
}

// --- Organizations -----------------------------------------------------------------

const ORGANIZED: &str = r#"
Resources:
  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: data}}
  DataPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Data
      PolicyDocument:
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: "s3:*"
            Resource: "arn:aws:s3:::data/*"
            Condition: {StringNotEquals: {"aws:PrincipalOrgID": "o-exampleorg1"}}
          - Effect: Deny
            Principal: "*"
            Action: "s3:DeleteObject*"
            Resource: "arn:aws:s3:::data/*"
            Condition: {"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "o-exampleorg1/r-ab12/ou-ab12-prod0001/*"}}
  Admin:
    Type: AWS::IAM::User
    Properties: {Policies: [{PolicyName: all, PolicyDocument: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}]}
"#;

fn accounts(paths: bool) -> String {
    let place = if paths {
        r#""Paths": ["o-exampleorg1/r-ab12/ou-ab12-prod0001/ou-ab12-clinic01/111122223333/"]"#
    } else {
        r#""ParentId": "ou-ab12-clinic01""#
    };
    format!(
        r#"{{"Accounts": [
      {{"Id": "111122223333", "Name": "clinic", "Status": "ACTIVE", {place},
       "Arn": "arn:aws:organizations::999988887777:account/o-exampleorg1/111122223333"}},
      {{"Id": "999988887777", "Name": "management", "ParentId": "r-ab12",
       "Arn": "arn:aws:organizations::999988887777:account/o-exampleorg1/999988887777"}}],
    "OrganizationalUnits": [
      {{"Id": "ou-ab12-clinic01", "Name": "clinic", "ParentId": "ou-ab12-prod0001",
       "Arn": "arn:aws:organizations::999988887777:ou/o-exampleorg1/ou-ab12-clinic01"}},
      {{"Id": "ou-ab12-prod0001", "Name": "prod", "ParentId": "r-ab12",
       "Arn": "arn:aws:organizations::999988887777:ou/o-exampleorg1/ou-ab12-prod0001"}},
      {{"Id": "ou-ab12-sandbox1", "Name": "sandbox", "ParentId": "r-ab12",
       "Arn": "arn:aws:organizations::999988887777:ou/o-exampleorg1/ou-ab12-sandbox1"}}]}}"#
    )
}

fn policy(name: &str, target: &str, effect: &str, action: &str) -> String {
    format!(
        r#"{{"Policy": {{"PolicySummary": {{"Id": "p-{name}", "Name": "{name}", "Type": "SERVICE_CONTROL_POLICY"}},
        "Content": "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"{effect}\",\"Action\":\"{action}\",\"Resource\":\"*\"}}]}}"}},
        "Targets": [{{"TargetId": "{target}"}}]}}"#
    )
}

#[test]
fn policies_of_units_reach_the_accounts_in_them() {
    for paths in [false, true] {
        let tree = accounts(paths);
        let reads = |target: &str| {
            let scp = policy("NoReads", target, "Deny", "s3:GetObject*");
            let estate = estate(ORGANIZED, &[("organization.json", &tree), ("scp.json", &scp)]);
            let model = Model::of(&estate);
            can(&model, &estate, "Admin", Class::ReadContent, "Data")
        };
        for above in ["r-ab12", "ou-ab12-prod0001", "ou-ab12-clinic01", "111122223333"] {
            assert_eq!(reads(above), "no", "{above}");
        }
        for beside in ["ou-ab12-sandbox1", "999988887777"] {
            assert_eq!(reads(beside), "yes", "{beside}");
        }
    }
}

#[test]
fn every_level_must_allow() {
    let tree = accounts(false);
    let full = |targets: &str| {
        let text = policy("FullAWSAccess", "TARGET", "Allow", "*");
        let targets: Vec<String> =
            targets.split(' ').map(|id| format!(r#"{{"TargetId": "{id}"}}"#)).collect();
        text.replace(r#"{"TargetId": "TARGET"}"#, &targets.join(","))
    };
    let reads = |targets: &str| {
        let full = full(targets);
        let only = policy("OnlyS3", "ou-ab12-prod0001", "Allow", "s3:*");
        let estate = estate(ORGANIZED, &[("org.json", &tree), ("full.json", &full), ("scp.json", &only)]);
        let model = Model::of(&estate);
        can(&model, &estate, "Admin", Class::ReadContent, "Data")
    };
    // The unit has the other policy in place of the full access.
    assert_eq!(reads("r-ab12 ou-ab12-clinic01 111122223333"), "yes");
    assert_eq!(reads("r-ab12 ou-ab12-clinic01"), "no");
    assert_eq!(reads("r-ab12 111122223333"), "no");
}

#[test]
fn keys_of_the_organization_are_known() {
    let tree = accounts(true);
    let known = estate(ORGANIZED, &[("organization.json", &tree)]);
    let model = Model::of(&known);
    assert_eq!(can(&model, &known, "Admin", Class::Write, "Data"), "yes");
    assert_eq!(can(&model, &known, "Admin", Class::Delete, "Data"), "yes");
    // Without it they are conditions.
    let alone = estate(ORGANIZED, &[]);
    let model = Model::of(&alone);
    assert!(can(&model, &alone, "Admin", Class::Write, "Data").contains("aws:PrincipalOrgID"));
    // Policies of the organization are not about its management account.
    let mut managed = estate(
        ORGANIZED,
        &[("organization.json", &tree), ("scp.json", &policy("Nothing", "r-ab12", "Deny", "*"))],
    );
    assert_eq!(can(&Model::of(&managed), &managed, "Admin", Class::ReadContent, "Data"), "no");
    managed.stacks[0].account = Some("999988887777".into());
    assert_eq!(can(&Model::of(&managed), &managed, "Admin", Class::ReadContent, "Data"), "yes");
}

#[test]
fn exposure_tells_the_organization() {
    let template = r#"
Resources:
  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: data}}
  DataPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Data
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: WHO, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*", Condition: {StringEquals: KEYS}}]
"#;
    let tree = accounts(true);
    let exposed = |who: &str, keys: &str| {
        let estate = estate(&template.replace("WHO", who).replace("KEYS", keys), &[("o.json", &tree)]);
        let model = Model::of(&estate);
        let store = model.store(&estate, "Data").unwrap();
        let exposure = model.exposure(&Ask::new(&model), &model.chains(), Class::ReadContent, store);
        (exposure.verdict, exposure.organization)
    };
    let agent = r#"{"aws:UserAgent": "x"}"#;
    assert_eq!(exposed(r#"{AWS: "999988887777"}"#, agent), (Verdict::Allowed, Some(true)));
    assert_eq!(exposed(r#"{AWS: "444455556666"}"#, agent), (Verdict::Allowed, Some(false)));
    let own = r#"{"aws:PrincipalOrgID": "o-exampleorg1"}"#;
    assert_eq!(exposed(r#"{AWS: "*"}"#, own), (Verdict::Allowed, Some(true)));
    let other = r#"{"aws:PrincipalOrgID": "o-otherorg99"}"#;
    assert_eq!(exposed(r#"{AWS: "*"}"#, other), (Verdict::Allowed, Some(false)));
}

#[test]
fn the_organization_blocks_public_access() {
    let template = r#"
Resources:
  Data:
    Type: AWS::S3::Bucket
    Properties: {BucketName: data, PublicAccessBlockConfiguration: {BlockPublicPolicy: false}}
  DataPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Data
      PolicyDocument: {Statement: [{Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}]}
"#;
    let tree = accounts(true);
    let block = |target: &str, what: &str| {
        format!(
            r#"{{"Policy": {{"PolicySummary": {{"Id": "p-{what}", "Name": "{what}{target}", "Type": "S3_POLICY"}},
        "Content": "{{\"s3_attributes\":{{\"public_access_block_configuration\":{{\"@@assign\":\"{what}\"}}}}}}"}},
        "Targets": [{{"TargetId": "{target}"}}]}}"#
        )
    };
    let exposed = |policies: &[String]| {
        let names = ["1.json", "2.json"];
        let mut files: Vec<(&str, &str)> = vec![("o.json", &tree)];
        files.extend(names.into_iter().zip(policies.iter().map(String::as_str)));
        let estate = estate(template, &files);
        let model = Model::of(&estate);
        let store = model.store(&estate, "Data").unwrap();
        model.exposure(&Ask::new(&model), &model.chains(), Class::ReadContent, store).verdict
    };
    assert_eq!(exposed(&[]), Verdict::Allowed);
    assert_eq!(exposed(&[block("r-ab12", "all")]), Verdict::Denied);
    assert_eq!(exposed(&[block("ou-ab12-sandbox1", "all")]), Verdict::Allowed);
    // The nearest counts.
    assert_eq!(exposed(&[block("r-ab12", "all"), block("ou-ab12-clinic01", "none")]), Verdict::Allowed);
    assert_eq!(exposed(&[block("r-ab12", "none"), block("111122223333", "all")]), Verdict::Denied);
}

// --- Names of actions -----------------------------------------------------------------

const NAMES: &str = r#"
Resources:
  Clerk:
    Type: AWS::IAM::User
    Properties:
      Policies:
        - PolicyName: read
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: ["s3:GetObjct", "s3:ListBucket"], Resource: "*"}
              - {Effect: Allow, Action: ["dynamdb:GetItem", "s3:Gett*", "kms:*", "*"], Resource: "*"}
              - {Effect: Allow, NotAction: ["iam:CreateUsr", "S3:GETOBJECT"], Resource: "*"}
"#;

#[test]
fn misspelt_actions_are_named() {
    let estate = estate(NAMES, &[]);
    assert_eq!(
        gaps(&Model::of(&estate)),
        [
            "a.yaml#Clerk: read, statement 1: no action s3:getobjct is known; did you mean s3:GetObject?",
            "a.yaml#Clerk: read, statement 2: no action that is known matches s3:gett*; did you mean s3:Get*?",
            "a.yaml#Clerk: read, statement 2: no service dynamdb is known; did you mean dynamodb:GetItem?",
            "a.yaml#Clerk: read, statement 3: no action iam:createusr is known; did you mean iam:CreateUser?",
        ]
    );
}

const ON_ALL: &str = r#"
Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: bus}}
  OnBus:
    Type: AWS::IAM::User
    Properties: {Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: "events:PutPermission", Resource: "arn:aws:events:eu-west-1:111122223333:event-bus/bus"}]}}]}
  OnAll:
    Type: AWS::IAM::User
    Properties: {Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: "events:PutPermission", Resource: "*"}]}}]}
  ButNotBus:
    Type: AWS::IAM::User
    Properties: {Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: "events:PutPermission", NotResource: "arn:aws:events:eu-west-1:111122223333:event-bus/bus"}]}}]}
  Barred:
    Type: AWS::IAM::User
    Properties: {Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: "events:PutPermission", Resource: "*"}, {Effect: Deny, Action: "events:*", Resource: "arn:aws:events:*:*:event-bus/*"}]}}]}
"#;

#[test]
fn an_action_without_a_type_of_resource_is_allowed_on_everything_or_not_at_all() {
    let estate = estate(ON_ALL, &[]);
    let model = Model::of(&estate);
    let administers = |who: &str| can(&model, &estate, who, Class::Administer, "Bus");
    assert_eq!(administers("OnBus"), "no");
    assert_eq!(administers("OnAll"), "yes");
    assert_eq!(administers("ButNotBus"), "yes");
    // The denial on ARNs is not about the action either.
    assert_eq!(administers("Barred"), "yes");
}
