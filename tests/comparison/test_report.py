"""The report is one file, says what the table says, and opens in a browser."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from sklearn_sparseeval import Note, ScoreMatrix
from sklearn_sparseeval.cli import main
from sklearn_sparseeval.comparison import compare_estimators
from sklearn_sparseeval.comparison._report import write_report
from sklearn_sparseeval.comparison._table import verdict
from sklearn_sparseeval.datasets import make_score_matrix

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
# What is seen of each picture: its size on the page and whether it was decoded.
PROBE = """<script>addEventListener("load", () => {
  const seen = [...document.images].map(i => [i.complete, i.naturalWidth, i.clientWidth].join());
  document.body.dataset.seen = seen.join(";");
});</script>"""


def panel():
    bunch = make_score_matrix(60, 80, n_families=12, random_state=0)
    frame = pd.DataFrame(bunch.data, bunch.model_names, bunch.feature_names)
    return ScoreMatrix.from_frame(frame, families=bunch.families)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    mpl.use("Agg")
    matrix = panel()
    comparison = compare_estimators(
        ["random-mean", "random-ridge", "sparse-ridge"], matrix, groups=matrix.families,
        n_anchors=[5, 10, 20], cv=5, random_state=0,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(
        path, comparison, matrix,
        title="a <b> & c", protocol="Protocol of 5 < 6 splits.",
        notes=[Note("warning", "'x' failed in 1 < 2")],
    )  # fmt: skip
    return path, comparison


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.pictures, self.links, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "img":
            self.pictures.append(attributes)
        self.links += [value for key, value in attrs if key in ("src", "href")]

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def page(made):
    parser = Page()
    parser.feed(made[0].read_text(encoding="utf-8"))
    return parser


def test_it_needs_no_other_file(page):
    assert all(link.startswith("data:") for link in page.links)
    assert len(page.pictures) == 4
    assert all(len(picture["alt"]) > 30 for picture in page.pictures)


def test_it_says_what_was_done_and_what_came_out(page, made):
    text = " ".join(page.text.split())
    assert "Which method to trust: a <b> & c" in text
    assert "Protocol of 5 < 6 splits." in text
    assert "'x' failed in 1 < 2" in text
    for n_anchors in (5, 10, 20):
        assert verdict(made[1], n_anchors, "points") in text
    assert "in percentage points over 5 splits" in text


def test_the_same_results_make_the_same_file(made, tmp_path):
    path, comparison = made
    write_report(
        tmp_path / "again.html", comparison, panel(),
        title="a <b> & c", protocol="Protocol of 5 < 6 splits.",
        notes=[Note("warning", "'x' failed in 1 < 2")],
    )  # fmt: skip
    assert (tmp_path / "again.html").read_bytes() == path.read_bytes()


def browse(page, folder, *options):
    """Open a page in headless Chromium; return what it wrote and what its console said."""
    run = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
            f"--user-data-dir={folder / 'profile'}", "--window-size=1000,4200",
            "--enable-logging=stderr", *options, page.as_uri(),
        ],
        capture_output=True, text=True, timeout=600, check=True,
    )  # fmt: skip
    return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]


# .ci/run installs Chromium, and fails if anything is skipped.
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (apt install chromium)")
def test_it_opens_in_a_browser_and_shows_its_four_pictures(made, tmp_path):
    probed = tmp_path / "probed.html"
    probed.write_text(made[0].read_text("utf-8").replace("</body>", f"{PROBE}</body>"), "utf-8")
    dom, console = browse(probed, tmp_path, "--dump-dom")
    assert console == []
    seen = re.search(r'data-seen="([^"]*)"', dom).group(1).split(";")
    assert len(seen) == 4
    for picture in seen:
        complete, natural_width, width = picture.split(",")
        assert complete == "true"
        assert int(natural_width) > 200
        assert int(width) > 200

    screenshot = tmp_path / "report.png"
    _, console = browse(made[0], tmp_path, f"--screenshot={screenshot}")
    assert console == []
    pixels = image.imread(screenshot)[..., :3]
    assert pixels.shape[:2] == (4200, 1000)
    inked = (pixels.min(axis=2) < 0.9).any(axis=1)
    assert np.flatnonzero(inked).max() > 2500  # four pictures are taller than one


# As above: in the CI there is a browser, and a skip fails.
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (apt install chromium)")
def test_an_error_on_the_console_would_be_seen(tmp_path):
    page = tmp_path / "broken.html"
    page.write_text("<script>nonsense()</script>", encoding="utf-8")
    assert "nonsense is not defined" in browse(page, tmp_path, "--dump-dom")[1][0]


def test_the_command_writes_it(tmp_path, monkeypatch, capsys):
    mpl.use("Agg")
    monkeypatch.chdir(tmp_path)
    arguments = ["--methods", "random-mean", "sparse-ridge", "--n-anchors", "5", "--repeats", "3"]
    assert main(["compare", "helm_lite_commonsense", *arguments, "--jobs", "1"]) == 0
    assert "report.html" in capsys.readouterr().out
    report = (tmp_path / "helm_lite_commonsense-comparison" / "report.html").read_text("utf-8")
    assert "helm_lite_commonsense: 83 models x 500 items" in report
