//! The network as a drawing: VPCs, their subnets by layer, resources in the colour of their
//! zone, and the ways from the internet. One SVG file that needs nothing else.
//!
//! A VPC has three columns of frames: what the internet reaches, what works, what keeps PHI. A
//! frame holds the resources of one set of subnets and breaks them into columns, so that a
//! subnet with forty resources is no higher than one with eight. Lines run in the gaps between
//! resources, each forwarder in a lane of its own. What links VPCs stands at the right.
//! O(resources × subnets).

mod layout;
mod svg;

use std::fmt::Write as _;

use crate::engine::Verdict;
use crate::engine::trail::Step;
use crate::exposure::Exposed;
use crate::model::{Index, Network};
use crate::zones::Zones;
use layout::{Layout, Slot};
use svg::{At, at, clip, escape, heading, label, line, rectangle, text, upwards};

pub(super) const CELL: (f64, f64) = (172.0, 40.0);
pub(super) const GAP: f64 = 14.0;
pub(super) const HEAD: f64 = 26.0;
/// Between columns of a VPC, where lines run.
pub(super) const GUTTER: f64 = 56.0;
const INTERNET: (At, (f64, f64)) = (At { x: 16.0, y: 72.0 }, (84.0, 46.0));
/// Distance of the lanes of two forwarders.
const LANE: f64 = 5.0;
const GREY: &str = "#57606a";
const RED: &str = "#cf222e";

/// Colours of the inferred zones: fill and line.
const ZONES: [(&str, &str, &str); 5] = [
    ("internet-facing", "#fde8d7", "#a8480c"),
    ("application", "#dbe9f9", "#1f5a99"),
    ("phi-data", "#f9dce8", "#a11d5c"),
    ("management", "#ece4f7", "#5b3a99"),
    ("shared", "#e9ebee", "#4a525c"),
];
/// Colours of zones that tags name.
const OTHERS: [(&str, &str); 4] =
    [("#e3f1df", "#33702a"), ("#faf0cf", "#7d6000"), ("#dcf1f1", "#0f6b6b"), ("#f1e6da", "#75522a")];

/// Draws a network.
#[must_use]
pub fn draw(net: &Network, zones: &Zones, exposed: &[Exposed]) -> String {
    let colours = colours(zones);
    let mut zone_of: Vec<Option<usize>> = vec![None; net.holders.len()];
    for (z, zone) in zones.zones.iter().enumerate() {
        zone.members.iter().for_each(|&member| zone_of[member] = Some(z));
    }
    let ways = ways(net, exposed);
    let fed: Vec<Index> = ways.forwards.iter().map(|f| f.1).collect();
    let first = INTERNET.0.x + INTERNET.1.0 + 110.0;
    let layout = Layout::new(net, zones, &zone_of, (&ways.reached, &fed), at(first, INTERNET.0.y));
    let (mut lines, mut labels) = (String::new(), String::new());
    for (holder, services, sure, bad) in &ways.direct {
        let Some(slot) = layout.slots.get(holder) else { continue };
        let stroke = if *bad { RED } else { GREY };
        let from = at(INTERNET.0.x + INTERNET.1.0, INTERNET.0.y + INTERNET.1.1 / 2.0);
        let trunk = from.x + 16.0;
        let mut points = vec![from, at(trunk, from.y)];
        points.extend(into(slot, trunk));
        line(&mut lines, &points, stroke, !sure, true);
        let y = points.iter().rev().nth(1).map_or(slot.at.y, |p| p.y) - 4.0;
        let width = services.chars().count() as f64 * 6.4;
        label(&mut labels, at((slot.left - width - 8.0).max(trunk + 8.0), y), stroke, services);
    }
    for (sender, receiver, sure) in &ways.forwards {
        let (Some(from), Some(to)) = (layout.slots.get(sender), layout.slots.get(receiver)) else { continue };
        let out = at(from.at.x + CELL.0, from.at.y + CELL.1 / 2.0);
        let aside = from.edge - GAP > out.x + 1.0;
        let lane = out.x.max(from.edge) + 6.0 + ways.lane(*sender) * LANE;
        // Past the resources beside it in the gap below.
        let mut points = vec![out];
        if aside {
            let y = from.at.y + CELL.1 + GAP / 2.0;
            points =
                vec![at(from.at.x + CELL.0 - 12.0, from.at.y + CELL.1), at(from.at.x + CELL.0 - 12.0, y)];
            points.push(at(lane, y));
        } else {
            points.push(at(lane, out.y));
        }
        points.extend(into(to, lane));
        line(&mut lines, &points, GREY, !sure, true);
    }
    let mut out = String::new();
    for frame in &layout.vpcs {
        rectangle(&mut out, frame.at, frame.size, "#f6f8fa", GREY, "");
        text(&mut out, at(frame.at.x + 12.0, frame.at.y + 18.0), 13, "#24292f", true, &frame.title);
        if !frame.note.is_empty() {
            let y = frame.at.y + frame.size.1 - 8.0;
            text(&mut out, at(frame.at.x + 12.0, y), 11, GREY, false, &frame.note);
        }
    }
    for frame in &layout.frames {
        rectangle(&mut out, frame.at, frame.size, "#ffffff", "#9aa5b1", "4 3");
    }
    let right = links(net, &layout, &mut out);
    out += &lines;
    // Words stand before the lines that pass.
    for frame in &layout.frames {
        let most = ((frame.size.0 - 20.0) / 7.8) as usize;
        heading(&mut out, at(frame.at.x + 10.0, frame.at.y + 17.0), &clip(&frame.title, most));
        let left = frame.size.0 - 24.0 - frame.title.chars().count() as f64 * 7.8;
        if frame.note.chars().count() as f64 * 5.8 < left {
            let _infallible = writeln!(
                out,
                "<text x=\"{:.0}\" y=\"{:.0}\" font-size=\"10\" fill=\"{GREY}\" text-anchor=\"end\">{}</text>",
                frame.at.x + frame.size.0 - 8.0,
                frame.at.y + 17.0,
                escape(&frame.note)
            );
        }
    }
    for (&holder, slot) in &layout.slots {
        let colour = zone_of[holder].map_or((OTHERS[0].0, OTHERS[0].1), |z| colours[z]);
        node(&mut out, net, holder, slot.at, colour);
    }
    out += &labels;
    let end = legend(zones, &colours, &mut out);
    let (width, height) = (right.max(end) + 16.0, layout.bottom.max(INTERNET.0.y + INTERNET.1.1) + 16.0);
    rectangle(&mut out, INTERNET.0, INTERNET.1, "#24292f", "#24292f", "");
    text(&mut out, at(INTERNET.0.x + 14.0, INTERNET.0.y + 28.0), 13, "#fff", true, "internet");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" font-family=\"system-ui, sans-serif\">\n<rect width=\"100%\" height=\"100%\" \
         fill=\"#fff\"/>\n<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"context-stroke\"/></marker></defs>\n\
         {out}</svg>\n"
    )
}

/// From a lane to a resource: into its left side where it is the first of its row, else in the
/// gap above the row and down into it.
fn into(slot: &Slot, lane: f64) -> Vec<At> {
    let middle = slot.at.y + CELL.1 / 2.0;
    if slot.column == 0 {
        return vec![at(lane, middle), at(slot.at.x - 1.0, middle)];
    }
    let (x, y) = (slot.at.x + 14.0, slot.at.y - GAP / 2.0);
    vec![at(lane, y), at(x, y), at(x, slot.at.y - 1.0)]
}

/// The ways that are drawn.
struct Ways {
    /// From the internet: to whom, on which services, whether surely, whether it is bad.
    direct: Vec<(Index, String, bool, bool)>,
    /// From a forwarder to whom, and whether surely.
    forwards: Vec<(Index, Index, bool)>,
    /// Everything that the internet reaches without a forwarder.
    reached: Vec<Index>,
    senders: Vec<Index>,
}

impl Ways {
    fn lane(&self, sender: Index) -> f64 {
        self.senders.iter().position(|&s| s == sender).unwrap_or(0) as f64 % 8.0
    }
}

fn ways(net: &Network, exposed: &[Exposed]) -> Ways {
    let mut ways =
        Ways { direct: Vec::new(), forwards: Vec::new(), reached: Vec::new(), senders: Vec::new() };
    for found in exposed.iter().filter(|e| e.verdict < Verdict::Blocked) {
        let sure = found.verdict != Verdict::Unknown;
        let mut direct = false;
        for path in found.paths.iter().filter(|p| p.verdict == found.verdict) {
            let Some(last) = path.hops.iter().rposition(|h| h.step == Step::Forward) else {
                direct = true;
                continue;
            };
            // Who hands it over: the last end before the forwarding hops.
            let before = path.hops[..last].iter().rev().find(|h| h.step == Step::To);
            let holder = before.and_then(|h| h.item.id).and_then(|id| net.by_resource.get(&id));
            if let Some(&sender) = holder {
                ways.forwards.push((sender, found.holder, sure));
            }
        }
        if direct {
            ways.direct.push((found.holder, short(&found.services), sure, found.rank >= 48));
            ways.reached.push(found.holder);
        }
    }
    ways.forwards.sort_unstable();
    ways.forwards.dedup();
    ways.senders = ways.forwards.iter().map(|f| f.0).collect();
    ways.senders.dedup();
    ways
}

/// What links VPCs, at their right: transit gateways, peerings, and lines to on-premises
/// networks. The right edge.
fn links(net: &Network, layout: &Layout, out: &mut String) -> f64 {
    let edge = layout.vpcs.iter().map(|f| f.at.x + f.size.0).fold(0.0, f64::max);
    let mut rail = edge + 34.0;
    let mut draw = |name: &str, vpcs: &[Index], outside: bool| {
        // Out of the upper edge, and to the right between the rows of VPCs.
        let nth = (rail - edge) / 34.0 - 1.0;
        let mut ends: Vec<(f64, f64)> = vpcs
            .iter()
            .filter_map(|&v| layout.vpcs.iter().find(|f| f.vpc == v))
            .map(|f| (f.at.x + f.size.0 - 24.0 - nth * 12.0, f.at.y))
            .collect();
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (Some(top), Some(low)) = (ends.first().map(|e| e.1), ends.last().map(|e| e.1)) else { return };
        let name = if outside { format!("{name} (on-premises)") } else { name.to_owned() };
        // Long enough for its name.
        let words = name.chars().count() as f64 * 7.6 + 4.0;
        let (top, low) = (top - 8.0 - nth * 4.0, (low - 8.0 - nth * 4.0).max(top + words));
        line(out, &[at(rail, top), at(rail, low)], GREY, false, false);
        for (x, y) in ends {
            let gap = y - 8.0 - nth * 4.0;
            line(out, &[at(x, y), at(x, gap), at(rail, gap)], GREY, false, false);
        }
        upwards(out, at(rail + 15.0, top + words), GREY, &name);
        rail += 34.0;
    };
    for (item, transit) in &net.transits {
        let vpcs: Vec<Index> = transit.attachments.iter().filter_map(|a| a.vpc).collect();
        draw(&item.name, &vpcs, transit.attachments.iter().any(|a| !a.on_premises.is_empty()));
    }
    for peering in &net.peerings {
        let vpcs: Vec<Index> = peering.sides.iter().flatten().copied().collect();
        draw(&peering.item.name, &vpcs, false);
    }
    for (at, gateway) in net.privates.iter().enumerate() {
        let vpcs: Vec<Index> = (0..net.vpcs.len()).filter(|&v| net.vpcs[v].private == Some(at)).collect();
        draw(&gateway.item.name, &vpcs, true);
    }
    rail
}

fn colours(zones: &Zones) -> Vec<(&'static str, &'static str)> {
    let mut others = OTHERS.iter().cycle();
    zones
        .zones
        .iter()
        .map(|zone| {
            let known = ZONES.iter().find(|(name, ..)| zone.name.starts_with(name));
            known.map(|&(_, fill, stroke)| (fill, stroke)).or_else(|| others.next().copied())
        })
        .map(|colour| colour.unwrap_or(OTHERS[0]))
        .collect()
}

fn legend(zones: &Zones, colours: &[(&str, &str)], out: &mut String) -> f64 {
    let mut x = 16.0;
    for (zone, (fill, stroke)) in zones.zones.iter().zip(colours) {
        rectangle(out, at(x, 14.0), (16.0, 16.0), fill, stroke, "");
        let words = format!("{} ({})", zone.name, zone.members.len());
        text(out, at(x + 22.0, 27.0), 12, "#24292f", false, &words);
        x += 44.0 + words.chars().count() as f64 * 7.0;
    }
    x
}

fn node(out: &mut String, net: &Network, holder: Index, place: At, (fill, stroke): (&str, &str)) {
    let item = &net.holders[holder].item;
    let subnets: Vec<&str> = net.holders[holder]
        .interfaces
        .iter()
        .filter_map(|&i| net.interfaces[i].subnet)
        .map(|s| net.subnets[s].item.name.as_str())
        .collect();
    let inside = if subnets.is_empty() { String::new() } else { format!(" in {}", subnets.join(", ")) };
    let _infallible =
        writeln!(out, "<g><title>{} ({}){}</title>", escape(&item.name), item.kind, escape(&inside));
    rectangle(out, place, CELL, fill, stroke, "");
    let kind = item.kind.strip_prefix("AWS::").unwrap_or(item.kind);
    let kind = kind
        .replace("ElasticLoadBalancingV2", "ELB")
        .replace("ElasticLoadBalancing", "ELB")
        .replace("OpenSearchService", "OpenSearch")
        .replace("::", " ");
    text(out, at(place.x + 9.0, place.y + 17.0), 12, stroke, true, &clip(&item.name, 20));
    text(out, at(place.x + 9.0, place.y + 32.0), 11, "#444", false, &clip(&kind, 24));
    out.push_str("</g>\n");
}

fn short(services: &[crate::space::Service]) -> String {
    let mut words: Vec<String> = services.iter().take(2).map(crate::space::Service::show).collect();
    if services.len() > 2 {
        words.push("…".into());
    }
    words.join(", ")
}
