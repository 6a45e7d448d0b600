#!/usr/bin/env python3
"""The gate as one writes it by hand in Python, on the files of the benchmark `backtest`.

    cargo bench -p governance --bench backtest -- 1000000 FOLDER
    python3 crates/governance/benches/gate.py FOLDER [ROWS]

It answers what matters most and nothing else: is it standard for the role, privileged, in conflict with what the
person holds, approved. No lifts, durations, risk, unread facts, look-alike letters, intervals or broken rows.
"""

import csv
import fnmatch
import json
import sys
import time

LEVELS = ["read", "write", "admin"]


class Plain:
    """As written first: patterns and rules in loops."""

    def __init__(self, policy):
        self.standard = {role: set(own) for role, own in policy["roles"].items()}
        self.privileged = policy["privileged"] + ["*:admin"]
        self.conflicts = [tuple(rule) for rule in policy["sod_conflicts"]]

    def is_privileged(self, access):
        return any(fnmatch.fnmatchcase(access, pattern) for pattern in self.privileged)

    def is_conflict(self, access, held):
        have = held | implied(access)
        return any(
            first in have and second in have
            for first, second in self.conflicts
            if first in implied(access) or second in implied(access)
        )

    def decide(self, row, held):
        access = row["access"]
        if self.is_conflict(access, held) or self.is_privileged(access):
            return "ESCALATE"
        if access not in self.standard.get(row["role"], ()):
            return "ESCALATE"
        if "manager" not in row["approvals"] or not row["justification"]:
            return "REQUEST_INFO"
        return "REQUEST_INFO" if access in held else "AUTO_PROVISION"


class Tuned(Plain):
    """The same with rules indexed by side and patterns remembered by name."""

    def __init__(self, policy):
        super().__init__(policy)
        self.seen = {}
        self.others = {}
        for first, second in self.conflicts:
            self.others.setdefault(first, []).append(second)
            self.others.setdefault(second, []).append(first)

    def is_privileged(self, access):
        if access not in self.seen:
            self.seen[access] = super().is_privileged(access)
        return self.seen[access]

    def is_conflict(self, access, held):
        asked = implied(access)
        return any(
            other in held or other in asked for side in asked for other in self.others.get(side, ())
        )


def implied(access):
    resource, level = access.rsplit(":", 1)
    return {f"{resource}:{lower}" for lower in LEVELS[: LEVELS.index(level) + 1]}


def main():
    folder = sys.argv[1]
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    with open(f"{folder}/policy.json", encoding="utf-8") as file:
        policy = json.load(file)
    holdings = {}
    with open(f"{folder}/holdings.csv", encoding="utf-8") as file:
        for entry in csv.DictReader(file):
            holdings.setdefault(entry["person"], set()).update(implied(entry["entitlement"]))
    for name, gate, rows in [("as written", Plain(policy), most // 10), ("tuned", Tuned(policy), most)]:
        counts = {}
        started = time.perf_counter()
        with open(f"{folder}/history.jsonl", encoding="utf-8") as file:
            for line, _ in zip(file, range(rows)):
                row = json.loads(line)
                decision = gate.decide(row, holdings.get(row["requester"], set()))
                counts[decision] = counts.get(decision, 0) + 1
        elapsed = time.perf_counter() - started
        print(f"Python {name}: {rows / elapsed:,.0f} rows a second; {dict(sorted(counts.items()))}")


if __name__ == "__main__":
    main()
