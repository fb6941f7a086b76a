"""What the table says of what was timed."""

from pathlib import Path

from tests.benchmarks.case import Case
from tests.benchmarks.ours import ROWS, Row
from tests.benchmarks.report import BUDGETS, PYTHON, QUOTED, budget_table, quote, ratio, table


def timed(name: str, *times: float) -> Case:
    return Case(name, ["true"], times=[99.0, *times], peak_mb=8.5)


CASES = [timed(PYTHON, 0.010, 0.020, 0.010), timed("fast, 20 registries", 0.012, 0.022, 0.040)]


def test_the_ratio_is_the_median_of_the_rounds_ratios() -> None:
    assert ratio(CASES[1], CASES[0]) == 0.012 / 0.010
    assert "| fast, 20 registries | 22.0 | 1.20 | 8.5 |" in table(CASES)


def test_a_budget_that_is_overdrawn_is_marked() -> None:
    slow = [CASES[0], timed("fast, 20 registries", 0.1, 0.1, 0.1)]
    assert "| 1.20 | ≤ 2 |" in budget_table(CASES)
    assert "| ≤ 2 **over** |" in budget_table(slow)


def test_every_row_of_ours_that_is_spoken_of_is_there() -> None:
    names = {row.name for row in ROWS}
    spoken_of = {*QUOTED, *(name for b in BUDGETS for name in (b.case, b.base))}
    ours = {name for name in spoken_of if name.startswith(("fast", "warm", "miss", "50"))}
    assert ours <= names
    assert len(names) == len(ROWS)


def test_another_row_is_one_line() -> None:
    row = Row("warm", 20, note="encrypted", environment={"DOCKERCFG_CACHE_KEY": "…"})
    assert row.name == "warm, 20 registries, encrypted"


def test_only_what_is_between_the_marks_of_the_readme_is_replaced(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nafter\n")
    quote(readme, CASES)
    text = readme.read_text()
    assert text.startswith("before\n<!-- bench: begin -->\n| run |")
    assert text.endswith("|\n<!-- bench: end -->\nafter\n")
    assert "old" not in text
