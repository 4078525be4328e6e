import pytest

from sklearn_sparseeval.plan._families import find_families


@pytest.mark.parametrize(
    ("models", "given", "families", "said"),
    [
        (["a", "b"], ["x", "x"], ["x", "x"], "1 as given"),
        (["acme/a", "acme/b", "best/c"], None, ["acme", "acme", "best"], "2, the part of the"),
        (["hf/acme/a", "hf/best/b"], None, ["hf/acme", "hf/best"], "2, the part of the"),
        (["a", "acme/b", "best/c"], None, None, "the file names none"),
        (["openai/a", "openai/b"], None, None, "the file names none"),
        (["/models/a", "/other/b"], None, None, "the file names none"),
        (["./out/a", "../b/c"], None, None, "the file names none"),
    ],
    ids=["given", "organisations", "providers", "no families", "one prefix", "paths", "relative"],
)
def test_families_are_those_given_or_come_from_the_names(models, given, families, said):
    found, source = find_families(models, given)
    assert found == families
    assert source.startswith(said)
