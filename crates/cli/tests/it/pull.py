"""Pulls log files with Palantir's own SDK, on command.

Reads one JSON object a line from standard input and answers each with one line. The arguments are the server's host and
port, client id and client secret; or host and port and a token.
"""

import base64
import json
import sys
from datetime import date

import foundry_sdk
from foundry_sdk import Config, FoundryClient

host, *credentials = sys.argv[1:]
config = Config(scheme="http", timeout=60)
if len(credentials) == 2:
    auth = foundry_sdk.ConfidentialClientAuth(*credentials, scopes=["api:audit-read"])
else:
    auth = foundry_sdk.UserTokenAuth(*credentials)
log_files = FoundryClient(auth=auth, hostname=host, config=config).audit.Organization.LogFile


def day(text):
    return date.fromisoformat(text) if text else None


def run(command):
    match command["do"]:
        case "list":
            page = log_files.list(
                command["organization"],
                start_date=day(command.get("startDate")),
                end_date=day(command.get("endDate")),
                page_size=command.get("pageSize"),
                page_token=command.get("pageToken"),
            )
            return {"ids": [file.id for file in page.data], "nextPageToken": page.next_page_token}
        case "iterate":
            # The iterator follows tokens by itself; a server that always gives one never ends it.
            files = log_files.list(command["organization"], start_date=day(command["startDate"]), page_size=1)
            return {"ids": [next(files).id for _ in range(command["count"])]}
        case "content":
            content = log_files.content(command["organization"], command["id"])
            return {"content": base64.b64encode(content).decode()}
        case "signOut":
            token = auth.get_token().access_token
            auth.sign_out()
            return {"token": token}


for line in sys.stdin:
    try:
        answer = run(json.loads(line))
    except Exception as error:
        answer = {
            "error": type(error).__name__,
            "text": str(error),
            "name": getattr(error, "name", None),
            "parameters": getattr(error, "parameters", None),
            "instance": getattr(error, "error_instance_id", None),
        }
    print(json.dumps(answer), flush=True)
