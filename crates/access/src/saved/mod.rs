//! Answers of AWS that were saved to files: what an account has, without asking it.
//!
//! Each is recognized by what it holds, never by its name, and becomes a stack of resources
//! in CloudFormation's terms (or extension types for what CloudFormation cannot express).
//! Documents stay where they are written, so evidence has file and line.
//!
//! | what | command |
//! |---|---|
//! | users, groups, roles, policies | `aws iam get-account-authorization-details` |
//! | credential report | `aws iam get-credential-report`, decoded |
//! | password policy | `aws iam get-account-password-policy` |
//! | summary | `aws iam get-account-summary` |
//! | services that somebody used | `aws iam get-service-last-accessed-details`, with `Arn` put beside `ServicesLastAccessed` |
//! | organization policy | `aws organizations describe-policy`, with `Targets` of `list-targets-for-policy` put beside `Policy` |
//! | accounts and units of an organization | `aws organizations list-accounts`, `list-organizational-units-for-parent`, `describe-organization`, alone or in one object |
//! | grants of a key | `aws kms list-grants` |
//! | policy of a bucket, queue, topic or secret | the document itself |

mod credentials;
mod organization;

use sekisho_estate::json::{self, Limits};
use sekisho_estate::{LineIndex, Node, NodeId, Problem, Resource, Stack, Stage};

use credentials::credential_report;

/// What was read from a file.
#[derive(Debug)]
pub struct Saved {
    /// Its resources.
    pub stack: Stack,
    /// What it is, for the list of inputs.
    pub kind: &'static str,
    /// What was not understood.
    pub problems: Vec<Problem>,
}

/// Reads a file that holds a saved answer; `None` when it holds none.
#[must_use]
pub fn read(path: &str, text: &str) -> Option<Saved> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with("user,arn,user_creation_time") {
        return Some(credential_report(path, text));
    }
    if !start.starts_with('{') || !looks_saved(start) {
        return None;
    }
    let document = json::read(text.to_owned(), Limits::default()).ok()?;
    let mut work = Work { stack: Stack::new(path, path, document.tree), problems: Vec::new() };
    work.stack.stage = Stage::Deployed;
    let root = document.root;
    let has = |key: &str| work.stack.tree.get(root, key).is_some();
    let kind = if has("UserDetailList") || has("RoleDetailList") || has("GroupDetailList") {
        work.authorization_details(root);
        "account-authorization-details"
    } else if has("PasswordPolicy") {
        let policy = work.stack.tree.get(root, "PasswordPolicy")?;
        work.add("PasswordPolicy", "Sekisho::Account::PasswordPolicy", policy, policy);
        "account-password-policy"
    } else if has("SummaryMap") {
        work.summary(root)?;
        "account-summary"
    } else if has("ServicesLastAccessed") {
        work.services_last_accessed(root);
        "services-last-accessed"
    } else if has("Grants") {
        work.grants(root)?;
        "kms-grants"
    } else if has("Accounts") || has("OrganizationalUnits") || has("Organization") {
        work.organization(root);
        "organization"
    } else if has("Policy") {
        work.organization_policy(root)?;
        "organization-policy"
    } else if has("Statement") {
        work.resource_policy(root)?;
        "resource-policy"
    } else {
        return None;
    };
    Some(Saved { stack: work.stack, kind, problems: work.problems })
}

/// Whether a text may be one of the answers, before it is parsed: their keys stand at the
/// start, so that a large template is not searched.
fn looks_saved(text: &str) -> bool {
    const START: usize = 1 << 12;
    const LARGEST_POLICY: usize = 1 << 16;
    let whole = text;
    let mut end = whole.len().min(START);
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    let text = &whole[..end];
    [
        "UserDetailList",
        "RoleDetailList",
        "GroupDetailList",
        "\"PasswordPolicy\"",
        "\"SummaryMap\"",
        "\"PolicySummary\"",
        "\"ServicesLastAccessed\"",
        "\"GranteePrincipal\"",
        ":organizations::",
    ]
    .iter()
    .any(|key| text.contains(key))
        || (whole.len() <= LARGEST_POLICY
            && whole.contains("\"Statement\"")
            && whole.contains("\"Principal\"")
            && !whole.contains("\"Resources\""))
}

struct Work {
    stack: Stack,
    problems: Vec<Problem>,
}

impl Work {
    fn add(&mut self, id: &str, type_name: &str, properties: NodeId, body: NodeId) {
        let tree = &mut self.stack.tree;
        let (id, type_name) = (tree.add_text(id), tree.add_text(type_name));
        let offset = tree.offset(body);
        self.stack.resources.push(Resource {
            id,
            type_name,
            properties,
            body,
            condition: None,
            offset,
            reference_value: None,
        });
    }

    fn get(&self, node: NodeId, key: &str) -> Option<NodeId> {
        self.stack.tree.get(node, key)
    }

    fn text(&self, node: NodeId, key: &str) -> Option<String> {
        self.get(node, key).and_then(|node| self.stack.tree.string(node)).map(str::to_owned)
    }

    fn list(&self, node: NodeId, key: &str) -> Vec<NodeId> {
        self.get(node, key).map(|node| self.stack.tree.list(node).to_vec()).unwrap_or_default()
    }

    fn problem(&mut self, node: NodeId, message: String) {
        let source = self.stack.tree.source();
        let (lines, offset) = (LineIndex::new(source), self.stack.tree.offset(node));
        self.problems.push(Problem::at(&lines, source, offset, message, true));
    }

    /// A document, which the API gives URL-encoded and the command line decoded.
    fn document(&mut self, node: NodeId) -> NodeId {
        match self.stack.tree.string(node) {
            Some(text) if text.trim_start().starts_with('%') => {
                let decoded = percent_decoded(text);
                let offset = self.stack.tree.offset(node);
                self.stack.tree.push_string(&decoded, offset)
            }
            _ => node,
        }
    }

    /// The list of inline policies with documents decoded.
    fn inline(&mut self, holder: NodeId, key: &str) -> Option<NodeId> {
        let list = self.get(holder, key)?;
        let mut policies = Vec::new();
        for policy in self.stack.tree.list(list).to_vec() {
            let (Some(name), Some(document)) =
                (self.get(policy, "PolicyName"), self.get(policy, "PolicyDocument"))
            else {
                self.problem(policy, "an inline policy without PolicyName or PolicyDocument".to_owned());
                continue;
            };
            let document = self.document(document);
            let offset = self.stack.tree.offset(policy);
            policies
                .push(self.stack.tree.push_map([("PolicyName", name), ("PolicyDocument", document)], offset));
        }
        let offset = self.stack.tree.offset(list);
        Some(self.stack.tree.push_list(&policies, offset))
    }

    /// The ARNs of attached policies.
    fn attached(&mut self, holder: NodeId) -> Option<NodeId> {
        let list = self.get(holder, "AttachedManagedPolicies")?;
        let arns: Vec<NodeId> =
            self.stack.tree.list(list).iter().filter_map(|&policy| self.get(policy, "PolicyArn")).collect();
        let offset = self.stack.tree.offset(list);
        Some(self.stack.tree.push_list(&arns, offset))
    }

    fn account(&mut self, arn: Option<String>) {
        let Some(arn) = arn else { return };
        let account = arn.split(':').nth(4).filter(|id| id.len() == 12).map(Into::into);
        if self.stack.account.is_none() {
            self.stack.account = account;
        }
    }

    fn authorization_details(&mut self, root: NodeId) {
        for policy in self.list(root, "Policies") {
            let arn = self.text(policy, "Arn");
            if arn.as_deref().is_some_and(|arn| arn.contains(":iam::aws:policy/")) {
                continue;
            }
            self.account(arn);
            let versions = self.list(policy, "PolicyVersionList");
            let default = versions
                .iter()
                .copied()
                .find(|&version| {
                    self.get(version, "IsDefaultVersion")
                        .is_some_and(|node| self.stack.tree.node(node) == Node::Bool(true))
                })
                .or_else(|| versions.first().copied());
            let (Some(name), Some(version)) = (self.text(policy, "PolicyName"), default) else {
                self.problem(policy, "a policy without PolicyName or a default version".to_owned());
                continue;
            };
            let Some(document) = self.get(version, "Document") else { continue };
            let document = self.document(document);
            let mut pairs = vec![("PolicyDocument", document)];
            pairs.extend(self.get(policy, "PolicyName").map(|node| ("ManagedPolicyName", node)));
            pairs.extend(self.get(policy, "Path").map(|node| ("Path", node)));
            self.finish(&format!("policy/{name}"), "AWS::IAM::ManagedPolicy", pairs, policy);
        }
        for group in self.list(root, "GroupDetailList") {
            let Some(name) = self.text(group, "GroupName") else { continue };
            let arn = self.text(group, "Arn");
            self.account(arn);
            let mut pairs = Vec::new();
            pairs.extend(self.get(group, "GroupName").map(|node| ("GroupName", node)));
            pairs.extend(self.get(group, "Path").map(|node| ("Path", node)));
            pairs.extend(self.inline(group, "GroupPolicyList").map(|node| ("Policies", node)));
            pairs.extend(self.attached(group).map(|node| ("ManagedPolicyArns", node)));
            self.finish(&format!("group/{name}"), "AWS::IAM::Group", pairs, group);
        }
        for user in self.list(root, "UserDetailList") {
            let Some(name) = self.text(user, "UserName") else { continue };
            let arn = self.text(user, "Arn");
            self.account(arn);
            let mut pairs = Vec::new();
            pairs.extend(self.get(user, "UserName").map(|node| ("UserName", node)));
            pairs.extend(self.get(user, "GroupList").map(|node| ("Groups", node)));
            pairs.extend(self.inline(user, "UserPolicyList").map(|node| ("Policies", node)));
            self.identity(user, &mut pairs);
            self.finish(&format!("user/{name}"), "AWS::IAM::User", pairs, user);
        }
        for role in self.list(root, "RoleDetailList") {
            let Some(name) = self.text(role, "RoleName") else { continue };
            let arn = self.text(role, "Arn");
            self.account(arn);
            let mut pairs = Vec::new();
            pairs.extend(self.get(role, "RoleName").map(|node| ("RoleName", node)));
            if let Some(trust) = self.get(role, "AssumeRolePolicyDocument") {
                pairs.push(("AssumeRolePolicyDocument", self.document(trust)));
            }
            pairs.extend(self.inline(role, "RolePolicyList").map(|node| ("Policies", node)));
            self.identity(role, &mut pairs);
            self.finish(&format!("role/{name}"), "AWS::IAM::Role", pairs, role);
            self.role_use(role, &name);
            for profile in self.list(role, "InstanceProfileList") {
                let Some(profile_name) = self.text(profile, "InstanceProfileName") else { continue };
                let (Some(own), Some(role_name)) =
                    (self.get(profile, "InstanceProfileName"), self.get(role, "RoleName"))
                else {
                    continue;
                };
                let offset = self.stack.tree.offset(profile);
                let roles = self.stack.tree.push_list(&[role_name], offset);
                let pairs = vec![("InstanceProfileName", own), ("Roles", roles)];
                self.finish(
                    &format!("instance-profile/{profile_name}"),
                    "AWS::IAM::InstanceProfile",
                    pairs,
                    profile,
                );
            }
        }
    }

    /// When a role was last used. Roles of AWS itself (service-linked, Identity Center) are
    /// not the customer's to remove one by one.
    ///
    /// Source: IAM API, `API_RoleLastUsed.html`.
    fn role_use(&mut self, role: NodeId, name: &str) {
        let Some(last) = self.get(role, "RoleLastUsed") else { return };
        if self.text(role, "Path").is_some_and(|path| path.starts_with("/aws-")) {
            return;
        }
        let mut pairs = Vec::new();
        for key in ["RoleName", "Path", "CreateDate"] {
            pairs.extend(self.get(role, key).map(|node| (key, node)));
        }
        pairs.extend(self.get(last, "LastUsedDate").map(|node| ("LastUsedDate", node)));
        self.finish(&format!("role-use/{name}"), "Sekisho::Account::RoleUse", pairs, last);
    }

    /// Source: IAM API, `API_GetServiceLastAccessedDetails.html`.
    fn services_last_accessed(&mut self, root: NodeId) {
        let arn = self.text(root, "Arn");
        if arn.is_none() {
            let message = "no Arn beside ServicesLastAccessed: of whom this is is not known";
            self.problem(root, message.to_owned());
        }
        let of = arn.as_deref().map_or("services", |arn| arn.rsplit(':').next().unwrap_or_default());
        let id = format!("last-accessed/{of}");
        self.account(arn);
        let mut pairs = Vec::new();
        for key in ["Arn", "JobCompletionDate", "ServicesLastAccessed"] {
            pairs.extend(self.get(root, key).map(|node| (key, node)));
        }
        self.finish(&id, "Sekisho::Account::ServicesLastAccessed", pairs, root);
    }

    /// Source: KMS API, `API_ListGrants.html`.
    fn grants(&mut self, root: NodeId) -> Option<()> {
        let grants = self.list(root, "Grants");
        // Other services have grants as well.
        let kms =
            |work: &Self, node: NodeId| work.text(node, "KeyId").is_some_and(|key| key.contains(":kms:"));
        if grants.is_empty() || !grants.iter().all(|&node| kms(self, node)) {
            return None;
        }
        for (index, grant) in grants.into_iter().enumerate() {
            let key = self.text(grant, "KeyId");
            self.account(key);
            let id = self.text(grant, "GrantId").unwrap_or_else(|| (index + 1).to_string());
            self.finish(&format!("grant/{id}"), "Sekisho::Kms::Grant", Vec::new(), grant);
            if let Some(last) = self.stack.resources.last_mut() {
                last.properties = grant;
            }
        }
        Some(())
    }

    fn identity(&mut self, holder: NodeId, pairs: &mut Vec<(&'static str, NodeId)>) {
        pairs.extend(self.get(holder, "Path").map(|node| ("Path", node)));
        pairs.extend(self.attached(holder).map(|node| ("ManagedPolicyArns", node)));
        pairs.extend(self.get(holder, "Tags").map(|node| ("Tags", node)));
        let boundary = self.get(holder, "PermissionsBoundary");
        pairs.extend(
            boundary
                .and_then(|node| self.get(node, "PermissionsBoundaryArn"))
                .map(|node| ("PermissionsBoundary", node)),
        );
    }

    fn finish(&mut self, id: &str, type_name: &str, pairs: Vec<(&'static str, NodeId)>, body: NodeId) {
        let offset = self.stack.tree.offset(body);
        let properties = self.stack.tree.push_map(pairs, offset);
        self.add(id, type_name, properties, body);
    }

    /// Source: IAM API, `API_GetAccountSummary.html`.
    fn summary(&mut self, root: NodeId) -> Option<()> {
        let map = self.get(root, "SummaryMap")?;
        let number = |work: &Self, key: &str| match work
            .get(map, key)
            .map(|node| (work.stack.tree.node(node), node))
        {
            Some((Node::Int(number), node)) => Some((number, work.stack.tree.offset(node))),
            _ => None,
        };
        let mut pairs = Vec::new();
        if let Some((mfa, offset)) = number(self, "AccountMFAEnabled") {
            pairs.push(("MfaActive", self.stack.tree.push(Node::Bool(mfa > 0), offset)));
        }
        if let Some((keys, offset)) = number(self, "AccountAccessKeysPresent") {
            pairs.push(("AccessKey1Active", self.stack.tree.push(Node::Bool(keys > 0), offset)));
            pairs.push(("AccessKey2Active", self.stack.tree.push(Node::Bool(keys > 1), offset)));
        }
        if let Some((certificates, offset)) = number(self, "AccountSigningCertificatesPresent") {
            pairs.push((
                "SigningCertificatesPresent",
                self.stack.tree.push(Node::Bool(certificates > 0), offset),
            ));
        }
        self.finish("RootCredentials", "Sekisho::Account::RootCredentials", pairs, map);
        Some(())
    }

    /// A document with principals belongs to the one resource that it names.
    fn resource_policy(&mut self, root: NodeId) -> Option<()> {
        let mut owner: Option<(String, &'static str, &'static str, &'static str)> = None;
        let statement = self.get(root, "Statement")?;
        let statements = match self.stack.tree.node(statement) {
            Node::Map(_) => vec![statement],
            _ => self.stack.tree.list(statement).to_vec(),
        };
        for statement in statements {
            let resources = self.get(statement, "Resource")?;
            let texts: Vec<String> = match self.stack.tree.string(resources) {
                Some(text) => vec![text.to_owned()],
                None => self
                    .stack
                    .tree
                    .list(resources)
                    .iter()
                    .filter_map(|&node| self.stack.tree.string(node).map(str::to_owned))
                    .collect(),
            };
            for text in texts {
                let found = owner_of(&text)?;
                if owner.as_ref().is_some_and(|known| *known != found) {
                    return None;
                }
                let account = Some(text);
                self.account(account);
                owner = Some(found);
            }
        }
        let (name, type_name, name_property, policy_type) = owner?;
        let offset = self.stack.tree.offset(root);
        let node = self.stack.tree.push_string(&name, offset);
        self.finish(&name, type_name, vec![(name_property, node)], root);
        let on = self.stack.tree.push_string(&name, offset);
        let (key, on) = match policy_type {
            "AWS::SQS::QueuePolicy" => ("Queues", self.stack.tree.push_list(&[on], offset)),
            "AWS::SNS::TopicPolicy" => ("Topics", self.stack.tree.push_list(&[on], offset)),
            _ => ("Bucket", on),
        };
        self.finish(&format!("{name}/policy"), policy_type, vec![(key, on), ("PolicyDocument", root)], root);
        Some(())
    }
}

/// The resource that an ARN of a resource policy names: name, type, its name's property, and
/// the type of its policy.
fn owner_of(arn: &str) -> Option<(String, &'static str, &'static str, &'static str)> {
    let mut fields = arn.splitn(6, ':');
    let (service, rest) = (fields.nth(2)?, fields.nth(2)?);
    let name = rest.split('/').next()?.to_owned();
    if name.contains(['*', '?', '$']) || name.is_empty() {
        return None;
    }
    Some(match service {
        "s3" => (name, "AWS::S3::Bucket", "BucketName", "AWS::S3::BucketPolicy"),
        "sqs" => (name, "AWS::SQS::Queue", "QueueName", "AWS::SQS::QueuePolicy"),
        "sns" => (name, "AWS::SNS::Topic", "TopicName", "AWS::SNS::TopicPolicy"),
        _ => return None,
    })
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (bytes[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
