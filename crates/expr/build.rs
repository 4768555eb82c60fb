//! Turns `functions.yaml` into a static table.

use std::fmt::Write as _;
use std::path::Path;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    name: String,
    parameters: Vec<String>,
    result: String,
    #[serde(default)]
    built_in: bool,
    unknown: String,
    doc: String,
}

fn main() {
    println!("cargo::rerun-if-changed=functions.yaml");
    let text = std::fs::read_to_string("functions.yaml").expect("functions.yaml is beside build.rs");
    let functions: Vec<Function> =
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("functions.yaml: {error}"));
    let mut out = String::from(
        "/// Which function of the table.\n#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]\npub enum FunctionId {\n",
    );
    for function in &functions {
        writeln!(out, "    /// `{}`\n    {},", function.name, variant(&function.name))
            .expect("a string takes all");
    }
    out.push_str("}\n");
    out.push_str(
        "/// Every host function, as `functions.yaml` declares them.\npub const FUNCTIONS: &[Function] = &[\n",
    );
    for function in &functions {
        assert!(
            matches!(function.unknown.as_str(), "unknown"),
            "{}: unknown has no other effect yet",
            function.name
        );
        let parameters: Vec<String> = function
            .parameters
            .iter()
            .map(|p| {
                let (kind, optional) = p.strip_suffix('?').map_or((p.as_str(), false), |k| (k, true));
                format!("Parameter {{ kind: Sort::{}, optional: {optional} }}", sort(kind))
            })
            .collect();
        writeln!(
            out,
            "    Function {{ id: FunctionId::{}, name: {:?}, parameters: &[{}], result: Sort::{}, built_in: {}, doc: {:?} }},",
            variant(&function.name),
            function.name,
            parameters.join(", "),
            sort(&function.result),
            function.built_in,
            function.doc
        )
        .expect("a string takes all");
    }
    out.push_str("];\n");
    let target = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&target).join("functions.rs"), out).expect("OUT_DIR is writable");
}

/// `opens_to_world` as `OpensToWorld`.
fn variant(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

fn sort(name: &str) -> &'static str {
    match name {
        "any" => "Any",
        "bool" => "Bool",
        "int" => "Int",
        "double" => "Double",
        "string" => "String",
        "list" => "List",
        "map" => "Map",
        "resource" => "Resource",
        "ports" => "Ports",
        "attributes" => "Attributes",
        "companions" => "Companions",
        "type" => "Type",
        "target" => "Target",
        "resources" => "Resources",
        "flows" => "Flows",
        "statements" => "Statements",
        "outsiders" => "Outsiders",
        other => panic!("functions.yaml: unknown type {other}"),
    }
}
