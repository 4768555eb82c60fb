//! The network as a drawing: VPCs, their subnets by layer, resources in the colour of their
//! zone, and the ways from the internet. One SVG file that needs nothing else.
//!
//! Subnets stand in columns by their outermost layer (what the internet reaches on the left, data on the right); a resource
//! stands in the first of its subnets and says in how many others it is. O(resources).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::engine::Verdict;
use crate::engine::trail::Step;
use crate::exposure::Exposed;
use crate::model::{Index, Network};
use crate::zones::Zones;

const BOX: (f64, f64) = (190.0, 46.0);
const GAP: f64 = 14.0;
const HEAD: f64 = 30.0;
const PALETTE: [(&str, &str); 8] = [
    ("#fde2d9", "#b3411d"),
    ("#dbe9f9", "#1f5a99"),
    ("#f7dbe6", "#a11d5c"),
    ("#e3f1df", "#33702a"),
    ("#ece4f7", "#5b3a99"),
    ("#faf0cf", "#8a6a00"),
    ("#dcf1f1", "#0f6b6b"),
    ("#e9e9e9", "#4a4a4a"),
];

/// A place on the drawing.
#[derive(Clone, Copy)]
struct At {
    x: f64,
    y: f64,
}

/// Draws a network.
#[must_use]
pub fn draw(net: &Network, zones: &Zones, exposed: &[Exposed]) -> String {
    let zone_of: BTreeMap<Index, usize> = zones
        .zones
        .iter()
        .enumerate()
        .flat_map(|(z, zone)| zone.members.iter().map(move |&m| (m, z)))
        .collect();
    // Columns: entries outside VPCs, then the layers of each VPC below each other.
    let mut places: BTreeMap<Index, At> = BTreeMap::new();
    let mut body = String::new();
    let left = 270.0;
    let mut top = 30.0;
    let outside: Vec<Index> = (0..net.holders.len()).filter(|&h| home(net, h).is_none()).collect();
    for (n, &holder) in outside.iter().enumerate() {
        let at = At { x: left, y: top + n as f64 * (BOX.1 + GAP) };
        places.insert(holder, at);
    }
    let start = if outside.is_empty() { left } else { left + BOX.0 + 70.0 };
    let mut right = start;
    let mut bottom = top + outside.len() as f64 * (BOX.1 + GAP);
    for (v, vpc) in net.vpcs.iter().enumerate() {
        let subnets: Vec<Index> = (0..net.subnets.len()).filter(|&s| net.subnets[s].vpc == v).collect();
        if subnets.is_empty() {
            continue;
        }
        let mut columns: [Vec<(Index, Vec<Index>)>; 3] = [Vec::new(), Vec::new(), Vec::new()];
        for &subnet in &subnets {
            let members: Vec<Index> =
                (0..net.holders.len()).filter(|&h| home(net, h) == Some(subnet)).collect();
            let within = (0..net.holders.len()).filter(|&h| {
                net.holders[h].interfaces.iter().any(|&i| net.interfaces[i].subnet == Some(subnet))
            });
            let column = within
                .filter_map(|m| zone_of.get(&m).map(|&z| &zones.zones[z]))
                .map(|zone| match zone.layer {
                    0 | 1 => 0,
                    _ if zone.name.starts_with("phi-data") => 2,
                    _ => 1,
                })
                .min()
                .unwrap_or(if open_subnet(net, subnet) { 0 } else { 1 });
            columns[column].push((subnet, members));
        }
        let used: Vec<&Vec<(Index, Vec<Index>)>> = columns.iter().filter(|c| !c.is_empty()).collect();
        let (mut x, y) = (start + GAP, top + HEAD);
        let mut height = 0.0_f64;
        for column in used {
            let mut at_y = y;
            for (subnet, members) in column {
                let inner = members.len().max(1) as f64 * (BOX.1 + GAP) + HEAD + 4.0;
                rectangle(
                    &mut body,
                    At { x, y: at_y },
                    (BOX.0 + 2.0 * GAP, inner),
                    "#ffffff",
                    "#9aa5b1",
                    "4 3",
                );
                let range = net.subnets[*subnet].ranges.first().map(|&r| crate::space::show(r));
                let title = &net.subnets[*subnet].item.name;
                text(&mut body, At { x: x + 10.0, y: at_y + 18.0 }, 12, "#333", true, &clip(title, 19));
                let range = range.filter(|_| net.subnets[*subnet].doubt.is_none()).unwrap_or_default();
                text_end(
                    &mut body,
                    At { x: x + BOX.0 + 2.0 * GAP - 8.0, y: at_y + 18.0 },
                    10,
                    "#667",
                    &range,
                );
                for (n, &member) in members.iter().enumerate() {
                    let at = At { x: x + GAP, y: at_y + HEAD + n as f64 * (BOX.1 + GAP) };
                    places.insert(member, at);
                }
                at_y += inner + GAP;
            }
            height = height.max(at_y - y);
            x += BOX.0 + 2.0 * GAP + 60.0;
        }
        let width = x - start - 60.0 + GAP;
        let mut frame = String::new();
        rectangle(&mut frame, At { x: start, y: top }, (width, height + HEAD), "#f6f8fa", "#57606a", "");
        let range = vpc.ranges.first().filter(|_| vpc.doubt.is_none()).map(|&r| crate::space::show(r));
        let title = format!("{}  {}", vpc.item.name, range.unwrap_or_default());
        text(&mut frame, At { x: start + 12.0, y: top + 20.0 }, 13, "#24292f", true, &title);
        body = frame + &body;
        top += height + HEAD + 30.0;
        right = right.max(start + width);
        bottom = bottom.max(top);
    }
    let (mut arrows, mut labels) = (String::new(), String::new());
    let cloud = At { x: 20.0, y: 30.0 };
    for found in exposed.iter().filter(|e| e.verdict < Verdict::Blocked) {
        let Some(&to) = places.get(&found.holder) else { continue };
        let mut direct = false;
        let mut senders: Vec<Index> = Vec::new();
        for path in found.paths.iter().filter(|p| p.verdict == found.verdict) {
            match path.hops.iter().rposition(|h| h.step == Step::Forward) {
                None => direct = true,
                Some(last) => {
                    // Who hands it over: the last end before the forwarding hops.
                    let before = path.hops[..last].iter().rev().find(|h| h.step == Step::To);
                    let holder = before.and_then(|h| h.item.id).and_then(|id| net.by_resource.get(&id));
                    senders.extend(holder);
                }
            }
        }
        senders.sort_unstable();
        senders.dedup();
        let label = short(&found.services);
        let sure = found.verdict != Verdict::Unknown;
        if direct {
            arrow(
                (&mut arrows, &mut labels),
                At { x: cloud.x + 90.0, y: cloud.y + 30.0 },
                to,
                &label,
                sure,
                found.rank >= 48,
            );
        }
        for sender in senders {
            if let Some(&from) = places.get(&sender) {
                arrow(
                    (&mut arrows, &mut labels),
                    At { x: from.x + BOX.0, y: from.y + BOX.1 / 2.0 },
                    to,
                    "",
                    sure,
                    false,
                );
            }
        }
    }
    let mut nodes = String::new();
    for (&holder, &at) in &places {
        let (fill, stroke) = PALETTE[zone_of.get(&holder).map_or(7, |z| z % 7)];
        node(&mut nodes, net, holder, at, fill, stroke);
    }
    let legend_y = bottom + 14.0;
    let mut legend = String::new();
    let mut x = 20.0;
    for (z, zone) in zones.zones.iter().enumerate() {
        let (fill, stroke) = PALETTE[z % 7];
        rectangle(&mut legend, At { x, y: legend_y }, (16.0, 16.0), fill, stroke, "");
        text(&mut legend, At { x: x + 22.0, y: legend_y + 13.0 }, 12, "#24292f", false, &zone.name);
        x += 40.0 + zone.name.chars().count() as f64 * 7.2;
    }
    let (width, height) = (right.max(x).max(520.0) + 24.0, legend_y + 40.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" font-family=\"system-ui, sans-serif\">\n<rect width=\"100%\" height=\"100%\" \
         fill=\"#fff\"/>\n<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"context-stroke\"/></marker></defs>\n"
    );
    rectangle(&mut out, cloud, (90.0, 60.0), "#24292f", "#24292f", "");
    text(&mut out, At { x: cloud.x + 17.0, y: cloud.y + 35.0 }, 13, "#fff", true, "internet");
    out += &body;
    // Lines run behind the resources that they pass.
    out += &arrows;
    out += &nodes;
    out += &labels;
    out += &legend;
    out += "</svg>\n";
    out
}

/// The subnet in which a resource is drawn.
fn home(net: &Network, holder: Index) -> Option<Index> {
    net.holders[holder].interfaces.iter().find_map(|&i| net.interfaces[i].subnet)
}

fn open_subnet(net: &Network, subnet: Index) -> bool {
    let table = &net.tables[net.subnets[subnet].table];
    table.routes.iter().any(|r| matches!(r.next, crate::model::Next::Internet(_)))
}

fn node(out: &mut String, net: &Network, holder: Index, at: At, fill: &str, stroke: &str) {
    let item = &net.holders[holder].item;
    let _infallible = write!(
        out,
        "<g><title>{} ({})</title><rect x=\"{:.0}\" y=\"{:.0}\" width=\"{}\" height=\"{}\" rx=\"6\" \
         fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"1.4\"/>",
        escape(&item.name),
        item.kind,
        at.x,
        at.y,
        BOX.0,
        BOX.1
    );
    let kind = item.kind.strip_prefix("AWS::").unwrap_or(item.kind);
    let mut kind = kind
        .replace("ElasticLoadBalancingV2", "ELB")
        .replace("ElasticLoadBalancing", "ELB")
        .replace("::", " ");
    let subnets = net.holders[holder].interfaces.len();
    if subnets > 1 {
        let _infallible = write!(kind, " ×{subnets}");
    }
    text(out, At { x: at.x + 10.0, y: at.y + 20.0 }, 13, stroke, true, &clip(&item.name, 24));
    text(out, At { x: at.x + 10.0, y: at.y + 37.0 }, 11, "#444", false, &clip(&kind, 28));
    out.push_str("</g>\n");
}

fn arrow((out, labels): (&mut String, &mut String), from: At, to: At, label: &str, sure: bool, bad: bool) {
    // Into the left side of the box, from below or above in a soft curve.
    let end = At { x: to.x - 1.0, y: to.y + BOX.1 / 2.0 };
    let bend = ((end.x - from.x) / 2.0).clamp(30.0, 120.0);
    let colour = if bad { "#cf222e" } else { "#57606a" };
    let dash = if sure { "" } else { " stroke-dasharray=\"5 4\"" };
    let _infallible = writeln!(
        out,
        "<path d=\"M{:.0} {:.0}C{:.0} {:.0} {:.0} {:.0} {:.0} {:.0}\" fill=\"none\" stroke=\"{colour}\" \
         stroke-width=\"1.6\"{dash} marker-end=\"url(#a)\"/>",
        from.x,
        from.y,
        from.x + bend,
        from.y,
        end.x - bend,
        end.y,
        end.x,
        end.y
    );
    if !label.is_empty() {
        let at = At { x: end.x - 6.0, y: end.y - 6.0 };
        let _infallible = writeln!(
            labels,
            "<text x=\"{:.0}\" y=\"{:.0}\" font-size=\"11\" fill=\"{colour}\" text-anchor=\"end\" \
             paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"4\">{}</text>",
            at.x,
            at.y,
            escape(label)
        );
    }
}

fn rectangle(out: &mut String, at: At, size: (f64, f64), fill: &str, stroke: &str, dash: &str) {
    let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
    let _infallible = writeln!(
        out,
        "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"{:.0}\" height=\"{:.0}\" rx=\"8\" fill=\"{fill}\" \
         stroke=\"{stroke}\"{dash}/>",
        at.x, at.y, size.0, size.1
    );
}

fn text(out: &mut String, at: At, size: u32, fill: &str, bold: bool, words: &str) {
    let weight = if bold { " font-weight=\"600\"" } else { "" };
    let _infallible = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"{:.0}\" font-size=\"{size}\" fill=\"{fill}\"{weight}>{}</text>",
        at.x,
        at.y,
        escape(words)
    );
}

fn text_end(out: &mut String, at: At, size: u32, fill: &str, words: &str) {
    let _infallible = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"{:.0}\" font-size=\"{size}\" fill=\"{fill}\" text-anchor=\"end\">{}</text>",
        at.x,
        at.y,
        escape(words)
    );
}

fn short(services: &[crate::space::Service]) -> String {
    let mut words: Vec<String> = services.iter().take(2).map(crate::space::Service::show).collect();
    if services.len() > 2 {
        words.push("…".into());
    }
    words.join(", ")
}

fn clip(words: &str, most: usize) -> String {
    if words.chars().count() <= most {
        return words.to_owned();
    }
    words.chars().take(most - 1).chain(['…']).collect()
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
