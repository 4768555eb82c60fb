//! Times of the network room on generated networks. `cargo bench -p sekisho-network` prints
//! them; `RAYON_NUM_THREADS=1` for one core. Networks as in the notes: VPCs with subnets of /24,
//! interfaces with one to three of the VPC's security groups, every tenth subnet public.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its table")]

use std::time::{Duration, Instant};

use sekisho_estate::Estate;
use sekisho_graph::Names;
use sekisho_network::space::Service;
use sekisho_network::{Assumptions, End, Network};
use sekisho_source_cloudformation::{Options, SourceFile, read};

fn random(state: &mut u64, sides: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % sides
}

/// A template with interfaces, ten subnets in each VPC, and neighbours peered.
fn template(vpcs: usize, interfaces: usize) -> String {
    let state = &mut 7;
    let mut out = String::from("{\"Resources\": {\"End\": {\"Type\": \"AWS::EC2::InternetGateway\"}");
    let mut put = |name: String, kind: &str, properties: String| {
        out.push_str(&format!(
            ",\n\"{name}\": {{\"Type\": \"AWS::EC2::{kind}\", \"Properties\": {{{properties}}}}}"
        ));
    };
    for v in 0..vpcs {
        let net = format!("10.{v}");
        put(format!("V{v}"), "VPC", format!("\"CidrBlock\": \"{net}.0.0/16\""));
        put(format!("I{v}"), "InternetGateway", String::new());
        put(
            format!("A{v}"),
            "VPCGatewayAttachment",
            format!("\"VpcId\": {{\"Ref\": \"V{v}\"}}, \"InternetGatewayId\": {{\"Ref\": \"I{v}\"}}"),
        );
        for t in ["p", "q"] {
            put(format!("T{v}{t}"), "RouteTable", format!("\"VpcId\": {{\"Ref\": \"V{v}\"}}"));
        }
        put(
            format!("R{v}"),
            "Route",
            format!(
                "\"RouteTableId\": {{\"Ref\": \"T{v}p\"}}, \"DestinationCidrBlock\": \"0.0.0.0/0\", \"GatewayId\": {{\"Ref\": \"I{v}\"}}"
            ),
        );
        // Pairs of VPCs are peered in groups of five, as a hub would join them.
        let group = v / 5 * 5;
        for w in group..(group + 5).min(vpcs) {
            if w > v {
                put(
                    format!("P{v}x{w}"),
                    "VPCPeeringConnection",
                    format!("\"VpcId\": {{\"Ref\": \"V{v}\"}}, \"PeerVpcId\": {{\"Ref\": \"V{w}\"}}"),
                );
            }
            if w != v {
                let (a, b) = (v.min(w), v.max(w));
                for t in ["p", "q"] {
                    put(
                        format!("R{v}{t}x{w}"),
                        "Route",
                        format!(
                            "\"RouteTableId\": {{\"Ref\": \"T{v}{t}\"}}, \"DestinationCidrBlock\": \"10.{w}.0.0/16\", \"VpcPeeringConnectionId\": {{\"Ref\": \"P{a}x{b}\"}}"
                        ),
                    );
                }
            }
        }
        put(format!("N{v}"), "NetworkAcl", format!("\"VpcId\": {{\"Ref\": \"V{v}\"}}"));
        for (n, (egress, action, block)) in
            [(false, "deny", "192.0.2.0/24"), (false, "allow", "0.0.0.0/0"), (true, "allow", "0.0.0.0/0")]
                .into_iter()
                .enumerate()
        {
            put(
                format!("E{v}x{n}"),
                "NetworkAclEntry",
                format!(
                    "\"NetworkAclId\": {{\"Ref\": \"N{v}\"}}, \"RuleNumber\": {}, \"Egress\": {egress}, \"RuleAction\": \"{action}\", \"Protocol\": -1, \"CidrBlock\": \"{block}\"",
                    100 + n
                ),
            );
        }
        for s in 0..10 {
            put(
                format!("S{v}x{s}"),
                "Subnet",
                format!(
                    "\"VpcId\": {{\"Ref\": \"V{v}\"}}, \"CidrBlock\": \"{net}.{s}.0/24\", \"MapPublicIpOnLaunch\": {}",
                    s == 0
                ),
            );
            let table = if s == 0 { "p" } else { "q" };
            put(
                format!("B{v}x{s}"),
                "SubnetRouteTableAssociation",
                format!(
                    "\"SubnetId\": {{\"Ref\": \"S{v}x{s}\"}}, \"RouteTableId\": {{\"Ref\": \"T{v}{table}\"}}"
                ),
            );
            if s % 3 == 0 {
                put(
                    format!("C{v}x{s}"),
                    "SubnetNetworkAclAssociation",
                    format!(
                        "\"SubnetId\": {{\"Ref\": \"S{v}x{s}\"}}, \"NetworkAclId\": {{\"Ref\": \"N{v}\"}}"
                    ),
                );
            }
        }
        for g in 0..40 {
            let mut rules = Vec::new();
            for _ in 0..1 + random(state, 4) {
                let port = [22, 80, 443, 3306, 5432, 8080, 8443][random(state, 7) as usize];
                let peer = match random(state, 4) {
                    0 => "\"CidrIp\": \"0.0.0.0/0\"".to_owned(),
                    1 => format!("\"CidrIp\": \"10.{}.0.0/16\"", random(state, vpcs as u64)),
                    2 => format!("\"CidrIp\": \"{net}.{}.0/24\"", random(state, 10)),
                    _ => format!("\"SourceSecurityGroupId\": {{\"Ref\": \"G{v}x{}\"}}", random(state, 40)),
                };
                rules.push((port, peer));
            }
            put(
                format!("G{v}x{g}"),
                "SecurityGroup",
                format!("\"GroupDescription\": \"g\", \"VpcId\": {{\"Ref\": \"V{v}\"}}"),
            );
            for (n, (port, peer)) in rules.into_iter().enumerate() {
                put(
                    format!("L{v}x{g}x{n}"),
                    "SecurityGroupIngress",
                    format!(
                        "\"GroupId\": {{\"Ref\": \"G{v}x{g}\"}}, \"IpProtocol\": \"tcp\", \"FromPort\": {port}, \"ToPort\": {port}, {peer}"
                    ),
                );
            }
        }
    }
    for i in 0..interfaces {
        let v = i % vpcs;
        let s = random(state, 10);
        let groups: Vec<String> = (0..1 + random(state, 3))
            .map(|_| format!("{{\"Ref\": \"G{v}x{}\"}}", random(state, 40)))
            .collect();
        put(
            format!("H{i}"),
            "Instance",
            format!("\"SubnetId\": {{\"Ref\": \"S{v}x{s}\"}}, \"SecurityGroupIds\": [{}]", groups.join(", ")),
        );
    }
    out.push_str("}}");
    out
}

fn best<T>(times: usize, mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut shortest = Duration::MAX;
    let mut last = None;
    for _ in 0..times {
        let start = Instant::now();
        let out = work();
        shortest = shortest.min(start.elapsed());
        last = Some(out);
    }
    (shortest, last.unwrap())
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("");
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<u64>().ok())
        .map_or("?".into(), |kb| format!("{} MiB", kb / 1024))
}

fn run(vpcs: usize, interfaces: usize) {
    let text = template(vpcs, interfaces);
    println!(
        "{interfaces} interfaces, {} subnets, {vpcs} VPCs, {} MB of template, {} threads",
        vpcs * 10,
        text.len() / 1_000_000,
        rayon::current_num_threads()
    );
    let (time, estate): (_, Estate) = best(1, || {
        read(
            vec![SourceFile { path: "t.json".into(), bytes: text.clone().into_bytes(), named: true }],
            &Options::default(),
        )
    });
    println!("  read                      {time:?}");
    let (time, network) = best(1, || Network::new(&estate, &Names::new(&estate), &Assumptions::default()));
    println!("  model                     {time:?}");
    let ends: Vec<End> = (0..40)
        .map(|i| network.named(&estate, &format!("H{}", i * interfaces / 40)).unwrap().ends[0].clone())
        .collect();
    let mut slowest = Duration::ZERO;
    let start = Instant::now();
    let mut open = 0;
    for a in &ends {
        for b in ends.iter().filter(|b| *b != a) {
            let start = Instant::now();
            let answer = network.reach(a, b, &[Service::ALL]);
            slowest = slowest.max(start.elapsed());
            open += usize::from(answer.verdict != sekisho_network::Verdict::Blocked);
        }
    }
    println!(
        "  one pair, explained       {:?} mean of 1560 ({open} open), slowest {slowest:?}",
        start.elapsed() / 1560
    );
    let (time, exposed) = best(3, || network.exposed());
    println!("  exposure of everything    {time:?} ({} reached)", exposed.len());
    let zone = vec![0; network.interfaces.len()];
    let (time, matrix) = best(1, || network.matrix(&zone, 1));
    println!(
        "  class matrix              {time:?} ({} classes, {} ordered pairs, {} open)",
        matrix.classes, matrix.pairs, matrix.open
    );
    let (time, zones) = best(1, || network.zones(&estate, &|_| true, &exposed));
    println!("  zones with their matrix   {time:?} ({} zones)", zones.zones.len());
    println!("  peak memory so far        {}", memory());
}

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    if std::env::args().any(|a| a == "--test") {
        return run(2, 40);
    }
    run(20, 2_000);
    run(100, 20_000);
}
