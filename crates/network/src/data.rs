//! The tables of this room: which resources have addresses, and what is not followed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// What a resource with addresses does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs programs.
    Compute,
    /// Starts connections and takes none.
    Function,
    /// Keeps data.
    Data,
    /// An endpoint of another service in the VPC.
    Endpoint,
    /// An entry from outside: a distribution, an API.
    Entry,
    /// A managed service.
    Service,
    /// A load balancer.
    Balancer,
    /// A NAT gateway.
    Nat,
}

impl Role {
    /// Name in machine-readable output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Function => "function",
            Self::Data => "data",
            Self::Endpoint => "endpoint",
            Self::Entry => "entry",
            Self::Service => "service",
            Self::Balancer => "balancer",
            Self::Nat => "nat",
        }
    }
}

/// Which of its subnets a resource is in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// In all of them.
    #[default]
    Every,
    /// In some of them, as AWS decides.
    Some,
}

/// One row of `holders.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HolderRow {
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    pub(crate) role: Role,
    #[serde(default)]
    pub(crate) subnets: Option<String>,
    #[serde(default)]
    pub(crate) group: Option<SubnetGroup>,
    #[serde(default)]
    pub(crate) security: Vec<String>,
    /// Where the cluster is named that says what this does not.
    #[serde(default)]
    pub(crate) cluster: Option<Named>,
    #[serde(default)]
    pub(crate) ports: Option<Ports>,
    #[serde(default)]
    pub(crate) public: Option<Public>,
    #[serde(default)]
    pub(crate) placement: Placement,
    /// Where the store is named that this is the door of.
    #[serde(default)]
    pub(crate) store: Option<Named>,
    #[serde(default)]
    pub(crate) six: Option<Six>,
    #[serde(default)]
    pub(crate) address: Option<String>,
    /// AWS makes its security groups when none is named.
    #[serde(default)]
    pub(crate) own: bool,
    /// Without subnets it is an endpoint on the internet.
    #[serde(default)]
    pub(crate) outside: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubnetGroup {
    pub(crate) property: String,
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    pub(crate) subnets: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) property: String,
    #[serde(rename = "type")]
    pub(crate) type_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ports {
    #[serde(default)]
    pub(crate) property: Option<String>,
    #[serde(default)]
    pub(crate) by: Option<String>,
    #[serde(default)]
    pub(crate) default: BTreeMap<String, Vec<u16>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Public {
    pub(crate) property: String,
    #[serde(default)]
    pub(crate) absent: Option<bool>,
}

/// What says whether a resource has IPv6 addresses: the value of a property, or a setting of the
/// account that no template has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Six {
    #[serde(default)]
    pub(crate) property: Option<String>,
    /// In lower case.
    #[serde(default)]
    pub(crate) is: Option<String>,
    #[serde(default)]
    pub(crate) setting: Option<String>,
}

/// For which ends something can open a way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opens {
    /// From or to the internet.
    Internet,
    /// From or to on-premises networks.
    OnPremises,
    /// Between VPCs.
    Vpc,
    /// Within a VPC, past what routes and groups say of the two ends.
    Inside,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnmodelledRow {
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    #[serde(default)]
    pub(crate) vpc: Option<String>,
    #[serde(default)]
    pub(crate) only: Option<Only>,
    pub(crate) opens: Vec<Opens>,
}

/// A row that concerns only resources whose property has a value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Only {
    pub(crate) property: String,
    /// In lower case.
    pub(crate) is: String,
}

/// One row of `services.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRow {
    /// Prefix of its actions in IAM.
    pub name: String,
    /// End of the name of the service of its endpoints.
    pub(crate) endpoint: String,
    /// Whether a gateway endpoint exists.
    #[serde(default)]
    pub gateway: bool,
    /// Beginnings of the types of its resources.
    pub(crate) types: Vec<String>,
}

impl ServiceRow {
    /// What a user calls it: `s3.amazonaws.com`.
    #[must_use]
    pub fn host(&self) -> String {
        format!("{}.amazonaws.com", self.name)
    }
}

/// Services of AWS that workloads call.
#[allow(clippy::expect_used, reason = "the file is part of the program and its tests read it")]
pub static SERVICES: LazyLock<Vec<ServiceRow>> = LazyLock::new(|| {
    serde_saphyr::from_str(include_str!("../data/services.yaml")).expect("services.yaml is well formed")
});

/// Resources with addresses. Read when a model is first built.
#[allow(clippy::expect_used, reason = "the file is part of the program and its tests read it")]
pub(crate) static HOLDERS: LazyLock<Vec<HolderRow>> = LazyLock::new(|| {
    serde_saphyr::from_str(include_str!("../data/holders.yaml")).expect("holders.yaml is well formed")
});

/// What is not followed.
#[allow(clippy::expect_used, reason = "the file is part of the program and its tests read it")]
pub(crate) static UNMODELLED: LazyLock<Vec<UnmodelledRow>> = LazyLock::new(|| {
    serde_saphyr::from_str(include_str!("../data/unmodelled.yaml")).expect("unmodelled.yaml is well formed")
});

/// What answers on a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PortKind {
    /// A sign-in to a machine or platform.
    Admin,
    /// A database, cache or file system.
    Database,
    /// A protocol without encryption.
    Plain,
    /// The web.
    Web,
    /// Mail.
    Mail,
    /// Names and directories.
    Directory,
}

/// One row of `ports.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortRow {
    /// The port.
    pub port: u16,
    /// Its usual service.
    pub name: String,
    /// What kind that is.
    pub kind: PortKind,
}

/// Ports that have a name.
#[allow(clippy::expect_used, reason = "the file is part of the program and its tests read it")]
pub static PORTS: LazyLock<Vec<PortRow>> = LazyLock::new(|| {
    serde_saphyr::from_str(include_str!("../data/ports.yaml")).expect("ports.yaml is well formed")
});

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a path of names stands in the schema of a type, through lists.
    fn known(type_name: &str, path: &str) -> Result<(), String> {
        let kind = sekisho_facts::resource_type(type_name).ok_or(format!("no type {type_name}"))?;
        let mut shape = kind.properties();
        for step in path.split('/') {
            while shape.kind() == sekisho_facts::Kind::List {
                shape = shape.item().ok_or("list without items")?;
            }
            shape = shape.field(step).ok_or_else(|| {
                let names = shape.fields().map(|(name, _)| name);
                let meant = sekisho_facts::did_you_mean(step, names).unwrap_or("nothing like it");
                format!("{type_name} has no {path}; did you mean {meant}?")
            })?;
        }
        Ok(())
    }

    #[test]
    fn every_path_of_the_tables_is_in_the_schema() {
        let mut wrong = Vec::new();
        let mut check = |type_name: &str, path: &str| wrong.extend(known(type_name, path).err());
        for row in HOLDERS.iter() {
            let own = row
                .subnets
                .iter()
                .chain(&row.security)
                .chain(&row.address)
                .chain(row.group.as_ref().map(|g| &g.property))
                .chain(row.cluster.as_ref().map(|c| &c.property))
                .chain(row.store.as_ref().map(|c| &c.property))
                .chain(row.public.as_ref().map(|p| &p.property))
                .chain(row.six.as_ref().and_then(|s| s.property.as_ref()))
                .chain(row.ports.as_ref().and_then(|p| p.property.as_ref()))
                .chain(row.ports.as_ref().and_then(|p| p.by.as_ref()));
            own.for_each(|path| check(&row.type_name, path));
            if let Some(group) = &row.group {
                check(&group.type_name, &group.subnets);
            }
        }
        for row in UNMODELLED.iter() {
            row.only.iter().for_each(|only| check(&row.type_name, &only.property));
            match &row.vpc {
                Some(path) => check(&row.type_name, path),
                None if sekisho_facts::resource_type(&row.type_name).is_none() => {
                    check(&row.type_name, "");
                }
                None => {}
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
