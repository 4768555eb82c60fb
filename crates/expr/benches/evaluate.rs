//! Time of one verdict: `cargo bench -p sekisho-expr`.
//!
//! Every iteration judges the next of 10,000 varied resources with [`Program::judge`] and
//! empties the arena, so the printed times are those of one evaluation. `passing` holds only
//! resources on which the control passes, `mixed` all; a failing one is evaluated a second
//! time for its evidence, which is not kept here.

use bumpalo::Bump;
use divan::Bencher;
use sekisho_estate::json::{self, Limits};
use sekisho_estate::{Estate, NodeId, Resource, ResourceId, ResourceIndex, Stack, StackIndex};
use sekisho_expr::{NoHost, Program, ResourceRef, Truth, compile};
use sekisho_facts::resource_type;

/// Encryption rules exist and all their algorithms are in a set.
const BUCKET: &str = "size(this.BucketEncryption.ServerSideEncryptionConfiguration) > 0 \
    && this.BucketEncryption.ServerSideEncryptionConfiguration.all(r, \
        r.ServerSideEncryptionByDefault.SSEAlgorithm in [\"aws:kms\", \"aws:kms:dsse\", \"AES256\"])";
/// No rule opens a port to the internet.
const GROUP: &str = "!this.SecurityGroupIngress.exists(r, \
    r.CidrIp == \"0.0.0.0/0\" && r.FromPort <= 22 && r.ToPort >= 22)";
/// One boolean.
const INSTANCE: &str = "this.StorageEncrypted";

const COUNT: u64 = 10_000;

fn main() {
    divan::main();
}

/// Numbers that look random and are always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }

    fn pick<'i>(&mut self, items: &[&'i str]) -> &'i str {
        items[self.below(items.len() as u64) as usize]
    }
}

fn bucket(n: &mut Numbers, index: u64) -> String {
    let rule = format!(
        r#"{{"ServerSideEncryptionByDefault": {{"SSEAlgorithm": "{}", "KMSMasterKeyID": "alias/key-{index}"}}, "BucketKeyEnabled": true}}"#,
        n.pick(&["aws:kms", "AES256", "aws:kms:dsse", "none", "rot13"])
    );
    let encryption = match n.below(4) {
        0 => String::new(),
        1 => format!(r#""BucketEncryption": {{"ServerSideEncryptionConfiguration": [{rule}, {rule}]}},"#),
        _ => format!(r#""BucketEncryption": {{"ServerSideEncryptionConfiguration": [{rule}]}},"#),
    };
    format!(
        r#"{{"BucketName": "data-{index}", {encryption} "VersioningConfiguration": {{"Status": "{}"}},
        "Tags": [{{"Key": "owner", "Value": "team-{}"}}, {{"Key": "env", "Value": "prod"}}]}}"#,
        n.pick(&["Enabled", "Suspended"]),
        n.below(40)
    )
}

fn group(n: &mut Numbers, index: u64) -> String {
    let rules: Vec<String> = (0..1 + n.below(6))
        .map(|_| {
            let from = *[22, 80, 443, 3306, 0].get(n.below(5) as usize).unwrap_or(&0);
            format!(
                r#"{{"IpProtocol": "tcp", "CidrIp": "{}", "FromPort": {from}, "ToPort": {}, "Description": "rule"}}"#,
                n.pick(&["0.0.0.0/0", "10.0.0.0/8", "192.168.1.0/24", "203.0.113.7/32"]),
                from + n.below(3) * 100
            )
        })
        .collect();
    format!(
        r#"{{"GroupDescription": "group {index}", "VpcId": "vpc-{}", "SecurityGroupIngress": [{}]}}"#,
        n.below(9),
        rules.join(", ")
    )
}

fn instance(n: &mut Numbers, index: u64) -> String {
    let encrypted = n.pick(&["true", "true", "false", "\"true\""]);
    format!(
        r#"{{"DBInstanceIdentifier": "db-{index}", "Engine": "{}", "EngineVersion": "8.0.35",
        "DBInstanceClass": "db.r6g.large", "AllocatedStorage": "100", "BackupRetentionPeriod": {},
        "StorageEncrypted": {encrypted}, "MultiAZ": true, "DBSubnetGroupName": "subnets-{}"}}"#,
        n.pick(&["mysql", "postgres", "mariadb"]),
        n.below(36),
        n.below(9)
    )
}

/// An estate of one stack with resources of one type.
fn estate(type_name: &str, properties: fn(&mut Numbers, u64) -> String) -> Estate {
    let mut numbers = Numbers(7);
    let resources: Vec<String> = (0..COUNT)
        .map(|i| {
            format!(r#""R{i}": {{"Type": "{type_name}", "Properties": {}}}"#, properties(&mut numbers, i))
        })
        .collect();
    let source = format!(r#"{{"Resources": {{{}}}}}"#, resources.join(",\n"));
    let document = json::read(source, Limits::default()).expect("JSON");
    let tree = document.tree;
    let member = |node: NodeId, key: &str| tree.get(node, key).expect("a member");
    let declared: Vec<Resource> = tree
        .map(member(document.root, "Resources"))
        .iter()
        .map(|entry| Resource {
            id: entry.key,
            type_name: match tree.node(member(entry.value, "Type")) {
                sekisho_estate::Node::String(span) => span,
                _ => entry.key,
            },
            properties: member(entry.value, "Properties"),
            body: entry.value,
            condition: None,
            offset: tree.key_offset(entry),
            reference_value: None,
        })
        .collect();
    let mut stack = Stack::new("a.json", "a.json", tree);
    stack.resources = declared;
    Estate { stacks: vec![stack], ..Estate::default() }
}

fn truth(program: &Program, estate: &Estate, id: ResourceId, bump: &Bump) -> Truth {
    let this = Some(ResourceRef::new(estate, id));
    program.judge(estate, &NoHost, this, bump, false, &mut |_, _| ()).truth
}

fn run(
    bencher: Bencher<'_, '_>,
    type_name: &str,
    properties: fn(&mut Numbers, u64) -> String,
    expression: &str,
    which: &str,
) {
    let estate = estate(type_name, properties);
    let program = compile(None, expression, resource_type(type_name), false).expect("a control");
    let mut bump = Bump::with_capacity(16 * 1024);
    let all = (0..COUNT as u32).map(|i| ResourceId { stack: StackIndex(0), index: ResourceIndex(i) });
    let ids: Vec<ResourceId> =
        all.filter(|&id| which == "mixed" || truth(&program, &estate, id, &bump) == Truth::Pass).collect();
    assert!(ids.len() > 1000, "the resources are varied");
    let mut next = 0;
    bencher.bench_local(|| {
        let id = ids[next];
        next = if next + 1 == ids.len() { 0 } else { next + 1 };
        let truth = truth(&program, &estate, id, &bump);
        bump.reset();
        truth
    });
}

#[divan::bench(args = ["passing", "mixed"], sample_count = 200, sample_size = 1000)]
fn s3_encryption(bencher: Bencher<'_, '_>, which: &str) {
    run(bencher, "AWS::S3::Bucket", bucket, BUCKET, which);
}

#[divan::bench(args = ["passing", "mixed"], sample_count = 200, sample_size = 1000)]
fn security_group(bencher: Bencher<'_, '_>, which: &str) {
    run(bencher, "AWS::EC2::SecurityGroup", group, GROUP, which);
}

#[divan::bench(args = ["passing", "mixed"], sample_count = 200, sample_size = 1000)]
fn rds_boolean(bencher: Bencher<'_, '_>, which: &str) {
    run(bencher, "AWS::RDS::DBInstance", instance, INSTANCE, which);
}
