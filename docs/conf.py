"""Sphinx configuration."""

import sklearn_sparseeval

project = "sklearn-sparseeval"
author = "the sklearn-sparseeval developers"
copyright = f"2026, {author}"
version = release = sklearn_sparseeval.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "benchmarks", "examples"]
html_theme = "pydata_sphinx_theme"
html_theme_options = {"show_nav_level": 2, "secondary_sidebar_items": ["page-toc"]}
html_show_sourcelink = False

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say it better
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

nitpicky = True
# Names of other projects, whose inventories this build does not fetch.
nitpick_ignore_regex = [
    (r"py:.*", r"(sklearn|numpy|np|scipy|torch|skorch|pandas|matplotlib|joblib|datetime)(\..*)?"),
    (r"py:.*", r"(array-like|ndarray|optional|callable|RandomState|BaseEstimator|object|self)"),
    (r"py:.*", r".*(CallbackSupportMixin|SelectorMixin|RegressorMixin|Bunch|MetadataRequest).*"),
    (r"py:.*", r"(collections\.abc|numbers|typing|types|argparse)\..*"),
    (r"std:term", r".*"),
    (r"std:ref", r".*"),
]

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "show_memory": False,
    "min_reported_time": 1e9,
    "plot_gallery": "True",
    "abort_on_example_error": True,
}
