"""Finding the anchors among the results of one model on one task: by number, or by content."""

from collections.abc import Mapping
from typing import NamedTuple

from sklearn_sparseeval.harness.anchor_runs._reference import Anchor
from sklearn_sparseeval.harness.table._natural_order import natural_key


class Result(NamedTuple):
    """What a run says of an item."""

    item: str
    value: float
    setting: str
    harness: str
    content_hash: int
    prompt_hash: int


class Matches(NamedTuple):
    """The results that are those of anchors, and what became of the other anchors."""

    found: dict[str, Result]  # by the anchor's name
    moved: list[str]  # of those, the anchors that were found under another number
    unchecked: list[str]  # of those, the ones whose content nobody recorded
    missing: list[str]
    mistaken: dict[str, Result]  # not the anchor's: what its number leads to


def match_anchors(
    anchors: list[Anchor], results: dict[str, Result], holders: Mapping[int, int] | None = None
) -> Matches:
    """Find the results of anchors.

    Parameters
    ----------
    anchors : list of Anchor
        Those of one task.
    results : dict of str to Result
        Those of one model on the task, by item.
    holders : mapping of int to int, default=None
        How many items of the whole task hold each content, as far as the fingerprint sees it:
        that of a question about a picture may leave the picture out. None where it is of the
        whole item.

    Returns
    -------
    matches : Matches
        An anchor is found under its own number if the contents agree, or cannot be compared;
        else where its content is, if there are as many such results as anchors that look for one;
        with `holders`, if one anchor looks for it and no other item has it.
    """
    matches = Matches({}, [], [], [], {})
    lost: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        own = results.get(anchor.item)
        if own is not None and _same_content(anchor, own):
            matches.found[anchor.name] = own
        else:
            lost.setdefault(anchor.content_hash, []).append(anchor)
    free = _by_content(results, {result.item for result in matches.found.values()})
    for content, seekers in lost.items():
        candidates = free.get(content, []) if content else []
        alone = holders is None or holders.get(content) == len(seekers) == 1
        if len(candidates) == len(seekers) and alone:
            _take(matches, seekers, candidates)
        else:
            _give_up(matches, seekers, results)
    _sort_out_unchecked(matches, anchors)
    return matches


def _same_content(anchor: Anchor, result: Result) -> bool:
    if not anchor.content_hash or not result.content_hash:
        return True
    return anchor.content_hash == result.content_hash


def _by_content(results: dict[str, Result], taken: set[str]) -> dict[int, list[Result]]:
    free: dict[int, list[Result]] = {}
    for result in results.values():
        if result.item not in taken:
            free.setdefault(result.content_hash, []).append(result)
    return free


def _take(matches: Matches, seekers: list[Anchor], candidates: list[Result]) -> None:
    """Give anchors of one content their results, in the order of their numbers."""
    seekers = sorted(seekers, key=lambda anchor: natural_key(anchor.item))
    candidates = sorted(candidates, key=lambda result: natural_key(result.item))
    for anchor, result in zip(seekers, candidates, strict=True):
        matches.found[anchor.name] = result
        matches.moved.append(anchor.name)


def _give_up(matches: Matches, seekers: list[Anchor], results: dict[str, Result]) -> None:
    for anchor in seekers:
        if anchor.item in results:
            matches.mistaken[anchor.name] = results[anchor.item]
        else:
            matches.missing.append(anchor.name)


def _sort_out_unchecked(matches: Matches, anchors: list[Anchor]) -> None:
    """Distrust numbers that could not be checked where others of the same run are wrong."""
    wrong = bool(matches.moved or matches.mistaken)
    moved = set(matches.moved)
    for anchor in anchors:
        result = matches.found.get(anchor.name)
        if result is None or anchor.name in moved:
            continue
        if anchor.content_hash and result.content_hash:
            continue
        if wrong:
            matches.mistaken[anchor.name] = matches.found.pop(anchor.name)
        else:
            matches.unchecked.append(anchor.name)
