//! The worked examples of AWS Security Best Practices (2016), "Managing IAM Groups", "IAM
//! Roles for Amazon EC2" and "Cross-Account Access": each sentence of an example is an answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_access::ask::Ask;
use sekisho_access::case::Verdict;
use sekisho_access::formula::Formula;
use sekisho_access::model::Model;
use sekisho_access::tables::Class;
use sekisho_access::who::Who;
use sekisho_estate::Estate;
use sekisho_source_cloudformation::{Options, SourceFile, read};

fn estate(files: &[(&str, &str, &str)]) -> Estate {
    let sources = files
        .iter()
        .map(|(path, _, text)| SourceFile {
            path: (*path).to_owned(),
            bytes: text.as_bytes().to_vec(),
            named: true,
        })
        .collect();
    let mut estate = read(sources, &Options::default());
    for stack in &mut estate.stacks {
        let account = files.iter().find(|(path, ..)| *path == stack.id).map(|(_, account, _)| *account);
        stack.account = account.map(Into::into);
    }
    estate
}

/// Names of those who can, with the roles on the way.
fn who_can(estate: &Estate, class: Class, store: &str) -> Vec<String> {
    let model = Model::of(estate);
    let (ask, chains) = (Ask::new(&model), model.chains());
    let store = model.store(estate, store).unwrap();
    model
        .who_can(&ask, &chains, class, store)
        .iter()
        .map(|row| {
            assert_eq!(row.cell.formula, Formula::True, "{row:?}");
            let mut name = model.who_name(&row.who);
            for hop in &row.chain {
                name.push_str(&format!(" as {}", model.principals[hop.role as usize].name));
            }
            name
        })
        .collect()
}

const ARCHIVES: &str = r#"
Resources:
  Archives: {Type: AWS::S3::Bucket, Properties: {BucketName: archives}}
  Payroll: {Type: AWS::S3::Bucket, Properties: {BucketName: payroll}}
  Backup:
    Type: AWS::IAM::Group
    Properties:
      Policies:
        - PolicyName: archives
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: ["s3:GetObject", "s3:PutObject"], Resource: "arn:aws:s3:::archives/*"}]
  John: {Type: AWS::IAM::User, Properties: {UserName: john, Groups: [!Ref Backup]}}
  Sally: {Type: AWS::IAM::User, Properties: {UserName: sally, Groups: [!Ref Backup]}}
  Betty: {Type: AWS::IAM::User, Properties: {UserName: betty}}
  Team: {Type: AWS::IAM::UserToGroupAddition, Properties: {GroupName: !Ref Backup, Users: [!Ref Betty]}}
  Carol: {Type: AWS::IAM::User, Properties: {UserName: carol}}
"#;

#[test]
fn members_of_the_backup_group_reach_the_archives_and_nothing_else() {
    let estate = estate(&[("a.yaml", "111122223333", ARCHIVES)]);
    for class in [Class::ReadContent, Class::Write] {
        assert_eq!(who_can(&estate, class, "Archives"), ["Betty", "John", "Sally"]);
        assert!(who_can(&estate, class, "Payroll").is_empty());
    }
    assert!(who_can(&estate, Class::Administer, "Archives").is_empty());
}

#[test]
fn who_leaves_the_group_loses_access() {
    let without_sally = ARCHIVES.replace("UserName: sally, Groups: [!Ref Backup]", "UserName: sally");
    let estate = estate(&[("a.yaml", "111122223333", &without_sally)]);
    assert_eq!(who_can(&estate, Class::ReadContent, "Archives"), ["Betty", "John"]);
}

const PHOTOS: &str = r#"
Resources:
  Photos: {Type: AWS::S3::Bucket, Properties: {BucketName: photos}}
  GetPics:
    Type: AWS::IAM::Role
    Properties:
      RoleName: Get-pics
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: read-photos
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: ["s3:GetObject", "s3:ListBucket"], Resource: ["arn:aws:s3:::photos", "arn:aws:s3:::photos/*"]}]
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref GetPics]}}
  Application: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1, IamInstanceProfile: !Ref Profile}}
  Developer:
    Type: AWS::IAM::User
    Properties:
      Policies:
        - PolicyName: launch
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "ec2:RunInstances", Resource: "*"}
              - {Effect: Allow, Action: "iam:PassRole", Resource: !GetAtt GetPics.Arn}
"#;

#[test]
fn the_instance_reads_photos_as_the_role_and_the_developer_does_not() {
    let estate = estate(&[("a.yaml", "111122223333", PHOTOS)]);
    // The developer has no access of its own; what it launches with the role has, and the
    // row says so.
    assert_eq!(who_can(&estate, Class::ReadContent, "Photos"), ["GetPics", "Developer as GetPics"]);
    // Read-only.
    for class in [Class::Write, Class::Delete, Class::Administer] {
        assert!(who_can(&estate, class, "Photos").is_empty(), "{class:?}");
    }
    let model = Model::of(&estate);
    let role = model.principal(&estate, "Get-pics").unwrap();
    let used: Vec<&str> = model.principals[role as usize].used_by.iter().map(|&id| estate.id(id)).collect();
    assert_eq!(used, ["Application"]);
    // Only instances can take the role: the developer can pass it on, not assume it.
    let (ask, developer) = (Ask::new(&model), model.principal(&estate, "Developer").unwrap());
    let photos = model.store(&estate, "Photos").unwrap();
    for class in Class::ALL {
        assert_eq!(ask.can(&ask.asker(developer), class, photos).formula, Formula::False);
    }
    let rows = model.who_can(&ask, &model.chains(), Class::ReadContent, photos);
    let by: Vec<&str> = rows.iter().flat_map(|row| &row.chain).map(|hop| hop.by).collect();
    assert_eq!(by.len(), 1);
    assert!(by[0].starts_with("ec2"), "{by:?}");
    let assume = ask.assume(&ask.asker(developer), "sts:assumerole", &model.principals[role as usize]);
    assert_eq!(assume.verdict, Verdict::Denied);
    let pass = ask.assume(&ask.asker(developer), "iam:passrole", &model.principals[role as usize]);
    assert_eq!(pass.verdict, Verdict::Allowed);
}

const ACCOUNT_A: &str = r#"
Resources:
  Results: {Type: AWS::S3::Bucket, Properties: {BucketName: results-of-a}}
  Secrets: {Type: AWS::S3::Bucket, Properties: {BucketName: secrets-of-a}}
  ForB:
    Type: AWS::IAM::Role
    Properties:
      RoleName: for-b
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::222233334444:root"}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: results
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::results-of-a/*"}]
"#;

const ACCOUNT_B: &str = r#"
Resources:
  Delegated:
    Type: AWS::IAM::User
    Properties:
      Policies:
        - PolicyName: into-a
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/for-b"}]
  Greedy:
    Type: AWS::IAM::User
    Properties:
      Policies:
        - PolicyName: everything
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "*", Resource: "*"}]
  Nobody: {Type: AWS::IAM::User}
"#;

#[test]
fn account_b_delegates_what_account_a_granted_and_no_more() {
    let estate = estate(&[("a.yaml", "111122223333", ACCOUNT_A), ("b.yaml", "222233334444", ACCOUNT_B)]);
    // B hands on the access to its own users: those whom it lets assume the role.
    assert_eq!(
        who_can(&estate, Class::ReadContent, "Results"),
        ["ForB", "Delegated as ForB", "Greedy as ForB"]
    );
    // Whatever B allows its users, what A did not grant stays out of reach.
    assert!(who_can(&estate, Class::ReadContent, "Secrets").is_empty());
    assert!(who_can(&estate, Class::Write, "Results").is_empty());
}

#[test]
fn an_account_that_is_not_in_the_input_is_named() {
    let estate = estate(&[("a.yaml", "111122223333", ACCOUNT_A)]);
    let model = Model::of(&estate);
    let (ask, chains) = (Ask::new(&model), model.chains());
    let store = model.store(&estate, "Results").unwrap();
    let rows = model.who_can(&ask, &chains, Class::ReadContent, store);
    assert!(rows.iter().any(|row| row.who == Who::Account("222233334444".into()) && row.chain.len() == 1));
    let exposure = model.exposure(&ask, &chains, Class::ReadContent, store);
    assert_eq!(exposure.verdict, Verdict::Allowed);
    assert_eq!(exposure.who, Some(Who::Account("222233334444".into())));
}
