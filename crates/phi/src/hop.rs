//! The verdict on one hop: how it is protected, and where it leads.

use bumpalo::Bump;
use sekisho_estate::{Estate, Reader, ResourceId, Value};
use sekisho_facts::{Moves, Side, at_rest_key};

use crate::closure::Level;
use crate::graph::{EdgeIndex, Encryption};
use crate::model::Model;
use crate::node::{Node, NodeIndex, is_account};
use crate::resolve::{places, shown};
use crate::settings::{Contract, matches};

/// What is wrong with a hop, or not known of it; ordered by how bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fault {
    /// Encryption is left to the programs at both ends.
    Application,
    /// What is named is not in the input.
    Unresolved,
    /// Whether it is encrypted cannot be known.
    Unknown,
    /// PHI is only assumed, and it leaves to somebody without a contract: a person must say
    /// whether one is needed.
    AskContract,
    /// The list does not name the service where it arrives.
    NotListed,
    /// The service where it arrives may not hold PHI.
    NotEligible,
    /// It leaves the regions or countries where PHI may be.
    Place,
    /// It arrives in an account that is not designated for PHI.
    Account,
    /// The contract has expired.
    Expired,
    /// It leaves to somebody without a contract.
    NoContract,
    /// It is not encrypted on the way.
    Plain,
}

impl Fault {
    /// Name in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Application => "left-to-application",
            Self::Unresolved => "unresolved",
            Self::Unknown => "encryption-unknown",
            Self::AskContract => "ask-contract",
            Self::NotListed => "service-not-listed",
            Self::NotEligible => "service-not-eligible",
            Self::Place => "place-not-allowed",
            Self::Account => "account-not-designated",
            Self::Expired => "contract-expired",
            Self::NoContract => "no-contract",
            Self::Plain => "plain",
        }
    }
}

/// How a copy is encrypted at rest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AtRest {
    /// With this key.
    Key(String),
    /// By the service, with a key of its own.
    Service,
    /// Not encrypted.
    No,
    /// Cannot be known, and why.
    Unknown(String),
    /// Nothing is kept there.
    NotKept,
}

/// Whether somebody outside has an agreement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreement<'m> {
    /// None is needed: nobody else receives it.
    NotNeeded,
    /// This one holds.
    Holds(&'m Contract),
    /// This one has expired.
    Expired(&'m Contract),
    /// There is none.
    Missing,
}

/// A hop with everything that is judged of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Hop<'m> {
    /// Its edge.
    pub edge: EdgeIndex,
    /// Where it comes from.
    pub from: NodeIndex,
    /// Where it goes.
    pub to: NodeIndex,
    /// The PHI it carries; none when none comes here.
    pub level: Option<Level>,
    /// What moves.
    pub moves: Moves,
    /// How it is protected on the way.
    pub encryption: Encryption,
    /// Whether the list lets PHI be in the service where it arrives; none when it does not say,
    /// or when it arrives outside AWS.
    pub eligible: Option<bool>,
    /// How it is encrypted where it arrives.
    pub at_rest: AtRest,
    /// The account where it arrives.
    pub account: Option<String>,
    /// The region where it arrives.
    pub region: Option<String>,
    /// The country of that region.
    pub country: Option<&'static str>,
    /// Whether who receives it has an agreement.
    pub agreement: Agreement<'m>,
    /// What is wrong, worst first.
    pub faults: Vec<Fault>,
}

impl<'m> Model<'m> {
    /// The verdict on an edge.
    #[must_use]
    pub fn hop(&self, index: EdgeIndex) -> Hop<'m> {
        let edge = self.graph.edge(index);
        let node = self.graph.nodes.get(edge.to);
        let estate = self.estate;
        let type_name = node.type_name(estate);
        let eligible = match node {
            Node::Made { of, kind, .. } if !kind.starts_with("AWS::") => {
                self.settings.eligible(estate.type_name(*of))
            }
            Node::End { .. } => None,
            _ => self.settings.eligible(type_name),
        };
        let agreement = self.agreement(node);
        let account = node.account(estate).map(str::to_owned);
        let region = node.region(estate).map(str::to_owned);
        let country = node.country(estate);
        let mut faults = self.faults(index);
        let strong = self.carried(index).is_some_and(|level| level.strength > 0);
        if strong && node.keeps(estate) && !matches!(node, Node::End { .. }) {
            match eligible {
                Some(false) => faults.push(Fault::NotEligible),
                None if type_name.starts_with("AWS::") => faults.push(Fault::NotListed),
                _ => {}
            }
        }
        faults.sort_unstable_by(|a, b| b.cmp(a));
        Hop {
            edge: index,
            from: edge.from,
            to: edge.to,
            level: self.carried(index),
            moves: edge.moves,
            encryption: edge.encryption.clone(),
            eligible,
            at_rest: self.at_rest(index),
            account,
            region,
            country,
            agreement,
            faults,
        }
    }

    /// What is wrong with an edge apart from eligibility: cheap, without reading values.
    pub(crate) fn faults(&self, index: EdgeIndex) -> Vec<Fault> {
        let edge = self.graph.edge(index);
        let node = self.graph.nodes.get(edge.to);
        let estate = self.estate;
        // What is only assumed decides encryption, not eligibility, place, account or contract.
        let strong = self.carried(index).is_some_and(|level| level.strength > 0);
        let mut faults = Vec::new();
        match edge.encryption {
            Encryption::Plain => faults.push(Fault::Plain),
            Encryption::Application => faults.push(Fault::Application),
            Encryption::Unknown(_) => faults.push(Fault::Unknown),
            Encryption::Always | Encryption::Configured | Encryption::Follows => {}
        }
        match self.agreement(node) {
            Agreement::Missing => faults.push(if strong { Fault::NoContract } else { Fault::AskContract }),
            Agreement::Expired(_) => faults.push(Fault::Expired),
            Agreement::NotNeeded | Agreement::Holds(_) => {}
        }
        if edge.unresolved {
            faults.push(Fault::Unresolved);
        }
        if strong && self.place_allowed(node) == Some(false) {
            faults.push(Fault::Place);
        }
        let account = node.account(estate);
        if strong && account.is_some_and(|id| self.account_allowed(id) == Some(false)) {
            faults.push(Fault::Account);
        }
        faults
    }

    /// Whether PHI may be where a node is; none when nothing is said, or its region is not known.
    #[must_use]
    pub fn place_allowed(&self, node: &Node) -> Option<bool> {
        let phi = self.settings.phi;
        if phi.regions.is_empty() && phi.countries.is_empty() {
            return None;
        }
        let region = node.region(self.estate)?;
        let by_region = phi.regions.is_empty() || phi.regions.iter().any(|glob| matches(glob, region));
        let by_country = phi.countries.is_empty() || {
            let country = sekisho_facts::region(region)?.country;
            phi.countries.iter().any(|allowed| allowed.eq_ignore_ascii_case(country))
        };
        Some(by_region && by_country)
    }

    /// Whether an account is designated for PHI; none when no accounts are declared, or it is
    /// somebody else's.
    #[must_use]
    pub fn account_allowed(&self, id: &str) -> Option<bool> {
        self.settings.accounts.iter().find(|account| account.id == id).map(|account| account.phi)
    }

    /// Whether who is at an end has an agreement.
    ///
    /// Viewers, clients and the patients' mail and telephones are those whom the data is for, or
    /// anyone: nobody signs a contract there, and what matters is how it is sent.
    #[must_use]
    pub fn agreement(&self, node: &Node) -> Agreement<'m> {
        let estate = self.estate;
        let own = |id: &str| {
            self.settings.accounts.iter().any(|account| account.id == id)
                || estate.stacks.iter().any(|stack| stack.accounts().any(|own| own == id))
        };
        let name = match node {
            Node::End { kind: "external:account", name } if is_account(name) && own(name) => {
                return Agreement::NotNeeded;
            }
            Node::End {
                kind: "external:account" | "external:host" | "external:url" | "external:saas",
                ..
            } => node.name(estate),
            // Something in an account that is nobody's of ours.
            Node::Elsewhere { .. } => match node.account(estate) {
                Some(id) if !own(id) && estate.stacks.iter().any(|s| s.accounts().next().is_some()) => {
                    id.to_owned()
                }
                _ => return Agreement::NotNeeded,
            },
            _ => return Agreement::NotNeeded,
        };
        let bare = name.split_once(':').map_or(name.as_str(), |(_, rest)| rest);
        let host = bare.split(':').next().unwrap_or(bare);
        let covers = |contract: &&Contract| {
            contract.ends.iter().any(|glob| [&*name, bare, host].iter().any(|end| matches(glob, end)))
        };
        let mut found = Agreement::Missing;
        for contract in self.settings.contracts.iter().filter(covers) {
            match (&contract.expires, self.settings.today) {
                (Some(last), Some(today)) if last.as_str() < today => {
                    if found == Agreement::Missing {
                        found = Agreement::Expired(contract);
                    }
                }
                _ => return Agreement::Holds(contract),
            }
        }
        found
    }

    /// How data is encrypted where an edge leads.
    fn at_rest(&self, index: EdgeIndex) -> AtRest {
        let edge = self.graph.edge(index);
        let node = self.graph.nodes.get(edge.to);
        if !node.keeps(self.estate) || matches!(node, Node::End { .. }) {
            return AtRest::NotKept;
        }
        let forward = edge.from == self.graph.nodes.resource(edge.holder);
        if let Some((side, path)) = edge.row.at_rest {
            let of = match (side, node) {
                (Side::Holder, _) => Some(edge.holder),
                (Side::Target, Node::Resource(id)) if forward => Some(*id),
                _ => None,
            };
            // The key of what arrives at the holder, or of the copy that the holder makes.
            if let Some(of) = of
                && let Some(key) = value(self.estate, of, path)
            {
                return key;
            }
        }
        match node {
            Node::Resource(id) => self.encrypted(*id),
            Node::Made { of, .. } => self.encrypted(*of),
            _ => AtRest::Unknown("not in the input".into()),
        }
    }

    /// How a resource is encrypted at rest.
    #[must_use]
    pub fn encrypted(&self, id: ResourceId) -> AtRest {
        let Some(row) = at_rest_key(self.estate.type_name(id)) else {
            return AtRest::Unknown("no rule for this type".into());
        };
        if let Some(key) = row.key.and_then(|path| value(self.estate, id, path)) {
            return key;
        }
        if row.always {
            return AtRest::Service;
        }
        let Some(switch) = row.switch else { return AtRest::No };
        let bump = Bump::new();
        let reader = Reader::new(self.estate, &bump);
        let (stack, resource) = (self.estate.stack(id.stack), self.estate.resource(id));
        let written = places(&reader, stack.view(resource.properties), switch);
        match written.first().map(|place| place.value) {
            Some(Value::Bool(true)) => AtRest::Service,
            Some(Value::Str(text)) if text.eq_ignore_ascii_case("true") => AtRest::Service,
            Some(Value::Bool(false) | Value::Str(_)) => AtRest::No,
            Some(other) => AtRest::Unknown(shown(other)),
            None => default(self.estate.type_name(id), switch),
        }
    }
}

/// The default of a switch that is not written.
fn default(type_name: &str, path: &str) -> AtRest {
    let path = format!("/{path}");
    let row = sekisho_facts::defaults(type_name).iter().find(|row| row.path == path && row.when.is_empty());
    match row.and_then(|row| row.value_json) {
        Some("true") => AtRest::Service,
        Some(_) => AtRest::No,
        None if row.is_some() => AtRest::Unknown(row.and_then(|row| row.unknown).unwrap_or_default().into()),
        None => AtRest::No,
    }
}

/// A key as written, where it is.
fn value(estate: &Estate, id: ResourceId, path: &str) -> Option<AtRest> {
    let bump = Bump::new();
    let reader = Reader::new(estate, &bump);
    let root = estate.stack(id.stack).view(estate.resource(id).properties);
    let found = places(&reader, root, path);
    let value = found.first()?.value;
    Some(match value {
        Value::Reference(target) => AtRest::Key(target.id().to_owned()),
        Value::Unknown(why) => AtRest::Unknown(why.subject.to_owned()),
        Value::Map(_) | Value::Bool(_) => return None,
        other => AtRest::Key(shown(other)),
    })
}
