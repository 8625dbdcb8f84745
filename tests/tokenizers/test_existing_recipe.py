import subprocess
import sys

import pytest

from seedbed.errors import RecipeError
from seedbed.tokenizers.existing_recipe import Existing

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("gpt2/tokenizer.json", "gpt2"),
        ("models/gpt2", "gpt2"),
        ("mine.json", "mine"),
        ("tokenizer.json", "existing"),
        ("hub:openai-community/gpt2", "gpt2"),
    ],
)
def test_it_is_called_after_where_it_lies(location: str, name: str):
    revision = COMMIT if location.startswith("hub:") else None
    assert Existing(location, revision=revision).name == name
    assert Existing(location, revision=revision, name="other").name == "other"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"location": "hub:org/name"}, "revision = None, but 'hub:org/name' needs a commit"),
        ({"location": "hub:org/name", "revision": "main"}, "give its 40 digits"),
        ({"location": "a/tokenizer.json", "revision": COMMIT}, "leave it out, or write 'hub:'"),
        ({"location": ""}, "location"),
        ({"location": "a.json", "name": "a/b"}, "choose another"),
        ({"location": "a.json", "vocab_size": 300}, "vocab_size"),
    ],
)
def test_refused(fields: dict[str, str], message: str):
    with pytest.raises(RecipeError) as error:
        Existing(**fields)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_it_says_what_the_others_say():
    recipe = Existing("gpt2/tokenizer.json")
    assert (recipe.kind, recipe.vocab_size, recipe.deterministic, recipe.learns) == ("existing", None, True, False)


def test_recipes_load_no_heavy_library():
    heavy = "{'numpy', 'tokenizers', 'huggingface_hub'} & set(sys.modules)"
    code = f"import sys, seedbed.tokenizers.existing_recipe; sys.exit(str({heavy}) if {heavy} else 0)"
    subprocess.run([sys.executable, "-c", code], check=True)
