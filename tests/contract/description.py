"""Twilio's own description of its API, as Prism can read it: Messages and Content in one document.

It comes with Twilio's command line (``@twilio/cli-core``, MIT). Three things are put on top: form arrays are described
as one value, which is how Prism reads a form; the addresses of pages are relative, as in its own examples;
and what it leaves out about WhatsApp is said.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SPECS = "node_modules/@twilio/cli-core/src/services/twilio-api"
WANTED = {"twilio_api_v2010.json": "/Messages", "twilio_content_v1.json": "/v1/Content"}
PATIENT = r"^whatsapp:(\+[1-9]\d{6,14}|[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128})$"
CLINIC = r"^whatsapp:\+[1-9]\d{6,14}$"


def description(installed: Path) -> dict[str, Any]:
    """One OpenAPI document for both hosts; their paths have nothing in common."""
    parts = [_part(json.loads((installed / SPECS / name).read_text()), wanted) for name, wanted in WANTED.items()]
    whole, other = parts
    whole["paths"] |= other["paths"]
    for kind, found in other["components"].items():
        both = whole["components"].setdefault(kind, {})
        clash = {name for name in found if name in both and both[name] != found[name]}
        assert not clash, f"{kind} {clash} mean two things"
        both |= found
    create = whole["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    form = create["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    form["properties"]["To"]["pattern"] = PATIENT
    form["properties"]["From"]["pattern"] = CLINIC
    form["properties"]["Body"]["maxLength"] = 1_600
    form["anyOf"] = [{"required": [name]} for name in ("Body", "ContentSid", "MediaUrl")]
    pages = whole["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["get"]["responses"]["200"]
    for name, schema in pages["content"]["application/json"]["schema"]["properties"].items():
        if name.endswith("uri"):
            schema["format"] = "uri-reference"
    return whole


def _part(spec: dict[str, Any], wanted: str) -> dict[str, Any]:
    spec["paths"] = {path: item for path, item in spec["paths"].items() if wanted in path}
    for item in spec["paths"].values():
        # Prism would take each operation's own host for where to go.
        item.pop("servers", None)
        for method in ("get", "post", "delete"):
            _scalars(item.get(method, {}))
    return spec


def _scalars(operation: dict[str, Any]) -> None:
    operation.pop("servers", None)
    content = operation.get("requestBody", {}).get("content", {})
    form = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
    for name, schema in form.get("properties", {}).items():
        if schema.get("type") == "array":
            form["properties"][name] = schema["items"]
