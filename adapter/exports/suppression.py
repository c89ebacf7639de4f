"""Small cells hidden so that no sum gives them away.

A published table shows its row sums, column sums and total. Cells from 1 to below the threshold are hidden (primary);
others are hidden with them (secondary) until every hidden cell can be moved by `play` and all sums stay the same,
every hidden cell staying at least 1. So whoever knows the sums and the rule still has `play` + 1 possible numbers or
more for each hidden cell. A zero is not hidden: it says that there is nobody. Sums are published as they are: a caller
merges small groups first (`merge_small`), so that every sum reaches the threshold.

A hidden cell is an edge between its row and its column; a way round through other hidden cells is a closed path along
which the numbers move up and down in turn. The cheapest way round is found for each hidden cell, those already hidden
costing nothing.

Takes from: nothing.  Gives to: exports.outside.
Source: Fischetti and Salazar, Math Program 1999;84:283 (the problem); Gusfield, SIAM J Comput 1988;17:552 (the graph)
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

THRESHOLD_OUTSIDE = 11
PLAY = 5

Cell = tuple[int, int]
Numbers = Sequence[Sequence[int]]


def protect(numbers: Numbers, threshold: int = THRESHOLD_OUTSIDE, play: int = PLAY) -> set[Cell] | None:
    """Which cells (row, column) to hide; None when the sums would give a small cell away whatever is hidden.

    Units:   play  by how much every hidden cell can move at least
    """
    cells = {(i, j): n for i, row in enumerate(numbers) for j, n in enumerate(row)}
    hidden = {cell for cell, n in cells.items() if 0 < n < threshold}
    for cell in sorted(hidden, key=lambda each: (-cells[each], each)):
        ways = [way for up in (True, False) if (way := _way_round(cell, cells, hidden, play, up=up)) is not None]
        if not ways:
            return None
        _, path = min(ways)
        hidden |= set(path)
    return hidden


def _way_round(
    cell: Cell, cells: Mapping[Cell, int], hidden: set[Cell], play: int, *, up: bool
) -> tuple[int, list[Cell]] | None:
    """The cheapest closed path through a cell, and what it costs in further hidden people.

    Shapes:  up  the cell itself grows: then the cells left from rows shrink and those left from columns grow
    """
    if not up and cells[cell] < 1 + play:
        return None
    start, goal = ("row", cell[0]), ("column", cell[1])
    best = {start: 0}
    queue: list[tuple[int, tuple[str, int], list[Cell]]] = [(0, start, [])]
    while queue:
        cost, node, path = heapq.heappop(queue)
        if node == goal:
            return cost, path
        if cost > best[node]:
            continue
        for edge, following in _edges(node, cells):
            shrinks = (node[0] == "row") is up
            if edge == cell or cells[edge] < 1 + (play if shrinks else 0):
                continue
            total = cost + (0 if edge in hidden else cells[edge])
            if total < best.get(following, total + 1):
                best[following] = total
                heapq.heappush(queue, (total, following, [*path, edge]))
    return None


def _edges(node: tuple[str, int], cells: Mapping[Cell, int]) -> list[tuple[Cell, tuple[str, int]]]:
    kind, place = node
    if kind == "row":
        return [((i, j), ("column", j)) for i, j in cells if i == place]
    return [((i, j), ("row", i)) for i, j in cells if j == place]


def merge_small(counts: Mapping[str, int], threshold: int = THRESHOLD_OUTSIDE) -> dict[str, tuple[str, ...]]:
    """Group -> the words it holds, such that every group reaches the threshold; the smallest are put together.

    Shapes:  returns  {} when all together do not reach it; a group of several is named by them, joined with " + "
    """
    groups: list[tuple[int, tuple[str, ...]]] = sorted((n, (word,)) for word, n in counts.items() if n)
    while len(groups) > 1 and groups[0][0] < threshold:
        (one, words), (other, more) = groups[:2]
        groups = sorted([(one + other, words + more), *groups[2:]])
    if not groups or groups[0][0] < threshold:
        return {}
    return {" + ".join(sorted(words)): tuple(sorted(words)) for _, words in groups}
