import pytest

from seedbed.errors import RecipeError, SourceError
from seedbed.probes.base import Material
from seedbed.probes.dash_sites_recipe import DashSites
from seedbed.probes.recipes import probe


def test_the_shelf_file_is_the_recipe_as_it_comes():
    assert probe("dash-sites") == DashSites(component="text")
    assert probe("dash-sites").needs_study


@pytest.mark.parametrize("context", [("", "the"), ("the king ", "slept"), ("the king", " slept")])
def test_contexts_are_words_alone(context):
    with pytest.raises(RecipeError, match="give words alone"):
        DashSites(component="text", contexts=(context,))


def test_a_component_that_is_not_there_or_has_no_dash_is_refused(encoders, workbench):
    material = Material(encoders["byte"], 256, workbench, {"text": ["no dash, but a comma"]})
    with pytest.raises(SourceError, match=r"no component is called 'other' \(there is: text\)"):
        DashSites(component="other").prepare(material)
    with pytest.raises(SourceError, match="name a component that has dashes"):
        DashSites(component="text").prepare(material)


def test_the_miniature_is_small_and_every_field_counts(workbench):
    assert DashSites(component="a").smoke().sites < 10
    changed = [DashSites(component="a"), DashSites(component="b"), DashSites(component="a", seed=1)]
    changed += [DashSites(component="a", sites=3), DashSites(component="a", contexts=(("so", "it"),))]
    assert len({str(each.identity(workbench)) for each in changed}) == len(changed)
