//! The analyses that controls can ask: companions, targets, policies, open rules, secrets, PHI labels.

use std::sync::OnceLock;

use sekisho_estate::{Estate, Part, ReasonCode, ResourceId};
use sekisho_expr::{Frame, Function, FunctionId, Host, ResourceRef, Seen, Val};
use sekisho_facts::{Companion, Holds, Machinery, ServiceDefault, companions, store};
use sekisho_guidance::{EligibilityTable, Label};
use sekisho_phi::{Model, Rules};

use crate::access::Access;
use crate::config::Config;
use crate::joins::Joins;
use crate::world_open::{MAX_PORTS, Service, opens};
use crate::{flows, identifiers, images, lifecycle, outside, policies, secrets};

/// Everything that is computed about an estate, each part when it is first asked for.
#[derive(Debug)]
pub struct Analyses<'x> {
    estate: &'x Estate,
    config: &'x Config,
    /// Which resources belong together.
    pub joins: Joins,
    /// Words that say of what is beside them that it identifies a person.
    words: identifiers::Words,
    /// What is said of every resource, by stack, before any flow is looked at.
    labels: Vec<Vec<Label>>,
    flow: OnceLock<Model<'x>>,
    /// The same with the flows that policies make possible.
    possible: OnceLock<Model<'x>>,
    /// What can be reached; built when a control first asks.
    pub(crate) network: crate::network::Reached,
    /// Who can reach what.
    access: OnceLock<Access>,
}

impl<'x> Analyses<'x> {
    /// Prepares the analyses of an estate: O(resources).
    #[must_use]
    pub fn new(estate: &'x Estate, config: &'x Config) -> Self {
        let joins = Joins::new(estate);
        let rules = Rules::new(estate, &joins.names, &config.phi, &config.findings);
        let mut labels: Vec<Vec<Label>> =
            estate.stacks.iter().map(|stack| vec![Label::None; stack.resources.len()]).collect();
        for (id, ..) in estate.resources() {
            labels[id.stack.0 as usize][id.index.0 as usize] = rules.base(ResourceRef::new(estate, id)).label;
        }
        let words = identifiers::Words::new(estate);
        let network = crate::network::Reached::new(config);
        Self {
            estate,
            config,
            joins,
            words,
            labels,
            flow: OnceLock::new(),
            possible: OnceLock::new(),
            access: OnceLock::new(),
            network,
        }
    }

    /// Where PHI flows by configuration: what controls ask. Built when it is first asked for,
    /// on the thread that asks.
    pub fn flow(&self) -> &Model<'x> {
        self.flow.get_or_init(|| Model::new(self.estate, &self.joins.names, self, None, self.config.flow()))
    }

    /// Where PHI flows, with what policies let users and roles carry from one store to
    /// another: what a person asks. Reads the accounts of the estate.
    pub fn possible_flow(&self) -> &Model<'x> {
        self.possible.get_or_init(|| {
            let access = self.access(self.estate);
            let access = sekisho_phi::Access::new(access.model.clone(), access.chains.clone());
            Model::new(self.estate, &self.joins.names, self, Some(access), self.config.flow())
        })
    }

    /// How we know that a resource holds PHI.
    ///
    /// While nothing is classified every label is assumed, and no flow can make one stronger:
    /// then none is looked at.
    #[must_use]
    pub fn label(&self, resource: ResourceId) -> Label {
        if self.config.classifies() {
            return self.flow().label(resource);
        }
        self.labels[resource.stack.0 as usize][resource.index.0 as usize]
    }
}

impl Host for Analyses<'_> {
    fn call<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        function: &'static Function,
        arguments: &[Val<'a>],
    ) -> Option<Val<'a>> {
        let argument = |index: usize| arguments.get(index).copied().unwrap_or(Val::Absent);
        let text = |index: usize| match argument(index) {
            Val::Str(text) => Some(text),
            _ => None,
        };
        Some(match function.id {
            FunctionId::Phi => match argument(0) {
                Val::Resource(resource) => Val::Bool(self.label(resource.id) != Label::None),
                other => other,
            },
            FunctionId::Label => match argument(0) {
                Val::Resource(resource) => Val::Str(self.label(resource.id).name()),
                other => other,
            },
            FunctionId::Eligible => match argument(0) {
                Val::Resource(resource) => eligible(frame, resource, self.config.eligible.as_ref()),
                other => other,
            },
            FunctionId::Discontinued => match argument(0) {
                Val::Resource(resource) => {
                    lifecycle::discontinued(frame, resource, self.config.today.as_deref())
                }
                other => other,
            },
            FunctionId::DaysSince => lifecycle::days_since(frame, argument(0), self.config.today.as_deref()),
            FunctionId::Target => self.joins.target(frame, argument(0), text(1)?),
            FunctionId::Resources => self.all(frame, text(0)?),
            FunctionId::Unclassified => self.unclassified(frame),
            FunctionId::Denies => policies::denies(frame, argument(0), text(1)?, argument(2)),
            FunctionId::GrantsAnyone => policies::grants_anyone(frame, argument(0), text(1)),
            FunctionId::Statements => policies::statements(frame, argument(0)),
            FunctionId::Outsiders => {
                policies::outsiders(frame, argument(0), self.config.scope.account.as_deref())
            }
            FunctionId::OpensToWorld => {
                let (ports, open) = match argument(2) {
                    single @ Val::Int(_) => (frame.bump().alloc_slice_copy(&[single]) as &[_], None),
                    list => match frame.elements(list) {
                        Ok(found) => found,
                        Err(unknown) => return Some(unknown),
                    },
                };
                let numbers: Option<Vec<i64>> = ports
                    .iter()
                    .map(|port| if let Val::Int(port) = port { Some(*port) } else { None })
                    .collect();
                match (numbers, open) {
                    (Some(ports), None) if ports.len() <= MAX_PORTS => {
                        opens(frame, argument(0), Service::Ports(text(1)?, &ports))
                    }
                    (_, Some(why)) => Val::Unknown(why),
                    _ => frame.unknown(ReasonCode::WrongShape, "ports"),
                }
            }
            FunctionId::OpensEverythingToWorld => opens(frame, argument(0), Service::Everything),
            FunctionId::IdentifiesPerson => match argument(0) {
                Val::Resource(resource) => {
                    identifiers::identifies(&self.words, frame, resource, text(1) != Some("name"))
                }
                other => other,
            },
            FunctionId::HoldsCredential => match argument(0) {
                Val::Resource(resource) => {
                    let names = match frame.elements(argument(1)) {
                        Ok((names, None)) => names,
                        Ok((_, Some(why))) => return Some(Val::Unknown(why)),
                        Err(unknown) => return Some(unknown),
                    };
                    let text = |name: &Val<'a>| if let Val::Str(name) = name { Some(*name) } else { None };
                    let except: Vec<&str> = names.iter().filter_map(text).collect();
                    identifiers::holds_credential(&self.words, frame, resource, &except)
                }
                other => other,
            },
            FunctionId::StackTextHolds => match (frame.stack, text(0).map(outside::Sought::of)) {
                (Some(stack), Some(Some(sought))) => outside::holds(&self.words, frame, stack, sought),
                _ => frame.unknown(ReasonCode::WrongShape, text(0)?),
            },
            FunctionId::PhiFlows => match argument(0) {
                Val::Resource(resource) => flows::leaving(frame, self.flow(), resource.id),
                other => other,
            },
            FunctionId::FlowsTo => match argument(0) {
                Val::Resource(resource) => flows::reached(frame, self.flow(), resource.id),
                other => other,
            },
            FunctionId::PhiPlace => match argument(0) {
                Val::Resource(resource) => flows::place(frame, self.flow(), resource.id),
                other => other,
            },
            FunctionId::PhiAccount => match argument(0) {
                Val::Resource(resource) => flows::account(frame, self.flow(), resource.id),
                other => other,
            },
            FunctionId::DeclaredFree => match argument(0) {
                Val::Resource(resource) => {
                    let node = self.flow().graph.nodes.resource(resource.id);
                    Val::Bool(self.flow().base(node).is_some_and(|base| base.free.is_some()))
                }
                other => other,
            },
            FunctionId::ImageApproved => images::approved(frame, &self.config.images, argument(0)),
            FunctionId::CarriesSecret => secrets::carries(frame, argument(0)),
            FunctionId::ReachableFrom
            | FunctionId::InPublicSubnet
            | FunctionId::Zones
            | FunctionId::ReachedFromZone
            | FunctionId::WayToService
            | FunctionId::ZoneSharing
            | FunctionId::FilteredByAcl
            | FunctionId::InspectionBypassed => return self.reached(frame, function.id, arguments),
            FunctionId::Readers
            | FunctionId::Workloads
            | FunctionId::ExposedTo
            | FunctionId::Can
            | FunctionId::HoldsWholeService
            | FunctionId::May
            | FunctionId::Administers
            | FunctionId::ReachesWithoutMfa
            | FunctionId::Escalates
            | FunctionId::TrustsOutsideWithoutExternalId => {
                return self
                    .access(frame.reader.estate)
                    .call(frame, function, arguments, |id| self.label(id) != Label::None);
            }
            _ => return None,
        })
    }

    fn companion<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        resource: ResourceRef<'a>,
        companion: &'static Companion,
    ) -> Val<'a> {
        self.joins.companions(frame, resource, companion)
    }

    fn default_holds(&self, _: Option<ResourceRef<'_>>, _: &ServiceDefault) -> bool {
        // Every source so far describes what it will create.
        true
    }
}

impl Analyses<'_> {
    /// Stores of content whose label is only assumed: O(resources), asked once in a run. Those
    /// that exist in some world only are among them, so that no world is told apart. Machinery is
    /// not: who asks where PHI is put does not ask about log archives.
    fn unclassified<'a>(&self, frame: &Frame<'_, 'a>) -> Val<'a> {
        let mut found = bumpalo::collections::Vec::new_in(frame.bump());
        if !self.config.classifies() {
            let estate = frame.reader.estate;
            for (id, ..) in estate.resources() {
                let resource = ResourceRef::new(estate, id);
                let holds = sekisho_facts::store(resource.type_name()).map(|store| store.holds);
                if holds == Some(Holds::Content)
                    && self.label(id) == Label::Assumed
                    && self.machinery(frame, resource).is_none()
                {
                    frame.see(|| Seen::Statement(resource.stack.view(resource.resource.body)));
                    found.push(Val::Resource(resource));
                }
            }
        }
        Val::Items(found.into_bump_slice(), None)
    }

    /// What a store keeps in some world where that is no data of people: by what names it, or by what is
    /// written of it.
    fn machinery<'a>(&self, frame: &Frame<'_, 'a>, resource: ResourceRef<'a>) -> Option<Machinery> {
        let type_name = resource.type_name();
        let named = companions(type_name)
            .iter()
            .find(|c| c.machinery.is_some() && self.joins.may_have(frame.reader.estate, resource, c));
        if let Some(companion) = named {
            return companion.machinery;
        }
        let machinery = store(type_name)?.machinery;
        let says = |property: &str, texts: &[&str]| {
            let tree = &resource.stack.tree;
            let Some(node) = tree.get(resource.resource.properties, property) else { return false };
            let known = match frame.read(resource.stack.view(node)) {
                Val::Str(text) => text.to_ascii_lowercase(),
                Val::Text(text) => {
                    let literal = |part: &Part<'_>| match part {
                        Part::Literal(text) => text.to_ascii_lowercase(),
                        _ => String::from("\0"),
                    };
                    text.parts.iter().map(literal).collect()
                }
                _ => return false,
            };
            texts.iter().any(|text| known.contains(text))
        };
        machinery.iter().find(|(_, property, texts)| says(property, texts)).map(|(what, ..)| *what)
    }

    /// Who can reach what: read when it is first asked for.
    pub fn access(&self, estate: &Estate) -> &Access {
        self.access.get_or_init(|| Access::of(estate))
    }

    /// All resources of a type that exist in this world; more may exist outside the input.
    fn all<'a>(&self, frame: &Frame<'_, 'a>, type_name: &str) -> Val<'a> {
        let estate = frame.reader.estate;
        let mut found = bumpalo::collections::Vec::new_in(frame.bump());
        for &id in self.joins.names.of_type(type_name) {
            let resource = ResourceRef::new(estate, id);
            if frame.reader.exists(resource.stack, resource.resource) {
                frame.see(|| Seen::Statement(resource.stack.view(resource.resource.body)));
                found.push(Val::Resource(resource));
            }
        }
        let open =
            (!estate.complete_account).then(|| frame.reader.reason(ReasonCode::NotWholeAccount, type_name));
        Val::Items(found.into_bump_slice(), open)
    }
}

/// Whether the newest list lets PHI be in the service. A service that it does not name is
/// unknown with the day of the list, never no.
fn eligible<'a>(
    frame: &Frame<'_, 'a>,
    resource: ResourceRef<'a>,
    newer: Option<&EligibilityTable>,
) -> Val<'a> {
    let name = resource.type_name();
    let (found, list) = match newer {
        Some(table) => (table.eligibility(name), &table.list),
        None => (sekisho_guidance::eligibility(name), sekisho_guidance::eligibility_list()),
    };
    match found.and_then(sekisho_guidance::Eligibility::may_hold_phi) {
        Some(may) => Val::Bool(may),
        None => {
            let service = found.filter(|e| !e.slug.is_empty()).map_or(name, |e| &e.service);
            let as_of = &list.as_of;
            frame.unknown(ReasonCode::NotListed, format!("{service} ({as_of})"))
        }
    }
}
