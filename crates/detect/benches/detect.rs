//! Text of properties, as templates have it: mostly names, ARNs and descriptions.

use divan::Bencher;
use divan::counter::BytesCount;
use sekisho_detect::identifiers;

fn main() {
    divan::main();
}

const TEXTS: [(&str, &str); 8] = [
    ("BucketName", "clinic-claims-archive-eu-west-1"),
    ("Resource", "arn:aws:s3:::clinic-claims-archive/*"),
    ("Description", "Keeps the claims that the intake function has written, for seven years"),
    ("Value", "production"),
    ("AvailabilityZone", "us-east-1a"),
    ("KmsKeyId", "arn:aws:kms:us-east-1:111122223333:key/0f8fad5b-d9cb-469f-a165-70867728950e"),
    (
        "UserData",
        "#!/bin/bash -xe\nyum update -y\n/opt/aws/bin/cfn-init -v --stack intake --resource Server --region us-east-1\n",
    ),
    ("CidrIp", "10.24.0.0/16"),
];

#[divan::bench]
fn property_text(bencher: Bencher<'_, '_>) {
    let bytes: usize = TEXTS.iter().map(|(_, text)| text.len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        TEXTS
            .iter()
            .map(|(name, text)| identifiers(divan::black_box(name), divan::black_box(text)).len())
            .sum::<usize>()
    });
}

#[divan::bench]
fn long_text(bencher: Bencher<'_, '_>) {
    let text = TEXTS[6].1.repeat(200);
    bencher
        .counter(BytesCount::new(text.len()))
        .bench(|| identifiers("UserData", divan::black_box(&text)).len());
}
