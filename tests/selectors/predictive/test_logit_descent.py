"""Straight-through gradient steps against torch's autograd and Adam."""

import numpy as np
import torch

from sklearn_sparseeval.selectors.predictive._agreement_kernel import LossGradient
from sklearn_sparseeval.selectors.predictive._logit_descent import LogitDescent, largest

COST = np.array([0.3, -1.0, 0.8, 0.1, -0.2, 0.5])


def _loss(anchors, alpha):
    """Sum of gate times cost, squared, plus the square of alpha less two."""
    total = COST[anchors].sum()
    return LossGradient(total**2 + (alpha - 2) ** 2, 2 * total * COST, 2 * (alpha - 2))


def test_steps_are_those_of_torch_with_a_straight_through_top_k():
    start, temperatures = np.array([0.1, 0.05, 0.0, 0.2, -0.1, 0.02]), np.geomspace(1, 0.2, 30)
    logits = torch.tensor(start, requires_grad=True)
    log_alpha = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([logits, log_alpha], lr=0.05)
    descent = LogitDescent(_loss, start, 3, 0.05)
    for temperature in temperatures:
        soft = 3 * torch.softmax(logits / temperature, dim=0)
        hard = torch.zeros(6, dtype=torch.float64)
        hard[torch.topk(logits, 3).indices] = 1
        gates = hard + soft - soft.detach()
        loss = (gates @ torch.tensor(COST)) ** 2 + (log_alpha.exp() - 2) ** 2
        epoch = descent.step(temperature)
        np.testing.assert_allclose(epoch.loss, loss.item(), rtol=1e-6)
        np.testing.assert_allclose(epoch.logits, logits.detach().numpy(), rtol=1e-6)
        np.testing.assert_allclose(epoch.alpha, log_alpha.exp().item(), rtol=1e-6)
        adam.zero_grad()
        loss.sum().backward()
        adam.step()


def test_alpha_stays_where_the_loss_can_be_computed():
    for slope, bound in ((1.0, 1e-4), (-1.0, 1e4)):
        descent = LogitDescent(
            lambda anchors, alpha, slope=slope: LossGradient(0.0, np.zeros(2), slope),
            np.zeros(2), 1, 3.0,
        )  # fmt: skip
        epochs = [descent.step(1.0) for _ in range(10)]
        np.testing.assert_allclose(epochs[-1].alpha, bound)


def test_an_epoch_is_not_changed_by_later_steps():
    descent = LogitDescent(_loss, np.zeros(6), 3, 0.05)
    first = descent.step(1.0)
    descent.step(1.0)
    assert not first.logits.any()


def test_largest_values_come_in_falling_order_and_the_first_of_equal_ones_first():
    values = np.array([1.0, 3.0, -np.inf, 3.0, 2.0])
    assert largest(values, 4).tolist() == [1, 3, 4, 0]
