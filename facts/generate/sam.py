#!/usr/bin/env python3
"""Make facts/generated/sam/*.yaml from the package aws-sam-translator.

The package (Apache-2.0) is the transform that AWS runs for templates of AWS SAM. Its data files say
what a policy template allows, what a connector between two types grants, and where each managed
policy of AWS lies. We state the same in our own form, and take no code and no text of it:

    policies.yaml          name -> parameters, statements (actions, resources, condition)
    managed-policies.yaml  the policies that lie under a path, by path
    connectors.yaml        pairs of types with what they grant, and what a connector reads of each type

What the script does not know how to state is an error, so that nothing is lost when AWS adds a form.

Usage (Python 3.11 or later, no packages needed):

    pip download --no-deps aws-sam-translator==1.115.0
    python3 facts/generate/sam.py aws_sam_translator-1.115.0-py3-none-any.whl
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path

HEAD = "# Made by facts/generate/sam.py from aws-sam-translator {version}; do not edit. {what}\n\n"
PATHS = {"service-role/": "service-role", "job-function/": "job-function"}
# What carries a grant, by the type of the profile and whether the policy hangs on the source.
GRANTS = {
    ("AWS_IAM_ROLE_MANAGED_POLICY", True): "role-of-source",
    ("AWS_IAM_ROLE_MANAGED_POLICY", False): "role-of-destination",
    ("AWS_SQS_QUEUE_POLICY", False): "queue-policy",
    ("AWS_SNS_TOPIC_POLICY", False): "topic-policy",
    ("AWS_LAMBDA_PERMISSION", False): "permission",
}


def only(value: dict, known: set[str], where: str) -> None:
    """Refuses members that nothing here reads."""
    if extra := set(value) - known:
        raise SystemExit(f"{where}: members without a form: {sorted(extra)}")


def listed(value) -> list:
    return value if isinstance(value, list) else [value]


def plain(value, where: str) -> str:
    """A text, or the text of Fn::Sub with its variables named by the parameters they refer to."""
    if isinstance(value, str):
        return value
    if set(value) == {"Ref"}:
        return f"${{{value['Ref']}}}"
    if set(value) == {"Fn::Sub"}:
        of, names = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
        for name, given in names.items():
            of = of.replace(f"${{{name}}}", plain(given, where))
        return of
    raise SystemExit(f"{where}: no form for {json.dumps(value)}")


def condition(value: dict, where: str) -> tuple[str, str, str]:
    (test, pairs), = value.items()
    (key, given), = pairs.items()
    return test, key, plain(given, where)


def flow(items: list[str]) -> str:
    """A list of texts; those that YAML reads as they stand are not quoted."""
    safe = re.compile(r"[A-Za-z][A-Za-z0-9:_.-]*[A-Za-z0-9*]")
    return "[" + ", ".join(i if safe.fullmatch(i) and "*" not in i else json.dumps(i) for i in items) + "]"


def policies(data: dict) -> list[str]:
    out = []
    for name, template in sorted(data["Templates"].items()):
        only(template, {"Definition", "Description", "Parameters"}, name)
        only(template["Definition"], {"Statement"}, name)
        out.append(f"{name}:")
        if template["Parameters"]:
            out.append(f"  parameters: {flow(list(template['Parameters']))}")
        out.append("  statements:")
        for statement in template["Definition"]["Statement"]:
            only(statement, {"Sid", "Effect", "Action", "Resource", "Condition"}, name)
            if statement["Effect"] != "Allow":
                raise SystemExit(f"{name}: a statement that does not allow")
            out.append(f"  - actions: {flow(listed(statement['Action']))}")
            out.append(f"    resources: {flow([plain(r, name) for r in listed(statement['Resource'])])}")
            if "Condition" in statement:
                test, key, value = condition(statement["Condition"], name)
                out.append(f"    when: {{test: {test}, key: {json.dumps(key)}, value: {json.dumps(value)}}}")
    return out


def managed(data: dict, code: list[str]) -> list[str]:
    """By the list of the package, and by what the transform itself attaches to roles."""
    found: dict[str, set[str]] = {key: set() for key in PATHS.values()}
    for name, arn in data["aws"].items():
        path = arn.removeprefix("arn:aws:iam::aws:policy/").removesuffix(name)
        if path in PATHS:
            found[PATHS[path]].add(name)
        # AWS: a policy of a service-linked role cannot be attached to a role of one's own.
        elif path not in ("", "aws-service-role/"):
            raise SystemExit(f"{name}: path {path}")
    for text in code:
        for path, name in re.findall(r'"(service-role/|job-function/)(\w+)"', text):
            found[PATHS[path]].add(name)
    return [line for key in PATHS.values() for line in [f"{key}:", *(f"- {n}" for n in sorted(found[key]))]]


def grant(statement: dict, where: str) -> list[str]:
    """Lines of one grant."""
    if "Effect" not in statement:
        only(statement, {"Action", "Principal", "SourceArn", "SourceAccount"}, where)
        service, source, resources = statement["Principal"], statement["SourceArn"], []
        account = "SourceAccount" in statement
    else:
        only(statement, {"Effect", "Action", "Resource", "Principal", "Condition"}, where)
        service = statement.get("Principal", {}).get("Service")
        resources = listed(statement["Resource"])
        source, account = None, False
        if "Condition" in statement:
            test, key, source = condition(statement["Condition"], where)
            if (test, key) != ("ArnEquals", "aws:SourceArn"):
                raise SystemExit(f"{where}: no form for the condition {test} {key}")
    named = lambda value: plain(value, where).replace("%{", "${")
    out = [f"    - actions: {flow(listed(statement['Action']))}"]
    if resources:
        out.append(f"      resources: {flow([named(r) for r in resources])}")
    if service:
        out.append(f"      service: {service}")
    if source:
        out.append(f"      source: {json.dumps(named(source))}")
    if account:
        out.append("      account: true")
    return out


def connectors(data: dict) -> list[str]:
    out = ["pairs:"]
    for source, destinations in data["Permissions"].items():
        for destination, profile in destinations.items():
            where = f"{source} to {destination}"
            only(profile, {"Type", "Properties"}, where)
            properties = profile["Properties"]
            only(properties, {"SourcePolicy", "AccessCategories", "DependedBy", "ValidAccessCategories"}, where)
            kind = GRANTS[profile["Type"], properties["SourcePolicy"]]
            out += [f"- from: {source}", f"  to: {destination}", f"  grant: {kind}"]
            if "ValidAccessCategories" in properties:
                sets = ", ".join(flow(item) for item in properties["ValidAccessCategories"])
                out.append(f"  only: [{sets}]")
            out.append("  permissions:")
            for access, category in properties["AccessCategories"].items():
                out.append(f"    {access}:")
                statements = category["Statement"] if "Statement" in category else [category]
                for statement in statements:
                    out += grant(statement, where)
    out += ["", "# Where a connector finds what it needs of its ends: `ref` is what `Ref` gives.", "ends:"]
    for name, ends in data["CfnResourceProperties"].items():
        only(ends, {"Inputs", "Outputs"}, name)
        only(ends.get("Inputs", {}), {"Role"}, name)
        only(ends["Outputs"], {"Arn", "Id", "Name", "Qualifier", "Url"}, name)
        members = [f"type: {name}"]
        if role := ends.get("Inputs", {}).get("Role"):
            # The role of a rule is that of its target.
            members.append(f"role: {role if isinstance(role, str) else 'Targets'}")
        for output in ("Arn", "Url", "Id", "Name"):
            if value := ends["Outputs"].get(output):
                at = "ref" if "Ref" in value else value["Fn::GetAtt"][1]
                members.append(f"{output.lower()}: {at}")
        out.append("- {" + ", ".join(members) + "}")
    return out


def main() -> None:
    package = zipfile.ZipFile(sys.argv[1])
    version = re.search(r'__version__ = "([^"]+)"', package.read("samtranslator/__init__.py").decode())[1]
    bare = lambda pairs: {key: value for key, value in pairs if key != "_comment"}
    read = lambda name: json.loads(package.read(f"samtranslator/{name}"), object_pairs_hook=bare)
    code = [package.read(name).decode() for name in package.namelist() if name.endswith(".py")]
    target = Path(__file__).parent.parent / "generated" / "sam"
    target.mkdir(exist_ok=True)
    files = {
        "policies.yaml": (
            "What each policy template in `Policies` allows.",
            policies(read("policy_templates_data/policy_templates.json")),
        ),
        "managed-policies.yaml": (
            "Managed policies of AWS that lie under a path.",
            managed(read("internal/data/aws_managed_policies.json"), code),
        ),
        "connectors.yaml": (
            "What a connector grants, by the types of its two ends.",
            connectors(read("model/connector_profiles/profiles.json")),
        ),
    }
    for name, (what, lines) in files.items():
        text = HEAD.format(version=version, what=what) + "\n".join(lines) + "\n"
        (target / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
