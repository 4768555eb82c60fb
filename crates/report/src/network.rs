//! What can be reached, for people and as JSON (`sekisho.reach/1`).

use std::io::{self, Write};

use sekisho_estate::{Estate, NodeId, StackIndex};
use sekisho_network::engine::trail::{Block, Hop, Step};
use sekisho_network::exposure::{Exposed, anywhere};
use sekisho_network::model::{Doubt, Item, Role};
use sekisho_network::space::{Range, Service, is_v4, show, size};
use sekisho_network::zones::{Basis, Finding, Zones};
use sekisho_network::{Answer, Network, Path, Verdict};

use crate::guidance::Notation;
use crate::messages::Say;
use crate::places::Lines;
use crate::report::Options;
use crate::sink::Sink;
use crate::text::layout::{Style, clean, pad, width, wrap};

/// A question and its answer.
#[derive(Clone, Debug)]
pub struct Asked {
    /// From where, as the user wrote it.
    pub from: String,
    /// To where.
    pub to: String,
    /// The services that were asked about.
    pub services: Vec<Service>,
    /// The answer.
    pub answer: Answer,
}

/// A writer with what it needs to name places.
struct Page<'a> {
    estate: &'a Estate,
    options: &'a Options,
    say: Say,
}

/// Writes the answers to a question (several where an end is a subnet or group).
///
/// # Errors
/// What the writer reports.
pub fn reach(
    (estate, network): (&Estate, &Network),
    asked: &[Asked],
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let page = Page { estate, options, say: Say(options.language) };
    match notation {
        Notation::Text => {
            for asked in asked {
                page.answer(asked, out)?;
            }
            page.holds_for(network, out)?;
            out.flush()
        }
        Notation::Json => {
            let mut sink = head(network, "reach", out);
            sink.key("answers");
            sink.open('[');
            for asked in asked {
                sink.line();
                sink.open('{');
                sink.text("from", &asked.from);
                sink.text("to", &asked.to);
                sink.strings("services", asked.services.iter().map(Service::show));
                sink.text("verdict", asked.answer.verdict.name());
                page.doubts_json(&asked.answer.doubts, &mut sink);
                sink.key("paths");
                sink.open('[');
                for path in &asked.answer.paths {
                    page.path_json(path, &mut sink);
                }
                sink.close(']');
                sink.count("more_paths", asked.answer.more);
                sink.close('}');
            }
            sink.close_line(']');
            sink.close('}');
            sink.finish()
        }
    }
}

/// Writes what the internet reaches.
///
/// # Errors
/// What the writer reports.
pub fn exposed(
    (estate, network): (&Estate, &Network),
    found: &[Exposed],
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let page = Page { estate, options, say: Say(options.language) };
    match notation {
        Notation::Text => page.exposed(network, found, out),
        Notation::Json => {
            let mut sink = head(network, "exposed", out);
            sink.key("exposed");
            sink.open('[');
            for exposed in found {
                sink.line();
                sink.open('{');
                page.item_json("resource", &network.holders[exposed.holder].item, &mut sink);
                sink.text("role", network.holders[exposed.holder].role.name());
                sink.text("verdict", exposed.verdict.name());
                sink.strings("services", exposed.services.iter().map(Service::show));
                sink.strings("sources", exposed.sources.iter().map(|&r| show(r)));
                sink.key("from_anywhere");
                sink.boolean(exposed.from_anywhere());
                sink.key("paths");
                sink.open('[');
                for path in &exposed.paths {
                    page.path_json(path, &mut sink);
                }
                sink.close(']');
                sink.close('}');
                sink.relieve()?;
            }
            sink.close_line(']');
            sink.close('}');
            sink.finish()
        }
    }
}

/// Writes the zones, what passes between them, and what is wrong with them.
///
/// # Errors
/// What the writer reports.
pub fn zones(
    (estate, network): (&Estate, &Network),
    zones: &Zones,
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let page = Page { estate, options, say: Say(options.language) };
    match notation {
        Notation::Text => page.zones(network, zones, out),
        Notation::Json => page.zones_json(network, zones, out),
    }
}

fn head<'w, W: Write>(network: &Network, kind: &str, out: &'w mut W) -> Sink<'w, W> {
    let mut sink = Sink::new(out);
    sink.open('{');
    sink.text("schema", "sekisho.reach/1");
    sink.text("kind", kind);
    sink.strings("holds_for", &network.holds_for);
    sink
}

impl Page<'_> {
    fn bold(&self, text: &str) -> String {
        self.options.color.paint(Style::Strong, text)
    }

    /// Addresses in few words.
    fn sources(&self, ranges: &[Range]) -> String {
        // Without what no packet on the internet comes from, "anywhere" is all of it.
        let (v4, v6): (Vec<Range>, Vec<Range>) = ranges.iter().copied().partition(|&r| is_v4(r));
        let mut words = Vec::new();
        let all = |ranges: &[Range], bits: u32| size(ranges) >= 1 << bits;
        if all(&v4, 31) && (v6.is_empty() || all(&v6, 124)) {
            return self.say.network_from_anywhere().to_owned();
        }
        if all(&v6, 124) {
            words.push("::/0".to_owned());
        } else {
            words.extend(v6.iter().take(4).map(|&r| show(r)));
        }
        if all(&v4, 31) {
            words.push("0.0.0.0/0".to_owned());
        } else {
            words.extend(v4.iter().take(6).map(|&r| show(r)));
        }
        if v4.len() > 6 || v6.len() > 4 {
            words.push("…".into());
        }
        self.say.network_from(words.join(", "))
    }

    /// Addresses as they are.
    fn addresses(ranges: &[Range]) -> String {
        let mut words: Vec<String> = ranges.iter().take(6).map(|&r| show(r)).collect();
        if ranges.len() > 6 {
            words.push("…".into());
        }
        words.join(", ")
    }

    fn services(&self, services: &[Service]) -> String {
        if services.contains(&Service::ALL) {
            return self.say.network_every().to_owned();
        }
        let mut words: Vec<String> = services.iter().take(8).map(Service::show).collect();
        if services.len() > 8 {
            words.push("…".into());
        }
        words.join(", ")
    }

    fn place(&self, at: Option<(StackIndex, NodeId)>) -> String {
        let Some((stack, node)) = at else { return String::new() };
        let stack = self.estate.stack(stack);
        let text = stack.tree.source();
        let position = Lines::new(text).position(text, stack.tree.offset(node));
        format!("{}:{}", stack.file, position.line)
    }

    fn answer(&self, asked: &Asked, out: &mut impl Write) -> io::Result<()> {
        let question = self.say.network_question(&asked.from, &asked.to);
        let services = self.services(&asked.services);
        let verdict = self.say.answer(asked.answer.verdict);
        writeln!(out, "{}", self.bold(&clean(&format!("{question} ({services}): {verdict}"))))?;
        let open = asked.answer.paths.iter().filter(|p| p.verdict != Verdict::Blocked);
        for (number, path) in open.enumerate() {
            writeln!(out)?;
            self.path(number + 1, path, out)?;
        }
        if asked.answer.more > 0 {
            writeln!(out, "\n{}", self.say.network_more(asked.answer.more))?;
        }
        if let Some(nearest) = asked.answer.paths.iter().find(|p| p.verdict == Verdict::Blocked)
            && asked.answer.verdict != Verdict::Reachable
        {
            writeln!(out, "\n{}", self.bold(self.say.network_blocked_by()))?;
            for block in &nearest.blocks {
                self.block(block, out)?;
            }
        }
        if !asked.answer.doubts.is_empty() {
            writeln!(out, "\n{}", self.bold(self.say.network_doubts()))?;
            for doubt in &asked.answer.doubts {
                writeln!(out, "- {}: {}", clean(&doubt.of), clean(&self.say.reason(&doubt.why)))?;
            }
        }
        writeln!(out)
    }

    fn block(&self, block: &Block, out: &mut impl Write) -> io::Result<()> {
        let change = self.say.change(&block.change);
        let line = self.say.network_blocked_line(self.say.step(block.step), &block.item.name, change);
        let reply = if block.reply { self.say.network_blocked_reply() } else { "" };
        let line = format!("{line} {reply}");
        for (at, line) in
            wrap(&clean(line.trim_end()), self.options.width.saturating_sub(2)).iter().enumerate()
        {
            writeln!(out, "{}{line}", if at == 0 { "- " } else { "  " })?;
        }
        Ok(())
    }

    fn path(&self, number: usize, path: &Path, out: &mut impl Write) -> io::Result<()> {
        let head = self.say.network_path(number, self.services(&path.services), self.sources(&path.sources));
        writeln!(out, "{}", clean(&head))?;
        let steps = path.hops.iter().map(|hop| width(self.say.step(hop.step))).max().unwrap_or(0);
        let back = width(self.say.network_back());
        for hop in &path.hops {
            let reply = if hop.reply { self.say.network_back() } else { "" };
            let rule = hop.rule.as_ref().map_or(String::new(), |rule| format!(": {}", rule.text));
            let place = self.place(hop.rule.as_ref().and_then(|rule| rule.at));
            let place = if place.is_empty() { String::new() } else { format!("  [{place}]") };
            let line = format!(
                "  {}  {}  {}{rule}{place}",
                pad(reply, back),
                pad(self.say.step(hop.step), steps),
                hop.item.name
            );
            writeln!(out, "{}", clean(line.trim_end()))?;
        }
        if let Some((from, to)) = path.client_ports {
            writeln!(out, "  {}", self.say.network_client_ports(format!("{from}-{to}")))?;
        }
        if path.verdict == Verdict::Partly {
            let addresses = Self::addresses(&path.destinations);
            writeln!(out, "  {}", self.say.network_destinations(addresses))?;
        }
        if path.inspected {
            writeln!(out, "  {}", self.say.network_inspected())?;
        }
        if path.verdict == Verdict::Unknown {
            for doubt in &path.doubts {
                writeln!(out, "  ? {}: {}", clean(&doubt.of), clean(&self.say.reason(&doubt.why)))?;
            }
        }
        Ok(())
    }

    fn holds_for(&self, network: &Network, out: &mut impl Write) -> io::Result<()> {
        if network.holds_for.is_empty() {
            return Ok(());
        }
        let mut values: Vec<&str> = network.holds_for.iter().take(6).map(String::as_str).collect();
        if network.holds_for.len() > 6 {
            values.push("…");
        }
        let line = self.say.network_holds_for(values.join(", "));
        for line in wrap(&clean(&line), self.options.width) {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    fn exposed(&self, network: &Network, found: &[Exposed], out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", self.bold(self.say.network_exposed_title()))?;
        if network.holders.is_empty() {
            writeln!(out, "{}", self.say.network_no_network())?;
            return out.flush();
        }
        let unknown = found.iter().filter(|e| e.verdict == Verdict::Unknown).count();
        let reachable = found.len() - unknown;
        let others = network.holders.iter().filter(|h| h.role != Role::Nat).count() - found.len();
        if reachable == 0 {
            writeln!(out, "{}", self.say.network_exposed_none(unknown))?;
        } else {
            writeln!(out, "{}", self.say.network_exposed_count(reachable, unknown, others))?;
        }
        for exposed in found {
            let item = &network.holders[exposed.holder].item;
            let from = if anywhere(&exposed.sources) && exposed.sources.len() > 6 {
                self.say.network_from_anywhere().to_owned()
            } else {
                self.sources(&exposed.sources)
            };
            let line = format!(
                "{} ({}): {}; {}; {}",
                item.name,
                item.kind,
                self.say.answer(exposed.verdict),
                self.services(&exposed.services),
                from
            );
            writeln!(out, "\n{}", self.bold(&clean(&line)))?;
            let best = exposed.paths.iter().filter(|p| p.verdict == exposed.verdict);
            let mut ways: Vec<String> = best.map(|path| self.way(path)).collect();
            ways.dedup();
            for way in ways.iter().take(4) {
                for (at, line) in wrap(&clean(way), self.options.width.saturating_sub(4)).iter().enumerate() {
                    writeln!(out, "  {}{line}", if at == 0 { "" } else { "  " })?;
                }
            }
            if let Some(path) = exposed.paths.iter().find(|p| p.verdict == Verdict::Unknown)
                && exposed.verdict == Verdict::Unknown
            {
                for doubt in &path.doubts {
                    writeln!(out, "  ? {}: {}", clean(&doubt.of), clean(&self.say.reason(&doubt.why)))?;
                }
            }
        }
        writeln!(out)?;
        self.holds_for(network, out)?;
        out.flush()
    }

    /// The components of a path in one line, with the rules of security groups.
    fn way(&self, path: &Path) -> String {
        let mut words: Vec<String> = Vec::new();
        for hop in path.hops.iter().filter(|hop| !hop.reply) {
            let word = match hop.step {
                Step::AclIn | Step::AclOut | Step::Route | Step::PublicAddress | Step::GroupOut => continue,
                Step::GroupIn => match &hop.rule {
                    Some(rule) => format!("{} ({})", hop.item.name, rule.text),
                    None => hop.item.name.clone(),
                },
                _ => hop.item.name.clone(),
            };
            if words.last() != Some(&word) {
                words.push(word);
            }
        }
        words.join(" > ")
    }

    fn zones(&self, network: &Network, zones: &Zones, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", self.bold(self.say.network_zones_title()))?;
        if zones.zones.is_empty() {
            writeln!(out, "{}", self.say.network_no_network())?;
            return out.flush();
        }
        for zone in &zones.zones {
            let basis = match zone.basis {
                Basis::Tag => self.say.network_zone_tag(),
                Basis::Inferred => self.say.network_zone_inferred(),
            };
            let mut names: Vec<&str> =
                zone.members.iter().take(12).map(|&m| network.holders[m].item.name.as_str()).collect();
            if zone.members.len() > 12 {
                names.push("…");
            }
            let line = self.say.network_zone_line(&zone.name, basis, names.join(", "));
            for (at, line) in wrap(&clean(&line), self.options.width.saturating_sub(2)).iter().enumerate() {
                writeln!(out, "{}{line}", if at == 0 { "- " } else { "  " })?;
            }
        }
        writeln!(out, "\n{}", self.bold(self.say.network_matrix_title()))?;
        for (at, services) in zones.internet.iter().enumerate() {
            if !services.is_empty() {
                let line =
                    self.say.network_matrix_line("internet", &zones.zones[at].name, self.services(services));
                writeln!(out, "- {}", clean(&line))?;
            }
        }
        for (a, row) in zones.matrix.iter().enumerate() {
            for (b, services) in row.iter().enumerate() {
                if !services.is_empty() {
                    let (from, to) = (&zones.zones[a].name, &zones.zones[b].name);
                    let line = self.say.network_matrix_line(from, to, self.services(services));
                    writeln!(out, "- {}", clean(&line))?;
                }
            }
        }
        writeln!(out, "\n{}", self.bold(self.say.network_findings_title()))?;
        if zones.findings.is_empty() {
            writeln!(out, "{}", self.say.network_findings_none())?;
        }
        for finding in &zones.findings {
            let line = self.finding(finding);
            for (at, line) in wrap(&clean(&line), self.options.width.saturating_sub(2)).iter().enumerate() {
                writeln!(out, "{}{line}", if at == 0 { "- " } else { "  " })?;
            }
        }
        writeln!(out)?;
        self.holds_for(network, out)?;
        out.flush()
    }

    fn finding(&self, finding: &Finding) -> String {
        let say = self.say;
        match finding {
            Finding::OpenBoundary { from, to } => say.network_open_boundary(from, to),
            Finding::SharedSegment { segment, zones } => {
                say.network_shared_segment(&segment.name, zones.join(", "))
            }
            Finding::UnevenControls { zone, control, values } => {
                let values: Vec<String> = values.iter().map(|(v, who)| format!("{v} ({who})")).collect();
                say.network_uneven_controls(zone, control, values.join(", "))
            }
            Finding::InspectionBypassed { zone, member } => {
                say.network_inspection_bypassed(&member.name, zone)
            }
            Finding::DataReached { zone, member } => say.network_data_reached(&member.name, zone),
            Finding::LayerSkipped { from, to, services } => {
                say.network_layer_skipped(from, to, self.services(services))
            }
        }
    }

    // ---- JSON -----------------------------------------------------------

    fn item_json(&self, key: &'static str, item: &Item, sink: &mut Sink<'_, impl Write>) {
        sink.key(key);
        sink.open('{');
        sink.text("name", &item.name);
        sink.maybe("type", Some(item.kind).filter(|kind| !kind.is_empty()));
        let address = item.id.map(|id| self.estate.address(id));
        sink.maybe("address", address.as_deref());
        sink.close('}');
    }

    fn doubts_json(&self, doubts: &[Doubt], sink: &mut Sink<'_, impl Write>) {
        sink.key("doubts");
        sink.open('[');
        for doubt in doubts {
            sink.open('{');
            sink.text("of", &doubt.of);
            sink.text("code", doubt.why.code.name());
            sink.text("reason", &doubt.why.to_string());
            sink.close('}');
        }
        sink.close(']');
    }

    fn path_json(&self, path: &Path, sink: &mut Sink<'_, impl Write>) {
        sink.open('{');
        sink.text("verdict", path.verdict.name());
        sink.strings("services", path.services.iter().map(Service::show));
        sink.strings("sources", path.sources.iter().map(|&r| show(r)));
        sink.maybe("client_ports", path.client_ports.map(|(a, b)| format!("{a}-{b}")).as_deref());
        sink.strings(
            "destinations",
            path.destinations.iter().filter(|_| path.verdict == Verdict::Partly).map(|&r| show(r)),
        );
        sink.key("inspected");
        sink.boolean(path.inspected);
        sink.key("hops");
        sink.open('[');
        for hop in &path.hops {
            self.hop_json(hop, sink);
        }
        sink.close(']');
        sink.key("blocks");
        sink.open('[');
        for block in &path.blocks {
            sink.open('{');
            sink.text("step", block.step.name());
            self.item_json("component", &block.item, sink);
            sink.key("reply");
            sink.boolean(block.reply);
            let (change, rule) = block.change.parts();
            sink.text("change", change);
            sink.maybe("rule", Some(rule).filter(|rule| !rule.is_empty()));
            sink.close('}');
        }
        sink.close(']');
        self.doubts_json(&path.doubts, sink);
        sink.close('}');
    }

    fn hop_json(&self, hop: &Hop, sink: &mut Sink<'_, impl Write>) {
        sink.open('{');
        sink.text("step", hop.step.name());
        self.item_json("component", &hop.item, sink);
        sink.key("reply");
        sink.boolean(hop.reply);
        sink.maybe("rule", hop.rule.as_ref().map(|rule| rule.text.as_str()));
        let at = hop.rule.as_ref().and_then(|rule| rule.at);
        sink.maybe("file", at.map(|(stack, _)| self.estate.stack(stack).file.as_str()));
        let line = at.map_or(0, |(stack, node)| {
            let stack = self.estate.stack(stack);
            let text = stack.tree.source();
            Lines::new(text).position(text, stack.tree.offset(node)).line
        });
        sink.place("line", line);
        sink.close('}');
    }

    fn zones_json(&self, network: &Network, zones: &Zones, out: &mut impl Write) -> io::Result<()> {
        let mut sink = head(network, "zones", out);
        sink.key("zones");
        sink.open('[');
        for zone in &zones.zones {
            sink.line();
            sink.open('{');
            sink.text("name", &zone.name);
            sink.text("basis", if zone.basis == Basis::Tag { "tag" } else { "inferred" });
            sink.count("layer", zone.layer.into());
            sink.key("members");
            sink.open('[');
            for &member in &zone.members {
                let address = network.holders[member].item.id.map(|id| self.estate.address(id));
                sink.string(&address.unwrap_or_else(|| network.holders[member].item.name.clone()));
            }
            sink.close(']');
            sink.close('}');
        }
        sink.close_line(']');
        sink.key("matrix");
        sink.open('[');
        let internet = zones.internet.iter().enumerate().map(|(b, services)| ("internet", b, services));
        let between = zones.matrix.iter().enumerate().flat_map(|(a, row)| {
            row.iter().enumerate().map(move |(b, services)| (zones.zones[a].name.as_str(), b, services))
        });
        for (from, to, services) in internet.chain(between).filter(|(.., services)| !services.is_empty()) {
            sink.line();
            sink.open('{');
            sink.text("from", from);
            sink.text("to", &zones.zones[to].name);
            sink.strings("services", services.iter().map(Service::show));
            sink.close('}');
        }
        sink.close_line(']');
        sink.key("findings");
        sink.open('[');
        let english = Page { say: Say(sekisho_guidance::Language::En), ..*self };
        for finding in &zones.findings {
            sink.line();
            sink.open('{');
            sink.text("finding", finding.name());
            sink.text("message", &english.finding(finding));
            sink.close('}');
        }
        sink.close_line(']');
        sink.close('}');
        sink.finish()
    }
}
