from . import (
    fetching as fetching,
    recordings as recordings,
    segments as segments,
    soundfont as soundfont,
    standins as standins,
)
from .recordings import (
    Recording as Recording,
    describe as describe,
    load as load,
    names as names,
)
from .segments import (
    random_segments as random_segments,
)
