//! How long answers take. `cargo bench -p sekisho-access`
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark that cannot go on may stop")]

#[path = "../tests/generate/mod.rs"]
mod generate;

use divan::{Bencher, black_box};
use generate::{Size, model};
use sekisho_access::answer::read_cases;
use sekisho_access::ask::Ask;
use sekisho_access::matrix::Matrix;
use sekisho_access::tables::Class;

fn main() {
    divan::main();
}

/// A role with so many statements, of which the last one decides.
fn case(statements: usize) -> String {
    let services = ["ec2", "sqs", "sns", "dynamodb", "lambda", "logs", "kms", "s3"];
    let mut text: Vec<String> = (0..statements - 1)
        .map(|at| {
            let service = services[at % services.len()];
            let condition = if at % 4 == 3 { r#","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"# } else { "" };
            format!(
                r#"{{"Effect":"Allow","Action":["{service}:Get*","{service}:List*","{service}:PutObject"],"Resource":["arn:aws:{service}:::app-{at}-*","arn:aws:{service}:::app-{at}/*"]{condition}}}"#
            )
        })
        .collect();
    text.push(r#"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::records-*/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#.to_owned());
    format!(
        r#"{{"principal":{{"arn":"arn:aws:iam::111122223333:role/app"}},"action":"s3:GetObject",
            "resource":{{"arn":"arn:aws:s3:::records-2026/patient/1","account":"111122223333"}},
            "context":{{"aws:SecureTransport":true,"aws:SourceIp":"10.1.2.3"}},
            "policies":{{"identity":[{{"Version":"2012-10-17","Statement":[{}]}}]}}}}"#,
        text.join(",")
    )
}

#[divan::bench(args = [5, 20, 100, 500])]
fn decide(bencher: Bencher<'_, '_>, statements: usize) {
    let prepared = read_cases(&case(statements)).unwrap()[0].prepare().unwrap();
    assert_eq!(prepared.decide().verdict, sekisho_access::case::Verdict::Allowed);
    let mut bencher = Some(bencher);
    prepared.each_request(|request| {
        bencher.take().unwrap().bench_local(|| black_box(request.decide()));
    });
}

#[divan::bench(args = [20, 500])]
fn decide_and_explain(bencher: Bencher<'_, '_>, statements: usize) {
    let prepared = read_cases(&case(statements)).unwrap()[0].prepare().unwrap();
    bencher.bench_local(|| black_box(prepared.answer()));
}

#[divan::bench(args = [20])]
fn read_prepare_and_decide(bencher: Bencher<'_, '_>, statements: usize) {
    let text = case(statements);
    bencher.bench_local(|| black_box(read_cases(&text).unwrap()[0].prepare().unwrap().decide().verdict));
}

#[divan::bench(args = [50, 10_000], sample_count = 20)]
fn who_can_read_one_store(bencher: Bencher<'_, '_>, principals: usize) {
    let model = model(Size { accounts: 1, principals, stores: 1_000 }, 7);
    let chains = model.chains();
    let store =
        (0_u32..).zip(&model.stores).find(|(_, store)| &*store.type_name == "AWS::S3::Bucket").unwrap().0;
    let ask = Ask::new(&model);
    bencher.bench_local(|| black_box(model.who_can(&ask, &chains, Class::ReadContent, store).len()));
}

#[divan::bench(args = [1_000, 10_000], sample_count = 3)]
fn role_chains(bencher: Bencher<'_, '_>, principals: usize) {
    let model = model(Size { accounts: 1, principals, stores: 100 }, 7);
    bencher.bench_local(|| black_box(model.chains()));
}

#[divan::bench(args = [1_000, 10_000], sample_count = 3)]
fn escalation(bencher: Bencher<'_, '_>, principals: usize) {
    let model = model(Size { accounts: 1, principals, stores: 100 }, 7);
    let chains = model.chains();
    bencher.bench_local(|| black_box(model.escalations(&chains).steps.len()));
}

/// Accounts × principals × stores: 10,000 principals and 100,000 stores in 50 accounts.
#[divan::bench(args = [(5, 1_000, 10_000), (50, 10_000, 100_000)], sample_count = 3)]
fn matrix(bencher: Bencher<'_, '_>, size: (usize, usize, usize)) {
    let model = model(Size { accounts: size.0, principals: size.1, stores: size.2 }, 7);
    bencher.bench_local(|| {
        let matrix = Matrix::of(&model);
        black_box(Class::ALL.map(|class| matrix.count(class)))
    });
}
