import re

from seedbed.pipelines.palette import COLORS, arm_color, seed_color


def test_seeds_of_an_arm_have_shades_of_their_own():
    for arm in range(len(COLORS)):
        shades = [seed_color(arm, place, 10) for place in range(10)]
        assert len(set(shades)) == 10
        assert all(re.fullmatch("#[0-9a-f]{6}", shade) for shade in shades)


def test_shades_go_from_dark_to_light():
    light = [sum(int(seed_color(0, place, 5)[i : i + 2], 16) for i in (1, 3, 5)) for place in range(5)]
    assert light == sorted(light)


def test_a_single_seed_has_its_arms_colour():
    assert seed_color(1, 0, 1) == arm_color(1) == arm_color(1 + len(COLORS))
