#!/usr/bin/env python3
"""Reads tables of exports with three engines, for tests: DuckDB, Polars, and Sail as the distributed one.

Reads one question a line from standard input, {"table": FOLDER, "date": "YYYY-MM-DD"}, and answers each with one line of
JSON: for every engine its count, sum, smallest and largest seq, how many distinct ones, rows of that date, and rows by
generation-independent group (result). What an engine says of an error stands under "error". Run it under `timeout`: Sail
has been seen not to end.

A question {"table": PLACE, "sql": "select ... from {table}"} is answered with the rows of that statement instead. A table may be
in an object store, s3://BUCKET/PREFIX or azure://CONTAINER/PREFIX; the environment says how it is reached, in the names that
the three read by themselves or are told here: AWS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AZURE_STORAGE_ENDPOINT, AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY.
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


def secrets(environment):
    """What DuckDB is told of the stores: its extensions do not read the environment."""
    if "AWS_ENDPOINT" in environment:
        scheme, _, host = environment["AWS_ENDPOINT"].partition("://")
        yield (
            f"create secret (type s3, key_id '{environment['AWS_ACCESS_KEY_ID']}', "
            f"secret '{environment['AWS_SECRET_ACCESS_KEY']}', region '{environment['AWS_REGION']}', "
            f"endpoint '{host}', use_ssl {str(scheme == 'https').lower()}, url_style 'path')"
        )
    if "AZURE_STORAGE_ENDPOINT" in environment:
        endpoint = environment["AZURE_STORAGE_ENDPOINT"]
        yield (
            f"create secret (type azure, connection_string 'DefaultEndpointsProtocol={endpoint.partition('://')[0]};"
            f"AccountName={environment['AZURE_STORAGE_ACCOUNT_NAME']};AccountKey={environment['AZURE_STORAGE_ACCOUNT_KEY']};"
            f"BlobEndpoint={endpoint};')"
        )


def answer(row, groups):
    names = ["rows", "sumSeq", "minSeq", "maxSeq", "places", "ofDate"]
    return dict(zip(names, row)) | {"byResult": {name: count for name, count in groups}}


class DuckDb:
    def __init__(self):
        import duckdb
        from duckdb_extensions import import_extension

        self.connection = duckdb.connect()
        told = list(secrets(os.environ))
        for extension in ["delta", "httpfs", "azure"] if told else ["delta"]:
            import_extension(extension)
            self.connection.execute(f"load {extension}")
        for secret in told:
            self.connection.execute(secret)

    def rows(self, table, sql):
        return self.connection.execute(sql.format(table=f"delta_scan('{table}')")).fetchall()

    def read(self, table, date):
        row = self.rows(table, SQL.replace("{date}", date))[0]
        return answer(row, self.rows(table, GROUPS))

    def stop(self):
        self.connection.close()


class Polars:
    def scan(self, table):
        import polars as pl

        stores = {name.lower(): value for name, value in os.environ.items() if name.startswith(("AWS_", "AZURE_"))}
        return pl.scan_delta(table, storage_options=stores or None)

    def rows(self, table, sql):
        return self.scan(table).sql(sql.format(table="self")).collect().rows()

    def read(self, table, date):
        import datetime

        import polars as pl

        rows = self.scan(table)
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

    def rows(self, table, sql):
        return [tuple(row) for row in self.spark.sql(sql.format(table=f"delta.`{table}`")).collect()]

    def read(self, table, date):
        row = self.rows(table, SQL.replace("{date}", date))[0]
        return answer(row, self.rows(table, GROUPS))

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
                    if "sql" in question:
                        found[name] = engine.rows(question["table"], question["sql"])
                    else:
                        found[name] = engine.read(question["table"], question["date"])
                except Exception as error:  # noqa: BLE001, the test prints it
                    found[name] = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(found), flush=True)
    finally:
        for engine in engines.values():
            engine.stop()


if __name__ == "__main__":
    main()
