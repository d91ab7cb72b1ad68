"""The scenarios that all languages run, `tests/scenarios/*.toml` of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest
import scenario

REPOSITORY = Path(__file__).parents[3]
SCENARIOS = sorted((REPOSITORY / "tests" / "scenarios").glob("*.toml"))
RAN: list[str] = []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path) -> None:
    RAN.append(path.stem)
    scenario.Scenario(tmp_path).run(scenario.load(path))


def test_scenarios_ran() -> None:
    """Without any there would be nothing that the languages share."""
    assert RAN
    listed = REPOSITORY / "target" / "scenarios" / f"{scenario.LANGUAGE}.txt"
    listed.parent.mkdir(parents=True, exist_ok=True)
    listed.write_text("".join(f"{name}\n" for name in sorted(RAN)), encoding="utf-8")
