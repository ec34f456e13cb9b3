"""What the searching peers share: the questions, and how their answers are timed.

Order: {"archive": FOLDER, "rounds": n, "seconds": n, "needles": [{"kind": "id", "values": [...]}, ...]}.
Answer: a line for each kind, a list of rounds of [microseconds, rows found] for each value. No round over a kind begins
after the seconds, except the second.
"""

import json
import sys
import time

LOG_FILES = "organizations/*/*/log/*/*.parquet"

# The same questions Indelible is asked. A bare word is looked for in names and in both maps, in either case.
CONDITIONS = {
    "id": "\"logEntryId\" = '{value}'",
    "user": "uid = '{value}'",
    "substring": "(name ILIKE '%{value}%' OR \"requestFields\" ILIKE '%{value}%'"
    " OR \"resultFields\" ILIKE '%{value}%')",
}


def answer(search):
    order = json.load(sys.stdin)
    for needles in order["needles"]:
        rounds = []
        start = time.perf_counter()
        for number in range(order["rounds"]):
            if number > 1 and time.perf_counter() - start > order["seconds"]:
                break
            answers = []
            for value in needles["values"]:
                begin = time.perf_counter()
                found = search(order["archive"], needles["kind"], value)
                answers.append([int((time.perf_counter() - begin) * 1e6), found])
            rounds.append(answers)
        print(json.dumps(rounds), flush=True)
