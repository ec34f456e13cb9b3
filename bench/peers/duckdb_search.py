"""Looks for needles in Indelible's log files with DuckDB. Order on stdin and answer on stdout: see needles.py."""

import duckdb
from needles import CONDITIONS, LOG_FILES, answer


def main():
    database = duckdb.connect()
    database.execute("SET threads = 2")
    database.execute("SET enable_progress_bar = false")
    database.execute("SET parquet_metadata_cache = true")

    def search(archive, kind, value):
        condition = CONDITIONS[kind].format(value=value)
        query = (
            f"SELECT * FROM read_parquet('{archive}/{LOG_FILES}', hive_partitioning = false) "
            f"WHERE {condition} LIMIT 100"
        )
        return len(database.execute(query).fetchall())

    answer(search)


main()
