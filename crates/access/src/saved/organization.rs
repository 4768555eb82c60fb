//! Organizations: policies with their targets, and the tree of accounts.

use sekisho_estate::NodeId;

use super::Work;

impl Work {
    /// Source: Organizations API, `API_DescribePolicy.html`.
    pub(super) fn organization_policy(&mut self, root: NodeId) -> Option<()> {
        let policy = self.get(root, "Policy")?;
        let (summary, content) = (self.get(policy, "PolicySummary")?, self.get(policy, "Content")?);
        let name = self.text(summary, "Name").or_else(|| self.text(summary, "Id"))?;
        let mut pairs = vec![("Content", content)];
        pairs.extend(self.get(summary, "Type").map(|node| ("Type", node)));
        pairs.extend(self.get(summary, "Name").map(|node| ("Name", node)));
        let targets: Vec<NodeId> =
            self.list(root, "Targets").iter().filter_map(|&target| self.get(target, "TargetId")).collect();
        if targets.is_empty() {
            self.problem(
                policy,
                "no Targets beside Policy: to which accounts it applies is not known".to_owned(),
            );
        }
        let offset = self.stack.tree.offset(policy);
        pairs.push(("TargetIds", self.stack.tree.push_list(&targets, offset)));
        self.finish(&name, "AWS::Organizations::Policy", pairs, policy);
        Some(())
    }

    /// Accounts, organizational units and the organization itself.
    ///
    /// Where an account or unit is, is in its `Paths` or `Path`, or in `ParentId` put beside
    /// it; the organization and its management account are in every ARN.
    ///
    /// Source: Organizations API, `API_Account.html`, `API_OrganizationalUnit.html`,
    /// `API_Organization.html`.
    pub(super) fn organization(&mut self, root: NodeId) {
        let mut whose = None;
        for account in self.list(root, "Accounts") {
            let arn = self.text(account, "Arn");
            let Some(id) = self.text(account, "Id") else {
                self.problem(account, "an account without Id".to_owned());
                continue;
            };
            whose = whose.or_else(|| whose_of(arn.as_deref()?));
            let mut pairs = Vec::new();
            for (from, to) in [("Id", "AccountId"), ("Name", "AccountName")] {
                pairs.extend(self.get(account, from).map(|node| (to, node)));
            }
            pairs.extend(self.get(account, "Paths").map(|node| ("Paths", node)));
            if let Some(parent) = self.get(account, "ParentId") {
                let offset = self.stack.tree.offset(parent);
                pairs.push(("ParentIds", self.stack.tree.push_list(&[parent], offset)));
            } else if self.get(account, "Paths").is_none() {
                let what = "neither Paths nor ParentId: the unit of the account is not known";
                self.problem(account, what.to_owned());
            }
            self.finish(&format!("account/{id}"), "AWS::Organizations::Account", pairs, account);
        }
        for unit in self.list(root, "OrganizationalUnits") {
            let Some(id) = self.text(unit, "Id") else {
                self.problem(unit, "an organizational unit without Id".to_owned());
                continue;
            };
            let arn = self.text(unit, "Arn");
            whose = whose.or_else(|| whose_of(arn.as_deref()?));
            let mut pairs = Vec::new();
            for key in ["Id", "Name", "Path", "ParentId"] {
                pairs.extend(self.get(unit, key).map(|node| (key, node)));
            }
            if self.get(unit, "ParentId").is_none() && self.get(unit, "Path").is_none() {
                let what = "neither Path nor ParentId: what the unit is in is not known";
                self.problem(unit, what.to_owned());
            }
            self.finish(&format!("unit/{id}"), "AWS::Organizations::OrganizationalUnit", pairs, unit);
        }
        let described = self.get(root, "Organization");
        let body = described.unwrap_or(root);
        let text = |work: &Self, key: &str| described.and_then(|node| work.text(node, key));
        let management = text(self, "MasterAccountId").or_else(|| Some(whose.clone()?.0));
        let id = text(self, "Id").or_else(|| Some(whose.clone()?.1));
        let offset = self.stack.tree.offset(body);
        let mut pairs = Vec::new();
        for (key, value) in [("ManagementAccountId", management), ("Id", id)] {
            if let Some(value) = value {
                pairs.push((key, self.stack.tree.push_string(&value, offset)));
            }
        }
        self.finish("organization", "AWS::Organizations::Organization", pairs, body);
    }
}

/// The management account and the organization that an ARN of Organizations names.
fn whose_of(arn: &str) -> Option<(String, String)> {
    let mut fields = arn.splitn(6, ':');
    let (service, account) = (fields.nth(2)?, fields.nth(1)?);
    let organization = fields.next()?.split('/').nth(1)?;
    (service == "organizations").then(|| (account.to_owned(), organization.to_owned()))
}
