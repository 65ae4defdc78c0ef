"""No public name is lost: it is where it was, or CHANGELOG.md says where it went."""

from __future__ import annotations

import json
import re
import warnings

import pytest
import rooms
from checkout import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
NAMES = json.loads((ROOT / "tests" / "data" / "public_names.json").read_text())
ROW = re.compile(r"^\| `(fbtools[\w.]*\.(?:\w+|\*))` \| (.*) \|$", re.MULTILINE)
ROWS = dict(ROW.findall(TEXT))


def offers(place: str, public: bool) -> bool:
    """Whether a name can be imported; `public`: and is meant to be."""
    module, _, name = place.rpartition(".")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an old spelling may say that it is old
            room = rooms.import_without_torch(module)
            return hasattr(room, name) and (not public or name in getattr(room, "__all__", [name]))
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("fbtools"):
            return False
        source = ROOT.joinpath(*module.split(".")).with_suffix(".py")  # needs what is not installed
        return re.search(rf"^(def|class) {name}\b", source.read_text(), re.MULTILINE) is not None


def target(place: str, rows: dict[str, str]) -> str:
    """Return where the changelog sends a name, empty if it does not say."""
    module, _, name = place.rpartition(".")
    found = rows.get(place) or rows.get(f"{module}.*", "")
    return found.strip("`").replace("*", name)


def lost(module: str, names: list[str], rows: dict[str, str]) -> list[str]:
    """Return what is neither offered where it was nor where the changelog says."""
    places = {f"{module}.{name}": target(f"{module}.{name}", rows) for name in names}
    return [
        f"{place} is neither offered there nor at {new!r}: give it a row in CHANGELOG.md"
        for place, new in places.items()
        if not (new.startswith("removed") or (new and offers(new, public=True)))
        and (new or not offers(place, public=True))
    ]


@pytest.mark.parametrize("module", NAMES)
def test_every_public_name_can_be_found(module):
    assert lost(module, NAMES[module], ROWS) == []


def test_the_names_are_those_of_a_whole_package():
    assert len(NAMES) > 60
    assert len(NAMES["fbtools"]) == 89
    assert "frame_bounds" in NAMES["fbtools.frames"]


def test_the_table_has_no_row_twice_and_none_for_nothing():
    places = [place for place, _ in ROW.findall(TEXT)]
    assert len(places) == len(set(places))
    known = {f"{module}.{name}" for module, names in NAMES.items() for name in [*names, "*"]}
    assert [place for place in places if place not in known] == []
    assert len(places) == TEXT.count("\n| `fbtools")


@pytest.mark.parametrize(
    "rows",
    [
        {},
        {"fbtools.law.*": "`fbtools.laws.no_such_file.*`"},
        {"fbtools.law.*": "`fbtools.frames.*`"},
        {"fbtools.law.*": "`fbtools.laws.bound_laws.*`"},
        {"fbtools.law.*": "`fbtools.laws.*`", "fbtools.law.EnergyLaw": "`fbtools.law.EnergyLaw`"},
    ],
)
def test_a_lost_name_is_noticed(rows):
    (complaint,) = lost("fbtools.law", ["EnergyLaw"], rows)
    assert complaint.startswith("fbtools.law.EnergyLaw is neither offered there nor at")


def test_a_name_that_is_imported_by_chance_is_not_public():
    """Files import names for themselves: a row must send readers to where a name is offered."""
    assert offers("fbtools.laws.energy_law.FilterbankError", public=False)
    rows = {"fbtools.law.*": "`fbtools.laws.energy_law.*`"}
    assert lost("fbtools.law", ["EnergyLaw"], rows) == []
    assert lost("fbtools.law", ["FilterbankError"], rows)


def test_a_removed_name_needs_no_target():
    assert lost("fbtools.law", ["gone"], {"fbtools.law.*": "removed: use `EnergyLaw`"}) == []


def test_the_newest_changes_stand_on_top():
    heads = re.findall(r"^## \[(.+?)\]", TEXT, re.MULTILINE)
    assert heads[0] == "Unreleased"
    kinds = set(re.findall(r"^### (.+)", TEXT, re.MULTILINE)) - {"Where names went"}
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
