"""What is known of one bank: frame bounds with certificates, duals, tight banks, aliasing.

The floors, from the top; each file imports from lower ones only.

- Doors above the door: `duals`, `tight`, `aliasing`.
- The door: `bounds`, whose docstring shows the way down.
- Searches sent for: `fibre_bounds` for one bank under a stride, `many_banks` for many.
- Searches: `cosine_search` (stride 1), `fibre_search` (eigenvalues), `fibre_singular` (small A).
- Bounds on cells: `fibre_cells`, `fibre_inverse`.
- The bank: `fibres`.
- Taps as matrices, `taps`; the inequalities, `certificate`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
