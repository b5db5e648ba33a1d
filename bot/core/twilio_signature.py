"""The signature that Twilio puts on every webhook: one line of arithmetic, written once for both sides of the door."""

import base64
import hmac
from collections.abc import Iterable, Mapping


def expected_signature(token: str, url: str, params: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """The `X-Twilio-Signature` for a form posted to `url` by the account that owns `token`.

    `url` is the public one, with its query and without a fragment. Every parameter counts, known or not; a name may
    come with several values. Source: Twilio, "Webhooks security", HMAC-SHA1 in base64.
    """
    pairs = params.items() if isinstance(params, Mapping) else params
    signed = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()
