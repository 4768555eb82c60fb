"""Reads the cfn-lint package, from a wheel or from a folder it is unpacked in."""

from __future__ import annotations

import ast
import json
import re
import zipfile
from pathlib import Path


class Package:
    """Reads files of the cfn-lint package, from a wheel or from a folder."""

    def __init__(self, path: Path):
        self.zip = None if path.is_dir() else zipfile.ZipFile(path)
        self.root = path

    def read(self, name: str) -> str:
        if self.zip:
            return self.zip.read(name).decode("utf-8")
        return (self.root / name).read_text("utf-8")

    def names(self, folder: str) -> list[str]:
        if self.zip:
            found = [n for n in self.zip.namelist() if n.startswith(folder)]
        else:
            found = [f"{folder}{p.name}" for p in (self.root / folder).iterdir()]
        return sorted(n for n in found if n.endswith(".json"))

    def version(self) -> str:
        return re.search(r'__version__ = "([^"]+)"', self.read("cfnlint/version.py"))[1]

    def schema_date(self) -> str:
        return json.loads(self.read("cfnlint/data/schemas/version.json"))["schema_date"]

    def constant(self, file: str, name: str):
        """A literal assigned at the top of a module: read, never executed."""
        for node in ast.parse(self.read(file)).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
                return ast.literal_eval(node.value)
        raise SystemExit(f"{file}: no constant {name}")

    def licence(self) -> str:
        if self.zip:
            return self.read(next(n for n in self.zip.namelist() if n.endswith("licenses/LICENSE")))
        return next(self.root.glob("*.dist-info/licenses/LICENSE")).read_text("utf-8")


def schemas(package: Package) -> dict[str, dict]:
    """Type name to schema, over all regions. us-east-1 wins where regions differ."""
    base = "cfnlint/data/schemas/"
    chosen: dict[str, str] = {}
    regions = package.names(base + "providers/")
    for region in sorted(regions, key=lambda r: (not r.endswith("/us-east-1.json"), r)):
        for name, digest in json.loads(package.read(region)).items():
            chosen.setdefault(name, digest)
    return {
        name: json.loads(package.read(f"{base}resources/{digest}.json"))
        for name, digest in sorted(chosen.items())
    }


def attributes(schema: dict, every: set[str], extra: dict[str, list[str]]) -> list[str]:
    """What Fn::GetAtt accepts, by cfn-lint's rules (cfnlint/schema/_getatts.py)."""
    name = schema["typeName"]
    if name in ("AWS::CloudFormation::Stack", "AWS::Serverless::Application"):
        return ["Outputs.*"]
    if name == "AWS::CloudFormation::CustomResource":
        return ["*"]
    pointers = list(schema.get("readOnlyProperties", []))
    pointers += [f"/properties/{p}" for p in extra.get(name, [])]
    if name in every:
        pointers += [f"/properties/{p}" for p in schema.get("properties", {})]
    out = {".".join(p.split("/")[2:]) for p in pointers if "*" not in p}
    if name == "AWS::ServiceCatalog::CloudFormationProvisionedProduct":
        out = (out - {"Outputs"}) | {"Outputs.*"}
    return sorted(out)


def sources(version: str, date: str, licence: str) -> str:
    quoted = "\n".join(f"> {line}".rstrip() for line in licence.strip().splitlines())
    return f"""# Where the generated facts come from

## cloudformation.txt

| | |
|---|---|
| package | cfn-lint (PyPI) |
| version | {version} |
| schemas of | {date} |
| licence | MIT-0 |
| made by | `facts/generate/cloudformation.py` |

Taken: names, kinds, enum values, required flags, attributes, relations of the resource
schemas under `cfnlint/data/schemas`, and the attribute rules of `cfnlint/schema/_getatts.py`.

The licence of cfn-lint (Copyright Amazon.com, Inc. or its affiliates):

{quoted}
"""
