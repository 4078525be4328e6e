from ._chosen_scores import chosen_scores as chosen_scores
from ._duplicates import without_duplicates as without_duplicates
from ._epochs import one_score_each as one_score_each
from ._metric_choice import Choice as Choice
from ._to_score_matrix import to_score_matrix as to_score_matrix
