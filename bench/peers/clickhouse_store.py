"""Loads an NDJSON file into a typed MergeTree of chDB and prints what it takes: {"rows":n,"bytes":n}.

Usage: clickhouse_store.py EVENTS.ndjson FOLDER

The table is typed as somebody would who knows the data: UUIDs and trace ids as numbers, what repeats as
LowCardinality, time with its own codec, sorted by organization and time, ZSTD(9), one part at the end.
"""

import json
import sys

from chdb import session

COLUMNS = {
    "type": "LowCardinality(String)",
    "time": "DateTime64(6, 'UTC') CODEC(Delta, T64, ZSTD(9))",
    "name": "LowCardinality(String)",
    "result": "LowCardinality(String)",
    "categories": "Array(LowCardinality(String))",
    "requestFields": "LowCardinality(String)",
    "resultFields": "LowCardinality(String)",
    "entities": "Array(LowCardinality(String))",
    "users": "Array(Tuple(uid LowCardinality(String)))",
    "uid": "LowCardinality(String)",
    "sid": "LowCardinality(String)",
    "tokenId": "LowCardinality(String)",
    "orgId": "LowCardinality(String)",
    "traceId": "UInt64",
    "eventId": "UUID",
    "logEntryId": "UUID",
    "producerType": "LowCardinality(String)",
    "product": "LowCardinality(String)",
    "productVersion": "LowCardinality(String)",
    "host": "LowCardinality(String)",
    "userAgent": "LowCardinality(String)",
    "origin": "LowCardinality(String)",
    "origins": "Array(LowCardinality(String))",
    "sourceOrigin": "LowCardinality(String)",
}


def compressed(kind):
    return kind if "CODEC" in kind else kind + " CODEC(ZSTD(9))"


def main(events, folder):
    database = session.Session(folder)
    database.query("CREATE DATABASE bench ENGINE = Atomic")
    columns = ", ".join(f"{name} {compressed(kind)}" for name, kind in COLUMNS.items())
    database.query(f"CREATE TABLE bench.events ({columns}) ENGINE = MergeTree ORDER BY (orgId, time)")

    # As the file has them: the trace id is hexadecimal text, the two maps are kept as text.
    read = {name: kind.split(" CODEC")[0] for name, kind in COLUMNS.items()} | {"traceId": "String"}
    structure = ", ".join(f"{name} {kind}" for name, kind in read.items()).replace("'", "\\'")
    chosen = ", ".join(
        "reinterpretAsUInt64(reverse(unhex(traceId)))" if name == "traceId" else name for name in COLUMNS
    )
    database.query(
        f"INSERT INTO bench.events SELECT {chosen} FROM file('{events}', 'JSONEachRow', '{structure}') "
        "SETTINGS input_format_json_read_objects_as_strings = 1, date_time_input_format = 'best_effort', "
        "max_threads = 2, max_insert_threads = 1"
    )
    database.query("OPTIMIZE TABLE bench.events FINAL")
    answer = database.query(
        "SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts "
        "WHERE database = 'bench' AND table = 'events' AND active",
        "JSONEachRow",
    )
    found = json.loads(str(answer))
    if "--columns" in sys.argv:
        print(database.query(
            "SELECT name, data_compressed_bytes FROM system.columns WHERE database = 'bench' ORDER BY 2 DESC", "CSV"),
            file=sys.stderr)
    print(json.dumps({key: int(value) for key, value in found.items()}))


main(sys.argv[1], sys.argv[2])
