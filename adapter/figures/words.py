"""What the figures say, in English and French, and numbers as each language writes them.

Takes from: declaration (case schema), mapping tables (names of bones).  Gives to: the other files of this room, report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from adapter.errors import Json

Language = Literal["en", "fr"]
Words = Mapping[str, Json]

# Vertebral levels are written as they are coded; bones have their names in the table of bones.
SIDES: Words = {
    "left": {"en": "left", "fr": "gauche"},
    "right": {"en": "right", "fr": "droite"},
    "midline": {"en": "midline", "fr": "ligne médiane"},
    "bilateral": {"en": "both sides", "fr": "deux côtés"},
    "unknown": {"en": "side not recorded", "fr": "côté non précisé"},
}
CLASSES: Words = {
    "nsaid": {"en": "NSAID", "fr": "AINS"},
    "bisphosphonate": {"en": "Bisphosphonate", "fr": "Bisphosphonate"},
    "anti_tnf": {"en": "Anti-TNF", "fr": "Anti-TNF"},
    "corticosteroid": {"en": "Corticosteroid", "fr": "Corticoïde"},
    "sulfasalazine": {"en": "Sulfasalazine", "fr": "Sulfasalazine"},
    "methotrexate": {"en": "Methotrexate", "fr": "Méthotrexate"},
    "colchicine": {"en": "Colchicine", "fr": "Colchicine"},
    "antibiotic": {"en": "Antibiotic", "fr": "Antibiotique"},
    "anti_il1": {"en": "Anti-IL-1", "fr": "Anti-IL-1"},
    "anti_il6": {"en": "Anti-IL-6", "fr": "Anti-IL-6"},
    "anti_il17": {"en": "Anti-IL-17", "fr": "Anti-IL-17"},
    "jak_inhibitor": {"en": "JAK inhibitor", "fr": "Inhibiteur de JAK"},
    "leflunomide": {"en": "Leflunomide", "fr": "Léflunomide"},
    "other": {"en": "Other", "fr": "Autre"},
}


def number(value: float, digits: int, language: Language) -> str:
    """A number with so many decimals; French writes a comma."""
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if language == "fr" else text


def percent(share: float, language: Language, digits: int = 0) -> str:
    """A share of 1 as a percentage, with the space French wants before the sign."""
    return number(100 * share, digits, language) + ("\u202f%" if language == "fr" else "%")
