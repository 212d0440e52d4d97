"""Writes discovery documents of Google APIs from the clients that the Google Cloud SDK generates from them.

  python3 tests/Specs/discovery_from_gcloud.py <folder of the SDK> <folder for the documents>

The clients leave nothing out that a validator reads but formats and patterns. condense.cs then condenses the documents.
"""

import importlib
import json
import re
import sys

SDK, TARGET = sys.argv[1:]
sys.path[:0] = [SDK + "/lib", SDK + "/lib/third_party"]
from apitools.base.protorpclite import messages  # noqa: E402

# Each API, and the methods that the project calls.
APIS = {
    ("logging", "v2"): r"^logging\.(entries\.list|projects\.locations\.buckets\.(get|patch))$",
    ("cloudresourcemanager", "v1"): r"^cloudresourcemanager\.projects\.(get|getAncestry|getEffectiveOrgPolicy|[gs]etIamPolicy)$",
    (
        "cloudresourcemanager",
        "v3",
    ): r"^cloudresourcemanager\.(projects|folders|organizations)\.(get|[gs]etIamPolicy|testIamPermissions)$",
}

STANDARD = {
    name: {"location": "query", "type": "string"}
    for name in "$.xgafv access_token alt callback fields key oauth_token prettyPrint quotaUser uploadType "
    "upload_protocol".split()
}
EXTRA = {"JsonValue": {"type": "any"}, "JsonObject": {"type": "object", "additionalProperties": {"type": "any"}}}


def name_of(message):
    """Messages within messages keep the name of the outer one: LogEntry.LabelsValue becomes LogEntryLabelsValue."""
    outer = message.message_definition() if hasattr(message, "message_definition") else None
    return (name_of(outer) if isinstance(outer, type) else "") + message.__name__


def schema_of(field, schemas):
    if isinstance(field, messages.MessageField):
        if field.message_type.__name__ in EXTRA:
            schema = EXTRA[field.message_type.__name__]
        else:
            schema = {"$ref": add(field.message_type, schemas)}
    elif isinstance(field, messages.EnumField):
        schema = {"type": "string", "enum": [name for name in field.type.names()]}
    elif isinstance(field, messages.IntegerField):
        is_text = field.variant in (messages.Variant.INT64, messages.Variant.UINT64)
        schema = {"type": "string", "format": "int64"} if is_text else {"type": "integer", "format": "int32"}
    elif isinstance(field, messages.FloatField):
        schema = {"type": "number", "format": "double"}
    elif isinstance(field, messages.BooleanField):
        schema = {"type": "boolean"}
    elif isinstance(field, messages.BytesField):
        schema = {"type": "string", "format": "byte"}
    else:
        is_time = re.search(r"(?i)(timestamp|time)$", field.name) is not None
        schema = {"type": "string", "format": "google-datetime"} if is_time else {"type": "string"}
    return {"type": "array", "items": schema} if field.repeated else schema


def add(message, schemas):
    name = name_of(message)
    if name in schemas:
        return name
    schemas[name] = {"id": name, "type": "object"}
    fields = {field.name: field for field in message.all_fields()}
    # A map is a message with a list of keys and values.
    if list(fields) == ["additionalProperties"]:
        pair = {field.name: field for field in fields["additionalProperties"].message_type.all_fields()}
        schemas[name]["additionalProperties"] = schema_of(pair["value"], schemas)
    else:
        schemas[name]["properties"] = {key: schema_of(field, schemas) for key, field in sorted(fields.items())}
    return name


def path_pattern(info):
    """The pattern of a resource name, from the flat path: v2/projects/{projectsId} allows ^projects/[^/]+$."""
    flat, prefix = info.flat_path or info.relative_path, info.relative_path.split("{")[0]
    path = flat[len(prefix) :].split(":")[0]
    return "^" + re.sub(r"\{\w+\}", "[^/]+", path) + "$"


def methods_of(api, version, pattern):
    package = f"googlecloudsdk.generated_clients.apis.{api}.{version}.{api}_{version}"
    client, types = importlib.import_module(package + "_client"), importlib.import_module(package + "_messages")
    service = next(value for key, value in vars(client).items() if key.lower() == api + version)
    methods, schemas = {}, {}
    for part in vars(service).values():
        if not isinstance(part, type) or not hasattr(part, "_NAME"):
            continue
        infos = [value.method_config() for value in vars(part).values() if hasattr(value, "method_config")]
        for info in infos:
            if not re.search(pattern, info.method_id):
                continue
            request = getattr(types, info.request_type_name)
            method = {
                "id": info.method_id,
                "httpMethod": info.http_method,
                "path": info.relative_path,
                "parameters": {
                    **{
                        name: {"location": "path", "required": True, "type": "string", "pattern": path_pattern(info)}
                        for name in info.path_params
                    },
                    **{name: {"location": "query", "type": "string"} for name in info.query_params},
                },
                "response": {"$ref": add(getattr(types, info.response_type_name), schemas)},
            }
            if info.request_field == "<request>":
                method["request"] = {"$ref": add(request, schemas)}
            elif info.request_field:
                field = next(f for f in request.all_fields() if f.name == info.request_field)
                method["request"] = {"$ref": add(field.message_type, schemas)}
            methods[info.method_id] = method
    return methods, schemas


for (api, version), pattern in APIS.items():
    methods, schemas = methods_of(api, version, pattern)
    document = {
        "id": f"{api}:{version}",
        "name": api,
        "version": version,
        "protocol": "rest",
        "parameters": STANDARD,
        "methods": dict(sorted(methods.items())),
        "schemas": dict(sorted(schemas.items())),
    }
    with open(f"{TARGET}/{api}.{version}.discovery.json", "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
    print(f"{api}.{version}: {len(methods)} methods, {len(schemas)} schemas")
