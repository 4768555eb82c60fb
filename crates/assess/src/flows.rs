//! Flows of PHI as the control language sees them: lists of records.

use sekisho_estate::{ReasonCode, ResourceId, Route};
use sekisho_expr::{FLOW_MEMBERS, Frame, Seen, Val};
use sekisho_facts::{Layer, Moves};
use sekisho_guidance::Label;

use crate::model::{Evidence, EvidenceKind, HopNote, Verdict};
use sekisho_phi::closure::Carries;
use sekisho_phi::{Agreement, AtRest, EdgeIndex, Encryption, Fault, Hop, Model, Question};

/// Most flows of one answer; more make it open.
const MAX_FLOWS: usize = 512;

/// The flows that carry PHI away from a resource, or that its properties make, one hop each.
pub(crate) fn leaving<'a>(frame: &Frame<'_, 'a>, model: &Model<'_>, of: ResourceId) -> Val<'a> {
    let node = model.graph.nodes.resource(of);
    let mut found = bumpalo::collections::Vec::new_in(frame.bump());
    let mut open = None;
    let mut edges: Vec<EdgeIndex> = model.graph.leaving(node).chain(model.graph.held(node)).collect();
    edges.sort_unstable();
    edges.dedup();
    for edge in edges {
        if model.graph.edge(edge).possible || model.carried(edge).is_none() {
            continue;
        }
        if found.len() == MAX_FLOWS {
            open = Some(frame.reader.reason(ReasonCode::StepLimit, MAX_FLOWS.to_string()));
            break;
        }
        let hop = model.hop(edge);
        see(frame, model, edge);
        found.push(record(frame, model, &hop, hop.encryption.clone()));
    }
    Val::Items(found.into_bump_slice(), open)
}

/// The stores and ends that the content of a resource reaches.
pub(crate) fn reached<'a>(frame: &Frame<'_, 'a>, model: &Model<'_>, of: ResourceId) -> Val<'a> {
    let node = model.graph.nodes.resource(of);
    let question = Question { from: vec![node], ..Question::default() };
    let (paths, total) = model.paths(&question, MAX_FLOWS);
    let mut found = bumpalo::collections::Vec::new_in(frame.bump());
    for path in &paths {
        let Some(&last) = path.edges.last() else { continue };
        let hop = model.hop(last);
        // The worst encryption on the way counts, not that of the last hop alone.
        let rank = |encryption: &Encryption| match encryption {
            Encryption::Plain => 3,
            Encryption::Unknown(_) => 2,
            Encryption::Application => 1,
            _ => 0,
        };
        let all = path.edges.iter().map(|edge| model.graph.edge(*edge).encryption.clone());
        let worst = all.max_by_key(rank).unwrap_or(Encryption::Always);
        see(frame, model, last);
        found.push(record(frame, model, &hop, worst));
    }
    let open =
        (total > paths.len()).then(|| frame.reader.reason(ReasonCode::StepLimit, MAX_FLOWS.to_string()));
    Val::Items(found.into_bump_slice(), open)
}

fn see(frame: &Frame<'_, '_>, model: &Model<'_>, edge: EdgeIndex) {
    if let Some((stack, node)) = model.graph.edge(edge).place {
        let view = frame.reader.estate.stack(stack).view(node);
        frame.see(|| Seen::Value(view, frame.read(view)));
    }
}

/// The path to the worst flow of a resource, from where PHI is.
pub(crate) fn worst_path(model: &Model<'_>, of: ResourceId) -> Vec<HopNote> {
    let node = model.graph.nodes.resource(of);
    let edges = model.graph.leaving(node).chain(model.graph.held(node));
    let worst = edges
        .filter(|&edge| !model.graph.edge(edge).possible && model.carried(edge).is_some())
        .max_by_key(|&edge| (model.hop(edge).faults.first().copied(), std::cmp::Reverse(edge)));
    let Some(worst) = worst else { return Vec::new() };
    let path = model.trace(worst);
    path.into_iter()
        .map(|edge| {
            let hop = model.hop(edge);
            let verdict = match hop.faults.first() {
                None => Verdict::Pass,
                Some(
                    Fault::Plain
                    | Fault::NoContract
                    | Fault::Expired
                    | Fault::Account
                    | Fault::Place
                    | Fault::NotEligible,
                ) => Verdict::Fail,
                Some(_) => Verdict::Unknown,
            };
            let holder = model.graph.edge(edge).holder;
            HopNote {
                from: model.graph.nodes.get(hop.from).address(model.estate),
                to: model.graph.nodes.get(hop.to).address(model.estate),
                via: format!("{} {}", model.estate.address(holder), model.graph.edge(edge).row.path),
                verdict,
                evidence: written(model, edge),
            }
        })
        .collect()
}

/// Where the input says of a hop: its property, or the resource that makes it.
fn written(model: &Model<'_>, edge: EdgeIndex) -> Evidence {
    let edge = model.graph.edge(edge);
    let estate = model.estate;
    let (stack, offset) = match edge.place {
        Some((stack, node)) => (stack, estate.stack(stack).tree.offset(node)),
        None => (edge.holder.stack, estate.resource(edge.holder).offset),
    };
    let steps = edge.row.path.split('/').filter(|_| edge.place.is_some());
    Evidence {
        kind: EvidenceKind::Value,
        stack: Some(stack),
        resource: Some(edge.holder),
        route: steps.fold(Route::default(), |route, step| route.key(step)),
        offset,
        value: None,
        note: None,
    }
}

/// Whether PHI may be where a resource is.
pub(crate) fn place<'a>(frame: &Frame<'_, 'a>, model: &Model<'_>, of: ResourceId) -> Val<'a> {
    let phi = &model.settings.phi;
    if phi.regions.is_empty() && phi.countries.is_empty() {
        return Val::Str("no-rule");
    }
    match model.place_allowed(model.graph.nodes.get(model.graph.nodes.resource(of))) {
        Some(true) => Val::Str("allowed"),
        Some(false) => Val::Str("outside"),
        None => frame.unknown(ReasonCode::PseudoParameter, "AWS::Region"),
    }
}

/// Whether the account of a resource is designated for PHI.
pub(crate) fn account<'a>(frame: &Frame<'_, 'a>, model: &Model<'_>, of: ResourceId) -> Val<'a> {
    if model.settings.accounts.is_empty() {
        return Val::Str("no-rule");
    }
    match model.graph.nodes.get(model.graph.nodes.resource(of)).account(model.estate) {
        Some(id) if model.account_allowed(id) == Some(true) => Val::Str("designated"),
        Some(_) => Val::Str("not-designated"),
        None => frame.unknown(ReasonCode::PseudoParameter, "AWS::AccountId"),
    }
}

/// One flow as a record of [`FLOW_MEMBERS`].
fn record<'a>(frame: &Frame<'_, 'a>, model: &Model<'_>, hop: &Hop<'_>, encryption: Encryption) -> Val<'a> {
    let estate = model.estate;
    let node = model.graph.nodes.get(hop.to);
    let edge = model.graph.edge(hop.edge);
    let text = |text: &str| Val::Str(frame.bump().alloc_str(text));
    let name = node.name(estate);
    // A flow that holds for some values of parameters only is not known in another world.
    let known = edge.world.is_empty() || frame.reader.worlds.is_default() || frame.reader.worlds.is_only();
    let unless = |value: Val<'a>| {
        if known { value } else { frame.unknown(ReasonCode::OtherWorld, &*edge.world) }
    };
    let maybe = |value: Option<bool>, code: ReasonCode, subject: &str| match value {
        Some(is) => Val::Bool(is),
        None => frame.unknown(code, subject),
    };
    // An end that the input does not resolve is of any type that the property can name, unless
    // its ARN says of which.
    let can_name = || {
        let rows = sekisho_facts::flows(estate.type_name(edge.holder)).iter();
        rows.filter(|row| row.path == edge.row.path).map(|row| row.to.len()).sum::<usize>()
    };
    let open = edge.unresolved
        && (!node.type_name(estate).starts_with("AWS::") || (!name.starts_with("arn:") && can_name() > 1));
    // An end that is a parameter is known as soon as the parameter is.
    let variable = name.split_once("${").and_then(|(_, rest)| rest.split_once('}')).and_then(|(of, _)| {
        estate.stack(edge.holder.stack).variables.iter().find(|variable| &*variable.name == of)
    });
    let member = |name_of: &str| -> Val<'a> {
        match name_of {
            "to" => text(&name),
            "type" | "external" if open => match variable {
                Some(variable) => frame.unknown(variable.unknown.code, &*variable.unknown.subject),
                None => frame.unknown(ReasonCode::NotInInput, &name),
            },
            "type" => text(node.type_name(estate)),
            "moves" => match (edge.moves_unknown.as_ref().or_else(|| model.uncertain(hop.from)), hop.moves) {
                (Some(why), _) => frame.unknown(why.code, &*why.subject),
                // What came as metadata goes on as metadata, whatever the hop could carry.
                (None, Moves::Content) => match hop.level.map(|level| level.kind) {
                    Some(Carries::Metadata) => Val::Str("metadata"),
                    Some(Carries::Logs) => Val::Str("logs"),
                    _ => Val::Str("content"),
                },
                (None, Moves::Metadata) => Val::Str("metadata"),
                (None, Moves::Logs) => Val::Str("logs"),
                (None, Moves::Control) => Val::Str("control"),
            },
            "label" => Val::Str(match hop.level.map_or(0, |level| level.strength) {
                2 => Label::Declared.name(),
                1 => Label::Evidenced.name(),
                _ => Label::Assumed.name(),
            }),
            "encryption" => Val::Str(encryption.name()),
            "plain" => match &encryption {
                Encryption::Unknown(why) => frame.unknown(why.code, &*why.subject),
                encryption => unless(Val::Bool(*encryption == Encryption::Plain)),
            },
            "encrypted" => match &encryption {
                Encryption::Always | Encryption::Configured | Encryption::Follows => unless(Val::Bool(true)),
                Encryption::Plain => unless(Val::Bool(false)),
                Encryption::Application => frame.unknown(ReasonCode::LeftToPrograms, &name),
                Encryption::Unknown(why) => frame.unknown(why.code, &*why.subject),
            },
            "place_ruled" => {
                let phi = &model.settings.phi;
                let ruled = !(phi.regions.is_empty() && phi.countries.is_empty());
                Val::Bool(ruled && !node.type_name(estate).starts_with("external:"))
            }
            "external" => Val::Bool(
                node.type_name(estate).starts_with("external:") || hop.agreement != Agreement::NotNeeded,
            ),
            "agreement" => match hop.agreement {
                Agreement::NotNeeded | Agreement::Holds(_) => Val::Bool(true),
                // What is only assumed to be PHI asks a person.
                _ if hop.level.is_none_or(|level| level.strength == 0) => {
                    frame.unknown(ReasonCode::AgreementNotSaid, &name)
                }
                Agreement::Expired(_) | Agreement::Missing => Val::Bool(false),
            },
            "eligible" => match (node.type_name(estate).starts_with("external:"), hop.eligible) {
                // The list is about services of AWS; who is outside needs an agreement.
                (true, _) => Val::Bool(true),
                (false, known) => maybe(known, ReasonCode::NotListed, node.type_name(estate)),
            },
            "place_allowed" => {
                let phi = &model.settings.phi;
                if phi.regions.is_empty() && phi.countries.is_empty() {
                    return Val::Bool(true);
                }
                if node.type_name(estate).starts_with("external:") {
                    return Val::Bool(true);
                }
                maybe(model.place_allowed(node), ReasonCode::NotInInput, "region")
            }
            "account_allowed" => match hop.account.as_deref() {
                _ if model.settings.accounts.is_empty() => Val::Bool(true),
                Some(id) => Val::Bool(model.account_allowed(id).unwrap_or(true)),
                None if node.type_name(estate).starts_with("external:") => Val::Bool(true),
                None => frame.unknown(ReasonCode::NotInInput, "account"),
            },
            "resolved" => Val::Bool(!edge.unresolved),
            "copy" => Val::Bool(node.layer(estate) == Layer::Copies),
            "encrypted_at_rest" => match &hop.at_rest {
                AtRest::Key(_) | AtRest::Service | AtRest::NotKept => Val::Bool(true),
                AtRest::No => Val::Bool(false),
                AtRest::Unknown(why) => frame.unknown(ReasonCode::NotInInput, why),
            },
            "customer_key" => match &hop.at_rest {
                AtRest::Key(key) => Val::Bool(!key.starts_with("alias/aws/")),
                AtRest::Service | AtRest::No | AtRest::NotKept => Val::Bool(false),
                AtRest::Unknown(why) => frame.unknown(ReasonCode::NotInInput, why),
            },
            _ => Val::Absent,
        }
    };
    let pairs = FLOW_MEMBERS.iter().map(|(name, ..)| (Val::Str(name), member(name)));
    let pairs: Vec<(Val<'a>, Val<'a>)> = pairs.collect();
    Val::Pairs(frame.bump().alloc_slice_copy(&pairs))
}
