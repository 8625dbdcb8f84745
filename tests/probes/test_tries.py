import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seedbed.probes.tries import batches, joins, lay_out, shared_length

SEQUENCES = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=7), min_size=1, max_size=12)


def tokens_at(layout, places):
    return [layout.rows[place // layout.stride].tokens[place % layout.stride] for place in places]


@given(SEQUENCES, st.booleans())
def test_every_sequence_is_found_where_its_places_say(sequences, tries):
    layout = lay_out(sequences, tries=tries)
    for sequence, places in zip(sequences, layout.places, strict=True):
        assert tokens_at(layout, places) == sequence
        row = layout.rows[places[0] // layout.stride]
        assert [row.depths[place % layout.stride] for place in places] == list(range(len(sequence)))


@given(SEQUENCES, st.booleans())
def test_a_token_sees_itself_and_its_own_past_only(sequences, tries):
    layout = lay_out(sequences, tries=tries)
    whole = batches(layout, batch_tokens=10**6, pad=9)[0]
    visible = whole.visible()
    rank = {number: at for at, number in enumerate(whole.rows.tolist())}
    for places in layout.places:
        row = rank[int(places[0]) // layout.stride]
        positions = places % layout.stride
        for depth, position in enumerate(positions):
            assert np.flatnonzero(visible[row, position]).tolist() == sorted(positions[: depth + 1].tolist())


@given(SEQUENCES)
def test_nobody_attends_to_nothing_not_even_padding(sequences):
    for batch in batches(lay_out(sequences, tries=True), batch_tokens=20, pad=9):
        assert batch.visible().any(2).all()


@given(SEQUENCES)
def test_chains_hold_one_sequence_each_and_none_that_begins_another(sequences):
    rows = [row.tokens for row in lay_out(sequences, tries=False).rows]
    assert all(row in sequences for row in rows)
    begins = [
        (i, j) for i, one in enumerate(rows) for j, other in enumerate(rows) if i != j and other[: len(one)] == one
    ]
    assert begins == []


@given(SEQUENCES)
def test_tries_hold_no_more_tokens_than_chains(sequences):
    def size(tries):
        return sum(len(row.tokens) for row in lay_out(sequences, tries=tries).rows)

    assert size(True) <= size(False) <= sum(map(len, sequences))


@given(SEQUENCES, st.randoms(use_true_random=False), st.booleans())
def test_rows_do_not_depend_on_the_order_of_the_sequences(sequences, random, tries):
    shuffled = random.sample(sequences, len(sequences))
    assert lay_out(sequences, tries=tries).rows == lay_out(shuffled, tries=tries).rows


@given(SEQUENCES, st.integers(1, 30), st.booleans())
def test_batches_hold_every_row_once_and_keep_to_their_size(sequences, batch_tokens, tries):
    layout = lay_out(sequences, tries=tries)
    made = batches(layout, batch_tokens=batch_tokens, pad=9)
    assert sorted(np.concatenate([batch.rows for batch in made]).tolist()) == list(range(len(layout.rows)))
    for batch in made:
        assert batch.tokens.size <= batch_tokens or len(batch.rows) == 1
        for at, number in enumerate(batch.rows):
            row = layout.rows[number].tokens
            assert batch.tokens[at].tolist() == row + [9] * (batch.tokens.shape[1] - len(row))


def test_a_good_and_a_bad_sentence_share_their_beginning():
    layout = lay_out([[0, 1, 2, 3], [0, 1, 4, 5]], tries=True)
    (row,) = layout.rows
    assert len(row.tokens) == 6
    assert sorted(row.depths) == [0, 1, 2, 2, 3, 3]


def test_strangers_do_not_share_a_row():
    # Attention would look at both for nothing.
    assert len(lay_out([[0, 1, 2, 3], [4, 5, 6, 7]], tries=True).rows) == 2
    assert not joins(row=10, new=9, alone=9)


def test_a_row_stops_growing_when_attention_costs_more_than_what_is_shared():
    assert joins(row=20, new=4, alone=8)
    assert not joins(row=200, new=4, alone=8)


def test_shared_length():
    assert shared_length([1, 2, 3], [1, 2, 4]) == 2
    assert shared_length([1, 2], [1, 2, 4]) == 2
    assert shared_length([], [1]) == 0


def test_nothing_gives_no_batch():
    assert batches(lay_out([], tries=True), batch_tokens=5, pad=0) == []
