"""Sliders in a live kernel."""

from __future__ import annotations

from mutation import Mutant

MUTANTS = [
    Mutant("an idle loop draws the frames", "Explorer.widget",
           "idle.when_idle(self.draw_next)", "pass", "idle"),
    Mutant("idle: the nearest frame comes first", "Explorer.draw_next",
           "math.dist(i, self._shown)", "math.dist(i, self.initial)", "idle"),
    Mutant("idle: a failing frame is tried once", "Explorer.draw_next",
           "self._tried.add(index)", "pass", "idle"),
    Mutant("idle: all frames but the last are not all", "Explorer.draw_next",
           "return len(missing) > 1", "return len(missing) > 2", "idle"),
    Mutant("idle: a closed control needs no frames", "Explorer.draw_next",
           "not missing or self.widget.comm is None", "not missing", "idle"),
    Mutant("idle: what is gone takes no more turns", "when_idle",
           "method = weakref.WeakMethod(step)", "method = lambda: step", "idle"),
    Mutant("idle: a pause lets messages in", "_next_turn",
           "if queue:\n    loop.call_later(PAUSE, _next_turn, loop)",
           "if queue:\n    _next_turn(loop)", "idle"),
    Mutant("idle: the latest explorer comes first", "_next_turn",
           "queue[-1]", "queue[0]", "idle"),
    Mutant("idle: output appears under the cell of the explorer", "_output_under",
           "shell.set_parent(cell)", "shell.set_parent(last)", "idle"),
    Mutant("idle: output after it appears where it did", "_output_under",
           "shell.set_parent(last)", "pass", "idle"),
    Mutant("idle: rcParams are given back", "left_as_it_was",
           "with DRAWING, contextlib.suppress(Exception), mpl.rc_context():\n    yield",
           "with DRAWING, contextlib.suppress(Exception):\n    yield", "idle"),
    Mutant("idle: errors do not reach the loop", "left_as_it_was",
           "with DRAWING, contextlib.suppress(Exception), mpl.rc_context():\n    yield",
           "with DRAWING, mpl.rc_context():\n    yield", "idle"),
    Mutant("idle: one thread draws at a time", "DRAWING",
           "threading.RLock()", "contextlib.nullcontext()", "idle"),
    Mutant("idle: no figure is left to show", "rendering:render",
           "with plt.ioff():\n    figure, sound = _drawn(draw(**values), open_before)",
           "if True:\n    figure, sound = _drawn(draw(**values), open_before)", "idle_kernel"),
]  # fmt: skip
