//! Modules, instances, files and values of variables: small folders and what becomes of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod support;

use std::collections::BTreeMap;

use sekisho_estate::InputStatus;
use sekisho_source_terraform::instance::Configuration;
use sekisho_source_terraform::value::Value;
use sekisho_source_terraform::{Memory, Options, Read, SourceFile, is_terraform, read};

/// Files of one folder: those of Terraform are given, the others lie on the disk.
fn run_with(files: &[(&str, &str)], options: &Options) -> Read {
    let disk: BTreeMap<String, Vec<u8>> =
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    let given = files
        .iter()
        .filter(|(path, _)| is_terraform(path) && !path.contains(".terraform/") && !path.starts_with("../"))
        .map(|(path, text)| SourceFile { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() })
        .collect();
    read(given, &Memory(disk), options)
}

fn run(files: &[(&str, &str)]) -> Read {
    run_with(files, &Options::default())
}

fn addresses(configuration: &Configuration) -> Vec<String> {
    configuration.instances.iter().map(|instance| instance.address.to_string()).collect()
}

fn roots(read: &Read) -> Vec<&str> {
    read.configurations.iter().map(|configuration| configuration.root.as_str()).collect()
}

fn problems(read: &Read) -> Vec<String> {
    let of = |input: &sekisho_estate::Input| -> Vec<String> {
        input
            .problems
            .iter()
            .map(|p| format!("{}:{}:{}: {}", input.path, p.line, p.column, p.message))
            .collect()
    };
    read.inputs.iter().flat_map(of).collect()
}

fn attribute(configuration: &Configuration, address: &str, path: &str) -> String {
    let instance = configuration.instances.iter().find(|instance| instance.address.to_string() == address);
    let instance = instance.unwrap_or_else(|| panic!("{address} in {:?}", addresses(configuration)));
    let mut value = instance.attributes.value.clone();
    for step in path.split('.') {
        value = match step.parse::<usize>() {
            Ok(at) => value.as_list().unwrap().items[at].value.clone(),
            Err(_) => value.get(step).map_or(Value::Null, |found| found.value.clone()),
        };
    }
    support::show(&value)
}

/// Companions under `for_each` of the bucket itself, through two modules, and a conditional algorithm.
#[test]
fn companions_meet_their_bucket() {
    let read = run(&[
        (
            "main.tf",
            r#"
            resource "aws_kms_key" "k" {}
            module "stores" {
              source   = "./stores"
              for_each = { eu = ["phi-a", "phi-b"], us = ["phi-c"] }
              names    = each.value
              kms      = aws_kms_key.k.arn
            }
            "#,
        ),
        (
            "stores/main.tf",
            r#"
            variable "names" { type = set(string) }
            variable "kms" { type = string }
            module "one" {
              source = "../one"
              count  = length(var.names)
              name   = tolist(var.names)[count.index]
              kms    = var.kms
            }
            "#,
        ),
        (
            "one/main.tf",
            r#"
            variable "name" {}
            variable "kms" {}
            resource "aws_s3_bucket" "b" { bucket = var.name }
            resource "aws_s3_bucket_versioning" "v" {
              bucket = aws_s3_bucket.b.id
              versioning_configuration { status = "Enabled" }
            }
            resource "aws_s3_bucket_server_side_encryption_configuration" "e" {
              bucket = aws_s3_bucket.b.bucket
              rule {
                apply_server_side_encryption_by_default {
                  sse_algorithm     = var.kms == "" ? "AES256" : "aws:kms"
                  kms_master_key_id = var.kms
                }
              }
            }
            "#,
        ),
    ]);
    assert_eq!(roots(&read), ["."]);
    assert_eq!(problems(&read), Vec::<String>::new());
    let configuration = &read.configurations[0];
    let module = r#"module.stores["eu"].module.one[1]"#;
    assert_eq!(configuration.instances.len(), 1 + 3 * 3);
    let versioning = format!("{module}.aws_s3_bucket_versioning.v");
    let encryption = format!("{module}.aws_s3_bucket_server_side_encryption_configuration.e");
    assert_eq!(attribute(configuration, &versioning, "bucket"), format!("<{module}.aws_s3_bucket.b.id>"));
    assert_eq!(
        attribute(configuration, &encryption, "bucket"),
        format!("<{module}.aws_s3_bucket.b.bucket = \"phi-b\">")
    );
    let rule = "rule.0.apply_server_side_encryption_by_default.0";
    assert_eq!(attribute(configuration, &encryption, &format!("{rule}.sse_algorithm")), "\"aws:kms\"");
    assert_eq!(
        attribute(configuration, &encryption, &format!("{rule}.kms_master_key_id")),
        "<aws_kms_key.k.arn>"
    );
    // Where it was written: the innermost block, and the calls around it from the root's.
    let instance = configuration.instances.iter().find(|i| i.address.to_string() == encryption).unwrap();
    let file =
        |place: sekisho_source_terraform::value::Place| &*configuration.files[place.file as usize].path;
    assert_eq!(file(instance.place), "one/main.tf");
    assert_eq!(
        instance.calls.iter().map(|&place| file(place)).collect::<Vec<_>>(),
        ["main.tf", "stores/main.tf"]
    );
}

#[test]
fn roots_are_folders_that_nobody_calls() {
    let read = run(&[
        ("main.tf", "variable \"n\" {}\nresource \"aws_sns_topic\" \"t\" { name = var.n }"),
        ("examples/a/main.tf", "module \"m\" {\n source = \"../../\"\n n = \"a\"\n}"),
        ("examples/b/main.tf", "module \"m\" {\n source = \"../..\"\n n = \"b\"\n}"),
        ("other/x.tf", "resource \"aws_sqs_queue\" \"q\" {}"),
        ("loop/a/m.tf", "module \"b\" { source = \"../b\" }"),
        ("loop/b/m.tf", "module \"a\" { source = \"../a\" }"),
    ]);
    assert_eq!(roots(&read), ["examples/a", "examples/b", "loop/a", "other"]);
    assert_eq!(addresses(&read.configurations[1]), ["module.m.aws_sns_topic.t"]);
    assert!(problems(&read).iter().any(|p| p.contains("modules inside each other")), "{:?}", problems(&read));
}

#[test]
fn installed_modules_are_read_and_missing_ones_are_said() {
    let call = "module \"vpc\" {\n  source = \"terraform-aws-modules/vpc/aws\"\n}\nresource \"aws_instance\" \"i\" {\n  subnet_id = module.vpc.subnet\n}";
    let missing = run(&[("main.tf", call)]);
    assert_eq!(missing.inputs[0].status, InputStatus::Partly);
    assert!(
        problems(&missing)[0].starts_with("main.tf:1:1: module \"vpc\" is not read"),
        "{:?}",
        problems(&missing)
    );
    let subnet = attribute(&missing.configurations[0], "aws_instance.i", "subnet_id");
    assert_eq!(subnet, "<unknown: module module.vpc is not in this input>");
    let installed = run(&[
        ("main.tf", call),
        (
            ".terraform/modules/modules.json",
            r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"vpc","Source":"registry","Version":"1","Dir":".terraform/modules/vpc"},{"Key":"vpc.in","Source":"git","Dir":".terraform/modules/vpc.in"}]}"#,
        ),
        (
            ".terraform/modules/vpc/main.tf",
            "module \"in\" { source = \"git::https://example.com/x.git\" }\nresource \"aws_subnet\" \"s\" {}\noutput \"subnet\" { value = aws_subnet.s.id }",
        ),
        (".terraform/modules/vpc.in/main.tf", "resource \"aws_vpc\" \"v\" {}"),
    ]);
    assert_eq!(problems(&installed), Vec::<String>::new());
    let configuration = &installed.configurations[0];
    assert_eq!(attribute(configuration, "aws_instance.i", "subnet_id"), "<module.vpc.aws_subnet.s.id>");
    assert_eq!(addresses(configuration)[2], "module.vpc.module.in.aws_vpc.v");
    // Files that were only found on the disk are inputs too.
    assert!(installed.inputs.iter().any(|input| input.path == ".terraform/modules/vpc/main.tf"));
}

#[test]
fn variables_take_the_last_value_given() {
    let main = r#"
        variable "a" { default = "default" }
        variable "b" {
          type = number
          validation {
            condition     = contains([1, 2, 3], var.b)
            error_message = "b must be 1, 2 or 3."
          }
        }
        variable "c" {
          type    = object({ name = string, size = optional(number, 5), tags = optional(map(string)) })
          default = { name = "x", extra = true }
        }
        variable "d" {
          sensitive = true
          default   = "secret"
        }
        variable "e" {
          nullable = false
          default  = "kept"
        }
        variable "f" {}
        variable "g" { type = list(string) }
    "#;
    let files = [
        ("main.tf", main),
        ("terraform.tfvars", "a = \"tfvars\"\nb = 9\ne = null\nzz = 1"),
        ("b.auto.tfvars", "a = \"auto\""),
        ("prod.tfvars", "a = \"prod\""),
    ];
    let shown = |options: &Options| -> (Vec<String>, Vec<String>) {
        let read = run_with(&files, options);
        let variables = &read.configurations[0].variables;
        let value = |v: &sekisho_source_terraform::instance::InputVariable| {
            format!(
                "{}={}{}",
                v.name,
                support::show(&v.value.value),
                if v.is_default { " by default" } else { "" }
            )
        };
        (variables.iter().map(value).collect(), problems(&read))
    };
    let (variables, said) = shown(&Options::default());
    assert_eq!(
        variables,
        [
            "a=\"auto\"",
            "b=9",
            "c={name: \"x\", size: 5, tags: null} by default",
            "d=sensitive(\"secret\") by default",
            "e=\"kept\"",
            "f=<unknown: variable f has no value and no default> by default",
            "g=<unknown: variable g has no value and no default> by default",
        ]
    );
    assert!(said.iter().any(|p| p.contains("fails its validation: b must be 1, 2 or 3.")), "{said:?}");
    assert!(said.iter().any(|p| p.contains("there is no variable \"zz\"")), "{said:?}");
    assert!(said.iter().any(|p| p.starts_with("prod.tfvars:0:0: values of variables")), "{said:?}");
    let options = Options {
        variables: vec![("b".into(), "2".into()), ("g".into(), "[\"p\", \"q\"]".into())],
        variable_files: vec![SourceFile { path: "prod.tfvars".into(), bytes: b"a = \"prod\"".to_vec() }],
        environment: vec![("f".into(), "from the environment".into()), ("a".into(), "env".into())],
        ..Options::default()
    };
    let (variables, said) = shown(&options);
    assert_eq!(variables[0], "a=\"prod\"");
    assert_eq!(variables[1], "b=2");
    assert_eq!(variables[5], "f=\"from the environment\"");
    assert_eq!(variables[6], "g=[\"p\", \"q\"]");
    assert!(!said.iter().any(|p| p.contains("validation") || p.contains("prod.tfvars")), "{said:?}");
    let read = run_with(&files, &options);
    let domain: Vec<String> =
        read.configurations[0].variables[1].domain.iter().map(|v| support::show(&v.value)).collect();
    assert_eq!(domain, ["1", "2", "3"]);
}

#[test]
fn repetition() {
    let read = run(&[(
        "main.tf",
        r#"
        variable "on" { type = bool }
        variable "names" { type = set(string) }
        resource "aws_a" "none" { count = 0 }
        resource "aws_a" "maybe" { count = var.on ? 2 : 1 }
        resource "aws_a" "either" { for_each = var.on ? toset(["a", "b"]) : toset(["b", "c"]) }
        resource "aws_a" "open" {
          for_each = var.names
          name     = each.key
        }
        resource "aws_a" "quoted" { for_each = toset(["a\"b\\c"]) }
        resource "aws_a" "wrong" { for_each = ["a"] }
        resource "aws_a" "negative" { count = -1 }
        resource "aws_a" "huge" { count = 1000000 }
        resource "aws_a" "itself" { count = length(aws_a.itself) }
        "#,
    )]);
    let configuration = &read.configurations[0];
    let lines: Vec<String> = support::configuration(configuration)
        .lines()
        .filter(|line| !line.starts_with("lost"))
        .map(|line| line.split(" {").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "aws_a.maybe[0]",
            "aws_a.maybe[1] when var.on",
            "aws_a.either[\"a\"] when var.on",
            "aws_a.either[\"b\"]",
            "aws_a.either[\"c\"] when !(var.on)",
            "aws_a.open[*]",
            "aws_a.quoted[\"a\\\"b\\\\c\"]",
            "aws_a.wrong[*]",
            "aws_a.negative[*]",
            "aws_a.huge[*]",
            "aws_a.itself[*]",
        ]
    );
    let said = problems(&read).join("\n");
    for wanted in
        ["for_each must be a map or a set", "not negative", "more than 100000", "depend on themselves"]
    {
        assert!(said.contains(wanted), "{wanted} in {said}");
    }
}

#[test]
fn dynamic_blocks() {
    let read = run(&[(
        "main.tf",
        r#"
        variable "on" { type = bool }
        variable "ports" { type = list(number) }
        resource "aws_security_group" "g" {
          ingress { from_port = 22 }
          dynamic "ingress" {
            for_each = { http = 80, https = 443 }
            iterator = port
            content {
              description = port.key
              from_port   = port.value
              dynamic "inner" {
                for_each = [1, 2]
                content { v = "${port.key}${inner.value}${inner.key}" }
              }
            }
          }
          dynamic "egress" {
            for_each = var.on ? [1] : []
            content { from_port = egress.value }
          }
          dynamic "open" {
            for_each = var.ports
            content { from_port = open.value }
          }
        }
        "#,
    )]);
    let configuration = &read.configurations[0];
    assert_eq!(problems(&read), Vec::<String>::new());
    let shown = |name: &str| attribute(configuration, "aws_security_group.g", name);
    assert_eq!(
        shown("ingress"),
        "[{from_port: 22}, {description: \"http\", from_port: 80, inner: [{v: \"http10\"}, {v: \"http21\"}]}, \
         {description: \"https\", from_port: 443, inner: [{v: \"https10\"}, {v: \"https21\"}]}]"
    );
    assert_eq!(shown("egress"), "[<var.on ? {from_port: 1} : null>]");
    assert_eq!(
        shown("open"),
        "[<length(var.ports) > 0 ? {from_port: <unknown: variable ports has no value and no default>} : null>]"
    );
}

#[test]
fn providers_reach_resources() {
    let read = run(&[
        (
            "main.tf",
            r#"
            provider "aws" {
              region = "eu-west-1"
              default_tags { tags = { team = "clinic" } }
            }
            provider "aws" {
              alias  = "backup"
              region = "eu-central-1"
              assume_role { role_arn = "arn:aws:iam::222233334444:role/backup" }
            }
            resource "aws_a" "here" {}
            resource "aws_a" "there" { provider = aws.backup }
            module "m" {
              source    = "./m"
              providers = { aws = aws.backup, aws.peer = aws }
            }
            module "n" { source = "./n" }
            "#,
        ),
        ("m/m.tf", "resource \"aws_a\" \"a\" {}\nresource \"aws_a\" \"peer\" { provider = aws.peer }"),
        ("n/n.tf", "resource \"aws_a\" \"a\" {}"),
    ]);
    let shown: Vec<String> = read.configurations[0]
        .instances
        .iter()
        .map(|i| {
            let provider = &i.provider;
            let tags = support::show(&provider.default_tags.value);
            format!(
                "{} {} {} {tags}",
                i.address,
                support::show(&provider.region),
                support::show(&provider.account)
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "aws_a.here \"eu-west-1\" null {team: \"clinic\"}",
            "aws_a.there \"eu-central-1\" \"222233334444\" null",
            "module.m.aws_a.a \"eu-central-1\" \"222233334444\" null",
            "module.m.aws_a.peer \"eu-west-1\" null {team: \"clinic\"}",
            "module.n.aws_a.a \"eu-west-1\" null {team: \"clinic\"}",
        ]
    );
}

#[test]
fn overrides_and_opentofu() {
    let read = run(&[
        (
            "a.tf",
            "resource \"aws_a\" \"x\" {\n  one = 1\n  two = 2\n  b { v = 1 }\n  b { v = 2 }\n}\nlocals { l = 1 }",
        ),
        ("x_override.tf", "resource \"aws_a\" \"x\" {\n  two = 22\n  b { v = 3 }\n}\nlocals { l = 2 }"),
        ("c.tf", "resource \"aws_a\" \"hidden\" {}"),
        ("c.tofu", "resource \"aws_a\" \"tofu\" { v = local.l }"),
    ]);
    let configuration = &read.configurations[0];
    assert_eq!(problems(&read), Vec::<String>::new());
    assert_eq!(addresses(configuration), ["aws_a.x", "aws_a.tofu"]);
    assert_eq!(attribute(configuration, "aws_a.x", "two"), "22");
    assert_eq!(attribute(configuration, "aws_a.x", "b"), "[{v: 3}]");
    assert_eq!(attribute(configuration, "aws_a.tofu", "v"), "2");
}

#[test]
fn json_syntax_means_the_same() {
    let read = run(&[(
        "main.tf.json",
        r#"{
          "//": "a comment",
          "variable": {"env": {"type": "string", "default": "dev"}, "sizes": {"type": "list(number)", "default": [1, 2]}},
          "locals": {"name": "x-${var.env}"},
          "provider": {"aws": [{"region": "eu-west-1"}, {"alias": "b", "region": "us-east-1"}]},
          "resource": {
            "aws_a": {
              "one": {"name": "${local.name}", "plain": "a$b", "list": "${var.sizes}", "provider": "aws.b"},
              "two": [{"count": 2, "ref": "${aws_a.one.id}", "depends_on": ["aws_a.one"],
                "dynamic": {"b": {"for_each": "${var.sizes}", "content": {"v": "${b.value}"}}},
                "lifecycle": {"prevent_destroy": true, "ignore_changes": ["tags"]}}]
            }
          },
          "output": {"o": {"value": "${aws_a.two[1].id}"}}
        }"#,
    )]);
    let configuration = &read.configurations[0];
    assert_eq!(problems(&read), Vec::<String>::new());
    assert_eq!(addresses(configuration), ["aws_a.one", "aws_a.two[0]", "aws_a.two[1]"]);
    assert_eq!(attribute(configuration, "aws_a.one", "name"), "\"x-dev\"");
    assert_eq!(attribute(configuration, "aws_a.one", "plain"), "\"a$b\"");
    assert_eq!(attribute(configuration, "aws_a.one", "list"), "[1, 2]");
    assert_eq!(support::show(&configuration.instances[0].provider.region), "\"us-east-1\"");
    assert_eq!(attribute(configuration, "aws_a.two[0]", "b"), "[{v: 1}, {v: 2}]");
    assert_eq!(configuration.instances[1].depends_on.len(), 1);
    assert!(configuration.instances[1].lifecycle.prevent_destroy);
    assert_eq!(&*configuration.instances[1].lifecycle.ignore_changes[0], "tags");
    assert_eq!(support::show(&configuration.outputs[0].1.value), "<aws_a.two[1].id>");
}

#[test]
fn policy_documents() {
    let read = run(&[(
        "main.tf",
        r#"
        resource "aws_s3_bucket" "b" {}
        data "aws_iam_policy_document" "base" {
          statement {
            sid     = "Keep"
            actions = ["s3:Get*"]
          }
          statement {
            sid     = "Replace"
            actions = ["s3:*"]
          }
        }
        data "aws_iam_policy_document" "all" {
          source_policy_documents = [data.aws_iam_policy_document.base.json]
          override_policy_documents = [jsonencode({
            Statement = [{ Sid = "Last", Effect = "Deny", Action = "*", Resource = "*" }]
          })]
          statement {
            sid       = "Replace"
            effect    = "Deny"
            actions   = ["s3:PutObject", "s3:DeleteObject"]
            resources = [aws_s3_bucket.b.arn, "${aws_s3_bucket.b.arn}/home/&{aws:username}"]
            not_principals {
              type        = "Service"
              identifiers = ["ec2.amazonaws.com"]
            }
            principals {
              type        = "*"
              identifiers = ["*"]
            }
            condition {
              test     = "StringEquals"
              variable = "aws:PrincipalOrgID"
              values   = ["o-1", "o-2"]
            }
            condition {
              test     = "Bool"
              variable = "aws:SecureTransport"
              values   = ["false"]
            }
          }
        }
        output "all" { value = jsondecode(data.aws_iam_policy_document.all.json) }
        "#,
    )]);
    assert_eq!(problems(&read), Vec::<String>::new());
    assert_eq!(
        support::show(&read.configurations[0].outputs[0].1.value),
        "{Statement: [{Action: \"s3:Get*\", Effect: \"Allow\", Sid: \"Keep\"}, \
         {Action: [\"s3:PutObject\", \"s3:DeleteObject\"], Condition: {Bool: {aws:SecureTransport: \"false\"}, \
         StringEquals: {aws:PrincipalOrgID: [\"o-1\", \"o-2\"]}}, Effect: \"Deny\", \
         NotPrincipal: {Service: \"ec2.amazonaws.com\"}, Principal: \"*\", \
         Resource: [<aws_s3_bucket.b.arn>, \"${<aws_s3_bucket.b.arn>}/home/${aws:username}\"], Sid: \"Replace\"}, \
         {Action: \"*\", Effect: \"Deny\", Resource: \"*\", Sid: \"Last\"}], Version: \"2012-10-17\"}"
    );
}

/// A broken file, block or expression costs itself, and says where it is.
#[test]
fn bad_input_is_bounded() {
    let read = run(&[
        (
            "a.tf",
            "resource \"aws_a\" \"good\" {\n  v = 1\n}\n\nresource \"aws_a\" \"broken\" {\n  v = = 2\n}\n\nresource \"aws_a\" \"after\" {}\n",
        ),
        (
            "b.tf",
            "resource \"aws_a\" \"failing\" {\n  x = local.loop\n  y = tonumber(\"q\")\n  z = 3\n}\nlocals {\n  loop = local.pool\n  pool = local.loop\n}\nwhatever {}\n",
        ),
        (
            "c.tf",
            "resource \"aws_a\" \"good\" {}\nmodule \"m\" { source = \"./nowhere\" }\nmodule \"v\" {\n source = \"./v\"\n wrong = 1\n}\n",
        ),
        ("v/v.tf", "variable \"n\" { type = map(string) }\nresource \"aws_a\" \"v\" { n = var.n }\n"),
        ("d.tf", "}}}{{{ ((("),
    ]);
    let configuration = &read.configurations[0];
    assert_eq!(addresses(configuration), ["aws_a.good", "aws_a.after", "aws_a.failing", "module.v.aws_a.v"]);
    assert_eq!(attribute(configuration, "aws_a.failing", "z"), "3");
    let said = problems(&read).join("\n");
    for wanted in [
        "a.tf:6:7: a value is expected here; resource \"aws_a\" \"broken\" is left out until it is corrected",
        "b.tf:8:10: local.loop depends on itself",
        "b.tf:3:7: tonumber(): a number is wanted",
        "b.tf:10:1: \"whatever\" is no block of Terraform",
        "c.tf:1:1: aws_a.good is declared twice",
        "c.tf:2:1: module \"m\" is not read: there is no configuration in nowhere",
        "c.tf:3:1: module.v is not given the variable \"n\"",
        "c.tf:5:2: the module has no variable \"wrong\"",
        "d.tf:1:1: ",
    ] {
        assert!(said.contains(wanted), "{wanted}\nin\n{said}");
    }
    assert!(read.inputs.iter().all(|input| input.status != InputStatus::Unreadable));
}

/// A syntax error is said where a person would look for it, and costs one block.
#[test]
fn syntax_errors_are_found_where_they_are() {
    let after = "\nresource \"aws_b\" \"after\" {\n  v = 1\n}\n";
    for (text, at, wanted) in [
        ("resource \"aws_a\" \"x\" {\n  b = \"x\" \"y\"\n}\n", "2:11", "the line should end here"),
        ("resource \"aws_a\" \"x\" {\n  t = {\n    a =\n  }\n}\n", "3:8", "a value is expected here"),
        // The blocks that follow are inside of what is not closed, as the parser sees it.
        ("resource \"aws_a\" \"x\" {\n  v {\n    e = true\n", "2:5", "is not closed"),
        ("resource \"aws_a\" \"x\" {\n  v {\n    e = true\n}\n", "2:5", "is not closed"),
        ("locals {\n  x = max(1,\n}\n", "2:10", "is not closed"),
        ("resource \"aws_a\" \"x\" {\n  p = \"open\n}\n", "2:3", "neither an attribute nor a block"),
        // The parser says of these only that the block is broken.
        ("resource \"aws_a\" \"x\" {\n  engine \"x\"\n}\n", "2:13", "expected `{`"),
        ("resource \"aws_a\" \"x\" {\n  a {\n    b {\n      c = = 1\n    }\n  }\n}\n", "4:11", "a value is"),
        ("resource \"aws_a\" \"x\" {\n  u = <<EOF\nabc ${foo\nEOF\n}\n", "4:1", "expected `}`"),
    ] {
        let read = run(&[("main.tf", &format!("{text}{after}"))]);
        let said = problems(&read);
        assert_eq!(said.len(), 1, "{text}: {said:?}");
        assert!(said[0].starts_with(&format!("main.tf:{at}: ")), "{text}: {said:?}");
        assert!(said[0].contains(wanted), "{text}: {said:?}");
        assert_eq!(addresses(&read.configurations[0]), ["aws_b.after"], "{text}");
        let excerpt = read.inputs[0].problems[0].excerpt.as_ref().expect("a line");
        assert_eq!(excerpt.text, text.lines().nth(at[..1].parse::<usize>().unwrap() - 1).unwrap());
    }
}

/// Names of what is deep, long or multiplies.
#[test]
fn what_explodes_is_stopped() {
    let deep = format!("locals {{\n  a = {}1{}\n}}\n", "[".repeat(5_000), "]".repeat(5_000));
    let chain: String = (0..20_000).map(|at| format!("  l{at} = local.l{}\n", at + 1)).collect();
    let chain = format!("locals {{\n{chain}  l20000 = 1\n}}\noutput \"o\" {{ value = local.l0 }}\n");
    let bomb = "locals {\n  a = join(\"\", [for i in range(1000) : \"0123456789\"])\n  b = join(\"\", [for i in range(1000) : local.a])\n  c = join(\"\", [for i in range(1000) : local.b])\n  d = setproduct(range(1000), range(1000), range(1000))\n  e = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]\n}\noutput \"o\" { value = [length(local.c), length(local.d), length(local.e)] }\n";
    for (text, wanted) in [(deep.as_str(), "nest"), (&chain, "inside each other"), (bomb, "longer than")] {
        let read = run(&[("main.tf", text)]);
        let said = problems(&read).join("\n");
        assert!(said.contains(wanted), "{wanted} in {}", &said[..said.len().min(500)]);
    }
    let nested: String = (0..300).map(|at| format!("  l{at} = [local.l{}]\n", at + 1)).collect();
    let nested =
        format!("locals {{\n{nested}  l300 = 1\n}}\nresource \"aws_a\" \"x\" {{\n  v = local.l0\n}}\n");
    let nested = run(&[("main.tf", &nested)]);
    assert!(problems(&nested)[0].contains("values inside each other"), "{:?}", problems(&nested));
    let many = run(&[(
        "main.tf",
        "resource \"aws_a\" \"x\" {\n  count = 10000\n  v = \"n-${count.index}\"\n}\nresource \"aws_b\" \"y\" {\n  count = 10000\n  a = aws_a.x[count.index].id\n}\n",
    )]);
    assert_eq!(many.configurations[0].instances.len(), 20_000);
    assert_eq!(attribute(&many.configurations[0], "aws_b.y[9999]", "a"), "<aws_a.x[9999].id>");
}
