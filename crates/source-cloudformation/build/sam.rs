//! The rows of `facts/generated/sam`, their checks, and the tables made of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Deserialize;

/// A policy template: what a name in `Policies` allows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    #[serde(default)]
    parameters: Vec<String>,
    statements: Vec<Statement>,
}

/// A statement that allows something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    actions: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    when: Option<When>,
    service: Option<String>,
    source: Option<String>,
    #[serde(default)]
    account: bool,
}

/// The condition of a statement.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    test: String,
    key: String,
    value: String,
}

/// Names of managed policies by their path.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Managed {
    service_role: BTreeSet<String>,
    job_function: BTreeSet<String>,
}

/// What connectors may connect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connectors {
    pairs: Vec<Pair>,
    ends: Vec<End>,
}

/// What a connector between two types grants.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    from: String,
    to: String,
    grant: Grant,
    #[serde(default)]
    only: Vec<Vec<Access>>,
    permissions: BTreeMap<Access, Vec<Statement>>,
}

#[derive(Deserialize, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Grant {
    RoleOfSource,
    RoleOfDestination,
    QueuePolicy,
    TopicPolicy,
    Permission,
}

#[derive(Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Access {
    Read,
    Write,
}

/// Where a connector finds what it needs of a resource.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct End {
    #[serde(rename = "type")]
    type_name: String,
    role: Option<String>,
    arn: String,
    url: Option<String>,
    id: Option<String>,
    name: Option<String>,
}

/// Rust code of the tables.
///
/// # Errors
/// What is wrong with the data, and where.
pub(crate) fn render(policies: &str, managed: &str, connectors: &str) -> Result<String, String> {
    let policies: BTreeMap<String, Template> =
        serde_saphyr::from_str(policies).map_err(|e| format!("policies.yaml: {e}"))?;
    let managed: Managed =
        serde_saphyr::from_str(managed).map_err(|e| format!("managed-policies.yaml: {e}"))?;
    let connectors: Connectors =
        serde_saphyr::from_str(connectors).map_err(|e| format!("connectors.yaml: {e}"))?;

    let mut out = String::from("pub(crate) static POLICIES: &[Policy] = &[\n");
    for (name, template) in &policies {
        let known: Vec<&str> = template.parameters.iter().map(String::as_str).collect();
        let at = format!("policies.yaml: {name}");
        for statement in &template.statements {
            check(&at, statement, &known)?;
            if statement.service.is_some() || statement.source.is_some() || statement.account {
                return Err(format!("{at}: a policy template has no principal and no source"));
            }
            if statement.resources.is_empty() {
                return Err(format!("{at}: a statement needs resources"));
            }
        }
        let texts: Vec<&str> = template.statements.iter().flat_map(texts).collect();
        for parameter in &known {
            if !texts.iter().any(|text| text.contains(&format!("${{{parameter}}}"))) {
                return Err(format!("{at}: parameter {parameter} is not used"));
            }
        }
        let _ = writeln!(
            out,
            "    Policy {{ name: {name:?}, parameters: &{known:?}, statements: {} }},",
            statements(&template.statements)
        );
    }
    out.push_str("];\n\npub(crate) static SERVICE_ROLE_POLICIES: &[&str] = &");
    let _ = writeln!(out, "{:?};\n", managed.service_role.iter().collect::<Vec<_>>());
    let _ = writeln!(
        out,
        "pub(crate) static JOB_FUNCTION_POLICIES: &[&str] = &{:?};\n",
        managed.job_function.iter().collect::<Vec<_>>()
    );
    out.push_str("pub(crate) static PAIRS: &[Pair] = &[\n");
    let ends: Vec<&str> = connectors.ends.iter().map(|end| end.type_name.as_str()).collect();
    let mut seen = BTreeSet::new();
    for pair in &connectors.pairs {
        let at = format!("connectors.yaml: {} to {}", pair.from, pair.to);
        for end in [&pair.from, &pair.to] {
            if !ends.contains(&end.as_str()) {
                return Err(format!("{at}: {end} is not among the ends{}", hint(end, &ends)));
            }
        }
        if !seen.insert((&pair.from, &pair.to)) {
            return Err(format!("{at}: stands twice"));
        }
        for statement in pair.permissions.values().flatten() {
            check(&at, statement, &ENDS)?;
            if (pair.grant == Grant::Permission) != statement.resources.is_empty() {
                return Err(format!("{at}: a permission names no resources, a policy does"));
            }
        }
        let only: Vec<String> = pair
            .only
            .iter()
            .map(|set| {
                format!("&[{}]", set.iter().map(|a| format!("Access::{a:?}")).collect::<Vec<_>>().join(", "))
            })
            .collect();
        let permissions: Vec<String> = pair
            .permissions
            .iter()
            .map(|(access, list)| format!("(Access::{access:?}, {})", statements(list)))
            .collect();
        let _ = writeln!(
            out,
            "    Pair {{ from: {:?}, to: {:?}, grant: Grant::{:?}, only: &[{}], permissions: &[{}] }},",
            pair.from,
            pair.to,
            pair.grant,
            only.join(", "),
            permissions.join(", ")
        );
    }
    out.push_str("];\n\npub(crate) static ENDS: &[End] = &[\n");
    for End { type_name, role, arn, url, id, name } in &connectors.ends {
        let _ = writeln!(
            out,
            "    End {{ type_name: {type_name:?}, role: {role:?}, arn: {arn:?}, url: {url:?}, id: {id:?}, name: {name:?} }},"
        );
    }
    out.push_str("];\n");
    Ok(out)
}

/// What a text of a connector may name.
const ENDS: [&str; 6] = [
    "Source.Arn",
    "Source.ResourceId",
    "Source.Qualifier",
    "Destination.Arn",
    "Destination.Name",
    "Destination.Qualifier",
];

fn texts(statement: &Statement) -> impl Iterator<Item = &str> {
    let when = statement.when.iter().map(|when| when.value.as_str());
    statement.resources.iter().map(String::as_str).chain(when).chain(statement.source.as_deref())
}

/// Actions are `service:Name`; a text names only what is known.
fn check(at: &str, statement: &Statement, known: &[&str]) -> Result<(), String> {
    if statement.actions.is_empty() {
        return Err(format!("{at}: a statement needs actions"));
    }
    for action in &statement.actions {
        let fine = action.split_once(':').is_some_and(|(service, name)| {
            !service.is_empty()
                && service.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'*')
        });
        if !fine {
            return Err(format!("{at}: {action} is no action (service:Name)"));
        }
    }
    for text in texts(statement) {
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("${") {
            let Some((name, tail)) = after.split_once('}') else {
                return Err(format!("{at}: `${{` is not closed in {text}"));
            };
            if !known.contains(&name) && !["AWS::Partition", "AWS::Region", "AWS::AccountId"].contains(&name)
            {
                return Err(format!("{at}: {name} in {text} is not declared{}", hint(name, known)));
            }
            rest = tail;
        }
    }
    Ok(())
}

fn hint(name: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|k| (strsim::osa_distance(name, k), k)).min();
    match nearest {
        Some((distance, near)) if distance <= name.len() / 2 => format!("; did you mean {near}?"),
        _ => String::new(),
    }
}

fn statements(list: &[Statement]) -> String {
    let rows: Vec<String> = list
        .iter()
        .map(|s| {
            let when = s.when.as_ref().map(|w| (&w.test, &w.key, &w.value));
            format!(
                "Statement {{ actions: &{:?}, resources: &{:?}, when: {when:?}, service: {:?}, source: {:?}, account: {} }}",
                s.actions, s.resources, s.service, s.source, s.account
            )
        })
        .collect();
    format!("&[{}]", rows.join(", "))
}
