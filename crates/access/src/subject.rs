//! Who asks, and which principals of a statement that is.

use crate::case::Values;
use crate::condition::unknown_hole;
use crate::context::Keys;
use crate::formula::Formula;
use crate::glob::{Match, equal};
use crate::holes::Holes;
use crate::policy::{Effect, Named, Select};

/// What kind of principal asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SubjectKind {
    /// An IAM user.
    User,
    /// A role: one of its sessions.
    Role,
    /// A session of GetFederationToken.
    FederatedUser,
    /// The root user of an account.
    Root,
    /// An AWS service.
    Service,
    /// Without credentials.
    Anonymous,
    /// An identity of an identity provider, before it has a role.
    Federated,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What kind it is.
    pub kind: SubjectKind,
    /// The ARN of the user, role, root or federated session; the name of a service or
    /// provider; empty for anonymous.
    pub arn: Box<str>,
    /// The ARN of a role's session, when it has a name.
    pub session: Option<Box<str>>,
    /// Its account, when it has one.
    pub account: Option<Box<str>>,
    /// Canonical id of the account.
    pub canonical: Option<Box<str>>,
    /// Unique id.
    pub id: Option<Box<str>>,
    /// Policies that name its ARN mean an older principal.
    pub deleted: bool,
    /// A role that a service made for itself.
    pub service_linked: bool,
    /// Whether it is in the management account of its organization.
    pub management: bool,
    /// A role of which any session is meant: policies that name a session mean it too.
    pub any_session: bool,
    /// Of another account than every resource, although accounts are not known.
    pub foreign: bool,
    /// Condition keys that follow from it.
    pub keys: Keys,
}

/// How far a resource policy reaches to somebody, each with when it does.
///
/// Source: IAM User Guide, `reference_policies_evaluation-logic_policy-eval-denyallow.html`.
#[derive(Clone, Debug)]
pub struct Reach {
    /// To the one who asks itself: nothing else is needed, and implicit denies of other
    /// policies do not count in its own account.
    pub direct: Formula,
    /// To the role: boundary and session policy still limit.
    pub role: Formula,
    /// To the account: its identity policies must allow as well.
    pub account: Formula,
}

impl Reach {
    /// To nobody.
    pub const NONE: Self = Self { direct: Formula::False, role: Formula::False, account: Formula::False };

    /// To somebody in any way.
    #[must_use]
    pub fn any(&self) -> Formula {
        self.direct.clone().or(self.role.clone()).or(self.account.clone())
    }

    /// Adds what another one reaches.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            direct: self.direct.or(other.direct),
            role: self.role.or(other.role),
            account: self.account.or(other.account),
        }
    }

    /// The same, under a condition.
    #[must_use]
    pub fn when(self, condition: &Formula) -> Self {
        if *condition == Formula::True {
            return self;
        }
        Self {
            direct: self.direct.and(condition.clone()),
            role: self.role.and(condition.clone()),
            account: self.account.and(condition.clone()),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.direct == Formula::False && self.role == Formula::False && self.account == Formula::False
    }
}

pub(crate) fn same(a: &str, b: &str, holes: &Holes) -> Formula {
    match equal(a, b, holes) {
        Match::Yes => Formula::True,
        Match::No | Match::Variable(_) => Formula::False,
        Match::Hole(c) => unknown_hole(c, holes),
    }
}

impl Subject {
    /// A principal of an ARN; which kind is read from it. `None` when it is no ARN of a
    /// principal.
    #[must_use]
    pub fn of_arn(arn: &str) -> Option<Self> {
        let mut fields = arn.splitn(6, ':');
        let (scheme, partition, service) = (fields.next()?, fields.next()?, fields.next()?);
        let (_, account, rest) = (fields.next()?, fields.next()?, fields.next()?);
        if scheme != "arn" {
            return None;
        }
        let mut subject = Self::new(SubjectKind::User, arn);
        subject.account = Some(account.into());
        match (service, rest.split_once('/')) {
            ("iam", None) if rest == "root" => subject.kind = SubjectKind::Root,
            ("iam", Some(("user", _))) => {}
            ("iam", Some(("role", path))) => {
                subject.kind = SubjectKind::Role;
                subject.service_linked = path.starts_with("aws-service-role/");
            }
            ("sts", Some(("assumed-role", rest))) => {
                let (name, _) = rest.split_once('/')?;
                subject.kind = SubjectKind::Role;
                subject.session = Some(arn.into());
                subject.arn = format!("arn:{partition}:iam::{account}:role/{name}").into();
            }
            ("sts", Some(("federated-user", _))) => subject.kind = SubjectKind::FederatedUser,
            _ => return None,
        }
        Some(subject)
    }

    /// A principal without account.
    #[must_use]
    pub fn new(kind: SubjectKind, arn: &str) -> Self {
        Self {
            kind,
            arn: arn.into(),
            session: None,
            account: None,
            canonical: None,
            id: None,
            deleted: false,
            service_linked: false,
            management: false,
            any_session: false,
            foreign: false,
            keys: Keys::new(),
        }
    }

    /// Whether it is of an account: policies of identities and of organizations are about it.
    #[must_use]
    pub fn is_of_account(&self) -> bool {
        matches!(
            self.kind,
            SubjectKind::User | SubjectKind::Role | SubjectKind::FederatedUser | SubjectKind::Root
        )
    }

    /// The name without path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.arn.rsplit(['/', ':']).next().unwrap_or(&self.arn)
    }

    /// Adds a key, unless it is there.
    pub fn key(&mut self, name: &str, value: impl Into<String>) {
        let name = name.to_ascii_lowercase();
        if !self.keys.iter().any(|(known, _)| **known == *name) {
            self.keys.push((name.into(), Values::One(value.into())));
        }
    }

    /// How far an entry of `Principal` reaches to this one.
    ///
    /// Source: IAM User Guide, `reference_policies_elements_principal.html`.
    fn named(&self, named: &Named, holes: &Holes) -> Reach {
        match named {
            Named::Anyone => Reach { direct: Formula::True, ..Reach::NONE },
            // Of an account that is none of the input's.
            Named::Account(id) if self.foreign && Holes::any_in(id) => Reach::NONE,
            Named::Account(id) => match &self.account {
                Some(account) if self.is_of_account() => {
                    Reach { account: same(id, account, holes), ..Reach::NONE }
                }
                _ => Reach::NONE,
            },
            Named::Canonical(id) => match &self.canonical {
                Some(own) if self.is_of_account() => Reach { account: same(id, own, holes), ..Reach::NONE },
                _ => Reach::NONE,
            },
            Named::Service(name) if self.kind == SubjectKind::Service => {
                Reach { direct: same(name, &self.arn, holes), ..Reach::NONE }
            }
            Named::Federated(name) if self.kind == SubjectKind::Federated => {
                Reach { direct: same(name, &self.arn, holes), ..Reach::NONE }
            }
            Named::Service(_) | Named::Federated(_) => Reach::NONE,
            Named::Arn(_) if self.deleted || !self.is_of_account() => Reach::NONE,
            Named::Arn(arn) => self.arn_named(arn, holes),
            Named::Id(id) => match (&self.id, self.kind) {
                (Some(own), SubjectKind::Role) if own == id => Reach { role: Formula::True, ..Reach::NONE },
                (Some(own), _) if own == id => Reach { direct: Formula::True, ..Reach::NONE },
                _ => Reach::NONE,
            },
            Named::Unknown(why) => Reach { direct: Formula::unknown(why.clone()), ..Reach::NONE },
        }
    }

    fn arn_named(&self, arn: &str, holes: &Holes) -> Reach {
        if self.kind != SubjectKind::Role {
            return Reach { direct: same(arn, &self.arn, holes), ..Reach::NONE };
        }
        let is_session = arn.split(':').nth(2) == Some("sts");
        if !is_session {
            return Reach { role: same(arn, &self.arn, holes), ..Reach::NONE };
        }
        let direct = match &self.session {
            Some(session) => same(arn, session, holes),
            None if self.any_session => {
                let name = arn.split(':').nth(5).and_then(|rest| rest.split('/').nth(1)).unwrap_or_default();
                let account = arn.split(':').nth(4).unwrap_or_default();
                same(name, self.name(), holes).and(same(
                    account,
                    self.account.as_deref().unwrap_or_default(),
                    holes,
                ))
            }
            None => Formula::False,
        };
        Reach { direct, ..Reach::NONE }
    }

    /// How far the principals of a statement reach to this one. `bounded` says that it has a
    /// permissions boundary.
    pub fn reach(&self, principals: &Select<Named>, effect: &Effect, bounded: bool, holes: &Holes) -> Reach {
        match principals {
            Select::Only(of) => {
                let mut reach = Reach::NONE;
                for named in of {
                    let next = self.named(named, holes);
                    if !next.is_none() {
                        reach = reach.or(next);
                    }
                }
                reach
            }
            Select::AllBut(of) => Reach { direct: self.all_but(of, effect, bounded, holes), ..Reach::NONE },
            Select::Absent => Reach {
                direct: Formula::unknown("a statement of a resource policy without Principal"),
                ..Reach::NONE
            },
            Select::Unknown(why) => Reach { direct: Formula::unknown(why.clone()), ..Reach::NONE },
        }
    }

    /// Whether `NotPrincipal` is about this one.
    ///
    /// Source: IAM User Guide, `reference_policies_elements_notprincipal.html`: with `Deny`,
    /// the account and, of a session, the role must be listed as well; what happens
    /// otherwise is not said. A principal with a boundary is always denied.
    fn all_but(&self, of: &[Named], effect: &Effect, bounded: bool, holes: &Holes) -> Formula {
        if of.iter().any(|named| matches!(named, Named::Anyone)) {
            return Formula::False;
        }
        if *effect != Effect::Deny {
            return Formula::any(of.iter().map(|named| self.named(named, holes).any())).negate();
        }
        if bounded {
            return Formula::True;
        }
        let listed = |test: &dyn Fn(&Reach) -> Formula| {
            Formula::any(of.iter().map(|named| test(&self.named(named, holes))))
        };
        let parts = match self.kind {
            SubjectKind::User | SubjectKind::FederatedUser => {
                vec![listed(&|reach| reach.direct.clone()), listed(&|reach| reach.account.clone())]
            }
            SubjectKind::Role => vec![
                listed(&|reach| reach.direct.clone()),
                listed(&|reach| reach.role.clone()),
                listed(&|reach| reach.account.clone()),
            ],
            SubjectKind::Root => vec![listed(&|reach| reach.account.clone())],
            SubjectKind::Service | SubjectKind::Anonymous | SubjectKind::Federated => {
                vec![listed(&|reach| reach.direct.clone())]
            }
        };
        // Principals other than the account itself that are listed of the same account.
        let others = self.kind != SubjectKind::Root
            && of.iter().any(|named| match named {
                Named::Arn(arn) => arn.split(':').nth(4) == self.account.as_deref(),
                _ => false,
            });
        let (all, any) = (Formula::all(parts.iter().cloned()), Formula::any(parts));
        match (all, any) {
            (Formula::True, _) => Formula::False,
            (_, Formula::False) => Formula::True,
            (all, any) if all == any => all.negate(),
            // The page's own example: with a user and its account listed, everyone but that
            // user is denied, the other principals of its account included.
            _ if others && listed(&|reach| reach.direct.clone().or(reach.role.clone())) == Formula::False => {
                Formula::True
            }
            _ => Formula::ambiguous(
                "NotPrincipal with Deny that lists a principal without its account or session",
            ),
        }
    }
}
