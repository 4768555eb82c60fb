"""Makes facts/generated/terraform.txt from the npm package @cdktf/provider-aws.

The package is generated from the AWS provider's schema. Read are only the names, types and
nesting of resource types and their attributes; nothing of the package is copied or shipped.

    npm pack @cdktf/provider-aws@21.22.1
    python3 facts/generate/terraform.py cdktf-provider-aws-21.22.1.tgz
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tarfile
from pathlib import Path

SCALARS = {"string": "s", "number": "n", "boolean": "b"}
# One attribute of a method or function that writes HCL.
ATTRIBUTE = re.compile(
    r"^ +(?:\"?([A-Za-z0-9_-]+)\"?): \{\n +value: (.*?),\n +isBlock: (true|false),\n"
    r" +type: \"(\w+)\",\n +storageClassType: \"(\w+)\",\n +\},",
    re.M | re.S,
)
FUNCTION = re.compile(r"^function (\w+)ToHclTerraform\(struct\) \{\n(.*?)^\}", re.M | re.S)
TYPE = re.compile(r"^\w+\.tfResourceType = \"(aws_\w+)\";", re.M)
HCL_METHOD = re.compile(r"^    synthesizeHclAttributes\(\) \{\n(.*?)^    \}", re.M | re.S)
# What AWS sets: a getter reads it and nothing writes it.
GETTER = re.compile(r"get(String|Number|Boolean|List|StringMap|NumberMap|BooleanMap|AnyMap)Attribute\('(\w+)'\)")
COMPUTED = {
    "String": "s", "Number": "n", "Boolean": "b", "List": "[s]",
    "StringMap": "{s}", "NumberMap": "{n}", "BooleanMap": "{b}", "AnyMap": "{s}",
}
OUTPUT = re.compile(r"this\._\w+ = new \w+\(this, \"(\w+)\"")


class Package:
    """The files of the package, from its archive or from a folder it is unpacked in."""

    def __init__(self, path: Path):
        self.files: dict[str, str] = {}
        if path.is_dir():
            root = path / "package" if (path / "package").is_dir() else path
            for file in sorted(root.rglob("*.js")):
                self.files[file.relative_to(root).as_posix()] = file.read_text("utf-8")
            self.about = json.loads((root / "package.json").read_text("utf-8"))
            return
        with tarfile.open(path) as archive:
            for member in archive:
                name = member.name.removeprefix("package/")
                if name == "package.json":
                    self.about = json.loads(archive.extractfile(member).read())
                elif name.endswith(".js"):
                    self.files[name] = archive.extractfile(member).read().decode("utf-8")

    def resources(self) -> dict[str, list[str]]:
        """Folder to the texts of its files, the one with the resource class first."""
        out: dict[str, list[str]] = {}
        for name in sorted(self.files):
            match = re.match(r"lib/([a-z0-9-]+)/(.*)$", name)
            if not match or match[1].startswith("data-aws-"):
                continue
            texts = out.setdefault(match[1], [])
            texts.insert(0 if match[2] == "index.js" else len(texts), self.files[name])
        return out


class Resource:
    """One resource type."""

    def __init__(self, texts: list[str]):
        self.structs = {}
        for text in texts:
            for match in FUNCTION.finditer(text):
                self.structs[match[1]] = match[2]
        self.main = texts[0]
        self.name = TYPE.search(self.main)[1]

    def fields(self, body: str, stack: tuple[str, ...] = ()) -> list[str]:
        out = []
        for name, value, block, kind, storage in ATTRIBUTE.findall(body):
            out.append((name, self.shape(value, block == "true", kind, storage, stack)))
        return [f"{name} {shape}" for name, shape in sorted(out)]

    def shape(self, value: str, block: bool, kind: str, storage: str, stack: tuple[str, ...]) -> str:
        """As the grammar in facts/README.md says."""
        names = [n for n in re.findall(r"(\w+)ToHclTerraform\b", value) if n in self.structs]
        if names:
            inner = names[0]
            if inner in stack:
                return "a"
            fields = ",".join(self.fields(self.structs[inner], (*stack, inner))).replace(" ", ":")
            many = "listMapperHcl" in value
            return f"{'' if many else '!'}{'' if block else '='}<{fields}>"
        if kind == "simple":
            return SCALARS.get(storage, "a")
        base = re.match(r"(string|number|boolean)", storage)
        letter = SCALARS[base[1]] if base else "a"
        if kind == "map":
            return "{" + letter + "}"
        if storage.endswith("MapList"):
            letter = "{" + letter + "}"
        return ("(" + letter + ")") if kind == "set" else ("[" + letter + "]")

    def lines(self) -> list[str]:
        body = HCL_METHOD.search(self.main)
        written = self.fields(body[1]) if body else []
        names = {line.split(" ")[0] for line in written}
        out = [f"type {self.name}"]
        out += [" " + line for line in written]
        # The class of the resource is the last of the file.
        start = self.main.index("tfResourceType")
        own = self.main[self.main.rfind("\nclass ", 0, start):]
        computed = {}
        for kind, name in GETTER.findall(own):
            if name not in names:
                computed[name] = COMPUTED[kind]
        for name in OUTPUT.findall(own):
            if name not in names:
                computed.setdefault(name, "a")
        out += [f"-{name} {shape}" for name, shape in sorted(computed.items())]
        return out


SECTION = """## terraform.txt

| | |
|---|---|
| package | @cdktf/provider-aws (npm) |
| version | {version} |
| provider | hashicorp/aws {provider} |
| licence | MPL-2.0 |
| made by | `facts/generate/terraform.py` |

Taken: names of resource types and of their attributes, their types and their nesting. No file
of the package, and no text of its documentation, is in this repository.
"""


def record(path: Path, section: str) -> None:
    """Puts the section into SOURCES.md, in place of an earlier one."""
    text = path.read_text("utf-8") if path.exists() else ""
    text = re.sub(r"## terraform\.txt\n.*?(?=\n## |\Z)", "", text, flags=re.S).rstrip()
    path.write_text(f"{text}\n\n{section}", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the extract of the AWS provider's schema.")
    parser.add_argument("package", type=Path, help="the archive of the package, or a folder it is unpacked in")
    default = Path(__file__).resolve().parent.parent / "generated"
    parser.add_argument("--out", type=Path, default=default, help="folder to write to")
    args = parser.parse_args()

    package = Package(args.package)
    provider = package.about["cdktf"]["provider"]["version"]
    found = [Resource(texts) for texts in package.resources().values() if TYPE.search(texts[0])]
    found.sort(key=lambda resource: resource.name)
    lines = [
        "# Resource types of the AWS provider. Generated by facts/generate/terraform.py; do not edit.",
        f"# source: @cdktf/provider-aws {package.about['version']} (MPL-2.0; names, types and nesting only),"
        f" hashicorp/aws {provider}",
        f"# types: {len(found)}",
    ]
    for resource in found:
        lines += resource.lines()
    (args.out / "terraform.txt").write_text("\n".join(lines) + "\n", "utf-8")
    record(args.out / "SOURCES.md", SECTION.format(version=package.about["version"], provider=provider))
    print(f"{len(found)} types, {len(lines)} lines", file=sys.stderr)


if __name__ == "__main__":
    main()
