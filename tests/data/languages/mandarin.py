"""A checker of Mandarin sentences: classifiers of their nouns, 的, 吗, 了 and 没, and that no word is inflected."""

from __future__ import annotations

from tests.data.languages.trees import Tree, malformed

CLASSIFIERS = {
    "个": "男孩 女孩 孩子 男人 女人 农民 邻居 朋友 西红柿 梨 三明治 故事 箱子 行李箱",
    "位": "老师 医生 护士 母亲 奶奶 歌手",
    "只": "狗 猫 老鼠 鸟 熊 兔子",
    "匹": "马",
    "头": "牛",
    "块": "蛋糕 饼干",
    "根": "香蕉",
    "本": "书",
    "封": "信",
    "份": "报告",
    "首": "诗",
    "辆": "自行车 汽车",
    "盏": "台灯",
    "把": "吉他 椅子",
    "台": "相机",
    "条": "船",
    "张": "桌子",
    "面": "镜子",
    "扇": "门 窗户",
}
STATES = {"爱", "认识", "尊敬", "讨厌", "理解"}
SAYING = {"说", "认为", "相信", "声称", "解释说"}
PEOPLE = frozenset(
    {"男孩", "女孩", "孩子", "男人", "女人", "老师", "医生", "农民", "邻居", "朋友", "护士", "母亲", "奶奶", "歌手"}
)
PRONOUNS = {"我们"}


def faults(tree: Tree) -> list[str]:
    """What is wrong with a sentence; empty if nothing is."""
    found = malformed(tree)
    words = tree.words
    if ("吗" in words) != (words[-1] == "？") or ("吗" in words and words[-2] != "吗"):
        found.append("吗 and ？ do not go together")
    for place in range(len(words)):
        found += noun_faults(tree, place) + verb_faults(tree, place)
    for head, relation in tree.clauses():
        found += clause_faults(tree, head, relation)
    return found


def noun_faults(tree: Tree, place: int) -> list[str]:
    """Classifiers and plurals."""
    words, word = tree.words, tree.words[place]
    found = []
    if tree.relations[place] == "clf":
        noun = tree.heads[tree.heads[place]]
        if words[noun] not in CLASSIFIERS.get(word, "").split():
            found.append(f"{word} is not the classifier of {words[noun]}")
        if words[place - 1] not in {"一", "这"}:
            found.append(f"{word} follows {words[place - 1]}")
    if word in {"一", "这"} and tree.relations[place + 1] != "clf":
        found.append(f"{word} without a classifier")
    if word in {"一些", "这些"} and words[tree.heads[place]].endswith("们"):
        found.append(f"{words[tree.heads[place]]} after {word}")
    if word.endswith("们") and word not in PRONOUNS and word.removesuffix("们") not in PEOPLE:
        found.append(f"{word} is no person")
    return found


def verb_faults(tree: Tree, place: int) -> list[str]:
    """Subject, verb, object; 把 and 在 before what they go with, negation before its verb, 了 after its own."""
    words, word, head = tree.words, tree.words[place], tree.heads[place]
    found = []
    if tree.relations[place] in ("nsubj", "obj") and (place < head) != (tree.relations[place] == "nsubj"):
        found.append(f"{word} stands on the wrong side of {words[head]}")
    if word == "把" and tree.relations[place] == "case":
        verb = tree.heads[head]
        if not place < head < verb or tree.child(verb, "iobj") is None:
            found.append("把 does not stand before what is given and its verb")
    elif word == "了" and head != place - 1:
        found.append("了 does not follow its verb")
    elif word == "了" and (words[head] in STATES or {words[child] for child in tree.children(head)} & {"没", "不"}):
        found.append("了 with a state or a negation")
    elif word in {"不", "没"} and not place < head:
        found.append(f"{word} after its verb")
    elif word == "没" and words[head] in STATES:
        found.append(f"没 before {words[head]}")
    elif word == "在" and (words[place + 2] != "里" or head != place + 1):
        found.append("在 without 里")
    return found


def clause_faults(tree: Tree, head: int, relation: str) -> list[str]:
    """的 at the end of a relative clause; a complement clause after its verb."""
    words, inside = tree.words, tree.subtree(head)
    if relation == "ccomp":
        right = words[tree.heads[head]] in SAYING and inside[0] > tree.heads[head]
        return [] if right else ["a complement clause does not follow a verb of saying"]
    found = []
    if words[inside[-1]] != "的" or inside[-1] >= tree.heads[head]:
        found.append("a relative clause without 的 before its noun")
    if "了" in {words[child] for child in tree.children(head)}:
        found.append("了 in a relative clause")
    return found
