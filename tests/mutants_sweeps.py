"""Sweeps and their checkpoints, one thread of linear algebra, recordings."""

from __future__ import annotations

from mutation import Mutant

MUTANTS = [
    Mutant("chunks of another seed are refused", "checkpoints:_manifest",
           '{"format": FORMAT, **description, "entropy": str(seed.entropy), "first_spawn_key": '
           'list(seed.spawn_key), "first_state": seed.generate_state(4).tolist(), "chunk": chunk}',
           '{"format": FORMAT, **description, "first_spawn_key": list(seed.spawn_key), '
           '"chunk": chunk}', "sweeps"),
    Mutant("streams that print alike are told apart", "checkpoints:_manifest",
           "seed.generate_state(4).tolist()", "[]", "checkpoints"),
    Mutant("arguments are compared before the size of chunks",
           "Checkpoint._check_or_write_manifest",
           "[*self.manifest, *found]", "sorted([*self.manifest, *found])", "checkpoints"),
    Mutant("a chunk is read only if it is what was stored", "Checkpoint.load",
           "(index, digest) not in self._stored", "False", "checkpoints"),
    Mutant("a line of another sweep counts for nothing", "Checkpoint._parsed",
           "(index, digest) if found == self._entry(index, digest) else None",
           "(index, digest)", "checkpoints"),
    Mutant("a torn line costs no other", "Checkpoint.save",
           r'"\n" + json.dumps(self._entry(index, digest))',
           r'json.dumps(self._entry(index, digest)) + "\n"', "checkpoint_writes"),
    Mutant("a file that cannot be read is not damaged", "Checkpoint.load",
           "(OSError, MemoryError)", "(MemoryError,)", "checkpoints"),
    Mutant("draws that are not finite are refused", "_keep",
           "not np.isfinite(result).all()", "False", "checkpoint_writes"),
    Mutant("a full disk does not hide the first error", "_finished_chunks",
           "with suppress(FilterbankError):\n    _keep(futures, future, store)",
           "_keep(futures, future, store)", "checkpoint_writes"),
    # One thread of linear algebra
    Mutant("one thread of linear algebra", "_Process.limit",
           'self.controller.limit(limits=1, user_api="blas")',
           'self.controller.limit(limits=2, user_api="blas")', "threads"),
    Mutant("the last of several blocks gives the threads back", "_Process.answer",
           "not self.blocks and self.held is not None", "self.held is not None", "threads"),
    Mutant("an error gives the threads back", "one_thread_of_linear_algebra",
           "_process.close(block)", "pass", "threads"),
    Mutant("a fork gives the threads back", "_Process.fork", "self.release()", "pass", "threads"),
    Mutant("chunks are drawn by one thread of linear algebra", "draw_chunk",
           "one_thread_of_linear_algebra()", "staticmethod", "threads"),
    # Recordings
    Mutant("a download that is alive is waited for", "_download",
           "min(latest, progress.last_byte + _PATIENCE)", "min(latest, _PATIENCE)", "fetching"),
    Mutant("answers that are not read to the end are closed", "_download",
           "answers.callback(answer.close)", "pass", "fetching"),
    Mutant("a damaged recording is named", "recordings:_whole",
           "fetching.fault(file) or absent", "absent", "recordings"),
    Mutant("a piece of another recording begins where it is said to", "_excerpt",
           "round(start * sr)", "0", "excerpts"),
]  # fmt: skip
