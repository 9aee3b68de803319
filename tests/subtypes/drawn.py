"""Small cohorts drawn from models with two states, so that a reader can see what should come back."""

import numpy as np

from outcomes.subtypes.sequences import Sequences

ANSWERS = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])  # of each item, in the mild and in the severe state


def draw(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(len(p))[:, None] > p.cumsum(axis=1)[:, :-1]).sum(axis=1)


def answers(states: list[np.ndarray], rng: np.random.Generator, n_items: int = 5) -> Sequences:
    """Answer to items at every session, given the states of each person."""
    flat = np.concatenate(states)
    items = np.column_stack([draw(ANSWERS[flat], rng) for _ in range(n_items)]).astype(np.int8)
    starts = np.concatenate(([0], np.cumsum([len(each) for each in states])))
    return Sequences(items, starts, tuple(f"item_{n + 1}" for n in range(n_items)), np.arange(len(items)))


def logits(eta: np.ndarray) -> np.ndarray:
    odds = np.exp(eta - eta.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)
