"""The one signature, against Twilio's documentation and Twilio's own library."""

import pytest
from twilio.request_validator import RequestValidator

from bot.core.twilio_signature import expected_signature

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}


def test_it_is_the_signature_of_twilios_documentation() -> None:
    assert expected_signature("12345", URL, CALL) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"Body": ""},
        {"Body": "你好 👋\r\nline two", "From": "whatsapp:+6581234501"},
        {"b": "1", "B": "2", "a": "3", "aa": "4"},
        {"Body": "a\x00b", "NumMedia": "0"},
    ],
)
def test_twilios_own_library_agrees_on_every_form(form: dict[str, str]) -> None:
    assert RequestValidator("a-token").validate(URL, form, expected_signature("a-token", URL, form))


def test_a_name_that_comes_twice_counts_with_each_of_its_values() -> None:
    twice = [("MediaUrl", "b"), ("MediaUrl", "a"), ("Body", "x")]
    assert expected_signature("t", URL, twice) == expected_signature("t", URL + "Bodyx" + "MediaUrla" + "MediaUrlb", {})


def test_another_token_signs_otherwise() -> None:
    assert expected_signature("12345", URL, CALL) != expected_signature("12346", URL, CALL)
