//! The rules of authorization as AWS's documentation tells them, with no thought of speed.
//!
//! Written from the documentation alone; shares with the engine only the form of a case.
//! It decides requests of which everything is known: `unknown` keys are not for it.
//! Pages are those of the IAM User Guide unless another guide is named.

pub(crate) mod condition;

use std::collections::BTreeSet;

use condition::{Given, Keys, fits, holds, letters, like, texts};
use sekisho_access::case::{AclPermission, Case, CaseGrant, CaseResource, Named, ObjectOwnership, Verdict};
use serde_json::Value;

/// A statement of a policy.
struct Statement {
    body: Value,
    /// Whether `${…}` are variables: only in Version 2012-10-17.
    variables: bool,
}

/// How a statement of a resource's policy names the principal.
///
/// `reference_policies_evaluation-logic_policy-eval-denyallow.html`: what is named decides
/// which other policies limit the permission.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Naming {
    /// Its account: the account may give the permission on.
    Account,
    /// The role of the session: boundary and session policies limit it.
    Role,
    /// The user, the session, a service, or everyone: nothing limits it but denials.
    Direct,
}

/// Who asks.
struct Asker {
    arn: String,
    /// For a session, its role.
    role: Option<String>,
    account: Option<String>,
    root: bool,
    federated_user: bool,
    service_linked: bool,
    service: Option<String>,
    provider: Option<String>,
    canonical: Option<String>,
    anonymous: bool,
    deleted: bool,
    boundary: bool,
    /// Whether an ARN with a wildcard counts as naming everyone.
    guess: bool,
}

fn part(arn: &str, at: usize) -> &str {
    arn.splitn(6, ':').nth(at).unwrap_or("")
}

fn account_of(arn: &str) -> Option<String> {
    let account = part(arn, 4);
    (!account.is_empty()).then(|| account.to_owned())
}

fn statements(named: &Named) -> Vec<Statement> {
    let document: Value = serde_json::from_str(&named.document.0).unwrap();
    let variables = document.get("Version").and_then(Value::as_str) == Some("2012-10-17");
    let list = match document.get("Statement") {
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    list.into_iter().map(|body| Statement { body, variables }).collect()
}

impl Asker {
    fn new(case: &Case, guess: bool) -> Self {
        let given = &case.principal;
        let mut arn = given.arn.clone().unwrap_or_default();
        let mut role = given.role.clone();
        if part(&arn, 5).starts_with("assumed-role/") {
            let name = part(&arn, 5).split('/').nth(1).unwrap();
            role.get_or_insert(format!("arn:{}:iam::{}:role/{name}", part(&arn, 1), part(&arn, 4)));
        } else if part(&arn, 5).starts_with("role/") {
            let name = arn.rsplit('/').next().unwrap().to_owned();
            role = Some(arn.clone());
            // A role asks by a session; without a name it is one that no policy names.
            let session = given.session.as_ref().map_or("\u{1}", |session| &session.name);
            arn = format!("arn:{}:sts::{}:assumed-role/{name}/{session}", part(&arn, 1), part(&arn, 4));
        }
        let account = given.account.clone().or_else(|| account_of(&arn));
        Self {
            root: part(&arn, 5) == "root" || given.canonical.is_some(),
            federated_user: part(&arn, 5).starts_with("federated-user/"),
            service_linked: role
                .as_deref()
                .is_some_and(|role| part(role, 5).starts_with("role/aws-service-role/")),
            service: given.service.clone(),
            provider: given.federated.clone(),
            canonical: given.canonical.clone().or_else(|| given.canonical_id.clone()),
            anonymous: given.anonymous,
            deleted: given.deleted,
            boundary: case.policies.boundary.is_some(),
            guess,
            account,
            role,
            arn,
        }
    }

    /// How one entry of a Principal element names the asker.
    ///
    /// `reference_policies_elements_principal.html`.
    fn named_by(&self, kind: &str, text: &str) -> Option<Naming> {
        match kind {
            "*" => Some(Naming::Direct),
            "AWS" if text == "*" => Some(Naming::Direct),
            "AWS" if self.guess && text.contains('*') => Some(Naming::Direct),
            "AWS" if self.account.is_none() => None,
            "AWS" => {
                let account = self.account.as_deref().unwrap();
                let root = part(text, 5) == "root" && part(text, 2) == "iam";
                if text == account || (root && part(text, 4) == account) {
                    Some(Naming::Account)
                } else if text == self.arn && !self.deleted {
                    Some(Naming::Direct)
                } else if self.role.as_deref() == Some(text) && !self.deleted {
                    Some(Naming::Role)
                } else {
                    None
                }
            }
            "Service" => (self.service.as_deref() == Some(text)).then_some(Naming::Direct),
            "Federated" => (self.provider.as_deref() == Some(text)).then_some(Naming::Direct),
            "CanonicalUser" => (self.canonical.as_deref() == Some(text)).then_some(Naming::Account),
            _ => None,
        }
    }

    /// All entries of a Principal or NotPrincipal element that name the asker.
    fn namings(&self, element: &Value) -> BTreeSet<Naming> {
        match element {
            Value::String(text) if text == "*" => BTreeSet::from([Naming::Direct]),
            Value::Object(of) => of
                .iter()
                .flat_map(|(kind, values)| {
                    texts(values).into_iter().filter_map(move |text| self.named_by(kind, &text))
                })
                .collect(),
            _ => BTreeSet::new(),
        }
    }
}

/// One request on one resource, as one kind of policy sees it.
struct Request<'a> {
    asker: &'a Asker,
    action: &'a str,
    resource: &'a str,
    keys: &'a Keys,
}

/// Whether a NotPrincipal statement applies.
enum Except {
    Yes,
    No,
    NotSettled,
}

impl Request<'_> {
    /// `reference_policies_elements_action.html`, `…_notaction.html`: case does not count.
    fn action_fits(&self, body: &Value) -> bool {
        let any = |element: &Value| {
            texts(element).iter().any(|text| like(&text.to_lowercase(), &self.action.to_lowercase()))
        };
        match (body.get("Action"), body.get("NotAction")) {
            (Some(element), _) => any(element),
            (_, Some(element)) => !any(element),
            _ => false,
        }
    }

    /// `reference_policies_elements_resource.html`, `…_notresource.html`. A trust policy has
    /// neither: it is about its own role.
    fn resource_fits(&self, statement: &Statement) -> bool {
        let any = |element: &Value| {
            texts(element).iter().any(|text| {
                letters(text, statement.variables, self.keys)
                    .is_some_and(|letters| fits(&letters, &self.resource.chars().collect::<Vec<_>>()))
            })
        };
        match (statement.body.get("Resource"), statement.body.get("NotResource")) {
            (Some(element), _) => any(element),
            (_, Some(element)) => !any(element),
            _ => true,
        }
    }

    /// Whether everything but the principal fits.
    fn applies(&self, statement: &Statement, effect: &str) -> bool {
        statement.body.get("Effect").and_then(Value::as_str) == Some(effect)
            && self.action_fits(&statement.body)
            && self.resource_fits(statement)
            && holds(statement.body.get("Condition"), statement.variables, self.keys)
    }

    /// Whether a policy without principals has a statement of this effect.
    fn says(&self, policy: &Named, effect: &str) -> bool {
        statements(policy).iter().any(|statement| self.applies(statement, effect))
    }

    fn any_says(&self, policies: &[&Named], effect: &str) -> bool {
        policies.iter().any(|policy| self.says(policy, effect))
    }

    /// How a policy with principals allows the asker.
    fn allowed_by(&self, policy: &Named) -> BTreeSet<Naming> {
        statements(policy)
            .iter()
            .filter(|statement| self.applies(statement, "Allow"))
            .filter_map(|statement| statement.body.get("Principal"))
            .flat_map(|element| self.asker.namings(element))
            .collect()
    }

    /// Whether a policy with principals denies the asker; `None`: not settled.
    fn denied_by(&self, policy: &Named) -> Option<bool> {
        let mut settled = true;
        for statement in statements(policy).iter().filter(|statement| self.applies(statement, "Deny")) {
            if let Some(element) = statement.body.get("Principal") {
                if !self.asker.namings(element).is_empty() {
                    return Some(true);
                }
            } else if let Some(element) = statement.body.get("NotPrincipal") {
                match self.excepted(element) {
                    Except::No => return Some(true),
                    Except::Yes => {}
                    Except::NotSettled => settled = false,
                }
            }
        }
        settled.then_some(false)
    }

    /// Whether NotPrincipal excepts the asker from a denial.
    ///
    /// `reference_policies_elements_notprincipal.html`: whoever has a boundary is always
    /// denied; the account, the role and the session must all be listed. The page leaves open
    /// what happens when a user is listed without its account, or a role without its session.
    fn excepted(&self, element: &Value) -> Except {
        if self.asker.boundary {
            return Except::No;
        }
        let named = self.asker.namings(element);
        if self.asker.service.is_some() || self.asker.anonymous || self.asker.provider.is_some() {
            return if named.is_empty() { Except::No } else { Except::Yes };
        }
        let has = |naming| named.contains(&naming);
        let own = has(Naming::Direct);
        if self.asker.root {
            return if named.is_empty() { Except::No } else { Except::Yes };
        }
        // The page's example denies the other users of an account that is listed with one.
        let account = self.asker.account.as_deref().unwrap_or("");
        let others = element.get("AWS").is_some_and(|aws| {
            texts(aws).iter().any(|text| part(text, 4) == account && part(text, 5) != "root")
        });
        match (&self.asker.role, own, has(Naming::Role), has(Naming::Account)) {
            (None, true, _, true) | (Some(_), true, true, true) => Except::Yes,
            (None, false, _, false) | (Some(_), false, false, false) => Except::No,
            (None, false, _, true) | (Some(_), false, false, true) if others => Except::No,
            _ => Except::NotSettled,
        }
    }
}

/// The keys of a request: those that are given, and those that follow from who asks and
/// what for. `reference_policies_condition-keys.html`.
fn keys(case: &Case, asker: &Asker, resource: &CaseResource, owner: Option<&str>) -> Keys {
    let mut keys = Keys::new();
    let mut put = |name: &str, value: &str| {
        keys.insert(name.to_lowercase(), Given { values: vec![value.to_owned()], many: false });
    };
    if let Some(account) = &asker.account {
        if asker.service.is_none() {
            put("aws:PrincipalAccount", account);
            put("kms:CallerAccount", account);
            let arn = asker.role.as_deref().unwrap_or(&asker.arn);
            if !arn.is_empty() {
                put("aws:PrincipalArn", arn);
            }
            if let Some(known) = case.accounts.get(account)
                && let Some(organization) = &known.organization
            {
                put("aws:PrincipalOrgID", organization);
            }
        }
        if part(&asker.arn, 5).starts_with("user/") {
            put("aws:username", asker.arn.rsplit('/').next().unwrap());
        }
        let kind = if asker.root {
            "Account"
        } else if asker.role.is_some() {
            "AssumedRole"
        } else if asker.federated_user {
            "FederatedUser"
        } else {
            "User"
        };
        if asker.service.is_none() {
            put("aws:PrincipalType", kind);
        }
    }
    if let Some(service) = &asker.service {
        put("aws:PrincipalIsAWSService", "true");
        put("aws:PrincipalServiceName", service);
    } else if !asker.anonymous {
        put("aws:PrincipalIsAWSService", "false");
    }
    if let Some(id) = &case.principal.id {
        let session = asker.arn.rsplit('/').next().filter(|_| asker.role.is_some());
        match session {
            Some(session) => put("aws:userid", &format!("{id}:{session}")),
            None => put("aws:userid", id),
        }
    }
    for (name, value) in &case.principal.tags {
        put(&format!("aws:PrincipalTag/{name}"), value);
    }
    if let Some(owner) = owner {
        put("aws:ResourceAccount", owner);
        if let Some(organization) = case.accounts.get(owner).and_then(|known| known.organization.as_deref()) {
            put("aws:ResourceOrgID", organization);
        }
    }
    for (name, value) in &resource.tags {
        put(&format!("aws:ResourceTag/{name}"), value);
    }
    if let Some(point) = case.s3.as_ref().and_then(|s3| s3.access_point.as_ref()) {
        put("s3:DataAccessPointArn", &point.arn);
        if let Some(account) = point.account.clone().or_else(|| account_of(&point.arn)) {
            put("s3:DataAccessPointAccount", &account);
        }
        if let Some(origin) = &point.network_origin {
            put("s3:AccessPointNetworkOrigin", origin);
        }
    }
    // Paths of the organization are lists.
    for (name, account) in
        [("aws:PrincipalOrgPaths", asker.account.as_deref()), ("aws:ResourceOrgPaths", owner)]
    {
        if let Some(path) =
            account.and_then(|account| case.accounts.get(account)).and_then(|known| known.path.clone())
            && (asker.service.is_none() || name.starts_with("aws:Resource"))
        {
            keys.insert(name.to_lowercase(), Given { values: vec![path], many: true });
        }
    }
    for (name, values) in &case.context {
        let name = name.to_lowercase();
        match values {
            None => {
                keys.remove(&name);
            }
            Some(values) => {
                let many = matches!(values, sekisho_access::case::Values::Many(_));
                keys.insert(name, Given { values: values.as_slice().to_vec(), many });
            }
        }
    }
    keys
}

/// The answer to a case: allowed, denied, ambiguous or unknown. Of several resources the worst counts.
pub(crate) fn decide(case: &Case) -> Verdict {
    assert!(case.unknown.is_empty(), "the reference decides what is known");
    let worst =
        |guess| worst(case.resource.as_slice().iter().map(|resource| on(case, resource, guess)).collect());
    // `reference_policies_elements_principal.html`: a wildcard for a part of an ARN is not
    // allowed. AWS refuses such a policy, so what it does is not known where it matters.
    let (without, with) = (worst(false), worst(true));
    if without == with { without } else { Verdict::Unknown }
}

fn worst(verdicts: Vec<Verdict>) -> Verdict {
    for verdict in [Verdict::Denied, Verdict::Ambiguous] {
        if verdicts.contains(&verdict) {
            return verdict;
        }
    }
    Verdict::Allowed
}

/// What the documentation leaves open is decided both ways.
fn on(case: &Case, resource: &CaseResource, guess: bool) -> Verdict {
    let [one, other] = [false, true].map(|open| read(case, resource, guess, open));
    if one == other { one } else { Verdict::Ambiguous }
}

/// Whether the Service Authorization Reference lists an action without a type of resource.
fn without_resource(action: &str) -> bool {
    sekisho_facts::iam::action(action).is_some_and(|(_, action)| action.on.is_empty())
}

fn read(case: &Case, resource: &CaseResource, guess: bool, open: bool) -> Verdict {
    let asker = Asker::new(case, guess);
    let policies = &case.policies;
    // STS API Reference, `API_AssumeRole.html`: a root user cannot assume a role.
    if asker.root && case.action.eq_ignore_ascii_case("sts:AssumeRole") {
        return Verdict::Denied;
    }
    let owner =
        resource.account.clone().or_else(|| account_of(&resource.arn)).or_else(|| asker.account.clone());
    let keys = keys(case, &asker, resource, owner.as_deref());
    let point = case.s3.as_ref().and_then(|s3| s3.access_point.as_ref());
    // S3 User Guide, `access-points-policies.html`: identity policies and the access point's
    // policy name the access point, the bucket policy the bucket.
    let seen = point.map_or(resource.arn.clone(), |point| match resource.arn.split_once('/') {
        Some((_, key)) => format!("{}/object/{key}", point.arn),
        None => point.arn.clone(),
    });
    // `reference_policies_elements_resource.html`: an action that the service lists without a
    // type of resource is allowed on `*` alone.
    let seen = if without_resource(&case.action) { "*".to_owned() } else { seen };
    let by_caller = Request { asker: &asker, action: &case.action, resource: &seen, keys: &keys };
    let by_resource = Request { asker: &asker, action: &case.action, resource: &resource.arn, keys: &keys };

    let has_identity = asker.account.is_some() && asker.service.is_none() && asker.provider.is_none();
    let identity: Vec<&Named> = if has_identity && !asker.root {
        policies.identity.iter().chain(policies.groups.iter().flat_map(|group| &group.policies)).collect()
    } else {
        Vec::new()
    };
    let boundary = policies.boundary.as_ref().filter(|_| has_identity && !asker.root);
    let session = policies.session.as_ref().filter(|_| has_identity);

    // Organizations User Guide, `orgs_manage_policies_scps.html`: not of the management
    // account, not of service-linked roles; they are about principals of the organization.
    let management = |account: Option<&String>| {
        account.and_then(|account| case.accounts.get(account)).is_some_and(|known| known.management)
    };
    let scps = has_identity && !asker.service_linked && !management(asker.account.as_ref());
    // Organizations User Guide, `orgs_manage_policies_rcps.html`.
    let rcps = !asker.service_linked && !management(owner.as_ref()) && !resource.aws_managed;

    // `reference_policies_evaluation-logic_policy-eval-denyallow.html`: a denial anywhere.
    let mut settled = true;
    let mut denied = by_caller.any_says(&identity, "Deny");
    denied |= boundary.is_some_and(|policy| by_caller.says(policy, "Deny"));
    denied |= session.is_some_and(|list| list.iter().any(|policy| by_caller.says(policy, "Deny")));
    denied |= scps && policies.scps.iter().flatten().any(|policy| by_caller.says(policy, "Deny"));
    let with_principals = [
        policies.resource.as_ref().map(|policy| (policy, &by_resource)),
        policies.endpoint.as_ref().map(|policy| (policy, &by_caller)),
        point.and_then(|point| point.policy.as_ref()).map(|policy| (policy, &by_caller)),
    ];
    let rcp_list = policies.rcps.iter().flatten().filter(|_| rcps).map(|policy| (policy, &by_resource));
    for (policy, request) in with_principals.into_iter().flatten().chain(rcp_list) {
        match request.denied_by(policy) {
            Some(is) => denied |= is,
            None => settled = false,
        }
    }
    if denied {
        return Verdict::Denied;
    }

    // At every level of the organization one statement must allow.
    let organization =
        !scps || policies.scps.iter().all(|level| level.iter().any(|policy| by_caller.says(policy, "Allow")));
    // VPC guide, `vpc-endpoints-access.html`: an endpoint policy bounds what goes through it.
    let endpoint = policies.endpoint.as_ref().is_none_or(|policy| !by_caller.allowed_by(policy).is_empty());
    if !organization || !endpoint {
        return Verdict::Denied;
    }

    let bounded = boundary.is_none_or(|policy| by_caller.says(policy, "Allow"))
        && session.is_none_or(|list| list.iter().any(|policy| by_caller.says(policy, "Allow")));
    // `id_credentials_temp_control-access_getfederationtoken.html`: without a session policy
    // a federated user has only what policies of resources give.
    let own = has_identity
        && (asker.root || by_caller.any_says(&identity, "Allow"))
        && bounded
        && !(asker.federated_user && session.is_none());

    let same = asker.account.is_some() && asker.account == owner && asker.service.is_none();
    let allowed = if case.s3.is_some() {
        s3(case, resource, &asker, same, own, bounded, &by_caller, &by_resource, open)
    } else {
        let named =
            policies.resource.as_ref().map(|policy| by_resource.allowed_by(policy)).unwrap_or_default();
        let is_key = part(&resource.arn, 2) == "kms" && part(&resource.arn, 5).starts_with("key/");
        let assumes = case.action.to_lowercase().starts_with("sts:assumerole")
            || (case.action.to_lowercase().starts_with("sts:")
                && part(&resource.arn, 5).starts_with("role/"));
        let granted = is_key
            && policies.grants.iter().any(|grant| {
                // `grants.html` does not say whether a boundary limits a grantee that is a role,
                // nor what the account of a grantee of another account must allow.
                let role = part(&grant.grantee, 5).starts_with("role/");
                let enough = asker.account.is_none() || if same { !role || bounded } else { own };
                grants(grant, &asker, case, open) && (enough || open)
            });
        granted || combined(same, is_key || assumes, own, bounded, &named, &asker)
    };
    match (allowed, settled) {
        (false, _) => Verdict::Denied,
        (true, false) => Verdict::Ambiguous,
        (true, true) => Verdict::Allowed,
    }
}

/// Policies of the principal and of the resource together.
///
/// `reference_policies_evaluation-logic_policy-eval-basics.html` (either allows, in one
/// account), `reference_policies_evaluation-logic-cross-account.html` (both must), KMS
/// Developer Guide `key-policies.html` and `id_roles_compare-resource-policies.html` (keys
/// and roles: their own policy must allow, even in one account).
fn combined(
    same: bool,
    explicit: bool,
    own: bool,
    bounded: bool,
    named: &BTreeSet<Naming>,
    asker: &Asker,
) -> bool {
    let has = |naming| named.contains(&naming);
    if asker.service.is_some() || asker.anonymous || asker.provider.is_some() {
        return has(Naming::Direct);
    }
    if !same {
        return own && !named.is_empty();
    }
    let by_resource = has(Naming::Direct) || (has(Naming::Role) && bounded) || (has(Naming::Account) && own);
    by_resource || (own && !explicit)
}

/// KMS Developer Guide, `grants.html`, and KMS API Reference, `API_GrantConstraints.html`.
/// Whether a grant means a principal that was deleted and made again is not said: `open`.
fn grants(grant: &CaseGrant, asker: &Asker, case: &Case, open: bool) -> bool {
    if case.principal.deleted && !open {
        return false;
    }
    let who = grant.grantee == asker.arn
        || asker.role.as_deref() == Some(&*grant.grantee)
        || asker.service.as_deref() == Some(&*grant.grantee);
    let operation = case.action.split_once(':').map_or("", |(_, name)| name);
    let context: Vec<(String, String)> = case
        .context
        .iter()
        .filter_map(|(name, values)| {
            let pair = name.strip_prefix("kms:EncryptionContext:")?;
            Some((pair.to_owned(), values.as_ref()?.as_slice().first()?.clone()))
        })
        .collect();
    let subset = |wanted: &std::collections::BTreeMap<String, String>| {
        wanted.iter().all(|(name, value)| context.iter().any(|(n, v)| n == name && v == value))
    };
    who && grant.operations.iter().any(|known| known.eq_ignore_ascii_case(operation))
        && grant.encryption_context_subset.as_ref().is_none_or(subset)
        && grant
            .encryption_context_equals
            .as_ref()
            .is_none_or(|wanted| subset(wanted) && wanted.len() == context.len())
}

/// S3 User Guide: `access-control-block-public-access.html`, `acl-overview.html`,
/// `about-object-ownership.html`, `access-policy-alternatives-guidelines.html`.
#[allow(clippy::too_many_arguments)]
fn s3(
    case: &Case,
    resource: &CaseResource,
    asker: &Asker,
    same: bool,
    own: bool,
    bounded: bool,
    by_caller: &Request<'_>,
    by_resource: &Request<'_>,
    open: bool,
) -> bool {
    let public = |policy| public(policy, open);
    let s3 = case.s3.as_ref().unwrap();
    let block = &s3.block_public_access;
    let levels = [block.organization, block.account, block.bucket];
    let named =
        case.policies.resource.as_ref().map(|policy| by_resource.allowed_by(policy)).unwrap_or_default();
    // A bucket with a public policy is left to its account and to services, whatever else
    // would give access.
    if levels.iter().any(|level| level.restrict_public_buckets)
        && case.policies.resource.as_ref().is_some_and(public)
        && !same
        && asker.service.is_none()
    {
        return false;
    }
    let acls = s3.object_ownership.unwrap_or_default() != ObjectOwnership::BucketOwnerEnforced;
    let is_object = resource.arn.contains('/');
    // `access-policy-alternatives-guidelines.html` and "How Amazon S3 authorizes a request for
    // an object operation": to read an object, or its ACL, that another account wrote is for
    // that account to allow, by the object's ACL; its own users need only its policies.
    let of_object = [
        "s3:getobject",
        "s3:getobjectversion",
        "s3:getobjectacl",
        "s3:getobjectversionacl",
        "s3:putobjectacl",
        "s3:putobjectversionacl",
    ]
    .contains(&case.action.to_lowercase().as_str());
    let foreign = acls && of_object && s3.object_owner.is_some() && s3.object_owner != resource.account;
    let same = if foreign { asker.account.is_some() && asker.account == s3.object_owner } else { same };
    let ignore = levels.iter().any(|level| level.ignore_public_acls);
    let action = case.action.to_lowercase();
    let by_acl = acls
        && (if is_object && action != "s3:putobject" { &s3.object_acl } else { &s3.bucket_acl }).iter().any(
            |grant| {
                let full = grant.permission == AclPermission::FullControl;
                let permission = match action.as_str() {
                    "s3:listbucket" | "s3:listbucketversions" | "s3:listbucketmultipartuploads" => {
                        AclPermission::Read
                    }
                    "s3:getobject" | "s3:getobjectversion" => AclPermission::Read,
                    "s3:putobject" => AclPermission::Write,
                    "s3:getbucketacl" | "s3:getobjectacl" | "s3:getobjectversionacl" => {
                        AclPermission::ReadAcp
                    }
                    "s3:putbucketacl" | "s3:putobjectacl" | "s3:putobjectversionacl" => {
                        AclPermission::WriteAcp
                    }
                    _ => return false,
                };
                let who = match grant.grantee.as_str() {
                    // Requests of everyone may be signed or not.
                    "AllUsers" => !ignore && (same || own || asker.anonymous || asker.service.is_some()),
                    "AuthenticatedUsers" => !ignore && asker.account.is_some() && (same || own),
                    id => asker.canonical.as_deref() == Some(id) && own,
                };
                who && (full || grant.permission == permission)
            },
        );
    // Whether ACLs count for a request through an access point is not said.
    if let Some(point) = &s3.access_point {
        let mut through =
            point.policy.as_ref().map(|policy| by_caller.allowed_by(policy)).unwrap_or_default();
        if (levels.iter().any(|level| level.restrict_public_buckets)
            || block.access_point.restrict_public_buckets)
            && point.policy.as_ref().is_some_and(public)
            && !same
            && asker.service.is_none()
        {
            through.clear();
        }
        // `access-points-policies.html`: the access point is a resource of its own account.
        let theirs = point.account.clone().or_else(|| account_of(&point.arn));
        let by_point = combined(
            asker.account.is_some() && asker.account == theirs,
            false,
            own,
            bounded,
            &through,
            asker,
        );
        if same {
            return by_point && (combined(same, false, own, bounded, &named, asker) || by_acl && open);
        }
        // Whether what an access point of the caller's account gives is enough there is not said.
        let alone = open && asker.account == theirs && theirs != resource.account;
        // Services and anonymous callers have no account whose policies could be asked.
        let asked = own || alone || asker.account.is_none();
        return by_point && asked && (!named.is_empty() || by_acl && open);
    }
    if foreign {
        return by_acl || (same && own);
    }
    by_acl || combined(same, false, own, bounded, &named, asker)
}

/// Whether a bucket policy is public in the sense of Block Public Access: it allows everyone
/// and no condition ties it to fixed values. S3 User Guide,
/// `access-control-block-public-access.html`, section on the meaning of "public".
/// It does not say whether keys that name the principal itself are among those: `open`.
fn public(policy: &Named, open: bool) -> bool {
    const FIXED: [&str; 11] = [
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
        "aws:principalorgid",
    ];
    statements(policy).iter().any(|statement| {
        let everyone = match statement.body.get("Principal") {
            Some(Value::String(text)) => text == "*",
            Some(Value::Object(of)) => {
                of.get("AWS").is_some_and(|aws| texts(aws).iter().any(|text| text == "*"))
            }
            _ => false,
        };
        let tied = statement.body.get("Condition").and_then(Value::as_object).is_some_and(|block| {
            block.iter().any(|(operator, of)| {
                let positive = matches!(
                    operator.as_str(),
                    "StringEquals"
                        | "StringEqualsIgnoreCase"
                        | "StringLike"
                        | "ArnEquals"
                        | "ArnLike"
                        | "IpAddress"
                );
                // An asterisk is a letter there: whether it is a wildcard is not said.
                let letter = open && operator.starts_with("StringEquals");
                positive
                    && of.as_object().unwrap().iter().any(|(key, values)| {
                        let key = key.to_lowercase();
                        let names = ["aws:principalarn", "aws:principalaccount"].contains(&key.as_str());
                        (FIXED.contains(&key.as_str()) || open && names)
                            && texts(values).iter().all(|value| {
                                !value.contains('$')
                                    && (letter || !value.contains(['*', '?']))
                                    && !value.ends_with("/0")
                            })
                    })
            })
        });
        statement.body.get("Effect").and_then(Value::as_str) == Some("Allow") && everyone && !tied
    })
}
