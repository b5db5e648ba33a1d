"""Forty screens hear the same ring and ask the same question. It is looked up once for all of them.

Nobody is given an answer that is older than her question: whoever asks while an answer is being looked up waits for the
next one, together with all who ask until it begins. So a burst of any size costs two looks, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from threading import Lock
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Together:
    """For the threads of one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[Hashable, Future[Any]] = {}
        self._next: dict[Hashable, Future[Any]] = {}

    def ask(self, question: Hashable, look: Callable[[], T]) -> T:
        """What ``look`` says, called by one of those who ask the same ``question``. It must be the same for all of
        them; what it raises is raised to all of them."""
        with self._lock:
            answer, before = self._next.get(question), self._under_way.get(question)
            if answer is not None:
                i_look = False
            else:
                i_look, answer = True, Future()
                (self._under_way if before is None else self._next)[question] = answer
        if not i_look:
            return cast(T, answer.result())
        if before is not None:
            wait([before])
            with self._lock:
                self._under_way[question] = self._next.pop(question)
        return self._looked(question, answer, look)

    def _looked(self, question: Hashable, answer: Future[Any], look: Callable[[], T]) -> T:
        try:
            found = look()
            answer.set_result(found)
            return found
        except BaseException as error:
            answer.set_exception(error)
            raise
        finally:
            with self._lock:
                if self._under_way.get(question) is answer:
                    del self._under_way[question]
