#!/usr/bin/env python3
"""Where the time of a rebuild goes: reads `perf script` on stdin, and prints each phase's share of the samples.

A sample belongs to the first phase whose functions are all on its stack; what of it the kernel does is told beside it.
"""
import collections
import sys

COPY, EXECUTE = "limbeck::execute::copy::rows", "limbeck::execute::Run::execute"
REBUILD, INDEXES = "limbeck::execute::rebuild::rebuild", "limbeck::execute::rebuild::indexes"
PHASES = [
    ("look for damage before", ["limbeck::execute::damage::refuse"]),
    ("rows that break the new rules", ["limbeck::execute::rules::refuse_broken_rows"]),
    ("rows that break an old CHECK, or may be spelt otherwise", ["limbeck::execute::rebuild::odd_rows"]),
    ("rows that break an old CHECK, or may be spelt otherwise", ["limbeck::execute::rebuild::ignore_old_violations"]),
    ("copy: rows into the new table's b-tree", [COPY, "sqlite3BtreeInsert"]),
    ("copy: reading and making the rows", [COPY]),
    ("values that a conversion has not kept", ["limbeck::execute::rebuild::warn_of_losses"]),
    ("indexes: sorting", [REBUILD, EXECUTE, "vdbeSorter"]),
    ("indexes: sorting", [REBUILD, EXECUTE, "sqlite3VdbeSorter"]),
    ("indexes: sorting", [REBUILD, EXECUTE, "vdbeMergeEngineStep"]),
    ("indexes: entries into their b-trees", [REBUILD, EXECUTE, "sqlite3BtreeInsert"]),
    ("DROP of the old table", [REBUILD, EXECUTE, "clearDatabasePage"]),
    ("indexes: reading rows, making entries", [REBUILD, EXECUTE]),
    ("indexes that are kept: entries counted", [INDEXES]),
    # Where the compiler has put odd_rows into rebuild.
    ("rows that break an old CHECK, or may be spelt otherwise", [REBUILD, "Watched as limbeck::db::Database>::query"]),
    ("rows that lose their parent", ["limbeck::foreign_keys"]),
    ("COMMIT", ["limbeck::execute::Run::commit"]),
    ("the rest of the proof", ["limbeck::execute::alter::one_group"]),
    ("all else", []),
]


def phase(stack):
    return next(name for name, all_of in PHASES if all(any(part in line for line in stack) for part in all_of))


def main():
    samples, kernel = collections.Counter(), collections.Counter()
    for block in sys.stdin.read().strip().split("\n\n"):
        stack = block.split("\n")[1:]
        if not stack:
            continue
        name = phase(stack)
        samples[name] += 1
        kernel[name] += "[kernel" in stack[0] or "entry_SYSCALL" in block
    total = samples.total()
    for name in dict(PHASES):
        if samples[name]:
            print(f"| {name} | {100 * samples[name] / total:.1f} | {100 * kernel[name] / total:.1f} |")
    print(f"{total} samples")


main()
