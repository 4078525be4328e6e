import pytest

from sklearn_sparseeval.cli._wording import counted


@pytest.mark.parametrize(("number", "text"), [(0, "0 models"), (1, "1 model"), (2, "2 models")])
def test_numbers_with_their_nouns(number, text):
    assert counted(number, "model") == text
