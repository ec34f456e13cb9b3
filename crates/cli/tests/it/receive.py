"""Delivers records with clients from the registries, which know nothing of us.

receive.py KIND URL TOKEN < lines      one record a line: JSON, or text for `splunk`
Prints what the client was told, one JSON value, and ends with 0 if it was told that all is well.
"""

import json
import sys


def otlp(exporter, records):
    from opentelemetry._logs import LogRecord
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource

    provider = LoggerProvider(resource=Resource.create({"service.name": "shop"}))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("audit")
    for record in records:
        logger.emit(LogRecord(body=record, timestamp=1_767_323_045_000_000_000, event_name="audit"))
    flushed = provider.force_flush()
    provider.shutdown()
    return flushed


def main():
    kind, url, token = sys.argv[1:4]
    lines = [line.rstrip("\n") for line in sys.stdin]
    if kind == "otlp-http":
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.http import Compression

        exporter = OTLPLogExporter(f"{url}/v1/logs", headers={"authorization": f"Bearer {token}"}, compression=Compression.Gzip)
        print(json.dumps(otlp(exporter, map(json.loads, lines))))
    elif kind == "otlp-grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter

        # With TLS it takes the authority from OTEL_EXPORTER_OTLP_CERTIFICATE.
        exporter = OTLPLogExporter(url, insecure=not url.startswith("https:"), headers=(("authorization", f"Bearer {token}"),))
        print(json.dumps(otlp(exporter, map(json.loads, lines))))
    elif kind == "elasticsearch":
        from elasticsearch import Elasticsearch, helpers

        client = Elasticsearch(url, basic_auth=("indelible", token), retry_on_timeout=False)
        info, health, alive = client.info(), client.cluster.health(), client.ping()
        # The first line is the index and the ids that the documents get, null for none.
        asked = json.loads(lines[0])
        actions = [
            {"_op_type": "create", "_index": asked["index"], "_source": json.loads(line)} | ({"_id": id} if id else {})
            for id, line in zip(asked["ids"], lines[1:], strict=True)
        ]
        told = [item["create"] for _, item in helpers.streaming_bulk(client, actions, raise_on_error=False)]
        version = info["version"]["number"]
        print(json.dumps({"alive": alive, "version": version, "status": health["status"], "items": told}))
    elif kind == "splunk":
        import logging

        from splunk_handler import SplunkHandler

        host, port = url.removeprefix("http://").split(":")
        handler = SplunkHandler(
            host=host, port=int(port), token=token, index="audit", protocol="http", verify=False, sourcetype="shop",
            flush_interval=1, retry_count=1,
        )
        logger = logging.getLogger("audit")
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
        for line in lines:
            logger.info(line)
        handler.shutdown()
        print("true")
    else:
        sys.exit(f"unknown: {kind}")


main()
