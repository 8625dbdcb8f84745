"""Known answers 6 and 23, learned by small transformers: center embedding, doses of a polarity item (bounds alone)."""

import re

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.file import load_grammar
from seedbed.probes.base import Material
from seedbed.probes.center_recipe import CenterEmbedding
from seedbed.probes.npi_recipe import PolarityItems
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model
from seedbed.workbench import Workbench

pytestmark = pytest.mark.slow

# Only no/few license "ever", and only as the subject's own determiner: half the subjects carry a clause whose noun has
# one of its own.
PARTS = {
    "subject": "determiner=Determiner[licensed]:det noun:head",
    "other": "other=Determiner[licensed=$o]:det>inner",
    "predicate": "verb=taking:head plain:det>object object=noun:obj",
    "end": "verb=taking:head third=plain:det>object object=noun:obj '.'",
    "head": "noun:nsubj 'that':obj>inner",
    "clause": "second=noun:nsubj>inner inner=taking:acl:relcl>noun",
    "present": "good=Present[side=good]:head '|' bad=Present[side=bad]~good:parataxis",
    "scope": "good=Scope[side=good]:head '|' bad=Scope[side=bad]~good:parataxis",
}
LICENSING = re.sub(
    r"@(\w+)@",
    lambda match: PARTS[match[1]],
    """
language = "en"
[tasks]
sentence = { start = "Sentence", share = 1 }
pairs    = { start = "Pair", share = 0 }
[features]
licensed = ["yes", "no"]
side     = ["good", "bad"]
[held_out]
share    = 0.05
marks    = ["minimal pair"]
together = [["ever", "yak"], ["ever", "newt"], ["npi pair", "yak"], ["npi pair", "newt"]]
[lexicon]
plain    = ["the", "some", "my", "your"]
negative = ["no", "few"]
noun     = ["yak", "newt", "raven", "quail", "zebra", "walrus", "vulture", "unicorn", "peacock", "salamander"]
taking   = ["saw", "heard", "met", "liked", "amused"]
adverb   = ["often", "really", "also", "clearly"]
[rules.Sentence]
statement = "subject=Subject[licensed=$l]:nsubj predicate=Predicate[licensed=$l]:head '.'"
[rules.Subject]
bare   = "determiner=Determiner[licensed]:det noun:head"
clause = "@subject@ 'that':obj>verb @other@ inner=noun:nsubj>verb verb=taking:acl:relcl"
[rules.Determiner]
word = [ { when = "licensed=yes", is = "word=negative" }, { when = "licensed=no", is = "word=plain" } ]
[rules.Predicate]
plain  = "@predicate@"
adverb = "adverb:advmod @predicate@"
ever   = { when = "licensed=yes", marks = ["ever"], is = "item='ever':advmod @predicate@" }
[rules.Pair]
npi_present = { marks = ["npi pair", "minimal pair", "npi_present"], is = "@present@" }
npi_scope   = { marks = ["npi pair", "minimal pair", "npi_scope"], is = "@scope@" }
[rules.Present]
pair = [
  { when = "side=good", is = "determiner=negative:det>noun noun:nsubj 'ever':advmod @end@" },
  { when = "side=bad", is = "determiner=plain:det>noun noun:nsubj 'ever':advmod @end@" },
]
[rules.Scope]
pair = [
  { when = "side=good", is = "one=negative:det>noun @head@ other=plain:det>second @clause@ 'ever':advmod @end@" },
  { when = "side=bad", is = "other=plain:det>noun @head@ one=negative:det>second @clause@ 'ever':advmod @end@" },
]
""",
)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def learned(encoder, texts, steps, *, context, std, seed, batch=64):
    """A small transformer after so many updates (2 layers of width 64, AdamW 1e-3, constant)."""
    ids = encoder.encode_batch(texts)
    rows = torch.full((len(ids), context + 1), encoder.eos_id)
    for row, tokens in enumerate(ids):
        rows[row, 1 : len(tokens) + 1] = torch.tensor(tokens)
    lengths = torch.tensor([len(tokens) for tokens in ids])
    model = Transformer(Model(2, 64, 4, context=context, positions="learned", init_std=std), encoder.vocab_size, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        some = torch.randint(len(rows), (batch,), generator=generator)
        width = int(lengths[some].max())
        tokens = rows[some, : width + 1]
        counted = torch.arange(width)[None] < lengths[some, None]
        loss = cross_entropy(model(tokens[:, :-1])[counted], tokens[:, 1:][counted])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def trained_on(texts, folder, more=()):
    train_tokenizer(tokenizer("word"), iter([*texts, *more]), folder)
    return load_encoder(folder)


@pytest.fixture(scope="module")
def licensing(tmp_path_factory):
    """The grammar's shelf, a corpus in which half of the licensed sentences hold "ever", and one without it."""
    root = tmp_path_factory.mktemp("licensing")
    (root / "data" / "grammars").mkdir(parents=True)
    (root / "data" / "grammars" / "licensing.toml").write_text(LICENSING)
    bench = Workbench(root)
    grammar = load_grammar("licensing", bench)
    corpora = [
        Sampler(grammar, Request(task="sentence", without=without)).documents(0, 6_000).texts
        for without in ((), ("ever",))
    ]
    return bench, *corpora


def test_doses_of_a_polarity_item(licensing, tmp_path):
    """Row 23: seen, it is known where it may stand, also after nouns it never stood with; never seen, it is not."""
    bench, some, none = licensing
    encoder = trained_on(some, tmp_path)
    asked = [
        PolarityItems(grammar="licensing", polarity_items=("ever",), pairs_per_paradigm=60, unseen=unseen)
        for unseen in ("sentence", "combination")
    ]
    material = Material(encoder, 16, bench)
    probes = [recipe.prepare(material) for recipe in asked]
    seen = learned(encoder, some, 800, context=16, std=0.2, seed=1)
    for probe in probes:
        scalars = probe.measure(seen, 800).scalars
        for paradigm in ("npi_present", "npi_scope"):
            assert scalars[f"npi/{paradigm}/accuracy_sum"] >= 0.98
            assert scalars[f"npi/{paradigm}/accuracy_item"] >= 0.98
            assert scalars[f"npi/{paradigm}/margin_item_nats"] > 2
            assert scalars[f"npi/{paradigm}/rank_licensed"] < scalars[f"npi/{paradigm}/rank_unlicensed"]
    never = learned(encoder, none, 800, context=16, std=0.2, seed=1)
    margins = probes[0].measure(never, 800).items["margin_item_nats"].to_numpy()
    assert np.abs(margins).max() < 1.0, "what was never seen is about as improbable everywhere"


def test_center_embedding(tmp_path):
    """Row 6: agreement at every verb of trained depths; one depth beyond, the second verb is at chance."""
    bench = Workbench()
    sampler = Sampler(load_grammar("english", bench), Request(task="center", depth_shares={1: 0.5, 2: 0.5}))
    texts = [text.partition(" decl ")[0] for text in sampler.documents(0, 8_000).texts]
    encoder = trained_on(texts, tmp_path)
    probe = CenterEmbedding(depths=(1, 2, 3), sentences_per_depth=60).prepare(Material(encoder, 24, bench))
    scalars = probe.measure(learned(encoder, texts, 1500, context=24, std=0.02, seed=1), 1500).scalars
    for depth in (1, 2):
        for verb in range(1, depth + 2):
            assert scalars[f"center-embedding/depth-{depth}.verb-{verb}/accuracy"] >= 0.95, (depth, verb)
        assert scalars[f"center-embedding/depth-{depth}.differs/accuracy"] >= 0.95
    beyond = scalars["center-embedding/depth-3.differs/accuracy"]
    assert beyond < 0.8
