//! Who can reach the data, for people and for programs (`sekisho.access/1`).

use std::io::{self, Write};

use sekisho_access::ask::{Ask, Asker, verdict};
use sekisho_access::case::{DeniedBy, DenyEffect, Kind, Verdict};
use sekisho_access::decide::Outcome;
use sekisho_access::escalation::Escalations;
use sekisho_access::explain::{Reason, ReasonEffect};
use sekisho_access::formula::Formula;
use sekisho_access::model::{Encryption, Model, PrincipalId, Session, StoreId};
use sekisho_access::policy::Place as PolicyPlace;
use sekisho_access::show;
use sekisho_access::tables::Class;
use sekisho_access::who::{ASSUME, Chains, Distance, Exposure, Row, Who};
use sekisho_estate::{Estate, StackIndex};
use sekisho_guidance::Label;
use serde_json::{Map, Value, json};

use crate::guidance::Notation;
use crate::messages::Say;
use crate::places::{Place, Places};
use crate::report::Options;
use crate::text::layout::{Style, clean, pad, width, wrap};

/// Most gaps that a text names.
const MOST_GAPS: usize = 12;

/// Answers questions about access.
pub struct AccessReport<'a> {
    /// The estate.
    pub estate: &'a Estate,
    /// Its accounts.
    pub model: &'a Model,
    /// Who can become whom.
    pub chains: &'a Chains,
    /// How it is written.
    pub options: &'a Options,
}

impl std::fmt::Debug for AccessReport<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessReport").finish_non_exhaustive()
    }
}

/// Stores with their label, in the order of the model: those that may hold PHI.
#[must_use]
pub fn phi_stores(
    model: &Model,
    label: impl Fn(sekisho_estate::ResourceId) -> Label,
) -> Vec<(StoreId, Label)> {
    (0..u32::try_from(model.stores.len()).unwrap_or(0))
        .filter_map(|id| {
            let label = label(model.stores[id as usize].resource?);
            (label != Label::None).then_some((id, label))
        })
        .collect()
}

impl AccessReport<'_> {
    fn say(&self) -> Say {
        Say(self.options.language)
    }

    pub(crate) fn class(&self, class: Class) -> &'static str {
        let say = self.say();
        match class {
            Class::ReadContent => say.access_read(),
            Class::ReadMetadata => say.access_metadata(),
            Class::Write => say.access_write(),
            Class::Delete => say.access_delete(),
            Class::Administer => say.access_administer(),
            Class::Decrypt => say.access_decrypt(),
        }
    }

    pub(crate) fn answer(&self, verdict: Verdict) -> &'static str {
        let say = self.say();
        match verdict {
            Verdict::Allowed => say.access_allowed(),
            Verdict::Denied => say.access_denied(),
            Verdict::Conditional => say.access_conditional(),
            Verdict::Unknown => say.access_unknown(),
            Verdict::Ambiguous => say.access_ambiguous(),
        }
    }

    fn distance(&self, distance: Distance) -> &'static str {
        let say = self.say();
        match distance {
            Distance::Anyone => say.access_anyone(),
            Distance::OtherAccount => say.access_other_account(),
            Distance::Provider => say.access_provider(),
            Distance::Service => say.access_service(),
            Distance::Inside => say.access_inside(),
        }
    }

    pub(crate) fn who(&self, who: &Who) -> String {
        match who {
            Who::Anyone => self.say().access_anyone().to_owned(),
            Who::AnyAccount => self.say().access_any_account().to_owned(),
            other => clean(&self.model.who_name(other)).into_owned(),
        }
    }

    fn store_name(&self, store: StoreId) -> String {
        let store = &self.model.stores[store as usize];
        match store.resource {
            Some(id) => self.estate.address(id),
            None => store.name.to_string(),
        }
    }

    fn where_is(&self, places: &Places<'_>, at: Option<PolicyPlace>) -> Option<(String, u32, u32)> {
        let at = at?;
        let stack = self.estate.stacks.get(at.stack as usize)?;
        let offset = stack.tree.offset(at.node);
        let position = places.position(Place { stack: StackIndex(at.stack), offset });
        Some((stack.file.clone(), position.line, position.column))
    }

    /// Who can do something with a store.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn who_can(
        &self,
        ask: &Ask<'_>,
        class: Class,
        store: StoreId,
        notation: Notation,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let rows = self.model.who_can(ask, self.chains, class, store);
        let exposure = self.model.exposure(ask, self.chains, class, store);
        let places = Places::new(self.estate);
        if notation == Notation::Json {
            let rows: Vec<Value> = rows
                .iter()
                .map(|row| self.row_json(row, &self.because(ask, row, class, store), &places))
                .collect();
            return self.object(
                json!({"kind": "who-can", "class": class.name(), "store": self.store_name(store)}),
                vec![("rows", Value::from(rows)), ("exposure", self.exposure_json(&exposure))],
                out,
            );
        }
        let say = self.say();
        self.title(&say.access_who_can(self.class(class), clean(&self.store_name(store))), out)?;
        if rows.is_empty() {
            writeln!(out, "{}", say.access_nobody())?;
        }
        for row in &rows {
            self.row(row, &self.because(ask, row, class, store), &places, out)?;
        }
        self.exposure(&exposure, out)?;
        self.closing(out)
    }

    /// How far a capability reaches outside the account, with a request that shows it.
    fn exposure(&self, exposure: &Exposure, out: &mut impl Write) -> io::Result<()> {
        let say = self.say();
        let Some(who) = &exposure.who else { return Ok(()) };
        let distance = match exposure.organization {
            Some(true) => say.access_same_organization(),
            Some(false) if exposure.distance == Distance::OtherAccount => say.access_other_organization(),
            _ => self.distance(exposure.distance),
        };
        writeln!(out, "\n{}", say.access_exposure(self.who(who), distance, self.answer(exposure.verdict)))?;
        let keys = exposure.witness.as_ref().map(|witness| {
            let keys = witness.iter().map(|(key, value)| match value {
                Some(value) => format!("{key}={}", self.model.holes.show(value)),
                None => format!("{key}-"),
            });
            keys.collect::<Vec<_>>().join(" ")
        });
        match keys {
            Some(keys) if !keys.is_empty() => self.lines(&[say.access_witness(clean(&keys))], out),
            _ => Ok(()),
        }
    }

    fn exposure_json(&self, exposure: &Exposure) -> Value {
        let witness = exposure.witness.as_ref().map(|keys| {
            let shown = keys.iter().map(|(key, value)| {
                (key.clone(), json!(value.as_ref().map(|value| self.model.holes.show(value))))
            });
            Value::Object(shown.collect())
        });
        json!({
            "answer": exposure.verdict,
            "distance": distance_name(exposure.distance),
            "who": exposure.who.as_ref().map(|who| self.who_json(who)),
            "same_organization": exposure.organization,
            "witness": witness,
        })
    }

    /// The statements that let the last of a chain in.
    fn because(&self, ask: &Ask<'_>, row: &Row, class: Class, store: StoreId) -> Vec<Reason> {
        let last = row.chain.last().map_or_else(|| row.who.clone(), |hop| Who::Principal(hop.role));
        let reasons = match &last {
            Who::Principal(id) => ask.reasons(&ask.asker(*id), class, store),
            outside => match outside.outside() {
                Some(subject) => ask.reasons(&Asker::outside(&subject), class, store),
                None => Vec::new(),
            },
        };
        reasons
            .into_iter()
            .filter(|reason| reason.effect != ReasonEffect::Short && reason.at.is_some())
            .collect()
    }

    fn row(
        &self,
        row: &Row,
        because: &[Reason],
        places: &Places<'_>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let say = self.say();
        let found = verdict(&row.cell.formula);
        writeln!(
            out,
            "{}  {} ({})",
            self.options.color.paint(Style::Strong, &self.who(&row.who)),
            self.answer(found),
            self.distance(row.who.distance())
        )?;
        let mut lines = Vec::new();
        lines.extend(self.chain(row));
        if !matches!(row.cell.formula, Formula::True | Formula::False) {
            lines.push(say.access_when(clean(&show::formula(&row.cell.formula, &self.model.holes))));
        }
        let actions: Vec<&str> = row.cell.actions.iter().map(|(action, _)| *action).collect();
        lines.push(say.access_actions(actions.join(", ")));
        lines.extend(self.people(&row.who));
        lines.extend(because.iter().map(|reason| self.reason(reason, places)));
        self.lines(&lines, out)
    }

    /// The roles that are taken on the way; none when there are none.
    pub(crate) fn chain(&self, row: &Row) -> Option<String> {
        let say = self.say();
        let hops: Vec<String> = row
            .chain
            .iter()
            .map(|hop| {
                let name = clean(&self.model.principals[hop.role as usize].name).into_owned();
                if hop.by == ASSUME { say.access_assume(name) } else { say.access_gain(name, hop.by) }
            })
            .collect();
        (!hops.is_empty()).then(|| hops.join(say.access_then()))
    }

    /// Groups of a user, and what runs as a role.
    fn people(&self, who: &Who) -> Vec<String> {
        let Who::Principal(id) = who else { return Vec::new() };
        let principal = &self.model.principals[*id as usize];
        let mut lines = Vec::new();
        if !principal.groups.is_empty() {
            let groups: Vec<&str> =
                principal.groups.iter().map(|&group| &*self.model.groups[group as usize].name).collect();
            lines.push(self.say().access_groups(clean(&groups.join(", "))));
        }
        if !principal.used_by.is_empty() {
            let used = self.used_by(*id);
            lines.push(self.say().access_runs(clean(&used.join(", "))));
        }
        lines
    }

    /// What runs as a role; the policies of its session limit some of it.
    pub(crate) fn used_by(&self, role: PrincipalId) -> Vec<String> {
        let sessions = &self.model.sessions;
        let within = |id| sessions.iter().any(|session| session.resource == id && session.role == role);
        let used = self.model.principals[role as usize].used_by.iter();
        used.map(|&id| match self.estate.id(id) {
            name if within(id) => self.say().access_within_session(name),
            name => name.to_owned(),
        })
        .collect()
    }

    pub(crate) fn reason(&self, reason: &Reason, places: &Places<'_>) -> String {
        let say = self.say();
        let effect = match reason.effect {
            ReasonEffect::Allow => say.access_allows(),
            ReasonEffect::Deny => say.access_denies(),
            ReasonEffect::Short => say.access_short(),
        };
        let policy = reason.policy.as_deref().unwrap_or_else(|| kind_name(reason.kind));
        let mut text = say.access_statement(clean(policy), reason.index + 1);
        if let Some(sid) = &reason.sid {
            text.push_str(&format!(" ({})", clean(sid)));
        }
        let place = self.where_is(places, reason.at).map_or_else(
            || kind_name(reason.kind).to_owned(),
            |(file, line, column)| format!("{}:{line}:{column}", clean(&file)),
        );
        match &reason.note {
            Some(note) => format!("{place}  {effect}  {text}: {}", clean(note)),
            None => format!("{place}  {effect}  {text}"),
        }
    }

    fn title(&self, text: &str, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}\n", self.options.color.paint(Style::Strong, text))
    }

    fn lines(&self, lines: &[String], out: &mut impl Write) -> io::Result<()> {
        for line in lines {
            for (index, part) in wrap(line, self.options.width.saturating_sub(6)).iter().enumerate() {
                writeln!(out, "{}{part}", if index == 0 { "    " } else { "      " })?;
            }
        }
        Ok(())
    }

    /// What the answer does not cover, and for which world it is.
    fn closing(&self, out: &mut impl Write) -> io::Result<()> {
        let say = self.say();
        if !self.model.gaps.is_empty() {
            writeln!(out, "\n{} ({})", say.access_gaps(), self.model.gaps.len())?;
            for gap in self.model.gaps.iter().take(MOST_GAPS) {
                writeln!(out, "    {}: {}", clean(&gap.at), clean(&gap.what))?;
            }
        }
        if let Some(world) = &self.model.world {
            writeln!(out, "\n{}", say.access_world(clean(world)))?;
        }
        out.flush()
    }

    // --- One principal ----------------------------------------------------------

    /// What somebody can do with every store.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn what_can(
        &self,
        ask: &Ask<'_>,
        principal: PrincipalId,
        session: Option<&Session>,
        notation: Notation,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let who = &self.model.principals[principal as usize];
        let name = session.map_or(&*who.name, |session| &*session.name);
        let asker = session.map_or_else(|| ask.asker(principal), |session| ask.session(session));
        let mut rows = Vec::new();
        for store in 0..u32::try_from(self.model.stores.len()).unwrap_or(0) {
            let cells: Vec<(Class, sekisho_access::ask::Cell)> = Class::ALL
                .into_iter()
                .map(|class| (class, ask.can(&asker, class, store)))
                .filter(|(_, cell)| cell.formula != Formula::False)
                .collect();
            if !cells.is_empty() {
                rows.push((store, cells));
            }
        }
        let assumes: Vec<(PrincipalId, &Formula)> = (0..)
            .zip(&self.chains.into)
            .flat_map(|(role, into)| into.iter().map(move |(from, formula)| (role, from, formula)))
            .filter(|(_, from, _)| **from == Who::Principal(principal))
            // What a session may assume is within its own policies.
            .filter(|(role, ..)| {
                session.is_none() || {
                    let role = &self.model.principals[*role as usize];
                    ask.assume(&asker, "sts:assumerole", role).formula != Formula::False
                }
            })
            .map(|(role, _, formula)| (role, formula))
            .collect();
        if notation == Notation::Json {
            let stores: Vec<Value> = rows
                .iter()
                .map(|(store, cells)| {
                    let classes: Map<String, Value> = cells
                        .iter()
                        .map(|(class, cell)| (class.name().to_owned(), self.cell_json(cell)))
                        .collect();
                    json!({"store": self.store_name(*store), "classes": classes})
                })
                .collect();
            let roles: Vec<Value> = assumes
                .iter()
                .map(|(role, formula)| {
                    json!({"role": self.model.principals[*role as usize].name, "answer": verdict(formula), "condition": self.condition(formula)})
                })
                .collect();
            return self.object(
                json!({"kind": "what-can", "principal": name, "arn": self.model.holes.show(&who.subject.arn)}),
                vec![("stores", Value::from(stores)), ("assumes", Value::from(roles))],
                out,
            );
        }
        let say = self.say();
        self.title(&say.access_what_can(clean(name)), out)?;
        match session {
            Some(_) => self.lines(&[say.access_session_of(clean(&who.name))], out)?,
            None => self.lines(&self.people(&Who::Principal(principal)), out)?,
        }
        if rows.is_empty() {
            writeln!(out, "-")?;
        }
        for (store, cells) in &rows {
            writeln!(out, "{}", self.options.color.paint(Style::Strong, &clean(&self.store_name(*store))))?;
            let lines: Vec<String> = cells
                .iter()
                .map(|(class, cell)| {
                    let answer = self.answer(verdict(&cell.formula));
                    match self.condition(&cell.formula) {
                        Some(condition) => {
                            format!(
                                "{}: {answer}, {}",
                                self.class(*class),
                                say.access_when(clean(&condition))
                            )
                        }
                        None => format!("{}: {answer}", self.class(*class)),
                    }
                })
                .collect();
            self.lines(&lines, out)?;
        }
        for (role, formula) in assumes {
            let role = &self.model.principals[role as usize].name;
            let mut line = say.access_target(clean(role));
            if let Some(condition) = self.condition(formula) {
                line.push_str(&format!(", {}", say.access_when(clean(&condition))));
            }
            writeln!(out, "{line}")?;
        }
        self.closing(out)
    }

    /// The answer on one request, with the statements that decide.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn can(
        &self,
        question: (&str, &str, &str),
        outcome: &Outcome,
        reasons: &[Reason],
        key: Option<(&str, &str, &Formula)>,
        notation: Notation,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let (who, action, resource) = question;
        let places = Places::new(self.estate);
        if notation == Notation::Json {
            let reasons: Vec<Value> =
                reasons.iter().map(|reason| self.reason_json(reason, &places)).collect();
            return self.object(
                json!({"kind": "can", "principal": who, "action": action, "resource": resource}),
                vec![
                    ("answer", json!(outcome.verdict)),
                    ("denied_by", json!(outcome.denied_by)),
                    ("condition", json!(self.condition(&outcome.formula))),
                    ("reasons", Value::from(reasons)),
                    (
                        "key",
                        json!(key.map(|(name, action, needed)| json!({
                            "key": name, "action": action, "answer": verdict(needed),
                            "condition": self.condition(needed),
                        }))),
                    ),
                ],
                out,
            );
        }
        let say = self.say();
        self.title(&say.access_can(clean(who), clean(action), clean(resource)), out)?;
        writeln!(out, "{}", self.options.color.paint(Style::Strong, self.answer(outcome.verdict)))?;
        let mut lines = Vec::new();
        match outcome.denied_by {
            Some(DeniedBy { effect: DenyEffect::Explicit, kind }) => {
                lines.push(format!("{}: {}", say.access_explicit(), kind_name(kind)));
            }
            Some(DeniedBy { effect: DenyEffect::Implicit, kind }) => {
                lines.push(say.access_implicit(kind_name(kind)));
            }
            None => {}
        }
        if let Some(condition) = self.condition(&outcome.formula) {
            lines.push(say.access_when(clean(&condition)));
        }
        lines.extend(reasons.iter().map(|reason| self.reason(reason, &places)));
        if let Some((key, action, needed)) = key {
            let answer = self.answer(verdict(needed));
            lines.push(say.access_needs_key(action, clean(key), answer));
        }
        self.lines(&lines, out)?;
        self.closing(out)
    }

    // --- Escalation ---------------------------------------------------------------

    /// Who is and who can make itself an administrator.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn escalation(
        &self,
        found: &Escalations,
        notation: Notation,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let name = |id: PrincipalId| &*self.model.principals[id as usize].name;
        if notation == Notation::Json {
            let administrators: Vec<&str> = found.administrators.iter().map(|&id| name(id)).collect();
            let steps: Vec<Value> = found
                .steps
                .iter()
                .map(|step| {
                    json!({
                        "who": name(step.who), "path": step.path, "also": step.also, "actions": step.actions,
                        "target": step.target.map(name), "answer": verdict(&step.formula),
                        "condition": self.condition(&step.formula),
                    })
                })
                .collect();
            let open: Vec<Value> = found
                .open
                .iter()
                .map(|(id, formula)| json!({"who": name(*id), "condition": self.condition(formula)}))
                .collect();
            return self.object(
                json!({"kind": "escalation"}),
                vec![
                    ("administrators", json!(administrators)),
                    ("steps", Value::from(steps)),
                    ("open", Value::from(open)),
                ],
                out,
            );
        }
        let say = self.say();
        self.title(say.access_escalation(), out)?;
        let administrators: Vec<&str> = found.administrators.iter().map(|&id| name(id)).collect();
        let list = if administrators.is_empty() { "-".to_owned() } else { administrators.join(", ") };
        writeln!(out, "{}", say.access_administrators(clean(&list)))?;
        if found.steps.is_empty() {
            writeln!(out, "{}", say.access_nobody())?;
        }
        for step in &found.steps {
            writeln!(
                out,
                "{}  {}",
                self.options.color.paint(Style::Strong, &clean(name(step.who))),
                self.answer(verdict(&step.formula))
            )?;
            let mut lines = vec![say.access_escalation_row(step.path, step.actions.join(", "))];
            lines.extend(step.target.map(|target| say.access_target(clean(name(target)))));
            if !step.also.is_empty() {
                lines.push(say.access_escalation_also(step.also.join(", ")));
            }
            lines.extend(self.condition(&step.formula).map(|condition| say.access_when(clean(&condition))));
            lines.extend(self.people(&Who::Principal(step.who)));
            self.lines(&lines, out)?;
        }
        for (id, formula) in &found.open {
            writeln!(
                out,
                "{}  {}",
                self.options.color.paint(Style::Strong, &clean(name(*id))),
                self.answer(verdict(formula))
            )?;
            let lines: Vec<String> = self
                .condition(formula)
                .map(|condition| say.access_when(clean(&condition)))
                .into_iter()
                .collect();
            self.lines(&lines, out)?;
        }
        self.closing(out)
    }

    // --- All stores of PHI ------------------------------------------------------

    /// For every store that may hold PHI, who can do what: the table of the data sheet.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn to_phi(
        &self,
        ask: &Ask<'_>,
        stores: &[(StoreId, Label)],
        notation: Notation,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let classes = [Class::ReadContent, Class::Write, Class::Delete, Class::Administer];
        let mut sheets = Vec::new();
        for &(store, label) in stores {
            let rows: Vec<(Class, Vec<Row>)> = classes
                .into_iter()
                .map(|class| (class, self.model.who_can(ask, self.chains, class, store)))
                .collect();
            sheets.push((store, label, rows));
        }
        if notation == Notation::Json {
            let places = Places::new(self.estate);
            let stores: Vec<Value> = sheets
                .iter()
                .map(|(store, label, rows)| {
                    let this = &self.model.stores[*store as usize];
                    let classes: Map<String, Value> = rows
                        .iter()
                        .map(|(class, rows)| {
                            let rows: Vec<Value> = rows
                                .iter()
                                .map(|row| {
                                    self.row_json(row, &self.because(ask, row, *class, *store), &places)
                                })
                                .collect();
                            (class.name().to_owned(), Value::from(rows))
                        })
                        .collect();
                    json!({
                        "store": self.store_name(*store), "type": this.type_name, "phi": label.name(),
                        "key": self.key(*store), "classes": classes,
                    })
                })
                .collect();
            return self.object(json!({"kind": "to-phi"}), vec![("stores", Value::from(stores))], out);
        }
        let say = self.say();
        self.title(say.access_to_phi(), out)?;
        let reached = |distance: Distance| {
            sheets
                .iter()
                .filter(|(.., rows)| {
                    rows.iter().any(|(_, rows)| rows.iter().any(|row| row.who.distance() == distance))
                })
                .count()
        };
        let summary = say.access_anyone_summary(
            reached(Distance::Anyone),
            reached(Distance::OtherAccount),
            sheets.len(),
        );
        writeln!(out, "{summary}\n")?;
        let column = classes.iter().map(|class| width(self.class(*class))).max().unwrap_or(0);
        for (store, label, rows) in &sheets {
            let this = &self.model.stores[*store as usize];
            let mut head = format!(
                "{}  ({}, {}",
                clean(&self.store_name(*store)),
                this.type_name,
                say.access_label(say.label(*label))
            );
            if let Some(key) = self.key(*store) {
                head.push_str(", ");
                head.push_str(&say.access_key(clean(&key)));
            }
            head.push(')');
            writeln!(out, "{}", self.options.color.paint(Style::Strong, &head))?;
            for (class, rows) in rows {
                // Where anyone can without condition, everybody else is among them.
                let anyone = rows
                    .iter()
                    .position(|row| matches!(row.who, Who::Anyone) && row.cell.formula == Formula::True);
                let shown = anyone.map_or(&rows[..], |at| &rows[at..=at]);
                let who: Vec<String> = shown.iter().map(|row| self.brief(row)).collect();
                let who = if who.is_empty() { "-".to_owned() } else { who.join("; ") };
                let indent = column + 6;
                for (index, part) in wrap(&who, self.options.width.saturating_sub(indent)).iter().enumerate()
                {
                    let label = if index == 0 { pad(self.class(*class), column) } else { " ".repeat(column) };
                    writeln!(out, "    {label}  {part}")?;
                }
            }
        }
        self.closing(out)
    }

    /// Somebody in few words, with the condition.
    fn brief(&self, row: &Row) -> String {
        let mut text = self.who(&row.who);
        if !row.chain.is_empty() {
            for hop in &row.chain {
                let name = &self.model.principals[hop.role as usize].name;
                text.push_str(&if hop.by == ASSUME {
                    format!(" → {}", clean(name))
                } else {
                    format!(" → ({}) {}", hop.by, clean(name))
                });
            }
        }
        match verdict(&row.cell.formula) {
            Verdict::Allowed => {}
            Verdict::Conditional => {
                let condition = show::formula(&row.cell.formula, &self.model.holes);
                text.push_str(&format!(" [{}]", self.say().access_when(clean(&condition))));
            }
            other => text.push_str(&format!(" [{}]", self.answer(other))),
        }
        text
    }

    fn key(&self, store: StoreId) -> Option<String> {
        match &self.model.stores[store as usize].key {
            Encryption::Key(key) => Some(self.model.stores[*key as usize].name.to_string()),
            Encryption::Elsewhere(written) => Some(written.to_string()),
            Encryption::Service | Encryption::Unknown(_) => None,
        }
    }

    // --- For programs -----------------------------------------------------------

    pub(crate) fn condition(&self, formula: &Formula) -> Option<String> {
        (!formula.is_constant()).then(|| show::formula(formula, &self.model.holes))
    }

    fn cell_json(&self, cell: &sekisho_access::ask::Cell) -> Value {
        let actions: Vec<&str> = cell.actions.iter().map(|(action, _)| *action).collect();
        json!({"answer": cell.verdict(), "condition": self.condition(&cell.formula), "actions": actions})
    }

    pub(crate) fn who_json(&self, who: &Who) -> Value {
        let (kind, arn, used_by) = match who {
            Who::Anyone => ("anyone", None, Vec::new()),
            Who::AnyAccount => ("any-account", None, Vec::new()),
            Who::Account(_) => ("account", None, Vec::new()),
            Who::Arn(arn) => ("principal-elsewhere", Some(self.model.holes.show(arn)), Vec::new()),
            Who::Service(_) => ("service", None, Vec::new()),
            Who::Federated(_) => ("provider", None, Vec::new()),
            Who::Principal(id) => {
                let principal = &self.model.principals[*id as usize];
                let used: Vec<String> = principal.used_by.iter().map(|&id| self.estate.address(id)).collect();
                ("principal", Some(self.model.holes.show(&principal.subject.arn)), used)
            }
        };
        json!({"kind": kind, "name": self.model.who_name(who), "arn": arn, "used_by": used_by})
    }

    fn row_json(&self, row: &Row, because: &[Reason], places: &Places<'_>) -> Value {
        let chain: Vec<Value> = row
            .chain
            .iter()
            .map(|hop| json!({"role": self.model.principals[hop.role as usize].name, "by": hop.by}))
            .collect();
        let cell = self.cell_json(&row.cell);
        json!({
            "who": self.who_json(&row.who),
            "distance": distance_name(row.who.distance()),
            "chain": chain,
            "answer": cell["answer"], "condition": cell["condition"], "actions": cell["actions"],
            "because": because.iter().map(|reason| self.reason_json(reason, places)).collect::<Vec<_>>(),
        })
    }

    pub(crate) fn reason_json(&self, reason: &Reason, places: &Places<'_>) -> Value {
        let place = self.where_is(places, reason.at);
        json!({
            "kind": kind_name(reason.kind),
            "policy": reason.policy,
            "statement": reason.index,
            "sid": reason.sid,
            "effect": match reason.effect {
                ReasonEffect::Allow => "allow",
                ReasonEffect::Deny => "deny",
                ReasonEffect::Short => "none",
            },
            "note": reason.note,
            "file": place.as_ref().map(|(file, ..)| file),
            "line": place.as_ref().map(|(_, line, _)| line),
            "column": place.as_ref().map(|(.., column)| column),
        })
    }

    fn object(&self, question: Value, fields: Vec<(&str, Value)>, out: &mut impl Write) -> io::Result<()> {
        let gaps: Vec<Value> =
            self.model.gaps.iter().map(|gap| json!({"at": gap.at, "what": gap.what})).collect();
        let mut object = json!({"schema": "sekisho.access/1", "question": question});
        if let Value::Object(map) = &mut object {
            for (name, value) in fields {
                map.insert(name.to_owned(), value);
            }
            map.insert("gaps".to_owned(), Value::from(gaps));
            map.insert("world".to_owned(), json!(self.model.world));
        }
        serde_json::to_writer_pretty(&mut *out, &object)?;
        writeln!(out)?;
        out.flush()
    }
}

/// The name of a kind of policy, as JSON has it.
fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity => "identity",
        Kind::Resource => "resource",
        Kind::Boundary => "boundary",
        Kind::Session => "session",
        Kind::Scp => "scp",
        Kind::Rcp => "rcp",
        Kind::Endpoint => "endpoint",
        Kind::Grant => "grant",
        Kind::Acl => "acl",
        Kind::BlockPublicAccess => "block-public-access",
        Kind::AccessPoint => "access-point",
        Kind::Trust => "trust",
        Kind::Key => "key",
    }
}

fn distance_name(distance: Distance) -> &'static str {
    match distance {
        Distance::Inside => "inside",
        Distance::Service => "service",
        Distance::Provider => "provider",
        Distance::OtherAccount => "other-account",
        Distance::Anyone => "anyone",
    }
}
