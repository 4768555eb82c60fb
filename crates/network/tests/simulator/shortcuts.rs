//! What is told without following a connection agrees with following it: resources that are
//! alike have the same answer, and what is said to arrive nowhere arrives nowhere.

use std::collections::BTreeMap;

use sekisho_network::engine::{Answer, End, Verdict};
use sekisho_network::space::Service;

use crate::spec::{PORTS, Spec};
use crate::{network, setting};

fn told(answer: &Answer) -> String {
    let paths = answer.paths.iter().map(|p| (p.verdict, &p.services, &p.sources, p.hops.len()));
    format!("{:?} {:?}", answer.verdict, paths.collect::<Vec<_>>())
}

#[test]
fn shortcuts_agree_with_the_engine() {
    let (mut shut, mut nowhere, mut pairs) = (0, 0, 0);
    for seed in 0..setting("SEKISHO_NETWORKS", 300) {
        let (mut net, _) = network(&Spec::random(seed ^ 0x5e15_0de5));
        // Addresses that are not written: then several resources of a subnet may be alike.
        for at in 0..net.interfaces.len() {
            if let Some(subnet) = net.interfaces[at].subnet {
                net.interfaces[at].addresses = net.subnets[subnet].ranges.clone();
                net.interfaces[at].exact = false;
            }
        }
        let alike = net.alike();
        let questions: Vec<Vec<Service>> =
            PORTS.iter().map(|&port| vec![Service::tcp(port)]).chain([vec![Service::ALL]]).collect();
        for from in [End::internet(), End::on_premises()] {
            let mut classes: BTreeMap<(u32, usize), (usize, String)> = BTreeMap::new();
            for to in 0..net.holders.len() {
                let arriving = net.arriving(&from, to);
                for (number, services) in questions.iter().enumerate() {
                    let answer = net.reached(&from, to, services);
                    if net.shut(&from, to, services) {
                        shut += 1;
                        assert_eq!(answer.verdict, Verdict::Blocked, "seed {seed}: {to} is shut");
                    }
                    let meets = |some: &Vec<Service>| {
                        some.iter().any(|one| services.iter().any(|other| one.meet(other).is_some()))
                    };
                    if arriving.as_ref().is_some_and(|some| !meets(some)) {
                        nowhere += 1;
                        assert_eq!(answer.verdict, Verdict::Blocked, "seed {seed}: nothing arrives at {to}");
                    }
                    let Some(class) = alike.arrives[to] else { continue };
                    let told = told(&answer);
                    match classes.get(&(class, number)) {
                        Some((first, known)) => {
                            pairs += 1;
                            assert_eq!(known, &told, "seed {seed}: {first} and {to} are alike");
                        }
                        None => _ = classes.insert((class, number), (to, told)),
                    }
                }
            }
        }
    }
    assert!(shut > 100 && nowhere > 100 && pairs > 100, "too few of a kind: {shut} {nowhere} {pairs}");
}
