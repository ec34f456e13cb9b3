"""Looks for needles in Indelible's log files with chDB. Order on stdin and answer on stdout: see needles.py."""

import tempfile

from chdb import session
from needles import CONDITIONS, LOG_FILES, answer


def main():
    with tempfile.TemporaryDirectory() as folder:
        database = session.Session(folder)
        database.query("SET max_threads = 2")

        def search(archive, kind, value):
            condition = CONDITIONS[kind].format(value=value)
            rows = database.query(
                f"SELECT * FROM file('{archive}/{LOG_FILES}', 'Parquet') WHERE {condition} LIMIT 100", "JSONEachRow"
            )
            return str(rows).count("\n")

        answer(search)


main()
