"""The folder of a run belongs to one process."""

import json
from pathlib import Path

import pytest

from loqa_agents.folder import claim

CONFIG = {"game": {}, "learner": {}, "training": {"updates": 1}, "seeds": [1], "versions": {}}


def test_a_folder_in_use_is_refused_until_it_is_free(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with claim(out, "", CONFIG, resume=False, overwrite=False):
        (out / "result").write_text("")
        for choice in ({"resume": True, "overwrite": False}, {"resume": False, "overwrite": True}):
            with pytest.raises(ValueError, match="in use"), claim(out, "", CONFIG, **choice):
                pass
        assert (out / "result").exists()
    with claim(out, "", CONFIG, resume=True, overwrite=False) as again:
        assert again == out


def test_versions_do_not_hinder_resuming(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with claim(out, "", CONFIG, resume=False, overwrite=False):
        pass
    with claim(out, "", CONFIG | {"versions": {"jax": "9"}}, resume=True, overwrite=False):
        assert json.loads((out / "config.json").read_text()) == CONFIG


def test_overwriting_empties_the_folder_but_spares_what_links_point_to(tmp_path: Path) -> None:
    out, treasure = tmp_path / "run", tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "gold").write_text("")
    with claim(out, "", CONFIG, resume=False, overwrite=True):  # there is nothing to overwrite
        (out / "agents").mkdir()
        (out / "agents" / "1.safetensors").write_text("")
        (out / "link").symlink_to(treasure)
    with claim(out, "", CONFIG, resume=False, overwrite=True):
        assert [path.name for path in out.iterdir()] == ["config.json"]
    assert (treasure / "gold").exists()


def test_numbered_folders_skip_what_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "ipd-loqa-2").mkdir(parents=True)
    names = []
    for _ in range(3):
        with claim(None, "ipd-loqa", CONFIG, resume=False, overwrite=False) as out:
            names.append(str(out))
    assert names == ["runs/ipd-loqa", "runs/ipd-loqa-3", "runs/ipd-loqa-4"]
