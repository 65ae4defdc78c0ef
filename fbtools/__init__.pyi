from . import (
    audio as audio,
    display as display,
    experiments as experiments,
    filterbanks as filterbanks,
    frames as frames,
    laws as laws,
    learning as learning,
    signals as signals,
    simulation as simulation,
)
from .audio.segments import (
    random_segments as random_segments,
)
from .display import (
    interact as interact,
    plotting as plotting,
    sound as sound,
)
from .experiments.learning_tasks import (
    LearningTask as LearningTask,
    learning_task as learning_task,
    stored_fits as stored_fits,
)
from .filterbanks.auditory import (
    constant_q_filterbank as constant_q_filterbank,
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
    IsacDesign as IsacDesign,
    isac_channels as isac_channels,
    isac_design as isac_design,
    isac_filterbank as isac_filterbank,
)
from .filterbanks.published import (
    FrontEnd as FrontEnd,
    front_ends as front_ends,
)
from .filterbanks.random import (
    normalise_energy as normalise_energy,
    orthogonal_filterbank as orthogonal_filterbank,
    random_filterbank as random_filterbank,
    windowed_filterbank as windowed_filterbank,
)
from .filterbanks.scales import (
    erb_frequencies as erb_frequencies,
    hz_to_scale as hz_to_scale,
    scale_to_hz as scale_to_hz,
    scale_width as scale_width,
)
from .filterbanks.wavelets import (
    wavelet_filterbank as wavelet_filterbank,
)
from .frames.aliasing import (
    aliasing_moments as aliasing_moments,
    aliasing_terms as aliasing_terms,
)
from .frames.bounds import (
    FrameBounds as FrameBounds,
    condition_number as condition_number,
    frame_bounds as frame_bounds,
    littlewood_paley as littlewood_paley,
)
from .frames.duals import (
    dual as dual,
    frame_algorithm as frame_algorithm,
    tighten as tighten,
)
from .frames.tight import (
    TightFit as TightFit,
    tight_filterbank as tight_filterbank,
    tighten_fir as tighten_fir,
)
from .laws.autocorrelations import (
    autocorrelation as autocorrelation,
    autocorrelation_matrix as autocorrelation_matrix,
    autocorrelation_spectrum as autocorrelation_spectrum,
    effective_rank as effective_rank,
)
from .laws.bound_laws import (
    ExtremeLaw as ExtremeLaw,
    expected_condition_number as expected_condition_number,
    frame_bound_laws as frame_bound_laws,
)
from .laws.energy_law import (
    EnergyLaw as EnergyLaw,
)
from .laws.first_order import (
    marchenko_pastur_bounds as marchenko_pastur_bounds,
    order_statistic_bounds as order_statistic_bounds,
    scaling_law_bounds as scaling_law_bounds,
    square_root_bounds as square_root_bounds,
)
from .laws.tail_bounds import (
    bernstein_bound as bernstein_bound,
    bernstein_deviation as bernstein_deviation,
    cantelli_bound as cantelli_bound,
    cantelli_deviation as cantelli_deviation,
    chernoff_bound as chernoff_bound,
    chernoff_deviation as chernoff_deviation,
    saddlepoint_sf as saddlepoint_sf,
)
from .learning.descent import (
    LinearDescent as LinearDescent,
    linear_descent as linear_descent,
)
from .learning.fits import (
    Fit as Fit,
    FitState as FitState,
)
from .learning.hybrid import (
    fit_hybrid as fit_hybrid,
    hybrid_bounds as hybrid_bounds,
    hybrid_filterbank as hybrid_filterbank,
)
from .learning.losses import (
    Regression as Regression,
    regression_loss as regression_loss,
)
from .learning.optimisers import (
    Adam as Adam,
    GradientDescent as GradientDescent,
    Momentum as Momentum,
)
from .learning.penalties import (
    Penalty as Penalty,
    condition_penalty as condition_penalty,
    tightness_penalty as tightness_penalty,
)
from .learning.training import (
    fit_filterbank as fit_filterbank,
)
from .signals import (
    brown_noise as brown_noise,
    chirp as chirp,
    constant as constant,
    harmonic_tone as harmonic_tone,
    impulse as impulse,
    random_sines as random_sines,
    sinusoid as sinusoid,
    white_noise as white_noise,
)
from .simulation.simulate import (
    simulate_energy as simulate_energy,
    simulate_frame_bounds as simulate_frame_bounds,
)
from .validation import (
    FilterbankError as FilterbankError,
)

__version__: str
