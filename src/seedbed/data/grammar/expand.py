"""Drawing derivations: all open nodes of all documents of a block expand together, wave by wave.

Every choice is a hash of a node's key, and a node's key is a hash of its parent's key and its part's name, so that a
derivation is a pure function of its document's key. Trees are kept as arrays, one set for each wave; the places of
words, the word each one depends on and its relation are worked out at the end, bottom up and then top down.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from seedbed.data.grammar.draws import Ints
from seedbed.data.grammar.hashing import GAMMA, U64, mix
from seedbed.data.grammar.surface import drop_before
from seedbed.data.grammar.tables import Tables, name_salt

RULE, ORDER, WORD = name_salt("rule"), name_salt("order"), name_salt("word")
MOST_WAVES = 10_000


@dataclass
class Wave:
    """Phrases of one depth and their children.

    Arrays by phrase: row (the rule used), first (place of its first child), document. By child: parent (number of its
    phrase), part; words and phrases: which children are what; and, once words are in order, size, start and head_at
    (words, first word, head word). By word: leaf, key, lex, payload (see `Expander`).
    """

    row: Ints
    first: Ints
    document: Ints
    parent: Ints
    part: Ints
    words: Ints
    phrases: Ints
    leaf: Ints
    key: U64
    lex: U64
    payload: Ints
    size: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    start: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    head_at: Ints = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass
class Forest:
    """Derivations of documents, with their words in order.

    By document: sizes (words), starts (its first word), masks (marks and labels), depths (the largest number of clauses
    above a word), of_start and of_stop (words of the part that length and hold-out are about). By word: leaf, cell (of
    the table of forms: which word of the leaf), word (number of its form), heads (places within all words, -1 for a
    root), relation.
    """

    waves: list[Wave]
    sizes: Ints
    starts: Ints
    masks: U64
    depths: Ints
    of_start: Ints
    of_stop: Ints
    leaf: Ints
    cell: Ints
    word: Ints
    heads: Ints
    relation: Ints


class Expander:
    """Draws derivations by tables. of: the part of the start rules that length and hold-out are about, or None."""

    def __init__(self, tables: Tables, of: str | None) -> None:
        self.tables = tables
        self.of = None if of is None or of not in tables.part_names else tables.part_names.index(of)

    def forest(self, keys: U64, roots: Ints) -> Forest:
        """The derivations of documents with these keys, from these states.

        A node has a key, and with it `lex`, the key of the largest phrase that it heads, which draws its word; payload
        is, for each slot, the concept of a word that was chosen above.
        """
        t = self.tables
        waves: list[Wave] = []
        state, key, lex = roots, keys, keys
        document = np.arange(len(keys), dtype=np.int64)
        payload = np.full((len(t.slots), len(keys)), -1, dtype=np.int64)
        masks = np.zeros(len(keys), dtype=np.uint64)
        while len(state):
            row = t.draws.result[t.draws.entries(t.rule_draw[state], mix(key + RULE))]
            if t.has_orders:
                row = self._orders(row, key)
            mask = t.row_mask[row]
            marked = np.flatnonzero(mask)
            if len(marked):
                np.bitwise_or.at(masks, document[marked], mask[marked])
            combination, drawn = self._variables(row, key, lex)
            count = t.row_parts[row]
            first = np.cumsum(count) - count
            parent = np.repeat(np.arange(len(row), dtype=np.int64), count)
            part = np.arange(len(parent), dtype=np.int64) + (t.row_first_part[row] - first)[parent]
            child = t.children[t.part_first_child[part] + combination[parent]]
            child_key = mix(key[parent] + t.part_salt[part])
            child_lex = np.where(t.part_heads_word[part], lex[parent], child_key)
            child_payload = self._payloads(part, parent, payload, drawn)
            self._settle(child, child_key, child_lex, child_payload)
            words, on = np.flatnonzero(child < 0), np.flatnonzero(child >= 0)
            own = child_payload[:, words]
            waves.append(
                Wave(
                    row,
                    first,
                    document,
                    parent,
                    part,
                    words,
                    on,
                    ~child[words],
                    child_key[words],
                    child_lex[words],
                    own,
                )
            )
            state, key, lex = child[on], child_key[on], child_lex[on]
            document, payload = document[parent[on]], child_payload[:, on]
        forest = self._ordered(waves, masks)
        drops = t.layout.grammar.drops
        return drop_before(forest, t.words, drops) if drops else forest

    def _orders(self, row: Ints, key: U64) -> Ints:
        t = self.tables
        draw = t.order_draw[row]
        some = np.flatnonzero(draw >= 0)
        if len(some):
            row = row.copy()
            row[some] = t.draws.result[t.draws.entries(draw[some], mix(key[some] + ORDER))]
        return row

    def _variables(self, row: Ints, key: U64, lex: U64) -> tuple[Ints, Ints]:
        """The combination of outcomes of each phrase's variables, and the concepts of those that are words."""
        t = self.tables
        combination = np.zeros(len(row), dtype=np.int64)
        most = len(t.var_draw)
        drawn = np.full((most, len(row)), -1, dtype=np.int64)
        have = t.row_variables[row]
        for at in range(most):
            some = np.flatnonzero(have > at)
            if not len(some):
                break
            rows = row[some]
            carrier = mix(key[some] + t.var_carrier[at, rows])
            is_word = t.var_is_word[at, rows]
            if is_word.any():
                above = np.where(t.var_heads[at, rows], lex[some], carrier)
                keys = mix(np.where(is_word, above, carrier) + np.where(is_word, WORD, t.var_salt[at, rows]))
            else:
                keys = mix(carrier + t.var_salt[at, rows])
            entries = t.draws.entries(t.var_draw[at, rows] + t.var_before[at, rows] * combination[some], keys)
            combination[some] += t.draws.result[entries] * t.var_stride[at, rows]
            drawn[at, some] = t.draws.concept[entries]
        return combination, drawn

    def _payloads(self, part: Ints, parent: Ints, payload: Ints, drawn: Ints) -> Ints:
        """For each slot the concept that a child has from above, -1 for none."""
        t = self.tables
        found = np.full((len(t.slots), len(part)), -1, dtype=np.int64)
        for slot in range(len(t.slots)):
            source = t.part_takes[slot, part]
            own = np.flatnonzero(source == -1)
            found[slot, own] = payload[slot, parent[own]]
            new = np.flatnonzero(source >= 0)
            found[slot, new] = drawn[source[new], parent[new]]
        return found

    def _settle(self, state: Ints, key: U64, lex: U64, payload: Ints) -> None:
        """Draw what is open in these states, in place, until nothing is."""
        t = self.tables
        if not t.is_open.any():
            return
        at = np.flatnonzero(state >= 0)
        while True:
            at = at[t.is_open[state[at]]]
            if not len(at):
                return
            now = state[at]
            slot = t.open_slot[now]
            keys = mix(np.where(slot >= 0, lex[at], key[at]) + np.where(slot >= 0, WORD, t.open_salt[now]))
            entries = t.draws.entries(t.rule_draw[now], keys)
            state[at] = t.then[t.open_then[now] + t.draws.result[entries]]
            chosen = np.flatnonzero(slot >= 0)
            payload[slot[chosen], at[chosen]] = t.draws.concept[entries[chosen]]
            at = at[state[at] >= 0]

    def _ordered(self, waves: list[Wave], masks: U64) -> Forest:
        """Places of words, bottom up and top down, and what each depends on."""
        t = self.tables
        below = np.empty(0, np.int64)
        for wave in reversed(waves):
            wave.size = np.ones(len(wave.parent), dtype=np.int64)
            wave.size[wave.phrases] = below
            below = np.add.reduceat(wave.size, wave.first)
        sizes = below
        starts = np.cumsum(sizes) - sizes
        above = starts
        for wave in waves:
            before = np.cumsum(wave.size) - wave.size
            wave.start = before + (above - before[wave.first])[wave.parent]
            above = wave.start[wave.phrases]
        total = int(sizes.sum())
        heads, relation = np.full(total, -1, np.int64), np.zeros(total, np.int64)
        head = np.empty(0, np.int64)
        for wave in reversed(waves):
            wave.head_at = wave.start.copy()
            wave.head_at[wave.phrases] = head
            head = wave.head_at[wave.first + t.row_head[wave.row]]
            # A part that is no head is as large as a phrase gets: its head word depends on what governs the part.
            offset = t.part_governor[wave.part]
            at = np.flatnonzero(offset >= 0)
            word = wave.head_at[at]
            heads[word] = wave.head_at[wave.first[wave.parent[at]] + offset[at]]
            relation[word] = t.part_relation[wave.part[at]]
        relation[head] = t.part_relation[waves[0].part]
        at = np.concatenate([wave.start[wave.words] for wave in waves])
        leaf, cell = np.empty(total, np.int64), np.empty(total, np.int64)
        leaves = np.concatenate([wave.leaf for wave in waves])
        leaf[at] = leaves
        cell[at] = t.leaf_forms[leaves] + self._concepts(waves, leaves)
        of_start, of_stop = self._measured(waves, starts, sizes)
        depths = self._depths(waves)
        return Forest(
            waves, sizes, starts, masks, depths, of_start, of_stop, leaf, cell, t.forms[cell], heads, relation
        )

    def _concepts(self, waves: list[Wave], leaves: Ints) -> Ints:
        t = self.tables
        lex = np.concatenate([wave.lex for wave in waves])
        concepts = t.draws.concept[t.draws.entries(t.leaf_draw[leaves], mix(lex + WORD))]
        if len(t.slots):
            slot = t.leaf_slot[leaves]
            chosen = np.flatnonzero(slot >= 0)
            payload = np.concatenate([wave.payload for wave in waves], axis=1)
            concepts[chosen] = payload[slot[chosen], chosen]
        return concepts

    def _depths(self, waves: list[Wave]) -> Ints:
        """The largest number of clauses above a word of each document."""
        t = self.tables
        deepest = np.zeros(len(waves[0].row), dtype=np.int64)
        if not t.part_clauses.any():
            return deepest
        depth = np.zeros(len(deepest), dtype=np.int64)
        for wave in waves:
            clauses = t.part_clauses[wave.part]
            at = np.flatnonzero(clauses)
            own = depth[wave.parent]
            if len(at):
                own[at] += clauses[at]
                np.maximum.at(deepest, wave.document[wave.parent[at]], own[at])
            depth = own[wave.phrases]
        return deepest

    def _measured(self, waves: list[Wave], starts: Ints, sizes: Ints) -> tuple[Ints, Ints]:
        """The words of the part `of` of each document's start rule."""
        if self.of is None or len(waves) < 2:
            return starts, starts + sizes
        wave = waves[1]
        mine = np.flatnonzero(self.tables.part_name[wave.part] == self.of)
        found = wave.parent[mine]
        start, stop = starts.copy(), starts + sizes
        start[found] = wave.start[mine]
        stop[found] = wave.start[mine] + wave.size[mine]
        return start, stop


def sentence_hashes(forest: Forest, word_hashes: U64) -> U64:
    """One hash for each document's measured words, as `hashing.sentence_hashes` gives it for rows of equal length."""
    length = forest.of_stop - forest.of_start
    order = np.argsort(-length, kind="stable")  # longest first, so that those that go on are the first ones
    start, going = forest.of_start[order], length[order]
    state = np.full(len(order), GAMMA, dtype=np.uint64)
    for place in range(int(going[0]) if len(going) else 0):
        count = int(np.searchsorted(-going, -place, side="left"))
        state[:count] = mix((state[:count] ^ word_hashes[forest.word[start[:count] + place]]) + np.uint64(GAMMA))
    hashes = np.empty_like(state)
    hashes[order] = state
    return hashes
