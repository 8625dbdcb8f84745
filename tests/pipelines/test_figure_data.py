import csv
import io

from matplotlib.figure import Figure

from seedbed.pipelines.figure_data import Drawing, row, rows_csv, save_drawing


def test_rows_become_csv_under_every_name_and_what_is_no_number_is_empty():
    text = rows_csv([row(what="seed", value=0.1), row(what="mean", value=float("nan"), seeds=3), row(what="x, y")])
    assert text.splitlines()[0] == "what,value,seeds"
    read = list(csv.DictReader(io.StringIO(text)))
    assert [each["value"] for each in read] == ["0.1", "", ""]
    assert [each["seeds"] for each in read] == ["", "3", ""]
    assert read[2]["what"] == "x, y"
    assert rows_csv([]) == "\n"


def test_a_drawing_is_saved_as_three_files(tmp_path):
    figure = Figure()
    figure.add_subplot().plot([0, 1], [0, 1])
    drawing = Drawing(figure, [row(what="seed", value=0.5), row(what="mean", value=0.25)])
    files = save_drawing(drawing, tmp_path / "new" / "one.two")
    assert [path.name for path in files] == ["one.two.png", "one.two.svg", "one.two.csv"]
    assert files[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in files[1].read_text()
    assert files[2].read_text() == "what,value\nseed,0.5\nmean,0.25\n"
    assert [each["value"] for each in drawing.of("mean")] == [0.25]
