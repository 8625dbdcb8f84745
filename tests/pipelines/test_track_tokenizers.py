from seedbed.pipelines.compare_tokenizers import compare
from seedbed.pipelines.mlflow_client import default_uri, open_client
from seedbed.pipelines.track_tokenizers import metrics_of, track_comparison
from seedbed.workbench import Workbench


def test_every_tokenizer_is_a_run_with_its_measures_and_the_page(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "text.txt").write_text("the newts sleep — do giggle .\n" * 60)
    compared = compare(("byte", "character"), "text.txt", Workbench(tmp_path))
    store = tmp_path / "store"
    experiment_id = track_comparison(compared, "text.txt", None, store)
    assert track_comparison(compared[:1], "text.txt", None, store) == experiment_id
    client = open_client(default_uri(store), store)
    runs = client.search_runs([experiment_id])
    assert sorted(run.info.run_name for run in runs) == ["byte", "byte", "character"]
    byte = next(run for run in runs if run.info.run_name == "byte")
    assert byte.data.metrics == metrics_of(compared[0])
    assert byte.data.metrics["bytes_per_token"] == 1.0
    assert byte.data.params["text"] == "text.txt"
    assert [file.path for file in client.list_artifacts(byte.info.run_id)] == ["tokenizers.html"]
    assert list((tmp_path / "elsewhere").iterdir()) == []
