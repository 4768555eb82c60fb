#!/usr/bin/env python3
"""Make facts/generated/cloudformation.txt from the cfn-lint package.

cfn-lint (MIT-0) ships the CloudFormation registry schemas of every region. We take
from them names, kinds, enum values, required flags, attributes and relations; no
descriptions, no patterns. The result is sorted, so that equal input gives equal bytes.

Usage (Python 3.11 or later, no packages needed):

    pip download --no-deps --dest /tmp/cfn-lint cfn-lint==1.58.0
    python3 facts/generate/cloudformation.py /tmp/cfn-lint/cfn_lint-1.58.0-py3-none-any.whl

An unpacked wheel (a folder that holds `cfnlint/`) is accepted as well.
The grammar of the output is in facts/README.md.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # a script leaves nothing beside its output
from package import Package, attributes, schemas, sources

MAX_ENUM = 40
KINDS = {"boolean": "b", "integer": "i", "number": "n", "string": "s", "array": "l", "object": "o"}
RELATION = re.compile(r"^(AWS::\w+::\w+)\.(\w+)$")
# cfn-lint's formats for whole lists; the relation is that of one element.
PLURAL = {"Ids": "Id", "Names": "Name", "Arns": "Arn"}


def escape(text: str) -> str:
    """Keeps the delimiters of the extract's grammar out of a name or value."""
    return re.sub(r"[%|()\s<>]", lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), text)


class Node:
    """One shape before it is written: kind letter and its parts."""

    def __init__(self, kind: str):
        self.kind = kind
        self.fields: dict[str, dict] | None = None
        self.required: set[str] = set()
        self.item = None
        self.enum: list[str] = []
        self.relations: list[tuple[str, str]] = []
        self.closed = False


class TypeWriter:
    """Writes one resource type: its root, its attributes, its shared definitions."""

    def __init__(self, schema: dict, known: set[str]):
        self.schema = schema
        self.known = known
        self.definitions: dict[str, list[str]] = {}
        self.owner: dict[str, int] = {}
        self.by_identity: dict[int, int] = {}
        self.by_content: dict[str, int] = {}
        self.alive: list[dict] = []

    def key(self, schema: dict) -> int:
        """A number for the content of a schema: two equal schemas are one definition."""
        known = self.by_identity.get(id(schema))
        if known is None:
            text = json.dumps(schema, sort_keys=True)
            known = self.by_content.setdefault(text, len(self.by_content))
            self.by_identity[id(schema)] = known
            self.alive.append(schema)  # an id is only good while its object lives
        return known

    # -- JSON Schema to Node -------------------------------------------------

    def pointer(self, ref: str):
        node = self.schema
        for part in ref.removeprefix("#/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    def resolve(self, schema: dict) -> tuple[dict, str | None]:
        """Follows $ref (siblings of $ref are laid over the target)."""
        name, seen = None, set()
        while "$ref" in schema:
            ref = schema["$ref"]
            if ref in seen:
                return {}, None
            seen.add(ref)
            rest = {k: v for k, v in schema.items() if k in ("format", "relationshipRef", "enum")}
            schema = {**self.pointer(ref), **rest}
            if name is None or not rest:
                name = ref.rsplit("/", 1)[1]
        return schema, name

    def variants(self, schema: dict) -> list[dict]:
        out = []
        for word in ("oneOf", "anyOf", "allOf"):
            out += [self.resolve(v)[0] for v in schema.get(word, []) if isinstance(v, dict)]
        return out

    def kind(self, schema: dict, depth: int = 0) -> str:
        """Kind letter: b i n s l(ist) m(ap) o(bject) a(ny)."""
        types = schema.get("type")
        if types is not None:
            types = [types] if isinstance(types, str) else [t for t in types if t != "null"]
            letters = {KINDS[t] for t in types}
            if len(letters) != 1:
                return "n" if letters == {"i", "n"} else "a"
            letter = letters.pop()
            return self.object_kind(schema) if letter == "o" else letter
        if "properties" in schema or "patternProperties" in schema:
            return self.object_kind(schema)
        if "items" in schema:
            return "l"
        values = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
        if values and all(isinstance(v, str) for v in values):
            return "s"
        if RELATION.match(str(schema.get("format", ""))) or "relationshipRef" in schema:
            return "s"
        if depth < 8:
            subs = [v for v in self.variants(schema) if self.typed(v)]
            # "or a JSON document" is a leftover of untyped schemas (DynamoDB KeySchema).
            subs = [v for v in subs if v.get("format") != "json"] or subs
            letters = {self.kind(v, depth + 1) for v in subs}
            if len(letters) == 1:
                return letters.pop()
            if letters == {"i", "n"}:
                return "n"
        return "a"

    @staticmethod
    def typed(schema: dict) -> bool:
        """A variant that says something about shape, not only `required` or `pattern`."""
        words = ("type", "properties", "patternProperties", "items", "enum", "const", "format",
                 "relationshipRef", "oneOf", "anyOf", "allOf")
        return any(w in schema for w in words)

    def object_kind(self, schema: dict) -> str:
        if schema.get("properties") or any(v.get("properties") for v in self.variants(schema)):
            return "o"
        if "patternProperties" in schema or isinstance(schema.get("additionalProperties"), dict):
            return "m"
        return "o"

    def relations(self, schema: dict) -> list[tuple[str, str]]:
        out = []
        for part in [schema, *self.variants(schema)]:
            ref = part.get("relationshipRef")
            if isinstance(ref, dict):
                path = ref["propertyPath"].removeprefix("/properties/").replace("/", ".")
                out.append((ref["typeName"], path))
            match = RELATION.match(str(part.get("format", "")))
            if match:
                out.append((match[1], PLURAL.get(match[2], match[2])))
        return sorted({r for r in out if r[0] in self.known})

    def enum(self, schema: dict) -> list[str]:
        values = schema.get("enum") or schema.get("enumCaseInsensitive")
        if not values and "const" in schema:
            values = [schema["const"]]
        if not values:
            # A variant that only gives a pattern repeats the enum in another case.
            subs = [v for v in self.variants(schema) if set(v) - {"pattern"}]
            if subs and all(v.get("enum") for v in subs):
                values = [x for v in subs for x in v["enum"]]
        if not values or len(values) > MAX_ENUM:
            return []
        if not all(isinstance(v, (str, int, float)) for v in values):
            return []
        return list(dict.fromkeys(v if isinstance(v, str) else json.dumps(v) for v in values))

    def node(self, schema: dict) -> Node:
        """`schema` is resolved. Fields and items stay JSON Schema."""
        out = Node(self.kind(schema))
        out.relations = self.relations(schema)
        if out.kind in "sin":
            out.enum = self.enum(schema)
        if out.kind in "oa":
            fields: dict[str, list] = {}
            parts = [schema, *self.variants(schema)]
            for part in parts:
                if self.typed(part) and self.kind(part) == "l":
                    continue
                for name, sub in part.get("properties", {}).items():
                    if isinstance(sub, dict):
                        fields.setdefault(name, []).append(sub)
            out.fields = {name: self.merge(subs) for name, subs in fields.items()}
            out.required = set(schema.get("required", [])) & set(out.fields)
            own = schema.get("additionalProperties")
            described = [p for p in parts if "properties" in p]
            out.closed = out.kind == "o" and "patternProperties" not in schema and (
                own is False
                or (own is None and bool(described)
                    and all(p.get("additionalProperties") is False for p in described))
            )
        if out.kind == "l":
            items = [p["items"] for p in [schema, *self.variants(schema)] if isinstance(p.get("items"), dict)]
            out.item = self.merge(items) if items else {}
        if out.kind in "mo":
            subs = list(schema.get("patternProperties", {}).values())
            if isinstance(schema.get("additionalProperties"), dict):
                subs.append(schema["additionalProperties"])
            if subs:
                out.item = self.merge(subs)
        return out

    def merge(self, subs: list[dict]) -> dict:
        """One schema for several descriptions of the same field."""
        texts = {json.dumps(s, sort_keys=True) for s in subs}
        # A description that only repeats `required` or is empty adds nothing.
        if len(texts) > 1:
            typed = [s for s in subs if "$ref" in s or self.typed(s)]
            texts = {json.dumps(s, sort_keys=True) for s in typed} or texts
            subs = typed or subs
        return subs[0] if len(texts) == 1 else {"anyOf": subs}

    # -- Node to text --------------------------------------------------------

    def expression(self, schema: dict, path: str, stack: tuple = ()) -> str:
        """The shape of `schema` on one line; objects with fields become definitions."""
        resolved, name = self.resolve(schema)
        node = self.node(resolved)
        if node.fields:
            return "@" + self.define(node, resolved, name or path, path)
        if node.kind == "l":
            inner = self.inner(node, resolved, path, stack)
            if inner == "s":
                inner += self.relation_text(node)
            node.relations = []  # said once, at the element
            text = f"[{inner}]"
        elif node.item is not None:
            text = f"{{{self.inner(node, resolved, path, stack)}}}"
        else:
            text = "c" if node.closed else node.kind
        if node.enum:
            text += "(" + "|".join(escape(v) for v in node.enum) + ")"
        return text + self.relation_text(node)

    def inner(self, node: Node, resolved: dict, path: str, stack: tuple) -> str:
        """The element; a list of itself, which no AWS type has today, cannot be unrolled."""
        key = self.key(resolved)
        return "a" if key in stack else self.expression(node.item, path, (*stack, key))

    def without_self(self, shape: str) -> str:
        """A type's own name or id at its root is its identity, not a relation."""
        own = re.escape(self.schema["typeName"])
        return re.sub(rf"<{own}\.\w+(\|{own}\.\w+)*>", "", shape)

    @staticmethod
    def relation_text(node: Node) -> str:
        if not node.relations:
            return ""
        return "<" + "|".join(f"{t}.{a}" for t, a in node.relations) + ">"

    def define(self, node: Node, resolved: dict, wanted: str, path: str) -> str:
        name = escape(wanted)
        marker = self.key(resolved)
        # An inline object may carry a definition's name: then its path names it.
        while name in self.definitions and self.owner.get(name) != marker:
            name = escape(path) if name != escape(path) else name + "+"
        if name in self.definitions:
            return name
        self.owner[name] = marker
        self.definitions[name] = []
        letter = "a" if node.kind == "a" else ("c" if node.closed else "o")
        lines = [f"def {name} {letter}"]
        if node.item is not None:
            lines[0] += " {" + self.expression(node.item, f"{path}.*") + "}"
        lines += self.field_lines(node.fields or {}, node.required, set(), path)
        self.definitions[name] = lines
        return name

    def field_lines(self, fields, required, read_only, path) -> list[str]:
        out = []
        for name in sorted(fields, key=lambda n: n.encode()):
            flags = ("!" if name in required else "") + ("-" if name in read_only else "")
            shape = self.expression(fields[name], f"{path}.{name}".lstrip("."))
            if not path:
                shape = self.without_self(shape)
            out.append(f" {escape(name)} {shape}{' ' + flags if flags else ''}")
        return out

    def write(self, attributes: list[str]) -> list[str]:
        schema = self.schema
        read_only = {
            p.removeprefix("/properties/")
            for p in schema.get("readOnlyProperties", [])
            if p.count("/") == 2
        }
        lines = [f"type {schema['typeName']}"]
        ids = [p.removeprefix("/properties/").replace("/", ".") for p in schema.get("primaryIdentifier", [])]
        if ids:
            lines.append("id " + " ".join(escape(i) for i in ids))
        lines += self.field_lines(schema.get("properties", {}), set(schema.get("required", [])), read_only, "")
        for name in sorted(attributes, key=lambda n: n.encode()):
            lines.append(f"att {escape(name)} {self.attribute_shape(name)}")
        for name in sorted(self.definitions):
            lines += self.definitions[name]
        return lines

    def attribute_shape(self, name: str) -> str:
        if name.endswith("*"):
            return "a"
        schema: dict = self.schema
        for part in name.split("."):
            fields = self.node(self.resolve(schema)[0]).fields if schema is not self.schema else None
            fields = fields if fields is not None else schema.get("properties", {})
            if part not in fields:
                return "a"
            schema = fields[part]
        return self.expression(schema, name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the CloudFormation extract from cfn-lint.")
    parser.add_argument("package", type=Path, help="the cfn-lint wheel, or a folder it is unpacked in")
    default = Path(__file__).resolve().parent.parent / "generated"
    parser.add_argument("--out", type=Path, default=default, help="folder to write to")
    args = parser.parse_args()

    package = Package(args.package)
    version, date = package.version(), package.schema_date()
    every = set(package.constant("cfnlint/schema/_getatts.py", "_all_property_types"))
    extra = package.constant("cfnlint/schema/_getatts.py", "_exceptions")
    types = schemas(package)
    lines = [
        "# CloudFormation resource types. Generated by facts/generate/cloudformation.py; do not edit.",
        f"# source: cfn-lint {version} (MIT-0), schemas of {date}",
        f"# types: {len(types)}",
    ]
    for schema in types.values():
        writer = TypeWriter(schema, set(types))
        lines += writer.write(attributes(schema, every, extra))
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "cloudformation.txt").write_text("\n".join(lines) + "\n", "utf-8")
    (args.out / "SOURCES.md").write_text(sources(version, date, package.licence()), "utf-8")
    print(f"{len(types)} types, {len(lines)} lines", file=sys.stderr)


if __name__ == "__main__":
    main()
