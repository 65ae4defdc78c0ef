from . import (
    audio as audio,
    display as display,
    experiments as experiments,
    extras as extras,
    filterbanks as filterbanks,
    frames as frames,
    laws as laws,
    learning as learning,
    signals as signals,
    simulation as simulation,
)
from .display import (
    interact as interact,
    plotting as plotting,
    sound as sound,
)
from .filterbanks.auditory import (
    gabor_filterbank as gabor_filterbank,
    gammatone_filterbank as gammatone_filterbank,
    mel_filterbank as mel_filterbank,
)
from .filterbanks.convolution import (
    analysis_matrix as analysis_matrix,
    analyze as analyze,
    energy_ratio as energy_ratio,
    synthesize as synthesize,
)
from .filterbanks.isac import (
    isac_filterbank as isac_filterbank,
)
from .filterbanks.random import (
    random_filterbank as random_filterbank,
)
from .frames.bounds import (
    FrameBounds as FrameBounds,
    condition_number as condition_number,
    frame_bounds as frame_bounds,
    littlewood_paley as littlewood_paley,
)
from .frames.duals import (
    dual as dual,
    tighten as tighten,
)
from .frames.tight import (
    tight_filterbank as tight_filterbank,
)
from .laws.autocorrelations import (
    autocorrelation as autocorrelation,
    autocorrelation_matrix as autocorrelation_matrix,
    autocorrelation_spectrum as autocorrelation_spectrum,
    effective_rank as effective_rank,
)
from .laws.bound_laws import (
    expected_condition_number as expected_condition_number,
    frame_bound_laws as frame_bound_laws,
)
from .laws.energy_law import (
    EnergyLaw as EnergyLaw,
)
from .learning.hybrid import (
    hybrid_filterbank as hybrid_filterbank,
)
from .learning.training import (
    fit_filterbank as fit_filterbank,
)
from .simulation.simulate import (
    simulate_energy as simulate_energy,
    simulate_frame_bounds as simulate_frame_bounds,
)
from .validation import (
    FilterbankError as FilterbankError,
)

__version__: str
