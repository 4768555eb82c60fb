//! Where PHI flows: paths for a person, and the object `sekisho.flow/1`.

use std::io::{self, Write};

use sekisho_access::case::Verdict;
use sekisho_access::tables::Class;
use sekisho_access::who::Who;
use sekisho_facts::Moves;
use sekisho_phi::{
    Agreement, Aspect, AtRest, EdgeIndex, Encryption, Fault, Hop, Model, Node, NodeIndex, Path, Question,
    Reason, Right,
};
use serde_json::{Value, json};

use crate::access::AccessReport;
use crate::guidance::Notation;
use crate::messages::Say;
use crate::places::{Place, Places};
use crate::report::Options;
use crate::text::layout::{Style, clean, wrap};

/// Most statements that are told of one right.
const MOST_STATEMENTS: usize = 4;

/// What is asked of the flows, and how much is shown.
#[derive(Clone, Debug)]
pub struct FlowView {
    /// Which paths.
    pub question: Question,
    /// Most paths that are written.
    pub limit: usize,
}

/// Everything a hop is written from.
pub(crate) struct Teller<'t> {
    pub(crate) model: &'t Model<'t>,
    pub(crate) places: Places<'t>,
    pub(crate) say: Say,
    options: &'t Options,
}

/// Writes the paths that answer a question, worst first.
///
/// # Errors
/// What the writer reports.
pub fn flow(
    model: &Model<'_>,
    view: &FlowView,
    notation: Notation,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let teller = Teller::new(model, options);
    let (paths, total) = model.paths(&view.question, view.limit);
    match notation {
        Notation::Text => teller.text(&paths, total, view, options, out),
        Notation::Json => {
            let value = teller.object(&paths, total);
            serde_json::to_writer_pretty(&mut *out, &value)?;
            writeln!(out)
        }
    }
}

/// Writes everything about the hops between two nodes, or about the sides of one.
///
/// # Errors
/// What the writer reports.
pub fn flow_explanation(
    model: &Model<'_>,
    edges: &[EdgeIndex],
    of: Option<NodeIndex>,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let teller = Teller::new(model, options);
    let say = teller.say;
    if let Some(node) = of {
        writeln!(out, "{}", options.color.paint(Style::Strong, &teller.name(node)))?;
        for (at, reason) in model.reasons(node) {
            writeln!(
                out,
                "  {}",
                say.flow_source(format!("{}: {}", teller.name(at), teller.reason(&reason)))
            )?;
        }
        for aspect in Aspect::ALL {
            let edges = model.aspect(node, aspect);
            if edges.is_empty() {
                continue;
            }
            writeln!(out, "\n{}", options.color.paint(Style::Strong, teller.aspect(aspect)))?;
            for edge in edges {
                teller.hop(edge, options, out)?;
            }
        }
    }
    for &edge in edges {
        let from = model.graph.edge(edge).from;
        writeln!(out, "{}", options.color.paint(Style::Strong, &teller.name(from)))?;
        teller.hop(edge, options, out)?;
        let row = model.graph.edge(edge).row;
        if !row.note.is_empty() {
            for line in wrap(&clean(row.note), options.width.saturating_sub(6)) {
                writeln!(out, "      {line}")?;
            }
        }
        for page in [row.source].iter().chain(row.also) {
            writeln!(out, "      {}", say.flow_documented(page))?;
        }
        if !row.verified {
            writeln!(out, "      {}", options.color.paint(Style::Dim, say.flow_unverified()))?;
        }
    }
    out.flush()
}

impl<'t> Teller<'t> {
    pub(crate) fn new(model: &'t Model<'t>, options: &'t Options) -> Self {
        Self { model, places: Places::new(model.estate), say: Say(options.language), options }
    }

    /// Answers on access, where it was read.
    pub(crate) fn access(&self) -> Option<AccessReport<'_>> {
        let access = self.model.access.as_ref()?;
        Some(AccessReport {
            estate: self.model.estate,
            model: &access.model,
            chains: &access.chains,
            options: self.options,
        })
    }

    /// Whose right makes a flow possible, when it holds, and the statements that decide, at
    /// most `most`.
    fn right(&self, right: Right, most: usize) -> Vec<String> {
        let (Some(access), Some(report)) = (&self.model.access, self.access()) else { return Vec::new() };
        let decided = access.decided(right);
        let who = report.who(&Who::Principal(right.principal));
        let mut first = match right.class {
            Class::Write => self.say.flow_right_write(who),
            _ => self.say.flow_right_read(who),
        };
        match decided.cell.verdict() {
            Verdict::Allowed => {}
            open => {
                first.push_str(&format!(": {}", report.answer(open)));
                if let Some(condition) = report.condition(&decided.cell.formula) {
                    first.push_str(&format!(", {}", self.say.access_when(clean(&condition))));
                }
            }
        }
        let statements = decided.statements.iter().take(most);
        std::iter::once(first).chain(statements.map(|s| report.reason(s, &self.places))).collect()
    }

    /// The same as an object.
    fn right_object(&self, right: Right) -> Value {
        let (Some(access), Some(report)) = (&self.model.access, self.access()) else { return Value::Null };
        let decided = access.decided(right);
        let actions: Vec<&str> = decided.cell.actions.iter().map(|(action, _)| *action).collect();
        json!({
            "who": report.who_json(&Who::Principal(right.principal)), "class": right.class.name(),
            "answer": decided.cell.verdict(), "condition": report.condition(&decided.cell.formula),
            "actions": actions,
            "because": decided.statements.iter().map(|s| report.reason_json(s, &self.places)).collect::<Vec<_>>(),
        })
    }

    pub(crate) fn name(&self, node: NodeIndex) -> String {
        clean(&self.model.graph.nodes.get(node).name(self.model.estate)).into_owned()
    }

    fn aspect(&self, aspect: Aspect) -> &'static str {
        match aspect {
            Aspect::Front => self.say.flow_front(),
            Aspect::Back => self.say.flow_back(),
            Aspect::Logs => self.say.flow_logs(),
            Aspect::Results => self.say.flow_results(),
            Aspect::Copies => self.say.flow_copies(),
            Aspect::Failed => self.say.flow_failed(),
            Aspect::Notices => self.say.flow_notices(),
        }
    }

    /// Why a node holds PHI, in words.
    pub(crate) fn reason(&self, reason: &Reason) -> String {
        let subject = match reason {
            Reason::Declared(glob) => glob.clone(),
            Reason::Tagged(key, value) => format!("{key}={value}"),
            Reason::Found(kinds, id) => format!("{} ({id})", kinds.join(", ")),
            Reason::FlowedIn(_) | Reason::Type | Reason::Programs => String::new(),
        };
        clean(&self.say.origin(reason.name(), &subject)).into_owned()
    }

    /// How a copy is encrypted at rest, in words; none where nothing is kept.
    pub(crate) fn at_rest(&self, at_rest: &AtRest) -> Option<String> {
        Some(match at_rest {
            AtRest::NotKept => return None,
            AtRest::Key(key) => clean(key).into_owned(),
            AtRest::Service => self.say.flow_service_key().to_owned(),
            AtRest::No => self.say.flow_not_encrypted().to_owned(),
            AtRest::Unknown(why) => self.say.flow_rest_unknown(clean(why)),
        })
    }

    pub(crate) fn agreement(&self, agreement: &Agreement<'_>) -> Option<String> {
        match agreement {
            Agreement::Holds(contract) | Agreement::Expired(contract) => {
                let (kind, party) = (clean(&contract.kind), clean(&contract.counterparty));
                Some(match &contract.expires {
                    Some(day) => self.say.flow_contract_until(kind, party, day),
                    None => self.say.flow_contract(kind, party),
                })
            }
            Agreement::NotNeeded | Agreement::Missing => None,
        }
    }

    /// File, line and column of the property behind an edge.
    pub(crate) fn place(&self, edge: EdgeIndex) -> Option<(String, u32, u32)> {
        let (stack, node) = self.model.graph.edge(edge).place?;
        let estate = self.model.estate;
        let position = self.places.position(Place { stack, offset: estate.stack(stack).tree.offset(node) });
        Some((estate.stack(stack).file.clone(), position.line, position.column))
    }

    /// The words on how a hop is protected and what is wrong with it.
    pub(crate) fn verdict(&self, hop: &Hop<'_>) -> String {
        let mut words = vec![self.say.encryption(hop.encryption.name()).to_owned()];
        if let Encryption::Unknown(reason) = &hop.encryption {
            words.push(self.say.reason(reason));
        }
        let told = |fault: &&Fault| !matches!(fault, Fault::Plain | Fault::Application | Fault::Unknown);
        words.extend(hop.faults.iter().filter(told).map(|f| self.say.fault(f.name()).to_owned()));
        clean(&words.join("; ")).into_owned()
    }

    fn style(faults: &[Fault]) -> Style {
        match faults.first() {
            Some(Fault::Plain | Fault::NoContract | Fault::Expired | Fault::Account | Fault::Place) => {
                Style::Severity(sekisho_guidance::Severity::High)
            }
            Some(Fault::NotEligible) => Style::Severity(sekisho_guidance::Severity::Medium),
            Some(_) => Style::Unknown,
            None => Style::Added,
        }
    }

    fn hop(&self, index: EdgeIndex, options: &Options, out: &mut impl Write) -> io::Result<()> {
        let (hop, edge) = (self.model.hop(index), self.model.graph.edge(index));
        let node = self.model.graph.nodes.get(hop.to);
        let type_name = node.type_name(self.model.estate);
        let kind = if type_name.starts_with("external:") { "" } else { type_name };
        let mut line = format!("  → {}", self.name(hop.to));
        if !kind.is_empty() {
            line.push_str("  ");
            line.push_str(&options.color.paint(Style::Dim, &clean(kind)));
        }
        line.push_str("  ");
        line.push_str(&options.color.paint(Self::style(&hop.faults), &self.verdict(&hop)));
        writeln!(out, "{line}")?;
        let mut about = vec![self.say.moves(moves(hop.moves)).to_owned()];
        if edge.right.is_none() {
            about.push(self.say.flow_via(format!("{} {}", self.model.estate.id(edge.holder), edge.row.path)));
        }
        if let Some((file, line, column)) = self.place(index) {
            about.push(format!("{file}:{line}:{column}"));
        }
        if let Some(key) = self.at_rest(&hop.at_rest) {
            about.push(self.say.flow_key(key));
        }
        about.extend(self.agreement(&hop.agreement));
        let place = hop.region.iter().map(String::as_str).chain(hop.country).collect::<Vec<_>>().join(" ");
        if !place.is_empty() {
            about.push(place);
        }
        if edge.possible {
            about.push(self.say.flow_possible().to_owned());
        }
        if !edge.world.is_empty() {
            about.push(self.say.flow_world(&edge.world));
        }
        for line in wrap(&clean(&about.join(" · ")), options.width.saturating_sub(6)) {
            writeln!(out, "      {}", options.color.paint(Style::Dim, &line))?;
        }
        for line in edge.right.iter().flat_map(|&right| self.right(right, MOST_STATEMENTS)) {
            for line in wrap(&clean(&line), options.width.saturating_sub(6)) {
                writeln!(out, "      {}", options.color.paint(Style::Dim, &line))?;
            }
        }
        Ok(())
    }

    fn text(
        &self,
        paths: &[Path],
        total: usize,
        view: &FlowView,
        options: &Options,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let (say, model) = (self.say, self.model);
        writeln!(out, "{}", options.color.paint(Style::Strong, say.flow_title()))?;
        let counts = model.counts();
        writeln!(
            out,
            "{}",
            say.flow_sources(counts.sources, counts.declared, counts.evidenced, counts.assumed, counts.flows)
        )?;
        if paths.is_empty() {
            writeln!(out, "\n{}", say.flow_none())?;
        }
        for path in paths {
            let worst = path.worst.map_or(String::new(), |fault| format!("  {}", say.fault(fault.name())));
            let label = match path.level.strength {
                2 => sekisho_guidance::Label::Declared,
                1 => sekisho_guidance::Label::Evidenced,
                _ => sekisho_guidance::Label::Assumed,
            };
            let node = model.graph.nodes.get(path.source);
            writeln!(
                out,
                "\n{}  {}  {}{}",
                options.color.paint(Style::Strong, &self.name(path.source)),
                options.color.paint(Style::Dim, &clean(node.type_name(model.estate))),
                say.label(label),
                options.color.paint(Self::style(path.worst.as_slice()), &worst),
            )?;
            if let Some((_, reason)) = model.reasons(path.source).last() {
                writeln!(
                    out,
                    "      {}",
                    options.color.paint(Style::Dim, &say.flow_source(self.reason(reason)))
                )?;
            }
            for &edge in &path.edges {
                self.hop(edge, options, out)?;
            }
        }
        if total > paths.len() {
            writeln!(out, "\n{}", say.flow_more(total - paths.len(), total))?;
        }
        self.rest(view, options, out)?;
        out.flush()
    }

    /// What was not followed, contradicts, or is only possible.
    fn rest(&self, view: &FlowView, options: &Options, out: &mut impl Write) -> io::Result<()> {
        let (say, model) = (self.say, self.model);
        let contradictions = model.contradictions();
        if !contradictions.is_empty() {
            writeln!(out, "\n{}", options.color.paint(Style::Strong, say.flow_contradictions()))?;
            for found in &contradictions {
                let from = found.path.first().map(|edge| self.name(model.graph.edge(*edge).from));
                let said = say.flow_said(clean(&found.said));
                writeln!(out, "  {} ← {} ({said})", self.name(found.node), from.unwrap_or_default())?;
            }
        }
        if !model.graph.gaps.is_empty() {
            writeln!(out, "\n{}", options.color.paint(Style::Strong, say.flow_gaps()))?;
            const MOST: usize = 20;
            for gap in model.graph.gaps.iter().take(MOST) {
                writeln!(out, "  {} {}: {}", clean(model.estate.id(gap.holder)), gap.path, clean(&gap.text))?;
            }
            if model.graph.gaps.len() > MOST {
                writeln!(out, "  {}", say.map_folded(model.graph.gaps.len() - MOST))?;
            }
        }
        if !model.unmatched.is_empty() {
            let list: Vec<&str> = model.unmatched.iter().map(|finding| finding.bucket.as_str()).collect();
            writeln!(out, "\n{}", say.flow_unmatched(clean(&list.join(", "))))?;
        }
        writeln!(out)?;
        if !view.question.possible {
            let asked = Question { possible: true, ..view.question.clone() };
            let (_, possible) = model.paths(&asked, 0);
            if possible > 0 {
                writeln!(out, "{}", say.flow_possible_more(possible))?;
            }
        }
        if !model.graph.conditional.is_empty() {
            writeln!(out, "{}", say.flow_conditional(model.graph.conditional.len()))?;
        }
        if model.graph.edges.iter().any(|edge| !edge.world.is_empty()) {
            writeln!(out, "{}", say.flow_worlds())?;
        }
        if view.question.possible
            && let Some(access) = &model.access
        {
            if let Some(world) = &access.model.world {
                writeln!(out, "{}", say.access_world(clean(world)))?;
            }
            if model.graph.left_out > 0 {
                writeln!(out, "{}", say.flow_left_out(model.graph.left_out))?;
            }
            if !access.model.gaps.is_empty() {
                writeln!(out, "{}", say.flow_access_gaps(access.model.gaps.len()))?;
            }
        }
        Ok(())
    }

    fn object(&self, paths: &[Path], total: usize) -> Value {
        let model = self.model;
        let estate = model.estate;
        let address = |node: NodeIndex| model.graph.nodes.get(node).address(estate);
        let counts = model.counts();
        json!({
            "schema": "sekisho.flow/1",
            "sources": {"all": counts.sources, "declared": counts.declared, "evidenced": counts.evidenced,
                        "assumed": counts.assumed},
            "paths": paths.iter().map(|path| json!({
                "source": address(path.source),
                "source_type": model.graph.nodes.get(path.source).type_name(estate),
                "label": strength(path.level.strength),
                "carries": carries(path.level.kind),
                "worst": path.worst.map(Fault::name),
                "possible": path.possible,
                "reasons": model.reasons(path.source).iter().map(|(node, reason)| json!({
                    "node": address(*node), "reason": reason.name(), "text": self.reason(reason),
                })).collect::<Vec<_>>(),
                "hops": path.edges.iter().map(|edge| self.hop_object(*edge)).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "total": total,
            "contradictions": model.contradictions().iter().map(|found| json!({
                "node": address(found.node), "said": found.said,
                "hops": found.path.iter().map(|edge| self.hop_object(*edge)).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "not_followed": model.graph.gaps.iter().map(|gap| json!({
                "holder": estate.address(gap.holder), "path": gap.path, "text": gap.text,
            })).collect::<Vec<_>>(),
            "possible_left_out": model.graph.left_out,
            "findings_without_bucket": model.unmatched.iter().map(|f| &f.bucket).collect::<Vec<_>>(),
            "conditional": model.graph.conditional.iter().map(|id| estate.address(*id)).collect::<Vec<_>>(),
        })
    }

    /// One hop as an object of `sekisho.flow/1`.
    pub(crate) fn hop_object(&self, index: EdgeIndex) -> Value {
        let (hop, edge) = (self.model.hop(index), self.model.graph.edge(index));
        let estate = self.model.estate;
        let (from, to) = (self.model.graph.nodes.get(hop.from), self.model.graph.nodes.get(hop.to));
        let agreement = match hop.agreement {
            Agreement::NotNeeded => Value::Null,
            Agreement::Missing => json!({"state": "missing"}),
            Agreement::Holds(c) => json!({"state": "holds", "kind": c.kind, "counterparty": c.counterparty,
                "expires": c.expires, "reference": c.reference}),
            Agreement::Expired(c) => {
                json!({"state": "expired", "kind": c.kind, "counterparty": c.counterparty,
                "expires": c.expires, "reference": c.reference})
            }
        };
        let at_rest = match &hop.at_rest {
            AtRest::Key(key) => json!({"state": "key", "key": key}),
            AtRest::Service => json!({"state": "service"}),
            AtRest::No => json!({"state": "no"}),
            AtRest::Unknown(why) => json!({"state": "unknown", "why": why}),
            AtRest::NotKept => Value::Null,
        };
        json!({
            "from": from.address(estate), "from_type": from.type_name(estate),
            "to": to.address(estate), "to_type": to.type_name(estate),
            "holder": estate.address(edge.holder), "via": edge.row.path,
            "moves": moves(hop.moves),
            "encryption": hop.encryption.name(),
            "reason": match &hop.encryption { Encryption::Unknown(why) => json!(why.to_string()), _ => Value::Null },
            "eligible": hop.eligible, "at_rest": at_rest,
            "account": hop.account, "region": hop.region, "country": hop.country,
            "agreement": agreement,
            "faults": hop.faults.iter().map(|fault| fault.name()).collect::<Vec<_>>(),
            "possible": edge.possible,
            "right": edge.right.map(|right| self.right_object(right)),
            "when": if edge.world.is_empty() { Value::Null } else { json!(edge.world) },
            "origin": self.place(index).map(|(file, line, column)| {
                json!({"file": file, "line": line, "column": column})
            }),
            "documentation": edge.row.source, "further_documentation": edge.row.also, "verified": edge.row.verified,
        })
    }
}

/// Name of a strength in every output.
pub(crate) fn strength(strength: u8) -> &'static str {
    match strength {
        2 => "declared",
        1 => "evidenced",
        _ => "assumed",
    }
}

/// Name of what is carried, in every output.
pub(crate) fn carries(kind: sekisho_phi::closure::Carries) -> &'static str {
    use sekisho_phi::closure::Carries;
    match kind {
        Carries::Content => "content",
        Carries::Metadata => "metadata",
        Carries::Logs => "logs",
        Carries::Nothing => "nothing",
    }
}

/// Name of what moves, in every output.
pub(crate) fn moves(moves: Moves) -> &'static str {
    match moves {
        Moves::Content => "content",
        Moves::Metadata => "metadata",
        Moves::Logs => "logs",
        Moves::Control => "control",
    }
}

/// The nodes that a person means by a name, or what was probably meant.
///
/// # Errors
/// A sentence for the person.
pub fn flow_nodes(model: &Model<'_>, name: &str, options: &Options) -> Result<Vec<NodeIndex>, String> {
    let found = model.find(name);
    if !found.is_empty() {
        return Ok(found);
    }
    let names: Vec<String> =
        model.graph.nodes.iter().map(|(_, node): (_, &Node)| node.name(model.estate)).collect();
    let meant = sekisho_facts::did_you_mean(name, names.iter().map(String::as_str));
    let sentence = Say(options.language).flow_no_node(name);
    Err(meant.map_or(sentence.clone(), |meant| format!("{sentence}; did you mean {meant}?")))
}
