from . import (
    catalogue as catalogue,
    fetching as fetching,
    recordings as recordings,
    segments as segments,
)
from .catalogue import (
    describe as describe,
    names as names,
)
from .recordings import (
    Recording as Recording,
    load as load,
)
from .segments import (
    random_segments as random_segments,
)
