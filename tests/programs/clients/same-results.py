#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""usage: same-results.py NATIVE.xml WRAPPED.xml [AGAIN.xml]...: compare reports of python3 -m test

Succeeds when each test case ended in the same way in the first two. A case that did not is shown,
and is no difference if it also ended so natively in one of the others: it is not steady by itself.
"""
import sys
import xml.etree.ElementTree


def endings(path):
    """Case -> how it ended: ok, failure, error or skipped, with each of its subtests."""
    found = {}
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        marks = [mark.tag for mark in case if mark.tag in ("failure", "error", "skipped")]
        found.setdefault(case.get("name"), []).append(marks[0] if marks else "ok")
    return {name: " ".join(sorted(marks)) for name, marks in found.items()}


native, wrapped, *again = map(endings, sys.argv[1:])
different, lines = 0, []
for name in sorted(native.keys() | wrapped.keys()):
    one, other = native.get(name), wrapped.get(name)
    if one == other:
        continue
    unsteady = other in [run.get(name) for run in again]
    different += not unsteady
    note = ", but natively also so" if unsteady else ""
    lines.append(f"{name}: natively {one}, wrapped {other}{note}")
print(len(native), "test cases,", different, "different")
print(*lines, sep="\n", end="\n" if lines else "")
sys.exit(different != 0)
