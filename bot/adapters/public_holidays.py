"""The public holidays of a country, found out in a process of its own.

The library imports the rules of every country, which is half a second for whoever starts, and 20 MiB to carry for good.
So there they are imported for the country that is asked for, and even of that nothing stays.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType

ANSWER_SECONDS_MAX = 30.0
_PROGRAM = """
import json
import sys
from importlib.util import find_spec
from types import ModuleType
countries = ModuleType("holidays.countries")
countries.__path__ = [f"{place}/countries" for place in find_spec("holidays").submodule_search_locations]
# In the place of the one that would import them all.
sys.modules["holidays.countries"] = countries
from holidays import country_holidays
years = [int(year) for year in sys.argv[2:]]
try:
    # By the names its own people use, whatever language this machine speaks.
    language = country_holidays(sys.argv[1]).default_language
    found = country_holidays(sys.argv[1], years=years, language=language)
except NotImplementedError:
    print("null")
else:
    print(json.dumps({day.isoformat(): name for day, name in found.items()}))
"""


@cache
def public_holidays(country: str, years: tuple[int, ...]) -> Mapping[date, str]:
    """The days of these years that are public holidays in a country (ISO 3166, two letters), and what each is called.

    Raises LookupError when nobody knows the country's holidays, and CalledProcessError when asking fails.
    """
    asked = [sys.executable, "-c", _PROGRAM, country, *map(str, years)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=ANSWER_SECONDS_MAX)
    if (found := json.loads(done.stdout)) is None:
        raise LookupError(country)
    return MappingProxyType({date.fromisoformat(day): str(name) for day, name in found.items()})
