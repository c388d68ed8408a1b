"""Takes messages apart with Python's own parser: one message in base64 a line, one JSON list of leaves a line."""
import base64
import email
import json
import sys
from email import policy


def leaves(part):
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for each in part.iter_parts():
            yield from leaves(each)
        return
    if part.get_content_type() == "message/rfc822":
        yield {"type": "message/rfc822"}
        return
    name = part.get_filename()
    octets = part.get_payload(decode=True)
    if part.is_multipart():
        octets = None
    yield {
        "type": part.get_content_type(),
        "parameters": dict(part["content-type"].params) if part["content-type"] else {},
        "disposition": part.get_content_disposition(),
        "fileName": name,
        "octets": None if octets is None else base64.b64encode(octets).decode(),
    }


for line in sys.stdin:
    octets = base64.b64decode(line)
    message = email.message_from_bytes(octets, policy=policy.default)
    fields = {}
    for name in ("subject", "from", "to"):
        fields[name] = str(message[name]) if message[name] is not None else None
    addresses = [[str(one.display_name), one.addr_spec] for one in message["to"].addresses] if message["to"] else []
    # The parser itself must not print anything else.
    print(json.dumps({"leaves": list(leaves(message)), "subject": fields["subject"], "to": addresses}))
