"""The light core, and what it says of a package that it does without."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from fbtools.extras import EXTRAS, MissingPackageError, needs

HIDE = """
    import sys

    class Hide:
        def find_spec(name, path=None, target=None):
            if name.split(".")[0] in {hidden}:
                raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

    sys.meta_path.insert(0, Hide)
    import fbtools as fb
"""
EVERYTHING = tuple(sorted({name for names in EXTRAS.values() for name in names}))


def run(code: str, hidden: tuple[str, ...] = EVERYTHING) -> str:
    """Run code where packages are not installed; return what it prints."""
    source = textwrap.dedent(HIDE).format(hidden=hidden) + textwrap.dedent(code)
    command = [sys.executable, "-W", "error", "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_needs_none_of_them():
    out = run("""
        x, w = fb.signals.harmonic_tone(64, 0.1, 3), fb.random_filterbank(8, 16, rng=0)
        law = fb.EnergyLaw(x, 8, 16)
        print(fb.energy_ratio(x, w), law.sf(2.0), fb.frame_bounds(w).verdict)
        print(fb.simulate_energy(x, 8, 16, 5, rng=0), fb.simulate_frame_bounds(8, 16, 5, rng=0))
        print(fb.laws.expected_condition_number(8, 16), fb.learning.Adam(0.1), fb.tight_filterbank)
    """)
    assert "frame" in out


@pytest.mark.parametrize(
    ("call", "package", "extra"),
    [
        ("fb.mel_filterbank(8, 64, 8000)", "librosa", "audio"),
        ("fb.filterbanks.constant_q_filterbank(8, 4096, 22050, 220.0)", "librosa", "audio"),
        ("fb.experiments.learning_task('constant_q').target()", "librosa", "audio"),
        ("fb.plotting.use_style()", "matplotlib", "display"),
        ("fb.plotting.waveform([0.0, 1.0])", "matplotlib", "display"),
        ("fb.sound.listen([0.0, 1.0] * 99, 8000, 'a')", "soundfile", "display"),
        ("fb.interact.explore(lambda n: None, n=range(2), alt='a')", "matplotlib", "display"),
        ("from fbtools import pytorch", "torch", "torch"),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_adds_it(call, package, extra):
    out = run(f"""
        try:
            {call}
        except ImportError as error:
            assert isinstance(error, fb.FilterbankError)
            print(error)
    """)
    assert out == (
        f'{package} is not installed: pip install ".[{extra}]" in a checkout of fbtools adds it.\n'
    )


def test_another_missing_module_is_not_blamed_on_an_extra():
    with pytest.raises(ModuleNotFoundError, match="no_such_module") as error, needs("audio"):
        import no_such_module  # noqa: F401
    assert not isinstance(error.value, MissingPackageError)


def test_import_takes_little_time():
    """Seconds of CPU, of which NumPy and SciPy would take most: they come with what needs them."""
    code = """
        import sys, time
        before = time.process_time()
        import fbtools
        print(time.process_time() - before, "numpy" in sys.modules, "scipy" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    seconds, *loaded = done.stdout.split()
    assert float(seconds) < 0.25
    assert loaded == ["False", "False"]
