"""What the records hold: per cent of the children for whom each item is documented, centre by centre.

Takes from: figures.canvas, case.  Gives to: figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from adapter.case.fields import read_field
from adapter.errors import Json
from adapter.figures.canvas import new_figure, paint_cells
from adapter.figures.picture import Picture
from adapter.figures.scene import GROUND
from adapter.figures.words import Language, Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Item -> fields any of which documents it.
_ITEMS: dict[str, tuple[str, ...]] = {
    "sex": ("patient.sex",),
    "birth": ("patient.birth_date",),
    "onset": ("diagnosis.onset",),
    "diagnosed": ("diagnosis.date",),
    "certainty": ("diagnosis.certainty",),
    "fever": ("findings.fever",),
    "skin": ("findings.skin_inflammation_over_lesion",),
    "inflammation": ("findings.inflammatory_syndrome", "laboratory[].test"),
    "family": ("findings.family_history_cno",),
    "infection": ("findings.infection_proven",),
    "clinical": ("clinical_lesions[].bone",),
    "imaging": ("imaging_studies[].modality",),
    "result": ("imaging_studies[].result",),
    "seen": ("imaging_lesions[].bone",),
    "biopsy": ("biopsies[].histology", "biopsies[].microbiology"),
    "treatment": ("treatments[].class",),
    "start": ("treatments[].start",),
    "response": ("treatments[].response",),
    "visit": ("outcome.last_visit_date",),
    "outcome": ("outcome.status",),
    "pain": ("assessments[].measure",),
}
_NAMES: Words = {
    "sex": {"en": "sex", "fr": "sexe"},
    "birth": {"en": "birth date", "fr": "date de naissance"},
    "onset": {"en": "onset", "fr": "début"},
    "diagnosed": {"en": "date of diagnosis", "fr": "date du diagnostic"},
    "certainty": {"en": "certainty of diagnosis", "fr": "certitude du diagnostic"},
    "fever": {"en": "fever", "fr": "fièvre"},
    "skin": {"en": "skin over the lesion", "fr": "peau en regard"},
    "inflammation": {"en": "inflammation, or a test", "fr": "inflammation, ou un dosage"},
    "family": {"en": "family history", "fr": "antécédents familiaux"},
    "infection": {"en": "infection proven or not", "fr": "infection prouvée ou non"},
    "clinical": {"en": "clinical lesions", "fr": "lésions cliniques"},
    "imaging": {"en": "imaging studies", "fr": "examens d'imagerie"},
    "result": {"en": "result of imaging", "fr": "résultat d'imagerie"},
    "seen": {"en": "lesions by imaging", "fr": "lésions à l'imagerie"},
    "biopsy": {"en": "biopsy with a result", "fr": "biopsie avec résultat"},
    "treatment": {"en": "treatments", "fr": "traitements"},
    "start": {"en": "start of a treatment", "fr": "début d'un traitement"},
    "response": {"en": "response to a treatment", "fr": "réponse à un traitement"},
    "visit": {"en": "last visit", "fr": "dernière visite"},
    "outcome": {"en": "outcome", "fr": "évolution"},
    "pain": {"en": "a score (pain, C-HAQ …)", "fr": "un score (douleur, C-HAQ…)"},
}
_WORDS: Words = {
    "title": {"en": "What the records hold", "fr": "Ce que contiennent les dossiers"},
    "all": {"en": "all", "fr": "tous"},
    "none": {"en": "no centre", "fr": "sans centre"},
    "others": {"en": "others", "fr": "autres"},
    "item": {"en": "item", "fr": "élément"},
    "who": {
        "en": "Per cent of the children for whom the item is documented; “unknown” is not. In brackets: children.",
        "fr": "Pour cent des enfants pour qui l'élément est documenté ; « inconnu » ne l'est pas. Entre parenthèses : "
        "enfants.",
    },
    "least": {"en": "Least documented: {names}.", "fr": "Le moins documenté : {names}."},
}
_COLUMNS = 12
_ALL = "\0"


class Completeness:
    def __init__(self) -> None:
        self._children: Counter[str] = Counter()
        self._filled: Counter[tuple[str, str]] = Counter()

    def add(self, case: Json, _: Json) -> None:
        centre = case.get("centre", "")
        filled = _filled(case)
        for column in (_ALL, centre):
            self._children[column] += 1
            self._filled.update((item, column) for item in filled)

    def picture(self, language: Language) -> Picture:
        columns = self._columns(language)
        names = [_NAMES[item][language] for item in _ITEMS]
        shares = [[self._share(item, centres) for _, centres in columns] for item in _ITEMS]
        heads = [f"{name} ({sum(self._children[each] for each in centres)})" for name, centres in columns]
        title = _WORDS["title"][language]
        least = sorted(range(len(names)), key=lambda i: shares[i][0])[:3]
        summary = f"{title}. " + _WORDS["least"][language].format(names=", ".join(names[i] for i in least))
        rows = [[name, *(round(share) for share in of)] for name, of in zip(names, shares, strict=True)]

        def draw() -> Any:
            return _draw(names, heads, shares)

        head = (_WORDS["item"][language], *heads)
        return Picture("completeness", title, summary, (_WORDS["who"][language],), head, rows, draw)

    def _columns(self, language: Language) -> list[tuple[str, list[str]]]:
        """Everybody, then the largest centres by name, then the others together."""
        centres = sorted(set(self._children) - {_ALL}, key=lambda each: (-self._children[each], each))
        shown, rest = (centres, []) if len(centres) <= _COLUMNS else (centres[: _COLUMNS - 1], centres[_COLUMNS - 1 :])
        named = [(each or _WORDS["none"][language], [each]) for each in sorted(shown)]
        others = [(_WORDS["others"][language], rest)] if rest else []
        return [(_WORDS["all"][language], [_ALL]), *named, *others]

    def _share(self, item: str, centres: list[str]) -> float:
        children = sum(self._children[each] for each in centres)
        return 100 * sum(self._filled[item, each] for each in centres) / children if children else 0.0


def documented(case: Json, language: Language) -> tuple[list[str], list[str]]:
    """Names of the items that one case documents, and of those that it does not."""
    filled = _filled(case)
    named = [(_NAMES[item][language], item in filled) for item in _ITEMS]
    return [name for name, is_there in named if is_there], [name for name, is_there in named if not is_there]


def _filled(case: Json) -> list[str]:
    return [item for item, fields in _ITEMS.items() if any(_is_documented(case, each) for each in fields)]


def _is_documented(case: Json, field: str) -> bool:
    return any(value not in ("unknown", None) for _, value in read_field(case, field))


@contextmanager
def _draw(names: list[str], heads: list[str], shares: list[list[float]]) -> Iterator[Figure]:
    with new_figure(0.9 + 0.2 * len(names)) as (figure, axes):
        paint_cells(axes, shares, "cividis", 100)
        for i, of in enumerate(shares):
            for j, share in enumerate(of):
                axes.text(
                    j, i, f"{share:.0f}", ha="center", va="center", size=7, color="white" if share < 55 else "black"
                )
        axes.set_xticks(range(len(heads)), heads, rotation=40, ha="left", rotation_mode="anchor", size=7.5)
        axes.set_yticks(range(len(names)), names, size=8)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.axvline(0.5, color=GROUND, linewidth=3)
        for spine in axes.spines.values():
            spine.set_visible(False)
        yield figure
