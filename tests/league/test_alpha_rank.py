"""Alpha-rank of known games. It needs OpenSpiel: the extra ``alpharank``."""

import pytest

from loqa_agents.reports.alpha_rank import alpha_rank

pytest.importorskip("open_spiel", reason="needs the extra 'alpharank'")


def league(means, failed=()):
    names = [f"team {i}" for i in range(len(means))]
    return {
        "entrants": [{"name": f"{name}/0", "team": name} for name in names],
        "teams": names,
        "by_team": {"reward": {"mean": means}},
        "failed": dict.fromkeys(failed, "it failed"),
    }


def test_in_rock_paper_scissors_all_have_a_third():
    mass = alpha_rank(league([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]))
    assert list(mass) == ["team 0", "team 1", "team 2"]
    assert list(mass.values()) == pytest.approx([1 / 3] * 3, abs=1e-4)


def test_a_dominant_team_has_nearly_all():
    # Cooperators and defectors of a prisoner's dilemma; who slips comes back, at 1 in 100.
    mass = alpha_rank(league([[-1, -3], [0, -2]]))
    assert mass["team 1"] > 0.95
    assert sum(mass.values()) == pytest.approx(1)


def test_what_a_team_gets_from_itself_counts():
    # Whoever leaves two reciprocators loses, though a defector gets more than one from it.
    mass = alpha_rank(league([[-1, -2.1], [-1.8, -2]]))
    assert min(mass.values()) > 0.3


def test_a_team_that_failed_has_no_rank():
    mass = alpha_rank(league([[-1, None, -3], [None] * 3, [0, None, -2]], ["team 1/0"]))
    assert mass.keys() == {"team 0", "team 2"}
    assert mass["team 2"] > 0.95


def test_one_team_has_all():
    assert alpha_rank(league([[0.3]])) == {"team 0": 1}
