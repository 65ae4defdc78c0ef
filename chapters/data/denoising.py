"""Run the denoising experiment of the chapter "Holding tight" and store its results.

    python chapters/data/denoising.py            everything: about ten minutes on one core
    python chapters/data/denoising.py --slice    the runs that the test repeats

Results go to fbtools/experiments/data/denoising.json. Seeds 0 to 4, three folds, five systems.
"""

from __future__ import annotations

import argparse
import json
import time

from fbtools import audio
from fbtools.experiments import denoising

SEEDS = range(5)
SLICE_STEPS = 40


def rounded(values: list[float]) -> list[float]:
    """Round to four decimals, which is far below the spread over seeds."""
    return [round(float(value), 4) for value in values]


def run(system: str, fold: int, seed: int) -> dict[str, object]:
    """One training and its test."""
    denoiser, history = denoising.train(system, fold, seed)
    result = {key: rounded(value) for key, value in denoising.evaluate(denoiser, fold).items()}
    final = round(float(history[-100:].mean()), 4)
    return {"system": system, "fold": fold, "seed": seed, "train": final, **result}


def short_runs() -> dict[str, float]:
    """Mean SI-SDR over the first steps of fold 0, seed 0, by system: what the test repeats."""
    return {
        system: round(float(denoising.train(system, 0, 0, SLICE_STEPS)[1].mean()), 6)
        for system in denoising.SYSTEMS
    }


def main() -> None:
    """Run, print, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slice", action="store_true", help="only the runs that the test repeats")
    short_only = parser.parse_args().slice
    stored = denoising.stored_runs() if denoising.STORE.exists() else {"short": {}}
    kind = "excerpts" if audio.load("libri1", sr=denoising.SR).is_excerpt else "recordings"
    stored["short"][kind] = short_runs()
    if not short_only:
        start = time.process_time()
        stored["runs"] = []
        for seed in SEEDS:
            for fold in range(len(denoising.RECORDINGS)):
                for system in denoising.SYSTEMS:
                    stored["runs"].append(run(system, fold, seed))
                    print(f"{time.process_time() - start:5.0f} s", stored["runs"][-1], flush=True)
        stored["command"] = "make denoising"
        stored["signals"] = kind
        stored["recordings"] = list(denoising.RECORDINGS)
        stored["snrs"] = list(denoising.SNRS)
    denoising.STORE.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
