"""The public holidays of a country, found out in a process of its own.

The library imports the rules of every country, which is half a second for whoever starts, and 20 MiB to carry for good.
So there they are imported for the country that is asked for, and even of that nothing stays.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from functools import cache

ANSWER_SECONDS_MAX = 30.0
_PROGRAM = """
import sys
from importlib.util import find_spec
from types import ModuleType
countries = ModuleType("holidays.countries")
countries.__path__ = [f"{place}/countries" for place in find_spec("holidays").submodule_search_locations]
# In the place of the one that would import them all.
sys.modules["holidays.countries"] = countries
from holidays import country_holidays
try:
    found = country_holidays(sys.argv[1], years=[int(year) for year in sys.argv[2:]])
except NotImplementedError:
    print("unknown")
else:
    print(*(day.isoformat() for day in found))
"""


@cache
def public_holidays(country: str, years: tuple[int, ...]) -> frozenset[date]:
    """The days of these years that are public holidays in a country (ISO 3166, two letters).

    Raises LookupError when nobody knows the country's holidays, and CalledProcessError when asking fails.
    """
    asked = [sys.executable, "-c", _PROGRAM, country, *map(str, years)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=ANSWER_SECONDS_MAX)
    if done.stdout.strip() == "unknown":
        raise LookupError(country)
    return frozenset(map(date.fromisoformat, done.stdout.split()))
