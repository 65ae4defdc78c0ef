from . import (
    denoiser as denoiser,
    descent as descent,
    fits as fits,
    hybrid as hybrid,
    losses as losses,
    masking as masking,
    optimisers as optimisers,
    penalties as penalties,
    training as training,
)
from .denoiser import (
    Denoiser as Denoiser,
    make_denoiser as make_denoiser,
    train_denoiser as train_denoiser,
)
from .descent import (
    LinearDescent as LinearDescent,
    linear_descent as linear_descent,
)
from .fits import (
    Fit as Fit,
    FitState as FitState,
)
from .hybrid import (
    fit_hybrid as fit_hybrid,
    hybrid_bounds as hybrid_bounds,
    hybrid_filterbank as hybrid_filterbank,
)
from .losses import (
    Regression as Regression,
    regression_loss as regression_loss,
)
from .masking import (
    mix as mix,
    si_sdr as si_sdr,
)
from .optimisers import (
    Adam as Adam,
    GradientDescent as GradientDescent,
    Momentum as Momentum,
    Optimiser as Optimiser,
)
from .penalties import (
    Penalty as Penalty,
    condition_penalty as condition_penalty,
    tightness_penalty as tightness_penalty,
)
from .training import (
    fit_filterbank as fit_filterbank,
)
