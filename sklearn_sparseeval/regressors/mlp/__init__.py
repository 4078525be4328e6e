"""Networks that predict the score, trained by skorch."""
