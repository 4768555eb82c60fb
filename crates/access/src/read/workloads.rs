//! What runs with which role.

use std::collections::HashMap;

use sekisho_estate::ResourceId;

use super::At;
use crate::model::Workload;
use crate::tables;

/// What names roles in a policy or grant of its own and runs with none.
const PASSIVE: [&str; 6] = [
    "AWS::KMS::Key",
    "AWS::KMS::ReplicaKey",
    "AWS::S3::AccessPoint",
    "AWS::S3::MultiRegionAccessPointPolicy",
    "AWS::EC2::VPCEndpoint",
    "Sekisho::Kms::Grant",
];

impl<'e> super::Work<'_, 'e> {
    /// What runs with which role: resources that name it, directly or by an instance profile.
    pub(super) fn workloads(&mut self) {
        let estate = self.reader.estate;
        let mut profiles: HashMap<ResourceId, Vec<u32>> = HashMap::new();
        let edges = sekisho_graph::edges(estate, self.names);
        let passive = |id: ResourceId| {
            let name = estate.type_name(id);
            name.starts_with("AWS::IAM::")
                || tables::policy_rows().iter().any(|row| row.type_name == name && row.on.is_some())
                || PASSIVE.contains(&name)
        };
        for edge in &edges {
            if estate.type_name(edge.from) == "AWS::IAM::InstanceProfile"
                && let Some(&role) = self.model.principal_of.get(&edge.to)
            {
                profiles.entry(edge.from).or_default().push(role);
            }
        }
        for edge in &edges {
            if passive(edge.from) || edge.expected == Some(false) {
                continue;
            }
            let roles = match self.model.principal_of.get(&edge.to) {
                Some(&role) => vec![role],
                None => profiles.get(&edge.to).cloned().unwrap_or_default(),
            };
            for role in roles {
                let used_by = &mut self.model.principals[role as usize].used_by;
                if !used_by.contains(&edge.from) {
                    used_by.push(edge.from);
                }
            }
        }
    }

    /// Gives the keys of organizations to principals and stores.
    pub(super) fn finish(&mut self) {
        // Questions on whatever a request names need the letter for it.
        self.model.holes.content();
        let estate = self.reader.estate;
        for principal in &mut self.model.principals {
            principal.used_by.sort_unstable();
        }
        let mut used: Vec<ResourceId> =
            self.model.principals.iter().flat_map(|principal| principal.used_by.iter().copied()).collect();
        used.sort_unstable();
        used.dedup();
        for id in used {
            let stack = estate.stack(id.stack);
            let object = self.object(At { id, stack, resource: stack.resource(id.index) });
            let type_name = estate.type_name(id).into();
            self.model.workloads.insert(id, Workload { type_name, object });
        }
    }
}
