from . import (
    charts as charts,
    drawing as drawing,
    idle as idle,
    interact as interact,
    markup as markup,
    plotting as plotting,
    rendering as rendering,
    sound as sound,
    style as style,
)
