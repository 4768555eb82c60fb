//! An estate and an assessment made by hand, so that what is printed depends on this crate
//! alone and not on which controls there are.
#![allow(dead_code, reason = "each test uses a part")]

use std::borrow::Cow;

use sekisho_assess::{
    Assessment, Basis, Evidence, EvidenceKind, Judgement, Notice, Verdict, WaiverNote, WorldVerdict,
};
use sekisho_estate::json::{self, Limits};
use sekisho_estate::{
    Estate, Input, InputStatus, NodeId, Problem, Reason, ReasonCode, Resource, ResourceId, ResourceIndex,
    Route, Stack, StackIndex, Step, Variable, yaml,
};
use sekisho_guidance::{Confidence, Control, Fix, Harm, Label, Reach, Scope, Severity, Text};
use sekisho_report::{Options, Report};

pub(crate) fn add(estate: &mut Estate, path: &str, source: &str) {
    let document = if source.trim_start().starts_with('{') {
        json::read(source.to_owned(), Limits::default())
    } else {
        yaml::read(source.to_owned(), Limits::default())
    };
    let document = document.map_err(|(error, _)| error.message).unwrap();
    let mut stack = Stack::new(path, path, document.tree);
    let tree = &stack.tree;
    let mut resources = Vec::new();
    if let Some(list) = tree.get(document.root, "Resources") {
        for entry in tree.map(list) {
            let body = entry.value;
            let type_name = tree.get(body, "Type").unwrap();
            let sekisho_estate::Node::String(type_name) = tree.node(type_name) else { panic!("no type") };
            resources.push(Resource {
                id: entry.key,
                type_name,
                properties: tree.get(body, "Properties").unwrap_or(body),
                body,
                condition: None,
                offset: tree.key_offset(entry),
                reference_value: None,
            });
        }
    }
    for resource in &mut resources {
        if resource.properties == resource.body {
            resource.properties = stack.tree.push(sekisho_estate::Node::Absent, resource.offset);
        }
    }
    if let Some(list) = stack.tree.get(document.root, "Parameters") {
        for entry in stack.tree.map(list).to_vec() {
            let secret = stack.tree.get(entry.value, "NoEcho").is_some();
            let default = stack.tree.get(entry.value, "Default");
            let name = stack.tree.text(entry.key).to_owned();
            stack.variables.push(Variable {
                unknown: Reason::new(ReasonCode::ParameterWithoutValue, name.as_str()),
                name: name.into(),
                has_default: default.is_some(),
                domain: default.into_iter().collect(),
                secret,
            });
        }
    }
    let count = resources.len();
    stack.resources = resources;
    estate.stacks.push(stack);
    estate.inputs.push(input(path, "cloudformation", Some(path), InputStatus::Read, count, Vec::new()));
}

pub(crate) fn input(
    path: &str,
    kind: &'static str,
    stack: Option<&str>,
    status: InputStatus,
    resources: usize,
    problems: Vec<Problem>,
) -> Input {
    let sha256 = if status == InputStatus::Unreadable { String::new() } else { "0".repeat(64) };
    Input {
        path: path.to_owned(),
        sha256,
        kind,
        stack: stack.map(str::to_owned),
        status,
        resources,
        problems,
    }
}

pub(crate) fn problem(line: u32, column: u32, message: &str) -> Problem {
    Problem { line, column, message: message.to_owned(), loses: true, excerpt: None }
}

pub(crate) fn find(estate: &Estate, name: &str) -> ResourceId {
    estate.resources().find(|(id, _, _)| estate.id(*id) == name).unwrap().0
}

fn text(en: &'static str, ja: &'static str, zh_tw: &'static str) -> Text {
    Text { en: Cow::Borrowed(en), ja: Cow::Borrowed(ja), zh_tw: Cow::Borrowed(zh_tw) }
}

fn list(items: &'static [Cow<'static, str>]) -> Cow<'static, [Cow<'static, str>]> {
    Cow::Borrowed(items)
}

const fn cow(text: &'static str) -> Cow<'static, str> {
    Cow::Borrowed(text)
}

static BUCKET: [Cow<'static, str>; 1] = [cow("AWS::S3::Bucket")];
static INSTANCE: [Cow<'static, str>; 1] = [cow("AWS::RDS::DBInstance")];
static MACHINE: [Cow<'static, str>; 1] = [cow("AWS::EC2::Instance")];
static NONE: [Cow<'static, str>; 0] = [];
static S3_DEMANDS: [Cow<'static, str>; 2] = [cow("hipaa/s3/3"), cow("bp/transit-public/2")];
static RDS_DEMANDS: [Cow<'static, str>; 5] = [
    cow("hipaa/rds-mysql/1"),
    cow("hipaa/rds-mariadb/1"),
    cow("hipaa/rds-postgresql/1"),
    cow("hipaa/intro/13"),
    cow("bp/at-rest/4"),
];
static REFERENCES: [Cow<'static, str>; 1] = [cow("https://docs.aws.amazon.com/")];

fn control(id: &'static str, title: Text, why: Text, fix: Text) -> Control {
    Control {
        id: cow(id),
        applies: list(&BUCKET),
        scope: Scope::Resource,
        named: Cow::Borrowed(&[]),
        when: Some(cow("phi(this)")),
        pass_if: cow("true"),
        satisfies: list(&S3_DEMANDS),
        told_at_target: None,
        harm: Harm::Unprotects,
        reach: Reach::Inside,
        confidence: Confidence::High,
        since: cow("0.1.0"),
        title,
        why,
        fix: Fix { text: fix, cloudformation: None, terraform: None },
        references: list(&REFERENCES),
    }
}

pub(crate) struct Controls {
    pub(crate) encryption: Control,
    pub(crate) plain_http: Control,
    pub(crate) public: Control,
    pub(crate) secret: Control,
    pub(crate) trail: Control,
}

pub(crate) fn controls() -> Controls {
    let mut encryption = control(
        "rds-storage-not-encrypted",
        text(
            "The storage of the database is not encrypted",
            "データベースのストレージが暗号化されていない",
            "資料庫的儲存空間未加密",
        ),
        text(
            "Whoever gets hold of the storage, a snapshot or an automated backup reads the PHI in plain text. RDS cannot switch encryption on afterwards, so the gap stays until the data is moved.",
            "ストレージ、スナップショット、自動バックアップを入手した者は、PHI をそのまま読めます。 RDS の暗号化は後から有効にできないため、データを移行するまでこの状態が続きます。",
            "取得儲存空間、快照或自動備份的人，都能直接讀到明文的 PHI。 RDS 無法事後開啟加密，因此在資料搬移之前，這個缺口會一直存在。",
        ),
        text(
            "Set `StorageEncrypted: true`. For a database that already runs, copy a snapshot with encryption and restore from the copy.",
            "`StorageEncrypted: true` を設定します。稼働中のデータベースでは、スナップショットを暗号化してコピーし、そのコピーから復元します。",
            "設定 `StorageEncrypted: true`。對運作中的資料庫，請以加密方式複製快照，再從該複本還原。",
        ),
    );
    encryption.applies = list(&INSTANCE);
    encryption.satisfies = list(&RDS_DEMANDS);
    encryption.fix.cloudformation = Some(cow(r#"{"properties": {"StorageEncrypted": true}}"#));

    let mut plain_http = control(
        "s3-bucket-allows-plain-http",
        text(
            "The bucket accepts plain HTTP",
            "バケットが暗号化されていない HTTP 接続を受け付ける",
            "儲存貯體接受未加密的 HTTP 連線",
        ),
        text(
            "S3 answers on HTTP as well as on HTTPS. A client that uses HTTP sends PHI readable for everyone on the way.",
            "S3 は HTTPS だけでなく HTTP でも応答します。HTTP を使うクライアントは、PHI を経路上の誰にでも読める形で送ることになります。",
            "S3 除了 HTTPS 也回應 HTTP。使用 HTTP 的用戶端會把 PHI 以沿途任何人都能讀取的形式送出。",
        ),
        text(
            "Refuse, in the bucket policy, every request in which `aws:SecureTransport` is false.",
            "バケットポリシーで、`aws:SecureTransport` が false のリクエストをすべて拒否します。",
            "在儲存貯體政策中，拒絕 `aws:SecureTransport` 為 false 的所有請求。",
        ),
    );
    plain_http.fix.cloudformation = Some(cow(
        r#"{"companion": {"member": "policies", "append": {"/PolicyDocument/Statement": [{"Sid": "RefusePlainHttp", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [{"Fn::GetAtt": ["{id}", "Arn"]}], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}}, "resources": {"{id}Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "{id}"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Sid": "RefusePlainHttp", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [{"Fn::GetAtt": ["{id}", "Arn"]}], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}}}}}"#,
    ));

    let mut public = control(
        "s3-bucket-policy-grants-anyone",
        text(
            "The bucket policy lets anyone read",
            "バケットポリシーが誰にでも読み取りを許可している",
            "儲存貯體政策允許任何人讀取",
        ),
        text(
            "Anyone on the internet can read the objects.",
            "インターネット上の誰もがオブジェクトを読めます。",
            "網際網路上任何人都能讀取物件。",
        ),
        text("Remove the statement.", "このステートメントを削除します。", "移除此陳述式。"),
    );
    public.harm = Harm::Discloses;
    public.reach = Reach::Anyone;

    let mut secret = control(
        "ec2-user-data-carries-secret",
        text("User data carries a secret", "ユーザーデータに秘密情報がある", "使用者資料含有機密資訊"),
        text(
            "Whoever can describe the instance reads it.",
            "インスタンスの情報を取得できる者なら誰でも読めます。",
            "能查詢此執行個體的人都能讀到。",
        ),
        text("Keep it in Secrets Manager.", "Secrets Manager に保管します。", "改存放於 Secrets Manager。"),
    );
    secret.applies = list(&MACHINE);

    let mut trail = control(
        "account-without-trail",
        text("No trail records the account", "アカウントを記録する証跡がない", "沒有追蹤記錄此帳戶"),
        text("Nobody can tell who did what.", "誰が何をしたか分かりません。", "無從得知何人做了何事。"),
        text("Create a trail.", "証跡を作成します。", "建立追蹤。"),
    );
    trail.scope = Scope::Account;
    trail.applies = list(&NONE);
    trail.when = None;
    trail.harm = Harm::Blinds;
    Controls { encryption, plain_http, public, secret, trail }
}

pub(crate) fn steps(pointer: &str) -> Route {
    let step = |part: &str| match part.parse() {
        Ok(index) => Step::Index(index),
        Err(_) => Step::Key(part.into()),
    };
    Route(pointer.split('/').skip(1).map(step).collect())
}

/// Evidence at a place in the properties of a resource.
pub(crate) fn evidence(
    estate: &Estate,
    of: ResourceId,
    kind: EvidenceKind,
    pointer: &str,
    value: Option<&str>,
) -> Evidence {
    let stack = estate.stack(of.stack);
    let mut at: NodeId = estate.resource(of).properties;
    let route = steps(pointer);
    for step in &route.0 {
        let next = match step {
            Step::Key(key) => stack.tree.get(at, key),
            Step::Index(index) => stack.tree.list(at).get(*index as usize).copied(),
        };
        at = next.unwrap_or(at);
    }
    Evidence {
        kind,
        stack: Some(of.stack),
        resource: None,
        route,
        offset: stack.tree.offset(at),
        value: value.map(str::to_owned),
        note: None,
    }
}

pub(crate) fn judgement<'c>(
    control: &'c Control,
    resource: Option<ResourceId>,
    verdict: Verdict,
    severity: Severity,
    evidence: Vec<Evidence>,
) -> Judgement<'c> {
    let number = resource.map_or(0, |id| (id.stack.0 + 1) * 1000 + id.index.0);
    Judgement {
        control,
        verdict,
        basis: Basis::Design,
        severity,
        confidence: Confidence::High,
        resource,
        stack: None,
        label: if resource.is_some() { Label::Assumed } else { Label::None },
        evidence,
        worlds: Vec::new(),
        hops: Vec::new(),
        reason: None,
        waiver: None,
        fingerprint: format!("{:032x}", u128::from(number) * 31 + control.id.len() as u128),
        told_by: Vec::new(),
        known: false,
    }
}

pub(crate) fn assess<'c>(judgements: Vec<Judgement<'c>>, passes: usize) -> Assessment<'c> {
    let mut counts = [0; Verdict::ALL.len()];
    for judgement in &judgements {
        counts[judgement.verdict as usize] += 1;
    }
    counts[Verdict::Pass as usize] += passes;
    Assessment { judgements, notices: Vec::new(), unknown_types: Vec::new(), counts }
}

const DATA: &str = "\
Parameters:
  DbPassword: {Type: String, NoEcho: true, Default: swordfish-of-aozora}
Resources:
  # 診療記録のデータベース
  PatientsDb:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: mysql
      DBName: あおぞら医院  # 患者の記録
      StorageEncrypted: false
  StaffDb:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: mysql, MasterUserPassword: plain-secret-1, StorageEncrypted: false}
  ArchiveDb:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: mysql
      StorageEncrypted: !Ref EncryptArchive
  ClaimsBucket:
    Type: AWS::S3::Bucket
  ReportsBucket:
    Type: AWS::S3::Bucket
    Properties:
      Tags: [{Key: 用途, Value: 検査結果の公開}]
  ReportsPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref ReportsBucket
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: 公開
            Effect: Allow
            Principal: '*'
            Action: s3:GetObject
            Resource: arn:aws:s3:::reports/*
  Portal:
    Type: AWS::EC2::Instance
    Properties:
      UserData: |
        #!/bin/sh
        export DB_PASSWORD=correct-horse-battery
";

const LEGACY: &str = r#"{"Resources": {"OldDb": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "mysql", "StorageEncrypted": false}}}}"#;

/// A small clinic with one finding of every kind.
pub(crate) fn clinic() -> Estate {
    let mut estate = Estate::default();
    add(&mut estate, "clinic/data.yaml", DATA);
    add(&mut estate, "clinic/旧 システム,50%.json", LEGACY);
    let unresolved = Reason::new(ReasonCode::ReferenceNotFound, "EncryptArchive");
    let at = DATA.find("EncryptArchive").unwrap() as u32;
    estate.stacks[0].unresolved.push((unresolved, at));
    estate.inputs.push(input(
        "clinic/broken.yaml",
        "cloudformation",
        None,
        InputStatus::Unreadable,
        0,
        vec![problem(3, 5, "did not find expected key")],
    ));
    let problems = vec![problem(0, 0, "resource Ghost has no Type; it is left out")];
    estate.inputs.push(input("clinic/partly.yaml", "cloudformation", None, InputStatus::Partly, 1, problems));
    estate.inputs.push(input("README.md", "", None, InputStatus::Ignored, 0, Vec::new()));
    estate.inputs.sort_by(|a, b| a.path.cmp(&b.path));
    estate
}

/// What was found in the clinic.
pub(crate) fn findings<'c>(estate: &Estate, controls: &'c Controls) -> Assessment<'c> {
    let id = |name: &str| find(estate, name);
    let off = |name: &str| {
        vec![evidence(estate, id(name), EvidenceKind::Value, "/StorageEncrypted", Some("false"))]
    };
    let fail = Verdict::Fail;
    let mut judgements = vec![
        judgement(&controls.encryption, Some(id("PatientsDb")), fail, Severity::High, off("PatientsDb")),
        judgement(&controls.encryption, Some(id("StaffDb")), fail, Severity::High, off("StaffDb")),
    ];
    let mut archive = judgement(
        &controls.encryption,
        Some(id("ArchiveDb")),
        Verdict::Unknown,
        Severity::High,
        vec![evidence(
            estate,
            id("ArchiveDb"),
            EvidenceKind::Value,
            "/StorageEncrypted",
            Some("unknown (parameter EncryptArchive has no value)"),
        )],
    );
    archive.reason = Some(Reason::new(ReasonCode::ParameterWithoutValue, "EncryptArchive"));
    judgements.push(archive);

    let missing = |name: &str| {
        let mut missing = evidence(estate, id(name), EvidenceKind::Absent, "", None);
        missing.note = Some(format!("no AWS::S3::BucketPolicy for {name}").into());
        missing.offset = estate.resource(id(name)).offset;
        vec![missing]
    };
    let mut claims = judgement(
        &controls.plain_http,
        Some(id("ClaimsBucket")),
        fail,
        Severity::High,
        missing("ClaimsBucket"),
    );
    claims.confidence = Confidence::Medium;
    judgements.push(claims);
    let mut reports = judgement(
        &controls.plain_http,
        Some(id("ReportsBucket")),
        Verdict::Waived,
        Severity::High,
        missing("ReportsBucket"),
    );
    reports.waiver = Some(Box::new(WaiverNote {
        reason: "Public by design, no PHI: 検査の案内のみ".to_owned(),
        owner: "security@aozora.example".to_owned(),
        expires: "2027-03-31".to_owned(),
        file: "sekisho.waivers.yaml".to_owned(),
        line: 4,
    }));
    judgements.push(reports);

    let mut statement = evidence(
        estate,
        id("ReportsPolicy"),
        EvidenceKind::Statement,
        "/PolicyDocument/Statement/0",
        Some("公開"),
    );
    statement.resource = Some(id("ReportsPolicy"));
    let mut default = evidence(estate, id("ReportsBucket"), EvidenceKind::Default, "", Some("true"));
    default.route = default.route.key("PublicAccessBlockConfiguration");
    default.note = Some("since 2023-04-28: https://docs.aws.amazon.com/".into());
    let mut public = judgement(
        &controls.public,
        Some(id("ReportsBucket")),
        fail,
        Severity::Critical,
        vec![statement, default],
    );
    public.label = Label::Declared;
    public.worlds = vec![
        WorldVerdict { when: "Env=prod".to_owned(), verdict: Verdict::Pass },
        WorldVerdict { when: "Env=dev".to_owned(), verdict: fail },
    ];
    judgements.push(public);

    let mut found = evidence(estate, id("Portal"), EvidenceKind::Text, "/UserData", None);
    found.note = Some("password".into());
    let mut portal = judgement(&controls.secret, Some(id("Portal")), fail, Severity::Medium, vec![found]);
    portal.label = Label::None;
    judgements.push(portal);
    judgements.push(judgement(&controls.encryption, Some(id("OldDb")), fail, Severity::High, off("OldDb")));

    let mut trail = judgement(&controls.trail, None, Verdict::Unknown, Severity::Medium, Vec::new());
    trail.reason = Some(Reason::new(ReasonCode::NotWholeAccount, "AWS::CloudTrail::Trail"));
    judgements.push(trail);

    let mut assessment = assess(judgements, 12);
    assessment.unknown_types.push(("AWS::Aozora::Thing".to_owned(), 3));
    assessment.notices.push(Notice {
        code: "waiver-expired",
        severity: Severity::Medium,
        file: "sekisho.waivers.yaml".to_owned(),
        line: 9,
        column: 3,
        subject: "rds-storage-not-encrypted (2026-01-31)".to_owned(),
    });
    assessment
}

pub(crate) fn index(stack: u32, resource: u32) -> ResourceId {
    ResourceId { stack: StackIndex(stack), index: ResourceIndex(resource) }
}

/// The text of one format.
pub(crate) fn written(
    estate: &Estate,
    assessment: &Assessment<'_>,
    options: &Options,
    format: sekisho_report::Format,
) -> String {
    let mut out = Vec::new();
    Report { estate, assessment, options }.write(format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
