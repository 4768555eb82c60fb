//! Expressions and functions, row by row: `tests/cases/*.txt`.

mod support;

use std::collections::BTreeMap;

use sekisho_source_terraform::{Memory, Options, SourceFile, read};

const WORLD: &str = r#"
variable "text" { default = "given" }
variable "open" {}
locals {
  list = ["x", "y"]
  map  = { k = "v" }
}
provider "aws" {
  region              = "eu-west-1"
  allowed_account_ids = ["111122223333"]
}
resource "aws_kms_key" "k" {}
resource "aws_s3_bucket" "named" {
  bucket = "phi"
  tags   = { team = "clinic" }
}
resource "aws_s3_bucket" "blocks" {
  versioning { enabled = true }
}
resource "aws_instance" "three" { count = 3 }
resource "aws_instance" "each" { for_each = toset(["b", "a"]) }
resource "aws_instance" "open" { count = var.open }
resource "aws_instance" "maybe" { count = var.open == "" ? 1 : 0 }
data "aws_availability_zones" "all" {}
data "aws_region" "here" {}
data "aws_caller_identity" "me" {}
data "aws_partition" "p" {}
"#;

fn rows(text: &str) -> Vec<(usize, &str, &str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with("# "))
        .map(|(at, line)| {
            let (expression, wanted) =
                line.split_once("==>").unwrap_or_else(|| panic!("line {}: {line}", at + 1));
            (at + 1, expression.trim(), wanted.trim())
        })
        .collect()
}

fn check(name: &str, text: &str) -> usize {
    let rows = rows(text);
    let mut main = WORLD.to_owned();
    for (line, expression, _) in &rows {
        main.push_str(&format!("output \"r{line:05}\" {{\n  value = {expression}\n}}\n"));
    }
    let files: BTreeMap<String, Vec<u8>> = [
        ("hello.txt", "Hello\n"),
        ("files/greeting.tpl", "Hello, ${name}!\n"),
        ("files/loop.tpl", "%{ for port in ports ~}\nport ${port}\n%{ endfor ~}\n"),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
    .collect();
    let source = SourceFile { path: "main.tf".into(), bytes: main.clone().into_bytes() };
    let read = read(vec![source], &Memory(files), &Options::default());
    let configuration = &read.configurations[0];
    let syntax: Vec<_> =
        read.inputs[0].problems.iter().filter(|p| p.message.starts_with("invalid")).collect();
    assert!(syntax.is_empty(), "{name}: {syntax:?}");
    assert_eq!(configuration.outputs.len(), rows.len(), "{:?}", read.inputs[0].problems);
    let mut wrong = Vec::new();
    for ((line, expression, wanted), (_, value)) in rows.iter().zip(&configuration.outputs) {
        let shown = support::show(&value.value);
        let right = match wanted.strip_prefix('!') {
            Some(message) => shown.starts_with("<unknown:") && shown.contains(message),
            None => shown == *wanted,
        };
        if !right {
            wrong.push(format!("{name}:{line}: {expression}\n    wanted {wanted}\n    found  {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    rows.len()
}

#[test]
fn operators() {
    check("operators.txt", include_str!("cases/operators.txt"));
}

#[test]
fn functions() {
    check("functions.txt", include_str!("cases/functions.txt"));
}

#[test]
fn what_is_not_known() {
    check("unknown.txt", include_str!("cases/unknown.txt"));
}
