from . import (
    checkpoints as checkpoints,
    samplers as samplers,
    simulate as simulate,
    sweeps as sweeps,
    variates as variates,
)
from .simulate import (
    simulate_energy as simulate_energy,
    simulate_frame_bounds as simulate_frame_bounds,
)
