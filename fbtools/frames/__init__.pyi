from . import (
    aliasing as aliasing,
    bounds as bounds,
    certificate as certificate,
    cosine_search as cosine_search,
    duals as duals,
    fibre_bounds as fibre_bounds,
    fibre_cells as fibre_cells,
    fibre_inverse as fibre_inverse,
    fibre_search as fibre_search,
    fibre_singular as fibre_singular,
    fibres as fibres,
    many_banks as many_banks,
    taps as taps,
    tight as tight,
)
from .aliasing import (
    aliasing_moments as aliasing_moments,
    aliasing_terms as aliasing_terms,
)
from .bounds import (
    FrameBounds as FrameBounds,
    condition_number as condition_number,
    frame_bounds as frame_bounds,
    littlewood_paley as littlewood_paley,
)
from .duals import (
    dual as dual,
    frame_algorithm as frame_algorithm,
    tighten as tighten,
)
from .tight import (
    TightFit as TightFit,
    tight_filterbank as tight_filterbank,
    tighten_fir as tighten_fir,
)
