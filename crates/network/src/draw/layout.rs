//! Where everything stands.

use std::collections::BTreeMap;

use super::svg::{At, at};
use super::{CELL, GAP, GUTTER, HEAD};
use crate::model::{Index, Network, Next};
use crate::zones::Zones;

/// Resources of a frame before a further column is begun.
const ROWS: usize = 7;
/// Most columns of a frame.
const COLUMNS: usize = 4;
/// Height of the line that names what is empty.
const NOTE: f64 = 18.0;
/// Between VPCs, where the lines of what links them run.
const BETWEEN: f64 = 30.0;
/// A row of VPCs is at least that wide before the next one is begun.
const WIDE: f64 = 1400.0;

/// Where a resource stands.
pub(super) struct Slot {
    pub(super) at: At,
    /// Its column in its frame.
    pub(super) column: usize,
    /// The right edge of its frame, where lanes begin.
    pub(super) edge: f64,
    /// The left edge of its VPC, or its own.
    pub(super) left: f64,
}

/// A VPC or a set of subnets.
pub(super) struct Frame {
    pub(super) at: At,
    pub(super) size: (f64, f64),
    pub(super) title: String,
    pub(super) note: String,
    pub(super) vpc: Index,
}

/// The whole drawing.
pub(super) struct Layout {
    pub(super) slots: BTreeMap<Index, Slot>,
    pub(super) frames: Vec<Frame>,
    pub(super) vpcs: Vec<Frame>,
    pub(super) bottom: f64,
}

impl Layout {
    pub(super) fn new(
        net: &Network,
        zones: &Zones,
        zone_of: &[Option<usize>],
        (reached, fed): (&[Index], &[Index]),
        start: At,
    ) -> Self {
        let mut layout =
            Self { slots: BTreeMap::new(), frames: Vec::new(), vpcs: Vec::new(), bottom: start.y };
        // By the subnets that a resource is in.
        let mut sets: BTreeMap<Vec<Index>, Vec<Index>> = BTreeMap::new();
        for (holder, h) in net.holders.iter().enumerate() {
            let mut subnets: Vec<Index> =
                h.interfaces.iter().filter_map(|&i| net.interfaces[i].subnet).collect();
            subnets.sort_unstable();
            subnets.dedup();
            sets.entry(subnets).or_default().push(holder);
        }
        // What the internet reaches first, then what forwarders feed, then by zone.
        for members in sets.values_mut() {
            members.sort_by_key(|m| (!reached.contains(m), !fed.contains(m), zone_of[*m], *m));
        }
        let outside = sets.remove(&Vec::new()).unwrap_or_default();
        let mut left = start.x;
        if !outside.is_empty() {
            let columns = outside.len().div_ceil(14).clamp(1, COLUMNS);
            let width = layout.cells(&outside, columns, start);
            let rows = outside.len().div_ceil(columns) as f64;
            layout.bottom = start.y + rows * (CELL.1 + GAP);
            left += width + GUTTER + 40.0;
        }
        let mut drawn: Vec<(bool, Self)> = Vec::new();
        let (top, origin) = (0.0, 0.0);
        for vpc in 0..net.vpcs.len() {
            let own: Vec<(&Vec<Index>, &Vec<Index>)> =
                sets.iter().filter(|(set, _)| net.subnets[set[0]].vpc == vpc).collect();
            let subnets = net.subnets.iter().enumerate().filter(|(_, s)| s.vpc == vpc);
            let empty: Vec<&str> = subnets
                .filter(|(at, _)| !own.iter().any(|(set, _)| set.contains(at)))
                .map(|(_, s)| s.item.name.as_str())
                .collect();
            if own.is_empty() && empty.is_empty() {
                continue;
            }
            let column = |members: &[Index], set: &[Index]| {
                let mut zones = members.iter().filter_map(|&m| zone_of[m]).map(|z| &zones.zones[z]);
                if zones.clone().any(|zone| zone.layer <= 1) || set.iter().any(|&s| open(net, s)) {
                    0
                } else if zones.any(|zone| zone.name.starts_with("phi-data")) {
                    2
                } else {
                    1
                }
            };
            let mut one = Self { slots: BTreeMap::new(), frames: Vec::new(), vpcs: Vec::new(), bottom: 0.0 };
            let mut x = origin + GAP;
            let mut low = top + HEAD;
            for wanted in 0..3 {
                let (mut y, mut widest) = (top + HEAD, 0.0_f64);
                for (set, members) in own.iter().filter(|(set, members)| column(members, set) == wanted) {
                    let size = one.frame(net, vpc, set, members, reached, at(x, y));
                    y += size.1 + GAP;
                    widest = widest.max(size.0);
                }
                if widest > 0.0 {
                    x += widest + GUTTER;
                }
                low = low.max(y);
            }
            let named = &net.vpcs[vpc];
            let range = named.ranges.first().filter(|_| named.doubt.is_none());
            let range = range.map_or(String::new(), |&r| format!("  {}", crate::space::show(r)));
            let note = if empty.is_empty() { String::new() } else { format!("empty: {}", empty.join(", ")) };
            let low = if note.is_empty() { low } else { low + NOTE };
            let title = format!("{}{range}", named.item.name);
            let width = (x - GUTTER + GAP - origin)
                .max(title.chars().count() as f64 * 8.4 + 24.0)
                .max(note.chars().count() as f64 * 6.4 + 24.0);
            one.vpcs.push(Frame { at: at(origin, top), size: (width, low - top), title, note, vpc });
            let met = one.slots.keys().any(|holder| reached.contains(holder));
            drawn.push((met, one));
        }
        // What the internet reaches stands at the left, where its lines come in; the others fill
        // the rows.
        drawn.sort_by_key(|(met, _)| !met);
        let size = |one: &Self| one.vpcs[0].size;
        let limit = drawn.iter().map(|(_, one)| size(one).0).fold(WIDE, f64::max);
        let (mut x, mut y, mut high) = (left, start.y - 10.0, 0.0_f64);
        for (met, one) in drawn {
            let (width, height) = size(&one);
            if x > left && (met || x + width > left + limit) {
                (x, y, high) = (left, y + high + BETWEEN, 0.0);
            }
            layout.take(one, at(x, y));
            (x, high) = (x + width + BETWEEN, high.max(height));
            layout.bottom = layout.bottom.max(y + high);
        }
        layout
    }

    /// Takes a drawn part in, moved to its place.
    fn take(&mut self, part: Self, to: At) {
        let moved = |from: At| at(from.x + to.x, from.y + to.y);
        for (holder, slot) in part.slots {
            let slot = Slot { at: moved(slot.at), edge: slot.edge + to.x, left: to.x, ..slot };
            self.slots.insert(holder, slot);
        }
        self.frames.extend(part.frames.into_iter().map(|f| Frame { at: moved(f.at), ..f }));
        self.vpcs.extend(part.vpcs.into_iter().map(|f| Frame { at: moved(f.at), ..f }));
    }

    /// Places the resources of one set of subnets and their frame. Its size.
    fn frame(
        &mut self,
        net: &Network,
        vpc: Index,
        set: &[Index],
        members: &[Index],
        reached: &[Index],
        place: At,
    ) -> (f64, f64) {
        // What the internet reaches stands one below the other, so that lines come in from the left.
        let met = members.iter().filter(|m| reached.contains(m)).count();
        let columns = members.len().div_ceil(ROWS.max(met.min(12))).clamp(1, COLUMNS);
        let rows = members.len().div_ceil(columns) as f64;
        let width = self.cells(members, columns, at(place.x + GAP, place.y + HEAD)) + 2.0 * GAP;
        let size = (width, rows * (CELL.1 + GAP) + HEAD + 2.0);
        for holder in members {
            if let Some(slot) = self.slots.get_mut(holder) {
                slot.edge = place.x + width;
            }
        }
        let names: Vec<&str> = set.iter().map(|&s| net.subnets[s].item.name.as_str()).collect();
        let blocks: Vec<String> = set
            .iter()
            .filter(|&&s| net.subnets[s].doubt.is_none())
            .filter_map(|&s| net.subnets[s].ranges.first().map(|&r| crate::space::show(r)))
            .collect();
        self.frames.push(Frame { at: place, size, title: together(&names), note: blocks.join(", "), vpc });
        size
    }

    /// Places resources in columns, down the first one first. The width.
    fn cells(&mut self, members: &[Index], columns: usize, place: At) -> f64 {
        let rows = members.len().div_ceil(columns).max(1);
        let width = columns as f64 * (CELL.0 + GAP) - GAP;
        for (n, &holder) in members.iter().enumerate() {
            let (column, row) = (n / rows, n % rows);
            let cell = at(place.x + column as f64 * (CELL.0 + GAP), place.y + row as f64 * (CELL.1 + GAP));
            self.slots.insert(holder, Slot { at: cell, column, edge: place.x + width, left: cell.x });
        }
        width
    }
}

/// `AppA, …B` for `AppA` and `AppB`.
fn together(names: &[&str]) -> String {
    let Some((first, rest)) = names.split_first() else { return String::new() };
    let mut title = (*first).to_owned();
    for name in rest {
        let common = first.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
        let own: String = name.chars().skip(common).collect();
        title += if common > 3 && !own.is_empty() { ", …" } else { ", " };
        title += if common > 3 && !own.is_empty() { &own } else { name };
    }
    title
}

fn open(net: &Network, subnet: Index) -> bool {
    let table = &net.tables[net.subnets[subnet].table];
    table.routes.iter().any(|r| matches!(r.next, Next::Internet(_)))
}

#[cfg(test)]
mod tests {
    use sekisho_graph::Names;
    use sekisho_source_cloudformation::{Options, SourceFile, read};

    use super::*;
    use crate::model::Assumptions;

    /// On an estate of three VPCs and more than fifty resources everything has one place, nothing
    /// lies on anything else, and the whole fits a screen.
    #[test]
    fn fifty_resources_have_room() {
        let bytes = include_bytes!("../../tests/data/fifty.json").to_vec();
        let estate =
            read(vec![SourceFile { path: "t.json".into(), bytes, named: true }], &Options::default());
        let net = Network::new(&estate, &Names::new(&estate), &Assumptions::default());
        let exposed = net.exposed();
        let zones = net.zones(&estate, &|_| true, &exposed);
        let mut zone_of = vec![None; net.holders.len()];
        for (z, zone) in zones.zones.iter().enumerate() {
            zone.members.iter().for_each(|&m| zone_of[m] = Some(z));
        }
        let reached: Vec<Index> = exposed.iter().map(|e| e.holder).collect();
        let layout = Layout::new(&net, &zones, &zone_of, (&reached, &[]), at(200.0, 60.0));
        assert!(net.holders.len() >= 50);
        assert_eq!(layout.slots.len(), net.holders.len());
        let apart = |a: (At, (f64, f64)), b: (At, (f64, f64))| {
            a.0.x + a.1.0 <= b.0.x
                || b.0.x + b.1.0 <= a.0.x
                || a.0.y + a.1.1 <= b.0.y
                || b.0.y + b.1.1 <= a.0.y
        };
        let slots: Vec<&Slot> = layout.slots.values().collect();
        for (n, a) in slots.iter().enumerate() {
            for b in &slots[n + 1..] {
                assert!(apart((a.at, CELL), (b.at, CELL)), "{:?} lies on {:?}", a.at, b.at);
            }
        }
        for list in [&layout.vpcs, &layout.frames] {
            for (n, a) in list.iter().enumerate() {
                for b in &list[n + 1..] {
                    assert!(apart((a.at, a.size), (b.at, b.size)), "{} lies on {}", a.title, b.title);
                }
            }
        }
        let right = layout.vpcs.iter().map(|f| f.at.x + f.size.0).fold(0.0, f64::max);
        assert!(right < 2000.0 && layout.bottom < 1400.0, "{right} x {}", layout.bottom);
    }
}
