from . import (
    autocorrelations as autocorrelations,
    bound_laws as bound_laws,
    continuous_law as continuous_law,
    contour as contour,
    crossings as crossings,
    distribution_functions as distribution_functions,
    energy_law as energy_law,
    extreme_law as extreme_law,
    few_eigenvalues as few_eigenvalues,
    first_order as first_order,
    gamma_sums as gamma_sums,
    lanczos as lanczos,
    level_probabilities as level_probabilities,
    lumping as lumping,
    quantiles as quantiles,
    roots as roots,
    tail_bounds as tail_bounds,
    toeplitz as toeplitz,
    wishart as wishart,
)
from .autocorrelations import (
    autocorrelation as autocorrelation,
    autocorrelation_matrix as autocorrelation_matrix,
    autocorrelation_spectrum as autocorrelation_spectrum,
    effective_rank as effective_rank,
)
from .bound_laws import (
    expected_condition_number as expected_condition_number,
    frame_bound_laws as frame_bound_laws,
)
from .continuous_law import (
    ContinuousLaw as ContinuousLaw,
)
from .energy_law import (
    EnergyLaw as EnergyLaw,
)
from .extreme_law import (
    ExtremeLaw as ExtremeLaw,
)
from .first_order import (
    marchenko_pastur_bounds as marchenko_pastur_bounds,
    order_statistic_bounds as order_statistic_bounds,
    scaling_law_bounds as scaling_law_bounds,
    square_root_bounds as square_root_bounds,
)
from .tail_bounds import (
    bernstein_bound as bernstein_bound,
    bernstein_deviation as bernstein_deviation,
    cantelli_bound as cantelli_bound,
    cantelli_deviation as cantelli_deviation,
    chernoff_bound as chernoff_bound,
    chernoff_deviation as chernoff_deviation,
    saddlepoint_sf as saddlepoint_sf,
)
