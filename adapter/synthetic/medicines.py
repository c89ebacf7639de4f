"""The drugs synthetic patients take, by treatment class.

Takes from: nothing.  Gives to: the other rooms of synthetic.
Source: WHO ATC-DDD index
"""

from __future__ import annotations

import random
from typing import Any

from adapter.errors import Json

ATC = "http://www.whocc.no/atc"

SUBSTANCES = {
    "nsaid": ("M01AE01", "M01AE02", "M01AB01", "M01AB05"),
    "bisphosphonate": ("M05BA03", "M05BA08"),
    "anti_tnf": ("L04AB01", "L04AB02", "L04AB04"),
    "corticosteroid": ("H02AB06", "H02AB07"),
    "sulfasalazine": ("A07EC01",),
    "methotrexate": ("L04AX03", "L01BA01"),
    "colchicine": ("M04AC01",),
    "antibiotic": ("J01CF04", "J01FF01", "J01CR02"),
    "anti_il1": ("L04AC03", "L04AC08"),
    "anti_il6": ("L04AC07",),
    "anti_il17": ("L04AC10",),
    "jak_inhibitor": ("L04AF01",),
    "leflunomide": ("L04AK01",),
}


def make_treatment(rng: random.Random, drug_class: str, **facts: Any) -> Json:
    """A treatment with a substance of its class; further facts (start, stop, line, response, status) as given."""
    substance = {"system": ATC, "code": rng.choice(SUBSTANCES[drug_class])}
    return {"class": drug_class, "substance": substance, **facts}
