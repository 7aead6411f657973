"""What is wrong with a shape, a band, a window or a volume: a code for machines and a sentence for people."""

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One reason why an input cannot be used.  `text` says what is wrong and, where short, what would be right."""

    code: str
    text: str


class Unusable(ValueError):
    """A shape or volume with problems was used as if it had none.  `problems` holds all that were found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.code}: {problem.text}" for problem in problems))
        self.problems = problems
