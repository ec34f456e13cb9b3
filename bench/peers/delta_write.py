"""Appends Indelible's log files to Delta tables with deltalake, a table for each organization.

Usage: delta_write.py ARCHIVE TABLES

ARCHIVE and TABLES are folders or places in S3, which the environment says how to reach: AWS_ENDPOINT, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION. Prints {"rows":n,"bytes":n,"seconds":n,"cpu":n}.
"""

import json
import os
import sys
import time
from datetime import date

import deltalake
import pyarrow as pa
from pyarrow import fs, parquet


def file_system(place):
    if not place.startswith("s3://"):
        return fs.LocalFileSystem(), place
    endpoint = os.environ["AWS_ENDPOINT"]
    scheme, _, host = endpoint.partition("://")
    reached = fs.S3FileSystem(
        endpoint_override=host,
        scheme=scheme,
        region=os.environ["AWS_REGION"],
        access_key=os.environ["AWS_ACCESS_KEY_ID"],
        secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    )
    return reached, place.removeprefix("s3://")


def log_files(system, root):
    """The log files by the label of their organization, in order."""
    found = {}
    selected = fs.FileSelector(f"{root}/organizations", recursive=True)
    for path in sorted(entry.path for entry in system.get_file_info(selected) if entry.path.endswith(".parquet")):
        found.setdefault(path.split("/organizations/")[1].split("/")[0], []).append(path)
    return found


def with_date(table, path):
    day = date.fromisoformat(path.split("/date=")[1].split("/")[0])
    return table.append_column("date", pa.array([day] * table.num_rows, pa.date32()))


def main(archive, tables):
    system, root = file_system(archive)
    options = {name.lower(): value for name, value in os.environ.items() if name.startswith("AWS_")} or None
    begin, rows, size = time.perf_counter(), 0, 0
    begin_cpu = time.process_time()
    for label, paths in log_files(system, root).items():
        for path in paths:
            table = with_date(parquet.read_table(path, filesystem=system, partitioning=None), path)
            place = f"{tables}/{label}"
            deltalake.write_deltalake(place, table, mode="append", partition_by=["date"], storage_options=options)
            rows += table.num_rows
        actions = deltalake.DeltaTable(place, storage_options=options).get_add_actions()
        size += sum(pa.table(actions)["size_bytes"].to_pylist())
    cpu, seconds = time.process_time() - begin_cpu, time.perf_counter() - begin
    print(json.dumps({"rows": rows, "bytes": size, "seconds": seconds, "cpu": cpu}))


main(*sys.argv[1:])
