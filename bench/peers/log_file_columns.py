"""Prints what the columns of Indelible's log files take: {"bloom_bytes":n,"columns":[[name, bytes], ...]}.

Usage: log_file_columns.py ARCHIVE
"""

import json
import sys

import duckdb
from needles import LOG_FILES

duckdb.execute("SET enable_progress_bar = false")
METADATA = f"parquet_metadata('{sys.argv[1]}/{LOG_FILES}')"
columns = duckdb.execute(
    f"SELECT path_in_schema, sum(total_compressed_size) AS bytes FROM {METADATA} GROUP BY 1 ORDER BY 2 DESC"
).fetchall()
bloom = duckdb.execute(f"SELECT coalesce(sum(bloom_filter_length), 0) FROM {METADATA}").fetchone()
print(json.dumps({"bloom_bytes": int(bloom[0]), "columns": [[name, int(size)] for name, size in columns]}))
