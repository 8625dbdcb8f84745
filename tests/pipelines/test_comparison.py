from seedbed import Component, Grammar, Mixture, model, order, tokenizer
from seedbed.pipelines.comparison import order_study


def made(orders, models=None):
    text = Component("text", Grammar("english", documents=1_000))
    return order_study(
        name="orders",
        mixtures=[Mixture("text", total_bytes=10_000, shares={text: 1.0})],
        tokenizers=[tokenizer("byte")],
        orders=orders,
        models=models or [model("nano")],
    )


def test_every_model_gets_its_arm_of_a_constant_rate():
    study = made([order.shuffled(), order.easy_first("words")])
    assert [each.name for each in study.models] == ["nano", "nano-constant"]
    assert [each.final_lr_share for each in study.models] == [0.05, 1.0]
    assert len(list(study.arms())) == 4
    both = made([order.shuffled()], [model("nano"), model("nano", schedule="constant")])
    assert [each.name for each in both.models] == ["nano", "nano-constant"]


def test_the_reference_leaves_documents_to_chance():
    assert [each.name for each in made([order.easy_first("words")]).orders] == ["shuffled", "easy-first-words"]
    orders = made([order.easy_first("words"), order.shuffled()]).orders
    assert [each.name for each in orders] == ["shuffled", "easy-first-words"]
    assert made(order.two_by_two("words")).orders[0].name == "shuffled-sentences-kept"


def test_all_arms_measure_every_order_s_difficulty():
    study = made([order.easy_first("words"), order.hard_first("mtld"), order.warm_up(order.easy_first("mtld"))])
    assert [each.name for each in study.measured] == ["mtld", "words"]
