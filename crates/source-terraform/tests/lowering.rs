//! Instances become resources in CloudFormation's schema: companions, rules, references,
//! choices, plans and state.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use sekisho_estate::json::Limits;
use sekisho_estate::{Estate, Formula, Node, NodeId, Stack};
use sekisho_source_terraform::{Memory, Options, SourceFile, lower, read, read_recorded};

fn estate(files: &[(&str, &str)]) -> Estate {
    let files =
        files.iter().map(|(path, text)| SourceFile { path: (*path).into(), bytes: text.as_bytes().to_vec() });
    let mut estate = Estate::default();
    lower::join(&mut estate, read(files.collect(), &Memory::default(), &Options::default()));
    estate
}

fn recorded(text: &str) -> Estate {
    let file = SourceFile { path: "plan.json".into(), bytes: text.as_bytes().to_vec() };
    let mut estate = Estate::default();
    let (disk, options) = (Memory::default(), Options::default());
    lower::join(&mut estate, read_recorded(vec![file], &[], &disk, &options, Limits::default()).read);
    estate
}

/// The resources of a stack, a line each: id, type, properties.
fn show(estate: &Estate) -> Vec<String> {
    let stack = &estate.stacks[0];
    let line = |resource: &sekisho_estate::Resource| {
        let when = if resource.condition.is_some() { " if" } else { "" };
        format!(
            "{} {}{when} {}",
            stack.text(resource.id),
            stack.text(resource.type_name),
            text(stack, resource.properties)
        )
    };
    stack.resources.iter().map(line).collect()
}

fn text(stack: &Stack, node: NodeId) -> String {
    let tree = &stack.tree;
    let list = |nodes: &[NodeId]| nodes.iter().map(|&n| text(stack, n)).collect::<Vec<_>>().join(", ");
    match tree.node(node) {
        Node::Null => "null".into(),
        Node::Bool(is) => is.to_string(),
        Node::Int(int) => int.to_string(),
        Node::Float(float) => float.to_string(),
        Node::String(span) => tree.text(span).into(),
        Node::List(range) => format!("[{}]", list(tree.children(range))),
        Node::Map(range) => {
            let entry = |e: &sekisho_estate::Entry| format!("{}: {}", tree.text(e.key), text(stack, e.value));
            let mut entries: Vec<String> = tree.entries(range).iter().map(entry).collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        Node::Reference { resource, attribute } => {
            let name = stack.text(stack.resources[resource as usize].id);
            match tree.name(attribute) {
                "" => format!("<{name}>"),
                attribute => format!("<{name} {attribute}>"),
            }
        }
        Node::Variable(variable) => format!("${}", stack.variables[variable as usize].name),
        Node::Choice { condition, arms } => {
            let (then, otherwise) = tree.arms(arms);
            let name = &stack.conditions[condition as usize].name;
            format!("({name} ? {} : {})", text(stack, then), text(stack, otherwise))
        }
        Node::Operation { operands, .. } => format!("~({})", list(tree.children(operands))),
        Node::Secret(_) => "***".into(),
        Node::Absent => "-".into(),
        Node::Unknown(_) => "?".into(),
        Node::Foreign { .. } | Node::Tagged { .. } => "!".into(),
    }
}

const BUCKETS: &str = r#"
variable "kms" { type = string }
resource "aws_s3_bucket" "b" {
  for_each = toset(["phi-a", "phi-b"])
  bucket   = each.key
}
resource "aws_s3_bucket_server_side_encryption_configuration" "b" {
  for_each = aws_s3_bucket.b
  bucket   = each.value.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms == "" ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms
    }
  }
}
resource "aws_s3_bucket_public_access_block" "b" {
  for_each                = aws_s3_bucket.b
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
resource "aws_s3_bucket_versioning" "b" {
  for_each = aws_s3_bucket.b
  bucket   = each.value.id
  versioning_configuration { status = "Enabled" }
}
"#;

/// Companions under `for_each` join the bucket of their key, and an algorithm that depends
/// on a key handed in is decided.
#[test]
fn probe_11_companions_under_for_each_and_a_conditional_algorithm() {
    let given = r#"
module "m" {
  source = "./m"
  kms    = "arn:aws:kms:eu-west-1:111122223333:key/1"
}
"#;
    let estate = estate(&[("r/main.tf", given), ("r/m/main.tf", BUCKETS)]);
    let bucket = |name: &str| {
        format!(
            "module.m.aws_s3_bucket.b[\"{name}\"] AWS::S3::Bucket {{BucketEncryption: \
             {{ServerSideEncryptionConfiguration: [{{ServerSideEncryptionByDefault: \
             {{KMSMasterKeyID: arn:aws:kms:eu-west-1:111122223333:key/1, SSEAlgorithm: aws:kms}}}}]}}, \
             BucketName: {name}, PublicAccessBlockConfiguration: {{BlockPublicAcls: true, \
             BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}}, \
             VersioningConfiguration: {{Status: Enabled}}}}"
        )
    };
    assert_eq!(show(&estate), [bucket("phi-a"), bucket("phi-b")]);
}

#[test]
fn rules_of_groups_one_for_each_source() {
    let estate = estate(&[(
        "r/main.tf",
        r#"
resource "aws_security_group" "web" {
  name = "web"
  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["10.0.0.0/8", "192.0.2.0/24"]
    self        = true
  }
}
resource "aws_security_group_rule" "open" {
  type              = "ingress"
  security_group_id = aws_security_group.web.id
  protocol          = "-1"
  from_port         = 0
  to_port           = 0
  cidr_blocks       = ["0.0.0.0/0"]
  ipv6_cidr_blocks  = ["::/0"]
}
"#,
    )]);
    let found = show(&estate);
    assert_eq!(
        found[0],
        "aws_security_group.web AWS::EC2::SecurityGroup {GroupName: web, SecurityGroupEgress: [], \
         SecurityGroupIngress: [{CidrIp: 10.0.0.0/8, FromPort: 443, IpProtocol: tcp, ToPort: 443}, \
         {CidrIp: 192.0.2.0/24, FromPort: 443, IpProtocol: tcp, ToPort: 443}, \
         {FromPort: 443, IpProtocol: tcp, SourceSecurityGroupId: <aws_security_group.web GroupId>, ToPort: 443}]}"
            .replace(" GroupId>", ">")
    );
    let rule = |suffix: &str, source: &str| {
        format!(
            "aws_security_group_rule.open{suffix} AWS::EC2::SecurityGroupIngress {{{source}, FromPort: 0, \
             GroupId: <aws_security_group.web>, IpProtocol: -1, ToPort: 0}}"
        )
    };
    assert_eq!(found[1..], [rule("", "CidrIp: 0.0.0.0/0"), rule("/2", "CidrIpv6: ::/0")]);
}

#[test]
fn a_policy_with_holes_is_a_document_with_holes() {
    let estate = estate(&[(
        "r/main.tf",
        r#"
data "aws_caller_identity" "me" {}
resource "aws_s3_bucket" "b" {}
resource "aws_s3_bucket_policy" "p" {
  bucket = aws_s3_bucket.b.id
  policy = <<POLICY
{"Statement": [{"Effect": "Deny", "Resource": "${aws_s3_bucket.b.arn}/*",
  "Principal": {"AWS": "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root"}}]}
POLICY
}
"#,
    )]);
    assert_eq!(
        show(&estate)[1],
        "aws_s3_bucket_policy.p AWS::S3::BucketPolicy {Bucket: <aws_s3_bucket.b>, PolicyDocument: \
         {Statement: [{Effect: Deny, Principal: {AWS: ~(arn:aws:iam::, $AWS::AccountId, :root)}, \
         Resource: ~(<aws_s3_bucket.b Arn>, /*)}]}}"
    );
}

#[test]
fn conditions_stay_and_equal_ones_are_one() {
    let estate = estate(&[(
        "r/main.tf",
        r#"
variable "public" { type = bool }
resource "aws_db_instance" "d" {
  publicly_accessible = var.public ? "true" : "false"
}
resource "aws_s3_bucket" "b" {
  count  = var.public ? 1 : 0
  bucket = "x"
}
"#,
    )]);
    let found = show(&estate);
    assert!(found[0].contains("PubliclyAccessible: (var.public ? true : false)"), "{}", found[0]);
    assert!(found[1].contains("AWS::S3::Bucket if {BucketName: x}"), "{}", found[1]);
    let stack = &estate.stacks[0];
    let named: Vec<&sekisho_estate::Condition> =
        stack.conditions.iter().filter(|c| &*c.name == "var.public").collect();
    assert_eq!(named.len(), 1, "{:?}", stack.conditions);
    assert!(matches!(named[0].formula, Formula::Value(_)), "{named:?}");
}

#[test]
fn findings_point_into_the_file_that_holds_them() {
    let estate = estate(&[
        ("r/a.tf", "resource \"aws_s3_bucket\" \"a\" {\n}\n"),
        ("r/b.tf", "\nresource \"aws_s3_bucket\" \"b\" {\n  acl = \"public-read\"\n}"),
    ]);
    let stack = &estate.stacks[0];
    let acl = stack.tree.get(stack.resources[1].properties, "AccessControl").unwrap();
    let offset = stack.tree.offset(acl);
    assert_eq!(stack.file_at(offset), ("r/b.tf", 2));
    assert!(stack.tree.source()[offset as usize..].starts_with("\"public-read\""));
    assert_eq!(stack.file_at(stack.resources[0].offset), ("r/a.tf", 0));
}

#[test]
fn a_plan_refers_to_what_it_creates() {
    let estate = recorded(include_str!("plans/bucket.json"));
    assert_eq!(
        show(&estate),
        [
            "aws_kms_key.k AWS::KMS::Key {EnableKeyRotation: true}",
            "module.m.aws_s3_bucket.b[\"phi\"] AWS::S3::Bucket {BucketEncryption: \
             {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: \
             {KMSMasterKeyID: <aws_kms_key.k Arn>, SSEAlgorithm: aws:kms}}]}, BucketName: phi}",
            "aws_db_instance.d AWS::RDS::DBInstance {BackupRetentionPeriod: 0, MasterUserPassword: ***, \
             PubliclyAccessible: true}",
        ]
    );
    assert_eq!(estate.stacks[0].region.as_deref(), Some("eu-west-1"));
}

#[test]
fn a_state_joins_by_names_and_ids() {
    let state = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x", "resources": [
      {"mode": "managed", "type": "aws_s3_bucket", "name": "b",
       "instances": [{"index_key": 0, "attributes": {"id": "phi", "bucket": "phi"}}]},
      {"mode": "managed", "type": "aws_s3_bucket_versioning", "name": "b",
       "instances": [{"index_key": 0, "attributes": {"bucket": "phi",
         "versioning_configuration": [{"status": "Enabled"}]}}]},
      {"mode": "data", "type": "aws_region", "name": "r", "instances": [{"attributes": {"id": "x"}}]}
    ]}"#;
    assert_eq!(
        show(&recorded(state)),
        ["aws_s3_bucket.b[0] AWS::S3::Bucket {BucketName: phi, VersioningConfiguration: {Status: Enabled}}"]
    );
}

#[test]
fn what_is_not_mapped_is_said() {
    let estate = estate(&[(
        "r/main.tf",
        "resource \"aws_xyz_thing\" \"t\" {}\nresource \"random_id\" \"r\" {}\n\
         resource \"awscc_s3_bucket\" \"c\" {\n  bucket_name = \"x\"\n}\n",
    )]);
    assert_eq!(
        show(&estate),
        ["aws_xyz_thing.t aws_xyz_thing ?", "awscc_s3_bucket.c AWS::S3::Bucket {BucketName: x}"]
    );
    let said: Vec<&str> = estate.inputs[0].problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(said, ["random_id is not of AWS; it is not judged"]);
}

/// Modules write placeholders into documents and replace them by what AWS gives: the document
/// stays one.
#[test]
fn a_placeholder_in_a_document_gives_way_to_a_resource() {
    let estate = estate(&[(
        "r/main.tf",
        r#"
resource "aws_s3_bucket" "b" {}
data "aws_iam_policy_document" "d" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["_ARN_", "_ARN_/*"]
  }
}
resource "aws_s3_bucket_policy" "p" {
  bucket = aws_s3_bucket.b.id
  policy = replace(replace(data.aws_iam_policy_document.d.json, "_ARN_", aws_s3_bucket.b.arn), "_ID_", "x")
}
resource "aws_s3_bucket_policy" "pattern" {
  bucket = aws_s3_bucket.b.id
  policy = replace(data.aws_iam_policy_document.d.json, "/A.N/", aws_s3_bucket.b.arn)
}
"#,
    )]);
    let shown = show(&estate);
    assert!(
        shown[1].contains("Resource: [<aws_s3_bucket.b Arn>, ~(<aws_s3_bucket.b Arn>, /*)]"),
        "{}",
        shown[1]
    );
    assert!(shown[2].ends_with("PolicyDocument: ?}"), "{}", shown[2]);
}

/// What a look-up asks for is known although its answer is not: the parameter, and the owners
/// among whose images one is chosen.
#[test]
fn lookups_of_images_keep_what_they_ask_for() {
    let estate = estate(&[(
        "r/main.tf",
        r#"
variable "owners" { type = list(string) }
data "aws_ssm_parameter" "p" { name = "/aws/service/ami-amazon-linux-latest/al2023" }
data "aws_ami" "owners" { owners = ["amazon", "self"] }
data "aws_ami" "filter" {
  filter {
    name   = "owner-id"
    values = ["099720109477"]
  }
}
data "aws_ami" "anybody" {
  most_recent = true
  filter {
    name   = "name"
    values = ["golden-*"]
  }
}
data "aws_ami" "open" { owners = var.owners }
resource "aws_instance" "p" { ami = data.aws_ssm_parameter.p.value }
resource "aws_instance" "owners" { ami = data.aws_ami.owners.id }
resource "aws_instance" "filter" { ami = data.aws_ami.filter.image_id }
resource "aws_instance" "anybody" { ami = data.aws_ami.anybody.id }
resource "aws_instance" "open" { ami = data.aws_ami.open.id }
"#,
    )]);
    let stack = &estate.stacks[0];
    let reasons: Vec<String> = stack
        .resources
        .iter()
        .map(|resource| {
            let image = stack.tree.get(resource.properties, "ImageId").unwrap();
            let Node::Unknown(reason) = stack.tree.node(image) else { panic!("{}", stack.text(resource.id)) };
            let reason = &stack.reasons[reason as usize];
            format!("{} {}", reason.code.name(), reason.subject)
        })
        .collect();
    assert_eq!(
        reasons,
        [
            "dynamic-reference /aws/service/ami-amazon-linux-latest/al2023",
            "image-lookup amazon, self",
            "image-lookup 099720109477",
            "image-lookup anybody",
            "data-source data.aws_ami.open.id",
        ]
    );
}

/// A flag without a value is one or the other, and so is what its validation lists.
#[test]
fn variables_without_values_have_those_that_they_admit() {
    let estate = estate(&[(
        "r/main.tf",
        r#"
variable "on" { type = bool }
variable "off" {
  type    = bool
  default = false
}
variable "class" {
  type = string
  validation {
    condition     = contains(["db.t3.micro", "db.m5.large"], var.class)
    error_message = "No such class."
  }
}
variable "free" { type = string }
resource "aws_db_instance" "d" {
  storage_encrypted   = var.on
  publicly_accessible = var.off
  instance_class      = var.class
  engine              = var.free
}
"#,
    )]);
    let stack = &estate.stacks[0];
    let domain = |name: &str| -> Vec<String> {
        let variable = stack.variables.iter().find(|variable| &*variable.name == name).unwrap();
        variable.domain.iter().map(|node| text(stack, *node)).collect()
    };
    assert_eq!(domain("on"), ["true", "false"]);
    assert_eq!(domain("class"), ["db.t3.micro", "db.m5.large"]);
    assert!(domain("free").is_empty());
    let shown = &show(&estate)[0];
    assert!(
        shown.contains("StorageEncrypted: $on") && shown.contains("PubliclyAccessible: false"),
        "{shown}"
    );
}

/// ECS writes names with a small letter, Terraform writes statements as blocks; both are the
/// properties of the schema. Keys of free maps, and what the schema does not name, stay.
#[test]
fn documents_have_the_names_of_the_schema_however_they_are_written() {
    let estate = estate(&[(
        "main.tf",
        r#"
variable "own_log" { type = bool }
resource "aws_ecs_task_definition" "viewer" {
  family = "viewer"
  container_definitions = jsonencode([{
    name             = "viewer"
    environment      = [{ name = "HOST", value = "a" }]
    logConfiguration = { logDriver = var.own_log ? "awslogs" : "json-file", options = { "awslogs-group" = "g", logDriver = "kept" } }
    dockerLabels     = { name = "kept" }
    novelty          = 1
  }])
}
resource "aws_ecs_task_definition" "text" {
  family                = "text"
  container_definitions = <<-JSON
    [{"name": "text", "portMappings": [{"containerPort": 80}]}]
  JSON
}
resource "aws_wafv2_web_acl" "filter" {
  scope = "REGIONAL"
  rule {
    priority = 1
    statement {
      not_statement {
        statement {
          ip_set_reference_statement { arn = "arn:aws:wafv2:x" }
        }
      }
    }
  }
}
"#,
    )]);
    let shown = show(&estate).join("\n");
    for words in [
        "Environment: [{Name: HOST, Value: a}]",
        "LogDriver: (",
        "Options: {awslogs-group: g, logDriver: kept}",
        "DockerLabels: {name: kept}",
        "novelty: 1",
        "[{Name: text, PortMappings: [{ContainerPort: 80}]}]",
        "Statement: {NotStatement: {Statement: {IPSetReferenceStatement: {Arn: arn:aws:wafv2:x}}}}",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
}
