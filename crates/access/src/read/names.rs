//! Names of actions that policies write.

use sekisho_facts::iam;

use crate::glob::Glob;
use crate::holes::Holes;

/// Why a pattern, in lower case, matches no action that is known; none when it may match one.
///
/// O(log actions) for a name, O(actions of the service) for one with wildcards.
pub(super) fn unknown(action: &Glob) -> Option<String> {
    if action.has_holes() || !action.variables().is_empty() {
        return None;
    }
    let written = action.show(&Holes::default());
    let (prefix, name) = match written.split_once(':') {
        Some(parts) => parts,
        None if written.chars().all(|c| c == '*') => return None,
        None => return Some(format!("{written} is not SERVICE:Action")),
    };
    if prefix.contains(['*', '?']) || Holes::any_in(&written) {
        return None;
    }
    let hint = |near: Option<String>| near.map_or(String::new(), |near| format!("; did you mean {near}?"));
    let Some(service) = iam::service(prefix) else {
        let near = iam::nearest_action(&written);
        let near = near.or_else(|| {
            let prefix = sekisho_facts::did_you_mean(prefix, iam::services())?;
            Some(format!("{prefix}:{name}"))
        });
        return Some(format!("no service {prefix} is known{}", hint(near)));
    };
    if !name.contains(['*', '?']) {
        let known = service.action(name).is_some();
        return (!known)
            .then(|| format!("no action {written} is known{}", hint(iam::nearest_action(&written))));
    }
    let any = service
        .actions
        .iter()
        .any(|known| action.matches_plain(&format!("{prefix}:{}", known.name).to_ascii_lowercase()));
    (!any).then(|| {
        // Before its first wildcard it is near a name that is cut where a word ends.
        let start = name.split(['*', '?']).next().unwrap_or_default();
        let words = service.actions.iter().flat_map(|known| {
            let ends = known.name.char_indices().skip(1).filter(|(_, c)| c.is_ascii_uppercase());
            ends.map(|(end, _)| &known.name[..end]).chain([known.name])
        });
        let near = sekisho_facts::did_you_mean(start, words);
        let near = near.map(|near| format!("{prefix}:{near}{}", &name[start.len()..]));
        format!("no action that is known matches {written}{}", hint(near))
    })
}
