"""Pictures drawn in the idle time of a kernel: there before they are asked for, in nobody's way."""

import asyncio
import gc
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from explorers import seen

from fbtools.display import idle, interact

mpl.use("agg")


@pytest.fixture(autouse=True)
def _live_and_late(monkeypatch):
    """A live control that draws one frame in the cell and all others in idle time."""
    monkeypatch.setenv("FBTOOLS_STATIC", "0")
    monkeypatch.setattr(interact, "LIVE_SECONDS", 0.0)
    monkeypatch.setattr(idle, "PAUSE", 0.001)
    yield
    assert plt.get_fignums() == []


def bars(calls, n=7, fails=(), initial=1, **options):
    """An explorer that notes what it draws."""

    def draw(height):
        calls.append(height)
        figure, ax = plt.subplots(figsize=(2, 1), dpi=100)
        ax.set_position([0, 0, 1, 1])
        ax.bar(0, height, width=2, color="0.5")
        ax.set(ylim=(0, 10), xlim=(-0.5, 0.5))
        ax.axis("off")
        if height in fails:
            raise ZeroDivisionError(f"height {height}")
        return figure

    return interact.explore(
        draw,
        height=range(1, n + 1),
        initial={"height": initial},
        alt=lambda height: f"Bar of height {height}.",
        **options,
    )


def shown_height(explorer):
    source = re.search(r'src="([^"]+)"', explorer.widget.children[-2].value).group(1)
    return seen(source)[0]


def in_a_thread(function, *arguments):
    """Call a function where no loop runs: tests in a browser leave one behind in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()


async def turns(count):
    """Let the loop idle for so many steps: of two equal waits, the one that began first ends."""
    for _ in range(count):
        await asyncio.sleep(idle.PAUSE)


def in_a_loop(cell, *, until=None):
    """Run a cell in an event loop, then let the loop idle for 50 steps or until a condition."""

    async def session():
        errors = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: errors.append(context))
        result = cell()
        for _ in range(50):
            if until and until(result):
                break
            await turns(1)
        assert errors == []
        return result

    return in_a_thread(asyncio.run, session())


def all_drawn(explorer):
    return explorer.n_drawn == explorer.n_frames


def show(explorer):
    """What displaying it as the value of a cell does."""
    explorer._repr_mimebundle_()
    return explorer


def test_every_frame_is_drawn_once_and_a_move_draws_none():
    calls = []
    explorer = in_a_loop(lambda: show(bars(calls)), until=all_drawn)
    assert sorted(calls) == list(range(1, 8))
    for index in (4, 0, 6, 2):
        explorer.widget.children[0].value = index
        # One pixel row of 100 is 0.1.
        assert shown_height(explorer) == pytest.approx(index + 1, abs=0.11)
    assert len(calls) == 7


def test_two_sliders_are_drawn_to_the_last_setting():
    def draw(height, width):
        figure, ax = plt.subplots(figsize=(2, 1))
        ax.bar(0, height, width)
        return figure

    explorer = in_a_loop(
        lambda: show(interact.explore(draw, alt="Bar.", height=[1, 2, 3], width=[1, 2])),
        until=all_drawn,
    )
    assert set(explorer._frames) == set(explorer.indices())


def test_the_neighbours_of_the_shown_frame_come_first():
    calls = []
    explorer = bars(calls, initial=4)
    while explorer.draw_next():
        pass
    assert calls == [4, 3, 5, 2, 6, 1, 7]
    calls.clear()
    explorer = bars(calls, initial=1)
    explorer.widget.children[0].value = 5
    while explorer.draw_next():
        pass
    assert calls == [1, 6, 5, 7, 4, 3, 2]


def test_nothing_is_drawn_before_the_cell_has_ended_or_without_a_loop():
    calls = []
    in_a_thread(lambda: show(bars(calls)))
    assert calls == [1]

    def cell():
        explorer = show(bars(calls))
        time.sleep(10 * idle.PAUSE)
        assert calls == [1, 1]
        return explorer

    in_a_loop(cell, until=all_drawn)


def test_a_move_before_its_turn_gets_the_right_frame():
    calls = []

    def cell():
        explorer = show(bars(calls))
        explorer.widget.children[0].value = 5
        assert calls == [1, 6]
        assert shown_height(explorer) == pytest.approx(6, abs=0.11)
        return explorer

    in_a_loop(cell, until=all_drawn)
    assert sorted(calls) == list(range(1, 8))


def test_of_two_explorers_the_later_comes_first_and_they_share_the_turns():
    calls = []

    def cells():
        for n in (3, 5):
            show(bars(calls, n=n, initial=n))

    in_a_loop(cells, until=lambda _: len(calls) == 8)
    assert calls == [3, 5, 4, 3, 2, 1, 2, 1]


def test_an_explorer_that_is_not_shown_draws_nothing():
    calls = []
    in_a_loop(lambda: bars(calls))
    assert calls == [1]


def test_a_closed_control_stops_drawing():
    calls = []

    def cell():
        explorer = show(bars(calls))
        explorer.widget.close()
        return explorer

    in_a_loop(cell)
    assert calls == [1]


def test_what_is_gone_takes_no_more_turns():
    taken = []

    class Endless:
        def step(self):
            taken.append(self)
            return True

    async def session():
        endless = Endless()
        idle.when_idle(endless.step)
        await turns(5)
        assert taken
        taken.clear()
        del endless
        gc.collect()
        taken.clear()
        await turns(20)

    in_a_thread(asyncio.run, session())
    assert taken == []


def test_other_work_of_the_loop_goes_between_two_steps():
    """What waits for its turn while a step is made comes before the next step."""
    order = []

    class Steps:
        def step(self):
            order.append("step")
            asyncio.get_running_loop().call_soon(order.append, "other")
            return len(order) < 10

    async def session():
        steps = Steps()
        idle.when_idle(steps.step)
        await turns(20)

    in_a_thread(asyncio.run, session())
    assert order == ["step", "other"] * 6


def test_a_failing_frame_is_left_to_the_move_and_stops_no_other(capsys):
    calls = []
    explorer = in_a_loop(
        lambda: show(bars(calls, fails=(2, 5))), until=lambda explorer: explorer.n_drawn == 5
    )
    assert sorted(calls) == list(range(1, 8))
    assert capsys.readouterr() == ("", "")
    assert not explorer.draw_next()
    assert len(calls) == 7
    with pytest.raises(ZeroDivisionError, match="height 5"):
        explorer.frame(height=5)


def test_the_users_figures_and_rcparams_are_left_alone():
    def draw(height):
        mpl.rcParams["lines.linewidth"] = 9.0 + height
        figure, ax = plt.subplots(figsize=(2, 1))
        ax.bar(0, height)
        return figure

    before = plt.figure()
    explorer = interact.explore(draw, height=[1, 2, 3], alt="Bar.")
    with mpl.rc_context({"lines.linewidth": 1.25}), plt.ion():
        in_a_loop(lambda: show(explorer), until=all_drawn)
        assert mpl.rcParams["lines.linewidth"] == 1.25
        assert mpl.is_interactive()
    assert plt.gcf() is before
    assert plt.get_fignums() == [before.number]
    plt.close(before)


def test_output_appears_under_the_cell_of_the_explorer(monkeypatch):
    """Newer kernels see to it themselves; in older ones output goes to the cell that ran last."""

    class Shell:
        kernel, parent = object(), "the cell of the explorer"

        def get_parent(self):
            return self.parent

        def set_parent(self, parent):
            self.parent = parent

    shell, under = Shell(), []

    def draw(height):
        under.append(shell.parent)
        figure, ax = plt.subplots(figsize=(2, 1))
        ax.bar(0, height)
        return figure

    def cells():
        explorer = show(interact.explore(draw, height=[1, 2, 3], alt="Bar."))
        shell.parent = "another cell"
        return explorer

    monkeypatch.setattr(idle, "notebook_shell", lambda: shell)
    in_a_loop(cells, until=all_drawn)
    assert under == ["the cell of the explorer"] * 3
    assert shell.parent == "another cell"


def test_one_thread_draws_at_a_time():
    """JupyterLab answers sliders in another thread than the one that runs cells and idles."""
    inside, overlaps, calls = [], [], []

    def draw(height):
        overlaps.append(len(inside))
        inside.append(height)
        calls.append(height)
        time.sleep(0.02)
        figure, ax = plt.subplots(figsize=(2, 1))
        ax.bar(0, height)
        inside.remove(height)
        return figure

    explorer = interact.explore(draw, height=range(1, 9), alt="Bar.")
    mover = threading.Thread(target=lambda: [explorer.frame(height=h) for h in range(8, 0, -1)])
    mover.start()
    while explorer.draw_next():
        pass
    mover.join()
    assert overlaps == [0] * 8
    assert sorted(calls) == list(range(1, 9))
