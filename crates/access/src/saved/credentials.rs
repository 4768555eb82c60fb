//! The credential report.

use sekisho_estate::{LineIndex, Node, Problem, Resource, Stack, Stage, Tree};

use super::Saved;

/// Source: IAM User Guide, `id_credentials_getting-report.html`, "Understanding the report
/// format".
pub(super) fn credential_report(path: &str, text: &str) -> Saved {
    let mut stack = Stack::new(path, path, Tree::new(text.to_owned()));
    stack.stage = Stage::Deployed;
    let mut problems = Vec::new();
    let lines = LineIndex::new(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().cloned().unwrap_or_default();
    let column = |record: &csv::StringRecord, name: &str| {
        headers.iter().position(|header| header == name).and_then(|at| record.get(at)).map(str::to_owned)
    };
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(match error.position().map(|at| u32::try_from(at.byte()).unwrap_or(0)) {
                    Some(offset) => Problem::at(&lines, text, offset, error.to_string(), true),
                    None => Problem::whole(error.to_string(), true),
                });
                continue;
            }
        };
        let offset = record.position().map_or(0, |at| u32::try_from(at.byte()).unwrap_or(0));
        if let Some(account) = column(&record, "arn").and_then(|arn| arn.split(':').nth(4).map(Into::into)) {
            stack.account = Some(account);
        }
        let user = column(&record, "user").unwrap_or_default();
        let is_root = user == "<root_account>";
        let tree = &mut stack.tree;
        let mut pairs = Vec::new();
        for (name, property) in [
            ("mfa_active", "MfaActive"),
            ("access_key_1_active", "AccessKey1Active"),
            ("access_key_2_active", "AccessKey2Active"),
            ("password_enabled", "PasswordEnabled"),
        ] {
            match column(&record, name).as_deref() {
                Some(text @ ("true" | "TRUE" | "false" | "FALSE")) => {
                    pairs.push((property, tree.push(Node::Bool(text.eq_ignore_ascii_case("true")), offset)));
                }
                _ => continue,
            }
        }
        for (name, property) in [
            ("access_key_1_last_used_date", "AccessKey1LastUsedDate"),
            ("access_key_2_last_used_date", "AccessKey2LastUsedDate"),
            ("access_key_1_last_rotated", "AccessKey1LastRotated"),
            ("access_key_2_last_rotated", "AccessKey2LastRotated"),
            ("password_last_used", "PasswordLastUsed"),
            ("password_last_changed", "PasswordLastChanged"),
            ("user_creation_time", "UserCreationTime"),
        ] {
            if is_root && name.ends_with("rotated") {
                continue;
            }
            if let Some(text) =
                column(&record, name).filter(|text| text.starts_with(|c: char| c.is_ascii_digit()))
            {
                pairs.push((property, tree.push_string(&text, offset)));
            }
        }
        let (id, type_name) = if is_root {
            ("RootCredentials".to_owned(), "Sekisho::Account::RootCredentials")
        } else {
            pairs.push(("UserName", tree.push_string(&user, offset)));
            (format!("credentials/{user}"), "Sekisho::Account::UserCredentials")
        };
        let properties = tree.push_map(pairs, offset);
        let (id, type_name) = (tree.add_text(&id), tree.add_text(type_name));
        stack.resources.push(Resource {
            id,
            type_name,
            properties,
            body: properties,
            condition: None,
            offset,
            reference_value: None,
        });
    }
    Saved { stack, kind: "credential-report", problems }
}
