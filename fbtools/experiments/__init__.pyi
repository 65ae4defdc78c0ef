from . import (
    claims as claims,
    denoising as denoising,
    learning_tasks as learning_tasks,
    reproduction as reproduction,
)
from .learning_tasks import (
    LearningTask as LearningTask,
    learning_task as learning_task,
    stored_fits as stored_fits,
)
from .reproduction import (
    Claim as Claim,
    Row as Row,
    reproduce as reproduce,
    table as table,
)
