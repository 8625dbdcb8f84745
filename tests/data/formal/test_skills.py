from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data import orders
from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.formal.skills import find_cycle, load_skills, topological
from seedbed.data.formal.word_recipes import Skills
from seedbed.data.order_recipes import Asked
from seedbed.data.permutations import Documents
from seedbed.data.recipes import Component
from seedbed.errors import RecipeError, UnknownNameError
from seedbed.workbench import Workbench


@pytest.fixture
def load(tmp_path):
    def loaded(text):
        (tmp_path / "data" / "skills").mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / "skills" / "tiny.toml").write_text(text)
        return load_skills("tiny", Workbench(tmp_path))

    return loaded


def test_depths_and_needs_of_the_shelf():
    tree = load_skills("tree", Workbench())
    assert tree.depths() == {"red": 1, "green": 1, "blue": 1, "white": 1, "warm": 2, "cold": 2, "whole": 3}
    assert tree.all_needs()["whole"] == set(tree.needs) - {"whole"}
    assert tree.all_needs()["warm"] == {"red", "green"}
    assert load_skills("chain", Workbench()).depths()["five"] == 5


def test_a_cycle_is_refused_with_its_skills(load):
    with pytest.raises(RecipeError) as error:
        load('[skills]\na = []\nb = ["a", "d"]\nc = ["b"]\nd = ["c"]')
    assert str(error.value) == (
        "data/skills/tiny.toml: b needs d needs c needs b, so none can come first; take one of these needs out"
    )
    with pytest.raises(RecipeError, match="a needs a, so none"):
        load('[skills]\na = ["a"]')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[skills]\nwarm = []\nb = ["wram"]', "'b' needs 'wram', which is no skill; did you mean 'warm'?"),
        ('[skills]\nb = ["xyz"]', "'b' needs 'xyz', which is no skill; add xyz = [] to the file"),
        ('[skills]\nb = "a"', 'b must be a list of the skills it needs; write b = ["..."]'),
        ('[skills]\n"two words" = []', "'two words' is none; rename it"),
        ("", "must hold [skills] and nothing else"),
        ("[skills]\na = []\n[more]\nb = 1", "must hold [skills] and nothing else"),
    ],
)
def test_a_mistake_in_the_file_is_named(text, message, load):
    with pytest.raises(RecipeError) as error:
        load(text)
    assert str(error.value).startswith("data/skills/tiny.toml")
    assert message in str(error.value)


def test_a_graph_that_is_not_there_is_refused():
    with pytest.raises(UnknownNameError, match="'tree'"):
        load_skills("trees", Workbench())


graphs = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3), max_size=6).map(
    lambda found: {skill: tuple(need for need in needs if need in found) for skill, needs in found.items()}
)


@given(graphs)
def test_a_cycle_is_found_where_there_is_one_and_else_an_order(graph):
    cycle = find_cycle(graph)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert all(need in graph[skill] for skill, need in pairwise(cycle))
    else:
        order = topological(graph)
        assert sorted(order) == sorted(graph)
        assert all(order.index(need) < order.index(skill) for skill in graph for need in graph[skill])


def test_a_deep_graph_of_diamonds_takes_no_time(load):
    lines = ["a0 = []", "b0 = []"] + [f'{s}{n} = ["a{n - 1}", "b{n - 1}"]' for n in range(1, 1_500) for s in "ab"]
    graph = load("[skills]\n" + "\n".join(lines))
    assert graph.depths()["b1499"] == 1_500


def test_a_skill_does_what_its_needs_do_first_to_last(write):
    recipe = Skills("tree", documents=3_000, held_out_share=0.0)
    generator = recipe.generator(Workbench())
    table = dict(zip(generator.ranked, generator.tables.tolist(), strict=True))
    assert all(sorted(each) == list(range(32)) for each in table.values())
    assert len({tuple(each) for each in table.values()}) == 7
    texts, labels = write(recipe)
    for text, known in zip(texts, labels, strict=True):
        skill, x, _, y = text.split()
        assert table[skill][int(x)] == int(y)
        assert text.encode()[known["answer_start"] : known["answer_end"]] == y.encode()
        for need in generator.graph.needs[skill]:
            x = table[need][int(x)]
        assert int(x) == int(y) or not generator.graph.needs[skill]


def test_skills_come_at_zipf_rates_in_the_order_that_is_asked(write):
    def counts(ranks):
        return Counter(known["construction"] for known in write(Skills("chain", ranks=ranks, documents=4_900))[1])

    assert counts("file") == {"one": 2_000, "step": 1_000, "two": 667, "three": 500, "four": 400, "five": 333}
    assert counts("deep first")["five"] == 2_000
    assert counts("shallow first")["five"] == 333
    _, labels = write(Skills("chain", ranks="deep first", documents=200))
    assert all(known["difficulty"] == known["embedding_depth"] for known in labels)
    assert {known["construction"]: known["rank"] for known in labels}["five"] == 1


def test_held_out_inputs_are_in_no_training_document(write):
    train, test = (set(write(Skills("tree", split=split))[0]) for split in ("train", "held-out"))
    assert not train & test
    assert len(train) == 7 * 29
    assert len(test) == 7 * 3


def test_the_identity_holds_the_graph(tmp_path):
    folder = tmp_path / "data" / "skills"
    folder.mkdir(parents=True)
    seen = set()
    for text in ('[skills]\na = []\nb = ["a"]', "[skills]\na = []\nb = []", '# more\n[skills]\na = []\nb = ["a"]'):
        (folder / "tiny.toml").write_text(text)
        seen.add(Skills("tiny").identity(Workbench(tmp_path))["graph_sha256"])
    assert len(seen) == 2


def test_orders_by_depth_respect_or_violate_the_graph(build):
    stored, _ = build(Component("skills", Skills("tree", documents=400)))
    rows = stored.table(["construction", "embedding_depth"]).to_pylist()
    documents = Documents(
        component=np.zeros(400, dtype=np.int64),
        component_names=("skills",),
        priority=stored.priority,
        difficulty={Difficulty("embedding_depth").name: np.array([float(row["embedding_depth"]) for row in rows])},
    )
    graph = load_skills("tree", Workbench())

    def broken(order):
        """Documents of a skill before the first document of something it needs."""
        read = [rows[place]["construction"] for place in order.arrange(Asked(documents, seed=0)).tolist()]
        return sum(need not in read[:at] for at, skill in enumerate(read) for need in graph.all_needs()[skill])

    assert broken(orders.easy_first("embedding_depth")) == 0
    assert broken(orders.hard_first("embedding_depth")) > 50
