//! Questions on who can reach what, asked by controls.
//!
//! The accounts are read once, in the default world, when the first control asks. In
//! another world the answer is unknown: what other values would change was not read.

use sekisho_access::ask::{Ask, Cell, verdict};
use std::sync::{Arc, OnceLock};

use sekisho_access::case::Verdict;
use sekisho_access::escalation::Escalations;
use sekisho_access::formula::{Atom, Formula};
use sekisho_access::holders::Holders;
use sekisho_access::model::{Model, PrincipalId, StoreId};
use sekisho_access::tables::Class;
use sekisho_access::who::{Chains, Distance, Who};
use sekisho_estate::{Estate, ReasonCode, ResourceId, StackIndex};
use sekisho_expr::{Frame, Function, FunctionId, Seen, Val};

/// As many principals are shown with their statements; how many more there are is counted.
const SHOWN: usize = 5;

/// The accounts of an estate and who can become whom.
#[derive(Debug)]
pub struct Access {
    /// The accounts.
    pub model: Arc<Model>,
    /// Who can become whom.
    pub chains: Arc<Chains>,
    /// Who can become an administrator: searched when it is first asked for.
    escalations: OnceLock<Escalations>,
    /// Who has a capability on a store: sorted when it is first asked for.
    holders: OnceLock<Candidates>,
}

/// The principals of which one asks who has a capability.
#[derive(Debug)]
struct Candidates {
    holders: Holders,
    all: Vec<PrincipalId>,
    /// Those with which something runs.
    workloads: Vec<PrincipalId>,
}

impl Access {
    /// Reads the accounts of an estate.
    #[must_use]
    pub fn of(estate: &Estate) -> Self {
        let model = Model::of(estate);
        let chains = Arc::new(model.chains());
        Self { model: Arc::new(model), chains, escalations: OnceLock::new(), holders: OnceLock::new() }
    }

    /// Who is and who can become an administrator.
    pub fn escalations(&self) -> &Escalations {
        self.escalations.get_or_init(|| self.model.escalations(&self.chains))
    }

    fn candidates(&self) -> &Candidates {
        self.holders.get_or_init(|| {
            let all = 0..u32::try_from(self.model.principals.len()).unwrap_or(u32::MAX);
            let runs = |&id: &PrincipalId| !self.model.principals[id as usize].used_by.is_empty();
            Candidates {
                holders: Holders::of(&self.model),
                workloads: all.clone().filter(runs).collect(),
                all: all.collect(),
            }
        })
    }

    /// Answers a function of the control language; none when it is not about access.
    pub(crate) fn call<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        function: &'static Function,
        arguments: &[Val<'a>],
        phi: impl Fn(ResourceId) -> bool,
    ) -> Option<Val<'a>> {
        if let Some(&open) = arguments.iter().find(|value| matches!(value, Val::Unknown(_))) {
            return Some(open);
        }
        let resource = |index: usize| match arguments.get(index) {
            Some(Val::Resource(resource)) => Some(resource.id),
            _ => None,
        };
        let text = |index: usize| match arguments.get(index) {
            Some(Val::Str(text)) => Some(*text),
            _ => None,
        };
        if self.model.world.is_some() && !frame.reader.worlds.is_default() {
            return Some(frame.unknown(ReasonCode::AccessWorld, frame.reader.worlds.label()));
        }
        // What is not written is nobody's.
        let id = resource(0)?;
        let question = Question { access: self, frame };
        Some(match function.id {
            FunctionId::Readers => question.readers(id),
            FunctionId::Workloads => question.workloads(id, text(1)?),
            FunctionId::ExposedTo => question.exposed_to(id, text(1)?),
            FunctionId::Can => question.can(id, text(1)?, resource(2)?),
            FunctionId::HoldsWholeService => question.holds_whole_service(id, text(1)?),
            FunctionId::ReachesWithoutMfa => question.reaches_without_mfa(id, text(1)?, phi),
            FunctionId::May => question.may(id, text(1)?),
            FunctionId::Administers => question.administers(id),
            FunctionId::Escalates => question.escalates(id),
            FunctionId::TrustsOutsideWithoutExternalId => question.without_external_id(id),
            _ => return None,
        })
    }
}

struct Question<'q, 'f, 'a> {
    access: &'q Access,
    frame: &'q Frame<'f, 'a>,
}

impl<'a> Question<'_, '_, 'a> {
    fn model(&self) -> &Model {
        &self.access.model
    }

    fn store(&self, id: ResourceId) -> Result<StoreId, Val<'a>> {
        self.model().by_resource.get(&id).copied().ok_or_else(|| {
            let name = self.frame.reader.estate.type_name(id);
            self.frame.unknown(ReasonCode::AnalysisNotBuilt, format!("access to {name}"))
        })
    }

    fn principal(&self, id: ResourceId) -> Result<PrincipalId, Val<'a>> {
        self.model().principal_of.get(&id).copied().ok_or_else(|| {
            let name = self.frame.reader.estate.type_name(id);
            self.frame.unknown(ReasonCode::AnalysisNotBuilt, format!("access of {name}"))
        })
    }

    fn class(&self, name: &str) -> Result<Class, Val<'a>> {
        Class::parse(name).map_err(|_| self.frame.unknown(ReasonCode::WrongShape, name))
    }

    /// What is not known in a formula, as a value.
    fn open(&self, formula: &Formula) -> Val<'a> {
        let mut why = None;
        formula.atoms(&mut |atom| {
            if let Atom::Unknown(text) | Atom::Ambiguous(text) = atom {
                why.get_or_insert_with(|| text.to_string());
            }
        });
        self.frame.unknown(ReasonCode::PolicyNotUnderstood, why.unwrap_or_default())
    }

    /// Shows the statements that let somebody do something with a store.
    fn show(&self, who: PrincipalId, cell: &Cell, class: Class, store: StoreId) {
        if !self.frame.notes() {
            return;
        }
        let ask = Ask::new(self.model());
        for reason in ask.reasons_of(&ask.asker(who), cell, class, store) {
            if reason.effect != sekisho_access::explain::ReasonEffect::Short
                && let Some(at) = reason.at
            {
                let stack = self.frame.reader.estate.stack(StackIndex(at.stack));
                self.frame.see(|| Seen::Statement(stack.view(at.node)));
            }
        }
    }

    /// Principals with a capability on a store: names, and why there may be more.
    fn holders(&self, id: ResourceId, class: Class, workloads: bool) -> Val<'a> {
        let store = match self.store(id) {
            Ok(store) => store,
            Err(unknown) => return unknown,
        };
        let ask = Ask::new(self.model());
        let candidates = self.access.candidates();
        let among = if workloads { &candidates.workloads } else { &candidates.all };
        let (mut found, mut cells) = (Vec::new(), Vec::new());
        let mut open: Option<(PrincipalId, Cell)> = None;
        for held in candidates.holders.cells(self.model(), &ask, class, store, among) {
            match held.cell.verdict() {
                Verdict::Denied => {}
                Verdict::Allowed | Verdict::Conditional => {
                    found.extend(held.who.iter().map(|&who| (who, cells.len())));
                    cells.push(held.cell);
                }
                Verdict::Unknown | Verdict::Ambiguous => {
                    if open.as_ref().is_none_or(|(first, _)| held.who[0] < *first) {
                        open = Some((held.who[0], held.cell));
                    }
                }
            }
        }
        found.sort_unstable();
        for &(who, cell) in found.iter().take(SHOWN) {
            self.show(who, &cells[cell], class, store);
        }
        if found.len() > SHOWN {
            let resource = self.frame.reader.estate.resource(id);
            let view = self.frame.reader.estate.stack(id.stack).view(resource.properties);
            let more = self.frame.bump().alloc_str(&format!("+{}", found.len() - SHOWN));
            self.frame.see(|| Seen::Found(view, more));
        }
        let names = found.iter().map(|&(who, _)| {
            Val::Str(self.frame.bump().alloc_str(&self.model().principals[who as usize].name))
        });
        let names: Vec<Val<'a>> = names.collect();
        let open = open.and_then(|(_, cell)| match self.open(&cell.formula) {
            Val::Unknown(why) => Some(why),
            _ => None,
        });
        Val::Items(self.frame.bump().alloc_slice_copy(&names), open)
    }

    fn readers(&self, id: ResourceId) -> Val<'a> {
        self.holders(id, Class::ReadContent, false)
    }

    fn workloads(&self, id: ResourceId, class: &str) -> Val<'a> {
        match self.class(class) {
            Ok(class) => self.holders(id, class, true),
            Err(unknown) => unknown,
        }
    }

    fn exposed_to(&self, id: ResourceId, class: &str) -> Val<'a> {
        let (store, class) = match (self.store(id), self.class(class)) {
            (Ok(store), Ok(class)) => (store, class),
            (Err(unknown), _) | (_, Err(unknown)) => return unknown,
        };
        let ask = Ask::new(self.model());
        let exposure = self.model().exposure(&ask, &self.access.chains, class, store);
        if let Some(policy) = self.model().stores[store as usize].policy
            && let Some(at) = self.model().policy(policy).at
        {
            let stack = self.frame.reader.estate.stack(StackIndex(at.stack));
            self.frame.see(|| Seen::Statement(stack.view(at.node)));
        }
        match (exposure.verdict, exposure.distance) {
            (Verdict::Denied, _) => Val::Str("nobody"),
            (Verdict::Allowed, Distance::Anyone) => Val::Str("anyone"),
            (Verdict::Allowed, Distance::OtherAccount) => Val::Str("other account"),
            (Verdict::Allowed, _) => Val::Str("nobody"),
            _ => match &exposure.row {
                Some(row) => self.open(&row.cell.formula),
                None => Val::Str("nobody"),
            },
        }
    }

    fn can(&self, who: ResourceId, class: &str, store: ResourceId) -> Val<'a> {
        match (self.principal(who), self.class(class), self.store(store)) {
            (Ok(who), Ok(class), Ok(store)) => {
                let ask = Ask::new(self.model());
                let cell = ask.can(&ask.asker(who), class, store);
                match verdict(&cell.formula) {
                    Verdict::Denied => Val::Bool(false),
                    Verdict::Allowed | Verdict::Conditional => {
                        self.show(who, &cell, class, store);
                        Val::Bool(true)
                    }
                    Verdict::Unknown | Verdict::Ambiguous => self.open(&cell.formula),
                }
            }
            (Err(unknown), ..) | (_, Err(unknown), _) | (.., Err(unknown)) => unknown,
        }
    }

    /// Whether every action of a service on every resource is allowed without condition.
    fn holds_whole_service(&self, who: ResourceId, service: &str) -> Val<'a> {
        let who = match self.principal(who) {
            Ok(who) => who,
            Err(unknown) => return unknown,
        };
        let ask = Ask::new(self.model());
        // Only `service:*` and `*` match the pattern itself; only `*` the resource.
        let object = sekisho_access::decide::Object {
            arn: "*".into(),
            account: self.model().principals[who as usize].subject.account.clone(),
            ..Default::default()
        };
        let (outcome, reasons) =
            ask.on_arn(&ask.asker(who), &format!("{}:*", service.to_ascii_lowercase()), &object, None);
        for reason in
            reasons.iter().filter(|reason| reason.effect == sekisho_access::explain::ReasonEffect::Allow)
        {
            if let Some(at) = reason.at {
                let stack = self.frame.reader.estate.stack(StackIndex(at.stack));
                self.frame.see(|| Seen::Statement(stack.view(at.node)));
            }
        }
        match outcome.verdict {
            Verdict::Allowed => Val::Bool(true),
            Verdict::Denied | Verdict::Conditional => Val::Bool(false),
            Verdict::Unknown | Verdict::Ambiguous => self.open(&outcome.formula),
        }
    }

    /// Whether somebody is allowed an action on something.
    fn may(&self, who: ResourceId, action: &str) -> Val<'a> {
        let who = match self.principal(who) {
            Ok(who) => who,
            Err(unknown) => return unknown,
        };
        let ask = Ask::new(self.model());
        let action = action.to_ascii_lowercase();
        let formula = ask.on_something(&ask.asker(who), &action);
        self.show_statements(who, &action);
        self.answer(&formula)
    }

    fn administers(&self, who: ResourceId) -> Val<'a> {
        let who = match self.principal(who) {
            Ok(who) => who,
            Err(unknown) => return unknown,
        };
        let ask = Ask::new(self.model());
        match verdict(&ask.administers(&ask.asker(who))) {
            Verdict::Allowed => Val::Bool(true),
            Verdict::Denied | Verdict::Conditional => Val::Bool(false),
            Verdict::Unknown | Verdict::Ambiguous => self.open(&ask.administers(&ask.asker(who))),
        }
    }

    fn answer(&self, formula: &Formula) -> Val<'a> {
        match verdict(formula) {
            Verdict::Denied => Val::Bool(false),
            Verdict::Allowed | Verdict::Conditional => Val::Bool(true),
            Verdict::Unknown | Verdict::Ambiguous => self.open(formula),
        }
    }

    /// Shows the statements of somebody's own policies that name an action.
    fn show_statements(&self, who: PrincipalId, action: &str) {
        if !self.frame.notes() {
            return;
        }
        for &policy in &self.model().principals[who as usize].identity {
            for statement in &self.model().policy(policy).statements {
                let names =
                    statement.actions.selects(action, &sekisho_access::context::Nothing, &self.model().holes);
                if let Some(at) = statement.at
                    && names == Formula::True
                {
                    let stack = self.frame.reader.estate.stack(StackIndex(at.stack));
                    self.frame.see(|| Seen::Statement(stack.view(at.node)));
                }
            }
        }
    }

    /// Whether a user can use a capability on a store that may hold PHI without a second
    /// factor.
    fn reaches_without_mfa(&self, who: ResourceId, class: &str, phi: impl Fn(ResourceId) -> bool) -> Val<'a> {
        let (who, class) = match (self.principal(who), self.class(class)) {
            (Ok(who), Ok(class)) => (who, class),
            (Err(unknown), _) | (_, Err(unknown)) => return unknown,
        };
        // Source: IAM User Guide, `reference_policies_condition-keys.html`: with temporary
        // credentials of a sign-in without MFA the key is false, with long-term keys absent.
        let keys = [("aws:MultiFactorAuthPresent".to_owned(), "false".to_owned())];
        let asks = [Ask::with(self.model(), &keys), Ask::without(self.model(), "aws:MultiFactorAuthPresent")];
        let mut open = None;
        for (index, store) in self.model().stores.iter().enumerate() {
            if !store.resource.is_some_and(&phi) {
                continue;
            }
            let at = u32::try_from(index).unwrap_or(u32::MAX);
            let formula = Formula::any(asks.iter().map(|ask| ask.can(&ask.asker(who), class, at).formula));
            match verdict(&formula) {
                Verdict::Denied => {}
                Verdict::Allowed | Verdict::Conditional => {
                    let ask = Ask::new(self.model());
                    self.show(who, &ask.can(&ask.asker(who), class, at), class, at);
                    return Val::Bool(true);
                }
                Verdict::Unknown | Verdict::Ambiguous => {
                    open.get_or_insert_with(|| self.open(&formula));
                }
            }
        }
        open.unwrap_or(Val::Bool(false))
    }

    /// Whether somebody who is no administrator can become one.
    fn escalates(&self, who: ResourceId) -> Val<'a> {
        let who = match self.principal(who) {
            Ok(who) => who,
            Err(unknown) => return unknown,
        };
        let found = self.access.escalations();
        if let Some(step) = found.steps.iter().find(|step| step.who == who) {
            // The statements that name the first action of the path.
            let action = step.actions.first().map(|action| action.to_ascii_lowercase()).unwrap_or_default();
            self.show_statements(who, &action);
            return Val::Bool(true);
        }
        match found.open.iter().find(|(id, _)| *id == who) {
            Some((_, formula)) => self.open(formula),
            None => Val::Bool(false),
        }
    }

    /// Whether another account can assume a role without an external id, a named
    /// organization, or another condition that names fixed identities.
    fn without_external_id(&self, role: ResourceId) -> Val<'a> {
        let role = match self.principal(role) {
            Ok(role) => role,
            Err(unknown) => return unknown,
        };
        let mut open = None;
        for (who, formula) in &self.access.chains.into[role as usize] {
            if !matches!(who, Who::Account(_) | Who::Arn(_) | Who::AnyAccount) {
                continue;
            }
            let demanded = |atom: &Atom| match atom {
                Atom::Test(test) => match &*test.0.key {
                    "sts:externalid" | "aws:principalorgid" | "aws:principalorgpaths" => Some(false),
                    _ => None,
                },
                _ => None,
            };
            let rest = formula.assign(&demanded);
            match verdict(&rest) {
                Verdict::Denied => {}
                Verdict::Allowed | Verdict::Conditional => {
                    if let Some(trust) = self.model().principals[role as usize].trust
                        && let Some(at) = self.model().policy(trust).at
                    {
                        let stack = self.frame.reader.estate.stack(StackIndex(at.stack));
                        self.frame.see(|| Seen::Statement(stack.view(at.node)));
                    }
                    return Val::Bool(true);
                }
                Verdict::Unknown | Verdict::Ambiguous => {
                    open.get_or_insert_with(|| self.open(&rest));
                }
            }
        }
        open.unwrap_or(Val::Bool(false))
    }
}
