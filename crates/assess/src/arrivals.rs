//! Who reaches a resource, as controls ask it: from the internet, on-premises networks or a zone.
//!
//! Many controls ask the same of many resources that the network treats alike. An answer is
//! worked out once for each sender, class of resources and list of services: O(classes ×
//! questions) connections. Where something is open, the connection is followed again for the
//! very resource, because its rules are the evidence.

use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use sekisho_estate::{Reason, ReasonCode};
use sekisho_expr::{Frame, ResourceRef, Seen, Val};
use sekisho_network::engine::trail::Step;
use sekisho_network::exposure::anywhere;
use sekisho_network::model::Index;
use sekisho_network::space::Service;
use sekisho_network::zones::Zones;
use sekisho_network::{Alike, End, Network, Verdict};

use crate::analyses::Analyses;

/// Most pairs that one question of a zone looks at.
const MAX_PAIRS: usize = 4096;

/// Who may start the connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Sender<'s> {
    /// More of the internet than one operator has.
    Internet,
    /// The same, and nothing passes the connection on.
    InternetDirectly,
    /// Some addresses of the internet: offices, partners.
    Sites,
    /// On-premises networks, by VPN or Direct Connect.
    OnPremises,
    /// Members of a zone.
    Zone(&'s str),
}

/// Whether somebody reaches something.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Answer {
    Open,
    Unknown(Reason),
    Closed,
}

/// One question of a class of resources: sender, list of services, number of the class, and of a
/// member of the zone that is asked about also as whom it sends (it does not reach itself).
type Question = (u32, u32, u32, Option<u32>);

/// What was answered already. The order of asking changes nothing: members of a class have the
/// same answer.
#[derive(Debug, Default)]
pub(crate) struct Told {
    alike: OnceLock<Alike>,
    /// By resource: the place of its zone.
    zones: OnceLock<Vec<Option<usize>>>,
    known: Mutex<Known>,
    senders: Mutex<HashMap<Box<str>, Arc<Vec<Senders>>>>,
}

/// Members of a zone that start connections alike and are members of the same groups: the first
/// two, so that there is one for whoever is itself the first.
#[derive(Debug)]
struct Senders {
    first: Index,
    second: Option<Index>,
}

#[derive(Debug, Default)]
struct Known {
    senders: HashMap<String, u32>,
    services: HashMap<Vec<Service>, u32>,
    answers: HashMap<Question, Answer>,
    /// By class, and whether from the internet: services that may arrive, none where that is not
    /// so simple.
    arriving: HashMap<(u32, bool), Option<Vec<Service>>>,
}

impl Known {
    fn question(
        &mut self,
        sender: Sender<'_>,
        services: &[Service],
        class: u32,
        own: Option<u32>,
    ) -> Question {
        let name = match sender {
            Sender::Internet => "internet",
            Sender::InternetDirectly => "internet directly",
            Sender::Sites => "sites",
            Sender::OnPremises => "on-premises",
            Sender::Zone(name) => name,
        };
        // A zone may be called as an end is.
        let zone = matches!(sender, Sender::Zone(_));
        let sender = number(&mut self.senders, name) << 1 | u32::from(zone);
        let services = number(&mut self.services, services);
        (sender, services, class, own)
    }
}

/// The number of a thing, the next one where it is new.
fn number<Q, K>(numbers: &mut HashMap<K, u32>, key: &Q) -> u32
where
    Q: ?Sized + std::hash::Hash + Eq + ToOwned<Owned = K>,
    K: std::hash::Hash + Eq + std::borrow::Borrow<Q>,
{
    if let Some(&number) = numbers.get(key) {
        return number;
    }
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    numbers.insert(key.to_owned(), next);
    next
}

impl Told {
    fn alike(&self, net: &Network) -> &Alike {
        self.alike.get_or_init(|| net.alike())
    }

    fn zones(&self, net: &Network, zones: &Zones) -> &[Option<usize>] {
        self.zones.get_or_init(|| {
            let mut of = vec![None; net.holders.len()];
            // The first zone that has a resource is the one it is said to be in.
            for (at, zone) in zones.zones.iter().enumerate().rev() {
                zone.members.iter().for_each(|&member| of[member] = Some(at));
            }
            of
        })
    }

    /// Who sends from a zone, the first of each kind in the order of its members.
    fn senders(&self, net: &Network, zones: &Zones, name: &str) -> Arc<Vec<Senders>> {
        let mut known = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(senders) = known.get(name) {
            return Arc::clone(senders);
        }
        let alike = self.alike(net);
        let mut senders: Vec<Senders> = Vec::new();
        let mut kinds: HashMap<(u32, Vec<&[Index]>), usize> = HashMap::new();
        let named = zones.zones.iter().filter(|zone| is_named(&zone.name, name));
        for &member in named.flat_map(|zone| &zone.members) {
            let new = Senders { first: member, second: None };
            // Where somebody's own identity matters, nobody is like it.
            let Some(number) = alike.starts[member] else {
                senders.push(new);
                continue;
            };
            let interfaces = net.holders[member].interfaces.iter();
            let groups = interfaces.map(|&at| net.interfaces[at].groups.as_slice()).collect();
            match kinds.entry((number, groups)) {
                Entry::Vacant(kind) => {
                    kind.insert(senders.len());
                    senders.push(new);
                }
                Entry::Occupied(kind) => _ = senders[*kind.get()].second.get_or_insert(member),
            }
        }
        let senders = Arc::new(senders);
        known.insert(name.into(), Arc::clone(&senders));
        senders
    }

    /// The name of the zone that a resource is in.
    pub(crate) fn zone_of<'z>(&self, net: &Network, zones: &'z Zones, holder: Index) -> Option<&'z str> {
        self.zones(net, zones)[holder].map(|at| zones.zones[at].name.as_str())
    }
}

/// Whether a zone is meant: of several accounts, it has the account behind its name.
fn is_named(zone: &str, name: &str) -> bool {
    zone.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
}

impl Analyses<'_> {
    /// Whether somebody reaches a resource on some of the services.
    pub(crate) fn arrives<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        sender: Sender<'_>,
        resource: ResourceRef<'a>,
        services: &[Service],
    ) -> Val<'a> {
        let found = match self.known(frame, resource) {
            Ok(found) => found,
            Err(unknown) => return unknown,
        };
        let mut unknown = None;
        for holder in found {
            match self.answer(frame, sender, holder, services) {
                Answer::Open => return Val::Bool(true),
                Answer::Unknown(why) => unknown = unknown.or(Some(why)),
                Answer::Closed => {}
            }
        }
        unknown.map_or(Val::Bool(false), |why| Val::Unknown(frame.reader.reason(why.code, &why.subject)))
    }

    /// The answer of one holder, from memory where one like it was asked.
    fn answer(
        &self,
        frame: &Frame<'_, '_>,
        sender: Sender<'_>,
        holder: Index,
        services: &[Service],
    ) -> Answer {
        let net = self.net(frame);
        let told = &self.network.told;
        let alike = told.alike(net);
        let question = alike.arrives[holder].and_then(|class| {
            let own = match sender {
                Sender::Zone(name) => {
                    let zones = self.zones(frame);
                    let inside = told.zone_of(net, zones, holder).is_some_and(|zone| is_named(zone, name));
                    if inside { Some(alike.starts[holder]?) } else { None }
                }
                _ => None,
            };
            let mut known = told.known.lock().unwrap_or_else(PoisonError::into_inner);
            Some(known.question(sender, services, class, own))
        });
        if let Some(question) = question {
            let known = told.known.lock().unwrap_or_else(PoisonError::into_inner);
            match known.answers.get(&question) {
                Some(Answer::Open) | None => {}
                Some(answer) => return answer.clone(),
            }
        }
        let answer = match sender {
            Sender::Zone(name) => self.sent_from_zone(frame, name, holder, services),
            Sender::Internet => {
                self.sent_from_end(frame, &End::internet(), Some(true), false, holder, services)
            }
            Sender::InternetDirectly => {
                self.sent_from_end(frame, &End::internet(), Some(true), true, holder, services)
            }
            Sender::Sites => {
                self.sent_from_end(frame, &End::internet(), Some(false), false, holder, services)
            }
            Sender::OnPremises => {
                self.sent_from_end(frame, &End::on_premises(), None, false, holder, services)
            }
        };
        if let Some(question) = question {
            let mut known = told.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.answers.insert(question, answer.clone());
        }
        answer
    }

    /// From outside; `wide` says which sources count, `directly` that nothing may pass it on.
    fn sent_from_end(
        &self,
        frame: &Frame<'_, '_>,
        from: &End,
        wide: Option<bool>,
        directly: bool,
        holder: Index,
        services: &[Service],
    ) -> Answer {
        let net = self.net(frame);
        if net.shut(from, holder, services) {
            return Answer::Closed;
        }
        let some = match self.arriving(net, from, holder) {
            Some(arriving) => {
                let both =
                    |one: &Service| arriving.iter().filter_map(|other| one.meet(other)).collect::<Vec<_>>();
                services.iter().flat_map(both).collect()
            }
            None => services.to_vec(),
        };
        if some.is_empty() {
            return Answer::Closed;
        }
        let answer = net.reached(from, holder, &some);
        let mut unknown = None;
        for path in &answer.paths {
            // Of what is not known the sources are as wide as they may be.
            let narrow = wide == Some(false) && path.verdict >= Verdict::Unknown;
            if wide.is_some_and(|wide| wide != anywhere(&path.sources)) && !narrow {
                continue;
            }
            if directly && path.hops.iter().any(|hop| hop.step == Step::Forward) {
                continue;
            }
            if path.verdict < Verdict::Unknown {
                self.see(frame, path);
                return Answer::Open;
            }
            let doubt = path.doubts.first().or(answer.doubts.first());
            unknown = unknown.or(doubt.map(|doubt| &doubt.why));
        }
        if answer.verdict == Verdict::Unknown && answer.paths.is_empty() {
            unknown = unknown.or(answer.doubts.first().map(|doubt| &doubt.why));
        }
        unknown.map_or(Answer::Closed, |why| Answer::Unknown(why.clone()))
    }

    /// Services on which something may arrive, asked once for a class of resources.
    fn arriving(&self, net: &Network, from: &End, holder: Index) -> Option<Vec<Service>> {
        let told = &self.network.told;
        let key = (told.alike(net).arrives[holder]?, matches!(from, End::Internet(_)));
        let lock = || told.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().arriving.get(&key) {
            return known.clone();
        }
        let arriving = net.arriving(from, holder);
        lock().arriving.insert(key, arriving.clone());
        arriving
    }

    /// From the members of a zone, past no other resource: what another one hands on is asked of
    /// the other one.
    fn sent_from_zone(
        &self,
        frame: &Frame<'_, '_>,
        zone: &str,
        holder: Index,
        services: &[Service],
    ) -> Answer {
        let net = self.net(frame);
        let zones = self.zones(frame);
        let alike = self.network.told.alike(net);
        let senders = self.network.told.senders(net, zones, zone);
        let door = net.door(holder, services);
        let (mut asked, mut pairs) = (HashSet::new(), 0);
        let mut unknown = None;
        let other = |of: &Senders| if of.first == holder { of.second } else { Some(of.first) };
        for source in senders.iter().filter_map(other) {
            // No rule, no connection; and what goes the same way arrives alike.
            let Some(by) = door.admits(net, source) else { continue };
            if alike.starts[source].is_some_and(|number| !asked.insert((number, by))) {
                continue;
            }
            pairs += 1;
            if pairs > MAX_PAIRS {
                return Answer::Unknown(Reason::new(ReasonCode::StepLimit, MAX_PAIRS.to_string()));
            }
            let answer = net.reached(&End::Holder(source), holder, services);
            let direct = answer.paths.iter().find(|p| !p.hops.iter().any(|h| h.step == Step::Forward));
            match direct {
                Some(path) if path.verdict < Verdict::Unknown => {
                    self.see(frame, path);
                    if let Some(id) = net.holders[source].item.id {
                        frame.see(|| Seen::Resource(ResourceRef::new(frame.reader.estate, id)));
                    }
                    return Answer::Open;
                }
                Some(path) => unknown = unknown.or(path.doubts.first().map(|doubt| doubt.why.clone())),
                None => {}
            }
        }
        unknown.map_or(Answer::Closed, Answer::Unknown)
    }
}
