"""How a drawn figure is asked where its words stand."""

import itertools

import pytest

TOUCHING = 0.5  # pixels by which two boxes may share an edge


def said(texts):
    return [text for text in texts if text.get_visible() and text.get_text().strip()]


@pytest.fixture
def covered():
    """Return a function that lists the pairs of words of which one covers the other."""

    def pairs(figure, texts):
        boxes = [(text.get_text(), text.get_window_extent(figure.canvas.get_renderer())) for text in said(texts)]
        return [
            (one, two)
            for (one, a), (two, b) in itertools.combinations(boxes, 2)
            if min(a.x1, b.x1) - max(a.x0, b.x0) > TOUCHING and min(a.y1, b.y1) - max(a.y0, b.y0) > TOUCHING
        ]

    return pairs


@pytest.fixture
def cut_off():
    """Return a function that lists the words that reach over the edge of the paper."""

    def lost(figure, texts):
        paper = figure.bbox
        boxes = [(text.get_text(), text.get_window_extent(figure.canvas.get_renderer())) for text in said(texts)]
        return [
            word
            for word, box in boxes
            if box.x0 < paper.x0 - TOUCHING
            or box.x1 > paper.x1 + TOUCHING
            or box.y0 < paper.y0 - TOUCHING
            or box.y1 > paper.y1 + TOUCHING
        ]

    return lost
