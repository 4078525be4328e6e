"""A fitted predictor as a file that is safe to load, and that names no module.

Who may write such a file: anyone. Predictors and plans are sent by mail and downloaded, so all of
a file is taken to come from a stranger who knows this code.

What must not happen, whatever the file holds: code of the file's choice runs; the process crashes
or reads memory that is not its own; unpacking takes memory without bounds (1 GiB, of which texts
64 MiB); an error other than `PredictorError` gets out. What may happen at worst: a predictor is
loaded that predicts nonsense, or slowly. A checksum inside the file tells damage, not forgery.

What is checked, in this order:

1. The zip file (`_members`): names of members, sizes as they are and not as they are announced,
   arrays without objects and as long as their header says.
2. The description (`_description`): its format, the versions, checksums of all other members, and
   that its parts belong together.
3. The names (`_estimator`): every node of the schema is of a kind, and names a type, that stands
   in a closed list. The file says "sklearn_sparseeval", "ResidualRidgeRegressor"; where that class
   is defined, only the code knows, so files outlive renamed modules. Nothing is imported that the
   file names otherwise.
4. The protocol of skops and skops' own list (`_estimator`).
5. What compiled code would read unchecked (`_portable`, `_check_fitted`): decision trees, search
   trees, networks, forests, nearest neighbours and support vectors.
6. That the predictor predicts what it did when it was saved (`_predictor_file`).
"""
