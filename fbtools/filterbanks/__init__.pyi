from . import (
    auditory as auditory,
    convolution as convolution,
    isac as isac,
    published as published,
    random as random,
    scales as scales,
    wavelets as wavelets,
)
from .auditory import (
    constant_q_filterbank as constant_q_filterbank,
    gabor_filterbank as gabor_filterbank,
    gammatone_filterbank as gammatone_filterbank,
    mel_filterbank as mel_filterbank,
    stft_filterbank as stft_filterbank,
)
from .convolution import (
    analysis_matrix as analysis_matrix,
    analyze as analyze,
    energy_ratio as energy_ratio,
    synthesize as synthesize,
)
from .isac import (
    IsacDesign as IsacDesign,
    isac_channels as isac_channels,
    isac_design as isac_design,
    isac_filterbank as isac_filterbank,
)
from .published import (
    FrontEnd as FrontEnd,
    front_ends as front_ends,
)
from .random import (
    normalise_energy as normalise_energy,
    orthogonal_filterbank as orthogonal_filterbank,
    random_filterbank as random_filterbank,
    windowed_filterbank as windowed_filterbank,
)
from .scales import (
    erb_frequencies as erb_frequencies,
    hz_to_scale as hz_to_scale,
    scale_to_hz as scale_to_hz,
    scale_width as scale_width,
)
from .wavelets import (
    wavelet_filterbank as wavelet_filterbank,
)
