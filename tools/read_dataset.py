#!/usr/bin/env python3
"""Reads tables of exports with three engines, for tests: DuckDB, Polars, and Sail as the distributed one.

Reads one question a line from standard input, {"table": FOLDER, "date": "YYYY-MM-DD"}, and answers each with one line of
JSON: for every engine its count, sum, smallest and largest seq, how many distinct ones, rows of that date, and rows by
generation-independent group (result). What an engine says of an error stands under "error". Run it under `timeout`: Sail
has been seen not to end.
"""

import json
import os
import sys

os.environ.setdefault("SAIL_MODE", "local-cluster")
os.environ.setdefault("RUST_LOG", "error")

SQL = """
select count(*) as rows, cast(sum(seq) as bigint) as sum_seq, min(seq) as min_seq, max(seq) as max_seq,
       count(distinct concat(cast(seq as varchar(20)), '/', cast(received_at as varchar(40)))) as places,
       count(case when date = date '{date}' then 1 end) as of_date
from {table}
"""
GROUPS = "select coalesce(result, '-') as result, count(*) as rows from {table} group by 1 order by 1"


def answer(row, groups):
    names = ["rows", "sumSeq", "minSeq", "maxSeq", "places", "ofDate"]
    return dict(zip(names, row)) | {"byResult": {name: count for name, count in groups}}


class DuckDb:
    def __init__(self):
        import duckdb
        from duckdb_extensions import import_extension

        import_extension("delta")
        self.connection = duckdb.connect()
        self.connection.execute("load delta")

    def read(self, table, date):
        scan = f"delta_scan('{table}')"
        row = self.connection.execute(SQL.format(table=scan, date=date)).fetchone()
        return answer(row, self.connection.execute(GROUPS.format(table=scan)).fetchall())

    def stop(self):
        self.connection.close()


class Polars:
    def read(self, table, date):
        import datetime

        import polars as pl

        rows = pl.scan_delta(table)
        seq, day = pl.col("seq"), datetime.date.fromisoformat(date)
        row = rows.select(
            rows=pl.len(),
            sum=seq.sum(),
            min=seq.min(),
            max=seq.max(),
            places=pl.struct("seq", "received_at").n_unique(),
            of_date=(pl.col("date") == day).sum(),
        )
        groups = rows.group_by(pl.col("result").fill_null("-")).agg(pl.len()).sort("result")
        return answer(row.collect().row(0), groups.collect().rows())

    def stop(self):
        pass


class Sail:
    def __init__(self):
        from pysail.spark import SparkConnectServer
        from pyspark.sql import SparkSession

        self.server = SparkConnectServer("127.0.0.1", 0)
        self.server.start(background=True)
        _, port = self.server.listening_address
        self.spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()

    def read(self, table, date):
        scan = f"delta.`{table}`"
        row = self.spark.sql(SQL.format(table=scan, date=date)).collect()[0]
        return answer(tuple(row), [tuple(group) for group in self.spark.sql(GROUPS.format(table=scan)).collect()])

    def stop(self):
        self.spark.stop()
        self.server.stop()


def main():
    engines = {"duckdb": DuckDb(), "polars": Polars(), "sail": Sail()}
    try:
        for line in sys.stdin:
            question, found = json.loads(line), {}
            for name, engine in engines.items():
                try:
                    found[name] = engine.read(question["table"], question["date"])
                except Exception as error:  # noqa: BLE001, the test prints it
                    found[name] = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(found), flush=True)
    finally:
        for engine in engines.values():
            engine.stop()


if __name__ == "__main__":
    main()
